"""The numbers of a source without notation in digits: fractions, words, Chinese, Japanese and Korean numerals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache

from structkit.evidence.cjk_numerals import CJK_NUMERAL, read_cjk_numeral
from structkit.evidence.compound_amounts import compound_amounts, compound_cjk_amounts
from structkit.evidence.digit_runs import DigitRuns
from structkit.evidence.folding import fold
from structkit.evidence.korean_numbers import korean_numbers
from structkit.evidence.mark_search import search_around
from structkit.evidence.number_notations import read_notation
from structkit.evidence.number_surroundings import (
    ALL_SCALES,
    MAX_AFTER,
    PERCENT_SIGN,
    UNSPACED_SCALES,
    shares_and_multiples,
    sign_before,
)
from structkit.evidence.number_vocabulary import (
    ARTICLES,
    CJK_DIGITS,
    CJK_SCALES,
    HALF_WORDS,
    JOINING_WORDS,
    SCALES,
    UNITS,
)
from structkit.evidence.number_words import read_number_words
from structkit.evidence.ranges import END_BITS, END_MASK, Range, pack
from structkit.evidence.thai_numbers import thai_numbers

FRACTION = re.compile(
    r"[0-9](?<![\d/.,]\d)(?:\d{0,2}(?:-| {1,2})(?=\d)|\d{3,6} {1,2}(?=\d+\u2044))?"
    r"\d{0,3} ?[/\u2044] ?\d{1,4}(?![\d/.,])"
)
DENOMINATOR_END, MAX_COMMON_DENOMINATOR = re.compile("[/\u2044] ?"), 12
DENOMINATOR = re.compile("[/\u2044] ?[0-9]")
MAX_DENOMINATOR, MAX_BEFORE_FRACTION_SIGN, MAX_FRACTION_CHARS = 6, 12, 10
MIXED_FRACTION = re.compile(r"(?:(\d+)(?:-| {1,2}))?(\d+) ?[/\u2044] ?(\d+)")

UNITS_AFTER_DIGITS = {"千": 1_000, "百": 100, fold("천"): 1_000, fold("백"): 100}
UNIT = "|".join(UNITS_AFTER_DIGITS)
SEGMENT = rf"[0-9][\d,.]*(?:(?:{UNIT})(?:{UNSPACED_SCALES})?|{UNSPACED_SCALES})"
MIXED_NUMERAL = re.compile(rf"{SEGMENT}(?: ?{SEGMENT})*(?:(?: (?=[\d,]{{3}}))?[0-9][\d,.]*)?")
"""Digits and scales by turns, such as 1億2000万 and 3만 2,500."""

MIXED_PART = re.compile(rf"([\d,.]+)({UNIT})?({UNSPACED_SCALES})?")

IS_CJK = re.compile("[\u1100-\u11ff\u3007\u4e00-\u9fff]")
IS_THAI = re.compile("[\u0e01-\u0e2e]")
KANA = re.compile("[\u3041-\u30fa]")
KANA_COUNTS = {
    fold(word): number
    for number, words in enumerate(
        ["ひとつ|ひとり", "ふたつ|ふたり", "みっつ", "よっつ", "いつつ", "むっつ", "ななつ", "やっつ", "ここのつ"], 1
    )
    for word in words.split("|")
}
KANA_COUNT = re.compile("|".join(KANA_COUNTS))
"""The counts of things and persons in Japanese that are written without numerals."""

SCALE_OF_DIGITS = re.compile(f"{UNSPACED_SCALES}|{UNIT}")

SHARE_SIGN = re.compile("分[之の]")
CJK_SHARE = re.compile(rf"(\d+|{CJK_NUMERAL.pattern}){SHARE_SIGN.pattern}(\d+(?:\.\d+)?|{CJK_NUMERAL.pattern})")
"""A share, with its denominator first."""

SHARE_BEFORE, MAX_SHARE_BEFORE = re.compile(f"[百万萬千]{SHARE_SIGN.pattern}$"), 3
PERCENT_DENOMINATORS = frozenset(map(Decimal, (100, 1_000, 10_000)))
CJK_POINT = re.compile("[点點]")
CJK_DECIMAL = re.compile(rf"({CJK_NUMERAL.pattern})[点點]([{''.join(CJK_DIGITS)}]+)(?:(分))?")
"""Digits after a point; with 分, it is a time of day."""

NUMBER_WORD = re.compile("[^ -]+")
FOLLOWING_WORD = re.compile(r"[ '-](\w+)")
BEFORE_UNITS = ARTICLES | HALF_WORDS
JOINS_ONLY = JOINING_WORDS - {"en"}
"""Words that no number begins with; `en` is one in Swedish."""

MAX_WORDS = 24
"""Words of a number that are read together."""


def numbers_without_digits(runs: DigitRuns, words: Sequence[Range]) -> Iterator[tuple[Decimal, Range]]:
    """Yield fractions, numbers in words and in Chinese numerals, and those of digits and scales by turns."""
    folded = runs.folded
    yield from _fractions(folded)
    numbers = [*_numbers_in_words(folded, words)]
    yield from compound_amounts(folded, words, numbers)
    for value, place in numbers:
        start, is_negative = sign_before(folded, place >> END_BITS)
        end = place & END_MASK
        signed, signed_place = -value if is_negative else value, pack(start, end)
        percent = PERCENT_SIGN.match(folded, end, end + MAX_AFTER)
        longer = pack(start, percent.end()) if percent and not percent[0][-1].isalpha() else signed_place
        yield from ((each, longer) for each in _roundings(signed))
        yield from shares_and_multiples([signed], signed_place, folded[end : end + MAX_AFTER], has_scale=True)
    if runs.is_eastern and IS_CJK.search(folded):
        yield from compound_cjk_amounts(folded)
        yield from _cjk_numbers(folded)
    if runs.is_eastern and IS_THAI.search(folded):
        yield from thai_numbers(folded)


def _fractions(folded: str) -> Iterator[tuple[Decimal, Range]]:
    end = 0
    for sign in DENOMINATOR.finditer(folded):
        begin = max(sign.start() - MAX_BEFORE_FRACTION_SIGN, end)
        match = FRACTION.search(folded, begin, sign.end() + MAX_DENOMINATOR) if sign.start() >= end else None
        if match and (value := _read_fraction(match.group())) is not None:
            end = match.end()
            place = pack(match.start(), end)
            is_common = int(DENOMINATOR_END.split(match.group())[-1]) <= MAX_COMMON_DENOMINATOR
            yield from ((each, place) for each in (_roundings(value) if is_common else {value}))
            yield from shares_and_multiples([value], place, folded[end : end + MAX_AFTER])


def _roundings(value: Decimal) -> set[Decimal]:
    """Return a fraction, and as it is commonly rounded if it has more digits.

    >>> Decimal("0.667") in _roundings(Decimal(2) / 3), _roundings(Decimal("0.25"))
    (True, {Decimal('0.25')})
    """
    if len(str(value)) <= MAX_FRACTION_CHARS:
        return {value}
    digits = [Decimal(1).scaleb(-places) for places in range(2, 7)]
    return {value, Decimal(str(float(value))), *(value.quantize(each) for each in digits)}


def _cjk_numbers(folded: str) -> Iterator[tuple[Decimal, Range]]:
    is_japanese = KANA.search(folded) is not None
    for match in CJK_NUMERAL.finditer(folded):
        text = match.group()
        if text not in CJK_SCALES and (value := read_cjk_numeral(text, is_japanese=is_japanese)) is not None:
            place, end = pack(*match.span()), match.end()
            percent = PERCENT_SIGN.match(folded, end, end + MAX_AFTER)
            if SHARE_BEFORE.search(folded, max(match.start() - MAX_SHARE_BEFORE, 0), match.start()) is None:
                yield value, place + (percent.end() - end if percent else 0)
            yield from shares_and_multiples([value], place, folded[end : end + MAX_AFTER], has_scale=True)
    if is_japanese:
        yield from ((Decimal(KANA_COUNTS[match[0]]), pack(*match.span())) for match in KANA_COUNT.finditer(folded))
    yield from _cjk_shares(folded)
    yield from _cjk_decimals(folded)
    yield from korean_numbers(folded)
    for match in search_around(MIXED_NUMERAL, SCALE_OF_DIGITS, folded):
        if (value := _read_mixed_numeral(match.group())) is not None:
            start, is_negative = sign_before(folded, match.start())
            yield -value if is_negative else value, pack(start, match.end())


def mixed_numerals(folded: str) -> Iterator[Range]:
    """Yield the places of digits and scales by turns, whose digits do not stand for themselves."""
    for match in search_around(MIXED_NUMERAL, SCALE_OF_DIGITS, folded):
        yield pack(*match.span())


def _cjk_shares(folded: str) -> Iterator[tuple[Decimal, Range]]:
    """Yield the shares, and of those in percent the number too."""
    for match in search_around(CJK_SHARE, SHARE_SIGN, folded):
        denominator, numerator = map(_read_cjk_number, match.groups())
        if denominator and numerator is not None:
            yield from ((each, pack(*match.span())) for each in _roundings(numerator / denominator))
            if denominator in PERCENT_DENOMINATORS:
                yield numerator, pack(*match.span())


def _cjk_decimals(folded: str) -> Iterator[tuple[Decimal, Range]]:
    """Yield the numbers with a point in Chinese, such as 三点五."""
    for match in search_around(CJK_DECIMAL, CJK_POINT, folded):
        integer, decimals = read_cjk_numeral(match[1]), "".join(str(CJK_DIGITS[char]) for char in match[2])
        if integer is not None and not match[3]:
            yield integer + Decimal(f"0.{decimals}"), pack(match.start(), match.end(2))


def _read_cjk_number(text: str) -> Decimal | None:
    return read_cjk_numeral(text) if CJK_NUMERAL.fullmatch(text) else Decimal(text)


def _read_mixed_numeral(text: str) -> Decimal | None:
    """Return the sum of digits with scales.

    >>> _read_mixed_numeral("1億2000万"), _read_mixed_numeral("3千500"), _read_mixed_numeral("12億5千万")
    (Decimal('120000000'), Decimal('3500'), Decimal('1250000000'))
    """
    total, last = Decimal(0), None
    for digits, unit, scale in MIXED_PART.findall(text):
        factor = UNITS_AFTER_DIGITS.get(unit, 1) * ALL_SCALES.get(scale, 1)
        values = read_notation(digits)
        if not values or (last is not None and values[0] * factor >= last):
            return None
        total, last = total + values[0] * factor, ALL_SCALES.get(scale, factor)
    return total


def _read_fraction(text: str) -> Decimal | None:
    """Return the value of a fraction; None if its denominator is zero.

    >>> [str(_read_fraction(text)) for text in ("1/2", "1 1/2", "4/0")]
    ['0.5', '1.5', 'None']
    """
    match = MIXED_FRACTION.fullmatch(text)
    if match is None or not int(match[3]):
        return None
    return Decimal(match[1] or 0) + Decimal(match[2]) / Decimal(match[3])


def _numbers_in_words(folded: str, words: Sequence[Range]) -> Iterator[tuple[Decimal, Range]]:
    """Yield the numbers in words: the longest ones of each run of number words."""
    for start, end in _word_runs(folded, words):
        run = folded[start:end]
        following = FOLLOWING_WORD.match(folded, end) if run.rpartition(" ")[2] in BEFORE_UNITS else None
        is_unit = following is not None and following[1] in UNITS
        for value, first, last in _read_run(run, is_before_unit=is_unit):
            yield value, pack(start + first, start + last)


def _word_runs(folded: str, words: Sequence[Range]) -> Iterator[tuple[int, int]]:
    """Yield the ranges of consecutive number words; none begins with a word such as "and", or the scale of digits."""
    first = last = count = 0
    for word in words:
        start, end = word >> END_BITS, word & END_MASK
        if count and (count == MAX_WORDS or folded[last:start].strip(" -")):
            yield first, last
            count = 0
        is_start = folded[start:end] not in JOINS_ONLY and not _is_scale_of_digits(folded, start, end)
        if count or is_start:
            first = first if count else start
            last, count = end, count + 1
    if count:
        yield first, last


def _is_scale_of_digits(folded: str, start: int, end: int) -> bool:
    """Return whether a word is the scale of a number in digits before it, as in "67.75 million and five hundred"."""
    return folded[start:end] in SCALES and folded[max(start - 2, 0) : start].rstrip()[-1:].isdigit()


def _before_unit(word: str) -> Decimal | None:
    """Return the number that an article or a half is before a unit, as in "una hora" and "media hora"."""
    return Decimal(1) if word in ARTICLES else Decimal("0.5") if word in HALF_WORDS else None


@lru_cache(maxsize=4_096)
def _read_run(run: str, *, is_before_unit: bool) -> tuple[tuple[Decimal, int, int], ...]:
    """Return the numbers of consecutive number words with their ranges: the longest ones, from left to right.

    >>> [str(value) for value, *_ in _read_run("two hundred and five six", is_before_unit=False)]
    ['205', '6']
    >>> _read_run("an", is_before_unit=False), _read_run("an", is_before_unit=True)
    ((), ((Decimal('1'), 0, 2),))
    """
    words = [match.span() for match in NUMBER_WORD.finditer(run)]
    numbers: list[tuple[Decimal, int, int]] = []
    while words:
        lengths = range(len(words), 0, -1)
        start = words[0][0]
        values = ((length, read_number_words(run[start : words[length - 1][1]])) for length in lengths)
        one = _before_unit(run[start:]) if is_before_unit and len(words) == 1 else None
        length, value = next(((length, value) for length, value in values if value is not None), (1, one))
        if value is not None:
            numbers.append((value, start, words[length - 1][1]))
        words = words[length:]
    return tuple(numbers)
