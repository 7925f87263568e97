"""What endpoints and networks do to a reply, over real sockets, blocking and awaited."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import openai
import pytest

import structkit
from structkit.testing import Endpoint, Reply, completion

KEY = "sk-test-hunter2-hunter2"
ONCE = structkit.Policy(retries=0, timeout=30)
UNKNOWN = structkit.Usage(unreported=1)
WHOLE = json.dumps(completion('{"value": 3}')).encode()
Connect = Callable[..., Any]


class Wire:
    """A server on loopback that says what it is told, byte by byte; every request's head is kept."""

    def __init__(self, say: Callable[[socket.socket, threading.Event], None]) -> None:
        self.heads: list[bytes] = []
        self.over = threading.Event()
        self._say = say
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            with suppress(OSError):
                connection, _ = self._listening.accept()
                if self.over.is_set():
                    return connection.close()
                self._threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
                self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            received = b""
            while b"\r\n\r\n" not in received:
                received += connection.recv(65536)
            head, _, body = received.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or b"0")
            while len(body) < length:
                body += connection.recv(65536)
            self.heads.append(head)
            self._say(connection, self.over)

    def close(self) -> None:
        self.over.set()
        socket.create_connection(("127.0.0.1", self.port)).close()
        for thread in self._threads:
            thread.join()
        self._listening.close()


@contextmanager
def wire(say: bytes | Callable[[socket.socket, threading.Event], None]) -> Iterator[Wire]:
    server = Wire(say if callable(say) else lambda connection, over: connection.sendall(say))
    try:
        yield server
    finally:
        server.close()


def head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", "content-type: application/json", *lines, "", ""]).encode()


def endless(status: str = "200 OK", encoding: str = "identity", piece: bytes = b" " * 65536) -> Callable[..., None]:
    """A body without an end, in chunks."""

    def say(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(head("transfer-encoding: chunked", f"content-encoding: {encoding}", status=status))
        opening = zlib.compressobj(9, zlib.DEFLATED, 31).flush(zlib.Z_FULL_FLUSH) if encoding == "gzip" else b""
        while not over.is_set():
            for part in (opening, piece):
                connection.sendall(b"%x\r\n%s\r\n" % (len(part), part) if part else b"")
            opening = b""

    return say


def packed_zeros(megabytes: int) -> bytes:
    """A piece of a gzip stream: a thousand bytes to the megabyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)) * megabytes


TOO_LONG = {
    "without end": endless(),
    "error without end": endless("500 Internal Server Error"),
    "redirect without end": endless("307 Temporary Redirect"),
    "bomb": endless(encoding="gzip", piece=packed_zeros(60)),
    "announced": head("content-length: 104857600"),
}


@pytest.mark.parametrize("say", TOO_LONG.values(), ids=TOO_LONG.keys())
def test_a_reply_beyond_the_limit_is_refused_and_counted_and_not_asked_for_again(connect: Connect, say: Any) -> None:
    with wire(say) as server:
        with pytest.raises(structkit.MalformedReply, match=r"33554432 bytes.*Policy\(reply_bytes") as caught:
            connect(server.base_url).extract(int, "x")
        assert len(server.heads) == 1
    assert not caught.value.retryable
    assert caught.value.usage == UNKNOWN


def test_a_length_that_is_beyond_all_numbers_is_refused_without_a_wait_for_the_body(connect: Connect) -> None:
    refused = pytest.raises((structkit.MalformedReply, structkit.ConnectionFailed), match=r"9999999|33554432")
    with wire(head(f"content-length: {'9' * 20}")) as server, refused as caught:
        connect(server.base_url, policy=ONCE).extract(int, "x")
    assert caught.value.usage == UNKNOWN


def test_the_limit_is_the_policys_and_counts_what_is_unpacked(connect: Connect) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = packer.compress(WHOLE + b" " * 100_000) + packer.flush()
    with Endpoint(Reply(packed, headers={"content-encoding": "gzip"})) as endpoint:
        fits = structkit.Policy(reply_bytes=len(WHOLE) + 100_000)
        assert connect(endpoint.base_url, policy=fits).extract(int, "x") == 3
        with pytest.raises(structkit.MalformedReply, match="200 with more than"):
            connect(endpoint.base_url, policy=structkit.Policy(reply_bytes=50_000)).extract(int, "x")


BOMBED = """
import asyncio, resource, sys, structkit, openai, aiohttp
url, kind = sys.argv[1:]
def ask():
    if kind.startswith("sync"):
        given = {"client": openai.OpenAI(base_url=url, api_key="k")} if kind == "sync-sdk" else {"base_url": url}
        return structkit.Client("m", **given).extract(int, "x")
    given = {"client": openai.AsyncOpenAI(base_url=url, api_key="k")} if kind == "async-sdk" else {"base_url": url}
    return asyncio.run(structkit.AsyncClient("m", **given).extract(int, "x"))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1 if sys.platform == "linux" else 1024)
before = peak()
try:
    ask()
except structkit.MalformedReply:
    print(peak() - before)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="peak memory is read with getrusage")
@pytest.mark.parametrize("kind", ["sync", "async", "sync-sdk", "async-sdk"])
@pytest.mark.parametrize("status", ["200 OK", "500 Internal Server Error"])
def test_a_small_body_that_unpacks_to_gigabytes_is_never_held(kind: str, status: str) -> None:
    with wire(endless(status, "gzip", packed_zeros(60))) as server:
        python = [sys.executable, "-c", BOMBED, server.base_url, kind]
        run = subprocess.run(python, capture_output=True, text=True, timeout=60, check=True, env={**os.environ})
    assert int(run.stdout) < 80 * 1024, "KiB above the peak before: the limit of 32 MiB, and what sockets need"


def drip(first: bytes, drop: bytes) -> Callable[..., None]:
    def say(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(first)
        while not over.wait(0.005):
            connection.sendall(drop)

    return say


@pytest.mark.parametrize("status", ["200 OK", "503 Service Unavailable"])
def test_a_reply_that_drips_without_end_is_cut_off_at_the_deadline(connect: Connect, status: str) -> None:
    dripping = drip(head("transfer-encoding: chunked", status=status), b"1\r\n \r\n")
    policy = structkit.Policy(deadline=0.2, retries=1, wait_initial=0.001)
    with wire(dripping) as server:
        with pytest.raises(structkit.RequestTimeout) as caught:
            connect(server.base_url, policy=policy).extract(int, "x")
        assert len(server.heads) == 2, "each try has a deadline of its own"
    assert caught.value.retryable
    assert caught.value.usage == structkit.Usage(unreported=2)


@pytest.mark.parametrize(
    ("first", "drop"),
    [(b"HTTP/1.1 200 OK\r\nx-slow: ", b"."), (head("transfer-encoding: chunked"), b"0")],
    ids=["head", "size of a chunk"],
)
def test_a_line_that_drips_without_end_is_cut_off_at_the_deadline(calls: Any, first: bytes, drop: bytes) -> None:
    policy = structkit.Policy(deadline=0.3, retries=0)
    with wire(drip(first, drop)) as server, pytest.raises(structkit.RequestTimeout):
        calls(server.base_url, int, policy=policy)


def test_silence_ends_at_the_deadline_though_the_timeout_is_longer(connect: Connect) -> None:
    with wire(lambda connection, over: over.wait()) as server, pytest.raises(structkit.RequestTimeout):
        connect(server.base_url, policy=structkit.Policy(deadline=0.2, timeout=600, retries=0)).extract(int, "x")


def test_a_reply_that_stops_in_the_middle_is_a_timeout_that_may_be_billed(connect: Connect) -> None:
    def say(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(head(f"content-length: {len(WHOLE)}") + WHOLE[:20])
        over.wait()

    with wire(say) as server, pytest.raises(structkit.RequestTimeout, match="did not answer in time") as caught:
        connect(server.base_url, policy=structkit.Policy(timeout=0.2, retries=0)).extract(int, "x")
    assert caught.value.usage == UNKNOWN


def test_a_reply_within_its_deadline_is_read(connect: Connect) -> None:
    with Endpoint('{"value": 3}') as endpoint:
        assert connect(endpoint.base_url, policy=structkit.Policy(deadline=30)).extract(int, "x") == 3


@pytest.mark.skipif(
    sys.platform != "linux", reason="a full backlog drops connections there, and refuses them elsewhere"
)
def test_an_address_that_does_not_answer_is_no_connection_and_costs_nothing(connect: Connect) -> None:
    with socket.socket() as listening, socket.socket() as first, socket.socket() as second:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        policy = structkit.Policy(timeout=0.2, retries=0)
        with pytest.raises(structkit.ConnectionFailed, match=r"no connection to 127\.0\.0\.1 within") as caught:
            connect(f"http://127.0.0.1:{listening.getsockname()[1]}/v1", policy=policy).extract(int, "x")
    assert caught.value.retryable
    assert caught.value.usage == structkit.Usage()


def reset(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(head(f"content-length: {len(WHOLE)}") + WHOLE[:20])
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


BREAKS = {
    "reset in the body": reset,
    "closed before the head": b"",
    "closed in the head": b"HTTP/1.1 200 OK\r\ncontent-ty",
    "shorter than announced": head("content-length: 9999") + WHOLE,
    "chunks without the last": head("transfer-encoding: chunked") + b"%x\r\n%s\r\n" % (len(WHOLE), WHOLE),
    "no HTTP": b"220 mail.example ESMTP\r\n\r\n",
}


@pytest.mark.parametrize("say", BREAKS.values(), ids=BREAKS.keys())
def test_a_reply_that_breaks_off_is_never_read_and_may_have_been_billed(connect: Connect, say: Any) -> None:
    with wire(say) as server, pytest.raises(structkit.ConnectionFailed, match="was lost before") as caught:
        connect(server.base_url, policy=ONCE).extract(int, "x")
    assert caught.value.retryable
    assert caught.value.usage == UNKNOWN
    assert server.port, caught.value


def test_a_reply_that_cannot_be_unpacked_is_malformed(connect: Connect) -> None:
    with Endpoint(Reply(WHOLE, headers={"content-encoding": "gzip"})) as endpoint:
        with pytest.raises(structkit.MalformedReply, match="decompressed") as caught:
            connect(endpoint.base_url).extract(int, "x")
        assert len(endpoint.requests) == 2
    assert caught.value.usage.unreported == 2


@pytest.mark.parametrize("kind", ["text/html", "application/octet-stream", "nonsense", ""])
def test_good_json_is_read_whatever_its_content_type(connect: Connect, kind: str) -> None:
    with Endpoint(Reply(WHOLE, headers={"content-type": kind})) as endpoint:
        assert connect(endpoint.base_url).extract(int, "x") == 3


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_the_key_goes_nowhere(connect: Connect, status: int) -> None:
    with wire(head() + WHOLE) as elsewhere:
        where = f"http://localhost:{elsewhere.port}/v1/chat/completions"
        with Endpoint(Reply("", status=status, headers={"location": where})) as endpoint:
            with pytest.raises(structkit.StatusError, match=f"localhost:{elsewhere.port}.*not followed") as caught:
                connect(endpoint.base_url).extract(int, "x")
            assert len(endpoint.requests) == 1
        assert elsewhere.heads == []
    assert caught.value.status_code == status


def test_azures_key_follows_no_redirect_either() -> None:
    with wire(head() + WHOLE) as elsewhere:
        away = Reply("", status=307, headers={"location": f"http://localhost:{elsewhere.port}/"})
        with Endpoint(away) as endpoint:
            azure = openai.AzureOpenAI(azure_endpoint=endpoint.base_url, api_key=KEY, api_version="2024-10-21")
            with pytest.raises(structkit.StatusError, match="not followed"):
                structkit.Client("deployed", client=azure).extract(int, "x")
        assert elsewhere.heads == []


def test_the_models_list_is_bounded_and_follows_no_redirect(connect: Connect) -> None:
    with wire(endless()) as server, pytest.raises(structkit.MalformedReply, match="more than"):
        connect(server.base_url).models()
    with wire(head("location: http://localhost/", status="308 Moved")) as server, pytest.raises(structkit.StatusError):
        connect(server.base_url).models()


@pytest.mark.parametrize("wrong", [{"deadline": 0}, {"deadline": -1.0}, {"deadline": float("nan")}, {"reply_bytes": 0}])
def test_bounds_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        structkit.Policy(**wrong)


def test_a_clients_own_http_stays_as_it_was() -> None:
    with Endpoint('{"value": 3}') as endpoint:
        own = openai.OpenAI(base_url=endpoint.base_url, api_key=KEY, max_retries=1)
        assert structkit.Client("m", client=own).extract(int, "x") == 3
        assert own.chat.completions.create(model="m", messages=[]).choices[0].message.content == '{"value": 3}'
        assert own.max_retries == 1


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted there")
def test_event_loops_that_are_gone_leave_no_connections_behind() -> None:
    def open_files() -> int:
        gc.collect()
        return len([*Path("/proc/self/fd").iterdir()])

    with Endpoint('{"value": 3}') as endpoint:
        client = structkit.AsyncClient("m", base_url=endpoint.base_url)
        asyncio.run(client.extract(int, "x"))
        most = open_files() + 2  # the other end of a connection is the server's, which lags
        for _ in range(5):
            asyncio.run(client.extract(int, "x"))
        for _ in range(200):
            if open_files() <= most:
                break
            threading.Event().wait(0.05)
        assert open_files() <= most


def test_a_completion_that_comes_with_another_success_is_no_fault(connect) -> None:
    with Endpoint(Reply(json.dumps(completion('{"value": 3}')), status=201)) as endpoint:
        assert connect(endpoint.base_url).extract(int, "How many?") == 3
        assert len(endpoint.requests) == 1


@pytest.mark.parametrize("broken", [b"zz\r\nhello\r\n0\r\n\r\n", b"5\r\nhelloXX0\r\n\r\n"], ids=["no size", "no end"])
def test_a_chunk_that_is_none_ends_the_reply_in_time(connect: Connect, broken: bytes) -> None:
    def say(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"cho\r\n')
        over.wait(0.2)
        with suppress(OSError):
            connection.sendall(broken)

    with wire(say) as server, pytest.raises(structkit.TransportError):
        connect(server.base_url, policy=structkit.Policy(retries=0, timeout=0.5)).extract(int, "How many?")
