"""The fields that several chunks give: that of the chunk whose text has it counts, and conflicts are named."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from typing import NamedTuple

from structkit.evidence.folding import fold
from structkit.extraction.text_chunks import TextChunk
from structkit.schema.json_equality import equality_key
from structkit.values import ABSENT, Issue, JSONPath, JSONValue, value_at
from structkit.values.evidence_map import Evidence, TextSource
from structkit.values.text import shorten_json

MAX_NAMED_PIECES = 3
"""Chunks with another value that a warning names."""

EMPTY, UNSUPPORTED, SUPPORTED = range(3)
"""How good a value is: nothing, one that the chunk does not have, and one that it has or that is not looked for."""


class ChunkDraft(NamedTuple):
    """What a chunk has given, and where that is.

    Attributes:
        chunk: The chunk.
        draft: The natural JSON.
        evidence: Where each scalar of it is, with offsets in the whole text.
        likely_fields: The fields that the chunk is likely to have.
    """

    chunk: TextChunk
    draft: JSONValue
    evidence: Mapping[JSONPath, Evidence]
    likely_fields: Collection[JSONPath] = ()


class FieldSupport:
    """How good the values are that chunks have given for some fields.

    Args:
        reads: What each chunk has given.
        paths: The fields.
    """

    def __init__(self, reads: Sequence[ChunkDraft], paths: Sequence[JSONPath]) -> None:
        """Read the evidence once."""
        self._reads, self._paths = reads, paths
        fields, depth = {*paths}, max(map(len, paths), default=0)
        self._evidence = [_by_field(read.evidence, fields, depth) for read in reads]

    def support(self, path: JSONPath, number: int) -> int:
        """Return how good the value is that a chunk has given for a field."""
        parts = self._evidence[number].get(path)
        if not parts:
            return EMPTY
        return SUPPORTED if any(each.spans or not each.is_missing for each in parts) else UNSUPPORTED

    def best_support(self, path: JSONPath) -> int:
        """Return how good the best value of a field is."""
        return max((self.support(path, number) for number in range(len(self._reads))), default=EMPTY)

    def choose(self) -> dict[JSONPath, int]:
        """Return for each field the number of the chunk whose value counts: the first of the best."""
        numbers = range(len(self._reads))
        numbers_by_path = {
            path: [at for at in numbers if value_at(self._reads[at].draft, path) is not ABSENT] for path in self._paths
        }
        return {path: max(each, key=lambda at: self._rank(path, at)) for path, each in numbers_by_path.items() if each}

    def _rank(self, path: JSONPath, number: int) -> tuple[int, bool]:
        return self.support(path, number), path in self._reads[number].likely_fields

    def conflicts(self, fields: Mapping[JSONPath, int], source: TextSource) -> Iterator[Issue]:
        """Yield a warning for each field of which other chunks give other values, with all places."""
        for path, number in fields.items():
            chosen = value_at(self._reads[number].draft, path)
            identity = _identity(chosen)
            valued_chunks = [at for at in range(len(self._reads)) if at != number and self.support(path, at)]
            unlike: dict[Hashable, int] = {}
            for at in sorted(valued_chunks, key=lambda at: self._rank(path, at), reverse=True):
                if (other := _identity(value_at(self._reads[at].draft, path))) != identity:
                    unlike.setdefault(other, at)
            if unlike:
                yield Issue(path, self._message(path, number, [*unlike.values()], source), shorten_json(chosen))

    def _message(self, path: JSONPath, number: int, unlike: Sequence[int], source: TextSource) -> str:
        places = [
            f"{shorten_json(value_at(self._reads[at].draft, path))} {self._place(path, at, source)}"
            for at in unlike[:MAX_NAMED_PIECES]
        ]
        more = f"; and {len(unlike) - MAX_NAMED_PIECES} more" if len(unlike) > MAX_NAMED_PIECES else ""
        chosen = self._place(path, number, source)
        return f"chunks of the text give different values: this one {chosen}; {'; '.join(places)}{more}"

    def _place(self, path: JSONPath, number: int, source: TextSource) -> str:
        """Return where the value of a chunk is."""
        spans = [each.spans[0] for each in self._evidence[number].get(path, ()) if each.spans]
        chunk = self._reads[number].chunk
        if not spans:
            suffix = ", which do not have it" if self.support(path, number) == UNSUPPORTED else ""
            return f"from {chunk}{suffix}"
        first = min(spans)
        pages = source.document.locate(first.start, first.end) if source.document is not None else ()
        page = f" (page {pages[0].page})" if pages else ""
        return f"at characters {first.start:,} to {first.end:,}{page}"


def _by_field(
    evidence: Mapping[JSONPath, Evidence], fields: Collection[JSONPath], depth: int
) -> dict[JSONPath, list[Evidence]]:
    """Return the evidence of the scalars of each field that are not empty."""
    by_field: dict[JSONPath, list[Evidence]] = {}
    for path, each in evidence.items():
        prefixes = (path[:length] for length in range(1, min(depth, len(path)) + 1))
        field = next((prefix for prefix in prefixes if prefix in fields), None)
        if field is not None and each.how != "empty":
            by_field.setdefault(field, []).append(each)
    return by_field


def _identity(value: JSONValue) -> Hashable:
    """Return a key that is the same for values that mean the same."""
    return fold(" ".join(value.split())) if isinstance(value, str) else equality_key(value)
