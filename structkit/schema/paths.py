"""Paths in both forms: where a place of a natural value is on the wire, and what can be asked for there.

A *natural* path has the caller's names, a *wire* path those of the strict schema, the only ones that the model knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import TypeGuard

from structkit.schema.branch_fit import branch_of
from structkit.schema.nodes.any_value import AnyMapNode, AnyValueNode
from structkit.schema.nodes.array import ArrayNode
from structkit.schema.nodes.box import BoxedNode
from structkit.schema.nodes.constants import ConstantsNode
from structkit.schema.nodes.description import DescribedNode
from structkit.schema.nodes.extra_keys import ExtraKeysNode
from structkit.schema.nodes.json_text import JSONTextNode
from structkit.schema.nodes.map import MapNode
from structkit.schema.nodes.node import Field, Node
from structkit.schema.nodes.object import ObjectNode
from structkit.schema.nodes.reference import ReferenceNode
from structkit.schema.nodes.tuple import TupleNode
from structkit.schema.nodes.union import UnionNode
from structkit.values import ABSENT, JSONPath, JSONValue


@singledispatch
def wire_path(node: Node, path: JSONPath, value: JSONValue = ABSENT) -> JSONPath:  # noqa: ARG001 (read by the dispatch)
    """Return a natural path as a wire path; steps below a node that has no names of its own stay as they are.

    Args:
        node: The node of the value.
        path: The path in the natural value.
        value: The natural value, valid or not, which has the position of a map's key and the branch of a union;
            `ABSENT` if it is not known.

    >>> from structkit.schema.nodes import ScalarNode
    >>> number = ScalarNode({"type": "number"})
    >>> wire_path(BoxedNode(ObjectNode((Field("größe", "gr_e", number),))), ("größe",))
    ('value', 'gr_e')
    >>> wire_path(MapNode(ScalarNode({"type": "string"}), number), ("b",), {"a": 1, "b": "x"})
    (1, 'value')
    """
    return path


@wire_path.register
def _(node: DescribedNode, path: JSONPath, value: JSONValue = ABSENT) -> JSONPath:
    return wire_path(node.node, path, value)


@wire_path.register
def _(node: ReferenceNode, path: JSONPath, value: JSONValue = ABSENT) -> JSONPath:
    # An empty path ends the recursion of a recursive definition.
    return wire_path(node.node, path, value) if path else path


@wire_path.register
def _(node: BoxedNode, path: JSONPath, value: JSONValue = ABSENT) -> JSONPath:
    return (node.key, *wire_path(node.node, path, value))


@wire_path.register
def _(node: ArrayNode, path: JSONPath, value: JSONValue = ABSENT) -> JSONPath:
    return (path[0], *wire_path(node.items, path[1:], _member(value, path[0]))) if path else path


@wire_path.register
def _(node: MapNode, path: JSONPath, value: JSONValue = ABSENT) -> JSONPath:
    if not path:
        return path
    remainder = wire_path(node.value, path[1:], _member(value, path[0]))
    # Where the map is not known, the key stands for the position of its pair.
    return (*_pair_path(value, path[0], "value"), *remainder)


@wire_path.register
def _(node: AnyValueNode, path: JSONPath, value: JSONValue = ABSENT) -> JSONPath:
    if path and isinstance(value, list):
        return ("list", path[0], *wire_path(node, path[1:], _member(value, path[0])))
    return ("dict", *wire_path(AnyMapNode(), path, value)) if path and isinstance(value, dict) else path


@wire_path.register
def _(node: AnyMapNode, path: JSONPath, value: JSONValue = ABSENT) -> JSONPath:
    if not path:
        return path
    return (*_pair_path(value, path[0], "value"), *wire_path(node.values, path[1:], _member(value, path[0])))


@wire_path.register
def _(_node: ExtraKeysNode, path: JSONPath, value: JSONValue = ABSENT) -> JSONPath:
    return _pair_path(value, path[0], "json") if path else path


@wire_path.register
def _(node: ObjectNode, path: JSONPath, value: JSONValue = ABSENT) -> JSONPath:
    if node.is_box:
        box = node.fields[0]
        inner = _member(value, box.name)
        # The path of an issue leaves out the box that a natural value has.
        is_in_path = path[:1] == (box.name,) and _member(inner, box.name) in (None, ABSENT)
        return (box.wire, *wire_path(box.node, path[1:] if is_in_path else path, inner))
    field = child(node, path[0], None) if path else None
    if field:
        return (field.wire, *wire_path(field.node, path[1:], _member(value, path[0])))
    if path and node.extra_keys and isinstance(value, dict) and path[0] in value:
        undeclared = {key: item for key, item in value.items() if key not in node.names}
        return (node.extra_keys.wire, *wire_path(node.extra_keys.node, path, undeclared))
    return path


@wire_path.register
def _(node: TupleNode, path: JSONPath, value: JSONValue = ABSENT) -> JSONPath:
    if not path or not isinstance(path[0], int):
        return path
    item = _member(value, path[0])
    if path[0] < len(node.fields):
        field = node.fields[path[0]]
        return (field.wire, *wire_path(field.node, path[1:], item))
    remainder = (path[0] - len(node.fields), *path[1:])
    extra_items = value[len(node.fields) :] if isinstance(value, list) else None
    return (
        (node.extra_items.wire, *wire_path(node.extra_items.node, remainder, extra_items))
        if node.extra_items
        else remainder
    )


@wire_path.register
def _(node: UnionNode, path: JSONPath, value: JSONValue = ABSENT) -> JSONPath:
    is_known = value is not ABSENT and not (path and value is None)  # at the end of a path, None is null
    branch = branch_of(node, value) if is_known else None
    if branch is not None:
        return wire_path(branch, path, value)
    paths = {wire_path(branch, path, value) for branch in node.branches} - {path}
    return paths.pop() if path and len(paths) == 1 else path  # branches that disagree: the union cannot choose


def _member(value: JSONValue, step: str | int) -> JSONValue:
    """Return what is at a step inside a value; `ABSENT` if nothing is."""
    try:
        return value[step]
    except (KeyError, IndexError, TypeError):
        return ABSENT


def _pair_path(value: JSONValue, key: str | int, member: str) -> JSONPath:
    """Return the path to a member of the pair of a map's key; only the key if the map does not have it."""
    return ([*value].index(key), member) if isinstance(value, dict) and key in value else (key,)


@wire_path.register
def _(_node: JSONTextNode | ConstantsNode, _path: JSONPath, _value: JSONValue = ABSENT) -> JSONPath:
    return ()  # nothing inside a text has a place on the wire


@singledispatch
def child(node: Node, step: str | int, value: JSONValue) -> Field | None:  # noqa: ARG001 (read by the dispatch)
    """Return what is at a step inside a natural value, as a property that can be asked for; None if unknown.

    Args:
        node: The node of the value.
        step: A key or a position.
        value: The natural value, which chooses the branch of a union.
    """
    return None


@child.register
def _(node: DescribedNode | ReferenceNode | BoxedNode, step: str | int, value: JSONValue) -> Field | None:
    return child(node.node, step, value)


@child.register
def _(node: ArrayNode, step: str | int, _value: JSONValue) -> Field | None:
    return Field(str(step), str(step), node.items) if isinstance(step, int) else None


@child.register
def _(node: MapNode, step: str | int, _value: JSONValue) -> Field | None:
    return Field(step, step, node.value) if isinstance(step, str) else None


@child.register
def _(node: ObjectNode, step: str | int, _value: JSONValue) -> Field | None:
    return next((field for field in node.fields if field.name == step), None)


@child.register
def _(node: TupleNode, step: str | int, value: JSONValue) -> Field | None:
    if not isinstance(step, int):
        return None
    return (
        node.fields[step] if step < len(node.fields) else node.extra_items and child(node.extra_items.node, step, value)
    )


@child.register
def _(node: UnionNode, step: str | int, value: JSONValue) -> Field | None:
    branch = branch_of(node, value)
    fields = [field for each in ([branch] if branch else node.branches) if (field := child(each, step, value))]
    return fields[0] if len(fields) == 1 else None


def undeclared_keys(node: Node, value: JSONValue) -> Iterator[JSONPath]:
    """Yield the paths of the keys in a natural value that the wire has no property for; below a union, none."""
    inner = unwrap(node)
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in steps:
        field = child(inner, step, value)
        if field is not None:
            yield from ((step, *path) for path in undeclared_keys(field.node, item))
        elif isinstance(inner, ObjectNode) and inner.extra_keys is None:
            yield (step,)


def unwrap(node: Node) -> Node:
    """Return the node that a description, a reference, or a union with null contains."""
    while True:
        if isinstance(node, DescribedNode | ReferenceNode):
            node = node.node
        elif isinstance(node, UnionNode) and node.single_branch is not None:
            node = node.single_branch
        else:
            return node


def with_box(root: Node, wire: JSONValue) -> JSONValue:
    """Return a truncated wire value with the box that models leave out around lists and objects.

    >>> from structkit.schema.nodes import ScalarNode
    >>> with_box(BoxedNode(ArrayNode(ScalarNode({"type": "integer"}))), [1, 2])
    {'value': [1, 2]}
    """
    box = unwrap(root)
    inner = unwrap(box.node) if isinstance(box, BoxedNode) else box
    is_list = isinstance(inner, ArrayNode) and isinstance(wire, list)
    is_object = isinstance(inner, ObjectNode) and isinstance(wire, dict) and wire.keys() <= inner.by_wire.keys()
    if not isinstance(box, BoxedNode) or not (is_list or (is_object and wire and box.key not in wire)):
        return wire
    return {box.key: wire}


def find_truncated_place(
    root: Node, wire: JSONValue, depth: int, part: JSONValue
) -> tuple[JSONPath, list[JSONPath]] | None:
    """Return the natural path of a truncated list or object, and those of the properties that were still to come.

    The reply ends there, so that it is the last value of each object around it.

    Args:
        root: The node of the whole value.
        wire: Its wire value, up to where the reply was truncated, which may be repaired.
        depth: The number of objects around the list or object.
        part: The list or object as the reply has it.

    Returns:
        The path, and those of the absent properties of the objects around it and of itself, the optional ones among
        them; None where the rest cannot be asked for alone, or where undeclared keys were still to come.
    """
    node = root
    natural: JSONPath = ()
    absent: list[JSONPath] = []
    for _ in range(depth):
        if not isinstance(wire, dict) or not wire:
            return None
        node, step = unwrap(node), next(reversed(wire))
        if isinstance(node, BoxedNode) and step == node.key:
            node = node.node
        elif _is_declared(node, wire) and step in node.by_wire:
            absent += [(*natural, field.name) for field in node.fields if field.wire not in wire]
            natural, node = (*natural, node.by_wire[step].name), node.by_wire[step].node
        else:
            return None
        wire = wire[step]
    if not isinstance(wire, type(part)) or len(wire) != len(part):
        return None  # repaired into something else
    missing_inside = _missing_inside(unwrap(node), wire, natural)
    return None if missing_inside is None else (natural, missing_inside + absent)


def _missing_inside(node: Node, wire: JSONValue, path: JSONPath) -> list[JSONPath] | None:
    """Return the natural paths of what a truncated list or object at a path lacks, without the items of a list.

    They come first in the reply, and so in what is asked for.
    """
    if isinstance(node, ArrayNode) and isinstance(wire, list):
        return []
    if isinstance(node, BoxedNode) and path:  # the value in the box is truncated
        return [path]
    if not _is_declared(node, wire) or not isinstance(wire, dict):
        return None
    return [(*path, field.name) for field in node.fields if field.wire not in wire]


def _is_declared(node: Node, wire: JSONValue) -> TypeGuard[ObjectNode]:
    """Return whether a node is an object of which no undeclared key can follow."""
    return isinstance(node, ObjectNode) and (node.extra_keys is None or node.extra_keys.wire in wire)
