"""A value as its JSON text, for vendors that reject a schema which refers to itself."""

from __future__ import annotations

import json
from dataclasses import dataclass

from structkit.parsing import NotJSON, read_json
from structkit.schema.nodes.description import describe
from structkit.schema.nodes.node import Node, WireError
from structkit.values import JSON, JSONValue


@dataclass(frozen=True)
class JSONTextNode:
    r"""`{"a": [1]}` as `"{\"a\": [1]}"`; the text is natural JSON.

    >>> JSONTextNode().load(JSONTextNode().dump({"a": [1]}))
    {'a': [1]}
    """

    subject: str = "value"
    kind = "string"
    is_identity = False

    @property
    def schema(self) -> JSON:
        """The schema: a string."""
        return {"type": "string"}

    def dump(self, value: JSONValue) -> JSONValue:
        """Return the value's text."""
        return json.dumps(value, ensure_ascii=False)

    def load(self, wire: JSONValue) -> JSONValue:
        """Return the text's value; a value that is not a text is returned unchanged.

        Raises:
            WireError: The text is not JSON.
        """
        if not isinstance(wire, str):
            return wire
        try:
            return read_json(wire)
        except NotJSON:
            raise WireError(f"expected the JSON text of a {self.subject}") from None

    def matches_value(self, value: JSONValue) -> bool:
        """Return True: any value has a text."""
        return True

    def matches_wire(self, wire: JSONValue) -> bool:
        """Return whether it is a text."""
        return isinstance(wire, str)


def json_text_node(subject: str = "value") -> Node:
    """Return the node of a value whose schema the vendor rejects, with a description of the text."""
    return describe(JSONTextNode(subject), f"The JSON text of a {subject}.")
