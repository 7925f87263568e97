"""A wall clock that jumps by years, within runs and between them, changes nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from structkit.testing import Endpoint, Reply
from structkit.testing.endpoint_faults import error_reply
from structkit.testing.scripted_reply import conforming_reply
from structkit.values import JSON

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

ROWS, MOMENT, PATIENCE = 150, 60, 600
YEAR = 365 * 86_400
CLOCK = """
import random, time
chance, real, real_ns = random.Random(SEED), time.time, time.time_ns
def jump():
    return chance.choice([-1, 0, 1]) * chance.randint(1, 30 * 365 * 86_400) + SHIFT
def wall():
    return max(0.0, real() + jump())
time.time, time.time_ns = wall, lambda: max(0, real_ns() + jump() * 10**9)
"""


def clock(folder: Path, seed: int, shift: int) -> str:
    """A folder whose `sitecustomize` makes the wall clock of a process jump before structkit is imported."""
    site = folder / f"clock-{seed}"
    site.mkdir()
    text = CLOCK.replace("SEED", str(seed)).replace("SHIFT", str(shift))
    (site / "sitecustomize.py").write_text(text, encoding="utf-8")
    return str(site)


class Faulty:
    """An endpoint with temporary faults that kills the first process at some moment."""

    def __init__(self) -> None:
        self.lock, self.count, self.faults = threading.Lock(), 0, 0
        self.children: list[subprocess.Popen[str]] = []
        self.endpoint = Endpoint(self.answer)

    def answer(self, request: JSON) -> Reply:
        with self.lock:
            self.count += 1
            if self.count == MOMENT:
                self.children[0].kill()
            if self.count % 25 == 10:
                self.faults += 1
                slow_down = Reply({}, status=429, headers={"retry-after": "0.01"})
                return error_reply(503, "later") if self.faults % 2 else slow_down
        return replace(conforming_reply(request), delay=0.002)


def test_a_clock_that_jumps_changes_nothing(
    tmp_path: Path,
    settings: Callable[..., dict[str, Any]],
    start: Callable[..., subprocess.Popen[str]],
    disk: Callable[[Any], Any],
) -> None:
    rows, faulty = [f"row-{number}" for number in range(ROWS)], Faulty()

    def run(seed: int, shift: int) -> tuple[int, str, str]:
        path = filter(None, [clock(tmp_path, seed, shift), os.environ.get("PYTHONPATH")])
        proof = "import time; assert time.time.__name__ == 'wall'"
        faulty.children.append(start(job_settings, proof, PYTHONPATH=os.pathsep.join(path)))
        out, err = faulty.children[-1].communicate(timeout=PATIENCE)
        return faulty.children[-1].returncode, out, err

    with faulty.endpoint as endpoint:
        job_settings = settings(endpoint.base_url, rows)
        assert run(0, 0) == (-signal.SIGKILL, "", "")
        unanswered, replied = disk(job_settings).unanswered_rows(), disk(job_settings).replied_digests()
        code, out, err = run(1, -10 * YEAR)
    assert (code, err) == (0, "")
    assert f"complete: {ROWS} rows, {ROWS} done" in out
    assert replied
    assert faulty.count <= ROWS + faulty.faults + len(unanswered)
    assert [row["text"] for row in disk(job_settings).output_rows()] == rows
