"""The cost of a streamed reply with a snapshot for each chunk; baseline: parse the events, validate once.

Run it:  python benchmarks/partials.py [--rows N ...] [--rounds N]
"""

import argparse
import json
import math
import statistics
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, TypeAdapter

from structkit import ResponseFormat
from structkit.parsing.push import PushParser, ValueBuilder
from structkit.partial import ItemReader, SnapshotBuilder

CHUNK_CHARS = 20


class Line(BaseModel):
    item: str
    quantity: int
    price: float
    note: str


class Order(BaseModel):
    shop: str
    lines: list[Line]
    note: str = ""


def reply(rows: int, kind: str) -> tuple[Any, str]:
    """Return a type, and the text of a reply with so many rows."""
    lines = [
        {"item": f"lamp {at}", "quantity": at % 7, "price": 24.5, "note": "with a shade " * 3} for at in range(rows)
    ]
    if kind == "list":
        return list[Line], json.dumps({"value": lines})
    if kind == "model":
        return Order, json.dumps({"shop": "Northwind", "lines": lines, "note": None})
    return str, json.dumps({"value": "one long text \n" * rows * 7})


def event(chunk: str) -> str:
    """Return an event as endpoints send it."""
    delta = {"index": 0, "delta": {"content": chunk}, "logprobs": None, "finish_reason": None}
    fields = {"id": "chatcmpl-8f3a", "object": "chat.completion.chunk", "created": 1770000000, "model": "m-2026"}
    return json.dumps({**fields, "choices": [delta]})


def baseline(response_format: ResponseFormat[Any], chunks: list[str]) -> Callable[[], object]:
    """Return the baseline: parse the events of a stream, and validate the natural JSON once."""
    events = [event(chunk) for chunk in chunks]
    adapter: TypeAdapter[Any] = TypeAdapter(response_format.output_type)
    natural = adapter.dump_json(response_format.parse("".join(chunks)))

    def work() -> None:
        for each in events:
            json.loads(each)
        adapter.validate_json(natural)

    return work


def works(response_format: ResponseFormat[Any], text: str) -> dict[str, Callable[[], object]]:
    """Return the baseline, and the work for each chunk."""
    chunks = [text[at : at + CHUNK_CHARS] for at in range(0, len(text), CHUNK_CHARS)]

    def parse() -> None:
        parser = PushParser(ValueBuilder())
        for chunk in chunks:
            parser.feed(chunk)

    def snapshots() -> Any:
        builder, last = SnapshotBuilder(response_format), None
        for chunk in chunks:
            if builder.feed(chunk):
                last = builder.snapshot()
        return last

    def items() -> None:
        reader: ItemReader[Any] = ItemReader(response_format)
        for chunk in chunks:
            reader.feed(chunk)

    measured: dict[str, Callable[[], object]] = {
        "baseline": baseline(response_format, chunks),
        "parse": parse,
        "snapshots": snapshots,
    }
    return measured if response_format.output_type is str else {**measured, "items": items}


def medians(measured: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median CPU seconds of each; rounds alternate, so that other load on the machine affects all."""
    seconds: dict[str, list[float]] = {name: [] for name in measured}
    for _ in range(rounds):
        for name, work in measured.items():
            start = time.process_time()
            work()
            seconds[name].append(time.process_time() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def peak(work: Callable[[], object]) -> int:
    """Return the peak memory in bytes."""
    tracemalloc.start()
    work()
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak_bytes


def main() -> None:
    parser = argparse.ArgumentParser(description="The cost of snapshots.")
    parser.add_argument("--rows", type=int, nargs="+", default=[2_500, 10_000, 40_000])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    head = "size | baseline | parse | snapshots | over baseline | growth | items | memory"
    print(f"| {CHUNK_CHARS} characters a chunk | {head} |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for kind in ("list", "model", "text"):
        before: tuple[int, float] | None = None
        for rows in options.rows:
            output_type, text = reply(rows, kind)
            measured = works(ResponseFormat(output_type), text)
            times = medians(measured, options.rounds)
            exponent = math.log(times["snapshots"] / before[1]) / math.log(len(text) / before[0]) if before else None
            before = len(text), times["snapshots"]
            cells = [f"{times[name]:.3f} s" if name in times else "" for name in ("baseline", "parse", "snapshots")]
            over, growth = f"{times['snapshots'] / times['baseline']:.1f}x", f"n^{exponent:.2f}" if exponent else ""
            items = f"{times['items']:.3f} s" if "items" in times else ""
            memory = f"{peak(measured['snapshots']) / len(text):.1f}x"
            print(
                f"| {kind} | {len(text) / 1e6:.2f} MB | {' | '.join(cells)} | {over} | {growth} | {items} | {memory} |"
            )


if __name__ == "__main__":
    main()
