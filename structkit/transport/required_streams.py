"""Sends a request for a whole reply, or as a stream to a model that only streams, and collects its reply."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from structkit.transport.stream_options import StreamOptions
from structkit.transport.transport import AsyncReplyStream, ReplyStream, TransportReply
from structkit.values import Request


def send_once(
    request: Request,
    options: StreamOptions,
    send_whole: Callable[[], TransportReply],
    stream: Callable[[Request], ReplyStream],
) -> TransportReply:
    """Return the reply to a request for a whole one.

    Args:
        request: The request.
        options: What is known about the streams of an endpoint.
        send_whole: Sends the request for a whole reply.
        stream: Sends a request as it is, and yields its stream.
    """
    if not options.requires_stream(request.model):
        reply = send_whole()
        if not options.learn_required_stream(request, reply):
            return reply
    from structkit.transport.streaming import collect_stream  # few models only stream

    return collect_stream(stream, options, request)


async def send_once_async(
    request: Request,
    options: StreamOptions,
    send_whole: Callable[[], Awaitable[TransportReply]],
    stream: Callable[[Request], AsyncReplyStream],
) -> TransportReply:
    """The async form of `send_once`."""
    if not options.requires_stream(request.model):
        reply = await send_whole()
        if not options.learn_required_stream(request, reply):
            return reply
    from structkit.transport.streaming import collect_stream_async  # as above

    return await collect_stream_async(stream, options, request)
