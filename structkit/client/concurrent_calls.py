"""The calls of which one call consists, several at a time: in threads, or as tasks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

E = TypeVar("E", bound=Exception)
S = TypeVar("S")
T = TypeVar("T")

CONCURRENCY = 8
"""Calls at a time."""


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
    from concurrent.futures import ThreadPoolExecutor
    from contextvars import copy_context

    def call_once(item: S) -> T | E:
        try:
            return call(item)
        except failures as error:
            return error

    with ThreadPoolExecutor(min(CONCURRENCY, len(items)), thread_name_prefix="structkit-call") as pool:
        futures = [pool.submit(copy_context().run, call_once, item) for item in items]
        try:
            return [future.result() for future in futures]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


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
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
