"""The values of literals and enums that pydantic's own rules beside them accept, such as a pattern or a minimum."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from functools import partial
from typing import Any, cast

from pydantic_core import PydanticKnownError, SchemaValidator, ValidationError

from structkit.schema.json_equality import equality_key
from structkit.schema.pydantic.caller_functions import package_of
from structkit.values import JSON, JSONValue


def accepted_by_function(json_schema: JSON, inner: JSON, function: Callable[[Any], Any]) -> JSON:
    """Return the JSON Schema of a literal or an enum without the values that pydantic's function rejects."""

    def is_accepted(value: Any) -> bool:
        try:
            function(value)
        except PydanticKnownError:
            return False
        except TypeError:  # of a literal that mixes types; an enum whose members have no such rule is always rejected
            return isinstance(value, Enum)
        return True

    return _with_accepted(json_schema, inner, is_accepted)


def accepted_by_steps(json_schema: JSON, steps: list[JSON]) -> JSON:
    """Return the JSON Schema of a chain that begins with a literal or an enum, without what its later steps reject.

    >>> later = {"type": "str", "pattern": "^b"}
    >>> accepted_by_steps({"enum": ["a", "b"]}, [{"type": "literal", "expected": ["a", "b"]}, later])
    {'enum': ['b']}
    """
    if not all(package_of(function) == "pydantic" for function in _functions(steps[1:])):
        return json_schema
    chain: Any = {"type": "chain", "steps": steps[1:]}

    def is_accepted(value: Any) -> bool:
        try:
            SchemaValidator(chain).validate_python(value)
        except (ValidationError, TypeError) as error:  # a rule that cannot compare the value excludes nothing
            return isinstance(error, TypeError)
        return True

    return _with_accepted(json_schema, steps[0], is_accepted)


def _with_accepted(json_schema: JSON, inner: JSON, is_accepted: Callable[[Any], bool]) -> JSON:
    values = [json_schema["const"]] if "const" in json_schema else json_schema.get("enum", [])
    while inner["type"] == "function-after" and isinstance(inner["function"]["function"], partial):
        inner = inner["schema"]
    constants = _constants(inner)
    accepted = [value for value in values if is_accepted(constants.get(equality_key(value), value))]
    if not constants or len(accepted) == len(values):
        return json_schema
    return {**{word: value for word, value in json_schema.items() if word != "const"}, "enum": accepted}


def _constants(inner: JSON) -> dict[Any, Any]:
    """Return the values in Python by those in JSON; none where they are written in another form."""
    if inner["type"] == "literal" and not any(isinstance(value, Enum) for value in inner["expected"]):
        return {equality_key(value): value for value in inner["expected"]}
    members = inner["members"] if inner["type"] == "enum" and "missing" not in inner else []
    if not all(isinstance(member.value, str | int | float | None) for member in members):
        return {}
    return {equality_key(cast("JSONValue", member.value)): member for member in members}


def _functions(part: Any) -> Iterator[Any]:
    """Yield the functions in a part of a core schema."""
    if isinstance(part, list):
        for item in part:
            yield from _functions(item)
    elif isinstance(part, dict):
        if callable(part.get("function")):
            yield part["function"]
        yield from (function for key, inner in part.items() if key != "metadata" for function in _functions(inner))
