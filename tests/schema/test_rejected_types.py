"""Types and JSON Schemas that have no strict form are rejected at declaration: where, why, and what to write instead."""

import dataclasses
import math
import re
import socket
from collections import ChainMap
from collections.abc import Callable, Collection
from functools import partial
from typing import Annotated, Any, Literal

import pydantic.v1
import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from typing_extensions import TypedDict

from structkit import ResponseFormat
from structkit.errors import ConfigError, SchemaError


class Machine:
    """A class that pydantic does not support."""


class Holder(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: str
    machine: Machine


class Nesting(BaseModel):
    holders: dict[str, list[Holder]]


class Calling(BaseModel):
    callback: Callable[[int], int]


class OptionalCalling(BaseModel):
    result: Callable[[], int] | None


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
        pytest.param(type[object], (), "type[object]", id="class of any class"),
        pytest.param(type, (), "type", id="any class"),
        pytest.param(list[type[Any] | None], ("[]",), "type", id="any class in a union"),
        pytest.param(Calling, ("callback",), "Callable", id="field"),
        pytest.param(Holder, ("machine",), "Machine", id="field of an arbitrary type"),
        pytest.param(Nesting, ("holders", "[]", "[]", "machine"), "Machine", id="deep inside"),
        pytest.param(
            OptionalCalling,
            ("result",),
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
def test_a_type_without_a_json_form_is_rejected_with_its_path_and_advice(output_type, path, culprit):
    with pytest.raises(SchemaError, match=r"use |write |give |define ") as caught:
        ResponseFormat(output_type)
    assert caught.value.path == path
    assert culprit in str(caught.value)


@dataclasses.dataclass
class Point:
    x: int


class AttrsClass:
    __attrs_attrs__ = ()


class MsgspecClass:
    __struct_fields__ = ()


class OldModel(pydantic.v1.BaseModel):
    n: int


class Counted(BaseModel):
    n: int


@pytest.mark.parametrize(
    ("output_type", "advice"),
    [
        pytest.param(Point(1), "a value, not a type; pass its class, Point", id="dataclass instance"),
        pytest.param(Counted(n=1), "a value, not a type; pass its class, Counted", id="model instance"),
        pytest.param(["a", "b"], r"a list of values, not a type; for one of them, write Literal\[\.\.\.\]", id="choices"),
        pytest.param([int], r"a list, not a type; write list\[\.\.\.\]", id="list"),
        pytest.param([{"type": "function"}], "a list of dicts, not a type; pass one of them", id="tools"),
        pytest.param(True, "a value, not a type", id="true"),
        pytest.param(lambda text: text, "a function, not a type; pass the type of its result", id="lambda"),
        pytest.param(len, "a function, not a type; pass the type of its result", id="built-in function"),
        pytest.param(partial(int, base=2), "a function, not a type; pass the type of its result", id="partial"),
        pytest.param(AttrsClass, "a class of attrs; pass a dataclass", id="attrs"),
        pytest.param(MsgspecClass, r"pass msgspec.json.schema\(MsgspecClass\)", id="msgspec"),
        pytest.param(OldModel, r"pass OldModel.schema\(\)", id="pydantic.v1"),
        pytest.param(Collection[int], r"not a type that pydantic supports; write list\[\.\.\.\]", id="collection"),
        pytest.param(bytearray, "not a type that pydantic supports; write bytes", id="bytearray"),
        pytest.param(ChainMap[str, int], r"write dict\[\.\.\., \.\.\.\]", id="chain map"),
        pytest.param(list["Unknown"], "name 'Unknown' is not defined.* write the class, not its name", id="name"),  # type: ignore[name-defined]  # noqa: F821
        pytest.param(Annotated[int, Field(gt="x")], "'gt' must be coercible to an integer", id="invalid bound"),  # type: ignore[arg-type]
        pytest.param(TypeAdapter(str, config={"strict": True}), "give the settings to the type", id="adapter with config"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Mixing V1 models")
def test_a_class_of_another_library_or_a_value_is_rejected_with_what_to_pass_instead(output_type, advice):
    with pytest.raises(SchemaError, match=advice):
        ResponseFormat(output_type)


Unevaluated = dataclasses.make_dataclass("Unevaluated", [("value", "int[str]")])


class RaisesKeyError:
    @classmethod
    def __get_pydantic_core_schema__(cls, *_: Any) -> Any:
        raise KeyError("name")


@pytest.mark.parametrize("output_type", [Unevaluated, list[Unevaluated], RaisesKeyError, dict[str, RaisesKeyError]])
def test_what_a_type_raises_while_it_is_described_is_a_schema_error(output_type: Any) -> None:
    with pytest.raises(SchemaError, match="has no JSON form"):
        ResponseFormat(output_type)


@pytest.mark.parametrize("output_type", [Machine, Callable[[int], int], Holder, object(), slice])
def test_the_reason_is_neither_pydantics_advice_nor_an_address(output_type: Any) -> None:
    with pytest.raises(SchemaError) as caught:
        ResponseFormat(output_type)
    assert not re.search("arbitrary_types_allowed|core_schema|0x", str(caught.value))


def test_a_field_without_a_json_form_is_rejected_with_how_to_hide_it() -> None:
    with pytest.raises(SchemaError, match=r"hidden from the model by pydantic\.json_schema\.SkipJsonSchema"):
        ResponseFormat(Holder)


@pytest.mark.parametrize(("cls", "advice"), [(AttrsClass, "a class of attrs"), (MsgspecClass, "a class of msgspec")])
def test_a_class_of_another_library_is_named_where_it_is_used(cls, advice):
    with pytest.raises(SchemaError, match=advice) as caught:
        ResponseFormat(dict[str, list[cls]])
    assert caught.value.path == ("[]", "[]")


def test_the_schema_of_an_old_model_is_accepted():
    assert ResponseFormat(OldModel.schema()).parse('{"n": 1}') == {"n": 1}


def test_a_keyword_that_cannot_be_written_as_json_is_rejected():
    with pytest.raises(SchemaError, match="has no JSON form"):
        ResponseFormat(Annotated[int, Field(json_schema_extra={"x-order": object()})])


def test_the_error_has_the_type_that_was_rejected():
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
def test_what_is_not_a_type_is_rejected(value):
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
        pytest.param(obj(x={"$ref": 3}), ("properties", "x", "$ref"), id="reference that is not text"),
        pytest.param(obj(x={"minimum": "3"}), ("properties", "x", "minimum"), id="bound that is not a number"),
        pytest.param(obj(x={"minimum": -math.inf}), ("properties", "x", "minimum"), id="infinite bound"),
        pytest.param(obj(x={"enum": [1, math.nan]}), ("properties", "x", "enum"), id="NaN as a constant"),
        pytest.param({"const": {"a": [math.inf]}}, ("const",), id="infinity in a constant"),
    ],
)
def test_an_invalid_json_schema_is_rejected_with_the_path(schema, path):
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
def test_a_reference_out_of_the_document_or_to_nothing_is_rejected(reference, reason, monkeypatch):
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
        pytest.param({"$ref": "#/$defs/a", "$defs": {"a": obj(next={"$ref": "#/$defs/a"})}}, id="infinite value"),
        pytest.param({"$ref": "#/$defs/a", "$defs": {"a": obj(b={"$ref": "#/$defs/b"}), "b": obj(a={"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/a"}})}}, id="infinite values in each other"),
    ],
)  # fmt: skip
def test_a_schema_that_only_infinite_values_fit_is_rejected(schema):
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
def test_a_reference_to_itself_for_the_same_value_is_rejected_with_its_path(schema, path):
    with pytest.raises(SchemaError, match="leads back to itself for the same value") as caught:
        ResponseFormat(schema)
    assert caught.value.path == path


def test_a_schema_that_is_nested_too_deep_is_rejected_with_useful_advice():
    nested: dict[str, Any] = {"type": "integer"}
    for _ in range(300):
        nested = obj(a=nested)
    with pytest.raises(SchemaError, match=r"name its inner parts, under \$defs"):
        ResponseFormat(nested)
    definitions = {f"a{i}": obj(a={"$ref": f"#/$defs/a{i + 1}"}) for i in range(300)}
    ResponseFormat({"$ref": "#/$defs/a0", "$defs": {**definitions, "a300": {"type": "integer"}}})


def test_a_repeat_count_that_no_engine_supports_is_rejected():
    with pytest.raises(SchemaError, match="not a regular expression"):
        ResponseFormat({"type": "string", "pattern": "a{99999999999999999999}"})


class Infinite(BaseModel):
    next: "Infinite"


class Chained(BaseModel):
    next: "Chained | None"
    infinite: "Infinite | None" = None


class Holding(BaseModel):
    several: Annotated[list[Infinite], Field(min_length=1)]


@pytest.mark.parametrize(("output_type", "path"), [(Infinite, ("next",)), (Holding, ("several", "[]", "next"))])
def test_a_type_that_only_infinite_values_fit_is_rejected_with_its_path(output_type, path):
    with pytest.raises(SchemaError, match="only an infinite value fits") as caught:
        ResponseFormat(output_type)
    assert caught.value.path == path


def test_an_infinite_branch_is_not_asked_for_where_another_branch_is_finite(check_round_trip):
    check_round_trip(Chained, Chained(next=Chained(next=None)))
    assert ResponseFormat(Chained).schema["properties"]["infinite"] == {"type": "null"}


class Baskets(BaseModel):
    several: list[Infinite]
    by_name: dict[str, Infinite] = {}
    rows: list[list[Infinite]] = []
    choice: Infinite | list[Infinite] | int = 3


def test_a_list_of_items_that_can_only_be_infinite_is_empty(check_round_trip):
    check_round_trip(Baskets, Baskets(several=[]), Baskets(several=[], rows=[[], []], choice=[]))
    response_format = ResponseFormat(Baskets)
    empty = {"type": "array", "items": {"type": "null"}, "maxItems": 0, "description": "Always empty."}
    assert response_format.schema["properties"]["several"] == empty
    assert response_format.schema["properties"]["rows"]["items"] == empty
    assert "$defs" not in response_format.schema
    assert "several[].next  dropped" in str(response_format.explain())
    assert not response_format.read('{"several": [null], "by_name": [], "rows": [], "choice": null}').valid


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
            id="not of everything",
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
def test_a_property_that_no_value_can_fit_is_rejected_with_its_path(schema):
    with pytest.raises(SchemaError) as caught:
        ResponseFormat(obj(x=schema))
    assert caught.value.path == ("x",)


class NeedsAPackage:
    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> Any:
        raise ImportError("spam is not installed, run `pip install spam`")


def test_a_type_whose_package_is_not_installed_is_rejected_with_what_to_install():
    with pytest.raises(SchemaError) as caught:
        ResponseFormat(dict[str, NeedsAPackage])
    assert str(caught.value).endswith("NeedsAPackage: spam is not installed, run `pip install spam`")
