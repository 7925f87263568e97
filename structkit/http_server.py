"""HTTP servers of this process: in a thread, with a limit of connections, and silent about clients that disconnect."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from time import monotonic
from types import TracebackType
from typing import Any

from typing_extensions import Self

SLOT_SECONDS = 2.0
"""Seconds for which a connection waits for others to end, where there are as many as there may be."""

SLOT_TRIES = 10
"""How often a silent connection is closed for it in that time."""

SILENT_SECONDS = 0.5
"""Seconds after which a connection without a request may be closed for another one."""


def url_host(host: str) -> str:
    """Return an address or a name as URLs have it.

    >>> url_host("::1"), url_host("127.0.0.1")
    ('[::1]', '127.0.0.1')
    """
    return f"[{host}]" if ":" in host else host


class HTTPServer(ThreadingHTTPServer):
    """A server with a thread for each connection.

    Attributes:
        max_connections: Connections that are answered at a time. For another one, the oldest that has sent nothing is
            closed, such as one that a browser opens in advance; without such a one it waits for a moment.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    max_connections = 1000

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        """Listen."""
        self._slots = threading.BoundedSemaphore(self.max_connections)
        self._silent_since: dict[socket.socket, float] = {}  # the connections that have sent nothing
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Bind without a look-up of the name of the host, which may take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a connection in a thread, once there is a place for it."""
        if not self._take_slot():
            self.shutdown_request(request)
            return
        self._silent_since[request] = monotonic()
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # the system has no thread left
            self._silent_since.pop(request, None)
            self._slots.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer a connection, and give back its place."""
        try:
            if self._has_bytes(request):
                super().process_request_thread(request, client_address)
            else:
                self.shutdown_request(request)
        finally:
            self._slots.release()

    def _take_slot(self) -> bool:
        if self._slots.acquire(blocking=False):
            return True
        for _ in range(SLOT_TRIES):
            self._close_silent()
            if self._slots.acquire(timeout=SLOT_SECONDS / SLOT_TRIES):
                return True
        return False

    def _has_bytes(self, connection: socket.socket) -> bool:
        """Wait for the first byte of a connection; return whether there is one."""
        timeout: float | None = self.RequestHandlerClass.timeout  # type: ignore[attr-defined]  # of `StreamRequestHandler`
        try:
            connection.settimeout(timeout)
            return bool(connection.recv(1, socket.MSG_PEEK))
        except OSError:
            return False
        finally:
            self._silent_since.pop(connection, None)
            connection.settimeout(None)

    def _close_silent(self) -> None:
        """Close the oldest connection that has sent nothing for a while."""
        oldest, silent_since = next(iter([*self._silent_since.items()]), (None, 0.0))
        if oldest is not None and monotonic() - silent_since >= SILENT_SECONDS:
            self._silent_since.pop(oldest, None)
            with suppress(OSError):  # it has ended
                oldest.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing: a client that disconnects is not an error of the server."""


class ServerThread:
    """Serves in a thread; use it as a context manager, or `start` and `close` it.

    Args:
        server: Listens already.
        poll_s: Seconds after which it notices that it has to stop.
    """

    def __init__(self, server: ThreadingHTTPServer, poll_s: float) -> None:
        """Start nothing yet."""
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(poll_s,), daemon=True)

    def __enter__(self) -> Self:
        """Start serving."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop serving."""
        self.close()

    def start(self) -> None:
        """Start serving."""
        self._thread.start()

    def close(self) -> None:
        """Stop serving, where it has started, and close the port; a second call does nothing."""
        if self._thread.is_alive():  # `shutdown` of a server that never served waits for ever
            self._server.shutdown()
        self._server.server_close()
