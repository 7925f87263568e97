"""Dates of other calendars, and with a month in Roman numerals, in Vietnamese or with a year after a dash."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from structkit.evidence.date_patterns import Day
from structkit.evidence.digit_runs import DigitRuns
from structkit.evidence.folding import fold
from structkit.evidence.mark_search import search_around
from structkit.evidence.month_names import MONTHS, ROMAN
from structkit.evidence.ranges import Range, pack
from structkit.evidence.short_years import years_of

ERA_LETTERS = {
    "r": 2018,
    "h": 1988,
    "s": 1925,
    "令": 2018,
    "令和": 2018,
    "平成": 1988,
    "昭和": 1925,
    "民國": 1911,
    "民国": 1911,
}
"""The year before the first one of a Japanese era, or of the Republic in Taiwan."""

ERA_BEFORE = re.compile(
    rf"(?<![^\W_])([rhs])\.? ?$|({'|'.join(each for each in ERA_LETTERS if not each.isascii())}) ?$"
)
THREE_NUMBERS = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,2})")
MAX_BEFORE, MIN_RUN_CHARS = 4, 6
ROMAN_NAMES = "|".join(sorted(ROMAN, key=len, reverse=True))
ROMAN_MONTH = re.compile(
    rf"[0-9](?<!\d\d)\d?([./ -]{{1,2}})(?!x \d{{1,3}}(?!\d)|[iv] \d\d\D)({ROMAN_NAMES})[./ -]{{1,2}}'?"
    r"(\d{4}|\d{2})(?![\d/]| ?(?:mm|cm|m|px|kg|g)\b)"
)
"""A month in Roman numerals; 5 x 20 is a size."""

DASHED_YEAR = re.compile(r"(\d{1,2})/(\d{1,2}) ?(?:- ?'?(\d{4}|\d{2})|(?<= )(\d{4}))(?![\d/:]|[.,]\d)")
IS_DASHED_YEAR = re.compile(r"\d{1,2}/\d{1,2}(?:-\d{2,4})?")
"""The date of 24/2-26, 24/2 -26 and 24/2 2026, as in Scandinavia."""

VIETNAMESE_MONTH = re.compile("thang")
VIETNAMESE_NAMES = {
    name.replace("_", " "): number
    for number, names in enumerate(
        fold("giêng/một hai ba tư năm sáu bảy tám chín mười mười_một chạp/mười_hai").split(), 1
    )
    for name in names.split("/")
}
VIETNAMESE = re.compile(r"(?:ngay )?(\d{1,2}) thang (\d{1,2}|[^\W\d_]{2,5}(?: mot| hai)?)(?:,? nam |, ?| )(\d{4})")
PERSIAN_MONTHS = fold("فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند").split()
PERSIAN_MONTH = re.compile("|".join(PERSIAN_MONTHS))
PERSIAN = re.compile(rf"(\d{{1,2}}) ?(?:م |ام )?({PERSIAN_MONTH.pattern})(?: ?ماه)?,? (1[34]\d\d)(?!\d)")
THAI_MONTHS = fold(MONTHS["th"]).split()
THAI_MONTHS += fold("ม.ค. ก.พ. มี.ค. เม.ย. พ.ค. มิ.ย. ก.ค. ส.ค. ก.ย. ต.ค. พ.ย. ธ.ค.").split()
THAI_MONTH = re.compile("|".join(map(re.escape, THAI_MONTHS)))
THAI = re.compile(
    rf"(\d{{1,2}}) ?(?:{fold('เดือน')})?({THAI_MONTH.pattern}) ?"
    rf"(?:{fold('พ.ศ.')}|{fold('ค.ศ.')})? ?(\d{{4}}|\d{{2}})(?!\d)"
)
THAI_DAY = re.compile(rf"(?<!\d)(\d{{1,2}}) ?(?:{fold('เดือน')})?({THAI_MONTH.pattern})(?!\d)")
VIETNAMESE_DAY = re.compile(r"(?<!\d)(?:ngay )?(\d{1,2}) thang (\d{1,2})(?!\d)")
HIJRI_NAMES = (
    "محرم", "صفر", "ربيع الاول", "ربيع الثاني|ربيع الاخر", "جمادى الاولى", "جمادى الثانيه|جمادى الاخره", "رجب",
    "شعبان", "رمضان", "شوال", "ذو القعده|ذي القعده|ذوالقعده", "ذو الحجه|ذي الحجه|ذوالحجه",
)  # fmt: skip
HIJRI_MONTHS = {
    fold(name).replace("\u0647", "[\u0647\u0629]"): number
    for number, names in enumerate(HIJRI_NAMES, 1)
    for name in names.split("|")
}
HIJRI_MONTH = re.compile("|".join(HIJRI_MONTHS))
HIJRI = re.compile(rf"(\d{{1,2}}) ?(?:{fold('من')} )?({HIJRI_MONTH.pattern}),? ?(1[34]\d\d)(?!\d)")
PERSIAN_YEARS = range(1300, 1500)
LONG_MONTHS, DAYS_OF_LONG_MONTH, DAYS_OF_SHORT_MONTH = 6, 31, 30
LEAP_CYCLE, LEAP_REMAINDERS = 33, (1, 5, 9, 13, 17, 22, 26, 30)
"""Of 33 years of the Iranian calendar, those with a remainder of these are leap years."""

NEW_YEAR_1300 = date(1921, 3, 21)
BUDDHIST_YEARS, BUDDHIST_OFFSET = range(2400, 2643), 543
CENTURY = 100
SHORT_YEARS = range(1970, 2070)
"""What years of two digits are read as."""

ROC_MARK, ROC_YEARS = re.compile("民[國国]"), range(100, 200)
"""A text that mentions the Republic of China counts years from 1912 on."""

HIJRI_EPOCH = date(622, 7, 19).toordinal() - 1
HIJRI_CYCLE, HIJRI_YEAR_DAYS = 30, 354


def other_years(year: int, *, is_thai: bool = False) -> tuple[int, ...]:
    """Return a year, and the one that it is if it is Buddhist; in Thai, one of two digits may be so, too.

    >>> other_years(2026), other_years(2569), other_years(2069, is_thai=True)
    ((2026,), (2569, 2026), (2069, 2026))
    """
    if is_thai and year in SHORT_YEARS:
        return year, 2500 - BUDDHIST_OFFSET + year % CENTURY
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
        day = int(re.split(r"\D", match[0], maxsplit=1)[0])
        yield pack(*match.span()), [(year, ROMAN[match[2]], day) for year in years_of(match[3])]
    yield from _dates_with_dashed_year(runs)
    for match in search_around(VIETNAMESE, VIETNAMESE_MONTH, folded):
        if month := VIETNAMESE_NAMES.get(match[2]) or int(match[2] if match[2].isdecimal() else 0):
            yield pack(*match.span()), [(int(match[3]), month, int(match[1]))]
    if runs.is_eastern:
        yield from _thai_dates(folded)
        yield from _persian_dates(folded)


def days_without_year_of_other_months(runs: DigitRuns) -> Iterator[tuple[int, int, Range]]:
    """Yield the months and days of Thai and Vietnamese dates without a year.

    >>> [each[:2] for each in days_without_year_of_other_months(DigitRuns("ngay 14 thang 3 co tiec"))]
    [(3, 14)]
    """
    folded = runs.folded
    for match in search_around(VIETNAMESE_DAY, VIETNAMESE_MONTH, folded):
        yield int(match[2]), int(match[1]), pack(*match.span())
    for match in search_around(THAI_DAY, THAI_MONTH, folded) if runs.is_eastern else ():
        yield THAI_MONTHS.index(match[2]) % (2 * LONG_MONTHS) + 1, int(match[1]), pack(*match.span())


def _dates_with_dashed_year(runs: DigitRuns) -> Iterator[tuple[Range, list[Day]]]:
    for run, starts in runs.starts.items():
        for start in starts if "/" in run and IS_DASHED_YEAR.fullmatch(run) else ():
            if match := DASHED_YEAR.match(runs.folded, start):
                yield (
                    pack(*match.span()),
                    [(year, int(match[2]), int(match[1])) for year in years_of(match[3] or match[4])],
                )


def _thai_dates(folded: str) -> Iterator[tuple[Range, list[Day]]]:
    for match in search_around(THAI, THAI_MONTH, folded):
        month = THAI_MONTHS.index(match[2]) % (2 * LONG_MONTHS) + 1
        yield pack(*match.span()), [(year, month, int(match[1])) for year in years_of(match[3])]


def _persian_dates(folded: str) -> Iterator[tuple[Range, list[Day]]]:
    for match in search_around(PERSIAN, PERSIAN_MONTH, folded):
        yield pack(*match.span()), [_persian(int(match[3]), PERSIAN_MONTHS.index(match[2]) + 1, int(match[1]))]
    for match in search_around(HIJRI, HIJRI_MONTH, folded):
        month = next(number for name, number in HIJRI_MONTHS.items() if re.fullmatch(name, match[2]))
        yield pack(*match.span()), _hijri(int(match[3]), month, int(match[1]))


def _dates_of_three_numbers(runs: DigitRuns) -> Iterator[tuple[Range, list[Day]]]:
    """Yield the dates in digits of the Iranian calendar, and those after a Japanese era."""
    folded = runs.folded
    has_roc_years = runs.is_eastern and ROC_MARK.search(folded) is not None
    for run, starts in runs.starts.items():
        match = THREE_NUMBERS.fullmatch(run) if len(run) >= MIN_RUN_CHARS - 1 and not run.isdecimal() else None
        if match is None:
            continue
        year, month, day = int(match[1]), int(match[3]), int(match[4])
        if year in PERSIAN_YEARS and 0 < month <= 2 * LONG_MONTHS:
            yield from ((pack(start, start + len(run)), [_persian(year, month, day)]) for start in starts)
        if has_roc_years and year in ROC_YEARS:
            yield from ((pack(start, start + len(run)), [(year + 1911, month, day)]) for start in starts)
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


def _hijri(year: int, month: int, day: int) -> list[Day]:
    """Return the days of the Gregorian calendar that one of the Islamic calendar may be; its months begin by sight.

    >>> _hijri(1447, 9, 14)
    [(2026, 3, 2), (2026, 3, 3)]
    """
    days = HIJRI_YEAR_DAYS * (year - 1) + (11 * year + 3) // HIJRI_CYCLE + 29 * (month - 1) + month // 2 + day
    dates = (date.fromordinal(HIJRI_EPOCH + days + shift) for shift in (-1, 0))
    return [(each.year, each.month, each.day) for each in dates]
