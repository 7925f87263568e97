"""Replies that are one bare word or number, without quotes and without an object around it."""

from __future__ import annotations

import re

from structkit.parsing.exact import NotJSON, read_json
from structkit.parsing.spelling import unquote
from structkit.parsing.thinking import without_thinking
from structkit.parsing.turns import without_next_turns
from structkit.values import Repair

MAX_BARE_CHARS = 200
"""A longer text is not one value."""

FENCE_START = re.compile(r"(?:`{3,}|~{3,})(?:[^\n`~]*\n|(?=[^\n`~]+[`~]{3,}\Z))")
"""The start of a code fence: a line of its own, or the marks before a fence that is one line."""

FENCE_ENDS = ("```", "~~~")
BULLET = "- "
"""Before a number, it may be a minus sign as well."""


def read_bare_text(text: str) -> tuple[str, tuple[Repair, ...]] | None:
    r"""Return a text without thinking, a code fence, quotes and a full stop around it; None if it may contain JSON.

    >>> read_bare_text("<think>Hm.</think>\n**True**.")
    ('True', ('think block', 'unquoted text'))
    >>> read_bare_text("```\n12,111\n```"), read_bare_text("12,111\n```")
    (('12,111', ('code fence', 'unquoted text')), ('12,111', ('code fence', 'unquoted text')))
    >>> read_bare_text("```positive```")
    ('positive', ('code fence', 'unquoted text'))
    >>> read_bare_text('{"a": tru'), read_bare_text("- 7")
    (None, None)
    """
    content, repairs = _content(text)
    bare = unquote(content.removesuffix("."))
    if not bare or len(bare) > MAX_BARE_CHARS or "{" in bare or "[" in bare or bare.startswith(BULLET):
        return None
    if "://" in bare and content.endswith("."):  # which may be the end of the URL
        return None
    return bare, (*repairs, "unquoted text")


def read_quoted_text(text: str) -> tuple[str, tuple[Repair, ...]] | None:
    r"""Return the text that a JSON string is, in a code fence or after thinking; None if there is none.

    >>> read_quoted_text('```json\n"a \\u00e9"\n```'), read_quoted_text("```\na\n```")
    (('a é', ('code fence',)), None)
    """
    content, repairs = _content(text)
    if not repairs or content[:1] != '"':
        return None
    try:
        value = read_json(content)
    except NotJSON:
        return None
    return (value, repairs) if isinstance(value, str) else None


def _content(text: str) -> tuple[str, tuple[Repair, ...]]:
    """Return what is inside of thinking and a code fence, of which one end may be missing; and the repairs."""
    without_mark = text.removeprefix("\ufeff")
    unstripped, has_thinking = without_thinking(without_mark)
    turn, turn_repairs = without_next_turns(unstripped)
    answer = turn.strip()
    fence = FENCE_START.match(answer)
    inside = answer[fence.end() :] if fence else answer
    end = next((mark for mark in FENCE_ENDS if inside.endswith(mark)), "")
    content = inside.rstrip(end[:1]).rstrip() if end else inside
    outer: tuple[tuple[Repair, bool], ...] = (
        ("byte order mark", without_mark != text),
        ("think block", has_thinking),
        ("code fence", bool(fence or end)),
    )
    return content.strip(), (*(repair for repair, is_applied in outer if is_applied), *turn_repairs)
