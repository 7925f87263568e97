"""Scalars that pydantic reads leniently, in a way that nobody means: "NaN" as a float, the number 2024 as 1970."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, cast

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
    return rewrite_scalars(core, STRICT_SCALARS)


@dataclass(frozen=True)
class Context:
    """What surrounds a part of a core schema.

    Args:
        rewriters: What rewrites scalars, by the type of their core schema.
        config: The settings of the model that contains it.
        may_be_made: Whether a function of the caller's may return any value for the part.
        is_key: Whether the part is in the keys of a map, which are texts on the wire.
    """

    rewriters: Mapping[str, ScalarRewriter]
    config: JSON = field(default_factory=dict)
    may_be_made: bool = False
    is_key: bool = False

    def is_strict(self, part: JSON) -> bool:
        """Return whether pydantic validates a scalar in strict mode."""
        return bool(part.get("strict", self.config.get("strict")))


ScalarRewriter: TypeAlias = Callable[[JSON, Context], JSON]
"""Returns the core schema of a scalar; the same object where nothing in it changes."""


def rewrite_scalars(core: Any, rewriters: Mapping[str, ScalarRewriter]) -> Any:
    """Return a core schema with other schemas of its scalars, except where a function of the caller's makes them.

    Args:
        core: The core schema.
        rewriters: What rewrites scalars, by the type of their core schema.
    """
    return _rewrite(core, Context(rewriters))


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
    if rewriter := context.rewriters.get(kind):
        return part if context.may_be_made else rewriter(part, context)
    may_be_made = _may_be_made(part) or (context.may_be_made and kind in WRAPPERS)
    inner = replace(context, config=part.get("config") or context.config, may_be_made=may_be_made)
    return _rewrite_values(part, inner, NOT_SCHEMAS)


def _rewrite_values(part: JSON, context: Context, unchanged: Collection[str]) -> JSON:
    of_keys = replace(context, is_key=True)
    values = [
        value if key in unchanged else _rewrite(value, of_keys if key == "keys_schema" else context)
        for key, value in part.items()
    ]
    return dict(zip(part, values, strict=True)) if _are_other(values, part.values()) else part


def _without_infinities(part: JSON, context: Context) -> JSON:
    """Return the schema of a float that rejects infinities; the keys of a map are texts, and so may be infinite."""
    may_be_infinite = context.is_key or context.config.get("allow_inf_nan")
    is_free = may_be_infinite or "allow_inf_nan" in part or "serialization" in part
    return part if is_free else {**part, "allow_inf_nan": False}


def _without_numbers(part: JSON, context: Context) -> JSON:
    """Return the schema of a time that rejects numbers, which pydantic reads as seconds, since 1970 or in all."""
    if context.is_strict(part) or has_own_schema(part):  # in strict mode, pydantic itself rejects them
        return part
    error_type: Any = TIMES[part["type"]]

    def reject_number(value: Any) -> Any:
        if isinstance(value, int | float) or (isinstance(value, str) and NUMBER.fullmatch(value)):
            raise PydanticKnownError(error_type)
        return value

    schema = core_schema.no_info_before_validator_function(reject_number, without_ref(part), ref=part.get("ref"))
    return cast("JSON", schema)


STRICT_SCALARS: Mapping[str, ScalarRewriter] = {"float": _without_infinities, **dict.fromkeys(TIMES, _without_numbers)}


def has_own_schema(part: JSON) -> bool:
    """Return whether the caller has given a scalar another JSON Schema."""
    return "pydantic_js_annotation_functions" in part.get("metadata", {})


def _may_be_made(part: JSON) -> bool:
    """Return whether a function, or a default that is validated, may be an infinity."""
    default = part.get("default") if part["type"] == "default" else None
    return part["type"] in CONVERTERS or (isinstance(default, float) and not math.isfinite(default))


def _are_other(values: Iterable[Any], originals: Iterable[Any]) -> bool:
    return any(value is not original for value, original in zip(values, originals, strict=True))
