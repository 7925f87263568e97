"""The rows of a job for the program that ran it, from files of each format and from memory."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

import structkit
from structkit.batch.job import Job
from structkit.batch.report import Report
from structkit.testing import Endpoint


class Payment(BaseModel):
    amount: Decimal = 0  # type: ignore[assignment]
    tip: Decimal = Field(default_factory=lambda: 0)  # type: ignore[arg-type,return-value]


PROGRAM = """
import sys
from structkit.batch.job import Job
job = Job(
    ["x", "y"], sys.argv[2], output_type=set[str], prompt="{text}", model="fake", api_key="sk-test",
    base_url=sys.argv[1], call={"examples": [("in", {"alpha", "beta", "gamma", "delta", "epsilon"})]},
)
print(job.run().counts)
"""


@pytest.fixture
def run_process() -> Callable[..., str]:
    """Return a function that runs a job in a process of its own, with the hashes of a seed."""

    def run(base_url: str, output: Path, seed: str) -> str:
        command = [sys.executable, "-c", PROGRAM, base_url, str(output)]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    return run


@pytest.fixture
def job() -> Callable[..., Job]:
    def make(endpoint: Endpoint, output: Path | None, **settings: Any) -> Job:
        base: dict[str, Any] = {"output_type": bool, "prompt": "{text}", "model": "fake", "api_key": "sk-test"}
        rows = [{"text": "a", "n": 1}, {"text": "b", "n": 2}]
        return Job(settings.pop("source", rows), output, base_url=endpoint.base_url, **{**base, **settings})

    return make


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".sqlite", ".xlsx", ".arrow"])
def test_the_rows_of_any_output_are_read_as_dicts_arrow_and_pandas(
    job: Callable[..., Job], tmp_path: Path, suffix: str
) -> None:
    with Endpoint() as endpoint:
        report = job(endpoint, tmp_path / f"out{suffix}").run()
    rows = report.to_dicts()
    assert [row["text"] for row in rows] == ["a", "b"]
    assert [str(row["n"]) for row in rows] == ["1", "2"]
    assert report.to_arrow().column_names == [*report.to_pandas().columns] == [*rows[0]]
    assert report.to_pandas()["text"].tolist() == ["a", "b"]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_paid_reply_is_a_row_with_the_defaults_that_are_not_of_their_class(
    job: Callable[..., Job], tmp_path: Path, suffix: str
) -> None:
    with Endpoint('{"amount": null, "tip": null}') as endpoint:
        report = job(endpoint, tmp_path / f"out{suffix}", output_type=Payment).run()
    assert report.counts == {"done": 2}
    assert [(str(row["amount"]), str(row["tip"])) for row in report.to_dicts()] == [("0", "0")] * 2


def test_a_job_whose_examples_have_sets_is_resumed_by_another_process(
    run_process: Callable[..., str], tmp_path: Path
) -> None:
    with Endpoint('{"value": ["a"]}') as endpoint:
        outputs = [run_process(endpoint.base_url, tmp_path / "out.jsonl", seed) for seed in ("1", "2", "3")]
        assert outputs == ["{'done': 2}\n"] * 3
        assert len(endpoint.requests) == 2


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ""])
def test_arrow_has_every_column_of_every_row_and_mixed_cells_as_texts(
    job: Callable[..., Job], tmp_path: Path, suffix: str
) -> None:
    source = [{"text": "a", "x": 1.5}, {"text": "b", "x": "p", "late": 2}, {"text": "c", "x": [True, None]}]
    with Endpoint() as endpoint:
        report = job(endpoint, tmp_path / f"out{suffix}" if suffix else None, source=source).run()
    table = report.to_arrow()
    assert {*table.column_names} == {*report.to_pandas().columns} >= {"late", "status"}
    assert table["x"].to_pylist() == ["1.5", "p", "[true,null]"]


def test_rows_in_memory_are_not_lost_for_a_number_that_no_column_has(job: Callable[..., Job]) -> None:
    pandas = pytest.importorskip("pandas")
    with Endpoint(f'{{"value": {10**30}}}') as endpoint:
        report = job(endpoint, None, source=pandas.DataFrame({"text": ["a", "b"]}), output_type=int).run()
        assert len(endpoint.requests) == 2
    assert [row["value"] for row in report.to_dicts()] == [10**30] * 2
    assert (report.is_complete, report.output, report.counts) == (True, None, {"done": 2})


def test_the_rows_of_a_data_frame_are_exported(job: Callable[..., Job], tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    with Endpoint() as endpoint:
        label_job = job(endpoint, tmp_path / "out.csv", source=pandas.DataFrame({"text": ["a", "b"]}))
        label_job.run()
        assert [row["text"] for row in label_job.export(tmp_path / "copy.jsonl").to_dicts()] == ["a", "b"]


def test_the_rows_of_a_csv_file_have_no_apostrophe_before_a_formula(job: Callable[..., Job], tmp_path: Path) -> None:
    with Endpoint() as endpoint:
        report = job(endpoint, tmp_path / "out.csv", source=[{"text": "=1+1"}, {"text": "-milk"}]).run()
    assert [row["text"] for row in report.to_dicts()] == ["=1+1", "-milk"]
    assert "'=1+1" in (tmp_path / "out.csv").read_text()


def test_a_job_without_an_output_leaves_no_file(
    job: Callable[..., Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with Endpoint() as endpoint:
        report = job(endpoint, None).run()
    assert [row["status"] for row in report.to_dicts()] == ["done", "done"]
    assert report.is_complete
    assert "written to" not in str(report)
    assert [*tmp_path.iterdir()] == []


def test_without_an_output_there_is_nothing_to_export(job: Callable[..., Job], tmp_path: Path) -> None:
    with Endpoint() as endpoint, pytest.raises(structkit.ConfigError, match="output=None keeps the rows in memory"):
        job(endpoint, None).export(tmp_path / "rows.csv")


def test_a_run_that_wrote_nothing_has_no_rows() -> None:
    report = Report("budget", None, 9, {"open": 9}, 0, 0, None, (), 0.1)
    with pytest.raises(structkit.JobError, match="ended before it wrote its output"):
        report.to_pandas()
