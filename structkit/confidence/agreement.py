"""How far several values agree, place by place; lists are compared as sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from structkit.schema.json_equality import equality_key
from structkit.values import JSONPath, JSONValue, leaf_paths

MAX_PAIRS = 10_000
"""Pairs of unequal items of which the most similar are matched; those of longer lists are matched by position."""


def find_agreement(values: Sequence[JSONValue], number: int) -> dict[JSONPath, float]:
    """Return the share of the values that agree with one of them, for each of its scalars.

    Args:
        values: The natural JSON of several replies.
        number: The position of the value whose scalars are looked at; it agrees with itself.

    >>> values = [{"a": 1, "b": ["x", "y"]}, {"a": 1, "b": ["y"]}, {"a": 2, "b": ["y", "x"]}, {"a": 1, "b": ["x"]}]
    >>> find_agreement(values, 0)
    {('a',): 0.75, ('b', 0): 0.75, ('b', 1): 0.75}
    """
    base = values[number]
    counts = dict.fromkeys(leaf_paths(base), 0)
    for value in values:
        for path in equal_leaves(base, value):
            counts[path] += 1
    return {path: votes / len(values) for path, votes in counts.items()}


def most_agreed(values: Sequence[JSONValue]) -> int:
    """Return the position of the value that is most similar to the others; of equally similar ones, the first.

    >>> most_agreed([{"a": 1, "b": 2}, {"a": 3, "b": 4}, {"a": 3, "b": 2}])
    2
    """
    sizes = [_count(leaf_paths(value)) for value in values]
    totals = [0.0] * len(values)
    for first in range(len(values)):
        for second in range(first):
            equal = _count(equal_leaves(values[first], values[second]))
            similarity = 2 * equal / (sizes[first] + sizes[second])
            totals[first] += similarity
            totals[second] += similarity
    return totals.index(max(totals))


def equal_leaves(value: JSONValue, other: JSONValue, path: JSONPath = ()) -> Iterator[JSONPath]:
    """Yield the paths of the scalars of a value that another one has, too; of texts, case and spaces are ignored."""
    if value and isinstance(value, dict) and isinstance(other, dict):
        for key in value.keys() & other.keys():
            yield from equal_leaves(value[key], other[key], (*path, key))
    elif value and isinstance(value, list) and isinstance(other, list):
        for index, other_index in _match(value, other):
            yield from equal_leaves(value[index], other[other_index], (*path, index))
    elif equality_key(_fold(value)) == equality_key(_fold(other)):
        yield path


def _match(first: list[JSONValue], second: list[JSONValue]) -> Iterator[tuple[int, int]]:
    """Yield which items of two lists belong together: the equal ones, and then the most similar of the others."""
    positions: dict[object, list[int]] = {}
    for index, item in reversed([*enumerate(second)]):
        positions.setdefault(equality_key(item), []).append(index)
    unmatched: list[int] = []
    used: set[int] = set()
    for index, item in enumerate(first):
        if indices := positions.get(equality_key(item)):
            used.add(other := indices.pop())
            yield index, other
        else:
            unmatched.append(index)
    candidates = [index for index in range(len(second)) if index not in used]
    if len(unmatched) * len(candidates) > MAX_PAIRS:
        yield from zip(unmatched, candidates, strict=False)
        return
    similarities = [
        (_count(equal_leaves(first[index], second[other])), index, other) for index in unmatched for other in candidates
    ]
    for size, index, other in sorted(similarities, key=lambda each: -each[0]):
        if size and index in unmatched and other in candidates:
            unmatched.remove(index)
            candidates.remove(other)
            yield index, other


def _fold(value: JSONValue) -> JSONValue:
    return " ".join(value.casefold().split()) if isinstance(value, str) else value


def _count(paths: Iterable[object]) -> int:
    """Return how many there are."""
    return sum(1 for _ in paths)
