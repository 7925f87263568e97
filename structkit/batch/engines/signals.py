"""Ctrl-C, SIGTERM and a terminal that closes: the first signal waits for requests in flight, another cancels them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TypeAlias

from structkit.batch.engines.engine import Engine
from structkit.batch.engines.progress import ProgressReporter
from structkit.batch.engines.stop import StopCause

HANGUP: signal.Signals = getattr(signal, "SIGHUP", signal.SIGTERM)
"""Says that the terminal has closed; Windows has no such signal."""

TERMINAL_SIGNALS = frozenset({signal.SIGINT, HANGUP}) - {signal.SIGTERM}
"""Signals that a terminal sends to each of its processes, also to the workers of one that decides what they mean."""

Listen: TypeAlias = Callable[[Callable[[], None]], AbstractContextManager[None]]
"""Calls a function in the event loop at each signal to stop, within a block."""


async def run_until_stopped(
    run: Awaitable[None], engine: Engine, progress: ProgressReporter, grace: float, listen: Listen
) -> bool:
    """Await a run; a signal stops its engine.

    Args:
        run: The engine's run.
        engine: Is stopped by the first signal.
        progress: Reports the interruption.
        grace: Seconds that requests in flight have after the first signal.
        listen: Where signals come from: the operating system, or the parent of a worker process.

    Returns:
        Whether requests were still in flight after that, and were cancelled.

    Raises:
        asyncio.CancelledError: There was a second signal.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    deadline = asyncio.timeout(None)

    def on_signal() -> None:
        if deadline.when() is not None and task is not None:
            task.cancel()
            return
        deadline.reschedule(loop.time() + grace)
        fault = f" while the endpoint failed ({engine.last_fault})" if engine.last_fault else ""
        engine.stop(StopCause("interrupted", f"interrupted{fault}"))
        progress.on_interrupt(grace)

    try:
        async with deadline:
            with listen(on_signal):
                await run
    except TimeoutError:
        if not deadline.expired():
            raise
        return True
    return False


@contextmanager
def listen_to_signals(handler: Callable[[], None]) -> Iterator[None]:
    """Call a function at each Ctrl-C and SIGTERM, and once if the terminal closes, where the platform allows it."""
    loop = asyncio.get_running_loop()
    handlers: dict[signal.Signals, Callable[[], None]] = {signal.SIGINT: handler, signal.SIGTERM: handler}

    def on_hangup() -> None:
        loop.remove_signal_handler(HANGUP)
        ignore_hangups()
        handler()

    if is_ended_by_hangup():
        handlers[HANGUP] = on_hangup
    names: list[signal.Signals] = []
    for name, each in handlers.items():
        with suppress(NotImplementedError, RuntimeError, ValueError):  # not on Windows, not off the main thread
            loop.add_signal_handler(name, each)
            names.append(name)
    try:
        yield
    finally:
        for name in names:
            loop.remove_signal_handler(name)


def is_ended_by_hangup() -> bool:
    """Return whether the end of the terminal, such as a lost connection, ends this process: not so under nohup."""
    return hasattr(signal, "SIGHUP") and signal.getsignal(HANGUP) == signal.SIG_DFL


def ignore_hangups() -> None:
    """Ignore that the terminal has closed: the system and the shell both say so, and the second one means no more."""
    signal.signal(HANGUP, signal.SIG_IGN)
