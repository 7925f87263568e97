"""Texts that a spreadsheet would run as formulas, and how to escape them."""

from __future__ import annotations

import re

_FORMULA = re.compile("[=+\\-@\\t\\r\uff1d\uff0b\uff0d\uff20]")
"""The first character of a formula, in full width too, which some spreadsheets treat as the same."""

_STRIPPED = re.compile("[\\s\"'`\ufeff\u200b\x00]*")
"""Leading characters that a spreadsheet, or a program in between, may strip."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def is_formula(text: str) -> bool:
    r"""Return whether a spreadsheet might run the text. A number is not a formula.

    >>> [is_formula(text) for text in ("=1+1", "@SUM(A1)", ' "=1', "\tx", "-5", "+1.5e3", "a=b", "- x")]
    [True, True, True, True, False, False, False, True]
    """
    if text.lstrip("'")[:1] in {"\t", "\r"}:
        return True
    start = _STRIPPED.match(text).end()  # type: ignore[union-attr]
    return bool(_FORMULA.match(text, start)) and not _NUMBER.fullmatch(text.rstrip("\"'` "), start)


def escape_formula(text: str) -> str:
    """Return the text, with a leading apostrophe if it might be run, which marks it as text.

    The result is unambiguous: a formula that already has an apostrophe gets another.

    >>> escape_formula("=cmd|' /C calc'!A0"), escape_formula("-5"), escape_formula("fine")
    ("'=cmd|' /C calc'!A0", '-5', 'fine')
    """
    return f"'{text}" if is_formula(text) else text
