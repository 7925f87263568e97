"""Less common types: each has a strict schema, its values are read back, and its invalid replies are rejected."""

# ruff: noqa: DTZ001, PYI061 (naive datetimes and None among literals are what is tested)

import dataclasses
import datetime as dt
import enum
import ipaddress
import json
import math
import pathlib
import re
import uuid
import zoneinfo
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable, Mapping, MutableSequence, Sequence
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Generic, Literal, NamedTuple, NewType, Optional, TypeVar

import annotated_types as at
import pytest
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasGenerator,
    AliasPath,
    AnyUrl,
    AwareDatetime,
    Base64Bytes,
    Base64Str,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Discriminator,
    Field,
    FutureDate,
    HttpUrl,
    IPvAnyAddress,
    Json,
    JsonValue,
    PastDate,
    PlainSerializer,
    RootModel,
    Secret,
    SecretStr,
    Tag,
    TypeAdapter,
    ValidationInfo,
    WrapSerializer,
    WrapValidator,
    computed_field,
    conlist,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic.alias_generators import to_camel, to_pascal
from pydantic.dataclasses import dataclass as pydantic_dataclass
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import core_schema
from typing_extensions import NotRequired, Required, TypeAliasType, TypedDict

from structkit import ResponseFormat
from structkit.client.streams import list_format
from structkit.errors import InvalidOutput, SchemaError

UTC = dt.timezone.utc
T = TypeVar("T")


class Item(BaseModel):
    sku: str
    quantity: int = Field(ge=1)


class Response(BaseModel, Generic[T]):
    data: T
    meta: dict[str, T] | None = None


class GenericDict(TypedDict, Generic[T]):
    value: T
    next: NotRequired[T]


@dataclasses.dataclass
class GenericDataclass(Generic[T]):
    x: T


class GenericTuple(NamedTuple, Generic[T]):
    a: T


MapAlias = TypeAliasType("MapAlias", "dict[str, MapAlias] | int")
JsonAlias = TypeAliasType("JsonAlias", "list[JsonAlias] | dict[str, JsonAlias] | str | int | float | bool | None")
ListAlias = TypeAliasType("ListAlias", list[T], type_params=(T,))
UserId = NewType("UserId", int)


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    bark: str


class HasA(BaseModel):
    a: int


class DictA(TypedDict):
    a: int


class HasB(BaseModel):
    b: str


def find_kind(value: Any) -> Any:
    return value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)


def find_shape(value: Any) -> str:
    return "a" if isinstance(value, HasA) or (isinstance(value, dict) and "a" in value) else "b"


class InnerOne(BaseModel):
    kind: Literal["inner"]
    sub: Literal["1"]
    x: int


class InnerTwo(BaseModel):
    kind: Literal["inner"]
    sub: Literal["2"]
    x: str


class FromPaths(BaseModel):
    first: str = Field(validation_alias=AliasPath("names", 0))
    last: str = Field(validation_alias=AliasPath("names", 1))


class FromChoices(BaseModel):
    x: int = Field(validation_alias=AliasChoices(AliasPath("d", "x"), "ex", "xx"), serialization_alias="out")


class JsonTexts(BaseModel):
    numbers: Json[dict[str, int]]
    anything: Json
    items: Json[list[Item]] | None = None


class Secrets(BaseModel):
    text: SecretStr
    number: Secret[int]
    day: Secret[dt.date]


class Sizes(BaseModel):
    a: ByteSize
    b: ByteSize | None = None


class Texts(RootModel[list[str | int]]):
    pass


class Forest(RootModel[list["Forest"]]):
    pass


class HoldsRoots(BaseModel):
    tags: RootModel[set[str]]
    texts: Texts | None = None


@dataclasses.dataclass(slots=True, kw_only=True, frozen=True)
class Slotted:
    a: int
    b: str = "x"
    c: list[int] = dataclasses.field(default_factory=list)


@pydantic_dataclass
class WithInitVar:
    a: int
    seed: dataclasses.InitVar[int] = 3
    b: int = dataclasses.field(init=False, default=7)


@dataclasses.dataclass
class PostInit:
    a: int
    total: int = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.total = self.a * 2


class OptionalExtras(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, int | None]

    a: int


class Word(enum.StrEnum):
    A = "a"
    B = "b"


class Access(enum.IntFlag):
    READ = 1
    WRITE = 2


class EjectedAccess(enum.IntFlag, boundary=enum.EJECT):
    READ = 1
    DELETE = 4


class Flags(enum.Flag):
    READ = 1
    WRITE = 2


class Moment(enum.Enum):
    DAY = dt.date(2024, 1, 1)
    PRICE = Decimal("1.5")


class Ratio(float, enum.Enum):
    PI = 3.14
    HALF = 0.5


class Auto(enum.Enum):
    X = enum.auto()
    Y = enum.auto()


class Color(enum.Enum):
    RED = "red"


class Constants(BaseModel):
    a: Final[int]
    b: ClassVar[int] = 4
    c: str


class Sparse(TypedDict, total=False):
    a: Required[int]
    b: str


class Linked(Sparse):
    next: "Linked | None"


class BeforeModel(BaseModel):
    a: int

    @model_validator(mode="before")
    @classmethod
    def unpack(cls, value: Any) -> Any:
        return {"a": value["x"]} if isinstance(value, dict) and "x" in value else value


class WrapModel(BaseModel):
    a: int

    @model_validator(mode="wrap")
    @classmethod
    def wrap(cls, value: Any, handler: Any) -> Any:
        return handler(value)


class ValidDefaults(BaseModel):
    model_config = ConfigDict(validate_default=True, frozen=True)

    a: int = "3"  # type: ignore[assignment]
    b: set[int] = [1]  # type: ignore[assignment]


class StrictModel(BaseModel):
    model_config = ConfigDict(strict=True)

    day: dt.date
    id: uuid.UUID
    raw: bytes
    numbers: set[int]
    pair: tuple[int, str]
    word: Word
    days: dict[int, dt.date]
    price: Decimal
    frozen: frozenset[dt.date]
    path: pathlib.Path
    note: int | None = None


class TwoAliases(BaseModel):
    model_config = ConfigDict(
        alias_generator=AliasGenerator(validation_alias=to_camel, serialization_alias=to_pascal), populate_by_name=True
    )

    first_name: str
    home_address: "TwoAliases | None" = None


class ForReaders(BaseModel):
    a: Decimal
    b: dt.datetime
    c: list[dt.date]

    @field_serializer("a")
    def show_price(self, value: Decimal) -> str:
        return f"${value}"

    @field_serializer("b", when_used="json")
    def show_year(self, value: dt.datetime) -> int:
        return value.year

    @field_serializer("c", mode="wrap")
    def show_first(self, value: Any, handler: Any) -> Any:
        return handler(value)[:1]


SPLIT = BeforeValidator(lambda value: value.split(",") if isinstance(value, str) else value)
SPLIT_TEXT = BeforeValidator(lambda value: value.split(","), json_schema_input_type=str)
JOIN = PlainSerializer(lambda value: ",".join(value) or "none")


class CheckedForReaders(BaseModel):
    at: Annotated[
        dt.datetime, AfterValidator(lambda at: at), PlainSerializer(lambda at: at.isoformat(timespec="minutes"))
    ]
    tags: Annotated[list[str], SPLIT, JOIN]
    mark: Annotated[
        str, WrapValidator(lambda text, handler: handler(text).strip()), PlainSerializer(lambda text: text[:1])
    ]
    share: Annotated[float, AfterValidator(abs)] = 0.5
    limit: float

    @field_validator("limit")
    @classmethod
    def is_large(cls, value: float, info: ValidationInfo) -> float:
        if value < info.data["share"]:
            raise ValueError("less than the share")
        return value

    @field_serializer("share", "limit")
    def rounded(self, value: float) -> float:
        return round(value, 1)


class AnyForReaders(BaseModel):
    number: int | str
    letter: Literal["a", "b"]
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    whatever: Any

    @field_serializer("number", "letter", "pet", "whatever")
    def masked(self, value: Any) -> str:
        return "***"


class Name:
    """Created from text by its own validator, and written as text by its own serializer."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Name) and self.text == other.text

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: Any) -> Any:
        writing = core_schema.plain_serializer_function_ser_schema(lambda name: name.text)
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema(), serialization=writing)


class InOtherUnits(BaseModel):
    cents: Annotated[int, AfterValidator(lambda euros: euros * 100), PlainSerializer(lambda cents: cents // 100)]
    tags: Annotated[list[str], SPLIT_TEXT, JOIN]
    name: Name


class OnlyFromText(BaseModel):
    tags: Annotated[list[str], SPLIT_TEXT]


class Wrapped(BaseModel):
    a: int

    @model_serializer(mode="wrap")
    def wrap(self, handler: Any) -> Any:
        return {"wrapped": handler(self)}


@dataclasses.dataclass(frozen=True)
class Custom:
    v: str

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: Any) -> Any:
        return core_schema.json_or_python_schema(
            core_schema.no_info_after_validator_function(cls, core_schema.str_schema()),
            core_schema.is_instance_schema(cls),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda custom: custom.v),
        )


class Hidden(BaseModel):
    a: int | SkipJsonSchema[None] = None
    b: SkipJsonSchema[int] = 3


class Decorated(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"a": 1}], "x-foo": 1}, title="T")

    a: int = Field(json_schema_extra={"x-y": 1}, examples=[1])
    b: str = Field(json_schema_extra=lambda schema: schema.update(format="color"))


class Encoded(BaseModel):
    a: Base64Bytes
    b: Base64Str


class Computed(BaseModel):
    a: int
    parts: "list[Computed]" = []

    @computed_field
    @property
    def b(self) -> int:
        return self.a


class Optionals(BaseModel):
    a: Optional[int]
    b: int | str | None = None
    c: list[dict[str, int | None] | None] | None = None
    d: Annotated[int | None, Field(ge=1)] = None


class InvalidDefaults(BaseModel):
    name: Annotated[str, Field(min_length=1)] = ""
    when: dt.datetime = "2024-01-01"  # type: ignore[assignment]
    json_text: Json[dict[str, int]] = "{}"  # type: ignore[assignment]
    page: Annotated[int, Field(gt=0)] = 0
    text: str = None  # type: ignore[assignment]
    numbers: list[int] = (1,)  # type: ignore[assignment]
    cents: Annotated[int, AfterValidator(lambda euros: euros * 100), PlainSerializer(lambda cents: cents // 100)] = 350
    item: Item = {"sku": "a"}  # type: ignore[assignment]
    next: "InvalidDefaults | None" = None


class InvalidBySettings(BaseModel):
    model_config = ConfigDict(use_enum_values=True, str_strip_whitespace=True)

    color: Auto | None = Auto.Y
    word: str = " a "


@dataclasses.dataclass
class InvalidInDataclass:
    when: dt.datetime = "2024-01-01"  # type: ignore[assignment]


class WritableDefaults(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True)

    share: float = 1
    price: Decimal = Decimal("1.50")
    word: str = "a"
    raw: bytes = b"\xff"
    page: Annotated[int, Field(gt=0), AfterValidator(abs)] = 1
    item: Item = Item(sku="a", quantity=1)


class WithoutNumber(BaseModel):
    share: float = float("nan")


class DependentDefault(BaseModel):
    a: int
    b: int = Field(default_factory=lambda data: data["a"] + 1)


class Mixture(BaseModel):
    x: GenericDataclass[Item]
    y: GenericTuple[str]
    z: Sequence[Mapping[str, tuple[int, str]]]


def case(output_type: Any, *values: Any, invalid: tuple[Any, ...] = ()) -> Any:
    return output_type, values, invalid


IP, PATH = ipaddress.IPv4Address("1.2.3.4"), pathlib.Path("/a")
CASES = {
    "generic model": case(
        Response[list[Item]],
        Response[list[Item]](data=[Item(sku="a", quantity=1)], meta={"x": []}),
        invalid=({"data": [{"sku": "a", "quantity": 0}], "meta": None},),
    ),
    "generic typed dict": case(GenericDict[int], {"value": 1}, {"value": 1, "next": 2}, invalid=({"value": "x"},)),
    "generic dataclass": case(GenericDataclass[int], GenericDataclass(1), invalid=({"x": "x"},)),
    "generic named tuple": case(GenericTuple[int], GenericTuple(1)),
    "alias that contains itself": case(MapAlias, {"a": {"b": 1}}, 3, invalid=({"value": "x"},)),
    "alias of JSON": case(JsonAlias, [1, {"a": None}], {"x": [1.5, "s", True]}, None),
    "generic alias": case(ListAlias[int], [1], invalid=({"value": ["x"]},)),
    "new type": case(dict[UserId, list[UserId]], {UserId(1): [UserId(2)]}),
    "callable discriminator": case(
        Annotated[Annotated[Cat, Tag("cat")] | Annotated[Dog, Tag("dog")], Discriminator(find_kind)],
        Cat(kind="cat", lives=1),
        Dog(kind="dog", bark="x"),
        invalid=({"value": {"kind": "cow"}}, {"value": {}}),
    ),
    "callable discriminator by shape": case(
        list[Annotated[Annotated[HasA, Tag("a")] | Annotated[HasB, Tag("b")], Discriminator(find_shape)]],
        [HasA(a=1), HasB(b="x")],
    ),
    "discriminated in a discriminated": case(
        Annotated[Annotated[InnerOne | InnerTwo, Field(discriminator="sub")] | Cat, Field(discriminator="kind")],
        InnerOne(kind="inner", sub="1", x=1),
        InnerTwo(kind="inner", sub="2", x="x"),
        Cat(kind="cat", lives=1),
    ),
    "alias paths into one list": case(FromPaths, FromPaths.model_validate({"names": ["a", "b"]})),
    "alias choices": case(FromChoices, FromChoices.model_validate({"ex": 1})),
    "two aliases": case(
        TwoAliases,
        TwoAliases(first_name="x", home_address=TwoAliases(first_name="y")),
        invalid=({"firstName": 3, "homeAddress": None},),
    ),
    "JSON texts": case(
        JsonTexts,
        JsonTexts(numbers='{"a":1}', anything="[1]", items='[{"sku":"a","quantity":1}]'),
        JsonTexts(numbers="{}", anything="null"),
    ),
    "secrets of any type": case(
        Secrets,
        Secrets(text="x", number=3, day=dt.date(2024, 1, 1)),
        invalid=({"text": "x", "number": "y", "day": "2024-01-01"},),
    ),
    "sizes": case(Sizes, Sizes(a="1KiB"), Sizes(a=1, b=2), invalid=({"a": "many", "b": None},)),
    "interval": case(Annotated[int, at.Interval(gt=0, le=10), at.MultipleOf(2)], 2, invalid=({"value": 3},)),
    "length": case(Annotated[list[int], at.Len(1, 2)], [1], invalid=({"value": []},)),
    "conlist": case(conlist(int, min_length=1), [1], invalid=({"value": []},)),
    "root of a map": case(RootModel[dict[str, Item]], RootModel[dict[str, Item]]({"a": Item(sku="x", quantity=1)})),
    "root that contains itself": case(Forest, Forest([Forest([])])),
    "roots in a model": case(HoldsRoots, HoldsRoots(tags={"a"}), HoldsRoots(tags={"a"}, texts=Texts([1, "a"]))),
    "root of a union": case(RootModel[Cat | Dog], RootModel[Cat | Dog](Cat(kind="cat", lives=1))),
    "slots": case(Slotted, Slotted(a=1), invalid=({"a": "x", "b": None, "c": None},)),
    "InitVar": case(WithInitVar, WithInitVar(a=1)),
    "set after init": case(PostInit, PostInit(1)),
    "typed extras": case(
        OptionalExtras,
        OptionalExtras(a=1, b=2, c=None),
        invalid=({"a": 1, "other_keys": [{"key": "z", "value": "x"}]},),
    ),
    "text enum": case(Word, *Word, invalid=({"value": "c"},)),
    "int flags": case(Access, Access.READ, Access.READ | Access.WRITE, invalid=({"value": "x"},)),
    # 8 is invalid too, but the enum module of Python 3.11.2 accepts it.
    "flags": case(Flags, Flags.WRITE, Flags.READ | Flags.WRITE, invalid=({"value": "READ"},)),
    "flags that eject": case(
        EjectedAccess,
        EjectedAccess.READ,
        EjectedAccess.READ | EjectedAccess.DELETE,
        invalid=({"value": 3}, {"value": 2}, {"value": 8}),
    ),
    "map by flag": case(dict[Access, int], {Access.READ: 1}),
    "enum of moments": case(Moment, *Moment, invalid=({"value": "NIGHT"},)),
    "literal of a moment": case(Literal[Moment.DAY], Moment.DAY, invalid=({"value": "PRICE"},)),
    "map by an enum of moments": case(dict[Moment, int], {Moment.DAY: 1, Moment.PRICE: 2}),
    "float enum": case(Ratio, *Ratio),
    "auto enum": case(dict[Auto, Auto], {Auto.X: Auto.Y}),
    "zone": case(zoneinfo.ZoneInfo, zoneinfo.ZoneInfo("UTC"), invalid=({"value": "x/y"},)),
    "pattern": case(re.Pattern, re.compile("a+"), invalid=({"value": "("},)),
    "interface": case(ipaddress.IPv6Interface, ipaddress.IPv6Interface("::1/64"), invalid=({"value": "z"},)),
    "any address": case(IPvAnyAddress, IP, invalid=({"value": "z"},)),
    "either address": case(ipaddress.IPv4Address | ipaddress.IPv6Address, IP, ipaddress.IPv6Address("::1")),
    "deque": case(deque[int], deque([1])),
    "default dict": case(defaultdict[str, int], defaultdict(int, {"a": 1})),
    "ordered dict or dict": case(OrderedDict[str, int] | dict[str, int], OrderedDict(a=1), {"a": 1}),
    "mutable sequence": case(MutableSequence[int], [1]),
    "iterables": case(list[Iterable[int]], [[1], []]),
    "final and class variables": case(Constants, Constants(a=1, c="x")),
    "required in a sparse dict": case(Sparse, {"a": 1}, {"a": 1, "b": "x"}, invalid=({"a": None, "b": None},)),
    "inherited dict that contains itself": case(Linked, {"a": 1, "next": {"a": 2, "next": None}}),
    "containers": case(list[int] | dict[str, int] | set[str] | None, [1], {"a": 1}, {"a"}, None, [], {}, set()),
    "list or tuple": case(list[list[int] | tuple[str, int]], [[1], ("a", 1)]),
    "mixed literal": case(Literal["a", 1, True, None, "b"], "a", 1, True, None, invalid=({"value": False},)),
    "empty tuple": case(tuple[()], (), invalid=({"value": [1]},)),
    "tuples of tuples": case(tuple[tuple[int, ...], ...], ((1,), ()), ()),
    "moments": case(
        dt.datetime | dt.date | dt.time | dt.timedelta,
        dt.datetime(2024, 1, 1),
        dt.date(2024, 1, 1),
        dt.time(1),
        dt.timedelta(1),
    ),
    "path or str": case(pathlib.Path | str, PATH, "/a"),
    "address or str": case(str | ipaddress.IPv4Address, IP, "1.2.3.4"),
    "url or str": case(AnyUrl | str, AnyUrl("http://a/"), "http://a/"),
    "secret or str": case(SecretStr | str, SecretStr("a"), "a"),
    "complex or str": case(complex | str, 1j, "1j"),
    "enum member or str": case(Literal[Color.RED] | str, Color.RED, "red"),
    "custom or str": case(Custom | str, Custom("a"), "a"),
    "map by custom": case(dict[Custom, list[Custom] | None], {Custom("a"): [Custom("b")]}),
    "before a model": case(BeforeModel, BeforeModel(a=1)),
    "around a model": case(WrapModel | BeforeModel, WrapModel(a=1), BeforeModel(a=2)),
    "validated defaults": case(ValidDefaults, ValidDefaults(), ValidDefaults(a=4)),
    "strict": case(
        StrictModel,
        StrictModel(
            day=dt.date(2024, 1, 1),
            id=uuid.UUID(int=1),
            raw=b"\xff",
            numbers={1},
            pair=(1, "a"),
            word=Word.A,
            days={1: dt.date(2024, 1, 1)},
            price=Decimal("1.0"),
            frozen=frozenset({dt.date(2024, 1, 1)}),
            path=PATH,
        ),
    ),
    "serialisers for readers": case(
        ForReaders, ForReaders(a="1.5", b=dt.datetime(2024, 1, 1), c=[dt.date(2024, 1, 1), dt.date(2024, 1, 2)])
    ),
    "wrapping model serialiser": case(list[Wrapped] | None, [Wrapped(a=1)], None),
    "plain serialiser": case(Annotated[int, PlainSerializer(str, return_type=str)], 3, invalid=({"value": "x"},)),
    "wrapping serialiser": case(Annotated[set[int], WrapSerializer(lambda value, _: sorted(value))], {1, 2}),
    "validators around": case(
        Annotated[str, BeforeValidator(str), AfterValidator(str.upper), WrapValidator(lambda value, handler: handler(value))],
        "A",
    ),
    "hidden from the model": case(Hidden, Hidden(a=1), Hidden()),
    "decorated": case(Decorated, Decorated(a=5, b="x")),
    "encoded": case(Encoded, Encoded(a=b"AAE=", b="YQ==")),
    "past and future": case(
        tuple[PastDate, FutureDate, AwareDatetime],
        (dt.date(2000, 1, 1), dt.date(2999, 1, 1), dt.datetime(2024, 1, 1, tzinfo=UTC)),
        invalid=({"value": {"item_0": "2999-01-01", "item_1": "2999-01-01", "item_2": "2024-01-01T00:00:00Z"}},),
    ),
    "urls": case(tuple[AnyUrl, HttpUrl], (AnyUrl("ftp://a/b"), HttpUrl("http://a")), invalid=({"value": {"item_0": "x"}},)),
    "computed in a tree": case(Computed, Computed(a=1, parts=[Computed(a=2)])),
    "optionals": case(
        Optionals,
        Optionals(a=None),
        Optionals(a=1, b="x", c=[None, {"a": None}], d=3),
        invalid=({"a": 1, "b": None, "c": None, "d": 0},),
    ),
    "checked, and for readers": case(
        CheckedForReaders,
        CheckedForReaders(at=dt.datetime(2024, 1, 2, 3, 4, 5), tags=["a,b", "c"], mark="long", share=0.25, limit=1.75),
    ),
    "anything for readers": case(
        AnyForReaders,
        AnyForReaders(number=3, letter="a", pet=Cat(kind="cat", lives=9), whatever=[1.25]),
    ),
    "in other units": case(
        InOtherUnits,
        InOtherUnits.model_construct(cents=500, tags=["a", "b"], name=Name("n")),
    ),
    "bool or int": case(bool | int, True, 1, 0, False),
    "scalars": case(list[str | int | bool | float | None], ["1", 1, True, 1.5, None]),
    "map or model": case(dict[str, int] | Item, {"a": 1}, Item(sku="a", quantity=1)),
    "model or map": case(Item | dict[str, Any], {"sku": "a", "quantity": 1}, Item(sku="a", quantity=1), {}),
    "models or typed dicts": case(
        list[Item | GenericDict[int]], [{"value": 1}, Item(sku="a", quantity=1), {"value": 1, "next": 2}]
    ),
    "model or a map of its form": case(list[HasA | dict[str, int]], [{"a": 1}, HasA(a=1)]),
    "model or a typed dict of its form": case(HasA | DictA, {"a": 1}, HasA(a=1)),
    "JSON values": case(list[JsonValue], [{"a": [1, None]}]),
    "defaults that their types reject": case(
        InvalidDefaults,
        InvalidDefaults(),
        InvalidDefaults(name="a", when=dt.datetime(2024, 1, 1), page=1, text="b", next=InvalidDefaults(cents=2)),
    ),
    "defaults that the settings change": case(
        InvalidBySettings, InvalidBySettings(), InvalidBySettings(color=Auto.Y), InvalidBySettings(color=None, word="b")
    ),
    "default that a dataclass rejects": case(
        InvalidInDataclass, InvalidInDataclass(), InvalidInDataclass(dt.datetime(2024, 1, 1))
    ),
    "default of another field": case(DependentDefault, DependentDefault(a=1), DependentDefault(a=1, b=9)),
    "mixture": case(Mixture, Mixture(x=GenericDataclass(Item(sku="s", quantity=1)), y=GenericTuple("a"), z=[{"a": (1, "b")}])),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_type_has_a_strict_schema_its_values_are_read_back_and_invalid_replies_are_rejected(name, check_round_trip):
    output_type, values, invalid = CASES[name]
    check_round_trip(output_type, *values)
    for reply in invalid:
        with pytest.raises(InvalidOutput):
            ResponseFormat(output_type).parse(json.dumps(reply))


def test_a_default_that_its_type_accepts_is_written():
    assert ResponseFormat(WritableDefaults).dump(WritableDefaults()) == {
        "share": 1.0,
        "price": "1.50",
        "word": "a",
        "raw": "data:;base64,/w==",
        "page": 1,
        "item": {"sku": "a", "quantity": 1},
    }


def test_a_nan_default_is_omitted_and_no_other_value_is():
    response_format = ResponseFormat(WithoutNumber)
    wire = response_format.dump(WithoutNumber())
    assert wire == {"share": None}
    assert math.isnan(response_format.load(wire).share)
    with pytest.raises(SchemaError):
        response_format.dump(WithoutNumber(share=math.inf))


def test_a_hidden_field_that_differs_from_its_default_is_not_lost_silently():
    with pytest.raises(SchemaError, match='"b"'):
        ResponseFormat(Hidden).dump(Hidden(b=4))


def test_a_value_is_not_written_as_what_its_validator_does_not_declare_to_read():
    response_format = ResponseFormat(OnlyFromText)
    assert response_format.load({"tags": "a,b"}).tags == ["a", "b"]
    with pytest.raises(SchemaError, match="json_schema_input_type"):
        response_format.dump(OnlyFromText(tags="a,b"))


def test_a_key_that_is_not_text_is_described_by_its_json_schema():
    pair = ResponseFormat(dict[Auto, Auto]).schema["properties"]["value"]["items"]["properties"]
    assert pair["key"]["type"] == "string"
    assert '"enum": [1, 2]' in pair["key"]["description"]


def test_a_branch_that_is_not_plain_text_in_python_is_boxed_under_its_class_name():
    assert ResponseFormat(pathlib.Path | str).dump(PATH) == {"value": {"Path": "/a"}}


@dataclasses.dataclass
class Measured:
    values: list[int]
    count: int = dataclasses.field(init=False)
    unit: str = dataclasses.field(init=False, default="m")

    def __post_init__(self) -> None:
        self.count = len(self.values)


def test_a_field_that_its_class_sets_is_not_requested():
    response_format = ResponseFormat(Measured)
    assert response_format.load(response_format.dump(Measured([1, 2]))) == Measured([1, 2])
    assert [*response_format.schema["properties"]] == ["values"]
    notes = [str(note) for note in response_format.explain()]
    assert notes == ["unit: dropped: init=False: the class sets it"]  # pydantic omits the field without a default


def test_a_type_adapter_is_the_type_it_adapts(check_round_trip):
    check_round_trip(TypeAdapter(list[int]), [1, 2])
    response_format = ResponseFormat(TypeAdapter(Measured))
    assert response_format.name == "measured"
    assert response_format.output_type is Measured
    assert list_format(TypeAdapter(Measured)).output_type == list[Measured]


class Branch(BaseModel):
    children: list["Branch"] = []


Fork = TypeAliasType("Fork", Branch)
Forks = TypeAliasType("Forks", Fork)


@pytest.mark.parametrize(
    ("output_type", "value"),
    [
        (Fork, Branch()),
        (list[Forks], [Branch()]),
        (deque[list[Fork]], deque([[Branch()]])),
        (dict[str, Annotated[Fork, Field(description="A fork.")]], {"a": Branch()}),
        (Fork | None, None),
        (tuple[Fork, Sequence[Fork]], (Branch(), [Branch()])),
        (Json[Fork], Branch(children=[Branch()])),
    ],
    ids=str,
)
def test_an_alias_of_a_recursive_model_may_be_used_in_any_number_of_types(output_type, value, check_round_trip):
    for _ in range(2):
        check_round_trip(output_type, value)
