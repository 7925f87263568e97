"""Dicts that are passed as a JSON Schema: unwrapped, read as they are meant, or rejected with what to pass instead."""

import json
import pickle
import re
from typing import Any

import pytest

from structkit import ResponseFormat
from structkit.errors import InvalidOutput, SchemaError
from structkit.partial.items import ItemReader

STRING, INTEGER, NULL = {"type": "string"}, {"type": "integer"}, {"type": "null"}


def obj(*, optional: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    """A closed object."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


PERSON = obj(name=STRING)

ENVELOPES = {
    "response_format": {"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": PERSON}},
    "its json_schema": {"name": "person", "strict": True, "schema": PERSON},
    "the body of a request": {
        "response_format": {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON}}
    },
    "Responses API": {"type": "json_schema", "name": "person", "strict": True, "schema": PERSON},
    "text of the Responses API": {"text": {"format": {"type": "json_schema", "name": "person", "schema": PERSON}}},
    "tool": {
        "type": "function",
        "function": {"name": "person", "description": "d", "parameters": PERSON, "strict": True},
    },
    "tool of the Responses API": {"type": "function", "name": "person", "parameters": PERSON},
    "function of LangChain": {"name": "person", "description": "d", "parameters": PERSON},
    "tool of MCP": {
        "name": "person",
        "title": "A person",
        "inputSchema": PERSON,
        "annotations": {"readOnlyHint": True},
    },
    "tool of Anthropic": {"name": "person", "input_schema": PERSON, "cache_control": {"type": "ephemeral"}},
    "tool of Bedrock": {"toolSpec": {"name": "person", "inputSchema": {"json": PERSON}}},
    "tool of pydantic-ai": {"name": "person", "parameters_json_schema": PERSON, "kind": "output"},
}


@pytest.mark.parametrize("envelope", ENVELOPES.values(), ids=ENVELOPES)
def test_a_schema_is_read_out_of_the_requests_and_tools_of_apis(envelope: dict[str, Any]) -> None:
    response_format = ResponseFormat(envelope)
    assert response_format.name == "person"
    assert response_format.schema["properties"] == ResponseFormat(PERSON).schema["properties"]
    assert response_format.parse('{"name": "Ada"}') == {"name": "Ada"}
    with pytest.raises(InvalidOutput):
        response_format.parse('{"name": 1}')
    assert "the schema was read from" in str(response_format.explain())


@pytest.mark.parametrize(
    "envelope",
    [
        {"format": PERSON},
        {"response_mime_type": "application/json", "responseSchema": PERSON},
        {"type": "json_object", "schema": PERSON},
        {"type": "json", "schema": PERSON},
        {"guided_json": PERSON},
        {"structured_outputs": {"json": PERSON}},
    ],
)
def test_an_envelope_may_have_no_name(envelope: dict[str, Any]) -> None:
    assert ResponseFormat(envelope).name == "output"
    assert ResponseFormat(envelope, name="person").name == "person"


def test_a_name_is_used_as_it_is_written_and_a_description_where_the_schema_has_none() -> None:
    tool = {"name": "getPerson", "description": "Finds a person.", "parameters": PERSON}
    assert ResponseFormat(tool).name == "getPerson"
    assert ResponseFormat(tool).schema["description"] == "Finds a person."
    described = {**tool, "parameters": {**PERSON, "description": "A person."}}
    assert ResponseFormat(described).schema["description"] == "A person."


def test_an_envelope_is_read_alike_after_pickling_and_is_not_changed() -> None:
    envelope = json.loads(json.dumps(ENVELOPES["tool"]))
    response_format = pickle.loads(pickle.dumps(ResponseFormat(envelope)))
    assert response_format.name == "person"
    assert response_format.output_type == envelope == ENVELOPES["tool"]
    assert str(response_format.explain()) == str(ResponseFormat(envelope).explain())


SCHEMAS_WITH_KEYS_OF_ENVELOPES = [
    obj(schema=STRING, parameters=PERSON, format=STRING),
    {"description": "any", "format": "date"},
    {"title": "t", "description": "d"},
    {"$ref": "#/$defs/schema", "$defs": {"schema": PERSON}},
]


@pytest.mark.parametrize("schema", SCHEMAS_WITH_KEYS_OF_ENVELOPES)
def test_a_schema_with_the_keys_of_an_envelope_is_a_schema(schema: dict[str, Any]) -> None:
    assert "the schema was read from" not in str(ResponseFormat(schema).explain())


@pytest.mark.parametrize(
    ("document", "advice"),
    [
        pytest.param({"name": "Ada", "age": 3}, "properties", id="an example"),
        pytest.param({"items": [{"sku": "A"}], "total": 3}, '"total"', id="an example with the key items"),
        pytest.param({"id": 1, "title": "Milk"}, '"id"', id="an example with the keys of annotations"),
        pytest.param({"id": "a1", "title": "Milk"}, '"id"', id="an example with a text as its id"),
        pytest.param({"items": [{"sku": "A", "quantity": 2}]}, r'its keys ."items".', id="items"),
        pytest.param({"items": [{"title": "Alien"}], "title": "Films"}, '"items"', id="items with keys of annotations"),
        pytest.param({"items": [], "title": "Films"}, '"items"', id="no items"),
        pytest.param({"items": ["a", "b"]}, '"items"', id="items that are texts"),
        pytest.param({"items": {"sku": "A"}}, 'items: .*"sku"', id="an item"),
        pytest.param({"type": "array", "items": [{"sku": "A"}]}, r'items\[0\]: .*"sku"', id="items beside a type"),
        pytest.param(obj(cart={"type": "array", "items": {"sku": "A", "quantity": 2}}), '"sku"', id="an item below"),
        pytest.param({"title": "Alien", "format": "DVD"}, '"format"', id="an example with the key format"),
        pytest.param({"links": ["https://x.y"], "title": "Links"}, '"links"', id="an example with the key links"),
        pytest.param({"media": [{"url": "https://x.y"}]}, '"media"', id="an example with the key media"),
        pytest.param({"type": "person", "name": "Ada"}, '"person" is not a type', id="an example with the key type"),
        pytest.param({"name": STRING, "age": INTEGER}, "map of properties", id="properties"),
        pytest.param({"title": STRING, "description": STRING}, "map of properties", id="properties named like keywords"),
        pytest.param({"name": "string"}, "map of properties", id="names of types"),
        pytest.param({"$defs": {"A": PERSON, "B": PERSON}}, r'"\$ref": "#/\$defs/NAME".*"A", "B"', id="definitions"),
        pytest.param({"title": "x", "definitions": {"A": PERSON}}, r"#/definitions/NAME", id="definitions of draft 7"),
        pytest.param({"name": "f", "inputSchema": PERSON, "outputSchema": PERSON}, r'document\["outputSchema"\]', id="two schemas"),
        pytest.param({"type": "function", "function": {"name": "ping"}}, "properties", id="a tool without parameters"),
        pytest.param({"schema": PERSON, "rows": []}, 'under "schema", pass that', id="a schema among other keys"),
        pytest.param({"type": "record", "fields": [{"name": "x", "type": "int"}]}, '"record" is not a type', id="Avro"),
        pytest.param({"type": "str"}, 'write "string"', id="a type of Python"),
        pytest.param({"type": "file"}, "a file is not a JSON value", id="a file"),
        pytest.param({"type": "date"}, '"format": "date"', id="a format as a type"),
        pytest.param({"type": "string", "nullable": "yes"}, "true or false", id="nullable that is neither"),
        pytest.param({"type": "integer", "exclusiveMinimum": True}, "no minimum", id="a bound that is not there"),
    ],
)  # fmt: skip
def test_a_dict_that_is_not_a_schema_is_rejected_with_what_to_pass_instead(document: Any, advice: str) -> None:
    with pytest.raises(SchemaError, match=advice):
        ResponseFormat(document)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"tsType": "Film"}},
        {"type": "array", "items": {"title": "A film"}},
        {"type": "array", "items": [{"title": "A film"}, {}]},
        {"type": "array", "items": []},
        obj(film={"tsType": "Film"}),
    ],
)
def test_items_without_a_constraint_may_have_annotations_and_extensions(schema: dict[str, Any]) -> None:
    ResponseFormat(schema)


@pytest.mark.parametrize(
    "schema", [{}, {"description": "x"}, {"title": "x"}, {"x-order": 1}, {"default": 1}, {"$schema": "https://x.y/z"}]
)
def test_a_schema_of_annotations_accepts_any_value(schema: dict[str, Any], check_round_trip: Any) -> None:
    check_round_trip(schema, 1, {"a": [None]}, "text")
    assert "no constraint: any JSON value" in str(ResponseFormat(schema).explain())


MISSPELT = [
    ({"type": "string", "minLenght": 3}, 'minLenght: not a keyword of JSON Schema; did you mean "minLength"?'),
    ({"type": "string", "max_length": 3}, '"maxLength"'),
    ({"type": "integer", "min": 1}, 'min: not a keyword of JSON Schema; did you mean "minimum"?'),
    (obj(tags={"type": "array", "items": STRING, "max": 3}), 'properties.tags.max: .*"maxItems"'),
    ({"type": "object", "properties": {"a": STRING}, "additionalPropeties": False}, '"additionalProperties"'),
    (obj(a={"decription": "A text.", "type": "string"}), '"description"'),
    (obj(a={"oneof": [STRING, INTEGER]}), '"oneOf"'),
    ({"type": "string", "regex": "^a"}, 'regex: not a keyword of JSON Schema; did you mean "pattern"?'),
    (obj(a={"street": "string", "zip": "integer"}), "properties.a: its keys look like properties"),
    (obj(name={"first": "Ada", "last_name": "Lovelace"}), "properties.name: none of its keys is a keyword"),
    ({"type": "array", "items": {"type": "array", "items": {"sku": "A"}}}, "items.items: none of its keys"),
]


@pytest.mark.parametrize(("schema", "message"), MISSPELT)
def test_a_keyword_that_is_probably_misspelt_is_in_a_warning_and_in_the_explanation(
    schema: dict[str, Any], message: str
) -> None:
    with pytest.warns(UserWarning, match=message) as records:
        explanation = str(ResponseFormat({**schema, "x-order": 1}).explain())
    assert [record.filename for record in records] == [__file__]
    assert any(text in explanation for text in ("did you mean", "look like properties", "none of its keys"))
    assert "x-order" not in explanation


@pytest.mark.parametrize(
    "words",
    [
        {
            "_format": "date",
            "$default": {"$source": "x"},
            "comment": "x",
            "link": "x",
            "min_length": "short",
            "min": "x",
        },
        {"bsonType": "string", "tsType": "string", "enumNames": ["A"], "errorMessage": "x", "ui:widget": "x"},
        {
            "markdownDescription": "x",
            "propertyOrder": 1,
            "options": {"hidden": True},
            "defaultSnippets": [],
            "errorMessages": {},
        },
    ],
)
def test_an_extension_is_not_taken_for_a_misspelt_keyword(words: dict[str, Any]) -> None:
    ResponseFormat(obj(a={"type": "string", **words}, b=words))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            {"type": "object", "property": {"a": STRING}},
            'property: not a JSON Schema: write "properties" for "property"',
        ),
        ({"type": "object", "Properties": {"a": STRING}}, "Properties: "),
        ({"type": "object", "keys": {"a": STRING}, "required": ["a"]}, "keys: "),
        (obj(line={"type": "object", "fields": {"sku": STRING}}), "properties.line.fields: "),
        ({"type": "array", "item": STRING}, 'write "items" for "item"'),
        ({"type": "array", "elements": {"$ref": "#/$defs/A"}, "$defs": {"A": STRING}}, 'write "items"'),
        ({"type": "array", "Items": [STRING, INTEGER]}, 'write "items"'),
        ({"type": "string", "enums": ["a", "b"]}, 'write "enum" for "enums"'),
        ({"properties": {"a": STRING}, "require": ["a"]}, 'write "required" for "require"'),
        ({"type": "string", "values": ["a", "b"]}, 'write "enum" for "values"'),
        (obj(a={"type": "string", "options": ["a", "b"]}), 'write "enum" for "options"'),
        (obj(a={"description": "A size.", "choices": ["S", "M"]}), 'write "enum" for "choices"'),
        (obj(a={"type": "integer", "choices": [1, 2]}), 'write "enum" for "choices"'),
        (obj(a={"type": "string", "one_of": ["a", "b"]}), 'write "enum" for "one_of"'),
        ({"type": "string", "possible_values": ["a", "b"]}, 'write "enum" for "possible_values"'),
        ({"type": "object", "fields": {"a": "string", "b": "integer"}}, 'write "properties" for "fields"'),
        ({"type": "object", "columns": {"a": STRING}}, 'write "properties" for "columns"'),
        ({"type": "object", "parameters": {"a": STRING}}, 'write "properties" for "parameters"'),
    ],
)
def test_a_schema_whose_keyword_is_misspelt_is_rejected_because_it_would_allow_any_value(
    document: dict[str, Any], message: str
) -> None:
    with pytest.raises(SchemaError, match=re.escape(message)):
        ResponseFormat(document)


@pytest.mark.parametrize(
    "keywords",
    [
        {"fields": ["a"]},
        {"keys": {}},
        {"attributes": {"a": 1}},
        {"item": "a text"},
        {"enums": {"a": "A"}},
        {"property": STRING},
        {"fields": {"a": "b"}},
    ],
)
def test_a_key_that_no_keyword_could_have_with_its_value_is_ignored(keywords: dict[str, Any]) -> None:
    ResponseFormat({**obj(a=STRING), **keywords})


STREET = {"street": STRING}


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (obj(address=STREET), "properties.address"),
        (obj(address={"type": "object", **STREET, "additionalProperties": False}), "properties.address"),
        (obj(address={"description": "An address", **STREET}), "properties.address"),
        ({"type": "object", "street": "string"}, ""),
        ({"type": ["object", "null"], **STREET, "required": ["street"]}, ""),
        ({"type": "OBJECT", **STREET}, ""),
        ({"type": "object", "additionalProperties": STREET}, "additionalProperties"),
        ({"type": "array", "items": STREET}, "items"),
        ({"anyOf": [STREET, NULL]}, "anyOf[0]"),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"type": "object", **STREET}}}, '["$defs"].A'),
    ],
)
def test_a_schema_under_a_name_that_is_not_a_keyword_is_rejected_with_what_to_write_around_it(
    document: dict[str, Any], place: str
) -> None:
    advice = 'what is under "street" has no effect; write {"type": "object", "properties": {...}} around it'
    with pytest.raises(SchemaError, match=re.escape(f"{place}{': ' if place else ''}not a JSON Schema: {advice}")):
        ResponseFormat(document)


def test_a_schema_of_items_under_a_name_that_is_not_a_keyword_is_rejected() -> None:
    with pytest.raises(SchemaError, match=r'what is under "of" has no effect; write ."type": "array", "items"'):
        ResponseFormat({"type": "array", "of": STRING})


def test_a_schema_under_a_name_that_is_not_a_keyword_may_be_there_for_a_reference() -> None:
    grouped = {"type": "object", "properties": {"a": {"$ref": "#/definitions/group/A"}}}
    ResponseFormat({**grouped, "definitions": {"group": {"A": STRING, "B": STRING}}})
    ResponseFormat({"type": "object", "properties": {"a": {"$ref": "#/street"}}, **STREET})


# OpenAPI

PET = {
    "type": "object",
    "required": ["kind", "name"],
    "properties": {
        "kind": STRING,
        "name": {"type": "string", "nullable": True},
        "owner": {"$ref": "#/components/schemas/Owner"},
    },
}
SCHEMAS = {
    "Pet": PET,
    "Owner": {"type": "object", "properties": {"pets": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}}},
    "Cat": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"type": "object", "properties": {"lives": INTEGER}}]},
    "Dog": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"type": "object", "properties": {"tricks": INTEGER}}]},
    "Animal": {
        "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"cat": "#/components/schemas/Cat", "kitten": "Cat"},
        },
    },
    "Unused": {"type": "not a type"},
}  # fmt: skip
OPENAPI = {
    "openapi": "3.0.3",
    "info": {"title": "Shop", "version": "1"},
    "externalDocs": {"url": "https://x.y"},
    "paths": {"/pets": {"get": {"responses": {"200": {"content": {"application/json": {"schema": STRING}}}}}}},
    "components": {"schemas": SCHEMAS},
}


def test_a_schema_of_an_openapi_document_is_passed_with_the_document(check_round_trip: Any) -> None:
    schema = {"$ref": "#/components/schemas/Pet", **OPENAPI}
    check_round_trip(schema, {"kind": "cat", "name": None}, {"kind": "", "name": "a", "owner": {"pets": []}})
    response_format = ResponseFormat(schema)
    assert response_format.name == "pet"
    assert "components" not in response_format.natural_schema
    with pytest.raises(InvalidOutput):
        response_format.load({"kind": None, "name": "a"})


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/components/schemas/Pet", "components": OPENAPI["components"]},
        {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}, **OPENAPI},
        {**PET, "components": OPENAPI["components"]},
        {"$ref": "#/paths/~1pets/get/responses/200/content/application~1json/schema", **OPENAPI},
        {"name": "pet", "schema": {"$ref": "#/components/schemas/Pet", **OPENAPI}},
        {"$ref": "#/definitions/A", "swagger": "2.0", "definitions": {"A": STRING, "B": {"type": "file"}}},
    ],
)
def test_any_schema_with_the_parts_of_the_document_that_it_refers_to_is_accepted(schema: dict[str, Any]) -> None:
    assert ResponseFormat(schema).schema["type"] == "object"
    assert "not a keyword" not in str(ResponseFormat(schema).explain())


@pytest.mark.parametrize(
    ("document", "advice"),
    [
        (OPENAPI, r'pass \{"\$ref": "#/components/schemas/NAME", \*\*document\}, where NAME is one of "Pet", "Owner"'),
        ({"components": OPENAPI["components"]}, "where NAME is one of"),
        ({"$ref": "#/components/schemas/Pets", **OPENAPI}, "leads nowhere.*where NAME is one of"),
        ({"swagger": "2.0", "paths": {}, "definitions": {"A": STRING}}, "#/definitions/NAME"),
        ({"openapi": "3.1.0", "paths": {}}, "no named schemas"),
        (PET, "needs the 'components' of that document too"),
    ],
)
def test_an_openapi_document_is_rejected_with_the_names_of_its_schemas(document: Any, advice: str) -> None:
    with pytest.raises(SchemaError, match=advice):
        ResponseFormat(document)


def test_the_values_of_a_discriminator_choose_the_branch(check_round_trip: Any) -> None:
    schema = {"$ref": "#/components/schemas/Animal", **OPENAPI}
    cat, dog = {"kind": "cat", "name": None, "lives": 9}, {"kind": "Dog", "name": "Rex", "tricks": 2}
    check_round_trip(schema, cat, {**cat, "kind": "kitten"}, dog)
    branches = ResponseFormat(schema).schema["properties"]["value"]["anyOf"]
    boxes = [*zip(["Cat", "Dog"], (branch["properties"] for branch in branches), strict=True)]
    assert [box[name]["properties"]["kind"] for name, box in boxes] == [
        {"type": "string", "enum": ["cat", "kitten"]},
        {"type": "string", "const": "Dog"},
    ]
    for value in ({**cat, "kind": "Cat"}, {**dog, "kind": "dog"}, {"name": "a"}):
        with pytest.raises(InvalidOutput):
            ResponseFormat(schema).load({"value": value})


def test_the_properties_beside_a_discriminated_union_are_in_each_branch(check_round_trip: Any) -> None:
    branches = {
        name: {"type": "object", "properties": {"kind": {"const": name}}, "required": ["kind"]} for name in "ab"
    }
    schema = {
        "type": "object",
        "properties": {"id": INTEGER},
        "required": ["id"],
        "oneOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}],
        "discriminator": {"propertyName": "kind"},
        "$defs": branches,
    }
    check_round_trip(schema, {"id": 1, "kind": "a"}, {"id": 2, "kind": "b", "more": True}, extras="open")
    for branch in ResponseFormat(schema).schema["properties"]["value"]["anyOf"]:
        assert branch["properties"].keys() >= {"id", "kind"}


def test_a_discriminator_without_a_union_is_in_the_explanation() -> None:
    assert "discriminator: no effect" in str(
        ResponseFormat({**PERSON, "discriminator": {"propertyName": "name"}}).explain()
    )


# Keywords of other drafts

EQUIVALENTS = {
    "nullable": ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
    "x-nullable": ({"type": "string", "x-nullable": True}, {"type": ["string", "null"]}),
    "not nullable": ({"type": "string", "nullable": False}, STRING),
    "nullable, of two types": ({"type": ["string", "integer"], "nullable": True}, {"type": ["string", "integer", "null"]}),
    "nullable enum": ({"type": "string", "nullable": True, "enum": ["a", "b"]}, {"type": ["string", "null"], "enum": ["a", "b", None]}),
    "nullable enum with null": ({"type": "string", "nullable": True, "enum": ["a", None]}, {"type": ["string", "null"], "enum": ["a", None]}),
    "nullable constant": ({"const": "a", "nullable": True}, {"enum": ["a", None]}),
    "nullable reference": ({"$ref": "#/$defs/a", "nullable": True}, {"anyOf": [{"$ref": "#/$defs/a"}, NULL]}),
    "nullable allOf": (
        {"allOf": [{"$ref": "#/$defs/a"}], "nullable": True, "description": "d"},
        {"anyOf": [{"allOf": [{"$ref": "#/$defs/a"}]}, NULL], "description": "d"},
    ),
    "nullable union": ({"oneOf": [STRING, INTEGER], "nullable": True}, {"anyOf": [{"oneOf": [STRING, INTEGER]}, NULL]}),
    "nullable list": ({"type": "array", "items": STRING, "nullable": True}, {"type": ["array", "null"], "items": STRING}),
    "tuple": (
        {"type": "array", "items": [STRING, INTEGER], "additionalItems": False, "minItems": 2},
        {"type": "array", "prefixItems": [STRING, INTEGER], "items": False, "minItems": 2},
    ),
    "exclusive bounds of draft 4": (
        {"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 9, "exclusiveMaximum": False},
        {"type": "number", "exclusiveMinimum": 0, "maximum": 9},
    ),
    "any": ({"type": "any"}, {}),
    "any, among others": ({"type": ["string", "any"]}, {}),
    "types in capitals": ({"type": "ARRAY", "items": {"type": "STRING"}}, {"type": "array", "items": STRING}),
    "divisibleBy": ({"type": "integer", "divisibleBy": 3}, {"type": "integer", "multipleOf": 3}),
    "extends": ({"extends": {"$ref": "#/$defs/a"}, "minLength": 2}, {"allOf": [{"$ref": "#/$defs/a"}], "minLength": 2}),
    "disallow": ({"disallow": ["string"]}, {"not": {"type": ["string"]}}),
    "disallow, a schema": ({"disallow": ["string", {"minimum": 5}]}, {"not": {"anyOf": [STRING, {"minimum": 5}]}}),
    "a schema as a type": ({"type": ["string", {"type": "array", "maxItems": 1}]}, {"anyOf": [STRING, {"type": "array", "maxItems": 1}]}),
    "format of draft 3": ({"type": "string", "format": "ip-address"}, {"type": "string", "format": "ipv4"}),
    "required in properties": (
        {"type": "object", "properties": {"a": {"type": "string", "required": True}, "b": {"type": "string", "required": False}}},
        {"type": "object", "properties": {"a": STRING, "b": STRING}, "required": ["a"]},
    ),
    "dependencies": (
        {"type": "object", "properties": {"a": STRING, "b": STRING, "c": STRING}, "dependencies": {"a": ["b"], "b": {"required": ["c"]}, "c": "a"}},
        {"type": "object", "properties": {"a": STRING, "b": STRING, "c": STRING}, "dependentRequired": {"a": ["b"], "c": ["a"]}, "dependentSchemas": {"b": {"required": ["c"]}}},
    ),
    "example": ({"type": "string", "example": "Rex"}, {"type": "string", "examples": ["Rex"]}),
}  # fmt: skip
VALUES = (
    *("a", "ab", "c", None, 0, 1, 3, 9, 9.5, 10, [], ["a"], ["a", 1], ["a", 1, 2], ["a", "b"], {}),
    *({"a": "x"}, {"a": "x", "b": "y"}, {"a": "x", "b": "y", "c": "z"}, {"c": "z"}, {"b": "y", "c": "z"}),
)


def accepted(schema: dict[str, Any]) -> list[Any]:
    response_format = ResponseFormat(schema)
    return [value for value in VALUES if response_format.read_natural({"x": value}).valid]


@pytest.mark.parametrize("name", EQUIVALENTS)
def test_a_keyword_of_another_draft_or_of_openapi_is_read_as_it_is_meant(name: str) -> None:
    foreign, standard = ({**obj(x=part), "$defs": {"a": STRING}} for part in EQUIVALENTS[name])
    assert ResponseFormat(foreign).schema == ResponseFormat(standard).schema
    assert accepted(foreign) == accepted(standard)


@pytest.mark.parametrize("name", sorted(EQUIVALENTS.keys() - {"not nullable"}))
def test_what_was_read_otherwise_than_it_was_written_is_in_the_explanation(name: str) -> None:
    foreign, standard = ({**obj(x=part), "$defs": {"a": STRING}} for part in EQUIVALENTS[name])
    assert len(ResponseFormat(foreign).explain()) > len(ResponseFormat(standard).explain()) - 1
    assert "#/properties/x" in str(ResponseFormat(foreign).explain())


@pytest.mark.parametrize("draft", ["draft-04/schema#", "draft-06/schema", "draft-07/schema#", "draft/2019-09/schema"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_draft_is_read_from_any_form_of_its_address(draft: str, scheme: str, check_round_trip: Any) -> None:
    part = {"type": "array", "items": [STRING, INTEGER], "additionalItems": False, "minItems": 2}
    schema = {"$schema": f"{scheme}://json-schema.org/{draft}", **obj(x=part)}
    check_round_trip(schema, {"x": ["a", 1]})
    assert "prefixItems" not in str(ResponseFormat(schema).explain())


@pytest.mark.parametrize(
    ("draft", "part", "valid", "invalid"),
    [
        ("draft-04/schema#", {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 5, "maximum": 4}, 4, 0),
        ("draft-04/schema#", {"const": "a"}, "a", "b"),
        ("draft-07/schema#", {"type": "array", "prefixItems": [STRING], "items": False}, ["a"], [1]),
        ("draft-07/schema#", {"type": "array", "prefixItems": [STRING], "items": False}, ["a"], ["a", 1]),
        ("draft-06/schema#", {"type": "object", "dependentRequired": {"a": ["b"]}}, {"a": 1, "b": 2}, {"a": 1}),
        ("draft/2020-12/schema", {"type": "object", "dependencies": {"a": ["b"]}}, {"a": 1, "b": 2}, {"a": 1}),
        ("draft/2020-12/schema", {"type": "integer", "minimum": 0, "exclusiveMinimum": True}, 1, 0),
        ("draft-03/schema#", {"type": "number", "divisibleBy": 2}, 4, 3),
        ("draft-03/schema#", {"type": "string", "format": "time"}, "10:20:30", "25:00:00"),
        ("draft-04/schema#", {"type": "string", "format": "time"}, "10:20:30Z", "10:20:30"),
        ("draft/2020-12/schema", {"type": "string", "format": "time-local"}, "10:20:30.5", "10:20:30Z"),
    ],
)
def test_a_keyword_that_the_named_draft_lacks_counts_as_others_define_it(
    draft: str, part: Any, valid: Any, invalid: Any, check_round_trip: Any
) -> None:
    schema = {"$schema": f"http://json-schema.org/{draft}", **obj(x=part)}
    check_round_trip(schema, {"x": valid})
    assert not ResponseFormat(schema).read_natural({"x": invalid}).valid


def test_a_schema_with_a_recursive_reference_is_validated_though_it_names_no_draft() -> None:
    schema = {"$recursiveAnchor": True, **obj(kids={"type": "array", "items": {"$recursiveRef": "#"}})}
    assert ResponseFormat(schema).load({"kids": [{"kids": []}]}) == {"kids": [{"kids": []}]}
    assert not ResponseFormat(schema).read_natural({"kids": [{"kids": 1}]}).valid
    assert "read as draft 2019-09" in str(ResponseFormat(schema).explain())


def test_references_into_parts_that_are_rewritten_lead_to_them(check_round_trip: Any) -> None:
    schema = {
        **obj(
            pair={"type": "array", "items": [STRING, INTEGER], "additionalItems": False, "minItems": 2},
            first={"$ref": "#/properties/pair/items/0"},
            whole={"allOf": [obj(a=STRING)], "nullable": True},
            part={"$ref": "#/properties/whole/allOf/0/properties/a"},
            other={"$ref": "#/parts/b"},
        ),
        "parts": {"b": {"type": "integer", "nullable": True}},
    }
    check_round_trip(schema, {"pair": ["a", 1], "first": "b", "whole": None, "part": "c", "other": None})
    assert (
        not ResponseFormat(schema)
        .read_natural({"pair": ["a", 1], "first": 1, "whole": {"a": "x"}, "part": 2, "other": "x"})
        .valid
    )
    assert "parts" not in ResponseFormat(schema).natural_schema


def test_data_in_a_schema_is_not_rewritten(check_round_trip: Any) -> None:
    data = {"type": "STRING", "nullable": True, "$ref": "#/parts"}
    schema = obj(nullable=STRING, example={"type": "integer"}, x={"enum": [data], "default": data, "examples": [data]})
    check_round_trip(schema, {"nullable": "a", "example": 1, "x": data})


def test_items_are_streamed_of_a_schema_that_is_rewritten() -> None:
    tool = {"name": "rows", "parameters": obj(rows={"type": "array", "items": {"type": "string", "nullable": True}})}
    reader: ItemReader[Any] = ItemReader(ResponseFormat(tool))
    assert [item.value for item in reader.feed('{"rows": ["a", null, ')] == ["a", None]


@pytest.mark.parametrize(
    "draft", ["http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft-07/schema#"]
)
def test_the_properties_of_dependencies_are_offered_in_every_draft(draft: str, check_round_trip: Any) -> None:
    dependencies = {"a": ["b"], "b": {"properties": {"c": STRING}, "required": ["c"]}}
    schema = {
        "$schema": draft,
        "type": "object",
        "properties": {"a": INTEGER, "b": INTEGER},
        "dependencies": dependencies,
    }
    check_round_trip(schema, {}, {"a": 1, "b": 2, "c": "x"}, {"b": 1, "c": "x"})
    assert not ResponseFormat(schema).read_natural({"b": 1}).valid
    assert not ResponseFormat(schema).read_natural({"b": 1, "c": 2}).valid


@pytest.mark.parametrize("draft", ["draft-03", "draft-04", "draft-06", "draft-07"])
def test_a_reference_that_is_not_a_text_is_an_error_in_every_draft(draft: str) -> None:
    schema = {"type": "object", "properties": {"a": {"$ref": 5}}}
    with pytest.raises(SchemaError, match=r"properties.a.*not a JSON Schema"):
        ResponseFormat({"$schema": f"http://json-schema.org/{draft}/schema#", **schema})


def test_what_is_not_nullable_is_not_explained_as_nullable() -> None:
    schema = {**obj(a={"type": "string", "nullable": False}), "required": ["a"], "additionalProperties": False}
    form = ResponseFormat[Any](schema)
    assert "null" not in str(form.explain())
    assert not form.read('{"a": null}').valid


@pytest.mark.parametrize(
    "part",
    [
        {"type": "object", "street": {"type": "string"}},
        {"type": "array", "item": {"type": "string"}},
        {"type": "object", "properties": {"a": {"type": "string"}}, "xrequired": ["a"]},
    ],
)
def test_a_misspelt_keyword_in_a_document_that_names_its_draft_is_a_warning(part):
    document = {"type": "object", "properties": {"part": part, "name": {"type": "string"}}}
    with pytest.raises(SchemaError, match=r"properties\.part"):
        ResponseFormat(document)
    draft_document = {"$schema": "http://json-schema.org/draft-07/schema#", **document}
    with pytest.warns(UserWarning, match=r"properties\.part.*: write|write \{"):
        response_format = ResponseFormat(draft_document)
    assert any("properties.part" in note.text for note in response_format.explain())
    assert response_format.load({"part": None, "name": "Ada"}) == {"name": "Ada"}


def test_a_document_that_is_not_a_schema_is_rejected_whatever_draft_it_names():
    with pytest.raises(SchemaError, match='"street"'):
        ResponseFormat({"$schema": "http://json-schema.org/draft-07/schema#", "street": {"type": "string"}})
