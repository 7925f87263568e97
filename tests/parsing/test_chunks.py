"""Chunks put together: the reply they come to is the one that would have come in one piece, or an error."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structkit.errors import ConnectionFailed, MalformedReply, TransportError
from structkit.parsing import read_completion
from structkit.parsing.chunks import Gathering
from structkit.parsing.events import Events
from structkit.testing import completion, tool_call_completion
from structkit.testing.scripted_reply import tool_call
from structkit.testing.stream_faults import DONE, chunks, event
from structkit.values import JSON, Completion, Delta, ToolCall, Usage

WANTS = {"stream": True, "stream_options": {"include_usage": True}}
TEXT = st.text(st.characters() | st.sampled_from(["\ud83d", "\ude00", "ü", "😀"]), max_size=12)


def gather(*said: Any, choices: int = 1) -> tuple[Gathering, list[Delta]]:
    gathering = Gathering(choices)
    return gathering, [
        delta for one in said for delta in gathering.take(("", one if isinstance(one, str) else json.dumps(one)))
    ]


def delta(*said: JSON, index: Any = 0, **choice: Any) -> JSON:
    return {"choices": [{"index": index, "delta": part, **choice} for part in said]}


def ended(reason: str = "stop", index: int = 0) -> JSON:
    return delta({}, index=index, finish_reason=reason)


def whole(gathering: Gathering) -> Completion:
    reply = gathering.reply()
    assert isinstance(reply, Completion)
    return reply


@st.composite
def bodies(draw: st.DrawFn) -> JSON:
    body = completion(*draw(st.lists(TEXT | st.none(), min_size=1, max_size=3)), finish_reason="stop")
    for choice in body["choices"]:
        calls = draw(st.lists(TEXT, max_size=2))
        if calls:
            choice["message"]["tool_calls"] = [tool_call("f", text, number) for number, text in enumerate(calls)]
        if draw(st.booleans()):
            choice["message"] |= {"refusal": draw(TEXT), "reasoning": draw(TEXT)}
    return {**body, "provider": "p", "system_fingerprint": "fp", "created": 7}


def streamed(body: JSON, size: int) -> bytes:
    return b"".join([*map(event, chunks(WANTS, body, size)), DONE])


def fed(pieces: Iterable[bytes], choices: int) -> tuple[Gathering, list[Delta]]:
    events, gathering = Events(), Gathering(choices)
    return gathering, [given for piece in pieces for found in events.feed(piece) for given in gathering.take(found)]


def told(reply: Completion) -> list[Any]:
    return [(one.index, one.content, one.refusal, one.finish_reason, one.tool_calls) for one in reply.choices]


def said(deltas: list[Delta], index: int, kind: str) -> str:
    assert all(one.text for one in deltas)
    return "".join(one.text for one in deltas if (one.index, one.kind) == (index, kind))


def is_all(text: str, whole_text: str) -> bool:
    """Whether a text is the whole; half of a surrogate pair at its end may be left out."""
    return whole_text in {text, text + whole_text[-1:]}


@given(bodies(), st.integers(1, 5), st.integers(1, 40))
def test_a_stream_in_any_pieces_comes_to_the_reply_it_would_have_been(body: JSON, size: int, cut: int) -> None:
    sent = streamed(body, size)
    gathering, deltas = fed([sent[at : at + cut] for at in range(0, len(sent), cut)], len(body["choices"]))
    reply, wanted = whole(gathering), read_completion(json.loads(json.dumps(body)))
    assert isinstance(wanted, Completion)
    assert told(reply) == told(wanted)
    assert (reply.usage, reply.id, reply.model, reply.provider) == (Usage(10, 5, 15), "fake-1", "fake", "p")
    assert (reply.raw["object"], reply.raw["system_fingerprint"], reply.raw["created"]) == ("chat.completion", "fp", 7)
    for choice, kept in zip(reply.choices, reply.raw["choices"], strict=True):
        arguments = choice.tool_calls[0].arguments if choice.tool_calls else ""
        assert is_all(said(deltas, choice.index, "content"), choice.content or "")
        assert is_all(said(deltas, choice.index, "arguments"), arguments)
        assert is_all(said(deltas, choice.index, "refusal"), choice.refusal or "")
        assert is_all(said(deltas, choice.index, "reasoning"), kept["message"].get("reasoning") or "")


@given(bodies(), st.integers(1, 5), st.data())
def test_a_stream_that_ends_at_any_byte_is_whole_or_an_error_with_what_came(
    body: JSON, size: int, data: st.DataObject
) -> None:
    sent = streamed(body, size)
    at = data.draw(st.integers(0, len(sent) - 1))
    gathering, deltas = fed([sent[:at]], len(body["choices"]))
    reply, wanted = gathering.reply(), read_completion(json.loads(json.dumps(body)))
    assert isinstance(wanted, Completion)
    if isinstance(reply, Completion):
        assert told(reply) == told(wanted)
        return
    assert isinstance(reply, ConnectionFailed)
    assert (reply.retryable, reply.usage_of_reply) == (True, Usage(unreported=1))
    came = said(deltas, 0, "content") or said(deltas, 0, "arguments")
    assert is_all(came, reply.partial or "")
    assert (reply.body is None) == (not gathering.has_begun)


# What chunks say, piece by piece


def test_tokens_come_last_or_all_along_or_not_at_all() -> None:
    last = {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 12}}
    growing = [{**delta({"content": "a"}), "usage": {"prompt_tokens": 9, "completion_tokens": n}} for n in (1, 2)]
    for before, usage in (([ended(), last], Usage(9, 12, 21)), ([*growing, ended()], Usage(9, 2, 11))):
        assert whole(gather(*before)[0]).usage == usage
    assert whole(gather(delta({"content": "a"}), {**ended(), "usage": None})[0]).usage == Usage(unreported=1)


def test_what_the_first_chunks_leave_empty_the_next_ones_say() -> None:
    azure = {"id": "", "model": "", "choices": [], "prompt_filter_results": [1]}
    raw = whole(gather(azure, {"id": "a", "model": "m", **delta({"content": "x"})}, ended())[0]).raw
    assert (raw["id"], raw["model"], raw["prompt_filter_results"]) == ("a", "m", [1])


def test_log_probabilities_and_whatever_else_a_choice_has_is_kept() -> None:
    first = delta({"role": "assistant", "content": "a"}, logprobs={"content": [{"token": "a"}], "refusal": None})
    second = delta({"content": "b", "annotations": [1]}, logprobs={"content": [{"token": "b"}]})
    last = delta({"annotations": [2]}, finish_reason="stop", native_finish_reason="STOP", content_filter_results=None)
    [choice] = whole(gather(first, second, last)[0]).raw["choices"]
    assert choice["logprobs"] == {"content": [{"token": "a"}, {"token": "b"}]}
    assert choice["message"] == {"role": "assistant", "content": "ab", "annotations": [1, 2]}
    assert (choice["native_finish_reason"], "content_filter_results" in choice) == ("STOP", False)


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_what_a_model_thinks_is_kept_and_is_no_content(name: str) -> None:
    gathering, deltas = gather(delta({"content": None, name: "hm"}, {"content": "{}"}), ended())
    assert deltas == [Delta(0, "hm", "reasoning"), Delta(0, "{}", "content")]
    assert whole(gathering).raw["choices"][0]["message"][name] == "hm"


def test_thoughts_that_come_under_both_names_come_once() -> None:
    _, deltas = gather(delta({"reasoning": "hm", "reasoning_content": "hm"}))
    assert deltas == [Delta(0, "hm", "reasoning")]


def test_content_in_parts_is_read_as_it_is_in_one_piece() -> None:
    parts = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "{"}]
    gathering, deltas = gather(delta({"content": parts}, {"content": "}"}), ended())
    assert [one.text for one in deltas] == ["{", "}"]
    assert whole(gathering).choices[0].content == "{}"


def test_a_whole_reply_in_one_event_is_a_reply_and_one_delta() -> None:
    gathering, deltas = gather(completion("{}"), "[DONE]")
    assert deltas == [Delta(0, "{}", "content")]
    assert whole(gathering).choices[0].content == "{}"


def test_choices_that_come_in_turns_are_kept_apart() -> None:
    turns = [delta({"content": text}, index=index) for text, index in [("a", 1), ("b", 0), ("c", 1)]]
    gathering, deltas = gather(*turns, ended(index=1), ended("length"), choices=2)
    assert [(one.index, one.text) for one in deltas] == [(1, "a"), (0, "b"), (1, "c")]
    assert [(one.content, one.finish_reason) for one in whole(gathering).choices] == [("b", "length"), ("ac", "stop")]


@pytest.mark.parametrize("index", [None, "0", -1])
def test_choices_without_a_number_are_counted(index: Any) -> None:
    gathering, _ = gather(delta({"content": "a"}, {"content": "b"}, index=index), "[DONE]", choices=2)
    assert [one.content for one in whole(gathering).choices] == ["a", "b"]


# Tool calls


def call(arguments: Any, **more: Any) -> JSON:
    name = {"name": more.pop("name")} if "name" in more else {}
    return {**more, "function": {**name, "arguments": arguments}}


CALLS: dict[str, tuple[list[JSON], list[tuple[str | None, str, str]]]] = {
    "by number": (
        [
            call("", index=0, id="a", name="f"),
            call("{", index=0),
            call("[", index=1, id="b", name="g"),
            call("}", index=0),
        ],
        [("a", "f", "{}"), ("b", "g", "[")],
    ),
    "out of order": (
        [call("1", index=1, id="b", name="g"), call("0", index=0, id="a", name="f")],
        [("a", "f", "0"), ("b", "g", "1")],
    ),
    "without numbers": (
        [call("{", id="a", name="f"), call("}"), call("[]", id="b", name="g")],
        [("a", "f", "{}"), ("b", "g", "[]")],
    ),
    "with names alone": ([call("{}", name="f"), call("[]", name="f")], [(None, "f", "{}"), (None, "f", "[]")]),
    "all of them the first": (
        [call("{}", index=0, id="a", name="f"), call("[]", index=0, id="b", name="f")],
        [("a", "f", "{}"), ("b", "f", "[]")],
    ),
    "a new id for every piece": (
        [call("{", index=0, id="a", name="f"), call("}", index=0, id="b")],
        [("a", "f", "{}")],
    ),
    "the name again and again": ([call("{", index=0, name="f"), call("}", index=0, name="f")], [(None, "f", "{}")]),
    "the name in pieces": ([call(None, index=0, name="f"), call("{}", index=0, name="oo")], [(None, "foo", "{}")]),
    "decoded": ([call({"x": [1]}, index=0, id="a", name="f")], [("a", "f", '{"x": [1]}')]),
    "half a pair": ([call("\ud83d", index=0, name="f"), call("\ude00", index=0)], [(None, "f", "😀")]),
}


@pytest.mark.parametrize(("pieces", "wanted"), CALLS.values(), ids=CALLS.keys())
def test_the_pieces_of_tool_calls_find_their_calls(
    pieces: list[JSON], wanted: list[tuple[str | None, str, str]]
) -> None:
    gathering, deltas = gather(*(delta({"tool_calls": [piece]}) for piece in pieces), ended("tool_calls"))
    assert whole(gathering).choices[0].tool_calls == tuple(ToolCall(name, said, known) for known, name, said in wanted)
    first = pieces[0]["function"]["name"]
    [shown] = [text for _, name, text in wanted if name.startswith(first)][:1]
    assert "".join(one.text for one in deltas) == shown


def test_the_old_function_call_is_gathered_too() -> None:
    gathering, deltas = gather(
        delta({"function_call": {"name": "f", "arguments": "{"}}, {"function_call": {"arguments": "}"}})
    )
    assert [(one.kind, one.text) for one in deltas] == [("arguments", "{"), ("arguments", "}")]
    assert gathering.cut(TransportError("cut")).partial == "{}"
    assert whole(gather(delta({"function_call": {"name": "f", "arguments": "{}"}}), ended())[0]).choices[
        0
    ].tool_calls == (ToolCall("f", "{}"),)


def test_a_call_is_the_partial_text_where_there_is_no_content() -> None:
    gathering, _ = gather(*chunks({}, tool_call_completion("f", '{"x": 1}'), 3))
    gathering.is_done = False
    assert gathering.cut(TransportError("cut")).partial == '{"x": 1}'


# The end


def test_a_stream_is_whole_when_it_says_so_or_every_choice_does() -> None:
    some = delta({"content": "{}"})
    assert not isinstance(gather(some)[0].reply(), Completion)
    assert not isinstance(gather(some, ended(), choices=2)[0].reply(), Completion)
    assert not isinstance(gather(some, ended(), delta({"content": "{"}, index=1))[0].reply(), Completion)
    assert whole(gather(some, "[DONE]")[0]).choices[0].finish_reason is None
    assert whole(gather(some, ended())[0]).choices[0].finish_reason == "stop"


def test_what_comes_after_the_end_is_passed_over() -> None:
    gathering, deltas = gather(delta({"content": "a"}), " [DONE] ", delta({"content": "b"}), "no JSON")
    assert (len(deltas), whole(gathering).choices[0].content) == (1, "a")


def test_a_stream_without_choices_is_malformed_and_its_tokens_are_counted() -> None:
    reply = gather({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 0}}, "", "  ", "[DONE]")[
        0
    ].reply()
    assert isinstance(reply, MalformedReply)
    assert reply.usage_of_reply == Usage(9, 0, 9)


FAILURES = {
    "as an object": ("", '{"error": {"message": "upstream down", "code": 502}}', "upstream down (code 502)", True),
    "with a choice": ("", json.dumps({**ended("error"), "error": {"message": "gone"}}), "gone", True),
    "as a text": ("", '{"error": "invalid api key"}', "invalid api key", False),
    "as an event": ("error", '{"message": "upstream down"}', "upstream down", True),
    "as an event around it": ("error", '{"error": {"message": "upstream down"}}', "upstream down", True),
    "as an event of text": ("error", "upstream down", "upstream down", True),
    "as an event of a list": ("error", "[3]", "[3]", True),
    "as an event of nothing": ("error", "{}", "no choices", True),
}


@pytest.mark.parametrize(("name", "data", "says", "retryable"), FAILURES.values(), ids=FAILURES.keys())
def test_an_error_in_the_stream_is_an_error_that_keeps_what_came(
    name: str, data: str, says: str, retryable: bool
) -> None:
    gathering, _ = gather({"id": "a", **delta({"content": "{"})})
    with pytest.raises(MalformedReply) as caught:
        gathering.take((name, data))
    fault = gathering.cut(caught.value)
    assert says in str(fault)
    assert (fault.retryable, fault.partial, fault.usage_of_reply) == (retryable, "{", Usage(unreported=1))
    assert (fault.body["id"], fault.body["choices"][0]["message"]["content"]) == ("a", "{")
    assert "error" in fault.body


NONSENSE = {
    "no JSON": ("<html>", "no JSON: '<html>'"),
    "too deep": ("[" * 100_000, "no JSON"),
    "a list": ("[1]", "no object"),
    "choices in no list": ({"choices": {"0": {}}}, "choices in no list"),
    "a choice of text": ({"choices": ["a"]}, "a choice that is no object"),
    "a delta of text": (delta("a"), "a delta that is no object"),  # type: ignore[arg-type]
    "content of numbers": (delta({"content": 3}), "content is no text: '3'"),
    "content of truth": (delta({"content": False}), "content is no text"),
    "content of objects": (delta({"content": {"text": "a"}}), "content is no text"),
    "refusal in parts": (delta({"refusal": ["a"]}), "refusal is no text"),
    "thoughts of numbers": (delta({"reasoning": 3}), "reasoning is no text"),
    "calls in no list": (delta({"tool_calls": {"0": {}}}), "tool calls in no list"),
    "a call of text": (delta({"tool_calls": ["f"]}), "a tool call that is no object"),
    "a function of text": (delta({"tool_calls": [{"function": "f"}]}), "a function call that is no object"),
    "arguments of numbers": (delta({"tool_calls": [call(3, index=0)]}), "arguments that is no text: '3'"),
    "a name of numbers": (delta({"tool_calls": [call("", index=0, name=3)]}), "name that is no text"),
    "log probabilities of text": (delta({}, logprobs="a"), "log probabilities that is no object"),
}


@pytest.mark.parametrize(("chunk", "says"), NONSENSE.values(), ids=NONSENSE.keys())
def test_what_is_no_chunk_is_an_error_that_says_what_it_is(chunk: Any, says: str) -> None:
    gathering, _ = gather(delta({"content": "{"}))
    with pytest.raises(MalformedReply, match=r"the stream has") as caught:
        gathering.take(("", chunk if isinstance(chunk, str) else json.dumps(chunk)))
    assert says in str(caught.value)
    assert gathering.cut(caught.value).partial == "{"


def test_a_fault_before_anything_came_stays_as_it_was() -> None:
    fault = gather()[0].cut(ConnectionFailed("no connection"))
    assert (fault.partial, fault.body, fault.usage_of_reply) == (None, None, Usage())


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["choices", "index", "delta", "content", "tool_calls", "function", "arguments", "name", "id", "error", "usage", "logprobs", "finish_reason", "message"]),
        inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.lists(JSON_VALUES, max_size=4))
def test_any_json_is_taken_or_refused_by_name(said: list[Any]) -> None:
    gathering = Gathering()
    with suppress(MalformedReply):
        for one in [*said, delta({"content": "a"})]:
            gathering.take(("", json.dumps(one)))
    assert isinstance(gathering.reply(), Completion | TransportError)
