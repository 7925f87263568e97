"""Every rule that a value is validated by is in the strict schema, in a description, or in `explain()`."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from structkit import ResponseFormat

STRING: dict[str, Any] = {"type": "string"}
INTEGER: dict[str, Any] = {"type": "integer"}
NULL: dict[str, Any] = {"type": "null"}


def wire(part: Any) -> Any:
    schema = {"type": "object", "properties": {"part": part}, "required": ["part"], "$defs": {"name": STRING}}
    return ResponseFormat(schema).schema["properties"]["part"]


def closed(**rules: Any) -> dict[str, Any]:
    properties = {"email": STRING, "phone": STRING, "x1": INTEGER}
    return {"type": "object", "properties": properties, "additionalProperties": False, **rules}


TWO_CHARACTERS = {"type": "string", "pattern": r"^(.|\n){2,}$"}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"anyOf": [STRING, NULL], "minLength": 2}, [TWO_CHARACTERS, NULL]),
        ({"oneOf": [STRING, INTEGER], "minimum": 5, "minLength": 2}, [TWO_CHARACTERS, INTEGER | {"minimum": 5}]),
        ({"anyOf": [{"$ref": "#/$defs/name"}, NULL], "minLength": 2}, [TWO_CHARACTERS, NULL]),
        ({"anyOf": [STRING, NULL], "allOf": [{"format": "date"}]}, [STRING | {"format": "date"}, NULL]),
        (
            {"anyOf": [{"type": "array", "items": STRING}, NULL], "items": {"minLength": 2}},
            [{"type": "array", "items": TWO_CHARACTERS}, NULL],
        ),
        ({"type": ["string", "integer"], "minLength": 2, "anyOf": [STRING, INTEGER]}, [TWO_CHARACTERS, INTEGER]),
    ],
    ids=str,
)
def test_rules_beside_a_union_hold_in_the_branches_of_their_type(part: Any, expected: Any) -> None:
    assert wire(part) == {"anyOf": expected}


def test_an_object_rule_beside_a_union_holds_for_its_objects_alone() -> None:
    part = wire({"anyOf": [{"type": "object", "properties": {"a": INTEGER}}, NULL], "required": ["a"]})
    assert part["anyOf"] == [
        {"type": "object", "properties": {"a": INTEGER}, "required": ["a"], "additionalProperties": False},
        NULL,
    ]


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ({"minProperties": 2}, "At least 2 keys given."),
        ({"minProperties": 1, "required": ["email"]}, None),
        ({"maxProperties": 2}, "At most 2 keys given."),
        ({"maxProperties": 3}, None),
        ({"anyOf": [{"required": ["email"]}, {"required": ["phone", "x1"]}]}, "At least one of these is given: email; phone and x1."),
        ({"oneOf": [{"required": ["email"]}, {"required": ["phone"]}]}, "Exactly one of these is given: email; phone."),
        (
            {"anyOf": [{"properties": {"x1": {"minimum": 3}}}, {"required": ["email"]}]},
            'anyOf: [{"properties": {"x1": {"minimum": 3}}}, {"required": ["email"]}].',
        ),
    ],
    ids=str,
)  # fmt: skip
def test_the_number_of_keys_and_the_choice_among_them_are_stated(rules: Any, text: str | None) -> None:
    assert wire(closed(**rules)).get("description") == text


@pytest.mark.parametrize(
    ("rules", "key"),
    [
        ({"patternProperties": {"^x-[a-z]+$": {}}}, {"type": "string", "pattern": "^x-[a-z]+$"}),
        ({"patternProperties": {"^x": INTEGER, "y$": STRING}}, STRING | {"description": "Matches the regular expression `(?:^x)|(?:y$)`."}),
        ({"patternProperties": {"^x": INTEGER}, "propertyNames": {"maxLength": 9}}, STRING | {"description": "Matches the regular expression `^x`. At most 9 characters."}),
        ({"patternProperties": {".*": INTEGER}}, STRING),
    ],
    ids=str,
)  # fmt: skip
def test_keys_beyond_the_declared_ones_have_their_pattern(rules: Any, key: Any) -> None:
    other_keys = wire(closed(**rules))["properties"]["other_keys"]
    assert other_keys["items"]["properties"]["key"] == key


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ({"patternProperties": {"^x": INTEGER, "^y": STRING}, "additionalProperties": False}, 'The value of a key that matches `^x` matches {"type": "integer"}. The value of a key that matches `^y` matches {"type": "string"}.'),
        ({"patternProperties": {"^x": INTEGER}, "minProperties": 1}, 'The value of a key that matches `^x` matches {"type": "integer"}.'),
        ({"patternProperties": {"^x": False}, "additionalProperties": STRING}, "No key that matches `^x`."),
        ({"patternProperties": {"^x": INTEGER}}, ""),
        ({"patternProperties": {"^x": INTEGER}, "additionalProperties": False}, ""),
    ],
    ids=str,
)  # fmt: skip
def test_what_the_key_of_a_map_says_of_its_value_is_stated(rules: Any, text: str) -> None:
    assert wire({"type": "object", **rules})["description"] == f"A map: each key once. {text}".strip()


def test_a_property_has_the_rules_of_the_patterns_that_its_name_matches() -> None:
    rules = {"patternProperties": {"^x": {"minimum": 3}, "1$": {"maximum": 9}}, "required": ["x1"]}
    assert wire(closed(**rules))["properties"]["x1"] == {"type": "integer", "minimum": 3, "maximum": 9}


@pytest.mark.parametrize(
    ("rules", "described"),
    [({"prefixItems": [STRING, INTEGER]}, "A tuple: one item per position. No item twice."), ({"prefixItems": [STRING, STRING], "items": False}, "No item twice.")],
)  # fmt: skip
def test_that_the_items_of_a_tuple_differ_is_stated(rules: Any, described: str) -> None:
    assert wire({"type": "array", "minItems": 2, "uniqueItems": True, **rules})["description"] == described


@pytest.mark.parametrize(
    ("branches", "text"),
    [
        ([STRING | {"pattern": "a$"}, STRING], "Matches the regular expression `a$`. Or: any string."),
        ([STRING, STRING | {"pattern": "a$"}, STRING], "Matches the regular expression `a$`. Or: any string."),
        ([STRING | {"description": "A name."}, STRING], "A name."),
        ([STRING | {"description": "A name."}, {}], "A name. Or: any value."),
        ([{"maxItems": 2}, {"minLength": 3}], "If it is an array: At most 2 items. Or: If it is a string: At least 3 characters."),
        ([{"type": "object", "description": "By name."}, {}], "By name. Or: any value."),
        ([{"minLength": 3}, {"type": "array", "prefixItems": [STRING, INTEGER], "minItems": 2}], "If it is a string: At least 3 characters. Or: any value."),
    ],
    ids=str,
)  # fmt: skip
def test_the_rule_of_one_branch_is_not_stated_for_another(branches: Any, text: str) -> None:
    assert wire({"anyOf": branches})["description"] == text


def test_a_second_union_is_stated_and_not_joined_to_the_first() -> None:
    part = {"anyOf": [STRING, INTEGER], "oneOf": [{"const": "a"}, {"minimum": 3}]}
    assert wire(part) == {"anyOf": [STRING, INTEGER], "description": 'oneOf: [{"const": "a"}, {"minimum": 3}].'}


class Extensions(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[Annotated[str, Field(pattern="^x-[a-z]+$")], int]
    name: str


INTEGER_KEY = {"type": "string", "pattern": "^-?[0-9]+$"}


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (int, {-5: 1}, INTEGER_KEY | {"description": "An integer."}),
        (Annotated[int, Field(ge=1, description="The year.")], {2020: 1}, INTEGER_KEY | {"description": "The year. An integer. At least 1."}),
        (float, {1.5: 1}, STRING | {"description": "A number."}),
        (bool, {True: 1}, STRING | {"enum": ["true", "false"]}),
        (Annotated[str, Field(pattern="^[a-z]+$")], {"a": 1}, STRING | {"pattern": "^[a-z]+$"}),
        (Annotated[str, Field(pattern="^a", min_length=2)], {"ab": 1}, STRING | {"description": "Matches the regular expression `^a`. At least 2 characters."}),
        (Annotated[Decimal, Field(ge=1)], {Decimal("1.50"): 1}, STRING | {"pattern": r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$", "description": "A decimal number. At least 1."}),
        (dt.date, {dt.date(2020, 1, 2): 1}, STRING | {"format": "date"}),
    ],
    ids=str,
)  # fmt: skip
def test_the_type_and_the_rules_of_a_map_key_are_sent(key: Any, value: Any, expected: Any) -> None:
    form = ResponseFormat(dict[key, int])
    assert form.schema["properties"]["value"]["items"]["properties"]["key"] == expected
    assert form.parse(json.dumps(form.dump(value))) == value


def test_the_pattern_of_the_undeclared_keys_of_a_model_is_sent() -> None:
    other_keys = ResponseFormat(Extensions).schema["properties"]["other_keys"]
    assert other_keys["items"]["properties"]["key"] == {"type": "string", "pattern": "^x-[a-z]+$"}


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ({"not": {"$ref": "#/$defs/bad"}}, 'Must not match {"enum": ["x", "y"]}.'),
        ({"contains": {"$ref": "#/$defs/bad"}}, 'Contains an item that matches {"enum": ["x", "y"]}.'),
        ({"if": {"properties": {"a": {"$ref": "#/$defs/bad"}}}}, 'if: {"properties": {"a": {"enum": ["x", "y"]}}}.'),
        ({"not": {"const": {"$ref": "#/$defs/bad"}}}, 'Must not match {"const": {"$ref": "#/$defs/bad"}}.'),
        ({"not": {"$ref": "#/$defs/tree"}}, "Must not match {"),
    ],
    ids=str,
)
def test_a_rule_in_a_description_has_no_reference(rules: Any, text: str) -> None:
    definitions = {
        "bad": {"enum": ["x", "y"]},
        "tree": {"required": ["a"], "properties": {"a": {"$ref": "#/$defs/tree"}}},
    }
    part = {"type": "array" if "contains" in rules else "object", **rules}
    form = ResponseFormat({"type": "object", "properties": {"part": part}, "required": ["part"], "$defs": definitions})
    assert text in form.schema["properties"]["part"]["description"]
