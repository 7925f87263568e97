"""How jobs are sent, in one table: kills over the Batch API and on Ray, speed and memory, one limit of many workers.

Run it:  python benchmarks/engines.py [--only NAME ...]        (some five minutes)
         python benchmarks/engines.py --slow                   (an hour: 2,000 rows are killed, a million are labelled)

The kills on Ray need the extra `ray` and --slow. Details are printed by `batch_api_kills.py`, `ray_kills.py`,
`labelling.py`, `workers.py` and `compare.py`, whose functions this command calls.
"""

import argparse
import os
import statistics
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from importlib.util import find_spec

import batch_api_kills
import compare
import labelling
import ray_kills
import workers
from labelling import Row

KILLED_ROWS = 2_000
"""Rows of a job that is killed, with `--slow`."""

MEMORY_ROWS, SLOW_MEMORY_ROWS = 20_000, 1_000_000

STREAM_CHARS, STREAM_ROUNDS = 1_000_000, 5


def batch_api(options: Namespace) -> Iterator[Row]:
    """Kill a job over the Batch API at each kind of moment."""
    rows = KILLED_ROWS if options.slow else batch_api_kills.ROWS
    outcomes = [outcome for _, outcome in batch_api_kills.run_moments(rows)]
    name = f"Batch API, kill -9 at {sum(each.was_killed for each in outcomes)} kinds of moment, {rows:,} rows"
    losses, repeated = sum(each.unfinished for each in outcomes), sum(each.repeated for each in outcomes)
    yield f"{name}: lost / paid twice", "0 / 2,000", "0 / 0", f"{losses} / {repeated}"
    yield "rows that the report calls ambiguous", "", "0", str(sum(each.ambiguous for each in outcomes))


def ray(options: Namespace) -> Iterator[Row]:
    """Kill a worker, the driver and the limiter of a job on Ray."""
    target, best = f"0 / {ray_kills.IN_FLIGHT}", "0 / 394"
    moments = [name for name in ray_kills.MOMENTS if name != "nothing"]
    if not options.slow or find_spec("ray") is None:
        reason = "not run: needs --slow" if find_spec("ray") else "not run: needs the extra ray"
        yield f"Ray, kill -9 of {', '.join(moments)}: lost / paid twice", best, target, reason
        return
    for name, outcome in ray_kills.run_moments(KILLED_ROWS, tuple(moments)):
        figures = f"{outcome.unfinished} / {outcome.repeated}"
        yield f"Ray, kill -9 of {name}, {KILLED_ROWS:,} rows: lost / paid twice", best, target, figures


def limit(_: Namespace) -> Iterator[Row]:
    """Run several workers under one limit of requests a minute."""
    yield from workers.shared_limit()


def processes(_: Namespace) -> Iterator[Row]:
    """Run a job in several processes."""
    yield from workers.cpu_a_row()


def speed(options: Namespace) -> Iterator[Row]:
    """Compare a job with bare calls."""
    best = {"share of the rows without a job": "34%", "their ratio": "2.8"}
    rounds = Namespace(quick=False, rounds=5 if options.slow else 2)
    for name, target, _, figure in labelling.speed(rounds):
        yield name, best.get(name, ""), target if name in best else "", figure


def stream(_: Namespace) -> Iterator[Row]:
    """Read a long stream with a partial value for each delta, and the same events without one."""
    structkit = next(each for each in compare.LIBRARIES if each.name == "structkit")
    with compare.endpoint() as base_url, tempfile.TemporaryDirectory() as scratch:
        bench = compare.Bench(base_url, scratch, compare.Sizes(long=(STREAM_CHARS,)))
        ready = compare.prepare(bench, [structkit], None)
        rounds = [[bench.measure(library, "stream") for library in ready] for _ in range(STREAM_ROUNDS)]
    over = statistics.median(stream["cpu"] / base["cpu"] for base, stream in rounds)
    yield "1 MB stream, a partial for each delta, CPU over the baseline", "3.5", "3.0", f"{over:.1f}"
    peaks = [f"{statistics.median(each[at]['peak'] for each in rounds) / STREAM_CHARS:.0f}" for at in (1, 0)]
    yield "its memory, as a multiple of the text / that of the baseline", "38 / 24", "", " / ".join(peaks)


def memory(options: Namespace) -> Iterator[Row]:
    """Run a job of many rows."""
    rows = SLOW_MEMORY_ROWS if options.slow else MEMORY_ROWS
    imports, peak, *_ = labelling.memory(Namespace(rows=rows, quick=False))
    yield f"memory at the peak, {rows:,} rows", "123 MB", "100 MB", peak[-1]
    yield "of that after the imports", "", "", imports[-1]


MEASURED = {each.__name__: each for each in (batch_api, ray, limit, processes, speed, stream, memory)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slow", action="store_true", help="the sizes of the documentation, and Ray")
    parser.add_argument("--only", nargs="+", choices=[*MEASURED], default=[*MEASURED])
    options = parser.parse_args()
    os.environ["STRUCTKIT_ROUTES"] = "off"
    print("| measure | best known | to reach | measured |\n|---|--:|--:|--:|")
    for name in options.only:
        for row in MEASURED[name](options):
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
