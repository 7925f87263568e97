"""Replies that a type accepts by accident: its schema, the call of a function, an object with nothing of the type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

from structkit.parsing.wrapper import CALL_NAMES, is_call
from structkit.schema.nodes.array import ArrayNode
from structkit.schema.nodes.box import BoxedNode
from structkit.schema.nodes.map import MapNode
from structkit.schema.nodes.node import Node
from structkit.schema.nodes.object import ObjectNode
from structkit.schema.nodes.union import UnionNode, flatten, resolve_node
from structkit.values import JSON, Answer, Issue, JSONValue

T = TypeVar("T")

MAX_LISTED_KEYS = 5
"""Expected keys that an issue lists where a reply has none of them."""

SCHEMA_HOLDERS = ("schema", "parameters", "json_schema", "function")
"""Where a request has the schema, which a model may repeat together with its key."""


@dataclass(frozen=True, slots=True)
class ExpectedKeys:
    """The keys of an object, or of the items of a list.

    Args:
        names: The natural and wire names.
        wire_names: The wire names, in order.
        box: The key of the box around the value.
        is_list: Whether they are those of the items.
        is_only_branch: Whether the value is always such an object.
    """

    names: frozenset[str]
    wire_names: tuple[str, ...]
    box: str | None
    is_list: bool
    is_only_branch: bool


def expected_keys(root: Node) -> ExpectedKeys | None:
    """Return the keys of a type; None where no object can be unrelated: where a branch has any keys, or a box."""
    node, box, is_list = resolve_node(root), None, False
    if isinstance(node, BoxedNode):
        box, node = node.key, resolve_node(node.node)
    branch = node.single_branch if isinstance(node, UnionNode) else node
    array = None if branch is None else resolve_node(branch)
    if isinstance(array, ArrayNode):
        is_list, node = True, resolve_node(array.items)
    branches = flatten(node)
    objects = [each for each in branches if isinstance(each, ObjectNode)]
    if len(objects) < len([each for each in branches if each.kind in {"object", "any"} or isinstance(each, MapNode)]):
        return None
    if not objects or any(each.extra_keys is not None or each.is_box for each in objects):
        return None
    if is_list and not any(map(_may_be_accidental, objects)):
        return None
    names = frozenset().union(*(each.names | each.by_wire.keys() for each in objects))
    wire_names = tuple(dict.fromkeys(name for each in objects for name in each.by_wire))
    return ExpectedKeys(names, wire_names, box, is_list, len(branches) == 1 and not is_list)


def _may_be_accidental(node: ObjectNode) -> bool:
    """Return whether an object may be valid that has nothing of a node, or only what the call of a function has."""
    required = {field.name for field in node.all_fields if field.absence == "never"}
    return not required or (len(required) == 1 and bool(required & CALL_NAMES))


def reject_unrelated(answer: Answer[T], wire: JSONValue, keys: ExpectedKeys, form: str) -> Answer[T]:
    """Return the answer of a wire value, with an issue if the type accepts it by accident."""
    inner = wire[keys.box] if isinstance(wire, dict) and wire.keys() == {keys.box} else wire
    if keys.is_list:
        return _reject_items(answer, inner, keys, form) if answer.valid and isinstance(inner, list) else answer
    issue = _find_issue(inner, keys, form, answer.value) if isinstance(inner, dict) else None
    if issue is None or not (answer.valid or keys.is_only_branch):
        return answer
    issues = () if issue.message.startswith("this is") else answer.issues
    return replace(answer, value=None, issues=(*issues, issue))


def _reject_items(answer: Answer[T], items: list[JSONValue], keys: ExpectedKeys, form: str) -> Answer[T]:
    value: object = answer.value
    values = value if isinstance(value, list) and len(value) == len(items) else [None] * len(items)
    issues = tuple(_item_issues(items, values, keys, form))
    return replace(answer, value=None, issues=issues) if issues else answer


def _item_issues(items: list[JSONValue], values: Sequence[object], keys: ExpectedKeys, form: str) -> Iterator[Issue]:
    for position, (item, value) in enumerate(zip(items, values, strict=True)):
        if isinstance(item, dict) and (issue := _find_issue(item, keys, form, value)) is not None:
            yield replace(issue, path=(position,))


def _find_issue(wire: JSON, keys: ExpectedKeys, form: str, value: object) -> Issue | None:
    """Return why an object is not a value of the type; an empty one may be a value of defaults alone."""
    if not wire:
        return None
    if any(_is_schema_echo(part, keys) for part in (wire, *map(wire.get, SCHEMA_HOLDERS)) if isinstance(part, dict)):
        return Issue((), f"this is the schema; write a value: {form}")
    if is_call(wire, keys.names):
        return Issue((), f"this is a call of a function; write the value alone: {form}")
    if not wire.keys().isdisjoint(keys.names) or getattr(value, "model_fields_set", False):
        return None
    return Issue((), f"it has none of the expected keys: {', '.join(islice(keys.wire_names, MAX_LISTED_KEYS))}")


def _is_schema_echo(wire: JSON, keys: ExpectedKeys) -> bool:
    """Return whether an object is the schema that the request contained."""
    properties = wire.get("properties")
    return (
        isinstance(properties, dict)
        and "properties" not in keys.wire_names
        and properties.keys() == {*keys.wire_names}
        and "type" in wire
    )
