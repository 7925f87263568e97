"""What is measured of a library, in a process of its own; nothing is imported here that would slow its start.

A runner passes three functions, each of which makes a client and returns what to do with it: a call, a call that is
awaited, and the partial values of a stream, of which the last is the whole.
"""

import contextlib
import os
import sys
import time
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from typing import Any

Call = Callable[[str], Any]
AsyncCall = Callable[[str], Awaitable[Any]]
Partials = Callable[[str], Iterable[Any] | AsyncIterable[Any]]


def run(call: Callable[[], Call], async_call: Callable[[], AsyncCall], partials: Callable[[], Partials] | str) -> None:
    """Measure what the command line names, and print it."""
    from kinds import bill_prompt, rows_prompt

    limit_cpu()
    measure, *options = sys.argv[1:]
    numbers = [int(option) for option in options]
    if measure == "start":
        show(shop=call()(bill_prompt()).shop)
    elif measure == "sync":
        show(**blocking(call(), bill_prompt(), *numbers))
    elif measure == "async":
        count, flying, delay = numbers
        show(**awaited(async_call, bill_prompt(delay), count, flying))
    elif isinstance(partials, str):
        show(note=partials)
    else:
        [size] = numbers
        show(**streamed(partials(), rows_prompt(1000), rows_prompt(size)))


def limit_cpu() -> None:
    """Processor time and not the clock's: a busy machine ends nothing."""
    if seconds := int(os.environ.get("COMPARE_SECONDS", "0")):
        with contextlib.suppress(ImportError):
            import resource

            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))


def show(**found: object) -> None:
    import json

    print(json.dumps(found), flush=True)


def blocking(call: Call, prompt: str, count: int) -> dict[str, float]:
    for _ in range(count // 10 + 2):
        call(prompt)
    start, clock = time.process_time(), time.perf_counter()
    for _ in range(count):
        value = call(prompt)
    cpu, wall = time.process_time() - start, time.perf_counter() - clock
    assert value.shop == "Northwind"
    return {"cpu": cpu / count, "rate": count / wall}


def awaited(make: Callable[[], AsyncCall], prompt: str, count: int, flying: int) -> dict[str, float]:
    import asyncio

    async def main() -> dict[str, float]:
        call = make()

        async def some(number: int) -> None:
            for _ in range(number):
                value = await call(prompt)
            assert value.shop == "Northwind"

        await asyncio.gather(*[some(1) for _ in range(flying)])
        start, clock = time.process_time(), time.perf_counter()
        await asyncio.gather(*[some(count // flying) for _ in range(flying)])
        cpu, wall = time.process_time() - start, time.perf_counter() - clock
        done = count // flying * flying
        return {"cpu": cpu / done, "rate": done / wall}

    return asyncio.run(main())


def streamed(partials: Partials, short: str, long: str) -> dict[str, float]:
    import asyncio

    loop = asyncio.new_event_loop()

    async def consumed(stream: AsyncIterable[Any]) -> tuple[int, Any]:
        count, last = 0, None
        async for last in stream:  # noqa: B007 (as below)
            count += 1
        return count, last

    def consume(prompt: str) -> tuple[int, Any]:
        stream = partials(prompt)
        if isinstance(stream, AsyncIterable):
            return loop.run_until_complete(consumed(stream))
        count, last = 0, None
        for last in stream:  # noqa: B007 (the one before is let go of, as a program does that shows them)
            count += 1
        return count, last

    consume(short)
    before, start = peak(), time.process_time()
    count, last = consume(long)
    cpu, grown = time.process_time() - start, peak() - before
    rows = last["rows"] if isinstance(last, dict) else last.rows
    return {"cpu": cpu, "peak": grown, "partials": count, "rows": len(rows)}


def peak() -> int:
    """Bytes of memory at most so far; of `ru_maxrss` Linux hands a child its parent's."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:  # noqa: PTH123 (no import for it)
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except OSError:
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
