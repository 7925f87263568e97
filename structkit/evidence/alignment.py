"""Joins each scalar of a value to its places in a source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from structkit.evidence.folding import fold
from structkit.evidence.leaves import NAME_PART, Leaf, find_leaves, is_small_number
from structkit.evidence.source_text import Finding
from structkit.evidence.source_texts import SourceTexts
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.evidence_map import Evidence, Span

LABEL_DISTANCE, NEIGHBOUR_DISTANCE = 60, 120
"""Characters to the words of a field's name, and to another value of the same object."""

OTHER_SOURCE_DISTANCE = 100_000
"""A place in another source counts as so many characters away."""

MIN_LABEL_CHARS = 3


def align(value: JSONValue, texts: SourceTexts, schema: JSON | None = None) -> dict[JSONPath, Evidence]:
    """Return the evidence of natural JSON in its sources.

    Args:
        value: The natural JSON.
        texts: The sources.
        schema: The natural schema of its type.

    >>> from structkit.values.evidence_map import TextSource
    >>> texts = SourceTexts([TextSource("KIEL, 14 March 2026: 1.299,50 EUR")])
    >>> evidence = align({"city": "Kiel", "total": 1299.5, "due": "2026-03-14"}, texts)
    >>> [(each.how, each.text) for each in evidence.values()]
    [('folded', 'KIEL'), ('number', '1.299,50'), ('date', '14 March 2026')]
    """
    leaves = [*find_leaves(value, schema)]
    findings = [texts.find(leaf) for leaf in leaves]
    neighbours = _Neighbours(texts, leaves, findings)
    by_path: dict[JSONPath, Evidence] = {}
    for leaf, (how, spans) in zip(leaves, findings, strict=True):
        likely = neighbours.order(leaf, neighbours.supported(leaf, spans))
        text = texts.text_at(likely[0]) if likely else ""
        by_path[leaf.path] = Evidence(likely, how if likely or how in {"judged", "empty"} else "", text)
    return by_path


@dataclass
class _Neighbours:
    """What stands around a place: the words of its field's name, and the other values of its object."""

    texts: SourceTexts
    leaves: Sequence[Leaf]
    findings: Sequence[Finding]

    def __post_init__(self) -> None:
        self._anchors: dict[JSONPath, list[Span]] = defaultdict(list)
        self._places: dict[JSONPath, list[tuple[JSONPath, Span]]] = defaultdict(list)
        for leaf, (_, spans) in zip(self.leaves, self.findings, strict=True):
            self._places[leaf.path[:-1]] += [(leaf.path, span) for span in spans]
            if len(spans) == 1:
                self._anchors[leaf.path[:-1]].append(spans[0])
        self._used: dict[tuple[object, ...], set[Span]] = defaultdict(set)
        self._last: dict[JSONPath, Span] = {}
        self._labels: dict[str, dict[int, list[int]]] = {}

    def supported(self, leaf: Leaf, spans: tuple[Span, ...]) -> tuple[Span, ...]:
        """Return the places that count: of a small number, those near its label or near a value beside it."""
        if not is_small_number(leaf) or not leaf.path:
            return spans
        places = [place for path, place in self._places[leaf.path[:-1]] if path != leaf.path]
        return tuple(
            span
            for span in spans
            if self._label_distance(leaf, span) <= LABEL_DISTANCE
            or any(span != place and _distance(span, place) <= NEIGHBOUR_DISTANCE for place in places)
        )

    def order(self, leaf: Leaf, spans: tuple[Span, ...]) -> tuple[Span, ...]:
        """Return the places, the likeliest first: near the label, near its neighbours, in the order of the fields."""
        if not spans:
            return spans
        field = tuple("[]" if isinstance(key, int) else key for key in leaf.path)
        used = self._used[field]
        parent = leaf.path[:-1]
        anchors = self._anchors[parent]
        last = self._last.get(parent)

        def cost(span: Span) -> tuple[bool, float]:
            label = self._label_distance(leaf, span)
            nearest = min((_distance(span, anchor) for anchor in anchors if anchor != span), default=0)
            backwards = _distance(span, last) if last is not None and _is_before(span, last) else 0
            return span in used, min(label, LABEL_DISTANCE) + nearest + backwards

        likely = tuple(sorted(spans, key=lambda span: (*cost(span), span)))
        used.add(likely[0])
        self._last[parent] = likely[0]
        return likely

    def _label_distance(self, leaf: Leaf, span: Span) -> float:
        """Return the characters between a place and the nearest word of its field's name before it."""
        name = next((key for key in reversed(leaf.path) if isinstance(key, str)), "")
        if name not in self._labels:
            self._labels[name] = self._find_labels(name)
        ends = self._labels[name].get(span.source, ())
        return min((abs(span.start - end) for end in ends), default=float("inf"))

    def _find_labels(self, name: str) -> dict[int, list[int]]:
        """Return where the words of a field's name end in each source."""
        ends: dict[int, list[int]] = defaultdict(list)
        for word in map(fold, NAME_PART.findall(name)):
            for span in self.texts.find_word(word) if len(word) >= MIN_LABEL_CHARS else ():
                ends[span.source].append(span.end)
        return ends


def _distance(first: Span, second: Span) -> int:
    """Return the characters between two places; 0 where they overlap."""
    if first.source != second.source:
        return OTHER_SOURCE_DISTANCE
    return max(first.start - second.end, second.start - first.end, 0)


def _is_before(first: Span, second: Span) -> bool:
    return (first.source, first.start) < (second.source, second.start)
