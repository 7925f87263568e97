"""Words of a text that mean one that is not in it: misspelt, inflected, abbreviated, or joined to another one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

from structkit.evidence.folding import FoldedText, fold
from structkit.evidence.inflection import (
    FEMININE_SURNAMES,
    GENITIVE_PREPOSITIONS,
    inflected_forms,
    unclear_forms,
)

MIN_RATIO = 88
"""Similarity of a word in percent that is near; a shorter word than `MIN_FUZZY_CHARS` has to be the same."""

MIN_FUZZY_CHARS, MIN_INFLECTED_CHARS = 6, 8
"""A word that is shorter than the second number has to end with the same letter: Petrov and Petrova are two names."""

SEMITIC = re.compile("[\u05d0-\u05ea\u0621-\u064a]")
PREFIXES = re.compile(
    "[\u05d5\u05d4\u05d1\u05dc\u05de\u05db\u05e9]{0,3}|[\u0648\u0641\u0628\u0644\u0643\u0633\u0627]{0,4}"
)
"""Words that Hebrew and Arabic write together with the next one, such as "and", "in" and "the"."""

GENDERS = frozenset(fold("+a +а i+a y+a o+a e+a ий+ая ый+ая ой+ая er+ra os+ou ος+ου").split())
"""Ends of the names of a man and a woman, from the first letter in which they differ."""

CONTRACTIONS = {
    short: names.split()
    for short, names in (
        ("st", "saint sankt street"), ("ste", "sainte suite"), ("rd", "road"), ("blvd", "boulevard"),
        ("bd", "boulevard"), ("nr", "nummer numer numero"), ("no", "number numero"), ("dr", "doctor doktor"),
        ("mt", "mount"), ("ltd", "limited"), ("ft", "fort"), ("pvt", "private"), ("bros", "brothers"),
        ("dept", "department"), ("hwy", "highway"), ("intl", "international"), ("mfg", "manufacturing"),
        ("apt", "apartment"), ("pl", "place platz"), ("avda", "avenida"), ("cra", "carrera"), ("sok", "sokak sokagi"),
        ("cad", "cadde caddesi"), ("mah", "mahallesi"), ("ul", "ulica"), ("ул", "улица"), ("пр", "проспект"),
        ("inc", "incorporated"), ("corp", "corporation"), ("co", "company"), ("ave", "avenue"), ("c", "calle"),
        ("av", "avenue avenida"), ("str", "strasse street strada"), ("sq", "square"), ("ctr", "center centre"),
        ("tel", "telefon telephone telefono"), ("г", "город"), ("д", "дом"), ("кв", "квартира"),
    )
}  # fmt: skip
"""Words that are known by an abbreviation, with or without a point."""

ABBREVIATIONS: dict[str, list[str]] = defaultdict(list)
for _short, _names in CONTRACTIONS.items():
    for _name in _names:
        ABBREVIATIONS[_name].append(_short)

MIN_ABBREVIATION = 2
WORD_WITH_POINT = re.compile(r"([^\W\d_]{2,})\.")


class NearWords:
    """The words of a text that mean others.

    Args:
        positions: The positions of each folded word.
        folded: The folded text.
        languages: Those of the text.
    """

    def __init__(self, positions: Mapping[str, Sequence[int]], folded: FoldedText, languages: frozenset[str]) -> None:
        """Take the words."""
        self._positions, self._folded, self._languages = positions, folded, languages

    def near(self, word: str) -> set[str]:
        """Return the words that are the same, misspelt or inflected."""
        equal = {word} & self._positions.keys()
        if SEMITIC.match(word):
            equal |= {
                each for each in self._positions if each.endswith(word) and PREFIXES.fullmatch(each[: -len(word)])
            }
        languages = self._languages
        equal |= (inflected_forms(word, languages) | unclear_forms(word, languages)) & self._positions.keys()
        candidates = self._long_words.get(word[0], ()) if len(word) >= MIN_FUZZY_CHARS else ()
        if not candidates:
            return equal
        from rapidfuzz import fuzz, process

        near = process.extract(word, candidates, scorer=fuzz.ratio, score_cutoff=MIN_RATIO, limit=None)
        return equal | {match for match, *_ in near if _is_variant(word, match)}

    def is_same_name(self, words: Sequence[str], found_words: Sequence[str], word_before: str) -> bool:
        """Return whether words near those of a name are the name, and not the similar one of a woman.

        Args:
            words: Those of the name.
            found_words: Those of the text.
            word_before: The word before them.
        """
        languages = self._languages
        unclear_words = [each in unclear_forms(word, languages) for word, each in zip(words, found_words, strict=True)]
        if not any(unclear_words) or word_before in GENITIVE_PREPOSITIONS:
            return True
        if any(each in inflected_forms(word, languages) for word, each in zip(words, found_words, strict=True)):
            return True
        return len(words) > 1 and all(unclear_words) and not FEMININE_SURNAMES.search(words[-1])

    def abbreviated(self, word: str, *, is_pointed: bool) -> set[str]:
        """Return the words that are the same, or one of which is an abbreviation of the other.

        Args:
            word: A folded word.
            is_pointed: Whether a point is after it, so that it may be an abbreviation.
        """
        names = {word, *CONTRACTIONS.get(word, ()), *ABBREVIATIONS.get(word, ())}
        if word.isalpha() and len(word) >= MIN_ABBREVIATION:
            names |= {word[:length] for length in range(MIN_ABBREVIATION, len(word))} & self._pointed_words
            names |= {each for each in self._positions if each.startswith(word)} if is_pointed else set()
        return names & self._positions.keys()

    @cached_property
    def _pointed_words(self) -> set[str]:
        """The words that have a point after them."""
        return {*WORD_WITH_POINT.findall(self._folded.text)}

    @cached_property
    def _long_words(self) -> dict[str, list[str]]:
        """The words that may be near another one, by their first letters."""
        words = defaultdict[str, list[str]](list)
        for word in self._positions:
            if len(word) >= MIN_FUZZY_CHARS - 1 and word.isalpha():
                words[word[0]].append(word)
        return words


def _is_variant(word: str, other: str) -> bool:
    """Return whether a near word may be the same one: misspelt inside, inflected at the end of a long word, or with s.

    >>> [_is_variant("petrov", other) for other in ("petrova", "petrovs", "petov", "betrov")]
    [False, True, True, False]
    >>> _is_variant("wisniewski", "wisniewska"), _is_variant("alejandra", "alejandro"), _is_variant("verona", "verrona")
    (False, False, True)
    """
    is_end_near = word[-1] == other[-1] or len(word) >= MIN_INFLECTED_CHARS or other == f"{word}s"
    return word[0] == other[0] and is_end_near and not _are_of_two_people(word, other)


def _are_of_two_people(word: str, other: str) -> bool:
    """Return whether two words differ at the end as the names of a man and a woman do."""
    common = next((at for at, (one, two) in enumerate(zip(word, other, strict=False)) if one != two), -1)
    common = min(len(word), len(other)) if common < 0 else common
    ends = word[common:], other[common:]
    return f"{ends[0]}+{ends[1]}" in GENDERS or f"{ends[1]}+{ends[0]}" in GENDERS
