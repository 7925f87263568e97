"""Paths in both forms: where a place of a natural value is on the wire, and what can be asked for there.

A *natural* path has the caller's names, a *wire* path those of the strict schema, the only ones that the model knows.
"""

from __future__ import annotations

from functools import singledispatch

from structkit.schema.nodes.array import Array
from structkit.schema.nodes.boxed import Boxed
from structkit.schema.nodes.constants import Constants
from structkit.schema.nodes.described import Described
from structkit.schema.nodes.json_text import Text
from structkit.schema.nodes.map import Pairs
from structkit.schema.nodes.node import Field, Node
from structkit.schema.nodes.object import Object
from structkit.schema.nodes.reference import Reference
from structkit.schema.nodes.tuple import Positional
from structkit.schema.nodes.union import Union
from structkit.values import JSONPath, JSONValue


@singledispatch
def wire_path(_node: Node, path: JSONPath) -> JSONPath:
    """Return a natural path as a wire path; steps below a node that has no names of its own stay as they are.

    >>> from structkit.schema.nodes import Leaf
    >>> wire_path(Boxed(Object((Field("größe", "gr_e", Leaf({"type": "number"})),))), ("größe",))
    ('value', 'gr_e')
    """
    return path


@wire_path.register
def _(node: Described, path: JSONPath) -> JSONPath:
    return wire_path(node.node, path)


@wire_path.register
def _(node: Reference, path: JSONPath) -> JSONPath:
    return wire_path(node.node, path) if path else path  # an empty path ends the recursion of a recursive definition


@wire_path.register
def _(node: Boxed, path: JSONPath) -> JSONPath:
    return (node.key, *wire_path(node.node, path))


@wire_path.register
def _(node: Array, path: JSONPath) -> JSONPath:
    return (path[0], *wire_path(node.items, path[1:])) if path else path


@wire_path.register
def _(node: Pairs, path: JSONPath) -> JSONPath:
    return (path[0], *wire_path(node.value, path[1:])) if path else path  # the key: a pair's position is unknown


@wire_path.register
def _(node: Object, path: JSONPath) -> JSONPath:
    field = child(node, path[0], None) if path else None
    return (field.wire, *wire_path(field.node, path[1:])) if field else path


@wire_path.register
def _(node: Positional, path: JSONPath) -> JSONPath:
    if not path or not isinstance(path[0], int):
        return path
    if path[0] < len(node.fields):
        field = node.fields[path[0]]
        return (field.wire, *wire_path(field.node, path[1:]))
    rest = (path[0] - len(node.fields), *path[1:])
    return (node.rest.wire, *wire_path(node.rest.node, rest)) if node.rest else rest


@wire_path.register
def _(node: Union, path: JSONPath) -> JSONPath:
    paths = {wire_path(branch, path) for branch in node.branches} - {path}
    return paths.pop() if path and len(paths) == 1 else path  # branches that disagree: the union cannot choose


@wire_path.register
def _(_node: Text | Constants, _path: JSONPath) -> JSONPath:
    return ()  # nothing inside a text has a place on the wire


@singledispatch
def child(_node: Node, _step: str | int, _value: JSONValue) -> Field | None:
    """Return what is at a step inside a natural value, as a property that can be asked for alone; None if unknown.

    Args:
        _node: The node of the value.
        _step: A key or a position.
        _value: The natural value, which chooses the branch of a union.
    """
    return None


@child.register
def _(node: Described | Reference | Boxed, step: str | int, value: JSONValue) -> Field | None:
    return child(node.node, step, value)


@child.register
def _(node: Array, step: str | int, _value: JSONValue) -> Field | None:
    return Field(str(step), str(step), node.items) if isinstance(step, int) else None


@child.register
def _(node: Pairs, step: str | int, _value: JSONValue) -> Field | None:
    return Field(step, step, node.value) if isinstance(step, str) else None


@child.register
def _(node: Object, step: str | int, _value: JSONValue) -> Field | None:
    return next((field for field in node.fields if field.name == step), None)


@child.register
def _(node: Positional, step: str | int, value: JSONValue) -> Field | None:
    if not isinstance(step, int):
        return None
    return node.fields[step] if step < len(node.fields) else node.rest and child(node.rest.node, step, value)


@child.register
def _(node: Union, step: str | int, value: JSONValue) -> Field | None:
    matching = [branch for branch in node.branches if branch.holds(value)]
    fields = [field for branch in matching or node.branches if (field := child(branch, step, value))]
    return fields[0] if len(fields) == 1 else None
