"""Requests for whole replies that are streamed, so that a reply that only repeats itself can be stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

import structkit
from structkit.testing import Endpoint, Reply, completion, fault
from structkit.testing.faults import FAULTS
from structkit.testing.scripted_reply import conforming_reply, tool_call_completion
from structkit.transport.route_cache import load_route
from structkit.values import JSON

Connect = Callable[..., Any]

TEXT = "The Harbour Run starts at Pier 7. Ann Lee speaks."
LOOP = '{"title": "Harbour Run", "speakers": ["Ann Lee", ' + '"Pier 7", ' * 400


class Programme(BaseModel):
    title: str
    speakers: list[str]


class Event(BaseModel):
    title: str
    speakers: list[str]
    place: str | None


VALUE = Programme(title="Harbour Run", speakers=["Ann Lee", "Pier 7"])
VALUE_TEXT = VALUE.model_dump_json()


def truncated(text: str) -> Reply:
    return Reply(completion(text, finish_reason="length"))


def policy(stop_loops: Any, **limits: Any) -> structkit.Policy:
    settings = {"wait_initial": 0.001, "retries": 1, "attempts": 2, "deadline": 5.0, **limits}
    return structkit.Policy(stop_loops=stop_loops, **settings)


def are_streams(endpoint: Endpoint) -> list[bool]:
    return [body.get("stream", False) for body in endpoint.requests]


def reasons(result: Any) -> list[str]:
    return [attempt.completion.choices[0].finish_reason for attempt in result.attempts]


# Which requests are streamed


def test_after_a_loop_the_requests_of_its_model_are_streamed(calls: Any) -> None:
    with Endpoint(VALUE_TEXT, truncated(LOOP), VALUE_TEXT, truncated(LOOP)) as endpoint:
        assert [result.value for result in calls(endpoint.base_url, *[Programme] * 4)] == [VALUE] * 4
        assert are_streams(endpoint) == [False, False, True, True]


def test_a_reply_that_repeats_itself_is_stopped(connect: Connect) -> None:
    with Endpoint(truncated(LOOP)) as endpoint:
        result = connect(endpoint.base_url, policy=policy(True)).run(Programme, TEXT)
    assert (result.value, reasons(result), result.usage.unreported) == (VALUE, ["repetition"], 1)
    assert result.repairs == ("repetition at speakers",)
    assert len(result.attempts[0].completion.choices[0].content) < len(LOOP) / 2


def test_the_arguments_of_a_tool_that_repeat_themselves_are_stopped(connect: Connect) -> None:
    with Endpoint(Reply(tool_call_completion("Programme", LOOP))) as endpoint:
        result = connect(endpoint.base_url, policy=policy(True), mode="tool").run(Programme, TEXT)
    assert (result.value, reasons(result)) == (VALUE, ["repetition"])


def test_what_is_requested_after_a_loop_is_streamed_already(connect: Connect) -> None:
    with Endpoint(truncated(LOOP), '{"place": "Pier 7"}') as endpoint:
        assert connect(endpoint.base_url).extract(Event, TEXT).place == "Pier 7"
        assert are_streams(endpoint) == [False, True]


def test_a_truncated_reply_that_does_not_repeat_itself_changes_nothing(connect: Connect) -> None:
    names = ", ".join(json.dumps(f"Speaker {number} of the evening") for number in range(40))
    with Endpoint(truncated('{"title": "Run", "speakers": [' + names), '{"speakers_rest": []}') as endpoint:
        assert len(connect(endpoint.base_url).extract(Programme, TEXT).speakers) == 40
        assert are_streams(endpoint) == [False, False]


@pytest.mark.parametrize(
    ("settings", "stream"),
    [
        ({}, False),
        ({"dialect": "llama.cpp"}, True),
        ({"dialect": "llama.cpp", "policy": policy(False)}, False),
        ({"policy": policy(True)}, True),
        ({"policy": policy(True), "n": 2}, False),
        ({"policy": policy(True, repairs=structkit.REPAIRS - {"repetition"})}, False),
    ],
    ids=["unknown", "llama.cpp", "llama.cpp never", "always", "several choices", "no repair"],
)
def test_the_dialect_and_the_policy_say_which_requests_are_streamed(settings: Any, stream: bool) -> None:
    with Endpoint(lambda body: [VALUE_TEXT] * body.get("n", 1)) as endpoint:
        structkit.Client("fake", base_url=endpoint.base_url, **settings).extract(Programme, TEXT)
        assert are_streams(endpoint) == [stream]


def test_the_choice_of_a_policy_is_one_of_three() -> None:
    with pytest.raises(ValueError, match="stop_loops must be one of auto, True, False, not 'always'"):
        structkit.Policy(stop_loops="always")  # type: ignore[arg-type]


def test_the_parts_of_a_large_type_are_stopped_one_by_one(connect: Connect) -> None:
    from structkit.dialects import Dialect
    from structkit.dialects.dialect import Size

    class Trip(BaseModel):
        title: str
        speakers: list[str]
        city: str
        rooms: list[str]

    def reply(body: JSON) -> Any:
        names = body["response_format"]["json_schema"]["schema"]["properties"]
        return truncated(LOOP) if "speakers" in names else '{"city": "Leeds", "rooms": ["a"]}'

    small = Dialect("small", frozenset(), max_size=Size(2, 100, 1_000, 0, 100))
    with Endpoint(reply) as endpoint:
        result = connect(endpoint.base_url, policy=policy(True)).run(Trip, TEXT, dialect=small)
        assert are_streams(endpoint) == [True, True]
    assert (result.value.speakers, result.value.city) == (["Ann Lee", "Pier 7"], "Leeds")
    assert sorted(reasons(result)) == ["repetition", "stop"]


def test_the_rows_of_a_job_are_stopped_and_a_later_run_sends_nothing(tmp_path: Path) -> None:
    rows = [{"id": str(number), "text": f"{TEXT} {number}"} for number in range(3)]
    with Endpoint(truncated(LOOP)) as endpoint:
        job = structkit.Job(
            rows,
            tmp_path / "out.jsonl",
            output_type=Programme,
            prompt="{text}",
            model="fake",
            base_url=endpoint.base_url,
            concurrency=1,
            call={"policy": policy("auto")},
        )
        assert (job.run().rows, are_streams(endpoint)) == (3, [False, True, True])
        assert (job.run().rows, len(endpoint.requests)) == (3, 3)
        (tmp_path / "out.jsonl").unlink()
        assert (job.run().rows, len(endpoint.requests)) == (3, 3)
    values = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [value["speakers"] for value in values] == [["Ann Lee", "Pier 7"]] * 3


def test_a_cache_answers_a_request_that_was_streamed(tmp_path: Path) -> None:
    with Endpoint(VALUE_TEXT) as endpoint:
        call: Any = {"base_url": endpoint.base_url, "cache": tmp_path / "replies.sqlite"}
        results = [structkit.Client("fake", policy=policy(stop), **call).run(Programme, TEXT) for stop in (True, False)]
        assert are_streams(endpoint) == [True]
    assert [result.cached for result in results] == [False, True]


# What is remembered


def test_a_loop_is_remembered_for_later_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRUCTKIT_ROUTES", str(tmp_path))
    with Endpoint(truncated(LOOP)) as endpoint:
        for _ in range(2):
            structkit.Client("fake", base_url=endpoint.base_url).extract(Programme, TEXT)
        assert are_streams(endpoint) == [False, True]
        cached_route = load_route(endpoint.base_url, "fake")
    assert cached_route
    assert cached_route.route.stop_loops is True


def reject_streams(body: JSON) -> Any:
    return Reply({"error": {"message": "bad request"}}, status=400) if body.get("stream") else truncated(LOOP)


def forbid_streams(body: JSON) -> Any:
    rejection = Reply({"error": {"message": "streaming is not part of your plan"}}, status=403)
    return rejection if body.get("stream") else truncated(LOOP)


def break_streams(body: JSON) -> Any:
    return Reply("data: {oops\n\n", headers={"content-type": "text/event-stream"}) if body.get("stream") else VALUE_TEXT


def without_usage(body: JSON) -> Reply:
    reply = completion(VALUE_TEXT)
    return Reply({name: value for name, value in reply.items() if name != "usage"})


@pytest.mark.parametrize(
    ("reply", "streams"),
    [
        (reject_streams, [True, False, False]),
        (forbid_streams, [True, False, False]),
        (break_streams, [True, False, False]),
        (without_usage, [True, False]),
        (fault("stream_ignored"), [True, False]),
    ],
    ids=["rejected", "forbidden", "malformed", "no usage", "ignored"],
)
def test_a_stream_that_does_not_help_fails_no_call_and_is_not_tried_again(
    calls: Any, reply: Any, streams: list[bool]
) -> None:
    with Endpoint(reply) as endpoint:
        values = calls(endpoint.base_url, Programme, Programme, policy=policy(True))
        assert are_streams(endpoint) == streams
    assert len(values) == 2


def test_an_error_that_has_another_reason_is_the_error_of_the_call(connect: Connect) -> None:
    with Endpoint(Reply({"error": {"message": "no such model"}}, status=404)) as endpoint:
        with pytest.raises(structkit.StatusError, match="no such model"):
            connect(endpoint.base_url, policy=policy(True)).extract(Programme, TEXT)
        assert are_streams(endpoint) == [True]


# The reply is the same


def outcome(client: Any, output_type: Any = Programme) -> Any:
    """Return everything that a call shows, but for how often a failed stream was sent for a whole reply."""
    try:
        result = client.run(output_type, TEXT)
    except structkit.StructkitError as error:
        return type(error), str(error), error.attempts and [attempt.usage for attempt in error.attempts]
    return result.to_dict(), [(attempt.completion, attempt.issues, attempt.usage) for attempt in result.attempts]


CHANGING = {"other_vendor"}
SLOW = {"huge", "gzip_bomb", "read_timeout", "stream_stalls", "rate_limited", "rate_limited_until"}
ONLY_OF_STREAMS = {"stream_cut", "stream_ends_early", "stream_error", "stream_error_event", "stream_not_text"}
ONLY_OF_STREAMS |= {"stream_options_refused", "stream_half_event", "stream_interleaved"}


@pytest.mark.parametrize("mode", ["json_schema", "tool"])
@pytest.mark.parametrize("name", sorted({*FAULTS} - SLOW - CHANGING - ONLY_OF_STREAMS))
def test_every_reply_is_the_one_to_a_request_that_is_not_streamed(name: str, mode: Any) -> None:
    with Endpoint(fault(f"{name}:minLength" if name == "rejects_keyword" else name)) as endpoint:
        call = {"base_url": endpoint.base_url, "mode": mode}
        plain, streamed = (
            outcome(structkit.Client("fake", policy=policy(stop_loops), **call)) for stop_loops in (False, True)
        )
    assert plain == streamed


@pytest.mark.parametrize("name", sorted(ONLY_OF_STREAMS))
def test_a_fault_of_streams_fails_no_call_that_asked_for_none(connect: Connect, name: str) -> None:
    with Endpoint(fault(name), conforming_reply) as endpoint:
        assert connect(endpoint.base_url, policy=policy(True)).extract(Programme, TEXT)


TEXTS = st.text(max_size=60)
LOGPROBS = st.lists(st.fixed_dictionaries({"token": TEXTS, "logprob": st.floats(-9, 0)}), min_size=1, max_size=4)
USAGES = st.fixed_dictionaries(
    {"prompt_tokens": st.integers(0, 9), "completion_tokens": st.integers(0, 9)},
    optional={"prompt_tokens_details": st.just({"cached_tokens": 1}), "cost": st.just(0.25)},
)
MESSAGES = st.one_of(
    st.fixed_dictionaries({"content": st.one_of(TEXTS, st.just(VALUE_TEXT))}, optional={"reasoning_content": TEXTS}),
    st.fixed_dictionaries({"content": st.none(), "refusal": TEXTS.filter(bool)}),
    st.fixed_dictionaries(
        {
            "content": st.none(),
            "tool_calls": st.lists(
                st.fixed_dictionaries(
                    {
                        "id": st.uuids().map(str),
                        "type": st.just("function"),
                        "function": st.fixed_dictionaries(
                            {"name": st.just("Programme"), "arguments": st.one_of(TEXTS, st.just(VALUE_TEXT))}
                        ),
                    }
                ),
                min_size=1,
                max_size=2,
                unique_by=lambda call: str(call["id"]),
            ),
        }
    ),
)
CHOICES = st.builds(
    lambda message, reason, logprobs: {
        "index": 0,
        "message": {"role": "assistant", **message},
        "finish_reason": reason,
        **({"logprobs": {"content": logprobs}} if logprobs else {}),
    },
    MESSAGES,
    st.sampled_from(["stop", "length", "content_filter", "tool_calls", "weird"]),
    st.none() | LOGPROBS,
)


@pytest.fixture(scope="module")
def endpoints() -> Iterator[Mapping[int, Endpoint]]:
    """Return endpoints that send the body in the request's field `user`, in deltas of several sizes."""
    headers = {"x-ratelimit-limit-requests": "9", "x-ratelimit-remaining-requests": "8"}
    with ExitStack() as stack:
        script = partial(_parrot, headers=headers)
        yield {size: stack.enter_context(Endpoint(script, delta=size)) for size in (1, 7, 1000)}


def _parrot(body: JSON, headers: Mapping[str, str]) -> Reply:
    return Reply(json.loads(body["user"]), headers=headers)


@settings(max_examples=60)
@given(CHOICES, USAGES, st.sampled_from([None, "groq"]), st.sampled_from([1, 7, 1000]))
def test_a_completion_of_any_form_is_the_same(
    endpoints: Mapping[int, Endpoint], choice: JSON, usage: JSON, provider: str | None, size: int
) -> None:
    body = {"id": "x", "object": "chat.completion", "model": "fake", "choices": [choice], "usage": usage}
    body |= {"provider": provider} if provider else {}
    endpoint = endpoints[size]
    plain, streamed = (
        outcome(
            structkit.Client("fake", base_url=endpoint.base_url, user=json.dumps(body), policy=policy(stop_loops)),
        )
        for stop_loops in (False, True)
    )
    assert plain == streamed
    assert endpoint.requests[-1].get("stream") or isinstance(plain[0], type)
