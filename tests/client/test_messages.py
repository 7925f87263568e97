"""Conversations: message dicts, the fields of messages, and continuing a conversation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionMessage
from PIL import Image
from pydantic import BaseModel, Field

import structkit
from structkit.testing import Endpoint, completion
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


def test_a_message_of_the_sdk_is_sent_as_the_sdk_sends_it(connect: Connect) -> None:
    call = {"id": "a", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    turns: list[Any] = [{"role": "assistant", "content": "Yes?"}, {"role": "assistant", "tool_calls": [call]}]
    replies = [ChatCompletionMessage.model_validate({"refusal": None, **turn}) for turn in turns]
    with Endpoint() as endpoint:
        connect(endpoint.base_url).extract(int, [HISTORY[1], *replies, *HISTORY[3:]])
    sent = endpoint.requests[0]["messages"]
    assert sent == [HISTORY[1], turns[0], {"content": None, **turns[1]}, *HISTORY[3:]]


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


def test_a_continued_conversation_repeats_neither_instructions_nor_examples(connect: Connect) -> None:
    with Endpoint('{"value": 3}') as endpoint:
        client = connect(endpoint.base_url, instructions="Count.", examples=[("none", 0)])
        first = client.run(int, "how many?")
        second = client.run(int, [*first.messages, Message("user", "and now?")])
        client.run(int, [*second.messages, Message("user", "and then?")])
    assert [each["content"] for each in endpoint.requests[2]["messages"]] == [
        *("Count.", "none", '{"value": 0}'),
        *("how many?", '{"value": 3}', "and now?", '{"value": 3}', "and then?"),
    ]


@pytest.mark.parametrize("mode", ["json_schema", "tool", "json_object", "prompt"])
def test_a_continued_conversation_has_the_schema_once(connect: Connect, mode: Any) -> None:
    with Endpoint('{"value": 3}') as endpoint:
        client = connect(endpoint.base_url, mode=mode)
        first = client.run(int, "how many?")
        client.run(int, [*first.messages, Message("user", "and now?")])
    earlier, later = (each["messages"] for each in endpoint.requests)
    assert sum("schema" in str(each["content"]) for each in later) == sum(
        "schema" in str(e["content"]) for e in earlier
    )
    assert len(later) == len(earlier) + 2


class Person(BaseModel):
    name: str
    age: int = Field(le=150)


@pytest.mark.parametrize("reask", ["whole", "always"])
def test_a_continued_conversation_has_the_value_without_its_corrections(connect: Connect, reask: Any) -> None:
    correction = '{"name": "Ada", "age": 36}' if reask == "whole" else '{"age": 36}'
    with Endpoint('{"name": "Ada", "age": 360}', correction) as endpoint:
        result = connect(endpoint.base_url, policy=structkit.Policy(reask=reask)).run(Person, "Who?")
    assert result.value == Person(name="Ada", age=36)
    assert [each.content for each in result.messages] == ["Who?", '{"name": "Ada", "age": 36}']


def test_a_continued_conversation_has_the_reasoning_of_the_reply(connect: Connect) -> None:
    body = completion('{"value": 3}')
    details = [{"type": "reasoning.text", "text": "one, two, three"}]
    body["choices"][0]["message"] |= {"reasoning_content": "one, two, three", "reasoning_details": details}
    with Endpoint(body) as endpoint:
        last = connect(endpoint.base_url).run(int, "how many?").messages[-1]
    assert last.reasoning_content == "one, two, three"
    assert last.body["reasoning_details"] == details


def test_a_prefill_and_its_continuation_are_one_turn_of_the_conversation(connect: Connect) -> None:
    with Endpoint(" 3}") as endpoint:
        result = connect(endpoint.base_url).run(int, [Message("user", "n?"), Message("assistant", '{"value":')])
    assert [(each.role, each.content) for each in result.messages] == [("user", "n?"), ("assistant", '{"value": 3}')]


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


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ([], "the input is empty"),
        ({"content": "x"}, "a message needs a role"),
        ([{"role": 3, "content": "x"}], "a message's role must be a text, not int"),
        ([{"role": "user", "content": ""}], "the input is empty: all messages are blank"),
        ([Message("user", " \n")], "the input is empty: all messages are blank"),
        ([Message("system", "Extract."), Message("user", "")], "the input is empty: all messages are blank"),
        ("\ufeff", "the input is empty: there is nothing to read"),
        (["\u200b", " "], "the input is empty: there is nothing to read"),
        ([{"role": "user", "content": []}], "the input is empty: all messages are blank"),
        ([{"role": "user", "content": [{"type": "text", "text": " "}]}], "the input is empty: all messages are blank"),
        (str.upper, "call it, and pass what it returns"),
        (Path("invoice.pdf"), r"not (Posix|Windows)Path; pass structkit.Document.open\(...\) for its text"),
        (["Read this:", b"%PDF"], r"not bytes; pass structkit.Document.open\(...\) for its text, or structkit.File"),
        (["Read this:", Image.new("RGB", (1, 1))], r"not Image; save an image .*, and pass structkit.File\(...\)"),
        ({"seller": "Northwind"}, "not dict; pass its JSON as a text"),
        (structkit.JinjaTemplate("{{ text }}"), "not JinjaTemplate; call it, and pass what it returns"),
    ],
)
def test_the_message_about_a_wrong_prompt_says_what_is_wrong(connect: Connect, prompt: Any, message: str) -> None:
    with Endpoint() as endpoint, pytest.raises(structkit.PromptError, match=message):
        connect(endpoint.base_url).extract(int, prompt)
    assert endpoint.requests == []


FIELDS = st.dictionaries(st.text(min_size=1), st.none() | st.booleans() | st.integers() | st.text(), max_size=4)


@given(st.sampled_from(["user", "assistant", "tool"]), st.text(), FIELDS)
def test_a_dict_survives_as_a_message(role: str, content: str, fields: dict[str, Any]) -> None:
    present = {name: value for name, value in fields.items() if value is not None}
    value = {**present, "role": role, "content": content}
    assert Message.from_dict(value).body == value
