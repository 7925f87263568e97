"""Strings that contain quotes without a backslash, as in `"the "best" tea"`: where such a string certainly ends."""

from __future__ import annotations

import re

QUOTE = re.compile(r'\\.|"', re.DOTALL)
AFTER_STRING = re.compile(r"[ \t\r\n]*+[,}\]\uff0c\uff5d\uff3d]")
"""What follows a string that is a member's value or an item."""

OPENING = re.compile(r'(?<=[\s(=\[>])"(?=[^\s"])')
CLOSING = re.compile(r'(?<=[^\s"])"(?=[\s.;!?)<>/"-])')


def find_string_end(text: str, start: int) -> int | None:
    r"""Return the position of the quote that ends the string at *start*, a value, whose own quotes are not escaped.

    They must be in pairs, each open before a word and closed after one. A quote before a comma or a bracket ends the
    string, and before a colon it ends a key, so that a missing quote or comma is never taken for a part of a text.

    Returns:
        The position; None if the string may end elsewhere, or the quotes may be something else.

    >>> text = '{"a": "the "best" tea", "b": 1}'
    >>> text[6 : find_string_end(text, 6) + 1]
    '"the "best" tea"'
    >>> find_string_end('"New York, "gender": "male"}', 0)
    >>> find_string_end('["one" "two"]', 1)
    >>> find_string_end('"He said "yes", and left"}', 0)
    """
    is_open, at = False, start + 1
    while (quote := QUOTE.search(text, at)) is not None:
        at = quote.end()
        if quote.group() != '"':
            continue
        if AFTER_STRING.match(text, at):
            return None if is_open else quote.start()
        if not (CLOSING if is_open else OPENING).match(text, quote.start()):
            return None
        is_open = not is_open
    return None
