"""Drives a stream, sync and async: sends the request, retries it before the first delta, and keeps the deadline."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, AsyncExitStack, aclosing, closing
from functools import partial
from itertools import chain

from structkit.errors import TransportError
from structkit.transport.reply_body import AsyncHTTPReply, HTTPReply
from structkit.transport.retries import retry, retry_async, with_failures
from structkit.transport.stream_options import StreamOptions
from structkit.transport.stream_reply import StreamReceiver
from structkit.transport.transport import AsyncReplyStream, AsyncTransport, ReplyStream, Transport, TransportReply
from structkit.values import Delta, Policy, Request


def receive(opening: AbstractContextManager[HTTPReply], receiver: StreamReceiver) -> ReplyStream:
    """Run one attempt.

    Args:
        opening: Sends the request and returns its reply; closes the connection unless the body was read to the end.
        receiver: Receives the reply.
    """
    try:
        with opening as (status, headers, chunks):
            receiver.start(status, headers)
            for chunk in chunks:
                yield from receiver.receive(chunk)
    except Exception as error:  # noqa: BLE001 (of any exception: what arrived before it was paid for, and is yielded)
        receiver.fail(error)
    yield from receiver.finish()


async def receive_async(
    opening: AbstractAsyncContextManager[AsyncHTTPReply], receiver: StreamReceiver
) -> AsyncReplyStream:
    """The async form of `receive`; no timeout is active while the consumer handles a delta."""
    import asyncio

    try:
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(receiver.reader.remaining_s):
                status, headers, chunks = await stack.enter_async_context(opening)
            receiver.start(status, headers)
            while (chunk := await _next_chunk(chunks, receiver.reader.remaining_s)) is not None:
                for item in receiver.receive(chunk):
                    yield item
    except Exception as error:  # noqa: BLE001 (as above)
        receiver.fail(error)
    for item in receiver.finish():
        yield item


async def _next_chunk(chunks: AsyncIterator[bytes], timeout_s: float | None) -> bytes | None:
    """Return the next chunk; None after the last one."""
    if timeout_s is None:
        return await anext(chunks, None)
    import asyncio

    async with asyncio.timeout(timeout_s):
        return await anext(chunks, None)


def stream_with_retries(
    attempt: Callable[[Request], ReplyStream], options: StreamOptions, request: Request, policy: Policy
) -> ReplyStream:
    """Yield one stream from all attempts: an error before the first delta is retried where the policy allows it."""
    failures: list[TransportError] = []
    running: list[ReplyStream] = []
    first = retry(partial(_first_item, attempt, options, request, running), policy, failures, request.model)
    with closing(running[0]) as items:
        if not failures:
            yield first
            yield from items
            return
        for item in chain((first,), items):
            yield item if isinstance(item, Delta) else with_failures(item, failures)


def _first_item(
    attempt: Callable[[Request], ReplyStream], options: StreamOptions, request: Request, running: list[ReplyStream]
) -> Delta | TransportReply:
    """Start an attempt, store it in *running* and return its first item."""
    streamed_request = options.add_to(request)
    running[:] = [attempt(streamed_request)]
    first = next(running[0])
    if isinstance(first, TransportError):
        running[0].close()
    is_rejected = options.drop_if_rejected(streamed_request, first)
    return _first_item(attempt, options, request, running) if is_rejected else first


async def stream_with_retries_async(
    attempt: Callable[[Request], AsyncReplyStream], options: StreamOptions, request: Request, policy: Policy
) -> AsyncReplyStream:
    """The async form of `stream_with_retries`."""
    failures: list[TransportError] = []
    running: list[AsyncReplyStream] = []
    first = await retry_async(
        partial(_first_item_async, attempt, options, request, running), policy, failures, request.model
    )
    async with aclosing(running[0]) as items:
        yield first if isinstance(first, Delta) else with_failures(first, failures)
        async for item in items:
            yield item if isinstance(item, Delta) else with_failures(item, failures)


async def _first_item_async(
    attempt: Callable[[Request], AsyncReplyStream],
    options: StreamOptions,
    request: Request,
    running: list[AsyncReplyStream],
) -> Delta | TransportReply:
    streamed_request = options.add_to(request)
    running[:] = [attempt(streamed_request)]
    first = await anext(running[0])
    if isinstance(first, TransportError):
        await running[0].aclose()
    is_rejected = options.drop_if_rejected(streamed_request, first)
    return await _first_item_async(attempt, options, request, running) if is_rejected else first


def collect_stream(
    attempt: Callable[[Request], ReplyStream], options: StreamOptions, request: Request
) -> TransportReply:
    """Return the reply at the end of one stream, without its deltas."""
    running: list[ReplyStream] = []
    first = _first_item(attempt, options, request, running)
    with closing(running[0]) as items:
        [reply] = [item for item in chain((first,), items) if not isinstance(item, Delta)]
    return reply


async def collect_stream_async(
    attempt: Callable[[Request], AsyncReplyStream], options: StreamOptions, request: Request
) -> TransportReply:
    """The async form of `collect_stream`."""
    running: list[AsyncReplyStream] = []
    first = await _first_item_async(attempt, options, request, running)
    async with aclosing(running[0]) as items:
        [reply] = [item for item in [first, *[each async for each in items]] if not isinstance(item, Delta)]
    return reply


def open_stream(transport: Transport, request: Request, policy: Policy) -> ReplyStream:
    """Yield a reply as a stream; over a transport that does not stream, the reply alone."""
    if (stream := getattr(transport, "stream", None)) is not None:
        yield from stream(request, policy)
    else:
        yield transport.send(request, policy)


async def open_stream_async(transport: AsyncTransport, request: Request, policy: Policy) -> AsyncReplyStream:
    """The async form of `open_stream`."""
    if (stream := getattr(transport, "stream", None)) is not None:
        async with aclosing(stream(request, policy)) as items:
            async for item in items:
                yield item
    else:
        yield await transport.send(request, policy)
