"""Parquet and Arrow: the types of the input are preserved."""

from __future__ import annotations

import datetime as dt
import io
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from structkit.errors import ConfigError, JobError
from structkit.tables.columns import input_columns
from structkit.tables.sinks import open_sink
from structkit.tables.sources import open_source
from structkit.values.source_cell import to_text

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

MOMENT = dt.datetime(2026, 1, 2, 3, 4, 5, 6)  # noqa: DTZ001 (with and without)
TYPES = [
    (pa.int8(), 5),
    (pa.uint64(), 2**64 - 1),
    (pa.float32(), 0.5),
    (pa.decimal128(10, 2), Decimal("1.50")),
    (pa.date32(), MOMENT.date()),
    (pa.timestamp("us"), MOMENT),
    (pa.timestamp("us", tz="UTC"), MOMENT.replace(tzinfo=dt.UTC)),
    (pa.binary(), b"\xff"),
    (pa.large_string(), "x"),
    (pa.list_(pa.struct([("a", pa.int32())])), [{"a": 1}, None]),
]


@pytest.mark.parametrize("is_stream", [False, True])
def test_an_arrow_file_with_wrong_offsets_is_an_error(tmp_path: Path, is_stream: bool) -> None:
    table, path = pa.table({"text": ["abc"] * 20}), tmp_path / "rows.arrow"
    with pa.OSFile(str(path), "wb") as file:
        writer = (pa.ipc.new_stream if is_stream else pa.ipc.new_file)(file, table.schema)
        writer.write_table(table)
        writer.close()
    offsets = b"".join(number.to_bytes(4, "little") for number in range(0, 60, 3))
    content = path.read_bytes()
    assert offsets in content
    path.write_bytes(content.replace(offsets, offsets[:8] + b"\xff\xff\xff\x3f" + offsets[12:]))
    with pytest.raises(JobError, match="cannot be read"):
        list(open_source(path))


@pytest.mark.parametrize(("type", "value"), TYPES, ids=[str(kind) for kind, _ in TYPES])
@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_a_type_is_preserved(tmp_path: Path, suffix: str, type: Any, value: Any) -> None:
    table = pa.table({"v": pa.array([value, None], type)})
    copy(table, tmp_path / f"t.{suffix}")
    source = open_source(tmp_path / f"t.{suffix}")
    assert [record.values["v"] for record in source] == [value, None]
    assert str(source.fields[0].arrow).removeprefix("large_") == str(type).replace(
        "item", "element" if suffix == "parquet" else "item"
    ).removeprefix("large_")


@pytest.mark.parametrize("type", [pa.timestamp("ns"), pa.timestamp("ns", tz="Europe/Berlin")])
def test_nanoseconds_are_preserved(tmp_path: Path, type: Any) -> None:
    table = pa.table({"v": pa.array([1_700_000_000_123_456_789, None], type)})
    copy(table, tmp_path / "t.parquet")
    assert pq.read_table(tmp_path / "t.parquet").column("v").combine_chunks().equals(table.column("v").combine_chunks())


@pytest.mark.parametrize("type", [pa.dictionary(pa.int8(), pa.string()), pa.string_view()])
def test_a_type_that_not_every_file_has_is_written_as_its_equivalent(tmp_path: Path, type: Any) -> None:
    copy(pa.table({"v": pa.array(["a", "b"], type)}), tmp_path / "t.parquet")
    assert [record.values["v"] for record in open_source(tmp_path / "t.parquet")] == ["a", "b"]


def copy(table: Any, path: Path) -> None:
    source = open_source(table)
    with open_sink(path, source.fields) as sink:
        for record in source:
            sink.write({"input": record.values})


def test_a_value_that_does_not_fit_its_column_raises_and_leaves_no_file(tmp_path: Path) -> None:
    with (
        pytest.raises(JobError, match=r"'n' is int64.*JSONL"),
        open_sink(tmp_path / "t.parquet", input_columns(["n"], {"type": "integer"})) as sink,
    ):
        sink.write({"input": {"n": 2**70}})
    assert list(tmp_path.iterdir()) == []


def test_arrow_streams_are_read_from_files_and_only_once_from_readers(tmp_path: Path) -> None:
    table = pa.table({"id": ["1", "2"]})
    stream = io.BytesIO()
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    (tmp_path / "t.arrow").write_bytes(stream.getvalue())
    assert [record.values["id"] for record in open_source(tmp_path / "t.arrow")] == ["1", "2"]
    source = open_source(table.to_reader())
    assert not source.is_repeatable
    assert [record.values["id"] for record in source] == ["1", "2"]
    with pytest.raises(JobError, match="already consumed"):
        list(source)


def test_a_parquet_file_is_counted_and_read_in_batches(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": list(range(5_000))}), tmp_path / "t.parquet")
    source = open_source(tmp_path / "t.parquet")
    assert source.count() == 5_000
    assert [record.values["n"] for record in source] == list(range(5_000))


@pytest.mark.parametrize("suffix", ["parquet", "arrow", "xlsx", "db"])
def test_a_corrupt_file_raises(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"t.{suffix}").write_bytes(b"this is not a table" * 20)
    with pytest.raises(JobError, match="cannot be read"):
        list(open_source(tmp_path / f"t.{suffix}"))


@pytest.mark.parametrize(("suffix", "extra"), [("parquet", "arrow"), ("arrow", "arrow"), ("xlsx", "excel")])
def test_a_missing_extra_raises_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, extra: str
) -> None:
    for module in ("pyarrow", "pyarrow.parquet", "python_calamine", "xlsxwriter"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigError, match=rf"pip install 'structkit-llm\[{extra}\]'"):
        open_sink(tmp_path / f"t.{suffix}", input_columns(["a"]))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / f"t.{suffix}").write_bytes(b"x")
    with pytest.raises(ConfigError, match=rf"pip install 'structkit-llm\[{extra}\]'"):
        open_source(tmp_path / f"t.{suffix}")


def test_the_standard_formats_import_no_extra(tmp_path: Path) -> None:
    code = """
import sys
from structkit.tables.columns import input_columns
from structkit.tables.sinks import open_sink
from structkit.tables.sources import open_source
from structkit.values.source_cell import to_text
for suffix in ("csv", "tsv", "jsonl", "db"):
    with open_sink(f"t.{suffix}", input_columns(["a"])) as sink:
        sink.write({"input": {"a": "1"}})
    assert [record.values for record in open_source(f"t.{suffix}")] == [{"a": "1"}]
print([name for name in ("pyarrow", "python_calamine", "xlsxwriter", "openai") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("library", "columns"),
    [
        ("pandas", {"text": ["a", 1]}),
        ("pandas", {"text": ["a"], "tags": [[1, "a"]]}),
        ("pandas", {"text": [object()]}),
        ("pandas", {"text": [1j]}),
        ("pandas", {"text": [2**70]}),
        ("polars", {"text": [object()]}),
    ],
    ids=["several types", "lists of several types", "objects", "complex", "huge", "objects of polars"],
)
def test_a_frame_that_is_no_table_is_rejected_with_what_to_do(library: str, columns: Any) -> None:
    frame = pytest.importorskip(library).DataFrame(columns)
    with pytest.raises(JobError, match=r"^the DataFrame cannot be read: .*; give the column one type"):
        [*open_source(frame)]


def test_a_frame_with_two_columns_of_one_name_is_rejected() -> None:
    frame = pytest.importorskip("pandas").DataFrame([["a", "b"]], columns=["text", "text"])
    with pytest.raises(JobError, match="columns with the same name: 'text'"):
        [*open_source(frame)]


def test_the_unnamed_index_of_a_pandas_frame_is_no_column() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"text": ["a", "b"]}, index=[5, 7])
    assert [dict(record.values) for record in open_source(frame)] == [{"text": "a"}, {"text": "b"}]
    named_rows = open_source(frame.rename_axis("id"))
    assert [dict(record.values) for record in named_rows] == [{"text": "a", "id": 5}, {"text": "b", "id": 7}]
    numbered = pandas.DataFrame({"0": ["a", "b"]}, index=pandas.RangeIndex(5, 7, name=0))
    assert [dict(record.values) for record in open_source(numbered)] == [{"0": "a"}, {"0": "b"}], "the name is taken"
    counted_rows = open_source(frame.set_index(pandas.RangeIndex(5, 9, 2, name="id")))
    assert [dict(record.values) for record in counted_rows] == [{"text": "a", "id": 5}, {"text": "b", "id": 7}]


def test_a_time_zone_that_the_machine_does_not_know_is_named() -> None:
    table = pa.table({"c": pa.array([[0]], pa.list_(pa.timestamp("s", "Mars/Phobos")))})
    with pytest.raises(JobError, match=r"the column 'c' cannot be read: this machine .* time zone 'Mars/Phobos' \("):
        [*open_source(table)]


@pytest.mark.parametrize(
    ("item", "pairs", "cell"),
    [
        (pa.int64(), [("a", 1), ("b", None)], {"a": 1, "b": None}),
        (pa.map_(pa.string(), pa.int64()), [("a", [("b", 1)])], {"a": {"b": 1}}),
        (pa.timestamp("ns"), [("a", 1)], {"a": "1970-01-01T00:00:00.000000001"}),
        (pa.int64(), [("a", 1), ("a", 2)], [("a", 1), ("a", 2)]),
        (pa.int64(), [], {}),
    ],
    ids=["numbers", "maps", "nanoseconds", "repeated key", "empty"],
)
def test_a_map_is_read_as_json_has_it(tmp_path: Path, item: Any, pairs: Any, cell: Any) -> None:
    maps = pa.array([pairs, None], pa.map_(pa.string(), item))
    pq.write_table(pa.table({"by": maps, "all": pa.array([[pairs], []], pa.list_(maps.type))}), tmp_path / "t.parquet")
    assert [row.values for row in open_source(tmp_path / "t.parquet")] == [
        {"by": cell, "all": [cell]},
        {"by": None, "all": []},
    ]


def test_an_interval_is_a_duration_in_iso_8601(tmp_path: Path) -> None:
    intervals = pa.array([(14, 0, 0), (0, 1, 7_200 * 10**9), None], pa.month_day_nano_interval())
    table = pa.table({"each": intervals, "all": pa.array([[(0, -1, 0)], [], None], pa.list_(intervals.type))})
    rows = [row.values for row in open_source(table)]
    assert [row["each"] for row in rows] == ["P1Y2M", "P1DT2H", None]
    assert [row["all"] for row in rows] == [["-P1D"], [], None]


def test_a_masked_value_of_a_frame_is_null_and_not_what_is_below_the_mask() -> None:
    pandas, numpy = pytest.importorskip("pandas"), pytest.importorskip("numpy")
    masked = numpy.ma.masked_array([1, 0, 3], [False, True, False])
    frame = pandas.DataFrame({"all": [masked, None], "deep": [{"a": [masked]}, {"a": []}], "text": ["a", None]})
    assert [row.values for row in open_source(frame)] == [
        {"all": [1, None, 3], "deep": {"a": [[1, None, 3]]}, "text": "a"},
        {"all": None, "deep": {"a": []}, "text": None},
    ]


@pytest.mark.parametrize("sql", ["'101'::BIT", "TIMETZ '11:30:00+02:00'", "[{'a': 7::UHUGEINT}]", "5::BIGNUM"])
@pytest.mark.parametrize("is_lossless", [False, True])
def test_a_type_of_duckdb_that_arrow_does_not_have_is_rejected(sql: str, is_lossless: bool) -> None:
    connection = pytest.importorskip("duckdb").connect()
    connection.sql(f"set arrow_lossless_conversion={is_lossless}")
    with pytest.raises(JobError, match=r"cannot be read: the column 'c' has the type .*select COLUMN::VARCHAR"):
        open_source(connection.sql(f"select {sql} as c"))


def test_a_query_of_duckdb_runs_once() -> None:
    rows = open_source(pytest.importorskip("duckdb").connect().sql("select random() as c from range(3)"))
    assert [row.values for row in rows] == [row.values for row in rows]


def test_errors_of_duckdb_are_errors_of_the_job() -> None:
    connection = pytest.importorskip("duckdb").connect()
    with pytest.raises(JobError, match=r"^the DuckDBPyRelation, row 2: duplicate key '0' \(rows 1 and 2\)"):
        [*open_source(connection.sql("select i // 2 as id from range(300000) t(i)"), key="id")]
    with pytest.raises(JobError, match=r"^the DuckDBPyRelation cannot be read: Conversion Error"):
        open_source(connection.sql("select cast('x' as int) as c"))


@pytest.mark.parametrize(
    "type",
    [
        pa.dictionary(pa.int8(), pa.opaque(pa.binary(), "hugeint", "DuckDB")),
        pa.list_(pa.opaque(pa.binary(), "bit", "DuckDB")),
    ],
)
def test_a_value_that_only_its_own_program_can_read_is_rejected(type: Any) -> None:
    table = pa.RecordBatchReader.from_batches(pa.schema([("c", type)]), [])
    with pytest.raises(
        JobError, match=r"the column 'c' has the type (hugeint|bit) of DuckDB; give the column one type"
    ):
        open_source(table)


@pytest.mark.parametrize(
    ("cells", "loss"),
    [
        ([MOMENT.date(), MOMENT], "dates and datetimes"),
        ([[MOMENT.date(), MOMENT]], "dates and datetimes"),
        ([{"a": b"x"}, {"a": "x"}], "bytes and texts"),
        ([MOMENT, MOMENT.replace(tzinfo=dt.UTC)], "datetimes and datetimes in UTC"),
        (
            [MOMENT.replace(tzinfo=dt.timezone(dt.timedelta(hours=hours))) for hours in (1, 2)],
            r"datetimes in UTC\+01:00 and datetimes in UTC\+02:00",
        ),
        ([MOMENT.time().replace(tzinfo=dt.UTC)], "times of a day with a time zone"),
    ],
)
def test_objects_that_arrow_would_change_are_rejected(cells: list[Any], loss: str) -> None:
    frame = pytest.importorskip("pandas").DataFrame({"c": cells}, dtype=object)
    with pytest.raises(JobError, match=f"the column 'c' has {loss}; give the column one type"):
        open_source(frame)


@pytest.mark.parametrize("kind", [list, dict])
def test_a_cell_that_contains_itself_is_an_error_with_its_column(kind: type) -> None:
    cell = kind()
    cell.extend([cell]) if isinstance(cell, list) else cell.update(a=cell)
    frame = pytest.importorskip("pandas").DataFrame({"c": [cell, kind()]})
    with pytest.raises(JobError, match="the column 'c' has a cell that contains itself"):
        open_source(frame)


def test_a_float_of_32_bits_has_its_own_digits_at_every_depth(tmp_path: Path) -> None:
    numbers = [0.1, 1 / 3, 3.4e38, 16777216.0, -1e-45]
    number = pa.float32()
    number_types = [number, pa.list_(number), pa.struct([("x", number)]), pa.list_(number, 1)]
    types = dict(
        zip("abcdef", [*number_types, pa.large_list(pa.list_(number)), pa.map_(pa.string(), number)], strict=False)
    )
    rows = [(each, [each], {"x": each}, [each], [[each], None], [("x", each)]) for each in numbers]
    columns = dict(zip("abcdef", zip(*rows, strict=False), strict=False))
    table = pa.table({name: pa.array(cells, types[name]) for name, cells in columns.items()})
    pq.write_table(table, tmp_path / "t.parquet")
    digits = [0.1, 0.33333334, 3.4e38, 16777216.0, -1e-45]
    rows = [
        {"a": each, "b": [each], "c": {"x": each}, "d": [each], "e": [[each], None], "f": {"x": each}}
        for each in digits
    ]
    assert [dict(row.values) for row in open_source(tmp_path / "t.parquet")] == rows
    numpy = pytest.importorskip("numpy")
    assert [to_text(numpy.float32(each)) for each in numbers] == [repr(each) for each in digits]
    assert to_text(numpy.float16(65504)) == "65504.0"
    source = open_source(tmp_path / "t.parquet")
    with open_sink(tmp_path / "u.parquet", source.fields) as sink:
        for row in source:
            sink.write({"input": row.values})
    copied, names = pq.read_table(tmp_path / "u.parquet"), ["a", "b", "c"]
    assert copied.select(names).equals(table.select(names)), "and it is written back as the same number"


def test_nanoseconds_and_periods_within_objects_and_categories_are_rejected() -> None:
    pandas = pytest.importorskip("pandas")
    moments = pandas.DataFrame({"c": [pandas.Timestamp("2026-01-05 08:30:00.123456789"), pandas.NaT]}, dtype=object)
    months = pandas.DataFrame({"c": pandas.Categorical(pandas.period_range("2026-01", periods=2, freq="M"))})
    for frame, loss in ((moments, "nanoseconds"), (months, "periods")):
        with pytest.raises(JobError, match=f"the column 'c' has {loss}"):
            open_source(frame)
    assert next(row.values["c"] for row in open_source(moments.to_dict("records"))).nanosecond == 789


def test_a_missing_date_of_pandas_is_an_empty_cell() -> None:
    pandas = pytest.importorskip("pandas")
    dates = pandas.Series([pandas.Timestamp("2026-01-05"), pandas.NaT]).dt.date
    assert dates.dtype == object
    assert [row.values["c"] for row in open_source(dates.to_frame("c"))] == [dates[0], None]
    nested = pandas.DataFrame({"c": [[dates[0], pandas.NaT], [pandas.NaT]]})
    assert [row.values["c"] for row in open_source(nested)] == [[dates[0], None], [None]]


def test_a_date_that_python_does_not_have_is_an_error_with_its_column() -> None:
    table = pa.table({"c": pa.array([4_000_000], pa.int32()).cast(pa.date32())})
    with pytest.raises(JobError, match=r"^the Table: the column 'c' cannot be read: .*; convert it to text"):
        [*open_source(table)]
