"""Compiling and explaining a type whose models refer to each other on many paths: seconds, and how they grow.

Run it:  python benchmarks/definitions.py [--models N ...] [--rounds N]
"""

import argparse
import math
import time
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, create_model

from structkit import ResponseFormat


def chained_models(number: int) -> type[BaseModel]:
    """Return the last of a number of models, each with an optional field of each of the three before it."""
    models: list[Any] = []
    for position in range(number):
        fields: dict[str, Any] = {
            f"f{distance}": (models[position - distance] | None, None) for distance in (1, 2, 3) if distance <= position
        }
        models.append(create_model(f"Node{position}", name=(str, ...), **fields))
    return models[-1]


def best_seconds(work: Callable[[], object], rounds: int) -> float:
    """Return the seconds of the fastest of several rounds."""
    seconds: list[float] = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def main() -> None:
    """Print one row per number of models; the exponent is that of the growth from the row above."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", type=int, nargs="+", default=[25, 50, 100, 200])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print("| models | compile | exponent | explain |\n|---|---|---|---|")
    previous: tuple[int, float] | None = None
    for number in options.models:
        output_type = chained_models(number)
        seconds = best_seconds(lambda output_type=output_type: ResponseFormat(output_type), options.rounds)
        response_format = ResponseFormat(output_type)
        explained = best_seconds(lambda compiled=response_format: str(compiled.explain()), options.rounds)
        exponent = "" if previous is None else f"{math.log(seconds / previous[1]) / math.log(number / previous[0]):.2f}"
        print(f"| {number} | {seconds:.3f} s | {exponent} | {explained:.3f} s |")
        previous = number, seconds


if __name__ == "__main__":
    main()
