"""Which rows of the input a run is about: the first N, a sample of them, and of these the unfinished ones."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from structkit.batch.matching import MatchedRow, Matching
from structkit.batch.parts import Part
from structkit.batch.sampling import draw_sample
from structkit.batch.settings import JobSettings
from structkit.journal.journal import Journal
from structkit.journal.reader import Reader
from structkit.journal.row_state import FinalState
from structkit.tables.records import Record
from structkit.tables.source import Source


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows that a run is about.

    Args:
        limit: Only the first N rows of the input.
        sample: The ordinals of the sample; None without one.
        part: The part that the rows belong to; None for all parts.
    """

    limit: int | None
    sample: frozenset[int] | None = None
    part: Part | None = None

    @property
    def is_everything(self) -> bool:
        """Whether it is the whole input."""
        return self.limit is None and self.sample is None and self.part is None

    def read(self, source: Source) -> Iterator[Record]:
        """Read all rows up to the last selected one, sampled or not, because a sample is a set of positions."""
        return islice(source, self._end)

    def read_part(self, source: Source) -> Iterator[Record]:
        """Read those of these rows that belong to the part."""
        if self.part is None:
            return self.read(source)
        rows = islice(source.read_part(self.part.has_key), self._end)
        return (record for record in rows if record is not None)

    def records(self, source: Source) -> Iterator[Record]:
        """Read the selected rows."""
        return (record for record in self.read_part(source) if self._is_sampled(record))

    def match(self, source: Source, journal: Journal | Reader, *, full: bool = True) -> Matching:
        """Match the rows read with the journal's, which has no rows of other parts."""
        return Matching(self.read_part(source), journal, full=full)

    def filter(self, rows: Iterable[MatchedRow]) -> Iterator[MatchedRow]:
        """Keep those of the matched rows that are selected."""
        return iter(rows) if self.sample is None else (row for row in rows if self._is_sampled(row[0]))

    def with_sample(self, size: int | None, source: Source) -> Selection:
        """Return it with a sample, which is drawn by reading the input once; without a size, as it is."""
        if size is None:
            return self
        return replace(self, sample=draw_sample(self.read(source), size, is_keyed=source.key is not None))

    @property
    def _end(self) -> int | None:
        end = self.limit if self.sample is None else max(self.sample, default=-1) + 1
        return end and min(end, sys.maxsize)

    def _is_sampled(self, record: Record) -> bool:
        return self.sample is None or record.row - 1 in self.sample


def select_rows(settings: JobSettings, source: Source) -> Selection:
    """Return the rows that the settings select."""
    return select_without_sample(settings).with_sample(settings.sample, source)


def select_without_sample(settings: JobSettings) -> Selection:
    """Return the rows that the settings select, of which a sample may be drawn."""
    return Selection(settings.limit, part=None if settings.part is None else Part.read(settings.part))


def estimate_rows(rows: int, settings: JobSettings) -> int:
    """Return about how many of the rows of an input the settings select.

    Args:
        rows: The rows of the input.
        settings: The settings.
    """
    selected_rows = min(rows, settings.limit or rows, settings.sample or rows)
    return selected_rows if settings.part is None else round(selected_rows / Part.read(settings.part).total)


def reopened_states(settings: JobSettings) -> frozenset[FinalState]:
    """Return the states of rows that have finished and start from scratch in this run."""
    failed: set[FinalState] = {"failed"} if settings.retry_failed else set()
    skipped: set[FinalState] = {"skipped"} if settings.blank != "skip" else set()
    return frozenset(failed | skipped)


class UnfinishedRows:
    """The selected rows that have not finished, with what the journal has of each; every iteration reads them again.

    In the first iteration, a row in one of the reopened states starts from scratch: its exchanges are set aside. Later
    ones do not reopen what this run has finished.
    """

    def __init__(self, selection: Selection, source: Source, journal: Journal, reopened: frozenset[FinalState]) -> None:
        """Prepare; nothing is read yet."""
        self._selection, self._source, self._journal, self._reopened = selection, source, journal, reopened
        self._states: tuple[FinalState | None, ...] = (None, "held")

    def __iter__(self) -> Iterator[MatchedRow]:
        """Read the rows."""
        reopened, self._reopened = self._reopened, frozenset()
        states, self._states = self._states, (None,)
        for record, row in self._selection.filter(self._selection.match(self._source, self._journal)):
            if row is None or row.state in states:
                yield record, row
            elif row.state in reopened:
                self._journal.reopen([record.ordinal], ignore_exchanges=True)
                yield record, None
