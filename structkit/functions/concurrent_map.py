"""One function, many rows: as many calls at once as are wanted, and what they came to in the order of the rows."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from itertools import islice
from typing import Any, Literal, TypeVar

from structkit.errors import ConfigError, StructkitError

T = TypeVar("T")

OnError = Literal["raise", "return"]
"""What to do with a row that comes to an error: raise it when its turn comes, or give it in the value's place."""

AHEAD = 2
"""For each call at once so many rows are begun, so that a slow one holds the others up later."""


def in_threads(call: Callable[[Any], T], rows: Iterable[Any], at_once: int) -> Iterator[T]:
    """What *call* gives for each row; rows are taken as they are needed, so that there may be endlessly many."""
    waiting = iter(rows)
    with ThreadPoolExecutor(at_once, thread_name_prefix="structkit-map") as pool:
        begun = deque(pool.submit(copy_context().run, call, row) for row in islice(waiting, AHEAD * at_once))
        try:
            while begun:
                yield begun.popleft().result()
                begun.extend(pool.submit(copy_context().run, call, row) for row in islice(waiting, 1))
        finally:
            for future in begun:
                future.cancel()


async def in_tasks(
    call: Callable[[Any], Awaitable[T]], rows: Iterable[Any] | AsyncIterable[Any], at_once: int
) -> AsyncIterator[T]:
    """As `in_threads`, awaited; when the consumer leaves, what is under way is cancelled."""
    waiting = _awaited(rows)
    begun: deque[asyncio.Task[T]] = deque()
    room = asyncio.Semaphore(at_once)

    async def in_turn(row: Any) -> T:
        async with room:
            return await call(row)

    try:
        async for row in waiting:
            begun.append(asyncio.create_task(in_turn(row)))
            if len(begun) == AHEAD * at_once:
                yield await begun.popleft()
        while begun:
            yield await begun.popleft()
    finally:
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)


async def _awaited(rows: Iterable[Any] | AsyncIterable[Any]) -> AsyncIterator[Any]:
    if isinstance(rows, AsyncIterable):
        async for row in rows:
            yield row
        return
    for row in rows:
        yield row


def check_mapping(rows: Any, at_once: int, on_error: str) -> None:
    """Refuse rows that are one thing only, and settings that mean nothing.

    Raises:
        ConfigError: With what was probably meant.
    """
    if isinstance(rows, str | bytes | Mapping):
        raise ConfigError(f"rows: an iterable of them, not a {type(rows).__name__}; of a file, `label` makes a table")
    if at_once < 1:
        raise ConfigError(f"concurrency: 1 or more, not {at_once}")
    if on_error not in {"raise", "return"}:
        raise ConfigError(f'on_error is "raise" or "return", not {on_error!r}')


def caught(call: Callable[[Any], T]) -> Callable[[Any], T | StructkitError]:
    """A call that gives what it would raise."""

    def tried(row: Any) -> T | StructkitError:
        try:
            return call(row)
        except StructkitError as error:
            return error

    return tried


def caught_later(call: Callable[[Any], Awaitable[T]]) -> Callable[[Any], Awaitable[T | StructkitError]]:
    """As `caught`, awaited."""

    async def tried(row: Any) -> T | StructkitError:
        try:
            return await call(row)
        except StructkitError as error:
            return error

    return tried
