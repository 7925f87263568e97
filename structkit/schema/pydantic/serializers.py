"""How a value is written that a validator and a serialiser of the caller's stand around."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic_core import core_schema

from structkit.schema.natural import MAX_QUOTED_CHARS
from structkit.schema.pydantic.part import UNSAID, Alone, without_ref
from structkit.values import JSON, JSONValue
from structkit.values.text import shorten_json

CHECKS = frozenset({"function-after", "function-before", "function-wrap"})
WRAPPERS = CHECKS | {"default", "nullable"}
"""Types that are about the one within."""

UNSURE = CHECKS | {"any"}
"""Types whose values may be of any class."""

INPUT = "json_schema_input_schema"
"""Key of the type that a validator is said to read, where that is not the one it makes."""

Write = Callable[[Any], JSONValue]
Compile = Callable[[Any], Alone]


def layers(part: Any, definitions: dict[str, Any]) -> list[Any]:
    """The part, and what is within its wrappers; the last is the type itself."""
    found = [part]
    while (inner := _within(found[-1], definitions)) is not None and all(inner is not each for each in found):
        found.append(inner)
    return found


def _within(part: Any, definitions: dict[str, Any]) -> Any:
    if part["type"] == "definition-ref":
        return definitions.get(part["schema_ref"])
    return part["schema"] if part["type"] in WRAPPERS else None


def as_read(part: JSON, compiled: Compile) -> JSON:
    """The part, never written as what it is not said to read."""
    if INPUT not in part or part["type"] not in CHECKS or "serialization" in part:
        return part
    told = compiled(part[INPUT])

    def write(value: Any, as_made: Write) -> JSONValue:
        found = as_made(value)
        if not told.takes(found):
            raise ValueError(
                f"its json_schema_input_type does not take {shorten_json(found, MAX_QUOTED_CHARS)}: add a serializer"
            )
        return found

    return {**part, "serialization": core_schema.wrap_serializer_function_ser_schema(write, schema=without_ref(part))}


def without_serializer(part: JSON, within: list[Any], compiled: Compile) -> JSON:
    """The part without its serialiser; a validator may need it, so then the value decides.

    Args:
        part: The part.
        within: Its layers.
        compiled: Compiles a part by itself.
    """
    plain = as_read({key: value for key, value in part.items() if key != "serialization"}, compiled)
    if all(each["type"] not in UNSURE for each in within):
        return plain
    write = _Exactly(compiled(plain))
    return {**part, "serialization": core_schema.wrap_serializer_function_ser_schema(write, schema=without_ref(part))}


class _Exactly:
    """Writes a value as its type does where that is read back; else as the caller's serialiser does."""

    def __init__(self, plain: Alone) -> None:
        self._plain = plain

    def __call__(self, value: Any, write: Write) -> JSONValue:
        plain = self._plain.writes(value)
        if plain is not UNSAID and self._plain.reads(plain, value):
            return plain
        formatted = write(value)
        return formatted if plain is UNSAID or self._plain.reads(formatted, value) else plain
