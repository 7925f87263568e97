"""Dates with their parts in another order or between other signs: `26.05.03`, `2026. III. 14.`, `14 3 2026`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from structkit.evidence.date_patterns import Day
from structkit.evidence.digit_runs import DigitRuns
from structkit.evidence.month_names import ROMAN
from structkit.evidence.ranges import Range, pack
from structkit.evidence.short_years import years_of

EAST_ASIAN = re.compile("[\u1100-\u11ff\u3041-\u30fa\u4e00-\u9fff]")
SHORT_YEAR_FIRST = re.compile(r"(\d{2})([./-])(\d{1,2})\2(\d{1,2})")
MAX_DAY, MONTHS_OF_YEAR, DAY_CHARS = 31, 12, 2
ROMAN_NAMES = "|".join(sorted(ROMAN, key=len, reverse=True))
ROMAN_MONTH = re.compile(rf"[12](?<!\d\d)\d{{3}}\. ?({ROMAN_NAMES})\. ?(\d{{1,2}})(?!\d)")
SPACED_DATE = re.compile(r"(\d{1,2}) (\d{1,2}) ((?:19|20)\d{2})(?![\d.,:/-]| \d)")


def dates_in_other_orders(runs: DigitRuns) -> Iterator[tuple[Range, list[Day]]]:
    """Yield the dates of a folded text; a year of two digits is first in East Asia, or if no day is so large.

    >>> texts = "26.05.03 発行", "26.05.03", "98/5/3", "2026. iii. 14.", "born 14 3 2026"
    >>> [[days for _, days in dates_in_other_orders(DigitRuns(text))] for text in texts]
    [[[(2026, 5, 3)]], [], [[(1998, 5, 3)]], [[(2026, 3, 14)]], [[(2026, 3, 14)]]]
    """
    folded = runs.folded
    is_east_asian = runs.is_eastern and EAST_ASIAN.search(folded) is not None
    for run, starts in runs.starts.items():
        match = None if run.isdecimal() else SHORT_YEAR_FIRST.fullmatch(run)
        if match and (is_east_asian or int(match[1]) > MAX_DAY) and int(match[3]) <= MONTHS_OF_YEAR:
            days = [(year, int(match[3]), int(match[4])) for year in years_of(match[1])]
            yield from ((pack(start, start + len(run)), days) for start in starts)
    for match in ROMAN_MONTH.finditer(folded):
        yield pack(*match.span()), [(int(match[0][:4]), ROMAN[match[1]], int(match[2]))]
    for _, start in runs.before_gap(" ", DAY_CHARS):
        spaced = SPACED_DATE.match(folded, start)
        if spaced and int(spaced[2]) <= MONTHS_OF_YEAR and not folded[max(start - 2, 0) : start].strip()[-1:].isdigit():
            yield pack(*spaced.span()), [(int(spaced[3]), int(spaced[2]), int(spaced[1]))]
