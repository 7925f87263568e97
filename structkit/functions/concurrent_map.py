"""One function, many rows: several calls at a time, and the values in the order of the rows."""

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
"""What to do with a row that fails: raise the error when its turn comes, or return it in the value's place."""

ROWS_PER_CALL = 2
"""Rows that are started for each concurrent call, so that a slow one does not block the others at once."""


def map_in_threads(call: Callable[[Any], T], rows: Iterable[Any], concurrency: int) -> Iterator[T]:
    """Return the value of *call* for each row; rows are read as they are needed, so the iterable may be infinite."""
    remaining = iter(rows)
    with ThreadPoolExecutor(concurrency, thread_name_prefix="structkit-map") as pool:
        futures = deque(
            pool.submit(copy_context().run, call, row) for row in islice(remaining, ROWS_PER_CALL * concurrency)
        )
        try:
            while futures:
                yield futures.popleft().result()
                futures.extend(pool.submit(copy_context().run, call, row) for row in islice(remaining, 1))
        finally:
            for future in futures:
                future.cancel()


async def map_in_tasks(
    call: Callable[[Any], Awaitable[T]], rows: Iterable[Any] | AsyncIterable[Any], concurrency: int
) -> AsyncIterator[T]:
    """Like `map_in_threads`, awaited; when the consumer stops, the calls in progress are cancelled."""
    remaining = _iterate(rows)
    tasks: deque[asyncio.Task[T]] = deque()
    semaphore = asyncio.Semaphore(concurrency)

    async def call_with_limit(row: Any) -> T:
        async with semaphore:
            return await call(row)

    try:
        async for row in remaining:
            tasks.append(asyncio.create_task(call_with_limit(row)))
            if len(tasks) == ROWS_PER_CALL * concurrency:
                yield await tasks.popleft()
        while tasks:
            yield await tasks.popleft()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _iterate(rows: Iterable[Any] | AsyncIterable[Any]) -> AsyncIterator[Any]:
    if isinstance(rows, AsyncIterable):
        async for row in rows:
            yield row
        return
    for row in rows:
        yield row


def validate_map(rows: Any, concurrency: int, on_error: str) -> None:
    """Validate the arguments of `map`.

    Raises:
        ConfigError: The rows are a single value, or an argument is invalid.
    """
    if isinstance(rows, str | bytes | Mapping):
        raise ConfigError(
            f"rows must be an iterable of rows, not a {type(rows).__name__}; to label a file, use `label`"
        )
    if concurrency < 1:
        raise ConfigError(f"concurrency must be 1 or more, not {concurrency}")
    if on_error not in {"raise", "return"}:
        raise ConfigError(f'on_error must be "raise" or "return", not {on_error!r}')


def return_errors(call: Callable[[Any], T]) -> Callable[[Any], T | StructkitError]:
    """Return a function that returns the errors that *call* raises."""

    def call_row(row: Any) -> T | StructkitError:
        try:
            return call(row)
        except StructkitError as error:
            return error

    return call_row


def return_errors_async(call: Callable[[Any], Awaitable[T]]) -> Callable[[Any], Awaitable[T | StructkitError]]:
    """Like `return_errors`, awaited."""

    async def call_row(row: Any) -> T | StructkitError:
        try:
            return await call(row)
        except StructkitError as error:
            return error

    return call_row
