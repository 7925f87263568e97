"""The command that leases limits starts without options."""

from __future__ import annotations

import subprocess
import sys


def test_limits_starts_without_options_and_says_where_it_is() -> None:
    command = [sys.executable, "-m", "structkit", "limits", "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("limits at http://127.0.0.1:")
    finally:
        process.terminate()
        process.communicate()
