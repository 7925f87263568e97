"""Numbers in words: English, German, French, Spanish and Italian, and Chinese and Japanese numerals."""

from __future__ import annotations

import re
from decimal import Decimal

SMALL_NUMBERS = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen",
    "de": "null eins zwei drei vier funf sechs sieben acht neun zehn elf zwolf dreizehn vierzehn funfzehn sechzehn "
    "siebzehn achtzehn neunzehn",
    "fr": "zero un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept "
    "dix-huit dix-neuf",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis "
    "diecisiete dieciocho diecinueve",
    "it": "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici "
    "diciassette diciotto diciannove",
}
"""The numbers below twenty, folded."""

TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig",
    "fr": "vingt trente quarante cinquante soixante",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "it": "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
}

VARIANTS = {
    **dict.fromkeys(("a", "an", "ein", "eine", "einen", "une", "una"), 1),
    "zwo": 2,
    "dozen": 12,
    "dutzend": 12,
    "dixsept": 17,
    "dixhuit": 18,
    "dixneuf": 19,
    "quatrevingt": 80,
}
"""Other words for a number; articles count only before a scale ("a million")."""

ARTICLES = frozenset({"a", "an", "ein", "eine", "einen", "un", "une", "una"})

SCALES = {
    **dict.fromkeys(("hundred", "hundert", "cent", "cents", "cien", "ciento", "cento"), 100),
    **dict.fromkeys(("thousand", "tausend", "mille", "mil", "mila", "k", "tsd"), 1_000),
    **dict.fromkeys(
        ("million", "millions", "millionen", "mio", "millon", "millones", "milione", "milioni", "m", "mn"), 10**6
    ),
    **dict.fromkeys(("billion", "billions", "bn", "milliarde", "milliarden", "mrd", "milliard", "milliards"), 10**9),
    **dict.fromkeys(("trillion", "trillions", "billionen"), 10**12),
}
"""Words that multiply the number before them, folded."""

HUNDRED, SMALLEST_TENS, UNLIMITED = 100, 20, 10**18
MAX_AFTER_TENS = {"soixante": 20, "quatrevingt": 20}
"""In French, up to 19 is added to 60 and to 80."""

UNIT_SIGNS = frozenset({"k", "m", "mn", "bn"})
"""Scales that are written after digits only."""

CJK_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"\u3007": 0, "两": 2, "兩": 2}
CJK_UNITS = {"十": 10, "百": 100, "千": 1_000}
CJK_SCALES = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8, "兆": 10**12}
CJK_NUMERAL = re.compile(f"[{''.join((*CJK_DIGITS, *CJK_UNITS, *CJK_SCALES))}]+")


def _word_values() -> dict[str, int]:
    values = {word: value for words in SMALL_NUMBERS.values() for value, word in enumerate(words.split())}
    values |= {word: 10 * tens for words in TENS.values() for tens, word in enumerate(words.split(), 2)}
    values |= VARIANTS
    for tens in range(2, 10):
        word = TENS["de"].split()[tens - 2]
        values |= {f"{one}und{word}": 10 * tens + n for n, one in enumerate(_german_ones(), 1)}
    return values


def _german_ones() -> list[str]:
    return ["ein", *SMALL_NUMBERS["de"].split()[2:10]]


WORD_VALUES = _word_values()
"""The value of each word, folded."""

NUMBER_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
JOINING_WORDS = frozenset({"and", "et", "y", "und"})


def read_number_words(words: list[str]) -> Decimal | None:
    """Return the number that consecutive folded words are; None if they are not one.

    >>> read_number_words(["twenty-one"]), read_number_words(["two", "hundred", "and", "five"])
    (Decimal('21'), Decimal('205'))
    >>> read_number_words(["five", "and", "six"]), read_number_words(["quatre-vingt-dix-huit"])
    (None, Decimal('98'))
    >>> read_number_words(["a", "million"]), read_number_words(["a"]), read_number_words(["house"])
    (Decimal('1000000'), None, None)
    """
    parts = [part for word in words for part in _parts(word)]
    if not parts or (len(parts) == 1 and parts[0] in ARTICLES):
        return None
    total = group = 0
    limit = UNLIMITED  # what the next number has to be less than
    for part in parts:
        value, scale = WORD_VALUES.get(part), SCALES.get(part, 0)
        if value is not None and value < limit:
            group += value
            limit = MAX_AFTER_TENS.get(part, 10) if value >= SMALLEST_TENS else 0
        elif scale == HUNDRED and group < HUNDRED:
            group, limit = max(group, 1) * HUNDRED, HUNDRED
        elif scale > HUNDRED and part not in UNIT_SIGNS:
            total, group, limit = total + max(group, 1) * scale, 0, scale
        elif part not in JOINING_WORDS or not 0 < limit < UNLIMITED:
            return None
    return Decimal(total + group) if parts[-1] not in JOINING_WORDS else None


def _parts(word: str) -> list[str]:
    joined = re.sub("quatre-vingts?", "quatrevingt", re.sub("dix-(sept|huit|neuf)", r"dix\1", word))
    return [joined] if joined in WORD_VALUES else joined.split("-")


def read_cjk_numeral(text: str) -> Decimal | None:
    """Return the value of a Chinese or Japanese numeral; None if it is not one.

    >>> [read_cjk_numeral(text) for text in ("三万四千五百", "二零二六", "十九", "十十")]
    [Decimal('34500'), Decimal('2026'), Decimal('19'), None]
    """
    if all(char in CJK_DIGITS for char in text):
        return Decimal("".join(str(CJK_DIGITS[char]) for char in text))
    total = group = digit = 0
    last_unit = 10**16
    for char in text:
        if char in CJK_DIGITS:
            digit = CJK_DIGITS[char]
        elif char in CJK_UNITS:
            if CJK_UNITS[char] >= last_unit:
                return None
            last_unit = CJK_UNITS[char]
            group, digit = group + (digit or 1) * last_unit, 0
        else:
            total, group, digit, last_unit = total + (group + digit or 1) * CJK_SCALES[char], 0, 0, 10**16
    return Decimal(total + group + digit)
