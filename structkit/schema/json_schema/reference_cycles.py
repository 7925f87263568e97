"""References that lead back to themselves without going down into a value: no value decides what they say."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from structkit.errors import SchemaError
from structkit.schema.json_schema.document import Document, steps
from structkit.schema.json_schema.metaschema import inside
from structkit.values import JSON, JSONPath, JSONValue

IN_PLACE = frozenset({"allOf", "not", "if", "then", "else", "dependentSchemas", "dependencies"})
"""Keywords whose schemas are about the value itself, not about a part of it."""

UNIONS = frozenset({"anyOf", "oneOf"})
"""Such ones too, but their rules answer a question that leads back to itself with no, where they know what it means."""

ASIDE = frozenset({"$defs", "definitions"})
"""Keywords whose schemas say nothing until they are referred to."""


def refuse_circles(document: Document) -> None:
    """Follow every reference that can be come to from the root.

    Raises:
        SchemaError: One leads back to itself for the same value.
    """
    walk = _Walk(document)
    try:
        TopologicalSorter(walk.graph()).prepare()
    except CycleError as error:
        circle: list[int] = error.args[1]
        part = next(part for part in map(walk.parts.__getitem__, circle) if "$ref" in part)
        reason = (
            f"the $ref {part['$ref']!r} leads back to itself for the same value, which decides nothing; "
            "refer to it from below properties or items, or leave it out"
        )
        raise SchemaError(reason, path=walk.paths[id(part)]) from None


class _Walk:
    """The parts of a document by identity, each with its path."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.in_place = IN_PLACE | UNIONS if document.is_dynamic else IN_PLACE
        self.parts: dict[int, JSON] = {id(document.root): document.root}
        self.paths: dict[int, JSONPath] = {id(document.root): ()}

    def graph(self) -> dict[int, list[int]]:
        """Of each part in use, the parts that are about the same value."""
        graph: dict[int, list[int]] = {}
        waiting = [id(self.document.root)]
        while waiting:
            here = waiting.pop()
            if here not in graph:
                following = [*self._following(here)]
                graph[here] = [there for there, in_place in following if in_place]
                waiting += [there for there, _ in following]
        return graph

    def _following(self, here: int) -> Iterator[tuple[int, bool]]:
        part, path = self.parts[here], self.paths[here]
        for step, inner in inside(part):
            if isinstance(inner, dict) and step[0] not in ASIDE:
                yield self._met(inner, path + step), step[0] in self.in_place
        if isinstance(part.get("$ref"), str) and (target := self._target(part["$ref"])):
            yield self._met(target, tuple(steps(part["$ref"]))), True

    def _met(self, part: JSON, path: JSONPath) -> int:
        self.paths.setdefault(id(part), path)
        self.parts[id(part)] = part
        return id(part)

    def _target(self, pointer: str) -> JSONValue:
        """Where a reference leads; the compiler refuses one that leads nowhere, should it ever come to it."""
        try:
            target = self.document.follow(pointer, ())
        except SchemaError:
            return None
        return target if isinstance(target, dict) else None
