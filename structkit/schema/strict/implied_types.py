"""The values of a schema without `type`: those of the type that its keywords imply, and those of all others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from structkit.schema.json_types import guess_type
from structkit.schema.naming import unused_name
from structkit.schema.nodes.context import Compiler
from structkit.schema.nodes.node import Node
from structkit.schema.nodes.object import ObjectNode
from structkit.schema.nodes.other_types import KEY, OtherTypesNode
from structkit.schema.nodes.reference import ReferenceNode
from structkit.schema.nodes.union import any_of
from structkit.schema.unsatisfiable import UnsatisfiableSchema
from structkit.values import JSON, JSONPath

BuildImplied: TypeAlias = Callable[[JSONPath, Compiler], Node]
"""Builds the node for the values of the type that the keywords imply."""


def with_other_types(build: BuildImplied, schema: JSON, path: JSONPath, compiler: Compiler) -> Node:
    """Build a node for the implied type, and for all other types if the schema has no `type`; a root is an object.

    Raises:
        UnsatisfiableSchema: No value fits; where other types are offered, these do.
    """
    if "type" in schema or compiler.defaults_apply:
        return build(path, compiler)
    kind = str(guess_type(schema))
    try:
        node = build(path, compiler)
    except UnsatisfiableSchema as error:
        if path == () and kind == "object":
            raise
        compiler.note(path, "dropped", f"{kind} values: {error}")
        return _other_types(kind, schema, path, compiler)
    if path == () and isinstance(node, ObjectNode):
        compiler.note(path, "dropped", "assumed to be an object: values of other types are not offered")
        return replace(node, excludes_other_types=True)
    return any_of([_other_types(kind, schema, path, compiler), node])


def _other_types(kind: str, schema: JSON, path: JSONPath, compiler: Compiler) -> Node:
    other_types = OtherTypesNode(kind, unused_name(KEY, schema.get("properties", {})))
    compiler.note(path, "rewritten", f"no `type`: values of other types as their JSON text under {other_types.key!r}")
    compiler.definitions.nodes.setdefault(other_types.name, other_types)
    return ReferenceNode(other_types.name, compiler.definitions)
