"""Issues in the names of the wire, which are the only ones that the model knows."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, Field, JsonValue

from structkit import ResponseFormat
from structkit.values import value_at


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


def natural_places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    """The paths of the scalars in a value, with the scalars."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if steps is None:
        return [(path, value)]
    return [place for step, item in steps for place in natural_places(item, (*path, step))]


@pytest.mark.parametrize("output_type", [Any, dict[str, Any], list[JsonValue], dict[str, JsonValue | None]], ids=str)
def test_each_scalar_in_a_value_of_any_type_is_found_where_it_is_written(output_type: Any) -> None:
    inner = {"key": [1, {"list": ["x", None]}], "": 2.5, "dict": {"a~/b": True, "value": [[3], {"é": "y"}]}}
    natural = [inner, "z"] if output_type == list[JsonValue] else inner
    response_format = ResponseFormat(output_type)
    wire = response_format.wire(natural)
    scalars = [(value_at(wire, response_format.wire_path(path, natural)), x) for path, x in natural_places(natural)]
    assert scalars == [(x, x) for _, x in scalars]


def test_a_place_in_a_list_of_a_union_is_in_the_branch_that_has_its_length() -> None:
    def lists(key: str, **bounds: int) -> dict[str, Any]:
        item = {"type": "object", "properties": {key: {"type": "integer"}, "ö": {"type": "integer"}}}
        return {"title": key, "type": "array", "items": item, **bounds}

    schema = {"type": "object", "properties": {"x": {"anyOf": [lists("ä", maxItems=1), lists("ü")]}}, "required": ["x"]}
    response_format = ResponseFormat(schema)
    natural = {"x": [{"ö": 1}, {"ö": 2}]}
    wire = response_format.wire(natural)
    assert value_at(wire, response_format.wire_path(("x", 1, "ö"), natural)) == 2


@pytest.mark.parametrize("extras", ["closed", "open"])
def test_a_null_is_found_in_the_box_that_it_is_written_in(extras: Any) -> None:
    number = {"type": ["integer", "null"]}
    inner = {"type": ["object", "null"], "properties": {"b": number}}
    schema = {"type": "object", "properties": {"a": inner, "c": number, "d": inner}}
    response_format = ResponseFormat(schema, extras=extras)
    natural = {"a": {"b": None}, "c": None, "d": None}
    wire = response_format.wire(natural)
    paths = [response_format.wire_path(path, natural) for path in (("a", "b"), ("c",), ("d",))]
    assert [value_at(wire, path) for path in paths] == [None, None, None]
