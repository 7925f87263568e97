"""One connection of the async pool: sends a request, and passes the bytes of its response to a parser."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from structkit.transport.http.response_parser import InvalidResponse, ResponseParser, ResponseReceiver

BUFFER_BYTES = 2**14
"""Bytes that are read from a socket at once: a whole reply mostly, and one record of TLS."""


class NoResponse(ConnectionError):
    """The server closed the connection before the first byte of a reply."""


class RequestReceiver(ResponseReceiver, Protocol):
    """Takes a response, and says when its request need not wait any longer."""

    def end(self, error: Exception | None) -> None:
        """Take the end of the response, or why it ends too early."""
        ...

    def ready(self) -> asyncio.Future[None]:
        """Return a future of the running event loop that is done when the request need not wait."""
        ...


class Connection(asyncio.BufferedProtocol):
    """A connection with one request at a time.

    It reads into a buffer of its own: asyncio would allocate a quarter of a megabyte for each reply.

    Args:
        loop: The event loop.
        connections: The open connections of the pool.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, connections: set[Connection]) -> None:
        """Start before the connection is made."""
        self._loop, self._connections = loop, connections
        self._transport: Any = None
        self._parser = ResponseParser()
        self._receiver: RequestReceiver | None = None  # None when no response is awaited
        self._timer: asyncio.TimerHandle | None = None
        self._timeout_s = self._active_at = 0.0
        self._unsent_bytes = 0
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self.is_open = self._is_paused = False

    @property
    def is_reusable(self) -> bool:
        """Whether the last response is complete, and another request may be sent."""
        keeps_alive = self._parser.is_complete and self._parser.keeps_alive
        return self.is_open and keeps_alive and not self._transport.get_write_buffer_size()

    async def send(self, data: bytes, receiver: RequestReceiver, timeout_s: float) -> None:
        """Send a request, and wait until the receiver is ready.

        Args:
            data: The request.
            receiver: Takes the response.
            timeout_s: Seconds for which the server may be silent.

        Raises:
            NoResponse: The server closed the connection before the first byte of a reply.
            TimeoutError: It was silent for too long.
        """
        self._parser.expect(receiver)
        self._receiver = receiver
        self._timeout_s, self._active_at = timeout_s, self._loop.time()
        # A timer is left running between requests: to start and cancel one for each would cost more than the parser.
        if self._timer is None or self._timer.when() > self._active_at + timeout_s:
            self._start_timer(self._active_at + timeout_s)
        ready = receiver.ready()
        self._transport.write(data)
        await ready

    def pause_reading(self) -> None:
        """Read no more from the socket: what has arrived is not used yet."""
        self._is_paused = True
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on, if reading was paused; the time in between was not the server's."""
        if self._is_paused and self.is_open:
            self._is_paused, self._active_at = False, self._loop.time()
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close the connection at once; what is sent of a request may be lost."""
        self._close()
        self._transport.abort()
        self._end(ConnectionAbortedError("the connection was closed"))

    # Called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Implement `asyncio.BufferedProtocol`."""
        self._transport, self.is_open = transport, True
        self._connections.add(self)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 (asyncio passes it)
        """Implement `asyncio.BufferedProtocol`."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Implement `asyncio.BufferedProtocol`."""
        parser = self._parser
        if self._receiver is None:  # nobody has asked for it
            self.abort()
            return
        self._active_at = self._loop.time()
        try:
            parser.feed(self._buffer[:nbytes])
        except Exception as error:  # noqa: BLE001 (the request raises it)
            self._end(error)
            self.abort()
        else:
            if parser.is_complete:
                self._end(None)

    def eof_received(self) -> None:
        """Implement `asyncio.BufferedProtocol`; the transport then closes itself."""
        self.is_open = False

    def connection_lost(self, exc: Exception | None) -> None:
        """Implement `asyncio.BufferedProtocol`."""
        self._close()
        parser = self._parser
        if not parser.has_bytes:
            self._end(NoResponse(str(exc or "the server closed the connection without a reply")))
        elif exc is not None:
            self._end(InvalidResponse(str(exc)))
        else:
            self._end(parser.end())

    def _close(self) -> None:
        self.is_open = False
        self._stop_timer()
        self._connections.discard(self)

    def _end(self, error: Exception | None) -> None:
        """Tell the receiver once how the response ended."""
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            receiver.end(error)

    # Silence

    def _start_timer(self, time_s: float) -> None:
        self._stop_timer()
        self._timer = self._loop.call_at(time_s, self._check_silence)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check_silence(self) -> None:
        """End a response whose server is silent; it is not while it still reads the request, or we do not read."""
        self._timer = None
        if self._receiver is None:
            return
        unsent_bytes = self._transport.get_write_buffer_size()
        if unsent_bytes < self._unsent_bytes or self._is_paused:
            self._active_at = self._loop.time()
        self._unsent_bytes = unsent_bytes
        silent_at = self._active_at + self._timeout_s
        if silent_at > self._loop.time():
            self._start_timer(silent_at)
        else:
            self._end(TimeoutError())
            self.abort()
