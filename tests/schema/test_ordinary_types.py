"""Ordinary Python types: a strict schema for each, and a lossless conversion of values to the wire and back."""

# ruff: noqa: DTZ001, PYI061 (naive datetimes and None among literals are what is tested)

import dataclasses
import datetime as dt
import enum
import hashlib
import ipaddress
import json
import pathlib
import re
import uuid
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Annotated, Any, Generic, Literal, NamedTuple, Optional, TypeVar, Union

import pytest
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    AnyUrl,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Json,
    JsonValue,
    NaiveDatetime,
    PlainSerializer,
    PrivateAttr,
    RootModel,
    SecretBytes,
    SecretStr,
    Tag,
    WithJsonSchema,
    computed_field,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import NotRequired, TypeAliasType, TypedDict

from structkit import ResponseFormat
from structkit.errors import InvalidOutput, SchemaError

UTC = dt.timezone.utc
T = TypeVar("T")
STRING, INTEGER, NULL = {"type": "string"}, {"type": "integer"}, {"type": "null"}


class Step(BaseModel):
    explanation: str
    output: str


class MathReasoning(BaseModel):
    steps: list[Step]
    final_answer: str


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Shade(enum.Enum):
    """CRIMSON is another name of RED."""

    RED = "red"
    CRIMSON = "red"  # noqa: PIE796 (the point)


class Mixed(enum.Enum):
    NUMBER = 2
    TEXT = "two"
    PART = 2.5
    NOTHING = None


class Pair(enum.Enum):
    FIRST = (1, 2)
    SECOND = (3, 4)


class Apple(BaseModel):
    name: str
    seeds: int


class Pear(BaseModel):
    name: str
    soft: bool


class Quince(BaseModel):
    """The same fields as an apple."""

    name: str
    seeds: int


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int


class Dog(BaseModel):
    bark: str
    kind: Literal["dog"]


class Warm(BaseModel):
    color: Literal[Color.RED]
    degrees: int


class Cold(BaseModel):
    color: Literal[Color.BLUE]
    degrees: str


class First(BaseModel):
    kind: Literal["x"]
    sub: Literal["1"]
    value: int


class Second(BaseModel):
    kind: Literal["x"]
    sub: Literal["2"]
    value: str


class Third(BaseModel):
    kind: Literal["y", "z"]
    value: str


class OnlyA(BaseModel):
    a: int | None = None


class OnlyB(BaseModel):
    b: int | None = None


class Parent(BaseModel):
    a: int


class Child(Parent):
    b: int = 0


class Grandchild(Child):
    c: str | None = None


class Defaults(BaseModel):
    count: int = 3
    tags: list[int] = Field(default_factory=list)
    limit: int | None = 5
    note: str | None = None
    required: str | None


class OptionalMap(BaseModel):
    counts: dict[str, int] = {}


class OddDefaults(BaseModel):
    raw: bytes = b"x"
    at: dt.datetime = dt.datetime(2024, 1, 1)
    price: Decimal = Decimal("1.50")
    numbers: set[int] = {1}
    path: pathlib.PurePosixPath = pathlib.PurePosixPath("/a")
    color: Color = Color.RED
    pet: Cat | Dog = Cat(lives=9)
    fruit: Apple | None = Apple(name="a", seeds=1)


class Nullables(BaseModel):
    several: int | str | None = "q"
    items: list[int | None] | None = [1]
    nothing: None = None
    choice: Literal["a"] | None = "a"
    flag: bool | None = True
    anything: Any = 3


class Bounded(BaseModel):
    age: int = Field(ge=1, le=150)
    code: str = Field(min_length=1, max_length=3)
    share: float = Field(gt=0, lt=1, multiple_of=0.25)
    parts: list[int] = Field(min_length=1, max_length=3)
    price: Decimal = Field(max_digits=4, decimal_places=2)
    word: str = Field(pattern="^[a-z]+$")
    essay: str = Field(max_length=5000)


class Described(BaseModel):
    """A basket."""

    size: int = Field(description="How many.", examples=[1, 2])
    first: Apple = Field(description="The first.")
    other: Apple


class Docstrings(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    size: int
    """How many."""


class Aliased(BaseModel):
    user_name: str = Field(alias="userName")
    count: int = Field(1, alias="$count")


class Camel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    first_name: str
    last_name: str | None = None


class Swapped(BaseModel):
    a: int = Field(alias="b")
    b: int = Field(alias="a")


class SplitAlias(BaseModel):
    a: int = Field(validation_alias="came_as", serialization_alias="goes_as")


class ChoiceAlias(BaseModel):
    a: int = Field(validation_alias=AliasChoices("x", "y"))


class PathAlias(BaseModel):
    city: str = Field(validation_alias=AliasPath("address", "city"))


class OddNames(BaseModel):
    class_: str = Field(alias="class")
    ref: str = Field(alias="$ref")
    defs: int = Field(alias="$defs")
    größe: int  # noqa: PLC2401 (the point)
    type: str
    properties: dict[str, str]
    required: list[str]
    value: int
    key: str


class Empty(BaseModel):
    pass


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")

    a: int | None = None


class OpenNumbers(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, int]

    additional_properties: str


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    a: int = 1


class Excluding(BaseModel):
    a: int
    hidden: int = Field(5, exclude=True)


class Private(BaseModel):
    a: int
    _cache: int = PrivateAttr(3)


class Computing(BaseModel):
    a: int

    @computed_field
    @property
    def doubled(self) -> int:
        return 2 * self.a


class Validating(BaseModel):
    a: str

    @field_validator("a")
    @classmethod
    def is_not_bad(cls, value: str) -> str:
        if value == "bad":
            raise ValueError("never bad")
        return value

    @model_validator(mode="after")
    def is_not_worse(self) -> "Validating":
        if self.a == "worse":
            raise ValueError("never worse")
        return self


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)

    day: dt.date
    at: dt.datetime
    id: uuid.UUID
    pair: tuple[int, str]
    numbers: set[int]
    color: Color
    raw: bytes
    price: Decimal


class Shouting(BaseModel):
    a: Annotated[int, PlainSerializer(lambda value: f"{value}!", return_type=str)]


class GermanDate(BaseModel):
    day: dt.date

    @field_serializer("day")
    def in_german(self, value: dt.date) -> str:
        return value.strftime("%d.%m.%Y")


class Renaming(BaseModel):
    a: int

    @model_serializer
    def in_capitals(self) -> dict[str, int]:
        return {"A": self.a}


class SecondsAsFloat(BaseModel):
    model_config = ConfigDict(ser_json_timedelta="float")

    wait: dt.timedelta


class Base64(BaseModel):
    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    raw: bytes


class HexBytes(BaseModel):
    """Written in another form than it is read, by the caller's settings."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="hex")

    raw: bytes


class FrozenPoint(BaseModel):
    model_config = ConfigDict(frozen=True)

    x: int


class Numbers(RootModel[list[int]]):
    pass


class Tree(BaseModel):
    name: str
    children: list["Tree"] = []


class Chain(BaseModel):
    value: int
    next: Optional["Chain"] = None


class RequiredChain(BaseModel):
    value: int
    next: Optional["RequiredChain"]


class Husband(BaseModel):
    wife: Optional["Wife"] = None


class Wife(BaseModel):
    husband: Optional["Husband"] = None


class ListOfOptional(BaseModel):
    children: list[Optional["ListOfOptional"]]


class ByName(BaseModel):
    value: int
    parts: dict[str, "ByName"] = {}


class Branch(BaseModel):
    parts: list[Union["Branch", "Leaf"]] = []
    a: int


class Leaf(BaseModel):
    parts: list[Union["Branch", "Leaf"]] = []
    b: int


Branch.model_rebuild()


class Outer:
    class Apple(BaseModel):
        """Another class of the same name."""

        worms: int


class SameNames(BaseModel):
    one: Apple
    other: Outer.Apple


class Box(BaseModel, Generic[T]):
    item: T


class Point(NamedTuple):
    x: int
    label: str


class Place(NamedTuple):
    lat: float
    lon: float


class PointWithDefault(NamedTuple):
    x: int
    label: str = "here"


class Movie(TypedDict):
    title: str
    year: NotRequired[int]


class Partial(TypedDict, total=False):
    a: int
    b: str | None


class RecursiveDict(TypedDict):
    value: int
    next: NotRequired["RecursiveDict"]


@dataclasses.dataclass
class Plain:
    a: int
    tags: list[str] = dataclasses.field(default_factory=list)
    limit: int | None = 7


@pydantic_dataclass
class Validated:
    a: int
    b: str = "x"


@dataclasses.dataclass
class RecursiveDataclass:
    value: int
    next: Optional["RecursiveDataclass"] = None


Nested = TypeAliasType("Nested", "list[Nested] | int")


def fruit(value: Any) -> str:
    name = value["name"] if isinstance(value, dict) else value.name
    return "apple" if name == "a" else "pear"


def closed(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


def boxed(schema: Any) -> dict[str, Any]:
    return closed(value=schema)


def nullable(schema: Any, **more: Any) -> dict[str, Any]:
    return {**schema, "type": [schema["type"], "null"], **more}


def one_of(*branches: Any, **more: Any) -> dict[str, Any]:
    return {"anyOf": [*branches], **more}


def test_the_payload_of_a_contract_is_exactly_as_documented():
    expected = {
        "type": "json_schema",
        "json_schema": {
            "name": "math_reasoning",
            "schema": {
                "type": "object",
                "properties": {
                    "steps": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {"explanation": {"type": "string"}, "output": {"type": "string"}},
                            "required": ["explanation", "output"],
                            "additionalProperties": False,
                        },
                    },
                    "final_answer": {"type": "string"},
                },
                "required": ["steps", "final_answer"],
                "additionalProperties": False,
            },
            "strict": True,
        },
    }
    assert json.dumps(ResponseFormat(MathReasoning).payload) == json.dumps(expected)


FRUIT = closed(name=STRING, seeds=INTEGER)
PAIR_OF_STRING_AND_INTEGER = closed(key=STRING, value=INTEGER)
TREE = closed(
    name=STRING,
    children={"type": "array", "items": {"$ref": "#"}},
)
JSON_VALUE = {"$ref": "#/$defs/json_value"}


@pytest.mark.parametrize(
    ("output_type", "schema"),
    [
        pytest.param(str, boxed(STRING), id="root primitive in a box"),
        pytest.param(list[int], boxed({"type": "array", "items": INTEGER}), id="root list in a box"),
        pytest.param(Optional[int], boxed(nullable(INTEGER)), id="root optional in a box"),
        pytest.param(
            Defaults,
            closed(
                count=nullable(INTEGER, description="Null for the default, 3."),
                tags={"type": "array", "items": INTEGER},
                limit=one_of(boxed(nullable(INTEGER)), NULL, description="Null for the default, 5."),
                note=nullable(STRING),
                required=nullable(STRING),
            ),
            id="defaults as null, or as an empty list",
        ),
        pytest.param(Color, boxed({"type": "string", "enum": ["red", "blue"]}), id="enum"),
        pytest.param(
            Literal["a", "b", 1, None],
            boxed(one_of({"type": "string", "enum": ["a", "b"]}, {"type": "integer", "const": 1}, NULL)),
            id="literal of several types",
        ),
        pytest.param(dt.date, boxed({"type": "string", "format": "date"}), id="date"),
        pytest.param(
            dt.datetime,
            boxed({"type": "string", "description": "ISO 8601 date and time."}),
            id="datetime without a format that requires an offset",
        ),
        pytest.param(uuid.UUID, boxed({"type": "string", "format": "uuid"}), id="uuid"),
        pytest.param(
            Decimal,
            boxed(
                {
                    "type": "string",
                    "pattern": r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$",
                    "description": "A decimal number.",
                }
            ),
            id="decimal as text without lookaround",
        ),
        pytest.param(
            Described,
            {
                "type": "object",
                "properties": {
                    "size": {"type": "integer", "description": "How many. For example 1, 2."},
                    "first": {"anyOf": [{"$ref": "#/$defs/Apple"}], "description": "The first."},
                    "other": {"$ref": "#/$defs/Apple"},
                },
                "required": ["size", "first", "other"],
                "additionalProperties": False,
                "description": "A basket.",
                "$defs": {"Apple": FRUIT},
            },
            id="descriptions, also beside a reference",
        ),
        pytest.param(
            Docstrings, closed(size={"type": "integer", "description": "How many."}), id="attribute docstrings"
        ),
        pytest.param(
            Bounded,
            closed(
                age={"type": "integer", "minimum": 1, "maximum": 150},
                code={"type": "string", "pattern": r"^(.|\n){1,3}$"},
                share={"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "multipleOf": 0.25},
                parts={"type": "array", "items": INTEGER, "minItems": 1, "maxItems": 3},
                price={
                    "type": "string",
                    "pattern": r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$",
                    "description": "A decimal number. At most 4 digits. At most 2 decimal places.",
                },
                word={"type": "string", "pattern": "^[a-z]+$"},
                essay={"type": "string", "description": "At most 5000 characters."},
            ),
            id="bounds sent or described",
        ),
        pytest.param(
            Aliased,
            closed(**{"userName": STRING, "$count": nullable(INTEGER, description="Null for the default, 1.")}),
            id="aliases are the wire names",
        ),
        pytest.param(
            Cat | Dog,
            boxed(
                one_of(
                    closed(kind={"type": "string", "const": "cat"}, lives=INTEGER),
                    closed(kind={"type": "string", "const": "dog"}, bark=STRING),
                )
            ),
            id="the tag comes first",
        ),
        pytest.param(
            Apple | Pear,
            boxed(
                one_of(closed(Apple=FRUIT), closed(Pear=closed(name=STRING, soft={"type": "boolean"}))),
            ),
            id="ambiguous branches boxed by name",
        ),
        pytest.param(
            dict[str, int],
            boxed({"type": "array", "items": PAIR_OF_STRING_AND_INTEGER, "description": "A map: each key once."}),
            id="dict as pairs",
        ),
        pytest.param(
            tuple[int, str],
            boxed({**closed(item_0=INTEGER, item_1=STRING), "description": "A tuple: one item per position."}),
            id="tuple as object",
        ),
        pytest.param(
            tuple[int, int],
            boxed({"type": "array", "items": INTEGER, "minItems": 2, "maxItems": 2}),
            id="tuple of equal types as array",
        ),
        pytest.param(Point, boxed(closed(x=INTEGER, label=STRING)), id="named tuple by its names"),
        pytest.param(
            set[int],
            boxed({"type": "array", "items": INTEGER, "description": "No item twice."}),
            id="set as array",
        ),
        pytest.param(
            OpenNumbers,
            closed(
                additional_properties=STRING,
                other_keys={"type": "array", "items": PAIR_OF_STRING_AND_INTEGER},
            ),
            id="undeclared keys next to a declared property",
        ),
        pytest.param(Tree, TREE, id="recursive root"),
        pytest.param(Empty, closed(nothing=NULL), id="empty object gets a null property"),
        pytest.param(Box[int], closed(item=INTEGER), id="generic"),
        pytest.param(
            Any,
            {
                **boxed(JSON_VALUE),
                "$defs": {
                    "json_value": one_of(
                        STRING,
                        {"type": "number"},
                        {"type": "boolean"},
                        NULL,
                        closed(list={"type": "array", "items": JSON_VALUE}),
                        closed(dict={"type": "array", "items": {"$ref": "#/$defs/json_member"}}),
                    ),
                    "json_member": closed(key=STRING, value=JSON_VALUE),
                },
            },
            id="any as a recursive definition",
        ),
    ],
)
def test_the_strict_schema_of_a_type(output_type, schema, strict_faults):
    assert strict_faults(schema) == []
    assert json.dumps(ResponseFormat(output_type).schema) == json.dumps(schema)


@pytest.mark.parametrize(
    ("output_type", "name"),
    [
        (MathReasoning, "math_reasoning"),
        (Box[int], "box_int"),
        (list[Apple], "list_apple"),
        (Apple | None, "apple_or_none"),
        (Annotated[int, Field(ge=3)], "int"),
        (type("Größe", (BaseModel,), {}), "gr_e_" + hashlib.sha256("größe".encode()).hexdigest()[:6]),
        (type("A" * 100, (BaseModel,), {}), None),
    ],
    ids=["class", "generic", "list", "optional", "annotated", "unicode", "too long"],
)
def test_the_name_has_the_alphabet_and_length_that_endpoints_accept(output_type, name):
    got = ResponseFormat(output_type).payload["json_schema"]["name"]
    assert re.fullmatch("[a-zA-Z0-9_-]{1,64}", got)
    assert name is None or got == name


CASES = {
    "str": (str, "", 'a\n"é\u2028💥', "\x00"),
    "int": (int, 0, -5, 10**30),
    "float": (float, 1.5, 1e300, 5e-324, 0.1 + 0.2, -0.0),
    "bool": (bool, True, False),
    "None": (type(None), None),
    "list": (list[int], [], [1, 2]),
    "list of None": (list[None], [None, None]),
    "list of optional": (list[int | None], [None, 1]),
    "optional": (int | None, None, 3),
    "optional list of optional": (list[int | None] | None, None, [None]),
    "int or str": (int | str, 3, "3"),
    "str or int": (str | int, 3, "3"),
    "int or float": (int | float, 1, 1.5),
    "bool or int or str": (bool | int | str, True, 1, "1"),
    "dict": (dict[str, int], {}, {"a": 1, "": 2, "key": 3}),
    "dict of dicts": (dict[str, dict[str, list[int]]], {"a": {"b": [1]}, "c": {}}),
    "dict of optional": (dict[str, dict[str, int] | None], {"a": None, "b": {"c": 1}}),
    "dict of tuples": (dict[str, tuple[int, str]], {"a": (1, "b")}),
    "dict by int": (dict[int, str], {1: "a", -2: "b"}),
    "dict by float": (dict[float, int], {1.5: 1}),
    "dict by bool": (dict[bool, int], {True: 1, False: 2}),
    "dict by enum": (dict[Color, int], {Color.RED: 1}),
    "dict by literal": (dict[Literal["a", "b"], int], {"a": 1}),
    "dict by uuid": (dict[uuid.UUID, int], {uuid.UUID(int=3): 1}),
    "dict by date": (dict[dt.date, int], {dt.date(2024, 1, 2): 1}),
    "dict by decimal": (dict[Decimal, int], {Decimal("1.50"): 1}),
    "tuple": (tuple[int, str], (1, "a")),
    "tuple of equal types": (tuple[int, int], (1, 2)),
    "tuple of any length": (tuple[int, ...], (), (1, 2, 3)),
    "empty tuple": (tuple[()], ()),
    "tuple in list": (list[tuple[str, int | None]], [("a", None), ("b", 1)]),
    "named tuple": (Point, Point(1, "a")),
    "named tuple with a default": (PointWithDefault, PointWithDefault(1), PointWithDefault(1, "there")),
    "named tuple of equal types": (Place, Place(1.0, 2.0)),
    "set": (set[int], set(), {1, 2}),
    "frozenset": (frozenset[str], frozenset({"a", "b"})),
    "set of tuples": (set[tuple[int, str]], {(1, "a")}),
    "set of sets": (frozenset[frozenset[int]], frozenset({frozenset({1})})),
    "deque": (deque[int], deque([1, 2])),
    "sequence": (Sequence[int], [1, 2]),
    "mapping": (Mapping[str, int], {"a": 1}),
    "ordered dict": (OrderedDict[str, int], OrderedDict(a=1)),
    "any": (Any, 1, "x", None, True, 1.5, [1, {"a": None}], {"a": {"b": []}}, {}, []),
    "any that looks boxed": (
        Any,
        {"list": [1]},
        {"dict": []},
        {"list": 1},
        {"dict": [{"key": "a", "value": 1}]},
        {"value": 1},
    ),
    "json value": (JsonValue, {"a": [1.5, None]}, "x"),
    "object": (object, [1]),
    "bare dict": (dict, {"a": [1]}),
    "bare list": (list, [1, "a", {}]),
    "dict of any": (dict[str, Any], {"a": [{"b": None}], "value": 1}),
    "optional any": (Any | None, None, 1, [None]),
    "int or any": (int | Any, 1, "a", [1]),
    "enum": (Color, Color.RED, Color.BLUE),
    "int enum": (Level, Level.LOW),
    "mixed enum": (Mixed, *Mixed),
    "literal": (Literal["a", "b"], "a", "b"),
    "literal of one": (Literal["a"], "a"),
    "literal of ints": (Literal[1, 2], 1, 2),
    "literal of mixed": (Literal["a", 1, None, True, "1"], "a", 1, None, True, "1"),
    "literal or int": (Literal["a"] | int, "a", 3),
    "typed dict": (Movie, {"title": "a"}, {"title": "a", "year": 1999}),
    "typed dict, nothing required": (Partial, {}, {"a": 1}, {"b": "q"}, {"b": None}),
    "dataclass": (Plain, Plain(1), Plain(1, ["a"], None), Plain(1, [], 3)),
    "pydantic dataclass": (Validated, Validated(1), Validated(1, "z")),
    "discriminated": (
        list[Annotated[Cat | Dog, Discriminator("kind")]],
        [Cat(lives=1), Dog(kind="dog", bark="w"), Cat(lives=2)],
    ),
    "union with constants": (Cat | Dog | None, Cat(lives=1), Dog(kind="dog", bark="w"), None),
    "nested discriminators": (
        Annotated[Annotated[First | Second, Discriminator("sub")] | Third, Discriminator("kind")],
        First(kind="x", sub="1", value=1),
        Second(kind="x", sub="2", value="q"),
        Third(kind="z", value="q"),
    ),
    "discriminator function": (
        Annotated[Annotated[Apple, Tag("apple")] | Annotated[Pear, Tag("pear")], Discriminator(fruit)],
        Apple(name="a", seeds=1),
        Pear(name="p", soft=True),
    ),
    "union of models": (Apple | Pear, Apple(name="a", seeds=1), Pear(name="p", soft=True)),
    "optional union of models": (Apple | Pear | None, None, Pear(name="p", soft=True)),
    "model or lists or dict": (
        Apple | list[Apple] | dict[str, Apple],
        Apple(name="a", seeds=1),
        [Apple(name="a", seeds=1)],
        {"q": Apple(name="a", seeds=1)},
        [],
        {},
    ),
    "union of lists": (list[int] | list[str], [1], ["a"], []),
    "union of lists of models": (
        list[Apple] | list[Pear],
        [Apple(name="a", seeds=1)],
        [Pear(name="p", soft=True)],
    ),
    "union of dicts": (dict[str, int] | dict[str, str], {"a": 1}, {"a": "b"}, {}),
    "union of tuples": (tuple[int, str] | tuple[str, int], (1, "a"), ("a", 1)),
    "model or dict": (Apple | dict[str, int], Apple(name="a", seeds=1), {"a": 1}, {}),
    "model or typed dict": (Apple | Movie, Apple(name="a", seeds=1), {"title": "a"}),
    "model or any": (Apple | Any, Apple(name="a", seeds=1), 3, {"name": "q"}, [{}]),
    "union of text forms": (
        uuid.UUID | dt.date | dt.time,
        uuid.UUID(int=1),
        dt.date(2024, 1, 1),
        dt.time(1, 2),
    ),
    "model with defaults": (
        Defaults,
        Defaults(required=None),
        Defaults(count=1, tags=[2], limit=None, note="n", required="r"),
    ),
    "defaults that are not JSON": (
        OddDefaults,
        OddDefaults(),
        OddDefaults(raw=b"", numbers=set(), color=Color.BLUE, pet=Dog(kind="dog", bark="w"), fruit=None),
    ),
    "absent or null": (
        Nullables,
        Nullables(),
        Nullables(several=None, items=None, choice=None, flag=None, anything=None),
        Nullables(several=3, items=[None], flag=False, anything=[None]),
    ),
    "bounds": (
        Bounded,
        Bounded(age=1, code="ab", share=0.5, parts=[1], price=Decimal("1.50"), word="x", essay=""),
    ),
    "described": (
        Described,
        Described(size=1, first=Apple(name="a", seeds=1), other=Apple(name="b", seeds=2)),
    ),
    "alias": (Aliased, Aliased(userName="a"), Aliased(**{"userName": "a", "$count": 4})),
    "alias generator": (Camel, Camel(first_name="a"), Camel(first_name="a", last_name="b")),
    "swapped aliases": (Swapped, Swapped(a=1, b=2)),
    "odd names": (
        OddNames,
        OddNames(
            **{"class": "a", "$ref": "b", "$defs": 1},
            größe=2,
            type="t",
            properties={"a": "b"},
            required=[],
            value=3,
            key="k",
        ),
    ),
    "empty model": (Empty, Empty()),
    "empty model or none": (Empty | None, Empty(), None),
    "extra allowed": (Open, Open(), Open(q=None), Open(a=1, b=[1], additional_properties={"c": 1})),
    "extra allowed, typed": (OpenNumbers, OpenNumbers(additional_properties="x", foo=2)),
    "extra forbidden": (Closed, Closed(), Closed(a=2)),
    "private attribute": (Private, Private(a=1)),
    "computed field": (Computing, Computing(a=1)),
    "strict model": (
        Strict,
        Strict(
            day=dt.date(2024, 1, 1),
            at=dt.datetime(2024, 1, 1),
            id=uuid.UUID(int=1),
            pair=(1, "a"),
            numbers={1},
            color=Color.RED,
            raw=b"a",
            price=Decimal("1.0"),
        ),
    ),
    "root model": (Numbers, Numbers([1])),
    "recursive model": (Tree, Tree(name="a", children=[Tree(name="b"), Tree(name="c")])),
    "list of recursive": (list[Tree], [Tree(name="a", children=[Tree(name="b")])]),
    "recursive or int": (Tree | int, Tree(name="a"), 3),
    "optional recursive": (Tree | None, None, Tree(name="a")),
    "required recursion": (RequiredChain, RequiredChain(value=1, next=RequiredChain(value=2, next=None))),
    "recursion in a dict": (ByName, ByName(value=1, parts={"a": ByName(value=2)})),
    "recursive union": (Branch, Branch(a=1, parts=[Leaf(b=2, parts=[Branch(a=3)]), Branch(a=4)])),
    "optional items of itself": (ListOfOptional, ListOfOptional(children=[None, ListOfOptional(children=[])])),
    "recursive alias": (Nested, 3, [1, [2, []]]),
    "two classes of one name": (
        SameNames,
        SameNames(one=Apple(name="a", seeds=1), other=Outer.Apple(worms=2)),
    ),
    "union of one name": (Apple | Outer.Apple, Apple(name="a", seeds=1), Outer.Apple(worms=2)),
    "generic": (Box[int], Box[int](item=1)),
    "nested generic": (Box[list[Box[str]]], Box[list[Box[str]]](item=[Box[str](item="a")])),
    "decimal": (
        Decimal,
        Decimal("1.10"),
        Decimal("1E+5"),
        Decimal("1E-30"),
        Decimal("123456789012345678901234567890.123"),
    ),
    "bytes": (bytes, b"", b"abc"),
    "bytes as base64": (Base64, Base64(raw=b"\xff\x00")),
    "datetime, naive": (dt.datetime, dt.datetime(2024, 1, 2, 3, 4, 5, 678901)),
    "datetime, aware": (
        dt.datetime,
        dt.datetime(2024, 1, 2, tzinfo=UTC),
        dt.datetime(2024, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30))),
    ),
    "aware only": (AwareDatetime, dt.datetime(2024, 1, 2, tzinfo=UTC)),
    "naive only": (NaiveDatetime, dt.datetime(2024, 1, 2)),
    "date": (dt.date, dt.date(2024, 1, 2), dt.date.min),
    "time": (dt.time, dt.time(1, 2, 3), dt.time(1, 2, tzinfo=UTC)),
    "timedelta": (dt.timedelta, dt.timedelta(days=1, seconds=3), dt.timedelta(0)),
    "uuid": (uuid.UUID, uuid.UUID(int=5)),
    "path": (pathlib.Path, pathlib.Path("/a/b")),
    "url": (AnyUrl, AnyUrl("http://a.b/c")),
    "ipv4": (ipaddress.IPv4Address, ipaddress.IPv4Address("1.2.3.4")),
    "ipv6": (ipaddress.IPv6Address, ipaddress.IPv6Address("::1")),
    "network": (ipaddress.IPv4Network, ipaddress.IPv4Network("1.2.3.0/24")),
    "complex": (complex, 1 + 2j),
    "complex, said by hand": (Annotated[complex, WithJsonSchema({"type": "string"})], 1 + 2j),
    "regular expression": (re.Pattern[str], re.compile("a+")),
    "json text": (Json[list[int]], [1]),
    "optional recursion": (Chain, Chain(value=1, next=Chain(value=2))),
    "mutual recursion": (Husband, Husband(wife=Wife(husband=Husband()))),
    "recursive typed dict": (RecursiveDict, {"value": 1, "next": {"value": 2}}),
    "recursive dataclass": (RecursiveDataclass, RecursiveDataclass(1, RecursiveDataclass(2))),
    "split alias": (SplitAlias, SplitAlias(came_as=1)),
    "alias choices": (ChoiceAlias, ChoiceAlias(x=1)),
    "alias path": (PathAlias, PathAlias(address={"city": "Bonn"})),
    "excluded field": (Excluding, Excluding(a=1, hidden=7)),
    "secret": (SecretStr, SecretStr("x")),
    "secret bytes": (SecretBytes, SecretBytes(b"x")),
    "bytes that are not UTF-8": (bytes, b"\xff\x00"),
    "bytes that look like a data URL": (bytes, b"data:;base64,/w==", b"data:,x"),
    "bytes of a length": (Annotated[bytes, Field(min_length=3, max_length=4)], "éé".encode(), b"\xff\xfe\xfd"),
    "bytes in hex": (HexBytes, HexBytes(raw=b"\xff\x00")),
    "bytes or text": (bytes | str, b"\xff", b"a", "a"),
    "secret bytes that are not UTF-8": (SecretBytes, SecretBytes(b"\xff")),
    "literal of bytes that are not UTF-8": (Literal[b"\xff", b"x"], b"\xff", b"x"),
    "set of bytes": (set[bytes], {b"\xff", b"a"}),
    "negative timedelta": (dt.timedelta, dt.timedelta(days=-1)),
    "timedelta with microseconds": (dt.timedelta, dt.timedelta(seconds=3, microseconds=5)),
    "timedelta as seconds": (SecondsAsFloat, SecondsAsFloat(wait=dt.timedelta(seconds=3))),
    "dict by tuple": (dict[tuple[int, int], int], {(1, 2): 3}),
    "dict by frozenset": (dict[frozenset[int], int], {frozenset({1, 2}): 3, frozenset(): 4}),
    "dict by named tuple": (dict[Point, int], {Point(1, "a"): 3}),
    "dict by model": (dict[FrozenPoint, int], {FrozenPoint(x=1): 3}),
    "dict by None": (dict[None, int], {None: 3}),
    "dict by optional": (dict[str | None, int], {None: 3, "None": 4, "null": 5}),
    "dict by optional int": (dict[int | None, int], {None: 3, 1: 4}),
    "dict by int or str": (dict[int | str, int], {1: 3, "1": 4}),
    "dict by int enum": (dict[Level, int], {Level.LOW: 3}),
    "dict by mixed enum": (dict[Mixed, int], {Mixed.NUMBER: 3, Mixed.TEXT: 4, Mixed.NOTHING: 5}),
    "dict by mixed literal": (dict[Literal["a", 1], int], {"a": 3, 1: 4}),
    "dict by bytes": (dict[bytes, int], {b"\xff": 3, b"a": 4}),
    "mapping by tuple": (Mapping[tuple[int, int], int], {(1, 2): 3}),
    "counter by tuple": (Counter[tuple[int, int]], Counter({(1, 2): 3})),
    "ordered dict by tuple": (OrderedDict[tuple[int, int], int], OrderedDict({(1, 2): 3})),
    "default dict by tuple": (defaultdict[tuple[int, int], list[int]], defaultdict(list, {(1, 2): [3]})),
    "iterable": (Iterable[int], [1, 2], []),
    "sequence of look-alikes": (Sequence[Apple | Quince], [Quince(name="q", seeds=1)]),
    "enum of tuples": (Pair, Pair.FIRST),
    "enum with a second name": (Shade, Shade.RED),
    "literal of an enum member": (Literal[Color.RED], Color.RED),
    "literal of bytes": (Literal[b"x"], b"x"),
    "discriminated by enum members": (Annotated[Warm | Cold, Discriminator("color")], Warm(color=Color.RED, degrees=1)),
    "datetime or date or str": (dt.datetime | dt.date | str, dt.datetime(2024, 1, 2), "2024-01-02"),
    "uuid or str": (uuid.UUID | str, str(uuid.UUID(int=1))),
    "decimal or str": (Decimal | str, "1.5"),
    "enum or str": (Color | str, Color.RED, "red"),
    "set or list": (set[int] | list[int], {1}, [1]),
    "tuple or list": (tuple[int, int] | list[int], (1, 2), [1, 2]),
    "look-alikes without required fields": (OnlyA | OnlyB, OnlyB()),
    "base class or derived": (Parent | Child | Grandchild, Grandchild(a=1)),
    "derived class or base": (list[Grandchild | Parent], [Parent(a=1)]),
    "same fields": (Apple | Quince, Quince(name="a", seeds=1)),
    "plain serializer": (Shouting, Shouting(a=1)),
    "field serializer": (GermanDate, GermanDate(day=dt.date(2024, 1, 2))),
    "model serializer": (Renaming, Renaming(a=1)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_type_has_a_strict_schema_and_its_values_are_read_back_equal(name, check_round_trip):
    check_round_trip(*CASES[name])


def test_a_default_applies_where_the_reply_has_null():
    got = ResponseFormat(Defaults).parse('{"count": null, "tags": null, "limit": null, "note": null, "required": null}')
    assert got == Defaults(required=None)
    assert got.model_fields_set == {"required"}


def test_null_and_absent_stay_different_where_the_default_is_not_null():
    response_format = ResponseFormat(Defaults)
    wire = response_format.dump(Defaults(limit=None, required=None))
    assert wire["limit"] == {"value": None}
    assert response_format.load(wire).limit is None
    assert response_format.load({**wire, "limit": None}).limit == 5


def test_a_default_factory_creates_a_new_value_for_each_reply():
    response_format = ResponseFormat(Defaults)
    text = '{"count": 1, "tags": null, "limit": null, "note": null, "required": "x"}'
    assert response_format.parse(text).tags is not response_format.parse(text).tags


def test_a_named_tuple_has_its_default_where_the_reply_has_null():
    assert ResponseFormat(PointWithDefault).parse('{"value": {"x": 1, "label": null}}') == PointWithDefault(1)


def test_the_tag_chooses_the_branch_of_a_reply():
    response_format = ResponseFormat(Cat | Dog)
    assert response_format.parse('{"value": {"kind": "dog", "bark": "w"}}') == Dog(kind="dog", bark="w")


def test_a_constant_with_a_default_may_be_omitted_where_it_is_unambiguous():
    assert ResponseFormat(Cat).parse('{"lives": 3}') == Cat(lives=3)
    assert ResponseFormat(Cat | int).parse('{"value": {"lives": 3}}') == Cat(lives=3)


def test_a_box_with_the_name_of_a_branch_is_unboxed():
    response_format = ResponseFormat(Apple | Pear)
    assert response_format.dump(Pear(name="p", soft=True)) == {"value": {"Pear": {"name": "p", "soft": True}}}
    assert response_format.parse('{"value": {"Apple": {"name": "x", "seeds": 1}}}') == Apple(name="x", seeds=1)


@pytest.mark.parametrize(
    ("output_type", "reply", "paths"),
    [
        pytest.param(MathReasoning, '{"steps": [{"explanation": "e"}], "final_answer": "f"}', [("steps", 0, "output")], id="missing"),
        pytest.param(MathReasoning, '{"steps": [], "final_answer": 3}', [("final_answer",)], id="wrong type"),
        pytest.param(MathReasoning, '{"steps": 3}', [("steps",), ("final_answer",)], id="two at once"),
        pytest.param(MathReasoning, "[]", [()], id="not an object"),
        pytest.param(MathReasoning, "", [()], id="empty text"),
        pytest.param(MathReasoning, '{"steps": [], "final_answer": "f"', [()], id="truncated text"),
        pytest.param(MathReasoning, 'Sure: {"steps": [], "final_answer": "f"}', [()], id="text around the JSON"),
        pytest.param(int, '{"value": "x"}', [()], id="root primitive"),
        pytest.param(int, '{"value": NaN}', [()], id="not a JSON number"),
        pytest.param(int, '{"value": 1, "value": 2}', [()], id="duplicate key"),
        pytest.param(int, '{"value": 1, "other": 2}', [()], id="unknown key next to a box"),
        pytest.param(int, "{}", [()], id="empty box"),
        pytest.param(list[int], '{"value": [1, "x"]}', [(1,)], id="root list"),
        pytest.param(Optional[int], '{"value": "x"}', [()], id="root optional"),
        pytest.param(Color, '{"value": "green"}', [()], id="enum value"),
        pytest.param(Literal["a", 1], '{"value": 2}', [()], id="literal value"),
        pytest.param(Aliased, '{"userName": 3, "$count": "x"}', [("userName",), ("$count",)], id="alias names"),
        pytest.param(Closed, '{"a": 1, "b": 2}', [("b",)], id="forbidden key"),
        pytest.param(dict[str, list[int]], '{"value": [{"key": "a", "value": [1, "x"]}]}', [("a", 1)], id="in a dict"),
        pytest.param(dict[str, Apple], '{"value": [{"key": "a", "value": {"name": "n"}}]}', [("a", "seeds")], id="missing in a dict"),
        pytest.param(dict[str, int], '{"value": [{"key": "a"}]}', [()], id="incomplete pair"),
        pytest.param(tuple[int, str], '{"value": {"item_0": 1, "item_1": 2}}', [(1,)], id="tuple position"),
        pytest.param(tuple[int, int], '{"value": [1]}', [(1,)], id="tuple too short"),
        pytest.param(Point, '{"value": {"x": "y", "label": "z"}}', [(0,)], id="named tuple"),
        pytest.param(Tree, '{"name": "a", "children": [{"name": 3, "children": []}]}', [("children", 0, "name")], id="recursion"),
        pytest.param(Tree, '{"name": "a", "children": [{"name": 3, "children": null}]}', [("children", 0, "name")], id="null next to an invalid value"),
        pytest.param(OptionalMap, '{"counts": [{"key": "a", "value": "x"}]}', [("counts", "a")], id="in an optional dict"),
        pytest.param(OptionalMap | None, '{"value": {"counts": [{"key": "a", "value": "x"}]}}', [("counts", "a")], id="in an optional model"),
        pytest.param(Cat | Dog, '{"value": {"kind": "dog", "bark": 3}}', [("bark",)], id="tagged branch"),
        pytest.param(Apple | Pear, '{"value": {"Apple": {"name": "a", "seeds": "x"}}}', [("seeds",)], id="boxed branch"),
        pytest.param(Apple | int, '{"value": {"name": "a", "seeds": "x"}}', [("seeds",)], id="branch by JSON type"),
        pytest.param(dict[str, int | Apple], '{"value": [{"key": "z", "value": {"name": "c", "seeds": null}}]}', [("z", "seeds")], id="branch in a dict"),
        pytest.param(Annotated[Cat | Dog, Discriminator("kind")], '{"value": {"kind": "cat", "lives": "x"}}', [("lives",)], id="discriminated branch"),
        pytest.param(Bounded, '{"age": 0, "code": "abcd", "share": 0.3, "parts": [], "price": "1.234", "word": "X", "essay": "' + "x" * 5001 + '"}', [("age",), ("code",), ("share",), ("parts",), ("price",), ("word",), ("essay",)], id="bounds"),
        pytest.param(Validating, '{"a": "bad"}', [("a",)], id="field validator"),
        pytest.param(Validating, '{"a": "worse"}', [()], id="model validator"),
        pytest.param(Open, '{"a": "x", "other_keys": []}', [("a",)], id="next to undeclared keys"),
        pytest.param(OpenNumbers, '{"additional_properties": "x", "other_keys": [{"key": "k", "value": "v"}]}', [("k",)], id="in undeclared keys"),
        pytest.param(Any, '{"value": {"dict": [{"key": "a", "value": 1}, {"key": "a", "value": 2}]}}', [()], id="duplicate key in any"),
        pytest.param(dict[str, int], '{"value": [{"key": "a", "value": 1}, {"key": "a", "value": 2}]}', [()], id="duplicate key in a dict"),
        pytest.param(dict[int, int], '{"value": [{"key": "1", "value": 1}, {"key": "01", "value": 2}]}', [()], id="duplicate key after conversion"),
        pytest.param(set[int], '{"value": [1, 1]}', [()], id="duplicate item in a set"),
        pytest.param(frozenset[Decimal], '{"value": ["1.0", "1.00"]}', [()], id="duplicate item after conversion"),
        pytest.param(dict[str, set[int]], '{"value": [{"key": "a", "value": [2, 2]}]}', [("a",)], id="duplicate item in a dict"),
        pytest.param(Counter[int], '{"value": [{"key": "1", "value": 1}, {"key": "1.0", "value": 2}]}', [()], id="duplicate key in a counter"),
        pytest.param(bytes, '{"value": "data:;base64,***"}', [()], id="broken data URL"),
        pytest.param(Cat | Dog, '{"value": {"lives": 3}}', [("kind",)], id="no tag"),
        pytest.param(Cat | Dog | int, '{"value": {"lives": 3}}', [("kind",)], id="no tag next to a number"),
        pytest.param(list[Annotated[Cat | Dog, Discriminator("kind")] | None], '{"value": [null, {"lives": 3}]}', [(1, "kind")], id="no tag of a discriminated union"),
    ],
)  # fmt: skip
def test_an_invalid_reply_is_rejected_with_issues_at_natural_paths(output_type, reply, paths):
    with pytest.raises(InvalidOutput) as caught:
        ResponseFormat(output_type).parse(reply)
    assert [issue.path for issue in caught.value.issues] == paths
    assert all(issue.message for issue in caught.value.issues)


@pytest.mark.parametrize(
    ("output_type", "path", "wire_path"),
    [
        (MathReasoning, ("steps", 0, "output"), ("steps", 0, "output")),
        (list[int], (1,), ("value", 1)),
        (tuple[int, str], (1,), ("value", "item_1")),
        (Point, (1,), ("value", "label")),
        (Defaults, ("limit",), ("limit",)),
        (dict[str, Apple], ("a", "name"), ("value", "a", "name")),
    ],
    ids=["identity", "box", "tuple", "named tuple", "optional", "dict"],
)
def test_a_natural_path_is_translated_to_wire_names(output_type, path, wire_path):
    assert ResponseFormat(output_type).wire_path(path) == wire_path


@pytest.mark.parametrize(
    ("output_type", "value"),
    [
        (Apple, {"name": "a", "seeds": 1}),
        (Apple, 3),
        (int, "x"),
        (list[int], ["x"]),
        (dict[str, int], 3),
        (int | None, "x"),
        (Apple | Pear, 3),
        (tuple[int, str], (1,)),
        (Apple, None),
        (int, None),
        (list[int], None),
        (Apple, Apple.model_construct(name="a")),
        (list[Apple | None], [None, Apple.model_construct(name="a")]),
        (Movie, {}),
        (float, float("nan")),
        (float, float("inf")),
        (int | Apple, []),
    ],
    ids=[
        "dict for model",
        "int for model",
        "str",
        "item",
        "int for dict",
        "optional",
        "union",
        "short tuple",
        "none",
        "none for a number",
        "none for a list",
        "incomplete model",
        "incomplete model in a list",
        "incomplete typed dict",
        "nan",
        "infinity",
        "none of a union",
    ],
)
def test_dump_rejects_what_is_not_a_value_of_the_type(output_type, value):
    with pytest.raises(SchemaError):
        ResponseFormat(output_type).dump(value)


def test_dump_names_the_field_that_an_incomplete_model_lacks():
    with pytest.raises(SchemaError, match='"seeds"'):
        ResponseFormat(Apple).dump(Apple.model_construct(name="a"))


def test_dump_names_the_field_whose_value_is_of_another_type():
    with pytest.raises(SchemaError, match="seeds: expected "):
        ResponseFormat(Apple).dump(Apple.model_construct(name="a", seeds="x"))


def test_dump_writes_a_value_that_only_breaks_a_bound():
    too_old = Bounded(age=1, code="a", share=0.5, parts=[1], price=Decimal(1), word="a", essay="").model_copy(
        update={"age": 200}
    )
    assert ResponseFormat(Bounded).dump(too_old)["age"] == 200


def test_explain_lists_what_is_rewritten_and_what_is_checked_locally():
    notes = {(note.path, note.kind) for note in ResponseFormat(Bounded).explain()}
    assert (("essay",), "checked locally") in notes
    assert {kind for path, kind in notes if path == ("code",)} == {"rewritten"}
    notes = {(note.path, note.kind) for note in ResponseFormat(Defaults).explain()}
    assert notes == {((name,), "rewritten") for name in ("count", "tags", "limit", "note")}


def test_explain_lists_the_bounds_of_a_decimal():
    notes = {(note.path, note.kind) for note in ResponseFormat(Bounded).explain()}
    assert (("price",), "checked locally") in notes


def test_explain_lists_the_property_that_an_empty_object_gets():
    assert len(ResponseFormat(Empty).explain()) == 1


def shout(value: str) -> str:
    return value.upper()


class Checked(BaseModel):
    name: Annotated[str, AfterValidator(shout)]
    tags: list[Annotated[str, AfterValidator(shout)]]
    nested: "Checked | None" = None
    by_key: dict[str, Annotated[str, AfterValidator(shout)]] = {}

    @field_validator("name")
    @classmethod
    def not_empty(cls, value: str) -> str:
        return value

    @model_validator(mode="after")
    def consistent(self) -> "Checked":
        return self


def test_explain_lists_the_validators_that_no_schema_can_express():
    notes = [str(note) for note in ResponseFormat(list[Checked]).explain() if "validator" in note.text]
    assert notes == [
        "[]: checked locally: validator consistent",
        "[].by_key[]: checked locally: validator shout",
        "[].name: checked locally: validator not_empty",
        "[].name: checked locally: validator shout",
        "[].tags[]: checked locally: validator shout",
    ]


def test_notes_on_a_place_are_adjacent_and_come_before_those_on_its_parts():
    paths = [note.path for note in ResponseFormat(list[Checked]).explain()]
    assert [path for path, _ in groupby(paths)] == [*dict.fromkeys(paths)]
    assert all(paths.index(path[:-1]) < paths.index(path) for path in paths if path and path[:-1] in paths)


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Rate(enum.Enum):
    HALF = 0.5
    WORD = "1.5"


TIMES_AND_NUMBERS = [
    dt.timedelta(seconds=2),
    dt.time(0, 0, 2),
    dt.datetime(1970, 1, 1, 0, 0, 2),
    dt.date(1970, 1, 1),
    Decimal(2),
    2.5,
    2,
    True,
]


@pytest.mark.parametrize("constants", [Level, Rate, Literal[Level.HIGH]])
@pytest.mark.parametrize("value", TIMES_AND_NUMBERS, ids=lambda value: type(value).__name__)
def test_a_member_of_an_enum_is_never_read_as_a_time_or_a_number(value, constants):
    members = [*constants] if isinstance(constants, type) else [Level.HIGH]
    for union in (Union[type(value), constants], Union[constants, type(value)]):
        response_format = ResponseFormat(union)
        for each in (value, *members):
            loaded = response_format.load(response_format.dump(each))
            assert (loaded, type(loaded)) == (each, type(each))


def test_a_union_of_an_enum_of_words_and_a_number_needs_no_box():
    assert ResponseFormat(Union[int, Literal["auto"]]).dump("auto") == {"value": "auto"}
    assert ResponseFormat(Union[int, enum.StrEnum("Word", ["AUTO"])]).dump(3) == {"value": 3}


def test_a_description_of_a_field_leaves_what_its_type_says():
    class Described(BaseModel):
        price: Decimal = Field(description="In EUR.", gt=0, decimal_places=2)
        codes: Json[list[int]] = Field(description="Codes.")
        raw: bytes = Field(description="Raw.", max_length=3)

    texts = {name: part["description"] for name, part in ResponseFormat(Described).schema["properties"].items()}
    assert texts["price"] == "In EUR. A decimal number. More than 0. At most 2 decimal places."
    assert texts["codes"].startswith("Codes. JSON text: ")
    assert texts["raw"] == "Raw. At most 3 bytes."
