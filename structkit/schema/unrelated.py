"""Replies that a type accepts by accident: its schema, the call of a function, an object with nothing of the type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

from structkit.parsing.spelling import find_name, index_names
from structkit.parsing.wrapper import is_call
from structkit.schema.declared_keys import Shape
from structkit.schema.forms import form_of
from structkit.schema.nodes.box import BoxedNode
from structkit.schema.nodes.node import Node
from structkit.schema.nodes.object import ObjectNode
from structkit.schema.nodes.union import flatten, resolve_node
from structkit.schema.object_places import (
    ObjectPlace,
    attribute_name,
    has_optional_properties,
    may_be_accidental,
    object_names,
    object_places,
)
from structkit.values import JSON, Answer, Issue, JSONValue

T = TypeVar("T")

MAX_LISTED_KEYS = 5
"""Expected keys that an issue lists where a reply has none of them."""

MAX_ISSUES = 100
"""Places of one reply that are reported."""

SCHEMA_REPEATED = "this is the schema; write a value: "

SCHEMA_HOLDERS = ("schema", "parameters", "json_schema", "function")
"""Where a request has the schema, which a model may repeat together with its key."""


@dataclass(frozen=True, slots=True)
class ExpectedKeys:
    """The keys of an object.

    Args:
        names: The natural and wire names.
        wire_names: The wire names, in order.
        form: The form of the object.
    """

    names: frozenset[str]
    wire_names: tuple[str, ...]
    form: str


@dataclass(frozen=True, slots=True)
class UnrelatedReplies:
    """What a type accepts by accident.

    Args:
        root: The node of the type.
        keys: The keys of the whole value; None where no object can be unrelated: a branch has any keys, or a box.
        box: The key of the box around the value.
        is_only_branch: Whether the value is always such an object.
        has_optional_properties: Whether an object of the type has properties that may be absent, at any depth.
        shape: The keys that the type declares.
    """

    root: Node
    keys: ExpectedKeys | None
    box: str | None
    is_only_branch: bool
    has_optional_properties: bool
    shape: Shape


def unrelated_replies(root: Node) -> UnrelatedReplies:
    """Return what a type accepts by accident."""
    node, box = resolve_node(root), None
    if isinstance(node, BoxedNode):
        box, node = node.key, resolve_node(node.node)
    branches = flatten(node)
    names = object_names(node)
    wire_names = dict.fromkeys(name for each in branches if isinstance(each, ObjectNode) for name in each.by_wire)
    keys = None if names is None else ExpectedKeys(names, (*wire_names,), form_of(root))
    return UnrelatedReplies(root, keys, box, len(branches) == 1, has_optional_properties(root), Shape((root,)))


def reject_unrelated(answer: Answer[T], wire: JSON | list[JSONValue], unrelated: UnrelatedReplies) -> Answer[T]:
    """Return the answer of a wire value, with issues if the type accepts it, or an object in it, by accident."""
    if not _has_undeclared_keys(wire, unrelated.shape):  # as most replies
        return answer
    if unrelated.box is not None and isinstance(wire, dict) and _repeats_schema(wire, (unrelated.box,)):
        return replace(answer, value=None, issues=(Issue((), f"{SCHEMA_REPEATED}{form_of(unrelated.root)}"),))
    if unrelated.keys is not None:
        inner = next(iter(wire.values())) if isinstance(wire, dict) and wire.keys() == {unrelated.box} else wire
        issue = _find_issue(inner, unrelated.keys, answer.value) if isinstance(inner, dict) else None
        if issue is not None and (answer.valid or unrelated.is_only_branch):
            issues = () if issue.message.startswith("this is") else answer.issues
            return replace(answer, value=None, issues=(*issues, issue))
    issues = inner_issues(wire, unrelated, answer.value) if answer.valid else ()
    return replace(answer, value=None, issues=issues) if issues else answer


def inner_issues(wire: JSONValue, unrelated: UnrelatedReplies, value: object = None) -> tuple[Issue, ...]:
    """Return the issues of objects in a wire value that the type accepts by accident.

    Args:
        wire: The wire value, which may be a part of a truncated reply.
        unrelated: What the type accepts by accident.
        value: The value that it has become, if it has.
    """
    if not unrelated.has_optional_properties or not _has_undeclared_keys(wire, unrelated.shape):
        return ()
    try:
        return tuple(islice(_inner_issues(unrelated.root, wire, value), MAX_ISSUES))
    except RecursionError:  # nested deeper than most values
        return ()


def _has_undeclared_keys(wire: JSONValue, shape: Shape) -> bool:
    try:
        return shape.has_undeclared_keys(wire)
    except RecursionError:  # nested deeper than most values
        return True


def _inner_issues(root: Node, wire: JSONValue, value: object) -> Iterator[Issue]:
    for place in object_places(root, wire, value):
        keys = ExpectedKeys(place.names, (*place.node.by_wire,), "")
        issue = _find_issue(place.wire, keys, place.value) if place.path and may_be_accidental(place.node) else None
        if issue is not None and issue.message.startswith("this is"):
            yield Issue(place.path, f"{issue.message}{form_of(place.node)}")
        elif issue is not None and not _respelled_keys(place):
            yield replace(issue, path=place.path)
        else:
            for key, name in _respelled_keys(place).items():
                yield Issue((*place.path, place.node.by_wire[name].name), f'write the key "{name}", not "{key}"')


def _respelled_keys(place: ObjectPlace) -> dict[str, str]:
    """Return the undeclared keys that are another spelling of a property that is absent, and not read as it."""
    absent = [field for field in place.node.fields if not {field.wire, field.name} & place.wire.keys()]
    names = index_names(field.wire for field in absent if not _has_value(place.value, field.name))
    undeclared = [key for key in place.wire if key not in place.names] if names else []
    return {key: name for key in undeclared if (name := find_name(key, names)) is not None}


def _has_value(value: object, name: str) -> bool:
    """Return whether a property has a value that is not its default."""
    if isinstance(value, dict):
        return name in value
    return attribute_name(value, name) in getattr(value, "model_fields_set", ())


def _find_issue(wire: JSON, keys: ExpectedKeys, value: object) -> Issue | None:
    """Return why an object is not a value of the type; an empty one may be a value of defaults alone."""
    if not wire:
        return None
    if _repeats_schema(wire, keys.wire_names):
        return Issue((), f"{SCHEMA_REPEATED}{keys.form}")
    if is_call(wire, keys.names):
        return Issue((), f"this is a call of a function; write the value alone: {keys.form}")
    if not wire.keys().isdisjoint(keys.names) or getattr(value, "model_fields_set", False):
        return None
    return Issue((), f"it has none of the expected keys: {', '.join(islice(keys.wire_names, MAX_LISTED_KEYS))}")


def _repeats_schema(wire: JSON, names: tuple[str, ...]) -> bool:
    """Return whether an object is the schema that the request contained, or what contained it there."""
    parts = (wire, *map(wire.get, SCHEMA_HOLDERS)) if "properties" not in names else ()
    return any(
        isinstance(part, dict)
        and isinstance(properties := part.get("properties"), dict)
        and properties.keys() == {*names}
        and "type" in part
        for part in parts
    )
