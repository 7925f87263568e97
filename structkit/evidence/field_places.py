"""Where in a text a field may be: near the words of its name and its description, if it is a number or a date."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

from structkit.evidence.folding import fold
from structkit.evidence.inner_places import IS_UNSPACED
from structkit.evidence.leaves import NAME_PART, Kind
from structkit.evidence.ranges import END_BITS, pack
from structkit.evidence.source_text import SourceText

BLOCK_CHARS, NEAR_BLOCKS = 100, 3
"""Characters of a block, and the blocks between a word of a field and its number or date, at most."""

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
    """The blocks of a text where fields may be.

    >>> places = FieldPlaces(f"Rent: 900 EUR a month, the keys are with Ms Berg.{' ' * 900}Signed on 14 March 2026.")
    >>> places.find(["rent"], "number"), places.find(["signedOn"], "date"), places.find(["keeper"], "text")
    ([0], [900], None)
    """

    def __init__(self, text: str) -> None:
        """Take the text; it is read when the first field is looked for."""
        self._source = SourceText(text)
        self._blocks_by_word: dict[str, frozenset[int]] = {}

    def find(self, names: Sequence[str], kind: Kind) -> list[int] | None:
        """Return the offsets of the blocks with words of a field; None if the text has no such word.

        Args:
            names: Its name, its description and so on.
            kind: What its value is looked for as. For a number or a date, one is near.
        """
        blocks = frozenset[int]().union(*map(self._word_blocks, label_words(names)))
        if not blocks:
            return None
        values = self._value_blocks.get("date" if kind == "date-time" else kind)
        near = blocks if values is None else blocks & values
        starts = (block * BLOCK_CHARS for block in near)
        return [place >> END_BITS for place in self._source.folded.originals(pack(each, each + 1) for each in starts)]

    def _word_blocks(self, word: str) -> frozenset[int]:
        """Return the blocks of the folded text that have a word that begins like a folded word."""
        if word not in self._blocks_by_word:
            self._blocks_by_word[word] = _blocks(self._word_starts(word))
        return self._blocks_by_word[word]

    def _word_starts(self, word: str) -> Iterable[int]:
        if IS_UNSPACED.search(word):
            return (match.start() for match in re.finditer(re.escape(word), self._source.folded.text))
        stem = word[: max(MIN_STEM_CHARS, len(word) - SUFFIX_CHARS)]
        words = {each for each in self._source.index.vocabulary if each.startswith(stem)}
        return (place >> END_BITS for place in self._source.index.ranges(words))

    @cached_property
    def _value_blocks(self) -> dict[str, frozenset[int]]:
        """The blocks that have numbers and dates near; a value of another kind may be any text."""
        starts = {"number": self._source.number_starts, "date": self._source.date_starts}
        steps = range(-NEAR_BLOCKS, NEAR_BLOCKS + 1)
        return {
            kind: frozenset(block + step for block in _blocks(each) for step in steps) for kind, each in starts.items()
        }


def _blocks(starts: Iterable[int]) -> frozenset[int]:
    return frozenset(start // BLOCK_CHARS for start in starts)


def label_words(names: Collection[str]) -> list[str]:
    """Return the folded words by which a field is known; common and short ones only if it has no other.

    >>> label_words(["signedOn", "The day on which the lease was signed"]), label_words(["name"])
    (['signed', 'lease'], ['name'])
    """
    parts = [*dict.fromkeys(fold(part) for name in names for part in NAME_PART.findall(name))]
    words = [part for part in parts if len(part) >= MIN_WORD_CHARS or IS_UNSPACED.search(part)]
    return [word for word in words if word not in COMMON_WORDS] or words or parts
