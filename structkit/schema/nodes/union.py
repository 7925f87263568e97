"""Unions: `anyOf`, whose branches differ in their JSON type, a constant, or their box."""

from __future__ import annotations

import json
from collections.abc import Sequence, Sized
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from structkit.schema.expected_values import MISSING, listed_values
from structkit.schema.json_types import json_type
from structkit.schema.keywords import BOXED_BRANCH
from structkit.schema.naming import unused_name, wire_name
from structkit.schema.nodes.any_value import AnyValueNode
from structkit.schema.nodes.array import ArrayNode
from structkit.schema.nodes.box import BoxedNode
from structkit.schema.nodes.context import Compiler
from structkit.schema.nodes.description import (
    MAP,
    POSITIONS,
    DescribedNode,
    describe,
    description_of,
    without_description,
)
from structkit.schema.nodes.equal_branches import join_descriptions, unique_branches
from structkit.schema.nodes.equal_texts import positions_of_equal_texts
from structkit.schema.nodes.json_text import JSONTextNode
from structkit.schema.nodes.map import MapNode, is_pair
from structkit.schema.nodes.node import AmbiguousFormError, Field, Node
from structkit.schema.nodes.object import ObjectNode
from structkit.schema.nodes.other_types import OtherTypesNode
from structkit.schema.nodes.reference import ReferenceNode
from structkit.schema.nodes.scalar import NULL, ScalarNode
from structkit.schema.nodes.valid_branches import valid_branches
from structkit.schema.unsatisfiable import UnsatisfiableSchema
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.text import shorten_json


@dataclass(frozen=True)
class UnionNode:
    """One of several nodes; the first that matches a value is used.

    >>> from structkit.schema.nodes import ScalarNode
    >>> UnionNode((ScalarNode({"type": "integer"}), ScalarNode({"type": "null"}))).schema
    {'anyOf': [{'type': 'integer'}, {'type': 'null'}]}
    """

    branches: tuple[Node, ...]

    kind = "any"

    @property
    def is_identity(self) -> bool:
        """Whether every branch is, and no tag has to be required."""
        return all(branch.is_identity for branch in self.branches) and not _tags(self.branches)

    @property
    def schema(self) -> JSON:
        """`anyOf` of the branches."""
        return {"anyOf": [branch.schema for branch in self.branches]}

    def dump(self, value: JSONValue) -> JSONValue:
        """Dump by the branch of the value."""
        branch = self.value_branch(value) or self.single_branch
        return value if branch is None else branch.dump(value)

    def value_branch(self, value: JSONValue) -> Node | None:
        """Return the first branch that matches a value, where possible one that allows the lengths of its lists."""
        matching: Node | None = None
        for branch in self.branches:
            if branch.matches_value(value):
                if has_lengths(branch, value):
                    return branch
                matching = matching or branch
        return matching

    def load(self, wire: JSONValue) -> JSONValue:
        """Load by the first branch that matches the value.

        Raises:
            AmbiguousFormError: The tag of the branches is missing.
        """
        if isinstance(wire, dict) and self._tags and self._tags[0].name not in wire:
            values = listed_values([constant_of(tag.node) for tag in self._tags])
            raise AmbiguousFormError(f"{MISSING}: write {values}").with_step(self._tags[0].name)
        branch = self.branch_of_wire(wire)
        return wire if wire is None or branch is None else branch.load(wire)

    def branch_of_wire(self, wire: JSONValue) -> Node | None:
        """Return the branch by which a wire value is loaded; None if it has the JSON type of none."""
        return self.single_branch or self._matching_branch(wire)

    @cached_property
    def _tags(self) -> list[Field]:
        """The tags of the branches; computed on first use, when all definitions are complete."""
        return _tags(self.branches)

    @cached_property
    def _boxes(self) -> list[Node]:
        return [branch for branch in self.branches if isinstance(without_description(branch), BoxedNode)]

    @cached_property
    def single_branch(self) -> Node | None:
        """The only branch that is not null, where there is one."""
        branches = [branch for branch in self.branches if branch is not NULL]
        return branches[0] if len(branches) == 1 else None

    def _matching_branch(self, wire: JSONValue) -> Node | None:
        """Return the branch that matches the value; for an invalid value, the closest one of its JSON type."""
        # An object whose properties may all be absent would match a box as well.
        for branch in (*self._boxes, *self.branches):
            if branch.matches_wire(wire):
                return branch
        of_type = [branch for branch in self.branches if branch.kind == json_type(wire)]
        return max(of_type, key=lambda branch: resemblance(resolve_node(branch), wire), default=None)

    def matches_value(self, value: JSONValue) -> bool:
        """Return whether a branch matches."""
        return any(branch.matches_value(value) for branch in self.branches)

    def matches_wire(self, wire: JSONValue) -> bool:
        """Return whether a branch matches."""
        return any(branch.matches_wire(wire) for branch in self.branches)


class Resemblance(NamedTuple):
    """What a value has of a branch that it may be for; the branch of which it has most is the closest."""

    constants: int
    """How many constants of the branch, less those in whose place it has another value."""
    keys: int
    """How many keys of an object; how many pairs of a map."""


def resemblance(node: Node, value: JSONValue, *, is_natural: bool = False) -> Resemblance:
    """Return what a value, in the form of the wire or of the type, has of a branch.

    >>> node = ObjectNode((Field("kind", "kind", ScalarNode({"const": "cat"})), Field("a", "b", NULL)))
    >>> resemblance(node, {"kind": "cow", "b": 1}), resemblance(node, {"a": 1}, is_natural=True)
    (Resemblance(constants=-1, keys=2), Resemblance(constants=0, keys=1))
    """
    if isinstance(node, MapNode) and isinstance(value, list):
        return Resemblance(0, sum(map(is_pair, value)))
    if not isinstance(node, ObjectNode) or not isinstance(value, dict):
        return Resemblance(0, 0)
    fields = {field.name: field for field in node.fields} if is_natural else node.by_wire
    present = [(constant_of(fields[key].node), item) for key, item in value.items() if key in fields]
    constants = sum(1 if constant == item else -1 for constant, item in present if constant is not None)
    return Resemblance(constants, len(present))


def has_lengths(node: Node, value: JSONValue) -> bool:
    """Return whether a node that matches a value has the bounds for its lists and maps, and for those in them."""
    inner = resolve_node(node)
    if isinstance(inner, UnionNode):
        return any(branch.matches_value(value) and has_lengths(branch, value) for branch in inner.branches)
    if isinstance(inner, BoxedNode):
        return has_lengths(inner.node, value)
    if isinstance(inner, ArrayNode) and isinstance(value, list):
        return has_length(value, inner.bounds) and all(has_lengths(inner.items, item) for item in value)
    if isinstance(inner, MapNode) and isinstance(value, dict):
        return has_length(value, inner.bounds) and all(has_lengths(inner.value, item) for item in value.values())
    return True


def has_length(value: Sized, bounds: JSON) -> bool:
    """Return whether a list or a map has as many members as the bounds of its schema allow.

    >>> has_length([1], {"minItems": 1}), has_length([1, 2], {"maxItems": 1})
    (True, False)
    """
    return bool(bounds.get("minItems", 0) <= len(value) <= bounds.get("maxItems", len(value)))


ANY_TEXT = JSONTextNode()

LOOK_ALIKE = "branches that look alike are boxed under their names"


def any_of(nodes: Sequence[Node]) -> Node:
    """Return a node for one of *nodes*; nested unions without a description are flattened, with null once."""
    if len(nodes) == 1:
        return nodes[0]
    branches = [inner for node in nodes for inner in (node.branches if isinstance(node, UnionNode) else (node,))]
    nulls = [position for position, branch in enumerate(branches) if branch == NULL]
    unique = [branch for position, branch in enumerate(branches) if position not in nulls[:-1]]
    return UnionNode(tuple(unique)) if len(unique) > 1 else unique[0]


def nullable(node: Node) -> Node:
    """Return a node for *node* or null; the description is for both.

    A scalar becomes `"type": [T, "null"]`, the form that OpenAI's guide gives for optional values.

    >>> nullable(describe(ScalarNode({"type": "integer"}), "A count.")).schema
    {'type': ['integer', 'null'], 'description': 'A count.'}
    """
    inner = without_description(node)
    if isinstance(inner, ScalarNode) and inner.can_be_nullable:
        return describe(ScalarNode({**inner.schema, "type": [inner.schema["type"], "null"]}), description_of(node))
    return describe(any_of([inner, NULL]), description_of(node))


def build_union(schema: JSON, path: JSONPath, compiler: Compiler) -> Node:
    """Build `anyOf` or `oneOf`; branches that could be ambiguous on the wire are boxed."""
    parts = [*valid_branches(schema, "anyOf", path, compiler), *valid_branches(schema, "oneOf", path, compiler)]
    branches = [part for part in parts if part != {"type": "null"}]
    is_nullable = len(branches) < len(parts)
    branches, nodes = unique_branches(*_build_satisfiable(branches, path, compiler, or_none=is_nullable), compiler)
    if not branches:
        return NULL
    if any(isinstance(resolve_node(node), AnyValueNode) or resolve_node(node) == ANY_TEXT for node in nodes):
        return _build_any_value(branches, nodes, path, compiler)
    nodes = [_as_box(node) if part.get(BOXED_BRANCH) else node for part, node in zip(branches, nodes, strict=True)]
    if "oneOf" in schema and not compiler.defaults_apply:
        compiler.note(path, "checked locally", "oneOf: that no second branch fits")
    if any(part.get(BOXED_BRANCH) for part in branches):
        compiler.note(path, "rewritten", LOOK_ALIKE)
    other_types, nodes = _split_other_types(nodes)
    node = any_of([*other_types, *_with_boxes(nodes, branches, path, compiler)])
    return nullable(node) if is_nullable else node


def _build_any_value(parts: list[JSON], nodes: list[Node], path: JSONPath, compiler: Compiler) -> Node:
    """Build any value, for a union with a branch of which every value may be; the other branches are described."""
    if len(nodes) > 1:
        compiler.note(
            path, "checked locally", "a union with a branch of any type: any value, and what its branches say"
        )
    any_nodes = [describe(compiler.any_value_node(), _text_without_form(node)) for node in nodes]
    return describe(compiler.any_value_node(), join_descriptions(parts, any_nodes, "any value", compiler))


def _text_without_form(node: Node) -> str:
    """Return the description of a branch, without the sentence on a form that any value does not have."""
    text = description_of(node) or ""
    for form in (MAP, POSITIONS):
        text = text.replace(f"{form} ", "").removesuffix(form)
    return text.strip()


def _build_satisfiable(
    parts: list[JSON], path: JSONPath, compiler: Compiler, *, or_none: bool
) -> tuple[list[JSON], list[Node]]:
    """Build the branches that some value can fit.

    Raises:
        UnsatisfiableSchema: There is none, although there has to be; with the reason of the last one.
    """
    built: list[tuple[JSON, Node]] = []
    for position, part in enumerate(parts):
        try:
            built.append((part, compiler.build(part, path)))
        except UnsatisfiableSchema:
            if not (built or or_none) and position == len(parts) - 1:
                raise
            compiler.note(path, "dropped", f"a branch that no value can fit: {shorten_json(part)}")
    return [part for part, _ in built], [node for _, node in built]


def _as_box(node: Node) -> Node:
    """Mark the object of a branch that the natural schema has boxed."""
    inner = without_description(node)
    return describe(replace(inner, is_box=True), description_of(node)) if isinstance(inner, ObjectNode) else node


def _split_other_types(nodes: list[Node]) -> tuple[list[Node], list[Node]]:
    """Return the nodes for values of other types, each once, and the branches without these nodes."""
    other_types: dict[str, Node] = {}
    remaining: list[Node] = []
    for node in nodes:
        inner = without_description(node)
        if isinstance(inner, UnionNode) and isinstance(resolve_node(inner.branches[0]), OtherTypesNode):
            other_types[json.dumps(inner.branches[0].schema)] = inner.branches[0]
            node = describe(any_of(inner.branches[1:]), description_of(node))  # noqa: PLW2901 (the same branch without that node)
        remaining.append(node)
    return [*other_types.values()], remaining


def writes_null_as_text(node: Node) -> bool:
    """Return whether the node writes null as text, so that null itself can mean that the value is absent."""
    inner = resolve_node(node)
    return isinstance(inner, UnionNode) and isinstance(resolve_node(inner.branches[0]), OtherTypesNode)


def _with_boxes(nodes: list[Node], parts: list[JSON], path: JSONPath, compiler: Compiler) -> list[Node]:
    """Return the branches, with those that could be ambiguous boxed under their names."""
    objects = [node for node in nodes if node.kind == "object" or _contains(node, "object")]
    arrays = [node for node in nodes if node.kind == "array" or _contains(node, "array")]
    ambiguous = [] if _are_distinct(objects) else objects
    ambiguous += [] if len(arrays) < 2 or _are_identities(arrays) else arrays  # noqa: PLR2004
    ambiguous += [nodes[position] for position in positions_of_equal_texts([*map(flatten, nodes)])]
    if not ambiguous:
        return nodes
    compiler.note(path, "rewritten", LOOK_ALIKE)
    boxed: list[Node] = []
    ambiguous_ids = {*map(id, ambiguous)}
    names = _property_names([node for node in nodes if id(node) not in ambiguous_ids])
    for node, part in zip(nodes, parts, strict=True):
        if id(node) not in ambiguous_ids:
            boxed.append(node)
            continue
        name = unused_name(_branch_name(part, compiler), names)
        names[name] = node
        boxed.append(BoxedNode(node, name))
    return boxed


def _property_names(nodes: list[Node]) -> dict[str, Node]:
    """Return the properties of the objects in these branches, with their nodes: a box of the same name would be one."""
    objects = [inner for node in nodes for inner in flatten(node) if isinstance(inner, ObjectNode)]
    return {field.wire: field.node for each in objects for field in each.all_fields}


def _are_distinct(objects: list[Node]) -> bool:
    """Return whether the first properties distinguish the branches, by their names or by different constants.

    OpenAI rejects more: "Objects provided via 'anyOf' must not share identical first keys" (reported;
    a shared first key with different constants is in recorded, accepted traffic).
    """
    first_properties = [_first_property(node) for node in objects]
    if len(first_properties) < 2:  # noqa: PLR2004
        return True
    if None in first_properties:
        return False
    names = {field.wire for field in first_properties if field}
    constants = {repr(constant_of(field.node)) for field in first_properties if field} - {"None"}
    return len(names) == len(first_properties) or (len(names) == 1 and len(constants) == len(first_properties))


def _tags(branches: Sequence[Node]) -> list[Field]:
    """Return the tags: the properties that distinguish object branches, where the type would assume a missing one."""
    first_properties = [_first_property(branch) for branch in branches if branch.kind == "object"]
    tags = [
        field
        for field in first_properties
        if field and field.name == field.wire and constant_of(field.node) is not None
    ]
    have_tags = (
        len(first_properties) > 1 and len(tags) == len(first_properties) and len({tag.name for tag in tags}) == 1
    )
    return tags if have_tags and any(tag.is_assumed for tag in tags) else []


def _contains(node: Node, kind: str) -> bool:
    """Return whether a union contains branches of a kind at any depth."""
    return isinstance(resolve_node(node), UnionNode) and any(inner.kind == kind for inner in flatten(node))


def _are_identities(nodes: list[Node]) -> bool:
    """Return whether all arrays in these branches are the same on the wire, so that they need no box."""
    return all(inner.is_identity for node in nodes for inner in flatten(node) if inner.kind == "array")


def flatten(node: Node) -> list[Node]:
    """Return the branches of a union, at any depth, or the node itself; a union in itself is visited once."""
    stack, visited, nodes = [resolve_node(node)], set[int](), list[Node]()
    while stack:
        inner = stack.pop()
        if not isinstance(inner, UnionNode):
            nodes.append(inner)
        elif id(inner) not in visited:
            visited.add(id(inner))
            stack += map(resolve_node, inner.branches)
    return nodes


def _first_property(node: Node) -> Field | None:
    """Return the first property of an object branch, if it is never absent."""
    inner = resolve_node(node)
    first = inner.fields[0] if isinstance(inner, ObjectNode) and inner.fields else None
    return first if first and not first.may_be_absent else None


def constant_of(node: Node) -> JSONValue:
    """Return the only value that the node accepts, or None."""
    inner = without_description(node)
    return inner.constant if isinstance(inner, ScalarNode) else None


def resolve_node(node: Node) -> Node:
    """Return the node without its description, and the definition for a reference, if it is built already."""
    while isinstance(node, DescribedNode) or (isinstance(node, ReferenceNode) and node.name in node.definitions.nodes):
        node = node.node
    return node


def _branch_name(part: JSON, compiler: Compiler) -> str:
    """Return the name of a branch: of its definition, its title, or its JSON type."""
    references = (each.get("$ref") for each in (part, *part.get("allOf", ())) if isinstance(each, dict))
    name = next(filter(None, references), "").rpartition("/")[2]
    return wire_name(str(name or compiler.resolve(part).get("title") or part.get("type", "option")))
