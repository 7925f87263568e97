"""The caller's side of a place of a type: what stands there, and what stands inside it.

A wire node says how a place looks on the wire. What it becomes is said by pydantic's core schema (`Typed`), or by
the caller's JSON Schema (`Documented`). The two trees are walked together, as far as they can be paired; what is
beyond that shows when it is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from structkit.partial.construct import Make
from structkit.partial.validation import Check
from structkit.schema.nodes.node import Node
from structkit.values import JSONValue


class Side(Protocol):
    """One place of the caller's type."""

    def is_a(self, kind: str) -> bool:
        """Whether the place is a `record`, `list`, `map` or `any` that can be shown while it is open."""
        ...

    def check(self, node: Node) -> Check:
        """What makes a value of the place when it is closed."""
        ...

    @property
    def composed(self) -> bool:
        """Whether a list or map is what its members are, with nothing to be checked but these."""
        ...

    @property
    def grows(self) -> bool:
        """Whether text of the place is shown while it is open."""
        ...

    @property
    def plain(self) -> type | None:
        """The type of JSON values that are the place's as they are."""
        ...

    def fields(self, names: Iterable[str]) -> dict[str, tuple[str, Side]]:
        """Of a record, by natural names: the attributes, and their places."""
        ...

    @property
    def divisible(self) -> bool:
        """Whether a record is valid where its lists and maps are, and the rest is."""
        ...

    @property
    def make(self) -> Make | None:
        """Makes a record of its attributes; None where it is a dict."""
        ...

    @property
    def dress(self) -> Callable[[Any], Any] | None:
        """Makes a value of a list or map; None where it is one."""
        ...

    def inside(self, what: str) -> Side | None:
        """The place of `items_schema` or `values_schema`."""
        ...

    def key(self) -> Callable[[str, Any], Any] | None:
        """Makes a key of a map's text, `ABSENT` of one that is none; None where the text is the key."""
        ...

    def branch(self, node: Node, tag: tuple[str, JSONValue] | None) -> Side | None:
        """Of a union, the place of the branch that a wire node is, told by its tag, if it has any."""
        ...

    def box(self, name: str, *, own: bool) -> Side | None:
        """Of a union, the place inside the box of that name: one of the type's own JSON, or of the wire's."""
        ...
