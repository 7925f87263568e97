"""A job over a client: its endpoint, its model, its default arguments, and clients that block."""

from __future__ import annotations

import json
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import openai
import pytest

import structkit
from structkit import Policy
from structkit.errors import ConfigError, JobError
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import conforming_reply
from structkit.transport.direct import HTTPTransport
from structkit.values import JSON

KEY = "sk-test-hunter2-hunter2"


def over_endpoint(kind: Any, endpoint: Endpoint, **call: Any) -> Any:
    return kind("of-client", base_url=endpoint.base_url, api_key=KEY, **call)


def over_sdk(endpoint: Endpoint, **call: Any) -> structkit.Client:
    return structkit.Client("of-client", client=openai.OpenAI(base_url=endpoint.base_url, api_key=KEY), **call)


def over_azure(endpoint: Endpoint, **call: Any) -> structkit.Client:
    client = openai.AzureOpenAI(base_url=endpoint.base_url, api_key=KEY, api_version="2026-01-01")
    return structkit.Client("of-client", client=client, **call)


def over_async_sdk(endpoint: Endpoint, **call: Any) -> structkit.AsyncClient:
    return structkit.AsyncClient(
        "of-client", client=openai.AsyncOpenAI(base_url=endpoint.base_url, api_key=KEY), **call
    )


def over_transport(endpoint: Endpoint, **call: Any) -> structkit.Client:
    return structkit.Client("of-client", transport=HTTPTransport(endpoint.base_url, KEY), **call)


CLIENTS: dict[str, Any] = {
    "client": lambda endpoint, **call: over_endpoint(structkit.Client, endpoint, **call),
    "async client": lambda endpoint, **call: over_endpoint(structkit.AsyncClient, endpoint, **call),
    "SDK": over_sdk,
    "async SDK": over_async_sdk,
    "Azure": over_azure,
    "transport": over_transport,
}
every_client = pytest.mark.parametrize("make_client", CLIENTS.values(), ids=CLIENTS)


def job(client: Any, folder: Path, rows: Any = ("a", "b", "c"), **settings: Any) -> structkit.Job:
    return structkit.Job(rows, folder / "out.jsonl", output_type=int, prompt="Count: {text}", client=client, **settings)


@every_client
def test_a_job_uses_the_endpoint_the_model_and_the_defaults_of_a_client(make_client: Any, tmp_path: Path) -> None:
    with Endpoint() as endpoint:
        client = make_client(endpoint, seed=7, instructions="Count.", extra_body={"top_k": 5})
        report = job(client, tmp_path, call={"seed": 8, "extra_body": {"min_p": 0.1}}).run()
        assert report.counts == {"done": 3}
        assert job(client, tmp_path, call={"seed": 8, "extra_body": {"min_p": 0.1}}).run().counts == {"done": 3}
    assert len(endpoint.requests) == 3
    body = endpoint.requests[0]
    assert (body["model"], body["seed"], body["top_k"], body["min_p"]) == ("of-client", 8, 5, 0.1)
    assert body["messages"][0] == {"role": "system", "content": "Count."}
    assert KEY not in "".join(each.read_text(errors="replace") for each in tmp_path.rglob("*") if each.is_file())


@every_client
def test_a_job_has_the_price_of_its_model_in_the_prices_of_the_client(make_client: Any, tmp_path: Path) -> None:
    prices = {"of-client": {"input": 1, "output": 2}, "other": {"input": 10, "output": 20}}
    with Endpoint() as endpoint:
        client = make_client(endpoint, prices=prices)
        assert job(client, tmp_path, budget="1").run().spend == Decimal("0.00006")
        assert job(client, tmp_path, model="other", on_change="new").run().spend == Decimal("0.0006")
        assert job(client, tmp_path, model="free", on_change="new").run().spend is None


@every_client
def test_another_model_of_the_endpoint_can_be_named(make_client: Any, tmp_path: Path) -> None:
    with Endpoint() as endpoint:
        assert job(make_client(endpoint), tmp_path, model="named").run().counts == {"done": 3}
    assert {each["model"] for each in endpoint.requests} == {"named"}


class Gauge:
    """Counts the requests in flight, each of which waits until `expected` are in flight or none can follow."""

    def __init__(self, expected: int) -> None:
        self.current = self.highest = 0
        self.lock, self.barrier = threading.Lock(), threading.Barrier(expected)

    def answer(self, request: JSON) -> Reply:
        with self.lock:
            self.current += 1
            self.highest = max(self.highest, self.current)
        self.barrier.wait(600)
        with self.lock:
            self.current -= 1
        return conforming_reply(request)


@every_client
def test_as_many_requests_are_in_flight_as_the_concurrency_allows(make_client: Any, tmp_path: Path) -> None:
    gauge = Gauge(3)
    with Endpoint(gauge.answer) as endpoint:
        report = job(make_client(endpoint), tmp_path, [str(number) for number in range(12)], concurrency=3).run()
    assert (report.counts, gauge.highest) == ({"done": 12}, 3)


def test_a_blocking_client_of_the_callers_stays_open(tmp_path: Path) -> None:
    with Endpoint() as endpoint:
        client = over_sdk(endpoint)
        assert job(client, tmp_path).run().counts == {"done": 3}
        assert client.extract(int, "four") == 0


@every_client
def test_an_endpoint_that_fails_is_an_error_of_its_rows(make_client: Any, tmp_path: Path) -> None:
    with Endpoint(Reply(status=400, body={"error": {"message": "no"}})) as endpoint:
        client = make_client(endpoint, policy=Policy(retries=0, wait_initial=0.001))
        report = job(client, tmp_path, ["a"]).run()
    assert (report.counts, report.errors) == ({"failed": 1}, {"StatusError": 1})


def test_a_transport_that_raises_ends_the_job_as_an_async_one_would(tmp_path: Path) -> None:
    class Broken:
        def send(self, request: Any, policy: Any) -> Any:
            raise RuntimeError("the cable is cut")

        def models(self) -> tuple[str, ...]:
            return ()

        def close(self) -> None:
            pass

    with pytest.raises(Exception, match="the cable is cut"):
        job(structkit.Client("fake", transport=Broken()), tmp_path, ["a"]).run()


def test_the_endpoint_of_an_sdk_client_is_part_of_the_job(tmp_path: Path) -> None:
    with Endpoint() as endpoint:
        assert job(over_sdk(endpoint), tmp_path).run().counts == {"done": 3}
    other = structkit.Client("of-client", client=openai.OpenAI(base_url="https://other.example/v1", api_key=KEY))
    with pytest.raises(JobError, match=r"other\.example"):
        job(other, tmp_path).run()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"client": "gpt-4o"}, r"must be a structkit\.Client or AsyncClient, not str"),
        ({"base_url": "http://127.0.0.1:1/v1"}, "leave out base_url"),
        ({"api_key": "sk-other", "base_url": "http://127.0.0.1:1/v1"}, "leave out base_url, api_key"),
        ({"transport": HTTPTransport("http://127.0.0.1:1/v1", KEY)}, "blocking"),
    ],
)
def test_a_client_of_another_kind_or_with_another_address_is_rejected(
    settings: dict[str, Any], message: str, tmp_path: Path
) -> None:
    client = structkit.Client("fake", base_url="http://127.0.0.1:1/v1", api_key=KEY)
    with pytest.raises(ConfigError, match=message):
        job(settings.pop("client", client), tmp_path, **settings).run()


EXPENSIVE = {"first": {"input": 1, "output": 1}, "second": {"input": 100, "output": 100}}


def only_second(request: JSON) -> Reply:
    return Reply(status=500) if request["model"] == "first" else conforming_reply(request)


@pytest.mark.parametrize("kind", [structkit.Client, structkit.AsyncClient])
def test_a_reply_costs_what_the_model_that_answered_costs(kind: Any, tmp_path: Path) -> None:
    with Endpoint(only_second) as endpoint:
        policy = Policy(retries=0, attempts=1)
        settings: Any = {"fallback": ["second"], "policy": policy, "prices": EXPENSIVE}
        client = kind("first", base_url=endpoint.base_url, api_key=KEY, **settings)
        sync = structkit.Client("first", base_url=endpoint.base_url, api_key=KEY, **settings)
        cost = sync.run(int, "Count: a").cost
        report = job(client, tmp_path, budget="1", columns=("cost",), call={"max_tokens": 9}).run()
        assert report.spend == 3 * (cost or 0) > 0
        assert str(cost) in (tmp_path / "out.jsonl").read_text()
        assert job(client, tmp_path, budget="1", columns=("cost",), call={"max_tokens": 9}).run().spend == report.spend


def test_a_request_reserves_what_its_own_model_may_cost(tmp_path: Path) -> None:
    with Endpoint(only_second) as endpoint:
        settings: Any = {"fallback": ["second"], "policy": Policy(retries=0), "prices": EXPENSIVE}
        client = structkit.Client("first", base_url=endpoint.base_url, api_key=KEY, **settings)
        report = job(client, tmp_path, budget="0.001", call={"max_tokens": 20}).run()
    assert (report.reason, {each["model"] for each in endpoint.requests}) == ("budget", {"first"})


def test_a_budget_needs_the_price_of_every_model(tmp_path: Path) -> None:
    with Endpoint() as endpoint:
        settings: Any = {"fallback": ["third"], "prices": EXPENSIVE}
        client = structkit.Client("first", base_url=endpoint.base_url, api_key=KEY, **settings)
        with pytest.raises(ConfigError, match=r"of each model of fallback= and escalate= in prices="):
            job(client, tmp_path, budget="1").run()
        assert job(client, tmp_path).run().spend is None


@pytest.mark.parametrize("call", [{"fallback": ["second"]}, {"confidence": "auto", "escalate": "second", "below": 0.5}])
def test_the_price_of_one_model_is_not_taken_for_that_of_another(call: Any, tmp_path: Path) -> None:
    with Endpoint(only_second) as endpoint:
        settings: Any = {"model": "first", "base_url": endpoint.base_url, "api_key": KEY}
        settings |= {
            "call": {**call, "max_tokens": 20, "policy": Policy(retries=0, attempts=1, fallback_on={"transport"})}
        }
        if "escalate" in call:
            settings["call"]["policy"] = Policy(wait_max=0.05)
        with pytest.raises(ConfigError, match=r"of each model of fallback= and escalate= in prices="):
            job(None, tmp_path, budget="1", price=structkit.Price(1, 1), **settings).run()
        assert not endpoint.requests
        report = job(None, tmp_path, budget="0.001", prices=EXPENSIVE, **settings).run()
    assert (report.reason, {each["model"] for each in endpoint.requests}) == ("budget", {"first"})


def test_the_spend_is_unknown_where_a_model_without_a_price_has_answered(tmp_path: Path) -> None:
    with Endpoint(only_second) as endpoint:
        settings: Any = {"model": "first", "base_url": endpoint.base_url, "api_key": KEY}
        settings |= {"call": {"fallback": ["second"], "policy": Policy(retries=0)}}
        assert job(None, tmp_path, price=structkit.Price(1, 1), **settings).run().spend is None


@every_client
def test_a_job_uses_the_cache_of_its_client(make_client: Any, tmp_path: Path) -> None:
    with Endpoint() as endpoint:
        prices = {"of-client": {"input": 1, "output": 2}}
        client = make_client(endpoint, cache=tmp_path / "replies.sqlite", prices=prices)
        for folder in (tmp_path / "first", tmp_path / "second"):
            folder.mkdir()
        columns = ("cost", "usage")
        settings: Any = {"columns": columns, "call": {"policy": Policy(retries=0)}}
        first = job(client, tmp_path / "first", **settings).run()
        second = job(client, tmp_path / "second", **settings, budget="0.000001").run()
        third = job(client, tmp_path / "second", **settings).run()
    assert [each.counts for each in (first, second, third)] == [{"done": 3}] * 3
    assert (first.spend, second.spend, third.spend) == (Decimal("0.00006"), 0, 0)
    assert (first.tokens > 0, second.tokens, len(endpoint.requests)) == (True, 0, 3)


def test_a_cached_reply_costs_nothing_where_a_gateway_reports_its_cost(tmp_path: Path) -> None:
    def answer(request: JSON) -> Reply:
        body: Any = conforming_reply(request).body
        return Reply({**body, "usage": {**body["usage"], "cost": 0.5}})

    with Endpoint(answer) as endpoint:
        client = structkit.Client("m", base_url=endpoint.base_url, api_key=KEY, cache=tmp_path / "replies.sqlite")
        for text in "abc":
            client.extract(int, f"Count: {text}")
        assert job(client, tmp_path).run().spend in {None, Decimal(0)}
        assert job(client, tmp_path, on_change="reparse").run().spend in {None, Decimal(0)}
    assert len(endpoint.requests) == 3


def test_a_row_says_which_model_gave_its_value(tmp_path: Path) -> None:
    def answer(request: JSON) -> Reply:
        is_bad = request["model"] == "first" and "b" in request["messages"][-1]["content"].removeprefix("Count: ")
        return Reply(status=500, body={}) if is_bad else conforming_reply(request)

    with Endpoint(answer) as endpoint:
        settings: Any = {"fallback": ["second"], "policy": Policy(retries=0)}
        client = structkit.Client("first", base_url=endpoint.base_url, api_key=KEY, **settings)
        job(client, tmp_path, ["a", "b"], columns=("model",)).run()
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    assert [json.loads(line)["model"] for line in lines] == ["first", "second"]
