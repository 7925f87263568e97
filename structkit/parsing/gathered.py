"""One choice of a streamed completion, put together: its texts, its tool calls, and why it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from structkit.errors import MalformedReply
from structkit.parsing.completion import SHOWN, read_arguments, read_content
from structkit.values import JSON, Delta, JSONValue

Kind: TypeAlias = Literal["content", "arguments", "refusal", "reasoning"]

TEXTS: Mapping[str, Kind] = {
    "content": "content",
    "refusal": "refusal",
    "reasoning": "reasoning",
    "reasoning_content": "reasoning",
}
"""The fields of a message that grow; gateways have two names for what a model thinks."""

PLAIN = frozenset({"index", "delta", "message", "finish_reason", "logprobs"})


class GatheredChoice:
    """Takes in what chunks say of one choice.

    Args:
        index: Its number.

    Attributes:
        finish_reason: Why it ended, once that is said.
    """

    def __init__(self, index: int) -> None:
        """Nothing is said."""
        self.index = index
        self.finish_reason: JSONValue = None
        self._texts: dict[str, GatheredText] = {}
        self._calls: list[GatheredCall] = []
        self._latest: dict[int, GatheredCall] = {}  # by its index
        self._old_call: GatheredCall | None = None
        self._message: JSON = {}  # what else the deltas say
        self._rest: JSON = {}  # what else the choice says
        self._logprobs: JSON = {}

    def take(self, choice: JSON, deltas: list[Delta]) -> None:
        """Add what a chunk says of the choice; its text goes to *deltas* too.

        Raises:
            MalformedReply: It is no delta.
        """
        delta = choice.get("delta")
        if delta is None and not self._texts and not self._calls:
            delta = choice.get("message")  # a whole reply as one event
        said = as_object(delta or {}, "a delta")
        for name, value in said.items():
            if value is not None:
                self._field(name, value, said, deltas)
        if reason := choice.get("finish_reason"):
            self.finish_reason = reason
        if logprobs := choice.get("logprobs"):
            _extend(self._logprobs, as_object(logprobs, "log probabilities"))
        if not choice.keys() <= PLAIN:
            self._rest.update((name, choice[name]) for name in choice.keys() - PLAIN if choice[name] is not None)

    def _field(self, name: str, value: JSONValue, delta: JSON, deltas: list[Delta]) -> None:
        kind = TEXTS.get(name)
        if kind is not None:
            whole = self._text(name).take(value if isinstance(value, str) else _text_of(name, value))
            if whole and not (name == "reasoning_content" and delta.get("reasoning")):
                deltas.append(Delta(self.index, whole, kind))
        elif name == "tool_calls":
            for call in as_list(value, "tool calls"):
                self._call(as_object(call, "a tool call"), deltas)
        elif name == "function_call":
            self._old_call = self._old_call or GatheredCall(0)
            self._argue(self._old_call, {"function": value}, deltas, is_first=not self._calls)
        else:
            _extend(self._message, {name: value})

    def _text(self, name: str) -> GatheredText:
        if (found := self._texts.get(name)) is None:
            found = self._texts[name] = GatheredText()
        return found

    def _call(self, said: JSON, deltas: list[Delta]) -> None:
        """Add a piece of a tool call: to the one with its index, or the last one, or as a new one."""
        index = said.get("index")
        index = index if isinstance(index, int) else self._calls[-1].index if self._calls else 0
        found = self._latest.get(index)
        if found is None or found.is_another(said):
            found = self._latest[index] = GatheredCall(index)
            self._calls.append(found)
        self._argue(found, said, deltas, is_first=found is self._calls[0])

    def _argue(self, call: GatheredCall, said: JSON, deltas: list[Delta], *, is_first: bool) -> None:
        whole = call.take(said)
        if whole and is_first:
            deltas.append(Delta(self.index, whole, "arguments"))

    @property
    def partial(self) -> str | None:
        """The text that came: the content, or the arguments of the first tool call."""
        content = str(self._texts.get("content") or "")
        calls = [*self._calls[:1], *([self._old_call] if self._old_call else [])]
        return content or next((str(call.arguments) for call in calls), None) or None

    @property
    def body(self) -> JSON:
        """The choice as a reply in one piece has it."""
        message = {"role": "assistant", "content": None, **self._message}
        message.update((name, str(text)) for name, text in self._texts.items())
        if self._calls:
            message["tool_calls"] = [call.body for call in sorted(self._calls, key=lambda call: call.index)]
        if self._old_call:
            message["function_call"] = self._old_call.body["function"]
        logprobs = {"logprobs": self._logprobs} if self._logprobs else {}
        return {"index": self.index, "message": message, **logprobs, **self._rest, "finish_reason": self.finish_reason}


class GatheredCall:
    """Takes in the pieces of one tool call."""

    def __init__(self, index: int) -> None:
        """Nothing is said."""
        self.index = index
        self.arguments = GatheredText()
        self._name = ""
        self._told: JSON = {}

    def is_another(self, said: JSON) -> bool:
        """Whether a piece begins another call, though its index is the same or it has none: it says so with a name.

        Some gateways number every call 0, or none; and some give every piece a new id.
        """
        function = said.get("function")
        is_named = isinstance(function, dict) and bool(function.get("name")) and bool(self._name)
        other_id = bool(said.get("id")) and said.get("id") != self._told.get("id")
        return is_named and (other_id or (not isinstance(said.get("index"), int) and self.arguments.has_come))

    def take(self, said: JSON) -> str:
        """Add a piece; the text of its arguments.

        Raises:
            MalformedReply: The arguments or the name are none.
        """
        for name, value in said.items():
            if name not in {"index", "function"} and value:
                self._told.setdefault(name, value)
        function = as_object(said.get("function") or {}, "a function call")
        if not isinstance(name := function.get("name") or "", str):
            raise malformed("a function's name that is no text", name)
        if name != self._name:  # some gateways say it again and again
            self._name += name
        arguments = read_arguments(function.get("arguments"))
        if arguments is None:
            raise malformed("a delta of arguments that is no text", function.get("arguments"))
        return self.arguments.take(arguments)

    @property
    def body(self) -> JSON:
        """The call as a reply in one piece has it."""
        function = {"name": self._name, "arguments": str(self.arguments)}
        return {"id": None, "type": "function", **self._told, "function": function}


class GatheredText:
    r"""Takes in the pieces of a text; half of a surrogate pair waits for the other half.

    >>> text = GatheredText()
    >>> text.take("a\ud83d"), text.take("\ude00b"), str(text) == "a\U0001f600b"
    ('a', '😀b', True)
    """

    def __init__(self) -> None:
        """Nothing has come."""
        self._pieces: list[str] = []
        self._half = ""

    def take(self, piece: str) -> str:
        """Add a piece; what of it is whole characters."""
        if self._half or "\ud800" <= piece[-1:] <= "\udbff":
            piece = (self._half + piece).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
            self._half = piece[-1:] if "\ud800" <= piece[-1:] <= "\udbff" else ""
            piece = piece.removesuffix(self._half)
        if piece:
            self._pieces.append(piece)
        return piece

    @property
    def has_come(self) -> bool:
        """Whether there is any."""
        return bool(self._pieces)

    def __str__(self) -> str:
        """All that came."""
        return "".join(self._pieces) + self._half


def as_object(value: JSONValue, what: str) -> JSON:
    """The value, if it is an object.

    Raises:
        MalformedReply: It is none.
    """
    if not isinstance(value, dict):
        raise malformed(f"{what} that is no object", value)
    return value


def as_list(value: JSONValue, what: str) -> list[JSONValue]:
    """The value, if it is a list.

    Raises:
        MalformedReply: It is none.
    """
    if not isinstance(value, list):
        raise malformed(f"{what} in no list", value)
    return value


def malformed(what: str, value: JSONValue) -> MalformedReply:
    """The fault that a stream has something in it that no chunk has."""
    shown = value if isinstance(value, str) else str(value)
    return MalformedReply(f"the stream has {what}: {shown[:SHOWN]!r}", retryable=True)


def _text_of(name: str, value: JSONValue) -> str:
    if name == "content" and isinstance(value, list):
        return read_content(value) or ""
    raise malformed(f"a delta whose {name} is no text", value)


def _extend(kept: JSON, said: JSON) -> None:
    """Lists grow; of anything else the last is kept."""
    for name, value in said.items():
        if isinstance(value, list) and isinstance(kept.get(name), list):
            kept[name] += value
        elif value is not None:
            kept[name] = list(value) if isinstance(value, list) else value
