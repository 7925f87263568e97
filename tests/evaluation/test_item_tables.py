"""Tables with a row for each item of a list are scored by the values that the rows are of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import structkit
from structkit import ConfigError, evaluate
from structkit.testing import Endpoint


class Line(BaseModel):
    item: str
    quantity: int


class Bill(BaseModel):
    seller: str
    lines: list[Line]


GOLD_LINES = [
    {"id": "1", "seller": "A", "item": "pen", "quantity": "2"},
    {"id": "1", "seller": "A", "item": "ink", "quantity": "1"},
    {"id": "2", "seller": "B", "item": "", "quantity": ""},
]


def test_the_rows_of_the_items_of_a_list_are_one_value() -> None:
    got = [
        {"id": "2", "seller": "B", "item": "cup", "quantity": "1"},
        {"id": "1", "seller": "A", "item": "ink", "quantity": "1"},
        {"id": "1", "seller": "A", "item": "pen", "quantity": "3"},
    ]
    score = evaluate(GOLD_LINES, got, Bill, key="id", items="lines")
    counts = {name: (each.right, each.wrong, each.invented, each.missed) for name, each in score.fields.items()}
    assert counts == {"seller": (2, 0, 0, 0), "lines[].item": (2, 0, 1, 0), "lines[].quantity": (1, 1, 1, 0)}
    texts = evaluate([{"id": "1", "value": "a"}, {"id": "1", "value": "b"}], [], list[str], key="id", items="value")
    assert texts.fields["[]"].missed == 2


def test_a_job_that_writes_a_row_for_each_item_is_scored(tmp_path: Path) -> None:
    lines = [{"item": "pen", "quantity": 2}, {"item": "ink", "quantity": 1}]
    rows = [{"id": "1"}, {"id": "2"}]
    with Endpoint(lambda _: json.dumps({"seller": "A", "lines": lines})) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)
        settings = {"output_type": Bill, "prompt": "{id}", "key": "id", "items": "lines", "progress": False}
        job = structkit.Job(rows, tmp_path / "lines.csv", client=client, **settings)
        from_job = evaluate(GOLD_LINES, job)
    from_file = evaluate(GOLD_LINES, tmp_path / "lines.csv", Bill, key="id", items="lines")
    assert from_job.to_dict()["fields"] == from_file.to_dict()["fields"]
    assert (from_job.fields["lines[].item"].right, from_job.fields["lines[].item"].invented) == (2, 2)


@pytest.mark.parametrize(
    ("gold", "items", "message"),
    [
        (GOLD_LINES, "seller", "no list 'seller'; its lists are: lines"),
        ([{"id": "1", "seller": "A"}], "lines", "no column of an item: expected 'item', 'quantity'"),
    ],
)
def test_items_that_are_no_list_of_the_tables_are_an_error(gold: Any, items: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        evaluate(gold, GOLD_LINES, Bill, key="id", items=items)
