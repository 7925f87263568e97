"""The same values in every format: what was written is read back, and copied to any other format, as the same text."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from pydantic import BaseModel

from structkit import ResponseFormat
from structkit.tables.columns import output_columns
from structkit.tables.sinks import open_sink
from structkit.tables.sources import open_source
from structkit.values.source_cell import to_text

SUFFIXES = ["csv", "tsv", "jsonl", "db", "parquet", "arrow", "xlsx"]
UTC = timezone.utc
START, OLD = datetime(2026, 1, 5, 8), datetime(1969, 1, 1)  # noqa: DTZ001 (columns without a time zone)
COLUMNS: dict[str, list[Any]] = {
    "texts": ["", " ", "00501", "NA", "null", "1e5", "2026-01-05", "a\r\nb", '"', "\ufeffx", "_xFFFF_", "\x01", "eA=="],
    "integers": [0, -1, 2**53 - 1, 2**53, 2**53 + 1, -(2**53), 2**63 - 1, None],
    "large integers": [1, 2**63, -(2**63) - 1, 10**30, None],
    "floats": [0.1, -0.5, 1 / 3, 123456789.123456789, 1e300, 5e-324, 1.7976931348623157e308, None, float("nan")],
    "infinities": [0.5, float("inf"), float("-inf"), None],
    "texts and numbers": ["", "a", "5", 5, 0.5, None, [1], {"a": None}],
    "decimals": [Decimal("1.50"), Decimal("-0.01"), Decimal("1E+400"), Decimal("NaN"), None],
    "dates": [date(2026, 1, 5), date(1, 1, 1), date(9999, 12, 31), None],
    "times": [START, datetime(2026, 1, 5, 8, 30, 0, 5, UTC), time(8, 30), timedelta(days=-1)],
    "bytes": [b"", b"x", b"\xff\xfe", None],
    "lists": [[], [1, "a", None], [[b"x"], {"at": date(2026, 1, 5)}], None],
    "objects": [{}, {"a": {"b": [0.1, "5", None]}}, {"n": float("nan"), "i": float("inf")}, None],
}
ROWS = [dict(zip(COLUMNS, row, strict=True)) for row in zip_longest(*COLUMNS.values())]
CELLS = {  # a sheet has no row without any value
    "id": st.just("a"),
    "integers": st.integers(),
    "floats": st.floats(allow_nan=False).filter(lambda number: not number.is_integer()),
    "texts": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), max_size=9),
    "decimals": st.decimals(allow_nan=False, allow_infinity=False),
    "times": st.datetimes() | st.dates() | st.times(),
}
FRAME = pa.table(
    {
        "id": pa.array(["a", "b", "c"]),
        "int8": pa.array([1, None, -128], pa.int8()),
        "uint64": pa.array([2**64 - 1, None, 0], pa.uint64()),
        "float": pa.array([0.1, None, float("nan")], pa.float32()),
        "decimal": pa.array([Decimal("1.50"), None, Decimal("-0.01")]),
        "date": pa.array([date(2026, 1, 5), None, date(1, 1, 1)]),
        "seconds": pa.array([START, None, OLD], pa.timestamp("s")),
        "zone": pa.array([START, None, None], pa.timestamp("ns", "Europe/Berlin")),
        "time": pa.array([time(8, 30), None, time(0)]),
        "duration": pa.array([1, None, -5], pa.duration("ns")),
        "bytes": pa.array([b"x", None, b"\xff"]),
        "category": pa.array(["a", None, ""]).dictionary_encode(),
        "list": pa.array([[START], None, [None]], pa.list_(pa.timestamp("ns"))),
        "struct": pa.array([{"a": 1, "b": b"x", "c": Decimal("1.5")}, None, {"a": None, "b": None, "c": None}]),
        "map": pa.array([[("a", 0.5)], None, []], pa.map_(pa.string(), pa.float32())),
    }
)


class Step(BaseModel):
    code: int | str
    codes: list[int | str]


class Plan(BaseModel):
    step: Step
    steps: list[Step]
    by_name: dict[str, int | str]


def copy_rows(source: Any, output: Path) -> Path:
    """Write the rows of a source as another table."""
    table = open_source(source)
    records = [*table]
    with open_sink(output, table.fields, overwrite=True, guard_formulas="none") as sink:
        for record in records:
            sink.write({"input": record.values})
    return output


def read_texts(source: Any) -> list[dict[str, str]]:
    return [{name: to_text(cell) for name, cell in record.values.items()} for record in open_source(source)]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("source", [ROWS, FRAME], ids=["values", "typed columns"])
def test_a_copy_and_a_copy_of_it_in_any_format_have_the_same_texts(tmp_path: Path, source: Any, suffix: str) -> None:
    texts = read_texts(source)
    copy = copy_rows(source, tmp_path / f"copy.{suffix}")
    assert read_texts(copy) == texts
    for other in SUFFIXES:
        assert read_texts(copy_rows(copy, tmp_path / f"again.{other}")) == texts, other


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.lists(
        st.fixed_dictionaries({name: cell if name == "id" else cell | st.none() for name, cell in CELLS.items()}),
        min_size=1,
        max_size=4,
    )
)
def test_any_row_has_the_same_texts_in_every_format(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    texts = read_texts(rows)
    for suffix in SUFFIXES:
        assert read_texts(copy_rows(rows, tmp_path / f"copy.{suffix}")) == texts, suffix


def test_an_empty_cell_beside_numbers_is_empty_in_every_copy_of_a_workbook(tmp_path: Path) -> None:
    rows = [{"id": "a", "n": 5, "b": True}, {"id": "b", "n": None, "b": None}, {"id": "c", "n": 7, "b": False}]
    workbook = copy_rows(rows, tmp_path / "t.xlsx")
    copy = copy_rows(workbook, tmp_path / "t.parquet")
    assert [record.values for record in open_source(copy)] == rows
    assert [str(field.type) for field in parquet.read_schema(copy)] == ["string", "int64", "bool"]


def test_what_sheets_and_databases_cannot_hold_is_documented(tmp_path: Path) -> None:
    copy = copy_rows([{"n": 5.0, "c": "\uffff"}], tmp_path / "t.xlsx")
    assert read_texts(copy) == [{"n": "5", "c": "_xFFFF_"}]
    with sqlite3.connect(copy_rows([{"b": True}, {"b": False}], tmp_path / "t.db")) as database:
        assert database.execute("SELECT b FROM labels").fetchall() == [(1,), (0,)]


def test_values_without_a_type_of_arrow_are_read_back_at_any_depth_and_keep_the_types_around_them(
    tmp_path: Path,
) -> None:
    step = Step(code="5", codes=["a", 1])
    value = ResponseFormat(Plan).natural(Plan(step=step, steps=[step], by_name={"a": "b"}))
    with open_sink(tmp_path / "a.parquet", output_columns(ResponseFormat(Plan).natural_schema)) as sink:
        sink.write({"output": value})
    copy = copy_rows(tmp_path / "a.parquet", tmp_path / "b.parquet")
    for path in (tmp_path / "a.parquet", copy_rows(copy, tmp_path / "c.arrow"), copy):
        assert [record.values for record in open_source(path)] == [value]
    assert parquet.read_schema(copy).equals(parquet.read_schema(tmp_path / "a.parquet"), check_metadata=True)
    (flat,) = open_source(copy_rows(copy, tmp_path / "d.csv"))
    assert flat.values == {name: to_text(cell) for name, cell in value.items()}


@pytest.mark.parametrize(
    "metadata",
    ["{", "[]", "5", '{"items": 5}', '{"properties": []}', '{"$ref": "#"}', pytest.param("[" * 9999, id="deep")],
)
def test_metadata_of_another_program_is_ignored(tmp_path: Path, metadata: str) -> None:
    field = pa.field("v", pa.list_(pa.string()), metadata={"structkit": metadata})
    parquet.write_table(pa.table([[["1"]]], schema=pa.schema([field])), tmp_path / "t.parquet")
    assert [record.values for record in open_source(tmp_path / "t.parquet")] == [{"v": ["1"]}]


def test_json_that_another_program_has_damaged_is_the_text_that_it_is(tmp_path: Path) -> None:
    copy_rows([{"v": 1}, {"v": "a"}], tmp_path / "t.parquet")
    table = parquet.read_table(tmp_path / "t.parquet")
    texts = pa.array(["{", "[" * 200 + "]" * 200])
    parquet.write_table(table.set_column(0, table.schema.field("v"), texts), tmp_path / "u.parquet")
    assert [record.values["v"] for record in open_source(tmp_path / "u.parquet")] == texts.to_pylist()
