"""Reply bodies as completions: fields that gateways omit, change or add cause no failure."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structkit.errors import MalformedReply
from structkit.parsing import read_completion
from structkit.parsing.token_counts import read_usage
from structkit.values import Completion, ToolCall, Usage

FIELDS = st.sampled_from(
    ["function", "function_call", "tool_calls", "name", "arguments", "id", "type", "text", "content", "index"]
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=12,
)


def body(message: Any) -> dict[str, Any]:
    return {"choices": [{"message": message}]}


def tool_calls(message: Any) -> tuple[ToolCall, ...]:
    reply = read_completion(body(message))
    assert isinstance(reply, Completion)
    return reply.choices[0].tool_calls


def content(parts: Any) -> str | None:
    reply = read_completion(body({"content": parts}))
    assert isinstance(reply, Completion)
    return reply.choices[0].content


def test_several_tool_calls_keep_their_order_and_the_exact_text_of_their_arguments() -> None:
    calls = [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":  1}'}},
        {"id": "b", "type": "function", "function": {"name": "g", "arguments": "not JSON"}},
    ]
    assert tool_calls({"content": None, "tool_calls": calls}) == (
        ToolCall("f", '{"x":  1}', "a"),
        ToolCall("g", "not JSON", "b"),
    )


def test_arguments_that_a_gateway_has_decoded_are_encoded_as_text() -> None:
    assert tool_calls({"tool_calls": [{"function": {"arguments": {"ü": [1]}}}]}) == (ToolCall("", '{"ü": [1]}'),)


@pytest.mark.parametrize("tool_call_fields", [{}, {"tool_calls": None}, {"tool_calls": []}])
def test_the_old_function_call_is_read_if_there_are_no_tool_calls(tool_call_fields: dict[str, Any]) -> None:
    message = {**tool_call_fields, "function_call": {"name": "f", "arguments": "{}"}}
    assert tool_calls(message) == (ToolCall("f", "{}"),)


@pytest.mark.parametrize(
    "call",
    [None, "f", 3, {}, {"function": None}, {"function": "f"}, {"function": {"name": "f", "arguments": 3}}],
)
def test_a_malformed_tool_call_is_skipped(call: Any) -> None:
    valid = {"function": {"name": "valid", "arguments": "{}"}}
    assert tool_calls({"tool_calls": [call, valid]}) == (ToolCall("valid", "{}"),)


@given(JSON_VALUES)
def test_no_message_raises(message: Any) -> None:
    assert isinstance(read_completion(body(message)), Completion | MalformedReply)


@pytest.mark.parametrize("kind", ["thinking", "reasoning", "redacted_thinking", "image_url"])
def test_the_thinking_of_the_model_is_not_part_of_its_answer(kind: str) -> None:
    assert content([{"type": kind, "text": "{hm"}, {"type": "text", "text": "{}"}]) == "{}"


@pytest.mark.parametrize(
    "part", [{"text": "{}"}, {"type": "text", "text": "{}"}, {"type": "output_text", "text": "{}"}]
)
def test_text_parts_are_joined(part: dict[str, str]) -> None:
    assert content([part, None, {"type": "text"}, part]) == "{}{}"


@pytest.mark.parametrize(
    "count", [None, "9", 9.0, -9, True, 10**12, pytest.param(10**400, id="huge"), math.inf, math.nan, [9], {"n": 9}]
)
@pytest.mark.parametrize("name", ["prompt_tokens", "completion_tokens"])
def test_an_invalid_token_count_makes_the_usage_unreported(name: str, count: Any) -> None:
    assert read_usage({"prompt_tokens": 1, "completion_tokens": 1, name: count}) == Usage(unreported=1)


@pytest.mark.parametrize(("prompt_tokens", "completion_tokens"), [(0, 0), (9, 0), (0, 9)])
@pytest.mark.parametrize("message", [{"content": "7"}, {"content": None, "reasoning_content": "Hm"}])
def test_an_input_or_output_of_zero_tokens_beside_a_text_was_not_counted(
    message: dict[str, Any], prompt_tokens: int, completion_tokens: int
) -> None:
    usage = {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens, "total_tokens": 9}
    completion = read_completion({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage})
    assert isinstance(completion, Completion)
    assert completion.usage == Usage(unreported=1)


def test_an_input_of_zero_tokens_is_a_count_if_all_of_it_came_from_a_cache() -> None:
    usage = {"prompt_tokens": 0, "completion_tokens": 5, "cache_read_input_tokens": 9}
    assert read_usage(usage, is_written=True) == Usage(9, 5, 14, cached_tokens=9)


@pytest.mark.parametrize(
    ("counts", "prompt_tokens", "cached_tokens"),
    [
        # Beside the input: more than it, or in the total as well
        ({"cache_read_input_tokens": 800, "cache_creation_input_tokens": 90}, 900, 800),
        ({"cache_read_input_tokens": 800, "total_tokens": 814}, 810, 800),
        ({"cache_read_input_tokens": 7, "total_tokens": 21}, 17, 7),
        ({"cache_creation_input_tokens": 90}, 100, 0),
        ({"prompt_tokens_details": {"cached_tokens": 800}, "total_tokens": 814}, 810, 800),
        # In the input
        ({"prompt_tokens_details": {"cached_tokens": 7}}, 10, 7),
        ({"prompt_cache_hit_tokens": 7, "prompt_cache_miss_tokens": 3, "total_tokens": 14}, 10, 7),
        ({"cache_read_input_tokens": 7, "cache_creation_input_tokens": 2, "total_tokens": 14}, 10, 7),
        ({"cache_read_input_tokens": 7}, 10, 7),
        ({"cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}, 10, 0),
    ],
    ids=str,
)
def test_tokens_of_a_cache_are_input_whether_the_count_of_the_input_has_them_or_not(
    counts: dict[str, Any], prompt_tokens: int, cached_tokens: int
) -> None:
    usage = read_usage({"prompt_tokens": 10, "completion_tokens": 4, **counts}, is_written=True)
    assert usage == Usage(prompt_tokens, 4, prompt_tokens + 4, cached_tokens=cached_tokens)


def test_an_output_of_zero_tokens_is_a_count_if_nothing_was_written() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 0, "total_tokens": 9}
    completion = read_completion({"choices": [{"message": {"content": ""}, "finish_reason": "stop"}], "usage": usage})
    assert isinstance(completion, Completion)
    assert completion.usage == Usage(9, 0, 9)


def test_an_invalid_total_is_replaced_by_the_sum() -> None:
    assert read_usage({"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 10**400}).total_tokens == 5


@pytest.mark.parametrize(
    ("counts", "output"),
    [
        ({"total_tokens": 14, "completion_tokens_details": {"reasoning_tokens": 3}}, 4),  # OpenAI: in the output
        ({"total_tokens": 399, "completion_tokens_details": {"reasoning_tokens": 385}}, 389),  # xAI: beside it
        ({"total_tokens": 399}, 389),  # Google: in the total alone
        ({"total_tokens": 399, "prompt_tokens_details": {"cached_tokens": 7}}, 389),  # also beside a cache
        ({"completion_tokens_details": {"reasoning_tokens": 385}}, 389),
        ({"total_tokens": 5}, 4),
    ],
)
def test_thinking_that_is_counted_beside_the_output_is_output(counts: dict[str, Any], output: int) -> None:
    usage = read_usage({"prompt_tokens": 10, "completion_tokens": 4, **counts})
    assert (usage.prompt_tokens, usage.completion_tokens) == (10, output)


def test_a_reply_of_very_many_choices_is_malformed() -> None:
    choices = [{"message": {"content": "{}"}}] * 1_001
    assert "1,001 choices" in str(read_completion({"choices": choices}))
    assert isinstance(read_completion({"choices": choices[:1_000]}), Completion)


MESSAGE = {"role": "assistant", "content": "7"}
BODY: dict[str, Any] = {"choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}]}


@pytest.mark.parametrize(
    "body",
    [
        {"code": 0, "data": BODY},
        {"result": BODY, "success": True},
        {"response": BODY},
        [BODY],
        {"choices": [{"delta": MESSAGE, "finish_reason": "stop"}]},
        {"choices": [{"text": "7", "finish_reason": "stop"}]},
    ],
)
def test_a_body_is_read_in_the_forms_that_gateways_make_of_it(body: Any) -> None:
    completion = read_completion(body)
    assert isinstance(completion, Completion)
    assert [choice.content for choice in completion.choices] == ["7"]


@pytest.mark.parametrize(
    ("decoded", "text"),
    [
        ({"value": 3}, '{"value": 3}'),
        ({"type": "text", "text": "a"}, '{"type": "text", "text": "a"}'),
        (3, "3"),
        (2.5, "2.5"),
        (True, "true"),
        (False, "false"),
        ([1, 2], "[1, 2]"),
        (["a", None], '["a", null]'),
        ([{"type": "dog", "name": "Rex"}], '[{"type": "dog", "name": "Rex"}]'),
        ([[]], "[[]]"),
    ],
)
def test_content_that_a_gateway_has_decoded_is_encoded_as_text(decoded: Any, text: str) -> None:
    assert content(decoded) == text


@pytest.mark.parametrize("placeholder", [0, False, None, ""])
def test_a_placeholder_beside_a_tool_call_is_not_an_answer(placeholder: Any) -> None:
    message = {"content": placeholder, "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}
    reply = read_completion(body(message))
    assert isinstance(reply, Completion)
    assert not reply.choices[0].content
    assert reply.choices[0].tool_calls == (ToolCall("f", "{}"),)


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([], ""),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "ab"),
        ([{"text": "a"}], "a"),
        ([{"type": "thinking", "thinking": "hm"}], ""),
        ([{"type": "redacted_thinking", "data": "x"}, {"type": "output_text", "text": "a"}], "a"),
        ([{"type": "image_url", "image_url": {"url": "x"}}], ""),
        ([{"type": "text", "text": "a"}, 3], "a"),
    ],
)
def test_a_list_of_content_parts_is_its_text(parts: list[Any], text: str) -> None:
    assert content(parts) == text


@pytest.mark.parametrize(
    "error", [{"code": 429, "message": "slow down"}, {"code": 400, "message": "API key not valid"}, "boom"]
)
@pytest.mark.parametrize("count", [1, 2])
def test_a_list_of_errors_is_the_first_of_them(error: Any, count: int) -> None:
    bare, in_list = read_completion({"error": error}), read_completion([{"error": error}] * count)
    assert isinstance(bare, MalformedReply)
    assert isinstance(in_list, MalformedReply)
    assert (str(in_list), in_list.retryable, in_list.body) == (str(bare), bare.retryable, bare.body)


@pytest.mark.parametrize(
    ("body", "message", "is_retryable"),
    [
        ({"detail": "Not authenticated"}, "Not authenticated", False),
        ({"success": False, "errors": [{"code": 10000, "message": "Authentication error"}]}, "code 10000", False),
        ({"errors": [{"message": "boom", "code": 500}]}, "boom", True),
        ({"data": {"note": 1}}, "no choices", True),
    ],
)
def test_an_error_in_any_form_is_told(body: Any, message: str, is_retryable: bool) -> None:
    fault = read_completion(body)
    assert isinstance(fault, MalformedReply)
    assert message in str(fault)
    assert fault.retryable == is_retryable
