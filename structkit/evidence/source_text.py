"""A source that values are looked for in: its words, numbers, dates and times, each read when first needed."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Set as AbstractSet
from datetime import date, time
from decimal import Decimal
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from structkit.evidence.days_without_year import eastern_days, eastern_hours, spaced_days
from structkit.evidence.digit_runs import DigitRuns
from structkit.evidence.folding import FoldedText, fold
from structkit.evidence.inner_places import is_in_word, is_inner
from structkit.evidence.leaves import Leaf, is_part_name, is_small_number, read_date, read_number
from structkit.evidence.line_breaks import JoinedLines
from structkit.evidence.month_names import MONTH_NUMBERS, months_beside_digits
from structkit.evidence.number_vocabulary import CJK_DIGITS, CJK_SCALES, CJK_UNITS
from structkit.evidence.number_words import WORD_VALUES, compound_words, number_words_of
from structkit.evidence.numbers_in_words import mixed_numerals
from structkit.evidence.ranges import END_BITS, END_MASK, Range, is_part_of_any, pack, unpack
from structkit.evidence.roman_numerals import roman_numeral
from structkit.evidence.source_dates import SourceDates
from structkit.evidence.source_numbers import SourceNumbers
from structkit.evidence.text_index import Finding, TextIndex

if TYPE_CHECKING:
    from structkit.evidence.source_times import TimePlaces

MAX_TIME_DISTANCE, MAX_TIME_CHARS = 40, 40
"""Characters between a date and its time of day, and of that time."""

MAX_ARTICLE = 1
"""The number whose word is an article in many languages."""

DIGITS = re.compile(rf"[\d{''.join([*CJK_DIGITS, *CJK_UNITS, *CJK_SCALES])}]+")

SUPERSCRIPT = re.compile("[\u00b2\u00b3\u00b9\u2070-\u2089]")
RAISED = "\u00b2\u00b3\u00b9\u2070\u2074\u2075\u2076\u2077\u2078\u2079"
NOT_IN_NUMBER = re.compile(
    rf"(?<=[0-9])[{RAISED}]++(?!\u2044)|[{RAISED}]++(?=[0-9])|(?<=[0-9])\t(?=[0-9]{{3}}(?![0-9]))"
)
"""What is beside digits and no part of their number: the mark of a note, an exponent, the border of a cell."""

NOTE_MARK = re.compile(rf"(?:(?<=[^\W\d_]{{3}})|(?<=[0-9]))[{RAISED}]+")
"""The mark of a note after a name, a date or a time; that of a unit such as m\u00b2 is after one or two letters."""

MIN_SPACED_DATE_CHARS = 6
"""Characters of a date with more than one run of digits whose numbers do not stand for themselves."""

MAX_NUMERAL = 10_000
MISSING: Finding = ("", [])


class SourceText:
    """The places of scalars in a text."""

    def __init__(self, text: str) -> None:
        """Take the text; it is read when the first value is looked for."""
        self.text = text

    @cached_property
    def folded(self) -> FoldedText:
        """The text as it is compared."""
        return FoldedText(self.text)

    @cached_property
    def _joined_lines(self) -> JoinedLines:
        return JoinedLines(self.text)

    @cached_property
    def _joined_text(self) -> SourceText:
        return SourceText(self._joined_lines.text)

    @cached_property
    def _text_without_notes(self) -> SourceText | None:
        """The text with spaces in place of the marks of notes; None if it has none."""
        text, count = NOTE_MARK.subn(lambda match: " " * len(match[0]), self.text)
        return SourceText(text) if count else None

    @cached_property
    def index(self) -> TextIndex:
        """Its words."""
        return TextIndex(self.folded)

    @cached_property
    def _runs(self) -> DigitRuns:
        return DigitRuns(self.folded.text, is_eastern=self.folded.is_eastern)

    @cached_property
    def _number_runs(self) -> DigitRuns:
        """The runs without what is no part of a number; of a time, raised minutes are a part."""
        if self.folded.characters[0].isdisjoint(f"\t{RAISED}"):
            return self._runs
        text, count = NOT_IN_NUMBER.subn(_signs, self.text)
        return DigitRuns(fold(text), is_eastern=self.folded.is_eastern) if count else self._runs

    @cached_property
    def _numbers(self) -> SourceNumbers:
        return SourceNumbers(self._number_runs, self.index.ranges(self._number_words))

    @cached_property
    def _number_words(self) -> AbstractSet[str]:
        """The words of its numbers."""
        languages, vocabulary = self.index.languages, self.index.vocabulary
        return number_words_of(languages).intersection(vocabulary) | compound_words(vocabulary, languages)

    @cached_property
    def _dates(self) -> SourceDates:
        index = self.index
        months = [place >> END_BITS for place in index.ranges(MONTH_NUMBERS.keys())]
        for word, offset in months_beside_digits(index.vocabulary).items():
            months += [(place >> END_BITS) + offset for place in index.ranges({word})]
        return SourceDates(self._runs, months, lambda: self._numbers.years_in_words, lambda: index.languages)

    @cached_property
    def _times(self) -> TimePlaces:
        from structkit.evidence.source_times import find_times  # few schemas have times, and its patterns are large

        return find_times(self._runs, self.index)

    def find(self, leaf: Leaf) -> Finding:
        """Return how a scalar was found, and all its places.

        One that is not in the text is looked for without the marks of notes, and where lines break words, with these
        joined.
        """
        finding = self._find(leaf)
        if not finding[0] and self._text_without_notes is not None:
            finding = self._text_without_notes.find(leaf)
        if finding[0] or not self._joined_lines.text:
            return finding
        how, places = self._joined_text.find(leaf)
        return how, self._joined_lines.originals(places)

    def _find(self, leaf: Leaf) -> Finding:
        if leaf.kind in {"judged", "chosen", "empty"}:
            return ("empty" if leaf.kind == "empty" else "judged"), []
        find = {"number": self._find_number, "date": self._find_date, "time": self._find_time}.get(leaf.kind)
        if leaf.kind == "date-time":
            find = self._find_date_time
        return find(leaf) if find else self.index.find(str(leaf.value))

    @property
    def numbers(self) -> list[Decimal]:
        """The numbers of the text."""
        return self._numbers.values()

    @cached_property
    def number_starts(self) -> list[int]:
        """Where there may be numbers in the folded text: digits, and words for numbers that are not articles, too."""
        vocabulary = self.index.vocabulary
        words = compound_words(vocabulary, self.index.languages) | {
            word for word in vocabulary if WORD_VALUES.get(word, 0) > MAX_ARTICLE
        }
        digits = (match.start() for match in DIGITS.finditer(self.folded.text))
        return sorted({*digits, *(place >> END_BITS for place in self.index.ranges(words))})

    @cached_property
    def date_starts(self) -> list[int]:
        """Where there are dates in the folded text."""
        return sorted({place >> END_BITS for places in self._dates.places.values() for place in places})

    @property
    def dates(self) -> list[date]:
        """The dates of the text."""
        return [*self._dates.places]

    def _find_number(self, leaf: Leaf) -> Finding:
        number: Decimal | None = read_number(leaf.value)
        places = [] if number is None else self._numbers.find(number)
        if places and self._numbers.fraction_signs:
            signs, chars = self._numbers.fraction_signs, self._numbers.fraction_chars
            places = [
                place
                for place in places
                if not (place >> END_BITS in chars or (place & END_MASK) - 1 in chars)
                or not is_part_of_any(place, signs)
            ]
            if not places:
                return MISSING
        if places and (len(places) > 1 or is_small_number(leaf)):
            places = self._free(places, leaf)
        return ("number", self.folded.originals(places)) if places else self._find_numeral(number)

    def _find_numeral(self, number: Decimal | None) -> Finding:
        """Find a Roman numeral in capital letters."""
        is_whole = number is not None and number == number.to_integral_value() and abs(number) < MAX_NUMERAL
        word = roman_numeral(int(number)) if number is not None and is_whole else ""
        places = [place for place in self.index.find_word(word) if self.text[slice(*unpack(place))].isupper()]
        return ("number", places) if places else MISSING

    def _free(self, places: list[Range], leaf: Leaf) -> list[Range]:
        """Return the places that are numbers of their own; without any, those inside a name such as C-250 or a date.

        A small number inside a date or a time of day is none, unless its field is a part of a date.
        """
        folded, parts, composites = self.folded.text, self._numbers.parts, self._composites
        outside = [
            place
            for place in places
            if place not in parts
            and (
                (composite := composites[bisect_right(composites, place | END_MASK) - 1]) & END_MASK < place & END_MASK
                or composite == place
            )
        ]
        free = [place for place in outside if not is_inner(folded, place)]
        if is_small_number(leaf) and not is_part_name(leaf.path):
            return free or [
                place for place in outside if not (is_in_word(folded, place) or self._is_superscript(place))
            ]
        return free or outside or places

    def _is_superscript(self, place: Range) -> bool:
        """Return whether a number is that of a unit such as m² or of a note."""
        return SUPERSCRIPT.match(self.text, self.folded.originals([place])[0] >> END_BITS) is not None

    @cached_property
    def _composites(self) -> list[Range]:
        """An empty range, and the dates and signs that have more than one run of digits; none is inside another."""
        dates = (place for place, _ in self._dates.across_runs)
        long_dates = (place for place in dates if (place & END_MASK) - (place >> END_BITS) >= MIN_SPACED_DATE_CHARS)
        folded = self.folded.text
        eastern = (eastern_days, mixed_numerals, eastern_hours) if self._runs.is_eastern else ()
        days = (*spaced_days(self._runs), *chain.from_iterable(each(folded) for each in eastern))
        composites: list[Range] = [0]
        for place in sorted({*long_dates, *days, *self._numbers.fraction_signs}):
            if place >> END_BITS == composites[-1] >> END_BITS and len(composites) > 1:  # the longer one is later
                composites[-1] = place
            elif place & END_MASK > composites[-1] & END_MASK:
                composites.append(place)
        return composites

    def _find_date(self, leaf: Leaf) -> Finding:
        day = read_date(leaf.value)
        places = [] if day is None else self._dates.find(day)
        places = [place for place in places if not is_inner(self.folded.text, place)] or places
        return ("date", self.folded.originals(places)) if places else self._find_same_text(leaf)

    def _find_time(self, leaf: Leaf) -> Finding:
        clock = _time_of(str(leaf.value))
        places = [] if clock is None else self._times.get(clock, [])
        return ("time", self.folded.originals(places)) if places else self._find_same_text(leaf)

    def _find_same_text(self, leaf: Leaf) -> Finding:
        how, places = self.index.find(str(leaf.value))
        return (how, places) if how in {"exact", "folded"} else MISSING

    def _find_date_time(self, leaf: Leaf) -> Finding:
        """Find a date with its time of day beside it; midnight may be left out."""
        day, clock = read_date(leaf.value), _time_of(str(leaf.value)[11:])
        dates = [] if day is None else self._dates.find(day)
        times = [] if clock is None else self._times.get(clock, [])
        places = _near_pairs(sorted(dates), sorted(times)) or (dates if clock in {time(), None} else [])
        return ("date", self.folded.originals(places)) if places else self._find_same_text(leaf)


def _near_pairs(dates: list[Range], times: list[Range]) -> list[Range]:
    """Return the ranges of each time with the nearest date, if that is near it."""
    nearest: dict[Range, tuple[int, Range]] = {}
    for day in dates:
        start, end = day >> END_BITS, day & END_MASK
        for clock in times[bisect_left(times, pack(max(start - MAX_TIME_DISTANCE - MAX_TIME_CHARS, 0), 0)) :]:
            first, last = clock >> END_BITS, clock & END_MASK
            if first - end > MAX_TIME_DISTANCE:
                break
            distance = max(first - end, start - last)
            if distance <= MAX_TIME_DISTANCE:
                pair = distance, pack(min(start, first), max(end, last))
                nearest[clock] = min(nearest.get(clock, pair), pair)
    return sorted({pair for _, pair in nearest.values()})


def _time_of(text: str) -> time | None:
    try:
        return time.fromisoformat(text).replace(microsecond=0, tzinfo=None)
    except ValueError:
        return None


def _signs(match: re.Match[str]) -> str:
    """Return signs that end a number, as many as the characters that they replace."""
    return ";" * len(match[0])
