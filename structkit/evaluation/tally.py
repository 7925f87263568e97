"""Counts of verdicts by field and row, in little memory: the rows of a field with the same counts share them."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from structkit.evaluation.judgments import BOTH_ABSENT, RIGHT, Judgment, Mistake
from structkit.values import JSONValue, json_text

BITS = 24
"""Bits of one count in a packed number: a row may have as many values of a field as fit."""

MASK = 2**BITS - 1
UNITS = (1, 1 << BITS, 1 << 2 * BITS, 1 << 3 * BITS, 1 << 4 * BITS)
MAX_MISTAKES = 5
"""Mistakes of a field that are stored."""

NO_VALUE = "(none)"
"""The name of an absent value in a confusion matrix."""


class VerdictCounts(NamedTuple):
    """How many values have which verdict."""

    right: int
    wrong: int
    invented: int
    missed: int
    absent: int

    @classmethod
    def unpack(cls, packed: int) -> VerdictCounts:
        """Return the counts of a packed number."""
        return cls(*((packed >> shift) & MASK for shift in range(0, 5 * BITS, BITS)))

    @property
    def gold(self) -> int:
        """Values of gold."""
        return self.right + self.wrong + self.missed

    @property
    def got(self) -> int:
        """Values on the other side."""
        return self.right + self.wrong + self.invented

    @property
    def is_right(self) -> bool:
        """Whether there is no mistake."""
        return not (self.wrong or self.invented or self.missed)


@dataclass
class FieldTally:
    """The verdicts of one field.

    Args:
        packed: Packed counts, each once.
        column: For each row, the position of its counts in `packed`.
        confusion: How often which gold value is which other value, as texts; for enums and booleans.
        mistakes: The first mistakes.
    """

    packed: list[int] = field(default_factory=lambda: [0])
    column: array[int] = field(default_factory=lambda: array("I"))
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    mistakes: list[Mistake] = field(default_factory=list)
    _positions: dict[int, int] = field(default_factory=lambda: {0: 0})

    def add_row(self, row: int, packed: int) -> None:
        """Store the counts of a row; the rows before it that have none get zeros."""
        if len(self.column) < row:
            self.column.extend([0] * (row - len(self.column)))
        position = self._positions.get(packed)
        if position is None:
            position = self._positions[packed] = len(self.packed)
            self.packed.append(packed)
        self.column.append(position)

    def add_judgment(self, row: str, judgment: Judgment) -> None:
        """Store a mistake, or a choice for the confusion matrix."""
        if judgment.is_choice:
            self.confusion[choice_name(judgment.gold), choice_name(judgment.got)] += 1
        if judgment.code not in {RIGHT, BOTH_ABSENT} and len(self.mistakes) < MAX_MISTAKES:
            self.mistakes.append(Mistake.of(row, judgment))


class Tally:
    """The verdicts of all fields, row by row."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        """Start with the fields of a type, in its order."""
        self.fields: dict[str, FieldTally] = {name: FieldTally() for name in names}
        self.keys: list[str] = []

    def add_row(self, key: str, judgments: Iterable[Judgment]) -> None:
        """Count the verdicts of a row."""
        packed: dict[str, int] = {}
        for each in judgments:
            name, code = each.field, each.code
            packed[name] = packed.get(name, 0) + UNITS[code]
            if each.is_choice or 0 < code < BOTH_ABSENT:
                self._field(name).add_judgment(key, each)
        row = len(self.keys)
        for name, number in packed.items():
            self._field(name).add_row(row, number)
        self.keys.append(key)

    def finish(self) -> Mapping[str, FieldTally]:
        """Return the fields, each with as many rows as there are; those that no row has are left out."""
        for each in self.fields.values():
            each.column.extend([0] * (len(self.keys) - len(each.column)))
        return {name: each for name, each in self.fields.items() if len(each.packed) > 1}

    def _field(self, name: str) -> FieldTally:
        tally = self.fields.get(name)
        if tally is None:
            tally = self.fields[name] = FieldTally()
        return tally


def choice_name(value: JSONValue) -> str:
    """Return a value of an enum as a text: a text as it is, another value as JSON.

    >>> choice_name("good"), choice_name(True), choice_name(None)
    ('good', 'true', '(none)')
    """
    return value if isinstance(value, str) else NO_VALUE if value is None else json_text(value)
