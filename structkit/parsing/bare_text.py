"""Replies that are one bare word or number, without quotes and without an object around it."""

from __future__ import annotations

import re

from structkit.parsing.spelling import unquote
from structkit.values import Repair

MAX_BARE_CHARS = 200
"""A longer text is not one value."""

THINKING = re.compile(r"\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
FENCED = re.compile(r"(`{3,}|~{3,})[^\n`~]*\n([^`~]*)\n[ \t]*\1")


def read_bare_text(text: str) -> tuple[str, tuple[Repair, ...]] | None:
    r"""Return a text without thinking, a code fence, quotes and a full stop around it; None if it may contain JSON.

    >>> read_bare_text("<think>Hm.</think>\n**True**.")
    ('True', ('think block', 'unquoted text'))
    >>> read_bare_text("```\n12,111\n```")
    ('12,111', ('code fence', 'unquoted text'))
    >>> read_bare_text('{"a": tru')
    """
    without_thinking = THINKING.sub("", text.lstrip("\ufeff"), count=1)
    fence = FENCED.fullmatch(without_thinking.strip())
    bare = unquote((fence[2] if fence else without_thinking).strip().removesuffix("."))
    if not bare or len(bare) > MAX_BARE_CHARS or "{" in bare or "[" in bare:
        return None
    outer: tuple[tuple[Repair, bool], ...] = (
        ("byte order mark", text.startswith("\ufeff")),
        ("think block", "<think" in text.casefold()),
        ("code fence", fence is not None),
    )
    return bare, (*(repair for repair, is_applied in outer if is_applied), "unquoted text")
