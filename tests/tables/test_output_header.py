"""The columns of a type are found in an output, whatever the columns of the input are called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from structkit import Job, ResponseFormat, evaluate
from structkit.evaluation.item_tables import TableForm
from structkit.evaluation.labelled_rows import LabelledTable
from structkit.tables.columns import output_columns
from structkit.tables.output_header import find_header
from structkit.tables.sources import open_source
from structkit.testing import Endpoint

SUFFIXES = ["csv", "jsonl", "db", "parquet"]
"""Flat and nested formats, and one in which names that differ in case are the same."""


class Part(BaseModel):
    name: str
    year: int | None


class Book(BaseModel):
    error: Part | None
    author: Part
    kind: str = "a"


class Status(BaseModel):
    status: Part


VALUES: list[tuple[Any, str, Any]] = [
    (Book, '{"error": {"name": "x", "year": 1}, "author": {"name": "y", "year": null}, "kind": "b"}', ...),
    (Book, '{"error": null, "author": {"name": "y", "year": 3}, "kind": "b"}', ...),
    (Status, '{"status": {"name": "x", "year": 1}}', ...),
    (str, '{"value": "b"}', "b"),
]
INPUTS = [
    {"author": "in", "error": "in", "kind": "in", "status": "in", "value": "in"},
    {"author.name": "in", "status.year": 5, "kind_output": "in", "value_output": "in"},
    {"status": "failed", "status_run": "failed", "status_output": "in", "author_output": "in", "author": "in"},
    {"author": "in", "author.name": "in", "author.name_output": "in", "value": "in", "value_output": "in"},
    {},
]


def label(output: Path, source: Any, output_type: Any, reply: str, **settings: Any) -> Any:
    with Endpoint(reply) as endpoint:
        base: dict[str, Any] = {"prompt": "{id}", "key": "id", "model": "fake", "base_url": endpoint.base_url}
        return Job(source, output, output_type=output_type, progress=False, **base, **settings).run()


def read_row(path: Any, output_type: Any) -> Any:
    table = LabelledTable(open_source(path, key="id", is_output=True), ResponseFormat(output_type), is_output=True)
    [row] = table
    return row


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(("output_type", "reply", "expected"), VALUES)
def test_an_output_is_read_as_its_values_although_the_input_has_columns_of_these_names(
    tmp_path: Path, suffix: str, output_type: Any, reply: str, expected: Any
) -> None:
    value = ResponseFormat(output_type).parse(reply) if expected is ... else expected
    natural = ResponseFormat(output_type).natural(value)
    for number, cells in enumerate(INPUTS):
        output = tmp_path / f"{number}.{suffix}"
        report = label(output, [{"id": "a", **cells}], output_type, reply)
        assert (report.counts, read_row(output, output_type).value) == ({"done": 1}, natural), cells
        assert read_row(report.to_dicts(), output_type).value == natural, cells
    second = tmp_path / f"again.{suffix}"
    label(second, output, output_type, reply)
    assert read_row(second, output_type).value == natural, "an output that is labelled again"


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(("is_open", "undeclared"), [(False, {}), (True, {"z": 1})])
def test_a_field_and_an_input_column_may_have_the_name_of_the_column_of_undeclared_keys(
    tmp_path: Path, suffix: str, is_open: bool, undeclared: dict[str, Any]
) -> None:
    texts = {"type": "array", "items": {"type": "string"}}
    schema = {"type": "object", "properties": {"extras": texts}, "required": ["extras"]}
    schema |= {"additionalProperties": is_open}
    output = tmp_path / f"t.{suffix}"
    reply = json.dumps({"extras": ["a"], **undeclared})
    label(output, [{"id": "a", "extras": "in"}], schema, reply)
    assert read_row(output, schema).value == {"extras": ["a"]}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_row_that_failed_counts_as_failed_after_any_number_of_runs_over_outputs(tmp_path: Path, suffix: str) -> None:
    path: Any = [{"id": "a"}]
    for number in range(3):
        output = tmp_path / f"{number}.{suffix}"
        label(output, path, Book, VALUES[0][1])
        path = output
    failed = tmp_path / f"failed.{suffix}"
    label(failed, path, Book, '{"error": 5}')
    assert (read_row(path, Book).is_failed, read_row(failed, Book).is_failed) == (False, True)
    assert read_row(failed, Book).value is None


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_field_that_a_reply_leaves_out_is_not_read_from_the_input(tmp_path: Path, suffix: str) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}, "kind": {"type": "string"}}}
    schema |= {"required": ["n"], "additionalProperties": False}
    output = tmp_path / f"t.{suffix}"
    label(output, [{"id": "a", "kind": "in"}], schema, '{"n": 1, "kind": null}')
    value = read_row(output, schema).value
    assert (value["n"], value.get("kind", "")) == (1, "")
    score = evaluate([{"id": "a", "n": 1, "kind": "in"}], output, schema, key="id")
    assert (score.fields["kind"].missed, score.fields["kind"].right) == (1, 0)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_null_is_not_read_as_the_default_of_its_field(tmp_path: Path, suffix: str) -> None:
    class WithDefault(BaseModel):
        number: int
        part: Part | None = Part(name="x", year=1)

    output = tmp_path / f"t.{suffix}"
    reply = json.dumps(ResponseFormat(WithDefault).dump(WithDefault(number=1, part=None)))
    label(output, [{"id": "a"}], WithDefault, reply)
    assert read_row(output, WithDefault).value == {"number": 1, "part": None}


def test_a_table_that_no_job_has_written_has_no_header_of_an_output() -> None:
    fields = output_columns(ResponseFormat(Book).natural_schema)
    names = ["id", "error", "author", "kind"]
    assert find_header([*names, "status", "remark"], fields) is None
    assert find_header(["kind", "author", "error"], fields) is None
    assert find_header([], fields) is None
    assert find_header(names, fields) is not None


class Line(BaseModel):
    total: float
    author: Part | None


class Bill(BaseModel):
    total: float
    lines: list[Line]


class Tags(BaseModel):
    tags: list[str]
    part: Part


ITEMS: list[tuple[Any, str, str]] = [
    (Bill, "lines", '{"total": 3, "lines": [{"total": 1, "author": {"name": "x", "year": 1}}, {"total": 2, "author": null}]}'),
    (Bill, "lines", '{"total": 3, "lines": []}'),
    (Tags, "tags", '{"tags": ["a", "b"], "part": {"name": "x", "year": 1}}'),
]  # fmt: skip
ITEM_INPUTS = [{}, {"total": 5, "author": "in", "lines": "in", "tags": "in", "part": "in"}, {"tags_output": "in"}]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(("output_type", "items", "reply"), ITEMS)
def test_an_output_with_a_row_for_each_item_is_read_as_its_values_whatever_the_input_has(
    tmp_path: Path, suffix: str, output_type: Any, items: str, reply: str
) -> None:
    response_format = ResponseFormat(output_type)
    natural = response_format.natural(response_format.parse(reply))
    for number, cells in enumerate(ITEM_INPUTS):
        output = tmp_path / f"{number}.{suffix}"
        label(output, [{"id": "a", **cells}], output_type, reply, items=items)
        [row] = TableForm(response_format, "id", items=items).open(output, is_output=True)
        assert row.value == natural, cells


def test_a_field_of_an_item_that_is_left_out_is_not_read_from_another_field(tmp_path: Path) -> None:
    properties = {"kind": {"type": "string"}, "kind_output": {"type": "string"}}
    item = {"type": "object", "properties": properties, "required": ["kind_output"], "additionalProperties": False}
    schema = {"type": "object", "properties": {"items": {"type": "array", "items": item}}, "required": ["items"]}
    schema |= {"additionalProperties": False}
    label(tmp_path / "t.jsonl", [{"id": "a"}], schema, '{"items": [{"kind": null, "kind_output": "x"}]}', items="items")
    [row] = TableForm(ResponseFormat(schema), "id", items="items").open(tmp_path / "t.jsonl", is_output=True)
    assert row.value == {"items": [{"kind_output": "x"}]}
