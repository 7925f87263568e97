"""A connection that the server had closed as it was reused: over httpx or httpx2, the request is sent again.

Both libraries only check that an idle connection is open before they use it. The server may close it a moment later;
some servers close one after a stream without saying so. Then nothing was answered, and nothing was lost.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic
from types import TracebackType
from typing import Any, TypeAlias, TypeVar

from structkit.transport.exceptions import ConnectError, ConnectTimeout, NoTLSReply, raise_if_late

T = TypeVar("T")
Trace: TypeAlias = Callable[[str, Any], Any]
"""A function that the library calls with the name and the details of each step of a request."""

BROKEN = frozenset({"ReadError", "WriteError"})
"""Class names of a reset connection."""

CLOSED_BY_PROXY = BROKEN | {"RemoteProtocolError"}
"""The same, and of one that was closed in the middle of a reply."""

CLOSED = "Server disconnected without sending a response."
"""The message of the `RemoteProtocolError` of a connection that was closed before the head of a reply was complete."""

TLS_STEP = "start_tls.complete"
"""How the name of the step ends that makes a new connection one of TLS."""

HTTP_STEPS = ("http11.", "http2.")
"""How the names of the steps start that use a connection; other steps open one."""


class ConnectionTrace:
    """How one attempt of a request used its connection.

    Attributes:
        sent_at: When the request began to use it, by the monotonic clock.
        is_at_proxy: Whether a proxy is being asked for a tunnel, so that nothing of the request has been sent.
    """

    def __init__(self) -> None:
        """Start before the first step."""
        self._is_reused: bool | None = None  # None also if a caller's hook has replaced the trace
        self.sent_at = 0.0
        self.is_at_proxy = self._is_new_tls = False

    def trace(self, step: str, details: Any) -> None:
        """Note the first step of a blocking request, and the head that is sent last."""
        if self._is_reused is None:
            self._is_reused, self.sent_at = step.startswith(HTTP_STEPS), monotonic()
        self._is_new_tls = self._is_new_tls or step.endswith(TLS_STEP)
        if step.endswith("send_request_headers.started"):
            self.is_at_proxy = details["request"].method == b"CONNECT"

    async def trace_async(self, step: str, details: Any) -> None:
        """The async form of `trace`."""
        self.trace(step, details)

    def raise_unless_stale(self, error: Exception) -> None:
        """Raise an exception of a request, unless that is to be sent again.

        Raises:
            ConnectError: A proxy closed the connection before there was a tunnel, or did not open one in time.
            LateClose: The endpoint may have answered.
            NoTLSReply: The connection was a new one, and the endpoint closed it before the first byte of a reply.
            Exception: The connection had not been closed when it was reused.
        """
        if self.is_at_proxy and type(error).__name__ in CLOSED_BY_PROXY:
            raise ConnectError(str(error)) from error
        if self.is_at_proxy and type(error).__name__ == "ReadTimeout":
            raise ConnectTimeout(str(error)) from error
        if not _is_unanswered(error):
            raise error
        if self._is_new_tls:
            raise NoTLSReply(str(error) or type(error).__name__) from error
        if not self._is_reused:
            raise error
        raise_if_late(self.sent_at)


def _is_unanswered(error: Exception) -> bool:
    """Return whether a connection was closed before the first byte of a reply; False if that is unknown."""
    is_lost = type(error).__name__ in BROKEN or str(error) == CLOSED
    return is_lost and _received(error) == b""


def send_on_open_connection(send: Callable[[Trace], T]) -> T:
    """Return what *send* returns; it is called again if the connection that it reused was closed."""
    while True:
        use = ConnectionTrace()
        try:
            return send(use.trace)
        except Exception as error:  # noqa: BLE001 (it is raised again)
            use.raise_unless_stale(error)


async def send_on_open_connection_async(send: Callable[[Trace], Awaitable[T]]) -> T:
    """The async form of `send_on_open_connection`."""
    while True:
        use = ConnectionTrace()
        try:
            return await send(use.trace_async)
        except Exception as error:  # noqa: BLE001 (it is raised again)
            use.raise_unless_stale(error)


def _received(error: BaseException | None) -> bytes | None:
    """Return the bytes of an incomplete head that had arrived; None if no frame of the exception has the connection."""
    while error is not None:
        for owner in _owners(error.__traceback__):
            if (state := getattr(owner, "_h11_state", None)) is not None:
                received: bytes = state.trailing_data[0]
                return received
        error = error.__cause__ or error.__context__
    return None


def _owners(traceback: TracebackType | None) -> list[Any]:
    """Return the objects whose methods are in a traceback."""
    owners = []
    while traceback is not None:
        owners.append(traceback.tb_frame.f_locals.get("self"))
        traceback = traceback.tb_next
    return owners
