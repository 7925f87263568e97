"""A number on a scale, as in "4 out of 5", "4 von 5" or "4/5": its maximum, which is the type's, follows it."""

from __future__ import annotations

import re
from bisect import bisect_right

from structkit.evidence.leaves import Leaf
from structkit.evidence.ranges import END_BITS, END_MASK, Range, pack
from structkit.evidence.source_texts import SourceTexts

BETWEEN = re.compile(r" ?(?:[/\u2044|]|[^\W\d_]+(?: [^\W\d_]+)?) ?")
"""What is between a number and the maximum of its scale: a sign, or one or two words."""

MAX_BETWEEN_CHARS = 12


def is_on_scale(texts: SourceTexts, leaf: Leaf, place: Range) -> bool:
    """Return whether the largest number that the type of a number allows follows a place of it, as a scale does.

    >>> from structkit.values.evidence_map import TextSource
    >>> texts = SourceTexts([TextSource("Room 5, 5 von 5 Sternen")])
    >>> leaf = Leaf(("stars",), 5, "number", 5)
    >>> [is_on_scale(texts, leaf, place) for place in texts.find(leaf)[1]]
    [False, True, False]
    """
    if not isinstance(leaf.maximum, int):
        return False
    _, places = texts.find(Leaf((), leaf.maximum, "number"))
    end = place & END_MASK
    first, last = (bisect_right(places, pack(each, END_MASK)) for each in (end, end + MAX_BETWEEN_CHARS))
    between = texts.spans([pack(end, following >> END_BITS) for following in places[first:last]])
    return any(BETWEEN.fullmatch(texts.text_at(span)) is not None for span in between)
