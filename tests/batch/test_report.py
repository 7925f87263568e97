"""The report of a run as an error, for programs that must not continue after an incomplete run."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from structkit.batch.engines.stop import Reason
from structkit.batch.job import Job
from structkit.batch.report import Report
from structkit.costs.price import Price
from structkit.errors import BudgetExceeded, JobError, TransportError
from structkit.testing import Endpoint


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
