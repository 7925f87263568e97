"""Schemas with values that look like references, numbers too long to be written, and parts that contain themselves."""

import datetime as dt
import math
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from pydantic import (
    Base64Bytes,
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyAddress,
    JsonValue,
    PlainSerializer,
    WithJsonSchema,
    create_model,
)
from stable_ids import stable_id
from typing_extensions import TypeAliasType

from structkit import ResponseFormat
from structkit.errors import SchemaError
from structkit.partial.pairing import root_decoder
from structkit.values import JSON

REFERENCE = {"$ref": "hello"}
HUGE = 10**5_000


def looping() -> dict[str, Any]:
    """A JSON Schema that is its own property."""
    schema: dict[str, Any] = {"type": "object", "properties": {}}
    schema["properties"]["a"] = schema
    return schema


class Defaults(BaseModel):
    texts: dict[str, str] = REFERENCE
    nested: dict[str, Any] = {"a": [{"$ref": "#/$defs/Defaults"}], "$defs": {"x": 1}}
    pair: list[dict[str, str]] = [REFERENCE]
    literal: Literal["$ref"] = "$ref"


class Examples(BaseModel):
    one: dict[str, str] = Field(examples=[REFERENCE])
    other: dict[str, str] = Field(json_schema_extra={"example": REFERENCE})
    alias: str = Field(alias="$ref")
    definitions: str = Field(alias="$defs")


def test_a_default_that_looks_like_a_reference_is_a_value(check_round_trip):
    check_round_trip(Defaults, Defaults(), Defaults(texts={"$ref": "x"}, nested={}))
    assert ResponseFormat(Defaults).load({"texts": None, "nested": None, "pair": None, "literal": "$ref"}) == Defaults()
    assert '{"$ref": "hello"}' in str(ResponseFormat(Defaults).schema["properties"]["texts"])


def test_an_example_that_looks_like_a_reference_is_a_value(check_round_trip):
    check_round_trip(Examples, Examples.model_validate({"one": REFERENCE, "other": {}, "$ref": "a", "$defs": "b"}))


@pytest.mark.parametrize("keyword", ["default", "const", "enum", "examples", "example", "x-own"])
@pytest.mark.parametrize("address", [None, "http://x.y/z"])
def test_a_value_in_a_json_schema_that_looks_like_a_reference_is_a_value(keyword, address):
    part = {"type": "object", "properties": {"b": {"$ref": "#/$defs/text"}}}
    part[keyword] = [REFERENCE] if keyword in {"enum", "examples"} else REFERENCE
    schema = {"type": "object", "properties": {"a": part}, "$defs": {"text": {"type": "string"}}}
    ResponseFormat(schema if address is None else {"$id": address, **schema})


@pytest.mark.parametrize(
    "output_type", [Annotated[int, WithJsonSchema({"$ref": "#/$defs/foo"})], {"$ref": "#/$defs/foo"}]
)
def test_a_reference_that_leads_nowhere_is_named(output_type):
    with pytest.raises(SchemaError, match=r"\$ref '#/\$defs/foo' leads nowhere"):
        ResponseFormat(output_type)


@pytest.mark.parametrize(
    "part",
    [
        {"default": HUGE},
        {"const": HUGE},
        {"enum": [1, -HUGE]},
        {"minimum": HUGE},
        {"not": {"const": [HUGE]}},
        {"examples": [{"a": HUGE}]},
    ],
    ids=lambda part: next(iter(part)),
)
def test_a_number_of_too_many_digits_in_a_json_schema_is_named(part):
    with pytest.raises(SchemaError, match=r"^properties\.a\..*more than 4,300 digits"):
        ResponseFormat({"type": "object", "properties": {"a": {"type": "integer", **part}}})


@pytest.mark.parametrize(
    "make_type",
    [
        lambda: Literal[HUGE],
        lambda: Annotated[int, Field(ge=HUGE)],
        lambda: Annotated[str, Field(max_length=HUGE)],
        lambda: create_model("Model", a=(int, HUGE)),
        lambda: create_model("Model", a=(int, Field(examples=[HUGE]))),
    ],
    ids=["a constant", "a bound", "a length", "a default", "an example"],
)
def test_a_number_of_too_many_digits_in_a_type_is_an_error(make_type: Callable[[], Any]):
    with pytest.raises(SchemaError):
        ResponseFormat(make_type())


def test_a_value_of_too_many_digits_is_an_error():
    with pytest.raises(SchemaError, match="an instance of int cannot be written"):
        ResponseFormat(int).dump(HUGE)
    assert ResponseFormat(int).load({"value": 10**4_000}) == 10**4_000


@pytest.mark.parametrize(
    ("output_type", "place"),
    [
        (looping(), r"properties\.a"),
        ({"type": "array", "items": [looping()]}, r"items\[0\]\.properties\.a"),
        ({"type": "object", "default": looping()}, r"default\.properties\.a"),
        (Annotated[int, WithJsonSchema(looping())], r"properties\.a"),
    ],
    ids=["a property", "an item", "a default", "a type's own schema"],
)
def test_a_part_of_a_schema_that_contains_itself_is_named(output_type, place):
    with pytest.raises(SchemaError, match=rf"^{place}.*: this part of the schema contains itself"):
        ResponseFormat(output_type)


def test_a_part_that_is_used_twice_does_not_contain_itself():
    text = {"type": "string"}
    schema = {"type": "object", "properties": {"a": text, "b": text}, "additionalProperties": False}
    assert ResponseFormat(schema).load({"a": "x", "b": "y"}) == {"a": "x", "b": "y"}


@pytest.mark.parametrize("output_type", [{}, Any, JsonValue, dict[str, Any]], ids=str)
def test_a_value_that_contains_itself_is_an_error(output_type):
    value: dict[str, Any] = {"a": 1}
    value["b"] = value
    with pytest.raises(SchemaError):
        ResponseFormat(output_type).dump(value)


class Infinite(BaseModel):
    model_config = ConfigDict(ser_json_inf_nan="strings")
    number: float
    bounded: float = Field(1.0, ge=0)
    finite: float = Field(1.0, allow_inf_nan=False)
    number_or_text: float | str = 1.0


def test_infinities_are_texts_where_the_type_writes_them_so(check_round_trip):
    check_round_trip(
        Infinite, Infinite(number=1.5), Infinite(number=math.inf, bounded=math.inf), Infinite(number=-math.inf)
    )
    check_round_trip(
        Infinite, Infinite(number=1, number_or_text="Infinity"), Infinite(number=1, number_or_text=math.inf)
    )
    wire = ResponseFormat(Infinite).dump(Infinite(number=math.nan))
    assert wire["number"] == "NaN"
    assert math.isnan(ResponseFormat(Infinite).load(wire).number)
    with pytest.raises(SchemaError, match="infinities and NaN have no JSON form"):
        ResponseFormat(Infinite).dump(Infinite.model_construct(number=1, finite=math.inf))


class Reading(BaseModel):
    value: float
    values: set[float] = set()


class Tagged(BaseModel):
    tag: Literal["a"]
    inner: float | Decimal | int


class OtherTag(BaseModel):
    tag: Literal["b"]
    inner: Tagged | IPvAnyAddress


DateText = Annotated[dt.date, PlainSerializer(lambda day: day.strftime("%d/%m/%Y"))]


@pytest.mark.parametrize(
    ("output_type", "value"),
    [
        (set[float], {math.inf}),
        (frozenset[float], frozenset([-math.inf, 1.0])),
        (Sequence[float], [math.nan]),
        (Iterable[float], [math.inf]),
        (dict[Path, float], {Path("a"): math.inf}),
        (list[Reading], [Reading(value=1, values={math.inf})]),
        (dt.date | float | Literal["a"], math.inf),
        (Literal[-5] | dt.date | IPvAnyAddress | float, math.inf),
        (Reading | str, Reading(value=math.inf)),
        (DateText | Annotated[Tagged | OtherTag, Field(discriminator="tag")], Tagged(tag="a", inner=math.inf)),
        (
            Annotated[Tagged | OtherTag, Field(discriminator="tag")],
            OtherTag(tag="b", inner=Tagged(tag="a", inner=math.nan)),
        ),
        (tuple[float | None, str] | int, (math.inf, "a")),
        (Any, math.inf),
        (dict[str, Any], {"a": [math.nan]}),
    ],
    ids=stable_id,
)
def test_an_infinity_is_an_error_that_names_it_wherever_it_is(output_type, value):
    with pytest.raises(SchemaError, match="infinities and NaN have no JSON form"):
        ResponseFormat(output_type).dump(value)


class Tree(BaseModel):
    children: list["Tree"] = []


@pytest.mark.parametrize("number", range(3))
def test_an_alias_of_a_model_that_contains_itself_is_a_type_each_time(number, check_round_trip):
    check_round_trip(TREE, Tree(children=[Tree()]))
    check_round_trip(TREE_AGAIN, Tree(children=[Tree()]))
    assert root_decoder(ResponseFormat(TREE))


TREE = TypeAliasType("TREE", Tree)
TREE_AGAIN = TypeAliasType("TREE_AGAIN", TREE)


def test_a_compiled_type_does_not_need_pydantic_to_adapt_it_again():
    response_format = ResponseFormat(int | TypeAliasType("ALIAS", Tree))  # which pydantic adapts only once
    assert str(response_format.explain())
    assert root_decoder(response_format)


@pytest.mark.parametrize("encoding", ["utf8", "base64", "hex"])
def test_bytes_in_another_encoding_are_read_back_under_the_settings_of_each_model(encoding, check_round_trip):
    class Blob(BaseModel):
        model_config = ConfigDict(val_json_bytes=encoding, ser_json_bytes=encoding)
        raw: bytes
        text: Base64Bytes = b"x"
        texts: dict[str, Base64Bytes | int] = {}

    class Read(BaseModel):
        model_config = ConfigDict(val_json_bytes=encoding)
        raw: bytes

    class Text(BaseModel):
        text: Base64Bytes

    class Holder(BaseModel):
        model_config = ConfigDict(val_json_bytes=encoding, ser_json_bytes=encoding)
        blob: Blob
        text: Text | Blob

    blob = Blob(raw=b"a", text=b"eA==", texts={"a": b"eHg=", "b": 1})
    check_round_trip(Blob, blob)
    check_round_trip(Read, Read(raw=b"ab"))
    check_round_trip(Holder, Holder(blob=blob, text=Text(text=b"kA==")))


def test_the_model_is_told_the_encoding_in_which_bytes_are_read():
    def description(encoding):
        config = ConfigDict(val_json_bytes=encoding)
        blob = create_model("Blob", __config__=config, raw=(bytes, ...))
        return ResponseFormat(blob).schema["properties"]["raw"].get("description")

    assert [*map(description, ["utf8", "base64", "hex"])] == [None, "URL-safe Base64.", "Hexadecimal digits."]


def test_a_type_whose_numbers_may_be_infinite_says_once_that_these_are_dropped():
    class Numbers(BaseModel):
        a: int
        b: list[float]
        c: float | None = None

    notes = [str(note) for note in ResponseFormat(Numbers).explain() if "infinit" in note.text]
    assert notes == ["b[]: dropped: infinities and NaN: JSON has no number for them"]
    assert "infinit" not in str(ResponseFormat(Infinite).explain())
    assert "infinit" not in str(ResponseFormat(Annotated[float, Field(allow_inf_nan=False)]).explain())


class Nothing(NamedTuple):
    pass


@pytest.mark.parametrize("output_type", [Nothing, tuple[()]])
def test_a_tuple_without_positions_is_an_empty_list(check_round_trip, output_type):
    check_round_trip(output_type, Nothing() if output_type is Nothing else ())
    check_round_trip(create_model("Model", a=(output_type, ...)))


@pytest.mark.parametrize(
    ("schema", "value", "requested"),
    [
        ({"type": "string", "minLength": 1.0}, "a", {"type": "string", "pattern": r"^(.|\n){1,}$"}),
        ({"type": "array", "items": {"type": "null"}, "maxItems": 2.0}, [], {"maxItems": 2}),
        ({"type": "array", "prefixItems": [{"type": "integer"}] * 2, "maxItems": 1}, [1], {"maxItems": 1}),
        ({"type": "integer", "minimum": 10**400}, 10**400, {"minimum": 10**400}),
    ],
    ids=["length", "items", "positions", "large bound"],
)
def test_a_bound_is_requested_as_it_is_meant(schema: JSON, value: Any, requested: JSON) -> None:
    response_format = ResponseFormat(schema)
    assert response_format.schema["properties"]["value"].items() >= requested.items()
    assert response_format.load(response_format.dump(value)) == value


def test_items_after_the_positions_of_a_tuple_have_the_bounds_that_remain() -> None:
    positions = [{"type": "integer"}, {"type": "string"}]
    schema = {"type": "array", "prefixItems": positions, "items": {"type": "boolean"}, "minItems": 3, "maxItems": 4}
    properties = ResponseFormat(schema).schema["properties"]["value"]["properties"]
    assert properties["rest"] == {"type": "array", "items": {"type": "boolean"}, "minItems": 1, "maxItems": 2}


def test_a_tuple_whose_bounds_cross_is_rejected() -> None:
    schema = {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "maxItems": 1}
    with pytest.raises(SchemaError, match="minItems 2 is above maxItems 1"):
        ResponseFormat(schema)
