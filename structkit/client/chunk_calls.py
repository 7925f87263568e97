"""Calls about a long text: its chunks are asked several at once, and their results are joined."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from structkit.client.arguments import validate_call
from structkit.client.concurrent_calls import call_for_each, call_for_each_async
from structkit.client.plan import merge_options, result_or_raise
from structkit.client.steps import apply_async_checks
from structkit.errors import ExtractionError, TransportError
from structkit.extraction.chunk_plan import JoinedChunks, Outcome, plan_chunks
from structkit.values import Prompt, Result

if TYPE_CHECKING:
    from structkit.extraction.text_chunks import TextChunk


def run_chunks(
    run: Callable[..., Result[Any]],
    defaults: Mapping[str, Any],
    output_type: Any,
    prompt: Prompt,
    call: Mapping[str, Any],
) -> Result[Any]:
    """Return the joined result of the chunks of a text.

    After an error of the endpoint, no other chunk is sent; a chunk without a valid value stops none.

    Args:
        run: Asks one chunk: `Client.run`.
        defaults: The arguments that all calls of the client have.
        output_type: The type.
        prompt: The prompt.
        call: The arguments of the call.

    Raises:
        ConfigError: The type, the prompt or an argument cannot be used; nothing was sent.
        TransportError, ExtractionError: The first chunk that failed has it; `chunks` has the results of the others.
    """
    validate_call(call)
    plan = plan_chunks(output_type, prompt, merge_options(defaults, call))
    endpoint_errors: list[TransportError] = []

    def ask(chunk: TextChunk) -> Outcome:
        if endpoint_errors:
            return None
        try:
            return run(plan.response_format, plan.prompt(chunk), **{**call, **plan.options(chunk)})
        except TransportError as error:
            endpoint_errors.append(error)
            return error
        except ExtractionError as error:
            return error

    return result_or_raise(plan.join(call_for_each(ask, plan.chunks)))


async def run_chunks_async(
    run: Callable[..., Awaitable[Result[Any]]],
    defaults: Mapping[str, Any],
    output_type: Any,
    prompt: Prompt,
    call: Mapping[str, Any],
) -> Result[Any]:
    """Like `run_chunks`, awaited."""
    import asyncio

    validate_call(call)
    plan = plan_chunks(output_type, prompt, merge_options(defaults, call))
    endpoint_errors: list[TransportError] = []

    async def ask(chunk: TextChunk) -> Outcome:
        if endpoint_errors:
            return None
        try:
            return await run(plan.response_format, plan.prompt(chunk), **{**call, **plan.options(chunk)})
        except TransportError as error:
            endpoint_errors.append(error)
            return error
        except ExtractionError as error:
            return error

    outcomes = await call_for_each_async(ask, plan.chunks)
    step = await asyncio.to_thread(plan.join, outcomes)  # takes a second for thousands of items
    if isinstance(step, Result):
        step = await apply_async_checks(JoinedChunks(plan, outcomes), step)
    return result_or_raise(step)
