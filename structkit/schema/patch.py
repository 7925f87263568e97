"""`Patch`: some places of a value as a format of their own, and how its reply goes back into the value."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, replace

from structkit.schema.codec import Codec, Unvalidated
from structkit.schema.naming import unused_name, wire_name
from structkit.schema.nodes.array import Array
from structkit.schema.nodes.boxed import Boxed
from structkit.schema.nodes.described import Described, described
from structkit.schema.nodes.node import Field, Node, WireError
from structkit.schema.nodes.object import Object
from structkit.schema.nodes.reference import Reference
from structkit.schema.nodes.union import Union
from structkit.schema.paths import child
from structkit.values import ABSENT, JSONPath, JSONValue, format_path, value_at


@dataclass(frozen=True)
class Place:
    """A place that is asked for.

    Args:
        path: Where, in the natural value.
        field: The property that stands for it in the patch.
        appends: Whether the reply goes on with the list there, instead of replacing what is there.
    """

    path: JSONPath
    field: Field
    appends: bool = False


@dataclass(frozen=True)
class Patch:
    """Places of a value, asked for alone.

    Args:
        draft: The natural value so far, wrong or unfinished at those places.
        places: Where.
        codec: The format of the reply: an object with a property a place.
    """

    draft: JSONValue
    places: tuple[Place, ...]
    codec: Codec[JSONValue]

    def merged(self, reply: JSONValue) -> JSONValue:
        """The draft with the reply's values in their places; what the reply leaves out is absent."""
        whole = copy.deepcopy(self.draft)
        for place in self.places:
            given = isinstance(reply, dict) and place.field.name in reply
            value = reply[place.field.name] if given else ABSENT
            if place.path:
                _put(whole, place, value)
            else:  # the whole is a list that was cut
                whole += _rest(whole, value)
        return whole

    def is_within(self, whole: JSONValue) -> bool:
        """Whether a reply that gives the whole again has all of the draft, but for the places that were asked for.

        What a few of its properties say is no whole of which the rest is absent: the draft would be lost.
        """
        return _has_all(whole, self.draft, {place.path for place in self.places if not place.appends}, ())

    def of(self, codec: Codec[JSONValue]) -> Patch | None:
        """The same places of another codec, which speaks another dialect."""
        rest = next((place.path for place in self.places if place.appends), None)
        return make_patch(codec, self.draft, [place.path for place in self.places if not place.appends], rest)


def _name(path: JSONPath, *, appends: bool) -> str:
    """What a place is called in a patch.

    >>> _name(("rows", 3, "price"), appends=False), _name((2,), appends=False), _name((), appends=True)
    ('rows_3_price', 'item_2', 'rest')
    """
    inside_list = ["item"] if path and isinstance(path[0], int) else []
    shown = [format_path(path)] if path else []
    return wire_name("_".join([*inside_list, *shown, *(["rest"] if appends else [])]))


@dataclass(frozen=True)
class Asked(Object):
    """The object of a patch: every place has to be there, because what is left out would go unnoticed."""

    @property
    def identity(self) -> bool:
        """Never: the places have to be looked for."""
        return False

    def load(self, wire: JSONValue) -> JSONValue:
        """As an object's; a place that is missing is an error."""
        for field in self.fields:
            if isinstance(wire, dict) and field.wire not in wire and field.absence != "missing":
                raise WireError("required, but missing").under(field.name)
        return super().load(wire)


def _has_all(value: JSONValue, draft: JSONValue, but: set[JSONPath], path: JSONPath) -> bool:
    """Whether a value has each key that a draft has, and no fewer items, outside of some places."""
    if path in but or not isinstance(draft, dict | list):
        return True
    steps = range(len(draft)) if isinstance(draft, list) else draft
    return all(
        (*path, step) in but
        or ((inner := value_at(value, (step,))) is not ABSENT and _has_all(inner, draft[step], but, (*path, step)))
        for step in steps
    )


def _rest(kept: list[JSONValue], reply: JSONValue) -> list[JSONValue]:
    """What a reply adds to a list that it was to go on with; one that begins with all its records has started over.

    Of scalars, and of records that are all alike, nobody can tell: what was asked for is believed.
    """
    rest = reply if isinstance(reply, list) else []
    are_records = all(isinstance(item, dict) for item in kept) and any(item != kept[0] for item in kept)
    return rest[len(kept) :] if are_records and rest[: len(kept)] == kept else rest


def _put(whole: JSONValue, place: Place, value: JSONValue) -> None:
    *above, last = place.path
    holder = whole
    for step in above:
        holder = holder[step]
    if place.appends:
        holder[last] += _rest(holder[last], value)
    elif value is not ABSENT:
        holder[last] = value
    elif isinstance(holder, dict):
        holder.pop(last, None)


def make_patch(
    codec: Codec[JSONValue], draft: JSONValue, paths: Iterable[JSONPath], rest: JSONPath | None = None
) -> Patch | None:
    """The patch that asks for what stands at *paths*; None where only the whole can be asked for.

    Args:
        codec: The whole.
        draft: Its natural value so far.
        paths: What is wrong or missing, in the natural value.
        rest: A list there that has to be gone on with.
    """
    root = codec.nodes.root
    found = {} if rest is None else {rest: _list_at(root, draft, rest)}
    for path in paths:
        place, field = _askable(root, draft, path)
        found.setdefault(place, field)
    outermost = {path: field for path, field in found.items() if not any(path[:n] in found for n in range(len(path)))}
    names: dict[str, Place] = {}
    for path, field in outermost.items():
        appends = path == rest
        if field is None or not (path or appends):
            return None
        name = unused_name(_name(path, appends=appends), names)
        node = described(field.node, f"{format_path(path)}{', from where it was cut' if appends else ''}.")
        names[name] = Place(path, replace(field, name=name, wire=name, node=node), appends)
    places = tuple(names.values())
    wire = replace(codec.nodes, root=Asked(tuple(place.field for place in places)), shared=False)
    if not places or wire.excess:
        return None
    return Patch(draft, places, Codec(wire_name(f"{codec.name}_part"), Unvalidated(), wire))


def _askable(root: Node, draft: JSONValue, path: JSONPath) -> tuple[JSONPath, Field | None]:
    """The longest beginning of a path that stands for something to be asked for alone, and can be put in its place."""
    node, value = root, draft
    reached: JSONPath = ()
    best: Field | None = None
    for number, step in enumerate(path, 1):
        inner = value_at(value, (step,))
        field = child(node, step, value) if inner is not ABSENT or _has_room(value, step) else None
        if field is None:
            break
        reached, best, node, value = path[:number], field, field.node, inner
    return reached, best


def _has_room(value: JSONValue, step: str | int) -> bool:
    """Whether something can be put at a step where nothing stands; a list would be left with a gap."""
    return isinstance(value, dict) and isinstance(step, str)


def _list_at(root: Node, draft: JSONValue, path: JSONPath) -> Field | None:
    """The list at a path, without bounds on its length: part of it is there."""
    reached, field = _askable(root, draft, path) if path else ((), Field("", "", _unboxed(root)))
    if field is None or reached != path or not isinstance(value_at(draft, path), list):
        return None
    return replace(field, node=_unbounded(field.node), absence="never")


def _unboxed(root: Node) -> Node:
    inner = _plain(root)
    return inner.node if isinstance(inner, Boxed) else root


def _unbounded(node: Node) -> Node:
    inner = _plain(node)
    return Array(inner.items) if isinstance(inner, Array) else node


def _plain(node: Node) -> Node:
    """The node itself, where it stands under a description, a reference, or beside null."""
    while True:
        if isinstance(node, Described | Reference):
            node = node.node
        elif isinstance(node, Union) and node.only is not None:
            node = node.only
        else:
            return node


def find_cut(root: Node, wire: JSONValue, path: JSONPath) -> tuple[JSONPath, list[JSONPath]] | None:
    """Where a list that was cut stands in the natural value, and what around it had not been said by then.

    Args:
        root: The whole.
        wire: Its wire value up to the cut.
        path: The list in it.

    Returns:
        The list's natural path, and those of the properties that were still to come, the optional ones among them;
        None where the list cannot be gone on with alone, or keys that no property declares were still to come.
    """
    node = root
    natural: JSONPath = ()
    unsaid: list[JSONPath] = []
    for step in path:
        node = _plain(node)
        if isinstance(node, Boxed) and step == node.key:
            node = node.node
        elif isinstance(node, Array):
            natural, node = (*natural, step), node.items
        elif isinstance(node, Object) and step in node.by_wire and (node.rest is None or node.rest.wire in wire):
            unsaid += [(*natural, field.name) for field in node.fields if field.wire not in wire]
            natural, node = (*natural, node.by_wire[str(step)].name), node.by_wire[str(step)].node
        else:
            return None
        wire = wire[step]
    return (natural, unsaid) if isinstance(_plain(node), Array) else None
