"""Two scores on the same gold: the difference of each field, its interval, and whether it may be chance."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from structkit.errors import ConfigError
from structkit.evaluation.resampling import (
    LEVEL,
    Interval,
    PairedRow,
    RatioRow,
    adjust_for_several,
    difference_interval,
    difference_variance,
    differing_rows,
    permutation_p,
)
from structkit.evaluation.score import FieldScore, Score
from structkit.evaluation.score_report import (
    cost_line,
    format_share,
    html_document,
    html_list,
    html_table,
    markdown_line,
    markdown_table,
    plot_svg,
    table_lines,
)
from structkit.evaluation.tally import VerdictCounts
from structkit.values import JSON
from structkit.values.display import format_fields, to_html_table

POWER = (1.959964 + 0.841621) ** 2
"""Standard errors of a difference, squared, from which a test at 5 % finds it with a chance of 80 %."""

MIN_DIFFERING = 6
"""Rows that have to differ, all in the same direction, for p below 5 %."""


@dataclass(frozen=True, eq=False)
class FieldDifference:
    """How much better a field is in the second score.

    Attributes:
        name: The field.
        a: F1 in the first score; None if it has no values.
        b: F1 in the second score.
        interval: The 95 % interval of `b - a`, by a paired bootstrap over rows.
        p: How often the difference is as large by chance: a paired permutation test by row, two-sided.
        p_corrected: p, corrected for the number of fields (Holm).
        rows: Rows of both.
        differing_rows: Rows in which the two sides are not equally good.
        rows_needed: About how many rows would show a difference of this size, with a chance of 80 %; None if it is 0.
        is_enough: Whether so many rows differ that p could be below 5 %.
    """

    name: str
    a: float | None
    b: float | None
    interval: Interval | None
    p: float
    p_corrected: float
    rows: int
    differing_rows: int
    rows_needed: int | None
    is_enough: bool

    @property
    def difference(self) -> float | None:
        """F1 of the second score minus that of the first."""
        return None if self.a is None or self.b is None else self.b - self.a

    @property
    def conclusion(self) -> str:
        """`better` or `worse` at 5 %, corrected; `too few rows` differ to tell; or `no difference` is shown."""
        if self.p_corrected <= LEVEL and self.difference:
            return "better" if self.difference > 0 else "worse"
        return "no difference" if self.is_enough else "too few rows"

    def to_dict(self) -> JSON:
        """Return it as JSON."""
        return {
            "a": self.a,
            "b": self.b,
            "difference": self.difference,
            "interval": None if self.interval is None else [*self.interval],
            "p": self.p,
            "p_corrected": self.p_corrected,
            "rows": self.rows,
            "differing_rows": self.differing_rows,
            "rows_needed": self.rows_needed,
            "conclusion": self.conclusion,
        }


@dataclass(frozen=True, eq=False, repr=False)
class ScoreComparison:
    """Two scores on the same gold, field by field.

    Attributes:
        fields: The difference of each field by its name.
        total: The difference over all fields.
        a: The first score.
        b: The second one.
        rows: Rows that both have.
        only_in_a: Keys of rows that only the first one has.
        only_in_b: Keys of rows that only the second one has.
        names: What the two are called in reports.
    """

    fields: Mapping[str, FieldDifference]
    total: FieldDifference
    a: Score
    b: Score
    rows: int
    only_in_a: tuple[str, ...]
    only_in_b: tuple[str, ...]
    names: tuple[str, str] = ("a", "b")

    def __iter__(self) -> Iterator[FieldDifference]:
        """Iterate over the differences of the fields, and then that of all together."""
        return iter((*self.fields.values(), self.total))

    def table(self) -> str:
        """Return a table in Markdown."""
        return markdown_table(self._rows)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the table does not say: rows, costs, and how many rows would be needed."""
        lines = [f"{self.rows:,} rows in both"]
        sides = zip(self.names, (self.only_in_a, self.only_in_b), strict=True)
        lines += [f"{len(keys):,} rows only in {name}, which do not count" for name, keys in sides if keys]
        lines.append(f"over all fields: {_conclude(self.total, *self.names)}")
        costs = zip(self.names, (cost_line(self.a), cost_line(self.b)), strict=True)
        return (*lines, *(f"{name}: {line}" for name, line in costs if line))

    def to_markdown(self) -> str:
        """Return the table and the notes in Markdown."""
        return "\n\n".join((self.table(), "\n".join(f"- {markdown_line(line)}" for line in self.notes)))

    def to_html(self) -> str:
        """Return the report as one HTML file, with the plot."""
        return html_document("Comparison", f"{self.to_svg()}{html_table(self._rows)}{html_list(self.notes)}")

    def to_svg(self) -> str:
        """Return a plot of the differences with their intervals, as SVG."""
        marks = [(each.name, each.difference, each.interval) for each in table_lines(self)]
        ends = [abs(end) for _, number, interval in marks for end in (number, *(interval or ())) if end is not None]
        bound = max([math.ceil(10 * max(ends, default=0.1)) / 10, 0.1])
        return plot_svg(marks, (-bound, bound), "difference of F1 with its 95 % interval")

    def to_dict(self) -> JSON:
        """Return all figures as JSON."""
        return {
            "rows": self.rows,
            "total": self.total.to_dict(),
            "fields": {name: each.to_dict() for name, each in self.fields.items()},
            "only_in_a": [*self.only_in_a],
            "only_in_b": [*self.only_in_b],
            "a": self.a.to_dict(),
            "b": self.b.to_dict(),
        }

    @cached_property
    def _rows(self) -> list[tuple[str, ...]]:
        a, b = self.names
        head = ("field", f"F1 {a}", f"F1 {b}", f"{b} - {a}", "95 % interval", "p", "p corrected", "rows that differ")
        return [(*head, "conclusion"), *map(_row, table_lines(self))]

    def __repr__(self) -> str:
        """The difference over all fields."""
        total = self.total
        interval = _signed_interval(total.interval)
        return format_fields(
            "ScoreComparison",
            difference=f"{_signed(total.difference)} {interval}",
            p=f"{total.p:.3f}",
            conclusion=total.conclusion,
            rows=str(self.rows),
        )

    def _repr_html_(self) -> str:
        """The table as HTML, for notebooks."""
        return to_html_table("ScoreComparison", self._rows)


def compare(a: Score, b: Score, *, names: tuple[str, str] = ("a", "b")) -> ScoreComparison:
    """Return how much better the second score is, field by field, on the rows that both have.

    Differences are of F1. The interval is by a paired bootstrap over rows, p by a paired permutation test: how often
    the difference is as large if the two sides of each row are swapped at random. p is corrected for the number of
    fields.

    Args:
        a: The score of one run, by `evaluate`.
        b: The score of another one against the same gold.
        names: What the two are called in reports, such as the names of their files.

    Raises:
        ConfigError: They have no row in common, or were evaluated against different gold.

    >>> from structkit.evaluation.scoring import evaluate
    >>> gold = [{"city": "Oslo"}] * 20
    >>> a, b = evaluate(gold, [{"city": "Bergen"}] * 20), evaluate(gold, gold)
    >>> difference = compare(a, b).fields["city"]
    >>> difference.difference, difference.p < 0.001, difference.conclusion
    (1.0, True, 'better')
    """
    rows = _common_rows(a, b)
    if not rows:
        raise ConfigError("the scores have no row in common: compare runs on the same rows")
    field_names = [*dict.fromkeys((*a.fields, *b.fields))]
    paired = {name: _pair(a.fields.get(name), b.fields.get(name), rows, name) for name in field_names}
    p_values = [permutation_p(each, a.seed) for each in paired.values()]
    corrected = adjust_for_several(p_values)
    fields = {
        name: _difference(name, each, p, p_corrected, len(paired), a.seed)
        for (name, each), p, p_corrected in zip(paired.items(), p_values, corrected, strict=True)
    }
    together = _pair(a.total, b.total, rows, "all fields")
    p = permutation_p(together, a.seed)
    total = _difference("all fields", together, p, p, 1, a.seed)
    a_keys, b_keys = {*a.keys}, {*b.keys}
    only_in_a = tuple(key for key in a.keys if key not in b_keys)
    only_in_b = tuple(key for key in b.keys if key not in a_keys)
    return ScoreComparison(fields, total, a, b, len(rows), only_in_a, only_in_b, names)


def _common_rows(a: Score, b: Score) -> list[tuple[int, int]]:
    positions = {key: position for position, key in enumerate(b.keys)}
    return [(row, positions[key]) for row, key in enumerate(a.keys) if key in positions]


def _pair(
    a: FieldScore | None, b: FieldScore | None, rows: list[tuple[int, int]], name: str
) -> Mapping[PairedRow, int]:
    """Return how often which counts of a field are in the same row.

    Raises:
        ConfigError: A row has more gold values in one score than in the other.
    """
    packed = Counter((a.packed[a.column[i]] if a else 0, b.packed[b.column[j]] if b else 0) for i, j in rows)
    paired = Counter[PairedRow]()
    for (first, second), count in packed.items():
        sides = VerdictCounts.unpack(first), VerdictCounts.unpack(second)
        if sides[0].gold != sides[1].gold:
            raise ConfigError(
                f"the scores are against different gold: {name} has {sides[0].gold} values in a row of one, and "
                f"{sides[1].gold} in the other"
            )
        ratios = (RatioRow(2 * each.right, each.gold + each.got) for each in sides)
        paired[PairedRow(*ratios)] += count
    return paired


def _difference(
    name: str, rows: Mapping[PairedRow, int], p: float, p_corrected: float, tests: int, seed: int
) -> FieldDifference:
    sums = [[sum(row[side][part] * count for row, count in rows.items()) for part in (0, 1)] for side in (0, 1)]
    a, b = (numerator / denominator if denominator else None for numerator, denominator in sums)
    number, differing = sum(rows.values()), sum(differing_rows(rows).values())
    difference = (b or 0.0) - (a or 0.0)
    variance = difference_variance(rows)
    needed = math.ceil(number * POWER * variance / difference**2) if difference else None
    is_enough = differing > 0 and tests * 2.0 ** (1 - differing) <= LEVEL
    interval = difference_interval(rows, seed) if a is not None and b is not None else None
    return FieldDifference(name, a, b, interval, p, p_corrected, number, differing, needed, is_enough)


def _conclude(each: FieldDifference, a: str, b: str) -> str:
    """Return the conclusion in words, with how many rows would be needed."""
    if each.conclusion in {"better", "worse"}:
        return f"{b} is {each.conclusion} than {a}, beyond chance"
    if not each.is_enough:
        rows = f"{each.differing_rows:,} of {each.rows:,} differ"
        return f"too few rows to tell: {rows}, and {MIN_DIFFERING} or more have to"
    more = f"; about {each.rows_needed:,} rows would show one of this size" if each.rows_needed else ""
    return f"no difference beyond chance{more}"


def _row(each: FieldDifference) -> tuple[str, ...]:
    shares = format_share(each.a), format_share(each.b), _signed(each.difference)
    tests = f"{each.p:.3f}", f"{each.p_corrected:.3f}", f"{each.differing_rows:,} of {each.rows:,}"
    return (each.name, *shares, _signed_interval(each.interval), *tests, each.conclusion)


def _signed(number: float | None) -> str:
    return "–" if number is None else f"{number:+.3f}"  # noqa: RUF001 (a dash)


def _signed_interval(interval: Interval | None) -> str:
    return "–" if interval is None else f"[{interval[0]:+.3f}, {interval[1]:+.3f}]"  # noqa: RUF001 (a dash)
