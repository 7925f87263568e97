"""`Extraction`: the next request, and the step after each reply, without a clock or a socket."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from inline_snapshot import snapshot
from pydantic import BaseModel, Field

import structkit
from structkit.errors import Filtered, InvalidOutput, Refusal, StatusError, Truncated
from structkit.extraction import Extraction
from structkit.parsing import read_completion
from structkit.testing import completion
from structkit.values import Choice, Completion, Message, Parameters, Policy, Result, ToolCall, Usage


class Line(BaseModel):
    item: str
    price: float = Field(ge=0)


class Bill(BaseModel):
    lines: list[Line]


VALID = '{"lines": [{"item": "tea", "price": 2.5}]}'
OTHER = VALID.replace("2.5", "3.5")
INVALID = '{"lines": [{"item": "tea", "price": -1}, {"price": "x"}]}'


def start(**changes: object) -> Extraction[Bill]:
    extraction = Extraction(structkit.ResponseFormat(Bill), "m", (Message("user", "tea 2.50"),))
    return replace(extraction, **changes)  # type: ignore[arg-type]


def reply(*contents: str | None, **kwargs: str) -> Completion:
    parsed = read_completion(completion(*contents, **kwargs))
    assert isinstance(parsed, Completion)
    return parsed


def test_the_body_has_only_the_arguments_and_the_fields_of_the_mode() -> None:
    body = start(parameters=Parameters(seed=7)).request.body
    assert list(body) == ["model", "messages", "seed", "response_format"]
    assert body["messages"] == [{"role": "user", "content": "tea 2.50"}]


def test_a_valid_reply_is_the_result() -> None:
    result = start().receive(reply(VALID))
    assert isinstance(result, Result)
    assert result.value == Bill(lines=[Line(item="tea", price=2.5)])
    assert (result.mode, result.usage.total_tokens, len(result.attempts)) == ("json_schema", 15, 1)


@pytest.mark.parametrize(
    ("texts", "repairs"),
    [
        ((VALID, VALID), ()),
        ((VALID, VALID.replace(" ", "")), ()),
        ((VALID, INVALID), ()),
        ((VALID, OTHER), ("several answers",)),
        ((INVALID, OTHER), ()),
    ],
)
def test_tool_calls_with_different_valid_arguments_are_a_repair(texts: tuple[str, str], repairs: tuple[str]) -> None:
    calls = tuple(ToolCall("Bill", text) for text in texts)
    answer = Completion((Choice(0, None, finish_reason="tool_calls", tool_calls=calls),), Usage())
    result = start(mode="tool").receive(answer)
    assert isinstance(result, Result)
    assert result.repairs == repairs
    policy = Policy(repairs=structkit.REPAIRS - {"several answers"})
    assert isinstance(start(mode="tool", policy=policy).receive(answer), Extraction if repairs else Result)


def test_an_invalid_reply_is_re_asked_with_its_issues() -> None:
    step = start().receive(reply(INVALID))
    assert isinstance(step, Extraction)
    assert [message.role for message in step.request.messages] == ["user", "assistant", "user"]
    assert step.request.messages[1].content == INVALID
    assert step.request.messages[2].content == snapshot("""\
Your reply does not fit the schema:
lines[0].price: Input should be greater than or equal to 0 (got -1)
lines[1].item: required, but missing
lines[1].price: Input should be a valid number, unable to parse string as a number (got "x")
Reply again with the whole corrected JSON and nothing else.\
""")


def test_the_feedback_uses_the_names_of_the_wire_form() -> None:
    step = Extraction(structkit.ResponseFormat(list[int]), "m", ()).receive(reply('{"value": ["x"]}'))
    assert isinstance(step, Extraction)
    assert step.attempts[0].issues[0].path == (0,)
    assert "\nvalue[0]: " in str(step.request.messages[-1].content)


def test_only_the_last_invalid_reply_is_in_the_request() -> None:
    step = start()
    for _ in range(2):
        step = step.receive(reply(INVALID))  # type: ignore[assignment]
    assert len(step.request.messages) == 3


def test_the_error_after_the_last_attempt_has_the_issues_and_the_usage_of_all_attempts() -> None:
    step: object = start(policy=Policy(attempts=2))
    while isinstance(step, Extraction):
        step = step.receive(reply(INVALID))
    assert isinstance(step, InvalidOutput)
    assert step.usage == Usage(20, 10, 30)
    assert [attempt.raw["choices"][0]["message"]["content"] for attempt in step.attempts] == [INVALID, INVALID]
    assert {issue.path for issue in step.issues} == {("lines", 0, "price"), ("lines", 1, "item"), ("lines", 1, "price")}
    assert "in 2 attempts" in str(step)


@pytest.mark.parametrize(
    ("kwargs", "error"),
    [
        ({"refusal": "I cannot help with that."}, Refusal),
        ({"finish_reason": "length"}, Truncated),
        ({"finish_reason": "content_filter"}, Filtered),
    ],
)
def test_a_finish_reason_that_a_re_ask_cannot_change_is_an_error_at_once(
    kwargs: dict[str, str], error: type[Exception]
) -> None:
    content = None if "refusal" in kwargs else VALID
    step = start().receive(reply(content, **kwargs))
    assert isinstance(step, error)
    assert isinstance(step, structkit.ExtractionError)
    assert len(step.attempts) == 1
    assert step.usage.total_tokens == 15


@pytest.mark.parametrize("reason", ["length", "model_length", "max_tokens", "MAX_TOKENS"])
def test_a_truncated_text_is_not_a_value_even_if_it_parses(reason: str) -> None:
    step = start(parameters=Parameters(max_tokens=9)).receive(reply(VALID, finish_reason=reason))
    assert isinstance(step, Truncated)
    assert step.partial == VALID
    assert "max_tokens=9" in str(step)


@pytest.mark.parametrize("content", [None, "", "  "])
def test_an_empty_reply_is_re_asked(content: str | None) -> None:
    step = start().receive(reply(content))
    assert isinstance(step, Extraction)
    assert step.attempts[0].issues[0].message == "the reply is empty"


def test_every_choice_is_in_the_result_and_one_valid_choice_is_enough() -> None:
    result = start().receive(reply(INVALID, VALID, VALID))
    assert isinstance(result, Result)
    assert [choice.valid for choice in result.choices] == [False, True, True]
    assert result.value == result.values[0]
    assert len(result.values) == 2


def test_a_transport_error_keeps_the_attempts_before_it() -> None:
    step = start().receive(reply(INVALID))
    assert isinstance(step, Extraction)
    fault = StatusError("down", body={"error": "down"})
    error = step.receive(fault)
    assert isinstance(error, StatusError)
    assert [attempt.number for attempt in error.attempts] == [1, 2]
    assert error.attempts[1].raw == {"error": "down"}
    assert error.usage.total_tokens == 15
    assert fault.attempts == (), "the error received is not changed"


def test_receiving_changes_nothing_in_the_extraction() -> None:
    step = start()
    before = step.request.body
    step.receive(reply(INVALID))
    assert step.request.body == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Sure! Here it is", "not valid JSON"),
        ('{"lines": [], "lines": []}', 'duplicate key "lines"'),
        ('{"lines": [{"item": "a", "price": NaN}]}', "NaN is not a JSON number"),
        ('{"lines": [{"item": "a", "price": 1e999}]}', "too large"),
        ('{"lines": [{"item": "\\ud800", "price": 1}]}', "surrogate"),
        ("[" * 100_000, "nested too deep"),
        ('{"lines": [{"item": "a", "price": ' + "9" * 5000 + "}]}", "too many digits"),
        (json.dumps("tea"), 'should be {"lines": ...}'),
    ],
)
def test_text_without_valid_json_is_an_issue_and_not_an_exception(text: str, message: str) -> None:
    step = start().receive(reply(text))
    assert isinstance(step, Extraction)
    assert message in step.attempts[0].issues[0].message


class Nested(BaseModel):
    n: int
    inner: Nested | None = None


@pytest.mark.parametrize("depth", [90, 150, 250, 400, 900])
def test_a_reply_that_is_nested_deep_is_an_issue_and_not_an_exception(depth: int) -> None:
    text = '{"n": "x", "inner": null}'
    for _ in range(depth):
        text = f'{{"n": 1, "inner": {text}}}'
    step = Extraction(structkit.ResponseFormat(Nested), "fake", (Message("user", "read"),)).receive(reply(text))
    assert isinstance(step, Extraction)
    assert step.attempts[0].issues
    assert step.request.messages


def test_a_policy_without_an_attempt_is_rejected() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        Policy(attempts=0)
    with pytest.raises(ValueError, match="0 or more"):
        Policy(retries=-1)


def truncated(text: str) -> Completion:
    return reply(text, finish_reason="length")


def test_a_truncated_list_that_is_the_root_value_is_continued() -> None:
    lines = [{"item": f"tea {number}", "price": number} for number in range(9)]
    text = json.dumps({"value": lines})
    first = start(response_format=structkit.ResponseFormat(list[Line]))
    step = first.receive(truncated(text[: text.index("tea 5")]))
    assert isinstance(step, Extraction)
    assert "raise max_tokens" not in step.request.messages[-1].content
    result = step.receive(reply(json.dumps({"rest": lines[5:]})))
    assert isinstance(result, Result)
    assert result.value == [Line(**line) for line in lines]
    assert [result.provenance[number, "item"].how for number in (0, 8)] == ["salvaged", "re-asked"]


def test_a_place_that_the_reply_to_a_patch_omits_is_an_issue() -> None:
    class Order(BaseModel):
        note: str = "none"
        price: float
        text: str

    price, note = {"price": "x", "note": 3.5}, {"price": 2, "note": "fragile"}
    step = start(response_format=structkit.ResponseFormat(Order)).receive(
        reply(json.dumps({"text": "t" * 400, **price}))
    )
    assert isinstance(step, Extraction)
    step = step.receive(reply('{"price": 2}'))
    assert isinstance(step, Extraction)
    result = step.receive(reply(json.dumps({"text": "t" * 400, **note})))
    assert isinstance(result, Result)
    assert result.value.note == "fragile"


def test_a_message_lists_the_first_issues_of_very_many() -> None:
    text = json.dumps({"lines": [{"item": "tea", "price": -1}] * 5_000})
    error = start(policy=Policy(attempts=1)).receive(reply(text))
    assert isinstance(error, InvalidOutput)
    assert len(error.issues) == 5_000
    assert "\n  and 4,900 more\nloosen the type" in str(error)
    assert len(str(error)) < 10_000
