"""Re-asked numbers and dates are chosen among those of the text, where any other value would be removed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel, Field

from structkit.testing import Endpoint, Reply, completion
from structkit.testing.scripted_reply import requested_schema
from structkit.values import JSON

Connect = Callable[..., Any]

TEXT = "Ann: three nights, 1.500,00 EUR each week, by 3 May 2026."


class Booking(BaseModel):
    name: str
    total: float
    due: date | None
    nights: int | None = Field(None, le=30)


INVENTED = '{"name": "Ann", "total": 7.5, "due": "2030-01-01", "nights": 29}'


def offered_values(body: JSON) -> dict[str, Any]:
    """Return the values that each place of a request may have."""
    properties = (requested_schema(body) or {})["properties"]
    parts = {name: part.get("anyOf", [part]) for name, part in properties.items()}
    return {name: [value for part in each for value in part.get("enum", ())] for name, each in parts.items()}


def test_missing_numbers_and_dates_are_chosen_among_those_of_the_text(connect: Connect) -> None:
    with Endpoint(INVENTED, '{"total": 1500, "due": "2026-05-03", "nights": 3}') as endpoint:
        result = connect(endpoint.base_url).run(Booking, TEXT, evidence="require")
        offered = offered_values(endpoint.requests[1])
    assert result.value == Booking(name="Ann", total=1500, due=date(2026, 5, 3), nights=3)
    assert {1500, 3} <= {*offered["total"]}
    assert offered["due"] == ["2026-05-03"]
    assert offered["nights"] == [3], "the others are more than the type allows"


@pytest.mark.parametrize("evidence", [None, True])
def test_where_a_value_may_be_computed_any_may_be_written(connect: Connect, evidence: Any) -> None:
    truncated = Reply(completion('{"name": "Ann", "total": 15', finish_reason="length"))
    with Endpoint(truncated, '{"total": 3000, "due": null, "nights": null}') as endpoint:
        call = {"evidence": evidence} if evidence else {}
        assert connect(endpoint.base_url).extract(Booking, TEXT, **call).total == 3000
        assert offered_values(endpoint.requests[1]) == {"total": [], "due": [], "nights": []}


def test_what_follows_a_truncation_is_chosen_too_where_other_values_would_be_removed(connect: Connect) -> None:
    truncated = Reply(completion('{"name": "Ann", "total": 1500, "due": "20', finish_reason="length"))
    with Endpoint(truncated, '{"due": "2026-05-03", "nights": 3}') as endpoint:
        result = connect(endpoint.base_url).run(Booking, TEXT, evidence="null")
        assert offered_values(endpoint.requests[1])["due"] == ["2026-05-03"]
    assert result.value.due == date(2026, 5, 3)


def test_a_text_with_too_many_numbers_offers_none(connect: Connect) -> None:
    text = "Ann, " + ", ".join(str(number) for number in range(1_000, 1_100))
    with Endpoint(INVENTED, '{"total": 1050, "due": null, "nights": null}') as endpoint:
        assert connect(endpoint.base_url).extract(Booking, text, evidence="require").total == 1050
        assert offered_values(endpoint.requests[1])["total"] == []


def test_missing_codes_are_chosen_among_the_words_of_the_text(connect: Connect) -> None:
    class Invoice(BaseModel):
        number: str = Field(pattern=r"^[A-Z]+-[0-9]+$")
        contact: str = Field(json_schema_extra={"format": "email"})

    text = "Invoice INV-2291 (order PO-17), questions to <ann@cedar.example>, please."
    invented = '{"number": "X-1", "contact": "x@y.example"}'
    with Endpoint(invented, '{"number": "INV-2291", "contact": "ann@cedar.example"}') as endpoint:
        value = connect(endpoint.base_url).extract(Invoice, text, evidence="require")
        offered = offered_values(endpoint.requests[1])
    assert value == Invoice(number="INV-2291", contact="ann@cedar.example")
    assert offered == {"number": ["INV-2291", "PO-17"], "contact": ["ann@cedar.example"]}


class Card(BaseModel):
    name: str
    employer: str | None
    tags: list[str]


def test_a_text_that_cannot_be_removed_is_chosen_among_the_phrases_of_a_short_source(connect: Connect) -> None:
    invented = '{"name": "Nobody", "employer": "Nowhere Inc", "tags": ["new"]}'
    with Endpoint(invented, '{"name": "Ann Lee", "employer": null, "tags_1": "x"}') as endpoint:
        result = connect(endpoint.base_url).run(Card, "Welcome, Ann Lee.\nNew team", evidence="require")
        offered = offered_values(endpoint.requests[1])
    assert offered["name"] == [
        "Welcome",
        "Welcome, Ann",
        "Welcome, Ann Lee",
        "Ann",
        "Ann Lee",
        "Lee",
        "New",
        "New team",
        "team",
    ]
    assert offered["employer"] == [], "null is the better choice for what may be null"
    assert (result.value.name, result.value.employer) == ("Ann Lee", None)


@pytest.mark.parametrize(
    ("evidence", "text"), [("null", "Ann Lee"), ("require", "Ann Lee " + " ".join(map(str, range(90))))]
)
def test_no_phrases_are_offered_of_a_long_source_nor_where_nothing_is_required(
    connect: Connect, evidence: Any, text: str
) -> None:
    truncated = Reply(completion('{"tags": [], "employer": null, "name": "Nob', finish_reason="length"))
    first: Any = truncated if evidence == "null" else '{"name": "Nobody", "employer": null, "tags": []}'
    with Endpoint(first, '{"name": "Ann Lee", "employer": null, "tags": []}') as endpoint:
        connect(endpoint.base_url).run(Card, text, evidence=evidence)
        assert offered_values(endpoint.requests[1])["name"] == []


def test_a_number_is_not_re_asked_where_the_text_has_none(connect: Connect) -> None:
    invented = '{"name": "Ann", "total": 7.5, "due": "2030-01-01", "nights": 29}'
    with Endpoint(invented, '{"total": 1500, "nights": null}') as endpoint:
        result = connect(endpoint.base_url).run(Booking, "Ann pays 1500 EUR.", evidence="require")
        assert [*offered_values(endpoint.requests[1])] == ["total", "nights"], "there is no date"
    assert (result.value.total, result.value.due) == (1500, None)
    with Endpoint(invented) as endpoint:
        result = connect(endpoint.base_url).run(Booking, "Ann stays.", evidence="require")
        assert len(endpoint.requests) == 1
    assert (result.value.due, result.value.nights, len(result.warnings)) == (None, None, 3)
