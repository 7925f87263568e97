"""Types and JSON Schemas that have no strict form are refused at declaration: where, why, and what to write instead."""

import dataclasses
import socket
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from structkit import ResponseFormat
from structkit.errors import ConfigError, SchemaError


class Machine:
    """No type that pydantic knows."""


class Holder(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: str
    machine: Machine


class Nesting(BaseModel):
    deep: dict[str, list[Holder]]


class Calling(BaseModel):
    callback: Callable[[int], int]


class OptionalCalling(BaseModel):
    either: int | Callable[[], int]


class Dangling(BaseModel):
    later: "NeverDefined"  # noqa: F821 (it is never defined)


@dataclasses.dataclass
class CallingDataclass:
    callback: Callable[[int], int]


class CallingDict(TypedDict):
    callback: Callable[[int], int]


def obj(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*properties]}


@pytest.mark.parametrize(
    ("output_type", "path", "culprit"),
    [
        pytest.param(Machine, (), "Machine", id="unknown class"),
        pytest.param(Callable[[int], int], (), "Callable", id="callable"),
        pytest.param(type[int], (), "int", id="class of classes"),
        pytest.param(type, (), "type", id="any class"),
        pytest.param(list[type[Machine] | int], ("[]",), "Machine", id="class of classes in a union"),
        pytest.param(Calling, ("callback",), "Callable", id="field"),
        pytest.param(Holder, ("machine",), "Machine", id="field of an arbitrary type"),
        pytest.param(Nesting, ("deep", "[]", "[]", "machine"), "Machine", id="deep inside"),
        pytest.param(
            OptionalCalling,
            ("either",),
            "Callable",
            id="branch of a union",
        ),
        pytest.param(list[Callable[[], int]], ("[]",), "Callable", id="item"),
        pytest.param(dict[str, Machine], ("[]",), "Machine", id="value of a dict"),
        pytest.param(Annotated[Machine, Field(description="x")], (), "Machine", id="annotated"),
        pytest.param(CallingDataclass, ("callback",), "Callable", id="dataclass"),
        pytest.param(CallingDict, ("callback",), "Callable", id="typed dict"),
        pytest.param(Dangling, ("later",), "NeverDefined", id="name never defined"),
        pytest.param(
            Literal[()],
            (),
            "",
            id="literal of nothing",
        ),
    ],
)
def test_a_type_without_a_json_form_is_refused_with_the_place_and_advice(output_type, path, culprit):
    with pytest.raises(SchemaError, match=r"use |write |give |define ") as caught:
        ResponseFormat(output_type)
    assert caught.value.path == path
    assert culprit in str(caught.value)


def test_the_error_keeps_the_type_it_is_about():
    with pytest.raises(SchemaError) as caught:
        ResponseFormat(Calling)
    assert caught.value.output_type is Calling
    assert isinstance(caught.value, ConfigError)


@pytest.mark.parametrize(
    "value",
    [
        3,
        "int",
        [int],
        (),
        object(),
    ],
    ids=["number", "name of a type", "list", "tuple", "object"],
)
def test_what_is_no_type_is_refused(value):
    with pytest.raises(SchemaError):
        ResponseFormat(value)


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        pytest.param({"type": "strin"}, ("type",), id="unknown type"),
        pytest.param(obj(x={"type": "strin"}), ("properties", "x", "type"), id="unknown type of a property"),
        pytest.param({"type": "object", "properties": [1]}, ("properties",), id="properties as a list"),
        pytest.param({"type": "object", "properties": {"a": 3}}, ("properties", "a"), id="number for a schema"),
        pytest.param({"type": "object", "required": "a"}, ("required",), id="required as text"),
        pytest.param({"type": "string", "pattern": "["}, ("pattern",), id="broken pattern"),
        pytest.param({"type": "array", "minItems": -1}, ("minItems",), id="negative length"),
        pytest.param({"anyOf": []}, ("anyOf",), id="union of nothing"),
        pytest.param(obj(x={"$ref": 3}), ("properties", "x", "$ref"), id="reference that is no text"),
        pytest.param(obj(x={"minimum": "3"}), ("properties", "x", "minimum"), id="bound that is no number"),
    ],
)
def test_a_schema_that_is_no_json_schema_is_refused_at_its_place(schema, path):
    with pytest.raises(SchemaError, match="not a JSON Schema") as caught:
        ResponseFormat(schema)
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("http://json-schema.org/draft-07/schema#", "nothing is fetched"),
        ("https://example.com/a.json#/definitions/b", "nothing is fetched"),
        ("file:///etc/passwd", "nothing is fetched"),
        ("other.json", "nothing is fetched"),
        ("#/$defs/nope", "leads nowhere"),
        ("#/properties/x/items/0", "leads nowhere"),
        ("#nope", "leads nowhere"),
        ("#/required", "not a schema"),
    ],
)
def test_a_reference_that_leads_out_or_nowhere_is_refused(reference, reason, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("the network was touched"))
    with pytest.raises(SchemaError, match=reason) as caught:
        ResponseFormat(obj(x={"$ref": reference}))
    assert caught.value.path == ("x",)


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"$ref": "#"}, id="itself"),
        pytest.param({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}, id="circle"),
        pytest.param({**obj(x={"$ref": "#/$defs/a"}), "$defs": {"a": {"$ref": "#/$defs/a"}}}, id="property"),
        pytest.param({**obj(x={"$ref": "#/$defs/a"}), "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}]}}}, id="union of itself"),
        pytest.param({"$ref": "#/$defs/a", "$defs": {"a": obj(next={"$ref": "#/$defs/a"})}}, id="value without end"),
        pytest.param({"$ref": "#/$defs/a", "$defs": {"a": obj(b={"$ref": "#/$defs/b"}), "b": obj(a={"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/a"}})}}, id="values without end in each other"),
    ],
)  # fmt: skip
def test_a_reference_that_never_arrives_is_refused(schema):
    with pytest.raises(SchemaError):
        ResponseFormat(schema)


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ({"if": {"$ref": "#"}, "then": {"type": "integer"}}, ("if",)),
        ({"not": {"$ref": "#"}}, ("not",)),
        (obj(x={"allOf": [{"$ref": "#/properties/x"}, {"type": "object"}]}), ("properties", "x", "allOf", 0)),
        ({**obj(x={"$ref": "#"}), "dependentSchemas": {"x": {"$ref": "#"}}}, ("dependentSchemas", "x")),
        ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"else": {"$ref": "#/$defs/a~1b"}}}}, ("$defs", "a/b", "else")),
        ({"$dynamicAnchor": "a", "anyOf": [{"$dynamicRef": "#a"}, {"type": "object"}]}, ("anyOf", 0)),
    ],
)
def test_a_reference_back_to_itself_for_the_same_value_is_refused_with_its_path(schema, path):
    with pytest.raises(SchemaError, match="leads back to itself for the same value") as caught:
        ResponseFormat(schema)
    assert caught.value.path == path


def test_a_schema_nested_too_deep_is_refused_with_advice_that_helps():
    nested: dict[str, Any] = {"type": "integer"}
    for _ in range(300):
        nested = obj(a=nested)
    with pytest.raises(SchemaError, match=r"name its inner parts, under \$defs"):
        ResponseFormat(nested)
    named = {f"a{i}": obj(a={"$ref": f"#/$defs/a{i + 1}"}) for i in range(300)}
    ResponseFormat({"$ref": "#/$defs/a0", "$defs": {**named, "a300": {"type": "integer"}}})


def test_a_repeat_beyond_any_engine_is_no_regular_expression():
    with pytest.raises(SchemaError, match="not a regular expression"):
        ResponseFormat({"type": "string", "pattern": "a{99999999999999999999}"})


class Endless(BaseModel):
    next: "Endless"


class Chained(BaseModel):
    next: "Chained | None"
    never: "Endless | None" = None


class Holding(BaseModel):
    several: list[Endless]


@pytest.mark.parametrize(("output_type", "path"), [(Endless, ("next",)), (Holding, ("several", "[]", "next"))])
def test_a_type_that_only_a_value_without_end_fits_is_refused_with_its_path(output_type, path):
    with pytest.raises(SchemaError, match="only an infinite value fits") as caught:
        ResponseFormat(output_type)
    assert caught.value.path == path


def test_a_value_without_end_is_no_harm_where_there_is_another():
    assert ResponseFormat(Chained).load({"next": None, "never": None}) == Chained(next=None)


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param(
            False,
            id="false",
        ),
        pytest.param({"enum": []}, id="enum of nothing"),
        pytest.param(
            {"not": {}},
            id="not anything",
        ),
        pytest.param({"allOf": [{"type": "string"}, {"type": "integer"}]}, id="string and number"),
        pytest.param(
            {"type": "string", "enum": [1, 2]},
            id="enum of another type",
        ),
        pytest.param(
            {"type": "integer", "minimum": 3, "maximum": 2},
            id="bounds that cross",
        ),
        pytest.param(
            {"const": 1, "enum": [2]},
            id="const outside the enum",
        ),
    ],
)
def test_a_property_that_no_value_can_fit_is_refused_with_its_path(schema):
    with pytest.raises(SchemaError) as caught:
        ResponseFormat(obj(x=schema))
    assert caught.value.path == ("x",)
