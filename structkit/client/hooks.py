"""`Hooks`: functions of the caller's that are told what a call does, as it does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from structkit.errors import TransportError
from structkit.values import Attempt, Completion, Issue, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What to call when; all optional. What a hook raises ends the call.

    Args:
        before_request: Gets each request before it is sent.
        after_reply: Gets the request and what came of it: a completion, or the fault that there is none.
        on_issue: Gets each thing that is wrong with a reply, and the attempt.
        on_attempt: Gets each attempt when its reply has been read.

    >>> from structkit import Client
    >>> from structkit.testing import Endpoint
    >>> with Endpoint('{"value": null}', '{"value": 3}') as endpoint:
    ...     hooks = Hooks(on_issue=lambda issue, attempt: print(attempt.number, issue))
    ...     Client("fake", base_url=endpoint.base_url, mode="json_schema", hooks=hooks).extract(int, "How many?")
    1 (root): Input should be a valid integer (got null)
    3
    """

    before_request: Callable[[Request], object] | None = None
    after_reply: Callable[[Request, Completion | TransportError], object] | None = None
    on_issue: Callable[[Issue, Attempt], object] | None = None
    on_attempt: Callable[[Attempt], object] | None = None

    def sending(self, request: Request) -> None:
        """A request goes out."""
        if self.before_request:
            self.before_request(request)

    def received(self, request: Request, reply: Completion | TransportError) -> None:
        """A reply came, or none will."""
        if self.after_reply:
            self.after_reply(request, reply)

    def ended(self, attempts: tuple[Attempt, ...]) -> None:
        """Attempts were read."""
        for attempt in attempts:
            for issue in attempt.issues if self.on_issue else ():
                self.on_issue(issue, attempt)  # type: ignore[misc]
            if self.on_attempt:
                self.on_attempt(attempt)


SILENT = Hooks()
