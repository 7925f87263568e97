"""A text as it is compared: without case, width, accents and kinds of dashes, quotes and spaces; with its offsets."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate, starmap

from structkit.values.evidence_map import Span

DASHES = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d")
SINGLE_QUOTES = frozenset("\u2018\u2019\u201a\u201b\u2032\u02bc\u0060\u00b4\uff07")
DOUBLE_QUOTES = frozenset("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02")
ARABIC_SEPARATORS = {"\u066b": ".", "\u066c": ",", "\u066a": "%"}
UNDECOMPOSED_LETTERS = {
    "\u0131": "i", "\u00f8": "o", "\u0142": "l", "\u0111": "d", "\u0127": "h", "\u00e6": "ae", "\u0153": "oe",
    "\u00fe": "th", "\u00f0": "d",
}  # fmt: skip
"""Letters with a stroke or joined, which have no decomposition."""

FIRST_MARK = "\u0300"
FRACTION_SIGN = "\u2044"

SPOKEN_CLASSES = frozenset({0, 7, 8, 9})
"""Combining classes of marks that are letters or change them: vowels of Indic scripts, the marks of Japanese kana."""

NOT_SPOKEN = re.compile("[\u0300-\u036f\u20d0-\u20ff\ufe00-\ufe0f]")


class FoldedText:
    r"""A folded text that knows where each of its characters is in the original.

    >>> folded = FoldedText("Stra\u00dfe \uff11\u2013Cafe\u0301")
    >>> folded.text, folded.original(8, 14)
    ('strasse 1-cafe', (7, 14))
    """

    def __init__(self, source: str) -> None:
        """Fold the text."""
        self.source, self._is_ascii = source, source.isascii()
        table = {ord(char): fold_character(char) for char in set(source)}
        self.text = source.translate(table)
        self._folded, self._shifts = [0], [0]
        if resized := [chr(code) for code, folded in table.items() if len(folded) != 1]:
            self._store_offsets(re.compile("[" + re.escape("".join(resized)) + "]"), table)

    def _store_offsets(self, resized: re.Pattern[str], table: dict[int, str]) -> None:
        """Store an offset, and how much less it is in the original, after each character of another length."""
        shift = 0
        for match in resized.finditer(self.source):
            start, length = match.start(), len(table[ord(match.group())])
            for inside in range(length):  # each character of a longer form stands where the original does
                self._folded.append(start + shift + inside)
                self._shifts.append(shift + inside)
            shift += length - 1
            self._folded.append(start + 1 + shift)
            self._shifts.append(shift)

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets in the original of a range of the folded text, with the marks on its last character."""
        if self._is_ascii:
            return start, end
        index = bisect_right(self._folded, start)
        first = start - self._shifts[index - 1]
        if index < len(self._folded) and self._folded[index] < end:
            index = bisect_right(self._folded, end - 1, index)
        last = end - self._shifts[index - 1]
        while self.source[last : last + 1] >= FIRST_MARK and unicodedata.category(self.source[last])[0] == "M":
            last += 1
        return first, last

    def spans(self, ranges: Iterable[tuple[int, int]]) -> tuple[Span, ...]:
        """Return ranges of the folded text in the original, in order and each once."""
        return tuple(sorted({*starmap(Span, ranges if self._is_ascii else starmap(self.original, ranges))}))


def split_text(pattern: re.Pattern[str], text: str) -> tuple[list[str], list[int]]:
    """Return what a pattern matches in a text, and where each begins; the pattern is one group.

    >>> split_text(re.compile("([a-z]+)"), "ab, c")
    (['ab', 'c'], [0, 4])
    """
    parts = pattern.split(text)
    return parts[1::2], [*accumulate(map(len, parts))][:-1:2]


def fold(text: str) -> str:
    r"""Return the folded text.

    >>> fold("Z\u00dcRICH\u2014O\u2019Brien \u0663")
    "zurich-o'brien 3"
    """
    return "".join(map(fold_character, text))


@lru_cache(maxsize=65_536)
def fold_character(char: str) -> str:
    """Return the folded form of a character; empty for marks and for what is not visible."""
    if char in DASHES:
        return "-"
    if char in SINGLE_QUOTES:
        return "'"
    if char in DOUBLE_QUOTES:
        return '"'
    if (digit := unicodedata.decimal(char, None)) is not None:
        return str(digit)
    if char.isspace() or char in ARABIC_SEPARATORS:
        return ARABIC_SEPARATORS.get(char, " ")
    decomposed = unicodedata.normalize("NFKD", char).casefold()
    decomposed = UNDECOMPOSED_LETTERS.get(decomposed, decomposed)
    folded = "".join(part for part in decomposed if unicodedata.category(part)[0] not in "MC" or is_spoken_mark(part))
    return f" {folded}" if FRACTION_SIGN in folded and char != FRACTION_SIGN else folded  # 9½ is not 91/2


def is_spoken_mark(char: str) -> bool:
    """Return whether a character is a mark that makes another letter, unlike an accent.

    >>> [is_spoken_mark(char) for char in "\u0301\u093f\u3099a"]
    [False, True, True, False]
    """
    is_mark = unicodedata.category(char) in {"Mn", "Mc"} and not NOT_SPOKEN.match(char)
    return is_mark and unicodedata.combining(char) in SPOKEN_CLASSES
