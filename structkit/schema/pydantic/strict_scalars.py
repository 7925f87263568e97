"""Scalars that pydantic reads leniently, in a way that nobody means: "NaN" as a float, the number 2024 as 1970."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, cast

from pydantic_core import PydanticKnownError, core_schema

from structkit.schema.pydantic.part import NOT_SCHEMAS, without_ref
from structkit.values import JSON

CONVERTERS = frozenset({"function-before", "function-wrap"})
"""Functions of the caller's that may return an infinity for another value."""

TIMES = {"datetime": "datetime_type", "date": "date_type", "time": "time_type", "timedelta": "time_delta_type"}
"""Core schemas of times, each with pydantic's error for a value of another type."""

NUMBER = re.compile(r"\s*[-+]?[0-9_]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?\s*")

WRAPPERS = CONVERTERS | {"nullable", "default", "function-after"}
"""Parts that pass on the value of the part inside them."""


def with_strict_scalars(core: Any) -> Any:
    """Return a core schema that rejects infinities and NaN, and numbers for dates, times and durations.

    It accepts them where the type says so: by its settings, by a JSON Schema of its own, or by a function of the
    caller's that returns them.

    >>> with_strict_scalars({"type": "list", "items_schema": {"type": "float"}})
    {'type': 'list', 'items_schema': {'type': 'float', 'allow_inf_nan': False}}
    >>> with_strict_scalars({"type": "float", "allow_inf_nan": True})
    {'type': 'float', 'allow_inf_nan': True}
    """
    return _rewrite(core, Context())


@dataclass(frozen=True)
class Context:
    """What surrounds a part of a core schema.

    Args:
        config: The settings of the model that contains it.
        may_be_made: Whether a function of the caller's may return any value for the part.
    """

    config: JSON = field(default_factory=dict)
    may_be_made: bool = False


def _rewrite(part: Any, context: Context) -> Any:
    """Return a part; the same object where nothing in it changes."""
    if isinstance(part, list | tuple):
        items = [_rewrite(item, context) for item in part]
        return type(part)(items) if _are_other(items, part) else part
    if not isinstance(part, dict) or part.get("custom_init"):
        return part
    if not isinstance(part.get("type"), str):  # a map of fields, which may have any names
        return _rewrite_values(part, context, frozenset())
    kind = part["type"]
    if kind == "json":  # a text may contain infinities
        return part
    if kind == "float" or kind in TIMES:
        return part if context.may_be_made else _rewrite_scalar(part, context.config)
    may_be_made = _may_be_made(part) or (context.may_be_made and kind in WRAPPERS)
    return _rewrite_values(part, Context(part.get("config") or context.config, may_be_made), NOT_SCHEMAS)


def _rewrite_values(part: JSON, context: Context, unchanged: Collection[str]) -> JSON:
    # The keys of a map are texts on the wire, and so may be infinite.
    of_keys = replace(context, config={**context.config, "allow_inf_nan": True})
    values = [
        value if key in unchanged else _rewrite(value, of_keys if key == "keys_schema" else context)
        for key, value in part.items()
    ]
    return dict(zip(part, values, strict=True)) if _are_other(values, part.values()) else part


def _rewrite_scalar(part: JSON, config: JSON) -> JSON:
    if part["type"] == "float":
        is_free = config.get("allow_inf_nan") or "allow_inf_nan" in part or "serialization" in part
        return part if is_free else {**part, "allow_inf_nan": False}
    is_strict = part.get("strict", config.get("strict"))  # pydantic itself rejects numbers then
    has_own_schema = "pydantic_js_annotation_functions" in part.get("metadata", {})
    return part if is_strict or has_own_schema else _without_numbers(part)


def _without_numbers(part: JSON) -> JSON:
    """Return the schema of a time that rejects numbers, which pydantic reads as seconds, since 1970 or in all."""
    error_type: Any = TIMES[part["type"]]

    def reject_number(value: Any) -> Any:
        if isinstance(value, int | float) or (isinstance(value, str) and NUMBER.fullmatch(value)):
            raise PydanticKnownError(error_type)
        return value

    schema = core_schema.no_info_before_validator_function(reject_number, without_ref(part), ref=part.get("ref"))
    return cast("JSON", schema)


def _may_be_made(part: JSON) -> bool:
    """Return whether a function, or a default that is validated, may be an infinity."""
    default = part.get("default") if part["type"] == "default" else None
    return part["type"] in CONVERTERS or (isinstance(default, float) and not math.isfinite(default))


def _are_other(values: Iterable[Any], originals: Iterable[Any]) -> bool:
    return any(value is not original for value, original in zip(values, originals, strict=True))
