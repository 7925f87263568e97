"""Joins each scalar of a value to its places in a source."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from structkit.evidence.folding import fold
from structkit.evidence.leaves import NAME_PART, Leaf, find_leaves, is_small_number
from structkit.evidence.ranges import END_BITS, END_MASK, Range, pack
from structkit.evidence.scales import is_on_scale
from structkit.evidence.source_texts import SourceTexts
from structkit.evidence.text_index import Finding
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.evidence_map import MAX_SPANS, Evidence

ADJACENT_DISTANCE, LABEL_DISTANCE, NEIGHBOUR_DISTANCE = 3, 60, 120
"""Characters to the words of a field's name that are directly before and near, and to a value of the same object."""

MAX_COST = 10**12
"""More than all distances of a place together, each at most the length of a text."""

PLACE_BITS = 2 * END_BITS
PLACE_MASK = (1 << PLACE_BITS) - 1

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
        likely = texts.spans(neighbours.likely(number, leaf))
        text = texts.text_at(likely[0]) if likely else ""
        by_path[leaf.path] = Evidence(likely, how if likely or how in {"judged", "empty"} else "", text)
    return by_path


class _Neighbours:
    """What stands around a place: the words of its field's name, and the other values of its object."""

    def __init__(self, texts: SourceTexts, leaves: Sequence[Leaf], findings: Sequence[Finding]) -> None:
        """Take the scalars with all their places."""
        self._texts = texts
        centers = _Centers(leaves, findings)
        anchors: dict[JSONPath, set[Range]] = defaultdict(set)
        self._places = [centers.nearest(leaf, places) for leaf, (_, places) in zip(leaves, findings, strict=True)]
        self._by_parent: dict[JSONPath, list[tuple[JSONPath, list[Range]]]] = defaultdict(list)
        for leaf, places in zip(leaves, self._places, strict=True):
            parent = leaf.path[:-1]
            self._by_parent[parent].append((leaf.path, places))
            if len(places) == 1:
                anchors[parent].add(places[0])
        self._owners: dict[JSONPath, tuple[dict[Range, JSONPath | None], list[Range]]] = {}
        self._anchors = {parent: sorted(each) for parent, each in anchors.items()}
        self._used: dict[tuple[object, ...], set[Range]] = defaultdict(set)
        self._last: dict[JSONPath, Range] = {}
        self._labels: dict[str, list[int]] = {}
        self._sorted: dict[tuple[str, int], list[int]] = {}

    def likely(self, number: int, leaf: Leaf) -> list[Range]:
        """Return the places that count, the likeliest first: of a small number, not those by chance."""
        if leaf.path and self._places[number] and is_small_number(leaf):
            self._places[number] = [*self._certain_places(leaf, self._places[number])]
        places = self._places[number]
        return self._order(leaf, places) if places else places

    def _certain_places(self, leaf: Leaf, places: list[Range]) -> Iterator[Range]:
        """Yield the places of a small number that are near its label or another value of its object, or on a scale."""
        parent = leaf.path[:-1]
        if parent not in self._owners:
            self._owners[parent] = self._find_owners(parent)
        labels, (owners, neighbours) = self._label_ends(leaf), self._owners[parent]
        for place in places:
            is_labeled = _label_distance(labels, place) <= LABEL_DISTANCE
            if is_labeled or _has_neighbour(leaf, place, owners, neighbours) or is_on_scale(self._texts, leaf, place):
                yield place

    def _find_owners(self, parent: JSONPath) -> tuple[dict[Range, JSONPath | None], list[Range]]:
        """Return the places of an object's values, each with its value's path, or None of several; and in order."""
        owners: dict[Range, JSONPath | None] = {}
        for path, places in self._by_parent[parent]:
            for place in places:
                owners[place] = None if place in owners else path
        return owners, sorted(owners)

    def _order(self, leaf: Leaf, places: list[Range]) -> list[Range]:
        """Return the likeliest place, then the others by their distances to the label.

        It is not used before, after its label, near neighbours, in the order of the fields.
        """
        field = tuple("[]" if isinstance(key, int) else key for key in leaf.path)
        used = self._used[field]
        if len(places) > 1:
            by_label = self._by_label(leaf, places)
            likeliest = self._likeliest(leaf, by_label, used)
            first = likeliest & PLACE_MASK
            places = [first, *(each & PLACE_MASK for each in by_label if each != likeliest)]
        used.add(places[0])
        self._last[leaf.path[:-1]] = places[0]
        return places

    def _likeliest(self, leaf: Leaf, by_label: list[int], used: set[Range]) -> int:
        """Return the place that costs least; other distances only add to that of the label, which ends the search."""
        parent = leaf.path[:-1]
        anchors, last = self._anchors.get(parent), self._last.get(parent)
        min_cost, likeliest = 4 * MAX_COST, by_label[0]
        for each in by_label:
            place, cost = each & PLACE_MASK, each >> PLACE_BITS
            if cost >= min_cost:
                break
            if place in used:
                cost += 2 * MAX_COST
            if anchors:
                cost += _nearest_distance(anchors, place)
            if last is not None and place >> END_BITS < last >> END_BITS:
                cost += _distance(place, last)
            if cost < min_cost:
                min_cost, likeliest = cost, each
        return likeliest

    def _by_label(self, leaf: Leaf, places: list[Range]) -> list[int]:
        """Return the places in the order of their distances to the label, which are in the upper bits."""
        key = _field_name(leaf), id(places)  # the list is one of `_places`, so that no other one gets its id
        if key not in self._sorted:
            self._sorted[key] = sorted(self._label_costs(leaf, places))
        return self._sorted[key]

    def _label_costs(self, leaf: Leaf, places: list[Range]) -> list[int]:
        labels, index = self._label_ends(leaf), 0
        costs: list[int] = []
        for place in places:
            start = place >> END_BITS
            index = bisect_left(labels, start, index)
            after, before = labels[index] - start, start - labels[index - 1]
            label = min(before, after)
            cost = min(LABEL_DISTANCE, label)
            costs.append((cost + MAX_COST if label > ADJACENT_DISTANCE else cost) << PLACE_BITS | place)
        return costs

    def _label_ends(self, leaf: Leaf) -> list[int]:
        """Return where the words of a field's name end, in order, after and before one that is far from all places."""
        name = _field_name(leaf)
        if name not in self._labels:
            self._labels[name] = self._find_labels(name)
        return self._labels[name]

    def _find_labels(self, name: str) -> list[int]:
        """Find the words of a field's name."""
        words = [word for word in map(fold, NAME_PART.findall(name)) if len(word) >= MIN_LABEL_CHARS]
        ends = sorted(place & END_MASK for word in words for place in self._texts.find_word(word))
        return [-END_MASK, *ends, 2 * END_MASK]


class _Centers:
    """Where the objects of a value are in the sources: at the first of their values that is at one place only."""

    def __init__(self, leaves: Sequence[Leaf], findings: Sequence[Finding]) -> None:
        """Take the scalars with all their places."""
        self._by_parent: dict[JSONPath, Range] = {}
        self._last = pack(0, 0)
        self._windows: dict[tuple[int, int], list[Range]] = {}
        for leaf, (_, places) in zip(leaves, findings, strict=True):
            for length in range(len(leaf.path)) if len(places) == 1 else ():
                self._by_parent.setdefault(leaf.path[:length], places[0])

    def nearest(self, leaf: Leaf, places: list[Range]) -> list[Range]:
        """Return the places that are nearest to the object of a scalar, or to the object before it."""
        parents = (leaf.path[:length] for length in range(len(leaf.path) - 1, 0, -1))
        self._last = next((self._by_parent[each] for each in parents if each in self._by_parent), self._last)
        if len(places) <= MAX_SPANS:
            return places
        key = id(places), _nearest(places, self._last, MAX_SPANS)
        if key not in self._windows:
            self._windows[key] = places[key[1] : key[1] + MAX_SPANS]
        return self._windows[key]


def _field_name(leaf: Leaf) -> str:
    return next((key for key in reversed(leaf.path) if isinstance(key, str)), "")


def _nearest(places: list[Range], center: Range, count: int) -> int:
    """Return the index of the first of so many places that are nearest to one.

    >>> _nearest([pack(start, start + 1) for start in (0, 5, 9, 20)], pack(8, 9), 2)
    1
    """
    middle = bisect_left(places, center)
    first, last = max(middle - count, 0), min(middle, len(places) - count)
    while first < last:
        index = (first + last) // 2
        if _distance(places[index], center) > _distance(places[index + count], center):
            first = index + 1
        else:
            last = index
    return first


def _label_distance(ends: list[int], place: Range) -> int:
    """Return the characters between a place and the nearest word of its field's name."""
    start = place >> END_BITS
    index = bisect_left(ends, start)
    return min(ends[index] - start, start - ends[index - 1])


def _has_neighbour(leaf: Leaf, place: Range, owners: Mapping[Range, JSONPath | None], places: Sequence[Range]) -> bool:
    """Return whether a place of another value is near, in the ordered places of the values of an object."""
    middle = bisect_left(places, place)
    for nearest in (range(middle, len(places)), range(middle - 1, -1, -1)):
        for index in nearest:
            other = places[index]
            if _distance(place, other) > NEIGHBOUR_DISTANCE:
                break
            if other != place and owners[other] != leaf.path:
                return True
    return False


def _nearest_distance(places: list[Range], place: Range) -> int:
    """Return the characters to the nearest of ordered places that is not the same one; 0 without any."""
    index = bisect_left(places, place)
    following = index + (index < len(places) and places[index] == place)
    after = _distance(place, places[following]) if following < len(places) else None
    before = _distance(place, places[index - 1]) if index else after
    return (before or 0) if after is None or (before or 0) < after else after


def _distance(first: Range, second: Range) -> int:
    """Return the characters between two places; 0 where they overlap."""
    if first > second:
        first, second = second, first
    distance = (second >> END_BITS) - (first & END_MASK)
    return max(0, distance)
