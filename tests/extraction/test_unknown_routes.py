"""A route of which nothing is known: it is sent the documented strict subset, and at most two rejections teach the rest."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

import structkit
from structkit import ResponseFormat
from structkit.dialects import DIALECTS, Dialect
from structkit.schema.strict.size import walk_schema
from structkit.testing import Endpoint, Reply, completion

Connect = Callable[..., Any]


class Shipment(BaseModel):
    """A type with every keyword of the documented subset."""

    sent: date
    code: Annotated[str, Field(pattern=r"^[A-Z]{2}-\d+$")]
    weight: Annotated[float, Field(gt=0, le=1000)]
    boxes: Annotated[int, Field(ge=1, lt=50, multiple_of=2)]
    labels: Annotated[list[str], Field(min_length=1, max_length=3)]


VALUE = {"sent": "2026-11-29", "code": "AB-7", "weight": 2.5, "boxes": 4, "labels": ["fragile"]}
STRUCTURE = {"type", "properties", "required", "additionalProperties", "items", "enum", "anyOf", "description"}
BY_SCHEMA = [dialect for dialect in DIALECTS.values() if "json_schema" in dialect.modes]


def rejected_words(schema: Any, dialect: Dialect) -> list[str]:
    """The keywords of a schema that a strict vendor of that dialect does not accept."""
    allowed = STRUCTURE | dialect.keywords
    words = [word for part in walk_schema(schema) for word in part if word not in allowed]
    formats = [
        part["format"] for part in walk_schema(schema) if "format" in part and part["format"] not in dialect.formats
    ]
    return [*words, *(formats if "format" in dialect.keywords else [])]


def naming_all(words: list[str]) -> str:
    return f"Invalid schema: {', '.join(map(repr, words))} are not supported"


def naming_one(words: list[str]) -> str:
    return f"Invalid schema for response_format 'shipment': In context=(), '{words[0]}' is not permitted."


def naming_none(_words: list[str]) -> str:
    return "Failed to compile the grammar of the schema."


def giving_no_reason(_words: list[str]) -> str:
    return "Bad Request"


MESSAGES = [naming_all, naming_one, naming_none, giving_no_reason]


def strict_vendor(dialect: Dialect, message: Callable[[list[str]], str]) -> Callable[[Any], Any]:
    """An endpoint that rejects each schema with a keyword that its dialect does not have."""

    def answer(body: Any) -> Any:
        words = rejected_words(body["response_format"]["json_schema"]["schema"], dialect)
        if words:
            error = {"error": {"message": message(words), "type": "invalid_request_error"}}
            return Reply(error, status=400)
        return Reply(completion(json.dumps(VALUE)))

    return answer


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.__name__)
@pytest.mark.parametrize("dialect", BY_SCHEMA, ids=lambda dialect: dialect.name)
def test_a_strict_vendor_costs_two_rejections_at_most_and_none_afterwards(
    connect: Connect,
    dialect: Dialect,
    message: Callable[[list[str]], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STRUCTKIT_ROUTES", str(tmp_path))
    with Endpoint(strict_vendor(dialect, message)) as endpoint:
        first = connect(endpoint.base_url, model="a-model").run(Shipment, "One shipment.")
        second = connect(endpoint.base_url, model="a-model").run(Shipment, "Another.")
    assert (first.value.boxes, first.mode, second.value.boxes, second.mode) == (4, "json_schema", 4, "json_schema")
    assert len(first.attempts) <= 3
    assert len(second.attempts) == 1


def test_an_unknown_route_is_sent_every_keyword_of_the_documented_subset(connect: Connect) -> None:
    with Endpoint(json.dumps(VALUE)) as endpoint:
        connect(endpoint.base_url, model="a-model").run(Shipment, "One shipment.")
    sent = {
        word for part in walk_schema(endpoint.requests[0]["response_format"]["json_schema"]["schema"]) for word in part
    }
    assert sent - STRUCTURE == {
        *("format", "pattern", "exclusiveMinimum", "maximum", "minimum", "exclusiveMaximum", "multipleOf"),
        *("minItems", "maxItems"),
    }


GRAMMAR_FAILURES = [
    "failed to load model vocabulary required for format",  # Ollama, for anything in a grammar
    "JSON schema conversion failed:\nPattern must start with '^' and end with '$'",  # llama.cpp
    "failed to initialize samplers: failed to parse grammar",
    "Failed to transform json schema into a grammar: unsupported regex",  # vLLM
    "The provided JSON schema contains features not supported by xgrammar.",
    "Failed to compile json grammar: unknown escape",
    "Unsupported schema keyword: pattern",
    "Exception: 'pattern' is not supported",
]


@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize("message", GRAMMAR_FAILURES)
def test_a_schema_that_a_server_cannot_compile_is_narrowed_at_once_whatever_the_status(
    connect: Connect, message: str, status: int
) -> None:
    def answer(body: Any) -> Any:
        words = rejected_words(body["response_format"]["json_schema"]["schema"], without_patterns)
        error = {"error": {"message": message, "type": "api_error"}}
        return Reply(error, status=status) if words else Reply(completion(json.dumps(VALUE)))

    without_patterns = replace(DIALECTS["openai"], keywords=DIALECTS["openai"].keywords - {"pattern"})
    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url, model="a-model").run(Shipment, "One shipment.")
    assert (result.mode, len(endpoint.requests)) == ("json_schema", 2)


def test_a_model_without_grammars_gets_the_schema_in_its_prompt(connect: Connect) -> None:
    def answer(body: Any) -> Any:
        error = {"error": {"message": GRAMMAR_FAILURES[0]}}
        is_plain = "response_format" not in body and "tools" not in body
        return json.dumps(VALUE) if is_plain else Reply(error, status=500)

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url, model="a-model").run(Shipment, "One shipment.")
    assert result.mode == "prompt"
    assert all(attempt.retries == 0 for attempt in result.attempts)


class Item(BaseModel):
    code: Literal[*(f"code-{number}" for number in range(1_200))]  # type: ignore[valid-type]
    label: Literal[*(f"{'long ' * 10}label {number}" for number in range(300))]  # type: ignore[valid-type]


ITEM = {"code": "code-1199", "label": f"{'long ' * 10}label 299"}
ENUM_MESSAGES = [
    "Invalid schema: at most 1,000 enum values in total.",
    "Invalid schema: the characters of an enum exceed the limit of 15000.",
    "The enum values exceed the limit of 500.",
    "Failed to compile the grammar of the schema.",
    "Bad Request",
]


def limiting_enums(message: str) -> Callable[[Any], Any]:
    """An endpoint with the limits of the documented subset."""

    def answer(body: Any) -> Any:
        enums = [
            part["enum"] for part in walk_schema(body["response_format"]["json_schema"]["schema"]) if "enum" in part
        ]
        is_long = any(len(values) > 250 and len("".join(values)) > 15_000 for values in enums)
        if is_long or sum(map(len, enums)) > 1_000:
            return Reply({"error": {"message": message, "type": "invalid_request_error"}}, status=400)
        return Reply(completion(json.dumps(ITEM)))

    return answer


def labels_in(body: Any) -> int:
    """Return how many of the labels and codes a request contains."""
    text = json.dumps(body)
    labels = {value for part in walk_schema(ResponseFormat(Item).natural_schema) for value in part.get("enum", ())}
    return sum(label in text for label in labels)


def test_an_unknown_route_is_sent_enums_of_any_length_because_it_may_make_a_grammar_of_them(connect: Connect) -> None:
    with Endpoint(json.dumps(ITEM)) as endpoint:
        result = connect(endpoint.base_url, model="a-model").run(Item, "One item.")
    schema = endpoint.requests[0]["response_format"]["json_schema"]["schema"]
    assert [len(part["enum"]) for part in schema["properties"].values()] == [1_200, 300]
    assert (result.value.code, len(result.attempts)) == ("code-1199", 1)


@pytest.mark.parametrize("message", ENUM_MESSAGES)
def test_a_limit_of_enums_costs_two_rejections_at_most_and_no_label(
    connect: Connect, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRUCTKIT_ROUTES", str(tmp_path))
    with Endpoint(limiting_enums(message)) as endpoint:
        first = connect(endpoint.base_url, model="a-model").run(Item, "One item.")
        second = connect(endpoint.base_url, model="a-model").run(Item, "Another.")
    assert (first.mode, second.mode, second.value.code) == ("json_schema", "json_schema", "code-1199")
    assert len(first.attempts) <= 3
    assert len(second.attempts) == 1
    assert [labels_in(body) for body in endpoint.requests] == [1_500] * len(endpoint.requests)


PROCESS = f"""
import sys
from datetime import date
from decimal import Decimal
from typing import Annotated
from pydantic import BaseModel, Field
import structkit
{inspect.getsource(Shipment)}
for model in sys.argv[2:]:
    print(len(structkit.Client(model, base_url=sys.argv[1], api_key="k").run(Shipment, "One.").attempts))
"""


def by_name_of_model(body: Any) -> Any:
    """One endpoint for strict vendors of all dialects."""
    name = body["model"].removeprefix("like-")
    return strict_vendor(DIALECTS[name], MESSAGES[sorted(DIALECTS).index(name) % len(MESSAGES)])(body)


def test_processes_that_start_at_once_pay_two_rejections_each_and_later_ones_none(tmp_path: Path) -> None:
    env = {**os.environ, "STRUCTKIT_ROUTES": str(tmp_path)}
    models = [f"like-{dialect.name}" for dialect in BY_SCHEMA]

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", PROCESS, endpoint.base_url, *models]
        return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)

    def attempts(process: subprocess.Popen[str]) -> list[int]:
        return [int(line) for line in process.communicate()[0].split()]

    with Endpoint(by_name_of_model) as endpoint:
        first = [attempts(process) for process in [start() for _ in range(4)]]
        later = attempts(start())
    assert [len(each) for each in first] == [len(models)] * 4
    assert max(map(max, first)) <= 3
    assert later == [1] * len(models)


class Order(BaseModel):
    """A type with what is rewritten: maps, tuples, defaults, amounts, nested models."""

    shipments: list[Shipment]
    prices: dict[str, Decimal] = {}
    position: tuple[int, str]
    state: Literal["open", "paid"] = "open"
    note: str | None = None
    extra: Any = None


TYPES = [int, Shipment, Order, list[Order], dict[str, int], Shipment | Order, {"type": "object", "properties": {}}]


@pytest.mark.parametrize("output_type", TYPES, ids=str)
def test_an_unknown_route_is_sent_the_same_bytes_as_openai(output_type: Any) -> None:
    def call(client: structkit.Client) -> None:
        client.run(output_type, "x")

    def stream(client: structkit.Client) -> None:
        with client.stream(output_type, "x") as snapshots:
            list(snapshots)

    def label(client: structkit.Client) -> None:
        structkit.Job(["x"], None, output_type=output_type, prompt="{text}", client=client, progress=False).run()

    one_attempt = structkit.Policy(attempts=1, retries=0)

    def texts(**options: Any) -> list[str]:
        with Endpoint() as endpoint:
            for send in (call, stream, label):
                client = structkit.Client("fake", base_url=endpoint.base_url, policy=one_attempt, **options)
                with suppress(structkit.InvalidOutput):  # the reply to some patterns; only the requests matter
                    send(client)
        return [json.dumps(body) for body in endpoint.requests]

    expected = texts(dialect="openai", mode="json_schema")
    assert texts() == texts(mode="json_schema") == texts(dialect="openai") == expected
    assert len(expected) == 3


def test_what_an_unknown_route_is_sent_otherwise_than_openai_is_what_openai_alone_documents() -> None:
    unknown, openai = DIALECTS["unknown"], DIALECTS["openai"]
    names = {each.name for each in fields(Dialect) if getattr(unknown, each.name) != getattr(openai, each.name)}
    assert names == {"hosts", "max_enum_characters", "max_size", "models", "name", "rejected_pattern", "root_reference"}
