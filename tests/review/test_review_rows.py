"""Rows to review: values, evidence and confidence as a job has written them, or as they are in the texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import structkit
from structkit.errors import ConfigError
from structkit.review import ReviewRow, ReviewTable, RowChoice, parse_choice
from structkit.schema.cache import response_format
from structkit.tables.sources import open_source
from structkit.testing import Endpoint, completion

TYPE = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "total": {"type": "number"}},
    "required": ["city", "total"],
}


def read(rows: Any, *texts: str, key: str | None = None) -> list[ReviewRow]:
    return [*ReviewTable(open_source(rows, key=key, is_output=True), response_format(TYPE), texts or ("body",))]


def test_evidence_is_looked_for_where_the_table_has_none() -> None:
    [row] = read([{"body": "Kiel, 12.50 EUR", "city": "Kiel", "total": 13}])
    assert row.evidence["city",].spans == ((0, 4, 0),)
    assert row.evidence["total",].is_missing
    assert (row.missing, row.value, row.issues) == (1, {"city": "Kiel", "total": 13}, ())


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".sqlite"])
def test_the_output_of_a_job_is_read_with_its_evidence(tmp_path: Path, suffix: str) -> None:
    output = tmp_path / f"labels{suffix}"
    with Endpoint(completion('{"city": "Kiel", "total": 7}')) as endpoint:
        job = structkit.Job(
            source=[{"id": "a", "body": "=Kiel()! 7 EUR in Kiel"}, {"id": "b", "body": "Bonn"}],
            output=output,
            output_type=TYPE,
            prompt="{body}",
            model="m",
            base_url=endpoint.base_url,
            key="id",
            evidence=True,
        )
        job.run()
    rows = read(str(output), key="id")
    assert [(row.key, row.missing) for row in rows] == [("a", 0), ("b", 2)]
    expected = structkit.find_evidence(rows[0].value, "=Kiel()! 7 EUR in Kiel", TYPE)
    assert rows[0].evidence == dict(expected)


def test_evidence_of_another_text_is_not_believed() -> None:
    stale = [{"path": "city", "spans": [[0, 4]], "how": "exact", "text": "Bonn"}]
    [row] = read([{"body": "in Bonn", "city": "Bonn", "total": 1, "evidence": json.dumps(stale)}])
    assert row.evidence["city",].spans == ((3, 7, 0),)


def test_a_span_belongs_to_the_text_of_its_column() -> None:
    cells = {"subject": "Kiel", "body": "12 EUR", "city": "Kiel", "total": 12}
    spans = [
        {"path": "city", "spans": [[0, 4, "subject"]], "how": "exact", "text": "Kiel"},
        {"path": "total", "spans": [[0, 2, "body"]], "how": "number", "text": "12"},
    ]
    [row] = read([{**cells, "evidence": spans}], "subject", "body")
    assert [each.spans[0].source for each in row.evidence.values()] == [0, 1]


def test_the_digest_changes_with_the_row_and_not_with_the_run() -> None:
    cells = {"body": "Kiel", "city": "Kiel", "total": 1}
    edits: list[dict[str, Any]] = [{}, {"cost": "0.1", "evidence": [], "attempts": 3}, {"body": "Bonn"}, {"total": 2}]
    first, run, text, value = [read([{**cells, **edit}])[0].digest for edit in edits]
    assert first == run
    assert len({first, text, value}) == 3


def test_rows_are_chosen() -> None:
    good = {"body": "Kiel 12", "city": "Kiel", "total": 12, "lowest_confidence": 0.9}
    scores = [{"path": "city", "score": 0.5}, {"path": "total", "score": None}]
    rows = read(
        [
            {**good, "id": 1},
            {**good, "id": 2, "city": "Bonn"},
            {**good, "id": 3, "confidence": json.dumps(scores)},
            {**good, "id": 4, "total": "many"},
            {"body": "Kiel", "id": 5, "status": "failed", "message": "no answer"},
            {**good, "id": 6, "lowest_confidence": "0.1"},
        ],
        key="id",
    )

    def chosen(text: str) -> list[str]:
        return [row.key for row in parse_choice(text).choose(rows, 0.8)]

    assert (chosen("missing"), chosen("low"), chosen("failed")) == (["2", "4"], ["3", "6"], ["4", "5"])
    assert len(chosen("sample=3")) == 3
    assert chosen("sample=3") == chosen("sample=3")
    assert [row.key for row in RowChoice().choose(rows, 0.8)] == ["1", "2", "3", "4", "5", "6"]
    assert (rows[4].is_failed, rows[4].message, rows[4].value) == (True, "no answer", None)


@pytest.mark.parametrize("text", ["", "all", "low=3", "sample", "sample=0", "sample=x"])
def test_another_choice_is_an_error(text: str) -> None:
    with pytest.raises(ConfigError, match="write missing, low, failed or sample=N"):
        parse_choice(text)


def test_a_column_that_the_table_does_not_have_is_an_error() -> None:
    with pytest.raises(ConfigError, match="no column 'text' for --text; it has 'body', 'city'"):
        read([{"body": "Kiel", "city": "Kiel", "total": 1}], "text")
    with pytest.raises(ConfigError, match="no column of"):
        read([{"body": "Kiel"}])
