"""What a result cost: as the endpoint reports it, by the client's prices, or unknown; cached and reasoning tokens."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import structkit
from structkit import Policy, Usage
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import text_reply
from structkit.values import JSON

PRICES = {"fake": {"input": 2, "output": "10", "cached_input": 1}}
TOKENS = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}


def answer_with(usage: JSON | None, text: str = '{"value": 4}') -> Callable[[JSON], Reply]:
    def answer(request: JSON) -> Reply:
        reply = text_reply(request, text)
        return Reply(body={**reply.body, "usage": usage})  # type: ignore[dict-item]

    return answer


def answer_in_turn(answers: list[Callable[[JSON], Reply]]) -> Callable[[JSON], Reply]:
    remaining = iter(answers)

    def answer(request: JSON) -> Reply:
        return next(remaining)(request)

    return answer


@pytest.mark.parametrize(
    ("details", "cached", "reasoning"),
    [
        ({}, 0, 0),
        ({"prompt_tokens_details": {"cached_tokens": 400}}, 400, 0),
        ({"completion_tokens_details": {"reasoning_tokens": 60}}, 0, 60),
        ({"prompt_cache_hit_tokens": 400, "prompt_cache_miss_tokens": 600}, 400, 0),
        ({"cached_tokens": 400}, 400, 0),
        ({"prompt_tokens_details": None, "completion_tokens_details": "many"}, 0, 0),
        ({"prompt_tokens_details": {"cached_tokens": -1}}, 0, 0),
        ({"prompt_tokens_details": {"cached_tokens": 5000}}, 1000, 0),
    ],
)
def test_cached_and_reasoning_tokens_are_read(
    connect: Callable[..., Any], details: JSON, cached: int, reasoning: int
) -> None:
    with Endpoint(answer_with({**TOKENS, **details})) as endpoint:
        usage = connect(endpoint.base_url).run(int, "x").usage
    assert usage == Usage(1000, 100, 1100, cached_tokens=cached, reasoning_tokens=reasoning)


@pytest.mark.parametrize(
    ("usage", "prices", "cost"),
    [
        ({**TOKENS, "cost": 0.0031}, None, "0.0031"),
        ({**TOKENS, "cost": 0.0031}, PRICES, "0.0031"),
        ({"cost": 0.0031}, None, "0.0031"),
        (TOKENS, PRICES, "0.003"),
        ({**TOKENS, "prompt_tokens_details": {"cached_tokens": 400}}, PRICES, "0.0026"),
        (TOKENS, None, None),
        (TOKENS, {"another": PRICES["fake"]}, None),
        (None, PRICES, None),
    ],
)
def test_a_cost_is_that_of_the_endpoint_or_of_the_prices_or_unknown(
    connect: Callable[..., Any], usage: JSON | None, prices: Any, cost: str | None
) -> None:
    with Endpoint(answer_with(usage)) as endpoint:
        result = connect(endpoint.base_url, prices=prices).run(int, "x")
    assert result.cost == (None if cost is None else Decimal(cost))
    assert result.to_dict()["cost"] == (None if result.cost is None else str(result.cost))
    assert ("cost=" in repr(result)) == (cost is not None)


def test_the_cost_of_a_result_is_that_of_all_attempts(connect: Callable[..., Any]) -> None:
    replies = [answer_with(TOKENS, '{"value": []}'), answer_with(TOKENS)]
    with Endpoint(answer_in_turn(replies)) as endpoint:
        result = connect(endpoint.base_url, prices=PRICES).run(int, "x")
    assert (len(result.attempts), result.cost) == (2, Decimal("0.006"))


def test_a_cost_of_which_one_attempt_is_unknown_is_unknown(connect: Callable[..., Any]) -> None:
    replies = [answer_with(None, '{"value": []}'), answer_with(TOKENS)]
    with Endpoint(answer_in_turn(replies)) as endpoint:
        result = connect(endpoint.base_url, prices=PRICES).run(int, "x")
    assert (len(result.attempts), result.cost) == (2, None)


def test_a_reply_from_the_cache_costs_nothing(connect: Callable[..., Any], tmp_path: Path) -> None:
    with Endpoint(answer_with({**TOKENS, "cost": 0.0031})) as endpoint:
        client = connect(endpoint.base_url, cache=tmp_path / "replies.sqlite")
        results = [client.run(int, "x") for _ in range(2)]
    assert [(result.cached, result.cost) for result in results] == [(False, Decimal("0.0031")), (True, Decimal(0))]


def test_the_model_of_the_call_has_the_price(connect: Callable[..., Any]) -> None:
    with Endpoint(answer_with(TOKENS)) as endpoint:
        result = connect(endpoint.base_url, prices=PRICES).run(int, "x", model="another")
    assert result.cost is None


def test_prices_are_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "prices.json").write_text(json.dumps(PRICES))
    client = structkit.Client("fake", base_url="http://127.0.0.1:1/v1", prices=tmp_path / "prices.json")
    assert client.prices is not None
    assert client.prices.cost("fake", Usage(1000, 100, 1100)) == Decimal("0.003")
    assert "prices=OwnPrices(fake)" in repr(client)


@pytest.mark.parametrize(
    ("prices", "message"),
    [
        ({"fake": {"input": 2}}, "the price of 'fake' must look like"),
        ({"fake": {"input": 2, "output": 10, "cached_input": -1}}, "the price of 'fake' must look like"),
        ("no-such-file.toml", "cannot be read"),
        (3, "prices= must be a mapping, a file or 'genai-prices', not int"),
    ],
)
@pytest.mark.parametrize("kind", [structkit.Client, structkit.AsyncClient])
def test_invalid_prices_are_rejected_before_anything_is_sent(kind: Any, prices: Any, message: str) -> None:
    with pytest.raises(structkit.ConfigError, match=message):
        kind("fake", base_url="http://127.0.0.1:1/v1", prices=prices)


@dataclass
class PackageUsage:
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int | None


@pytest.fixture
def price_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The interface of `genai-prices`, with one price."""

    def calc_price(usage: PackageUsage, model: str, *, provider_api_url: str) -> Any:
        if model != "fake" or not provider_api_url.startswith("http://127.0.0.1"):
            raise LookupError(model)
        return SimpleNamespace(total_price=Decimal(usage.input_tokens - (usage.cache_read_tokens or 0)) / 1000)

    package: Any = ModuleType("genai_prices")
    package.Usage, package.calc_price, package.__version__ = PackageUsage, calc_price, "0.2.3"
    snapshots: Any = ModuleType("genai_prices.data_snapshot")
    snapshot = SimpleNamespace(from_auto_update=True, timestamp=datetime(2026, 11, 5, tzinfo=UTC))
    snapshots.get_snapshot = lambda: snapshot
    monkeypatch.setitem(sys.modules, "genai_prices", package)
    monkeypatch.setitem(sys.modules, "genai_prices.data_snapshot", snapshots)


def test_prices_of_the_package_are_used_for_the_models_that_it_knows(
    connect: Callable[..., Any], price_package: None
) -> None:
    with Endpoint(answer_with({**TOKENS, "prompt_tokens_details": {"cached_tokens": 400}})) as endpoint:
        client = connect(endpoint.base_url, prices="genai-prices")
        assert client.run(int, "x").cost == Decimal("0.6")
        assert client.run(int, "x", model="another").cost is None
    with Endpoint(answer_with(None)) as endpoint:
        assert connect(endpoint.base_url, prices="genai-prices").run(int, "x").cost is None


def test_the_version_and_the_date_of_the_packages_prices_are_shown(price_package: None) -> None:
    client = structkit.Client("fake", base_url="http://127.0.0.1:1/v1", prices="genai-prices")
    assert "prices=genai-prices 0.2.3 of 2026-11-05" in repr(client)


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    with pytest.raises(structkit.ConfigError, match=r"pip install 'structkit-llm\[prices\]'"):
        structkit.Client("fake", base_url="http://127.0.0.1:1/v1", prices="genai-prices")


def test_a_failed_request_that_cannot_have_been_billed_costs_nothing(connect: Callable[..., Any]) -> None:
    with Endpoint(Reply(status=401, body={"error": {"message": "no"}})) as endpoint:
        client = connect(endpoint.base_url, prices=PRICES, policy=Policy(retries=0))
        with pytest.raises(structkit.StatusError) as caught:
            client.run(int, "x")
    assert [attempt.cost for attempt in caught.value.attempts] == [0]
