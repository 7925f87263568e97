"""A number on a scale, as in "4 out of 5", "4 von 5" or "4/5": its maximum, which is the type's, follows it."""

from __future__ import annotations

import re

from structkit.evidence.leaves import Leaf
from structkit.evidence.source_texts import SourceTexts
from structkit.values.evidence_map import Span

BETWEEN = re.compile(r" ?(?:[/\u2044|]|[^\W\d_]+(?: [^\W\d_]+)?) ?")
"""What is between a number and the maximum of its scale: a sign, or one or two words."""

MAX_BETWEEN_CHARS = 12


def is_on_scale(texts: SourceTexts, leaf: Leaf, span: Span) -> bool:
    """Return whether the largest number that the type of a number allows follows a place of it, as a scale does.

    >>> from structkit.values.evidence_map import TextSource
    >>> texts = SourceTexts([TextSource("Room 5, 5 von 5 Sternen")])
    >>> leaf = Leaf(("stars",), 5, "number", 5)
    >>> [is_on_scale(texts, leaf, span) for span in texts.find(leaf)[1]]
    [False, True, False]
    """
    if not isinstance(leaf.maximum, int):
        return False
    _, places = texts.find(Leaf((), leaf.maximum, "number"))
    return any(
        0 < place.start - span.end <= MAX_BETWEEN_CHARS
        and place.source == span.source
        and BETWEEN.fullmatch(texts.text_at(Span(span.end, place.start, span.source))) is not None
        for place in places
    )
