"""Decoders, which turn the wire at one place into values of the caller's type, and frames, their open containers."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from structkit.partial.loaders import ValueLoader
from structkit.values import ABSENT, JSONValue


class Frame:
    """An open container: an object or array of the wire that is not complete.

    Attributes:
        start: Its position in the text.
        has_invalid: Whether a value inside was left out because it is not valid.
    """

    __slots__ = ("has_invalid", "start")
    needs_text: ClassVar[bool] = False
    """Whether `close` needs the text of the container."""
    is_opaque: ClassVar[bool] = False
    """Whether everything inside is skipped."""

    def __init__(self, start: int) -> None:
        """Start with an empty container."""
        self.start = start
        self.has_invalid = False

    def key(self, name: str) -> Frame | None:  # noqa: ARG002 (only frames of objects have keys)
        """Note the key of the next value. If a frame is returned, it replaces this one."""
        return None

    def scalar(self, value: JSONValue, context: Any) -> Frame | None:
        """Add a scalar. If a frame is returned, it replaces this one."""
        raise NotImplementedError

    def open(self, bracket: str, start: int) -> Frame:
        """Return the frame of a container that opens inside."""
        raise NotImplementedError

    def add(self, value: Any, *, has_invalid: bool) -> None:
        """Add the value of a container that was open inside; `ABSENT` if it is not valid."""
        raise NotImplementedError

    validates_separately: bool = False
    """Whether a container that opens here is validated by its own frame, and not again with this one."""

    def add_validated(self, value: Any, *, has_invalid: bool) -> None:
        """Add the value of a container validated by its own frame; the text of this frame has an empty list instead."""
        raise NotImplementedError

    @property
    def streams_text(self) -> bool:
        """Whether snapshots have the incomplete text that is open here."""
        return False

    def partial(self, inner: Any) -> Any:
        """Return a snapshot that contains *inner*, the snapshot of the open value inside; it must never change."""
        raise NotImplementedError

    def close(self, text: str, context: Any) -> Any:
        """Return the value; `ABSENT` if it is not valid, or the last snapshot if only a value inside is invalid."""
        raise NotImplementedError


class Decoder(Protocol):
    """Decodes the wire at one place of the caller's type: scalars at once, containers by a frame."""

    @property
    def streams_text(self) -> bool:
        """Whether snapshots have an incomplete text of this place."""
        ...

    def scalar(self, value: JSONValue, context: Any) -> Any:
        """Return the value of a scalar of the wire; `ABSENT` if it is not valid."""
        ...

    def open(self, bracket: str, start: int) -> Frame:
        """Return the frame of a container of the wire."""
        ...


class OpaqueDecoder:
    """Decodes a place whose value is in no snapshot before it is complete."""

    streams_text = False

    def __init__(self, loader: ValueLoader) -> None:
        """Decode by a loader of complete values."""
        self.loader = loader

    def scalar(self, value: JSONValue, context: Any) -> Any:
        """Return the loaded value."""
        return self.loader.load(value, context)

    def open(self, bracket: str, start: int) -> Frame:  # noqa: ARG002 (the same for both)
        """Return a frame that skips everything inside."""
        return OpaqueFrame(self.loader, start)


class ScalarDecoder(OpaqueDecoder):
    """Decodes a place of scalars."""

    def __init__(self, loader: ValueLoader, passthrough_type: type | None, *, streams_text: bool) -> None:
        """Decode by a loader, except for scalars of the *passthrough_type*, which are values as they are."""
        super().__init__(loader)
        self._passthrough_type = passthrough_type
        self.streams_text = streams_text

    def scalar(self, value: JSONValue, context: Any) -> Any:
        """Return the value as it is, or loaded."""
        return value if type(value) is self._passthrough_type else self.loader.load(value, context)


class OpaqueFrame(Frame):
    """A container that is in no snapshot before it is complete."""

    __slots__ = ("loader",)
    needs_text = True
    is_opaque = True

    def __init__(self, loader: ValueLoader, start: int) -> None:
        """Decode by a loader of complete values."""
        super().__init__(start)
        self.loader = loader

    def partial(self, inner: Any) -> Any:  # noqa: ARG002 (everything inside is skipped)
        """Return `ABSENT`."""
        return ABSENT

    def close(self, text: str, context: Any) -> Any:
        """Return the loaded value."""
        return self.loader.load_text(text, context)


class SkippedFrame(Frame):
    """A container that is not part of the value."""

    __slots__ = ()
    is_opaque = True

    def partial(self, inner: Any) -> Any:  # noqa: ARG002 (everything inside is skipped)
        """Return `ABSENT`."""
        return ABSENT

    def close(self, text: str, context: Any) -> Any:  # noqa: ARG002 (everything inside is skipped)
        """Return `ABSENT`."""
        return ABSENT


def resolve_value(frame: Frame, value: Any) -> Any:
    """Return the value of a complete container; if it is absent because of a value inside, the last snapshot."""
    if value is ABSENT:
        return frame.partial(ABSENT) if frame.has_invalid else ABSENT
    frame.has_invalid = False
    return value
