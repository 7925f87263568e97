"""The calls of which one call consists, several at a time: in threads, or as tasks."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from structkit.transport.request_scope import RequestScope

if TYPE_CHECKING:
    from concurrent.futures import Future
    from queue import SimpleQueue

E = TypeVar("E", bound=Exception)
S = TypeVar("S")
T = TypeVar("T")

CONCURRENCY = 8
"""Calls at a time."""

WINDOW = 2 * CONCURRENCY
"""Calls of a stream that are started before the consumer has taken the outcome of the first."""


def call_for_each(
    call: Callable[[S], T], items: Sequence[S], failures: type[E] | tuple[type[E], ...] = ()
) -> list[T | E]:
    """Return the outcomes of a call for each item, in their order; after an exception, no other call is started.

    The caller's context variables apply in the threads, too.

    Args:
        call: Makes the call.
        items: The items.
        failures: Exceptions that are outcomes.
    """

    def call_once(item: S) -> T | E:
        try:
            return call(item)
        except failures as error:
            return error

    return [*iterate_calls(call_once, items, len(items))]


def iterate_calls(call: Callable[[S], T], items: Sequence[S], window: int = WINDOW) -> Generator[T]:
    """Yield the outcome of a call for each item, in their order; when it is closed, the calls in progress are stopped.

    Args:
        call: Makes the call.
        items: The items.
        window: Calls that are started before the first outcome is taken.
    """
    from concurrent.futures import Future
    from contextvars import copy_context
    from queue import SimpleQueue
    from threading import Thread

    scope, waiting, remaining = RequestScope(), SimpleQueue[Any](), iter(items)
    futures = deque[Future[T]]()

    def start(count: int) -> None:
        for item in islice(remaining, count):
            futures.append(Future())
            waiting.put((futures[-1], copy_context(), scope.run, call, item))

    count = min(CONCURRENCY, len(items))
    for _ in range(count):  # daemons: a transport that cannot be stopped does not delay the end of the process
        Thread(target=_work, args=(scope, waiting), name="structkit-call", daemon=True).start()
    try:
        start(window)
        while futures:
            yield futures.popleft().result()
            start(1)
    finally:
        scope.stop()
        for _ in range(count):
            waiting.put(None)


def _work(scope: RequestScope, waiting: SimpleQueue[Any]) -> None:
    """Make the calls that wait, until there are no more."""
    while (entry := waiting.get()) is not None and not scope.is_stopped:
        future, context, *function = entry
        _settle(future, context.run, *function)
        del entry, future, context, function  # a thread that waits keeps nothing alive


def _settle(future: Future[Any], call: Callable[..., Any], *args: Any) -> None:
    try:
        future.set_result(call(*args))
    except BaseException as error:  # noqa: BLE001 (raised again where the outcome is taken)
        future.set_exception(error)


async def call_for_each_async(
    call: Callable[[S], Awaitable[T]], items: Sequence[S], failures: type[E] | tuple[type[E], ...] = ()
) -> list[T | E]:
    """Like `call_for_each`, awaited; if it is cancelled, so are the calls in progress."""
    import asyncio

    limit = asyncio.Semaphore(CONCURRENCY)

    async def call_once(item: S) -> T | E:
        async with limit:
            try:
                return await call(item)
            except failures as error:
                return error

    tasks = [asyncio.create_task(call_once(item)) for item in items]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await _cancel(tasks)


async def iterate_calls_async(
    call: Callable[[S], Awaitable[T]], items: Sequence[S], window: int = WINDOW
) -> AsyncGenerator[T]:
    """Like `iterate_calls`, awaited."""
    import asyncio

    limit, remaining = asyncio.Semaphore(CONCURRENCY), iter(items)
    tasks = deque[asyncio.Task[T]]()

    async def call_once(item: S) -> T:
        async with limit:
            return await call(item)

    try:
        tasks.extend(asyncio.create_task(call_once(item)) for item in islice(remaining, window))
        while tasks:
            yield await tasks[0]
            tasks.popleft()
            tasks.extend(asyncio.create_task(call_once(item)) for item in islice(remaining, 1))
    finally:
        await _cancel(tasks)


async def _cancel(tasks: Sequence[Any] | deque[Any]) -> None:
    """Cancel tasks, and wait until they have ended."""
    import asyncio

    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
