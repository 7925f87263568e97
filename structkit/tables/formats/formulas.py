"""Texts that a spreadsheet would run as formulas, and how to escape them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal, TypeAlias

from structkit.tables.columns import Column
from structkit.values import JSON

GuardFormulas: TypeAlias = Literal["all", "output", "none"]
"""In which columns of a CSV or TSV file a formula is escaped: all, those that are not from the input, or none."""

_FORMULA = re.compile("[=+\\-@\\t\\r\uff1d\uff0b\uff0d\uff20]")
"""The first character of a formula, in full width too, which some spreadsheets treat as the same."""

_STRIPPED = re.compile("[\\s\"'`\ufeff\u200b\x00]*")
"""Leading characters that a spreadsheet, or a program in between, may strip."""

_HARMLESS = re.compile(
    r"""
    # A number, an amount or a phone number: no letter comes before a parenthesis, which would make it a call.
    [+\-\uff0b\uff0d][ \u00a0\u202f]?[$€£¥]?[\d.,:/()' \u00a0\u202f\u2010-\u2013-]{0,40}\d[.,)]{0,3}
        (?:[eE][+-]?\d+)?
        (?:[ \u00a0\u202f]?(?:ext|x)\.?[ ]?\d+)?
        (?:[ \u00a0\u202f]?[%‰°$€£¥]*[^\W\d_]{0,12})?
    # An infinity, or a negative duration.
    | [+\-](?:Infinity|P(?:\d+D)?(?:T[\d.HMS]+)?)
    # A user, a domain or a package.
    | [@\uff20][\w./-]+
    # Dashes.
    | [+\-\uff0b\uff0d@\uff20. ]+
    """,
    re.VERBOSE,
)
"""Texts that begin like a formula but have no call, no reference to another file, and no name of a program."""


def is_formula(text: str) -> bool:
    r"""Return whether a spreadsheet might run the text.

    A number, a phone number, a name after an `@` and a dash are no formulas, nor is a text that already begins with an
    apostrophe.

    >>> [is_formula(text) for text in ("=1+1", "@SUM(A1)", ' "=1', "\tx", "'=1", "-5", "+49 (30) 1234", "@user", "a=b")]
    [True, True, True, True, False, False, False, False, False]
    """
    if text.startswith("'"):  # a spreadsheet reads it as text
        return False
    if text.startswith(("\t", "\r")):
        return True
    start = _STRIPPED.match(text).end()  # type: ignore[union-attr]
    return bool(_FORMULA.match(text, start)) and not _HARMLESS.fullmatch(text.rstrip("\"'` "), start)


def escape_formula(text: str) -> str:
    """Return the text, with a leading apostrophe if it might be run, which marks it as text.

    >>> escape_formula("=cmd|' /C calc'!A0"), escape_formula("-5"), escape_formula("fine")
    ("'=cmd|' /C calc'!A0", '-5', 'fine')
    """
    return f"'{text}" if is_formula(text) else text


def unescape_formula(text: str) -> str:
    """Return the text without the apostrophe of `escape_formula`, where a CSV or TSV file is read as data.

    >>> unescape_formula("'=1+1"), unescape_formula("=1+1"), unescape_formula("'tis")
    ('=1+1', '=1+1', "'tis")
    """
    return text[1:] if text.startswith("'") and is_formula(text[1:]) else text


def unescape_cells(cells: Mapping[str, Any], unguarded: Collection[str] = ()) -> JSON:
    """Return the cells of a row without such apostrophes; those of unguarded columns, which have none, unchanged.

    >>> unescape_cells({"text": "'=1", "label": "'=1"}, unguarded={"text"})
    {'text': "'=1", 'label': '=1'}
    """
    return {
        name: unescape_formula(cell) if isinstance(cell, str) and name not in unguarded else cell
        for name, cell in cells.items()
    }


def find_escape(guard_formulas: GuardFormulas, column: Column) -> Callable[[str], str]:
    """Return the function that escapes the texts of a column."""
    is_guarded = guard_formulas == "all" or (guard_formulas == "output" and column.origin != "input")
    return escape_formula if is_guarded else str
