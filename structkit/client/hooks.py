"""`Hooks`: functions of the caller's that are called at the steps of a call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields

from structkit.errors import ConfigError, TransportError
from structkit.transport.retry_events import (
    RetryListener,
    listen_to_first,
    listen_to_first_async,
    listen_to_retries,
)
from structkit.transport.transport import AsyncReplyStream, ReplyStream
from structkit.values import Attempt, Completion, Issue, Request, ToolRun
from structkit.values.argument_hints import explain_arguments
from structkit.values.callbacks import callback_issue

NOTHING = nullcontext()


OTHER_NAMES = {
    "on_request": "use before_request=...",
    "on_reply": "use after_reply=...",
    "on_response": "use after_reply=...",
    "on_completion": "use after_reply=...",
    "on_error": "use after_reply=..., which also gets transport errors, or on_issue=...",
    "on_tool_call": "use on_tool=...",
}
"""What other libraries call a hook, and what it is here."""


@explain_arguments(OTHER_NAMES)
@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Functions to call at the steps of a call; all are optional. An exception of a hook ends the call.

    Args:
        before_request: Is called with each request before it is sent.
        on_retry: Is called with a request, the transport error that is retried, and the seconds until then.
        after_reply: Is called with each request and its completion, or with the transport error.
        on_issue: Is called with each issue of a reply, and its attempt.
        on_attempt: Is called with each attempt after its reply has been read; its request is the one that was sent.
        on_tool: Is called with each call of a tool when it has ended, in the thread of the tool if it has one. If it
            did not end in time, `ToolRun.error` says so.
        on_abort: Is called with each request of a step that did not finish, and the exception: the call was
            cancelled or interrupted, a hook raised, or a stream was closed early. An exception of a check is an issue.

    >>> from structkit import Client
    >>> from structkit.testing import Endpoint
    >>> with Endpoint('{"value": null}', '{"value": 3}') as endpoint:
    ...     hooks = Hooks(on_issue=lambda issue, attempt: print(attempt.number, issue))
    ...     Client("fake", base_url=endpoint.base_url, mode="json_schema", hooks=hooks).extract(int, "How many?")
    1 (root): Input should be a valid integer (got null)
    3
    """

    before_request: Callable[[Request], object] | None = None
    on_retry: Callable[[Request, TransportError, float], object] | None = None
    after_reply: Callable[[Request, Completion | TransportError], object] | None = None
    on_issue: Callable[[Issue, Attempt], object] | None = None
    on_attempt: Callable[[Attempt], object] | None = None
    on_tool: Callable[[ToolRun], object] | None = None
    on_abort: Callable[[Request, BaseException], object] | None = None

    def __post_init__(self) -> None:
        """Validate that each hook is a function.

        Raises:
            ConfigError: One is not, or is a coroutine function.
        """
        for hook in fields(self):
            if (function := getattr(self, hook.name)) is not None and (issue := callback_issue(function)):
                raise ConfigError(f"{hook.name} of structkit.Hooks {issue}")

    def notify_request(self, request: Request) -> None:
        """Call the hook before a request."""
        if self.before_request:
            self.before_request(request)

    def report_retries(self, request: Request) -> AbstractContextManager[None]:
        """Call the hook before each retry of the request within the block."""
        listener = None if self.on_retry is None else self._retry_listener(request)
        return NOTHING if listener is None else listen_to_retries(listener)

    def with_retries(self, items: ReplyStream, request: Request) -> ReplyStream:
        """Return a stream that calls the hook before each retry of its request."""
        listener = self._retry_listener(request)
        return listen_to_first(listener, items) if listener else items

    def with_retries_async(self, items: AsyncReplyStream, request: Request) -> AsyncReplyStream:
        """The async form of `with_retries`."""
        listener = self._retry_listener(request)
        return listen_to_first_async(listener, items) if listener else items

    def _retry_listener(self, request: Request) -> RetryListener | None:
        on_retry = self.on_retry
        return None if on_retry is None else lambda error, wait_s: on_retry(request, error, wait_s)

    def notify_reply(self, request: Request, reply: Completion | TransportError) -> None:
        """Call the hook after a reply or a transport error."""
        if self.after_reply:
            self.after_reply(request, reply)

    def notify_tool(self, run: ToolRun) -> None:
        """Call the hook after a call of a tool."""
        if self.on_tool:
            self.on_tool(run)

    def notify_abort(self, requests: Iterable[Request], error: BaseException) -> None:
        """Call the hook for each request of a step that an exception has interrupted."""
        for request in requests if self.on_abort else ():
            self.on_abort(request, error)  # type: ignore[misc]

    def notify_attempts(self, before: Iterable[Attempt], after: Iterable[Attempt]) -> None:
        """Call the hooks for each attempt of *after* that *before* does not have."""
        if self.on_issue is None and self.on_attempt is None:
            return
        for attempt in new_attempts(before, after):
            for issue in attempt.issues if self.on_issue else ():
                self.on_issue(issue, attempt)  # type: ignore[misc]
            if self.on_attempt:
                self.on_attempt(attempt)


def new_attempts(before: Iterable[Attempt], after: Iterable[Attempt]) -> list[Attempt]:
    """Return the attempts of *after*, at any position, that *before* does not have.

    They are compared by their requests, because a later check may replace an attempt's issues.
    """
    earlier = {id(attempt.request) for attempt in before}
    return [*{id(attempt.request): attempt for attempt in after if id(attempt.request) not in earlier}.values()]


NO_HOOKS = Hooks()
