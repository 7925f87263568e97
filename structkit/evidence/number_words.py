"""Numbers in words."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from functools import cache, cached_property, lru_cache

from structkit.evidence.counted_words import counted_words, number_of_counted_word
from structkit.evidence.folding import fold
from structkit.evidence.number_languages import COMPOUND_LANGUAGES, LANGUAGES, PREFIXES, words_of
from structkit.evidence.number_vocabulary import (
    ARABIC_TENS,
    ARTICLES,
    DENOMINATORS,
    GERMAN_ENDINGS,
    HALF_WORDS,
    HALVES,
    HALVES_AFTER,
    HUNDREDS,
    JOINING_WORDS,
    LONE_SCALES,
    MULTIPLES,
    ONES_BEFORE_TENS,
    ORDINALS,
    ORDINALS_AFTER_TENS,
    SCALES,
    SMALL_NUMBERS,
    TENS,
    UNIT_SIGNS,
    VARIANTS,
)

PAIR, TEN, HUNDRED, THOUSAND, SMALLEST_TENS, UNLIMITED = 2, 10, 100, 1_000, 20, 10**18
MAX_AFTER_TENS = {"soixante": 20, "quatrevingt": 20, "on": 10, "muoi": 10, "tizen": 10, "diez": 10}
"""In French, up to 19 is added to 60 and to 80; in Turkish, Vietnamese, Hungarian and older Spanish, up to 9 to 10."""

ENGLISH_ARTICLES = frozenset({"a", "an"})
NAMES_OF_COUNTS = dict(enumerate(SMALL_NUMBERS["en"].split()[2:], 2))
ENGLISH = frozenset(f"{SMALL_NUMBERS['en']} {TENS['en']}".split())
ONE, HALF = Decimal(1), Decimal("0.5")
MIN_COMPOUND_CHARS, MIN_CLEAR_COMPOUND_CHARS, START_CHARS = 6, 7, 3


def _word_values() -> dict[str, Decimal]:
    values: dict[str, int] = {}
    for language, words in SMALL_NUMBERS.items():
        ones, tens = fold(words).split(), fold(TENS[language]).split()
        values |= {word: value for value, word in enumerate(ones)}
        values |= {word: 10 * number for number, word in enumerate(tens, 2)}
        values |= _ones_with_tens(language, ones, tens)
    for words in HUNDREDS:
        values |= {word: 100 * number for number, word in enumerate(fold(words).split(), 2)}
    return {word: Decimal(value) for word, value in values.items()} | {fold(word): n for word, n in VARIANTS.items()}


def _ones_with_tens(language: str, ones: list[str], tens: list[str]) -> dict[str, int]:
    """Return the numbers that are one word, such as `einundzwanzig` and `ventotto`, with their values."""
    if language == "it":  # the vowel before `uno` and `otto` is left out
        pairs = [(tens[n - 2], n, one) for n in range(2, 10) for one in range(1, 10)]
        return {(ten[:-1] if one in {1, 8} else ten) + ones[one]: 10 * n + one for ten, n, one in pairs}
    if language == "es":
        return {f"veinti{ones[one]}": 20 + one for one in range(1, 10)} | {"veintiun": 21}
    if language not in ONES_BEFORE_TENS:
        return {}
    joint, first = ONES_BEFORE_TENS[language]
    names = [first, *ones[2:10]]
    numbers = {f"{name}{joint}{t}": 10 * n + one for n, t in enumerate(tens, 2) for one, name in enumerate(names, 1)}
    endings = GERMAN_ENDINGS if language == "de" else ()
    return numbers | {f"{word}st{end}": value for word, value in numbers.items() for end in endings}


WORD_VALUES = _word_values()
"""The value of each word, folded."""


ALL_VALUES = {word: value for each in LANGUAGES.values() for word, value in each.values.items()} | WORD_VALUES
"""The value of each word of all languages."""

SCALES_IN_WORDS = {word: scale for each in LANGUAGES.values() for word, scale in each.scales.items()} | SCALES
ALL_MULTIPLES = {word: value for each in LANGUAGES.values() for word, value in each.multiples.items()} | MULTIPLES
ADDITIONS = {word: value for each in LANGUAGES.values() for word, value in each.additions.items()}
ALL_HALVES_AFTER = [*HALVES_AFTER, *(words for each in LANGUAGES.values() for words in each.halves)]
ALL_JOINING_WORDS = JOINING_WORDS.union(*(each.joining_words for each in LANGUAGES.values()))
TENS_AFTER_ONES = frozenset(fold(ARABIC_TENS).split()).union(LANGUAGES["da"].tens)
TURKISH = LANGUAGES["tr"].values.keys() | LANGUAGES["tr"].scales.keys()
TURKISH_THOUSAND = "bin"
HINDI_SHARES = {fold("साढ़े"): HALF, fold("सवा"): Decimal("0.25"), fold("पौने"): Decimal("-0.25")}
"""What they add to the number after them, or to one, before its scale."""

QUARTERS_AFTER = {("and", "a", "quarter"): Decimal("0.25"), ("and", "three", "quarters"): Decimal("0.75")}
DECIMAL_POINTS = frozenset(
    fold("point komma virgule coma virgola vírgula przecinek virgül virgulă pilkku koma phẩy").split()
)
ARTICLES_OF_HALVES = ARTICLES | {"en", "et", "ett", "o"}
"""What may be before half a dozen."""

CENTURIES, OH = range(11, 21), "oh"
""""Nineteen ninety-nine" and "twenty twenty-six" are years."""
SEMITIC = re.compile("[\u05d0-\u05ea\u0621-\u064a]")
AND_PREFIXES = tuple(fold(prefix) for prefix in PREFIXES.values())
TEEN_OF_TWO_WORDS = re.compile(rf"(\S+) ({'|'.join(fold('عشرة عشر עשרה עשר').split())})(?!\S)")

NUMBER_WORDS = (
    WORD_VALUES.keys()
    | SCALES.keys()
    | MULTIPLES.keys()
    | JOINING_WORDS
    | HALVES
    | DENOMINATORS.keys()
    | ORDINALS_AFTER_TENS.keys()
    | {"quatrevingt", "vingts", "second", OH}
    | HINDI_SHARES.keys()
    | DECIMAL_POINTS
    | frozenset(fold("أحد إحدى اثنا اثني اثنتا اثنتي").split())
    | {prefix + word for word in (*WORD_VALUES, *SCALES) for prefix in AND_PREFIXES if SEMITIC.match(word)}
)
"""The words that numbers have."""


@cache
def number_words_of(languages: frozenset[str]) -> frozenset[str]:
    """Return the words that numbers have in texts in some languages."""
    return words_of(languages) | NUMBER_WORDS


JOINED_SCALES = {
    "de": "und ein hundert tausend million millionen",
    "nl": "en een honderd duizend miljoen",
    "it": "cento mille mila",
}
"""What is joined to other words of a number."""


class _Compounds:
    """The words that a language joins to a number that is one word.

    Args:
        names: The words.
    """

    def __init__(self, names: Iterable[str]) -> None:
        """Take the words."""
        self._names = frozenset(names)
        lengths = defaultdict[str, set[int]](set)
        for name in self._names:
            lengths[name[:1]].add(len(name))
        self._lengths = {char: sorted(each, reverse=True) for char, each in lengths.items()}

    def split(self, word: str) -> list[str]:
        """Return the parts of a number, the longest first; empty if it is not one of several parts."""
        parts, start = list[str](), 0
        while start < len(word):
            for length in self._lengths.get(word[start], ()):
                if (part := word[start : start + length]) in self._names:
                    break
            else:
                return []
            parts.append(part)
            start += len(part)
        return parts if len(parts) > 1 else []

    @cached_property
    def starts(self) -> frozenset[str]:
        """The first three letters of the numbers."""
        short = [name for name in self._names if len(name) < START_CHARS]
        joined = (name + other for name in short for other in self._names)
        return frozenset(each[:START_CHARS] for each in (*self._names, *joined))


@cache
def _compounds() -> dict[str, _Compounds]:
    """Return the words of each language that joins them."""
    names_by_language: dict[str, Iterable[str]] = {
        language: {*LANGUAGES[language].values, *LANGUAGES[language].scales} for language in COMPOUND_LANGUAGES
    }
    for language, words in JOINED_SCALES.items():
        ones, tens = fold(SMALL_NUMBERS[language]).split(), fold(TENS[language]).split()
        names_by_language[language] = [*ones, *tens, *words.split(), *_ones_with_tens(language, ones, tens)]
    names_by_language["de"] = {*names_by_language["de"], *(word for word in WORD_VALUES if word.endswith("halb"))}
    return {language: _Compounds(names) for language, names in names_by_language.items()}


def split_compound(word: str) -> list[str]:
    """Return the parts of a folded number that is one word; empty if it is not one.

    >>> split_compound("zweitausenddreihundert"), split_compound("quarantamila"), split_compound("hunderte")
    (['zwei', 'tausend', 'drei', 'hundert'], ['quaranta', 'mila'], [])
    """
    compounds = _compound_starts(frozenset(_compounds())).get(word[:START_CHARS], ())
    return next((parts for each in compounds if (parts := each.split(word))), [])


def compound_words(vocabulary: Iterable[str], languages: frozenset[str]) -> set[str]:
    """Return the words of a folded vocabulary that are numbers written as one word: long ones in any language.

    >>> sorted(compound_words(["zweihundert", "onalti", "haus"], frozenset())), compound_words(["onalti"], {"tr"})
    (['zweihundert'], {'onalti'})
    >>> compound_words(["kahdeksankymmentaviisi"], frozenset())
    {'kahdeksankymmentaviisi'}
    """
    starts = _compound_starts(frozenset({*JOINED_SCALES, *languages} & _compounds().keys()))
    long_starts = _compound_starts(frozenset(_compounds()))
    numbers = set[str]()
    for word in vocabulary:
        if (length := len(word)) >= MIN_COMPOUND_CHARS and (start := word[:START_CHARS]) in long_starts:
            compounds = (long_starts if length >= MIN_CLEAR_COMPOUND_CHARS else starts).get(start, ())
            if any(each.split(word) for each in compounds):
                numbers.add(word)
    return numbers | counted_words(vocabulary)


@cache
def _compound_starts(languages: frozenset[str]) -> dict[str, list[_Compounds]]:
    """Return the compounds of some languages by the first three letters of their words."""
    compounds = [each for language, each in _compounds().items() if language in languages]
    starts = frozenset[str]().union(*(each.starts for each in compounds))
    return {start: [each for each in compounds if start in each.starts] for start in starts}


@lru_cache(maxsize=4_096)
def read_number_words(text: str) -> Decimal | None:
    """Return the number of consecutive folded words; None if they are none.

    >>> [str(read_number_words(text)) for text in ("twenty-one", "two hundred and five", "quatre-vingt-dix-huit")]
    ['21', '205', '98']
    >>> [read_number_words(text) for text in ("twenty-second", "thirty third", "thirty second", "vingt et unieme")]
    [Decimal('22'), Decimal('33'), None, Decimal('21')]
    >>> [str(read_number_words(text)) for text in ("mil trescientos", "funfundvierzigtausend", "two and a half")]
    ['1300', '45000', '2.5']
    >>> [read_number_words(text) for text in ("five and six", "a", "house", "mio")]
    [None, None, None, None]
    """
    parts = _parts(text)
    if (value := _with_share(parts)) is not None:
        return value
    if (denominator := DENOMINATORS.get(parts[-1])) and parts[:-1]:
        share = _share(parts[:-1], denominator)
        if share is not None or parts[-1] not in ALL_VALUES:
            return share
    if len(parts) > len(("one", "point")) and not DECIMAL_POINTS.isdisjoint(parts):
        return _decimal(parts)
    if (year := _year_of_two_numbers(parts)) is not None:
        return year
    is_unit = SCALES.keys() >= {*parts} and parts[0] not in LONE_SCALES
    return None if is_unit or (len(parts) == 1 and parts[0] in ARTICLES) else _sum(parts)


def _share(parts: list[str], denominator: int) -> Decimal | None:
    """Return a fraction with some words before its denominator; the ordinal of "third quarter" is not such a word."""
    is_one = parts[1:] == [] and parts[0] in ARTICLES
    numerator = ONE if is_one else _sum(parts)
    is_share = numerator is not None and numerator < denominator and parts[-1] not in ORDINALS
    return numerator / denominator if numerator is not None and is_share else None


def _with_share(parts: list[str]) -> Decimal | None:
    """Return a number with a half or quarters before or after it, or half a dozen; None for another one."""
    multiple, factors = ALL_MULTIPLES.get(parts[-1]), parts[:-1] if parts[0] not in ARTICLES_OF_HALVES else parts[1:-1]
    if multiple and len(factors) == 1 and (factors[0] in HALF_WORDS or ALL_VALUES.get(factors[0]) == HALF):
        return multiple * HALF
    share = HINDI_SHARES.get(parts[0])
    if share is None:
        return _with_share_after(parts)
    scale = SCALES_IN_WORDS.get(parts[-1], 1)
    return _plus(parts[1:-1] or ["a"], scale, share) if scale > 1 else _plus(parts[1:], 1, share)


def _with_share_after(parts: list[str]) -> Decimal | None:
    """Return a number with a half or quarters after it, which are those of its scale: "due milioni e mezzo"."""
    for share, words in (
        *((HALF, half) for half in ALL_HALVES_AFTER),
        *((n, [*each]) for each, n in QUARTERS_AFTER.items()),
    ):
        before, after = parts[: -len(words)], SCALES.get(parts[-1], 0)
        if before and parts[-len(words) :] == words:
            scale = SCALES_IN_WORDS.get(before[-1], 1)
            return _plus(before, 1, share * (scale if scale > HUNDRED else 1))
        if parts[-len(words) - 1 : -1] == words and after > HUNDRED:
            return _plus(parts[: -len(words) - 1], after, share)
    return None


def _plus(parts: list[str], scale: int, share: Decimal) -> Decimal | None:
    value = ONE if len(parts) == 1 and parts[0] in ARTICLES | JOINING_WORDS else _sum(parts) if parts else None
    return None if value is None else (value + share) * scale


def _decimal(parts: list[str]) -> Decimal | None:
    """Return a number with the digits after its point in words, as in "five point two five"."""
    point = next(index for index, part in enumerate(parts) if part in DECIMAL_POINTS)
    integer = _sum(parts[:point]) if point else None
    digits = [_sum([part]) for part in parts[point + 1 :]]
    if integer is None or not digits or any(digit is None for digit in digits):
        return None
    decimals = "".join(str(digit) for digit in digits)
    return integer + Decimal(f"0.{decimals}") if decimals.isdecimal() else None


def _year_of_two_numbers(parts: list[str]) -> Decimal | None:
    """Return the year that is said as two numbers, such as "nineteen ninety-nine" and "nineteen oh five"."""
    century = WORD_VALUES.get(parts[0]) if parts[0] in ENGLISH and len(parts) > 1 else None
    has_oh = parts[1:2] == [OH]
    if century is None or int(century) not in CENTURIES or not ENGLISH.issuperset(parts[1 + has_oh :]):
        return None
    year = _sum(parts[1 + has_oh :]) if parts[1 + has_oh :] else None
    is_pair = year is not None and (year < TEN if has_oh else TEN <= year < HUNDRED)
    return century * HUNDRED + year if year is not None and is_pair else None


def _parts(text: str) -> list[str]:
    """Return the words, with those joined that are one number in French, and those split that are written as one."""
    joined = re.sub("quatre[ -]vingts?", "quatrevingt", re.sub("dix[ -](sept|huit|neuf)", r"dix\1", text))
    joined = re.sub(r"\b(half|halbe|halben) (?:a|an)\b", r"\1", joined)
    joined = re.sub("-second$", "-two", joined)  # of "thirty second", it is a word of time
    joined = TEEN_OF_TWO_WORDS.sub(_join_teen, joined)
    return [part for word in re.split("[ -]+", joined) for part in _parts_of_word(word)]


def _join_teen(match: re.Match[str]) -> str:
    teen = match[1].removeprefix(AND_PREFIXES[0]) + match[2]
    return teen if teen in ALL_VALUES else match[0]


def _parts_of_word(word: str) -> list[str]:
    if word in ALL_VALUES or word in SCALES_IN_WORDS:
        return [word]
    if word.startswith(AND_PREFIXES) and (word[1:] in ALL_VALUES or word[1:] in SCALES_IN_WORDS):
        return [AND_PREFIXES[0], word[1:]]
    if word in NUMBER_WORDS:
        return [word]
    return split_compound(word) or [NAMES_OF_COUNTS.get(number_of_counted_word(word), word)]


def _sum(parts: list[str]) -> Decimal | None:
    total = group = Decimal(0)
    limit = UNLIMITED  # what the next number has to be less than
    for part, following in zip(parts, [*parts[1:], ""], strict=True):
        value, scale = _value(part, following, limit), SCALES_IN_WORDS.get(part, 0)
        if value is not None and value < limit:
            group, limit = group + value, _limit_after(part, value)
            total, group = _without_thousands(total, group)
        elif addition := _addition(part, group % TEN):
            group, limit = group + addition, TEN if scale == TEN else 0
        elif scale == HUNDRED and group < HUNDRED:
            group, limit = (group or ONE) * HUNDRED, HUNDRED
        elif scale > HUNDRED and (part not in UNIT_SIGNS or _is_turkish(parts)):
            total, group, limit = _scaled(total, group, scale), Decimal(0), scale
        elif multiple := _multiple(part, group):
            group, limit = (group or ONE) * multiple, 0
        elif part not in ALL_JOINING_WORDS or limit == UNLIMITED:
            return None
    return total + group if parts[-1] not in ALL_JOINING_WORDS else None


def _value(part: str, following: str, limit: int) -> Decimal | None:
    """Return the value of a word, which may be the word for "and" of another language, and an ordinal after tens."""
    if part in ENGLISH_ARTICLES and following not in SCALES.keys() | ALL_MULTIPLES.keys():
        return None
    if part in ORDINALS_AFTER_TENS:
        return ORDINALS_AFTER_TENS[part] if limit == TEN else None
    return None if part in JOINING_WORDS and limit < UNLIMITED else ALL_VALUES.get(part)


def _multiple(part: str, group: Decimal) -> int:
    """Return what a word such as "dozen" multiplies; two pairs are two, not four."""
    multiple = ALL_MULTIPLES.get(part, 0)
    return 0 if group > 1 and multiple == PAIR else multiple


def _without_thousands(total: Decimal, group: Decimal) -> tuple[Decimal, Decimal]:
    """Return a sum and what hundreds multiply, without thousands: two of them are one word in Hebrew."""
    return (total + group, Decimal(0)) if group >= THOUSAND else (total, group)


def _addition(part: str, last_digit: Decimal) -> Decimal | int:
    """Return what a word adds to a number from its last digit: tens after ones, as in Arabic, or what multiplies it."""
    if not last_digit:
        return 0
    if part in TENS_AFTER_ONES:
        return ALL_VALUES[part]
    return last_digit * (TEN - 1) if SCALES_IN_WORDS.get(part) == TEN else ADDITIONS.get(part, 0)


def _is_turkish(parts: list[str]) -> bool:
    """Return whether the words beside a thousand, which is a word of German, are Turkish."""
    return all(part == TURKISH_THOUSAND or part in TURKISH for part in parts) and len(parts) > 1


def _limit_after(part: str, value: Decimal) -> int:
    if value >= HUNDRED:
        return HUNDRED if value < THOUSAND else THOUSAND
    return MAX_AFTER_TENS.get(part, TEN if value >= SMALLEST_TENS else 0)


def _scaled(total: Decimal, group: Decimal, scale: int) -> Decimal:
    """Return the sum with a scale: "mil millones" is a product, "one million two thousand" a sum."""
    return (total + group) * scale if 0 < total < scale else total + (group or ONE) * scale
