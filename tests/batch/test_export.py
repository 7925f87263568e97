"""Exporting the rows of a job's journal: at any time, without a request, and without a change to the job."""

from __future__ import annotations

import csv
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from structkit import Policy
from structkit.batch.job import Job
from structkit.costs.price import Price
from structkit.errors import ConfigError, JobError
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import conforming_reply, text_reply
from structkit.values import JSON

PATIENCE = 600
ROWS = [{"text": f"row-{number}"} for number in range(10)]


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    """Returns a function that makes this test's job with other settings."""

    def make(endpoint: Endpoint, **settings: Any) -> Job:
        base: dict[str, Any] = {"source": ROWS, "output": tmp_path / "out.jsonl", "output_type": bool}
        base |= {"prompt": "Label: {text}", "model": "fake", "base_url": endpoint.base_url, "api_key": "sk-test"}
        return Job(**{**base, **settings}, call={"policy": Policy(wait_initial=0.001)})

    return make


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return [*csv.DictReader(file)]


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def read_sqlite(path: Path) -> list[dict[str, Any]]:
    with sqlite3.connect(path) as connection:
        connection.row_factory = sqlite3.Row
        rows = [dict(row) for row in connection.execute("SELECT * FROM labels")]
    connection.close()
    return rows


def read_parquet(path: Path) -> list[dict[str, Any]]:
    pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: pip install 'structkit-llm[arrow]'")
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


@pytest.mark.parametrize(
    ("name", "read"),
    [("more.csv", read_csv), ("more.jsonl", read_jsonl), ("more.db", read_sqlite), ("more.parquet", read_parquet)],
)
def test_an_export_has_any_format_and_leaves_the_job_as_it_is(
    job: Callable[..., Job], tmp_path: Path, name: str, read: Callable[[Path], list[dict[str, Any]]]
) -> None:
    with Endpoint() as endpoint:
        job(endpoint, price=Price(Decimal(1), Decimal(2))).run()
        before = {path: path.read_bytes() for path in tmp_path.glob("out.jsonl*") if path.is_file()}
        report = job(endpoint, price=Price(Decimal(1), Decimal(2))).export(tmp_path / name)
    assert len(endpoint.requests) == 10
    assert {path: path.read_bytes() for path in before} == before
    assert len(before) == 2
    rows = read(tmp_path / name)
    assert [(row["text"], row["status"]) for row in rows] == [(row["text"], "done") for row in ROWS]
    manifest = json.loads((tmp_path / f"{name}.manifest.json").read_text())
    assert (manifest["rows"], manifest["counts"], manifest["exported"]) == (10, {"done": 10}, True)
    assert (manifest["status"], manifest["output"]) == ("complete", str(tmp_path / name))
    assert (report.counts, report.output) == ({"done": 10}, tmp_path / name)
    assert report.spend == Price(Decimal(1), Decimal(2)).cost(10, 5) * 10


def test_rows_that_have_not_finished_are_open(job: Callable[..., Job], tmp_path: Path) -> None:
    with Endpoint() as endpoint:
        job(endpoint, limit=4).run()
        report = job(endpoint).export(tmp_path / "more.jsonl")
    assert (report.counts, report.reason) == ({"done": 4, "open": 6}, "left")
    assert report.status == "incomplete: some rows are not finished"
    assert [row["status"] for row in read_jsonl(tmp_path / "more.jsonl")] == ["done"] * 4 + ["open"] * 6


def test_an_export_has_the_rows_that_a_run_would_write(job: Callable[..., Job], tmp_path: Path) -> None:
    with Endpoint() as endpoint:
        job(endpoint, sample=3).run()
        job(endpoint, sample=3).export(tmp_path / "more.jsonl")
    assert read_jsonl(tmp_path / "more.jsonl") == read_jsonl(tmp_path / "out.jsonl")
    assert len(read_jsonl(tmp_path / "more.jsonl")) == 3


def test_a_run_in_progress_can_be_exported(job: Callable[..., Job], tmp_path: Path) -> None:
    sixth, gate, turns = threading.Event(), threading.Event(), iter(range(10))

    def reply(request: JSON) -> Reply:
        if next(turns) == 5:
            sixth.set()  # rows that finished earlier are on disk earlier
            assert gate.wait(PATIENCE)
        return conforming_reply(request)

    with Endpoint(reply) as endpoint:
        label_job = job(endpoint, concurrency=1)
        running = threading.Thread(target=label_job.run)
        running.start()
        assert sixth.wait(PATIENCE)
        report = label_job.export(tmp_path / "more.csv")
        gate.set()
        running.join(PATIENCE)
    assert report.counts == {"done": 5, "open": 5}
    assert [row["status"] for row in read_csv(tmp_path / "more.csv")] == ["done"] * 5 + ["open"] * 5
    assert {row["status"] for row in read_jsonl(tmp_path / "out.jsonl")} == {"done"}
    assert len(endpoint.requests) == 10


def test_new_rows_of_an_edited_table_are_open(job: Callable[..., Job], tmp_path: Path) -> None:
    with Endpoint() as endpoint:
        job(endpoint).run()
        edited = [{"text": "new"}, *ROWS[1:]]
        assert job(endpoint, source=edited).export(tmp_path / "more.jsonl").counts == {"open": 1, "done": 9}
    assert len(endpoint.requests) == 10


def test_a_job_that_has_changed_is_rejected_unless_mixed(job: Callable[..., Job], tmp_path: Path) -> None:
    with Endpoint() as endpoint:
        job(endpoint).run()
        other: dict[str, Any] = {"prompt": "Please Label: {text}"}
        with pytest.raises(JobError, match="prompt:"):
            job(endpoint, **other).export(tmp_path / "more.jsonl")
        assert job(endpoint, **other, on_change="mix").export(tmp_path / "more.jsonl").counts == {"done": 10}
        assert job(endpoint).run().is_complete
    assert len(endpoint.requests) == 10


def test_a_stream_is_exported_from_the_rows_that_a_run_has_stored(job: Callable[..., Job], tmp_path: Path) -> None:
    def stream() -> Iterator[dict[str, str]]:
        yield from ROWS

    with Endpoint() as endpoint:
        job(endpoint, source=stream(), limit=4).run()
        assert job(endpoint, source="-").export(tmp_path / "more.jsonl").counts == {"done": 4}
        job(endpoint, source=stream()).export(tmp_path / "other.jsonl")
    assert read_jsonl(tmp_path / "other.jsonl") == read_jsonl(tmp_path / "more.jsonl")
    with Endpoint() as endpoint:
        job(endpoint, output=tmp_path / "rows.jsonl").run()
        with pytest.raises(JobError, match="stream"):
            job(endpoint, output=tmp_path / "rows.jsonl", source="-").export(tmp_path / "third.jsonl")


def test_files_are_not_overwritten(job: Callable[..., Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    (tmp_path / "precious.csv").write_text("mine")
    with Endpoint() as endpoint:
        label_job = job(endpoint, source=source, overwrite=True)
        with pytest.raises(JobError, match="there is no job"):
            label_job.export(tmp_path / "more.jsonl")
        label_job.run()
        for path in (source, tmp_path / "out.jsonl", "in.jsonl", "out.jsonl"):
            with pytest.raises(ConfigError, match="own file"):
                label_job.export(path)
        for target in ("out.jsonl.job/job.db", "out.jsonl.job/new.csv"):
            with pytest.raises(ConfigError, match="is in the journal of a job"):
                label_job.export(target)
            with pytest.raises(ConfigError, match="is in the journal of a job"):
                job(endpoint, source=source, output=target, overwrite=True).run()
        with pytest.raises(JobError, match="exists"):
            job(endpoint, source=source).export("precious.csv")
        assert (tmp_path / "precious.csv").read_text() == "mine"
        label_job.export("precious.csv")
    assert len(read_csv(tmp_path / "precious.csv")) == 10


@pytest.mark.parametrize(("guard_formulas", "rows"), [("all", "'=1"), ("output", "=1"), ("none", "=1")])
def test_an_apostrophe_before_a_formula_is_written_once_however_often_a_table_is_written(
    job: Callable[..., Job], tmp_path: Path, guard_formulas: str, rows: str
) -> None:
    path, value = tmp_path / "out.csv", {"none": "=2"}.get(guard_formulas, "'=2")
    settings = {"output_type": str, "guard_formulas": guard_formulas}
    with Endpoint('{"value": "=2"}') as endpoint:
        for _ in range(2):
            job(endpoint, source=[{"text": "=1"}], output=path, **settings).run()
        job(endpoint, source=[{"text": "=1"}], output=path, **settings).export(tmp_path / "more.csv")
        job(endpoint, source=path, output=tmp_path / "next.csv", **settings).run()
    for name in ("out.csv", "more.csv", "next.csv"):
        assert [(row["text"], row["value"]) for row in read_csv(tmp_path / name)] == [(rows, value)]


def test_another_guard_rewrites_the_output_without_a_request(job: Callable[..., Job], tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with Endpoint() as endpoint:
        for guard_formulas, text in {"all": "'=1", "none": "=1"}.items():
            job(endpoint, source=[{"text": "=1"}], output=path, guard_formulas=guard_formulas).run()
            assert [row["text"] for row in read_csv(path)] == [text]
    assert len(endpoint.requests) == 1


LONG = "x" * 32_768


def test_a_cell_of_the_input_that_excel_cannot_hold_is_an_error_before_anything_is_sent(
    tmp_path: Path, job: Callable[..., Job]
) -> None:
    pytest.importorskip("xlsxwriter", reason="XlsxWriter is not installed: pip install 'structkit-llm[excel]'")
    rows = [{"text": "a", "note": ""}, {"text": "b", "note": LONG}]
    with Endpoint() as endpoint:
        with pytest.raises(JobError, match=r"row 2, column 'note' of the input: a cell in Excel has at most 32,767"):
            job(endpoint, source=rows, output=tmp_path / "out.xlsx").run()
        assert endpoint.requests == []
        job(endpoint, source=rows, output=tmp_path / "first.xlsx", limit=1).run().raise_for_status()


def test_a_value_that_excel_cannot_hold_is_in_the_journal_and_is_exported_without_a_request(
    tmp_path: Path, job: Callable[..., Job]
) -> None:
    pytest.importorskip("xlsxwriter", reason="XlsxWriter is not installed: pip install 'structkit-llm[excel]'")
    with Endpoint(lambda request: text_reply(request, json.dumps({"value": LONG}))) as endpoint:
        labels = job(endpoint, source=[{"text": "a"}], output=tmp_path / "out.xlsx", output_type=str)
        with pytest.raises(JobError, match=r"row 2, column 'value': a cell in Excel .*; write CSV, JSONL .* a request"):
            labels.run()
        assert not (tmp_path / "out.xlsx").exists()
        assert len(endpoint.requests) == 1
        labels.export(tmp_path / "out.jsonl")
        assert len(endpoint.requests) == 1
    assert [row["value"] for row in read_jsonl(tmp_path / "out.jsonl")] == [LONG]
