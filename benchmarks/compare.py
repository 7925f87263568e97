"""structkit beside its peers, each in a pinned environment of its own, against one endpoint on loopback.

Run it:  python benchmarks/compare.py [--quick] [--only structkit,instructor] [--reuse] [--rounds N]

Every sample is a fresh process, and before it runs the floor: a bare HTTP call and one `validate_json`. The figures
are medians of the ratios. They go into docs/benchmarks.md and a picture, and every sample into
benchmarks/data/compare.json: `--reuse` takes from there what `--only` does not measure.
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

from peers.figures import SMALL, WHOLE, Samples, predicted, read, seconds
from peers.libraries import FLOOR, HERE, LIBRARIES, ROOT, Library, NotInstalled, environment, variables, versions
from peers.plot import picture
from peers.report import tables, written

DATA = ROOT / "benchmarks" / "data" / "compare.json"
PAGE = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "assets" / "compare.svg"
MACHINE = f"{platform.system()}, {os.cpu_count()} cores, Python {platform.python_version()}"

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "structkit-compare"

LONG = 60
"""Seconds of CPU after which a run is ended; a whole stream is read where it should take less than half of them."""


@dataclass(frozen=True)
class Sizes:
    """How much of everything: calls a run, and the characters of the streams."""

    calls: int = 400
    flying: int = 500
    small: tuple[int, ...] = SMALL
    whole: tuple[int, ...] = WHOLE


QUICK = Sizes(calls=20, flying=100, small=(2_500, 5_000), whole=(6_000, 10_000, 20_000))


@dataclass
class Bench:
    """The libraries that could be installed, their interpreters, and the samples so far."""

    base_url: str
    scratch: str
    sizes: Sizes
    pythons: dict[str, str] = field(default_factory=dict)
    samples: dict[str, Samples] = field(default_factory=dict)

    def run(self, library: Library, *options: object) -> dict[str, Any]:
        """What a runner measured, or a note why not."""
        command = [self.pythons[library.name], str(HERE / library.runner), *map(str, options)]
        done = self.python(library, command)
        return done if isinstance(done, dict) else json.loads(done)

    def python(self, library: Library, command: list[str]) -> str | dict[str, str]:
        told = variables(library, command[0], self.base_url, self.scratch)
        told["COMPARE_SECONDS"] = str(LONG)
        done = subprocess.run(command, env=told, capture_output=True, text=True, check=False)
        if done.returncode == -getattr(signal, "SIGXCPU", 0):
            return {"note": f"more than {LONG} s"}
        if done.returncode:
            return {"note": done.stderr.strip().splitlines()[-1][:120] if done.stderr.strip() else "it failed"}
        return done.stdout

    def started(self, library: Library) -> dict[str, Any]:
        """Seconds from the start of a process until it says that it has its first value."""
        command = [self.pythons[library.name], str(HERE / library.runner), "start"]
        told = variables(library, command[0], self.base_url, self.scratch)
        start = time.perf_counter()
        with subprocess.Popen(command, env=told, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            said = process.stdout.readline() if process.stdout else b""
            took = time.perf_counter() - start
        return {"seconds": took} if b"Northwind" in said else {"note": "no value"}

    def imported(self, library: Library) -> dict[str, Any]:
        """Seconds that the import takes beyond pydantic's, and pydantic's."""
        code = (
            "import json, time; a = time.perf_counter(); import pydantic; b = time.perf_counter();"
            f"import {library.module}; c = time.perf_counter(); print(json.dumps({{'seconds': c - b, 'bare': b - a}}))"
        )
        done = self.python(library, [self.pythons[library.name], "-c", code])
        return done if isinstance(done, dict) else json.loads(done)

    def sample(self, libraries: list[Library], measure: str) -> None:
        """Each library in turn and the floor before each; one more pair of a figure and the median of these floors."""
        of = {"start": "seconds", "rate": "rate"}.get(measure, "cpu")
        floors, found = [], {}
        for library in libraries:
            if measure not in self.samples[library.name].notes:
                floors.append(self.measured(FLOOR, measure)[of])
                found[library.name] = self.measured(library, measure)
        for name, figures in found.items():
            if "note" in figures:
                self.samples[name].notes[measure] = figures["note"]
            else:
                self.samples[name].add(measure, figures[of], statistics.median(floors))

    def measured(self, library: Library, measure: str) -> dict[str, Any]:
        """A figure; the floor is so quick that it needs more calls for as long a look."""
        more = 5 if library == FLOOR else 1
        if measure == "start":
            return self.started(library)
        if measure == "stream":
            return self.run(library, "stream", self.sizes.whole[-1])
        if measure == "sync":
            return self.run(library, "sync", self.sizes.calls * more)
        flying = self.sizes.flying
        return self.run(library, "async", flying * more, min(flying, 100), 50 if measure == "rate" else 0)

    def sample_imports(self, libraries: list[Library]) -> None:
        for library in libraries:
            found = self.imported(library)
            self.samples[library.name].add("import", found["seconds"], found["bare"])

    def sample_streams(self, libraries: list[Library]) -> None:
        floor = statistics.median(self.measured(FLOOR, "stream")["cpu"] for _ in range(3))
        for library in libraries:
            self.one_library_streams(library, self.samples[library.name], floor)

    def one_library_streams(self, library: Library, known: Samples, floor: float) -> None:
        """Short streams, each twice the one before while that takes seconds; whole ones where these take no minutes."""
        small = self.sizes.small
        for before, size in zip((0, 0, *small[1:]), small, strict=False):
            if not before or (before in read(known, small) and seconds(known, before) * 4 < LONG / 2):
                self.one_stream(library, known, floor, size)
        if "stream" not in known.notes and predicted(known, small, self.sizes.whole[-1]) < LONG / 2:
            for size in self.sizes.whole:
                self.one_stream(library, known, floor, size)

    def one_stream(self, library: Library, known: Samples, floor: float, size: int) -> None:
        if "stream" in known.notes:
            return
        found = self.run(library, "stream", size)
        if "note" in found:
            known.notes["stream"] = found["note"] + (f" for {size:,} characters" if "more" in found["note"] else "")
            return
        known.add(f"stream {size}", found["cpu"], floor)
        known.add(f"peak {size}", found["peak"], size)
        known.add(f"partials {size}", found["partials"], size / 20)


@contextlib.contextmanager
def endpoint() -> Iterator[str]:
    """The base URL of an endpoint in a process of its own."""
    command = [sys.executable, str(HERE / "endpoint.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        assert process.stdin
        process.stdin.close()


def prepare(bench: Bench, libraries: list[Library], cache: Path | None) -> list[Library]:
    """Install, and try one call each; what cannot is left out with a note."""
    ready = []
    for library in [FLOOR, *libraries]:
        samples = bench.samples[library.name] = Samples(library.name)
        try:
            python = str(environment(library, cache)) if cache else sys.executable
            samples.versions = versions(library, python)
        except NotInstalled as why:
            samples.notes["all"] = f"not installed: {why}"[:160]
            continue
        bench.pythons[library.name] = python
        tried = bench.run(library, "start")
        if "note" in tried:
            samples.notes["all"] = f"no value: {tried['note']}"
            continue
        ready.append(library)
    return ready


def one_round(bench: Bench, libraries: list[Library]) -> Iterator[str]:
    """Everything once, in turn: what keeps the machine busy for a moment meets all of them. Yields what is done."""
    bench.sample_imports(libraries[1:])
    yield "imports"
    for measure in ("start", "sync", "async", "rate"):
        bench.sample(libraries, measure)
        yield measure
    bench.sample_streams(libraries)
    yield "streams"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="structkit beside its peers.")
    parser.add_argument("--quick", action="store_true", help="one small round; nothing is written")
    parser.add_argument("--only", default="", help="names, with commas between: " + ", ".join(known_names()))
    parser.add_argument("--reuse", action="store_true", help="show the kept samples of libraries not measured now")
    parser.add_argument("--rounds", type=int, default=5, help="0 with --reuse only writes the page anew")
    parser.add_argument("--here", action="store_true", help="run in this interpreter: install nothing")
    parser.add_argument("--cache", type=Path, default=CACHE)
    return parser.parse_args()


def known_names() -> list[str]:
    return [library.name for library in LIBRARIES]


def main() -> None:
    asked = arguments()
    names = [name.strip() for name in asked.only.split(",") if name.strip()] or known_names()
    if unknown := set(names) - set(known_names()):
        raise SystemExit(f"--only: no such library: {', '.join(sorted(unknown))}")
    libraries = [library for library in LIBRARIES if library.name in names]
    kept = {one["name"]: Samples(**one) for one in json.loads(DATA.read_text())["libraries"]} if DATA.exists() else {}
    with endpoint() as base_url, tempfile.TemporaryDirectory() as scratch:
        bench = Bench(base_url, scratch, QUICK if asked.quick else Sizes())
        ready = prepare(bench, libraries, None if asked.here else asked.cache) if asked.rounds else []
        for number in range(1 if asked.quick else asked.rounds):
            for done in one_round(bench, ready):
                print(f"round {number + 1}: {done}", file=sys.stderr)
                if not asked.quick:
                    keep({**kept, **bench.samples})
    samples = {**kept, **bench.samples} if asked.reuse else bench.samples
    ordered = [samples[name] for name in ("floor", *known_names()) if name in samples]
    text = tables(ordered, bench.sizes.small, bench.sizes.whole, MACHINE)
    print(text)
    if not asked.quick:
        publish(text, ordered)


def keep(samples: dict[str, Samples]) -> None:
    """At every step: who stops the command has what was measured before, with `--rounds 0 --reuse`."""
    found = [vars(one) for one in samples.values()]
    DATA.write_text(json.dumps({"machine": MACHINE, "libraries": found}) + "\n")


def publish(text: str, samples: list[Samples]) -> None:
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), text), encoding="utf-8")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture(samples), encoding="utf-8")


if __name__ == "__main__":
    main()
