"""A review over HTTP on loopback: only for the page that it serves, and only for who has its token."""

from __future__ import annotations

import hmac
import json
import os
import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, cast
from urllib.parse import parse_qs

from structkit.errors import ConfigError, StructkitError
from structkit.html_pages import HTMLPage, make_served_page
from structkit.http_server import HTTPServer, ServerThread
from structkit.review.review_session import RejectedRequest, ReviewSession, read_body
from structkit.values import JSON

HOST = "127.0.0.1"

MAX_BODY_BYTES = 16 << 20
MAX_PARAMETERS = 8
MAX_DIGITS = 12
MAX_CONNECTIONS = 32
"""Connections that are answered at a time; others wait until one of them ends."""

IDLE_SECONDS, REQUEST_SECONDS = 10.0, 30.0
"""How long a connection may send nothing, and may take to send a request."""

TOKEN_HEADER = "X-Structkit-Token"  # noqa: S105 (its name)
PAGE, DATA = "text/html; charset=utf-8", "application/json"
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"

HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

Answer = Callable[[ReviewSession, Mapping[str, int]], JSON]

GET: Mapping[str, tuple[tuple[str, ...], Answer]] = {
    "/api/job": ((), lambda session, _: session.describe()),
    "/api/rows": (
        ("start", "count", "table"),
        lambda session, numbers: session.list_rows(numbers["start"], numbers["count"], numbers["table"]),
    ),
    "/api/row": (("place", "table"), lambda session, numbers: session.read_row(numbers["place"], numbers["table"])),
    "/api/sheet": (
        ("place", "source", "number", "table"),
        lambda session, numbers: session.draw_sheet(
            numbers["place"], numbers["source"], numbers["number"], numbers["table"]
        ),
    ),
    "/api/next": (("place", "table"), lambda session, numbers: session.next_open(numbers["place"], numbers["table"])),
}
"""What is read, by path: the names of its numbers, and the answer."""

POST: Mapping[str, Callable[[ReviewSession, JSON], JSON]] = {"/api/decide": lambda session, body: session.decide(body)}


class ReviewServer(ServerThread):
    """A running server; use it as a context manager.

    Args:
        session: The review.
        port: The port on loopback; 0 chooses a free one.
        on_error: Is called with an exception that is a bug.

    Attributes:
        url: The address with the token, which is new for each server.

    Raises:
        ConfigError: The port cannot be used.
    """

    def __init__(
        self, session: ReviewSession, port: int, on_error: Callable[[Exception], None] = lambda _: None
    ) -> None:
        """Listen."""
        self.token = secrets.token_urlsafe(32)
        self.on_error = on_error
        self.session, self.page = session, make_served_page()
        try:
            self._server = _LoopbackServer((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            raise ConfigError(f"cannot listen on port {port} of {HOST}: {error}; choose another --port") from None
        self._server.review = self
        self.port = self._server.server_port
        self.hosts = frozenset(f"{name}:{self.port}" for name in (HOST, "localhost"))
        self.url = f"http://{HOST}:{self.port}/?token={self.token}"
        super().__init__(self._server, 0.05)

    def is_token(self, text: str) -> bool:
        """Return whether a text is the token, in a time that does not depend on how much of it is right."""
        return hmac.compare_digest(text.encode("utf-8", "replace"), self.token.encode())


class _LoopbackServer(HTTPServer):
    max_connections = MAX_CONNECTIONS
    allow_reuse_address = os.name == "posix"  # elsewhere it would let two servers listen on a port
    request_queue_size = MAX_CONNECTIONS
    review: ReviewServer


def _disconnect(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:  # it has ended
        return


class _Handler(BaseHTTPRequestHandler):
    """Answers one request of a connection."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "structkit", ""
    timeout = IDLE_SECONDS

    @property
    def _review(self) -> ReviewServer:
        return cast("_LoopbackServer", self.server).review

    def setup(self) -> None:
        """Begin to count the time in which the request must arrive."""
        super().setup()
        self._timer = threading.Timer(REQUEST_SECONDS, _disconnect, (self.connection,))
        self._timer.daemon = True
        self._timer.start()

    def finish(self) -> None:
        """End the connection."""
        self._timer.cancel()
        super().finish()

    def do_GET(self) -> None:
        """Answer with the page, or with data."""
        self._answer(self._get)

    def do_POST(self) -> None:
        """Answer a decision."""
        self._answer(self._post)

    def _reject_method(self) -> None:
        self._answer(lambda: _raise(RejectedRequest(405, "method", "only GET and POST")))

    def __getattr__(self, name: str) -> Any:
        """Return the answer to a method of HTTP that the server does not have."""
        if name.startswith("do_"):
            return self._reject_method
        raise AttributeError(name)

    def _answer(self, find_answer: Callable[[], JSON | HTMLPage]) -> None:
        self.close_connection = True
        try:
            self._validate_origin()
            status, answer = 200, find_answer()
        except RejectedRequest as error:
            status, answer = error.status, error.fields
        except StructkitError as error:
            status, answer = 503, {"problem": "failed", "message": str(error)}
        except OSError:
            return
        except Exception as error:  # noqa: BLE001 (a bug: the page shows that there is one, and the terminal which)
            self._review.on_error(error)
            status, answer = 500, {"problem": "bug", "message": f"{type(error).__name__}: see the terminal"}
        self._reply(status, answer)

    def _get(self) -> JSON | HTMLPage:
        path, query = _split_path(self.path)
        parameters = _read_parameters(query)
        if path == "/":
            self._validate_token(parameters.get("token", self._review.token))  # the page itself has no data
            return self._review.page
        self._validate_token(self.headers.get(TOKEN_HEADER, ""))
        self._timer.cancel()
        if path not in GET:
            raise RejectedRequest(404, "missing", "there is no such page")
        names, answer = GET[path]
        return answer(self._review.session, {name: _read_number(parameters, name) for name in names})

    def _post(self) -> JSON:
        self._validate_token(self.headers.get(TOKEN_HEADER, ""))
        if self.path not in POST:
            raise RejectedRequest(404, "missing", "there is no such page")
        if self.headers.get_content_type() != DATA or self.headers.get("Content-Type") is None:
            raise RejectedRequest(415, "type", f"the content type must be {DATA}")
        return POST[self.path](self._review.session, read_body(self._read_body()))

    def _validate_origin(self) -> None:
        """Validate that the request is for this host, and from its own page or from no page at all.

        Raises:
            RejectedRequest: It is for another host, which a foreign page has made to resolve to this one, or is from a
                foreign page.
        """
        review = self._review
        hosts, origins = self.headers.get_all("Host", []), self.headers.get_all("Origin", [])
        if len(hosts) != 1 or hosts[0].lower() not in review.hosts:
            raise RejectedRequest(421, "host", "not a host of this server")
        is_page = self.command == "GET" and _split_path(self.path)[0] == "/"
        is_foreign = self.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}
        if any(origin != f"http://{hosts[0].lower()}" for origin in origins) or (is_foreign and not is_page):
            raise RejectedRequest(403, "origin", "not from a page of this server")

    def _validate_token(self, text: str) -> None:
        if not self._review.is_token(text):
            raise RejectedRequest(403, "token", "the token is not that of this server: open the address that it prints")

    def _read_body(self) -> bytes:
        lengths = self.headers.get_all("Content-Length", [])
        length = lengths[0] if len(lengths) == 1 else ""
        if self.headers.get("Transfer-Encoding") or not (length.isascii() and length.isdecimal()):
            raise RejectedRequest(411, "length", "the length of the body is required")
        if len(length) > MAX_DIGITS or int(length) > MAX_BODY_BYTES:
            raise RejectedRequest(413, "length", f"the body is larger than {MAX_BODY_BYTES >> 20} MB")
        data = self.rfile.read(int(length))
        self._timer.cancel()
        if len(data) < int(length):
            raise RejectedRequest(400, "length", "the body is incomplete")
        return data

    def _reply(self, status: int, answer: JSON | HTMLPage) -> None:
        is_page = isinstance(answer, HTMLPage)
        text = answer.html if isinstance(answer, HTMLPage) else json.dumps(answer)
        policy = f"{answer.policy}; frame-ancestors 'none'" if isinstance(answer, HTMLPage) else DATA_POLICY
        data = text.encode()
        self.send_response_only(status)
        headers = {"Content-Type": PAGE if is_page else DATA, "Content-Length": str(len(data)), "Connection": "close"}
        headers |= {"Allow": "GET, POST"} if status == HTTPStatus.METHOD_NOT_ALLOWED else {}
        for name, value in {**headers, **HEADERS, "Content-Security-Policy": policy}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data if self.command != "HEAD" else b"")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer a request that is not HTTP."""
        self.close_connection = True
        self.command = self.command or ""
        self._reply(code, {"problem": "request", "message": message or ""})

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: the address has the token."""


def _raise(error: Exception) -> Any:
    raise error


def _split_path(path: str) -> tuple[str, str]:
    """Return the path of a request, and what follows its question mark."""
    name, _, query = path.partition("?")
    return name, query


def _read_parameters(query: str) -> dict[str, str]:
    try:
        return {name: values[-1] for name, values in parse_qs(query, max_num_fields=MAX_PARAMETERS).items()}
    except ValueError:
        raise RejectedRequest(400, "invalid", "too many parameters") from None


def _read_number(parameters: Mapping[str, str], name: str) -> int:
    text = parameters.get(name, "")
    if not (text.isascii() and text.isdecimal()) or len(text) > MAX_DIGITS:
        raise RejectedRequest(400, "invalid", f"{name} is not a number")
    return int(text)
