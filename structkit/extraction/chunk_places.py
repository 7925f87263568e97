"""Where the places of a joined value come from: the chunks of the text that gave its items and fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

from structkit.extraction.item_owners import ItemOrigin
from structkit.extraction.provenance import Provenance
from structkit.schema import Codec
from structkit.values import JSONPath, JSONValue, Origin, Result


@dataclass(frozen=True)
class ChunkPlaces:
    """The origins of the parts of a joined value.

    Args:
        list_path: The path of the list; empty if the value is the list.
        items: Where each item comes from.
        fields: For each other field, the number of the chunk.
    """

    list_path: JSONPath
    items: tuple[ItemOrigin, ...]
    fields: Mapping[str, int]

    def old_path(self, path: JSONPath) -> tuple[int, JSONPath]:
        """Return the number of the chunk that gave a place, and its path in the value of the chunk."""
        depth = len(self.list_path)
        if path[:depth] == self.list_path and len(path) > depth:
            origin = self.items[int(path[depth])]
            return origin.chunk, (*self.list_path, origin.position, *path[depth + 1 :])
        return (self.fields.get(str(path[0]), 0) if path else 0), path

    def new_path(self, chunk: int, path: JSONPath) -> JSONPath | None:
        """Return the path in the joined value of a place of a chunk; None if the joined value does not have it."""
        depth = len(self.list_path)
        if path[:depth] == self.list_path and len(path) > depth:
            position = self._positions.get(ItemOrigin(chunk, int(path[depth])))
            return None if position is None else (*self.list_path, position, *path[depth + 1 :])
        is_other = path and path[:depth] != self.list_path and self.fields.get(str(path[0]), 0) != chunk
        return None if is_other else path

    @cached_property
    def _positions(self) -> dict[ItemOrigin, int]:
        return {origin: position for position, origin in enumerate(self.items)}

    def part(self, chunk: int, value: JSONValue) -> JSONValue:
        """Return what a chunk gave of a joined value."""
        if not self.list_path:
            return self._own_items(chunk, value)
        fields = cast("dict[str, JSONValue]", value).items()
        return {
            key: self._own_items(chunk, field) if (key,) == self.list_path else field
            for key, field in fields
            if (key,) == self.list_path or self.fields.get(key, 0) == chunk
        }

    def _own_items(self, chunk: int, items: Any) -> JSONValue:
        return [items[position] for position in self.positions(chunk)] if isinstance(items, list) else items

    def positions(self, chunk: int) -> list[int]:
        """Return the positions of a chunk's items in the joined list."""
        return [position for position, origin in enumerate(self.items) if origin.chunk == chunk]


class ChunksProvenance(Provenance):
    """The provenance of a value that was joined from those of the chunks of a text.

    Args:
        codec: The type.
        value: The value.
        draft: The joined natural JSON.
        places: Where its parts come from.
        results: The results of the chunks.
        attempts_before: The number of attempts before those of the results.
    """

    def __init__(
        self,
        codec: Codec[Any],
        value: Any,
        draft: JSONValue,
        places: ChunkPlaces,
        results: Sequence[Result[Any]],
        attempts_before: int,
    ) -> None:
        """Store what the lookup needs."""
        super().__init__(codec, value, draft, {})
        self._places, self._results, self._attempts_before = places, results, attempts_before

    def origin_at(self, path: JSONPath) -> Origin:
        """Return the origin of a place, with its attempt counted over the attempts of all chunks."""
        number, old_path = self._places.old_path(path)
        offset = self._attempts_before + sum(len(result.attempts) for result in self._results[:number])
        origin = cast("Provenance", self._results[number].provenance).origin_at(old_path)
        return replace(origin, attempt=origin.attempt + offset)
