"""An email address with a name as a text that is read back: pydantic quotes few of the names that need it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic_core import core_schema

from structkit.schema.pydantic.caller_functions import package_of
from structkit.values import JSON


def is_name_email(part: JSON) -> bool:
    """Return whether a part of a core schema is that of pydantic's `NameEmail`."""
    if part["type"] != "function-after" or package_of(part["function"]["function"]) != "pydantic":
        return False
    cls = getattr(part["function"]["function"], "__self__", None)
    return isinstance(cls, type) and cls.__name__ == "NameEmail"


def with_quoted_names(part: JSON) -> JSON:
    """Return the type of email addresses with names, written so that the name is read back."""
    read: Callable[[str], Any] = part["function"]["function"]

    def write(value: Any) -> str:
        if not isinstance(value, read.__self__):  # type: ignore[attr-defined]
            raise TypeError(f"an instance of {type(value).__name__} is not an email address with a name")
        for text in (str(value), f'"{value.name}" <{value.email}>'):
            if _name_in(text, read) == value.name:
                return text
        raise ValueError("its name and address are not read back from a text")

    serialization = core_schema.plain_serializer_function_ser_schema(
        write, return_schema=core_schema.str_schema(), when_used="json"
    )
    return {**part, "serialization": serialization}


def _name_in(text: str, read: Callable[[str], Any]) -> Any:
    """Return the name that pydantic reads in a text; None if it reads none."""
    try:
        return read(text).name
    except ValueError:
        return None
