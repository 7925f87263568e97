"""Lists that grow by an item."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any

from structkit.partial.frames import Closed, Frame, Shape, settle
from structkit.partial.snapshot_reuse import SHORT, Copies, grown_list
from structkit.partial.validation import Check
from structkit.values import ABSENT, JSONValue


class Listing(Closed):
    """A place for lists."""

    def __init__(
        self, check: Check, dress: Callable[[Any], Any] | None, item: Callable[[], Shape], *, composed: bool
    ) -> None:
        """Of items of a shape; *composed* where a list of valid items is valid."""
        super().__init__(check)
        self.dress = dress
        self.composed = composed
        self._item = item

    @cached_property
    def item(self) -> Shape:
        """What an item looks like."""
        return self._item()

    def open(self, bracket: str, start: int) -> Frame:
        """A list; an object is none."""
        if bracket == "{":
            return super().open(bracket, start)
        if self.composed:
            return ListingFrame(self, start)
        return GatheredFrame(self, start) if self.dress in COPIED else BoundedFrame(self, start)


class ListingFrame(Frame):
    """A list that is open."""

    __slots__ = ("closed", "copies", "shape")

    def __init__(self, shape: Listing, start: int) -> None:
        """With no items."""
        super().__init__(start)
        self.shape = shape
        self.closed: list[Any] = []
        self.copies: Copies[list[Any]] = Copies()

    def scalar(self, value: JSONValue, context: Any) -> None:
        """An item."""
        self.put(self.shape.item.scalar(value, context), flawed=False)

    def open(self, bracket: str, start: int) -> Frame:
        """An item's."""
        return self.shape.item.open(bracket, start)

    def put(self, value: Any, *, flawed: bool) -> None:
        """An item."""
        if value is ABSENT:
            self.flawed = True
        else:
            self.flawed |= flawed
            self.closed.append(value)

    @property
    def grows(self) -> bool:
        """As an item does."""
        return self.shape.item.grows

    def partial(self, inner: Any) -> Any:
        """The items so far."""
        made = grown_list(self.copies, self.closed, inner)
        return self.shape.dress(made) if self.shape.dress else made

    def close(self, text: str, context: Any) -> Any:  # noqa: ARG002 (nothing is left to be checked)
        """The items."""
        return self.closed


class BoundedFrame(ListingFrame):
    """A list that is open, and has rules of its own."""

    __slots__ = ()
    keeps = True

    def close(self, text: str, context: Any) -> Any:
        """The whole, validated."""
        return settle(self, self.shape.check.read(text, context))


COPIED: tuple[Any, ...] = (tuple, set, frozenset)
"""Kinds of lists that are copied item by item."""

STEP = 16


class GatheredFrame(BoundedFrame):
    """A tuple or set that is open; a long one is shown in steps, each a part of its length, for each is a copy."""

    __slots__ = ("shown",)

    def __init__(self, shape: Listing, start: int) -> None:
        """With no items."""
        super().__init__(shape, start)
        self.shown: Any = None

    def put(self, value: Any, *, flawed: bool) -> None:
        """An item; one that no set can hold is left out."""
        is_item = self.shape.dress is tuple or isinstance(value, Hashable)
        super().put(value if is_item else ABSENT, flawed=flawed)

    def partial(self, inner: Any) -> Any:
        """The items so far; of a set, those that are closed."""
        make = self.shape.dress or tuple
        count = len(self.closed)
        if self.shown is None or count < SHORT or count > len(self.shown) * (1 + 1 / STEP):
            self.shown = make(self.closed if inner is ABSENT or make is not tuple else [*self.closed, inner])
        return self.shown
