"""The strict schema of a JSON Schema asks for no value that the schema itself always rejects."""

import json
from typing import Any

import pytest

from structkit import ResponseFormat
from structkit.errors import InvalidOutput, SchemaError

STRING, INTEGER = {"type": "string"}, {"type": "integer"}


def obj(required: list[str] | None = None, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*properties] if required is None else required}


def closed(required: list[str] | None = None, **properties: Any) -> dict[str, Any]:
    return {**obj(required, **properties), "additionalProperties": False}


def recursive(name: str, **properties: Any) -> dict[str, Any]:
    return obj([], left={"$ref": f"#/$defs/{name}"}, right={"$ref": f"#/$defs/{name}"}, **properties)


ONLY_REJECTED: dict[str, tuple[dict[str, Any], str]] = {
    "open optional branches": ({"oneOf": [obj([], a=STRING), obj([], b=STRING)]}, "write anyOf"),
    "a branch twice": ({"oneOf": [obj(a=STRING), obj(a=STRING)]}, "write anyOf"),
    "a branch under two names": (
        {"oneOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}], "$defs": {"a": obj(a=STRING), "b": obj(a=STRING)}},
        "write anyOf",
    ),
    "inside, with a text beside it": (
        obj(x={"description": "One.", "oneOf": [STRING, {**STRING, "title": "A text"}]}),
        "write anyOf",
    ),
    "required, not declared": ({**closed(a=STRING), "required": ["a", "b"]}, "declare it"),
    "required, by no pattern": (
        {**closed(a=STRING), "required": ["a", "b"], "patternProperties": {"^x": STRING}},
        "declare it",
    ),
    "closed parts": ({"allOf": [closed(a=STRING), closed(b=STRING)]}, 'requires "b", and another one forbids it'),
    "a closed part and an open one": ({"allOf": [closed(a=STRING), obj(b=STRING)]}, "forbids it"),
    "a closed definition, extended": (
        {**obj(b=STRING), "$ref": "#/$defs/base", "$defs": {"base": closed(a=STRING)}},
        "forbids it",
    ),
    "required beside a closed part": ({"allOf": [closed(a=STRING), {"required": ["b"]}]}, "declare it"),
    "constants": (obj(x={"allOf": [{"const": 1}, {"const": 2}]}), "cannot be 1 and 2 at once"),
    "enums that Python takes for equal": (obj(x={"allOf": [{"enum": [1]}, {"enum": [True]}]}), "no value is in both"),
    "not a type": (obj(x={**STRING, "not": STRING}), "`not` excludes"),
    "not the enum": (obj(x={"enum": ["a", "b"], "not": {"enum": ["b", "a", "c"]}}), "`not` excludes"),
    "not the required key": ({**obj(a=STRING), "not": {"required": ["a"]}}, "`not` excludes"),
    "an exclusive bound": (obj(x={**INTEGER, "minimum": 3, "exclusiveMaximum": 3}), "not below exclusiveMaximum 3"),
    "sizes": (obj(x={"type": "object", "minProperties": 2, "maxProperties": 1}), "above maxProperties 1"),
    "more keys than declared": ({**closed(a=STRING), "minProperties": 2}, "only 1 keys are allowed"),
    "fewer keys than required": ({**obj(a=STRING, b=STRING), "maxProperties": 1}, "2 keys are required"),
}


@pytest.mark.parametrize(("schema", "reason"), ONLY_REJECTED.values(), ids=[*ONLY_REJECTED])
def test_a_schema_that_no_requested_value_can_fit_is_rejected_with_the_reason(schema, reason):
    with pytest.raises(SchemaError, match=r"no value can fit|contradiction") as caught:
        ResponseFormat(schema)
    assert reason in str(caught.value)


BRANCHES: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "more keys": ([obj(a=STRING), obj(a=STRING, b=STRING)], {"a": "x"}),
    "an integer": ([INTEGER, {"type": "number"}], {"value": 1.5}),
    "a value of the other": ([{"enum": ["a"]}, {"enum": ["a", "b"]}], {"value": "b"}),
    "null in both": ([{"type": "null"}, {"type": ["string", "null"]}], {"value": "x"}),
    "a union": ([{"anyOf": [INTEGER, STRING]}, {"type": ["string", "number"]}], {"value": 1.5}),
    "an object of any keys": ([{"type": "object"}, obj(a=STRING)], {"value": {"b": [1]}}),
    "an object of any keys of a type": (
        [{"type": "object", "additionalProperties": STRING}, obj(a=STRING)],
        {"value": {"b": "x"}},
    ),
    "items": ([{"type": "array", "items": INTEGER}, {"type": "array", "items": {"type": "number"}}], {"value": [1.5]}),
}


@pytest.mark.parametrize(("branches", "value"), BRANCHES.values(), ids=[*BRANCHES])
def test_a_branch_whose_values_all_fit_another_one_is_not_offered(branches, value):
    schema = obj(value={"oneOf": branches})
    natural = value if "value" in value else {"value": value}
    response_format = ResponseFormat(schema)
    assert "a branch of oneOf whose values fit another branch too" in str(response_format.explain())
    assert response_format.load(response_format.dump(natural)) == natural


@pytest.mark.parametrize(
    "branches",
    [
        [obj(a=STRING), obj(b=STRING)],
        [closed(a=STRING), closed(a=STRING, b=STRING)],
        [closed([], a=STRING), closed([], a=INTEGER)],
        [obj([], kind={"const": "a"}, n=STRING), obj([], kind={"const": "b"}, n=STRING)],
        [{"type": ["string", "null"]}, {"type": ["integer", "null"]}],
        [{"type": "array", "items": STRING}, {"type": "array", "items": INTEGER}],
        [{"type": "object", "additionalProperties": STRING}, obj(a=INTEGER)],
        [{**STRING, "maxLength": 2}, {**STRING, "minLength": 3}],
        [
            {**obj(a=STRING), "unevaluatedProperties": False},
            {**obj(a=STRING, b=STRING), "unevaluatedProperties": False},
        ],
        [{"const": {"a": 1}}, obj(a=STRING)],
    ],
    ids=str,
)
def test_branches_that_may_have_values_of_their_own_are_all_offered(branches):
    response_format = ResponseFormat(obj(value={"oneOf": branches}))
    assert "a branch of oneOf whose" not in str(response_format.explain())


def test_overlapping_branches_are_all_offered_where_other_keys_are_requested_too():
    schema = {"oneOf": [obj([], a=STRING), obj([], b=STRING)]}
    response_format = ResponseFormat(schema, extras="open")
    value = {"a": "x", "b": 3}
    assert response_format.load(response_format.dump(value)) == value


def test_a_closed_part_of_all_of_decides_which_keys_are_requested():
    schema = {"allOf": [closed(a=STRING), obj([], b=STRING, a={"minLength": 1})]}
    assert [*ResponseFormat(schema).schema["properties"]] == ["a"]
    notes = {(note.path, note.kind, note.text) for note in ResponseFormat(schema).explain()}
    assert (("b",), "dropped", "no value can fit it") in notes
    typed = {"allOf": [{**obj([], a=STRING), "additionalProperties": INTEGER}, obj([], b={"minimum": 2})]}
    assert ResponseFormat(typed).parse('{"b": 2, "other_keys": []}') == {"b": 2}
    with pytest.raises(InvalidOutput):
        ResponseFormat(typed).parse('{"b": "x", "other_keys": []}')


@pytest.mark.parametrize(
    "other",
    [{"patternProperties": {"^x": STRING}}, {"properties": {"a": True}, "additionalProperties": INTEGER}],
    ids=str,
)
def test_a_closed_part_of_all_of_forbids_the_other_keys_of_the_other_parts(other):
    assert ResponseFormat({"allOf": [closed(a=STRING), other]}).schema == ResponseFormat(closed(a=STRING)).schema


def test_a_required_key_has_the_schema_that_its_object_gives_to_undeclared_keys():
    schema = {**obj(a=STRING), "required": ["a", "b", "x1"], "additionalProperties": INTEGER}
    properties = ResponseFormat({**schema, "patternProperties": {"^x": {"type": "boolean"}}}).schema["properties"]
    assert properties["b"] == INTEGER
    assert properties["x1"] == {"type": "boolean"}


def test_definitions_on_many_paths_are_compared_in_bounded_time():
    branches = [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}]
    definitions = {"a": recursive("a", n=INTEGER), "b": recursive("b", n={"type": "number"})}
    response_format = ResponseFormat({**obj(x={"oneOf": branches}), "$defs": definitions})
    assert json.loads(json.dumps(response_format.schema))["$defs"].keys() >= {"a", "b"}
