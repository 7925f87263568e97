"""A job on a Ray cluster under kill -9, measured: rows lost, and paid for twice.

Run it:  python benchmarks/ray_kills.py [--rows N] [--only NAME ...]

The endpoint is `structkit.testing.Endpoint` on loopback. The job is the command `structkit label --engine ray`, in two
parts, on a cluster of this machine: the one at `RAY_ADDRESS`, or a new one. Its worker, its driver or its limiter is
really killed while requests are in flight; a driver that was killed is started again. What was paid for is what the
endpoint has answered.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import text_reply
from structkit.values import JSON

ROWS = 300
PARTS, IN_FLIGHT = 2, 8
PATIENCE_S = 600
MOMENTS = ("nothing", "a worker", "the driver", "the limiter")
TITLES = {"a worker": "ray::structkit part", "the limiter": "ray::Hub"}


@dataclass(frozen=True)
class Outcome:
    """What is true in the end.

    Args:
        unfinished: Rows that are not done.
        repeated: Requests that were answered more often than once.
        seconds: Of all runs.
    """

    unfinished: int
    repeated: int
    seconds: float


@contextmanager
def cluster() -> Iterator[str]:
    """Yield the address of a cluster; a new one is stopped at the end."""
    if address := os.environ.get("RAY_ADDRESS"):
        yield address
        return
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--num-cpus=2"]
        command += ["--port=0", "--include-dashboard=false", "--disable-usage-stats", f"--temp-dir={folder}"]
        command += ["--object-store-memory=80000000", "--node-ip-address=127.0.0.1"]
        os.environ.setdefault("RAY_AUTH_MODE", "disabled")  # a token in the home folder is read by the cluster alone
        environment = {**os.environ, "RAY_raylet_start_wait_time_s": "300"}
        log = (Path(folder) / "start.log").open("w+")
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            yield wait_for_address(Path(folder), process)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(PATIENCE_S)


def wait_for_address(folder: Path, process: "subprocess.Popen[bytes]") -> str:
    """Return the address of a cluster that is being started."""
    address = folder / "ray_current_cluster"
    deadline = time.monotonic() + PATIENCE_S
    while not (address.exists() and "Ray runtime started" in (folder / "start.log").read_text()):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("Ray cannot be started here:\n" + (folder / "start.log").read_text())
        time.sleep(0.2)
    return address.read_text().strip()


def answer(request: JSON) -> Reply:
    return replace(text_reply(request, '{"word": "x"}'), delay=0.03)


def start(folder: Path, endpoint: Endpoint, address: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "structkit", "label", "in.jsonl", "-o", "out.jsonl", "--type", "type.json"]
    command += ["--prompt", "{text}", "--base-url", endpoint.base_url, "--model", "fake"]
    command += ["--concurrency", str(IN_FLIGHT), "--processes", str(PARTS), "--engine", "ray", "--address", address]
    environment = {**os.environ, "OPENAI_API_KEY": "sk-none"}
    quiet = subprocess.DEVNULL  # Ray reports there what was killed
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=quiet, stderr=subprocess.PIPE, text=True)


def find_process(title: str) -> int:
    """Return the id of a process of Ray by its title."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().decode(errors="replace").startswith(title):
                return int(path.parent.name)
        except OSError:  # it has ended
            continue
    raise LookupError(f"no process is called {title}")


def run_moment(name: str, rows: int, address: str) -> Outcome:
    """Run a job, kill what the moment says when a third of the rows is done, and let the job finish."""
    start_s = time.perf_counter()
    with tempfile.TemporaryDirectory() as text, Endpoint(answer) as endpoint:
        folder = Path(text)
        lines = (json.dumps({"text": f"row {number}"}) + "\n" for number in range(rows))
        (folder / "in.jsonl").write_text("".join(lines))
        schema = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}
        (folder / "type.json").write_text(json.dumps({**schema, "additionalProperties": False}))
        process = start(folder, endpoint, address)
        while len(endpoint.requests) < rows // 3 and process.poll() is None:
            time.sleep(0.005)
        if name == "the driver":
            process.kill()
            process.communicate()
            process = start(folder, endpoint, address)
        elif name in TITLES:
            os.kill(find_process(TITLES[name]), signal.SIGKILL)
        _, notices = process.communicate(timeout=PATIENCE_S)
        if process.returncode:
            raise SystemExit(notices)
        results = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
        counts = Counter(str(request["messages"][-1]["content"]) for request in endpoint.requests)
    done = sum(result["status"] == "done" for result in results)
    return Outcome(rows - done, sum(counts.values()) - len(counts), time.perf_counter() - start_s)


def run_moments(rows: int, names: tuple[str, ...] = MOMENTS) -> Iterator[tuple[str, Outcome]]:
    """Run a job for each moment, all on one cluster; yield the name of the moment and the outcome."""
    with cluster() as address:
        for name in names:
            yield name, run_moment(name, rows, address)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--only", nargs="+", choices=MOMENTS, default=MOMENTS)
    options = parser.parse_args()
    print(f"kill -9 of a job on Ray, {options.rows:,} rows in {PARTS} parts, {IN_FLIGHT} requests in flight in all\n")
    print("| killed | lost | paid twice | seconds |\n|---|--:|--:|--:|")
    for name, outcome in run_moments(options.rows, tuple(options.only)):
        print(f"| {name} | {outcome.unfinished} | {outcome.repeated} | {outcome.seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
