"""Objects with declared properties: models, dataclasses, typed dicts and plain ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from structkit.partial.construct import Make, fill
from structkit.partial.frames import Closed, Frame, Shape, Skipped, settle
from structkit.partial.validation import Check
from structkit.values import ABSENT, JSONValue


@dataclass(frozen=True, slots=True)
class Slot:
    """A property: where its value goes, and what it looks like."""

    name: str
    shape: Shape
    may_be_null: bool
    """Whether null says that it is absent."""
    is_apart: bool = False
    """Whether it is a list or map that is known when it is closed, and need not be validated again."""


class Record(Closed):
    """A place for objects."""

    def __init__(self, check: Check, make: Make | None, slots: Callable[[], dict[str, Slot]]) -> None:
        """Made by *make*; its slots, by their wire names, are asked for when they are first needed."""
        super().__init__(check)
        self.make = make
        self._slots = slots

    @cached_property
    def slots(self) -> dict[str, Slot]:
        """By wire names."""
        return self._slots()

    def open(self, bracket: str, start: int) -> Frame:
        """An object; an array is none."""
        return RecordFrame(self, start) if bracket == "{" else super().open(bracket, start)


class RecordFrame(Frame):
    """An object that is open."""

    __slots__ = ("apart", "is_broken", "shape", "slot", "values")
    keeps = True

    def __init__(self, shape: Record, start: int) -> None:
        """With no properties."""
        super().__init__(start)
        self.shape = shape
        self.slot: Slot | None = None
        self.values: dict[str, Any] = {}
        self.apart: dict[str, Any] | None = None
        self.is_broken = False

    def key(self, name: str) -> None:
        """A property; one that is not declared is for the end."""
        self.slot = self.shape.slots.get(name)

    def scalar(self, value: JSONValue, context: Any) -> None:
        """Its value, unless it says that there is none."""
        slot = self.slot
        if slot is None or (value is None and slot.may_be_null):
            return
        found = slot.shape.scalar(value, context)
        if found is ABSENT:
            self.flawed = True
        else:
            self.values[slot.name] = found

    def open(self, bracket: str, start: int) -> Frame:
        """The property's."""
        return self.slot.shape.open(bracket, start) if self.slot else Skipped(start)

    def put(self, value: Any, *, flawed: bool) -> None:
        """The property's value."""
        if self.slot:
            self.flawed |= flawed or value is ABSENT
            if value is not ABSENT:
                self.values[self.slot.name] = value

    @property
    def sets_apart(self) -> bool:  # type: ignore[override]
        """As the property does."""
        return self.slot is not None and self.slot.is_apart

    def put_apart(self, value: Any, *, flawed: bool) -> None:
        """The property's value, to be put in after the rest is validated."""
        self.put(value, flawed=flawed)
        self.is_broken |= flawed
        if self.slot:
            self.apart = {**(self.apart or {}), self.slot.name: value}

    @property
    def grows(self) -> bool:
        """As the property does."""
        return self.slot is not None and self.slot.shape.grows

    def partial(self, inner: Any) -> Any:
        """An instance of what is there."""
        slot, make = self.slot, self.shape.make
        values = {**self.values} if inner is ABSENT or slot is None else {**self.values, slot.name: inner}
        return values if make is None else make(values)

    def close(self, text: str, context: Any) -> Any:
        """The whole, validated; what was set apart is put in."""
        found = ABSENT if self.is_broken else self.shape.check.read(text, context)
        if self.apart and found is not ABSENT:
            fill(found, self.apart)
        return settle(self, found)
