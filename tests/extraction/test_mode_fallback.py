"""Mode fallback: what a rejected mode or an ignored schema changes, what it costs, and that no request is repeated."""

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
ONE_ATTEMPT = structkit.Policy(attempts=1, wait_initial=0.001)


class Count(BaseModel):
    count: int
    unit: str


VALID = '{"count": 3, "unit": "cups"}'
VALUE = Count(count=3, unit="cups")


def mode_of(body: JSON) -> str:
    """Return the mode of a request."""
    if "tools" in body:
        return "tool"
    response_format = body.get("response_format", {})
    lax = "_lax" if "json_schema" in response_format and "strict" not in response_format["json_schema"] else ""
    return str(response_format.get("type", "prompt")) + lax


def rejecting(*modes: str, status: int = 400, error: JSONValue = None) -> Callable[[JSON], Reply]:
    """Return an endpoint that rejects some modes and answers the others."""
    fields = {"tool": "tools", "json_schema_lax": "json_schema"}

    def answer(body: JSON) -> Reply:
        mode = mode_of(body)
        message = f"Unsupported parameter: {fields.get(mode, mode)}"
        return Reply(error or {"error": {"message": message}}, status) if mode in modes else text_reply(body, VALID)

    return answer


def assert_no_repeated_request(requests: list[JSON]) -> None:
    sent = [json.dumps(request, sort_keys=True) for request in requests]
    assert len({*sent}) == len(sent)


# A mode is rejected


@pytest.mark.parametrize("status", [400, 404, 422, 501])
@pytest.mark.parametrize("index", range(1, len(MODES)))
def test_a_rejected_mode_falls_back_to_the_next_without_counting_as_an_attempt(
    connect: Connect, index: int, status: int
) -> None:
    with Endpoint(rejecting(*MODES[:index], status=status)) as endpoint:
        result = connect(endpoint.base_url, policy=ONE_ATTEMPT).run(Count, "three cups")
    assert (result.value, result.mode) == (VALUE, MODES[index])
    assert [mode_of(request) for request in endpoint.requests] == [*MODES[: index + 1]]
    assert [attempt.mode for attempt in result.attempts] == [*MODES[: index + 1]]
    assert_no_repeated_request(endpoint.requests)


def test_a_mode_rejected_with_a_server_error_is_not_retried(connect: Connect) -> None:
    policy = structkit.Policy(retries=3, wait_initial=0.001)
    with Endpoint(rejecting("json_schema", "json_schema_lax", status=500, error=UNSERVED)) as endpoint:
        result = connect(endpoint.base_url, policy=policy).run(Count, "three cups")
    assert [mode_of(request) for request in endpoint.requests] == ["json_schema", "json_schema_lax", "tool"]
    assert result.mode == "tool"


UNSERVED: JSON = {"error": {"message": "response_format json_schema is not supported: failed to compile grammar"}}


def openai(message: str, **error: Any) -> JSON:
    """Return an error in OpenAI's form."""
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None, **error}}


def vllm(message: str) -> JSON:
    """Return an error in vLLM's form."""
    return {"object": "error", "message": message, "type": "BadRequestError", "param": None, "code": 400}


def fastapi(*loc: str, kind: str, msg: str, **error: Any) -> JSON:
    """Return an error in FastAPI's form."""
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
REJECTIONS: dict[str, tuple[str, int, JSONValue]] = {
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
    "a plan": ("json_schema", 403, openai("Structured outputs are not included in your plan.", type="forbidden")),
    "a permission": ("tool", 403, openai("This API key has no permission for tool_choice.")),
    "no method": ("json_schema", 405, openai("response_format is not allowed for this endpoint")),
    "no type": ("json_schema", 415, {"error": "unsupported response_format type: json_schema"}),
    "not acceptable": ("json_schema", 406, openai("json_schema is not acceptable")),
    "SageMaker": ("json_schema", 424, {"message": "ModelError: Extra inputs are not permitted: response_format"}),
    "strict": ("json_schema", 403, openai("'strict' is not enabled for this deployment")),
    "temperature": ("json_schema", 400, openai("Response format json_schema requires temperature to be unset")),
    "too long": ("tool", 400, openai("Invalid 'tools[0].function.description': string too long.")),
    "one string": ("json_schema", 400, {"error": "unsupported response_format"}),
    "plain text": ("json_schema", 400, "json_schema is not supported"),
    "not implemented": ("json_schema", 501, ""),
    "gemini generic": ("json_schema", 400, openai("Request contains an invalid argument.", status="INVALID_ARGUMENT")),
    "zhipu generic": ("json_schema", 400, {"error": {"code": "1210", "message": "参数有误"}}),
    "anthropic size": (
        "json_schema",
        400,
        openai("The compiled grammar is too large, which would cause performance issues. Simplify your tool schemas."),
    ),
    "generic": ("tool", 400, {"error": {"message": "Provider returned error", "code": 400}}),
    "no message": ("json_schema", 400, {"error": {"message": None, "code": "bad_request"}}),
    "blank message": ("tool", 422, {"message": ""}),
    "error with 200": ("json_schema", 200, {"error": {"message": "response_format json_schema is not supported"}}),
    "error with 200 and code": ("tool", 200, {"error": {"message": "tools are not supported", "code": 400}}),
    "string with 200": ("json_schema", 200, {"error": "unsupported parameter: response_format"}),
}


@pytest.mark.parametrize(("mode", "status", "error"), REJECTIONS.values(), ids=REJECTIONS.keys())
def test_the_rejections_of_gateways_are_recognised(connect: Connect, mode: str, status: int, error: Any) -> None:
    rejected = MODES[: MODES.index(mode)]  # type: ignore[arg-type]

    def answer(body: JSON) -> Reply:
        return Reply(error, status) if mode_of(body) == mode else rejecting(*rejected)(body)

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url, policy=ONE_ATTEMPT).run(Count, "three cups")
    assert (result.value, result.mode) == (VALUE, MODES[len(rejected) + 1])
    assert len(endpoint.requests) == len(rejected) + 2
    assert_no_repeated_request(endpoint.requests)


OTHER_REJECTIONS: dict[str, tuple[int, str]] = {
    "context": (400, "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001."),
    "model": (404, "The model `gpt-9` does not exist or you do not have access to it."),
    "deployment": (404, "The API deployment for this resource does not exist."),
    "temperature": (400, "Unsupported value: 'temperature' does not support 0 with this model."),
    "max_tokens": (400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
    "quota": (400, "Your credit balance is too low. Please go to Plans & Billing."),
    "image": (400, "Invalid content type. image_url is only supported by certain models."),
    "moderation": (400, "Blocked by moderation"),
    "no route": (404, "Not Found"),
    "key": (401, "Incorrect API key provided."),
    "forbidden": (403, "This key may not use the model."),
    "forbidden, without a reason": (403, ""),
    "a key, whatever else": (403, "Invalid API key for response_format json_schema"),
    "a row about tools": (403, "The prompt 'how do I use tools and a json_schema' is not allowed"),
    "a quoted row": (403, 'Request denied: "what are structured outputs and tools?"'),
    "a firewall": (403, "Blocked by the firewall: how do I use tools and a json_schema"),
    "a method": (405, "Method Not Allowed"),
    "a type": (415, "Unsupported Media Type"),
    "a conflict": (406, "Bad Request"),
    "too large": (413, "Request Entity Too Large"),
    "stream": (501, "streaming is not implemented"),
}


@pytest.mark.parametrize(
    "wrap",
    [lambda message: {"error": {"message": message}}, lambda message: {"error": message}],
    ids=["object", "text"],
)
@pytest.mark.parametrize(("status", "message"), OTHER_REJECTIONS.values(), ids=OTHER_REJECTIONS.keys())
def test_a_rejection_of_something_else_is_raised_at_once(
    connect: Connect, wrap: Any, status: int, message: str
) -> None:
    with Endpoint(Reply(wrap(message), status), VALID) as endpoint, pytest.raises(structkit.StatusError) as caught:
        connect(endpoint.base_url).run(Count, "three cups")
    assert (caught.value.status_code, len(endpoint.requests)) == (status, 1)
    assert caught.value.attempts[0].raw == wrap(message)


PAGE = "<!DOCTYPE html><html itemtype='https://schema.org/WebPage'><script>function tool(response_format) {}</script>"
UNRELATED_ERRORS: dict[str, tuple[int, JSONValue]] = {
    "a page with 200": (200, PAGE),
    "a page with 400": (400, PAGE),
    "a page with 404": (404, PAGE),
    "a page with 500": (500, PAGE),
    "an upstream's failure with 200": (200, {"error": {"message": "Provider returned error", "code": 502}}),
    "a failing tool with 200": (200, {"error": {"message": "the tool server is overloaded", "code": 503}}),
    "a failing line of code": (500, {"error": {"message": "unsupported operand type(s) for +"}}),
    "a failure without a reason": (500, {"error": {"message": "Error"}}),
    "no choices": (200, {"choices": [], "object": "response_format"}),
}


@pytest.mark.parametrize("mode", ["auto", "tool"])
@pytest.mark.parametrize(("status", "body"), UNRELATED_ERRORS.values(), ids=UNRELATED_ERRORS.keys())
def test_an_error_that_is_not_a_rejection_does_not_change_the_mode(
    connect: Connect, status: int, body: JSONValue, mode: str
) -> None:
    policy = structkit.Policy(retries=1, wait_initial=0.001)
    with Endpoint(Reply(body, status)) as endpoint, pytest.raises(structkit.TransportError) as caught:
        connect(endpoint.base_url, policy=policy).run(Count, "three cups", mode=mode)
    assert len(caught.value.attempts) == 1
    assert len(endpoint.requests) == (1 if status in {400, 404} else 2)


def test_the_rejection_of_the_last_mode_is_the_error(connect: Connect) -> None:
    with Endpoint(rejecting(*MODES)) as endpoint, pytest.raises(structkit.StatusError) as caught:
        connect(endpoint.base_url).run(Count, "three cups")
    assert [attempt.mode for attempt in caught.value.attempts] == [*MODES]
    assert_no_repeated_request(endpoint.requests)


def test_a_rejected_mode_is_not_used_by_the_next_call(calls: Callable[..., list[Any]]) -> None:
    with Endpoint(rejecting("json_schema", "json_schema_lax")) as endpoint:
        first, second = calls(endpoint.base_url, Count, Count)
    assert (first.mode, second.mode) == ("tool", "tool")
    assert (len(first.attempts), len(second.attempts), len(endpoint.requests)) == (3, 1, 4)


# The schema is ignored


@pytest.mark.parametrize("name", ["ignores_schema", "other_keys", "schema_back"])
def test_an_ignored_schema_falls_back_to_the_next_mode_without_counting_as_an_attempt(
    connect: Connect, name: str
) -> None:
    def answer(body: JSON) -> Reply:
        return text_reply(body, VALID) if "tools" in body else fault(name)(body)

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url, policy=ONE_ATTEMPT).run(Count, "three cups")
    assert (result.value, result.mode) == (VALUE, "tool")
    assert [attempt.mode for attempt in result.attempts] == ["json_schema", "tool"]
    assert result.attempts[0].issues
    assert result.usage.total_tokens == 30, "the tokens count, although the attempt does not"


def test_the_reply_to_an_ignored_schema_is_not_in_the_request_of_the_next_mode(connect: Connect) -> None:
    with Endpoint("Gladly! Which one?", VALID) as endpoint:
        connect(endpoint.base_url, policy=ONE_ATTEMPT).run(Count, "three cups")
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
def test_truncated_json_or_json_without_a_value_does_not_change_the_mode(connect: Connect, text: str) -> None:
    with Endpoint(text, text, VALID) as endpoint:
        result = connect(endpoint.base_url).run(Count, "three cups")
    assert [attempt.mode for attempt in result.attempts] == ["json_schema"] * 3
    assert endpoint.requests[1]["messages"][1] == {"role": "assistant", "content": text}


@pytest.mark.parametrize("text", ["Sorry, the upst", '{"count": "x", "unit": "cu', '{"number": 3}'])
def test_a_reply_that_failed_in_transfer_does_not_change_the_mode(connect: Connect, text: str) -> None:
    failed = Reply(completion(text, finish_reason="error"))
    with Endpoint(failed, VALID) as endpoint:
        result = connect(endpoint.base_url).run(Count, "three cups")
    assert [(attempt.mode, attempt.retries) for attempt in result.attempts] == [("json_schema", 1)]


TRUNCATED_PROSE = [
    "Sure! Let me explain how I would count the cu",
    "Here are [1] the cups: *",
    "抱歉",
    "[1] says that there are thr",
    "[INST] count the cu",
    '"Cups" are what the text',
    "There are $\\frac{6}{2}$ cups, theref",
    "The cups {c | c is full} are",
    "{% for cup in cups %}",
    "```python\ndef count(cups):\n    retu",
    "<count>3</count><unit>cu",
    "<answer>Three cu",
    "<think>Three.</think>There are thr",
]


@pytest.mark.parametrize("text", TRUNCATED_PROSE)
def test_truncated_prose_shows_an_ignored_schema_and_does_not_count(connect: Connect, text: str) -> None:
    prose = Reply(completion(text, finish_reason="length"))
    with Endpoint(prose, VALID) as endpoint:
        result = connect(endpoint.base_url, policy=ONE_ATTEMPT).run(Count, "three cups")
    assert (result.value, result.mode) == (VALUE, "tool")
    assert [attempt.mode for attempt in result.attempts] == ["json_schema", "tool"]


TRUNCATED_OBJECTS_OF_OTHER_KEYS = [
    '{"cups": 3, "size": "lar',
    '{"order": {"cups": [{"size": "large"}, {"si',
    '{"order": {"cups": 3, "si',
    'Here it is:\n```json\n{"cups": 3, "size": "lar',
    '{"type": "object", "properties": {"count": {"type": "integer"}, "un',
    '<think>Three.</think>{"cups": 3, "si',
]


@pytest.mark.parametrize("text", TRUNCATED_OBJECTS_OF_OTHER_KEYS)
def test_a_truncated_object_of_other_keys_shows_an_ignored_schema_and_does_not_count(
    connect: Connect, text: str
) -> None:
    foreign = Reply(completion(text, finish_reason="length"))
    with Endpoint(foreign, VALID) as endpoint:
        result = connect(endpoint.base_url, policy=ONE_ATTEMPT).run(Count, "three cups")
    assert (result.value, result.mode) == (VALUE, "tool")
    assert [attempt.mode for attempt in result.attempts] == ["json_schema", "tool"]


def test_a_truncated_object_whose_keys_are_in_another_spelling_is_continued(connect: Connect) -> None:
    truncated = Reply(completion('{"Count": 3, "Un', finish_reason="length"))
    with Endpoint(truncated, '{"unit": "cups"}') as endpoint:
        result = connect(endpoint.base_url).run(Count, "three cups")
    assert (result.value, [each.mode for each in result.attempts]) == (VALUE, ["json_schema"] * 2)


MAY_LEAD_TO_JSON = [
    *["", " \n", "<think>Three cups, or", "Well, <think>three", "```js", "```json\n", "<answer>", "<answer>\n```json"],
    *[
        '"cou',
        '"count": 3, "un',
        "[",
        "[3, ",
        "[null], ",
        '[{"coun',
        "{",
        "{\n  ",
        "{count: 3, un",
        "{'count': 3",
        "{“count”: 3",
    ],
    *['{"error": {"message": "overloaded", "code": 503}, ', '{"cou": nu', '{"result": {"count": 3, "un'],
    *['Sure! {"count": 3', 'Sure!\n```json\n{"coun', "{ // cups", '{\\"count\\": 3', "Then {count} is: {"],
]


@pytest.mark.parametrize("text", MAY_LEAD_TO_JSON)
def test_a_truncated_text_that_may_lead_to_json_does_not_change_the_mode(connect: Connect, text: str) -> None:
    with (
        Endpoint(Reply(completion(text, finish_reason="length"))) as endpoint,
        pytest.raises(structkit.Truncated) as caught,
    ):
        connect(endpoint.base_url, policy=ONE_ATTEMPT).run(Count, "three cups")
    assert [attempt.mode for attempt in caught.value.attempts] == ["json_schema"]


def test_truncated_prose_in_every_mode_is_a_truncated_reply(connect: Connect) -> None:
    with (
        Endpoint(Reply(completion(TRUNCATED_PROSE[0], finish_reason="length"))) as endpoint,
        pytest.raises(structkit.Truncated) as caught,
    ):
        connect(endpoint.base_url, policy=ONE_ATTEMPT).run(Count, "three cups")
    assert [attempt.mode for attempt in caught.value.attempts] == ["json_schema", "tool", "prompt"]


@pytest.mark.parametrize("text", ["{count: 3", "{'count': 3", '{"count": 3} cups', "[see above]", '{"count": NaN}'])
def test_text_that_no_json_grammar_allows_shows_an_ignored_schema(connect: Connect, text: str) -> None:
    with Endpoint(text, VALID) as endpoint:
        assert connect(endpoint.base_url, policy=structkit.Policy(repairs=False)).run(Count, "x").mode == "tool"


def test_an_endpoint_that_ignores_every_mode_costs_two_requests_that_do_not_count(connect: Connect) -> None:
    with (
        Endpoint("Gladly! Which one?") as endpoint,
        pytest.raises(structkit.InvalidOutput, match=r"in 1 attempt \(3 requests\);") as caught,
    ):
        connect(endpoint.base_url, policy=ONE_ATTEMPT).run(Count, "three cups")
    assert [attempt.mode for attempt in caught.value.attempts] == ["json_schema", "tool", "prompt"]


@pytest.mark.parametrize("end", ["\n```", " The count lies in [1, 4)."])
def test_a_repaired_reply_costs_one_request(connect: Connect, end: str) -> None:
    with Endpoint(lambda body: text_reply(body, VALID + end)) as endpoint:
        assert connect(endpoint.base_url).run(Count, "How many?").value == VALUE
    assert len(endpoint.requests) == 1


def test_an_ignored_mode_is_not_used_by_the_next_call(calls: Callable[..., list[Any]]) -> None:
    with Endpoint(lambda body: text_reply(body, VALID if mode_of(body) == "prompt" else "Gladly!")) as endpoint:
        first, second = calls(endpoint.base_url, Count, Count)
    assert (first.mode, second.mode, len(endpoint.requests)) == ("prompt", "prompt", 4)


def test_an_invalid_type_under_valid_keys_is_re_asked_in_the_same_mode_and_counts(connect: Connect) -> None:
    invalid = '{"count": "several", "unit": "cups"}'
    with Endpoint(invalid, VALID) as endpoint:
        result = connect(endpoint.base_url).run(Count, "three cups")
    assert [attempt.mode for attempt in result.attempts] == ["json_schema", "json_schema"]
    assert endpoint.requests[1]["messages"][1] == {"role": "assistant", "content": invalid}
    with Endpoint(invalid, VALID) as endpoint, pytest.raises(structkit.InvalidOutput, match="1 attempt"):
        connect(endpoint.base_url, policy=ONE_ATTEMPT).run(Count, "three cups")


def test_a_second_invalid_type_under_a_strict_schema_falls_back_to_the_next_mode(connect: Connect) -> None:
    with Endpoint('{"count": "some", "unit": "cups"}', '{"count": "a few", "unit": "cups"}', VALID) as endpoint:
        result = connect(endpoint.base_url).run(Count, "three cups")
    assert [attempt.mode for attempt in result.attempts] == ["json_schema", "json_schema", "tool"]


@pytest.mark.parametrize("error", [{"code": 503}, {"type": "server_error", "param": None}, {"status": "UNAVAILABLE"}])
def test_an_error_that_a_gateway_sends_as_the_text_of_a_reply_does_not_change_the_mode(
    connect: Connect, error: JSON
) -> None:
    text = json.dumps({"error": {"message": "the model is overloaded", **error}})
    with Endpoint(text, text, VALID) as endpoint:
        result = connect(endpoint.base_url, model="gpt-4o").run(Count, "three cups")
    assert (result.value, result.mode) == (VALUE, "json_schema")
    assert {mode_of(request) for request in endpoint.requests} == {"json_schema"}
