"""Values of unions without the tag of their branch: read where exactly one branch is valid, and nowhere else."""

from __future__ import annotations

import datetime as dt
import enum
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, RootModel, TypeAdapter, create_model

from structkit import REPAIRS, ResponseFormat
from structkit.dialects import DIALECTS


class Dog(BaseModel):
    name: str
    breed: str


class Car(BaseModel):
    name: str
    wheels: int


class Boat(BaseModel):
    name: str
    length: float | None = None


class Kind(enum.Enum):
    CAT = "cat"
    COW = "cow"


class EnumCat(BaseModel):
    kind: Literal[Kind.CAT]
    size: int


class EnumCow(BaseModel):
    kind: Literal[Kind.COW]
    size: int


class Feline(BaseModel):
    kind: Literal["cat", "kitten"]
    size: int


class Canine(BaseModel):
    kind: Literal["dog", "puppy"]
    size: int


class Circle(BaseModel):
    kind: Literal["circle"]
    radius: float


class Square(BaseModel):
    kind: Literal["square"] = "square"
    side: float


class Phone(BaseModel):
    value: str = Field(pattern=r"^\+?[0-9 ]+$")


class Email(BaseModel):
    value: str = Field(pattern=r"^\S+@\S+$")


@dataclass
class Point:
    x: int
    y: int


class Anything(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: str


class Leaf(BaseModel):
    text: str


class Branch(BaseModel):
    children: list[Branch | Leaf]


class Owner(BaseModel):
    thing: Dog | Car
    count: int = 0


class Garage(BaseModel):
    car: Car


REX = {"name": "Rex", "breed": "Lab"}
KITT = {"name": "KITT", "wheels": 4}
Shape = Annotated[Circle | Square, Field(discriminator="kind")]


def read(output_type: Any, value: Any, **options: Any) -> tuple[Any, list[str]]:
    """Return the value of a reply with a natural value, or None, and the repairs."""
    answer = ResponseFormat(output_type, **options).read(json.dumps(value), repairs=True)
    return answer.value, [*answer.repairs]


@pytest.mark.parametrize(
    ("output_type", "natural", "value"),
    [
        (Dog | Car, REX, Dog(**REX)),
        (Dog | Car, KITT, Car(**KITT)),
        (Dog | Car | None, REX, Dog(**REX)),
        (Dog | str | list[int] | Car, KITT, Car(**KITT)),
        (list[Dog] | Dog | Car, KITT, Car(**KITT)),
        (Boat | Car, {"name": "Ada", "length": 3.5}, Boat(name="Ada", length=3.5)),
        (Dog | Point, {"x": 1, "y": 2}, Point(1, 2)),
        (Dog | Anything, {"name": "x", "more": [1]}, Anything(name="x", more=[1])),  # pyright: ignore[reportCallIssue]
        (Dog | dict[str, int], {"a": 1}, {"a": 1}),
        # Tags that the wire does not have as constants
        (EnumCat | EnumCow, {"kind": "cow", "size": 3}, EnumCow(kind=Kind.COW, size=3)),
        (Feline | Canine, {"kind": "puppy", "size": 3}, Canine(kind="puppy", size=3)),
        # Tags that are left out
        (Circle | Square, {"radius": 1.5}, Circle(kind="circle", radius=1.5)),
        (Shape, {"side": 2}, Square(side=2)),
        # Branches that only validation distinguishes
        (Phone | Email, {"value": "ada@example.org"}, Email(value="ada@example.org")),
        (dt.date | dt.datetime, "2026-11-29T10:00:00", dt.datetime(2026, 11, 29, 10)),  # noqa: DTZ001
    ],
    ids=str,
)
def test_a_value_that_fits_exactly_one_branch_is_read_without_its_tag(
    output_type: Any, natural: Any, value: Any
) -> None:
    assert read(output_type, {"value": natural}) == (value, ["missing tag at value"])
    assert read(list[output_type], {"value": [natural, natural]}) == (
        [value, value],
        ["missing tag at value[0]", "missing tag at value[1]"],
    )
    assert read(dict[str, output_type], {"value": [{"key": "a", "value": natural}]}) == (
        {"a": value},
        ["missing tag at value[0].value"],
    )
    assert read(dict[str, output_type], {"value": {"a": natural}}) == ({"a": value}, ["missing tag at value[0].value"])
    record = create_model("Record", thing=(output_type, ...))
    assert read(record, {"thing": natural}) == (record(thing=value), ["missing tag at thing"])


@pytest.mark.parametrize(
    ("output_type", "natural"),
    [
        (Dog | Car, {"name": "Rex"}),
        (Dog | Car, REX | KITT),
        (Dog | Car, REX | {"age": 3}),
        (Dog | Car, {}),
        (Boat | Anything, {"name": "x"}),
        (Dog | dict[str, str], REX),
        (Dog | dict[str, Any], REX),
        (Dog | Anything, REX),
        (Phone | Email, {"value": "?"}),
        (Feline | Canine, {"kind": "cow", "size": 3}),
        (Feline | Canine, {"size": 3}),
        (Shape, {"kind": "cube", "side": 3}),
        (dt.date | dt.datetime, "2026-11-29"),
        (create_model("A", x=(int, ...)) | create_model("B", x=(int, ...)), {"x": 1}),
    ],
    ids=str,
)
def test_a_value_that_fits_no_branch_or_several_is_not_read(output_type: Any, natural: Any) -> None:
    assert read(output_type, {"value": natural})[0] is None
    assert read(list[output_type], {"value": [natural]})[0] is None


@pytest.mark.parametrize("output_type", [Car | Anything, Car | dict[str, str], Car | dict[str, Any], Anything | Car])
@pytest.mark.parametrize("natural", [{"name": "x", "wheels": "many"}, {"type": "car", "name": "x", "wheels": "many"}])
def test_an_invalid_value_with_the_keys_of_a_branch_is_no_value_of_one_that_takes_any_key(
    output_type: Any, natural: Any
) -> None:
    assert read(output_type, {"value": natural})[0] is None
    assert read(output_type, natural)[0] is None
    assert read(list[output_type], {"value": [natural]})[0] is None


@pytest.mark.parametrize("output_type", [Car | dict[str, Any], Car | Any, Car | Dog | dict[str, Any]])
@pytest.mark.parametrize("form", ['{"value": %s}', "%s"])
def test_an_invalid_value_in_the_box_of_its_branch_is_no_value_of_another_one(output_type: Any, form: str) -> None:
    reading = ResponseFormat(output_type).read(form % '{"Car": {"name": "x", "wheels": "many"}}', repairs=True)
    assert not reading.valid
    assert ["wheels" in str(issue) for issue in reading.issues] == [True]


@pytest.mark.parametrize("output_type", [Car | None, Car | str, Car | int, Car | list[str]])
@pytest.mark.parametrize("form", ['{"value": {"Car": %s}}', '{"Car": %s}', '{"car": %s}'])
def test_the_name_of_a_branch_may_be_a_wrapper(output_type: Any, form: str) -> None:
    reading = ResponseFormat(output_type).read(form % '{"name": "x", "wheels": 4}', repairs=True)
    assert (reading.value, reading.repairs) == (Car(name="x", wheels=4), ("wrapper",))


def test_tags_are_missing_at_any_depth() -> None:
    tree = {"children": [{"text": "a"}, {"children": [{"text": "b"}]}]}
    assert read(Branch, tree) == (
        Branch(children=[Leaf(text="a"), Branch(children=[Leaf(text="b")])]),
        ["missing tag at children[0]", "missing tag at children[1]", "missing tag at children[1].Branch.children[0]"],
    )
    assert read(Owner | Garage, {"value": {"thing": REX}}) == (
        Owner(thing=Dog(**REX)),
        ["missing tag at value", "missing tag at value.Owner.thing"],
    )
    assert read(Dog | Annotated[Car | Point, "nested"], {"value": KITT}) == (
        Car(**KITT),
        ["missing tag at value", "missing tag at value.option"],
    )
    assert read(tuple[Dog | Car, int], {"value": [KITT, 1]}) == (
        (Car(**KITT), 1),
        ["missing tag at value.item_0"],
    )


def test_a_tag_may_be_missing_beside_one_that_is_there() -> None:
    assert read(list[Dog | Car], {"value": [{"Car": KITT}, REX]}) == (
        [Car(**KITT), Dog(**REX)],
        ["missing tag at value[1]"],
    )


def test_values_in_a_branch_without_its_tag_are_repaired_too() -> None:
    assert read(Dog | Car, {"value": {"name": "KITT", "wheels": "4"}}) == (
        Car(**KITT),
        ["number in text at value.wheels", "missing tag at value"],
    )
    assert read(Dog | Car, {"value": json.dumps(KITT)}) == (
        Car(**KITT),
        ["JSON in text at value", "missing tag at value"],
    )


@pytest.mark.parametrize(
    ("output_type", "natural", "repairs"),
    [
        (Dog | Car, [KITT], ["list for item at value"]),
        (Dog | Car, {"result": KITT}, ["wrapped value at value"]),
        (Dog | Car, {"Name": "KITT", "Wheels": 4}, ["spelling at value.name", "spelling at value.wheels"]),
        (Dog | Car, {"Name": "KITT", "wheels": "4"}, ["spelling at value.name", "number in text at value.wheels"]),
        (Dog | Car | None, [{"NAME": "KITT", "wheels": 4}], None),
        (Dog | Car | list[int], [KITT], None),
    ],
    ids=str,
)
def test_a_branch_without_its_tag_may_need_other_repairs_first(
    output_type: Any, natural: Any, repairs: list[str] | None
) -> None:
    record = create_model("Record", value=(output_type, ...), count=(int, ...))
    value, applied = read(record, {"value": natural, "count": "3 pieces"})
    if repairs is None:
        assert value is None
    else:
        assert value == record(value=Car(**KITT), count=3)
        assert applied == [*repairs, "number in text at count", "missing tag at value"]


def test_an_item_without_its_tag_is_a_list_of_one() -> None:
    record = create_model("Record", pets=(list[Dog | Car], ...))
    repairs = ["item for list at pets", "missing tag at pets[0]"]
    assert read(record, {"pets": KITT}) == (record(pets=[Car(**KITT)]), repairs)
    assert read(record, {"pets": {"name": "x"}})[0] is None


def test_a_branch_with_an_undecided_union_of_its_own_is_not_chosen() -> None:
    pair = create_model("Pair", contact=(Phone | Email, ...))
    other = create_model("Other", contact=(dict[str, str], ...))
    assert read(pair | other, {"value": {"contact": {"value": "a@b"}}})[0] is None
    late = create_model("Late", day=(dt.date | dt.datetime, ...))
    text = create_model("Text", day=(str, ...))
    assert read(late, {"day": "2026-11-29T10:00:00"})[0] == late(day=dt.datetime(2026, 11, 29, 10))  # noqa: DTZ001
    assert read(late | text, {"value": {"day": "2026-11-29T10:00:00"}})[0] is None


class ListOrMap(RootModel[list[int] | dict[str, str]]):
    pass


@pytest.mark.parametrize("reply", ["[]", '{"value": []}'])
@pytest.mark.parametrize(
    "output_type",
    [
        dict[str, int] | dict[float, dt.date] | ListOrMap,
        list[int] | dict[str, str] | ListOrMap,
        dict[str, int] | dict[int, int] | ListOrMap | str,
    ],
    ids=["maps", "a list", "a text"],
)
def test_a_union_in_the_box_of_another_one_does_not_take_its_choice(output_type: Any, reply: str) -> None:
    answer = ResponseFormat(output_type).read(reply, repairs=True)
    assert [issue.path for issue in answer.issues] == [()]


def test_a_reply_with_many_undecided_places_is_validated_once_per_branch() -> None:
    calls = 0

    class Counted(BaseModel):
        contacts: list[Phone | Email]

        def model_post_init(self, _context: Any) -> None:
            nonlocal calls
            calls += 1

    contacts = [{"value": "a@b" if number % 3 else str(number)} for number in range(500)]
    value, repairs = read(Counted, {"contacts": contacts})
    assert [type(contact) for contact in value.contacts[:3]] == [Phone, Email, Email]
    assert len(repairs) == 500
    assert calls == 1  # two rounds with invalid contacts, and the answer


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda dialect: dialect.name)
def test_a_tag_may_be_missing_in_every_dialect(dialect: Any) -> None:
    assert read(list[Dog | Car], {"value": [REX]}, dialect=dialect)[0] == [Dog(**REX)]
    tree = {"value": {"children": [{"text": "a"}]}}
    assert read(Branch | Leaf, tree, dialect=dialect)[0] in (Branch(children=[Leaf(text="a")]), None)


class Circle(BaseModel):
    kind: Literal["circle"] = "circle"
    radius: float


class Tile(BaseModel):
    kind: Literal["tile"] = "tile"
    side: float


@pytest.mark.parametrize(
    ("output_type", "form"),
    [
        (Circle | Tile, "SHAPE"),
        (Circle | Tile, '{"value": SHAPE}'),
        (list[Circle | Tile], "[SHAPE]"),
        (list[Circle | Tile], '{"value": [SHAPE]}'),
        (dict[str, Circle | Tile], '{"a": SHAPE}'),
        (dict[str, Circle | Tile], '{"value": {"a": SHAPE}}'),
        (dict[str, list[Circle | Tile]], '{"a": [SHAPE]}'),
        (tuple[Circle | Tile, int], "[SHAPE, 1]"),
        (tuple[Circle | Tile, int], '{"value": [SHAPE, 1]}'),
    ],
)
def test_no_branch_is_assumed_in_any_form_of_a_reply(output_type: Any, form: str) -> None:
    value, repairs = read(output_type, json.loads(form.replace("SHAPE", '{"radius": 1, "side": 2}')))
    assert value is None
    value, repairs = read(output_type, json.loads(form.replace("SHAPE", '{"radius": 1, "color": "red"}')))
    assert value is None
    value, repairs = read(output_type, json.loads(form.replace("SHAPE", '{"radius": 1}')))
    assert "Circle(kind='circle', radius=1.0)" in repr(value)
    assert any(repair.startswith("missing tag") for repair in repairs)


def test_no_branch_is_assumed_for_the_further_items_of_a_tuple() -> None:
    assert read(tuple[int, *tuple[Circle | Tile, ...]], {"value": [1, {"radius": 1, "side": 2}]})[0] is None


def test_a_policy_without_the_repair_rejects_a_value_without_its_tag() -> None:
    answer = ResponseFormat(Dog | Car).read(json.dumps({"value": REX}), repairs=REPAIRS - {"missing tag"})
    assert not answer.valid


THINGS = st.one_of(
    st.builds(Dog, name=st.text(max_size=3), breed=st.text(max_size=3)),
    st.builds(Car, name=st.text(max_size=3), wheels=st.integers()),
    st.builds(Boat, name=st.text(max_size=3), length=st.none() | st.floats(allow_nan=False, allow_infinity=False)),
    st.builds(Phone, value=st.from_regex(r"^[0-9]+\Z")),
    st.builds(Email, value=st.from_regex(r"^[a-z]+@[a-z]+\Z")),
    st.builds(Square, side=st.integers().map(float)),
    st.builds(Feline, kind=st.sampled_from(["cat", "kitten"]), size=st.integers()),
    st.dictionaries(st.sampled_from(["name", "breed", "wheels", "value"]), st.text(max_size=3)),
)
Thing = Dog | Car | Boat | Phone | Email | Square | Feline | dict[str, str]


@given(st.lists(THINGS, max_size=3), st.booleans())
def test_no_value_is_read_as_another_one(things: list[Any], excludes_unset: bool) -> None:
    adapter = TypeAdapter(list[Thing])
    natural = adapter.dump_python(things, mode="json", exclude_unset=excludes_unset)
    value, _ = read(list[Thing], {"value": natural})
    assert value is None or [repr(thing) for thing in value] == [repr(thing) for thing in things]


@pytest.mark.parametrize(
    ("output_type", "reply", "value"),
    [
        (Decimal | Literal["x"] | bool, '"1"', Decimal(1)),
        (Decimal | Literal["x"] | bool, '"true"', True),
        (Decimal | dt.date | int, '{"value": "5"}', Decimal(5)),
        (Decimal | dt.date | int, "5", 5),
        (dt.date | dt.time | int | None, "null", None),
        (list[Decimal | dt.date | float], '["1.5", 1.5]', [Decimal("1.5"), 1.5]),
    ],
    ids=str,
)
def test_a_text_without_its_box_is_not_read_as_a_number(output_type: Any, reply: str, value: Any) -> None:
    answer = ResponseFormat(output_type).read(reply, repairs=True)
    assert (answer.value, repr(answer.value)) == (value, repr(value))


def test_a_text_that_fits_several_boxes_is_asked_for_again() -> None:
    answer = ResponseFormat(Literal["1"] | Decimal | int).read('"1"', repairs=True)
    assert [issue.got for issue in answer.issues] == ['"1"']


# A property that names the class


class Ship(BaseModel):
    type: str
    name: str


@pytest.mark.parametrize("name", [{"type": "boat"}, {"kind": "Boat"}, {"type": "BOAT"}])
@pytest.mark.parametrize(
    ("output_type", "place"),
    [(Dog | Boat, "%s"), (list[Dog | Boat], "[%s]"), (dict[str, Dog | Boat], '{"a": %s}'), (Dog | Boat | None, "%s")],
    ids=["union", "list", "map", "optional"],
)
def test_a_value_that_names_its_class_is_read_as_that_class(output_type: Any, place: str, name: Any) -> None:
    reply = json.dumps({**name, "name": "Ann", "length": 2.5})
    answer = ResponseFormat(output_type).read(f'{{"value": {place % reply}}}', repairs=True)
    boat: Any = Boat(name="Ann", length=2.5)
    assert answer.value in (boat, [boat], {"a": boat})
    assert [repair.partition(" at ")[0] for repair in answer.repairs] == ["missing tag"]


@pytest.mark.parametrize(
    "value",
    [
        {"type": "ship", "name": "Ann", "length": 2.5},
        {"type": "dog", "name": "Ann", "length": 2.5},
        {"type": "boat", "kind": "dog", "name": "Ann", "length": 2.5},
        {"type": "boat", "name": "Ann"},
        {"type": "boat"},
    ],
)
def test_a_name_that_may_mean_something_else_is_not_that_of_the_class(value: Any) -> None:
    assert not ResponseFormat(Dog | Boat | Ship).read(json.dumps({"value": value}), repairs=True).valid
