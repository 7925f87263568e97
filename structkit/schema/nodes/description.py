"""A description on any node: the only prompt the schema itself carries."""

from __future__ import annotations

from dataclasses import dataclass

from structkit.schema.nodes.node import Node
from structkit.values import JSON, JSONValue


@dataclass(frozen=True)
class DescribedNode:
    """A node and what to say of it."""

    node: Node
    text: str

    @property
    def kind(self) -> str:
        """As the node below."""
        return self.node.kind

    @property
    def is_identity(self) -> bool:
        """As the node below."""
        return self.node.is_identity

    @property
    def schema(self) -> JSON:
        """The node's schema with the description.

        A `$ref` may have no siblings, but an `anyOf` may be described (OpenAI's 400 "$ref cannot
        have keywords {'description'}", reported until 2026-09).
        """
        schema = self.node.schema
        if "$ref" in schema:
            return {"anyOf": [schema], "description": self.text}
        return {**schema, "description": self.text}

    def dump(self, value: JSONValue) -> JSONValue:
        """As the node below."""
        return self.node.dump(value)

    def load(self, wire: JSONValue) -> JSONValue:
        """As the node below."""
        return self.node.load(wire)

    def matches_value(self, value: JSONValue) -> bool:
        """As the node below."""
        return self.node.matches_value(value)

    def matches_wire(self, wire: JSONValue) -> bool:
        """As the node below."""
        return self.node.matches_wire(wire)


def without_description(node: Node) -> Node:
    """The node without what is said of it."""
    return node.node if isinstance(node, DescribedNode) else node


def description_of(node: Node) -> str | None:
    """What is said of the node, if anything."""
    return node.text if isinstance(node, DescribedNode) else None


def describe(node: Node, *texts: str | None) -> Node:
    """*node* with these texts said of it, each once, before what is said of it already.

    >>> from structkit.schema.nodes.scalar import ScalarNode
    >>> describe(describe(ScalarNode({"type": "string"}), "A name."), "The buyer.", None).schema
    {'type': 'string', 'description': 'The buyer. A name.'}
    """
    wanted = dict.fromkeys(text for text in (*texts, description_of(node)) if text)
    return DescribedNode(without_description(node), " ".join(wanted)) if wanted else node
