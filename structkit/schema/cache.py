"""Compiled types, cached: each is compiled once, however many calls ask for it."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, cast

from structkit.schema.response_format import ResponseFormat
from structkit.values import JSON


def response_format(output_type: Any) -> ResponseFormat[Any]:
    """The compiled type, kept for the next call where the type can be a key, or a JSON Schema be written as one."""
    if isinstance(output_type, ResponseFormat):
        return output_type
    if isinstance(output_type, dict):
        return _of_schema(output_type)
    try:
        hash(output_type)
    except TypeError:  # Annotated with a list in it
        return ResponseFormat(output_type)
    return _compiled(output_type, repr(output_type))


def _of_schema(schema: JSON) -> ResponseFormat[Any]:
    try:
        text = json.dumps(schema)
        is_json = json.loads(text) == schema
    except (TypeError, ValueError, RecursionError):  # the compiler says better what is wrong with it
        return ResponseFormat(schema)
    return _read(text) if is_json else ResponseFormat(schema)


@lru_cache(maxsize=256)
def _read(text: str) -> ResponseFormat[Any]:
    """Compiled from what nobody else can change."""
    return ResponseFormat(cast("JSON", json.loads(text)))


@lru_cache(maxsize=256)
def _compiled(output_type: Any, _spelling: str) -> ResponseFormat[Any]:
    """`int | str` equals `str | int`, but the order of branches is part of the payload."""
    return ResponseFormat(output_type)
