"""Conversations with tools as values: no I/O, whatever the replies are."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from structkit import Policy, Result, StructkitError
from structkit.client.plan import make_plan
from structkit.extraction import Extraction, ToolStep
from structkit.parsing import read_completion
from structkit.testing import completion
from structkit.testing.scripted_reply import calls_completion
from structkit.values import JSON, ToolCall


def add(a: int, b: list[int] = [1]) -> int:  # noqa: B006 (a default that is a list)
    return a + sum(b)


def echo(text: str) -> str:
    if len(text) > 3:
        raise ValueError(text)
    return text


PLAN = make_plan("m", {}, None)


def start(**call: Any) -> Any:
    return PLAN.start_conversation(int, "What is 1 + 2?", {"tools": [add, echo], **call})


def make_calls(step: ToolStep) -> Any:
    runs = []
    for call in step.calls:
        try:
            runs.append(call.finish(call.make()))
        except ValueError as error:
            runs.append(call.finish(None, 0.0, error))
    return step.receive(*runs)


def test_a_conversation_with_tools_is_a_fold() -> None:
    step = start()
    step = step.receive(read_completion(calls_completion(ToolCall("add", '{"a": 1, "b": [2]}'))))
    assert isinstance(step, ToolStep)
    assert [(call.name, call.arguments) for call in step.calls] == [("add", {"a": 1, "b": [2]})]
    step = make_calls(step)
    assert [message.role for message in step.request.messages] == ["user", "assistant", "tool"]
    step = step.receive(read_completion(completion('{"value": 3}')))
    assert isinstance(step, Result)
    assert (step.value, step.tool_calls[0].result) == (3, 3)


def test_a_step_is_a_value_that_can_be_continued_more_than_once() -> None:
    step = start().receive(read_completion(calls_completion(ToolCall("add", '{"a": 1}'))))
    assert make_calls(step).request.body == make_calls(step).request.body


TEXTS = st.sampled_from(
    [
        "",
        "x",
        "\ud83d",
        "{}",
        "null",
        "[1]",
        '{"a": 1}',
        '{"a": 1',
        "{a: 1,}",
        '{"a": "x"}',
        '{"text": "abcd"}',
        "[" * 99,
    ]
)
VALUES = st.one_of(st.none(), st.integers(), TEXTS, st.just({"a": 1}), st.just([1]))
NAMES = st.sampled_from(["add", "add", "echo", "int", "", "nope", "\ud83d", None, 3])
CALLS = st.one_of(
    VALUES,
    st.fixed_dictionaries(
        {
            "id": st.sampled_from(["a", "b", "", None, 3]),
            "function": st.one_of(VALUES, st.fixed_dictionaries({"name": NAMES, "arguments": VALUES})),
        }
    ),
)
MESSAGES = st.fixed_dictionaries(
    {"content": st.one_of(VALUES, st.just('{"value": 3}'))},
    optional={
        "tool_calls": st.one_of(VALUES, st.lists(CALLS, max_size=4)),
        "function_call": st.fixed_dictionaries({"name": NAMES, "arguments": VALUES}),
        "reasoning_content": VALUES,
    },
)
REASONS = st.sampled_from(["tool_calls", "tool_calls", "stop", "length", None])


def validate_history(body: JSON) -> None:
    """Validate what endpoints require: each call has one result, in order, and arguments that are a JSON object."""
    open_ids: list[str] = []
    for message in body["messages"]:
        if message["role"] == "tool":
            assert message["tool_call_id"] == open_ids.pop(0)
            assert isinstance(message["content"], str)
            continue
        assert not open_ids
        open_ids = [entry["id"] for entry in message.get("tool_calls", ())]
        for entry in message.get("tool_calls", ()):
            assert isinstance(json.loads(entry["function"]["arguments"]), dict)
    assert not open_ids


@settings(max_examples=300, deadline=None)
@given(
    replies=st.lists(st.tuples(MESSAGES, REASONS), min_size=1, max_size=5),
    mode=st.sampled_from(["auto", "json_schema", "tool", "prompt"]),
    errors=st.sampled_from(["raise", "tell"]),
)
def test_whatever_a_reply_calls_the_next_request_is_one_that_endpoints_accept(
    replies: list[Any], mode: Any, errors: Any
) -> None:
    step = start(mode=mode, policy=Policy(tool_errors=errors))
    for message, reason in replies:
        while isinstance(step, ToolStep):
            step = make_calls(step)
        if not isinstance(step, Extraction):
            break
        validate_history(json.loads(step.request.text.encode()))
        step = step.receive(read_completion({"choices": [{"message": message, "finish_reason": reason}]}))
    assert isinstance(step, Extraction | ToolStep | Result | StructkitError)
