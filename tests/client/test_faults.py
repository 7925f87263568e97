"""Every fault by its name has its outcome: the value after so many requests, or the error; in every mode."""

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
PATIENT = structkit.Policy(retries=2, wait_initial=0.001, wait_max=0.01, timeout=30)
STRICT = structkit.Policy(repairs=False, wait_initial=0.001)
PAID = Usage(10, 5, 15)
every_mode = pytest.mark.parametrize("mode", MODES)
three_modes = pytest.mark.parametrize("mode", ["json_schema", "tool", "prompt"])


class Line(BaseModel):
    item: str
    count: int


class Order(BaseModel):
    lines: list[Line]
    note: str | None = None


RIGHT = '{"lines": [{"item": "tea", "count": 2}], "note": "soon"}'
VALUE = Order(lines=[Line(item="tea", count=2)], note="soon")


def met(name: str, *arguments: Any, text: str = RIGHT) -> Callable[[JSON], Reply]:
    """What comes of a right reply that meets a fault."""
    found = fault(name, *arguments)
    return lambda body: found.change(body, text_reply(body, text, model=body["model"]))


# The transport's: sent again by itself, which is no attempt

PASSING: dict[str, tuple[type[Exception], int, Usage]] = {
    "rate_limited:0": (structkit.StatusError, 3, Usage()),
    "rate_limited_until:0": (structkit.StatusError, 3, Usage()),
    "rate_limited_bare": (structkit.StatusError, 3, Usage()),
    "server_error": (structkit.StatusError, 3, Usage()),
    "bad_gateway": (structkit.StatusError, 3, Usage()),
    "unavailable": (structkit.StatusError, 3, Usage()),
    "reset": (structkit.ConnectionFailed, 3, Usage(unreported=1)),
    "html": (structkit.MalformedReply, 2, Usage(unreported=1)),
    "error_with_200": (structkit.MalformedReply, 2, Usage(unreported=1)),
    "no_choices": (structkit.MalformedReply, 2, PAID),
}
"""The error when it does not pass, after how many requests, and what each lost reply may have cost."""
passing = pytest.mark.parametrize(("name", "outcome"), PASSING.items(), ids=PASSING.keys())


@three_modes
@passing
def test_a_fault_that_passes_costs_a_retry_and_no_attempt(connect: Connect, name: str, outcome: Any, mode: str) -> None:
    with Endpoint(met(name), RIGHT) as endpoint:
        result = connect(endpoint.base_url, policy=PATIENT).run(Order, "x", mode=mode)
    assert (result.value, result.mode, len(result.attempts), result.attempts[0].retries) == (VALUE, mode, 1, 1)
    assert result.usage == PAID + outcome[2]
    assert endpoint.requests[0] == endpoint.requests[1]


@passing
def test_a_fault_that_stays_is_an_error_that_keeps_everything(connect: Connect, name: str, outcome: Any) -> None:
    kind, requests, spent = outcome
    with Endpoint(met(name)) as endpoint, pytest.raises(kind) as caught:
        connect(endpoint.base_url, policy=PATIENT).run(Order, "x")
    assert len(endpoint.requests) == requests
    [attempt] = caught.value.attempts
    assert (attempt.retries, attempt.completion) == (requests - 1, None)
    assert caught.value.usage == sum([spent] * requests, Usage())
    assert caught.value.retryable
    assert attempt.raw is not None or kind is structkit.ConnectionFailed


def test_a_reply_that_comes_too_late_is_sent_again_and_may_have_been_paid(connect: Connect) -> None:
    policy = structkit.Policy(timeout=0.3, retries=1, wait_initial=0.001)
    with Endpoint(met("read_timeout", 3), RIGHT) as endpoint:
        result = connect(endpoint.base_url, policy=policy).run(Order, "x")
    assert (result.value, result.usage) == (VALUE, PAID + Usage(unreported=1))
    with Endpoint(met("read_timeout", 3)) as endpoint, pytest.raises(structkit.RequestTimeout) as caught:
        connect(endpoint.base_url, policy=policy).run(Order, "x")
    assert (len(endpoint.requests), caught.value.usage) == (2, Usage(unreported=2))


@pytest.mark.parametrize("name", ["huge", "gzip_bomb"])
def test_a_body_without_end_is_refused_with_the_limit_named(connect: Connect, name: str) -> None:
    with Endpoint(met(name)) as endpoint, pytest.raises(structkit.TransportError, match=r"33554432 bytes.*reply_bytes"):
        connect(endpoint.base_url).run(Order, "x")
    with Endpoint(met(name, 2)) as endpoint, pytest.raises(structkit.MalformedReply, match="1000 bytes") as caught:
        connect(endpoint.base_url, policy=structkit.Policy(reply_bytes=1000)).run(Order, "x")
    assert (len(endpoint.requests), caught.value.usage) == (1, Usage(unreported=1))


# The model's word that there is nothing to come


@every_mode
@pytest.mark.parametrize(
    ("name", "kind"),
    [("refusal", structkit.Refusal), ("content_filter", structkit.Filtered), ("length", structkit.Truncated)],
)
def test_what_asking_again_cannot_cure_is_paid_once(
    connect: Connect, name: str, kind: type[structkit.ExtractionError], mode: str
) -> None:
    cut = '{"note": "soon", "lines": [{"item": "tea"'
    with Endpoint(met(name, text=cut * 2), RIGHT) as endpoint, pytest.raises(kind) as caught:
        connect(endpoint.base_url).run(Order, "x", mode=mode)
    assert (len(endpoint.requests), caught.value.usage) == (1, PAID)
    assert caught.value.attempts[0].raw["choices"]
    assert caught.value.attempts[0].issues
    assert caught.value.partial == (cut if kind is structkit.Truncated else caught.value.partial)


# Replies that are read as they come

READ: dict[str, tuple[str, ...]] = {
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
@pytest.mark.parametrize(("name", "repairs"), READ.items(), ids=READ.keys())
def test_what_can_be_read_is_read_and_says_how(
    connect: Connect, name: str, repairs: tuple[str, ...], mode: str
) -> None:
    with Endpoint(met(name)) as endpoint:
        result = connect(endpoint.base_url).run(Order, "x", mode=mode)
    assert (result.value, result.mode, len(endpoint.requests)) == (VALUE, mode, 1)
    assert result.repairs == repairs
    assert {origin.how for origin in result.provenance.values()} == {"repaired" if repairs else "direct"}
    assert result.usage == (Usage(unreported=1) if name.endswith("usage") else PAID)


@pytest.mark.parametrize("name", [name for name, repairs in READ.items() if not repairs])
def test_what_stands_in_a_strange_place_leads_nowhere_down_the_ladder(connect: Connect, name: str) -> None:
    with Endpoint(met(name)) as endpoint:
        assert connect(endpoint.base_url).run(Order, "x").mode == "json_schema"


@every_mode
@pytest.mark.parametrize("name", [name for name, repairs in READ.items() if repairs])
def test_a_policy_may_refuse_repairs(connect: Connect, name: str, mode: str) -> None:
    with Endpoint(met(name), RIGHT) as endpoint:
        result = connect(endpoint.base_url, policy=STRICT).run(Order, "x", mode=mode)
    assert (result.value, result.repairs, len(endpoint.requests)) == (VALUE, (), 2)
    assert result.attempts[0].repairs == ()


@every_mode
@pytest.mark.parametrize("right", range(3))
def test_of_several_tool_calls_the_one_that_validates_wins(connect: Connect, mode: str, right: int) -> None:
    texts = ["{}", '{"lines": "none"}', "no JSON"]
    texts[right] = RIGHT
    body = tool_call_completion("order", "")
    body["choices"][0]["message"]["tool_calls"] = [tool_call("order", text, n) for n, text in enumerate(texts)]
    with Endpoint(Reply(body)) as endpoint:
        assert connect(endpoint.base_url).extract(Order, "x", mode=mode) == VALUE
    assert len(endpoint.requests) == 1


# Replies that are asked for again

ASKED_AGAIN: dict[str, str] = {
    "null_content": "empty",
    "ignores_schema": "not valid JSON",
    "other_keys": "it has none of the expected keys",
    "schema_back": "expected",
    "deep": "nested too deep",
    "duplicate_keys": 'duplicate key "lines"',
    "nan": "NaN",
    "infinity": "Infinity",
    "lone_surrogate": "surrogate",
    "broken_arguments": "not valid JSON",
}
asked_again = pytest.mark.parametrize(("name", "why"), ASKED_AGAIN.items(), ids=ASKED_AGAIN.keys())


@every_mode
@asked_again
def test_what_is_no_value_is_asked_again_with_the_reason(connect: Connect, name: str, why: str, mode: str) -> None:
    with Endpoint(met(name), RIGHT) as endpoint:
        result = connect(endpoint.base_url).run(Order, "x", mode=mode)
    assert (result.value, result.mode, len(endpoint.requests)) == (VALUE, mode, 2)
    assert why in " ".join(map(str, result.attempts[0].issues))
    assert why in endpoint.requests[1]["messages"][-1]["content"]
    assert result.usage == PAID + PAID


@three_modes
@asked_again
def test_what_stays_no_value_is_an_error_that_keeps_everything(
    connect: Connect, name: str, why: str, mode: str
) -> None:
    with Endpoint(met(name)) as endpoint, pytest.raises(structkit.InvalidOutput, match="3 attempts") as caught:
        connect(endpoint.base_url).run(Order, "x", mode=mode)
    assert (len(endpoint.requests), caught.value.usage) == (3, PAID + PAID + PAID)
    assert all(attempt.raw["choices"] for attempt in caught.value.attempts)
    assert why in str(caught.value)


@asked_again
def test_what_is_no_value_ends_in_one_by_itself(connect: Connect, name: str, why: str) -> None:
    with Endpoint(met(name), RIGHT) as endpoint:
        result = connect(endpoint.base_url).run(Order, "x")
    assert (result.value, len(endpoint.requests)) == (VALUE, 2)
    assert why in " ".join(map(str, result.attempts[0].issues))


# An object of other keys is no empty value


class Settings(BaseModel):
    """What is set."""

    colour: str | None = None
    size: int = 3
    description: str | None = None


NAMED = {"type": "object", "properties": {"colour": {"type": "string"}}, "title": "Settings"}
EMPTY_OF: list[Any] = [Settings, NAMED, {**NAMED, "additionalProperties": False}, dict[str, Any]]


@every_mode
def test_a_wrapper_around_a_type_of_defaults_is_taken_off(connect: Connect, mode: str) -> None:
    with Endpoint('{"Settings": {"colour": "red"}}') as endpoint:
        result = connect(endpoint.base_url).run(Settings, "x", mode=mode)
    assert (result.value, result.repairs, len(endpoint.requests)) == (Settings(colour="red"), ("wrapper",), 1)


@every_mode
@pytest.mark.parametrize("text", ['{"Settings": {"colour": "red"}}', '{"answer": "red"}', '[{"colour": "red"}]'])
def test_a_type_of_defaults_takes_no_object_of_other_keys(connect: Connect, mode: str, text: str) -> None:
    with Endpoint(text, '{"colour": "blue", "size": null, "description": null}') as endpoint:
        result = connect(endpoint.base_url, policy=STRICT).run(Settings, "x", mode=mode)
    assert (result.value, len(endpoint.requests)) == (Settings(colour="blue"), 2)


def test_an_empty_object_is_an_empty_value(connect: Connect) -> None:
    with Endpoint("{}") as endpoint:
        assert connect(endpoint.base_url).extract(Settings, "x", mode="prompt") == Settings()
    assert len(endpoint.requests) == 1


def test_keys_that_a_type_takes_itself_are_no_other_keys() -> None:
    class Open(Settings, extra="allow"):
        pass

    class Renamed(BaseModel, validate_by_name=True, validate_by_alias=True):
        size: int = Field(3, alias="Size")

    assert structkit.ResponseFormat(Open).parse('{"taste": "sweet"}').model_extra == {"taste": "sweet"}
    assert structkit.ResponseFormat(Renamed).parse('{"size": 4}').size == 4
    assert structkit.ResponseFormat(NAMED).parse('{"taste": "sweet"}') == {"taste": "sweet"}
    assert structkit.ResponseFormat(dict[str, int]).parse('{"taste": 1}') == {"taste": 1}


@pytest.mark.parametrize("output", EMPTY_OF, ids=["model", "open", "closed", "map"])
def test_the_schema_sent_back_is_never_a_value(connect: Connect, output: Any) -> None:
    for mode in ("json_schema", "tool"):
        with Endpoint(met("schema_back")) as endpoint, pytest.raises(structkit.InvalidOutput) as caught:
            connect(endpoint.base_url).run(output, "x", mode=mode)
        assert "this is the schema" in str(caught.value)


# A route that is several vendors


def test_a_route_that_changes_its_vendor_is_followed_down_and_told_of(connect: Connect) -> None:
    vendors = ["a", "b", "b"]
    refused = {"a": "response_format", "b": "tools"}

    def answer(body: JSON) -> Reply:
        vendor = vendors[0]
        if refused[vendor] in body:
            return Reply({"error": {"message": f"{refused[vendor]} is not supported"}}, 404)
        vendors.pop(0)
        return Reply({**text_reply(body, RIGHT).body, "provider": vendor})

    with Endpoint(answer) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)
        results = [client.run(Order, "x") for _ in range(3)]
    assert [(result.mode, result.completion.provider) for result in results] == [
        ("tool", "a"),
        ("json_object", "b"),
        ("json_object", "b"),
    ]
    assert [len(result.attempts) for result in results] == [3, 2, 1]


def test_a_vendor_that_changes_from_call_to_call_is_recorded(connect: Connect) -> None:
    with Endpoint('{"lines": "?"}', RIGHT, faults={"other_vendor": 1.0}) as endpoint:
        result = connect(endpoint.base_url).run(Order, "x")
    assert [attempt.completion.provider for attempt in result.attempts] == ["vendor-1", "vendor-2"]
    assert [attempt.completion.model for attempt in result.attempts] == ["fake-1", "fake-2"]


STREAMS = {name for name in FAULTS if name.startswith("stream_")}
"""They have a file of their own."""

SLOW = {"read_timeout", "huge", "gzip_bomb", "rate_limited", "rate_limited_until"}


@pytest.mark.parametrize("seed", range(20))
def test_whatever_comes_together_the_value_is_right_or_the_error_has_a_name(connect: Connect, seed: int) -> None:
    chance = Random(seed)
    names = chance.sample(sorted({*FAULTS} - STREAMS - SLOW - {"rejects_keyword"}), 4)
    mode = chance.choice(["auto", "auto", *MODES])
    with Endpoint(RIGHT, faults=dict.fromkeys(names, 0.2), seed=seed) as endpoint:
        client = connect(endpoint.base_url, policy=PATIENT)
        try:
            result = client.run(Order, "x", mode=mode)
        except (structkit.TransportError, structkit.ExtractionError) as error:
            result = error
        else:
            assert result.value == VALUE
    assert sum(1 + attempt.retries for attempt in result.attempts) == len(endpoint.requests)
    assert result.usage.unreported + result.usage.total_tokens // 15 <= len(endpoint.requests)


def test_every_fault_has_its_outcome() -> None:
    tested = {name.partition(":")[0] for name in (*PASSING, *READ, *ASKED_AGAIN)}
    ends = {"refusal", "content_filter", "length", "read_timeout", "huge", "gzip_bomb"}
    ladder = {"rejects_response_format", "rejects_tools", "rejects_keyword"}
    assert tested | ends | ladder | STREAMS == {*FAULTS}
