"""`AsyncClient`: extraction that is awaited."""

from __future__ import annotations

from collections.abc import Awaitable
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, overload

from typing_extensions import Self, TypeForm, Unpack

from structkit.client.arguments import CallOptions, validate_call, validate_connection_arguments
from structkit.client.endpoint_settings import EndpointSettings, find_endpoint, report_environment_errors
from structkit.client.hooks import NO_HOOKS, Hooks
from structkit.client.plan import make_plan, result_or_raise
from structkit.client.steps import next_step
from structkit.dialects import Route
from structkit.errors import TransportError
from structkit.extraction import Conversation, Extraction, SplitExtraction
from structkit.schema import ResponseFormat
from structkit.transport import AsyncTransport, TransportReply
from structkit.values import JSON, Policy, Prompt, Request, Result

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    import openai

    from structkit.client.probing import ProbeReport
    from structkit.client.streams import AsyncStream
    from structkit.extraction.stream_output import StreamOutput
    from structkit.partial import Partial

T = TypeVar("T")


class AsyncClient:
    """As `Client`, with the same arguments and names, awaited; of `stream` and `stream_items` it is what they give."""

    def __init__(
        self,
        model: str | None = None,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        client: openai.AsyncOpenAI | None = None,
        transport: AsyncTransport | None = None,
        **call: Unpack[CallOptions],
    ) -> None:
        """Find the endpoint; nothing is sent."""
        validate_call(call)
        validate_connection_arguments(client=client, transport=transport, base_url=base_url, api_key=api_key)
        self._given = _over(client) if client else transport
        self._made: dict[AbstractEventLoop, AsyncTransport] = {}
        endpoint = None
        if self._given is None:
            endpoint = self._endpoint = find_endpoint(model, base_url, api_key)
        self._plan, self._route = make_plan(model, call, endpoint, str(client.base_url) if client else "")

    @overload
    async def extract(self, output_type: TypeForm[T], prompt: Prompt, **call: Unpack[CallOptions]) -> T: ...
    @overload
    async def extract(self, output_type: ResponseFormat[T], prompt: Prompt, **call: Unpack[CallOptions]) -> T: ...
    @overload
    async def extract(self, output_type: JSON, prompt: Prompt, **call: Unpack[CallOptions]) -> Any: ...
    async def extract(self, output_type: Any, prompt: Prompt, **call: Unpack[CallOptions]) -> Any:
        """As `Client.extract`."""
        return (await self.run(output_type, prompt, **call)).value

    @overload
    async def run(self, output_type: TypeForm[T], prompt: Prompt, **call: Unpack[CallOptions]) -> Result[T]: ...
    @overload
    async def run(self, output_type: ResponseFormat[T], prompt: Prompt, **call: Unpack[CallOptions]) -> Result[T]: ...
    @overload
    async def run(self, output_type: JSON, prompt: Prompt, **call: Unpack[CallOptions]) -> Result[Any]: ...
    async def run(self, output_type: Any, prompt: Prompt, **call: Unpack[CallOptions]) -> Result[Any]:
        """As `Client.run`."""
        begun = self._plan.start_conversation(output_type, prompt, call, self._route.route)
        return await self.drive(begun, self._plan.hooks(call))

    async def drive(self, extraction: Extraction[T] | SplitExtraction[T], hooks: Hooks = NO_HOOKS) -> Result[T]:
        """Send what an extraction asks for until it is done."""
        step: Any = extraction
        while isinstance(step, Extraction | SplitExtraction):
            with hooks.report_aborts(step.requests):
                step = await self._after(step, await self._send(step.requests, step.policy, hooks), hooks)
        return result_or_raise(step)

    async def _after(self, step: Conversation, replies: list[TransportReply], hooks: Hooks) -> Any:
        """What comes of a step's replies."""
        after = await next_step(step, replies, self._route.update_from_step)
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
    def stream(
        self,
        output_type: Any,
        prompt: Prompt | Awaitable[Prompt],
        *,
        only_complete: bool = False,
        **call: Unpack[CallOptions],
    ) -> AsyncStream[Any, Any]:
        """As `Client.stream`, with `async with` and `async for`; the prompt may be one that is still to be awaited."""
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
    def stream_items(
        self, output_type: Any, prompt: Prompt | Awaitable[Prompt], **call: Unpack[CallOptions]
    ) -> AsyncStream[Any, Any]:
        """As `Client.stream_items`, with `async for`."""
        from structkit.client.streams import itemwise, list_type
        from structkit.extraction.stream_output import ListItems

        wanted = list_type(output_type)
        return self._stream(wanted, prompt, itemwise(call, self._plan.call), ListItems(wanted))

    def _stream(
        self, output_type: Any, prompt: Prompt | Awaitable[Prompt], call: CallOptions, shown: StreamOutput[Any]
    ) -> AsyncStream[Any, Any]:
        from structkit.client.streams import AsyncStream, AsyncWay, Later
        from structkit.transport.streaming import open_stream_async

        hooks = self._plan.hooks(call)
        way = AsyncWay(
            ask=lambda step: self._send(step.requests, step.policy, hooks),
            stream=lambda step: open_stream_async(self.transport, step.request, step.policy),
            after=lambda step, replies: self._after(step, replies, hooks),
        )

        def begun(said: Prompt) -> Conversation:
            return self._plan.start_conversation(output_type, said, call, self._route.route)

        first = Later(prompt, begun) if isinstance(prompt, Awaitable) else begun(prompt)
        return AsyncStream(first, shown, hooks, way)

    async def _send(self, requests: tuple[Request, ...], policy: Policy, hooks: Hooks) -> list[TransportReply]:
        """The replies, in order; several requests go out at once."""

        async def send(request: Request) -> TransportReply:
            hooks.notify_request(request)
            reply = await self.transport.send(request, policy)
            hooks.notify_reply(request, reply)
            return reply

        if len(requests) == 1:
            return [await send(requests[0])]
        import asyncio

        return await asyncio.gather(*map(send, requests))

    async def probe(self) -> ProbeReport:
        """As `Client.probe`."""
        from structkit.client.probing import advance, probe_route

        asking = probe_route(self._plan.model, Route(self._plan.dialect))
        step: ProbeReport | TransportError | Request = advance(asking)
        while isinstance(step, Request):
            [reply] = await self._send((step,), self._plan.probe_policy(step), self._plan.hooks({}))
            step = advance(asking, reply)
        return self._route.store_probe(result_or_raise(step))

    async def models(self) -> tuple[str, ...]:
        """As `Client.models`."""
        return await self.transport.models()

    @property
    def endpoint(self) -> EndpointSettings | None:
        """As `Client.endpoint`."""
        return self._endpoint if self._given is None else None

    @property
    def model(self) -> str:
        """As `Client.model`."""
        return self._plan.model

    @property
    def defaults(self) -> CallOptions:
        """As `Client.defaults`."""
        return self._plan.call

    @property
    def transport(self) -> AsyncTransport:
        """The way requests are sent: one for each event loop, because connections belong to theirs."""
        if self._given is not None:
            return self._given
        if (loop := _this_loop()) not in self._made:
            for closed in [other for other in [*self._made] if other.is_closed()]:
                self._made.pop(closed, None)  # its connections go with it: nobody can close them any more
            self._made[loop] = _lean(self._endpoint)
        return self._made[loop]

    async def close(self) -> None:
        """Let go of the connections of this event loop; a client or transport of the caller's stays open."""
        if made := self._made.pop(_this_loop(), None):
            await made.close()

    async def __aenter__(self) -> Self:
        """The client itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        await self.close()


def _lean(endpoint: EndpointSettings) -> AsyncTransport:
    from structkit.transport.direct import AsyncHTTPTransport

    with report_environment_errors():
        return AsyncHTTPTransport(endpoint.address, endpoint.api_key)


def _over(client: openai.AsyncOpenAI) -> AsyncTransport:
    from structkit.transport.openai_sdk import AsyncOpenAITransport

    return AsyncOpenAITransport(client)


def _this_loop() -> AbstractEventLoop:
    import asyncio

    return asyncio.get_running_loop()
