"""`AsyncClient`: extraction that is awaited."""

from __future__ import annotations

from collections.abc import Awaitable
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, overload

from typing_extensions import Self, TypeForm, Unpack

from structkit.client.arguments import (
    NOT_COPYABLE,
    CallOptions,
    DefaultOptions,
    validate_call,
    validate_connection_arguments,
)
from structkit.client.client_display import client_rows, display_client
from structkit.client.endpoint_settings import EndpointSettings, find_endpoint
from structkit.client.hooks import NO_HOOKS, Hooks
from structkit.client.option_signature import show_options
from structkit.client.plan import make_plan, result_or_raise
from structkit.client.send_requests import AsyncSend, send_requests_async
from structkit.client.several_calls import find_several_calls, has_chunks
from structkit.client.steps import next_step
from structkit.client.transports import async_http_transport, async_sdk_transport
from structkit.costs.attempt_cost import PriceList
from structkit.costs.price_list import Prices
from structkit.errors import ConfigError, TransportError
from structkit.extraction import UNFINISHED_STEPS, Conversation, Extraction, SplitExtraction, ToolStep
from structkit.extraction.loop_stop import stops_loops
from structkit.schema import ResponseFormat
from structkit.transport import AsyncTransport, TransportReply
from structkit.transport.transport import bind_models
from structkit.values import JSON, Prompt, Request, Result
from structkit.values.display import format_fields, to_html_table

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    import openai

    from structkit.client.probing import ProbeReport
    from structkit.client.reply_cache import CacheSource, ReplyCache
    from structkit.client.streams import AsyncStream
    from structkit.extraction.stream_output import StreamOutput
    from structkit.partial import Partial

T = TypeVar("T")


class AsyncClient:
    """Like `Client`, with the same arguments and methods, awaited; `stream` and `stream_items` return async streams."""

    @show_options(DefaultOptions)
    def __init__(
        self,
        model: str | None = None,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        client: openai.AsyncOpenAI | None = None,
        transport: AsyncTransport | None = None,
        cache: CacheSource | None = None,
        prices: Prices | None = None,
        **call: Unpack[DefaultOptions],
    ) -> None:
        """Determine the endpoint; nothing is sent."""
        validate_call(call)
        validate_connection_arguments(
            "AsyncClient", client=client, transport=transport, base_url=base_url, api_key=api_key
        )
        self._custom_transport = transport if client is None else async_sdk_transport(client)
        self._transports: dict[AbstractEventLoop, AsyncTransport] = {}
        self._open_blocks: dict[AbstractEventLoop, int] = {}
        endpoint = None
        if self._custom_transport is None:
            endpoint = self._endpoint = find_endpoint(model, base_url, api_key)
        self._plan = make_plan(model, call, endpoint, "" if client is None else str(client.base_url), cache, prices)

    @overload
    async def extract(self, output_type: TypeForm[T], prompt: Prompt, **call: Unpack[CallOptions]) -> T: ...
    @overload
    async def extract(self, output_type: ResponseFormat[T], prompt: Prompt, **call: Unpack[CallOptions]) -> T: ...
    @overload
    async def extract(self, output_type: JSON, prompt: Prompt, **call: Unpack[CallOptions]) -> Any: ...
    @show_options(CallOptions)
    async def extract(self, output_type: Any, prompt: Prompt, **call: Unpack[CallOptions]) -> Any:
        """Like `Client.extract`."""
        return (await self.run(output_type, prompt, **call)).value

    @overload
    async def run(self, output_type: TypeForm[T], prompt: Prompt, **call: Unpack[CallOptions]) -> Result[T]: ...
    @overload
    async def run(self, output_type: ResponseFormat[T], prompt: Prompt, **call: Unpack[CallOptions]) -> Result[T]: ...
    @overload
    async def run(self, output_type: JSON, prompt: Prompt, **call: Unpack[CallOptions]) -> Result[Any]: ...
    @show_options(CallOptions)
    async def run(self, output_type: Any, prompt: Prompt, **call: Unpack[CallOptions]) -> Result[Any]:
        """Like `Client.run`."""
        if run_several := find_several_calls(self._plan.call, call, is_async=True):
            result: Result[Any] = await run_several(self.run, self._plan.call, output_type, prompt, call)
            return result
        conversation = self._plan.start_conversation(output_type, prompt, call)
        return await self.drive(conversation, self._plan.hooks(call))

    async def _make_calls(self, step: ToolStep, hooks: Hooks) -> Any:
        from structkit.client.tool_calls import make_calls_async

        return await make_calls_async(step, hooks)

    async def drive(self, extraction: Extraction[T] | SplitExtraction[T], hooks: Hooks = NO_HOOKS) -> Result[T]:
        """Like `Client.drive`."""
        step: Any = extraction
        while isinstance(step, UNFINISHED_STEPS):
            step = await (self._make_calls(step, hooks) if isinstance(step, ToolStep) else self._advance(step, hooks))
        return result_or_raise(step)

    async def _advance(self, step: Conversation, hooks: Hooks) -> Any:
        """Send the requests of a step, and return the next one."""
        try:
            transport = self._cached_transport
            send = _send_with_loop_stops(transport, step) if stops_loops(step) else transport.send
            replies = await send_requests_async(send, step.requests, step.policy, hooks)
            return await self._next_step(step, replies, hooks)
        except BaseException as error:
            hooks.notify_abort(step.requests, error)
            raise

    async def _next_step(self, step: Conversation, replies: list[TransportReply], hooks: Hooks) -> Any:
        """Return the step after the replies to a step."""
        after = await next_step(step, replies, self._plan.observe_step, self._plan.cache)
        hooks.notify_attempts(step.attempts, after.attempts)
        return after

    @overload
    def stream(
        self,
        output_type: TypeForm[T],
        prompt: Prompt | Awaitable[Prompt],
        *,
        only_complete: bool = ...,
        **call: Unpack[CallOptions],
    ) -> AsyncStream[Partial[T], T]: ...
    @overload
    def stream(
        self,
        output_type: ResponseFormat[T],
        prompt: Prompt | Awaitable[Prompt],
        *,
        only_complete: bool = ...,
        **call: Unpack[CallOptions],
    ) -> AsyncStream[Partial[T], T]: ...
    @overload
    def stream(
        self,
        output_type: JSON,
        prompt: Prompt | Awaitable[Prompt],
        *,
        only_complete: bool = ...,
        **call: Unpack[CallOptions],
    ) -> AsyncStream[Any, Any]: ...
    @show_options(CallOptions)
    def stream(
        self,
        output_type: Any,
        prompt: Prompt | Awaitable[Prompt],
        *,
        only_complete: bool = False,
        **call: Unpack[CallOptions],
    ) -> AsyncStream[Any, Any]:
        """Like `Client.stream`, with `async with` and `async for`; the prompt may be an awaitable."""
        from structkit.extraction.stream_output import Snapshots

        return self._stream(output_type, prompt, call, Snapshots(only_complete=only_complete))

    @overload
    def stream_items(
        self, output_type: TypeForm[list[T]], prompt: Prompt | Awaitable[Prompt], **call: Unpack[CallOptions]
    ) -> AsyncStream[T, list[T]]: ...
    @overload
    def stream_items(
        self, output_type: Any, prompt: Prompt | Awaitable[Prompt], **call: Unpack[CallOptions]
    ) -> AsyncStream[Any, Any]: ...
    @show_options(CallOptions)
    def stream_items(
        self, output_type: Any, prompt: Prompt | Awaitable[Prompt], **call: Unpack[CallOptions]
    ) -> AsyncStream[Any, Any]:
        """Like `Client.stream_items`, with `async for`."""
        from structkit.client.streams import list_format, reask_places
        from structkit.extraction.stream_output import ListItems

        output_format = list_format(output_type)
        if has_chunks(self._plan.call, call):
            from structkit.client.chunk_streams import stream_chunks_async

            return stream_chunks_async(self.run, self._plan.call, output_format, prompt, call)
        return self._stream(output_format, prompt, reask_places(call, self._plan.call), ListItems(output_format))

    def _stream(
        self, output_type: Any, prompt: Prompt | Awaitable[Prompt], call: CallOptions, output: StreamOutput[Any]
    ) -> AsyncStream[Any, Any]:
        from structkit.client.streams import (
            AsyncStream,
            AsyncStreamIO,
            StreamState,
            start_or_defer,
            stream_values_async,
        )
        from structkit.transport.streaming import open_stream_async

        hooks = self._plan.hooks(call)
        io = AsyncStreamIO(
            send=lambda step: send_requests_async(self._cached_transport.send, step.requests, step.policy, hooks),
            stream=lambda step: open_stream_async(self._cached_transport, step.request, step.policy),
            next_step=lambda step, replies: self._next_step(step, replies, hooks),
            make_calls=lambda step: self._make_calls(step, hooks),
        )

        def start(resolved_prompt: Prompt) -> Conversation:
            return self._plan.start_conversation(output_type, resolved_prompt, call)

        state, first = StreamState(output, hooks), start_or_defer(prompt, start)
        return AsyncStream(state, stream_values_async(state, io, first), first)

    async def probe(self) -> ProbeReport:
        """Like `Client.probe`."""
        from structkit.client.probing import advance, probe_route

        probe = probe_route(self._plan.model, self._plan.routes.of(self.model).route_to_probe)
        step: ProbeReport | TransportError | Request = advance(probe)
        while isinstance(step, Request):
            request, policy, hooks = self._plan.probe_call(step)
            [reply] = await send_requests_async(self._cached_transport.send, (request,), policy, hooks)
            step = advance(probe, reply)
        return self._plan.routes.of(self._plan.model).store_probe(result_or_raise(step))

    async def models(self) -> tuple[str, ...]:
        """Like `Client.models`."""
        names: tuple[str, ...] = await bind_models(self.transport, *self._plan.listing_settings)()
        self._plan.routes.identify_owners(names)
        return names

    def __repr__(self) -> str:
        """The model, the address and the default arguments, without secrets."""
        arguments, fields = display_client(self)
        return format_fields("AsyncClient", *arguments, **fields)

    def _repr_html_(self) -> str:
        """The same as an HTML table, for notebooks."""
        return to_html_table("AsyncClient", client_rows(self))

    def __reduce__(self) -> NoReturn:
        """Reject pickling and copying, like `Client`.

        Raises:
            TypeError: A client has open connections, and its key should not be written to a file.
        """
        raise TypeError(NOT_COPYABLE)

    @property
    def endpoint(self) -> EndpointSettings | None:
        """Like `Client.endpoint`."""
        return self._endpoint if self._custom_transport is None else None

    @property
    def model(self) -> str:
        """Like `Client.model`."""
        return self._plan.model

    @property
    def address(self) -> str:
        """Like `Client.address`."""
        return self._plan.routes.base_url

    @property
    def prices(self) -> PriceList | None:
        """Like `Client.prices`."""
        return self._plan.prices

    @property
    def cache(self) -> ReplyCache | None:
        """Like `Client.cache`."""
        return self._plan.cache

    @property
    def defaults(self) -> DefaultOptions:
        """Like `Client.defaults`."""
        return self._plan.call

    @property
    def _cached_transport(self) -> AsyncTransport:
        """The transport, behind the cache of replies if there is one."""
        if (cache := self._plan.cache) is None:
            return self.transport
        from structkit.client.reply_cache import AsyncCachedTransport

        return AsyncCachedTransport(self.transport, cache)

    @property
    def transport(self) -> AsyncTransport:
        """The transport of this event loop; each loop has its own, because a connection belongs to one loop."""
        if self._custom_transport is not None:
            return self._custom_transport
        if (loop := _this_loop()) not in self._transports:
            # The connections of a closed loop can no longer be closed, only dropped.
            for closed_loop in [each for each in [*self._transports, *self._open_blocks] if each.is_closed()]:
                self._transports.pop(closed_loop, None)
                self._open_blocks.pop(closed_loop, None)
            self._transports[loop] = async_http_transport(self._endpoint)
        return self._transports[loop]

    async def close(self) -> None:
        """Close the connections of this event loop; a client or transport of the caller's stays open."""
        if transport := self._transports.pop(_this_loop(), None):
            await transport.close()

    async def __aenter__(self) -> Self:
        """Return the client itself."""
        loop = _this_loop()
        self._open_blocks[loop] = self._open_blocks.get(loop, 0) + 1
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connections of this event loop at the end of its last block, since tasks may share the client."""
        loop = _this_loop()
        self._open_blocks[loop] = self._open_blocks.get(loop, 1) - 1
        if self._open_blocks[loop] <= 0:
            del self._open_blocks[loop]
            await self.close()


def _send_with_loop_stops(transport: AsyncTransport, step: Conversation) -> AsyncSend:
    from structkit.client.loop_stops import AsyncLoopStops

    return AsyncLoopStops(transport, step).send


def _this_loop() -> AbstractEventLoop:
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise ConfigError("the connections of an AsyncClient belong to an event loop: use it in a coroutine") from None
