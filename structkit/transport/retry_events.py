"""Who is notified before a request is retried: the log, and the caller's hook."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from contextvars import ContextVar
from typing import TypeAlias

from structkit.errors import StatusError, TransportError
from structkit.transport.logger import find_logger
from structkit.transport.transport import AsyncReplyStream, ReplyStream

RetryListener: TypeAlias = Callable[[TransportError, float], object]
"""Is called with the error that is retried, and the seconds until then."""

_listener: ContextVar[RetryListener | None] = ContextVar("structkit_retry_listener", default=None)
"""A context variable, because a transport of the caller's has no parameter for a listener."""


@contextmanager
def listen_to_retries(listener: RetryListener) -> Iterator[None]:
    """Call a listener before each retry within the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def listen_to_first(listener: RetryListener, items: ReplyStream) -> ReplyStream:
    """Yield the items of a stream, and call a listener before each retry: these are all before its first item."""
    with listen_to_retries(listener):
        first = next(items)
    yield first
    yield from items


async def listen_to_first_async(listener: RetryListener, items: AsyncReplyStream) -> AsyncReplyStream:
    """The async form of `listen_to_first`."""
    with listen_to_retries(listener):
        first = await anext(items)
    yield first
    async with aclosing(items):
        async for item in items:
            yield item


def error_label(error: TransportError) -> str:
    """Return the type of an error and its status: its text may quote content."""
    return type(error).__name__ + (f" {error.status_code}" if isinstance(error, StatusError) else "")


def notify_retry(model: str, error: TransportError, wait_s: float) -> None:
    """Log a retry, without the text of the error, which may quote content; and call the listener."""
    if (logger := find_logger()) is not None:
        logger.warning("%s: %s; retrying in %.1f s", model, error_label(error), wait_s)
    if (listener := _listener.get()) is not None:
        listener(error, wait_s)
