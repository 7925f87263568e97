"""The characters of a PDF page, as pieces of lines in the order in which a reader takes them.

A PDF says where each character is, and nothing of lines, columns and their order. Most programs write the text in
reading order, which is then kept: it has the blocks of an address or a table cell together. Where the order jumps back
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
"""The part of the lower of two pieces by which their heights overlap if they are on one line."""

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
class Piece:
    """Characters that follow each other on one line, without a wide gap."""

    glyphs: tuple[Glyph, ...]
    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def of(cls, glyphs: Sequence[Glyph]) -> Piece:
        """Return the piece of some glyphs, one of which has a width."""
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

    def is_beside(self, other: Piece) -> bool:
        """Return whether both are on one line."""
        overlap = min(self.bottom, other.bottom) - max(self.top, other.top)
        return overlap >= SAME_LINE * min(self.height, other.height)


def order_pieces(glyphs: Iterable[Glyph]) -> list[Piece]:
    """Return the pieces of lines of a page in reading order."""
    pieces = [*_split_pieces(glyphs)]
    if not pieces or not _is_readable(pieces):
        return pieces  # turned text, or a drawing: the order of the file has at least its words
    blocks = sorted(_split_at_jumps(pieces), key=lambda block: block[0].top)
    if any(
        max(piece.bottom for piece in above) > min(piece.top for piece in below) for above, below in pairwise(blocks)
    ):
        return _order_columns(pieces)
    ordered = [piece for block in blocks for piece in block]
    columns = _order_columns(pieces)
    return columns if _alternates(ordered, columns) else ordered


def _split_pieces(glyphs: Iterable[Glyph]) -> Iterator[Piece]:
    """Yield the pieces in the order of the file."""
    piece: list[Glyph] = []
    last: Glyph | None = None
    for glyph in glyphs:
        if glyph.right <= glyph.left:  # a space, which has a place only between two characters
            if piece:
                piece.append(glyph)
            continue
        if last is not None and not _continues(last, glyph):
            yield Piece.of(_without_spaces(piece))
            piece = []
        piece.append(glyph)
        last = glyph
    if piece:
        yield Piece.of(_without_spaces(piece))


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


def _is_readable(pieces: Sequence[Piece]) -> bool:
    """Return whether most characters are in pieces of several, as those of lines across the page are."""
    characters = sum(len(piece.glyphs) for piece in pieces)
    return sum(len(piece.glyphs) for piece in pieces if len(piece.glyphs) > 1) * 2 > characters


def _split_at_jumps(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return the pieces in blocks: one ends where the next piece is above it, and not at the top of a column beside it.

    Headers and footers are often the last that a file has of a page.
    """
    blocks = [[pieces[0]]]
    for before, after in pairwise(pieces):
        if after.bottom <= before.top + before.height / 2 and not _is_past(before, after):
            blocks.append([])
        blocks[-1].append(after)
    return blocks


def _is_past(before: Piece, after: Piece) -> bool:
    return after.right <= before.left if before.is_right_to_left else after.left >= before.right


def _alternates(pieces: Sequence[Piece], columns: Sequence[Piece]) -> bool:
    """Return whether the file has the lines of two columns in turn, which are columns of prose by their places."""
    places = {id(piece): index for index, piece in enumerate(columns)}
    torn = (
        min(before.bottom, after.bottom) > max(before.top, after.top) and places[id(after)] != places[id(before)] + 1
        for before, after in pairwise(pieces)
    )
    return sum(torn) >= MIN_COLUMN_LINES


def _order_columns(pieces: Sequence[Piece]) -> list[Piece]:
    """Return pieces in the order of their places: line by line, and columns of prose one after the other."""
    if len(pieces) < 2 * MIN_COLUMN_LINES:
        return _order_lines(pieces)
    gutter = _find_gutter(pieces)
    across = sorted((each for each in pieces if each.left < gutter < each.right), key=_middle)
    beside = sorted((each for each in pieces if not each.left < gutter < each.right), key=_middle)
    ordered, start = list[Piece](), 0
    for piece in across:
        end = bisect_left(beside, _middle(piece), lo=start, key=_middle)
        ordered += [*_order_band(beside[start:end], gutter), piece]
        start = end
    return [*ordered, *_order_band(beside[start:], gutter)]


def _order_band(pieces: Sequence[Piece], gutter: float) -> list[Piece]:
    left = [each for each in pieces if each.right <= gutter]
    right = [each for each in pieces if each.left >= gutter]
    if not (_is_prose(left) and _is_prose(right)):
        return _order_lines(pieces)
    first, second = (right, left) if left[0].is_right_to_left else (left, right)
    return [*_order_columns(first), *_order_columns(second)]


def _is_prose(pieces: Sequence[Piece]) -> bool:
    characters = sum(len(piece.glyphs) for piece in pieces)
    return len(pieces) >= MIN_COLUMN_LINES and characters >= MIN_COLUMN_CHARS * len(pieces)


def _find_gutter(pieces: Sequence[Piece]) -> float:
    """Return the place that the fewest pieces cross, as near to the middle as possible."""
    left, right = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
    step = max(right - left, 1.0) / SAMPLES
    changes = [0] * (SAMPLES + 2)
    for piece in pieces:
        changes[int((piece.left - left) / step) + 1] += 1
        changes[min(int((piece.right - left) / step) + 1, SAMPLES + 1)] -= 1
    crossing, counts = 0, list[tuple[int, int, float]]()
    for sample in range(SAMPLES // 10, SAMPLES - SAMPLES // 10):
        crossing = sum(changes[: sample + 1])
        counts.append((crossing, abs(sample - SAMPLES // 2), left + sample * step))
    return min(counts)[2]


def _order_lines(pieces: Sequence[Piece]) -> list[Piece]:
    """Return pieces line by line."""
    lines: list[list[Piece]] = []
    for piece in sorted(pieces, key=_middle):
        if lines and lines[-1][0].is_beside(piece):
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return [piece for line in lines for piece in _order_line(line)]


def _order_line(pieces: list[Piece]) -> list[Piece]:
    is_reversed = sum(piece.is_right_to_left for piece in pieces) * 2 > len(pieces)
    return sorted(pieces, key=lambda piece: piece.left, reverse=is_reversed)


def _middle(piece: Piece) -> float:
    return (piece.top + piece.bottom) / 2
