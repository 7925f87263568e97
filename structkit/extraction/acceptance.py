"""`make_result`: the only place that constructs a `Result`; and a value as the text of a reply."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from structkit.errors import SchemaError
from structkit.extraction.checks import ValueCheck, collect_warnings
from structkit.extraction.provenance import Provenance
from structkit.schema import Codec
from structkit.values import Answer, Attempt, Issue, JSONValue, Message, Result

T = TypeVar("T")


def make_result(
    answer: Answer[T],
    choices: tuple[Answer[T], ...],
    attempts: tuple[Attempt, ...],
    provenance: Provenance,
    mode: str,
    checks: Sequence[ValueCheck],
    messages: tuple[Message, ...],
) -> Result[T]:
    """Return the result of an accepted answer.

    Args:
        answer: The valid answer whose value is accepted.
        choices: All choices of the last reply.
        attempts: All attempts, the accepted one last.
        provenance: How the places of the value were obtained.
        mode: The mode in which the schema was sent.
        checks: The caller's checks, of which the soft ones produce warnings.
        messages: The conversation before the accepted reply.
    """
    value: Any = answer.value  # a `cast` would be a call on the hot path
    warnings = collect_warnings(value, checks) if checks else ()
    return Result(value, choices, attempts, mode, provenance, warnings, input_messages=messages)


def wire_text(codec: Codec[Any], draft: JSONValue) -> str:
    """Return natural JSON as the model would write it."""
    try:
        return json.dumps(codec.wire(draft), ensure_ascii=False)
    except SchemaError:  # an incomplete draft has no wire form
        return json.dumps(draft, ensure_ascii=False)


def with_dropped_parameters(result: Result[T], names: Iterable[str]) -> Result[T]:
    """Return the result with a warning for each parameter that was left out."""
    warnings = (Issue((), f"the model does not accept the parameter {name}: it was left out") for name in names)
    return replace(result, warnings=(*result.warnings, *warnings))
