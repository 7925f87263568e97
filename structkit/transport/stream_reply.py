"""One attempt of a streamed reply: from the bytes to its deltas, and to the one reply it ends with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from structkit.errors import ConnectionFailed, MalformedReply, RequestTimeout, TransportError
from structkit.parsing.chunks import ReplyAssembler
from structkit.parsing.events import EventParser
from structkit.transport.exceptions import to_transport_error
from structkit.transport.http_reply import (
    is_success,
    note_cost_and_wait,
    received_reply,
    redact_error,
    with_headers,
    without_secrets,
)
from structkit.transport.rate_limit_headers import read_limits
from structkit.transport.reply_body import BodyReader, is_event_stream
from structkit.transport.secrets import Secrets
from structkit.transport.transport import TransportReply
from structkit.values import Completion, Delta, Policy, Request

BLANK = b"\xef\xbb\xbf \t\r\n"
"""A byte order mark and whitespace, which may precede any body."""

FIRST_BYTES_OF_EVENTS = b":deir"
"""First bytes of an event's line (a comment, data, event, id, retry); JSON and web pages start with other bytes."""

FIRST_BYTES_OF_JSON_OR_HTML = b'{[<"'
"""How a reply starts that is not streamed, although some gateways send it with the content type of a stream."""


class StreamReceiver:
    """Receives the bytes of a reply; yields its deltas as they arrive, and in the end exactly one reply.

    A reply that is not a stream is read as `send` reads it. `Policy.deadline` runs from construction.

    Args:
        request: The request as sent.
        policy: The limits of the reply.
        connection: Returns the host and the secrets, which a user's own client may change between requests.
    """

    def __init__(self, request: Request, policy: Policy, connection: Callable[[], tuple[str, Secrets]]) -> None:
        """Start the clock."""
        self.reader, self._policy = BodyReader(policy), policy
        self._events = EventParser(policy.reply_bytes)
        self._assembler = ReplyAssembler(_choice_count(request))
        self._connection = connection
        self._is_stream: bool | None = None
        self._error: TransportError | None = None
        self._is_finished = self._has_stream_type = False

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Take the status and the headers.

        Raises:
            MalformedReply: `Content-Length` is more than the policy allows.
        """
        self.reader.start(status, headers)
        self._is_stream = None if is_success(status) else False
        self._has_stream_type = is_event_stream(headers)

    def receive(self, chunk: bytes) -> Iterator[Delta | TransportReply]:
        """Yield what a chunk of the decoded body contains; nothing after the reply.

        Raises:
            MalformedReply: It is an error object, not a part of a completion, or more than the policy allows.
            RequestTimeout: The deadline has passed.
        """
        if self._is_finished or (self._is_stream and (self._assembler.has_started or self._has_stream_type)):
            self.reader.count(chunk)
        else:
            self.reader.store(chunk)  # stored, because it may turn out to be a whole reply or an error page
        if self._is_stream is None:
            self._is_stream = self._starts_like_events(chunk)
            chunk = self.reader.body if self._is_stream else chunk
        if self._is_stream and not self._is_finished:
            yield from self._receive_events(chunk)
            if self._assembler.is_complete and not self._is_finished:
                self.reader.expect_end(is_certain=not self._assembler.has_early_reasons)

    def _receive_events(self, chunk: bytes) -> Iterator[Delta | TransportReply]:
        for event in self._events.feed(chunk):
            yield from self._assembler.add(event)
            if self._assembler.is_done:
                yield self._finish_with(self._assembler.reply())
                return

    def _starts_like_events(self, chunk: bytes) -> bool | None:
        """Whether the reply is a stream, by its first byte; None while there are only blanks.

        The content type alone does not decide: some gateways get it wrong in either direction.
        """
        first = chunk.lstrip(BLANK)[:1]
        if not first:
            return None
        return first not in FIRST_BYTES_OF_JSON_OR_HTML if self._has_stream_type else first in FIRST_BYTES_OF_EVENTS

    def fail(self, error: Exception) -> None:
        """Take the exception that interrupted the reply."""
        if not self.reader.accepts_interruption(error):
            self._error = to_transport_error(error, *self._connection(), self._policy)

    def finish(self) -> Iterator[Delta | TransportReply]:
        """Yield what the last event adds and then the reply, unless `receive` has yielded it."""
        if not self._is_finished:
            yield from self._receive_last_event()
            yield self._finish_with(self._reply())

    def _receive_last_event(self) -> Iterator[Delta]:
        """Yield what is in an event that lacks the blank line after it, if the body has ended as it should."""
        if not self._is_stream or self._error is not None:
            return
        try:
            for event in self._events.end():
                yield from self._assembler.add_last(event)
        except MalformedReply as error:
            self.fail(error)

    def _reply(self) -> TransportReply:
        """The reply of a body that ended without `[DONE]`: complete if every choice has a finish reason."""
        error, assembler = self._error, self._assembler
        if error and not (assembler.is_complete and isinstance(error, ConnectionFailed | RequestTimeout)):
            return assembler.attach_partial(error)
        if not self._is_stream or not (assembler.has_started or self._has_stream_type):
            return received_reply(self.reader, self._connection()[1])
        return assembler.reply()

    def _finish_with(self, reply: TransportReply) -> TransportReply:
        self._is_finished = True
        self.reader.end_stream()
        headers = self.reader.headers
        limits = reply.limits or read_limits(headers)
        if isinstance(reply, Completion):
            return without_secrets(with_headers(reply, headers, limits), self._connection()[1])
        reply.request_id = reply.request_id or headers.get("x-request-id")
        reply.limits = limits
        note_cost_and_wait(reply, headers)
        return redact_error(reply, self._connection()[1])


def _choice_count(request: Request) -> int:
    count = request.fields.get("n", request.parameters.options.get("n"))
    return count if isinstance(count, int) else 1
