"""A text as it is compared: without case, width, accents and kinds of dashes, quotes and spaces; with its offsets."""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from itertools import accumulate, chain
from typing import TypeAlias

from structkit.evidence.ranges import BOTH_ENDS, END_BITS, END_MASK, Range, pack, unpack

DASHES = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d")
SINGLE_QUOTES = frozenset("\u2018\u2019\u201a\u201b\u2032\u02bc\u0060\u00b4\uff07")
DOUBLE_QUOTES = frozenset("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02")
ARABIC_SEPARATORS = {"\u066b": ".", "\u066c": ",", "\u066a": "%"}
UNDECOMPOSED_LETTERS = {
    "\u0131": "i", "\u00f8": "o", "\u0142": "l", "\u0111": "d", "\u0127": "h", "\u00e6": "ae", "\u0153": "oe",
    "\u00fe": "th", "\u00f0": "d", "\u0649": "\u064a", "\u06cc": "\u064a", "\u06a9": "\u0643", "\u0629": "\u0647",
    **dict(
        zip(
            "邊邉齋齊髙﨑濵濱澤廣國櫻眞惠龍榮嶋冨壽臺歐陽德劉張陳黃吳趙楊許鄭謝馮蕭",
            "辺辺斎斉高崎浜浜沢広国桜真恵竜栄島富寿台欧阳徳刘张陈黄吴赵杨许郑谢冯萧",
            strict=True,
        )
    ),
}  # fmt: skip
"""Letters with a stroke or joined, which have no decomposition, and letters that are written in two ways."""

NON_ASCII = re.compile(r"([^\x00-\x7f]+)")
Offsets: TypeAlias = "array[int]"
"""Offsets of a text: unlike those of a list, they are no work for the garbage collector."""

MIN_CHARS_TO_SPLIT = 100
MAX_CHARACTERS_TO_FIND, MIN_CHARS_FOR_PATTERN = 8, 50_000
MIN_TEXTS_FOR_ARRAYS = 10_000
FRACTION_SIGN = "\u2044"

SPOKEN_CLASSES = frozenset({0, 7, 8, 9})
"""Combining classes of marks that are letters or change them: vowels of Indic scripts, the marks of Japanese kana."""

NOT_SPOKEN = re.compile("[\u0300-\u036f\u20d0-\u20ff\ufe00-\ufe0f]")


class FoldedText:
    r"""A folded text that knows where each of its characters is in the original.

    >>> folded = FoldedText("Stra\u00dfe \uff11\u2013Cafe\u0301")
    >>> folded.text, folded.originals([pack(8, 14)]) == [pack(7, 14)]
    ('strasse 1-cafe', True)
    """

    def __init__(self, source: str) -> None:
        """Fold the text."""
        self.source, self.text = source, fold(source)
        self._folded, self._shifts = array("I", [0]), array("q", [0])
        self._characters = {*source}
        self._marks = FOLDED.marks & self._characters
        if resized := FOLDED.resized & self._characters:
            self._store_offsets(_positions(source, resized))

    @property
    def characters(self) -> tuple[AbstractSet[str], AbstractSet[str]]:
        """The characters of the original, and those of the folded text."""
        return self._characters, {*"".join([FOLDED[ord(char)] for char in self._characters])}

    @property
    def is_eastern(self) -> bool:
        """Whether the text has letters of scripts without capital letters, from Hebrew to Chinese."""
        return any("\u0590" <= char < "\u2000" or char >= "\u2e80" for char in self._characters)

    def _store_offsets(self, positions: Iterable[int]) -> None:
        """Store an offset, and how much less a range is in the original, after each character of another length."""
        source, shift = self.source, 0
        for start in positions:
            length = len(FOLDED[ord(source[start])])
            for inside in range(length):  # each character of a longer form stands where the original does
                self._folded.append(start + shift + inside)
                self._shifts.append((shift + inside) * BOTH_ENDS)
            shift += length - 1
            self._folded.append(start + 1 + shift)
            self._shifts.append(shift * BOTH_ENDS)

    def originals(self, ranges: Iterable[Range]) -> list[Range]:
        """Return ranges of the folded text in the original, each once and in order, with the marks after them."""
        places = {*ranges}
        if len(self._folded) > 1:
            folded, shifts = self._folded, self._shifts
            places = {
                place - shifts[index - 1]
                if (index := bisect_right(folded, place >> END_BITS)) == len(folded)
                or folded[index] >= place & END_MASK
                else self._original(place)
                for place in places
            }
        if marks := self._marks:
            source = self.source
            places = {
                self._with_marks(place) if source[(end := place & END_MASK) : end + 1] in marks else place
                for place in places
            }
        return sorted(places)

    def _original(self, place: Range) -> Range:
        """Return a range, with characters of another length in it, in the original."""
        start, end = unpack(place)
        first = place - self._shifts[bisect_right(self._folded, start) - 1]
        last = place - self._shifts[bisect_right(self._folded, end - 1) - 1]
        return (first >> END_BITS) << END_BITS | last & END_MASK

    def _with_marks(self, place: Range) -> Range:
        end = place & END_MASK
        while self.source[end : end + 1] in self._marks:
            end += 1
        return pack(place >> END_BITS, end)


def _positions(source: str, characters: set[str]) -> Iterable[int]:
    """Return where some characters are; a long text is worth the compilation of a pattern."""
    if len(characters) <= MAX_CHARACTERS_TO_FIND:
        return sorted(chain.from_iterable(_find_all(source, char) for char in characters))
    if len(source) < MIN_CHARS_FOR_PATTERN:
        return [position for position, char in enumerate(source) if char in characters]
    pattern = re.compile("[" + re.escape("".join(characters)) + "]")
    return (match.start() for match in pattern.finditer(source))


def _find_all(source: str, char: str) -> Iterator[int]:
    position = source.find(char)
    while position >= 0:
        yield position
        position = source.find(char, position + 1)


def split_text(pattern: re.Pattern[str], text: str) -> tuple[tuple[str, ...], Offsets, tuple[str, ...]]:
    """Return what a pattern matches in a text, where each begins, and what follows it; the pattern is one group.

    >>> split_text(re.compile("([a-z]+)"), "ab, c")
    (('ab', 'c'), array('I', [0, 4]), (', ', ''))
    """
    parts = pattern.split(text)
    return tuple(parts[1::2]), array("I", accumulate(map(len, parts)))[:-1:2], tuple(parts[2::2])


def group_offsets(texts: Sequence[str], offsets: Iterable[int]) -> Mapping[str, Sequence[int]]:
    """Return the offsets of each different text, in arrays if there are many.

    >>> group_offsets(["a", "b", "a"], [0, 4, 9])
    {'a': [0, 9], 'b': range(4, 5)}
    """
    if len(texts) < MIN_TEXTS_FOR_ARRAYS:
        groups: dict[str, list[int] | range] = {}
        for text, offset in zip(texts, offsets, strict=False):
            group = groups.get(text)
            if group is None:
                # Most texts occur once, and the garbage collector does not track a range.
                groups[text] = range(offset, offset + 1)
            elif isinstance(group, list):
                group.append(offset)
            else:
                groups[text] = [group.start, offset]
        return groups
    grouped = defaultdict[str, Offsets](partial(array, "I"))
    for text, offset in zip(texts, offsets, strict=False):
        grouped[text].append(offset)
    return dict(grouped)


def fold(text: str) -> str:
    r"""Return the folded text.

    >>> fold("Z\u00dcRICH\u2014O\u2019Brien \u0663")
    "zurich-o'brien 3"
    """
    if text.isascii() or len(text) < MIN_CHARS_TO_SPLIT:
        return text.translate(FOLDED)
    parts = NON_ASCII.split(text)  # ASCII alone is translated fast, and the other parts repeat themselves
    folded = {part: part.translate(FOLDED) for part in {*parts}}
    return "".join([folded[part] for part in parts])


class _FoldedCharacters(dict[int, str]):
    """The folded form of each character that was seen; which of them are marks, and which have another length."""

    def __init__(self) -> None:
        """Know no character yet."""
        super().__init__()
        self.marks: set[str] = set()
        self.resized: set[str] = set()

    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = self[code] = fold_character(char)
        if unicodedata.category(char)[0] == "M":
            self.marks.add(char)
        if len(folded) != 1:
            self.resized.add(char)
        return folded


FOLDED = _FoldedCharacters()


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
