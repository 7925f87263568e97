"""The items of a list that arrives in chunks: each once, in order, validated, as soon as it is complete."""

from __future__ import annotations

import json
from collections import deque
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, RootModel, TypeAdapter

from structkit import ResponseFormat, SchemaError
from structkit.partial import Item, ItemReader


class Line(BaseModel):
    item: str
    quantity: int = 1


class Bill(BaseModel):
    shop: str
    totals: dict[str, list[int]] = {}
    lines: list[Line] | None = []
    first: Line | None = None


class Lines(RootModel[list[Line]]):
    pass


ROWS = {
    "type": "object",
    "properties": {"rows": {"type": "array", "items": {"$ref": "#/$defs/row"}}},
    "required": ["rows"],
    "$defs": {
        "row": {
            "type": "object",
            "properties": {"n": {"type": "integer", "minimum": 3}},
            "required": ["n"],
            "additionalProperties": True,
        }
    },
}
LINE = Line(item="lamp", quantity=2)
CASES: dict[str, tuple[Any, Any, tuple[str | int, ...], list[Any]]] = {
    "root list": (list[Line], [LINE, LINE], (), [LINE, LINE]),
    "root model": (Lines, Lines([LINE]), (), [LINE]),
    "list field": (Bill, Bill(shop="x", totals={"a": [1]}, lines=[LINE, LINE], first=LINE), ("lines",), [LINE, LINE]),
    "empty list": (Bill, Bill(shop="x"), ("lines",), []),
    "no list": (Bill, Bill(shop="x", lines=None), ("lines",), []),
    "scalars": (list[int | None], [1, None, 30], (), [1, None, 30]),
    "texts": (list[str], ['a "b"', "\n\u00e9\U0001f4a5"], (), ['a "b"', "\n\u00e9\U0001f4a5"]),
    "lists": (list[list[int]], [[1], [], [2, 3]], (), [[1], [], [2, 3]]),
    "maps": (list[dict[str, int]], [{"a": 1}, {}], (), [{"a": 1}, {}]),
    "tuple": (tuple[Line, ...], (LINE,), (), [LINE]),
    "set": (set[int], {1, 2}, (), [1, 2]),
    "deque": (deque[int], deque([1, 2]), (), [1, 2]),
    "anything": (list, [1, {"a": [None]}], (), [1, {"a": [None]}]),
    "JSON Schema": (ROWS, {"rows": [{"n": 3}, {"n": 4, "more": "x"}]}, ("rows",), [{"n": 3}, {"n": 4, "more": "x"}]),
}


def feed(items: ItemReader[Any], text: str, size: int) -> list[Item[Any]]:
    return [item for at in range(0, len(text), size) for item in items.feed(text[at : at + size])]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
def test_each_item_is_returned_once_in_order_at_any_split(name: str, size: int) -> None:
    output_type, value, path, expected = CASES[name]
    response_format: ResponseFormat[Any] = ResponseFormat(output_type)
    items: ItemReader[Any] = ItemReader(response_format)
    returned = feed(items, json.dumps(response_format.dump(value)), size)
    assert items.path == path
    assert [item.value for item in returned] == expected
    assert [item.path for item in returned] == [(*path, number) for number in range(len(expected))]
    assert all(item.valid for item in returned)


@given(
    st.lists(st.builds(Line, item=st.text(st.characters(exclude_categories=["Cs"]))), min_size=1, max_size=5), st.data()
)
def test_an_item_is_returned_with_the_chunk_that_completes_it(lines: list[Line], data: st.DataObject) -> None:
    response_format = ResponseFormat(list[Line])
    item_ends = []
    text = '{"value": ['
    for line in lines:
        text += json.dumps(response_format.dump([line])["value"][0])
        item_ends.append(len(text))
        text += ", "
    split = data.draw(st.integers(0, len(text)))
    items: ItemReader[Line] = ItemReader(response_format)
    complete = sum(end <= split for end in item_ends)
    assert [item.value for item in items.feed(text[:split])] == lines[:complete]
    assert [item.value for item in items.feed(text[split:])] == lines[complete:]


def test_an_invalid_item_has_issues_with_its_path_and_does_not_affect_the_others() -> None:
    items: ItemReader[Line] = ItemReader(ResponseFormat(Bill))
    lines = '[{"item": "a", "quantity": "many"}, 4, {"item": "b", "quantity": null}, {"quantity": []}]'
    text = f'{{"shop": "x", "lines": {lines}}}'
    first, second, third, fourth = feed(items, text, 5)
    assert [str(issue) for issue in first.issues] == [
        'lines[0].quantity: Input should be a valid integer, unable to parse string as an integer (got "many")'
    ]
    assert (first.value, first.draft) == (None, {"item": "a", "quantity": "many"})
    assert [issue.path for issue in second.issues] == [("lines", 1)]
    assert (third.valid, third.value) == (True, Line(item="b"))
    assert [issue.path for issue in fourth.issues] == [("lines", 3, "item"), ("lines", 3, "quantity")]


def test_an_item_of_a_json_schema_is_validated_by_its_part_of_the_document() -> None:
    items: ItemReader[Any] = ItemReader(ResponseFormat(ROWS))
    valid, too_small, text = items.feed('{"rows": [{"n": 3}, {"n": 2}, "x"]}')
    assert valid.value == {"n": 3}
    assert [str(issue) for issue in too_small.issues] == [
        "rows[1].n: Input should be greater than or equal to 3 (got 2)"
    ]
    assert [issue.path for issue in text.issues] == [("rows", 2)]


def test_an_item_without_a_natural_form_has_the_reason_as_an_issue() -> None:
    items: ItemReader[Any] = ItemReader(ResponseFormat(list[dict[str, int]]))
    [duplicate] = items.feed('{"value": [[{"key": "a", "value": 1}, {"key": "a", "value": 2}]]}')
    assert [str(issue) for issue in duplicate.issues] == ['[0]: duplicate key "a"']
    items = ItemReader(ResponseFormat(list[Any]))
    [nested] = items.feed('{"value": [' + '{"list": [' * 450 + "]}" * 450 + "]}")
    assert not nested.valid


def test_validators_get_the_context_and_a_failing_one_makes_an_issue() -> None:
    def divide(value: int, info: Any) -> float:
        return info.context / value

    items: ItemReader[Any] = ItemReader(ResponseFormat(list[Annotated[int, AfterValidator(divide)]]), context=6)
    first, second = items.feed('{"value": [2, 0]}')
    assert first.value == 3
    assert "ZeroDivisionError" in str(second.issues[0])


def test_text_around_the_answer_and_other_lists_have_no_items() -> None:
    items: ItemReader[Any] = ItemReader(ResponseFormat(list[int]))
    assert [
        item.value for item in feed(items, 'Use [1, 2] or {"a": [3]}: ```{"value": [4]}``` or {"value": [5]}', 3)
    ] == [4]
    items = ItemReader(ResponseFormat(Bill))
    text = '{"first": {"lines": [1]}, "value": {"lines": [2]}, "lines": {"lines": [3]}}'
    assert feed(items, text, 4) == []


def test_of_a_text_that_is_not_json_the_items_before_the_error_are_returned() -> None:
    items: ItemReader[Any] = ItemReader(ResponseFormat(list[int]))
    assert [item.value for item in items.feed('{"value": [1, 2, x, 3')] == [1, 2]
    assert items.feed(", 4]}") == []


class Two(BaseModel):
    a: list[int]
    b: list[int]


@pytest.mark.parametrize(
    ("output_type", "reason"),
    [
        (int, "the type has no list whose items could be streamed one by one"),
        (Line, "the type has no list"),
        (dict[str, int], "the type has no list"),
        (tuple[int, str], "the type has no list"),
        (Two, "the type has more than one list"),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, "the type has no list"),
    ],
)
def test_a_type_without_exactly_one_list_is_rejected(output_type: Any, reason: str) -> None:
    with pytest.raises(SchemaError, match=reason):
        ItemReader(ResponseFormat(output_type))


@pytest.mark.parametrize("name", [name for name in CASES if name not in {"JSON Schema", "deque"}])
def test_the_items_together_are_the_list_of_the_value(name: str) -> None:
    output_type, value, path, _ = CASES[name]
    response_format: ResponseFormat[Any] = ResponseFormat(output_type)
    text = json.dumps(response_format.dump(value))
    natural = TypeAdapter(output_type).dump_python(response_format.parse(text), mode="json")
    for step in path:
        natural = natural[step]
    dumped = [
        TypeAdapter(Any).dump_python(item.value, mode="json") for item in feed(ItemReader(response_format), text, 3)
    ]
    assert dumped == (natural or [])
