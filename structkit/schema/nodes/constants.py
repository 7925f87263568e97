"""Structured constants: an enum of objects or arrays, by their JSON text."""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

from structkit.schema.json_equality import equality_key
from structkit.values import JSON, JSONValue


@dataclass(frozen=True)
class ConstantsNode:
    """One of a few values that strict mode cannot list, listed as text.

    >>> ConstantsNode(([1, 2], {"a": 1})).schema
    {'type': 'string', 'enum': ['[1, 2]', '{"a": 1}']}
    """

    values: tuple[JSONValue, ...]
    kind = "string"
    is_identity = False

    @cached_property
    def texts(self) -> list[str]:
        """The values as text, in order."""
        return [json.dumps(value, ensure_ascii=False) for value in self.values]

    @property
    def schema(self) -> JSON:
        """An enum of texts."""
        return {"type": "string", "enum": self.texts}

    def dump(self, value: JSONValue) -> JSONValue:
        """The value's text."""
        return self._text_by_key.get(equality_key(value), value)

    def load(self, wire: JSONValue) -> JSONValue:
        """The text's value."""
        return self._value_by_text.get(wire, wire) if isinstance(wire, str) else wire

    def matches_value(self, value: JSONValue) -> bool:
        """By membership."""
        return equality_key(value) in self._text_by_key

    def matches_wire(self, wire: JSONValue) -> bool:
        """By the text."""
        return isinstance(wire, str) and wire in self._value_by_text

    @cached_property
    def _text_by_key(self) -> dict[Hashable, str]:
        return dict(zip(map(equality_key, self.values), self.texts, strict=True))

    @cached_property
    def _value_by_text(self) -> dict[str, JSONValue]:
        return dict(zip(self.texts, self.values, strict=True))
