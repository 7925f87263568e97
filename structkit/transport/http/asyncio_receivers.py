"""What takes the responses of the async pool: a body that is read as a whole, or one that is read as it arrives."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping

from structkit.transport.http.asyncio_connection import Connection
from structkit.transport.http.decompress import Inflater, accepted_name
from structkit.transport.reply_body import MAX_LINGER_S, BodyReader

MAX_BUFFERED_BYTES = 2**18
"""Bytes of a stream that wait for their reader; then nothing more is read from the socket."""


class CompleteBody:
    """Passes a response to a `BodyReader` as it arrives; ready when it is complete."""

    def __init__(self, reader: BodyReader) -> None:
        """Start before the response."""
        self._reader = reader
        self._inflater: Inflater | None = None
        self._is_lingering = False

    def ready(self) -> asyncio.Future[None]:
        """Implement `RequestReceiver.ready`."""
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        return self._done

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Implement `ResponseReceiver.start`."""
        self._reader.start(status, headers)
        if (encoding := headers.get("content-encoding")) and (name := accepted_name(encoding)):
            self._inflater = Inflater(name)

    def add(self, chunk: bytes) -> None:
        """Implement `ResponseReceiver.add`."""
        if self._inflater is None:
            self._reader.add(chunk)
        else:
            for part in self._inflater.feed(chunk):
                self._reader.add(part)
        if self._reader.has_ended and not self._is_lingering:
            self._is_lingering = True
            asyncio.get_running_loop().call_later(self._reader.chunk_timeout(MAX_LINGER_S), self._set_done)

    def end(self, error: Exception | None) -> None:
        """Implement `RequestReceiver.end`."""
        if error is None and self._inflater is not None:
            try:
                self._inflater.finish()
            except Exception as malformed:  # noqa: BLE001 (the request raises it)
                error = malformed
        self._set_done(error)

    def _set_done(self, error: Exception | None = None) -> None:
        if not self._done.done():
            self._done.set_result(None) if error is None else self._done.set_exception(error)


class ResponseStream:
    """Keeps the parts of a body until they are read; ready when the headers have arrived.

    Attributes:
        status: The HTTP status.
        headers: The headers.
    """

    def __init__(self) -> None:
        """Start before the response."""
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._error: Exception | None = None
        self._is_complete = False
        self._connection: Connection | None = None
        self._next: asyncio.Future[None] | None = None

    def ready(self) -> asyncio.Future[None]:
        """Implement `RequestReceiver.ready`."""
        self._next = asyncio.get_running_loop().create_future()
        return self._next

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Implement `ResponseReceiver.start`."""
        self.status, self.headers = status, headers
        self._wake()

    def add(self, chunk: bytes) -> None:
        """Implement `ResponseReceiver.add`."""
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._size > MAX_BUFFERED_BYTES and self._connection is not None:
            self._connection.pause_reading()
        self._wake()

    def end(self, error: Exception | None) -> None:
        """Implement `RequestReceiver.end`."""
        self._is_complete, self._error = True, error
        self._wake()

    def _wake(self) -> None:
        waiter, self._next = self._next, None
        if waiter is None or waiter.done():
            return
        if self.status or self._error is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(self._error)

    async def chunks(self, connection: Connection) -> AsyncIterator[bytes]:
        """Yield the parts of the body as they arrive.

        Raises:
            ConnectionError, TimeoutError: The body ends too early.
        """
        self._connection = connection
        while True:
            while self._chunks:
                chunk = b"".join(self._chunks)
                self._chunks.clear()
                self._size = 0
                connection.resume_reading()
                yield chunk
            if self._error is not None:
                raise self._error
            if self._is_complete:
                return
            await self.ready()
