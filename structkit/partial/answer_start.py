"""Where the answer begins in a text that arrives in pieces: behind thinking, fences and prose."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

BLANK = "\ufeff \t\r\n"
THINKING = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
LONGEST = len("</thinking>")


class Start:
    """Looks for the beginning of an answer that is an object.

    A text that opens with an object is the answer. In any other, the first object is that begins with a key which
    is wanted, and stands in no thinking.

    >>> start = Start(["price"])
    >>> [start.feed(piece) for piece in ("<think>{}</th", "ink>Here {it} is: {", '"price": ', "3}")]
    [None, None, '{"price": ', '3}']
    """

    def __init__(self, wanted: Iterable[str]) -> None:
        """For an object that has some of the *wanted* keys."""
        keys = [*wanted]
        named = "|".join(re.escape(json.dumps(key, ensure_ascii=False)) for key in keys)
        self._mark = re.compile(rf"<think(?:ing)?>|\{{[ \t\r\n]*+(?:{named})[ \t\r\n]*+:", re.IGNORECASE)
        self._longest = LONGEST + max(map(len, keys), default=0) + 50
        self._held = ""
        self._found = False
        self._is_first = True
        self._is_thinking = False

    def feed(self, piece: str) -> str | None:
        """The answer's part of a piece; None where it has not begun."""
        if self._found:
            return piece
        text = self._held + piece
        if self._is_first:
            text = text.lstrip(BLANK)
            self._is_first = not text
            self._found = text[:1] == "{"
        return text if self._found else self._search(text)

    def _search(self, text: str) -> str | None:
        at = 0
        while found := (THINKING if self._is_thinking else self._mark).search(text, at):
            at = found.end()
            if text[found.start()] == "{":
                self._found, self._held = True, ""
                return text[found.start() :]
            self._is_thinking = not self._is_thinking
        self._held = text[max(at, len(text) - self._longest) :]
        return None
