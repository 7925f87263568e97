"""`structkit.testing`: every fault as it is on the wire, cassettes, the guard, and the pytest plugin."""

from __future__ import annotations

import asyncio
import http.client
import json
import math
import re
import socket
import subprocess
import sys
import time
import tomllib
import zlib
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
from pydantic import BaseModel

import structkit
from structkit.testing import (
    FAULTS,
    Endpoint,
    Reply,
    cassette,
    completion,
    fault,
    offline,
    sample,
    tool_call_completion,
)

pytest_plugins = "pytester"

ROOT = Path(__file__).parents[2]
KEY = "sk-test-hunter2-hunter2"
Connect = Callable[..., Any]

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string", "pattern": "^A"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
HONEST = {"name": "A", "age": 0}
BY_SCHEMA = {
    "model": "m",
    "messages": [],
    "response_format": {"type": "json_schema", "json_schema": {"name": "person", "schema": SCHEMA, "strict": True}},
}
BY_TOOL = {
    "model": "m",
    "messages": [],
    "tools": [{"type": "function", "function": {"name": "person", "parameters": SCHEMA, "strict": True}}],
    "tool_choice": {"type": "function", "function": {"name": "person"}},
}
AS_OBJECT = {"model": "m", "messages": [], "response_format": {"type": "json_object"}}
PLAIN = {"model": "m", "messages": []}


class Seen:
    """An HTTP reply as a plain client sees it."""

    def __init__(self, response: http.client.HTTPResponse, body: bytes) -> None:
        self.status, self.headers, self.bytes = response.status, response.headers, body

    @property
    def body(self) -> Any:
        return json.loads(self.bytes)

    @property
    def message(self) -> Any:
        return self.body["choices"][0]["message"]

    @property
    def text(self) -> str:
        """What the model says, wherever it says it."""
        calls = self.message.get("tool_calls")
        return calls[0]["function"]["arguments"] if calls else self.message["content"]


def post(endpoint: Endpoint, body: dict[str, Any], timeout: float = 30) -> Seen:
    connection = http.client.HTTPConnection(urlsplit(endpoint.base_url).netloc, timeout=timeout)
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(body))
        response = connection.getresponse()
        return Seen(response, response.read())
    finally:
        connection.close()


def see(name: str, *arguments: Any, request: dict[str, Any] = BY_SCHEMA) -> Seen:
    with Endpoint(fault(name, *arguments)) as endpoint:
        return post(endpoint, request)


# The obliging endpoint.


@pytest.mark.parametrize("request_body", [BY_SCHEMA, BY_TOOL, {**BY_TOOL, "tool_choice": "required"}])
def test_without_a_script_the_reply_conforms_to_the_requests_own_schema(request_body: dict[str, Any]) -> None:
    with Endpoint() as endpoint:
        seen = post(endpoint, request_body)
    assert json.loads(seen.text) == HONEST
    assert bool(seen.message.get("tool_calls")) == ("tools" in request_body)


@pytest.mark.parametrize(
    "request_body", [AS_OBJECT, PLAIN, {**BY_TOOL, "tool_choice": "auto"}, {**PLAIN, "tool_choice": None}]
)
def test_where_no_schema_is_enforced_the_reply_is_an_empty_object(request_body: dict[str, Any]) -> None:
    with Endpoint() as endpoint:
        assert post(endpoint, request_body).message["content"] == "{}"


def test_every_choice_is_made_that_is_asked_for() -> None:
    with Endpoint() as endpoint:
        choices = post(endpoint, {**BY_TOOL, "n": 3}).body["choices"]
    assert [choice["index"] for choice in choices] == [0, 1, 2]


def test_a_text_of_the_script_is_what_the_model_says_where_the_request_wants_it() -> None:
    with Endpoint("words") as endpoint:
        assert post(endpoint, BY_SCHEMA).message["content"] == "words"
        assert post(endpoint, PLAIN).message["content"] == "words"
        call = post(endpoint, BY_TOOL).message["tool_calls"][0]
    assert call["function"] == {"name": "person", "arguments": "words"}


def test_an_iterator_of_bytes_is_sent_in_pieces() -> None:
    with Endpoint(lambda _: Reply(iter([b'{"a"', b"", b": 1}"]))) as endpoint:
        seen = post(endpoint, PLAIN)
    assert seen.body == {"a": 1}
    assert seen.headers["transfer-encoding"] == "chunked"


@pytest.mark.parametrize(
    "schema",
    [
        SCHEMA,
        {"enum": ["a", "b", "c"]},
        {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 3},
        {"type": "integer", "minimum": 3, "maximum": 4},
        {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5},
        {"type": "number", "multipleOf": 5, "minimum": 7},
        {"type": ["string", "null"], "minLength": 3, "maxLength": 5},
        {"anyOf": [{"type": "null"}, {"type": "array", "items": {"$ref": "#"}}]},
        {
            "$ref": "#/$defs/a",
            "$defs": {"a": {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/a"}}, {"type": "null"}]}},
        },
    ],
)
def test_samples_conform_and_differ_only_by_seed(schema: dict[str, Any]) -> None:
    for seed in (None, *range(20)):
        value = sample(schema, seed) if "#" not in str(schema.get("anyOf")) else None
        jsonschema.validate(value, schema)
        assert value is None or value == sample(schema, seed)


def test_a_seed_gives_variety() -> None:
    schema = {"type": "array", "items": {"enum": ["a", "b", "c"]}}
    assert len({str(sample(schema, seed)) for seed in range(50)}) > 5


# Every fault on the wire.


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("rate_limited", 429),
        ("rate_limited_until", 429),
        ("rate_limited_bare", 429),
        ("server_error", 500),
        ("bad_gateway", 502),
        ("unavailable", 503),
    ],
)
def test_a_failing_status(name: str, status: int) -> None:
    seen = see(name)
    assert seen.status == status
    assert ("retry-after" in seen.headers) == (name in {"rate_limited", "rate_limited_until"})
    assert name == "bad_gateway" or seen.body["error"]["message"]


def test_retry_after_comes_in_seconds_or_as_a_date() -> None:
    assert see("rate_limited").headers["retry-after"] == "1"
    assert see("rate_limited", 0.25).headers["retry-after"] == "0.25"
    assert see("rate_limited:7").headers["retry-after"] == "7"
    ahead = parsedate_to_datetime(see("rate_limited_until", 3600).headers["retry-after"]).timestamp() - time.time()
    assert 3500 < ahead <= 3600


def test_a_read_timeout_keeps_the_client_waiting() -> None:
    with Endpoint(fault("read_timeout")) as endpoint, pytest.raises(TimeoutError):
        post(endpoint, PLAIN, timeout=0.2)


def test_a_reset_ends_in_mid_body() -> None:
    with Endpoint(fault("reset")) as endpoint, pytest.raises(http.client.IncompleteRead) as caught:
        post(endpoint, PLAIN)
    assert caught.value.partial.startswith(b'{"id"')


def test_a_web_page_comes_with_200() -> None:
    seen = see("html")
    assert (seen.status, seen.headers.get_content_type()) == (200, "text/html")
    assert seen.bytes.startswith(b"<!doctype html>")


def test_a_wrong_content_type_leaves_the_body_alone() -> None:
    seen = see("wrong_content_type")
    assert seen.headers["content-type"] == "text/plain; charset=iso-8859-1"
    assert json.loads(seen.text) == HONEST


def test_an_error_object_comes_with_200() -> None:
    seen = see("error_with_200", "no capacity")
    assert (seen.status, seen.body["error"]["message"]) == (200, "no capacity")


def test_choices_may_be_empty() -> None:
    assert see("no_choices").body["choices"] == []


@pytest.mark.parametrize("request_body", [BY_SCHEMA, BY_TOOL])
def test_content_may_be_null(request_body: dict[str, Any]) -> None:
    assert see("null_content", request=request_body).message == {"role": "assistant", "content": None}


def test_usage_may_be_missing_or_make_no_sense() -> None:
    assert "usage" not in see("no_usage").body
    assert see("bad_usage").body["usage"]["prompt_tokens"] == -1
    assert json.loads(see("bad_usage").text) == HONEST


def test_a_refusal_and_a_filter_say_what_they_are() -> None:
    assert see("refusal").message["refusal"]
    assert see("refusal").message["content"] is None
    assert see("content_filter").body["choices"][0]["finish_reason"] == "content_filter"


BROKEN = ["length", "prose", "fence", "think", "deep", "broken_arguments", "ignores_schema"]


@pytest.mark.parametrize("request_body", [BY_SCHEMA, BY_TOOL], ids=["content", "arguments"])
@pytest.mark.parametrize("name", BROKEN)
def test_words_that_are_not_the_json_alone_stand_where_they_were_asked_for(
    name: str, request_body: dict[str, Any]
) -> None:
    seen = see(name, request=request_body)
    assert bool(seen.message.get("tool_calls")) == (request_body is BY_TOOL)
    with pytest.raises((ValueError, RecursionError)):
        json.loads(seen.text)
    assert (json.dumps(HONEST) in seen.text) == (name in {"prose", "fence", "think"})
    assert (seen.body["choices"][0]["finish_reason"] == "length") == (name == "length")


def test_deep_is_ten_thousand_levels() -> None:
    assert see("deep").text.count("[") == 10_000


@pytest.mark.parametrize("request_body", [BY_SCHEMA, BY_TOOL], ids=["content", "arguments"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("wrapper", {"person": HONEST}),
        ("schema_back", SCHEMA),
        ("other_keys", {"answer": "yes", "confidence": "high"}),
        ("infinity", {"name": math.inf, "age": math.inf}),
        ("lone_surrogate", dict.fromkeys(HONEST, "half an emoji: \ud83d")),
        ("duplicate_keys", HONEST),
    ],
)
def test_words_that_are_other_json(name: str, value: Any, request_body: dict[str, Any]) -> None:
    assert json.loads(see(name, request=request_body).text) == value


def test_a_key_stands_twice() -> None:
    pairs = json.loads(see("duplicate_keys").text, object_pairs_hook=list)
    assert pairs == [("name", None), ("name", "A"), ("age", 0)]
    assert see("duplicate_keys", request=PLAIN).text == '{"value": 1, "value": 2}'


def test_nan_is_written_where_a_scalar_stood() -> None:
    assert see("nan").text == '{"name": NaN, "age": NaN}'
    assert see("nan", request=PLAIN).text == '{"value": NaN}'
    with Endpoint("no JSON", faults={"nan": 1.0}) as endpoint:
        assert post(endpoint, PLAIN).text == '{"value": NaN}'


def test_a_tool_call_comes_where_content_was_asked_and_content_where_a_call_was() -> None:
    call = see("tool_call_instead")
    assert call.message["content"] is None
    assert json.loads(call.message["tool_calls"][0]["function"]["arguments"]) == HONEST
    content = see("content_instead", request=BY_TOOL)
    assert "tool_calls" not in content.message
    assert json.loads(content.message["content"]) == HONEST


@pytest.mark.parametrize("request_body", [BY_SCHEMA, BY_TOOL])
def test_several_tool_calls_come_with_the_words_in_the_first(request_body: dict[str, Any]) -> None:
    calls = see("several_tool_calls", request=request_body).message["tool_calls"]
    assert [json.loads(call["function"]["arguments"]) for call in calls] == [HONEST, {}]
    assert len({call["id"] for call in calls}) == 2


def test_a_response_format_is_rejected_and_everything_else_is_served() -> None:
    refused = see("rejects_response_format")
    assert refused.status == 400
    assert refused.body["error"]["param"] == "response_format"
    assert [see("rejects_response_format", request=body).status for body in (AS_OBJECT, BY_TOOL, PLAIN)] == [200] * 3
    both = "rejects_response_format:json_schema,json_object"
    assert [see(both, request=body).status for body in (BY_SCHEMA, AS_OBJECT, BY_TOOL)] == [400, 400, 200]


def test_tools_are_rejected_and_everything_else_is_served() -> None:
    assert [see("rejects_tools", request=body).status for body in (BY_TOOL, BY_SCHEMA)] == [400, 200]


def test_a_keyword_is_rejected_while_the_schema_has_it() -> None:
    for body in (BY_SCHEMA, BY_TOOL):
        refused = see("rejects_keyword", "pattern", request=body)
        assert (refused.status, "'pattern' is not permitted" in refused.body["error"]["message"]) == (400, True)
    assert see("rejects_keyword:name").status == 200, "a property's name is no keyword"
    assert see("rejects_keyword:minimum").status == 200
    assert see("rejects_keyword:pattern", request=PLAIN).status == 200


def test_the_vendor_changes_from_call_to_call() -> None:
    with Endpoint(fault("other_vendor")) as endpoint:
        seen = [post(endpoint, BY_SCHEMA).body for _ in range(3)]
    assert len({body["provider"] for body in seen}) == len({body["model"] for body in seen}) == 3


def read_in_pieces(endpoint: Endpoint) -> Iterator[bytes]:
    connection = http.client.HTTPConnection(urlsplit(endpoint.base_url).netloc, timeout=30)
    connection.request("POST", "/v1/chat/completions", json.dumps(PLAIN))
    response = connection.getresponse()
    while piece := response.read(1 << 20):
        yield piece
    connection.close()


def test_a_huge_body_is_sent_to_the_end_and_is_a_completion() -> None:
    with Endpoint(fault("huge")) as endpoint:
        assert sum(map(len, read_in_pieces(endpoint))) > 100 * 1024 * 1024
    assert len(see("huge", 1).text) == 1024 * 1024


def test_a_gzip_bomb_is_small_on_the_wire() -> None:
    with Endpoint(fault("gzip_bomb")) as endpoint:
        pieces = [*read_in_pieces(endpoint)]
    assert sum(map(len, pieces)) < 1024 * 1024
    opener = zlib.decompressobj(wbits=31)
    assert sum(len(opener.decompress(piece)) for piece in pieces) > 100 * 1024 * 1024
    assert see("gzip_bomb:1").headers["content-encoding"] == "gzip"


def test_a_client_that_hangs_up_does_not_disturb_the_endpoint() -> None:
    with Endpoint(fault("huge"), "fine") as endpoint:
        next(read_in_pieces(endpoint))
        assert post(endpoint, PLAIN).text == "fine"


def test_every_fault_is_seen_above() -> None:
    here = [Path(__file__), ROOT / "tests" / "transport" / "test_streaming.py"]
    text = "".join(path.read_text(encoding="utf-8") for path in here)
    assert [name for name in FAULTS if f'"{name}' not in text] == []


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_leaves_a_reply_alone_that_is_no_completion(name: str) -> None:
    arguments = ("pattern",) if name == "rejects_keyword" else ()
    teapot = Reply("short and stout", status=418)
    came = fault(name, *arguments).change(PLAIN, teapot)
    assert came.body == teapot.body or came.status != 418


# Names, rates and seeds.


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rate_limitd", "did you mean 'rate_limited'"),
        ("xyzzy", "there are "),
        ("rate_limited_until:soon", "does not take"),
        ("html:now", "does not take"),
        ("rejects_keyword", "does not take"),
    ],
)
def test_a_misspelt_fault_is_refused_before_anything_is_served(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fault(name)
    with pytest.raises(ValueError, match=message):
        Endpoint(faults={name: 0.5})


@pytest.mark.parametrize("rates", [{"html": 1.5}, {"html": -0.1}, {"html": 0.6, "prose": 0.6}, {"html": math.nan}])
def test_rates_are_shares_of_one_whole(rates: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="shares"):
        Endpoint(faults=rates)


def met(seed: int, rates: dict[str, float]) -> list[str | None]:
    with Endpoint(faults=rates, seed=seed) as endpoint:
        for _ in range(100):
            post(endpoint, BY_SCHEMA)
    return endpoint.fault_names


def test_the_same_seed_brings_the_same_faults_at_about_their_rates() -> None:
    rates = {"rate_limited": 0.3, "prose": 0.2}
    first = met(1, rates)
    assert first == met(1, rates)
    assert first != met(2, rates)
    assert 15 < first.count("rate_limited") < 45
    assert 8 < first.count("prose") < 35
    assert first.count(None) > 30


def test_a_fault_of_the_script_is_met_as_one_that_was_drawn() -> None:
    with Endpoint(fault("unavailable"), "1", fault("rate_limited:0"), faults={}) as endpoint:
        for _ in range(3):
            post(endpoint, PLAIN)
    assert endpoint.fault_names == ["unavailable", None, "rate_limited"]


def test_a_reply_that_a_fault_swallowed_comes_with_the_next_request() -> None:
    with Endpoint("1", "2", "3", faults={"unavailable": 0.5}, seed=3) as endpoint:
        seen = [post(endpoint, PLAIN) for _ in range(20)]
    said = [reply.text for reply in seen if reply.status == 200]
    assert said[:3] == ["1", "2", "3"]
    assert 503 in [reply.status for reply in seen[:3]]


def test_a_reply_that_a_fault_only_dresses_up_is_used_up() -> None:
    with Endpoint("1", "2", faults={"fence": 1.0}) as endpoint:
        assert [post(endpoint, PLAIN).text for _ in range(3)] == [
            "```json\n1\n```",
            "```json\n2\n```",
            "```json\n2\n```",
        ]


def test_a_request_that_is_served_uses_up_its_reply() -> None:
    with Endpoint("1", "2", faults={"rejects_response_format": 1.0}) as endpoint:
        assert post(endpoint, BY_SCHEMA).status == 400
        assert [post(endpoint, PLAIN).text, post(endpoint, PLAIN).text] == ["1", "2"]


# Cassettes.


class Person(BaseModel):
    name: str
    age: int


def over(endpoint: Endpoint) -> structkit.Client:
    return structkit.Client("m", base_url=endpoint.base_url, api_key=KEY, policy=structkit.Policy(retries=0))


def ask(tape: Any, prompt: str = "Ada, 36", kind: str = "sync", **call: Any) -> Any:
    if kind == "sync":
        return structkit.Client("m", transport=tape).run(Person, prompt, **call)
    return asyncio.run(structkit.AsyncClient("m", transport=tape.asynchronous).run(Person, prompt, **call))


@pytest.mark.parametrize("replayed", ["sync", "async"])
@pytest.mark.parametrize("recorded", ["sync", "async"])
def test_what_was_recorded_is_replayed_by_either_client(tmp_path: Path, recorded: str, replayed: str) -> None:
    path = tmp_path / "deep" / "tape.json"
    replies = '{"name": "Ada"}', '{"name": "Ada", "age": 36}'
    with Endpoint(*replies) as endpoint, cassette(path, "record", over(endpoint)) as tape:
        first = ask(tape, kind=recorded)
        assert tape.models() == asyncio.run(tape.asynchronous.models()) == ("fake",)
    assert len(endpoint.requests) == 2
    with cassette(path) as tape:
        again = ask(tape, kind=replayed)
    assert again.value == first.value == Person(name="Ada", age=36)
    assert [attempt.raw for attempt in again.attempts] == [attempt.raw for attempt in first.attempts]
    assert again.usage == first.usage


def test_a_cassette_is_readable_json(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    with Endpoint('{"name": "Zoë", "age": 1}') as endpoint, cassette(path, "record", lambda: over(endpoint)) as tape:
        ask(tape, "Zoë 🙂")
    text = path.read_text(encoding="utf-8")
    assert text.startswith('[\n  {\n    "reply": {\n      "completion": {\n')
    assert text.endswith("]\n")
    assert "Zoë 🙂" in text
    [entry] = json.loads(text)
    assert entry["request"] == endpoint.requests[0]
    assert list(entry["request"]) == sorted(entry["request"])


def test_half_a_surrogate_pair_survives_the_file(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    body = completion('{"name": "A", "age": 1}')
    with Endpoint(Reply({**body, "note": "\ud83d"})) as endpoint, cassette(path, "record", over(endpoint)) as tape:
        ask(tape)
    with cassette(path) as tape:
        assert ask(tape).completion.raw["note"] == "\ud83d"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rate_limited", structkit.StatusError),
        ("html", structkit.MalformedReply),
        ("reset", structkit.ConnectionFailed),
    ],
)
def test_faults_are_recorded_too(tmp_path: Path, name: str, kind: type[structkit.TransportError]) -> None:
    path = tmp_path / "tape.json"
    once = structkit.Policy(retries=0)
    with Endpoint(fault(name)) as end, cassette(path, "record", over(end)) as tape, pytest.raises(kind) as first:
        ask(tape, policy=once)
    with cassette(path) as tape, pytest.raises(kind) as again:
        ask(tape)
    kept = ("retryable", "retry_after", "status_code", "body", "args")
    assert [getattr(again.value, one, None) for one in kept] == [getattr(first.value, one, None) for one in kept]


def test_no_key_gets_into_a_cassette(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tape.json"
    secret = "correct-horse-battery"
    monkeypatch.setenv("OPENAI_API_KEY", secret)
    said = json.dumps({"name": f"{secret} and sk-abcdef1234567890", "age": 1})
    echo = Reply({"error": {"message": f"bad key {KEY}", secret: [KEY, 1]}}, status=401)
    with Endpoint(said, echo) as endpoint, cassette(path, "record", over(endpoint)) as tape:
        ask(tape, f"my key is {secret}")
        with pytest.raises(structkit.StatusError):
            ask(tape)
    text = path.read_text(encoding="utf-8")
    assert not [word for word in (secret, KEY, "abcdef1234567890", "authorization") if word in text]
    assert text.count("[redacted]") >= 4
    with cassette(path) as tape:
        assert ask(tape, f"my key is {secret}").value.age == 1


def test_a_placeholder_for_a_key_is_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tape.json"
    monkeypatch.setenv("OPENAI_API_KEY", "test")
    with Endpoint() as endpoint, cassette(path, "record", over(endpoint)) as tape:
        ask(tape, "a test of tests")
    monkeypatch.delenv("OPENAI_API_KEY")
    with cassette(path) as tape:
        assert ask(tape, "a test of tests").value.age == 0


def test_the_same_request_gets_its_replies_in_order_and_each_once(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    replies = '{"name": "A", "age": 1}', '{"name": "A", "age": 2}'
    with Endpoint(*replies) as endpoint, cassette(path, "record", over(endpoint)) as tape:
        assert [ask(tape).value.age, ask(tape).value.age] == [1, 2]
    with cassette(path, "replay") as tape:
        assert [ask(tape).value.age, ask(tape).value.age] == [1, 2]
        with pytest.raises(structkit.ConfigError, match="has this request 2 times, but it was sent once more"):
            ask(tape)
    with tape:
        assert ask(tape).value.age == 1, "entered again, it starts again"


def test_a_request_that_is_not_there_is_shown_beside_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    with Endpoint() as endpoint, cassette(path, "record", over(endpoint)) as tape:
        ask(tape, "something else entirely\n" * 50, temperature=1)
        ask(tape, "Ada, 36")
    with cassette(path) as tape, pytest.raises(structkit.ConfigError) as caught:
        ask(tape, "Ada, 37")
    said = str(caught.value)
    assert "does not have this request; record it with STRUCTKIT_RECORD=1" in said
    assert '-      "content": "Ada, 36",' in said
    assert '+      "content": "Ada, 37",' in said
    assert len(said.splitlines()) < 15


def test_a_long_difference_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    path.write_text('[{"request": {"model": "m"}, "reply": {"completion": {}}}]')
    with cassette(path) as tape, pytest.raises(structkit.ConfigError, match=r"and \d+ lines more$"):
        ask(tape)
    path.write_text("[]")
    with cassette(path) as tape, pytest.raises(structkit.ConfigError, match="this request"):
        ask(tape)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[1]",
        '[{"request": {}}]',
        '[{"request": [], "reply": {}}]',
        '[{"request": {}, "reply": {"fault": 1}}]',
    ],
)
def test_a_file_that_is_no_cassette_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tape.json"
    path.write_text(text)
    with pytest.raises(structkit.ConfigError, match=r"tape\.json"), cassette(path):
        raise AssertionError("it was entered")


def test_replaying_needs_the_file_and_recording_a_client(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    with pytest.raises(structkit.ConfigError, match=r"there is no cassette .*; record it with"), cassette(path):
        raise AssertionError("it was entered")
    with pytest.raises(structkit.ConfigError, match="a client is needed"):
        cassette(path, "record")


@pytest.mark.parametrize(("value", "records"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_the_environment_decides_in_mode_auto(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, records: bool
) -> None:
    monkeypatch.setenv("STRUCTKIT_RECORD", value)
    assert cassette(tmp_path / "tape.json", over=structkit.Client).records is records
    assert cassette(tmp_path / "tape.json", "replay").records is False


def test_a_tape_that_is_replayed_makes_no_client_and_lists_no_models(tmp_path: Path) -> None:
    def never() -> structkit.Client:
        raise AssertionError("a client was made")

    path = tmp_path / "tape.json"
    path.write_text("[]")
    with cassette(path, "replay", never) as tape, pytest.raises(structkit.ConfigError, match="not the list of models"):
        structkit.Client("m", transport=tape).models()


@pytest.mark.parametrize("mode", ["record", "replay"])
def test_a_tape_is_of_no_use_outside_its_block(tmp_path: Path, mode: Any) -> None:
    (tmp_path / "tape.json").write_text("[]")
    with Endpoint() as endpoint:
        tape = cassette(tmp_path / "tape.json", mode, over(endpoint))
        with pytest.raises(structkit.ConfigError, match="inside its `with` block"):
            ask(tape)
        with tape:
            pass
        with pytest.raises(structkit.ConfigError, match="inside its `with` block"):
            ask(tape)
    assert endpoint.requests == [], "nothing is paid for that would not be kept"


def test_an_old_cassette_is_unharmed_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    with Endpoint() as endpoint:
        with cassette(path, "record", over(endpoint)) as tape:
            ask(tape, "first")
        before = path.read_bytes()
        with cassette(path, "record", over(endpoint)) as tape:
            ask(tape, "second")
            assert path.read_bytes() == before
        assert b"second" in path.read_bytes()
        with cassette(path, "record", over(endpoint)):
            pass
    assert b"second" in path.read_bytes(), "nothing was recorded, so nothing is written"
    assert [*tmp_path.iterdir()] == [path]


def test_what_was_paid_for_is_written_also_when_the_test_fails(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    with Endpoint() as endpoint, pytest.raises(ZeroDivisionError), cassette(path, "record", over(endpoint)) as tape:
        1 / ask(tape).value.age
    with cassette(path) as tape:
        assert ask(tape).value.age == 0


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with Endpoint() as endpoint:
        for path in (tmp_path / "file" / "tape.json", tmp_path / "folder"):
            tape = cassette(path, "record", over(endpoint))
            with pytest.raises(structkit.ConfigError, match="cannot be written"), tape:
                ask(tape)
    assert {found.name for found in tmp_path.iterdir()} == {"file", "folder"}


# The guard.


@pytest.mark.parametrize("address", [("gateway.example", 443), ("192.0.2.1", 443), ("2001:db8::1", 443)])
def test_nothing_is_sent_to_another_machine_while_the_guard_is_up(address: tuple[str, int]) -> None:
    with offline() as asked_for, pytest.raises(structkit.ConfigError, match="a real request to"):
        socket.create_connection(address, timeout=1)
    assert asked_for == [address[0]]


@pytest.mark.parametrize("method", ["connect", "connect_ex"])
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_an_address_is_refused_as_a_name_is(family: int, method: str) -> None:
    with socket.socket(family) as sock, offline(), pytest.raises(structkit.ConfigError):
        getattr(sock, method)(("::ffff:192.0.2.1" if family == socket.AF_INET6 else "192.0.2.1", 443))


def test_a_client_behind_the_guard_reaches_this_machine_only(connect: Connect) -> None:
    with Endpoint() as endpoint, offline() as asked_for:
        assert connect(endpoint.base_url).extract(int, "how many?") == 0
        assert asked_for == []
        with pytest.raises(structkit.TransportError, match="blocked a real request") as caught:
            connect("https://gateway.example").extract(int, "how many?")
        assert not caught.value.retryable
    assert asked_for == ["gateway.example"]


@pytest.mark.parametrize(
    "host", [None, "", "localhost", b"localhost", "a.localhost", "127.0.0.1", "::1", "0.0.0.0"], ids=repr
)
def test_this_machine_is_no_other(host: Any) -> None:
    with offline() as asked_for:
        try:
            socket.getaddrinfo(host, 80)
        except OSError:
            assert host in {"", "a.localhost"}, "not every resolver knows them"
    assert asked_for == []


def test_unix_sockets_stay_open(tmp_path: Path) -> None:
    if not hasattr(socket, "AF_UNIX"):
        pytest.skip("this system has none")
    with offline(), socket.socket(socket.AF_UNIX) as sock, pytest.raises(FileNotFoundError):
        sock.connect(str(tmp_path / "s"))


def test_the_guard_is_taken_down_as_it_was_put_up() -> None:
    before = socket.getaddrinfo, socket.socket.connect, dict(vars(socket.socket))
    with offline(), offline():
        assert socket.getaddrinfo is not before[0]
    assert (socket.getaddrinfo, socket.socket.connect, dict(vars(socket.socket))) == before


# The pytest plugin.


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """pytest in a process of its own, with the plugin and without those of this machine."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return lambda *args: pytester.runpytest_subprocess("-p", "structkit_pytest", "--strict-markers", *args)


def test_the_plugin_is_found_by_its_entry_point() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"][
        "pytest11"
    ]
    plugin = EntryPoint("structkit", declared["structkit"], "pytest11").load()
    assert plugin.structkit_endpoint


def test_the_plugin_loads_nothing_of_structkit_until_a_test_asks() -> None:
    heavy = ["structkit", "pydantic", "openai", "asyncio"]
    code = f"import sys, pytest; before = {{*sys.modules}}; import structkit_pytest\nprint([name for name in {heavy} if name in sys.modules.keys() - before])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_a_test_gets_an_endpoint_to_which_the_environment_points(
    pytester: pytest.Pytester, run: Callable[..., pytest.RunResult]
) -> None:
    pytester.makepyfile("""
        import pytest, structkit

        def test_obliging(structkit_endpoint):
            assert structkit.Client().extract(int, "how many?") == 0
            assert len(structkit_endpoint.requests) == 1

        @pytest.mark.structkit_endpoint('{"value": 3}', faults={"html": 1.0})
        def test_faults(structkit_endpoint):
            with pytest.raises(structkit.MalformedReply):
                structkit.Client().extract(int, "how many?", policy=structkit.Policy(retries=0))
            assert structkit_endpoint.fault_names == ["html"]
    """)
    run().assert_outcomes(passed=2)


def test_a_test_has_a_cassette_of_its_own(
    pytester: pytest.Pytester, run: Callable[..., pytest.RunResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(
        test_it="""
        import asyncio, pytest, structkit

        def test_one(structkit_cassette):
            assert structkit.Client("m", transport=structkit_cassette).extract(int, "how many?") == 3

        class TestMore:
            @pytest.mark.parametrize("prompt", ["a/b", "a b"])
            def test_two(self, structkit_cassette, prompt):
                client = structkit.AsyncClient("m", transport=structkit_cassette.asynchronous)
                assert asyncio.run(client.extract(int, prompt)) == 3

        def test_own(tmp_path):
            from structkit.testing import cassette
            if cassette(tmp_path / "own.json", over=structkit.Client).records:
                pytest.skip("it records")
    """
    )
    done = run()
    done.assert_outcomes(errors=3, passed=1)
    done.stdout.fnmatch_lines(["*there is no cassette *test_one.json; record it with*"])
    with Endpoint('{"value": 3}') as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        run("--structkit-record", "-o", "structkit_offline=true").assert_outcomes(passed=3, skipped=1)
        assert [body["model"] for body in endpoint.requests] == ["m"] * 3
        monkeypatch.setenv("STRUCTKIT_RECORD", "1")
        run("-k", "one").assert_outcomes(passed=1, deselected=3)
        assert len(endpoint.requests) == 4
        monkeypatch.delenv("STRUCTKIT_RECORD")
    run("-o", "structkit_offline=true").assert_outcomes(passed=4)
    names = sorted(path.name for path in (pytester.path / "cassettes" / "test_it").iterdir())
    assert len(names) == 3
    assert names[-1] == "test_one.json"
    assert all(name.startswith("TestMore.test_two[a_b]-") for name in names[:2])


GUARDED = """
    import asyncio, openai, pytest, socket, structkit

    def extract():
        return structkit.Client("m", base_url="http://192.0.2.1", api_key="k" * 20).extract(int, "how many?")

    {mark}
    def test_direct():
        extract()

    {mark}
    def test_swallowed():
        try:
            extract()
        except BaseException:
            pass

    {mark}
    def test_awaited():
        sdk = openai.AsyncOpenAI(base_url="http://192.0.2.1", api_key="k" * 20)
        asyncio.run(structkit.AsyncClient("m", client=sdk).extract(int, "x"))

    {mark}
    def test_something_else():
        assert False

    {mark}
    def test_loopback(structkit_endpoint):
        assert structkit.Client().extract(int, "how many?") == 0

    @pytest.fixture
    def early():
        socket.create_connection(("192.0.2.1", 80))

    {mark}
    def test_fixture(early):
        pass

    @pytest.mark.structkit_offline(False)
    def test_free():
        assert socket.socket.connect.__name__ == "connect" and "connect" not in vars(socket.socket)
"""


@pytest.mark.parametrize("by", ["marker", "setting"])
def test_a_guarded_test_fails_by_name_if_it_sends_a_real_request(
    pytester: pytest.Pytester, run: Callable[..., pytest.RunResult], by: str
) -> None:
    pytester.makepyfile(test_it=GUARDED.format(mark="@pytest.mark.structkit_offline" if by == "marker" else ""))
    start = time.monotonic()
    done = run(*(["-o", "structkit_offline=true"] if by == "setting" else []))
    done.assert_outcomes(passed=2, failed=4, errors=1)
    done.stdout.fnmatch_lines(
        [
            "*test_it.py::test_direct: blocked a real request to 192.0.2.1*",
            "*test_it.py::test_swallowed: a real request to 192.0.2.1 was blocked, and the test continued without it*",
            "*test_it.py::test_awaited: a real request to 192.0.2.1 was blocked",
            "*assert False",
        ]
    )
    assert time.monotonic() - start < 60, "a refusal is not retried"


def test_the_tests_on_the_page_pass(pytester: pytest.Pytester, run: Callable[..., pytest.RunResult]) -> None:
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    [block] = [found for found in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "def test_" in found]
    pytester.makepyfile(block)
    run().assert_outcomes(passed=3)


def test_the_page_names_every_fault() -> None:
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    assert [name for name in FAULTS if f"`{name}`" not in page and f"`{name}:" not in page] == []


def test_without_marker_and_setting_there_is_no_guard(
    pytester: pytest.Pytester, run: Callable[..., pytest.RunResult]
) -> None:
    pytester.makepyfile("""
        import socket

        def test_free():
            assert "connect" not in vars(socket.socket)
    """)
    run().assert_outcomes(passed=1)


def test_a_call_by_hand_has_the_shape_of_a_tool_call() -> None:
    with Endpoint(Reply(tool_call_completion("person", '{"a": 1}'))) as endpoint:
        choice = post(endpoint, PLAIN).body["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
