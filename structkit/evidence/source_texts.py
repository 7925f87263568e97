"""Several sources that values are looked for in: the best way that finds a value in any of them counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from structkit.evidence.leaves import Leaf, is_part_name
from structkit.evidence.source_text import MISSING, Finding, SourceText
from structkit.values.evidence_map import How, Span, TextSource

RUNGS: tuple[How, ...] = ("judged", "empty", "number", "date", "time", "exact", "folded", "letters", "words", "fuzzy")
"""The ways to find a value, the surest first."""


class SourceTexts:
    """The sources, each read when the first value is looked for.

    >>> texts = SourceTexts([TextSource("To SMITH"), TextSource("From Jones, for Smith")])
    >>> texts.find(Leaf((), "Smith", "text"))
    ('exact', (Span(start=16, end=21, source=1),))
    """

    def __init__(self, sources: Sequence[TextSource]) -> None:
        """Take the sources."""
        self._texts = [SourceText(source.text) for source in sources]
        self._findings: dict[object, Finding] = {}

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
        spans = [_in_source(spans, number) for number, (each, spans) in enumerate(findings) if each == how]
        return how, tuple(span for each in spans for span in each)

    @property
    def numbers(self) -> list[Decimal]:
        """The numbers of all sources, in ascending order."""
        return sorted({number for text in self._texts for number in text.numbers})

    @property
    def dates(self) -> list[date]:
        """The dates of all sources, in order."""
        return sorted({day for text in self._texts for day in text.dates})

    def find_word(self, word: str) -> tuple[Span, ...]:
        """Return the places of a folded word, in all sources."""
        places = enumerate(text.index.find_word(word) for text in self._texts)
        return tuple(span for number, spans in places for span in _in_source(spans, number))

    def text_at(self, span: Span) -> str:
        """Return the text at a place."""
        return self._texts[span.source].text[span.start : span.end]


def _in_source(spans: tuple[Span, ...], number: int) -> tuple[Span, ...]:
    return tuple(span._replace(source=number) for span in spans) if number else spans
