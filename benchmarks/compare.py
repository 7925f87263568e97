"""structkit compared with its peers, each in its own pinned environment, against one endpoint on loopback.

Run it:  python benchmarks/compare.py [--quick] [--only structkit,instructor] [--reuse] [--rounds N]

Every sample is a new process, and before it runs the baseline: a bare HTTP call and one `validate_json`. The figures
are medians of the ratios. They are written to docs/benchmarks.md and a picture, and every sample to
benchmarks/data/compare.json, from which `--reuse` reads the libraries that `--only` excludes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from peers.figures import LONG_SIZES, SHORT_SIZES, Samples, predicted, read, seconds
from peers.libraries import BASELINE, FOLDER, LIBRARIES, ROOT, Library, NotInstalled, environment, variables, versions
from peers.plot import picture
from peers.report import insert_tables, tables

DATA = ROOT / "benchmarks" / "data" / "compare.json"
PAGE = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "assets" / "compare.svg"
MACHINE = f"{platform.system()}, {os.cpu_count()} cores, Python {platform.python_version()}"

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "structkit-compare"

MAX_CPU_SECONDS = 60
"""The CPU limit of a run; a long stream is read if it is expected to take less than half of it."""


@dataclass(frozen=True)
class Sizes:
    """The sizes: calls per run, and the characters of the streams."""

    calls: int = 400
    in_flight: int = 500
    short: tuple[int, ...] = SHORT_SIZES
    long: tuple[int, ...] = LONG_SIZES


QUICK = Sizes(calls=20, in_flight=100, short=(2_500, 5_000), long=(6_000, 10_000, 20_000))


@dataclass
class Bench:
    """The installed libraries, their interpreters, and the samples so far."""

    base_url: str
    scratch: str
    sizes: Sizes
    pythons: dict[str, str] = field(default_factory=dict)
    samples: dict[str, Samples] = field(default_factory=dict)

    def run(self, library: Library, *options: object) -> dict[str, Any]:
        """Return the figures of a runner, or a note why there are none."""
        command = [self.pythons[library.name], str(FOLDER / library.runner), *map(str, options)]
        output = self.python(library, command)
        return output if isinstance(output, dict) else json.loads(output)

    def python(self, library: Library, command: list[str]) -> str | dict[str, str]:
        environ = variables(library, command[0], self.base_url, self.scratch)
        environ["COMPARE_SECONDS"] = str(MAX_CPU_SECONDS)
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        if done.returncode == -getattr(signal, "SIGXCPU", 0):
            return {"note": f"more than {MAX_CPU_SECONDS} s"}
        if done.returncode:
            return {"note": done.stderr.strip().splitlines()[-1][:120] if done.stderr.strip() else "it failed"}
        return done.stdout

    def measure_start(self, library: Library) -> dict[str, Any]:
        """Return the seconds from the start of a process until it prints its first value."""
        command = [self.pythons[library.name], str(FOLDER / library.runner), "start"]
        environ = variables(library, command[0], self.base_url, self.scratch)
        start = time.perf_counter()
        with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            line = process.stdout.readline() if process.stdout else b""
            seconds = time.perf_counter() - start
        return {"seconds": seconds} if b"Northwind" in line else {"note": "no value"}

    def measure_import(self, library: Library) -> dict[str, Any]:
        """Return the seconds of the import beyond pydantic's, and pydantic's."""
        code = (
            "import json, time; a = time.perf_counter(); import pydantic; b = time.perf_counter();"
            f"import {library.module}; c = time.perf_counter(); print(json.dumps({{'seconds': c - b, 'bare': b - a}}))"
        )
        output = self.python(library, [self.pythons[library.name], "-c", code])
        return output if isinstance(output, dict) else json.loads(output)

    def sample(self, libraries: list[Library], measure: str) -> None:
        """Measure the baseline and each library in turn; add a pair of the figure and the median baseline to each."""
        figure_name = {"start": "seconds", "rate": "rate"}.get(measure, "cpu")
        baselines, measured = [], {}
        for library in libraries:
            if measure not in self.samples[library.name].notes:
                baselines.append(self.measure(BASELINE, measure)[figure_name])
                measured[library.name] = self.measure(library, measure)
        for name, figures in measured.items():
            if "note" in figures:
                self.samples[name].notes[measure] = figures["note"]
            else:
                self.samples[name].add(measure, figures[figure_name], statistics.median(baselines))

    def measure(self, library: Library, measure: str) -> dict[str, Any]:
        """Return a figure; the baseline is so fast that it needs more calls to be measured as long."""
        factor = 5 if library == BASELINE else 1
        if measure == "start":
            return self.measure_start(library)
        if measure == "stream":
            return self.run(library, "stream", self.sizes.long[-1])
        if measure == "sync":
            return self.run(library, "sync", self.sizes.calls * factor)
        in_flight = self.sizes.in_flight
        return self.run(library, "async", in_flight * factor, min(in_flight, 100), 50 if measure == "rate" else 0)

    def sample_imports(self, libraries: list[Library]) -> None:
        for library in libraries:
            figures = self.measure_import(library)
            self.samples[library.name].add("import", figures["seconds"], figures["bare"])

    def sample_streams(self, libraries: list[Library]) -> None:
        baseline = statistics.median(self.measure(BASELINE, "stream")["cpu"] for _ in range(3))
        for library in libraries:
            self.sample_library_streams(library, self.samples[library.name], baseline)

    def sample_library_streams(self, library: Library, samples: Samples, baseline: float) -> None:
        """Measure short streams of doubling length while they take seconds; then long ones if they take no minutes."""
        short = self.sizes.short
        for before, size in zip((0, 0, *short[1:]), short, strict=False):
            if not before or (before in read(samples, short) and seconds(samples, before) * 4 < MAX_CPU_SECONDS / 2):
                self.sample_stream(library, samples, baseline, size)
        if "stream" not in samples.notes and predicted(samples, short, self.sizes.long[-1]) < MAX_CPU_SECONDS / 2:
            for size in self.sizes.long:
                self.sample_stream(library, samples, baseline, size)

    def sample_stream(self, library: Library, samples: Samples, baseline: float, size: int) -> None:
        if "stream" in samples.notes:
            return
        figures = self.run(library, "stream", size)
        if "note" in figures:
            is_limit = "more" in figures["note"]
            samples.notes["stream"] = figures["note"] + (f" for {size:,} characters" if is_limit else "")
            return
        samples.add(f"stream {size}", figures["cpu"], baseline)
        samples.add(f"peak {size}", figures["peak"], size)
        samples.add(f"partials {size}", figures["partials"], size / 20)


@contextlib.contextmanager
def endpoint() -> Iterator[str]:
    """Yield the base URL of an endpoint in its own process."""
    command = [sys.executable, str(FOLDER / "endpoint.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        assert process.stdin
        process.stdin.close()


def prepare(bench: Bench, libraries: list[Library], cache: Path | None) -> list[Library]:
    """Install each library and try one call; leave out those that fail, with a note."""
    ready = []
    for library in [BASELINE, *libraries]:
        samples = bench.samples[library.name] = Samples(library.name)
        try:
            python = str(environment(library, cache)) if cache else sys.executable
            samples.versions = versions(library, python)
        except NotInstalled as error:
            samples.notes["all"] = f"not installed: {error}"[:160]
            continue
        bench.pythons[library.name] = python
        result = bench.run(library, "start")
        if "note" in result:
            samples.notes["all"] = f"no value: {result['note']}"
            continue
        ready.append(library)
    return ready


def run_round(bench: Bench, libraries: list[Library]) -> Iterator[str]:
    """Measure everything once, alternating, so that other load affects all libraries; yield each measure when done."""
    bench.sample_imports(libraries[1:])
    yield "imports"
    for measure in ("start", "sync", "async", "rate"):
        bench.sample(libraries, measure)
        yield measure
    bench.sample_streams(libraries)
    yield "streams"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="structkit compared with its peers.")
    parser.add_argument("--quick", action="store_true", help="one small round; nothing is written")
    parser.add_argument("--only", default="", help="names, separated by commas: " + ", ".join(library_names()))
    parser.add_argument("--reuse", action="store_true", help="include the stored samples of libraries not measured now")
    parser.add_argument("--rounds", type=int, default=5, help="0 with --reuse only writes the page")
    parser.add_argument("--here", action="store_true", help="run in this interpreter: install nothing")
    parser.add_argument("--cache", type=Path, default=CACHE)
    return parser.parse_args()


def library_names() -> list[str]:
    return [library.name for library in LIBRARIES]


def main() -> None:
    options = parse_arguments()
    names = [name.strip() for name in options.only.split(",") if name.strip()] or library_names()
    if unknown := set(names) - set(library_names()):
        raise SystemExit(f"--only: no such library: {', '.join(sorted(unknown))}")
    libraries = [library for library in LIBRARIES if library.name in names]
    stored = {one["name"]: Samples(**one) for one in json.loads(DATA.read_text())["libraries"]} if DATA.exists() else {}
    with endpoint() as base_url, tempfile.TemporaryDirectory() as scratch:
        bench = Bench(base_url, scratch, QUICK if options.quick else Sizes())
        ready = prepare(bench, libraries, None if options.here else options.cache) if options.rounds else []
        for number in range(1 if options.quick else options.rounds):
            for measure in run_round(bench, ready):
                print(f"round {number + 1}: {measure}", file=sys.stderr)
                if not options.quick:
                    store({**stored, **bench.samples})
    samples = {**stored, **bench.samples} if options.reuse else bench.samples
    ordered = [samples[name] for name in (BASELINE.name, *library_names()) if name in samples]
    text = tables(ordered, bench.sizes.short, bench.sizes.long, MACHINE)
    print(text)
    if not options.quick:
        write_page(text, ordered)


def store(samples: dict[str, Samples]) -> None:
    """Store the samples after every step, so that an interrupted run can be shown with `--rounds 0 --reuse`."""
    figures = [vars(one) for one in samples.values()]
    DATA.write_text(json.dumps({"machine": MACHINE, "libraries": figures}) + "\n")


def write_page(text: str, samples: list[Samples]) -> None:
    PAGE.write_text(insert_tables(PAGE.read_text(encoding="utf-8"), text), encoding="utf-8")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture(samples), encoding="utf-8")


if __name__ == "__main__":
    main()
