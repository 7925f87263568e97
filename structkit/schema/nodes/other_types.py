"""Values of any other type: a JSON Schema without `type` bounds the values of one type and accepts all others."""

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
    """A value of another type than *excluded_type*: `3` as `{"json_text": "3"}`.

    >>> OtherTypesNode("object").load(OtherTypesNode("object").dump([1]))
    [1]
    """

    excluded_type: str
    key: str = KEY
    kind = "object"
    is_identity = False

    @property
    def name(self) -> str:
        """The name of the definition."""
        return f"not_{self.excluded_type}{self.key.removeprefix(KEY)}"

    @property
    def schema(self) -> JSON:
        """The schema: an object with a text."""
        return closed(**{self.key: {"type": "string"}})

    def dump(self, value: JSONValue) -> JSONValue:
        """Return an object with the value's text."""
        return {self.key: json.dumps(value, ensure_ascii=False)}

    def load(self, wire: JSONValue) -> JSONValue:
        """Return the value of the text.

        Raises:
            WireError: The text is not JSON.
        """
        if not self.matches_wire(wire):
            return wire
        try:
            return read_json(wire[self.key])
        except NotJSON:
            raise WireError(f"the text of {self.key!r} is not JSON") from None

    def matches_value(self, value: JSONValue) -> bool:
        """Return whether it is of another type."""
        return not is_of_type(value, self.excluded_type)

    def matches_wire(self, wire: JSONValue) -> bool:
        """Return whether it is an object with only the text."""
        return isinstance(wire, dict) and wire.keys() == {self.key} and isinstance(wire[self.key], str)
