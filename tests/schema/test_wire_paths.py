"""Issues in the names of the wire, which are the only ones that the model knows."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, Field

from structkit import ResponseFormat


class Cat(BaseModel):
    name: str


class Dog(BaseModel):
    name: str


class Home(BaseModel):
    ages: dict[str, int] = Field(default_factory=dict)
    rooms: dict[str, dict[str, Cat]] = Field(default_factory=dict)
    floors: dict[int, str] = Field(default_factory=dict)
    pet: Cat | Dog = Cat(name="Tom")
    pets: list[Cat | Dog] = Field(default_factory=list)
    point: tuple[int, str] = (0, "")


def pairs(**values: Any) -> list[Any]:
    return [{"key": key, "value": value} for key, value in values.items()]


def issues_of(output_type: Any, wire: Any) -> list[tuple[Any, str]]:
    """The wire path and the message of each issue."""
    response_format = ResponseFormat(output_type)
    wire = dict.fromkeys(response_format.schema["properties"]) | wire
    answer = response_format.read(json.dumps(wire))
    return [(response_format.wire_path(issue.path, answer.draft), issue.message) for issue in answer.issues]


@pytest.mark.parametrize(
    ("wire", "path"),
    [
        ({"ages": pairs(a=1, b="x")}, ("ages", 1, "value")),
        (
            {"rooms": pairs(a=[], b=pairs(c={"name": "Tom"}, d={"name": 1}))},
            ("rooms", 1, "value", 1, "value", "name"),
        ),
        ({"pet": {"Dog": {"name": 1}}}, ("pet", "Dog", "name")),
        ({"pets": [{"Cat": {"name": "Tom"}}, {"Dog": {"name": 1}}]}, ("pets", 1, "Dog", "name")),
        ({"point": {"item_0": "x", "item_1": ""}}, ("point", "item_0")),
    ],
)  # fmt: skip
def test_an_issue_is_at_its_place_on_the_wire(wire: Any, path: Any) -> None:
    assert [each for each, _ in issues_of(Home, wire)] == [path]


def test_an_invalid_key_is_an_issue_of_the_map_and_is_named() -> None:
    [(path, message)] = issues_of(Home, {"floors": pairs(x="a")})
    assert path == ("floors",)
    assert message.startswith('key "x": ')


def test_an_undeclared_key_of_a_json_schema_is_at_its_pair() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "additionalProperties": {"type": "integer"}}
    [(path, _)] = issues_of(schema, {"n": 1, "other_keys": pairs(a=1, b="x")})
    assert path == ("other_keys", 1, "value")


def test_an_item_after_the_positions_of_a_tuple_is_at_its_place() -> None:
    ages = {"type": "object", "additionalProperties": {"type": "integer"}}
    pair = {"type": "array", "prefixItems": [{"type": "string"}], "items": ages, "minItems": 1}
    schema = {"type": "object", "properties": {"x": pair}, "required": ["x"], "additionalProperties": False}
    [(path, _)] = issues_of(schema, {"x": {"item_0": "", "rest": [pairs(a=1), pairs(b=1, c="x")]}})
    assert path == ("x", "rest", 1, 1, "value")


def test_without_the_value_the_key_of_a_map_is_its_step() -> None:
    assert ResponseFormat(Home).wire_path(("ages", "b")) == ("ages", "b")
