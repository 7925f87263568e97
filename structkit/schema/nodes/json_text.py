"""A value as its JSON text: where the vendor takes no schema that refers to itself."""

from __future__ import annotations

import json
from dataclasses import dataclass

from structkit.parsing import NotJSON, read_json
from structkit.schema.nodes.description import describe
from structkit.schema.nodes.node import Node, WireError
from structkit.values import JSON, JSONValue


@dataclass(frozen=True)
class JSONTextNode:
    r"""`{"a": [1]}` as `"{\"a\": [1]}"`; inside the text the type's own names and forms hold.

    >>> JSONTextNode().load(JSONTextNode().dump({"a": [1]}))
    {'a': [1]}
    """

    of: str = "value"
    kind = "string"
    is_identity = False

    @property
    def schema(self) -> JSON:
        """A string."""
        return {"type": "string"}

    def dump(self, value: JSONValue) -> JSONValue:
        """The value's text."""
        return json.dumps(value, ensure_ascii=False)

    def load(self, wire: JSONValue) -> JSONValue:
        """The text's value; what is no text is taken as it is."""
        if not isinstance(wire, str):
            return wire
        try:
            return read_json(wire)
        except NotJSON:
            raise WireError(f"the JSON text of a {self.of} is wanted") from None

    def matches_value(self, value: JSONValue) -> bool:
        """Always: any value has a text."""
        return True

    def matches_wire(self, wire: JSONValue) -> bool:
        """A text."""
        return isinstance(wire, str)


def json_text_node(of: str = "value") -> Node:
    """The node of a value whose schema the vendor would not take, with what the text is to hold."""
    return describe(JSONTextNode(of), f"The JSON text of a {of}.")
