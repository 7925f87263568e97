"""How a choice ended decides what its text is worth: in a whole reply, a stream and a probe alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import structkit
from structkit.dialects.finish_reasons import classify_finish_reason
from structkit.testing import Endpoint, Reply, fault
from structkit.testing.scripted_reply import completion, text_reply
from structkit.values import JSON, Usage

Connect = Callable[..., Any]
VALID = '{"value": 3}'
POLICY = structkit.Policy(retries=2, wait_initial=0.001, wait_max=0.01)


def run(connect: Connect, endpoint: Endpoint, **call: Any) -> Any:
    return connect(endpoint.base_url, policy=POLICY).run(int, "How many?", **call)


def stream(connect: Connect, endpoint: Endpoint, **call: Any) -> Any:
    client = connect(endpoint.base_url, policy=POLICY)
    if isinstance(client, structkit.Client):
        with client.stream(int, "How many?", **call) as values:
            return [*values] and values.result()
    import asyncio

    async def work() -> Any:
        async with client._make() as async_client, async_client.stream(int, "How many?", **call) as values:
            async for _ in values:
                pass
            return await values.result()

    return asyncio.run(work())


def finished(reason: str | None, text: str = VALID, **choice: Any) -> Reply:
    """Return a reply whose text is valid, with this finish reason and these fields of the choice."""
    body = completion(text)
    body["choices"][0] |= {"finish_reason": reason, **choice}
    return Reply(body)


run_or_stream = pytest.mark.parametrize("call", [run, stream], ids=["run", "stream"])


@run_or_stream
@pytest.mark.parametrize(
    "reason", ["content_filter", "Content_Filter", "SAFETY", "sensitive", "RECITATION", "LANGUAGE"]
)
def test_a_filtered_reply_is_no_value_even_if_its_text_is_valid(connect: Connect, call: Any, reason: str) -> None:
    with Endpoint(finished(reason)) as endpoint, pytest.raises(structkit.Filtered) as caught:
        call(connect, endpoint)
    assert (len(endpoint.requests), caught.value.partial) == (1, VALID)


@run_or_stream
@pytest.mark.parametrize("reason", ["MAX_TOKENS", "max_output_tokens", "model_context_window_exceeded", "max_length"])
def test_a_truncated_reply_is_no_value_even_if_its_text_is_valid(connect: Connect, call: Any, reason: str) -> None:
    with Endpoint(finished(reason)) as endpoint, pytest.raises(structkit.Truncated):
        call(connect, endpoint, mode="json_schema")
    assert len(endpoint.requests) == 1


@run_or_stream
def test_a_refusal_by_its_finish_reason_is_a_refusal_with_its_text(connect: Connect, call: Any) -> None:
    with (
        Endpoint(finished("refusal", "I would rather not.")) as endpoint,
        pytest.raises(structkit.Refusal, match="I would rather not"),
    ):
        call(connect, endpoint)
    assert len(endpoint.requests) == 1


@run_or_stream
@pytest.mark.parametrize("text", ["", VALID])
@pytest.mark.parametrize("reason", ["error", "network_error", "insufficient_system_resource", "ERROR"])
def test_a_fault_of_the_endpoint_is_retried_and_never_a_value(
    connect: Connect, call: Any, reason: str, text: str
) -> None:
    failed = finished(reason, text)
    if call is run or not text:  # a stream whose text has been yielded cannot be retried
        with Endpoint(failed, VALID) as endpoint:
            result = call(connect, endpoint)
        assert (result.value, len(result.attempts), result.attempts[0].retries) == (3, 1, 1)
        assert result.usage == Usage(20, 10, 30)
    with Endpoint(failed) as endpoint, pytest.raises(structkit.MalformedReply, match=reason) as caught:
        call(connect, endpoint)
    assert caught.value.retryable
    assert caught.value.usage.unreported == 0


@run_or_stream
@pytest.mark.parametrize("reason", ["error", "stop", None])
def test_an_error_inside_a_choice_counts_more_than_its_finish_reason(
    connect: Connect, call: Any, reason: str | None
) -> None:
    failed = finished(reason, "", error={"message": "the provider is down", "code": 502})
    with Endpoint(failed, VALID) as endpoint:
        assert call(connect, endpoint).value == 3
    with Endpoint(failed) as endpoint, pytest.raises(structkit.MalformedReply, match=r"provider is down \(code 502\)"):
        call(connect, endpoint)


def test_an_error_inside_a_message_counts_as_that_of_its_choice(connect: Connect) -> None:
    message = {"role": "assistant", "content": None, "error": {"message": "the provider is down", "code": 502}}
    failed = finished("stop", message=message)
    with Endpoint(failed, VALID) as endpoint:
        assert run(connect, endpoint).attempts[0].retries == 1


@run_or_stream
def test_a_lasting_error_inside_a_choice_is_not_retried(connect: Connect, call: Any) -> None:
    failed = finished("error", "", error={"message": "no such key", "code": 401})
    with Endpoint(failed) as endpoint, pytest.raises(structkit.MalformedReply, match="no such key") as caught:
        call(connect, endpoint)
    assert (len(endpoint.requests), caught.value.retryable) == (1, False)


def test_an_error_beside_unfinished_choices_is_a_fault(connect: Connect) -> None:
    body = {**completion(VALID, finish_reason=""), "error": {"message": "upstream died", "code": 502}}
    with Endpoint(Reply(body), VALID) as endpoint:
        assert run(connect, endpoint).attempts[0].retries == 1


ERRORS_BESIDE: dict[str, JSON] = {
    "an error object": {"error": {"message": "upstream died", "code": 502}},
    "fields of MiniMax": {"base_resp": {"status_code": 1013, "status_msg": "upstream died"}},
    "flat fields": {"code": 502, "message": "upstream died"},
}


@pytest.mark.parametrize(
    "message", [{"content": ""}, {"content": None}, {"content": "", "tool_calls": []}, {}], ids=str
)
@pytest.mark.parametrize("error", ERRORS_BESIDE.values(), ids=ERRORS_BESIDE.keys())
def test_an_error_beside_a_finished_choice_without_an_answer_is_a_fault(
    connect: Connect, error: JSON, message: JSON
) -> None:
    body = {**completion(""), **error}
    body["choices"][0]["message"] = message
    with Endpoint(Reply(body), VALID) as endpoint:
        assert [attempt.retries for attempt in run(connect, endpoint).attempts] == [1]
    with Endpoint(Reply(body)) as endpoint, pytest.raises(structkit.MalformedReply, match="upstream died"):
        run(connect, endpoint)


@pytest.mark.parametrize("error", ERRORS_BESIDE.values(), ids=ERRORS_BESIDE.keys())
def test_an_error_beside_an_answer_or_the_reason_for_none_takes_nothing_away(connect: Connect, error: JSON) -> None:
    with Endpoint({**completion(VALID), **error}) as endpoint:
        assert (run(connect, endpoint).value, len(endpoint.requests)) == (3, 1)
    decoded = {**completion(""), **error}
    decoded["choices"][0]["message"] = {"content": 0}
    with Endpoint(decoded) as endpoint:
        assert connect(endpoint.base_url, policy=POLICY).run(int, "How many?").value == 0
    with (
        Endpoint({**completion("", finish_reason="content_filter"), **error}) as endpoint,
        pytest.raises(structkit.Filtered),
    ):
        run(connect, endpoint)


def test_a_choice_with_an_error_needs_no_message(connect: Connect) -> None:
    body = {"choices": [{"index": 0, "error": {"message": "upstream died", "code": 502}}]}
    with Endpoint(Reply(body)) as endpoint, pytest.raises(structkit.MalformedReply, match="upstream died"):
        run(connect, endpoint)


@run_or_stream
@pytest.mark.parametrize("message", [None, {}], ids=["null", "empty"])
@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("content_filter", structkit.Filtered),
        ("SAFETY", structkit.Filtered),
        ("length", structkit.Truncated),
        ("refusal", structkit.Refusal),
    ],
)
def test_a_choice_whose_message_was_withheld_ends_as_its_finish_reason_says(
    connect: Connect, call: Any, reason: str, error: type[structkit.StructkitError], message: JSON | None
) -> None:
    body = {"choices": [{"index": 0, "message": message, "finish_reason": reason}]}
    with Endpoint(Reply(body)) as endpoint, pytest.raises(error):
        call(connect, endpoint, mode="json_schema")
    assert len(endpoint.requests) == 1


@run_or_stream
def test_a_refusal_among_the_content_parts_is_a_refusal(connect: Connect, call: Any) -> None:
    message = {"role": "assistant", "content": [{"type": "refusal", "refusal": "I would rather not."}]}
    with (
        Endpoint(finished("stop", message=message)) as endpoint,
        pytest.raises(structkit.Refusal, match="I would rather not"),
    ):
        call(connect, endpoint)
    assert len(endpoint.requests) == 1


NO_ERRORS = ({"message": "", "type": "", "param": "", "code": None}, {"code": 0, "message": "success"})
"""What gateways add to valid replies."""


@run_or_stream
@pytest.mark.parametrize("error", NO_ERRORS, ids=["empty", "success"])
def test_an_error_object_that_reports_none_is_no_fault(connect: Connect, call: Any, error: JSON) -> None:
    with Endpoint(finished("stop", error=error)) as endpoint:
        assert call(connect, endpoint).value == 3
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("error", NO_ERRORS, ids=["empty", "success"])
def test_an_error_object_that_reports_none_beside_the_choices_is_no_fault(connect: Connect, error: JSON) -> None:
    body = {**completion(VALID, finish_reason=""), "error": error}
    with Endpoint(Reply(body)) as endpoint:
        assert run(connect, endpoint).value == 3


@pytest.mark.parametrize("reason", ["error", "SAFETY", "length"])
def test_one_complete_choice_of_several_is_the_value(connect: Connect, reason: str) -> None:
    body = completion('{"value": 1}', '{"value": 2}')
    body["choices"][0]["finish_reason"] = reason
    with Endpoint(Reply(body)) as endpoint:
        result = run(connect, endpoint, n=2)
    assert (result.value, [choice.valid for choice in result.choices]) == (2, [False, True])


def test_of_a_failed_and_a_filtered_choice_the_filter_is_the_error(connect: Connect) -> None:
    body = completion('{"value": 1}', '{"value": 2}')
    body["choices"][0]["finish_reason"], body["choices"][1]["finish_reason"] = "error", "content_filter"
    with Endpoint(Reply(body)) as endpoint, pytest.raises(structkit.Filtered):
        run(connect, endpoint, n=2)


@pytest.mark.parametrize("reason", ["stop", "STOP", "end_turn", "eos_token", "COMPLETE", "tool_calls", "", "new_word"])
def test_any_other_finish_reason_leaves_it_to_the_text(connect: Connect, reason: str) -> None:
    with Endpoint(finished(reason)) as endpoint:
        assert run(connect, endpoint).value == 3


@pytest.mark.parametrize("name", ["finish_reason:SAFETY", "choice_error"])
def test_a_probe_learns_nothing_from_a_reply_that_was_withheld(connect: Connect, name: str) -> None:
    withheld = fault(name)

    def answer(request: JSON) -> Reply:
        is_first = len(endpoint.requests) == 1
        return text_reply(request, "blue") if is_first else withheld.change(request, text_reply(request, "blue"))

    with Endpoint(answer) as endpoint:
        report = connect(endpoint.base_url, policy=structkit.Policy(retries=0)).probe()
    verdicts = {finding.verdict for finding in report.findings if finding.name not in {"usage", "stream", "tools"}}
    assert verdicts == {"unknown"}


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("FINISH_REASON_MAX_TOKENS", "truncated"),
        ("max_output", "truncated"),
        ("maximum_tokens", "truncated"),
        ("FinishReason.SAFETY", "filtered"),
        ("content_filter: PROHIBITED_CONTENT", "filtered"),
        ("function_call_filter: MALFORMED_FUNCTION_CALL", "complete"),
        ("contentFiltered", "filtered"),
        ("abort", "failed"),
        ("model_error", "failed"),
        ("engine-error", "failed"),
        ("ProviderTimeout", "failed"),
        ("errorless", "complete"),
        ("eos_token", "complete"),
    ],
)
def test_a_finish_reason_is_recognised_in_any_notation(reason: str, kind: str) -> None:
    assert classify_finish_reason(reason) == kind


# JSON that is only in the reasoning


def reasoned(text: str, name: str = "reasoning_content") -> Reply:
    body = completion(None)
    body["choices"][0]["message"][name] = text
    return Reply(body)


@run_or_stream
@pytest.mark.parametrize("name", ["reasoning_content", "reasoning", "thinking"])
@pytest.mark.parametrize("text", [VALID, f" {VALID}\n", f"Three?</think>{VALID}"])
def test_json_that_is_only_in_the_reasoning_is_the_answer(connect: Connect, call: Any, text: str, name: str) -> None:
    with Endpoint(reasoned(text, name)) as endpoint:
        result = call(connect, endpoint)
    assert (result.value, result.repairs, len(endpoint.requests)) == (3, ("reasoning field",), 1)


@run_or_stream
@pytest.mark.parametrize(
    ("text", "repair"),
    [
        (f"```json\n{VALID}\n```", "code fence"),
        (f"Three?</think>\n\n```\n{VALID}\n```\n", "code fence"),
        ('{"value": 3,}', "trailing comma"),
        ("{'value': 3}", "single quotes"),
    ],
)
def test_json_that_is_only_in_the_reasoning_is_repaired(connect: Connect, call: Any, text: str, repair: str) -> None:
    with Endpoint(reasoned(text)) as endpoint:
        result = call(connect, endpoint)
    assert (result.value, result.repairs, len(endpoint.requests)) == (3, ("reasoning field", repair), 1)


@pytest.mark.parametrize(
    "text",
    [
        f"I might write {VALID}, or not.",
        '{"value": "three"}',
        "{",
        f"{VALID} or {VALID}",
        f'{VALID}\n{{"value": 4}}',
        f"[The question is how many.] Then: {VALID}",
        f"```\nSELECT 3\n```\nSo:\n```json\n{VALID}\n```",
        f"{VALID} // or four: {{}}",
    ],
)
def test_reasoning_that_is_not_a_value_is_named_and_not_an_answer(connect: Connect, text: str) -> None:
    with Endpoint(reasoned(text)) as endpoint, pytest.raises(structkit.InvalidOutput, match="except for its reasoning"):
        connect(endpoint.base_url, policy=structkit.Policy(attempts=1)).run(int, "How many?")


def test_a_policy_may_forbid_to_read_the_reasoning(connect: Connect) -> None:
    policy = structkit.Policy(attempts=1, repairs=structkit.REPAIRS - {"reasoning field"})
    with Endpoint(reasoned(VALID)) as endpoint, pytest.raises(structkit.InvalidOutput):
        connect(endpoint.base_url, policy=policy).run(int, "How many?")


def test_the_content_counts_more_than_the_reasoning(connect: Connect) -> None:
    body = completion('{"value": 4}')
    body["choices"][0]["message"]["reasoning_content"] = VALID
    with Endpoint(Reply(body)) as endpoint:
        assert run(connect, endpoint).value == 4
