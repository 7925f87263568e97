"""Values of unions without the tag of their branch, as models write them: which branch such a value fits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import singledispatchmethod
from typing import TypeAlias

from structkit.parsing.spelling import find_name, group_names
from structkit.schema.branch_fit import box_key, fits, has_keys, is_boxed, unboxed, union_tag, with_tag
from structkit.schema.memo import shared_results
from structkit.schema.nodes.array import ArrayNode
from structkit.schema.nodes.box import BoxedNode
from structkit.schema.nodes.description import DescribedNode
from structkit.schema.nodes.map import MapNode, is_pair, may_be_pair
from structkit.schema.nodes.node import Node
from structkit.schema.nodes.object import ObjectNode
from structkit.schema.nodes.reference import ReferenceNode
from structkit.schema.nodes.scalar import ScalarNode
from structkit.schema.nodes.tuple import TupleNode
from structkit.schema.nodes.union import UnionNode, resolve_node
from structkit.values import Issue, JSONPath, JSONValue, ValueRepair, format_path

MAX_CHOICES = 10
"""Branches that a value may fit by its keys; if more do, validation does not choose among them."""

CLASS_KEYS = ("type", "kind")
"""Where a model writes the class of an object, although its schema has no such property."""

MIN_MEMBERS = 2
"""An object has something beside the name of its class."""

REPAIR: ValueRepair = "missing tag"

Validate: TypeAlias = "Callable[[JSONValue], tuple[Issue, ...]]"
"""Returns the issues of a wire value, with natural paths."""


def add_tags(root: Node, wire: JSONValue, validate: Validate) -> tuple[JSONValue, tuple[str, ...]]:
    """Return a wire value with the missing tags of unions, where exactly one branch fits the value without its tag.

    Maps and tuples that are written as the type has them get the form of the wire, where they can be repaired. A text
    that differs in spelling from one of an enum too long to be sent is replaced by it.

    A tag is the key of a branch's box, as in `{"Dog": {"name": "Rex"}}`, or a constant that distinguishes the branches.
    Instead of a box, a value may name it, as in `{"type": "dog", "name": "Rex"}`.
    A branch fits if it has all keys of the value, at any depth, and the value has all that the branch requires, in the
    right types. If several branches fit, the value is validated as each of them, and exactly one must be valid.

    Args:
        root: The node of the whole value.
        wire: The value.
        validate: Chooses among several branches that fit.

    Returns:
        The value (the same object if nothing was changed), and a description of each repair.
    """
    walk = _TagWalk({})
    try:
        with shared_results():
            tagged = walk.add(root, wire, PathPair())
        if walk.undecided:
            walk = _TagWalk(_valid_choices(root, wire, walk.undecided, validate))
            tagged = walk.add(root, wire, PathPair())
    except RecursionError:  # nested deeper than any validator accepts
        return wire, ()
    return (tagged, tuple(walk.repairs)) if walk.is_changed else (wire, ())


def _valid_choices(
    root: Node, wire: JSONValue, undecided: dict[PathPair, int], validate: Validate
) -> dict[PathPair, int]:
    """Return, for each place where exactly one branch is valid, the position of that branch.

    Each round validates the whole value once, with the next branch at every place.
    """
    valid: dict[PathPair, list[int]] = {place: [] for place, count in undecided.items() if count <= MAX_CHOICES}
    for choice in range(max((undecided[place] for place in valid), default=0)):
        walk = _TagWalk({place: choice for place in valid if choice < undecided[place]})
        invalid = [issue.path for issue in validate(walk.add(root, wire, PathPair()))]
        undecided_paths = [place.natural for place in walk.undecided]
        for place in walk.choices:
            if _has_inside(place.natural, undecided_paths):  # a branch cannot be validated without its own tags
                del valid[place]
            elif not _has_inside(place.natural, invalid):
                valid[place].append(choice)
    return {place: choices[0] for place, choices in valid.items() if len(choices) == 1}


def _has_inside(place: JSONPath, paths: Collection[JSONPath]) -> bool:
    """Return whether a path leads to a place or into it."""
    return any(path[: len(place)] == place for path in paths)


@dataclass(frozen=True, slots=True)
class PathPair:
    """A place in a value: its path on the wire, and its path in the type."""

    wire: JSONPath = ()
    natural: JSONPath = ()

    def step(self, wire: str | int, natural: str | int) -> PathPair:
        """Return the place one level below."""
        return PathPair((*self.wire, wire), (*self.natural, natural))

    def in_box(self, key: str) -> PathPair:
        """Return the place in a box, which the type does not have."""
        return PathPair((*self.wire, key), self.natural)


class _TagWalk:
    """A walk through a value and its nodes, which adds tags and collects the repairs.

    Attributes:
        repairs: The repairs.
        undecided: For each place where several branches fit and none is chosen, their number.
        is_changed: Whether a tag was added, or a map or a tuple was written in the form of the wire.
    """

    def __init__(self, choices: dict[PathPair, int]) -> None:
        """Start a walk with the position of the branch that is chosen for each place where several fit.

        A union in the box of another one has the same natural path, and a choice of its own.
        """
        self.choices = choices
        self.repairs: list[str] = []
        self.undecided: dict[PathPair, int] = {}
        self.is_changed = False

    @singledispatchmethod
    def add(self, node: Node, wire: JSONValue, place: PathPair) -> JSONValue:  # noqa: ARG002 (read by the dispatch)
        """Return the wire value of a node with the tags that are missing in it."""
        return wire

    @add.register(DescribedNode | ReferenceNode)
    def _(self, node: DescribedNode | ReferenceNode, wire: JSONValue, place: PathPair) -> JSONValue:
        return self.add(node.node, wire, place)

    @add.register
    def _(self, node: ScalarNode, wire: JSONValue, place: PathPair) -> JSONValue:
        name = find_name(wire, node.unsent_names) if node.unsent_texts and isinstance(wire, str) else None
        if name is None or name == wire:
            return wire
        self.is_changed = True
        self.repairs.append(f"spelling at {format_path(place.wire)}")
        return name

    @add.register
    def _(self, node: BoxedNode, wire: JSONValue, place: PathPair) -> JSONValue:
        if is_boxed(wire, node.key):
            return {node.key: self.add(node.node, wire[node.key], place.in_box(node.key))}
        return self.add(node.node, wire, place)

    @add.register
    def _(self, node: ArrayNode, wire: JSONValue, place: PathPair) -> JSONValue:
        if not isinstance(wire, list):
            return wire
        return [self.add(node.items, item, place.step(index, index)) for index, item in enumerate(wire)]

    @add.register
    def _(self, node: MapNode, wire: JSONValue, place: PathPair) -> JSONValue:
        if may_be_pair(wire):  # one pair, or a map with these keys
            return wire
        pairs = [{"key": key, "value": item} for key, item in wire.items()] if isinstance(wire, dict) else wire
        if not isinstance(pairs, list) or not all(map(is_pair, pairs)):
            return wire
        self.is_changed |= pairs is not wire
        return [
            {
                "key": pair["key"],
                "value": self.add(node.value, pair["value"], place.step(index, pair["key"]).in_box("value")),
            }
            for index, pair in enumerate(pairs)
        ]

    @add.register
    def _(self, node: ObjectNode, wire: JSONValue, place: PathPair) -> JSONValue:
        if node.is_box:
            return self._add_to_box(node, wire, place)
        if not isinstance(wire, dict):
            return wire
        return {
            key: self.add(node.by_wire[key].node, item, place.step(key, node.by_wire[key].name))
            if key in node.by_wire
            else item
            for key, item in wire.items()
        }

    def _add_to_box(self, box: ObjectNode, wire: JSONValue, place: PathPair) -> JSONValue:
        field = box.fields[0]
        if not is_boxed(wire, field.wire):
            return wire
        return {field.wire: self.add(field.node, wire[field.wire], place.in_box(field.wire))}

    @add.register
    def _(self, node: TupleNode, wire: JSONValue, place: PathPair) -> JSONValue:
        items = node.as_object(wire) if isinstance(wire, list) and node.has_valid_length(wire) else wire
        if not isinstance(items, dict):
            return wire
        self.is_changed |= items is not wire
        return {
            key: self.add(node.object.by_wire[key].node, item, place.step(key, position))
            if key in node.object.by_wire
            else item
            for position, (key, item) in enumerate(items.items())
        }

    @add.register
    def _(self, node: UnionNode, wire: JSONValue, place: PathPair) -> JSONValue:
        if wire is None or node.single_branch:
            return wire if wire is None or node.single_branch is None else self.add(node.single_branch, wire, place)
        branches = possible_branches(node, wire)
        if len(branches) != 1 and place not in self.choices:
            self.undecided |= {place: len(branches)} if branches else {}
            return wire
        branch, tagged = branches[self.choices.get(place, 0)]
        if tagged is not wire:
            self.is_changed = True
            self.repairs.append(f"{REPAIR} at {format_path(place.wire)}")
        return self.add(branch, tagged, place)


def possible_branches(node: UnionNode, wire: JSONValue) -> list[tuple[Node, JSONValue]]:
    """Return the branches that a value of a union may be for, each with the value in its box or with its tag.

    A value that has its tag already is for the first branch that it fits, as it is when it is loaded. Branches that a
    value fits by its keys only count if no branch fits by the types too, and if there is one of them. A branch that
    takes any key takes none from a branch that declares them all, whatever is wrong with their values.
    """
    boxed = [branch for branch in node.branches if _is_in_box(branch, wire) and has_keys(branch, wire)]
    if boxed:
        return [(boxed[0], wire)]  # whether it is valid or not: another branch must not have what names this one
    tag = union_tag(node)
    for is_fit in (fits, has_keys):
        with_own_tag = [branch for branch in node.branches if _is_tagged(branch, tag, wire) and is_fit(branch, wire)]
        if with_own_tag:
            return [(with_own_tag[0], wire)]
        possible = [(branch, tagged) for branch in node.branches for tagged in _tagged(branch, tag, wire, is_fit)]
        if possible:
            if not all(_declares_keys(branch, wire) for branch, _ in possible) and _has_other(node, possible, wire):
                return []
            return possible if is_fit is fits or len(possible) == 1 else []
    return []


def _has_other(node: UnionNode, possible: list[tuple[Node, JSONValue]], wire: JSONValue) -> bool:
    """Return whether an object has the keys of another branch than the possible ones, and no other key."""
    impossible_branches = (branch for branch in node.branches if not any(branch is each for each, _ in possible))
    return any(
        _declares_keys(branch, wire) and has_keys(_inside(branch), _content(branch, wire))
        for branch in impossible_branches
    )


def _declares_keys(branch: Node, wire: JSONValue) -> bool:
    """Return whether a branch declares all keys of an object by name; a value of another type has none."""
    if not isinstance(content := _content(branch, wire), dict):
        return True
    inner = resolve_node(_inside(branch))
    return isinstance(inner, ObjectNode) and content.keys() <= inner.by_wire.keys()


def _inside(branch: Node) -> Node:
    return branch if box_key(branch) is None else unboxed(branch)


def _content(branch: Node, wire: JSONValue) -> JSONValue:
    """Return a value as what would be in the box of a branch."""
    key = box_key(branch)
    return wire if key is None else _without_class_name(unboxed(branch), key, wire)


def _is_in_box(branch: Node, wire: JSONValue) -> bool:
    key = box_key(branch)
    return key is not None and is_boxed(wire, key)


def _is_tagged(branch: Node, tag: str | None, wire: JSONValue) -> bool:
    """Return whether a value has the box or the tag of a branch, or the branch has none."""
    if box_key(branch) is not None:
        return _is_in_box(branch, wire)
    return with_tag(branch, tag, wire) is wire


def _tagged(
    branch: Node, tag: str | None, wire: JSONValue, is_fit: Callable[[Node, JSONValue], bool]
) -> Iterator[JSONValue]:
    """Yield a value that lacks the box or the tag of a branch with it, if the branch fits."""
    if (key := box_key(branch)) is not None:
        content = _without_class_name(unboxed(branch), key, wire)
        if not is_boxed(wire, key) and is_fit(unboxed(branch), content):
            yield {key: content}
    elif (tagged := with_tag(branch, tag, wire)) is not wire and is_fit(branch, tagged):
        yield tagged


def _without_class_name(node: Node, box: str, wire: JSONValue) -> JSONValue:
    """Return an object without a property that only names the box of its branch, as `{"type": "circle"}`."""
    inner = resolve_node(node)
    if not isinstance(inner, ObjectNode) or not isinstance(wire, dict) or len(wire) < MIN_MEMBERS:
        return wire
    box_names = group_names([box])
    names = [key for key in CLASS_KEYS if key in wire and key not in inner.by_wire and isinstance(wire[key], str)]
    if len(names) != 1 or find_name(wire[names[0]], box_names) is None:
        return wire
    return {key: item for key, item in wire.items() if key != names[0]}
