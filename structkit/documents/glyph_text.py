"""The text of a PDF page, with the box of each character."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from structkit.documents.glyph_lines import Fragment, Glyph, order_fragments, quarter_turns, turn

PARAGRAPH_GAP = 0.8
"""A gap between two lines, in heights of a line, that ends a paragraph."""

FULL_TURN = 4
SEPARATORS = frozenset({"\t", "\n", "\n\n"})
CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0xFFFE, 0xFFFF], " ")
"""What has no place in a text, such as the form feed that separates pages."""


def read_glyphs(glyphs: Iterable[Glyph]) -> tuple[str, array[float]]:
    r"""Return the text of a page, and four edges for each of its characters; those of spaces and line ends are 0.

    A line of the page is a line of the text, with tabs in wide gaps. A hyphen at the end of a line stays.

    >>> text, boxes = read_glyphs([Glyph("H", 0, 0, 5, 9), Glyph("i", 5, 0, 7, 9), Glyph("!", 0, 11, 5, 20)])
    >>> text, boxes[4:8].tolist()
    ('Hi\n!', [5.0, 0.0, 7.0, 9.0])
    """
    parts: list[str] = []
    boxes = array("f")
    page = [*glyphs]
    turns = quarter_turns(page)
    fragments = order_fragments(turn(glyph, turns) for glyph in page) if turns else order_fragments(page)
    for char, *edges in _characters(fragments, turns):
        text = char if char in SEPARATORS else char.translate(CONTROLS)
        parts.append(text)
        for _ in text:  # a ligature is several characters in one box
            boxes.extend(edges)
    return "".join(parts), boxes


def _characters(fragments: Sequence[Fragment], turns: int) -> Iterator[Glyph]:
    """Yield the characters of a page that was turned, where they are on the page as it is displayed."""
    for fragment, after in pairwise((*fragments, None)):
        if fragment is not None:
            yield from ((turn(glyph, FULL_TURN - turns) for glyph in fragment.glyphs) if turns else fragment.glyphs)
        if fragment is not None and after is not None:
            yield Glyph(_separator(fragment, after), 0, 0, 0, 0)


def _separator(fragment: Fragment, after: Fragment) -> str:
    if fragment.is_beside(after):
        return "\t"
    gap = after.top - fragment.bottom
    is_column = gap < -min(fragment.height, after.height)
    return "\n\n" if is_column or gap > PARAGRAPH_GAP * max(fragment.height, after.height) else "\n"
