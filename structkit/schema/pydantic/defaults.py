"""Defaults that their own type refuses, changes or cannot write: left out, and so read back as they are."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

from pydantic_core import SchemaValidator, ValidationError

from structkit.schema.pydantic.part import UNSAID, Alone
from structkit.values import JSON

SCALARS = frozenset({"bool", "int", "float", "str"})
CONTAINERS = frozenset({"list", "dict", "set", "frozenset"})
CONFIGURED = frozenset({"str_strip_whitespace", "str_to_lower", "str_to_upper", "str_min_length", "str_max_length"})
"""Settings of a model that change or refuse a text."""


class Unreadable:
    """Whether a value is a default that does not come back: found out when the default is first met."""

    def __init__(self, default: Any, alone: Alone) -> None:
        """Keep the default and the type that may write and read it."""
        self._default, self._alone = default, alone

    def __call__(self, value: Any) -> bool:
        """Whether the value is to be left out."""
        return not self._comes_back and self._is_default(value)

    @cached_property
    def _comes_back(self) -> bool:
        found = self._alone.writes(self._default)
        return found is not UNSAID and self._alone.reads(found, self._default)

    def _is_default(self, value: Any) -> bool:
        if value is self._default:
            return True
        try:
            return type(value) is type(self._default) and bool(value == self._default)
        except Exception:  # noqa: BLE001 (the class is the caller's)
            return False


def comes_back(part: Any, default: Any, config: JSON) -> bool:
    """Whether a default can be seen to be one that its type writes and reads."""
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
        return not config.keys() & CONFIGURED and _is_scalar(part, default)
    return kind in CONTAINERS and type(default).__name__ == kind and not default and not part.get("min_length")


def _is_scalar(part: Any, default: Any) -> bool:
    try:
        same = SchemaValidator(part).validate_python(default, strict=True) == default
    except ValidationError:
        return False
    return same and (not isinstance(default, float) or math.isfinite(default))
