"""structkit beside its peers, each in a pinned environment of its own, against one endpoint on loopback.

Run it:  python benchmarks/compare.py [--quick] [--only structkit,instructor] [--reuse] [--rounds N]

Every sample is a fresh process, and next to it runs the floor: a bare HTTP call and one `validate_json`. The figures
are medians of the ratios. They go into docs/benchmarks.md and a picture, and every sample into
benchmarks/data/compare.json: `--reuse` takes from there what `--only` does not measure.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from peers.figures import SMALL, WHOLE, Samples, predicted
from peers.libraries import FLOOR, HERE, LIBRARIES, ROOT, Library, NotInstalled, environment, variables, versions
from peers.plot import picture
from peers.report import tables, written

DATA = ROOT / "benchmarks" / "data" / "compare.json"
PAGE = ROOT / "docs" / "benchmarks.md"
MACHINE = f"{platform.system()}, {os.cpu_count()} cores, Python {platform.python_version()}"
PICTURE = ROOT / "docs" / "assets" / "compare.svg"

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "structkit-compare"

LONG = 60
"""Seconds after which a run is ended, and the predicted ones up to half of which a whole stream is really read."""


@dataclass(frozen=True)
class Sizes:
    """How much of everything: calls a run, and the characters of the streams."""

    calls: int = 400
    flying: int = 1000
    small: tuple[int, ...] = SMALL
    whole: tuple[int, ...] = WHOLE


QUICK = Sizes(calls=20, flying=100, small=(2_000, 4_000), whole=(5_000, 10_000, 20_000))


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
        try:
            done = subprocess.run(command, env=told, capture_output=True, text=True, check=False, timeout=LONG)
        except subprocess.TimeoutExpired:
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

    def sample(self, library: Library, measure: str) -> None:
        """One more pair: the floor's figure, and the library's."""
        known = self.samples[library.name]
        if measure in known.notes:
            return
        if measure == "stream":
            self.sample_stream(library, known)
            return
        floor, found = self.measured(FLOOR, measure), self.measured(library, measure)
        if "note" in found:
            known.notes[measure] = found["note"]
            return
        of = {"start": "seconds", "import": "seconds", "rate": "rate"}.get(measure, "cpu")
        known.pairs.setdefault(measure, []).append((found[of], floor["bare" if measure == "import" else of]))

    def measured(self, library: Library, measure: str) -> dict[str, Any]:
        flying = self.sizes.flying
        if measure == "start":
            return self.started(library)
        if measure == "import":
            return self.imported(library)
        if measure == "sync":
            return self.run(library, "sync", self.sizes.calls)
        return self.run(library, "async", flying, min(flying, 100), 50 if measure == "rate" else 0)

    def sample_stream(self, library: Library, known: Samples) -> None:
        """Short streams first; whole ones where these say that they take no minutes."""
        for size in self.sizes.small:
            self.one_stream(library, known, size)
        if "stream" not in known.notes and predicted(known, self.sizes.small, self.sizes.whole[-1]) < LONG / 2:
            for size in self.sizes.whole:
                self.one_stream(library, known, size)

    def one_stream(self, library: Library, known: Samples, size: int) -> None:
        if "stream" in known.notes:
            return
        floor, found = self.run(FLOOR, "stream", self.sizes.whole[-1]), self.run(library, "stream", size)
        if "note" in found:
            known.notes["stream"] = found["note"] + (f" for {size:,} characters" if "more" in found["note"] else "")
            return
        known.pairs.setdefault(f"stream {size}", []).append((found["cpu"], floor["cpu"]))
        known.pairs.setdefault(f"peak {size}", []).append((found["peak"], size))
        known.pairs.setdefault(f"partials {size}", []).append((found["partials"], size / 20))


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


def one_round(bench: Bench, libraries: list[Library], said: str) -> None:
    """One round, in turn: what keeps the machine busy for a moment meets all of them."""
    for measure in ("import", "start", "sync", "async", "rate", "stream"):
        print(f"{said}: {measure}", file=sys.stderr)
        for library in libraries:
            if (library, measure) != (FLOOR, "import"):
                bench.sample(library, measure)


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
            one_round(bench, ready, f"round {number + 1}")
            if not asked.quick:
                keep({**kept, **bench.samples})
    samples = {**kept, **bench.samples} if asked.reuse else bench.samples
    ordered = [samples[name] for name in ("floor", *known_names()) if name in samples]
    text = tables(ordered, bench.sizes.small, bench.sizes.whole, MACHINE)
    print(text)
    if not asked.quick:
        publish(text, ordered)


def keep(samples: dict[str, Samples]) -> None:
    """After every round: who stops the command has the rounds before, with `--rounds 0 --reuse`."""
    found = [vars(one) for one in samples.values()]
    DATA.write_text(json.dumps({"machine": MACHINE, "libraries": found}) + "\n")


def publish(text: str, samples: list[Samples]) -> None:
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), text), encoding="utf-8")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture(samples), encoding="utf-8")


if __name__ == "__main__":
    main()
