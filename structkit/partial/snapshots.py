"""`SnapshotBuilder`: a reply that arrives in chunks, as snapshots in the shape of the caller's type."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar, cast
from weakref import WeakKeyDictionary

from structkit.parsing.exact import NotJSON
from structkit.parsing.push import PushParser
from structkit.partial.answer_start import AnswerFinder
from structkit.partial.frames import Decoder, Frame
from structkit.partial.pairing import root_decoder
from structkit.partial.skipping import SkippingReceiver
from structkit.partial.snapshot_reuse import GROWTH_DIVISOR
from structkit.partial.text_buffer import TextBuffer
from structkit.partial.unions import BoxFrame
from structkit.schema.response_format import ResponseFormat
from structkit.values import ABSENT, JSONValue

T = TypeVar("T")

Partial = Annotated[T, "the part of it that has arrived"]
"""A `T` whose parts may be missing: `Partial[Invoice]` is what a stream of an `Invoice` yields.

Type checkers see the type itself, so that an editor knows its fields. A part that has not arrived is absent: a field of
a model or a dataclass raises AttributeError and is not in `model_fields_set`; a dict does not have the key. None occurs
only where the type allows it.
"""

MIN_STEPPED_CHARS = 64 * 1024
"""A longer text is updated only each time it has grown by a fraction of its length (1 / `GROWTH_DIVISOR`)."""

_decoders: WeakKeyDictionary[ResponseFormat[Any], Decoder] = WeakKeyDictionary()


class SnapshotBuilder(Generic[T]):
    r"""Build the snapshots of one reply.

    Args:
        response_format: The expected type.
        context: What pydantic's validators get as `info.context`.

    Attributes:
        has_completed_value: Whether the last chunk completed a value that is in the snapshot.

    >>> builder = SnapshotBuilder(ResponseFormat(dict[str, list[int]]))
    >>> for chunk in ('{"value": [{"key": "a", "va', 'lue": [1, 2', '0]}, {"key": "b", "value": [3]}]}'):
    ...     print(builder.feed(chunk), builder.snapshot())
    True {}
    True {'a': [1]}
    True {'a': [1, 20], 'b': [3]}
    """

    def __init__(self, response_format: ResponseFormat[T], context: Any = None) -> None:
        """Start without a value."""
        self.has_completed_value = False
        self._context = context
        self._finder = AnswerFinder(response_format.schema["properties"])
        self._stack: list[Frame] = [RootFrame(_decoder(response_format))]
        self._top = self._stack[0]
        self._text = TextBuffer()
        self._parser = PushParser(self)
        self._skipping = SkippingReceiver(self._parser, self)
        self._is_over = False
        self._is_new = False
        self._string_length = -1  # of the open string in the last snapshot
        self._string: Any = ABSENT
        self._snapshot: Any = ABSENT

    def feed(self, chunk: str) -> bool:
        """Add one more chunk of the text, and return whether `snapshot` has something new. Nothing is raised.

        Text before and after the answer is ignored. If the text is not JSON, the snapshot no longer changes; the final
        result has the error.
        """
        self.has_completed_value = False
        answer = chunk if self._finder.has_started else self._finder.feed(chunk)
        if answer is not None and not self._is_over:
            self._parse(answer)
            if not self._is_new and self._parser.length > self._string_length:
                self._is_new = self._has_longer_string()
        return self._is_new

    def _parse(self, answer: str) -> None:
        self._text.add(answer)
        try:
            self._parser.feed(answer)
            self._is_over = self._parser.is_done
        except NotJSON:
            self._is_over = True
        self._text.trim()

    def snapshot(self) -> Partial[T]:
        """Return the value so far, which never changes later; `structkit.values.ABSENT` before it has started.

        Complete parts are shared between snapshots, so they must not be changed.
        """
        if self._is_new:
            self._is_new = False
            inner: Any = ABSENT if self._parser.length < 0 else self._open_string()
            for frame in reversed(self._stack):
                inner = frame.partial(inner)
            self._snapshot = inner
        return cast("T", self._snapshot)

    def _has_longer_string(self) -> bool:
        """Return whether the open string has grown enough since the last snapshot."""
        length = self._string_length
        growth = self._parser.length - length
        return growth > (length // GROWTH_DIVISOR if length > MIN_STEPPED_CHARS else 0) and self._top.streams_text

    def _open_string(self) -> Any:
        if not self._top.streams_text:
            return ABSENT
        if self._has_longer_string():
            self._string_length, self._string = self._parser.length, self._parser.read_text()
        return self._string

    def begin(self, bracket: str, at: int) -> None:
        """Open a container (called by the parser)."""
        top, depth, text = self._top, len(self._stack), self._text
        frame = top.open(bracket, text.offset(at))
        if top.validates_separately and text.depth == depth:
            text.exclude(depth + 1, frame.start)
        self._push(frame)

    def _push(self, frame: Frame) -> None:
        self._stack.append(frame)
        self._top = frame
        if frame.needs_text and not self._text.depth:
            frame.start = self._text.store_from(len(self._stack), frame.start)
        if frame.is_opaque:
            self._skipping.skip_container()
        else:
            self._is_new = True

    def _replace(self, frame: Frame) -> None:
        """Replace the innermost frame, because its branch is decided."""
        if self._text.depth == len(self._stack):
            self._text.depth = 0
        self._stack.pop()
        self._push(frame)

    def key(self, name: str) -> None:
        """Note a key (called by the parser)."""
        replacement = self._top.key(name)
        if replacement is not None:
            self._replace(replacement)

    def scalar(self, value: JSONValue) -> None:
        """Add a scalar (called by the parser)."""
        self._string_length = -1
        replacement = self._top.scalar(value, self._context)
        if replacement is not None:
            self._replace(replacement)
        self._is_new = self.has_completed_value = True

    def end(self, at: int) -> None:
        """Close the innermost container (called by the parser)."""
        frame = self._stack.pop()
        self._top = self._stack[-1]
        value = frame.close(self._text.read(frame.start, at) if frame.needs_text else "", self._context)
        is_separate = self._text.close(len(self._stack) + 1, at)
        if value is ABSENT and all(isinstance(each, RootFrame | BoxFrame) for each in self._stack):
            value = frame.partial(ABSENT)  # an invalid root value stays in the snapshot
        add = self._top.add_validated if is_separate else self._top.add
        add(value, has_invalid=frame.has_invalid)
        self._is_new = self.has_completed_value = True


class RootFrame(Frame):
    """The frame around the root value."""

    __slots__ = ("decoder", "value")

    def __init__(self, decoder: Decoder) -> None:
        """Start without a value."""
        super().__init__(0)
        self.decoder = decoder
        self.value: Any = ABSENT

    def open(self, bracket: str, start: int) -> Frame:
        """Return the frame of the root value."""
        return self.decoder.open(bracket, start)

    def add(self, value: Any, *, has_invalid: bool) -> None:
        """Set the root value."""
        self.value = value
        self.has_invalid = has_invalid

    def partial(self, inner: Any) -> Any:
        """Return the root value."""
        return self.value if inner is ABSENT else inner


def _decoder(response_format: ResponseFormat[Any]) -> Decoder:
    """Return the decoder of a type, which is built once."""
    decoder = _decoders.get(response_format)
    if decoder is None:
        decoder = _decoders[response_format] = root_decoder(response_format)
    return decoder
