"""The numbers of a source, each with all values that its notation may have."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from structkit.evidence.digit_runs import DigitRuns
from structkit.evidence.number_notations import notations_in_run, read_notation, significant_digits
from structkit.evidence.number_surroundings import END_CHARS, stands_alone, with_surroundings
from structkit.evidence.numbers_in_words import numbers_without_digits
from structkit.evidence.ranges import END_BITS, END_MASK, Range, pack, unpack
from structkit.evidence.short_years import short_years
from structkit.evidence.source_dates import composites_in_run

SPACED_GROUPS = re.compile(r"[0-9](?<![\d.,]\d)\d{0,2}(?: \d{3})+(?:[.,]\d+|:\d\d)?(?!\d)")
"""Digits in groups of three with spaces between them."""

SPACED_DECIMALS = re.compile(r"[0-9](?<![\d.,]\d)\d{0,8} [.,]\d{2}(?![\d.,])")
"""A number with a space before its decimal separator, as in scanned texts."""

SPACE_IN_NUMBER = re.compile(r" (?=[.,])")
SIGN_OF_FRACTION = "\u2044"
SIGNED_FRACTION = re.compile("(?:[0-9]+ {1,2})?[0-9]+\u2044[0-9]+")
YEARS = range(1900, 2100)
MAX_NUMERATOR, MAX_DENOMINATOR, GROUP_DIGITS, MAX_SPACED_CHARS = 16, 4, 3, 9


class _Notation(NamedTuple):
    """The places of a notation alone, and of its values with a sign or a unit."""

    values: tuple[Decimal, ...]
    plain: list[Range]
    with_units: dict[Decimal, list[Range]]


class SourceNumbers:
    """The numbers of a folded text, in its offsets; each notation is read when a value with its digits is looked for.

    Args:
        runs: The runs of digits of the text.
        words: The ranges of the words that numbers have, in order.

    Attributes:
        parts: The places that were looked for and are inside a date or a time of day.

    >>> numbers = SourceNumbers(DigitRuns("1.299,50 eur, 3.4 million in total, -5 degrees, 1 1/2 cups, 12% 九"), [])
    >>> [len(numbers.find(Decimal(value))) for value in ("1299.5", "3400000", "-5", "5", "1.5", "0.12", "299", "9")]
    [1, 1, 1, 0, 1, 1, 0, 1]
    """

    def __init__(self, runs: DigitRuns, words: Sequence[Range]) -> None:
        """Take the text."""
        self._runs, self._folded, self._number_words = runs, runs.folded, words
        self._by_value: dict[str, list[_Notation]] = {}
        self.parts: set[Range] = set()

    @cached_property
    def _by_digits(self) -> dict[str, list[tuple[str, int, int]]]:
        """The ranges of the runs with some digits."""
        by_digits: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
        for run in self._runs.starts:
            if run.isdecimal():
                by_digits[run.strip("0")].append((run, 0, len(run)))
                continue
            if run.replace(".", "", 1).isdecimal():
                by_digits[significant_digits(run)].append((run, 0, len(run)))
                continue
            for start, end in notations_in_run(run):
                by_digits[significant_digits(run[start:end])].append((run, start, end))
        return by_digits

    def find(self, value: Decimal) -> list[Range]:
        """Return the places of a number, in order."""
        digits = "".join(map(str, value.as_tuple().digits)).strip("0")
        if digits not in self._by_value:
            self._by_value[digits] = [*self._read(digits)]
        places = {*self._in_words.get(value, ())}
        for notation in self._by_value[digits]:
            if value in notation.values:
                places.update(notation.plain)
            places.update(notation.with_units.get(value, ()))
        return sorted(places)

    def values(self) -> list[Decimal]:
        """Return all numbers, each with every value that its notation may have, in ascending order.

        >>> SourceNumbers(DigitRuns("1.500 eur for 2 nights"), []).values()
        [Decimal('1.500'), Decimal('2'), Decimal('1500')]
        """
        values = {*self._in_words}
        for digits in (*self._by_digits, *self._spaced):
            self.find(Decimal(digits or 0))
            for notation in self._by_value[digits]:
                values.update(notation.values if notation.plain else (), notation.with_units)
        return sorted(values)

    def _read(self, digits: str) -> Iterator[_Notation]:
        """Yield the notations with some digits."""
        for run, first, last in self._by_digits.get(digits, ()):
            notation = self._read_notation(
                run[first:last], first, self._runs.starts[run], is_inside=0 < first < last < len(run)
            )
            if any(start <= first and last <= end != last - first for start, end in composites_in_run(run)):
                self.parts.update(notation.plain, *notation.with_units.values())
            yield notation
        for place in self._spaced.get(digits, ()):
            start = place >> END_BITS
            text = SPACE_IN_NUMBER.sub("", self._folded[start : place & END_MASK])
            yield self._read_notation(text.replace(" ", "'").replace(":", "."), 0, [start], place)

    def _read_notation(
        self, text: str, offset: int, starts: Iterable[int], longer: Range | None = None, *, is_inside: bool = False
    ) -> _Notation:
        """Return the values of a notation, and those that it has with a sign, a percent sign or a scale.

        A number inside a run of digits has none.
        """
        values, folded, length = read_notation(text), self._folded, len(text)
        places = [(start := run_start + offset) << END_BITS | start + length for run_start in starts]
        places = places if longer is None else [longer]
        plain = list[Range]()
        with_units: dict[Decimal, list[Range]] = defaultdict(list)
        for place in places:
            start, end = place >> END_BITS, place & END_MASK
            if is_inside or stands_alone(folded[max(start - END_CHARS, 0) : start], folded[end : end + END_CHARS]):
                plain.append(place)
                continue
            for value, full_place in with_surroundings(values, folded, start, end):
                with_units[value].append(full_place)
        return _Notation(values, plain, with_units)

    @cached_property
    def fraction_signs(self) -> list[Range]:
        """The places of characters such as ½, whose digits do not stand for themselves."""
        if SIGN_OF_FRACTION not in self._folded:
            return []
        signs = (match.start() for match in re.finditer(SIGN_OF_FRACTION, self._folded))
        ranges = (
            SIGNED_FRACTION.search(self._folded, max(sign - MAX_NUMERATOR, 0), sign + MAX_DENOMINATOR) for sign in signs
        )
        return [pack(*match.span()) for match in ranges if match]

    @cached_property
    def fraction_chars(self) -> set[int]:
        """The offsets of their characters."""
        return {*chain.from_iterable(range(*unpack(sign)) for sign in self.fraction_signs)}

    @cached_property
    def _spaced(self) -> dict[str, list[Range]]:
        """The places of numbers with spaces between groups of three digits, by their digits."""
        places: dict[str, list[Range]] = defaultdict(list)
        end = 0
        for run, start in self._runs.before_gap(" ", MAX_SPACED_CHARS):
            match = SPACED_GROUPS.match(self._folded, start) if start >= end and len(run) <= GROUP_DIGITS else None
            match = match or (SPACED_DECIMALS.match(self._folded, start) if start >= end else None)
            if match:
                end = match.end()
                places[significant_digits(match.group())].append(pack(start, end))
        return places

    @property
    def years_in_words(self) -> Iterator[int]:
        """The numbers in words that may be years."""
        return (int(value) for value in self._in_words if int(value) in YEARS and value == int(value))

    @cached_property
    def _in_words(self) -> dict[Decimal, list[Range]]:
        places: dict[Decimal, list[Range]] = defaultdict(list)
        for value, place in numbers_without_digits(self._runs, self._number_words):
            places[value].append(place)
        for year, place in short_years(self._runs):
            places[Decimal(year)].append(place)
        return places
