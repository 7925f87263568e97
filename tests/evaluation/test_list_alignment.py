"""Items of lists are aligned so that as many values as possible are right: identical to trying all permutations."""

from __future__ import annotations

import random
from itertools import permutations
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from structkit import Compare, ResponseFormat
from structkit.evaluation.assignment import best_pairs
from structkit.evaluation.field_tree import AnyTree, make_tree
from structkit.evaluation.judgments import RIGHT, Judgment
from structkit.evaluation.list_alignment import align_items


class Part(BaseModel):
    code: str
    size: int | None = None
    marks: list[int] = []


class NearPart(BaseModel):
    code: Annotated[str, Compare.fuzzy(0.6)]
    size: Annotated[int | None, Compare.within(1)] = None


def tree_of(output_type: Any) -> AnyTree:
    schema = ResponseFormat(output_type).natural_schema
    return make_tree((), schema, schema)


def count_right(tree: AnyTree, gold: Any, got: Any) -> int:
    judgments: list[Judgment] = []
    tree.compare(gold, got, (), judgments)
    return sum(each.code == RIGHT for each in judgments)


def best_sum(weights: list[list[int]]) -> int:
    if not weights or not weights[0]:
        return 0
    rows = weights if len(weights) <= len(weights[0]) else [list(column) for column in zip(*weights, strict=True)]
    columns = range(len(rows[0]))
    return max(
        sum(row[place] for row, place in zip(rows, order, strict=True)) for order in permutations(columns, len(rows))
    )


def random_weights(rng: random.Random) -> list[list[int]]:
    columns = rng.randrange(1, 6)
    return [[rng.choice((0, 0, 1, 2, 3)) for _ in range(columns)] for _ in range(rng.randrange(1, 6))]


def test_the_pairs_of_random_weights_are_those_of_brute_force() -> None:
    rng = random.Random(15)
    for _ in range(2_000):
        weights = random_weights(rng)
        pairs = best_pairs(weights)
        assert sum(weights[row][column] for row, column in pairs) == best_sum(weights)
        assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)


def random_item(output_type: Any, rng: random.Random) -> Any:
    if output_type is str:
        return rng.choice("aAbcd")
    part = {"code": rng.choice(("a", "A", "bb", "bc")), "size": rng.choice((None, 1, 2, 3))}
    return {**part, "marks": [rng.randrange(3) for _ in range(rng.randrange(3))]} if output_type is Part else part


@pytest.mark.parametrize("output_type", [str, Part, NearPart], ids=["texts", "objects", "near objects"])
def test_random_lists_are_aligned_as_by_brute_force(output_type: Any) -> None:
    rng, tree = random.Random(7), tree_of(output_type)
    for _ in range(500):
        gold, got = ([random_item(output_type, rng) for _ in range(rng.randrange(5))] for _ in range(2))
        pairs = align_items(tree, gold, got)
        weights = [[count_right(tree, one, other) for other in got] for one in gold]
        assert sum(weights[row][column] for row, column in pairs) == best_sum(weights), (gold, got)
        assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)


def test_items_without_a_right_value_in_common_are_not_paired() -> None:
    assert align_items(tree_of(Part), [{"code": "a"}], [{"code": "b"}]) == []


def test_equal_items_are_paired_in_order() -> None:
    assert align_items(tree_of(str), ["a", "a", "b"], ["b", "a", "a"]) == [(0, 1), (1, 2), (2, 0)]


def test_a_long_list_with_few_changes_takes_no_longer_than_its_changes() -> None:
    gold = [{"code": f"item {number}", "size": number % 7} for number in range(3_000)]
    got = [*reversed(gold)]
    got[10] = {"code": "other", "size": 1}
    assert len(align_items(tree_of(Part), gold, got)) >= 2_999
