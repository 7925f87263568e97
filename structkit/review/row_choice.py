"""Which rows are reviewed: all, those with something to look at, or a random sample."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from structkit.batch.sampling import draw_sample
from structkit.errors import ConfigError
from structkit.review.review_rows import ReviewRow
from structkit.tables.records import Record

Flag: TypeAlias = Literal["missing", "low", "failed"]
CONFIDENCE_COLUMNS = frozenset({"confidence", "lowest_confidence"})

NO_TEXT = "no text is known in which a value could be missing: name its column with --text or --file"
NO_CONFIDENCE = "the table has no confidence: it is that of a job with --confidence"

FLAGS: dict[str, Flag] = {name: name for name in get_args(Flag)}


@dataclass(frozen=True, slots=True)
class RowChoice:
    """Which rows.

    Args:
        kind: `missing`: rows with a value that no source has; `low`: with a confidence below a limit; `failed`: without
            a value, or with an invalid one; `sample`: a random sample.
        size: Of the sample.
        uses_queue: Whether `low` is what a job has marked for review, if it has, whatever the limit.
    """

    kind: Flag | Literal["all", "sample"] = "all"
    size: int = 0
    uses_queue: bool = False

    def choose(self, rows: Iterable[ReviewRow], below: float) -> list[ReviewRow]:
        """Return the rows; a sample is the same each time, whatever else is in the table.

        Raises:
            ConfigError: Nothing is known of any row by which to choose.
        """
        everything = list(rows)
        self._validate_rows(everything)
        if self.kind == "sample":
            records = (Record(position, row.key, {}) for position, row in enumerate(everything))
            return [everything[position] for position in sorted(draw_sample(records, self.size))]
        return [row for row in everything if self.matches(row, below)]

    def validate_columns(self, names: Collection[str], *, has_texts: bool) -> None:
        """Validate that there are columns by which to choose; of a table without rows, nothing is known.

        Raises:
            ConfigError: There are not.
        """
        if self.kind == "missing" and not has_texts:
            raise ConfigError(NO_TEXT)
        if self.kind == "low" and names and not CONFIDENCE_COLUMNS & {name.removesuffix("_run") for name in names}:
            raise ConfigError(NO_CONFIDENCE)

    def _validate_rows(self, rows: Sequence[ReviewRow]) -> None:
        if rows and self.kind == "missing" and not any(row.texts for row in rows):
            raise ConfigError(NO_TEXT)
        if rows and self.kind == "low" and all(not row.confidence and row.lowest_confidence is None for row in rows):
            raise ConfigError(NO_CONFIDENCE)

    def matches(self, row: ReviewRow, below: float) -> bool:
        """Return whether a row is chosen; a sample is not chosen row by row."""
        if self.kind == "missing":
            return row.missing > 0
        if self.kind == "low" and self.uses_queue and row.is_queued is not None:
            return row.is_queued
        if self.kind == "low":
            return row.count_low(below) > 0
        return self.kind == "all" or row.value is None or bool(row.issues)


def parse_choice(text: str, *, uses_queue: bool = False) -> RowChoice:
    """Parse a choice.

    Raises:
        ConfigError: It is not one.

    >>> parse_choice("missing"), parse_choice("sample=200")
    (RowChoice(kind='missing', size=0, uses_queue=False), RowChoice(kind='sample', size=200, uses_queue=False))
    """
    kind, _, number = text.partition("=")
    if kind == "sample" and number.isdecimal() and int(number):
        return RowChoice("sample", int(number))
    if number or kind not in FLAGS:
        raise ConfigError(f"{text!r} is not a choice of rows: write missing, low, failed or sample=N")
    return RowChoice(FLAGS[kind], uses_queue=uses_queue)
