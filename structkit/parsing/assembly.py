"""One choice of a streamed completion, assembled from its deltas: its texts, its tool calls and its finish reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from structkit.dialects.finish_reasons import classify_finish_reason
from structkit.errors import MalformedReply
from structkit.parsing.completion import MAX_ERROR_CHARS, read_arguments, read_content, read_refusal, reported_error
from structkit.parsing.exact import NotJSON
from structkit.values import JSON, Delta, JSONValue

DeltaKind: TypeAlias = Literal["content", "arguments", "refusal", "reasoning"]

TEXT_FIELDS: Mapping[str, DeltaKind] = {
    "content": "content",
    "refusal": "refusal",
    "reasoning": "reasoning",
    "reasoning_content": "reasoning",
    "thinking": "reasoning",
}
"""The text fields of a delta; gateways use three names for the model's reasoning."""

UNFINISHED = "null"
"""The text with which DashScope says that a choice has not ended."""

CHOICE_FIELDS = frozenset({"index", "delta", "message", "text", "finish_reason", "logprobs"})


class ChoiceAssembler:
    """Assemble one choice from its parts of the chunks.

    Args:
        index: The index of the choice.

    Attributes:
        finish_reason: The finish reason, once a chunk has it.
        has_early_reason: Whether text has arrived after it.
    """

    def __init__(self, index: int) -> None:
        """Start with an empty choice."""
        self.index = index
        self.finish_reason: JSONValue = None
        self.has_early_reason = False
        self._texts: dict[str, TextAssembler] = {}
        self._calls: list[ToolCallAssembler] = []
        self._call_by_index: dict[int, ToolCallAssembler] = {}  # the last call of each index
        self._function_call: ToolCallAssembler | None = None
        self._message_fields: JSON = {}  # fields of the deltas that are neither text nor calls
        self._choice_fields: JSON = {}  # fields of the choice that are not `CHOICE_FIELDS`
        self._logprobs: JSON = {}

    def add(self, choice: JSON, deltas: list[Delta]) -> None:
        """Add the choice of a chunk, and append its text to *deltas*.

        Raises:
            MalformedReply: It is not a delta.
        """
        delta = choice.get("delta")
        if delta is None and not self._calls and isinstance(message := choice.get("message"), dict):
            delta = message if not self._texts else self._new_part(message)
        if delta is None and isinstance(text := choice.get("text"), str):
            delta = {"content": text}
        fields = _with_refusal(delta if isinstance(delta, dict) else as_object(delta or {}, "a delta"))
        for name, value in fields.items():
            if value is not None:
                self._add_field(name, value, fields, deltas)
        if (reason := choice.get("finish_reason")) and reason != UNFINISHED and not self._has_failed:
            self.finish_reason = reason
        if logprobs := choice.get("logprobs"):
            _extend(self._logprobs, as_object(logprobs, "log probabilities"))
        if not CHOICE_FIELDS.issuperset(choice):
            extra = choice.keys() - CHOICE_FIELDS
            self._choice_fields.update((name, choice[name]) for name in extra if choice[name] is not None)

    @property
    def _has_failed(self) -> bool:
        """Whether a chunk has said that the choice is not a whole answer; a `stop` after it is the gateway's own."""
        return isinstance(reason := self.finish_reason, str) and classify_finish_reason(reason) != "complete"

    def _new_part(self, message: JSON) -> JSON:
        """Return what is new in a message that some gateways send as a whole: once, or as far as it has arrived."""
        content, text = message.get("content"), str(self._texts.get("content") or "")
        if not isinstance(content, str) or not content.startswith(text):
            return {}
        return {"content": content.removeprefix(text)}

    def _add_field(self, name: str, value: JSONValue, delta: JSON, deltas: list[Delta]) -> None:
        kind = TEXT_FIELDS.get(name)
        if kind is not None and (isinstance(value, str) or _has_text(name, value)):
            assembler = self._texts.get(name) or self._text(name)
            text = assembler.add(value if isinstance(value, str) else _text_of(name, value))
            if text and not (name == "reasoning_content" and delta.get("reasoning")):
                deltas.append(Delta(self.index, text, kind))
                self.has_early_reason = self.finish_reason is not None
        elif name == "tool_calls":
            for call in as_list(value or [], "tool calls"):
                if call is not None:
                    self._add_call(as_object(call, "a tool call"), deltas)
        elif name == "function_call":
            self._function_call = self._function_call or ToolCallAssembler(0)
            self._add_arguments(self._function_call, {"function": value}, deltas, is_first=not self._calls)
        else:
            _extend(self._message_fields, {name: value})

    def _text(self, name: str) -> TextAssembler:
        return self._texts.setdefault(name, TextAssembler())

    def _add_call(self, fragment: JSON, deltas: list[Delta]) -> None:
        """Add a fragment of a tool call to the call with its index, or to the last call, or as a new call."""
        index = fragment.get("index")
        index = index if isinstance(index, int) else self._calls[-1].index if self._calls else 0
        call = self._call_by_index.get(index)
        if call is None or call.is_next_call(fragment):
            call = self._call_by_index[index] = ToolCallAssembler(index)
            self._calls.append(call)
        self._add_arguments(call, fragment, deltas, is_first=call is self._calls[0])

    def _add_arguments(self, call: ToolCallAssembler, fragment: JSON, deltas: list[Delta], *, is_first: bool) -> None:
        text = call.add(fragment)
        if text and is_first:
            deltas.append(Delta(self.index, text, "arguments", call.name))
            self.has_early_reason = self.finish_reason is not None

    @property
    def is_finished(self) -> bool:
        """Whether a chunk has said how the choice ended: by its finish reason, or an error."""
        return bool(self.finish_reason or reported_error(self._choice_fields.get("error")))

    @property
    def partial(self) -> str | None:
        """The text that has arrived: the content, or the arguments of the first tool call."""
        content = str(self._texts.get("content") or "")
        calls = [*self._calls[:1], *([self._function_call] if self._function_call else [])]
        return content or next((str(call.arguments) for call in calls), None) or None

    @property
    def body(self) -> JSON:
        """The choice as in a reply that is not streamed."""
        message = {"role": "assistant", "content": None, **self._message_fields}
        message.update((name, str(text)) for name, text in self._texts.items())
        if self._calls:
            message["tool_calls"] = [call.body for call in sorted(self._calls, key=lambda call: call.index)]
        if self._function_call:
            message["function_call"] = self._function_call.body["function"]
        extra = {"logprobs": self._logprobs, **self._choice_fields} if self._logprobs else self._choice_fields
        return {"index": self.index, "message": message, **extra, "finish_reason": self.finish_reason}


class ToolCallAssembler:
    """Assemble one tool call from its fragments.

    Args:
        index: The index of the call in the message.

    Attributes:
        name: The name of the tool, as far as it has arrived.
        arguments: The arguments.
    """

    def __init__(self, index: int) -> None:
        """Start with an empty call."""
        self.index = index
        self.arguments = TextAssembler()
        self.name = ""
        self._fields: JSON = {}
        self._end: JSONEnd | None = None

    def is_next_call(self, fragment: JSON) -> bool:
        """Return whether a fragment starts another call, despite the same index or none: it has a name again.

        Some gateways give every call the index 0, or none; some repeat the name, or send a new id in every fragment. If
        they do both, the arguments say whether the call has ended.
        """
        function = fragment.get("function")
        name = function.get("name") if isinstance(function, dict) else None
        if not name or not self.name:
            return False
        if identifier := fragment.get("id"):
            is_other = bool(identifier != self._fields.get("id"))
            return is_other and (name != self.name or not self.arguments.has_text or self._has_all_arguments)
        if isinstance(fragment.get("index"), int) or not self.arguments.has_text:
            return False
        return name != self.name or self._has_all_arguments

    @property
    def _has_all_arguments(self) -> bool:
        self._end = self._end or JSONEnd(self.arguments.fragments)
        return self._end.is_complete

    def add(self, fragment: JSON) -> str:
        """Add a fragment and return the text of its arguments.

        Raises:
            MalformedReply: The arguments or the name are not text.
        """
        for name, value in fragment.items():
            if name not in {"index", "function"} and value:
                self._fields.setdefault(name, value)
        function = as_object(fragment.get("function") or {}, "a function call")
        if not isinstance(name := function.get("name") or "", str):
            raise malformed("a function's name that is not text", name)
        if name != self.name:  # some gateways repeat it in every fragment
            self.name += name
        arguments = read_arguments(function.get("arguments"))
        if arguments is None:
            raise malformed("a delta of arguments that is not text", function.get("arguments"))
        text = self.arguments.add(arguments)
        if self._end is not None:
            self._end.add(text)
        return text

    @property
    def body(self) -> JSON:
        """The call as in a reply that is not streamed."""
        function = {"name": self.name, "arguments": str(self.arguments)}
        return {"id": None, "type": "function", **self._fields, "function": function}


class TextAssembler:
    r"""Assemble a text from its fragments; half of a surrogate pair is held until the other half arrives.

    >>> text = TextAssembler()
    >>> text.add("a\ud83d"), text.add("\ude00b"), str(text) == "a\U0001f600b"
    ('a', '😀b', True)
    """

    def __init__(self) -> None:
        """Start with an empty text."""
        self.fragments: list[str] = []
        self._half = ""

    def add(self, fragment: str) -> str:
        """Add a fragment and return the complete characters."""
        if self._half or "\ud800" <= fragment[-1:] <= "\udbff":
            utf16 = (self._half + fragment).encode("utf-16-le", "surrogatepass")
            fragment = utf16.decode("utf-16-le", "surrogatepass")
            self._half = fragment[-1:] if "\ud800" <= fragment[-1:] <= "\udbff" else ""
            fragment = fragment.removesuffix(self._half)
        if fragment:
            self.fragments.append(fragment)
        return fragment

    @property
    def has_text(self) -> bool:
        """Whether any text has arrived."""
        return bool(self.fragments)

    def __str__(self) -> str:
        """Return all text that has arrived."""
        return "".join(self.fragments) + self._half


class JSONEnd:
    """Tells whether a text that arrives in fragments is one complete JSON text; each fragment is parsed once.

    >>> end = JSONEnd(['{"a"', ": 1"])
    >>> end.is_complete, end.add("}"), end.is_complete
    (False, None, True)
    """

    def __init__(self, fragments: Iterable[str]) -> None:
        """Take the fragments that have arrived."""
        from structkit.parsing.push import PushParser, ValueBuilder  # few gateways need it; it compiles many patterns

        self._parser, self._is_valid = PushParser(ValueBuilder()), True
        for fragment in fragments:
            self.add(fragment)

    def add(self, fragment: str) -> None:
        """Take the next fragment."""
        try:
            if self._is_valid:
                self._parser.feed(fragment)
        except NotJSON:
            self._is_valid = False

    @property
    def is_complete(self) -> bool:
        """Whether the text has ended."""
        return self._is_valid and self._parser.is_done


def as_object(value: JSONValue, name: str) -> JSON:
    """Return the value if it is an object.

    Raises:
        MalformedReply: It is not.
    """
    if not isinstance(value, dict):
        raise malformed(f"{name} that is not an object", value)
    return value


def as_list(value: JSONValue, name: str) -> list[JSONValue]:
    """Return the value if it is a list.

    Raises:
        MalformedReply: It is not.
    """
    if not isinstance(value, list):
        raise malformed(f"{name} that are not in a list", value)
    return value


def malformed(description: str, value: JSONValue) -> MalformedReply:
    """Return the fault for a value in the stream that no valid chunk has."""
    text = value if isinstance(value, str) else str(value)
    return MalformedReply(f"the stream has {description}: {text[:MAX_ERROR_CHARS]!r}", retryable=True)


def _with_refusal(delta: JSON) -> JSON:
    """Return a delta with the refusals among its content parts in its field of that name."""
    content = delta.get("content")
    refusal = read_refusal(content) if isinstance(content, list) else None
    return {**delta, "refusal": refusal} if refusal else delta


def _has_text(name: str, value: JSONValue) -> bool:
    """Return whether a text field has parts, or what should be text, and not an empty value such as `False`.

    >>> [_has_text("refusal", value) for value in (False, [], ["No."])], _has_text("thinking", {"type": "enabled"})
    ([False, False, True], False)
    """
    return name == "content" or (bool(value) and name != "thinking")  # also a setting's name


def _text_of(name: str, value: JSONValue) -> str:
    if name == "content" and isinstance(value, list):
        return read_content(value) or ""
    raise malformed(f"a delta whose {name} is not text", value)


def _extend(fields: JSON, new_fields: JSON) -> None:
    """Append to lists, and replace any other value."""
    for name, value in new_fields.items():
        if isinstance(value, list) and isinstance(fields.get(name), list):
            fields[name] += value
        elif value is not None:
            fields[name] = list(value) if isinstance(value, list) else value
