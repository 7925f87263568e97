"""The fold: what is asked next, and what comes of each reply. No clock, no socket."""

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
from structkit.values import Completion, Message, Parameters, Policy, Result, Usage


class Line(BaseModel):
    item: str
    price: float = Field(ge=0)


class Bill(BaseModel):
    lines: list[Line]


RIGHT = '{"lines": [{"item": "tea", "price": 2.5}]}'
WRONG = '{"lines": [{"item": "tea", "price": -1}, {"price": "x"}]}'


def begin(**changes: object) -> Extraction[Bill]:
    start = Extraction(structkit.ResponseFormat(Bill), "m", (Message("user", "tea 2.50"),))
    return replace(start, **changes)  # type: ignore[arg-type]


def reply(*contents: str | None, **kwargs: str) -> Completion:
    found = read_completion(completion(*contents, **kwargs))
    assert isinstance(found, Completion)
    return found


def test_the_body_holds_what_was_given_and_nothing_else() -> None:
    body = begin(parameters=Parameters(seed=7)).request.body
    assert list(body) == ["model", "messages", "seed", "response_format"]
    assert body["messages"] == [{"role": "user", "content": "tea 2.50"}]


def test_a_valid_reply_is_the_result() -> None:
    result = begin().receive(reply(RIGHT))
    assert isinstance(result, Result)
    assert result.value == Bill(lines=[Line(item="tea", price=2.5)])
    assert (result.mode, result.usage.total_tokens, len(result.attempts)) == ("json_schema", 15, 1)


def test_a_wrong_reply_is_asked_again_with_its_issues() -> None:
    step = begin().receive(reply(WRONG))
    assert isinstance(step, Extraction)
    assert [message.role for message in step.request.messages] == ["user", "assistant", "user"]
    assert step.request.messages[1].content == WRONG
    assert step.request.messages[2].content == snapshot("""\
Your reply does not fit the schema:
lines[0].price: Input should be greater than or equal to 0 (got -1)
lines[1].item: required, but missing
lines[1].price: Input should be a valid number, unable to parse string as a number (got "x")
Reply again with the whole corrected JSON and nothing else.\
""")


def test_the_feedback_names_what_the_model_wrote_not_what_the_caller_sees() -> None:
    step = Extraction(structkit.ResponseFormat(list[int]), "m", ()).receive(reply('{"value": ["x"]}'))
    assert isinstance(step, Extraction)
    assert step.attempts[0].issues[0].path == (0,)
    assert "\nvalue[0]: " in str(step.request.messages[-1].content)


def test_only_the_last_wrong_reply_is_shown() -> None:
    step = begin()
    for _ in range(2):
        step = step.receive(reply(WRONG))  # type: ignore[assignment]
    assert len(step.request.messages) == 3


def test_attempts_end_with_the_issues_and_everything_that_was_paid() -> None:
    step: object = begin(policy=Policy(attempts=2))
    while isinstance(step, Extraction):
        step = step.receive(reply(WRONG))
    assert isinstance(step, InvalidOutput)
    assert step.usage == Usage(20, 10, 30)
    assert [attempt.raw["choices"][0]["message"]["content"] for attempt in step.attempts] == [WRONG, WRONG]
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
def test_an_ending_that_asking_again_cannot_cure_ends_at_once(kwargs: dict[str, str], error: type[Exception]) -> None:
    content = None if "refusal" in kwargs else RIGHT
    step = begin().receive(reply(content, **kwargs))
    assert isinstance(step, error)
    assert isinstance(step, structkit.ExtractionError)
    assert len(step.attempts) == 1
    assert step.usage.total_tokens == 15


@pytest.mark.parametrize("reason", ["length", "model_length", "max_tokens", "MAX_TOKENS"])
def test_text_cut_at_the_limit_is_no_value_even_where_it_parses(reason: str) -> None:
    step = begin(parameters=Parameters(max_tokens=9)).receive(reply(RIGHT, finish_reason=reason))
    assert isinstance(step, Truncated)
    assert step.partial == RIGHT
    assert "max_tokens=9" in str(step)


@pytest.mark.parametrize("content", [None, "", "  "])
def test_an_empty_reply_is_asked_again(content: str | None) -> None:
    step = begin().receive(reply(content))
    assert isinstance(step, Extraction)
    assert step.attempts[0].issues[0].message == "the reply is empty"


def test_every_choice_is_in_the_result_and_one_valid_is_enough() -> None:
    result = begin().receive(reply(WRONG, RIGHT, RIGHT))
    assert isinstance(result, Result)
    assert [choice.valid for choice in result.choices] == [False, True, True]
    assert result.value == result.values[0]
    assert len(result.values) == 2


def test_a_fault_of_the_endpoint_keeps_the_attempts_before_it() -> None:
    step = begin().receive(reply(WRONG))
    assert isinstance(step, Extraction)
    fault = StatusError("down", body={"error": "down"})
    error = step.receive(fault)
    assert isinstance(error, StatusError)
    assert [attempt.number for attempt in error.attempts] == [1, 2]
    assert error.attempts[1].raw == {"error": "down"}
    assert error.usage.total_tokens == 15
    assert fault.attempts == (), "the error received is not changed"


def test_receiving_changes_nothing_in_the_extraction() -> None:
    step = begin()
    before = step.request.body
    step.receive(reply(WRONG))
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
        (json.dumps(RIGHT), "should be an object"),
    ],
)
def test_what_is_no_such_json_is_an_issue_never_an_exception(text: str, message: str) -> None:
    step = begin().receive(reply(text))
    assert isinstance(step, Extraction)
    assert message in step.attempts[0].issues[0].message


def test_a_policy_without_an_attempt_is_refused() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        Policy(attempts=0)
    with pytest.raises(ValueError, match="0 or more"):
        Policy(retries=-1)


def cut(text: str) -> Completion:
    return reply(text, finish_reason="length")


def test_a_list_that_is_the_whole_value_is_gone_on_with_after_a_cut() -> None:
    lines = [{"item": f"tea {number}", "price": number} for number in range(9)]
    whole = json.dumps({"value": lines})
    start = begin(response_format=structkit.ResponseFormat(list[Line]))
    step = start.receive(cut(whole[: whole.index("tea 5")]))
    assert isinstance(step, Extraction)
    assert "raise max_tokens" not in step.request.messages[-1].content
    result = step.receive(reply(json.dumps({"rest": lines[5:]})))
    assert isinstance(result, Result)
    assert result.value == [Line(**line) for line in lines]
    assert [result.provenance[number, "item"].how for number in (0, 8)] == ["salvaged", "re-asked"]


def test_a_place_that_a_patch_leaves_out_is_not_taken_for_absent() -> None:
    class Order(BaseModel):
        note: str = "none"
        price: float
        text: str

    price, note = {"price": "x", "note": 3}, {"price": 2, "note": "fragile"}
    step = begin(response_format=structkit.ResponseFormat(Order)).receive(
        reply(json.dumps({"text": "t" * 400, **price}))
    )
    assert isinstance(step, Extraction)
    step = step.receive(reply('{"price": 2}'))
    assert isinstance(step, Extraction)
    result = step.receive(reply(json.dumps({"text": "t" * 400, **note})))
    assert isinstance(result, Result)
    assert result.value.note == "fragile"
