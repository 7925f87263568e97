"""Replies that are read with repairs: what each type leaves to read, and what it does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel

from structkit import ResponseFormat


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
