"""The node of a place in a natural value: what is expected there."""

from __future__ import annotations

from structkit.schema.branch_fit import branch_of
from structkit.schema.nodes.box import BoxedNode
from structkit.schema.nodes.description import DescribedNode, description_of
from structkit.schema.nodes.node import Node
from structkit.schema.nodes.object import ObjectNode
from structkit.schema.nodes.reference import ReferenceNode
from structkit.schema.nodes.union import UnionNode
from structkit.schema.paths import child
from structkit.values import JSONPath, JSONValue, value_at


def find_node(root: Node, path: JSONPath, value: JSONValue) -> Node | None:
    """Return the node at a natural path of a natural value, valid or not, which chooses the branches of unions.

    Returns:
        The node, without boxes that the value is in; None if it has none, as an undeclared key.

    >>> from structkit.schema.nodes import ArrayNode, ScalarNode
    >>> root = BoxedNode(ArrayNode(ScalarNode({"type": "integer"})))
    >>> getattr(find_node(root, (0,), ["x"]), "schema")
    {'type': 'integer'}
    """
    outer, value = _descend(root, path, value)
    return outer and _enter(outer, value)[0]


def find_outer_node(root: Node, path: JSONPath, value: JSONValue) -> Node | None:
    """Return the node at a natural path, with all branches of a union, whichever the value is of."""
    outer, _ = _descend(root, path, value)
    return outer and _unboxed(outer)


def may_be_null(root: Node, path: JSONPath, value: JSONValue) -> bool:
    """Return whether null may be written at a natural path of a natural value.

    >>> from structkit.schema.nodes import ScalarNode
    >>> may_be_null(BoxedNode(ScalarNode({"type": ["integer", "null"]})), (), "x")
    True
    """
    outer, inner = _descend(root, path[:-1], value)
    if outer is None or not path:
        return outer is not None and _unboxed(outer).matches_wire(None)
    outer, inner = _enter(outer, inner)
    field = child(outer, path[-1], inner)
    return field is not None and (field.is_absent_if_null or field.node.matches_wire(None))


def _unboxed(node: Node) -> Node:
    while isinstance(node, DescribedNode | ReferenceNode | BoxedNode):
        node = node.node
    return node


def find_description(root: Node, path: JSONPath, value: JSONValue) -> str:
    """Return the description of the node at a natural path, the innermost if there are several; "" without one."""
    node, value = _descend(root, path, value)
    text = ""
    while node is not None:
        text = description_of(node) or text
        node = _inner(node, value)
    return text


def _descend(node: Node, path: JSONPath, value: JSONValue) -> tuple[Node | None, JSONValue]:
    """Return the node and the value at a path, with the descriptions and boxes around them."""
    for step in path:
        node, value = _enter(node, value)
        field = child(node, step, value)
        if field is None:
            return None, None
        node, value = field.node, value_at(value, (step,))
    return node, value


def _enter(node: Node, value: JSONValue) -> tuple[Node, JSONValue]:
    """Return the node and the value inside the boxes and the branches that the value has."""
    while (inner := _inner(node, value)) is not None:
        if isinstance(node, ObjectNode):
            value = value_at(value, (node.fields[0].name,))
        node = inner
    return node, value


def _inner(node: Node, value: JSONValue) -> Node | None:
    if isinstance(node, DescribedNode | ReferenceNode | BoxedNode):
        return node.node
    if isinstance(node, UnionNode):
        if isinstance(value, str) and sum(branch.kind == "string" for branch in node.branches) > 1:
            return None  # a text may be meant for each of them
        is_single = node.single_branch is not None and value is not None
        return node.single_branch if is_single else branch_of(node, value)
    return node.fields[0].node if isinstance(node, ObjectNode) and node.is_box else None
