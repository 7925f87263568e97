"""The feedback on an invalid value of a union is about the branch that the value was written for."""

import json
from typing import Annotated, Any, Literal, Union

import pytest
from pydantic import BaseModel, Field

from structkit import ResponseFormat
from structkit.values import JSON


def closed(properties: JSON, **keywords: Any) -> JSON:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
        **keywords,
    }


class Square(BaseModel):
    shape: Literal["square"]
    side: float


class Circle(BaseModel):
    shape: Literal["circle"]
    radius: Annotated[float, Field(gt=0)]


class Group(BaseModel):
    shape: Literal["group"]
    members: list[Union[Square, Circle, "Group"]]


class Drawing(BaseModel):
    shapes: list[Square | Circle | Group]


@pytest.mark.parametrize(
    ("shape", "path", "word"),
    [
        (
            {"shape": "group", "members": [{"shape": "circle", "radius": -1}]},
            ("members", 0, "radius"),
            "greater than 0",
        ),
        ({"shape": "group", "members": [{"shape": "oval"}]}, ("members", 0), '"square"'),
        ({"shape": "circle", "side": 1}, ("radius",), "missing"),
        ({"shape": "oval"}, (), '"group"'),
    ],
    ids=str,
)
def test_the_tag_of_a_model_says_which_branch_is_meant(shape: JSON, path: tuple[Any, ...], word: str) -> None:
    [issue] = ResponseFormat(Drawing).read(json.dumps({"shapes": [shape]})).issues
    assert (issue.path, word in issue.message) == (("shapes", 0, *path), True)


LICENSES = {
    "anyOf": [
        {"type": "array", "items": closed({"license": closed({"id": {"type": "string"}})})},
        {"type": "array", "items": closed({"expression": {"type": "string"}}), "minItems": 1, "maxItems": 1},
    ]
}

NESTED = {
    "oneOf": [
        closed({"tag": {"const": "a"}, "value": {"type": "integer"}}),
        closed({"tag": {"enum": ["b", "c"]}, "value": {"type": "array", "items": {"$ref": "#"}}}),
    ]
}

EXTENDED = {
    "$defs": {
        "Pet": {"type": "object", "properties": {"kind": {"type": "string"}}, "required": ["kind"]},
        "Cat": {"allOf": [{"$ref": "#/$defs/Pet"}, {"type": "object", "properties": {"lives": {"type": "integer"}}}]},
        "Dog": {"allOf": [{"$ref": "#/$defs/Pet"}, {"type": "object", "properties": {"barks": {"type": "boolean"}}}]},
    },
    "oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}],
    "discriminator": {"propertyName": "kind"},
}


@pytest.mark.parametrize(
    ("schema", "value", "path"),
    [
        (LICENSES, [{"license": {"id": 3}}], (0, "license", "id")),
        (LICENSES, [{"license": {}}], (0, "license", "id")),
        (LICENSES, [{"expression": 1}], (0, "expression")),
        (NESTED, {"tag": "a", "value": "x"}, ("value",)),
        (NESTED, {"tag": "c", "value": [{"tag": "a", "value": 1}, {"tag": "b", "value": 3}]}, ("value", 1, "value")),
        (EXTENDED, {"kind": "Dog", "barks": 1}, ("barks",)),
        (EXTENDED, {"kind": "Cat", "lives": "x"}, ("lives",)),
    ],
    ids=str,
)
def test_items_constants_and_parts_say_which_branch_of_a_json_schema_is_meant(
    schema: JSON, value: Any, path: tuple[Any, ...]
) -> None:
    [issue] = ResponseFormat(schema).read(json.dumps(value)).issues
    assert issue.path == path


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"anyOf": [{"const": "x"}, {"type": "null"}]}, 'Input should be "x"'),
        (
            {"anyOf": [{"enum": ["push", "merge"]}, {"type": "array", "items": {"type": "string"}}]},
            '"push" or "merge"',
        ),
        ({"anyOf": [{"enum": ["a", "b"]}, {"type": "string", "pattern": "^u"}]}, '"a" or "b" or a string'),
    ],
    ids=str,
)
def test_an_invalid_text_is_answered_with_the_constants_that_are_allowed(part: JSON, message: str) -> None:
    [issue] = ResponseFormat(closed({"state": part})).read('{"state": "c"}').issues
    assert message in issue.message


def test_branches_that_differ_in_their_bounds_make_one_issue() -> None:
    union = Annotated[int, Field(gt=3)] | Annotated[int, Field(lt=-3)]
    form: ResponseFormat[Any] = ResponseFormat(union)
    [issue] = form.read('{"value": 1}').issues
    assert "greater than 3; or: Input should be less than -3" in issue.message


def test_the_tag_of_a_branch_is_the_name_of_its_definition() -> None:
    for extra in ({}, {"nullable": True}):
        form = ResponseFormat({**EXTENDED, **extra})
        for value in ({"kind": "Dog", "barks": True}, {"kind": "Cat", "lives": 9}):
            assert form.dump(value) == {"value": value}
            assert form.load({"value": value}) == value


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "prefixItems": [{"type": "integer"}], "items": False},
        {
            "$schema": "http://json-schema.org/draft-04/schema#",
            "type": "array",
            "items": [{"type": "integer"}],
            "additionalItems": False,
        },
    ],
    ids=["2020-12", "draft 4"],
)
def test_items_too_many_are_named(schema: JSON) -> None:
    [issue] = ResponseFormat(schema).read('{"value": [1, "x", 2]}').issues
    assert issue.message == 'not allowed here; leave out "x", 2'


def test_structured_constants_are_explained() -> None:
    notes = str(ResponseFormat(closed({"shape": {"enum": [[1, 2], {"a": 1}]}})).explain())
    assert "constants that are lists or objects: their JSON texts" in notes
