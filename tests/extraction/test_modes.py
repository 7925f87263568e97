"""The five modes: each returns the same value, a fixed mode does not change, and what each one sends."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from inline_snapshot import snapshot
from pydantic import BaseModel, Field

import structkit
from structkit.dialects import CORE, MODES
from structkit.testing import Endpoint, Reply, completion, fault
from structkit.values import JSON

Connect = Callable[..., Any]
PROMPT = "Invoice 17 of 2 March: tea 2.50, paid by card 4242."


class Kind(Enum):
    INVOICE = "invoice"
    CREDIT = "credit note"


class Line(BaseModel):
    item: str
    price: Annotated[float, Field(ge=0)]
    note: str | None = None


class Card(BaseModel):
    by: Literal["card"]
    digits: str


class Transfer(BaseModel):
    by: Literal["transfer"]
    iban: str


class Invoice(BaseModel):
    number: int
    issued: date
    kind: Kind
    lines: list[Line]
    paid: Card | Transfer
    taxes: dict[str, float]
    currency: str = "EUR"
    remark: str | None = None


VALUE = Invoice(
    number=17,
    issued=date(2026, 3, 2),
    kind=Kind.INVOICE,
    lines=[Line(item="tea", price=2.5), Line(item="rum", price=9, note="dark")],
    paid=Card(by="card", digits="4242"),
    taxes={"VAT": 0.2},
)
REPLY = json.dumps(structkit.ResponseFormat(Invoice, dialect=CORE).dump(VALUE))


def fields(body: JSON) -> JSON:
    """Return the fields of a request that carry the schema."""
    return {name: value for name, value in body.items() if name not in {"model", "messages"}}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_returns_the_same_value_and_its_own_name(connect: Connect, mode: str) -> None:
    with Endpoint(REPLY) as endpoint:
        result = connect(endpoint.base_url).run(Invoice, PROMPT, mode=mode)
    assert result.value == VALUE
    assert (result.mode, result.attempts[0].mode, len(endpoint.requests)) == (mode, mode, 1)
    assert result.repairs == ()


@pytest.mark.parametrize("mode", ["auto", None])
def test_the_strongest_mode_is_the_first_on_an_unknown_route(connect: Connect, mode: Any) -> None:
    with Endpoint(REPLY) as endpoint:
        result = connect(endpoint.base_url).run(Invoice, PROMPT, mode=mode)
    assert (result.value, result.mode) == (VALUE, "json_schema")


@pytest.mark.parametrize("mode", MODES)
def test_a_reply_in_the_natural_form_is_read_in_every_mode(connect: Connect, mode: str) -> None:
    natural = VALUE.model_dump(mode="json", exclude_defaults=True)
    with Endpoint(json.dumps(natural)) as endpoint:
        result = connect(endpoint.base_url).run(Invoice, PROMPT, mode=mode)
    assert (result.value, len(endpoint.requests)) == (VALUE, 1)


@pytest.mark.parametrize("mode", MODES)
def test_a_fixed_mode_that_is_rejected_is_not_changed(connect: Connect, mode: str) -> None:
    message = "Unsupported parameter: 'response_format', 'tools' and JSON are not supported with this model."
    rejection = Reply({"error": {"message": message, "code": "unsupported_parameter"}}, status=400)
    with Endpoint(rejection, REPLY) as endpoint, pytest.raises(structkit.StatusError) as caught:
        connect(endpoint.base_url).run(Invoice, PROMPT, mode=mode)
    assert [attempt.mode for attempt in caught.value.attempts] == [mode]
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("name", ["ignores_schema", "other_keys", "schema_back"])
@pytest.mark.parametrize("mode", MODES)
def test_a_fixed_mode_that_is_ignored_is_not_changed(connect: Connect, mode: str, name: str) -> None:
    with Endpoint(fault(name), REPLY) as endpoint:
        result = connect(endpoint.base_url).run(Invoice, PROMPT, mode=mode)
    assert (result.value, result.mode) == (VALUE, mode)
    first, second = map(fields, endpoint.requests)
    assert first == second


@pytest.mark.parametrize("mode", MODES)
def test_a_fixed_mode_is_used_until_the_last_attempt(connect: Connect, mode: str) -> None:
    with Endpoint("Which one did you mean?") as endpoint, pytest.raises(structkit.InvalidOutput) as caught:
        connect(endpoint.base_url).run(Invoice, PROMPT, mode=mode, temperature=0.5)
    assert {attempt.mode for attempt in caught.value.attempts} == {mode}
    assert [fields(body) for body in endpoint.requests] == [fields(endpoint.requests[0])] * 3


@pytest.mark.parametrize("mode", MODES)
def test_the_first_valid_of_several_choices_is_the_value_in_every_mode(connect: Connect, mode: str) -> None:
    with Endpoint(lambda body: Reply(completion("No.", REPLY, REPLY))) as endpoint:
        result = connect(endpoint.base_url).run(Invoice, PROMPT, mode=mode, n=3)
    assert [choice.valid for choice in result.choices] == [False, True, True]
    assert result.value == VALUE


def test_an_unknown_mode_is_rejected_before_anything_is_sent(connect: Connect) -> None:
    with Endpoint() as endpoint, pytest.raises(structkit.ConfigError, match="did you mean 'json_schema'"):
        connect(endpoint.base_url).run(Invoice, PROMPT, mode="json_shema")
    assert endpoint.requests == []


# What each mode sends


class Reading(BaseModel):
    celsius: Annotated[float, Field(ge=-273.15)]
    station: str | None = None


def body_of(connect: Connect, mode: str, **call: Any) -> JSON:
    with Endpoint('{"celsius": 21.5, "station": null}') as endpoint:
        connect(endpoint.base_url).run(Reading, "21.5 degrees", mode=mode, **call)
    [body] = endpoint.requests
    return body


def test_strict_schema_as_sent(connect: Connect) -> None:
    assert body_of(connect, "json_schema") == snapshot(
        {
            "model": "fake",
            "messages": [{"role": "user", "content": "21.5 degrees"}],
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": "reading",
                    "schema": {
                        "type": "object",
                        "properties": {
                            "celsius": {"type": "number", "minimum": -273.15},
                            "station": {"type": ["string", "null"]},
                        },
                        "required": ["celsius", "station"],
                        "additionalProperties": False,
                    },
                    "strict": True,
                },
            },
        }
    )


def test_lax_schema_as_sent(connect: Connect) -> None:
    strict, lax = (body_of(connect, mode)["response_format"]["json_schema"] for mode in MODES[:2])
    assert {**lax, "strict": True} == strict
    assert "strict" not in lax


def test_tool_as_sent(connect: Connect) -> None:
    assert body_of(connect, "tool") == snapshot(
        {
            "model": "fake",
            "messages": [{"role": "user", "content": "21.5 degrees"}],
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "reading",
                        "description": "Deliver the answer.",
                        "parameters": {
                            "type": "object",
                            "properties": {
                                "celsius": {"type": "number", "minimum": -273.15},
                                "station": {"type": ["string", "null"]},
                            },
                            "required": ["celsius", "station"],
                            "additionalProperties": False,
                        },
                        "strict": True,
                    },
                }
            ],
            "tool_choice": {"type": "function", "function": {"name": "reading"}},
        }
    )


def test_json_object_as_sent(connect: Connect) -> None:
    assert body_of(connect, "json_object", instructions="Read the weather.") == snapshot(
        {
            "model": "fake",
            "messages": [
                {
                    "role": "system",
                    "content": """\
Read the weather.

Reply with one JSON object in this form, and nothing else:
{
  "celsius": number,  // minimum -273.15
  "station": string  // or null
}\
""",
                },
                {
                    "role": "user",
                    "content": """\
21.5 degrees

Reply with the JSON object and nothing else.\
""",
                },
            ],
            "response_format": {"type": "json_object"},
        }
    )


def test_prompt_as_sent(connect: Connect) -> None:
    assert body_of(connect, "prompt") == snapshot(
        {
            "model": "fake",
            "messages": [
                {
                    "role": "system",
                    "content": """\
Reply with one JSON object in this form, and nothing else:
{
  "celsius": number,  // minimum -273.15
  "station": string  // or null
}\
""",
                },
                {
                    "role": "user",
                    "content": """\
21.5 degrees

Reply with the JSON object and nothing else.\
""",
                },
            ],
        }
    )


def test_the_form_of_a_rich_type_in_a_prompt(connect: Connect) -> None:
    with Endpoint(REPLY) as endpoint:
        connect(endpoint.base_url).run(Invoice, PROMPT, mode="prompt")
    assert endpoint.requests[0]["messages"][0]["content"] == snapshot("""\
Reply with one JSON object in this form, and nothing else:
{
  "number": integer,
  "issued": "YYYY-MM-DD",
  "kind": string,  // one of "invoice", "credit note"
  "lines": [{
    "item": string,
    "price": number,  // minimum 0
    "note": string  // or null
  }, ...],
  "paid": {
    "by": "card",
    "digits": string
  } or {
    "by": "transfer",
    "iban": string
  },
  "taxes": [{
    "key": string,
    "value": number
  }, ...],  // A map: each key once.
  "currency": string,  // or null; Null for the default, "EUR".
  "remark": string  // or null
}\
""")


class Ticket(BaseModel):
    team: Annotated[str, Field(description="The team that answers.")]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("instructions", [None, "Be brief."])
def test_the_form_with_its_descriptions_is_shown_once_in_any_mode(
    connect: Connect, mode: Any, instructions: str | None
) -> None:
    with Endpoint('{"team": "ops"}') as endpoint:
        client = connect(endpoint.base_url, mode=mode, policy=structkit.Policy(show=True))
        assert client.extract(Ticket, "Printer on fire", instructions=instructions).team == "ops"
    system, user = endpoint.requests[0]["messages"]
    assert system["role"] == "system"
    assert system["content"].startswith(instructions or "Reply with one JSON object in this form")
    assert system["content"].count("The team that answers.") == 1
    assert user["content"].startswith("Printer on fire")


def test_the_form_of_a_re_asked_place_is_that_of_the_place(connect: Connect) -> None:
    bad = VALUE.model_dump(mode="json") | {"number": "none"}
    with Endpoint(json.dumps(bad), '{"number": 17}') as endpoint:
        client = connect(endpoint.base_url, mode="json_schema", policy=structkit.Policy(show=True, reask="always"))
        assert client.extract(Invoice, PROMPT).number == 17
    first, second = (request["messages"][0]["content"] for request in endpoint.requests)
    assert '"currency"' in first
    assert '"currency"' not in second
