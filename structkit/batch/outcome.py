"""How a row ended, as JSON: what the journal keeps and the output shows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from structkit.errors import SchemaError, StructkitError
from structkit.journal.row_state import State
from structkit.schema import ResponseFormat
from structkit.values import JSON, Attempt, Issue, Result, format_path, sum_usage


def outcome_of(
    step: Result[Any] | StructkitError, wanted: ResponseFormat[Any], cost: Decimal | None
) -> tuple[State, JSON]:
    """The state of a row and what is kept of it.

    Args:
        step: What the conversation about it came to.
        wanted: The type.
        cost: What its replies cost; None where that is not known.
    """
    kept: JSON = {
        "attempts": len(step.attempts),
        "usage": _usage(step.attempts),
        "cost": None if cost is None else str(cost),
    }
    if isinstance(step, StructkitError):
        issues = getattr(step, "issues", ())
        return "failed", {**kept, "error": type(step).__name__, "message": str(step), "issues": _told(issues)}
    try:
        value = wanted.natural(step.value)
    except SchemaError as error:  # a validator has made a value that has no JSON form
        return "failed", {**kept, "error": "SchemaError", "message": str(error), "issues": []}
    return "done", {
        **kept,
        "value": value,
        "mode": step.mode,
        "repairs": [*step.repairs],
        "warnings": _told(step.warnings),
    }


def _told(issues: tuple[Issue, ...]) -> list[JSON]:
    return [{"path": format_path(issue.path), "message": issue.message, "got": issue.got} for issue in issues]


def _usage(attempts: tuple[Attempt, ...]) -> JSON:
    usage = sum_usage(attempts)
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "unreported": usage.unreported,
    }
