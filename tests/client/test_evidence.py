"""`evidence=`: where the values of a call are in what the caller passed, and what happens to those that are not."""

from __future__ import annotations

import asyncio
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from inline_snapshot import snapshot
from pydantic import BaseModel, Field, create_model, model_validator
from stable_ids import stable_id

import structkit
from structkit import ConfigError, File, InvalidOutput, Judged, Message, Policy, Span, TextSource, soft
from structkit.dialects import MODES, Dialect, Size
from structkit.testing import Endpoint, call, completion, fault
from structkit.testing.scripted_reply import requested_schema
from tests.conftest import connecting

Connect = Callable[..., Any]
every_mode = pytest.mark.parametrize("mode", MODES)


class Letter(BaseModel):
    name: str
    city: str
    total: float | None
    tone: Literal["kind", "curt"]


TEXT = "To: SMITH, John. Kiel, 3 May. Total 1.299,50 EUR."


def letter_json(**changes: Any) -> str:
    """Return a reply."""
    return json.dumps({"name": "John Smith", "city": "Kiel", "total": 1299.5, "tone": "kind", **changes})


def how(result: Any) -> dict[str, str]:
    """Return how each field of a letter was found."""
    return {path[0]: each.how for path, each in result.evidence.items()}


# Where values are


def test_a_result_has_the_evidence_of_its_value_if_it_is_asked_for(connect: Connect) -> None:
    with Endpoint(letter_json()) as endpoint:
        client = connect(endpoint.base_url)
        plain, result = client.run(Letter, TEXT), client.run(Letter, TEXT, evidence=True)
    assert plain.evidence is None
    assert how(result) == {"name": "words", "city": "exact", "total": "number", "tone": "judged"}
    assert result.evidence["total",].spans == (Span(36, 44),)
    assert (result.evidence.missing, result.evidence.ambiguous) == ((), ())
    assert result.evidence.keys() == result.provenance.keys()
    assert endpoint.requests[0] == endpoint.requests[1], "nothing else is sent"


def test_evidence_may_be_a_default_of_the_client_that_a_call_switches_off(connect: Connect) -> None:
    with Endpoint(letter_json(city="Bonn")) as endpoint:
        client = connect(endpoint.base_url, evidence=True)
        assert client.run(Letter, TEXT).evidence.missing == (("city",),)
        assert client.run(Letter, TEXT, evidence=False).evidence is client.run(Letter, TEXT, evidence=None).evidence
        assert client.extract(Letter, TEXT).city == "Bonn"


def test_a_result_with_evidence_is_data(connect: Connect) -> None:
    with Endpoint(letter_json(city="Bonn")) as endpoint:
        result = connect(endpoint.base_url).run(Letter, TEXT, evidence=True)
    assert pickle.loads(pickle.dumps(result)).evidence == result.evidence
    assert "missing='city'" in repr(result).replace("missing=city", "missing='city'")
    evidence = json.loads(json.dumps(result.to_dict()))["evidence"]
    assert evidence[2] == {"path": "total", "spans": [[36, 44]], "how": "number", "text": "1.299,50"}


def test_the_evidence_of_a_stream_is_that_of_its_result() -> None:
    replies = letter_json(), '{"value": ["Kiel", "Bonn"]}'
    with Endpoint(*replies) as endpoint, structkit.Client("fake", base_url=endpoint.base_url) as client:
        letter = client.stream(Letter, TEXT, evidence=True).result()
        cities = client.stream_items(list[str], TEXT, evidence=True).result()
    assert how(letter)["name"] == "words"
    assert cities.evidence is not None
    assert cities.evidence.missing == ((1,),)


# What is a source


def test_instructions_examples_and_replies_are_not_sources(connect: Connect) -> None:
    example = Letter(name="Ann Lee", city="Bonn", total=7, tone="kind")
    prompt = [
        Message("system", "Bonn is a city."),
        Message("user", "To: SMITH, John."),
        Message("assistant", "Is he in Bonn?"),
        Message("user", "Total 1.299,50 EUR."),
    ]
    with Endpoint(letter_json(city="Bonn")) as endpoint:
        result = connect(endpoint.base_url).run(
            Letter, prompt, evidence=True, instructions="Bonn", examples=[("From Bonn", example)]
        )
    assert result.evidence.missing == (("city",),)
    assert result.evidence.sources == (
        TextSource("To: SMITH, John.", (1,)),
        TextSource("Total 1.299,50 EUR.", (3,)),
    )
    assert result.evidence["total",].spans == (Span(6, 14, 1),)
    assert result.to_dict()["evidence"][2]["spans"] == [[6, 14, "[3]"]]


def test_a_value_is_not_found_across_two_messages(connect: Connect) -> None:
    prompt = [Message("user", "To: John"), Message("user", "Smith in Kiel: 1.299,50")]
    with Endpoint(letter_json()) as endpoint:
        result = connect(endpoint.base_url).run(Letter, prompt, evidence=True)
    assert result.evidence.missing == (("name",),)


@pytest.mark.parametrize("evidence", [True, "null", "require"])
def test_a_prompt_without_text_is_rejected_before_anything_is_sent(connect: Connect, evidence: Any) -> None:
    image = File(b"\x89PNG\r\n\x1a\n")
    with Endpoint(letter_json()) as endpoint, pytest.raises(ConfigError, match="needs a text to look in"):
        connect(endpoint.base_url).run(Letter, [image], evidence=evidence)
    assert not endpoint.requests


def test_a_misspelt_choice_is_rejected(connect: Connect) -> None:
    with Endpoint(letter_json()) as endpoint, pytest.raises(ConfigError, match="not 'required'"):
        connect(endpoint.base_url).run(Letter, TEXT, evidence="required")
    with pytest.raises(ConfigError, match="evidence must be"):
        structkit.Client("fake", base_url="http://127.0.0.1:9", evidence="nul")  # type: ignore[arg-type]


# Decorated functions


def run(kind: type[Any], function: Any, *arguments: Any, evidence: Any = True) -> Any:
    """Return the result of a function that was decorated for a client of that kind, and called."""
    with Endpoint(letter_json()) as endpoint:
        client = kind("fake", base_url=endpoint.base_url)
        outcome = structkit.prompt(Letter, client=client, evidence=evidence)(function).run(*arguments)
        if kind is structkit.Client:
            return outcome

        async def work() -> Any:
            async with client:
                return await outcome

        return asyncio.run(work())


def test_the_sources_of_a_function_are_its_arguments() -> None:
    def read_letter(text: str) -> str:
        return f"Smith is not in Kiel. Read the letter:\n{text}"

    async def read_letter_later(text: str) -> str:
        return read_letter(text)

    results = run(structkit.Client, read_letter, TEXT), run(structkit.AsyncClient, read_letter_later, TEXT)
    for result in results:
        assert result.evidence.sources == (TextSource(TEXT, ("text",)),)
        assert result.evidence["city",].spans == (Span(17, 21),)


def test_the_docstring_of_a_function_is_not_a_source() -> None:
    with Endpoint(letter_json(city="Bonn", tone="kind")) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url, evidence=True)

        @structkit.prompt(client=client)
        def read_letter(letter: str, note: str | None = None) -> Letter:  # type: ignore[empty-body]
            """Read the letter, as far as it was not written in Bonn: {letter} {note}"""

        result = read_letter.run(TEXT)
    assert result.evidence is not None
    assert result.evidence.missing == (("city",),)
    assert result.evidence.sources == (TextSource(TEXT, ("letter",)),)


def test_the_prompt_is_the_source_if_a_function_reads_its_text_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "Kiel.txt"
    path.write_text(TEXT, encoding="utf-8")

    def read_file(path: str) -> str:
        return f"Read: {Path(path).read_text(encoding='utf-8')}"

    def read_record(number: str) -> str:
        return f"{number}: {TEXT * 3}"

    assert run(structkit.Client, read_file, str(path)).evidence.sources == (TextSource(f"Read: {TEXT}"),)
    assert run(structkit.Client, read_record, "7").evidence.sources == (TextSource(f"7: {TEXT * 3}"),)


def test_texts_within_arguments_are_sources() -> None:
    def read_mails(mails: list[str], words: int) -> list[Any]:
        return [Message("user", each) for each in mails] + [Message("user", f"In {words} words, please")]

    result = run(structkit.Client, read_mails, ["To: SMITH, John.", "Kiel: 1.299,50 EUR"], 50)
    sources = [source.path for source in result.evidence.sources]
    assert sources == [("mails", 0), ("mails", 1), ("words",)]
    assert how(result) == {"name": "words", "city": "exact", "total": "number", "tone": "judged"}


def test_what_a_tool_returns_is_a_source(connect: Connect) -> None:
    def find_city(name: str) -> str:
        """Find the city of a person."""
        return f"{name} lives in Kiel"

    text = "To: SMITH, John. Total 1.299,50 EUR."
    replies = [call("find_city", name="Smith"), letter_json()]
    with Endpoint(*replies) as endpoint:
        result = connect(endpoint.base_url).run(Letter, text, evidence=True, tools=[find_city])
    assert result.evidence.sources[1] == TextSource("Smith lives in Kiel", ("tool_calls", 0))
    assert result.evidence["city",].spans == (Span(15, 19, 1),)


# Values that are not there: evidence="null"


class Item(BaseModel):
    article: str
    price: float | None = None
    kind: Literal["good", "service"] = "good"


class Order(BaseModel):
    customer: str | None
    number: str
    items: list[Item]
    note: Annotated[str | None, Judged] = None


ORDER_TEXT = "Order A-17 of Acme GmbH: bolts at 3,50 and nuts at 2,25 each."


def order_json(**changes: Any) -> str:
    """Return a reply with an item and a customer that are not in the text."""
    items = [
        {"article": "bolts", "price": 3.5, "kind": "good"},
        {"article": "washers", "price": 9.75, "kind": "service"},
        {"article": "nuts", "price": 8.5, "kind": "good"},
    ]
    return json.dumps({"customer": "Ajax AG", "number": "A-17", "items": items, "note": "An order.", **changes})


def test_what_is_not_in_the_text_becomes_null_and_items_are_dropped(connect: Connect) -> None:
    with Endpoint(order_json()) as endpoint:
        result = connect(endpoint.base_url).run(Order, ORDER_TEXT, evidence="null")
    items = [Item(article="bolts", price=3.5), Item(article="nuts")]
    assert result.value == Order(customer=None, number="A-17", items=items, note="An order.")
    assert [str(warning) for warning in result.warnings] == snapshot(
        [
            'items: an item was dropped: nothing of it is in the text (got {"article": "washers", "price": 9.75, "kind": "service"})',
            'customer: not in the text, so it is null (got "Ajax AG")',
            "items[1].price: not in the text, so it is null (got 8.5)",
        ]
    )
    assert {path for path, origin in result.provenance.items() if origin.how == "removed"} == {
        ("customer",),
        ("items", 1, "price"),
    }
    assert result.evidence.missing == ()
    assert result.values == (result.value,)
    assert json.loads(result.messages[-1].content)["customer"] is None
    assert len(endpoint.requests) == 1


def test_extract_returns_the_value_without_what_is_not_there(connect: Connect) -> None:
    with Endpoint(order_json()) as endpoint:
        value = connect(endpoint.base_url, evidence="null").extract(Order, ORDER_TEXT)
    assert (value.customer, len(value.items)) == (None, 2)


def test_values_that_are_right_judged_or_empty_stay(connect: Connect) -> None:
    with Endpoint(order_json(customer="ACME GmbH", items=[], note="N/A")) as endpoint:
        result = connect(endpoint.base_url).run(Order, ORDER_TEXT, evidence="null")
    assert result.value == Order(customer="ACME GmbH", number="A-17", items=[], note="N/A")
    assert (result.warnings, {origin.how for origin in result.provenance.values()}) == ((), {"direct"})


def test_a_value_that_must_not_be_null_stays_with_a_warning(connect: Connect) -> None:
    with Endpoint(order_json(number="B-18")) as endpoint:
        result = connect(endpoint.base_url).run(Order, ORDER_TEXT, evidence="null")
    assert result.value.number == "B-18"
    assert 'number: not in the text (got "B-18")' in map(str, result.warnings)
    assert result.evidence.missing == (("number",),)


@pytest.mark.parametrize("evidence", ["null", "require"])
def test_a_value_that_stays_is_an_error_by_policy(connect: Connect, evidence: Any) -> None:
    policy = Policy(missing_evidence="raise")
    with (
        Endpoint(order_json(number="B-18")) as endpoint,
        pytest.raises(InvalidOutput, match="not in the text") as error,
    ):
        connect(endpoint.base_url, policy=policy).run(Order, ORDER_TEXT, evidence=evidence)
    assert [issue.path for issue in error.value.issues] == [("number",)]
    assert error.value.attempts


class Team(BaseModel):
    members: Annotated[list[str], Field(min_length=2)]
    lead: Member | None = None
    mail: str | None = None
    phone: str | None = None

    @model_validator(mode="after")
    def can_be_reached(self) -> Team:
        """Reject a team that cannot be reached."""
        if self.mail is None and self.phone is None:
            raise ValueError("a mail or a phone is needed")
        return self


class Member(BaseModel):
    name: str
    is_new: bool


TEAM = {"members": ["Ann", "Bob", "Cid"], "lead": {"name": "Dan", "is_new": True}, "mail": "a@b.example", "phone": "1"}


def team(text: str, **changes: Any) -> Any:
    """Return the result about a text."""
    with Endpoint(json.dumps({**TEAM, **changes})) as endpoint:
        return connecting(structkit.Client)(endpoint.base_url).run(Team, text, evidence="null")


def test_no_more_is_removed_than_the_type_allows() -> None:
    result = team("Ann can be reached.")
    assert result.value.members[0] == "Ann"
    assert len(result.value.members) == 2, "min_length"
    assert len([each for each in (result.value.mail, result.value.phone) if each is None]) == 1, "can_be_reached"
    assert len(result.warnings) == 5


def test_an_object_of_which_nothing_is_there_becomes_null() -> None:
    result = team("Ann, Bob and Cid: a@b.example")
    assert result.value.lead is None
    assert 'lead: not in the text, so it is null (got {"name": "Dan", "is_new": true})' in map(str, result.warnings)
    assert result.provenance["lead",].how == "removed"


def test_an_item_with_a_judged_part_is_not_dropped() -> None:
    class Remark(BaseModel):
        summary: Annotated[str, Judged]
        quote: str | None

    remarks = [{"summary": "It is slow.", "quote": "it crawls"}]
    with Endpoint(json.dumps({"value": remarks})) as endpoint:
        client = connecting(structkit.Client)(endpoint.base_url)
        result = client.run(list[Remark], "It takes an age.", evidence="null")
    assert result.value == [Remark(summary="It is slow.", quote=None)]


def test_a_list_that_has_lost_all_its_items_says_so() -> None:
    with Endpoint('{"value": ["Ann", "Bob"]}') as endpoint:
        result = connecting(structkit.Client)(endpoint.base_url).run(list[str], "nobody", evidence="null")
    assert (result.value, result.provenance[()].how, len(result.warnings)) == ([], "removed", 2)


def test_a_default_that_the_model_left_out_is_not_removed() -> None:
    class Price(BaseModel):
        amount: float
        currency: str = "EUR"

    with Endpoint('{"amount": 3, "currency": null}') as endpoint:
        result = connecting(structkit.Client)(endpoint.base_url).run(Price, "amount: 3", evidence="null")
    assert (result.value.currency, result.warnings) == ("EUR", ())


def test_checks_see_the_value_that_is_returned() -> None:
    values: list[Order] = []

    def has_customer(order: Order) -> str | None:
        values.append(order)
        return None if order.customer else "no customer"

    with Endpoint(order_json()) as endpoint:
        client = connecting(structkit.Client)(endpoint.base_url)
        strict = client.run(Order, ORDER_TEXT, evidence="null", checks=[has_customer])
        warned = client.run(Order, ORDER_TEXT, evidence="null", checks=[soft(has_customer)])
    assert (strict.value.customer, strict.evidence.missing) == ("Ajax AG", (("customer",),))
    assert (warned.value.customer, str(warned.warnings[0])) == (None, "(root): no customer")


def test_all_choices_are_without_what_is_not_there() -> None:
    reply = completion(order_json(), order_json(customer="Acme GmbH"))
    with Endpoint(reply) as endpoint:
        result = connecting(structkit.Client)(endpoint.base_url).run(Order, ORDER_TEXT, evidence="null", n=2)
    assert [value.customer for value in result.values] == [None, "Acme GmbH"]
    assert [len(value.items) for value in result.values] == [2, 2]


def test_a_later_choice_is_without_what_is_not_there_as_well() -> None:
    with Endpoint(completion(letter_json(), letter_json(total=12))) as endpoint:
        result = connecting(structkit.Client)(endpoint.base_url).run(Letter, TEXT, evidence="null", n=2)
    assert ([value.total for value in result.values], result.warnings) == ([1299.5, None], ())


@pytest.mark.parametrize("evidence", ["null", "require"])
def test_nothing_is_removed_that_an_image_may_have(connect: Connect, evidence: Any) -> None:
    prompt: Any = ["What does the letter say?", File(b"\x89PNG\r\n\x1a\n")]
    with Endpoint(letter_json()) as endpoint:
        client = connect(endpoint.base_url)
        with pytest.raises(ConfigError, match="only in an image"):
            client.run(Letter, prompt, evidence=evidence)
        assert not endpoint.requests
        assert client.run(Letter, prompt, evidence=True).evidence.missing


# Values that are not there: evidence="require"


def test_places_that_are_not_in_the_text_are_re_asked_once_and_alone(connect: Connect) -> None:
    patch = '{"customer": "Acme GmbH", "items_1_article": "screws", "items_1_price": 1, "items_2_price": 2.25}'
    with Endpoint(order_json(), patch) as endpoint:
        result = connect(endpoint.base_url).run(Order, ORDER_TEXT, evidence="require")
    items = [Item(article="bolts", price=3.5), Item(article="nuts", price=2.25)]
    assert result.value == Order(customer="Acme GmbH", number="A-17", items=items, note="An order.")
    assert endpoint.requests[1]["messages"][-1]["content"] == snapshot("""\
Your last reply was right but for this:
customer: this is not in the text: copy the value from there, or write null if the text has none (got "Ajax AG")
items[1].article: this is not in the text: copy the value from there (got "washers")
items[1].price: this is not in the text: copy the value from there, or write null if the text has none (got 9.75)
items[2].price: this is not in the text: copy the value from there, or write null if the text has none (got 8.5)
It is part of {"article": "washers", "price": 9.75, "kind": "service"}
It is part of {"article": "nuts", "price": 8.5, "kind": "good"}
Reply with a JSON object of these values alone: customer, items_1_article is items[1].article, items_1_price is items[1].price, items_2_price is items[2].price.\
""")
    assert [*(requested_schema(endpoint.requests[1]) or {})["properties"]] == [*json.loads(patch)]
    assert [origin.how for origin in result.provenance.values()].count("re-asked") == 2
    assert result.provenance["items", 1, "price"].how == "re-asked"
    assert [(warning.path, warning.got[:22]) for warning in result.warnings] == [(("items",), '{"article": "screws", ')]
    assert (len(result.attempts), len(endpoint.requests)) == (2, 2)
    assert {issue.path for issue in result.attempts[0].issues} == {
        ("customer",),
        *(("items", 1, name) for name in ("article", "price")),
        ("items", 2, "price"),
    }


def test_nothing_is_re_asked_if_all_is_there(connect: Connect) -> None:
    with Endpoint(letter_json()) as endpoint:
        result = connect(endpoint.base_url).run(Letter, TEXT, evidence="require")
    assert (len(endpoint.requests), result.warnings, result.evidence.missing) == (1, (), ())


def test_a_value_from_an_example_is_not_evidence(connect: Connect) -> None:
    example = Letter(name="Ann Lee", city="Bonn", total=7, tone="kind")
    with Endpoint(letter_json(city="Bonn"), '{"city": "Kiel"}') as endpoint:
        result = connect(endpoint.base_url).run(Letter, TEXT, evidence="require", examples=[("In Bonn", example)])
    assert (result.value.city, result.provenance["city",].how) == ("Kiel", "re-asked")


@pytest.mark.parametrize("reply", ["I do not know.", '{"city": 7}', fault("length"), fault("refusal")], ids=stable_id)
def test_the_first_value_counts_if_the_reply_to_the_places_is_invalid(connect: Connect, reply: Any) -> None:
    with Endpoint(letter_json(city="Bonn", total=12), reply) as endpoint:
        result = connect(endpoint.base_url).run(Letter, TEXT, evidence="require", mode="json_schema")
    assert (result.value.city, result.value.total) == ("Bonn", None)
    assert len(endpoint.requests) == len(result.attempts) == 2
    assert result.attempts[-1].issues == (), "the accepted attempt is the last one"
    assert [str(warning) for warning in result.warnings] == [
        "total: not in the text, so it is null (got 12)",
        'city: not in the text (got "Bonn")',
    ]


def test_places_are_not_re_asked_without_an_attempt(connect: Connect) -> None:
    with Endpoint(letter_json(total=12)) as endpoint:
        client = connect(endpoint.base_url, policy=Policy(attempts=1))
        assert client.run(Letter, TEXT, evidence="require").value.total is None
    assert len(endpoint.requests) == 1


def test_a_root_value_is_re_asked_whole(connect: Connect) -> None:
    with Endpoint('{"value": "Bonn"}', '{"value": "Kiel"}') as endpoint:
        assert connect(endpoint.base_url).extract(str, TEXT, evidence="require") == "Kiel"


def test_a_value_of_a_later_attempt_is_re_asked_as_well(connect: Connect) -> None:
    replies = letter_json(total="much"), letter_json(total=12), '{"total": 1299.5}'
    with Endpoint(*replies) as endpoint:
        result = connect(endpoint.base_url).run(Letter, TEXT, evidence="require")
    assert (result.value.total, len(result.attempts)) == (1299.5, 3)


def test_async_checks_see_the_re_asked_value(connect_later: Connect) -> None:
    async def is_not_kiel(letter: Letter) -> str | None:
        return "another city, please" if letter.city == "Kiel" else None

    replies = letter_json(city="Bonn"), '{"city": "Kiel"}', letter_json(city="SMITH")
    with Endpoint(*replies) as endpoint:
        result = connect_later(endpoint.base_url).run(Letter, TEXT, evidence="require", checks=[is_not_kiel])
    assert (result.value.city, len(result.attempts)) == ("SMITH", 3)


def test_the_next_model_may_have_a_value_that_is_in_the_text(connect: Connect) -> None:
    policy = Policy(missing_evidence="raise", wait_initial=0.001)

    def reply(body: Any) -> str:
        return letter_json(city="Kiel" if body["model"] == "larger" else "Bonn")

    with Endpoint(reply) as endpoint:
        client = connect(endpoint.base_url, policy=policy, fallback=["larger"])
        result = client.run(Letter, TEXT, evidence="null")
    assert (result.model, result.value.city) == ("larger", "Kiel")


def test_a_stream_ends_with_the_value_that_is_in_the_text() -> None:
    with Endpoint(order_json(), "{}") as endpoint, structkit.Client("fake", base_url=endpoint.base_url) as client:
        *_, last = client.stream(Order, ORDER_TEXT, evidence="require")
    assert (last.customer, len(last.items)) == (None, 2)


@pytest.mark.parametrize("evidence", ["null", "require"])
def test_items_that_were_yielded_cannot_be_dropped(evidence: Any) -> None:
    client = structkit.Client("fake", base_url="http://127.0.0.1:9")
    with pytest.raises(ConfigError, match="stream_items"):
        client.stream_items(list[str], "text", evidence=evidence)


# Other kinds of types


def test_the_places_of_a_type_in_parts_are_re_asked_alone(connect: Connect) -> None:
    small = Dialect("small", frozenset(), max_size=Size(3, 100, 1_000, 0, 100))
    names = [f"field_{number}" for number in range(6)]
    wide = create_model("Wide", **dict.fromkeys(names, (str | None, ...)))  # type: ignore[call-overload]

    def reply(body: Any) -> str:
        properties = (requested_schema(body) or {})["properties"]
        is_reask = "not in the text" in body["messages"][-1]["content"]
        return json.dumps({name: "Kiel" if is_reask and name == "field_1" else "Bonn" for name in properties})

    with Endpoint(reply) as endpoint:
        client = connect(endpoint.base_url, dialect=small)
        plain = client.run(wide, "Kiel", evidence="null")
        count = len(endpoint.requests)
        result = client.run(wide, "Kiel", evidence="require")
    assert count > 1, "in parts"
    assert plain.value.model_dump() == dict.fromkeys(names)
    assert result.value.model_dump() == {**dict.fromkeys(names), "field_1": "Kiel"}
    assert [path for path, origin in result.provenance.items() if origin.how == "re-asked"] == [("field_1",)]
    assert len(endpoint.requests) == 2 * count + 1


class Node(BaseModel):
    name: str | None
    child: Node | None = None


@pytest.mark.parametrize("evidence", ["null", "require"])
def test_a_value_that_is_nested_deep_is_looked_for_as_well(evidence: Any) -> None:
    depth = 150
    node = None
    for _ in range(depth):
        node = {"name": "Bonn", "child": node}
    with Endpoint(json.dumps(node)) as endpoint:
        result = connecting(structkit.Client)(endpoint.base_url).run(Node, "Kiel", evidence=evidence)
    assert (len(result.warnings), result.value.name) == (depth, None)


@every_mode
def test_places_are_re_asked_in_every_mode(connect: Connect, mode: str) -> None:
    long_tone = Annotated[str, Judged]
    letter = create_model("Note", city=(str | None, ...), tone=(long_tone, ...))
    with Endpoint('{"city": "Bonn", "tone": "kind"}', '{"city": "Kiel"}') as endpoint:
        result = connect(endpoint.base_url).run(letter, TEXT, evidence="require", mode=mode)
    assert (result.value.city, result.value.tone, result.mode) == ("Kiel", "kind", mode)


def test_values_of_a_json_schema_are_looked_for_as_those_of_a_type(connect: Connect) -> None:
    schema = {
        "type": "object",
        "properties": {
            "due": {"type": ["string", "null"], "format": "date"},
            "rows": {"type": "array", "items": {"type": "number"}, "minItems": 1},
            "mood": {"enum": ["good", "bad"]},
        },
        "required": ["due", "rows", "mood"],
    }
    with Endpoint('{"due": "2026-03-14", "rows": [1.5, 2.5], "mood": "bad"}') as endpoint:
        result = connect(endpoint.base_url).run(schema, "1,5 on 15 March 2026", evidence="null")
    assert result.value == {"due": None, "rows": [1.5], "mood": "bad"}
