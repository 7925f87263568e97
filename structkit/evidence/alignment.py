"""Joins each scalar of a value to its places in a source."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import inf

from structkit.evidence.folding import fold
from structkit.evidence.leaves import NAME_PART, Leaf, find_leaves, is_small_number
from structkit.evidence.scales import is_on_scale
from structkit.evidence.source_text import Finding
from structkit.evidence.source_texts import SourceTexts
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.evidence_map import MAX_SPANS, Evidence, Span

ADJACENT_DISTANCE, LABEL_DISTANCE, NEIGHBOUR_DISTANCE = 3, 60, 120
"""Characters to the words of a field's name that are directly before and near, and to a value of the same object."""

OTHER_SOURCE_DISTANCE = 100_000
"""A place in another source counts as so many characters away."""

MAX_COST = 10.0**12
"""More than all distances of a place together, each at most the length of a text."""

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
    for number, (leaf, (how, _)) in enumerate(zip(leaves, findings, strict=True)):
        likely = neighbours.likely(number, leaf)
        text = texts.text_at(likely[0]) if likely else ""
        by_path[leaf.path] = Evidence(likely, how if likely or how in {"judged", "empty"} else "", text)
    return by_path


class _Neighbours:
    """What stands around a place: the words of its field's name, and the other values of its object."""

    def __init__(self, texts: SourceTexts, leaves: Sequence[Leaf], findings: Sequence[Finding]) -> None:
        """Take the scalars with all their places."""
        self._texts = texts
        self._centers = _Centers(leaves, findings)
        self._anchors: dict[JSONPath, list[Span]] = defaultdict(list)
        self._findings = [self._centers.nearest(leaf, spans) for leaf, (_, spans) in zip(leaves, findings, strict=True)]
        self._by_parent: dict[JSONPath, list[tuple[JSONPath, tuple[Span, ...]]]] = defaultdict(list)
        for leaf, spans in zip(leaves, self._findings, strict=True):
            self._by_parent[leaf.path[:-1]].append((leaf.path, spans))
            if len(spans) == 1:
                self._anchors[leaf.path[:-1]].append(spans[0])
        self._owners: dict[JSONPath, tuple[dict[Span, JSONPath | None], list[Span]]] = {}
        self._anchors = {parent: sorted({*anchors}) for parent, anchors in self._anchors.items()}
        self._used: dict[tuple[object, ...], set[Span]] = defaultdict(set)
        self._last: dict[JSONPath, Span] = {}
        self._labels: dict[str, dict[int, list[int]]] = {}

    def likely(self, number: int, leaf: Leaf) -> tuple[Span, ...]:
        """Return the places that count, the likeliest first: of a small number, not those by chance."""
        spans = self._findings[number]
        if leaf.path and is_small_number(leaf):
            spans = tuple(span for span in spans if self._is_certain(leaf, span))
        return self._order(leaf, spans) if spans else spans

    def _is_certain(self, leaf: Leaf, span: Span) -> bool:
        is_near = self._is_labelled(leaf, span) or self._has_neighbour(leaf, span)
        return is_near or is_on_scale(self._texts, leaf, span)

    def _is_labelled(self, leaf: Leaf, span: Span) -> bool:
        return _label_distance(self._label_ends(leaf), span) <= LABEL_DISTANCE

    def _has_neighbour(self, leaf: Leaf, span: Span) -> bool:
        """Return whether a place of another value of the same object is near."""
        parent = leaf.path[:-1]
        if parent not in self._owners:
            self._owners[parent] = self._find_owners(parent)
        owners, spans = self._owners[parent]
        middle = bisect_left(spans, span)
        for places in (spans[middle:], reversed(spans[:middle])):
            for place in places:
                if _distance(span, place) > NEIGHBOUR_DISTANCE:
                    break
                if place != span and owners[place] != leaf.path:
                    return True
        return False

    def _find_owners(self, parent: JSONPath) -> tuple[dict[Span, JSONPath | None], list[Span]]:
        """Return the places of an object's values, each with its value's path, or None of several; and in order."""
        owners: dict[Span, JSONPath | None] = {}
        for path, spans in self._by_parent[parent]:
            for span in spans:
                owners[span] = None if span in owners else path
        return owners, sorted(owners)

    def _order(self, leaf: Leaf, spans: tuple[Span, ...]) -> tuple[Span, ...]:
        """Sort places: those not used before, after their label, near neighbours, in the order of the fields."""
        field = tuple("[]" if isinstance(key, int) else key for key in leaf.path)
        used, parent = self._used[field], leaf.path[:-1]
        anchors, last = self._anchors.get(parent, ()), self._last.get(parent)
        labels = self._label_ends(leaf) if len(spans) > 1 else {}

        def cost(span: Span) -> float:
            label = _label_distance(labels, span) if labels else inf
            total = min(LABEL_DISTANCE, label)
            if anchors:
                total += _nearest_distance(anchors, span)
            if last is not None and _is_before(span, last):
                total += _distance(span, last)
            return (2 * (span in used) + (label > ADJACENT_DISTANCE)) * MAX_COST + total

        likely = tuple(sorted(spans, key=cost))
        used.add(likely[0])
        self._last[parent] = likely[0]
        return likely

    def _label_ends(self, leaf: Leaf) -> Mapping[int, Sequence[int]]:
        """Return where the words of a field's name end, in order, in each source."""
        name = next((key for key in reversed(leaf.path) if isinstance(key, str)), "")
        if name not in self._labels:
            self._labels[name] = self._find_labels(name)
        return self._labels[name]

    def _find_labels(self, name: str) -> dict[int, list[int]]:
        """Return where the words of a field's name end in each source."""
        ends: dict[int, list[int]] = defaultdict(list)
        for word in map(fold, NAME_PART.findall(name)):
            for span in self._texts.find_word(word) if len(word) >= MIN_LABEL_CHARS else ():
                ends[span.source].append(span.end)
        return {source: sorted(each) for source, each in ends.items()}


class _Centers:
    """Where the objects of a value are in the sources: at the first of their values that is at one place only."""

    def __init__(self, leaves: Sequence[Leaf], findings: Sequence[Finding]) -> None:
        """Take the scalars with all their places."""
        self._by_parent: dict[JSONPath, Span] = {}
        self._last = Span(0, 0)
        for leaf, (_, spans) in zip(leaves, findings, strict=True):
            for length in range(len(leaf.path)) if len(spans) == 1 else ():
                self._by_parent.setdefault(leaf.path[:length], spans[0])

    def nearest(self, leaf: Leaf, spans: tuple[Span, ...]) -> tuple[Span, ...]:
        """Return the places that are nearest to the object of a scalar, or to the object before it."""
        parents = (leaf.path[:length] for length in range(len(leaf.path) - 1, 0, -1))
        self._last = next((self._by_parent[each] for each in parents if each in self._by_parent), self._last)
        if len(spans) <= MAX_SPANS:
            return spans
        middle = bisect_left(spans, self._last)
        window = spans[max(middle - MAX_SPANS, 0) : middle + MAX_SPANS]
        return tuple(sorted(sorted(window, key=lambda span: _distance(span, self._last))[:MAX_SPANS]))


def _label_distance(labels: Mapping[int, Sequence[int]], span: Span) -> float:
    """Return the characters between a place and the nearest word of its field's name."""
    ends = labels.get(span.source)
    if not ends:
        return inf
    start = span.start
    index = bisect_left(ends, start)
    after = ends[index] - start if index < len(ends) else inf
    before = start - ends[index - 1] if index else inf
    return min(after, before)


def _nearest_distance(spans: Sequence[Span], span: Span) -> int:
    """Return the characters to the nearest of ordered places that is not the same one; 0 without any."""
    index = bisect_left(spans, span)
    following = index + (index < len(spans) and spans[index] == span)
    after = _distance(span, spans[following]) if following < len(spans) else None
    before = _distance(span, spans[index - 1]) if index else after
    return (before or 0) if after is None or (before or 0) < after else after


def _distance(first: Span, second: Span) -> int:
    """Return the characters between two places; 0 where they overlap."""
    if first.source != second.source:
        return OTHER_SOURCE_DISTANCE
    between = first.start - second.end if first.start > second.start else second.start - first.end
    return max(0, between)


def _is_before(first: Span, second: Span) -> bool:
    return first.start < second.start if first.source == second.source else first.source < second.source
