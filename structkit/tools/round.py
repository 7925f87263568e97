"""One round of tool calls: which calls a reply has, and the messages that the next request has about them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from structkit.tools.planned_call import PlannedCall
from structkit.values import JSON, Choice, Completion, Issue, Message, ToolCall, ToolRun, json_text

PREMATURE_ANSWER = "Not read: it was called together with other tools. Answer again once you have read their results."


@dataclass(frozen=True)
class ToolRound:
    """The calls of one reply.

    Args:
        message: The reply as a message of the next request.
        calls: All its calls, those that cannot be made among them.
    """

    message: Message
    calls: tuple[PlannedCall, ...]

    @property
    def due_calls(self) -> tuple[PlannedCall, ...]:
        """The calls that have to be made."""
        return tuple(call for call in self.calls if call.function is not None)

    @property
    def issues(self) -> tuple[Issue, ...]:
        """What is wrong with the calls; the path starts with the name of the tool."""
        return tuple(replace(issue, path=(call.name, *issue.path)) for call in self.calls for issue in call.issues)

    @property
    def repairs(self) -> tuple[str, ...]:
        """What was repaired to read the arguments."""
        return tuple(repair for call in self.calls for repair in call.repairs)

    def all_runs(self, runs: Sequence[ToolRun]) -> tuple[ToolRun, ...]:
        """Return the runs of all calls, from those of the calls that were made, in order."""
        remaining = iter(runs)
        return tuple(next(remaining) if call.function is not None else call.rejected_run for call in self.calls)

    def messages(self, runs: Sequence[ToolRun]) -> tuple[Message, ...]:
        """Return the messages of this round: the reply, and the result of each call."""
        results = (Message("tool", run.content, tool_call_id=run.id) for run in runs)
        return tuple(map(_sendable, (self.message, *results)))


def make_round(reply: Completion, choice: Choice, calls: Sequence[PlannedCall]) -> ToolRound:
    """Return the round of a reply with these calls, in which nothing is lost that the endpoint needs back."""
    entries = reply.raw_message(choice.index).get("tool_calls")
    raw_calls = [each for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
    if len(raw_calls) != len(calls):
        raw_calls = [{} for _ in calls]
    entry_texts = tuple(_entry(entry, planned) for entry, planned in zip(raw_calls, calls, strict=True))
    fields = reply.echoed_fields(choice.index)
    return ToolRound(Message("assistant", choice.content, tool_calls=entry_texts, fields=fields), tuple(calls))


def with_ids(calls: Sequence[ToolCall], number: int, earlier_ids: Iterable[str] = ()) -> Iterator[ToolCall]:
    """Yield the calls of a round of that number, each with an identifier of its own: some endpoints send none.

    >>> [call.id for call in with_ids([ToolCall("f", "", "a"), ToolCall("f", "", "a"), ToolCall("f", "")], 2)]
    ['a', 'call_2_1', 'call_2_2']
    """
    used = {*earlier_ids}
    for position, call in enumerate(calls):
        call_id = call.id if call.id and call.id not in used else f"call_{number}_{position}"
        used.add(call_id)
        yield replace(call, id=call_id)


def _sendable(message: Message) -> Message:
    """Return a message without halves of surrogate pairs, which a model may write and UTF-8 does not have."""
    return Message.from_dict(json.loads(json_text(message.body).encode("utf-8", "replace")))


def _entry(raw: JSON, planned: PlannedCall) -> JSON:
    """Return a call as it was sent, with an identifier and with arguments that are a JSON object."""
    sent_function = raw.get("function")
    fields = {name: value for name, value in raw.items() if name != "index"}
    function = {
        **(sent_function if isinstance(sent_function, dict) else {}),
        "name": planned.name,
        "arguments": planned.wire_text,
    }
    return {**fields, "id": planned.call.id, "type": "function", "function": function}
