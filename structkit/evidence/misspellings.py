"""Words with a slip of the pen or of a scanner: letters doubled, exchanged or mistaken for one that looks the same."""

from __future__ import annotations

import re

MIN_CHARS, MAX_EXCHANGED = 6, 3
"""Letters of a word that may have a slip, and letters that may be in another order."""

LOOKALIKES = str.maketrans("015", "ols")
"""Digits in a word, and the letters that a scanner may have read."""

DOUBLED = re.compile(r"(.)\1+")
Spelling = tuple[str, str, str]


def spelling(word: str) -> Spelling:
    """Return what a word and its misspellings have in common, which others may have, too.

    >>> spelling("muller") == spelling("muler"), spelling("hardcastle") == spelling("harcastle")
    (True, False)
    """
    plain = _plain(word)
    return plain[0], plain[-1], "".join(sorted(plain))


def is_misspelling(word: str, other: str) -> bool:
    """Return whether a folded word may be another one with a slip; a letter more, less or of another kind is none.

    >>> pairs = ("cudbrightshire", "cudbrigthshire"), ("barnes", "bames"), ("daniel", "denial"), ("adler", "alder")
    >>> [is_misspelling(*pair) for pair in pairs]
    [True, True, False, False]
    """
    if max(len(word), len(other)) < MIN_CHARS or spelling(word) != spelling(other):
        return False
    one, two = _plain(word), _plain(other)
    differing = [at for at, (left, right) in enumerate(zip(one, two, strict=True)) if left != right]
    return not differing or differing[-1] - differing[0] < MAX_EXCHANGED


def _plain(word: str) -> str:
    return DOUBLED.sub(r"\1", word.translate(LOOKALIKES).replace("rn", "m").replace("vv", "w"))
