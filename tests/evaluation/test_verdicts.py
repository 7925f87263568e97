"""Each scalar gets a verdict against gold: right, wrong, invented, missed, or rightly absent."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Optional

import pytest
from pydantic import BaseModel

from structkit import Compare, ConfigError
from structkit.evaluation import verdicts


class Circle(BaseModel):
    kind: Literal["circle"] = "circle"
    size: int


class Square(BaseModel):
    kind: Literal["square"] = "square"
    size: int


class Line(BaseModel):
    name: str
    price: Decimal


class Folder(BaseModel):
    name: str
    folder: Optional["Folder"] = None
    folders: list["Folder"] = []


class Order(BaseModel):
    order_id: str = "A-1"
    city: str = "Oslo"
    total: Decimal = Decimal("9.50")
    day: date | None = None
    moment: datetime | None = None
    paid: bool | None = None
    prices: dict[str, int] = {}
    lines: list[Line] = []
    tags: set[str] = set()
    shape: Circle | Square | None = None
    code: int | str | None = None
    pair: tuple[int, str] | None = None


def of(field: str, gold: Any, got: Any, output_type: Any = Order) -> list[tuple[str, str]]:
    """The verdicts on a field, if one value has *gold* in it and the other one *got*."""
    both = verdicts({field: gold}, {field: got}, output_type)
    return [(each.field, each.verdict) for each in both if each.field.startswith(field) and each.verdict != "absent"]


@pytest.mark.parametrize(
    ("field", "gold", "got", "expected"),
    [
        ("order_id", "INV-2291", "INV-2292", "wrong"),
        ("order_id", "INV-2291", "inv-2291", "wrong"),
        ("city", "Zürich", "zurich", "right"),
        ("city", "O\u2019Brien \u2013 Sons", "O'Brien  -  Sons", "right"),
        ("city", "Unit 12", "Unit 13", "wrong"),
        ("total", "9.50", "9.5", "right"),
        ("total", "9.50", "9.51", "wrong"),
        ("day", "2026-03-14", "2026-03-15", "wrong"),
        ("day", "2026-03-14", None, "missed"),
        ("day", None, "2026-03-14", "invented"),
        ("moment", "2026-03-14T10:00:00Z", "2026-03-14T11:00:00+01:00", "right"),
        ("paid", False, False, "right"),
        ("paid", False, True, "wrong"),
        ("paid", False, None, "missed"),
        ("code", 5, 5, "right"),
        ("code", 5, "x", "wrong"),
        ("city", "Oslo", "", "missed"),
    ],
)
def test_a_scalar_is_compared_by_its_type(field: str, gold: Any, got: Any, expected: str) -> None:
    assert of(field, gold, got) == [(field, expected)]


def test_a_place_that_is_empty_on_both_sides_is_rightly_absent() -> None:
    assert ("day", "absent") in [(each.field, each.verdict) for each in verdicts(Order(), Order())]


def test_maps_are_compared_by_key() -> None:
    assert of("prices", {"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 3, "d": 4}) == [
        ("prices.*", "right"),
        ("prices.*", "wrong"),
        ("prices.*", "missed"),
        ("prices.*", "invented"),
    ]


def test_sets_are_compared_in_any_order_and_an_item_is_right_or_not() -> None:
    assert sorted(of("tags", ["a", "b"], ["c", "A"])) == [
        ("tags[]", "invented"), ("tags[]", "missed"), ("tags[]", "right"),
    ]  # fmt: skip


def test_items_that_belong_together_are_compared_field_by_field() -> None:
    gold = [{"name": "Lamp", "price": "1"}, {"name": "Desk", "price": "2"}]
    assert of("lines", gold, [{"name": "desk", "price": "3"}]) == [
        ("lines[].name", "right"),
        ("lines[].price", "wrong"),
        ("lines[].name", "missed"),
        ("lines[].price", "missed"),
    ]


def test_the_path_of_an_item_is_its_place_in_gold_and_of_an_invented_one_its_own() -> None:
    both = verdicts({"b": ["x", "y"]}, {"b": ["y", "z"]})
    assert [(each.path, each.verdict) for each in both] == [
        (("b", 1), "right"), (("b", 0), "missed"), (("b", 1), "invented"),
    ]  # fmt: skip


def test_values_of_other_branches_of_a_union_equal_nothing_of_each_other() -> None:
    assert of("shape", {"kind": "circle", "size": 2}, {"kind": "square", "size": 2}) == [
        ("shape.kind", "wrong"),
        ("shape.size", "missed"),
        ("shape.size", "invented"),
    ]
    assert of("shape", {"kind": "circle", "size": 2}, {"kind": "circle", "size": 2}) == [
        ("shape.kind", "right"),
        ("shape.size", "right"),
    ]


def test_tuples_are_compared_by_position() -> None:
    assert of("pair", [1, "a"], [1, "b"]) == [("pair[0]", "right"), ("pair[1]", "wrong")]


def test_a_recursive_type_is_compared_as_deep_as_its_values() -> None:
    gold = {"name": "a", "folder": {"name": "b"}, "folders": [{"name": "c", "folders": [{"name": "d"}]}]}
    both = verdicts(gold, {**gold, "folder": None}, Folder)
    values = [(each.field, each.verdict) for each in both if each.verdict != "absent"]
    assert values == [
        ("name", "right"),
        ("folder.name", "missed"),
        ("folders[].name", "right"),
        ("folders[].folders[].name", "right"),
    ]


def test_plain_values_are_compared_by_their_own_shape() -> None:
    gold, got = {"a": {"b": 1, "c": [1, 2]}, "d": "x"}, {"a": {"b": 1.0, "c": 5}, "d": "X", "e": True}
    assert [(each.field, each.verdict) for each in verdicts(gold, got)] == [
        ("a.b", "right"),
        ("a.c[]", "missed"),
        ("a.c[]", "missed"),
        ("a.c", "invented"),
        ("d", "right"),
        ("e", "invented"),
    ]


def first_letter(gold: str, got: str) -> bool:
    return gold[0] == got[0]


class Marked(BaseModel):
    name: Annotated[str, Compare.fuzzy(0.8)] = ""
    weight: Annotated[float, Compare.within(0.1)] = 0
    price: Annotated[float, Compare.within(relative=0.1)] = 0
    letter: Annotated[str, Compare.by(first_letter)] = ""
    title: Annotated[str, Compare.exact] = ""
    note: Annotated[str | None, Compare.ignore] = None
    steps: Annotated[list[str] | None, Compare.in_order] = None


@pytest.mark.parametrize(
    ("field", "gold", "got", "expected"),
    [
        ("name", "Northwind Traders", "Northwind Trader", ["right"]),
        ("name", "INV-2291", "INV-2292", ["wrong"]),
        ("name", "Apex", "Acme", ["wrong"]),
        ("weight", 1.0, 1.1, ["right"]),
        ("weight", 1.0, 1.2, ["wrong"]),
        ("price", 100, 109, ["right"]),
        ("price", 100, 111, ["wrong"]),
        ("letter", "abc", "axx", ["right"]),
        ("title", "Zürich", "zürich", ["wrong"]),
        ("note", "a", "b", []),
        ("steps", ["a", "b"], ["b", "a"], ["wrong", "wrong"]),
    ],
)
def test_an_annotation_says_how_a_field_is_compared(field: str, gold: Any, got: Any, expected: list[str]) -> None:
    assert [verdict for _, verdict in of(field, gold, got, Marked)] == expected


def test_a_comparator_is_for_the_score_only() -> None:
    from structkit import ResponseFormat

    plain = ResponseFormat(Annotated[str, "x"]).schema
    assert ResponseFormat(Annotated[str, Compare.fuzzy(0.9)]).schema == plain


def test_a_field_can_be_compared_in_another_way_without_an_annotation() -> None:
    both = verdicts(Order(city="Oslo"), Order(city="Osl"), comparators={"city": Compare.fuzzy(0.8)})
    assert next(each.verdict for each in both if each.field == "city") == "right"
    with pytest.raises(ConfigError, match="no field 'citty'; did you mean 'city'"):
        verdicts(Order(), Order(), comparators={"citty": Compare.exact})


@pytest.mark.parametrize(("name", "number"), [("within", -1), ("within", "x"), ("fuzzy", 90)])
def test_a_tolerance_that_makes_no_sense_is_an_error(name: str, number: Any) -> None:
    with pytest.raises(ConfigError, match=f"Compare.{name}"):
        getattr(Compare, name)(number)


def test_a_value_of_another_type_than_gold_equals_nothing() -> None:
    assert of("lines", [{"name": "a", "price": "1"}], "lamp") == [
        ("lines[].name", "missed"),
        ("lines[].price", "missed"),
        ("lines", "invented"),
    ]
