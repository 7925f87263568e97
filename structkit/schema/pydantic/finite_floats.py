"""Floats of a reply are finite: pydantic reads the texts "inf", "NaN" and "1e400" as floats that JSON does not have."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from structkit.schema.pydantic.part import NOT_SCHEMAS

CONVERTERS = frozenset({"function-before", "function-wrap"})
"""Functions of the caller's that may return an infinity for another value."""

WRAPPERS = CONVERTERS | {"nullable", "default", "function-after"}
"""Parts that pass on the value of the part inside them."""


def with_finite_floats(part: Any, *, is_allowed: bool = False, may_be_made: bool = False) -> Any:
    """Return a core schema that rejects infinities and NaN, unless the type allows or makes them.

    Args:
        part: The core schema, or a part of it; the same object is returned where nothing changes.
        is_allowed: Whether the settings of the model that contains the part allow infinities.
        may_be_made: Whether a function of the caller's may return an infinity for the part.

    >>> with_finite_floats({"type": "list", "items_schema": {"type": "float"}})
    {'type': 'list', 'items_schema': {'type': 'float', 'allow_inf_nan': False}}
    >>> with_finite_floats({"type": "float", "allow_inf_nan": True})
    {'type': 'float', 'allow_inf_nan': True}
    """
    if isinstance(part, list | tuple):
        items = [with_finite_floats(item, is_allowed=is_allowed, may_be_made=may_be_made) for item in part]
        return type(part)(items) if _are_other(items, part) else part
    if not isinstance(part, dict) or part.get("custom_init"):
        return part
    is_schema = isinstance(part.get("type"), str)  # a map of fields may have any names
    if is_schema and part["type"] == "float":
        is_free = is_allowed or may_be_made or "allow_inf_nan" in part or "serialization" in part
        return part if is_free else {**part, "allow_inf_nan": False}
    if is_schema and part["type"] == "json":  # a text may contain them
        return part
    if is_schema:
        is_allowed = bool(part["config"].get("allow_inf_nan")) if part.get("config") else is_allowed
        may_be_made = _may_be_made(part) or (may_be_made and part["type"] in WRAPPERS)
    values = [
        value
        if is_schema and key in NOT_SCHEMAS
        else with_finite_floats(value, is_allowed=is_allowed, may_be_made=may_be_made)
        for key, value in part.items()
    ]
    return dict(zip(part, values, strict=True)) if _are_other(values, part.values()) else part


def _may_be_made(part: Any) -> bool:
    """Return whether a function, or a default that is validated, may be an infinity."""
    default = part.get("default") if part["type"] == "default" else None
    return part["type"] in CONVERTERS or (isinstance(default, float) and not math.isfinite(default))


def _are_other(values: Iterable[Any], originals: Iterable[Any]) -> bool:
    return any(value is not original for value, original in zip(values, originals, strict=True))
