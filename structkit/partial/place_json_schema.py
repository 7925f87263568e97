"""Places of a JSON Schema; what stands there is natural JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from structkit.partial.construct import Make
from structkit.partial.place import Side
from structkit.partial.validation import Check, Unchecked
from structkit.schema.nodes.node import Node
from structkit.values import JSON, JSONValue

NO_BOUNDS = frozenset(
    {"type", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment"}
    | {"minLength", "maxLength"}
)
UNKNOWN: JSON = {"not": {}}
"""The schema of a place that cannot be followed: nothing is said to grow in it."""


@dataclass(frozen=True)
class Documented:
    """A place of a JSON Schema; what it becomes is natural JSON, as the wire node loads it.

    Args:
        schema: The part of the document.
        document: The whole.
    """

    schema: JSONValue
    document: JSON
    make: Make | None = None
    dress: Callable[[Any], Any] | None = None
    plain: type | None = None
    composed: bool = True
    divisible: bool = True

    @property
    def _found(self) -> JSON:
        """The part, or what it refers to."""
        part = self.schema
        for _ in range(20):
            if not isinstance(part, dict) or part.keys() != {"$ref"}:
                break
            part = _pointed(self.document, part["$ref"])
        return part if isinstance(part, dict) else {} if part is True else UNKNOWN

    def is_a(self, kind: str) -> bool:  # noqa: ARG002 (the node knows)
        """The node says what it is."""
        return True

    def check(self, node: Node) -> Check:
        """Only the whole is checked."""
        return Unchecked(node)

    @property
    def grows(self) -> bool:
        """Text without a rule but its length."""
        return self._found.keys() <= NO_BOUNDS

    def fields(self, names: Iterable[str]) -> dict[str, tuple[str, Side]]:
        """The properties, declared or not."""
        declared = self._found.get("properties", {})
        return {name: (name, replace(self, schema=declared.get(name, UNKNOWN))) for name in names}

    def inside(self, what: str) -> Side | None:
        """The members' place, where they are alike."""
        part = self._found.get({"items_schema": "items"}.get(what, "additionalProperties"), UNKNOWN)
        return replace(self, schema=part)

    def key(self) -> None:
        """A key is text."""
        return

    def branch(self, node: Node, tag: tuple[str, JSONValue] | None) -> Side | None:  # noqa: ARG002 (not looked for)
        """A place of which no more is known than the node says."""
        return replace(self, schema=UNKNOWN)

    def box(self, name: str, *, own: bool) -> Side | None:  # noqa: ARG002 (not looked for)
        """As a branch; it has no boxes of its own."""
        return None if own else replace(self, schema=UNKNOWN)


def _pointed(document: JSON, pointer: str) -> JSONValue:
    """What a local reference leads to."""
    part: JSONValue = document if pointer.startswith("#") else UNKNOWN
    for step in filter(None, pointer.removeprefix("#").split("/")):
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        part = part.get(name, UNKNOWN) if isinstance(part, dict) else UNKNOWN
    return part
