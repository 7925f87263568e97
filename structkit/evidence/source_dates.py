"""The dates and times of a source, each with all values that its notation may have."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date, time, timedelta
from functools import cached_property, lru_cache
from itertools import product
from typing import TypeAlias

from structkit.evidence.cjk_numerals import CJK_NUMERAL, read_cjk_numeral
from structkit.evidence.date_patterns import (
    DAY,
    LINK,
    MONTH,
    NOT_DIGIT,
    OTHER_NAME,
    POINT,
    SUFFIX,
    YEAR,
    YEAR_LINK,
    Day,
)
from structkit.evidence.days_without_year import (
    DaysBefore,
    DaysWithoutYear,
    NamedMonth,
    Orders,
    days_in_words,
    find_days_before,
    find_named_months,
    first_days_of_ranges,
)
from structkit.evidence.digit_runs import DigitRuns
from structkit.evidence.folding import fold
from structkit.evidence.mark_search import search_around
from structkit.evidence.month_names import month_numbers
from structkit.evidence.month_ranges import days_of_ranges
from structkit.evidence.other_calendars import other_calendar_dates, other_years
from structkit.evidence.ranges import Range, pack
from structkit.evidence.short_years import ERAS, years_of
from structkit.evidence.year_first_dates import dates_in_other_orders

YEAR_FIRST = r"\d{3}([-/. ]|\. )\d{1,2}\1\d{1,2}|(?:(?<=1)9|(?<=2)0)\d{6}"
YEAR_LAST = r"(?<!\.\d)\d?(?:([-/.])\d{1,2}\3(?:\d{4}|'?\d{2})|\. \d{1,2}\. ?(?:\d{4}|\d{2}(?!\d| ?[%€$.,]\d?)))"
NUMERIC_DATE = re.compile(rf"[0-9](?<!\d\d)(?:{YEAR_FIRST}|({YEAR_LAST})){NOT_DIGIT}")
PARTS = re.compile(r"'?\d+")
YEAR_LAST_PARTS = re.compile(r"(\d{1,2})([-/.]) ?(\d{1,2})\2 ?('?\d{2}|\d{4})")
HYPHENATED_DIGITS, THREE_DIGITS = re.compile(r"\d+(?:-\d+){2,}"), re.compile(r"\d{3}")
DATE_SIGN, TIME_SIGN, CLEAR_TIME_SIGN = re.compile("[-/.]"), re.compile("[:h.m]"), re.compile("[:hm]")
DAY_MONTH_YEAR = re.compile(
    rf"(?<!\d){DAY},?[ /-]?{LINK}[ -]?{MONTH}{POINT}{OTHER_NAME},?[ /-]?{YEAR_LINK}[ -]?{YEAR}{NOT_DIGIT}"
)
YEAR_IN_RUN = re.compile(r"[12](?<!\d.)(?:(?<=1)9|(?<=2)0)\d{2}(?!\d)")
MONTH_DAY_YEAR = re.compile(rf"(?<![^\W\d_]){MONTH}{POINT} ?(?:the )?{DAY}(?:, ?| ){YEAR}{NOT_DIGIT}")
YEAR_MARK = rf"(?:\.| m\.|e?ko| y\.|-?{fold('ж.')}| {fold('թ.')}| {fold('ж.')}| {fold('г.')})?"
YEAR_MONTH_DAY = re.compile(
    rf"(?<!\d)(\d{{4}}){YEAR_MARK},?[ /-]?{MONTH}{POINT}[ /-]?(\d{{1,2}})(?:st|nd|rd|th)?{NOT_DIGIT}"
)
YEAR_DAY_MONTH = re.compile(rf"(?<!\d)(\d{{4}}){YEAR_MARK},? (?:gada )?(\d{{1,2}})[.-]? ?{MONTH}")
NUMERALS = "\u3007零一二三四五六七八九十"
CJK_DATE = re.compile(
    rf"([0-9{NUMERALS}][\d{NUMERALS}]{{1,3}}) ?年 ?([\d{NUMERALS}]{{1,3}}) ?月 ?([\d{NUMERALS}]{{1,3}}) ?[日号號]"
)
ERA_MARK = re.compile("|".join(ERAS))
ERA_DATE = re.compile(
    rf"({'|'.join(ERAS)}) ?([\d{NUMERALS}百元]{{1,6}}) ?年 ?([\d{NUMERALS}]{{1,3}}) ?月 ?([\d{NUMERALS}]{{1,3}}) ?日"
)
CJK_YEAR, KOREAN_YEAR = re.compile("年"), re.compile(fold("년"))
FIRST_YEAR = "元"
KOREAN_DATE = re.compile(rf"([0-9]\d{{1,3}}) ?{fold('년')} ?(\d{{1,2}}) ?{fold('월')} ?(\d{{1,2}}) ?{fold('일')}")
TIME = re.compile(
    r"([0-9](?<![\d.:]\d)\d?)(?:[:h.](\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?!\d)(?: ?([ap])\.? ?m)?| ?([ap])\.? "
    r"?m(?![^\W\d_]))"
)
NUMBER_END = re.compile(rf"[0-9](?:[0-9]{{3}}{YEAR_MARK},? (?:gada )?([0-9]+)|[0-9]*)$")
"""The number before a place, which is a group if it is after a year; this may also be the end of what is before the
date."""

DAY_BEFORE = re.compile(rf'[0-9]"?(?:{YEAR_MARK}|{SUFFIX}),?[ /-]?{LINK}[ -]?$')
MAX_BEFORE_MONTH, MAX_FROM_MONTH = 32, 48
"""Characters of a date before and from the name of its month."""

MIN_DATE_IN_RUN, YEAR_CHARS, DAY_CHARS = 6, 4, 2
MIN_DATE_CHARS = 9
"""Characters of a date that is not a list of sizes, such as 10-12-14."""

MONTHS_OF_YEAR, HALF_YEAR = 12, timedelta(183)
MAX_PLACES = 20
"""A date with more places is not looked for where its year is left out."""

OTHER_ORDERS = frozenset({"en", "zh", "ja", "ko"})
"""Languages in which the day may be after the month (CLDR)."""

DatePlaces = dict[date, list[Range]]
RangeInRun: TypeAlias = tuple[int, int]
"""A range of a run of digits."""


class SourceDates:
    """The dates of a folded text, in its offsets.

    Args:
        runs: The runs of digits of the text.
        months: Where names of months begin in it.
        years_in_words: Returns the years that it has in words.
        languages: Returns those of the text.

    >>> text = "on 14.03.2026, march 15th, 2026, 16 marz 26 and 2026年3月17日"
    >>> sorted(str(day) for day in SourceDates(DigitRuns(text), [15, 36]).places)
    ['2026-03-14', '2026-03-15', '2026-03-16', '2026-03-17']
    >>> sorted(str(day) for day in SourceDates(DigitRuns("04/05/2026")).places)
    ['2026-04-05', '2026-05-04']
    """

    def __init__(
        self,
        runs: DigitRuns,
        months: Iterable[int] = (),
        years_in_words: Callable[[], Iterable[int]] = list,
        languages: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        """Take the text."""
        self._runs, self._months = runs, [*months]
        self._years_in_words, self._languages = years_in_words, languages
        self._orders: Orders = {}

    @cached_property
    def across_runs(self) -> list[tuple[Range, list[Day]]]:
        """The dates with more than one run of digits, such as those with the name of a month."""
        folded = self._runs.folded
        numbers = month_numbers(self._languages()) if self._months else {}
        words = (
            *_named_months(folded, self._months, numbers),
            *(_eastern_dates(folded) if self._runs.is_eastern else ()),
        )
        numeric = (*other_calendar_dates(self._runs), *dates_in_other_orders(self._runs))
        dates = [*_spaced_dates(self._runs), *words, *numeric]
        return [
            *dates,
            *first_days_of_ranges(folded, dates, self._days_before),
            *days_of_ranges(folded, self._months, numbers),
            *days_in_words(folded, self._named_months, self._days_before, self._languages()),
        ]

    def find(self, day: date) -> list[Range]:
        """Return the places of a date; without any, those of its day and month where the text leaves out its year."""
        if places := self.places.get(day):
            if len(places) > MAX_PLACES:
                return places
            is_only_year = self._years_by_day[day.month, day.day] == 1
            return places + self._days_without_year.find_beside_month(day) if is_only_year else places
        if self._text_years and day.year not in self._text_years and not self._is_near(day):
            return self._days_without_year.find_beside_weekday(day)
        return self._days_without_year.find(day)

    def _is_near(self, day: date) -> bool:
        """Return whether a day is within half a year of one of the text, so that a place without a year is that day."""
        index = bisect_left(self._sorted_days, day)
        return any(abs(each - day) < HALF_YEAR for each in self._sorted_days[max(index - 1, 0) : index + 1])

    @cached_property
    def _sorted_days(self) -> list[date]:
        return sorted(self.places)

    @cached_property
    def _years_by_day(self) -> Counter[tuple[int, int]]:
        """In how many years the text has a day of a month."""
        return Counter((each.month, each.day) for each in self.places)

    @cached_property
    def _text_years(self) -> set[int]:
        """The years of the text."""
        years = YEAR_IN_RUN.findall(" ".join(self._runs.starts))
        return {*map(int, years), *self._years_in_words(), *(day.year for day in self.places)}

    @cached_property
    def _days_without_year(self) -> DaysWithoutYear:
        """The places of days that have a month and no year."""
        dates = sorted(place for place, _ in self.across_runs)
        return DaysWithoutYear(
            self._runs, self._named_months, dates, [*self.places], self._orders, self._days_before, self._languages()
        )

    @cached_property
    def _named_months(self) -> list[NamedMonth]:
        return find_named_months(self._runs.folded, self._months)

    @cached_property
    def _days_before(self) -> DaysBefore:
        return find_days_before(self._runs.folded, self._months)

    @cached_property
    def places(self) -> DatePlaces:
        """The places of each date, in any order."""
        places: defaultdict[Day, list[Range]] = defaultdict(list)
        for place, days in self.across_runs:
            for day in days:
                places[day].append(place)
        dates_by_run = {run: dates for run in self._runs.starts if (dates := dates_in_run(run))}
        decided = _decided_orders(text for dates in dates_by_run.values() for _, text in dates)
        self._orders = decided = self._usual_orders(decided) if decided else decided
        for run, dates in dates_by_run.items():
            starts = self._runs.starts[run]
            for (first, last), text in dates:
                ranges = [pack(start + first, start + last) for start in starts]
                for day in _read_numeric_date(text, decided):
                    places[day] += ranges
        by_date: DatePlaces = {}
        is_thai = "th" in self._languages()
        for day, ranges in places.items():
            for year in other_years(day[0], is_thai=is_thai):
                with suppress(ValueError):
                    by_date.setdefault(date(year, *day[1:]), []).extend(ranges)
        return by_date

    def _usual_orders(self, decided: Orders) -> Orders:
        """Return the orders of a text; where its dates do not show one, the day is first unless it is in English."""
        languages = self._languages()
        if not languages or not languages.isdisjoint(OTHER_ORDERS):
            return decided
        return {separator: order or {True} for separator, order in decided.items()}


@lru_cache(maxsize=4_096)
def dates_in_run(run: str) -> tuple[tuple[RangeInRun, str], ...]:
    """Return the dates of a run of digits, with their ranges.

    >>> dates_in_run("14.3.2026-15.3.2026"), dates_in_run("20260314"), dates_in_run("1.299,50")
    ((((0, 9), '14.3.2026'), ((10, 19), '15.3.2026')), (((0, 8), '20260314'),), ())
    """
    if len(run) < MIN_DATE_IN_RUN or not (run.isdecimal() or DATE_SIGN.search(run)):
        return ()
    return tuple((match.span(), match.group()) for match in NUMERIC_DATE.finditer(run))


@lru_cache(maxsize=4_096)
def times_in_run(run: str) -> tuple[tuple[RangeInRun, time], ...]:
    """Return the times of day of a run of digits, without fractions of seconds, with their ranges.

    >>> [str(clock) for run in ("9:05", "21h30", "3 pm", "11:59:58", "25:00") for _, clock in times_in_run(run)]
    ['09:05:00', '21:30:00', '15:00:00', '11:59:58']
    """
    times: list[tuple[RangeInRun, time]] = []
    for match in TIME.finditer(run) if TIME_SIGN.search(run) else ():
        hour, half = int(match[1]), match[4] or match[5]
        if half:
            hour = hour % 12 + (12 if half == "p" else 0)
        with suppress(ValueError):
            times.append((match.span(), time(hour, int(match[2] or 0), int(match[3] or 0))))
    return tuple(times)


@lru_cache(maxsize=4_096)
def composites_in_run(run: str) -> tuple[RangeInRun, ...]:
    """Return the ranges of dates, times and names such as telephone numbers, whose numbers are not its own.

    >>> composites_in_run("2026-03-14"), composites_in_run("9:05"), composites_in_run("9.05")
    (((0, 10),), ((0, 4),), ())
    >>> composites_in_run("255-12-12"), composites_in_run("10-12-14")
    (((0, 9),), ())
    """
    dates = (span for span, _ in dates_in_run(run) if span[1] - span[0] >= MIN_DATE_CHARS)
    times = (span for span, _ in times_in_run(run) if CLEAR_TIME_SIGN.search(run, *span))
    names = (match.span() for match in HYPHENATED_DIGITS.finditer(run) if THREE_DIGITS.search(match.group()))
    return tuple(sorted({*dates, *times, *names}))


def _spaced_dates(runs: DigitRuns) -> Iterator[tuple[Range, list[Day]]]:
    """Yield dates with spaces after points, or between year, month and day."""
    spaced = (each for gap in (" ", ". ") for each in runs.before_gap(gap, YEAR_CHARS))
    year_first = [start for run, start in spaced if len(run) == YEAR_CHARS]
    year_last = [start for _, start in runs.before_gap(". ", DAY_CHARS)]
    for start in (*year_first, *year_last):
        if match := NUMERIC_DATE.match(runs.folded, start):
            yield pack(*match.span()), _read_numeric_date(match.group(), {})


def _decided_orders(dates: Iterable[str]) -> Orders:
    """Return whether the day is first, for each separator of dates, in those that can be read in one way only."""
    decided: Orders = {}
    for text in dates:
        if match := YEAR_LAST_PARTS.fullmatch(text):
            first, separator, second = int(match[1]), match[2], int(match[3])
            decided.setdefault(separator, set())
            if (first > MONTHS_OF_YEAR) != (second > MONTHS_OF_YEAR):
                decided[separator].add(first > MONTHS_OF_YEAR)
    return decided


def _read_numeric_date(text: str, decided: Orders) -> list[Day]:
    """Return the days that a date in digits may mean.

    With points, the day is first. With another separator, dates of the text that can be read in one way only decide.
    """
    match = YEAR_LAST_PARTS.fullmatch(text)
    if match is None:
        year, month, day = (text[:4], text[4:6], text[6:]) if text.isdecimal() else PARTS.findall(text)
        return [(int(year), int(month), int(day))]
    first, separator, second = int(match[1]), match[2], int(match[3])
    is_day_first = {True} if separator == "." else decided.get(separator, set())
    orders = [(second, first)] * (is_day_first != {False} or first > MONTHS_OF_YEAR)
    orders += [(first, second)] * (is_day_first != {True} or second > MONTHS_OF_YEAR)
    return [(year, *order) for year, order in product(years_of(match[4]), orders)]


def _eastern_dates(folded: str) -> Iterator[tuple[Range, list[Day]]]:
    """Yield Chinese, Japanese and Korean dates."""
    for match in ERA_DATE.finditer(folded) if ERA_MARK.search(folded) else ():
        year, month, day = (_cjk_number(part) for part in match.groups()[1:])
        yield pack(*match.span()), [(ERAS[match[1]] + year, month, day)]
    for mark, pattern in ((CJK_YEAR, CJK_DATE), (KOREAN_YEAR, KOREAN_DATE)):
        for match in search_around(pattern, mark, folded):
            year, month, day = (_cjk_number(part) for part in match.groups())
            yield pack(*match.span()), [(each, month, day) for each in years_of(str(year))]


def _named_months(folded: str, months: Iterable[int], numbers: Mapping[str, int]) -> Iterator[tuple[Range, list[Day]]]:
    spans = set[tuple[int, int]]()
    for start in months:
        first, last = max(start - MAX_BEFORE_MONTH, 0), start + MAX_FROM_MONTH
        matches = [((3, 1, 2), match)] if (match := MONTH_DAY_YEAR.match(folded, start, last)) else []
        if before := DAY_BEFORE.search(folded, first, start):
            number = NUMBER_END.search(folded, first, before.start() + 1)
            begin = number.start() if number else before.start()
            day = number.start(1) if number and number[1] else begin
            matches += [((1, 2, 3), match)] if (match := YEAR_MONTH_DAY.match(folded, begin, last)) else []
            if match := DAY_MONTH_YEAR.match(folded, day, last):
                matches.append(((3, 2, 1), match))
            elif match := YEAR_DAY_MONTH.match(folded, begin, last):
                matches.append(((1, 3, 2), match))
        for groups, match in matches:
            year, name, number_of_day = (match[group] for group in groups)
            if match.span() not in spans and (month := numbers.get(name)):
                spans.add(match.span())
                yield pack(*match.span()), [(each, month, int(number_of_day)) for each in years_of(year)]


def _cjk_number(text: str) -> int:
    if text == FIRST_YEAR:
        return 1
    value = read_cjk_numeral(text) if CJK_NUMERAL.fullmatch(text) else None
    return int(text) if value is None else int(value)
