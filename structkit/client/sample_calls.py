"""Calls for several replies, which are asked for at once and compared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from structkit.client.arguments import validate_call
from structkit.client.concurrent_calls import call_for_each, call_for_each_async
from structkit.client.confidence_argument import add_escalation
from structkit.client.plan import merge_options, result_or_raise
from structkit.errors import ConfigError, ExtractionError, TransportError
from structkit.extraction.fallback import is_unsure
from structkit.extraction.reply_samples import Sample, after_escalation, join_samples
from structkit.schema.cache import response_format
from structkit.values import Prompt, Result

SINGLE_CALL = {"confidence": None, "escalate": None, "below": None}
"""What makes one of the calls a plain one."""


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
    calls = _divide_call(defaults, call)
    output_format = response_format(output_type)

    def ask(options: Mapping[str, Any]) -> Sample:
        try:
            return run(output_format, prompt, **options)
        except (TransportError, ExtractionError) as error:
            return error

    result = result_or_raise(join_samples(output_format, call_for_each(ask, calls)))
    stronger = _stronger_call(defaults, call, result)
    return result if stronger is None else after_escalation(output_format, result, ask(stronger))


async def run_samples_async(
    run: Callable[..., Awaitable[Result[Any]]],
    defaults: Mapping[str, Any],
    output_type: Any,
    prompt: Prompt,
    call: Mapping[str, Any],
) -> Result[Any]:
    """Like `run_samples`, awaited."""
    calls = _divide_call(defaults, call)
    output_format = response_format(output_type)

    async def ask(options: Mapping[str, Any]) -> Sample:
        try:
            return await run(output_format, prompt, **options)
        except (TransportError, ExtractionError) as error:
            return error

    result = result_or_raise(join_samples(output_format, await call_for_each_async(ask, calls)))
    stronger = _stronger_call(defaults, call, result)
    return result if stronger is None else after_escalation(output_format, result, await ask(stronger))


def _divide_call(defaults: Mapping[str, Any], call: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the arguments of each call.

    Raises:
        ConfigError: All replies would be the same, or each call has several choices already.
    """
    validate_call(call)
    merged = merge_options(defaults, call)
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


def _stronger_call(defaults: Mapping[str, Any], call: Mapping[str, Any], result: Result[Any]) -> dict[str, Any] | None:
    """Return the arguments of the call of a stronger model; None if the result is sure enough."""
    merged = merge_options(defaults, call)
    return {**call, **SINGLE_CALL, "model": merged["escalate"]} if is_unsure(result, merged.get("below")) else None
