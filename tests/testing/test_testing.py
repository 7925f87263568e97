"""`structkit.testing`: every fault on the wire, cassettes, the guard, and the pytest plugin."""

from __future__ import annotations

import asyncio
import http.client
import json
import math
import os
import re
import socket
import subprocess
import sys
import time
import tomllib
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from email.utils import parsedate_to_datetime
from importlib.metadata import EntryPoint
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
from pydantic import AnyUrl, AwareDatetime, BaseModel, FutureDate, FutureDatetime, HttpUrl, NaiveDatetime, PastDatetime

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
from structkit.values import JSON, Choice, Completion, Policy, Request, Usage

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
CONFORMING = {"name": "A", "age": 0}
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
NO_FORMAT = {"model": "m", "messages": []}


class ReceivedReply:
    """An HTTP reply, read without structkit."""

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
        """The model's text: a tool call's arguments, or the content."""
        calls = self.message.get("tool_calls")
        return calls[0]["function"]["arguments"] if calls else self.message["content"]


def post(endpoint: Endpoint, body: dict[str, Any], timeout: float = 30) -> ReceivedReply:
    connection = http.client.HTTPConnection(urlsplit(endpoint.base_url).netloc, timeout=timeout)
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(body))
        response = connection.getresponse()
        return ReceivedReply(response, response.read())
    finally:
        connection.close()


def request_fault(name: str, *arguments: Any, request: dict[str, Any] = BY_SCHEMA) -> ReceivedReply:
    with Endpoint(fault(name, *arguments)) as endpoint:
        return post(endpoint, request)


# Replies without a script.


@pytest.mark.parametrize("request_body", [BY_SCHEMA, BY_TOOL, {**BY_TOOL, "tool_choice": "required"}])
def test_without_a_script_the_reply_conforms_to_the_requests_schema(request_body: dict[str, Any]) -> None:
    with Endpoint() as endpoint:
        reply = post(endpoint, request_body)
    assert json.loads(reply.text) == CONFORMING
    assert bool(reply.message.get("tool_calls")) == ("tools" in request_body)


@pytest.mark.parametrize(
    "request_body", [AS_OBJECT, NO_FORMAT, {**BY_TOOL, "tool_choice": "auto"}, {**NO_FORMAT, "tool_choice": None}]
)
def test_without_a_schema_the_reply_is_an_empty_object(request_body: dict[str, Any]) -> None:
    with Endpoint() as endpoint:
        assert post(endpoint, request_body).message["content"] == "{}"


def test_the_reply_has_as_many_choices_as_requested() -> None:
    with Endpoint() as endpoint:
        choices = post(endpoint, {**BY_TOOL, "n": 3}).body["choices"]
    assert [choice["index"] for choice in choices] == [0, 1, 2]


def test_a_scripted_text_is_in_the_field_that_the_request_asks_for() -> None:
    with Endpoint("words") as endpoint:
        assert post(endpoint, BY_SCHEMA).message["content"] == "words"
        assert post(endpoint, NO_FORMAT).message["content"] == "words"
        call = post(endpoint, BY_TOOL).message["tool_calls"][0]
    assert call["function"] == {"name": "person", "arguments": "words"}


def test_a_list_is_the_replies_in_order() -> None:
    with Endpoint(["a", Reply(completion("b"))], "c") as endpoint:
        texts = [post(endpoint, BY_SCHEMA).text for _ in range(4)]
    assert texts == ["a", "b", "c", "c"]


@pytest.mark.parametrize(
    ("value", "contents"),
    [("3", ["3"]), (["3", "4"], ["3", "4"]), (completion("3"), ["3"]), (Reply(completion("3")), ["3"])],
    ids=["text", "list", "body", "reply"],
)
def test_a_function_returns_a_text_a_list_of_texts_a_body_or_a_reply(value: Any, contents: list[str]) -> None:
    with Endpoint(lambda _: value) as endpoint:
        choices = post(endpoint, BY_SCHEMA).body["choices"]
    assert [choice["message"]["content"] for choice in choices] == contents


@pytest.mark.parametrize("value", [None, 3, [], [3]])
def test_a_function_that_returns_something_else_is_answered_with_what_it_may_return(value: Any) -> None:
    with Endpoint(lambda _: value) as endpoint:
        reply = post(endpoint, BY_SCHEMA)
    assert reply.status == 500
    assert "must return a text, a list of texts" in reply.body["error"]["message"]


@pytest.mark.parametrize("reply", [None, 3, b"x", ["a", None]])
def test_a_reply_of_another_type_raises_before_anything_is_served(reply: Any) -> None:
    with pytest.raises(TypeError, match="a reply is a text, a Reply, a dict"):
        Endpoint(reply)


def test_a_hundred_connections_at_once_are_accepted() -> None:
    endpoint = Endpoint()  # it listens, and does not accept yet
    address = ("127.0.0.1", int(urlsplit(endpoint.base_url).port or 0))
    with endpoint, ExitStack() as stack:
        endpoint._server.shutdown()
        for _ in range(100):
            stack.enter_context(socket.create_connection(address, timeout=600))


def test_an_iterator_of_bytes_is_sent_in_chunks() -> None:
    with Endpoint(lambda _: Reply(iter([b'{"a"', b"", b": 1}"]))) as endpoint:
        reply = post(endpoint, NO_FORMAT)
    assert reply.body == {"a": 1}
    assert reply.headers["transfer-encoding"] == "chunked"


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
def test_samples_conform_and_depend_only_on_the_seed(schema: dict[str, Any]) -> None:
    for seed in (None, *range(20)):
        value = sample(schema, seed) if "#" not in str(schema.get("anyOf")) else None
        jsonschema.validate(value, schema)
        assert value is None or value == sample(schema, seed)


def test_seeds_give_different_samples() -> None:
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
def test_faults_with_an_error_status(name: str, status: int) -> None:
    reply = request_fault(name)
    assert reply.status == status
    assert ("retry-after" in reply.headers) == (name in {"rate_limited", "rate_limited_until"})
    assert name == "bad_gateway" or reply.body["error"]["message"]


def test_retry_after_is_in_seconds_or_a_date() -> None:
    assert request_fault("rate_limited").headers["retry-after"] == "1"
    assert request_fault("rate_limited", 0.25).headers["retry-after"] == "0.25"
    assert request_fault("rate_limited:7").headers["retry-after"] == "7"
    seconds = (
        parsedate_to_datetime(request_fault("rate_limited_until", 3600).headers["retry-after"]).timestamp()
        - time.time()
    )
    assert 0 < seconds <= 3600


def test_a_read_timeout_delays_the_reply() -> None:
    with Endpoint(fault("read_timeout")) as endpoint, pytest.raises(TimeoutError):
        post(endpoint, NO_FORMAT, timeout=0.2)


def test_a_reset_truncates_the_body() -> None:
    with Endpoint(fault("reset")) as endpoint, pytest.raises(http.client.IncompleteRead) as caught:
        post(endpoint, NO_FORMAT)
    assert caught.value.partial.startswith(b'{"id"')


def test_a_web_page_has_status_200() -> None:
    reply = request_fault("html")
    assert (reply.status, reply.headers.get_content_type()) == (200, "text/html")
    assert reply.bytes.startswith(b"<!doctype html>")


def test_a_wrong_content_type_does_not_change_the_body() -> None:
    reply = request_fault("wrong_content_type")
    assert reply.headers["content-type"] == "text/plain; charset=iso-8859-1"
    assert json.loads(reply.text) == CONFORMING


def test_an_error_object_has_status_200() -> None:
    reply = request_fault("error_with_200", "no capacity")
    assert (reply.status, reply.body["error"]["message"]) == (200, "no capacity")


def test_choices_may_be_empty() -> None:
    assert request_fault("no_choices").body["choices"] == []


@pytest.mark.parametrize("request_body", [BY_SCHEMA, BY_TOOL])
def test_content_may_be_null(request_body: dict[str, Any]) -> None:
    assert request_fault("null_content", request=request_body).message == {"role": "assistant", "content": None}


def test_usage_may_be_missing_or_invalid() -> None:
    assert "usage" not in request_fault("no_usage").body
    assert request_fault("bad_usage").body["usage"]["prompt_tokens"] == -1
    assert json.loads(request_fault("bad_usage").text) == CONFORMING


def test_a_refusal_and_a_filtered_reply_are_marked() -> None:
    assert request_fault("refusal").message["refusal"]
    assert request_fault("refusal").message["content"] is None
    assert request_fault("content_filter").body["choices"][0]["finish_reason"] == "content_filter"


INVALID_TEXTS = ["length", "prose", "fence", "think", "deep", "broken_arguments", "ignores_schema"]


@pytest.mark.parametrize("request_body", [BY_SCHEMA, BY_TOOL], ids=["content", "arguments"])
@pytest.mark.parametrize("name", INVALID_TEXTS)
def test_an_invalid_text_is_in_the_field_that_the_request_asks_for(name: str, request_body: dict[str, Any]) -> None:
    reply = request_fault(name, request=request_body)
    assert bool(reply.message.get("tool_calls")) == (request_body is BY_TOOL)
    with pytest.raises((ValueError, RecursionError)):
        json.loads(reply.text)
    assert (json.dumps(CONFORMING) in reply.text) == (name in {"prose", "fence", "think"})
    assert (reply.body["choices"][0]["finish_reason"] == "length") == (name == "length")


def test_deep_is_ten_thousand_levels() -> None:
    assert request_fault("deep").text.count("[") == 10_000


@pytest.mark.parametrize("request_body", [BY_SCHEMA, BY_TOOL], ids=["content", "arguments"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("wrapper", {"person": CONFORMING}),
        ("schema_back", SCHEMA),
        ("other_keys", {"answer": "yes", "confidence": "high"}),
        ("infinity", {"name": math.inf, "age": math.inf}),
        ("lone_surrogate", dict.fromkeys(CONFORMING, "half an emoji: \ud83d")),
        ("duplicate_keys", CONFORMING),
    ],
)
def test_a_text_may_be_other_json(name: str, value: Any, request_body: dict[str, Any]) -> None:
    assert json.loads(request_fault(name, request=request_body).text) == value


def test_a_key_is_duplicated() -> None:
    pairs = json.loads(request_fault("duplicate_keys").text, object_pairs_hook=list)
    assert pairs == [("name", None), ("name", "A"), ("age", 0)]
    assert request_fault("duplicate_keys", request=NO_FORMAT).text == '{"value": 1, "value": 2}'


def test_scalars_are_replaced_by_nan() -> None:
    assert request_fault("nan").text == '{"name": NaN, "age": NaN}'
    assert request_fault("nan", request=NO_FORMAT).text == '{"value": NaN}'
    with Endpoint("no JSON", faults={"nan": 1.0}) as endpoint:
        assert post(endpoint, NO_FORMAT).text == '{"value": NaN}'


def test_content_and_tool_call_are_exchanged() -> None:
    call = request_fault("tool_call_instead")
    assert call.message["content"] is None
    assert json.loads(call.message["tool_calls"][0]["function"]["arguments"]) == CONFORMING
    content = request_fault("content_instead", request=BY_TOOL)
    assert "tool_calls" not in content.message
    assert json.loads(content.message["content"]) == CONFORMING


@pytest.mark.parametrize("request_body", [BY_SCHEMA, BY_TOOL])
def test_the_first_of_several_tool_calls_has_the_text(request_body: dict[str, Any]) -> None:
    calls = request_fault("several_tool_calls", request=request_body).message["tool_calls"]
    assert [json.loads(call["function"]["arguments"]) for call in calls] == [CONFORMING, {}]
    assert len({call["id"] for call in calls}) == 2


def test_a_finish_reason_and_an_error_in_a_choice_keep_the_text() -> None:
    [choice] = request_fault("finish_reason:SAFETY").body["choices"]
    assert (choice["finish_reason"], json.loads(choice["message"]["content"])) == ("SAFETY", CONFORMING)
    [choice] = request_fault("choice_error:503").body["choices"]
    assert (choice["error"]["code"], json.loads(choice["message"]["content"])) == (503, CONFORMING)


@pytest.mark.parametrize("request_body", [BY_SCHEMA, BY_TOOL])
def test_the_text_is_in_the_reasoning(request_body: JSON) -> None:
    [choice] = request_fault("in_reasoning", request=request_body).body["choices"]
    assert choice["message"]["content"] is None
    assert json.loads(choice["message"]["reasoning_content"]) == CONFORMING


def test_a_response_format_is_rejected_and_other_requests_are_served() -> None:
    rejection = request_fault("rejects_response_format")
    assert rejection.status == 400
    assert rejection.body["error"]["param"] == "response_format"
    assert [
        request_fault("rejects_response_format", request=body).status for body in (AS_OBJECT, BY_TOOL, NO_FORMAT)
    ] == [200] * 3
    name = "rejects_response_format:json_schema,json_object"
    assert [request_fault(name, request=body).status for body in (BY_SCHEMA, AS_OBJECT, BY_TOOL)] == [400, 400, 200]


def test_tools_are_rejected_and_other_requests_are_served() -> None:
    assert [request_fault("rejects_tools", request=body).status for body in (BY_TOOL, BY_SCHEMA)] == [400, 200]


def test_a_keyword_is_rejected_if_the_schema_has_it() -> None:
    for body in (BY_SCHEMA, BY_TOOL):
        rejection = request_fault("rejects_keyword", "pattern", request=body)
        assert (rejection.status, "'pattern' is not permitted" in rejection.body["error"]["message"]) == (400, True)
    assert request_fault("rejects_keyword:name").status == 200, "a property's name is not a keyword"
    assert request_fault("rejects_keyword:minimum").status == 200
    assert request_fault("rejects_keyword:pattern", request=NO_FORMAT).status == 200


def test_the_vendor_changes_with_every_call() -> None:
    with Endpoint(fault("other_vendor")) as endpoint:
        bodies = [post(endpoint, BY_SCHEMA).body for _ in range(3)]
    assert len({body["provider"] for body in bodies}) == len({body["model"] for body in bodies}) == 3


def read_chunks(endpoint: Endpoint) -> Iterator[bytes]:
    connection = http.client.HTTPConnection(urlsplit(endpoint.base_url).netloc, timeout=600)
    connection.request("POST", "/v1/chat/completions", json.dumps(NO_FORMAT))
    response = connection.getresponse()
    while chunk := response.read(1 << 20):
        yield chunk
    connection.close()


def test_a_huge_body_is_a_complete_completion() -> None:
    with Endpoint(fault("huge")) as endpoint:
        assert sum(map(len, read_chunks(endpoint))) > 100 * 1024 * 1024
    assert len(request_fault("huge", 1).text) == 1024 * 1024


def test_a_gzip_bomb_is_small_on_the_wire() -> None:
    with Endpoint(fault("gzip_bomb")) as endpoint:
        chunks = [*read_chunks(endpoint)]
    assert sum(map(len, chunks)) < 1024 * 1024
    decompressor = zlib.decompressobj(wbits=31)
    assert sum(len(decompressor.decompress(chunk)) for chunk in chunks) > 100 * 1024 * 1024
    assert request_fault("gzip_bomb:1").headers["content-encoding"] == "gzip"


def test_the_endpoint_survives_a_disconnected_client() -> None:
    with Endpoint(fault("huge"), "fine") as endpoint:
        next(read_chunks(endpoint))
        assert post(endpoint, NO_FORMAT).text == "fine"


def test_every_fault_is_tested() -> None:
    paths = [Path(__file__), ROOT / "tests" / "transport" / "test_streaming.py"]
    text = "".join(path.read_text(encoding="utf-8") for path in paths)
    assert [name for name in FAULTS if f'"{name}' not in text] == []


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_does_not_change_a_reply_that_is_not_a_completion(name: str) -> None:
    arguments = ("pattern",) if name == "rejects_keyword" else ()
    teapot = Reply("short and stout", status=418)
    changed = fault(name, *arguments).change(NO_FORMAT, teapot)
    assert changed.body == teapot.body or changed.status != 418


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
def test_an_unknown_fault_raises_before_anything_is_served(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fault(name)
    with pytest.raises(ValueError, match=message):
        Endpoint(faults={name: 0.5})


@pytest.mark.parametrize("rates", [{"html": 1.5}, {"html": -0.1}, {"html": 0.6, "prose": 0.6}, {"html": math.nan}])
def test_rates_that_are_not_shares_raise(rates: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="shares"):
        Endpoint(faults=rates)


def drawn_faults(seed: int, rates: dict[str, float]) -> list[str | None]:
    with Endpoint(faults=rates, seed=seed) as endpoint:
        for _ in range(100):
            post(endpoint, BY_SCHEMA)
    return endpoint.fault_names


def test_the_same_seed_draws_the_same_faults_at_about_their_rates() -> None:
    rates = {"rate_limited": 0.3, "prose": 0.2}
    first = drawn_faults(1, rates)
    assert first == drawn_faults(1, rates)
    assert first != drawn_faults(2, rates)
    assert 15 < first.count("rate_limited") < 45
    assert 8 < first.count("prose") < 35
    assert first.count(None) > 30


def test_scripted_faults_are_recorded_by_name() -> None:
    with Endpoint(fault("unavailable"), "1", fault("rate_limited:0"), faults={}) as endpoint:
        for _ in range(3):
            post(endpoint, NO_FORMAT)
    assert endpoint.fault_names == ["unavailable", None, "rate_limited"]


def test_a_reply_blocked_by_a_fault_is_sent_to_the_next_request() -> None:
    with Endpoint("1", "2", "3", faults={"unavailable": 0.5}, seed=3) as endpoint:
        replies = [post(endpoint, NO_FORMAT) for _ in range(20)]
    texts = [reply.text for reply in replies if reply.status == 200]
    assert texts[:3] == ["1", "2", "3"]
    assert 503 in [reply.status for reply in replies[:3]]


def test_a_reply_changed_by_a_fault_is_not_sent_again() -> None:
    with Endpoint("1", "2", faults={"fence": 1.0}) as endpoint:
        assert [post(endpoint, NO_FORMAT).text for _ in range(3)] == [
            "```json\n1\n```",
            "```json\n2\n```",
            "```json\n2\n```",
        ]


def test_a_rejected_request_does_not_use_up_a_reply() -> None:
    with Endpoint("1", "2", faults={"rejects_response_format": 1.0}) as endpoint:
        assert post(endpoint, BY_SCHEMA).status == 400
        assert [post(endpoint, NO_FORMAT).text, post(endpoint, NO_FORMAT).text] == ["1", "2"]


# Cassettes.


class Person(BaseModel):
    name: str
    age: int


def new_client(endpoint: Endpoint) -> structkit.Client:
    return structkit.Client("m", base_url=endpoint.base_url, api_key=KEY, policy=structkit.Policy(retries=0))


def ask(tape: Any, prompt: str = "Ada, 36", kind: str = "sync", **call: Any) -> Any:
    if kind == "sync":
        return structkit.Client("m", transport=tape).run(Person, prompt, **call)
    return asyncio.run(structkit.AsyncClient("m", transport=tape.asynchronous).run(Person, prompt, **call))


@pytest.mark.parametrize("replayed", ["sync", "async"])
@pytest.mark.parametrize("recorded", ["sync", "async"])
def test_a_recording_is_replayed_by_both_clients(tmp_path: Path, recorded: str, replayed: str) -> None:
    path = tmp_path / "deep" / "tape.json"
    replies = '{"name": "Ada"}', '{"name": "Ada", "age": 36}'
    with Endpoint(*replies) as endpoint, cassette(path, "record", new_client(endpoint)) as tape:
        first = ask(tape, kind=recorded)
        assert tape.models() == asyncio.run(tape.asynchronous.models()) == ("fake",)
    assert len(endpoint.requests) == 2
    with cassette(path) as tape:
        replay = ask(tape, kind=replayed)
    assert replay.value == first.value == Person(name="Ada", age=36)
    assert [attempt.raw for attempt in replay.attempts] == [attempt.raw for attempt in first.attempts]
    assert replay.usage == first.usage


def test_a_recording_over_a_link_is_written_into_the_file_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "tape.json").write_text("[]")
    (tmp_path / "link.json").symlink_to("tape.json")
    with Endpoint() as endpoint:
        with cassette(tmp_path / "link.json", "record", new_client(endpoint)) as tape:
            ask(tape, kind="sync")
        assert (tmp_path / "link.json").is_symlink()
        assert len(json.loads((tmp_path / "tape.json").read_text())) > 0
        os.mkfifo(tmp_path / "pipe.json")
        with pytest.raises(structkit.ConfigError, match=r"pipe\.json cannot be written: it is not a file"):  # noqa: SIM117
            with cassette(tmp_path / "pipe.json", "record", new_client(endpoint)) as tape:
                ask(tape, kind="sync")


@pytest.mark.parametrize("body", [None, "plain text", {"id": "batch-1"}, completion("another text")])
def test_a_reply_of_a_callers_transport_is_replayed_whatever_its_body(tmp_path: Path, body: Any) -> None:
    path, usage = tmp_path / "tape.json", Usage(9, 12, 21)
    reply = Completion((Choice(0, '{"value": 3}', finish_reason="stop"),), usage, model="own", raw=body)

    class OwnTransport:
        def send(self, request: Request, policy: Policy) -> Completion:
            return reply

        def models(self) -> tuple[str, ...]:
            return ()

        def close(self) -> None:
            return None

    owner = structkit.Client("m", transport=OwnTransport())
    with cassette(path, "record", owner) as tape:
        structkit.Client("m", transport=tape).run(int, "how many?")
    with cassette(path) as tape:
        replayed = structkit.Client("m", transport=tape).run(int, "how many?")
    assert (replayed.value, replayed.usage, replayed.attempts[-1].completion) == (3, usage, reply)


def test_a_cassette_is_readable_json(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    with (
        Endpoint('{"name": "Zoë", "age": 1}') as endpoint,
        cassette(path, "record", lambda: new_client(endpoint)) as tape,
    ):
        ask(tape, "Zoë 🙂")
    text = path.read_text(encoding="utf-8")
    assert text.startswith('[\n  {\n    "reply": {\n      "completion": {\n')
    assert text.endswith("]\n")
    assert "Zoë 🙂" in text
    [entry] = json.loads(text)
    assert entry["request"] == endpoint.requests[0]
    assert list(entry["request"]) == sorted(entry["request"])


def test_half_a_surrogate_pair_is_recorded_and_replayed(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    body = completion('{"name": "A", "age": 1}')
    with (
        Endpoint(Reply({**body, "note": "\ud83d"})) as endpoint,
        cassette(path, "record", new_client(endpoint)) as tape,
    ):
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
def test_errors_are_recorded_too(tmp_path: Path, name: str, kind: type[structkit.TransportError]) -> None:
    path = tmp_path / "tape.json"
    no_retries = structkit.Policy(retries=0)
    with Endpoint(fault(name)) as end, cassette(path, "record", new_client(end)) as tape, pytest.raises(kind) as first:
        ask(tape, policy=no_retries)
    with cassette(path) as tape, pytest.raises(kind) as replay:
        ask(tape)
    attributes = ("retryable", "retry_after", "status_code", "body", "args")
    assert [getattr(replay.value, name, None) for name in attributes] == [
        getattr(first.value, name, None) for name in attributes
    ]


def test_no_key_is_in_a_cassette(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tape.json"
    secret = "correct-horse-battery"
    monkeypatch.setenv("OPENAI_API_KEY", secret)
    text = json.dumps({"name": f"{secret} and sk-abcdef1234567890", "age": 1})
    echo = Reply({"error": {"message": f"bad key {KEY}", secret: [KEY, 1]}}, status=401)
    with Endpoint(text, echo) as endpoint, cassette(path, "record", new_client(endpoint)) as tape:
        ask(tape, f"my key is {secret}")
        with pytest.raises(structkit.StatusError):
            ask(tape)
    text = path.read_text(encoding="utf-8")
    assert not [word for word in (secret, KEY, "abcdef1234567890", "authorization") if word in text]
    assert text.count("[redacted]") >= 4
    with cassette(path) as tape:
        assert ask(tape, f"my key is {secret}").value.age == 1


def test_no_credential_of_a_query_or_a_field_is_in_a_cassette(tmp_path: Path) -> None:
    path, settings = tmp_path / "tape.json", {"extra_query": {"sig": "s-7", "api-version": "2"}}
    settings["extra_body"] = {"api_key": "k-7", "litellm": {"models": [{"name": "a", "api_key": "k-8"}]}}
    with Endpoint() as endpoint, cassette(path, "record", new_client(endpoint)) as tape:
        ask(tape, **settings)
    text = path.read_text(encoding="utf-8")
    assert [each for each in ("s-7", "k-7", "k-8", '"name": "a"', '"api-version": "2"') if each in text] == [
        '"name": "a"',
        '"api-version": "2"',
    ]
    with cassette(path) as tape:
        ask(tape, **settings)
    path.write_text(text.replace("[redacted]", "s-7"))  # as recorded before
    with cassette(path) as tape:
        ask(tape, **settings)


def test_a_placeholder_key_is_not_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tape.json"
    monkeypatch.setenv("OPENAI_API_KEY", "test")
    with Endpoint() as endpoint, cassette(path, "record", new_client(endpoint)) as tape:
        ask(tape, "a test of tests")
    monkeypatch.delenv("OPENAI_API_KEY")
    with cassette(path) as tape:
        assert ask(tape, "a test of tests").value.age == 0


def test_replies_to_the_same_request_are_replayed_in_order_and_once(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    replies = '{"name": "A", "age": 1}', '{"name": "A", "age": 2}'
    with Endpoint(*replies) as endpoint, cassette(path, "record", new_client(endpoint)) as tape:
        assert [ask(tape).value.age, ask(tape).value.age] == [1, 2]
    with cassette(path, "replay") as tape:
        assert [ask(tape).value.age, ask(tape).value.age] == [1, 2]
        with pytest.raises(structkit.ConfigError, match="has this request 2 times, but it was sent once more"):
            ask(tape)
    with tape:
        assert ask(tape).value.age == 1, "it is replayed from the start when it is entered again"


def test_an_unrecorded_request_is_compared_with_the_nearest_one(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    with Endpoint() as endpoint, cassette(path, "record", new_client(endpoint)) as tape:
        ask(tape, "something else entirely\n" * 50, temperature=1)
        ask(tape, "Ada, 36")
    with cassette(path) as tape, pytest.raises(structkit.ConfigError) as caught:
        ask(tape, "Ada, 37")
    message = str(caught.value)
    assert "does not have this request; record it with STRUCTKIT_RECORD=1" in message
    assert '-      "content": "Ada, 36",' in message
    assert '+      "content": "Ada, 37",' in message
    assert len(message.splitlines()) < 15


def test_a_long_difference_is_truncated(tmp_path: Path) -> None:
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
def test_a_file_that_is_not_a_cassette_raises(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tape.json"
    path.write_text(text)
    with pytest.raises(structkit.ConfigError, match=r"tape\.json"), cassette(path):
        raise AssertionError("it was entered")


def test_replaying_needs_the_file_and_recording_needs_a_client(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    with pytest.raises(structkit.ConfigError, match=r"there is no cassette .*; record it with"), cassette(path):
        raise AssertionError("it was entered")
    with pytest.raises(structkit.ConfigError, match="a client is needed"):
        cassette(path, "record")


@pytest.mark.parametrize(("value", "is_recording"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_the_environment_decides_in_mode_auto(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, is_recording: bool
) -> None:
    monkeypatch.setenv("STRUCTKIT_RECORD", value)
    assert cassette(tmp_path / "tape.json", over=structkit.Client).is_recording is is_recording
    assert cassette(tmp_path / "tape.json", "replay").is_recording is False


def test_a_replaying_tape_creates_no_client_and_lists_no_models(tmp_path: Path) -> None:
    def fail_if_called() -> structkit.Client:
        raise AssertionError("a client was created")

    path = tmp_path / "tape.json"
    path.write_text("[]")
    with (
        cassette(path, "replay", fail_if_called) as tape,
        pytest.raises(structkit.ConfigError, match="not the list of models"),
    ):
        structkit.Client("m", transport=tape).models()


@pytest.mark.parametrize("mode", ["record", "replay"])
def test_a_tape_raises_outside_its_block(tmp_path: Path, mode: Any) -> None:
    (tmp_path / "tape.json").write_text("[]")
    with Endpoint() as endpoint:
        tape = cassette(tmp_path / "tape.json", mode, new_client(endpoint))
        with pytest.raises(structkit.ConfigError, match="inside its `with` block"):
            ask(tape)
        with tape:
            pass
        with pytest.raises(structkit.ConfigError, match="inside its `with` block"):
            ask(tape)
    assert endpoint.requests == [], "no request is paid for whose reply would not be recorded"


def test_an_old_cassette_is_kept_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    with Endpoint() as endpoint:
        with cassette(path, "record", new_client(endpoint)) as tape:
            ask(tape, "first")
        before = path.read_bytes()
        with cassette(path, "record", new_client(endpoint)) as tape:
            ask(tape, "second")
            assert path.read_bytes() == before
        assert b"second" in path.read_bytes()
        with cassette(path, "record", new_client(endpoint)):
            pass
    assert b"second" in path.read_bytes(), "nothing was recorded, so nothing is written"
    assert [*tmp_path.iterdir()] == [path]


def test_the_recording_is_written_also_when_the_test_fails(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    with (
        Endpoint() as endpoint,
        pytest.raises(ZeroDivisionError),
        cassette(path, "record", new_client(endpoint)) as tape,
    ):
        1 / ask(tape).value.age
    with cassette(path) as tape:
        assert ask(tape).value.age == 0


def test_an_unwritable_path_raises(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with Endpoint() as endpoint:
        for path in (tmp_path / "file" / "tape.json", tmp_path / "folder"):
            tape = cassette(path, "record", new_client(endpoint))
            with pytest.raises(structkit.ConfigError, match="cannot be written"), tape:
                ask(tape)
    assert {file.name for file in tmp_path.iterdir()} == {"file", "folder"}


# The guard.


@pytest.mark.parametrize("address", [("gateway.example", 443), ("192.0.2.1", 443), ("2001:db8::1", 443)])
def test_the_guard_blocks_requests_to_another_machine(address: tuple[str, int]) -> None:
    with offline() as blocked_hosts, pytest.raises(structkit.ConfigError, match="a real request to"):
        socket.create_connection(address, timeout=1)
    assert blocked_hosts == [address[0]]


@pytest.mark.parametrize("method", ["connect", "connect_ex"])
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_the_guard_blocks_ip_addresses_too(family: int, method: str) -> None:
    with socket.socket(family) as sock, offline(), pytest.raises(structkit.ConfigError):
        getattr(sock, method)(("::ffff:192.0.2.1" if family == socket.AF_INET6 else "192.0.2.1", 443))


def test_a_guarded_client_reaches_only_this_machine(connect: Connect) -> None:
    with Endpoint() as endpoint, offline() as blocked_hosts:
        assert connect(endpoint.base_url).extract(int, "how many?") == 0
        assert blocked_hosts == []
        with pytest.raises(structkit.TransportError, match="blocked a real request") as caught:
            connect("https://gateway.example").extract(int, "how many?")
        assert not caught.value.retryable
    assert blocked_hosts == ["gateway.example"]


@pytest.mark.parametrize("host", ["gateway.example", "192.0.2.1", "2001:db8::1"])
@pytest.mark.parametrize("library", ["asyncio", "uvloop"])
def test_the_guard_blocks_every_event_loop_and_says_so(library: str, host: str) -> None:
    loops = pytest.importorskip(library)
    base_url = f"http://[{host}]/v1" if ":" in host else f"http://{host}/v1"

    async def ask_host() -> Any:
        async with structkit.AsyncClient("m", base_url=base_url, api_key="k") as client:
            return await client.extract(int, "how many?")

    with (
        asyncio.Runner(loop_factory=loops.new_event_loop) as runner,
        offline() as blocked_hosts,
        pytest.raises(structkit.TransportError, match="blocked a real request to"),
    ):
        runner.run(ask_host())
    assert blocked_hosts == [host]
    assert "create_connection" not in vars(getattr(loops, "Loop", object))


@pytest.mark.parametrize(
    "host", [None, "", "localhost", b"localhost", "a.localhost", "127.0.0.1", "::1", "0.0.0.0"], ids=repr
)
def test_the_guard_does_not_block_this_machine(host: Any) -> None:
    with offline() as blocked_hosts:
        try:
            socket.getaddrinfo(host, 80)
        except OSError:
            assert host in {"", "a.localhost"}, "not every resolver knows them"
    assert blocked_hosts == []


def test_the_guard_does_not_block_unix_sockets(tmp_path: Path) -> None:
    if not hasattr(socket, "AF_UNIX"):
        pytest.skip("this system has none")
    with offline(), socket.socket(socket.AF_UNIX) as sock, pytest.raises(FileNotFoundError):
        sock.connect(str(tmp_path / "s"))


def test_the_guard_restores_everything() -> None:
    before = socket.getaddrinfo, socket.socket.connect, dict(vars(socket.socket))
    with offline(), offline():
        assert socket.getaddrinfo is not before[0]
    assert (socket.getaddrinfo, socket.socket.connect, dict(vars(socket.socket))) == before


# The pytest plugin.


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """Run pytest in a subprocess with this plugin only."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return lambda *args: pytester.runpytest_subprocess("-p", "structkit_pytest", "--strict-markers", *args)


def test_the_plugin_has_an_entry_point() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"][
        "pytest11"
    ]
    plugin = EntryPoint("structkit", declared["structkit"], "pytest11").load()
    assert plugin.structkit_endpoint


def test_the_plugin_imports_structkit_only_for_tests_that_use_it() -> None:
    heavy = ["structkit", "pydantic", "openai", "asyncio"]
    code = f"import sys, pytest; before = {{*sys.modules}}; import structkit_pytest\nprint([name for name in {heavy} if name in sys.modules.keys() - before])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_the_environment_points_to_the_fixtures_endpoint(
    pytester: pytest.Pytester, run: Callable[..., pytest.RunResult]
) -> None:
    pytester.makepyfile("""
        import pytest, structkit

        def test_without_script(structkit_endpoint):
            assert structkit.Client().extract(int, "how many?") == 0
            assert len(structkit_endpoint.requests) == 1

        @pytest.mark.structkit_endpoint('{"value": 3}', faults={"html": 1.0})
        def test_faults(structkit_endpoint):
            with pytest.raises(structkit.MalformedReply):
                structkit.Client().extract(int, "how many?", policy=structkit.Policy(retries=0))
            assert structkit_endpoint.fault_names == ["html"]
    """)
    run().assert_outcomes(passed=2)


def test_every_test_has_its_own_cassette(
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

        class TestA:
            class TestInner:
                def test_same(self, structkit_cassette):
                    assert structkit.Client("m", transport=structkit_cassette).extract(int, "of A") == 3

        class TestB:
            class TestInner:
                def test_same(self, structkit_cassette):
                    assert structkit.Client("m", transport=structkit_cassette).extract(int, "of B") == 3

        def test_own(tmp_path):
            from structkit.testing import cassette
            if cassette(tmp_path / "own.json", over=structkit.Client).is_recording:
                pytest.skip("it records")
    """
    )
    done = run()
    done.assert_outcomes(errors=5, passed=1)
    done.stdout.fnmatch_lines(["*there is no cassette *test_one.json; record it with*"])
    with Endpoint('{"value": 3}') as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        run("--structkit-record", "-o", "structkit_offline=true").assert_outcomes(passed=5, skipped=1)
        assert [body["model"] for body in endpoint.requests] == ["m"] * 5
        monkeypatch.setenv("STRUCTKIT_RECORD", "1")
        run("-k", "one").assert_outcomes(passed=1, deselected=5)
        assert len(endpoint.requests) == 6
        monkeypatch.delenv("STRUCTKIT_RECORD")
    run("-o", "structkit_offline=true").assert_outcomes(passed=6)
    names = sorted(path.name for path in (pytester.path / "cassettes" / "test_it").iterdir())
    assert [name.partition("-")[0] for name in names] == [
        "TestA.TestInner.test_same.json",
        "TestB.TestInner.test_same.json",
        *["TestMore.test_two[a_b]"] * 2,
        "test_one.json",
    ]


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
def test_a_guarded_test_that_sends_a_real_request_fails(
    pytester: pytest.Pytester, run: Callable[..., pytest.RunResult], by: str
) -> None:
    pytester.makepyfile(test_it=GUARDED.format(mark="@pytest.mark.structkit_offline" if by == "marker" else ""))
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


def test_the_tests_in_the_docs_pass(pytester: pytest.Pytester, run: Callable[..., pytest.RunResult]) -> None:
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    [block] = [file for file in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "def test_" in file]
    pytester.makepyfile(block)
    run().assert_outcomes(passed=3)


def test_the_docs_name_every_fault() -> None:
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    assert [name for name in FAULTS if f"`{name}`" not in page and f"`{name}:" not in page] == []


def test_without_marker_or_setting_there_is_no_guard(
    pytester: pytest.Pytester, run: Callable[..., pytest.RunResult]
) -> None:
    pytester.makepyfile("""
        import socket

        def test_free():
            assert "connect" not in vars(socket.socket)
    """)
    run().assert_outcomes(passed=1)


def test_a_tool_call_completion_has_the_form_of_a_tool_call() -> None:
    with Endpoint(Reply(tool_call_completion("person", '{"a": 1}'))) as endpoint:
        choice = post(endpoint, NO_FORMAT).body["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None


@pytest.mark.parametrize(
    "output_type",
    [
        *(
            datetime,
            date,
            time_of_day,
            timedelta,
            NaiveDatetime,
            AwareDatetime,
            FutureDate,
            FutureDatetime,
            PastDatetime,
        ),
        *(AnyUrl, HttpUrl, IPv4Network, IPv6Network, complex),
    ],
    ids=repr,
)
def test_the_endpoint_has_a_valid_reply_for_types_whose_form_is_only_described(output_type: Any) -> None:
    with Endpoint() as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url, policy=structkit.Policy(attempts=1))
        client.extract(output_type, "when?")
        client.extract(list[output_type], "when?")
