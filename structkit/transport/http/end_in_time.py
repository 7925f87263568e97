"""Ends a body over httpx or httpx2 soon after the last event: their timeouts are fixed when a request is sent."""

from __future__ import annotations

import math
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any

from structkit.transport.reply_body import BodyReader


@contextmanager
def end_in_time(response: Any, reader: BodyReader) -> Iterator[None]:
    """Shut the connection of a blocking response down if its body does not end in time after the last event."""
    timers: list[Timer] = []

    def start_timer(seconds: float) -> None:
        if timers:
            timers.pop().cancel()
        if seconds < math.inf:
            timers.append(Timer(seconds, _shut_down, [response]))
            timers[-1].daemon = True
            timers[-1].start()

    reader.on_end = start_timer
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()


def _shut_down(response: Any) -> None:
    stream = response.extensions.get("network_stream")
    sock = stream and stream.get_extra_info("socket")
    if sock is not None:
        with suppress(OSError):  # already closed
            sock.shutdown(socket.SHUT_RDWR)
