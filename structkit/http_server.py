"""HTTP servers of this process: in a thread, with a limit of connections, and silent about clients that disconnect."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import Any

from typing_extensions import Self

SLOT_SECONDS = 2.0
"""Seconds for which a connection waits for others to end, where there are as many as there may be."""


class HTTPServer(ThreadingHTTPServer):
    """A server with a thread for each connection.

    Attributes:
        max_connections: Connections that are answered at a time; others wait for a moment, and are then closed.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    max_connections = 1000

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        """Listen."""
        self._slots = threading.BoundedSemaphore(self.max_connections)
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Bind without a look-up of the name of the host, which may take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a connection in a thread, once there is a place for it."""
        if not self._slots.acquire(timeout=SLOT_SECONDS):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # the system has no thread left
            self._slots.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer a connection, and give back its place."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

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
