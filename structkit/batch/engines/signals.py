"""Ctrl-C and SIGTERM: the first lets what is under way end, for a time; the second ends it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

from structkit.batch.engines.local import Run
from structkit.batch.engines.progress import Watch


async def until_stopped(rows: Awaitable[None], run: Run, watch: Watch, grace: float) -> bool:
    """Take the rows of a run to their end, or as far as the person at the keyboard lets it go.

    Args:
        rows: What takes them.
        run: Is told to stop by the first signal.
        watch: Says that it was.
        grace: Seconds for which what is under way is waited for then.

    Returns:
        Whether something was under way for longer, and was dropped.

    Raises:
        asyncio.CancelledError: There was a second signal.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    patience = asyncio.timeout(None)

    def stop() -> None:
        if patience.when() is not None and task is not None:
            task.cancel()
            return
        patience.reschedule(loop.time() + grace)
        run.stop("interrupted", "interrupted")
        watch.interrupted(grace)

    try:
        async with patience:
            with _signals(stop):
                await rows
    except TimeoutError:
        if not patience.expired():
            raise
        return True
    return False


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call a function at each Ctrl-C and SIGTERM, where that can be had."""
    loop = asyncio.get_running_loop()
    caught: list[signal.Signals] = []
    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, RuntimeError, ValueError):  # not on Windows, not off the main thread
            loop.add_signal_handler(name, stop)
            caught.append(name)
    try:
        yield
    finally:
        for name in caught:
            loop.remove_signal_handler(name)
