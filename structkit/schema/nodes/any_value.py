"""Any JSON value, said in strict form: scalars as they are, lists and maps in boxes of their own."""

from __future__ import annotations

from dataclasses import dataclass

from structkit.schema.nodes.node import WireError
from structkit.values import JSON, JSONValue

VALUE, MEMBER = "json_value", "json_member"
SCALARS = ("string", "number", "boolean", "null")


@dataclass(frozen=True)
class AnyValueNode:
    """`{"a": [1]}` as `{"dict": [{"key": "a", "value": {"list": [1]}}]}`.

    >>> AnyValueNode().load(AnyValueNode().dump({"a": [1, None]}))
    {'a': [1, None]}
    """

    kind = "any"
    is_identity = False

    @property
    def schema(self) -> JSON:
        """The definition itself; it refers to itself by its name."""
        boxes = [closed(list=array_of(VALUE)), closed(dict=array_of(MEMBER))]
        return {"anyOf": [*({"type": name} for name in SCALARS), *boxes]}

    def dump(self, value: JSONValue) -> JSONValue:
        """Lists and maps into their boxes, all the way down."""
        if isinstance(value, list):
            return {"list": [self.dump(item) for item in value]}
        if isinstance(value, dict):
            return {"dict": [{"key": key, "value": self.dump(item)} for key, item in value.items()]}
        return value

    def load(self, wire: JSONValue) -> JSONValue:
        """Out of the boxes; a reply that did not use them is taken as it is."""
        if not isinstance(wire, dict):
            return wire
        if wire.keys() == {"list"} and isinstance(wire["list"], list):
            return [self.load(item) for item in wire["list"]]
        if wire.keys() == {"dict"} and isinstance(wire["dict"], list):
            return self.load_members(wire["dict"])
        return wire

    def load_members(self, members: list[JSONValue]) -> JSON:
        """The pairs of a map back to the map."""
        natural: JSON = {}
        for member in members:
            if not isinstance(member, dict) or member.keys() != {"key", "value"} or not isinstance(member["key"], str):
                raise WireError('every member must be an object with "key" and "value"')
            if member["key"] in natural:
                raise WireError(f"the key {member['key']!r} is given twice")
            natural[member["key"]] = self.load(member["value"])
        return natural

    def matches_value(self, value: JSONValue) -> bool:
        """Always."""
        return True

    matches_wire = matches_value


@dataclass(frozen=True)
class AnyMapNode:
    """A map of anything: the list of its members, without the box that tells it from a list."""

    kind = "array"
    is_identity = False
    values = AnyValueNode()

    @property
    def schema(self) -> JSON:
        """An array of members."""
        return array_of(MEMBER)

    def dump(self, value: JSONValue) -> JSONValue:
        """Member by member."""
        return self.values.dump(value)["dict"] if isinstance(value, dict) else value

    def load(self, wire: JSONValue) -> JSONValue:
        """Back to the map."""
        return self.values.load_members(wire) if isinstance(wire, list) else wire

    def matches_value(self, value: JSONValue) -> bool:
        """Any dict."""
        return isinstance(value, dict)

    def matches_wire(self, wire: JSONValue) -> bool:
        """Any list of members."""
        return isinstance(wire, list) and all(isinstance(each, dict) and "key" in each for each in wire)


class AnyMemberNode(AnyValueNode):
    """The definition of one member of a map of anything; only ever shown."""

    @property
    def schema(self) -> JSON:
        """A key and a value."""
        return closed(key={"type": "string"}, value={"$ref": f"#/$defs/{VALUE}"})


def array_of(name: str) -> JSON:
    """An array schema of a definition's values."""
    return {"type": "array", "items": {"$ref": f"#/$defs/{name}"}}


def closed(**properties: JSON) -> JSON:
    """A closed object schema with every property required."""
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
