"""The times of day of a source."""

from __future__ import annotations

import re
from collections import defaultdict
from contextlib import suppress
from datetime import time

from structkit.evidence.clock_words import times_with_words, with_half_of_day
from structkit.evidence.digit_runs import DigitRuns
from structkit.evidence.folding import fold
from structkit.evidence.mark_search import search_around
from structkit.evidence.number_words import CJK_NUMERAL, read_cjk_numeral
from structkit.evidence.ranges import Range, pack
from structkit.evidence.source_dates import times_in_run

TimePlaces = dict[time, list[Range]]

NOON, HALF_HOUR = 12, 30
NUMBER = CJK_NUMERAL.pattern.removesuffix("+")
NUMBER = rf"(\d{{1,2}}|{NUMBER}{{1,3}})"
CJK_TIME = re.compile(
    rf"(?:(午前|午後|上午|下午|晚上|中午|凌晨|早上) ?)?{NUMBER} ?[時时点點](?: ?(半)| ?{NUMBER} ?分)?"
)
KOREAN_TIME = re.compile(
    rf"(?:({fold('오전')}|{fold('오후')}) ?)?(\d{{1,2}}) ?{fold('시')}(?: ?({fold('반')})| ?(\d{{1,2}}) ?{fold('분')})?"
)
COMPACT_TIME = re.compile(r"(?<=\d{8}t)([01]\d|2[0-3])([0-5]\d)([0-5]\d)?(?!\d)")
"""The time of day of a date and time without signs, as calendars write them: 20260613T090500Z."""

PATTERNS = (
    (re.compile("[時时点點]"), CJK_TIME),
    (re.compile(fold("시")), KOREAN_TIME),
)
"""What a text has to have for a pattern, and the pattern: half of the day, hour, half of an hour, minutes."""

AFTERNOON = frozenset({"午後", "下午", "晚上", fold("오후")})


def find_times(runs: DigitRuns) -> TimePlaces:
    """Return the places of each time of day of a text, in its offsets, in any order.

    >>> times = find_times(DigitRuns("at 9:05, 午後2時30分, 14 h 15 and 9 uhr"))
    >>> sorted(str(clock) for clock in times)
    ['09:00:00', '09:05:00', '14:15:00', '14:30:00']
    """
    places: TimePlaces = defaultdict(list)
    for run, starts in runs.starts.items():
        for (first, last), clock in times_in_run(run):
            places[clock] += [pack(start + first, start + last) for start in starts]
    for clock, place, exact_clock, longer in [*with_half_of_day(runs.folded, places)]:
        places[clock].remove(place)
        places[exact_clock].append(longer)
    for clock, place in times_with_words(runs):
        places[clock].append(place)
    for match in COMPACT_TIME.finditer(runs.folded):
        hour, minute, second = match.groups()
        places[time(int(hour), int(minute), int(second or 0))].append(pack(*match.span()))
    for mark, pattern in PATTERNS:
        for match in search_around(pattern, mark, runs.folded):
            with suppress(ValueError):
                places[_read_time(match)].append(pack(*match.span()))
    return places


def _read_time(match: re.Match[str]) -> time:
    half_of_day, hour_text, half_hour, minutes = match.groups()
    hour = _read(hour_text)
    is_afternoon = half_of_day in AFTERNOON and hour < NOON
    return time(hour + NOON * is_afternoon, HALF_HOUR if half_hour else _read(minutes or "0"))


def _read(text: str) -> int:
    value = read_cjk_numeral(text) if CJK_NUMERAL.fullmatch(text) else None
    return int(text) if value is None else int(value)
