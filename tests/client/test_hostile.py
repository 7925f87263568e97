"""What newcomers and attackers tried, and the expected outcome of each."""

from __future__ import annotations

import inspect
import json
import pickle
import sys
from collections.abc import Callable
from typing import Annotated, Any, Literal

import openai
import pytest
from pydantic import BaseModel, Field, field_validator

import structkit
from structkit.client.endpoint_settings import find_endpoint
from structkit.parsing import read_completion
from structkit.testing import Endpoint, Reply, completion
from structkit.transport.http_reply import read_reply
from structkit.transport.retry_after import read_retry_after

KEY = "sk-test-hunter2-hunter2"
Connect = Callable[..., Any]


class Findings(BaseModel):
    key_points: list[str]
    pk_column: Literal["none", "some"]


@pytest.mark.parametrize("api_key", [KEY, None, "value", "1234"])
def test_the_text_of_the_model_is_never_changed(connect: Connect, api_key: str | None) -> None:
    reply = {"key_points": ["Bearer certificates 123456789012", f"echo {KEY}", "nonetheless"], "pk_column": "none"}
    with Endpoint(json.dumps(reply)) as endpoint:
        assert connect(endpoint.base_url, api_key=api_key).extract(Findings, "x").model_dump() == reply


def test_a_reply_is_utf8_whatever_its_content_type(connect: Connect) -> None:
    body = json.dumps(completion('{"value": "café"}'), ensure_ascii=False)
    for prefix, charset in (("", "iso-8859-1"), ("\ufeff", "utf-8"), ("", "idna"), ("", "hex"), ("", "undefined")):
        headers = {"content-type": f"application/json; charset={charset}"}
        with Endpoint(Reply((prefix + body).encode(), headers=headers)) as endpoint:
            assert connect(endpoint.base_url).extract(str, "x") == "café"


def test_bytes_that_are_not_utf8_are_a_malformed_reply(connect: Connect) -> None:
    body = json.dumps(completion('{"value": "caf?"}')).encode().replace(b"?", b"\xe9")
    with Endpoint(Reply(body)) as endpoint, pytest.raises(structkit.MalformedReply):
        connect(endpoint.base_url).extract(str, "x")


@pytest.mark.parametrize("status", [200, 400])
def test_a_body_nested_too_deep_is_a_transport_error(connect: Connect, status: int) -> None:
    with Endpoint(Reply("[" * 100_000, status=status)) as endpoint, pytest.raises(structkit.TransportError):
        connect(endpoint.base_url).extract(int, "x")


@pytest.mark.parametrize("echo", [KEY, KEY.replace("-", "\\u002d")])
def test_the_key_is_redacted_in_every_error(connect: Connect, echo: str) -> None:
    fault = Reply(f'{{"error": {{"message": "bad key {echo}"}}}}', status=401, headers={"x-request-id": KEY})
    with Endpoint(fault) as endpoint, pytest.raises(structkit.StatusError) as caught:
        connect(endpoint.base_url).extract(int, "x")
    error = caught.value
    assert KEY not in repr((str(error), error.body, error.request_id, error.attempts))
    assert KEY.encode() not in pickle.dumps(error)


def test_the_key_is_redacted_in_an_invalid_list_of_models() -> None:
    from structkit.transport.http_reply import read_model_names

    with pytest.raises(structkit.MalformedReply) as caught:
        read_model_names(200, {}, f'{{"error": "bad key {KEY}"}}'.encode(), KEY)
    assert KEY not in str(caught.value) + str(caught.value.body)


LEAKS = {
    "message": (401, {}, json.dumps({"error": {"message": f"bad {KEY}"}})),
    "name of a field": (400, {}, json.dumps({"error": {"message": {KEY: 1}}})),
    "no JSON": (502, {}, f"<html>{KEY}</html>"),
    "truncated in the middle": (500, {}, "x" * 290 + KEY),
    "truncated in the middle of an object": (200, {}, json.dumps({"x": "x" * 180 + KEY})),
    "error with 200": (200, {}, json.dumps({"error": "x" * 190 + KEY})),
    "header's value": (307, {"location": f"http://elsewhere/?key={KEY}", "x-request-id": KEY}, ""),
    "header's name": (418, {KEY: "1"}, ""),
}


@pytest.mark.parametrize(("status", "headers", "body"), LEAKS.values(), ids=LEAKS.keys())
@pytest.mark.parametrize("key", [KEY, "hunter-two-hunter-two"])
def test_no_error_contains_the_key_or_half_of_it(status: int, headers: Any, body: str, key: str) -> None:
    def with_key(text: str) -> str:
        return text.replace(KEY, key)

    fault = read_reply(
        status, {with_key(name): with_key(value) for name, value in headers.items()}, with_key(body).encode(), key
    )
    assert isinstance(fault, structkit.TransportError)
    assert key[:9] not in repr((fault.args, fault.body, fault.request_id, vars(fault)))


@pytest.mark.parametrize("key", ["hunter\n-two-hunter-two", "hünter\x00-two-hunter-two"])
def test_a_key_that_no_header_can_contain_is_not_in_the_error(key: str) -> None:
    with Endpoint() as endpoint, pytest.raises(structkit.TransportError, match="could not be sent") as caught:
        structkit.Client("m", client=openai.OpenAI(base_url=endpoint.base_url, api_key=key)).extract(int, "x")
    assert "hunter-two" not in str(caught.value)
    assert "-two-hunter" not in str(caught.value)
    assert caught.value.usage == structkit.Usage()
    assert not caught.value.retryable


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("depth", [99, 600, 990, 5000])
@pytest.mark.parametrize("template", ["%s", '{"choices": %s}', '{"error": {"message": %s}}'])
def test_the_error_of_a_nested_body_can_be_encoded_as_json(status: int, depth: int, template: str) -> None:
    fault = read_reply(status, {}, (template % ("[" * depth + "]" * depth)).encode(), KEY)
    assert isinstance(fault, structkit.TransportError)
    assert json.dumps(fault.body)


@pytest.mark.parametrize("key", ["“sk-abc”", "abc\ndef", "schlüssel"])
def test_an_invalid_key_is_rejected_without_being_shown(key: str) -> None:
    with pytest.raises(structkit.ConfigError) as caught:
        structkit.Client("m", base_url="http://127.0.0.1:1", api_key=key)
    assert key not in str(caught.value)


def test_a_key_read_from_a_file_may_end_in_a_newline() -> None:
    assert find_endpoint("m", "https://gateway.example", f"{KEY}\n").api_key == KEY


def test_a_password_in_the_base_url_is_rejected_without_being_shown() -> None:
    with pytest.raises(structkit.ConfigError, match="must not have") as caught:
        structkit.Client("m", base_url="https://user:hunter2@gateway.example", api_key=KEY)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "base_url",
    ["http://[::1", "http://h:abc", "http://ex\nample", "http://a..b", "http://.", "https://h/v1#x"],
)
def test_an_unusable_base_url_is_rejected(base_url: str) -> None:
    with pytest.raises(structkit.ConfigError):
        structkit.Client("m", base_url=base_url, api_key=KEY)


@pytest.mark.parametrize(
    "retry_after",
    [
        "Wed, 21 Oct 99999999999999999999 07:28:00 GMT",
        "Wed, 21 Oct 2026 07:28:00 +9999999999999",
        "soon",
        "1e999",
        "-5",
    ],
)
def test_an_invalid_retry_after_is_ignored(retry_after: str) -> None:
    assert read_retry_after({"retry-after": retry_after}) is None


def test_an_exception_of_a_validator_is_an_issue(connect: Connect) -> None:
    class RaisingValidator(BaseModel):
        name: str

        @field_validator("name")
        @classmethod
        def look_up(cls, name: str) -> str:
            return {"right": "found"}[name]

    with Endpoint('{"name": "wrong"}', '{"name": "right"}') as endpoint:
        result = connect(endpoint.base_url).run(RaisingValidator, "x")
    assert result.value.name == "found"
    assert "KeyError" in result.attempts[0].issues[0].cause


def test_half_a_surrogate_pair_is_re_asked_or_rejected(connect: Connect) -> None:
    with Endpoint(Reply('{"choices": [{"message": {"content": "\\ud800"}}]}'), '{"value": 3}') as endpoint:
        assert connect(endpoint.base_url).extract(int, "x") == 3
    with pytest.raises(structkit.PromptError):
        connect("http://127.0.0.1:1").extract(int, "\ud800")


@pytest.mark.parametrize("call", [{"instructions": 5}, {"examples": [(5, 5)]}])
def test_invalid_messages_are_rejected(connect: Connect, call: dict[str, Any]) -> None:
    with pytest.raises(structkit.PromptError):
        connect("http://127.0.0.1:1").extract(int, "x", **call)


def test_an_argument_that_would_be_ignored_is_rejected() -> None:
    with Endpoint() as endpoint:
        client = structkit.Client("m", base_url=endpoint.base_url)
        with pytest.raises(structkit.ConfigError, match="leave out"):
            structkit.Client("m", transport=client.transport, base_url=endpoint.base_url)
    with pytest.raises(structkit.SchemaError, match='"closed" or "open"'):
        structkit.ResponseFormat({"type": "object"}, extras="Open")  # type: ignore[arg-type]


def test_a_closed_client_opens_again(connect: Connect) -> None:
    with Endpoint() as endpoint:
        client = structkit.Client("m", base_url=endpoint.base_url)
        with client:
            assert client.extract(int, "x") == 0
        assert client.extract(int, "x") == 0


def test_methods_share_one_client(monkeypatch: pytest.MonkeyPatch) -> None:
    class Reader:
        @structkit.prompt(int)
        def read(self, text: str) -> str:
            return text

    with Endpoint() as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        monkeypatch.setenv("STRUCTKIT_MODEL", "fake")
        assert Reader().read._client is Reader().read._client
        assert str(inspect.signature(Reader().read)) == "(text: 'str') -> 'str'"


def test_the_usage_of_a_lost_reply_is_counted_or_unreported(connect: Connect) -> None:
    body = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}
    with Endpoint(Reply(body)) as endpoint, pytest.raises(structkit.MalformedReply) as caught:
        connect(endpoint.base_url).extract(int, "x")
    assert caught.value.usage.total_tokens == 14, "the first try and the one retry"
    with Endpoint(Reply("<html>")) as endpoint, pytest.raises(structkit.MalformedReply) as caught:
        connect(endpoint.base_url).extract(int, "x")
    assert caught.value.usage.unreported == 2
    with Endpoint(Reply(body), '{"value": 3}') as endpoint:
        assert connect(endpoint.base_url).run(int, "x").usage.total_tokens == 7 + 15


def test_the_order_of_branches_does_not_depend_on_earlier_calls() -> None:
    from structkit.schema.cache import response_format

    def kinds(output_type: Any) -> list[str]:
        branches = response_format(output_type).schema["properties"]["value"]["anyOf"]
        return [branch["type"] for branch in branches]

    assert kinds(int | str) == ["integer", "string"]
    assert kinds(str | int) == ["string", "integer"]


@pytest.mark.parametrize("output_type", [dict[str, int], Findings, {"type": "object", "properties": {"a": {}}}])
def test_a_response_format_survives_pickling(output_type: Any) -> None:
    compiled = structkit.ResponseFormat(output_type)
    assert pickle.loads(pickle.dumps(compiled)).payload == compiled.payload


def test_the_callers_schema_may_change_afterwards() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    compiled = structkit.ResponseFormat(schema)
    schema["properties"] = {"n": {"type": "string"}}
    assert compiled.parse('{"n": 1}') == {"n": 1}


@pytest.mark.parametrize(
    ("schema", "reply"),
    [
        ({"type": "object", "properties": {"a": {}}}, '{"a": 1, "other_keys": [{"key": "a", "json": "2"}]}'),
        ({"type": "object", "properties": {"a": {}}}, '{"a": 1, "other_keys": [{"key": "b", "json": "NaN"}]}'),
        (
            {"type": "object", "properties": {"a": {}}},
            '{"a": 1, "other_keys": [{"key": "b", "json": "{\\"x\\":1,\\"x\\":2}"}]}',
        ),
        (Any, '{"value": {"dict": [{"key": "a"}]}}'),
    ],
)
def test_an_ambiguous_wire_value_has_issues(schema: Any, reply: str) -> None:
    assert structkit.ResponseFormat(schema, extras="open").read(reply).issues


def test_an_example_that_is_not_a_valid_reply_is_rejected(connect: Connect) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    with Endpoint() as endpoint:
        with pytest.raises(structkit.PromptError, match="example"):
            connect(endpoint.base_url).extract(schema, "x", examples=[("three", {"n": "three"})])
        with pytest.raises(structkit.PromptError, match=r"more: .*extras=\"open\""):
            connect(endpoint.base_url).extract(schema, "x", examples=[("three", {"n": 3, "more": 4})])
        assert endpoint.requests == []


def test_a_bound_of_all_of_without_a_strict_form_is_described_and_explained() -> None:
    text = {"allOf": [{"type": "string", "pattern": "^a.*$"}, {"pattern": "^.*b$"}]}
    compiled = structkit.ResponseFormat({"type": "object", "properties": {"x": text}, "required": ["x"]})
    assert "^.*b$" in compiled.schema["properties"]["x"]["description"]
    assert any(note.path == ("x",) and note.text.startswith("allOf: ") for note in compiled.explain())
    assert compiled.read('{"x": "ac"}').issues


def test_the_testing_endpoint_satisfies_bounds_of_length(connect: Connect) -> None:
    with Endpoint() as endpoint:
        client = connect(endpoint.base_url, model="gpt-4o")
        assert len(client.extract(Annotated[str, Field(min_length=20, max_length=30)], "x")) == 20


HOLDING: dict[str, Any] = {
    "choices of many documents": [{"message": {"content": "{} " * 2_000}, "finish_reason": "stop"}] * 999,
    "an object of many keys": [{"message": {"content": json.dumps(dict.fromkeys(map(str, range(70_000)), 1))}}],
    "a truncated list": [{"message": {"content": '{"a":[' + '{"b":1},' * 200_000}, "finish_reason": "length"}],
}


@pytest.mark.parametrize("choices", HOLDING.values(), ids=HOLDING.keys())
def test_no_reply_holds_its_reader(choices: list[Any]) -> None:
    completion_of_choices = read_completion({"choices": choices})

    class Transport:
        def send(self, *_: object) -> Any:
            return completion_of_choices

    client = structkit.Client("m", transport=Transport(), mode="json_schema", policy=structkit.Policy(attempts=1))
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    with pytest.raises(structkit.ExtractionError):
        client.extract(Findings, "warm up")
    sys.setprofile(count)
    try:
        with pytest.raises(structkit.ExtractionError):
            client.extract(Findings, "x")
    finally:
        sys.setprofile(None)
    assert calls < 2_000_000
