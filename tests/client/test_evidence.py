"""`evidence=`: where the values of a call are in what the caller passed, and what happens to those that are not."""

from __future__ import annotations

import asyncio
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel

import structkit
from structkit import ConfigError, File, Message, Span, TextSource
from structkit.testing import Endpoint

Connect = Callable[..., Any]


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
    replies = [structkit.testing.call("find_city", name="Smith"), letter_json()]
    with Endpoint(*replies) as endpoint:
        result = connect(endpoint.base_url).run(Letter, text, evidence=True, tools=[find_city])
    assert result.evidence.sources[1] == TextSource("Smith lives in Kiel", ("tool_calls", 0))
    assert result.evidence["city",].spans == (Span(15, 19, 1),)
