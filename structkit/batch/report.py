"""What a run came to, for the person who started it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal, TypeAlias

from structkit.batch.matching import Removed

Reason: TypeAlias = Literal["", "budget", "interrupted", "endpoint", "left"]
"""Why a run ended before its rows did: the budget was used up; somebody interrupted it; the endpoint is of no use to
anybody; or rows were left out, as where only kept replies were read. Empty where all rows are at their end."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run of a job came to.

    Args:
        reason: Why it ended before its rows did, for programs; empty where it did not.
        output: The file written; None where the run ended before that.
        rows: Rows of the input.
        counts: Rows by state; together they are all of them.
        tokens: Tokens of all replies, of this run and those before, where they were reported.
        unreported: Replies whose tokens are unknown.
        spend: What was spent, in the currency of the prices; without these, what the endpoint reported; None where
            it is not known.
        ambiguous: Keys of rows with a request that may have been answered and paid for without a trace: of an earlier
            run that was killed, or of this one, where it was interrupted and what was under way took too long. Of rows
            without keys, their places: `row 17 (0a1b2c3d)`, counted from 1, with a digest.
        seconds: How long this run took.
        why: The same as the reason, in words.
        removed: Rows that earlier runs have seen and the input no longer has, which are in none of the counts; None
            where the input was not read to its end.
        unpriced: Replies of which neither a price nor the endpoint says what they cost: no part of the spend.
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
    why: str = ""
    removed: Removed | None = None
    unpriced: int = 0

    @property
    def status(self) -> str:
        """`complete`, or `incomplete:` and why."""
        return "complete" if self.is_complete else f"incomplete: {self.why or 'rows were left out'}"

    @property
    def is_complete(self) -> bool:
        """Whether every row is at its end."""
        return not self.reason

    def __str__(self) -> str:
        """A few lines that a manager could read.

        >>> counts = {"done": 97, "failed": 3, "held": 0, "skipped": 0}
        >>> print(Report("", Path("out.csv"), 100, counts, 51_200, 0, Decimal("0.1234"), (), 12.5))
        complete: 100 rows, 97 done, 3 failed, in 12.5 s
        51,200 tokens, 0.1234 spent
        written to out.csv
        """
        counted = ", ".join(f"{number:,} {state}" for state, number in self.counts.items() if number)
        lines = [f"{_shown(self.status)}: {self.rows:,} rows, {counted or 'none begun'}, in {self.seconds:.1f} s"]
        unknown = f" (and {self.unreported:,} replies that reported none)" if self.unreported else ""
        beyond = f" (and {self.unpriced:,} replies of unknown cost)" if self.unpriced else ""
        spent = "spend unknown" if self.spend is None else f"{self.spend:f} spent{beyond}"
        lines.append(f"{self.tokens:,} tokens{unknown}, {spent}")
        if self.ambiguous:
            shown = ", ".join(map(_shown, self.ambiguous[:5])) + (" ..." if len(self.ambiguous) > 5 else "")  # noqa: PLR2004
            lines.append(f"{len(self.ambiguous):,} rows were under way when a run was cut short: {shown}")
        if self.removed and self.removed.count:
            lines.append(f"{self.removed.count:,} rows are no longer in the input; what is known of them is kept")
        if self.output is not None:
            lines.append(f"written to {self.output}")
        return "\n".join(lines)


def _shown(text: str) -> str:
    r"""A text that rows or endpoints have said, such that a terminal shows it, and does nothing that it says.

    >>> _shown("größer\x1b[2J\n")
    'größer\\x1b[2J\\n'
    """
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
