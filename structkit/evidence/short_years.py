"""Years that are numbers in another form: `'21`, `民國58年`, `令和8年`, `พ.ศ. 2569`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from structkit.evidence.digit_runs import DigitRuns
from structkit.evidence.folding import fold
from structkit.evidence.mark_search import search_around
from structkit.evidence.ranges import Range, pack

ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867, "民國": 1911, "民国": 1911}
"""The year before the first one of an era."""

ERA_MARK = re.compile("|".join(ERAS))
ERA_YEAR = re.compile(rf"({ERA_MARK.pattern}) ?(\d{{1,3}}|元) ?年")
BUDDHIST_MARK = re.compile(re.escape(fold("พ.ศ.")))
BUDDHIST_YEAR = re.compile(rf"{BUDDHIST_MARK.pattern} ?(2[45]\d\d)(?!\d)")
APOSTROPHE_YEAR = re.compile(r"'(\d{2})(?!\d)$")
IS_APOSTROPHE = re.compile(r"(?<![^\W\d_])'$")
BUDDHIST_OFFSET, CENTURY_PIVOT = 543, 50
CENTURY, FIRST_OF_LAST, LAST_OF_THIS = 100, 31, 70


def short_years(runs: DigitRuns) -> Iterator[tuple[int, Range]]:
    """Yield the years of a folded text.

    >>> [year for year, _ in short_years(DigitRuns("2018-'19, since '74, 令和8年, don't 21"))]
    [2026, 2019, 1974]
    """
    folded = runs.folded
    for match in search_around(ERA_YEAR, ERA_MARK, folded):
        yield ERAS[match[1]] + (1 if match[2] == "元" else int(match[2])), pack(*match.span())
    for match in search_around(BUDDHIST_YEAR, BUDDHIST_MARK, folded):
        yield int(match[1]) - BUDDHIST_OFFSET, pack(*match.span())
    for run, starts in runs.starts.items() if "'" in folded else ():
        if year := APOSTROPHE_YEAR.search(run) if "'" in run else None:
            yield from ((_full_year(year[1]), pack(start + year.start(), start + year.end())) for start in starts)
        elif len(run) == len("21"):
            for start in starts:
                if folded[start - 1 : start] == "'" and IS_APOSTROPHE.search(folded, max(start - 2, 0), start):
                    yield _full_year(run), pack(start - 1, start + 2)


def years_of(text: str) -> list[int]:
    """Return the years that digits may be; those of two digits are in this century, in the last one, or in either.

    >>> years_of("1951"), years_of("'51"), years_of("26"), years_of("98")
    ([1951], [2051, 1951], [2026], [1998])
    """
    number = int(text.lstrip("'"))
    if number >= CENTURY:
        return [number]
    return [2000 + number] * (number < LAST_OF_THIS) + [1900 + number] * (number >= FIRST_OF_LAST)


def _full_year(text: str) -> int:
    return int(text) + (2000 if int(text) < CENTURY_PIVOT else 1900)
