"""Bodies that gateways send in another form: decoded content, errors in a list, and streams nobody asked for."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import structkit
from structkit.testing import Endpoint, Reply, completion

Connect = Callable[..., Any]
NO_RETRIES = structkit.Policy(attempts=2, retries=0)
STREAM = {"content-type": "text/event-stream"}
ERROR = {"error": {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED"}}
SECRET = "hunter2-hunter2-hunter2"
INVALID_KEY = {"error": {"code": 400, "message": "API key not valid", "status": "INVALID_ARGUMENT"}}


def ask(driver: str, endpoint: Endpoint, output: Any, *, is_streamed: bool, **call: Any) -> structkit.Result[Any]:
    settings = {"base_url": endpoint.base_url, "policy": NO_RETRIES, **call}
    if driver == "sync":
        client = structkit.Client("fake", **settings)
        return client.stream(output, "Which?").result() if is_streamed else client.run(output, "Which?")

    async def work() -> structkit.Result[Any]:
        async with structkit.AsyncClient("fake", **settings) as client:
            reply = client.stream(output, "Which?").result() if is_streamed else client.run(output, "Which?")
            return await reply

    return asyncio.run(work())


def events(*chunks: Any, end: str = "data: [DONE]\n\n") -> bytes:
    return ("".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + end).encode()


def delta(text: str, reason: str | None = None) -> dict[str, Any]:
    return {"id": "a", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": reason}]}


USAGE = {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}}
CHUNKS = (delta('{"val'), delta('ue": 7}', "stop"), USAGE)
STREAM_BODIES = {
    "with the end": events(*CHUNKS),
    "without the end": events(*CHUNKS, end=""),
    "after a comment": b": ping\n\n" + events(*CHUNKS),
    "after a byte order mark": b"\xef\xbb\xbf" + events(*CHUNKS),
    "with names": b"event: message\n" + events(*CHUNKS),
    "with returns": events(*CHUNKS).replace(b"\n", b"\r\n"),
}


@pytest.mark.parametrize("headers", [STREAM, {"content-type": "application/json"}], ids=["as a stream", "as JSON"])
@pytest.mark.parametrize("body", STREAM_BODIES.values(), ids=STREAM_BODIES.keys())
def test_a_stream_that_nobody_asked_for_is_one_reply(connect: Connect, body: bytes, headers: dict[str, str]) -> None:
    with Endpoint(Reply(body, headers=headers)) as endpoint:
        result = connect(endpoint.base_url, policy=NO_RETRIES).run(int, "How many?")
        assert (result.value, result.repairs, result.usage.total_tokens) == (7, (), 12)
        assert len(endpoint.requests) == 1


ENDLESS = {"object": {str(number): {"code": number} for number in range(50_000)}, "list": [{"code": 7}] * 50_000}


@pytest.mark.parametrize("details", ENDLESS.values(), ids=ENDLESS.keys())
def test_an_error_is_read_as_far_as_an_explanation_goes(connect: Connect, details: Any) -> None:
    body = {"error": {"message": "no such model", "details": details}}
    with Endpoint(Reply(body, status=400)) as endpoint, pytest.raises(structkit.StatusError) as caught:
        connect(endpoint.base_url).run(int, "How many?")
    assert "no such model" in str(caught.value)
    assert len(caught.value.body["error"]["details"]) < 10_001


@pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("driver", ["sync", "async"])
@pytest.mark.parametrize("word", ["data: OK", "event: end\ndata: end", "event: close\ndata: bye", "data: [END]"])
def test_a_word_after_the_finish_reason_does_not_cost_the_reply(driver: str, word: str, *, is_streamed: bool) -> None:
    with Endpoint(Reply(events(*CHUNKS, end=f"{word}\n\n"), headers=STREAM)) as endpoint:
        assert ask(driver, endpoint, int, is_streamed=is_streamed).value == 7


@pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("driver", ["sync", "async"])
def test_a_stream_that_is_cut_after_the_finish_reason_is_a_reply(driver: str, *, is_streamed: bool) -> None:
    with Endpoint(Reply(iter([events(*CHUNKS, end="")]), headers=STREAM, is_truncated=True)) as endpoint:
        assert ask(driver, endpoint, int, is_streamed=is_streamed).value == 7


@pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("driver", ["sync", "async"])
def test_the_end_of_a_stream_is_read_from_any_fragments(
    monkeypatch: pytest.MonkeyPatch, driver: str, *, is_streamed: bool
) -> None:
    monkeypatch.setattr("structkit.transport.reply_body.MAX_LINGER_S", 0.05)
    body, is_over = events(*CHUNKS), threading.Event()

    def fragments() -> Iterator[bytes]:
        yield from (body[at : at + 3] for at in range(0, len(body), 3))
        is_over.wait(600)

    with Endpoint(lambda _: Reply(fragments(), headers=STREAM)) as endpoint:
        value = ask(driver, endpoint, int, is_streamed=is_streamed).value
        is_over.set()
    assert value == 7


@pytest.mark.parametrize("driver", ["sync", "async"])
@pytest.mark.parametrize("headers", [STREAM, {"content-type": "application/json"}], ids=["as a stream", "as JSON"])
def test_a_text_about_the_end_of_streams_does_not_end_the_reply(
    monkeypatch: pytest.MonkeyPatch, driver: str, headers: dict[str, str]
) -> None:
    monkeypatch.setattr("structkit.transport.reply_body.MAX_LINGER_S", 0.02)
    body = json.dumps(completion('{"value": "see data: [DONE] there"}')).encode()
    at = body.index(b"data:")

    def fragments() -> Iterator[bytes]:
        yield from (body[:at], body[at : at + 5], body[at + 5 : at + 12])
        time.sleep(0.1)
        yield body[at + 12 :]

    with Endpoint(lambda _: Reply(fragments(), headers=headers)) as endpoint:
        assert ask(driver, endpoint, str, is_streamed=False).value == "see data: [DONE] there"


def test_a_reply_with_too_many_choices_is_an_error_that_counts_them(connect: Connect) -> None:
    for count, fields in ((5_000, {}), (20_000, {}), (1_200, {f"field_{number}": number for number in range(20)})):
        choices = [{"message": {"content": "3"}, "finish_reason": "stop", "index": index} for index in range(count)]
        body = {"choices": [{**choice, **fields} for choice in choices], "id": SECRET}
        with Endpoint(Reply(body)) as endpoint, pytest.raises(structkit.MalformedReply) as caught:
            connect(endpoint.base_url, policy=NO_RETRIES, api_key=SECRET).extract(int, "x")
        assert str(caught.value).startswith(f"the endpoint answered 200 with {count:,} choices, more than 1,000")
        assert SECRET not in repr(caught.value.body)


@pytest.mark.parametrize("index", [{}, {"index": 0}, {"index": 1}])
def test_a_null_among_the_choices_is_skipped(connect: Connect, index: dict[str, int]) -> None:
    choice = {"message": {"content": '{"value": 3}'}, "finish_reason": "stop", **index}
    with Endpoint(Reply({"choices": [None, choice]})) as endpoint:
        result = connect(endpoint.base_url).run(int, "How many?")
    assert (result.value, len(endpoint.requests)) == (3, 1)


def test_a_list_of_nulls_is_no_answer(connect: Connect) -> None:
    with Endpoint(Reply({"choices": [None, None]}), '{"value": 3}') as endpoint:
        result = connect(endpoint.base_url).run(int, "How many?")
    assert (result.value, result.attempts[0].retries) == (3, 1)


def test_such_a_stream_that_ends_early_is_never_an_answer(connect: Connect) -> None:
    body = events(delta('{"value": 7}'), end="")
    with (
        Endpoint(Reply(body, headers=STREAM)) as endpoint,
        pytest.raises(structkit.StructkitError, match="ended before the reply was complete"),
    ):
        connect(endpoint.base_url, policy=NO_RETRIES).run(int, "How many?")


@pytest.mark.parametrize("name", ["", "event: error\n"])
def test_an_error_in_such_a_stream_is_the_error(connect: Connect, name: str) -> None:
    body = name.encode() + events(INVALID_KEY)
    with (
        Endpoint(Reply(body, headers=STREAM)) as endpoint,
        pytest.raises(structkit.StructkitError, match="API key not valid"),
    ):
        connect(endpoint.base_url).run(int, "How many?")
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("status", [200, 400, 429])
@pytest.mark.parametrize("error", [ERROR, INVALID_KEY], ids=["quota", "key"])
@pytest.mark.parametrize("driver", ["sync", "async"])
@pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])
def test_an_error_in_a_list_is_read_as_the_error(
    driver: str, status: int, error: dict[str, Any], *, is_streamed: bool
) -> None:
    messages = []
    for body in (error, [error]):
        with Endpoint(Reply(body, status=status)) as endpoint:
            with pytest.raises(structkit.StructkitError, match=error["error"]["message"]) as caught:
                ask(driver, endpoint, int, is_streamed=is_streamed)
            messages.append((str(caught.value).replace(endpoint.base_url, ""), len(endpoint.requests)))
    assert messages[0] == messages[1]


@pytest.mark.parametrize(
    ("output", "decoded", "value"),
    [(int, 7, 7), (list[int], [1, 2], [1, 2]), (list[str], ["a"], ["a"]), (bool, True, True)],
)
def test_an_answer_that_the_gateway_has_decoded_is_read(
    connect: Connect, output: Any, decoded: Any, value: Any
) -> None:
    body = completion("")
    body["choices"][0]["message"]["content"] = decoded
    with Endpoint(body) as endpoint:
        assert connect(endpoint.base_url, policy=NO_RETRIES).run(output, "How many?").value == value
        assert len(endpoint.requests) == 1


@pytest.mark.parametrize("prose", ["It lies in [1, 2). ", "It lies in ]0, 1[. ", "It costs [1, 2%. "])
@pytest.mark.parametrize(
    ("output", "answer", "value"),
    [(dict[str, str], '{"a": "b"}', {"a": "b"}), (list[dict[str, int]], '[{"a": 1}]', [{"a": 1}])],
)
@pytest.mark.parametrize("driver", ["sync", "async"])
@pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])
def test_an_interval_before_the_answer_costs_no_second_reply(
    driver: str, prose: str, output: Any, answer: str, value: Any, *, is_streamed: bool
) -> None:
    with Endpoint(prose + answer) as endpoint:
        result = ask(driver, endpoint, output, is_streamed=is_streamed, mode="prompt")
        assert (result.value, result.repairs) == (value, ("prose",))
        assert len(endpoint.requests) == 1
