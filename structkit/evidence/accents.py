"""Whether two spellings of a text have no different accents; either may leave them out."""

from __future__ import annotations

import re
import unicodedata
from itertools import zip_longest

ACCENTS, DOT = re.compile("[\u0300-\u036f]"), "\u0307"
"""The accents of Latin, Greek and Cyrillic letters, and what is left of a Turkish capital letter in lower case."""

WORD = re.compile("[\\w\u0300-\u036f]+")


def have_same_accents(text: str, other: str) -> bool:
    r"""Return whether no word of two texts, which are the same folded, has accents in both that differ.

    >>> [have_same_accents("Jos\u00e9 Hi\u00ean", each) for each in ("JOSE Hien", "Jos\u00e9 Hi\u1ec1n")]
    [True, False]
    """
    if text == other or text.isascii() or other.isascii():
        return True
    words = zip_longest(_words(text), _words(other), fillvalue="")
    return all(one == two or not (ACCENTS.search(one) and ACCENTS.search(two)) for one, two in words)


def _words(text: str) -> list[str]:
    return WORD.findall(unicodedata.normalize("NFKD", text.casefold()).replace(DOT, ""))
