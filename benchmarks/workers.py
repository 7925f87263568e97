"""Several processes that work on one job, measured: CPU a row, and requests in a second under one limit.

Run it:  python benchmarks/workers.py
"""

import argparse
import json
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import labelling
from loopback import Loopback

from structkit import Job
from structkit.batch.limits.limit_shares import Limits
from structkit.batch.limits.limits_server import LimitsServer, open_shares
from structkit.testing import Endpoint
from structkit.values import JSON

PROCESSES = (1, 2, 4)
ROWS, START_ROWS = 8_000, 16
"""Rows of a job, and of one that costs little more than its start."""

ROUNDS = 3
"""Times that each case is measured."""

WORKERS, PER_SECOND, LIMITED_S = 4, 20, 20
"""Workers under one limit, the limit, and for about how many seconds they send."""


def cpu_seconds(rows: int, processes: int) -> float:
    """Return the CPU time of a job and all of its processes."""
    with Loopback(latency=0.02) as endpoint, labelling.table_of(rows, endpoint, processes=processes) as settings:
        result = labelling.run("job", settings)
    assert result["counts"] == {"done": rows}
    return result["cpu"]


def parts_cpu_seconds(rows: int, total: int) -> float:
    """Return the CPU time of the parts of a job, one after the other."""
    with Loopback(latency=0.02) as endpoint, labelling.table_of(rows, endpoint) as settings:
        results = [labelling.run("job", {**settings, "part": f"{number}/{total}"}) for number in range(1, total + 1)]
    assert sum(result["counts"].get("done", 0) for result in results) == rows
    return sum(result["cpu"] for result in results)


def own_jobs_cpu_seconds(rows: int, total: int) -> float:
    """Return the CPU time of jobs at once that share nothing: what several processes cost on this machine at least."""
    concurrency = labelling.CONCURRENCY // total
    with Loopback(latency=0.02) as endpoint, ExitStack() as tables:
        each = [
            tables.enter_context(labelling.table_of(rows // total, endpoint, concurrency=concurrency))
            for _ in range(total)
        ]
        children = [labelling.start("job", settings) for settings in each]
        return sum(labelling.result_of(child)["cpu"] for child in children)


def cpu_a_row(rows: int = ROWS, rounds: int = ROUNDS) -> Iterator[labelling.Row]:
    """Measure a job in one process and in several; what starts cost is measured with few rows, and subtracted.

    The cases alternate, so that other load on the machine affects all of them. A start takes as long as a thousand
    rows, and no two take the same time: of starts and of jobs, the medians are compared.
    """
    total = PROCESSES[-1]
    cases: list[Callable[[int], float]] = [partial(cpu_seconds, processes=number) for number in PROCESSES]
    cases += [partial(own_jobs_cpu_seconds, total=total), partial(parts_cpu_seconds, total=total)]
    times = [[(case(START_ROWS), case(rows)) for case in cases] for _ in range(rounds)]
    starts, runs = ([median(each[kind] for each in case) for case in zip(*times, strict=True)] for kind in (0, 1))
    *costs, own_cost, one_by_one = (
        (run - start) / (rows - START_ROWS) * 1e3 for start, run in zip(starts, runs, strict=True)
    )
    names = " / ".join(map(str, PROCESSES))
    yield f"CPU a row in {names} processes", "", "", " / ".join(f"{cost:.2f}" for cost in costs) + " ms"
    yield f"speed-up by {total} processes in CPU, as a share of linear", "", "0.90", f"{costs[0] / costs[-1]:.2f}"
    yield f"CPU a row of {total} jobs of their own, at once", "", "", f"{own_cost:.2f} ms"
    yield "their speed-up in CPU, as a share of linear", "", "", f"{costs[0] / own_cost:.2f}"
    yield f"CPU a row of {total} parts, one after the other", "", "", f"{one_by_one:.2f} ms"
    seconds = " / ".join(f"{start:.1f}" for start in starts[: len(PROCESSES)])
    yield f"CPU of the start in {names} processes", "", "", f"{seconds} s"


def shared_limit(seconds: int = LIMITED_S) -> Iterator[labelling.Row]:
    """Run a job in several processes under one limit of requests a minute."""
    times = list[float]()

    def answer(_: JSON) -> str:
        times.append(time.monotonic())
        return '{"value": 1}'

    shares = open_shares(Limits(requests_per_minute=PER_SECOND * 60), "auto")
    with tempfile.TemporaryDirectory() as folder, Endpoint(answer) as endpoint, LimitsServer(shares, "") as server:
        source, rows = Path(folder) / "in.jsonl", PER_SECOND * seconds
        source.write_text("".join(json.dumps({"text": f"row {number}"}) + "\n" for number in range(rows)))
        connection: Any = {"model": "fake", "base_url": endpoint.base_url, "api_key": "sk-none", "limits": server.url}
        job = Job(source, Path(folder) / "out.jsonl", output_type=int, prompt="{text}", progress=False, **connection)
        assert job.run(processes=WORKERS).counts == {"done": rows}
    name = f"most requests in any second, {WORKERS} workers, limit {PER_SECOND} a second"
    yield name, "", f"{PER_SECOND * 1.05:.0f}", str(peak_rate(times))
    yield "requests a second on average", "", "", f"{(rows - 1) / (max(times) - min(times)):.1f}"


def peak_rate(times: Iterable[float]) -> int:
    """Return the largest number of times within one second, wherever it begins.

    >>> peak_rate([0.0, 0.6, 0.9, 1.0, 1.7])
    3
    """
    window, peak = deque[float](), 0
    for each in sorted(times):
        window.append(each)
        while window[0] <= each - 1:
            window.popleft()
        peak = max(peak, len(window))
    return peak


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    print("| measure | to reach | measured |\n|---|--:|--:|")
    for rows in (cpu_a_row(), shared_limit()):
        for name, _, target, figure in rows:
            print(f"| {name} | {target} | {figure} |", flush=True)


if __name__ == "__main__":
    main()
