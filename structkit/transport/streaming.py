"""How a stream is driven, blocking and awaited: what is asked for, when again, and in how much time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, AsyncExitStack, aclosing, closing
from functools import partial
from itertools import chain

from structkit.errors import TransportError
from structkit.transport.reply_body import AsyncOpened, Opened
from structkit.transport.retrying import counted, insisting, insisting_later
from structkit.transport.stream_options import Asking
from structkit.transport.stream_reply import Incoming
from structkit.transport.transport import AsyncStreamed, AsyncTransport, Reply, Streamed, Transport
from structkit.values import Delta, Policy, Request


def receive(opened: AbstractContextManager[Opened], incoming: Incoming) -> Streamed:
    """One try.

    Args:
        opened: Sends the request and gives its reply; it closes the connection, unless the reply was read to its end.
        incoming: Takes the reply.
    """
    try:
        with opened as (status, headers, pieces):
            incoming.begin(status, headers)
            for piece in pieces:
                yield from incoming.take(piece)
    except Exception as error:  # noqa: BLE001 (whatever went wrong, what came and was paid for must not be lost)
        incoming.fail(error)
    yield from incoming.end()


async def receive_later(opened: AbstractAsyncContextManager[AsyncOpened], incoming: Incoming) -> AsyncStreamed:
    """One try, awaited; no limit runs while the one who asked looks at a delta."""
    import asyncio

    try:
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(incoming.reading.seconds_left):
                status, headers, pieces = await stack.enter_async_context(opened)
            incoming.begin(status, headers)
            while (piece := await _next(pieces, incoming.reading.seconds_left)) is not None:
                for item in incoming.take(piece):
                    yield item
    except Exception as error:  # noqa: BLE001 (as above)
        incoming.fail(error)
    for item in incoming.end():
        yield item


async def _next(pieces: AsyncIterator[bytes], left: float | None) -> bytes | None:
    """The next piece; None at the end."""
    if left is None:
        return await anext(pieces, None)
    import asyncio

    async with asyncio.timeout(left):
        return await anext(pieces, None)


def stream(attempt: Callable[[Request], Streamed], asking: Asking, request: Request, policy: Policy) -> Streamed:
    """The tries of a stream as one: what fails before its first delta is sent again where that may help."""
    lost: list[TransportError] = []
    begun: list[Streamed] = []
    first = insisting(partial(_begin, attempt, asking, request, begun), policy, lost)
    with closing(begun[0]) as items:
        for item in chain((first,), items):
            yield item if isinstance(item, Delta) else counted(item, lost)


def _begin(
    attempt: Callable[[Request], Streamed], asking: Asking, request: Request, begun: list[Streamed]
) -> Delta | Reply:
    """The first item of a try, the rest of which is put into *begun*."""
    asked = asking.put(request)
    begun[:] = [attempt(asked)]
    first = next(begun[0])
    if isinstance(first, TransportError):
        begun[0].close()
    return _begin(attempt, asking, request, begun) if asking.learns(asked, first) else first


async def stream_later(
    attempt: Callable[[Request], AsyncStreamed], asking: Asking, request: Request, policy: Policy
) -> AsyncStreamed:
    """As `stream`, awaited."""
    lost: list[TransportError] = []
    begun: list[AsyncStreamed] = []
    first = await insisting_later(partial(_begin_later, attempt, asking, request, begun), policy, lost)
    async with aclosing(begun[0]) as items:
        yield first if isinstance(first, Delta) else counted(first, lost)
        async for item in items:
            yield item if isinstance(item, Delta) else counted(item, lost)


async def _begin_later(
    attempt: Callable[[Request], AsyncStreamed], asking: Asking, request: Request, begun: list[AsyncStreamed]
) -> Delta | Reply:
    asked = asking.put(request)
    begun[:] = [attempt(asked)]
    first = await anext(begun[0])
    if isinstance(first, TransportError):
        await begun[0].aclose()
    return await _begin_later(attempt, asking, request, begun) if asking.learns(asked, first) else first


def streamed(transport: Transport, request: Request, policy: Policy) -> Streamed:
    """A reply as it comes; in one piece, without deltas, over a transport that does not stream."""
    if (own := getattr(transport, "stream", None)) is not None:
        yield from own(request, policy)
    else:
        yield transport.send(request, policy)


async def streamed_later(transport: AsyncTransport, request: Request, policy: Policy) -> AsyncStreamed:
    """As `streamed`, awaited."""
    if (own := getattr(transport, "stream", None)) is not None:
        async with aclosing(own(request, policy)) as items:
            async for item in items:
                yield item
    else:
        yield await transport.send(request, policy)
