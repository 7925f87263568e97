"""pydantic's errors as issues: each at its place in the JSON, and for a union only those of the intended branch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

from structkit.schema.natural import MAX_QUOTED_CHARS
from structkit.values import Issue, JSONPath, JSONValue
from structkit.values.text import shorten, shorten_json

Step: TypeAlias = "str | int"
Location: TypeAlias = "list[tuple[Step, bool]]"
"""The steps of pydantic's `loc`, each with whether it is a step into the value."""

MAP_KEY = ("[key]", False)
"""The step that pydantic puts after the key of a map where the key itself is invalid."""

MISSING_TYPES = frozenset(
    {"missing", "missing_argument", "missing_positional_only_argument", "missing_keyword_only_argument"}
)
"""pydantic's error types for an absent key."""


def read_errors(errors: Iterable[Any], value: JSONValue) -> tuple[Issue, ...]:
    """Return the issues of a validation.

    Args:
        errors: As `ValidationError.errors()` returns them.
        value: The natural JSON that was validated.
    """
    located = [(_locate(error, value), error) for error in errors]
    return tuple(dict.fromkeys(_located_issue(location, error) for location, error in _intended(located)))


def _located_issue(location: Location, error: Any) -> Issue:
    """Return an issue at its place; that of a map's key is at the map, because no other value of the key would do."""
    position = next((position for position, step in enumerate(location) if step == MAP_KEY), 0)
    if not position:
        return _issue(_path(location), error)
    issue = _issue(_path(location[: position - 1]), error)
    return replace(issue, message=f"key {shorten_json(location[position - 1][0], MAX_QUOTED_CHARS)}: {issue.message}")


def _issue(path: JSONPath, error: Any) -> Issue:
    is_missing = error["type"] in MISSING_TYPES
    message = "required, but missing" if is_missing else shorten(error["msg"], 2 * MAX_QUOTED_CHARS)
    return Issue(path, message, "" if is_missing else shorten_json(error["input"], MAX_QUOTED_CHARS))


def _locate(error: Any, value: JSONValue) -> Location:
    """Return the location of an error in the value.

    Steps that are not into the value name branches of unions, validators and the like. The last step of a missing
    key counts as a step into the value, although it leads to nothing.
    """
    location: Location = []
    for position, step in enumerate(error["loc"]):
        is_last = position == len(error["loc"]) - 1
        is_inside = _has_step(value, step)
        location.append((step, is_inside or (is_last and error["type"] in MISSING_TYPES)))
        value = value[step] if is_inside else value
    return location


def _has_step(value: JSONValue, step: Step) -> bool:
    if isinstance(value, list):
        return isinstance(step, int) and step < len(value)
    return isinstance(value, dict) and step in value


def _path(location: Location) -> JSONPath:
    """Return the steps into the value, without the boxes of branches, whose name pydantic repeats in `loc`."""
    next_steps = [*location, (None, True)][1:]
    are_boxes = [
        is_inside and (step, False) == next_step
        for (step, is_inside), next_step in zip(location, next_steps, strict=True)
    ]
    return tuple(
        step for (step, is_inside), is_box in zip(location, are_boxes, strict=True) if is_inside and not is_box
    )


def _intended(located: list[tuple[Location, Any]]) -> Iterator[tuple[Location, Any]]:
    """Yield the errors; for a union, only those of the branch that the value is closest to.

    A branch that rejects the very type or constant of the value is further away than one that does not; among
    equals, the one with the fewest errors is closest.
    """
    unions: dict[JSONPath, dict[Step, list[Any]]] = {}
    for location, error in located:
        if (position := _union_position(location)) is not None:
            branches = unions.setdefault(_path(location[:position]), {})
            branches.setdefault(location[position][0], []).append((location[position + 1 :], error))
    closest = {path: min(branches, key=lambda name: _distance(branches[name])) for path, branches in unions.items()}
    for location, error in located:
        position = _union_position(location)
        if position is None or closest[_path(location[:position])] == location[position][0]:
            yield location, error


def _union_position(location: Location) -> int | None:
    """Return the position of the first step that is not into the value, but names a branch."""
    return next(
        (position for position, step in enumerate(location) if not step[1] and step != MAP_KEY),
        None,
    )


def _distance(errors: list[tuple[Location, Any]]) -> tuple[bool, int]:
    is_rejected = any(not _path(inner) or error["type"] in {"literal_error", "enum"} for inner, error in errors)
    return is_rejected, len(errors)
