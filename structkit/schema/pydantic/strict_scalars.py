"""Scalars that pydantic reads in a way that nobody means, or in one of two: "NaN" as a float, "03:45" as a duration."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticKnownError

from structkit.schema.expected_values import listed_values
from structkit.schema.pydantic.caller_functions import unwrap_function
from structkit.schema.pydantic.flag_errors import with_sums
from structkit.schema.pydantic.scalar_walk import TIMES, Context, ScalarRewriter, rewrite_by_place
from structkit.values import JSON

DATES = frozenset({"datetime", "date"})

DATE = re.compile(r"\s*\d{4}-\d\d-\d\d\s*")

NUMBER = re.compile(r"\s*[-+]?(?:[0-9_]+(?:\.[0-9_]*)?|\.[0-9_]+)(?:[eE][-+]?[0-9_]+)?\s*")
"""A number as a text, in each notation that pydantic reads as seconds, such as `.5`."""

TWO_NUMBERS = re.compile(r"\s*[-+]?\d\d:\d\d\s*")
"""A text that may be hours and minutes, which is what pydantic reads, or minutes and seconds, as of a song."""

TEXT_FUNCTIONS = frozenset({"pydantic.networks", "pydantic._internal._validators"})
"""Where pydantic has the functions that make IP addresses and imported objects of texts. They take numbers as well."""


def with_strict_scalars(core: Any, config: JSON | None = None) -> Any:
    """Return a core schema that rejects infinities and NaN, and numbers for times and IP addresses.

    It accepts them where the type says so: by its settings, by a JSON Schema of its own, or by a function of the
    caller's that makes them of other values.

    Args:
        core: The core schema.
        config: The settings of the model that contains it.

    >>> with_strict_scalars({"type": "list", "items_schema": {"type": "float"}})
    {'type': 'list', 'items_schema': {'type': 'float', 'allow_inf_nan': False}}
    >>> with_strict_scalars({"type": "float", "allow_inf_nan": True})
    {'type': 'float', 'allow_inf_nan': True}
    """
    return rewrite_by_place(core, STRICT_SCALARS, config or {})


def _without_infinities(part: JSON, context: Context) -> JSON:
    """Return the schema of a float that rejects infinities; the keys of a map are texts, and so may be infinite."""
    may_be_infinite = context.is_key or context.config.get("allow_inf_nan")
    if may_be_infinite or "allow_inf_nan" in part or "serialization" in part:
        return part
    return context.guarded(part, _reject_infinity) if context.is_converted else {**part, "allow_inf_nan": False}


def _reject_infinity(value: Any) -> Any:
    try:
        is_finite = math.isfinite(float(value))
    except (TypeError, ValueError, OverflowError):  # not a float at all, which pydantic says
        return value
    if not is_finite:
        raise PydanticKnownError("finite_number")
    return value


def _without_numbers(part: JSON, context: Context) -> JSON:
    """Return the schema of a time that rejects numbers, which pydantic reads as seconds, since 1970 or in all.

    A duration rejects two numbers with a colon, too.

    In strict mode, pydantic rejects them except in texts of dates. Behind a check, it would read only dates of Python,
    so that the check does what is strict.
    """
    kind = part["type"]
    is_strict = context.is_strict(part)
    if has_own_schema(part) or (is_strict and kind not in DATES):
        return part
    error_type: Any = TIMES[kind]

    def reject_number(value: Any) -> Any:
        is_text = isinstance(value, str)
        is_other_date = is_text and is_strict and bool(DATE.fullmatch(value)) is not (kind == "date")
        is_ambiguous = is_text and kind == "timedelta" and TWO_NUMBERS.fullmatch(value)
        if isinstance(value, int | float) or (is_text and NUMBER.fullmatch(value)) or is_other_date or is_ambiguous:
            raise PydanticKnownError(error_type)
        return value

    return context.guarded({**part, "strict": False} if is_strict else part, reject_number)


def _text_only(part: JSON, context: Context) -> JSON:
    """Return the schema of an IP address or an imported object that rejects what is not a text.

    1 and `true` would be 0.0.0.1, and a list or an object would be the imported object itself.
    """
    module = getattr(unwrap_function(part["function"]["function"]), "__module__", None)
    is_text = module in TEXT_FUNCTIONS and not has_own_schema(part)
    return context.guarded(part, _require_text) if is_text else part


def _require_text(value: Any) -> Any:
    if isinstance(value, int | float | list | dict | None):
        raise PydanticKnownError("string_type")
    return value


def _whole_numbers_only(part: JSON, context: Context) -> JSON:
    """Return the schema of a boolean that rejects 1.0 in a union, where another branch may be a number."""
    is_strict_anyway = context.is_key or context.is_strict(part) or not context.is_branch
    return part if is_strict_anyway or has_own_schema(part) else context.guarded(part, _reject_float)


def _reject_float(value: Any) -> Any:
    if isinstance(value, float):
        raise PydanticKnownError("bool_parsing")
    return value


def _booleans_for_booleans(part: JSON, context: Context) -> JSON:
    """Return the schema of constants that does not read 1 and 0 as True and False, which are equal in Python."""
    expected = part["expected"]
    numbers = [each for each in expected if isinstance(each, int | float) and not isinstance(each, bool)]
    if context.is_key or has_own_schema(part) or not any(isinstance(each, bool) for each in expected):
        return part

    def reject_number(value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool) and value not in numbers:
            raise PydanticKnownError("literal_error", {"expected": listed_values(expected)})
        return value

    return context.guarded(part, reject_number)


STRICT_SCALARS: Mapping[str, ScalarRewriter] = {
    "float": _without_infinities,
    "function-plain": _text_only,
    "enum": with_sums,
    "bool": _whole_numbers_only,
    "literal": _booleans_for_booleans,
    **dict.fromkeys(TIMES, _without_numbers),
}


def has_own_schema(part: JSON) -> bool:
    """Return whether the caller has given a scalar another JSON Schema."""
    return "pydantic_js_annotation_functions" in part.get("metadata", {})
