"""Snapshots of a growing reply: in the caller's shape, true, never more than what is there, and never changed later."""

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
from hypothesis import HealthCheck, given, settings
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
    def stays(self) -> Sorted:
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
    """What a record or list holds, in order."""
    if isinstance(value, BaseModel):
        return {**value.__dict__, **(value.__pydantic_extra__ or {})}
    if dataclasses.is_dataclass(value):
        return {each.name: getattr(value, each.name) for each in dataclasses.fields(value) if hasattr(value, each.name)}
    return value if isinstance(value, dict) else dict(enumerate(value)) if type(value) in {list, tuple} else None


def same(first: Any, second: Any) -> bool:
    return type(first) is type(second) and (first == second or repr(first) == repr(second))


def begins(part: Any, whole: Any) -> bool:
    """Whether a snapshot is a beginning of the whole: all in it is the same, but for the last thing that grows."""
    if part is ABSENT or same(part, whole):
        return True
    if not isinstance(part, type(whole)):
        return False
    if isinstance(whole, str):
        return type(part) is str and whole.startswith(part)
    if isinstance(whole, set | frozenset):
        return part <= whole
    if isinstance(whole, RootModel):
        return begins(part.root, whole.root)
    there, wanted = members(part), members(whole)
    said = part.model_fields_set if isinstance(part, BaseModel) else {*(there or ())}
    return there is not None and wanted is not None and said == {*there} and _members_begin(there, wanted)


def _members_begin(part: dict[Any, Any], whole: dict[Any, Any]) -> bool:
    if not part.keys() <= whole.keys():
        return False
    *closed, last = [*part] or [None]
    return all(same(part[name], whole[name]) for name in closed) and (not part or begins(part[last], whole[last]))


def snapshots(growing: SnapshotBuilder[Any], pieces: list[str]) -> list[Any]:
    found = []
    for piece in pieces:
        before = growing.snapshot()
        if not growing.feed(piece):
            assert growing.snapshot() is before
        found.append(growing.snapshot())
    return found


def split(text: str, places: list[int] | None) -> list[str]:
    cuts = range(len(text) + 1) if places is None else sorted({0, len(text), *(place % len(text) for place in places)})
    return [text[start:end] for start, end in pairwise(cuts)]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=300)
@given(st.sampled_from([*CASES]).flatmap(lambda name: st.tuples(st.just(name), CASES[name][1])),
       st.none() | st.lists(st.integers(0, 10_000), max_size=8), st.booleans())  # fmt: skip
def test_every_snapshot_is_a_beginning_of_the_value_and_the_last_one_is_the_value(case, places, escaped) -> None:
    name, value = case
    wanted = format_of(name)
    text = json.dumps(wanted.dump(value), ensure_ascii=escaped)
    whole = wanted.parse(text)
    found = snapshots(SnapshotBuilder(wanted), split(text, places))
    shown = [repr(each) for each in found]
    for snapshot in found:
        assert begins(snapshot, whole)
    assert same(found[-1], whole)
    assert [repr(each) for each in found] == shown


def spoilt(wire: Any, wrong: Any, at: list[int]) -> Any:
    """The wire with a wrong value somewhere inside."""
    if not isinstance(wire, dict | list) or not wire or not at:
        return wrong
    keys = [*wire] if isinstance(wire, dict) else [*range(len(wire))]
    made = wire.copy()
    made[keys[at[0] % len(keys)]] = spoilt(wire[keys[at[0] % len(keys)]], wrong, at[1:])
    return made


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=300)
@given(st.sampled_from([*CASES]).flatmap(lambda name: st.tuples(st.just(name), CASES[name][1])), JSON | st.just({"key": 1}),
       st.lists(st.integers(0, 10), max_size=5), st.lists(st.integers(0, 10_000), max_size=8))  # fmt: skip
def test_a_wrong_reply_is_shown_as_far_as_it_goes_and_nothing_is_raised(case, wrong, at, places) -> None:
    name, value = case
    wanted = format_of(name)
    text = json.dumps(spoilt(wanted.dump(value), wrong, at))
    found = snapshots(SnapshotBuilder(wanted), split(text, places))
    shown = [repr(each) for each in found]
    assert [repr(each) for each in found] == shown
    answer = wanted.read(text)
    if answer.valid and conforms(json.loads(text), wanted.schema):
        assert same(found[-1], answer.value)


def test_a_model_grows_field_by_field_and_nothing_is_there_before_it_came() -> None:
    text = '{"number": "A-1", "day": "2024-02-29", "color": "dark red", "state": "paid late", "total": "19.90", "is_paid": true'
    growing = SnapshotBuilder(ResponseFormat(Invoice))
    shown: list[Any] = []
    for piece in split(text + ' , "lines": [{"item": "la', None):
        growing.feed(piece)
        if not shown or repr(growing.snapshot()) != repr(shown[-1]):
            shown.append(growing.snapshot())
    assert [repr(each).removeprefix("Invoice(").removesuffix(")") for each in shown] == [
        "",
        "number=''",
        "number='A'",
        "number='A-'",
        "number='A-1'",
        "number='A-1', day=datetime.date(2024, 2, 29)",
        "number='A-1', day=datetime.date(2024, 2, 29), color=<Color.DARK_RED: 'dark red'>",
        (seen := "number='A-1', day=datetime.date(2024, 2, 29), color=<Color.DARK_RED: 'dark red'>, state='paid late'"),
        (seen := f"{seen}, total=Decimal('19.90')"),
        (seen := f"{seen}, is_paid=True"),
        f"{seen}, lines=[]",
        f"{seen}, lines=[Line()]",
        f"{seen}, lines=[Line(item='')]",
        f"{seen}, lines=[Line(item='l')]",
        f"{seen}, lines=[Line(item='la')]",
    ]
    last = growing.snapshot()
    assert last.model_fields_set == {"number", "day", "color", "state", "total", "is_paid", "lines"}
    for name in ("notes", "buyer", "remark"):
        assert not hasattr(last, name)
    assert not hasattr(last.lines[0], "price")


def test_null_is_absence_where_the_wire_says_so_and_a_value_where_the_type_does() -> None:
    class Half(BaseModel):
        a: int | None
        b: int | None = 3
        c: str | None = "none"
        d: str = "x"

    growing = SnapshotBuilder(ResponseFormat(Half))
    growing.feed('{"a": null, "b": {"value": null}, "c": {"value": "te')
    assert growing.snapshot().__dict__ == {"a": None, "b": None, "c": "te"}
    growing.feed('xt"}, "d": null')
    assert growing.snapshot().__dict__ == {"a": None, "b": None, "c": "text"}
    growing.feed("}")
    assert growing.snapshot() == Half(a=None, b=None, c="text", d="x")


def test_what_is_closed_is_validated_once_and_shared() -> None:
    validated: list[str] = []

    class Word(BaseModel):
        text: str

        @model_validator(mode="after")
        def seen(self) -> Word:
            validated.append(self.text)
            return self

    growing = SnapshotBuilder(ResponseFormat(list[Word]))
    found = snapshots(growing, split('{"value": [{"text": "one"}, {"text": "two"}, {"text": "th', None))
    assert validated == ["one", "two"]
    closed = [each for each in found if each is not ABSENT and len(each) == 3]
    assert len(closed) > 3
    assert all(each[0] is closed[0][0] and each[1] is closed[0][1] for each in closed)


def test_a_list_of_valid_items_is_not_validated_again_with_what_is_around_it() -> None:
    validated: list[int] = []

    def seen(value: int) -> int:
        validated.append(value)
        return value

    class Numbers(BaseModel):
        name: str
        numbers: list[Annotated[int, AfterValidator(seen)]]
        more: dict[str, Annotated[int, AfterValidator(seen)]] = {}

    growing = SnapshotBuilder(ResponseFormat(list[Numbers]))
    text = '{"value": [{"name": "a", "numbers": [1, 2], "more": [{"key": "b", "value": 3}]}'
    found = snapshots(growing, split(text, None))
    assert validated == [1, 2, 3]
    assert found[-1] == [Numbers.model_construct(name="a", numbers=[1, 2], more={"b": 3})]
    growing.feed(', {"name": "c", "numbers": [4], "more": null}]}')
    assert validated == [1, 2, 3, 4]
    assert growing.snapshot()[1].model_dump() == {"name": "c", "numbers": [4], "more": {}}


def test_a_validator_that_looks_around_sees_every_field_as_it_is() -> None:
    class Looking(BaseModel):
        words: list[str]
        count: int

        @field_validator("count")
        @classmethod
        def is_right(cls, value: int, info: Any) -> int:
            assert value == len(info.data["words"])
            return value

    class Whole(BaseModel):
        words: list[str]

        @model_validator(mode="after")
        def has_words(self) -> Whole:
            assert self.words
            return self

    class Initialised(BaseModel):
        words: list[str]
        _count: int = PrivateAttr(0)

        def model_post_init(self, _context: Any) -> None:
            self._count = len(self.words)

    looking, whole, initialised = (
        SnapshotBuilder(ResponseFormat(Looking)),
        SnapshotBuilder(ResponseFormat(Whole | None)),
        SnapshotBuilder(ResponseFormat(Initialised)),
    )
    for piece in split('{"words": ["a", "b"], "count": 2}', None):
        looking.feed(piece)
    assert looking.snapshot() == Looking(words=["a", "b"], count=2)
    whole.feed('{"value": {"words": ["a"]}}')
    assert whole.snapshot() == Whole(words=["a"])
    initialised.feed('{"words": ["a", "b"]}')
    assert initialised.snapshot()._count == 2


def test_what_is_around_a_list_with_an_item_left_out_stays_as_it_is_shown() -> None:
    growing = SnapshotBuilder(ResponseFormat(list[Owner]))
    growing.feed(
        '{"value": [{"pets": [{"kind": "cat", "name": "a"}, {"kind": "cow"}, {"kind": "dog", "tricks": [1, "sit"]}]}, '
    )
    [owner] = growing.snapshot()
    assert owner.pets[0] == Cat(name="a")
    assert [pet.__dict__ for pet in owner.pets[1:]] == [{"kind": "dog", "tricks": ["sit"]}]


def test_a_kept_snapshot_of_a_long_list_never_changes() -> None:
    text = json.dumps(
        {"value": [{"item": f"item {number}", "quantity": number, "price": None} for number in range(300)]}
    )
    wanted = ResponseFormat(list[Line])
    growing = SnapshotBuilder(wanted)
    kept: list[tuple[list[Line], int, str]] = []
    for number, piece in enumerate(split(text, [*range(0, len(text), 7)])):
        growing.feed(piece)
        snapshot = growing.snapshot()
        if snapshot is not ABSENT and number % 5 == 0:
            kept.append((snapshot, len(snapshot), repr(snapshot)))
    assert growing.snapshot() == wanted.parse(text)
    assert all(len(each) == count and repr(each) == said for each, count, said in kept)


def test_a_kept_snapshot_of_a_long_map_never_changes() -> None:
    text = json.dumps({"value": [{"key": f"k{number}", "value": "word " * 3} for number in range(300)]})
    wanted = ResponseFormat(dict[str, str])
    growing = SnapshotBuilder(wanted)
    kept: list[tuple[dict[str, str], str]] = []
    for number, piece in enumerate(split(text, [*range(0, len(text), 7)])):
        growing.feed(piece)
        if growing.snapshot() is not ABSENT and number % 5 == 0:
            kept.append((growing.snapshot(), repr(growing.snapshot())))
        assert growing.snapshot() is ABSENT or [*growing.snapshot()] == [
            f"k{at}" for at in range(len(growing.snapshot()))
        ]
    assert growing.snapshot() == wanted.parse(text)
    assert all(repr(each) == said for each, said in kept)


def test_a_long_list_is_not_copied_while_nobody_keeps_its_snapshots() -> None:
    growing = SnapshotBuilder(ResponseFormat(list[str]))
    growing.feed('{"value": [' + '"word", ' * 1_000 + '"')
    met = {}
    for _ in range(50):
        growing.feed("a")
        made = growing.snapshot()
        met[id(made)] = len(made)
    gc.collect()
    assert len(met) <= 6


def test_where_references_are_not_counted_every_snapshot_is_a_copy(monkeypatch) -> None:
    monkeypatch.setattr(snapshot_reuse, "count_references", None)
    growing = SnapshotBuilder(ResponseFormat(list[str]))
    growing.feed('{"value": [' + '"word", ' * 100 + '"')
    kept = []
    for count in range(1, 10):
        growing.feed("a")
        kept.append(growing.snapshot())
        assert growing.snapshot() == ["word"] * 100 + ["a" * count]
    assert len({id(each) for each in kept}) == 9


@pytest.mark.parametrize("change", [list.clear, list.reverse, lambda found: found.insert(0, "x")])
def test_a_snapshot_that_its_holder_has_changed_is_not_handed_out_again(change) -> None:
    growing = SnapshotBuilder(ResponseFormat(list[str]))
    growing.feed('{"value": [' + ", ".join(f'"{number}"' for number in range(100)) + ', "')
    wanted = [str(number) for number in range(100)]
    for count in range(1, 20):
        growing.feed("a")
        assert growing.snapshot() == [*wanted, "a" * count]
        change(growing.snapshot())


def test_a_long_tuple_is_shown_in_steps_and_whole_at_the_end() -> None:
    text = json.dumps({"value": [*range(500)]})
    growing = SnapshotBuilder(ResponseFormat(tuple[int, ...]))
    found = snapshots(growing, split(text, [*range(0, len(text), 3)]))
    lengths = [len(each) for each in found if each is not ABSENT]
    assert lengths == sorted(lengths)
    assert len({*lengths}) < 150
    assert found[-1] == tuple(range(500))


def test_a_long_text_is_shown_in_steps_and_whole_at_the_end() -> None:
    growing = SnapshotBuilder(ResponseFormat(str))
    growing.feed('{"value": "')
    shown = set()
    for _ in range(5_000):
        if growing.feed("some text that goes on and on " * 2):
            shown.add(len(growing.snapshot()))
    assert max(shown) > 5_000 * 60 * 15 / 16 - 60
    assert len([length for length in shown if length > 70_000]) < 40
    growing.feed('"}')
    assert len(growing.snapshot()) == 5_000 * 60


def test_what_is_not_valid_is_left_out_and_what_is_around_it_stays() -> None:
    growing = SnapshotBuilder(ResponseFormat(Invoice))
    growing.feed(
        '{"number": "1", "day": "no day", "lines": [{"item": "a", "quantity": 1}, {"item": "b", "quantity": "x"}, '
    )
    assert growing.snapshot().__dict__ == {
        "number": "1",
        "lines": [Line(item="a", quantity=1), growing.snapshot().lines[1]],
    }
    assert growing.snapshot().lines[1].__dict__ == {"item": "b"}
    growing.feed('{"item": "c", "quantity": 2, "price": null}], "notes": [], "buyer": null}')
    assert [line.item for line in growing.snapshot().lines] == ["a", "b", "c"]
    assert not hasattr(growing.snapshot(), "day")


def test_a_member_that_breaks_a_rule_of_its_own_is_left_out() -> None:
    class Even(BaseModel):
        n: int

        @model_validator(mode="after")
        def is_even(self) -> Even:
            if self.n % 2:
                raise ValueError("odd")
            return self

    growing = SnapshotBuilder(ResponseFormat(list[Even]))
    growing.feed('{"value": [{"n": 2}, {"n": 3}, {"n": 4}')
    assert growing.snapshot() == [Even(n=2), Even(n=4)]
    growing = SnapshotBuilder(ResponseFormat(dict[int, Even]))
    growing.feed(
        '{"value": [{"key": "1", "value": {"n": 2}}, {"key": "x", "value": {"n": 2}}, {"key": "3", "value": {"n": 3}}, 4]'
    )
    assert growing.snapshot() == {1: Even(n=2)}
    growing.feed("}")
    assert growing.snapshot() == {1: Even(n=2)}


def test_the_whole_stays_as_it_was_where_only_a_rule_of_its_own_is_broken() -> None:
    growing = SnapshotBuilder(ResponseFormat(Annotated[list[int], Field(max_length=2)]))
    growing.feed('{"value": [1, 2, 3]}')
    assert growing.snapshot() == [1, 2, 3]


def test_a_key_given_twice_is_shown_as_it_was_first() -> None:
    growing = SnapshotBuilder(ResponseFormat(dict[str, str]))
    growing.feed('{"value": [{"key": "a", "value": "first"}, {"key": "a", "value": "sec')
    assert growing.snapshot() == {"a": "first"}
    growing.feed('ond"}, {"value": "before its key", "key": "b"}')
    assert growing.snapshot() == {"a": "first", "b": "before its key"}


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
def test_text_around_the_answer_is_left_out(before: str, after: str, size: int) -> None:
    text = f'{before}{{"item": "la\\u00e9", "quantity": 3, "price": null}}{after}'
    whole = Line(item="laé", quantity=3)
    found = snapshots(SnapshotBuilder(ResponseFormat(Line)), [text[at : at + size] for at in range(0, len(text), size)])
    assert all(begins(each, whole) for each in found)
    assert found[-1] == whole


def test_nothing_is_shown_of_thinking_that_does_not_end_or_where_no_answer_begins() -> None:
    for text in ('<thinking>{"item": "lamp", ', "Sorry, I cannot.", '{"ite', "[1, 2]", ""):
        assert all(
            each is ABSENT or each.__dict__ == {} for each in snapshots(SnapshotBuilder(ResponseFormat(Line)), [*text])
        )


def test_of_a_text_that_is_no_json_what_was_shown_before_stays() -> None:
    growing = SnapshotBuilder(ResponseFormat(Line))
    assert growing.feed('{"item": "lamp", quan')
    assert growing.snapshot().__dict__ == {"item": "lamp"}
    assert not growing.feed('tity": 3}')
    assert growing.snapshot().__dict__ == {"item": "lamp"}


def test_whether_something_is_complete_is_told_apart_from_growth() -> None:
    growing = SnapshotBuilder(ResponseFormat(Line))
    told = []
    for piece in ('{"item": "la', "mp", '"', ', "quan', 'tity": 3', ",", '"price": null}'):
        growing.feed(piece)
        told.append(growing.has_completed_value)
    assert told == [False, False, True, False, False, True, True]


def test_validators_get_the_context() -> None:
    def told(value: str, info: Any) -> str:
        return f"{value} {info.context}"

    wanted = ResponseFormat(list[Annotated[str, AfterValidator(told)]])
    growing = SnapshotBuilder(wanted, context="here")
    growing.feed('{"value": ["a", "b')
    assert growing.snapshot() == ["a here"]


def test_an_incomplete_dataclass_can_be_shown_and_compared_and_hides_its_defaults() -> None:
    growing = SnapshotBuilder(ResponseFormat(Place))
    growing.feed('{"name": "a", "tags": ["b')
    first = growing.snapshot()
    growing.feed("c")
    second = growing.snapshot()
    assert isinstance(first, Place)
    assert repr(first) == "Place(name='a', tags=['b'])"
    assert first != second
    assert first != Place("a")
    assert second == growing.snapshot()
    with pytest.raises(AttributeError, match="'Place' object has no attribute 'height' yet"):
        _ = first.height


def test_an_incomplete_value_of_any_kind_can_be_copied() -> None:
    for output_type in (Place, Slotted, Checked, Line, Movie, Aliased):
        growing = SnapshotBuilder(ResponseFormat(output_type))
        growing.feed(
            '{"title": "a' if output_type is Movie else '{"userName": "a' if output_type is Aliased else '{"name": "a'
        )
        partial = growing.snapshot()
        assert repr(copy.deepcopy(partial)) == repr(partial)


def test_a_dataclass_that_watches_its_subclasses_gets_none() -> None:
    met = []

    @dataclasses.dataclass
    class Watched:
        name: str

        def __init_subclass__(cls) -> None:
            met.append(cls)

    growing = SnapshotBuilder(ResponseFormat(Watched))
    growing.feed('{"name": "a')
    assert type(growing.snapshot()) is Watched
    assert growing.snapshot().name == "a"
    assert met == []


def test_private_attributes_and_extras_are_as_in_any_instance() -> None:
    growing = SnapshotBuilder(ResponseFormat(Aliased))
    growing.feed('{"userName": "ada", "other_keys": [')
    partial = growing.snapshot()
    assert (partial.user_name, partial._cache, partial.model_extra, partial.shout) == ("ada", 3, {}, "ADA")
    assert repr(partial) == "Aliased(user_name='ada')"
    assert isinstance(partial, Aliased)


def test_recursion_that_the_vendor_does_not_take_shows_when_it_is_closed() -> None:
    wanted = ResponseFormat(Folder, dialect=DIALECTS["anthropic"])
    text = json.dumps(wanted.dump(Folder(name="a", folders=[Folder(name="b"), Folder(name="c")])))
    whole = wanted.parse(text)
    found = snapshots(SnapshotBuilder(wanted), split(text, None))
    assert all(begins(each, whole) for each in found)
    assert {len(each.folders) for each in found if hasattr(each, "folders")} == {0, 1, 2}
    assert found[-1] == whole


def test_a_format_that_goes_is_not_kept_for_its_shapes() -> None:
    from structkit.partial.snapshots import _decoders

    gc.collect()
    before = len(_decoders)
    SnapshotBuilder(ResponseFormat(list[int])).feed('{"value": [1]}')
    gc.collect()
    assert len(_decoders) <= before


def test_partial_is_the_type_itself_with_a_word_on_it() -> None:
    assert Partial[Line].__origin__ is Line
