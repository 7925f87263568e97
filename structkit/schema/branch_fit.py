"""Whether a value fits a branch of a union by its keys and types, although tags and boxes in it are missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial, singledispatch

from structkit.parsing.schema_branches import is_decimal
from structkit.schema.json_types import json_type
from structkit.schema.memo import compute_once, evaluate_once
from structkit.schema.nodes.any_value import AnyMapNode
from structkit.schema.nodes.array import ArrayNode
from structkit.schema.nodes.box import BoxedNode
from structkit.schema.nodes.description import DescribedNode
from structkit.schema.nodes.map import MapNode, is_pair
from structkit.schema.nodes.node import Field, Node
from structkit.schema.nodes.object import ObjectNode
from structkit.schema.nodes.reference import ReferenceNode
from structkit.schema.nodes.scalar import ScalarNode
from structkit.schema.nodes.tuple import TupleNode
from structkit.schema.nodes.union import Resemblance, UnionNode, constant_of, flatten, resemblance, resolve_node
from structkit.values import JSONValue


@singledispatch
def fits(node: Node, value: JSONValue) -> bool:
    """Return whether a value, in the form of the wire or of the type, has the keys and the types of a node.

    >>> from structkit.schema.nodes import ScalarNode
    >>> node = ObjectNode((Field("name", "name", ScalarNode({"type": "string"})),))
    >>> fits(node, {"name": "Rex"}), fits(node, {"name": 3}), fits(node, {"name": "Rex", "age": 3}), fits(node, {})
    (True, False, False, False)
    """
    return node.matches_wire(value) or node.matches_value(value)


@fits.register
def _(node: ScalarNode, value: JSONValue) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return node.matches_wire(value) or (is_number and is_decimal([node.schema]))


@fits.register
def _(node: DescribedNode, value: JSONValue) -> bool:
    return fits(node.node, value)


@fits.register
def _(node: ReferenceNode, value: JSONValue) -> bool:
    return evaluate_once(partial(fits, node.node), value, id(node.definitions), node.name, "fits")


@fits.register
def _(node: BoxedNode, value: JSONValue) -> bool:
    return fits(node.node, value[node.key] if is_boxed(value, node.key) else value)


@fits.register
def _(node: ArrayNode, value: JSONValue) -> bool:
    return isinstance(value, list) and all(fits(node.items, item) for item in value)


@fits.register
def _(node: MapNode, value: JSONValue) -> bool:
    if isinstance(value, dict):
        return all(node.key.matches_wire(key) and fits(node.value, item) for key, item in value.items())
    return isinstance(value, list) and all(
        is_pair(pair) and node.key.matches_wire(pair["key"]) and fits(node.value, pair["value"]) for pair in value
    )


@fits.register
def _(node: TupleNode, value: JSONValue) -> bool:
    return fits(
        node.object, node.as_object(value) if isinstance(value, list) and node.has_valid_length(value) else value
    )


@fits.register
def _(node: ObjectNode, value: JSONValue) -> bool:
    if node.is_box and not is_boxed(value, node.fields[0].wire):
        return fits(node.fields[0].node, value)
    return has_keys(node, value) and all(
        _fits_field(node.by_wire[key], item) for key, item in value.items() if key in node.by_wire
    )


@fits.register
def _(node: UnionNode, value: JSONValue) -> bool:
    tag = union_tag(node)
    return any(fits(branch, with_tag(branch, tag, value)) for branch in node.branches)


def _fits_field(field: Field, value: JSONValue) -> bool:
    return (value is None and field.is_absent_if_null) or fits(field.node, value)


def has_keys(node: Node, value: JSONValue) -> bool:
    """Return whether an object has all keys that a node requires, and no other than it declares.

    A value that is not an object only needs to have the JSON type of the node.
    """
    inner = resolve_node(node)
    if isinstance(inner, TupleNode):
        inner = inner.object
    if not isinstance(inner, ObjectNode):
        return inner.kind in {json_type(value), "any"}
    if not isinstance(value, dict) or not (inner.extra_keys or value.keys() <= inner.by_wire.keys()):
        return False
    return all(field.wire in value or field.absence != "never" for field in inner.fields)


def is_boxed(value: JSONValue, key: str) -> bool:
    """Return whether a value is an object with only this key."""
    return isinstance(value, dict) and value.keys() == {key}


def box_key(branch: Node) -> str | None:
    """Return the key of the box around a branch of a union; None if it has no box."""
    inner = resolve_node(branch)
    if isinstance(inner, BoxedNode):
        return inner.key
    return inner.fields[0].wire if isinstance(inner, ObjectNode) and inner.is_box else None


def unboxed(branch: Node) -> Node:
    """Return the node in the box of a branch."""
    inner = resolve_node(branch)
    return (
        inner.node if isinstance(inner, BoxedNode) else inner.fields[0].node if isinstance(inner, ObjectNode) else inner
    )


def union_tag(node: UnionNode) -> str | None:
    """Return the property that is another constant in each object among the branches; None if there is none."""
    return compute_once(lambda union: _tag_name(union.branches), node, "tag", unfinished=None)


def _tag_name(branches: Sequence[Node]) -> str | None:
    objects = [inner for inner in map(resolve_node, branches) if isinstance(inner, ObjectNode) and not inner.is_box]
    constants = [dict(_constants(each)) for each in objects]
    names = constants[0] if len(objects) > 1 else ()
    return next((name for name in names if _are_distinct([each.get(name) for each in constants])), None)


def _constants(node: ObjectNode) -> Iterator[tuple[str, JSONValue]]:
    for field in node.fields:
        if not field.may_be_absent and (constant := constant_of(field.node)) is not None:
            yield field.wire, constant


def _are_distinct(constants: list[JSONValue]) -> bool:
    return len({repr(constant) for constant in constants} - {"None"}) == len(constants)


def with_tag(branch: Node, tag: str | None, value: JSONValue) -> JSONValue:
    """Return an object that lacks the tag of a branch with it; any other value unchanged."""
    inner = resolve_node(branch)
    if tag is None or not isinstance(inner, ObjectNode) or inner.is_box or not isinstance(value, dict) or tag in value:
        return value
    return {tag: constant_of(inner.by_wire[tag].node), **value}


def branch_of(node: UnionNode, value: JSONValue) -> Node | None:
    """Return the branch that a natural value is for, even if it is invalid; None if it may be for several.

    It is the branch whose box or constants the value has, else the first one that it fits, else the only one of its
    type, else the one of which it has most keys, unless it has the wrong constant for one of them.
    """
    for branch in node.branches:
        inner = resolve_node(branch)
        if isinstance(inner, ObjectNode) and inner.is_box and is_boxed(value, inner.fields[0].name):
            return branch
    ranks = [_natural_resemblance(branch, value) for branch in node.branches]
    constants = [rank.constants for rank in ranks]
    if max(constants) > 0 and constants.count(max(constants)) == 1:
        return node.branches[constants.index(max(constants))]
    if (matching := node.value_branch(value)) is not None:
        return matching
    of_type = [index for index, each in enumerate(node.branches) if _natural_types(each) & {json_type(value), "any"}]
    if len(of_type) > 1 and any(constants[index] < 0 for index in of_type):
        return None  # the tag is wrong
    closest = [index for index in of_type if ranks[index] == max(ranks[each] for each in of_type)]
    return node.branches[closest[0]] if len(closest) == 1 else None


def _natural_resemblance(branch: Node, value: JSONValue) -> Resemblance:
    """Return how much of a branch a natural value has; of a branch that is a union, the closest one in it counts."""
    objects = [each for each in flatten(_without_box(branch)) if isinstance(each, ObjectNode) and not each.is_box]
    return max((resemblance(each, value, is_natural=True) for each in objects), default=Resemblance(0, 0))


def _without_box(branch: Node) -> Node:
    """Return the node in the box that a branch has on the wire alone."""
    inner = resolve_node(branch)
    return resolve_node(inner.node) if isinstance(inner, BoxedNode) else inner


def _natural_types(node: Node) -> set[str]:
    """Return the JSON types of a node's natural values; with "any" if some are not known."""
    return {_natural_type(_without_box(each)) for each in flatten(_without_box(node))}


def _natural_type(node: Node) -> str:
    if isinstance(node, MapNode | AnyMapNode):
        return "object"
    return "array" if isinstance(node, TupleNode) else "number" if node.kind == "integer" else node.kind
