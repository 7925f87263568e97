"""Ranges of a text as integers: they sort by their start, and are no work for the garbage collector."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
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


def overlaps(first: Range, second: Range) -> bool:
    """Return whether two ranges have a character in common.

    >>> overlaps(pack(3, 5), pack(4, 9)), overlaps(pack(3, 5), pack(5, 9))
    (True, False)
    """
    return first >> END_BITS < second & END_MASK and second >> END_BITS < first & END_MASK


def is_part_of_any(place: Range, ranges: Sequence[Range]) -> bool:
    """Return whether a range has a part of another one, of ordered ranges that do not overlap, but not all of it.

    >>> [is_part_of_any(pack(*each), [pack(4, 9)]) for each in ((4, 6), (4, 9), (2, 9), (2, 5), (9, 12))]
    [True, False, False, True, False]
    """
    start, end = unpack(place)
    index = bisect_left(ranges, pack(end, 0)) - 1
    if index < 0:
        return False
    first, last = unpack(ranges[index])
    return last > start and not (start <= first and last <= end)
