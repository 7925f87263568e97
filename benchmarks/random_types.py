"""Random types that pydantic validates, each with random values of it."""

import datetime as dt
import enum
import ipaddress
import math
import pathlib
import re
import string
import uuid
import zoneinfo
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping, MutableSequence, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Annotated, Any, Generic, Literal, NamedTuple, Optional, TypeVar, Union

from pydantic import (
    AfterValidator,
    AnyUrl,
    AwareDatetime,
    Base64Bytes,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Discriminator,
    Field,
    IPvAnyAddress,
    Json,
    JsonValue,
    NaiveDatetime,
    PlainSerializer,
    PlainValidator,
    RootModel,
    Secret,
    SecretBytes,
    SecretStr,
    StringConstraints,
    Tag,
    TypeAdapter,
    WrapSerializer,
    WrapValidator,
    create_model,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import NotRequired, TypeAliasType, TypedDict

T = TypeVar("T")
UTC = dt.timezone.utc


@dataclass(frozen=True)
class RandomType:
    """A type, a function that makes one of its values, and the type as text."""

    type: Any
    make: Callable[[Random], Any]
    text: str
    is_hashable: bool = True


# Scalars

TEXTS = ["", "a", "low", "null", "true", "1", "1.5", "2020-01-02", "P1D", "é\u0000", "x" * 40, "$ref", "{}", '"', "A"]


def a_text(rng: Random) -> str:
    return (
        rng.choice(TEXTS)
        if rng.random() < 0.5
        else "".join(rng.choices(string.printable + "äß中😀", k=rng.randrange(8)))
    )


def an_integer(rng: Random) -> int:
    return rng.choice([0, 1, -1, 2, 10**19, -(2**63), 10**40, rng.randrange(-1000, 1000)])


def a_float(rng: Random) -> float:
    return rng.choice([0.0, 1.0, -2.5, 1e300, 5e-324, 0.1, 1e16, rng.uniform(-100, 100), float(rng.randrange(9))])


def a_float_with_infinities(rng: Random) -> float:
    return rng.choice([math.inf, -math.inf, a_float(rng)])


def some_bytes(rng: Random) -> bytes:
    return rng.choice([b"", b"abc", b"data:;base64,", bytes([255, 0]), rng.randbytes(rng.randrange(6))])


def a_decimal(rng: Random) -> Decimal:
    return Decimal(rng.choice(["0", "-1.50", "1E+30", "0.1", "12345678901234567890.123456789", str(rng.randrange(99))]))


def a_date(rng: Random) -> dt.date:
    return dt.date.fromordinal(rng.randrange(1, dt.date.max.toordinal()))


def a_time(rng: Random) -> dt.time:
    time = dt.time(rng.randrange(24), rng.randrange(60), rng.randrange(60), rng.choice([0, 500_000, 1]))
    return time.replace(
        tzinfo=rng.choice([None, UTC, dt.timezone(dt.timedelta(hours=rng.randrange(-12, 12), minutes=30))])
    )


def a_naive_datetime(rng: Random) -> dt.datetime:
    return dt.datetime.combine(dt.date.fromordinal(rng.randrange(200_000, 900_000)), a_time(rng).replace(tzinfo=None))


def an_aware_datetime(rng: Random) -> dt.datetime:
    return a_naive_datetime(rng).replace(tzinfo=rng.choice([UTC, dt.timezone(dt.timedelta(hours=-5, minutes=30))]))


def a_datetime(rng: Random) -> dt.datetime:
    return rng.choice([a_naive_datetime, an_aware_datetime])(rng)


def a_duration(rng: Random) -> dt.timedelta:
    seconds = rng.choice([0, 1, -1, 86_400, rng.randrange(-(10**8), 10**8)])
    return dt.timedelta(days=rng.choice([0, 0, 3, -700]), seconds=seconds, microseconds=rng.choice([0, 1, 999_999]))


def a_json_value(rng: Random, depth: int = 2) -> Any:
    kind = rng.randrange(7 if depth else 5)
    if kind == 5:
        return [a_json_value(rng, depth - 1) for _ in range(rng.randrange(3))]
    if kind == 6:
        keys = ["list", "dict", "key", "value", "", "$ref", a_text(rng)]
        return {rng.choice(keys): a_json_value(rng, depth - 1) for _ in range(rng.randrange(3))}
    return [None, rng.random() < 0.5, an_integer(rng), a_float(rng), a_text(rng)][kind]


class Color(enum.Enum):
    RED = "red"
    LOW = "low"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Mixed(enum.Enum):
    ONE = 1
    TEXT = "text"
    HALF = 0.5
    NOTHING = None
    YES = True


class Structures(enum.Enum):
    PAIR = (1, 2)
    LIST = [1]  # noqa: RUF012 (an unhashable value is what is tested)
    DAY = dt.date(2020, 1, 2)


class Word(enum.StrEnum):
    LOW = "low"
    DAY = "2020-01-02"


class Access(enum.IntFlag):
    READ = 1
    WRITE = 2


MEMBERS = [*Color, *Level, *Mixed, *Structures, *Word]


def simple(name: str, cls: Any, make: Callable[[Random], Any], *, is_hashable: bool = True) -> RandomType:
    return RandomType(cls, make, name, is_hashable)


SCALARS = [
    simple("str", str, a_text),
    simple("int", int, an_integer),
    simple("float", float, a_float),
    simple("float or infinite", float, a_float_with_infinities),
    simple("bool", bool, lambda rng: rng.random() < 0.5),
    simple("None", type(None), lambda _: None),
    simple("bytes", bytes, some_bytes),
    simple("Decimal", Decimal, a_decimal),
    simple("Fraction", Fraction, lambda rng: Fraction(rng.randrange(-9, 9), rng.randrange(1, 9))),
    simple("complex", complex, lambda rng: complex(rng.randrange(9), rng.randrange(-9, 9))),
    simple("date", dt.date, a_date),
    simple("datetime", dt.datetime, a_datetime),
    simple("AwareDatetime", AwareDatetime, an_aware_datetime),
    simple("NaiveDatetime", NaiveDatetime, a_naive_datetime),
    simple("time", dt.time, a_time),
    simple("timedelta", dt.timedelta, a_duration),
    simple("UUID", uuid.UUID, lambda rng: uuid.UUID(int=rng.getrandbits(128))),
    *(
        simple(cls.__name__, cls, lambda rng, cls=cls: rng.choice([*cls]))
        for cls in (Color, Level, Mixed, Structures, Word)
    ),
    simple("IntFlag", Access, lambda rng: Access(rng.randrange(4))),
    simple("SecretStr", SecretStr, lambda rng: SecretStr(a_text(rng).strip())),
    simple("SecretBytes", SecretBytes, lambda rng: SecretBytes(some_bytes(rng))),
    simple("AnyUrl", AnyUrl, lambda rng: AnyUrl(f"https://x.org/{rng.randrange(99)}?q={rng.randrange(9)}")),
    simple("IPv4Address", ipaddress.IPv4Address, lambda rng: ipaddress.IPv4Address(rng.getrandbits(32))),
    simple("IPvAnyAddress", IPvAnyAddress, lambda rng: ipaddress.ip_address(rng.getrandbits(128))),
    simple("Path", pathlib.Path, lambda rng: pathlib.Path(rng.choice(["a/b", "/", ".", "ä b"]))),
    simple("ByteSize", ByteSize, lambda rng: ByteSize(rng.randrange(10**12))),
    simple("Base64Bytes", Base64Bytes, lambda rng: rng.randbytes(rng.randrange(6))),
    simple("Pattern", re.Pattern, lambda rng: re.compile(rng.choice(["a+", "", "^(x|y)$"]))),
    simple("ZoneInfo", zoneinfo.ZoneInfo, lambda rng: zoneinfo.ZoneInfo(rng.choice(["UTC", "Europe/Berlin"]))),
    simple("IPv6Network", ipaddress.IPv6Network, lambda rng: ipaddress.IPv6Network((rng.getrandbits(126) << 2, 126))),
    simple("Secret date", Secret[dt.date], lambda rng: Secret[dt.date](a_date(rng)), is_hashable=False),
    simple("bare list", list, lambda rng: some_values(rng, a_json_value), is_hashable=False),
    simple("bare dict", dict, lambda rng: {a_text(rng): a_json_value(rng) for _ in range(3)}, is_hashable=False),
    simple("Any", Any, a_json_value, is_hashable=False),
    simple("JsonValue", JsonValue, a_json_value, is_hashable=False),
]


def literal(rng: Random) -> RandomType:
    constants = rng.sample(
        ["low", "1", "x", 1, 2, True, None, b"b", -5, *MEMBERS, "null", "2020-01-02"], rng.randrange(1, 4)
    )
    return RandomType(Literal[tuple(constants)], lambda rng: rng.choice(constants), f"Literal{constants}")


def constrained(rng: Random) -> RandomType:
    low = rng.randrange(-5, 5)
    size = rng.randrange(1, 6)
    return rng.choice(
        [
            RandomType(
                Annotated[int, Field(ge=low, lt=low + 9)], lambda rng: rng.randrange(low, low + 9), f"int>={low}"
            ),
            RandomType(Annotated[int, Field(strict=True, gt=0)], lambda rng: rng.randrange(1, 99), "strict int"),
            RandomType(Annotated[float, Field(multiple_of=0.5)], lambda rng: rng.randrange(99) / 2, "float%.5"),
            RandomType(Annotated[float, Field(allow_inf_nan=False)], a_float, "finite float"),
            RandomType(Annotated[str, Field(min_length=size)], lambda rng: "é" * size + a_text(rng), f"str>={size}"),
            RandomType(Annotated[str, Field(max_length=size)], lambda rng: a_text(rng)[:size], f"str<={size}"),
            RandomType(
                Annotated[str, Field(pattern="^[a-c]+$")], lambda rng: "".join(rng.choices("abc", k=size)), "str[a-c]"
            ),
            RandomType(
                Annotated[str, StringConstraints(to_upper=True)], lambda rng: rng.choice(["", "AB", "1"]), "upper"
            ),
            RandomType(
                Annotated[Decimal, Field(max_digits=4, decimal_places=2)],
                lambda rng: Decimal(rng.randrange(9999)) / 100,
                "Decimal(4,2)",
            ),
            RandomType(
                Annotated[dt.date, Field(ge=dt.date(2000, 1, 1))],
                lambda rng: dt.date(2000 + rng.randrange(99), 3, 4),
                "date>=2000",
            ),
            RandomType(
                Annotated[dt.timedelta, Field(ge=dt.timedelta(0))], lambda rng: abs(a_duration(rng)), "timedelta>=0"
            ),
            RandomType(Annotated[bytes, Field(max_length=size)], lambda rng: some_bytes(rng)[:size], f"bytes<={size}"),
        ]
    )


# Serializers and validators


def split_text(value: Any) -> Any:
    return [int(part) for part in value.split(",") if part] if isinstance(value, str) else value


def join_numbers(value: Any) -> str:
    return ",".join(map(str, value))


def parse_number(value: Any) -> int:
    if not isinstance(value, int | str) or isinstance(value, bool):
        raise ValueError("expected a number, or n and a number")  # noqa: TRY004 (pydantic passes others on)
    return int(value.removeprefix("n")) if isinstance(value, str) else value


def some_numbers(rng: Random) -> list[int]:
    return [rng.randrange(99) for _ in range(rng.randrange(4))]


FUNCTIONS = [
    RandomType(Annotated[int, AfterValidator(abs)], lambda rng: abs(an_integer(rng)), "int after abs"),
    RandomType(Annotated[str, AfterValidator(str.strip)], lambda rng: a_text(rng).strip(), "str after strip"),
    RandomType(Annotated[float, PlainSerializer(lambda value: f"{value:.1f} m")], a_float, "float formatted"),
    RandomType(Annotated[dt.date, PlainSerializer(lambda value: value.strftime("%d/%m/%Y"))], a_date, "date formatted"),
    RandomType(Annotated[dt.datetime, PlainSerializer(lambda value: value.timestamp())], an_aware_datetime, "stamp"),
    RandomType(Annotated[str, WrapSerializer(lambda value, write: write(value)[:2])], a_text, "str cut"),
    RandomType(
        Annotated[int, BeforeValidator(parse_number), PlainSerializer(lambda value: f"n{value}", return_type=str)],
        an_integer,
        "int before n, serialized n",
    ),
    RandomType(
        Annotated[
            int,
            PlainSerializer(lambda value: f"n{value}", return_type=str),
            BeforeValidator(parse_number, json_schema_input_type=str),
        ],
        an_integer,
        "int serialized n, before n",
    ),
    RandomType(
        Annotated[
            list[int],
            BeforeValidator(split_text, json_schema_input_type=str),
            PlainSerializer(join_numbers, return_type=str),
        ],
        some_numbers,
        "list from text",
        is_hashable=False,
    ),
    RandomType(
        Annotated[
            list[int],
            PlainSerializer(join_numbers, return_type=str),
            BeforeValidator(split_text, json_schema_input_type=str),
        ],
        some_numbers,
        "list serialized, from text",
        is_hashable=False,
    ),
    RandomType(
        Annotated[list[int], BeforeValidator(split_text, json_schema_input_type=str | list[int])],
        some_numbers,
        "list from text or list",
        is_hashable=False,
    ),
    RandomType(Annotated[int, WrapValidator(lambda value, read: read(value))], an_integer, "int wrapped"),
    RandomType(
        Annotated[int, PlainValidator(parse_number, json_schema_input_type=int | str)],
        an_integer,
        "int plain",
    ),
]


# Containers


def some_values(rng: Random, make: Callable[[Random], Any]) -> list[Any]:
    return [make(rng) for _ in range(rng.randrange(4))]


def container(rng: Random, depth: int) -> RandomType:
    item = random_type(rng, depth - 1)
    name, of, build = rng.choice(
        [
            ("list", list, list),
            ("Sequence", Sequence, list),
            ("MutableSequence", MutableSequence, list),
            ("deque", deque, deque),
            ("tuple", lambda each: tuple[each, ...], tuple),
        ]
    )
    as_type = (lambda each: of[each]) if isinstance(of, type) else of
    is_hashable = name == "tuple" and item.is_hashable
    return RandomType(
        as_type(item.type), lambda rng: build(some_values(rng, item.make)), f"{name}[{item.text}]", is_hashable
    )


def unique(rng: Random, make: Callable[[Random], Any]) -> list[Any]:
    """Return values that all differ, without those that Python takes for equal although their types differ."""
    return [*dict.fromkeys(some_values(rng, make))]


def set_type(rng: Random, depth: int) -> RandomType:
    item = hashable_type(rng, depth - 1)
    name, of, build = rng.choice(
        [
            ("set", set, set),
            ("frozenset", frozenset, frozenset),
            ("AbstractSet", AbstractSet, frozenset),
        ]
    )
    text = f"{name}[{item.text}]"
    return RandomType(of[item.type], lambda rng: build(unique(rng, item.make)), text, name == "frozenset")


def map_type(rng: Random, depth: int) -> RandomType:
    key, item = hashable_type(rng, depth - 1), random_type(rng, depth - 1)
    name, of, build = rng.choice(
        [
            ("dict", dict, dict),
            ("Mapping", Mapping, dict),
            ("OrderedDict", OrderedDict, OrderedDict),
            ("defaultdict", defaultdict, lambda pairs: defaultdict(None, pairs)),
        ]
    )
    if name == "defaultdict":
        item = rng.choice([SCALARS[0], SCALARS[1]])
        build = lambda pairs, factory=item.type: defaultdict(factory, pairs)  # noqa: E731

    def make(rng: Random) -> Any:
        return build({key.make(rng): item.make(rng) for _ in range(rng.randrange(4))})

    return RandomType(of[key.type, item.type], make, f"{name}[{key.text}, {item.text}]", is_hashable=False)


def tuple_type(rng: Random, depth: int) -> RandomType:
    items = some_types(rng, depth, 0)
    text = f"tuple[{', '.join(item.text for item in items)}]"
    cls = tuple[tuple(item.type for item in items)] if items else tuple[()]
    return RandomType(cls, lambda rng: tuple(item.make(rng) for item in items), text, all(i.is_hashable for i in items))


def json_text(rng: Random, depth: int) -> RandomType:
    item = random_type(rng, depth - 1)
    return RandomType(Json[item.type], item.make, f"Json[{item.text}]", item.is_hashable)


def optional(rng: Random, depth: int) -> RandomType:
    item = random_type(rng, depth - 1)
    make = lambda rng: None if rng.random() < 0.3 else item.make(rng)  # noqa: E731
    return RandomType(Optional[item.type], make, f"{item.text} | None", item.is_hashable)


def union(rng: Random, depth: int) -> RandomType:
    branches = some_types(rng, depth, 2)
    text = " | ".join(branch.text for branch in branches)
    if "ZoneInfo" in text and "uple" in text:
        raise ValueError("ZoneInfo((1, 'x')) is 'x' in CPython")
    cls = Union[tuple(branch.type for branch in branches)]

    def make(rng: Random) -> Any:
        value = rng.choice(branches).make(rng)
        if value is Mixed.NOTHING:
            raise ValueError("pydantic's int reads it as None")
        return value

    return RandomType(cls, make, f"({text})", all(b.is_hashable for b in branches))


# Structures

NAMES = ["a", "b", "value", "key", "kind", "item_0", "nothing", "name", "é", "list", "schema_", "id"]
CONFIGS: list[dict[str, Any]] = [
    {},
    {},
    {},
    {"extra": "forbid"},
    {"str_strip_whitespace": True},
    {"ser_json_inf_nan": "strings"},
    {"ser_json_timedelta": "float"},
    {"use_enum_values": True},
    {"val_json_bytes": "base64", "ser_json_bytes": "base64"},
    {"ser_json_bytes": "hex", "val_json_bytes": "hex"},
    {"coerce_numbers_to_str": True},
    {"strict": True},
    {"populate_by_name": True},
    {"validate_default": True},
    {"alias_generator": str.upper},
]


@dataclass(frozen=True)
class RandomField:
    """A field of a structure; it may be absent where `default` is not empty."""

    name: str
    of: RandomType
    default: tuple[Any, ...] = ()

    @property
    def text(self) -> str:
        return f"{self.name}: {self.of.text}" + (f" = {self.default[0]!r}" if self.default else "")


def some_fields(rng: Random, depth: int, *, names: Sequence[str] = NAMES, defaults: bool = True) -> list[RandomField]:
    fields = [RandomField(name, random_type(rng, depth - 1)) for name in rng.sample(names, rng.randrange(4))]
    fields = [
        RandomField(each.name, each.of, (each.of.make(rng),)) if defaults and rng.random() < 0.3 else each
        for each in fields
    ]
    return sorted(fields, key=lambda each: bool(each.default))


def make_values(fields: list[RandomField], rng: Random) -> dict[str, Any]:
    return {each.name: each.of.make(rng) for each in fields if not (each.default and rng.random() < 0.5)}


def fields_text(kind: str, fields: list[RandomField]) -> str:
    return f"{kind}({', '.join(each.text for each in fields)})"


def field_definition(field: RandomField, rng: Random) -> tuple[Any, Any]:
    """Return a field as `create_model` wants it: with an alias or an exclusion now and then."""
    options = rng.choice([{}, {}, {}, {"alias": f"{field.name}-x"}, {"exclude": True}, {"description": "Some text"}])
    if not field.default:
        return field.of.type, Field(**options)
    if rng.random() < 0.5:
        return field.of.type, Field(default_factory=lambda: field.default[0], **options)
    return field.of.type, Field(field.default[0], **options)


def model(rng: Random, depth: int) -> RandomType:
    config = rng.choice(CONFIGS)
    fields = _configured_fields(rng, depth, config)
    number = rng.randrange(10**6)
    base = create_model(f"Base{number}", __config__=ConfigDict(**config, defer_build=True))
    definitions: Any = {each.name: field_definition(each, rng) for each in fields}
    cls = create_model(f"Model{number}", __base__=base, **definitions)
    aliases = {name: field.alias or name for name, field in cls.model_fields.items()}

    def make(rng: Random) -> Any:
        return cls(**{aliases[name]: value for name, value in make_values(fields, rng).items()})

    return RandomType(cls, make, fields_text(f"Model{number}{config or ''}", fields), is_hashable=False)


def _configured_fields(rng: Random, depth: int, config: dict[str, Any]) -> list[RandomField]:
    """Return fields; with `use_enum_values`, pydantic leaves members in defaults and in instances of dataclasses."""
    if "use_enum_values" not in config:
        return some_fields(rng, depth)
    return [each for each in some_fields(rng, depth, defaults=False) if "Data" not in each.of.text]


def data_class(rng: Random, depth: int) -> RandomType:
    decorate = rng.choice([dataclass, pydantic_dataclass])
    config = rng.choice(CONFIGS) if decorate is pydantic_dataclass else {}
    config = {} if "alias_generator" in config else config
    fields = [each for each in _configured_fields(rng, depth, config) if _is_plain_default(each)]
    number = rng.randrange(10**6)
    options: dict[str, Any] = rng.choice([{}, {"kw_only": True}, {"slots": True}, {"frozen": True}])
    options = {**options, "config": config} if config else options
    namespace: dict[str, Any] = {"__annotations__": {each.name: each.of.type for each in fields}}
    namespace |= {each.name: each.default[0] for each in fields if each.default}
    cls: Any = decorate(**options)(type(f"Data{number}", (), namespace))
    text = fields_text(f"{decorate.__module__}.Data{number}{options or ''}", fields)
    adapter = TypeAdapter(cls)  # a class of the standard library does not validate its values

    def make(rng: Random) -> Any:
        return adapter.validate_python(make_values(fields, rng))

    return RandomType(cls, make, text, is_hashable=False)


def _is_plain_default(field: RandomField) -> bool:
    return not field.default or field.default[0].__class__.__hash__ is not None


def typed_dict(rng: Random, depth: int) -> RandomType:
    fields = some_fields(rng, depth)
    number = rng.randrange(10**6)
    annotations = {each.name: NotRequired[each.of.type] if each.default else each.of.type for each in fields}
    cls: Any = TypedDict(f"Dict{number}", annotations)  # type: ignore[operator]
    return RandomType(
        cls, lambda rng: make_values(fields, rng), fields_text(f"Dict{number}", fields), is_hashable=False
    )


def named_tuple(rng: Random, depth: int) -> RandomType:
    fields = some_fields(rng, depth, names=["a", "b", "value", "key"])
    number = rng.randrange(10**6)
    cls: Any = NamedTuple(f"Tuple{number}", [(each.name, each.of.type) for each in fields])
    make = lambda rng: cls(*(each.of.make(rng) for each in fields))  # noqa: E731
    is_hashable = all(each.of.is_hashable for each in fields)
    return RandomType(cls, make, fields_text(f"Tuple{number}", fields), is_hashable)


def root_model(rng: Random, depth: int) -> RandomType:
    item = random_type(rng, depth - 1)
    cls = RootModel[item.type]
    return RandomType(cls, lambda rng: cls(item.make(rng)), f"RootModel[{item.text}]", is_hashable=False)


class Page(BaseModel, Generic[T]):
    """A generic model."""

    item: T
    items: list[T] = []


def generic(rng: Random, depth: int) -> RandomType:
    item = random_type(rng, depth - 1)
    cls = Page[item.type]
    return RandomType(
        cls,
        lambda rng: cls(item=item.make(rng), items=some_values(rng, item.make)),
        f"Page[{item.text}]",
        is_hashable=False,
    )


def alias(rng: Random, depth: int) -> RandomType:
    item = random_type(rng, depth - 1)
    name = f"Alias{rng.randrange(10**6)}"
    return RandomType(TypeAliasType(name, item.type), item.make, f"{name}={item.text}", item.is_hashable)


class Node(BaseModel):
    """A model that contains itself."""

    name: str
    children: list["Node"] = []
    other: Union["Node", int, None] = None


Tree = TypeAliasType("Tree", "list[Tree] | dict[str, Tree] | int")


def a_node(rng: Random, depth: int = 2) -> Node:
    children = [a_node(rng, depth - 1) for _ in range(rng.randrange(3) if depth else 0)]
    return Node(name=a_text(rng), children=children, other=rng.choice([None, 1, *children]))


def a_tree(rng: Random, depth: int = 3) -> Any:
    kind = rng.randrange(3) if depth else 0
    if kind == 1:
        return [a_tree(rng, depth - 1) for _ in range(rng.randrange(3))]
    return {a_text(rng): a_tree(rng, depth - 1) for _ in range(rng.randrange(3))} if kind else an_integer(rng)


RECURSIVE = [
    RandomType(Node, a_node, "Node", is_hashable=False),
    RandomType(Tree, a_tree, "Tree", is_hashable=False),
]


def discriminated(rng: Random, depth: int) -> RandomType:
    tags = rng.sample(["low", "b", 1, 2, None, Color.RED, Word.LOW, Structures.LIST, Level.HIGH], rng.randrange(2, 4))
    branches = [_tagged_model(rng, depth, tag) for tag in tags]
    cls = Annotated[Union[tuple(branch.type for branch in branches)], Field(discriminator="kind_")]
    text = f"discriminated({' | '.join(branch.text for branch in branches)})"
    return RandomType(cls, lambda rng: rng.choice(branches).make(rng), text, is_hashable=False)


def _tagged_model(rng: Random, depth: int, tag: Any) -> RandomType:
    inner = random_type(rng, depth - 1)
    default: Any = tag if rng.random() < 0.3 else ...
    cls = create_model(f"Tagged{rng.randrange(10**6)}", inner=(inner.type, ...), kind_=(Literal[tag], default))
    return RandomType(
        cls, lambda rng: cls(inner=inner.make(rng), kind_=tag), f"Tagged({tag!r}, {inner.text})", is_hashable=False
    )


def by_function(rng: Random, depth: int) -> RandomType:
    """A union whose branch is chosen by a function of the caller's."""
    item = random_type(rng, depth - 1)
    choices = Union[Annotated[list[item.type], Tag("list")], Annotated[dict[str, item.type], Tag("dict")]]
    cls = Annotated[choices, Discriminator(lambda value: "list" if isinstance(value, list) else "dict")]
    make = lambda rng: some_values(rng, item.make) if rng.random() < 0.5 else {"a": item.make(rng)}  # noqa: E731
    return RandomType(cls, make, f"by function({item.text})", is_hashable=False)


MAKERS: list[Callable[[Random, int], RandomType]] = [
    container,
    container,
    set_type,
    map_type,
    map_type,
    tuple_type,
    json_text,
    optional,
    union,
    union,
    union,
    union,
    model,
    model,
    model,
    data_class,
    typed_dict,
    typed_dict,
    named_tuple,
    root_model,
    generic,
    alias,
    discriminated,
    by_function,
]


def some_types(rng: Random, depth: int, minimum: int) -> list[RandomType]:
    return [random_type(rng, depth - 1) for _ in range(rng.randrange(minimum, 4))]


def leaf(rng: Random) -> RandomType:
    chance = rng.random()
    if chance < 0.6:
        return rng.choice(SCALARS)
    return literal(rng) if chance < 0.7 else constrained(rng) if chance < 0.85 else rng.choice([*FUNCTIONS, *RECURSIVE])


def random_type(rng: Random, depth: int = 3) -> RandomType:
    """Return a random type, nested at most *depth* levels."""
    return leaf(rng) if depth <= 0 or rng.random() < 0.3 else rng.choice(MAKERS)(rng, depth)


def hashable_type(rng: Random, depth: int) -> RandomType:
    """Return a random type whose values can be keys."""
    return next(each for each in iter(lambda: random_type(rng, depth), None) if each.is_hashable)
