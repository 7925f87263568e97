"""Round trips: rows that were written are read back unchanged, in every format."""

from __future__ import annotations

import json
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from pydantic import BaseModel

from structkit import ResponseFormat
from structkit.tables.columns import input_columns, output_columns, run_columns
from structkit.tables.sinks import open_sink
from structkit.tables.sources import open_source

FLAT = ["csv", "tsv", "csv.gz", "tsv.bz2", "csv.xz", "db", "xlsx"]
EXACT = ["jsonl", "jsonl.gz", "ndjson.xz", "parquet", "arrow"]
NASTY = [
    "00501", "NA", "null", "1e5", "", " ", "a,b;c\td", 'say "hi"', "l1\nl2", "l1\r\nl2", "l1\rl2", "\r", "é😀\u2028\u0085",
    "'", "''", '"', "\x00", "a\x00b", "\ufeff", "#", "\\N", "_x0041_", "http://a.b/c", "TRUE", "x" * 30_000,
]  # fmt: skip
EASY = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Step(BaseModel):
    note: str
    score: float | None = None


class Label(BaseModel):
    kind: Literal["good", "bad"]
    amount: Decimal
    step: Step
    tags: list[str] = []
    steps: list[Step] = []
    by_name: dict[str, int] = {}
    union: int | str = 0


VALUE = Label(
    kind="good",
    amount=Decimal("1.50"),
    step=Step(note="n"),
    tags=["a", "b"],
    steps=[Step(note="m", score=0.5)],
    by_name={"x": 1},
    union="y",
)


def natural_columns(output_type: Any) -> Any:
    return output_columns(ResponseFormat(output_type).natural_schema)


def write_and_read(path: Path, rows: list[dict[str, Any]], columns: Any, **settings: Any) -> list[dict[str, Any]]:
    with open_sink(path, columns, overwrite=True, **settings) as sink:
        for row in rows:
            sink.write({"input": row})
    # A single column whose name has another delimiter in it is rejected, unless the delimiter is given.
    delimiter = {"csv": ",", "tsv": "\t"}.get(path.name.split(".")[1])
    return [dict(record.values) for record in open_source(path, delimiter=delimiter)]


def as_text(cell: Any) -> Any:
    return "" if cell is None else cell


@pytest.mark.parametrize("suffix", FLAT + EXACT)
def test_a_nasty_text_is_read_back_unchanged(tmp_path: Path, suffix: str) -> None:
    rows = [{"id": str(number), "text": text} for number, text in enumerate(NASTY)]
    read = write_and_read(
        tmp_path / f"t.{suffix}", rows, input_columns(["id", "text"], {"type": "string"}), guard_formulas="none"
    )
    if suffix == "xlsx":
        read = [{name: str(cell) for name, cell in row.items()} for row in read]
    assert read == rows


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = st.lists(CELLS.filter(bool), min_size=1, max_size=4, unique_by=str.casefold)


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, str]]:
    names = draw(NAMES)
    return draw(st.lists(st.fixed_dictionaries(dict.fromkeys(names, CELLS)), min_size=1, max_size=5))


@pytest.mark.parametrize("suffix", ["csv", "tsv.gz", "jsonl", "db", "parquet", "arrow"])
@given(rows=tables())
@EASY
def test_any_table_of_texts_is_read_back_unchanged(tmp_path: Path, suffix: str, rows: list[dict[str, str]]) -> None:
    if suffix == "db" and "\x00" in "".join(rows[0]):
        rows = [{name.replace("\x00", "0"): cell for name, cell in row.items()} for row in rows]
    columns = input_columns(rows[0], {"type": "string"})
    assert write_and_read(tmp_path / f"t.{suffix}", rows, columns, guard_formulas="none") == rows


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | CELLS
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(CELLS, inner, max_size=3), max_leaves=6
)


@given(values=st.lists(VALUES, min_size=1, max_size=5))
@EASY
def test_any_json_is_exact_in_jsonl_and_in_parquet_which_has_it_as_text(tmp_path: Path, values: list[Any]) -> None:
    rows = [{"v": value} for value in values]
    assert write_and_read(tmp_path / "t.jsonl", rows, input_columns(["v"])) == rows
    assert write_and_read(tmp_path / "t.parquet", rows, input_columns(["v"])) == rows
    texts = parquet.read_table(tmp_path / "t.parquet")["v"].to_pylist()
    assert [None if text is None else json.loads(text) for text in texts] == values


@given(values=st.lists(VALUES, min_size=1, max_size=5))
@EASY
def test_inferred_columns_can_be_written_as_parquet(tmp_path: Path, values: list[Any]) -> None:
    source = open_source([{"v": value} for value in values])
    records = list(source)
    with open_sink(tmp_path / "t.parquet", source.fields, overwrite=True) as sink:
        for record in records:
            sink.write({"input": record.values})
    assert [record.values["v"] for record in open_source(tmp_path / "t.parquet")] == values


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_a_value_keeps_its_nested_types(tmp_path: Path, suffix: str) -> None:
    with open_sink(tmp_path / f"t.{suffix}", natural_columns(Label)) as sink:
        sink.write({"output": ResponseFormat(Label).natural(VALUE)})
        sink.write({"run": {"status": "failed"}})
    done, failed = (record.values for record in open_source(tmp_path / f"t.{suffix}"))
    assert done == {
        "kind": "good",
        "amount": "1.50",
        "step": {"note": "n", "score": None},
        "tags": ["a", "b"],
        "steps": [{"note": "m", "score": 0.5}],
        "by_name": {"x": 1},
        "union": "y",
    }
    assert set(failed.values()) == {None}


def test_jsonl_has_the_natural_form_of_the_value(tmp_path: Path) -> None:
    response_format = ResponseFormat(Label)
    with open_sink(tmp_path / "t.jsonl", natural_columns(Label)) as sink:
        sink.write({"output": response_format.natural(VALUE)})
    [line] = (tmp_path / "t.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == response_format.natural(VALUE)


def test_csv_has_a_column_for_each_field_and_lists_as_json(tmp_path: Path) -> None:
    columns = (*input_columns(["id", "kind"]), *natural_columns(Label), *run_columns("status", "attempts", "usage"))
    with open_sink(tmp_path / "t.csv", columns) as sink:
        run = {"status": "done", "attempts": 2, "usage": {"prompt_tokens": 7, "total_tokens": 9}}
        row = {"id": "1", "kind": "x"}
        sink.write({"input": row, "output": ResponseFormat(Label).natural(VALUE), "run": run})
        sink.write({"input": row, "run": {"status": "failed", "attempts": 3}})
    assert (tmp_path / "t.csv").read_text(encoding="utf-8").splitlines() == [
        "id,kind,kind_output,amount,step.note,step.score,tags,steps,by_name,union,status,attempts,usage.prompt_tokens,usage.completion_tokens,usage.total_tokens,usage.unreported,usage.cached_tokens,usage.reasoning_tokens",
        '1,x,good,1.50,n,,"[""a"",""b""]","[{""note"":""m"",""score"":0.5}]","{""x"":1}",y,done,2,7,,9,,,',
        "1,x" + "," * 8 + ",failed,3,,,,,,",
    ]


def test_sqlite_keeps_numbers_texts_bytes_and_large_integers_as_text(tmp_path: Path) -> None:
    rows = [{"A": value, "a": 1} for value in ("00501", 5, 2.5, None, b"\xff", 2**70, -(2**63))]
    with open_sink(tmp_path / "t.db", input_columns(["A", "a"])) as sink:
        for row in rows:
            sink.write({"input": row})
    assert sink.names == ("A", "a_input")
    cells = [value for (value,) in sqlite3.connect(tmp_path / "t.db").execute("SELECT A FROM labels")]
    assert cells == ["00501", 5, 2.5, None, b"\xff", str(2**70), -(2**63)]


class Node(BaseModel):
    value: int
    left: Node | None = None


class Loose(BaseModel, extra="allow"):
    name: str


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "xlsx", "db"])
@pytest.mark.parametrize(
    ("output_type", "value", "cells"),
    [
        (Node, Node(value=1, left=Node(value=2)), {"value": "1"}),
        (Loose, Loose.model_validate({"name": "k", "more": 1}), {"name": "k"}),
        (Literal["a", "b"], "a", {"value": "a"}),
        (list[int], [1, 2], {}),
        (Step | None, None, {}),
        (tuple[int, str], (1, "b"), {}),
        (dict[str, int], {"a": 1}, {}),
        (int | None, None, {}),
    ],
)
def test_a_type_of_any_form_can_be_a_table(
    tmp_path: Path, suffix: str, output_type: Any, value: Any, cells: Any
) -> None:
    natural = ResponseFormat(output_type).natural(value)
    with open_sink(
        tmp_path / f"t.{suffix}", (*input_columns(["id"], {"type": "string"}), *natural_columns(output_type))
    ) as sink:
        sink.write({"input": {"id": "x"}, "output": natural})
    [record] = open_source(tmp_path / f"t.{suffix}")
    assert {name: str(record.values[name]) for name in ("id", *cells)} == {"id": "x", **cells}


def test_undeclared_keys_share_a_column(tmp_path: Path) -> None:
    with open_sink(tmp_path / "t.csv", natural_columns(Loose)) as sink:
        sink.write({"output": {"name": "k", "more": 1}})
        sink.write({"output": {"name": "k"}})
    assert (tmp_path / "t.csv").read_bytes().decode() == 'name,extras\r\nk,"{""more"":1}"\r\nk,\r\n'


@pytest.mark.parametrize("module", ["pandas", "polars"])
def test_a_data_frame_is_a_source(module: str) -> None:
    frame = pytest.importorskip(module).DataFrame({"id": ["00501", "NA"], "n": [1, 2]})
    source = open_source(frame, key="id")
    for _ in range(2):
        records = list(source)
        assert [dict(record.values) for record in records] == [{"id": "00501", "n": 1}, {"id": "NA", "n": 2}]
        assert [record.key for record in records] == ["00501", "NA"]
    assert source.count() == 2
