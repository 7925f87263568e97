"""What a run came to, for the person who started it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from structkit.batch.matching import Removed


@dataclass(frozen=True, slots=True)
class Report:
    """What a run of a job came to.

    Args:
        status: `complete`, or `incomplete:` and why.
        output: The file written; None where the run ended before that.
        rows: Rows of the input.
        counts: Rows by state; together they are all of them.
        tokens: Tokens of all replies, of this run and those before, where they were reported.
        unreported: Replies whose tokens are unknown.
        spend: What was spent, in the currency of the prices; without these, what the endpoint reported; None where
            it is not known.
        ambiguous: Keys of rows whose request of an earlier run may have been answered and paid for without a trace;
            of rows without keys, their places: `row 17 (0a1b2c3d)`, counted from 1, with a digest.
        seconds: How long this run took.
        removed: Rows that earlier runs have seen and the input no longer has, which are in none of the counts; None
            where the input was not read to its end.
        unpriced: Replies of which neither a price nor the endpoint says what they cost: no part of the spend.
    """

    status: str
    output: Path | None
    rows: int
    counts: Mapping[str, int]
    tokens: int
    unreported: int
    spend: Decimal | None
    ambiguous: tuple[str, ...]
    seconds: float
    removed: Removed | None = None
    unpriced: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether every row is at its end."""
        return self.status == "complete"

    def __str__(self) -> str:
        """A few lines that a manager could read.

        >>> counts = {"done": 97, "failed": 3, "held": 0, "skipped": 0}
        >>> print(Report("complete", Path("out.csv"), 100, counts, 51_200, 0, Decimal("0.1234"), (), 12.5))
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
            lines.append(f"{len(self.ambiguous):,} rows were under way when an earlier run was killed: {shown}")
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
