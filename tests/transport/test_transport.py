"""Replies that are too large, slow, interrupted or malformed, over real sockets, sync and async."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import os
import re
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
NO_RETRIES = structkit.Policy(retries=0, timeout=600)
UNREPORTED = structkit.Usage(unreported=1)
COMPLETION = json.dumps(completion('{"value": 3}')).encode()
Connect = Callable[..., Any]


class ScriptedServer:
    """A server on loopback that answers by a script, byte by byte; it records the head of every request."""

    def __init__(self, script: Callable[[socket.socket, threading.Event], None]) -> None:
        self.heads: list[bytes] = []
        self.closing = threading.Event()
        self._script = script
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            with suppress(OSError):
                connection, _ = self._listening.accept()
                if self.closing.is_set():
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
            self._script(connection, self.closing)

    def close(self) -> None:
        self.closing.set()
        socket.create_connection(("127.0.0.1", self.port)).close()
        for thread in self._threads:
            thread.join()
        self._listening.close()


@contextmanager
def scripted_server(script: bytes | Callable[[socket.socket, threading.Event], None]) -> Iterator[ScriptedServer]:
    server = ScriptedServer(script if callable(script) else lambda connection, closing: connection.sendall(script))
    try:
        yield server
    finally:
        server.close()


def head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", "content-type: application/json", *lines, "", ""]).encode()


def endless(status: str = "200 OK", encoding: str = "identity", chunk: bytes = b" " * 65536) -> Callable[..., None]:
    """Send a body without an end, in chunks."""

    def script(connection: socket.socket, closing: threading.Event) -> None:
        connection.sendall(head("transfer-encoding: chunked", f"content-encoding: {encoding}", status=status))
        prefix = zlib.compressobj(9, zlib.DEFLATED, 31).flush(zlib.Z_FULL_FLUSH) if encoding == "gzip" else b""
        while not closing.is_set():
            for part in (prefix, chunk):
                connection.sendall(b"%x\r\n%s\r\n" % (len(part), part) if part else b"")
            prefix = b""

    return script


def compressed_zeros(megabytes: int) -> bytes:
    """Return a part of a gzip stream: a thousand bytes for each megabyte."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (compressor.compress(bytes(2**20)) + compressor.flush(zlib.Z_FULL_FLUSH)) * megabytes


TOO_LARGE = {
    "without end": endless(),
    "error without end": endless("500 Internal Server Error"),
    "redirect without end": endless("307 Temporary Redirect"),
    "bomb": endless(encoding="gzip", chunk=compressed_zeros(60)),
    "announced": head("content-length: 104857600"),
}


@pytest.mark.parametrize("script", TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_a_reply_that_is_too_large_is_malformed_and_not_retried(connect: Connect, script: Any) -> None:
    with scripted_server(script) as server:
        with pytest.raises(structkit.MalformedReply, match=r"33554432 bytes.*Policy\(reply_bytes") as caught:
            connect(server.base_url).extract(int, "x")
        assert len(server.heads) == 1
    assert not caught.value.retryable
    assert caught.value.usage == UNREPORTED


def test_a_huge_content_length_is_rejected_before_the_body_arrives(connect: Connect) -> None:
    expected_error = pytest.raises(
        (structkit.MalformedReply, structkit.ConnectionFailed), match=r"9999999|33554432|Length overflow"
    )
    with scripted_server(head(f"content-length: {'9' * 20}")) as server, expected_error as caught:
        connect(server.base_url, policy=NO_RETRIES).extract(int, "x")
    assert caught.value.usage == UNREPORTED


def test_the_policys_limit_applies_to_decompressed_bytes(connect: Connect) -> None:
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    compressed = compressor.compress(COMPLETION + b" " * 100_000) + compressor.flush()
    with Endpoint(Reply(compressed, headers={"content-encoding": "gzip"})) as endpoint:
        exact_policy = structkit.Policy(reply_bytes=len(COMPLETION) + 100_000)
        assert connect(endpoint.base_url, policy=exact_policy).extract(int, "x") == 3
        with pytest.raises(structkit.MalformedReply, match="200 with more than"):
            connect(endpoint.base_url, policy=structkit.Policy(reply_bytes=50_000)).extract(int, "x")


BOMB_CLIENT = """
import asyncio, resource, sys, structkit, openai
url, kind = sys.argv[1:]
def ask():
    if kind.startswith("sync"):
        settings = {"client": openai.OpenAI(base_url=url, api_key="k")} if kind == "sync-sdk" else {"base_url": url}
        return structkit.Client("m", **settings).extract(int, "x")
    settings = {"client": openai.AsyncOpenAI(base_url=url, api_key="k")} if kind == "async-sdk" else {"base_url": url}
    return asyncio.run(structkit.AsyncClient("m", **settings).extract(int, "x"))
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
def test_a_small_body_that_expands_to_gigabytes_is_never_in_memory(kind: str, status: str) -> None:
    with scripted_server(endless(status, "gzip", compressed_zeros(60))) as server:
        python = [sys.executable, "-c", BOMB_CLIENT, server.base_url, kind]
        run = subprocess.run(python, capture_output=True, text=True, timeout=600, check=True, env={**os.environ})
    assert int(run.stdout) < 80 * 1024, "KiB above the peak before: the limit of 32 MiB, and what sockets need"


WITHOUT_END = {
    "interim replies": (b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 500),
    "hints": (b"", b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n" * 500),
    "trailers": (head("transfer-encoding: chunked") + b"0\r\n", b"x: y\r\n" * 500),
}


@pytest.mark.parametrize(("start", "repeated"), WITHOUT_END.values(), ids=WITHOUT_END.keys())
def test_interim_replies_and_trailers_have_a_limit(calls: Any, start: bytes, repeated: bytes) -> None:
    def script(connection: socket.socket, closing: threading.Event) -> None:
        connection.sendall(start)
        while not closing.is_set():
            connection.sendall(repeated)

    with scripted_server(script) as server, pytest.raises(structkit.ConnectionFailed, match="262144 bytes of headers"):
        calls(server.base_url, int, policy=NO_RETRIES)


def send_slowly(start: bytes, chunk: bytes) -> Callable[..., None]:
    def script(connection: socket.socket, closing: threading.Event) -> None:
        connection.sendall(start)
        while not closing.wait(0.005):
            connection.sendall(chunk)

    return script


@pytest.mark.parametrize("status", ["200 OK", "503 Service Unavailable"])
def test_an_endless_slow_body_is_interrupted_at_the_deadline(connect: Connect, status: str) -> None:
    slow_script = send_slowly(head("transfer-encoding: chunked", status=status), b"1\r\n \r\n")
    policy = structkit.Policy(deadline=0.2, retries=1, wait_initial=0.001)
    with scripted_server(slow_script) as server:
        with pytest.raises(structkit.RequestTimeout) as caught:
            connect(server.base_url, policy=policy).extract(int, "x")
        assert len(server.heads) == 2, "each attempt has its own deadline"
    assert caught.value.retryable
    assert caught.value.usage == structkit.Usage(unreported=2)


@pytest.mark.parametrize(
    ("start", "chunk"),
    [(b"HTTP/1.1 200 OK\r\nx-slow: ", b"."), (head("transfer-encoding: chunked"), b"0")],
    ids=["head", "size of a chunk"],
)
def test_an_endless_slow_line_is_interrupted_at_the_deadline(calls: Any, start: bytes, chunk: bytes) -> None:
    policy = structkit.Policy(deadline=0.3, retries=0)
    with scripted_server(send_slowly(start, chunk)) as server, pytest.raises(structkit.RequestTimeout):
        calls(server.base_url, int, policy=policy)


def test_silence_is_interrupted_at_the_deadline_before_a_longer_timeout(connect: Connect) -> None:
    with scripted_server(lambda connection, closing: closing.wait()) as server, pytest.raises(structkit.RequestTimeout):
        connect(server.base_url, policy=structkit.Policy(deadline=0.2, timeout=600, retries=0)).extract(int, "x")


def test_a_reply_that_stalls_is_a_timeout_that_may_be_billed(connect: Connect) -> None:
    def script(connection: socket.socket, closing: threading.Event) -> None:
        connection.sendall(head(f"content-length: {len(COMPLETION)}") + COMPLETION[:20])
        closing.wait()

    with (
        scripted_server(script) as server,
        pytest.raises(
            structkit.RequestTimeout,
            match=r"127.0.0.1.* did not answer within .* s; raise Policy\((timeout|deadline)=...",
        ) as caught,
    ):
        connect(server.base_url, policy=structkit.Policy(timeout=0.2, retries=0)).extract(int, "x")
    assert caught.value.usage == UNREPORTED


def test_a_reply_within_its_deadline_is_read(connect: Connect) -> None:
    with Endpoint('{"value": 3}') as endpoint:
        assert connect(endpoint.base_url, policy=structkit.Policy(deadline=30)).extract(int, "x") == 3


@pytest.mark.skipif(sys.platform != "linux", reason="a full backlog drops connections on Linux only")
def test_an_unreachable_address_is_a_failed_connection_and_costs_nothing(connect: Connect) -> None:
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        policy = structkit.Policy(timeout=0.2, retries=0)
        with pytest.raises(structkit.ConnectionFailed, match=r"no connection to 127\.0\.0\.1 within") as caught:
            connect(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", policy=policy).extract(int, "x")
    assert caught.value.retryable
    assert caught.value.usage == structkit.Usage()


def reset(connection: socket.socket, closing: threading.Event) -> None:
    connection.sendall(head(f"content-length: {len(COMPLETION)}") + COMPLETION[:20])
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


INTERRUPTED = {
    "reset in the body": reset,
    "closed before the head": b"",
    "closed in the head": b"HTTP/1.1 200 OK\r\ncontent-ty",
    "shorter than announced": head("content-length: 9999") + COMPLETION,
    "chunks without the last": head("transfer-encoding: chunked") + b"%x\r\n%s\r\n" % (len(COMPLETION), COMPLETION),
    "no HTTP": b"220 mail.example ESMTP\r\n\r\n",
}


@pytest.mark.parametrize("script", INTERRUPTED.values(), ids=INTERRUPTED.keys())
def test_an_interrupted_reply_is_a_failed_connection_that_may_be_billed(connect: Connect, script: Any) -> None:
    with (
        scripted_server(script) as server,
        pytest.raises(structkit.ConnectionFailed, match="was lost before") as caught,
    ):
        connect(server.base_url, policy=NO_RETRIES).extract(int, "x")
    assert caught.value.retryable
    assert caught.value.usage == UNREPORTED
    assert server.port, caught.value


@pytest.mark.parametrize("lines", [["connection: close"], [], ["content-type: application/json"]])
def test_an_empty_reply_that_ends_with_its_connection_is_malformed(connect: Connect, lines: list[str]) -> None:
    with (
        scripted_server(head(*lines)) as server,
        pytest.raises(structkit.MalformedReply, match="200 with no JSON: ''") as caught,
    ):
        connect(server.base_url, policy=NO_RETRIES).extract(int, "x")
    assert (caught.value.retryable, caught.value.usage) == (True, UNREPORTED)


@pytest.mark.parametrize("script", [b"", b"HTTP/1.1 200 Conn"], ids=["at once", "in its reply"])
def test_a_proxy_that_closes_before_there_is_a_tunnel_costs_nothing(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, script: bytes
) -> None:
    with scripted_server(script) as server:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.port}")
        with pytest.raises(structkit.ConnectionFailed, match=r"no connection to gateway\.invalid through") as caught:
            connect("https://gateway.invalid/v1", policy=NO_RETRIES).extract(int, "x")
    assert (caught.value.retryable, caught.value.usage) == (True, structkit.Usage())
    assert server.heads[0].startswith(b"CONNECT gateway.invalid:443")


def test_a_proxy_that_opens_no_tunnel_in_time_costs_nothing(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{listener.getsockname()[1]}")
        policy = structkit.Policy(retries=0, timeout=0.2)
        with pytest.raises(structkit.ConnectionFailed, match=r"no connection to gateway\.invalid through") as caught:
            connect("https://gateway.invalid/v1", policy=policy).extract(int, "x")
    assert caught.value.usage == structkit.Usage()


CUT_ERRORS = {
    "shorter than announced": head("content-length: 99", "retry-after: 9", status="429 Slow") + b'{"error": "slow',
    "chunks without the last": head("transfer-encoding: chunked", status="401 Unauthorized") + b"5\r\nwrong\r\n",
    "not compressed": head("content-encoding: gzip", "content-length: 2", status="503 Busy") + b"no",
}


@pytest.mark.parametrize("script", CUT_ERRORS.values(), ids=CUT_ERRORS.keys())
def test_an_error_whose_body_breaks_off_has_its_status_and_costs_nothing(connect: Connect, script: Any) -> None:
    with scripted_server(script) as server, pytest.raises(structkit.StatusError) as caught:
        connect(server.base_url, policy=NO_RETRIES).extract(int, "x")
    error = caught.value
    expected: dict[int, Any] = {429: (9.0, "slow"), 401: (None, "wrong.*check the API key"), 503: (None, "503")}
    wait, message = expected[error.status_code]
    assert (error.retry_after, error.retryable, error.usage) == (wait, True, structkit.Usage())
    assert re.search(message, str(error))


def test_a_reply_that_cannot_be_decompressed_is_malformed(connect: Connect) -> None:
    with Endpoint(Reply(COMPLETION, headers={"content-encoding": "gzip"})) as endpoint:
        with pytest.raises(structkit.MalformedReply, match="decompressed") as caught:
            connect(endpoint.base_url).extract(int, "x")
        assert len(endpoint.requests) == 2
    assert caught.value.usage.unreported == 2


@pytest.mark.parametrize("kind", ["text/html", "application/octet-stream", "nonsense", ""])
def test_json_is_read_with_any_content_type(connect: Connect, kind: str) -> None:
    with Endpoint(Reply(COMPLETION, headers={"content-type": kind})) as endpoint:
        assert connect(endpoint.base_url).extract(int, "x") == 3


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_with_the_key(connect: Connect, status: int) -> None:
    with scripted_server(head() + COMPLETION) as other_server:
        location = f"http://localhost:{other_server.port}/v1/chat/completions"
        with Endpoint(Reply("", status=status, headers={"location": location})) as endpoint:
            with pytest.raises(structkit.StatusError, match=f"localhost:{other_server.port}.*not followed") as caught:
                connect(endpoint.base_url).extract(int, "x")
            assert len(endpoint.requests) == 1
        assert other_server.heads == []
    assert caught.value.status_code == status


STREAM = b"".join(
    b"data: %b\n\n" % json.dumps({"choices": [{"index": 0, **fields}]}).encode()
    for fields in ({"delta": {"content": '{"value": 3}'}}, {"delta": {}, "finish_reason": "stop"})
)


@pytest.mark.parametrize(
    "end",
    [b"data: [DONE]\n\n", b"data:[DONE]\r\n", b"data: [DONE]\n: more\n\n", b"data:  [done] \n\n", b"data: [DONE]"],
)
@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "gzip"])
def test_a_stream_that_nobody_asked_for_is_complete_at_its_last_event(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, end: bytes, is_packed: bool
) -> None:
    monkeypatch.setattr("structkit.transport.reply_body.MAX_LINGER_S", 0.05)
    coding = zlib.compressobj(wbits=31)
    body = coding.compress(STREAM + end) + coding.flush(zlib.Z_SYNC_FLUSH) if is_packed else STREAM + end

    def hold(connection: socket.socket, closing: threading.Event) -> None:
        packing = ["content-encoding: gzip"] * is_packed
        connection.sendall(head("content-type: text/event-stream", *packing) + body[:-3])
        connection.sendall(body[-3:])
        closing.wait(600)

    with scripted_server(hold) as server:
        result = connect(server.base_url, policy=NO_RETRIES).run(int, "How many?")
    assert (result.value, len(server.heads)) == (3, 1)


def test_an_unfinished_stream_that_nobody_asked_for_is_never_an_answer(connect: Connect) -> None:
    text = STREAM.replace(b'"finish_reason": "stop"', b'"x": "s: data: [DONE]"') + b'data: "data: [DONE]"\n\n'
    policy = structkit.Policy(retries=0, timeout=0.2)
    with (
        scripted_server(lambda connection, closing: (connection.sendall(head() + text), closing.wait(600))) as server,
        pytest.raises(structkit.RequestTimeout),
    ):
        connect(server.base_url, policy=policy).run(int, "How many?")


def test_a_redirect_is_not_followed_with_azures_key() -> None:
    with scripted_server(head() + COMPLETION) as other_server:
        redirect = Reply("", status=307, headers={"location": f"http://localhost:{other_server.port}/"})
        with Endpoint(redirect) as endpoint:
            azure = openai.AzureOpenAI(azure_endpoint=endpoint.base_url, api_key=KEY, api_version="2024-10-21")
            with pytest.raises(structkit.StatusError, match="not followed"):
                structkit.Client("deployed", client=azure).extract(int, "x")
        assert other_server.heads == []


def test_the_models_list_has_a_size_limit_and_follows_no_redirect(connect: Connect) -> None:
    with scripted_server(endless()) as server, pytest.raises(structkit.MalformedReply, match="more than"):
        connect(server.base_url).models()
    with (
        scripted_server(head("location: http://localhost/", status="308 Moved")) as server,
        pytest.raises(structkit.StatusError),
    ):
        connect(server.base_url).models()


@pytest.mark.parametrize(
    "setting", [{"deadline": 0}, {"deadline": -1.0}, {"deadline": float("nan")}, {"reply_bytes": 0}]
)
def test_limits_that_make_no_sense_raise(setting: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(setting))):
        structkit.Policy(**setting)


def test_a_callers_client_is_not_changed() -> None:
    with Endpoint('{"value": 3}') as endpoint:
        openai_client = openai.OpenAI(base_url=endpoint.base_url, api_key=KEY, max_retries=1)
        assert structkit.Client("m", client=openai_client).extract(int, "x") == 3
        assert (
            openai_client.chat.completions.create(model="m", messages=[]).choices[0].message.content == '{"value": 3}'
        )
        assert openai_client.max_retries == 1


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted there")
def test_finished_event_loops_leave_no_open_connections() -> None:
    def open_files() -> int:
        gc.collect()
        return len([*Path("/proc/self/fd").iterdir()])

    with Endpoint('{"value": 3}') as endpoint:
        client = structkit.AsyncClient("m", base_url=endpoint.base_url)
        asyncio.run(client.extract(int, "x"))
        max_files = open_files() + 2  # the other end of a connection is the server's, which lags
        for _ in range(5):
            asyncio.run(client.extract(int, "x"))
        for _ in range(200):
            if open_files() <= max_files:
                break
            threading.Event().wait(0.05)
        assert open_files() <= max_files


def test_a_completion_with_status_201_is_accepted(connect) -> None:
    with Endpoint(Reply(json.dumps(completion('{"value": 3}')), status=201)) as endpoint:
        assert connect(endpoint.base_url).extract(int, "How many?") == 3
        assert len(endpoint.requests) == 1


def test_a_gzip_body_of_several_members_is_read_whole(connect: Connect) -> None:
    body = gzip.compress(COMPLETION[:20]) + gzip.compress(COMPLETION[20:]) + bytes(512)
    with Endpoint(Reply(body, headers={"content-encoding": "gzip"})) as endpoint:
        assert connect(endpoint.base_url).extract(int, "How many?") == 3
        assert len(endpoint.requests) == 1


@pytest.mark.parametrize("broken", [b"zz\r\nhello\r\n0\r\n\r\n", b"5\r\nhelloXX0\r\n\r\n"], ids=["no size", "no end"])
def test_a_malformed_chunk_ends_the_reply_in_time(connect: Connect, broken: bytes) -> None:
    def script(connection: socket.socket, closing: threading.Event) -> None:
        connection.sendall(b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"cho\r\n')
        closing.wait(0.2)
        with suppress(OSError):
            connection.sendall(broken)

    with scripted_server(script) as server, pytest.raises(structkit.TransportError):
        connect(server.base_url, policy=structkit.Policy(retries=0, timeout=0.5)).extract(int, "How many?")
