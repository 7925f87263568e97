"""What a person sees of a run that is under way."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from rich.console import Console

from structkit.batch.engines.progress import Progress
from structkit.cli import showing
from structkit.cli.showing import interrupted, said
from structkit.costs.forecast import Sample
from structkit.costs.price import Price

PRICE = Price(Decimal(1), Decimal(2))
RECENT = (Sample(100, 10),) * 20


def line(total: int | None = 1000, price: Price | None = PRICE, **known: object) -> str:
    return said(Progress(**{"counts": {"done": 100}, "tokens": 11_000, **known}), 10, total, price)  # type: ignore[arg-type]


def test_what_all_will_take_is_told_when_enough_rows_have_ended() -> None:
    few = line(recent=RECENT[:19], spend=Decimal("0.012"))
    assert "11,000 tokens, 0.0120 spent, " in few
    enough = line(recent=RECENT, spend=Decimal("0.012"))
    assert "11,000 tokens of about 110,000, 0.0120 spent of about 0.1200 (0.1200 to 0.1200), " in enough


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ({"total": None, "recent": RECENT, "spend": Decimal("0.012")}, "11,000 tokens, 0.0120 spent"),
        ({"price": None, "recent": RECENT}, "11,000 tokens of about 110,000, 0:01:30 left"),
        ({"total": 50, "recent": RECENT}, "11,000 tokens of about 11,000, 0:00:00 left"),
        ({"tokens": 0}, "100 done, 0 in flight, 10.0 rows/s, 0:01:30 left"),
        ({"waiting": 29.2}, "waiting 30 s for the endpoint, 0:01:30 left"),
    ],
    ids=["no total", "no price", "more than expected", "no tokens reported", "waiting"],
)
def test_nothing_is_told_that_is_not_known(known: dict[str, object], told: str) -> None:
    assert line(**known).endswith(told)  # type: ignore[arg-type]


def test_an_interrupt_with_nothing_under_way_waits_for_nothing() -> None:
    assert interrupted(0, 60) == "interrupted: nothing is under way"


@pytest.mark.parametrize(("every", "lines"), [(0.0, ["3 done", "4 done"]), (1e9, [])])
def test_without_a_terminal_a_line_is_printed_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], every: float, lines: list[str]
) -> None:
    monkeypatch.setattr(showing, "EVERY", every)
    with showing.showing(10, None, Console(file=io.StringIO())) as told:
        for number in (3, 4):
            told(Progress({"done": number}))
    assert [each.partition(",")[0] for each in capsys.readouterr().err.splitlines()] == lines


def test_in_a_terminal_the_last_that_was_told_is_drawn() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=150)
    with showing.showing(10, None, console) as told:
        for number in range(1, 8):
            told(Progress({"done": number}, in_flight=2))
    assert isinstance(console.file, io.StringIO)
    assert "7 done, 2 in flight, " in console.file.getvalue()


@pytest.mark.parametrize("is_terminal", [False, True])
def test_an_interrupt_is_told_at_once_and_once(capsys: pytest.CaptureFixture[str], is_terminal: bool) -> None:
    console = Console(file=io.StringIO(), force_terminal=is_terminal, width=150)
    with showing.showing(10, None, console) as told:
        for grace in (60.0, 59.0):
            told(Progress({}, in_flight=3, grace=grace))
    assert isinstance(console.file, io.StringIO)
    shown = capsys.readouterr().err + console.file.getvalue()
    assert shown.count("interrupted: waiting for 3 requests, 60 s at most; Ctrl-C again drops them") == 1
