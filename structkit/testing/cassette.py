"""Cassettes: real replies, kept once in a readable file and given again without a network."""

from __future__ import annotations

import asyncio
import difflib
import os
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, TypeAlias, cast

from typing_extensions import Self

from structkit.errors import ConfigError, TransportError
from structkit.testing.cassette_entries import (
    HOW,
    RECORD,
    deltas_of,
    entry_of,
    lines,
    read_entries,
    reply_of,
    scrubbed,
    write_entries,
)
from structkit.transport import Transport
from structkit.transport.streaming import open_stream
from structkit.transport.transport import AsyncReplyStream, ReplyStream
from structkit.values import JSON, Completion, Delta, Policy, Request

SHOWN = 30
"""How many lines of a difference an error shows."""


class Sender(Protocol):
    """What a tape records: a `Client`, or whatever else has a transport."""

    @property
    def transport(self) -> Transport:
        """Where requests go."""
        ...


Over: TypeAlias = "Sender | Callable[[], Sender]"


def cassette(path: str | Path, mode: Literal["auto", "replay", "record"] = "auto", over: Over | None = None) -> Tape:
    """A tape to put into a client as its transport, for the length of a `with` block.

    Args:
        path: The JSON file.
        mode: `replay` answers from the file and sends nothing; `record` sends everything and writes the file anew;
            `auto` records while the variable `STRUCTKIT_RECORD` is set to `1`, and replays otherwise.
        over: What is recorded: a client, or a function that makes one (called only where something is recorded, so
            that replaying needs no key). It is not closed.

    Raises:
        ConfigError: There is no such file, or it is no cassette; or something is to be recorded with no `over`.

        with cassette("tests/invoice.json", over=lambda: structkit.Client("gpt-4o")) as tape:
            client = structkit.Client("gpt-4o", transport=tape)
            later = structkit.AsyncClient("gpt-4o", transport=tape.asynchronous)
    """
    asked = os.environ.get(RECORD, "0").strip() not in {"", "0"}
    return Tape(Path(path), over, records=mode == "record" or (mode == "auto" and asked))


class Tape:
    """Recorded replies as a transport, by the request's body.

    A request that was recorded several times gets its replies in their order, each once.

    Attributes:
        path: The file.
        records: Whether it records.
        asynchronous: The same tape for an `AsyncClient`.
    """

    def __init__(self, path: Path, over: Over | None, *, records: bool) -> None:
        """Take the file's place; nothing is read before the tape is entered."""
        if records and over is None:
            raise ConfigError(f"to record {path} takes a client: cassette(..., over=structkit.Client)")
        self.path = path
        self.records = records
        self.asynchronous = AsyncTape(self)
        self._over = over
        self._entries: list[JSON] | None = None
        self._played: set[int] = set()
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        """Read the file, where it is to be replayed."""
        self._entries, self._played = [] if self.records else read_entries(self.path), set()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Write the file, where it was recorded: whole or not at all, and also after a failure (it is paid for)."""
        entries, self._entries = self._kept, None
        if self.records and entries:
            write_entries(self.path, entries)

    def send(self, request: Request, policy: Policy) -> Completion | TransportError:
        """The recorded reply; or the real one, to be recorded.

        Raises:
            ConfigError: No reply is recorded for this request, or all of them have been given; or the `with` block
                is not entered, or left.
        """
        body, kept = scrubbed(request.body), self._kept
        if not self.records:
            return reply_of(self._next(body))
        reply = self._sender.transport.send(request, policy)
        with self._lock:
            kept.append({"request": body, "reply": entry_of(reply)})
        return reply

    def stream(self, request: Request, policy: Policy) -> ReplyStream:
        """As `send`, as a stream; what was recorded by either is replayed by both, in deltas of the same length.

        Raises:
            ConfigError: As for `send`.
        """
        if not self.records:
            reply = self.send(request, policy)
            yield from deltas_of(reply)
            yield reply
            return
        body, kept = scrubbed(request.body), self._kept
        for item in open_stream(self._sender.transport, request, policy):
            if not isinstance(item, Delta):
                with self._lock:
                    kept.append({"request": body, "reply": entry_of(item)})
            yield item

    def models(self) -> tuple[str, ...]:
        """The endpoint's models, while recording.

        Raises:
            ConfigError: The tape is replayed: it holds no lists.
        """
        if self.records:
            return self._sender.transport.models()
        raise ConfigError(f"the cassette {self.path} holds completions, and no list of models")

    def close(self) -> None:
        """Nothing: the file is written when the `with` block ends."""

    @property
    def _sender(self) -> Sender:
        with self._lock:
            if callable(self._over):
                self._over = self._over()
        return cast("Sender", self._over)  # there is one: to record without is refused at once

    @property
    def _kept(self) -> list[JSON]:
        if self._entries is None:
            raise ConfigError(f"the cassette {self.path} is closed: use it inside its `with` block")
        return self._entries

    def _next(self, body: JSON) -> JSON:
        with self._lock:
            same = [index for index, entry in enumerate(self._kept) if entry["request"] == body]
            left = [index for index in same if index not in self._played]
            self._played.update(left[:1])
        if left:
            reply: JSON = self._kept[left[0]]["reply"]
            return reply
        if same:
            times = "once" if len(same) == 1 else f"{len(same)} times"
            raise ConfigError(f"the cassette {self.path} has this request {times}, and was asked once more; {HOW}")
        raise ConfigError(f"the cassette {self.path} does not have this request; {HOW}\n{self._difference(body)}")

    def _difference(self, body: JSON) -> str:
        recorded = [lines(entry["request"]) for entry in self._kept]
        asked = lines(body)
        nearest = max(recorded, key=lambda one: difflib.SequenceMatcher(None, one, asked).ratio(), default=[])
        found = [*difflib.unified_diff(nearest, asked, "the nearest recorded", "this request", lineterm="", n=1)]
        more = [f"... and {len(found) - SHOWN} lines more"] if len(found) > SHOWN else []
        return "\n".join(found[:SHOWN] + more)


class AsyncTape:
    """A tape for an `AsyncClient`; while recording, a thread waits for the blocking client."""

    def __init__(self, tape: Tape) -> None:
        """Take the tape."""
        self._tape = tape

    async def send(self, request: Request, policy: Policy) -> Completion | TransportError:
        """As `Tape.send`."""
        if not self._tape.records:
            return self._tape.send(request, policy)
        return await asyncio.to_thread(self._tape.send, request, policy)

    async def stream(self, request: Request, policy: Policy) -> AsyncReplyStream:
        """As `Tape.stream`."""
        with closing(self._tape.stream(request, policy)) as items:
            while (item := await asyncio.to_thread(next, items, None)) is not None:
                yield item

    async def models(self) -> tuple[str, ...]:
        """As `Tape.models`."""
        return await asyncio.to_thread(self._tape.models)

    async def close(self) -> None:
        """As `Tape.close`."""
