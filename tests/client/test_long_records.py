"""`chunk=` for one record over many pages: its fields are asked of the chunks that may have them, and joined."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, field_validator

import structkit
from structkit import Document, InvalidOutput, Policy, Refusal, Span
from structkit.testing import Endpoint, completion

Connect = Callable[..., Any]

FILLER = "The parties agree that this provision is to be read with the others. "


def make_text(facts: dict[int, str], pages: int = 40) -> str:
    """Return a text whose pages have some facts, and are about as long as a chunk of 1,000 characters."""
    return "\f".join(f"{FILLER * 9}\n\n{facts.get(number, '')}\n\n{FILLER * 3}" for number in range(1, pages + 1))


FACTS = {
    1: "This lease is made between the landlord, Berg Immobilien GmbH, and the tenant.",
    9: "The registered office of the landlord is Kiel.",
    14: "The tenant is Mara Lindqvist.",
    17: "The monthly rent is 1,250.00 EUR.",
    30: "A deposit of 3,750 EUR is due.",
    38: "Signed on 14 March 2026.",
}
TEXT = make_text(FACTS)


class Party(BaseModel):
    name: str
    registered_office: str | None = None


class Lease(BaseModel):
    landlord: Party
    tenant: Party
    rent: Annotated[Decimal, Field(gt=0)]
    deposit: int
    signed_on: date
    ends_on: date | None
    currency: str = "EUR"


def sent(body: Any) -> str:
    """Return the text of a request."""
    return str(body["messages"][0]["content"])


def first_group(pattern: str, text: str) -> str | None:
    """Return what the first group of a pattern matches."""
    match = re.search(pattern, text)
    return match[1] if match else None


def read_lease(body: Any) -> dict[str, Any]:
    """Return what the text of a request says, and null for the rest."""
    text = sent(body)
    rent, deposit = first_group(r"rent is ([\d,.]+\d)", text), first_group(r"deposit of ([\d,]+)", text)
    return {
        "landlord": {
            "name": first_group(r"landlord, ([\w ]+ GmbH)", text),
            "registered_office": first_group(r"registered office of the landlord is (\w+)", text),
        },
        "tenant": {"name": first_group(r"tenant is ([\w ]+)\.", text), "registered_office": None},
        "rent": rent and rent.replace(",", ""),
        "deposit": deposit and int(deposit.replace(",", "")),
        "signed_on": "2026-03-14" if "14 March 2026" in text else None,
        "ends_on": None,
        "currency": None,
    }


def perfect_lease(body: Any) -> str:
    """Answer with what the text of a request says."""
    return json.dumps(read_lease(body))


LEASE = {
    "landlord": {"name": "Berg Immobilien GmbH", "registered_office": "Kiel"},
    "tenant": {"name": "Mara Lindqvist", "registered_office": None},
    "rent": Decimal("1250.00"),
    "deposit": 3750,
    "signed_on": date(2026, 3, 14),
    "ends_on": None,
    "currency": "EUR",
}


# One record


def test_a_record_has_the_fields_of_all_pages_and_only_chunks_that_may_have_one_are_asked(connect: Connect) -> None:
    with Endpoint(perfect_lease) as endpoint:
        result = connect(endpoint.base_url).run(Lease, TEXT, chunk=1000)
    assert result.value.model_dump() == LEASE
    assert len(endpoint.requests) == len(result.attempts) <= 9
    assert result.warnings == ()


def test_evidence_and_provenance_are_those_of_the_chunk_that_gave_a_field(connect: Connect) -> None:
    document = Document.open(TEXT.encode(), name="lease.txt")
    with Endpoint(perfect_lease) as endpoint:
        result = connect(endpoint.base_url).run(Lease, document, chunk=1000, evidence=True)
    assert [place.page for place in result.evidence.locate(("rent",))] == [17]
    assert [place.page for place in result.evidence.locate(("landlord", "registered_office"))] == [9]
    assert result.evidence["rent",].text == "1,250.00"
    for path in [("landlord", "name"), ("tenant", "name"), ("deposit",)]:
        text = str(result.attempts[result.provenance[path].attempt - 1].request.messages[0].content)
        assert result.evidence[path].text in text
    assert result.provenance["currency",].how == "defaulted"


def test_a_default_that_no_chunk_gave_is_looked_for_in_the_whole_text(connect: Connect) -> None:
    with Endpoint(perfect_lease) as endpoint:
        result = connect(endpoint.base_url).run(Lease, TEXT, chunk=1000, evidence=True)
    places = [TEXT.index("EUR"), TEXT.rindex("EUR")]
    assert sorted(result.evidence["currency",].spans) == [Span(start, start + 3) for start in places]


def test_a_short_text_is_one_chunk_in_which_a_field_may_be_null(connect: Connect) -> None:
    with Endpoint(perfect_lease) as endpoint:
        value = connect(endpoint.base_url).extract(Lease, " ".join(FACTS.values()), chunk="auto")
    assert value.model_dump() == LEASE
    assert len(endpoint.requests) == 1


def test_a_chunk_is_asked_for_a_record_whose_fields_may_be_null(connect: Connect) -> None:
    with Endpoint(perfect_lease) as endpoint:
        connect(endpoint.base_url).run(Lease, TEXT, chunk=1000, mode="json_schema")
    schemas = [json.dumps(body["response_format"], sort_keys=True) for body in endpoint.requests]
    assert len({*schemas}) == 1
    form = json.loads(schemas[0])["json_schema"]
    assert form["name"] == "lease"
    assert form["schema"]["properties"]["deposit"] == {"type": ["integer", "null"]}
    assert "part of a longer one" in form["schema"]["description"]


# Values of several chunks


def test_conflicts_are_named_with_all_places_and_the_first_counts(connect: Connect) -> None:
    text = make_text({**FACTS, 33: "From 2027 on, the rent is 1,300.00 EUR."})
    document = Document.open(text.encode(), name="lease.txt")
    with Endpoint(perfect_lease) as endpoint:
        result = connect(endpoint.base_url).run(Lease, document, chunk=1000)
    assert result.value.rent == Decimal("1250.00")
    [warning] = result.warnings
    first, second = document.text.index("1,250.00"), document.text.index("1,300.00")
    assert warning.path == ("rent",)
    assert warning.message == (
        f"chunks of the text give different values: this one at characters {first:,} to {first + 8:,} (page 17); "
        f'"1300.00" at characters {second:,} to {second + 8:,} (page 33)'
    )


def test_the_same_value_at_several_places_is_no_conflict(connect: Connect) -> None:
    text = make_text({**FACTS, 33: "As said, the rent is 1,250.00 EUR, and the tenant is MARA LINDQVIST."})
    with Endpoint(perfect_lease) as endpoint:
        result = connect(endpoint.base_url).run(Lease, text, chunk=1000, evidence=True)
    assert result.warnings == ()
    assert result.evidence["rent",].spans == (Span(text.index("1,250.00"), text.index("1,250.00") + 8),)


def test_a_value_that_the_text_of_its_chunk_has_counts_before_an_invented_one(connect: Connect) -> None:
    def invent(body: Any) -> str:
        lease = read_lease(body)
        return json.dumps({**lease, "deposit": lease["deposit"] or 9999})

    with Endpoint(invent) as endpoint:
        result = connect(endpoint.base_url).run(Lease, TEXT, chunk=1000)
    assert result.value.deposit == 3750
    [warning] = result.warnings
    assert "9999 from characters 0 to" in warning.message
    assert "which do not have it" in warning.message
    with Endpoint(invent) as endpoint:
        assert connect(endpoint.base_url).run(Lease, TEXT, chunk=1000, evidence="null").value.deposit == 3750


def test_a_judged_value_is_that_of_a_chunk_with_the_words_of_its_field(connect: Connect) -> None:
    class Terms(BaseModel):
        pets_allowed: bool
        deposit: int | None

    text = make_text({4: "A deposit of 3,750 EUR is due.", 20: "Pets are allowed."})

    def answer(body: Any) -> str:
        is_said = "Pets" in sent(body)
        return json.dumps({"pets_allowed": is_said, "deposit": 3750 if "3,750" in sent(body) else None})

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url).run(Terms, text, chunk=1000)
    assert result.value == Terms(pets_allowed=True, deposit=3750)
    assert "false from characters 0 to" in result.warnings[0].message


# Lists in a record


class Statement(BaseModel):
    iban: str
    opening: Annotated[Decimal, Field(description="The opening balance")]
    lines: Annotated[list[str], Field(min_length=1)]
    notes: list[str] = []
    codes: set[str] = set()


def test_the_lists_of_a_record_have_the_items_of_all_chunks_that_own_them(connect: Connect) -> None:
    lines = [f"Entry{number:03d}" for number in range(120)]
    text = "IBAN DE02 1203 0000 0000 2020 51\n" + "\n".join(f"{line} for {FILLER}" for line in lines)
    text += "\nOpening balance: 812.40\nNote: closed. Code A7."

    def answer(body: Any) -> str:
        content = sent(body)
        return json.dumps(
            {
                "iban": first_group(r"IBAN ([A-Z\d ]+)\n", content),
                "opening": first_group(r"balance: ([\d.]+)", content),
                "lines": re.findall(r"Entry\d{3}", content),
                "notes": re.findall(r"Note: (\w+)", content),
                "codes": ["A7", "A7"][:1] if "A7" in content else [],
            }
        )

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url).run(Statement, text, chunk=600, evidence=True)
    assert result.value.lines == lines
    assert (result.value.iban, result.value.opening) == ("DE02 1203 0000 0000 2020 51", Decimal("812.40"))
    assert (result.value.notes, result.value.codes) == (["closed"], {"A7"})
    assert result.evidence["lines", 100].spans[0].start == text.index("Entry100")
    assert result.evidence.missing == ()
    assert [*result.evidence] == [*result.provenance]


def test_the_items_of_a_record_with_other_fields_arrive_as_a_stream() -> None:
    class Table(BaseModel):
        title: str
        rows: list[Party]

    names = [f"Row{number:03d}" for number in range(80)]
    text = "Title: Sales\n" + "\n".join(f"{name} and {FILLER}" for name in names)

    def answer(body: Any) -> str:
        rows = [{"name": name, "registered_office": None} for name in re.findall(r"Row\d{3}", sent(body))]
        return json.dumps({"title": first_group(r"Title: (\w+)", sent(body)), "rows": rows})

    with Endpoint(answer) as endpoint, structkit.Client("fake", base_url=endpoint.base_url) as client:
        stream = client.stream_items(Table, text, chunk=500)
        assert [item.name for item in stream] == names
        result = stream.result()
    assert (result.value.title, [row.name for row in result.value.rows]) == ("Sales", names)


# What no chunk has


def test_a_field_that_is_needed_and_is_nowhere_near_its_words_is_looked_for_in_the_other_chunks(
    connect: Connect,
) -> None:
    facts = {number: fact for number, fact in FACTS.items() if number != 14}
    text = make_text({**facts, 25: "Mara Lindqvist has the keys."})

    def answer(body: Any) -> str:
        lease = read_lease(body)
        lease["tenant"]["name"] = "Mara Lindqvist" if "Mara" in sent(body) else None
        return json.dumps(lease)

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url).run(Lease, text, chunk=1000)
    assert result.value.tenant.name == "Mara Lindqvist"
    assert len(result.attempts) == len(endpoint.requests) > 40


def test_a_record_without_a_value_that_it_needs_is_invalid_and_has_the_results_of_its_chunks(connect: Connect) -> None:
    facts = {number: fact for number, fact in FACTS.items() if number != 17}
    with Endpoint(perfect_lease) as endpoint, pytest.raises(InvalidOutput, match=r"together .*\n  rent: ") as raised:
        connect(endpoint.base_url).run(Lease, make_text(facts), chunk=1000)
    assert [issue.path for issue in raised.value.issues] == [("rent",)]
    assert len(raised.value.chunks) == len(endpoint.requests)


def test_an_object_that_may_be_null_is_null_if_no_chunk_has_any_of_it(connect: Connect) -> None:
    class Deal(BaseModel):
        buyer: Party
        guarantor: Party | None
        agent: Party | None = None

    def answer(body: Any) -> str:
        empty = {"name": None, "registered_office": None}
        buyer = {**empty, "name": first_group(r"buyer is (\w+)", sent(body))}
        return json.dumps({"buyer": buyer, "guarantor": empty, "agent": empty})

    with Endpoint(answer) as endpoint:
        client = connect(endpoint.base_url)
        value = client.extract(
            Deal, make_text({7: "The buyer is Zoé. The guarantor and the agent are not named."}), chunk=1000
        )
    assert value == Deal(buyer=Party(name="Zoé"), guarantor=None)


def test_a_model_may_write_null_for_an_object_that_its_chunk_does_not_have(connect: Connect) -> None:
    def answer(body: Any) -> str:
        lease = read_lease({"messages": body["messages"][-1:]})
        empty = {"name": None, "registered_office": None}
        return json.dumps({key: None if each == empty else each for key, each in lease.items()})

    with Endpoint(answer) as endpoint:
        value = connect(endpoint.base_url, mode="json_object").extract(Lease, TEXT, chunk=1000)
    assert value.model_dump() == LEASE


def test_a_text_with_few_of_the_words_of_the_fields_is_asked_whole(connect: Connect) -> None:
    class Miete(BaseModel):
        kaltmiete: int | None
        kaution: int | None
        tenant: str | None

    with Endpoint('{"kaltmiete": null, "kaution": null, "tenant": null}') as endpoint:
        connect(endpoint.base_url).run(Miete, TEXT, chunk=1000)
    assert len(endpoint.requests) > 40


# Rules and failures


def test_a_rule_of_a_field_is_reasked_in_its_chunk_and_one_of_the_record_applies_to_the_joined_value(
    connect: Connect,
) -> None:
    class Strict(Lease):
        @field_validator("deposit")
        @classmethod
        def is_round(cls, value: int) -> int:
            if value % 50:
                raise ValueError("not a multiple of 50")
            return value

    wrong_values: list[str] = []

    def answer(body: Any) -> str:
        lease = read_lease(body)
        if lease["deposit"] and not wrong_values:
            wrong_values.append(sent(body))
            return json.dumps({**lease, "deposit": 3751})
        return json.dumps(lease)

    with Endpoint(answer) as endpoint:
        client = connect(endpoint.base_url, policy=Policy(reask="whole", wait_initial=0.001))
        result = client.run(Strict, TEXT, chunk=1000, checks=[lambda lease: None if lease.rent else "no rent"])
        with pytest.raises(InvalidOutput, match="too cheap"):
            client.run(Strict, TEXT, chunk=1000, checks=[lambda lease: "too cheap" if lease.rent < 2000 else None])
    assert result.value.deposit == 3750
    assert [issue.message for attempt in result.attempts for issue in attempt.issues] == [
        "Value error, not a multiple of 50"
    ]


def test_the_context_of_validators_is_that_of_the_call(connect: Connect) -> None:
    class Checked(Lease):
        @field_validator("deposit")
        @classmethod
        def is_known(cls, value: int, info: Any) -> int:
            assert value in info.context
            return value

    with Endpoint(perfect_lease) as endpoint:
        client = connect(endpoint.base_url)
        value = client.extract(Checked, TEXT, chunk=1000, context={3750})
    assert value.deposit == 3750


def test_examples_are_shown_to_the_model_for_each_chunk(connect: Connect) -> None:
    def answer(body: Any) -> str:
        return perfect_lease({"messages": body["messages"][-1:]})

    with Endpoint(answer) as endpoint:
        examples = [("An example.", Lease.model_validate(LEASE))]
        value = connect(endpoint.base_url).extract(Lease, TEXT, chunk=1000, examples=examples)
    assert value.model_dump() == LEASE
    assert all('"Mara Lindqvist"' in body["messages"][1]["content"] for body in endpoint.requests)


def test_the_error_of_a_chunk_names_it_and_has_the_results_of_the_others(connect: Connect) -> None:
    def answer(body: Any) -> Any:
        return completion(None, refusal="No.") if "deposit of" in sent(body) else perfect_lease(body)

    with Endpoint(answer) as endpoint, pytest.raises(Refusal, match=r"chunk \d+ of \d+ of the text") as raised:
        connect(endpoint.base_url).run(Lease, TEXT, chunk=1000)
    assert 0 < len(raised.value.chunks) < len(endpoint.requests)


def test_a_schema_is_asked_in_chunks_too(connect: Connect) -> None:
    schema = {
        "type": "object",
        "properties": {
            "rent": {"type": "number"},
            "kind": {"const": "lease"},
            "office": {"type": ["string", "null"], "description": "registered office"},
        },
        "required": ["rent", "kind", "office"],
    }

    def answer(body: Any) -> str:
        lease = read_lease(body)
        return json.dumps(
            {
                "rent": lease["rent"] and float(lease["rent"]),
                "kind": "lease",
                "office": lease["landlord"]["registered_office"],
            }
        )

    with Endpoint(answer) as endpoint:
        value = connect(endpoint.base_url).extract(schema, TEXT, chunk=1000)
    assert value == {"rent": 1250, "kind": "lease", "office": "Kiel"}


def test_a_recursive_type_is_asked_for_its_recursive_part_as_a_whole(connect: Connect) -> None:
    class Node(BaseModel):
        name: str
        child: Node | None = None

    def answer(body: Any) -> str:
        name = first_group(r"tenant is ([\w ]+)\.", sent(body))
        return json.dumps({"name": name, "child": None})

    with Endpoint(answer) as endpoint:
        assert connect(endpoint.base_url).extract(Node, TEXT, chunk=1000) == Node(name="Mara Lindqvist")


def test_confidence_is_that_of_the_chunk_that_gave_a_field(connect: Connect) -> None:
    with Endpoint(perfect_lease) as endpoint:
        result = connect(endpoint.base_url).run(Lease, TEXT, chunk=1000, confidence=2)
    assert result.confidence["rent",] == 1.0
    assert result.confidence.details["rent",].replies == 2
    assert result.confidence["currency",] is None
    assert {*result.confidence} == {*result.provenance}


def test_a_decorated_function_reads_a_record_of_its_longest_argument() -> None:
    async def work(base_url: str) -> Any:
        async with structkit.AsyncClient("fake", base_url=base_url) as client:

            @structkit.prompt(client=client, chunk=1000, evidence=True)
            async def read(contract: str, kind: Literal["flat", "office"]) -> Lease:  # pyright: ignore[reportReturnType]
                """Read the contract about a {kind}.

                {contract}
                """

            return await read.run(TEXT, "flat")

    with Endpoint(perfect_lease) as endpoint:
        result = asyncio.run(work(endpoint.base_url))
    assert result.value.model_dump() == LEASE
    assert result.evidence.sources[0].path == ("contract",)
    assert all(sent(body).startswith("Read the contract about a flat.") for body in endpoint.requests)
