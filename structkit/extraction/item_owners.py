"""Which chunk of a text owns an item that several chunks have given, and the order of all items."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from structkit.extraction.text_chunks import TextChunk
from structkit.values import JSONPath, JSONValue
from structkit.values.evidence_map import Evidence


class ItemOrigin(NamedTuple):
    """Where an item comes from: the number of the chunk, and its position in the list that the chunk gave."""

    chunk: int
    position: int


@dataclass(frozen=True)
class ChunkItems:
    """The items that a chunk gave.

    Args:
        items: The items, as natural JSON.
        places: For each, the offsets in the whole text at which its values are; none if no part of it was found.
    """

    items: Sequence[JSONValue]
    places: Sequence[Collection[int]]

    @cached_property
    def starts(self) -> list[int | None]:
        """Where each item starts: at the first of its values; None for one that was not found."""
        return [min(each, default=None) for each in self.places]


def item_places(evidence: Mapping[JSONPath, Evidence], list_path: JSONPath, count: int) -> list[frozenset[int]]:
    """Return where the values of each item of a list are, each at its likeliest place.

    Values that are at one place only count alone, if the item has any.
    """
    spans: dict[int, list[Evidence]] = defaultdict(list)
    depth = len(list_path)
    for path, each in evidence.items():
        if each.spans and len(path) > depth and path[:depth] == list_path:
            spans[int(path[depth])].append(each)
    return [_clear_places(spans[position]) for position in range(count)]


def _clear_places(values: Sequence[Evidence]) -> frozenset[int]:
    clear = [each for each in values if not each.is_ambiguous] or values
    return frozenset(each.spans[0].start for each in clear)


class ItemOwners:
    """Decides which items of a text's chunks count, and in which order, as the chunks are added.

    An item belongs to the chunk in whose own zone it starts: chunks that have it in their overlap give it, too. A value
    may be at several places in one chunk and at one in the next, so that they differ on where an item starts; then it
    counts once. An item that was not found is one of its chunk, unless an equal one of a neighbour counts.
    """

    def __init__(self) -> None:
        """Start without chunks."""
        self._count = 0
        self._texts = set[str](), set[str]()  # of the items that count, of the last chunk and of the one before it
        self._open = ChunkItems((), ())
        self._chunk = TextChunk(0, 0, 0, 0)
        self._owned = set[int]()  # positions in the last chunk that it owns
        self._waiting: deque[int] = deque()  # positions in the last chunk that are not decided, in order

    def add(self, chunk: TextChunk, items: ChunkItems) -> list[ItemOrigin]:
        """Take the items of one more chunk, and return those that are certain to be the next ones of the text."""
        owned = self._own_positions(chunk, items)
        texts = {_key(items.items[at]) for at in owned}
        origins = self._settle(texts)
        self._texts = texts, self._texts[0]
        self._open, self._chunk, self._owned, self._count = items, chunk, owned, self._count + 1
        unfound = {at for at, start in enumerate(items.starts) if start is None}
        self._waiting = deque(_in_text_order(items.starts, {*owned, *unfound}))
        while self._waiting and self._waiting[0] not in unfound:
            origins.append(ItemOrigin(self._count - 1, self._waiting.popleft()))
        return origins

    def _own_positions(self, chunk: TextChunk, items: ChunkItems) -> set[int]:
        """Return the positions of the items that a chunk owns."""
        owned = {at for at, start in enumerate(items.starts) if start is not None and chunk.owns(start)}
        for before, at in self._same_items(chunk, items):
            if before in self._owned:
                owned.discard(at)
            elif min(self._open.places[before]) >= self._chunk.own_end and min(items.places[at]) < chunk.own_start:
                owned.add(at)
        return owned

    def _same_items(self, chunk: TextChunk, items: ChunkItems) -> Iterator[tuple[int, int]]:
        """Yield the positions of the items that both the last chunk and this one have, in each of them."""
        by_place = {
            place: at for at, places in enumerate(self._open.places) for place in places if place >= chunk.start
        }
        for at, places in enumerate(items.places) if by_place else ():
            for before in {by_place[place] for place in places if place in by_place}:
                if _key(self._open.items[before]) == _key(items.items[at]):
                    yield before, at
                    break

    def finish(self) -> list[ItemOrigin]:
        """Return the other items that count, after the last chunk."""
        return self._settle(set())

    def _settle(self, following: set[str]) -> list[ItemOrigin]:
        """Return the items of the last chunk that count; `following` are the texts of those that the next one owns."""
        texts, before = self._texts
        beside = before | following
        counting = [
            at for at in self._waiting if self._open.starts[at] is not None or _key(self._open.items[at]) not in beside
        ]
        texts |= {_key(self._open.items[at]) for at in counting}
        self._waiting = deque()
        return [ItemOrigin(self._count - 1, at) for at in counting]


def join_items(chunks: Sequence[TextChunk], lists: Sequence[ChunkItems]) -> tuple[ItemOrigin, ...]:
    """Return the items that count, in the order of the text."""
    owners = ItemOwners()
    origins = [origin for chunk, each in zip(chunks, lists, strict=True) for origin in owners.add(chunk, each)]
    return (*origins, *owners.finish())


def first_of_equal(origins: Sequence[ItemOrigin], lists: Sequence[ChunkItems]) -> tuple[ItemOrigin, ...]:
    """Return the items without those that are equal to one before them, as a set has them."""
    by_text: dict[str, ItemOrigin] = {}
    for origin in origins:
        by_text.setdefault(_key(lists[origin.chunk].items[origin.position]), origin)
    return tuple(by_text.values())


def _in_text_order(starts: Sequence[int | None], positions: set[int]) -> list[int]:
    """Return the positions of the items by where they start; one that was not found stays behind the one before it."""
    last, places = -1, dict[int, int]()
    for position, start in enumerate(starts):
        if position in positions:
            places[position] = last = last if start is None else start
    return sorted(places, key=lambda position: places[position])


def _key(item: JSONValue) -> str:
    return json.dumps(item, sort_keys=True)
