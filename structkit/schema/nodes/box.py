"""A value in a one-property object: `{"value": X}`, or `{"Cat": X}` where the key is the tag."""

from __future__ import annotations

from dataclasses import dataclass

from structkit.parsing import NotJSON, read_json
from structkit.schema.nodes.node import Node, WireError
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
        """Return the value from its box, which a model may leave out.

        Raises:
            WireError: A text is the JSON of a value in its box, which was encoded twice.
        """
        if self.matches_wire(wire):
            return self.node.load(wire[self.key])
        if isinstance(wire, str) and self._is_encoded(wire):
            raise WireError("write the object itself, not a text with its JSON")
        return self.node.load(wire) if isinstance(wire, list | dict) and self.node.matches_wire(wire) else wire

    def _is_encoded(self, text: str) -> bool:
        try:
            value = read_json(text) if text.lstrip()[:1] in {"{", '"'} else None
        except NotJSON:
            return False
        return self.matches_wire(value) or (isinstance(value, str) and self._is_encoded(value))

    def matches_value(self, value: JSONValue) -> bool:
        """Return whether the value inside matches."""
        return self.node.matches_value(value)

    def matches_wire(self, wire: JSONValue) -> bool:
        """Return whether it is an object with only this key."""
        return isinstance(wire, dict) and wire.keys() == {self.key}
