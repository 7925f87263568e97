"""Chinese and Japanese numerals."""

from __future__ import annotations

import re
from decimal import Decimal

from structkit.evidence.number_vocabulary import CJK_DIGITS, CJK_SCALES, CJK_UNITS

TEN = 10
SPOKEN_NUMERAL = re.compile("(.*([百千万萬]))([一二三四五六七八九])")
CJK_NUMERAL = re.compile(f"[{''.join((*CJK_DIGITS, *CJK_UNITS, *CJK_SCALES))}]+")


def read_digits_or_numeral(text: str) -> int:
    """Return the value of digits, or of a numeral; 0 if it is neither.

    >>> read_digits_or_numeral("14"), read_digits_or_numeral("十四"), read_digits_or_numeral("十十")
    (14, 14, 0)
    """
    return int(text) if text.isdecimal() else int(read_cjk_numeral(text) or 0)


def read_cjk_numeral(text: str, *, is_japanese: bool = True) -> Decimal | None:
    """Return the value of a Chinese or Japanese numeral; None if it is not one.

    In Chinese, a last digit after hundreds or more counts the next smaller unit: 四千五 is 4500.

    >>> [str(read_cjk_numeral(text, is_japanese=False)) for text in ("四千五", "一百三", "一百零三", "三万八")]
    ['4500', '130', '103', '38000']
    >>> [read_cjk_numeral(text) for text in ("三万四千五百", "二零二六", "十九", "十十")]
    [Decimal('34500'), Decimal('2026'), Decimal('19'), None]
    """
    if all(char in CJK_DIGITS for char in text):
        return Decimal("".join(str(CJK_DIGITS[char]) for char in text))
    if not is_japanese and (match := SPOKEN_NUMERAL.fullmatch(text)):
        unit = CJK_UNITS.get(match[2]) or CJK_SCALES[match[2]]
        before = read_cjk_numeral(match[1])
        return None if before is None else before + CJK_DIGITS[match[3]] * unit // TEN
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
