"""Decimals and integers from the digits of a reply: pydantic reads a JSON number with a fraction as a float."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from typing import Any

from pydantic_core import PydanticCustomError, PydanticKnownError, core_schema

from structkit.schema.keywords import ORIGINAL_SCHEMA
from structkit.schema.pydantic.part import NOT_SCHEMAS, is_schema, without_ref
from structkit.schema.pydantic.scalar_walk import CONVERTERS, WRAPPERS
from structkit.values.exact_float import ExactFloat

AMBIGUOUS = ""
"""Instead of the text of a float that several numbers of one document have."""

_texts: ContextVar[Mapping[float, str]] = ContextVar("texts", default={})  # noqa: B039 (never changed)
"""The texts of the numbers that are validated, by their floats: the float is all that pydantic passes on."""


@contextmanager
def exact_digits(numbers: Iterable[ExactFloat]) -> Iterator[None]:
    """Let the schemas of `with_exact_numbers` read these numbers exactly inside the block."""
    texts: dict[float, str] = {}
    for number in numbers:
        texts[number] = number.text if texts.get(number, number.text) == number.text else AMBIGUOUS
    token = _texts.set(texts)
    try:
        yield
    finally:
        _texts.reset(token)


def with_exact_numbers(part: Any, *, is_beside_float: bool = False) -> Any:
    """Return a core schema whose decimals and integers have all digits of a JSON number.

    In a union with floats, a number with a fraction stays a float.
    """
    if isinstance(part, list | tuple):
        return type(part)(with_exact_numbers(each, is_beside_float=is_beside_float) for each in part)
    if not isinstance(part, dict):
        return part
    if not is_schema(part):
        return {name: with_exact_numbers(value) for name, value in part.items()}
    has_float = part["type"] == "union" and any(map(_is_float, part["choices"]))
    schema = {
        key: value if key in NOT_SCHEMAS else with_exact_numbers(value, is_beside_float=has_float)
        for key, value in part.items()
    }
    if part["type"] in CONVERTERS and _is_decimal(part["schema"]):
        return _with_reader(_with_digits, schema)
    reader = READERS.get(part["type"])
    return schema if reader is None or (is_beside_float and reader is not _read_float) else _with_reader(reader, schema)


def _is_decimal(part: Any) -> bool:
    """Return whether a core schema is one of a decimal, after functions of the caller's."""
    while part.get("type") in WRAPPERS:
        part = part["schema"]
    return bool(part.get("type") == "decimal")


def _with_reader(reader: Any, schema: Any) -> Any:
    return core_schema.no_info_wrap_validator_function(reader, without_ref(schema), ref=schema.get("ref"))


def _is_float(choice: Any) -> bool:
    schema = choice[0] if isinstance(choice, tuple) else choice
    original = schema.get("metadata", {}).get(ORIGINAL_SCHEMA, schema)
    return original["type"] in {"float", "any"}


def _read_decimal(value: Any, validate: Callable[[Any], Any]) -> Any:
    """Return a number as a decimal with all its digits."""
    text = _texts.get().get(value) if isinstance(value, float) else None
    if text == AMBIGUOUS:
        raise PydanticCustomError("too_many_digits", "it has more digits than a JSON number keeps; write it as text")
    return validate(value if text is None else Decimal(text))


def _with_digits(value: Any, validate: Callable[[Any], Any]) -> Any:
    """Pass a number to a function of the caller's as a float that has all digits as its text."""
    text = _texts.get().get(value) if isinstance(value, float) else None
    return validate(ExactFloat(text) if text else value)


def _read_int(value: Any, validate: Callable[[Any], Any]) -> Any:
    """Return a whole number as an integer with all its digits, where the type accepts a number with a fraction."""
    text = _texts.get().get(value) if isinstance(value, float) else None
    if text is None:
        return validate(value)
    if text == AMBIGUOUS:
        raise PydanticCustomError("too_many_digits", "write the integer without a fraction and without an exponent")
    number = Decimal(text)
    if number != number.to_integral_value():
        raise PydanticKnownError("int_from_float")
    validate(value)
    return validate(int(number))


def _read_float(value: Any, validate: Callable[[Any], Any]) -> Any:
    """Return a number as a float unless pydantic would make an infinity of it."""
    if isinstance(value, int) and abs(value) > sys.float_info.max:
        raise PydanticCustomError("too_large", "Input should be a number that a float can hold, at most 1.79e308")
    return validate(value)


READERS = {"decimal": _read_decimal, "int": _read_int, "float": _read_float}
"""What reads a number before pydantic does, by the type of the core schema."""
