"""Values while they arrive: what `Client.stream` and `stream_items` return, blocking and awaited."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextlib import aclosing, closing
from dataclasses import dataclass, replace
from types import GenericAlias, TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from typing_extensions import Self

from structkit.client.arguments import CallOptions, DefaultOptions
from structkit.errors import ConfigError, MalformedReply, SchemaError, StructkitError, TransportError
from structkit.extraction import UNFINISHED_STEPS, Conversation, Extraction, SplitExtraction, ToolStep
from structkit.extraction.fallback import without_fallback
from structkit.extraction.loop_watch import stop_at_loop, stop_at_loop_async, watch_of
from structkit.partial import ItemReader
from structkit.schema import ResponseFormat
from structkit.schema.cache import response_format
from structkit.values import Delta, Issue, Policy, Prompt, Result

if TYPE_CHECKING:
    from structkit.client.hooks import Hooks
    from structkit.extraction.stream_output import StreamOutput
    from structkit.transport import TransportReply
    from structkit.transport.transport import AsyncReplyStream, ReplyStream

S = TypeVar("S")
T = TypeVar("T")

NO_REPLY = "the transport's stream ended without a reply: its last item has to be a Completion or a TransportError"


@dataclass(frozen=True, slots=True)
class Deferred(Generic[S]):
    """What starts once its prompt has been awaited, such as a conversation.

    Args:
        prompt: The awaitable prompt.
        start: Returns the start for a prompt.
    """

    prompt: Awaitable[Prompt]
    start: Callable[[Prompt], S]

    async def resolve(self) -> S:
        """Await the prompt and return the start."""
        return self.start(await self.prompt)

    def close(self) -> None:
        """Close a coroutine that will never be awaited, which Python would warn about."""
        if isinstance(self.prompt, Coroutine):
            self.prompt.close()


def start_or_defer(prompt: Prompt | Awaitable[Prompt], start: Callable[[Prompt], S]) -> S | Deferred[S]:
    """Return what starts with a prompt, or defer it until the prompt has been awaited."""
    return Deferred(prompt, start) if isinstance(prompt, Awaitable) else start(prompt)


@dataclass(frozen=True, slots=True)
class StreamIO:
    """The functions of a client through which a stream uses the endpoint.

    Args:
        send: Returns the replies to a step that cannot be streamed.
        stream: Returns the reply to a step as it arrives.
        next_step: Returns the step after some replies.
        make_calls: Returns the step after some calls of tools.
    """

    send: Callable[[Conversation], list[TransportReply]]
    stream: Callable[[Extraction[Any]], ReplyStream]
    next_step: Callable[[Conversation, list[TransportReply]], Any]
    make_calls: Callable[[ToolStep], Any]


@dataclass(frozen=True, slots=True)
class AsyncStreamIO:
    """The same functions, awaited."""

    send: Callable[[Conversation], Awaitable[list[TransportReply]]]
    stream: Callable[[Extraction[Any]], AsyncReplyStream]
    next_step: Callable[[Conversation, list[TransportReply]], Awaitable[Any]]
    make_calls: Callable[[ToolStep], Awaitable[Any]]


class StreamState(Generic[S]):
    """What a stream has yielded, and its last step.

    It does not refer to the stream: so a stream that is no longer referenced is collected at once, and its connection
    is closed.

    Args:
        output: Turns fragments of a reply into the values that are yielded.
        hooks: The caller's hooks.
    """

    def __init__(self, output: StreamOutput[S], hooks: Hooks) -> None:
        """Start before the first request."""
        self.output = output
        self.hooks = hooks
        self.last_step: Result[Any] | StructkitError | None = None

    def finish(self, step: Any) -> Result[Any]:
        """Return the result of the last step.

        Raises:
            StructkitError: The last step is an error; of a transport error, `partial` is what was yielded.
        """
        self.last_step = step
        if isinstance(step, TransportError):
            step.partial = step.partial if self.output.partial is None else self.output.partial
        if isinstance(step, StructkitError):
            raise step
        result: Result[Any] = step
        return result

    def with_final_model(self, step: Conversation) -> Conversation:
        """Return a step whose requests were sent; if what was yielded is binding, its failure asks no other model."""
        return without_fallback(step) if self.output.is_binding and step.fallback else step

    def replies(self, io: StreamIO, step: Conversation) -> Generator[S, None, list[TransportReply]]:
        """Yield what the replies to a step contain, and return the replies."""
        if isinstance(step, SplitExtraction):  # a part of a value is not a value of the type
            return io.send(step)
        self.output.start_reply(step)
        self.hooks.notify_request(step.request)
        replies: list[TransportReply] = []
        stream = self.hooks.with_retries(io.stream(step), step.request)
        with closing(stop_at_loop(stream, watch_of(step))) as events:
            for event in events:
                if isinstance(event, Delta):
                    yield from self.output.feed(event)
                else:
                    self.hooks.notify_reply(step.request, event)
                    replies.append(event)
        return replies or [MalformedReply(NO_REPLY)]

    async def async_replies(
        self, io: AsyncStreamIO, step: Extraction[Any], replies: list[TransportReply]
    ) -> AsyncGenerator[S]:
        """Yield the same, awaited; the replies are appended to *replies*, because this generator cannot return them."""
        self.output.start_reply(step)
        self.hooks.notify_request(step.request)
        stream = self.hooks.with_retries_async(io.stream(step), step.request)
        async with aclosing(stop_at_loop_async(stream, watch_of(step))) as events:
            async for event in events:
                if isinstance(event, Delta):
                    for value in self.output.feed(event):
                        yield value
                else:
                    self.hooks.notify_reply(step.request, event)
                    replies.append(event)


def stream_values(state: StreamState[S], io: StreamIO, step: Any) -> Generator[S]:
    """Yield what the replies of a conversation contain."""
    while isinstance(step, UNFINISHED_STEPS):
        if isinstance(step, ToolStep):
            step = io.make_calls(step)
            continue
        try:
            replies = yield from state.replies(io, step)
            step = io.next_step(state.with_final_model(step), replies)
        except BaseException as error:
            state.hooks.notify_abort(step.requests, error)
            raise
    yield from state.output.finish(state.finish(step))


async def stream_values_async(
    state: StreamState[S], io: AsyncStreamIO, start: Conversation | Deferred[Conversation]
) -> AsyncGenerator[S]:
    """Like `stream_values`, awaited."""
    step: Any = await start.resolve() if isinstance(start, Deferred) else start
    while isinstance(step, UNFINISHED_STEPS):
        if isinstance(step, ToolStep):
            step = await io.make_calls(step)
            continue
        try:
            replies: list[TransportReply] = []
            if isinstance(step, SplitExtraction):
                replies = await io.send(step)
            else:
                async with aclosing(state.async_replies(io, step, replies)) as values:
                    async for value in values:
                        yield value
            step = await io.next_step(state.with_final_model(step), replies or [MalformedReply(NO_REPLY)])
        except BaseException as error:
            state.hooks.notify_abort(step.requests, error)
            raise
    for value in state.output.finish(state.finish(step)):
        yield value


class _BaseStream(Generic[S, T]):
    """The properties that both kinds of stream share."""

    def __init__(self, state: StreamState[S]) -> None:
        """Start before the first request."""
        self._state = state

    @property
    def partial(self) -> Any:
        """The last snapshot, or the items yielded so far; None before the first."""
        return self._state.output.partial

    @property
    def issues(self) -> tuple[Issue, ...]:
        """The issues of items that were complete and invalid; these items are re-asked."""
        return self._state.output.issues

    def _finished_result(self) -> Result[T]:
        """Return the result of a finished stream.

        Raises:
            ConfigError: The stream was closed before it finished.
        """
        if self._state.last_step is None:
            raise ConfigError("the stream was closed before it finished: it has no result")
        return self._state.finish(self._state.last_step)


class Stream(_BaseStream[S, T]):
    """The values of a reply while it arrives, to be iterated once; then `result()` returns the complete result.

    To leave early, `close` it or use it in a `with` block: the connection is closed, and the endpoint may stop writing.
    """

    def __init__(self, state: StreamState[S], values: Generator[S]) -> None:
        """Send nothing before the first value is requested."""
        super().__init__(state)
        self._values = values

    def result(self) -> Result[T]:
        """Return the result as `Client.run` does, after reading the remainder of the reply.

        Raises:
            TransportError, ExtractionError: As `Client.run` does; what was yielded before is in the stream's `partial`.
            ConfigError: The stream was closed before it finished.
        """
        for _ in self:
            pass
        return self._finished_result()

    def close(self) -> None:
        """Close the connection; has no effect on a finished or closed stream."""
        self._values.close()

    def __iter__(self) -> Self:
        """Return the stream itself."""
        return self

    def __next__(self) -> S:
        """Return the next value; raises as `result` does."""
        return next(self._values)

    def __enter__(self) -> Self:
        """Return the stream itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the stream."""
        self.close()


class AsyncStream(_BaseStream[S, T]):
    """Like `Stream`, with `async for` and `async with`; `result` and `close` are awaited."""

    def __init__(self, state: StreamState[S], values: AsyncGenerator[S], start: Any) -> None:
        """Send nothing before the first value is requested; the start may wait for its prompt."""
        super().__init__(state)
        self._start = start
        self._values = values

    async def result(self) -> Result[T]:
        """Like `Stream.result`."""
        async for _ in self:
            pass
        return self._finished_result()

    async def close(self) -> None:
        """Like `Stream.close`."""
        await self._values.aclose()
        if isinstance(self._start, Deferred):
            self._start.close()

    def __aiter__(self) -> Self:
        """Return the stream itself."""
        return self

    async def __anext__(self) -> S:
        """Like `Stream.__next__`."""
        return await anext(self._values)

    async def __aenter__(self) -> Self:
        """Return the stream itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the stream."""
        await self.close()


def list_format(output_type: Any) -> ResponseFormat[Any]:
    """Return the format to request for a stream of items: the type, if it is or has a list, or a list of the type.

    Raises:
        SchemaError: A JSON Schema without a list, or with several.

    >>> list_format(list[int]).output_type, list_format(int).output_type
    (list[int], list[int])
    """
    output_format = response_format(output_type)
    try:
        items: ItemReader[Any] = ItemReader(output_format)
    except SchemaError:
        if isinstance(output_format.output_type, dict):
            raise
        return response_format(GenericAlias(list, output_format.output_type))
    is_list = not items.path or items.has_object_items or isinstance(output_format.output_type, dict)
    return output_format if is_list else response_format(GenericAlias(list, output_format.output_type))


def reask_places(call: CallOptions, defaults: DefaultOptions) -> CallOptions:
    """Return a call that re-asks only invalid items even of a short reply, because the others were yielded already.

    Raises:
        ConfigError: The call would drop items that were yielded.
    """
    if (evidence := call.get("evidence", defaults.get("evidence"))) in ("null", "require"):
        raise ConfigError(
            f'evidence="{evidence}" drops items that are not in the text, which stream_items has yielded by then: pass '
            "evidence=True, or use run or stream"
        )
    policy = call.get("policy") or defaults.get("policy") or Policy()
    return {**call, "policy": replace(policy, reask="always")} if policy.reask == "places" else call
