"""Digits with separators, and the values that they may have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

NOTATION = re.compile(r"\d+(?:[.,']\d+)*(?:e[+-]?\d{1,3})?|^[.,]\d+")
"""Digits with separators, in a run of them."""

WITH_COLON = re.compile(r"(?:\d{1,3}(?:[.,']\d{3})+|\d{3,}):\d\d(?!\d)")
"""An amount as in Sweden: 214.386:50, which is no time of day."""

DIGITS = re.compile(r"\d+")
NOT_DIGITS = re.compile(r"\D")
THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:[.,']\d{3})+|[1-9]\d?(?:,\d{2})+,\d{3}")
"""Groups of three digits, and of two as in India."""


def significant_digits(text: str) -> str:
    """Return the significant digits: a scale, a percent sign and separators do not change them."""
    mantissa = text.partition("e")[0]
    return (mantissa if mantissa.isdecimal() else NOT_DIGITS.sub("", mantissa)).strip("0")


def notations_in_run(run: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of the numbers of a run; those of a list or a date may look like one with separators.

    >>> [*notations_in_run("1.299,50-12.03.2026")]
    [(0, 8), (9, 11), (12, 14), (15, 19)]
    """
    if match := WITH_COLON.fullmatch(run):
        yield match.span()
        return
    for match in NOTATION.finditer(run):
        if read_notation(match.group()):
            yield match.span()
        else:
            yield from (part.span() for part in DIGITS.finditer(run, *match.span()))


@lru_cache(maxsize=4_096)
def read_notation(text: str) -> tuple[Decimal, ...]:
    """Return the values that digits with separators may have.

    >>> [str(value) for value in read_notation("1,234")], [str(value) for value in read_notation("1.234,5")]
    (['1234', '1.234'], ['1234.5'])
    >>> read_notation("12.03.2026")
    ()
    """
    if text.isdecimal() or ":" in text:
        integer, _, decimals = text.partition(":")
        return (Decimal(f"{NOT_DIGITS.sub('', integer)}.{decimals}" if decimals else text),)
    mantissa, _, exponent = text.partition("e")
    if exponent:
        return tuple(value.scaleb(int(exponent)) for value in read_notation(mantissa))
    if THOUSANDS.fullmatch(text):
        grouped = Decimal(re.sub(r"\D", "", text))
        separators = set(re.findall(r"\D", text))
        is_single = len(re.findall(r"\D", text)) == 1 and separators != {"'"}
        values = (grouped, Decimal(text.replace(",", "."))) if is_single else (grouped,)
        return values if len(separators) == 1 else ()
    integer, separator, decimals = max(text.rpartition("."), text.rpartition(","), key=lambda parts: len(parts[0]))
    if not separator:
        return ()
    other_separators = set(re.findall(r"\D", integer))
    if separator in other_separators or (other_separators and not THOUSANDS.fullmatch(integer)):
        return ()
    return (Decimal(f"{re.sub(r'[^0-9]', '', integer) or '0'}.{decimals}"),)
