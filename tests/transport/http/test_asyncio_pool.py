"""The async pool: silence, slow readers, requests in flight when it is closed, bytes that nobody asked for."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from structkit.testing import completion
from structkit.transport.http.asyncio_pool import AsyncioPool
from structkit.transport.http.asyncio_receivers import MAX_BUFFERED_BYTES
from structkit.transport.outgoing import OutgoingRequest
from structkit.transport.reply_body import BodyReader
from structkit.values import Policy

BODY = json.dumps(completion('{"value": 3}')).encode()
REPLY = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(BODY), BODY)
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


Run = Callable[[Answer, Callable[[AsyncioPool], Awaitable[Any]]], Any]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Return a function that runs *work* with a pool whose connections *answer* serves, in each kind of event loop."""
    module = pytest.importorskip(request.param)

    def run_both(answer: Answer, work: Callable[[AsyncioPool], Awaitable[Any]]) -> Any:
        with asyncio.Runner(loop_factory=module.new_event_loop) as runner:
            return runner.run(serve_and_work(answer, work))

    return run_both


async def serve_and_work(answer: Answer, work: Callable[[AsyncioPool], Awaitable[Any]]) -> Any:
    """Answer each connection of a pool after it has read a request."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"{}"):
                await answer(reader, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        pool = AsyncioPool(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", {})
        try:
            return await work(pool)
        finally:
            await pool.close()


async def exchange(pool: AsyncioPool, timeout_s: float = 600) -> bytes:
    reader = BodyReader(Policy())
    await pool.exchange("POST", "/v1", OutgoingRequest(b"{}"), timeout_s, reader)
    return reader.body


def test_a_silent_server_is_a_timeout_also_between_two_parts_of_a_reply(run: Run) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(REPLY[:50])
        await asyncio.sleep(0.05)
        writer.write(REPLY[50:60])
        await asyncio.sleep(600)

    async def work(pool: AsyncioPool) -> None:
        with pytest.raises(TimeoutError):
            await exchange(pool, 0.15)

    run(answer, work)


def test_a_shorter_timeout_holds_on_a_connection_that_was_used_with_a_longer_one(run: Run) -> None:
    answers = iter([REPLY])

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(next(answers, b""))

    async def work(pool: AsyncioPool) -> None:
        assert await exchange(pool) == BODY
        with pytest.raises(TimeoutError):
            await exchange(pool, 0.05)

    run(answer, work)


def test_replies_over_one_connection_leave_no_reference_cycles(run: Run) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(REPLY)

    async def work(pool: AsyncioPool) -> None:
        await exchange(pool)
        gc.disable()
        try:
            reader = BodyReader(Policy())
            await pool.exchange("POST", "/v1", OutgoingRequest(b"{}"), 600, reader)
            freed = weakref.ref(reader)
            del reader
            assert freed() is None
        finally:
            gc.enable()

    run(answer, work)


def test_a_reply_larger_than_the_buffer_of_a_connection_is_read_whole(run: Run) -> None:
    body = bytes(range(256)) * 2_000

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))

    async def work(pool: AsyncioPool) -> None:
        assert [await exchange(pool) for n in range(2)] == [body, body]

    run(answer, work)


def test_a_connection_on_which_the_server_sends_unasked_is_not_used_again(run: Run) -> None:
    ports = set[int]()

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ports.add(writer.get_extra_info("peername")[1])
        writer.write(REPLY)
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")

    async def work(pool: AsyncioPool) -> None:
        for _ in range(3):
            assert await exchange(pool) == BODY
            await asyncio.sleep(0.05)

    run(answer, work)
    assert len(ports) == 3


def test_a_stream_that_is_read_slowly_does_not_fill_the_memory(run: Run) -> None:
    sent_bytes = [0]
    part = b"x" * 2**16

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (len(part) * 1000))
        for _ in range(1000):
            writer.write(part)
            await writer.drain()
            sent_bytes[0] += len(part)

    async def work(pool: AsyncioPool) -> tuple[int, int]:
        async with pool.open("POST", "/v1", OutgoingRequest(b"{}"), 600) as (_, _, chunks):
            size = len(await anext(chunks))
            await asyncio.sleep(0.2)
            ahead = sent_bytes[0] - size
            async for chunk in chunks:
                assert len(chunk) <= 2 * MAX_BUFFERED_BYTES
                size += len(chunk)
        return ahead, size

    ahead, size = run(answer, work)
    assert ahead < 2**24  # the sockets of the system buffer a few megabytes
    assert size == 1000 * len(part)


def test_a_reader_that_leaves_a_stream_leaves_its_connection_to_nobody(run: Run) -> None:
    ports = list[int]()

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ports.append(writer.get_extra_info("peername")[1])
        writer.write(REPLY[:60] if len(ports) == 1 else REPLY)

    async def work(pool: AsyncioPool) -> None:
        async with pool.open("POST", "/v1", OutgoingRequest(b"{}"), 600) as (_, _, chunks):
            await anext(chunks)
        assert await exchange(pool) == BODY
        async with pool.open("POST", "/v1", OutgoingRequest(b"{}"), 600) as (_, _, chunks):
            assert b"".join([chunk async for chunk in chunks]) == BODY

    run(answer, work)
    assert ports[0] != ports[1] == ports[2]


def test_a_pool_that_is_closed_ends_its_requests_and_can_be_used_again(run: Run) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting.set()
        if not released.is_set():
            await released.wait()
        writer.write(REPLY)

    async def work(pool: AsyncioPool) -> None:
        request = asyncio.create_task(exchange(pool))
        await waiting.wait()
        await pool.close()
        with pytest.raises(ConnectionError):
            await request
        released.set()
        assert await exchange(pool) == BODY

    waiting, released = asyncio.Event(), asyncio.Event()
    run(answer, work)
