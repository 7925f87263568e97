"""What to pass instead of a class of another library, or of a value that is not a type."""

from __future__ import annotations

import array
import collections
import dataclasses
import functools
import inspect
import typing
from collections import abc
from typing import Any

from pydantic import BaseModel

TYPING_MODULES = frozenset({"typing", "typing_extensions", "types", "builtins"})
"""Modules whose instances may be types, such as `typing.Any` and `int | None`."""

GENERAL_ADVICE = (
    "use a pydantic model, a dataclass, a TypedDict or a plain JSON type, "
    "or declare its form with Annotated[..., pydantic.WithJsonSchema(...)] and a validator"
)


FIELD_ADVICE = "a field with a default can be hidden from the model by pydantic.json_schema.SkipJsonSchema[...]"

INSTEAD: dict[Any, str] = {
    **dict.fromkeys((bytearray, memoryview), "bytes"),
    **dict.fromkeys((abc.Collection, abc.Container, abc.Reversible, array.array, range), "list[...]"),
    collections.ChainMap: "dict[..., ...]",
    collections.UserDict: "dict[..., ...]",
    collections.UserList: "list[...]",
    collections.UserString: "str",
}
"""What to write in place of a class of the standard library that pydantic does not support."""


def is_function(part: Any) -> bool:
    """Return whether a part of a type is a function, or one with some of its arguments."""
    return inspect.isroutine(part) or isinstance(part, functools.partial)


def advise(part: Any) -> str | None:
    """Return what is wrong with a part of a type, and what to pass instead; None if it is not known.

    >>> @dataclasses.dataclass
    ... class Point:
    ...     x: int
    >>> advise(Point(1)), advise([int]), advise(["a", "b"]), advise(Point)
    ('a value, not a type; pass its class, Point', 'a list, not a type; write list[...]', \
'a list of values, not a type; for one of them, write Literal[...]', None)
    """
    origin = typing.get_origin(part) or part
    if isinstance(origin, type) and (origin in INSTEAD or origin is part):
        return _advise_on_class(origin)
    if isinstance(part, BaseModel) or dataclasses.is_dataclass(part):
        return f"a value, not a type; pass its class, {type(part).__name__}"
    if is_function(part):
        return "a function, not a type; pass the type of its result, or let the model call it with tools=[...]"
    if isinstance(part, list | set | tuple):
        return _advise_on_container(part)
    if isinstance(part, bool | int | float | bytes) or type(part).__module__ not in TYPING_MODULES:
        return None if typing.get_origin(part) else "a value, not a type; pass a type; for any JSON value, typing.Any"
    return None


def _advise_on_container(part: list[Any] | set[Any] | tuple[Any, ...]) -> str:
    if isinstance(part, list) and any(isinstance(item, dict) for item in part):
        return "a list of dicts, not a type; pass one of them"
    name = type(part).__name__
    if part and all(isinstance(item, str | int) for item in part):
        return f"a {name} of values, not a type; for one of them, write Literal[...]"
    return f"a {name}, not a type; write {name}[...]"


def _advise_on_class(cls: type) -> str | None:
    """Return the advice on a class of another library, by the attributes that the library gives it."""
    name = cls.__name__
    if cls in INSTEAD:
        return f"not a type that pydantic supports; write {INSTEAD[cls]}"
    if hasattr(cls, "__struct_fields__"):
        return (
            f"a class of msgspec; pass msgspec.json.schema({name}), and read the result with "
            f"msgspec.convert(result, {name})"
        )
    if hasattr(cls, "__attrs_attrs__"):
        return f"a class of attrs; pass a dataclass with its fields, and create {name} from the result"
    if any(base.__module__.startswith("pydantic.v1") for base in cls.__mro__):
        return f"a model of pydantic.v1; pass {name}.schema(), and read the result with {name}.parse_obj(result)"
    return None
