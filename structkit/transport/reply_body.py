"""Reads the body of an HTTP reply within the bytes and seconds that a `Policy` allows."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from http import HTTPStatus
from time import monotonic
from typing import TypeAlias

from structkit.errors import MalformedReply, RequestTimeout, TransportError
from structkit.values import Completion, Policy

HTTPReply: TypeAlias = tuple[int, Mapping[str, str], Iterable[bytes]]
"""Status, headers, and the chunks of the decoded body, each read from the network when it is asked for."""

AsyncHTTPReply: TypeAlias = tuple[int, Mapping[str, str], AsyncIterator[bytes]]
"""The async form of `HTTPReply`."""

MAX_LINGER_S = 1.0
"""How long to wait for the end of the body after the last event of a stream: only after a complete body can the
connection be reused."""

EVENT_START = b"data:"
LAST_EVENT = re.compile(rb"[\r\n]data:[ \t]*\[?done\]?[ \t]*(?:[\r\n]|$)", re.IGNORECASE)
"""The last event of a stream. No text that the model writes matches it, because JSON escapes line breaks."""

LAST_EVENT_BYTES = 32
"""Its length at most, by which it may have begun before a chunk."""

MAX_SILENCE_S = 5.0
"""How long a stream may be silent after the finish reason of every choice; its token counts may come before `[DONE]`,
which some gateways never send."""

MIN_TIMEOUT_S = 0.001
"""A timeout of 0 would make a socket non-blocking."""


def is_event_stream(headers: Mapping[str, str]) -> bool:
    """Return whether a reply says that it is a stream of events."""
    return "event-stream" in headers.get("content-type", "").lower()


class BodyReader:
    """Collects the chunks of a reply, and raises when it exceeds the policy's size or deadline.

    The deadline runs from construction, so a reader is made before its request is sent.

    Attributes:
        status: The HTTP status.
        headers: The reply's headers.
        url: Where the request was sent, for messages; empty if that is unknown.
        is_truncated: Whether the body of an error breaks off.
        has_ended: Whether a stream of events has sent its last one, so that only the end of the body is waited for.
        on_end: Is called with the seconds that may pass until more arrives, which an HTTP library with fixed timeouts
            has to end; the last call counts.
        sent_secrets: What else messages must not contain, where an HTTP library of the caller's adds to the request.
    """

    def __init__(self, policy: Policy) -> None:
        """Start the clock."""
        self.status, self.url, self.is_truncated = 0, "", False
        self.sent_secrets: tuple[str, ...] = ()
        self.headers: Mapping[str, str] = {}
        self._policy = policy
        self._ends_at = monotonic() + (policy.deadline or math.inf)
        self._max_silence_s = math.inf
        self._chunks: list[bytes] = []
        self._size = 0
        self._is_stream = self.has_ended = False
        self._tail = b"\n"  # the last bytes of what has arrived
        self.on_end: Callable[[float], object] = lambda _: None

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Take the status and the headers.

        Raises:
            MalformedReply: `Content-Length` is more than the policy allows.
        """
        self.status, self.headers = status, headers
        announced = headers.get("content-length", "")
        # 20 digits are more than any policy allows; int() of a longer text would raise
        self._validate_size(int(announced[:20]) if announced.isdecimal() else 0)
        self._is_stream = is_event_stream(headers)

    def read(self, reply: HTTPReply) -> None:
        """Read a reply until it ends.

        Raises:
            MalformedReply: It has more bytes than the policy allows.
            RequestTimeout: It did not end before the deadline.
        """
        status, headers, chunks = reply
        self.start(status, headers)
        for chunk in chunks:
            self.add(chunk)

    async def read_async(self, reply: AsyncHTTPReply) -> None:
        """The async form of `read`."""
        status, headers, chunks = reply
        self.start(status, headers)
        async for chunk in chunks:
            self.add(chunk)
            if self.has_ended:
                await self._drain(chunks)

    async def _drain(self, chunks: AsyncIterator[bytes]) -> None:
        """Wait for the end of the body after the last event.

        Raises:
            TimeoutError, RequestTimeout: It does not end in time.
        """
        import asyncio

        async with asyncio.timeout(self.remaining_s):
            async for chunk in chunks:
                self.count(chunk)

    def add(self, chunk: bytes) -> None:
        """Store a chunk of the decoded body, which is a stream of events that nobody has asked for if it starts so.

        Raises:
            MalformedReply: The body has more bytes than the policy allows.
            RequestTimeout: The deadline has passed.
        """
        self.store(chunk)
        if self._is_stream or chunk[:5] == EVENT_START:
            self._is_stream = True
            if not self.has_ended and LAST_EVENT.search(self._tail + chunk):
                self.end_stream()
        self._tail = (chunk if len(chunk) > LAST_EVENT_BYTES else self._tail + chunk)[-LAST_EVENT_BYTES:]

    def store(self, chunk: bytes) -> None:
        """Store a chunk of a stream that is read as it arrives; raises as `add` does."""
        self.count(chunk)
        self._chunks.append(chunk)

    def count(self, chunk: bytes) -> None:
        """Count a chunk without storing it; raises as `add` does."""
        self._size += len(chunk)
        self._validate_size(self._size)
        if monotonic() > self._ends_at:
            raise RequestTimeout(
                f"the reply was not complete within {self._policy.deadline} s; raise Policy(deadline=...)",
                retryable=True,
            )

    def shorten_deadline(self, seconds: float) -> None:
        """End the reply in at most *seconds* from now."""
        self._ends_at = min(self._ends_at, monotonic() + seconds)

    def expect_end(self, *, is_certain: bool) -> None:
        """Note that a stream may have sent the whole reply: if that is certain, `MAX_SILENCE_S` of silence end it."""
        self._max_silence_s = MAX_SILENCE_S if is_certain else math.inf
        self.on_end(self._max_silence_s)

    def end_stream(self) -> None:
        """Note that the last event has arrived: the body then ends in at most `MAX_LINGER_S`."""
        self.has_ended = True
        self.shorten_deadline(MAX_LINGER_S)
        self.on_end(MAX_LINGER_S)

    def accepts_interruption(self, error: Exception) -> bool:
        """Return whether a body that breaks off can be read all the same, and note if it is incomplete.

        It can after the last event of a stream, or the finish reason of every choice in it; and if it is an error's,
        since the status says what happened.

        Args:
            error: The exception that interrupted the body; at a limit of the policy, that is what happened.
        """
        if self.has_ended:
            return True
        is_timeout = any("Timeout" in kind.__name__ for kind in type(error).__mro__)
        is_excess = isinstance(error, TransportError) and not error.retryable
        self.is_truncated = self.status >= HTTPStatus.BAD_REQUEST and not (is_timeout or is_excess)
        return self.is_truncated or (not is_excess and self._has_complete_stream())

    def _has_complete_stream(self) -> bool:
        """Return whether the body is a stream that nobody has asked for, with a reply that is complete."""
        if not self._is_stream or self.status >= HTTPStatus.BAD_REQUEST:
            return False
        from structkit.parsing.stream_body import read_stream_body  # few gateways send one

        return isinstance(read_stream_body(self.body), Completion)

    @property
    def remaining_s(self) -> float | None:
        """Seconds until the deadline, or that a complete stream may be silent; None without any limit."""
        remaining_s = min(self._ends_at - monotonic(), self._max_silence_s)
        return None if remaining_s == math.inf else remaining_s

    def chunk_timeout(self, timeout: float) -> float:
        """Return the seconds that the next chunk may take: *timeout*, or what remains until the deadline."""
        return max(MIN_TIMEOUT_S, min(timeout, self._ends_at - monotonic(), self._max_silence_s))

    @property
    def body(self) -> bytes:
        """The chunks stored so far, joined."""
        return b"".join(self._chunks)

    def _validate_size(self, size: int) -> None:
        if size > self._policy.reply_bytes:
            raise MalformedReply(
                f"the endpoint answered {self.status} with more than {self._policy.reply_bytes} bytes, "
                "the maximum of Policy(reply_bytes=...); the remaining bytes were not read",
                request_id=self.headers.get("x-request-id"),
            )
