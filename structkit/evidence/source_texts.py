"""Several sources that values are looked for in: the best way that finds a value in any of them counts."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import accumulate

from structkit.evidence.leaves import Leaf, is_part_name
from structkit.evidence.ranges import BOTH_ENDS, END_BITS, END_MASK, Range, unpack
from structkit.evidence.source_text import MISSING, SourceText
from structkit.evidence.text_index import Finding
from structkit.values.evidence_map import How, Span, TextSource

RUNGS: tuple[How, ...] = ("judged", "empty", "number", "date", "time", "exact", "folded", "letters", "words", "fuzzy")
"""The ways to find a value, the surest first."""

SOURCE_DISTANCE = 100_000
"""Characters that count between two sources."""

PUNCTUATION = ".,;:!?()[]{}<>\"'\u00a1\u00bf\u00ab\u00bb\u201c\u201d\u201e\u2018\u2019\u3001\u3002\uff0c"
"""What stands around a word and is not a part of it."""


SENTENCE_END = re.compile(r"[\n\u3002]+|[.!?:;](?=\s)")


class SourceTexts:
    """The sources, each read when the first value is looked for; places count on from one source to the next.

    >>> texts = SourceTexts([TextSource("To SMITH"), TextSource("From Jones, for Smith")])
    >>> how, places = texts.find(Leaf((), "Smith", "text"))
    >>> how, texts.spans(places)
    ('exact', (Span(start=16, end=21, source=1),))
    """

    def __init__(self, sources: Sequence[TextSource]) -> None:
        """Take the sources."""
        self._texts = [SourceText(source.text) for source in sources]
        lengths = (len(source.text) + SOURCE_DISTANCE for source in sources)
        self._offsets = [0, *accumulate(lengths)][: len(self._texts)]
        self._findings: dict[object, Finding] = {}
        self._spans: dict[Range, Span] = {}

    def find(self, leaf: Leaf) -> Finding:
        """Return how a scalar was found, and all its places."""
        key = leaf.kind, leaf.value, is_part_name(leaf.path)
        if key not in self._findings:
            self._findings[key] = self._find(leaf)
        return self._findings[key]

    def _find(self, leaf: Leaf) -> Finding:
        if len(self._texts) == 1:
            return self._texts[0].find(leaf)
        findings = [text.find(leaf) for text in self._texts]
        rungs = {how for how, _ in findings}
        how: How | None = next((each for each in RUNGS if each in rungs), None)
        if how is None:
            return MISSING
        return how, self._join([places if each == how else [] for each, places in findings])

    def _join(self, places_by_text: Sequence[list[Range]]) -> list[Range]:
        shifts = (offset * BOTH_ENDS for offset in self._offsets)
        return [place + shift for shift, places in zip(shifts, places_by_text, strict=True) for place in places]

    @property
    def numbers(self) -> list[Decimal]:
        """The numbers of all sources, in ascending order."""
        return sorted({number for text in self._texts for number in text.numbers})

    @property
    def dates(self) -> list[date]:
        """The dates of all sources, in order."""
        return sorted({day for text in self._texts for day in text.dates})

    @property
    def words(self) -> list[str]:
        """The words of all sources as they are written, without punctuation around them, each once and in order."""
        words = (word.strip(PUNCTUATION) for text in self._texts for word in text.text.split())
        return [*dict.fromkeys(filter(None, words))]

    @property
    def sentences(self) -> list[str]:
        """The sentences and lines of all sources."""
        return [part for text in self._texts for part in SENTENCE_END.split(text.text) if part.strip()]

    def find_word(self, word: str) -> list[Range]:
        """Return the places of a folded word, in all sources."""
        return self._join([text.index.find_word(word) for text in self._texts])

    def spans(self, places: list[Range]) -> tuple[Span, ...]:
        """Return places as spans of their sources."""
        spans = self._spans
        if absent := [place for place in places if place not in spans]:
            spans.update(zip(absent, self._split(absent), strict=True))
        return tuple(map(spans.__getitem__, places))

    def _split(self, places: list[Range]) -> Iterator[Span]:
        """Yield places as spans."""
        if len(self._offsets) == 1:
            yield from [Span(place >> END_BITS, place & END_MASK) for place in places]
            return
        for place in places:
            source = bisect_right(self._offsets, place >> END_BITS) - 1
            start, end = unpack(place - self._offsets[source] * BOTH_ENDS)
            yield Span(start, end, source)

    def text_at(self, span: Span) -> str:
        """Return the text at a place."""
        return self._texts[span.source].text[span.start : span.end]
