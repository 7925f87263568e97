"""Several models: the next one answers when the first cannot."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import structkit
from structkit.testing import Endpoint, Reply, completion
from structkit.testing.stream_faults import error_object

Connect = Callable[..., Any]
GOOD = completion('{"value": 3}')


def refusal() -> Reply:
    body: Any = completion("")
    body["choices"][0]["message"] = {"role": "assistant", "content": None, "refusal": "I cannot say."}
    return Reply(body)


FAILURES: dict[str, Callable[[], Any]] = {
    "transport": lambda: Reply({"error": {"message": "down"}}, status=503),
    "refusal": refusal,
    "invalid": lambda: completion('{"value": "many"}'),
}


def failing(kind: str) -> Callable[[Any], Any]:
    return lambda request: FAILURES[kind]() if request["model"] == "first" else GOOD


@pytest.mark.parametrize("kind", FAILURES)
def test_the_next_model_answers_when_the_first_cannot(connect: Connect, kind: str) -> None:
    with Endpoint(failing(kind)) as endpoint:
        client = connect(endpoint.base_url, model="first", fallback=["second"])
        result = client.run(int, "how many?", instructions="Count.")
    assert (result.value, result.model) == (3, "second")
    models = [attempt.request.model for attempt in result.attempts]
    assert models == ["first"] * (len(models) - 1) + ["second"]
    assert [attempt.number for attempt in result.attempts] == [*range(1, len(models) + 1)]
    assert result.usage.total_tokens >= result.attempts[-1].usage.total_tokens
    assert endpoint.requests[-1]["messages"] == endpoint.requests[0]["messages"]


@pytest.mark.parametrize("kind", FAILURES)
def test_the_policy_names_the_failures_that_lead_to_the_next_model(connect: Connect, kind: str) -> None:
    other_kinds = tuple(name for name in FAILURES if name != kind)
    policy = structkit.Policy(fallback_on=other_kinds, retries=0, attempts=1)
    with Endpoint(failing(kind)) as endpoint, pytest.raises(structkit.StructkitError):
        connect(endpoint.base_url, model="first").run(int, "how many?", fallback=["second"], policy=policy)
    assert {request["model"] for request in endpoint.requests} == {"first"}


def test_the_last_error_has_the_attempts_of_all_models(connect: Connect) -> None:
    policy = structkit.Policy(attempts=1)
    with Endpoint(lambda _: FAILURES["invalid"]()) as endpoint, pytest.raises(structkit.InvalidOutput) as caught:
        connect(endpoint.base_url, model="a", fallback=["b", "c"], policy=policy).run(int, "how many?")
    assert [attempt.request.model for attempt in caught.value.attempts] == ["a", "b", "c"]


def test_no_other_model_is_asked_while_the_first_answers(connect: Connect) -> None:
    with Endpoint(GOOD) as endpoint:
        result = connect(endpoint.base_url, model="first", fallback=["second"]).run(int, "how many?")
    assert result.model == "first"
    assert len(endpoint.requests) == 1


def test_a_stream_continues_with_the_next_model() -> None:
    with Endpoint(failing("invalid")) as endpoint:
        client = structkit.Client("first", base_url=endpoint.base_url, api_key="k", fallback=["second"])
        with client.stream(int, "how many?") as stream:
            assert [*stream][-1] == 3
        assert stream.result().model == "second"


async def items_of(stream: Any) -> list[Any]:
    return [item async for item in stream]


def read_items(kind: Any, endpoint: Endpoint, **settings: Any) -> tuple[Any, list[Any]]:
    """The stream and the items that it yields before its end or its error."""
    client = kind("first", base_url=endpoint.base_url, api_key="k", fallback=["second"], **settings)
    stream = client.stream_items(list[int], "which?")
    with contextlib.suppress(structkit.StructkitError):
        return stream, asyncio.run(items_of(stream)) if kind is structkit.AsyncClient else [*stream]
    return stream, stream.partial


@pytest.mark.parametrize("kind", [structkit.Client, structkit.AsyncClient])
@pytest.mark.parametrize("fault", ["invalid", "broken"])
def test_no_other_model_is_asked_once_items_were_yielded(kind: Any, fault: str) -> None:
    def reply(request: Any) -> Reply:
        if request["model"] == "second":
            return Reply(completion(json.dumps({"value": [10, 20]})))
        body = completion(json.dumps({"value": [1, 2, "bad", 4, *range(5, 50)]}))
        return Reply(body, rewrite_events=None if fault == "invalid" else error_object)

    with Endpoint(reply) as endpoint:
        stream, items = read_items(kind, endpoint, policy=structkit.Policy(attempts=1, retries=0))
    assert items == stream.partial
    assert items[:3] == [1, 2, 4]
    assert {each["model"] for each in endpoint.requests} == {"first"}


@pytest.mark.parametrize("kind", [structkit.Client, structkit.AsyncClient])
def test_the_next_model_yields_the_items_if_the_first_has_yielded_none(kind: Any) -> None:
    def reply(request: Any) -> Reply:
        return Reply(completion(json.dumps({"value": ["bad"] if request["model"] == "first" else [10, 20]})))

    with Endpoint(reply) as endpoint:
        assert read_items(kind, endpoint, policy=structkit.Policy(attempts=1, retries=0))[1] == [10, 20]


def test_a_route_is_learned_for_its_own_model() -> None:
    def reply(request: Any) -> Reply:
        if request["model"] == "first":
            return refusal()
        return (
            Reply({"error": {"message": "response_format is not supported"}}, status=400)
            if "response_format" in request
            else GOOD
        )

    with Endpoint(reply) as endpoint:
        client = structkit.Client("first", base_url=endpoint.base_url, api_key="k", fallback=["second"])
        for _ in range(2):
            assert client.extract(int, "how many?") == 3
    last = [request for request in endpoint.requests if request["model"] == "second"][-1]
    assert "response_format" not in last
    assert "response_format" in next(request for request in reversed(endpoint.requests) if request["model"] == "first")


@pytest.mark.parametrize("models", ["second", ["second", 3], [""]])
def test_an_invalid_list_of_models_is_rejected_before_sending(connect: Connect, models: Any) -> None:
    with Endpoint() as endpoint, pytest.raises(structkit.ConfigError, match="list of models"):
        connect(endpoint.base_url).run(int, "how many?", fallback=models)
    assert endpoint.requests == []


def test_a_job_asks_the_next_model_row_by_row_and_resumes_without_asking_again(tmp_path: Path) -> None:
    def reply(request: Any) -> Reply:
        is_bad = request["model"] == "first" and "bad" in str(request["messages"])
        return FAILURES["invalid"]() if is_bad else GOOD

    rows = [{"text": "good"}, {"text": "bad"}]
    with Endpoint(reply) as endpoint:
        settings: Any = {"output_type": int, "prompt": "{text}", "model": "first", "base_url": endpoint.base_url}
        call: Any = {"fallback": ["second"]}
        job = structkit.Job(rows, tmp_path / "o.csv", **settings, api_key="k", call=call)
        assert job.run().counts["done"] == 2
        sent = len(endpoint.requests)
        assert job.run().counts["done"] == 2
        with pytest.raises(structkit.JobError, match="fallback"):
            structkit.Job(rows, tmp_path / "o.csv", **settings, api_key="k").run()
    assert len(endpoint.requests) == sent
    assert {request["model"] for request in endpoint.requests} == {"first", "second"}
