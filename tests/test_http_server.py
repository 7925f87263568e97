"""Servers of this process: a limit of connections, and a thread that starts and ends."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler

import pytest

from structkit import http_server
from structkit.http_server import HTTPServer, ServerThread


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


class SmallServer(HTTPServer):
    max_connections = 2


def status_of(connection: socket.socket) -> bytes:
    connection.settimeout(5)
    try:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return connection.recv(12)[9:]
    except OSError:
        return b""


def test_connections_beyond_the_limit_are_closed_until_another_one_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "SLOT_SECONDS", 0.05)
    server = SmallServer(("127.0.0.1", 0), Handler)
    with ServerThread(server, 0.01):
        address = ("127.0.0.1", server.server_port)
        with socket.create_connection(address) as first, socket.create_connection(address):
            threading.Event().wait(0.1)
            with socket.create_connection(address) as third:
                assert status_of(third) == b""
            assert status_of(first) == b"204"
            with socket.create_connection(address) as fourth:
                assert status_of(fourth) == b"204"


def test_connections_that_send_nothing_hold_no_request_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "SILENT_SECONDS", 0)
    server = SmallServer(("127.0.0.1", 0), Handler)
    with ServerThread(server, 0.01), ExitStack() as stack:
        address = ("127.0.0.1", server.server_port)
        idle = [stack.enter_context(socket.create_connection(address)) for _ in range(20)]
        with socket.create_connection(address) as connection:
            assert status_of(connection) == b"204"
        idle[0].settimeout(5)
        assert idle[0].recv(1) == b""


def test_a_server_that_was_closed_is_closed_again_without_an_error() -> None:
    server = SmallServer(("127.0.0.1", 0), Handler)
    with ServerThread(server, 0.01) as thread:
        thread.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.server_port), timeout=1)


def test_a_server_that_never_served_is_closed_at_once() -> None:
    server = SmallServer(("127.0.0.1", 0), Handler)
    ServerThread(server, 0.01).close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.server_port), timeout=1)
