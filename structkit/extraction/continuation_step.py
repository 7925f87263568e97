"""The step after a truncated reply: the request for what it does not have, and the attempts with what was repaired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from structkit.extraction.continuation import Remainder
from structkit.schema import Patch
from structkit.values import Answer, Attempt, Issue, JSONPath, JSONValue, Origin

EQUAL_ITEMS = "this item equals the one before it, after which the reply was truncated: the rest may repeat it"


def request_remainder(step: Any, answer: Answer[Any], remainder: Remainder, origins: Mapping[JSONPath, Origin]) -> Any:
    """Return the step that requests what a truncated reply does not have.

    Args:
        step: The extraction that the reply answers.
        answer: The reply.
        remainder: What it has, and what it does not have.
        origins: How the places that it has were obtained.
    """
    return replace(
        step,
        attempts=with_repairs(step.attempts, remainder.repairs),
        invalid_answer=remainder.apply(answer),
        patch=remainder.patch,
        origins=origins,
        warnings=(*step.warnings, *remainder.warnings, *repetition_warnings(step.patch, remainder.draft)),
    )


def repetition_warnings(patch: Patch | None, draft: JSONValue) -> tuple[Issue, ...]:
    """Return what a result says of a rest that begins with the last item of the truncated list.

    Args:
        patch: What was requested.
        draft: The value with the reply.
    """
    path = patch.find_equal_rows(draft) if patch is not None else None
    return () if path is None else (Issue(path, EQUAL_ITEMS),)


def with_repairs(
    attempts: tuple[Attempt, ...], repairs: tuple[str, ...], issues: tuple[Issue, ...] | None = None
) -> tuple[Attempt, ...]:
    """Return the attempts with what was repaired in the last one and, if they are given, its issues."""
    if not repairs and issues is None:
        return attempts
    *earlier, last = attempts
    return (*earlier, replace(last, repairs=repairs, issues=last.issues if issues is None else issues))
