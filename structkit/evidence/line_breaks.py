"""A text without what breaks its words: hyphens at the end of lines, and apostrophes in Cyrillic words."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

from structkit.evidence.ranges import END_BITS, END_MASK, Range, pack

BREAK = re.compile(
    "(?<=[^\\W\\d_])[-\u00ad\u2010\u00ac][ \t\r\f]*\n\\s*(?=[^\\W\\d_])"
    "|(?<=[\u0400-\u04ff])['\u2019\u02bc](?=[\u0400-\u04ff])"
)
"""A hyphen with a line break, and the sign of Ukrainian words such as п'ять."""


class JoinedLines:
    r"""A text whose broken words are joined.

    >>> joined = JoinedLines("12 Janu-\nary 2026")
    >>> joined.text, [(place >> END_BITS, place & END_MASK) for place in joined.originals([pack(3, 10)])]
    ('12 January 2026', [(3, 12)])
    """

    def __init__(self, source: str) -> None:
        """Join the words."""
        self._starts, self._shifts = [0], [0]
        parts, end, shift = list[str](), 0, 0
        for match in BREAK.finditer(source):
            parts.append(source[end : match.start()])
            end = match.end()
            self._starts.append(match.start() - shift)
            shift += match.end() - match.start()
            self._shifts.append(shift)
        self.text = "".join([*parts, source[end:]])

    @property
    def is_same(self) -> bool:
        """Whether nothing was broken."""
        return len(self._starts) == 1

    def originals(self, places: Iterable[Range]) -> list[Range]:
        """Return ranges of the text in the source."""
        return [pack(self._original(place >> END_BITS), self._original((place & END_MASK) - 1) + 1) for place in places]

    def _original(self, offset: int) -> int:
        return offset + self._shifts[bisect_right(self._starts, offset) - 1]
