"""The dates and times of a source, each with all values that its notation may have."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, time
from itertools import product

from structkit.evidence.number_words import CJK_NUMERAL, read_cjk_numeral
from structkit.values.evidence_map import MAX_SPANS, Span

MONTHS = {
    "en": "january february march april may june july august september october november december",
    "de": "januar februar marz april mai juni juli august september oktober november dezember",
    "fr": "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pt": "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia wrzesnia pazdziernika listopada grudnia",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
}
"""The names of the months, folded."""

MIN_ABBREVIATION = 3


def _month_numbers() -> dict[str, int]:
    """Return the number of each name and of each abbreviation that means one month in all languages."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for names in MONTHS.values():
        for number, name in enumerate(names.replace("й", "и").split(), 1):
            for length in range(min(MIN_ABBREVIATION, len(name)), len(name) + 1):
                numbers[name[:length]].add(number)
    numbers |= {"sept": {9}, "jänner": {1}, "janner": {1}, "mar": {3}, "mrz": {3}}
    return {name: min(each) for name, each in numbers.items() if len(each) == 1}


MONTH_NUMBERS = _month_numbers()

DAY = r"(\d{1,2})(?:st|nd|rd|th|er|\.|o|a)?"
MONTH = r"([^\W\d_]{3,12})\.?"
YEAR = r"(\d{4}|'?\d{2})"
BETWEEN = r"(?: of| de| del| do| di)?"
NOT_DIGIT, NOT_DIGIT_BEFORE = r"(?!\d)", r"(?<![\d.])"

YEAR_FIRST = re.compile(rf"(?<!\d)(\d{{4}})([-/. ])(\d{{1,2}})\2(\d{{1,2}}){NOT_DIGIT}")
COMPACT = re.compile(r"(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?!\d)")
YEAR_LAST = re.compile(
    rf"{NOT_DIGIT_BEFORE}(\d{{1,2}})([-/.])(\d{{1,2}})\2{YEAR}{NOT_DIGIT}"
    rf"|{NOT_DIGIT_BEFORE}(\d{{1,2}})\. (\d{{1,2}})\. ?(\d{{4}}){NOT_DIGIT}"
)
DAY_MONTH_YEAR = re.compile(rf"(?<!\d){DAY}[ -]?{BETWEEN}[ -]?{MONTH},?[ -]?{BETWEEN}[ -]?{YEAR}{NOT_DIGIT}")
MONTH_DAY_YEAR = re.compile(rf"(?<![^\W\d_]){MONTH} ?{DAY}(?:, ?| ){YEAR}{NOT_DIGIT}")
YEAR_MONTH_DAY = re.compile(rf"(?<!\d)(\d{{4}}),?[ -]{MONTH}[ -](\d{{1,2}})(?:st|nd|rd|th)?{NOT_DIGIT}")
NUMERALS = "\u3007零一二三四五六七八九十"
CJK_DATE = re.compile(rf"([\d{NUMERALS}]{{2,4}}) ?年 ?([\d{NUMERALS}]{{1,3}}) ?月 ?([\d{NUMERALS}]{{1,3}}) ?[日号號]")
TIME = re.compile(
    r"(?<![\d.:])(\d{1,2})[:h.](\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?!\d)(?: ?([ap])\.?m)?"
    r"|(?<![\d.:])(\d{1,2}) ?([ap])\.?m(?![^\W\d_])"
)
MAX_BEFORE_MONTH, MAX_FROM_MONTH = 16, 40
"""Characters of a date before and from the name of its month."""

CENTURY, CENTURY_PIVOT = 100, 70
"""Two digits below it are a year of this century, others one of the last."""

DatePlaces = dict[date, list[Span]]
TimePlaces = dict[time, list[Span]]


def find_dates(folded: str, months: Iterable[int] = ()) -> DatePlaces:
    """Return the places of each date of a folded text, in its offsets.

    Args:
        folded: The text.
        months: Where names of months begin in it.

    >>> [str(day) for day in find_dates("on 14.03.2026, march 15th, 2026, 16 marz 26 and 2026年3月17日", [15, 36])]
    ['2026-03-14', '2026-03-15', '2026-03-16', '2026-03-17']
    >>> sorted(str(day) for day in find_dates("04/05/2026"))
    ['2026-04-05', '2026-05-04']
    """
    places: DatePlaces = defaultdict(list)
    for span, candidates in sorted(_dates(folded, months)):
        for year, month, day in dict.fromkeys(candidates):
            with suppress(ValueError):
                spans = places[date(year, month, day)]
                if len(spans) < MAX_SPANS and span not in spans:
                    spans.append(span)
    return {day: spans for day, spans in places.items() if spans}


def find_times(folded: str) -> TimePlaces:
    """Return the places of each time of day of a folded text, without fractions of seconds, in its offsets.

    >>> [str(each) for each in find_times("at 9:05, 21h30, 3 pm and 11:59:58")]
    ['09:05:00', '21:30:00', '15:00:00', '11:59:58']
    """
    places: TimePlaces = defaultdict(list)
    for match in TIME.finditer(folded):
        hour, half = int(match[1] or match[5]), match[4] or match[6]
        if half:
            hour = hour % 12 + (12 if half == "p" else 0)
        with suppress(ValueError):
            spans = places[time(hour, int(match[2] or 0), int(match[3] or 0))]
            if len(spans) < MAX_SPANS:
                spans.append(Span(*match.span()))
    return {each: spans for each, spans in places.items() if spans}


def _dates(folded: str, months: Iterable[int]) -> Iterator[tuple[Span, list[tuple[int, int, int]]]]:
    """Yield each span with the years, months and days that it may mean."""
    for match in YEAR_FIRST.finditer(folded):
        yield Span(*match.span()), [(int(match[1]), int(match[3]), int(match[4]))]
    for match in COMPACT.finditer(folded):
        yield Span(*match.span()), [(int(match[1]), int(match[2]), int(match[3]))]
    for match in YEAR_LAST.finditer(folded):
        first, second, year = (match[1], match[3], match[4]) if match[1] else (match[5], match[6], match[7])
        orders = [(int(second), int(first)), (int(first), int(second))]
        yield Span(*match.span()), [(year, *order) for year, order in product(_years(year), orders)]
    for pattern, groups in ((DAY_MONTH_YEAR, (3, 2, 1)), (MONTH_DAY_YEAR, (3, 1, 2)), (YEAR_MONTH_DAY, (1, 2, 3))):
        yield from _named_months(pattern, groups, folded, months)
    for match in CJK_DATE.finditer(folded) if "年" in folded else ():
        year, month, day = (_cjk_number(part) for part in match.groups())
        yield Span(*match.span()), [(year, month, day)]


def _named_months(
    pattern: re.Pattern[str], groups: tuple[int, int, int], folded: str, months: Iterable[int]
) -> Iterator[tuple[Span, list[tuple[int, int, int]]]]:
    spans = set[tuple[int, int]]()
    for start in months:
        for match in pattern.finditer(folded, max(start - MAX_BEFORE_MONTH, 0), start + MAX_FROM_MONTH):
            year, name, day = (match[group] for group in groups)
            if match.span() not in spans and (month := MONTH_NUMBERS.get(name)):
                spans.add(match.span())
                yield Span(*match.span()), [(each, month, int(day)) for each in _years(year)]


def _years(text: str) -> list[int]:
    number = int(text.lstrip("'"))
    return [number] if number >= CENTURY else [number + (2000 if number < CENTURY_PIVOT else 1900)]


def _cjk_number(text: str) -> int:
    value = read_cjk_numeral(text) if CJK_NUMERAL.fullmatch(text) else None
    return int(text) if value is None else int(value)
