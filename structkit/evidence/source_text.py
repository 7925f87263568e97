"""A source that values are looked for in: its words, numbers, dates and times, each read when first needed."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, time
from decimal import Decimal
from functools import cached_property

from structkit.evidence.folding import FoldedText
from structkit.evidence.leaves import Leaf, is_part_name, is_small_number, read_date, read_number
from structkit.evidence.number_words import NUMBER_WORDS, compound_words
from structkit.evidence.source_dates import MONTH_NUMBERS, DatePlaces, TimePlaces, find_dates, find_times
from structkit.evidence.source_numbers import SourceNumbers
from structkit.evidence.text_index import TextIndex, is_inner
from structkit.values.evidence_map import How, Span

MIN_DATE_CHARS = 9
"""Characters of a date that is not a list of sizes, such as 10-12-14."""

MAX_TIME_DISTANCE = 40
"""Characters between a date and its time of day."""

Finding = tuple[How, tuple[Span, ...]]
MISSING: Finding = ("", ())


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
    def index(self) -> TextIndex:
        """Its words."""
        return TextIndex(self.folded)

    @cached_property
    def _numbers(self) -> SourceNumbers:
        compounds = compound_words(self.index.vocabulary)
        words = NUMBER_WORDS | compounds if compounds else NUMBER_WORDS
        return SourceNumbers(self.folded.text, self.index.ranges(words))

    @cached_property
    def _dates(self) -> DatePlaces:
        return find_dates(self.folded.text, [span.start for span in self.index.ranges(MONTH_NUMBERS.keys())])

    @cached_property
    def _times(self) -> TimePlaces:
        return find_times(self.folded.text)

    def find(self, leaf: Leaf) -> Finding:
        """Return how a scalar was found, and all its places."""
        if leaf.kind in {"judged", "chosen", "empty"}:
            return ("empty" if leaf.kind == "empty" else "judged"), ()
        find = {"number": self._find_number, "date": self._find_date, "time": self._find_time}.get(leaf.kind)
        if leaf.kind == "date-time":
            find = self._find_date_time
        return find(leaf) if find else self.index.find(str(leaf.value))

    @property
    def numbers(self) -> list[Decimal]:
        """The numbers of the text."""
        return self._numbers.values()

    @property
    def dates(self) -> list[date]:
        """The dates of the text."""
        return [*self._dates]

    def _find_number(self, leaf: Leaf) -> Finding:
        number: Decimal | None = read_number(leaf.value)
        spans = [] if number is None else self._numbers.find(number)
        if spans and (len(spans) > 1 or is_small_number(leaf)):
            spans = self._free(spans, leaf)
        return ("number", self._original(spans)) if spans else MISSING

    def _free(self, spans: list[Span], leaf: Leaf) -> list[Span]:
        """Return the places that are numbers of their own; without any, those inside a name such as C-250 or a date.

        A small number inside a date or a time of day is none, unless its field is a part of a date.
        """
        outside = [span for span in spans if not self._is_part_of_date(span)]
        free = [span for span in outside if not is_inner(self.folded.text, span)]
        return free or outside or ([] if is_small_number(leaf) and not is_part_name(leaf.path) else spans)

    def _is_part_of_date(self, span: Span) -> bool:
        starts, ends = self._composites
        index = bisect_right(starts, span.start) - 1
        return span.end <= ends[index] and (span.start, span.end) != (starts[index], ends[index])

    @cached_property
    def _composites(self) -> tuple[list[int], list[int]]:
        """The starts and ends of what has numbers that do not stand for themselves: dates, times, signs such as ½."""
        times = (span for spans in self._times.values() for span in spans if self._is_clear_time(span))
        dates = (span for spans in self._dates.values() for span in spans if span.end - span.start >= MIN_DATE_CHARS)
        starts, ends = [-1], [-1]
        for span in sorted({*dates, *times, *self._numbers.fraction_signs}):
            if span.start == starts[-1]:  # the longer one is later
                ends[-1] = span.end
            elif span.end > ends[-1]:
                starts.append(span.start)
                ends.append(span.end)
        return starts, ends

    def _is_clear_time(self, span: Span) -> bool:
        return any(char in ":hm" for char in self.folded.text[span.start : span.end])

    def _find_date(self, leaf: Leaf) -> Finding:
        day = read_date(leaf.value)
        spans = [] if day is None else self._dates.get(day, [])
        return ("date", self._original(spans)) if spans else self._find_same_text(leaf)

    def _find_time(self, leaf: Leaf) -> Finding:
        clock = _time_of(str(leaf.value))
        spans = [] if clock is None else self._times.get(clock, [])
        return ("time", self._original(spans)) if spans else self._find_same_text(leaf)

    def _find_same_text(self, leaf: Leaf) -> Finding:
        how, spans = self.index.find(str(leaf.value))
        return (how, spans) if how in {"exact", "folded"} else MISSING

    def _find_date_time(self, leaf: Leaf) -> Finding:
        """Find a date with its time of day beside it; midnight may be left out."""
        day, clock = read_date(leaf.value), _time_of(str(leaf.value)[11:])
        dates = [] if day is None else self._dates.get(day, [])
        times = [] if clock is None else self._times.get(clock, [])
        near = [
            Span(min(first.start, second.start), max(first.end, second.end))
            for first in dates
            for second in times
            if max(first.start, second.start) - min(first.end, second.end) <= MAX_TIME_DISTANCE
        ]
        spans = near or (dates if clock in {time(), None} else [])
        return ("date", self._original(spans)) if spans else self._find_same_text(leaf)

    def _original(self, spans: list[Span]) -> tuple[Span, ...]:
        return self.folded.spans((start, end) for start, end, _ in spans)


def _time_of(text: str) -> time | None:
    try:
        return time.fromisoformat(text).replace(microsecond=0, tzinfo=None)
    except ValueError:
        return None
