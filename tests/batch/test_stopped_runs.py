"""A run that was stopped sends and writes nothing once another run has taken over its journal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from structkit import Job
from structkit.journal.lock import take_over
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import text_reply
from structkit.values import JSON

pytestmark = [pytest.mark.skipif(sys.platform == "win32", reason="signals"), pytest.mark.slow]

ROWS, IN_FLIGHT = 60, 4

RUN = """
import json, sys, structkit
structkit.Job(**json.loads(sys.argv[1]), output_type=int).run()
"""


def answer(body: JSON) -> Reply:
    return replace(text_reply(body, '{"value": 1}'), delay=0.02)


def test_a_stopped_run_that_wakes_after_its_successor_took_over_sends_nothing_new(tmp_path: Path) -> None:
    with Endpoint(answer) as endpoint:
        settings: dict[str, Any] = {"source": str(tmp_path / "in.jsonl"), "output": str(tmp_path / "out.jsonl")}
        settings |= {"prompt": "{text}", "model": "fake", "base_url": endpoint.base_url, "api_key": "sk-none"}
        settings |= {"concurrency": IN_FLIGHT, "progress": False}
        (tmp_path / "in.jsonl").write_text("".join(json.dumps({"text": f"row {n}"}) + "\n" for n in range(ROWS)))
        command = [sys.executable, "-c", RUN, json.dumps(settings)]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
        while len(endpoint.requests) < ROWS // 3:
            assert process.poll() is None
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(0.05)  # its requests arrive
        take_over(tmp_path / "out.jsonl.job")
        report = Job(**settings, output_type=int).run()
        os.kill(process.pid, signal.SIGCONT)
        _, error = process.communicate(timeout=600)
        assert report.counts == {"done": ROWS}
        assert "another run has taken over" in error
        assert process.returncode == 1
        sent = len(endpoint.requests)
        assert ROWS <= sent <= ROWS + IN_FLIGHT, "only what was in flight is paid for twice"
        assert Job(**settings, output_type=int).run().counts == {"done": ROWS}, "the journal is that of the successor"
        assert len(endpoint.requests) == sent
