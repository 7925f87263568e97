"""The report of a run, for the person who started it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from structkit.batch.engines.stop import Reason
from structkit.batch.matching import RemovedRows
from structkit.errors import BudgetExceeded, ExtractionError, JobError, StructkitError, TransportError

MAX_AMBIGUOUS_NAMES = 5
"""Ambiguous rows that are named in the text of a report."""


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a run.

    Args:
        reason: Why it ended before its rows had finished, or counts as failed, for programs; empty otherwise. See
            `Reason`.
        output: The file that was written; None if the run ended before that.
        rows: Rows of the input.
        counts: The number of rows in each state; they add up to `rows`.
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
        unpriced: Replies whose cost is unknown, for lack of a price and of a report; they are not part of the spend.
        errors: Failed rows by the class of their error, the most frequent one first.
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
    removed: RemovedRows | None = None
    unpriced: int = 0
    errors: Mapping[str, int] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """`complete`, `failed:` and how many rows, or `incomplete:` and why."""
        if self.reason == "failed":
            return f"failed: {self.detail}"
        return "complete" if self.is_complete else f"incomplete: {self.detail or 'rows were left out'}"

    @property
    def is_complete(self) -> bool:
        """Whether every row has finished."""
        return self.reason in {"", "failed"}

    def raise_for_status(self) -> None:
        """Raise an error if the run ended before its rows had finished, or if more rows failed than may.

        Raises:
            BudgetExceeded: The budget is used up.
            TransportError: The endpoint failed for every row, or most of the rows that failed.
            ExtractionError: More rows failed than may, most of them by the model's answer.
            JobError: Rows were left out, for instance because only stored replies were read; or more rows failed than
                may, most of them before anything was sent.
            KeyboardInterrupt: The run was interrupted.

        >>> Report("budget", None, 9, {"open": 9}, 0, 0, None, (), 0.1, "the budget is used up").raise_for_status()
        Traceback (most recent call last):
        structkit.errors.BudgetExceeded: the budget is used up; 9 of 9 rows are open: run the job again to resume it
        """
        if self.reason == "failed":
            raise _family(next(iter(self.errors), "InvalidOutput"))(f"{self.detail} ({_list_counts(self.errors)})")
        if self.is_complete:
            return
        rows = f"{self.counts.get('open', 0):,} of {self.rows:,} rows are open"
        message = f"{self.detail or 'rows were left out'}; {rows}: run the job again to resume it"
        causes = {"budget": BudgetExceeded, "endpoint": TransportError, "interrupted": KeyboardInterrupt}
        raise causes.get(self.reason, JobError)(message)

    def __str__(self) -> str:
        """Return a summary in a few lines of plain English.

        >>> counts = {"done": 97, "failed": 3, "held": 0, "skipped": 0}
        >>> print(Report("", Path("out.csv"), 100, counts, 51_200, 0, Decimal("0.1234"), (), 12.5))
        complete: 100 rows, 97 done, 3 failed, in 12.5 s
        51,200 tokens, 0.1234 spent
        written to out.csv
        """
        return "\n".join([self._rows_line, self._spend_line, *self._notes])

    @property
    def _rows_line(self) -> str:
        counts = _list_counts(self.counts)
        if self.errors:
            failed = f"{self.counts.get('failed', 0):,} failed"
            counts = counts.replace(failed, f"{failed} ({_list_counts(self.errors)})")
        return f"{_printable(self.status)}: {self.rows:,} rows, {counts or 'none started'}, in {self.seconds:.1f} s"

    @property
    def _spend_line(self) -> str:
        unreported = f" (and {self.unreported:,} replies that reported none)" if self.unreported else ""
        unpriced = f" (and {self.unpriced:,} replies of unknown cost)" if self.unpriced else ""
        spend = "spend unknown" if self.spend is None else f"{self.spend:f} spent{unpriced}"
        return f"{self.tokens:,} tokens{unreported}, {spend}"

    @property
    def _ambiguous_line(self) -> str:
        names = ", ".join(map(_printable, self.ambiguous[:MAX_AMBIGUOUS_NAMES]))
        names += " ..." if len(self.ambiguous) > MAX_AMBIGUOUS_NAMES else ""
        count = "1 row was" if len(self.ambiguous) == 1 else f"{len(self.ambiguous):,} rows were"
        return f"{count} in flight when a run was interrupted: {names}"

    @property
    def _notes(self) -> list[str]:
        lines = []
        if self.ambiguous:
            lines.append(self._ambiguous_line)
        if self.removed and self.removed.count:
            count = "1 row is" if self.removed.count == 1 else f"{self.removed.count:,} rows are"
            lines.append(f"{count} no longer in the input; the journal keeps the replies")
        if self.output is not None:
            lines.append(f"written to {self.output}")
        return lines


def _list_counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {_printable(name)}" for name, number in counts.items() if number)


def _family(name: str) -> type[StructkitError]:
    """Return the family of an error, by the name of its class, which says who has to act."""
    families: tuple[type[StructkitError], ...] = (TransportError, ExtractionError)
    names = {family: {each.__name__ for each in (family, *family.__subclasses__())} for family in families}
    return next((family for family in families if name in names[family]), JobError)


def _printable(text: str) -> str:
    r"""Escape control characters in a text from rows or endpoints: a terminal would execute them.

    >>> _printable("größer\x1b[2J\n")
    'größer\\x1b[2J\\n'
    """
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
