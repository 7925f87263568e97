"""A job on a disk that runs full: it stops sending while there is space for the replies, and can be resumed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from structkit.batch.job import Job
from structkit.errors import JobError
from structkit.journal.database import MIN_FREE_BYTES
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import conforming_reply
from structkit.values import JSON

ROWS, MOMENT, PATIENCE = 120, 40, 600


def text_of(request: JSON) -> str:
    return str(request["messages"][0]["content"]).partition("Label: ")[2]


def request_counts(endpoint: Endpoint) -> Counter[str]:
    return Counter(map(text_of, endpoint.requests))


def mount(folder: Path, options: str) -> None:
    """Mount a small file system on a folder; skip the test if this user may not."""
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system with little more than the reserve."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount(folder, f"size={MIN_FREE_BYTES + 8 * 2**20}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(ballast: Path, remaining: int) -> None:
    """Write another program's file, so that *remaining* bytes are free."""
    with ballast.open("wb") as file:
        for _ in range((shutil.disk_usage(ballast.parent).free - remaining) // 65_536):
            file.write(bytes(65_536))


class FillingEndpoint:
    """An endpoint that fills the disk after some requests, so that no further one may be sent."""

    def __init__(self, ballast: Path) -> None:
        self.ballast, self.count, self.lock = ballast, 0, threading.Lock()
        self.full = threading.Event()
        self.endpoint = Endpoint(self.answer)

    def answer(self, request: JSON) -> Reply:
        with self.lock:
            self.count += 1
            if self.count == MOMENT:
                fill(self.ballast, MIN_FREE_BYTES - 2**20)
                self.full.set()
        return replace(conforming_reply(request), delay=0.005)


def test_a_job_stops_sending_before_the_disk_is_full_and_resumes_when_there_is_space(
    small: Path, settings: Callable[..., dict[str, Any]], disk: Callable[[Any], Any]
) -> None:
    filling = FillingEndpoint(small / "ballast")
    with filling.endpoint as endpoint:
        rows = [f"row-{number}" for number in range(ROWS)]
        job_settings = settings(endpoint.base_url, rows, output=str(small / "out.jsonl"))
        del job_settings["policy"]
        with pytest.raises(JobError, match="nearly full") as stopped:
            Job(**job_settings).run()
        assert "\n" not in str(stopped.value)
        assert "same command" in str(stopped.value)
        sent = len(endpoint.requests)
        assert MOMENT <= sent < ROWS
        assert not disk(job_settings).unanswered_rows(), "every reply is on disk"
        assert len(disk(job_settings).replied_digests()) == sent
        with pytest.raises(JobError, match="nearly full"):
            Job(**job_settings).run()
        assert len(endpoint.requests) == sent, "nothing is sent while there is no space"
        (small / "ballast").unlink()
        assert Job(**job_settings).run().counts == {"done": ROWS}
        assert request_counts(endpoint) == Counter(rows)
    assert [row["text"] for row in disk(job_settings).output_rows()] == rows


def test_a_job_whose_disk_is_nearly_full_from_the_start_sends_nothing_until_there_is_space(
    settings: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Endpoint() as endpoint:
        job_settings = settings(endpoint.base_url, ["a", "b"])
        del job_settings["policy"]
        with monkeypatch.context() as patch:
            patch.setattr("structkit.journal.database.MIN_FREE_BYTES", 2**62)  # more than any disk has
            with pytest.raises(JobError, match="nearly full"):
                Job(**job_settings).run()
        assert not endpoint.requests
        assert Job(**job_settings).run().counts == {"done": 2}
    assert len(endpoint.requests) == 2


LIMITED = """
import atexit, resource
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
unlimited = resource.RLIM_INFINITY, resource.RLIM_INFINITY
atexit.register(resource.setrlimit, resource.RLIMIT_FSIZE, unlimited)  # coverage writes its data at exit
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits are POSIX's")
def test_a_write_that_fails_ends_the_run_with_one_line_and_the_next_run_resumes(
    settings: Callable[..., dict[str, Any]], start: Callable[..., Any], disk: Callable[[Any], Any]
) -> None:
    with Endpoint() as endpoint:
        rows = [f"row-{number}" for number in range(ROWS)]
        job_settings = settings(endpoint.base_url, rows)
        child = start(job_settings, LIMITED)
        out, err = child.communicate(timeout=PATIENCE)
        assert (child.returncode, out) == (2, "")
        assert "free some space" in err
        assert err.count("\n") == 1
        unanswered = disk(job_settings).unanswered_rows()
        sent = len(endpoint.requests)
        assert 0 < sent < ROWS
        assert len(unanswered) <= job_settings["concurrency"]
        child = start(job_settings)
        out, err = child.communicate(timeout=PATIENCE)
        assert (child.returncode, err) == (0, "")
        repeated = {text for text, times in request_counts(endpoint).items() if times > 1}
    assert repeated <= {rows[ordinal] for ordinal in unanswered}
    assert [row["text"] for row in disk(job_settings).output_rows()] == rows


def test_a_disk_that_cannot_be_written_is_reported_before_anything_is_sent(
    tmp_path: Path, settings: Callable[..., dict[str, Any]]
) -> None:
    folder = tmp_path / "fixed"
    folder.mkdir()
    mount(folder, "ro")
    try:
        with Endpoint() as endpoint:
            job_settings = settings(endpoint.base_url, ["a"], output=str(folder / "out.jsonl"))
            del job_settings["policy"]
            with pytest.raises(JobError, match=r"(?i)read-only"):
                Job(**job_settings).run()
            assert not endpoint.requests
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_finished_job_needs_no_space_for_its_report(
    small: Path, settings: Callable[..., dict[str, Any]], disk: Callable[[Any], Any]
) -> None:
    with Endpoint() as endpoint:
        job_settings = settings(endpoint.base_url, ["a", "b"], output=str(small / "out.jsonl"))
        del job_settings["policy"]
        Job(**job_settings).run()
        before = (small / "out.jsonl").read_bytes()
        fill(small / "ballast", MIN_FREE_BYTES // 2)
        assert Job(**job_settings).run().counts == {"done": 2}
        assert len(endpoint.requests) == 2
    assert (small / "out.jsonl").read_bytes() == before
    assert json.loads((small / "out.jsonl.manifest.json").read_text())["status"] == "complete"
