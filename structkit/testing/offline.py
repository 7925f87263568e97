"""A guard against real requests: while it is active, this process cannot connect to another machine."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from ipaddress import ip_address
from typing import Any

from structkit.errors import ConfigError

HostCheck = Callable[[Any], None]


@contextmanager
def offline(make_error: Callable[[str], BaseException] = ConfigError) -> Iterator[list[str]]:
    """Block every connection of this process to another machine; loopback and Unix sockets work.

    The context value is the list of blocked hosts. An SDK may catch the exception and raise one of its own
    (`ConnectionFailed` in structkit), so check the list too, or pass a `BaseException`.

    Args:
        make_error: Returns the exception to raise, from the reason.

    >>> with offline() as blocked_hosts:
    ...     socket.create_connection(("gateway.example", 443))
    Traceback (most recent call last):
    structkit.errors.ConfigError: blocked a real request to gateway.example: answer it with ...
    >>> blocked_hosts
    ['gateway.example']
    """
    blocked_hosts: list[str] = []

    def check(host: Any) -> None:
        host = host.decode() if isinstance(host, bytes) else host
        if not _is_loopback(host):
            blocked_hosts.append(host)
            remedy = "answer it with structkit.testing.Endpoint or from a cassette"
            raise make_error(f"blocked a real request to {host}: {remedy}")

    with ExitStack() as stack:
        _replace(stack, socket, "getaddrinfo", _checked_lookup(socket.getaddrinfo, check))
        for name in ("connect", "connect_ex"):
            _replace(stack, socket.socket, name, _checked_connection(getattr(socket.socket, name), check))
        for loop_class in _event_loops():
            _replace(stack, loop_class, "create_connection", _checked_loop(loop_class.create_connection, check))
        yield blocked_hosts


def _checked_lookup(lookup: Callable[..., Any], check: HostCheck) -> Callable[..., Any]:
    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        check(host)
        return lookup(host, *args, **kwargs)

    return getaddrinfo


def _checked_connection(connect: Callable[..., Any], check: HostCheck) -> Callable[..., Any]:
    def checked_connect(self: socket.socket, address: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            check(address[0])
        return connect(self, address)

    return checked_connect


def _event_loops() -> list[Any]:
    """Return the classes of event loops: uvloop connects in C, and asyncio replaces an exception of `connect`."""
    import asyncio

    with suppress(ImportError):
        import uvloop

        return [asyncio.BaseEventLoop, uvloop.Loop]
    return [asyncio.BaseEventLoop]


def _checked_loop(create_connection: Callable[..., Any], check: HostCheck) -> Callable[..., Any]:
    def checked_create(self: Any, protocol_factory: Any, host: Any = None, *args: Any, **kwargs: Any) -> Any:
        check(host)
        return create_connection(self, protocol_factory, host, *args, **kwargs)

    return checked_create


def _is_loopback(host: str | None) -> bool:
    if not host or host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified


def _replace(stack: ExitStack, owner: Any, name: str, value: Any) -> None:
    """Set an attribute until the stack unwinds; one that *owner* only inherited is deleted then, not set."""
    if name in vars(owner):
        stack.callback(setattr, owner, name, vars(owner)[name])
    else:
        stack.callback(delattr, owner, name)
    setattr(owner, name, value)
