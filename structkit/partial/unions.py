"""Unions, each branch known once its tag or its box is there, and values in a box."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from structkit.partial.frames import Closed, ClosedFrame, Frame, Shape, Skipped
from structkit.partial.validation import Check
from structkit.values import ABSENT, JSONValue


@dataclass(frozen=True)
class Branches:
    """What a container may be: told by its bracket, by the first key's value, or by the first key."""

    array: Shape | None = None
    object: Shape | None = None
    tag: str = ""
    tagged: Mapping[str, Shape] = field(default_factory=dict)
    boxed: Mapping[str, Boxed] = field(default_factory=dict)


class Choice(Closed):
    """A place for one of several."""

    def __init__(self, check: Check, branches: Callable[[], Branches], *, grows: bool = False) -> None:
        """The branches are asked for when they are first needed."""
        super().__init__(check)
        self.grows = grows
        self._branches = branches

    @cached_property
    def branches(self) -> Branches:
        """What a container may be."""
        return self._branches()

    def open(self, bracket: str, start: int) -> Frame:
        """The branch's, as far as the bracket tells."""
        branches = self.branches
        known = branches.array if bracket == "[" else branches.object
        if known:
            return known.open(bracket, start)
        if bracket == "{" and (branches.tagged or branches.boxed):
            return ChoiceFrame(self, start)
        return super().open(bracket, start)


class ChoiceFrame(Frame):
    """An object of which is not known yet what it is."""

    __slots__ = ("has_tag", "shape")
    keeps = True

    def __init__(self, shape: Choice | Boxed, start: int) -> None:
        """With nothing in it."""
        super().__init__(start)
        self.shape = shape
        self.has_tag = False

    def key(self, name: str) -> Frame | None:
        """A box, a tag, or the end of guessing."""
        branches = self.shape.branches
        if name in branches.boxed and not self.has_tag:
            return begun(BoxedFrame(branches.boxed[name], self.start), name)
        if name == branches.tag and not self.has_tag:
            self.has_tag = True
            return None
        return ClosedFrame(self.shape.check, self.start)

    def scalar(self, value: JSONValue, context: Any) -> Frame | None:
        """The tag's value."""
        branches = self.shape.branches
        branch = branches.tagged.get(repr(value))
        if branch is None:
            return ClosedFrame(self.shape.check, self.start)
        frame = begun(branch.open("{", self.start), branches.tag)
        frame.scalar(value, context)
        return frame

    def open(self, bracket: str, start: int) -> Frame:  # noqa: ARG002 (neither is a tag)
        """No tag."""
        return Skipped(start)

    def put(self, value: Any, *, flawed: bool) -> None:
        """No tag."""

    def partial(self, inner: Any) -> Any:  # noqa: ARG002 (not known yet)
        """Nothing."""
        return ABSENT

    def close(self, text: str, context: Any) -> Any:
        """The whole, validated."""
        return self.shape.check.read(text, context)


def begun(frame: Frame, name: str) -> Frame:
    """The frame, after a key."""
    frame.key(name)
    return frame


class Boxed(Closed):
    """A place for a value under one key; what is in no box shows when it is closed."""

    def __init__(self, key: str, inner: Shape, check: Check) -> None:
        """With what is in the box."""
        super().__init__(check)
        self.key = key
        self.inner = inner
        self.branches = Branches(boxed={key: self})

    def open(self, bracket: str, start: int) -> Frame:
        """An object, which may be a box."""
        return ChoiceFrame(self, start) if bracket == "{" else super().open(bracket, start)


class BoxedFrame(Frame):
    """A box that is open."""

    __slots__ = ("is_inside", "shape", "value")

    def __init__(self, shape: Boxed, start: int) -> None:
        """Empty."""
        super().__init__(start)
        self.shape = shape
        self.is_inside = False
        self.value: Any = ABSENT

    def key(self, name: str) -> None:
        """The box's own, or one that belongs in no box."""
        self.is_inside = name == self.shape.key
        self.flawed |= not self.is_inside

    def scalar(self, value: JSONValue, context: Any) -> None:
        """The value."""
        if self.is_inside:
            self.value = self.shape.inner.scalar(value, context)

    def open(self, bracket: str, start: int) -> Frame:
        """The value's."""
        return self.shape.inner.open(bracket, start) if self.is_inside else Skipped(start)

    def put(self, value: Any, *, flawed: bool) -> None:
        """The value."""
        if self.is_inside:
            self.value = value
            self.flawed |= flawed

    @property
    def grows(self) -> bool:
        """As the value does."""
        return self.is_inside and self.shape.inner.grows

    def partial(self, inner: Any) -> Any:
        """The value."""
        return self.value if inner is ABSENT else inner

    def close(self, text: str, context: Any) -> Any:  # noqa: ARG002 (what is inside is checked)
        """The value."""
        return self.value
