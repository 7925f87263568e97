"""What the lean transports do that the shared tests of `connect` do not ask of it."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import structkit
from structkit.testing import Endpoint, Reply, completion
from structkit.transport.direct import AsyncHTTPTransport, HTTPTransport
from structkit.transport.http.proxies import find_proxy

KEY = "sk-test-hunter2-hunter2"
ASKED = structkit.Request("m", (structkit.Message("user", "9.11和9.8谁大"),))
ONCE = structkit.Policy(retries=0, timeout=30)


Lean = Callable[..., Any]
LIBRARIES = {
    "http.client": (HTTPTransport, "http_client_pool"),
    "httpx2": (HTTPTransport, "httpx_pool"),
    "aiohttp, awaited": (AsyncHTTPTransport, "aiohttp_pool"),
    "httpx2, awaited": (AsyncHTTPTransport, "httpx_pool"),
}
AWAITED = {name: found for name, found in LIBRARIES.items() if name.endswith("awaited")}


def makes(kind: Any, library: str, monkeypatch: pytest.MonkeyPatch) -> Lean:
    if library == "httpx_pool":
        for name in ("HTTP_CLIENT_PROXIES", "AIOHTTP_PROXIES"):
            monkeypatch.setattr(f"structkit.transport.http.pool.{name}", frozenset())

    def make(*args: Any, **kwargs: Any) -> Any:
        made = kind(*args, **kwargs)
        assert type(made._pool).__module__ == f"structkit.transport.http.{library}"
        return made

    return make


@pytest.fixture(params=LIBRARIES.values(), ids=LIBRARIES.keys())
def lean(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Lean:
    return makes(*request.param, monkeypatch)


@pytest.fixture(params=AWAITED.values(), ids=AWAITED.keys())
def awaited(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Lean:
    return makes(*request.param, monkeypatch)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def ask(transport: Any, *, times: int = 1, request: structkit.Request = ASKED, policy: structkit.Policy = ONCE) -> Any:
    """The replies to the same request, sent so often at once; the transport is closed."""

    async def work() -> list[Any]:
        try:
            return await asyncio.gather(*(transport.send(request, policy) for _ in range(times)))
        finally:
            await transport.close()

    if isinstance(transport, AsyncHTTPTransport):
        return asyncio.run(work())
    with closing(transport), ThreadPoolExecutor(times) as pool:
        return [*pool.map(lambda _: transport.send(request, policy), range(times))]


class Server:
    """Counts connections and what is under way; a proxy too, because it looks at no path."""

    def __init__(self, wait: float = 0.0) -> None:
        self.heads: list[dict[str, str]] = [{}]
        self.connections, self.most, self.raw, self.lines = 0, 0, [b""], [""]
        turn, under_way, server = threading.Lock(), [0], self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                with turn:
                    server.connections += 1

            def do_POST(self) -> None:
                server.raw.append(self.rfile.read(int(self.headers["content-length"])))
                server.lines.append(self.requestline)
                server.heads.append({name.lower(): value for name, value in self.headers.items()})
                with turn:
                    under_way[0] += 1
                    server.most = max(server.most, under_way[0])
                threading.Event().wait(wait)
                with turn:
                    under_way[0] -= 1
                body = json.dumps(completion('{"value": 3}')).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.base_url = f"http://127.0.0.1:{self.port}/v1"


@contextmanager
def serving(wait: float = 0.0, certificate: Path | None = None) -> Any:
    found = Server(wait)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        found.server.socket = context.wrap_socket(found.server.socket, server_side=True)
    threading.Thread(target=found.server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield found
    finally:
        found.server.shutdown()
        found.server.server_close()


def test_the_body_goes_out_as_compact_utf8(lean: Lean) -> None:
    with serving() as server:
        ask(lean(server.base_url, KEY))
    assert server.raw[1] == '{"model":"m","messages":[{"role":"user","content":"9.11和9.8谁大"}]}'.encode()


def test_connections_are_kept_and_never_more_than_allowed(awaited: Lean) -> None:
    with serving(0.01) as server:
        replies = ask(awaited(server.base_url, KEY, connections=3), times=20)
    assert [reply.usage.total_tokens for reply in replies] == [15] * 20
    assert server.most <= 3
    assert server.connections <= 3


def test_the_clock_of_a_request_that_waits_for_its_turn_does_not_run(awaited: Lean) -> None:
    policy = structkit.Policy(retries=0, deadline=2.0)
    with serving(0.5) as server:
        replies = ask(awaited(server.base_url, KEY, connections=1), times=6, policy=policy)
    assert [type(reply) for reply in replies] == [structkit.Completion] * 6


def test_a_cancelled_request_leaves_its_place_to_the_next(awaited: Lean) -> None:
    async def work(transport: AsyncHTTPTransport) -> Any:
        task = asyncio.create_task(transport.send(ASKED, ONCE))
        await asyncio.to_thread(sent.wait)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        try:
            return await transport.send(ASKED, ONCE)
        finally:
            await transport.close()

    sent = threading.Event()

    def late(_body: Any) -> Reply:
        sent.set()
        return Reply(completion("late"), delay=5)

    with Endpoint(late, '{"value": 3}') as endpoint:
        reply = asyncio.run(work(awaited(endpoint.base_url, KEY, connections=1)))
    assert reply.choices[0].content == '{"value": 3}'


def test_a_closed_transport_opens_again(lean: Lean) -> None:
    with Endpoint('{"value": 3}') as endpoint:
        transport = lean(endpoint.base_url, KEY)
        assert ask(transport)[0].usage == ask(transport)[0].usage


def test_a_proxy_of_the_environment_is_used_and_excepted(lean: Lean, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as proxy, serving() as direct:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert isinstance(ask(lean("http://gateway.invalid/v1", KEY))[0], structkit.Completion)
        assert isinstance(ask(lean(direct.base_url, KEY))[0], structkit.Completion)
    assert proxy.heads[1].get("proxy-authorization") is None
    assert proxy.lines[1:] == ["POST http://gateway.invalid/v1/chat/completions HTTP/1.1"]
    assert direct.lines[1:] == ["POST /v1/chat/completions HTTP/1.1"]


def test_a_proxy_that_does_not_answer_is_no_connection(lean: Lean, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{port}")
    for scheme in ("http", "https"):
        fault = ask(lean(f"{scheme}://gateway.invalid/v1", KEY))[0]
        assert isinstance(fault, structkit.ConnectionFailed)
        assert fault.usage_of_reply == structkit.Usage()


@pytest.mark.parametrize("refusing", ["HTTP/1.1 407 Proxy Authentication Required", "HTTP/1.1 502 Bad Gateway"])
def test_a_proxy_that_refuses_the_tunnel_is_no_connection(
    lean: Lean, monkeypatch: pytest.MonkeyPatch, refusing: str
) -> None:
    def refuse() -> None:
        connection, _ = listening.accept()
        with connection:
            heads.append(connection.recv(65536))
            connection.sendall(f"{refusing}\r\ncontent-length: 0\r\n\r\n".encode())

    heads: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{listening.getsockname()[1]}")
        thread = threading.Thread(target=refuse)
        thread.start()
        fault = ask(lean("https://gateway.invalid/v1", KEY))[0]
        thread.join()
    assert isinstance(fault, structkit.ConnectionFailed)
    assert fault.usage_of_reply == structkit.Usage()
    assert heads[0].startswith(b"CONNECT gateway.invalid:443")
    assert KEY.encode() not in heads[0]


PROXIES = {
    "by scheme": ({"HTTPS_PROXY": "http://p:1"}, "https://h/v1", "http://p:1"),
    "of another scheme": ({"HTTPS_PROXY": "http://p:1"}, "http://h/v1", None),
    "of all": ({"ALL_PROXY": "p:1"}, "http://h/v1", "http://p:1"),
    "excepted": ({"ALL_PROXY": "p:1", "NO_PROXY": "example.com,h"}, "http://h:80/v1", None),
    "all excepted": ({"ALL_PROXY": "p:1", "NO_PROXY": "*"}, "http://h/v1", None),
    "none": ({}, "http://h/v1", None),
}


@pytest.mark.parametrize(("environment", "address", "proxy"), PROXIES.values(), ids=PROXIES.keys())
def test_a_proxy_is_found_as_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], address: str, proxy: str | None
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert find_proxy(address) == proxy


@pytest.mark.parametrize(
    ("name", "value"), [("HTTP_PROXY", "http://"), ("HTTP_PROXY", "http://p:port"), ("ALL_PROXY", "gopher://p:1")]
)
def test_a_proxy_that_is_none_is_told_before_anything_is_sent(
    lean: Lean, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=r"(?i)proxy|port|host"):
        lean("http://gateway.invalid/v1", KEY)


@pytest.mark.skipif(not shutil.which("openssl"), reason="makes a certificate")
def test_certificates_come_from_the_environment(lean: Lean, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = tmp_path / "both.pem"
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    openssl = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *name]
    subprocess.run(
        [*openssl, "-keyout", str(made), "-out", str(tmp_path / "cert.pem")], check=True, capture_output=True
    )
    made.write_bytes(made.read_bytes() + (tmp_path / "cert.pem").read_bytes())
    with serving(certificate=made) as server:
        address = f"https://localhost:{server.port}/v1"
        refused = ask(lean(address, KEY))[0]
        assert isinstance(refused, structkit.ConnectionFailed)
        assert refused.usage_of_reply == structkit.Usage()
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        assert isinstance(ask(lean(address, KEY))[0], structkit.Completion)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(OSError, match=r"none\.pem|No such file"):
        lean(address, KEY)


def test_organisation_and_project_are_told_as_the_sdk_tells_them(lean: Lean, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
    with Endpoint('{"value": 3}') as endpoint:
        ask(lean(endpoint.base_url, KEY))
    sent = endpoint.headers[0]
    assert (sent["openai-organization"], sent["openai-project"]) == ("org-1", "proj-1")
    assert sent["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("key", ["hunter\n-two-hunter-two", "hunter\r\nx-evil: two-hunter-two"])
def test_a_key_that_no_header_can_hold_is_not_sent_and_not_shown(lean: Lean, key: str) -> None:
    with Endpoint() as endpoint:
        fault = ask(lean(endpoint.base_url, key))[0]
        assert endpoint.requests == []
    assert isinstance(fault, structkit.TransportError)
    assert "two-hunter" not in str(fault)
    assert not fault.retryable


def test_a_request_that_is_no_json_is_a_fault_and_nothing_is_sent(lean: Lean) -> None:
    with Endpoint() as endpoint:
        fault = ask(lean(endpoint.base_url, KEY), request=structkit.Request("m", (), fields={"x": float("nan")}))[0]
        assert endpoint.requests == []
    assert isinstance(fault, structkit.TransportError)
    assert not fault.retryable


LOADED = {"HTTPTransport": ["http.client"], "AsyncHTTPTransport": ["aiohttp"]}


@pytest.mark.parametrize(("kind", "loaded"), LOADED.items(), ids=LOADED.keys())
def test_the_sdk_is_not_loaded(kind: str, loaded: list[str]) -> None:
    code = f"import sys; from structkit.transport.direct import {kind} as Lean; Lean('http://127.0.0.1:1/v1', 'k'); "
    code += "print([name for name in ('http.client', 'aiohttp', 'openai', 'httpx2') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [*{*eval(done.stdout), *loaded} - {"http.client"}] == [*{*loaded} - {"http.client"}]


def test_no_connections_is_refused() -> None:
    with pytest.raises(ValueError, match="connections"):
        AsyncHTTPTransport("http://127.0.0.1:1/v1", KEY, connections=0)
