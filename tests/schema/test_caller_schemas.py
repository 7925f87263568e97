"""What callers put into the JSON Schemas of types (`json_schema_extra`, `WithJsonSchema`) when it is not a JSON Schema."""

import json
from datetime import date
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, RootModel, WithJsonSchema, create_model, model_validator, with_config
from pydantic.dataclasses import dataclass
from pydantic_core import core_schema
from typing_extensions import TypedDict

from structkit import ResponseFormat
from structkit.errors import SchemaError

INVALID_EXTRAS = [
    {"type": "override"},
    {"type": ["int", "null"]},
    {"type": 5},
    {"required": True},
    {"enum": 5},
    {"properties": 5},
    {"anyOf": 5},
    {"anyOf": []},
    {"allOf": [{"type": "int"}]},
    {"prefixItems": 3},
    {"additionalProperties": "no"},
    {"minLength": "3"},
    {"pattern": 5},
    {"not": {"properties": {"a": {"type": "int"}}}},
]
"""Each with one keyword that no JSON Schema has with this value."""


def remove_properties(schema):
    schema.pop("properties")
    schema["type"] = "override"


def model_with(config, field):
    class Model(BaseModel):
        model_config = ConfigDict(json_schema_extra=config)

        a: str = Field(json_schema_extra=field)

    return Model


def typed_dict_with(extra):
    return with_config(ConfigDict(json_schema_extra=extra))(TypedDict("Record", {"a": str}))


def dataclass_with(extra):
    @dataclass(config=ConfigDict(json_schema_extra=extra))
    class Record:
        a: str

    return Record


def properties(output_type):
    return ResponseFormat(output_type).schema["properties"]


@pytest.mark.parametrize("extra", INVALID_EXTRAS, ids=json.dumps)
@pytest.mark.parametrize("is_field", [True, False], ids=["field", "class"])
def test_an_extra_that_is_not_a_json_schema_has_no_effect_and_explain_names_it(extra, is_field):
    response_format = ResponseFormat(model_with(None, extra) if is_field else model_with(extra, None))
    assert response_format.schema["properties"] == {"a": {"type": "string"}}
    assert response_format.parse('{"a": "x"}').a == "x"
    [note] = response_format.explain()
    assert (note.kind, note.path) == ("dropped", ("a",) if is_field else ())
    assert "json_schema_extra or WithJsonSchema: not a JSON Schema: " in note.text


@pytest.mark.parametrize("make", [lambda extra: model_with(extra, None), typed_dict_with, dataclass_with])
def test_a_function_that_removes_the_properties_of_a_class_does_not_lose_them(make):
    assert properties(make(remove_properties)) == {"a": {"type": "string"}}


def test_the_schema_of_a_root_model_that_is_not_one_has_no_effect():
    class Numbers(RootModel[list[int]]):
        root: list[int] = Field(json_schema_extra={"type": "ints"})

    assert properties(Numbers) == {"value": {"type": "array", "items": {"type": "integer"}}}


def test_the_description_beside_an_invalid_keyword_is_used():
    number = Annotated[int, WithJsonSchema({"type": "int", "description": "A count."})]
    assert properties(number) == {"value": {"type": "integer", "description": "A count."}}


def test_a_description_that_is_not_text_is_left_out_and_the_bounds_beside_it_are_used():
    model = model_with(None, {"description": 5, "title": 7, "pattern": "^a+$"})
    assert properties(model) == {"a": {"type": "string", "pattern": "^a+$"}}


def test_a_recursive_model_with_an_invalid_extra_refers_to_itself():
    class Node(BaseModel):
        model_config = ConfigDict(json_schema_extra={"type": "node", "description": "A node."})

        following: "Node | None" = None

    response_format = ResponseFormat(Node)
    value = Node(following=Node())
    assert response_format.load(response_format.dump(value)) == value
    assert response_format.schema["description"] == "A node."


def test_an_invalid_extra_of_a_field_leaves_its_model_unchanged():
    outer = create_model("Outer", one=(model_with(None, None), Field(json_schema_extra={"required": True})))
    inner = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    assert properties(outer) == {"one": {**inner, "additionalProperties": False}}


def test_the_examples_of_a_class_may_be_python_values():
    extra: Any = {"examples": [{"day": date(2026, 1, 2)}]}

    class Event(BaseModel):
        model_config = ConfigDict(json_schema_extra=extra)

        day: date

    assert 'For example {"day": "2026-01-02"}.' in ResponseFormat(Event).schema["description"]


@pytest.mark.parametrize(
    ("extra", "reason"),
    [({"default": object()}, "Unable to serialize"), ({"$ref": "#/nowhere"}, r"the \$ref '#/nowhere' leads nowhere")],
    ids=["not JSON", "a reference"],
)
@pytest.mark.parametrize("is_field", [True, False], ids=["field", "class"])
def test_an_extra_without_a_json_text_or_to_nowhere_is_an_error_that_says_so(extra, reason, is_field):
    with pytest.raises(SchemaError, match=rf"has no JSON form \({reason}"):
        ResponseFormat(model_with(None, extra) if is_field else model_with(extra, None))


def remove_b(schema):
    schema["properties"].pop("b")
    schema["required"].remove("b")


def replace_properties(schema):
    schema["properties"], schema["required"] = {"a": {"type": "integer"}}, ["a"]


def remove_required(schema):
    schema["required"] = []


REMOVING_EXTRAS = [
    remove_b,
    replace_properties,
    remove_required,
    lambda schema: schema.pop("properties"),
    {"properties": {"a": {"type": "integer"}}, "required": ["a"]},
    {"properties": {}},
]


def pair_model(extra):
    class Pair(BaseModel):
        model_config = ConfigDict(json_schema_extra=extra)

        a: int
        b: str = Field(description="A text.")

    return Pair


def pair_dict(extra):
    described = Annotated[str, Field(description="A text.")]
    return with_config(ConfigDict(json_schema_extra=extra))(TypedDict("Pair", {"a": int, "b": described}))


def pair_dataclass(extra):
    @dataclass(config=ConfigDict(json_schema_extra=extra))
    class Pair:
        a: int
        b: Annotated[str, Field(description="A text.")]

    return Pair


def pair_with_method(extra):
    class Pair(BaseModel):
        a: int
        b: str = Field(description="A text.")

        @classmethod
        def __get_pydantic_json_schema__(cls, core, handler):
            schema = handler.resolve_ref_schema(handler(core))
            extra(schema) if callable(extra) else schema.update(extra)
            return schema

    return Pair


def pair_with_annotation(extra):
    schema = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}, "required": ["a"]}
    extra(schema) if callable(extra) and extra is not remove_b else None
    return Annotated[pair_model(None), WithJsonSchema(schema)]


PAIRS = [pair_model, pair_dict, pair_dataclass, pair_with_method, pair_with_annotation]


@pytest.mark.parametrize("make", PAIRS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("extra", REMOVING_EXTRAS, ids=range(len(REMOVING_EXTRAS)))
def test_a_required_field_that_the_callers_schema_leaves_out_is_asked_for(make, extra):
    schema = ResponseFormat(make(extra)).schema
    assert sorted(schema["required"]) == ["a", "b"]
    assert schema["properties"]["a"] == {"type": "integer"}
    assert schema["properties"]["b"]["type"] == "string"
    items = ResponseFormat(list[make(extra)]).schema["properties"]["value"]["items"]  # type: ignore[misc]
    assert items["properties"] == schema["properties"]


def test_a_field_with_a_default_that_the_callers_schema_leaves_out_is_not_asked_for():
    class Model(BaseModel):
        model_config = ConfigDict(json_schema_extra=lambda schema: schema["properties"].pop("b"))

        a: int
        b: str = "hidden"

    assert properties(Model) == {"a": {"type": "integer"}}


def test_a_schema_of_what_a_validator_reads_instead_of_the_fields_is_used():
    class Name(BaseModel):
        model_config = ConfigDict(
            json_schema_extra={"properties": {"name": {"type": "string"}}, "required": ["name"]},
        )

        first: str
        last: str

        @model_validator(mode="before")
        @classmethod
        def split(cls, value: Any) -> Any:
            return dict(zip(("first", "last"), value["name"].split(), strict=True)) if "name" in value else value

    response_format = ResponseFormat(Name)
    assert response_format.schema["properties"] == {"name": {"type": "string"}}
    assert response_format.parse('{"name": "Ada Lovelace"}') == Name(first="Ada", last="Lovelace")


@pytest.mark.parametrize("extra", [{"type": "string"}, {"enum": ["a"]}, {"const": 5}], ids=json.dumps)
def test_a_class_whose_schema_allows_no_object_is_an_error_that_says_so(extra):
    for output_type in (pair_model(extra), pair_dict(extra), pair_dataclass(extra)):
        with pytest.raises(SchemaError, match="the JSON Schema that it declares allows no object"):
            ResponseFormat(output_type)


class Unknown:
    @classmethod
    def __get_pydantic_core_schema__(cls, _source, _handler):
        return core_schema.is_instance_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(cls, _core, _handler):
        return {"type": "unknown"}


def test_a_class_that_has_no_json_schema_but_an_invalid_one_is_rejected_with_what_is_wrong():
    with pytest.raises(SchemaError, match='the JSON Schema that it declares is not one: `type` cannot be "unknown"'):
        ResponseFormat(Unknown)
