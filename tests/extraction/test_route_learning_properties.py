"""What refusals teach: any body at all, each lesson less than was known, and every conversation with an end."""

from __future__ import annotations

import copy
import json
import pickle
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from structkit import ResponseFormat
from structkit.dialects import DIALECTS, OPENAI, Dialect, Route
from structkit.errors import StatusError, StructkitError, TransportError
from structkit.extraction import MODES, Extraction
from structkit.extraction.route_learning import learn_from_error
from structkit.parsing import read_completion
from structkit.testing import FAULTS, completion, fault
from structkit.testing.scripted_reply import conforming_reply, tool_call_completion
from structkit.values import Completion, Message, Parameters, Policy, Result, Usage

SETTINGS = settings(max_examples=100, deadline=None, derandomize=True, database=None)


class Node(BaseModel):
    name: str = Field(pattern="^[a-z]+$", max_length=40)
    size: int = Field(ge=0, le=9)
    kind: str = Field(json_schema_extra={"format": "date"})
    nodes: list["Node"] = Field(max_length=3)
    either: int | list[str] | None = None


def status(body: Any, code: int = 400) -> StatusError:
    error = StatusError("refused", body=body)
    error.status_code = code
    return error


WORDS = st.sampled_from(
    [
        *("response_format", "json_schema", "tools", "strict", "is not supported", "unknown", "'minimum'", '"pattern"', "format"),
        *("date", "exceeds the maximum of", "properties", "enum", "levels", "nesting", "recursive", "1", "3", "50", "9" * 5_000),
        *("Bad Request", "Provider returned error", "", "null", "(((((", "\\", "[a-", "$", "\ud800", "²", "x" * 9_000, "model", "not found"),
    ]
)  # fmt: skip
TEXTS = st.lists(WORDS, max_size=6).map(" ".join) | st.text(max_size=20)
KEYS = st.sampled_from(["error", "message", "code", "param", "detail", "loc", "input", "type"]) | TEXTS
BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
CODES = st.sampled_from([400, 400, 400, 404, 422, 500, 501, 401, 429, 503])


def size(dialect: Dialect) -> list[Any]:
    """What a narrower dialect has less of."""
    most = dialect.max_size
    return [len(dialect.keywords), len(dialect.formats), dialect.recursion, dialect.max_levels, most.properties, most.enum_values]  # fmt: skip


@SETTINGS
@given(BODIES, CODES, st.sampled_from([*DIALECTS.values()]), st.sampled_from([*MODES.values()]), st.booleans())
def test_a_lesson_takes_something_away_and_adds_nothing(body, code, dialect, mode, fixed) -> None:
    before = copy.deepcopy(body)
    route = Route(dialect)
    schema = ResponseFormat(Node, dialect=dialect).schema
    taught = learn_from_error(status(body, code), route, mode, schema, is_mode_fixed=fixed)
    assert repr(body) == repr(before)
    if taught is not None and taught.dialect != dialect:
        assert (taught.rejected, taught.ignored) == (route.rejected, route.ignored)
        assert all(less <= more for less, more in zip(size(taught.dialect), size(dialect), strict=True))
        assert size(taught.dialect) != size(dialect)
    elif taught is not None:
        assert taught.rejected == route.rejected | {mode.name}
        assert not fixed


def deep(levels: int = 100_000) -> list[Any]:
    outer: list[Any] = []
    for _ in range(levels):
        outer = [outer]
    return outer


HOSTILE = {
    "digits": "exceeds the maximum of " + "9" * 1_000_000 + " properties",
    "limits without a number": "maximum " * 200_000,
    "limits behind each other": "maximum" * 200_000,
    "spaces": "maximum" + " " * 1_000_000,
    "quotes": "'\"`" * 300_000,
    "newlines": "\n" * 1_000_000 + "error",
    "models": "model " * 200_000,
    "names": "minimum" * 200_000,
    "lists": deep(),
    "an error in lists": {"error": deep()},
    "many texts": ["response_format"] * 500_000,
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_refusal_is_read_without_a_crash_or_a_wait(body: Any) -> None:
    schema = ResponseFormat(Node).schema
    started = time.process_time()
    for mode in MODES.values():
        learn_from_error(status(body if isinstance(body, dict) else {"error": body}), Route(OPENAI), mode, schema)
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "no such organisation; you asked: {}"}},
        {"detail": [{"loc": ["body", "seed"], "msg": "not an int", "input": {"messages": "{}"}}]},
        {"error": {"message": "too busy", "request": ["{}"]}},
    ],
)
def test_what_a_refusal_repeats_of_the_prompt_teaches_nothing(body: Any) -> None:
    prompt = "Say why response_format with 'minimum' and tools is not supported at a maximum of 3 properties."
    echo = json.loads(json.dumps(body).replace("{}", json.dumps(prompt)[1:-1]))
    asked = Extraction(ResponseFormat(Node), "m", (Message("user", prompt),))
    assert isinstance(asked.receive(status(echo)), StatusError)
    taught = asked.receive(status({"error": {"message": f"response_format is not supported: {prompt}"}}))
    assert isinstance(taught, Extraction)
    assert taught.route.rejected == {"json_schema"}


# Every conversation has an end


MODEL_SAYS = st.sampled_from(
    [
        *("", "{}", "[]", "null", "Sure!", '{"name": "a"}', '{"value": 3}', '{"nodes": [' * 50, "[" * 3_000),
        '{"name": "A", "size": 99, "kind": "", "nodes": [], "either": null}',
        '{"name": "a", "size": 1, "kind": "k", "nodes": [{"name": "%s", "size": 5' % ("b" * 400),
        '{"name": "a", "size": 1, "kind": "%s", "nodes": [], "either": ["x"], "size": 2}' % ("c" * 400),
        '{"name": "a", "size": "x", "kind": "%s", "nodes": [], "either": ["x"]}' % ("c" * 400),
        '{"name": "a", "size": 1, "kind": "%s", "nodes": [{}, 3, null], "either": ["x"]}' % ("c" * 400),
    ]
)
ENDINGS = st.sampled_from(["stop", "stop", "stop", "length", "length", "content_filter", "tool_calls", ""])


@st.composite
def replies(draw: st.DrawFn, step: Extraction[Any]) -> Completion | TransportError:
    """A refusal, a fault by name, or whatever a model may say."""
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return status(draw(BODIES), draw(CODES))
    if kind == 1:
        name = draw(st.sampled_from([name for name in FAULTS if name not in {"huge", "gzip_bomb", "read_timeout"}]))
        came = fault(name, *["minimum"] * (name == "rejects_keyword"))(step.request.body)
        error = status(came.body, came.status) if came.status != 200 else None
        return error or read_completion(came.body)
    if kind == 2:
        return read_completion(conforming_reply(step.request.body).body)
    texts = draw(st.lists(MODEL_SAYS, min_size=1, max_size=2))
    body = tool_call_completion("x", *texts) if draw(st.booleans()) else completion(*texts, finish_reason=draw(ENDINGS))
    return read_completion(body)


@SETTINGS
@given(st.data(), st.sampled_from([*DIALECTS.values()]), st.sampled_from(["auto", *MODES]), st.sampled_from(["places", "whole"]), st.sampled_from([None, 9_000]))  # fmt: skip
def test_whatever_comes_a_conversation_ends_and_keeps_its_books(data, dialect, mode, reask, most) -> None:
    step: Any = Extraction(
        ResponseFormat(Node, dialect=dialect),
        "m",
        (Message("user", "x"),),
        parameters=Parameters(max_tokens=most and 100),
        policy=Policy(attempts=4, reask=reask, max_tokens=most),
        route=Route(dialect),
        mode=mode,
    )
    spent = Usage()
    for number in range(1, 60):
        reply = data.draw(replies(step))
        spent += reply.usage if isinstance(reply, Completion) else reply.usage_of_reply
        kept, before, asked = pickle.dumps(step), repr(step), json.dumps(step.request.body)
        following = step.receive(reply)
        assert repr(step) == before
        for copied in (pickle.loads(kept), copy.deepcopy(step)):
            assert_alike(copied.receive(reply), following)
        assert [attempt.number for attempt in following.attempts] == [*range(1, number + 1)]
        assert sum((attempt.usage for attempt in following.attempts), Usage()) == spent
        if not isinstance(following, Extraction):
            assert isinstance(following, Result | StructkitError)
            return
        assert isinstance(reply, Completion) or json.dumps(following.request.body) != asked
        step = following
    pytest.fail("it goes on and on")


def assert_alike(one: Any, other: Any) -> None:
    assert type(one) is type(other)
    assert repr(one.attempts) == repr(other.attempts)  # nan is not itself
    assert str(one) == str(other) if isinstance(one, Exception) else True
    if isinstance(one, Extraction):
        assert one.request.body == other.request.body
    if isinstance(one, Result):
        assert one.value == other.value
