"""Which items of two lists are compared with each other, in any order."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol

from structkit.evaluation.assignment import best_pairs
from structkit.evaluation.judgments import NO_KEY, RIGHT, Judgments
from structkit.values import JSONPath, JSONValue


class ItemField(Protocol):
    """The field of the items of a list."""

    @property
    def is_atomic(self) -> bool:
        """Whether a value is right as a whole or not at all, and equality is transitive."""
        ...

    def key(self, value: JSONValue) -> Hashable:
        """Return a key that only equal values have in common; `NO_KEY` if there is none."""
        ...

    def compare(self, gold: JSONValue, got: JSONValue, path: JSONPath, judgments: Judgments) -> None:
        """Append the verdicts on the scalars of two values."""
        ...


def align_items(item: ItemField, gold: list[JSONValue], got: list[JSONValue]) -> list[tuple[int, int]]:
    """Return the positions of the items that belong together, so that as many scalars as possible are right.

    Equal items are paired first, in order. Items that have no right scalar in common are not paired.

    >>> from structkit.evaluation.field_tree import make_tree
    >>> align_items(make_tree((), {}, {}), ["b", "a", "c"], ["A", "x", "b"])
    [(0, 2), (1, 0)]
    """
    pairs = _pair_equal(item, gold, got)
    matched = {index for index, _ in pairs}, {other for _, other in pairs}
    gold_left = [index for index in range(len(gold)) if index not in matched[0]]
    got_left = [index for index in range(len(got)) if index not in matched[1]]
    if gold_left and got_left and not item.is_atomic:
        weights = [[_count_right(item, gold[index], got[other]) for other in got_left] for index in gold_left]
        pairs += [(gold_left[row], got_left[column]) for row, column in best_pairs(weights)]
    return sorted(pairs)


def _pair_equal(item: ItemField, gold: list[JSONValue], got: list[JSONValue]) -> list[tuple[int, int]]:
    """Pair equal items, if equality is transitive: a best alignment with these pairs exists then."""
    gold_keys, got_keys = [*map(item.key, gold)], [*map(item.key, got)]
    if NO_KEY in gold_keys or NO_KEY in got_keys:
        return []
    places: dict[Hashable, list[int]] = {}
    for other in reversed(range(len(got))):
        places.setdefault(got_keys[other], []).append(other)
    return [(index, places[key].pop()) for index, key in enumerate(gold_keys) if key is not None and places.get(key)]


def _count_right(item: ItemField, gold: JSONValue, got: JSONValue) -> int:
    judgments: Judgments = []
    item.compare(gold, got, (), judgments)
    return sum(each.code == RIGHT for each in judgments)
