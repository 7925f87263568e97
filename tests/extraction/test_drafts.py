"""Truncated replies: the complete items of a list are those that the whole reply with these items gives."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from enum import Enum
from typing import Any, Literal

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, StrictBool, create_model

from structkit import REPAIRS, Policy
from structkit.extraction import Extraction
from structkit.extraction.continuation import read_remainder
from structkit.schema import ResponseFormat
from structkit.values import JSONValue, Message

POLICY = Policy(repairs=REPAIRS - {"repetition"})
ReplyWriter = Callable[[JSONValue], str]


class Color(Enum):
    RED = "red"
    DARK_BLUE = "dark blue"


class Circle(BaseModel):
    radius: float
    label: str | None = None


class Square(BaseModel):
    side: float


class Cat(BaseModel):
    kind: Literal["cat"]
    name: str


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str
    tricks: list[str] = []


class Paint(BaseModel):
    color: Color = Color.RED
    coats: int | None = None


class Price(BaseModel):
    net_amount: float = Field(alias="netAmount")
    currency: str = Field("EUR", serialization_alias="cur", validation_alias="cur")


NUMBERS = st.sampled_from([7, -2, "12 kg", "1,234", [3], {"value": 4}])
TEXTS = st.sampled_from(["Ada", "", "a, b", "[1]", 5])
COLORS = st.sampled_from(["red", "Red", "DARK_BLUE", "dark-blue", ["red"], "green"])

ITEMS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (int, NUMBERS),
    (float, NUMBERS),
    (str, TEXTS),
    (StrictBool, st.sampled_from([True, "False", "no", [True]])),
    (Color, COLORS),
    (date, st.sampled_from(["2024-01-05", " 2024-01-05 ", "soon"])),
    (int | None, NUMBERS | st.sampled_from([None, "null"])),
    (list[int], st.lists(NUMBERS, max_size=2) | st.sampled_from(["[7]", 7])),
    (dict[str, int], st.sampled_from([{"a": 1}, [{"key": "a", "value": "2 kg"}], {"a b": "3 kg"}, {}])),
    (tuple[int, str], st.sampled_from([[1, "a"], ["2 kg", "b"], {"item_0": 3, "item_1": "c"}])),
    (
        Circle,
        st.sampled_from([{"radius": 1, "label": None}, {"Radius": "2 cm"}, {"radius": 3, "Label": "x"}, {"a": 1}]),
    ),
    (
        Circle | Square,
        st.sampled_from(
            [{"radius": 1, "label": None}, {"side": "2"}, {"Circle": {"radius": 3}}, {"square": {"side": 4}}, {}]
        ),
    ),
    (
        Cat | Dog,
        st.sampled_from(
            [
                {"kind": "cat", "name": "Tom"},
                {"kind": "Dog", "name": "Rex"},
                {"name": "Ben", "tricks": []},
                {"name": "?"},
            ]
        ),
    ),
    (Paint, st.sampled_from([{"color": "red", "coats": None}, {"Color": "Red"}, {"error": "overloaded"}, {}])),
    (Price, st.sampled_from([{"netAmount": 1, "cur": "USD"}, {"net_amount": 2}, {"netAmount": "$3", "cur": None}])),
]


def _bare(item_type: Any) -> tuple[Any, ReplyWriter]:
    return list[item_type], json.dumps


def _boxed(item_type: Any) -> tuple[Any, ReplyWriter]:
    return list[item_type], lambda items: json.dumps({"value": items})


def _property(item_type: Any) -> tuple[Any, ReplyWriter]:
    model = create_model("Page", number=(int, ...), rows=(list[item_type], ...), note=(str | None, None))
    return model, lambda items: json.dumps({"number": 3, "rows": items})


def _respelled(item_type: Any) -> tuple[Any, ReplyWriter]:
    model = create_model("Page", number=(int, 0), all_rows=(list[item_type], ...))
    return model, lambda items: json.dumps({"Number": "3", "allRows": items})


def _inner(item_type: Any) -> tuple[Any, ReplyWriter]:
    table = create_model("Table", title=(str, ...), rows=(list[item_type], ...))
    model = create_model("Page", table=(table | None, None))
    return model, lambda items: json.dumps({"table": {"title": "T", "Rows": items}})


def _wrapped(item_type: Any) -> tuple[Any, ReplyWriter]:
    model = create_model("Page", rows=(list[item_type], ...))
    return model, lambda items: json.dumps({"result": {"rows": items}})


def _optional(item_type: Any) -> tuple[Any, ReplyWriter]:
    model = create_model("Page", rows=(list[item_type], ...))
    return model | None, lambda items: json.dumps({"rows": items})


FORMS = [_bare, _boxed, _property, _respelled, _inner, _wrapped, _optional]
BEFORE = ["", "```json\n", "<think>Which [rows]?</think>\n", "Here you are:\n"]


def start(output_type: Any) -> Extraction[Any]:
    return Extraction(ResponseFormat(output_type), "m", (Message("user", "Which rows?"),), policy=POLICY)


def assert_same_reading(output_type: Any, text: str, truncated: str) -> None:
    """Assert that what is complete of a truncated reply is read as the whole reply that has no more."""
    step = start(output_type)
    expected = step.response_format.read(text, repairs=POLICY.repairs)
    assume(expected.valid)
    remainder = read_remainder(step, truncated)
    assert remainder is not None
    assert step.response_format.read_natural(remainder.draft).value == expected.value
    assert remainder.repairs == expected.repairs


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from(FORMS), st.sampled_from(ITEMS), st.sampled_from(BEFORE))
def test_the_items_of_a_truncated_list_are_those_of_the_whole_reply_with_them(
    data: st.DataObject, form: Callable[[Any], tuple[Any, ReplyWriter]], item: tuple[Any, Any], before: str
) -> None:
    item_type, replies = item
    output_type, write = form(item_type)
    items = data.draw(st.lists(replies, min_size=1, max_size=4))
    further = json.dumps(data.draw(replies))
    text = before + write(items)
    start_of_next = further[: data.draw(st.integers(0, len(further) - 1))]
    truncated = f"{text[: text.rindex(']')]}, {start_of_next}"

    assert_same_reading(output_type, text, truncated)


@settings(max_examples=200, deadline=None)
@given(st.data(), st.booleans(), st.sampled_from(BEFORE))
def test_the_properties_of_a_truncated_object_are_those_of_the_whole_reply_with_them(
    data: st.DataObject, has_wrapper: bool, before: str
) -> None:
    chosen = data.draw(st.lists(st.sampled_from(ITEMS), min_size=2, max_size=4))
    names = [f"part_{number}" for number in range(len(chosen))]
    model = create_model("Page", **{name: (each | None, None) for name, (each, _) in zip(names, chosen, strict=True)})
    keys = [data.draw(st.sampled_from([name, name.title()])) for name in names]
    parts = {key: data.draw(replies) for key, (_, replies) in zip(keys, chosen, strict=True)}
    *complete, (last_key, _) = parts.items()
    text = json.dumps(dict(complete))
    text = before + (f'{{"result": {text}}}' if has_wrapper else text)
    truncated = f'{text[: -1 - has_wrapper]}, "{last_key[: data.draw(st.integers(0, 6))]}'

    assert_same_reading(model, text, truncated)
