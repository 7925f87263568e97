"""How good values are: precision, recall and F1 of each field with an interval, and of all fields together."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from structkit.evaluation import score_report
from structkit.evaluation.judgments import Mistake
from structkit.evaluation.resampling import Interval, RatioRow, ratio_interval
from structkit.evaluation.tally import FieldTally, VerdictCounts
from structkit.values import JSON
from structkit.values.display import format_fields, to_html_table

SEED = 20_261_129


@dataclass(frozen=True, eq=False, repr=False)
class FieldScore:
    """How good the values of one field are, or of all fields together.

    A value is `right`, `wrong` (another value), `invented` (gold has none), `missed` (only gold has one) or `absent`
    (neither has one). A row that failed has missed all its values.

    Attributes:
        name: The field: `total`, `lines[].price` for a field of any item, `prices.*` for any key of a map.
        mistakes: The first mistakes.
        confusion: For an enum or a boolean: how often which gold value is which other value; `(none)` stands for null.
    """

    name: str
    packed: Sequence[int] = field(repr=False)
    column: array[int] = field(repr=False)
    confusion: Mapping[tuple[str, str], int] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()
    seed: int = SEED

    @classmethod
    def of(cls, name: str, tally: FieldTally, seed: int) -> FieldScore:
        """Return the score of the verdicts of a field."""
        return cls(name, tally.packed, tally.column, dict(tally.confusion), tuple(tally.mistakes), seed)

    @cached_property
    def counts(self) -> VerdictCounts:
        """How many values have which verdict."""
        rows = [(VerdictCounts.unpack(packed), count) for packed, count in self._rows.items()]
        return VerdictCounts(*(sum(part[index] * count for part, count in rows) for index in range(5)))

    @property
    def right(self) -> int:
        """Values that are right."""
        return self.counts.right

    @property
    def wrong(self) -> int:
        """Values that are other values than those of gold."""
        return self.counts.wrong

    @property
    def invented(self) -> int:
        """Values where gold has none."""
        return self.counts.invented

    @property
    def missed(self) -> int:
        """Values of gold where there is none."""
        return self.counts.missed

    @property
    def absent(self) -> int:
        """Places that are empty on both sides."""
        return self.counts.absent

    @property
    def n(self) -> int:
        """Values of gold."""
        return self.counts.gold

    @property
    def precision(self) -> float | None:
        """The share of the values that are right; None if there are no values."""
        return self.right / self.counts.got if self.counts.got else None

    @property
    def recall(self) -> float | None:
        """The share of gold's values that are right; None if gold has none."""
        return self.right / self.counts.gold if self.counts.gold else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall; None if neither side has a value."""
        both = self.counts.gold + self.counts.got
        return 2 * self.right / both if both else None

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval of `f1`, by a bootstrap over rows; the same each time."""
        return self._interval

    @cached_property
    def _interval(self) -> Interval | None:
        rows = Counter[RatioRow]()
        for packed, count in self._rows.items():
            rows[ratio_row(packed)] += count
        return ratio_interval(rows, self.seed)

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa of an enum or a boolean: the agreement beyond chance; None for other fields, or one value."""
        total = sum(self.confusion.values())
        if not total:
            return None
        gold, got = Counter[str](), Counter[str]()
        for (first, second), count in self.confusion.items():
            gold[first] += count
            got[second] += count
        agreed = sum(count for (first, second), count in self.confusion.items() if first == second) / total
        by_chance = sum(gold[name] * got[name] for name in gold) / total**2
        return (agreed - by_chance) / (1 - by_chance) if by_chance < 1 else None

    @cached_property
    def _rows(self) -> Mapping[int, int]:
        """How many rows have the same packed counts."""
        return {self.packed[position]: count for position, count in Counter(self.column).items()}

    def row_counts(self, row: int) -> VerdictCounts:
        """Return the counts of a row, by its position."""
        return VerdictCounts.unpack(self.packed[self.column[row]])

    def to_dict(self) -> JSON:
        """Return the figures as JSON."""
        numbers: JSON = {"n": self.n, "precision": self.precision, "recall": self.recall, "f1": self.f1}
        interval = None if self.interval is None else [*self.interval]
        confusion = [[*pair, count] for pair, count in sorted(self.confusion.items())]
        return {
            **numbers,
            "interval": interval,
            **self.counts._asdict(),
            **({"confusion": confusion, "kappa": self.kappa} if confusion else {}),
            **({"mistakes": [each.to_dict() for each in self.mistakes]} if self.mistakes else {}),
        }

    def __repr__(self) -> str:
        """The figures."""
        f1 = score_report.format_share(self.f1)
        return format_fields("FieldScore", repr(self.name), f1=f"{f1} {score_report.format_interval(self.interval)}")


@dataclass(frozen=True, eq=False, repr=False)
class Score:
    """How good values are, by field.

    Attributes:
        fields: The score of each field by its name: `score.fields["total"].f1`.
        keys: The keys of the rows, in the order of gold; without a key, their positions, counted from 1.
        failed: Keys of rows that have no value because they failed; their values are missed.
        only_in_gold: Keys of rows that the other side does not have; their values are missed.
        only_in_got: Keys of rows that gold does not have; they do not count.
        unscored: Fields of the type that gold has no column of; they do not count.
        tokens: Tokens of all replies, if the output says so.
        cost: What the replies cost, if the output says so.
        seconds: The duration of the job's last run, if the output says so.
    """

    fields: Mapping[str, FieldScore]
    keys: tuple[str, ...]
    failed: tuple[str, ...] = ()
    only_in_gold: tuple[str, ...] = ()
    only_in_got: tuple[str, ...] = ()
    unscored: tuple[str, ...] = ()
    tokens: int | None = None
    cost: Decimal | None = None
    seconds: float | None = None
    seed: int = SEED

    @cached_property
    def total(self) -> FieldScore:
        """The score of all fields together: each value counts once."""
        sums = [0] * len(self.keys)
        for each in self.fields.values():
            packed = each.packed
            sums = [total + packed[position] for total, position in zip(sums, each.column, strict=True)]
        positions = {number: position for position, number in enumerate(dict.fromkeys(sums))}
        mistakes = tuple(mistake for each in self.fields.values() for mistake in each.mistakes)
        column = array("I", map(positions.__getitem__, sums))
        return FieldScore("all fields", [*positions], column, {}, mistakes, self.seed)

    @property
    def precision(self) -> float | None:
        """The precision over all fields."""
        return self.total.precision

    @property
    def recall(self) -> float | None:
        """The recall over all fields."""
        return self.total.recall

    @property
    def f1(self) -> float | None:
        """F1 over all fields."""
        return self.total.f1

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval of `f1`."""
        return self.total.interval

    @property
    def accuracy(self) -> float | None:
        """The share of the rows without any mistake; None without rows."""
        return self.exact_rows / len(self.keys) if self.keys else None

    @property
    def exact_rows(self) -> int:
        """Rows without any mistake."""
        return self._exact_rows

    @cached_property
    def _exact_rows(self) -> int:
        are_right = [VerdictCounts.unpack(packed).is_right for packed in self.total.packed]
        return sum(map(are_right.__getitem__, self.total.column))

    @property
    def accuracy_interval(self) -> Interval | None:
        """The 95 % interval of `accuracy`."""
        return self._accuracy_interval

    @cached_property
    def _accuracy_interval(self) -> Interval | None:
        rows, exact = len(self.keys), self.exact_rows
        return ratio_interval({RatioRow(1, 1): exact, RatioRow(0, 1): rows - exact}, self.seed) if rows else None

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """The first mistakes of each field."""
        return self.total.mistakes

    def __iter__(self) -> Iterator[FieldScore]:
        """Iterate over the scores of the fields, and then that of all together."""
        return iter((*self.fields.values(), self.total))

    def table(self) -> str:
        """Return a table in Markdown: for each field n, precision, recall, F1 with its 95 % interval, and mistakes."""
        return score_report.score_table(self)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the table does not say: rows without a mistake, rows that are missing, tokens, cost and seconds."""
        return tuple(score_report.score_lines(self))

    def to_markdown(self) -> str:
        """Return a report: the table, rows, costs, confusion matrices and the first mistakes."""
        return score_report.score_markdown(self)

    def to_html(self) -> str:
        """Return the report as one HTML file, with the plot."""
        return score_report.score_html(self)

    def to_svg(self) -> str:
        """Return a plot of F1 with its interval for each field, as SVG."""
        return score_report.score_svg(self)

    def to_dict(self) -> JSON:
        """Return all figures as JSON."""
        rows = {"rows": len(self.keys), "exact_rows": self.exact_rows, "accuracy": self.accuracy}
        interval = None if self.accuracy_interval is None else [*self.accuracy_interval]
        names = ("failed", "only_in_gold", "only_in_got", "unscored")
        return {
            **rows,
            "accuracy_interval": interval,
            "total": self.total.to_dict() | {"mistakes": []},
            "fields": {name: each.to_dict() for name, each in self.fields.items()},
            **{name: [*getattr(self, name)] for name in names},
            "tokens": self.tokens,
            "cost": None if self.cost is None else str(self.cost),
            "seconds": self.seconds,
        }

    def __repr__(self) -> str:
        """The figures over all fields."""
        f1 = f"{score_report.format_share(self.f1)} {score_report.format_interval(self.interval)}"
        return format_fields("Score", f1=f1, rows=str(len(self.keys)), fields=str(len(self.fields)))

    def _repr_html_(self) -> str:
        """The table as HTML, for notebooks."""
        return to_html_table("Score", score_report.score_rows(self))


def ratio_row(packed: int) -> RatioRow:
    """Return what packed counts contribute to F1: twice the right values, and the values of both sides."""
    counts = VerdictCounts.unpack(packed)
    return RatioRow(2 * counts.right, counts.gold + counts.got)
