"""Ranges of a text as integers: they sort by their start, and are no work for the garbage collector."""

from __future__ import annotations

from typing import TypeAlias

Range: TypeAlias = int
"""`start << END_BITS | end`."""

END_BITS = 32
END_MASK = (1 << END_BITS) - 1
BOTH_ENDS = 1 << END_BITS | 1
"""So much is added to a range to move it by one character."""


def pack(start: int, end: int) -> Range:
    """Return a range.

    >>> pack(3, 5) < pack(3, 9) < pack(4, 5), unpack(pack(3, 5))
    (True, (3, 5))
    """
    return start << END_BITS | end


def unpack(place: Range) -> tuple[int, int]:
    """Return the start and the end of a range."""
    return place >> END_BITS, place & END_MASK
