"""The cache of compiled types: a type is compiled once, however many calls ask for it."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, cast

from structkit.schema.response_format import ResponseFormat
from structkit.values import JSON


def response_format(output_type: Any) -> ResponseFormat[Any]:
    """Return the compiled type; cached if the type is hashable, or is a JSON Schema that survives a JSON round trip."""
    if isinstance(output_type, ResponseFormat):
        return output_type
    if isinstance(output_type, dict):
        return _of_schema(output_type)
    try:
        hash(output_type)
    except TypeError:  # for instance Annotated with a list as metadata
        return ResponseFormat(output_type)
    # The repr is part of the key: `int | str` equals `str | int`, but the order of branches is part of the payload.
    return _of_type(output_type, repr(output_type))


def _of_schema(schema: JSON) -> ResponseFormat[Any]:
    try:
        text = json.dumps(schema)
        is_json = json.loads(text) == schema
    except (TypeError, ValueError, RecursionError):  # not JSON: the compiler raises with the place
        is_json, text = False, ""
    return _of_schema_text(text) if is_json else ResponseFormat(schema)


@lru_cache(maxsize=256)
def _of_schema_text(text: str) -> ResponseFormat[Any]:
    """Compile a schema from its text: the caller may change the dict afterwards, but not the text."""
    return ResponseFormat(cast("JSON", json.loads(text)))


@lru_cache(maxsize=256)
def _of_type(output_type: Any, _repr: str) -> ResponseFormat[Any]:
    return ResponseFormat(output_type)
