"""One try of a streamed reply while it comes in: what its bytes come to, and the one reply that it ends in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from structkit.errors import ConnectionFailed, RequestTimeout, TransportError
from structkit.parsing.chunks import ReplyAssembler
from structkit.parsing.events import EventParser
from structkit.transport.exceptions import translate
from structkit.transport.http_reply import is_success, read_reply, redacted
from structkit.transport.rate_limit_headers import read_limits
from structkit.transport.reply_body import Reading
from structkit.transport.transport import Reply
from structkit.values import Completion, Delta, Policy, Request

LINGER = 1.0
"""Seconds in which an endpoint that has said all may end its reply, so that the connection can be used again."""

BLANK = b"\xef\xbb\xbf \t\r\n"
"""What may stand before anything that comes."""

FIRST_OF_EVENTS = b":deir"
"""With which a line of events begins (a comment, data, event, id, retry), and no JSON and no web page."""

FIRST_OF_OTHERS = b'{[<"'
"""With which a whole reply begins, whatever its content type says."""


class Incoming:
    """Takes the bytes of a reply in, and gives its deltas as they come and in the end exactly one reply.

    A reply that is not streamed is read whole, as ever. The clock of `Policy.deadline` runs from the start.

    Args:
        request: As it is sent.
        policy: What the reply may take.
        told: Gives the host and the key, as they are when something went wrong.
    """

    def __init__(self, request: Request, policy: Policy, told: Callable[[], tuple[str, str]]) -> None:
        """Start the clock."""
        self.reading = Reading(policy)
        self._events = EventParser(policy.reply_bytes)
        self._assembler = ReplyAssembler(_choices(request))
        self._told = told
        self._is_stream: bool | None = None
        self._fault: TransportError | None = None
        self._is_over = False

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Note the head of the reply.

        Raises:
            MalformedReply: It announces more bytes than are allowed.
        """
        self.reading.begin(status, headers)
        self._is_stream = None if is_success(status) else False

    def take(self, piece: bytes) -> Iterator[Delta | Reply]:
        """What comes of a piece of the decoded body; nothing after the end.

        Raises:
            MalformedReply: It is an error, no part of a reply, or too much.
            RequestTimeout: It comes too late.
        """
        if self._is_over or (self._is_stream and (self._assembler.has_started or self._says_so)):
            self.reading.count(piece)
        else:
            self.reading.take(piece)  # to be shown, or read, as what it may turn out to be
        if self._is_stream is None:
            self._is_stream = self._looks_like_events(piece)
            piece = self.reading.body if self._is_stream else piece
        if self._is_stream and not self._is_over:
            yield from self._take(piece)

    def _take(self, piece: bytes) -> Iterator[Delta | Reply]:
        for event in self._events.feed(piece):
            yield from self._assembler.add(event)
            if self._assembler.is_done:
                yield self._over(self._assembler.reply())
                return

    def _looks_like_events(self, piece: bytes) -> bool | None:
        """Whether a reply is streamed, by what it begins with; None while that is blank."""
        first = piece.lstrip(BLANK)[:1]
        if not first:
            return None
        return first not in FIRST_OF_OTHERS if self._says_so else first in FIRST_OF_EVENTS

    @property
    def _says_so(self) -> bool:
        return "event-stream" in self.reading.headers.get("content-type", "").lower()

    def fail(self, error: Exception) -> None:
        """Note what broke the reply off."""
        self._fault = translate(error, *self._told())

    def end(self) -> Iterator[Reply]:
        """The reply, unless it has been given."""
        if not self._is_over:
            yield self._over(self._ended())

    def _ended(self) -> Reply:
        """What a reply comes to that has not said it is done; it is whole where every choice has."""
        fault, assembler = self._fault, self._assembler
        if fault and not (assembler.is_complete and isinstance(fault, ConnectionFailed | RequestTimeout)):
            return assembler.attach_partial(fault)
        if not self._is_stream or not (assembler.has_started or self._says_so):
            return read_reply(self.reading.status, self.reading.headers, self.reading.body, self._told()[1])
        return assembler.reply()

    def _over(self, reply: Reply) -> Reply:
        self._is_over = True
        self.reading.hurry(LINGER)
        headers = self.reading.headers
        limits = reply.limits or read_limits(headers)
        if isinstance(reply, Completion):
            return replace(reply, limits=limits) if limits else reply
        reply.request_id = reply.request_id or headers.get("x-request-id")
        reply.limits = limits
        return redacted(reply, self._told()[1])


def _choices(request: Request) -> int:
    """How many choices a request asks for."""
    asked = request.fields.get("n", request.parameters.n)
    return asked if isinstance(asked, int) else 1
