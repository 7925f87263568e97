"""The objects in a wire value that may be of a type by accident, because all of their properties may be absent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

from structkit.parsing.wrapper import CALL_NAMES
from structkit.schema.nodes.array import ArrayNode
from structkit.schema.nodes.box import BoxedNode
from structkit.schema.nodes.map import MapNode, is_pair
from structkit.schema.nodes.node import Node
from structkit.schema.nodes.object import ObjectNode
from structkit.schema.nodes.tuple import TupleNode
from structkit.schema.nodes.union import UnionNode, flatten, resolve_node
from structkit.values import JSON, JSONPath, JSONValue, value_at


@dataclass(frozen=True, slots=True)
class ObjectPlace:
    """An object in a wire value that has undeclared keys.

    Args:
        path: Its natural path.
        node: Its node.
        wire: The object.
        value: The value that it has become; None if that is not known.
        names: The names that the objects have which may be there.
    """

    path: JSONPath
    node: ObjectNode
    wire: JSON
    value: object
    names: frozenset[str]


def object_places(root: Node, wire: JSONValue, value: object) -> Iterator[ObjectPlace]:
    """Yield the objects with undeclared keys in a wire value of a type that allows no such keys there.

    Args:
        root: The node of the wire value.
        wire: The wire value.
        value: The value that it has become.
    """
    return _walk(resolve_node(root), wire, value, ())


def may_be_accidental(node: ObjectNode) -> bool:
    """Return whether an object may be valid that has nothing of a node, or only what the call of a function has."""
    required = {field.name for field in node.all_fields if field.absence == "never"}
    return not required or (len(required) == 1 and bool(required & CALL_NAMES))


def object_names(node: Node) -> frozenset[str] | None:
    """Return the names of the objects that a node allows; None if another object, or any key, is allowed as well."""
    branches = flatten(node)
    objects = [each for each in branches if isinstance(each, ObjectNode)]
    if len(objects) < sum(each.kind in {"object", "any"} or isinstance(each, MapNode) for each in branches):
        return None
    if not objects or any(each.extra_keys is not None or each.is_box for each in objects):
        return None
    return frozenset().union(*(each.names | each.by_wire.keys() for each in objects))


@singledispatch
def _walk(node: Node, wire: JSONValue, value: object, path: JSONPath) -> Iterator[ObjectPlace]:  # noqa: ARG001 (read by the dispatch)
    return iter(())


@_walk.register
def _(node: BoxedNode, wire: JSONValue, value: object, path: JSONPath) -> Iterator[ObjectPlace]:
    is_boxed = isinstance(wire, dict) and wire.keys() == {node.key}
    return _walk(resolve_node(node.node), wire[node.key] if is_boxed else wire, value, path)


@_walk.register
def _(node: UnionNode, wire: JSONValue, value: object, path: JSONPath) -> Iterator[ObjectPlace]:
    branch = node.branch_of_wire(wire)
    if branch is None or not isinstance(wire, dict | list):
        return
    names = object_names(node)
    for place in _walk(resolve_node(branch), wire, value, path):
        if place.wire is not wire:
            yield place
        elif names is not None:
            yield ObjectPlace(path, place.node, place.wire, value, names)


@_walk.register
def _(node: ArrayNode, wire: JSONValue, value: object, path: JSONPath) -> Iterator[ObjectPlace]:
    items = resolve_node(node.items)
    for index, item in enumerate(wire if isinstance(wire, list) else ()):
        if isinstance(item, dict | list):
            yield from _walk(items, item, _member(value, index), (*path, index))


@_walk.register
def _(node: MapNode, wire: JSONValue, value: object, path: JSONPath) -> Iterator[ObjectPlace]:
    pairs = wire if isinstance(wire, list) and all(map(is_pair, wire)) else ()
    members = wire.items() if isinstance(wire, dict) else [(pair["key"], pair["value"]) for pair in pairs]
    inner = resolve_node(node.value)
    for key, item in members:
        yield from _walk(inner, item, _member(value, key), (*path, key))


@_walk.register
def _(node: TupleNode, wire: JSONValue, value: object, path: JSONPath) -> Iterator[ObjectPlace]:
    items = node.as_object(wire) if isinstance(wire, list) else wire
    for position, field in enumerate(node.fields):
        if isinstance(items, dict) and field.wire in items:
            inner = _member(value, position)
            yield from _walk(resolve_node(field.node), items[field.wire], inner, (*path, position))


@_walk.register
def _(node: ObjectNode, wire: JSONValue, value: object, path: JSONPath) -> Iterator[ObjectPlace]:
    if not isinstance(wire, dict):
        return
    if node.extra_keys is None and not node.is_box and not wire.keys() <= node.by_wire.keys():
        yield ObjectPlace(path, node, wire, value, node.names | node.by_wire.keys())
    for field in node.fields:
        item = wire.get(field.wire)
        if isinstance(item, dict | list):
            # The natural value has this box as well, but neither the paths of issues nor the value have it.
            step = () if node.is_box else (field.name,)
            inner = value if node.is_box else _member(value, field.name)
            yield from _walk(resolve_node(field.node), item, inner, (*path, *step))


def _member(value: object, step: str | int) -> object:
    """Return what has become of a member of a natural value; None if that is not known."""
    inner = getattr(value, "root", None) if getattr(value, "__pydantic_root_model__", False) else value
    if isinstance(inner, dict | list | tuple):
        return value_at(inner, (step,))
    return getattr(inner, attribute_name(inner, str(step)), None)


def attribute_name(value: object, name: str) -> str:
    """Return the attribute of an object for the name of a property in JSON."""
    fields = getattr(type(value), "model_fields", {})
    if name in fields:
        return name
    return next((attribute for attribute, field in fields.items() if name in _aliases(field)), name)


def _aliases(field: Any) -> list[Any]:
    choices = getattr(field.validation_alias, "choices", ())
    return [field.alias, field.validation_alias, *choices]
