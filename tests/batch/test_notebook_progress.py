"""The progress of a job in a notebook: a real kernel runs the cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from structkit.testing import Endpoint

JOB = """
import structkit
structkit.Job(
    ["a", "b <i>", "c"], None, output_type=bool, prompt="{{text}}", model="fake", api_key="sk-test",
    base_url={base_url!r}, progress={progress},
).run()
"""
Outputs = list[tuple[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def run_cell() -> Iterator[Callable[[str], Outputs]]:
    """Return a function that runs a cell, and returns the kind and the content of each of its outputs."""
    manager, client = start_new_kernel(startup_timeout=600)

    def run(code: str) -> Outputs:
        outputs: Outputs = []
        client.execute_interactive(
            code, timeout=600, output_hook=lambda message: outputs.append((message["msg_type"], message["content"]))
        )
        return outputs

    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_a_job_in_a_notebook_shows_a_bar_that_is_updated_in_place(run_cell: Callable[[str], Outputs]) -> None:
    with Endpoint() as endpoint:
        outputs = run_cell(JOB.format(base_url=endpoint.base_url, progress=True))
    assert "error" not in dict(outputs), dict(outputs)
    [first] = [content["data"]["text/html"] for kind, content in outputs if kind == "display_data"]
    updates = [content["data"]["text/html"] for kind, content in outputs if kind == "update_display_data"]
    assert first.startswith('<progress value="0" max="3"></progress>')
    assert updates[-1].startswith('<progress value="3" max="3"></progress> 3 done, 0 in flight')
    [report] = [content["data"]["text/html"] for kind, content in outputs if kind == "execute_result"]
    assert "3 rows, 3 done" in report


def test_the_bar_can_be_turned_off(run_cell: Callable[[str], Outputs]) -> None:
    with Endpoint() as endpoint:
        outputs = run_cell(JOB.format(base_url=endpoint.base_url, progress=False))
    assert {kind for kind, _ in outputs} <= {"status", "execute_input", "execute_result"}
