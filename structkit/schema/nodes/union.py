"""Unions: `anyOf`, each branch told apart by its JSON type, its constant, or its box."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from structkit.schema.json_types import json_type
from structkit.schema.keywords import BOXED_BRANCH
from structkit.schema.naming import unused_name, wire_name
from structkit.schema.nodes.any_value import AnyValueNode
from structkit.schema.nodes.box import BoxedNode
from structkit.schema.nodes.context import Compiler
from structkit.schema.nodes.description import DescribedNode, describe, description_of, without_description
from structkit.schema.nodes.json_text import JSONTextNode
from structkit.schema.nodes.node import Field, Node, WireError
from structkit.schema.nodes.object import ObjectNode
from structkit.schema.nodes.other_types import OtherTypesNode
from structkit.schema.nodes.reference import ReferenceNode
from structkit.schema.nodes.scalar import NULL, ScalarNode
from structkit.schema.unsatisfiable import UnsatisfiableSchema
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.text import shorten_json


@dataclass(frozen=True)
class UnionNode:
    """One of several nodes; the first that looks right is taken.

    >>> from structkit.schema.nodes import ScalarNode
    >>> UnionNode((ScalarNode({"type": "integer"}), ScalarNode({"type": "null"}))).schema
    {'anyOf': [{'type': 'integer'}, {'type': 'null'}]}
    """

    branches: tuple[Node, ...]

    kind = "any"

    @property
    def is_identity(self) -> bool:
        """When every branch is, and no tag can be missed."""
        return all(branch.is_identity for branch in self.branches) and not _tags(self.branches)

    @property
    def schema(self) -> JSON:
        """`anyOf` of the branches."""
        return {"anyOf": [branch.schema for branch in self.branches]}

    def dump(self, value: JSONValue) -> JSONValue:
        """By the branch that holds the value."""
        branch = next((branch for branch in self.branches if branch.matches_value(value)), self.single_branch)
        return value if branch is None else branch.dump(value)

    def load(self, wire: JSONValue) -> JSONValue:
        """By the branch that reads the value."""
        if isinstance(wire, dict) and self._tags and self._tags[0].name not in wire:
            wanted = ", ".join(shorten_json(constant_of(tag.node)) for tag in self._tags)
            raise WireError(f"required: one of {wanted}").with_step(self._tags[0].name)
        branch = self.single_branch or self._read_by(wire)
        return wire if wire is None or branch is None else branch.load(wire)

    @cached_property
    def _tags(self) -> list[Field]:
        """As below; asked only when all definitions are known."""
        return _tags(self.branches)

    @cached_property
    def single_branch(self) -> Node | None:
        """The one branch beside null, where there is just one."""
        others = [branch for branch in self.branches if branch is not NULL]
        return others[0] if len(others) == 1 else None

    def _read_by(self, wire: JSONValue) -> Node | None:
        """The branch that reads the value; or, where it has a mistake in it, one of its JSON type."""
        for branch in self.branches:
            if branch.matches_wire(wire):
                return branch
        return next((branch for branch in self.branches if branch.kind == json_type(wire)), None)

    def matches_value(self, value: JSONValue) -> bool:
        """When a branch does."""
        return any(branch.matches_value(value) for branch in self.branches)

    def matches_wire(self, wire: JSONValue) -> bool:
        """When a branch does."""
        return any(branch.matches_wire(wire) for branch in self.branches)


ANY_TEXT = JSONTextNode()

LOOK_ALIKE = "branches that look alike are boxed under their names"


def any_of(nodes: Sequence[Node]) -> Node:
    """One of *nodes*; nested unions are flattened where nothing is said of them."""
    if len(nodes) == 1:
        return nodes[0]
    return UnionNode(
        tuple(inner for node in nodes for inner in (node.branches if isinstance(node, UnionNode) else (node,)))
    )


def nullable(node: Node) -> Node:
    """*node* or null; what is said of the node is said of both.

    A scalar becomes `"type": [T, "null"]`, the form that OpenAI's guide gives for optional values.

    >>> nullable(describe(ScalarNode({"type": "integer"}), "A count.")).schema
    {'type': ['integer', 'null'], 'description': 'A count.'}
    """
    inner = without_description(node)
    if isinstance(inner, ScalarNode) and inner.may_be_nullable:
        return describe(ScalarNode({**inner.schema, "type": [inner.schema["type"], "null"]}), description_of(node))
    return describe(any_of([inner, NULL]), description_of(node))


def build_union(schema: JSON, path: JSONPath, compiler: Compiler) -> Node:
    """`anyOf` or `oneOf`: bare where the branches cannot be confused on the wire, boxed where they can."""
    parts = [part for name in ("anyOf", "oneOf") for part in schema.get(name, ())]
    wanted = [part for part in parts if part != {"type": "null"}]
    if not wanted:
        return NULL
    wanted, nodes = _distinct(*_possible(wanted, path, compiler))
    if any(isinstance(resolve_node(node), AnyValueNode) or resolve_node(node) == ANY_TEXT for node in nodes):
        return compiler.anything()
    if "oneOf" in schema and not compiler.defaults_apply:
        compiler.note(path, "checked locally", "oneOf: that no second branch fits")
    if any(part.get(BOXED_BRANCH) for part in wanted):
        compiler.note(path, "rewritten", LOOK_ALIKE)
    others, nodes = _take_out_others(nodes)
    node = any_of([*others, *_apart(nodes, wanted, path, compiler)])
    return nullable(node) if {"type": "null"} in parts else node


def _possible(parts: list[JSON], path: JSONPath, compiler: Compiler) -> tuple[list[JSON], list[Node]]:
    """The branches that some value can fit; the last reason where there is none."""
    built: list[tuple[JSON, Node]] = []
    for position, part in enumerate(parts):
        try:
            built.append((part, compiler.build(part, path)))
        except UnsatisfiableSchema:
            if not built and position == len(parts) - 1:
                raise
            compiler.note(path, "dropped", f"a branch that no value can fit: {shorten_json(part)}")
    return [part for part, _ in built], [node for _, node in built]


def _distinct(parts: list[JSON], nodes: list[Node]) -> tuple[list[JSON], list[Node]]:
    """The branches without those that are another one over again; what is said of these is said of that."""
    kept: list[int] = []
    alike: dict[str, list[int]] = {}
    for position, node in enumerate(nodes):
        others = alike.setdefault(json.dumps(without_description(node).schema), [])
        twin = next((other for other in others if without_description(nodes[other]) == without_description(node)), None)
        if twin is None:
            others.append(position)
            kept.append(position)
        else:
            nodes[twin] = describe(nodes[twin], description_of(nodes[twin]), description_of(node))
    return [parts[position] for position in kept], [nodes[position] for position in kept]


def _take_out_others(nodes: list[Node]) -> tuple[list[Node], list[Node]]:
    """The places for values of other types, each once, and the branches without theirs."""
    others: dict[str, Node] = {}
    bereft: list[Node] = []
    for node in nodes:
        inner = without_description(node)
        if isinstance(inner, UnionNode) and isinstance(resolve_node(inner.branches[0]), OtherTypesNode):
            others[json.dumps(inner.branches[0].schema)] = inner.branches[0]
            node = describe(any_of(inner.branches[1:]), description_of(node))  # noqa: PLW2901 (the same one, with less)
        bereft.append(node)
    return [*others.values()], bereft


def writes_null_as_text(node: Node) -> bool:
    """Whether the node writes null as text, so that a bare null can stand for what is absent."""
    inner = resolve_node(node)
    return isinstance(inner, UnionNode) and isinstance(resolve_node(inner.branches[0]), OtherTypesNode)


def _apart(nodes: list[Node], parts: list[JSON], path: JSONPath, compiler: Compiler) -> list[Node]:
    """The branches, boxed under their names when two of them could be mistaken for each other."""
    objects = [node for node in nodes if node.kind == "object" or _holds_objects(node)]
    arrays = [node for node in nodes if node.kind == "array"]
    confused = [] if _are_distinct(objects) else objects
    confused += [] if len(arrays) < 2 or all(node.is_identity for node in arrays) else arrays  # noqa: PLR2004
    texts = [node for node in nodes if node.kind == "string"]
    confused += (
        texts if len(texts) > 1 and any(isinstance(without_description(node), JSONTextNode) for node in texts) else []
    )
    if not confused:
        return nodes
    compiler.note(path, "rewritten", LOOK_ALIKE)
    names: dict[str, Node] = {}
    boxed: list[Node] = []
    for node, part in zip(nodes, parts, strict=True):
        if not any(node is other for other in confused):
            boxed.append(node)
            continue
        name = unused_name(_branch_name(part, compiler), names)
        names[name] = node
        boxed.append(BoxedNode(node, name))
    return boxed


def _are_distinct(objects: list[Node]) -> bool:
    """Whether the first properties tell the branches apart: by their names, or by different constants.

    OpenAI refuses more: "Objects provided via 'anyOf' must not share identical first keys" (reported;
    a shared first key with different constants is in recorded, accepted traffic).
    """
    leads = [_lead(node) for node in objects]
    if len(leads) < 2:  # noqa: PLR2004
        return True
    if None in leads:
        return False
    names = {field.wire for field in leads if field}
    constants = {repr(constant_of(field.node)) for field in leads if field} - {"None"}
    return len(names) == len(leads) or (len(names) == 1 and len(constants) == len(leads))


def _tags(branches: Sequence[Node]) -> list[Field]:
    """The properties that tell object branches apart, where the type would make one up for a reply that has none."""
    leads = [_lead(branch) for branch in branches if branch.kind == "object"]
    tags = [lead for lead in leads if lead and lead.name == lead.wire and constant_of(lead.node) is not None]
    is_told = len(leads) > 1 and len(tags) == len(leads) and len({tag.name for tag in tags}) == 1
    return tags if is_told and any(tag.is_assumed for tag in tags) else []


def _holds_objects(node: Node) -> bool:
    """Whether a union holds objects, at any depth; a union met again has been asked."""
    waiting, met = [resolve_node(node)], set[int]()
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, UnionNode) and id(inner) not in met:
            met.add(id(inner))
            if any(each.kind == "object" for each in inner.branches):
                return True
            waiting += map(resolve_node, inner.branches)
    return False


def _lead(node: Node) -> Field | None:
    """The first property of an object branch, if it is one that is always there."""
    inner = resolve_node(node)
    first = inner.fields[0] if isinstance(inner, ObjectNode) and inner.fields else None
    return first if first and first.absence == "never" else None


def constant_of(node: Node) -> JSONValue:
    """The only value the node takes, or None."""
    inner = without_description(node)
    return inner.constant if isinstance(inner, ScalarNode) else None


def resolve_node(node: Node) -> Node:
    """The node without what is said of it, and out of its definition, where that is there already."""
    while isinstance(node, DescribedNode) or (isinstance(node, ReferenceNode) and node.name in node.definitions.nodes):
        node = node.node
    return node


def _branch_name(part: JSON, compiler: Compiler) -> str:
    """The definition's name, the title, or the JSON type."""
    name = part.get("$ref", "").rpartition("/")[2] or compiler.resolve(part).get("title") or part.get("type", "option")
    return wire_name(str(name))
