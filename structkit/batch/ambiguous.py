"""Rows with a request that may have been answered and paid for without a trace, by names that a person finds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from structkit.tables.records import Record

if TYPE_CHECKING:
    from structkit.journal.journal import Journal
    from structkit.journal.reader import Reader

SHORT = 8
"""Letters of a digest that are shown: who has the row can compare them, and nobody can read it in them."""

LOST = "lost"
"""The mark of rows that were in doubt when a run began: asked again they no longer are, and may be paid for twice."""


def in_doubt(journal: Journal | Reader) -> dict[int, str]:
    """Ordinals and keys of the rows that are in doubt, or were in an earlier run."""
    marked: Any = journal.marks.get(LOST) or []
    return {**dict(marked), **dict(journal.ambiguous())}


class Doubtful:
    """Such rows, and where the input has them.

    A row that has no key is called after its place, counted from 1, and the beginning of its digest: its text may be
    nobody else's business.

    >>> rows = Doubtful([(4, "0123456789abcdef"), (9, "fedcba9876543210")], keyed=False)
    >>> rows.seen(Record(4, "0123456789abcdef", {}, row=2)); rows.names
    ('row 2 (01234567)', 'a row that was not read (fedcba98)')
    """

    def __init__(self, rows: Iterable[tuple[int, str]], *, keyed: bool) -> None:
        """Ordinals and keys, and whether these are a column's."""
        self._keys, self._keyed, self._places = dict(rows), keyed, dict[int, int]()

    def seen(self, record: Record) -> None:
        """A row of the input, which may be one of them."""
        if record.ordinal in self._keys:
            self._places[record.ordinal] = record.row

    @property
    def names(self) -> tuple[str, ...]:
        """What they are called, in the order of their ordinals."""
        return tuple(self._name(ordinal, key) for ordinal, key in self._keys.items())

    def _name(self, ordinal: int, key: str) -> str:
        if self._keyed:
            return key
        place = self._places.get(ordinal)
        return f"{f'row {place}' if place else 'a row that was not read'} ({key[:SHORT]})"
