"""Replies that a type accepts by accident: its schema, the call of a function, an object with nothing of the type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

from structkit.parsing.spelling import find_name, group_names
from structkit.parsing.wrapper import is_call
from structkit.schema.declared_keys import Shape
from structkit.schema.forms import form_of
from structkit.schema.nodes.box import BoxedNode
from structkit.schema.nodes.build_object import EMPTY_FIELD
from structkit.schema.nodes.node import Node
from structkit.schema.nodes.object import ObjectNode
from structkit.schema.nodes.union import flatten, resolve_node
from structkit.schema.object_places import (
    ObjectPlace,
    attribute_name,
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

IS_SCHEMA = "this is the schema; write a value: "
IS_CALL = "this is a call of a function; write the value alone: "
"""What an issue says of an object that is not a value, before the form of one."""

REMARK = re.compile(r"(?<=\S)\s*+[(\[][^()\[\]]*+[)\]]\s*+:?\Z")
"""A remark in brackets at the end of a key, such as the unit of a number."""

SCHEMA_HOLDERS = ("schema", "parameters", "json_schema", "function")
"""Where a request has the schema, which a model may repeat together with its key."""


@dataclass(frozen=True, slots=True)
class ExpectedKeys:
    """The keys of an object.

    Args:
        names: The natural and wire names.
        wire_names: The wire names, in order.
    """

    names: frozenset[str]
    wire_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnrelatedReplies:
    """What a type accepts by accident.

    Args:
        root: The node of the type.
        keys: The keys of the whole value; None where no object can be unrelated: a branch has any keys, or a box.
        box: The key of the box around the value.
        is_only_branch: Whether the value is always such an object.
        shape: The keys that the type declares.
    """

    root: Node
    keys: ExpectedKeys | None
    box: str | None
    is_only_branch: bool
    shape: Shape


def unrelated_replies(root: Node) -> UnrelatedReplies:
    """Return what a type accepts by accident."""
    node, box = resolve_node(root), None
    if isinstance(node, BoxedNode):
        box, node = node.key, resolve_node(node.node)
    branches = flatten(node)
    names = object_names(node)
    wire_names = dict.fromkeys(name for each in branches if isinstance(each, ObjectNode) for name in each.by_wire)
    keys = None if names is None else ExpectedKeys(names, (*wire_names,))
    return UnrelatedReplies(root, keys, box, len(branches) == 1, Shape((root,)))


def reject_unrelated(answer: Answer[T], wire: JSON | list[JSONValue], unrelated: UnrelatedReplies) -> Answer[T]:
    """Return the answer of a wire value, with issues if the type accepts it, or an object in it, by accident."""
    if not _has_undeclared_keys(wire, unrelated.shape):  # as most replies
        return answer
    inner = next(iter(wire.values())) if isinstance(wire, dict) and wire.keys() == {unrelated.box} else wire
    keys = unrelated.keys if answer.valid or unrelated.is_only_branch else None
    if reason := _reason(wire, inner, unrelated.box, keys):
        return replace(answer, value=None, issues=(Issue((), f"{reason}{form_of(unrelated.root)}"),))
    if keys is not None and isinstance(inner, dict) and _has_none_of(inner, keys, answer.value):
        return replace(answer, value=None, issues=(*answer.issues, Issue((), _expectation(keys))))
    issues = unrelated_issues(wire, unrelated, answer.value) if answer.valid else ()
    return replace(answer, value=None, issues=issues) if issues else answer


def unrelated_issues(wire: JSONValue, unrelated: UnrelatedReplies, value: object = None) -> tuple[Issue, ...]:
    """Return the issues of objects inside a wire value that the type accepts by accident.

    Args:
        wire: The wire value, which may be a part of a truncated reply.
        unrelated: What the type accepts by accident.
        value: The value that it has become, if it has.
    """
    if not _has_undeclared_keys(wire, unrelated.shape):
        return ()
    try:
        places = object_places(unrelated.root, wire, value)
        return tuple(islice((issue for place in places for issue in _issues_of(place)), MAX_ISSUES))
    except RecursionError:  # nested deeper than most values
        return ()


def _has_undeclared_keys(wire: JSONValue, shape: Shape) -> bool:
    try:
        return shape.has_undeclared_keys(wire)
    except RecursionError:  # nested deeper than most values
        return True


def _reason(wire: JSONValue, inner: JSONValue, box: str | None, keys: ExpectedKeys | None) -> str:
    """Return why a whole reply, which may have the box of its type, is not a value; empty without a reason."""
    if box is not None and isinstance(wire, dict) and _repeats_schema(wire, (box,)):
        return IS_SCHEMA
    return _misreading(inner, keys) if keys is not None and isinstance(inner, dict) else ""


def _issues_of(place: ObjectPlace) -> Iterator[Issue]:
    keys = ExpectedKeys(place.names, (*place.node.by_wire,))
    may_be_unrelated = bool(place.path) and may_be_accidental(place.node)  # `reject_unrelated` reads the whole reply
    if may_be_unrelated and (reason := _misreading(place.wire, keys)):
        yield Issue(place.path, f"{reason}{form_of(place.node)}")
    elif respelled_keys := _respelled_keys(place):
        for key, name in respelled_keys.items():
            yield Issue((*place.path, place.node.by_wire[name].name), f'write the key "{name}", not "{key}"')
    elif may_be_unrelated and _has_none_of(place.wire, keys, place.value):
        yield Issue(place.path, _expectation(keys))


def _respelled_keys(place: ObjectPlace) -> dict[str, str]:
    """Return the undeclared keys that are another spelling of a property that is absent, and not read as it.

    A remark in brackets may change what the value means: `Total (USD)` is not repaired.
    """
    absent = [field for field in place.node.fields if not {field.wire, field.name} & place.wire.keys()]
    names = group_names(field.wire for field in absent if not _has_value(place.value, field.name))
    undeclared = [key for key in place.wire if key not in place.names] if names else []
    return {key: name for key in undeclared if (name := find_name(REMARK.sub("", key), names)) is not None}


def _has_value(value: object, name: str) -> bool:
    """Return whether a property has a value that is not its default."""
    if isinstance(value, dict):
        return name in value
    return attribute_name(value, name) in getattr(value, "model_fields_set", ())


def _misreading(wire: JSON, keys: ExpectedKeys) -> str:
    """Return what an object is instead of a value; empty if it may be one."""
    if _repeats_schema(wire, keys.wire_names):
        return IS_SCHEMA
    return IS_CALL if is_call(wire, keys.names) else ""


def _has_none_of(wire: JSON, keys: ExpectedKeys, value: object) -> bool:
    """Return whether an object has none of the keys; an empty one may be a value of defaults alone."""
    return bool(wire) and wire.keys().isdisjoint(keys.names) and not getattr(value, "model_fields_set", False)


def _expectation(keys: ExpectedKeys) -> str:
    if keys.wire_names == (EMPTY_FIELD.wire,):
        return f'no keys are expected; write {{"{EMPTY_FIELD.wire}": null}}'
    return f"it has none of the expected keys: {', '.join(islice(keys.wire_names, MAX_LISTED_KEYS))}"


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
