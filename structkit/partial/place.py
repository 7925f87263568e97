"""`TypePlace`: one place of the caller's type, with what a decoder needs to know about it.

A wire node describes a place on the wire. What its values become is described by pydantic's core schema
(`PydanticPlace`), or by the caller's JSON Schema (`JSONSchemaPlace`). The tree of nodes and the tree of places are
walked together as far as they can be paired; anything beyond that is in no snapshot before it is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from structkit.partial.construct import InstanceFactory
from structkit.partial.loaders import ValueLoader
from structkit.schema.nodes.node import Node
from structkit.values import JSONValue


class TypePlace(Protocol):
    """One place of the caller's type."""

    def is_a(self, kind: str) -> bool:
        """Return whether the place is an "object", "list", "map" or "any" whose snapshots can be partial."""
        ...

    def loader(self, node: Node) -> ValueLoader:
        """Return the loader of complete values."""
        ...

    @property
    def is_unconstrained(self) -> bool:
        """Whether a list or map is valid if its members are."""
        ...

    @property
    def streams_text(self) -> bool:
        """Whether snapshots have an incomplete text of the place."""
        ...

    @property
    def passthrough_type(self) -> type | None:
        """The type of JSON scalars that are values of the place as they are."""
        ...

    def fields(self, names: Iterable[str]) -> dict[str, tuple[str, TypePlace]]:
        """Return the attributes of an object and their places, by natural name."""
        ...

    @property
    def has_independent_fields(self) -> bool:
        """Whether an object is valid if its lists and maps are, and if the object with empty ones is."""
        ...

    @property
    def factory(self) -> InstanceFactory | None:
        """The factory of an object; None if it is a dict."""
        ...

    @property
    def wrap(self) -> Callable[[Any], Any] | None:
        """Makes the value from a list or dict; None if it is the list or dict itself."""
        ...

    def member(self, key: str) -> TypePlace | None:
        """Return the place of the members of a list ("items_schema") or map ("values_schema")."""
        ...

    def key_loader(self) -> Callable[[str, Any], Any] | None:
        """Return a function that loads a map's key from its text (`ABSENT` if invalid); None if it is the text."""
        ...

    def branch(self, node: Node, tag: tuple[str, JSONValue] | None) -> TypePlace | None:
        """Return the place of the branch of a union that matches a wire node, by its tag if it has one."""
        ...

    def box(self, key: str, *, is_natural: bool) -> TypePlace | None:
        """Return the place in a box of a union; the box is part of the natural JSON, or only of the wire."""
        ...
