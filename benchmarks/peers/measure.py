"""The measures of a library, in its own process; this module imports nothing that would slow down the start.

A runner passes three functions, each of which creates a client and returns a function: for a call, for an awaited
call, and for the partial values of a stream, of which the last is complete.
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
    """Run the measure that the command line names, and print its figures."""
    from kinds import bill_prompt, rows_prompt

    limit_cpu()
    measure, *options = sys.argv[1:]
    numbers = [int(option) for option in options]
    if measure == "start":
        print_figures(shop=call()(bill_prompt()).shop)
    elif measure == "sync":
        print_figures(**measure_sync(call(), bill_prompt(), *numbers))
    elif measure == "async":
        count, in_flight, delay = numbers
        print_figures(**measure_async(async_call, bill_prompt(delay), count, in_flight))
    elif isinstance(partials, str):
        print_figures(note=partials)
    else:
        [size] = numbers
        print_figures(**measure_stream(partials(), rows_prompt(1000), rows_prompt(size)))


def limit_cpu() -> None:
    """Limit CPU time and not wall time, so that load on the machine does not end a run."""
    if seconds := int(os.environ.get("COMPARE_SECONDS", "0")):
        with contextlib.suppress(ImportError):
            import resource

            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))


def print_figures(**figures: object) -> None:
    import json

    print(json.dumps(figures), flush=True)


def measure_sync(call: Call, prompt: str, count: int) -> dict[str, float]:
    for _ in range(count // 10 + 2):
        call(prompt)
    start, clock = time.process_time(), time.perf_counter()
    for _ in range(count):
        value = call(prompt)
    cpu, wall = time.process_time() - start, time.perf_counter() - clock
    assert value.shop == "Northwind"
    return {"cpu": cpu / count, "rate": count / wall}


def measure_async(make: Callable[[], AsyncCall], prompt: str, count: int, in_flight: int) -> dict[str, float]:
    import asyncio

    async def main() -> dict[str, float]:
        call = make()

        async def call_times(number: int) -> None:
            for _ in range(number):
                value = await call(prompt)
            assert value.shop == "Northwind"

        await asyncio.gather(*[call_times(1) for _ in range(in_flight)])
        start, clock = time.process_time(), time.perf_counter()
        await asyncio.gather(*[call_times(count // in_flight) for _ in range(in_flight)])
        cpu, wall = time.process_time() - start, time.perf_counter() - clock
        count_done = count // in_flight * in_flight
        return {"cpu": cpu / count_done, "rate": count_done / wall}

    return asyncio.run(main())


def measure_stream(partials: Partials, short_prompt: str, long_prompt: str) -> dict[str, float]:
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
        for last in stream:  # noqa: B007 (only the last value is referenced, as in a program that displays them)
            count += 1
        return count, last

    consume(short_prompt)
    before, start = peak(), time.process_time()
    count, last = consume(long_prompt)
    cpu, peak_growth = time.process_time() - start, peak() - before
    rows = last["rows"] if isinstance(last, dict) else last.rows
    return {"cpu": cpu, "peak": peak_growth, "partials": count, "rows": len(rows)}


def peak() -> int:
    """Return the peak memory in bytes so far; on Linux, a child inherits the `ru_maxrss` of its parent."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:  # noqa: PTH123 (no import for it)
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except OSError:
        import resource

        max_rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return max_rss if sys.platform == "darwin" else max_rss * 1024
