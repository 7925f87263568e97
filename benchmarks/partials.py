"""What a streamed reply costs with a snapshot for each piece, against the floor: reading the events, validating once.

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

PIECE = 20


class Line(BaseModel):
    item: str
    quantity: int
    price: float
    note: str


class Order(BaseModel):
    shop: str
    lines: list[Line]
    note: str = ""


def reply(rows: int, of: str) -> tuple[Any, str]:
    """A type, and the text of a reply with so many rows."""
    lines = [
        {"item": f"lamp {at}", "quantity": at % 7, "price": 24.5, "note": "with a shade " * 3} for at in range(rows)
    ]
    if of == "list":
        return list[Line], json.dumps({"value": lines})
    if of == "model":
        return Order, json.dumps({"shop": "Northwind", "lines": lines, "note": None})
    return str, json.dumps({"value": "one long text \n" * rows * 7})


def event(piece: str) -> str:
    """A chunk as endpoints send it."""
    delta = {"index": 0, "delta": {"content": piece}, "logprobs": None, "finish_reason": None}
    about = {"id": "chatcmpl-8f3a", "object": "chat.completion.chunk", "created": 1770000000, "model": "m-2026"}
    return json.dumps({**about, "choices": [delta]})


def floor(wanted: ResponseFormat[Any], pieces: list[str]) -> Callable[[], object]:
    """The events of a stream read, and the type's own JSON validated once."""
    events = [event(piece) for piece in pieces]
    adapter: TypeAdapter[Any] = TypeAdapter(wanted.output_type)
    natural = adapter.dump_json(wanted.parse("".join(pieces)))

    def work() -> None:
        for each in events:
            json.loads(each)
        adapter.validate_json(natural)

    return work


def works(wanted: ResponseFormat[Any], text: str) -> dict[str, Callable[[], object]]:
    """The floor, and what is done with each piece."""
    pieces = [text[at : at + PIECE] for at in range(0, len(text), PIECE)]

    def parse() -> None:
        parser = PushParser(ValueBuilder())
        for piece in pieces:
            parser.feed(piece)

    def snapshots() -> Any:
        growing, last = SnapshotBuilder(wanted), None
        for piece in pieces:
            if growing.feed(piece):
                last = growing.snapshot()
        return last

    def items() -> None:
        found: ItemReader[Any] = ItemReader(wanted)
        for piece in pieces:
            found.feed(piece)

    done: dict[str, Callable[[], object]] = {"floor": floor(wanted, pieces), "parse": parse, "snapshots": snapshots}
    return done if wanted.output_type is str else {**done, "items": items}


def medians(done: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Seconds of CPU of each: the medians of rounds in turn, so that a busy moment of the machine meets all."""
    found: dict[str, list[float]] = {name: [] for name in done}
    for _ in range(rounds):
        for name, work in done.items():
            start = time.process_time()
            work()
            found[name].append(time.process_time() - start)
    return {name: statistics.median(times) for name, times in found.items()}


def peak(work: Callable[[], object]) -> int:
    """The most bytes that are held at once."""
    tracemalloc.start()
    work()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def main() -> None:
    parser = argparse.ArgumentParser(description="The cost of snapshots.")
    parser.add_argument("--rows", type=int, nargs="+", default=[2_500, 10_000, 40_000])
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print(f"| {PIECE} characters a piece | size | floor | parse | snapshots | over floor | growth | items | memory |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for of in ("list", "model", "text"):
        before: tuple[int, float] | None = None
        for rows in given.rows:
            output_type, text = reply(rows, of)
            done = works(ResponseFormat(output_type), text)
            took = medians(done, given.rounds)
            grew = math.log(took["snapshots"] / before[1]) / math.log(len(text) / before[0]) if before else None
            before = len(text), took["snapshots"]
            cells = [f"{took[name]:.3f} s" if name in took else "" for name in ("floor", "parse", "snapshots")]
            over, exponent = f"{took['snapshots'] / took['floor']:.1f}x", f"n^{grew:.2f}" if grew else ""
            items = f"{took['items']:.3f} s" if "items" in took else ""
            memory = f"{peak(done['snapshots']) / len(text):.1f}x"
            print(
                f"| {of} | {len(text) / 1e6:.2f} MB | {' | '.join(cells)} | {over} | {exponent} | {items} | {memory} |"
            )


if __name__ == "__main__":
    main()
