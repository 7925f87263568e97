"""Days without a month, or beside their weekday: `Tue 21/5`, `24日(土)`, `by the 17th`, `luni, 22 crt.`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from structkit.evidence.calendar_names import WEEKDAY_NAMES
from structkit.evidence.date_patterns import SUFFIX
from structkit.evidence.digit_runs import DigitRuns
from structkit.evidence.folding import fold
from structkit.evidence.ranges import Range, pack

MORE_WEEKDAYS = (
    "월 월요일 星期一 周一 週一 礼拜一 月曜日 月曜 月 จันทร์ t2 hai mån mandag maandag lu",
    "화 화요일 星期二 周二 週二 礼拜二 火曜日 火曜 火 อังคาร t3 ba di dinsdag ma",
    "수 수요일 星期三 周三 週三 礼拜三 水曜日 水曜 水 พุธ t4 tư mi wo woe ke miércoles",
    "목 목요일 星期四 周四 週四 礼拜四 木曜日 木曜 木 พฤหัสบดี พฤหัส t5 năm do to",
    "금 금요일 星期五 周五 週五 礼拜五 金曜日 金曜 金 ศุกร์ t6 sáu fr vr pe",
    "토 토요일 星期六 周六 週六 礼拜六 土曜日 土曜 土 เสาร์ t7 bảy sa za la sobotę субботу",
    "일 일요일 星期日 周日 週日 星期天 礼拜天 日曜日 日曜 日 อาทิตย์ cn nhật so zo su",
)
"""What CLDR does not have: East Asian names, Thai ones without "day", the last words of Vietnamese ones, and
further abbreviations."""

WEEKDAYS: dict[str, set[int]] = defaultdict(set)
for _rows in (map(fold, WEEKDAY_NAMES), map(fold, MORE_WEEKDAYS)):
    for _number, _names in enumerate(_rows):
        for _name in _names.split():
            WEEKDAYS[_name].add(_number)
UNSPACED_NAMES = tuple(name for name in WEEKDAYS if "\u0e00" < name[0] < "\u0e4f")

LETTERS = r"((?:[^\W\d_]|[\u0900-\u0963\u0970-\u0dff\u0e00-\u0e4e\u0300-\u036f])+\d?)"
BEFORE = re.compile(
    rf"(?<![^\W_\u0e00-\u0e4e]){LETTERS}"
    rf"(?:-feira)?[.,:]*(?: ?{fold('ที่')})? ?[(\[]?(?:(?:the|den|der|dem|d\.|le|el|il|o|de|{fold('день')}) )?$"
)
AFTER = re.compile(rf"[日일]? ?,? ?[(\[]? ?{LETTERS}")
NUMBERS = re.compile(rf"(\d{{1,2}})(?:([./-])(\d{{1,2}})\.?(?![./-]?\d)|{SUFFIX}(?![\w:]|[.,/-]\d))")
EASTERN = re.compile(rf"(\d{{1,2}}) ?(?:[日号號]|{fold('일')})")
EASTERN_MONTHS = ("月", fold("월"))
DAY_AND_MONTH = re.compile(r"(\d{1,2})(?!\d)(?:[./-](\d{1,2})(?!\d))?")
MAX_BEFORE, MAX_AFTER, MAX_RUN_CHARS = 26, 12, 6

PREPOSITIONS = re.compile(r"(?<!\w)(?:by|on|until|till|before|after|from|since|through|to)(?: the)? $")
ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)(?= ?[,.;:!?)\n]| (?:and|or|to|at|if|inst)\b|$)")
LABELED = re.compile(
    rf"(?<!\w)(?:am|bis zum|zum|le|au|du|el|el dia|dia|il|al|dal|o dia|ate|den|de|d\.|do|od|{fold('до|от|на|к|с')}) $"
)
BARE_DAY = re.compile(rf"(\d{{1,2}})(?:\.(?= |[,;)\n]|$)|e|{fold('-го|-е|го|-та|-ти')}|(?= ?[,;)\n]|\.(?!\d)|$))")
CURRENT_MONTH = re.compile(
    rf"(\d{{1,2}})(?:\.|st|nd|rd|th|-?{fold('го')})? ?"
    rf"(?:crt|c\. ?m|inst|d\. ?m|ds\. ?m|bm|b\. ?m|t\. ?m|del corriente|del cte|do corrente|courant|corrente|"
    rf"{fold('числа|с. м')})"
    r"\.?(?!\w)"
)


class DayPlace(NamedTuple):
    """A day at a place; with its month, or 0, and the weekdays that its name may be, if it has one beside it."""

    day: int
    month: int
    weekdays: frozenset[int]
    place: Range


class DaysOfMonths:
    """The days of a folded text that have no name of a month; each is read when it is looked for.

    >>> days = DaysOfMonths(DigitRuns("jeudi 21.5, 24日(土), by the 17th. luni, 22 crt."))
    >>> [(each.month, sorted(each.weekdays)) for day in (21, 5, 24, 17, 22) for each in days.find(day)]
    [(5, [3]), (21, [3]), (0, [5]), (0, []), (0, [0])]
    """

    def __init__(self, runs: DigitRuns) -> None:
        """Take the text."""
        self._runs = runs
        self._runs_by_number: dict[int, list[str]] = defaultdict(list)
        for run in runs.starts:
            match = DAY_AND_MONTH.match(run) if len(run) <= MAX_RUN_CHARS else None
            for number in {int(each) for each in match.groups() if each} if match else ():
                self._runs_by_number[number].append(run)
        self._days: dict[int, list[DayPlace]] = {}

    def find(self, day: int) -> list[DayPlace]:
        """Return the places of a day."""
        if day not in self._days:
            runs = self._runs_by_number.get(day, ())
            starts = chain.from_iterable(map(self._runs.starts.__getitem__, runs))
            places = chain.from_iterable(_days_at(self._runs.folded, start) for start in starts)
            self._days[day] = [each for each in places if each.day == day]
        return self._days[day]


def _days_at(folded: str, start: int) -> Iterator[DayPlace]:
    eastern = EASTERN.match(folded, start)
    match = eastern or NUMBERS.match(folded, start)
    if match is None or (eastern and folded[max(start - MAX_AFTER, 0) : start].rstrip().endswith(EASTERN_MONTHS)):
        return
    weekdays = _weekdays(folded, start, match.end())
    if eastern is None and match[3]:
        for day, month in ((match[1], match[3]), (match[3], match[1])) if weekdays else ():
            yield DayPlace(int(day), int(month), weekdays, pack(start, match.end()))
    elif weekdays or eastern:
        current = CURRENT_MONTH.match(folded, start)
        yield DayPlace(int(match[1]), 0, weekdays, pack(start, (current or match).end()))
    elif bare := _bare_day(folded, start):
        yield bare


def _weekdays(folded: str, start: int, end: int) -> frozenset[int]:
    """Return the weekdays that a word before or after a place may mean."""
    before = BEFORE.search(folded, max(start - MAX_BEFORE, 0), start)
    if before and (found_days := _weekdays_of(before[1])):
        return found_days
    after = AFTER.match(folded, end, end + MAX_AFTER)
    is_month = after is not None and after[1] in EASTERN_MONTHS and folded[end : after.end()].strip() == after[1]
    return _weekdays_of(after[1]) if after and not is_month else frozenset()


def _weekdays_of(word: str) -> frozenset[int]:
    if word in WEEKDAYS:
        return frozenset(WEEKDAYS[word])
    if not word.endswith(UNSPACED_NAMES):
        return frozenset()
    return frozenset(WEEKDAYS[next(each for each in UNSPACED_NAMES if word.endswith(each))])


def _bare_day(folded: str, start: int) -> DayPlace | None:
    """Return a day after a preposition, as in "by the 17th"."""
    before = folded[max(start - MAX_BEFORE, 0) : start]
    pairs = ((PREPOSITIONS, ORDINAL), (LABELED, BARE_DAY))
    matches = (day.match(folded, start) for label, day in pairs if label.search(before))
    match = CURRENT_MONTH.match(folded, start) or next(filter(None, matches), None)
    return DayPlace(int(match[1]), 0, frozenset(), pack(*match.span())) if match else None
