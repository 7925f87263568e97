"""Pairs the wire nodes of a type with the caller's side of it: the shape of each place."""

from __future__ import annotations

from functools import partial
from typing import Any

from structkit.partial.frames import Closed, Plain, Shape
from structkit.partial.lists import Listing
from structkit.partial.maps import Mapping
from structkit.partial.objects import Record, Slot
from structkit.partial.place import Side
from structkit.partial.place_json_schema import Documented
from structkit.partial.place_pydantic import Cores, Typed
from structkit.partial.unions import Boxed, Branches, Choice
from structkit.schema.nodes import AnyValueNode, ArrayNode, BoxedNode, MapNode, Node, ObjectNode, ScalarNode, UnionNode
from structkit.schema.nodes.anything import AnyMapNode
from structkit.schema.nodes.leaf import NULL
from structkit.schema.nodes.node import Field
from structkit.schema.nodes.union import bare, constant_of
from structkit.schema.pydantic.invertible import invertible
from structkit.schema.pydantic.pydantic_type import core_schema
from structkit.schema.response_format import ResponseFormat


def root_shape(response_format: ResponseFormat[Any]) -> Shape:
    """The shape of a whole reply."""
    given = response_format.output_type
    return shape(response_format.compiled_schema.root, documented(given) if isinstance(given, dict) else typed(given))


def documented(schema: Any) -> Side:
    """The side of a JSON Schema."""
    return Documented(schema, schema)


def typed(output_type: Any) -> Side:
    """The side of a type that pydantic validates."""
    core: Any = invertible(core_schema(output_type))
    if core["type"] != "definitions":
        return Typed(core, Cores())
    return Typed(core["schema"], Cores({each["ref"]: each for each in core["definitions"]}))


def shape(node: Node, side: Side) -> Shape:
    """The shape of a place; one that cannot be followed shows when it is closed."""
    check = side.check(node)
    inner = bare(node)
    if isinstance(inner, UnionNode) and inner.only is not None:
        inner = bare(inner.only)
    if isinstance(inner, BoxedNode):
        return Boxed(inner.key, shape(inner.node, side), check)
    if isinstance(inner, ScalarNode):
        is_text = "string" in inner.types and not inner.schema.keys() & {"const", "enum"}
        return Plain(check, side.plain, grows=is_text and side.grows)
    if isinstance(inner, UnionNode):
        return Choice(check, partial(branches, inner, side))
    return container(inner, side) or Closed(check)


def container(node: Node, side: Side) -> Shape | None:
    """The shape of a place for one kind of container; None where it cannot be followed."""
    check = side.check(node)
    if isinstance(node, ObjectNode) and side.is_a("record"):
        return Record(check, side.make, partial(slots, node, side))
    if isinstance(node, ArrayNode) and side.is_a("list"):
        item = partial(inside, node.items, side, "items_schema")
        return Listing(check, side.dress, item, composed=side.composed)
    if isinstance(node, MapNode | AnyMapNode) and side.is_a("map"):
        values: Any = node.value if isinstance(node, MapNode) else node.values
        value = partial(inside, values, side, "values_schema")
        return Mapping(check, side.dress, side.key(), value, composed=side.composed)
    if isinstance(node, AnyValueNode) and side.is_a("any"):
        return Choice(check, partial(anything, node, side), grows=side.grows)
    return None


def inside(node: Node, side: Side, what: str) -> Shape:
    """The shape of a container's members."""
    within = side.inside(what)
    return shape(node, within) if within else Closed(side.check(node))


def slots(node: ObjectNode, side: Side) -> dict[str, Slot]:
    """The properties whose places are known; the others, and the keys that are not declared, are for the end."""
    known = side.fields(field.name for field in node.fields)
    found: dict[str, Slot] = {}
    for field in node.fields:
        if field.name in known:
            name, place = known[field.name]
            looks = shape(field.node, place)
            found[field.wire] = Slot(name, looks, field.absence == "null", side.divisible and _is_composed(looks))
    return found


def _is_composed(looks: Shape) -> bool:
    return isinstance(looks, Listing | Mapping) and looks.composed


def anything(node: AnyValueNode, side: Side) -> Branches:
    """Any value: lists and maps are in boxes of their own."""
    member = partial(shape, node, side)
    check = side.check(node)
    listing = Listing(check, None, member, composed=True)
    mapping = Mapping(check, None, None, member, composed=True)
    return Branches(boxed={"list": Boxed("list", listing, check), "dict": Boxed("dict", mapping, check)})


def branches(node: UnionNode, side: Side) -> Branches:
    """What a container in a union may be, as far as it can be told before it is closed."""
    bares = [bare(branch) for branch in node.branches if branch is not NULL]
    objects = [branch for branch in bares if branch.kind == "object"]
    arrays = [branch for branch in bares if branch.kind == "array"]
    array = _branch(arrays[0], side) if len(arrays) == 1 else None
    if len(objects) == 1 and not isinstance(objects[0], BoxedNode):
        return Branches(array=array, object=_branch(objects[0], side))
    boxed = dict(filter(None, (_box(branch, side) for branch in objects)))
    tags = {field.wire for branch in objects if (field := _lead(branch))}
    if len(tags) != 1 or boxed:
        return Branches(array=array, boxed=boxed)
    tagged = {
        repr(constant_of(lead.node)): found
        for branch in objects
        if (lead := _lead(branch)) and (found := _branch(branch, side, (lead.name, constant_of(lead.node))))
    }
    return Branches(array=array, tag=tags.pop(), tagged=tagged)


def _branch(node: Node, side: Side, tag: tuple[str, Any] | None = None) -> Shape | None:
    if not isinstance(node, ObjectNode | ArrayNode | MapNode):
        return None
    found = side.branch(node, tag)
    return container(node, found) if found else None


def _lead(node: Node) -> Field | None:
    """The first property of an object, if its value is the tag of a branch."""
    first = node.fields[0] if isinstance(node, ObjectNode) and node.fields else None
    return first if first and constant_of(first.node) is not None else None


def _box(node: Node, side: Side) -> tuple[str, Boxed] | None:
    """The box of a branch, by its key: the wire's, or one that the type's own JSON has."""
    is_own = isinstance(node, ObjectNode) and len(node.fields) == 1 and not node.rest
    if isinstance(node, BoxedNode):
        key, inner = node.key, node.node
    elif isinstance(node, ObjectNode) and is_own:
        key, inner = node.fields[0].wire, node.fields[0].node
    else:
        return None
    found = side.box(key, own=is_own)
    return (key, Boxed(key, shape(inner, found), found.check(inner))) if found else None
