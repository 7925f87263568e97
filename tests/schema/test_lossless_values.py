"""Values whose serializers, defaults or map keys lose something: they are read back, or the error says why not."""

import dataclasses
import datetime as dt
import enum
import ipaddress
import math
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Hashable, Mapping
from decimal import Decimal
from functools import partial, partialmethod
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from pydantic import (
    MISSING,
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ImportString,
    IPvAnyAddress,
    Json,
    PlainSerializer,
    SecretStr,
    SkipValidation,
    WrapValidator,
    field_serializer,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import core_schema

from structkit import ResponseFormat
from structkit.errors import InvalidOutput, SchemaError


def grouped(number: int, separator: str) -> str:
    return f"{number:,}".replace(",", separator)


class Commas:
    @classmethod
    def __get_pydantic_core_schema__(cls, *_: Any) -> Any:
        return core_schema.int_schema(serialization=core_schema.format_ser_schema(","))


class AsText:
    @classmethod
    def __get_pydantic_core_schema__(cls, *_: Any) -> Any:
        return core_schema.int_schema(serialization=core_schema.to_string_ser_schema())


class Grouped(BaseModel):
    number: int
    other: int = 1

    def write(self, number: int, separator: str) -> str:
        return grouped(number, separator)

    def write_with_info(self, number: int, _: Any, separator: str) -> str:
        return grouped(number, separator)

    _write = field_serializer("number", return_type=str)(partialmethod(write, separator="'"))
    _write_other = field_serializer("other", return_type=str)(partialmethod(write_with_info, separator="'"))


FORMATTED: dict[str, tuple[Any, Any]] = {
    "partial method": (Grouped, Grouped(number=1_234, other=5_678)),
    "partial function": (Annotated[int, PlainSerializer(partial(grouped, separator="'"))], 1_234),
    "format": (Annotated[int, Commas], 1_234),
    "method of a text": (Annotated[int, PlainSerializer("{:,}".format)], 1_234),
    "method of a class": (Annotated[str, PlainSerializer(str.upper)], "a"),
    "text": (Annotated[int, AsText], 1_234),
    "path": (Annotated[Path, PlainSerializer(lambda path: path.name)], Path("a/b")),
    "address": (Annotated[ipaddress.IPv4Address, PlainSerializer(int)], ipaddress.IPv4Address("1.2.3.4")),
    "any address": (Annotated[IPvAnyAddress, PlainSerializer(lambda _: "x")], ipaddress.IPv4Address("1.2.3.4")),
    "secret": (Annotated[SecretStr, PlainSerializer(lambda secret: f"secret: {secret}")], SecretStr("hi")),
    "secret in a map": (
        dict[str, Annotated[SecretStr, PlainSerializer(lambda _: "x")] | None],
        {"a": SecretStr("hi"), "b": None},
    ),
    "set": (
        Annotated[set[int], AfterValidator(lambda items: items), PlainSerializer(lambda items: f"{len(items)} items")],
        {1, 2},
    ),
}


@pytest.mark.parametrize(("output_type", "value"), FORMATTED.values(), ids=[*FORMATTED])
def test_a_value_that_is_formatted_for_readers_is_written_so_that_it_is_read_back(output_type, value, check_round_trip):
    check_round_trip(output_type, value)


class Amounts(BaseModel):
    model_config = ConfigDict(allow_inf_nan=True)
    amount: Decimal
    finite: Decimal = Field(Decimal(0), allow_inf_nan=False)


def test_a_decimal_may_be_infinite_where_the_settings_of_its_model_say_so(check_round_trip):
    check_round_trip(Amounts, Amounts(amount=Decimal("1.50")), Amounts(amount=Decimal("-Infinity")))


class Measures(BaseModel):
    values: list[float]


@pytest.mark.parametrize(
    ("output_type", "value"),
    [
        (Json[float], -math.inf),
        (Json[list[float | None]], [math.inf, None]),
        (Json[Any], {"a": [math.inf, "é"]}),
        (Json, [math.inf]),
        (Json[Measures], Measures(values=[math.inf])),
        (list[Json[float]] | dict[str, int], [math.inf]),
    ],
    ids=str,
)
def test_json_in_a_text_may_contain_infinities(output_type, value, check_round_trip):
    check_round_trip(output_type, value)


def test_infinities_in_a_text_are_not_listed_as_dropped():
    assert "infinities" not in str(ResponseFormat(Json[list[float]]).explain())


class RootList(BaseModel):
    root: list[str]

    @model_validator(mode="before")
    @classmethod
    def populate_root(cls, values: Any) -> Any:
        return {"root": values}

    @model_serializer(mode="wrap")
    def write(self, write_default: Any) -> Any:
        return write_default(self)["root"]

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> Any:
        return handler.resolve_ref_schema(handler(schema))["properties"]["root"]


class HasRootLists(BaseModel):
    lists: list[RootList]


def test_a_model_whose_validator_and_serializer_change_its_form_is_read_back(check_round_trip):
    value = RootList.model_validate(["a", "b"])
    check_round_trip(RootList, value)
    check_round_trip(HasRootLists, HasRootLists(lists=[value]))
    assert ResponseFormat(HasRootLists).dump(HasRootLists(lists=[value])) == {"lists": [["a", "b"]]}


class Imports(BaseModel):
    path: ImportString[Any]


class TextOnly(BaseModel):
    number: Annotated[int, BeforeValidator(lambda text: int(text.replace(",", ""))), PlainSerializer("{:,}".format)]


class Skipped(BaseModel):
    number: SkipValidation[int]


@pytest.mark.parametrize(
    "value", [Imports(path="math.pi"), TextOnly(number="1,000"), Skipped.model_construct(number="a")], ids=repr
)
def test_a_value_is_not_written_in_a_form_that_its_schema_does_not_allow(value):
    with pytest.raises(SchemaError):
        ResponseFormat(type(value)).dump(value)


def test_an_import_path_is_read_back(check_round_trip):
    check_round_trip(Imports, Imports(path="math.cos"))


@pytest.mark.parametrize(
    ("output_type", "readable", "value"),
    [
        (dict, {"a": 1}, {1: 10}),
        (Mapping, {"a": 1}, {dt.date(2020, 1, 2): 10}),
        (dict[Any, dict], {"a": {"b": 2}}, {"a": {None: 2}}),
        (OrderedDict, OrderedDict(a=1), OrderedDict({1: 10})),
        (Counter, Counter("ab"), Counter([1])),
        (dict | list[int], {"a": 1}, {"a": 1, 2: 3}),
    ],
    ids=str,
)
def test_a_key_that_is_no_text_is_rejected_where_the_map_has_no_type_for_keys(
    output_type, readable, value, check_round_trip
):
    check_round_trip(output_type, readable)
    with pytest.raises(SchemaError, match=r"cannot be written as JSON: (the key|no branch)"):
        ResponseFormat(output_type).dump(value)


class Mixed(enum.Enum):
    NOTHING = None
    ONE = 1


class NullDefaults(BaseModel):
    literal: Literal[Mixed.NOTHING, None] = Mixed.NOTHING  # noqa: PYI061 (a constant of its own)
    other_literal: Literal[Mixed.NOTHING, None] = None  # noqa: PYI061
    member: Mixed = Mixed.NOTHING
    nullable: Mixed | None = Mixed.NOTHING
    nullable_literal: Literal[Mixed.NOTHING, Mixed.ONE] | None = Mixed.NOTHING


def test_a_member_whose_value_is_null_is_told_apart_from_null_as_a_default(check_round_trip):
    changes: list[dict[str, Any]] = [
        {name: value}
        for name in NullDefaults.model_fields
        for value in (None, Mixed.NOTHING)
        if (name, value) != ("member", None)
    ]
    check_round_trip(NullDefaults, NullDefaults(), *(NullDefaults(**each) for each in changes))


class Optionals(BaseModel):
    number: int | SkipJsonSchema[None] = Field(None, json_schema_extra=lambda schema: schema.pop("default"))
    text: str | SkipJsonSchema[None] = None


def test_a_default_of_null_that_the_json_schema_hides_is_read_back(check_round_trip):
    check_round_trip(Optionals, Optionals(), Optionals(number=1, text="a"))


class StrictMaps(BaseModel):
    model_config = ConfigDict(strict=True)
    plain: dict[int, int] = {}
    after: dict[Annotated[int, AfterValidator(abs)], int] = {}
    wrapped: dict[Annotated[int, WrapValidator(lambda key, read: read(key))], int] = {}
    before: dict[Annotated[float, BeforeValidator(lambda key: key)], int] = {}
    default: defaultdict[int, int] = Field(default_factory=lambda: defaultdict(int))


def test_keys_that_are_strict_numbers_are_read_back_behind_any_validator(check_round_trip):
    check_round_trip(
        StrictMaps,
        StrictMaps(plain={1: 2}, after={1: 2}, wrapped={1: 2}, before={0.5: 1}, default=defaultdict(int, {1: 2})),
    )


class Access(enum.IntFlag):
    READ = 1
    WRITE = 2


class Level(enum.IntEnum):
    LOW = 1


@pytest.mark.parametrize(
    ("output_type", "values"),
    [
        (Access | Literal[True, "b"], [Access.READ, True, "b", Access(0)]),
        (Literal[True, "b"] | Level, [Level.LOW, True, "b"]),
        (Literal[1] | bool, [1, True, False]),
        (Literal[0, False], [0, False]),
        (int | Literal[True], [1, True, 2]),
        (int | bool, [1, True, False]),
        (Level | bool, [Level.LOW, True]),
    ],
    ids=str,
)
def test_true_and_one_are_told_apart_in_a_union(output_type, values):
    response_format = ResponseFormat(output_type)
    for value in values:
        loaded = response_format.load(response_format.dump(value))
        assert (type(loaded), loaded) == (type(value), value)


class Tagged(BaseModel):
    key: Hashable


def test_a_hashable_value_is_any_value_but_a_list_or_an_object(check_round_trip):
    check_round_trip(Tagged, Tagged(key=1), Tagged(key="a"), Tagged(key=None))
    with pytest.raises(InvalidOutput, match="Input should be hashable"):
        ResponseFormat(Tagged).parse('{"key": [1]}')
    assert ResponseFormat(Tagged).schema["properties"]["key"]["description"] == "No list and no object."


@dataclasses.dataclass
class Unresolved:
    other: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


class WrongHook:
    @classmethod
    def __get_pydantic_core_schema__(cls, *_: Any) -> Any:
        return core_schema.int_schema()

    @classmethod
    def __get_pydantic_json_schema__(cls) -> Any:
        return {}


@pytest.mark.parametrize(
    ("output_type", "reason"),
    [(Unresolved, "'Nowhere' is not defined"), (WrongHook, "positional argument"), (MISSING, "has no JSON form")],
    ids=str,
)
def test_a_type_that_pydantic_cannot_describe_is_a_schema_error(output_type, reason):
    with pytest.raises(SchemaError, match=reason):
        ResponseFormat(output_type)


def test_a_failure_to_write_is_the_same_each_time(check_round_trip):
    output_type = dict[int | Path | float, int] | dt.date
    response_format = ResponseFormat(output_type)
    for _ in range(2):
        with pytest.raises(SchemaError, match="infinities and NaN have no JSON form"):
            response_format.dump({float("inf"): 1})
    check_round_trip(output_type, {1: 2, Path("a"): 3}, dt.date(2020, 1, 1))


class Steps(NamedTuple):
    first: int = 1
    second: str = "x"
    third: tuple[int, ...] = ()


@pytest.mark.parametrize(
    ("items", "steps"),
    [
        ((None, "y", []), Steps(second="y")),
        ((3, None, [1]), Steps(3, third=(1,))),
        ((None, None, [1]), Steps(third=(1,))),
        ((None, None, None), Steps()),
        ((2, "y", None), Steps(2, "y")),
    ],
    ids=str,
)
def test_an_item_of_a_named_tuple_is_read_after_one_that_is_absent(items, steps):
    response_format = ResponseFormat(Steps)
    names = response_format.schema["properties"]["value"]["properties"]
    assert response_format.load({"value": dict(zip(names, items, strict=True))}) == steps


@pytest.mark.parametrize(
    ("wire", "place"),
    [
        ({"item_0": None, "item_1": "y", "rest": []}, "item_0"),
        ({"item_0": None, "item_1": None, "rest": [True]}, "item_0"),
        ({"item_0": 1, "item_1": None, "rest": [True]}, "item_1"),
    ],
    ids=str,
)
def test_an_array_with_a_gap_is_invalid_at_the_gap(wire, place):
    parts = {"prefixItems": [{"type": "integer"}, {"type": "string"}], "items": {"type": "boolean"}}
    response_format = ResponseFormat({"type": "object", "properties": {"t": {"type": "array", **parts}}})
    with pytest.raises(InvalidOutput, match=rf"t\.{place}: null means that the tuple ends before this item"):
        response_format.load({"t": wire})
