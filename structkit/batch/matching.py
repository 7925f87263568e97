"""Which row of the journal a row of the input is, also after the input was edited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, count, islice

from structkit.journal.journal import Journal
from structkit.journal.key_index import Places
from structkit.journal.reader import Reader
from structkit.journal.row_state import Kept
from structkit.tables.records import Record

CHUNK = 1_000
"""Rows whose past is looked up at once."""

NAMED = 10
"""Removed rows that are named."""


@dataclass(frozen=True, slots=True)
class Removed:
    """Rows that the journal has and the input no longer has; what was said of them is kept, should they return.

    Args:
        count: How many.
        keys: Of the first of them.
    """

    count: int = 0
    keys: tuple[str, ...] = ()


class Matching:
    """Each row with what the journal has of it, under the ordinal that it has there.

    As long as the input is as it was, a row's place is its ordinal. From the first row that is another one, or that is
    not there while later ones are, rows are found by their keys; new ones get ordinals of their own, and one whose
    content has changed begins anew.

    Args:
        records: The rows of the input.
        journal: The job's, or what reads it beside a run.
        full: Whether the exchanges are wanted, or only how a row ended.

    Attributes:
        removed: The rows that were not among the input's, when all of these have been taken.
    """

    def __init__(self, records: Iterable[Record], journal: Journal | Reader, *, full: bool = True) -> None:
        """Nothing is read yet."""
        self._rows, self._journal, self._full = iter(records), journal, full
        self.removed = Removed()

    def __iter__(self) -> Iterator[tuple[Record, Kept | None]]:
        """Row by row; once."""
        read, end = 0, self._journal.end
        while chunk := list(islice(self._rows, CHUNK)):
            kept = self._journal.known(chunk[0].ordinal, chunk[-1].ordinal, full=self._full)
            for position, record in enumerate(chunk):
                past = kept.get(record.ordinal)
                if record.ordinal < end and (past is None or not _is_same(record, past)):
                    yield from self._by_key(chain(chunk[position:], self._rows), record.ordinal, end)
                    return
                yield record, past
            read = chunk[-1].ordinal + 1
        self._remember(key for _, key in self._journal.every_key(read))

    def _by_key(self, rows: Iterator[Record], first: int, end: int) -> Iterator[tuple[Record, Kept | None]]:
        unused = count(end)
        with Places(self._journal.every_key(first)) as places:
            while chunk := list(islice(rows, CHUNK)):
                taken = places.taken([record.key for record in chunk])
                wanted = [each.ordinal if at is None else at for each, at in zip(chunk, taken, strict=True)]
                kept = self._journal.known_at(wanted, full=self._full)
                for record, ordinal in zip(chunk, taken, strict=True):
                    if ordinal is None:  # it is new: where it stands, if nobody is there, so that later runs find it so
                        is_free = record.ordinal < end and record.ordinal not in kept
                        yield record if is_free else replace(record, ordinal=next(unused)), None
                    else:
                        found, past = replace(record, ordinal=ordinal), kept[ordinal]
                        yield found, past if _is_same(found, past) else None
            self._remember(places.keys())

    def _remember(self, keys: Iterator[str]) -> None:
        """The rows that are left."""
        first = tuple(islice(keys, NAMED))
        self.removed = Removed(len(first) + sum(1 for _ in keys), first)


def _is_same(record: Record, kept: Kept) -> bool:
    return record.key == kept.key and record.digest == kept.digest
