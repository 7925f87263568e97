"""Defaults that their type rejects, changes or cannot write: they are left out, and the type fills them in again."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

from pydantic_core import SchemaValidator, ValidationError

from structkit.schema.pydantic.part import NO_JSON, SchemaPart
from structkit.values import JSON

SCALARS = frozenset({"bool", "int", "float", "str"})
CONTAINERS = frozenset({"list", "dict", "set", "frozenset"})
STRING_SETTINGS = frozenset(
    {"str_strip_whitespace", "str_to_lower", "str_to_upper", "str_min_length", "str_max_length"}
)
"""Settings of a model that change or reject a string."""


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
        return natural is not NO_JSON and self._part.reads_back(natural, self._default)

    def _is_default(self, value: Any) -> bool:
        if value is self._default:
            return True
        try:
            return type(value) is type(self._default) and bool(value == self._default)
        except Exception:  # noqa: BLE001 (the class is the caller's)
            return False


def is_readable_default(part: Any, default: Any, config: JSON) -> bool:
    """Return whether a type surely writes a default and reads it back; it is not compiled for that."""
    while part["type"] == "nullable":
        if default is None:
            return True
        part = part["schema"]
    kind = part["type"]
    if kind == "enum":
        return type(default) is part["cls"]
    if kind == "literal":
        return any(default is each for each in part["expected"])
    if kind in SCALARS:
        return not config.keys() & STRING_SETTINGS and _is_valid_scalar(part, default)
    return kind in CONTAINERS and type(default).__name__ == kind and not default and not part.get("min_length")


def _is_valid_scalar(part: Any, default: Any) -> bool:
    try:
        is_unchanged = SchemaValidator(part).validate_python(default, strict=True) == default
    except ValidationError:
        return False
    return is_unchanged and (not isinstance(default, float) or math.isfinite(default))
