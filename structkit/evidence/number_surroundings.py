"""What is before and after a number and changes its value: signs, percent signs and scales."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache

from structkit.evidence.folding import fold
from structkit.evidence.inner_places import IS_UNSPACED
from structkit.evidence.number_vocabulary import (
    CJK_SCALES,
    DECLINES_AFTER,
    DECLINES_BEFORE,
    KOREAN_SCALES,
    NEGATIVE_WORDS,
    OTHER_SCALES,
    PERCENT_WORDS,
    PERCENT_WORDS_BEFORE,
    SCALES,
    SMALL_SHARES,
)
from structkit.evidence.ranges import Range, pack

ALL_SCALES = SCALES | CJK_SCALES | KOREAN_SCALES
UNSPACED_SCALES = "|".join((*CJK_SCALES, *KOREAN_SCALES))
SCALE = re.compile(
    rf" ?-?(?:({'|'.join(sorted((re.escape(word) for word in SCALES), key=len, reverse=True))})(?![^\W\d_])"
    rf"|({UNSPACED_SCALES}))"
)

PERCENT = Decimal("0.01")
SHARES = dict.fromkeys(PERCENT_WORDS, PERCENT) | SMALL_SHARES
PERCENT_SIGN = re.compile(
    r" ?-?("
    + "|".join(
        re.escape(word) + ("" if IS_UNSPACED.match(word[-1]) or not word[-1].isalpha() else r"(?!\w)")
        for word in sorted(SHARES, key=len, reverse=True)
    )
    + ")"
)
FOLLOWING_STARTS = frozenset(word[0] for word in (*SHARES, *ALL_SCALES))
"""What the words and signs after a number begin with."""

FOLLOWING_PREFIXES = frozenset(word[:2] for word in (*SHARES, *ALL_SCALES))
"""The same, with two characters of those that have more."""

PRICE_DASH = re.compile(r"[,.:]-{1,2}(?![\w-])|/-(?!\w)")
"""What is in place of cents, as in 380,- and 595:-, or after a price in India."""

DEBIT = re.compile(r" ?(?:s|soll|dr|db|debit|lastschrift|d)(?![^\W_])")
DEBIT_DECIMALS = 3
"""A letter after an amount with cents that says that it is subtracted."""

DECLINE_AFTER = re.compile(f" ?(?:{'|'.join(fold(word) for word in DECLINES_AFTER)})")
DECLINE_BEFORE = re.compile(
    rf"(?:{'|'.join(fold(word) for word in DECLINES_BEFORE)})(?: ?(?:um|by|of|von|de|del|di|na|en|{fold('на')}|了)? ?)$"
)
MAX_DECLINE = 20
"""Words beside a percentage that say that it is subtracted."""

NEGATIVE_SIGNS = frozenset("▲△÷")
"""Before a negative number in Japanese accounts, and in Scandinavia."""

END_CHARS = 4
NUMBER_SIGNS = frozenset("-(%") | NEGATIVE_SIGNS
ENDS_BEFORE = frozenset(word[-END_CHARS:] for word in (*NEGATIVE_WORDS, *PERCENT_WORDS_BEFORE) if word[-1] == " ")
MAX_BEFORE = 7
"""Characters before a number that may belong to it."""
MAX_AFTER = 24
"""Characters after a number that may belong to it."""


@lru_cache(maxsize=65_536)
def stands_alone(before: str, after: str) -> bool:
    """Return whether nothing around a number can be its sign, its percent sign or its scale."""
    is_signed = before[-1:] in NUMBER_SIGNS or before.endswith("% ") or before in ENDS_BEFORE
    following = after.lstrip(" -")[:2]
    if PRICE_DASH.match(after) or DEBIT.match(after):
        return False
    is_sign = following[:1] in FOLLOWING_PREFIXES and not (following.isascii() and following.isalpha())  # %, 5 k, 5万
    return not (is_signed or after[:1] == "-" or following in FOLLOWING_PREFIXES or is_sign)


def with_surroundings(values: Sequence[Decimal], folded: str, start: int, end: int) -> Iterator[tuple[Decimal, Range]]:
    """Yield the values with their sign, and those with the percent sign or the scale after them."""
    first, is_negative = sign_before(folded, start)
    before, after = folded[max(start - 1, 0) : start], folded[end : end + MAX_AFTER]
    signed = [-value for value in values] if is_negative else values
    percent_word = _word_before(folded, start, PERCENT_WORDS_BEFORE)
    if percent_word:
        yield from ((value * PERCENT, pack(start - len(percent_word), end)) for value in values)
    last = end + _length_of_sign(after)
    place = pack(start - len(percent_word) if percent_word else first, last)
    yield from ((value, place) for value in signed)
    if (before == "(" and after.startswith(")")) or (after.startswith("-") and not after[1:2].isalnum()):
        yield from ((-value, pack(start - (before == "("), end + 1)) for value in signed)
    yield from _debits(signed, folded, first, end, after)
    yield from shares_and_multiples(signed, pack(first, end), after)
    if last > end:
        yield from declines(signed, folded, first, last)


def _length_of_sign(after: str) -> int:
    """Return the length of a percent sign after a number, or of the dash in place of its cents."""
    sign = PRICE_DASH.match(after) or (
        PERCENT_SIGN.match(after) if after.lstrip(" -")[:1] in FOLLOWING_STARTS else None
    )
    return (
        sign.end() if sign and not sign[0][-1].isalpha() else 0
    )  # the word for percent is not a part of 8 in 8 percent


def _debits(
    values: Sequence[Decimal], folded: str, start: int, end: int, after: str
) -> Iterator[tuple[Decimal, Range]]:
    """Yield the negative amounts of a number with cents and a letter for the debit side."""
    if folded[end - DEBIT_DECIMALS : end - DEBIT_DECIMALS + 1] in {",", "."} and (sign := DEBIT.match(after)):
        yield from ((-value, pack(start, end + sign.end())) for value in values)


def declines(values: Sequence[Decimal], folded: str, start: int, end: int) -> Iterator[tuple[Decimal, Range]]:
    """Yield the negative values, and shares, of a percentage beside a word that says that something became less."""
    if after := DECLINE_AFTER.match(folded, end):
        end = after.end()
    elif not DECLINE_BEFORE.search(folded, max(start - MAX_DECLINE, 0), start):
        return
    for value in values:
        yield from ((-each, pack(start, end)) for each in (value, value * PERCENT))


def shares_and_multiples(
    values: Sequence[Decimal], place: Range, after: str, *, has_scale: bool = False
) -> Iterator[tuple[Decimal, Range]]:
    """Yield the values with the percent sign or the scale after them; a longer range is a larger integer."""
    if after.lstrip(" -")[:1] not in FOLLOWING_STARTS:
        return
    if sign := PERCENT_SIGN.match(after):
        share = SHARES[sign[1]]
        yield from ((value * share, place + sign.end()) for value in values)
    if not has_scale and (scale := SCALE.match(after)):
        word = scale[1] or scale[2]
        factors = (ALL_SCALES[word], *OTHER_SCALES.get(word, ()))
        yield from ((value * factor, place + scale.end()) for value in values for factor in factors)


def sign_before(folded: str, start: int) -> tuple[int, bool]:
    """Return where a number begins with its sign, and whether it is negative."""
    before = folded[max(start - END_CHARS, 0) : start]
    if before[-1:] in NEGATIVE_SIGNS:
        return (start, False) if before[-2:-1].isdigit() else (start - 1, True)
    if before[-1:] not in {"-", " "} or (before[-1:] == " " and before not in ENDS_BEFORE):
        return start, False
    if before.endswith("-") and not before[-2:-1].strip().isalnum():
        return start - 1, True
    word = _word_before(folded, start, NEGATIVE_WORDS)
    return start - len(word), bool(word)


def _word_before(folded: str, start: int, words: tuple[str, ...]) -> str:
    """Return the one of some words that is directly before a place; empty if it is none, or the end of another one."""
    before = folded[max(start - MAX_BEFORE, 0) : start]
    if not before.endswith(words):
        return ""
    word = next(word for word in words if before.endswith(word))
    return "" if before[: -len(word)][-1:].isalnum() else word
