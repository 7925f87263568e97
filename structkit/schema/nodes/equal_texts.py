"""Branches of a union that a text does not distinguish: texts, and values that are written as their JSON texts."""

from __future__ import annotations

from collections.abc import Sequence

from structkit.schema.nodes.constants import ConstantsNode
from structkit.schema.nodes.json_text import JSONTextNode
from structkit.schema.nodes.node import Node
from structkit.schema.nodes.scalar import ScalarNode


def positions_of_equal_texts(branches: Sequence[Sequence[Node]]) -> set[int]:
    """Return the positions of the branches that may write different values as the same text.

    Args:
        branches: For each branch, the nodes of which its value has one, without descriptions and references.
    """
    readers = _TextReaders(branches)
    positions = set[int]()
    for position, nodes in enumerate(branches):
        equal_positions = {other for node in nodes for other in readers.of_texts_of(node)} - {position}
        positions |= {position, *equal_positions} if equal_positions else set()
    return positions


class _TextReaders:
    """The branches that read a text, found by the texts that they list."""

    def __init__(self, branches: Sequence[Sequence[Node]]) -> None:
        self._by_text: dict[str, set[int]] = {}
        self._free_readers: list[tuple[int, Node]] = []
        self._positions = set[int]()
        for position, nodes in enumerate(branches):
            for node in (node for node in nodes if node.kind == "string"):
                self._positions.add(position)
                texts = _listed_texts(node)
                if texts is None:
                    self._free_readers.append((position, node))
                for text in texts or ():
                    self._by_text.setdefault(text, set()).add(position)

    def of_texts_of(self, node: Node) -> set[int]:
        """Return the branches that read a text as which a node writes a value that is not a text."""
        if isinstance(node, JSONTextNode):
            return self._positions
        if not isinstance(node, ConstantsNode):
            return set()
        by_text = (self._by_text.get(text, ()) for text in node.texts)
        readers = {position for position, other in self._free_readers if any(map(other.matches_wire, node.texts))}
        return readers.union(*by_text)


def _listed_texts(node: Node) -> list[str] | None:
    """Return the only texts that a node reads; None where it lists none."""
    if isinstance(node, ConstantsNode):
        return node.texts
    texts = node.allowed_values(None) if isinstance(node, ScalarNode) else [None]
    return None if texts == [None] else [text for text in texts if isinstance(text, str)]
