"""The report of a run, for the person who started it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from structkit.batch.engines.stop import Reason
from structkit.batch.matching import Removed

MAX_AMBIGUOUS_NAMES = 5
"""Ambiguous rows that are named in the text of a report."""


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a run.

    Args:
        reason: Why it ended before its rows had finished, for programs; empty if they have. See `Reason`.
        output: The file that was written; None if the run ended before that.
        rows: Rows of the input.
        counts: Rows by state; together they are all rows.
        tokens: Tokens of all replies, of this run and earlier ones, where they were reported.
        unreported: Replies whose tokens are unknown.
        spend: What was spent, in the currency of the prices; without a price, what the endpoint reported; None if
            that is unknown.
        ambiguous: Keys of rows with a request that may have been answered and paid for without a trace: of an earlier
            run that was killed, or of this run, if it was interrupted and a request in flight took too long. Rows
            without keys have positions: `row 17 (0a1b2c3d)`, counted from 1, with a digest.
        seconds: The duration of this run.
        detail: The reason in words.
        removed: Rows that earlier runs have read and the input no longer has; they are in none of the counts. None if
            the input was not read completely.
        unpriced: Replies whose cost neither a price nor the endpoint says; they are not part of the spend.
    """

    reason: Reason
    output: Path | None
    rows: int
    counts: Mapping[str, int]
    tokens: int
    unreported: int
    spend: Decimal | None
    ambiguous: tuple[str, ...]
    seconds: float
    detail: str = ""
    removed: Removed | None = None
    unpriced: int = 0

    @property
    def status(self) -> str:
        """`complete`, or `incomplete:` and why."""
        return "complete" if self.is_complete else f"incomplete: {self.detail or 'rows were left out'}"

    @property
    def is_complete(self) -> bool:
        """Whether every row has finished."""
        return not self.reason

    def __str__(self) -> str:
        """Return a few lines that a manager could read.

        >>> counts = {"done": 97, "failed": 3, "held": 0, "skipped": 0}
        >>> print(Report("", Path("out.csv"), 100, counts, 51_200, 0, Decimal("0.1234"), (), 12.5))
        complete: 100 rows, 97 done, 3 failed, in 12.5 s
        51,200 tokens, 0.1234 spent
        written to out.csv
        """
        return "\n".join([self._rows_line, self._spend_line, *self._notes])

    @property
    def _rows_line(self) -> str:
        counts = ", ".join(f"{number:,} {state}" for state, number in self.counts.items() if number)
        return f"{_printable(self.status)}: {self.rows:,} rows, {counts or 'none started'}, in {self.seconds:.1f} s"

    @property
    def _spend_line(self) -> str:
        unreported = f" (and {self.unreported:,} replies that reported none)" if self.unreported else ""
        unpriced = f" (and {self.unpriced:,} replies of unknown cost)" if self.unpriced else ""
        spend = "spend unknown" if self.spend is None else f"{self.spend:f} spent{unpriced}"
        return f"{self.tokens:,} tokens{unreported}, {spend}"

    @property
    def _notes(self) -> list[str]:
        lines = []
        if self.ambiguous:
            names = ", ".join(map(_printable, self.ambiguous[:MAX_AMBIGUOUS_NAMES]))
            names += " ..." if len(self.ambiguous) > MAX_AMBIGUOUS_NAMES else ""
            count = "1 row was" if len(self.ambiguous) == 1 else f"{len(self.ambiguous):,} rows were"
            lines.append(f"{count} in flight when a run was interrupted: {names}")
        if self.removed and self.removed.count:
            count = "1 row is" if self.removed.count == 1 else f"{self.removed.count:,} rows are"
            lines.append(f"{count} no longer in the input; the journal keeps the replies")
        if self.output is not None:
            lines.append(f"written to {self.output}")
        return lines


def _printable(text: str) -> str:
    r"""Escape what a terminal would obey in a text from rows or endpoints.

    >>> _printable("größer\x1b[2J\n")
    'größer\\x1b[2J\\n'
    """
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
