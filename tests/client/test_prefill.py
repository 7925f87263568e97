"""A last message of the assistant is the start of the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

import structkit
from structkit.testing import Endpoint

Connect = Callable[..., Any]


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


MESSAGES = [
    {"role": "user", "content": "Who is it?"},
    {"role": "assistant", "content": '{"name": "Ann",', "prefix": True},
]
ANSWER = '{"name": "Ann", "age": 31}'


@pytest.mark.parametrize("reply", [' "age": 31}', '"age": 31}\n', ANSWER])
@pytest.mark.parametrize("mode", ["json_schema", "json_object", "prompt"])
def test_a_reply_that_continues_the_callers_start_is_read_with_it(connect: Connect, mode: str, reply: str) -> None:
    with Endpoint(reply) as endpoint:
        result = connect(endpoint.base_url).run(Person, MESSAGES, mode=mode)
    assert result.value == Person(name="Ann", age=31)
    assert result.repairs == (() if reply == ANSWER else ("prefill",))
    assert endpoint.requests[0]["messages"][-1] == MESSAGES[-1], "vendors have fields of their own for it"


def test_a_start_that_makes_no_valid_value_is_re_asked(connect: Connect) -> None:
    with Endpoint(' "age": "young"}', ANSWER) as endpoint:
        result = connect(endpoint.base_url).run(Person, MESSAGES)
    assert (result.value.age, len(endpoint.requests)) == (31, 2)
    assert result.repairs == ()


def test_a_conversation_that_ends_with_the_assistant_is_no_start(connect: Connect) -> None:
    history = [{"role": "user", "content": "I am Ann."}, {"role": "assistant", "content": "And 31, I remember."}]
    with Endpoint(ANSWER) as endpoint:
        connect(endpoint.base_url).run(Person, history, mode="json_object")
    assert endpoint.requests[0]["messages"][-1]["role"] == "user", "the model is asked after it"


def test_a_policy_may_forbid_to_read_a_continuation(connect: Connect) -> None:
    policy = structkit.Policy(attempts=1, repairs=structkit.REPAIRS - {"prefill"})
    with Endpoint(' "age": 31}') as endpoint, pytest.raises(structkit.InvalidOutput):
        connect(endpoint.base_url, policy=policy).run(Person, MESSAGES)
