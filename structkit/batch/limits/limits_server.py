"""A small HTTP server on loopback, or on a network with a token, from which workers lease shares of one limit."""

from __future__ import annotations

import hmac
import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Literal

from structkit.batch.engines.limiter import Limiter
from structkit.batch.limits.limit_shares import Limits, LimitShares
from structkit.batch.limits.limits_service import LimitsService
from structkit.batch.limits.money_file import MoneyFile
from structkit.batch.settings import MAX_AUTO_CONCURRENCY
from structkit.errors import ConfigError
from structkit.http_server import HTTPServer, ServerThread, url_host
from structkit.values import JSON

MAX_BODY_BYTES = 2**22
"""The size of a message: that of a worker which reports thousands of replies."""

IDLE_S = 60.0
"""Seconds after which a connection is closed that nobody uses."""


class LimitsHandler(BaseHTTPRequestHandler):
    """Answers the messages of workers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes; together with delayed ACKs they cost 40 ms
    timeout = IDLE_S
    server: LimitsHTTPServer  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        """Answer a worker; not after the end, when its connection may still be open."""
        if self.server.is_closed:
            self.close_connection = True
            return
        if "origin" in self.headers:  # a web page, which may reach loopback through the browser of this machine
            self.send_error(403)
            return
        length = self.headers.get("content-length", "")
        is_readable = length.isdecimal() and int(length) <= MAX_BODY_BYTES
        body = self.rfile.read(int(length)) if is_readable else b""
        self.close_connection = self.close_connection or not is_readable  # what follows is no request
        status, reply = self.server.answer(self.path, self.headers.get("authorization", ""), body)
        data = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:
        """Print nothing."""


class LimitsHTTPServer(HTTPServer):
    """The server, and what it serves."""

    is_closed = False

    def __init__(self, address: tuple[str, int], shares: LimitShares, token: str) -> None:
        """Listen."""
        super().__init__(address, LimitsHandler)
        self._service, self._token = LimitsService(shares), token

    def answer(self, path: str, authorization: str, body: bytes) -> tuple[int, JSON]:
        """Return the status and the body of a reply."""
        if not hmac.compare_digest(authorization.encode(), f"Bearer {self._token}".encode()):
            return 401, {"error": "the token of the limits server is another one: set STRUCTKIT_LIMITS_TOKEN"}
        try:
            message = json.loads(body)
        except (ValueError, RecursionError) as error:
            return 400, {"error": f"not a message of a worker: {type(error).__name__}"}
        return self._service.answer(path, message)


class LimitsServer(ServerThread):
    """A running server; use it as a context manager.

    Args:
        shares: What it serves.
        token: What workers have to know; it never appears in a message.
        host: The address to listen on.
        port: The port; 0 chooses a free one.

    Attributes:
        url: Its address, without the token.

    Raises:
        ConfigError: The port is in use, or there is no such address.
    """

    def __init__(self, shares: LimitShares, token: str, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen."""
        try:
            self._limits = LimitsHTTPServer((host, port), shares, token)
        except OSError as error:
            raise ConfigError(f"cannot listen on {url_host(host)}:{port}: {error.strerror or error}") from None
        self.url = f"http://{url_host(host)}:{self._limits.server_port}"
        super().__init__(self._limits, 0.1)

    def close(self) -> None:
        """Stop, and answer nobody whose connection is still open; a second call does nothing."""
        if not self._limits.is_closed:
            self._limits.is_closed = True
            super().close()


def open_shares(limits: Limits, concurrency: int | Literal["auto"], state: Path | None = None) -> LimitShares:
    """Return the shares of a new server, or of one that is restarted.

    Args:
        limits: What is divided.
        concurrency: Requests in flight of all workers together.
        state: The file with what parts may have spent.

    Raises:
        ConfigError: A budget lacks the file.
        JobError: The file cannot be used.
    """
    limiter = Limiter(concurrency, maximum=MAX_AUTO_CONCURRENCY)
    if limits.budget is None:
        return LimitShares(limits, limiter)
    if state is None:
        raise ConfigError("a budget needs --state FILE: without it, a server that is restarted would spend it again")
    file = MoneyFile(state, limits.budget)
    return LimitShares(limits, limiter, money=file.amounts, store=file.store, job=file.job)
