"""Where in a text a field may be: near the words of its name and its description, if it is a number or a date."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Sequence

from structkit.evidence.folding import fold
from structkit.evidence.leaves import NAME_PART, Kind
from structkit.evidence.ranges import END_BITS, pack
from structkit.evidence.source_text import SourceText
from structkit.evidence.text_index import IS_UNSPACED

MAX_DISTANCE = 300
"""Characters between a number or date and a word of its field."""

MIN_WORD_CHARS, MIN_STEM_CHARS, SUFFIX_CHARS = 3, 4, 2
"""Of a field's word, all but the last characters have to be those of a word of the text: signed, signing, signs."""

COMMON_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a all and any are as be been by can das date dates day der des die each et for from has have ist la le les "
        "name names no not number of on one or other set such than that the their there they this time to type und "
        "value values was were what when where which who will with yes",
    )
)
"""Words of names and descriptions that most texts have; they count for a field that has no other."""


class FieldPlaces:
    """The places of a text where fields may be.

    >>> places = FieldPlaces("Rent: 900 EUR a month. The keys are with Ms Berg. Signed on 14 March 2026.")
    >>> places.find(["rent"], "number"), places.find(["signedOn"], "date"), places.find(["keeper"], "text")
    ([0, 6, 60, 69], [50, 60], None)
    """

    def __init__(self, text: str) -> None:
        """Take the text; it is read when the first field is looked for."""
        self._source = SourceText(text)

    def find(self, names: Sequence[str], kind: Kind) -> list[int] | None:
        """Return the offsets of the words of a field, and of the values near them; None if the text has no such word.

        Args:
            names: Its name, its description and so on.
            kind: What its value is looked for as. Near a word without a number, there is no field for a number.
        """
        starts = sorted({start for word in label_words(names) for start in self._word_starts(word)})
        if not starts:
            return None
        values = self._value_starts(kind)
        return self._original(starts if values is None else _near(starts, values))

    def _word_starts(self, word: str) -> list[int]:
        """Return where words of the folded text begin like a folded word."""
        if IS_UNSPACED.search(word):
            return [match.start() for match in re.finditer(re.escape(word), self._source.folded.text)]
        stem = word[: max(MIN_STEM_CHARS, len(word) - SUFFIX_CHARS)]
        words = {each for each in self._source.index.vocabulary if each.startswith(stem)}
        return [place >> END_BITS for place in self._source.index.ranges(words)]

    def _value_starts(self, kind: Kind) -> list[int] | None:
        """Return where values of a kind are in the folded text; None if a value of the kind may be any text."""
        if kind == "number":
            return self._source.number_starts
        return self._source.date_starts if kind in {"date", "date-time"} else None

    def _original(self, starts: Sequence[int]) -> list[int]:
        places = self._source.folded.originals(pack(start, start + 1) for start in starts)
        return [place >> END_BITS for place in places]


def label_words(names: Collection[str]) -> list[str]:
    """Return the folded words by which a field is known; the common ones only if it has no other.

    >>> label_words(["signedOn", "The day on which the lease was signed"]), label_words(["name"])
    (['signed', 'lease'], ['name'])
    """
    parts = (fold(part) for name in names for part in NAME_PART.findall(name))
    words = [*dict.fromkeys(part for part in parts if len(part) >= MIN_WORD_CHARS or IS_UNSPACED.search(part))]
    return [word for word in words if word not in COMMON_WORDS] or words


def _near(starts: Sequence[int], values: Sequence[int]) -> list[int]:
    """Return the places of words and of values that are near each other, in order."""
    near = set[int]()
    for start in starts:
        first, last = bisect_left(values, start - MAX_DISTANCE), bisect_left(values, start + MAX_DISTANCE)
        if first < last:
            near |= {start, *values[first:last]}
    return sorted(near)
