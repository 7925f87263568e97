"""Chunks of a long text: each has a zone of its own, and overlaps with its neighbours around it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from structkit.values.source_cell import is_blank

MIN_CHUNK_CHARS = 100
"""Characters of a chunk, at least."""

OVERLAP_SHARE = 16
"""One part in so many of a chunk is the overlap on each side."""

LINE_END = r"(?:\r\n|[\n\r\v\x85\u2028\u2029])"
PAGE = re.compile(r"\f")
PARAGRAPH = re.compile(rf"{LINE_END}[^\S\r\n\v\f\x85\u2028\u2029]*{LINE_END}\s*")
LINE = re.compile(LINE_END)
SENTENCE = re.compile(r"[.!?\u2026]['\")\]\u00bb\u201d\u2019]*\s+|[\u3002\uff01\uff1f]")
WORD = re.compile(r"\s+")

BORDERS = (PAGE, PARAGRAPH, LINE, SENTENCE, WORD)
"""Where a text is divided, the best first; as documents have it, pages are separated by form feeds."""

EDGES = (LINE, SENTENCE, WORD)
"""Where an overlap starts or ends, the best first."""


@dataclass(frozen=True, slots=True)
class TextChunk:
    """A chunk of a text, as ranges of its characters.

    Args:
        start: Where it starts.
        end: Where it ends.
        own_start: Where its own zone starts; what is before it is the overlap.
        own_end: Where its own zone ends.
    """

    start: int
    end: int
    own_start: int
    own_end: int

    def owns(self, offset: int) -> bool:
        """Return whether an offset of the text is in the chunk's own zone."""
        return self.own_start <= offset < self.own_end

    def owns_part(self, starts: Sequence[int], length: int) -> bool:
        """Return whether a part of any of some blocks is in the chunk's own zone; they are ordered by their starts."""
        first = bisect_right(starts, self.own_start - length)
        return first < len(starts) and starts[first] < self.own_end

    def __str__(self) -> str:
        """`characters 7,000 to 15,000`."""
        return f"characters {self.start:,} to {self.end:,}"


def divide_text(text: str, size: int) -> tuple[TextChunk, ...]:
    r"""Return the chunks of a text, in order: each has at most *size* characters, and their own zones partition it.

    A chunk whose own zone is blank is left out.

    >>> [(each.own_start, each.own_end) for each in divide_text("One two three.\n\nFour five.", 20)]
    [(0, 16), (16, 26)]
    >>> divide_text("One two.", 20)
    (TextChunk(start=0, end=8, own_start=0, own_end=8),)
    """
    overlap = size // OVERLAP_SHARE
    zones = _zones(text, size, overlap)
    return tuple(_chunk(text, start, end, overlap) for start, end in zones if not is_blank(text[start:end]))


def halve_chunk(text: str, chunk: TextChunk, overlap: int) -> tuple[TextChunk, ...]:
    r"""Return the two chunks that a chunk is divided into: their own zones partition its own zone.

    There is one if the own zone of the other is blank, and none if the chunk is too short.

    Args:
        text: The text.
        chunk: The chunk.
        overlap: That of the chunks of the text, in characters.

    >>> text = "One two three.\n" * 20
    >>> [whole] = divide_text(text, 300)
    >>> [(each.own_start, each.own_end) for each in halve_chunk(text, whole, 18)]
    [(0, 150), (150, 300)]
    """
    size = chunk.own_end - chunk.own_start
    margin = max(size // 3, MIN_CHUNK_CHARS, overlap)  # a zone that is shorter than the overlap saves little
    if size < 2 * margin:
        return ()
    border = _last_border(text, chunk.own_start + margin, chunk.own_start + size // 2)
    zones = ((chunk.own_start, border), (border, chunk.own_end))
    return tuple(_chunk(text, start, end, overlap) for start, end in zones if not is_blank(text[start:end]))


def _zones(text: str, size: int, overlap: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of the own zones; those at the ends of the text need only one overlap."""
    start = 0
    while len(text) - start + (overlap if start else 0) > size:
        latest_end = start + size - overlap * (2 if start else 1)
        end = _last_border(text, start + (latest_end - start + 1) // 2, latest_end)
        yield start, end
        start = end
    if start < len(text):
        yield start, len(text)


def _last_border(text: str, low: int, high: int) -> int:
    """Return the best border between two offsets, the last of its kind; the second offset if there is none."""
    for pattern in BORDERS:
        ends = [match.end() for match in pattern.finditer(text, low, high)]
        if ends:
            return ends[-1]
    return high


def _chunk(text: str, own_start: int, own_end: int, overlap: int) -> TextChunk:
    first, last = max(own_start - overlap, 0), min(own_end + overlap, len(text))
    starts = [0] if first == 0 else _edges(text, first, own_start - 1)
    ends = [last] if last == len(text) else _edges(text, own_end, last)
    return TextChunk(min(starts, default=first), max(ends, default=last), own_start, own_end)


def _edges(text: str, low: int, high: int) -> list[int]:
    """Return the edges of the best kind between two offsets."""
    by_kind = ([match.end() for match in pattern.finditer(text, low, high)] for pattern in EDGES)
    return next((ends for ends in by_kind if ends), [])
