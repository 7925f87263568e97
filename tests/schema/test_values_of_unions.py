"""Each value of a union is written in the branch that reads it back, in a box where JSON cannot tell the branches apart."""

import datetime as dt
import enum
import json
import re
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Union

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    IPvAnyAddress,
    Json,
    JsonValue,
    PlainSerializer,
    PlainValidator,
    RootModel,
    SecretBytes,
    SecretStr,
    StringConstraints,
    Tag,
    ValidationError,
    ValidationInfo,
    WrapValidator,
    create_model,
    model_serializer,
    model_validator,
)
from pydantic_core import core_schema
from stable_ids import stable_id
from typing_extensions import TypeAliasType, TypedDict

from structkit import ResponseFormat
from structkit.errors import InvalidOutput, SchemaError
from structkit.schema.keywords import BOXED_BRANCH


class Point(TypedDict):
    x: int


class Point3(TypedDict):
    x: int
    y: int


class Row(NamedTuple):
    key: str


class Color(enum.Enum):
    RED = "red"
    LOW = "low"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Mixed(enum.Enum):
    TEXT = "text"
    NOTHING = None


class Structure(enum.Enum):
    LIST = [1]  # noqa: RUF012 (an unhashable value is what is tested)
    MAP = {"a": 1}  # noqa: RUF012
    PAIR = (1, 2)


class Access(enum.IntFlag):
    READ = 1
    WRITE = 2


class HasColor(BaseModel):
    key: Color


class Cat(BaseModel):
    name: str


class Dog(BaseModel):
    name: str


Tree = TypeAliasType("Tree", "list[Tree] | dict[str, Tree] | int | dt.date")
LongText = Annotated[str, Field(min_length=5)]
FormattedDate = Annotated[dt.date, PlainSerializer(lambda day: day.strftime("%d.%m.%Y"), return_type=str)]

UNIONS: dict[str, tuple[Any, ...]] = {
    "a constant and a text that it does not fit": (
        Union[Literal["low"], dt.date, LongText],
        "low",
        dt.date(2020, 1, 2),
        "long enough",
    ),
    "an object and one with a key more": (Point | Point3, {"x": 1}, {"x": 1, "y": 2}),
    "an object and a map": (Point | dict[str, int], {"x": 1}, {"x": 1, "y": 4}, {}),
    "a key that is the name of a box": (dt.date | str | dict[str, int], {"str": 1}, {"date": 1}, "a"),
    "any value and a date": (Any | dt.date, dt.date(2020, 1, 2), "2020-01-02", [1]),
    "a JSON value and an enum": (JsonValue | Level, Level.HIGH, 2, {"a": 2}),
    "lists of different items": (list[str] | list[dt.date], ["2020-01-02"], [dt.date(2020, 1, 2)], []),
    "lists of similar models": (list[Cat] | list[Dog], [Cat(name="a")], [Dog(name="a")]),
    "a tuple and a set": (tuple[int, ...] | frozenset[int], (1, 2), frozenset({1, 2})),
    "an object that a named tuple also reads": (HasColor | Row, HasColor(key=Color.RED), Row("red")),
    "a number that another type also reads": (Decimal | RootModel[Level], Decimal(2), RootModel[Level](Level.HIGH)),
    "an address of a library and a text": (IPvAnyAddress | str, "127.0.0.1"),
    "a member and its value": (Level | int, Level.LOW, 1, 7),
    "null and a member whose value it is": (Mixed | None, Mixed.NOTHING, Mixed.TEXT, None),
    "null and a root model of it": (RootModel[int | None] | None, None, RootModel[int | None](None)),
    "a map with keys of an enum": (Literal[2] | dict[Access, str], {Access(3): "x"}, 2),
    "an ordered map and a map": (OrderedDict[str, int] | dict[str, str], OrderedDict(a=1), {"a": "1"}),
    "a serializer that writes anything": (
        Annotated[str, PlainSerializer(lambda value: f"{value}!", return_type=str)] | HasColor,
        HasColor(key=Color.LOW),
        "a",
    ),
    "a formatted date and a text": (FormattedDate | str, dt.date(2020, 1, 2), "02.01.2020"),
    "a text and a number that a function reads from text": (
        str | Annotated[int, BeforeValidator(lambda value: int(value) if isinstance(value, str) else value)],
        "1",
        1,
    ),
    "a recursive union": (Tree, [1, {"a": [dt.date(2020, 1, 2)]}], {"date": 1}, {"list": [2]}),
    "a path and a text": (Path | str, Path("a"), "a"),
    "members of several enums": (Color | Level | Mixed, Color.LOW, Level.LOW, Mixed.TEXT, Mixed.NOTHING),
}


@pytest.mark.parametrize(("output_type", "values"), [(each[0], each[1:]) for each in UNIONS.values()], ids=[*UNIONS])
def test_each_value_of_a_union_is_read_back(check_round_trip, output_type, values):
    check_round_trip(output_type, *values)


@pytest.mark.parametrize(
    "output_type",
    [
        int | str | None,
        float | bool | list[int],
        dict[str, int] | str | None,
        Cat | None,
        Any | None,
        list[int] | list[str],
        list[int] | list[Cat],
        Decimal | int,
        dt.date | Cat | int,
        Literal["a"] | int,
    ],
    ids=stable_id,
)
def test_branches_that_json_tells_apart_have_no_box(output_type):
    assert BOXED_BRANCH not in json.dumps(ResponseFormat(output_type).natural_schema)


@pytest.mark.parametrize(
    ("constants", "wire_values"),
    [
        ([1, Level.LOW], [1, "LOW"]),
        ([Level.LOW, 1], ["LOW", 1]),
        (["low", Color.LOW], ["low", "LOW"]),
        ([Color.LOW, "LOW", "low"], ["LOW_2", "LOW", "low"]),
        ([True, Level.LOW, 1], [True, "LOW", 1]),
        ([None, Mixed.NOTHING], [None, "NOTHING"]),
        (["b", b"b"], ["b", "b'b'"]),
        ([Structure.LIST, Structure.MAP, Structure.PAIR, "LIST"], ["LIST_2", "MAP", "PAIR", "LIST"]),
    ],
    ids=stable_id,
)
def test_constants_that_are_equal_in_json_are_written_differently(check_round_trip, constants, wire_values):
    output_type = Literal[tuple(constants)]
    assert [ResponseFormat(output_type).natural(constant) for constant in constants] == wire_values
    check_round_trip(output_type, *constants)


class WithLists(BaseModel):
    kind: Literal[Structure.LIST]
    n: int


class WithMaps(BaseModel):
    kind: Literal[Structure.MAP] = Structure.MAP
    n: int


class Untagged(BaseModel):
    kind: None = None
    n: int | None = None


class NullMember(BaseModel):
    kind: Literal[Mixed.NOTHING] = Mixed.NOTHING
    n: int | None = None


class LowText(BaseModel):
    kind: Literal["low"]
    n: int


class LowColor(BaseModel):
    kind: Literal[Color.LOW]
    n: int


@pytest.mark.parametrize(
    ("models", "values"),
    [
        (WithLists | WithMaps, [WithLists(kind=Structure.LIST, n=1), WithMaps(n=2)]),
        (LowText | LowColor, [LowText(kind="low", n=1), LowColor(kind=Color.LOW, n=2)]),
        (LowText | Untagged, [LowText(kind="low", n=1), Untagged(n=2), Untagged()]),
        (LowText | NullMember, [LowText(kind="low", n=1), NullMember(n=2), NullMember()]),
    ],
    ids=["unhashable members", "tags that are equal in JSON", "null", "a member that is null"],
)
def test_a_discriminator_may_be_any_constant(check_round_trip, models, values):
    check_round_trip(Annotated[models, Field(discriminator="kind")], *values)
    check_round_trip(list[Annotated[models, Field(discriminator="kind")]], values)


class NestedBranch(BaseModel):
    a: int


@pytest.mark.parametrize("value", [-1, 14, NestedBranch(a=1)], ids=str)
def test_a_number_that_only_a_union_inside_a_union_accepts_is_written_there(check_round_trip: Any, value: Any) -> None:
    inner = Annotated[int | NestedBranch, Field(description="Any number.")]
    check_round_trip(inner | Annotated[int, Field(multiple_of=7)], value)


def test_a_member_that_use_enum_values_replaces_by_its_value_is_read_back(check_round_trip):
    class Values(BaseModel):
        model_config = ConfigDict(use_enum_values=True)
        color: Literal[Color.RED, b"b", Level.LOW]
        structure: Structure

    check_round_trip(
        Values, Values(color=Color.RED, structure=Structure.LIST), Values(color=b"b", structure=Structure.PAIR)
    )


def test_settings_of_a_model_hold_inside_a_box():
    class Strict(BaseModel):
        model_config = ConfigDict(str_max_length=3, str_to_upper=True, val_json_bytes="base64", ser_json_bytes="base64")
        text: dt.date | str
        secret: dt.date | SecretBytes

    response_format = ResponseFormat(Strict)
    value = Strict(text="abc", secret=SecretBytes(b"\xff"))
    assert response_format.dump(value) == {"text": {"str": "ABC"}, "secret": {"SecretBytes": "_w=="}}
    assert response_format.load(response_format.dump(value)) == value
    with pytest.raises(InvalidOutput, match="at most 3 characters"):
        response_format.load({"text": {"str": "abcd"}, "secret": {"date": "2020-01-02"}})


def test_a_default_that_is_validated_applies_where_a_reply_leaves_it_out():
    class Defaults(BaseModel):
        model_config = ConfigDict(validate_default=True)
        pet: Cat | Dog = Dog(name="a")
        text: dt.date | str = "2020"
        constant: Literal["a", b"b"] = b"b"
        number: dt.date | int | str = Field(default_factory=lambda: "x")

    response_format = ResponseFormat(Defaults)
    assert response_format.load(dict.fromkeys(("pet", "text", "constant", "number"))) == Defaults()


def test_a_default_that_its_type_rejects_is_rejected_as_by_pydantic():
    class Broken(BaseModel):
        model_config = ConfigDict(validate_default=True)
        pet: Cat | Dog = "a"

    with pytest.raises(ValidationError):
        Broken()
    with pytest.raises(InvalidOutput):
        ResponseFormat(Broken).load({"pet": None})


def nested_unions(depth: int, leaf: Any) -> Any:
    """Objects in objects, each of one of two types that look alike."""
    for level in range(depth):
        one, other = (TypedDict(f"{name}{level}", {"value": leaf}) for name in "AB")  # type: ignore[operator]
        leaf = one | other
    return leaf


def test_the_work_for_a_value_grows_with_its_depth_and_not_with_the_number_of_ways_to_read_it():
    calls = 0

    def count(value: int) -> int:
        nonlocal calls
        calls += 1
        return value

    counts: list[int] = []
    for depth in (6, 12):
        response_format = ResponseFormat(nested_unions(depth, Annotated[int, AfterValidator(count)]))
        value: Any = 1
        for _ in range(depth):
            value = {"value": value}
        calls = 0
        response_format.dump(value)
        counts.append(calls)
    assert counts[1] <= 4 * counts[0]


def test_an_abstract_set_may_be_of_either_class():
    response_format = ResponseFormat(AbstractSet[int])
    for value in ({1, 2}, frozenset({1, 2})):
        assert response_format.load(response_format.dump(value)) == value


def split_text(value: Any) -> Any:
    return [int(part) for part in value.split(",")] if isinstance(value, str) else value


def test_a_serializer_may_be_below_or_above_the_validator_that_reads_it(check_round_trip):
    serializer = PlainSerializer(lambda numbers: ",".join(map(str, numbers)), return_type=str)
    validator = BeforeValidator(split_text, json_schema_input_type=str)
    below, above = Annotated[list[int], serializer, validator], Annotated[list[int], validator, serializer]
    value = Annotated[TypeAliasType("Numbers", Annotated[list[int], serializer]), validator]
    for output_type in (below, above, value):
        check_round_trip(output_type, [1, 2])
        assert ResponseFormat(output_type).dump([1, 2]) == {"value": "1,2"}


NumbersText = Annotated[
    list[int],
    PlainSerializer(lambda numbers: ",".join(map(str, numbers)), return_type=str),
    BeforeValidator(split_text, json_schema_input_type=str),
]


@pytest.mark.parametrize("numbers", [NumbersText, TypeAliasType("NumbersText", NumbersText)], ids=["inline", "alias"])
def test_a_function_in_a_union_reads_its_declared_input_type_only(numbers, check_round_trip):
    for output_type in (numbers | set[int], set[int] | numbers, None | numbers | set[int] | dict[str, int]):
        check_round_trip(output_type, [1, 2], {3})
        assert ResponseFormat(output_type).dump([1, 2]) == {"value": "1,2"}
        with pytest.raises(InvalidOutput, match="Input should be"):
            ResponseFormat(output_type).load({"value": True})
    check_round_trip(dict[str, numbers | tuple[int, ...]], {"a": (1,), "b": [2]})


def test_a_function_outside_a_union_may_read_more_than_it_declares():
    assert ResponseFormat(NumbersText).load({"value": [1, 2]}) == [1, 2]


def parse_year(value: Any) -> Any:
    return dt.date(value["year"], 1, 1) if isinstance(value, dict) else value


Year = Annotated[
    dt.date,
    BeforeValidator(parse_year, json_schema_input_type=dict[str, int]),
    PlainSerializer(lambda day: {"year": day.year}, return_type=dict[str, int]),
]
PlainNumber = Annotated[int, PlainValidator(int, json_schema_input_type=str), PlainSerializer(str, return_type=str)]


class NumberList(BaseModel):
    root: list[int]

    @model_validator(mode="before")
    @classmethod
    def populate_root(cls, values: Any) -> Any:
        return {"root": values}

    @model_serializer
    def write(self) -> list[int]:
        return self.root

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> Any:
        return handler.resolve_ref_schema(handler(schema))["properties"]["root"]


class FromText(BaseModel):
    number: int

    @model_validator(mode="before")
    @classmethod
    def split(cls, value: Any) -> Any:
        return {"number": int(value)} if isinstance(value, str) else value

    @model_serializer
    def write(self) -> str:
        return str(self.number)


ONE = NumberList.model_validate([1])


@pytest.mark.parametrize(
    ("output_type", "values"),
    [
        (Year | dict[str, str], [dt.date(2020, 1, 1), {"a": "b"}]),
        (Year | list[int] | Cat, [dt.date(2020, 1, 1), [1], Cat(name="a")]),
        (PlainNumber, [3]),
        (PlainNumber | float, [3, 2.5]),
        (PlainNumber | bool | list[int], [3, True, [1]]),
        (NumberList | list[int], [ONE, [1]]),
        (NumberList | list[str] | None, [ONE, ["1"], None]),
        (FromText | str, [FromText(number=1), "1"]),
        (list[FromText | NumberList], [[FromText(number=1), ONE]]),
    ],
    ids=stable_id,
)
def test_a_type_with_a_form_of_its_own_is_told_apart_by_that_form(output_type, values, check_round_trip):
    check_round_trip(output_type, *values)


def parse_number(value: Any) -> Any:
    return int(value.removeprefix("n")) if isinstance(value, str) else value


NumberText = Annotated[
    int,
    PlainSerializer(lambda number: f"n{number}", return_type=str),
    BeforeValidator(parse_number, json_schema_input_type=str),
]


class StrictNumber(BaseModel):
    model_config = ConfigDict(strict=True)
    value: Annotated[int, BeforeValidator(parse_number), PlainSerializer(lambda number: f"n{number}", return_type=str)]


@pytest.mark.parametrize(
    ("output_type", "values", "wire_values"),
    [
        (NumberText | Literal[2], [0, 2], ["n0", 2]),
        (Annotated[int, Field(ge=-3)] | NumberText, [-10, 10], ["n-10", 10]),
        (IPvAnyAddress | StrictNumber, [StrictNumber(value=1)], [{"value": 1}]),
        (IPvAnyAddress | list[StrictNumber], [[StrictNumber(value=1)]], [[{"value": 1}]]),
        (
            Json[Annotated[int, Field(ge=0)] | complex] | Annotated[int, Field(strict=True)],
            [7, -9, 3j],
            [7, -9, '"3j"'],
        ),
        (Json[list[int]] | tuple[int, ...], [[1], (2,)], ["[1]", [2]]),
    ],
    ids=stable_id,
)
def test_a_value_is_written_by_no_branch_whose_type_it_is_not(output_type, values, wire_values, check_round_trip):
    check_round_trip(output_type, *values)
    assert [ResponseFormat(output_type).dump(value) for value in values] == [{"value": each} for each in wire_values]


def test_a_serializer_below_null_and_a_validator_is_for_values_only(check_round_trip):
    serializer = PlainSerializer(lambda numbers: ",".join(map(str, numbers)), return_type=str)
    validator = BeforeValidator(split_text, json_schema_input_type=str | None)
    check_round_trip(Annotated[Annotated[list[int], serializer] | None, validator], [1, 2], None)


class Wait(RootModel[dt.timedelta]):
    pass


class Steps(NamedTuple):
    a: int = 1


class NoSteps(NamedTuple):
    pass


class Stepped(BaseModel):
    a: int = 1


class Nothing(BaseModel):
    pass


@pytest.mark.parametrize(
    ("output_type", "values"),
    [
        (Wait | Level, [Level.LOW, Wait(dt.timedelta(seconds=1))]),
        (list[Wait] | list[Level], [[Level.LOW], [Wait(dt.timedelta(1))]]),
        (RootModel[Wait] | Level, [Level.LOW, RootModel[Wait](Wait(dt.timedelta(1)))]),
        (RootModel[Decimal] | Level, [Level.LOW, RootModel[Decimal](Decimal(1))]),
        (RootModel[NoSteps] | Nothing, [Nothing(), RootModel[NoSteps](NoSteps())]),
        (RootModel[Steps] | Stepped, [Stepped(), Stepped(a=3), RootModel[Steps](Steps(3))]),
        (Steps | dict[str, int], [{"a": 1}, {}, Steps(1)]),
    ],
    ids=stable_id,
)
def test_a_root_model_is_told_apart_like_its_value(output_type, values, check_round_trip):
    check_round_trip(output_type, *values)


@pytest.mark.parametrize("anything", [Any, JsonValue], ids=str)
def test_a_value_that_breaks_a_rule_of_its_branch_is_written_in_a_branch_for_any_value(anything, check_round_trip):
    check_round_trip(Annotated[str, Field(min_length=5)] | anything | dt.time, "a", "abcdef", [1], dt.time(1))
    check_round_trip(Annotated[int, Field(ge=5)] | anything | dt.time, 1, 7, "01:00:00", dt.time(1))


@pytest.mark.parametrize("output_type", [float | JsonValue, float | str | JsonValue, float | JsonValue | Any], ids=str)
def test_an_integer_beside_a_float_and_any_json_is_read_as_an_integer(output_type, check_round_trip):
    check_round_trip(output_type, 1, -(2**63), 10**40, 1.0, "a", [1, 1.0])


@pytest.mark.parametrize(
    ("address", "value"),
    [
        (IPv4Address, IPv4Address("1.2.3.4")),
        (IPv6Network, IPv6Network("::1/128")),
        (IPvAnyAddress, IPv4Address("1.2.3.4")),
        (RootModel[IPv4Address], RootModel[IPv4Address](IPv4Address("1.2.3.4"))),
    ],
    ids=stable_id,
)
def test_a_number_beside_an_ip_address_is_not_read_as_one(address, value, check_round_trip):
    check_round_trip(address | Level, Level.LOW, value)
    check_round_trip(address | int, 5, value)
    check_round_trip(list[address] | list[Level], [Level.LOW], [value])
    check_round_trip(Level | address, Level.LOW, value)


class Apple(BaseModel):
    fruit: Literal["apple"] = "apple"


class Pumpkin(BaseModel):
    filling: Literal["pumpkin"] = "pumpkin"


def kind_of_json(value: Any) -> Any:
    return value.get("fruit", value.get("filling"))


Pie = Annotated[Annotated[Apple, Tag("apple")] | Annotated[Pumpkin, Tag("pumpkin")], Discriminator(kind_of_json)]


def test_a_union_whose_discriminator_reads_json_only_is_written_too(check_round_trip):
    check_round_trip(Pie, Apple(), Pumpkin())
    check_round_trip(dict[str, list[Pie]], {"a": [Apple(), Pumpkin()]})


def test_a_strict_default_dict_is_read_once(check_round_trip):
    class Counts(BaseModel):
        model_config = ConfigDict(strict=True)
        by_shape: defaultdict[Literal[Shape.PAIR], int]
        by_number: defaultdict[Annotated[int, AfterValidator(abs)], list[int]]

    counts = Counts(by_shape=defaultdict(int, {Shape.PAIR: 1}), by_number=defaultdict(list, {1: [2]}))
    check_round_trip(Counts, counts)


class Shape(enum.Enum):
    PAIR = (1, 2)


class Reading(BaseModel):
    address: IPv4Address | Literal["x"]


def test_a_branch_that_a_function_writes_takes_no_value_of_another_one_beside_boxes(check_round_trip):
    check_round_trip(
        Sequence[Decimal] | Literal[Shape.PAIR] | bytes | Reading,
        *(Reading(address=IPv4Address("1.2.3.4")), Reading(address="x"), [Decimal(1)], Shape.PAIR, b"a"),
    )


def test_a_value_is_written_in_the_branch_of_its_own_class_or_of_any_class(check_round_trip):
    small, plain = Annotated[int, Field(ge=-3, lt=6)], Annotated[int, PlainValidator(int)]
    check_round_trip(Literal[Color.RED, "null"] | dt.datetime | plain | small, 10**19, 5, Color.RED)
    check_round_trip(Annotated[int, Field(ge=2)] | bool | bytes | None, True, False, 2, b"data:;base64,", None)


def strip(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


class Departure(BaseModel):
    model_config = ConfigDict(strict=True)
    at: dt.time | Annotated[dt.datetime, BeforeValidator(strip)]


@pytest.mark.parametrize(
    "branches",
    [
        (SecretStr, Literal["x"]),
        (SecretStr, Literal["x", 1], bool),
        (Annotated[float, BeforeValidator(strip), Field(gt=0)], SecretStr, Literal["x", 1] | None),
        (SecretStr, Literal["x"], list[Annotated[bytes, BeforeValidator(strip)]]),
        (SecretBytes, Literal[Color.RED], dt.date),
    ],
    ids=stable_id,
)
def test_a_model_is_written_as_itself_beside_secrets_constants_and_bytes(branches, check_round_trip):
    departure = Departure(at=dt.datetime(2026, 11, 29, 8, 30, tzinfo=dt.UTC))
    check_round_trip(Union[Departure, *branches], departure)
    check_round_trip(Union[*branches, Departure], departure)


class Stop(BaseModel):
    x: int


def test_constants_take_no_value_of_another_branch():
    response_format = ResponseFormat(Departure | SecretStr | Literal["x"])
    with pytest.raises(SchemaError, match=r"JSON"):
        response_format.dump(Stop(x=1))


EQUAL_READINGS = [
    (Sequence[int] | AbstractSet[int], [{1, 2}, frozenset({1, 2}), [1, 2]]),
    (AbstractSet[int] | Sequence[int], [{1, 2}, frozenset({1, 2}), [1, 2]]),
    (Sequence[int] | frozenset[int] | None, [{1}, frozenset({1}), [1], None]),
    (Iterable[int] | AbstractSet[int], [{1, 2}, frozenset({1, 2}), [1, 2]]),
    (list[int] | AbstractSet[str], [{"a"}, [1]]),
    (deque[int] | AbstractSet[int], [{1}, deque([1])]),
    (tuple[int, ...] | AbstractSet[int], [{1}, (1,)]),
    (list[Sequence[int] | AbstractSet[int]], [[[1], {1}, frozenset({2})]]),
    (Sequence[Sequence[int]] | Sequence[AbstractSet[int]], [[{1}], [[1]]]),
]


@pytest.mark.parametrize(("value_type", "values"), EQUAL_READINGS, ids=stable_id)
def test_a_set_is_written_in_the_branch_that_reads_an_equal_set(value_type, values):
    response_format = ResponseFormat(value_type)
    for value in values:
        assert response_format.load(response_format.dump(value)) == value


@pytest.mark.parametrize("value_type", [Sequence[int], Sequence[int] | AbstractSet[str]], ids=stable_id)
def test_a_set_is_no_value_of_a_sequence(value_type):
    with pytest.raises(SchemaError, match="instance of set"):
        ResponseFormat(value_type).dump({1})


FLAGS = {"type": "object", "additionalProperties": {"type": "boolean"}}
OPTIONAL = {"type": "object", "properties": {"array": {"type": "string"}}, "additionalProperties": False}
PAIR = {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False}
ROWS = {"type": "array", "items": {"type": "object", "properties": {"k": {"type": "integer"}}, "required": ["k"]}}


@pytest.mark.parametrize(
    ("branches", "values"),
    [
        ([{"type": ["integer", "array"]}, FLAGS], [{}, {"a": True}, [], [{"key": "a", "value": True}], 3]),
        ([FLAGS, {"type": "boolean"}, {"type": ["integer", "array"]}], [{}, [], {"a": True}, [1], True]),
        ([OPTIONAL, FLAGS, ROWS], [{}, {"array": "x"}, {"z": True}, [], [{"k": 1}]]),
        ([PAIR, FLAGS, ROWS], [{}, {"z": True}, [], [1], [1, "x"], [{"k": 1}]]),
    ],
    ids=["list in a union", "list after", "optional object", "tuple"],
)
def test_lists_and_maps_beside_other_branches_are_distinguished(branches: list[Any], values: list[Any]) -> None:
    form = ResponseFormat({"anyOf": branches})
    for value in values:
        assert form.parse(json.dumps(form.dump(value))) == value


@pytest.mark.parametrize(
    ("output_type", "value", "box"),
    [
        (Annotated[list[Point], Field(min_length=1)] | list[list[Point]], [], "array_2"),
        (list[Annotated[list[Point], Field(max_length=1)]] | list[list[Point]], [[{"x": 1}, {"x": 2}]], "list_2"),
        (Annotated[dict[str, int], Field(min_length=2)] | dict[str, int | str], {"a": 1}, "object_2"),
    ],
    ids=["list", "list in a list", "map"],
)
def test_a_list_or_map_is_written_in_the_branch_that_allows_its_length(output_type, value, box, check_round_trip):
    assert [*ResponseFormat(output_type).dump(value)["value"]] == [box]
    check_round_trip(output_type, value)


@pytest.mark.parametrize("output_type", [re.Pattern, re.Pattern | int, re.Pattern | bytes], ids=str)
def test_a_pattern_that_cannot_be_written_says_why_in_a_union_too(output_type):
    with pytest.raises(SchemaError, match=r"declare re.Pattern\[bytes\]"):
        ResponseFormat(output_type).dump(re.compile(b"a"))


def test_the_value_of_a_member_is_written_in_the_branch_that_reads_it_back(check_round_trip):
    upper = Annotated[str, StringConstraints(to_upper=True)]
    model = create_model("Model", __config__=ConfigDict(use_enum_values=True), color=(upper | Color, ...))
    by_function = Annotated[Color, AfterValidator(lambda color: color.value)]
    check_round_trip(model, model(color=Color.RED))
    check_round_trip(model, model(color="x"))
    check_round_trip(upper | by_function, "red")


ANY_TEXT = Annotated[str, PlainValidator(lambda value: value, json_schema_input_type=str)]
"""Its function reads everything, although it declares to read texts."""


class AnyText(RootModel[ANY_TEXT]):
    pass


@pytest.mark.parametrize("branch", [ANY_TEXT, AnyText, TypeAliasType("TextAlias", AnyText)], ids=stable_id)
def test_a_function_reads_nothing_but_its_declared_input_in_a_root_model_too(branch, check_round_trip):
    check_round_trip(branch | list[str], ["a"])
    check_round_trip(branch | list[str], AnyText("a") if branch is not ANY_TEXT else "a")


class Folder(BaseModel):
    name: str
    parent: "Folder | None" = None


WORDS_OF_CORE_SCHEMAS = [
    "type",
    "schema",
    "ref",
    "schema_ref",
    "metadata",
    "config",
    "default",
    "function",
    "cls",
    "members",
    "expected",
    "serialization",
    "custom_init",
    "choices",
]


@pytest.mark.parametrize("name", WORDS_OF_CORE_SCHEMAS)
@pytest.mark.parametrize(
    ("field_type", "value"),
    [(Literal["x"], "x"), (Folder, Folder(name="a")), (Decimal, Decimal("1.50"))],
    ids=stable_id,
)
def test_a_field_of_a_union_may_be_named_as_a_word_of_a_core_schema(name, field_type, value, check_round_trip):
    typed_dict = TypedDict("typed_dict", {name: field_type})  # type: ignore[misc]
    model = dataclass(type("Record", (), {"__annotations__": {name: field_type}}))
    for other_branch in (Point, int):
        check_round_trip(typed_dict | other_branch, {name: value})
        check_round_trip(model | other_branch, model(**{name: value}))


def strip_name(animal: Any) -> Any:
    return {"name": animal["name"].strip()} if isinstance(animal, dict) else animal


def upper_name(animal: Any, handler: Any) -> Any:
    return handler({"name": animal["name"].upper()} if isinstance(animal, dict) else animal)


def as_dog(animal: Any, _: ValidationInfo) -> Any:
    return Dog(name="Rex") if animal == {"name": " Rex "} else animal


@pytest.mark.parametrize(
    ("output_type", "animal"),
    [
        (Annotated[Cat | Dog, BeforeValidator(strip_name)], Cat(name="Rex")),
        (Annotated[Cat | Dog | None, BeforeValidator(strip_name)], Cat(name="Rex")),
        (Annotated[Cat | Dog, WrapValidator(upper_name)], Cat(name=" REX ")),
        (Annotated[Cat | Dog, WrapValidator(upper_name), BeforeValidator(strip_name)], Cat(name="REX")),
        (Annotated[Cat | Dog, BeforeValidator(as_dog)], Dog(name="Rex")),
        (Annotated[Cat | Dog | None, BeforeValidator(lambda _: None)], None),
    ],
    ids=stable_id,
)
def test_a_validator_gets_the_value_in_a_box(output_type, animal):
    assert ResponseFormat(output_type).load({"value": {"Cat": {"name": " Rex "}}}) == animal


def test_a_validator_gets_a_null_in_a_box(check_round_trip):
    null = Annotated[None, BeforeValidator(lambda value: value)]
    check_round_trip(Annotated[int | RootModel[null], BeforeValidator(lambda value: value)], RootModel[null](None))


def test_a_chain_that_ends_with_a_function_is_read_as_its_first_type():
    class Code(str):
        __slots__ = ()

        @classmethod
        def __get_pydantic_core_schema__(cls, *_: Any) -> core_schema.CoreSchema:
            from_text = core_schema.no_info_plain_validator_function(cls)
            return core_schema.chain_schema([core_schema.str_schema(pattern="^[A-Z]+$"), from_text])

    response_format = ResponseFormat(Code)
    assert response_format.schema["properties"]["value"] == {"type": "string", "pattern": "^[A-Z]+$"}
    assert isinstance(response_format.load({"value": "AB"}), Code)
