"""The overhead of structkit over pydantic: times and ratios, measured in one run.

Run it:  python benchmarks/overhead.py
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from pydantic import BaseModel, TypeAdapter

import structkit
from structkit.extraction import Extraction
from structkit.parsing import read_completion
from structkit.testing import completion
from structkit.values import Completion, Message

ROUNDS = 9


class Line(BaseModel):
    item: str
    quantity: int
    price: float | None = None


class Bill(BaseModel):
    shop: str
    lines: list[Line]
    note: str = ""


def median_of(work: Callable[[], object], repeat: int) -> float:
    """Return the seconds per call, as the median of several rounds."""
    rounds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(repeat):
            work()
        rounds.append((time.perf_counter() - start) / repeat)
    return statistics.median(rounds)


def seconds_of(statement: str) -> float:
    """Return the seconds of an import in a new process, without the start of the interpreter."""
    code = f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
    runs = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(ROUNDS)
    ]
    return statistics.median(runs)


def main() -> None:
    text = '{"shop": "Northwind", "lines": [{"item": "lamp", "quantity": 3, "price": 24.5}], "note": null}'
    validate = TypeAdapter(Bill).validate_json
    natural = text.replace(', "note": null', "")
    response_format = structkit.ResponseFormat(Bill)
    start = Extraction(response_format, "m", (Message("user", "x"),))
    reply = read_completion(completion(text))
    assert isinstance(reply, Completion)

    bare = median_of(lambda: validate(natural), 2000)
    fold = median_of(lambda: start.receive(reply), 2000)
    compiled = median_of(lambda: structkit.ResponseFormat(Bill), 50)
    pydantic, model = seconds_of("import pydantic"), seconds_of("from pydantic import BaseModel")
    package, client = seconds_of("import structkit"), seconds_of("from structkit import Client")

    print(f"compile an ordinary model, first use    {compiled * 1e3:8.2f} ms")
    print(f"receive a reply, over validate_json     {(fold - bare) * 1e6:8.1f} µs ({fold / bare:.1f} times)")
    print(
        f"import structkit, over import pydantic  {(package - pydantic) * 1e3:8.1f} ms ({package / pydantic:.1f} times)"
    )
    print(f"its Client, over pydantic's BaseModel   {(client - model) * 1e3:8.1f} ms ({client / model:.1f} times)")


if __name__ == "__main__":
    main()
