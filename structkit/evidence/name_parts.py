"""Whether a place is a part of a longer name: `Anna Berg` in `Anna Berg-Weber`, `MF-77120` in `MF-77120-3`."""

from __future__ import annotations

import re
import unicodedata

from structkit.evidence.ranges import END_BITS, END_MASK, Range

HYPHENS = "-\u2010\u2011"
WORD_BEFORE = re.compile(rf"([^\W_][\w.]*)[{HYPHENS}]\Z")
WORD_AFTER = re.compile(rf"[{HYPHENS}](\w+)")
NUMBER_AFTER, NUMBER_BEFORE = (
    re.compile(r"/\d(?!\d?\.\d)|(?<=\w)\.\d|(?<=\d):\d|#\d|_\w"),
    re.compile(r"\w[/_#]\Z|\d[.:]\Z"),
)
"""What joins a name with digits to more digits, such as the point of KKG41.3, but not 47/ before a date."""

JOINTS = frozenset(f"{HYPHENS}/_#.:")
"""All signs that join a place to a name or a number."""

MAX_BEFORE, MAX_AFTER, CODE_CHARS = 24, 8, 3
"""Characters around a place that are looked at, and letters of the code of an airport or a currency."""


def is_part_of_name(source: str, place: Range) -> bool:
    """Return whether a hyphen joins a place to a name or a number, or, if it has digits, a point or a slash does.

    What begins with a small letter is an ending or a part of a compound. Two codes are a pair.

    >>> text = "Anna Berg-Weber, MF-77120-3, Berg-like, Budapest-en, HAM-OPO, KKG41.3, 12 Berg"
    >>> names = ("Berg", "Weber", "MF-77120", "Budapest", "HAM", "KKG41")
    >>> starts = [text.index(name) for name in names]
    >>> places = [start << END_BITS | start + len(name) for start, name in zip(starts, names)]
    >>> [is_part_of_name(text, place) for place in places]
    [True, True, True, False, False, True]
    """
    start, end = place >> END_BITS, place & END_MASK
    if source[max(start - 1, 0) : start] not in JOINTS and source[end : end + 1] not in JOINTS:
        return False
    before, after = source[max(start - MAX_BEFORE, 0) : start], source[end : end + MAX_AFTER]
    text = source[start:end]
    joined_words = [match[1] for match in (WORD_BEFORE.search(before), WORD_AFTER.match(after)) if match]
    if any(_is_name(other) and not _is_pair_of_codes(text, other) for other in joined_words):
        return True
    has_digits = any(char.isdigit() for char in text)
    return has_digits and bool(NUMBER_BEFORE.search(before) or NUMBER_AFTER.match(source, end))


def _is_name(word: str) -> bool:
    """Return whether a word is a name or a number; in scripts without capital letters, if it is no prefix."""
    return word[0].isdigit() or word[0].isupper() or (unicodedata.category(word[0]) == "Lo" and len(word) > 1)


def _is_pair_of_codes(text: str, other: str) -> bool:
    return text.isupper() and other.isupper() and len(text) == len(other) == CODE_CHARS and text.isalpha()
