"""What every wire node is: a strict schema, and the way from natural JSON to the wire and back.

*Natural* is JSON as the caller's type writes it; *wire* is JSON as the endpoint sees it. Two rules
hold for every node, and for every natural value that the type accepts:

1. `load(dump(value)) == value`
2. `dump(value)` conforms to `schema`

`load` is lenient: what does not have the wire's form passes through unchanged, because the type's
own validation runs afterwards and says it better. It objects only to what validation cannot see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from structkit.values import JSON, JSONPath, JSONValue


class WireError(ValueError):
    """A wire value that has no natural form; `path` grows as the error climbs the tree."""

    def __init__(self, message: str) -> None:
        """Start at the value itself."""
        super().__init__(message)
        self.path: JSONPath = ()

    def with_step(self, step: str | int) -> WireError:
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
    def is_identity(self) -> bool:
        """Whether every wire value is its own natural value, all the way down."""
        ...

    @property
    def schema(self) -> JSON:
        """The strict schema."""
        ...

    def dump(self, value: JSONValue) -> JSONValue:
        """Natural to wire."""
        ...

    def load(self, wire: JSONValue) -> JSONValue:
        """Wire to natural."""
        ...

    def matches_value(self, value: JSONValue, /) -> bool:
        """Whether a natural value looks like this node's: enough to choose a union's branch."""
        ...

    def matches_wire(self, wire: JSONValue, /) -> bool:
        """Whether a wire value looks like this node's: enough to choose a union's branch."""
        ...


Absence = Literal["never", "null", "missing"]
"""How the wire says that a property is absent: it cannot, by null, or by leaving it out."""


@dataclass(frozen=True)
class Field:
    """One property: its name on either side, its node, and how it may be absent."""

    name: str
    wire: str
    node: Node
    absence: Absence = "never"
    is_nullable: bool = True
    is_assumed: bool = False
    """Whether the type fills it in where a reply leaves it out, although it is always there on the wire."""

    def dump(self, value: JSONValue) -> JSONValue:
        """The property's wire value.

        A null that the type refuses would read as absent, so it is written as what neither the
        strict schema nor the type takes.
        """
        if value is None and self.absence == "null" and not self.is_nullable:
            return {"value": None} if self.node.matches_wire("null") else "null"
        return self.node.dump(value)

    def matches_value(self, value: JSONValue) -> bool:
        """Whether a value looks like the property's."""
        return (value is not None or self.is_nullable) and self.node.matches_value(value)

    @property
    def is_identity(self) -> bool:
        """Whether the property needs nothing done."""
        return self.name == self.wire and self.absence != "null" and self.node.is_identity
