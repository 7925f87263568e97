"""Rows whose request may have been paid for without a recorded reply, and the names by which a person finds them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from structkit.journal.database import translate_damage
from structkit.journal.journal import Journal
from structkit.journal.lock import is_in_use
from structkit.journal.reader import Reader
from structkit.journal.shards import job_path
from structkit.tables.records import Record

DIGEST_CHARS = 8
"""Characters of a digest that are shown: enough to compare, and the row's text cannot be read from them."""

AMBIGUOUS = "lost"
"""The mark of rows that were ambiguous when a run started, as older journals name it. They may be paid for twice."""


def find_ambiguous(journal: Journal | Reader) -> dict[int, str]:
    """Return ordinals and keys of the rows that are ambiguous, or were when an earlier run started.

    If no process has the job open, the last run is over, and its requests in flight are lost too.
    """
    marked: Any = journal.marks.get(AMBIGUOUS) or []
    with translate_damage(job_path(journal.folder)):
        rows = {int(ordinal): str(key) for ordinal, key in marked}
    return {**rows, **dict(journal.ambiguous_rows(include_current_run=not is_in_use(journal.folder)))}


def name_ambiguous(reader: Reader) -> tuple[str, ...]:
    """Return the names of the ambiguous rows without the input: a position is the one that the journal has."""
    ambiguous = find_ambiguous(reader)
    states = reader.read_rows_at(ambiguous, with_exchanges=False).values()
    rows = AmbiguousRows(ambiguous.items(), is_keyed=any(row.key != row.digest for row in states))
    for ordinal, key in ambiguous.items():
        rows.locate(Record(ordinal, key, {}, row=ordinal + 1))
    return rows.names


class AmbiguousRows:
    """Ambiguous rows, and their positions in the input.

    A row without a key is named by its position, counted from 1, and the first characters of its digest: its text may
    be confidential.

    >>> rows = AmbiguousRows([(4, "0123456789abcdef"), (9, "fedcba9876543210")], is_keyed=False)
    >>> rows.locate(Record(4, "0123456789abcdef", {}, row=2)); rows.names
    ('row 2 (01234567)', 'a row that was not read (fedcba98)')
    """

    def __init__(self, rows: Iterable[tuple[int, str]], *, is_keyed: bool) -> None:
        """Store the ordinals and keys of the rows, and whether the keys come from a column."""
        self._keys, self._is_keyed, self._positions = dict(rows), is_keyed, dict[int, int]()

    def locate(self, record: Record) -> None:
        """Remember the position of a row of the input if it is one of them."""
        if record.ordinal in self._keys:
            self._positions[record.ordinal] = record.row

    @property
    def names(self) -> tuple[str, ...]:
        """Their names, in the order of their ordinals."""
        return tuple(self._name(ordinal, key) for ordinal, key in self._keys.items())

    def _name(self, ordinal: int, key: str) -> str:
        if self._is_keyed:
            return key
        position = self._positions.get(ordinal)
        return f"{f'row {position}' if position else 'a row that was not read'} ({key[:DIGEST_CHARS]})"
