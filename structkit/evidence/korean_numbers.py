"""Korean numbers in syllables: 삼백사십육만오천, and native ones before a counter, such as 세 명."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from structkit.evidence.cjk_numerals import read_cjk_numeral
from structkit.evidence.folding import fold
from structkit.evidence.ranges import Range, pack

NUMERALS = dict(zip(map(fold, "영공일이삼사오육칠팔구십백천만억조"), "零零一二三四五六七八九十百千万亿兆", strict=True))
"""Folded syllables, and the Chinese numerals that they are."""

UNITS = frozenset("十百千万亿兆")
SYLLABLE_END = "(?![\u1160-\u11ff])"
SYLLABLE = f"(?:{'|'.join(NUMERALS)}){SYLLABLE_END}"
SPACE_AFTER_SCALE = f"(?:(?:{SYLLABLE})*(?:{fold('만')}|{fold('억')}){SYLLABLE_END} )"
NUMERAL = re.compile(f"(?:{fold('금')})?({SPACE_AFTER_SCALE}?(?:{SYLLABLE}){{2,}})")
SYLLABLE_PATTERN = re.compile(SYLLABLE)
TENS = {
    fold(word): 10 * number
    for number, word in enumerate(["열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔"], 1)
}
TENS |= {fold("스무"): 20}
ONES = {
    fold(word): number
    for number, words in enumerate(["하나|한", "둘|두", "셋|세", "넷|네", "다섯", "여섯", "일곱", "여덟", "아홉"], 1)
    for word in words.split("|")
}
COUNTERS = "|".join(
    map(
        fold,
        [
            "명",
            "개",
            "시간",
            "달",
            "살",
            "번",
            "권",
            "대",
            "장",
            "잔",
            "병",
            "마리",
            "가지",
            "곳",
            "분",
            "사람",
            "건",
            "부",
            "채",
            "주",
            "차례",
            "군데",
            "켤레",
            "그루",
            "송이",
            "통",
            "박스",
            "상자",
            "세트",
            "배",
            "째",
            "층",
            "판",
            "포기",
            "자루",
            "벌",
            "척",
            "쌍",
            "끼",
            "그릇",
            "봉지",
            "팀",
            "단",
            "모금",
            "조각",
            "해",
            "돌",
        ],
    )
)
NATIVE_ONES, NATIVE_TENS = "|".join(ONES), "|".join(TENS)
NATIVE = re.compile(f"(?:({NATIVE_TENS})({NATIVE_ONES})?|({NATIVE_ONES})){SYLLABLE_END}(?= ?(?:{COUNTERS}))")
UNITS_OF_TIME = "|".join(map(fold, ["시간", "년", "개월", "달", "배", "판", "잔", "병", "개", "바퀴", "평"]))
HALF, HALF_AFTER = Decimal("0.5"), re.compile(f" ?(?:{UNITS_OF_TIME}) ?{fold('반')}{SYLLABLE_END}(?! ?{fold('기')})")
DIGITS_WITH_HALF = re.compile(rf"(?<![\d.,])(\d{{1,3}}){HALF_AFTER.pattern}$")
HALF_MARK = re.compile(f"{fold('반')}{SYLLABLE_END}")
HALF_OF_UNIT = re.compile(
    f"(?<![\u1100-\u11ff]){fold('반')} ?(?={fold('시간')}|{fold('나절')}|{fold('년')}|{fold('개')}|{fold('달')})"
)
MAX_BEFORE_HALF = 16
SYLLABLES = re.compile("[\u1100-\u11ff]+")


def korean_numbers(folded: str) -> Iterator[tuple[Decimal, Range]]:
    """Yield the numbers of a folded text.

    >>> [str(value) for value, _ in korean_numbers(fold("금 삼백사십육만오천원정, 스물세 명, 세 시간, 이 사람, 세금"))]
    ['3465000', '23', '3']
    """
    for word in SYLLABLES.finditer(folded):
        start = word.start()
        if match := NUMERAL.match(folded, start):
            text = SYLLABLE_PATTERN.sub(lambda part: NUMERALS[part[0]], match[1].replace(" ", ""))
            if not UNITS.isdisjoint(text) and (value := read_cjk_numeral(text)) is not None:
                yield value, pack(*match.span(1))
        if match := NATIVE.match(folded, start):
            count, half = (
                TENS.get(match[1], 0) + ONES.get(match[2] or match[3], 0),
                HALF_AFTER.match(folded, match.end()),
            )
            yield count + HALF if half else Decimal(count), pack(start, (half or match).end())
    for mark in HALF_MARK.finditer(folded):
        if with_half := DIGITS_WITH_HALF.search(folded, max(mark.start() - MAX_BEFORE_HALF, 0), mark.end()):
            yield int(with_half[1]) + HALF, pack(*with_half.span())
        elif HALF_OF_UNIT.match(folded, mark.start()):
            yield HALF, pack(*mark.span())
