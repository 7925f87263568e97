"""The dates and times of a source, each with all values that its notation may have."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, time
from functools import lru_cache
from itertools import product

from structkit.evidence.folding import fold
from structkit.evidence.number_words import CJK_NUMERAL, read_cjk_numeral
from structkit.values.evidence_map import Span

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
    "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "cs": "ledna února března dubna května června července srpna září října listopadu prosince",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "tr": "ocak şubat mart nisan mayis haziran temmuz ağustos eylül ekim kasim aralik",
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    "he": "ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר",
}
"""The names of the months."""

MIN_ABBREVIATION = 3


def _month_numbers() -> dict[str, int]:
    """Return the number of each name and of each abbreviation that means one month in all languages."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for names in MONTHS.values():
        for number, name in enumerate(fold(names).split(), 1):
            for length in range(min(MIN_ABBREVIATION, len(name)), len(name) + 1):
                numbers[name[:length]].add(number)
    numbers |= {f"\u05d1{fold(name)}": {number} for number, name in enumerate(MONTHS["he"].split(), 1)}  # "in"
    numbers |= {"sept": {9}, "jänner": {1}, "janner": {1}, "mar": {3}, "mrz": {3}}
    return {name: min(each) for name, each in numbers.items() if len(each) == 1}


MONTH_NUMBERS = _month_numbers()

DAY = r"(\d{1,2})(?:st|nd|rd|th|er|\.|o|a)?"
MONTH = r"([^\W\d_]{3,12})\.?"
YEAR = r"(\d{4}|'?\d{2})"
BETWEEN = r"(?: of| day of| de| del| do| di)?"
NOT_DIGIT = r"(?!\d)"

YEAR_FIRST = r"\d{3}([-/. ])\d{1,2}\1\d{1,2}|(?:(?<=1)9|(?<=2)0)\d{6}"
YEAR_LAST = r"(?<!\.\d)\d?(?:([-/.])\d{1,2}\3(?:\d{4}|'?\d{2})|\. \d{1,2}\. ?\d{4})"
NUMERIC_DATE = re.compile(rf"[0-9](?<!\d\d)(?:{YEAR_FIRST}|({YEAR_LAST})){NOT_DIGIT}")
PARTS = re.compile(r"'?\d+")
DAY_MONTH_YEAR = re.compile(rf"(?<!\d){DAY}[ -]?{BETWEEN}[ -]?{MONTH},?[ -]?{BETWEEN}[ -]?{YEAR}{NOT_DIGIT}")
MONTH_DAY_YEAR = re.compile(rf"(?<![^\W\d_]){MONTH} ?{DAY}(?:, ?| ){YEAR}{NOT_DIGIT}")
YEAR_MONTH_DAY = re.compile(rf"(?<!\d)(\d{{4}}),?[ -]{MONTH}[ -](\d{{1,2}})(?:st|nd|rd|th)?{NOT_DIGIT}")
NUMERALS = "\u3007零一二三四五六七八九十"
CJK_DATE = re.compile(
    rf"([0-9{NUMERALS}][\d{NUMERALS}]{{1,3}}) ?年 ?([\d{NUMERALS}]{{1,3}}) ?月 ?([\d{NUMERALS}]{{1,3}}) ?[日号號]"
)
KOREAN_DATE = re.compile(rf"([0-9]\d{{1,3}}) ?{fold('년')} ?(\d{{1,2}}) ?{fold('월')} ?(\d{{1,2}}) ?{fold('일')}")
TIME = re.compile(
    r"([0-9](?<![\d.:]\d)\d?)(?:[:h.](\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?!\d)(?: ?([ap])\.?m)?| ?([ap])\.?m(?![^\W\d_]))"
)
DIGIT = re.compile("[0-9]")
MAX_BEFORE_MONTH, MAX_FROM_MONTH = 16, 40
"""Characters of a date before and from the name of its month."""

MONTHS_OF_YEAR = 12
CENTURY, CENTURY_PIVOT = 100, 70
"""Two digits below it are a year of this century, others one of the last."""

DatePlaces = dict[date, list[Span]]
TimePlaces = dict[time, list[Span]]


def find_dates(folded: str, months: Iterable[int] = ()) -> DatePlaces:
    """Return the places of each date of a folded text, in its offsets.

    Args:
        folded: The text.
        months: Where names of months begin in it.

    >>> dates = find_dates("on 14.03.2026, march 15th, 2026, 16 marz 26 and 2026年3月17日", [15, 36])
    >>> sorted(str(day) for day in dates)
    ['2026-03-14', '2026-03-15', '2026-03-16', '2026-03-17']
    >>> sorted(str(day) for day in find_dates("04/05/2026"))
    ['2026-04-05', '2026-05-04']
    """
    places: defaultdict[tuple[int, int, int], list[Span]] = defaultdict(list)
    for span, candidates in _dates(folded, months):
        for candidate in candidates:
            places[candidate].append(span)
    dates: DatePlaces = {}
    for candidate, spans in places.items():
        with suppress(ValueError):
            dates[date(*candidate)] = spans
    return dates


def find_times(folded: str) -> TimePlaces:
    """Return the places of each time of day of a folded text, without fractions of seconds, in its offsets.

    >>> [str(each) for each in find_times("at 9:05, 21h30, 3 pm and 11:59:58")]
    ['09:05:00', '21:30:00', '15:00:00', '11:59:58']
    """
    places: TimePlaces = defaultdict(list)
    for match in TIME.finditer(folded):
        hour, half = int(match[1]), match[4] or match[5]
        if half:
            hour = hour % 12 + (12 if half == "p" else 0)
        with suppress(ValueError):
            places[time(hour, int(match[2] or 0), int(match[3] or 0))].append(Span(*match.span()))
    return places


def _dates(folded: str, months: Iterable[int]) -> Iterator[tuple[Span, list[tuple[int, int, int]]]]:
    """Yield each span with the years, months and days that it may mean."""
    year_last: list[re.Match[str]] = []
    for match in NUMERIC_DATE.finditer(folded):
        if match[2]:
            year_last.append(match)
        else:
            yield Span(*match.span()), [_read_year_first(match.group())]
    yield from _dates_with_year_last(year_last)
    yield from _named_months(folded, months)
    if not folded.isascii():
        for match in (*CJK_DATE.finditer(folded), *KOREAN_DATE.finditer(folded)):
            year_number, month_number, day_number = (_cjk_number(part) for part in match.groups())
            yield Span(*match.span()), [(year_number, month_number, day_number)]


@lru_cache(maxsize=4_096)
def _read_year_first(text: str) -> tuple[int, int, int]:
    year, month, day = (text[:4], text[4:6], text[6:]) if text.isdecimal() else PARTS.findall(text)
    return int(year), int(month), int(day)


def _dates_with_year_last(date_matches: list[re.Match[str]]) -> Iterator[tuple[Span, list[tuple[int, int, int]]]]:
    """Yield the dates with the year last, the day or the month first.

    With points, the day is first. With another separator, dates of the text that can be read in one way only decide.
    """
    matches = [(match, PARTS.findall(match.group())) for match in date_matches]
    decided = defaultdict[str, set[bool]](set)
    for match, (first, second, _) in matches:
        if (int(first) > MONTHS_OF_YEAR) != (int(second) > MONTHS_OF_YEAR):
            decided[match[3] or "."].add(int(first) > MONTHS_OF_YEAR)
    for match, (first, second, year) in matches:
        separator = match[3] or "."
        is_day_first = {True} if separator == "." else decided[separator]
        orders = [(int(second), int(first))] * (is_day_first != {False} or int(first) > MONTHS_OF_YEAR)
        orders += [(int(first), int(second))] * (is_day_first != {True} or int(second) > MONTHS_OF_YEAR)
        yield Span(*match.span()), [(number, *order) for number, order in product(_years(year), orders)]


def _named_months(folded: str, months: Iterable[int]) -> Iterator[tuple[Span, list[tuple[int, int, int]]]]:
    spans = set[tuple[int, int]]()
    for start in months:
        first, last = max(start - MAX_BEFORE_MONTH, 0), start + MAX_FROM_MONTH
        matches = [((3, 1, 2), match)] if (match := MONTH_DAY_YEAR.match(folded, start, last)) else []
        if DIGIT.search(folded, first, start):
            matches += [((3, 2, 1), match) for match in DAY_MONTH_YEAR.finditer(folded, first, last)]
            matches += [((1, 2, 3), match) for match in YEAR_MONTH_DAY.finditer(folded, first, last)]
        for groups, match in matches:
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
