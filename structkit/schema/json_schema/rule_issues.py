"""jsonschema's errors as issues, in words that say what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from structkit.schema.expected_values import (
    MISSING,
    OTHER_FORM,
    TYPES,
    any_one_of,
    count_of,
    expected_format,
    listed_values,
)
from structkit.schema.json_types import type_names
from structkit.schema.natural import MAX_QUOTED_CHARS
from structkit.values import Issue, JSONPath, JSONValue
from structkit.values.text import shorten, shorten_json

ABSENCE_KEYWORDS = frozenset({"required", "dependentRequired", "dependencies"})
"""The keywords whose errors are about an absent key."""


def _message(error: Any) -> str:
    keyword, expected = error.validator, error.validator_value
    if keyword in MESSAGES:
        return MESSAGES[keyword](expected)
    if keyword in {"minContains", "maxContains"}:
        bound = f"at {'least' if keyword == 'minContains' else 'most'} {count_of(expected, 'item')}"
        return f"Input should have {bound} matching {shorten_json(error.schema['contains'])}"
    if keyword in BOUND_MESSAGES:
        return _bound_message(error)
    return str(error.message)


def _type_message(expected: JSONValue) -> str:
    names = type_names(expected)
    if {"array", "object"}.intersection(map(str, names)):
        return OTHER_FORM
    return f"Input should be {any_one_of([TYPES.get(name, str(name)) for name in names])}"


def _bound_message(error: Any) -> str:
    """Return the message of a bound; in draft 4, a boolean beside it excludes the bound itself."""
    keyword, bound = error.validator, error.validator_value
    exclusive = "exclusive" + keyword[0].upper() + keyword[1:]
    words = BOUND_MESSAGES[exclusive if error.schema.get(exclusive) is True else keyword]
    return f"Input should be {words} {bound}"


BOUND_MESSAGES = {
    "minimum": "greater than or equal to",
    "maximum": "less than or equal to",
    "exclusiveMinimum": "greater than",
    "exclusiveMaximum": "less than",
}

MESSAGES: dict[str, Callable[[Any], str]] = {
    "type": _type_message,
    "enum": lambda values: f"Input should be {listed_values(values)}",
    "const": lambda value: f"Input should be {shorten_json(value)}",
    "multipleOf": "Input should be a multiple of {}".format,
    "divisibleBy": "Input should be a multiple of {}".format,
    "minLength": lambda number: f"String should have at least {count_of(number, 'character')}",
    "maxLength": lambda number: f"String should have at most {count_of(number, 'character')}",
    "pattern": lambda pattern: f"String should match pattern {shorten_json(pattern, MAX_QUOTED_CHARS)}",
    "format": lambda name: f"Input should be {expected_format(name)}",
    "minItems": lambda number: f"Input should have at least {count_of(number, 'item')}",
    "maxItems": lambda number: f"Input should have at most {count_of(number, 'item')}",
    "minProperties": lambda number: f"Input should have at least {count_of(number, 'key')}",
    "maxProperties": lambda number: f"Input should have at most {count_of(number, 'key')}",
    "contains": lambda schema: f"Input should have an item matching {shorten_json(schema)}",
    "not": lambda schema: f"Input should not match {shorten_json(schema)}",
    "required": lambda _: MISSING,
    "anyOf": lambda _: OTHER_FORM,
}
"""Messages by keyword, from the keyword's value."""

BOUND_KEYWORDS = (
    frozenset({"pattern", "format", "minLength", "maxLength", "multipleOf", "divisibleBy"}) | BOUND_MESSAGES.keys()
)
"""Keywords that say nothing more of a value whose type is wrong: a text that should be a number needs no pattern."""


def read_errors(errors: Iterable[Any]) -> tuple[Issue, ...]:
    """Return the errors of a validator, each a `ValidationError`, as issues, each once."""
    errors = [*errors]
    places_of_other_type = {tuple(error.absolute_path) for error in errors if error.validator == "type"}
    relevant = (
        error
        for error in errors
        if error.validator not in BOUND_KEYWORDS or tuple(error.absolute_path) not in places_of_other_type
    )
    return tuple(dict.fromkeys(map(_read_error, relevant)))


def _read_error(error: Any) -> Issue:
    path: JSONPath = tuple(error.absolute_path)
    text = shorten(_message(error), 2 * MAX_QUOTED_CHARS)
    got = shorten_json(error.instance, MAX_QUOTED_CHARS)
    if "propertyNames" in error.relative_schema_path:
        return Issue(path, f"key {got}: {text}")
    return Issue(path, text, "" if error.validator in ABSENCE_KEYWORDS else got)
