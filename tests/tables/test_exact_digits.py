"""Numbers with more digits than a float: copied with all of them, to every format; infinities are not null."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from structkit.tables.columns import input_columns
from structkit.tables.records import digest
from structkit.tables.sinks import open_sink
from structkit.tables.sources import open_source
from structkit.values.exact_float import read_float
from structkit.values.source_cell import to_text

DIGITS = "12345678901234567.89"
ROW = f'{{"id":9007199254740993.0,"amount":{DIGITS},"parts":[{{"a":0.10000000000000000000001}},1.5],"plain":0.1}}'


def copy_table(source: Path, output: Path) -> None:
    table = open_source(source)
    rows = [*table]
    with open_sink(output, table.fields) as sink:
        for row in rows:
            sink.write({"input": row.values})


def test_jsonl_is_copied_with_all_digits(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(f"{ROW}\n")
    copy_table(tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").read_text() == f"{ROW}\n"


@pytest.mark.parametrize("suffix", ["csv", "tsv", "db", "xlsx", "parquet"])
def test_other_formats_get_the_digits_as_text(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip({"xlsx": "xlsxwriter", "parquet": "pyarrow"}.get(suffix, "json"))
    (tmp_path / "in.jsonl").write_text(f"{ROW}\n")
    copy_table(tmp_path / "in.jsonl", tmp_path / f"out.{suffix}")
    (row,) = [record.values for record in open_source(tmp_path / f"out.{suffix}")]
    assert (to_text(row["id"]), to_text(row["amount"])) == ("9007199254740993.0", DIGITS)
    assert to_text(row["parts"]) == '[{"a":0.10000000000000000000001},1.5]'
    assert float(row["plain"]) == 0.1


def test_a_prompt_has_all_digits(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(f"{ROW}\n")
    (record,) = open_source(tmp_path / "in.jsonl")
    assert to_text(record.values["amount"]) == DIGITS
    assert to_text(record.values["parts"]) == '[{"a":0.10000000000000000000001},1.5]'


def test_rows_that_differ_in_digits_only_are_different_rows() -> None:
    rows: list[Any] = [{"n": read_float(DIGITS)}, {"n": read_float("12345678901234567.88")}, {"n": float(DIGITS)}]
    assert len({*map(digest, rows)}) == 3


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (math.nan, None),
        ([1.5, math.inf, {"a": -math.inf}], [1.5, "Infinity", {"a": "-Infinity"}]),
    ],
)
def test_an_infinity_in_jsonl_is_text_and_only_nan_is_null(tmp_path: Path, cell: Any, expected: Any) -> None:
    with open_sink(tmp_path / "out.jsonl", input_columns(["cell"])) as sink:
        sink.write({"input": {"cell": cell}})
    assert json.loads((tmp_path / "out.jsonl").read_text()) == {"cell": expected}
