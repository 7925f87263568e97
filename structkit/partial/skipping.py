"""Skip the parts of a reply that are in no snapshot while they are incomplete."""

from __future__ import annotations

from structkit.parsing.push import PushParser, Receiver
from structkit.values import JSONValue


class SkippingReceiver:
    """Replace the parser's receiver until one container is complete, so that nothing inside costs a real callback."""

    def __init__(self, parser: PushParser, receiver: Receiver) -> None:
        """Skip on behalf of *receiver*."""
        self._parser = parser
        self._receiver = receiver
        self._depth = 0

    def skip_container(self) -> None:
        """Skip the rest of the innermost container."""
        self._depth = 1
        self._parser.receiver = self

    def begin(self, bracket: str, at: int) -> None:  # noqa: ARG002 (skipped)
        """Count a container inside."""
        self._depth += 1

    def key(self, name: str) -> None:
        """Skip a key."""

    def scalar(self, value: JSONValue) -> None:
        """Skip a scalar."""

    def end(self, at: int) -> None:
        """Count a container that is complete; at the skipped container's own end, the real receiver returns."""
        self._depth -= 1
        if not self._depth:
            self._parser.receiver = self._receiver
            self._receiver.end(at)
