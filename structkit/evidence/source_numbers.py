"""The numbers of a source, each with all values that its notation may have."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cached_property

from structkit.evidence.number_words import (
    CJK_NUMERAL,
    CJK_SCALES,
    JOINING_WORDS,
    NUMBER_WORD,
    SCALES,
    WORD_VALUES,
    read_cjk_numeral,
    read_number_words,
)
from structkit.values.evidence_map import MAX_SPANS, Span

NOTATION = re.compile(r"\d+(?:[.,']\d+)*(?:e[+-]?\d{1,3}(?!\w))?|(?<![\w.])[.,]\d+")
"""Digits with separators, of folded text."""

SPACED_GROUPS = re.compile(r"(?<![\d.,])\d{1,3}(?: \d{3})+(?:[.,]\d+)?(?!\d)")
"""Digits in groups of three with spaces between them."""

FRACTION = re.compile(r"(?<![\d/.,])(\d{1,4}) ?[/\u2044] ?(\d{1,4})(?![\d/.,])")

SCALE = re.compile(
    rf" ?-?({'|'.join(sorted((re.escape(word) for word in SCALES), key=len, reverse=True))})(?![^\W\d_])"
    rf"| ?([{''.join(CJK_SCALES)}])"
)

NOT_DIGITS = re.compile(r"\D")
THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:[.,']\d{3})+|[1-9]\d?(?:,\d{2})+,\d{3}")
"""Groups of three digits, and of two as in India."""

PERCENT, PER_MILLE = Decimal("0.01"), Decimal("0.001")

MAX_WORDS = 24
"""Words of a number that are read together."""

NUMBER_WORDS = WORD_VALUES.keys() | SCALES.keys()


class SourceNumbers:
    """The numbers of a folded text, in its offsets; each notation is read when a value with its digits is looked for.

    >>> numbers = SourceNumbers("1.299,50 eur, 3.4 million in total, -5 degrees, twenty-one 12%")
    >>> [len(numbers.find(Decimal(value))) for value in ("1299.5", "3400000", "3.4", "-5", "5", "21", "0.12", "299")]
    [1, 1, 1, 1, 0, 1, 1, 0]
    """

    def __init__(self, folded: str) -> None:
        """Find where numbers are."""
        self._folded = folded
        self._by_digits: dict[str, list[Span]] = defaultdict(list)
        for match in NOTATION.finditer(folded):
            for text, span in _parts(match):
                self._by_digits[_digits(text)].append(span)
        for match in SPACED_GROUPS.finditer(folded):
            self._by_digits[_digits(match.group())].append(Span(*match.span()))
        self._by_value: dict[str, dict[Decimal, list[Span]]] = {}

    def find(self, value: Decimal) -> list[Span]:
        """Return the places of a number, in order; at most `MAX_SPANS`."""
        digits = "".join(map(str, value.as_tuple().digits)).strip("0")
        if digits not in self._by_value:
            self._by_value[digits] = _group(self._read(self._by_digits.get(digits, ())))
        spans = [*self._by_value[digits].get(value, ()), *self._in_words.get(value, ())]
        return sorted({*spans})[:MAX_SPANS]

    def _read(self, spans: Iterable[Span]) -> Iterator[tuple[Decimal, Span]]:
        for span in spans:
            text = self._folded[span.start : span.end].replace(" ", "'")
            yield from _with_surroundings(read_notation(text), self._folded, span)

    @cached_property
    def _in_words(self) -> dict[Decimal, list[Span]]:
        return _group(_numbers_without_digits(self._folded))


def _group(numbers: Iterable[tuple[Decimal, Span]]) -> dict[Decimal, list[Span]]:
    places: dict[Decimal, list[Span]] = defaultdict(list)
    for value, span in numbers:
        if len(places[value]) < MAX_SPANS:
            places[value].append(span)
    return places


def _digits(text: str) -> str:
    """Return the significant digits: a scale, a percent sign and separators do not change them."""
    mantissa = text.partition("e")[0]
    return (mantissa if mantissa.isdecimal() else NOT_DIGITS.sub("", mantissa)).strip("0")


def _parts(match: re.Match[str]) -> Iterable[tuple[str, Span]]:
    """Return a number; the numbers of a list or a date, which is written like one number with separators."""
    text, start = match.group(), match.start()
    if text.isdecimal() or read_notation(text):
        return ((text, Span(start, match.end())),)
    parts = re.finditer(r"\d+", text)
    return [(part.group(), Span(start + part.start(), start + part.end())) for part in parts]


def _numbers_without_digits(folded: str) -> Iterator[tuple[Decimal, Span]]:
    """Yield fractions, and numbers in words and in Chinese numerals."""
    for match in FRACTION.finditer(folded):
        if int(match[2]):
            yield Decimal(match[1]) / Decimal(match[2]), Span(*match.span())
    yield from _numbers_in_words(folded)
    for match in CJK_NUMERAL.finditer(folded):
        if match.group() not in CJK_SCALES and (value := read_cjk_numeral(match.group())) is not None:
            yield value, Span(*match.span())


def read_notation(text: str) -> list[Decimal]:
    """Return the values that digits with separators may have.

    >>> [str(value) for value in read_notation("1,234")], [str(value) for value in read_notation("1.234,5")]
    (['1234', '1.234'], ['1234.5'])
    >>> [str(value) for value in read_notation("12.03.2026")]
    []
    """
    if text.isdecimal():
        return [Decimal(text)]
    mantissa, _, exponent = text.partition("e")
    if exponent:
        return [value.scaleb(int(exponent)) for value in read_notation(mantissa)]
    if THOUSANDS.fullmatch(text):
        grouped = Decimal(re.sub(r"\D", "", text))
        separators = set(re.findall(r"\D", text))
        is_single = len(re.findall(r"\D", text)) == 1 and separators != {"'"}
        return [grouped, Decimal(text.replace(",", "."))] if is_single else [grouped] if len(separators) == 1 else []
    integer, separator, decimals = max(text.rpartition("."), text.rpartition(","), key=lambda parts: len(parts[0]))
    if not separator:
        return []
    other_separators = set(re.findall(r"\D", integer))
    if separator in other_separators or (other_separators and not THOUSANDS.fullmatch(integer)):
        return []
    return [Decimal(f"{re.sub(r'[^0-9]', '', integer) or '0'}.{decimals}")]


def _with_surroundings(values: list[Decimal], folded: str, span: Span) -> Iterator[tuple[Decimal, Span]]:
    """Yield the values with their sign, and those with the percent sign or the scale after them."""
    before, after = folded[max(span.start - 2, 0) : span.start], folded[span.end : span.end + 24]
    is_negative = before.endswith("-") and not before[:-1].strip().isalnum()
    start = span.start - 1 if is_negative else span.start
    signed = [-value for value in values] if is_negative else values
    for value in signed:
        yield value, Span(start, span.end)
        if (before.endswith("(") and after.startswith(")")) or (after.startswith("-") and not after[1:2].isalnum()):
            yield -value, Span(span.start - before.endswith("("), span.end + 1)
    share = {"%": PERCENT, "\u2030": PER_MILLE}.get(after.lstrip()[:1])
    if share:
        yield from ((value * share, Span(start, span.end + after.index(after.lstrip()[0]) + 1)) for value in signed)
    if scale := SCALE.match(after):
        factor = SCALES[scale[1]] if scale[1] else CJK_SCALES[scale[2]]
        yield from ((value * factor, Span(start, span.end + scale.end())) for value in signed)


def _numbers_in_words(folded: str) -> Iterator[tuple[Decimal, Span]]:
    """Yield the numbers in words: each longest run of number words."""
    run: list[re.Match[str]] = []
    for match in NUMBER_WORD.finditer(folded):
        word = match.group()
        is_joining = word in JOINING_WORDS
        if not (word in NUMBER_WORDS or ("-" in word and NUMBER_WORDS.issuperset(word.split("-"))) or is_joining):
            continue
        if run and folded[run[-1].end() : match.start()].strip(" -"):
            yield from _read_run(run)
            run = []
        if run or not is_joining:
            run.append(match)
        if len(run) == MAX_WORDS:
            yield from _read_run(run)
            run = []
    yield from _read_run(run)


def _read_run(run: list[re.Match[str]]) -> Iterator[tuple[Decimal, Span]]:
    """Yield the numbers of consecutive number words: the longest ones, from left to right."""
    while run:
        words = [match.group() for match in run]
        lengths = range(len(words), 0, -1)
        numbers = (
            (length, read_number_words(words[:length])) for length in lengths if not SCALES.keys() >= {*words[:length]}
        )
        length, value = next(((length, value) for length, value in numbers if value is not None), (1, None))
        if value is not None:
            yield value, Span(run[0].start(), run[length - 1].end())
        run = run[length:]
