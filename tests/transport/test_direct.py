"""HTTPTransport and AsyncHTTPTransport, beyond the tests that all transports share through `connect`."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import openai
import pytest

import structkit
from structkit.testing import Endpoint, Reply, completion
from structkit.transport.direct import AsyncHTTPTransport, HTTPTransport
from structkit.transport.exceptions import ConnectError, to_transport_error
from structkit.transport.http.proxies import find_proxy
from structkit.transport.openai_sdk import AsyncOpenAITransport, OpenAITransport

KEY = "sk-test-hunter2-hunter2"
REQUEST = structkit.Request("m", (structkit.Message("user", "9.11和9.8谁大"),))
NO_RETRIES = structkit.Policy(retries=0, timeout=600)


TransportFactory = Callable[..., Any]
LIBRARIES = {
    "http.client": (HTTPTransport, "http_client_pool"),
    "httpx2": (HTTPTransport, "httpx_pool"),
    "asyncio, awaited": (AsyncHTTPTransport, "asyncio_pool"),
    "httpx2, awaited": (AsyncHTTPTransport, "httpx_pool"),
}
ASYNC_LIBRARIES = {name: library for name, library in LIBRARIES.items() if name.endswith("awaited")}


def transport_factory(kind: Any, library: str, monkeypatch: pytest.MonkeyPatch) -> TransportFactory:
    if library == "httpx_pool":
        for name in ("HTTP_CLIENT_PROXIES", "ASYNCIO_PROXIES"):
            monkeypatch.setattr(f"structkit.transport.http.pool.{name}", frozenset())

    def make(*args: Any, **kwargs: Any) -> Any:
        transport = kind(*args, **kwargs)
        behind_proxy = {"asyncio_pool": "httpx_pool"}
        assert type(transport._pool).__module__.rpartition(".")[2] in {library, behind_proxy.get(library)}
        return transport

    return make


@pytest.fixture(params=LIBRARIES.values(), ids=LIBRARIES.keys())
def new_transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> TransportFactory:
    return transport_factory(*request.param, monkeypatch)


@pytest.fixture(params=ASYNC_LIBRARIES.values(), ids=ASYNC_LIBRARIES.keys())
def new_async_transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> TransportFactory:
    return transport_factory(*request.param, monkeypatch)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def send_requests(
    transport: Any, *, times: int = 1, request: structkit.Request = REQUEST, policy: structkit.Policy = NO_RETRIES
) -> Any:
    """Send the same request concurrently, close the transport, and return the replies."""

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
    """A server that counts connections and requests in flight; also a proxy, because it accepts any path."""

    def __init__(self, wait: float = 0.0) -> None:
        self.heads: list[dict[str, str]] = [{}]
        self.connections, self.max_in_flight, self.raw, self.lines = 0, 0, [b""], [""]
        self.context: Any = None
        lock, in_flight, server = threading.Lock(), [0], self

        class RequestHandler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                with lock:
                    server.connections += 1

            def do_POST(self) -> None:
                server.raw.append(self.rfile.read(int(self.headers["content-length"])))
                server.lines.append(self.requestline)
                server.heads.append({name.lower(): value for name, value in self.headers.items()})
                with lock:
                    in_flight[0] += 1
                    server.max_in_flight = max(server.max_in_flight, in_flight[0])
                threading.Event().wait(wait)
                with lock:
                    in_flight[0] -= 1
                body = json.dumps(completion('{"value": 3}')).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Log nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), RequestHandler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.base_url = f"http://127.0.0.1:{self.port}/v1"


@contextmanager
def running_server(wait: float = 0.0, certificate: Path | None = None) -> Any:
    server = Server(wait)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.context = context
        server.server.socket = context.wrap_socket(server.server.socket, server_side=True)
    threading.Thread(target=server.server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.server.shutdown()
        server.server.server_close()


def test_the_body_is_sent_as_compact_utf8(new_transport: TransportFactory) -> None:
    with running_server() as server:
        send_requests(new_transport(server.base_url, KEY))
    assert server.raw[1] == '{"model":"m","messages":[{"role":"user","content":"9.11和9.8谁大"}]}'.encode()


def test_connections_are_reused_and_limited(new_async_transport: TransportFactory) -> None:
    with running_server(0.01) as server:
        replies = send_requests(new_async_transport(server.base_url, KEY, connections=3), times=20)
    assert [reply.usage.total_tokens for reply in replies] == [15] * 20
    assert server.max_in_flight <= 3
    assert server.connections <= 3


def test_the_deadline_of_a_waiting_request_starts_when_it_is_sent(new_async_transport: TransportFactory) -> None:
    policy = structkit.Policy(retries=0, deadline=4.0)
    with running_server(0.5) as server:
        replies = send_requests(new_async_transport(server.base_url, KEY, connections=1), times=10, policy=policy)
    assert [type(reply) for reply in replies] == [structkit.Completion] * 10


def test_a_cancelled_request_frees_its_connection(new_async_transport: TransportFactory) -> None:
    async def work(transport: AsyncHTTPTransport) -> Any:
        task = asyncio.create_task(transport.send(REQUEST, NO_RETRIES))
        await asyncio.to_thread(sent.wait)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        try:
            return await transport.send(REQUEST, NO_RETRIES)
        finally:
            await transport.close()

    sent = threading.Event()

    def slow_reply(_body: Any) -> Reply:
        sent.set()
        return Reply(completion("late"), delay=5)

    with Endpoint(slow_reply, '{"value": 3}') as endpoint:
        reply = asyncio.run(work(new_async_transport(endpoint.base_url, KEY, connections=1)))
    assert reply.choices[0].content == '{"value": 3}'


def test_a_closed_transport_can_be_used_again(new_transport: TransportFactory) -> None:
    with Endpoint('{"value": 3}') as endpoint:
        transport = new_transport(endpoint.base_url, KEY)
        assert send_requests(transport)[0].usage == send_requests(transport)[0].usage


def test_the_environments_proxy_is_used_except_for_no_proxy(
    new_transport: TransportFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_server() as proxy, running_server() as direct:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert isinstance(send_requests(new_transport("http://gateway.invalid/v1", KEY))[0], structkit.Completion)
        assert isinstance(send_requests(new_transport(direct.base_url, KEY))[0], structkit.Completion)
    assert proxy.heads[1].get("proxy-authorization") is None
    assert proxy.lines[1:] == ["POST http://gateway.invalid/v1/chat/completions HTTP/1.1"]
    assert direct.lines[1:] == ["POST /v1/chat/completions HTTP/1.1"]


def test_an_unreachable_proxy_is_a_failed_connection(
    new_transport: TransportFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{port}")
    for scheme in ("http", "https"):
        error = send_requests(new_transport(f"{scheme}://gateway.invalid/v1", KEY))[0]
        assert isinstance(error, structkit.ConnectionFailed)
        assert error.usage_of_reply == structkit.Usage()


@pytest.mark.parametrize("status_line", ["HTTP/1.1 407 Proxy Authentication Required", "HTTP/1.1 502 Bad Gateway"])
def test_a_proxy_that_rejects_the_tunnel_is_a_failed_connection(
    new_transport: TransportFactory, monkeypatch: pytest.MonkeyPatch, status_line: str
) -> None:
    def reject_tunnel() -> None:
        connection, _ = listener.accept()
        with connection:
            heads.append(connection.recv(65536))
            connection.sendall(f"{status_line}\r\ncontent-length: 0\r\n\r\n".encode())

    heads: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread = threading.Thread(target=reject_tunnel)
        thread.start()
        error = send_requests(new_transport("https://gateway.invalid/v1", KEY))[0]
        thread.join()
    assert isinstance(error, structkit.ConnectionFailed)
    assert error.usage_of_reply == structkit.Usage()
    assert heads[0].startswith(b"CONNECT gateway.invalid:443")
    assert KEY.encode() not in heads[0]


PROXIES = {
    "by scheme": ({"HTTPS_PROXY": "http://p:1"}, "https://h/v1", "http://p:1"),
    "of another scheme": ({"HTTPS_PROXY": "http://p:1"}, "http://h/v1", None),
    "of all": ({"ALL_PROXY": "p:1"}, "http://h/v1", "http://p:1"),
    "excepted": ({"ALL_PROXY": "p:1", "NO_PROXY": "example.com,h"}, "http://h:80/v1", None),
    "all excepted": ({"ALL_PROXY": "p:1", "NO_PROXY": "*"}, "http://h/v1", None),
    "a network excepted": ({"ALL_PROXY": "p:1", "NO_PROXY": "a.example, 10.0.0.0/8"}, "http://10.1.2.3:80/v1", None),
    "an IPv6 network excepted": ({"ALL_PROXY": "p:1", "NO_PROXY": "fd00::/8"}, "http://[fd12::1]/v1", None),
    "another network excepted": ({"ALL_PROXY": "p:1", "NO_PROXY": "10.0.0.0/8"}, "http://11.1.2.3/v1", "http://p:1"),
    "subdomains excepted": ({"ALL_PROXY": "p:1", "NO_PROXY": "*.Corp.example"}, "http://a.corp.example/v1", None),
    "a URL excepted": ({"ALL_PROXY": "p:1", "NO_PROXY": "a, http://127.0.0.1"}, "http://127.0.0.1:80/v1", None),
    "a URL with a port excepted": ({"ALL_PROXY": "p:1", "NO_PROXY": "all://[::1]:80/"}, "http://[::1]:80/v1", None),
    "a scheme excepted": ({"ALL_PROXY": "p:1", "NO_PROXY": "https://"}, "https://h/v1", None),
    "another scheme excepted": ({"ALL_PROXY": "p:1", "NO_PROXY": "https://h"}, "http://h/v1", "http://p:1"),
    "another port excepted": ({"ALL_PROXY": "p:1", "NO_PROXY": "http://h:81"}, "http://h:80/v1", "http://p:1"),
    "a slash at the end": ({"ALL_PROXY": "p:1", "NO_PROXY": "h/"}, "http://h/v1", None),
    "no URL": ({"ALL_PROXY": "p:1", "NO_PROXY": "http://[h"}, "http://h/v1", "http://p:1"),
    "none": ({}, "http://h/v1", None),
}


@pytest.mark.parametrize(("environment", "address", "proxy"), PROXIES.values(), ids=PROXIES.keys())
def test_the_proxy_is_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], address: str, proxy: str | None
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert find_proxy(address) == proxy


@pytest.mark.parametrize(
    ("name", "value"), [("HTTP_PROXY", "http://"), ("HTTP_PROXY", "http://p:port"), ("ALL_PROXY", "gopher://p:1")]
)
def test_an_invalid_proxy_raises_before_anything_is_sent(
    new_transport: TransportFactory, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=r"(?i)proxy|port|host"):
        new_transport("http://gateway.invalid/v1", KEY)


def send_over_sdk(address: str) -> list[Any]:
    """Return the replies to a request over the SDK's clients, whole and streamed."""
    policy = structkit.Policy(retries=0)
    transport = OpenAITransport(openai.OpenAI(base_url=address, api_key=KEY))
    replies: list[Any] = [transport.send(REQUEST, policy), *transport.stream(REQUEST, policy)]

    async def work() -> list[Any]:
        transport = AsyncOpenAITransport(openai.AsyncOpenAI(base_url=address, api_key=KEY))
        try:
            return [await transport.send(REQUEST, policy), *[item async for item in transport.stream(REQUEST, policy)]]
        finally:
            await transport.close()

    return [*replies, *asyncio.run(work())]


@pytest.mark.skipif(not shutil.which("openssl"), reason="makes a certificate")
def test_certificates_come_from_the_environment(
    new_transport: TransportFactory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key_file = tmp_path / "both.pem"
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    openssl = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *name]
    subprocess.run(
        [*openssl, "-keyout", str(key_file), "-out", str(tmp_path / "cert.pem")], check=True, capture_output=True
    )
    key_file.write_bytes(key_file.read_bytes() + (tmp_path / "cert.pem").read_bytes())
    with running_server(certificate=key_file) as server:
        address = f"https://localhost:{server.port}/v1"
        untrusted = send_requests(new_transport(address, KEY))[0]
        assert isinstance(untrusted, structkit.ConnectionFailed)
        assert "SSL_CERT_FILE" in str(untrusted)
        assert untrusted.usage_of_reply == structkit.Usage()
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        assert isinstance(send_requests(new_transport(address, KEY))[0], structkit.Completion)
        other_host = send_requests(new_transport(f"https://127.0.0.1:{server.port}/v1", KEY))[0]
        assert "its certificate is that of another host: check the host in the base URL" in str(other_host)
        server.context.verify_mode = ssl.CERT_REQUIRED
        server.context.load_verify_locations(tmp_path / "cert.pem")
        without_certificate = send_requests(new_transport(address, KEY))[0]
        assert isinstance(without_certificate, structkit.ConnectionFailed)
        assert "requires a client certificate" in str(without_certificate)
        for over_sdk in send_over_sdk(address):
            assert isinstance(over_sdk, structkit.ConnectionFailed)
            assert "requires a client certificate" in str(over_sdk)
        server.context.maximum_version = ssl.TLSVersion.TLSv1_2
        without_certificate = send_requests(new_transport(address, KEY))[0]
        assert "it may require another version of TLS, or a client certificate" in str(without_certificate)


def test_a_certificate_file_that_cannot_be_read_raises_before_anything_is_sent(
    new_transport: TransportFactory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(OSError, match=r"none\.pem|No such file"):
        new_transport("https://gateway.invalid/v1", KEY)


def test_an_endpoint_without_tls_is_reported_as_such(new_transport: TransportFactory) -> None:
    with Endpoint() as endpoint:
        error = send_requests(new_transport(endpoint.base_url.replace("http:", "https:"), KEY))[0]
    assert isinstance(error, structkit.ConnectionFailed)
    assert str(error).endswith("it does not speak TLS there: try http:// in the base URL")


@contextmanager
def raw_server(reply: bytes) -> Iterator[str]:
    """A server that answers each connection with these bytes, and closes it; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer_connections() -> None:
            with suppress(OSError):
                while True:
                    with listener.accept()[0] as connection:
                        connection.recv(65536)
                        connection.sendall(reply)
                        connection.shutdown(socket.SHUT_WR)
                        while connection.recv(65536):  # to close with unread data would reset the connection
                            pass

        threading.Thread(target=answer_connections, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"


TLS_ALERT = bytes.fromhex("15030100020246")
"""How OpenSSL answers a request without TLS."""


@pytest.mark.parametrize("reply", [b"", TLS_ALERT], ids=["nothing", "alert"])
def test_a_server_that_answers_without_http_may_require_tls(new_transport: TransportFactory, reply: bytes) -> None:
    with raw_server(reply) as address:
        errors = [*send_requests(new_transport(address, KEY)), *send_over_sdk(address)]
    assert all("requires https:// in the base URL" in str(error) for error in errors)


@pytest.mark.parametrize("transport", [HTTPTransport, AsyncHTTPTransport])
def test_a_tls_alert_is_no_connection_and_costs_nothing(transport: Any) -> None:
    with raw_server(TLS_ALERT) as address:
        [error] = send_requests(transport(address, KEY))
    assert isinstance(error, structkit.ConnectionFailed)
    assert (error.retryable, error.usage_of_reply) == (True, structkit.Usage())


@pytest.mark.parametrize("transport", [HTTPTransport, AsyncHTTPTransport])
def test_another_protocol_than_http_is_quoted(transport: Any) -> None:
    with raw_server(b"SSH-2.0-OpenSSH_9.9\r\n") as address:
        [error] = send_requests(transport(address, KEY))
    assert str(error).endswith("not an HTTP/1.1 response: SSH-2.0-OpenSSH_9.9")


def test_a_tls_alert_of_a_proxy_does_not_blame_the_base_url_alone() -> None:
    reason = f"not an HTTP/1.1 response: {TLS_ALERT.decode('latin-1')}"
    host = "gateway.example through the proxy 10.0.0.1:3128"
    assert "https:// in the base URL, or in the proxy's address" in str(
        to_transport_error(ConnectError(reason), host, "")
    )


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("[SSL: TLSV1_ALERT_PROTOCOL_VERSION] tlsv1 alert protocol version", "it has no version of TLS"),
        ("certificate verify failed: EE certificate key too weak", "weaker than OpenSSL allows"),
        ("certificate verify failed: Missing Authority Key Identifier", "breaks RFC 5280"),
        ("[SSL: UNSAFE_LEGACY_RENEGOTIATION_DISABLED] unsafe legacy renegotiation disabled", "an old TLS"),
    ],
    ids=["version", "weak", "rules", "renegotiation"],
)
def test_what_tls_says_is_never_taken_for_a_wrong_base_url(reason: str, advice: str) -> None:
    message = str(to_transport_error(ConnectError(reason), "gateway.example", ""))
    assert advice in message
    assert "base URL" not in message


class SOCKSError(Exception):
    """What socksio raises; exceptions of HTTP libraries are compared by name."""


def test_a_proxy_that_does_not_speak_socks_is_no_connection_and_named() -> None:
    host = "gateway.example through the proxy 10.0.0.1:3128"
    error = to_transport_error(SOCKSError("Malformed reply"), host, "")
    assert isinstance(error, structkit.ConnectionFailed)
    assert (error.retryable, error.usage_of_reply) == (True, structkit.Usage())
    assert re.search("through the proxy 10.0.0.1:3128.*does not speak SOCKS.*http://", str(error))


def test_organisation_and_project_are_sent_as_by_the_sdk(
    new_transport: TransportFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
    with Endpoint('{"value": 3}') as endpoint:
        send_requests(new_transport(endpoint.base_url, KEY))
    sent = endpoint.headers[0]
    assert (sent["openai-organization"], sent["openai-project"]) == ("org-1", "proj-1")
    assert sent["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("key", ["hunter\n-two-hunter-two", "hunter\r\nx-evil: two-hunter-two"])
def test_a_key_that_is_not_a_valid_header_is_neither_sent_nor_quoted(new_transport: TransportFactory, key: str) -> None:
    with Endpoint() as endpoint:
        error = send_requests(new_transport(endpoint.base_url, key))[0]
        assert endpoint.requests == []
    assert isinstance(error, structkit.TransportError)
    assert "two-hunter" not in str(error)
    assert not error.retryable


def test_a_request_that_is_not_json_is_an_error_and_is_not_sent(new_transport: TransportFactory) -> None:
    with Endpoint() as endpoint:
        error = send_requests(
            new_transport(endpoint.base_url, KEY), request=structkit.Request("m", (), fields={"x": float("nan")})
        )[0]
        assert endpoint.requests == []
    assert isinstance(error, structkit.TransportError)
    assert not error.retryable


LOADED_LIBRARIES = {"HTTPTransport": ["http.client"], "AsyncHTTPTransport": []}


@pytest.mark.parametrize(("kind", "libraries"), LOADED_LIBRARIES.items(), ids=LOADED_LIBRARIES.keys())
def test_the_sdk_is_not_imported(kind: str, libraries: list[str]) -> None:
    code = f"import sys; from structkit.transport.direct import {kind} as Transport; Transport('http://127.0.0.1:1/v1', 'k'); "
    code += "print([name for name in ('http.client', 'openai', 'httpx2') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [*{*eval(done.stdout), *libraries} - {"http.client"}] == [*{*libraries} - {"http.client"}]


def test_zero_connections_raise() -> None:
    with pytest.raises(ValueError, match="connections"):
        AsyncHTTPTransport("http://127.0.0.1:1/v1", KEY, connections=0)
