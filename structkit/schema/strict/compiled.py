"""A compiled schema: the tree of nodes, and the strict schema made from it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property

from structkit.dialects import Dialect
from structkit.schema.explanation import Note
from structkit.schema.nodes.box import BoxedNode
from structkit.schema.nodes.description import without_description
from structkit.schema.nodes.node import Node
from structkit.schema.nodes.object import ObjectNode
from structkit.schema.nodes.reference import Definitions
from structkit.schema.strict.compiler import SchemaCompiler
from structkit.schema.strict.definitions import flatten, share_repeated_parts, with_root_reference
from structkit.schema.strict.finiteness import without_infinite
from structkit.schema.strict.size import enums_to_open, find_references, measure
from structkit.values import JSON


@dataclass(frozen=True)
class CompiledSchema:
    """The wire side of a type: its nodes, and the strict schema made from them.

    Args:
        root: The node of the whole value.
        definitions: The nodes that references lead to.
        dialect: What the vendor accepts.
        notes: The rewrites, for `explain`.
        infinite: The names of the definitions that only an infinite value fits, which are not asked for.
        shared: Whether repeated parts of the schema become definitions.
    """

    root: Node
    definitions: Definitions
    dialect: Dialect
    notes: tuple[Note, ...] = ()
    infinite: Collection[str] = ()
    shared: bool = False

    @cached_property
    def schema(self) -> JSON:
        """The strict schema, with the definitions that it needs."""
        root, all_definitions = self.root.schema, self.definitions.schemas
        if self.infinite:
            root = without_infinite(root, self.infinite)
            all_definitions = {
                name: without_infinite(part, self.infinite)
                for name, part in all_definitions.items()
                if name not in self.infinite
            }
        needed = find_references(root, all_definitions)
        definitions = {name: part for name, part in all_definitions.items() if name in needed}
        schema = {**root, **({"$defs": definitions} if definitions else {})}
        schema = with_root_reference(schema) if self.dialect.root_reference else schema
        return flatten(share_repeated_parts(schema) if self.shared else schema, self.dialect.max_levels - 2)

    @cached_property
    def excess(self) -> str:
        """What exceeds the vendor's limits, as text; empty where nothing does."""
        return measure(self.schema).excess(self.dialect.max_size)


def compile_schema(document: JSON, dialect: Dialect, *, is_user_schema: bool, is_open: bool) -> CompiledSchema:
    """Compile a natural schema, within the vendor's limits as far as exact rewrites can reach them.

    Args:
        document: The natural schema.
        dialect: What the vendor accepts.
        is_user_schema: Whether the document is the caller's, not pydantic's (which defines repeated parts already).
        is_open: Whether all that a JSON Schema allows can be said: undeclared keys, and absent beside null.

    Raises:
        SchemaError: The schema has no strict form.
    """

    def compile_with(**enums: frozenset[str]) -> tuple[CompiledSchema, frozenset[str]]:
        compiler = SchemaCompiler(
            document,
            dialect,
            is_user_schema=is_user_schema,
            is_open=is_open,
            **enums,
        )
        root = compiler.root()
        if not isinstance(without_description(root), ObjectNode):
            compiler.note((), "rewritten", 'not an object: wrapped in {"value": ...}')
            root = BoxedNode(root)
        notes = tuple(compiler.notes)
        compiled = CompiledSchema(root, compiler.definitions, dialect, notes, compiler.infinite, shared=is_user_schema)
        return compiled, compiler.repeated_enums

    compiled, repeated_enums = compile_with()
    compiled = replace(compiled, shared=True) if compiled.excess else compiled
    if repeated_enums and enums_to_open(compiled.schema, dialect):
        compiled = replace(compile_with(shared_enums=repeated_enums)[0], shared=True)
    if open_enums := enums_to_open(compiled.schema, dialect):
        compiled = replace(compile_with(shared_enums=repeated_enums, open_enums=open_enums)[0], shared=True)
    return compiled
