"""Calls about a long text: its chunks are asked several at once, and their results are joined."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from structkit.client.arguments import validate_call
from structkit.client.concurrent_calls import call_for_each, call_for_each_async
from structkit.client.plan import merge_options, result_or_raise
from structkit.client.steps import apply_async_checks
from structkit.errors import ExtractionError, StructkitError, TransportError
from structkit.extraction.chunk_fields import ChunkDraft
from structkit.extraction.chunk_parts import ChunkParts, next_parts, plan_of_parts
from structkit.extraction.chunk_plan import ChunkPlan, JoinedChunks, Outcome, plan_chunks
from structkit.values import Prompt, Result

FAILURES = (TransportError, ExtractionError)
"""Errors of a chunk that are its outcome."""


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
    finished: list[ChunkParts] = []
    while parts := next_parts(plan, finished):
        finished += call_for_each(partial(ask_parts, run, call), parts)
    divided_plan, outcomes = plan_of_parts(plan, finished)
    return result_or_raise(divided_plan.join(outcomes))


def ask_parts(run: Callable[..., Result[Any]], call: Mapping[str, Any], parts: ChunkParts) -> ChunkParts:
    """Ask a chunk, or its parts one after the other."""
    while (chunk := parts.next_chunk) is not None:
        try:
            parts.receive(run(*parts.plan.arguments(chunk), **{**call, **parts.plan.options(chunk)}))
        except FAILURES as error:
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
    plan = await asyncio.to_thread(plan_chunks, output_type, prompt, merge_options(defaults, call))
    finished: list[ChunkParts] = []
    while parts := next_parts(plan, finished):
        finished += await call_for_each_async(partial(ask_parts_async, run, call), parts)
    return result_or_raise(await join_async(*plan_of_parts(plan, finished)))


async def ask_parts_async(
    run: Callable[..., Awaitable[Result[Any]]], call: Mapping[str, Any], parts: ChunkParts
) -> ChunkParts:
    """Like `ask_parts`, awaited."""
    while (chunk := parts.next_chunk) is not None:
        try:
            parts.receive(await run(*parts.plan.arguments(chunk), **{**call, **parts.plan.options(chunk)}))
        except FAILURES as error:
            parts.receive(error)
    return parts


async def join_async(
    plan: ChunkPlan, outcomes: Sequence[Outcome], reads: Sequence[ChunkDraft] | None = None
) -> Result[Any] | StructkitError:
    """Return what `ChunkPlan.join` returns, after the checks that have to be awaited."""
    import asyncio

    step = await asyncio.to_thread(plan.join, outcomes, reads)  # takes a second for thousands of items
    if isinstance(step, Result):
        checked: Result[Any] | StructkitError = await apply_async_checks(JoinedChunks(plan, outcomes), step)
        return checked
    return step
