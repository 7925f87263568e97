"""The `structkit` logger and the hook before a retry: what is logged at which level, and what is never logged."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

import structkit
from structkit.testing import Endpoint, Reply, completion

Connect = Callable[..., Any]
SECRET = "hunter2-in-the-prompt"


def lines(caplog: pytest.LogCaptureFixture, level: int = logging.INFO) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "structkit" and record.levelno >= level]


@pytest.fixture(autouse=True)
def every_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "structkit")


def test_a_retry_is_logged_with_its_wait(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    busy = Reply({"error": {"message": SECRET}}, status=503)
    with Endpoint(busy, completion('{"value": 3}')) as endpoint:
        assert connect(endpoint.base_url).extract(int, SECRET) == 3
    assert len(lines(caplog, logging.WARNING)) == 1
    assert lines(caplog, logging.WARNING)[0].startswith("fake: StatusError 503; retrying in 0.")


def test_repairs_issues_and_fallbacks_are_logged_without_content(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    def reply(request: Any) -> Reply:
        if request.get("response_format", {}).get("type") == "json_schema":
            return Reply({"error": {"message": f"response_format is not supported {SECRET}"}}, status=400)
        is_first = "not valid" not in str(request) and len(request["messages"]) == 1
        return completion(f'```json\n{{"value": "{SECRET}"}}\n```' if is_first else '{"value": 3}')

    with Endpoint(reply) as endpoint:
        connect(endpoint.base_url).extract(int, SECRET)
    text = "\n".join(lines(caplog))
    assert "the endpoint rejected mode json_schema" in text
    assert "was repaired: code fence" in text
    assert "was invalid: 1 issue" in text
    assert SECRET not in text
    assert SECRET in "\n".join(record.getMessage() for record in caplog.records)  # at DEBUG


@pytest.mark.parametrize(
    ("name", "change"),
    [("max_tokens", "max_tokens (sent as max_completion_tokens)"), ("seed", "seed (left out)")],
)
def test_a_rejected_parameter_is_logged_with_what_is_done_with_it(
    connect: Connect, caplog: pytest.LogCaptureFixture, name: str, change: str
) -> None:
    error = Reply({"error": {"message": f"Unsupported parameter: {name}"}}, status=400)
    with Endpoint(lambda request: error if name in request else completion('{"value": 3}')) as endpoint:
        connect(endpoint.base_url).extract(int, "how many?", **{name: 9})
    assert lines(caplog, logging.WARNING) == [f"fake: the endpoint rejects the parameter {change}"]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply({}, status=500), "StatusError 500"),
        (completion(None, refusal=SECRET), "the reply was refused"),
        (completion(SECRET, finish_reason="content_filter"), "the reply was filtered"),
        (completion('{"value": "x"}'), "no valid reply"),
    ],
)
def test_the_next_model_is_logged_with_the_reason(
    connect: Connect, caplog: pytest.LogCaptureFixture, reply: Any, reason: str
) -> None:
    policy = structkit.Policy(attempts=1, retries=0)
    with Endpoint(lambda request: reply if request["model"] == "fake" else completion('{"value": 3}')) as endpoint:
        connect(endpoint.base_url, policy=policy, fallback=["b"], mode="json_schema").extract(int, "how many?")
    assert lines(caplog, logging.WARNING) == [f"fake: {reason}; falling back to the model b"]


def test_nothing_is_logged_of_a_plain_call_above_debug(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    with Endpoint('{"value": 3}') as endpoint:
        connect(endpoint.base_url).extract(int, "how many?")
    assert lines(caplog) == []


def test_no_key_and_no_header_value_is_logged(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    with Endpoint(Reply({}, status=503), completion('{"value": 3}')) as endpoint:
        connect(endpoint.base_url).extract(int, "how many?", extra_headers={"X-Key": "hunter2-header"})
    text = "\n".join(record.getMessage() for record in caplog.records)
    assert "hunter2" not in text


def test_the_hook_is_called_before_each_retry(connect: Connect) -> None:
    retries: list[Any] = []
    hooks = structkit.Hooks(on_retry=lambda request, error, wait_s: retries.append((request, error, wait_s)))
    with Endpoint(Reply({}, status=503), Reply({}, status=500), completion('{"value": 3}')) as endpoint:
        result = connect(endpoint.base_url, hooks=hooks).run(int, "how many?")
    assert [error.status_code for _, error, _ in retries] == [503, 500]
    assert all(request is result.attempts[0].request for request, _, _ in retries)
    assert all(wait_s >= 0 for _, _, wait_s in retries)


def test_the_hook_is_called_before_the_retry_of_a_stream() -> None:
    retries: list[Any] = []
    hooks = structkit.Hooks(on_retry=lambda request, error, wait_s: retries.append(error))
    policy = structkit.Policy(wait_initial=0.001)
    with Endpoint(Reply({}, status=503), completion('{"value": 3}')) as endpoint:
        client = structkit.Client("m", base_url=endpoint.base_url, api_key="k", policy=policy)
        with client.stream(int, "how many?", hooks=hooks) as stream:
            assert [*stream][-1] == 3
    assert [error.status_code for error in retries] == [503]


async def stream_once(base_url: str, hooks: structkit.Hooks) -> list[Any]:
    policy = structkit.Policy(wait_initial=0.001)
    connection: Any = {"base_url": base_url, "api_key": "k", "policy": policy}
    async with (
        structkit.AsyncClient("m", **connection) as client,
        client.stream(int, "how many?", hooks=hooks) as stream,
    ):
        return [each async for each in stream]


def test_the_hook_is_called_before_the_retry_of_an_async_stream() -> None:
    import asyncio

    retries: list[Any] = []
    hooks = structkit.Hooks(on_retry=lambda request, error, wait_s: retries.append(error))
    with Endpoint(Reply({}, status=503), completion('{"value": 3}')) as endpoint:
        assert asyncio.run(stream_once(endpoint.base_url, hooks))[-1] == 3
    assert len(retries) == 1


def test_the_hook_is_called_for_the_retries_of_a_job(tmp_path: Any) -> None:
    retries: list[Any] = []
    hooks = structkit.Hooks(on_retry=lambda request, error, wait_s: retries.append(error))
    with Endpoint(Reply({}, status=503), completion('{"value": 3}')) as endpoint:
        settings: Any = {"output_type": int, "prompt": "{text}", "model": "m", "base_url": endpoint.base_url}
        call: Any = {"hooks": hooks, "policy": structkit.Policy(wait_initial=0.001)}
        report = structkit.Job([{"text": "a"}], tmp_path / "o.csv", **settings, api_key="k", call=call).run()
    assert report.counts["done"] == 1
    assert len(retries) == 1
