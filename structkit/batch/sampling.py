"""A fair sample of rows, the same whenever the table is: chosen by what the rows are, not by where they stand."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from heapq import nsmallest

from structkit.tables.records import Record

SLOTS = 1 << 20
"""Counters by which rows of equal content are told apart: 4 MiB."""


def fair_sample(records: Iterable[Record], size: int, *, keyed: bool = False) -> frozenset[int]:
    """The ordinals of so many rows, or of all where there are fewer; read once, in memory for the sample alone.

    Each row draws a lot from its key, and the lowest win: so a larger sample holds the smaller one, and where rows are
    edited, moved, inserted or removed, nearly all of a sample stays.

    Args:
        records: The rows.
        size: How many are wanted.
        keyed: Whether no two keys are alike. Rows of equal content else draw lots of their own, each by how many have
            come before it: or a row that fills half the table would be all of the sample, or nothing of it.

    >>> rows = [Record(number, str(number), {}) for number in range(1000)]
    >>> sorted(fair_sample(rows, 3)), sorted(fair_sample(rows[:980], 3)), len(fair_sample(rows, 2000))
    ([38, 213, 986], [38, 213, 835], 1000)
    """
    drawn = nsmallest(size, _lots(records, keyed=keyed))
    return frozenset(ordinal for _, ordinal in drawn)


def _lots(records: Iterable[Record], *, keyed: bool) -> Iterator[tuple[int, int]]:
    """The lot of each row, and its ordinal."""
    before = array("I", bytes(array("I").itemsize * SLOTS))
    for record in records:
        mark = blake2b(record.key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        slot = int.from_bytes(mark[:8], "little") % SLOTS
        if not keyed:
            if before[slot]:
                mark = blake2b(mark, key=before[slot].to_bytes(4, "little"), digest_size=16).digest()
            before[slot] += 1
        yield int.from_bytes(mark[8:], "little"), record.ordinal
