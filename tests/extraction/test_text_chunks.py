"""A text in chunks, and which chunk owns an item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structkit.errors import ConfigError
from structkit.evidence import Evidence, Span
from structkit.extraction.chunk_source import find_chunk_source
from structkit.extraction.grounding import ArgumentEvidence
from structkit.extraction.item_owners import ChunkItems, ItemOrigin, item_places, join_items
from structkit.extraction.text_chunks import OVERLAP_SHARE, TextChunk, divide_text, halve_chunk

LETTERS = st.sampled_from(["a", "b", "é", "\U0001f600", "。", ".", " ", "\n", "\r\n", "\n\n", "\f", "\u2028", "\u200b"])
TEXTS = st.lists(LETTERS, max_size=300).map("".join)
SIZES = st.integers(20, 120)


@given(TEXTS, SIZES)
def test_chunks_are_in_order_and_have_at_most_the_size(text: str, size: int) -> None:
    chunks = divide_text(text, size)
    assert all(0 <= chunk.start <= chunk.own_start < chunk.own_end <= chunk.end <= len(text) for chunk in chunks)
    assert all(chunk.end - chunk.start <= size for chunk in chunks)
    assert [*chunks] == sorted(chunks, key=lambda chunk: chunk.start)


@given(TEXTS, SIZES)
def test_own_zones_partition_the_text_but_for_blank_parts(text: str, size: int) -> None:
    last = 0
    for chunk in divide_text(text, size):
        assert not text[last : chunk.own_start].strip(" \r\n\f\u2028\u200b")
        assert last <= chunk.own_start
        last = chunk.own_end
    assert not text[last:].strip(" \r\n\f\u2028\u200b")


@given(TEXTS, SIZES)
def test_an_overlap_is_on_both_sides_where_the_text_goes_on(text: str, size: int) -> None:
    for chunk in divide_text(text, size):
        overlap = size // OVERLAP_SHARE
        assert chunk.own_start - chunk.start <= overlap >= chunk.end - chunk.own_end
        assert chunk.start < chunk.own_start or chunk.own_start == 0 or overlap == 0
        assert chunk.own_end < chunk.end or chunk.own_end == len(text) or overlap == 0


@given(st.lists(LETTERS, min_size=200, max_size=600).map("".join), st.integers(200, 900))
def test_halves_partition_the_own_zone_of_their_chunk_within_its_text(text: str, size: int) -> None:
    for chunk in divide_text(text, size):
        halves = halve_chunk(text, chunk, size // OVERLAP_SHARE)
        offsets = range(chunk.own_start, chunk.own_end) if halves else ()
        for offset in offsets:
            count = sum(half.owns(offset) for half in halves)
            assert count == 1 or (count == 0 and not text[offset].strip(" \r\n\f\u2028\u200b"))
        assert all(chunk.start <= half.start <= half.own_start < half.own_end for half in halves)
        assert all(half.own_end <= half.end <= chunk.end for half in halves)
        assert all(100 <= half.own_end - half.own_start < chunk.own_end - chunk.own_start for half in halves)


@given(TEXTS, SIZES)
def test_offsets_of_a_chunk_map_back_to_the_text(text: str, size: int) -> None:
    chunks = divide_text(text, size)
    assert all(
        text[chunk.start : chunk.end][offset] == text[chunk.start + offset]
        for chunk in chunks
        for offset in range(chunk.end - chunk.start)
    )
    assert sum(chunk.owns(offset) for chunk in chunks for offset in range(len(text))) == sum(
        chunk.own_end - chunk.own_start for chunk in chunks
    )


@pytest.mark.parametrize(
    ("text", "zones"),
    [
        ("One two.\n\nThree.\nFour five.\fSix seven.", ["One two.\n\nThree.\nFour five.\f", "Six seven."]),
        ("One two. Three.\n\nFour.\nFive six. Seven.", ["One two. Three.\n\n", "Four.\nFive six. Seven."]),
        ("One two. Three.\nFour. Five six. Seven eight.", ["One two. Three.\n", "Four. Five six. Seven eight."]),
        ("One two. Three four five. Six seven eight.", ["One two. Three four five. ", "Six seven eight."]),
        ("One two three four five six seven eight", ["One two three four five six ", "seven eight"]),
        (
            "一二三四五六七八九十一二三四五六。一二三四五六七八九十一二三四",
            ["一二三四五六七八九十一二三四五六。", "一二三四五六七八九十一二三四"],
        ),
        ("x" * 40, ["x" * 29, "x" * 11]),
    ],
    ids=["page", "paragraph", "line", "sentence", "word", "sentence without spaces", "nothing"],
)
def test_a_text_is_divided_at_the_best_border(text: str, zones: list[str]) -> None:
    size = 28 if len(text) < 35 else 30
    chunks = divide_text(text, size)
    assert [text[chunk.own_start : chunk.own_end] for chunk in chunks] == zones


def test_a_prompt_in_which_a_template_has_changed_the_text_cannot_be_divided() -> None:
    evidence = ArgumentEvidence(choice=False, arguments={"text": "Kiel"}, is_template=True)
    with pytest.raises(ConfigError, match="the prompt has none as it is"):
        find_chunk_source("Towns: KIEL", evidence)


def test_of_several_arguments_the_longest_is_divided() -> None:
    evidence = ArgumentEvidence(choice=True, arguments={"unit": "km", "text": "Kiel, Bonn"}, is_template=True)
    chunk_source = find_chunk_source("Distances in km: Kiel, Bonn.", evidence)
    assert (chunk_source.source.path, chunk_source.make_prompt("Kiel")) == (("text",), "Distances in km: Kiel.")


CHUNKS = (TextChunk(0, 110, 0, 100), TextChunk(90, 210, 100, 200), TextChunk(190, 300, 200, 300))


def items_at(items: Sequence[Any], starts: Sequence[int | None]) -> ChunkItems:
    """Return items that have one value each, at a place."""
    return ChunkItems(items, [() if start is None else (start,) for start in starts])


def test_an_item_belongs_to_the_chunk_in_whose_zone_it_starts() -> None:
    lists = [items_at(["a", "b"], [5, 99]), items_at(["b", "c", "d"], [99, 100, 200]), items_at(["d"], [200])]
    assert join_items(CHUNKS, lists) == (ItemOrigin(0, 0), ItemOrigin(0, 1), ItemOrigin(1, 1), ItemOrigin(2, 0))


def test_items_are_in_the_order_of_the_text_and_one_that_was_not_found_stays_behind_the_one_before() -> None:
    lists = [items_at(["c", "?", "a", "b"], [50, None, 10, 20]), items_at([], []), items_at([], [])]
    assert [origin.position for origin in join_items(CHUNKS, lists)] == [2, 3, 0, 1]


def test_an_item_that_was_not_found_is_left_out_if_a_neighbour_has_an_equal_one_that_counts() -> None:
    unfound = items_at([{"a": 1, "b": 2}], [None])
    equal_item, other_item = items_at([{"b": 2, "a": 1}], [150]), items_at([{"a": True, "b": 2}], [None])
    none = items_at([], [])
    assert join_items(CHUNKS, [unfound, unfound, none]) == (ItemOrigin(0, 0),)
    assert join_items(CHUNKS, [unfound, equal_item, none]) == (ItemOrigin(1, 0),)
    assert join_items(CHUNKS, [unfound, other_item, unfound]) == (ItemOrigin(0, 0), ItemOrigin(1, 0), ItemOrigin(2, 0))
    assert len(join_items(CHUNKS, [items_at([{"a": 1}, {"a": 1}], [5, None]), none, none])) == 2
    assert join_items(CHUNKS, [unfound, none, unfound]) == (ItemOrigin(0, 0), ItemOrigin(2, 0))


def test_an_item_that_is_equal_to_one_that_another_chunk_owns_is_not_lost() -> None:
    foreign = items_at([{"a": 1}], [50])
    assert join_items(CHUNKS, [items_at([{"a": 1}], [None]), foreign, items_at([], [])]) == (ItemOrigin(0, 0),)


def test_an_item_about_whose_start_two_chunks_differ_counts_once() -> None:
    def owners(*places: tuple[int, ...]) -> tuple[ItemOrigin, ...]:
        return join_items(CHUNKS[:2], [ChunkItems(["a"], [each]) for each in places])

    assert owners((101, 105), (98, 101, 105)) == (ItemOrigin(1, 0),)  # each takes it for the other's
    assert owners((98, 105), (101, 105)) == (ItemOrigin(0, 0),)  # each takes it for its own
    assert owners((98,), (101,)) == (ItemOrigin(0, 0), ItemOrigin(1, 0))  # two equal items
    assert owners((104,), (96,)) == ()


def test_the_places_of_an_item_are_those_of_its_values_that_are_at_one_place() -> None:
    evidence = {
        ("rows", 0, "a"): Evidence((Span(40, 41),), "exact"),
        ("rows", 0, "b"): Evidence((Span(30, 31),), "exact"),
        ("rows", 0, "c"): Evidence((Span(10, 11), Span(35, 36)), "exact"),
        ("rows", 1, "c"): Evidence((Span(35, 36), Span(10, 11)), "exact"),
        ("rows", 2, "c"): Evidence((), ""),
        ("title",): Evidence((Span(0, 5),), "exact"),
    }
    assert [sorted(each) for each in item_places(evidence, ("rows",), 4)] == [[30, 40], [35], [], []]
