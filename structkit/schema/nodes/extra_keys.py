"""Undeclared keys with any value: pairs of a key and a JSON text."""

from __future__ import annotations

import json
from dataclasses import dataclass

from structkit.parsing import NotJSON, read_json
from structkit.schema.nodes.any_value import array_of, closed
from structkit.schema.nodes.node import WireError
from structkit.values import JSON, JSONValue

DEFINITION_NAME = "other_key"


@dataclass(frozen=True)
class ExtraKeysNode:
    """`{"x": [1]}` as `[{"key": "x", "json": "[1]"}]`.

    A JSON Schema accepts other keys by default, so every object needs this property, and nearly every reply leaves it
    empty. A text adds a fifth of the characters to the payload that a structured value would.

    >>> ExtraKeysNode().load(ExtraKeysNode().dump({"x": [1]}))
    {'x': [1]}
    """

    kind = "array"
    is_identity = False

    @property
    def schema(self) -> JSON:
        """The schema: an array of the shared definition."""
        return array_of(DEFINITION_NAME)

    def dump(self, value: JSONValue) -> JSONValue:
        """Return the pairs of key and text."""
        if not isinstance(value, dict):
            return value
        return [{"key": key, "json": json.dumps(item, ensure_ascii=False)} for key, item in value.items()]

    def load(self, wire: JSONValue) -> JSONValue:
        """Return the keys with the values of their texts.

        Raises:
            WireError: A key is a duplicate, or a text is not JSON.
        """
        if not isinstance(wire, list) or not all(map(_is_pair, wire)):
            return wire
        natural: JSON = {}
        for pair in wire:
            if pair["key"] in natural:
                raise WireError(f"duplicate key {pair['key']!r}")
            try:
                natural[pair["key"]] = read_json(pair["json"])
            except NotJSON:
                raise WireError(f"the text of {pair['key']!r} is not JSON") from None
        return natural

    def matches_value(self, value: JSONValue) -> bool:
        """Return whether it is a dict."""
        return isinstance(value, dict)

    def matches_wire(self, wire: JSONValue) -> bool:
        """Return whether it is a list of pairs."""
        return isinstance(wire, list) and all(map(_is_pair, wire))


@dataclass(frozen=True)
class ExtraKeyNode(ExtraKeysNode):
    """The definition of one pair; only its schema is used."""

    kind = "object"

    @property
    def schema(self) -> JSON:
        """The schema: a key, and the JSON text of its value."""
        return closed(key={"type": "string"}, json={"type": "string"})


def _is_pair(wire: JSONValue) -> bool:
    return isinstance(wire, dict) and isinstance(wire.get("key"), str) and isinstance(wire.get("json"), str)
