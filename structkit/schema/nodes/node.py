"""What every wire node is: a strict schema, and the way from natural JSON to the wire and back.

*Natural* is JSON as the caller's type writes it; *wire* is JSON as the endpoint sees it. Two rules
hold for every node, and for every natural value that the type accepts:

1. `load(dump(value)) == value`
2. `dump(value)` conforms to `schema`

`load` is lenient: a value that does not have the wire's form passes through unchanged, because the type's
own validation runs afterwards and reports it better. It raises only for what validation cannot see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from structkit.values import JSON, JSONPath, JSONValue


class WireError(ValueError):
    """A wire value that has no natural form; `path` grows as the error climbs the tree."""

    def __init__(self, message: str) -> None:
        """Start with the path of the value itself."""
        super().__init__(message)
        self.path: JSONPath = ()

    def with_step(self, step: str | int) -> WireError:
        """Return this error with its path as seen from one level up."""
        self.path = (step, *self.path)
        return self


class AmbiguousFormError(WireError):
    """A wire value that validation would accept as one of several things that it may mean."""


def reject_ambiguous(node: Node, wire: JSONValue) -> None:
    """Validate that a value which is written as the type has it, without the form of the wire, has one meaning.

    Raises:
        AmbiguousFormError: It lacks the tag of a branch that the type would assume, or a map in it may be one pair.
    """
    try:
        node.load(wire)
    except AmbiguousFormError:
        raise
    except WireError:
        return


class Node(Protocol):
    """One construct of the wire."""

    @property
    def kind(self) -> str:
        """The JSON type of the wire value, or "any"."""
        ...

    @property
    def is_identity(self) -> bool:
        """Whether every wire value equals its natural value, at any depth."""
        ...

    @property
    def schema(self) -> JSON:
        """The strict schema."""
        ...

    def dump(self, value: JSONValue) -> JSONValue:
        """Return a natural value as a wire value."""
        ...

    def load(self, wire: JSONValue) -> JSONValue:
        """Return a wire value as a natural value."""
        ...

    def matches_value(self, value: JSONValue, /) -> bool:
        """Return whether a natural value looks like one of this node: enough to choose the branch of a union."""
        ...

    def matches_wire(self, wire: JSONValue, /) -> bool:
        """Return whether a wire value looks like one of this node: enough to choose the branch of a union."""
        ...


Absence = Literal["never", "null", "missing", "default"]
"""How the wire expresses that a property is absent: not at all, by null, by leaving it out, or by its default."""


@dataclass(frozen=True)
class Field:
    """One property: its natural name and its wire name, its node, and how it may be absent."""

    name: str
    wire: str
    node: Node
    absence: Absence = "never"
    is_nullable: bool = True
    is_assumed: bool = False
    """Whether the type fills it in if a reply leaves it out, although the wire schema requires it."""
    default: JSONValue = None
    """With absence "default": the natural value that is written where the property is absent."""
    is_null_absent: bool = False
    """With absence "missing": whether null, which no value may be, is the default, and left out."""

    @property
    def may_be_absent(self) -> bool:
        """Whether the wire tells that it is absent: by null, or by leaving it out."""
        return self.absence in {"null", "missing"}

    @property
    def is_absent_if_null(self) -> bool:
        """Whether null on the wire means that it is absent."""
        return self.absence == "null" or (self.absence == "default" and not self.is_nullable)

    def dump_absent(self) -> JSONValue:
        """Return the wire value where it is absent, and is not left out."""
        return self.node.dump(self.default) if self.absence == "default" else None

    def dump(self, value: JSONValue) -> JSONValue:
        """Return the property's wire value.

        A null that the type rejects would be read as absent, so it is written as a value that both the strict schema
        and the type reject.
        """
        if value is None and self.is_absent_if_null and not self.is_nullable:
            return {"value": None} if self.node.matches_wire("null") else "null"
        return self.node.dump(value)

    def matches_value(self, value: JSONValue) -> bool:
        """Return whether a natural value looks like one of the property."""
        return (value is not None or self.is_nullable) and self.node.matches_value(value)

    @property
    def is_identity(self) -> bool:
        """Whether `load` and `dump` leave the property unchanged."""
        return self.name == self.wire and not self.is_absent_if_null and self.node.is_identity
