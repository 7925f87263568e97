"""Values while they arrive: what `Client.stream` and `stream_items` give, blocking and awaited."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextlib import aclosing, closing
from dataclasses import dataclass, replace
from types import GenericAlias, TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from typing_extensions import Self

from structkit.client.arguments import CallOptions
from structkit.errors import ConfigError, MalformedReply, SchemaError, StructkitError, TransportError
from structkit.extraction import Conversation, Extraction, SplitExtraction
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
class Later:
    """A conversation that begins when its prompt has been awaited.

    Args:
        prompt: What is awaited.
        begin: Makes the conversation.
    """

    prompt: Awaitable[Prompt]
    begin: Callable[[Prompt], Conversation]

    async def begun(self) -> Conversation:
        """The conversation."""
        return self.begin(await self.prompt)

    def close(self) -> None:
        """It will not be awaited any more."""
        if isinstance(self.prompt, Coroutine):
            self.prompt.close()


@dataclass(frozen=True, slots=True)
class Way:
    """How a stream talks to the endpoint: three functions of a client's.

    Args:
        ask: The replies to a step whose text is not shown.
        stream: The reply to a step as it comes.
        after: What comes of a step's replies.
    """

    ask: Callable[[Conversation], list[TransportReply]]
    stream: Callable[[Extraction[Any]], ReplyStream]
    after: Callable[[Conversation, list[TransportReply]], Any]


@dataclass(frozen=True, slots=True)
class AsyncWay:
    """The same, awaited."""

    ask: Callable[[Conversation], Awaitable[list[TransportReply]]]
    stream: Callable[[Extraction[Any]], AsyncReplyStream]
    after: Callable[[Conversation, list[TransportReply]], Awaitable[Any]]


class Course(Generic[S]):
    """What a stream has given, and what it came to.

    It does not know the stream: one that nobody holds any more is let go at once, and its connection with it.

    Args:
        shown: What is given.
        hooks: What is told of it.
    """

    def __init__(self, shown: StreamOutput[S], hooks: Hooks) -> None:
        """Nothing has come."""
        self.shown = shown
        self.hooks = hooks
        self.end: Result[Any] | StructkitError | None = None

    def ended(self, step: Any) -> Result[Any]:
        """The result.

        Raises:
            StructkitError: With what was given in its `partial`.
        """
        self.end = step
        if isinstance(step, TransportError):
            step.partial = step.partial if self.shown.kept is None else self.shown.kept
        if isinstance(step, StructkitError):
            raise step
        result: Result[Any] = step
        return result

    def replies(self, way: Way, step: Conversation) -> Generator[S, None, list[TransportReply]]:
        """What a step's replies show, and the replies."""
        if isinstance(step, SplitExtraction):  # its parts are no values of the type
            return way.ask(step)
        self.shown.begin(step)
        self.hooks.notify_request(step.request)
        replies: list[TransportReply] = []
        with closing(way.stream(step)) as pieces:
            for piece in pieces:
                if isinstance(piece, Delta):
                    yield from self.shown.take(piece)
                else:
                    self.hooks.notify_reply(step.request, piece)
                    replies.append(piece)
        return replies or [MalformedReply(NO_REPLY)]

    async def replies_later(
        self, way: AsyncWay, step: Extraction[Any], replies: list[TransportReply]
    ) -> AsyncGenerator[S]:
        """The same, awaited; the replies are put into *replies*."""
        self.shown.begin(step)
        self.hooks.notify_request(step.request)
        async with aclosing(way.stream(step)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Delta):
                    for shown in self.shown.take(piece):
                        yield shown
                else:
                    self.hooks.notify_reply(step.request, piece)
                    replies.append(piece)


def _run(course: Course[S], way: Way, step: Any) -> Generator[S]:
    while isinstance(step, Extraction | SplitExtraction):
        with course.hooks.report_aborts(step.requests):
            replies = yield from course.replies(way, step)
            step = way.after(step, replies)
    yield from course.shown.end(course.ended(step))


async def _run_later(course: Course[S], way: AsyncWay, begun: Conversation | Later) -> AsyncGenerator[S]:
    step: Any = await begun.begun() if isinstance(begun, Later) else begun
    while isinstance(step, Extraction | SplitExtraction):
        with course.hooks.report_aborts(step.requests):
            replies: list[TransportReply] = []
            if isinstance(step, SplitExtraction):
                replies = await way.ask(step)
            else:
                async with aclosing(course.replies_later(way, step, replies)) as pieces:
                    async for piece in pieces:
                        yield piece
            step = await way.after(step, replies or [MalformedReply(NO_REPLY)])
    for piece in course.shown.end(course.ended(step)):
        yield piece


class Given(Generic[S, T]):
    """What both kinds of stream know of what they gave."""

    def __init__(self, course: Course[S]) -> None:
        """Nothing has come."""
        self._course = course

    @property
    def partial(self) -> Any:
        """What there is: the last snapshot, or the items given so far; None before the first."""
        return self._course.shown.kept

    @property
    def issues(self) -> tuple[Issue, ...]:
        """What was wrong with items that were complete; they are asked for again."""
        return self._course.shown.issues

    def _known(self) -> Result[T]:
        """The result of a stream that is over.

        Raises:
            ConfigError: It was closed before its end.
        """
        if self._course.end is None:
            raise ConfigError("the stream was closed before its end: it has no result")
        return self._course.ended(self._course.end)


class Stream(Given[S, T]):
    """What a reply shows while it comes, to be iterated once; then `result()` has everything that happened.

    To leave early, `close` it or use it in a `with`: the connection is closed, and the endpoint may stop writing.
    """

    def __init__(self, begun: Conversation, shown: StreamOutput[S], hooks: Hooks, way: Way) -> None:
        """Nothing is sent before the first is asked for."""
        super().__init__(Course(shown, hooks))
        self._pieces = _run(self._course, way, begun)

    def result(self) -> Result[T]:
        """Everything that happened, as `Client.run` tells it; what is still to come is waited for.

        Raises:
            TransportError, ExtractionError: As `Client.run` does; what had been shown is in the stream's `partial`.
            ConfigError: The stream was closed before its end.
        """
        for _ in self:
            pass
        return self._known()

    def close(self) -> None:
        """Let go of the connection; a second time, and after the end, it is nothing."""
        self._pieces.close()

    def __iter__(self) -> Self:
        """The stream itself."""
        return self

    def __next__(self) -> S:
        """What is shown next; raises as `result` does."""
        return next(self._pieces)

    def __enter__(self) -> Self:
        """The stream itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


class AsyncStream(Given[S, T]):
    """As `Stream`, with `async for` and `async with`; `result` and `close` are awaited."""

    def __init__(self, begun: Conversation | Later, shown: StreamOutput[S], hooks: Hooks, way: AsyncWay) -> None:
        """Nothing is sent before the first is asked for."""
        super().__init__(Course(shown, hooks))
        self._begun = begun
        self._pieces = _run_later(self._course, way, begun)

    async def result(self) -> Result[T]:
        """As `Stream.result`."""
        async for _ in self:
            pass
        return self._known()

    async def close(self) -> None:
        """As `Stream.close`."""
        await self._pieces.aclose()
        if isinstance(self._begun, Later):
            self._begun.close()

    def __aiter__(self) -> Self:
        """The stream itself."""
        return self

    async def __anext__(self) -> S:
        """As `Stream.__next__`."""
        return await anext(self._pieces)

    async def __aenter__(self) -> Self:
        """The stream itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        await self.close()


def list_type(output_type: Any) -> ResponseFormat[Any]:
    """What is asked for where items are wanted: a list, a type with one list of objects, else a list of the type.

    Raises:
        SchemaError: A JSON Schema without a list, or with several.

    >>> list_type(list[int]).output_type, list_type(int).output_type
    (list[int], list[int])
    """
    wanted = response_format(output_type)
    try:
        items: ItemReader[Any] = ItemReader(wanted)
    except SchemaError:
        if isinstance(wanted.output_type, dict):
            raise
        return response_format(GenericAlias(list, wanted.output_type))
    is_list = not items.path or items.has_object_items or isinstance(wanted.output_type, dict)
    return wanted if is_list else response_format(GenericAlias(list, wanted.output_type))


def itemwise(call: CallOptions, defaults: CallOptions) -> CallOptions:
    """A call whose wrong items are asked for again alone, however short the reply is."""
    policy = call.get("policy") or defaults.get("policy") or Policy()
    return {**call, "policy": replace(policy, reask="always")} if policy.reask == "places" else call
