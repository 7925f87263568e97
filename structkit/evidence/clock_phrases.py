"""Times of day in phrases: `fünf vor halb acht`, `½ 8 Uhr`, `midi et demi`, `14-16 Uhr`, `6 to 8 pm`, `差十分两点`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import time

from structkit.evidence.cjk_numerals import read_digits_or_numeral
from structkit.evidence.clock_words import (
    HALF_AFTER,
    HALF_BEFORE,
    HOURS,
    MAX_BEFORE,
    NOON,
    SIXTY,
    is_afternoon,
    number_of_minutes,
)
from structkit.evidence.digit_runs import DigitRuns
from structkit.evidence.folding import fold
from structkit.evidence.hour_words import hours_of
from structkit.evidence.mark_search import search_around
from structkit.evidence.ranges import Range, pack

LETTERS = r"[^\W\d_]+"
MINUTES_BESIDE_HALF = re.compile(
    rf"(?<!\w)(\d{{1,2}}|{LETTERS})(?: minuten| minuter| minutter)? (vor|voor|i|pa|nach|over|yfir|fyrir) (?:hal[bfv]) "
    rf"(\d{{1,2}}|{LETTERS})(?!\w)"
)
BEFORE_HALF = frozenset({"vor", "voor", "i", "pa", "fyrir"})
HALF_MARK = re.compile(r"hal[bfv] ")
FRACTION_SIGN = "\u2044"
SIGNED_HOUR = re.compile(rf"(?<![\w.,])(1|3){FRACTION_SIGN}([24]) ?(\d{{1,2}})(?!\d)(?: ?(?:uhr|u\.|h))?")
LABEL = re.compile(rf"(?<!\w)(?:um|gegen|ab|bis|om|kl\.?|klokken|v|ve|o|u|w|ob|{fold('в|о')}) $")

MINUTES_OF_NAMES = {
    750: "midi et demi|midi et demie|midi trente|mezzogiorno e mezzo|mezzogiorno e mezza|meio-dia e meia|"
    "meio dia e meia|mediodía y media|twelve thirty|half past twelve",
    735: "midi et quart|mezzogiorno e un quarto",
    705: "midi moins le quart|midi moins quart|mezzogiorno meno un quarto",
    30: "minuit et demi|minuit et demie|meia-noite e meia|mezzanotte e mezza|mezzanotte e mezzo",
    15: "minuit et quart",
    720: "เที่ยงวัน|เที่ยงตรง|öğlen|öğle vakti|δώδεκα το μεσημέρι",
    780: "บ่ายโมง",
    0: "เที่ยงคืน",
    90: "डेढ़ बजे",
    150: "ढाई बजे",
}
NAMED_TIMES = {phrase: minutes for minutes, each in MINUTES_OF_NAMES.items() for phrase in fold(each).split("|")}
"""Minutes after midnight of phrases with the name of an hour."""

NAMED_TIME = re.compile("|".join(sorted(map(re.escape, NAMED_TIMES), key=len, reverse=True)))
STARTS = re.compile("|".join(sorted({re.escape(phrase[:4]) for phrase in NAMED_TIMES})))

PM_RANGE = re.compile(
    r"([0-9](?<![\d.,:/-]\d)\d?)(?:[:.]([0-5]\d))? ?(?:-|to|until|till|and|a|y|bis) ?(\d{1,2})(?:[:.][0-5]\d)? ?"
    r"([ap])\.? ?m(?![^\W\d_])"
)
HOUR_UNITS = "uhr|uur|h|hs|hrs|ч|час|часов|год|u|บ|น|val|óra|órakor|horas|heures"
RANGE_TAIL = re.compile(
    rf"(?<=[\d0]) ?- ?(\d{{1,2}})(?:[:.]([0-5]\d))? ?(?:{'|'.join(map(fold, HOUR_UNITS.split('|')))})(?![^\W\d_])"
)
RANGE_HEAD = re.compile(
    r"[0-9](?<![\d.,:/-]\d)\d?"
    r"(?= ?(?:as|hasta las|hasta|ate as|ate|to|a las|a) \d{1,2}(?:[:h.]\d{2})? ?(?:h|hs|hrs|horas)(?![^\W\d_]))"
)
DAS = re.compile(r"(?<!\w)(?:das|de|de las|dalle|from|desde las) $")
DASHED = re.compile(rf"(?<!\w)(?:{fold('в|с|до|на|к|о|з')}) ([01]?\d|2[0-3])-([0-5]\d)(?![\d-])")
ORDINAL_HOUR = re.compile(r"(?<!\w)(?:ob|u|v|ve|od|do|okoli|oko) (\d{1,2})\. ?(?:uri|ure|hodin\w*|sat\w*)()(?!\w)")
HUNGARIAN_AT = re.compile(
    r"(?<![\d.,:])(\d{1,2})(?:[:.]([0-5]\d))?-?(?:kor|tol|ig)(?!\w)|(\d{1,2}) orakor(?!\w)|"
    r"(\d{1,2}) ora (\d{1,2}) perc"
)
TURKISH_AT = re.compile(r"(?<![\d.,:])(\d{1,2})(?:[:.]([0-5]\d))?'(?:de|da|te|ta)(?!\w)")
LITHUANIAN = re.compile(r"(?<![\d.,:])(\d{1,2}) val\.?(?: (\d{1,2}) min)?(?!\w)")
MERIDIEM_BEFORE = re.compile(r"(?<![^\W\d_])([ap])\.?m\.? ?(\d{1,2})[:：.]([0-5]\d)(?!\d)")
CATALAN = re.compile(rf"(?<!\w)(un|dos|tres) quarts? d(?:e |')({LETTERS})(?!\w)")
CJK = "[\\d一二三四五六七八九十两兩]"
CJK_TO = re.compile(
    rf"差({CJK}{{1,3}}|一刻)分?(?:钟|鐘)? ?({CJK}{{1,3}})[点點]|({CJK}{{1,3}})[点點]差({CJK}{{1,3}}|一刻)分?"
)
EASTERN_TO = re.compile(rf"(\d{{1,2}}) ?(?:時|时|{fold('시')}) ?(\d{{1,2}}) ?(?:分|{fold('분')}) ?(?:前|{fold('전')})")
VIETNAMESE = re.compile(r"(?<![\d.,:])(\d{1,2}) ?g(\d{2})(?!\w)")
LOG_TIME = re.compile(r"(?<=/\d{4}:)(\d{2}):(\d{2}):(\d{2})(?!\d)")
QUARTER = 15


def clock_phrases(runs: DigitRuns, languages: frozenset[str]) -> Iterator[tuple[time, Range]]:
    """Yield the times of a folded text in such phrases; in both halves of the day unless one is stated.

    >>> texts = "funf vor halb acht", "von 14-16 uhr", "6 to 8 pm", "midi et demi", "差十分两点", "1\u20442 8 uhr"
    >>> [[str(clock)[:5] for clock, _ in clock_phrases(DigitRuns(text), frozenset())][-1] for text in texts]
    ['19:25', '16:00', '18:00', '12:30', '13:50', '19:30']
    """
    folded = runs.folded
    for minutes, start, end in (*_phrases(folded, languages), *_eastern(folded)):
        yield from _in_halves(folded, minutes, start, end)
    for hour, minute, place in (*_ranges(folded), *_exact(folded)):
        with suppress(ValueError):
            yield time(hour % HOURS if hour == HOURS else hour, minute), place


def _in_halves(folded: str, minutes: int, start: int, end: int) -> Iterator[tuple[time, Range]]:
    after = HALF_AFTER.match(folded, end)
    before = None if after else HALF_BEFORE.search(folded, max(start - MAX_BEFORE, 0), start)
    hour, minute = divmod(minutes % (HOURS * SIXTY), SIXTY)
    word = after or before
    place = pack(before.start() if before else start, after.end() if after else end)
    if word:
        yield time(hour % NOON + NOON * is_afternoon(word, hour % NOON), minute), place
    elif hour >= NOON:
        yield time(hour, minute), place
    else:
        yield from ((time(hour + half, minute), place) for half in (0, NOON))


def _phrases(folded: str, languages: frozenset[str]) -> Iterator[tuple[int, int, int]]:
    """Yield the minutes after midnight of phrases, and where they begin and end."""
    hours = hours_of(languages)
    for match in search_around(MINUTES_BESIDE_HALF, HALF_MARK, folded):
        minutes, hour = number_of_minutes(match[1]), hours.get(match[3]) or number_of_minutes(match[3])
        if minutes and 0 < hour <= NOON:
            yield hour * SIXTY - SIXTY // 2 + (-minutes if match[2] in BEFORE_HALF else minutes), *match.span()
    for match in CATALAN.finditer(folded) if " quart" in folded else ():
        if hour := hours.get(match[2], 0):
            yield (hour - 1) * SIXTY + QUARTER * ("un", "dos", "tres").index(match[1]) + QUARTER, *match.span()
    yield from _signed_hours(folded)
    for match in search_around(NAMED_TIME, STARTS, folded):
        if not match[0].isascii() or not folded[match.end() : match.end() + 1].isalpha():
            yield NAMED_TIMES[match[0]], *match.span()


def _signed_hours(folded: str) -> Iterator[tuple[int, int, int]]:
    """Yield the minutes of hours with a sign such as ½, which are before the hour."""
    for match in SIGNED_HOUR.finditer(folded) if FRACTION_SIGN in folded else ():
        is_clock = match[0].endswith(("uhr", "u.", "h")) or LABEL.search(
            folded, max(match.start() - MAX_BEFORE, 0), match.start()
        )
        if is_clock and 0 < int(match[3]) <= NOON:
            yield int(match[3]) * SIXTY - SIXTY + SIXTY * int(match[1]) // int(match[2]), *match.span()


def _eastern(folded: str) -> Iterator[tuple[int, int, int]]:
    """Yield the minutes of Chinese, Japanese and Korean times that are before an hour."""
    for match in CJK_TO.finditer(folded) if "差" in folded else ():
        hour, minutes = match[2] or match[3], match[1] or match[4]
        before = QUARTER if minutes == "一刻" else read_digits_or_numeral(minutes)
        yield read_digits_or_numeral(hour) * SIXTY - before, *match.span()
    for match in EASTERN_TO.finditer(folded):
        yield int(match[1]) * SIXTY - int(match[2]), *match.span()


def _ranges(folded: str) -> Iterator[tuple[int, int, Range]]:
    """Yield the first hours of ranges whose end has "pm" or the word for hours, and the last ones after a dash."""
    for match in PM_RANGE.finditer(folded):
        hour, last, half = int(match[1]), int(match[3]) % NOON, NOON * (match[4] == "p")
        end = match.end(2) if match[2] else match.end(1)
        if 0 < hour <= NOON:
            is_same_half = hour % NOON < (last or NOON)
            yield (hour % NOON + (half if is_same_half else NOON - half)), int(match[2] or 0), pack(match.start(), end)
    for match in RANGE_TAIL.finditer(folded):
        yield int(match[1]), int(match[2] or 0), pack(match.start(1), match.end())
    for match in RANGE_HEAD.finditer(folded):
        if DAS.search(folded, max(match.start() - MAX_BEFORE, 0), match.start()):
            yield int(match[0]), 0, pack(*match.span())


def _exact(folded: str) -> Iterator[tuple[int, int, Range]]:
    """Yield the times whose notation says which half of the day they are in, or stands for either."""
    for pattern in (DASHED, ORDINAL_HOUR, LITHUANIAN, VIETNAMESE, LOG_TIME):
        for match in pattern.finditer(folded):
            yield int(match[1]), int(match[2] or 0), pack(match.start(1), match.end())
    for match in HUNGARIAN_AT.finditer(folded):
        hour, minute = match[1] or match[3] or match[4], match[2] or match[5] or "0"
        yield from _with_half_before(folded, int(hour), int(minute), *match.span())
    for match in TURKISH_AT.finditer(folded):
        if HALF_BEFORE.search(folded, max(match.start() - MAX_BEFORE, 0), match.start()):
            yield from _with_half_before(folded, int(match[1]), int(match[2] or 0), *match.span())
    for match in MERIDIEM_BEFORE.finditer(folded):
        yield int(match[2]) % NOON + NOON * (match[1] == "p"), int(match[3]), pack(*match.span())


def _with_half_before(folded: str, hour: int, minute: int, start: int, end: int) -> Iterator[tuple[int, int, Range]]:
    before = HALF_BEFORE.search(folded, max(start - MAX_BEFORE, 0), start)
    if before and hour <= NOON:
        yield hour % NOON + NOON * is_afternoon(before, hour % NOON), minute, pack(before.start(), end)
    else:
        yield hour, minute, pack(start, end)
