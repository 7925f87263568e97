"""How a row ended, as JSON: what the journal stores and the output shows of a result or an error."""

from __future__ import annotations

from dataclasses import fields as fields_of
from decimal import Decimal
from typing import Any, NamedTuple

from structkit.errors import SchemaError, StructkitError
from structkit.journal.row_state import FinalState, RowState
from structkit.schema import ResponseFormat
from structkit.tables.records import Record
from structkit.values import JSON, Attempt, Issue, Result, Usage, format_path, sum_usage

USAGE_FIELDS = tuple(field.name for field in fields_of(Usage))


class Outcome(NamedTuple):
    """The state of a row that has finished, and the fields that are stored with it."""

    state: FinalState
    fields: JSON


AMBIGUOUS_OUTCOME = Outcome("held", {"message": "the last request may have been answered and paid for"})

BLANK_MESSAGE = "the cells that the prompt uses are blank"

BLANK_OUTCOMES = {
    "skip": Outcome("skipped", {"message": BLANK_MESSAGE}),
    "fail": Outcome("failed", {"error": "PromptError", "message": BLANK_MESSAGE}),
}
"""The outcome of a blank row, for each setting that does not ask."""

UNREADABLE_OUTCOME = Outcome(
    "failed",
    {
        "error": "InvalidOutput",
        "message": "the stored replies contain no value of this type; retrying failed rows may help",
    },
)


def outcome_of(
    step: Result[Any] | StructkitError, response_format: ResponseFormat[Any], cost: Decimal | None
) -> Outcome:
    """Return the outcome of a row's conversation.

    Args:
        step: Its result or its error.
        response_format: The type.
        cost: What its replies cost; None if that is unknown.
    """
    fields: JSON = {
        "attempts": len(step.attempts),
        "usage": _usage(step.attempts),
        "cost": None if cost is None else str(cost),
        "model": step.attempts[-1].request.model if step.attempts else None,
    }
    if runs := getattr(step, "tool_calls", ()):
        fields["tool_calls"] = [run.to_dict() for run in runs]
    if isinstance(step, StructkitError):
        return _failure(step, **fields, issues=_issues(getattr(step, "issues", ())))
    try:
        value = response_format.natural(step.value, for_reader=True)
    except SchemaError as error:  # a validator has returned a value that has no JSON form
        return _failure(error, **fields, issues=[])
    fields |= {"value": value, "mode": step.mode}
    if step.evidence is not None:
        fields |= {"evidence": step.evidence.to_list(), "missing": [*map(format_path, step.evidence.missing)]}
    if step.confidence is not None:
        fields |= {"confidence": step.confidence.to_list(), "lowest_confidence": step.confidence.lowest}
    return Outcome("done", {**fields, "repairs": [*step.repairs], "warnings": _issues(step.warnings)})


def outcome_of_error(error: Exception) -> Outcome:
    """Return the outcome of a row whose prompt could not be made: nothing was sent about it."""
    return _failure(error)


def _failure(error: Exception, **fields: Any) -> Outcome:
    return Outcome("failed", {**fields, "error": type(error).__name__, "message": str(error)})


def output_row(record: Record, row: RowState | None, state: str) -> JSON:
    """Return a row as a sink takes it: the cells of the input, the value if there is one, and the run's fields."""
    fields = dict((row.outcome if row else None) or {})
    cells: JSON = {"input": record.values, "run": {**fields, "status": state}}
    return {**cells, "output": fields["value"]} if "value" in fields else cells


def _issues(issues: tuple[Issue, ...]) -> list[JSON]:
    return [
        {"path": format_path(issue.path), "message": issue.message, "got": issue.got}
        | ({"cause": issue.cause} if issue.cause else {})
        for issue in issues
    ]


def _usage(attempts: tuple[Attempt, ...]) -> JSON:
    usage = sum_usage(attempts)
    return {name: getattr(usage, name) for name in USAGE_FIELDS}
