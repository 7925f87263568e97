"""Streams over real sockets, sync and async: their deltas and their reply, retries, limits and connections."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import aclosing, closing, nullcontext
from pathlib import Path
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

import structkit
from structkit.testing import FAULTS, Endpoint, Reply, cassette, completion, fault, tool_call_completion
from structkit.testing.scripted_reply import text_reply
from structkit.testing.stream_faults import DONE, event
from structkit.transport import AsyncTransport, Transport
from structkit.transport.direct import AsyncHTTPTransport, HTTPTransport
from structkit.transport.openai_sdk import AsyncOpenAITransport, OpenAITransport
from structkit.transport.stream_reply import StreamReceiver
from structkit.transport.streaming import open_stream, open_stream_async, receive
from structkit.values import JSON, Delta, Parameters, Usage

KEY = "sk-test-hunter2-hunter2"
TEXT = '{"city": "Zürich", "cups": [{"tea": "grün", "mood": "😀😀"}, {"tea": "schwarz", "mood": "😐"}]}'
REQUEST = structkit.Request("m", (structkit.Message("user", "three cups"),))
NO_RETRIES = structkit.Policy(retries=0, timeout=600)
ONE_RETRY = structkit.Policy(retries=1, wait_initial=0.001, wait_max=0.01, timeout=600)
PAID = Usage(10, 5, 15)
UNREPORTED = Usage(unreported=1)
SSE = {"content-type": "text/event-stream"}
Items = list[Any]


class BlockingSDK:
    """Reads streams over the SDK's blocking client."""

    def __init__(self, url: str, **settings: Any) -> None:
        self.transport: Any = OpenAITransport(openai.OpenAI(base_url=url, api_key=KEY))

    def streams(self, times: int, policy: structkit.Policy, request: structkit.Request) -> list[Items]:
        return [[*self.transport.stream(request, policy)] for _ in range(times)]

    def until_reply(self) -> Items:
        """Read all items, and close the stream after the reply."""
        items: Items = []
        with closing(self.transport.stream(REQUEST, NO_RETRIES)) as stream:
            while not items or isinstance(items[-1], Delta):
                items.append(next(stream))
        return items

    def first_item(self, policy: structkit.Policy, action: Callable[[], None]) -> Any:
        """Read the first item, call *action*, and close the stream."""
        with closing(self.transport.stream(REQUEST, policy)) as stream:
            item = next(stream)
            action()
        return item


class AsyncSDK(BlockingSDK):
    """The async form."""

    def __init__(self, url: str, **settings: Any) -> None:
        self.make = lambda: self.driver(url, **settings)

    def driver(self, url: str, **settings: Any) -> Any:
        return AsyncOpenAITransport(openai.AsyncOpenAI(base_url=url, api_key=KEY))

    def streams(self, times: int, policy: structkit.Policy, request: structkit.Request) -> list[Items]:
        async def work() -> list[Items]:
            transport = self.make()
            try:
                return [[item async for item in transport.stream(request, policy)] for _ in range(times)]
            finally:
                await transport.close()

        return asyncio.run(work())

    def until_reply(self) -> Items:
        async def work() -> Items:
            transport, items = self.make(), []
            async with aclosing(transport.stream(REQUEST, NO_RETRIES)) as stream:
                while not items or isinstance(items[-1], Delta):
                    items.append(await anext(stream))
            await transport.close()
            return items

        return asyncio.run(work())

    def first_item(self, policy: structkit.Policy, action: Callable[[], None]) -> Any:
        async def work() -> Any:
            transport = self.make()
            try:
                async with aclosing(transport.stream(REQUEST, policy)) as stream:
                    item = await anext(stream)
                    await asyncio.to_thread(action)
                return item
            finally:
                await transport.close()

        return asyncio.run(work())


class BlockingHTTP(BlockingSDK):
    """Reads streams over `HTTPTransport`."""

    def __init__(self, url: str) -> None:
        self.transport = HTTPTransport(url, KEY)


class AsyncHTTP(AsyncSDK):
    """The async form."""

    def driver(self, url: str, **settings: Any) -> Any:
        return AsyncHTTPTransport(url, KEY, **settings)


DRIVERS = {
    "sync": BlockingHTTP,
    "sync-httpx2": BlockingHTTP,
    "sync-sdk": BlockingSDK,
    "async": AsyncHTTP,
    "async-httpx2": AsyncHTTP,
    "async-sdk": AsyncSDK,
}
Driver = Callable[..., Any]


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Driver:
    if request.param.endswith("httpx2"):
        for name in ("HTTP_CLIENT_PROXIES", "ASYNCIO_PROXIES"):
            monkeypatch.setattr(f"structkit.transport.http.pool.{name}", frozenset())
    return DRIVERS[request.param]


def read_stream(
    driver: Driver, endpoint: Endpoint, policy: structkit.Policy = NO_RETRIES, request: structkit.Request = REQUEST
) -> tuple[str, Any]:
    """Return the text of all deltas of the first choice, and the reply."""
    [items] = driver(endpoint.base_url).streams(1, policy, request)
    *deltas, reply = items
    assert all(isinstance(delta, Delta) for delta in deltas)
    assert not isinstance(reply, Delta)
    return "".join(delta.text for delta in deltas if delta.index == 0), reply


def events(*contents: Any) -> list[bytes]:
    return [item if isinstance(item, bytes) else event(item) for item in contents]


def chunk(text: str, **fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}, **fields}]}


def send_chunks(chunks: Iterable[bytes], headers: dict[str, str] = SSE) -> Callable[[Any], Reply]:
    stored = [*chunks]
    return lambda _body: Reply(iter(stored), headers=headers)


def test_a_reply_is_streamed_in_deltas_and_then_returned_whole(driver: Driver) -> None:
    with Endpoint(TEXT, delta=7) as endpoint:
        [[*deltas, reply]] = driver(endpoint.base_url).streams(1, NO_RETRIES, REQUEST)
    assert [delta.text for delta in deltas] == [TEXT[at : at + 7] for at in range(0, len(TEXT), 7)]
    assert {(delta.index, delta.kind) for delta in deltas} == {(0, "content")}
    assert (reply.choices[0].content, reply.choices[0].finish_reason, reply.usage) == (TEXT, "stop", PAID)
    assert reply.raw == {**completion(TEXT), "object": "chat.completion"}


def test_the_request_has_two_more_fields_only(driver: Driver) -> None:
    with Endpoint(TEXT) as endpoint:
        read_stream(driver, endpoint)
    assert endpoint.requests == [{**REQUEST.body, "stream": True, "stream_options": {"include_usage": True}}]
    assert endpoint.headers[0]["authorization"] == f"Bearer {KEY}"


def test_tool_arguments_are_streamed_too(driver: Driver) -> None:
    with Endpoint(Reply(tool_call_completion("order", TEXT))) as endpoint:
        [[*deltas, reply]] = driver(endpoint.base_url).streams(1, NO_RETRIES, REQUEST)
    assert "".join(delta.text for delta in deltas) == TEXT
    assert {delta.kind for delta in deltas} == {"arguments"}
    assert [(call.name, call.arguments, call.id) for call in reply.choices[0].tool_calls] == [("order", TEXT, "call_1")]


def test_several_choices_are_interleaved(driver: Driver) -> None:
    two = structkit.Request("m", (), Parameters(n=2))
    with Endpoint(Reply(completion("a" * 50, "b" * 30))) as endpoint:
        [[*deltas, reply]] = driver(endpoint.base_url).streams(1, NO_RETRIES, two)
    assert [delta.index for delta in deltas] == [0, 1, 0, 1, 0]
    assert [choice.content for choice in reply.choices] == ["a" * 50, "b" * 30]


# Every fault of a stream by its name

READABLE: dict[str, Usage] = {
    "stream_bare": PAID,
    "stream_comments": PAID,
    "stream_cr": PAID,
    "stream_nulls": PAID,
    "stream_crlf": PAID,
    "stream_fields": PAID,
    "stream_half_event": UNREPORTED,
    "stream_ignored": PAID,
    "stream_interleaved": PAID,
    "stream_lines": PAID,
    "stream_no_done": PAID,
    "stream_options_refused": UNREPORTED,
    "stream_split": PAID,
    "stream_split:5": PAID,
    "stream_whole": PAID,
    "wrong_content_type": PAID,
    "no_usage": UNREPORTED,
    "bad_usage": UNREPORTED,
}
"""The reply is complete, and has these tokens."""

INTERRUPTED: dict[str, tuple[type[structkit.TransportError], str]] = {
    "stream_cut": (structkit.ConnectionFailed, "was lost before the reply was complete"),
    "stream_ends_early": (structkit.ConnectionFailed, "the stream ended before the reply was complete"),
    "stream_error": (structkit.MalformedReply, r"upstream died \(code 502\)"),
    "stream_error_event": (structkit.MalformedReply, r"upstream died \(code 502\)"),
    "stream_not_text": (structkit.MalformedReply, "a delta whose content is not text: '3'"),
}
"""Half of the reply arrives, and then an error."""


@pytest.mark.parametrize(("name", "usage"), READABLE.items(), ids=READABLE.keys())
def test_a_faulty_but_readable_stream_is_read(driver: Driver, name: str, usage: Usage) -> None:
    with Endpoint(TEXT, faults={name: 1.0}) as endpoint:
        text, reply = read_stream(driver, endpoint)
    assert text == ("" if name == "stream_ignored" else TEXT)
    assert [choice.content for choice in reply.choices] == [TEXT] * (2 if name == "stream_interleaved" else 1)
    assert (reply.usage, reply.choices[0].finish_reason, reply.retries) == (usage, "stop", 0)


@pytest.mark.parametrize(("name", "outcome"), INTERRUPTED.items(), ids=INTERRUPTED.keys())
def test_an_interrupted_stream_is_an_error_with_a_partial_and_is_not_retried(
    driver: Driver, name: str, outcome: Any
) -> None:
    error_class, message = outcome
    with Endpoint(TEXT, faults={name: 1.0}) as endpoint:
        text, broken = read_stream(driver, endpoint, ONE_RETRY)
    assert 0 < len(text) < len(TEXT)
    assert TEXT.startswith(text)
    assert isinstance(broken, error_class)
    with pytest.raises(error_class, match=message):
        raise broken
    assert (broken.partial, broken.usage_of_reply, broken.retryable, broken.retries) == (text, UNREPORTED, True, 0)
    assert broken.body["choices"][0]["message"]["content"] == text
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("separator", [b"\n\n", b"\n"], ids=["blank line", "line"])
def test_a_complete_last_event_without_the_blank_line_after_it_is_read(driver: Driver, separator: bytes) -> None:
    sent = [each.rstrip(b"\n") for each in events(chunk(TEXT[:9]), chunk(TEXT[9:]), chunk("", finish_reason="stop"))]
    with Endpoint(send_chunks([separator.join(sent)])) as endpoint:
        text, reply = read_stream(driver, endpoint)
    assert (text, reply.choices[0].content, reply.choices[0].finish_reason) == (TEXT, TEXT, "stop")
    with Endpoint(send_chunks([separator.join(sent)[:-5]])) as endpoint:
        text, broken = read_stream(driver, endpoint)
    assert (text, type(broken), broken.partial) == (TEXT, structkit.ConnectionFailed, TEXT)


def test_a_silent_stream_times_out_with_a_partial(driver: Driver) -> None:
    policy = structkit.Policy(retries=1, timeout=1.5)
    with Endpoint(TEXT, faults={"stream_stalls:10": 1.0}) as endpoint:
        text, reply = read_stream(driver, endpoint, policy)
    assert isinstance(reply, structkit.RequestTimeout)
    assert reply.partial == text == TEXT[: len(text)] != ""
    assert len(endpoint.requests) == 1


def test_chunks_have_at_least_one_byte() -> None:
    with pytest.raises(ValueError, match="1 byte or more"):
        fault("stream_split", 0)


def test_every_stream_fault_is_tested() -> None:
    tested = {name.partition(":")[0] for name in (*READABLE, *INTERRUPTED, "stream_stalls")}
    assert {name for name in FAULTS if name.startswith("stream_")} <= tested


@pytest.mark.parametrize("name", [name for name in FAULTS if name.startswith("stream_")])
def test_stream_faults_do_not_affect_other_requests(name: str) -> None:
    with Endpoint(TEXT, faults={name: 1.0}) as endpoint:
        transport = OpenAITransport(openai.OpenAI(base_url=endpoint.base_url, api_key=KEY))
        assert transport.send(REQUEST, NO_RETRIES).choices[0].content == TEXT


# Retries


@pytest.mark.parametrize(
    ("name", "spent"),
    [("rate_limited:0", Usage()), ("unavailable", Usage()), ("html", UNREPORTED), ("error_with_200", UNREPORTED)],
)
def test_an_error_before_the_first_delta_is_retried(driver: Driver, name: str, spent: Usage) -> None:
    with Endpoint(fault(name), TEXT) as endpoint:
        text, reply = read_stream(driver, endpoint, ONE_RETRY)
    assert (text, reply.usage, reply.retries, len(endpoint.requests)) == (TEXT, PAID + spent, 1, 2)
    with Endpoint(fault(name)) as endpoint:
        text, broken = read_stream(driver, endpoint, ONE_RETRY)
    assert (text, broken.usage_of_reply, broken.retries, broken.partial) == ("", spent + spent, 1, None)
    assert len(endpoint.requests) == 2


@pytest.mark.parametrize(
    "start", [[], [b": wait\n\n"], events({"id": "a", "choices": []}), events({"error": {"message": "busy"}})]
)
def test_a_stream_that_ends_before_its_first_delta_is_retried(driver: Driver, start: list[bytes]) -> None:
    with Endpoint(send_chunks(start), TEXT) as endpoint:
        text, reply = read_stream(driver, endpoint, ONE_RETRY)
    assert (text, reply.usage, reply.retries) == (TEXT, PAID + UNREPORTED, 1)


def test_a_failed_connection_is_retried_and_costs_nothing(driver: Driver) -> None:
    with Endpoint() as endpoint:
        base_url = endpoint.base_url
    [[broken]] = driver(base_url).streams(1, ONE_RETRY, REQUEST)
    assert isinstance(broken, structkit.ConnectionFailed)
    assert (broken.retries, broken.usage_of_reply, broken.partial) == (1, Usage(), None)


def test_a_rejection_of_stream_options_is_remembered(driver: Driver) -> None:
    with Endpoint(TEXT, faults={"stream_options_refused": 1.0}) as endpoint:
        first, second = driver(endpoint.base_url).streams(2, NO_RETRIES, REQUEST)
    assert first == second
    assert ["stream_options" in request for request in endpoint.requests] == [True, False, False]
    assert all(request["stream"] for request in endpoint.requests)


def test_a_server_error_that_names_stream_options_rejects_them(driver: Driver) -> None:
    rejection = Reply({"error": {"message": "unexpected keyword argument 'stream_options'"}}, status=500)
    with Endpoint(rejection, TEXT) as endpoint:
        assert read_stream(driver, endpoint)[0] == TEXT
    assert ["stream_options" in request for request in endpoint.requests] == [True, False]


STREAM_REJECTIONS = {
    "OpenAI": (
        400,
        {
            "message": "Unsupported value: 'stream' does not support true with this model. Only false is supported.",
            "param": "stream",
            "code": "unsupported_value",
        },
    ),
    "Hugging Face": (400, {"message": "Error in `stream`: `stream` is not supported for this model"}),
    "Azure proxy": (400, {"message": "Streaming completion is not support yet, please remove 'stream' key."}),
    "a gateway": (422, {"message": "Model x does not support streaming"}),
    "a server": (501, {"message": "Streaming is not implemented"}),
    "a gateway, under 200": (200, {"message": "stream is not supported"}),
    "a gateway, with a code under 200": (200, {"message": "Unsupported parameter: stream", "code": 400}),
    "a gateway, in Chinese": (400, {"message": "该模型不支持流式输出"}),
}


@pytest.mark.parametrize(("status", "error"), STREAM_REJECTIONS.values(), ids=STREAM_REJECTIONS.keys())
def test_a_model_that_does_not_stream_is_asked_for_a_whole_reply(driver: Driver, status: int, error: JSON) -> None:
    def answer(request: JSON) -> Reply:
        return Reply({"error": error}, status=status) if request.get("stream") else text_reply(request, TEXT)

    with Endpoint(answer) as endpoint:
        [first], [second] = driver(endpoint.base_url).streams(2, NO_RETRIES, REQUEST)
    assert first == second
    assert first.choices[0].content == TEXT
    assert [request.get("stream") for request in endpoint.requests] == [True, None, None]


def test_a_stream_that_is_rejected_in_its_first_event_is_a_whole_reply(driver: Driver) -> None:
    rejection = send_chunks(events({"error": {"message": "stream is not supported"}}))
    with Endpoint(rejection, TEXT) as endpoint:
        [[reply]] = driver(endpoint.base_url).streams(1, NO_RETRIES, REQUEST)
    assert reply.choices[0].content == TEXT
    assert [request.get("stream") for request in endpoint.requests] == [True, None]


@pytest.mark.parametrize("status", [400, 200])
@pytest.mark.parametrize(
    "message",
    [
        *("tools are not supported with stream", "the stream is broken", "bad row: stream is not supported here"),
        "stream error: the service is not available",
    ],
)
def test_an_error_about_something_else_does_not_end_streaming(driver: Driver, message: str, status: int) -> None:
    rows = (structkit.Message("user", "stream is not supported here"),)
    with Endpoint(Reply({"error": {"message": message}}, status=status)) as endpoint:
        driver(endpoint.base_url).streams(1, NO_RETRIES, structkit.Request("m", rows))
    assert all(request["stream"] for request in endpoint.requests)


def test_other_errors_are_not_rejections_of_stream_options(driver: Driver) -> None:
    with Endpoint(fault("rejects_keyword", "x").change({"model": "m"}, Reply({"error": {"message": "no"}}, status=400)), TEXT) as endpoint:  # fmt: skip
        assert read_stream(driver, endpoint)[1].status_code == 400
    for status, message in ((500, "it is broken here"), (401, "stream_options need another key")):
        with Endpoint(Reply({"error": {"message": message}}, status=status)) as endpoint:
            assert read_stream(driver, endpoint)[1].status_code == status
        assert len(endpoint.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "prompt is too bad", "input": "what is stream_options?"}},
        {"error": {"message": "no stream_options now", "code": "rate_limit_exceeded"}},
    ],
    ids=["an echo of the row", "a rate limit"],
)
def test_an_error_that_is_about_something_else_does_not_drop_stream_options(driver: Driver, body: Any) -> None:
    with Endpoint(Reply(body, status=400), TEXT) as endpoint:
        driver(endpoint.base_url).streams(2, NO_RETRIES, REQUEST)
    assert all("stream_options" in request for request in endpoint.requests)


# Streams and other bodies

OTHER_BODIES: dict[str, tuple[bytes, dict[str, str], str | None]] = {
    "JSON declared as a stream": (json.dumps(completion(TEXT)).encode(), SSE, None),
    "a stream declared as JSON": (b"".join(events(chunk(TEXT), DONE)), {"content-type": "application/json"}, None),
    "a stream without a content type": (b"\n\n" + b"".join(events(chunk(TEXT), DONE)), {"content-type": ""}, None),
    "a page declared as a stream": (b"<html>Sign in</html>", SSE, "a web page"),
    "a text declared as text": (b"internal error", {"content-type": "text/plain"}, "no JSON: 'internal error'"),
    "blank lines": (b"\n\n", SSE, "no JSON"),
    "empty": (b"", SSE, "no JSON: ''"),
    "no UTF-8": (b"data: \xff\n\n", SSE, "not UTF-8"),
    "no chunks": (b"data: hello\n\n", SSE, "not JSON: 'hello'"),
    "no choices": (b"data: [DONE]\n\n", SSE, "no choices"),
}


@pytest.mark.parametrize(("body", "headers", "fails"), OTHER_BODIES.values(), ids=OTHER_BODIES.keys())
def test_a_stream_is_recognised_by_its_first_byte_and_content_type(
    driver: Driver, body: bytes, headers: dict[str, str], fails: str | None
) -> None:
    for size in (len(body) or 1, 1):
        with Endpoint(send_chunks([body[at : at + size] for at in range(0, len(body), size)], headers)) as endpoint:
            _, reply = read_stream(driver, endpoint)
        if fails is None:
            assert reply.choices[0].content == TEXT
        else:
            assert fails in str(reply)
            assert (type(reply), reply.usage_of_reply) == (structkit.MalformedReply, UNREPORTED)


def test_limits_and_the_request_id_are_read_from_the_headers(driver: Driver) -> None:
    headers = {**SSE, "x-ratelimit-limit-requests": "60", "x-request-id": "r1"}
    with Endpoint(send_chunks(events(chunk("a"), DONE), headers), send_chunks(events(chunk("a")), headers)) as endpoint:
        [[_, reply], [_, broken]] = driver(endpoint.base_url).streams(2, NO_RETRIES, REQUEST)
    assert reply.limits[0].limit == broken.limits[0].limit == 60
    assert broken.request_id == "r1"


def test_a_compressed_stream_is_decompressed_while_it_arrives(driver: Driver) -> None:
    def chunks() -> Iterator[bytes]:
        compressor = zlib.compressobj(wbits=31)
        for item in events(chunk(TEXT), DONE):
            yield compressor.compress(item) + compressor.flush(zlib.Z_SYNC_FLUSH)
        yield compressor.flush()

    with Endpoint(lambda _: Reply(chunks(), headers={**SSE, "content-encoding": "gzip"})) as endpoint:
        assert read_stream(driver, endpoint)[0] == TEXT


# Limits


def endless(contents: bytes, closed: threading.Event | None = None) -> Callable[[Any], Reply]:
    def chunks() -> Iterator[bytes]:
        try:
            while True:
                yield contents
        finally:
            if closed:
                closed.set()

    return lambda _body: Reply(chunks(), headers=SSE)


@pytest.mark.parametrize("contents", [event(chunk("x" * 100)), b": wait\n\n", b"data: x" * 50])
def test_a_stream_that_is_too_large_is_malformed(driver: Driver, contents: bytes) -> None:
    with Endpoint(endless(contents)) as endpoint:
        text, broken = read_stream(driver, endpoint, structkit.Policy(reply_bytes=50_000, retries=0))
    assert isinstance(broken, structkit.MalformedReply)
    assert "50000 bytes" in str(broken)
    assert (broken.partial or "") == text


def test_an_endless_stream_is_interrupted_at_the_deadline(driver: Driver) -> None:
    with Endpoint(endless(b": wait\n\n")) as endpoint:
        [items] = driver(endpoint.base_url).streams(
            1, structkit.Policy(deadline=0.3, retries=0, reply_bytes=2**40), REQUEST
        )
    assert [type(item) for item in items] == [structkit.RequestTimeout]


def test_the_deadline_does_not_interrupt_the_consumer_of_a_delta() -> None:
    async def work(url: str) -> Any:
        transport = AsyncHTTPTransport(url, KEY)
        async with aclosing(transport.stream(REQUEST, structkit.Policy(deadline=2, retries=0))) as items:
            first = await anext(items)
            await asyncio.sleep(2.2)
            last = [first, *[item async for item in items]][-1]
        await transport.close()
        return last

    with Endpoint(endless(event(chunk("x" * 1000)))) as endpoint:
        assert isinstance(asyncio.run(work(endpoint.base_url)), structkit.RequestTimeout)


# The connection


def test_closing_a_stream_closes_its_connection(driver: Driver) -> None:
    closed = threading.Event()
    with Endpoint(endless(event(chunk("x" * 1000)), closed)) as endpoint:
        item = driver(endpoint.base_url).first_item(NO_RETRIES, lambda: None)
        assert item == Delta(0, "x" * 1000)
        assert closed.wait(600)


def test_a_cancelled_stream_closes_and_frees_its_connection() -> None:
    closed, started = threading.Event(), threading.Event()

    async def work(url: str) -> Any:
        async def read() -> None:
            async for _ in transport.stream(REQUEST, NO_RETRIES):
                started.set()
                await asyncio.sleep(0)

        transport = AsyncHTTPTransport(url, KEY, connections=1)
        task = asyncio.create_task(read())
        await asyncio.to_thread(started.wait)
        task.cancel()
        await asyncio.wait([task])
        last = [item async for item in transport.stream(REQUEST, NO_RETRIES)][-1]
        await transport.close()
        return last

    unlimited = endless(event(chunk("x" * 1000)), closed)
    with Endpoint(unlimited, TEXT) as endpoint:
        assert asyncio.run(work(endpoint.base_url)).choices[0].content == TEXT
        assert closed.wait(600)


def test_an_endpoint_is_read_only_as_fast_as_deltas_are_consumed(driver: Driver) -> None:
    sent = [0]

    def chunks() -> Iterator[bytes]:
        item = event(chunk("x" * 65_536))
        for _ in range(1500):
            sent[0] += 1
            yield item

    def settle() -> None:
        before = -1
        while before != sent[0]:
            before = sent[0]
            threading.Event().wait(0.1)

    with Endpoint(lambda _: Reply(chunks(), headers=SSE)) as endpoint:
        driver(endpoint.base_url).first_item(structkit.Policy(retries=0, reply_bytes=2**30), settle)
    assert sent[0] < 1500, "sockets buffer far less than 100 MB"


def test_a_connection_is_reused_after_an_exhausted_stream(driver: Driver) -> None:
    with Endpoint(TEXT) as endpoint:
        accept, connections = endpoint._server.get_request, [0]

        def counted() -> Any:
            connections[0] += 1
            return accept()

        endpoint._server.get_request = counted  # type: ignore[method-assign]
        replies = driver(endpoint.base_url).streams(3, NO_RETRIES, REQUEST)
    assert [items[-1].choices[0].content for items in replies] == [TEXT] * 3
    assert connections == [1]


def hold_connection(until: threading.Event, end: bytes = b"data: [DONE]\n\ndata: more\n\n") -> Callable[[Any], Reply]:
    def chunks() -> Iterator[bytes]:
        yield from events(chunk(TEXT), end)
        until.wait(600)

    return lambda _body: Reply(chunks(), headers=SSE)


def test_the_reply_is_yielded_before_the_connection_is_closed(driver: Driver) -> None:
    done = threading.Event()
    with Endpoint(hold_connection(done)) as endpoint:
        items = driver(endpoint.base_url).until_reply()
        assert not done.is_set()
        done.set()
    assert items[-1].choices[0].content == TEXT


def test_a_space_before_the_colon_of_a_field_is_read(driver: Driver) -> None:
    parts = events(chunk("9."), chunk("8", finish_reason="stop"), b"data: [DONE]\n\n")
    with Endpoint(send_chunks([part.replace(b"data:", b"data :") for part in parts])) as endpoint:
        assert read_stream(driver, endpoint)[1].choices[0].content == "9.8"


@pytest.mark.parametrize("usage", [True, False])
def test_a_complete_stream_without_done_is_waited_for_as_long_as_its_token_counts_may_take(
    monkeypatch: pytest.MonkeyPatch, driver: Driver, usage: bool
) -> None:
    monkeypatch.setattr("structkit.transport.reply_body.MAX_SILENCE_S", 0.05)
    done = threading.Event()
    counts = {"choices": [], "usage": {"prompt_tokens": 2, "completion_tokens": 3}}
    end = b"".join(events(chunk("", finish_reason="stop"), *([counts] if usage else [])))
    with Endpoint(hold_connection(done, end)) as endpoint:
        _, reply = read_stream(driver, endpoint)
        assert not done.is_set()
        done.set()
    assert (reply.choices[0].content, reply.usage.unreported) == (TEXT, 0 if usage else 1)


def test_a_stream_with_a_finish_reason_in_each_chunk_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, driver: Driver
) -> None:
    monkeypatch.setattr("structkit.transport.reply_body.MAX_SILENCE_S", 0.05)

    def chunks() -> Iterator[bytes]:
        yield b"".join(events(chunk("9", finish_reason="stop"), chunk(".", finish_reason="stop")))
        threading.Event().wait(0.3)
        yield b"".join(events(chunk("8", finish_reason="stop"), b"data: [DONE]\n\n"))

    with Endpoint(lambda _body: Reply(chunks(), headers=SSE)) as endpoint:
        assert read_stream(driver, endpoint)[1].choices[0].content == "9.8"


@pytest.mark.parametrize("end", [b"data: [DONE]\n\ndata: more\n\n", b"data: [DONE]\n", b"data:[DONE]"])
def test_an_endpoint_that_does_not_end_its_body_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, driver: Driver, end: bytes
) -> None:
    monkeypatch.setattr("structkit.transport.reply_body.MAX_LINGER_S", 0.05)
    done = threading.Event()
    with Endpoint(hold_connection(done, end)) as endpoint:
        _, reply = read_stream(driver, endpoint)
        assert not done.is_set()
        done.set()
    assert reply.choices[0].content == TEXT


@pytest.mark.parametrize("broken", [True, False])
def test_a_reply_whose_choices_have_finished_is_complete_without_done(driver: Driver, broken: bool) -> None:
    def answer(_body: Any) -> Reply:
        return Reply(iter(events(chunk(TEXT), chunk("", finish_reason="stop"))), headers=SSE, is_truncated=broken)

    with Endpoint(answer) as endpoint:
        _, reply = read_stream(driver, endpoint)
    assert (reply.choices[0].content, reply.usage) == (TEXT, UNREPORTED)


def test_a_missing_choice_is_an_error() -> None:
    two = structkit.Request("m", (), Parameters(n=2))
    with Endpoint(send_chunks(events(chunk(TEXT, finish_reason="stop")))) as endpoint:
        assert isinstance(read_stream(BlockingSDK, endpoint, request=two)[1], structkit.ConnectionFailed)


# Any bytes

LINES = [
    b"data: ",
    b"data:",
    b"event: error\n",
    b": wait",
    b"\n",
    b"\r\n",
    b"\n\n",
    b"[DONE]",
    b"{",
    b"<",
    b" ",
    b"\xff",
]
CONTENTS = [chunk("a"), chunk("\ud83d"), chunk("b", finish_reason="stop"), chunk(3), {"error": "no"}, {"usage": {}}, {"choices": []}]  # fmt: skip


def receive_all(data: bytes, positions: list[int], headers: dict[str, str], status: int = 200) -> Items:
    receiver = StreamReceiver(REQUEST, NO_RETRIES, lambda: ("host", KEY))
    chunks = [data[start:end] for start, end in itertools.pairwise([0, *sorted(positions), len(data)])]
    return [*receive(nullcontext((status, headers, chunks)), receiver)]


def outline(items: Items) -> Any:
    """Return what a stream yields, independent of the sizes of its deltas."""
    *deltas, reply = items
    assert all(isinstance(delta, Delta) and delta.text for delta in deltas)
    assert isinstance(reply, structkit.Completion | structkit.TransportError)
    end = reply.choices if isinstance(reply, structkit.Completion) else (str(reply), reply.partial, reply.body)
    return "".join(delta.text for delta in deltas), end


@given(
    st.lists(st.sampled_from([*LINES, *map(event, CONTENTS)]), max_size=12).map(b"".join) | st.binary(max_size=30),
    st.lists(st.integers(0, 200), max_size=6),
    st.sampled_from([SSE, {}, {"content-type": "application/json"}]),
    st.sampled_from([200, 200, 200, 404]),
)
def test_any_bytes_in_any_chunks_give_exactly_one_and_the_same_reply(
    data: bytes, positions: list[int], headers: dict[str, str], status: int
) -> None:
    assert outline(receive_all(data, positions, headers, status)) == outline(receive_all(data, [], headers, status))
    assert outline(receive_all(data, [*range(len(data))], headers, status)) == outline(
        receive_all(data, [], headers, status)
    )


# Secrets


@pytest.mark.parametrize(
    "contents",
    [
        [{"error": {"message": f"bad key {KEY}"}}],
        [chunk(f"the key is {KEY[:9]}"), chunk(KEY[9:])],
        [chunk("a"), {KEY: 1, "choices": [{"delta": {"content": {KEY: KEY}}}]}],
        [f"<html>{KEY}</html>".encode()],
    ],
    ids=["error", "text", "nonsense", "page"],
)
def test_no_key_is_in_an_error(driver: Driver, contents: list[Any]) -> None:
    with Endpoint(send_chunks(events(*contents), {**SSE, "x-request-id": KEY})) as endpoint:
        _, broken = read_stream(driver, endpoint)
    assert isinstance(broken, structkit.TransportError)
    assert "hunter2" not in f"{broken} {broken.body} {broken.partial} {broken.request_id}"
    assert "redacted" in f"{broken} {broken.body} {broken.partial}"


# Transports that do not stream


class NotStreaming:
    """A transport without `stream`."""

    def send(self, request: structkit.Request, policy: structkit.Policy) -> structkit.Completion:
        return structkit.Completion((), PAID)


class NotStreamingAsync:
    async def send(self, request: structkit.Request, policy: structkit.Policy) -> structkit.Completion:
        return structkit.Completion((), PAID)


def test_a_transport_that_cannot_stream_yields_its_reply() -> None:
    async def work() -> Items:
        return [item async for item in open_stream_async(NotStreamingAsync(), REQUEST, NO_RETRIES)]

    assert (
        [*open_stream(NotStreaming(), REQUEST, NO_RETRIES)] == asyncio.run(work()) == [structkit.Completion((), PAID)]
    )


def test_a_transport_that_can_stream_does() -> None:
    async def work(url: str) -> Items:
        transport: AsyncTransport = AsyncHTTPTransport(url, KEY)
        items = [item async for item in open_stream_async(transport, REQUEST, NO_RETRIES)]
        await transport.close()
        return items

    with Endpoint(TEXT) as endpoint:
        transport: Transport = OpenAITransport(openai.OpenAI(base_url=endpoint.base_url, api_key=KEY))
        items = [*open_stream(transport, REQUEST, NO_RETRIES)]
        assert items == asyncio.run(work(endpoint.base_url))
    assert len(items) > 2


# Cassettes


def play(tape: Any, client: str) -> Items:
    if client == "sync":
        return [*tape.stream(REQUEST, NO_RETRIES)]

    async def work() -> Items:
        return [item async for item in tape.asynchronous.stream(REQUEST, NO_RETRIES)]

    return asyncio.run(work())


@pytest.mark.parametrize("replayed", ["sync", "async"])
@pytest.mark.parametrize("recorded", ["sync", "async"])
@pytest.mark.parametrize(
    "body", [completion(TEXT), tool_call_completion("order", TEXT), completion(None, refusal="I'm sorry, no.")]
)
def test_a_stream_is_recorded_and_replayed(tmp_path: Path, body: Any, recorded: str, replayed: str) -> None:
    with (
        Endpoint(Reply(body)) as endpoint,
        cassette(tmp_path / "t.json", "record", BlockingSDK(endpoint.base_url)) as tape,
    ):
        items = play(tape, recorded)
    with cassette(tmp_path / "t.json") as tape:
        assert play(tape, replayed) == items
    assert len(items) > 1


def test_sent_and_streamed_recordings_are_replayed_by_both(tmp_path: Path) -> None:
    with Endpoint(TEXT) as endpoint, cassette(tmp_path / "t.json", "record", BlockingSDK(endpoint.base_url)) as tape:
        [*_, streamed_reply] = tape.stream(REQUEST, NO_RETRIES)
        sent = tape.send(REQUEST, NO_RETRIES)
    with cassette(tmp_path / "t.json") as tape:
        assert tape.send(REQUEST, NO_RETRIES) == streamed_reply
        [*deltas, reply] = tape.stream(REQUEST, NO_RETRIES)
    assert (reply, "".join(delta.text for delta in deltas)) == (sent, TEXT)


@pytest.mark.parametrize(("name", "partial"), [("stream_cut", True), ("stream_error", True), ("unavailable", False)])
def test_an_interrupted_stream_is_replayed_as_interrupted(tmp_path: Path, name: str, partial: bool) -> None:
    failing = Endpoint(TEXT, faults={name: 1.0})
    with failing as endpoint, cassette(tmp_path / "t.json", "record", BlockingSDK(endpoint.base_url)) as tape:
        [*deltas, broken] = tape.stream(REQUEST, NO_RETRIES)
    with cassette(tmp_path / "t.json") as tape:
        [*replayed_deltas, replayed_error] = tape.stream(REQUEST, NO_RETRIES)
    assert replayed_deltas == deltas
    assert (type(replayed_error), str(replayed_error), replayed_error.partial) == (
        type(broken),
        str(broken),
        broken.partial,
    )
    assert bool(replayed_deltas) == (replayed_error.partial is not None) == partial


def test_an_unfinished_stream_is_not_recorded(tmp_path: Path) -> None:
    with Endpoint(TEXT) as endpoint, cassette(tmp_path / "t.json", "record", BlockingSDK(endpoint.base_url)) as tape:
        items = tape.stream(REQUEST, NO_RETRIES)
        next(items)
        items.close()
    assert not (tmp_path / "t.json").exists()
