"""A `Result` as JSON, as a short text, and as HTML for notebooks."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from structkit.values.display import format_fields, short_repr, to_html_table
from structkit.values.json import JSON, JSONValue, format_path


def result_to_dict(result: Any) -> JSON:
    """Return a result as JSON, without its requests and raw replies.

    Raises:
        ValueError: The value has a part without a JSON form.
    """
    return {
        "value": value_to_json(result.value),
        "model": result.completion and result.completion.model,
        "mode": result.mode,
        "usage": asdict(result.usage),
        "cost": None if result.cost is None else str(result.cost),
        "cached": result.cached,
        "repairs": [*result.repairs],
        "warnings": [_issue(issue) for issue in result.warnings],
        "provenance": {format_path(path): origin.how for path, origin in result.provenance.items()},
        "attempts": [_attempt(attempt) for attempt in result.attempts],
        **({"evidence": result.evidence.to_list()} if result.evidence is not None else {}),
        **({"confidence": result.confidence.to_list()} if result.confidence is not None else {}),
        **({"tool_calls": [run.to_dict() for run in result.tool_calls]} if result.tool_calls else {}),
    }


def value_to_json(value: Any) -> JSONValue:
    """Return a value as JSON, as pydantic serializes it; secrets are masked.

    Raises:
        ValueError: A part has no JSON form.
    """
    from pydantic_core import to_jsonable_python

    json_value: JSONValue = to_jsonable_python(value, inf_nan_mode="strings")
    return json_value


def _issue(issue: Any) -> JSON:
    return {"path": format_path(issue.path), "message": issue.message, "got": issue.got}


def _attempt(attempt: Any) -> JSON:
    return {
        "number": attempt.number,
        "mode": attempt.mode,
        "issues": [_issue(issue) for issue in attempt.issues],
        "repairs": [*attempt.repairs],
        "retries": attempt.retries,
        "usage": asdict(attempt.usage),
    }


def result_fields(result: Any) -> dict[str, str]:
    """Return what a person wants to know of a result besides its value, as texts; what does not apply is empty."""
    usage = result.usage
    return {
        "model": (result.completion and result.completion.model) or "",
        "mode": result.mode,
        "attempts": str(len(result.attempts)),
        "tokens": f"{usage.total_tokens} (unknown for {usage.unreported})"
        if usage.unreported
        else str(usage.total_tokens),
        "cost": "" if result.cost is None else str(result.cost),
        "cached": "True" if result.cached else "",
        "choices": str(len(result.choices)) if len(result.choices) > 1 else "",
        "tool calls": ", ".join(run.name for run in result.tool_calls),
        "repairs": ", ".join(result.repairs),
        "warnings": "; ".join(map(str, result.warnings)),
        "missing": ", ".join(map(format_path, result.evidence.missing)) if result.evidence is not None else "",
        "lowest confidence": _lowest_confidence(result.confidence),
    }


def _lowest_confidence(confidence: Any) -> str:
    return "" if confidence is None or confidence.lowest is None else f"{confidence.lowest:.2f}"


def result_repr(result: Any) -> str:
    """Return a result as a short text, without its requests and raw replies."""
    numbers = ("attempts", "tokens", "cost", "cached", "choices")
    fields = {
        name: text if name in numbers or not text else short_repr(text) for name, text in result_fields(result).items()
    }
    return format_fields("Result", short_repr(result.value), **fields)


def result_to_html(result: Any) -> str:
    """Return a result as an HTML table."""
    try:
        value = json.dumps(value_to_json(result.value), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        value = short_repr(result.value)
    fields = [(name, text) for name, text in result_fields(result).items() if text]
    return to_html_table("Result", [("value", value), *fields])
