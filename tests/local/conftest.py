"""The embedded model behind `structkit serve`, for the tests of a file."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """Run `structkit serve` as a process, ended by Ctrl-C."""
    command = [sys.executable, "-m", "structkit", "serve", "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = next(line for line in process.stderr if line.startswith("serving"))
    yield line.split(" at ")[1].split()[0]
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=600)
    assert (process.returncode, errors) == (130, "stopped\n")
