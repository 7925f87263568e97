"""A guard: while it is up, nothing in this process connects to another machine."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address
from typing import Any

from structkit.errors import ConfigError

Check = Callable[[Any], None]


@contextmanager
def offline(refuse: Callable[[str], BaseException] = ConfigError) -> Iterator[list[str]]:
    """Refuse every connection of this process to another machine; loopback and Unix sockets stay open.

    It gives the list of the hosts that were asked for. An SDK catches the refusal and raises an error of its own
    (`ConnectionFailed`, in structkit), so look at the list too, or refuse with an exception that nobody catches.

    Args:
        refuse: Makes the exception to raise from the reason.

    >>> with offline() as asked_for:
    ...     socket.create_connection(("gateway.example", 443))
    Traceback (most recent call last):
    structkit.errors.ConfigError: a real request to gateway.example, and none is allowed here: answer it ...
    >>> asked_for
    ['gateway.example']
    """
    asked_for: list[str] = []

    def check(host: Any) -> None:
        if not _is_here(host):
            asked_for.append(host)
            remedy = "answer it with structkit.testing.Endpoint or from a cassette"
            raise refuse(f"a real request to {host}, and none is allowed here: {remedy}")

    with ExitStack() as stack:
        _replace(stack, socket, "getaddrinfo", _lookup(socket.getaddrinfo, check))
        for name in ("connect", "connect_ex"):
            _replace(stack, socket.socket, name, _connection(getattr(socket.socket, name), check))
        yield asked_for


def _lookup(real: Callable[..., Any], check: Check) -> Callable[..., Any]:
    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        check(host.decode() if isinstance(host, bytes) else host)
        return real(host, *args, **kwargs)

    return getaddrinfo


def _connection(real: Callable[..., Any], check: Check) -> Callable[..., Any]:
    def connect(self: socket.socket, address: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            check(address[0])
        return real(self, address)

    return connect


def _is_here(host: str | None) -> bool:
    if not host or host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified


def _replace(stack: ExitStack, owner: Any, name: str, other: Any) -> None:
    """Set an attribute until the stack unwinds; what was inherited is inherited again."""
    if name in vars(owner):
        stack.callback(setattr, owner, name, vars(owner)[name])
    else:
        stack.callback(delattr, owner, name)
    setattr(owner, name, other)
