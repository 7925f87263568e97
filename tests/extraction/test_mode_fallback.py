"""The ladder: what a refusal or an ignored schema teaches, what it costs, and what is never sent twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

import structkit
from structkit.dialects import MODES
from structkit.testing import Endpoint, Reply, completion, fault
from structkit.testing.scripted_reply import text_reply
from structkit.values import JSON, JSONValue

Connect = Callable[..., Any]
ONCE = structkit.Policy(attempts=1, wait_initial=0.001)


class Count(BaseModel):
    count: int
    unit: str


RIGHT = '{"count": 3, "unit": "cups"}'
VALUE = Count(count=3, unit="cups")


def mode_of(body: JSON) -> str:
    """The way in which a request puts its schema."""
    if "tools" in body:
        return "tool"
    asked = body.get("response_format", {})
    lax = "_lax" if "json_schema" in asked and "strict" not in asked["json_schema"] else ""
    return str(asked.get("type", "prompt")) + lax


def refusing(*modes: str, status: int = 400, said: JSONValue = None) -> Callable[[JSON], Reply]:
    """An endpoint that refuses some modes, and answers the others."""
    named = {"tool": "tools", "json_schema_lax": "json_schema"}

    def answer(body: JSON) -> Reply:
        mode = mode_of(body)
        message = f"Unsupported parameter: {named.get(mode, mode)}"
        return Reply(said or {"error": {"message": message}}, status) if mode in modes else text_reply(body, RIGHT)

    return answer


def assert_nothing_twice(requests: list[JSON]) -> None:
    sent = [json.dumps(body, sort_keys=True) for body in requests]
    assert len({*sent}) == len(sent)


# A mode is refused


@pytest.mark.parametrize("status", [400, 404, 422, 501])
@pytest.mark.parametrize("rung", range(1, len(MODES)))
def test_each_rung_that_is_refused_leads_to_the_next_uncounted(connect: Connect, rung: int, status: int) -> None:
    with Endpoint(refusing(*MODES[:rung], status=status)) as endpoint:
        result = connect(endpoint.base_url, policy=ONCE).run(Count, "three cups")
    assert (result.value, result.mode) == (VALUE, MODES[rung])
    assert [mode_of(body) for body in endpoint.requests] == [*MODES[: rung + 1]]
    assert [attempt.mode for attempt in result.attempts] == [*MODES[: rung + 1]]
    assert_nothing_twice(endpoint.requests)


def test_a_mode_that_is_refused_with_a_server_error_is_sent_once(connect: Connect) -> None:
    policy = structkit.Policy(retries=3, wait_initial=0.001)
    with Endpoint(refusing("json_schema", "json_schema_lax", status=500, said=UNSERVED)) as endpoint:
        result = connect(endpoint.base_url, policy=policy).run(Count, "three cups")
    assert [mode_of(body) for body in endpoint.requests] == ["json_schema", "json_schema_lax", "tool"]
    assert result.mode == "tool"


UNSERVED: JSON = {"error": {"message": "response_format json_schema is not supported: failed to compile grammar"}}


def openai(message: str, **error: Any) -> JSON:
    """An error in OpenAI's form."""
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None, **error}}


def vllm(message: str) -> JSON:
    """An error in vLLM's form."""
    return {"object": "error", "message": message, "type": "BadRequestError", "param": None, "code": 400}


def fastapi(*loc: str, kind: str, msg: str, **error: Any) -> JSON:
    """An error in FastAPI's form."""
    return {"detail": [{"type": kind, "loc": ["body", *loc], "msg": msg, **error}]}


NOT_WITH_THIS_MODEL = (
    "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model. Learn "
)
OLD_API = "response_format value as json_schema is enabled only for api versions 2024-08-01-preview and later"
IN_CONTEXT = "Invalid schema for response_format 'temperature': In context=('properties', 'image'), "
ROUTING = "To learn more about provider routing, visit: https://openrouter.ai/docs/guides/routing/provider-selection"
RAW = '{"detail":"response_format of type json_schema is not supported"}'
LITELLM = (
    "litellm.UnsupportedParamsError: ollama does not support parameters: ['response_format'], for model=llama2. "
    "To drop these, set `litellm.drop_params=True` or for proxy:\n\n`litellm_settings:\n drop_params: true`\n."
)
FAILED = "json_validate_failed"
REFUSALS: dict[str, tuple[str, int, JSONValue]] = {
    "openai": ("json_schema", 400, openai(NOT_WITH_THIS_MODEL)),
    "openai schema": (
        "json_schema",
        400,
        openai(IN_CONTEXT + "schema must have a 'type' key.", param="response_format"),
    ),
    "azure": ("json_schema", 400, {"error": {"code": "BadRequest", "message": OLD_API}}),
    "openrouter parameters": (
        "json_schema",
        404,
        {"error": {"message": f"No endpoints found that can handle the requested parameters. {ROUTING}", "code": 404}},
    ),
    "openrouter tools": (
        "tool",
        404,
        {"error": {"message": f"No endpoints found that support tool use. {ROUTING}", "code": 404}},
    ),
    "openrouter provider": (
        "json_schema",
        400,
        {"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": RAW}}, "user_id": "user_2x"},
    ),
    "vllm grammar": ("json_schema", 400, vllm("The provided JSON schema contains features not supported by xgrammar.")),
    "vllm tools": ("tool", 400, vllm('"auto" tool choice requires --enable-auto-tool-choice to be set')),
    "together": ("json_schema", 400, openai("Input validation error: response_format is not supported for this model")),
    "groq": ("json_schema", 400, openai("This model does not support response format `json_schema`. See supported m")),
    "groq generation": ("json_schema", 400, openai("Failed to generate JSON. Please adjust your prompt.", code=FAILED)),
    "groq tools": ("tool", 400, openai("`tool calling` is not supported with this model")),
    "deepseek": (
        "json_schema",
        400,
        openai("This response_format type is unavailable now", code="invalid_request_error"),
    ),
    "litellm": ("json_schema", 400, openai(LITELLM, type="None", param="None", code="400")),
    "fastapi literal": (
        "json_schema",
        422,
        fastapi("response_format", "type", kind="literal_error", msg="Input should be 'text'", input="json_schema"),
    ),
    "fastapi tools": ("tool", 422, fastapi("tools", kind="extra_forbidden", msg="Extra inputs are not permitted")),
    "json mode": ("json_schema", 400, openai("json mode is not supported for this model")),
    "anthropic": ("json_schema", 400, openai("output_format: Extra inputs are not permitted")),
    "not available": (
        "json_schema",
        400,
        openai("The model `x` does not support response_format json_schema: model not available with this feature"),
    ),
    "temperature": ("json_schema", 400, openai("Response format json_schema requires temperature to be unset")),
    "too long": ("tool", 400, openai("Invalid 'tools[0].function.description': string too long.")),
    "one string": ("json_schema", 400, {"error": "unsupported response_format"}),
    "plain text": ("json_schema", 400, "json_schema is not supported"),
    "not implemented": ("json_schema", 501, ""),
    "says nothing": ("tool", 400, {"error": {"message": "Provider returned error", "code": 400}}),
    "error with 200": ("json_schema", 200, {"error": {"message": "response_format json_schema is not supported"}}),
    "error with 200 and code": ("tool", 200, {"error": {"message": "tools are not supported", "code": 400}}),
    "string with 200": ("json_schema", 200, {"error": "unsupported parameter: response_format"}),
}


@pytest.mark.parametrize(("mode", "status", "said"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_as_gateways_word_it_is_understood(connect: Connect, mode: str, status: int, said: Any) -> None:
    refused = MODES[: MODES.index(mode)]  # type: ignore[arg-type]

    def answer(body: JSON) -> Reply:
        return Reply(said, status) if mode_of(body) == mode else refusing(*refused)(body)

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url, policy=ONCE).run(Count, "three cups")
    assert (result.value, result.mode) == (VALUE, MODES[len(refused) + 1])
    assert len(endpoint.requests) == len(refused) + 2
    assert_nothing_twice(endpoint.requests)


OTHER_REFUSALS: dict[str, tuple[int, str]] = {
    "context": (400, "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001."),
    "model": (404, "The model `gpt-9` does not exist or you do not have access to it."),
    "deployment": (404, "The API deployment for this resource does not exist."),
    "temperature": (400, "Unsupported value: 'temperature' does not support 0 with this model."),
    "max_tokens": (400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
    "quota": (400, "Your credit balance is too low. Please go to Plans & Billing."),
    "image": (400, "Invalid content type. image_url is only supported by certain models."),
    "moderation": (400, "The response was filtered due to the prompt triggering content management policy."),
    "no route": (404, "Not Found"),
    "key": (401, "Incorrect API key provided."),
    "forbidden": (403, "response_format is not for you"),
    "too large": (413, "Request Entity Too Large"),
}


@pytest.mark.parametrize(
    "wrap", [lambda said: {"error": {"message": said}}, lambda said: {"error": said}], ids=["object", "text"]
)
@pytest.mark.parametrize(("status", "said"), OTHER_REFUSALS.values(), ids=OTHER_REFUSALS.keys())
def test_a_refusal_of_something_else_is_raised_at_once(connect: Connect, wrap: Any, status: int, said: str) -> None:
    with Endpoint(Reply(wrap(said), status), RIGHT) as endpoint, pytest.raises(structkit.StatusError) as caught:
        connect(endpoint.base_url).run(Count, "three cups")
    assert (caught.value.status_code, len(endpoint.requests)) == (status, 1)
    assert caught.value.attempts[0].raw == wrap(said)


PAGE = "<!DOCTYPE html><html itemtype='https://schema.org/WebPage'><script>function tool(response_format) {}</script>"
NO_REFUSALS: dict[str, tuple[int, JSONValue]] = {
    "a page with 200": (200, PAGE),
    "a page with 400": (400, PAGE),
    "a page with 404": (404, PAGE),
    "a page with 500": (500, PAGE),
    "an upstream's failure with 200": (200, {"error": {"message": "Provider returned error", "code": 502}}),
    "a failing tool with 200": (200, {"error": {"message": "the tool server is overloaded", "code": 503}}),
    "a failing line of code": (500, {"error": {"message": "unsupported operand type(s) for +"}}),
    "a failure that says nothing": (500, {"error": {"message": "Error"}}),
    "no choices": (200, {"choices": [], "object": "response_format"}),
}


@pytest.mark.parametrize("mode", ["auto", "tool"])
@pytest.mark.parametrize(("status", "said"), NO_REFUSALS.values(), ids=NO_REFUSALS.keys())
def test_what_is_no_refusal_leads_nowhere(connect: Connect, status: int, said: JSONValue, mode: str) -> None:
    policy = structkit.Policy(retries=1, wait_initial=0.001)
    with Endpoint(Reply(said, status)) as endpoint, pytest.raises(structkit.TransportError) as caught:
        connect(endpoint.base_url, policy=policy).run(Count, "three cups", mode=mode)
    assert len(caught.value.attempts) == 1
    assert len(endpoint.requests) == (1 if status in {400, 404} else 2)


def test_the_last_rung_that_is_refused_is_the_error(connect: Connect) -> None:
    with Endpoint(refusing(*MODES)) as endpoint, pytest.raises(structkit.StatusError) as caught:
        connect(endpoint.base_url).run(Count, "three cups")
    assert [attempt.mode for attempt in caught.value.attempts] == [*MODES]
    assert_nothing_twice(endpoint.requests)


def test_what_was_refused_is_not_asked_by_the_next_call(calls: Callable[..., list[Any]]) -> None:
    with Endpoint(refusing("json_schema", "json_schema_lax")) as endpoint:
        first, second = calls(endpoint.base_url, Count, Count)
    assert (first.mode, second.mode) == ("tool", "tool")
    assert (len(first.attempts), len(second.attempts), len(endpoint.requests)) == (3, 1, 4)


# The schema is ignored


@pytest.mark.parametrize("name", ["ignores_schema", "other_keys", "schema_back"])
def test_a_reply_that_never_saw_the_schema_leads_down_uncounted(connect: Connect, name: str) -> None:
    def answer(body: JSON) -> Reply:
        return text_reply(body, RIGHT) if "tools" in body else fault(name)(body)

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url, policy=ONCE).run(Count, "three cups")
    assert (result.value, result.mode) == (VALUE, "tool")
    assert [attempt.mode for attempt in result.attempts] == ["json_schema", "tool"]
    assert result.attempts[0].issues
    assert result.usage.total_tokens == 30, "it was paid for, though it is no fault of the model's"


def test_what_never_saw_the_schema_is_not_shown_to_the_next_mode(connect: Connect) -> None:
    with Endpoint("Gladly! Which one?", RIGHT) as endpoint:
        connect(endpoint.base_url, policy=ONCE).run(Count, "three cups")
    assert endpoint.requests[1]["messages"] == endpoint.requests[0]["messages"]


JSON_ALL_THE_SAME: dict[str, str] = {
    "half a surrogate pair": '{"count": 3, "unit": "\\ud83d"}',
    "digits": '{"count": %s, "unit": "cups"}' % ("9" * 5_000),
    "a large number": '{"count": 1e999, "unit": "cups"}',
    "equal keys": '{"count": 3, "count": 4, "unit": "cups"}',
    "depth": '{"count": %s' % ("[" * 20_000),
    "cut in a text": '\n{"count": 3, "unit": "cu',
    "cut in an escape": '{"count": 3, "unit": "\\u00',
    "cut in a word": '{"count": nul',
    "cut after a number": '{"count": 3',
    "cut among blanks": '{"count": 3,' + "\n" * 500,
    "cut behind half a pair": '{"unit": "\\ud83d", "count": ',
}


@pytest.mark.parametrize("text", JSON_ALL_THE_SAME.values(), ids=JSON_ALL_THE_SAME.keys())
def test_json_that_is_cut_or_says_no_value_teaches_nothing_of_the_mode(connect: Connect, text: str) -> None:
    with Endpoint(text, text, RIGHT) as endpoint:
        result = connect(endpoint.base_url).run(Count, "three cups")
    assert [attempt.mode for attempt in result.attempts] == ["json_schema"] * 3
    assert endpoint.requests[1]["messages"][1] == {"role": "assistant", "content": text}


@pytest.mark.parametrize("text", ["Sorry, the upst", '{"count": "x", "unit": "cu', '{"number": 3}'])
def test_a_reply_that_failed_on_the_way_teaches_nothing_of_the_mode(connect: Connect, text: str) -> None:
    failed = Reply(completion(text, finish_reason="error"))
    with Endpoint(failed, failed, RIGHT) as endpoint:
        result = connect(endpoint.base_url).run(Count, "three cups")
    assert [attempt.mode for attempt in result.attempts] == ["json_schema"] * 3


@pytest.mark.parametrize("text", ["{count: 3", "{'count': 3", '{"count": 3} cups', "[see above]", '{"count": NaN}'])
def test_what_no_json_grammar_writes_never_saw_the_schema(connect: Connect, text: str) -> None:
    with Endpoint(text, RIGHT) as endpoint:
        assert connect(endpoint.base_url, policy=structkit.Policy(repairs=False)).run(Count, "x").mode == "tool"


def test_an_endpoint_that_ignores_everything_costs_two_uncounted_requests(connect: Connect) -> None:
    with (
        Endpoint("Gladly! Which one?") as endpoint,
        pytest.raises(structkit.InvalidOutput, match="1 attempt") as caught,
    ):
        connect(endpoint.base_url, policy=ONCE).run(Count, "three cups")
    assert [attempt.mode for attempt in caught.value.attempts] == ["json_schema", "tool", "prompt"]


def test_an_ignored_schema_is_not_tried_again_by_the_next_call(calls: Callable[..., list[Any]]) -> None:
    with Endpoint(lambda body: text_reply(body, RIGHT if mode_of(body) == "prompt" else "Gladly!")) as endpoint:
        first, second = calls(endpoint.base_url, Count, Count)
    assert (first.mode, second.mode, len(endpoint.requests)) == ("prompt", "prompt", 4)


def test_right_keys_with_a_wrong_type_are_corrected_in_the_same_mode_and_counted(connect: Connect) -> None:
    wrong = '{"count": "several", "unit": "cups"}'
    with Endpoint(wrong, RIGHT) as endpoint:
        result = connect(endpoint.base_url).run(Count, "three cups")
    assert [attempt.mode for attempt in result.attempts] == ["json_schema", "json_schema"]
    assert endpoint.requests[1]["messages"][1] == {"role": "assistant", "content": wrong}
    with Endpoint(wrong, RIGHT) as endpoint, pytest.raises(structkit.InvalidOutput, match="1 attempt"):
        connect(endpoint.base_url, policy=ONCE).run(Count, "three cups")


def test_a_type_that_is_wrong_twice_under_a_strict_schema_is_asked_for_in_another_mode(connect: Connect) -> None:
    with Endpoint('{"count": "some", "unit": "cups"}', '{"count": "a few", "unit": "cups"}', RIGHT) as endpoint:
        result = connect(endpoint.base_url).run(Count, "three cups")
    assert [attempt.mode for attempt in result.attempts] == ["json_schema", "json_schema", "tool"]
