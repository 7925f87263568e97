"""pydantic's errors as issues: each at its place in the JSON, and of a union only the branch that was meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from structkit.schema.natural import MAX_QUOTED_CHARS
from structkit.values import Issue, JSONPath, JSONValue
from structkit.values.text import shorten, shorten_json

Step: TypeAlias = "str | int"

ABSENT = frozenset({"missing", "missing_argument", "missing_positional_only_argument", "missing_keyword_only_argument"})


def read_errors(errors: Iterable[Any], value: JSONValue) -> tuple[Issue, ...]:
    """The issues of a validation.

    Args:
        errors: As `ValidationError.errors()` gives them.
        value: The natural JSON that was validated.
    """
    placed = [(_steps(error, value), error) for error in errors]
    return tuple(dict.fromkeys(_issue(_path(steps), error) for steps, error in _meant(placed)))


def _issue(path: JSONPath, error: Any) -> Issue:
    is_absent = error["type"] in ABSENT
    message = "required, but missing" if is_absent else shorten(error["msg"], 2 * MAX_QUOTED_CHARS)
    return Issue(path, message, "" if is_absent else shorten_json(error["input"], MAX_QUOTED_CHARS))


def _steps(error: Any, value: JSONValue) -> list[tuple[Step, bool]]:
    """The steps of pydantic's `loc`, each with whether it leads on through the value.

    The others name branches of unions, validators and the like. The last step of a missing key
    leads nowhere and is a step all the same.
    """
    steps: list[tuple[Step, bool]] = []
    for position, step in enumerate(error["loc"]):
        is_last = position == len(error["loc"]) - 1
        leads = _leads(value, step)
        steps.append((step, leads or (is_last and error["type"] in ABSENT)))
        value = value[step] if leads else value
    return steps


def _leads(value: JSONValue, step: Step) -> bool:
    if isinstance(value, list):
        return isinstance(step, int) and step < len(value)
    return isinstance(value, dict) and step in value


def _path(steps: list[tuple[Step, bool]]) -> JSONPath:
    """The steps through the value, without the boxes of branches: pydantic says a box's name twice."""
    following = [*steps, (None, True)][1:]
    boxed = [leads and (step, False) == after for (step, leads), after in zip(steps, following, strict=True)]
    return tuple(step for (step, leads), is_box in zip(steps, boxed, strict=True) if leads and not is_box)


Placed: TypeAlias = "list[tuple[list[tuple[Step, bool]], Any]]"


def _meant(placed: Placed) -> Iterator[tuple[list[tuple[Step, bool]], Any]]:
    """Of each union, the errors of the branch that the value comes nearest to.

    A branch whose very type or constant is refused was not meant where another's was not; of
    those left, the one with the fewest errors was.
    """
    sites: dict[JSONPath, dict[Step, list[Any]]] = {}
    for steps, error in placed:
        if (site := _union(steps)) is not None:
            sites.setdefault(_path(steps[:site]), {}).setdefault(steps[site][0], []).append((steps[site + 1 :], error))
    meant = {path: min(branches, key=lambda name: _distance(branches[name])) for path, branches in sites.items()}
    for steps, error in placed:
        site = _union(steps)
        if site is None or meant[_path(steps[:site])] == steps[site][0]:
            yield steps, error


def _union(steps: list[tuple[Step, bool]]) -> int | None:
    """Where a `loc` leaves the value for the first time, to name a branch."""
    return next((position for position, (_, leads) in enumerate(steps) if not leads), None)


def _distance(errors: list[tuple[list[tuple[Step, bool]], Any]]) -> tuple[bool, int]:
    refused = any(not _path(rest) or error["type"] in {"literal_error", "enum"} for rest, error in errors)
    return refused, len(errors)
