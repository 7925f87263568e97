"""A model that repeats a rejected reply to the letter: the next request differs, and no third copy is paid for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

import structkit
from structkit.testing import Endpoint

Connect = Callable[..., Any]

TEXT = "Ann is 3 years old and lives in Paris."
INVALID = '{"name": "Ann", "age": 999999999999999999999, "city": null}'


def client(connect: Connect, endpoint: Endpoint) -> Any:
    """Return a client with a fixed mode, so that no reply makes it fall back to another one."""
    return connect(endpoint.base_url, mode="json_schema")


class Person(BaseModel):
    name: str
    age: int
    city: str


def test_after_a_repetition_only_the_places_are_re_asked(connect: Connect) -> None:
    with Endpoint(INVALID, INVALID, '{"city": "Paris"}') as endpoint:
        result = client(connect, endpoint).run(Person, TEXT)
    assert result.value.city == "Paris"
    schemas = [[*body["response_format"]["json_schema"]["schema"]["properties"]] for body in endpoint.requests]
    assert schemas == [["name", "age", "city"], ["name", "age", "city"], ["city"]]
    assert [result.provenance[name,].how for name in ("name", "city")] == ["direct", "re-asked"]


def test_a_reply_without_places_is_re_asked_at_another_temperature(connect: Connect) -> None:
    with Endpoint("Who?", "Who?", '{"name": "Ann", "age": 3, "city": "Paris"}') as endpoint:
        assert client(connect, endpoint).extract(Person, TEXT).age == 3
    assert [body.get("temperature") for body in endpoint.requests] == [None, None, 1]


def test_the_callers_temperature_stays(connect: Connect) -> None:
    with Endpoint("Who?", "Who?", '{"name": "Ann", "age": 3, "city": "Paris"}') as endpoint:
        assert client(connect, endpoint).extract(Person, TEXT, temperature=0.4).age == 3
    assert [body["temperature"] for body in endpoint.requests] == [0.4, 0.4, 0.4]


@pytest.mark.parametrize("reask", ["places", "whole"])
def test_at_temperature_0_a_repetition_is_the_last_attempt(connect: Connect, reask: str) -> None:
    policy = structkit.Policy(attempts=5, reask=reask)
    with Endpoint("Who?") as endpoint, pytest.raises(structkit.InvalidOutput) as caught:
        client(connect, endpoint).extract(Person, TEXT, temperature=0, policy=policy)
    assert len(endpoint.requests) == len(caught.value.attempts) == 2
    assert "in 2 attempts" in str(caught.value)
    assert "set a temperature above 0: at 0, the model repeats a reply that was rejected" in str(caught.value)
    assert caught.value.partial == "Who?"


def test_at_temperature_0_no_request_is_sent_twice(connect: Connect) -> None:
    policy = structkit.Policy(attempts=9)
    with Endpoint(INVALID) as endpoint, pytest.raises(structkit.InvalidOutput):
        client(connect, endpoint).extract(Person, TEXT, temperature=0, policy=policy)
    bodies = endpoint.requests
    assert all(body not in bodies[:number] for number, body in enumerate(bodies))


def test_two_replies_that_differ_are_no_repetition(connect: Connect) -> None:
    with Endpoint(INVALID, INVALID.replace("Ann", "Eve"), '{"name": "Ann", "age": 3, "city": "Paris"}') as endpoint:
        assert client(connect, endpoint).extract(Person, TEXT, temperature=0).age == 3
    assert [len(body["messages"]) for body in endpoint.requests] == [1, 3, 3]


def test_the_reply_to_a_patch_is_not_compared_with_one_to_the_whole(connect: Connect) -> None:
    with Endpoint('{"value": "x"}', '{"value": "y"}', '{"value": 3}') as endpoint:
        assert client(connect, endpoint).extract(int, TEXT, temperature=0) == 3
