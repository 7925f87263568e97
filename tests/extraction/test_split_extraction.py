"""A type too large for one request: requested in parts at once, joined, and validated as one value."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, Field, create_model, model_validator

from structkit import InvalidOutput, StatusError
from structkit.dialects import Dialect, Size
from structkit.testing import Endpoint, Reply, completion
from structkit.values import JSON, Policy, Result

Connect = Callable[..., Any]
SMALL = Dialect("small", frozenset({"minimum", "const"}), max_size=Size(3, 100, 1_000, 0, 100))
FIELDS: dict[str, Any] = {name: (int, Field(ge=0)) for name in "abcde"}
Five = create_model("Five", **FIELDS)


class Ordered(Five):  # type: ignore[misc, valid-type]
    @model_validator(mode="after")
    def validate_order(self) -> Any:
        if self.a > self.e:
            raise ValueError("e must not be less than a")
        return self


def value_of(body: JSON, numbers: dict[str, int]) -> Reply:
    """Return the reply with the number of each requested property."""
    properties = body["response_format"]["json_schema"]["schema"]["properties"]
    return Reply(completion(json.dumps({name: numbers[name] for name in properties})))


def test_the_parts_are_separate_requests_and_one_value(connect: Connect) -> None:
    numbers = {name: position for position, name in enumerate("abcde")}
    with Endpoint(lambda body: value_of(body, numbers)) as endpoint:
        result = connect(endpoint.base_url, dialect=SMALL).run(Five, "count")
    properties = sorted([*body["response_format"]["json_schema"]["schema"]["properties"]] for body in endpoint.requests)
    assert properties == [["a", "b", "c"], ["d", "e"]]
    assert result.value == Five(**numbers)
    assert (len(result.attempts), result.usage.total_tokens) == (2, 30)


def test_a_continued_conversation_has_the_joined_value(connect: Connect) -> None:
    numbers = {name: position for position, name in enumerate("abcde")}
    with Endpoint(lambda body: value_of(body, numbers)) as endpoint:
        result = connect(endpoint.base_url, dialect=SMALL).run(Five, "count")
    assert [each.content for each in result.messages] == ["count", json.dumps(numbers)]


def test_only_the_invalid_part_is_re_asked(connect: Connect) -> None:
    first = {"a": 1, "b": 1, "c": 1, "d": -5, "e": 1}

    def answer(body: JSON) -> Reply:
        return value_of(body, first if len(body["messages"]) == 1 else {**first, "d": 5})

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url, dialect=SMALL).run(Five, "count")
    assert result.value.d == 5
    assert len(endpoint.requests) == 3
    assert "d: Input should be greater than or equal to 0 (got -5)" in endpoint.requests[2]["messages"][-1]["content"]


def test_an_issue_of_the_root_re_asks_every_part(connect: Connect) -> None:
    def answer(body: JSON) -> Reply:
        return value_of(body, dict.fromkeys("abcde", 1) | {"e": 0 if len(body["messages"]) == 1 else 2})

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url, dialect=SMALL).run(Ordered, "count")
    assert (result.value.a, result.value.e, len(endpoint.requests)) == (1, 2, 4)


def test_the_policy_limits_the_attempts_of_each_part(connect: Connect) -> None:
    with Endpoint(lambda body: value_of(body, dict.fromkeys("abcde", -1))) as endpoint:
        client = connect(endpoint.base_url, dialect=SMALL, policy=Policy(attempts=2))
        with pytest.raises(InvalidOutput, match="in 2 attempts") as caught:
            client.run(Five, "count")
    assert len(endpoint.requests) == len(caught.value.attempts) == 4


def test_the_error_of_a_part_has_the_attempts_of_all_parts(connect: Connect) -> None:
    def answer(body: JSON) -> Reply:
        properties = body["response_format"]["json_schema"]["schema"]["properties"]
        return Reply({"error": "no"}, status=401) if "e" in properties else value_of(body, dict.fromkeys("abcde", 1))

    with Endpoint(answer) as endpoint, pytest.raises(StatusError) as caught:
        connect(endpoint.base_url, dialect=SMALL).run(Five, "count")
    assert len(caught.value.attempts) == 2
    assert caught.value.usage.total_tokens == 15


def test_each_part_has_its_own_properties_of_the_examples(connect: Connect) -> None:
    with Endpoint() as endpoint:
        client = connect(endpoint.base_url, dialect=SMALL)
        client.run(Five, "count", examples=[("ones", Five(**dict.fromkeys("abcde", 1)))])
    examples = sorted(body["messages"][1]["content"] for body in endpoint.requests)
    assert examples == ['{"a": 1, "b": 1, "c": 1}', '{"d": 1, "e": 1}']


class Nested(BaseModel):
    left: Five  # type: ignore[valid-type]
    right: int


def test_a_nested_object_that_is_too_large_is_split(connect: Connect) -> None:
    with Endpoint() as endpoint:
        value = connect(endpoint.base_url, dialect=SMALL).extract(Nested, "count")
    assert value == Nested(left=Five(**dict.fromkeys("abcde", 0)), right=0)
    assert len(endpoint.requests) > 1


Origins = dict[tuple[str | int, ...], tuple[str, int]]


def origins_of(result: Result[Any]) -> Origins:
    return {path: (origin.how, origin.attempt) for path, origin in result.provenance.items()}


def test_every_place_of_the_joined_value_has_an_origin(connect: Connect) -> None:
    with Endpoint(lambda body: value_of(body, dict.fromkeys("abcde", 1))) as endpoint:
        result = connect(endpoint.base_url, dialect=SMALL).run(Five, "count")
    parts = dict.fromkeys("abc", 1) | dict.fromkeys("de", 2)
    assert origins_of(result) == {(name,): ("direct", attempt) for name, attempt in parts.items()}
    for (name,), origin in result.provenance.items():
        request = result.attempts[origin.attempt - 1].request
        assert name in request.fields["response_format"]["json_schema"]["schema"]["properties"]


def test_an_origin_counts_over_the_attempts_of_all_parts(connect: Connect) -> None:
    invalid = {"a": 1, "b": 1, "c": -5, "d": 1, "e": 1}

    def answer(body: JSON) -> Reply:
        return value_of(body, invalid if len(body["messages"]) == 1 else {**invalid, "c": 5})

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url, dialect=SMALL).run(Five, "count")
    assert len(result.attempts) == 3
    assert origins_of(result) == {(name,): ("direct", 2 if name in "abc" else 3) for name in "abcde"}


def test_the_origins_of_a_part_keep_its_repairs_and_defaults(connect: Connect) -> None:
    optional: dict[str, Any] = dict.fromkeys("abcde", (int | None, None))
    five = create_model("OptionalFive", **optional)

    def answer(body: JSON) -> Reply:
        names = body["response_format"]["json_schema"]["schema"]["properties"]
        text = json.dumps({name: 1 for name in names if name != "b"})
        return Reply(completion(f"```json\n{text}\n```" if "e" in names else text))

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url, dialect=SMALL).run(five, "count")
    assert origins_of(result) == {
        ("a",): ("direct", 1),
        ("b",): ("defaulted", 1),
        ("c",): ("direct", 1),
        ("d",): ("repaired", 2),
        ("e",): ("repaired", 2),
    }
    assert result.provenance["d",].repairs == ("code fence",)


def test_a_list_that_a_part_continues_has_salvaged_and_re_asked_places(connect: Connect) -> None:
    lists: dict[str, Any] = {"a": (int, ...), "b": (int, ...), "numbers": (list[int], ...), "d": (int, ...)}
    model = create_model("WithList", **lists)

    def answer(body: JSON) -> Reply:
        names = [*body["response_format"]["json_schema"]["schema"]["properties"]]
        if "numbers" in names:
            return Reply(completion('{"a": 1, "b": 1, "numbers": [1, 2, 3', finish_reason="length"))
        if "d" in names:
            return Reply(completion('{"d": 1}'))
        return Reply(completion(json.dumps({names[0]: [3, 4]})))

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url, dialect=SMALL).run(model, "count")
    assert result.value.model_dump() == {"a": 1, "b": 1, "numbers": [1, 2, 3, 4], "d": 1}
    assert origins_of(result) == {
        ("a",): ("salvaged", 1),
        ("b",): ("salvaged", 1),
        ("numbers", 0): ("salvaged", 1),
        ("numbers", 1): ("salvaged", 1),
        ("numbers", 2): ("re-asked", 2),
        ("numbers", 3): ("re-asked", 2),
        ("d",): ("direct", 3),
    }


def test_the_origins_of_a_split_nested_object_have_the_attempt_of_each_part(connect: Connect) -> None:
    with Endpoint() as endpoint:
        result = connect(endpoint.base_url, dialect=SMALL).run(Nested, "count")
    assert result.provenance.keys() == {*[("left", name) for name in "abcde"], ("right",)}
    assert len({origin.attempt for origin in result.provenance.values()}) == len(result.attempts)


def test_the_attempts_before_a_split_count_in_the_origins(connect: Connect) -> None:
    def answer(body: JSON) -> Reply:
        names = body["response_format"]["json_schema"]["schema"]["properties"]
        if len(names) > 3:
            message = "Invalid schema for 'five': 5 properties, at most 3."
            return Reply({"error": {"message": message}}, status=400)
        return value_of(body, dict.fromkeys("abcde", 1))

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url, model="gpt-4o").run(Five, "count")
    assert len(result.attempts) == len(endpoint.requests) == 3
    assert origins_of(result) == {(name,): ("direct", 2 if name in "abc" else 3) for name in "abcde"}
