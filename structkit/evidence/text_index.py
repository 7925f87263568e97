"""A source as words, and the places of a text in it: the same, folded, by its letters, in another order, or near."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from itertools import accumulate, chain, count, pairwise
from typing import TypeAlias

from structkit.evidence.accents import have_same_accents
from structkit.evidence.country_prefixes import numbers_with_other_prefix
from structkit.evidence.folding import FoldedText, Offsets, fold, group_offsets, split_text
from structkit.evidence.inner_places import IS_UNSPACED, UNSPACED, is_inner
from structkit.evidence.name_parts import is_part_of_name
from structkit.evidence.near_words import NearWords, street_names
from structkit.evidence.ranges import END_BITS, END_MASK, Range, overlaps, pack
from structkit.evidence.reordering import MAX_WINDOW_WORDS, choose_words, keeps_numbers
from structkit.evidence.spellings import is_spelling, names_with_particles, other_spellings
from structkit.evidence.text_languages import languages_of
from structkit.values.evidence_map import How

SYLLABLE = "[\u1100-\u115f][\u1160-\u11a7][\u11a8-\u11ff]?"

KANA_MARKS, INDIC = "\u3099\u309a", "\u0900-\u0963\u0966-\u0dff"
WORD = re.compile(
    rf"([a-z0-9]++(?:(?=[ ,.:-])|(?![^\W{UNSPACED}]|[{INDIC}]))|{SYLLABLE}"
    rf"|[{UNSPACED}][{KANA_MARKS}]?|(?:[^\W{UNSPACED}]+|[{INDIC}]+)+)"
)
"""Most words are of the first kind, before one of the first signs, which is matched fast."""

SIMPLE_WORD, NOT_SIMPLE = re.compile(r"(\w+)"), re.compile(f"[{UNSPACED}{KANA_MARKS}{INDIC}]")
"""Words of a text without such scripts, which is read faster."""

Finding: TypeAlias = tuple[How, list[Range]]
"""How a value was found, and all its places."""

MIN_JOINED_CHARS = 7
"""Characters of a text whose digits may be in several groups, such as a telephone number; "1, 23" is not 123."""

MAX_REORDERED_WORDS = 20
"""The most words of a text in another order."""

PERSON = ("given name", "surname")
"""Two words that may both be inflected and in another order."""

MIN_CLEAR_CHARS = 4
"""Characters of a word that a text has in full beside abbreviations."""

ADDRESS = re.compile(r"\S+@\S+|(?:https?://|www\.)\S+", re.IGNORECASE)
"""An address of mail or the web: with another letter, it is another one."""

MAX_WORD_CHARS, MAX_CANDIDATES = 60, 500
"""Characters of a word, and places that are tried one by one, where joined letters are looked for."""

MAX_PLACES, MIN_FORM_CHARS, MAX_SOURCE_CHARS = 20, 4, 100_000
"""A text with more places, a shorter one, and one in a longer source is not looked for in other forms too."""

CHARS_PER_CANDIDATE = 200
"""Characters of a text that are searched in the time in which one place is tried."""


class TextIndex:
    r"""The words of a source, and where they are.

    >>> from structkit.evidence.ranges import unpack
    >>> index = TextIndex(FoldedText("To: SMITH, John (Zürich), infor-\nmation"))
        >>> for text in ("SMITH", "zurich", "John Smith", "information", "Jon", "Peter"):
        ...     how, places = index.find(text)
        ...     print(how, [unpack(place) for place in places])
        exact [(4, 9)]
        folded [(17, 23)]
        words [(4, 15)]
        letters [(26, 39)]
         []
         []
    """

    def __init__(self, folded: FoldedText) -> None:
        """Split the source into words."""
        self._folded, self._source = folded, folded.source
        pattern = WORD if NOT_SIMPLE.search(folded.text) else SIMPLE_WORD
        self._words, self._starts, _ = split_text(pattern, folded.text)
        self._positions = group_offsets(self._words, count())

    def find(self, text: str) -> Finding:
        """Return how a text was found, and all its places; "" and none if it is not in the source.

        Each way is tried only where the one before finds nothing. A text with digits is never found by words that are
        near, because another number is another value.
        """
        folded = fold(text)
        words = WORD.findall(folded)
        if not words:
            return self._find_symbols(text)
        if places := self._names(self._sequences(words, " ".join(folded.split()))):
            surfaces = {place: self._source[place >> END_BITS : place & END_MASK] for place in places}
            places = [place for place, surface in surfaces.items() if have_same_accents(text, surface)]
            is_exact = text.strip() in surfaces.values()
            how: How = "" if not places else "exact" if is_exact else "folded"
            places = self._free(places) if has_digits(folded) else places
            return how, self._with_other_forms(places, text, folded, words)
        for how, ranges in self._other_ways(text, folded, words):
            if places := self._names(ranges):
                return how, places
        return "", []

    def _with_other_forms(self, places: list[Range], text: str, folded: str, words: list[str]) -> list[Range]:
        """Return the places of a text with those where it is spelled or, if it has digits, grouped in another way."""
        is_long = len(self._source) > MAX_SOURCE_CHARS
        if is_long or not 0 < len(places) <= MAX_PLACES or len(folded) < MIN_FORM_CHARS:
            return places
        ranges = [self._spellings(text, folded)]
        if has_digits(folded) and len(folded) >= MIN_JOINED_CHARS:
            ranges += [self._letters(words, folded.lstrip()), self._with_other_prefix(text)]
        forms = self._names(chain.from_iterable(ranges))
        new_places = [form for form in forms if not any(overlaps(form, place) for place in places)]
        return sorted({*places, *new_places}) if new_places else places

    def _spellings(self, text: str, folded: str) -> Iterator[Range]:
        """Yield the ranges of a text in another spelling, such as `Mueller` of `Müller`."""
        for spelling in other_spellings(text):
            words = WORD.findall(spelling)
            ranges = self._sequences(words, spelling) if words else ()
            yield from (place for place in ranges if is_spelling(text, self._surface(place)))
        for letters in names_with_particles(folded):
            yield from self._letters(WORD.findall(letters), letters)

    def _surface(self, place: Range) -> str:
        original = self._folded.originals([place])[0]
        return self._source[original >> END_BITS : original & END_MASK]

    def _other_ways(self, text: str, folded: str, words: list[str]) -> Iterator[tuple[How, Iterable[Range]]]:
        """Yield the ranges of a text that is not there as it is, for each way to find it."""
        yield "letters", self._spellings(text, folded)
        yield "letters", self._letters(words, folded.lstrip())
        yield "letters", self._with_other_prefix(text)
        if is_address(text):
            yield "letters", self._letters(WORD.findall(folded.replace("@", " at ")), folded.lstrip())
            return
        if _is_reorderable(words) and " " in folded.strip():
            yield "words", self._reordered(words, [{word} for word in words])
            yield "fuzzy", self._abbreviated(words, folded)
        if not has_digits(folded):
            yield "fuzzy", self._near(words)

    @property
    def folded_text(self) -> str:
        """The folded text."""
        return self._folded.text

    @property
    def vocabulary(self) -> Mapping[str, Sequence[int]]:
        """The words of the text, folded, with their positions."""
        return self._positions

    def ranges(self, words: AbstractSet[str]) -> list[Range]:
        """Return where in the folded text any of some folded words are."""
        positions = self._positions
        numbers = sorted(chain.from_iterable(map(positions.__getitem__, positions.keys() & words)))
        starts, all_words = self._starts, self._words
        return [(start := starts[number]) << END_BITS | start + len(all_words[number]) for number in numbers]

    def find_word(self, word: str) -> list[Range]:
        """Return all places of a folded word."""
        return self._folded.originals(self._single(word))

    def _single(self, word: str) -> list[Range]:
        starts, length = self._starts, len(word)
        return [(start := starts[each]) << END_BITS | start + length for each in self._positions.get(word, ())]

    def _end(self, position: int) -> int:
        return self._starts[position] + len(self._words[position])

    def _names(self, ranges: Iterable[Range]) -> list[Range]:
        """Return ranges of the folded text in the source, without those that are a part of a longer name."""
        return [place for place in self._folded.originals(ranges) if not is_part_of_name(self._source, place)]

    def _free(self, places: list[Range]) -> list[Range]:
        """Return the places that are not part of a longer name, such as 2026-06 in AB-2026-06; all if each is one."""
        return [place for place in places if not is_inner(self._source, place)] or places

    def _find_symbols(self, text: str) -> Finding:
        """Find a text without letters and digits, such as a currency sign, as it is."""
        symbols = text.strip()
        matches = re.finditer(re.escape(symbols), self._source) if symbols else iter(())
        places = [pack(*match.span()) for match in matches]
        return ("exact", places) if places else ("", [])

    def _sequences(self, words: list[str], pattern: str) -> Iterable[Range]:
        """Return the ranges with the same words in the same order, and the same characters between and around them."""
        if len(words) == 1 and words[0] == pattern:
            return self._single(pattern)
        counts = [len(self._positions.get(word, ())) for word in words]
        if not min(counts):
            return ()
        lead, trail = pattern.index(words[0]), len(pattern) - pattern.rindex(words[-1]) - len(words[-1])
        if min(counts) * CHARS_PER_CANDIDATE > len(self._folded.text) and " " not in pattern:
            firsts = self._search_pattern(pattern, lead)
        else:
            rarest = counts.index(min(counts))
            firsts = (position - rarest for position in self._positions[words[rarest]])
        return self._matching(words, pattern, firsts, lead, trail)

    def _search_pattern(self, pattern: str, lead: int) -> Iterator[int]:
        """Yield the positions of the words that a text without spaces may begin with."""
        start = -1
        while (start := self._folded.text.find(pattern, start + 1)) >= 0:
            position = bisect_left(self._starts, start + lead)
            if position < len(self._starts) and self._starts[position] == start + lead:
                yield position

    def _matching(
        self, words: list[str], pattern: str, firsts: Iterable[int], lead: int, trail: int
    ) -> Iterator[Range]:
        text, all_words, starts, length = self._folded.text, self._words, self._starts, len(words)
        sequence = tuple(words)
        for first in firsts:
            if first < 0 or all_words[first] != words[0] or all_words[first : first + length] != sequence:
                continue
            start = starts[first] - lead
            if start >= 0 and text.startswith(pattern, start):
                yield start << END_BITS | start + len(pattern)
                continue
            end = self._end(first + length - 1) + trail
            if start >= 0 and " ".join(text[start:end].split()) == pattern:
                yield start << END_BITS | end

    @cached_property
    def _joined(self) -> tuple[str, Offsets]:
        """All words without anything between them, and the offset of each."""
        return "".join(self._words), array("I", accumulate(map(len, self._words), initial=0))[:-1]

    def _letters(self, words: list[str], folded: str) -> Iterator[Range]:
        """Yield the ranges with the same letters and digits, whatever stands between them; they are whole words.

        What the text begins with, such as a plus sign, is part of a range if it is there.
        """
        letters, lead = "".join(words), folded[: folded.index(words[0])]
        for first, last in self._joined_words(letters):
            if len(letters) >= MIN_JOINED_CHARS or not self._joins_digits(first, last):
                begin = self._starts[first]
                has_lead = lead and self._folded.text[max(begin - len(lead), 0) : begin] == lead
                yield pack(begin - (len(lead) if has_lead else 0), self._end(last))

    def _joined_words(self, letters: str) -> Iterator[tuple[int, int]]:
        """Yield the first and the last of consecutive words that are some letters together."""
        first_words = [letters[:end] for end in range(1, min(len(letters), MAX_WORD_CHARS) + 1)]
        last_words = [letters[-end:] for end in range(1, min(len(letters), MAX_WORD_CHARS) + 1)]
        counts = [sum(len(self._positions.get(word, ())) for word in each) for each in (first_words, last_words)]
        if len(letters) > MAX_WORD_CHARS or min(counts) > MAX_CANDIDATES:
            yield from self._search_joined(letters)
            return
        words, step = (first_words, 1) if counts[0] <= counts[1] else (last_words, -1)
        for position in (position for word in words for position in self._positions.get(word, ())):
            other = self._walk(letters, position, step)
            if other is not None:
                yield min(position, other), max(position, other)

    def _with_other_prefix(self, text: str) -> Iterator[Range]:
        """Yield the ranges of a telephone or account number that has another prefix, or none, for the same country."""
        for number in numbers_with_other_prefix(text, self._positions):
            for first, last in self._joined_words(number.letters):
                start = number.start(self._folded.text, self._starts[first])
                if start is not None:
                    yield pack(start, self._end(last))

    def _walk(self, letters: str, position: int, step: int) -> int | None:
        """Return the position where words from one on, forwards or backwards, are some letters together; or None."""
        remaining = letters
        while 0 <= position < len(self._words):
            word = self._words[position]
            if not (remaining.startswith(word) if step > 0 else remaining.endswith(word)):
                return None
            remaining = remaining[len(word) :] if step > 0 else remaining[: -len(word)]
            if not remaining:
                return position
            position += step
        return None

    def _search_joined(self, letters: str) -> Iterator[tuple[int, int]]:
        text, offsets = self._joined
        start = -1
        while (start := text.find(letters, start + 1)) >= 0:
            first, last = bisect_left(offsets, start), bisect_right(offsets, start + len(letters) - 1) - 1
            is_start = first < len(offsets) and offsets[first] == start
            if is_start and offsets[last] + len(self._words[last]) == start + len(letters):
                yield first, last

    def _joins_digits(self, first: int, last: int) -> bool:
        pairs = zip(self._words[first:last], self._words[first + 1 : last + 1], strict=True)
        return any(left[-1].isdigit() and right[0].isdigit() for left, right in pairs)

    def _reordered(self, words: Sequence[str], alternatives: list[set[str]]) -> Iterator[Range]:
        """Yield the ranges that have, for each word, one of its alternatives, in any order and close together.

        Numbers that follow each other are in the same order, and others beside the same word.
        """
        positions = sorted(map(self._positions_of, alternatives), key=len)
        width = len(alternatives) + MAX_WINDOW_WORDS
        number_pairs = {pair for pair in pairwise(words) if all(word[0].isdigit() for word in pair)}
        for position in _positions_beside(positions[0], positions[1], width):
            window = range(max(position - width + 1, 0), min(position + width, len(self._words)))
            near_words = self._words[window.start : window.stop]
            if any(each.isdisjoint(near_words) for each in alternatives):
                continue
            chosen = choose_words(alternatives, self._words, window, position)
            chosen_words = [self._words[each] for each in chosen]
            if (
                chosen
                and not self._is_joined(chosen)
                and number_pairs <= {*pairwise(chosen_words)}
                and keeps_numbers(alternatives, chosen_words)
            ):
                yield pack(self._starts[chosen[0]], self._end(chosen[-1]))

    def _positions_of(self, words: Iterable[str]) -> list[int]:
        return sorted(chain.from_iterable(self._positions.get(word, ()) for word in words))

    def _is_joined(self, chosen: Sequence[int]) -> bool:
        """Return whether a hyphen joins a word to another one, so that the name is a longer one."""
        pairs = [(word, word + 1) for word in chosen] + [(word - 1, word) for word in chosen if word]
        return any(
            (one in chosen) != (two in chosen) and self._folded.text[self._end(one) : self._starts[two]] == "-"
            for one, two in pairs
            if two < len(self._words)
        )

    def _abbreviated(self, words: list[str], folded: str) -> Iterable[Range]:
        """Return the ranges that have each word, or an abbreviation of it; one of them is a word without digits."""
        alternatives = [self._nearness.abbreviated(word, is_pointed=f"{word}." in folded) for word in words]
        is_clear = any(
            len(word) >= MIN_CLEAR_CHARS and not each.isdisjoint({word, *street_names(word)})
            for word, each in zip(words, alternatives, strict=True)
        )
        return self._reordered(words, alternatives) if is_clear and all(alternatives) else ()

    def _near(self, words: list[str]) -> Iterator[Range]:
        """Yield the ranges in which each word is near one of the text, in the same order."""
        alternatives = [self._nearness.near(word) for word in words]
        if not all(alternatives):
            return
        if len(words) == len(PERSON) and not any(word in each for word, each in zip(words, alternatives, strict=True)):
            yield from self._reordered(words, alternatives)
        for position in self._positions_of(alternatives[0]):
            following = self._words[position : position + len(words)]
            if (
                len(following) == len(words)
                and all(word in near for word, near in zip(following, alternatives, strict=True))
                and self._nearness.is_same_name(words, following, self._words[position - 1] if position else "")
                and self._nearness.is_complete(words, following, self._end(position + len(words) - 1))
            ):
                yield pack(self._starts[position], self._end(position + len(words) - 1))

    @cached_property
    def _nearness(self) -> NearWords:
        return NearWords(self._positions, self._folded, self.languages)

    @cached_property
    def languages(self) -> frozenset[str]:
        """The languages of the text."""
        return languages_of(*self._folded.characters, self._positions)


def has_digits(text: str) -> bool:
    """Return whether a text has digits."""
    return any(char.isdigit() for char in text)


def is_address(text: str) -> bool:
    """Return whether a text is an address of mail or the web."""
    return ADDRESS.fullmatch(text.strip()) is not None


def _is_reorderable(words: list[str]) -> bool:
    """Return whether words may be in another order; characters that are words may not."""
    return 1 < len(words) <= MAX_REORDERED_WORDS and not any(IS_UNSPACED.match(word) for word in words)


def _positions_beside(positions: Iterable[int], targets: Sequence[int], width: int) -> Iterator[int]:
    """Yield the positions that have another one within some words.

    >>> [*_positions_beside([3, 40], [9, 42], 5)]
    [40]
    """
    for position in positions:
        index = bisect_right(targets, position - width)
        if index < len(targets) and targets[index] < position + width:
            yield position
