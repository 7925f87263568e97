"""Unions, whose branch is chosen once its tag or its box is open, and values in a box (an object with one key)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from structkit.partial.frames import Decoder, Frame, OpaqueDecoder, OpaqueFrame, SkippedFrame
from structkit.partial.loaders import ValueLoader
from structkit.values import ABSENT, JSONValue


@dataclass(frozen=True)
class Branches:
    """The decoders of a container: by its bracket, by the value of its first key (a tag), or by its key (a box)."""

    array: Decoder | None = None
    object: Decoder | None = None
    tag: str = ""
    tagged: Mapping[str, Decoder] = field(default_factory=dict)
    boxes: Mapping[str, BoxDecoder] = field(default_factory=dict)


class UnionDecoder(OpaqueDecoder):
    """Decodes a place of one of several types."""

    def __init__(
        self, loader: ValueLoader, build_branches: Callable[[], Branches], *, streams_text: bool = False
    ) -> None:
        """Decode by branches, which are built when they are first needed."""
        super().__init__(loader)
        self.streams_text = streams_text
        self._build_branches = build_branches

    @cached_property
    def branches(self) -> Branches:
        """The decoders of containers."""
        return self._build_branches()

    def open(self, bracket: str, start: int) -> Frame:
        """Return the frame of the branch, if the bracket decides it."""
        branches = self.branches
        branch = branches.array if bracket == "[" else branches.object
        if branch:
            return branch.open(bracket, start)
        if bracket == "{" and (branches.tagged or branches.boxes):
            return UndecidedFrame(self, start)
        return super().open(bracket, start)


class UndecidedFrame(Frame):
    """An open object whose branch is not decided; the first key or its value replaces this frame."""

    __slots__ = ("decoder", "has_tag")
    needs_text = True

    def __init__(self, decoder: UnionDecoder | BoxDecoder, start: int) -> None:
        """Start without a key."""
        super().__init__(start)
        self.decoder = decoder
        self.has_tag = False

    def key(self, name: str) -> Frame | None:
        """Decide for a box, wait for the value of a tag, or decide for no branch."""
        branches = self.decoder.branches
        if name in branches.boxes and not self.has_tag:
            return _with_key(BoxFrame(branches.boxes[name], self.start), name)
        if name == branches.tag and not self.has_tag:
            self.has_tag = True
            return None
        return OpaqueFrame(self.decoder.loader, self.start)

    def scalar(self, value: JSONValue, context: Any) -> Frame | None:
        """Decide by the value of the tag."""
        branches = self.decoder.branches
        branch = branches.tagged.get(repr(value))
        if branch is None:
            return OpaqueFrame(self.decoder.loader, self.start)
        frame = _with_key(branch.open("{", self.start), branches.tag)
        frame.scalar(value, context)
        return frame

    def open(self, bracket: str, start: int) -> Frame:  # noqa: ARG002 (a container is never a tag)
        """Skip a container."""
        return SkippedFrame(start)

    def add(self, value: Any, *, has_invalid: bool) -> None:
        """Skip a container."""

    def partial(self, inner: Any) -> Any:  # noqa: ARG002 (undecided)
        """Return nothing."""
        return ABSENT

    def close(self, text: str, context: Any) -> Any:
        """Return the validated value."""
        return self.decoder.loader.load_text(text, context)


def _with_key(frame: Frame, name: str) -> Frame:
    """Return the frame after a key."""
    frame.key(name)
    return frame


class BoxDecoder(OpaqueDecoder):
    """Decodes a place of a value in a box; a value without its box is opaque."""

    def __init__(self, key: str, inner: Decoder, loader: ValueLoader) -> None:
        """Decode the value under *key* by *inner*."""
        super().__init__(loader)
        self.key = key
        self.inner = inner
        self.branches = Branches(boxes={key: self})

    def open(self, bracket: str, start: int) -> Frame:
        """Return the frame of an object, which may be the box."""
        return UndecidedFrame(self, start) if bracket == "{" else super().open(bracket, start)


class BoxFrame(Frame):
    """An open box."""

    __slots__ = ("decoder", "is_inside", "value")

    def __init__(self, decoder: BoxDecoder, start: int) -> None:
        """Start with an empty box."""
        super().__init__(start)
        self.decoder = decoder
        self.is_inside = False
        self.value: Any = ABSENT

    def key(self, name: str) -> None:
        """Note whether the next value is the one in the box; any other key is invalid."""
        self.is_inside = name == self.decoder.key
        self.has_invalid |= not self.is_inside

    def scalar(self, value: JSONValue, context: Any) -> None:
        """Set the value."""
        if self.is_inside:
            self.value = self.decoder.inner.scalar(value, context)

    def open(self, bracket: str, start: int) -> Frame:
        """Return the frame of the value."""
        return self.decoder.inner.open(bracket, start) if self.is_inside else SkippedFrame(start)

    def add(self, value: Any, *, has_invalid: bool) -> None:
        """Set the value."""
        if self.is_inside:
            self.value = value
            self.has_invalid |= has_invalid

    @property
    def streams_text(self) -> bool:
        """Whether the value does."""
        return self.is_inside and self.decoder.inner.streams_text

    def partial(self, inner: Any) -> Any:
        """Return the value."""
        return self.value if inner is ABSENT else inner

    def close(self, text: str, context: Any) -> Any:  # noqa: ARG002 (the value is valid already)
        """Return the value."""
        return self.value
