"""A compiled schema: the nodes, and the strict schema that they show."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

from structkit.dialects import Dialect
from structkit.schema.explanation import Note
from structkit.schema.nodes.boxed import Boxed
from structkit.schema.nodes.described import undescribed
from structkit.schema.nodes.node import Node
from structkit.schema.nodes.object import Object
from structkit.schema.nodes.reference import Definitions
from structkit.schema.strict.compiler import SchemaCompiler
from structkit.schema.strict.definitions import flatten, share
from structkit.schema.strict.size import max_enum_length, measure, references
from structkit.values import JSON


@dataclass(frozen=True)
class Wire:
    """The wire side of a type.

    Args:
        root: The node of the whole value.
        definitions: What its references lead to.
        dialect: What the vendor accepts.
        notes: What happened to the type on its way.
        shared: Whether repeated parts are to be said once.
    """

    root: Node
    definitions: Definitions
    dialect: Dialect
    notes: tuple[Note, ...] = ()
    shared: bool = False

    @cached_property
    def schema(self) -> JSON:
        """The strict schema, with the definitions that it needs."""
        root, every = self.root.show(), self.definitions.show()
        needed = references(root, every)
        definitions = {name: part for name, part in every.items() if name in needed}
        schema = {**root, **({"$defs": definitions} if definitions else {})}
        return flatten(share(schema) if self.shared else schema, self.dialect.levels - 2)

    @cached_property
    def excess(self) -> str:
        """What of the schema is over the vendor's limits, in words; empty where nothing is."""
        return measure(self.schema).excess(self.dialect.most)


def compile_schema(document: JSON, dialect: Dialect, *, is_user_schema: bool, allows_extra_keys: bool) -> Wire:
    """The wire side of a natural schema, within the vendor's limits as far as an exact rewrite goes.

    Args:
        document: The natural schema.
        dialect: What the vendor accepts.
        is_user_schema: Whether the document is the caller's own, and not pydantic's (which has named what it repeats).
        allows_extra_keys: Whether an object that says nothing of other keys takes them.

    Raises:
        SchemaError: The schema has no strict form.
    """

    def compile_with(max_enum_values: float) -> Wire:
        compiler = SchemaCompiler(
            document,
            dialect,
            is_user_schema=is_user_schema,
            allows_extra_keys=allows_extra_keys,
            max_enum_values=max_enum_values,
        )
        root = compiler.root()
        if not isinstance(undescribed(root), Object):
            compiler.note((), "rewritten", 'not an object: wrapped in {"value": ...}')
            root = Boxed(root)
        return Wire(root, compiler.definitions, dialect, tuple(compiler.notes), shared=is_user_schema)

    wire = compile_with(math.inf)
    wire = replace(wire, shared=True) if wire.excess else wire
    if measure(wire.schema).enum_values > dialect.most.enum_values:
        wire = replace(compile_with(max_enum_length(wire.schema, dialect.most.enum_values)), shared=True)
    return wire
