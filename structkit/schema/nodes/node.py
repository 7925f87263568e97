"""What every wire node is: a strict schema, and the way from natural JSON to the wire and back.

*Natural* is JSON as the caller's type writes it; *wire* is JSON as the endpoint sees it. Two rules
hold for every node, and for every natural value that the type accepts:

1. `load(dump(value)) == value`
2. `dump(value)` conforms to `show()`

`load` is lenient: what does not have the wire's form passes through unchanged, because the type's
own validation runs afterwards and says it better. It objects only to what validation cannot see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from structkit.dialects import Dialect
from structkit.values import JSON, JSONPath, JSONValue

if TYPE_CHECKING:
    from structkit.schema.nodes.object import Field


class WireError(ValueError):
    """A wire value that has no natural form; `path` grows as the error climbs the tree."""

    def __init__(self, message: str) -> None:
        """Start at the value itself."""
        super().__init__(message)
        self.path: JSONPath = ()

    def under(self, step: str | int) -> WireError:
        """The same error, seen from one level up."""
        self.path = (step, *self.path)
        return self


class Node(Protocol):
    """One construct of the wire."""

    @property
    def kind(self) -> str:
        """The JSON type of the wire value, or "any"."""
        ...

    @property
    def identity(self) -> bool:
        """Whether every wire value is its own natural value, all the way down."""
        ...

    def show(self) -> JSON:
        """The strict schema."""
        ...

    def dump(self, value: JSONValue) -> JSONValue:
        """Natural to wire."""
        ...

    def load(self, wire: JSONValue) -> JSONValue:
        """Wire to natural."""
        ...

    def holds(self, value: JSONValue, /) -> bool:
        """Whether a natural value looks like this node's: enough to choose a union's branch."""
        ...

    def reads(self, wire: JSONValue, /) -> bool:
        """Whether a wire value looks like this node's: enough to choose a union's branch."""
        ...

    def translate(self, path: JSONPath) -> JSONPath:
        """A natural path in the wire's names: the only ones the model knows."""
        ...

    def inside(self, step: str | int, value: JSONValue) -> Field | None:
        """What stands at a step inside a natural value, as a property to be asked for alone; None if unknown."""
        ...


class Whole:
    """A node whose values are only asked for whole."""

    def inside(self, step: str | int, value: JSONValue) -> None:
        """Nothing inside has a node of its own."""


class Compiler(Protocol):
    """What a construct's `build` function may ask of the compiler."""

    @property
    def dialect(self) -> Dialect:
        """What the vendor accepts."""
        ...

    @property
    def longest_enum(self) -> float:
        """The values up to which an enum is listed; a longer one is a text, checked after."""
        ...

    @property
    def open(self) -> bool:
        """Whether an object that says nothing of other keys takes them: JSON Schema says yes, pydantic no."""
        ...

    @property
    def defaults_apply(self) -> bool:
        """Whether the type fills in defaults itself: pydantic does, in JSON Schema they are a remark."""
        ...

    def takes_null(self, schema: JSONValue) -> bool:
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

    def note(self, path: JSONPath, kind: Kind, text: str) -> None:
        """Something for `explain`."""
        ...


CHECKED = "x-structkit-checked"
"""Keyword that lists the bounds which the natural schema itself has put into words."""

BOX = "x-structkit-box"
"""Keyword of a branch that the natural side has boxed under its name already."""

Kind = Literal["rewritten", "checked locally", "dropped"]
"""What happened to a part of the caller's schema on its way to the wire."""
