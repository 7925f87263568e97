"""Names on the wire: of formats, definitions and union branches."""

from __future__ import annotations

import hashlib
import re
import types
import typing
from typing import Any

from structkit.values import JSONValue

MAX_NAME_CHARS = 64
"""OpenAI: `json_schema.name` is a-z A-Z 0-9 _ -, at most 64 (openai-openapi, ResponseFormatJsonSchema.name)."""


def snake_case(name: str) -> str:
    """Return a class name in snake case.

    >>> snake_case("MathReasoning"), snake_case("HTTPServer2"), snake_case("Wrap[int]")
    ('math_reasoning', 'http_server2', 'wrap_int')
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return wire_name(spaced.lower())


def wire_name(name: str) -> str:
    """Return *name* in the alphabet and length that every vendor accepts; a shortened or non-ASCII one gets a hash.

    >>> wire_name("Wrap[int]"), wire_name("Größe")
    ('Wrap_int', 'Gr_e_aedc3f')
    """
    ascii_name = re.sub(r"[^a-zA-Z0-9-]+", "_", name).strip("_")
    if ascii_name and name.isascii() and len(ascii_name) <= MAX_NAME_CHARS:
        return ascii_name
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{ascii_name[: MAX_NAME_CHARS - 7] or 'name'}_{digest}"


def type_name(output_type: Any) -> str:
    """Return a name for a type, which may be a class, a generic or a union.

    >>> type_name(list[int]), type_name(int | None), type_name(typing.Annotated[int, "x"])
    ('list_int', 'int_or_None', 'int')
    """
    origin, arguments = typing.get_origin(output_type), typing.get_args(output_type)
    if origin is typing.Annotated:
        return type_name(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return "_or_".join(map(type_name, arguments))
    if origin is typing.Literal:
        return "literal"
    if output_type is type(None):
        return "None"
    name = getattr(origin or output_type, "__name__", "output")
    return "_".join([name, *(type_name(each) for each in arguments if each is not Ellipsis)])


def without_name_as_title(schema: JSONValue, name: str) -> Any:
    """Return a schema without a title that only repeats its name, which generators add.

    >>> without_name_as_title({"title": "Unit Price", "type": "number"}, "unit_price")
    {'type': 'number'}
    """
    title = schema.get("title") if isinstance(schema, dict) else None
    if not isinstance(title, str) or _letters(title) != _letters(name):
        return schema
    return {key: value for key, value in schema.items() if key != "title"}


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


def unused_name(name: str, used: typing.Container[str]) -> str:
    """Return *name*, or the first of name_2, name_3, ... that is not in *used*.

    >>> unused_name("rest", {"rest"})
    'rest_2'
    """
    number, candidate = 1, name
    while candidate in used:
        number += 1
        candidate = f"{name}_{number}"
    return candidate
