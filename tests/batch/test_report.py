"""The report of a run as an error, for programs that must not continue after an incomplete run."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest

from structkit import Policy
from structkit.batch.engines.stop import Reason
from structkit.batch.job import Job
from structkit.batch.report import Report
from structkit.costs.price import Price
from structkit.errors import (
    BudgetExceeded,
    ConfigError,
    ExtractionError,
    JobError,
    StructkitError,
    TransportError,
)
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import text_reply
from structkit.values import JSON


def make_report(reason: Reason, detail: str = "") -> Report:
    return Report(reason, None, 9, {"done": 5, "open": 4}, 0, 0, None, (), 0.1, detail)


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("budget", BudgetExceeded),
        ("endpoint", TransportError),
        ("left", JobError),
        ("interrupted", KeyboardInterrupt),
    ],
)
def test_an_incomplete_run_raises_an_error_of_its_reason(reason: Reason, error: type[BaseException]) -> None:
    with pytest.raises(error, match="the detail; 4 of 9 rows are open"):
        make_report(reason, "the detail").raise_for_status()


def test_a_complete_run_raises_nothing_also_with_failed_rows() -> None:
    Report("", None, 2, {"done": 1, "failed": 1}, 0, 0, None, (), 0.1).raise_for_status()


def mood_of(request: JSON) -> Reply:
    """A reply that is `good`, invalid or an HTTP error, as the last word of the prompt says."""
    word = str(request["messages"][-1]["content"]).split()[-1]
    if word == "rejected":
        return Reply({"error": {"message": "no"}}, status=400)
    return text_reply(request, json.dumps({"value": word}))


def run_rows(tmp_path: Path, words: list[str], **settings: Any) -> tuple[Report, list[dict[str, str]]]:
    """Run a job with one row for each word; return its report and the rows of its output."""
    source, output = [f"row {number} {word}" for number, word in enumerate(words)], tmp_path / "out.csv"
    call = {"policy": Policy(attempts=1, retries=0)}
    with Endpoint(mood_of) as endpoint:
        base: dict[str, Any] = {"output_type": Literal["good", "bad"], "prompt": "{text}", "model": "fake"}
        base |= {"base_url": endpoint.base_url, "api_key": "sk-test", "concurrency": 1, "call": call}
        report = Job(source, output, **{**base, **settings}).run()
    with output.open(encoding="utf-8", newline="") as file:
        return report, list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("words", "max_failed", "detail"),
    [
        (["none", "none"], None, "2 of 2 rows failed"),
        (["none", "none"], 2, ""),
        (["good", "none"], None, ""),
        (["good", "none"], 0, "1 of 2 rows failed, and max_failed is 0"),
        (["good", "none"], "50%", ""),
        (["good", "none"], "49.9%", "1 of 2 rows failed, and max_failed is 49.9%"),
        (["good"], 0, ""),
    ],
)
def test_a_run_with_more_failed_rows_than_allowed_counts_as_failed(
    tmp_path: Path, words: list[str], max_failed: Any, detail: str
) -> None:
    report, _ = run_rows(tmp_path, words, max_failed=max_failed)
    assert report.is_complete
    assert (report.reason, report.detail) == ("failed" if detail else "", detail)
    assert report.status == (f"failed: {detail}" if detail else "complete")
    manifest = json.loads((tmp_path / "out.csv.manifest.json").read_text(encoding="utf-8"))
    assert (manifest["status"], manifest["errors"]) == (report.status, dict(report.errors))


@pytest.mark.parametrize(
    ("words", "prompt", "error", "code"),
    [
        (["none"], "{text}", ExtractionError, 4),
        (["good", "rejected", "rejected"], "{text}", TransportError, 3),
        (["good", "good"], lambda row: row["missing"], JobError, 2),
    ],
)
def test_a_failed_run_raises_an_error_of_the_family_of_most_of_its_rows(
    tmp_path: Path, words: list[str], prompt: Any, error: type[StructkitError], code: int
) -> None:
    report, _ = run_rows(tmp_path, words, prompt=prompt, max_failed=0)
    with pytest.raises(error, match=r"rows failed, and max_failed is 0 \(\d") as caught:
        report.raise_for_status()
    assert caught.value.exit_code == code


def test_failed_rows_can_be_grouped_by_the_class_of_their_error(tmp_path: Path) -> None:
    report, rows = run_rows(tmp_path, ["good", "none", "rejected", "none"])
    assert [row["error"] for row in rows] == ["", "InvalidOutput", "StatusError", "InvalidOutput"]
    assert [*report.errors.items()] == [("InvalidOutput", 2), ("StatusError", 1)]
    assert "1 done, 3 failed (2 InvalidOutput, 1 StatusError), in" in str(report)


def test_the_most_frequent_message_of_each_class_of_error_is_shown_shortened_and_escaped(tmp_path: Path) -> None:
    texts = {"a": "no model\x1b[2J", "b": "too many", "c": "no model\x1b[2J", "d": "x" * 400}

    def prompt(row: Any) -> str:
        name = row["text"][-1]
        raise (LookupError if name == "d" else ValueError)(texts[name])

    report, _ = run_rows(tmp_path, ["d", "b", "a", "c"], prompt=prompt)
    assert report.errors == {"ValueError": 3, "LookupError": 1}
    assert report.messages == {"ValueError": "no model\x1b[2J", "LookupError": "x" * 400}
    assert "most frequent ValueError: no model\\u001b[2J\n" in str(report)
    assert f"most frequent LookupError: {'x' * 299}…\n" in str(report)
    assert "no model" in report._repr_html_()


def test_a_report_of_rows_that_all_failed_has_none_to_review() -> None:
    report = Report("failed", None, 2, {"done": 0, "failed": 2}, 0, 0, None, (), 0.1, to_review=0)
    assert "to review" not in str(report)


def test_the_column_of_a_scalar_type_can_be_named(tmp_path: Path) -> None:
    _, rows = run_rows(tmp_path, ["good"], value_column="mood")
    assert [*rows[0]] == ["text", "mood", "status", "error", "message", "attempts"]
    assert rows[0]["mood"] == "good"


def test_a_name_for_the_only_column_of_a_type_with_a_column_for_each_field_is_rejected(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"mood": {"type": "string"}}}
    with pytest.raises(
        ConfigError, match=r"value_column \(--value-column\) 'tone' names .* field \('mood', 'extras'\); leave it out"
    ):
        run_rows(tmp_path, ["good"], output_type=schema, value_column="tone")


@pytest.mark.parametrize("max_failed", [-1, True, "5", "101%", "-1%", 0.5])
def test_an_invalid_limit_of_failed_rows_is_rejected(tmp_path: Path, max_failed: Any) -> None:
    with pytest.raises(ConfigError, match=r"max_failed \(--max-failed\) must be a number of rows, or a percentage"):
        run_rows(tmp_path, ["good"], max_failed=max_failed)


def test_a_job_that_uses_up_its_budget_raises_budget_exceeded(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"output_type": bool, "prompt": "{text}", "model": "fake", "api_key": "sk-test"}
    source, output = ["one", "two"], tmp_path / "out.jsonl"
    with Endpoint() as endpoint:
        report = Job(
            source, output, base_url=endpoint.base_url, budget="0.001", price=Price(Decimal(1), Decimal(2)), **settings
        ).run()
    assert endpoint.requests == []
    with pytest.raises(BudgetExceeded, match="2 of 2 rows are open") as caught:
        report.raise_for_status()
    assert caught.value.exit_code == 5
