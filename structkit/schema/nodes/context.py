"""`Compiler`: what the functions that build nodes need of the compiler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from structkit.dialects import Dialect
from structkit.schema.explanation import NoteKind
from structkit.schema.nodes.node import Node
from structkit.schema.nodes.reference import Definitions
from structkit.values import JSON, JSONPath, JSONValue


class Compiler(Protocol):
    """What a construct's `build` function needs of the compiler."""

    @property
    def dialect(self) -> Dialect:
        """The dialect of the endpoint's vendor."""
        ...

    @property
    def definitions(self) -> Definitions:
        """The nodes of the definitions so far."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether all that a JSON Schema allows can be said: undeclared keys, and absent beside null."""
        ...

    @property
    def defaults_apply(self) -> bool:
        """Whether the type fills in defaults itself: pydantic does, in JSON Schema they are annotations."""
        ...

    @property
    def tag_names(self) -> frozenset[str]:
        """The names of the properties that are constant in a branch of a union of several objects."""
        ...

    def is_nullable(self, schema: JSONValue) -> bool:
        """Return whether null is a value of a part of the schema."""
        ...

    def build(self, schema: JSONValue, path: JSONPath) -> Node:
        """Return the node of a part of the schema."""
        ...

    def resolve(self, schema: JSONValue) -> JSON:
        """Return the schema, or the target of its `$ref`."""
        ...

    def is_contained(self, first: JSONValue, second: JSONValue) -> bool:
        """Return whether all that is asked for by one part of the schema is surely valid for another one."""
        ...

    def valid_values(self, values: list[JSONValue], schema: JSON) -> list[JSONValue]:
        """Return the values that the rules of a part of the schema accept; what the part lists is no rule."""
        ...

    def opens_enum(self, values: Sequence[JSONValue]) -> bool:
        """Return whether an enum is too long to be sent, so that its values are listed in the description instead."""
        ...

    def share_enum(self, node: Node, key: str, path: JSONPath) -> Node:
        """Return the node of an enum, or a reference to it where one definition is to serve several places.

        Args:
            node: The node.
            key: A text that equal enums have in common.
            path: Where the enum is.
        """
        ...

    def any_value_node(self) -> Node:
        """Return the node of any JSON value."""
        ...

    def any_map_node(self) -> Node:
        """Return the node of any JSON object, as the list of its members."""
        ...

    def extra_keys_node(self) -> Node:
        """Return the node of an object's undeclared keys, where their values may be anything."""
        ...

    def note(self, path: JSONPath, kind: NoteKind, text: str) -> None:
        """Add a note to `explain`."""
        ...
