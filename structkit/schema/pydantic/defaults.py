"""Defaults that their type rejects, changes or cannot write: they are left out, and the type fills them in again.

A type that validates its default does so before it is rewritten: a rewritten one reads JSON only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from operator import eq
from typing import Any

from pydantic_core import SchemaValidator, ValidationError

from structkit.schema.keywords import EMPTY_DEFAULT, ORIGINAL_SCHEMA
from structkit.schema.pydantic.part import NO_JSON, SchemaPart
from structkit.values import JSON

SCALARS = frozenset({"bool", "int", "float", "str"})
CONTAINERS = frozenset({"list", "dict", "set", "frozenset", "tuple"})
STRING_SETTINGS = frozenset(
    {"str_strip_whitespace", "str_to_lower", "str_to_upper", "str_min_length", "str_max_length"}
)
"""Settings of a model that change or reject a string."""

NO_DEFAULT = object()

EMPTY_FACTORIES: tuple[type[Any], ...] = (list, dict, set, frozenset, tuple, str)
"""Classes that are called for a default; any other factory may have side effects, and is not called."""


def known_default(part: JSON) -> Any:
    """Return the default of a core schema of type "default"; `NO_DEFAULT` if only its factory knows it."""
    factory = part.get("default_factory")
    empty = next((kind() for kind in EMPTY_FACTORIES if kind is factory), NO_DEFAULT)
    return part.get("default", empty)


def with_empty_default(part: JSON, default: Any) -> JSON:
    """Return a core schema with a surely readable default, which is marked in the JSON Schema if it is empty."""
    if type(default) not in EMPTY_FACTORIES or default:
        return part
    metadata = part.get("metadata") or {}
    empty: Any = "" if isinstance(default, str) else {} if isinstance(default, dict) else []
    updates = {**metadata.get("pydantic_js_updates", {}), "default": empty, EMPTY_DEFAULT: True}
    return {**part, "metadata": {**metadata, "pydantic_js_updates": updates}}


class IsUnreadableDefault:
    """A predicate: whether a value is the default of its field, and the field would not read it back."""

    def __init__(self, default: Any, part: SchemaPart) -> None:
        """Store the default, and the type that writes and reads it."""
        self._default, self._part = default, part

    def __call__(self, value: Any) -> bool:
        """Return whether the value has to be excluded."""
        return not self._is_read_back and self._is_default(value)

    @cached_property
    def _is_read_back(self) -> bool:
        """Whether the default is read back; computed when a value is first written, not when a type is compiled."""
        natural = self._part.write(self._default)
        return natural is not NO_JSON and self._part.reads_back(natural, self._default, eq)

    def _is_default(self, value: Any) -> bool:
        if value is self._default:
            return True
        try:
            return type(value) is type(self._default) and bool(value == self._default)
        except Exception:  # noqa: BLE001 (the class is the caller's)
            return False


def with_valid_default(part: JSON, config: JSON, compile_original: Callable[[], SchemaPart]) -> JSON:
    """Return a part with its default validated already, if it has to be.

    Args:
        part: The part, whose type is rewritten.
        config: The settings of the model that contains it.
        compile_original: Compiles its type as it was.
    """
    if not part.get("validate_default", config.get("validate_default")):
        return part
    original = compile_original()
    try:
        default = {"default": original.validate(part["default"])} if "default" in part else {}
    except ValidationError:
        return part
    factory = part.get("default_factory")
    if factory is not None:
        default = {"default_factory": lambda *data: original.validate(factory(*data))}
    return {**part, **default, "validate_default": False}


def is_readable_default(part: Any, default: Any, config: JSON) -> bool:
    """Return whether a type surely writes a default and reads it back; it is not compiled for that."""
    part = _original(part)
    while part["type"] == "nullable":
        if default is None:
            return True
        part = _original(part["schema"])
    kind = part["type"]
    if kind == "enum":
        return type(default) is part["cls"]
    if kind == "literal":
        return any(default is each for each in part["expected"])
    if kind in SCALARS:
        return not config.keys() & STRING_SETTINGS and _is_valid_scalar(part, default)
    return kind in CONTAINERS and type(default).__name__ == kind and not default and _accepts_empty(part)


def _original(part: Any) -> Any:
    return (part.get("metadata") or {}).get(ORIGINAL_SCHEMA, part)


def _accepts_empty(part: Any) -> bool:
    """Return whether an empty container is surely valid; a tuple is where it has only items of any number."""
    is_of_any_length = part["type"] != "tuple" or (
        part.get("variadic_item_index") == 0 and len(part["items_schema"]) == 1
    )
    return is_of_any_length and not part.get("min_length") and "serialization" not in part


def _is_valid_scalar(part: Any, default: Any) -> bool:
    try:
        is_unchanged = SchemaValidator(part).validate_python(default, strict=True) == default
    except ValidationError:
        return False
    return is_unchanged and (not isinstance(default, float) or math.isfinite(default))
