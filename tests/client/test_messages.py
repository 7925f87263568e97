"""Conversations: message dicts, the fields of messages, and continuing a conversation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import structkit
from structkit.testing import Endpoint
from structkit.values import Message

Connect = Callable[..., Any]

HISTORY: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "name": "ada", "content": [{"type": "text", "text": "Look it up."}]},
    {
        "role": "assistant",
        "content": None,
        "reasoning_content": "I need the tool.",
        "tool_calls": [{"id": "a", "type": "function", "function": {"name": "look", "arguments": "{}"}}],
    },
    {"role": "tool", "tool_call_id": "a", "content": "7", "cache_control": {"type": "ephemeral"}},
    {"role": "user", "content": "How many?"},
]


def test_message_dicts_are_sent_unchanged(connect: Connect) -> None:
    with Endpoint() as endpoint:
        connect(endpoint.base_url).extract(int, HISTORY)
        connect(endpoint.base_url).extract(int, HISTORY[-1])
    assert endpoint.requests[0]["messages"] == HISTORY
    assert endpoint.requests[1]["messages"] == HISTORY[-1:]


def test_a_conversation_can_be_continued_with_the_reply(connect: Connect) -> None:
    with Endpoint('{"value": 3}') as endpoint:
        client = connect(endpoint.base_url)
        first = client.run(int, "how many?", instructions="Count.")
        client.run(int, [*first.messages, Message("user", "and now?")])
    assert endpoint.requests[1]["messages"] == [
        {"role": "system", "content": "Count."},
        {"role": "user", "content": "how many?"},
        {"role": "assistant", "content": '{"value": 3}'},
        {"role": "user", "content": "and now?"},
    ]


@pytest.mark.parametrize(
    "prompt",
    [
        [{"role": "user", "content": "a"}, "b"],
        [{"content": "a"}],
        [{"role": 3, "content": "a"}],
        [{"role": "user", "content": 3}],
        [{"role": "user"}],
        [{"role": "user", "content": ["a", 3]}],
        {"text": "a"},
        ["", "  "],
        [{"text": "no type"}],
    ],
)
def test_a_prompt_that_is_neither_messages_nor_parts_is_rejected(connect: Connect, prompt: Any) -> None:
    with Endpoint() as endpoint, pytest.raises(structkit.PromptError):
        connect(endpoint.base_url).extract(int, prompt)
    assert endpoint.requests == []


FIELDS = st.dictionaries(st.text(min_size=1), st.none() | st.booleans() | st.integers() | st.text(), max_size=4)


@given(st.sampled_from(["user", "assistant", "tool"]), st.text(), FIELDS)
def test_a_dict_survives_as_a_message(role: str, content: str, fields: dict[str, Any]) -> None:
    present = {name: value for name, value in fields.items() if value is not None}
    value = {**present, "role": role, "content": content}
    assert Message.from_dict(value).body == value
