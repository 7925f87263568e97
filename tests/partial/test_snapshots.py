"""Snapshots of a streamed reply: in the caller's shape, without invented values, and never changed later."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import enum
import gc
import json
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PrivateAttr,
    RootModel,
    SecretStr,
    computed_field,
    field_validator,
    model_validator,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import NotRequired, TypedDict

from structkit import ResponseFormat
from structkit.dialects import DIALECTS
from structkit.partial import Partial, SnapshotBuilder, snapshot_reuse
from structkit.schema.strict.conformance import conforms
from structkit.values import ABSENT

T = TypeVar("T")


class Color(enum.Enum):
    RED = "red"
    DARK_RED = "dark red"


class Line(BaseModel):
    item: str
    quantity: int
    price: float | None = None


class Invoice(BaseModel):
    number: str
    day: dt.date
    color: Color
    state: Literal["paid", "paid late"]
    total: Decimal
    is_paid: bool
    lines: list[Line]
    notes: dict[str, str] = {}
    buyer: Line | None = None
    remark: str | None = "none"


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    name: str


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    tricks: list[str]


class Owner(BaseModel):
    pets: list[Annotated[Cat | Dog, Field(discriminator="kind")]]


class Apple(BaseModel):
    name: str


class Quince(BaseModel):
    name: str


class Point(NamedTuple):
    name: str
    x: float
    y: float = 0.0


class Folder(BaseModel):
    name: str
    folders: list[Folder] = []


class Movie(TypedDict):
    title: str
    year: NotRequired[int]


@dataclasses.dataclass(frozen=True)
class Place:
    name: str
    tags: list[str] = dataclasses.field(default_factory=list)
    height: int | None = None


@dataclasses.dataclass(slots=True)
class Slotted:
    name: str
    next: Slotted | None = None


@pydantic_dataclass
class Checked:
    name: str
    size: int = 3


class Box(BaseModel, Generic[T]):
    inside: T


class Lines(RootModel[list[Line]]):
    pass


class Aliased(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")

    user_name: str = Field(alias="userName")
    _cache: int = PrivateAttr(3)

    @computed_field
    @property
    def shout(self) -> str:
        return self.user_name.upper()


class Sorted(BaseModel):
    words: Annotated[list[str], AfterValidator(sorted)]
    upper: Annotated[str, AfterValidator(str.upper)]
    rough: Annotated[str, BeforeValidator(str.strip)]
    short: str = Field(max_length=50)

    @field_validator("upper")
    @classmethod
    def after_words(cls, value: str, info: Any) -> str:
        return f"{value}{len(info.data['words'])}"

    @model_validator(mode="after")
    def unchanged(self) -> Sorted:
        return self


class Stripped(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True)

    text: str
    keys: dict[str, int]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
DOCUMENT = {
    "type": "object",
    "properties": {
        "name": {"$ref": "#/$defs/name"},
        "day": {"type": "string", "format": "date"},
        "sizes": {"type": "array", "items": {"type": ["integer", "null"]}},
        "size": {"items": {"type": "integer"}},
        "pet": {"oneOf": [{"type": "object", "properties": {name: {"type": "string"}}, "required": [name], "additionalProperties": False} for name in "ab"]},
        "map": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["name", "sizes"],
    "additionalProperties": True,
    "$defs": {"name": {"type": "string"}},
}  # fmt: skip
DOCUMENTS = st.fixed_dictionaries(
    {"name": TEXT, "sizes": st.lists(st.none() | st.integers(), max_size=3)},
    optional={
        "day": st.dates().map(str),
        "size": TEXT | st.lists(st.integers(), max_size=2),
        "pet": st.fixed_dictionaries({"a": TEXT}) | st.fixed_dictionaries({"b": TEXT}),
        "map": st.dictionaries(TEXT, TEXT, max_size=3),
        "more": st.lists(TEXT),
    },
)
LINES = st.builds(Line, item=TEXT, quantity=st.integers(), price=st.none() | st.just(2.5))
INVOICES = st.builds(
    Invoice, number=TEXT, day=st.dates(), color=st.sampled_from(Color), state=st.sampled_from(["paid", "paid late"]),
    total=st.decimals(allow_nan=False, allow_infinity=False), is_paid=st.booleans(), lines=st.lists(LINES, max_size=3),
    notes=st.dictionaries(TEXT, TEXT, max_size=3), buyer=st.none() | LINES, remark=st.none() | TEXT,
)  # fmt: skip
CATS, DOGS = st.builds(Cat, name=TEXT), st.builds(Dog, tricks=st.lists(TEXT, max_size=2))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT | st.sampled_from(["list", "dict"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
FOLDERS = st.recursive(
    st.builds(Folder, name=TEXT),
    lambda inner: st.builds(Folder, name=TEXT, folders=st.lists(inner, max_size=2)),
    max_leaves=4,
)
WORDS = st.lists(TEXT, max_size=3)

CASES: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "model": (Invoice, INVOICES),
    "list of models": (list[Line], st.lists(LINES, max_size=3)),
    "list of lists": (list[list[int | None]], st.lists(st.lists(st.none() | st.integers(), max_size=3), max_size=3)),
    "bounded list": (Annotated[list[str], Field(max_length=3)], WORDS),
    "str": (str, TEXT),
    "int": (int, st.integers()),
    "optional": (str | None, st.none() | TEXT),
    "map": (dict[str, list[int]], st.dictionaries(TEXT, st.lists(st.integers(), max_size=3), max_size=3)),
    "map of models": (dict[str, Line], st.dictionaries(TEXT, LINES, max_size=3)),
    "map by number": (dict[int, str], st.dictionaries(st.integers(), TEXT, max_size=3)),
    "map by tuple": (dict[tuple[int, int], str], st.dictionaries(st.tuples(st.integers(), st.integers()), TEXT, max_size=2)),
    "bounded map": (Annotated[dict[str, str], Field(max_length=3)], st.dictionaries(TEXT, TEXT, max_size=3)),
    "map of anything": (dict[str, Any], st.dictionaries(TEXT, JSON, max_size=3)),
    "tuple": (tuple[str, int], st.tuples(TEXT, st.integers())),
    "tuple of any length": (tuple[Line, ...], st.lists(LINES, max_size=3).map(tuple)),
    "named tuple": (Point, st.builds(Point, TEXT, st.just(1.5), st.just(2.5))),
    "set": (set[str], st.sets(TEXT, max_size=3)),
    "frozen set": (frozenset[int] | None, st.none() | st.frozensets(st.integers(), max_size=3)),
    "tagged union": (Cat | Dog, CATS | DOGS),
    "discriminated union": (Owner, st.builds(Owner, pets=st.lists(CATS | DOGS, max_size=3))),
    "boxed union": (list[Apple | Quince], st.lists(st.builds(Apple, name=TEXT) | st.builds(Quince, name=TEXT), max_size=3)),
    "boxed scalars": (dt.date | str, st.dates() | TEXT),
    "boxed containers": (set[int] | list[int] | dict[str, int], st.lists(st.integers(), max_size=3)),
    "union of containers": (list[str] | Line | int, WORDS | LINES | st.integers()),
    "any": (Any, JSON),
    "JSON value": (JsonValue, JSON),
    "secrets": (list[SecretStr], st.lists(st.builds(SecretStr, TEXT), max_size=2)),
    "bytes": (list[bytes], st.lists(st.binary(max_size=4), max_size=3)),
    "constants": (list[Literal["low", "lower", 3] | None], st.lists(st.sampled_from(["low", "lower", 3, None]), max_size=3)),
    "moment": (dt.datetime, st.datetimes()),
    "recursion": (Folder, FOLDERS),
    "typed dict": (Movie, st.fixed_dictionaries({"title": TEXT}, optional={"year": st.integers()})),
    "dataclass": (Place, st.builds(Place, TEXT, WORDS, st.none() | st.integers())),
    "dataclass with slots": (Slotted, st.builds(Slotted, TEXT, st.none() | st.builds(Slotted, TEXT))),
    "pydantic's dataclass": (Checked, st.builds(Checked, TEXT, st.integers())),
    "generic model": (Box[list[str]], st.builds(Box[list[str]], inside=WORDS)),
    "root model": (Lines, st.lists(LINES, max_size=3).map(Lines)),
    "frozen model with an alias": (Aliased, st.builds(lambda name: Aliased(userName=name), TEXT)),
    "validators": (Sorted, st.builds(lambda words, text: Sorted(words=words, upper="x", rough=" r ", short=text), WORDS, TEXT)),
    "stripped": (Stripped, st.builds(Stripped, text=TEXT, keys=st.dictionaries(TEXT.map(str.strip), st.integers(), max_size=2))),
    "JSON Schema": (DOCUMENT, DOCUMENTS),
    "JSON Schema of constants": ({"enum": [[0, 0], [0, 1], "a"]}, st.sampled_from([[0, 0], "a"])),
    "JSON Schema of anything": ({}, JSON),
}  # fmt: skip


@cache
def format_of(name: str) -> ResponseFormat[Any]:
    return ResponseFormat(CASES[name][0])


def members(value: Any) -> dict[Any, Any] | None:
    """Return the members of an object or list, in order."""
    if isinstance(value, BaseModel):
        return {**value.__dict__, **(value.__pydantic_extra__ or {})}
    if dataclasses.is_dataclass(value):
        return {each.name: getattr(value, each.name) for each in dataclasses.fields(value) if hasattr(value, each.name)}
    return value if isinstance(value, dict) else dict(enumerate(value)) if type(value) in {list, tuple} else None


def is_same(first: Any, second: Any) -> bool:
    return type(first) is type(second) and (first == second or repr(first) == repr(second))


def is_part_of(part: Any, value: Any) -> bool:
    """Whether a snapshot is the start of a value: all in it is the same, except for the last part, which grows."""
    if part is ABSENT or is_same(part, value):
        return True
    if not isinstance(part, type(value)):
        return False
    if isinstance(value, str):
        return type(part) is str and value.startswith(part)
    if isinstance(value, set | frozenset):
        return part <= value
    if isinstance(value, RootModel):
        return is_part_of(part.root, value.root)
    part_members = members(part)
    fields_set = part.model_fields_set if isinstance(part, BaseModel) else {*(part_members or ())}
    return fields_set == {*(part_members or ())} and are_part_of(part_members, members(value))


def are_part_of(part: dict[Any, Any] | None, value: dict[Any, Any] | None) -> bool:
    if part is None or value is None or not part.keys() <= value.keys():
        return False
    *closed, last = [*part] or [None]
    is_last_part = not part or is_part_of(part[last], value[last])
    return is_last_part and all(is_same(part[name], value[name]) for name in closed)


def snapshots(builder: SnapshotBuilder[Any], chunks: list[str]) -> list[Any]:
    collected = []
    for chunk in chunks:
        before = builder.snapshot()
        if not builder.feed(chunk):
            assert builder.snapshot() is before
        collected.append(builder.snapshot())
    return collected


def split(text: str, positions: list[int] | None) -> list[str]:
    inner = range(len(text)) if positions is None else (position % len(text) for position in positions)
    return [text[start:end] for start, end in pairwise(sorted({0, len(text), *inner}))]


@settings(max_examples=300)
@given(st.sampled_from([*CASES]).flatmap(lambda name: st.tuples(st.just(name), CASES[name][1])),
       st.none() | st.lists(st.integers(0, 10_000), max_size=8), st.booleans())  # fmt: skip
def test_every_snapshot_is_part_of_the_value_and_the_last_one_is_the_value(case, positions, escaped) -> None:
    name, value = case
    response_format = format_of(name)
    text = json.dumps(response_format.dump(value), ensure_ascii=escaped)
    expected = response_format.parse(text)
    collected = snapshots(SnapshotBuilder(response_format), split(text, positions))
    texts = [repr(each) for each in collected]
    for snapshot in collected:
        assert is_part_of(snapshot, expected)
    assert is_same(collected[-1], expected)
    assert [repr(each) for each in collected] == texts


def with_invalid_value(wire: Any, invalid: Any, at: list[int]) -> Any:
    """Return the wire with an invalid value somewhere inside."""
    if not isinstance(wire, dict | list) or not wire or not at:
        return invalid
    keys = [*wire] if isinstance(wire, dict) else [*range(len(wire))]
    key = keys[at[0] % len(keys)]
    changed = wire.copy()
    changed[key] = with_invalid_value(wire[key], invalid, at[1:])
    return changed


@settings(max_examples=300)
@given(st.sampled_from([*CASES]).flatmap(lambda name: st.tuples(st.just(name), CASES[name][1])), JSON | st.just({"key": 1}),
       st.lists(st.integers(0, 10), max_size=5), st.lists(st.integers(0, 10_000), max_size=8))  # fmt: skip
def test_an_invalid_reply_has_snapshots_of_its_valid_parts_and_nothing_is_raised(case, invalid, at, positions) -> None:
    name, value = case
    response_format = format_of(name)
    text = json.dumps(with_invalid_value(response_format.dump(value), invalid, at))
    collected = snapshots(SnapshotBuilder(response_format), split(text, positions))
    texts = [repr(each) for each in collected]
    assert [repr(each) for each in collected] == texts
    answer = response_format.read(text)
    if answer.valid and conforms(json.loads(text), response_format.schema):
        assert is_same(collected[-1], answer.value)


def test_a_model_grows_field_by_field_and_later_fields_are_absent() -> None:
    text = '{"number": "A-1", "day": "2024-02-29", "color": "dark red", "state": "paid late", "total": "19.90", "is_paid": true'
    builder = SnapshotBuilder(ResponseFormat(Invoice))
    distinct: list[Any] = []
    for chunk in split(text + ' , "lines": [{"item": "la', None):
        builder.feed(chunk)
        if not distinct or repr(builder.snapshot()) != repr(distinct[-1]):
            distinct.append(builder.snapshot())
    assert [repr(each).removeprefix("Invoice(").removesuffix(")") for each in distinct] == [
        "",
        "number=''",
        "number='A'",
        "number='A-'",
        "number='A-1'",
        "number='A-1', day=datetime.date(2024, 2, 29)",
        "number='A-1', day=datetime.date(2024, 2, 29), color=<Color.DARK_RED: 'dark red'>",
        (
            fields
            := "number='A-1', day=datetime.date(2024, 2, 29), color=<Color.DARK_RED: 'dark red'>, state='paid late'"
        ),
        (fields := f"{fields}, total=Decimal('19.90')"),
        (fields := f"{fields}, is_paid=True"),
        f"{fields}, lines=[]",
        f"{fields}, lines=[Line()]",
        f"{fields}, lines=[Line(item='')]",
        f"{fields}, lines=[Line(item='l')]",
        f"{fields}, lines=[Line(item='la')]",
    ]
    last = builder.snapshot()
    assert last.model_fields_set == {"number", "day", "color", "state", "total", "is_paid", "lines"}
    for name in ("notes", "buyer", "remark"):
        assert not hasattr(last, name)
    assert not hasattr(last.lines[0], "price")


def test_null_is_absence_or_a_value_as_the_field_requires() -> None:
    class Nullable(BaseModel):
        a: int | None
        b: int | None = 3
        c: str | None = "none"
        d: str = "x"

    builder = SnapshotBuilder(ResponseFormat(Nullable))
    builder.feed('{"a": null, "b": {"value": null}, "c": {"value": "te')
    assert builder.snapshot().__dict__ == {"a": None, "b": None, "c": "te"}
    builder.feed('xt"}, "d": null')
    assert builder.snapshot().__dict__ == {"a": None, "b": None, "c": "text"}
    builder.feed("}")
    assert builder.snapshot() == Nullable(a=None, b=None, c="text", d="x")


def test_complete_parts_are_validated_once_and_shared() -> None:
    validated: list[str] = []

    class Word(BaseModel):
        text: str

        @model_validator(mode="after")
        def record(self) -> Word:
            validated.append(self.text)
            return self

    builder = SnapshotBuilder(ResponseFormat(list[Word]))
    collected = snapshots(builder, split('{"value": [{"text": "one"}, {"text": "two"}, {"text": "th', None))
    assert validated == ["one", "two"]
    closed = [each for each in collected if each is not ABSENT and len(each) == 3]
    assert len(closed) > 3
    assert all(each[0] is closed[0][0] and each[1] is closed[0][1] for each in closed)


def test_a_list_of_valid_items_is_not_validated_again_with_the_object_around_it() -> None:
    validated: list[int] = []

    def record(value: int) -> int:
        validated.append(value)
        return value

    class Numbers(BaseModel):
        name: str
        numbers: list[Annotated[int, AfterValidator(record)]]
        extra: dict[str, Annotated[int, AfterValidator(record)]] = {}

    builder = SnapshotBuilder(ResponseFormat(list[Numbers]))
    text = '{"value": [{"name": "a", "numbers": [1, 2], "extra": [{"key": "b", "value": 3}]}'
    collected = snapshots(builder, split(text, None))
    assert validated == [1, 2, 3]
    assert collected[-1] == [Numbers.model_construct(name="a", numbers=[1, 2], extra={"b": 3})]
    builder.feed(', {"name": "c", "numbers": [4], "extra": null}]}')
    assert validated == [1, 2, 3, 4]
    assert builder.snapshot()[1].model_dump() == {"name": "c", "numbers": [4], "extra": {}}


def test_a_validator_that_sees_other_fields_gets_their_values() -> None:
    class FieldChecked(BaseModel):
        words: list[str]
        count: int

        @field_validator("count")
        @classmethod
        def is_valid(cls, value: int, info: Any) -> int:
            assert value == len(info.data["words"])
            return value

    class ModelChecked(BaseModel):
        words: list[str]

        @model_validator(mode="after")
        def has_words(self) -> ModelChecked:
            assert self.words
            return self

    class Initialised(BaseModel):
        words: list[str]
        _count: int = PrivateAttr(0)

        def model_post_init(self, _context: Any) -> None:
            self._count = len(self.words)

    field_checked, model_checked, initialised = (
        SnapshotBuilder(ResponseFormat(FieldChecked)),
        SnapshotBuilder(ResponseFormat(ModelChecked | None)),
        SnapshotBuilder(ResponseFormat(Initialised)),
    )
    for chunk in split('{"words": ["a", "b"], "count": 2}', None):
        field_checked.feed(chunk)
    assert field_checked.snapshot() == FieldChecked(words=["a", "b"], count=2)
    model_checked.feed('{"value": {"words": ["a"]}}')
    assert model_checked.snapshot() == ModelChecked(words=["a"])
    initialised.feed('{"words": ["a", "b"]}')
    assert initialised.snapshot()._count == 2


def test_an_object_around_a_list_with_an_invalid_item_stays_in_the_snapshot() -> None:
    builder = SnapshotBuilder(ResponseFormat(list[Owner]))
    builder.feed(
        '{"value": [{"pets": [{"kind": "cat", "name": "a"}, {"kind": "cow"}, {"kind": "dog", "tricks": [1, "sit"]}]}, '
    )
    [owner] = builder.snapshot()
    assert owner.pets[0] == Cat(name="a")
    assert [pet.__dict__ for pet in owner.pets[1:]] == [{"kind": "dog", "tricks": ["sit"]}]


def test_a_stored_snapshot_of_a_long_list_never_changes() -> None:
    text = json.dumps(
        {"value": [{"item": f"item {number}", "quantity": number, "price": None} for number in range(300)]}
    )
    response_format = ResponseFormat(list[Line])
    builder = SnapshotBuilder(response_format)
    stored: list[tuple[list[Line], int, str]] = []
    for number, chunk in enumerate(split(text, [*range(0, len(text), 7)])):
        builder.feed(chunk)
        snapshot = builder.snapshot()
        if snapshot is not ABSENT and number % 5 == 0:
            stored.append((snapshot, len(snapshot), repr(snapshot)))
    assert builder.snapshot() == response_format.parse(text)
    assert all(len(each) == count and repr(each) == text for each, count, text in stored)


def test_a_stored_snapshot_of_a_long_map_never_changes() -> None:
    text = json.dumps({"value": [{"key": f"k{number}", "value": "word " * 3} for number in range(300)]})
    response_format = ResponseFormat(dict[str, str])
    builder = SnapshotBuilder(response_format)
    stored: list[tuple[dict[str, str], str]] = []
    for number, chunk in enumerate(split(text, [*range(0, len(text), 7)])):
        builder.feed(chunk)
        if builder.snapshot() is not ABSENT and number % 5 == 0:
            stored.append((builder.snapshot(), repr(builder.snapshot())))
        assert builder.snapshot() is ABSENT or [*builder.snapshot()] == [
            f"k{at}" for at in range(len(builder.snapshot()))
        ]
    assert builder.snapshot() == response_format.parse(text)
    assert all(repr(each) == text for each, text in stored)


def test_a_long_list_is_not_copied_while_no_snapshot_is_stored() -> None:
    builder = SnapshotBuilder(ResponseFormat(list[str]))
    builder.feed('{"value": [' + '"word", ' * 1_000 + '"')
    lengths = {}
    for _ in range(50):
        builder.feed("a")
        snapshot = builder.snapshot()
        lengths[id(snapshot)] = len(snapshot)
    gc.collect()
    assert len(lengths) <= 6


def test_without_reference_counts_every_snapshot_is_a_copy(monkeypatch) -> None:
    monkeypatch.setattr(snapshot_reuse, "count_references", None)
    builder = SnapshotBuilder(ResponseFormat(list[str]))
    builder.feed('{"value": [' + '"word", ' * 100 + '"')
    stored = []
    for count in range(1, 10):
        builder.feed("a")
        stored.append(builder.snapshot())
        assert builder.snapshot() == ["word"] * 100 + ["a" * count]
    assert len({id(each) for each in stored}) == 9


@pytest.mark.parametrize("change", [list.clear, list.reverse, lambda snapshot: snapshot.insert(0, "x")])
def test_a_snapshot_that_its_consumer_has_changed_is_not_reused(change) -> None:
    builder = SnapshotBuilder(ResponseFormat(list[str]))
    builder.feed('{"value": [' + ", ".join(f'"{number}"' for number in range(100)) + ', "')
    expected = [str(number) for number in range(100)]
    for count in range(1, 20):
        builder.feed("a")
        assert builder.snapshot() == [*expected, "a" * count]
        change(builder.snapshot())


def test_a_long_tuple_grows_in_steps_and_is_complete_in_the_last_snapshot() -> None:
    text = json.dumps({"value": [*range(500)]})
    builder = SnapshotBuilder(ResponseFormat(tuple[int, ...]))
    collected = snapshots(builder, split(text, [*range(0, len(text), 3)]))
    lengths = [len(each) for each in collected if each is not ABSENT]
    assert lengths == sorted(lengths)
    assert len({*lengths}) < 150
    assert collected[-1] == tuple(range(500))


def test_a_long_text_grows_in_steps_and_is_complete_in_the_last_snapshot() -> None:
    builder = SnapshotBuilder(ResponseFormat(str))
    builder.feed('{"value": "')
    lengths = set()
    for _ in range(5_000):
        if builder.feed("thirty characters of some text" * 2):
            lengths.add(len(builder.snapshot()))
    assert max(lengths) > 5_000 * 60 * 15 / 16 - 60
    assert len([length for length in lengths if length > 70_000]) < 40
    builder.feed('"}')
    assert len(builder.snapshot()) == 5_000 * 60


def test_an_invalid_value_is_left_out_and_the_object_around_it_stays() -> None:
    builder = SnapshotBuilder(ResponseFormat(Invoice))
    builder.feed(
        '{"number": "1", "day": "no day", "lines": [{"item": "a", "quantity": 1}, {"item": "b", "quantity": "x"}, '
    )
    assert builder.snapshot().__dict__ == {
        "number": "1",
        "lines": [Line(item="a", quantity=1), builder.snapshot().lines[1]],
    }
    assert builder.snapshot().lines[1].__dict__ == {"item": "b"}
    builder.feed('{"item": "c", "quantity": 2, "price": null}], "notes": [], "buyer": null}')
    assert [line.item for line in builder.snapshot().lines] == ["a", "b", "c"]
    assert not hasattr(builder.snapshot(), "day")


def test_a_member_that_violates_its_own_constraint_is_left_out() -> None:
    class Even(BaseModel):
        n: int

        @model_validator(mode="after")
        def is_even(self) -> Even:
            if self.n % 2:
                raise ValueError("not even")
            return self

    builder = SnapshotBuilder(ResponseFormat(list[Even]))
    builder.feed('{"value": [{"n": 2}, {"n": 3}, {"n": 4}')
    assert builder.snapshot() == [Even(n=2), Even(n=4)]
    builder = SnapshotBuilder(ResponseFormat(dict[int, Even]))
    builder.feed(
        '{"value": [{"key": "1", "value": {"n": 2}}, {"key": "x", "value": {"n": 2}}, {"key": "3", "value": {"n": 3}}, 4]'
    )
    assert builder.snapshot() == {1: Even(n=2)}
    builder.feed("}")
    assert builder.snapshot() == {1: Even(n=2)}


def test_a_root_that_violates_only_its_own_constraint_stays_in_the_snapshot() -> None:
    builder = SnapshotBuilder(ResponseFormat(Annotated[list[int], Field(max_length=2)]))
    builder.feed('{"value": [1, 2, 3]}')
    assert builder.snapshot() == [1, 2, 3]


def test_of_duplicate_keys_the_first_value_stays() -> None:
    builder = SnapshotBuilder(ResponseFormat(dict[str, str]))
    builder.feed('{"value": [{"key": "a", "value": "first"}, {"key": "a", "value": "sec')
    assert builder.snapshot() == {"a": "first"}
    builder.feed('ond"}, {"value": "before its key", "key": "b"}')
    assert builder.snapshot() == {"a": "first", "b": "before its key"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("\ufeff \n", "\n"),
        ("Here you are:\n```json\n", "\n```\nAnything else?"),
        ('<think>{"item": "no", "quantity": 1}</think>\n', ""),
        ("It is {like this} or { } or [so]: ", " {}"),
        ("x" * 500, " and more {"),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1_000])
def test_text_around_the_answer_is_ignored(before: str, after: str, size: int) -> None:
    text = f'{before}{{"item": "la\\u00e9", "quantity": 3, "price": null}}{after}'
    expected = Line(item="laé", quantity=3)
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    collected = snapshots(SnapshotBuilder(ResponseFormat(Line)), chunks)
    assert all(is_part_of(each, expected) for each in collected)
    assert collected[-1] == expected


def test_unfinished_thinking_or_a_text_without_an_answer_has_no_snapshot() -> None:
    for text in ('<thinking>{"item": "lamp", ', "Sorry, I cannot.", '{"ite', "[1, 2]", ""):
        assert all(
            each is ABSENT or each.__dict__ == {} for each in snapshots(SnapshotBuilder(ResponseFormat(Line)), [*text])
        )


def test_of_a_text_that_is_not_json_the_last_snapshot_stays() -> None:
    builder = SnapshotBuilder(ResponseFormat(Line))
    assert builder.feed('{"item": "lamp", quan')
    assert builder.snapshot().__dict__ == {"item": "lamp"}
    assert not builder.feed('tity": 3}')
    assert builder.snapshot().__dict__ == {"item": "lamp"}


def test_a_completed_value_is_distinguished_from_growth() -> None:
    builder = SnapshotBuilder(ResponseFormat(Line))
    completed = []
    for chunk in ('{"item": "la', "mp", '"', ', "quan', 'tity": 3', ",", '"price": null}'):
        builder.feed(chunk)
        completed.append(builder.has_completed_value)
    assert completed == [False, False, True, False, False, True, True]


def test_validators_get_the_context() -> None:
    def add_context(value: str, info: Any) -> str:
        return f"{value} {info.context}"

    response_format = ResponseFormat(list[Annotated[str, AfterValidator(add_context)]])
    builder = SnapshotBuilder(response_format, context="here")
    builder.feed('{"value": ["a", "b')
    assert builder.snapshot() == ["a here"]


def test_a_partial_dataclass_has_a_repr_and_equality_and_hides_its_defaults() -> None:
    builder = SnapshotBuilder(ResponseFormat(Place))
    builder.feed('{"name": "a", "tags": ["b')
    first = builder.snapshot()
    builder.feed("c")
    second = builder.snapshot()
    assert isinstance(first, Place)
    assert repr(first) == "Place(name='a', tags=['b'])"
    assert first != second
    assert first != Place("a")
    assert second == builder.snapshot()
    with pytest.raises(AttributeError, match="'Place' object has no attribute 'height' yet"):
        _ = first.height


def test_a_partial_value_of_any_kind_can_be_copied() -> None:
    for output_type in (Place, Slotted, Checked, Line, Movie, Aliased):
        builder = SnapshotBuilder(ResponseFormat(output_type))
        builder.feed(
            '{"title": "a' if output_type is Movie else '{"userName": "a' if output_type is Aliased else '{"name": "a'
        )
        partial = builder.snapshot()
        assert repr(copy.deepcopy(partial)) == repr(partial)


def test_a_dataclass_with_init_subclass_is_not_subclassed() -> None:
    subclasses = []

    @dataclasses.dataclass
    class Hooked:
        name: str

        def __init_subclass__(cls) -> None:
            subclasses.append(cls)

    builder = SnapshotBuilder(ResponseFormat(Hooked))
    builder.feed('{"name": "a')
    assert type(builder.snapshot()) is Hooked
    assert builder.snapshot().name == "a"
    assert subclasses == []


def test_private_attributes_and_extra_keys_are_as_in_any_instance() -> None:
    builder = SnapshotBuilder(ResponseFormat(Aliased))
    builder.feed('{"userName": "ada", "other_keys": [')
    partial = builder.snapshot()
    assert (partial.user_name, partial._cache, partial.model_extra, partial.shout) == ("ada", 3, {}, "ADA")
    assert repr(partial) == "Aliased(user_name='ada')"
    assert isinstance(partial, Aliased)


def test_recursion_that_the_vendor_rejects_is_in_the_snapshot_once_it_is_complete() -> None:
    response_format = ResponseFormat(Folder, dialect=DIALECTS["anthropic"])
    text = json.dumps(response_format.dump(Folder(name="a", folders=[Folder(name="b"), Folder(name="c")])))
    expected = response_format.parse(text)
    collected = snapshots(SnapshotBuilder(response_format), split(text, None))
    assert all(is_part_of(each, expected) for each in collected)
    assert {len(each.folders) for each in collected if hasattr(each, "folders")} == {0, 1, 2}
    assert collected[-1] == expected


def test_the_cache_of_decoders_does_not_keep_a_response_format_alive() -> None:
    from structkit.partial.snapshots import _decoders

    gc.collect()
    before = len(_decoders)
    SnapshotBuilder(ResponseFormat(list[int])).feed('{"value": [1]}')
    gc.collect()
    assert len(_decoders) <= before


def test_partial_is_the_type_itself_with_an_annotation() -> None:
    assert Partial[Line].__origin__ is Line


@pytest.mark.parametrize("value", [[1, [2, {"a": "b"}]], {"a": [1, {}]}, [], "text", 3, None], ids=repr)
@pytest.mark.parametrize("output_type", [RootModel[Any], list[RootModel[Any]], dict[str, RootModel[Any]]], ids=str)
def test_a_root_model_of_any_value_is_in_a_snapshot_once_it_is_complete(output_type: Any, value: Any) -> None:
    root: Any = RootModel[Any](value)
    complete = {list[RootModel[Any]]: [root], dict[str, RootModel[Any]]: {"k": root}}.get(output_type, root)
    response_format = ResponseFormat(output_type)
    builder = SnapshotBuilder(response_format)
    snapshots = [builder.snapshot() for chunk in json.dumps(response_format.dump(complete)) if builder.feed(chunk)]
    assert snapshots[-1] == complete
    assert all(snapshot in (ABSENT, [], {}, complete) for snapshot in snapshots)
