"""The journal: rows per second, also while the interpreter is busy, and the time to open a finished job.

Run it:  python benchmarks/journal.py [rows]
"""

import os
import sys
import tempfile
import threading
import time
from concurrent.futures import Future
from pathlib import Path

from structkit.journal.journal import Journal
from structkit.parsing import read_completion
from structkit.testing import completion
from structkit.values import Completion

TEXT = '{"label": "positive", "reason": "' + " ".join(f"word{n * 7919 % 1009}" for n in range(40)) + '"}'
OUTCOME = {"value": {"label": "positive"}, "attempts": 1, "usage": {"prompt_tokens": 10, "completion_tokens": 5}}
IN_FLIGHT = 128


def reply() -> Completion:
    read = read_completion(completion(TEXT))
    assert isinstance(read, Completion)
    return read


def fill(journal: Journal, first: int, rows: int) -> float:
    """Return the rows per second, each intended, answered and finished; a window of rows waits for its intents."""
    answer, waiting = reply(), list[tuple[int, Future[None]]]()
    start = time.perf_counter()
    for ordinal in range(first, first + rows):
        waiting.append((ordinal, journal.intend(ordinal, f"row-{ordinal}", "d" * 64, 1, "r" * 64)))
        if len(waiting) == IN_FLIGHT * 8:
            finish(journal, waiting, answer)
    finish(journal, waiting, answer)
    journal.flush()
    return rows / (time.perf_counter() - start)


def finish(journal: Journal, waiting: list[tuple[int, Future[None]]], answer: Completion) -> None:
    for ordinal, intent in waiting:
        intent.result()
        journal.add_reply(ordinal, 1, answer)
        journal.conclude(ordinal, "done", OUTCOME)
    waiting.clear()


def fill_while_busy(journal: Journal, first: int, rows: int) -> float:
    """The same while another thread computes without a pause, so that the writer has to get the GIL back each time."""
    stop = threading.Event()

    def compute() -> None:
        while not stop.is_set():
            sum(range(1000))

    busy = threading.Thread(target=compute)
    busy.start()
    try:
        return fill(journal, first, rows)
    finally:
        stop.set()
        busy.join()


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "job"
        with Journal.open(folder, {}) as journal:
            print(f"intend + answer + conclude     {fill(journal, 0, rows):10,.0f} rows/s")
        size = sum(path.stat().st_size for path in folder.iterdir())
        print(f"on disk                        {size / rows:10,.0f} bytes a row (a reply's body: {len(TEXT)} and more)")

        start = time.perf_counter()
        with Journal.open(folder, {}) as journal:
            counts, states = journal.counts(), journal.read_rows(0, 999)
            ambiguous = list(journal.ambiguous_rows())
            seconds = time.perf_counter() - start
            assert (counts["done"], len(states), ambiguous) == (rows, min(rows, 1000), [])
            print(f"open {rows:,} rows: counts, 1,000 row states, the ambiguous  {seconds:.3f} s")
            start = time.perf_counter()
            read = sum(1 for _ in journal.finished_rows(with_exchanges=False))
            print(f"outcomes, streamed             {read / (time.perf_counter() - start):10,.0f} rows/s")
            some = min(rows, 20_000)
            print(f"the same with a busy thread    {fill_while_busy(journal, 5_000_000, some):10,.0f} rows/s")
            start = time.perf_counter()
            for ordinal in range(100):
                journal.intend(6_000_000 + ordinal, "k", "d", 1, "r").result()
            print(f"one intent alone, until done   {(time.perf_counter() - start) * 10:10.1f} ms")
    print(f"processors: {os.cpu_count()}, load: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
