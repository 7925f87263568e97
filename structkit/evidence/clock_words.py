"""Times of day with words: `8 uur 's avonds`, `klo 18`, `alle ore 20,45`, `half past nine`, `下午3:30`, `noon`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import time

from structkit.evidence.digit_runs import DigitRuns
from structkit.evidence.folding import fold
from structkit.evidence.number_words import read_number_words
from structkit.evidence.ranges import END_BITS, END_MASK, Range, pack

NOON, HOURS, SIXTY = 12, 24, 60


def _pattern(words: str) -> str:
    return "|".join(re.escape(word) for word in sorted(fold(words).split("|"), key=len, reverse=True))


MORNING = _pattern(
    "in the morning|'s ochtends|'s morgens|in de ochtend|morgens|vormittags|du matin|de la mañana|da manhã|di mattina|"
    "del mattino|rano|ráno|dopoledne|утра|ранку|утром|صباحا|صباحاً|ص|π.μ.|π.μ|πμ|sabah|delelőtt|reggel|dimineața|"
    "pagi|सुबह|בבוקר|om morgonen|om morgenen|aamulla|ujutro|zjutraj|sáng|ö.ö.|de.|"
    "сутринта|hommikul|ryto|no rīta|το πρωί|صبح|بامداد|de la madrugada|da madrugada|früh|des nachts|de dimineață|"
    "sabahleyin|mañana por la mañana|ранку|вранці|zrána|nad ranem|subuh|sáng sớm|dini hari|קודם הצהריים|दिन में"
)
NIGHT = _pattern(
    "at night|de la noche|da noite|di notte|de la nuit|nachts|in der nacht|'s nachts|nocą|w nocy|v noci|ночи|ночі|"
    "през нощта|éjjel|yöllä|öösel|malam|रात|रात को|شب|بالليل|ليلا|בלילה|noaptea|nakties|nakti|naktī|på natten|om "
    "natten|"
    "đêm|gece"
)
"""Words for the half of the day of 11 at night and of 3 at night."""

MIDDAY = _pattern(
    "siang|दोपहर|दोपहर में|το μεσημέρι|öğlen|mittags|בצהריים|ظهرا|ظهر|بعدازظهر|trưa|'s middags|in de middag|päeval"
)
"""Words for the half of the day of 11 before noon and of 2 after noon."""

AFTERNOON = _pattern(
    "in the afternoon|in the evening|at night|'s middags|'s avonds|in de middag|in de avond|nachmittags|abends|"
    "de l'après-midi|du soir|de la tarde|de la noche|da tarde|da noite|del pomeriggio|di sera|di pomeriggio|"
    "po południu|wieczorem|odpoledne|večer|вечера|дня|вечора|مساء|مساءً|م|μ.μ.|μ.μ|μμ|akşam|délután|este|seara|"
    "după-amiaza|sore|malam|शाम|בערב|אחר הצהריים|på kvällen|på eftermiddagen|om aftenen|om eftermiddagen|illalla|"
    "iltapäivällä|chiều|tối|ö.s.|du.|вечерта|следобед|õhtul|pärastlõunal|vakaro|vakarā|pēcpusdienā|το βράδυ|"
    "το απόγευμα|عصر|بعد از ظهر|navečer|popodne|poslijepodne|zvečer|popoldne|popoludní|ввечері|ikväll|i kväll|i aften|"
    'i kveld|petang|ce soir|stasera|esta noche|esta tarde|abends|אחה"צ|akşamüstü|öğleden sonra'
)
WORDS_BEFORE_NOON = (
    "上午|午前|凌晨|早上|清晨|朝|今朝|早|오전|새벽|아침|sabah|sabah saat|saat sabah|de.|reggel|सुबह|morgens|morgens um|"
    "morgen früh um|früh um|vormittags um|vormittags|'s ochtends om|'s morgens om|in the morning at|"
    "tomorrow morning at|this morning at|morning at|demain matin à|le matin à|ce matin à|утром в|утром|вранці о|"
    "ráno v|ráno|rano o|i morgon bitti kl|om morgenen kl|aamulla klo|domattina alle|stamattina alle|"
    "mañana por la mañana a las|de manhã às|pagi jam|pagi pukul|sáng lúc|صبح ساعت|ساعت صبح|dimineața la|delelőtt|"
    "hommikul kell"
)
WORDS_AFTER_NOON = (
    "下午|午後|晚上|傍晚|夕方|晚|今晚|夜|오후|저녁|밤|낮|中午|akşam|akşam saat|saat akşam|öğleden sonra|öğlen|"
    "öğleden sonra saat|du.|"
    "délután|este|शाम|रात|दोपहर|abends|abends um|heute abend um|nachmittags|nachmittags um|mittags um|"
    "'s avonds om|'s middags om|in the evening at|this evening at|tonight at|afternoon at|evening at|"
    "in the afternoon at|ce soir à|le soir à|l'après-midi à|cet après-midi à|stasera alle|di sera alle|"
    "di pomeriggio alle|esta noche a las|esta tarde a las|por la tarde a las|por la noche a las|à noite às|"
    "hoje à noite às|à tarde às|вечером в|вечером|днем в|ввечері о|večer v|večer|odpoledne v|wieczorem o|"
    "po południu o|ikväll kl|i kväll kl|på kvällen kl|i aften kl|om aftenen kl|i kveld kl|illalla klo|illalla|"
    "iltapäivällä klo|seara la|după-amiaza la|sore jam|malam jam|siang jam|malam pukul|tối lúc|chiều lúc|شب ساعت|"
    "عصر ساعت|בערב בשעה|בערב ב|õhtul kell|vakare|vakarā plkst."
)
BEFORE = {
    word: hours
    for hours, words in ((0, WORDS_BEFORE_NOON), (NOON, WORDS_AFTER_NOON))
    for word in fold(words).split("|")
}
"""Words for the half of the day before a time, and the hours that they add."""

HALF_AFTER = re.compile(rf" ?-?(?:({AFTERNOON}|{NIGHT}|{MIDDAY})|({MORNING}))(?![^\W\d_])")
HALF_BEFORE = re.compile(
    rf"(?<![^\W\d_\u1100-\u9fff])({'|'.join(sorted(map(re.escape, BEFORE), key=len, reverse=True))})() ?:?$"
)
NIGHT_WORDS = frozenset(fold("रात|밤|晚上|夜|at night").split("|"))
MIDDAY_WORDS = frozenset(fold("दोपहर|中午|낮|öğlen|mittags um|siang jam").split("|"))
IS_NIGHT, IS_MIDDAY = re.compile(NIGHT), re.compile(MIDDAY)
FIRST_OF_DAY = 6
MAX_BEFORE, MAX_WORDS_BEFORE = 26, 30

HOUR_WORDS = _pattern(
    "h|uhr|ч|uur|u.|u|час|часа|часов|години|годин|година|годині|heures|heure|hs|hrs|hours|horas|hora|o'clock|giờ|g|"
    "बजे|godzina|"
    "godz.|hod.|hodin|sati|urah|tundi|óra|órakor|órától|ore|valandą"
)
MINUTE_WORDS = _pattern("min|min.|m|мин|мин.|хв|хв.|minutes|minutos|phút|minuten|minutter|menit|perc|perckor|นาที")
HOUR = re.compile(
    rf"(?<![\d.,:/])(?:(?<!-)|(?<=[\dh]-))(\d{{1,2}}) ?({HOUR_WORDS})(?![^\W\d_])\.?"
    rf"(?: ?(\d{{2}})(?!\d)(?: ?(?:{MINUTE_WORDS})(?![^\W\d_]))?)?"
)
CLEAR_HOUR_WORDS = frozenset(fold("h uhr ч uur u. o'clock बजे giờ valandą órakor órától годині").split())
"""Others are words for a length of time, too, and count after a word that says when."""

WHEN = _pattern(
    "klo|kl.|kl|à|a las|a la|às|ás|as|alle|alle ore|dalle|dalle ore|ore|ora|la ora|la|o|o godz.|godz.|godzinie|"
    "o godzinie|v|ve|"
    "od|do|до|в|о|с|к|к|u|ob|at|by|from|until|till|um|ab|bis|gegen|saat|saati|στις|ώρα|от|kell|plkst.|val.|jam|"
    "pukul|lúc|"
    "le|verso le|tra le|all'|ساعت|после|після|около|kella|kello|klockan|nach|vor|before|after|since|seit|entre|around|"
    "about|between|hasta las|desde las|até as|até às|fino alle|entro le|между|między|między|przed|rond|sekitar|khoảng|"
    "vanaf|om|tot|de las|las|das|saatler|الساعة|بالساعة|بשעה|בשעה|שעה|dès|vers|ora|orele|la orele|de la|hora|hora:|"
    "hora de inicio:|time:|time|"
    "klokken|klokka|klukkan|pulksten|a les|ساعت"
)
HOUR_LABELS = _pattern(
    "klo|kl.|kl|o godz.|godz.|ore|alle|alle ore|dalle|a las|às|saat|la ora|στις|kell|plkst.|pukul|jam|u|um|الساعة|בשעה|"
    "o godzinie|klokken|klokka|klockan|klukkan|pulksten|ساعت|ora|orele|la orele|a la|plkst|val"
)
TIME_LABELS = _pattern(
    "la ora|ora|orele|închis|deschis|ore|alle|alle ore|dalle|dalle ore|h|kl.|kl|klo|uhr|um|hora|a las|às|godz.|saat|le"
)
HOUR_LABEL, TIME_LABEL = (re.compile(rf"(?<!\w)(?:{words}):? $") for words in (HOUR_LABELS, TIME_LABELS))
WHEN_BEFORE, PERCENT_AFTER = re.compile(rf"(?<!\w)(?:{WHEN}):? $"), re.compile(r" ?%|\w")
HOUR_HEAD = re.compile(r"([01]?\d|2[0-4])(?:[.,](\d{2}))?(?![\d.,:])")
RANGE_END = re.compile(r" ?(?:-|to|bis|til|tot|a|à|al|do) ?\d{1,2}(?:[.:h]\d{2})? ?(?:h|uhr|uur)(?![^\W\d_])")
MAX_RUN_CHARS = 11
ORDINAL_ENDING = re.compile(rf"-?(?:{_pattern('tej|ej|ta|ої|ій|й|ї|го|ти|тої|тій|та|αρι')})(?!\w)")
"""After an hour as in `o 17-tej` and `до 19-ї`."""

DECIMAL_HOUR = re.compile(rf" ?(?:{_pattern('ч|час|часа|h|uhr|uur|น|น.|hrs|kor')})(?![^\W\d_])")
COMPACT = re.compile(r"([01]\d|2[0-3])([0-5]\d)")
CLOCK_LABELS = _pattern(
    "godz.|godz|o godz.|o godzinie|alle|a las|kl|kl.|klo|at|by|until|till|from|um|ab|bis|gegen|jam|pukul|time|time:|"
    "eta|etd|std|sta"
)
CLOCK_BEFORE = re.compile(rf"(?<!\w)(?:{CLOCK_LABELS}) ?$")
CLOCK_AFTER = re.compile(r" ?(?:hrs|hours|h|uhr|utc|gmt|z|local|lt)(?!\w)")
MIN_HALF_CHARS = 3
"""Characters of a word for the half of the day after a number alone; shorter ones are units, too."""

NAMES = {
    fold(word): number
    for number, words in (
        (NOON, "noon|midday|12 noon|mittags|midi|mediodía|mezzogiorno|meio-dia|południe|poledne|полдень|正午|정오"),
        (0, "midnight|mitternacht|minuit|medianoche|mezzanotte|meia-noite|północ|půlnoc|полночь|자정"),
    )
    for word in words.split("|")
}
ENGLISH = "one two three four five six seven eight nine ten eleven twelve"
ENGLISH_HOUR = rf"({'|'.join(ENGLISH.split())}|1[0-2]|[1-9])(?![\w:]| \d)"
PAST = re.compile(rf"[pta](?:(?<= p)ast|(?<= t)o|(?<=quarter a)fter) {ENGLISH_HOUR}|o(?<=quarter o)f {ENGLISH_HOUR}")
BEFORE_PAST = re.compile(r"(?<!\w)(?!minutes )((?:a )?quarter|[a-z]+(?:-[a-z]+)?|\d{1,2})(?: minutes)? $")
HALF_TO = re.compile(r"hal[bfv](?<!\w....) (\d{1,2}|[^\W\d_]+)(?!\w)")
QUARTER = re.compile(r"(?:viertel|kwart) (?:nach|vor|over|voor) (\d{1,2}|[^\W\d_]+)(?!\w)")
O_CLOCK = re.compile(r" o'clock")
LAST_WORD = re.compile(r"[a-z]+$")
MINUTES = {"quarter": 15, "half": 30}
MORE_HOURS = {
    **dict(zip(fold("eitt tvö þrjú fjögur fimm sex sjö átta níu tíu ellefu tólf").split(), range(1, 13), strict=True)),
    **dict.fromkeys(("een", "et"), 1),
}
"""After "half" and "kwart", hours whose words are not read as numbers."""

MINUTES_IN_CASES = {fold("viittä"): 5, fold("kymmentä"): 10, fold("kahtakymmentä"): 20}
"""Minutes before "yli" and "vaille"."""

ENGLISH_HOURS = frozenset(ENGLISH.split())
"""After "half", they are the hour before; in German and Dutch, the hour after."""

QUARTER_MINUTES, HALF_MINUTES = 15, 30


def with_half_of_day(folded: str, places: Mapping[time, list[Range]]) -> Iterator[tuple[time, Range, time, Range]]:
    """Yield the times in digits that have a word for the half of the day beside them: without it, and with it."""
    for clock, ranges in places.items():
        for place in ranges if clock.hour <= NOON else ():
            start, end = place >> END_BITS, place & END_MASK
            if after := HALF_AFTER.match(folded, end):
                exact_clock = _in_half(clock, is_afternoon=is_afternoon(after, clock.hour % NOON))
                yield clock, place, exact_clock, pack(start, after.end())
            elif before := HALF_BEFORE.search(folded, max(start - MAX_BEFORE, 0), start):
                exact_clock = _in_half(clock, is_afternoon=is_afternoon(before, clock.hour % NOON))
                yield clock, place, exact_clock, pack(before.start(), end)


def _in_half(clock: time, *, is_afternoon: bool) -> time:
    return clock.replace(hour=clock.hour % NOON + NOON * is_afternoon)


def is_afternoon(match: re.Match[str], hour: int) -> bool:
    """Return whether a word for the half of the day, before or after an hour from 0 to 11, is that of the second one.

    >>> words = HALF_AFTER.match(" at night"), HALF_AFTER.match(" in the evening"), HALF_AFTER.match(" am")
    >>> [is_afternoon(words[0], hour) for hour in (3, 11, 0)], is_afternoon(words[1], 7)
    ([False, True, False], True)
    """
    word = match[1] or match[2]
    if word in NIGHT_WORDS or IS_NIGHT.fullmatch(word):
        return hour >= FIRST_OF_DAY
    if word in MIDDAY_WORDS or IS_MIDDAY.fullmatch(word):
        return hour < FIRST_OF_DAY
    return bool(match[1]) if match.re is HALF_AFTER else bool(BEFORE[word])


def times_with_words(runs: DigitRuns) -> Iterator[tuple[time, Range]]:
    """Yield the times of a folded text whose hour is in words, or is known as one by a word only.

    >>> text = "alle ore 20,45; 8 uur 's avonds; klo 18; at half past nine; 14 h 30; 2 hours"
    >>> sorted(str(clock) for clock, _ in times_with_words(DigitRuns(text)))
    ['09:30:00', '14:30:00', '18:00:00', '20:00:00', '20:45:00', '21:30:00']
    """
    folded = runs.folded
    for hour, minute, place in (*_hours_in_digits(runs), *_hours_in_words(folded)):
        with suppress(ValueError):
            start, end = place >> END_BITS, place & END_MASK
            clock = time(hour % HOURS if hour == HOURS else hour, minute)
            after = HALF_AFTER.match(folded, end)
            before = None if after else HALF_BEFORE.search(folded, max(start - MAX_BEFORE, 0), start)
            if word := after or before:
                exact_clock = _in_half(clock, is_afternoon=is_afternoon(word, hour % NOON))
                if hour <= NOON:
                    yield exact_clock, pack(before.start() if before else start, after.end() if after else end)
            else:
                yield clock, place


def _hours_in_digits(runs: DigitRuns) -> Iterator[tuple[int, int, Range]]:
    for run, starts in runs.starts.items():
        if len(run) <= MAX_RUN_CHARS and (head := HOUR_HEAD.match(run)):
            for start in starts:
                if clock := _hour_at(runs.folded, start, head, is_alone=head.end() == len(run)):
                    yield clock


def _hour_at(folded: str, start: int, head: re.Match[str], *, is_alone: bool) -> tuple[int, int, Range] | None:
    """Return an hour with its place: with a word for it after it, before the end of a range, or after a label."""
    end, hour, minute = start + head.end(), int(head[1]), int(head[2] or 0)
    if RANGE_END.match(folded, end):
        return hour, minute, pack(start, end)
    before = folded[max(start - MAX_BEFORE, 0) : start]
    if not is_alone:
        return None
    if head[2] is None and (last := _hour_with_ending(folded, end, before)):
        return hour, 0, pack(start, last)
    if head[2] and DECIMAL_HOUR.match(folded, end) and WHEN_BEFORE.search(before):
        return hour, minute, pack(start, end)
    if head[2] is None and (match := HOUR.match(folded, start)):
        is_clear = (
            match[2] in CLEAR_HOUR_WORDS
            or before.endswith("-")
            or HALF_AFTER.match(folded, match.end())
            or WHEN_BEFORE.search(before)
        )
        return (hour, int(match[3] or 0), pack(*match.span())) if is_clear else None
    is_labeled = before.endswith(" ") and (TIME_LABEL if head[2] else HOUR_LABEL).search(before)
    return (hour, minute, pack(start, end)) if is_labeled and not PERCENT_AFTER.match(folded, end) else None


def _hour_with_ending(folded: str, end: int, before: str) -> int | None:
    """Return where an hour ends that has an ordinal ending or the half of the day after it."""
    if (suffix := ORDINAL_ENDING.match(folded, end)) and WHEN_BEFORE.search(before):
        return suffix.end()
    half = HALF_AFTER.match(folded, end)
    return end if half and len(half[0].strip()) >= MIN_HALF_CHARS and before[-1:] not in {".", ",", ":"} else None


def compact_times(runs: DigitRuns) -> Iterator[tuple[time, Range]]:
    """Yield the times in four digits: beside a word that says so, or in a log, which has several that begin with 0.

    >>> [str(clock) for clock, _ in compact_times(DigitRuns("0610 reef; kl. 1340, at 1725 hrs, in 1815"))]
    ['13:40:00', '17:25:00']
    >>> [str(clock) for clock, _ in compact_times(DigitRuns("0610 reef 0930 jib 1725 moored"))]
    ['06:10:00', '09:30:00', '17:25:00']
    """
    folded = runs.folded
    compact = [(match, starts) for run, starts in runs.starts.items() if (match := COMPACT.fullmatch(run))]
    is_log = sum(match[0].startswith("0") for match, _ in compact) > 1
    for match, starts in compact:
        clock, length = time(int(match[1]), int(match[2])), len(match[0])
        for start in starts:
            is_said = CLOCK_BEFORE.search(folded, max(start - MAX_BEFORE, 0), start)
            if is_log or is_said or CLOCK_AFTER.match(folded, start + length):
                yield clock, pack(start, start + length)


def _hours_in_words(folded: str) -> Iterator[tuple[int, int, Range]]:
    for name, hour in NAMES.items():
        for start in _find_word(folded, name):
            yield hour, 0, pack(start, start + len(name))
    for minutes, place in (*_past_hours(folded), *_half_hours(folded)):
        for half in (0, NOON):
            hour, minute = divmod(minutes, SIXTY)
            yield hour % NOON + half, minute, place


def _find_word(folded: str, word: str) -> Iterator[int]:
    start = folded.find(word)
    while start >= 0:
        end = start + len(word)
        if not (folded[start - 1 : start].isalpha() and word.isascii()) and not folded[end : end + 1].isalpha():
            yield start
        start = folded.find(word, end)


def _past_hours(folded: str) -> Iterator[tuple[int, Range]]:
    """Yield the minutes after noon of times such as "half past nine", "ten to six" and "nine o'clock"."""
    for match in PAST.finditer(folded):
        if before := BEFORE_PAST.search(folded, max(match.start() - MAX_WORDS_BEFORE, 0), match.start()):
            word = before[1].removeprefix("a ")
            minutes = MINUTES.get(word) or number_of_minutes(word)
            sign = 1 if match[0].startswith(("past", "after")) else -1
            if minutes:
                yield (
                    number_of_minutes(match[1] or match[2]) * SIXTY + sign * minutes,
                    pack(before.start(), match.end()),
                )
    for match in O_CLOCK.finditer(folded):
        word = LAST_WORD.search(folded, max(match.start() - MAX_BEFORE, 0), match.start())
        if word and (hour := number_of_minutes(word[0])):
            yield hour * SIXTY, pack(word.start(), match.end())


def _half_hours(folded: str) -> Iterator[tuple[int, Range]]:
    """Yield the minutes after noon of times such as "halb neun" and "kwart over negen"."""
    for match in HALF_TO.finditer(folded):
        if hour := number_of_minutes(match[1]) or MORE_HOURS.get(match[1]):
            sign = 1 if match[1] in ENGLISH_HOURS else -1
            yield hour * SIXTY + sign * HALF_MINUTES, pack(*match.span())
    for match in QUARTER.finditer(folded) if "viertel" in folded or "kwart" in folded else ():
        if hour := number_of_minutes(match[1]) or MORE_HOURS.get(match[1]):
            sign = 1 if " nach " in match[0] or " over " in match[0] else -1
            yield hour * SIXTY + sign * QUARTER_MINUTES, pack(*match.span())


def number_of_minutes(text: str) -> int:
    """Return a number of hours or minutes; 0 for another word."""
    value = int(text) if text.isdecimal() else MINUTES_IN_CASES.get(text) or read_number_words(text)
    return int(value) if value and value < SIXTY and value == int(value) else 0
