"""A server that closes an idle connection as it is reused: a new connection, no retry, no cost that is unknown."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import openai
import pytest

import structkit
from structkit.testing import completion

BODY = json.dumps(completion('{"value": 3}')).encode()
REPLY = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(BODY), BODY)


class ClosingServer:
    """A server that answers *replies* requests of a connection, reads one more, sends *last* and closes or resets it."""

    def __init__(self, replies: int, last: bytes = b"", *, resets: bool = False) -> None:
        self.replies, self.last, self.requests, self.resets = replies, last, 0, resets
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.base_url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/v1"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as file:
                for _ in range(self.replies):
                    if self._read(file):
                        connection.sendall(REPLY)
                if self._read(file):
                    connection.sendall(self.last)
                if self.resets:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _read(self, file: Any) -> bool:
        length = 0
        while (line := file.readline()) not in {b"\r\n", b""}:
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        self.requests += bool(line)
        return bool(line and file.read(length))


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[ClosingServer]:
    """Run the server."""
    server = ClosingServer(*request.param[:2], resets=len(request.param) > 2)
    with closing(server.listener):
        yield server


def over_sdk(kind: Any, base_url: str) -> dict[str, Any]:
    return {"client": kind(base_url=base_url, api_key="k")}


def directly(_: Any, base_url: str) -> dict[str, Any]:
    return {"base_url": base_url, "api_key": "k"}


@pytest.fixture(params=["sync", "async", "sync-httpx2", "async-httpx2", "sync-sdk", "async-sdk"])
def calls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Return a function that makes several calls in sequence with one client."""
    kind, _, library = request.param.partition("-")
    if library == "httpx2":
        for name in ("HTTP_CLIENT_PROXIES", "ASYNCIO_PROXIES"):
            monkeypatch.setattr(f"structkit.transport.http.pool.{name}", frozenset())
    settings = over_sdk if library == "sdk" else directly
    policy = structkit.Policy(retries=0)

    def run(base_url: str, times: int) -> list[Any]:
        with structkit.Client("m", **settings(openai.OpenAI, base_url), policy=policy) as client:
            return [client.run(int, "x") for _ in range(times)]

    async def run_async(base_url: str, times: int) -> list[Any]:
        async with structkit.AsyncClient("m", **settings(openai.AsyncOpenAI, base_url), policy=policy) as client:
            return [await client.run(int, "x") for _ in range(times)]

    return run if kind == "sync" else lambda *arguments: asyncio.run(run_async(*arguments))


@pytest.mark.parametrize("server", [(1,), (1, b"", "reset")], ids=["closed", "reset"], indirect=True)
def test_a_connection_closed_as_it_is_reused_is_replaced_without_a_retry(
    calls: Callable[..., list[Any]], server: ClosingServer
) -> None:
    results = calls(server.base_url, 3)
    assert [result.value for result in results] == [3, 3, 3]
    assert all(result.usage.unreported == 0 and result.attempts[0].retries == 0 for result in results)
    assert server.requests == 5


@pytest.mark.parametrize("server", [(1,), (1, b"", "reset")], ids=["closed", "reset"], indirect=True)
def test_a_request_that_may_have_been_answered_is_not_repeated_over_a_new_connection(
    calls: Callable[..., list[Any]], server: ClosingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("structkit.transport.exceptions.MAX_STALE_S", 0.0)
    with pytest.raises(structkit.ConnectionFailed, match=r"closed it after \d.\d s without a reply") as caught:
        calls(server.base_url, 2)
    assert "certificate" not in str(caught.value)
    assert (caught.value.usage.unreported, server.requests) == (1, 2)


@pytest.mark.parametrize("server", [(0,), (0, b"", "reset")], ids=["closed", "reset"], indirect=True)
def test_a_new_connection_closed_without_a_reply_is_an_error_of_unknown_cost(
    calls: Callable[..., list[Any]], server: ClosingServer
) -> None:
    with pytest.raises(structkit.ConnectionFailed) as caught:
        calls(server.base_url, 1)
    assert (caught.value.usage.unreported, server.requests) == (1, 1)


@pytest.mark.parametrize("server", [(1, b"HTTP/1.1 2"), (1, b"HTTP/1.1 200 OK\r\ncontent-le")], indirect=True)
def test_a_reused_connection_that_breaks_after_the_first_bytes_is_an_error(
    calls: Callable[..., list[Any]], server: ClosingServer
) -> None:
    with pytest.raises(structkit.TransportError):
        calls(server.base_url, 2)
    assert server.requests == 2
