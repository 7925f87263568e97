"""Compiled patterns as a type: pydantic reads none of bytes from JSON, and writes none of their flags."""

from __future__ import annotations

import re
from typing import Any, cast

from pydantic_core import core_schema

from structkit.schema.pydantic.caller_functions import function_name, package_of
from structkit.schema.pydantic.lossless import read_bytes, write_bytes
from structkit.values import JSON

OF_ANY, OF_TEXT, OF_BYTES = "pattern_either_validator", "pattern_str_validator", "pattern_bytes_validator"
"""The names of pydantic's functions that compile a pattern."""


def is_pattern(part: JSON) -> bool:
    """Return whether a part of a core schema is pydantic's type of compiled patterns."""
    return _function_name(part) in {OF_ANY, OF_TEXT, OF_BYTES}


def with_pattern_text(part: JSON) -> JSON:
    """Return a type of compiled patterns that reads back what it writes."""
    name = _function_name(part)
    write = write_text_pattern if name == OF_ANY else write_pattern
    serialization = core_schema.plain_serializer_function_ser_schema(write, when_used="json")
    if name != OF_BYTES:
        return {**part, "serialization": serialization}
    bare = {key: value for key, value in part.items() if key != "serialization"}
    schema = core_schema.no_info_before_validator_function(
        read_bytes, cast("Any", bare), metadata=part.get("metadata"), serialization=serialization
    )
    return cast("JSON", schema)


def _function_name(part: JSON) -> str:
    """Return the name of pydantic's function that makes the values; "" for any other."""
    if part["type"] != "function-plain" or package_of(part["function"]["function"]) != "pydantic":
        return ""
    return function_name(part["function"]["function"])


def write_pattern(pattern: re.Pattern[Any]) -> str:
    """Return the text of a pattern.

    Raises:
        ValueError: It has flags that its text does not contain.
    """
    if pattern.flags != re.compile(pattern.pattern).flags:
        raise ValueError("the flags of a pattern are not in its text; write them there, as in (?i)abc")
    return write_bytes(pattern.pattern) if isinstance(pattern.pattern, bytes) else str(pattern.pattern)


def write_text_pattern(pattern: re.Pattern[Any]) -> str:
    """Return the text of a pattern of text: the type of any pattern reads one from JSON.

    Raises:
        ValueError: It is a pattern of bytes, or has flags that its text does not contain.
    """
    if isinstance(pattern.pattern, bytes):
        raise ValueError("a pattern of bytes would be read as one of text; declare re.Pattern[bytes]")  # noqa: TRY004
    return write_pattern(pattern)
