"""Build decoders: pair the wire nodes of a type with the places of the caller's type."""

from __future__ import annotations

from functools import partial
from typing import Any

from structkit.partial.frames import Decoder, OpaqueDecoder, ScalarDecoder
from structkit.partial.lists import ListDecoder
from structkit.partial.maps import MapDecoder
from structkit.partial.objects import ObjectDecoder, Slot
from structkit.partial.place import TypePlace
from structkit.partial.place_json_schema import JSONSchemaPlace
from structkit.partial.place_pydantic import CoreDefinitions, PydanticPlace
from structkit.partial.unions import BoxDecoder, Branches, UnionDecoder
from structkit.schema.nodes import AnyValueNode, ArrayNode, BoxedNode, MapNode, Node, ObjectNode, ScalarNode, UnionNode
from structkit.schema.nodes.any_value import AnyMapNode
from structkit.schema.nodes.node import Field
from structkit.schema.nodes.scalar import NULL
from structkit.schema.nodes.union import constant_of, resolve_node
from structkit.schema.response_format import ResponseFormat


def root_decoder(response_format: ResponseFormat[Any]) -> Decoder:
    """Build the decoder of a type's replies."""
    return build_decoder(response_format.compiled_schema.root, root_place(response_format))


def root_place(response_format: ResponseFormat[Any]) -> TypePlace:
    """Return the place of a whole value of a type or JSON Schema."""
    core = response_format.core_schema
    if core is None:
        return JSONSchemaPlace(response_format.natural_schema, response_format.natural_schema)
    if core["type"] != "definitions":
        return PydanticPlace(core, CoreDefinitions())
    return PydanticPlace(core["schema"], CoreDefinitions({each["ref"]: each for each in core["definitions"]}))


def build_decoder(node: Node, place: TypePlace) -> Decoder:
    """Build the decoder of a place; an opaque one if node and place cannot be paired."""
    loader = place.loader(node)
    inner = resolve_node(node)
    if isinstance(inner, UnionNode) and inner.single_branch is not None:
        inner = resolve_node(inner.single_branch)
    if isinstance(inner, BoxedNode):
        return BoxDecoder(inner.key, build_decoder(inner.node, place), loader)
    if isinstance(inner, ScalarNode):
        is_text = "string" in inner.types and not inner.schema.keys() & {"const", "enum"}
        return ScalarDecoder(loader, place.passthrough_type, streams_text=is_text and place.streams_text)
    if isinstance(inner, UnionNode):
        return UnionDecoder(loader, partial(_union_branches, inner, place))
    return _container_decoder(inner, place) or OpaqueDecoder(loader)


def _container_decoder(node: Node, place: TypePlace) -> Decoder | None:
    """Build the decoder of one kind of container; None if node and place cannot be paired."""
    loader = place.loader(node)
    if isinstance(node, ObjectNode) and place.is_a("object"):
        return ObjectDecoder(loader, place.factory, partial(_slots, node, place))
    if isinstance(node, ArrayNode) and place.is_a("list"):
        build_item = partial(_member_decoder, node.items, place, "items_schema")
        return ListDecoder(loader, place.wrap, build_item, is_unconstrained=place.is_unconstrained)
    if isinstance(node, MapNode | AnyMapNode) and place.is_a("map"):
        values: Any = node.value if isinstance(node, MapNode) else node.values
        build_value = partial(_member_decoder, values, place, "values_schema")
        return MapDecoder(loader, place.wrap, place.key_loader(), build_value, is_unconstrained=place.is_unconstrained)
    if isinstance(node, AnyValueNode) and place.is_a("any") and not place.wrap:  # a root model is not one of its items
        return UnionDecoder(loader, partial(_any_branches, node, place), streams_text=place.streams_text)
    return None


def _member_decoder(node: Node, place: TypePlace, key: str) -> Decoder:
    """Build the decoder of a container's members."""
    member = place.member(key)
    return build_decoder(node, member) if member else OpaqueDecoder(place.loader(node))


def _slots(node: ObjectNode, place: TypePlace) -> dict[str, Slot]:
    """Build the slots of the fields that have a place, by wire name; other properties are in no snapshot."""
    places = place.fields(field.name for field in node.fields)
    slots: dict[str, Slot] = {}
    for field in node.fields:
        if field.name in places:
            name, field_place = places[field.name]
            decoder = build_decoder(field.node, field_place)
            is_separate = place.has_independent_fields and _is_unconstrained(decoder)
            slots[field.wire] = Slot(name, decoder, field.is_absent_if_null, is_separate)
    return slots


def _is_unconstrained(decoder: Decoder) -> bool:
    return isinstance(decoder, ListDecoder | MapDecoder) and decoder.is_unconstrained


def _any_branches(node: AnyValueNode, place: TypePlace) -> Branches:
    """Build the branches of any value, whose lists and maps are in boxes."""
    build_member = partial(build_decoder, node, place)
    loader = place.loader(node)
    list_decoder = ListDecoder(loader, None, build_member, is_unconstrained=True)
    map_decoder = MapDecoder(loader, None, None, build_member, is_unconstrained=True)
    boxes = {"list": BoxDecoder("list", list_decoder, loader), "dict": BoxDecoder("dict", map_decoder, loader)}
    return Branches(boxes=boxes)


def _union_branches(node: UnionNode, place: TypePlace) -> Branches:
    """Build the branches of a union, as far as they can be distinguished before they are complete."""
    branches = [resolve_node(branch) for branch in node.branches if branch is not NULL]
    objects = [branch for branch in branches if branch.kind == "object"]
    arrays = [branch for branch in branches if branch.kind == "array"]
    array = _branch_decoder(arrays[0], place) if len(arrays) == 1 else None
    if len(objects) == 1 and not isinstance(objects[0], BoxedNode):
        return Branches(array=array, object=_branch_decoder(objects[0], place))
    boxes = dict(filter(None, (_box(branch, place) for branch in objects)))
    tags = {field.wire for branch in objects if (field := _tag_field(branch))}
    if len(tags) != 1 or boxes:
        return Branches(array=array, boxes=boxes)
    tagged = {
        repr(constant_of(field.node)): decoder
        for branch in objects
        if (field := _tag_field(branch))
        and (decoder := _branch_decoder(branch, place, (field.name, constant_of(field.node))))
    }
    return Branches(array=array, tag=tags.pop(), tagged=tagged)


def _branch_decoder(node: Node, place: TypePlace, tag: tuple[str, Any] | None = None) -> Decoder | None:
    if not isinstance(node, ObjectNode | ArrayNode | MapNode):
        return None
    branch = place.branch(node, tag)
    return _container_decoder(node, branch) if branch else None


def _tag_field(node: Node) -> Field | None:
    """Return the first property of an object if its value is constant, so that it may be the tag of a branch."""
    first = node.fields[0] if isinstance(node, ObjectNode) and node.fields else None
    return first if first and constant_of(first.node) is not None else None


def _box(node: Node, place: TypePlace) -> tuple[str, BoxDecoder] | None:
    """Return the key and the decoder of a branch that is a box, either of the wire or of the natural JSON."""
    is_natural = isinstance(node, ObjectNode) and len(node.fields) == 1 and not node.extra_keys
    if isinstance(node, BoxedNode):
        key, inner = node.key, node.node
    elif isinstance(node, ObjectNode) and is_natural:
        key, inner = node.fields[0].wire, node.fields[0].node
    else:
        return None
    boxed = place.box(key, is_natural=is_natural)
    return (key, BoxDecoder(key, build_decoder(inner, boxed), boxed.loader(inner))) if boxed else None
