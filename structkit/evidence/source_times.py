"""The times of day of a source."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import time

from structkit.evidence.cjk_numerals import CJK_NUMERAL, read_cjk_numeral
from structkit.evidence.clock_phrases import clock_phrases
from structkit.evidence.clock_words import compact_times, times_with_words, with_half_of_day
from structkit.evidence.digit_runs import DigitRuns
from structkit.evidence.folding import fold
from structkit.evidence.korean_numbers import NUMERALS, SYLLABLE, SYLLABLE_PATTERN
from structkit.evidence.mark_search import search_around
from structkit.evidence.ranges import Range, overlaps, pack
from structkit.evidence.source_dates import times_in_run
from structkit.evidence.spoken_times import spoken_times
from structkit.evidence.text_index import TextIndex

TimePlaces = dict[time, list[Range]]


def _hours_of(words: str) -> tuple[dict[str, int], str]:
    """Return the hour of each word, from one on, and the alternatives of a pattern."""
    hours = {fold(word): hour for hour, word in enumerate(words.split(), 1)}
    return hours, "|".join(sorted(hours, key=len, reverse=True))


NOON, HALF_HOUR, FIRST_OF_DAY = 12, 30, 6
NUMBER = CJK_NUMERAL.pattern.removesuffix("+")
NUMBER = rf"(\d{{1,2}}|{NUMBER}{{1,3}})"
CJK_TIME = re.compile(
    rf"(?:(午前|午後|上午|下午|今晚|晚上|晚|傍晚|夕方|深夜|夜|中午|凌晨|早上|朝|清晨) ?)?{NUMBER} ?[時时点點](?:鐘|钟)?"
    rf"(?: ?(半|[一三13]刻)| ?{NUMBER} ?分)?"
)
KOREAN_HOURS, KOREAN_HOUR = _hours_of("한 두 세 네 다섯 여섯 일곱 여덟 아홉 열 열한 열두")
KOREAN_HALF = "|".join(map(fold, ("오전", "오후", "아침", "저녁", "밤", "새벽", "낮")))
KOREAN_TIME = re.compile(
    rf"(?:({KOREAN_HALF}) ?)?(\d{{1,2}}|{KOREAN_HOUR}) ?{fold('시')}"
    rf"(?: ?({fold('반')})| ?(\d{{1,2}}|(?:{SYLLABLE}){{1,3}}) ?{fold('분')})?"
)
THAI_HOURS, THAI_HOUR = _hours_of("หนึ่ง สอง สาม สี่ ห้า หก เจ็ด แปด เก้า สิบ สิบเอ็ด สิบสอง")
THAI_MARK = re.compile(fold("โมง|ทุ่ม|ตี|นาฬิกา"))
THAI_TIME = re.compile(
    rf"({fold('ตี')}|{fold('บ่าย')})? ?(\d{{1,2}}|{THAI_HOUR})? ?({fold('โมงเช้า')}|{fold('โมงเย็น')}|{fold('โมง')}|"
    rf"{fold('ทุ่ม')}|{fold('นาฬิกา')})? ?({fold('ครึ่ง')})?"
)
THAI_SHIFTS = {fold("บ่าย"): 12, fold("โมงเย็น"): 12, fold("ทุ่ม"): 18}
RANGE_SIGN = re.compile(r"[~\u223c\u301c-] ?$")
COMPACT_TIME = re.compile(r"(?<=\d{8}t)([01]\d|2[0-3])([0-5]\d)([0-5]\d)?(?!\d)")
"""The time of day of a date and time without signs, as calendars write them: 20260613T090500Z."""

PATTERNS = (
    (re.compile("[時时点點]"), CJK_TIME),
    (re.compile(fold("시")), KOREAN_TIME),
)
"""What a text has to have for a pattern, and the pattern: half of the day, hour, half of an hour, minutes."""

AFTERNOON = frozenset(
    {"午後", "下午", "今晚", "晚上", "晚", "傍晚", "夕方", "夜", *map(fold, ("오후", "저녁", "밤", "낮"))}
)
QUARTERS = {"一": 15, "1": 15, "三": 45, "3": 45}


def find_times(runs: DigitRuns, index: TextIndex) -> TimePlaces:
    """Return the places of each time of day of a text, in its offsets, in any order.

    >>> from structkit.evidence.folding import FoldedText
    >>> folded = FoldedText("at 9:05, 午後2時30分, 14 h 15 and 9 uhr")
    >>> times = find_times(DigitRuns(folded.text), TextIndex(folded))
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
    for clock, place in (*times_with_words(runs), *compact_times(runs), *spoken_times(index)):
        places[clock].append(place)
    for match in COMPACT_TIME.finditer(runs.folded):
        hour, minute, second = match.groups()
        places[time(int(hour), int(minute), int(second or 0))].append(pack(*match.span()))
    for clock, place in _eastern_times(runs.folded):
        places[clock].append(place)
    _add_phrases(places, clock_phrases(runs, index.languages))
    return places


def _add_phrases(places: TimePlaces, phrases: Iterable[tuple[time, Range]]) -> None:
    """Add the times of phrases that are not at a place of the same time."""
    for clock, place in phrases:
        if not any(overlaps(place, each) for each in places[clock]):
            places[clock].append(place)


def _eastern_times(folded: str) -> Iterator[tuple[time, Range]]:
    """Yield Chinese, Japanese, Korean and Thai times."""
    for mark, pattern in PATTERNS:
        for match in search_around(pattern, mark, folded):
            with suppress(ValueError):
                clock = _read_time(match)
                yield clock, pack(*match.span())
                is_end = RANGE_SIGN.search(folded, max(match.start() - 2, 0), match.start())
                is_in_words = not match[2].isdecimal()
                # its half of the day may be that of the first one, or is not stated
                if (is_end or is_in_words) and not match[1] and clock.hour < NOON:
                    yield clock.replace(hour=clock.hour + NOON), pack(*match.span())
    for match in search_around(THAI_TIME, THAI_MARK, folded):
        first, number, unit, half_hour = match.groups()
        if number and (first or unit):
            hour = (THAI_HOURS.get(number) or int(number)) + THAI_SHIFTS.get(unit, THAI_SHIFTS.get(first, 0))
            yield time(hour % (2 * NOON), HALF_HOUR if half_hour else 0), pack(*match.span())


def _read_time(match: re.Match[str]) -> time:
    half_of_day, hour_text, half_hour, minutes = match.groups()
    hour = _read(hour_text)
    is_afternoon = (half_of_day in AFTERNOON and hour < NOON) or (half_of_day == "中午" and hour < FIRST_OF_DAY)
    minute = QUARTERS.get(half_hour[0], HALF_HOUR) if half_hour else _read(minutes or "0")
    return time(hour + NOON * is_afternoon, minute)


def _read(text: str) -> int:
    if text in KOREAN_HOURS:
        return KOREAN_HOURS[text]
    text = SYLLABLE_PATTERN.sub(lambda part: NUMERALS[part[0]], text)
    value = read_cjk_numeral(text) if CJK_NUMERAL.fullmatch(text) else None
    return int(text) if value is None else int(value)
