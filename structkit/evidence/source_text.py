"""A source that values are looked for in: its words, numbers, dates and times, each read when first needed."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from functools import cached_property

from structkit.evidence.folding import FoldedText
from structkit.evidence.leaves import Leaf, read_date, read_number
from structkit.evidence.source_dates import MONTH_NUMBERS, DatePlaces, TimePlaces, find_dates, find_times
from structkit.evidence.source_numbers import SourceNumbers
from structkit.evidence.text_index import TextIndex
from structkit.values.evidence_map import How, Span

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
        return SourceNumbers(self.folded.text)

    @cached_property
    def _dates(self) -> DatePlaces:
        return find_dates(self.folded.text, self.index.starts(MONTH_NUMBERS))

    @cached_property
    def _times(self) -> TimePlaces:
        return find_times(self.folded.text)

    def find(self, leaf: Leaf) -> Finding:
        """Return how a scalar was found, and all its places."""
        if leaf.kind in {"judged", "empty"}:
            return ("judged" if leaf.kind == "judged" else "empty"), ()
        find = {"number": self._find_number, "date": self._find_date, "time": self._find_time}.get(leaf.kind)
        if leaf.kind == "date-time":
            find = self._find_date_time
        return find(leaf) if find else self.index.find(str(leaf.value))

    def _find_number(self, leaf: Leaf) -> Finding:
        number: Decimal | None = read_number(leaf.value)
        spans = [] if number is None else self._numbers.find(number)
        return ("number", self._original(spans)) if spans else MISSING

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
        return tuple(sorted({Span(*self.folded.original(span.start, span.end)) for span in spans}))


def _time_of(text: str) -> time | None:
    try:
        return time.fromisoformat(text).replace(microsecond=0, tzinfo=None)
    except ValueError:
        return None
