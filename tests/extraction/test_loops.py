"""Replies that repeat themselves until a limit: the list ends with the first copy, and what followed is requested."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

import structkit
from structkit.parsing.loops import MIN_COPIES, find_item_loop, find_text_loop
from structkit.testing import Endpoint, Reply, completion
from structkit.testing.scripted_reply import requested_schema

Connect = Callable[..., Any]

TEXT = "The Harbour Run starts at Pier 7. Ann Lee speaks."
LOOP = '{"title": "Harbour Run", "speakers": ["Ann Lee", ' + '"Pier 7", ' * 30


class Event(BaseModel):
    title: str
    speakers: list[str]
    place: str | None


class Programme(BaseModel):
    title: str
    speakers: list[str]


def truncated(text: str) -> Reply:
    return Reply(completion(text, finish_reason="length"))


def requested_names(endpoint: Endpoint) -> list[list[str]]:
    """Return the properties that each request asks for."""
    return [[*(requested_schema(body) or {})["properties"]] for body in endpoint.requests]


def test_a_list_ends_with_the_first_copy_and_only_what_follows_it_is_requested(connect: Connect) -> None:
    with Endpoint(truncated(LOOP), '{"place": "Pier 7"}') as endpoint:
        result = connect(endpoint.base_url).run(Event, TEXT)
        assert requested_names(endpoint) == [["title", "speakers", "place"], ["place"]]
    assert result.value == Event(title="Harbour Run", speakers=["Ann Lee", "Pier 7"], place="Pier 7")
    assert str(result.warnings[0]) == (
        "speakers: the reply repeats the end of this list 30 times: it ends with the first of them"
    )
    assert result.attempts[0].repairs == ("repetition at speakers",)
    origin = result.provenance["speakers", 1]
    assert (origin.how, origin.repairs) == ("salvaged", ("repetition at speakers",))
    assert result.provenance["place",].how == "re-asked"


def test_a_loop_at_the_end_of_a_value_needs_no_further_request(connect: Connect) -> None:
    with Endpoint(truncated(LOOP)) as endpoint:
        result = connect(endpoint.base_url, policy=structkit.Policy(attempts=1)).run(Programme, TEXT)
        assert len(endpoint.requests) == 1
    assert result.value == Programme(title="Harbour Run", speakers=["Ann Lee", "Pier 7"])
    assert (result.repairs, len(result.warnings)) == (("repetition at speakers",), 1)
    assert json.loads(result.joined_text) == result.value.model_dump()


def test_objects_whose_texts_repeat_are_a_loop_even_if_they_count(connect: Connect) -> None:
    class Line(BaseModel):
        item: str
        quantity: int

    rows = [{"item": "tea", "quantity": 2}, *({"item": "T-9", "quantity": number} for number in range(20, 40))]
    with Endpoint(truncated('{"value": ' + json.dumps(rows)[:-9])) as endpoint:
        value = connect(endpoint.base_url).extract(list[Line], "2 tea, and 20 of T-9.")
    assert [line.quantity for line in value] == [2, 20]


def test_equal_rows_that_the_source_has_are_no_loop(connect: Connect) -> None:
    source = "\n".join(["red"] * 40)
    with Endpoint(truncated('{"value": [' + '"red", ' * 30), '{"rest": ' + json.dumps(["red"] * 10) + "}") as endpoint:
        result = connect(endpoint.base_url).run(list[str], source)
    assert (result.value, result.warnings, result.attempts[0].repairs) == (["red"] * 40, (), ())


def test_the_case_and_the_accents_of_a_repeated_item_do_not_matter(connect: Connect) -> None:
    source = "Colors: " + "CAF\u00c9 NOIR " * 40
    items = '"Cafe Noir", '
    with Endpoint(truncated('{"value": [' + items * 30), '{"rest": []}') as endpoint:
        result = connect(endpoint.base_url).run(list[str], source)
    assert (len(result.value), result.warnings) == (30, ())


@pytest.mark.parametrize(
    "prompt",
    [
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}]}],
        [{"role": "system", "content": "Read the colors."}],
    ],
    ids=["image", "no source"],
)
def test_without_a_text_to_compare_with_a_list_is_continued(connect: Connect, prompt: Any) -> None:
    with Endpoint(truncated('{"value": [' + '"red", ' * 30), '{"rest": ["red"]}') as endpoint:
        assert connect(endpoint.base_url).extract(list[str], prompt) == ["red"] * 31


@pytest.mark.parametrize("items", ["0, ", "true, ", "[0, 0], "])
def test_equal_numbers_are_no_loop(connect: Connect, items: str) -> None:
    with Endpoint(truncated('{"value": [' + items * 30), '{"rest": []}') as endpoint:
        assert len(connect(endpoint.base_url).extract(list[Any], "Zeros, please.")) == 30


def test_a_policy_without_the_repair_continues_the_list(connect: Connect) -> None:
    policy = structkit.Policy(repairs=structkit.REPAIRS - {"repetition"})
    with Endpoint(truncated(LOOP), '{"speakers_rest": [], "place": null}') as endpoint:
        result = connect(endpoint.base_url, policy=policy).run(Event, TEXT)
    assert (len(result.value.speakers), result.warnings) == (31, ())


def test_a_text_that_repeats_itself_is_requested_after_what_follows_it(connect: Connect) -> None:
    looped = '{"title": "' + "Harbour " * 40
    with Endpoint(truncated(looped), '{"speakers": [], "place": null, "title": "Harbour Run"}') as endpoint:
        result = connect(endpoint.base_url).run(Event, TEXT)
        assert requested_names(endpoint)[1] == ["speakers", "place", "title"]
        feedback = endpoint.requests[1]["messages"][-1]["content"]
    assert feedback == (
        "Your last reply was truncated:\nReply with a JSON object of these values alone: speakers, place, title."
    )
    assert result.value.title == "Harbour Run"


def test_a_truncated_record_keeps_its_complete_properties(connect: Connect) -> None:
    class Trip(BaseModel):
        guest: str
        event: Event
        nights: int = 1

    text = '{"guest": "Ann", "event": {"title": "Run", "speakers": ["Bo"], "place": "Pi'
    with Endpoint(truncated(text), '{"event_place": "Pier 7", "nights": 3}') as endpoint:
        result = connect(endpoint.base_url).run(Trip, TEXT)
    assert result.value.event == Event(title="Run", speakers=["Bo"], place="Pier 7")
    assert result.provenance["guest",].how == "salvaged"
    assert result.provenance["event", "place"].how == "re-asked"


def test_a_request_after_a_truncation_is_not_sent_twice(connect: Connect) -> None:
    looped = truncated('{"title": "' + "Harbour " * 40)
    with Endpoint(looped) as endpoint, pytest.raises(structkit.Truncated):
        connect(endpoint.base_url, policy=structkit.Policy(attempts=9)).run(Event, TEXT, temperature=0)
    assert len(endpoint.requests) == 2


def test_a_whole_list_that_repeats_itself_up_to_its_bound_ends_with_the_first_copy(connect: Connect) -> None:
    class Bounded(BaseModel):
        speakers: Annotated[list[str], Field(max_length=12)]
        place: str

    reply = json.dumps({"speakers": ["Ann Lee", *["Pier 7"] * 11], "place": "Pier 7"})
    with Endpoint(reply) as endpoint:
        result = connect(endpoint.base_url).run(Bounded, TEXT)
        assert len(endpoint.requests) == 1
    assert result.value.speakers == ["Ann Lee", "Pier 7"]
    assert (result.repairs, len(result.warnings)) == (("repetition at speakers",), 1)
    shorter = json.dumps({"speakers": ["Pier 7"] * 11, "place": "Pier 7"})
    with Endpoint(shorter) as endpoint:
        assert len(connect(endpoint.base_url).extract(Bounded, TEXT).speakers) == 11


def test_a_check_of_a_shortened_list_is_re_asked(connect: Connect) -> None:
    def two_speakers(value: Programme) -> str | None:
        return None if len(value.speakers) > 2 else "name at least three speakers"

    valid = '{"title": "Run", "speakers": ["a", "b", "c"]}'
    with Endpoint(truncated(LOOP), valid) as endpoint:
        assert connect(endpoint.base_url).extract(Programme, TEXT, checks=[two_speakers]).speakers == ["a", "b", "c"]


# The detector

ITEMS = st.text(st.characters(categories=["L"]), min_size=1, max_size=5)


def never(_item: Any, _copies: int) -> bool:
    return False


@given(st.lists(ITEMS, unique=True, max_size=40))
def test_a_list_without_equal_items_is_no_loop(items: list[str]) -> None:
    assert find_item_loop(items, never) is None


@given(st.lists(ITEMS, max_size=10), st.lists(ITEMS, unique=True, min_size=1, max_size=8), st.integers(MIN_COPIES, 30))
def test_a_list_that_repeats_its_end_is_a_loop(before: list[str], part: list[str], copies: int) -> None:
    items = [*before, *part * copies]
    loop = find_item_loop(items, never)
    assert loop is not None
    assert loop.size <= len(before) + len(part)
    assert loop.copies >= copies
    assert {*items} == {*items[: loop.size]}, "no item is lost"


@given(st.lists(ITEMS, max_size=10), ITEMS, st.integers(1, MIN_COPIES - 1))
def test_a_few_equal_items_are_no_loop(before: list[str], item: str, copies: int) -> None:
    assert find_item_loop([*dict.fromkeys(each for each in before if each != item), *[item] * copies], never) is None


@given(st.text(max_size=20), st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20), st.integers(0, 9))
def test_a_text_that_repeats_its_end_is_a_loop(before: str, part: str, extra_chars: int) -> None:
    text = before + part * 60 + part[: extra_chars % len(part)]
    loop = find_text_loop(text)
    assert loop is not None
    assert loop.size <= len(before) + len(part)


@given(st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), max_size=400, unique=True).map("".join))
def test_a_text_without_a_repetition_is_no_loop(text: str) -> None:
    assert find_text_loop(text + " and so on, until the end of a long sentence that says nothing twice") is None
