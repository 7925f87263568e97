"""The trust curve: how good the values are of the rows whose confidence is above a line, for each line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from structkit.errors import ConfigError
from structkit.evaluation.number_keys import match_number_keys
from structkit.evaluation.score import Score
from structkit.evaluation.score_report import format_share, markdown_table
from structkit.tables.sources import open_source
from structkit.values import JSON

COLUMN = "lowest_confidence"
"""The column of a job's output."""

STEPS = 10
"""Points of a curve, at most."""


class CurvePoint(NamedTuple):
    """The rows whose lowest confidence is at least some number.

    Args:
        share: The share of all scored rows that they are.
        rows: How many they are.
        line: The lowest confidence among them.
        precision: The share of their values that is right; None without values.
        accuracy: The share of the rows without a mistake.
    """

    share: float
    rows: int
    line: float
    precision: float | None
    accuracy: float


class TrustCurve(NamedTuple):
    """What keeping only the surest rows is worth: the others go to a stronger model, or to a person.

    Args:
        points: From the surest tenth of the rows to all of them.
        unknown_rows: Rows without a confidence, which are not on the curve.
    """

    points: tuple[CurvePoint, ...]
    unknown_rows: int

    def table(self) -> str:
        """Return the curve as a table."""
        head = ("share of rows", "rows", "lowest confidence", "precision", "rows without a mistake")
        rows = [
            (
                f"{each.share:.0%}",
                str(each.rows),
                f"{each.line:.3f}",
                format_share(each.precision),
                f"{each.accuracy:.3f}",
            )
            for each in self.points
        ]
        return markdown_table([head, *rows])

    def to_dict(self) -> JSON:
        """Return it as JSON."""
        return {"points": [each._asdict() for each in self.points], "unknown_rows": self.unknown_rows}


def trust_curve(score: Score, confidence: Mapping[str, float | None]) -> TrustCurve:
    """Return how good the surest rows are.

    Args:
        score: The score of the rows.
        confidence: The lowest confidence of each row, by its key.

    Raises:
        ConfigError: No row has a confidence.
    """
    keys = match_number_keys(confidence.keys() - {*score.keys}, {*score.keys} - confidence.keys())
    confidence = {keys.get(key, key): sure for key, sure in confidence.items()}
    positions = [(confidence.get(key), position) for position, key in enumerate(score.keys)]
    ranked = sorted(((sure, position) for sure, position in positions if sure is not None), key=lambda each: -each[0])
    if not ranked:
        raise ConfigError("no row has a confidence: label with --confidence logprobs")
    counts = sorted({max(1, round(len(ranked) * step / STEPS)) for step in range(1, STEPS + 1)})
    points = tuple(_point(score, ranked[:count], len(ranked)) for count in counts)
    return TrustCurve(points, len(positions) - len(ranked))


def read_row_confidence(labels: Any, key: str) -> dict[str, float | None]:
    """Return the lowest confidence of each row of a job's output, by its key.

    Raises:
        JobError: The table cannot be read, or has a cell that is not a number there.
    """
    source = open_source(labels, key=key, is_output=True)
    confidence: dict[str, float | None] = {}
    for record in source:
        cell = record.values.get(f"{COLUMN}_run", record.values.get(COLUMN))
        try:
            confidence[record.key] = None if cell in (None, "") else float(cell)
        except (TypeError, ValueError):
            raise source.row_error(f"{COLUMN} is not a number: {cell!r:.80}", record) from None
    return confidence


def _point(score: Score, ranked: Sequence[tuple[float, int]], total: int) -> CurvePoint:
    counts = [[field.row_counts(position) for field in score] for _, position in ranked]
    got = sum(each.got for row in counts for each in row)
    right = sum(each.right for row in counts for each in row)
    exact = sum(all(each.is_right for each in row) for row in counts)
    precision = right / got if got else None
    return CurvePoint(len(ranked) / total, len(ranked), ranked[-1][0], precision, exact / len(ranked))
