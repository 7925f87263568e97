"""`Compiler`: what the function that builds a node may ask for."""

from __future__ import annotations

from typing import Protocol

from structkit.dialects import Dialect
from structkit.schema.explanation import NoteKind
from structkit.schema.nodes.node import Node
from structkit.values import JSON, JSONPath, JSONValue


class Compiler(Protocol):
    """What a construct's `build` function may ask of the compiler."""

    @property
    def dialect(self) -> Dialect:
        """What the vendor accepts."""
        ...

    @property
    def max_enum_values(self) -> float:
        """The values up to which an enum is listed; a longer one is a text, checked after."""
        ...

    @property
    def allows_extra_keys(self) -> bool:
        """Whether an object that says nothing of other keys takes them: JSON Schema says yes, pydantic no."""
        ...

    @property
    def defaults_apply(self) -> bool:
        """Whether the type fills in defaults itself: pydantic does, in JSON Schema they are a remark."""
        ...

    def is_nullable(self, schema: JSONValue) -> bool:
        """Whether null is a value of a part of the schema."""
        ...

    def build(self, schema: JSONValue, path: JSONPath) -> Node:
        """The node of a part of the schema."""
        ...

    def resolve(self, schema: JSONValue) -> JSON:
        """The schema itself, or what its `$ref` leads to."""
        ...

    def anything(self) -> Node:
        """The node that takes any JSON value."""
        ...

    def any_map(self) -> Node:
        """The node that takes any JSON object, as the list of its members."""
        ...

    def extras(self) -> Node:
        """The node of an object's keys beyond the declared ones, where they may hold anything."""
        ...

    def note(self, path: JSONPath, kind: NoteKind, text: str) -> None:
        """Something for `explain`."""
        ...
