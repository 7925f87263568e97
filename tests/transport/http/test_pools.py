"""What all HTTP libraries of the direct transports do: reuse and drop connections, open tunnels, decompress bodies."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

import structkit
from structkit.testing import Endpoint, Reply, completion
from structkit.transport.http.certificates import ssl_context

KEY = "sk-test-hunter2-hunter2"
NO_RETRIES = structkit.Policy(retries=0, timeout=600)
COMPLETION = json.dumps(completion('{"value": 3}')).encode()
Connect = Callable[..., Any]
Script = Callable[[int, int], bytes | None]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def http_reply(body: bytes = COMPLETION, *lines: str) -> bytes:
    head = ["HTTP/1.1 200 OK", "content-type: application/json", f"content-length: {len(body)}", *lines, "", ""]
    return "\r\n".join(head).encode() + body


class KeepAliveServer:
    """A server with keep-alive that answers with `script(connection number, request number in it)`.

    None closes the connection without a reply; bytes that end with `b"bye"` close it after them.
    """

    def __init__(
        self,
        script: Script,
        family: socket.AddressFamily = socket.AF_INET,
        *,
        resets: bool = False,
        split: int = 2**30,
    ) -> None:
        self.heads: list[bytes] = []
        self.connections = 0
        self.closed = threading.Semaphore(0)
        self._script, self._resets, self._split = script, resets, split
        address = ("::1" if family == socket.AF_INET6 else "127.0.0.1", 0)
        self._listening = socket.create_server(address, family=family, backlog=256)
        self.port = self._listening.getsockname()[1]
        host = "[::1]" if family == socket.AF_INET6 else "127.0.0.1"
        self.base_url = f"http://{host}:{self.port}/v1"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                number, self.connections = self.connections, self.connections + 1
                threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with connection, suppress(OSError, ValueError):
            for count in range(1000):
                self.heads.append(read_request(connection))
                reply = self._script(number, count)
                data = (reply or b"").removesuffix(b"bye")
                for at in range(0, len(data), self._split):
                    connection.sendall(data[at : at + self._split])
                if reply is None or reply.endswith(b"bye"):
                    break
            if self._resets:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.closed.release()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


def read_request(connection: socket.socket) -> bytes:
    """Read a request, and return its head."""
    got = b""
    while b"\r\n\r\n" not in got:
        chunk = connection.recv(65536)
        if not chunk:
            raise ValueError("the client has disconnected")
        got += chunk
    head, _, body = got.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or b"0")
    while len(body) < length:
        body += connection.recv(65536)
    return head


@contextmanager
def keep_alive_server(
    script: Script = lambda number, count: http_reply(), **settings: Any
) -> Iterator[KeepAliveServer]:
    server = KeepAliveServer(script, **settings)
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(params=["sync", "async"])
def run_calls(request: pytest.FixtureRequest) -> Callable[..., list[Any]]:
    """Run consecutive calls of one client; *between* is called between two of them."""

    def run(base_url: str, times: int, between: Callable[[], Any] = lambda: None, **call: Any) -> list[Any]:
        if request.param == "sync":
            with structkit.Client("m", base_url=base_url, api_key=KEY, **call) as client:
                return [(between() if n else None, client.run(int, "x"))[1] for n in range(times)]

        async def work() -> list[Any]:
            async with structkit.AsyncClient("m", base_url=base_url, api_key=KEY, **call) as client:
                results = []
                for n in range(times):
                    if n:
                        await asyncio.to_thread(between)
                    results.append(await client.run(int, "x"))
                return results

        return asyncio.run(work())

    return run


def test_consecutive_calls_share_a_connection(run_calls: Callable[..., list[Any]]) -> None:
    with keep_alive_server() as server:
        assert [result.value for result in run_calls(server.base_url, 5)] == [3] * 5
    assert (server.connections, len(server.heads)) == (1, 5)


@pytest.mark.parametrize("resets", [False, True], ids=["closed", "reset"])
def test_a_connection_closed_by_the_endpoint_is_replaced_without_a_retry(
    run_calls: Callable[..., list[Any]], resets: bool
) -> None:
    with keep_alive_server(lambda number, count: http_reply() + b"bye", resets=resets) as server:
        results = run_calls(server.base_url, 3, server.closed.acquire, policy=NO_RETRIES)
    assert [result.usage for result in results] == [results[0].usage] * 3
    assert (server.connections, len(server.heads)) == (3, 3)


@pytest.mark.parametrize(("closed_at", "retries"), [(0, 1), (1, 0)], ids=["new connection", "reused connection"])
def test_a_request_without_any_reply_is_a_counted_retry_except_on_a_reused_connection(
    run_calls: Callable[..., list[Any]], closed_at: int, retries: int
) -> None:
    def script(number: int, count: int) -> bytes | None:
        return http_reply() if (number, count) != (0, closed_at) else None

    with keep_alive_server(script) as server:
        results = run_calls(server.base_url, 2, policy=structkit.Policy(wait_initial=0.001))
    assert sum(result.attempts[0].retries for result in results) == retries
    assert sum(result.usage.unreported for result in results) == retries
    assert len(server.heads) == 3


def test_the_endpoint_may_close_the_connection_after_its_reply(run_calls: Callable[..., list[Any]]) -> None:
    with keep_alive_server(lambda number, count: http_reply(COMPLETION, "connection: close") + b"bye") as server:
        assert [result.value for result in run_calls(server.base_url, 3)] == [3, 3, 3]
    assert server.connections == 3


def test_a_body_may_end_when_the_connection_is_closed(run_calls: Callable[..., list[Any]]) -> None:
    with keep_alive_server(lambda number, count: b"HTTP/1.0 200 OK\r\n\r\n" + COMPLETION + b"bye") as server:
        assert [result.value for result in run_calls(server.base_url, 2)] == [3, 3]


def test_threads_share_a_client_and_each_gets_its_own_reply() -> None:
    def echo(body: Any) -> Reply:
        return Reply(completion(json.dumps({"value": int(body["messages"][-1]["content"])})))

    with Endpoint(echo) as endpoint, ThreadPoolExecutor(16) as pool:
        client = structkit.Client("m", base_url=endpoint.base_url)
        assert [*pool.map(lambda n: client.extract(int, str(n)), range(200))] == [*range(200)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_child_process_does_not_use_its_parents_connections() -> None:
    code = (
        "import os, sys, structkit\n"
        "client = structkit.Client('m', base_url=sys.argv[1])\n"
        "client.extract(int, 'x')\n"
        "child = os.fork()\n"
        "client.extract(int, 'x')\n"
        "os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) if child else 0)\n"
    )
    with keep_alive_server() as server:
        subprocess.run([sys.executable, "-c", code, server.base_url], check=True, timeout=600)
    assert (server.connections, len(server.heads)) == (2, 3)


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
def test_an_address_may_be_ipv6(run_calls: Callable[..., list[Any]]) -> None:
    with keep_alive_server(family=socket.AF_INET6) as server:
        assert run_calls(server.base_url, 1)[0].value == 3
    assert f"host: [::1]:{server.port}".encode() in server.heads[0].lower()


@pytest.mark.parametrize("status", ["100 Continue", "102 Processing", "103 Early Hints", "199 Anything"])
def test_interim_replies_are_skipped_and_the_connection_is_reused(
    run_calls: Callable[..., list[Any]], status: str
) -> None:
    interim = f"HTTP/1.1 {status}\r\nlink: </a.css>; rel=preload\r\n\r\n".encode()
    with keep_alive_server(lambda number, count: interim * 3 + http_reply()) as server:
        assert [result.value for result in run_calls(server.base_url, 3)] == [3, 3, 3]
    assert (server.connections, len(server.heads)) == (1, 3)


def test_a_connection_closed_after_an_interim_reply_is_a_counted_retry(run_calls: Callable[..., list[Any]]) -> None:
    def script(number: int, count: int) -> bytes | None:
        return http_reply() if number else b"HTTP/1.1 102 Processing\r\n\r\nbye"

    with keep_alive_server(script) as server:
        [result] = run_calls(server.base_url, 1, policy=structkit.Policy(wait_initial=0.001))
    assert (result.attempts[0].retries, result.usage.unreported, len(server.heads)) == (1, 1, 2)


HEADS = {
    "300 headers": [f"x-{number}: v" for number in range(300)],
    "a header of 100 kB": ["x-policy: " + "a" * 100_000],
    "a folded header": ["x-policy: a", "  b"],
    "two equal lengths": [f"Content-Length: {len(COMPLETION)}"],
    "one length, twice": [f"content-length: {len(COMPLETION)}, {len(COMPLETION)}"],
    "a length beside chunks": ["content-length: 5", "transfer-encoding: chunked"],
}


@pytest.mark.parametrize("head", HEADS)
def test_both_drivers_read_every_head_that_a_proxy_sends(run_calls: Callable[..., list[Any]], head: str) -> None:
    def script(number: int, count: int) -> bytes:
        if "chunked" not in HEADS[head][-1]:
            return http_reply(COMPLETION, *HEADS[head])
        lines = "".join(f"{line}\r\n" for line in HEADS[head])
        return f"HTTP/1.1 200 OK\r\n{lines}\r\n{len(COMPLETION):x}\r\n".encode() + COMPLETION + b"\r\n0\r\n\r\n"

    with keep_alive_server(script) as server:
        assert [result.value for result in run_calls(server.base_url, 2)] == [3, 3]
    assert (server.connections, len(server.heads)) == (1, 2)


CHUNKED = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n".format(len(COMPLETION)).encode() + COMPLETION


@pytest.mark.parametrize("end", [b"0", b"0\r\n", b"0\r\nx-sum: 1\r\n"])
def test_a_body_whose_last_chunk_has_begun_is_complete(run_calls: Callable[..., list[Any]], end: bytes) -> None:
    with keep_alive_server(lambda number, count: CHUNKED + b"\r\n" + end + b"bye") as server:
        assert [result.value for result in run_calls(server.base_url, 2, policy=NO_RETRIES)] == [3, 3]
    assert len(server.heads) == 2


@pytest.mark.parametrize("end", [b"", b"\r", b"\r\n", b"\r\n5\r\nab"])
def test_a_body_without_its_last_chunk_is_incomplete(run_calls: Callable[..., list[Any]], end: bytes) -> None:
    with (
        keep_alive_server(lambda number, count: CHUNKED + end + b"bye") as server,
        pytest.raises(structkit.ConnectionFailed, match="lost before the reply was complete"),
    ):
        run_calls(server.base_url, 1, policy=NO_RETRIES)


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.9"])
def test_a_later_minor_version_is_read_as_the_one_that_is_known(
    run_calls: Callable[..., list[Any]], version: str
) -> None:
    reply = http_reply(COMPLETION).replace(b"HTTP/1.1", f"HTTP/{version}".encode())
    with keep_alive_server(lambda number, count: reply) as server:
        assert [result.value for result in run_calls(server.base_url, 2)] == [3, 3]
    assert len(server.heads) == 2


@pytest.mark.parametrize("split", [1, 7, 10_000])
def test_a_body_with_the_coding_identity_has_its_length(run_calls: Callable[..., list[Any]], split: int) -> None:
    lines = "content-type: application/json\r\nTransfer-Encoding: Identity\r\ncontent-length"
    reply = f"HTTP/1.1 200 OK\r\n{lines}: {len(COMPLETION)}\r\n\r\n".encode() + COMPLETION
    with keep_alive_server(lambda number, count: reply, split=split) as server:
        assert [result.value for result in run_calls(server.base_url, 2, policy=NO_RETRIES)] == [3, 3]
    assert len(server.heads) == 2


def test_a_body_with_the_coding_identity_that_is_too_short_is_incomplete(run_calls: Callable[..., list[Any]]) -> None:
    reply = http_reply(COMPLETION, "transfer-encoding: identity").replace(b"{", b"", 1) + b"bye"
    with keep_alive_server(lambda number, count: reply) as server, pytest.raises(structkit.ConnectionFailed):
        run_calls(server.base_url, 1, policy=NO_RETRIES)


INVALID_HEADS = {
    "a line without a colon": b"HTTP/1.1 200 OK\r\njunk\r\n",
    "a name with a space": b"HTTP/1.1 200 OK\r\nx-a : b\r\n",
    "a negative length": b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n",
    "another version": b"HTTP/2 200 OK\r\n",
    "another version with its minor one": b"HTTP/2.0 200 OK\r\n",
    "an old version": b"HTTP/0.9 200 OK\r\n",
    "another protocol": b"SSH-2.0-x\r\n",
    "endless headers": b"HTTP/1.1 200 OK\r\n" + b"x-a: b\r\n" * 200_000,
}


@pytest.mark.parametrize("head", INVALID_HEADS)
def test_an_invalid_head_is_an_error_at_once(run_calls: Callable[..., list[Any]], head: str) -> None:
    with keep_alive_server(lambda number, count: INVALID_HEADS[head] + b"\r\n" + COMPLETION) as server:
        policy = structkit.Policy(retries=0, timeout=600)
        with pytest.raises(structkit.ConnectionFailed, match=r"before the reply was complete: (not an HTTP|more than)"):
            run_calls(server.base_url, 1, policy=policy)


def test_a_reply_that_switches_protocols_is_not_the_answer(run_calls: Callable[..., list[Any]]) -> None:
    def script(number: int, count: int) -> bytes:
        return (
            http_reply()
            if number or count
            else b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"
        )

    with keep_alive_server(script) as server:
        [result] = run_calls(server.base_url, 1, policy=structkit.Policy(wait_initial=0.001))
    assert (result.value, result.attempts[0].retries) == (3, 1)


def test_a_switch_of_protocols_is_an_error_at_once(run_calls: Callable[..., list[Any]]) -> None:
    switch = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"
    with keep_alive_server(lambda number, count: switch) as server, pytest.raises(structkit.ConnectionFailed):
        run_calls(server.base_url, 1, policy=structkit.Policy(retries=0, timeout=600))


def test_a_path_is_percent_encoded(run_calls: Callable[..., list[Any]]) -> None:
    with keep_alive_server() as server:
        run_calls(server.base_url.replace("/v1", "/caf\u00e9 au lait/%2F/v1"), 1)
    assert server.heads[0].startswith(b"POST /caf%C3%A9%20au%20lait/%2F/v1/chat/completions HTTP/1.1")


RAW_DEFLATE = zlib.compressobj(wbits=-15)
COMPRESSED = {
    "gzip": ("gzip", gzip.compress(COMPLETION)),
    "deflate": ("deflate", zlib.compress(COMPLETION)),
    "raw deflate": ("deflate", RAW_DEFLATE.compress(COMPLETION) + RAW_DEFLATE.flush()),
    "gzip under its old name": ("X-GZip", gzip.compress(COMPLETION)),
    "gzip of several members": (
        "gzip",
        gzip.compress(COMPLETION[:9]) + gzip.compress(b"") + gzip.compress(COMPLETION[9:]),
    ),
    "gzip with padding": ("gzip", gzip.compress(COMPLETION) + bytes(600)),
    "gzip with other bytes after it": ("gzip", gzip.compress(COMPLETION) + b"\x1f\r\n\x1f\x8b"),
    "deflate with other bytes after it": ("deflate", zlib.compress(COMPLETION) + b"\r\n"),
    "uncompressed": ("identity", COMPLETION),
}


@pytest.mark.parametrize(("encoding", "body"), COMPRESSED.values(), ids=COMPRESSED.keys())
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_compressed_body_is_decompressed_from_chunks_of_any_size(
    run_calls: Callable[..., list[Any]], encoding: str, body: bytes, size: int
) -> None:
    chunks = (body[start : start + size] for start in range(0, len(body), size))
    with Endpoint(Reply(chunks, headers={"content-encoding": encoding})) as endpoint:
        assert run_calls(endpoint.base_url, 1)[0].value == 3


def test_a_truncated_compressed_body_is_malformed(run_calls: Callable[..., list[Any]]) -> None:
    body = gzip.compress(COMPLETION)[:60]
    truncated = Endpoint(Reply(body, headers={"content-encoding": "gzip"}))
    with truncated as endpoint, pytest.raises(structkit.TransportError) as caught:
        run_calls(endpoint.base_url, 1, policy=NO_RETRIES)
    assert caught.value.retryable
    assert caught.value.usage.unreported == 1


def test_a_gzip_body_whose_second_member_is_truncated_is_malformed(run_calls: Callable[..., list[Any]]) -> None:
    body = gzip.compress(COMPLETION) + gzip.compress(COMPLETION)[:-9]
    truncated = Endpoint(Reply(body, headers={"content-encoding": "gzip"}))
    with truncated as endpoint, pytest.raises(structkit.MalformedReply, match="it ends too early"):
        run_calls(endpoint.base_url, 1, policy=NO_RETRIES)


def test_an_error_with_a_content_encoding_and_no_body_is_a_status_error(run_calls: Callable[..., list[Any]]) -> None:
    empty = Endpoint(Reply("", status=503, headers={"content-encoding": "gzip"}))
    with empty as endpoint, pytest.raises(structkit.StatusError) as caught:
        run_calls(endpoint.base_url, 1, policy=NO_RETRIES)
    assert caught.value.status_code == 503


def test_silence_after_the_first_bytes_is_interrupted_at_the_deadline(run_calls: Callable[..., list[Any]]) -> None:
    finished = threading.Event()

    def script(number: int, count: int) -> bytes | None:
        finished.wait(600)
        return None

    class SilentServer(KeepAliveServer):
        def _serve(self, connection: socket.socket, number: int) -> None:
            with connection:
                read_request(connection)
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{")
                finished.wait(600)

    server = SilentServer(script)
    try:
        with pytest.raises(structkit.RequestTimeout):
            run_calls(server.base_url, 1, policy=structkit.Policy(deadline=0.3, timeout=600, retries=0))
    finally:
        finished.set()
        server.close()


def test_custom_headers_of_the_environment_replace_our_headers(
    run_calls: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Team: tea: green\nUser-Agent: mine\n\n")
    with Endpoint('{"value": 3}') as endpoint:
        run_calls(endpoint.base_url, 1)
    assert (endpoint.headers[0]["x-team"], endpoint.headers[0]["user-agent"]) == ("tea: green", "mine")


@pytest.mark.parametrize(
    ("variable", "value", "place"),
    [
        ("OPENAI_CUSTOM_HEADERS", "X-Team: tea\nhunter2", "OPENAI_CUSTOM_HEADERS, line 2: expected 'name: value'"),
        ("OPENAI_CUSTOM_HEADERS", ": hunter2", "OPENAI_CUSTOM_HEADERS, line 1: expected 'name: value'"),
        ("OPENAI_CUSTOM_HEADERS", "hunter2 of mine: x", "OPENAI_CUSTOM_HEADERS, line 1: expected 'name: value'"),
        ("OPENAI_CUSTOM_HEADERS", "X-Team: hunter2\x01", "OPENAI_CUSTOM_HEADERS, line 1: has 'x-team' with"),
        ("OPENAI_CUSTOM_HEADERS", "X-Team: \u4e2d hunter2", "OPENAI_CUSTOM_HEADERS, line 1: has 'x-team' with"),
        ("OPENAI_CUSTOM_HEADERS", "\nContent-Length: 5", "line 2: has 'content-length', which the HTTP library sets"),
        ("OPENAI_ORG_ID", "hunter2\nX-Admin: 1", "OPENAI_ORG_ID has a character that no header may have"),
        ("OPENAI_PROJECT_ID", "hunter2\x01", "OPENAI_PROJECT_ID has a character that no header may have"),
    ],
)
def test_a_header_of_the_environment_that_cannot_be_sent_is_rejected_before_a_request(
    run_calls: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch, variable: str, value: str, place: str
) -> None:
    monkeypatch.setenv(variable, value)
    with Endpoint('{"value": 3}') as endpoint, pytest.raises(structkit.ConfigError) as caught:
        run_calls(endpoint.base_url, 1)
    assert place in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert not endpoint.requests


def test_a_line_break_after_the_id_of_an_account_is_left_out(
    run_calls: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1\n")
    with Endpoint('{"value": 3}') as endpoint:
        run_calls(endpoint.base_url, 1)
    assert endpoint.headers[0]["openai-organization"] == "org-1"


# Proxies


class TunnelProxy:
    """An HTTP proxy whose tunnels all lead to one port; it records the heads of the requests."""

    def __init__(self, port: int, reply: str = "200 Connection established") -> None:
        self.heads: list[bytes] = []
        self._target_port, self._reply = port, f"HTTP/1.1 {reply}\r\n\r\n".encode()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.heads.append(read_request(connection))
                target = socket.create_connection(("127.0.0.1", self._target_port))
                connection.sendall(self._reply)
                for one, other in ((connection, target), (target, connection)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    @staticmethod
    def _pass_on(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while chunk := one.recv(65536):
                other.sendall(chunk)
        with suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


class TLSServer(KeepAliveServer):
    """The same server over TLS."""

    def __init__(self, certificate: Path) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        super().__init__(lambda number, count: http_reply())

    def _serve(self, connection: socket.socket, number: int) -> None:
        with suppress(OSError):
            super()._serve(self._context.wrap_socket(connection, server_side=True), number)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("makes a certificate")
    folder = tmp_path_factory.mktemp("certificate")
    key, public = folder / "both.pem", folder / "cert.pem"
    subject = ["-subj", "/CN=gateway.invalid", "-addext", "subjectAltName=DNS:gateway.invalid"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*command, "-keyout", str(key), "-out", str(public)], check=True, capture_output=True)
    key.write_bytes(key.read_bytes() + public.read_bytes())
    return key


def test_a_tunnel_is_opened_with_the_proxys_password_and_without_the_api_key(
    run_calls: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch, certificate: Path
) -> None:
    server = TLSServer(certificate)
    proxy = TunnelProxy(server.port)
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:p%40ss@127.0.0.1:{proxy.port}")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_name("cert.pem")))
    try:
        assert [result.value for result in run_calls("https://gateway.invalid/v1", 3)] == [3, 3, 3]
    finally:
        proxy.close()
        server.close()
    [head] = proxy.heads
    assert head.startswith(b"CONNECT gateway.invalid:443 HTTP/1.")
    assert b"authorization: basic bwu6cebzcw==" in head.lower()
    assert KEY.encode() not in head
    assert [b"proxy-authorization" in sent.lower() for sent in server.heads] == [False] * 3
    assert all(KEY.encode() in sent for sent in server.heads)


@pytest.mark.parametrize("reply", ["204 No Content", "201 x", "100 Continue\r\n\r\nHTTP/1.1 200 OK"])
def test_every_success_of_a_proxy_opens_the_tunnel(
    run_calls: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch, certificate: Path, reply: str
) -> None:
    server = TLSServer(certificate)
    proxy = TunnelProxy(server.port, reply)
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_name("cert.pem")))
    try:
        assert [result.value for result in run_calls("https://gateway.invalid/v1", 2)] == [3, 3]
    finally:
        proxy.close()
        server.close()


def test_a_plain_proxy_receives_the_full_url_and_its_password(
    run_calls: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with keep_alive_server() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://me:p%40ss@127.0.0.1:{proxy.port}")
        assert run_calls("http://gateway.invalid:8000/v1", 1)[0].value == 3
    [head] = proxy.heads
    assert head.startswith(b"POST http://gateway.invalid:8000/v1/chat/completions HTTP/1.1\r\n")
    assert b"proxy-authorization: basic bwu6cebzcw==" in head.lower()
    assert b"host: gateway.invalid:8000" in head.lower()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.mark.parametrize("address", ["http://gateway.invalid/v1", "https://gateway.invalid/v1"])
def test_a_proxy_that_is_down_is_named_with_its_variables_and_without_its_password(
    run_calls: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    port = free_port()
    monkeypatch.setenv("ALL_PROXY", f"http://me:p%40ss@127.0.0.1:{port}")
    with pytest.raises(structkit.ConnectionFailed) as caught:
        run_calls(address, 1, policy=NO_RETRIES)
    start = (
        f"no connection to gateway.invalid through the proxy 127.0.0.1:{port} (of HTTP_PROXY, HTTPS_PROXY or ALL_PROXY"
    )
    assert str(caught.value).startswith(start)
    assert str(caught.value).endswith("check the proxy and the base URL")
    assert "p%40ss" not in str(caught.value)


@pytest.mark.parametrize("address", ["http://gateway.invalid/v1", "https://gateway.invalid/v1"])
def test_a_proxy_that_requires_a_login_says_where_to_write_it(
    run_calls: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def reject_connections() -> None:
            with suppress(OSError):
                while True:
                    with listener.accept()[0] as connection:
                        connection.recv(65536)
                        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
                        connection.shutdown(socket.SHUT_WR)
                        while connection.recv(65536):  # to close with unread data would reset the connection
                            pass

        threading.Thread(target=reject_connections, daemon=True).start()
        monkeypatch.setenv("ALL_PROXY", f"127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(structkit.TransportError, match="the proxy requires a user and a password"):
            run_calls(address, 1, policy=NO_RETRIES)


def test_a_proxy_with_a_line_break_is_a_setting_that_is_wrong(
    run_calls: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:3128\n")
    with pytest.raises(structkit.ConfigError, match="the proxy for http is not a URL"):
        run_calls("http://gateway.invalid/v1", 1)


CERTIFICATE_SOURCES = {"the system's": {}, "a file": {"SSL_CERT_FILE": "cert.pem"}, "a folder": {"SSL_CERT_DIR": "."}}


@pytest.mark.parametrize("variables", CERTIFICATE_SOURCES.values(), ids=CERTIFICATE_SOURCES.keys())
@pytest.mark.parametrize("platform", ["linux", "elsewhere"])
def test_the_same_certificates_are_trusted_as_by_the_sdk(
    monkeypatch: pytest.MonkeyPatch, certificate: Path, variables: dict[str, str], platform: str
) -> None:
    monkeypatch.delenv("SSL_CERT_DIR")
    for name, file in variables.items():
        monkeypatch.setenv(name, str(certificate.parent / file))
    monkeypatch.setattr("structkit.transport.http.certificates.sys", SimpleNamespace(platform=platform))
    context, other = ssl_context(), httpx2.create_ssl_context()
    if type(other).__module__.startswith("truststore"):
        pytest.skip("before 2.16, httpx2 leaves the check to the system's own library, which lists no certificates")
    assert context.get_ca_certs() == other.get_ca_certs()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


# Event loops


def test_150_concurrent_calls_use_at_most_150_connections() -> None:
    async def work() -> int:
        async with structkit.AsyncClient("m", base_url=server.base_url) as client:
            values = [
                value
                for _ in range(3)
                for value in await asyncio.gather(*(client.extract(int, "x") for _ in range(150)))
            ]
        return len(values)

    with keep_alive_server() as server:
        assert asyncio.run(work()) == 450
    assert (server.connections <= 150, len(server.heads)) == (True, 450)


UNCLOSED = """
import asyncio, sys, structkit
client = structkit.AsyncClient("m", base_url=sys.argv[1])
async def work():
    return await asyncio.gather(*(client.extract(int, "x") for _ in range(3)))
print(asyncio.run(work()), asyncio.run(work()))
async def passing():
    return await structkit.AsyncClient("m", base_url=sys.argv[1]).extract(int, "x")
print(asyncio.run(passing()))
print(structkit.Client("m", base_url=sys.argv[1]).extract(int, "x"))
"""


def test_connections_are_closed_with_the_event_loop_without_a_warning() -> None:
    with keep_alive_server() as server:
        python = [sys.executable, "-W", "error", "-c", UNCLOSED, server.base_url]
        done = subprocess.run(python, capture_output=True, text=True, timeout=600, check=False)
    assert (done.stdout.split("\n"), done.stderr) == (["[3, 3, 3] [3, 3, 3]", "3", "3", ""], "")


def test_one_client_serves_several_event_loops_concurrently() -> None:
    with Endpoint('{"value": 3}') as endpoint, ThreadPoolExecutor(4) as pool:
        client = structkit.AsyncClient("m", base_url=endpoint.base_url)

        async def work() -> list[int]:
            return [await client.extract(int, "x") for _ in range(5)]

        assert [*pool.map(lambda _: asyncio.run(work()), range(12))] == [[3] * 5] * 12
