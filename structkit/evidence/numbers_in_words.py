"""The numbers of a source without notation in digits: fractions, words, Chinese, Japanese and Korean numerals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache

from structkit.evidence.number_notations import read_notation
from structkit.evidence.number_surroundings import (
    ALL_SCALES,
    MAX_AFTER,
    PERCENT,
    UNSPACED_SCALES,
    shares_and_multiples,
    sign_before,
)
from structkit.evidence.number_vocabulary import ARTICLES, CJK_SCALES, CJK_UNITS, JOINING_WORDS, UNITS
from structkit.evidence.number_words import CJK_NUMERAL, read_cjk_numeral, read_number_words
from structkit.evidence.ranges import END_BITS, END_MASK, Range, pack

FRACTION = re.compile(r"[0-9](?<![\d/.,]\d)(?:\d{0,2}[ -](?=\d))?\d{0,3} ?[/\u2044] ?\d{1,4}(?![\d/.,])")
DENOMINATOR = re.compile("[/\u2044] ?[0-9]")
MAX_DENOMINATOR, MAX_BEFORE_FRACTION_SIGN = 6, 8
MIXED_FRACTION = re.compile(r"(?:(\d+)[ -])?(\d+) ?[/\u2044] ?(\d+)")

MIXED_NUMERAL = re.compile(rf"[0-9][\d,.]*(?:{UNSPACED_SCALES}|千)\d[\d,.]*(?:(?:{UNSPACED_SCALES}|千)\d*)*")
"""Digits and scales by turns, such as 1億2000万."""

IS_CJK = re.compile("[\u1100-\u11ff\u3007\u4e00-\u9fff]")
IS_SCALE = re.compile(f"{UNSPACED_SCALES}|千")

CHINESE_PERCENT = "百分之"
CHINESE_SHARE = re.compile(rf"{CHINESE_PERCENT}(?:(\d+(?:\.\d+)?)|({CJK_NUMERAL.pattern}))")

NUMBER_WORD = re.compile("[^ -]+")
FOLLOWING_WORD = re.compile(r"[ '](\w+)")
MAX_WORDS = 24
"""Words of a number that are read together."""


def numbers_without_digits(folded: str, words: Sequence[Range]) -> Iterator[tuple[Decimal, Range]]:
    """Yield fractions, numbers in words and in Chinese numerals, and those of digits and scales by turns."""
    yield from _fractions(folded)
    for value, place in _numbers_in_words(folded, words):
        start, is_negative = sign_before(folded, place >> END_BITS)
        end = place & END_MASK
        signed, signed_place = -value if is_negative else value, pack(start, end)
        yield signed, signed_place
        yield from shares_and_multiples([signed], signed_place, folded[end : end + MAX_AFTER], has_scale=True)
    if IS_CJK.search(folded):
        yield from _cjk_numbers(folded)


def _fractions(folded: str) -> Iterator[tuple[Decimal, Range]]:
    end = 0
    for sign in DENOMINATOR.finditer(folded):
        begin = max(sign.start() - MAX_BEFORE_FRACTION_SIGN, end)
        match = FRACTION.search(folded, begin, sign.end() + MAX_DENOMINATOR) if sign.start() >= end else None
        if match and (value := _read_fraction(match.group())) is not None:
            end = match.end()
            yield value, pack(match.start(), end)


def _cjk_numbers(folded: str) -> Iterator[tuple[Decimal, Range]]:
    for match in CJK_NUMERAL.finditer(folded):
        if match.group() not in CJK_SCALES and (value := read_cjk_numeral(match.group())) is not None:
            place, end = pack(*match.span()), match.end()
            yield value, place
            yield from shares_and_multiples([value], place, folded[end : end + MAX_AFTER], has_scale=True)
    for match in CHINESE_SHARE.finditer(folded) if CHINESE_PERCENT in folded else ():
        share = Decimal(match[1]) if match[1] else read_cjk_numeral(match[2])
        if share is not None:
            yield share * PERCENT, pack(*match.span())
    for match in MIXED_NUMERAL.finditer(folded) if IS_SCALE.search(folded) else ():
        if (value := _read_mixed_numeral(match.group())) is not None:
            yield value, pack(*match.span())


def _read_mixed_numeral(text: str) -> Decimal | None:
    """Return the sum of digits with scales.

    >>> _read_mixed_numeral("1億2000万"), _read_mixed_numeral("3千500")
    (Decimal('120000000'), Decimal('3500'))
    """
    total, last = Decimal(0), None
    for digits, scale in re.findall(rf"([\d,.]+)({UNSPACED_SCALES}|千)?", text):
        factor = {"": 1, "千": CJK_UNITS["千"]}.get(scale) or ALL_SCALES[scale]
        values = read_notation(digits)
        if not values or (last is not None and factor >= last):
            return None
        total, last = total + values[0] * factor, factor
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
        following = FOLLOWING_WORD.match(folded, end) if run.rpartition(" ")[2] in ARTICLES else None
        is_unit = following is not None and following[1] in UNITS
        for value, first, last in _read_run(run, is_before_unit=is_unit):
            yield value, pack(start + first, start + last)


def _word_runs(folded: str, words: Sequence[Range]) -> Iterator[tuple[int, int]]:
    """Yield the ranges of consecutive number words; none begins with a word such as "and"."""
    first = last = count = 0
    for word in words:
        start, end = word >> END_BITS, word & END_MASK
        if count and (count == MAX_WORDS or folded[last:start].strip(" -")):
            yield first, last
            count = 0
        if count or folded[start:end] not in JOINING_WORDS:
            first = first if count else start
            last, count = end, count + 1
    if count:
        yield first, last


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
        one = Decimal(1) if is_before_unit and len(words) == 1 and run[start:] in ARTICLES else None
        length, value = next(((length, value) for length, value in values if value is not None), (1, one))
        if value is not None:
            numbers.append((value, start, words[length - 1][1]))
        words = words[length:]
    return tuple(numbers)
