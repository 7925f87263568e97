"""What the lean transports' HTTP libraries do alike: connections kept, dropped and shared, tunnels, packed bodies."""

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
ONCE = structkit.Policy(retries=0, timeout=30)
WHOLE = json.dumps(completion('{"value": 3}')).encode()
Connect = Callable[..., Any]
Say = Callable[[int, int], bytes | None]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def answer(body: bytes = WHOLE, *lines: str) -> bytes:
    head = ["HTTP/1.1 200 OK", "content-type: application/json", f"content-length: {len(body)}", *lines, "", ""]
    return "\r\n".join(head).encode() + body


class Keeping:
    """A server that keeps connections, and says what `say` makes of a connection's number and a request's in it.

    None ends the connection without a word; bytes that end with `b"bye"` end it after them.
    """

    def __init__(self, say: Say, family: socket.AddressFamily = socket.AF_INET, *, resets: bool = False) -> None:
        self.heads: list[bytes] = []
        self.connections = 0
        self.closed = threading.Semaphore(0)
        self._say, self._resets = say, resets
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
                self.heads.append(received(connection))
                said = self._say(number, count)
                connection.sendall((said or b"").removesuffix(b"bye"))
                if said is None or said.endswith(b"bye"):
                    break
            if self._resets:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.closed.release()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


def received(connection: socket.socket) -> bytes:
    """The head of a request, when its body has come too."""
    got = b""
    while b"\r\n\r\n" not in got:
        piece = connection.recv(65536)
        if not piece:
            raise ValueError("the other side is gone")
        got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or b"0")
    while len(body) < length:
        body += connection.recv(65536)
    return head


@contextmanager
def keeping(say: Say = lambda number, count: answer(), **given: Any) -> Iterator[Keeping]:
    server = Keeping(say, **given)
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(params=["sync", "async"])
def several(request: pytest.FixtureRequest) -> Callable[..., list[Any]]:
    """The results of calls of one client, one after the other; between two of them *between* is called."""

    def run(base_url: str, times: int, between: Callable[[], Any] = lambda: None, **call: Any) -> list[Any]:
        if request.param == "sync":
            with structkit.Client("m", base_url=base_url, api_key=KEY, **call) as client:
                return [(between() if n else None, client.run(int, "x"))[1] for n in range(times)]

        async def work() -> list[Any]:
            async with structkit.AsyncClient("m", base_url=base_url, api_key=KEY, **call) as client:
                found = []
                for n in range(times):
                    if n:
                        await asyncio.to_thread(between)
                    found.append(await client.run(int, "x"))
                return found

        return asyncio.run(work())

    return run


def test_calls_one_after_the_other_share_a_connection(several: Callable[..., list[Any]]) -> None:
    with keeping() as server:
        assert [result.value for result in several(server.base_url, 5)] == [3] * 5
    assert (server.connections, len(server.heads)) == (1, 5)


@pytest.mark.parametrize("resets", [False, True], ids=["closed", "reset"])
def test_a_connection_that_the_endpoint_has_ended_is_replaced_without_a_retry(
    several: Callable[..., list[Any]], resets: bool
) -> None:
    with keeping(lambda number, count: answer() + b"bye", resets=resets) as server:
        results = several(server.base_url, 3, server.closed.acquire, policy=ONCE)
    assert [result.usage for result in results] == [results[0].usage] * 3
    assert (server.connections, len(server.heads)) == (3, 3)


def test_a_request_that_may_have_been_read_is_sent_again_only_as_a_retry_that_is_counted(
    several: Callable[..., list[Any]],
) -> None:
    def say(number: int, count: int) -> bytes | None:
        return answer() if (number, count) != (0, 1) else None

    with keeping(say) as server:
        first, second = several(server.base_url, 2, policy=structkit.Policy(wait_initial=0.001))
    assert (first.attempts[0].retries, second.attempts[0].retries) == (0, 1)
    assert second.usage.unreported == 1
    assert len(server.heads) == 3


def test_the_endpoint_may_end_the_connection_with_its_reply(several: Callable[..., list[Any]]) -> None:
    with keeping(lambda number, count: answer(WHOLE, "connection: close") + b"bye") as server:
        assert [result.value for result in several(server.base_url, 3)] == [3, 3, 3]
    assert server.connections == 3


def test_a_body_may_end_with_its_connection(several: Callable[..., list[Any]]) -> None:
    with keeping(lambda number, count: b"HTTP/1.0 200 OK\r\n\r\n" + WHOLE + b"bye") as server:
        assert [result.value for result in several(server.base_url, 2)] == [3, 3]


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
    with keeping() as server:
        subprocess.run([sys.executable, "-c", code, server.base_url], check=True, timeout=60)
    assert (server.connections, len(server.heads)) == (2, 3)


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
def test_an_address_may_be_of_ipv6(several: Callable[..., list[Any]]) -> None:
    with keeping(family=socket.AF_INET6) as server:
        assert several(server.base_url, 1)[0].value == 3
    assert f"host: [::1]:{server.port}".encode() in server.heads[0].lower()


def test_a_path_goes_out_with_percent_signs(several: Callable[..., list[Any]]) -> None:
    with keeping() as server:
        several(server.base_url.replace("/v1", "/caf\u00e9 au lait/%2F/v1"), 1)
    assert server.heads[0].startswith(b"POST /caf%C3%A9%20au%20lait/%2F/v1/chat/completions HTTP/1.1")


RAW = zlib.compressobj(wbits=-15)
PACKED = {
    "gzip": ("gzip", gzip.compress(WHOLE)),
    "deflate": ("deflate", zlib.compress(WHOLE)),
    "deflate without a wrapping": ("deflate", RAW.compress(WHOLE) + RAW.flush()),
    "not at all": ("identity", WHOLE),
}


@pytest.mark.parametrize(("encoding", "body"), PACKED.values(), ids=PACKED.keys())
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_packed_body_is_unpacked_however_it_is_cut(
    several: Callable[..., list[Any]], encoding: str, body: bytes, size: int
) -> None:
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    with Endpoint(Reply(pieces, headers={"content-encoding": encoding})) as endpoint:
        assert several(endpoint.base_url, 1)[0].value == 3


def test_a_packed_body_that_is_cut_is_malformed(several: Callable[..., list[Any]]) -> None:
    body = gzip.compress(WHOLE)[:60]
    cut = Endpoint(Reply(body, headers={"content-encoding": "gzip"}))
    with cut as endpoint, pytest.raises(structkit.TransportError) as caught:
        several(endpoint.base_url, 1, policy=ONCE)
    assert caught.value.retryable
    assert caught.value.usage.unreported == 1


def test_an_error_without_a_body_is_an_error_though_it_says_it_is_packed(several: Callable[..., list[Any]]) -> None:
    empty = Endpoint(Reply("", status=503, headers={"content-encoding": "gzip"}))
    with empty as endpoint, pytest.raises(structkit.StatusError) as caught:
        several(endpoint.base_url, 1, policy=ONCE)
    assert caught.value.status_code == 503


def test_silence_after_the_first_bytes_ends_at_the_deadline(several: Callable[..., list[Any]]) -> None:
    over = threading.Event()

    def say(number: int, count: int) -> bytes | None:
        over.wait(60)
        return None

    class Halting(Keeping):
        def _serve(self, connection: socket.socket, number: int) -> None:
            with connection:
                received(connection)
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{")
                over.wait(60)

    server = Halting(say)
    try:
        with pytest.raises(structkit.RequestTimeout):
            several(server.base_url, 1, policy=structkit.Policy(deadline=0.3, timeout=600, retries=0))
    finally:
        over.set()
        server.close()


def test_headers_of_the_environment_go_out_and_go_before_our_own(
    several: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Team: tea: green\nUser-Agent: mine\nno header")
    with Endpoint('{"value": 3}') as endpoint:
        several(endpoint.base_url, 1)
    assert (endpoint.headers[0]["x-team"], endpoint.headers[0]["user-agent"]) == ("tea: green", "mine")


# Proxies


class Tunnel:
    """An HTTP proxy that opens tunnels to wherever it was built to lead, and keeps the heads of the requests."""

    def __init__(self, port: int) -> None:
        self.heads: list[bytes] = []
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.heads.append(received(connection))
                there = socket.create_connection(("127.0.0.1", self._to))
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                for one, other in ((connection, there), (there, connection)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    @staticmethod
    def _pass_on(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while piece := one.recv(65536):
                other.sendall(piece)
        with suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


class Secure(Keeping):
    """The same over TLS."""

    def __init__(self, certificate: Path) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        super().__init__(lambda number, count: answer())

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
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*made, "-keyout", str(key), "-out", str(public)], check=True, capture_output=True)
    key.write_bytes(key.read_bytes() + public.read_bytes())
    return key


def test_a_tunnel_is_opened_with_the_proxys_password_and_without_the_key(
    several: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch, certificate: Path
) -> None:
    server = Secure(certificate)
    proxy = Tunnel(server.port)
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:p%40ss@127.0.0.1:{proxy.port}")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_name("cert.pem")))
    try:
        assert [result.value for result in several("https://gateway.invalid/v1", 3)] == [3, 3, 3]
    finally:
        proxy.close()
        server.close()
    [head] = proxy.heads
    assert head.startswith(b"CONNECT gateway.invalid:443 HTTP/1.")
    assert b"authorization: basic bwu6cebzcw==" in head.lower()
    assert KEY.encode() not in head
    assert [b"proxy-authorization" in sent.lower() for sent in server.heads] == [False] * 3
    assert all(KEY.encode() in sent for sent in server.heads)


def test_a_plain_proxy_gets_the_whole_address_and_its_password(
    several: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with keeping() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://me:p%40ss@127.0.0.1:{proxy.port}")
        assert several("http://gateway.invalid:8000/v1", 1)[0].value == 3
    [head] = proxy.heads
    assert head.startswith(b"POST http://gateway.invalid:8000/v1/chat/completions HTTP/1.1\r\n")
    assert b"proxy-authorization: basic bwu6cebzcw==" in head.lower()
    assert b"host: gateway.invalid:8000" in head.lower()


TRUSTED = {"what the system trusts": {}, "a file": {"SSL_CERT_FILE": "cert.pem"}, "a folder": {"SSL_CERT_DIR": "."}}


@pytest.mark.parametrize("named", TRUSTED.values(), ids=TRUSTED.keys())
@pytest.mark.parametrize("platform", ["linux", "elsewhere"])
def test_the_certificates_believed_are_those_that_the_sdk_believes(
    monkeypatch: pytest.MonkeyPatch, certificate: Path, named: dict[str, str], platform: str
) -> None:
    monkeypatch.delenv("SSL_CERT_DIR")
    for name, file in named.items():
        monkeypatch.setenv(name, str(certificate.parent / file))
    monkeypatch.setattr("structkit.transport.http.certificates.sys", SimpleNamespace(platform=platform))
    context, other = ssl_context(), httpx2.create_ssl_context()
    assert context.get_ca_certs() == other.get_ca_certs()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


# Event loops


def test_a_hundred_and_more_at_once_use_no_more_connections_than_there_are_calls() -> None:
    async def work() -> int:
        async with structkit.AsyncClient("m", base_url=server.base_url) as client:
            values = [
                value
                for _ in range(3)
                for value in await asyncio.gather(*(client.extract(int, "x") for _ in range(150)))
            ]
        return len(values)

    with keeping() as server:
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


def test_an_event_loop_that_ends_closes_its_connections_and_nobody_is_warned() -> None:
    with keeping() as server:
        python = [sys.executable, "-W", "error", "-c", UNCLOSED, server.base_url]
        done = subprocess.run(python, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.split("\n"), done.stderr) == (["[3, 3, 3] [3, 3, 3]", "3", "3", ""], "")


def test_one_client_serves_several_event_loops_at_once() -> None:
    with Endpoint('{"value": 3}') as endpoint, ThreadPoolExecutor(4) as pool:
        client = structkit.AsyncClient("m", base_url=endpoint.base_url)

        async def work() -> list[int]:
            return [await client.extract(int, "x") for _ in range(5)]

        assert [*pool.map(lambda _: asyncio.run(work()), range(12))] == [[3] * 5] * 12
