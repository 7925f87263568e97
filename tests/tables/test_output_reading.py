"""An output is read as the values that were written: also with apostrophes before formulas, in cells, keys and names."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

import structkit
from structkit.batch.part_join import join_parts
from structkit.errors import JobError
from structkit.evaluation.scoring import evaluate
from structkit.tables.sources import open_source
from structkit.testing import Endpoint

SOURCE = [
    {"=id": "=k", "- note": "'=1", "text": "one"},
    {"=id": "k2", "- note": "=1", "text": "two"},
    {"=id": "@SUM(1)", "- note": "-1+2", "text": "three"},
]
"""Names, keys and cells that a spreadsheet would run."""


def label(output: Path, source: Any, **settings: Any) -> structkit.Report:
    with Endpoint('{"value": "=2"}') as endpoint:
        job = structkit.Job(
            source=source,
            output=output,
            output_type=str,
            prompt="{text} {- note}",
            key="=id",
            model="fake",
            base_url=endpoint.base_url,
            value_column="=mood",
            **settings,
        )
        return job.run()


@pytest.mark.parametrize("guard_formulas", ["output", "none"])
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".csv.gz"])
def test_a_column_that_is_not_guarded_keeps_its_apostrophes(tmp_path: Path, suffix: str, guard_formulas: str) -> None:
    report = label(tmp_path / f"out{suffix}", SOURCE, guard_formulas=guard_formulas)
    rows = [{name: row[name] for name in ("=id", "- note", "text", "=mood")} for row in report.to_dicts()]
    assert rows == [{**row, "=mood": "=2"} for row in SOURCE]


@pytest.mark.parametrize("guard_formulas", ["all", "output", "none"])
def test_names_and_keys_that_are_formulas_are_those_of_gold(tmp_path: Path, guard_formulas: str) -> None:
    output = tmp_path / "out.csv"
    label(output, SOURCE, guard_formulas=guard_formulas)
    gold = [{"=id": row["=id"], "=mood": "=2"} for row in SOURCE]
    assert evaluate(gold, output, str, key="=id", value_column="=mood").f1 == 1


@pytest.mark.parametrize("joined", ["all.jsonl", "all.csv"])
@pytest.mark.parametrize("guard_formulas", ["all", "output", "none"])
def test_names_that_are_formulas_are_joined(tmp_path: Path, joined: str, guard_formulas: str) -> None:
    with (tmp_path / "in.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [*SOURCE[0]])
        writer.writeheader()
        writer.writerows(SOURCE)
    for number in (1, 2):
        label(tmp_path / "out.csv", tmp_path / "in.csv", part=(number, 2), guard_formulas=guard_formulas)
    join_parts(tmp_path.glob("out.csv.part-*"), tmp_path / joined)
    rows = [record.values for record in open_source(tmp_path / joined, key="=id", is_output=True)]
    assert [(row["=id"], row["=mood"]) for row in rows] == [(row["=id"], "=2") for row in SOURCE]
    if guard_formulas != "all":
        assert [row["- note"] for row in rows] == [row["- note"] for row in SOURCE]


@pytest.mark.parametrize("suffix", [".jsonl", ".sqlite", ".parquet"])
def test_keys_that_differ_in_an_apostrophe_are_two_in_a_table_that_has_no_escapes(tmp_path: Path, suffix: str) -> None:
    source = [{"=id": "=k", "- note": "", "text": "one"}, {"=id": "'=k", "- note": "", "text": "two"}]
    label(tmp_path / f"out{suffix}", source)
    rows = [record.key for record in open_source(tmp_path / f"out{suffix}", key="=id", is_output=True)]
    assert rows == ["=k", "'=k"]


def test_a_workbook_made_from_a_csv_file_is_read_without_its_apostrophes(tmp_path: Path) -> None:
    xlsxwriter = pytest.importorskip("xlsxwriter")
    pytest.importorskip("python_calamine")
    with xlsxwriter.Workbook(tmp_path / "gold.xlsx") as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate((["id", "'=name"], ["'=k", "'=1"], ["k2", "'tis"])):
            sheet.write_row(number, 0, cells)
    rows = [record.values for record in open_source(tmp_path / "gold.xlsx", key="id", is_output=True)]
    assert rows == [{"id": "=k", "=name": "=1"}, {"id": "k2", "=name": "'tis"}]


@pytest.mark.parametrize(
    "manifest", ["", "[", "[]", '{"guard_formulas": 5}', "[" * 100_000, '{"guard_formulas": "output"}']
)
def test_a_damaged_manifest_leaves_every_column_guarded(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "out.csv").write_text("a\n'=1\n")
    (tmp_path / "out.csv.manifest.json").write_text(manifest)
    assert [record.values for record in open_source(tmp_path / "out.csv", is_output=True)] == [{"a": "=1"}]
    (tmp_path / "out.csv.manifest.json").write_text(json.dumps({"guard_formulas": "none"}))
    assert [record.values for record in open_source(tmp_path / "out.csv", is_output=True)] == [{"a": "'=1"}]


def test_csv_files_of_a_pattern_are_read_without_their_apostrophes(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"gold-{number}.csv").write_text(f"id,'=name\n'=k{number},'=1\n")
    rows = [record.values for record in open_source(str(tmp_path / "gold-*.csv"), key="id", is_output=True)]
    assert rows == [{"id": "=k1", "=name": "=1"}, {"id": "=k2", "=name": "=1"}]


@pytest.mark.parametrize("name", ["~nosuchuser/out.csv", "a\0.csv", "missing.csv", "missing.xlsx", "missing"])
def test_an_output_that_does_not_exist_is_an_error_with_its_name(name: str) -> None:
    with pytest.raises(JobError, match=r"there is no file|not one of a known format"):
        open_source(name, is_output=True)
