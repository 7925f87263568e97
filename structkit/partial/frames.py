"""What is known of a place before anything stands there, and of a container there while it is open."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from structkit.partial.validation import Check
from structkit.values import ABSENT, JSONValue


class Frame:
    """A container that is open: an object or array of the wire, and what is known of it.

    Attributes:
        start: Where it begins in the text.
        flawed: Whether something in it is left out because it is not valid.
    """

    __slots__ = ("flawed", "start")
    keeps: ClassVar[bool] = False
    """Whether its text is wanted when it is closed."""
    blind: ClassVar[bool] = False
    """Whether nothing inside is looked at."""

    def __init__(self, start: int) -> None:
        """With nothing in it."""
        self.start = start
        self.flawed = False

    def key(self, name: str) -> Frame | None:  # noqa: ARG002 (not every frame has keys)
        """The next value stands under this key. A frame that is given takes the place of this one."""
        return None

    def scalar(self, value: JSONValue, context: Any) -> Frame | None:
        """A scalar stands here. A frame that is given takes the place of this one."""
        raise NotImplementedError

    def open(self, bracket: str, start: int) -> Frame:
        """A container opens here."""
        raise NotImplementedError

    def put(self, value: Any, *, flawed: bool) -> None:
        """The container that was open here is closed; `ABSENT` where it is not valid."""
        raise NotImplementedError

    sets_apart: bool = False
    """Whether a container that opens here is a part that need not be validated again with the whole."""

    def put_apart(self, value: Any, *, flawed: bool) -> None:
        """Such a container is closed; it stands empty in the text of this one."""
        raise NotImplementedError

    @property
    def grows(self) -> bool:
        """Whether text that is open here is shown."""
        return False

    def partial(self, inner: Any) -> Any:
        """A snapshot, with that of what is open inside; it never changes."""
        raise NotImplementedError

    def close(self, text: str, context: Any) -> Any:
        """The value; `ABSENT` where it is not valid and nothing inside is to blame, else what it has shown so far."""
        raise NotImplementedError


class Shape(Protocol):
    """A place of the wire and of the caller's type at once."""

    @property
    def grows(self) -> bool:
        """Whether text that is open here is shown."""
        ...

    def scalar(self, value: JSONValue, context: Any) -> Any:
        """A scalar of the wire as a value; `ABSENT` where it is not valid."""
        ...

    def open(self, bracket: str, start: int) -> Frame:
        """A container of the wire that opens here."""
        ...


class Closed:
    """A place that shows when it is closed."""

    grows = False

    def __init__(self, check: Check) -> None:
        """By what makes its values."""
        self.check = check

    def scalar(self, value: JSONValue, context: Any) -> Any:
        """Checked."""
        return self.check.value(value, context)

    def open(self, bracket: str, start: int) -> Frame:  # noqa: ARG002 (either will do)
        """Nothing is shown of it."""
        return ClosedFrame(self.check, start)


class Plain(Closed):
    """A place for scalars, of which those of one type are values as they are."""

    def __init__(self, check: Check, plain: type | None, *, grows: bool) -> None:
        """Of a type."""
        super().__init__(check)
        self._plain = plain
        self.grows = grows

    def scalar(self, value: JSONValue, context: Any) -> Any:
        """As it is, or checked."""
        return value if type(value) is self._plain else self.check.value(value, context)


class ClosedFrame(Frame):
    """A container of which nothing is shown while it is open."""

    __slots__ = ("check",)
    keeps = True
    blind = True

    def __init__(self, check: Check, start: int) -> None:
        """By what makes its value."""
        super().__init__(start)
        self.check = check

    def partial(self, inner: Any) -> Any:  # noqa: ARG002 (not looked at)
        """Nothing."""
        return ABSENT

    def close(self, text: str, context: Any) -> Any:
        """Checked."""
        return self.check.read(text, context)


class Skipped(Frame):
    """A container that is no part of the value."""

    __slots__ = ()
    blind = True

    def partial(self, inner: Any) -> Any:  # noqa: ARG002 (not looked at)
        """Nothing."""
        return ABSENT

    def close(self, text: str, context: Any) -> Any:  # noqa: ARG002 (not looked at)
        """Nothing."""
        return ABSENT


def settle(frame: Frame, found: Any) -> Any:
    """What a closed container comes to: its value, what it has shown where a part of it is to blame, or nothing."""
    if found is ABSENT:
        return frame.partial(ABSENT) if frame.flawed else ABSENT
    frame.flawed = False
    return found
