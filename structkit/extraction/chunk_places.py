"""Where the places of a joined value come from: the chunks of the text that gave its items and fields."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

from structkit.extraction.item_owners import ItemOrigin
from structkit.extraction.provenance import Provenance
from structkit.schema import Codec
from structkit.values import ABSENT, JSONPath, JSONValue, Origin, Result, value_at
from structkit.values.confidence_map import Confidence, ConfidenceMap


@dataclass(frozen=True)
class ChunkPlaces:
    """The origins of the parts of a joined value.

    Args:
        lists: Where each item of each list comes from, by the path of the list.
        fields: For each other part, the number of the chunk. What is in neither, such as a default, no chunk gave; its
            origin is that of the first chunk.
    """

    lists: Mapping[JSONPath, tuple[ItemOrigin, ...]]
    fields: Mapping[JSONPath, int]

    def old_path(self, path: JSONPath) -> tuple[int, JSONPath]:
        """Return the number of the chunk that gave a place, and its path in the value of the chunk."""
        prefix = self._part_of(path)
        if prefix is None or prefix in self.fields:
            return (0 if prefix is None else self.fields[prefix]), path
        depth = len(prefix)
        origin = self.lists[prefix][int(path[depth])]
        return origin.chunk, (*prefix, origin.position, *path[depth + 1 :])

    def new_path(self, chunk: int, path: JSONPath) -> JSONPath | None:
        """Return the path in the joined value of a place of a chunk; None if the joined value does not have it."""
        prefix = self._part_of(path)
        if prefix is None:
            return path
        if prefix in self.fields:
            return path if self.fields[prefix] == chunk else None
        depth = len(prefix)
        position = self._positions[prefix].get(ItemOrigin(chunk, int(path[depth])))
        return None if position is None else (*prefix, position, *path[depth + 1 :])

    def _part_of(self, path: JSONPath) -> JSONPath | None:
        """Return the list or the field that a place is in; None for what several chunks give together."""
        prefixes = (path[:length] for length in range(len(path) + 1))
        return next((each for each in prefixes if each in self.fields or (each in self.lists and each != path)), None)

    @cached_property
    def _positions(self) -> dict[JSONPath, dict[ItemOrigin, int]]:
        return {
            path: {origin: position for position, origin in enumerate(origins)} for path, origins in self.lists.items()
        }

    def without_defaults(self, draft: JSONValue) -> ChunkPlaces:
        """Return the places without the fields that the joined natural JSON does not have: they get their defaults."""
        fields = {path: number for path, number in self.fields.items() if value_at(draft, path) is not ABSENT}
        return replace(self, fields=fields)

    def part(self, chunk: int | None, value: JSONValue, path: JSONPath = ()) -> JSONValue:
        """Return what a chunk gave of a joined value, or with None what no chunk gave; ABSENT for nothing."""
        if path in self.lists:
            return [value[at] for at in self.positions(path, chunk)] if isinstance(value, list) else value
        if path in self.fields or not isinstance(value, dict):
            return value if self.fields.get(path) == chunk else ABSENT
        parts = {key: self.part(chunk, each, (*path, key)) for key, each in value.items()}
        return {key: each for key, each in parts.items() if each is not ABSENT}

    def positions(self, path: JSONPath, chunk: int | None) -> list[int]:
        """Return the positions of a chunk's items in a joined list; none for what no chunk gave."""
        return [] if chunk is None else self._chunk_positions[path].get(chunk, [])

    @cached_property
    def _chunk_positions(self) -> dict[JSONPath, dict[int, list[int]]]:
        positions: dict[JSONPath, dict[int, list[int]]] = {path: defaultdict(list) for path in self.lists}
        for path, origins in self.lists.items():
            for position, origin in enumerate(origins):
                positions[path][origin.chunk].append(position)
        return positions

    def joined_path(self, chunk: int, path: JSONPath) -> JSONPath:
        """Return the path in the joined value of a place of what `part` returns for a chunk."""
        prefix = self._part_of(path)
        if prefix is None or prefix in self.fields:
            return path
        depth = len(prefix)
        return (*prefix, self.positions(prefix, chunk)[int(path[depth])], *path[depth + 1 :])


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
        how = origin.how if self.is_in_draft(path) else "defaulted"
        return replace(origin, how=how, attempt=origin.attempt + offset)


def join_confidence(
    results: Sequence[Result[Any]], places: ChunkPlaces, provenance: Provenance
) -> ConfidenceMap | None:
    """Return how sure the model was of each scalar of a joined value, in the chunk that gave it; None if all have none.

    Args:
        results: The results of the chunks.
        places: Where the parts of the value come from.
        provenance: That of the joined value.
    """
    if all(result.confidence is None for result in results):
        return None
    details: dict[JSONPath, Confidence | None] = {}
    for path in provenance:
        number, old_path = places.old_path(path)
        confidence = results[number].confidence if provenance.is_in_draft(path) else None
        details[path] = None if confidence is None else confidence.details.get(old_path)
    return ConfidenceMap(details)
