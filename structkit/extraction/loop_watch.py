"""`LoopWatch`: tells while a reply arrives that it only repeats itself, so that the request can be stopped."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, closing
from typing import Any

from structkit.extraction.item_loops import REPETITION, LoopSource, loop_source
from structkit.extraction.stream_output import is_answer, tool_names
from structkit.parsing import read_prefix, read_record_prefix
from structkit.parsing.completion import read_choices
from structkit.parsing.loops import MAX_REPETITION_CHARS, Loop, find_period, find_text_loop
from structkit.values import JSON, Choice, Completion, Delta, Message, Usage
from structkit.values.repair import are_allowed

SURE_CHARS = 240
SURE_COPIES = 8
"""A request is stopped only after so many characters and copies: a list of that many equal items may be right."""

CHECK_CHARS = SURE_CHARS
"""Characters between two looks at the end of the text, at least."""

TAIL_CHARS = 10_000
"""Characters of the end that are looked at."""

GROWTH = 1.5
"""How much longer a text has to be before it is parsed again."""


class LoopWatch:
    """Watches the answer in a reply that arrives.

    The end of the text is compared with what is before it, which costs little. Only if it repeats itself there, the
    text is parsed, and compared with the prompt.

    Args:
        messages: The prompt.
        tools: The names of the functions that the model may call before it answers.
    """

    def __init__(self, messages: tuple[Message, ...], tools: frozenset[str] = frozenset()) -> None:
        """Start before the first fragment."""
        self._messages, self._tools = messages, tools
        self._parts: list[str] = []
        self._recent: list[str] = []
        self._length = 0
        self._next_check, self._next_parse = CHECK_CHARS, 0.0
        self._last: Delta | None = None

    def add(self, delta: Delta) -> bool:
        """Take a fragment, and return whether the reply only repeats itself."""
        last = self._last
        is_same_field = last and delta.kind is last.kind and delta.tool is last.tool and not delta.index
        if not is_same_field and (not is_answer(delta, self._tools) or (last and delta.kind != last.kind)):
            return False
        self._last = delta
        self._recent.append(delta.text)
        self._length += len(delta.text)
        if self._length < self._next_check:
            return False
        return self._is_loop()

    def _is_loop(self) -> bool:
        self._parts.append("".join(self._recent))
        self._recent = []
        self._next_check = self._length + CHECK_CHARS
        if self._length < self._next_parse or not find_period(self._tail(MAX_REPETITION_CHARS)):
            return False
        if not _is_sure(find_text_loop(self._tail(TAIL_CHARS), min_chars=SURE_CHARS)):
            return False
        self._next_parse = self._length * GROWTH
        source = loop_source(self._messages)
        return source is not None and _is_sure(_find_loop("".join(self._parts), source))

    def _tail(self, chars: int) -> str:
        """Return the end of the text; each part has `CHECK_CHARS` characters or more."""
        return "".join(self._parts[-chars // CHECK_CHARS :])[-chars:]

    def reply(self) -> Completion:
        """Return the reply so far, as a completion that was truncated; its tokens are not known."""
        text = "".join((*self._parts, *self._recent))
        message: JSON = {"role": "assistant", "content": text}
        if self._last and self._last.kind == "arguments":
            function = {"name": self._last.tool, "arguments": text}
            message |= {"content": None, "tool_calls": [{"id": None, "type": "function", "function": function}]}
        body = {"choices": [{"index": 0, "message": message, "finish_reason": REPETITION}]}
        return Completion(read_choices(body), Usage(unreported=1), raw=body)


def ends_in_loop(step: Any, choice: Choice) -> bool:
    """Return whether a truncated choice ends in a loop at which it could have been stopped."""
    text = choice.content or next((call.arguments for call in choice.tool_calls), "")
    if not _is_sure(find_text_loop(text[-TAIL_CHARS:], min_chars=SURE_CHARS)):
        return False
    source = loop_source(_messages(step))
    return source is not None and _is_sure(_find_loop(text, source))


def _messages(step: Any) -> tuple[Message, ...]:
    return getattr(step, "initial_parts", (step,))[0].messages  # type: ignore[no-any-return]


def _is_sure(loop: Loop | None) -> bool:
    return loop is not None and loop.copies >= SURE_COPIES


def _find_loop(text: str, source: LoopSource) -> Loop | None:
    """Return the loop of the list or the text that a reply ends with, if the source does not allow it."""
    prefix = read_prefix(text)
    if prefix and (loop := source.find_loop(prefix.part)):
        return loop
    prefix = prefix or read_record_prefix(text)
    loop = find_text_loop(prefix.unfinished, min_chars=SURE_CHARS) if prefix else None
    if loop is None or prefix is None:
        return None
    period = (len(prefix.unfinished) - loop.size) // max(loop.copies - 1, 1)
    part = prefix.unfinished[loop.size - period : loop.size].strip()
    return None if part and source.allows(part, loop.copies) else loop


def watch_of(step: Any) -> LoopWatch | None:
    """Return the watch for the reply to a step; None if its loops must not be repaired, or it has several choices."""
    count = step.request.parameters.options.get("n")
    if count not in (None, 1) or not are_allowed((REPETITION,), step.policy.repairs):
        return None
    return LoopWatch(step.messages, tool_names(step))


def stop_at_loop(events: Generator[Any, None, None], watch: LoopWatch | None) -> Generator[Any, None, None]:
    """Yield the events of a stream; where its reply only repeats itself, close it and yield the reply so far."""
    with closing(events):
        for event in events:
            yield event
            if watch and isinstance(event, Delta) and watch.add(event):
                yield watch.reply()
                return


async def stop_at_loop_async(events: AsyncGenerator[Any], watch: LoopWatch | None) -> AsyncGenerator[Any]:
    """The async form of `stop_at_loop`."""
    async with aclosing(events):
        async for event in events:
            yield event
            if watch and isinstance(event, Delta) and watch.add(event):
                yield watch.reply()
                return
