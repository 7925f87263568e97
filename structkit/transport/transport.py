"""The transport protocols. Test doubles and other HTTP libraries are plugged in here."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from functools import partial
from typing import Any, Protocol, TypeAlias

from structkit.errors import ConfigError, TransportError
from structkit.values import Completion, Delta, Parameters, Policy, Request

TransportReply: TypeAlias = Completion | TransportError
"""The outcome of a request: a completion, or the error that says why there is none."""

ReplyStream: TypeAlias = Generator[Delta | TransportReply, None, None]
"""A streamed reply: any number of deltas, then exactly one `TransportReply`. Closing it closes the connection."""

AsyncReplyStream: TypeAlias = AsyncGenerator[Delta | TransportReply, None]
"""The async form of `ReplyStream`."""


class Transport(Protocol):
    """Sends requests, blocking."""

    def send(self, request: Request, policy: Policy) -> TransportReply:
        """Return the completion or the error, after the retries that *policy* allows; nothing is raised."""
        ...

    def models(self) -> tuple[str, ...]:
        """Return the names of the endpoint's models.

        Raises:
            TransportError: The endpoint does not list them.
        """
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class StreamingTransport(Transport, Protocol):
    """A transport that can stream. Over one that cannot, a stream has a single item, the reply."""

    def stream(self, request: Request, policy: Policy) -> ReplyStream:
        """Yield the deltas of the reply, then the reply that `send` would have returned; nothing is raised.

        An error before the first delta is retried as *policy* allows; a later one is not: the stream then ends
        with a `TransportError` whose `partial` and `body` have what arrived before it. A reply from an endpoint that
        does not stream has no deltas.

        The endpoint is read only as fast as the deltas are consumed, and `Policy.deadline` keeps running while the
        consumer is busy. The reply is yielded as soon as it is complete; consuming the generator until it is
        exhausted lets the connection be reused.
        """
        ...


class AsyncTransport(Protocol):
    """Sends requests asynchronously."""

    async def send(self, request: Request, policy: Policy) -> TransportReply:
        """Like `Transport.send`."""
        ...

    async def models(self) -> tuple[str, ...]:
        """Like `Transport.models`."""
        ...

    async def close(self) -> None:
        """Like `Transport.close`."""
        ...


class AsyncStreamingTransport(AsyncTransport, Protocol):
    """The async form of `StreamingTransport`."""

    def stream(self, request: Request, policy: Policy) -> AsyncReplyStream:
        """Like `StreamingTransport.stream`."""
        ...


def bind_models(transport: Any, parameters: Parameters, policy: Policy) -> Callable[[], Any]:
    """Return the function that lists a transport's models, with the headers and the query of *parameters*.

    A transport of the caller's whose `models` takes no parameters or no policy is called without them.
    """
    models: Callable[..., Any] = transport.models
    names = inspect.signature(models).parameters
    arguments = {"parameters": parameters, "policy": policy}
    return partial(models, **{name: value for name, value in arguments.items() if name in names})


def is_awaited(owner: Any, *methods: str) -> bool:
    """Whether any of these methods of an object is a coroutine function or an async generator function.

    >>> class Awaited:
    ...     async def send(self): ...
    >>> is_awaited(Awaited(), "send", "close"), is_awaited(3, "send")
    (True, False)
    """
    functions = [getattr(owner, name, None) for name in methods]
    return any(inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each) for each in functions)


def _accepts_request(method: Callable[..., Any]) -> bool:
    """Return whether a method can be called with a request and a policy; the `send` of an HTTP client cannot.

    >>> _accepts_request(lambda request, policy: None), _accepts_request(lambda request, *, stream=False: None)
    (True, False)
    """
    try:
        inspect.signature(method).bind(None, None)
    except TypeError:
        return False
    except ValueError:  # a method written in C may have no signature
        return True
    return True


def validate_transport(transport: Any, *, needs_await: bool, consumer: str) -> None:
    """Validate that a transport of the caller's is blocking or async, as the code that uses it requires.

    Args:
        transport: The transport.
        needs_await: Whether the consumer awaits it.
        consumer: What uses the transport, for the message.

    Raises:
        ConfigError: It is of the other kind, or not a transport. The message says what to use instead.
    """
    name = type(transport).__name__
    methods = [method for method in ("send", "stream") if callable(getattr(transport, method, None))]
    accepts_request = all(_accepts_request(getattr(transport, method)) for method in methods)
    if isinstance(transport, type) or not methods or not accepts_request:
        sdk_client = "openai.AsyncOpenAI" if needs_await else "openai.OpenAI"
        raise ConfigError(
            f"transport= of {consumer} must be an object with a method send(request, policy), not {name}; an HTTP "
            f"client is passed as client={sdk_client}(http_client=...)"
        )
    if is_awaited(transport, *methods) == needs_await:
        return
    if needs_await:
        hint = "transport=tape.asynchronous" if hasattr(transport, "asynchronous") else "one whose send is `async def`"
        raise ConfigError(f"{consumer} needs an async transport, but {name} is blocking: use {hint}")
    raise ConfigError(
        f"{consumer} needs a blocking transport, but {name} is async: use structkit.AsyncClient, or a blocking "
        "transport"
    )
