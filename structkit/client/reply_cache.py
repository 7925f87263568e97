"""A cache of replies: a request that was sent before is answered from it, without a request to the endpoint."""

from __future__ import annotations

import json
from contextlib import aclosing
from contextvars import ContextVar
from dataclasses import dataclass, replace
from hashlib import sha256
from os import PathLike
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from structkit.errors import ConfigError, StructkitError
from structkit.parsing import read_completion
from structkit.transport import AsyncTransport, Transport, TransportReply
from structkit.transport.streaming import open_stream, open_stream_async
from structkit.transport.transport import AsyncReplyStream, ReplyStream, bind_models
from structkit.values import Attempt, Completion, Parameters, Policy, Request, Usage
from structkit.values.parameters import NO_PARAMETERS
from structkit.values.policy import DEFAULT_POLICY
from structkit.values.text import exception_text

sample_number: ContextVar[int] = ContextVar("sample_number", default=0)
"""Which of several samples a call is. They send the same request, and one entry would give all of them one reply."""


@runtime_checkable
class ReplyStore(Protocol):
    """Where a cache keeps its replies: any object with these two methods, for texts as keys and bytes as values.

    Another thread may call them at the same time. What they raise ends the call with `ConfigError`.
    """

    def get(self, key: str, /) -> bytes | None:
        """Return the value of a key; None if there is none."""
        ...

    def set(self, key: str, value: bytes, /) -> object:
        """Store the value of a key."""
        ...


CacheSource: TypeAlias = "str | PathLike[str] | ReplyStore"
"""The path of an SQLite file, or a store."""


@dataclass(frozen=True, slots=True)
class ReplyCache:
    """The replies of one endpoint.

    Only the replies of calls that succeeded are stored, so a repeated call never repeats an error.

    Args:
        store: Where they are kept.
        address: The address of the endpoint; part of every key.
    """

    store: ReplyStore
    address: str

    def find(self, request: Request) -> Completion | None:
        """Return the stored reply to a request, which uses no tokens; None if there is none."""
        stored_value = _call_store(self.store, "get", self._key(request))
        if not isinstance(stored_value, bytes | None):
            kind = type(stored_value).__name__
            raise ConfigError(f"get of the cache {_name(self.store)} must return bytes or None, not {kind}")
        reply = None if stored_value is None else _read(stored_value)
        return replace(reply, usage=Usage(), is_cached=True) if reply else None

    async def find_async(self, request: Request) -> Completion | None:
        """The async form of `find`: a store that waits for a lock or a network does not hold the event loop."""
        import asyncio

        return await asyncio.to_thread(self.find, request)

    async def add_async(self, attempts: tuple[Attempt, ...]) -> None:
        """The async form of `add`; once begun, it is not cancelled, because the replies have been paid for."""
        import asyncio

        await asyncio.shield(asyncio.to_thread(self.add, attempts))

    def add(self, attempts: tuple[Attempt, ...]) -> None:
        """Store the replies of a call that succeeded.

        Raises:
            ConfigError: They cannot be stored; its attempts have the replies, which have been paid for.
        """
        try:
            self._add(attempts)
        except StructkitError as error:
            raise error.with_attempts(attempts) from error.__cause__

    def _add(self, attempts: tuple[Attempt, ...]) -> None:
        for attempt in attempts:
            reply = attempt.completion
            if reply is not None and not reply.is_cached:
                value = json.dumps(reply.raw, ensure_ascii=False).encode("utf-8", "surrogatepass")
                if _read(value) is not None:  # a transport of the caller's may have replies in another form
                    _call_store(self.store, "set", self._key(attempt.request), value)

    def _key(self, request: Request) -> str:
        number = sample_number.get()
        parts = [self.address, request.identity, *([number] if number else [])]
        identity = json.dumps(parts, sort_keys=True, default=str)
        return sha256(identity.encode()).hexdigest()


def _call_store(store: ReplyStore, method: Literal["get", "set"], *arguments: Any) -> Any:
    """Call a method of a store, which may be the caller's.

    Raises:
        ConfigError: The method raises an exception.
    """
    try:
        return getattr(store, method)(*arguments)
    except StructkitError:
        raise
    except Exception as error:
        raise ConfigError(f"{method} of the cache {_name(store)} failed: {exception_text(error)}") from error


def _name(store: ReplyStore) -> str:
    return type(store).__name__


def _read(value: bytes) -> Completion | None:
    try:
        reply = read_completion(json.loads(value.decode("utf-8", "surrogatepass")))
    except (ValueError, RecursionError):
        return None
    return reply if isinstance(reply, Completion) else None


def open_store(source: CacheSource) -> ReplyStore:
    """Return the store of a `cache=` argument.

    Raises:
        ConfigError: It is neither a path nor a store, or the file is not a cache.
    """
    if isinstance(source, str | PathLike):
        from structkit.client.sqlite_store import SQLiteStore

        return SQLiteStore(source)
    if isinstance(source, type) or not isinstance(source, ReplyStore):
        raise ConfigError(f"cache= must be a path or an object with get and set, not {type(source).__name__}")
    return source


class CachedTransport:
    """A transport that answers from a cache what it can."""

    def __init__(self, transport: Transport, cache: ReplyCache) -> None:
        """Wrap a transport."""
        self._transport, self._cache = transport, cache

    def send(self, request: Request, policy: Policy) -> TransportReply:
        """Implement `Transport.send`."""
        return self._cache.find(request) or self._transport.send(request, policy)

    def stream(self, request: Request, policy: Policy) -> ReplyStream:
        """Implement `StreamingTransport.stream`; a stored reply is one item."""
        if (reply := self._cache.find(request)) is not None:
            yield reply
        else:
            yield from open_stream(self._transport, request, policy)

    def models(self, parameters: Parameters = NO_PARAMETERS, policy: Policy = DEFAULT_POLICY) -> tuple[str, ...]:
        """Implement `Transport.models`."""
        names: tuple[str, ...] = bind_models(self._transport, parameters, policy)()
        return names

    def close(self) -> None:
        """Implement `Transport.close`."""
        self._transport.close()


class AsyncCachedTransport:
    """The async form of `CachedTransport`."""

    def __init__(self, transport: AsyncTransport, cache: ReplyCache) -> None:
        """Wrap a transport."""
        self._transport, self._cache = transport, cache

    async def send(self, request: Request, policy: Policy) -> TransportReply:
        """Like `CachedTransport.send`."""
        return await self._cache.find_async(request) or await self._transport.send(request, policy)

    async def stream(self, request: Request, policy: Policy) -> AsyncReplyStream:
        """Like `CachedTransport.stream`."""
        if (reply := await self._cache.find_async(request)) is not None:
            yield reply
            return
        async with aclosing(open_stream_async(self._transport, request, policy)) as items:
            async for item in items:
                yield item

    async def models(self, parameters: Parameters = NO_PARAMETERS, policy: Policy = DEFAULT_POLICY) -> tuple[str, ...]:
        """Like `CachedTransport.models`."""
        names: tuple[str, ...] = await bind_models(self._transport, parameters, policy)()
        return names

    async def close(self) -> None:
        """Like `CachedTransport.close`."""
        await self._transport.close()
