"""The messages of pydantic's errors, in words that say what to write instead."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from structkit.schema.expected_values import FORMATS, MISSING, OTHER_FORM, count_of, unexpected_key
from structkit.schema.natural import MAX_QUOTED_CHARS
from structkit.schema.pydantic.predicates import describe_failure
from structkit.values.text import shorten

Message: TypeAlias = "str | Callable[[dict[str, Any]], str]"
"""A message, or a function from pydantic's `ctx` to one."""

MISSING_TYPES = frozenset(
    {"missing", "missing_argument", "missing_positional_only_argument", "missing_keyword_only_argument"}
)
"""Error types for an absent key."""

FORM_TYPES = frozenset(
    {
        *("union_tag_invalid", "union_tag_not_found", "arguments_type", "named_tuple_type", "iterable_type"),
        *("model_type", "model_attributes_type", "dataclass_type", "dataclass_exact_type"),
        *(f"{name}_type" for name in ("dict", "frozen_dict", "ordered_dict", "counter", "mapping")),
        *(f"{name}_type" for name in ("list", "deque", "tuple", "set", "frozen_set")),
        *("unexpected_positional_argument", "int_parsing_size"),
    }
)
"""Error types for a value whose form on the wire is not the one in pydantic's message."""


PREDICATE_TYPES = frozenset({"predicate_failed", "not_operation_failed"})
"""Error types for a value that does not satisfy a function on the type."""

UNEXPECTED_KEY_TYPES = frozenset({"extra_forbidden", "unexpected_keyword_argument"})
"""Error types for a key that is not declared."""


def message(error: Any) -> str:
    """Return the message of an error, as `ValidationError.errors()` returns it.

    >>> message({"type": "too_long", "msg": "", "ctx": {"max_length": 1, "actual_length": 3}})
    'Input should have at most 1 item, not 3'
    """
    kind, context = error["type"], error.get("ctx", {})
    if kind in MISSING_TYPES:
        return MISSING
    if kind in FORM_TYPES:
        return OTHER_FORM
    if kind in UNEXPECTED_KEY_TYPES and error["loc"]:
        return unexpected_key(error["loc"][-1])
    if kind in PREDICATE_TYPES:
        return describe_failure(str(error["msg"]))
    text = MESSAGES.get(kind)
    try:
        text = text(context) if callable(text) else text
    except KeyError:  # a validator's `PydanticCustomError` with the name of one of pydantic's errors
        text = None
    return shorten(text or str(error["msg"]), 2 * MAX_QUOTED_CHARS)


def _as_format(name: str) -> Callable[[dict[str, Any]], str]:
    """Return the message of a value that is not of a format, with pydantic's reason."""

    def describe(context: dict[str, Any]) -> str:
        reason = context.get("error", "")
        return f"Input should be {FORMATS[name]}{f': {reason}' if reason else ''}"

    return describe


def _too_few(context: dict[str, Any]) -> str:
    return f"Input should have at least {count_of(context['min_length'], 'item')}, not {context['actual_length']}"


def _too_many(context: dict[str, Any]) -> str:
    max_count, count = context["max_length"], context["actual_length"]
    # pydantic counts no further in some containers.
    return f"Input should have at most {count_of(max_count, 'item')}{'' if count is None else f', not {count}'}"


def _one_of(context: dict[str, Any]) -> str:
    """Return the message of a value that is not one of those listed, which pydantic writes as Python does."""
    return f"Input should be {PYTHON_CONSTANT.sub(_as_json, context['expected'])}"


def _as_json(constant: re.Match[str]) -> str:
    text = constant.group()
    return JSON_CONSTANTS[text] if text in JSON_CONSTANTS else json.dumps(ast.literal_eval(text), ensure_ascii=False)


JSON_CONSTANTS = {"None": "null", "True": "true", "False": "false"}
PYTHON_CONSTANT = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\b(?:None|True|False)\b""")


def _with_reason(text: str) -> Callable[[dict[str, Any]], str]:
    def describe(context: dict[str, Any]) -> str:
        reason = str(context["error"])
        return text + reason if reason else "this value is not accepted"

    return describe


MESSAGES: dict[str, Message] = {
    **dict.fromkeys(("literal_error", "enum"), _one_of),
    **dict.fromkeys(("bool_type", "bool_parsing"), "Input should be true or false"),
    **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing"), _as_format("date")),
    "date_from_datetime_inexact": 'Input should be a date without a time, as "2026-11-29"',
    **dict.fromkeys(
        ("datetime_type", "datetime_parsing", "datetime_object_invalid", "datetime_from_date_parsing"),
        _as_format("iso-date-time"),
    ),
    "timezone_aware": 'Input should have a UTC offset, as in "2026-11-29T10:30:00Z"',
    "timezone_naive": 'Input should have no UTC offset, as in "2026-11-29T10:30:00"',
    **dict.fromkeys(("time_type", "time_parsing"), _as_format("iso-time")),
    **dict.fromkeys(("time_delta_type", "time_delta_parsing"), _as_format("duration")),
    **dict.fromkeys(("uuid_type", "uuid_parsing"), _as_format("uuid")),
    **dict.fromkeys(("url_type", "url_parsing", "url_syntax_violation"), _as_format("uri")),
    **dict.fromkeys(("decimal_type", "decimal_parsing"), 'Input should be a decimal number as text, as "12.50"'),
    **dict.fromkeys(("complex_type", "complex_str_parsing"), 'Input should be a complex number as text, as "1+2j"'),
    **dict.fromkeys(("fraction_type", "fraction_parsing"), 'Input should be a fraction as text, as "1/3"'),
    "json_type": "Input should be a text that is JSON",
    "json_invalid": _with_reason("Input should be a text that is valid JSON: "),
    "missing_sentinel_error": "leave this key out",
    "too_short": _too_few,
    "too_long": _too_many,
    "set_item_not_hashable": "Input should be a string, a number, true, false or null",
    "value_error": _with_reason("Value error, "),
    "assertion_error": _with_reason("Assertion failed, "),
}
"""Messages by error type, where pydantic's own does not say what to write, or names what only Python has."""
