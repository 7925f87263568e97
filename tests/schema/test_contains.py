"""`contains`, `minContains`, `maxContains` and their siblings, with and without `type`, mean what JSON Schema says."""

import json

import pytest
from jsonschema import Draft202012Validator

from structkit import ResponseFormat
from structkit.errors import SchemaError, StructkitError

VALUES = [[], [1], ["x"], [1, 2], ["x", 1], [1, 1, "x"], 3, "x", None, {}, {"a": 1}, True]

SCHEMAS = [
    {"contains": False},
    {"contains": True},
    {"contains": {}},
    {"minContains": 2},
    {"maxContains": 0},
    {"contains": False, "minContains": 0},
    {"contains": {"type": "integer"}, "minContains": 0},
    {"contains": True, "maxContains": 0},
    {"contains": True, "minContains": 3, "maxContains": 2},
    {"contains": False, "items": {"type": "integer"}},
    {"contains": {"const": 1}, "items": False},
    {"contains": {"const": 1}, "items": {"type": "string"}},
    {"contains": {"const": 1}, "minContains": 2, "maxItems": 1},
    {"items": True, "minItems": 2, "maxItems": 1},
    {"prefixItems": [False]},
    {"prefixItems": [{"type": "integer"}, False]},
    {"prefixItems": [False], "minItems": 1},
    {"type": ["array", "null"], "contains": True, "minItems": 2, "maxItems": 1},
    {"type": "string", "contains": True, "minItems": 2, "maxItems": 1},
    {"type": "object", "prefixItems": [False], "minItems": 1},
    {"contains": {"const": 1}, "minContains": 0, "items": True, "not": {"contains": {"const": 1}}},
    {
        "type": "array",
        "contains": True,
        "maxContains": 1,
        "allOf": [{"contains": {"type": "string"}, "minContains": 0}],
    },
    {"type": "array", "maxContains": 0, "allOf": [{"contains": {"type": "string"}}]},
    {"type": ["array", "null"], "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=json.dumps)
@pytest.mark.parametrize("is_root", [True, False], ids=["root", "property"])
def test_the_values_that_are_asked_for_are_those_that_the_schema_accepts(schema, is_root):
    document = schema if is_root else {"type": "object", "properties": {"a": schema}, "required": ["a"]}
    response_format = ResponseFormat(document, extras="open")
    validator = Draft202012Validator(document)
    for value in VALUES if is_root else [{"a": value} for value in VALUES]:
        try:
            text = json.dumps(response_format.dump(value))
            is_read_back = response_format.parse(text) == value
        except StructkitError:
            is_read_back = False
        assert is_read_back == validator.is_valid(value), value


def test_a_type_that_no_value_fits_is_left_out_and_explain_says_why():
    schema = {"type": "object", "properties": {"a": {"contains": False, "items": {"type": "integer"}}}}
    texts = [str(note) for note in ResponseFormat(schema).explain()]
    assert any(
        "array values: a: no value can fit: contains requires an item that items excludes" in text for text in texts
    )


def test_an_array_that_nothing_fits_is_rejected():
    array = {"type": "array", "contains": False}
    with pytest.raises(SchemaError, match="contains requires an item that items excludes"):
        ResponseFormat({"type": "object", "properties": {"a": array}, "required": ["a"]})


@pytest.mark.parametrize("extras", ["closed", "open"])
def test_unevaluated_items_are_requested_where_the_schema_describes_them(extras: str) -> None:
    schema = {
        "type": "array",
        "prefixItems": [{"type": "string"}],
        "contains": {"type": "integer"},
        "unevaluatedItems": {"type": "boolean"},
    }
    form = ResponseFormat(schema, extras=extras)  # type: ignore[arg-type]
    for value in (["a", 1], ["a", True, 2]):
        assert form.load(form.dump(value)) == value
    plain = ResponseFormat(
        {"type": "array", "prefixItems": [{"type": "integer"}], "unevaluatedItems": {"type": "integer"}}
    )
    wire = plain.dump([1, 2, 3])
    assert Draft202012Validator(plain.schema).is_valid(wire)
    assert plain.load(wire) == [1, 2, 3]
