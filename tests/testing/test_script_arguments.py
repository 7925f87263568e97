"""Wrong arguments of test endpoints, messages and training rows are errors at once, which name the argument."""

from typing import Any

import pytest
from stable_ids import stable_id

import structkit
from structkit import Message, ResponseFormat
from structkit.errors import ConfigError, PromptError
from structkit.prompts import build_messages
from structkit.testing import Endpoint, Reply, call, cassette, completion, fault, tool_call_completion


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"status": "200"}, "Reply(status=...) must be an HTTP status, such as 200 or 429, not '200'"),
        ({"status": 99}, "Reply(status=...) must be an HTTP status, such as 200 or 429, not 99"),
        ({"headers": {"a": 5}}, "Reply(headers=...) must be a dict of texts, not {'a': 5}"),
        ({"delay": "1"}, "Reply(delay=...) must be a number of seconds, 0 or more, not '1'"),
        ({"delay": -1}, "Reply(delay=...) must be a number of seconds, 0 or more, not -1"),
        ({"is_truncated": "x"}, "Reply(is_truncated=...) must be True or False, not 'x'"),
        ({"rewrite_events": 5}, "Reply(rewrite_events=...) must be a function of a list of events, not 5"),
        ({"body": {1}}, "Reply(body=...) must be a JSON value, a text, bytes or an iterator of bytes, not {1}"),
    ],
    ids=str,
)
def test_a_reply_rejects_an_argument_of_another_type(arguments: dict[str, Any], message):
    with pytest.raises(TypeError) as caught:
        Reply(**{"body": {}, **arguments})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"models": "m"}, "Endpoint(models=...) must be a tuple of names, or a Reply, not 'm'"),
        ({"faults": 5}, 'Endpoint(faults=...) must be a dict of rates by name, such as {"rate_limited": 0.1}, not 5'),
        ({"seed": None}, "Endpoint(seed=...) must be a whole number, not None"),
        ({"delta": 0}, "Endpoint(delta=...) must be a number of characters, 1 or more, not 0"),
        ({"batches": 5}, "Endpoint(batches=...) must be a structkit.testing.BatchService, not 5"),
    ],
    ids=str,
)
def test_an_endpoint_rejects_an_argument_of_another_type(arguments: dict[str, Any], message):
    with pytest.raises(TypeError) as caught:
        Endpoint("a", **arguments)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (completion, ("a", 5), "content 2 of completion() must be a text or None, not 5"),
        (tool_call_completion, (5,), "name of tool_call_completion() must be a text, not 5"),
        (tool_call_completion, ("f", {}), "arguments 1 of tool_call_completion() must be a text, not {}"),
        (call, (5,), "name of call() must be a text, not 5"),
        (fault, (5,), "name of fault() must be a text, not 5"),
    ],
    ids=stable_id,
)
def test_the_functions_of_replies_reject_what_is_not_a_text(function: Any, arguments, message):
    with pytest.raises(TypeError) as caught:
        function(*arguments)
    assert str(caught.value) == message


def test_a_cassette_rejects_another_path_or_mode(tmp_path):
    number: Any = 5
    with pytest.raises(ConfigError, match="the cassette must be the path of a file, not 5"):
        cassette(number)
    with pytest.raises(ConfigError, match="the mode of a cassette must be 'auto', 'replay' or 'record', not 5"):
        cassette(tmp_path / "tape.json", mode=number)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"role": 5}, "a message's role must be a text, not int"),
        ({"content": 5}, "a message's content must be text or parts, not int"),
        ({"name": 5}, "a message's name must be a text, not int"),
        ({"tool_call_id": 5}, "a message's tool_call_id must be a text, not int"),
        ({"refusal": 5}, "a message's refusal must be a text, not int"),
        ({"tool_calls": "x"}, "a message's tool_calls must be a list of dicts, not 'x'"),
        ({"tool_calls": (5,)}, "a message's tool_calls must be a list of dicts, not (5,)"),
    ],
    ids=str,
)
@pytest.mark.parametrize("is_dict", [True, False], ids=["dict", "Message"])
def test_a_message_with_a_field_of_another_type_is_rejected_by_the_name_of_the_field(fields, message, is_dict):
    values: Any = {"role": "user", "content": "x", **fields}
    with pytest.raises(PromptError) as caught:
        build_messages([values if is_dict else Message(**values)])
    assert str(caught.value) == message


def test_the_further_fields_of_a_message_are_a_dict():
    fields: Any = 5
    with pytest.raises(PromptError, match="a message's fields must be a dict with texts as keys, not 5"):
        build_messages([Message("user", "x", fields=fields)])


@pytest.mark.parametrize("reply", [5, None, b"{}", {"value": 1}], ids=str)
def test_what_is_read_is_a_text(reply: Any):
    response_format = ResponseFormat(int)
    for read in (response_format.parse, response_format.read):
        with pytest.raises(ConfigError, match=f"a reply must be a text, not {type(reply).__name__}; load reads JSON"):
            read(reply)


@pytest.mark.parametrize(
    ("examples", "reason"),
    [(5, ", not 5"), ("ab", ", not 'ab'"), ({"a": 1}, ", not {'a': 1}"), ([("a", 1), 5], "; number 2 is 5")],
    ids=str,
)
def test_training_rows_are_made_of_pairs(examples: Any, reason):
    with pytest.raises(ConfigError) as caught:
        list(structkit.finetune_rows(int, examples))
    assert str(caught.value) == f"examples must be pairs, each of an input and its expected value{reason}"
