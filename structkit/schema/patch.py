"""`Patch`: some places of a value as a format of their own, and how its reply is merged into the value."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

from structkit.parsing.member_names import NamesOfValues
from structkit.schema.codec import Codec, UnvalidatedCodec
from structkit.schema.forms import form_of
from structkit.schema.naming import unused_name, wire_name
from structkit.schema.nodes.array import ArrayNode
from structkit.schema.nodes.box import BoxedNode
from structkit.schema.nodes.description import DescribedNode, describe
from structkit.schema.nodes.node import Field, Node, WireError
from structkit.schema.nodes.object import ObjectNode
from structkit.schema.nodes.scalar import ScalarNode
from structkit.schema.nodes.union import UnionNode
from structkit.schema.paths import child, unwrap
from structkit.schema.strict.compiled import CompiledSchema
from structkit.schema.strict.conformance import conforms
from structkit.values import ABSENT, JSON, JSONPath, JSONValue, format_path, value_at


@dataclass(frozen=True)
class PatchPlace:
    """A place that a patch asks for.

    Args:
        path: The place, in the natural value.
        field: The patch's property for it.
        appends: Whether the reply continues the list there, instead of replacing what is there.
    """

    path: JSONPath
    field: Field
    appends: bool = False


Places: TypeAlias = tuple[PatchPlace, ...]


@dataclass(frozen=True)
class Patch:
    """Places of a value that are asked for without the rest of it.

    Args:
        draft: The natural value so far, invalid or unfinished at those places.
        places: The places.
        codec: The format of the reply: an object with one property per place.
    """

    draft: JSONValue
    places: Places
    codec: Codec[JSONValue]

    def merge(self, reply: JSONValue) -> JSONValue:
        """Return the draft with the reply's values at their places; a place that the reply omits is absent."""
        merged = copy.deepcopy(self.draft)
        for place in self.places:
            is_present = isinstance(reply, dict) and place.field.name in reply
            value = reply[place.field.name] if is_present else ABSENT
            if place.path:
                _set_value(merged, place, value)
            else:  # the value itself is a truncated list
                merged += _new_items(merged, value)
        return merged

    def find_equal_rows(self, value: JSONValue) -> JSONPath | None:
        """Return the path of the first new item of a list in the merged value if it equals the last item before it.

        It may be right, or repeated by the reply. Numbers are often equal, and so are the items of some lists.
        """
        path = next((place.path for place in self.places if place.appends), None)
        items, merged = (value_at(self.draft, path), value_at(value, path)) if path is not None else ([], [])
        if not isinstance(items, list) or not isinstance(merged, list) or not 0 < len(items) < len(merged):
            return None
        last = items[-1]
        is_repeated = isinstance(last, dict | str) and items.count(last) == 1 and merged[len(items)] == last
        return (*(path or ()), len(items)) if is_repeated else None

    def load_partial(self, wire: JSONValue) -> JSONValue:
        """Return an incomplete reply as natural JSON, without the places that it does not have; None if it has none."""
        try:
            return ObjectNode(tuple(place.field for place in self.places)).load(wire)
        except (WireError, RecursionError):
            return None

    def with_values(self, find_values: Callable[[JSONPath, JSON], list[JSONValue]]) -> Patch:
        """Return the patch with the values that numbers and texts may have.

        Args:
            find_values: Returns the values for a path and the schema of a scalar; none if any value may be right.
        """
        fields = [
            replace(place.field, node=_with_enum(place.field.node, partial(find_values, place.path)))
            for place in self.places
        ]
        places = tuple(replace(place, field=field) for place, field in zip(self.places, fields, strict=True))
        compiled = replace(self.codec.compiled_schema, root=_patch_object(places))
        codec = PatchCodec(self.codec.name, compiled, self.codec.member_names, self.draft, places)
        return replace(self, places=places, codec=codec)

    def has_place(self, path: JSONPath) -> bool:
        """Return whether a path is one of the places, or within one."""
        return any(path[: len(place.path)] == place.path for place in self.places)

    def covers_draft(self, reply: JSONValue) -> bool:
        """Return whether a reply that repeats the whole value has all of the draft, except at the patch's places.

        A reply that has only a few properties does not replace the draft, which would be lost otherwise.
        """
        return _has_all(reply, self.draft, {place.path for place in self.places if not place.appends}, ())

    def for_codec(self, codec: Codec[JSONValue]) -> Patch | None:
        """Return the patch of the same places for another codec, such as one in another dialect."""
        truncated_list = next((place.path for place in self.places if place.appends), None)
        paths = [place.path for place in self.places if not place.appends]
        return make_patch(codec, self.draft, paths, truncated_list)


def place_name(path: JSONPath, *, appends: bool = False) -> str:
    """Return the name that a place has in a patch.

    >>> place_name(("rows", 3, "price")), place_name((2,))
    ('rows_3_price', 'item_2')
    >>> place_name((), appends=True)
    'rest'
    """
    prefix = ["item"] if path and isinstance(path[0], int) else []
    steps = [format_path(path)] if path else []
    return wire_name("_".join([*prefix, *steps, *(["rest"] if appends else [])]))


@dataclass(frozen=True)
class PatchObject(ObjectNode):
    """The object of a patch, in which every place is required: an omitted place would go unnoticed."""

    list_name: str = ""
    """The property of the list that is continued; another value there would leave the list without what follows."""

    @property
    def is_identity(self) -> bool:
        """False, because `load` has to check the places."""
        return False

    def load(self, wire: JSONValue) -> JSONValue:
        """Load an object whose places are all present.

        Raises:
            WireError: A place is missing, or the reply has another form.
        """
        if not isinstance(wire, dict):
            raise WireError(f"Input should be {form_of(self)}")
        for field in self.fields:
            if field.wire not in wire and field.absence != "missing":
                raise WireError("required, but missing").with_step(field.name)
        if self.list_name and not isinstance(wire[self.list_name], list | None):
            raise WireError("Input should be the list of the items that follow").with_step(self.list_name)
        return super().load(wire)


class PatchCodec(UnvalidatedCodec):
    """The codec of a patch, which also reads places under the names that they have in the whole value."""

    def __init__(
        self, name: str, compiled: CompiledSchema, member_names: NamesOfValues, draft: JSONValue, places: Places
    ) -> None:
        """Create the codec of some places of a draft, with the names of the values of the whole type."""
        super().__init__(name, compiled, member_names)
        self._draft, self._places = draft, places

    def _add_names(self, wire: JSONValue, text: str, context: Any) -> tuple[JSONValue, tuple[str, ...]]:
        renamed, repairs = _with_place_names(wire, self._draft, self._places)
        return (renamed, repairs) if repairs else super()._add_names(wire, text, context)


def _with_place_names(wire: JSONValue, draft: JSONValue, places: Places) -> tuple[JSONValue, tuple[str, ...]]:
    """Return an object with the names of a patch, and the repairs: `price` or `rows[3].price` is `rows_3_price`.

    What is beside them may only repeat the draft: the same keys with other values are those of another row.
    """
    if not isinstance(wire, dict):
        return wire, ()
    counts = Counter(place.path[-1] for place in places if place.path)
    names = {
        name: place.field.wire
        for place in places
        if place.field.wire not in wire and not place.appends
        for name in _natural_names(place.path, draft, is_only=counts[place.path[-1]] == 1)
    }
    keys = [key for key in wire if key in names]
    other_names = wire.keys() - {*keys, *(place.field.wire for place in places)}
    parents = [value_at(draft, place.path[:-1]) for place in places]
    if any(all(value_at(parent, (name,)) != wire[name] for parent in parents) for name in other_names):
        return wire, ()
    if len({names[key] for key in keys}) < len(keys):
        return wire, ()
    renamed = {names.get(name, name): value for name, value in wire.items() if name not in other_names}
    return renamed, tuple(f"spelling at {names[key]}" for key in keys)


def _natural_names(path: JSONPath, draft: JSONValue, *, is_only: bool) -> Iterator[str]:
    """Yield the path of a place, and its own name if no other place and no object around its own one has that."""
    yield format_path(path)
    *parents, last = path
    has_outer = any(value_at(draft, (*parents[:length], last)) is not ABSENT for length in range(len(parents)))
    if isinstance(last, str) and is_only and not has_outer:
        yield last


def _patch_object(places: Places) -> PatchObject:
    list_name = next((place.field.name for place in places if place.appends), "")
    return PatchObject(tuple(place.field for place in places), list_name=list_name)


def _has_all(value: JSONValue, draft: JSONValue, exceptions: set[JSONPath], path: JSONPath) -> bool:
    """Return whether a value has every key of a draft and no fewer items, except at some paths."""
    if path in exceptions:
        return True
    if value is ABSENT or not isinstance(draft, dict | list):
        return value is not ABSENT
    steps = range(len(draft)) if isinstance(draft, list) else draft
    return all(_has_all(value_at(value, (step,)), draft[step], exceptions, (*path, step)) for step in steps)


def _new_items(items: list[JSONValue], reply: JSONValue) -> list[JSONValue]:
    """Return the items that a reply adds to a truncated list, without the last ones of the list if it repeats these.

    Numbers, booleans, a single item and items that are equal may repeat in a correct list, so that a continuation looks
    the same as a repetition. There, the reply is taken as the continuation that was asked for.
    """
    new_items = reply if isinstance(reply, list) else []
    has_started_over = _are_distinct(items) and new_items[: len(items)] == items
    return new_items[len(items) if has_started_over else _count_repeated(items, new_items) :]


def _count_repeated(items: list[JSONValue], new_items: list[JSONValue]) -> int:
    """Return how many of the last items, two or more that the list has once, a reply repeats."""
    if not new_items or not isinstance(new_items[0], dict | str) or items.count(new_items[0]) != 1:
        return 0
    last_items = items[items.index(new_items[0]) :]
    is_repeated = len(last_items) > 1 and new_items[: len(last_items)] == last_items
    return len(last_items) if is_repeated and _are_distinct(last_items) else 0


def _are_distinct(items: list[JSONValue]) -> bool:
    """Return whether items are records that are not all equal, or texts of which no two are equal."""
    if all(isinstance(item, dict) for item in items):
        return any(item != items[0] for item in items)
    texts = {item for item in items if isinstance(item, str)}
    return len(texts) == len(items) > 1


def _set_value(target: JSONValue, place: PatchPlace, value: JSONValue) -> None:
    """Set the value at a place in *target*, which is changed."""
    *parents, last = place.path
    holder = target
    for step in parents:
        holder = holder[step]
    if place.appends:
        holder[last] += _new_items(holder[last], value)
    elif value is not ABSENT:
        holder[last] = value
    elif isinstance(holder, dict):
        holder.pop(last, None)


def make_patch(
    codec: Codec[JSONValue], draft: JSONValue, paths: Iterable[JSONPath], truncated_list: JSONPath | None = None
) -> Patch | None:
    """Return the patch that asks for some places; None where only the whole value can be asked for.

    That is so, too, for a value that is nested deeper than the stack allows.

    Args:
        codec: The codec of the whole value.
        draft: The natural value so far.
        paths: The natural paths of what is invalid or missing.
        truncated_list: The natural path of a list to continue.
    """
    try:
        return _make_patch(codec, draft, paths, truncated_list)
    except RecursionError:
        return None


def _make_patch(
    codec: Codec[JSONValue], draft: JSONValue, paths: Iterable[JSONPath], truncated_list: JSONPath | None
) -> Patch | None:
    root = codec.compiled_schema.root
    fields = {} if truncated_list is None else {truncated_list: _list_field(root, draft, truncated_list)}
    for path in paths:
        place, field = _askable(root, draft, path)
        fields.setdefault(place, field)
    outermost = {path: field for path, field in fields.items() if not any(path[:n] in fields for n in range(len(path)))}
    names: dict[str, PatchPlace] = {}
    for path, field in outermost.items():
        appends = path == truncated_list
        if field is None or not (path or appends):
            return None
        name = unused_name(place_name(path, appends=appends), names)
        node = describe(field.node, f"{format_path(path)}{', from where it was truncated' if appends else ''}.")
        names[name] = PatchPlace(path, replace(field, name=name, wire=name, node=node), appends)
    places = tuple(names.values())
    compiled = replace(codec.compiled_schema, root=_patch_object(places), shared=False)
    if not places or compiled.excess:
        return None
    name = wire_name(f"{codec.name}_part")
    return Patch(draft, places, PatchCodec(name, compiled, codec.member_names, draft, places))


def _askable(root: Node, draft: JSONValue, path: JSONPath) -> tuple[JSONPath, Field | None]:
    """Return the longest prefix of a path that can be asked for and replaced without the rest, and its property."""
    node, value = root, draft
    reached: JSONPath = ()
    reached_field: Field | None = None
    for length, step in enumerate(path, 1):
        inner = value_at(value, (step,))
        field = child(node, step, value) if inner is not ABSENT or _can_add(value, step) else None
        if field is None:
            break
        reached, reached_field, node, value = path[:length], field, field.node, inner
    return reached, reached_field


def _can_add(value: JSONValue, step: str | int) -> bool:
    """Return whether a value can be added at an absent step; in a list, it would leave a gap."""
    return isinstance(value, dict) and isinstance(step, str)


def _list_field(root: Node, draft: JSONValue, path: JSONPath) -> Field | None:
    """Return the list at a path as a property, without bounds on its length, because the draft has a part of it."""
    reached, field = _askable(root, draft, path) if path else ((), Field("", "", _unbox(root)))
    if field is None or reached != path or not isinstance(value_at(draft, path), list):
        return None
    return replace(field, node=_without_bounds(field.node), absence="never")


def _with_enum(node: Node, find_values: Callable[[JSON], list[JSONValue]]) -> Node:
    """Return a scalar node, which may be described or nullable, with the values that are found for its schema."""
    if isinstance(node, DescribedNode):
        return replace(node, node=_with_enum(node.node, find_values))
    if isinstance(node, UnionNode):
        return replace(node, branches=tuple(_with_enum(branch, find_values) for branch in node.branches))
    if not isinstance(node, ScalarNode) or "enum" in node.schema or "const" in node.schema:
        return node
    values = [value for value in find_values(node.schema) if conforms(value, node.schema)]
    types = [*node.types]
    if not values or "boolean" in types:
        return node
    has_null = "null" in types
    return ScalarNode({"type": node.schema["type"], "enum": [*values, None] if has_null else values})


def _unbox(root: Node) -> Node:
    inner = unwrap(root)
    return inner.node if isinstance(inner, BoxedNode) else root


def _without_bounds(node: Node) -> Node:
    inner = unwrap(node)
    return ArrayNode(inner.items) if isinstance(inner, ArrayNode) else node
