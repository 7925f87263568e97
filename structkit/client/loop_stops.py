"""Sends requests for whole replies as streams, so that a reply that only repeats itself can be stopped.

The reply is the one that `Transport.send` would have returned. A stream that fails is sent as a request for a whole
reply the next time, so that no call fails because an endpoint does not stream.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from functools import partial

from structkit.client.streams import NO_REPLY
from structkit.dialects.error_bodies import rejects_field
from structkit.dialects.refusals import REJECTION_STATUSES, STREAM
from structkit.errors import MalformedReply, StatusError, TransportError
from structkit.extraction import Conversation, Extraction, SplitExtraction
from structkit.extraction.item_loops import REPETITION
from structkit.extraction.loop_watch import LoopWatch, stop_at_loop, stop_at_loop_async, watch_of
from structkit.extraction.route_learning import is_generic
from structkit.transport import AsyncTransport, Transport, TransportReply
from structkit.transport.retries import retry, retry_async, with_failures
from structkit.transport.streaming import open_stream, open_stream_async
from structkit.values import Completion, Delta, Policy, Request, Usage


class ReplyFold:
    """The reply at the end of a stream, without its deltas.

    Attributes:
        reply: The reply.
    """

    def __init__(self) -> None:
        """Start before the first item."""
        self.reply: TransportReply = MalformedReply(NO_REPLY)
        self._has_deltas = False

    def add(self, item: Delta | TransportReply) -> None:
        """Take an item of the stream."""
        if isinstance(item, Delta):
            self._has_deltas = True
        elif isinstance(item, Completion) and self._is_useless(item):
            self.reply = replace(item, ignores_stream=True)
        else:
            self.reply = item

    def _is_useless(self, reply: Completion) -> bool:
        """Return whether a stream did not help: the reply did not arrive in deltas, or its tokens are not known."""
        if reply.is_cached or reply.choices[0].finish_reason == REPETITION:
            return False
        return bool(reply.usage.unreported) or (not self._has_deltas and _has_text(reply))


def _has_text(reply: Completion) -> bool:
    return any(choice.content or any(call.arguments for call in choice.tool_calls) for choice in reply.choices)


class StepStreams:
    """Which requests of a step are sent as streams: each of them the first time.

    Args:
        transport: The transport.
        step: The step.
    """

    def __init__(self, transport: Transport | AsyncTransport, step: Conversation) -> None:
        """Prepare a watch for the reply to each request; none over a transport that cannot stream."""
        parts = step.parts if isinstance(step, SplitExtraction) else (step,)
        extractions = (part for part in parts if isinstance(part, Extraction) and hasattr(transport, "stream"))
        self._watches = {id(part.request): watch_of(part) for part in extractions}
        self._malformed_streams: dict[int, bool] = {}

    def take_watch(self, request: Request) -> LoopWatch | None:
        """Return the watch for the reply to a request; None if the request is sent for a whole reply."""
        return self._watches.pop(id(request), None)

    def needs_whole_reply(self, request: Request, reply: TransportReply) -> bool:
        """Return whether a request whose stream had that reply is sent for a whole reply at once."""
        self._malformed_streams[id(request)] = isinstance(reply, MalformedReply)
        return rejects_stream(reply) or (isinstance(reply, MalformedReply) and not reply.retryable)

    def check(self, request: Request, reply: TransportReply) -> TransportReply:
        """Return a whole reply, marked if the endpoint has failed to stream it."""
        if isinstance(reply, Completion) and self._malformed_streams.get(id(request)):
            return replace(reply, ignores_stream=True)
        return reply


def rejects_stream(reply: TransportReply) -> bool:
    """Return whether an error is about the stream, or gives no reason at all, so that it may be about the stream."""
    if not isinstance(reply, StatusError) or reply.retryable:
        return False
    return rejects_field(reply, STREAM) or (reply.status_code in REJECTION_STATUSES and is_generic(reply))


def with_rejection(reply: TransportReply, rejection: TransportReply) -> TransportReply:
    """Return the reply to a request whose stream was rejected, with the tokens that the rejection may have cost."""
    spent = rejection.usage_of_reply if isinstance(rejection, TransportError) else Usage()
    if isinstance(reply, Completion):
        return replace(reply, ignores_stream=True, usage=reply.usage + spent)
    reply.usage_of_reply += spent
    return reply


class LoopStops:
    """Sends the requests of one step, each as a stream at first.

    Args:
        transport: The transport.
        step: The step.
    """

    def __init__(self, transport: Transport, step: Conversation) -> None:
        """Prepare; nothing is sent."""
        self._transport, self._streams = transport, StepStreams(transport, step)

    def send(self, request: Request, policy: Policy) -> TransportReply:
        """Implement `Transport.send`."""
        failures: list[TransportError] = []
        attempt = partial(self._attempt, request, replace(policy, retries=0))
        return with_failures(retry(attempt, policy, failures, request.model), failures)

    def _attempt(self, request: Request, policy: Policy) -> TransportReply:
        if (watch := self._streams.take_watch(request)) is None:
            return self._streams.check(request, self._transport.send(request, policy))
        fold = ReplyFold()
        for item in stop_at_loop(open_stream(self._transport, request, policy), watch):
            fold.add(item)
        is_rejected = self._streams.needs_whole_reply(request, fold.reply)
        return with_rejection(self._transport.send(request, policy), fold.reply) if is_rejected else fold.reply


class AsyncLoopStops:
    """The async form of `LoopStops`."""

    def __init__(self, transport: AsyncTransport, step: Conversation) -> None:
        """Prepare; nothing is sent."""
        self._transport, self._streams = transport, StepStreams(transport, step)

    async def send(self, request: Request, policy: Policy) -> TransportReply:
        """Like `LoopStops.send`."""
        failures: list[TransportError] = []
        attempt = partial(self._attempt, request, replace(policy, retries=0))
        return with_failures(await retry_async(attempt, policy, failures, request.model), failures)

    async def _attempt(self, request: Request, policy: Policy) -> TransportReply:
        if (watch := self._streams.take_watch(request)) is None:
            return self._streams.check(request, await self._transport.send(request, policy))
        fold = ReplyFold()
        async with aclosing(stop_at_loop_async(open_stream_async(self._transport, request, policy), watch)) as items:
            async for item in items:
                fold.add(item)
        is_rejected = self._streams.needs_whole_reply(request, fold.reply)
        return with_rejection(await self._transport.send(request, policy), fold.reply) if is_rejected else fold.reply
