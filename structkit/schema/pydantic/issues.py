"""pydantic's errors as issues: each at its place in the JSON, and for a union only those of the intended branch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeAlias

from structkit.schema.keywords import UNBOXED
from structkit.schema.natural import MAX_QUOTED_CHARS
from structkit.schema.pydantic.issue_messages import MISSING_TYPES, message
from structkit.values import Issue, JSONPath, JSONValue, value_at
from structkit.values.text import shorten_json

Step: TypeAlias = "str | int"
Location: TypeAlias = "list[tuple[Step, bool]]"
"""The steps of pydantic's `loc`, each with whether it is a step into the value."""

LocatedError: TypeAlias = "tuple[Location, Any]"

MAP_KEY = ("[key]", False)
"""The step that pydantic puts after the key of a map where the key itself is invalid."""

SECONDARY_TYPES = frozenset({"default_factory_not_called"})
"""pydantic's error types for what follows from another error."""


def read_errors(errors: Iterable[Any], value: JSONValue) -> tuple[Issue, ...]:
    """Return the issues of a validation.

    Args:
        errors: As `ValidationError.errors()` returns them.
        value: The natural JSON that was validated.
    """
    located = [(_locate(error, value), error) for error in errors if error["type"] not in SECONDARY_TYPES]
    by_location: dict[tuple[tuple[Step, bool], ...], list[Issue]] = {}
    for location, error in _intended(located, value):
        by_location.setdefault(tuple(location), []).append(_located_issue(location, error))
    return tuple(dict.fromkeys(map(_alternatives, by_location.values())))


def _alternatives(issues: list[Issue]) -> Issue:
    """Return the issues of one place as one: pydantic gives branches of a union that differ in bounds the same name."""
    messages = dict.fromkeys(issue.message for issue in issues)
    return replace(issues[0], message="; or: ".join(messages))


def _located_issue(location: Location, error: Any) -> Issue:
    """Return an issue at its place; that of a map's key is at the map, because no other value of the key would do."""
    position = next((position for position, step in enumerate(location) if step == MAP_KEY), 0)
    if not position:
        return _issue(_path(location), error)
    issue = _issue(_path(location[: position - 1]), error)
    return replace(issue, message=f"key {shorten_json(location[position - 1][0], MAX_QUOTED_CHARS)}: {issue.message}")


def _issue(path: JSONPath, error: Any) -> Issue:
    got = "" if error["type"] in MISSING_TYPES else shorten_json(_as_text(error["input"]), MAX_QUOTED_CHARS)
    return Issue(path, message(error), got)


def _as_text(value: Any) -> Any:
    """Return bytes and decimals as the text that they were read from."""
    if isinstance(value, Decimal):
        return str(value)
    return value.decode(errors="replace") if isinstance(value, bytes) else value


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


def _intended(located: Iterable[LocatedError], value: JSONValue) -> Iterator[LocatedError]:
    """Yield the errors, of each union only those of the branch that the value is closest to.

    If no branch accepts the type of the value, or its tag, the only error is that it has none of their forms.
    """
    unions: dict[JSONPath, dict[Step, list[LocatedError]]] = {}
    outside: list[LocatedError] = []  # of a union, only its first error
    for location, error in located:
        position = _union_position(location)
        if position is None:
            outside.append((location, error))
            continue
        branches = unions.setdefault(_path(location[:position]), {})
        if not branches:
            outside.append((location[: position + 1], error))
        branches.setdefault(location[position][0], []).append((location[position + 1 :], error))
    for location, error in outside:
        if _union_position(location) is None:
            yield location, error
        else:
            path = _path(location[:-1])
            yield from _intended_in_union(location[:-1], error, unions[path], _value_at(value, location))


def _intended_in_union(
    location: Location, error: Any, branches: dict[Step, list[LocatedError]], value: JSONValue
) -> Iterator[LocatedError]:
    """Yield the errors of the closest branch, or the one of a value that none of the branches has the form of."""
    intended = {name: [*_intended(errors, value)] for name, errors in branches.items()}
    closest = min(intended, key=lambda name: _distance(intended[name]))
    distance, wrong_tags, _ = _distance(intended[closest])
    is_one_of_several = len(branches) > 1 or closest == UNBOXED  # beside those in boxes
    if is_one_of_several and (distance == OTHER_TYPE or wrong_tags):
        yield location, {**error, "type": "union_tag_invalid", "input": value}
        return
    for inner, inner_error in intended[closest]:
        yield [*location, (closest, False), *inner], inner_error


def _value_at(value: JSONValue, location: Location) -> JSONValue:
    return value_at(value, tuple(step for step, is_inside in location if is_inside))


def _union_position(location: Location) -> int | None:
    """Return the position of the first step that is not into the value, but names a branch."""
    return next(
        (position for position, step in enumerate(location) if not step[1] and step != MAP_KEY),
        None,
    )


INSIDE, OTHER_VALUE, OTHER_TYPE = range(3)
"""How far a value is from a branch: only something in it is wrong, the value is, or its very type or constant."""

OTHER_TYPE_ENDING = re.compile(
    r"_type$|^(?:int|float|bool)_parsing$|^union_tag_|^(?:literal_error|enum|none_required)$"
)
"""The error types of a value that a branch rejects without looking into it."""


def _distance(errors: list[LocatedError]) -> tuple[int, int, int]:
    """Return how far a value is from a branch, how many of its tags the value does not have, and in how many places."""
    kinds = [error["type"] for inner, error in errors if not _path(inner)]
    distance = max((OTHER_TYPE if OTHER_TYPE_ENDING.search(kind) else OTHER_VALUE for kind in kinds), default=INSIDE)
    wrong_tags = sum(_is_constant(error) and len(_path(inner)) == 1 for inner, error in errors)
    return distance, wrong_tags, len(errors)


def _is_constant(error: Any) -> bool:
    """Return whether an error is that of a literal with one value only, such as the tag of a model."""
    return bool(error["type"] == "literal_error" and " or " not in error["ctx"]["expected"])
