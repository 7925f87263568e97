"""Times of day as they are said: `wpół do czwartej`, `diez menos cuarto`, `полседьмого`, `jam tujuh`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import time
from functools import cache
from itertools import chain

from structkit.evidence.clock_words import (
    CLEAR_HOUR_WORDS,
    HALF_AFTER,
    HALF_BEFORE,
    HOUR_LABEL,
    HOUR_WORDS,
    NOON,
    SIXTY,
    WHEN_BEFORE,
    is_afternoon,
    number_of_minutes,
)
from structkit.evidence.folding import fold
from structkit.evidence.hour_words import AT_HOUR, HOURS_OF_TWO_WORDS, half_hours_of, hours_of, short_hours
from structkit.evidence.ranges import END_BITS, END_MASK, Range, pack
from structkit.evidence.text_index import TextIndex

BEFORE_HOUR = {
    -30: "wpół do|pół do|půl|pol|o pol|pola|fél|puoli|pool|poole|poolt|половина|в половине|половину|пів на|"
    "пів до|pusė|pusę|pusiau|setengah|halvt",
    -45: "viertel|čtvrt na|štvrť na|negyed|четверть|чверть на|veerand",
    -15: "dreiviertel|drei viertel|tři čtvrtě na|trištvrte na|háromnegyed|kolmveerand|za kwadrans|без четверти|за "
    "чверть|be ketvirčio|"
    "vartin vaille|varttia vaille|kvart i|kvarter i|kvart på|quinze para as|um quarto para as|"
    "cuarto para las|un cuarto para las|पौने|korter í|רבע|ربع به|یک ربع به",
    15: "kwadrans po|ketvirtį po|ketvirtis po|vartin yli|varttia yli|kvart över|kvart over|kvarter over|"
    "чверть по|četrt čez|frjórðung yfir|korter yfir|सवा",
    30: "साढ़े",
}
"""Phrases before an hour, by the minutes that they add."""

AFTER_HOUR = {
    30: "et demie|et demi|y media|e mezza|e mezzo|e meia|e media|i mitja|și jumătate|si jumatate|jumate|"
    "și jumate|και μισή|και μισι|και μιση|и половина|i pol|i po|in pol|buçuk|buçukta|buçuktan|buçuğa|"
    "والنصف|ونصف|و نصف|וחצי|و نیم|ونیم|rưỡi",
    15: "et quart|y cuarto|e un quarto|e um quarto|și un sfert|si un sfert|και τέταρτο|и четвърт|والربع|وربع|"
    "ורבע|و ربع|lewat seperempat|çeyrek geçe",
    -15: "moins le quart|moins quart|menos cuarto|menos un cuarto|meno un quarto|menos um quarto|"
    "fără un sfert|fara un sfert|παρά τέταρτο|إلا ربعا|إلا الربع|إلا ربع|الا ربعا|kurang seperempat|çeyrek kala|"
    "без четвърт",
    45: "e tre quarti",
    20: "والثلث",
    -20: "إلا ثلثا|إلا الثلث",
}
"""Phrases after an hour, and the word for it."""

MINUS_LINKS = "menos|moins|meno|fără|fara|παρά|kém|kurang|إلا|без"
PLUS_LINKS = "lewat|και|e|y|și|et|и|و|i"
MINUS_WORDS = frozenset(fold(MINUS_LINKS).split("|"))
LETTERS = r"(?:[^\W\d_]|[\u0900-\u0963\u0300-\u036f'])+"
TWO_WORDS = rf"(?:{'|'.join(sorted(map(re.escape, HOURS_OF_TWO_WORDS), key=len, reverse=True))})(?!\w)"
TOKEN = rf"(?<![\w.,:])(\d{{1,2}}|{TWO_WORDS}|{LETTERS})"
MINUTES_BEFORE = re.compile(
    rf"{TOKEN} (?:minuten?|min|minut|minutter|minuuttia|perc)? ?"
    r"(nach|vor|over|voor|i|pa|po|yli|vaille|do|cez|para as|para las|to|past) $"
)
LINKS_OF_MINUTES_TO = frozenset({"vor", "voor", "i", "vaille", "do", "to", "para as", "para las"})
MINUTE_WORDS = fold("دقائق|دقيقة|دقيقه|минут|минути|minut|minutes|минуты")
MINUTES_AFTER = re.compile(
    rf" ?({fold(MINUS_LINKS)}|{fold(PLUS_LINKS)})? ?(\d{{1,2}}|{LETTERS})(?: ?(?:{MINUTE_WORDS}))?(?!\w)"
)
CLEAR_MINUTES = re.compile(f"(?:{MINUTE_WORDS})$")
UNIT_AFTER = re.compile(rf" ?-?({HOUR_WORDS})(?![^\W\d_])")
MINUTES_TO = re.compile(rf"(?:{fold('за|без')}|za|be|bez) ({LETTERS}|\d{{1,2}}) (?:{fold('минут')} |minut )?$")
MINUTES_OF_HOUR = re.compile(rf"({LETTERS}|\d{{1,2}}) {fold('минут')}[аы]? $")
"""Before the ordinal of an hour, the minutes since the one before: `десять минут второго`."""

ORDINAL_HOURS = tuple(map(fold, ("ого", "его")))
SINCE_OR_TO = re.compile(f" (?:{fold('geçe')}|(kala))(?!\\w)")
PAIR, FIRST_WORDS = re.compile(TWO_WORDS), frozenset(re.split("[ -]", word)[0] for word in HOURS_OF_TWO_WORDS)
MAX_BEFORE, MAX_AFTER, SMALLEST_MINUTES = 32, 40, 5


def _by_phrase(phrases: dict[int, str]) -> dict[str, int]:
    return {phrase: minutes for minutes, each in phrases.items() for phrase in fold(each).split("|")}


BEFORE_PHRASES, AFTER_PHRASES = _by_phrase(BEFORE_HOUR), _by_phrase(AFTER_HOUR)


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of a phrase with the hour after it, and of an hour with a phrase after it."""
    before, after = (
        "|".join(re.escape(each) for each in sorted(phrases, key=len, reverse=True))
        for phrases in (BEFORE_PHRASES, AFTER_PHRASES)
    )
    return (
        re.compile(rf"(?<!\w)({before}) (\d{{1,2}}|{TWO_WORDS}|{LETTERS})(?![\w:])"),
        re.compile(rf"{TOKEN}(?: ?({HOUR_WORDS})\.?)?[ -]({after})$"),
    )


CLEAR_PHRASES = {phrase for phrase, minutes in AFTER_PHRASES.items() if minutes < 0 and " " in phrase} | {
    *fold("buçukta|buçuktan|buçuğa|çeyrek geçe").split("|")
}
"""Phrases that are never those of a length of time."""

BEFORE_TRIGGERS = frozenset(phrase.split(" ")[0] for phrase in BEFORE_PHRASES)
AFTER_TRIGGERS = frozenset(phrase.split(" ")[-1] for phrase in AFTER_PHRASES)


def spoken_times(index: TextIndex) -> Iterator[tuple[time, Range]]:
    """Yield the times of a text whose hour or minutes are in words; both halves of the day unless one is stated.

    >>> from structkit.evidence.folding import FoldedText
    >>> text = "o wpół do czwartej po południu, alle sette e mezza di sera, приедет в полседьмого вечера"
    >>> sorted(str(clock) for clock, _ in spoken_times(TextIndex(FoldedText(text))))
    ['15:30:00', '18:30:00', '19:30:00']
    """
    folded = index.folded_text
    phrases = [*_phrases(index)]
    ends = {(start, 0) for _, start, _ in phrases} | {(0, end) for *_, end in phrases}
    for minutes, start, end in chain(phrases, _hours(index, ends)):
        after = HALF_AFTER.match(folded, end)
        before = None if after else HALF_BEFORE.search(folded, max(start - MAX_BEFORE, 0), start)
        hour, minute = divmod(minutes % (NOON * SIXTY), SIXTY)
        word = after or before
        halves = [NOON * is_afternoon(word, hour)] if word else [NOON] if minutes > NOON * SIXTY + SIXTY else [0, NOON]
        place = pack(before.start() if before else start, after.end() if after else end)
        yield from ((time(hour + half, minute), place) for half in halves)


def _phrases(index: TextIndex) -> Iterator[tuple[int, int, int]]:
    """Yield the minutes of the hours with a phrase, with where both begin and end."""
    folded, hours = index.folded_text, hours_of(index.languages)
    before, after = _patterns()
    for place in index.ranges(BEFORE_TRIGGERS):
        start = place >> END_BITS
        match = before.match(folded, start, start + MAX_AFTER)
        if match and (hour := _hour(match[2], hours)):
            yield hour * SIXTY + BEFORE_PHRASES[match[1]], start, match.end()
    for place in index.ranges(AFTER_TRIGGERS):
        end = place & END_MASK
        match = after.search(folded, max(end - MAX_AFTER, 0), end)
        is_clear = match is not None and (match[2] in CLEAR_HOUR_WORDS or match[3] in CLEAR_PHRASES)
        if match and (hour := _hour(match[1], hours)) and (is_clear or _is_clock(folded, match.start(), end)):
            yield hour * SIXTY + AFTER_PHRASES[match[3]], match.start(), end


def _hour(text: str, hours: dict[str, int]) -> int:
    if text.isdecimal():
        return int(text) if 0 < int(text) <= NOON else 0
    return hours.get(text, 0)


def _is_clock(folded: str, start: int, end: int) -> bool:
    """Return whether a word beside an hour shows that it is no length of time: "two hours and a half"."""
    before = folded[max(start - MAX_BEFORE, 0) : start]
    is_ordinal = folded.startswith(fold("ال"), start)
    return bool(WHEN_BEFORE.search(before) or HALF_AFTER.match(folded, end) or HALF_BEFORE.search(before)) or is_ordinal


def _hours(index: TextIndex, ends: Collection[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Yield the minutes of the hours in words, beside a word that shows that they are one."""
    folded, hours = index.folded_text, hours_of(index.languages)
    halves = half_hours_of(index.languages)
    for place in index.ranges(halves.keys() & index.vocabulary.keys()):
        start, end = place >> END_BITS, place & END_MASK
        yield halves[folded[start:end]] * SIXTY - SIXTY // 2, start, end
    pairs = [*_hours_of_two_words(index)]
    edges = {*ends, *((0, end) for _, end in pairs), *((start, 0) for start, _ in pairs)}
    words = [(place >> END_BITS, place & END_MASK) for place in index.ranges(hours.keys() & index.vocabulary.keys())]
    short = short_hours()
    for place in index.ranges((short.keys() - hours.keys()) & index.vocabulary.keys()):
        if HALF_AFTER.match(folded, place & END_MASK):
            yield short[folded[place >> END_BITS : place & END_MASK]] * SIXTY, place >> END_BITS, place & END_MASK
    of_one = [(start, end) for start, end in words if (start, 0) not in edges and (0, end) not in edges]
    of_two = [(start, end) for start, end in pairs if (start, 0) not in ends and (0, end) not in ends]
    for start, end in chain(of_one, of_two):  # not in a phrase
        yield from _hour_at(folded, hours[folded[start:end]] * SIXTY, start, end)


def _hours_of_two_words(index: TextIndex) -> Iterator[tuple[int, int]]:
    """Yield where the hours of two words begin and end."""
    for place in index.ranges(FIRST_WORDS & index.vocabulary.keys()):
        if match := PAIR.match(index.folded_text, place >> END_BITS):
            yield match.span()


def _hour_at(folded: str, hour: int, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield an hour in words with the minutes before or after it."""
    unit = UNIT_AFTER.match(folded, end)
    last = unit.end() if unit else end
    before = folded[max(start - MAX_BEFORE, 0) : start]
    past, to = MINUTES_BEFORE.search(before), MINUTES_TO.search(before)
    since = MINUTES_OF_HOUR.search(before) if folded[start:end].endswith(ORDINAL_HOURS) else None
    if since and (minutes := number_of_minutes(since[1])):
        yield hour - SIXTY + minutes, start - len(before) + since.start(), last
    elif (match := past or to) and (minutes := number_of_minutes(match[1])):
        is_to = past is None or past[2] in LINKS_OF_MINUTES_TO
        yield hour - minutes if is_to else hour + minutes, start - len(before) + match.start(), last
    elif _is_time_of_day(folded, before, start, end, unit):
        yield _with_minutes(folded, hour, start, last)


def _is_time_of_day(folded: str, before: str, start: int, end: int, unit: re.Match[str] | None) -> bool:
    """Return whether an hour in words is a time of day: beside the half of the day, a label, or "Uhr"."""
    if HALF_AFTER.match(folded, unit.end() if unit else end) or HALF_BEFORE.search(before) or HOUR_LABEL.search(before):
        return True
    is_clear = bool(unit and unit[1] in CLEAR_HOUR_WORDS)
    return is_clear or folded[start:end] in AT_HOUR or bool(WHEN_BEFORE.search(before))


def _with_minutes(folded: str, hour: int, start: int, end: int) -> tuple[int, int, int]:
    """Return an hour with the minutes after it: "huit heures dix", "ocho menos diez", "siódma trzydzieści"."""
    match = MINUTES_AFTER.match(folded, end, end + MAX_AFTER)
    minutes = number_of_minutes(match[2]) if match else 0
    is_clear = bool(match and CLEAR_MINUTES.search(match[0]))
    if match is None or minutes < SMALLEST_MINUTES or (minutes % SMALLEST_MINUTES and not is_clear):
        return hour, start, end
    sign = SINCE_OR_TO.match(folded, match.end())
    is_minus = match[1] in MINUS_WORDS or bool(sign and sign[1])
    return hour + (-minutes if is_minus else minutes), start, (sign or match).end()
