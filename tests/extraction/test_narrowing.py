"""What a rejection removes from the dialect: exactly the keyword, the format or the limit that it names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, create_model

from structkit.errors import StatusError
from structkit.schema.strict.size import measure
from structkit.testing import Endpoint, Reply, fault, sample
from structkit.testing.scripted_reply import requested_schema, text_reply
from structkit.values import JSON, Policy

Connect = Callable[..., Any]
Calls = Callable[..., list[Any]]


class Bounded(BaseModel):
    count: Annotated[int, Field(ge=0, le=10)]
    code: Annotated[str, Field(pattern="^A[0-9]$")]
    day: date
    id: UUID


def rejecting_schema(is_rejected: Callable[[str], bool], message: str) -> Callable[[JSON], Reply]:
    """Return an endpoint that rejects a schema by its text, and answers others with a conforming reply."""

    def answer(body: JSON) -> Reply:
        schema = body["response_format"]["json_schema"]["schema"] if "response_format" in body else {}
        error = {"error": {"message": message, "type": "invalid_request_error", "code": "invalid_json_schema"}}
        if is_rejected(json.dumps(schema)):
            return Reply(error, 400)
        return text_reply(
            body, '{"count": 3, "code": "A1", "day": "2026-01-02", "id": "6ba7b810-9dad-41d1-80b4-00c04fd430c8"}'
        )

    return answer


SERVED = rejecting_schema(lambda _: False, "")


def keywords_of(body: JSON) -> set[str]:
    """Return the bounds and formats in the schema of a request."""
    parts = body["response_format"]["json_schema"]["schema"]["properties"].values()
    return {str(part.get("format", word)) for part in parts for word in part if word not in {"type", "description"}}


REJECTED_SCHEMA = "Invalid schema for response_format 'pattern': In context=('properties', 'minimum'), "


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("pattern", REJECTED_SCHEMA + "'pattern' is not permitted."),
        ("pattern", "Invalid regex: look-ahead assertions are not supported"),
        ("pattern", "Failed to compile regular expression '^A[0-9]$'"),
        ("pattern", "regex parse error: repetition operator missing expression"),
        ("minimum", "Unsupported JSON schema keyword: minimum"),
        ("maximum", 'output_format.schema: For "integer" type, property "maximum" is not supported'),
        ("uuid", REJECTED_SCHEMA + "'uuid' is not a valid format."),
        ("date", 'Unknown format "date" in the schema'),
    ],
)
@pytest.mark.parametrize("mode", ["auto", "json_schema"])
def test_only_a_rejected_keyword_is_removed_from_the_schema(calls: Calls, word: str, message: str, mode: str) -> None:
    with Endpoint(rejecting_schema(lambda schema: f'"{word}"' in schema, message)) as endpoint:
        first, second = calls(endpoint.base_url, Bounded, Bounded, mode=mode)
    before, after, next_call = map(keywords_of, endpoint.requests)
    assert (before - after, after - before) == ({word}, set())
    assert next_call == after
    assert (first.mode, second.value, len(first.attempts)) == ("json_schema", first.value, 2)


@pytest.mark.parametrize("message", ["regex patterns are not supported", "pattern: not supported"])
def test_an_unsupported_keyword_is_removed_from_the_schema(calls: Calls, message: str) -> None:
    with Endpoint(rejecting_schema(lambda schema: '"pattern"' in schema, message)) as endpoint:
        [result] = calls(endpoint.base_url, Bounded)
    assert (result.mode, len(result.attempts)) == ("json_schema", 2)


class Tree(BaseModel):
    name: str
    children: list["Tree"]


@pytest.mark.parametrize(
    "message", ["JSON schema conversion failed: Unsupported ref: #", "the $ref '#' is not allowed"]
)
def test_a_rejected_reference_to_the_root_becomes_a_definition_and_costs_no_keyword(calls: Calls, message: str) -> None:
    def answer(body: JSON) -> Reply:
        schema = json.dumps(requested_schema(body))
        if '"#"' in schema:
            return Reply({"error": message}, 400)
        return text_reply(body, '{"name": "a", "children": []}') if "children" in schema else SERVED(body)

    with Endpoint(answer) as endpoint:
        results = calls(endpoint.base_url, Tree, Tree, Bounded)
    assert [len(result.attempts) for result in results[:2]] == [2, 1]
    schemas = [json.dumps(requested_schema(body)) for body in endpoint.requests]
    assert [('"#"' in schema, "$defs" in schema) for schema in schemas[:3]] == [
        (True, False),
        (False, True),
        (False, True),
    ]
    assert '"pattern"' in schemas[3]


ABOUT_SOMETHING_ELSE = [
    "This model's maximum context length is 8192 tokens. However, you requested 9001 tokens (97 in the schema).",
    "Invalid request: your maximum spend is reached.",
    "max_tokens is too large: 99999. This model supports at most 4096 completion tokens; the maximum is 4096",
    "The prompt matches a forbidden pattern",
    "Invalid 'messages[1].name': string does not match pattern. Expected a string that matches the pattern '^[a-z]+$'.",
    "The response date is unknown: maximum load",
]


@pytest.mark.parametrize("message", ABOUT_SOMETHING_ELSE)
@pytest.mark.parametrize("mode", ["auto", "json_schema"])
def test_a_rejection_of_something_else_removes_no_keyword(connect: Connect, message: str, mode: str) -> None:
    error = {"error": {"message": message, "type": "invalid_request_error"}}
    with Endpoint(Reply(error, 400)) as endpoint, pytest.raises(StatusError):
        connect(endpoint.base_url, model="gpt-4o").run(Bounded, "x", mode=mode)
    assert len(endpoint.requests) == 1


PATTERN = Annotated[str, Field(pattern="^[a-z]+$")]


def test_a_rejected_keyword_is_removed_from_a_tool(connect: Connect) -> None:
    with Endpoint(fault("rejects_keyword:pattern")) as endpoint:
        result = connect(endpoint.base_url, model="gpt-4o").run(PATTERN, "x", mode="tool")
    assert [json.dumps(body).count('"pattern"') for body in endpoint.requests] == [1, 0]
    assert result.mode == "tool"


def test_an_echo_of_the_request_in_an_error_is_not_a_reason(connect: Connect) -> None:
    def answer(body: JSON) -> Reply:
        detail = {
            "type": "extra_forbidden",
            "loc": ["body", "response_format"],
            "msg": "Extra inputs are not permitted",
        }
        echo = {**detail, "input": body.get("response_format")}
        is_rejected = "response_format" in body
        return Reply({"detail": [echo]}, 422) if is_rejected else SERVED(body)

    with Endpoint(answer) as endpoint:
        connect(endpoint.base_url, model="gpt-4o").run(Bounded, "x")
    assert [mode_of(body) for body in endpoint.requests] == ["strict", "lax", "tool"]


def mode_of(body: JSON) -> str:
    """Return the mode of a request."""
    schema_field = body.get("response_format", {}).get("json_schema")
    return (
        "tool"
        if "tools" in body
        else "none"
        if schema_field is None
        else "strict"
        if "strict" in schema_field
        else "lax"
    )


# During a patch: a gateway may have routed it to another vendor than the first request

NOTED = create_model("Noted", note=(str, ...), count=(Annotated[int, Field(ge=0)], ...))
NOTE = "It was counted twice, and then once more. " * 10


def patching(rejects: Callable[[JSON], bool], message: str, *texts: str) -> Callable[[JSON], Reply]:
    """Return an endpoint whose second vendor rejects what the first accepted."""
    replies = [json.dumps({"note": NOTE, "count": "x"}), *texts]

    def answer(body: JSON) -> Reply:
        is_rejected = "count" in body["messages"][-1]["content"] and rejects(body)
        return Reply({"error": {"message": message}}, 400) if is_rejected else text_reply(body, replies.pop(0))

    return answer


def test_a_keyword_rejected_in_a_patch_is_removed_from_the_patch(calls: Calls) -> None:
    message = "Invalid schema for response_format 'noted_part': 'minimum' is not permitted."
    answer = patching(lambda body: '"minimum"' in json.dumps(body), message, '{"count": 3}')
    with Endpoint(answer) as endpoint:
        [result] = calls(endpoint.base_url, NOTED, policy=Policy(attempts=2))
    assert result.value.model_dump() == {"note": NOTE, "count": 3}
    assert [[*(requested_schema(body) or {})["properties"]] for body in endpoint.requests[1:]] == [["count"], ["count"]]
    assert result.provenance["count",].attempt == 3


def test_a_mode_rejected_for_a_patch_falls_back_with_the_patch(calls: Calls) -> None:
    message = "response_format is not supported"
    with Endpoint(patching(lambda body: "response_format" in body, message, '{"count": 3}')) as endpoint:
        [result] = calls(endpoint.base_url, NOTED, policy=Policy(attempts=2))
    assert result.value.model_dump() == {"note": NOTE, "count": 3}
    assert [mode_of(body) for body in endpoint.requests] == ["strict", "strict", "lax", "tool"]
    assert [*(requested_schema(endpoint.requests[-1]) or {})["properties"]] == ["count"]


def test_a_patch_whose_schema_is_ignored_falls_back_to_the_next_mode(calls: Calls) -> None:
    with Endpoint(patching(lambda _: False, "", "Gladly! Which one?", '{"count": 3}')) as endpoint:
        [result] = calls(endpoint.base_url, NOTED, policy=Policy(attempts=2))
    assert result.value.model_dump() == {"note": NOTE, "count": 3}
    assert [mode_of(body) for body in endpoint.requests] == ["strict", "strict", "tool"]
    assert endpoint.requests[2]["messages"] == endpoint.requests[1]["messages"]


# A limit is exceeded


class Colour(BaseModel):
    name: Literal["red", "green", "blue", "text"]
    shade: Literal["dark", "light", "text"]


class Four(BaseModel):
    a: int
    b: int
    c: int
    d: int


def nested(levels: int) -> Any:
    """Return a type of that many nested objects."""
    inner: Any = int
    for level in range(levels):
        inner = create_model(f"Level{level}", inside=(inner, ...))
    return inner


def depth_of(schema: JSON) -> int:
    """Return the nesting depth of objects in a schema."""
    depths = [depth_of(part) for part in [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]]
    return (schema.get("type") == "object") + max(depths, default=0)


LIMITS: list[tuple[Any, str, Callable[[JSON], float], int]] = [
    (Colour, "Invalid schema: the enum values exceed the limit of 4.", lambda schema: measure(schema).enum_values, 2),
    (Four, "Invalid schema for 'four': 4 properties, at most 3.", lambda schema: measure(schema).properties, 3),
    (nested(6), "Invalid schema: 6 levels of nesting exceeds limit of 5.", depth_of, 2),
]


@pytest.mark.parametrize(("output", "message", "size", "requests"), LIMITS, ids=["enums", "properties", "levels"])
def test_a_limit_in_an_error_applies_in_the_same_mode(
    calls: Calls, output: Any, message: str, size: Callable[[JSON], float], requests: int
) -> None:
    limit = int(re.findall(r"\d+", message)[-1])

    def answer(body: JSON) -> Reply:
        schema = body["response_format"]["json_schema"]["schema"]
        too_large = size(schema) > limit
        return (
            Reply({"error": {"message": message}}, 400) if too_large else text_reply(body, json.dumps(sample(schema)))
        )

    with Endpoint(answer) as endpoint:
        first, second = calls(endpoint.base_url, output, output)
    assert first.mode == second.mode == "json_schema"
    assert (len(first.attempts), len(second.attempts)) == (requests, requests - 1)
    assert first.usage.total_tokens == second.usage.total_tokens == 15 * (requests - 1)
    assert len(endpoint.requests) == 2 * requests - 1
    assert len({*map(json.dumps, endpoint.requests[:requests])}) == requests
