"""The cost of the conversation over parsing its reply: `Extraction.receive` against bare validation, interleaved.

Run it:  python benchmarks/fold.py [--rounds N]
"""

import argparse
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter

from structkit import ResponseFormat
from structkit.extraction import Extraction
from structkit.parsing import read_completion
from structkit.testing import completion
from structkit.values import Completion, Message, Result

REPEAT = 200


class Line(BaseModel):
    item: str
    quantity: int
    price: float | None = None


class Bill(BaseModel):
    shop: str
    lines: list[Line]
    note: str = ""


class Point(BaseModel):
    x: int
    y: int


REPLIES: dict[str, tuple[type[BaseModel], str]] = {
    "a flat record": (Point, '{"x": 3, "y": 4}'),
    "a bill with one line": (
        Bill,
        '{"shop": "Northwind", "lines": [{"item": "lamp", "quantity": 3, "price": 24.5}], "note": null}',
    ),
}


def medians(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median CPU seconds per call; rounds alternate, so that other load on the machine affects all."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            start = time.process_time()
            for _ in range(REPEAT):
                work()
            times[name].append((time.process_time() - start) / REPEAT)
    return {name: statistics.median(times) for name, times in times.items()}


def works(kind: type[BaseModel], text: str) -> dict[str, Callable[[], Any]]:
    """Return the work: parse a reply by pydantic only, by the type, and by the conversation; and build its request."""
    response_format = ResponseFormat(kind)
    messages = (Message("user", "x"),)
    start = Extraction(response_format, "m", messages)
    reply = read_completion(completion(text))
    assert isinstance(reply, Completion)
    assert isinstance(start.receive(reply), Result)
    natural = response_format.parse(text).model_dump_json(exclude_defaults=True)
    validate = TypeAdapter(kind).validate_json
    return {
        "validate_json": lambda: validate(natural),
        "parse": lambda: response_format.parse(text),
        "receive": lambda: start.receive(reply),
        "request": lambda: Extraction(response_format, "m", messages).request,
        "begin": lambda: Extraction(response_format, "m", messages),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="The cost of the fold.")
    parser.add_argument("--rounds", type=int, default=201)
    rounds = parser.parse_args().rounds
    print("| reply | validate_json | ResponseFormat.parse | Extraction.receive | receive over parse | its request |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, (kind, text) in REPLIES.items():
        microseconds = {work: seconds * 1e6 for work, seconds in medians(works(kind, text), rounds).items()}
        fold = microseconds["receive"] - microseconds["parse"]
        each = " | ".join(f"{microseconds[work]:.1f} µs" for work in ("validate_json", "parse", "receive"))
        request = microseconds["request"] - microseconds["begin"]
        print(f"| {name} | {each} | {fold:.1f} µs | {request:.1f} µs |")


if __name__ == "__main__":
    main()
