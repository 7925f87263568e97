"""One request through the SDK's own `create`: we read the reply from the network, and the SDK gets what was read.

So tools that patch `create`, such as those for tracing, see the request, the answer and its usage. What the SDK or such
a tool makes of the reply, or raises about it, does not change what we read.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, closing, contextmanager
from contextvars import ContextVar
from typing import Any

from structkit.errors import TransportError
from structkit.transport.base_url import display_url, query_secrets
from structkit.transport.http.decompress import decoded_body, decoded_body_async
from structkit.transport.http.end_in_time import end_in_time
from structkit.transport.reply_body import BodyReader
from structkit.transport.secrets import header_secrets
from structkit.transport.stale_connection import Trace, send_on_open_connection, send_on_open_connection_async
from structkit.values import Policy, Request

FRAMING = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers that are wrong for a body that has been decoded."""

WITHOUT_BODY: Any = {"stream": True, "follow_redirects": False}
"""Options with which the HTTP library returns a response before it has read the body."""


class ResponseReceived(BaseException):
    """Not an error: it carries a response, its body unread, past every `except Exception` of the SDK."""

    def __init__(self, response: Any) -> None:
        """Take the response."""
        self.response = response


class CreateCall:
    """A request that `create` sends, and its reply.

    Attributes:
        reader: What has been read of the reply.
        error: Why there is no complete reply.
    """

    def __init__(self, policy: Policy) -> None:
        """Start the clock."""
        self.reader = BodyReader(policy)
        self.error: Exception = TransportError("the client's create() returned without sending the request")
        self.is_complete = False
        self._has_failed = False

    @contextmanager
    def running(self) -> Iterator[None]:
        """Receive the response of what is sent inside; an exception of it is the error, whatever its class."""
        token = _current.set(self)
        try:
            yield
        except Exception as error:  # noqa: BLE001 (of any exception: a reply already paid for must not be lost)
            self._fail(error)
        finally:
            _current.reset(token)

    def receive(self, response: Any) -> Any:
        """Read a response, and return one for the SDK."""
        note_request(self.reader, response.request)
        with self._reading(), closing(response), end_in_time(response, self.reader):
            self.reader.read((response.status_code, response.headers, decoded_body(response)))
        return _read_response(response, self.reader.body)

    async def receive_async(self, response: Any) -> Any:
        """The async form of `receive`."""
        note_request(self.reader, response.request)
        with self._reading():
            async with aclosing(response):
                await self.reader.read_async((response.status_code, response.headers, decoded_body_async(response)))
        return _read_response(response, self.reader.body)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Keep the exception of reading: the SDK replaces it by its own."""
        try:
            yield
        except Exception as error:
            self._fail(error)
            raise
        self.is_complete = True

    def _fail(self, error: Exception) -> None:
        if not self._has_failed:
            self.error, self._has_failed = error, True  # the first one is the cause of the others


_current: ContextVar[CreateCall | None] = ContextVar("_current", default=None)
"""The call that a response belongs to: the SDK sends in the thread or task that called it."""


def sending(send: Callable[..., Any]) -> Callable[..., Any]:
    """Return the SDK's function that sends, for the call that is running; without one, it raises the response."""

    def send_unread(request: Any, **options: Any) -> Any:
        call = _current.get()
        response = send_on_open_connection(lambda trace: send(_traced(request, trace), **{**options, **WITHOUT_BODY}))
        if call is None:
            raise ResponseReceived(response)
        return call.receive(response)

    return send_unread


def sending_async(send: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The async form of `sending`."""

    async def send_unread(request: Any, **options: Any) -> Any:
        call = _current.get()
        response = await send_on_open_connection_async(
            lambda trace: send(_traced(request, trace), **{**options, **WITHOUT_BODY})
        )
        if call is None:
            raise ResponseReceived(response)
        return await call.receive_async(response)

    return send_unread


def _traced(request: Any, trace: Trace) -> Any:
    request.extensions = {**request.extensions, "trace": trace}
    return request


def note_request(reader: BodyReader, request: Any) -> None:
    """Note where a request went, and what it has as it was sent: hooks and `auth=` of an HTTP client add secrets."""
    url = str(request.url)
    reader.url, reader.sent_secrets = display_url(url), (*header_secrets(request.headers), *query_secrets(url))


def create_arguments(create: Callable[..., Any], request: Request) -> dict[str, Any]:
    """Return a request as arguments of `create`: by their names, or in `extra_body` if the SDK does not know them."""
    parameters = inspect.signature(create).parameters.values()
    takes_all = any(each.kind is each.VAR_KEYWORD for each in parameters)
    names = {each.name for each in parameters}
    body = request.body
    if takes_all:  # as a wrapper does: what it calls may know fewer names
        names = body.keys() - request.parameters.options.get("extra_body", {}).keys() | request.fields.keys()
    extra_body = {name: value for name, value in body.items() if name not in names}
    extras = {
        "extra_body": extra_body,
        "extra_headers": request.parameters.extra_headers,
        "extra_query": request.parameters.extra_query,
    }
    arguments = {name: value for name, value in body.items() if name not in extra_body}
    return {**arguments, **{name: value for name, value in extras.items() if value}}


def _read_response(response: Any, body: bytes) -> Any:
    """Return a response of the same HTTP library with a body that has been read."""
    headers = [(name, value) for name, value in response.headers.multi_items() if name.lower() not in FRAMING]
    return type(response)(response.status_code, headers=headers, content=body, request=response.request)
