"""Digits above the line: the mark of a footnote, or an exponent, is no digit of the number before it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from structkit.documents.glyph_lines import Glyph

SUPERSCRIPTS = str.maketrans("0123456789", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")
DIGITS = frozenset("0123456789")
MAX_GAP, MAX_HEIGHT, MIN_RISE = 0.3, 0.85, 0.2
"""Of a raised digit, in heights of the character on the line: the gap before it, its height, and its lower edge."""

ONLY_DIGITS = re.compile(r"\s*[0-9]+(?:\s*[,;]\s*[0-9]+)*\s*")
"""A number, or several with commas between them, as notes have them."""


def raise_digits(text: str) -> str:
    """Return text above the line with digits of Unicode that are there; other text, as of `1st`, stays.

    >>> raise_digits("12"), raise_digits("st"), raise_digits("1, 2")
    ('\u00b9\u00b2', 'st', '\u00b9, \u00b2')
    """
    return text.translate(SUPERSCRIPTS) if ONLY_DIGITS.fullmatch(text) else text


def raise_glyphs(glyphs: Iterable[Glyph]) -> Iterator[Glyph]:
    """Yield the characters of a page, with digits that are small and above the line as such.

    >>> glyphs = [Glyph("m", 0, 0, 8, 10), Glyph("2", 8, 0, 11, 6), Glyph("2", 11, 3, 14, 9)]
    >>> "".join(each.char for each in raise_glyphs(glyphs))
    'm\u00b22'
    """
    base: Glyph | None = None
    end = 0.0
    for glyph in glyphs:
        if glyph.right <= glyph.left:  # a space
            base = None
        elif base is not None and glyph.char in DIGITS and _is_above(glyph, base, end):
            glyph = glyph._replace(char=glyph.char.translate(SUPERSCRIPTS))  # noqa: PLW2901
        else:
            base = glyph
        end = glyph.right
        yield glyph


def _is_above(glyph: Glyph, base: Glyph, end: float) -> bool:
    """Return whether a character that follows at once is smaller than the one on the line, and above its lower edge."""
    base_height, height = base.bottom - base.top, glyph.bottom - glyph.top
    is_near = abs(glyph.left - end) < MAX_GAP * base_height
    return is_near and height < MAX_HEIGHT * base_height and base.bottom - glyph.bottom > MIN_RISE * base_height
