"""What people see of results, clients, functions, reports and explanations: one screen, no secret, no HTML of a value."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openai
import pytest
from pydantic import BaseModel, SecretStr

import structkit
from structkit.batch.report import Report
from structkit.client import CallOptions, DefaultOptions
from structkit.schema.explanation import Explanation, Note
from structkit.testing import Endpoint

KEY = "sk-test-hunter2-hunter2"
HOSTILE = "<script>alert(1)</script>"
SCREEN_CHARS = 80 * 40


class Item(BaseModel):
    name: str
    tags: list[str] = []


def visible(*objects: Any) -> str:
    return "".join(f"{each!r}{each._repr_html_()}" for each in objects)


def test_a_result_is_shown_with_its_value_and_how_it_was_obtained(connect: Callable[..., Any]) -> None:
    with Endpoint('```json\n{"name": "tea", "tags": []}\n```') as endpoint:
        result = connect(endpoint.base_url).run(Item, "three cups")
    text = repr(result)
    assert text.startswith("Result(Item(name='tea', tags=[]), model='fake', mode='json_schema', attempts=1, tokens=15")
    assert "repairs='code fence'" in text
    assert "three cups" not in visible(result)


def test_a_hostile_value_never_becomes_html(connect: Callable[..., Any]) -> None:
    with Endpoint(json.dumps({"name": HOSTILE, "tags": []})) as endpoint:
        result = connect(endpoint.base_url).run(Item, "x")
    html = result._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_a_long_value_is_shortened_to_one_screen(connect: Callable[..., Any]) -> None:
    with Endpoint(json.dumps({"name": "x" * 100_000, "tags": ["y"] * 10_000})) as endpoint:
        result = connect(endpoint.base_url).run(Item, "x")
    assert len(repr(result)) < SCREEN_CHARS
    assert len(result._repr_html_()) < 5 * SCREEN_CHARS


def test_a_value_whose_repr_or_json_form_fails_is_shown_all_the_same() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError(HOSTILE)

    result = structkit.Result(Broken(), (), (structkit.Attempt(1, structkit.Request("m", ())),), "tool")
    assert repr(result) == "Result(<Broken whose repr raises RuntimeError>, mode='tool', attempts=1, tokens=0)"
    assert "Broken" in result._repr_html_()
    assert "<script" not in result._repr_html_()


def test_a_result_as_a_dict_is_json_without_secrets(connect: Callable[..., Any]) -> None:
    class Login(BaseModel):
        user: str
        password: SecretStr
        fee: Decimal = Decimal("1.50")

    with Endpoint('{"user": "ada", "password": []}', '{"user": "ada", "password": "hunter3"}') as endpoint:
        result = connect(endpoint.base_url).run(Login, "x", policy=structkit.Policy(reask="whole"))
    fields = json.loads(json.dumps(result.to_dict()))
    assert fields["value"] == {"user": "ada", "password": "**********", "fee": "1.50"}
    assert (fields["model"], fields["mode"], fields["usage"]["total_tokens"]) == ("fake", "json_schema", 30)
    assert [len(each["issues"]) for each in fields["attempts"]] == [1, 0]
    assert fields["provenance"]["fee"] == "defaulted"


@pytest.mark.parametrize("kind", [structkit.Client, structkit.AsyncClient])
def test_a_client_is_shown_without_its_key(kind: Any) -> None:
    client = kind(
        "gpt-4o",
        base_url="https://gateway.example/v1?api-version=3&key=hunter2",
        api_key=KEY,
        temperature=0,
        instructions=HOSTILE,
        extra_headers={"X-Key": "hunter2"},
        extra_body={"token": "hunter2"},
        extra_query={"sig": "hunter2"},
        user="hunter2",
    )
    assert repr(client).startswith(f"{kind.__name__}('gpt-4o', 'https://gateway.example/v1")
    assert "temperature=0" in repr(client)
    assert "hunter2" not in visible(client)
    assert "<script" not in client._repr_html_()


def test_a_client_over_the_sdk_is_shown_without_its_key() -> None:
    blocking = openai.OpenAI(base_url="https://ada:hunter2@gateway.example/v1", api_key=KEY)
    awaited = openai.AsyncOpenAI(base_url="https://gateway.example/v1?key=hunter2", api_key=KEY)
    clients = structkit.Client("m", client=blocking), structkit.AsyncClient("m", client=awaited)
    assert "hunter2" not in visible(*clients)
    assert repr(clients[0]) == "Client('m', 'https://gateway.example/v1/', transport=OpenAITransport)"


def test_an_async_client_is_shown_without_an_event_loop_and_within_one() -> None:
    client = structkit.AsyncClient("m", base_url="http://127.0.0.1:1/v1")

    async def show() -> str:
        return repr(client)

    assert asyncio.run(show()) == repr(client) == "AsyncClient('m', 'http://127.0.0.1:1/v1')"


def test_a_function_is_shown_with_its_signature_its_type_and_its_options() -> None:
    client = structkit.Client("m", base_url="http://127.0.0.1:1/v1", api_key=KEY)

    @structkit.prompt(Item, client=client, seed=7, extra_headers={"X-Key": "hunter2"})
    def read(text: str, *, language: str = HOSTILE) -> str:
        return text

    @structkit.prompt
    async def count(text: str) -> list[int]:
        """Count: {text}"""
        raise NotImplementedError

    assert repr(read).startswith("Function(read(text: 'str', *, language: 'str' = '<script>")
    assert "-> Item, client=Client('m', 'http://127.0.0.1:1/v1'), seed=7, extra_headers=...)" in repr(read)
    assert repr(count) == "AsyncFunction(count(text: 'str') -> list[int])"
    assert "hunter2" not in visible(read, count)
    assert "<script" not in read._repr_html_()


def test_a_report_is_shown_as_its_summary() -> None:
    report = Report("", Path("out.csv"), 3, {"done": 2, "failed": 1}, 90, 0, None, (HOSTILE,), 1.5)
    assert repr(report).startswith("Report(complete: 3 rows, 2 done, 1 failed, in 1.5 s; 90 tokens, spend unknown; ")
    assert "<script" not in report._repr_html_()
    assert "written to out.csv" in report._repr_html_()


def test_an_explanation_is_shown_on_one_screen_and_printed_in_full() -> None:
    notes = tuple(Note((f"field {number}",), "rewritten", HOSTILE * 50) for number in range(100))
    explanation = Explanation(notes)
    assert len(repr(explanation).splitlines()) == 21
    assert repr(explanation).endswith("... and 80 more; print() shows all")
    assert max(map(len, repr(explanation).splitlines())) == 160
    assert len(str(explanation).splitlines()) == 100
    assert "<script" not in explanation._repr_html_()
    assert "and 70 more" in explanation._repr_html_()
    assert repr(Explanation(())) == str(Explanation(()))
    assert str(Explanation(())) in Explanation(())._repr_html_()


METHODS = ["extract", "run", "stream", "stream_items"]


@pytest.mark.parametrize("kind", [structkit.Client, structkit.AsyncClient])
@pytest.mark.parametrize("name", METHODS)
def test_the_signature_of_a_call_shows_every_option(kind: Any, name: str) -> None:
    parameters = inspect.signature(getattr(kind, name)).parameters
    assert {*CallOptions.__annotations__} < {*parameters}
    assert not any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    assert str(parameters["temperature"]) == "temperature: 'float' = None"
    assert [*parameters][:3] == ["self", "output_type", "prompt"]


def test_the_signature_of_a_client_and_of_the_decorator_shows_every_default_option() -> None:
    for function in (structkit.Client, structkit.AsyncClient, structkit.prompt):
        assert {*DefaultOptions.__annotations__} < {*inspect.signature(function).parameters}
