"""`Hooks`: functions of the caller's that are told what a call does, as it does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
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
        on_attempt: Gets each attempt when its reply has been read; its request is the one that was sent.
        on_abort: Gets each request of a step that did not come to its end, and why: the task was cancelled, or a
            check or a hook raised.

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
    on_abort: Callable[[Request, BaseException], object] | None = None

    def notify_request(self, request: Request) -> None:
        """A request goes out."""
        if self.before_request:
            self.before_request(request)

    def notify_reply(self, request: Request, reply: Completion | TransportError) -> None:
        """A reply came, or none will."""
        if self.after_reply:
            self.after_reply(request, reply)

    @contextmanager
    def report_aborts(self, requests: Iterable[Request]) -> Iterator[None]:
        """While requests are sent and their replies read; what ends that early goes on its way."""
        try:
            yield
        except BaseException as error:
            for request in requests if self.on_abort else ():
                self.on_abort(request, error)  # type: ignore[misc]
            raise

    def notify_attempts(self, before: Iterable[Attempt], after: Iterable[Attempt]) -> None:
        """Attempts were read: those of *after* that were not there *before*, wherever they stand."""
        known = {id(attempt.request) for attempt in before}
        news = {id(attempt.request): attempt for attempt in after if id(attempt.request) not in known}
        for attempt in news.values():
            for issue in attempt.issues if self.on_issue else ():
                self.on_issue(issue, attempt)  # type: ignore[misc]
            if self.on_attempt:
                self.on_attempt(attempt)


NO_HOOKS = Hooks()
