"""The HTTP server of `structkit serve`: llama.cpp's own, with what the clients of a vendor rely on.

The names of models are checked, one model can be looked up, and a tool that a request forces is called. Everything else
is llama.cpp's reply as it is.
"""

from __future__ import annotations

import json
import selectors
import socket
from collections.abc import Iterable, Iterator
from contextlib import closing
from errno import EADDRINUSE
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from urllib.parse import quote, urlsplit

from typing_extensions import Self

from structkit.errors import ConfigError
from structkit.http_server import HTTPServer, ServerThread, url_host
from structkit.local.forced_call import CallStream, to_tool_calls
from structkit.local.proxied_request import ProxiedRequest, Rejection, to_proxied
from structkit.values import JSON

MAX_BODY_BYTES = 64 * 2**20
ASCII = "".join(map(chr, range(128)))

HOP_HEADERS = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host", "expect"})
"""Headers that concern one connection, or that each side writes for itself."""


class Proxy:
    """A server in front of llama.cpp's; use it as a context manager.

    Args:
        host: The address to listen on.
        port: The port; 0 for a free one.

    Raises:
        ConfigError: The address or the port cannot be used.
    """

    def __init__(self, host: str, port: int) -> None:
        """Bind the port, which takes no time, before a model is loaded."""
        try:
            self._server = HTTPServer((host, port), BaseHTTPRequestHandler)
        except OSError as error:
            reason = "is in use by another program" if error.errno == EADDRINUSE else f"cannot be used: {error}"
            raise ConfigError(f"port {port} on {host} {reason}; choose another one with --port, or 0 for any") from None
        self.base_url = f"http://{url_host(host)}:{self._server.server_port}/v1"
        self._thread = ServerThread(self._server, poll_s=0.1)

    def start(self, model: str, base_url: str) -> None:
        """Answer requests for a model, in threads, with the replies of the server at an address."""
        self._server.RequestHandlerClass = _handler_class(model, urlsplit(base_url).netloc)
        self._thread.start()

    def __enter__(self) -> Self:
        """Return the proxy itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop listening."""
        self._thread.close()


def _handler_class(model: str, netloc: str) -> type[BaseHTTPRequestHandler]:
    class ProxyHandler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are two writes; together with delayed ACKs they cost 40 ms

        def handle_request(self) -> None:
            """Answer one request."""
            try:
                _forward(self, netloc, to_proxied(self.path, _read_body(self), model))
            except Rejection as rejection:
                self.send_response_only(rejection.status)
                _write_json(self, rejection.body)

        do_GET = do_HEAD = do_POST = do_OPTIONS = do_DELETE = handle_request  # noqa: N815 (the names that the base class calls)

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    return ProxyHandler


def _read_body(handler: BaseHTTPRequestHandler) -> bytes:
    length = handler.headers.get("content-length", "0")
    if "transfer-encoding" in handler.headers or not length.isdecimal():
        handler.close_connection = True
        raise Rejection(411, "The request needs a Content-Length.")
    if int(length) > MAX_BODY_BYTES:
        handler.close_connection = True
        raise Rejection(413, f"The body of the request has more than {MAX_BODY_BYTES} bytes.")
    return handler.rfile.read(int(length))


def _forward(handler: BaseHTTPRequestHandler, netloc: str, request: ProxiedRequest) -> None:
    """Send a request to llama.cpp, and its reply to the client."""
    headers = {name: value for name, value in handler.headers.items() if name.lower() not in HOP_HEADERS}
    with closing(HTTPConnection(netloc)) as connection:
        try:
            method = "GET" if handler.command == "HEAD" else handler.command
            path = quote(request.path, safe=ASCII, encoding="latin-1")
            connection.request(method, path, request.body or None, headers)
            _wait_for_reply(handler.connection, connection.sock)
            response = connection.getresponse()
        except (OSError, HTTPException) as error:
            raise Rejection(502, f"The model's server does not answer: {error}") from None
        _write_reply(handler, response, request)


def _wait_for_reply(client: socket.socket, server: socket.socket) -> None:
    """Wait until the reply begins; a client that disconnects ends the request, so that no model writes for nobody.

    Raises:
        ConnectionAbortedError: The client has disconnected.
    """
    with selectors.DefaultSelector() as selector:
        for each in (client, server):
            selector.register(each, selectors.EVENT_READ)
        ready = {key.fileobj for key, _ in selector.select()}
    if server not in ready and not client.recv(1, socket.MSG_PEEK):
        raise ConnectionAbortedError("the client has disconnected")


def _write_reply(handler: BaseHTTPRequestHandler, response: HTTPResponse, request: ProxiedRequest) -> None:
    handler.send_response_only(response.status)
    for name, value in response.getheaders():
        if name.lower() not in HOP_HEADERS | {"content-type"}:
            handler.send_header(name, value)
    is_stream = "event-stream" in response.getheader("content-type", "")
    if response.status == HTTPStatus.OK and (request.functions or request.is_lookup) and not is_stream:
        body = json.load(response)
        _write_json(handler, body["data"][0] if request.is_lookup else to_tool_calls(body, request.functions))
        return
    handler.send_header("Content-Type", response.getheader("content-type", "application/json"))
    if is_stream:
        _write_chunks(handler, _rewrite_events(response, request) if request.functions else _fragments(response))
    else:
        _write_body(handler, response.read())


def _write_json(handler: BaseHTTPRequestHandler, body: JSON) -> None:
    handler.send_header("Content-Type", "application/json; charset=utf-8")
    _write_body(handler, json.dumps(body, ensure_ascii=False).encode(errors="backslashreplace"))


def _write_body(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)


def _write_chunks(handler: BaseHTTPRequestHandler, fragments: Iterable[bytes]) -> None:
    """Write a reply of unknown length; for a client of HTTP/1.0, it ends with the connection."""
    if handler.request_version == "HTTP/1.0":
        handler.close_connection = True
        handler.end_headers()
        handler.wfile.writelines(fragments)
        return
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for fragment in fragments:
        handler.wfile.write(b"%x\r\n%b\r\n" % (len(fragment), fragment))
    handler.wfile.write(b"0\r\n\r\n")


def _fragments(response: HTTPResponse) -> Iterator[bytes]:
    return iter(response.read1, b"")


def _lines(fragments: Iterable[bytes]) -> Iterator[bytes]:
    r"""Return the lines of a stream; those of `HTTPResponse` end without an error where the connection breaks.

    >>> [*_lines([b"a", b"b\n\nc"])]
    [b'ab\n', b'\n', b'c']
    """
    remainder = b""
    for fragment in fragments:
        *lines, remainder = (remainder + fragment).split(b"\n")
        yield from (line + b"\n" for line in lines)
    if remainder:
        yield remainder


def _rewrite_events(response: HTTPResponse, request: ProxiedRequest) -> Iterator[bytes]:
    """Return the lines of a stream of events with tool calls in place of contents."""
    stream = CallStream(request.functions)
    for line in _lines(_fragments(response)):
        field, _, value = line.partition(b": ")
        is_chunk = field == b"data" and value.startswith(b"{") and b'"choices"' in value
        yield b"data: %b\n" % json.dumps(stream.rewrite(json.loads(value))).encode() if is_chunk else line
