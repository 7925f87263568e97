"""Numbers that pydantic reads from `true` and `false`, as Python takes these for 1 and 0, and 10 from "10.000"."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from pydantic_core import PydanticCustomError, PydanticKnownError

from structkit.schema.expected_values import TYPES, listed_values
from structkit.schema.keywords import ORIGINAL_SCHEMA
from structkit.schema.pydantic.scalar_walk import Context, ScalarRewriter, rewrite_scalars
from structkit.schema.pydantic.strict_scalars import has_own_schema
from structkit.values import JSON, JSONValue

GROUPED_INTEGER = re.compile(r"\s*[-+]?[1-9][0-9]{0,2}\.000\s*")
"""A text that may be an integer with a fraction of zeros, or one with a point between groups of digits."""


def has_ambiguous_numbers(value: JSONValue, text: str | None) -> bool:
    """Return whether JSON contains `true`, `false` or a text such as "10.000"; fast where its text has none of them.

    >>> has_ambiguous_numbers(["true"], None), has_ambiguous_numbers({"a": [True]}, None)
    (False, True)
    >>> has_ambiguous_numbers([1], "[1]"), has_ambiguous_numbers(["10.000"], '["10.000"]')
    (False, True)
    """
    return (text is None or "true" in text or "false" in text or ".000" in text) and _has_ambiguous_number(value)


def _has_ambiguous_number(value: JSONValue) -> bool:
    stack = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, bool) or (isinstance(part, str) and GROUPED_INTEGER.fullmatch(part)):
            return True
        if isinstance(part, dict):
            stack += part.values()
        elif isinstance(part, list):
            stack += part
    return False


def without_ambiguous_numbers(core: Any) -> Any:
    """Return a core schema that rejects such values for numbers; the same object where it has no numbers.

    Numbers that a function of the caller's makes, or whose JSON Schema is the caller's, are left as they are.
    """
    return rewrite_scalars(core, NUMBERS)


def _without_boolean(part: JSON, context: Context, error: Callable[[bool], Exception]) -> JSON:
    is_integer = part["type"] == "int"

    def reject_boolean(value: Any) -> Any:
        if isinstance(value, bool):
            raise error(value)
        if is_integer and isinstance(value, str) and GROUPED_INTEGER.fullmatch(value):
            raise PydanticCustomError("number_type", "Input should be an integer without a point")
        return value

    return context.guarded(part, reject_boolean, **{ORIGINAL_SCHEMA: part})


def _numbers_only(part: JSON, context: Context) -> JSON:
    """Return the schema of an integer or a float; in strict mode, pydantic itself rejects booleans."""
    return part if context.is_strict(part) else _without_boolean_number(part, context)


def _numbers_from_python(part: JSON, context: Context) -> JSON:
    """Return the schema of a decimal, a fraction or a complex number: pydantic reads booleans from Python only."""
    return _without_boolean_number(part, context) if context.is_python else part


def _without_boolean_number(part: JSON, context: Context) -> JSON:
    if context.is_key or has_own_schema(part):
        return part
    expected = TYPES["integer" if part["type"] == "int" else "number"]

    def error(value: bool) -> Exception:
        context = {"expected": expected, "got": "true" if value else "false"}
        return PydanticCustomError("number_type", "Input should be {expected}, not {got}", context)

    return _without_boolean(part, context, error)


def _constants_only(part: JSON, context: Context) -> JSON:
    """Return the schema of an enum or a literal some of whose values are numbers and none of which is a boolean."""
    constants = part["members"] if part["type"] == "enum" else part["expected"]
    values = [constant.value if isinstance(constant, Enum) else constant for constant in constants]
    has_numbers = any(isinstance(value, int | float) for value in values)
    if context.is_key or has_own_schema(part) or not has_numbers or any(isinstance(value, bool) for value in values):
        return part
    expected = listed_values(values)
    return _without_boolean(part, context, lambda _: PydanticKnownError("enum", {"expected": expected}))


NUMBERS: Mapping[str, ScalarRewriter] = {
    **dict.fromkeys(("int", "float"), _numbers_only),
    **dict.fromkeys(("decimal", "fraction", "complex"), _numbers_from_python),
    **dict.fromkeys(("enum", "literal"), _constants_only),
}
