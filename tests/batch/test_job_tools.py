"""A job whose model calls tools: a finished call is in the journal, and no later run makes it again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import structkit
from structkit import JobError, Policy
from structkit.batch.job import Job
from structkit.journal.journal import Reader
from structkit.tables.sources import open_source
from structkit.testing import Endpoint, call
from structkit.values import JSON

Settings = Callable[..., dict[str, Any]]


def job(settings: dict[str, Any], *tools: Any, **more: Any) -> Job:
    policy = Policy(wait_initial=0.001, **settings.pop("policy", {}) | more.pop("policy", {}))
    return Job(**{**settings, "call": {"policy": policy, "tools": tools}, **more})


def row_of(body: JSON) -> str:
    text = next(each["content"] for each in body["messages"] if each["role"] == "user")
    return str(text).partition("Label: ")[2]


def results_of(body: JSON) -> list[str]:
    return [each["content"] for each in body["messages"] if each["role"] == "tool"]


def answer(body: JSON) -> Any:
    """Call the tool once, then answer with its result."""
    results = results_of(body)
    return f'{{"n": {results[0]}}}' if results else call("length", text=row_of(body))


def length(text: str) -> int:
    """Return the number of characters."""
    return len(text)


async def length_async(text: str) -> int:
    """Return the number of characters."""
    return len(text)


@pytest.fixture
def without_policy(settings: Settings) -> Settings:
    def make(*args: Any, **more: Any) -> dict[str, Any]:
        job_settings = settings(*args, **more)
        del job_settings["policy"]
        return job_settings

    return make


@pytest.mark.parametrize("tool", [length, structkit.Tool(length_async, name="length")])
def test_rows_are_labelled_with_the_results_of_tools(without_policy: Settings, tool: Any) -> None:
    with Endpoint(answer) as endpoint:
        job_settings = without_policy(endpoint.base_url, ["a", "bb", "ccc"])
        report = job(job_settings, tool).run()
        assert report.status == "complete"
        assert [json.loads(line)["n"] for line in Path(job_settings["output"]).read_text().splitlines()] == [1, 2, 3]
        assert len(endpoint.requests) == 6


def test_the_hook_for_tools_gets_the_calls_of_all_rows(without_policy: Settings) -> None:
    runs: list[structkit.ToolRun] = []
    with Endpoint(answer) as endpoint:
        call_options = {"tools": [length], "hooks": structkit.Hooks(on_tool=runs.append)}
        Job(**{**without_policy(endpoint.base_url, ["a", "bb"]), "call": call_options}).run()
    assert sorted((run.name, run.result) for run in runs) == [("length", 1), ("length", 2)]


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_the_calls_of_each_row_are_a_column_of_the_output(
    without_policy: Settings, tmp_path: Path, suffix: str
) -> None:
    def length(text: str) -> int:
        if text == "bb":
            raise LookupError(text)
        return len(text)

    with Endpoint(answer) as endpoint:
        job_settings = without_policy(endpoint.base_url, ["a", "bb"], output=str(tmp_path / f"out.{suffix}"))
        job(job_settings, length, columns=("status", "tool_calls")).run()
    cells: list[Any] = [row.values["tool_calls"] for row in open_source(tmp_path / f"out.{suffix}")]
    first, second = ((json.loads(cell) if isinstance(cell, str) else cell)[0] for cell in cells)
    arguments = first["arguments"]  # Parquet has JSON of any form as text
    assert (json.loads(arguments) if isinstance(arguments, str) else arguments) == {"text": "a"}
    assert (first["name"], int(first["result"]), second["error"]) == ("length", 1, "LookupError: bb")


def test_an_exception_of_a_tool_fails_its_row_only(without_policy: Settings) -> None:
    def length(text: str) -> int:
        if text == "bb":
            raise LookupError(text)
        return len(text)

    with Endpoint(answer) as endpoint:
        job_settings = without_policy(endpoint.base_url, ["a", "bb", "ccc"])
        report = job(job_settings, length).run()
        rows = [json.loads(line) for line in Path(job_settings["output"]).read_text().splitlines()]
        assert [row["status"] for row in rows] == ["done", "failed", "done"]
        assert (rows[1]["error"], rows[1]["message"].partition(";")[0]) == (
            "ToolError",
            "tool length raised LookupError: bb",
        )
    assert report.counts["failed"] == 1


def test_a_failed_call_is_made_again_if_the_row_is_retried(without_policy: Settings) -> None:
    calls: list[str] = []

    def length(text: str) -> int:
        calls.append(text)
        if len(calls) == 1:
            raise LookupError(text)
        return len(text)

    with Endpoint(answer) as endpoint:
        job_settings = without_policy(endpoint.base_url, ["a"])
        job(job_settings, length).run()
        report = job(job_settings, length, retry_failed=True).run()
    assert report.counts["done"] == 1
    assert calls == ["a", "a"]


def test_the_tools_are_part_of_a_jobs_identity(without_policy: Settings) -> None:
    def other(text: str) -> int:
        """Return something else."""
        return 1

    with Endpoint('{"n": 1}') as endpoint:
        job_settings = without_policy(endpoint.base_url, ["a"])
        job(job_settings, length).run()
        job(job_settings, length).run()
        for tools in [(other,), (length, other), ()]:
            with pytest.raises(JobError, match="tools"):
                job(job_settings, *tools).run()
    assert len(endpoint.requests) == 1


def test_a_run_that_breaks_off_keeps_the_calls_that_have_finished(without_policy: Settings) -> None:
    calls: list[str] = []

    def length(text: str) -> int:
        calls.append(text)
        return len(text)

    def fail_after_calls(body: JSON) -> Any:
        if results_of(body):
            return structkit.testing.Reply({"error": {"message": "invalid key"}}, status=401)
        return answer(body)

    with Endpoint(fail_after_calls) as endpoint:
        job_settings = without_policy(endpoint.base_url, ["a", "bb", "ccc"], concurrency=1)
        assert job(job_settings, length).run().reason == "endpoint"
        first_calls = [*calls]
    with Endpoint(answer) as endpoint:
        report = job({**job_settings, "base_url": endpoint.base_url}, length).run()
    assert report.status == "complete"
    assert first_calls
    assert calls == ["a", "bb", "ccc"], "the second run makes no finished call again"


def test_another_content_of_a_row_calls_the_tools_again(without_policy: Settings) -> None:
    calls: list[str] = []

    def length(text: str) -> int:
        calls.append(text)
        return len(text)

    with Endpoint(answer) as endpoint:
        job_settings = without_policy(endpoint.base_url, [{"id": 1, "text": "a"}], key="id")
        job(job_settings, length).run()
        without_policy(endpoint.base_url, [{"id": 1, "text": "bb"}])
        job(job_settings, length, overwrite=True).run()
        assert [json.loads(line)["n"] for line in Path(job_settings["output"]).read_text().splitlines()] == [2]
    assert calls == ["a", "bb"]


def test_stored_results_are_read_again_as_another_type(without_policy: Settings) -> None:
    calls: list[str] = []

    def length(text: str) -> int:
        calls.append(text)
        return len(text)

    with Endpoint(answer) as endpoint:
        job_settings = without_policy(endpoint.base_url, ["a", "bb"])
        job(job_settings, length).run()
        schema = {**job_settings["output_type"], "properties": {"n": {"type": "number"}}}
        report = job({**job_settings, "output_type": schema}, length, on_change="reparse").run()
    assert report.counts["done"] == 2
    assert len(calls) == 2
    assert len(endpoint.requests) == 4


CHILD = """
import json, sys
from pathlib import Path
import structkit
settings, calls = json.loads(sys.argv[1]), Path(sys.argv[2])

def note(*words):
    with calls.open("a") as file:
        print(*words, file=file, flush=True)

def length(text: str, part: int) -> int:
    note("length", text, part)
    return len(text)

async def later(text: str, part: int) -> int:
    note("later", text, part)
    return len(text)

print(structkit.Job(**settings, call={"tools": [length, later]}).run())
"""


class HeldEndpoint:
    """An endpoint that calls two tools in each of two rounds; it holds back its replies from a request on."""

    def __init__(self, held_from: int) -> None:
        self.reached, self.release = threading.Event(), threading.Event()
        self.endpoint = Endpoint(lambda body: self.answer(body, held_from))

    def answer(self, body: JSON, held_from: int) -> Any:
        if len(self.endpoint.requests) >= held_from:
            self.reached.set()
            self.release.wait(600)
        if (rounds := len(results_of(body)) // 2) == 2:
            return '{"n": 1}'
        return [call(name, text=row_of(body), part=rounds) for name in ("length", "later")]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("held_from", [13, 25, 33])
def test_a_killed_job_makes_no_call_again_whose_result_is_stored(
    without_policy: Settings, tmp_path: Path, held_from: int
) -> None:
    rows, held = [f"row-{number}" for number in range(12)], HeldEndpoint(held_from)
    calls = tmp_path / "calls.txt"
    with held.endpoint as endpoint:
        job_settings = without_policy(endpoint.base_url, rows)
        command = [sys.executable, "-c", CHILD, json.dumps(job_settings), str(calls)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert held.reached.wait(600)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        states = Reader(Path(f"{job_settings['output']}.job")).read_rows(0, 99).values()
        stored_runs: list[Any] = [each.run for row in states for each in row.tool_runs]
        held.release.set()
        subprocess.run(command, check=True, capture_output=True)
    counts = Counter(calls.read_text().splitlines())
    assert stored_runs, "the process was killed after the first calls"
    assert {counts[f"{run.name} {run.arguments['text']} {run.arguments['part']}"] for run in stored_runs} == {1}
    assert len(counts) == 4 * len(rows)
    assert [json.loads(line)["status"] for line in Path(job_settings["output"]).read_text().splitlines()] == [
        "done"
    ] * 12
