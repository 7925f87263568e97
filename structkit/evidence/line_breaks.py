"""The parts of a text with words that lines break, apostrophes in Cyrillic or characters as in HTML, without these."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from structkit.evidence.ranges import END_BITS, END_MASK, Range, pack

BREAK = re.compile(
    "[-\u00ad\u2010\u00ac'\u2019\u02bc&](?:"
    "(?<=[^\\W\\d_][-\u00ad\u2010\u00ac])[ \t\r\f]*\n[\\s>]*(?=[^\\W\\d_])"
    "|(?<=[\u0400-\u04ff]['\u2019\u02bc])(?=[\u0400-\u04ff])"
    "|(?<=&)(?:[A-Za-z]{2,8}|#[0-9]{1,6}|#[xX][0-9a-fA-F]{1,6});)"
)
"""A hyphen with a line break, also in a quoted mail; the sign of Ukrainian words such as п'ять; a character of HTML.

It begins with one set of characters, which `re` searches for fast."""

MIN_CHARS_AROUND = 200
"""Characters before and after a break that are read with it, up to the next line breaks."""

BETWEEN_PARTS = "\n\n"


class JoinedLines:
    r"""The parts of a text around broken words, which are joined.

    >>> joined = JoinedLines("12 Janu-\nary 2026")
    >>> joined.text, [(place >> END_BITS, place & END_MASK) for place in joined.originals([pack(3, 10)])]
    ('12 January 2026', [(3, 12)])
    """

    def __init__(self, source: str) -> None:
        """Join the words."""
        self._starts, self._ranges = list[int](), list[tuple[int, int]]()
        parts, length = list[str](), 0
        for start, end, text in _fragments(source):
            self._starts.append(length)
            self._ranges.append((start, end))
            parts.append(text)
            length += len(text)
        self.text = "".join(parts).removesuffix(BETWEEN_PARTS)

    def originals(self, places: Iterable[Range]) -> list[Range]:
        """Return ranges of the text in the source."""
        return [
            pack(self._original(place >> END_BITS)[0], self._original((place & END_MASK) - 1)[1]) for place in places
        ]

    def _original(self, offset: int) -> tuple[int, int]:
        """Return the range of a character; a character of HTML is one."""
        index = bisect_right(self._starts, offset) - 1
        start, end = self._ranges[index]
        following = self._starts[index + 1] if index + 1 < len(self._starts) else len(self.text)
        if following - self._starts[index] < end - start:
            return start, end
        return start + offset - self._starts[index], start + offset - self._starts[index] + 1


def _fragments(source: str) -> Iterator[tuple[int, int, str]]:
    """Yield the ranges between breaks with their text, and those of characters of HTML with these."""
    breaks = [match.span() for match in BREAK.finditer(source)]
    last = 0
    for number, (start, end) in enumerate(breaks):
        if not number or last < _part_start(source, start):
            last = _part_start(source, start)
        yield last, start, source[last:start]
        if source[start] == "&":
            yield start, end, html.unescape(source[start:end])
        part_end = _part_end(source, end)
        following = breaks[number + 1][0] if number + 1 < len(breaks) else len(source) + 1
        last = end
        if number + 1 == len(breaks) or part_end < _part_start(source, following):
            yield end, part_end, source[end:part_end] + BETWEEN_PARTS
            last = part_end


def _part_start(source: str, offset: int) -> int:
    return source.rfind("\n", 0, max(offset - MIN_CHARS_AROUND, 0)) + 1


def _part_end(source: str, offset: int) -> int:
    end = source.find("\n", offset + MIN_CHARS_AROUND)
    return len(source) if end < 0 else end
