"""A reply while it comes in: how many bytes and seconds it may take."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Iterable, Mapping
from time import monotonic
from typing import TypeAlias

from structkit.errors import MalformedReply, RequestTimeout
from structkit.values import Policy

Opened: TypeAlias = tuple[int, Mapping[str, str], Iterable[bytes]]
"""Status, headers, and the decoded body in pieces, read as they are asked for."""

AsyncOpened: TypeAlias = tuple[int, Mapping[str, str], AsyncIterator[bytes]]
"""The same, awaited."""


class Reading:
    """Takes a reply in, piece by piece, and refuses what is more than the policy allows.

    Attributes:
        status: The HTTP status.
        headers: The reply's headers.

    The clock runs from the start: a reading is made before its request is sent.
    """

    def __init__(self, policy: Policy) -> None:
        """Start the clock."""
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self._policy = policy
        self._ends = monotonic() + (policy.deadline or math.inf)
        self._pieces: list[bytes] = []
        self._size = 0

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Note the head of the reply.

        Raises:
            MalformedReply: It announces more bytes than are allowed.
        """
        self.status, self.headers = status, headers
        announced = headers.get("content-length", "")
        self._refuse_more(int(announced[:20]) if announced.isdecimal() else 0)

    def read(self, opened: Opened) -> None:
        """Take a whole reply in.

        Raises:
            MalformedReply: It is more than is allowed.
            RequestTimeout: It comes too late.
        """
        status, headers, pieces = opened
        self.begin(status, headers)
        for piece in pieces:
            self.take(piece)

    async def read_later(self, opened: AsyncOpened) -> None:
        """As `read`, awaited."""
        status, headers, pieces = opened
        self.begin(status, headers)
        async for piece in pieces:
            self.take(piece)

    def take(self, piece: bytes) -> None:
        """Keep a piece of the decoded body.

        Raises:
            MalformedReply: It is one too many.
            RequestTimeout: It comes too late.
        """
        self.count(piece)
        self._pieces.append(piece)

    def count(self, piece: bytes) -> None:
        """Count a piece that is not kept.

        Raises:
            MalformedReply: It is one too many.
            RequestTimeout: It comes too late.
        """
        self._size += len(piece)
        self._refuse_more(self._size)
        if monotonic() > self._ends:
            raise RequestTimeout(
                f"the reply was not whole within {self._policy.deadline} s (Policy(deadline=...))", retryable=True
            )

    def hurry(self, seconds: float) -> None:
        """What is still to come may not take longer."""
        self._ends = min(self._ends, monotonic() + seconds)

    @property
    def seconds_left(self) -> float | None:
        """Until the deadline; None without one."""
        return None if self._ends == math.inf else self._ends - monotonic()

    def left(self, wait: float) -> float:
        """Seconds that the next piece may take: *wait*, or what is left until the deadline."""
        return max(0.001, min(wait, self._ends - monotonic()))

    @property
    def body(self) -> bytes:
        """What came."""
        return b"".join(self._pieces)

    def _refuse_more(self, size: int) -> None:
        if size > self._policy.reply_bytes:
            raise MalformedReply(
                f"the endpoint answered {self.status} with more than {self._policy.reply_bytes} bytes, "
                "the most that Policy(reply_bytes=...) allows; the rest was not read",
                request_id=self.headers.get("x-request-id"),
            )
