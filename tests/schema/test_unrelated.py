"""Replies that a type would accept by accident: none of them becomes a value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel

from structkit import ResponseFormat


class Person(BaseModel):
    name: str
    note: str | None = None


class Options(BaseModel):
    size: int = 0
    color: str = ""


def read(output_type: Any, reply: Any) -> tuple[Any, list[str]]:
    answer = ResponseFormat(output_type).read(json.dumps(reply), repairs=True)
    return answer.value, [*answer.repairs] if answer.valid else [issue.message for issue in answer.issues]


@pytest.mark.parametrize("arguments", [{"name": "Ada"}, json.dumps({"name": "Ada"})], ids=["object", "text"])
@pytest.mark.parametrize("key", ["arguments", "parameters", "input"])
@pytest.mark.parametrize("name", ["person", "functions.person", "Person"])
def test_the_name_of_a_function_is_not_the_name_of_a_person(arguments: Any, key: str, name: str) -> None:
    value, repairs = read(Person, {"name": name, key: arguments})
    assert value == Person(name="Ada")
    assert repairs[0] == "wrapper"


@pytest.mark.parametrize("output_type", [Person, Person | None, list[Person], Person | int])
def test_the_call_of_another_function_is_not_a_value(output_type: Any) -> None:
    call = {"name": "weather", "arguments": {"city": "Rome"}}
    value, messages = read(output_type, [call] if output_type == list[Person] else call)
    assert value is None
    assert messages[0].startswith("this is a call of a function; write the value alone: {")
    assert ResponseFormat(Person).read(json.dumps(call)).value is None, "without repairs either"


def test_a_person_may_have_other_keys_beside_the_name() -> None:
    assert read(Person, {"name": "Ada", "input": "a text"}) == (Person(name="Ada"), [])
    assert read(Person, {"name": "Ada", "arguments": {"a": 1}, "note": "x"}) == (Person(name="Ada", note="x"), [])


@pytest.mark.parametrize("holder", ["schema", "parameters"])
def test_the_schema_of_the_request_is_not_a_value(holder: str) -> None:
    echo = {"name": "person", "strict": True, holder: ResponseFormat(Person).schema}
    value, messages = read(Person, echo)
    assert value is None
    assert messages == ['this is the schema; write a value: {"name": ..., "note": ...}']


@pytest.mark.parametrize(
    ("output_type", "form"),
    [
        (Options, "VALUE"),
        (Options | None, "VALUE"),
        (Options | None, '{"value": VALUE}'),
        (Options | str, "VALUE"),
        (Options | list[int], '{"value": VALUE}'),
        (list[Options], "[VALUE]"),
        (list[Options], '{"value": [VALUE]}'),
        (list[Options] | None, '{"value": [VALUE]}'),
    ],
    ids=str,
)
def test_an_object_that_has_nothing_of_the_type_is_not_its_defaults(output_type: Any, form: str) -> None:
    value, messages = read(output_type, json.loads(form.replace("VALUE", '{"error": "overloaded"}')))
    assert value is None
    assert messages == ["it has none of the expected keys: size, color"]
    assert "color='red'" in repr(read(output_type, json.loads(form.replace("VALUE", '{"color": "red"}')))[0])
    assert "size=0" in repr(read(output_type, json.loads(form.replace("VALUE", "{}")))[0])
