"""Lists, sets and other arrays of alike items."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from structkit.schema.descriptions import describe_bounds, split_bounds
from structkit.schema.nodes.context import Compiler
from structkit.schema.nodes.description import describe
from structkit.schema.nodes.node import Node, WireError
from structkit.schema.nodes.scalar import validate_bounds
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.text import shorten_json


@dataclass(frozen=True)
class ArrayNode:
    """An array whose items are all one node's; `bounds` are the keywords the dialect takes."""

    items: Node
    bounds: JSON = field(default_factory=dict)

    kind = "array"

    @property
    def is_identity(self) -> bool:
        """As the items are."""
        return self.items.is_identity

    @property
    def schema(self) -> JSON:
        """An array schema with the items' schema."""
        return {"type": "array", "items": self.items.schema, **self.bounds}

    def dump(self, value: JSONValue) -> JSONValue:
        """Item by item."""
        return [self.items.dump(item) for item in value] if isinstance(value, list) else value

    def load(self, wire: JSONValue) -> JSONValue:
        """Item by item."""
        if not isinstance(wire, list) or self._is_plain:
            return wire
        position, natural = 0, []
        try:
            for position, item in enumerate(wire):  # noqa: B007 (read when an item is refused)
                natural.append(self.items.load(item))
        except WireError as error:
            raise error.with_step(position) from None
        return natural

    @cached_property
    def _is_plain(self) -> bool:
        return self.items.is_identity

    def matches_value(self, value: JSONValue) -> bool:
        """A list whose items look right."""
        return isinstance(value, list) and all(map(self.items.matches_value, value))

    def matches_wire(self, wire: JSONValue) -> bool:
        """A list whose items look right."""
        return isinstance(wire, list) and all(map(self.items.matches_wire, wire))


BOUNDS = ("minItems", "maxItems", "uniqueItems")


def build_array(schema: JSON, path: JSONPath, compiler: Compiler) -> Node:
    """An array of alike items; whatever bounds the dialect does not take are said."""
    validate_bounds(schema, path)
    kept, moved = split_bounds(schema, BOUNDS, compiler.dialect)
    for name, value in moved.items():
        if value is False:
            continue
        compiler.note(path, "checked locally", f"{name} {shorten_json(value)}: stated in the description")
    items = compiler.build(schema.get("items", True), (*path, "[]"))
    return describe(ArrayNode(items, kept), describe_bounds(moved))
