"""The promises of a batch job, measured: rows per second, rows lost or paid for twice, waits, memory.

Run it:  python benchmarks/labelling.py [--quick] [--rounds N] [--rows N] [--only NAME ...]
The endpoint is on loopback, in its own process, and so is every job, which is really killed. Without --quick it takes
about 15 minutes, most of which is a job of a million rows.
"""

import argparse
import asyncio
import json
import os
import re
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

from loopback import Loopback
from pydantic import BaseModel, Field, TypeAdapter

from structkit import Job, JobError, ResponseFormat
from structkit.journal.journal import Journal, Reader

PROMPT = "What does the customer say? Answer for this review only.\n\n{text}"
TEXT = "I ordered two of them last week, and the parcel came a day early. The lamp is as bright as they say."
CONCURRENCY = 128
MEGABYTE = 2**20
UNIT = 1 if sys.platform == "darwin" else 1024
"""The unit of the peak that the system reports, in bytes."""


class Label(BaseModel):
    sentiment: Literal["positive", "negative", "mixed", "none"]
    topic: Annotated[str, Field(description="What the review is about, in a word.", max_length=40)]
    stars: Annotated[int, Field(ge=1, le=5)]
    reason: str


# Run in child processes


def job(settings: dict[str, Any]) -> dict[str, Any]:
    """Run a job and return its cost: that of this process and of its workers."""
    start, before, processes = time.perf_counter(), _peak(), settings.pop("processes", 1)
    cpu = _cpu()
    try:
        report = Job(output_type=Label, prompt=PROMPT, model="fake", api_key="sk-none", **settings).run(
            processes=processes
        )
    except JobError as error:
        return {"error": str(error)}
    times = {
        "cpu": _cpu() - cpu,
        "seconds": time.perf_counter() - start,
        "before": before,
        "peak": _peak(),
    }
    return {**times, "counts": dict(report.counts), "ambiguous": len(report.ambiguous)}


def baseline(settings: dict[str, Any]) -> dict[str, Any]:
    """Process the same rows without a job: bare calls, each reply validated, only the values stored."""
    start, cpu = time.perf_counter(), time.process_time()
    values = asyncio.run(_bare_calls(settings))
    times = {"cpu": time.process_time() - cpu, "seconds": time.perf_counter() - start}
    return {**times, "counts": {"done": len(values)}}


async def _bare_calls(settings: dict[str, Any]) -> list[Label]:
    import aiohttp

    validate, fields = TypeAdapter(Label).validate_json, ResponseFormat(Label).payload
    values: list[Label] = []
    with open(settings["source"], encoding="utf-8") as file:  # noqa: ASYNC230, PTH123 (as a job does)
        connector = aiohttp.TCPConnector(limit=settings["concurrency"])
        async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as group:

            async def work() -> None:
                for line in file:
                    message = {"role": "user", "content": PROMPT.format(**json.loads(line))}
                    body = {"model": "fake", "messages": [message], "response_format": fields}
                    async with session.post(f"{settings['base_url']}/chat/completions", json=body) as response:
                        reply = await response.json()
                    values.append(validate(reply["choices"][0]["message"]["content"]))

            for _ in range(settings["concurrency"]):
                group.create_task(work())
    return values


def open_job(settings: dict[str, Any]) -> dict[str, Any]:
    """Open a finished job like a run does."""
    start = time.perf_counter()
    with Journal.open(Path(settings["output"] + ".job"), {}) as journal:
        counts, _, _ = journal.counts(), journal.read_rows(0, 999), list(journal.ambiguous_rows())
    return {"seconds": time.perf_counter() - start, "counts": dict(counts)}


CHILDREN: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {"job": job, "baseline": baseline, "open": open_job}


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)  # of those that have ended
    return time.process_time() + children.ru_utime + children.ru_stime


def _peak() -> float:
    """Return the most memory that this process has had, in MB."""
    status = Path("/proc/self/status")  # `ru_maxrss` begins with that of the process that has started this one
    if status.exists() and (line := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())):
        return int(line[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT / MEGABYTE


def start(task: str, settings: dict[str, Any]) -> "subprocess.Popen[str]":
    command = [sys.executable, __file__, "--child", task, json.dumps(settings)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def result_of(child: "subprocess.Popen[str]") -> dict[str, Any]:
    out, _ = child.communicate()
    assert child.returncode == 0, "see above"
    return json.loads(out)


def run(task: str, settings: dict[str, Any]) -> dict[str, Any]:
    return result_of(start(task, settings))


# Measurements


Row = tuple[str, str, str, str]
"""The name, the target, the best of other tools, and the measured value."""


@contextmanager
def table_of(rows: int, endpoint: Loopback, **settings: Any) -> Iterator[dict[str, Any]]:
    """Create a table with so many rows, and yield the settings of a job for it."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.jsonl"
        with source.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps({"id": n, "text": f"row-{n}: {TEXT}"}) + "\n" for n in range(rows))
        base = {"source": str(source), "output": str(Path(folder) / "out.jsonl"), "base_url": endpoint.base_url}
        yield {**base, "key": "id", "concurrency": CONCURRENCY, **settings}


def speed(options: argparse.Namespace) -> Iterator[Row]:
    """Alternate a job and bare calls, so that other load on the machine affects both; medians."""
    rows, rounds = (1_000, 1) if options.quick else (5_000, options.rounds)
    results: dict[str, list[dict[str, Any]]] = {"job": [], "baseline": []}
    for _ in range(rounds):
        for task, runs in results.items():
            with Loopback(latency=0.02) as endpoint, table_of(rows, endpoint) as settings:
                runs.append(run(task, settings))
                assert runs[-1]["counts"] == {"done": rows}
    with_job, bare = ({name: statistics.median(each[name] for each in runs) for name in ("cpu", "seconds")}
                      for runs in results.values())  # fmt: skip
    yield (
        f"rows a second: {rows:,} rows, 20 ms, {CONCURRENCY} in flight",
        "2,500",
        "1,040",
        f"{rows / with_job['seconds']:,.0f}",
    )
    yield "the same without a job: aiohttp, validate_json", "", "", f"{rows / bare['seconds']:,.0f}"
    yield "share of the rows without a job", "55%", "", f"{bare['seconds'] / with_job['seconds']:.0%}"
    yield "CPU a row", "", "", f"{with_job['cpu'] / rows * 1e3:.2f} ms"
    yield "CPU a row without a job", "", "", f"{bare['cpu'] / rows * 1e3:.2f} ms"
    yield "their ratio", "2.0", "", f"{with_job['cpu'] / bare['cpu']:.2f}"


def kills(options: argparse.Namespace) -> Iterator[Row]:
    """Stop a job by `kill -9` in the middle, and run it again."""
    rows, moments = (1_000, (500,)) if options.quick else (2_000, (100, 500, 1_000, 1_500, 1_900))
    lost_rows = ambiguous = unanswered = answered = 0
    for moment in moments:
        with Loopback(latency=0.02) as endpoint, table_of(rows, endpoint, concurrency=50) as settings:
            child = start("job", settings)
            endpoint.wait_for(moment)
            child.kill()
            child.communicate()
            states = Reader(Path(settings["output"] + ".job")).read_rows(0, rows)
            answered_rows = {
                row for row, state in states.items() if any(exchange.reply for exchange in state.exchanges)
            }
            resumed = run("job", settings)
            repeated = {int(row) for row in endpoint.counts()["repeated"]}
            lost_rows += rows - len(Path(settings["output"]).read_text(encoding="utf-8").splitlines())
            lost_rows += rows - resumed["counts"].get("done", 0)
            answered += len(repeated & answered_rows)
            unanswered, ambiguous = max(unanswered, len(repeated - answered_rows)), max(ambiguous, resumed["ambiguous"])
    times = "" if len(moments) == 1 else f", {len(moments)} times"
    yield f"rows lost after kill -9{times}", "0", "0", f"{lost_rows}"
    yield "answered rows paid for twice after it", "0", "", f"{answered}"
    yield "rows in flight paid for twice, at most, 50 in flight", "50", "50", f"{unanswered}"
    yield "rows named as ambiguous, at most", "50", "", f"{ambiguous}"


def two_processes(options: argparse.Namespace) -> Iterator[Row]:
    """Run one job in two processes."""
    rows = 500 if options.quick else 1_000
    with Loopback(latency=0.02) as endpoint, table_of(rows, endpoint, concurrency=20) as settings:
        first = start("job", settings)
        endpoint.wait_for(1)
        first.send_signal(signal.SIGSTOP)  # it stays in the middle of its rows while the second one starts
        second = run("job", settings)
        first.send_signal(signal.SIGCONT)
        assert result_of(first)["counts"] == {"done": rows}
        repeated = len(endpoint.counts()["repeated"])
    yield "two processes on one job: rows paid for twice", "0", "497", f"{repeated}"
    yield "the second one is", "rejected", "", "rejected" if "error" in second else "not rejected"


def edited_row(options: argparse.Namespace) -> Iterator[Row]:
    """Edit one row of a finished job."""
    rows = 500 if options.quick else 5_000
    with Loopback() as endpoint, table_of(rows, endpoint) as settings:
        run("job", settings)
        source = Path(settings["source"])
        source.write_text(source.read_text(encoding="utf-8").replace(f"row-{rows // 2}:", "row-999999:"))
        assert run("job", settings)["counts"] == {"done": rows}
        requests = endpoint.counts()["rows"] - rows + len(endpoint.counts()["repeated"])
    yield f"one row of {rows:,} edited: requests", "1", "1", f"{requests}"


def rate_limited(options: argparse.Namespace) -> Iterator[Row]:
    """Run a job while the endpoint rejects every request for a time."""
    window = 2 if options.quick else 20
    with Loopback(latency=0.02, reject_seconds=window) as endpoint, table_of(300, endpoint, concurrency=50) as settings:
        done = run("job", settings)
        rejections = endpoint.counts()["rejected"]
    yield f"300 rows through {window} s of 429: seconds", f"{window + 5}", "25", f"{done['seconds']:.1f}"
    yield "requests rejected in it", "50", "50", f"{rejections}"
    yield "rows failed in it", "0", "0", f"{done['counts'].get('failed', 0)}"


def memory(options: argparse.Namespace) -> Iterator[Row]:
    """Run a job of many rows, and open it when it is finished."""
    rows = options.rows or (5_000 if options.quick else 1_000_000)
    with Loopback() as endpoint, table_of(rows, endpoint) as settings:
        done, finished = run("job", settings), run("open", settings)
    assert done["counts"] == {"done": rows}
    yield f"memory over {rows:,} rows, after the imports", "", "", f"{done['before']:.0f} MB"
    yield "at the peak", "150 MB", "", f"{done['peak']:.0f} MB"
    yield "rows a second of that job, no latency", "", "", f"{rows / done['seconds']:,.0f}"
    yield "opening it when it is finished", "2 s", "", f"{finished['seconds']:.2f} s"


MEASURED = {each.__name__: each for each in (speed, kills, two_processes, edited_row, rate_limited, memory)}


def main() -> None:
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(CHILDREN[sys.argv[2]](json.loads(sys.argv[3]))))
        return
    parser = argparse.ArgumentParser(description="The promises of batch labelling.")
    parser.add_argument("--quick", action="store_true", help="fewer rows and shorter waits, half a minute in all")
    parser.add_argument("--rounds", type=int, default=5, help="of the speed")
    parser.add_argument("--rows", type=int, help="of the job whose memory is measured")
    parser.add_argument("--only", nargs="*", choices=[*MEASURED], default=[*MEASURED])
    options = parser.parse_args()
    os.environ["STRUCTKIT_ROUTES"] = "off"
    print("| measure | target | best of other tools | measured |")
    print("|---|--:|--:|--:|")
    for name in options.only:
        for row in MEASURED[name](options):
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
