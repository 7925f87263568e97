"""The characters of a PDF page, as fragments of lines in the order in which a reader takes them.

A PDF says where each character is, and nothing of lines, columns and their order. Most programs write the text in
reading order, which then stays: it has the blocks of an address or a table cell together. Where the order jumps back
and forth, the places decide.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple
from unicodedata import bidirectional

WIDE_GAP = 1.5
"""A gap in a line, in heights of its characters, that separates columns or the cells of a table."""

SAME_LINE = 0.5
"""The part of the lower of two fragments by which their heights overlap if they are on one line."""

MIN_COLUMN_LINES, MIN_COLUMN_CHARS = 3, 20
"""Lines of a column of prose, and characters of such a line; the cells of a table are fewer or shorter."""

SAMPLES = 200
"""Places across the page at which a gap between columns is looked for."""

RIGHT_TO_LEFT = frozenset({"R", "AL"})


class Glyph(NamedTuple):
    """A character on a page, with its edges in points from the top left corner; one without a width is a space."""

    char: str
    left: float
    top: float
    right: float
    bottom: float


def quarter_turns(glyphs: Iterable[Glyph]) -> int:
    """Return by how many quarters the page has to be turned to the left so that most of its text runs to the right.

    It is 1 for text that runs down, turned or in the vertical lines of Chinese and Japanese, and 3 for text that runs
    up; text that is upside down keeps its order.
    """
    visible = [each for each in glyphs if each.right > each.left]
    steps = [(after.left - before.left, after.top - before.top) for before, after in pairwise(visible)]
    down = sum(vertical > abs(horizontal) for horizontal, vertical in steps)
    up = sum(-vertical > abs(horizontal) for horizontal, vertical in steps)
    return 0 if down + up <= len(steps) / 2 else 1 if down >= up else 3


def turn(glyph: Glyph, quarters: int) -> Glyph:
    """Return a character on a page that is turned to the left by quarters.

    >>> turn(Glyph("a", 10, 20, 15, 29), 1), turn(turn(Glyph("a", 10, 20, 15, 29), 1), 3)[1:]
    (Glyph(char='a', left=20, top=-15, right=29, bottom=-10), (10, 20, 15, 29))
    """
    char, left, top, right, bottom = glyph
    if quarters == 1:
        return Glyph(char, top, -right, bottom, -left)
    return Glyph(char, -bottom, left, -top, right) if quarters == 3 else glyph  # noqa: PLR2004 (quarters)


@dataclass(frozen=True, slots=True)
class Fragment:
    """Characters that follow each other on one line, without a wide gap."""

    glyphs: tuple[Glyph, ...]
    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def of(cls, glyphs: Sequence[Glyph]) -> Fragment:
        """Return the fragment of some glyphs, one of which has a width."""
        _, lefts, tops, rights, bottoms = zip(*(each for each in glyphs if each.right > each.left), strict=True)
        return cls(tuple(glyphs), min(lefts), min(tops), max(rights), max(bottoms))

    @property
    def height(self) -> float:
        """The height of its characters."""
        return self.bottom - self.top

    @property
    def is_right_to_left(self) -> bool:
        """Whether most of its letters are of a script that runs to the left."""
        directions = [bidirectional(glyph.char[0]) for glyph in self.glyphs]
        return sum(each in RIGHT_TO_LEFT for each in directions) > directions.count("L")

    def is_beside(self, other: Fragment) -> bool:
        """Return whether both are on one line."""
        overlap = min(self.bottom, other.bottom) - max(self.top, other.top)
        return overlap >= SAME_LINE * min(self.height, other.height)


def order_fragments(glyphs: Iterable[Glyph]) -> list[Fragment]:
    """Return the fragments of lines of a page in reading order."""
    fragments = [*_split_fragments(glyphs)]
    if not fragments or not _is_readable(fragments):
        return fragments  # turned text, or a drawing: the order of the file has at least its words
    blocks = sorted(_split_at_jumps(fragments), key=lambda block: block[0].top)
    if any(
        max(fragment.bottom for fragment in above) > min(fragment.top for fragment in below)
        for above, below in pairwise(blocks)
    ):
        return _order_columns(fragments)
    ordered = [fragment for block in blocks for fragment in block]
    columns = _order_columns(fragments)
    return columns if _alternates(ordered, columns) else ordered


def _split_fragments(glyphs: Iterable[Glyph]) -> Iterator[Fragment]:
    """Yield the fragments in the order of the file."""
    fragment: list[Glyph] = []
    last: Glyph | None = None
    for glyph in glyphs:
        if glyph.right <= glyph.left:  # a space, which has a place only between two characters
            if fragment:
                fragment.append(glyph)
            continue
        if last is not None and not _continues(last, glyph):
            yield Fragment.of(_without_spaces(fragment))
            fragment = []
        fragment.append(glyph)
        last = glyph
    if fragment:
        yield Fragment.of(_without_spaces(fragment))


def _without_spaces(glyphs: list[Glyph]) -> list[Glyph]:
    while glyphs[-1].right <= glyphs[-1].left:
        glyphs.pop()
    return glyphs


def _continues(last: Glyph, glyph: Glyph) -> bool:
    """Return whether a character is on the line of the one before it, and near."""
    gap = max(glyph.left - last.right, last.left - glyph.right)
    height, last_height = glyph.bottom - glyph.top, last.bottom - last.top
    if glyph.top == last.top and height == last_height:  # of nearly all characters
        return gap <= WIDE_GAP * height
    overlap = min(last.bottom, glyph.bottom) - max(last.top, glyph.top)
    return overlap >= SAME_LINE * min(height, last_height) and gap <= WIDE_GAP * max(height, last_height)


def _is_readable(fragments: Sequence[Fragment]) -> bool:
    """Return whether most characters are in fragments of several, as those of lines across the page are."""
    characters = sum(len(fragment.glyphs) for fragment in fragments)
    return sum(len(fragment.glyphs) for fragment in fragments if len(fragment.glyphs) > 1) * 2 > characters


def _split_at_jumps(fragments: Sequence[Fragment]) -> list[list[Fragment]]:
    """Return the fragments in blocks, which end where the next one is above, not at the top of a column beside it.

    Headers and footers are often the last that a file has of a page.
    """
    blocks = [[fragments[0]]]
    for before, after in pairwise(fragments):
        if after.bottom <= before.top + before.height / 2 and not _is_past(before, after):
            blocks.append([])
        blocks[-1].append(after)
    return blocks


def _is_past(before: Fragment, after: Fragment) -> bool:
    return after.right <= before.left if before.is_right_to_left else after.left >= before.right


def _alternates(fragments: Sequence[Fragment], columns: Sequence[Fragment]) -> bool:
    """Return whether the file has the lines of two columns in turn, which are columns of prose by their places."""
    places = {id(fragment): index for index, fragment in enumerate(columns)}
    torn = (
        min(before.bottom, after.bottom) > max(before.top, after.top) and places[id(after)] != places[id(before)] + 1
        for before, after in pairwise(fragments)
    )
    return sum(torn) >= MIN_COLUMN_LINES


def _order_columns(fragments: Sequence[Fragment]) -> list[Fragment]:
    """Return fragments in the order of their places: line by line, and columns of prose one after the other."""
    if len(fragments) < 2 * MIN_COLUMN_LINES:
        return _order_lines(fragments)
    gutter = _find_gutter(fragments)
    across = sorted((each for each in fragments if each.left < gutter < each.right), key=_middle)
    beside = sorted((each for each in fragments if not each.left < gutter < each.right), key=_middle)
    ordered, start = list[Fragment](), 0
    for fragment in across:
        end = bisect_left(beside, _middle(fragment), lo=start, key=_middle)
        ordered += [*_order_band(beside[start:end], gutter), fragment]
        start = end
    return [*ordered, *_order_band(beside[start:], gutter)]


def _order_band(fragments: Sequence[Fragment], gutter: float) -> list[Fragment]:
    left = [each for each in fragments if each.right <= gutter]
    right = [each for each in fragments if each.left >= gutter]
    if not (_is_prose(left) and _is_prose(right)):
        return _order_lines(fragments)
    first, second = (right, left) if left[0].is_right_to_left else (left, right)
    return [*_order_columns(first), *_order_columns(second)]


def _is_prose(fragments: Sequence[Fragment]) -> bool:
    characters = sum(len(fragment.glyphs) for fragment in fragments)
    return len(fragments) >= MIN_COLUMN_LINES and characters >= MIN_COLUMN_CHARS * len(fragments)


def _find_gutter(fragments: Sequence[Fragment]) -> float:
    """Return the place that the fewest fragments cross, as near to the middle as possible."""
    left, right = min(fragment.left for fragment in fragments), max(fragment.right for fragment in fragments)
    step = max(right - left, 1.0) / SAMPLES
    changes = [0] * (SAMPLES + 2)
    for fragment in fragments:
        changes[int((fragment.left - left) / step) + 1] += 1
        changes[min(int((fragment.right - left) / step) + 1, SAMPLES + 1)] -= 1
    crossing, counts = 0, list[tuple[int, int, float]]()
    for sample in range(SAMPLES // 10, SAMPLES - SAMPLES // 10):
        crossing = sum(changes[: sample + 1])
        counts.append((crossing, abs(sample - SAMPLES // 2), left + sample * step))
    return min(counts)[2]


def _order_lines(fragments: Sequence[Fragment]) -> list[Fragment]:
    """Return fragments line by line."""
    lines: list[list[Fragment]] = []
    for fragment in sorted(fragments, key=_middle):
        if lines and lines[-1][0].is_beside(fragment):
            lines[-1].append(fragment)
        else:
            lines.append([fragment])
    return [fragment for line in lines for fragment in _order_line(line)]


def _order_line(fragments: list[Fragment]) -> list[Fragment]:
    is_reversed = sum(fragment.is_right_to_left for fragment in fragments) * 2 > len(fragments)
    return sorted(fragments, key=lambda fragment: fragment.left, reverse=is_reversed)


def _middle(fragment: Fragment) -> float:
    return (fragment.top + fragment.bottom) / 2
