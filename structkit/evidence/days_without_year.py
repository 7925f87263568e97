"""Days whose year or month is elsewhere in a text: `14 March`, `14.03.`, `3 to 5 May 2026`, `Tuesday 21st`."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import NamedTuple, TypeAlias

from structkit.evidence.cjk_numerals import read_digits_or_numeral
from structkit.evidence.date_patterns import JOINT, LINK, LINK_ENDS, MONTH, SUFFIX, YEAR_LINK, Day
from structkit.evidence.days_of_months import DaysOfMonths
from structkit.evidence.digit_runs import DigitRuns
from structkit.evidence.folding import fold
from structkit.evidence.mark_search import search_around
from structkit.evidence.month_names import FULL_NAMES, MONTH_NUMBERS, ROMAN
from structkit.evidence.number_words import ENGLISH, number_words_of, read_number_words
from structkit.evidence.ordinals import days_of
from structkit.evidence.other_calendars import ROMAN_NAMES, days_without_year_of_other_months
from structkit.evidence.ranges import END_BITS, END_MASK, Range, pack

Orders: TypeAlias = dict[str, set[bool]]
"""For each separator of the dates of a text, whether the day is first in those that can be read in one way only."""

DaysBefore: TypeAlias = Mapping[int, re.Match[str]]
"""The days before the names of months, by where these begin."""

ARTICLE = r"(?:(?:the|den|der|dem|le|el|il|l'|o|de) ?)?"
DAYS_BEFORE = re.compile(
    rf"(?:(?<!-)(\d{{1,2}}){SUFFIX}{JOINT}{ARTICLE}(?<![\d.,:/']))?(\d{{1,2}}){SUFFIX}[ /-]?{LINK}[ -]?$"
)
"""The days before the name of a month: that before it, and the first one of a range."""

NAME = re.compile(rf"{MONTH}(?!\w|- )")
DAY_AFTER = re.compile(r"\.? ?(\d{1,2})(?:st|nd|rd|th|er|\.|o)?(?![\w:]|[.,/-]\d)")
NUMERALS = "一二三四五六七八九十"
CJK_MONTH, KOREAN_MONTH = re.compile("月"), re.compile(fold("월"))
CJK_DAY = re.compile(
    rf"(?<![年\d{NUMERALS}])(\d{{1,2}}|[{NUMERALS}]{{1,2}}) ?月 ?(\d{{1,2}}|[{NUMERALS}]{{1,3}}) ?[日号號]"
)
ROMAN_DAY_START = re.compile(rf"[0-9](?<!\d.)\d?[./ ] ?(?:{ROMAN_NAMES})(?!\w)")
ROMAN_DAY = re.compile(rf"(?<![\d./-])(\d{{1,2}})(?:\.(?=[ivx]+\.)|/)({ROMAN_NAMES})(?!\w|\.\d|/)\.?")
ROMAN_DAY_AFTER_LABEL = re.compile(rf"(\d{{1,2}})[. ] ?({ROMAN_NAMES})(?= ?[,;)\n]|\.(?!\d)|$)")
ROMAN_DAY_LABEL = re.compile(rf"(?<!\w)(?:do|od|dnia|dn\.|dne|am|{fold('до|от|на|з|с')}) \Z")
KOREAN_DAY = re.compile(rf"(?<!{fold('년')} )(?<!\d)(\d{{1,2}}){fold('월')} ?(\d{{1,2}}){fold('일')}")
IN_DIGITS = re.compile(r"(?<![\d.,:/'])(?:(?<=[^\d]-)|(?<!-))(\d{1,2})([./-])(\d{1,2})(?=(\.?)(.?))(?![\d,:'/]|[.-]\d)")
SPACED_DAY = re.compile(r"(\d{1,2})\. (\d{1,2})\.(?! ?\d)")
"""A day and its month with a space between them, as in Czech."""

HOUR_SIGN = re.compile(f"時|时|{fold('시')}")
EASTERN_HOUR = re.compile(rf"\d{{1,2}} ?(?:[時时](?![間间])|{fold('시')}(?!{fold('간')}))")
DAY_CHARS = 2
RANGE_IN_DIGITS = re.compile(r"[0-9](?<![\d.,:/'-].)\d?\.? ?- ?(?=(\d{1,2})([./])(\d{1,2})\2(\d{4}|\d{2})(?!\d))")
DIGITS, NUMBER_START = re.compile(r"\d+"), re.compile(r"[0-9](?<![\d.,:/'].)")
POINT = re.compile(r"\.(?!\d)")
MAX_BEFORE, MAX_WORDS_BEFORE, MAX_YEAR_CHARS, MAX_LABEL, MAX_LINK = 40, 48, 60, 6, 32
MONTHS_OF_YEAR, MAX_DAY, CENTURY = 12, 31, 100

FIRST = {
    fold(word): number
    for number, words in (
        (
            1,
            (
                "first premier primero primo primeiro um ersten erster eerste första første pierwszego první перше "
                "первого першого първи"
            ),
        ),
        (2, "second"),
    )
    for word in words.split()
}
ARTICLES_BEFORE_MONTH = re.compile(rf"{LINK} ?$")
YEAR_AFTER = re.compile(rf",?{YEAR_LINK} ?(\d{{4}})(?!\d)")
WORD, WORDS_OF_DAY = re.compile(r"\S+"), 3
YEAR_WORDS = re.compile(rf",?{YEAR_LINK} ?((?:[^\W\d_]+[ -]?){{1,8}})")
ORDINAL_AFTER = re.compile(r" (?:the )?((?:twenty-|thirty-)?[a-z]{2,11}(?:th|rst|nd|rd))(?!\w)")
MIN_CLEAR_CHARS, MIN_COMPOUND_CHARS = 4, 6
YEARS, TEN, TENS = range(1500, 2100), 10, (20, 30)


class NamedMonth(NamedTuple):
    """The name of a month: where it begins and ends, and where an article or a link such as "of" begins before it."""

    start: int
    end: int
    link: int
    name: str


class DaysWithoutYear:
    """The days of a folded text that have no year.

    Args:
        runs: The runs of digits of the text.
        months: Its names of months.
        places: The places of dates with a year, in order.
        dates: These dates.
        orders: The orders of dates in digits.
        days_before: The days before these names.
        languages: Those of the text.
    """

    def __init__(
        self,
        runs: DigitRuns,
        months: Sequence[NamedMonth],
        places: Sequence[Range],
        dates: Iterable[date],
        orders: Orders,
        days_before: DaysBefore,
        languages: frozenset[str] = frozenset(),
    ) -> None:
        """Read the text."""
        self._runs, self._orders = runs, orders
        self._in_words = defaultdict[tuple[int, int], list[Range]](list)
        self._in_digits = defaultdict[tuple[int, int], list[Range]](list)
        self._months_of_dates = {(day.year, day.month) for day in dates}
        in_words = (
            *_named_days(runs.folded, months, days_before),
            *days_of_named_months(runs.folded, months, languages),
        )
        foreign = (*_days_with_other_months(runs), *days_without_year_of_other_months(runs))
        for month, day, place in (*in_words, *foreign):
            if not _is_in_any(place, places):
                self._in_words[month, day].append(place)
        for month, day, place in self._days_in_digits():
            if not _is_in_any(place, places):
                self._in_digits[month, day].append(place)

    def find(self, day: date) -> list[Range]:
        """Return the places of a day and its month; without any, those of a weekday and the day."""
        places = self._in_words.get((day.month, day.day)) or self._in_digits.get((day.month, day.day))
        return places or self.find_beside_weekday(day) or self._in_month_of_text(day)

    def find_beside_month(self, day: date) -> list[Range]:
        """Return the places of a day with its month only."""
        key = day.month, day.day
        return [*self._in_words.get(key, ()), *self._in_digits.get(key, ())]

    def find_beside_weekday(self, day: date) -> list[Range]:
        """Return the places of a day and its month, in digits, beside the weekday that it has in its year."""
        days = self._days_of_months.find(day.day)
        return [each.place for each in days if each.month == day.month and day.weekday() in each.weekdays]

    def _days_in_digits(self) -> Iterator[tuple[int, int, Range]]:
        """Yield the days with a point after the month, and others as the dates with a year of the text are written."""
        folded = self._runs.folded
        for run, starts in self._runs.starts.items():
            for match in IN_DIGITS.finditer(run):
                for start in starts:
                    first, last = start + match.start(), start + match.end()
                    is_pointed = (
                        match[2] == "." and folded[last : last + 1] == "." and not folded[last + 1 : last + 2].isdigit()
                    )
                    for month, day in self._read(match, is_pointed=is_pointed):
                        yield month, day, pack(first, last + is_pointed)

        for spaced in _spaced_days(self._runs):
            yield int(spaced[2]), int(spaced[1]), pack(*spaced.span())

    def _read(self, match: re.Match[str], *, is_pointed: bool) -> Iterator[tuple[int, int]]:
        one, separator, two = match[1], match[2], match[3]
        is_padded = len(one) == len(two) == len("01")
        is_usual = separator in self._orders and (is_padded or separator == "/")
        if not (is_pointed or is_usual or (separator == "/" and is_padded)):
            return
        is_day_first = {True} if separator == "." else self._orders.get(separator, set())
        if is_day_first != {False} and int(two) <= MONTHS_OF_YEAR:
            yield int(two), int(one)
        if is_day_first != {True} and int(one) <= MONTHS_OF_YEAR:
            yield int(one), int(two)

    def _in_month_of_text(self, day: date) -> list[Range]:
        """Return the places of a day without its month, if the text has a date in the same month or the one before."""
        months = self._months_of_dates
        last_month = (day.year, day.month - 1) if day.month > 1 else (day.year - 1, MONTHS_OF_YEAR)
        if (day.year, day.month) not in months and last_month not in months:
            return []
        days = [each for each in self._days_of_months.find(day.day) if not each.month]
        of_weekday = [each.place for each in days if day.weekday() in each.weekdays]
        return of_weekday or [each.place for each in days if not each.weekdays]

    @cached_property
    def _days_of_months(self) -> DaysOfMonths:
        """The days in digits beside a weekday or after a preposition."""
        return DaysOfMonths(self._runs)


def _is_in_any(place: Range, places: Sequence[Range]) -> bool:
    """Return whether a place overlaps one of ordered places."""
    index = bisect_left(places, pack(place & END_MASK, 0)) - 1
    return index >= 0 and places[index] & END_MASK > place >> END_BITS


def find_named_months(folded: str, months: Iterable[int]) -> list[NamedMonth]:
    """Return the names of months that have a number in all languages, by where they begin."""
    matches = (NAME.match(folded, start) for start in months)
    return [
        NamedMonth(*match.span(), _link_start(folded, match.start()), match[1])
        for match in matches
        if match and match[1] in MONTH_NUMBERS
    ]


def _link_start(folded: str, end: int) -> int:
    """Return where the link before a month begins; few have one, which is a faster search."""
    first = max(end - MAX_BEFORE, 0)
    last = end - folded.endswith(" ", first, end)
    link = ARTICLES_BEFORE_MONTH.search(folded, first, end) if folded.endswith(LINK_ENDS, first, last) else None
    return link.start() if link else last


def _named_days(folded: str, months: Iterable[NamedMonth], days_before: DaysBefore) -> Iterator[tuple[int, int, Range]]:
    """Yield the days beside names of months."""
    for start, name_end, _, name in months:
        number = MONTH_NUMBERS[name]
        end = name_end + (folded[name_end : name_end + 1] == "." and name not in FULL_NAMES)
        if before := days_before.get(start):
            yield number, int(before[2]), pack(before.start(2), end)
            if before[1] and int(before[1]) < int(before[2]):
                yield number, int(before[1]), pack(*before.span(1))
        elif after := DAY_AFTER.match(folded, name_end):
            yield number, int(after[1]), pack(start, after.end())


def eastern_days(folded: str) -> Iterator[Range]:
    """Yield the places of Chinese, Japanese and Korean days without a year."""
    for mark, pattern in ((CJK_MONTH, CJK_DAY), (KOREAN_MONTH, KOREAN_DAY)):
        yield from (pack(*match.span()) for match in search_around(pattern, mark, folded))


def eastern_hours(folded: str) -> Iterator[Range]:
    """Yield the places of Chinese, Japanese and Korean hours in digits, which are parts of times."""
    yield from (pack(*match.span()) for match in search_around(EASTERN_HOUR, HOUR_SIGN, folded))


def spaced_days(runs: DigitRuns) -> Iterator[Range]:
    """Yield the places of days and months with a space between them."""
    yield from (pack(*match.span()) for match in _spaced_days(runs))


def _spaced_days(runs: DigitRuns) -> Iterator[re.Match[str]]:
    for _, start in runs.before_gap(". ", DAY_CHARS):
        spaced = SPACED_DAY.match(runs.folded, start)
        if spaced and int(spaced[2]) <= MONTHS_OF_YEAR:
            yield spaced


def find_days_before(folded: str, months: Iterable[int]) -> DaysBefore:
    """Return the days before the names of months; most have no digit that is near enough, which is a faster search."""
    near_digits = (start for start in months if DIGITS.search(folded, max(start - MAX_LINK, 0), start))
    matches = ((start, _find_day_before(folded, start)) for start in near_digits)
    return {start: match for start, match in matches if match}


def _find_day_before(folded: str, end: int) -> re.Match[str] | None:
    """Return the days before a place; they are looked for at the numbers only."""
    for number in NUMBER_START.finditer(folded, max(end - MAX_BEFORE, 0), end):
        if match := DAYS_BEFORE.match(folded, number.start(), end):
            return match
    return None


def _days_with_other_months(runs: DigitRuns) -> Iterator[tuple[int, int, Range]]:
    folded = runs.folded
    for mark, pattern in ((CJK_MONTH, CJK_DAY), (KOREAN_MONTH, KOREAN_DAY)) if runs.is_eastern else ():
        for match in search_around(pattern, mark, folded):
            yield read_digits_or_numeral(match[1]), read_digits_or_numeral(match[2]), pack(*match.span())
    for head in ROMAN_DAY_START.finditer(folded):
        start = head.start()
        label = ROMAN_DAY_LABEL.search(folded, max(start - MAX_LABEL, 0), start)
        day = (ROMAN_DAY_AFTER_LABEL.match(folded, start) if label else None) or ROMAN_DAY.match(folded, start)
        if day:
            yield ROMAN[day[2]], int(day[1]), pack(*day.span())


def first_days_of_ranges(
    folded: str, dates: Sequence[tuple[Range, list[Day]]], days_before: DaysBefore
) -> Iterator[tuple[Range, list[Day]]]:
    """Yield the first days of ranges whose month and year are those of the last day, such as 3 in "3 to 5 May 2026"."""
    by_end = {place >> END_BITS: days for place, days in dates}
    for before in days_before.values():
        if before[1] and int(before[1]) < int(before[2]) and (days := by_end.get(before.start(2))):
            yield pack(*before.span(1)), [(year, month, int(before[1])) for year, month, _ in days]
    for match in RANGE_IN_DIGITS.finditer(folded):
        year, day = int(match[4]) + (0 if int(match[4]) >= CENTURY else 2000), DIGITS.match(folded, match.start())
        if day:
            yield pack(*day.span()), [(year, int(match[3]), int(day[0]))]


def days_in_words(
    folded: str, months: Iterable[NamedMonth], days_before: DaysBefore, languages: frozenset[str]
) -> Iterator[tuple[Range, list[Day]]]:
    """Yield the dates whose day is in words, such as "the fourteenth of March 2026"."""
    for start, end, link, name in months:
        digits = days_before.get(start)
        in_digits = (int(digits[2]), digits.start(2)) if digits else None
        day = in_digits or _day_in_words(folded, link, languages)
        after = None if day else _day_after_month(folded, end)
        number = (day or after or (0,))[0]
        year = _year_after(folded, after[1] if after else end, in_words=digits is not None) if number else None
        if year:
            yield pack(day[1] if day else start, year[1]), [(year[0], MONTH_NUMBERS[name], number)]


def days_of_named_months(
    folded: str, months: Iterable[NamedMonth], languages: frozenset[str]
) -> Iterator[tuple[int, int, Range]]:
    """Yield the days in words before or after the name of their month, without a year.

    >>> text = "on the fourteenth of march"
    >>> [each[:2] for each in days_of_named_months(text, find_named_months(text, [21]), frozenset())]
    [(3, 14)]
    """
    for start, end, link, name in months:
        if name not in FULL_NAMES:
            continue
        if day := _day_in_words(folded, link, languages):
            yield MONTH_NUMBERS[name], day[0], pack(day[1], end)
        elif after := _day_after_month(folded, end):
            yield MONTH_NUMBERS[name], after[0], pack(start, after[1])


def _day_in_words(folded: str, end: int, languages: frozenset[str]) -> tuple[int, int] | None:
    """Return the day whose words are before a place, and where they begin."""
    words, clear = folded[max(end - MAX_WORDS_BEFORE, 0) : end].split(" ")[-WORDS_OF_DAY:], number_words_of(languages)
    ordinals = days_of(languages)
    last = words[-1]
    if len(last) < MIN_COMPOUND_CHARS and not (last in clear or last in ordinals or last in FIRST):
        return None
    for count in range(len(words), 0, -1):
        text = " ".join(words[-count:])
        number = read_number_words(text) if text and not text[-1].isdigit() else None
        value = FIRST.get(text, _ordinal(words[-count:], ordinals) or number)
        parts = text.replace("-", " ").split()
        if ENGLISH.issuperset(parts) or any(len(part) < MIN_CLEAR_CHARS and part not in clear for part in parts):
            continue  # "one may" is not a day, and "on" is a number in Turkish only
        if value is not None and value == int(value) and 0 < value <= MAX_DAY:
            return int(value), end - len(text)
    return None


def _day_after_month(folded: str, end: int) -> tuple[int, int] | None:
    """Return the day whose English ordinal is after its month, and where it ends."""
    match = ORDINAL_AFTER.match(folded, end)
    day = match and (FIRST.get(match[1]) or read_number_words(match[1]))
    return (int(day), match.end()) if match and day and day <= MAX_DAY else None


def _ordinal(words: Sequence[str], ordinals: Mapping[str, int]) -> int:
    """Return the number of an ordinal, which may be a ten and a one; 0 for other words."""
    numbers = [ordinals.get(word, 0) for word in words]
    if len(words) > 1 and read_number_words(words[0]) in TENS:  # двадцать первого
        numbers[0] = int(read_number_words(words[0]) or 0)
    is_compound = len(numbers) > 1 and all(numbers) and numbers[0] in TENS and numbers[1] < TEN
    return sum(numbers) if len(numbers) == 1 or (is_compound and len(numbers) == len("ab")) else 0


def _year_after(folded: str, start: int, *, in_words: bool) -> tuple[int, int] | None:
    """Return the year in words, or in digits too, after a month, and where it ends."""
    if not in_words and (match := YEAR_AFTER.match(folded, start)):
        return int(match[1]), match.end()
    match = YEAR_WORDS.match(folded, start, start + MAX_YEAR_CHARS)
    words = [each.span() for each in WORD.finditer(match[1])] if match else []
    for _, last in reversed(words):
        value = read_number_words(match[1][:last]) if match else None
        if match and value is not None and int(value) in YEARS and value == int(value):
            return int(value), match.start(1) + last
    return None
