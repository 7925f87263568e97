"""References: a definition used in more than one place, or inside itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from structkit.schema.memo import evaluate_once
from structkit.schema.nodes.node import Node
from structkit.values import JSON, JSONValue


@dataclass
class Definitions:
    """The nodes of the definitions, by name.

    `identities` are the names of those that are identities. A definition may contain itself, so this is the greatest
    fixed point: `find_identities` starts with all of them and removes names until nothing changes.
    """

    nodes: dict[str, Node] = field(default_factory=dict)
    identities: set[str] = field(default_factory=set)

    def find_identities(self) -> None:
        """Compute `identities`; call it once, when all definitions are complete."""
        self.identities = set(self.nodes)
        while sum(map(self._remove_unless_identity, self.nodes)):  # inner ones come first: few rounds are needed
            pass

    def _remove_unless_identity(self, name: str) -> bool:
        """Remove a name from `identities` unless its node is an identity; return whether anything changed."""
        is_removed = name in self.identities and not self.nodes[name].is_identity
        self.identities -= {name} if is_removed else set()
        return is_removed

    @property
    def schemas(self) -> JSON:
        """The schemas for `$defs`."""
        return {name: node.schema for name, node in self.nodes.items()}


@dataclass(frozen=True)
class ReferenceNode:
    """A definition, by name."""

    name: str
    definitions: Definitions = field(repr=False, compare=False)

    @property
    def node(self) -> Node:
        """The node of the definition."""
        return self.definitions.nodes[self.name]

    @property
    def kind(self) -> str:
        """The kind of the definition; one that is still being built can only be an object."""
        return self.node.kind if self.name in self.definitions.nodes else "object"

    @property
    def is_identity(self) -> bool:
        """Whether the definition is, as `find_identities` computed it."""
        return self.name in self.definitions.identities

    @property
    def schema(self) -> JSON:
        """The schema: a `$ref`."""
        return {"$ref": f"#/$defs/{self.name}"}

    def dump(self, value: JSONValue) -> JSONValue:
        """Dump by the definition."""
        return self.node.dump(value)

    def load(self, wire: JSONValue) -> JSONValue:
        """Load by the definition."""
        return self.node.load(wire)

    def matches_value(self, value: JSONValue) -> bool:
        """Match by the definition."""
        return evaluate_once(self.node.matches_value, value, id(self.definitions), self.name, "matches_value")

    def matches_wire(self, wire: JSONValue) -> bool:
        """Match by the definition."""
        return evaluate_once(self.node.matches_wire, wire, id(self.definitions), self.name, "matches_wire")
