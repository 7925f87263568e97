"""Which row of the journal a row of the input is, even after the input was edited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, count, islice
from typing import TypeAlias

from structkit.journal.database import translate_damage
from structkit.journal.entries import SHARD_ORDINALS
from structkit.journal.journal import Journal
from structkit.journal.key_index import KeyIndex
from structkit.journal.reader import Reader
from structkit.journal.row_state import RowState
from structkit.journal.shards import shard_path
from structkit.tables.records import Record

MatchedRow: TypeAlias = "tuple[Record, RowState | None]"
"""A row of the input, and what the journal has of it."""

CHUNK_ROWS = 1_000
"""Rows that are looked up in the journal at once."""

MAX_REMOVED_KEYS = 10
"""Removed rows whose keys are reported."""


@dataclass(frozen=True, slots=True)
class RemovedRows:
    """Rows that the journal has and the input no longer has; their replies are kept, should they return.

    Args:
        count: The number of rows.
        keys: The keys of the first ones.
    """

    count: int = 0
    keys: tuple[str, ...] = ()


class Matching:
    """Each row of the input, with its ordinal in the journal and what the journal has of it.

    As long as the input has not changed, a row's position is its ordinal. From the first row that differs from the
    journal's, rows are matched by their keys. New rows get ordinals of their own, and a row whose content has changed
    starts from scratch.

    Args:
        records: The rows of the input.
        journal: The job's journal, or a reader of it during a run.
        full: Whether to read the exchanges too, and not only how a row ended.

    Attributes:
        removed: The rows that are not in the input; complete once all rows of the input have been read.
    """

    def __init__(self, records: Iterable[Record], journal: Journal | Reader, *, full: bool = True) -> None:
        """Prepare; nothing is read yet."""
        self._rows, self._journal, self._full = iter(records), journal, full
        self.removed = RemovedRows()

    def __iter__(self) -> Iterator[MatchedRow]:
        """Return the rows, one by one; only one pass is possible."""
        start, end = 0, self._journal.next_ordinal
        while chunk := list(islice(self._rows, CHUNK_ROWS)):
            stored = self._journal.read_rows(start, chunk[-1].ordinal, with_exchanges=self._full)
            ordinals = iter(stored)
            for position, record in enumerate(chunk):
                row = stored.get(record.ordinal)
                # Of a part, the journal may have rows between two positions: these have moved.
                if start < end and not (_is_same(record, row) and next(ordinals) == record.ordinal):
                    yield from self._match_by_key(chain(chunk[position:], self._rows), start, end)
                    return
                yield record, row
                start = record.ordinal + 1
        self._set_removed(key for _, key in self._journal.read_keys(start))

    def _match_by_key(self, rows: Iterator[Record], first: int, end: int) -> Iterator[MatchedRow]:
        unused = count(end)
        with KeyIndex(self._journal.read_keys(first)) as index:
            while chunk := list(islice(rows, CHUNK_ROWS)):
                ordinals = _take(index, chunk)
                all_ordinals = [each.ordinal if at is None else at for each, at in zip(chunk, ordinals, strict=True)]
                stored = self._journal.read_rows_at(all_ordinals, with_exchanges=self._full)
                for record, ordinal in zip(chunk, ordinals, strict=True):
                    if ordinal is None:
                        # A new row keeps its position if that is free, so that later runs match it there.
                        is_free = record.ordinal < end and record.ordinal not in stored
                        yield record if is_free else replace(record, ordinal=next(unused)), None
                    else:
                        match, row = replace(record, ordinal=ordinal), self._indexed_row(stored, ordinal)
                        yield match, row if _is_same(match, row) else None
            self._set_removed(index.remaining_keys())

    def _indexed_row(self, rows: dict[int, RowState], ordinal: int) -> RowState:
        """Return a row that the table of keys has.

        Raises:
            JobError: The journal does not have it: its file is damaged.
        """
        with translate_damage(shard_path(self._journal.folder, ordinal // SHARD_ORDINALS)):
            return rows[ordinal]

    def _set_removed(self, keys: Iterator[str]) -> None:
        first = tuple(islice(keys, MAX_REMOVED_KEYS))
        self.removed = RemovedRows(len(first) + sum(1 for _ in keys), first)


def _take(index: KeyIndex, records: list[Record]) -> list[int | None]:
    """Return the ordinal of each row by its key, or else by its digest, the key of a job without a key column."""
    ordinals = index.take([record.key for record in records])
    missing = [place for place, ordinal in enumerate(ordinals) if ordinal is None and not _is_keyless(records[place])]
    for place, ordinal in zip(missing, index.take([records[place].digest for place in missing]), strict=True):
        ordinals[place] = ordinal
    return ordinals


def _is_keyless(record: Record) -> bool:
    return record.key == record.digest


def _is_same(record: Record, row: RowState | None) -> bool:
    # Rows with the same content have the same key, or the job has another key column than before.
    return row is not None and record.digest == row.digest
