"""Money: prices as given, costs as reported, budgets that hold, estimates that say how far off they may be."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

import structkit
from structkit.costs.price import Budget, Price, Sample, cost_of, cost_of_reply, forecast, read_prices, tokens_in
from structkit.errors import StatusError, TransportError
from structkit.parsing import read_completion
from structkit.values import Usage

PRICE = Price(Decimal("2.50"), Decimal(10))
COUNTED = Usage(1000, 100, 1100)
cents = some.decimals(0, 1000, places=4)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("prices.toml", '[m]\ninput = 0.1\noutput = "0.30"\n'),
        ("prices.json", '{"m": {"input": 0.1, "output": "0.30"}}'),
    ],
)
def test_prices_come_from_a_file_to_the_digit(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_prices(tmp_path / name) == {"m": Price(Decimal("0.1"), Decimal("0.30"))}


def test_prices_that_are_made_already_are_kept() -> None:
    assert read_prices({"m": PRICE}) == {"m": PRICE}


WRONG: list[Any] = [3, None, {}, {"input": 1}, {"input": 1, "output": -1}, {"input": 1, "output": "free"}]
WRONG += [{"input": 1, "output": float("inf")}, {"input": 1, "output": 1, "ouput": 1}, {"input": True, "output": 1}]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_price_that_is_none_is_refused_by_its_models_name(wrong: Any) -> None:
    with pytest.raises(structkit.JobError, match=r"'m'.*per million"):
        read_prices({"m": wrong})


@pytest.mark.parametrize("text", ["[", "[1]", '"m"', '{"m": 3}'])
def test_a_file_of_no_prices_is_refused_by_its_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prices.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(structkit.JobError) as caught:
        read_prices(path)
    assert caught.value.file == str(path)
    with pytest.raises(structkit.JobError, match="cannot be read"):
        read_prices(tmp_path / "none.toml")


REPORTED: list[tuple[Any, Decimal | None]] = [
    ({"usage": {"cost": 0.1}}, Decimal("0.1")),
    ({"usage": {"total_cost": "0.2"}}, Decimal("0.2")),
    ({"usage": {"cost": {"input_tokens_cost": 0.1, "total_cost": 0.3}}}, Decimal("0.3")),
    ({"usage": {"cost": 0}}, Decimal(0)),
    ({"usage": {"cost": -1}}, None),
    ({"usage": {"cost": "much"}}, None),
    ({"usage": {"cost": True}}, None),
    ({"usage": {"cost": 1e300}}, None),
    ({"usage": None}, None),
    ("no object", None),
]


@pytest.mark.parametrize(("raw", "cost"), REPORTED, ids=str)
def test_what_the_gateway_reports_goes_before_the_price_and_nonsense_does_not(raw: Any, cost: Decimal | None) -> None:
    assert cost_of(COUNTED, raw, None) == cost
    assert cost_of(COUNTED, raw, PRICE) == (Decimal("0.0035") if cost is None else cost)


def test_an_unknown_cost_is_unknown_and_not_zero() -> None:
    assert cost_of(Usage(unreported=1), {}, PRICE) is None
    assert cost_of(COUNTED, {}, None) is None


@given(cents, some.lists(some.tuples(cents, some.none() | some.fractions(0, 1), some.booleans()), max_size=40))
def test_what_is_spent_and_reserved_never_passes_the_limit(limit, steps) -> None:
    budget, under_way = Budget(limit), []
    for estimate, share, settles in steps:
        before = budget.reserved
        if budget.reserve(estimate):
            under_way.append((estimate, share))
        else:
            assert budget.reserved == before
        if settles and under_way:
            reserved, part = under_way.pop(0)
            actual = None if part is None else reserved * part.numerator / part.denominator
            budget.settle(reserved, actual)
        assert budget.spent + budget.reserved <= limit
        assert budget.reserved == sum(each for each, _ in under_way)


@given(cents, some.lists(some.tuples(cents, cents), max_size=40))
def test_only_costs_beyond_their_reservations_pass_the_limit_and_nothing_is_reserved_over_them(limit, replies) -> None:
    budget, beyond = Budget(limit), Decimal(0)
    for estimate, actual in replies:
        if budget.reserve(estimate):
            assert budget.spent + budget.reserved <= limit
            budget.settle(estimate, actual)
            beyond += max(Decimal(0), actual - estimate)
        assert budget.spent <= limit + beyond


def test_a_budget_goes_on_from_what_was_spent_and_none_is_no_bound() -> None:
    budget = Budget("5.00", spent="4.99")
    assert (budget.reserve(Decimal("0.02")), budget.reserve(Decimal("0.01"))) == (False, True)
    assert Budget(None).reserve(Decimal(10) ** 9)


@pytest.mark.parametrize("wrong", [-1, "much", float("nan"), True])
def test_amounts_that_are_none_are_refused(wrong: Any) -> None:
    budget = Budget(1)
    for refused in (lambda: Budget(wrong), lambda: budget.reserve(wrong), lambda: budget.settle(wrong, None)):
        with pytest.raises(ValueError, match="amount"):
            refused()
    with pytest.raises(ValueError, match="not reserved"):
        budget.settle(Decimal(1), None)


def test_an_estimate_from_a_sample_holds_for_the_rows_it_was_taken_from() -> None:
    chance = Random(5)
    rows = [Sample(chance.randint(50, 400), chance.randint(5, 60)) for _ in range(2000)]
    truth = sum(PRICE.of(row.prompt_tokens, row.completion_tokens) for row in rows)
    spans = [forecast(len(rows), chance.sample(rows, 30), PRICE).cost for _ in range(100)]
    held = [span for span in spans if span and span.low <= truth <= span.high]
    assert len(held) >= 88


@given(
    some.integers(0, 10**8),
    some.lists(some.builds(Sample, some.integers(0, 10**6), some.integers(0, 10**6)), min_size=1),
)
def test_an_estimate_is_in_order_and_never_negative(rows, samples) -> None:
    found = forecast(rows, samples, PRICE)
    for span in (found.prompt_tokens, found.completion_tokens, found.cost):
        assert span is not None
        assert 0 <= span.low <= span.expected <= span.high


def test_an_estimate_of_one_row_is_wide_and_one_of_none_is_refused() -> None:
    span = forecast(100, [Sample(10, 10)], None)
    assert (span.prompt_tokens.low, span.prompt_tokens.high, span.cost) == (500, 2000, None)
    with pytest.raises(ValueError, match="sample"):
        forecast(100, [], PRICE)


@given(some.text())
def test_a_text_has_some_tokens_if_any_characters(text: str) -> None:
    assert (tokens_in(text) > 0) == bool(text)
    assert tokens_in(text) <= len(text)


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        ({"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}, Decimal("0.0035")),
        ({"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100, "cost": 0.002}, Decimal("0.002")),
        (None, None),
    ],
    ids=["by its tokens", "as reported", "unknown"],
)
def test_a_reply_that_is_no_completion_is_paid_for_too(usage: Any, cost: Decimal | None) -> None:
    reply = read_completion({"choices": [], "usage": usage})
    assert isinstance(reply, TransportError)
    assert cost_of_reply(reply, PRICE) == cost


def test_a_refusal_costs_nothing() -> None:
    assert cost_of_reply(StatusError("too many requests"), None) == 0
