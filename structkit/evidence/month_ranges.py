"""Days that share the year of another one: `28 March to 3 April 2026`, `Mar 14-16, 2026`, `28.12.-3.1.2027`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from structkit.evidence.date_patterns import JOINT, LINK, MONTH, POINT, SUFFIX, YEAR_LINK, Day
from structkit.evidence.ranges import Range, pack
from structkit.evidence.short_years import years_of

YEAR = r"(\d{4}|'\d{2})(?!\d)"
TWO_MONTHS = re.compile(
    rf"{MONTH}{POINT}{JOINT}(?:the |den |dem |le |al |il |o |el )?(\d{{1,2}}){SUFFIX}[ /-]?{LINK}[ -]?"
    rf"{MONTH}{POINT},?{YEAR_LINK} ?{YEAR}"
)
DAY_BEFORE = re.compile(rf"([0-9](?<![\d.,:/'-].)\d?){SUFFIX}[ /-]?{LINK}[ -]?$")
TWO_DAYS = re.compile(rf"{MONTH}{POINT} ?(\d{{1,2}}){SUFFIX}{JOINT}(?:the )?(\d{{1,2}}){SUFFIX},? {YEAR}")
TWO_DATES = re.compile(
    r"([0-9](?<![\d.,:/'-].)\d?)([./]) ?(\d{1,2})(\.?) ?(?:-|to|bis|al|a|au|do|til|till|tot|i|ate) ?"
    r"(\d{1,2})\2 ?(\d{1,2})\2 ?(\d{4}|\d{2})(?!\d)"
)
MAX_BEFORE, MAX_CHARS = 32, 64


def days_of_ranges(folded: str, months: Iterable[int], numbers: Mapping[str, int]) -> Iterator[tuple[Range, list[Day]]]:
    """Yield the days whose year is that of the end of their range.

    Args:
        folded: The text.
        months: Where names of months begin in it.
        numbers: The numbers of the months.

    >>> folded = "28 march to 3 april 2026, mar 14-16, 2026, 28.12.-3.1.2027"
    >>> months = [match.start() for match in re.finditer("mar|apr", folded)]
    >>> [days for _, days in days_of_ranges(folded, months, {"march": 3, "april": 4, "mar": 3})]
    [[(2026, 3, 28)], [(2026, 3, 14)], [(2026, 3, 16)], [(2026, 12, 28)]]
    """
    for start in months:
        before = DAY_BEFORE.search(folded, max(start - MAX_BEFORE, 0), start)
        if before and (match := TWO_MONTHS.match(folded, start, start + MAX_CHARS)):
            first, last = numbers.get(match[1]), numbers.get(match[3])
            if first and last:
                yield pack(before.start(1), match.end(1)), _days(match[4], first, last, before[1])
        elif before is None and (match := TWO_DAYS.match(folded, start, start + MAX_CHARS)) and match[1] in numbers:
            month = numbers[match[1]]
            yield pack(start, match.end(2)), _days(match[4], month, month, match[2])
            yield pack(match.start(3), match.end()), _days(match[4], month, month, match[3])
    for match in TWO_DATES.finditer(folded):
        yield pack(match.start(), match.end(4)), _days(match[7], int(match[3]), int(match[6]), match[1])


def _days(year: str, month: int, last_month: int, day: str) -> list[Day]:
    """Return a day before one in a later month, which is in the next year if its number is smaller."""
    return [(each - (month > last_month), month, int(day)) for each in years_of(year)]
