"""The validators of a type's own, by path: what no schema can say, and only the caller's side enforces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from structkit.schema.explanation import Note
from structkit.values import JSON, JSONPath

FUNCTIONS = frozenset({"function-after", "function-before", "function-wrap", "function-plain"})
OURS = ("pydantic", "structkit")
"""Packages whose validators belong to a type; others are the caller's."""

ITEMS: dict[str, JSONPath] = {"items_schema": ("[]",), "values_schema": ("[]",)}
"""Parts of a core schema that stand for the members of a list or map."""


def explain_validators(core: Any) -> tuple[Note, ...]:
    """A note for each validator of the caller's in a pydantic core schema.

    >>> from typing import Annotated
    >>> from pydantic import AfterValidator, TypeAdapter
    >>> [note] = explain_validators(TypeAdapter(list[Annotated[int, AfterValidator(abs)]]).core_schema)
    >>> print(note)
    []: checked locally: validator abs
    """
    definitions = {part["ref"]: part for part in core.get("definitions", ())}
    notes = (Note(path, "checked locally", f"validator {name}") for path, name in _Walk(definitions).of(core, ()))
    return tuple(dict.fromkeys(notes))


@dataclass(frozen=True)
class _Walk:
    """One walk over a core schema; a definition is not entered inside itself."""

    definitions: JSON
    within: frozenset[str] = frozenset()

    def of(self, part: JSON, path: JSONPath) -> Iterator[tuple[JSONPath, str]]:
        """Every validator in a part, and below it."""
        part = self.definitions.get(part.get("schema_ref", ""), part)
        if (name := part.get("ref")) in self.within:
            return
        if part.get("type") in FUNCTIONS and (function := _name(part["function"]["function"])):
            yield path, function
        inside = self if name is None else replace(self, within=self.within | {name})
        for step, inner in _inside(part):
            yield from inside.of(inner, (*path, *step))


def _inside(part: JSON) -> Iterator[tuple[JSONPath, JSON]]:
    """The parts right inside a part, each with its step in the value."""
    for key, value in part.items():
        if key == "fields":
            named = (
                value.items()
                if isinstance(value, dict)
                else ((field["name"], field) for field in value if isinstance(field, dict))
            )
            yield from (((_alias(field, name),), field) for name, field in named)
        elif key not in SKIPPED:
            several = value.values() if key == "choices" and isinstance(value, dict) else value
            each = [value] if isinstance(several, dict) else several if isinstance(several, Iterable) else ()
            parts = (item[0] if isinstance(item, tuple) else item for item in each)
            yield from ((ITEMS.get(key, ()), inner) for inner in parts if isinstance(inner, dict))


SKIPPED = frozenset(
    {"metadata", "serialization", "cls", "config", "members", "expected", "default", "computed_fields", "definitions"}
)
"""Parts of a core schema that validate nothing, or that are reached by their names."""


def _alias(field: JSON, name: str) -> str:
    alias = field.get("validation_alias")
    return alias if isinstance(alias, str) else name


def _name(function: Callable[..., Any]) -> str:
    """The name of a function of the caller's; nothing for pydantic's own."""
    module = getattr(function, "__module__", None) or ""
    return "" if module.partition(".")[0] in OURS else getattr(function, "__name__", repr(function))
