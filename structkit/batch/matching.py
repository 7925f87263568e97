"""Which row of the journal a row of the input is, also after the input was edited."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice

from structkit.batch.journal import Journal
from structkit.batch.kept import Kept
from structkit.batch.records import Record, digest

CHUNK = 1_000
"""Rows whose past is looked up at once."""


def matched(records: Iterable[Record], journal: Journal, *, full: bool = True) -> Iterator[tuple[Record, Kept | None]]:
    """Each row with what the journal has of it, under the ordinal that it has there.

    As long as the input is as it was, a row's place is its ordinal. From the first row that is another one, rows are
    found by their keys; new ones get ordinals of their own, and one whose content has changed begins anew.

    Args:
        records: The rows of the input.
        journal: The job's.
        full: Whether the exchanges are wanted, or only how a row ended.
    """
    rows = iter(records)
    while chunk := list(islice(rows, CHUNK)):
        kept = journal.known(chunk[0].ordinal, chunk[-1].ordinal, full=full)
        for position, record in enumerate(chunk):
            past = kept.get(record.ordinal)
            if past is not None and not _is_same(record, past):
                yield from _by_key([*chunk[position:]], rows, journal, full=full)
                return
            yield record, past


def _is_same(record: Record, kept: Kept) -> bool:
    return record.key == kept.key and digest(record.values) == kept.digest


def _by_key(
    chunk: list[Record], rows: Iterator[Record], journal: Journal, *, full: bool
) -> Iterator[tuple[Record, Kept | None]]:
    first, unused = chunk[0].ordinal, chunk[0].ordinal
    places: defaultdict[str, deque[int]] = defaultdict(deque)
    for ordinal, key in journal.every_key():
        unused = max(unused, ordinal + 1)
        if ordinal >= first:
            places[key].append(ordinal)
    for record in chain(chunk, rows):
        if places.get(record.key):
            ordinal = places[record.key].popleft()
        else:
            ordinal, unused = unused, unused + 1
        placed = replace(record, ordinal=ordinal)
        past = journal.known(ordinal, ordinal, full=full).get(ordinal)
        yield placed, past if past is not None and _is_same(placed, past) else None
