"""The progress of a run as a user sees it."""

from __future__ import annotations

import io
import os
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import structkit
from structkit.batch import progress_display
from structkit.batch.engines.progress import Progress
from structkit.batch.processes.progress_sum import sum_progress
from structkit.batch.progress_display import display_progress, interruption_line, progress_line
from structkit.batch.stderr_console import stderr_console
from structkit.costs.forecast import Sample
from structkit.costs.price import Price
from structkit.testing import Endpoint

PRICE = Price(Decimal(1), Decimal(2))
RECENT = (Sample(100, 10),) * 20


def line(total: int | None = 1000, price: Price | None = PRICE, **fields: object) -> str:
    return progress_line(Progress(**{"counts": {"done": 100}, "tokens": 11_000, **fields}), 10, total, price)  # type: ignore[arg-type]


def test_all_rows_are_forecast_once_enough_have_finished() -> None:
    before = line(recent=RECENT[:19], spend=Decimal("0.012"))
    assert "11,000 tokens, 0.0120 spent, " in before
    after = line(recent=RECENT, spend=Decimal("0.012"))
    assert "11,000 tokens of about 110,000, 0.0120 spent of about 0.1200 (0.1200 to 0.1200), " in after


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        ({"total": None, "recent": RECENT, "spend": Decimal("0.012")}, "11,000 tokens, 0.0120 spent"),
        ({"price": None, "recent": RECENT}, "11,000 tokens of about 110,000, 0:01:30 left"),
        ({"total": 50, "recent": RECENT}, "11,000 tokens of about 11,000, 0:00:00 left"),
        ({"waiting": 1, "last_fault": "slow down"}, "waiting 1 s for the endpoint (slow down), 0:01:30 left"),
        ({"tokens": 0}, "100 done, 0 in flight, 10.0 rows/s, 0:01:30 left"),
        ({"waiting": 29.2}, "waiting 30 s for the endpoint, 0:01:30 left"),
    ],
    ids=["no total", "no price", "more than expected", "waiting, with a reason", "no tokens reported", "waiting"],
)
def test_unknown_facts_are_left_out(fields: dict[str, object], end: str) -> None:
    assert line(**fields).endswith(end)  # type: ignore[arg-type]


def test_an_interruption_without_requests_in_flight_waits_for_none() -> None:
    assert interruption_line(0, 60) == "interrupted: no request is in flight"


@pytest.mark.parametrize(("interval", "lines"), [(0.0, ["3 done", "4 done"]), (1e9, [])])
def test_without_a_terminal_a_line_is_printed_at_intervals(
    monkeypatch: pytest.MonkeyPatch, interval: float, lines: list[str]
) -> None:
    monkeypatch.setattr(progress_display, "LINE_INTERVAL_S", interval)
    with display_progress(10, None, Console(file=(screen := io.StringIO()))) as on_progress:
        for number in (3, 4):
            on_progress(Progress({"done": number}))
    assert [each.partition(",")[0] for each in screen.getvalue().splitlines()] == lines


def test_what_a_run_waits_for_is_printed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_display, "LINE_INTERVAL_S", 1e9)
    with display_progress(10, None, Console(file=(screen := io.StringIO()))) as on_progress:
        for words in ("", "2 other parts", "2 other parts", "", ""):
            on_progress(sum_progress([Progress({}), Progress({}, waits_for=words)]))
    assert screen.getvalue().splitlines() == ["waiting for 2 other parts"]


def test_in_a_terminal_the_latest_progress_is_drawn() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=150)
    with display_progress(10, None, console) as on_progress:
        for number in range(1, 8):
            on_progress(Progress({"done": number}, in_flight=2))
    assert isinstance(console.file, io.StringIO)
    assert "7 done, 2 in flight, " in console.file.getvalue()


@pytest.mark.parametrize("is_terminal", [False, True])
def test_an_interruption_is_printed_at_once_and_only_once(
    capsys: pytest.CaptureFixture[str], is_terminal: bool
) -> None:
    console = Console(file=io.StringIO(), force_terminal=is_terminal, width=150)
    with display_progress(10, None, console) as on_progress:
        for grace in (60.0, 59.0):
            on_progress(Progress({}, in_flight=3, grace=grace))
    assert isinstance(console.file, io.StringIO)
    printed = capsys.readouterr().err + console.file.getvalue()
    assert printed.count("interrupted: waiting for 3 requests, 60 s at most; Ctrl-C again drops them") == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "settings", "is_shown"),
    [(Terminal, {}, True), (Terminal, {"progress": False}, False), (io.StringIO, {}, False)],
)
def test_a_job_shows_a_bar_in_a_terminal_unless_it_is_turned_off(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stream: Any, settings: Any, is_shown: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", screen := stream())
    with Endpoint() as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)
        job = structkit.Job(
            ["a", "b"], tmp_path / "out.jsonl", output_type=int, prompt="{text}", client=client, **settings
        )
        assert job.run().counts == {"done": 2}
    assert ("2 done" in screen.getvalue()) == is_shown
    assert bool(screen.getvalue()) == is_shown


def test_a_callback_takes_the_place_of_the_bar(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.stderr", screen := Terminal())
    reports: list[Progress] = []
    with Endpoint() as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)
        structkit.Job(["a"], tmp_path / "out.jsonl", output_type=int, prompt="{text}", client=client).run(
            reports.append
        )
    assert (screen.getvalue(), reports[-1].counts) == ("", {"done": 1})


def test_a_progress_that_nobody_reads_any_more_fails_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", buffering=1) as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        with display_progress(5, None, stderr_console()) as on_progress:
            for grace in (None, 60.0):
                on_progress(Progress({"done": 1}, grace=grace))
        stderr_console().print("after the first fault, a text goes nowhere")
