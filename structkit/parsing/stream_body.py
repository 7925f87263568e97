"""A whole body that is a stream of events, although nobody has asked for a stream, as one reply."""

from __future__ import annotations

from dataclasses import replace

from structkit.errors import MalformedReply, TransportError
from structkit.parsing.chunks import ReplyAssembler
from structkit.parsing.events import EventParser
from structkit.values import Completion

OBJECT = "chat.completion.chunk"
"""The `object` of such a body, which distinguishes it from one that came as a whole."""


def read_stream_body(body: bytes) -> Completion | TransportError | None:
    r"""Return the reply in the events of a body, as a stream of them is read; None if none is part of a reply.

    >>> read_stream_body(b'data: {"choices": [{"delta": {"content": "7"}}]}\n\ndata: [DONE]\n\n').choices
    (Choice(index=0, content='7', refusal=None, finish_reason=None, tool_calls=()),)
    >>> read_stream_body(b'data: {"choices": [{"delta": {"content": "7"}}]}\n\n')
    ConnectionFailed('the stream ended before the reply was complete')
    """
    assembler, parser = ReplyAssembler(), EventParser(len(body))
    try:
        for event in parser.feed(body):
            assembler.add(event)
        for event in parser.end():
            assembler.add_last(event)
    except MalformedReply as error:
        return _with_object(assembler.attach_partial(error))
    return _with_object(assembler.reply()) if assembler.has_started else None


def _with_object(reply: Completion | TransportError) -> Completion | TransportError:
    """Return a reply whose body says that it is made of chunks."""
    if isinstance(reply, Completion):
        return replace(reply, raw={**reply.raw, "object": OBJECT})
    if isinstance(reply.body, dict):
        reply.body = {**reply.body, "object": OBJECT}
    return reply
