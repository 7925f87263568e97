"""Whether a place is inside a word or a name, such as the number in C-250 and in db7a."""

from __future__ import annotations

import re
from functools import lru_cache

from structkit.evidence.ranges import END_BITS, END_MASK, Range

UNSPACED = "\u0e00-\u0eff\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Scripts that are written without spaces between words, or with endings on them: each character is a word.

Of Korean, whose syllables are folded to their letters, each syllable is one."""

IS_UNSPACED = re.compile(f"[{UNSPACED}]")

INNER_SIGNS, OUTER_SIGNS = frozenset("-_./#:@"), frozenset(" ,;()\n")
INNER_END = re.compile(r"[^\W\d_]+\d|[-_#@]\w")
"""Between letters and digits, they make one name, such as that of a document."""


def is_inner(text: str, place: Range) -> bool:
    """Return whether a place is part of a longer name, such as the number in C-250 and in db7a.

    >>> from structkit.evidence.ranges import pack
    >>> [is_inner("C-250, 250 EUR, 4c0e, 7.", pack(*place)) for place in ((2, 5), (7, 10), (16, 17), (22, 23))]
    [True, False, True, False]
    """
    start, end = place >> END_BITS, place & END_MASK
    if text[start - 1 : start] in OUTER_SIGNS and text[end : end + 1] in OUTER_SIGNS:
        return False
    return _joins(text[start - 2 : start] if start > 1 else text[:start], text[end : end + 3])


def is_in_word(text: str, place: Range) -> bool:
    """Return whether a place is between two letters, such as the number in L04YX913."""
    return (
        text[(place >> END_BITS) - 1 : place >> END_BITS].isalpha()
        and text[(end := place & END_MASK) : end + 1].isalpha()
    )


@lru_cache(maxsize=65_536)
def _joins(before: str, after: str) -> bool:
    """Return whether what is directly before or after a place belongs to the same name."""
    letter = before[:-1] if before[-1:] in INNER_SIGNS else before[-1:]
    is_after_letter = letter.isalnum() and (not IS_UNSPACED.match(letter)) and not letter.isspace()
    return is_after_letter or bool(INNER_END.match(after))
