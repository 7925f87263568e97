"""The content of a reply, constrained to a tool call, as that call: whole, or chunk by chunk."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from structkit.values import JSON

_HEAD = re.compile(r'\s*\{\s*"name"\s*:\s*("(?:[^"\\]|\\.)*")\s*,\s*"arguments"\s*:\s*(?=\S)')
_LAST_BRACE = re.compile(r"\}\s*\Z")


@dataclass
class CallReader:
    """Reads the content of one choice, piece by piece, as a tool call.

    Args:
        functions: The functions of which the model has to call one; see `forced_tools.constrain_content`.
        remainder: The content that is not in a delta yet.
        is_open: Whether a delta has had the name.

    >>> reader = CallReader(({"name": "add"}, {"name": "divide"}))
    >>> pieces = ['{"name": "add", "argu', 'ments": {"a": {}', "}}"]
    >>> [delta and delta["function"] for delta in map(reader.read, pieces)]
    [None, {'name': 'add', 'arguments': '{"a": {'}, {'arguments': '}}'}]
    >>> reader.remainder
    '}'
    """

    functions: tuple[JSON, ...]
    remainder: str = ""
    is_open: bool = False

    def read(self, content: str) -> JSON | None:
        """Return the part of a call that the next piece of content completes, in the form of a delta."""
        self.remainder += content
        head = {} if self.is_open else self._open_call()
        arguments = self._take(self._sendable()) if self.is_open else ""
        return _delta(head, arguments) if head or arguments else None

    def finish(self, content: str, *, is_truncated: bool) -> JSON | None:
        """Return the last part; the bracket that closes the whole content is not part of the call."""
        delta = self.read(content)
        if not (is_truncated and self.is_open and self.remainder):
            return delta
        arguments = self._take(len(self.remainder))
        return _delta({}, arguments) if delta is None else _with_arguments(delta, arguments)

    def _open_call(self) -> JSON:
        """Return the fields that open a call once its name is complete."""
        if (position := self._name_and_start()) is None:
            return {}
        self.is_open = True
        self._take(position[1])
        return {"id": f"call_{uuid4().hex}", "type": "function", "name": position[0]}

    def _name_and_start(self) -> tuple[str, int] | None:
        if len(self.functions) == 1:
            return (self.functions[0]["name"], 0) if self.remainder else None
        head = _HEAD.match(self.remainder)
        return (json.loads(head[1]), head.end()) if head else None

    def _sendable(self) -> int:
        """Return the length of what is certain to be arguments: the last bracket may close the whole content."""
        brace = _LAST_BRACE.search(self.remainder) if len(self.functions) > 1 else None
        return brace.start() if brace else len(self.remainder)

    def _take(self, end: int) -> str:
        text, self.remainder = self.remainder[:end], self.remainder[end:]
        return text


def _delta(head: Mapping[str, str], arguments: str) -> JSON:
    ids = {key: value for key, value in head.items() if key != "name"}
    name = {"name": head["name"]} if head else {}
    return {"index": 0, **ids, "function": {**name, "arguments": arguments}}


def _with_arguments(delta: JSON, arguments: str) -> JSON:
    function = delta["function"]
    return {**delta, "function": {**function, "arguments": function["arguments"] + arguments}}


def to_tool_calls(completion: JSON, functions: tuple[JSON, ...]) -> JSON:
    """Return a completion with calls in place of contents; content that was truncated before the name stays.

    >>> choice = {"index": 0, "message": {"content": '{"a": 1}'}, "finish_reason": "stop"}
    >>> choice = to_tool_calls({"choices": [choice]}, ({"name": "add"},))["choices"][0]
    >>> choice["finish_reason"], choice["message"]["content"], choice["message"]["tool_calls"][0]["function"]
    ('tool_calls', None, {'name': 'add', 'arguments': '{"a": 1}'})
    """
    return {**completion, "choices": [_with_call(choice, functions) for choice in completion["choices"]]}


def _with_call(choice: JSON, functions: tuple[JSON, ...]) -> JSON:
    message = choice["message"]
    call = CallReader(functions).finish(message.get("content") or "", is_truncated=_is_truncated(choice))
    if call is None:
        return choice
    del call["index"]
    return {**choice, "message": {**message, "content": None, "tool_calls": [call]}, **_finish_reason(choice)}


def _is_truncated(choice: JSON) -> bool:
    return choice.get("finish_reason") == "length"


def _finish_reason(choice: JSON) -> JSON:
    return {"finish_reason": "tool_calls"} if choice.get("finish_reason") == "stop" else {}


class CallStream:
    """Rewrites the chunks of a stream: calls in place of contents."""

    def __init__(self, functions: tuple[JSON, ...]) -> None:
        """Start a stream in which one of the functions is called."""
        self._functions = functions
        self._readers: dict[int, CallReader] = {}

    def rewrite(self, chunk: JSON) -> JSON:
        """Return a chunk with the parts of calls that its contents complete."""
        return {**chunk, "choices": [self._rewrite_choice(choice) for choice in chunk.get("choices", ())]}

    def _rewrite_choice(self, choice: JSON) -> JSON:
        delta: dict[str, Any] = {**choice.get("delta", {})}
        reader = self._readers.setdefault(choice.get("index", 0), CallReader(self._functions))
        content = delta.pop("content", None) or ""
        if choice.get("finish_reason") is None:
            call = reader.read(content)
        else:
            call = reader.finish(content, is_truncated=_is_truncated(choice))
        calls = {} if call is None else {"tool_calls": [call]}
        return {**choice, "delta": {**delta, **calls}, **_finish_reason(choice)}
