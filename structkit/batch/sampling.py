"""A random sample of rows that stays the same as long as the table does: chosen by content, not by position."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from heapq import nsmallest

from structkit.tables.records import Record

COUNTERS = 1 << 20
"""Counters that distinguish rows of equal content: 4 MiB."""


def draw_sample(records: Iterable[Record], size: int, *, is_keyed: bool = False) -> frozenset[int]:
    """Return the ordinals of a random sample, or of all rows if there are fewer. Memory is that of the sample.

    Each row gets a number by hashing its key, and the lowest numbers win. So a larger sample contains the smaller one,
    and when rows are edited, moved, inserted or removed, nearly all of a sample stays.

    Args:
        records: The rows.
        size: The number of rows.
        is_keyed: Whether all keys are different. Otherwise rows of equal content are counted to get different numbers:
            a row that fills half the table would else be the whole sample, or not in it.

    >>> rows = [Record(number, str(number), {}) for number in range(1000)]
    >>> sorted(draw_sample(rows, 3)), sorted(draw_sample(rows[:980], 3)), len(draw_sample(rows, 2000))
    ([38, 213, 986], [38, 213, 835], 1000)
    """
    sample = nsmallest(size, _numbers(records, is_keyed=is_keyed))
    return frozenset(ordinal for _, ordinal in sample)


def _numbers(records: Iterable[Record], *, is_keyed: bool) -> Iterator[tuple[int, int]]:
    """Return the number of each row, and its ordinal."""
    counters = array("I", bytes(array("I").itemsize * COUNTERS))
    for record in records:
        digest = blake2b(record.key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        slot = int.from_bytes(digest[:8], "little") % COUNTERS
        if not is_keyed:
            if counters[slot]:
                digest = blake2b(digest, key=counters[slot].to_bytes(4, "little"), digest_size=16).digest()
            counters[slot] += 1
        yield int.from_bytes(digest[8:], "little"), record.ordinal
