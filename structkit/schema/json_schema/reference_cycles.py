"""References that lead back to themselves for the same value: no value can decide whether it fits."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from structkit.errors import SchemaError
from structkit.schema.json_schema.child_schemas import child_schemas
from structkit.schema.json_schema.document import SchemaDocument
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.json_pointer import pointer_keys

IN_PLACE = frozenset({"allOf", "not", "if", "then", "else", "dependentSchemas", "dependencies"})
"""Keywords whose schemas are about the value itself, not about a part of it."""

UNIONS = frozenset({"anyOf", "oneOf"})
"""Keywords of the same kind; but a cycle through one branch is allowed, because that branch counts as not fitting,
unless references are dynamic."""

DEFINITIONS = frozenset({"$defs", "definitions"})
"""Keywords whose schemas have no effect until a reference leads to them."""


def validate_cycles(document: SchemaDocument) -> None:
    """Validate every reference that is reachable from the root.

    Raises:
        SchemaError: One leads back to itself for the same value.
    """
    references = _ReferenceGraph(document)
    try:
        TopologicalSorter(references.graph()).prepare()
    except CycleError as error:
        part = next(part for part in map(references.parts.__getitem__, error.args[1]) if "$ref" in part)
        reason = (
            f"the $ref {part['$ref']!r} leads back to itself for the same value, and so constrains nothing; "
            "move it below properties or items, or remove it"
        )
        raise SchemaError(reason, path=references.paths[id(part)]) from None


class _ReferenceGraph:
    """The reachable parts of a document by identity, each with its path."""

    def __init__(self, document: SchemaDocument) -> None:
        self.document = document
        self.in_place = IN_PLACE | UNIONS if document.is_dynamic else IN_PLACE
        self.parts: dict[int, JSON] = {id(document.root): document.root}
        self.paths: dict[int, JSONPath] = {id(document.root): ()}

    def graph(self) -> dict[int, list[int]]:
        """Return, for each reachable part, the parts that are about the same value."""
        graph: dict[int, list[int]] = {}
        stack = [id(self.document.root)]
        while stack:
            part_id = stack.pop()
            if part_id not in graph:
                children = [*self._children(part_id)]
                graph[part_id] = [child_id for child_id, in_place in children if in_place]
                stack += [child_id for child_id, _ in children]
        return graph

    def _children(self, part_id: int) -> Iterator[tuple[int, bool]]:
        part, path = self.parts[part_id], self.paths[part_id]
        for step, inner in child_schemas(part):
            if isinstance(inner, dict) and step[0] not in DEFINITIONS:
                yield self._add(inner, path + step), step[0] in self.in_place
        if isinstance(part.get("$ref"), str) and (target := self._target(part["$ref"])):
            yield self._add(target, tuple(pointer_keys(part["$ref"]))), True

    def _add(self, part: JSON, path: JSONPath) -> int:
        self.paths.setdefault(id(part), path)
        self.parts[id(part)] = part
        return id(part)

    def _target(self, pointer: str) -> JSONValue:
        """Return the target of a reference; None if there is none, which the compiler reports."""
        try:
            target = self.document.resolve_pointer(pointer, ())
        except SchemaError:
            return None
        return target if isinstance(target, dict) else None
