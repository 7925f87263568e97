"""What the strict schema of a JSON Schema asks for by default, and all that it allows with `extras="open"`."""

import json
from typing import Any

import pytest

from structkit import ResponseFormat
from structkit.dialects import DIALECTS, OPENAI
from structkit.errors import InvalidOutput, SchemaError

STRING, INTEGER = {"type": "string"}, {"type": "integer"}


def obj(required: list[str] | None = None, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*properties] if required is None else required}


COUNT = obj(n=INTEGER)
OTHER_KEYS_NOTE = 'other keys: the schema allows them; extras="open" asks for them'


def notes_of(response_format: ResponseFormat[Any]) -> set[tuple[Any, ...]]:
    return {(note.path, note.kind, note.text) for note in response_format.explain()}


def test_an_object_that_is_silent_on_other_keys_does_not_ask_for_them_and_says_so():
    response_format = ResponseFormat({**COUNT, "properties": {"n": INTEGER, "deep": obj([], a=STRING)}})
    assert [*response_format.schema["properties"]] == ["n", "deep"]
    assert "other_key" not in json.dumps(response_format.schema)
    assert {((), "dropped", OTHER_KEYS_NOTE), (("deep",), "dropped", OTHER_KEYS_NOTE)} <= notes_of(response_format)
    open_format = ResponseFormat(COUNT, extras="open")
    assert [*open_format.schema["properties"]] == ["n", "other_keys"]
    assert OTHER_KEYS_NOTE not in str(open_format.explain())


def test_a_schema_is_closed_by_default_wherever_it_is_compiled():
    assert ResponseFormat(COUNT).in_dialect(DIALECTS["vllm"]).schema == ResponseFormat(COUNT).schema
    open_format = ResponseFormat(COUNT, extras="open")
    assert "other_keys" in open_format.in_dialect(DIALECTS["vllm"]).schema["properties"]


@pytest.mark.parametrize(
    "statement",
    [
        {"additionalProperties": True},
        {"additionalProperties": {}},
        {"additionalProperties": INTEGER},
        {"unevaluatedProperties": True},
        {"unevaluatedProperties": INTEGER},
        {"patternProperties": {"^x": INTEGER}},
        {"minProperties": 2},
    ],
    ids=str,
)
def test_other_keys_are_asked_for_where_the_schema_speaks_of_them_or_needs_them(statement, check_round_trip):
    check_round_trip({**COUNT, **statement}, {"n": 1, "x": 2})


@pytest.mark.parametrize("schema", [{"type": "object"}, {"type": "object", "required": ["a"]}], ids=str)
def test_an_object_without_properties_is_a_map(schema, check_round_trip):
    check_round_trip(schema, {"a": [1]}, {"a": 1, "b": None})


@pytest.mark.parametrize("statement", [{"additionalProperties": False}, {"unevaluatedProperties": False}], ids=str)
def test_an_object_that_forbids_other_keys_has_nothing_to_explain(statement):
    assert OTHER_KEYS_NOTE not in str(ResponseFormat({**COUNT, **statement}).explain())


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({**COUNT, "required": ["n", "b"]}, {"n": 1, "b": [2]}),
        ({**COUNT, "dependentRequired": {"n": ["b"]}}, {"n": 1, "b": 2}),
        ({**COUNT, "anyOf": [{"required": ["b"]}, {"required": ["c"]}]}, {"n": 1, "c": "x"}),
        ({**COUNT, "if": {"properties": {"n": {"const": 1}}}, "then": {"required": ["b"]}}, {"n": 1, "b": "x"}),
        ({**COUNT, "dependentSchemas": {"n": {"required": ["b"]}}}, {"n": 1, "b": "x"}),
    ],
    ids=str,
)
def test_a_key_that_is_required_and_not_declared_is_asked_for(schema, value, check_round_trip):
    check_round_trip(schema, value)


def test_a_reply_with_another_key_is_what_the_schema_says_it_is():
    assert ResponseFormat(COUNT).parse('{"n": 1, "more": [true]}') == {"n": 1, "more": [True]}
    with pytest.raises(InvalidOutput):
        ResponseFormat({**COUNT, "additionalProperties": False}).parse('{"n": 1, "more": [true]}')


@pytest.mark.parametrize(
    ("schema", "value", "place"),
    [
        (COUNT, {"n": 1, "more": 2}, "more"),
        ({"type": "array", "items": obj(x=COUNT)}, [{"x": {"n": 1, "more": 2}}], "[0].x.more"),
        ({"anyOf": [COUNT, {"type": "null"}]}, {"n": 1, "more": 2}, "more"),
        ({"anyOf": [COUNT, obj(n=INTEGER, m=STRING)]}, {"n": 1, "more": 2}, "does not ask for all of"),
        (obj(x={"type": "array", "prefixItems": [STRING, INTEGER]}), {"x": ["a", 1, None]}, "does not ask for all of"),
    ],
)
def test_a_valid_value_that_is_not_asked_for_is_no_example(schema, value, place):
    with pytest.raises(SchemaError, match='extras="open"') as caught:
        ResponseFormat(schema).dump(value)
    assert place in str(caught.value)
    open_format = ResponseFormat(schema, extras="open")
    assert open_format.load(open_format.dump(value)) == value


NULLABLE: dict[str, dict[str, Any]] = {
    "anyOf": {"anyOf": [STRING, {"type": "null"}]},
    "anyOf, default null": {"anyOf": [STRING, {"type": "null"}], "default": None},
    "null first": {"oneOf": [{"type": "null"}, STRING]},
    "types": {"type": ["string", "null"]},
    "types, default null": {"type": ["string", "null"], "default": None},
}


@pytest.mark.parametrize("schema", NULLABLE.values(), ids=[*NULLABLE])
def test_a_property_that_may_be_absent_or_null_is_one_plain_nullable(schema):
    response_format = ResponseFormat(obj([], e=schema))
    assert response_format.schema["properties"]["e"] == {"type": ["string", "null"]}
    for value in ({"e": None}, {"e": "x"}):
        assert response_format.load(response_format.dump(value)) == value
        assert response_format.parse(json.dumps(value)) == value
    assert response_format.parse("{}") == {}
    assert response_format.dump({}) == {"e": None}
    assert 'written and read as null; extras="open" tells them apart' in str(response_format.explain())


@pytest.mark.parametrize("schema", [*NULLABLE.values(), {}, True], ids=[*NULLABLE, "any", "true"])
def test_absent_and_null_are_told_apart_where_extras_are_open(schema, check_round_trip):
    document = {**obj([], e=schema), "additionalProperties": False}
    check_round_trip(document, {}, {"e": None}, {"e": "x"}, extras="open")
    check_round_trip(document, {"e": None}, {"e": "x"})


def test_a_reference_that_accepts_null_is_one_plain_nullable_too():
    schema = {**obj([], e={"$ref": "#/$defs/e"}), "$defs": {"e": {"type": ["integer", "null"]}}}
    response_format = ResponseFormat(schema)
    assert response_format.schema["properties"]["e"] == {"type": ["integer", "null"]}
    assert response_format.parse('{"e": null}') == {"e": None}


def test_null_for_an_optional_property_that_rejects_it_means_absent_in_both_settings(check_round_trip):
    for extras in ("closed", "open"):
        check_round_trip({**obj([], e=INTEGER), "additionalProperties": False}, {}, {"e": 1}, extras=extras)
        response_format = ResponseFormat({**obj([], e=INTEGER), "additionalProperties": False}, extras=extras)
        assert response_format.parse('{"e": null}') == {}
        with pytest.raises(InvalidOutput):
            response_format.load(response_format.dump({"e": None}))


@pytest.mark.parametrize(
    ("schema", "wire"),
    [
        ({"type": ["string", "null"], "default": "none"}, "none"),
        ({"type": "array", "items": STRING, "default": []}, []),
        ({"anyOf": [{"type": "array", "items": STRING}, {"type": "null"}], "default": []}, []),
        ({"type": "object", "additionalProperties": STRING, "default": {}}, []),
        ({"const": "cat", "default": "cat"}, "cat"),
    ],
    ids=str,
)
def test_an_absent_property_is_written_as_its_default_where_null_does_not_say_more(schema, wire):
    response_format = ResponseFormat({**obj([], e=schema), "additionalProperties": False})
    assert response_format.dump({}) == {"e": wire}
    assert "read as" in str(response_format.explain())
    open_format = ResponseFormat({**obj([], e=schema), "additionalProperties": False}, extras="open")
    assert open_format.load(open_format.dump({})) == {}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": STRING, "minItems": 1, "default": []},
        {"allOf": [{"type": "array", "items": STRING}, {"minItems": 1}], "default": []},
        {"type": "object", "additionalProperties": STRING, "minProperties": 1, "default": {}},
        {"type": "integer", "default": 3},
    ],
    ids=str,
)
def test_a_property_is_null_where_its_default_is_invalid_or_has_content(schema):
    response_format = ResponseFormat({**obj([], e=schema), "additionalProperties": False})
    assert response_format.dump({}) == {"e": None}
    assert response_format.load({"e": None}) == {}


def test_a_default_is_told_to_the_model():
    properties = ResponseFormat(
        obj([], limit={"type": "integer", "default": 10}, note={"type": ["string", "null"], "default": "none"})
    ).schema["properties"]
    assert properties["limit"]["description"] == "Null for the default, 10."
    assert properties["note"]["description"] == 'The default is "none".'


def test_branches_whose_constant_is_its_default_are_distinguished_by_it():
    animals = [obj(["n"], kind={"const": kind, "default": kind}, n=INTEGER) for kind in ("cat", "dog")]
    response_format = ResponseFormat(obj(pet={"anyOf": animals}))
    value = {"pet": {"kind": "dog", "n": 1}}
    assert response_format.dump(value) == value
    assert response_format.load(value) == value


@pytest.mark.parametrize(
    ("name", "title", "is_told"),
    [
        ("unit_price", "Unit Price", False),
        ("unitPrice", "Unitprice", False),
        ("a-b.c", "A-B.C", False),
        ("unit_price", "Price per unit", True),
        ("straße", "Straße", False),
    ],
)
def test_a_title_that_repeats_the_name_is_not_told(name, title, is_told):
    schema = obj(**{name: {"type": "number", "title": title}})
    assert (title in json.dumps(ResponseFormat(schema).schema, ensure_ascii=False)) == is_told


def test_the_titles_of_definitions_and_of_the_root_are_told_where_they_say_more_than_a_name():
    schema = {
        "title": "Order",
        **obj(a={"$ref": "#/$defs/Line"}, b={"allOf": [{"$ref": "#/$defs/Line"}], "description": "The second."}),
        "$defs": {"Line": {**obj(n=INTEGER), "title": "Line"}},
    }
    text = json.dumps(ResponseFormat(schema).schema)
    assert "Order" not in text
    assert "Line." not in text
    assert "The second." in text
    assert ResponseFormat(schema).name == "order"
    assert "An order of spare parts" in json.dumps(
        ResponseFormat({**schema, "title": "An order of spare parts"}).schema
    )


def test_a_recursive_root_is_written_once_where_the_vendor_accepts_a_reference_to_it():
    tree = obj(["v"], v=INTEGER, kids={"type": "array", "items": {"$ref": "#"}})
    by_definition = {"$ref": "#/$defs/tree", "$defs": {"tree": {**tree, "properties": {**tree["properties"]}}}}
    by_definition["$defs"]["tree"]["properties"]["kids"] = {"type": "array", "items": {"$ref": "#/$defs/tree"}}
    for schema in (tree, by_definition):
        response_format = ResponseFormat(schema)
        assert "$defs" not in response_format.schema
        assert response_format.schema["properties"]["kids"]["anyOf"][0]["items"] == {"$ref": "#"}
        other = response_format.in_dialect(DIALECTS["llama.cpp"])
        assert '"#"' not in json.dumps(other.schema)
        value = {"v": 1, "kids": [{"v": 2, "kids": []}]}
        assert response_format.load(response_format.dump(value)) == other.load(other.dump(value)) == value


def test_the_documented_vendors_accept_a_reference_to_the_root():
    assert {name for name, dialect in DIALECTS.items() if dialect.root_reference} == {"openai", "azure"}
    assert OPENAI.root_reference


CLOSED = {"additionalProperties": False}


def dropped_keys(response_format: ResponseFormat[Any]) -> set[str]:
    """Return the keys that `explain` names because no value may have them."""
    return {str(note.path[0]) for note in response_format.explain().notes if note.kind == "dropped" and note.path}


DEPENDENT_KEYS: dict[str, dict[str, Any]] = {
    "dependentRequired": {"dependentRequired": {"a": ["x"]}},
    "dependencies": {"dependencies": {"a": ["x"]}},
    "dependencies of draft 7": {"$schema": "http://json-schema.org/draft-07/schema#", "dependencies": {"a": ["x"]}},
    "dependencies that are schemas": {"dependencies": {"a": {"required": ["x"]}}},
    "dependentSchemas": {"dependentSchemas": {"a": {"properties": {"x": STRING}, "required": ["x"]}}},
    "dependentSchemas by reference": {
        "dependentSchemas": {"a": {"$ref": "#/$defs/needs_x"}},
        "$defs": {"needs_x": {"required": ["x"]}},
    },
    "false": {"dependentSchemas": {"a": False}},
    "a key whose schema is false": {
        "properties": {"a": STRING, "b": STRING, "x": False},
        "dependentRequired": {"a": ["x"]},
    },
    "a key of a pattern whose schema is false": {
        "additionalProperties": True,
        "patternProperties": {"^x": False},
        "dependentRequired": {"a": ["x"]},
    },
    "through another key": {"dependentRequired": {"a": ["c"], "c": ["x"]}},
}


@pytest.mark.parametrize("dependency", DEPENDENT_KEYS.values(), ids=DEPENDENT_KEYS)
def test_a_key_that_requires_one_which_is_not_allowed_is_not_asked_for(dependency, check_round_trip):
    schema = {**obj([], a=STRING, b=STRING), **CLOSED, **dependency}
    response_format = ResponseFormat(schema)
    assert not {"a", "x"} & response_format.schema["properties"].keys()
    assert dropped_keys(response_format) >= {"a"}
    check_round_trip(schema, {"b": "t"}, {})
    with pytest.raises(SchemaError, match='"a" is required, and'):
        ResponseFormat({**schema, "required": ["a"]})


def test_a_branch_that_requires_a_key_which_excludes_itself_is_left_out():
    schema = {**obj(a=STRING), **CLOSED, "dependentRequired": {"a": ["x"]}}
    assert ResponseFormat({"anyOf": [schema, obj(b=STRING)]}).schema["properties"].keys() == {"b"}


@pytest.mark.parametrize(
    "alternatives",
    [
        {"anyOf": [{"properties": {"x": STRING}}, {"required": ["a"]}]},
        {"if": {"required": ["a"]}, "then": {"properties": {"x": STRING}}},
        {"dependentSchemas": {"a": {"properties": {"x": STRING}}}},
    ],
    ids=["anyOf", "then", "dependentSchemas"],
)
def test_a_key_of_an_alternative_that_the_object_forbids_is_not_asked_for(alternatives, check_round_trip):
    schema = {**obj(a=STRING), **CLOSED, **alternatives}
    assert ResponseFormat(schema).schema["properties"].keys() == {"a"}
    assert dropped_keys(ResponseFormat(schema)) == {"x"}
    check_round_trip(schema, {"a": "t"})


def test_a_key_that_requires_one_which_is_allowed_is_asked_for(check_round_trip):
    for allowed in ({"properties": {"a": STRING, "x": STRING}}, {"patternProperties": {"^x": STRING}}):
        schema = {**obj([], a=STRING), **CLOSED, **allowed, "dependentRequired": {"a": ["x"]}}
        check_round_trip(schema, {"a": "s", "x": "t"}, {})
