"""Strings in nearly-JSON text: the quotes that delimit them, and where each string ends."""

from __future__ import annotations

import re

from structkit.values import Repair

APOSTROPHE = r"{open}([^{close}\\]*+(?:(?:\\.|(?<=\w){close}(?=\w))[^{close}\\]*+)*)(?:(?<!\w){close}|{close}(?!\w))"
"""A string that ends with an apostrophe; one between two letters ends no string."""


def _string(opening: str, closing: str) -> re.Pattern[str]:
    """Return the pattern of strings with an opening and a closing quote, each one of several, none of them inside."""
    other = "".join(sorted({*opening, *closing}))
    return re.compile(rf"[{opening}]([^{other}\\]*+(?:\\.[^{other}\\]*+)*)[{closing}]", re.DOTALL)


STRING = {
    '"': re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*)"', re.DOTALL),
    "'": re.compile(APOSTROPHE.format(open="'", close="'"), re.DOTALL),
    "\u2018": re.compile(APOSTROPHE.format(open="\u2018", close="\u2019"), re.DOTALL),
    **dict.fromkeys("\u201c\u201d", _string("\u201c\u201d", "\u201d")),
    "\u201e": _string("\u201e", '\u201c\u201d"'),
    "\u00ab": _string("\u00ab", "\u00bb"),
    "\u00bb": _string("\u00bb", "\u00ab"),
    "\u300c": _string("\u300c", "\u300d"),
    "\u300e": _string("\u300e", "\u300f"),
    "\uff02": _string("\uff02", "\uff02"),
}
"""Strings by their first character."""

BACKTICKS = re.compile(r"`([^`]*+)(?<!\\)`(?=[ \t\r\n]*[,}])")
TRIPLE_QUOTED = {
    '"': re.compile(r'"""((?:[^"\\]++|\\.|"(?!""))*)"""(?!")', re.DOTALL),
    "'": re.compile(r"'''((?:[^'\\]++|\\.|'(?!''))*)'''(?!')", re.DOTALL),
}
QUOTE_REPAIRS: dict[str, Repair] = {
    "'": "single quotes",
    "`": "backticks",
    **dict.fromkeys(STRING.keys() - {'"', "'"}, "curly quotes"),
}
