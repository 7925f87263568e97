"""The chunks of a streamed completion: their text as it comes, and the reply it would have been in one piece."""

from __future__ import annotations

from typing import TypeVar

from structkit.errors import ConnectionFailed, MalformedReply, TransportError
from structkit.parsing.completion import read_completion, read_usage
from structkit.parsing.envelope import read_envelope
from structkit.parsing.events import Event
from structkit.parsing.gathered import GatheredChoice, as_list, as_object, malformed
from structkit.values import JSON, Completion, Delta, JSONValue

F = TypeVar("F", bound=TransportError)

DONE = "[DONE]"


class Gathering:
    """Takes events in, and puts their chunks together.

    Args:
        choices: How many were asked for.

    Attributes:
        is_done: Whether the stream has said that it is.

    >>> gathering = Gathering()
    >>> gathering.take(("", '{"id": "a", "choices": [{"index": 0, "delta": {"content": "9.8"}}]}'))
    [Delta(index=0, text='9.8', kind='content')]
    >>> gathering.reply()
    ConnectionFailed('the stream ended before the reply was whole')
    >>> gathering.take(("", '{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}'))
    []
    >>> gathering.reply().choices
    (Choice(index=0, content='9.8', refusal=None, finish_reason='stop', tool_calls=()),)
    """

    def __init__(self, choices: int = 1) -> None:
        """Nothing has come."""
        self.is_done = False
        self._wanted = choices
        self._choices: dict[int, GatheredChoice] = {}
        self._told: JSON = {}  # what the chunks say of the reply as a whole
        self._mark: object = None  # tells a chunk that may say more of it than the one before

    def take(self, event: Event) -> list[Delta]:
        """The text in an event; what comes after the end is passed over.

        Raises:
            MalformedReply: It is an error, or no chunk.
        """
        name, data = event
        if self.is_done or data.isspace() or not data:
            return []
        if data.strip() == DONE:
            self.is_done = True
            return []
        chunk = _read(data)
        if name == "error":
            raise self._failed(data if chunk is None else (isinstance(chunk, dict) and chunk.get("error")) or chunk)
        if chunk is None:
            raise malformed("an event that is no JSON", data)
        return self._add(as_object(chunk, "an event"))

    def _add(self, chunk: JSON) -> list[Delta]:
        choices = as_list(chunk.get("choices") or [], "choices")
        mark = chunk.get("id"), len(chunk), len(choices)
        if mark != self._mark:
            self._mark = mark
            self._tell(chunk)
        if usage := chunk.get("usage"):
            self._told["usage"] = usage
        deltas: list[Delta] = []
        for position, choice in enumerate(choices):
            self._choice(as_object(choice, "a choice"), position).take(choice, deltas)
        if error := chunk.get("error"):
            raise self._failed(error)
        return deltas

    def _tell(self, chunk: JSON) -> None:
        for name, value in chunk.items():
            if name not in {"choices", "error", "usage"} and value not in (None, ""):
                self._told.setdefault(name, value)

    def _choice(self, choice: JSON, position: int) -> GatheredChoice:
        index = choice.get("index")
        index = index if isinstance(index, int) and index >= 0 else position
        if (found := self._choices.get(index)) is None:
            found = self._choices[index] = GatheredChoice(index)
        return found

    @property
    def has_begun(self) -> bool:
        """Whether anything of a reply has come."""
        return self.is_done or bool(self._choices or self._told)

    @property
    def is_whole(self) -> bool:
        """Whether the stream has said that it is done, or why each choice asked for has ended."""
        ended = [bool(choice.finish_reason) for choice in self._choices.values()]
        return self.is_done or (len(ended) >= self._wanted and all(ended))

    @property
    def body(self) -> JSON:
        """What came, as the body of a reply in one piece."""
        choices = [self._choices[index].body for index in sorted(self._choices)]
        return {**self._told, "object": "chat.completion", "choices": choices}

    def reply(self) -> Completion | TransportError:
        """What the stream comes to when it ends here: never a part of a completion for the whole."""
        if self.is_whole:
            return read_completion(self.body)
        fault = ConnectionFailed("the stream ended before the reply was whole", retryable=True)
        fault.usage_of_reply = read_usage(self._told.get("usage"))
        return self.cut(fault)

    def cut(self, fault: F) -> F:
        """The fault, with what had come until then."""
        if self.has_begun:
            fault.body = self.body if fault.body is None else fault.body
            fault.usage_of_reply = read_usage(self._told.get("usage"))
            fault.partial = next((self._choices[index].partial for index in sorted(self._choices)), None)
        return fault

    def _failed(self, error: JSONValue) -> MalformedReply:
        """The fault that an error object in the stream is; what came before stands beside it."""
        fault = read_completion({"error": error})
        assert isinstance(fault, MalformedReply)  # noqa: S101 (no choices: no completion)
        fault.body = {**self.body, "error": error}
        return fault


def _read(data: str) -> JSONValue:
    try:
        return read_envelope(data)
    except (ValueError, RecursionError):
        return None
