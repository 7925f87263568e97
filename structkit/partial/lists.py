"""Lists, tuples and sets, whose snapshots grow item by item."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any

from structkit.partial.frames import Decoder, Frame, OpaqueDecoder, resolve_value
from structkit.partial.loaders import ValueLoader
from structkit.partial.snapshot_reuse import GROWTH_DIVISOR, MIN_REUSED_LENGTH, SnapshotPool, list_snapshot
from structkit.values import ABSENT, JSONValue

COPIED_TYPES: tuple[Any, ...] = (tuple, set, frozenset)
"""Types whose snapshots are always copies."""


class ListDecoder(OpaqueDecoder):
    """Decodes a place of lists."""

    def __init__(
        self,
        loader: ValueLoader,
        wrap: Callable[[Any], Any] | None,
        build_item: Callable[[], Decoder],
        *,
        is_unconstrained: bool,
    ) -> None:
        """Decode a list by a decoder of its items.

        Args:
            loader: Loads the complete list.
            wrap: Makes the value of a list; None if it is the list itself.
            build_item: Builds the decoder of an item, when it is first needed.
            is_unconstrained: Whether every list of valid items is valid.
        """
        super().__init__(loader)
        self.wrap = wrap
        self.is_unconstrained = is_unconstrained
        self._build_item = build_item

    @cached_property
    def item(self) -> Decoder:
        """The decoder of an item."""
        return self._build_item()

    def open(self, bracket: str, start: int) -> Frame:
        """Return the frame of a list; an object is opaque."""
        if bracket == "{":
            return super().open(bracket, start)
        if self.is_unconstrained:
            return ListFrame(self, start)
        return CopiedListFrame(self, start) if self.wrap in COPIED_TYPES else ConstrainedListFrame(self, start)


class ListFrame(Frame):
    """An open list."""

    __slots__ = ("decoder", "items", "pool")

    def __init__(self, decoder: ListDecoder, start: int) -> None:
        """Start without items."""
        super().__init__(start)
        self.decoder = decoder
        self.items: list[Any] = []
        self.pool: SnapshotPool[list[Any]] = SnapshotPool()

    def scalar(self, value: JSONValue, context: Any) -> None:
        """Add an item."""
        self.add(self.decoder.item.scalar(value, context), has_invalid=False)

    def open(self, bracket: str, start: int) -> Frame:
        """Return the frame of an item."""
        return self.decoder.item.open(bracket, start)

    def add(self, value: Any, *, has_invalid: bool) -> None:
        """Add an item."""
        if value is ABSENT:
            self.has_invalid = True
        else:
            self.has_invalid |= has_invalid
            self.items.append(value)

    @property
    def streams_text(self) -> bool:
        """Whether its items do."""
        return self.decoder.item.streams_text

    def partial(self, inner: Any) -> Any:
        """Return the items so far."""
        snapshot = list_snapshot(self.pool, self.items, inner)
        return self.decoder.wrap(snapshot) if self.decoder.wrap else snapshot

    def close(self, text: str, context: Any) -> Any:  # noqa: ARG002 (the items are valid already)
        """Return the items."""
        return self.items


class ConstrainedListFrame(ListFrame):
    """An open list that has constraints of its own, and is validated when it is complete."""

    __slots__ = ()
    needs_text = True

    def close(self, text: str, context: Any) -> Any:
        """Return the validated list."""
        return resolve_value(self, self.decoder.loader.load_text(text, context))


class CopiedListFrame(ConstrainedListFrame):
    """An open tuple or set; a long one is copied only each time it has grown by a part of its length."""

    __slots__ = ("snapshot",)

    def __init__(self, decoder: ListDecoder, start: int) -> None:
        """Start without items."""
        super().__init__(decoder, start)
        self.snapshot: Any = None

    def add(self, value: Any, *, has_invalid: bool) -> None:
        """Add an item; one that is not hashable is left out of a set."""
        is_allowed = self.decoder.wrap is tuple or isinstance(value, Hashable)
        super().add(value if is_allowed else ABSENT, has_invalid=has_invalid)

    def partial(self, inner: Any) -> Any:
        """Return the items so far; of a set, without the open one."""
        wrap = self.decoder.wrap or tuple
        count = len(self.items)
        is_due = self.snapshot is None or count > len(self.snapshot) * (1 + 1 / GROWTH_DIVISOR)
        if is_due or count < MIN_REUSED_LENGTH:
            self.snapshot = wrap(self.items if inner is ABSENT or wrap is not tuple else [*self.items, inner])
        return self.snapshot
