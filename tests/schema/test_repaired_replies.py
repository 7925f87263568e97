"""Replies that are read with repairs: what each type leaves to read, and what it does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel, StrictBool, StrictInt

from structkit import REPAIRS, Policy, ResponseFormat


class Person(BaseModel):
    name: str
    age: int


class Team(BaseModel):
    members: list[Person]
    note: str = ""


def read(output_type: Any, text: str) -> tuple[Any, list[str]]:
    """Return the value, or None, and the repairs."""
    answer = ResponseFormat(output_type).read(text, repairs=True)
    return answer.value, [*answer.repairs]


# Encoded twice

ADA = Person(name="Ada", age=36)
WIRE = {"members": [{"name": "Ada", "age": 36}], "note": "[1]"}


@pytest.mark.parametrize(
    ("wire", "repairs"),
    [
        (json.dumps(WIRE), ["JSON in text at (root)"]),
        ({**WIRE, "members": json.dumps(WIRE["members"])}, ["JSON in text at members"]),
        ({**WIRE, "members": [json.dumps(WIRE["members"][0])]}, ["JSON in text at members[0]"]),
    ],
    ids=["the reply", "a list", "an object"],
)
def test_json_that_was_encoded_twice_is_read(wire: Any, repairs: list[str]) -> None:
    assert read(Team, json.dumps(wire)) == (Team(members=[ADA], note="[1]"), repairs)


def test_a_root_that_is_no_object_is_read_from_a_text_too() -> None:
    assert read(list[int], '{"value": "[1, 2]"}') == ([1, 2], ["JSON in text at value"])
    assert read(list[int], json.dumps("[1, 2]")) == ([1, 2], ["JSON in text at (root)"])
    assert read(list[int], json.dumps('{"value": [1]}')) == ([1], ["JSON in text at (root)"])


@pytest.mark.parametrize("output_type", [str, list[str] | str, Any])
def test_json_in_a_text_stays_where_text_is_allowed(output_type: Any) -> None:
    assert read(output_type, json.dumps({"value": "[1]"})) == ("[1]", [])


# Wrappers


class Remark(BaseModel):
    name: str


@pytest.mark.parametrize("text", ['[{"name": "J"}]', 'Here: [{"name": "J"}]', '{"value": [{"name": "J"}]}'])
@pytest.mark.parametrize(
    "output_type", [list[Person] | dict[str, Any], list[Person] | Remark, tuple[Person, ...] | dict[str, str]]
)
def test_an_invalid_list_is_not_a_wrapper_of_a_value_for_another_branch(output_type: Any, text: str) -> None:
    assert read(output_type, text)[0] is None


def test_an_invalid_map_is_not_a_wrapper_of_a_value_for_another_branch() -> None:
    assert read(dict[str, int] | list[str], '{"data": ["a"]}')[0] is None
    assert read(dict[str, int] | None, '{"data": null}')[0] is None


def test_a_key_of_a_branch_is_not_a_wrapper() -> None:
    class Box(BaseModel):
        data: int

    assert read(Box | list[Remark], '{"data": [{"name": "J"}]}')[0] is None


@pytest.mark.parametrize(
    ("output_type", "text", "value"),
    [
        (Person, '[{"name": "Ada", "age": 36}]', ADA),
        (Person, '{"result": {"name": "Ada", "age": 36}}', ADA),
        (list[Person], '{"result": [{"name": "Ada", "age": 36}]}', [ADA]),
        (dict[str, int], '{"result": {"a": 1}}', {"a": 1}),
        (list[int] | Remark, '{"result": [1]}', [1]),
        (Person | None, '[{"name": "Ada", "age": 36}]', ADA),
    ],
)
def test_a_wrapper_of_the_only_value_is_removed(output_type: Any, text: str, value: Any) -> None:
    assert read(output_type, text) == (value, ["wrapper"])


# Several answers


@pytest.mark.parametrize(
    ("text", "value", "repairs"),
    [
        ('{"value": 7} {"value": 8}', 8, ["several answers"]),
        ('First {"value": 7}, no: {"value": 8}.', 8, ["prose", "several answers"]),
        ('```json\n{"value": 7}\n```\n{"value": 8}', 7, ["code fence", "several answers"]),
        ('{"value": 7} {"result": {"value": 8}}', 8, ["wrapper", "several answers"]),
        ('{"value": 7} {"value": "8 kg"}', 8, ["number in text at value", "several answers"]),
        # One answer
        ('{"value": 7} {"value": 7}', 7, ["other document"]),
        ('{"value": 7} or 7.0 {"value": 7.0}', 7, ["prose", "other document"]),
        ('{"value": "x"} {"value": 8}', 8, ["other document"]),
        ('{"value": 7} {"value": "x"}', 7, ["other document"]),
        ('{"value": 7} {"note": 8}', 7, ["other document"]),
        ('<think>{"value": 7}</think>{"value": 8}', 8, ["think block"]),
    ],
)
def test_several_answers_that_differ_are_a_repair_of_their_own(text: str, value: int, repairs: list[str]) -> None:
    assert read(int, text) == (value, repairs)


def test_several_answers_are_rejected_by_a_policy_without_this_repair() -> None:
    repairs = Policy(repairs=REPAIRS - {"several answers"}).repairs
    answer = ResponseFormat(int).read('{"value": 7} {"value": 8}', repairs=repairs)
    assert [str(issue) for issue in answer.issues] == [
        "(root): the reply has several valid answers that differ; write exactly one"
    ]
    assert ResponseFormat(int).read('{"value": 7} {"x": 8}', repairs=repairs).value == 7


@pytest.mark.parametrize("name", sorted(REPAIRS - {"several answers", "reasoning field"}))
def test_a_policy_rejects_each_repair_by_its_name(name: str) -> None:
    examples = {
        "byte order mark": "\ufeff[7]",
        "think block": "<think></think>[7]",
        "code fence": "```\n[7]\n```",
        "prose": "See [7]",
        "other document": "{} [7]",
        "wrapper": '{"result": [7]}',
        "trailing comma": "[7,]",
        "single quotes": "{'value': [7]}",
        "raw newline": '{"value\n": [7]}',
        "string escape": '{"v\\x61lue": [7]}',
        "invalid escape": '{"\\d": [7]}',
        "python literal": "[True]",
        "comment": "[7 /* */]",
        "unquoted key": "{value: [7]}",
        "number in text": '["7"]',
        "boolean in text": '["true"]',
        "null in text": '["null"]',
        "JSON in text": '"[7]"',
        "triple quotes": '{"""a""": 7}',
        "literal case": "[TRUE]",
        "digit groups": '{"a": 1,000}',
        "special space": "[7\u00a0]",
        "number for text": "[7]",
        "item for list": '{"value": 7}',
        "missing tag": '{"value": {"name": "Ada"}}',
    }
    scalars = list[StrictInt | StrictBool | None]
    maps = dict.fromkeys(("raw newline", "invalid escape", "triple quotes", "digit groups"), dict[str, Any])
    output_types = {**maps, "number for text": list[str], "missing tag": Person | Remark}
    output_type: Any = output_types.get(name, scalars)
    response_format = ResponseFormat(output_type)
    answer = response_format.read(examples[name], repairs={name})
    assert answer.valid
    assert {repair.partition(" at ")[0] for repair in answer.repairs} == {name}
    assert not response_format.read(examples[name], repairs=REPAIRS - {name}).valid


def test_a_policy_rejects_a_name_that_no_repair_has() -> None:
    with pytest.raises(ValueError, match="fences"):
        Policy(repairs={"fences"})
    with pytest.raises(ValueError, match="prose"):
        Policy(repairs="prose")
    assert hash(Policy(repairs=["prose"])) == hash(Policy(repairs={"prose"}))
