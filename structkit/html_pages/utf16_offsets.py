"""Offsets of a text in UTF-16, in which browsers count."""

from __future__ import annotations

import re
from bisect import bisect_left

ASTRAL = re.compile("[\U00010000-\U0010ffff]")


class UTF16Offsets:
    """Offsets of a text in UTF-16.

    >>> offsets = UTF16Offsets("a😀b")
    >>> [offsets[number] for number in range(4)]
    [0, 1, 3, 4]
    """

    def __init__(self, text: str) -> None:
        """Find the characters that are two units."""
        self._long = [] if text.isascii() else [match.start() for match in ASTRAL.finditer(text)]

    def __getitem__(self, offset: int) -> int:
        """Return an offset in units."""
        return offset + bisect_left(self._long, offset)
