"""Maps, which are arrays of keys and values on the wire."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from structkit.partial.frames import Decoder, Frame, OpaqueDecoder, SkippedFrame, resolve_value
from structkit.partial.loaders import ValueLoader
from structkit.partial.snapshot_reuse import SnapshotPool, map_snapshot
from structkit.values import ABSENT, JSONValue


class MapDecoder(OpaqueDecoder):
    """Decodes a place of maps."""

    def __init__(
        self,
        loader: ValueLoader,
        wrap: Callable[[Any], Any] | None,
        load_key: Callable[[str, Any], Any] | None,
        build_value: Callable[[], Decoder],
        *,
        is_unconstrained: bool,
    ) -> None:
        """Decode a map by a decoder of its values.

        Args:
            loader: Loads the complete map.
            wrap: Makes the value of a dict; None if it is the dict itself.
            load_key: Loads a key from its text; None if it is the text itself.
            build_value: Builds the decoder of a value, when it is first needed.
            is_unconstrained: Whether every map of valid members is valid.
        """
        super().__init__(loader)
        self.wrap = wrap
        self.load_key = load_key
        self.is_unconstrained = is_unconstrained
        self._build_value = build_value

    @cached_property
    def value(self) -> Decoder:
        """The decoder of a value."""
        return self._build_value()

    def open(self, bracket: str, start: int) -> Frame:
        """Return the frame of a map; an object is opaque."""
        if bracket == "{":
            return super().open(bracket, start)
        return MapFrame(self, start) if self.is_unconstrained else ConstrainedMapFrame(self, start)


class MapFrame(Frame):
    """An open map."""

    __slots__ = ("decoder", "keys", "members", "pool")

    def __init__(self, decoder: MapDecoder, start: int) -> None:
        """Start without members."""
        super().__init__(start)
        self.decoder = decoder
        self.members: dict[Any, Any] = {}
        self.keys: list[Any] = []
        self.pool: SnapshotPool[dict[Any, Any]] = SnapshotPool()

    def scalar(self, value: JSONValue, context: Any) -> None:  # noqa: ARG002 (any scalar is invalid)
        """Reject a scalar, which cannot be a member."""
        self.has_invalid = True

    def open(self, bracket: str, start: int) -> Frame:
        """Return the frame of a member."""
        return MapMemberFrame(self.decoder, start) if bracket == "{" else SkippedFrame(start)

    def add(self, value: Any, *, has_invalid: bool) -> None:
        """Add a member, a (key, value) pair; one with a duplicate key is left out."""
        if value is ABSENT or value[0] in self.members:
            self.has_invalid = True
        else:
            self.has_invalid |= has_invalid
            self.members[value[0]] = value[1]
            self.keys.append(value[0])

    def partial(self, inner: Any) -> Any:
        """Return the members so far."""
        snapshot = map_snapshot(self.pool, self.members, self.keys, inner)
        return self.decoder.wrap(snapshot) if self.decoder.wrap else snapshot

    def close(self, text: str, context: Any) -> Any:  # noqa: ARG002 (the members are valid already)
        """Return the members."""
        return self.members


class ConstrainedMapFrame(MapFrame):
    """An open map that has constraints of its own, and is validated when it is complete."""

    __slots__ = ()
    needs_text = True

    def close(self, text: str, context: Any) -> Any:
        """Return the validated map."""
        return resolve_value(self, self.decoder.loader.load_text(text, context))


class MapMemberFrame(Frame):
    """An open member of a map."""

    __slots__ = ("decoder", "map_key", "map_value", "wire_key")

    def __init__(self, decoder: MapDecoder, start: int) -> None:
        """Start with neither key nor value."""
        super().__init__(start)
        self.decoder = decoder
        self.wire_key = ""
        self.map_key: Any = ABSENT
        self.map_value: Any = ABSENT

    def key(self, name: str) -> None:
        """Note which of the two is next: "key" or "value"."""
        self.wire_key = name

    def scalar(self, value: JSONValue, context: Any) -> None:
        """Set the key or the value."""
        if self.wire_key == "value":
            self.map_value = self.decoder.value.scalar(value, context)
        elif self.wire_key == "key" and isinstance(value, str):
            self.map_key = self.decoder.load_key(value, context) if self.decoder.load_key else value

    def open(self, bracket: str, start: int) -> Frame:
        """Return the frame of the value."""
        return self.decoder.value.open(bracket, start) if self.wire_key == "value" else SkippedFrame(start)

    def add(self, value: Any, *, has_invalid: bool) -> None:
        """Set the value."""
        if self.wire_key == "value":
            self.map_value = value
            self.has_invalid = has_invalid

    @property
    def streams_text(self) -> bool:
        """Whether the value does, once there is a key."""
        return self.wire_key == "value" and self.map_key is not ABSENT and self.decoder.value.streams_text

    def partial(self, inner: Any) -> Any:
        """Return the (key, value) pair, if it has both."""
        value = self.map_value if inner is ABSENT else inner
        return ABSENT if self.map_key is ABSENT or value is ABSENT else (self.map_key, value)

    def close(self, text: str, context: Any) -> Any:  # noqa: ARG002 (both are valid already)
        """Return the (key, value) pair, if it has both."""
        return self.partial(ABSENT)
