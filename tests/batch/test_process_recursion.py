"""A job in several processes starts as many as it has parts, whatever the program does that has started it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from structkit import ConfigError, Job
from structkit.batch.processes.run_processes import pickle_job
from structkit.batch.processes.worker_process import WORKER_VARIABLE
from structkit.cli.load import LOADING_VARIABLE, load_type
from structkit.testing import Endpoint

JOB = """
import structkit
from pathlib import Path

with Path("starts").open("a") as file:
    print("start", file=file)
"""
RUN = """
job = structkit.Job(source=["a", "b"], output="out.csv", output_type=bool, prompt="{text}?", model="fake")
print(job.run(processes=2))
"""
COMMAND = """
import subprocess, sys

@structkit.prompt(bool)
def label(text: str) -> str:
    return text

if len(Path("starts").read_text().split()) < 20:  # so that this test ends if nothing else ends it
    command = [sys.executable, "-m", "structkit", "label", "rows.csv", "-o", "out.csv", "--processes", "2"]
    subprocess.run([*command, "--function", "task.py:label", "--model", "fake"])
"""


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    (tmp_path / "rows.csv").write_text("text\na\nb\n")
    with Endpoint() as server:
        yield server


def run_program(folder: Path, endpoint: Endpoint, code: str) -> tuple[int, str]:
    """Run a file as a program, and return how often its code has run, and what was printed."""
    (folder / "task.py").write_text(code)
    environment = {**os.environ, "OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": "x"}
    command = [sys.executable, "task.py"]
    done = subprocess.run(
        command, check=False, cwd=folder, env=environment, capture_output=True, text=True, timeout=600
    )
    return len((folder / "starts").read_text().split()), done.stdout + done.stderr


@pytest.mark.slow  # several Pythons start, which takes seconds on a busy machine
def test_a_script_without_a_guard_starts_its_workers_once_and_is_told_what_to_write(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    starts, text = run_program(tmp_path, endpoint, JOB + RUN)
    assert starts == 3, "the script and its two workers"
    assert "under `if __name__ == '__main__':`" in text
    assert not endpoint.requests


@pytest.mark.slow  # several Pythons start, which takes seconds on a busy machine
def test_a_module_that_starts_the_command_that_loads_it_does_so_once(tmp_path: Path, endpoint: Endpoint) -> None:
    starts, text = run_program(tmp_path, endpoint, JOB + COMMAND)
    assert starts < 10, "the script, the command that it starts, and its workers"
    assert "starts a structkit command that loads it again: do so under `if __name__" in text


def test_a_command_that_a_worker_starts_has_one_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(WORKER_VARIABLE, "1")
    job = Job(
        ["a"], tmp_path / "out.csv", output_type=bool, prompt="{text}", model="fake", base_url="http://127.0.0.1:1"
    )
    with pytest.raises(ConfigError, match=r"processes \(--processes\) was used by a program that a worker has started"):
        job.run(processes=2)


def test_modules_are_loaded_again_after_they_were_loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(LOADING_VARIABLE, raising=False)
    (tmp_path / "kinds.py").write_text("Kind = int\n")
    name = f"{tmp_path / 'kinds.py'}:Kind"
    assert (load_type(name), load_type(name)) == (int, int)
    assert LOADING_VARIABLE not in os.environ


def test_a_type_of_a_notebook_is_an_error_that_says_where_to_define_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kind = type("Kind", (int,), {"__module__": "__main__"})
    monkeypatch.setattr(sys.modules["__main__"], "Kind", kind, raising=False)
    job = Job(["a"], tmp_path / "out.csv", output_type=kind, prompt="{text}", model="fake")
    load = pickle_job(job)
    monkeypatch.delattr(sys.modules["__main__"], "Kind")
    with pytest.raises(
        ConfigError, match="define its type and its prompt function at the top of a module, and not in a"
    ):
        load()
