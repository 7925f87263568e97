"""Server-sent events: bytes that come in any pieces, as the data of each event, by the rules of the WHATWG."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from structkit.errors import MalformedReply

Event: TypeAlias = tuple[str, str]
"""What `event:` names it, mostly nothing, and its data."""

BOM = b"\xef\xbb\xbf"
LONGEST = 2**25
"""Bytes of one line, and of one event's lines of data, unless the caller says otherwise."""


class Events:
    r"""Takes a stream in, piece by piece, and gives its events as they end; each byte is looked at once.

    Args:
        longest: The most bytes of one line, and of one event's lines of data.

    Comments and the fields `id` and `retry` are passed over. An event that the stream breaks off in is none.

    >>> events = Events()
    >>> [*events.feed(b': wait\r\ndata: {"a":')]
    []
    >>> [*events.feed(b' 1}\r\n\r\nevent: error\ndata:no\ndata: more\n\ndata: ha')]
    [('', '{"a": 1}'), ('error', 'no\nmore')]
    """

    def __init__(self, longest: int = LONGEST) -> None:
        """Nothing has come."""
        self._longest = longest
        self._rest: list[bytes] = []  # of the line that has not ended
        self._held = 0  # its bytes
        self._data: list[bytes] = []
        self._size = 0  # the bytes of its lines
        self._name = b""
        self._is_first = True
        self._after_return = False

    def feed(self, piece: bytes | str) -> Iterator[Event]:
        """The events that end in a piece; it is taken in as they are asked for.

        Raises:
            MalformedReply: An event is too long, or its data is no UTF-8.
        """
        for line in self._lines(piece.encode("utf-8", "surrogatepass") if isinstance(piece, str) else piece):
            if line:
                self._take(line)
                continue
            if self._data:
                yield self._event()
            self._data, self._size, self._name = [], 0, b""

    def _lines(self, piece: bytes) -> list[bytes]:
        """The lines that end in a piece; what stands behind the last one is kept."""
        if self._after_return and piece:
            piece, self._after_return = piece.removeprefix(b"\n"), False
        if b"\r" in piece:
            self._after_return = piece.endswith(b"\r")
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = piece.split(b"\n")
        if lines and self._rest:
            lines[0] = b"".join([*self._rest, lines[0]])
            self._rest, self._held = [], 0
        if lines and self._is_first:
            lines[0], self._is_first = lines[0].removeprefix(BOM), False
        if rest:
            self._rest.append(rest)
            self._held += len(rest)
            self._refuse_more(self._held)
        return lines

    def _take(self, line: bytes) -> None:
        self._refuse_more(len(line))
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
            self._size += len(line)
            self._refuse_more(self._size)
        elif name == b"event":
            self._name = value.removeprefix(b" ")

    def _event(self) -> Event:
        try:
            return self._name.decode(), b"\n".join(self._data).decode()
        except UnicodeDecodeError as error:
            raise MalformedReply(f"an event of the stream is no UTF-8: {error}", retryable=True) from None

    def _refuse_more(self, size: int) -> None:
        if size > self._longest:
            raise MalformedReply(f"an event of the stream is longer than {self._longest} bytes; the rest was not read")
