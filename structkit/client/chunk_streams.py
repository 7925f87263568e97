"""Streams of the items of a long text: several chunks are asked at once, and each yields its items as it finishes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import aclosing, closing
from functools import partial
from typing import Any

from structkit.client.arguments import validate_call
from structkit.client.chunk_calls import ask_parts, ask_parts_async, join_async
from structkit.client.concurrent_calls import iterate_calls, iterate_calls_async
from structkit.client.hooks import NO_HOOKS
from structkit.client.plan import merge_options
from structkit.client.streams import AsyncStream, Deferred, Stream, StreamState, start_or_defer
from structkit.extraction.chunk_items import ChunkItemStream
from structkit.extraction.chunk_plan import plan_chunks
from structkit.extraction.stream_output import ListItems
from structkit.schema import ResponseFormat
from structkit.values import Prompt, Result


def stream_chunks(
    run: Callable[..., Result[Any]],
    defaults: Mapping[str, Any],
    output_format: ResponseFormat[Any],
    prompt: Prompt,
    call: Mapping[str, Any],
) -> Stream[Any, Any]:
    """Return the stream of the items of a text.

    Args:
        run: Asks one chunk: `Client.run`.
        defaults: The arguments that all calls of the client have.
        output_format: The type, which has one list.
        prompt: The prompt.
        call: The arguments of the call.

    Raises:
        ConfigError: The type, the prompt or an argument cannot be used; nothing was sent.
    """
    validate_call(call)
    plan = plan_chunks(output_format, prompt, merge_options(defaults, call))
    items = ChunkItemStream(plan, ListItems[Any](output_format))
    state = StreamState(items.output, NO_HOOKS)
    return Stream(state, _items(state, items, partial(ask_parts, run, call)))


def _items(state: StreamState[Any], items: ChunkItemStream, ask: Callable[..., Any]) -> Generator[Any]:
    with closing(iterate_calls(ask, items.chunks)) as finished:
        for parts in finished:
            yield from items.receive(parts)
    yield from items.finish()
    divided_plan, outcomes, reads = items.joined
    yield from state.output.finish(state.finish(divided_plan.join(outcomes, reads)))


def stream_chunks_async(
    run: Callable[..., Awaitable[Result[Any]]],
    defaults: Mapping[str, Any],
    output_format: ResponseFormat[Any],
    prompt: Prompt | Awaitable[Prompt],
    call: Mapping[str, Any],
) -> AsyncStream[Any, Any]:
    """Like `stream_chunks`, awaited; the prompt may be an awaitable."""
    validate_call(call)
    arguments, output = merge_options(defaults, call), ListItems[Any](output_format)

    def start(resolved_prompt: Prompt) -> ChunkItemStream:
        return ChunkItemStream(plan_chunks(output_format, resolved_prompt, arguments), output)

    state, first = StreamState(output, NO_HOOKS), start_or_defer(prompt, start)
    return AsyncStream(state, _items_async(state, first, partial(ask_parts_async, run, call)), first)


async def _items_async(
    state: StreamState[Any], start: ChunkItemStream | Deferred[ChunkItemStream], ask: Callable[..., Awaitable[Any]]
) -> AsyncGenerator[Any]:
    items = await start.resolve() if isinstance(start, Deferred) else start
    async with aclosing(iterate_calls_async(ask, items.chunks)) as finished:
        async for parts in finished:
            for item in items.receive(parts):
                yield item
    for item in items.finish():
        yield item
    for item in state.output.finish(state.finish(await join_async(*items.joined))):
        yield item
