"""Structured constants: an enum of objects or arrays, as their JSON texts."""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

from structkit.schema.json_equality import equality_key
from structkit.values import JSON, JSONValue


@dataclass(frozen=True)
class ConstantsNode:
    """One of several values that strict mode cannot list, as an enum of texts.

    >>> ConstantsNode(([1, 2], {"a": 1})).schema
    {'type': 'string', 'enum': ['[1, 2]', '{"a": 1}']}
    """

    values: tuple[JSONValue, ...]
    is_open: bool = False
    """Whether the schema is that of any text, because there are too many values to be sent."""
    other_texts: frozenset[str] = frozenset()
    """Texts that are values themselves, beside these ones."""
    kind = "string"
    is_identity = False

    @cached_property
    def texts(self) -> list[str]:
        """The JSON texts of the values, in order."""
        return [self._text(value) for value in self.values]

    def _text(self, value: JSONValue) -> str:
        """Return the JSON text of a value, after spaces if the text alone is another value."""
        text = json.dumps(value, ensure_ascii=False)
        while text in self.other_texts:
            text = f" {text}"
        return text

    @property
    def schema(self) -> JSON:
        """The schema: an enum of texts, or a text."""
        return {"type": "string"} if self.is_open else {"type": "string", "enum": self.texts}

    def dump(self, value: JSONValue) -> JSONValue:
        """Return the value's text; another value is returned unchanged."""
        return self._text_by_key.get(equality_key(value), value)

    def load(self, wire: JSONValue) -> JSONValue:
        """Return the text's value; another text is returned unchanged."""
        return self._value_by_text.get(wire, wire) if isinstance(wire, str) else wire

    def matches_value(self, value: JSONValue) -> bool:
        """Return whether it is one of the values."""
        return equality_key(value) in self._text_by_key

    def matches_wire(self, wire: JSONValue) -> bool:
        """Return whether it is one of the texts."""
        return isinstance(wire, str) and wire in self._value_by_text

    @cached_property
    def _text_by_key(self) -> dict[Hashable, str]:
        return dict(zip(map(equality_key, self.values), self.texts, strict=True))

    @cached_property
    def _value_by_text(self) -> dict[str, JSONValue]:
        return dict(zip(self.texts, self.values, strict=True))
