"""Values of any other type: a JSON Schema that names no type bounds those of one, and takes all others."""

from __future__ import annotations

import json
from dataclasses import dataclass

from structkit.parsing import NotJSON, read_json
from structkit.schema.json_types import is_of_type
from structkit.schema.nodes.any_value import closed
from structkit.schema.nodes.node import WireError
from structkit.values import JSON, JSONValue

KEY = "json_text"


@dataclass(frozen=True)
class OtherTypesNode:
    """`3` as `{"json_text": "3"}`, beside what has a form of its own.

    >>> OtherTypesNode("object").load(OtherTypesNode("object").dump([1]))
    [1]
    """

    but: str
    key: str = KEY
    kind = "object"
    is_identity = False

    @property
    def name(self) -> str:
        """What to call the definition."""
        return f"not_{self.but}{self.key.removeprefix(KEY)}"

    @property
    def schema(self) -> JSON:
        """An object with a text."""
        return closed(**{self.key: {"type": "string"}})

    def dump(self, value: JSONValue) -> JSONValue:
        """The value's text."""
        return {self.key: json.dumps(value, ensure_ascii=False)}

    def load(self, wire: JSONValue) -> JSONValue:
        """The text's value."""
        if not self.matches_wire(wire):
            return wire
        try:
            return read_json(wire[self.key])
        except NotJSON:
            raise WireError(f"the text of {self.key!r} is no JSON") from None

    def matches_value(self, value: JSONValue) -> bool:
        """Whatever is not of the type."""
        return not is_of_type(value, self.but)

    def matches_wire(self, wire: JSONValue) -> bool:
        """An object with just the text."""
        return isinstance(wire, dict) and wire.keys() == {self.key} and isinstance(wire[self.key], str)
