"""Cassettes: real replies, recorded in a readable file and replayed without a network."""

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
    REMEDY,
    VARIABLE,
    entry_to_reply,
    json_lines,
    read_entries,
    reply_deltas,
    reply_to_entry,
    request_to_entry,
    write_entries,
)
from structkit.transport import Transport, is_awaited
from structkit.transport.streaming import open_stream
from structkit.transport.transport import AsyncReplyStream, ReplyStream, bind_models
from structkit.values import JSON, Completion, Delta, Parameters, Policy, Request
from structkit.values.parameters import NO_PARAMETERS
from structkit.values.policy import DEFAULT_POLICY

MAX_DIFF_LINES = 30
"""Lines of a difference that an error message quotes."""


class TransportOwner(Protocol):
    """What a tape records: a `Client`, or any object with a transport."""

    @property
    def transport(self) -> Transport:
        """What sends the requests."""
        ...


ClientSource: TypeAlias = "TransportOwner | Callable[[], TransportOwner]"


def cassette(
    path: str | Path, mode: Literal["auto", "replay", "record"] = "auto", over: ClientSource | None = None
) -> Tape:
    """Return a tape, to be used as the transport of a client inside a `with` block.

    Args:
        path: The JSON file.
        mode: `replay` answers from the file and sends nothing; `record` sends everything and overwrites the file;
            `auto` records while the variable `STRUCTKIT_RECORD` is set to `1`, and replays otherwise.
        over: What is recorded: a client, or a function that returns one. The function is called only while recording,
            so that replaying needs no key. The client is not closed.

    Raises:
        ConfigError: The file does not exist or is not a cassette; or `over` is missing in order to record.

        with cassette("tests/invoice.json", over=lambda: structkit.Client("gpt-4o")) as tape:
            client = structkit.Client("gpt-4o", transport=tape)
            async_client = structkit.AsyncClient("gpt-4o", transport=tape.asynchronous)
    """
    if not isinstance(path, str | os.PathLike):
        raise ConfigError(f"the cassette must be the path of a file, not {path!r}")
    if mode not in {"auto", "replay", "record"}:
        raise ConfigError(f"the mode of a cassette must be 'auto', 'replay' or 'record', not {mode!r}")
    is_set = os.environ.get(VARIABLE, "0").strip() not in {"", "0"}
    return Tape(Path(path), over, is_recording=mode == "record" or (mode == "auto" and is_set))


class Tape:
    """A transport that finds recorded replies by the request's body.

    A request that was recorded several times gets its replies in that order, each once.

    Attributes:
        path: The file.
        is_recording: Whether it records; otherwise it replays.
        asynchronous: The same tape for an `AsyncClient`.
    """

    def __init__(self, path: Path, over: ClientSource | None, *, is_recording: bool) -> None:
        """Set up; the file is read when the tape is entered."""
        if is_recording and over is None:
            raise ConfigError(f"a client is needed to record {path}: pass cassette(..., over=structkit.Client)")
        self.path = path
        self.is_recording = is_recording
        self.asynchronous = AsyncTape(self)
        self._client_source = over
        self._entries: list[JSON] | None = None
        self._played_indices: set[int] = set()
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        """Read the file, unless the tape records."""
        self._entries, self._played_indices = [] if self.is_recording else read_entries(self.path), set()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Write the file if the tape records, even after an exception, because the replies are paid for."""
        entries, self._entries = self._open_entries, None
        if self.is_recording and entries:
            write_entries(self.path, entries)

    def send(self, request: Request, policy: Policy) -> Completion | TransportError:
        """Return the recorded reply; while recording, send the request and record its reply.

        Raises:
            ConfigError: No reply is recorded for this request, or all of them have been replayed; or the tape is used
                outside its `with` block.
        """
        body, entries = request_to_entry(request.identity), self._open_entries
        if not self.is_recording:
            return entry_to_reply(self._next(body))
        reply = self._client.transport.send(request, policy)
        with self._lock:
            entries.append({"request": body, "reply": reply_to_entry(reply)})
        return reply

    def stream(self, request: Request, policy: Policy) -> ReplyStream:
        """Stream the reply that `send` would return. Both replay recordings of either, in deltas of a fixed length.

        Raises:
            ConfigError: As for `send`.
        """
        if not self.is_recording:
            reply = self.send(request, policy)
            yield from reply_deltas(reply)
            yield reply
            return
        body, entries = request_to_entry(request.identity), self._open_entries
        for item in open_stream(self._client.transport, request, policy):
            if not isinstance(item, Delta):
                with self._lock:
                    entries.append({"request": body, "reply": reply_to_entry(item)})
            yield item

    def models(self, parameters: Parameters = NO_PARAMETERS, policy: Policy = DEFAULT_POLICY) -> tuple[str, ...]:
        """Return the endpoint's models, while recording.

        Raises:
            ConfigError: The tape replays: a list of models is not recorded.
        """
        if self.is_recording:
            names: tuple[str, ...] = bind_models(self._client.transport, parameters, policy)()
            return names
        raise ConfigError(f"the cassette {self.path} has completions only, not the list of models")

    def close(self) -> None:
        """Do nothing: the file is written when the `with` block ends."""

    @property
    def _client(self) -> TransportOwner:
        with self._lock:
            if callable(self._client_source):
                self._client_source = self._client_source()
            if is_awaited(self._client_source, "run"):
                raise ConfigError(
                    "over= is an async client, but a cassette records over one that blocks: pass over=structkit.Client"
                )
        return cast("TransportOwner", self._client_source)  # not None: `__init__` raises without one

    @property
    def _open_entries(self) -> list[JSON]:
        if self._entries is None:
            raise ConfigError(f"the cassette {self.path} is closed: use it inside its `with` block")
        return self._entries

    def _next(self, body: JSON) -> JSON:
        with self._lock:
            matches = [index for index, entry in enumerate(self._open_entries) if entry["request"] == body]
            remaining = [index for index in matches if index not in self._played_indices]
            self._played_indices.update(remaining[:1])
        if remaining:
            reply: JSON = self._open_entries[remaining[0]]["reply"]
            return reply
        if matches:
            times = "once" if len(matches) == 1 else f"{len(matches)} times"
            raise ConfigError(f"the cassette {self.path} has this request {times}, but it was sent once more; {REMEDY}")
        raise ConfigError(f"the cassette {self.path} does not have this request; {REMEDY}\n{self._difference(body)}")

    def _difference(self, body: JSON) -> str:
        recorded = [json_lines(entry["request"]) for entry in self._open_entries]
        request = json_lines(body)
        nearest = max(recorded, key=lambda item: difflib.SequenceMatcher(None, item, request).ratio(), default=[])
        diff = [*difflib.unified_diff(nearest, request, "the nearest recorded", "this request", lineterm="", n=1)]
        omitted = [f"... and {len(diff) - MAX_DIFF_LINES} lines more"] if len(diff) > MAX_DIFF_LINES else []
        return "\n".join(diff[:MAX_DIFF_LINES] + omitted)


class AsyncTape:
    """A tape for an `AsyncClient`; while recording, the blocking client runs in a thread."""

    def __init__(self, tape: Tape) -> None:
        """Use the entries of *tape*."""
        self._tape = tape

    async def send(self, request: Request, policy: Policy) -> Completion | TransportError:
        """Like `Tape.send`."""
        if not self._tape.is_recording:
            return self._tape.send(request, policy)
        return await asyncio.to_thread(self._tape.send, request, policy)

    async def stream(self, request: Request, policy: Policy) -> AsyncReplyStream:
        """Like `Tape.stream`."""
        with closing(self._tape.stream(request, policy)) as items:
            while (item := await asyncio.to_thread(next, items, None)) is not None:
                yield item

    async def models(self, parameters: Parameters = NO_PARAMETERS, policy: Policy = DEFAULT_POLICY) -> tuple[str, ...]:
        """Like `Tape.models`."""
        return await asyncio.to_thread(self._tape.models, parameters, policy)

    async def close(self) -> None:
        """Like `Tape.close`."""
