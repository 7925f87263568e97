"""A value in a one-property object: `{"value": X}`, or `{"Cat": X}` where the key is the tag."""

from __future__ import annotations

from dataclasses import dataclass

from structkit.schema.nodes.node import Node
from structkit.values import JSON, JSONValue


@dataclass(frozen=True)
class BoxedNode:
    """One value under one key.

    Non-object roots need it, because strict mode requires an object; so do optional properties that accept null
    (absent is null, null is `{"value": null}`), and branches of a union that look alike, which the key distinguishes.

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
        """The schema: a closed object with one property."""
        return {
            "type": "object",
            "properties": {self.key: self.node.schema},
            "required": [self.key],
            "additionalProperties": False,
        }

    def dump(self, value: JSONValue) -> JSONValue:
        """Return the value in its box."""
        return {self.key: self.node.dump(value)}

    def load(self, wire: JSONValue) -> JSONValue:
        """Return the value from its box, which a model may leave out around a list or an object."""
        if isinstance(wire, dict) and wire.keys() == {self.key}:
            return self.node.load(wire[self.key])
        return self.node.load(wire) if isinstance(wire, list | dict) and self.node.matches_wire(wire) else wire

    def matches_value(self, value: JSONValue) -> bool:
        """Return whether the value inside matches."""
        return self.node.matches_value(value)

    def matches_wire(self, wire: JSONValue) -> bool:
        """Return whether it is an object with only this key."""
        return isinstance(wire, dict) and wire.keys() == {self.key}
