"""The report of a run, for the person who started it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from structkit.batch.engines.stop import Reason
from structkit.batch.matching import RemovedRows
from structkit.batch.output_table import OutputTable
from structkit.errors import BudgetExceeded, ExtractionError, JobError, StructkitError, TransportError
from structkit.values import JSON
from structkit.values.display import format_fields, to_html_table
from structkit.values.text import escape_controls, shorten

MAX_AMBIGUOUS_NAMES = 5
"""Ambiguous rows that are named in the text of a report."""

MAX_LISTED_MESSAGES = 5
"""Classes of errors whose most frequent message is in the text of a report."""

MAX_MESSAGE_CHARS = 300
"""Characters of such a message."""


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """The outcome of a run.

    Args:
        reason: Why it ended before its rows had finished, or counts as failed, for programs; empty otherwise. See
            `Reason`.
        output: The file that was written, or its address in an object store; None if the run ended before that.
        rows: Rows of the input.
        counts: The number of rows in each state; they add up to `rows`.
        tokens: Tokens of all replies, of this run and earlier ones, where they were reported.
        unreported: Requests whose tokens are unknown: the reply reported none, or was lost.
        spend: What was spent, in the currency of the prices; without a price, what the endpoint reported; None if
            that is unknown.
        ambiguous: Keys of rows with a request that may have been paid for without a recorded reply: of an earlier run
            that was killed, or of this run, if it was interrupted and a request in flight took too long. Rows without
            keys have positions: `row 17 (0a1b2c3d)`, counted from 1, with a digest.
        seconds: The duration of this run.
        detail: The reason in words.
        removed: Rows that earlier runs have read and the input no longer has; they are in none of the counts. None if
            the input was not read completely.
        unpriced: Requests whose cost is unknown: there is no price, and the reply reported no cost or was lost. They
            are not part of the spend.
        errors: Failed rows by the class of their error, the most frequent one first.
        messages: The most frequent message of each of these classes, shortened.
        to_review: Rows of the output with a confidence below `review_below`; None if the job has no such limit.
        table: The rows of a job with `output=None`; `to_dicts`, `to_arrow` and `to_pandas` return those of any job.
    """

    reason: Reason
    output: Path | str | None
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
    table: OutputTable | None = field(default=None, compare=False)
    to_review: int | None = None
    messages: Mapping[str, str] = field(default_factory=dict)

    def to_dicts(self) -> list[JSON]:
        """Return the rows of the output, each as a dict by column; a CSV file has only texts.

        Raises:
            JobError: The run ended before it wrote its output, or the file cannot be read.
        """
        return self._rows.to_dicts()

    def to_arrow(self) -> Any:
        """Return the rows of the output as a `pyarrow.Table`; needs the extra `arrow`. Raises as `to_dicts` does."""
        return self._rows.to_arrow()

    def to_pandas(self) -> Any:
        """Return the rows of the output as a `pandas.DataFrame`; needs pandas. Raises as `to_dicts` does."""
        return self._rows.to_pandas()

    @property
    def _rows(self) -> OutputTable:
        if self.table is None and self.output is None:
            raise JobError("the run ended before it wrote its output, so there are no rows")
        return self.table or OutputTable(self.output)

    @property
    def status(self) -> str:
        """`complete`, `failed:` and how many rows, or `incomplete:` and why."""
        if self.reason == "failed":
            return f"failed: {self.detail}"
        return "complete" if self.is_complete else f"incomplete: {self.detail or 'some rows are not finished'}"

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
            JobError: Some rows are not finished, for instance because only stored replies were read, or because their
                requests are in batches (`submitted`); or more rows failed than may, most of them before anything was
                sent.
            KeyboardInterrupt: The run was interrupted.

        >>> Report("budget", None, 9, {"open": 9}, 0, 0, None, (), 0.1, "the budget is used up").raise_for_status()
        Traceback (most recent call last):
        structkit.errors.BudgetExceeded: the budget is used up; 9 of 9 rows are open: run the job again to resume it
        """
        if self.reason == "failed":
            raise _family(next(iter(self.errors), "InvalidOutput"))(f"{self.detail} ({_list_counts(self.errors)})")
        if self.is_complete:
            return
        rows = f"{self.counts.get('open', 0):,} of {self.rows:,} rows are open: run the job again to resume it"
        message = f"{self.detail}; {rows}" if self.detail else rows
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

    def __repr__(self) -> str:
        """The summary of `str` on one line."""
        return format_fields("Report", "; ".join([self._rows_line, self._spend_line, *self._notes]))

    def _repr_html_(self) -> str:
        """The summary as an HTML table, for notebooks."""
        return to_html_table("Report", [(line,) for line in [self._rows_line, self._spend_line, *self._notes]])

    @property
    def _rows_line(self) -> str:
        counts = _list_counts(self.counts)
        if self.errors:
            failed = f"{self.counts.get('failed', 0):,} failed"
            counts = counts.replace(failed, f"{failed} ({_list_counts(self.errors)})")
        return f"{_one_line(self.status)}: {self.rows:,} rows, {counts or 'none started'}, in {self.seconds:.1f} s"

    @property
    def _spend_line(self) -> str:
        spend = "spend unknown" if self.spend is None else f"{self.spend:f} spent{_unknown_for(self.unpriced)}"
        return f"{self.tokens:,} tokens{_unknown_for(self.unreported)}, {spend}"

    @property
    def _notes(self) -> list[str]:
        lines = [
            f"most frequent {_one_line(name)}: {shorten(_one_line(message), MAX_MESSAGE_CHARS)}"
            for name, message in list(self.messages.items())[:MAX_LISTED_MESSAGES]
        ]
        if self.ambiguous:
            lines.append(describe_ambiguous(self.ambiguous))
        if self.removed and self.removed.count:
            count = "1 row is" if self.removed.count == 1 else f"{self.removed.count:,} rows are"
            lines.append(f"{count} no longer in the input; the journal keeps the replies")
        if self.to_review is not None and self.counts.get("done"):
            review = ": structkit review --only low" if self.to_review else ""
            lines.append(f"{self.to_review:,} to review{review}")
        if self.output is not None:
            lines.append(f"written to {_one_line(str(self.output))}")
        return lines


def describe_ambiguous(names: tuple[str, ...]) -> str:
    """Return a line about ambiguous rows, with the first few names.

    >>> describe_ambiguous(("r-1", "r-2"))
    '2 rows were in flight when a run was interrupted, and may have been paid for without a reply: r-1, r-2'
    """
    first_names = ", ".join(map(_one_line, names[:MAX_AMBIGUOUS_NAMES]))
    count = "1 row was" if len(names) == 1 else f"{len(names):,} rows were"
    fact = f"{count} in flight when a run was interrupted, and may have been paid for without a reply"
    return f"{fact}: {first_names}{', ...' if len(names) > MAX_AMBIGUOUS_NAMES else ''}"


def _unknown_for(requests: int) -> str:
    return f" (unknown for {requests:,} {'request' if requests == 1 else 'requests'})" if requests else ""


def _list_counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {_one_line(name)}" for name, number in counts.items() if number)


def _family(name: str) -> type[StructkitError]:
    """Return the family of an error, by the name of its class, which says who has to act."""
    families: tuple[type[StructkitError], ...] = (TransportError, ExtractionError)
    names = {family: {each.__name__ for each in (family, *family.__subclasses__())} for family in families}
    return next((family for family in families if name in names[family]), JobError)


def _one_line(text: str) -> str:
    return escape_controls(text, keep="")
