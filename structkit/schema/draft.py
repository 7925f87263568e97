"""What is complete of a truncated reply, read as a whole reply is, and what was still to come."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from structkit.parsing import NotJSON, Prefix, read_json
from structkit.schema.codec import Codec
from structkit.schema.paths import find_truncated_place, with_box
from structkit.schema.repaired_answer import RepairedReading
from structkit.values import Issue, JSONPath, JSONValue

OF_SEVERAL_DOCUMENTS = {"other document", "separate items"}
"""The repairs of a text in which more than the last document counts."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A reading of what is complete of a truncated reply.

    Args:
        value: The natural value, not validated.
        path: The natural path of the list or object that was truncated.
        absent: The natural paths of the properties that were still to come.
        unrelated: The issues of objects that the type would accept by accident.
        repairs: The repairs that led to the value.
    """

    value: JSONValue
    path: JSONPath
    absent: list[JSONPath]
    unrelated: tuple[Issue, ...]
    repairs: tuple[str, ...]


def read_drafts(
    codec: Codec[Any],
    prefix: Prefix,
    load: Callable[[JSONValue], JSONValue],
    repairs: bool | Collection[str],
    context: Any = None,
) -> Iterator[Draft]:
    """Yield the readings of a truncated reply of which the rest can be requested, most likely first.

    Args:
        codec: The codec of the reply.
        prefix: What is complete of its text.
        load: Returns an incomplete wire value as a natural value; None if it has none.
        repairs: The repairs that are allowed.
        context: What pydantic's validators get as `info.context`.
    """
    root = codec.compiled_schema.root
    for reading in _readings(codec, prefix.text, repairs, context):
        depth = _depth(reading.source, prefix.part)
        if depth is None or not OF_SEVERAL_DOCUMENTS.isdisjoint(reading.repairs):
            continue
        wire = with_box(root, reading.wire)
        value = load(wire)
        place = find_truncated_place(root, wire, depth + (wire is not reading.wire), prefix.part)
        if value is not None and place is not None:
            yield Draft(value, *place, codec.unrelated_issues(wire), reading.repairs)


def _readings(codec: Codec[Any], text: str, repairs: bool | Collection[str], context: Any) -> Iterator[RepairedReading]:
    try:
        exact = read_json(text)
    except NotJSON:
        pass
    else:
        yield RepairedReading(exact, (), 0, exact)
    yield from codec.repaired_readings(text, repairs, context)


def _depth(value: JSONValue, part: JSONValue) -> int | None:
    """Return how many objects are around a part of a value that is the last of each; None if it has no such part.

    >>> _depth({"a": 1, "b": {"c": [2]}}, [2]), _depth({"b": {"c": [2]}, "a": 1}, [2])
    (2, None)
    """
    depth = 0
    while value != part:
        if not isinstance(value, dict) or not value:
            return None
        value, depth = value[next(reversed(value))], depth + 1
    return depth
