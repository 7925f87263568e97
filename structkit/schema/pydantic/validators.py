"""What the schema cannot say of a type, by path: the caller's own validators, fields the class sets, infinities."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from structkit.schema.explanation import Note
from structkit.schema.pydantic.aliases import field_alias, named_fields
from structkit.schema.pydantic.caller_functions import function_name, package_of
from structkit.schema.pydantic.part import python_only_choices
from structkit.schema.pydantic.predicates import find_predicate
from structkit.values import JSON, JSONPath

FUNCTIONS = frozenset({"function-after", "function-before", "function-wrap", "function-plain"})
LIBRARY_PACKAGES = ("pydantic", "structkit", "ipaddress")
"""Packages whose validators belong to a type; all others are the caller's."""

ITEMS: dict[str, JSONPath] = {"items_schema": ("[]",), "values_schema": ("[]",)}
"""Keys for the schema of a list's or map's members."""

SKIPPED_KEYS = frozenset(
    {"metadata", "serialization", "cls", "config", "members", "expected", "default", "computed_fields", "definitions"}
) | {"python_schema"}
"""Keys whose values do not validate JSON, or are reached by reference."""


def explain_validators(core: Any) -> tuple[Note, ...]:
    """Return a note for each validator of the caller's in a pydantic core schema, and each field with `init=False`.

    Of the places of floats that may be infinite, only the first has a note.

    >>> from typing import Annotated
    >>> from pydantic import AfterValidator, TypeAdapter
    >>> [note] = explain_validators(TypeAdapter(list[Annotated[int, AfterValidator(abs)]]).core_schema)
    >>> print(note)
    []: checked locally: validator abs
    """
    notes = dict.fromkeys(note for path, part, _ in _parts(core) for note in _notes(path, part))
    infinite = next((path for path, part, config in _parts(core) if _may_be_infinite(part, config)), None)
    return tuple(notes) if infinite is None else (*notes, Note(infinite, "dropped", INFINITIES))


INFINITIES = "infinities and NaN: JSON has no number for them"


def _notes(path: JSONPath, part: JSON) -> Iterator[Note]:
    if part.get("type") in FUNCTIONS and (name := _name(part["function"]["function"])):
        yield Note(path, "checked locally", f"validator {name}")
    if part.get("type") == "union":
        for choice in python_only_choices(part):
            name = getattr(choice.get("cls"), "__name__", "Callable")
            yield Note(path, "dropped", f"{name}: JSON has no value for it")
    if part.get("init") is False:
        yield Note(path, "dropped", "init=False: the class sets it")


def _may_be_infinite(part: JSON, config: JSON) -> bool:
    """Return whether a part is a float that may be infinite, and has no text for that."""
    may_be_infinite = part.get("type") == "float" and part.get("allow_inf_nan", config.get("allow_inf_nan", True))
    return bool(may_be_infinite) and config.get("ser_json_inf_nan") != "strings"


def _requires_finite(part: JSON) -> bool:
    predicate = find_predicate(part["function"]["function"]) if part.get("type") in FUNCTIONS else None
    return predicate is not None and predicate.function is math.isfinite and not predicate.is_negated


def _parts(core: JSON) -> Iterator[tuple[JSONPath, JSON, JSON]]:
    """Yield every part with its path and settings, outermost first. A definition is entered once, at its first path."""
    definitions = {part["ref"]: part for part in core.get("definitions", ())}
    entered_refs = set[str]()
    stack: list[tuple[JSONPath, JSON, JSON]] = [((), core, {})]
    while stack:
        path, part, config = stack.pop()
        part = definitions.get(part.get("schema_ref", ""), part)
        if (ref := part.get("ref")) in entered_refs:
            continue
        entered_refs |= set() if ref is None else {ref}
        is_finite = _requires_finite(part) or part.get("type") == "json"  # a text may contain them
        config = {**(part.get("config") or config), **({"allow_inf_nan": False} if is_finite else {})}
        yield path, part, config
        stack += [((*path, *step), inner, config) for step, inner in reversed([*_children(part)])]


def _children(part: JSON) -> Iterator[tuple[JSONPath, JSON]]:
    """Yield the parts directly inside a part, each with its step in the value."""
    for key, value in part.items():
        if key == "fields":
            yield from (((field_alias(name, field),), field) for name, field in named_fields(value))
        elif key not in SKIPPED_KEYS:
            parts = value.values() if key == "choices" and isinstance(value, dict) else value
            parts = [value] if isinstance(parts, dict) else parts if isinstance(parts, Iterable) else ()
            schemas = (item[0] if isinstance(item, tuple) else item for item in parts)
            yield from ((ITEMS.get(key, ()), schema) for schema in schemas if isinstance(schema, dict))


def _name(function: Callable[..., Any]) -> str:
    """Return the name of a function of the caller's; "" for pydantic's, and for a predicate that is described."""
    predicate = find_predicate(function)
    if predicate:
        return "" if predicate.description else predicate.name
    return "" if package_of(function) in LIBRARY_PACKAGES else function_name(function)
