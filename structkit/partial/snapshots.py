"""`SnapshotBuilder`: a reply that arrives in pieces, as snapshots in the shape of the caller's type."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar, cast
from weakref import WeakKeyDictionary

from structkit.parsing.exact import NotJSON
from structkit.parsing.push import PushParser
from structkit.partial.answer_start import Start
from structkit.partial.frames import Frame, Shape
from structkit.partial.pairing import root_shape
from structkit.partial.skipping import Unseen
from structkit.partial.text_buffer import KeptText
from structkit.partial.unions import BoxedFrame
from structkit.schema.response_format import ResponseFormat
from structkit.values import ABSENT, JSONValue

T = TypeVar("T")

Partial = Annotated[T, "what is there of it so far"]
"""A `T` of which a part may be missing: `Partial[Invoice]` is what a stream of an `Invoice` yields.

Type checkers take it for the type itself, so that an editor knows its fields. What has not come yet is absent: a
field of a model or a dataclass raises AttributeError and is not in `model_fields_set`, a key of a dict is not there.
Nothing is None that the type does not let be None.
"""

LONG = 64 * 1024
"""Characters of a string from which on it is shown in steps, each a part of its length."""

STEP = 16

_shapes: WeakKeyDictionary[ResponseFormat[Any], Shape] = WeakKeyDictionary()


class SnapshotBuilder(Generic[T]):
    r"""The snapshots of one reply.

    Args:
        response_format: The type that is wanted.
        context: What pydantic's validators get as `info.context`.

    Attributes:
        has_completed_value: Whether the last piece has completed something that shows.

    >>> growing = SnapshotBuilder(ResponseFormat(dict[str, list[int]]))
    >>> for piece in ('{"value": [{"key": "a", "va', 'lue": [1, 2', '0]}, {"key": "b", "value": [3]}]}'):
    ...     print(growing.feed(piece), growing.snapshot())
    True {}
    True {'a': [1]}
    True {'a': [1, 20], 'b': [3]}
    """

    def __init__(self, response_format: ResponseFormat[T], context: Any = None) -> None:
        """With nothing there yet."""
        self.has_completed_value = False
        self._context = context
        self._start = Start(response_format.schema["properties"])
        self._stack: list[Frame] = [Root(_shape(response_format))]
        self._top = self._stack[0]
        self._text = KeptText()
        self._parser = PushParser(self)
        self._unseen = Unseen(self._parser, self)
        self._is_over = False
        self._is_new = False
        self._shown = -1  # how much of the open string is
        self._string: Any = ABSENT
        self._snapshot: Any = ABSENT

    def feed(self, piece: str) -> bool:
        """Read one more piece of the text; whether `snapshot` has something new. Nothing is raised.

        Text before the answer is left out, and so is text after it. Of a text that is no JSON the snapshots stay
        what they were: the end result tells what is wrong.
        """
        self.has_completed_value = False
        answer = self._start.feed(piece)
        if answer is not None and not self._is_over:
            self._read(answer)
            if self._has_grown():
                self._is_new = True
        return self._is_new

    def _read(self, answer: str) -> None:
        self._text.add(answer)
        try:
            self._parser.feed(answer)
            self._is_over = self._parser.is_done
        except NotJSON:
            self._is_over = True
        self._text.trim()

    def snapshot(self) -> Partial[T]:
        """What is there: a value of its own that never changes; `structkit.values.ABSENT` where nothing is.

        What is closed is shared by the snapshots, so that they are to be read, and not to be changed.
        """
        if self._is_new:
            self._is_new = False
            inner: Any = self._open_text()
            for frame in reversed(self._stack):
                inner = frame.partial(inner)
            self._snapshot = inner
        return cast("T", self._snapshot)

    def _has_grown(self) -> bool:
        """Whether there is more of an open string than was shown, and enough of it."""
        shown = self._shown
        return self._parser.length > shown + (shown // STEP if shown > LONG else 0) and self._top.grows

    def _open_text(self) -> Any:
        if self._parser.length < 0 or not self._top.grows:
            return ABSENT
        if self._has_grown():
            self._shown, self._string = self._parser.length, self._parser.read_text()
        return self._string

    def begin(self, bracket: str, at: int) -> None:
        """Told by the parser: a container opens."""
        top, depth, text = self._top, len(self._stack), self._text
        frame = top.open(bracket, text.place(at))
        if top.sets_apart and text.wanted == depth:
            text.set_apart(depth + 1, frame.start)
        self._push(frame)

    def _push(self, frame: Frame) -> None:
        self._stack.append(frame)
        self._top = frame
        if frame.keeps and not self._text.wanted:
            frame.start = self._text.want(len(self._stack), frame.start)
        if frame.blind:
            self._unseen.watch()
        else:
            self._is_new = True

    def _replace(self, frame: Frame) -> None:
        """A frame for the innermost container, of which more is known now."""
        if self._text.wanted == len(self._stack):
            self._text.wanted = 0
        self._stack.pop()
        self._push(frame)

    def key(self, name: str) -> None:
        """Told by the parser: a key."""
        better = self._top.key(name)
        if better is not None:
            self._replace(better)

    def scalar(self, value: JSONValue) -> None:
        """Told by the parser: a scalar."""
        self._shown = -1
        better = self._top.scalar(value, self._context)
        if better is not None:
            self._replace(better)
        self._is_new = self.has_completed_value = True

    def end(self, at: int) -> None:
        """Told by the parser: the innermost container is closed."""
        frame = self._stack.pop()
        self._top = self._stack[-1]
        value = frame.close(self._text.read(frame.start, at) if frame.keeps else "", self._context)
        is_apart = self._text.closed(len(self._stack) + 1, at)
        if value is ABSENT and all(isinstance(each, Root | BoxedFrame) for each in self._stack):
            value = frame.partial(ABSENT)  # the answer as a whole is never left out
        if is_apart:
            self._top.put_apart(value, flawed=frame.flawed)
        else:
            self._top.put(value, flawed=frame.flawed)
        self._is_new = self.has_completed_value = True


class Root(Frame):
    """What is around the whole answer."""

    __slots__ = ("shape", "value")

    def __init__(self, shape: Shape) -> None:
        """With nothing in it."""
        super().__init__(0)
        self.shape = shape
        self.value: Any = ABSENT

    def open(self, bracket: str, start: int) -> Frame:
        """The answer's."""
        return self.shape.open(bracket, start)

    def put(self, value: Any, *, flawed: bool) -> None:
        """The answer."""
        self.value = value
        self.flawed = flawed

    def partial(self, inner: Any) -> Any:
        """The answer."""
        return self.value if inner is ABSENT else inner


def _shape(response_format: ResponseFormat[Any]) -> Shape:
    """The shape of a type, found once."""
    found = _shapes.get(response_format)
    if found is None:
        found = _shapes[response_format] = root_shape(response_format)
    return found
