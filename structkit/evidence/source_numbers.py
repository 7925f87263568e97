"""The numbers of a source, each with all values that its notation may have."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import TypeAlias

from structkit.evidence.folding import split_text
from structkit.evidence.number_vocabulary import (
    ARTICLES,
    CJK_SCALES,
    CJK_UNITS,
    JOINING_WORDS,
    KOREAN_SCALES,
    NEGATIVE_WORDS,
    PERCENT_WORDS,
    SCALES,
    UNITS,
)
from structkit.evidence.number_words import CJK_NUMERAL, read_cjk_numeral, read_number_words
from structkit.values.evidence_map import Span

NOTATION = re.compile(r"([0-9.,](?:(?<=\d)\d*(?:[.,']\d+)*(?:e[+-]?\d{1,3}(?!\w))?|(?<=[.,])(?<![\w.].)\d+))")
"""Digits with separators, of folded text. It begins with a set of characters, which `re` searches for fast."""

SPACED_GROUPS = re.compile(r"[0-9](?<![\d.,]\d)\d{0,2}(?: \d{3})+(?:[.,]\d+)?(?!\d)")
"""Digits in groups of three with spaces between them."""

FRACTION = re.compile(r"[0-9](?<![\d/.,]\d)(?:\d{0,2}[ -](?=\d))?\d{0,3} ?[/\u2044] ?\d{1,4}(?![\d/.,])")
FOLLOWING_WORD = re.compile(r"[ '](\w+)")
MIXED_FRACTION = re.compile(r"(?:(\d+)[ -])?(\d+) ?[/\u2044] ?(\d+)")
SIGN_OF_FRACTION = "\u2044"

ALL_SCALES = SCALES | CJK_SCALES | KOREAN_SCALES
UNSPACED_SCALES = "|".join((*CJK_SCALES, *KOREAN_SCALES))
SCALE = re.compile(
    rf" ?-?(?:({'|'.join(sorted((re.escape(word) for word in SCALES), key=len, reverse=True))})(?![^\W\d_])"
    rf"|({UNSPACED_SCALES}))"
)
MIXED_NUMERAL = re.compile(rf"[0-9][\d,.]*(?:{UNSPACED_SCALES}|千)\d[\d,.]*(?:(?:{UNSPACED_SCALES}|千)\d*)*")
"""Digits and scales by turns, such as 1億2000万."""

PERCENT_SIGN = re.compile(
    r" ?-?(?:"
    + "|".join(re.escape(word) + (r"(?!\w)" if word.isalpha() else "") for word in PERCENT_WORDS)
    + "|(?P<mille>\u2030))"
)
FOLLOWING_STARTS = frozenset(word[0] for word in (*PERCENT_WORDS, *ALL_SCALES, "\u2030"))
"""What the words and signs after a number begin with."""

FOLLOWING_PREFIXES = frozenset(word[:2] for word in (*PERCENT_WORDS, *ALL_SCALES, "\u2030"))
"""The same, with two characters of those that have more."""

NUMBER_SIGNS = frozenset("-(")
NEGATIVE_ENDS = frozenset(word[-2] for word in NEGATIVE_WORDS)
PERCENT, PER_MILLE = Decimal("0.01"), Decimal("0.001")
CHINESE_PERCENT = "百分之"

NOT_DIGITS = re.compile(r"\D")
THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:[.,']\d{3})+|[1-9]\d?(?:,\d{2})+,\d{3}")
"""Groups of three digits, and of two as in India."""

MAX_WORDS, MAX_AFTER = 24, 24
"""Words of a number that are read together, and characters after one that may belong to it."""


Notation: TypeAlias = tuple[Sequence[Decimal], list[int], int, dict[Decimal, list[Span]]]
"""The values of a notation, where it stands alone, its length, and the places of its values with a sign or a unit."""


class SourceNumbers:
    """The numbers of a folded text, in its offsets; each notation is read when a value with its digits is looked for.

    Args:
        folded: The text.
        words: The ranges of the words that numbers have, in order.

    >>> numbers = SourceNumbers("1.299,50 eur, 3.4 million in total, -5 degrees, 1 1/2 cups, 12% 九", [])
    >>> [len(numbers.find(Decimal(value))) for value in ("1299.5", "3400000", "-5", "5", "1.5", "0.12", "299", "9")]
    [1, 1, 1, 0, 1, 1, 0, 1]
    """

    def __init__(self, folded: str, words: Sequence[Span]) -> None:
        """Find where numbers are."""
        self._folded, self._number_words = folded, words
        self._starts: dict[str, list[int]] = defaultdict(list)
        for text, start in zip(*split_text(NOTATION, folded), strict=True):
            self._starts[text].append(start)
        self._by_digits: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
        for text in self._starts:
            if text.isdecimal():
                self._by_digits[text.strip("0")].append((text, 0, len(text)))
                continue
            for start, end in _parts(text):
                self._by_digits[_digits(text[start:end])].append((text, start, end))
        self._by_value: dict[str, list[Notation]] = {}

    def find(self, value: Decimal) -> list[Span]:
        """Return the places of a number, in order."""
        digits = "".join(map(str, value.as_tuple().digits)).strip("0")
        if digits not in self._by_value:
            self._by_value[digits] = [
                *(
                    self._read(text[start:end], start, self._starts[text])
                    for text, start, end in self._by_digits[digits]
                ),
                *(
                    self._read(self._folded[span.start : span.end].replace(" ", "'"), 0, [span.start])
                    for span in self._spaced.get(digits, ())
                ),
            ]
        spans = {*self._in_words.get(value, ())}
        for values, plain, length, with_units in self._by_value[digits]:
            if value in values:
                spans.update(Span(start, start + length) for start in plain)
            spans.update(with_units.get(value, ()))
        return sorted(spans)

    def values(self) -> list[Decimal]:
        """Return all numbers, each with every value that its notation may have, in ascending order.

        >>> SourceNumbers("1.500 eur for 2 nights", []).values()
        [Decimal('1.500'), Decimal('2'), Decimal('1500')]
        """
        values = {*self._in_words}
        for digits in (*self._by_digits, *self._spaced):
            self.find(Decimal(digits or 0))
            for notation_values, plain, _, with_units in self._by_value[digits]:
                values.update(notation_values if plain else (), with_units)
        return sorted(values)

    def _read(self, notation: str, offset: int, starts: Iterable[int]) -> Notation:
        """Return the values of a notation, and those that it has with a sign, a percent sign or a scale."""
        values, folded, length = read_notation(notation), self._folded, len(notation)
        plain: list[int] = []
        with_units: dict[Decimal, list[Span]] = defaultdict(list)
        for place in starts:
            start = place + offset
            end = start + length
            if _stands_alone(folded[start - 2 : start] if start > 1 else folded[:start], folded[end : end + 4]):
                plain.append(start)
            else:
                for value, span in _with_surroundings(values, folded, Span(start, end)):
                    with_units[value].append(span)
        return values, plain, length, with_units

    @cached_property
    def fraction_signs(self) -> list[Span]:
        """The places of characters such as ½, whose digits do not stand for themselves."""
        if SIGN_OF_FRACTION not in self._folded:
            return []
        return [Span(*match.span()) for match in re.finditer(rf"\d+{SIGN_OF_FRACTION}\d+", self._folded)]

    @cached_property
    def _spaced(self) -> dict[str, list[Span]]:
        places: dict[str, list[Span]] = defaultdict(list)
        for match in SPACED_GROUPS.finditer(self._folded):
            places[_digits(match.group())].append(Span(*match.span()))
        return places

    @cached_property
    def _in_words(self) -> dict[Decimal, list[Span]]:
        return _group(_numbers_without_digits(self._folded, self._number_words))


def _group(numbers: Iterable[tuple[Decimal, Span]]) -> dict[Decimal, list[Span]]:
    places: dict[Decimal, list[Span]] = defaultdict(list)
    for value, span in numbers:
        places[value].append(span)
    return places


def _digits(text: str) -> str:
    """Return the significant digits: a scale, a percent sign and separators do not change them."""
    mantissa = text.partition("e")[0]
    return (mantissa if mantissa.isdecimal() else NOT_DIGITS.sub("", mantissa)).strip("0")


def _parts(text: str) -> list[tuple[int, int]]:
    """Return the range of a number; those of the numbers of a list or a date, which look like one with separators."""
    if read_notation(text):
        return [(0, len(text))]
    return [part.span() for part in re.finditer(r"\d+", text)]


@lru_cache(maxsize=4_096)
def read_notation(text: str) -> tuple[Decimal, ...]:
    """Return the values that digits with separators may have.

    >>> [str(value) for value in read_notation("1,234")], [str(value) for value in read_notation("1.234,5")]
    (['1234', '1.234'], ['1234.5'])
    >>> read_notation("12.03.2026")
    ()
    """
    if text.isdecimal():
        return (Decimal(text),)
    mantissa, _, exponent = text.partition("e")
    if exponent:
        return tuple(value.scaleb(int(exponent)) for value in read_notation(mantissa))
    if THOUSANDS.fullmatch(text):
        grouped = Decimal(re.sub(r"\D", "", text))
        separators = set(re.findall(r"\D", text))
        is_single = len(re.findall(r"\D", text)) == 1 and separators != {"'"}
        values = (grouped, Decimal(text.replace(",", "."))) if is_single else (grouped,)
        return values if len(separators) == 1 else ()
    integer, separator, decimals = max(text.rpartition("."), text.rpartition(","), key=lambda parts: len(parts[0]))
    if not separator:
        return ()
    other_separators = set(re.findall(r"\D", integer))
    if separator in other_separators or (other_separators and not THOUSANDS.fullmatch(integer)):
        return ()
    return (Decimal(f"{re.sub(r'[^0-9]', '', integer) or '0'}.{decimals}"),)


@lru_cache(maxsize=65_536)
def _stands_alone(before: str, after: str) -> bool:
    """Return whether nothing around a number can be its sign, its percent sign or its scale."""
    is_signed = before[-1:] in NUMBER_SIGNS or (before[-1:] == " " and before[:1] in NEGATIVE_ENDS)
    following = after.lstrip(" -")[:2]
    is_sign = following[:1] in FOLLOWING_PREFIXES and not (following.isascii() and following.isalpha())  # %, 5 k, 5万
    return not (is_signed or after[:1] == "-" or following in FOLLOWING_PREFIXES or is_sign)


def _with_surroundings(values: Sequence[Decimal], folded: str, span: Span) -> Iterator[tuple[Decimal, Span]]:
    """Yield the values with their sign, and those with the percent sign or the scale after them."""
    start, is_negative = _sign_before(folded, span.start)
    before, after = folded[max(span.start - 1, 0) : span.start], folded[span.end : span.end + MAX_AFTER]
    signed = [-value for value in values] if is_negative else values
    for value in signed:
        yield value, Span(start, span.end)
        if (before == "(" and after.startswith(")")) or (after.startswith("-") and not after[1:2].isalnum()):
            yield -value, Span(span.start - (before == "("), span.end + 1)
    yield from _shares_and_multiples(signed, Span(start, span.end), after)


def _shares_and_multiples(
    values: Sequence[Decimal], span: Span, after: str, *, has_scale: bool = False
) -> Iterator[tuple[Decimal, Span]]:
    if after.lstrip(" -")[:1] not in FOLLOWING_STARTS:
        return
    if sign := PERCENT_SIGN.match(after):
        share = PER_MILLE if sign["mille"] else PERCENT
        yield from ((value * share, Span(span.start, span.end + sign.end())) for value in values)
    if not has_scale and (scale := SCALE.match(after)):
        factor = ALL_SCALES[scale[1] or scale[2]]
        yield from ((value * factor, Span(span.start, span.end + scale.end())) for value in values)


def _sign_before(folded: str, start: int) -> tuple[int, bool]:
    """Return where a number begins with its sign, and whether it is negative."""
    before = folded[max(start - 7, 0) : start]
    if before[-1:] not in {"-", " "} or (before[-1:] == " " and before[-2:-1] not in NEGATIVE_ENDS):
        return start, False
    if before.endswith("-") and not before[-2:-1].strip().isalnum():
        return start - 1, True
    word = next((word for word in NEGATIVE_WORDS if before.endswith(word)), "")
    is_whole = word and not before[: -len(word)][-1:].isalnum()
    return (start - len(word), True) if is_whole else (start, False)


def _numbers_without_digits(folded: str, words: Sequence[Span]) -> Iterator[tuple[Decimal, Span]]:
    """Yield fractions, numbers in words and in Chinese numerals, and those of digits and scales by turns."""
    has_fraction = "/" in folded or SIGN_OF_FRACTION in folded
    for match in FRACTION.finditer(folded) if has_fraction else ():
        if (value := _read_fraction(match.group())) is not None:
            yield value, Span(*match.span())
    for value, span in _numbers_in_words(folded, words):
        start, is_negative = _sign_before(folded, span.start)
        signed, signed_span = -value if is_negative else value, Span(start, span.end)
        yield signed, signed_span
        yield from _shares_and_multiples([signed], signed_span, folded[span.end : span.end + MAX_AFTER], has_scale=True)
    if not folded.isascii():
        yield from _cjk_numbers(folded)


def _cjk_numbers(folded: str) -> Iterator[tuple[Decimal, Span]]:
    for match in CJK_NUMERAL.finditer(folded):
        if match.group() not in CJK_SCALES and (value := read_cjk_numeral(match.group())) is not None:
            span = Span(*match.span())
            yield value, span
            yield from _shares_and_multiples([value], span, folded[span.end : span.end + MAX_AFTER], has_scale=True)
    for match in re.finditer(rf"{CHINESE_PERCENT}(?:(\d+(?:\.\d+)?)|({CJK_NUMERAL.pattern}))", folded):
        share = Decimal(match[1]) if match[1] else read_cjk_numeral(match[2])
        if share is not None:
            yield share * PERCENT, Span(*match.span())
    for match in MIXED_NUMERAL.finditer(folded):
        if (value := _read_mixed_numeral(match.group())) is not None:
            yield value, Span(*match.span())


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


def _numbers_in_words(folded: str, words: Sequence[Span]) -> Iterator[tuple[Decimal, Span]]:
    """Yield the numbers in words: the longest ones of each run of number words."""
    run: list[Span] = []
    for span in words:
        if run and (len(run) == MAX_WORDS or folded[run[-1].end : span.start].strip(" -")):
            yield from _read_run(folded, run)
            run = []
        if run or folded[span.start : span.end] not in JOINING_WORDS:
            run.append(span)
    yield from _read_run(folded, run)


def _is_one(folded: str, word: Span) -> bool:
    """Return whether a word is an article before a unit."""
    following = FOLLOWING_WORD.match(folded, word.end) if folded[word.start : word.end] in ARTICLES else None
    return following is not None and following[1] in UNITS


def _read_run(folded: str, run: list[Span]) -> Iterator[tuple[Decimal, Span]]:
    """Yield the numbers of consecutive number words: the longest ones, from left to right."""
    while run:
        lengths = range(len(run), 0, -1)
        numbers = ((length, read_number_words(folded[run[0].start : run[length - 1].end])) for length in lengths)
        one = Decimal(1) if _is_one(folded, run[0]) else None
        length, value = next(((length, value) for length, value in numbers if value is not None), (1, one))
        if value is not None:
            yield value, Span(run[0].start, run[length - 1].end)
        run = run[length:]
