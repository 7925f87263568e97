"""Brackets that could be read as documents, although a sentence or a program only mentions them."""

from __future__ import annotations

import re

from structkit.values import JSONValue

TASK_BOX = re.compile(r"\[[ \t\u00a0]+\](?=[ \t]+[\w*~|])|(?<=[-*+] )\[\](?=[ \t]+[\w*~])")
"""The open box of a task before its words, as `- [ ] Call Ada`: it is not an empty list."""

AFTER_FOOTNOTE = re.compile(r"\(\S|[:.]?[ \t]++(?:[-\u2013\u2014][ \t]++)?[\"'\u201c\u2018*_]*+\w")
"""What follows the number of a footnote, as in `[1] Smith, 2020` or `[1]: https://a.b`, or the text of a link."""

MAX_MENTIONED_NUMBER = 9_999
"""A larger number in brackets is not that of a source, a year or a status."""

BEFORE_SUBSCRIPT = re.compile(r"[a-z0-9_)](?<!json)\Z", re.IGNORECASE)
"""The end of what a subscript belongs to, as in `row["name"]`; a model may write `json` directly before its answer."""

FENCE = re.compile(r"`{3,}|~{3,}")
STATEMENT = re.compile(
    r"^[ \t]*+(?:def \w+\(|class \w+[(:{ ]|import [\w.]+(?: as \w+)?[ \t]*$|from [\w.]+ import "
    r"|(?:for|while|if|elif) [^\n]*:[ \t]*(?:#[^\n]*)?$|(?:for|while|if) ?\([^\n]*\{[ \t]*$"
    r"|(?:async )?function\b[^\n]*\(|#include\b)",
    re.MULTILINE,
)
"""The start of a statement of a program; assignments and calls are not, because they may have the answer in them."""


def is_empty(value: JSONValue) -> bool:
    """Return whether a document is empty; a sentence or a program may say when a value is, or is at first."""
    return value in ([], {})


def is_number_of_footnote(value: JSONValue) -> bool:
    """Return whether a document may be the number of a source, as `[1]`.

    >>> [is_number_of_footnote(value) for value in ([1], [1, 2], [True], [12345])]
    [True, False, False, False]
    """
    number = value[0] if isinstance(value, list) and len(value) == 1 else None
    return type(number) is int and 0 <= number <= MAX_MENTIONED_NUMBER


def is_subscript(value: JSONValue, text_before: str) -> bool:
    """Return whether a list directly after a word is not one, as in `row["name"]` or `Smith[1, 2]`.

    >>> is_subscript(["name"], "See row"), is_subscript(["name"], "See ["), is_subscript([{"name": 1}], "See row")
    (True, False, False)
    """
    may_be_subscript = isinstance(value, list) and not any(isinstance(item, dict) for item in value)
    return may_be_subscript and BEFORE_SUBSCRIPT.search(text_before) is not None


def program_end(text: str, start: int) -> int | None:
    r"""Return the end of a program that starts in a code fence at *start*; None if it may be an answer.

    >>> program_end("names = []\nfor name in text:\n    names.append(name)\n```", 0)
    52
    >>> program_end('{"names": []}\n```', 0), program_end('names = ["Ada"]\n```', 0)
    (None, None)
    """
    fence = FENCE.search(text, start)
    end = fence.start() if fence else len(text)
    is_json = text[start:end].lstrip()[:1] in {"{", "["}
    return end if not is_json and STATEMENT.search(text, start, end) else None
