"""Missing values, infinities and times of pandas, numpy and Arrow read alike from every format."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from structkit import Job
from structkit.errors import JobError
from structkit.tables.sources import open_source
from structkit.testing import Endpoint
from structkit.values.exact_float import read_float
from structkit.values.source_cell import is_blank, to_json_value, to_text

NANOSECONDS = 1_767_323_045_123_456_789
TIME = "2026-01-02T03:04:05.123456789"


def numpy(name: str, *arguments: Any) -> Any:
    return getattr(pytest.importorskip("numpy"), name)(*arguments)


def pandas(name: str, *arguments: Any) -> Any:
    member = getattr(pytest.importorskip("pandas"), name)
    return member(*arguments) if arguments else member


@pytest.mark.parametrize(
    "make",
    [
        lambda: math.nan,
        lambda: Decimal("NaN"),
        lambda: Decimal("sNaN"),
        lambda: b"",
        lambda: numpy("float32", "nan"),
        lambda: numpy("datetime64", "NaT"),
        lambda: numpy("timedelta64", "NaT"),
        lambda: pytest.importorskip("pandas").NaT,
        lambda: pytest.importorskip("pandas").NA,
    ],
    ids=["nan", "decimal", "signaling", "bytes", "float32", "datetime64", "timedelta64", "NaT", "NA"],
)
def test_a_mark_for_a_missing_value_is_blank_and_an_empty_text(make: Any) -> None:
    assert is_blank(make())
    assert to_text(make()) == ""


def test_a_mark_for_a_missing_value_in_a_list_or_map_is_null() -> None:
    marks = [math.nan, Decimal("NaN"), pandas("NaT"), pandas("NA"), numpy("float32", "nan")]
    assert to_text(marks) == "[null,null,null,null,null]"
    assert to_text({"a": tuple(marks[:2]), "b": {"c": marks[2]}}) == '{"a":[null,null],"b":{"c":null}}'


def test_a_time_in_a_list_or_map_keeps_its_nanoseconds() -> None:
    moment = pandas("Timestamp", NANOSECONDS)
    assert to_text([moment, math.inf]) == f'["{TIME}","Infinity"]'
    assert to_text({moment: [{"a": pandas("Timedelta", 1)}]}) == f'{{"{TIME}":[{{"a":"PT0.000000001S"}}]}}'
    assert to_text([pandas("Series", [moment])]) == f'[["{TIME}"]]'


def test_a_cell_that_contains_itself_is_not_data() -> None:
    read_float("9007199254740993.0")  # from then on, each value is searched for such numbers
    row: list[Any] = [{}]
    row[0]["cells"] = row
    for cell in (row, row[0]):
        with pytest.raises(ValueError, match="contains itself"):
            to_json_value(cell)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: numpy("datetime64", TIME), TIME),
        (lambda: numpy("datetime64", "2026-01-02"), "2026-01-02"),
        (lambda: numpy("timedelta64", 5_400_000_000_001, "ns"), "PT1H30M0.000000001S"),
        (lambda: numpy("array", [1, 2]), "[1,2]"),
        (lambda: numpy("array", [["a"]]), '[["a"]]'),
        (lambda: numpy("array", [TIME], "M8[ns]"), f'["{TIME}"]'),
        (lambda: numpy("int64", 3), "3"),
        (lambda: pandas("Timestamp", TIME), TIME),
        (lambda: pandas("Timestamp", TIME + "Z"), TIME + "Z"),
        (lambda: pandas("Timestamp", "2026-01-02"), "2026-01-02T00:00:00"),
        (lambda: pandas("Timedelta", 1, "ns"), "PT0.000000001S"),
        (lambda: pandas("Timedelta", -1, "ns"), "-PT0.000000001S"),
        (lambda: pandas("Series", ["a", "b"]), '["a","b"]'),
    ],
    ids=[
        *("datetime64", "date", "timedelta64", "array", "matrix", "times", "int64"),
        *("Timestamp", "UTC", "day", "Timedelta", "negative", "Series"),
    ],
)
def test_values_of_numpy_and_pandas_are_lists_and_times_in_iso_form(make: Any, text: str) -> None:
    assert to_text(make()) == text


def test_an_iterator_is_no_cell_because_it_can_be_read_only_once() -> None:
    with pytest.raises(TypeError, match="a generator can be read only once: pass a list"):
        to_json_value(each for each in "ab")
    with pytest.raises(JobError, match=r"row 2: column 'text': a cell is not data: a generator"):
        list(open_source([{"id": 1, "text": "a"}, {"id": 2, "text": (each for each in "ab")}]))


def test_a_key_that_is_nan_is_empty() -> None:
    with pytest.raises(JobError, match="the key 'id' is empty"):
        list(open_source([{"id": math.nan}], key="id"))


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "sqlite", "xlsx", "parquet", "arrow"])
def test_an_output_has_no_word_for_a_missing_value(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("xlsxwriter")
    pytest.importorskip("pyarrow")
    rows = [
        {"id": 1, "text": "a", "note": "x", "n": 1.5},
        {"id": 2, "text": "b", "note": math.nan, "n": math.nan},
        {"id": 3, "text": "c", "note": None, "n": math.inf},
    ]
    with Endpoint('{"value": "ok"}') as endpoint:
        Job(
            rows, tmp_path / f"o.{suffix}", output_type=str, prompt="{text}", model="m", base_url=endpoint.base_url
        ).run()
    output_rows = [dict(record.values) for record in open_source(tmp_path / f"o.{suffix}")]
    assert [row["note"] for row in output_rows[1:]] == ([""] * 2 if suffix in {"csv", "tsv", "xlsx"} else [None] * 2)
    assert to_text(output_rows[1]["n"]) == ""
    assert to_text(output_rows[2]["n"]) == "Infinity"
    assert output_rows[0]["note"] == "x"


def test_a_row_that_is_nested_too_deep_is_an_error_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"text": "a"}\n{"text": ' + "[" * 500 + "]" * 500 + "}\n", encoding="utf-8")
    with pytest.raises(JobError, match="line 2: nested too deep"):
        list(open_source(path))
    nested: Any = "a"
    for _ in range(500):
        nested = [nested]
    with pytest.raises(JobError, match="row 1"):
        list(open_source([{"text": nested}]))


def test_nan_in_jsonl_is_an_error_that_says_what_to_write(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"text": NaN}\n', encoding="utf-8")
    with pytest.raises(JobError, match=r"line 1: .*NaN is not a JSON number; write null for a missing value"):
        list(open_source(tmp_path / "t.jsonl"))


def arrow_cells(type: Any, values: list[Any]) -> list[Any]:
    arrow = pytest.importorskip("pyarrow")
    return [record.values["text"] for record in open_source(arrow.table({"text": arrow.array(values).cast(type)}))]


def test_arrow_times_with_nanoseconds_are_in_iso_form_at_any_depth() -> None:
    arrow = pytest.importorskip("pyarrow")
    time = arrow.timestamp("ns")
    assert arrow_cells(time, [NANOSECONDS, None, 0]) == [TIME, None, "1970-01-01T00:00:00"]
    assert arrow_cells(arrow.timestamp("ns", "Europe/Berlin"), [0]) == ["1970-01-01T01:00:00+01:00"]
    assert arrow_cells(arrow.duration("ns"), [5_400_000_000_000, None]) == ["PT1H30M", None]
    assert arrow_cells(arrow.time64("ns"), [1]) == ["00:00:00.000000001"]
    assert arrow_cells(arrow.list_(time), [[NANOSECONDS, None], None]) == [[TIME, None], None]
    struct = arrow.array([{"a": [dt.datetime(2026, 1, 2, tzinfo=dt.timezone.utc)], "b": 1}, None]).type
    nested = arrow.struct([("a", arrow.list_(time)), ("b", struct.field("b").type)])
    assert arrow_cells(nested, [{"a": [0], "b": 1}, None]) == [{"a": ["1970-01-01T00:00:00"], "b": 1}, None]


def test_values_that_python_has_no_time_for_are_an_error() -> None:
    arrow = pytest.importorskip("pyarrow")
    for unit in (arrow.timestamp("s"), arrow.duration("s")):
        with pytest.raises(JobError, match="cannot be read"):
            arrow_cells(unit, [2**60])


def test_a_series_and_periods_are_errors_that_say_what_to_pass() -> None:
    frames = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    with pytest.raises(JobError, match="it is one column; pass its frame"):
        open_source(frames.Series(["a"]))
    with pytest.raises(JobError, match="the column 'text' has periods"):
        open_source(frames.DataFrame({"text": frames.period_range("2026-01", periods=2, freq="M")}))


def test_a_masked_value_of_numpy_is_missing_and_not_what_is_below_the_mask() -> None:
    numpy = pytest.importorskip("numpy")
    masked = numpy.ma.masked_array([1, 5], [False, True])
    assert to_text(numpy.ma.masked) == to_text(masked[1]) == to_text(numpy.ma.masked_array(5, True)) == ""
    assert to_text(masked) == to_text([1, numpy.ma.masked]) == "[1,null]"
    assert is_blank(numpy.ma.masked)
