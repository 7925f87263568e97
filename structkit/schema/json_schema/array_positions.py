"""Arrays that are parts of one `allOf`: each position has the schemas that all parts have for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from structkit.values import JSON, JSONValue

FORMS = (("prefixItems", "items"), ("items", "additionalItems"))
"""The keywords for the positions and for the items after them: since draft 2020-12, and before."""

Merge = Callable[[Any, Any], JSONValue]


def merge_positions(first: JSON, second: JSON, merge: Merge) -> tuple[JSON, JSON]:
    """Return two schemas, where a position is declared in one, with the merged positions in the first one.

    >>> first, second = {"prefixItems": [{"type": "integer"}]}, {"prefixItems": [{"minimum": 3}, {"type": "string"}]}
    >>> merge_positions(first, second, lambda left, right: left | right)
    ({'prefixItems': [{'type': 'integer', 'minimum': 3}, {'type': 'string'}]}, {})
    """
    form = next((form for schema in (first, second) for form in FORMS if isinstance(schema.get(form[0]), list)), None)
    if form is None:
        return first, second
    (left, left_items), (right, right_items) = _positions(first), _positions(second)
    count = max(len(left), len(right))
    pairs = zip(_padded(left, left_items, count), _padded(right, right_items, count), strict=True)
    merged: JSON = {form[0]: [_merge(*pair, merge) for pair in pairs]}
    if left_items is not None or right_items is not None:
        merged[form[1]] = _merge(left_items, right_items, merge)
    words = {word for each in FORMS for word in each}
    first, second = ({word: schema[word] for word in schema if word not in words} for schema in (first, second))
    return {**first, **merged}, second


def _positions(schema: JSON) -> tuple[list[JSONValue], JSONValue]:
    """Return the schemas of the positions, and that of the items after them, None if it says nothing of those."""
    for positions, items in FORMS:
        if isinstance(schema.get(positions), list):
            return schema[positions], schema.get(items)
    return [], schema.get("items")


def _padded(positions: list[JSONValue], items: JSONValue, count: int) -> list[JSONValue]:
    return [*positions, *[items] * (count - len(positions))]


def _merge(left: JSONValue, right: JSONValue, merge: Merge) -> JSONValue:
    if left is None or right is None:
        return left if right is None else right
    return merge(left, right)
