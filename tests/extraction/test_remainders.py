"""Replies to the request for the rest of a truncated list: what they have is never lost without an issue."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from structkit import Policy
from structkit.errors import InvalidOutput, Truncated
from structkit.testing import Endpoint, Reply, completion

Connect = Callable[..., Any]


class Meeting(BaseModel):
    place: str
    people: list[str]


TRUNCATED = Reply(completion('{"place": "Leeds", "people": ["Ada", "Grace", "Hed', finish_reason="length"))
COMPLETE_REPLY = '{"place": "Leeds", "people": ["Ada", "Grace", "Hedy", "Mary"]}'


@pytest.mark.parametrize(
    "reply", ['["Hedy", "Mary"]', '{"people_rest": {"people": ["Hedy", "Mary"]}}', '{"people_rest": true}'], ids=str
)
def test_a_rest_in_another_form_is_an_issue(connect: Connect, reply: str) -> None:
    with Endpoint(TRUNCATED, reply, COMPLETE_REPLY) as endpoint:
        result = connect(endpoint.base_url).run(Meeting, "Who?", mode="json_schema")
    assert result.value.people == ["Ada", "Grace", "Hedy", "Mary"]
    assert len(result.attempts[1].issues) == 1
    with Endpoint(TRUNCATED, reply) as endpoint, pytest.raises(InvalidOutput):
        connect(endpoint.base_url).run(Meeting, "Who?", mode="json_schema")


def test_after_a_rest_that_cannot_be_used_the_model_learns_why_it_writes_everything(connect: Connect) -> None:
    with Endpoint(TRUNCATED, '["Hedy", "Mary"]', COMPLETE_REPLY) as endpoint:
        connect(endpoint.base_url).run(Meeting, "Who?", mode="json_schema")
        assert endpoint.requests[2]["messages"][-1]["content"] == (
            "Your last reply was truncated. Reply again with the whole JSON, from its start, and nothing else."
        )


@pytest.mark.parametrize("reply", [["Ada", "Grace", "Hedy", "Mary"], ["Hedy", "Mary"]], ids=["whole", "rest"])
def test_a_rest_that_starts_over_is_not_added_twice(connect: Connect, reply: list[str]) -> None:
    with Endpoint(TRUNCATED, json.dumps({"people_rest": reply})) as endpoint:
        result = connect(endpoint.base_url).run(Meeting, "Who?", mode="json_schema")
    assert result.value.people == ["Ada", "Grace", "Hedy", "Mary"]


def test_a_reply_that_stays_truncated_is_told_of_with_the_name_of_the_type(connect: Connect) -> None:
    still_truncated = Reply(completion('{"people_rest": ["Hed', finish_reason="length"))
    with Endpoint(TRUNCATED, still_truncated) as endpoint, pytest.raises(Truncated, match=r"texts of meeting$"):
        connect(endpoint.base_url).run(Meeting, "Who?", mode="json_schema", policy=Policy(attempts=2))


class Visit(BaseModel):
    city: str
    note: str | None = None
    days: dict[str, int] = {}


VISITS = '[{"city": "Rome", "note": null, "days": [{"key": "May", "value": 2}]}, {"city": "Ber'


@pytest.mark.parametrize("form", ["VISITS", '{"value": VISITS', "```json\nVISITS"], ids=["bare", "box", "fence"])
def test_a_truncated_list_is_continued_with_its_box_or_without(connect: Connect, form: str) -> None:
    truncated = Reply(completion(form.replace("VISITS", VISITS), finish_reason="length"))
    with Endpoint(truncated, '{"rest": [{"city": "Bern", "note": "cold", "days": []}]}') as endpoint:
        result = connect(endpoint.base_url).run(list[Visit], "Where?", mode="json_schema")
    assert result.value == [Visit(city="Rome", days={"May": 2}), Visit(city="Bern", note="cold")]


@pytest.mark.parametrize("form", ["MEETING", '{"value": MEETING'], ids=["bare", "box"])
def test_a_truncated_object_of_an_optional_type_is_continued(connect: Connect, form: str) -> None:
    text = form.replace("MEETING", '{"place": "Leeds", "people": ["Ada", "Gra')
    with Endpoint(Reply(completion(text, finish_reason="length")), '{"people_rest": ["Grace"]}') as endpoint:
        result = connect(endpoint.base_url).run(Meeting | None, "Who?", mode="json_schema")
    assert result.value == Meeting(place="Leeds", people=["Ada", "Grace"])


@pytest.mark.parametrize(
    ("new_people", "has_warning"), [(["Grace", "Hedy"], True), (["Hedy", "Grace"], False)], ids=str
)
def test_a_rest_that_begins_with_the_last_item_is_kept_and_named(
    connect: Connect, new_people: list[str], has_warning: bool
) -> None:
    with Endpoint(TRUNCATED, json.dumps({"people_rest": new_people})) as endpoint:
        result = connect(endpoint.base_url).run(Meeting, "Who?", mode="json_schema")
    assert result.value.people == ["Ada", "Grace", *new_people]
    assert [str(warning) for warning in result.warnings] == [
        "people[2]: this item equals the one before it, after which the reply was truncated: the rest may repeat it"
    ] * has_warning


def test_a_rest_that_begins_with_the_last_item_is_named_although_it_is_truncated_too(connect: Connect) -> None:
    second_truncation = Reply(completion('{"people_rest": ["Grace", "Hedy", "Ma', finish_reason="length"))
    with Endpoint(TRUNCATED, second_truncation, '{"people_rest": ["Mary"]}') as endpoint:
        result = connect(endpoint.base_url).run(Meeting, "Who?", mode="json_schema")
    assert result.value.people == ["Ada", "Grace", "Grace", "Hedy", "Mary"]
    assert [warning.path for warning in result.warnings] == [("people", 2)]


@pytest.mark.parametrize("count", [2, 3])
def test_a_rest_that_begins_with_several_of_the_last_items_does_not_double_them(connect: Connect, count: int) -> None:
    people = ["Ada", "Grace", "Hedy", "Mary"]
    text = '{"place": "Leeds", "people": ["Ada", "Grace", "Hedy", "Mary", "Jo'
    reply = json.dumps({"people_rest": [*people[-count:], "Joan"]})
    with Endpoint(Reply(completion(text, finish_reason="length")), reply) as endpoint:
        result = connect(endpoint.base_url).run(Meeting, "Who?", mode="json_schema")
    assert result.value.people == [*people, "Joan"]
    assert result.warnings == ()


class Paint(BaseModel):
    color: str = "blue"
    coats: int | None = None


class Wall(BaseModel):
    number: int
    paint: Paint = Paint()


class House(BaseModel):
    name: str
    walls: list[Wall]


def test_a_key_in_another_spelling_is_read_in_a_truncated_list(connect: Connect) -> None:
    walls = '[{"number": 1, "paint": {"Color": "red"}}, {"number": 2, "paint": {"col'
    truncated = Reply(completion(f'{{"name": "Villa", "walls": {walls}', finish_reason="length"))
    reply = json.dumps({"walls_rest": [{"number": 2, "paint": None}]})
    with Endpoint(truncated, reply) as endpoint:
        result = connect(endpoint.base_url).run(House, "Which walls?", mode="json_schema")
    assert result.value.walls == [Wall(number=1, paint=Paint(color="red")), Wall(number=2)]
    assert "spelling at walls[0].paint.color" in result.attempts[0].repairs


class Delivery(BaseModel):
    weights: list[float]
    note: str | None = None


@pytest.mark.parametrize(
    ("text", "repair"),
    [
        ('{"weights": ["12 kg", 3, 4', "number in text at weights[0]"),
        ('{"Weights": [12, 3, 4', "spelling at weights"),
        ('{"delivery": {"weights": [12, [3], 4', "list for item at weights[1]"),
        ('Here you are:\n```json\n{"weights": [12, 3, 4', "code fence"),
        ('<think>[1, 2?</think>{"weights": [12, 3, 4', "think block"),
    ],
    ids=str,
)
def test_the_items_of_a_truncated_list_are_repaired_and_not_requested_again(
    connect: Connect, text: str, repair: str
) -> None:
    truncated = Reply(completion(text, finish_reason="length"))
    with Endpoint(truncated, '{"weights_rest": [40], "note": null}') as endpoint:
        result = connect(endpoint.base_url).run(Delivery, "How heavy?", mode="json_schema")
    assert result.value == Delivery(weights=[12, 3, 40])
    assert repair in result.attempts[0].repairs
    assert len(result.attempts) == 2


def test_a_truncated_list_is_not_repaired_where_no_repair_is_allowed(connect: Connect) -> None:
    truncated = Reply(completion('{"weights": ["12 kg", 3, 4', finish_reason="length"))
    reply = '{"weights_rest": [40], "weights_0": 12, "note": null}'
    with Endpoint(truncated, reply, '{"weights": [12, 3, 40], "note": null}') as endpoint:
        result = connect(endpoint.base_url).run(Delivery, "?", mode="json_schema", policy=Policy(repairs=False))
    assert result.value == Delivery(weights=[12, 3, 40])
    assert result.attempts[0].repairs == ()


@pytest.mark.parametrize("count", [0, 1])
def test_a_truncated_list_is_continued_before_an_item_that_would_be_its_defaults(connect: Connect, count: int) -> None:
    complete = [{"number": number, "paint": None} for number in range(count)]
    walls = json.dumps([*complete, {"number": 7, "paint": {"error": "overloaded"}}])[:-1]
    truncated = Reply(completion(f'{{"name": "Villa", "walls": {walls}, {{"number": 8, "pa', finish_reason="length"))
    reply = json.dumps({"walls_rest": [{"number": 7, "paint": {"color": "red", "coats": 2}}]})
    with Endpoint(truncated, reply) as endpoint:
        result = connect(endpoint.base_url).run(House, "Which walls?", mode="json_schema")
        assert f"walls has {count} items so far" in endpoint.requests[1]["messages"][-1]["content"]
    assert result.value.walls[count:] == [Wall(number=7, paint=Paint(color="red", coats=2))]
