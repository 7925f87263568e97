"""The one number that a text can mean."""

from __future__ import annotations

import re
import unicodedata

DECIMAL_TEXT = r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
"""The pattern of a number that is written as text, so that no digit is lost: every finite `str(Decimal)`, without the
lookahead that pydantic's own pattern has."""

MAX_NUMBER_CHARS = 64
"""A longer text is not a number that a model would write."""

PLAIN_NUMBER = re.compile(r"(?:(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
GROUPED_NUMBER = re.compile(r"([1-9][0-9]{0,2}(?:([,. '_])[0-9]{3})(?:\2[0-9]{3})*)(?:([.,])([0-9]+))?")
POINT_OR_GROUP = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")
"""Digits that are a fraction in English and a thousand in German: alone they are JSON, beside a unit they are prose."""
NUMBER_WITH_UNIT = re.compile(r"([-+]?)([^-+0-9]*?) ?([-+]?)(\.?[0-9](?:[0-9,.'_ eE+-]*[0-9])?) ?(\D*)")
FULL_WIDTH = {code: code - 0xFEE0 for code in (0xFF04, 0xFF05, 0xFF0B, 0xFF0C, 0xFF0D, 0xFF0E, *range(0xFF10, 0xFF1A))}
"""Digits, signs and points in the width of Chinese and Japanese text."""

TYPOGRAPHY = {
    **str.maketrans({"\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2019": "'", "\u2212": "-", "\uffe5": "\u00a5"}),
    **str.maketrans({"\u066b": ".", "\u066c": ","}),
    **FULL_WIDTH,
}
"""What separates groups of digits, the point and the minus sign, in their typographic and Arabic forms."""

CURRENCY_NAMES = """
    $ € £ ¥ ₹ ₩ ₽ ₺ ฿ ₫ ₪ ₴ US$ A$ C$ R$
    AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS INR JPY KRW MXN NOK NZD PLN SEK SGD THB TRY USD ZAR
"""
UNIT_NAMES = """
    ° °C °F µg mg g kg lb lbs oz µm mm cm km mi ft yd m² cm² km² ft² m³ ha ml mL cl l L
    ns µs ms s sec secs min mins h hr hrs km/h mph m/s V A W Wh kW kWh Hz kHz MHz GHz kB KB MB GB TB px pt dpi
    gram grams kilogram kilograms pound pounds ounce ounces litre litres liter liters
    metre metres meter meters kilometre kilometres kilometer kilometers mile miles foot feet inch inches
    second seconds minute minutes hour hours day days week weeks month months year years yrs
    dollar dollars euro euros yen item items pcs piece pieces unit units person people page pages word words
    token tokens point points
"""
CURRENCIES = frozenset(CURRENCY_NAMES.split())
UNITS = CURRENCIES | frozenset(UNIT_NAMES.split())
"""Units that do not change the number before them; not `k`, `m`, `M`, `t`, `bn`, which may mean a multiple of it."""

PERCENT = frozenset(("%", "percent", "pct"))
"""Units of integers only: where fractions are allowed, 5% may be 5 or 0.05."""


def read_number(text: str, *, as_integer: bool = False) -> int | float | None:
    """Return the one number that *text* can mean, or None.

    >>> [read_number(text) for text in ("1.234", "1,234", "1.234,50", "1 234", "-$1'234.5", "12.50 kg")]
    [1.234, 1234, 1234.5, 1234, -1234.5, 12.5]
    >>> [read_number(text) for text in (".5", "-$.99", "USD.50", "..5")]
    [0.5, -0.99, None, None]
    >>> [read_number(text) for text in ("1,5", "12k", "10-12", "5 pm", "007", "0,123", "~5", "25%", "1.250 EUR")]
    [None, None, None, None, None, None, None, None, None]
    >>> [read_number(text, as_integer=True) for text in ("3.0", "3.5", "25%", "3.000")]
    [3, None, 25, None]
    """
    digits = _read_digits(text, UNITS | PERCENT if as_integer else UNITS)
    if digits is None or (as_integer and POINT_OR_GROUP.fullmatch(digits.removeprefix("-"))):
        return None
    return _number(digits.removeprefix("-"), is_negative=digits.startswith("-"), as_integer=as_integer)


def read_decimal(text: str) -> str | None:
    """Return the one number that *text* can mean in the notation of JSON, with all of its digits; or None.

    >>> [read_decimal(text) for text in ("$1,234.50", "-12.30 EUR", "1.234,50", "12 to 15")]
    ['1234.50', '-12.30', '1234.50', None]
    """
    return _read_digits(text, UNITS)


def split_unit(text: str) -> str:
    """Return what is written beside the only number of a text; empty if there is none.

    >>> split_unit("2 hours"), split_unit("$5"), split_unit("2 to 5 hours")
    ('hours', '$', '')
    """
    match = NUMBER_WITH_UNIT.fullmatch(_in_ascii(text.strip())) if len(text) <= MAX_NUMBER_CHARS else None
    return (match[5] or match[2]).strip() if match else ""


def _read_digits(text: str, units: frozenset[str]) -> str | None:
    """Return the digits of a number beside which only one of these units is."""
    match = NUMBER_WITH_UNIT.fullmatch(_in_ascii(text.strip())) if len(text) <= MAX_NUMBER_CHARS else None
    if match is None:
        return None
    sign, before, inner_sign, digits, after = match.groups()
    if (sign and inner_sign) or not (before.strip() in CURRENCIES | {""} and after.strip() in units | {""}):
        return None
    if (before or after) and POINT_OR_GROUP.fullmatch(digits):
        return None
    if digits.startswith(".") and before[-1:].isalpha():  # as in `USD.50`: the point may end an abbreviation
        return None
    json_digits = _json_digits(digits)
    if json_digits is None:
        return None
    return f"-{json_digits}" if "-" in sign + inner_sign else json_digits


def _in_ascii(text: str) -> str:
    """Return a number with the digits and signs of ASCII, whichever script it is written in."""
    translated = text.translate(TYPOGRAPHY)
    if translated.isascii():
        return translated
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in translated)


def _json_digits(digits: str) -> str | None:
    """Return the digits in the notation of JSON, without group separators."""
    if PLAIN_NUMBER.fullmatch(digits):
        return f"0{digits}" if digits.startswith(".") else digits
    match = GROUPED_NUMBER.fullmatch(digits)
    if match is None:
        return None
    integer, separator, point, fraction = match.groups()
    if point == separator:
        return None
    return integer.replace(separator, "") + (f".{fraction}" if point else "")


def _number(digits: str, *, is_negative: bool, as_integer: bool) -> int | float | None:
    integer, _, fraction = digits.partition(".")
    if integer.isdigit() and (not fraction or (as_integer and not fraction.strip("0"))):
        return -int(integer) if is_negative else int(integer)
    value = float(digits)
    if as_integer or value == float("inf"):
        return None
    return -value if is_negative else value
