"""Server-sent events (WHATWG): parse a stream of bytes, split anywhere, into events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from structkit.errors import MalformedReply

Event: TypeAlias = tuple[str, str]
"""The event's name (the `event:` field, usually empty) and its data."""

DONE = b"[DONE]"
"""The data that ends a stream of completions; nothing comes after it."""

LAST_LINES = (b"data: [DONE]", b"data:[DONE]")
LAST_LINE_BYTES = frozenset(map(len, LAST_LINES))

BOM = b"\xef\xbb\xbf"
MAX_EVENT_BYTES = 2**25


class EventParser:
    r"""Parse a stream fragment by fragment, and yield each event when it is complete; each byte is read once.

    Comments and the fields `id` and `retry` are skipped. An event without the blank line that ends it is yielded by
    `end` only, because it may be half of one; `[DONE]` is complete without any line break.

    Args:
        max_bytes: The maximum size of one line, and of the data lines of one event.

    >>> parser = EventParser()
    >>> [*parser.feed(b': wait\r\ndata: {"a":')]
    []
    >>> [*parser.feed(b' 1}\r\n\r\nevent: error\ndata:no\ndata: more\n\ndata: ha')]
    [('', '{"a": 1}'), ('error', 'no\nmore')]
    """

    def __init__(self, max_bytes: int = MAX_EVENT_BYTES) -> None:
        """Start with an empty stream."""
        self._max_bytes = max_bytes
        self._line_parts: list[bytes] = []  # of the line that is not complete
        self._line_bytes = 0
        self._data: list[bytes] = []
        self._event_bytes = 0
        self._name = b""
        self._is_first_line = True
        self._is_after_return = False

    def feed(self, fragment: bytes | str) -> Iterator[Event]:
        """Yield the events that *fragment* completes; it is parsed lazily, as they are consumed.

        Raises:
            MalformedReply: An event is too long, or its data is not UTF-8.
        """
        for line in self._lines(fragment.encode("utf-8", "surrogatepass") if isinstance(fragment, str) else fragment):
            if line:
                self._add_line(line)
                if line[-len(DONE) :] == DONE and self._data and self._data[-1] == DONE:
                    yield self._take_event()  # some servers send no more, and leave the connection open
            elif self._data:
                yield self._take_event()
            else:
                self._name = b""
        if self._line_bytes in LAST_LINE_BYTES and (line := b"".join(self._line_parts)) in LAST_LINES:
            self._line_parts, self._line_bytes = [], 0
            self._add_line(line)
            yield self._take_event()

    def end(self) -> Iterator[Event]:
        """Yield the event that lacks its blank line when the stream ends; by the specification it is dropped.

        Raises:
            MalformedReply: Its data is not UTF-8.
        """
        line, self._line_parts = _without_incomplete_character(b"".join(self._line_parts)), []
        if line:
            self._add_line(line.removeprefix(BOM) if self._is_first_line else line)
        if self._data:
            yield self._take_event()

    def _lines(self, fragment: bytes) -> list[bytes]:
        """Return the lines that *fragment* completes; the bytes after the last line end are stored."""
        if self._is_after_return and fragment:  # a CRLF may be split between two fragments
            fragment, self._is_after_return = fragment.removeprefix(b"\n"), False
        if b"\r" in fragment:
            self._is_after_return = fragment.endswith(b"\r")
            fragment = fragment.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, unfinished = fragment.split(b"\n")
        if lines and self._line_parts:
            lines[0] = b"".join([*self._line_parts, lines[0]])
            self._line_parts, self._line_bytes = [], 0
        if lines and self._is_first_line:
            lines[0], self._is_first_line = lines[0].removeprefix(BOM), False
        if unfinished:
            self._line_parts.append(unfinished)
            self._line_bytes += len(unfinished)
            self._validate_size(self._line_bytes)
        return lines

    def _add_line(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
            self._event_bytes += len(line)
            if self._event_bytes > self._max_bytes:
                self._validate_size(self._event_bytes)
            return
        self._validate_size(len(line))
        if name == b"event":
            self._name = value.removeprefix(b" ")
        elif name == b"data ":  # not a field by the specification, but of gateways
            self._add_line(b"data:" + value)

    def _take_event(self) -> Event:
        """Return the event of the lines so far, and start the next one."""
        data, name = self._data[0] if len(self._data) == 1 else b"\n".join(self._data), self._name
        self._data, self._event_bytes, self._name = [], 0, b""
        try:
            return name.decode() if name else "", data.decode()
        except UnicodeDecodeError as error:
            raise MalformedReply(f"an event of the stream is not UTF-8: {error}", retryable=True) from None

    def _validate_size(self, size: int) -> None:
        if size > self._max_bytes:
            raise MalformedReply(
                f"an event of the stream is longer than {self._max_bytes} bytes; the remaining bytes were not read"
            )


def _without_incomplete_character(line: bytes) -> bytes:
    r"""Return the last line of a stream without the first bytes of a character whose other bytes are missing.

    >>> _without_incomplete_character("data: \u00fc".encode()[:-1]), _without_incomplete_character(b"\xff!")
    (b'data: ', b'\xff!')
    """
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return line[: error.start] if error.reason == "unexpected end of data" else line
    return line
