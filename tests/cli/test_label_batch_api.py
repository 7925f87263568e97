"""`structkit label --batch-api`: the exit code 7 until the batches are collected, and what the user reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from structkit import cli
from structkit.cli.app import app
from structkit.testing import BatchService, Endpoint

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}


@pytest.fixture(autouse=True)
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table and a type in the current folder."""
    assert cli
    monkeypatch.chdir(tmp_path)
    Path("in.jsonl").write_text("".join(json.dumps({"text": f"row {number}"}) + "\n" for number in range(3)))
    Path("n.json").write_text(json.dumps(SCHEMA))


def label(endpoint: Endpoint, *options: str) -> Result:
    arguments = ["label", "in.jsonl", "-o", "out.jsonl", "--type", "n.json", "--prompt", "{text}", "--model", "fake"]
    return CliRunner().invoke(app, [*arguments, "--base-url", endpoint.base_url, *options])


def test_the_same_command_submits_and_collects() -> None:
    with Endpoint(batches=BatchService(polls=1)) as endpoint:
        results = [label(endpoint, "--batch-api", "--no-wait") for _ in range(3)]
        assert [result.exit_code for result in results] == [7, 7, 0]
        assert "3 requests are in 1 batch at the endpoint" in results[0].stderr
        assert "collect the replies later with: " in results[0].stderr
        assert "complete: 3 rows, 3 done" in results[2].stderr


def test_the_status_counts_the_requests_in_batches() -> None:
    with Endpoint(batches=BatchService(polls=9)) as endpoint:
        label(endpoint, "--batch-api", "--no-wait")
        assert "3 requests are in batches at the endpoint" in label(endpoint, "--status").stdout


def test_an_endpoint_without_batches_is_an_error_of_the_user() -> None:
    with Endpoint(batches=BatchService(is_available=False)) as endpoint:
        result = label(endpoint, "--batch-api")
        assert isinstance(result.exception, Exception)
        assert "no Batch API" in str(result.exception)
        assert not endpoint.requests
