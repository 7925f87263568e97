"""Costs: prices as stated, costs as reported, budgets that hold, forecasts with their uncertainty."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

import structkit
from structkit.costs.budget import Budget, estimate_tokens, reserve_tokens
from structkit.costs.forecast import Sample, forecast_run
from structkit.costs.price import Price, read_prices
from structkit.costs.reply_cost import cost_of, cost_of_reply
from structkit.errors import StatusError, TransportError
from structkit.parsing import read_completion
from structkit.testing import Endpoint, Reply, completion
from structkit.values import Message, Request, Usage

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
def test_prices_are_read_from_a_file_without_rounding(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_prices(tmp_path / name) == {"m": Price(Decimal("0.1"), Decimal("0.30"))}


def test_price_objects_are_accepted_unchanged() -> None:
    assert read_prices({"m": PRICE}) == {"m": PRICE}


INVALID_PRICES: list[Any] = [3, None, {}, {"input": 1}, {"input": 1, "output": -1}, {"input": 1, "output": "free"}]
INVALID_PRICES += [
    {"input": 1, "output": float("inf")},
    {"input": 1, "output": 1, "ouput": 1},
    {"input": True, "output": 1},
]


@pytest.mark.parametrize("value", INVALID_PRICES, ids=str)
def test_an_invalid_price_is_rejected_with_the_name_of_its_model(value: Any) -> None:
    with pytest.raises(structkit.JobError, match=r"'m'.*per million"):
        read_prices({"m": value})


def test_a_price_is_the_amount_that_was_written_whatever_its_type() -> None:
    given_types: Any = Price(0.15, "0.60", 1)
    assert given_types == Price(Decimal("0.15"), Decimal("0.60"), Decimal(1))
    assert given_types.cost(1_000_000, 1_000_000, 500_000) == Decimal("1.175")


@pytest.mark.parametrize(
    "value", [-1, float("nan"), float("inf"), "free", None, True, [1], Decimal("1e12"), "x" * 9999]
)
def test_what_is_no_price_is_rejected_when_it_is_stated(value: Any) -> None:
    with pytest.raises(structkit.ConfigError, match=r"Price\(output=\.\.\.\) is .*, not an amount of money") as caught:
        Price(Decimal(1), value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("text", ["[", "[1]", '"m"', '{"m": 3}'])
def test_a_file_without_prices_is_rejected_with_its_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prices.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(structkit.JobError) as caught:
        read_prices(path)
    assert caught.value.file == str(path)
    with pytest.raises(structkit.JobError, match="cannot be read"):
        read_prices(tmp_path / "none.toml")


REPORTED_COSTS: list[tuple[Any, Decimal | None]] = [
    ({"usage": {"cost": 0.1}}, Decimal("0.1")),
    ({"usage": {"total_cost": "0.2"}}, Decimal("0.2")),
    ({"usage": {"cost": {"input_tokens_cost": 0.1, "total_cost": 0.3}}}, Decimal("0.3")),
    ({"usage": {"cost": 0}}, Decimal(0)),
    ({"usage": {"cost": -1}}, None),
    ({"usage": {"cost": "much"}}, None),
    ({"usage": {"cost": True}}, None),
    ({"usage": {"cost": 1e300}}, None),
    ({"usage": None}, None),
    ("not an object", None),
]


@pytest.mark.parametrize(("raw", "cost"), REPORTED_COSTS, ids=str)
def test_a_cost_reported_by_the_gateway_takes_precedence_unless_it_is_not_an_amount(
    raw: Any, cost: Decimal | None
) -> None:
    assert cost_of(COUNTED, raw, None) == cost
    assert cost_of(COUNTED, raw, PRICE) == (Decimal("0.0035") if cost is None else cost)


def test_an_unknown_cost_is_unknown_and_not_zero() -> None:
    assert cost_of(Usage(unreported=1), {}, PRICE) is None
    assert cost_of(COUNTED, {}, None) is None


@given(cents, some.lists(some.tuples(cents, some.none() | some.fractions(0, 1), some.booleans()), max_size=40))
def test_spent_and_reserved_amounts_never_exceed_the_limit(limit, steps) -> None:
    budget, in_flight = Budget(limit), []
    for estimate, share, settles in steps:
        before = budget.reserved
        if budget.reserve(estimate):
            in_flight.append((estimate, share))
        else:
            assert budget.reserved == before
        if settles and in_flight:
            reserved, part = in_flight.pop(0)
            actual = None if part is None else reserved * part.numerator / part.denominator
            budget.settle(reserved, actual)
        assert budget.spent + budget.reserved <= limit
        assert budget.reserved == sum(each for each, _ in in_flight)


@given(cents, some.lists(some.tuples(cents, cents), max_size=40))
def test_only_costs_above_their_reservations_exceed_the_limit_and_nothing_is_reserved_after_that(
    limit, replies
) -> None:
    budget, excess = Budget(limit), Decimal(0)
    for estimate, actual in replies:
        if budget.reserve(estimate):
            assert budget.spent + budget.reserved <= limit
            budget.settle(estimate, actual)
            excess += max(Decimal(0), actual - estimate)
        assert budget.spent <= limit + excess


def test_a_budget_starts_from_earlier_spending_and_none_means_unlimited() -> None:
    budget = Budget("5.00", spent="4.99")
    assert (budget.reserve(Decimal("0.02")), budget.reserve(Decimal("0.01"))) == (False, True)
    assert Budget(None).reserve(Decimal(10) ** 9)


@pytest.mark.parametrize("value", [-1, "much", float("nan"), True])
def test_invalid_amounts_are_rejected(value: Any) -> None:
    budget = Budget(1)
    for call in (lambda: Budget(value), lambda: budget.reserve(value), lambda: budget.settle(value, None)):
        with pytest.raises(ValueError, match="amount"):
            call()
    with pytest.raises(ValueError, match="not reserved"):
        budget.settle(Decimal(1), None)


def test_the_interval_of_a_forecast_holds_for_the_rows_that_were_sampled() -> None:
    chance = Random(5)
    rows = [Sample(chance.randint(50, 400), chance.randint(5, 60)) for _ in range(2000)]
    truth = sum(PRICE.cost(row.prompt_tokens, row.completion_tokens) for row in rows)
    intervals = [forecast_run(len(rows), chance.sample(rows, 30), PRICE).cost for _ in range(100)]
    hits = [each for each in intervals if each and each.low <= truth <= each.high]
    assert len(hits) >= 88


@given(
    some.integers(0, 10**8),
    some.lists(some.builds(Sample, some.integers(0, 10**6), some.integers(0, 10**6)), min_size=1),
)
def test_the_bounds_of_a_forecast_are_ordered_and_never_negative(rows, samples) -> None:
    forecast = forecast_run(rows, samples, PRICE)
    for estimate in (forecast.prompt_tokens, forecast.completion_tokens, forecast.cost):
        assert estimate is not None
        assert 0 <= estimate.low <= estimate.expected <= estimate.high


def test_a_forecast_counts_what_rows_cost_at_the_models_that_answered() -> None:
    cheap, expensive = Sample(10, 10, Decimal("0.001")), Sample(10, 10, Decimal("0.009"))
    assert forecast_run(100, [cheap, expensive], PRICE).cost.expected == Decimal("0.500")
    assert forecast_run(100, [cheap, expensive], None).cost.expected == Decimal("0.500")
    assert forecast_run(100, [cheap, Sample(10, 10)], None).cost is None


def test_a_forecast_from_one_row_is_wide_and_one_from_none_is_rejected() -> None:
    forecast = forecast_run(100, [Sample(10, 10)], None)
    assert (forecast.prompt_tokens.low, forecast.prompt_tokens.high, forecast.cost) == (500, 2000, None)
    with pytest.raises(ValueError, match="sample"):
        forecast_run(100, [], PRICE)


@given(some.text())
def test_every_text_but_the_empty_one_has_tokens(text: str) -> None:
    assert (estimate_tokens(text) > 0) == bool(text)
    assert estimate_tokens(text) <= len(text)


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        ({"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}, Decimal("0.0035")),
        ({"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100, "cost": 0.002}, Decimal("0.002")),
        (None, None),
    ],
    ids=["by its tokens", "as reported", "unknown"],
)
def test_a_reply_that_is_not_a_completion_costs_its_usage(usage: Any, cost: Decimal | None) -> None:
    reply = read_completion({"choices": [], "usage": usage})
    assert isinstance(reply, TransportError)
    assert cost_of_reply(reply, PRICE) == cost


def test_a_rejected_request_costs_nothing() -> None:
    assert cost_of_reply(StatusError("too many requests"), None) == 0


def test_prices_in_another_format_than_toml_or_json_are_rejected_with_these_formats(tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text("gpt-4o:\n  input: 2\n", encoding="utf-8")
    with pytest.raises(structkit.JobError, match=r"write them as TOML \(.toml\) or JSON \(.json\)"):
        read_prices(path)


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        ({"cost": 0.01, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.19}}, "0.20"),
        ({"cost": 0.95, "cost_details": {"upstream_inference_cost": 19}}, "19.95"),
        ({"cost": 0.19, "is_byok": False, "cost_details": {"upstream_inference_cost": 0.19}}, "0.19"),
        ({"cost": 0.19, "cost_details": {"upstream_inference_cost": 0.19}}, "0.19"),
        ({"cost": 0.19, "is_byok": True, "cost_details": {"upstream_inference_cost": None}}, "0.19"),
        ({"cost": 0.19, "is_byok": True, "cost_details": []}, "0.19"),
    ],
)
def test_what_the_vendor_bills_to_a_key_of_ones_own_is_a_part_of_the_cost(
    usage: dict[str, Any], cost: str, connect: Callable[..., Any]
) -> None:
    body = {**completion('{"value": 1}'), "usage": {"prompt_tokens": 9, "completion_tokens": 3, **usage}}
    with Endpoint(Reply(body)) as endpoint:
        assert connect(endpoint.base_url).run(int, "How many?").cost == Decimal(cost)


@pytest.mark.parametrize(
    ("characters", "tokens"), [(40, 1_500), (40_000, 10_000), (4_000_000, 24_000)], ids=["address", "small", "large"]
)
def test_an_image_is_reserved_by_its_length_up_to_what_a_model_counts_for_one(characters: int, tokens: int) -> None:
    image = {"type": "image_url", "image_url": {"url": "x" * characters}}
    request = Request("m", (Message("user", ({"type": "text", "text": "x" * 400}, image)),))
    text_request = Request(
        "m", (Message("user", ({"type": "text", "text": "x" * 400}, {**image, "image_url": {"url": ""}})),)
    )
    texts = [reserve_tokens({}, each.text, 9).prompt_tokens for each in (request, text_request)]
    reserved = reserve_tokens(request.body, request.text, 9)
    assert reserved.prompt_tokens == texts[0] + 2 * (tokens - characters // 4)
    assert abs(reserved.prompt_tokens - texts[1] - 2 * tokens) <= 2
    assert reserved.completion_tokens == 9
