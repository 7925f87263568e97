"""Dates of other calendars, and with a month in Roman numerals or in Vietnamese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TypeAlias

from structkit.evidence.digit_runs import DigitRuns
from structkit.evidence.folding import fold
from structkit.evidence.mark_search import search_around
from structkit.evidence.month_names import MONTHS, ROMAN
from structkit.evidence.ranges import Range, pack

Day: TypeAlias = tuple[int, int, int]

ERA_LETTERS = {"r": 2018, "h": 1988, "s": 1925, "令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911}
"""The year before the first one of a Japanese era, or of the Republic in Taiwan."""

ERA_BEFORE = re.compile(
    rf"(?<![^\W_])([rhs])\.? ?$|({'|'.join(each for each in ERA_LETTERS if not each.isascii())}) ?$"
)
THREE_NUMBERS = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,2})")
MAX_BEFORE, MIN_RUN_CHARS = 4, 6
ROMAN_MONTH = re.compile(
    rf"[0-9](?<!\d\d)\d?([. /-]|\. )({'|'.join(sorted(ROMAN, key=len, reverse=True))})\1(\d{{4}}|\d{{2}})(?!\d)"
)
VIETNAMESE_MONTH = re.compile("thang")
VIETNAMESE = re.compile(r"(?:ngay )?(\d{1,2}) thang (\d{1,2}),? nam (\d{4})")
THAI_MONTHS = fold(MONTHS["th"]).split()
PERSIAN_MONTHS = fold("فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند").split()
PERSIAN_MONTH, THAI_MONTH = (re.compile("|".join(names)) for names in (PERSIAN_MONTHS, THAI_MONTHS))
PERSIAN = re.compile(rf"(\d{{1,2}}) ?(?:م |ام )?({PERSIAN_MONTH.pattern})(?: ماه)?,? (1[34]\d\d)(?!\d)")
THAI = re.compile(rf"(\d{{1,2}}) ?({THAI_MONTH.pattern}) ?(?:{fold('พ.ศ.')}|{fold('ค.ศ.')})? ?(\d{{4}})(?!\d)")
PERSIAN_YEARS = range(1300, 1500)
LONG_MONTHS, DAYS_OF_LONG_MONTH, DAYS_OF_SHORT_MONTH = 6, 31, 30
LEAP_CYCLE, LEAP_REMAINDERS = 33, (1, 5, 9, 13, 17, 22, 26, 30)
"""Of 33 years of the Iranian calendar, those with a remainder of these are leap years."""

NEW_YEAR_1300 = date(1921, 3, 21)
BUDDHIST_YEARS, BUDDHIST_OFFSET = range(2400, 2643), 543
CENTURY, CENTURY_PIVOT = 100, 70


def other_years(year: int) -> tuple[int, ...]:
    """Return a year, and the one that it is if it is Buddhist.

    >>> other_years(2026), other_years(2569)
    ((2026,), (2569, 2026))
    """
    return (year, year - BUDDHIST_OFFSET) if year in BUDDHIST_YEARS else (year,)


def other_calendar_dates(runs: DigitRuns) -> Iterator[tuple[Range, list[Day]]]:
    """Yield the dates of a folded text.

    >>> runs = DigitRuns("r8.3.14, 14.iii.2026, ngay 14 thang 3 nam 2026, 1404/12/23")
    >>> [days for _, days in other_calendar_dates(runs)]
    [[(2026, 3, 14)], [(2026, 3, 14)], [(2026, 3, 14)], [(2026, 3, 14)]]
    """
    folded = runs.folded
    yield from _dates_of_three_numbers(runs)
    for match in ROMAN_MONTH.finditer(folded):
        year, day = int(match[3]), int(re.split(r"\D", match[0], maxsplit=1)[0])
        year += 0 if year >= CENTURY else 2000 if year < CENTURY_PIVOT else 1900
        yield pack(*match.span()), [(year, ROMAN[match[2]], day)]
    for match in search_around(VIETNAMESE, VIETNAMESE_MONTH, folded):
        yield pack(*match.span()), [(int(match[3]), int(match[2]), int(match[1]))]
    for match in search_around(THAI, THAI_MONTH, folded):
        yield pack(*match.span()), [(int(match[3]), THAI_MONTHS.index(match[2]) + 1, int(match[1]))]
    yield from _persian_dates(folded)


def _persian_dates(folded: str) -> Iterator[tuple[Range, list[Day]]]:
    for match in search_around(PERSIAN, PERSIAN_MONTH, folded):
        yield pack(*match.span()), [_persian(int(match[3]), PERSIAN_MONTHS.index(match[2]) + 1, int(match[1]))]


def _dates_of_three_numbers(runs: DigitRuns) -> Iterator[tuple[Range, list[Day]]]:
    """Yield the dates in digits of the Iranian calendar, and those after a Japanese era."""
    folded = runs.folded
    for run, starts in runs.starts.items():
        match = THREE_NUMBERS.fullmatch(run) if len(run) >= MIN_RUN_CHARS - 1 else None
        if match is None:
            continue
        year, month, day = int(match[1]), int(match[3]), int(match[4])
        if year in PERSIAN_YEARS and 0 < month <= 2 * LONG_MONTHS:
            yield from ((pack(start, start + len(run)), [_persian(year, month, day)]) for start in starts)
        for start in starts if year < CENTURY + CENTURY else ():
            if era := ERA_BEFORE.search(folded, max(start - MAX_BEFORE, 0), start):
                first_year = ERA_LETTERS[era[1] or era[2]]
                yield pack(era.start(), start + len(run)), [(first_year + year, month, day)]


def _persian(year: int, month: int, day: int) -> Day:
    """Return a day of the Iranian calendar as one of the Gregorian.

    >>> _persian(1404, 12, 23), _persian(1403, 12, 30), _persian(1405, 1, 1)
    ((2026, 3, 14), (2025, 3, 20), (2026, 3, 21))
    """
    leap_years = sum(each % LEAP_CYCLE in LEAP_REMAINDERS for each in range(1300, year))
    long_months = min(month - 1, LONG_MONTHS)
    days_before = long_months * DAYS_OF_LONG_MONTH + (month - 1 - long_months) * DAYS_OF_SHORT_MONTH
    result = NEW_YEAR_1300 + timedelta(365 * (year - 1300) + leap_years + days_before + day - 1)
    return result.year, result.month, result.day
