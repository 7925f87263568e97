"""Places of a JSON Schema, whose values are natural JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from structkit.partial.construct import InstanceFactory
from structkit.partial.loaders import JSONSchemaLoader, ValueLoader
from structkit.partial.place import TypePlace
from structkit.schema.nodes.node import Node
from structkit.values import JSON, JSONValue
from structkit.values.json_pointer import pointer_keys

PREFIX_SAFE_KEYWORDS = frozenset(
    {"type", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment"}
    | {"minLength", "maxLength"}
)
"""Keywords that an incomplete text cannot break, except by its length, which is validated at the end."""

UNKNOWN: JSON = {"not": {}}
"""The schema of a place that cannot be followed: no incomplete text of it is in a snapshot."""

MAX_REFERENCES = 20
"""How many references to references are followed."""


@dataclass(frozen=True)
class JSONSchemaPlace:
    """A place of a JSON Schema; its values are natural JSON, as the wire node loads it.

    Args:
        schema: The schema of the place.
        document: The JSON Schema document.
    """

    schema: JSONValue
    document: JSON
    factory: InstanceFactory | None = None
    wrap: Callable[[Any], Any] | None = None
    passthrough_type: type | None = None
    is_unconstrained: bool = True
    has_independent_fields: bool = True

    @property
    def _resolved_schema(self) -> JSON:
        """The schema, or the one that it refers to."""
        part = self.schema
        for _ in range(MAX_REFERENCES):
            if not isinstance(part, dict) or part.keys() != {"$ref"}:
                break
            part = _referenced(self.document, part["$ref"])
        return part if isinstance(part, dict) else {} if part is True else UNKNOWN

    def is_a(self, kind: str) -> bool:  # noqa: ARG002 (the node decides)
        """Return True, because the kind of the node is enough."""
        return True

    def loader(self, node: Node) -> ValueLoader:
        """Return a loader without validation, because only the root is validated."""
        return JSONSchemaLoader(node)

    @property
    def streams_text(self) -> bool:
        """Whether it has no constraint that an incomplete text could break."""
        return self._resolved_schema.keys() <= PREFIX_SAFE_KEYWORDS

    def fields(self, names: Iterable[str]) -> dict[str, tuple[str, TypePlace]]:
        """Return the properties, declared or not."""
        properties = self._resolved_schema.get("properties", {})
        return {name: (name, replace(self, schema=properties.get(name, UNKNOWN))) for name in names}

    def member(self, key: str) -> TypePlace | None:
        """Return the place of the members, if they have one schema."""
        keyword = {"items_schema": "items"}.get(key, "additionalProperties")
        return replace(self, schema=self._resolved_schema.get(keyword, UNKNOWN))

    def key_loader(self) -> None:
        """Return None, because a key is its text."""
        return

    def branch(self, node: Node, tag: tuple[str, JSONValue] | None) -> TypePlace | None:  # noqa: ARG002 (not searched)
        """Return an unknown place; the node of the branch is enough."""
        return replace(self, schema=UNKNOWN)

    def box(self, key: str, *, is_natural: bool) -> TypePlace | None:  # noqa: ARG002 (not searched)
        """Return an unknown place, as for a branch; natural JSON of a JSON Schema has no boxes."""
        return None if is_natural else replace(self, schema=UNKNOWN)


def _referenced(document: JSON, pointer: str) -> JSONValue:
    """Return the schema that a local reference points to."""
    part: JSONValue = document if pointer.startswith("#") else UNKNOWN
    for step in pointer_keys(pointer):
        part = part.get(step, UNKNOWN) if isinstance(part, dict) else UNKNOWN
    return part
