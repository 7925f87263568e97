"""Structured constants: an enum of objects or arrays, by their JSON text."""

from __future__ import annotations

import json
from dataclasses import dataclass

from structkit.schema.nodes.node import Whole
from structkit.values import JSON, JSONValue, Path


@dataclass(frozen=True)
class Constants(Whole):
    """One of a few values that strict mode cannot list, listed as text.

    >>> Constants(([1, 2], {"a": 1})).show()
    {'type': 'string', 'enum': ['[1, 2]', '{"a": 1}']}
    """

    values: tuple[JSONValue, ...]
    kind = "string"
    identity = False

    @property
    def texts(self) -> list[str]:
        """The values as text, in order."""
        return [json.dumps(value, ensure_ascii=False) for value in self.values]

    def show(self) -> JSON:
        """An enum of texts."""
        return {"type": "string", "enum": self.texts}

    def dump(self, value: JSONValue) -> JSONValue:
        """The value's text."""
        return dict(zip(map(repr, self.values), self.texts, strict=True)).get(repr(value), value)

    def load(self, wire: JSONValue) -> JSONValue:
        """The text's value."""
        return dict(zip(self.texts, self.values, strict=True)).get(wire, wire) if isinstance(wire, str) else wire

    def holds(self, value: JSONValue) -> bool:
        """By membership."""
        return value in self.values

    def reads(self, wire: JSONValue) -> bool:
        """By the text."""
        return wire in self.texts

    def translate(self, path: Path) -> Path:
        """Nothing lies below a constant."""
        return ()
