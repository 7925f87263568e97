"""`Notification`: one task of an event loop awaits it, with a timeout, and others send it."""

from __future__ import annotations

import asyncio


class Notification:
    """A notification from tasks of an event loop to one that waits for it.

    An `asyncio.Event` with `asyncio.wait_for` would create a task for each wait before Python 3.12.
    """

    def __init__(self) -> None:
        """Start without a task that waits."""
        self._waiter: asyncio.Future[None] | None = None

    def notify(self) -> None:
        """Let the task continue, if one waits."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self, seconds: float | None) -> None:
        """Wait for the next change, at most so many seconds; None for no timeout."""
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = None if seconds is None else loop.call_later(seconds, self.notify)
        try:
            await self._waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()
