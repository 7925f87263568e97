"""A description of any node: the only part of the prompt that the schema carries."""

from __future__ import annotations

from dataclasses import dataclass

from structkit.schema.nodes.node import Node
from structkit.values import JSON, JSONValue
from structkit.values.text import join_sentences

MAP = "A map: each key once."
"""What the model reads about an array of key and value."""

POSITIONS = "A tuple: one item per position."
"""What the model reads about an object whose keys are positions."""


@dataclass(frozen=True)
class DescribedNode:
    """A node with a description."""

    node: Node
    text: str

    @property
    def kind(self) -> str:
        """The kind of the node below."""
        return self.node.kind

    @property
    def is_identity(self) -> bool:
        """Whether the node below is."""
        return self.node.is_identity

    @property
    def schema(self) -> JSON:
        """The node's schema with the description.

        A `$ref` may not have siblings, but an `anyOf` may be described (OpenAI's 400 "$ref cannot
        have keywords {'description'}", reported until 2026-09).
        """
        schema = self.node.schema
        if "$ref" in schema:
            return {"anyOf": [schema], "description": self.text}
        return {**schema, "description": self.text}

    def dump(self, value: JSONValue) -> JSONValue:
        """Dump by the node below."""
        return self.node.dump(value)

    def load(self, wire: JSONValue) -> JSONValue:
        """Load by the node below."""
        return self.node.load(wire)

    def matches_value(self, value: JSONValue) -> bool:
        """Match by the node below."""
        return self.node.matches_value(value)

    def matches_wire(self, wire: JSONValue) -> bool:
        """Match by the node below."""
        return self.node.matches_wire(wire)


def without_description(node: Node) -> Node:
    """Return the node without its description."""
    return node.node if isinstance(node, DescribedNode) else node


def description_of(node: Node) -> str | None:
    """Return the description of the node, if it has one."""
    return node.text if isinstance(node, DescribedNode) else None


def describe(node: Node, *texts: str | None) -> Node:
    """Return *node* with these texts before its own description, each once.

    >>> from structkit.schema.nodes.scalar import ScalarNode
    >>> describe(describe(ScalarNode({"type": "string"}), "A name."), "The buyer", None).schema
    {'type': 'string', 'description': 'The buyer. A name.'}
    """
    sentences = dict.fromkeys(text for text in (*texts, description_of(node)) if text and not text.isspace())
    return DescribedNode(without_description(node), join_sentences(sentences)) if sentences else node
