"""Maps, which are arrays of keys and values on the wire."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from structkit.partial.frames import Closed, Frame, Shape, Skipped, settle
from structkit.partial.snapshot_reuse import Copies, grown_map
from structkit.partial.validation import Check
from structkit.values import ABSENT, JSONValue


class Mapping(Closed):
    """A place for maps."""

    def __init__(
        self,
        check: Check,
        dress: Callable[[Any], Any] | None,
        key: Callable[[str, Any], Any] | None,
        value: Callable[[], Shape],
        *,
        composed: bool,
    ) -> None:
        """Of keys made by *key* and values of a shape; *composed* where a map of valid members is valid."""
        super().__init__(check)
        self.dress = dress
        self.key = key
        self.composed = composed
        self._value = value

    @cached_property
    def value(self) -> Shape:
        """What a value looks like."""
        return self._value()

    def open(self, bracket: str, start: int) -> Frame:
        """A map; an object is none."""
        if bracket == "{":
            return super().open(bracket, start)
        return MappingFrame(self, start) if self.composed else BoundedFrame(self, start)


class MappingFrame(Frame):
    """A map that is open."""

    __slots__ = ("closed", "copies", "names", "shape")

    def __init__(self, shape: Mapping, start: int) -> None:
        """With no members."""
        super().__init__(start)
        self.shape = shape
        self.closed: dict[Any, Any] = {}
        self.names: list[Any] = []
        self.copies: Copies[dict[Any, Any]] = Copies()

    def scalar(self, value: JSONValue, context: Any) -> None:  # noqa: ARG002 (none will do)
        """No member."""
        self.flawed = True

    def open(self, bracket: str, start: int) -> Frame:
        """A member."""
        return MemberFrame(self.shape, start) if bracket == "{" else Skipped(start)

    def put(self, value: Any, *, flawed: bool) -> None:
        """A pair of key and value; one whose key is there already is left out."""
        if value is ABSENT or value[0] in self.closed:
            self.flawed = True
        else:
            self.flawed |= flawed
            self.closed[value[0]] = value[1]
            self.names.append(value[0])

    def partial(self, inner: Any) -> Any:
        """The members so far."""
        made = grown_map(self.copies, self.closed, self.names, inner)
        return self.shape.dress(made) if self.shape.dress else made

    def close(self, text: str, context: Any) -> Any:  # noqa: ARG002 (nothing is left to be checked)
        """The members."""
        return self.closed


class BoundedFrame(MappingFrame):
    """A map that is open, and has rules of its own."""

    __slots__ = ()
    keeps = True

    def close(self, text: str, context: Any) -> Any:
        """The whole, validated."""
        return settle(self, self.shape.check.read(text, context))


class MemberFrame(Frame):
    """A member of a map that is open."""

    __slots__ = ("name", "shape", "slot", "value")

    def __init__(self, shape: Mapping, start: int) -> None:
        """With neither key nor value."""
        super().__init__(start)
        self.shape = shape
        self.slot = ""
        self.name: Any = ABSENT
        self.value: Any = ABSENT

    def key(self, name: str) -> None:
        """Which of the two comes next."""
        self.slot = name

    def scalar(self, value: JSONValue, context: Any) -> None:
        """The key or the value."""
        if self.slot == "value":
            self.value = self.shape.value.scalar(value, context)
        elif self.slot == "key" and isinstance(value, str):
            self.name = self.shape.key(value, context) if self.shape.key else value

    def open(self, bracket: str, start: int) -> Frame:
        """The value's."""
        return self.shape.value.open(bracket, start) if self.slot == "value" else Skipped(start)

    def put(self, value: Any, *, flawed: bool) -> None:
        """The value."""
        if self.slot == "value":
            self.value = value
            self.flawed = flawed

    @property
    def grows(self) -> bool:
        """As the value does, once the key is known."""
        return self.slot == "value" and self.name is not ABSENT and self.shape.value.grows

    def partial(self, inner: Any) -> Any:
        """The pair, as far as it has both."""
        value = self.value if inner is ABSENT else inner
        return ABSENT if self.name is ABSENT or value is ABSENT else (self.name, value)

    def close(self, text: str, context: Any) -> Any:  # noqa: ARG002 (its parts are checked)
        """The pair, if it has both."""
        return self.partial(ABSENT)
