"""Branches of a union that a text does not distinguish: texts, and values that are written as their JSON texts."""

from __future__ import annotations

from collections.abc import Sequence

from structkit.schema.nodes.constants import ConstantsNode
from structkit.schema.nodes.json_text import JSONTextNode
from structkit.schema.nodes.node import Node


def positions_of_equal_texts(branches: Sequence[Sequence[Node]]) -> set[int]:
    """Return the positions of the branches that may write different values as the same text.

    Args:
        branches: For each branch, the nodes of which its value has one, without descriptions and references.
    """
    positions = set[int]()
    for position, nodes in enumerate(branches):
        for other_position, other_nodes in enumerate(branches):
            if position != other_position and any(_shares_text(node, other_nodes) for node in nodes):
                positions |= {position, other_position}
    return positions


def _shares_text(node: Node, other_nodes: Sequence[Node]) -> bool:
    """Return whether a node writes a value as a text that another node reads too."""
    texts = [other for other in other_nodes if other.kind == "string"]
    if isinstance(node, ConstantsNode):
        return any(other.matches_wire(text) for other in texts for text in node.texts)
    return isinstance(node, JSONTextNode) and bool(texts)
