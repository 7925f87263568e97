"""Numbers around their unit: `dos horas y media`, `415€50`, `nine euros and ten cents`, `兩公斤四`; half a million."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from structkit.evidence.cjk_numerals import read_cjk_numeral
from structkit.evidence.folding import fold
from structkit.evidence.mark_search import search_around
from structkit.evidence.number_notations import read_notation
from structkit.evidence.number_vocabulary import CJK_DIGITS, SCALES, UNITS
from structkit.evidence.number_words import read_number_words
from structkit.evidence.ranges import END_BITS, END_MASK, Range, pack


def _pattern(words: str) -> str:
    return "|".join(re.escape(word) for word in sorted(fold(words).split("|"), key=len, reverse=True))


HALVES = _pattern(
    "y medio|y media|e mezzo|e mezza|e meio|e meia|et demi|et demie|and a half|en een half|en een halve|und ein halb|"
    "och en halv|och ett halvt|og en halv|og et halvt|i pół|a půl|a pol|i pol|in pol|ja puoli|ja pool|és fél|buçuk|"
    "și jumătate|si jumatate|și jumate|и половина|с половиной|з половиною|και μισή|και μισό|וחצי|ونصف|و نصف|"
    "و نیم|ونیم|rưỡi|setengah|i mig|i mitja"
)
LETTERS = r"(?:[^\W\d_]|[\u0900-\u0963'])+"
HALF_AFTER_UNIT = re.compile(
    rf"(?<![\w.,])(?:(\d{{1,4}}) ?|((?:{LETTERS}[ -]){{1,2}}?))?(?:({LETTERS})\.? )?({HALVES})(?!\w)"
)
HALF_WORDS = frozenset(fold(
    "medio media mezzo mezza meio meia demi demie half halve halb halv halvt pół půl pol puoli pool fél buçuk jumătate "
    "jumate половина половиной половиною μισή μισό וחצי ونصف نصف نیم ونیم rưỡi setengah mig mitja"
).split())  # fmt: skip
"""The last words of what adds a half to a number."""

HALVES_OF_SCALES = _pattern(
    "half a|half|medio|media|mezzo|mezza|meio|meia|demi|un demi|pół|půl|pol|пол|puoli|pool|fél|yarım|jumătate de|"
    "jumatate de|μισό|חצי|نصف|نیم|nửa|setengah|en halv|et halvt|een half"
)
HALF_OF_SCALE = re.compile(rf"(?<!\w)(?:{HALVES_OF_SCALES})[ -]?$")
CURRENCIES = _pattern(
    "€|eur|euro|euros|dollars|dollar|pounds|pound|livres|zł|zl|złotych|złote|złoty|kr|kronor|kroner|korun|koruny|kč|"
    "руб|руб.|рублей|рубля|рубль|грн|грн.|гривень|гривні|лв|лв.|лева|lei|leu|francs|franken|fr|fr.|pesos|peso|reais|"
    "real|lira|tl|rupees|rs|rs.|ευρώ|دينار|ريال|درهم"
)
CENTS = _pattern(
    "cents|cent|centimes|centime|pence|p|groszy|gr|grosze|öre|øre|ore|коп|коп.|копеек|копейки|копійок|коп|ст|ст.|"
    "стотинки|bani|haléřů|centavos|céntimos|centesimi|kuruş|krş|paise|λεπτά|فلس|هللة|rappen|rp"
)
JOINT = f"(?:,? (?:{_pattern('and|et|y|con|e|und|i|og|och|en|a|и|і|și|si|και|و')}))?"
CENTS_STARTS = "".join(sorted({each[0] for each in CENTS.split("|")}))
CENTS_MARK = re.compile(rf"[0-9] ?(?=[€{CENTS_STARTS}])(?:€[0-9]|(?:{CENTS})(?!\w))")
AMOUNT_IN_DIGITS = re.compile(
    rf"(?<![\d.,])(\d{{1,3}}(?:[., ']\d{{3}})*|\d+)"
    rf"(?:€(\d{{2}})(?!\d)| ?(?:{CURRENCIES}){JOINT} ?(\d{{1,2}}) ?(?:{CENTS})(?!\w))"
)
AFTER_WORDS = re.compile(rf" (?:d'|de )?(?:{CURRENCIES}){JOINT} ")
CENTS_IN_DIGITS = re.compile(rf"(\d{{1,2}}) ?(?:{CENTS})(?!\w)")
CENTS_AFTER = re.compile(rf" (?:de )?(?:{CENTS})(?!\w)")

CJK_UNITS = "公斤|千克|斤|公里|公尺|米|尺|塊|块|元|里|丈|兩|个半"
DIGITS = "".join(CJK_DIGITS)
CJK_AMOUNT = re.compile(
    rf"([{DIGITS}十百千\d]+)(?:{CJK_UNITS})(?:([{DIGITS}])(?![{DIGITS}十百千万萬年月日点點個个\d])|(半))"
)
CJK_UNIT = re.compile(CJK_UNITS)
COUNTED = "個|个|年|天|小时|小時|時間|个小时|日|歳|岁|ヶ月|か月|カ月|倍|週間|周|人|份"
CJK_HALF = re.compile(rf"([{DIGITS}十百千]+|\d+) ?(?:{COUNTED})半(?!年|月|天|日|分|额|价)")
HALF_SIGN = re.compile("半")
CJK_HALF_UNIT = re.compile(
    r"半(?=(?:个|個|小时|小時|年|天|日|斤|公斤|价|價|额|額|数|數|分(?!钟)|杯|瓶|碗|张|張|月(?!刊)|間|时|時間))"
)
CJK_TENTHS = re.compile(
    rf"([{DIGITS}]|\d(?:\.\d)?) ?(?:([成割]|{fold('할')})(?:([{DIGITS}\d])(?:[分厘]|{fold('푼')})?|(半))?"
    r"(?![功立员員本为為])|(折))"
)
NUMERALS = frozenset(f"{DIGITS}十百千0123456789")
TENTHS_SIGN = re.compile(f"成|割|折|{fold('할')}")
MILLIONS_SIGN = re.compile(r"[0-9] ?t[ry]")
SHORT_MILLIONS = re.compile(r"(?<![\d.,])(\d{1,3}) ?(?:(tr)(?:ieu)?|ty) ?(\d{1,3})(?!\w)")
HUNDREDTHS = re.compile(
    r"(?: [^\W\d_]{2,12}\.?)?(?: (?:and|e|y|i|und|et|con))? ?(?<=[^\W\d_]|[ ])(\d{1,2})/100(?!\d)|/(\d{2})(?![\d/])"
)
MAX_BEFORE, MAX_AFTER, CENT = 40, 40, Decimal("0.01")
HALF, TENTH = Decimal("0.5"), Decimal("0.1")

Number = tuple[Decimal, Range]


def compound_amounts(folded: str, words: Sequence[Range], numbers: Iterable[Number]) -> Iterator[Number]:
    """Yield the numbers of a folded text that have a unit between their parts.

    Args:
        folded: The text.
        words: The ranges of the words that numbers have.
        numbers: The numbers in words.

    >>> amounts = compound_amounts("415€50, 12 zl 5 gr", [], [])
    >>> [str(value) for value, _ in amounts]
    ['415.50', '12.05']
    """
    yield from _halves(folded, words)
    yield from _amounts_in_words(folded, numbers)
    for match in search_around(AMOUNT_IN_DIGITS, CENTS_MARK, folded):
        values = read_notation(match[1].replace(" ", "'"))
        if values:
            yield values[0] + int(match[2] or match[3]) * CENT, pack(*match.span())
    yield from _short_millions(folded)


def compound_cjk_amounts(folded: str) -> Iterator[Number]:
    """Yield the numbers in Chinese, Japanese and Korean that have a unit between their parts.

    >>> [str(value) for value, _ in compound_cjk_amounts("两公斤四, 两个半, 八折")]
    ['0.80', '80', '0.20', '20', '2.5', '2.4']
    """
    yield from _shares_of_ten(folded)
    yield from _cjk_halves(folded)
    for match in search_around(CJK_AMOUNT, CJK_UNIT, folded):
        value = Decimal(match[1]) if match[1].isdecimal() else read_cjk_numeral(match[1])
        if value is not None:
            yield value + (CJK_DIGITS[match[2]] * TENTH if match[2] else HALF), pack(*match.span())


def _short_millions(folded: str) -> Iterator[Number]:
    """Yield amounts such as 1tr5, which is 1.5 million in Vietnamese."""
    for match in search_around(SHORT_MILLIONS, MILLIONS_SIGN, folded):
        scale = 10**6 if match[2] else 10**9
        yield int(match[1]) * scale + Decimal(f"0.{match[3]}") * scale, pack(*match.span())


def _cjk_halves(folded: str) -> Iterator[Number]:
    """Yield the numbers with a half after their unit, and halves before a unit."""
    for match in search_around(CJK_HALF, HALF_SIGN, folded):
        value = Decimal(match[1]) if match[1].isdecimal() else read_cjk_numeral(match[1])
        if value is not None:
            yield value + HALF, pack(*match.span())
    for match in search_around(CJK_HALF_UNIT, HALF_SIGN, folded):
        if folded[max(match.start() - 2, 0) : match.start() - 1] not in NUMERALS:
            yield HALF, pack(*match.span())


def _shares_of_ten(folded: str) -> Iterator[Number]:
    """Yield the shares in tenths, as they are and in percent; a price of 八折 is also a reduction by 20 percent."""
    for match in search_around(CJK_TENTHS, TENTHS_SIGN, folded):
        tenths = Decimal(CJK_DIGITS.get(match[1], match[1]))
        tenths += Decimal(CJK_DIGITS.get(match[3], match[3] or 0)) * TENTH + (HALF if match[4] else 0)
        shares = [tenths * TENTH, *([1 - tenths * TENTH] if match[5] else ())]
        for share in shares:
            yield from ((value, pack(*match.span())) for value in (share, share / CENT))


def _halves(folded: str, words: Sequence[Range]) -> Iterator[Number]:
    """Yield the numbers with a half after their unit, and halves of scales."""
    for place in words:
        start, end = place >> END_BITS, place & END_MASK
        word = folded[start:end]
        if word in HALF_WORDS:
            for first in range(max(start - MAX_BEFORE, 0), start):
                match = _match_half(folded, first, end)
                if match:
                    yield match
                    break
        elif word in SCALES and (before := HALF_OF_SCALE.search(folded, max(start - MAX_BEFORE, 0), start)):
            yield SCALES[word] * HALF, pack(before.start(), end)


def _match_half(folded: str, start: int, end: int) -> Number | None:
    match = None if folded[start - 1 : start].isalnum() else HALF_AFTER_UNIT.match(folded, start, end)
    if match is None or match.end() != end:
        return None
    value = Decimal(match[1]) if match[1] else read_number_words(match[2].rstrip(" -")) if match[2] else None
    if value is None and not (match[1] or (match[2] and match[3])) and (match[3] or (match[2] or "").rstrip()) in UNITS:
        value = Decimal(1)
    return None if value is None or value % 1 else (value + HALF, pack(start, end))


def _amounts_in_words(folded: str, numbers: Iterable[Number]) -> Iterator[Number]:
    """Yield the sums of a number in words, the word of its currency, and its cents."""
    numbers = sorted(numbers, key=lambda number: number[1])
    for value, place in numbers:
        part = HUNDREDTHS.match(folded, place & END_MASK)
        if part and int(part[1] or part[2]) and not value % 1 and value >= 1:
            yield value + int(part[1] or part[2]) * CENT, pack(place >> END_BITS, part.end())
    joints = [
        (value, place, joint)
        for value, place in numbers
        if (joint := AFTER_WORDS.match(folded, place & END_MASK, (place & END_MASK) + MAX_AFTER)) and not value % 1
    ]
    starts = {place >> END_BITS: (value, place & END_MASK) for value, place in numbers} if joints else {}
    for value, place, joint in joints:
        cents, end = starts.get(joint.end(), (None, 0))
        if digits := CENTS_IN_DIGITS.match(folded, joint.end()):
            yield value + int(digits[1]) * CENT, pack(place >> END_BITS, digits.end())
        elif cents is not None and cents < 1 / CENT and (unit := CENTS_AFTER.match(folded, end)):
            yield value + cents * CENT, pack(place >> END_BITS, unit.end())
