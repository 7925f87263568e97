"""A value in a one-property object: `{"value": X}`, or `{"Cat": X}` where the key is the tag."""

from __future__ import annotations

from dataclasses import dataclass

from structkit.schema.nodes.node import Node
from structkit.values import JSON, JSONValue


@dataclass(frozen=True)
class BoxedNode:
    """One value under one key.

    Roots that are no objects need it (strict mode wants an object), optional properties that take
    null themselves (absent is null, null is `{"value": null}`), and branches of a union that could
    be mistaken for each other (the key tells them apart).

    >>> from structkit.schema.nodes import ScalarNode
    >>> BoxedNode(ScalarNode({"type": "integer"})).dump(3)
    {'value': 3}
    """

    node: Node
    key: str = "value"
    kind = "object"
    is_identity = False

    @property
    def schema(self) -> JSON:
        """A closed object with the one property."""
        return {
            "type": "object",
            "properties": {self.key: self.node.schema},
            "required": [self.key],
            "additionalProperties": False,
        }

    def dump(self, value: JSONValue) -> JSONValue:
        """Put it in."""
        return {self.key: self.node.dump(value)}

    def load(self, wire: JSONValue) -> JSONValue:
        """Take it out; what is not in a box is taken as it is."""
        if not isinstance(wire, dict) or wire.keys() != {self.key}:
            return wire
        return self.node.load(wire[self.key])

    def matches_value(self, value: JSONValue) -> bool:
        """As the value inside."""
        return self.node.matches_value(value)

    def matches_wire(self, wire: JSONValue) -> bool:
        """An object with just this key."""
        return isinstance(wire, dict) and wire.keys() == {self.key}
