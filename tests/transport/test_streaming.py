"""Streams over real sockets, blocking and awaited: what comes, what it ends in, and when the connection is closed."""

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
from structkit.testing.stream_faults import DONE, event
from structkit.transport import AsyncTransport, Transport
from structkit.transport.direct import AsyncHTTPTransport, HTTPTransport
from structkit.transport.openai_sdk import AsyncOpenAITransport, OpenAITransport
from structkit.transport.stream_reply import StreamReceiver
from structkit.transport.streaming import open_stream, open_stream_async, receive
from structkit.values import Delta, Parameters, Usage

KEY = "sk-test-hunter2-hunter2"
TEXT = '{"city": "Zürich", "cups": [{"tea": "grün", "mood": "😀😀"}, {"tea": "schwarz", "mood": "😐"}]}'
ASKED = structkit.Request("m", (structkit.Message("user", "three cups"),))
ONCE = structkit.Policy(retries=0, timeout=30)
TWICE = structkit.Policy(retries=1, wait_initial=0.001, wait_max=0.01, timeout=30)
PAID = Usage(10, 5, 15)
UNKNOWN = Usage(unreported=1)
SSE = {"content-type": "text/event-stream"}
Items = list[Any]


class Sync:
    """Streams over the SDK's blocking client."""

    def __init__(self, url: str, **settings: Any) -> None:
        self.transport: Any = OpenAITransport(openai.OpenAI(base_url=url, api_key=KEY))

    def streams(self, times: int, policy: structkit.Policy, asked: structkit.Request) -> list[Items]:
        return [[*self.transport.stream(asked, policy)] for _ in range(times)]

    def until_reply(self) -> Items:
        """All items; the stream is closed at the reply."""
        found: Items = []
        with closing(self.transport.stream(ASKED, ONCE)) as items:
            while not found or isinstance(found[-1], Delta):
                found.append(next(items))
        return found

    def first(self, policy: structkit.Policy, then: Callable[[], None]) -> Any:
        """The first item; after something else the stream is closed."""
        with closing(self.transport.stream(ASKED, policy)) as items:
            found = next(items)
            then()
        return found


class Async(Sync):
    """The same, awaited."""

    def __init__(self, url: str, **settings: Any) -> None:
        self.make = lambda: self.over(url, **settings)

    def over(self, url: str, **settings: Any) -> Any:
        return AsyncOpenAITransport(openai.AsyncOpenAI(base_url=url, api_key=KEY))

    def streams(self, times: int, policy: structkit.Policy, asked: structkit.Request) -> list[Items]:
        async def work() -> list[Items]:
            transport = self.make()
            try:
                return [[item async for item in transport.stream(asked, policy)] for _ in range(times)]
            finally:
                await transport.close()

        return asyncio.run(work())

    def until_reply(self) -> Items:
        async def work() -> Items:
            transport, found = self.make(), []
            async with aclosing(transport.stream(ASKED, ONCE)) as items:
                while not found or isinstance(found[-1], Delta):
                    found.append(await anext(items))
            await transport.close()
            return found

        return asyncio.run(work())

    def first(self, policy: structkit.Policy, then: Callable[[], None]) -> Any:
        async def work() -> Any:
            transport = self.make()
            try:
                async with aclosing(transport.stream(ASKED, policy)) as items:
                    found = await anext(items)
                    await asyncio.to_thread(then)
                return found
            finally:
                await transport.close()

        return asyncio.run(work())


class Lean(Sync):
    """Over the lean transport, blocking."""

    def __init__(self, url: str) -> None:
        self.transport = HTTPTransport(url, KEY)


class AsyncLean(Async):
    """The same, awaited."""

    def over(self, url: str, **settings: Any) -> Any:
        return AsyncHTTPTransport(url, KEY, **settings)


KINDS = {
    "sync": Lean,
    "sync-httpx2": Lean,
    "sync-sdk": Sync,
    "async": AsyncLean,
    "async-httpx2": AsyncLean,
    "async-sdk": Async,
}
Over = Callable[..., Any]


@pytest.fixture(params=KINDS)
def over(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Over:
    if request.param.endswith("httpx2"):
        for name in ("HTTP_CLIENT_PROXIES", "AIOHTTP_PROXIES"):
            monkeypatch.setattr(f"structkit.transport.http.pool.{name}", frozenset())
    return KINDS[request.param]


def ask(
    over: Over, endpoint: Endpoint, policy: structkit.Policy = ONCE, asked: structkit.Request = ASKED
) -> tuple[str, Any]:
    """The text of all deltas, and the reply."""
    [items] = over(endpoint.base_url).streams(1, policy, asked)
    *deltas, reply = items
    assert all(isinstance(delta, Delta) for delta in deltas)
    assert not isinstance(reply, Delta)
    return "".join(delta.text for delta in deltas if delta.index == 0), reply


def events(*said: Any) -> list[bytes]:
    return [one if isinstance(one, bytes) else event(one) for one in said]


def piece(text: str, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}, **more}]}


def sending(pieces: Iterable[bytes], headers: dict[str, str] = SSE) -> Callable[[Any], Reply]:
    kept = [*pieces]
    return lambda _body: Reply(iter(kept), headers=headers)


def test_a_reply_comes_in_deltas_and_ends_in_what_it_would_have_been(over: Over) -> None:
    with Endpoint(TEXT, delta=7) as endpoint:
        [[*deltas, reply]] = over(endpoint.base_url).streams(1, ONCE, ASKED)
    assert [delta.text for delta in deltas] == [TEXT[at : at + 7] for at in range(0, len(TEXT), 7)]
    assert {(delta.index, delta.kind) for delta in deltas} == {(0, "content")}
    assert (reply.choices[0].content, reply.choices[0].finish_reason, reply.usage) == (TEXT, "stop", PAID)
    assert reply.raw == {**completion(TEXT), "object": "chat.completion"}


def test_the_request_asks_for_a_stream_with_its_tokens_and_for_nothing_else_new(over: Over) -> None:
    with Endpoint(TEXT) as endpoint:
        ask(over, endpoint)
    assert endpoint.requests == [{**ASKED.body, "stream": True, "stream_options": {"include_usage": True}}]
    assert endpoint.headers[0]["authorization"] == f"Bearer {KEY}"


def test_arguments_of_tools_come_in_deltas_too(over: Over) -> None:
    with Endpoint(Reply(tool_call_completion("order", TEXT))) as endpoint:
        [[*deltas, reply]] = over(endpoint.base_url).streams(1, ONCE, ASKED)
    assert "".join(delta.text for delta in deltas) == TEXT
    assert {delta.kind for delta in deltas} == {"arguments"}
    assert [(call.name, call.arguments, call.id) for call in reply.choices[0].tool_calls] == [("order", TEXT, "call_1")]


def test_several_choices_come_in_turns(over: Over) -> None:
    two = structkit.Request("m", (), Parameters(n=2))
    with Endpoint(Reply(completion("a" * 50, "b" * 30))) as endpoint:
        [[*deltas, reply]] = over(endpoint.base_url).streams(1, ONCE, two)
    assert [delta.index for delta in deltas] == [0, 1, 0, 1, 0]
    assert [choice.content for choice in reply.choices] == ["a" * 50, "b" * 30]


# Every fault of a stream by its name

ARRIVES: dict[str, Usage] = {
    "stream_bare": PAID,
    "stream_comments": PAID,
    "stream_cr": PAID,
    "stream_crlf": PAID,
    "stream_fields": PAID,
    "stream_half_event": UNKNOWN,
    "stream_ignored": PAID,
    "stream_interleaved": PAID,
    "stream_lines": PAID,
    "stream_no_done": PAID,
    "stream_options_refused": UNKNOWN,
    "stream_split": PAID,
    "stream_split:5": PAID,
    "stream_whole": PAID,
    "wrong_content_type": PAID,
    "no_usage": UNKNOWN,
    "bad_usage": UNKNOWN,
}
"""The whole reply comes, and these tokens are counted."""

BREAKS: dict[str, tuple[type[structkit.TransportError], str]] = {
    "stream_cut": (structkit.ConnectionFailed, "was lost before the reply was complete"),
    "stream_ends_early": (structkit.ConnectionFailed, "the stream ended before the reply was complete"),
    "stream_error": (structkit.MalformedReply, r"upstream died \(code 502\)"),
    "stream_error_event": (structkit.MalformedReply, r"upstream died \(code 502\)"),
    "stream_not_text": (structkit.MalformedReply, "a delta whose content is not text: '3'"),
}
"""Half of it comes, and then an error."""


@pytest.mark.parametrize(("name", "usage"), ARRIVES.items(), ids=ARRIVES.keys())
def test_what_can_be_read_of_a_stream_is_read(over: Over, name: str, usage: Usage) -> None:
    with Endpoint(TEXT, faults={name: 1.0}) as endpoint:
        text, reply = ask(over, endpoint)
    assert text == ("" if name == "stream_ignored" else TEXT)
    assert [choice.content for choice in reply.choices] == [TEXT] * (2 if name == "stream_interleaved" else 1)
    assert (reply.usage, reply.choices[0].finish_reason, reply.retries) == (usage, "stop", 0)


@pytest.mark.parametrize(("name", "outcome"), BREAKS.items(), ids=BREAKS.keys())
def test_a_stream_that_breaks_off_is_an_error_with_what_came_and_is_not_sent_again(
    over: Over, name: str, outcome: Any
) -> None:
    kind, says = outcome
    with Endpoint(TEXT, faults={name: 1.0}) as endpoint:
        text, broken = ask(over, endpoint, TWICE)
    assert 0 < len(text) < len(TEXT)
    assert TEXT.startswith(text)
    assert isinstance(broken, kind)
    with pytest.raises(kind, match=says):
        raise broken
    assert (broken.partial, broken.usage_of_reply, broken.retryable, broken.retries) == (text, UNKNOWN, True, 0)
    assert broken.body["choices"][0]["message"]["content"] == text
    assert len(endpoint.requests) == 1


def test_a_stream_that_falls_silent_is_given_up_with_what_came(over: Over) -> None:
    policy = structkit.Policy(retries=1, timeout=1.5)
    with Endpoint(TEXT, faults={"stream_stalls:10": 1.0}) as endpoint:
        text, late = ask(over, endpoint, policy)
    assert isinstance(late, structkit.RequestTimeout)
    assert late.partial == text == TEXT[: len(text)] != ""
    assert len(endpoint.requests) == 1


def test_pieces_have_bytes() -> None:
    with pytest.raises(ValueError, match="1 byte or more"):
        fault("stream_split", 0)


def test_every_fault_of_a_stream_has_its_outcome() -> None:
    named = {name.partition(":")[0] for name in (*ARRIVES, *BREAKS, "stream_stalls")}
    assert {name for name in FAULTS if name.startswith("stream_")} <= named


@pytest.mark.parametrize("name", [name for name in FAULTS if name.startswith("stream_")])
def test_a_request_for_no_stream_meets_no_fault_of_one(name: str) -> None:
    with Endpoint(TEXT, faults={name: 1.0}) as endpoint:
        transport = OpenAITransport(openai.OpenAI(base_url=endpoint.base_url, api_key=KEY))
        assert transport.send(ASKED, ONCE).choices[0].content == TEXT


# What is sent again


@pytest.mark.parametrize(
    ("name", "lost"),
    [("rate_limited:0", Usage()), ("unavailable", Usage()), ("html", UNKNOWN), ("error_with_200", UNKNOWN)],
)
def test_what_fails_before_the_first_delta_is_sent_again(over: Over, name: str, lost: Usage) -> None:
    with Endpoint(fault(name), TEXT) as endpoint:
        text, reply = ask(over, endpoint, TWICE)
    assert (text, reply.usage, reply.retries, len(endpoint.requests)) == (TEXT, PAID + lost, 1, 2)
    with Endpoint(fault(name)) as endpoint:
        text, broken = ask(over, endpoint, TWICE)
    assert (text, broken.usage_of_reply, broken.retries, broken.partial) == ("", lost + lost, 1, None)
    assert len(endpoint.requests) == 2


@pytest.mark.parametrize(
    "begun", [[], [b": wait\n\n"], events({"id": "a", "choices": []}), events({"error": {"message": "busy"}})]
)
def test_a_stream_that_ends_before_its_first_delta_is_sent_again(over: Over, begun: list[bytes]) -> None:
    with Endpoint(sending(begun), TEXT) as endpoint:
        text, reply = ask(over, endpoint, TWICE)
    assert (text, reply.usage, reply.retries) == (TEXT, PAID + UNKNOWN, 1)


def test_no_connection_is_tried_again_and_costs_nothing(over: Over) -> None:
    with Endpoint() as endpoint:
        gone = endpoint.base_url
    [[broken]] = over(gone).streams(1, TWICE, ASKED)
    assert isinstance(broken, structkit.ConnectionFailed)
    assert (broken.retries, broken.usage_of_reply, broken.partial) == (1, Usage(), None)


def test_a_refusal_of_stream_options_is_remembered(over: Over) -> None:
    with Endpoint(TEXT, faults={"stream_options_refused": 1.0}) as endpoint:
        first, second = over(endpoint.base_url).streams(2, ONCE, ASKED)
    assert first == second
    assert ["stream_options" in request for request in endpoint.requests] == [True, False, False]
    assert all(request["stream"] for request in endpoint.requests)


def test_another_refusal_is_none_of_stream_options(over: Over) -> None:
    refusal = Reply({"error": {"message": "stream_options is broken here"}}, status=500)
    with Endpoint(fault("rejects_keyword", "x").change({"model": "m"}, Reply({"error": {"message": "no"}}, status=400)), TEXT) as endpoint:  # fmt: skip
        assert ask(over, endpoint)[1].status_code == 400
    with Endpoint(refusal) as endpoint:
        assert ask(over, endpoint)[1].status_code == 500
    assert len(endpoint.requests) == 1


# How a reply is told from a stream

OTHERS: dict[str, tuple[bytes, dict[str, str], str | None]] = {
    "JSON that is called a stream": (json.dumps(completion(TEXT)).encode(), SSE, None),
    "a stream that is called JSON": (b"".join(events(piece(TEXT), DONE)), {"content-type": "application/json"}, None),
    "a stream that is called nothing": (b"\n\n" + b"".join(events(piece(TEXT), DONE)), {"content-type": ""}, None),
    "a page that is called a stream": (b"<html>Sign in</html>", SSE, "a web page"),
    "a text that is called a text": (b"internal error", {"content-type": "text/plain"}, "no JSON: 'internal error'"),
    "a stream of nothing": (b"\n\n", SSE, "no JSON"),
    "nothing": (b"", SSE, "no JSON: ''"),
    "no UTF-8": (b"data: \xff\n\n", SSE, "not UTF-8"),
    "no chunks": (b"data: hello\n\n", SSE, "not JSON: 'hello'"),
    "no choices": (b"data: [DONE]\n\n", SSE, "no choices"),
}


@pytest.mark.parametrize(("body", "headers", "fails"), OTHERS.values(), ids=OTHERS.keys())
def test_a_reply_is_told_by_its_first_byte_and_its_content_type(
    over: Over, body: bytes, headers: dict[str, str], fails: str | None
) -> None:
    for size in (len(body) or 1, 1):
        with Endpoint(sending([body[at : at + size] for at in range(0, len(body), size)], headers)) as endpoint:
            _, reply = ask(over, endpoint)
        if fails is None:
            assert reply.choices[0].content == TEXT
        else:
            assert fails in str(reply)
            assert (type(reply), reply.usage_of_reply) == (structkit.MalformedReply, UNKNOWN)


def test_limits_and_the_request_id_are_read_from_the_headers(over: Over) -> None:
    headers = {**SSE, "x-ratelimit-limit-requests": "60", "x-request-id": "r1"}
    with Endpoint(sending(events(piece("a"), DONE), headers), sending(events(piece("a")), headers)) as endpoint:
        [[_, reply], [_, broken]] = over(endpoint.base_url).streams(2, ONCE, ASKED)
    assert reply.limits[0].limit == broken.limits[0].limit == 60
    assert broken.request_id == "r1"


def test_a_packed_stream_is_unpacked_as_it_comes(over: Over) -> None:
    def pieces() -> Iterator[bytes]:
        packer = zlib.compressobj(wbits=31)
        for one in events(piece(TEXT), DONE):
            yield packer.compress(one) + packer.flush(zlib.Z_SYNC_FLUSH)
        yield packer.flush()

    with Endpoint(lambda _: Reply(pieces(), headers={**SSE, "content-encoding": "gzip"})) as endpoint:
        assert ask(over, endpoint)[0] == TEXT


# Limits


def endless(said: bytes, closed: threading.Event | None = None) -> Callable[[Any], Reply]:
    def pieces() -> Iterator[bytes]:
        try:
            while True:
                yield said
        finally:
            if closed:
                closed.set()

    return lambda _body: Reply(pieces(), headers=SSE)


@pytest.mark.parametrize("said", [event(piece("x" * 100)), b": wait\n\n", b"data: x" * 50])
def test_a_stream_beyond_the_limit_is_refused(over: Over, said: bytes) -> None:
    with Endpoint(endless(said)) as endpoint:
        text, broken = ask(over, endpoint, structkit.Policy(reply_bytes=50_000, retries=0))
    assert isinstance(broken, structkit.MalformedReply)
    assert "50000 bytes" in str(broken)
    assert (broken.partial or "") == text


def test_a_stream_that_goes_on_is_cut_off_at_the_deadline(over: Over) -> None:
    with Endpoint(endless(b": wait\n\n")) as endpoint:
        [items] = over(endpoint.base_url).streams(
            1, structkit.Policy(deadline=0.3, retries=0, reply_bytes=2**40), ASKED
        )
    assert [type(item) for item in items] == [structkit.RequestTimeout]


def test_the_deadline_interrupts_nobody_who_looks_at_a_delta() -> None:
    async def work(url: str) -> Any:
        transport = AsyncHTTPTransport(url, KEY)
        async with aclosing(transport.stream(ASKED, structkit.Policy(deadline=0.2, retries=0))) as items:
            first = await anext(items)
            await asyncio.sleep(0.4)
            last = [first, *[item async for item in items]][-1]
        await transport.close()
        return last

    with Endpoint(endless(event(piece("x" * 1000)))) as endpoint:
        assert isinstance(asyncio.run(work(endpoint.base_url)), structkit.RequestTimeout)


# The connection


def test_closing_a_stream_closes_its_connection(over: Over) -> None:
    closed = threading.Event()
    with Endpoint(endless(event(piece("x" * 1000)), closed)) as endpoint:
        first = over(endpoint.base_url).first(ONCE, lambda: None)
        assert first == Delta(0, "x" * 1000)
        assert closed.wait(30)


def test_a_cancelled_stream_closes_its_connection_and_leaves_its_place_to_the_next() -> None:
    closed, begun = threading.Event(), threading.Event()

    async def work(url: str) -> Any:
        async def read() -> None:
            async for _ in transport.stream(ASKED, ONCE):
                begun.set()
                await asyncio.sleep(0)

        transport = AsyncHTTPTransport(url, KEY, connections=1)
        task = asyncio.create_task(read())
        await asyncio.to_thread(begun.wait)
        task.cancel()
        await asyncio.wait([task])
        last = [item async for item in transport.stream(ASKED, ONCE)][-1]
        await transport.close()
        return last

    unlimited = endless(event(piece("x" * 1000)), closed)
    with Endpoint(unlimited, TEXT) as endpoint:
        assert asyncio.run(work(endpoint.base_url)).choices[0].content == TEXT
        assert closed.wait(30)


def test_an_endpoint_is_read_no_faster_than_the_deltas_are_asked_for(over: Over) -> None:
    sent = [0]

    def pieces() -> Iterator[bytes]:
        one = event(piece("x" * 65_536))
        for _ in range(1500):
            sent[0] += 1
            yield one

    def settle() -> None:
        before = -1
        while before != sent[0]:
            before = sent[0]
            threading.Event().wait(0.1)

    with Endpoint(lambda _: Reply(pieces(), headers=SSE)) as endpoint:
        over(endpoint.base_url).first(structkit.Policy(retries=0, reply_bytes=2**30), settle)
    assert sent[0] < 1500, "what sockets hold is far less than 100 MB"


def test_a_connection_is_used_again_by_whoever_reads_to_the_end(over: Over) -> None:
    with Endpoint(TEXT) as endpoint:
        accept, connections = endpoint._server.get_request, [0]

        def counted() -> Any:
            connections[0] += 1
            return accept()

        endpoint._server.get_request = counted  # type: ignore[method-assign]
        replies = over(endpoint.base_url).streams(3, ONCE, ASKED)
    assert [items[-1].choices[0].content for items in replies] == [TEXT] * 3
    assert connections == [1]


def holding_on(until: threading.Event) -> Callable[[Any], Reply]:
    def pieces() -> Iterator[bytes]:
        yield from events(piece(TEXT), DONE, b"data: more\n\n")
        until.wait(30)

    return lambda _body: Reply(pieces(), headers=SSE)


def test_the_reply_comes_though_the_endpoint_holds_on_to_the_connection(over: Over) -> None:
    done = threading.Event()
    with Endpoint(holding_on(done)) as endpoint:
        items = over(endpoint.base_url).until_reply()
        assert not done.is_set()
        done.set()
    assert items[-1].choices[0].content == TEXT


@pytest.mark.parametrize("kind", [Lean, AsyncLean, Async])
def test_an_endpoint_that_holds_on_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, kind: Over) -> None:
    monkeypatch.setattr("structkit.transport.stream_reply.MAX_LINGER_S", 0.05)
    done = threading.Event()
    with Endpoint(holding_on(done)) as endpoint:
        _, reply = ask(kind, endpoint)
        assert not done.is_set()
        done.set()
    assert reply.choices[0].content == TEXT


@pytest.mark.parametrize("broken", [True, False])
def test_a_reply_whose_choices_have_all_ended_is_whole_however_the_stream_ends(over: Over, broken: bool) -> None:
    def answer(_body: Any) -> Reply:
        return Reply(iter(events(piece(TEXT), piece("", finish_reason="stop"))), headers=SSE, is_truncated=broken)

    with Endpoint(answer) as endpoint:
        _, reply = ask(over, endpoint)
    assert (reply.choices[0].content, reply.usage) == (TEXT, UNKNOWN)


def test_a_choice_that_never_came_is_missed() -> None:
    two = structkit.Request("m", (), Parameters(n=2))
    with Endpoint(sending(events(piece(TEXT, finish_reason="stop")))) as endpoint:
        assert isinstance(ask(Sync, endpoint, asked=two)[1], structkit.ConnectionFailed)


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
SAID = [piece("a"), piece("\ud83d"), piece("b", finish_reason="stop"), piece(3), {"error": "no"}, {"usage": {}}, {"choices": []}]  # fmt: skip


def received(whole: bytes, cuts: list[int], headers: dict[str, str], status: int = 200) -> Items:
    receiver = StreamReceiver(ASKED, ONCE, lambda: ("host", KEY))
    pieces = [whole[start:end] for start, end in itertools.pairwise([0, *sorted(cuts), len(whole)])]
    return [*receive(nullcontext((status, headers, pieces)), receiver)]


def outline(items: Items) -> Any:
    """What comes of a stream, however its deltas are cut."""
    *deltas, reply = items
    assert all(isinstance(delta, Delta) and delta.text for delta in deltas)
    assert isinstance(reply, structkit.Completion | structkit.TransportError)
    end = reply.choices if isinstance(reply, structkit.Completion) else (str(reply), reply.partial, reply.body)
    return "".join(delta.text for delta in deltas), end


@given(
    st.lists(st.sampled_from([*LINES, *map(event, SAID)]), max_size=12).map(b"".join) | st.binary(max_size=30),
    st.lists(st.integers(0, 200), max_size=6),
    st.sampled_from([SSE, {}, {"content-type": "application/json"}]),
    st.sampled_from([200, 200, 200, 404]),
)
def test_any_bytes_in_any_pieces_end_in_exactly_one_reply_and_always_the_same(
    whole: bytes, cuts: list[int], headers: dict[str, str], status: int
) -> None:
    assert outline(received(whole, cuts, headers, status)) == outline(received(whole, [], headers, status))
    assert outline(received(whole, [*range(len(whole))], headers, status)) == outline(
        received(whole, [], headers, status)
    )


# Secrets


@pytest.mark.parametrize(
    "said",
    [
        [{"error": {"message": f"bad key {KEY}"}}],
        [piece(f"the key is {KEY[:9]}"), piece(KEY[9:])],
        [piece("a"), {KEY: 1, "choices": [{"delta": {"content": {KEY: KEY}}}]}],
        [f"<html>{KEY}</html>".encode()],
    ],
    ids=["error", "text", "nonsense", "page"],
)
def test_no_key_stands_in_an_error(over: Over, said: list[Any]) -> None:
    with Endpoint(sending(events(*said), {**SSE, "x-request-id": KEY})) as endpoint:
        _, broken = ask(over, endpoint)
    assert isinstance(broken, structkit.TransportError)
    assert "hunter2" not in f"{broken} {broken.body} {broken.partial} {broken.request_id}"
    assert "redacted" in f"{broken} {broken.body} {broken.partial}"


# Transports that do not stream


class Whole:
    """A transport of the caller's own."""

    def send(self, request: structkit.Request, policy: structkit.Policy) -> structkit.Completion:
        return structkit.Completion((), PAID)


class WholeLater:
    async def send(self, request: structkit.Request, policy: structkit.Policy) -> structkit.Completion:
        return structkit.Completion((), PAID)


def test_a_transport_that_cannot_stream_gives_its_reply_in_one_piece() -> None:
    async def work() -> Items:
        return [item async for item in open_stream_async(WholeLater(), ASKED, ONCE)]

    assert [*open_stream(Whole(), ASKED, ONCE)] == asyncio.run(work()) == [structkit.Completion((), PAID)]


def test_a_transport_that_can_is_asked_to() -> None:
    async def work(url: str) -> Items:
        transport: AsyncTransport = AsyncHTTPTransport(url, KEY)
        items = [item async for item in open_stream_async(transport, ASKED, ONCE)]
        await transport.close()
        return items

    with Endpoint(TEXT) as endpoint:
        transport: Transport = OpenAITransport(openai.OpenAI(base_url=endpoint.base_url, api_key=KEY))
        items = [*open_stream(transport, ASKED, ONCE)]
        assert items == asyncio.run(work(endpoint.base_url))
    assert len(items) > 2


# Cassettes


def records(tape: Any, kind: str) -> Items:
    if kind == "sync":
        return [*tape.stream(ASKED, ONCE)]

    async def work() -> Items:
        return [item async for item in tape.asynchronous.stream(ASKED, ONCE)]

    return asyncio.run(work())


@pytest.mark.parametrize("replayed", ["sync", "async"])
@pytest.mark.parametrize("recorded", ["sync", "async"])
@pytest.mark.parametrize(
    "body", [completion(TEXT), tool_call_completion("order", TEXT), completion(None, refusal="I'm sorry, no.")]
)
def test_a_stream_is_recorded_and_replayed(tmp_path: Path, body: Any, recorded: str, replayed: str) -> None:
    with Endpoint(Reply(body)) as endpoint, cassette(tmp_path / "t.json", "record", Sync(endpoint.base_url)) as tape:
        first = records(tape, recorded)
    with cassette(tmp_path / "t.json") as tape:
        assert records(tape, replayed) == first
    assert len(first) > 1


def test_what_was_sent_is_replayed_as_a_stream_and_the_other_way_round(tmp_path: Path) -> None:
    with Endpoint(TEXT) as endpoint, cassette(tmp_path / "t.json", "record", Sync(endpoint.base_url)) as tape:
        [*_, streamed_reply] = tape.stream(ASKED, ONCE)
        sent = tape.send(ASKED, ONCE)
    with cassette(tmp_path / "t.json") as tape:
        assert tape.send(ASKED, ONCE) == streamed_reply
        [*deltas, reply] = tape.stream(ASKED, ONCE)
    assert (reply, "".join(delta.text for delta in deltas)) == (sent, TEXT)


@pytest.mark.parametrize(("name", "partial"), [("stream_cut", True), ("stream_error", True), ("unavailable", False)])
def test_a_stream_that_broke_off_is_replayed_as_it_broke_off(tmp_path: Path, name: str, partial: bool) -> None:
    failing = Endpoint(TEXT, faults={name: 1.0})
    with failing as endpoint, cassette(tmp_path / "t.json", "record", Sync(endpoint.base_url)) as tape:
        [*deltas, broken] = tape.stream(ASKED, ONCE)
    with cassette(tmp_path / "t.json") as tape:
        [*again, fault_again] = tape.stream(ASKED, ONCE)
    assert again == deltas
    assert (type(fault_again), str(fault_again), fault_again.partial) == (type(broken), str(broken), broken.partial)
    assert bool(again) == (fault_again.partial is not None) == partial


def test_a_stream_that_its_reader_left_is_not_recorded(tmp_path: Path) -> None:
    with Endpoint(TEXT) as endpoint, cassette(tmp_path / "t.json", "record", Sync(endpoint.base_url)) as tape:
        items = tape.stream(ASKED, ONCE)
        next(items)
        items.close()
    assert not (tmp_path / "t.json").exists()
