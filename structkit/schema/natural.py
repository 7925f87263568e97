"""`NaturalType`: what every output type can do with natural JSON, which is JSON as the type itself writes it."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from structkit.parsing.member_names import NamesOfValues
from structkit.schema.explanation import Note
from structkit.values import JSON, Issue, JSONValue
from structkit.values.text import MAX_LISTED_LINES

T = TypeVar("T")

FAILED_RULE = "a rule could not be applied to the values here; write other values"
"""The message about an exception of a validator that is not one of the kinds by which a validator rejects a value."""

MAX_QUOTED_CHARS = 100
"""Characters of a value that an issue quotes; of a message, twice as many."""


class InvalidValue(Exception):
    """A natural value that the type does not accept, with the issues."""

    def __init__(self, issues: tuple[Issue, ...]) -> None:
        """Store the issues."""
        super().__init__("; ".join(map(str, issues[:MAX_LISTED_LINES])))
        self.issues = issues


class NaturalType(Protocol[T]):
    """An output type: its name, its natural JSON Schema, and the way from values to natural JSON and back."""

    name: str
    schema: JSON

    def explain(self) -> tuple[Note, ...]:
        """Return notes on the type itself, which are the same in every dialect."""
        ...

    def member_names(self) -> NamesOfValues:
        """Return the names of values that are neither in the schema nor in natural JSON."""
        ...

    def dump(self, value: T, *, for_reader: bool = False) -> JSONValue:
        """Return a value as natural JSON; for a reader, with the defaults that the type would change."""
        ...

    def validate(self, value: JSONValue, text: str | None = None, context: Any = None) -> T:
        """Return natural JSON as a value of the type.

        Args:
            value: The natural JSON.
            text: Its JSON text where that is available, which pydantic parses faster.
            context: What pydantic's validators get as `info.context`.

        Raises:
            InvalidValue: With the issues.
        """
        ...
