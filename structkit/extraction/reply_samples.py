"""Several results of the same call, of which one is chosen: the one that agrees most with the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias, cast

from structkit.confidence.agreement import find_agreement, most_agreed
from structkit.errors import ExtractionError, InvalidOutput, StructkitError
from structkit.extraction.grounding import accepted_answer, keep_unsure_result, natural_value
from structkit.extraction.provenance import LaterProvenance, Provenance
from structkit.schema import Codec
from structkit.values import Attempt, Result
from structkit.values.confidence_map import Confidence, ConfidenceMap

Sample: TypeAlias = "Result[Any] | StructkitError"
"""What one of the calls returned."""

MIN_ANSWERS = 2
"""Replies below which there is nothing to compare."""


def join_samples(codec: Codec[Any], samples: Sequence[Sample]) -> Sample:
    """Return the result that agrees most with the others, with the agreement on each scalar as its confidence.

    A reply without a valid value agrees with none. The result has the attempts of all calls.

    Args:
        codec: The type.
        samples: The outcomes of the calls, in order.

    Returns:
        The result; the first error, if no call has a value, or if the endpoint failed for all but one.
    """
    results = [sample for sample in samples if isinstance(sample, Result)]
    answer_count = len(results) + sum(isinstance(sample, ExtractionError) for sample in samples)
    if not results or answer_count < MIN_ANSWERS:
        return _first_error(samples, _attempts(samples))
    values = [natural_value(codec, result.value, accepted_answer(result).draft) for result in results]
    number = most_agreed(values)
    votes = find_agreement(values, number)
    details = {path: _confidence(share * len(results) / answer_count, answer_count) for path, share in votes.items()}
    chosen = results[number]
    earlier = _attempts(sample for sample in samples if sample is not chosen)
    return replace(_after(earlier, chosen, codec), confidence=ConfidenceMap(details))


def _first_error(samples: Sequence[Sample], attempts: tuple[Attempt, ...]) -> StructkitError:
    """Return the error of the first call that has one; the number of attempts in its message is that of one call."""
    error = next(sample for sample in samples if isinstance(sample, StructkitError))
    if not isinstance(error, InvalidOutput):
        return error.with_attempts(attempts)
    return error.with_prefix(f"none of {len(samples)} calls ({len(attempts)} requests) has a value: ", attempts)


def after_escalation(codec: Codec[Any], result: Result[Any], stronger: Sample) -> Result[Any]:
    """Return the result of a stronger model, or the one before if the stronger model has none."""
    if isinstance(stronger, StructkitError):
        return keep_unsure_result(result, stronger.with_attempts((*result.attempts, *stronger.attempts)))
    return _after(result.attempts, stronger, codec)


def _after(earlier: tuple[Attempt, ...], result: Result[Any], codec: Codec[Any]) -> Result[Any]:
    """Return a result with the attempts of other calls before its own."""
    provenance = LaterProvenance(codec, result.value, cast("Provenance", result.provenance), len(earlier))
    return replace(result, attempts=(*earlier, *result.attempts), provenance=provenance)


def _confidence(agreement: float, replies: int) -> Confidence:
    return Confidence(agreement, agreement=agreement, replies=replies)


def _attempts(samples: Any) -> tuple[Attempt, ...]:
    return tuple(attempt for sample in samples for attempt in sample.attempts)
