"""The chunks of a streamed completion: their text as it arrives, and the reply assembled from them."""

from __future__ import annotations

from typing import Any, TypeVar

from structkit.errors import ConnectionFailed, MalformedReply, TransportError
from structkit.parsing.assembly import ChoiceAssembler, as_list, as_object, malformed
from structkit.parsing.completion import (
    MAX_CHOICES,
    flat_error,
    inside_envelope,
    inside_list,
    read_completion,
    reported_error,
)
from structkit.parsing.envelope import read_envelope
from structkit.parsing.events import Event
from structkit.parsing.token_counts import read_usage
from structkit.values import ABSENT, JSON, Completion, Delta, JSONValue

F = TypeVar("F", bound=TransportError)

DONE = "[DONE]"
NO_FIELDS: JSON = {}
KEEP_ALIVE = frozenset({"ping", "heartbeat", "keepalive", "keep-alive", "keep_alive"})
"""Names and data of events that only keep the connection alive."""


class ReplyAssembler:
    """Assemble the reply of a stream from its events.

    Args:
        choices: The number of choices that were requested.

    Attributes:
        is_done: Whether the stream has sent `[DONE]`.

    >>> assembler = ReplyAssembler()
    >>> assembler.add(("", '{"id": "a", "choices": [{"index": 0, "delta": {"content": "9.8"}}]}'))
    [Delta(index=0, text='9.8', kind='content')]
    >>> assembler.reply()
    ConnectionFailed('the stream ended before the reply was complete')
    >>> assembler.add(("", '{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}'))
    []
    >>> assembler.reply().choices
    (Choice(index=0, content='9.8', refusal=None, finish_reason='stop', tool_calls=()),)
    """

    def __init__(self, choices: int = 1) -> None:
        """Start with an empty reply."""
        self.is_done = False
        self._choice_count = choices
        self._choices: dict[int, ChoiceAssembler] = {}
        self._fields: JSON = {}  # of the reply as a whole
        self._signature: object = None  # of the last chunk; a chunk with the same one has no new fields

    def add(self, event: Event) -> list[Delta]:
        """Add an event and return the text in it; events after the end are ignored.

        Raises:
            MalformedReply: The event is an error, or not a chunk.
        """
        name, data = event
        if self.is_done:
            return []
        if not data.startswith("{"):  # an object is neither empty nor the end
            self.is_done = data.strip() == DONE
            if self.is_done or data.isspace() or not data:
                return []
        chunk = _decode(data)
        if isinstance(chunk, dict) and name != "error":
            return self._add_chunk(chunk)
        chunk = inside_list(chunk)
        if name == "error":
            if self.is_complete:
                return []
            fields = chunk if isinstance(chunk, dict) else NO_FIELDS
            error = fields.get("error") or flat_error(fields) or chunk
            raise self._error(data if chunk is ABSENT else error, fields)
        if chunk is ABSENT:
            lines = data.splitlines()
            return self._add_lines(name, lines) if len(lines) > 1 else self._add_word(name, data)
        # Some gateways send `null` and the like to keep the connection alive while the model reasons.
        chunks = chunk if isinstance(chunk, list) else [chunk]
        return [delta for item in chunks if isinstance(item, dict) for delta in self._add_chunk(item)]

    def add_last(self, event: Event) -> list[Delta]:
        """Add the event that lacks the blank line after it when the stream ends, except for an incomplete last line.

        Raises:
            MalformedReply: As `add`.

        >>> assembler = ReplyAssembler()
        >>> assembler.add_last(("", '{"choices": [{"index": 0, "delta": {"content": "9'))
        []
        >>> assembler.add_last(("", '{"choices": [{"index": 0, "delta": {"content": "9"}}]}'))
        [Delta(index=0, text='9', kind='content')]
        """
        name, data = event
        if name == "error" or _decode(data) is not ABSENT:
            return self.add(event)
        lines = data.splitlines()
        if lines and _decode(lines[-1]) is ABSENT and lines[-1].strip() != DONE:
            lines.pop()
        return self._add_lines(name, lines)

    def _add_lines(self, name: str, lines: list[str]) -> list[Delta]:
        """Add the lines of an event as events, as of gateways that end each of them with one line break.

        Raises:
            MalformedReply: As `add`.
        """
        return [delta for line in lines for delta in self.add((name, line))]

    def _add_word(self, name: str, data: str) -> list[Delta]:
        """Add an event that is not JSON: the end in another spelling, or a word that keeps the connection alive.

        Raises:
            MalformedReply: It is neither, and the reply is not complete.
        """
        word = data.strip(" []").casefold()
        self.is_done = word == "done"
        if not (self.is_done or self.is_complete) and KEEP_ALIVE.isdisjoint({name.casefold(), word}):
            raise malformed("an event that is not JSON", data)
        return []

    def _add_chunk(self, chunk: JSON) -> list[Delta]:
        chunk = chunk if "choices" in chunk else inside_envelope(chunk)
        choices = as_list(chunk.get("choices") or [], "choices")
        flat = None if choices else flat_error(chunk)
        error = reported_error(chunk["error"]) if chunk.get("error") else flat
        is_failure = bool(error) and not self.is_complete  # before the choices of this chunk
        signature = chunk.get("id"), len(chunk), len(choices)
        if signature != self._signature:
            self._signature = signature
            self._add_fields(chunk)
        if (usage := chunk.get("usage") or _usage_of_choices(choices)) and not (
            self._fields.get("usage") and _has_no_tokens(usage)
        ):
            self._fields["usage"] = usage
        deltas: list[Delta] = []
        for position, choice in enumerate(choices):
            if choice is not None:  # another event that only keeps the connection alive
                fields = choice if isinstance(choice, dict) else as_object(choice, "a choice")
                self._choice(fields, position).add(fields, deltas)
        if "base_resp" in chunk and not error and not self._is_answered:  # MiniMax has its errors beside empty choices
            error = flat_error(chunk)
            is_failure = bool(error)
        if is_failure:
            raise self._error(error, chunk)
        return deltas

    @property
    def _is_answered(self) -> bool:
        return self.is_complete and any(choice.partial for choice in self._choices.values())

    def _add_fields(self, chunk: JSON) -> None:
        for name, value in chunk.items():
            if name not in {"choices", "error", "usage"} and value not in (None, ""):
                self._fields.setdefault(name, value)

    def _choice(self, choice: JSON, position: int) -> ChoiceAssembler:
        index = choice.get("index")
        index = index if isinstance(index, int) and index >= 0 else position
        if (assembler := self._choices.get(index)) is None:
            if len(self._choices) == MAX_CHOICES:
                raise malformed(f"more than {MAX_CHOICES:,} choices", choice)
            assembler = self._choices[index] = ChoiceAssembler(index)
        return assembler

    @property
    def has_started(self) -> bool:
        """Whether any part of a reply has arrived."""
        return self.is_done or bool(self._choices or self._fields)

    @property
    def is_complete(self) -> bool:
        """Whether the stream has sent `[DONE]`, or a finish reason for each of the requested choices."""
        finished = [choice.is_finished for choice in self._choices.values()]
        return self.is_done or (len(finished) >= self._choice_count and all(finished))

    @property
    def has_early_reasons(self) -> bool:
        """Whether text has arrived after a finish reason, so that these do not say that a choice is complete."""
        return any(choice.has_early_reason for choice in self._choices.values())

    @property
    def body(self) -> JSON:
        """What has arrived, as the body of a reply that is not streamed."""
        choices = [self._choices[index].body for index in sorted(self._choices)]
        return {**self._fields, "object": "chat.completion", "choices": choices}

    def reply(self) -> Completion | TransportError:
        """Return the reply if the stream ends now; an incomplete reply is a `ConnectionFailed`, never a completion."""
        if self.is_complete:
            return read_completion(self.body)
        fault = ConnectionFailed("the stream ended before the reply was complete", retryable=True)
        fault.usage_of_reply = read_usage(self._fields.get("usage"))
        return self.attach_partial(fault)

    def attach_partial(self, fault: F) -> F:
        """Set the body, the usage and the partial text of a fault from what has arrived, and return the fault."""
        if self.has_started:
            fault.body = self.body if fault.body is None else fault.body
            fault.usage_of_reply = read_usage(self._fields.get("usage"))
            fault.partial = next((self._choices[index].partial for index in sorted(self._choices)), None)
        return fault

    def _error(self, error: JSONValue, chunk: JSON = NO_FIELDS) -> MalformedReply:
        """Return the fault for an error object in the stream; its body has what arrived before.

        Args:
            error: The error.
            chunk: What it is in.
        """
        fields = {name: value for name, value in chunk.items() if name != "choices"}
        fault = read_completion({**fields, "error": error})
        assert isinstance(fault, MalformedReply)  # noqa: S101 (a body without choices is never a completion)
        fault.body = {**self.body, **fields, "error": error, "choices": self.body["choices"]}
        return fault


def _usage_of_choices(choices: list[JSONValue]) -> JSONValue:
    """Return the usage in a choice, where Moonshot has it."""
    for choice in choices:  # a generator for each chunk would take a tenth of the time of a stream
        if isinstance(choice, dict) and choice.get("usage"):
            return choice["usage"]
    return None


def _has_no_tokens(usage: JSONValue) -> bool:
    """Whether a usage counts nothing, with which some gateways end a stream whose tokens they have counted."""
    return isinstance(usage, dict) and not any(usage.values())


def _decode(data: str) -> Any:
    """Return the JSON value of an event; `ABSENT` if it is not JSON."""
    try:
        return read_envelope(data)
    except (ValueError, RecursionError):
        return ABSENT
