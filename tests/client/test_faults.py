"""Every named fault has an outcome in every mode: the value after that many requests, or the error."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from pydantic import BaseModel, Field

import structkit
from structkit.dialects import MODES
from structkit.testing import FAULTS, Endpoint, Reply, fault, tool_call_completion
from structkit.testing.scripted_reply import text_reply, tool_call
from structkit.values import JSON, Usage

Connect = Callable[..., Any]
POLICY = structkit.Policy(retries=2, wait_initial=0.001, wait_max=0.01, timeout=600)
STRICT = structkit.Policy(repairs=False, wait_initial=0.001)
USAGE = Usage(10, 5, 15)
every_mode = pytest.mark.parametrize("mode", MODES)
three_modes = pytest.mark.parametrize("mode", ["json_schema", "tool", "prompt"])


class Line(BaseModel):
    item: str
    count: int


class Order(BaseModel):
    lines: list[Line]
    note: str | None = None


VALID = '{"lines": [{"item": "tea", "count": 2}], "note": "soon"}'
VALUE = Order(lines=[Line(item="tea", count=2)], note="soon")


def reply_with_fault(name: str, *arguments: Any, text: str = VALID) -> Callable[[JSON], Reply]:
    """Return an endpoint whose valid reply has a fault."""
    named_fault = fault(name, *arguments)
    return lambda body: named_fault.change(body, text_reply(body, text, model=body["model"]))


# Faults that the transport retries, which do not count as attempts

TRANSIENT: dict[str, tuple[type[Exception], int, Usage]] = {
    "rate_limited:0": (structkit.StatusError, 3, Usage()),
    "rate_limited_until:0": (structkit.StatusError, 3, Usage()),
    "rate_limited_bare": (structkit.StatusError, 3, Usage()),
    "server_error": (structkit.StatusError, 3, Usage()),
    "bad_gateway": (structkit.StatusError, 3, Usage()),
    "unavailable": (structkit.StatusError, 3, Usage()),
    "reset": (structkit.ConnectionFailed, 3, Usage(unreported=1)),
    "html": (structkit.MalformedReply, 2, Usage(unreported=1)),
    "error_with_200": (structkit.MalformedReply, 2, Usage(unreported=1)),
    "no_choices": (structkit.MalformedReply, 2, USAGE),
    "choice_error": (structkit.MalformedReply, 2, USAGE),
    "finish_reason:network_error": (structkit.MalformedReply, 2, USAGE),
}
"""The error if the fault stays, the number of requests, and the usage of each lost reply."""
every_transient_fault = pytest.mark.parametrize(("name", "outcome"), TRANSIENT.items(), ids=TRANSIENT.keys())


@three_modes
@every_transient_fault
def test_a_transient_fault_costs_a_retry_and_no_attempt(connect: Connect, name: str, outcome: Any, mode: str) -> None:
    with Endpoint(reply_with_fault(name), VALID) as endpoint:
        result = connect(endpoint.base_url, policy=POLICY).run(Order, "x", mode=mode)
    assert (result.value, result.mode, len(result.attempts), result.attempts[0].retries) == (VALUE, mode, 1, 1)
    assert result.usage == USAGE + outcome[2]
    assert endpoint.requests[0] == endpoint.requests[1]


@every_transient_fault
def test_a_lasting_fault_is_an_error_with_the_attempt_and_its_usage(connect: Connect, name: str, outcome: Any) -> None:
    kind, requests, usage = outcome
    with Endpoint(reply_with_fault(name)) as endpoint, pytest.raises(kind) as caught:
        connect(endpoint.base_url, policy=POLICY).run(Order, "x")
    assert len(endpoint.requests) == requests
    [attempt] = caught.value.attempts
    assert (attempt.retries, attempt.completion) == (requests - 1, None)
    assert caught.value.usage == sum([usage] * requests, Usage())
    assert caught.value.retryable
    assert attempt.raw is not None or kind is structkit.ConnectionFailed


def test_a_timeout_is_retried_and_its_usage_is_unreported(connect: Connect) -> None:
    policy = structkit.Policy(timeout=0.3, retries=1, wait_initial=0.001)
    longer = structkit.Policy(timeout=2, retries=1, wait_initial=0.001)  # the second reply has to come within it
    with Endpoint(reply_with_fault("read_timeout", 20), VALID) as endpoint:
        result = connect(endpoint.base_url, policy=longer).run(Order, "x")
    assert (result.value, result.usage) == (VALUE, USAGE + Usage(unreported=1))
    with Endpoint(reply_with_fault("read_timeout", 3)) as endpoint, pytest.raises(structkit.RequestTimeout) as caught:
        connect(endpoint.base_url, policy=policy).run(Order, "x")
    assert (len(endpoint.requests), caught.value.usage) == (2, Usage(unreported=2))


@pytest.mark.parametrize("name", ["huge", "gzip_bomb"])
def test_a_body_over_the_limit_is_rejected_with_the_limit(connect: Connect, name: str) -> None:
    with (
        Endpoint(reply_with_fault(name)) as endpoint,
        pytest.raises(structkit.TransportError, match=r"33554432 bytes.*reply_bytes"),
    ):
        connect(endpoint.base_url).run(Order, "x")
    with (
        Endpoint(reply_with_fault(name, 2)) as endpoint,
        pytest.raises(structkit.MalformedReply, match="1000 bytes") as caught,
    ):
        connect(endpoint.base_url, policy=structkit.Policy(reply_bytes=1000)).run(Order, "x")
    assert (len(endpoint.requests), caught.value.usage) == (1, Usage(unreported=1))


# Replies that a re-ask cannot change


@every_mode
@pytest.mark.parametrize(
    ("name", "kind"),
    [("refusal", structkit.Refusal), ("content_filter", structkit.Filtered), ("length", structkit.Truncated)],
)
def test_a_reply_that_a_re_ask_cannot_change_costs_one_request(
    connect: Connect, name: str, kind: type[structkit.ExtractionError], mode: str
) -> None:
    truncated = '{"lines": [{"item": "tea"'
    with Endpoint(reply_with_fault(name, text=truncated * 2), VALID) as endpoint, pytest.raises(kind) as caught:
        connect(endpoint.base_url).run(Order, "x", mode=mode)
    assert (len(endpoint.requests), caught.value.usage) == (1, USAGE)
    assert caught.value.attempts[0].raw["choices"]
    assert caught.value.attempts[0].issues
    assert caught.value.partial == (truncated if kind is structkit.Truncated else caught.value.partial)


# Replies that are readable

READABLE: dict[str, tuple[str, ...]] = {
    "in_reasoning": ("reasoning field",),
    "prose": ("prose",),
    "fence": ("code fence",),
    "think": ("think block",),
    "wrapper": ("wrapper",),
    "tool_call_instead": (),
    "content_instead": (),
    "several_tool_calls": (),
    "other_vendor": (),
    "wrong_content_type": (),
    "no_usage": (),
    "bad_usage": (),
}


@every_mode
@pytest.mark.parametrize(("name", "repairs"), READABLE.items(), ids=READABLE.keys())
def test_a_readable_reply_is_accepted_with_its_repairs(
    connect: Connect, name: str, repairs: tuple[str, ...], mode: str
) -> None:
    with Endpoint(reply_with_fault(name)) as endpoint:
        result = connect(endpoint.base_url).run(Order, "x", mode=mode)
    assert (result.value, result.mode, len(endpoint.requests)) == (VALUE, mode, 1)
    assert result.repairs == repairs
    assert {origin.how for origin in result.provenance.values()} == {"repaired" if repairs else "direct"}
    assert result.usage == (Usage(unreported=1) if name.endswith("usage") else USAGE)


@pytest.mark.parametrize("name", [name for name, repairs in READABLE.items() if not repairs])
def test_an_answer_in_an_unusual_field_does_not_change_the_mode(connect: Connect, name: str) -> None:
    with Endpoint(reply_with_fault(name)) as endpoint:
        assert connect(endpoint.base_url).run(Order, "x").mode == "json_schema"


@every_mode
@pytest.mark.parametrize("name", [name for name, repairs in READABLE.items() if repairs])
def test_a_policy_may_forbid_repairs(connect: Connect, name: str, mode: str) -> None:
    with Endpoint(reply_with_fault(name), VALID) as endpoint:
        result = connect(endpoint.base_url, policy=STRICT).run(Order, "x", mode=mode)
    assert (result.value, result.repairs, len(endpoint.requests)) == (VALUE, (), 2)
    assert result.attempts[0].repairs == ()


@every_mode
@pytest.mark.parametrize("position", range(3))
def test_the_valid_one_of_several_tool_calls_is_the_answer(connect: Connect, mode: str, position: int) -> None:
    texts = ["{}", '{"lines": "none"}', "no JSON"]
    texts[position] = VALID
    body = tool_call_completion("order", "")
    body["choices"][0]["message"]["tool_calls"] = [tool_call("order", text, n) for n, text in enumerate(texts)]
    with Endpoint(Reply(body)) as endpoint:
        assert connect(endpoint.base_url).extract(Order, "x", mode=mode) == VALUE
    assert len(endpoint.requests) == 1


# Replies that are re-asked

REASKED: dict[str, str] = {
    "null_content": "empty",
    "ignores_schema": "not valid JSON",
    "other_keys": "it has none of the expected keys",
    "schema_back": "lines",  # a key of the value
    "deep": "nested too deep",
    "duplicate_keys": 'duplicate key "lines"',
    "nan": "NaN",
    "infinity": "Infinity",
    "lone_surrogate": "surrogate",
    "broken_arguments": "not valid JSON",
}
every_reasked_fault = pytest.mark.parametrize(("name", "reason"), REASKED.items(), ids=REASKED.keys())


@every_mode
@every_reasked_fault
def test_an_invalid_value_is_re_asked_with_the_reason(connect: Connect, name: str, reason: str, mode: str) -> None:
    with Endpoint(reply_with_fault(name), VALID) as endpoint:
        result = connect(endpoint.base_url).run(Order, "x", mode=mode)
    assert (result.value, result.mode, len(endpoint.requests)) == (VALUE, mode, 2)
    assert reason in " ".join(map(str, result.attempts[0].issues))
    assert reason in endpoint.requests[1]["messages"][-1]["content"]
    assert result.usage == USAGE + USAGE


@three_modes
@every_reasked_fault
def test_a_value_that_stays_invalid_is_an_error_with_all_attempts(
    connect: Connect, name: str, reason: str, mode: str
) -> None:
    with (
        Endpoint(reply_with_fault(name)) as endpoint,
        pytest.raises(structkit.InvalidOutput, match="3 attempts") as caught,
    ):
        connect(endpoint.base_url).run(Order, "x", mode=mode)
    assert (len(endpoint.requests), caught.value.usage) == (3, USAGE + USAGE + USAGE)
    assert all(attempt.raw["choices"] for attempt in caught.value.attempts)
    assert reason in str(caught.value)


@every_reasked_fault
def test_an_invalid_value_is_followed_by_a_valid_one_in_any_mode(connect: Connect, name: str, reason: str) -> None:
    with Endpoint(reply_with_fault(name), VALID) as endpoint:
        result = connect(endpoint.base_url).run(Order, "x")
    assert (result.value, len(endpoint.requests)) == (VALUE, 2)
    assert reason in " ".join(map(str, result.attempts[0].issues))


# An object with foreign keys is not an empty value


class Settings(BaseModel):
    """Some settings."""

    colour: str | None = None
    size: int = 3
    description: str | None = None


SETTINGS_SCHEMA = {"type": "object", "properties": {"colour": {"type": "string"}}, "title": "Settings"}
TYPES_OF_DEFAULTS: list[Any] = [
    Settings,
    SETTINGS_SCHEMA,
    {**SETTINGS_SCHEMA, "additionalProperties": False},
    dict[str, Any],
]


@every_mode
def test_a_wrapper_around_a_type_of_defaults_is_removed(connect: Connect, mode: str) -> None:
    with Endpoint('{"Settings": {"colour": "red"}}') as endpoint:
        result = connect(endpoint.base_url).run(Settings, "x", mode=mode)
    assert (result.value, result.repairs, len(endpoint.requests)) == (Settings(colour="red"), ("wrapper",), 1)


@every_mode
@pytest.mark.parametrize("text", ['{"Settings": {"colour": "red"}}', '{"answer": "red"}', '[{"colour": "red"}]'])
def test_a_type_of_defaults_rejects_an_object_with_foreign_keys(connect: Connect, mode: str, text: str) -> None:
    with Endpoint(text, '{"colour": "blue", "size": null, "description": null}') as endpoint:
        result = connect(endpoint.base_url, policy=STRICT).run(Settings, "x", mode=mode)
    assert (result.value, len(endpoint.requests)) == (Settings(colour="blue"), 2)


def test_an_empty_object_is_an_empty_value(connect: Connect) -> None:
    with Endpoint("{}") as endpoint:
        assert connect(endpoint.base_url).extract(Settings, "x", mode="prompt") == Settings()
    assert len(endpoint.requests) == 1


def test_keys_that_a_type_accepts_are_not_foreign() -> None:
    class WithExtras(Settings, extra="allow"):
        pass

    class Renamed(BaseModel, validate_by_name=True, validate_by_alias=True):
        size: int = Field(3, alias="Size")

    assert structkit.ResponseFormat(WithExtras).parse('{"taste": "sweet"}').model_extra == {"taste": "sweet"}
    assert structkit.ResponseFormat(Renamed).parse('{"size": 4}').size == 4
    assert structkit.ResponseFormat(SETTINGS_SCHEMA, extras="open").parse('{"taste": "sweet"}') == {"taste": "sweet"}
    assert structkit.ResponseFormat(dict[str, int]).parse('{"taste": 1}') == {"taste": 1}


@pytest.mark.parametrize("output", TYPES_OF_DEFAULTS, ids=["model", "open", "closed", "map"])
def test_the_schema_as_a_reply_is_not_a_value(connect: Connect, output: Any) -> None:
    for mode in ("json_schema", "tool"):
        with Endpoint(reply_with_fault("schema_back")) as endpoint, pytest.raises(structkit.InvalidOutput) as caught:
            connect(endpoint.base_url).run(output, "x", mode=mode)
        assert "this is the schema" in str(caught.value)


# A route to several vendors


def test_a_route_that_changes_its_vendor_falls_back_and_records_the_provider(connect: Connect) -> None:
    vendors = ["a", "b", "b"]
    rejected = {"a": "response_format", "b": "tools"}

    def answer(body: JSON) -> Reply:
        vendor = vendors[0]
        if rejected[vendor] in body:
            return Reply({"error": {"message": f"{rejected[vendor]} is not supported"}}, 404)
        vendors.pop(0)
        return Reply({**text_reply(body, VALID).body, "provider": vendor})

    with Endpoint(answer) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)
        results = [client.run(Order, "x") for _ in range(3)]
    assert [(result.mode, result.completion.provider) for result in results] == [
        ("tool", "a"),
        ("json_object", "b"),
        ("json_object", "b"),
    ]
    assert [len(result.attempts) for result in results] == [3, 2, 1]


def test_a_vendor_that_changes_between_requests_is_recorded(connect: Connect) -> None:
    with Endpoint('{"lines": "?"}', VALID, faults={"other_vendor": 1.0}) as endpoint:
        result = connect(endpoint.base_url).run(Order, "x")
    assert [attempt.completion.provider for attempt in result.attempts] == ["vendor-1", "vendor-2"]
    assert [attempt.completion.model for attempt in result.attempts] == ["fake-1", "fake-2"]


STREAMS = {name for name in FAULTS if name.startswith("stream_")}
"""Tested in a separate file."""

SLOW = {"read_timeout", "huge", "gzip_bomb", "rate_limited", "rate_limited_until"}


@pytest.mark.parametrize("seed", range(20))
def test_any_mix_of_faults_leads_to_the_value_or_a_structkit_error(connect: Connect, seed: int) -> None:
    random = Random(seed)
    names = random.sample(sorted({*FAULTS} - STREAMS - SLOW - {"rejects_keyword"}), 4)
    mode = random.choice(["auto", "auto", *MODES])
    with Endpoint(VALID, faults=dict.fromkeys(names, 0.2), seed=seed) as endpoint:
        client = connect(endpoint.base_url, policy=POLICY)
        try:
            result = client.run(Order, "x", mode=mode)
        except (structkit.TransportError, structkit.ExtractionError) as error:
            result = error
        else:
            assert result.value == VALUE
    assert sum(1 + attempt.retries for attempt in result.attempts) == len(endpoint.requests)
    assert result.usage.unreported + result.usage.total_tokens // 15 <= len(endpoint.requests)


def test_every_fault_has_a_test() -> None:
    tested = {name.partition(":")[0] for name in (*TRANSIENT, *READABLE, *REASKED)}
    final = {"refusal", "content_filter", "length", "read_timeout", "huge", "gzip_bomb"}
    rejecting = {"rejects_response_format", "rejects_tools", "rejects_keyword"}
    assert tested | final | rejecting | STREAMS == {*FAULTS}
