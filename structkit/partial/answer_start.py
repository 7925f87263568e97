"""Find where the answer starts in a text that arrives in chunks: after thinking, a code fence or prose."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from structkit.parsing.thinking import END_OF, MAX_TAG_CHARS, STARTS

BLANK = "\ufeff \t\r\n"


class AnswerFinder:
    """Find the start of an answer that is an object.

    If the text starts with an object, that is the answer. Otherwise the answer is the first object outside of thinking
    whose first key is an expected one.

    Attributes:
        has_started: Whether the answer has started; then the whole of each chunk belongs to it.

    >>> finder = AnswerFinder(["price"])
    >>> [finder.feed(chunk) for chunk in ("<think>{}</th", "ink>Here {it} is: {", '"price": ', "3}")]
    [None, None, '{"price": ', '3}']
    """

    def __init__(self, keys: Iterable[str]) -> None:
        """Start before the text; *keys* are the keys that the answer may have."""
        keys = [*keys]
        first_key = "|".join(re.escape(json.dumps(key, ensure_ascii=False)) for key in keys)
        self._mark = re.compile(rf"{STARTS}|\{{[ \t\r\n]*+(?:{first_key})[ \t\r\n]*+:", re.IGNORECASE)
        self._max_mark_chars = MAX_TAG_CHARS + max(map(len, keys), default=0) + 50  # 50 for brackets and blanks
        self._pending = ""
        self.has_started = False
        self._is_first = True
        self._thinking_end: re.Pattern[str] | None = None

    def feed(self, chunk: str) -> str | None:
        """Return the part of a chunk that belongs to the answer; None before its start."""
        if self.has_started:
            return chunk
        text = self._pending + chunk
        if self._is_first:
            text = text.lstrip(BLANK)
            self._is_first = not text
            self.has_started = text[:1] == "{"
        return text if self.has_started else self._search(text)

    def _search(self, text: str) -> str | None:
        at = 0
        while match := (self._thinking_end or self._mark).search(text, at):
            at = match.end()
            if self._thinking_end is None and match.lastgroup is None:
                self.has_started, self._pending = True, ""
                return text[match.start() :]
            self._thinking_end = END_OF[match.lastgroup] if match.lastgroup else None
        self._pending = text[max(at, len(text) - self._max_mark_chars) :]  # a mark may be split between two chunks
        return None
