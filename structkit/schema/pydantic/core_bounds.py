"""Bounds in a core schema that pydantic leaves out of its JSON Schema: of dates and times, and those in functions."""

from __future__ import annotations

import datetime as dt
import re
from functools import partial
from typing import Any

from pydantic_core import to_jsonable_python

from structkit.schema.descriptions import describe_bounds
from structkit.schema.json_schema.ecma_patterns import has_set_operations
from structkit.schema.keywords import CONTRADICTION, DESCRIBED_BOUNDS, GENERATED_DESCRIPTION
from structkit.schema.pydantic.accepted_constants import accepted_by_function
from structkit.schema.pydantic.predicates import find_predicate
from structkit.schema.pydantic.serializers import VALIDATORS
from structkit.values import JSON, JSONValue
from structkit.values.text import join_sentences

COMPARISONS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
    "max_digits": "most digits",
    "decimal_places": "most decimal places",
}
"""pydantic's constraints of values that can be compared, and their names in `describe_bounds`."""

DATE_COMPARISONS = {"ge": "not before", "gt": "after", "le": "not after", "lt": "before"}
"""The same for dates and times."""

LENGTHS = {
    "array": {"min_length": "minItems", "max_length": "maxItems"},
    "object": {"min_length": "minProperties", "max_length": "maxProperties"},
}
"""pydantic's constraints of lengths as keywords, by JSON type; those of strings are in its JSON Schema."""

PATTERN_FLAGS = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s", re.VERBOSE: "x"}


def comparison_bounds(constraints: JSON) -> JSON:
    """Return the bounds among pydantic's constraints, as `describe_bounds` takes them.

    >>> comparison_bounds({"type": "date", "now_op": "past", "ge": dt.date(2020, 1, 1)})
    {'not before': '2020-01-01', 'in the past': True}
    >>> comparison_bounds({"type": "timedelta", "lt": dt.timedelta(hours=1)})
    {'exclusiveMaximum': 'PT1H'}
    """
    values = {key: constraints[key] for key in COMPARISONS if constraints.get(key) is not None}
    bounds = {_comparison(key, value): _bound(value) for key, value in values.items()}
    return {**bounds, **({f"in the {constraints['now_op']}": True} if "now_op" in constraints else {})}


def with_comparisons(json_schema: JSON, constraints: JSON) -> JSON:
    """Return a JSON Schema with a description of pydantic's constraints, and whether they exclude each other."""
    bounded_schema = with_bounds(json_schema, comparison_bounds(constraints))
    reason = find_contradiction(constraints)
    return {**bounded_schema, CONTRADICTION: reason} if reason else bounded_schema


def find_contradiction(constraints: JSON) -> str:
    """Return why no value is within pydantic's constraints, or "".

    >>> find_contradiction({"gt": dt.date(2020, 1, 1), "le": dt.date(2020, 1, 1)})
    'gt=2020-01-01 and le=2020-01-01 exclude each other'
    >>> find_contradiction({"gt": dt.date(2020, 1, 1), "lt": dt.date(2020, 1, 2)})
    'gt=2020-01-01 and lt=2020-01-02 exclude each other'
    """
    pairs = ((low, high) for low in ("ge", "gt") for high in ("le", "lt"))
    for low, high in pairs:
        bounds = constraints.get(low), constraints.get(high)
        if None not in bounds and _exclude_each_other(*bounds, (low == "gt") + (high == "lt")):
            return f"{low}={_bound(bounds[0])} and {high}={_bound(bounds[1])} exclude each other"
    return ""


def _exclude_each_other(low: Any, high: Any, excluded_bounds: int) -> bool:
    try:
        is_next = excluded_bounds > 1 and type(low) is dt.date and high - low <= dt.timedelta(days=1)
        return bool(low > high or (excluded_bounds and low == high) or is_next)
    except TypeError:  # only one of them has a UTC offset
        return False


def _comparison(key: str, value: Any) -> str:
    return (DATE_COMPARISONS if isinstance(value, dt.date | dt.time) else COMPARISONS).get(key, COMPARISONS[key])


def _bound(value: Any) -> JSONValue:
    """Return a bound as a number or a text."""
    return value if isinstance(value, int | float) else str(to_jsonable_python(value, fallback=str))


def with_function_bounds(json_schema: JSON, schema: JSON) -> JSON:
    """Return the JSON Schema of a type with the bound that pydantic checks by a function after its validation.

    Args:
        json_schema: The JSON Schema of the type before the function.
        schema: The core schema of the function.
    """
    function = schema["function"]["function"]
    if isinstance(function, partial) and function.func.__module__.startswith("pydantic."):
        names = LENGTHS.get(str(json_schema.get("type")), {})
        lengths = {names[key]: value for key, value in function.keywords.items() if key in names}
        bounds = comparison_bounds(function.keywords)
        json_schema = accepted_by_function(json_schema, schema["schema"], function)
        return with_bounds({**json_schema, **lengths}, bounds, prefix=_prefix(schema["schema"], bounds))
    predicate = find_predicate(function)
    if predicate:
        return with_description(json_schema, predicate.description, f"predicate {predicate.name}")
    if getattr(function, "__qualname__", "") == "PathType.validate_new":
        return with_description(json_schema, "Nothing exists there yet.", "new path")
    return json_schema


def with_content_lengths(json_schema: JSON, schema: JSON) -> JSON:
    """Describe the lengths of what a JSON text contains: as bounds of the text they would count its characters.

    Args:
        json_schema: The JSON Schema of a part, in which pydantic has these bounds.
        schema: The core schema of the part.
    """
    inner = schema
    while inner["type"] in VALIDATORS:
        inner = inner["schema"]
    if inner is schema or inner["type"] != "json":
        return json_schema
    content = inner.get("schema", {}).get("type")
    names = {} if content == "str" else LENGTHS["object" if content == "dict" else "array"]
    words = {"minLength": names.get("min_length", "minLength"), "maxLength": names.get("max_length", "maxLength")}
    bounds = {words[word]: value for word, value in json_schema.items() if word in words}
    text = {word: value for word, value in json_schema.items() if word not in words}
    return with_bounds(text, bounds)


def _prefix(inner: JSON, bounds: JSON) -> str:
    """Return what to write before bounds that are not those of the text in the JSON, but of what a function returns."""
    while inner["type"] in VALIDATORS:
        inner = inner["schema"]
    is_number = any(isinstance(value, int | float) for value in bounds.values())
    return "Once converted: " if inner["type"] == "str" and is_number else ""


def with_bounds(json_schema: JSON, bounds: JSON, prefix: str = "") -> JSON:
    """Return a JSON Schema with a description of bounds.

    >>> with_bounds({"type": "string", "format": "date"}, {"in the past": True})[GENERATED_DESCRIPTION]
    'In the past.'
    """
    text = describe_bounds(bounds)
    return with_description(json_schema, f"{prefix}{text}" if text else "", *bound_texts(bounds))


def bound_texts(bounds: JSON) -> list[str]:
    """Return bounds as `explain` lists them."""
    return [name if value is True else f"{name} {value}" for name, value in bounds.items()]


def with_description(json_schema: JSON, text: str, *bounds: str) -> JSON:
    """Return a JSON Schema with one more text for the model, and the bounds in it as `explain` lists them."""
    if not text:
        return json_schema
    texts = filter(None, (json_schema.get(GENERATED_DESCRIPTION), text))
    described = [*json_schema.get(DESCRIBED_BOUNDS, ()), *bounds]
    return {**json_schema, GENERATED_DESCRIPTION: join_sentences(texts), DESCRIBED_BOUNDS: described}


def pattern_text(pattern: str | re.Pattern[str]) -> str:
    """Return a pattern as text, with the flags of a compiled one.

    >>> pattern_text(re.compile("^a", re.IGNORECASE))
    '(?i)^a'
    """
    if isinstance(pattern, str):
        return pattern
    flags = "".join(letter for flag, letter in PATTERN_FLAGS.items() if pattern.flags & flag)
    return f"(?{flags}){pattern.pattern}" if flags else pattern.pattern


def with_pattern(json_schema: JSON, pattern: str | re.Pattern[str]) -> JSON:
    """Return the JSON Schema of a string with its pattern, which is described where pydantic alone reads it so.

    >>> with_pattern({}, "^[0-9]+$"), with_pattern({}, "^[[:digit:]]+$").keys() & {"pattern"}
    ({'pattern': '^[0-9]+$'}, set())
    """
    bounds = {"pattern": pattern_text(pattern)}
    if not isinstance(pattern, str) or not has_set_operations(pattern):
        return {**json_schema, **bounds}
    return with_bounds({word: value for word, value in json_schema.items() if word != "pattern"}, bounds)
