"""The caller's checks, the context of validators, and hooks: what they receive, and the effect of what they return."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, Field, ValidationInfo, create_model, field_validator

import structkit
from structkit.client.hooks import Hooks
from structkit.dialects import MODES, Dialect, Size
from structkit.errors import ConfigError
from structkit.extraction import soft
from structkit.testing import Endpoint, Reply, completion, fault
from structkit.testing.scripted_reply import requested_schema, text_reply
from structkit.values import Attempt, Issue, Usage

Connect = Callable[..., Any]
every_mode = pytest.mark.parametrize("mode", MODES)


class Person(BaseModel):
    name: str
    age: int
    notes: str = ""


LONG_NOTES = "Was born, lived, and wrote of it at some length. " * 10


def person_json(name: str = "Ada", age: int = 36, notes: str | None = None) -> str:
    """Return a reply."""
    return json.dumps({"name": name, "age": age, "notes": notes})


def of_age(person: Person) -> str | None:
    return "age must be 18 or more" if person.age < 18 else None


def age_issue(person: Person) -> Issue | None:
    return Issue(("age",), "must be 18 or more", str(person.age)) if person.age < 18 else None


async def async_of_age(person: Person) -> str | None:
    return of_age(person)


class AsyncCheck:
    """A check that is an object with an async `__call__`."""

    async def __call__(self, person: Person) -> str | None:
        return of_age(person)


# Checks


@every_mode
def test_the_issue_of_a_check_is_re_asked(connect: Connect, mode: str) -> None:
    with Endpoint(person_json(age=7), person_json()) as endpoint:
        result = connect(endpoint.base_url).run(Person, "x", mode=mode, checks=[of_age])
    assert (result.value.age, result.mode, len(endpoint.requests)) == (36, mode, 2)
    assert result.attempts[0].issues == (Issue((), "age must be 18 or more"),)
    assert "(root): age must be 18 or more" in endpoint.requests[1]["messages"][-1]["content"]


@every_mode
def test_the_place_of_a_check_issue_is_re_asked_separately(connect: Connect, mode: str) -> None:
    with Endpoint(person_json(age=7, notes=LONG_NOTES), '{"age": 37}') as endpoint:
        result = connect(endpoint.base_url).run(Person, "x", mode=mode, checks=[age_issue])
    assert result.value == Person(name="Ada", age=37, notes=LONG_NOTES)
    assert "age: must be 18 or more (got 7)" in endpoint.requests[1]["messages"][-1]["content"]
    assert {path for path, origin in result.provenance.items() if origin.how == "re-asked"} == {("age",)}


def test_a_check_receives_the_merged_value(connect: Connect) -> None:
    values: list[Person] = []

    def check(person: Person) -> Issue | None:
        values.append(person)
        return age_issue(person)

    with Endpoint(person_json(age=7, notes=LONG_NOTES), '{"age": 37}') as endpoint:
        connect(endpoint.base_url).run(Person, "x", checks=[check])
    assert values == [Person(name="Ada", age=7, notes=LONG_NOTES), Person(name="Ada", age=37, notes=LONG_NOTES)]


def test_every_check_runs_and_may_return_several_issues(connect: Connect) -> None:
    def several_issues(person: Person) -> list[str | Issue]:
        return ["first", Issue(("name",), "second")] if person.age < 18 else []

    with Endpoint(person_json(age=7), person_json()) as endpoint:
        result = connect(endpoint.base_url).run(Person, "x", checks=[several_issues, of_age])
    assert [issue.message for issue in result.attempts[0].issues] == ["first", "second", "age must be 18 or more"]


def test_checks_only_receive_values_of_the_type(connect: Connect) -> None:
    def assert_type(person: Person) -> None:
        assert isinstance(person, Person)

    with Endpoint('{"name": "Ada", "age": "?", "notes": null}', person_json()) as endpoint:
        assert connect(endpoint.base_url).extract(Person, "x", checks=[assert_type]).age == 36


def test_the_issue_of_a_check_counts_as_an_attempt(connect: Connect) -> None:
    with Endpoint(person_json(age=7)) as endpoint, pytest.raises(structkit.InvalidOutput, match="18 or more") as caught:
        connect(endpoint.base_url).run(Person, "x", checks=[of_age])
    assert (len(endpoint.requests), caught.value.usage) == (3, Usage(30, 15, 45))
    assert caught.value.issues == (Issue((), "age must be 18 or more"),)


def test_the_issue_of_a_check_does_not_change_the_mode(connect: Connect) -> None:
    with Endpoint(person_json(age=7)) as endpoint, pytest.raises(structkit.InvalidOutput) as caught:
        connect(endpoint.base_url).run(Person, "x", checks=[of_age])
    assert {attempt.mode for attempt in caught.value.attempts} == {"json_schema"}


def test_the_first_choice_that_passes_the_checks_is_the_value(connect: Connect) -> None:
    with Endpoint(Reply(completion(person_json(age=7), person_json()))) as endpoint:
        result = connect(endpoint.base_url).run(Person, "x", n=2, checks=[of_age])
    assert (result.value.age, len(endpoint.requests)) == (36, 1)


def test_the_issue_of_a_soft_check_is_a_warning_and_is_not_re_asked(connect: Connect) -> None:
    with Endpoint(person_json(age=7)) as endpoint:
        result = connect(endpoint.base_url).run(Person, "x", checks=[soft(of_age), soft(lambda _: None)])
    assert (result.value.age, len(endpoint.requests)) == (7, 1)
    assert result.warnings == (Issue((), "age must be 18 or more"),)
    assert result.attempts[0].issues == ()


def test_checks_of_the_client_apply_to_each_call_unless_the_call_has_its_own(connect: Connect) -> None:
    with Endpoint(person_json(age=7)) as endpoint:
        client = connect(endpoint.base_url, checks=[soft(of_age)])
        assert len(client.run(Person, "x").warnings) == 1
        assert client.run(Person, "x", checks=[]).warnings == ()


def test_an_exception_of_a_check_is_an_issue(connect: Connect) -> None:
    def raising_check(person: Person) -> None:
        if person.age < 18:
            raise LookupError(person.name)

    with Endpoint(person_json(age=7), person_json()) as endpoint:
        result = connect(endpoint.base_url).run(Person, "x", checks=[raising_check])
    assert (result.value.age, len(endpoint.requests)) == (36, 2)
    assert "LookupError('Ada')" in result.attempts[0].issues[0].cause


class Unreadable(Exception):
    """An exception whose text cannot be read."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_an_exception_of_a_validator_whose_text_cannot_be_read_is_an_issue(connect: Connect) -> None:
    def fail(_: int) -> int:
        raise Unreadable

    with Endpoint('{"value": 3}') as endpoint, pytest.raises(structkit.InvalidOutput, match="Unreadable, whose text"):
        connect(endpoint.base_url).run(Annotated[int, AfterValidator(fail)], "x")


@pytest.mark.parametrize("check", [async_of_age, AsyncCheck(), soft(async_of_age)], ids=["function", "object", "soft"])
def test_the_blocking_client_rejects_async_checks(check: Any) -> None:
    with Endpoint(person_json()) as endpoint, pytest.raises(structkit.ConfigError, match="AsyncClient"):
        structkit.Client("fake", base_url=endpoint.base_url).run(Person, "x", checks=[check])
    assert endpoint.requests == []


@pytest.mark.parametrize("check", [async_of_age, AsyncCheck()], ids=["function", "object"])
def test_the_issue_of_an_async_check_is_re_asked(connect_later: Connect, check: Any) -> None:
    with Endpoint(person_json(age=7), person_json()) as endpoint:
        result = connect_later(endpoint.base_url).run(Person, "x", checks=[check])
    assert (result.value.age, len(endpoint.requests), len(result.attempts)) == (36, 2, 2)
    assert result.attempts[0].issues == (Issue((), "age must be 18 or more"),)
    with Endpoint(person_json(age=7)) as endpoint, pytest.raises(structkit.InvalidOutput, match="3 attempts") as caught:
        connect_later(endpoint.base_url).run(Person, "x", checks=[check])
    assert (len(endpoint.requests), caught.value.usage) == (3, Usage(30, 15, 45))


def test_an_async_check_may_warn_or_return_a_path(connect_later: Connect) -> None:
    async def async_age_issue(person: Person) -> Issue | None:
        return age_issue(person)

    async def warn_of_odd(person: Person) -> str | None:
        return "37 is odd" if person.age % 2 else None

    with Endpoint(person_json(age=7, notes=LONG_NOTES), '{"age": 37}') as endpoint:
        result = connect_later(endpoint.base_url).run(
            Person, "x", checks=[async_age_issue, soft(warn_of_odd), soft(lambda _: "hm")]
        )
    assert (result.value, len(endpoint.requests)) == (Person(name="Ada", age=37, notes=LONG_NOTES), 2)
    assert [issue.message for issue in result.warnings] == ["hm", "37 is odd"]


# The context of validators


class KnownCity(BaseModel):
    city: str

    @field_validator("city")
    @classmethod
    def validate_city(cls, city: str, info: ValidationInfo) -> str:
        if city not in (info.context or {"cities": [city]})["cities"]:
            raise ValueError("no such city")
        return city


@every_mode
def test_validators_receive_the_context_of_the_call(connect: Connect, mode: str) -> None:
    with Endpoint('{"city": "Atlantis"}', '{"city": "Basel"}') as endpoint:
        client = connect(endpoint.base_url)
        result = client.run(KnownCity, "x", mode=mode, context={"cities": ["Basel"]})
    assert (result.value.city, len(endpoint.requests)) == ("Basel", 2)
    assert result.attempts[0].issues[0].path == ("city",)
    with Endpoint('{"city": "Atlantis"}') as endpoint:
        assert connect(endpoint.base_url).run(KnownCity, "x", mode=mode).value.city == "Atlantis"


def test_validators_receive_the_context_for_patches_and_repaired_replies(connect: Connect) -> None:
    class Trip(BaseModel):
        diary: str
        stop: KnownCity

    first = json.dumps({"diary": LONG_NOTES, "stop": {"city": "Atlantis"}})
    with Endpoint(f"```json\n{first}\n```", '{"stop_city": "Thule"}', first.replace("Atlantis", "Basel")) as endpoint:
        result = connect(endpoint.base_url).run(Trip, "x", mode="prompt", context={"cities": ["Basel"]})
    assert (result.value.stop.city, len(endpoint.requests)) == ("Basel", 3)
    assert [len(attempt.issues) for attempt in result.attempts] == [1, 1, 0]


class StrictCity(BaseModel):
    city: str
    a: int = 0
    b: int = 0
    c: int = 0

    @field_validator("city")
    @classmethod
    def validate_city(cls, city: str, info: ValidationInfo) -> str:
        if info.context is None or city not in info.context["cities"]:
            raise ValueError("no such city")
        return city


BASEL = {"cities": ["Basel"]}


def test_validators_of_a_type_that_is_split_receive_the_context(connect: Connect) -> None:
    def answer(body: dict[str, Any]) -> Reply:
        values: dict[str, Any] = {"city": "Basel", "a": 1, "b": 2, "c": 3}
        properties = body["response_format"]["json_schema"]["schema"]["properties"]
        return text_reply(body, json.dumps({name: values[name] for name in properties}))

    small = Dialect("small", frozenset(), max_size=Size(3, 100, 1_000, 100, 100))
    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url, dialect=small).run(StrictCity, "x", context=BASEL)
    assert (result.value, len(endpoint.requests)) == (StrictCity.model_construct(city="Basel", a=1, b=2, c=3), 2)


def test_validators_receive_the_context_for_a_truncated_list(connect: Connect) -> None:
    cities = json.dumps({"value": [{"city": "Basel", "a": 1, "b": 2, "c": 3}] * 2})
    truncated = Reply(completion(cities[:-10], finish_reason="length"))
    with Endpoint(truncated, '{"rest": []}') as endpoint:
        value = connect(endpoint.base_url).extract(list[StrictCity], "x", context=BASEL)
    assert [city.city for city in value] == ["Basel"]
    assert [*requested_schema(endpoint.requests[1])["properties"]] == ["rest"]


def test_validators_receive_the_context_for_examples(connect: Connect) -> None:
    example = StrictCity.model_construct(city="Basel")
    with Endpoint('{"city": "Basel", "a": 1, "b": 2, "c": 3}') as endpoint:
        value = connect(endpoint.base_url).extract(StrictCity, "x", context=BASEL, examples=[("y", example)])
    assert (value.city, len(endpoint.requests)) == ("Basel", 1)


# Hooks


def recording_hooks(events: list[tuple[Any, ...]]) -> Hooks:
    """Return hooks that append each of their calls to a list."""
    return Hooks(
        before_request=lambda request: events.append(("request", request.fields.keys())),
        after_reply=lambda request, reply: events.append(("reply", type(reply).__name__)),
        on_issue=lambda issue, attempt: events.append(("issue", attempt.number, issue.message)),
        on_attempt=lambda attempt: events.append(("attempt", attempt.number, attempt.mode)),
    )


def test_hooks_are_called_in_order(connect: Connect) -> None:
    events: list[tuple[Any, ...]] = []
    with Endpoint(fault("rejects_response_format"), person_json(age=7), person_json()) as endpoint:
        hooks = recording_hooks(events)
        connect(endpoint.base_url, hooks=hooks).run(Person, "x", checks=[of_age])
    assert events == [
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


def test_hooks_are_called_for_an_attempt_that_ends_the_call(connect: Connect) -> None:
    events: list[tuple[Any, ...]] = []
    with Endpoint(fault("refusal")) as endpoint, pytest.raises(structkit.Refusal):
        connect(endpoint.base_url).run(Person, "x", hooks=recording_hooks(events))
    assert [event[0] for event in events] == ["request", "reply", "issue", "attempt"]
    events.clear()
    with Endpoint(Reply({"error": "no"}, 401)) as endpoint, pytest.raises(structkit.StatusError):
        connect(endpoint.base_url).run(Person, "x", hooks=recording_hooks(events))
    assert [event[0] for event in events] == ["request", "reply", "attempt"]


def test_hooks_receive_requests_replies_and_attempts(connect: Connect) -> None:
    requests, replies, attempts = [], [], []
    hooks = Hooks(
        before_request=requests.append,
        after_reply=lambda request, reply: replies.append((request, reply)),
        on_attempt=attempts.append,
    )
    with Endpoint(person_json()) as endpoint:
        result = connect(endpoint.base_url, hooks=hooks).run(Person, "x", temperature=0)
    assert [request.body for request in requests] == endpoint.requests
    assert replies == [(requests[0], result.completion)]
    assert attempts == [*result.attempts]


def test_a_request_and_its_retries_are_one_request_to_hooks(connect: Connect) -> None:
    attempts: list[Attempt] = []
    with Endpoint(fault("server_error"), person_json()) as endpoint:
        connect(endpoint.base_url).run(Person, "x", hooks=Hooks(on_attempt=attempts.append))
    assert [(attempt.number, attempt.retries) for attempt in attempts] == [(1, 1)]


def test_hooks_of_the_call_replace_those_of_the_client(connect: Connect) -> None:
    client_attempts: list[Any] = []
    call_attempts: list[Any] = []
    with Endpoint(person_json()) as endpoint:
        client = connect(endpoint.base_url, hooks=Hooks(on_attempt=client_attempts.append))
        client.run(Person, "x", hooks=Hooks(on_attempt=call_attempts.append))
    assert (len(client_attempts), len(call_attempts)) == (0, 1)


def test_an_exception_of_a_hook_ends_the_call(connect: Connect) -> None:
    def raise_error(_request: Any) -> None:
        raise PermissionError("over budget")

    with Endpoint(person_json()) as endpoint, pytest.raises(PermissionError, match="over budget"):
        connect(endpoint.base_url).run(Person, "x", hooks=Hooks(before_request=raise_error))
    assert endpoint.requests == []


def test_hooks_are_called_once_for_every_attempt_of_every_part(connect: Connect) -> None:
    small = Dialect("small", frozenset(), max_size=Size(3, 100, 1_000, 0, 100))
    fields: dict[str, Any] = {name: (int, Field(ge=0)) for name in "abcde"}
    invalid = {"a": -1, "d": -1}

    def answer(body: dict[str, Any]) -> Reply:
        properties = body["response_format"]["json_schema"]["schema"]["properties"]
        first = len(body["messages"]) == 1
        return text_reply(body, json.dumps({name: invalid.get(name, 1) if first else 1 for name in properties}))

    attempts: list[Attempt] = []
    with Endpoint(answer) as endpoint:
        client = connect(endpoint.base_url, dialect=small, hooks=Hooks(on_attempt=attempts.append))
        result = client.run(create_model("Five", **fields), "x")
    assert len(attempts) == len(result.attempts) == len(endpoint.requests) == 4
    assert all(any(each is attempt for each in attempts) for attempt in result.attempts)


def test_a_check_that_returns_no_outcome_ends_the_call_after_one_request(connect: Connect) -> None:
    def is_adult(person: Person) -> bool:
        return person.age >= 18

    with Endpoint(person_json(), person_json()) as endpoint:
        with pytest.raises(ConfigError, match="the check is_adult returned bool; expected None, a text"):
            connect(endpoint.base_url).run(Person, "x", checks=[is_adult])
        assert len(endpoint.requests) == 1
