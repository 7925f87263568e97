"""What errors change about a route: for any body, a route only gets narrower, and every conversation ends."""

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

SETTINGS = settings(max_examples=100)


class Node(BaseModel):
    name: str = Field(pattern="^[a-z]+$", max_length=40)
    size: int = Field(ge=0, le=9)
    kind: str = Field(json_schema_extra={"format": "date"})
    nodes: list["Node"] = Field(max_length=3)
    variant: int | list[str] | None = None


def status(body: Any, code: int = 400) -> StatusError:
    error = StatusError("refused", body=body)
    error.status_code = code
    return error


WORDS = st.sampled_from(
    [
        *("response_format", "json_schema", "tools", "strict", "is not supported", "unknown", "'minimum'", '"pattern"', "format"),
        *("date", "exceeds the maximum of", "properties", "enum", "levels", "nesting", "recursive", "$ref", "ref: #", "1", "3", "50", "9" * 5_000),
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
    """Return the sizes that a narrower dialect reduces."""
    limits = dialect.max_size
    return [len(dialect.keywords), len(dialect.formats), dialect.recursion, dialect.root_reference, dialect.max_levels, limits.properties, limits.enum_values]  # fmt: skip


@SETTINGS
@given(BODIES, CODES, st.sampled_from([*DIALECTS.values()]), st.sampled_from([*MODES.values()]), st.booleans())
def test_an_error_removes_something_from_the_route_and_adds_nothing(body, code, dialect, mode, is_fixed) -> None:
    before = copy.deepcopy(body)
    route = Route(dialect)
    schema = ResponseFormat(Node, dialect=dialect).schema
    learned_route = learn_from_error(status(body, code), route, mode, schema, is_mode_fixed=is_fixed)
    assert repr(body) == repr(before)
    if learned_route is not None and learned_route.dialect != dialect:
        assert (learned_route.rejected, learned_route.ignored) == (route.rejected, route.ignored)
        assert all(small <= large for small, large in zip(size(learned_route.dialect), size(dialect), strict=True))
        assert size(learned_route.dialect) != size(dialect)
    elif learned_route is not None:
        assert learned_route.rejected == route.rejected | {mode.name}
        assert not is_fixed


def nested_lists(levels: int = 100_000) -> list[Any]:
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
    "lists": nested_lists(),
    "an error in lists": {"error": nested_lists()},
    "many texts": ["response_format"] * 500_000,
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_error_is_read_without_a_crash_or_a_delay(body: Any) -> None:
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
def test_an_echo_of_the_prompt_in_an_error_does_not_change_the_route(body: Any) -> None:
    prompt = "Say why response_format with 'minimum' and tools is not supported at a maximum of 3 properties."
    echo = json.loads(json.dumps(body).replace("{}", json.dumps(prompt)[1:-1]))
    extraction = Extraction(ResponseFormat(Node), "m", (Message("user", prompt),))
    assert isinstance(extraction.receive(status(echo)), StatusError)
    learned_route = extraction.receive(status({"error": {"message": f"response_format is not supported: {prompt}"}}))
    assert isinstance(learned_route, Extraction)
    assert learned_route.route.rejected == {"json_schema"}


# Every conversation ends


MODEL_TEXTS = st.sampled_from(
    [
        *("", "{}", "[]", "null", "Sure!", '{"name": "a"}', '{"value": 3}', '{"nodes": [' * 50, "[" * 3_000),
        '{"name": "A", "size": 99, "kind": "", "nodes": [], "variant": null}',
        '{"name": "a", "size": 1, "kind": "k", "nodes": [{"name": "%s", "size": 5' % ("b" * 400),
        '{"name": "a", "size": 1, "kind": "%s", "nodes": [], "variant": ["x"], "size": 2}' % ("c" * 400),
        '{"name": "a", "size": "x", "kind": "%s", "nodes": [], "variant": ["x"]}' % ("c" * 400),
        '{"name": "a", "size": 1, "kind": "%s", "nodes": [{}, 3, null], "variant": ["x"]}' % ("c" * 400),
    ]
)
FINISH_REASONS = st.sampled_from(["stop", "stop", "stop", "length", "length", "content_filter", "tool_calls", ""])


@st.composite
def replies(draw: st.DrawFn, step: Extraction[Any]) -> Completion | TransportError:
    """Draw an error, a named fault, or any text of a model."""
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return status(draw(BODIES), draw(CODES))
    if kind == 1:
        name = draw(st.sampled_from([name for name in FAULTS if name not in {"huge", "gzip_bomb", "read_timeout"}]))
        reply = fault(name, *["minimum"] * (name == "rejects_keyword"))(step.request.body)
        error = status(reply.body, reply.status) if reply.status != 200 else None
        return error or read_completion(reply.body)
    if kind == 2:
        return read_completion(conforming_reply(step.request.body).body)
    texts = draw(st.lists(MODEL_TEXTS, min_size=1, max_size=2))
    body = (
        tool_call_completion("x", *texts)
        if draw(st.booleans())
        else completion(*texts, finish_reason=draw(FINISH_REASONS))
    )
    return read_completion(body)


@SETTINGS
@given(st.data(), st.sampled_from([*DIALECTS.values()]), st.sampled_from(["auto", *MODES]), st.sampled_from(["places", "whole"]), st.sampled_from([None, 9_000]))  # fmt: skip
def test_a_conversation_ends_and_counts_every_attempt_whatever_the_replies(
    data, dialect, mode, reask, max_tokens
) -> None:
    step: Any = Extraction(
        ResponseFormat(Node, dialect=dialect),
        "m",
        (Message("user", "x"),),
        parameters=Parameters(max_tokens=max_tokens and 100),
        policy=Policy(attempts=4, reask=reask, max_tokens=max_tokens),
        route=Route(dialect),
        mode=mode,
    )
    usage = Usage()
    for number in range(1, 60):
        reply = data.draw(replies(step))
        usage += reply.usage if isinstance(reply, Completion) else reply.usage_of_reply
        pickled, before, body = pickle.dumps(step), repr(step), json.dumps(step.request.body)
        next_step = step.receive(reply)
        assert repr(step) == before
        for copied_step in (pickle.loads(pickled), copy.deepcopy(step)):
            assert_equal_steps(copied_step.receive(reply), next_step)
        assert [attempt.number for attempt in next_step.attempts] == [*range(1, number + 1)]
        assert sum((attempt.usage for attempt in next_step.attempts), Usage()) == usage
        if not isinstance(next_step, Extraction):
            assert isinstance(next_step, Result | StructkitError)
            return
        assert isinstance(reply, Completion) or json.dumps(next_step.request.body) != body
        step = next_step
    pytest.fail("the conversation does not end")


def assert_equal_steps(first: Any, second: Any) -> None:
    assert type(first) is type(second)
    assert repr(first.attempts) == repr(second.attempts)  # nan is not itself
    assert str(first) == str(second) if isinstance(first, Exception) else True
    if isinstance(first, Extraction):
        assert first.request.body == second.request.body
    if isinstance(first, Result):
        assert first.value == second.value
