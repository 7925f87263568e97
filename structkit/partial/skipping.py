"""What of a reply nobody looks at while it is open."""

from __future__ import annotations

from structkit.parsing.push import PushParser, Receiver
from structkit.values import JSONValue


class Unseen:
    """Takes the parser's place of who is told, until a container is closed of which nothing is shown."""

    def __init__(self, parser: PushParser, told: Receiver) -> None:
        """On behalf of *told*."""
        self._parser = parser
        self._told = told
        self._depth = 0

    def watch(self) -> None:
        """From now on, in the innermost container."""
        self._depth = 1
        self._parser.receiver = self

    def begin(self, bracket: str, at: int) -> None:  # noqa: ARG002 (nothing is looked at)
        """One more to be closed."""
        self._depth += 1

    def key(self, name: str) -> None:
        """Nothing."""

    def scalar(self, value: JSONValue) -> None:
        """Nothing."""

    def end(self, at: int) -> None:
        """Of the first one, the other is told."""
        self._depth -= 1
        if not self._depth:
            self._parser.receiver = self._told
            self._told.end(at)
