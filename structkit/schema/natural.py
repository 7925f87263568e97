"""The caller's side: a type's natural JSON Schema, its own validation, and its values as JSON."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from structkit.values import JSON, Issue, JSONValue

T = TypeVar("T")

MAX_QUOTED_CHARS = 100
"""Characters of a value that an issue quotes; of a message, twice as many."""


class InvalidValue(Exception):
    """A natural value that the type does not accept."""

    def __init__(self, issues: tuple[Issue, ...]) -> None:
        """Keep what is wrong."""
        super().__init__("; ".join(map(str, issues)))
        self.issues = issues


class Natural(Protocol[T]):
    """What a kind of output type must be able to do."""

    name: str
    schema: JSON

    def dump(self, value: T) -> JSONValue:
        """The value as natural JSON."""
        ...

    def validate(self, value: JSONValue, text: str | None = None, context: Any = None) -> T:
        """The value of the type, from natural JSON (and from its text, where that is at hand).

        Args:
            value: The natural JSON.
            text: Its text.
            context: What pydantic's validators get as `info.context`.

        Raises:
            InvalidValue: With what is wrong.
        """
        ...
