"""Chunks assembled: the result is the reply that would have arrived without streaming, or an error."""

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
from structkit.parsing.chunks import ReplyAssembler
from structkit.parsing.events import EventParser
from structkit.testing import completion, tool_call_completion
from structkit.testing.scripted_reply import tool_call
from structkit.testing.stream_faults import DONE, chunks, event
from structkit.values import JSON, Completion, Delta, ToolCall, Usage

WANTS = {"stream": True, "stream_options": {"include_usage": True}}
TEXT = st.text(st.characters() | st.sampled_from(["\ud83d", "\ude00", "ü", "😀"]), max_size=12)


def assemble(*events: Any, choices: int = 1) -> tuple[ReplyAssembler, list[Delta]]:
    assembler = ReplyAssembler(choices)
    texts = [each if isinstance(each, str) else json.dumps(each) for each in events]
    return assembler, [delta for text in texts for delta in assembler.add(("", text))]


def delta(*fields: JSON, index: Any = 0, **choice: Any) -> JSON:
    return {"choices": [{"index": index, "delta": each, **choice} for each in fields]}


def finish(reason: str = "stop", index: int = 0) -> JSON:
    return delta({}, index=index, finish_reason=reason)


def complete(assembler: ReplyAssembler) -> Completion:
    reply = assembler.reply()
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


def stream(body: JSON, size: int) -> bytes:
    return b"".join([*map(event, chunks(WANTS, body, size)), DONE])


def feed(fragments: Iterable[bytes], choices: int) -> tuple[ReplyAssembler, list[Delta]]:
    parser, assembler = EventParser(), ReplyAssembler(choices)
    events = (each for fragment in fragments for each in parser.feed(fragment))
    return assembler, [delta for each in events for delta in assembler.add(each)]


def contents(reply: Completion) -> list[Any]:
    return [(one.index, one.content, one.refusal, one.finish_reason, one.tool_calls) for one in reply.choices]


def text_of(deltas: list[Delta], index: int, kind: str) -> str:
    assert all(one.text for one in deltas)
    return "".join(one.text for one in deltas if (one.index, one.kind) == (index, kind))


def is_complete_text(text: str, complete_text: str) -> bool:
    """Whether a text is complete; half of a surrogate pair may be missing after the last character."""
    return complete_text in {text, text + complete_text[-1:]}


@given(bodies(), st.integers(1, 5), st.integers(1, 40))
def test_a_stream_at_any_split_gives_the_reply_that_is_not_streamed(body: JSON, size: int, length: int) -> None:
    sent = stream(body, size)
    fragments = [sent[at : at + length] for at in range(0, len(sent), length)]
    assembler, deltas = feed(fragments, len(body["choices"]))
    reply, expected = complete(assembler), read_completion(json.loads(json.dumps(body)))
    assert isinstance(expected, Completion)
    assert contents(reply) == contents(expected)
    assert (reply.usage, reply.id, reply.model, reply.provider) == (Usage(10, 5, 15), "fake-1", "fake", "p")
    assert (reply.raw["object"], reply.raw["system_fingerprint"], reply.raw["created"]) == ("chat.completion", "fp", 7)
    for choice, raw in zip(reply.choices, reply.raw["choices"], strict=True):
        arguments = choice.tool_calls[0].arguments if choice.tool_calls else ""
        assert is_complete_text(text_of(deltas, choice.index, "content"), choice.content or "")
        assert is_complete_text(text_of(deltas, choice.index, "arguments"), arguments)
        assert is_complete_text(text_of(deltas, choice.index, "refusal"), choice.refusal or "")
        assert is_complete_text(text_of(deltas, choice.index, "reasoning"), raw["message"].get("reasoning") or "")


@given(bodies(), st.integers(1, 5), st.data())
def test_a_stream_that_ends_at_any_byte_is_complete_or_an_error_with_the_partial_text(
    body: JSON, size: int, data: st.DataObject
) -> None:
    sent = stream(body, size)
    at = data.draw(st.integers(0, len(sent) - 1))
    parser, assembler = EventParser(), ReplyAssembler(len(body["choices"]))
    deltas = [delta for each in parser.feed(sent[:at]) for delta in assembler.add(each)]
    deltas += [delta for each in parser.end() for delta in assembler.add_last(each)]
    reply, expected = assembler.reply(), read_completion(json.loads(json.dumps(body)))
    assert isinstance(expected, Completion)
    if isinstance(reply, Completion):
        assert contents(reply) == contents(expected)
        return
    assert isinstance(reply, ConnectionFailed)
    assert (reply.retryable, reply.usage_of_reply) == (True, Usage(unreported=1))
    text = text_of(deltas, 0, "content") or text_of(deltas, 0, "arguments")
    assert is_complete_text(text, reply.partial or "")
    assert (reply.body is None) == (not assembler.has_started)


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("done", ["", "data: [DONE]", "data: [DO"])
def test_events_that_end_with_one_line_break_or_none_are_read_one_by_one(line_break: str, done: str) -> None:
    events = [delta({"content": "a"}), delta({"content": "b"}), finish()]
    lines = [*(f"data: {json.dumps(each)}" for each in events), done]
    parser, assembler = EventParser(), ReplyAssembler()
    deltas = [delta for each in parser.feed(line_break.join(lines).encode()) for delta in assembler.add(each)]
    assert [one.text for one in deltas] == (["a", "b"] if done == "data: [DONE]" else [])
    deltas += [delta for each in parser.end() for delta in assembler.add_last(each)]
    assert [one.text for one in deltas] == ["a", "b"]
    assert complete(assembler).choices[0].content == "ab"


# The fields of chunks


def test_usage_is_read_from_the_last_chunk_from_every_chunk_or_is_unreported() -> None:
    final = {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 12}}
    running = [{**delta({"content": "a"}), "usage": {"prompt_tokens": 9, "completion_tokens": n}} for n in (1, 2)]
    for before, usage in (([finish(), final], Usage(9, 12, 21)), ([*running, finish()], Usage(9, 2, 11))):
        assert complete(assemble(*before)[0]).usage == usage
    assert complete(assemble(delta({"content": "a"}), {**finish(), "usage": None})[0]).usage == Usage(unreported=1)


def test_a_last_usage_of_zeros_does_not_replace_the_tokens_counted_before() -> None:
    usage, zeros = ({"prompt_tokens": n, "completion_tokens": n, "total_tokens": 2 * n} for n in (9, 0))
    last = [{"choices": [], "usage": usage}, {"choices": [], "usage": zeros}]
    assert complete(assemble(delta({"content": "a"}), finish(), *last)[0]).usage == Usage(9, 9, 18)


def test_the_usage_may_be_in_the_last_choice() -> None:
    last = finish()
    last["choices"][0]["usage"] = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
    assert complete(assemble(delta({"content": "a"}), last)[0]).usage == Usage(9, 3, 12)


def test_fields_that_are_empty_in_the_first_chunk_are_read_from_later_ones() -> None:
    azure = {"id": "", "model": "", "choices": [], "prompt_filter_results": [1]}
    raw = complete(assemble(azure, {"id": "a", "model": "m", **delta({"content": "x"})}, finish())[0]).raw
    assert (raw["id"], raw["model"], raw["prompt_filter_results"]) == ("a", "m", [1])


def test_log_probabilities_and_unknown_fields_of_a_choice_are_stored() -> None:
    first = delta({"role": "assistant", "content": "a"}, logprobs={"content": [{"token": "a"}], "refusal": None})
    second = delta({"content": "b", "annotations": [1]}, logprobs={"content": [{"token": "b"}]})
    last = delta({"annotations": [2]}, finish_reason="stop", native_finish_reason="STOP", content_filter_results=None)
    [choice] = complete(assemble(first, second, last)[0]).raw["choices"]
    assert choice["logprobs"] == {"content": [{"token": "a"}, {"token": "b"}]}
    assert choice["message"] == {"role": "assistant", "content": "ab", "annotations": [1, 2]}
    assert (choice["native_finish_reason"], "content_filter_results" in choice) == ("STOP", False)


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_reasoning_is_stored_and_is_not_content(name: str) -> None:
    assembler, deltas = assemble(delta({"content": None, name: "hm"}, {"content": "{}"}), finish())
    assert deltas == [Delta(0, "hm", "reasoning"), Delta(0, "{}", "content")]
    assert complete(assembler).raw["choices"][0]["message"][name] == "hm"


def test_reasoning_under_both_names_gives_one_delta() -> None:
    _, deltas = assemble(delta({"reasoning": "hm", "reasoning_content": "hm"}))
    assert deltas == [Delta(0, "hm", "reasoning")]


def test_content_parts_are_read_as_in_a_reply_that_is_not_streamed() -> None:
    parts = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "{"}]
    assembler, deltas = assemble(delta({"content": parts}, {"content": "}"}), finish())
    assert [one.text for one in deltas] == ["{", "}"]
    assert complete(assembler).choices[0].content == "{}"


def test_a_complete_reply_in_one_event_is_one_delta() -> None:
    assembler, deltas = assemble(completion("{}"), "[DONE]")
    assert deltas == [Delta(0, "{}", "content")]
    assert complete(assembler).choices[0].content == "{}"


def test_messages_that_repeat_what_has_arrived_are_assembled_once() -> None:
    texts = ["", "{", '{"a"', '{"a": 1}', '{"a": 1}']
    events = [{"choices": [{"index": 0, "message": {"role": "assistant", "content": text}}]} for text in texts]
    assembler, deltas = assemble(*events, finish())
    assert [one.text for one in deltas] == ["{", '"a"', ": 1}"]
    assert complete(assembler).choices[0].content == '{"a": 1}'


def test_interleaved_choices_are_assembled_separately() -> None:
    turns = [delta({"content": text}, index=index) for text, index in [("a", 1), ("b", 0), ("c", 1)]]
    assembler, deltas = assemble(*turns, finish(index=1), finish("length"), choices=2)
    assert [(one.index, one.text) for one in deltas] == [(1, "a"), (0, "b"), (1, "c")]
    assert [(one.content, one.finish_reason) for one in complete(assembler).choices] == [
        ("b", "length"),
        ("ac", "stop"),
    ]


@pytest.mark.parametrize("index", [None, "0", -1])
def test_choices_without_a_valid_index_are_numbered_by_position(index: Any) -> None:
    assembler, _ = assemble(delta({"content": "a"}, {"content": "b"}, index=index), "[DONE]", choices=2)
    assert [one.content for one in complete(assembler).choices] == ["a", "b"]


# Tool calls


def call(arguments: Any, **fields: Any) -> JSON:
    name = {"name": fields.pop("name")} if "name" in fields else {}
    return {**fields, "function": {**name, "arguments": arguments}}


CALLS: dict[str, tuple[list[JSON], list[tuple[str | None, str, str]]]] = {
    "by index": (
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
    "without an index": (
        [call("{", id="a", name="f"), call("}"), call("[]", id="b", name="g")],
        [("a", "f", "{}"), ("b", "g", "[]")],
    ),
    "with only a name": ([call("{}", name="f"), call("[]", name="f")], [(None, "f", "{}"), (None, "f", "[]")]),
    "the name repeated without an index": (
        [call('{"a": "}', name="f"), call(" {", name="f"), call('"}', name="f"), call("[]", name="f")],
        [(None, "f", '{"a": "} {"}'), (None, "f", "[]")],
    ),
    "another name without an index": (
        [call("{", name="f"), call("[]", name="g")],
        [(None, "f", "{"), (None, "g", "[]")],
    ),
    "the name and the id repeated without an index": (
        [call("{", id="a", name="f"), call("}", id="a", name="f"), call("[]", id="b", name="f")],
        [("a", "f", "{}"), ("b", "f", "[]")],
    ),
    "half a pair after a repeated name": (
        [call('{"a": "', name="f"), call("\ud83d", name="f"), call('\ude00"}', name="f"), call("{}", name="f")],
        [(None, "f", '{"a": "😀"}'), (None, "f", "{}")],
    ),
    "all with index 0": (
        [call("{}", index=0, id="a", name="f"), call("[]", index=0, id="b", name="f")],
        [("a", "f", "{}"), ("b", "f", "[]")],
    ),
    "a new id for every fragment": (
        [call("{", index=0, id="a", name="f"), call("}", index=0, id="b")],
        [("a", "f", "{}")],
    ),
    "the name and a new id for every fragment": (
        [call("{", index=0, id="a", name="f"), call("}", index=0, id="b", name="f"), call("[]", id="c", name="f")],
        [("a", "f", "{}"), ("c", "f", "[]")],
    ),
    "the name repeated": ([call("{", index=0, name="f"), call("}", index=0, name="f")], [(None, "f", "{}")]),
    "the name in fragments": ([call(None, index=0, name="f"), call("{}", index=0, name="oo")], [(None, "foo", "{}")]),
    "decoded": ([call({"x": [1]}, index=0, id="a", name="f")], [("a", "f", '{"x": [1]}')]),
    "half a pair": ([call("\ud83d", index=0, name="f"), call("\ude00", index=0)], [(None, "f", "😀")]),
}


@pytest.mark.parametrize(("fragments", "expected"), CALLS.values(), ids=CALLS.keys())
def test_the_fragments_of_tool_calls_are_added_to_the_right_call(
    fragments: list[JSON], expected: list[tuple[str | None, str, str]]
) -> None:
    assembler, deltas = assemble(*(delta({"tool_calls": [each]}) for each in fragments), finish("tool_calls"))
    calls = tuple(ToolCall(name, arguments, id_) for id_, name, arguments in expected)
    assert complete(assembler).choices[0].tool_calls == calls
    first = fragments[0]["function"]["name"]
    [arguments] = [call.arguments for call in calls if call.name.startswith(first)][:1]
    assert "".join(one.text for one in deltas) == arguments


def test_a_stream_of_more_choices_than_any_vendor_allows_is_malformed() -> None:
    chunks = (delta({"content": "{}"}, index=index) for index in range(1001))
    with pytest.raises(MalformedReply, match="more than 1,000 choices"):
        assemble(*chunks, choices=2)


def test_a_name_that_repeats_with_every_fragment_costs_time_in_proportion_to_the_fragments() -> None:
    chunk = delta({"tool_calls": [call('{"a":{}', name="f")]})
    assembler, _ = assemble(*[chunk] * 20_000, finish("tool_calls"))
    [tool_call] = complete(assembler).choices[0].tool_calls
    assert tool_call.arguments == '{"a":{}' * 20_000


def test_the_old_function_call_is_assembled_too() -> None:
    assembler, deltas = assemble(
        delta({"function_call": {"name": "f", "arguments": "{"}}, {"function_call": {"arguments": "}"}})
    )
    assert [(one.kind, one.text) for one in deltas] == [("arguments", "{"), ("arguments", "}")]
    assert assembler.attach_partial(TransportError("interrupted")).partial == "{}"
    assembler, _ = assemble(delta({"function_call": {"name": "f", "arguments": "{}"}}), finish())
    assert complete(assembler).choices[0].tool_calls == (ToolCall("f", "{}"),)


def test_the_arguments_of_a_call_are_the_partial_text_if_there_is_no_content() -> None:
    assembler, _ = assemble(*chunks({}, tool_call_completion("f", '{"x": 1}'), 3))
    assembler.is_done = False
    assert assembler.attach_partial(TransportError("interrupted")).partial == '{"x": 1}'


# The end


def test_a_stream_is_complete_when_it_is_done_or_every_choice_has_a_finish_reason() -> None:
    chunk = delta({"content": "{}"})
    assert not isinstance(assemble(chunk)[0].reply(), Completion)
    assert not isinstance(assemble(chunk, finish(), choices=2)[0].reply(), Completion)
    assert not isinstance(assemble(chunk, finish(), delta({"content": "{"}, index=1))[0].reply(), Completion)
    assert complete(assemble(chunk, "[DONE]")[0]).choices[0].finish_reason is None
    assert complete(assemble(chunk, finish())[0]).choices[0].finish_reason == "stop"


@pytest.mark.parametrize("reason", ["error", "length", "content_filter"])
def test_a_stop_that_a_gateway_sends_last_does_not_hide_how_the_choice_ended(reason: str) -> None:
    reply = assemble(delta({"content": "{}"}), finish(reason), finish("stop"), "[DONE]")[0].reply()
    body = reply.raw if isinstance(reply, Completion) else reply.body
    assert isinstance(body, dict)
    assert body["choices"][0]["finish_reason"] == reason
    assert isinstance(reply, MalformedReply if reason == "error" else Completion)


def test_a_choice_whose_finish_reason_is_the_text_null_has_not_ended() -> None:
    assembler, _ = assemble(delta({"content": "{"}, finish_reason="null"))
    assert not isinstance(assembler.reply(), Completion)
    with pytest.raises(MalformedReply, match="upstream down"):
        assembler.add(("", '{"error": {"message": "upstream down"}}'))


def test_an_error_object_in_a_chunk_that_reports_none_is_no_fault() -> None:
    empty = {"message": "", "type": "", "param": "", "code": None}
    assembler, _ = assemble({**delta({"content": "{}"}), "error": empty}, {**finish(), "error": {"code": 0}})
    assert complete(assembler).choices[0].content == "{}"


@pytest.mark.parametrize(
    "fields",
    [{"code": "0000", "message": "OK"}, {"code": 20000, "msg": "Success"}, {"code": "success", "message": "x"}],
)
def test_a_chunk_without_choices_that_reports_success_is_no_fault(fields: JSON) -> None:
    assembler, _ = assemble({"choices": [], **fields}, delta({"content": "{}"}), {"choices": [], **fields}, finish())
    assert complete(assembler).choices[0].content == "{}"


def test_events_after_the_end_are_ignored() -> None:
    assembler, deltas = assemble(delta({"content": "a"}), " [DONE] ", delta({"content": "b"}), "not JSON")
    assert (len(deltas), complete(assembler).choices[0].content) == (1, "a")


@pytest.mark.parametrize("end", ["[done]", "DONE"])
def test_the_end_is_recognized_in_any_spelling(end: str) -> None:
    assembler, _ = assemble(delta({"content": "a"}), end)
    assert assembler.is_done


@pytest.mark.parametrize("event", [("ping", "ping"), ("", "keep-alive"), ("", "Heartbeat"), ("ping", "{not JSON")])
def test_a_word_that_keeps_the_connection_alive_is_skipped(event: Any) -> None:
    assembler, _ = assemble(delta({"content": "a"}))
    assert assembler.add(event) == []
    assembler.add(("", json.dumps(finish())))
    assert complete(assembler).choices[0].content == "a"


@pytest.mark.parametrize("event", [("", '{"error": {"message": "late"}}'), ("error", "late")])
def test_an_error_after_the_end_of_all_choices_is_ignored(event: Any) -> None:
    assembler, _ = assemble(delta({"content": "a"}), finish())
    assert assembler.add(event) == []
    assert complete(assembler).choices[0].content == "a"


def test_a_stream_of_completions_of_text_or_in_envelopes_is_read() -> None:
    assembler, deltas = assemble({"choices": [{"index": 0, "text": "a"}]}, {"data": delta({"content": "b"})}, finish())
    assert ([each.text for each in deltas], complete(assembler).choices[0].content) == (["a", "b"], "ab")


def test_a_stream_without_choices_is_malformed_and_its_tokens_are_counted() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 0}
    reply = assemble({"choices": [], "usage": usage}, "", "  ", "[DONE]")[0].reply()
    assert isinstance(reply, MalformedReply)
    assert reply.usage_of_reply == Usage(9, 0, 9)


FAILURES = {
    "as an object": ("", '{"error": {"message": "upstream down", "code": 502}}', "upstream down (code 502)", True),
    "with a choice": ("", json.dumps({**finish("error"), "error": {"message": "gone"}}), "gone", True),
    "with a code of success": ("", '{"error": {"message": "upstream down", "code": 200}}', "upstream down", True),
    "as a text": ("", '{"error": "invalid api key"}', "invalid api key", False),
    "as an event": ("error", '{"message": "upstream down"}', "upstream down", True),
    "as an event with an error object": ("error", '{"error": {"message": "upstream down"}}', "upstream down", True),
    "as an event of text": ("error", "upstream down", "upstream down", True),
    "as an event of a list": ("error", "[3]", "[3]", True),
    "as an event of nothing": ("error", "{}", "no choices", True),
    "as the fields of Baidu": ("", '{"error_code": 336, "error_msg": "overload"}', "overload (code 336)", True),
}


@pytest.mark.parametrize(("name", "data", "message", "retryable"), FAILURES.values(), ids=FAILURES.keys())
def test_an_error_in_the_stream_is_an_error_with_the_partial_text(
    name: str, data: str, message: str, retryable: bool
) -> None:
    assembler, _ = assemble({"id": "a", **delta({"content": "{"})})
    with pytest.raises(MalformedReply) as caught:
        assembler.add((name, data))
    fault = assembler.attach_partial(caught.value)
    assert message in str(fault)
    assert (fault.retryable, fault.partial, fault.usage_of_reply) == (retryable, "{", Usage(unreported=1))
    assert (fault.body["id"], fault.body["choices"][0]["message"]["content"]) == ("a", "{")
    assert "error" in fault.body


@pytest.mark.parametrize(
    "event", ["null", "true", "0", '"ping"', "[]", "[null, 1]", '{"choices": [null]}', "{}", '{"object": "ping"}']
)
def test_an_event_that_is_json_and_not_a_chunk_is_skipped(event: str) -> None:
    assembler, deltas = assemble(event, delta({"content": "a"}), event, finish(), event)
    assert ([item.text for item in deltas], assembler.reply().choices[0].content) == (["a"], "a")


def test_the_chunks_in_a_list_are_read() -> None:
    assembler, deltas = assemble(json.dumps([delta({"content": "a"}), delta({"content": "b"}), finish()]))
    assert ([item.text for item in deltas], assembler.reply().choices[0].content) == (["a", "b"], "ab")


@pytest.mark.parametrize("code", [{"code": 500, "msg": "boom"}, {"detail": "boom"}, {"errors": [{"message": "boom"}]}])
def test_an_error_whose_fields_are_those_of_the_event_is_no_end_of_the_reply(code: JSON) -> None:
    assembler, _ = assemble(delta({"content": '{"value": 3'}))
    with pytest.raises(MalformedReply, match=r"an error object: .*boom"):
        assembler.add(("", json.dumps(code)))
    complete, _ = assemble(delta({"content": "{}"}), finish())
    assert complete.add(("", json.dumps(code))) == []


@pytest.mark.parametrize(
    "fields",
    [{"refusal": False}, {"reasoning": {}}, {"reasoning_content": []}, {"tool_calls": {}}, {"tool_calls": [None]}],
)
def test_an_empty_field_of_another_type_beside_an_answer_is_ignored(fields: JSON) -> None:
    assembler, deltas = assemble(delta({"content": "{}", **fields}), finish())
    assert ([item.text for item in deltas], assembler.reply().choices[0].content) == (["{}"], "{}")


INVALID_CHUNKS = {
    "not JSON": ("<html>", "not JSON: '<html>'"),
    "too deep": ("[" * 100_000, "not JSON"),
    "choices in an object": ({"choices": {"0": {}}}, "choices that are not in a list"),
    "a choice of text": ({"choices": ["a"]}, "a choice that is not an object"),
    "a delta of text": (delta("a"), "a delta that is not an object"),  # type: ignore[arg-type]
    "content of numbers": (delta({"content": 3}), "content is not text: '3'"),
    "content of booleans": (delta({"content": False}), "content is not text"),
    "content of objects": (delta({"content": {"text": "a"}}), "content is not text"),
    "refusal in parts": (delta({"refusal": ["a"]}), "refusal is not text"),
    "reasoning of numbers": (delta({"reasoning": 3}), "reasoning is not text"),
    "calls in an object": (delta({"tool_calls": {"0": {}}}), "tool calls that are not in a list"),
    "a call of text": (delta({"tool_calls": ["f"]}), "a tool call that is not an object"),
    "a function of text": (delta({"tool_calls": [{"function": "f"}]}), "a function call that is not an object"),
    "arguments of numbers": (delta({"tool_calls": [call(3, index=0)]}), "arguments that is not text: '3'"),
    "a name of numbers": (delta({"tool_calls": [call("", index=0, name=3)]}), "name that is not text"),
    "log probabilities of text": (delta({}, logprobs="a"), "log probabilities that is not an object"),
}


@pytest.mark.parametrize(("chunk", "message"), INVALID_CHUNKS.values(), ids=INVALID_CHUNKS.keys())
def test_an_invalid_chunk_is_an_error_that_describes_it(chunk: Any, message: str) -> None:
    assembler, _ = assemble(delta({"content": "{"}))
    with pytest.raises(MalformedReply, match=r"the stream has") as caught:
        assembler.add(("", chunk if isinstance(chunk, str) else json.dumps(chunk)))
    assert message in str(caught.value)
    assert assembler.attach_partial(caught.value).partial == "{"


def test_a_fault_before_the_first_event_is_unchanged() -> None:
    fault = assemble()[0].attach_partial(ConnectionFailed("no connection"))
    assert (fault.partial, fault.body, fault.usage_of_reply) == (None, None, Usage())


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["choices", "index", "delta", "content", "tool_calls", "function", "arguments", "name", "id", "error", "usage", "logprobs", "finish_reason", "message"]),
        inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.lists(JSON_VALUES, max_size=4))
def test_any_json_is_accepted_or_rejected_with_a_transport_error(chunks: list[Any]) -> None:
    assembler = ReplyAssembler()
    with suppress(MalformedReply):
        for each in [*chunks, delta({"content": "a"})]:
            assembler.add(("", json.dumps(each)))
    assert isinstance(assembler.reply(), Completion | TransportError)
