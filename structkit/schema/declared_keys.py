"""The keys that a type declares for the objects of a wire value: one quick pass says whether a value has others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from structkit.schema.nodes.array import ArrayNode
from structkit.schema.nodes.box import BoxedNode
from structkit.schema.nodes.map import MapNode
from structkit.schema.nodes.node import Field, Node
from structkit.schema.nodes.object import ObjectNode
from structkit.schema.nodes.tuple import TupleNode
from structkit.schema.nodes.union import flatten, resolve_node
from structkit.values import JSONValue

Shapes = dict[frozenset[int], "Shape"]


@dataclass(eq=False)
class Shape:
    """The declared keys of a place, whichever branch of its unions a value is of; made on first use.

    Args:
        nodes: The nodes that the value may be of.
        shapes: The shapes of a type by the identities of their nodes: a recursive type has a finite number of them.

    >>> from structkit.schema.nodes import ScalarNode
    >>> inner = ObjectNode((Field("a", "a", ScalarNode({"type": "integer"})),))
    >>> shape = Shape((ObjectNode((Field("list", "list", ArrayNode(inner)),)),))
    >>> shape.has_undeclared_keys({"list": [{"a": 1}]}), shape.has_undeclared_keys({"list": [{"a": 1, "b": 2}]})
    (False, True)
    """

    nodes: tuple[Node, ...]
    shapes: Shapes = field(default_factory=dict)

    def has_undeclared_keys(self, wire: JSONValue) -> bool:
        """Return whether an object in a wire value has a key that no node declares for it.

        Raises:
            RecursionError: The value is nested too deep.
        """
        if isinstance(wire, dict):
            if not wire.keys() <= self._names:
                return True
            for key, shape in self._members:
                inner = wire.get(key)
                if isinstance(inner, dict | list) and shape.has_undeclared_keys(inner):
                    return True
            return False
        items = self._items
        return items is not None and any(map(items.has_undeclared_keys, wire if isinstance(wire, list) else ()))

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self._nodes_by_key)

    @cached_property
    def _members(self) -> list[tuple[str, Shape]]:
        shapes = ((key, self._shape_of(nodes)) for key, nodes in self._nodes_by_key.items())
        return [(key, shape) for key, shape in shapes if shape is not None]

    @cached_property
    def _items(self) -> Shape | None:
        return self._shape_of(node for part in _alternatives(self.nodes) for node in _item_nodes(part))

    @cached_property
    def _nodes_by_key(self) -> dict[str, list[Node]]:
        nodes: dict[str, list[Node]] = {}
        for part in _alternatives(self.nodes):
            for each in _fields(part):
                nodes.setdefault(each.wire, []).append(each.node)
        return nodes

    def _shape_of(self, nodes: Iterable[Node]) -> Shape | None:
        """Return the shape of the nodes that may have objects; None without one."""
        containers = {id(node): node for node in map(resolve_node, nodes) if _has_objects(node, set())}
        if not containers:
            return None
        return self.shapes.setdefault(frozenset(containers), Shape((*containers.values(),), self.shapes))


def _alternatives(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield what a value may be of: each branch of a union, and what is in a box, which may be missing."""
    stack, visited = [*nodes], set[int]()
    while stack:
        for node in flatten(stack.pop()):
            if id(node) not in visited:
                visited.add(id(node))
                yield node
                stack += [node.node] if isinstance(node, BoxedNode) else []


def _fields(node: Node) -> tuple[Field, ...]:
    if isinstance(node, BoxedNode):
        return (Field(node.key, node.key, node.node),)
    if isinstance(node, MapNode):
        return ()
    fields_of = node.object if isinstance(node, TupleNode) else node
    return fields_of.all_fields if isinstance(fields_of, ObjectNode) else ()


def _item_nodes(node: Node) -> list[Node]:
    if isinstance(node, MapNode):
        return [ObjectNode((Field("key", "key", node.key), Field("value", "value", node.value)))]
    if isinstance(node, TupleNode):
        return [each.node for each in node.object.all_fields]
    return [node.items] if isinstance(node, ArrayNode) else []


def _has_objects(node: Node, visited: set[int]) -> bool:
    if id(node) in visited:
        return False
    visited.add(id(node))
    return any(
        isinstance(each, ObjectNode | TupleNode | BoxedNode)
        or any(_has_objects(resolve_node(item), visited) for item in _item_nodes(each))
        for each in _alternatives([node])
    )
