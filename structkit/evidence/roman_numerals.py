"""Roman numerals, such as that of a chapter."""

from __future__ import annotations

SIGNS = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
MAX_ORDINAL, YEARS = 39, range(1500, 2100)
"""Others are words and abbreviations as well, such as CC, DC and MD."""

MIN_CHARS = 2


def roman_numeral(number: int) -> str:
    """Return the numeral of an ordinal or a year, in lower case; empty if it has none that is one alone.

    >>> roman_numeral(14), roman_numeral(1998), roman_numeral(200), roman_numeral(5)
    ('xiv', 'mcmxcviii', '', '')
    """
    if not 0 < number <= MAX_ORDINAL and number not in YEARS:
        return ""
    text = ""
    for value, sign in SIGNS:
        count, number = divmod(number, value)
        text += sign * count
    return text if len(text) >= MIN_CHARS else ""
