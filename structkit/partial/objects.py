"""Objects with declared properties: models, dataclasses, typed dicts and plain dicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from structkit.partial.construct import InstanceFactory, set_values
from structkit.partial.frames import Decoder, Frame, OpaqueDecoder, SkippedFrame, resolve_value
from structkit.partial.loaders import ValueLoader
from structkit.values import ABSENT, JSONValue


@dataclass(frozen=True, slots=True)
class Slot:
    """A property: the attribute of its value, and its decoder."""

    name: str
    decoder: Decoder
    is_absent_if_null: bool
    """Whether null means that the property is absent."""
    validates_separately: bool = False
    """Whether its value is a list or map that is validated by its own frame, and not again with the object."""


class ObjectDecoder(OpaqueDecoder):
    """Decodes the objects at one place."""

    def __init__(
        self, loader: ValueLoader, factory: InstanceFactory | None, build_slots: Callable[[], dict[str, Slot]]
    ) -> None:
        """Decode an object by its slots.

        Args:
            loader: Loads the complete object.
            factory: Creates an instance from its attributes; None if it is the dict itself.
            build_slots: Builds the slots by wire name, when they are first needed.
        """
        super().__init__(loader)
        self.factory = factory
        self._build_slots = build_slots

    @cached_property
    def slots(self) -> dict[str, Slot]:
        """The slots by wire name."""
        return self._build_slots()

    def open(self, bracket: str, start: int) -> Frame:
        """Return the frame of an object; an array is opaque."""
        return ObjectFrame(self, start) if bracket == "{" else super().open(bracket, start)


class ObjectFrame(Frame):
    """An open object."""

    __slots__ = ("decoder", "has_invalid_separate", "separate_values", "slot", "values")
    needs_text = True

    def __init__(self, decoder: ObjectDecoder, start: int) -> None:
        """Start without properties."""
        super().__init__(start)
        self.decoder = decoder
        self.slot: Slot | None = None
        self.values: dict[str, Any] = {}
        self.separate_values: dict[str, Any] | None = None
        self.has_invalid_separate = False

    def key(self, name: str) -> None:
        """Select the slot of the next value; an undeclared property has none, and is in no snapshot."""
        self.slot = self.decoder.slots.get(name)

    def scalar(self, value: JSONValue, context: Any) -> None:
        """Set the property, unless null means that it is absent."""
        slot = self.slot
        if slot is None or (value is None and slot.is_absent_if_null):
            return
        decoded = slot.decoder.scalar(value, context)
        if decoded is ABSENT:
            self.has_invalid = True
        else:
            self.values[slot.name] = decoded

    def open(self, bracket: str, start: int) -> Frame:
        """Return the frame of the property."""
        return self.slot.decoder.open(bracket, start) if self.slot else SkippedFrame(start)

    def add(self, value: Any, *, has_invalid: bool) -> None:
        """Set the property."""
        if self.slot:
            self.has_invalid |= has_invalid or value is ABSENT
            if value is not ABSENT:
                self.values[self.slot.name] = value

    @property
    def validates_separately(self) -> bool:  # type: ignore[override]
        """Whether the value of the current property is validated by its own frame."""
        return self.slot is not None and self.slot.validates_separately

    def add_validated(self, value: Any, *, has_invalid: bool) -> None:
        """Set the property; the object is validated with an empty value in its place, which is then replaced."""
        self.add(value, has_invalid=has_invalid)
        self.has_invalid_separate |= has_invalid
        if self.slot:
            self.separate_values = {**(self.separate_values or {}), self.slot.name: value}

    @property
    def streams_text(self) -> bool:
        """Whether snapshots have the incomplete text of the current property."""
        return self.slot is not None and self.slot.decoder.streams_text

    def partial(self, inner: Any) -> Any:
        """Return an instance with the properties so far."""
        slot, factory = self.slot, self.decoder.factory
        values = {**self.values} if inner is ABSENT or slot is None else {**self.values, slot.name: inner}
        return values if factory is None else factory(values)

    def close(self, text: str, context: Any) -> Any:
        """Return the validated object, with the values that were validated separately."""
        value = ABSENT if self.has_invalid_separate else self.decoder.loader.load_text(text, context)
        if self.separate_values and value is not ABSENT:
            set_values(value, self.separate_values)
        return resolve_value(self, value)
