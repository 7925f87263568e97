"""The cache of compiled types: a type is compiled once per dialect, however many calls ask for it."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from structkit.dialects import OPENAI, Dialect
from structkit.schema.response_format import ResponseFormat
from structkit.values import JSON


def response_format(output_type: Any, dialect: Dialect | None = None) -> ResponseFormat[Any]:
    """Return a compiled type; cached if the type is hashable, or is a JSON Schema that survives a JSON round trip.

    Args:
        output_type: The type, or a `ResponseFormat`, which is translated unless the caller has chosen its dialect.
        dialect: The dialect; by default that of the `ResponseFormat`, or OpenAI's.

    Raises:
        SchemaError: The type has no strict form.
    """
    if isinstance(output_type, ResponseFormat):
        return output_type.in_dialect(dialect) if dialect and output_type.is_translatable else output_type
    dialect = dialect or OPENAI
    formats = _formats_of(output_type)
    if not formats:
        formats.append(ResponseFormat.translatable(output_type, dialect))
    return formats[0].in_dialect(dialect)


def _formats_of(output_type: Any) -> list[ResponseFormat[Any]]:
    """Return the list that stores the format of a type with its translations; it is empty until it is compiled."""
    if isinstance(output_type, dict):
        return _formats_of_schema(output_type)
    try:
        hash(output_type)
    except TypeError:  # for instance Annotated with a list as metadata
        return []
    # The repr is part of the key: `int | str` equals `str | int`, but the order of branches is part of the payload.
    return _stored_formats(output_type, repr(output_type))


def _formats_of_schema(schema: JSON) -> list[ResponseFormat[Any]]:
    try:
        text = json.dumps(schema)
        is_json = json.loads(text) == schema
    except (TypeError, ValueError, RecursionError):  # not JSON: the compiler raises with the place
        return []
    return _stored_formats(dict, text) if is_json else []


@lru_cache(maxsize=512)
def _stored_formats(_output_type: Any, _text: str) -> list[ResponseFormat[Any]]:
    return []
