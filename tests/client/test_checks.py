"""Checks of the caller's own, the context of validators, and hooks: what they see and what comes of what they say."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationInfo, create_model, field_validator

import structkit
from structkit.client.hooks import Hooks
from structkit.dialects import MODES, Dialect, Size
from structkit.extraction import soft
from structkit.testing import Endpoint, Reply, completion, fault
from structkit.testing.scripted_reply import text_reply
from structkit.values import Attempt, Issue, Usage

Connect = Callable[..., Any]
every_mode = pytest.mark.parametrize("mode", MODES)


class Person(BaseModel):
    name: str
    age: int
    notes: str = ""


LONG = "Was born, lived, and wrote of it at some length. " * 10


def said(name: str = "Ada", age: int = 36, notes: str | None = None) -> str:
    """A reply."""
    return json.dumps({"name": name, "age": age, "notes": notes})


def of_age(person: Person) -> str | None:
    return "age must be 18 or more" if person.age < 18 else None


def age_placed(person: Person) -> Issue | None:
    return Issue(("age",), "must be 18 or more", str(person.age)) if person.age < 18 else None


async def awaited(person: Person) -> str | None:
    return of_age(person)


class Awaited:
    """A check that is an object."""

    async def __call__(self, person: Person) -> str | None:
        return of_age(person)


# Checks


@every_mode
def test_what_a_check_says_is_asked_again(connect: Connect, mode: str) -> None:
    with Endpoint(said(age=7), said()) as endpoint:
        result = connect(endpoint.base_url).run(Person, "x", mode=mode, checks=[of_age])
    assert (result.value.age, result.mode, len(endpoint.requests)) == (36, mode, 2)
    assert result.attempts[0].issues == (Issue((), "age must be 18 or more"),)
    assert "(root): age must be 18 or more" in endpoint.requests[1]["messages"][-1]["content"]


@every_mode
def test_a_check_that_names_a_place_has_it_asked_for_alone(connect: Connect, mode: str) -> None:
    with Endpoint(said(age=7, notes=LONG), '{"age": 37}') as endpoint:
        result = connect(endpoint.base_url).run(Person, "x", mode=mode, checks=[age_placed])
    assert result.value == Person(name="Ada", age=37, notes=LONG)
    assert "age: must be 18 or more (got 7)" in endpoint.requests[1]["messages"][-1]["content"]
    assert {path for path, origin in result.provenance.items() if origin.how == "re-asked"} == {("age",)}


def test_a_check_sees_the_merged_value_and_the_whole_of_it(connect: Connect) -> None:
    seen: list[Person] = []

    def check(person: Person) -> Issue | None:
        seen.append(person)
        return age_placed(person)

    with Endpoint(said(age=7, notes=LONG), '{"age": 37}') as endpoint:
        connect(endpoint.base_url).run(Person, "x", checks=[check])
    assert seen == [Person(name="Ada", age=7, notes=LONG), Person(name="Ada", age=37, notes=LONG)]


def test_every_check_is_heard_and_they_may_say_several_things(connect: Connect) -> None:
    def several(person: Person) -> list[str | Issue]:
        return ["first", Issue(("name",), "second")] if person.age < 18 else []

    with Endpoint(said(age=7), said()) as endpoint:
        result = connect(endpoint.base_url).run(Person, "x", checks=[several, of_age])
    assert [issue.message for issue in result.attempts[0].issues] == ["first", "second", "age must be 18 or more"]


def test_checks_are_asked_only_of_values_of_the_type(connect: Connect) -> None:
    def never_wrong(person: Person) -> None:
        assert isinstance(person, Person)

    with Endpoint('{"name": "Ada", "age": "?", "notes": null}', said()) as endpoint:
        assert connect(endpoint.base_url).extract(Person, "x", checks=[never_wrong]).age == 36


def test_attempts_run_out_on_checks_too(connect: Connect) -> None:
    with Endpoint(said(age=7)) as endpoint, pytest.raises(structkit.InvalidOutput, match="18 or more") as caught:
        connect(endpoint.base_url).run(Person, "x", checks=[of_age])
    assert (len(endpoint.requests), caught.value.usage) == (3, Usage(30, 15, 45))
    assert caught.value.issues == (Issue((), "age must be 18 or more"),)


def test_a_check_steps_down_no_ladder(connect: Connect) -> None:
    with Endpoint(said(age=7)) as endpoint, pytest.raises(structkit.InvalidOutput) as caught:
        connect(endpoint.base_url).run(Person, "x", checks=[of_age])
    assert {attempt.mode for attempt in caught.value.attempts} == {"json_schema"}


def test_of_several_choices_the_first_that_passes_the_checks_is_the_value(connect: Connect) -> None:
    with Endpoint(Reply(completion(said(age=7), said()))) as endpoint:
        result = connect(endpoint.base_url).run(Person, "x", n=2, checks=[of_age])
    assert (result.value.age, len(endpoint.requests)) == (36, 1)


def test_what_a_soft_check_says_is_a_warning_and_costs_nothing(connect: Connect) -> None:
    with Endpoint(said(age=7)) as endpoint:
        result = connect(endpoint.base_url).run(Person, "x", checks=[soft(of_age), soft(lambda _: None)])
    assert (result.value.age, len(endpoint.requests)) == (7, 1)
    assert result.warnings == (Issue((), "age must be 18 or more"),)
    assert result.attempts[0].issues == ()


def test_checks_of_the_client_apply_to_each_call_and_a_calls_own_replace_them(connect: Connect) -> None:
    with Endpoint(said(age=7)) as endpoint:
        client = connect(endpoint.base_url, checks=[soft(of_age)])
        assert len(client.run(Person, "x").warnings) == 1
        assert client.run(Person, "x", checks=[]).warnings == ()


def test_what_a_check_raises_is_an_issue(connect: Connect) -> None:
    def careless(person: Person) -> None:
        if person.age < 18:
            raise LookupError(person.name)

    with Endpoint(said(age=7), said()) as endpoint:
        result = connect(endpoint.base_url).run(Person, "x", checks=[careless])
    assert (result.value.age, len(endpoint.requests)) == (36, 2)
    assert "LookupError('Ada')" in result.attempts[0].issues[0].message


@pytest.mark.parametrize("check", [awaited, Awaited(), soft(awaited)], ids=["function", "object", "soft"])
def test_a_check_that_has_to_be_awaited_is_refused_where_nothing_can_be(check: Any) -> None:
    with Endpoint(said()) as endpoint, pytest.raises(structkit.ConfigError, match="AsyncClient"):
        structkit.Client("fake", base_url=endpoint.base_url).run(Person, "x", checks=[check])
    assert endpoint.requests == []


@pytest.mark.parametrize("check", [awaited, Awaited()], ids=["function", "object"])
def test_what_an_awaited_check_says_is_asked_again(connect_later: Connect, check: Any) -> None:
    with Endpoint(said(age=7), said()) as endpoint:
        result = connect_later(endpoint.base_url).run(Person, "x", checks=[check])
    assert (result.value.age, len(endpoint.requests), len(result.attempts)) == (36, 2, 2)
    assert result.attempts[0].issues == (Issue((), "age must be 18 or more"),)
    with Endpoint(said(age=7)) as endpoint, pytest.raises(structkit.InvalidOutput, match="3 attempts") as caught:
        connect_later(endpoint.base_url).run(Person, "x", checks=[check])
    assert (len(endpoint.requests), caught.value.usage) == (3, Usage(30, 15, 45))


def test_an_awaited_check_may_warn_or_name_a_place(connect_later: Connect) -> None:
    async def placed(person: Person) -> Issue | None:
        return age_placed(person)

    async def odd(person: Person) -> str | None:
        return "37 is odd" if person.age % 2 else None

    with Endpoint(said(age=7, notes=LONG), '{"age": 37}') as endpoint:
        result = connect_later(endpoint.base_url).run(Person, "x", checks=[placed, soft(odd), soft(lambda _: "hm")])
    assert (result.value, len(endpoint.requests)) == (Person(name="Ada", age=37, notes=LONG), 2)
    assert [issue.message for issue in result.warnings] == ["hm", "37 is odd"]


# The context of validators


class Known(BaseModel):
    city: str

    @field_validator("city")
    @classmethod
    def is_known(cls, city: str, info: ValidationInfo) -> str:
        if city not in (info.context or {"cities": [city]})["cities"]:
            raise ValueError("no such city")
        return city


@every_mode
def test_validators_get_the_context_of_the_call(connect: Connect, mode: str) -> None:
    with Endpoint('{"city": "Atlantis"}', '{"city": "Basel"}') as endpoint:
        client = connect(endpoint.base_url)
        result = client.run(Known, "x", mode=mode, context={"cities": ["Basel"]})
    assert (result.value.city, len(endpoint.requests)) == ("Basel", 2)
    assert result.attempts[0].issues[0].path == ("city",)
    with Endpoint('{"city": "Atlantis"}') as endpoint:
        assert connect(endpoint.base_url).run(Known, "x", mode=mode).value.city == "Atlantis"


def test_a_context_is_there_for_patches_and_mended_replies_too(connect: Connect) -> None:
    class Trip(BaseModel):
        diary: str
        stop: Known

    first = json.dumps({"diary": LONG, "stop": {"city": "Atlantis"}})
    with Endpoint(f"```json\n{first}\n```", '{"stop_city": "Thule"}', first.replace("Atlantis", "Basel")) as endpoint:
        result = connect(endpoint.base_url).run(Trip, "x", mode="prompt", context={"cities": ["Basel"]})
    assert (result.value.stop.city, len(endpoint.requests)) == ("Basel", 3)
    assert [len(attempt.issues) for attempt in result.attempts] == [1, 1, 0]


# Hooks


def listening(heard: list[tuple[Any, ...]]) -> Hooks:
    """Hooks that keep what they are told, in order."""
    return Hooks(
        before_request=lambda request: heard.append(("request", request.fields.keys())),
        after_reply=lambda request, reply: heard.append(("reply", type(reply).__name__)),
        on_issue=lambda issue, attempt: heard.append(("issue", attempt.number, issue.message)),
        on_attempt=lambda attempt: heard.append(("attempt", attempt.number, attempt.mode)),
    )


def test_hooks_are_told_in_order(connect: Connect) -> None:
    heard: list[tuple[Any, ...]] = []
    with Endpoint(fault("rejects_response_format"), said(age=7), said()) as endpoint:
        hooks = listening(heard)
        connect(endpoint.base_url, hooks=hooks).run(Person, "x", checks=[of_age])
    assert heard == [
        ("request", {"response_format"}),
        ("reply", "StatusError"),
        ("attempt", 1, "json_schema"),
        ("request", {"response_format"}),
        ("reply", "Completion"),
        ("issue", 2, "age must be 18 or more"),
        ("attempt", 2, "json_schema_lax"),
        ("request", {"response_format"}),
        ("reply", "Completion"),
        ("attempt", 3, "json_schema_lax"),
    ]


def test_hooks_are_told_of_an_attempt_that_ends_the_call(connect: Connect) -> None:
    heard: list[tuple[Any, ...]] = []
    with Endpoint(fault("refusal")) as endpoint, pytest.raises(structkit.Refusal):
        connect(endpoint.base_url).run(Person, "x", hooks=listening(heard))
    assert [told[0] for told in heard] == ["request", "reply", "issue", "attempt"]
    heard.clear()
    with Endpoint(Reply({"error": "no"}, 401)) as endpoint, pytest.raises(structkit.StatusError):
        connect(endpoint.base_url).run(Person, "x", hooks=listening(heard))
    assert [told[0] for told in heard] == ["request", "reply", "attempt"]


def test_hooks_see_what_is_sent_and_what_came(connect: Connect) -> None:
    requests, replies, attempts = [], [], []
    hooks = Hooks(
        before_request=requests.append,
        after_reply=lambda request, reply: replies.append((request, reply)),
        on_attempt=attempts.append,
    )
    with Endpoint(said()) as endpoint:
        result = connect(endpoint.base_url, hooks=hooks).run(Person, "x", temperature=0)
    assert [request.body for request in requests] == endpoint.requests
    assert replies == [(requests[0], result.completion)]
    assert attempts == [*result.attempts]


def test_a_retry_of_the_transports_is_one_request_to_hooks(connect: Connect) -> None:
    attempts: list[Attempt] = []
    with Endpoint(fault("server_error"), said()) as endpoint:
        connect(endpoint.base_url).run(Person, "x", hooks=Hooks(on_attempt=attempts.append))
    assert [(attempt.number, attempt.retries) for attempt in attempts] == [(1, 1)]


def test_hooks_of_the_call_go_before_the_clients(connect: Connect) -> None:
    mine: list[Any] = []
    own: list[Any] = []
    with Endpoint(said()) as endpoint:
        client = connect(endpoint.base_url, hooks=Hooks(on_attempt=mine.append))
        client.run(Person, "x", hooks=Hooks(on_attempt=own.append))
    assert (len(mine), len(own)) == (0, 1)


def test_what_a_hook_raises_ends_the_call(connect: Connect) -> None:
    def stop(_request: Any) -> None:
        raise PermissionError("over budget")

    with Endpoint(said()) as endpoint, pytest.raises(PermissionError, match="over budget"):
        connect(endpoint.base_url).run(Person, "x", hooks=Hooks(before_request=stop))
    assert endpoint.requests == []


def test_hooks_are_told_of_every_attempt_of_every_part_once(connect: Connect) -> None:
    small = Dialect("small", frozenset(), max_size=Size(3, 100, 1_000, 0, 100))
    fields: dict[str, Any] = {name: (int, Field(ge=0)) for name in "abcde"}
    wrong = {"a": -1, "d": -1}

    def answer(body: dict[str, Any]) -> Reply:
        asked = body["response_format"]["json_schema"]["schema"]["properties"]
        first = len(body["messages"]) == 1
        return text_reply(body, json.dumps({name: wrong.get(name, 1) if first else 1 for name in asked}))

    attempts: list[Attempt] = []
    with Endpoint(answer) as endpoint:
        client = connect(endpoint.base_url, dialect=small, hooks=Hooks(on_attempt=attempts.append))
        result = client.run(create_model("Five", **fields), "x")
    assert len(attempts) == len(result.attempts) == len(endpoint.requests) == 4
    assert all(any(told is attempt for told in attempts) for attempt in result.attempts)
