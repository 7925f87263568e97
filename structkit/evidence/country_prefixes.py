"""Telephone and account numbers whose prefix of the country is written in another way, or is left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

PHONE = re.compile(r"\s*(?:tel\.?:? *)?(\+|00)?[\d\s()/.\u2010-\u2015-]+")
ACCOUNT = re.compile(r"\s*([A-Za-z]{2})(\d{2}[\dA-Za-z\s.-]{6,40})")
NOT_DIGIT, NOT_ALPHANUMERIC, TRUNK = re.compile(r"\D"), re.compile(r"[^0-9a-z]"), re.compile(r"\(0\)")
GLUED_PREFIX = re.compile(r"([a-z]{2})\d{2,}")

MIN_DIGITS, MAX_DIGITS, MIN_NATIONAL = 8, 15, 7
"""Digits of a telephone number, and of one without its prefix."""

ONE_DIGIT = frozenset("17")
TWO_DIGITS = frozenset(
    map(str, (20, 27, *range(30, 35), 36, *range(39, 42), *range(43, 50), *range(51, 59), *range(60, 67),
              81, 82, 84, 86, *range(90, 96), 98))
)  # fmt: skip
"""Calling codes of countries with one and two digits (ITU E.164); others have three."""

CODE_BEFORE = re.compile(r"(\+ ?|00 ?)?(\d+)[ ()/.-]{0,3}(?:\(?0\)?[ -]?)?$")
LETTERS_BEFORE = re.compile(r"(?<![^\W_])([a-z]{2}) ?$")
MAX_BEFORE = 14


class PrefixedNumber(NamedTuple):
    """A number as it may be in a text.

    Attributes:
        letters: The digits and letters that are looked for.
        prefix: What has to be before them, if anything of this kind is: a calling code, or two letters; None for any.
        is_phone: Whether it is a telephone number.
    """

    letters: str
    prefix: str | None
    is_phone: bool

    def start(self, folded: str, start: int) -> int | None:
        """Return where the number begins with its prefix; None if the prefix is that of another country."""
        before = folded[max(start - MAX_BEFORE, 0) : start]
        match = (CODE_BEFORE if self.is_phone else LETTERS_BEFORE).search(before)
        if match is None:
            return start - 1 if self.is_phone and before.endswith("(") else start
        if not self.is_phone:
            return start if self.prefix in {None, match[1]} else None
        is_code = bool(match[1]) and match[2].removeprefix("00") == self.prefix
        is_any_code = self.prefix is None and bool(match[1])
        return start - len(before) + match.start() if is_code or is_any_code else None


def numbers_with_other_prefix(text: str, vocabulary: Iterable[str]) -> Iterator[PrefixedNumber]:
    """Yield how a telephone or account number may be in a text; nothing for another text.

    >>> [each.letters for each in numbers_with_other_prefix("+44 7700 900418", ())]
    ['4407700900418', '00447700900418', '07700900418', '7700900418']
    >>> [each.letters for text in ("PL61 1090 1014", "A-7") for each in numbers_with_other_prefix(text, ())]
    ['6110901014']
    """
    digits = NOT_DIGIT.sub("", TRUNK.sub("", text))
    if (phone := PHONE.fullmatch(text)) and MIN_DIGITS <= len(digits) <= MAX_DIGITS + 2:
        yield from _phones(digits, has_code=phone[1] is not None)
    if account := ACCOUNT.fullmatch(text):
        yield PrefixedNumber(NOT_ALPHANUMERIC.sub("", account[2].lower()), account[1].lower(), is_phone=False)
    elif len(digits) >= MIN_DIGITS and digits == NOT_ALPHANUMERIC.sub("", text.lower()):
        prefixes = {match[1] for word in vocabulary if (match := GLUED_PREFIX.match(word))}
        yield from (PrefixedNumber(prefix + digits, None, is_phone=False) for prefix in sorted(prefixes))


def _phones(digits: str, *, has_code: bool) -> Iterator[PrefixedNumber]:
    if not has_code:
        if digits.startswith("0"):
            yield from (PrefixedNumber(digits[1:], None, is_phone=True),) if len(digits) > MIN_NATIONAL else ()
        return
    digits = digits.removeprefix("00")
    code = digits[:1] if digits[:1] in ONE_DIGIT else digits[: 2 if digits[:2] in TWO_DIGITS else 3]
    national = digits[len(code) :]
    yield PrefixedNumber(f"{code}0{national}", code, is_phone=True)
    yield PrefixedNumber(f"00{code}{national}", code, is_phone=True)
    if len(national) >= MIN_NATIONAL:
        yield PrefixedNumber(f"0{national}", code, is_phone=True)
        yield PrefixedNumber(national, code, is_phone=True)
