"""Texts that a spreadsheet would take for formulas, and how they are kept from being ones."""

from __future__ import annotations

import re

_FORMULA = re.compile("[=+\\-@\\t\\r\uff1d\uff0b\uff0d\uff20]")
"""What a formula begins with, in its full-width forms too, which some spreadsheets take for the same."""

_BEFORE = re.compile("[\\s\"'`\ufeff\u200b\x00]*")
"""What a spreadsheet, or the next program, may take away before it looks."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def is_formula(text: str) -> bool:
    r"""Whether a spreadsheet might run the text. A number is none.

    >>> [is_formula(text) for text in ("=1+1", "@SUM(A1)", ' "=1', "\tx", "-5", "+1.5e3", "a=b", "- x")]
    [True, True, True, True, False, False, False, True]
    """
    if text.lstrip("'")[:1] in {"\t", "\r"}:
        return True
    start = _BEFORE.match(text).end()  # type: ignore[union-attr]
    return bool(_FORMULA.match(text, start)) and not _NUMBER.fullmatch(text.rstrip("\"'` "), start)


def neutral(text: str) -> str:
    """The text with an apostrophe before it where it might be run, which says that it is text.

    No two texts become one: a text that begins with an apostrophe and a formula gets another.

    >>> neutral("=cmd|' /C calc'!A0"), neutral("-5"), neutral("fine")
    ("'=cmd|' /C calc'!A0", '-5', 'fine')
    """
    return f"'{text}" if is_formula(text) else text
