"""Any JSON value in strict form: scalars as they are, lists and maps each in a box."""

from __future__ import annotations

from dataclasses import dataclass

from structkit.schema.nodes.map import ONE_PAIR, may_be_pair
from structkit.schema.nodes.node import AmbiguousFormError, WireError
from structkit.values import JSON, JSONValue

VALUE, MEMBER = "json_value", "json_member"
SCALARS = ("string", "number", "boolean", "null")


@dataclass(frozen=True)
class AnyValueNode:
    """Any value: `{"a": [1]}` as `{"dict": [{"key": "a", "value": {"list": [1]}}]}`.

    >>> AnyValueNode().load(AnyValueNode().dump({"a": [1, None]}))
    {'a': [1, None]}
    """

    kind = "any"
    is_identity = False

    @property
    def schema(self) -> JSON:
        """The schema of the definition `json_value`, which refers to itself."""
        boxes = [closed(list=array_of(VALUE)), closed(dict=array_of(MEMBER))]
        return {"anyOf": [*({"type": name} for name in SCALARS), *boxes]}

    def dump(self, value: JSONValue) -> JSONValue:
        """Put lists and maps into their boxes, at any depth."""
        if isinstance(value, list):
            return {"list": [self.dump(item) for item in value]}
        if isinstance(value, dict):
            return {"dict": [{"key": key, "value": self.dump(item)} for key, item in value.items()]}
        return value

    def load(self, wire: JSONValue) -> JSONValue:
        """Take lists and maps out of their boxes; a value that is not in one is returned unchanged."""
        if not isinstance(wire, dict):
            return wire
        if wire.keys() == {"list"} and isinstance(wire["list"], list):
            return [self.load(item) for item in wire["list"]]
        if wire.keys() == {"dict"} and isinstance(wire["dict"], list):
            return self.load_members(wire["dict"])
        return wire

    def load_members(self, members: list[JSONValue]) -> JSON:
        """Return a map from its members.

        Raises:
            WireError: A member is not an object with a key and a value, or two members have the same key.
        """
        natural: JSON = {}
        for member in members:
            if not isinstance(member, dict) or member.keys() != {"key", "value"} or not isinstance(member["key"], str):
                raise WireError('every member must be an object with "key" and "value"')
            if member["key"] in natural:
                raise WireError(f"duplicate key {member['key']!r}")
            natural[member["key"]] = self.load(member["value"])
        return natural

    def matches_value(self, value: JSONValue) -> bool:
        """Return True: any value fits."""
        return True

    matches_wire = matches_value


@dataclass(frozen=True)
class AnyMapNode:
    """A map of any values: the list of its members, without the box that distinguishes it from a list."""

    kind = "array"
    is_identity = False
    values = AnyValueNode()

    @property
    def schema(self) -> JSON:
        """The schema: an array of members."""
        return array_of(MEMBER)

    def dump(self, value: JSONValue) -> JSONValue:
        """Return the members of a map."""
        return self.values.dump(value)["dict"] if isinstance(value, dict) else value

    def load(self, wire: JSONValue) -> JSONValue:
        """Return the map from its members.

        Raises:
            WireError: A key is a duplicate; or it is one member, which may be a map as well.
        """
        if may_be_pair(wire):
            raise AmbiguousFormError(ONE_PAIR)
        return self.values.load_members(wire) if isinstance(wire, list) else wire

    def matches_value(self, value: JSONValue) -> bool:
        """Return whether it is a dict."""
        return isinstance(value, dict)

    def matches_wire(self, wire: JSONValue) -> bool:
        """Return whether it is a list of members."""
        return isinstance(wire, list) and all(isinstance(each, dict) and "key" in each for each in wire)


class AnyMemberNode(AnyValueNode):
    """The definition of one member of a map of any values; only its schema is used."""

    @property
    def schema(self) -> JSON:
        """The schema: a key and a value."""
        return closed(key={"type": "string"}, value={"$ref": f"#/$defs/{VALUE}"})


def array_of(name: str) -> JSON:
    """Return an array schema whose items refer to a definition."""
    return {"type": "array", "items": {"$ref": f"#/$defs/{name}"}}


def closed(**properties: JSON) -> JSON:
    """Return a closed object schema with every property required."""
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
