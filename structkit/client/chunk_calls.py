"""Calls about a long text: its chunks are asked several at once, and their results are joined."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from structkit.client.arguments import validate_call
from structkit.client.concurrent_calls import call_for_each, call_for_each_async
from structkit.client.plan import merge_options, result_or_raise
from structkit.client.steps import apply_async_checks
from structkit.errors import ExtractionError, TransportError
from structkit.extraction.chunk_parts import ChunkParts, all_parts, plan_of_parts
from structkit.extraction.chunk_plan import JoinedChunks, plan_chunks
from structkit.values import Prompt, Result


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
    ask = partial(_ask, run, call, list[TransportError]())
    divided_plan, outcomes = plan_of_parts(plan, call_for_each(ask, all_parts(plan)))
    return result_or_raise(divided_plan.join(outcomes))


def _ask(
    run: Callable[..., Result[Any]], call: Mapping[str, Any], endpoint_errors: list[TransportError], parts: ChunkParts
) -> ChunkParts:
    """Ask a chunk, or its parts one after the other, while the endpoint has no error."""
    while (chunk := parts.next_chunk) is not None and not endpoint_errors:
        try:
            parts.receive(run(*parts.plan.arguments(chunk), **{**call, **parts.plan.options(chunk)}))
        except TransportError as error:
            endpoint_errors.append(error)
            parts.receive(error)
        except ExtractionError as error:
            parts.receive(error)
    return parts


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
    ask = partial(_ask_async, run, call, list[TransportError]())
    divided_plan, outcomes = plan_of_parts(plan, await call_for_each_async(ask, all_parts(plan)))
    step = await asyncio.to_thread(divided_plan.join, outcomes)  # takes a second for thousands of items
    if isinstance(step, Result):
        step = await apply_async_checks(JoinedChunks(divided_plan, outcomes), step)
    return result_or_raise(step)


async def _ask_async(
    run: Callable[..., Awaitable[Result[Any]]],
    call: Mapping[str, Any],
    endpoint_errors: list[TransportError],
    parts: ChunkParts,
) -> ChunkParts:
    while (chunk := parts.next_chunk) is not None and not endpoint_errors:
        try:
            parts.receive(await run(*parts.plan.arguments(chunk), **{**call, **parts.plan.options(chunk)}))
        except TransportError as error:
            endpoint_errors.append(error)
            parts.receive(error)
        except ExtractionError as error:
            parts.receive(error)
    return parts
