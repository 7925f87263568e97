"""A job with `items`: the output has a row for each item of a list, and everything else stays as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import structkit
from structkit.testing import Endpoint, Reply, completion


class Line(BaseModel):
    name: str
    count: int = 1


class Order(BaseModel):
    number: str
    name: str
    lines: list[Line]
    tags: list[str] = []


ORDER = {
    "number": "7",
    "name": "Ann",
    "lines": [{"name": "Bolt", "count": 2}, {"name": "Nut", "count": 3}],
    "tags": ["new", "paid"],
}


def answer(body: dict[str, Any]) -> Reply:
    text = body["messages"][-1]["content"]
    if "refused" in text:
        return Reply(completion(None, refusal="No."))
    if "list" in text:
        return Reply(completion(json.dumps({"value": ORDER["lines"]})))
    return Reply(completion(json.dumps({**ORDER, "lines": [] if "empty" in text else ORDER["lines"]})))


def run(rows: list[dict[str, Any]], endpoint: Endpoint, output: Path | None = None, **settings: Any) -> structkit.Job:
    options: dict[str, Any] = {"output_type": Order, "prompt": "{text}", "items": "lines", **settings}
    return structkit.Job(rows, output, model="fake", base_url=endpoint.base_url, api_key="x", **options)


def test_items_are_rows_with_all_that_is_beside_their_list() -> None:
    with Endpoint(answer) as endpoint:
        report = run([{"id": 1, "text": "Order"}, {"id": 2, "text": "empty"}], endpoint).run()
    rows = report.to_dicts()
    assert [(row["id"], row["number"], row["name"], row.get("lines.name"), row.get("count")) for row in rows] == [
        (1, "7", "Ann", "Bolt", 2),
        (1, "7", "Ann", "Nut", 3),
        (2, "7", "Ann", None, None),
    ]
    assert rows[0]["tags"] == ["new", "paid"]
    assert (report.rows, report.counts) == (2, {"done": 2})


def test_a_failed_row_is_one_row_with_its_error() -> None:
    with Endpoint(answer) as endpoint:
        rows = run([{"text": "refused"}, {"text": "Order"}], endpoint).run().to_dicts()
    assert [(row["status"], row.get("error")) for row in rows] == [
        ("failed", "Refusal"),
        ("done", None),
        ("done", None),
    ]


@pytest.mark.parametrize(("items", "column", "values"), [("tags", "tags", ["new", "paid"]), ("lines", "count", [2, 3])])
def test_a_list_of_texts_is_a_column_of_its_name(items: str, column: str, values: list[Any]) -> None:
    with Endpoint(answer) as endpoint:
        rows = run([{"text": "Order"}], endpoint, items=items).run().to_dicts()
    assert [row[column] for row in rows] == values


def test_a_type_that_is_a_list_has_a_row_for_each_of_its_items() -> None:
    with Endpoint(answer) as endpoint:
        rows = run([{"text": "list"}], endpoint, output_type=list[Line], items="value").run().to_dicts()
    assert [(row["name"], row["count"]) for row in rows] == [("Bolt", 2), ("Nut", 3)]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".xlsx", ".db"])
def test_items_are_rows_in_every_format_and_in_exports(suffix: str, tmp_path: Path) -> None:
    with Endpoint(answer) as endpoint:
        job = run([{"text": "Order"}], endpoint, tmp_path / f"out{suffix}")
        report = job.run()
        assert len(report.to_dicts()) == 2
        assert job.run().counts == {"done": 1}
        assert len(job.export(tmp_path / "copy.jsonl").to_dicts()) == 2
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("items", ["number", "missing"])
def test_a_field_that_is_not_a_list_is_rejected_before_anything_is_sent(items: str) -> None:
    with (
        Endpoint(answer) as endpoint,
        pytest.raises(structkit.ConfigError, match=f"no list '{items}'; its lists are: lines, tags"),
    ):
        run([{"text": "Order"}], endpoint, items=items).run()
    assert not endpoint.requests
