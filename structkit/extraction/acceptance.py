"""`make_result`: the only place that constructs a `Result`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar, cast

from structkit.extraction.checks import ValueCheck, collect_warnings
from structkit.extraction.provenance import Origins, Provenance
from structkit.schema import Codec
from structkit.values import Answer, Attempt, Result

T = TypeVar("T")


def make_result(
    codec: Codec[T],
    answer: Answer[T],
    choices: tuple[Answer[T], ...],
    attempts: tuple[Attempt, ...],
    origins: Origins,
    *,
    mode: str,
    checks: Sequence[ValueCheck],
) -> Result[T]:
    """Return the result of an accepted answer.

    Args:
        codec: The type of the value.
        answer: The valid answer whose value is accepted.
        choices: All choices of the last reply.
        attempts: All attempts, the accepted one last.
        origins: How the places of the answer's draft were obtained.
        mode: The mode in which the schema was sent.
        checks: The caller's checks, of which the soft ones produce warnings.
    """
    value = cast("T", answer.value)
    return Result(
        value=value,
        choices=choices,
        attempts=attempts,
        mode=mode,
        provenance=Provenance(codec, value, answer.draft, origins),
        warnings=collect_warnings(value, checks) if checks else (),
    )
