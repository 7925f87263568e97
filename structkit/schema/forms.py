"""The form of a wire value as a model writes it, with the values left out: `{"Dog": {"name": ..., "breed": ...}}`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from itertools import islice

from structkit.schema.expected_values import FORMATS, TYPES, any_one_of, count_of, listed_values
from structkit.schema.memo import compute_once
from structkit.schema.nodes.any_value import AnyMapNode
from structkit.schema.nodes.array import ArrayNode
from structkit.schema.nodes.box import BoxedNode
from structkit.schema.nodes.constants import ConstantsNode
from structkit.schema.nodes.description import DescribedNode
from structkit.schema.nodes.map import MapNode
from structkit.schema.nodes.node import Field, Node
from structkit.schema.nodes.object import ObjectNode
from structkit.schema.nodes.reference import ReferenceNode
from structkit.schema.nodes.scalar import ScalarNode
from structkit.schema.nodes.tuple import TupleNode
from structkit.schema.nodes.union import UnionNode, constant_of, resolve_node
from structkit.values import JSON
from structkit.values.text import shorten, shorten_json

MAX_KEYS = 12
"""Keys of an object that its form lists."""

MAX_BRANCHES = 30
"""Branches of a union that its form lists."""

MAX_LEVELS = 3
"""Levels of boxes, lists and objects that a form shows, if it is not longer than `MAX_FORM_CHARS`."""

MAX_FORM_CHARS = 400
MAX_DESCRIPTION_CHARS = 60
"""Of the description of a string, which says what it has to be."""

PAIRS = '[{"key": ..., "value": ...}, ...]'


def form_of(node: Node) -> str:
    """Return the form of a node's wire value.

    >>> from structkit.schema.nodes import ScalarNode
    >>> name = Field("name", "name", ScalarNode({"type": "string"}))
    >>> form_of(UnionNode((ObjectNode((name,)), ArrayNode(name.node), name.node)))
    '{"name": ...}, [a string, ...] or a string'
    """
    return compute_once(_form_within_limit, node, "form", unfinished="")


def _form_within_limit(node: Node) -> str:
    forms = (_form(node, levels) for levels in range(MAX_LEVELS, 0, -1))
    return next((form for form in forms if len(form) <= MAX_FORM_CHARS), shorten(_form(node, 1), MAX_FORM_CHARS))


@singledispatch
def _form(node: Node, levels: int) -> str:  # noqa: ARG001 (read by the dispatch)
    """Return the form of a node, with the keys of as many levels of objects."""
    return TYPES.get(node.kind, "any value")


@_form.register
def _(node: DescribedNode, levels: int) -> str:
    form = _form(node.node, levels)
    is_explained = form == TYPES["string"] and len(node.text) <= MAX_DESCRIPTION_CHARS
    return f"{form} ({node.text.removesuffix('.')})" if is_explained else form


@_form.register
def _(node: ReferenceNode, levels: int) -> str:
    return _form(node.node, levels)


@_form.register
def _(node: ScalarNode, _levels: int) -> str:
    if values := node.allowed_values(None) if node.schema.keys() & {"const", "enum"} else []:
        return listed_values(values)
    if node.schema.get("format") in FORMATS:
        return FORMATS[node.schema["format"]]
    return any_one_of([TYPES[name] for name in node.types])


@_form.register
def _(node: ConstantsNode, _levels: int) -> str:
    return listed_values([*node.texts])


@_form.register
def _(_node: MapNode | AnyMapNode, _levels: int) -> str:
    return PAIRS


@_form.register
def _(node: ArrayNode, levels: int) -> str:
    length = _length(node.bounds)
    return f"[{_inner(node.items, levels)}, ...]{f' ({length})' if length else ''}"


def _length(bounds: JSON) -> str:
    """Return how many items a list has.

    >>> _length({"minItems": 2, "maxItems": 2}), _length({"minItems": 1}), _length({"minItems": 0, "maxItems": 3})
    ('2 items', 'at least 1 item', 'at most 3 items')
    """
    low, high = bounds.get("minItems", 0), bounds.get("maxItems")
    if high is None:
        return f"at least {count_of(low, 'item')}" if low else ""
    if low == high:
        return count_of(low, "item")
    return f"{low} to {count_of(high, 'item')}" if low else f"at most {count_of(high, 'item')}"


@_form.register
def _(node: BoxedNode, levels: int) -> str:
    return f"{{{shorten_json(node.key)}: {_inner(node.node, levels)}}}"


@_form.register
def _(node: TupleNode, levels: int) -> str:
    return _form(node.object, levels)


@_form.register
def _(node: ObjectNode, levels: int) -> str:
    if node.is_box:
        return f"{{{shorten_json(node.fields[0].wire)}: {_inner(node.fields[0].node, levels)}}}"
    members = [f"{shorten_json(field.wire)}: {_value(field)}" for field in islice(node.all_fields, MAX_KEYS)]
    return f"{{{', '.join([*members, *(['...'] if len(node.all_fields) > MAX_KEYS else [])])}}}"


@_form.register
def _(node: UnionNode, levels: int) -> str:
    forms = dict.fromkeys(_form(branch, levels) for branch in islice(_branches(node), MAX_BRANCHES))
    return any_one_of([*forms, *(["..."] if len(node.branches) > MAX_BRANCHES else [])])


def _branches(node: UnionNode) -> Iterator[Node]:
    """Yield the branches of a union and of the unions among them, each once."""
    visited: set[int] = set()
    stack: list[Node] = [*reversed(node.branches)]
    while stack:
        branch = stack.pop()
        inner = resolve_node(branch)
        if id(inner) in visited:
            continue
        visited.add(id(inner))
        if isinstance(inner, UnionNode):
            stack += reversed(inner.branches)
        else:
            yield branch


def _inner(node: Node, levels: int) -> str:
    """Return the form of what is in a box or a list."""
    return _form(node, levels - 1) if levels > 1 else "..."


def _value(field: Field) -> str:
    constant = constant_of(field.node)
    return "..." if constant is None else shorten_json(constant)
