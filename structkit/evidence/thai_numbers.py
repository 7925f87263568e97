"""Thai numbers in words, which are written without spaces: `หนึ่งพันสองร้อยห้าสิบ`, `สองชั่วโมงครึ่ง`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from structkit.evidence.folding import fold
from structkit.evidence.ranges import Range, pack

DIGITS = {fold(word): n for n, word in enumerate(["ศูนย์", "หนึ่ง", "สอง", "สาม", "สี่", "ห้า", "หก", "เจ็ด", "แปด", "เก้า"])}
DIGITS |= {fold("เอ็ด"): 1, fold("ยี่"): 2}
UNITS = {fold(word): 10 ** (n + 1) for n, word in enumerate(["สิบ", "ร้อย", "พัน", "หมื่น", "แสน", "ล้าน"])}
MILLION, HALF = 10**6, Decimal("0.5")

WORD = re.compile("|".join(sorted(map(re.escape, (*DIGITS, *UNITS)), key=len, reverse=True)))
NUMBER = re.compile(rf"(?:{WORD.pattern})+")
COUNTERS = fold(
    "คน ตัว อัน ใบ เล่ม คัน หลัง ห้อง ชั้น ชิ้น วัน เดือน ปี ชั่วโมง นาที สัปดาห์ ครั้ง บาท เมตร กิโล กิโลเมตร กรัม ลิตร "
    "ไร่ ชุด คู่ ขวด แก้ว จาน ถ้วย ช้อน เม็ด แผ่น ฉบับ งวด ราย แห่ง สาย ต้น ลูก ฟอง ที่ ตารางเมตร ขั้น เท่า โหล กล่อง ถุง ท่าน องค์ "
    "เซนติเมตร ข้อ หน้า รอบ ด้าน ฝ่าย"
).split()
COUNTER = "|".join(sorted(map(re.escape, COUNTERS), key=len, reverse=True))
HALF_AFTER = re.compile(rf" ?(?:{COUNTER}) ?{fold('ครึ่ง')}")
HALF_WORD = fold("ครึ่ง")
HALF_UNIT = re.compile(rf"{fold('ครึ่ง')}(?= ?(?:{COUNTER}))")
COUNTER_AFTER = re.compile(rf" ?(?:{COUNTER})")
LABEL_BEFORE = re.compile(f"(?:{fold('ที่')}|{fold('จำนวน')}|[ (]) ?$")
THAI = re.compile("[\u0e01-\u0e4e]+")
LETTER = re.compile("[\u0e01-\u0e2e\u0e30-\u0e4e]")
MAX_BEFORE = 8


def thai_numbers(folded: str) -> Iterator[tuple[Decimal, Range]]:
    """Yield the numbers of a folded text: those of two words or more, and others before a counter.

    >>> [str(value) for value, _ in thai_numbers(fold("หนึ่งพันสองร้อยห้าสิบ, สองคน, ยี่สิบเอ็ดบาท, หกเมตรครึ่ง, สองล้าน"))]
    ['1250', '2', '21', '6.5', '2000000']
    """
    for match in (each for thai in THAI.finditer(folded) for each in NUMBER.finditer(folded, *thai.span())):
        start, end = match.span()
        words = WORD.findall(match[0])
        value = _value(words)
        if value is None:
            continue
        if half := HALF_AFTER.match(folded, end):
            yield value + HALF, pack(start, half.end())
        elif len(words) > 1 or COUNTER_AFTER.match(folded, end) or _is_apart(folded, start, end):
            yield Decimal(value), pack(start, end)
    for half in HALF_UNIT.finditer(folded) if HALF_WORD in folded else ():
        yield HALF, pack(*half.span())


def _is_apart(folded: str, start: int, end: int) -> bool:
    """Return whether a number has no letter around it, or a word for its place before it."""
    before = folded[max(start - MAX_BEFORE, 0) : start]
    is_first = not before or not LETTER.match(before[-1]) or LABEL_BEFORE.search(before) is not None
    return is_first and not LETTER.match(folded[end : end + 1] or " ")


def _value(words: list[str]) -> int | None:
    """Return the value of consecutive words; of digits only, that of the row of digits is not a number."""
    total = group = digit = 0
    last = 10 * MILLION
    for number, word in enumerate(words):
        if word in DIGITS:
            if digit or (number and words[number - 1] in DIGITS):
                return None
            digit = DIGITS[word]
        elif UNITS[word] == MILLION:
            total, group, digit, last = (total + group + digit or 1) * MILLION, 0, 0, 10 * MILLION
        elif UNITS[word] >= last:
            return None
        else:
            last = UNITS[word]
            group, digit = group + (digit or 1) * last, 0
    return total + group + digit
