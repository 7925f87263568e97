"""Times of day with words: `8 uur 's avonds`, `klo 18`, `alle ore 20,45`, `half past nine`, `下午3:30`, `noon`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import time

from structkit.evidence.folding import fold
from structkit.evidence.number_words import read_number_words
from structkit.evidence.ranges import END_BITS, END_MASK, Range, pack

NOON, HOURS, SIXTY = 12, 24, 60


def _pattern(words: str) -> str:
    return "|".join(re.escape(word) for word in sorted(fold(words).split("|"), key=len, reverse=True))


MORNING = _pattern(
    "in the morning|'s ochtends|'s morgens|in de ochtend|morgens|vormittags|du matin|de la mañana|da manhã|di mattina|"
    "del mattino|rano|ráno|dopoledne|утра|ранку|утром|صباحا|صباحاً|ص|π.μ.|π.μ|πμ|sabah|delelőtt|reggel|dimineața|"
    "pagi|सुबह|בבוקר|om morgonen|om morgenen|aamulla|ujutro|zjutraj|sáng|ö.ö.|de."
)
AFTERNOON = _pattern(
    "in the afternoon|in the evening|at night|'s middags|'s avonds|in de middag|in de avond|nachmittags|abends|"
    "de l'après-midi|du soir|de la tarde|de la noche|da tarde|da noite|del pomeriggio|di sera|di pomeriggio|"
    "po południu|wieczorem|odpoledne|večer|вечера|дня|вечора|مساء|مساءً|م|μ.μ.|μ.μ|μμ|akşam|délután|este|seara|"
    "după-amiaza|sore|malam|शाम|בערב|אחר הצהריים|på kvällen|på eftermiddagen|om aftenen|om eftermiddagen|illalla|"
    "iltapäivällä|chiều|tối|ö.s.|du."
)
BEFORE = {
    word: hours
    for hours, words in (
        (0, "上午|午前|凌晨|早上|清晨|오전|새벽|sabah|sabah saat|saat sabah|de.|reggel"),
        (NOON, "下午|午後|晚上|傍晚|오후|저녁|akşam|akşam saat|du.|délután|este"),
    )
    for word in fold(words).split("|")
}
"""Words for the half of the day before a time, and the hours that they add."""

HALF_AFTER = re.compile(rf" ?-?(?:({AFTERNOON})|({MORNING}))(?![^\W\d_])")
HALF_BEFORE = re.compile(rf"({'|'.join(sorted(map(re.escape, BEFORE), key=len, reverse=True))}) ?:?$")
MAX_BEFORE = 12

HOUR_WORDS = _pattern(
    "h|uhr|ч|uur|u.|u|час|часа|часов|години|годин|година|heures|heure|hs|hrs|hours|horas|hora|o'clock|giờ|बजे|godzina|"
    "godz.|hod.|hodin|sati|urah|tundi|óra|órakor|órától|ore"
)
MINUTE_WORDS = _pattern("min|min.|m|мин|хв|minutes|minutos|phút|minuten")
HOUR = re.compile(
    rf"(?<![\d.,:/-])(\d{{1,2}}) ?({HOUR_WORDS})(?![^\W\d_])\.?"
    rf"(?: ?(\d{{2}})(?!\d)(?: ?(?:{MINUTE_WORDS})(?![^\W\d_]))?)?"
)
CLEAR_HOUR_WORDS = frozenset(fold("h uhr ч uur u. o'clock बजे giờ").split())
"""Others are words for a length of time, too, and count after a word that says when."""

WHEN = _pattern(
    "klo|kl.|kl|à|a las|a la|às|ás|as|alle|alle ore|dalle|dalle ore|ore|ora|la ora|la|o|o godz.|godz.|godzinie|"
    "o godzinie|v|ve|"
    "od|do|до|в|о|с|к|к|u|ob|at|by|from|until|till|um|ab|bis|gegen|saat|saati|στις|ώρα|от|kell|plkst.|val.|jam|"
    "pukul|lúc|"
    "vanaf|om|tot|de las|las|das|saatler|الساعة|بالساعة|بשעה|בשעה|שעה|dès|vers|hora|hora:|hora de inicio:|time:|time"
)
AFTER_WHEN = re.compile(rf"(?<!\w)(?:{WHEN}):? (?=\d)")
HOUR_LABELS = _pattern(
    "klo|kl.|kl|o godz.|godz.|ore|alle|alle ore|dalle|a las|às|saat|la ora|στις|kell|plkst.|pukul|jam|u|um|الساعة|בשעה|"
    "o godzinie"
)
TIME_LABELS = _pattern("ore|alle|alle ore|dalle|dalle ore|h|kl.|kl|klo|uhr|um|hora|a las|às|godz.|saat|le")
LABELED_HOUR = re.compile(rf"(?<!\w)(?:{HOUR_LABELS}):? (\d{{1,2}})(?![\d:]|[.,]\d| ?%)(?!\w)")
COMMA_TIME = re.compile(rf"(?<!\w)(?:{TIME_LABELS}) (\d{{1,2}})[,.](\d{{2}})(?!\d|[.,]\d)")
RANGE_START = re.compile(
    r"(\d{1,2})(?:[.:h](\d{2}))? ?(?:-|to|bis|til|tot|a|à|al|do) ?\d{1,2}(?:[.:h]\d{2})? ?(?:h|uhr|uur)(?![^\W\d_])"
)
NAMES = {
    fold(word): number
    for number, words in (
        (NOON, "noon|midday|12 noon|mittags|midi|mediodía|mezzogiorno|meio-dia|południe|poledne|полдень|正午|정오"),
        (0, "midnight|mitternacht|minuit|medianoche|mezzanotte|meia-noite|północ|půlnoc|полночь|자정"),
    )
    for word in words.split("|")
}
NAME = re.compile(rf"(?<![^\W\d_])({'|'.join(sorted(map(re.escape, NAMES), key=len, reverse=True))})(?![^\W\d_])")
WORD_HOUR = r"((?:\d{1,2}|[^\W\d_]+))"
PAST = re.compile(rf"\b(?:(half|(?:a )?quarter|[a-z]+|\d{{1,2}})(?: minutes)? (past|to)) {WORD_HOUR}(?! ?[\d:])\b")
HALF_TO = re.compile(rf"\b(?:um |om )?(halb|half|halv) {WORD_HOUR}\b")
QUARTER = re.compile(rf"\b(viertel|kwart) (nach|vor|over|voor) {WORD_HOUR}\b")
O_CLOCK = re.compile(r"\b([a-z]+) o'clock")
MINUTES = {"quarter": 15, "viertel": 15, "kwart": 15, "half": 30}
ENGLISH = frozenset(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"])
"""After "half", they are the hour before; in German and Dutch, the hour after."""

HALF_MINUTES = 30


def with_half_of_day(folded: str, places: Mapping[time, list[Range]]) -> Iterator[tuple[time, Range, time, Range]]:
    """Yield the times in digits that have a word for the half of the day beside them: without it, and with it."""
    for clock, ranges in places.items():
        for place in ranges if clock.hour <= NOON else ():
            start, end = place >> END_BITS, place & END_MASK
            if after := HALF_AFTER.match(folded, end):
                yield clock, place, _in_half(clock, is_afternoon=bool(after[1])), pack(start, after.end())
            elif before := HALF_BEFORE.search(folded, max(start - MAX_BEFORE, 0), start):
                yield clock, place, _in_half(clock, is_afternoon=bool(BEFORE[before[1]])), pack(before.start(), end)


def _in_half(clock: time, *, is_afternoon: bool) -> time:
    return clock.replace(hour=clock.hour % NOON + NOON * is_afternoon)


def times_with_words(folded: str) -> Iterator[tuple[time, Range]]:
    """Yield the times of a folded text whose hour is in words, or is known as one by a word only.

    >>> times = times_with_words("alle ore 20,45; 8 uur 's avonds; klo 18; at half past nine; 14 h 30; 2 hours")
    >>> sorted(str(clock) for clock, _ in times)
    ['09:30:00', '14:30:00', '18:00:00', '20:00:00', '20:45:00', '21:30:00']
    """
    for hour, minute, place in (*_hours(folded), *_hours_after_labels(folded), *_hours_in_words(folded)):
        with suppress(ValueError):
            start, end = place >> END_BITS, place & END_MASK
            clock = time(hour % HOURS if hour == HOURS else hour, minute)
            after = HALF_AFTER.match(folded, end) if hour <= NOON else None
            if after is None:
                yield clock, place
            else:
                yield _in_half(clock, is_afternoon=bool(after[1])), pack(start, after.end())


def _hours(folded: str) -> Iterator[tuple[int, int, Range]]:
    for match in HOUR.finditer(folded):
        is_clear = match[2] in CLEAR_HOUR_WORDS or HALF_AFTER.match(folded, match.end())
        if is_clear or AFTER_WHEN.search(folded, max(match.start() - MAX_BEFORE, 0), match.start() + 1):
            yield int(match[1]), int(match[3] or 0), pack(*match.span())


def _hours_after_labels(folded: str) -> Iterator[tuple[int, int, Range]]:
    for match in LABELED_HOUR.finditer(folded):
        yield int(match[1]), 0, pack(*match.span(1))
    for match in COMMA_TIME.finditer(folded):
        yield int(match[1]), int(match[2]), pack(match.start(1), match.end(2))
    for match in RANGE_START.finditer(folded):
        yield int(match[1]), int(match[2] or 0), pack(match.start(1), match.end(2) if match[2] else match.end(1))


def _hours_in_words(folded: str) -> Iterator[tuple[int, int, Range]]:
    for match in NAME.finditer(folded):
        yield NAMES[match[1]], 0, pack(*match.span())
    for pattern in (PAST, HALF_TO, QUARTER, O_CLOCK):
        for match in pattern.finditer(folded):
            if minutes := _minutes(pattern, match):
                yield from _both_halves(minutes, match)


def _minutes(pattern: re.Pattern[str], match: re.Match[str]) -> int:
    """Return the minutes from midnight or noon of a time in words; 0 for other words."""
    hour = _number(match[match.re.groups])
    if not hour or hour > NOON:
        return 0
    if pattern is O_CLOCK:
        return hour * SIXTY
    if pattern is HALF_TO:
        return hour * SIXTY + HALF_MINUTES * (1 if match[2] in ENGLISH else -1)
    word = match[1].removeprefix("a ")
    minutes = MINUTES.get(word) or _number(word)
    return hour * SIXTY + minutes * (1 if match[2] in {"past", "nach", "over"} else -1) if minutes else 0


def _number(text: str) -> int:
    value = int(text) if text.isdecimal() else read_number_words(text)
    return int(value) if value and value < SIXTY and value == int(value) else 0


def _both_halves(minutes: int, match: re.Match[str]) -> Iterator[tuple[int, int, Range]]:
    """Yield a time of twelve hours in both halves of the day."""
    for half in (0, NOON):
        hour, minute = divmod(minutes, SIXTY)
        yield (hour % NOON + half), minute, pack(*match.span())
