"""`RequestScope`: requests in the threads of one call, which its own thread stops when it ends early."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from threading import Lock
from typing import TypeVar

T = TypeVar("T")


class RequestStopped(BaseException):
    """The call that a request belongs to was stopped; like `KeyboardInterrupt`, it is not an error to handle."""


class RequestScope:
    """The requests of a call, whichever thread sends them.

    Attributes:
        is_stopped: Whether no more may be sent.
    """

    def __init__(self) -> None:
        """Start without requests."""
        self.is_stopped = False
        self._lock = Lock()
        self._sockets: set[socket.socket] = set()

    def run(self, call: Callable[..., T], *args: object) -> T:
        """Return what a function returns whose requests belong to this scope.

        Raises:
            RequestStopped: The scope was stopped.
        """
        token = _scope.set(self)
        try:
            return call(*args)
        finally:
            _scope.reset(token)

    def stop(self) -> None:
        """Close the connections of requests in flight; no other request is sent."""
        with self._lock:
            self.is_stopped = True
            for each in self._sockets:
                with suppress(OSError):  # already closed
                    each.shutdown(socket.SHUT_RDWR)

    def raise_if_stopped(self) -> None:
        """Let nothing be sent after a stop.

        Raises:
            RequestStopped: The scope was stopped.
        """
        if self.is_stopped:
            raise RequestStopped

    @contextmanager
    def hold(self, sock: socket.socket) -> Iterator[None]:
        """Let `stop` close the socket of a request within the block.

        Raises:
            RequestStopped: The scope was stopped, before the block or in it.
        """
        with self._lock:
            self.raise_if_stopped()
            self._sockets.add(sock)
        try:
            yield
        except Exception:
            self.raise_if_stopped()
            raise
        finally:
            with self._lock:
                self._sockets.discard(sock)
        self.raise_if_stopped()  # `http.client` may read a closed socket as the end of the reply


_scope: ContextVar[RequestScope | None] = ContextVar("structkit_request_scope", default=None)
"""A context variable, because a transport of the caller's has no parameter for a scope."""

NOTHING = nullcontext()


def hold_socket(sock: socket.socket) -> AbstractContextManager[None]:
    """Return the block in which a request may be stopped; outside of a scope, nothing can."""
    scope = _scope.get()
    return NOTHING if scope is None else scope.hold(sock)


def raise_if_stopped() -> None:
    """Let nothing be sent after a stop.

    Raises:
        RequestStopped: The scope of this context was stopped.
    """
    if (scope := _scope.get()) is not None:
        scope.raise_if_stopped()
