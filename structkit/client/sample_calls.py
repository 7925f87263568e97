"""Calls for several replies, which are asked for at once and compared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from typing import Any, cast

from structkit.client.arguments import validate_call
from structkit.client.concurrent_calls import call_for_each, call_for_each_async
from structkit.client.confidence_argument import add_escalation
from structkit.client.plan import merge_options, result_or_raise
from structkit.client.reply_cache import sample_number
from structkit.errors import ConfigError, ExtractionError, TransportError
from structkit.extraction.fallback import is_unsure
from structkit.extraction.reply_samples import Sample, after_escalation, join_samples
from structkit.schema import ResponseFormat
from structkit.schema.cache import response_format
from structkit.values import Prompt, Result

SINGLE_CALL = {"confidence": None, "escalate": None, "below": None}
"""What makes one of the calls a plain one."""

FAILURES = (TransportError, ExtractionError)
"""Errors of a call that do not end the others."""


def run_samples(
    run: Callable[..., Result[Any]],
    defaults: Mapping[str, Any],
    output_type: Any,
    prompt: Prompt,
    call: Mapping[str, Any],
) -> Result[Any]:
    """Return the result that agrees most with those of the other replies, with the agreement as its confidence.

    Each reply is a call of its own, because many endpoints ignore `n`.

    Args:
        run: Asks for one reply: `Client.run`.
        defaults: The arguments that all calls of the client have.
        output_type: The type.
        prompt: The prompt.
        call: The arguments of the call.

    Raises:
        ConfigError: All replies would be the same, or an argument is invalid; nothing was sent.
        TransportError, ExtractionError: No reply has a value, or the endpoint failed for all but one.
    """
    output_format = response_format(output_type)
    steps = _compare(output_format, defaults, call)
    calls = next(steps)
    while True:
        samples = call_for_each(lambda each: run(output_format, prompt, **_prepare(each)), calls, FAILURES)
        try:
            calls = steps.send(samples)
        except StopIteration as end:
            return cast("Result[Any]", end.value)


async def run_samples_async(
    run: Callable[..., Awaitable[Result[Any]]],
    defaults: Mapping[str, Any],
    output_type: Any,
    prompt: Prompt,
    call: Mapping[str, Any],
) -> Result[Any]:
    """Like `run_samples`, awaited."""
    output_format = response_format(output_type)
    steps = _compare(output_format, defaults, call)
    calls = next(steps)
    while True:
        samples = await call_for_each_async(lambda each: run(output_format, prompt, **_prepare(each)), calls, FAILURES)
        try:
            calls = steps.send(samples)
        except StopIteration as end:
            return cast("Result[Any]", end.value)


def _prepare(sample: tuple[int, dict[str, Any]]) -> dict[str, Any]:
    """Set the number of a call in the context of its thread or task, and return its arguments."""
    sample_number.set(sample[0])
    return sample[1]


def _compare(
    output_format: ResponseFormat[Any], defaults: Mapping[str, Any], call: Mapping[str, Any]
) -> Generator[list[tuple[int, dict[str, Any]]], Sequence[Sample], Result[Any]]:
    """Yield the numbers and the arguments of calls to make at once, receive their outcomes, and return the result."""
    validate_call(call)
    merged = merge_options(defaults, call)
    result = result_or_raise(join_samples(output_format, (yield [*enumerate(_divide_call(merged, call))])))
    if not is_unsure(result, merged.get("below")):
        return result
    [stronger] = yield [(0, {**call, **SINGLE_CALL, "model": merged["escalate"]})]
    return after_escalation(output_format, result, stronger)


def _divide_call(merged: Mapping[str, Any], call: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the arguments of each call.

    Raises:
        ConfigError: All replies would be the same, or each call has several choices already.
    """
    validate_call(call)
    if merged.get("temperature") == 0:
        raise ConfigError(
            f"confidence={merged['confidence']} compares replies, which are all the same at temperature=0: leave "
            "temperature out, or pass confidence='logprobs'"
        )
    if merged.get("n", 1) != 1:
        raise ConfigError("confidence= asks for that number of replies itself: leave n out")
    if "escalate" in merged or "below" in merged:
        add_escalation(merged)  # raises here if one of them is missing
    options = {**call, **SINGLE_CALL}
    if (seed := merged.get("seed")) is None:
        return [options] * merged["confidence"]
    return [{**options, "seed": seed + number} for number in range(merged["confidence"])]
