"""A reply that goes on after the end of the model's turn, with the tokens of its chat template in the text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pytest
from pydantic import BaseModel

import structkit
from structkit.parsing import has_ended_turn
from structkit.testing import Endpoint, completion

Connect = Callable[..., Any]
TURNS = [
    "<|im_end|>\n<|im_start|>user\nAnd Bob?<|im_end|>\n<|im_start|>assistant\n",
    "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nAnd Bob?<|eot_id|>",
    "</s> [INST] And Bob? [/INST] ",
    "<end_of_turn>\n<start_of_turn>user\nAnd Bob?<end_of_turn>\n<start_of_turn>model\n",
    "<|end|>\n<|user|>\nAnd Bob?<|end|>\n<|assistant|>\n",
    "\n<|user|>\nAnd Bob?\n<|assistant|>\n",
    "<\uff5cend\u2581of\u2581sentence\uff5c>And Bob?",
    "<|endoftext|>",
    "<|return|>",
]


class Person(BaseModel):
    name: str
    age: int | None = None


ADA, BOB = '{"name": "Ada"}', '{"name": "Bob", "age": 31}'


@pytest.mark.parametrize("turn", TURNS)
def test_a_turn_that_the_model_has_invented_is_not_the_answer(turn: str) -> None:
    answer = structkit.ResponseFormat(Person).read(f"{ADA}{turn}{BOB}", repairs=True)
    assert (answer.value, answer.repairs) == (Person(name="Ada"), ("prose",))
    drink = structkit.ResponseFormat(Literal["tea", "milk"])
    for text in ("milk", '"milk"', "```\nmilk\n```", '{"value": "milk"}'):
        assert drink.read(f'{text}{turn}{{"value": "tea"}}', repairs=True).value == "milk"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"<|im_start|>assistant\n{ADA}<|im_end|>", "Ada"),
        (f"<|im_start|>assistant\n<think>{BOB}</think>{ADA}<|im_end|>{BOB}", "Ada"),
        (f"<|start_header_id|>assistant<|end_header_id|>\n\n{ADA}<|eot_id|>{BOB}", "Ada"),
        (f"<s>[INST] Who is it? [/INST] {ADA}</s>", "Ada"),
        (f"<|im_start|>user\nWho is it?<|im_end|>\n<|im_start|>assistant\n{ADA}<|im_end|>", "Ada"),
        ('{"name": "<|im_end|>", \'age\': 3}', "<|im_end|>"),
        (f"<|channel|>commentary<|message|>{BOB}<|end|><|start|>assistant<|channel|>final<|message|>{ADA}", "Ada"),
    ],
)
def test_what_is_before_the_answer_does_not_end_the_turn(text: str, name: str) -> None:
    value = structkit.ResponseFormat(Person).read(text, repairs=True).value
    assert value is not None
    assert value.name == name


@pytest.mark.parametrize(
    "prose",
    [
        "Her name was <s>Bob</s> Ada.",
        "Llama ends its turns with `</s>`.",
        'The text has the token "<|im_end|>" twice.',
        "ChatML ends a turn with <|im_end|> and Gemma with <end_of_turn>.",
        "It ends with `<|im_start|>`, or '[INST]'.",
    ],
)
def test_a_token_that_a_text_is_about_does_not_end_the_turn(prose: str) -> None:
    person = structkit.ResponseFormat(Person)
    assert person.read(f"{prose}\n{ADA}", repairs=True).value == Person(name="Ada")
    assert person.read(f"{ADA}\n{prose} So:\n{BOB}", repairs=True).value == Person(name="Bob", age=31)
    assert not has_ended_turn(prose)  # if it is truncated, more tokens may have an answer


@pytest.mark.parametrize(
    "start",
    [
        "Sure.<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        "Okay.<|im_end|>\n<|im_start|>assistant\n",
        "Let me see.<end_of_turn>\n<start_of_turn>model\n",
        "Ada, I think.<|end|>\n<|assistant|>\n",
    ],
)
def test_an_answer_is_read_from_the_next_turn_of_the_model_if_the_first_has_none(start: str) -> None:
    assert structkit.ResponseFormat(Person).read(f"{start}{ADA}", repairs=True).value == Person(name="Ada")


@pytest.mark.parametrize("turn", TURNS)
def test_no_answer_is_read_from_a_turn_of_the_user(turn: str) -> None:
    assert not structkit.ResponseFormat(Person).read(f"I cannot say.{turn}{BOB}", repairs=True).valid


def test_an_answer_is_complete_although_the_next_turn_is_truncated(connect: Connect) -> None:
    text = f"{ADA}<|im_end|>\n<|im_start|>user\nAnd Bo"
    with Endpoint(completion(text, finish_reason="length")) as endpoint:
        assert connect(endpoint.base_url).run(Person, "?").value == Person(name="Ada")
    assert len(endpoint.requests) == 1


def test_an_answer_that_is_truncated_itself_is_continued(connect: Connect) -> None:
    with Endpoint(completion('{"name": "Ada <|im_end|>', finish_reason="length"), ADA) as endpoint:
        assert connect(endpoint.base_url, policy=structkit.Policy(max_tokens=9)).run(
            Person, "?", max_tokens=5
        ).value == Person(name="Ada")
    assert len(endpoint.requests) == 2
