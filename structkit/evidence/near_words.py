"""Words of a text that mean one that is not in it: misspelt, inflected, abbreviated, or joined to another one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

from structkit.evidence.folding import FoldedText
from structkit.evidence.inflection import (
    FEMININE_SURNAMES,
    GENITIVE_PREPOSITIONS,
    clear_forms,
    inflected_forms,
    unclear_forms,
)
from structkit.evidence.misspellings import MIN_CHARS, Spelling, is_misspelling, spelling

SEMITIC = re.compile("[\u05d0-\u05ea\u0621-\u064a]")
PREFIXES = re.compile(
    "[\u05d5\u05d4\u05d1\u05dc\u05de\u05db\u05e9]{0,3}|[\u0648\u0641\u0628\u0644\u0643\u0633\u0627]{0,4}"
)
"""Words that Hebrew and Arabic write together with the next one, such as "and", "in" and "the"."""

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
        ("fco", "francisco"), ("ma", "maria"), ("wm", "william"), ("chas", "charles"), ("geo", "george"),
        ("jas", "james"), ("thos", "thomas"), ("robt", "robert"), ("jos", "joseph josef"), ("tp", "thanh"),
        ("tel", "telefon telephone telefono"), ("г", "город"), ("д", "дом"), ("кв", "квартира"),
    )
}  # fmt: skip
"""Words that are known by an abbreviation, with or without a point."""

STREETS, STREET = ("strasse", "straat"), "str"
"""The ends of names of streets, and their abbreviation."""

ABBREVIATIONS: dict[str, list[str]] = defaultdict(list)
for _short, _names in CONTRACTIONS.items():
    for _name in _names:
        ABBREVIATIONS[_name].append(_short)

GENITIVE_LANGUAGES, GENITIVE_AFTER = frozenset({"de", "sv", "da", "no"}), re.compile(r" [^\W\d_]")
MIN_ABBREVIATION = 2
LAST_WORD = re.compile(r"(?<!\w)[^\W\d_]{2,}\Z")


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
        forms = inflected_forms(word, languages) | unclear_forms(word, languages) | clear_forms(word)
        equal |= forms & self._positions.keys()
        if len(word) >= MIN_CHARS - 1:
            equal |= {each for each in self._by_spelling.get(spelling(word), ()) if is_misspelling(word, each)}
        return equal

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

    def is_complete(self, words: Sequence[str], found_words: Sequence[str], end: int) -> bool:
        """Return whether words of a text, up to an offset, are no name that ends with the s of a genitive.

        What belongs to the name follows a genitive.
        """
        is_genitive = found_words[-1] == f"{words[-1]}s" and not self._languages.isdisjoint(GENITIVE_LANGUAGES)
        return not is_genitive or GENITIVE_AFTER.match(self._folded.text, end) is not None

    def abbreviated(self, word: str, *, is_pointed: bool) -> set[str]:
        """Return the words that are the same, or one of which is an abbreviation of the other.

        Args:
            word: A folded word.
            is_pointed: Whether a point is after it, so that it may be an abbreviation.
        """
        names = {word, *CONTRACTIONS.get(word, ()), *ABBREVIATIONS.get(word, ()), *street_names(word)}
        if word.isalpha() and len(word) >= MIN_ABBREVIATION:
            names |= {word[:length] for length in range(MIN_ABBREVIATION, len(word))} & self._pointed_words
            names |= {each for each in self._positions if each.startswith(word)} if is_pointed else set()
        return names & self._positions.keys()

    @cached_property
    def _pointed_words(self) -> set[str]:
        """The words that have a point after them."""
        parts = self._folded.text.split(".")[:-1]
        ends = {part.rsplit(" ", 1)[-1] for part in parts}  # few, as a text repeats them
        return {match[0] for match in map(LAST_WORD.search, ends) if match}

    @cached_property
    def _by_spelling(self) -> dict[Spelling, list[str]]:
        """The words that may be misspelt, by what they have in common with the right ones."""
        words = defaultdict[Spelling, list[str]](list)
        for word in self._positions:
            if len(word) >= MIN_CHARS - 1 and word[0].isalpha():
                words[spelling(word)].append(word)
        return words


def street_names(word: str) -> list[str]:
    """Return the name of a street with its end abbreviated, or in full.

    >>> street_names("hauptstrasse"), street_names("hauptstr"), street_names("haupt")
    (['hauptstr'], ['hauptstrasse', 'hauptstraat'], [])
    """
    if word.endswith(STREETS):
        return [word[: word.rindex(STREET)] + STREET]
    return [word.removesuffix(STREET) + each for each in STREETS] if word.endswith(STREET) else []
