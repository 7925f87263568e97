"""A job over the Batch API under kill -9, measured: rows lost, paid for twice, ambiguous.

Run it:  python benchmarks/batch_api_kills.py [--rows N] [--only NAME ...]         (60 rows: half a minute)

The endpoint is `structkit.testing.Endpoint` on loopback with a Batch API. Every job is a process of its own that is
really killed at the named moment; then the same job runs again. Half of the first replies are invalid, so that
re-asks form further batches. What was paid for is what the endpoint has carried out.
"""

import argparse
import json
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from structkit import Job, JobError, Policy
from structkit.journal.journal import Reader
from structkit.testing import BatchService, Endpoint
from structkit.values import JSON

ROWS = 60
PATIENCE_S = 600
UNAVAILABLE = 503


@dataclass(frozen=True)
class Moment:
    """When a job is killed.

    Args:
        name: In words.
        step: The call of the Batch API.
        phase: `received`, `done` (carried out, not answered), or `half` (of a file was sent).
        number: Which of these calls.
        faults: Of the batches.
        steps: Of the calls: a 503 is a call that the endpoint has not carried out.
    """

    name: str
    step: str
    phase: str
    number: int = 1
    faults: tuple[str | None, ...] = ()
    steps: dict[str, list[int | str | None]] = field(default_factory=dict)


MOMENTS = (
    Moment("before anything is sent", "list", "received"),
    Moment("POST /files, not stored", "upload", "received", steps={"upload": [UNAVAILABLE]}),
    Moment("POST /files, stored, no reply", "upload", "done"),
    Moment("POST /batches, not accepted", "create", "received", steps={"create": [UNAVAILABLE]}),
    Moment("POST /batches, accepted, no reply", "create", "done"),
    Moment("the first poll", "poll", "received"),
    Moment("the poll that finds it done", "poll", "done", 2),
    Moment("before the output file", "download", "received"),
    Moment("half of the output file", "download", "half"),
    Moment("half of the error file", "download", "half", 2, faults=("errors",)),
    Moment("half of an expired batch's file", "download", "half", faults=("expired",)),
    Moment("the second batch, accepted, no reply", "create", "done", 2),
    Moment("half of the second output file", "download", "half", 2),
)
"""The moments that the endpoint sees."""

OWN_MOMENTS = ("half of the requests collected", "half of the rows finished")
"""The moments that only the process sees: it is killed when its journal has come so far."""

NAMES = (*OWN_MOMENTS, *(moment.name for moment in MOMENTS))


class Trigger:
    """Kills a process when the endpoint reaches a moment."""

    def __init__(self, moment: Moment) -> None:
        self.moment, self.calls = moment, Counter[tuple[str, str]]()
        self.process: Any = None
        self.has_killed = threading.Event()

    def __call__(self, step: str, phase: str) -> None:
        self.calls[step, phase] += 1
        is_due = (step, phase, self.calls[step, phase]) == (self.moment.step, self.moment.phase, self.moment.number)
        if is_due and self.process is not None and not self.has_killed.is_set():
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.join(PATIENCE_S)
            self.has_killed.set()


@dataclass(frozen=True)
class Outcome:
    """What is true after the second run.

    Args:
        unfinished: Rows that are not done.
        repeated: Requests that were carried out more often than without a kill.
        ambiguous: Rows that the report calls ambiguous.
        was_killed: Whether the first run was killed at the moment.
        seconds: Of both runs.
    """

    unfinished: int
    repeated: int
    ambiguous: int
    was_killed: bool
    seconds: float


def answer(request: JSON) -> str:
    """Answer the first request about every second row with a text that is not a number."""
    number = int(request["messages"][0]["content"].rpartition(" ")[2])
    is_first = len(request["messages"]) == 1
    return json.dumps({"value": "none" if is_first and number % 2 else number})


def make_job(folder: Path, endpoint: Endpoint, rows: int) -> Job:
    source = folder / "in.jsonl"
    source.write_text("".join(json.dumps({"text": f"row {number}"}) + "\n" for number in range(rows)))
    policy = Policy(wait_initial=0.005, wait_max=0.02)
    connection: Any = {"model": "fake", "base_url": endpoint.base_url, "api_key": "sk-none"}
    call: Any = {"policy": policy, "mode": "json_schema"}
    out = folder / "out.jsonl"
    return Job(source, out, output_type=int, prompt="{text}", batch_api=True, progress=False, call=call, **connection)


def start_process(job: Job) -> Any:
    """Start a job in a process that was forked from a clean one, in which everything is imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["structkit.batch.job", "structkit.batch.engines.batch_api.opening"])
    process = context.Process(target=Job.run, args=(job,))
    process.start()
    return process


def kill_at(moment: Moment, rows: int) -> Outcome:
    """Kill a job at a moment that the endpoint sees, and run it again."""
    trigger, start = Trigger(moment), time.perf_counter()
    service = BatchService(*moment.faults, steps=moment.steps, polls=1, strangers=3, page=2, on_step=trigger)
    with tempfile.TemporaryDirectory() as folder, Endpoint(answer, batches=service) as endpoint:
        job = make_job(Path(folder), endpoint, rows)
        trigger.process = start_process(job)
        trigger.has_killed.wait(PATIENCE_S)
        return measure(job, endpoint, rows, start, was_killed=trigger.process.exitcode == -signal.SIGKILL)


def kill_when(is_due: Callable[[Mapping[str, int]], bool], rows: int) -> Outcome:
    """Kill a job when its journal has come so far, and run it again."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, Endpoint(answer) as endpoint:
        job = make_job(Path(folder), endpoint, rows)
        process = start_process(job)
        while process.is_alive() and not is_due(row_counts(job)):
            time.sleep(0.0005)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        return measure(job, endpoint, rows, start, was_killed=process.exitcode == -signal.SIGKILL)


def row_counts(job: Job) -> Mapping[str, int]:
    """Count the rows of a job that runs, by state."""
    try:
        return Reader(job.folder).counts()
    except JobError:  # it has not started
        return Counter[str]()


def measure(job: Job, endpoint: Endpoint, rows: int, start: float, *, was_killed: bool) -> Outcome:
    """Run a job that was killed again, and compare what was carried out with what is necessary."""
    report = job.run()
    endpoint.batches.finish_batches()
    assert not [*job.folder.glob("batch-*")], "a file of a batch is left"
    contents = Counter(len(request["messages"]) for request in endpoint.requests)
    texts = Counter(json.dumps(request, sort_keys=True) for request in endpoint.requests)
    assert contents.keys() <= {1, 3}, contents
    repeated = sum(texts.values()) - len(texts)
    unfinished = rows - report.counts.get("done", 0)
    return Outcome(unfinished, repeated, len(report.ambiguous), was_killed, time.perf_counter() - start)


def run_moment(name: str, rows: int) -> Outcome:
    """Kill a job at a moment by its name."""
    if name == OWN_MOMENTS[0]:
        return kill_when(lambda counts: counts["open"] >= rows // 2, rows)
    if name == OWN_MOMENTS[1]:
        return kill_when(lambda counts: counts["done"] >= rows // 4, rows)
    return kill_at(next(moment for moment in MOMENTS if moment.name == name), rows)


def run_moments(rows: int, names: Iterable[str] = NAMES) -> Iterator[tuple[str, Outcome]]:
    """Kill a job at each moment; yield the name of it, which says if it was not reached, and the outcome."""
    for name in names:
        outcome = run_moment(name, rows)
        yield name if outcome.was_killed else f"{name} (not reached)", outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    options = parser.parse_args()
    print(f"kill -9 of a job over the Batch API, {options.rows:,} rows, then the same job again\n")
    print("| killed | lost | paid twice | ambiguous | seconds |\n|---|--:|--:|--:|--:|")
    for killed, outcome in run_moments(options.rows, options.only):
        cells = (killed, outcome.unfinished, outcome.repeated, outcome.ambiguous, f"{outcome.seconds:.1f}")
        print(f"| {' | '.join(map(str, cells))} |", flush=True)


if __name__ == "__main__":
    main()
