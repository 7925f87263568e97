"""An async transport over a blocking one: each request runs in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from structkit.transport.transport import Transport, TransportReply
from structkit.values import Policy, Request

T = TypeVar("T")


@dataclass(frozen=True)
class ThreadTransport:
    """Awaits a blocking transport of the caller's; the number of threads is the caller's number of requests in flight.

    Args:
        transport: The blocking transport; it stays open.
    """

    transport: Transport

    async def send(self, request: Request, policy: Policy) -> TransportReply:
        """Implement `AsyncTransport.send`."""
        return await await_in_thread(partial(self.transport.send, request, policy))

    async def models(self) -> tuple[str, ...]:
        """Implement `AsyncTransport.models`."""
        return await await_in_thread(self.transport.models)

    async def close(self) -> None:
        """Close nothing: the transport is the caller's."""


async def await_in_thread(call: Callable[[], T]) -> T:
    """Return what a blocking call returns, or raise what it raises.

    The thread is a daemon, unlike those of an executor: a request that was dropped does not delay the end of the
    process.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(set_outcome: Callable[[Any], None], outcome: Any) -> None:
        if not future.done():  # it may have been cancelled
            set_outcome(outcome)

    def run() -> None:
        outcome: Any
        try:
            set_outcome, outcome = future.set_result, call()
        except BaseException as error:  # noqa: BLE001 (raised again in the loop)
            set_outcome, outcome = future.set_exception, error  # type: ignore[assignment]
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, set_outcome, outcome)

    threading.Thread(target=copy_context().run, args=(run,), name="structkit-send", daemon=True).start()
    return await future
