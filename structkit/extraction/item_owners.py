"""Which chunk of a text owns an item that several chunks have given, and the order of all items."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from structkit.extraction.text_chunks import TextChunk
from structkit.values import JSONPath, JSONValue
from structkit.values.evidence_map import Evidence


class ItemOrigin(NamedTuple):
    """Where an item comes from: the number of the chunk, and its position in the list that the chunk gave."""

    chunk: int
    position: int


@dataclass(frozen=True, slots=True)
class ChunkItems:
    """The items that a chunk gave.

    Args:
        items: The items, as natural JSON.
        starts: For each, the offset in the whole text at which it starts; None if no part of it was found.
    """

    items: Sequence[JSONValue]
    starts: Sequence[int | None]


def item_starts(evidence: Mapping[JSONPath, Evidence], list_path: JSONPath, count: int) -> list[int | None]:
    """Return where each item of a list starts: the first of its values, each at its likeliest place.

    Values that are at one place only count alone, if the item has any.
    """
    spans: dict[int, list[Evidence]] = defaultdict(list)
    for path, each in evidence.items():
        if each.spans and len(path) > len(list_path):
            spans[int(path[len(list_path)])].append(each)
    return [_first_start(spans[position]) for position in range(count)]


def _first_start(values: Sequence[Evidence]) -> int | None:
    clear = [each for each in values if not each.is_ambiguous] or values
    return min((each.spans[0].start for each in clear), default=None)


def join_items(chunks: Sequence[TextChunk], lists: Sequence[ChunkItems]) -> tuple[ItemOrigin, ...]:
    """Return the items that count, in the order of the text.

    An item belongs to the chunk in whose own zone it starts: chunks that have it in their overlap give it, too. An item
    that was not found is one of its chunk, unless an equal one of a neighbour counts.
    """
    owned_positions = [
        [number for number, start in enumerate(each.starts) if start is not None and chunk.owns(start)]
        for chunk, each in zip(chunks, lists, strict=True)
    ]
    texts = [
        {_key(each.items[number]) for number in numbers} for each, numbers in zip(lists, owned_positions, strict=True)
    ]
    origins: list[ItemOrigin] = []
    for number, each in enumerate(lists):
        beside = {text for other in (number - 1, number + 1) if 0 <= other < len(texts) for text in texts[other]}
        unfound = [at for at, start in enumerate(each.starts) if start is None and _key(each.items[at]) not in beside]
        texts[number] |= {_key(each.items[at]) for at in unfound}
        origins += [ItemOrigin(number, at) for at in _in_text_order(each.starts, {*owned_positions[number], *unfound})]
    return tuple(origins)


def _in_text_order(starts: Sequence[int | None], positions: set[int]) -> list[int]:
    """Return the positions of the items by where they start; one that was not found stays behind the one before it."""
    last, places = -1, dict[int, int]()
    for position, start in enumerate(starts):
        if position in positions:
            places[position] = last = last if start is None else start
    return sorted(places, key=lambda position: places[position])


def _key(item: JSONValue) -> str:
    return json.dumps(item, sort_keys=True)
