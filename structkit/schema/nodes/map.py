"""Maps: an array of key and value, because strict objects cannot have undeclared keys."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from structkit.schema.nodes.node import AmbiguousFormError, Node, WireError, reject_ambiguous
from structkit.values import JSON, JSONValue
from structkit.values.text import shorten_json

PAIR = {"key", "value"}
ONE_PAIR = 'a map is a list of pairs: write [{"key": ..., "value": ...}]'


@dataclass(frozen=True)
class MapNode:
    """`{"a": 1}` as `[{"key": "a", "value": 1}]`; JSON keys are always strings.

    >>> from structkit.schema.nodes import ScalarNode
    >>> node = MapNode(ScalarNode({"type": "string"}), ScalarNode({"type": "integer"}))
    >>> node.load(node.dump({"a": 1}))
    {'a': 1}
    >>> node.load([{"key": "a", "value": 1}, {"key": "a", "value": 2}])
    Traceback (most recent call last):
    structkit.schema.nodes.node.WireError: duplicate key "a"
    """

    key: Node
    value: Node
    bounds: JSON = field(default_factory=dict)
    kind = "array"
    is_identity = False

    @property
    def schema(self) -> JSON:
        """The schema: an array of closed key-value objects."""
        pair = {
            "type": "object",
            "properties": {"key": self.key.schema, "value": self.value.schema},
            "required": ["key", "value"],
            "additionalProperties": False,
        }
        return {"type": "array", "items": pair, **self.bounds}

    def dump(self, value: JSONValue) -> JSONValue:
        """Return the pairs, in order."""
        if not isinstance(value, dict):
            return value
        return [{"key": key, "value": self.value.dump(item)} for key, item in value.items()]

    def load(self, wire: JSONValue) -> JSONValue:
        """Return the map from its pairs.

        Raises:
            WireError: A key is a duplicate or not a text, which has no natural form; or it is one pair, which may be a
                map as well.
        """
        if isinstance(wire, dict):
            self._validate_object(wire)
        _validate_keys(wire)
        if not isinstance(wire, list) or not all(map(is_pair, wire)):
            return wire
        natural: JSON = {}
        for pair in wire:
            key = pair["key"]
            if key in natural:
                raise WireError(f"duplicate key {json.dumps(key)}")
            try:
                natural[key] = self.value.load(pair["value"])
            except WireError as error:
                raise error.with_step(key) from None
        return natural

    def _validate_object(self, wire: JSON) -> None:
        """Validate that a map which is written as an object has one meaning.

        Raises:
            AmbiguousFormError: It may be one pair, or one of its values has several meanings.
        """
        if may_be_pair(wire):
            raise AmbiguousFormError(ONE_PAIR)
        for key, item in wire.items():
            try:
                reject_ambiguous(self.value, item)
            except WireError as error:
                raise error.with_step(key) from None

    def matches_value(self, value: JSONValue) -> bool:
        """Return whether it is a dict whose keys and values match."""
        return isinstance(value, dict) and all(
            self.key.matches_value(key) and self.value.matches_value(item) for key, item in value.items()
        )

    def matches_wire(self, wire: JSONValue) -> bool:
        """Return whether it is a list of pairs whose values match."""
        return isinstance(wire, list) and all(is_pair(pair) and self.value.matches_wire(pair["value"]) for pair in wire)


def _validate_keys(wire: JSONValue) -> None:
    """Validate that the keys of a list of pairs are texts.

    Raises:
        WireError: One is not.
    """
    if not isinstance(wire, list) or not all(isinstance(pair, dict) and pair.keys() == PAIR for pair in wire):
        return
    for pair in wire:
        if not isinstance(pair["key"], str):
            raise WireError(f"key {shorten_json(pair['key'])}: Input should be a string")


def is_pair(wire: JSONValue) -> bool:
    """Return whether a value is an object of a key and a value."""
    return isinstance(wire, dict) and wire.keys() == {"key", "value"} and isinstance(wire["key"], str)


def may_be_pair(wire: JSONValue) -> bool:
    """Return whether a value is one pair of a map, or a map with these keys.

    >>> may_be_pair({"Key": "a", "value_": 1}), may_be_pair({"key": "a"})
    (True, False)
    """
    return isinstance(wire, dict) and len(wire) == len(PAIR) and {key.strip(" _").casefold() for key in wire} == PAIR
