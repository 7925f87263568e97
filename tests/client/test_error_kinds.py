"""What an endpoint's error is about: its codes decide, then its words, but never words that come from a row."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import structkit
from structkit.dialects.error_bodies import error_texts, read_error_body
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import text_reply
from structkit.values import JSON, JSONValue
from structkit.values.error_reading import ErrorReading

Connect = Callable[..., Any]
VALID = '{"value": 3}'
BILLING = "You can raise it by a payment method: https://platform.openai.com/account/billing."


def error(message: str, **fields: Any) -> JSON:
    return {"error": {"message": message, **fields}}


RATE_LIMITS: dict[str, JSONValue] = {
    "OpenAI": error(
        f"Rate limit reached for gpt-4o on requests. {BILLING}", type="requests", code="rate_limit_exceeded"
    ),
    "OpenAI, no code": error(f"Rate limit reached for gpt-4o in org-1 on tokens per min. {BILLING}"),
    "Gemini": [
        error(
            "You exceeded your current quota, please check your plan and billing.",
            code=429,
            status="RESOURCE_EXHAUSTED",
        )
    ],
    "Vertex": error("Resource has been exhausted (e.g. check quota).", code=429, status="RESOURCE_EXHAUSTED"),
    "Zhipu": error("您的账户已达到速率限制,请您控制请求频率", code="1302"),
    "LiteLLM": error("You exceeded your current quota. Please retry in 0.001s.", code="429"),
    "a row's words": error("slow down; your text was 'insufficient balance, please recharge'", code=429),
    "an echo": error("slow down", request={"code": "insufficient_quota"}, input="insufficient balance"),
    "billing": error("Too many calls; see your billing page", code=None),
    "Chinese, to pay for more": error("您已达到每分钟请求上限,请充值升级"),
    "requests a minute, to pay for more": error("The free tier has 5 requests/min; please top up to raise it"),
    "RPM, to pay for more": error("Your RPM is 5; please recharge to raise it"),
}
EMPTY_ACCOUNTS: dict[str, JSONValue] = {
    "OpenAI": error(
        "You exceeded your current quota, see billing.", type="insufficient_quota", code="insufficient_quota"
    ),
    "Zhipu": error("Insufficient balance or no resource package. Please recharge.", code="1113"),
    "Zhipu, Chinese": error("余额不足或无可用资源包,请充值。", code="1113"),
    "Chinese, no code": error("用户额度不足, 剩余额度: 0.000002"),
    "number": error("arrears", code=1113),
    "Moonshot": error("Your account is suspended", type="exceeded_current_quota_error"),
    "through a gateway": error("Please recharge.", type="rate_limit_error", code="1113"),
    "flat": {"code": 30001, "message": "Sorry, your account balance is insufficient", "data": None},
    "DashScope": {"code": "Arrearage", "message": "Access denied"},
    "text": "Insufficient Balance",
    "a limit of the caller's own": error("You've reached your monthly spending limit.", code=429),
    "its code": error("Limit reached", code="spend_limit_exceeded"),
    "LiteLLM": error("Budget has been exceeded! Current cost: 10.1, Max budget: 10.0", type="budget_exceeded"),
    "LiteLLM, no code": error("Budget has been exceeded! Current cost: 10.1, Max budget: 10.0"),
    "Hugging Face": {"error": "You have exceeded your monthly included credits for Inference Providers."},
    "Anthropic, a limit": error(
        "You have reached your specified API usage limits. You will regain access on 2026-12-01."
    ),
    "Anthropic": error("Your credit balance is too low to access the Anthropic API. Please purchase credits."),
    "xAI": {"code": "exhausted", "error": "Your team has used all available credits; you have hit the rate limit."},
    "xAI, a new team": {"code": "denied", "error": "Your newly created team doesn't have any credits or licenses yet."},
    "Fireworks": error("Account a is suspended, possibly due to reaching the monthly spending limit."),
    "Google, a cap": error("Your project has exceeded its monthly spending cap.", status="RESOURCE_EXHAUSTED"),
}


@pytest.mark.parametrize("body", RATE_LIMITS.values(), ids=RATE_LIMITS.keys())
def test_a_rate_limit_is_retried_whatever_page_it_links_to(connect: Connect, body: JSONValue) -> None:
    with Endpoint(Reply(body, status=429), VALID) as endpoint:
        assert connect(endpoint.base_url).run(int, "How many?").attempts[0].retries == 1


UNUSUAL_LIMITS: dict[str, tuple[int, JSONValue]] = {
    "Google": (403, error("Rate Limit Exceeded", code=403, errors=[{"reason": "rateLimitExceeded"}])),
    "Google, of a user": (403, error("Quota", errors=[{"domain": "usageLimits", "reason": "userRateLimitExceeded"}])),
    "gRPC": (400, error("Resource has been exhausted", status="RESOURCE_EXHAUSTED")),
    "OpenAI's code": (400, error("slow down", type="invalid_request_error", code="rate_limit_exceeded")),
    "Alibaba": (403, {"code": "Throttling.User", "message": "Request was denied due to user flow control."}),
    "AWS": (400, {"__type": "com.amazon.coral#ThrottlingException", "message": "Rate exceeded"}),
    "Tencent": (400, error("limit", code="RequestLimitExceeded")),
    "Volcengine": (403, error("limit", code="RateLimitExceeded.EndpointRPMExceeded")),
    "Apigee": (500, {"fault": {"faultstring": "Rate", "detail": {"errorcode": "policies.ratelimit.QuotaViolation"}}}),
    "Baidu": (200, {"error_code": 18, "error_msg": "Open api qps request limit reached"}),
    "GitHub": (403, {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}),
    "GitHub, hourly": (403, {"message": "API rate limit exceeded for user ID 1."}),
    "Azure API Management": (
        403,
        {"statusCode": 403, "message": "Out of call volume quota. Quota will be replenished."},
    ),
    "words": (400, error("Too many requests, please slow down.")),
    "Chinese": (400, error("请求过于频繁,请稍后再试")),
    "a number": (403, error("slow down", code=429)),
    "an upstream's": (400, error("no answer", upstream={"code": "rate_limit_exceeded"})),
    "a request within the limit": (400, error("Rate limit reached: Limit 9,000, Used 8000, Requested 2000")),
    "a code as the error": (400, {"error": "rate_limit_exceeded"}),
    "another status": (415, error("response_format requests are limited", code="rate_limit_exceeded")),
    "plain text": (403, "Too Many Requests"),
}
NO_LIMITS: dict[str, tuple[int, JSONValue]] = {
    "a key": (403, error("This key may not use the model; try again later.", code="permission_denied")),
    "a plan": (403, error("Your plan has no rate limit settings.", type="forbidden")),
    "a row's words": (400, error("I cannot read 'too many requests' as a number.")),
    "a quoted row first": (400, error('"Too many requests, my account is locked" was blocked')),
    "a single quoted row": (422, error("'Rate limit exceeded' is not a text in German")),
    "an echo": (400, {**error("bad prompt", code="invalid_prompt"), "prompt": {"type": "rate_limit_exceeded"}}),
    "limits beside it": (400, {**error("bad prompt"), "limits": {"type": "rate_limit", "status": "throttling_off"}}),
    "usage beside it": (400, {**error("bad prompt"), "usage": {"status": 429}}),
    "an unquoted row": (400, error("Bad input: Too many requests were made by the mayor")),
    "an empty account": (403, error("Too many requests", code="insufficient_quota")),
    "an empty account of Google": (403, error("Rate Limit Exceeded", errors=[{"reason": "insufficientQuota"}])),
    "a type": (400, error("The prompt is bad.", type="tokens")),
    "another vendor's number": (400, error("bad parameter", code=1303)),
    "more than the limit": (400, error("Rate limit reached: Limit 9,000, Used 0, Requested 12000")),
    "too large": (400, error("Request too large for the limit of tokens per minute", code="rate_limit_exceeded")),
}


@pytest.mark.parametrize(("status", "body"), UNUSUAL_LIMITS.values(), ids=UNUSUAL_LIMITS.keys())
def test_a_rate_limit_under_another_status_is_retried_and_changes_no_mode(
    connect: Connect, status: int, body: JSONValue
) -> None:
    with Endpoint(Reply(body, status=status), VALID) as endpoint:
        result = connect(endpoint.base_url).run(int, "How many?")
    assert (result.attempts[0].retries, len(result.attempts)) == (1, 1)
    assert endpoint.requests[0] == endpoint.requests[1]


@pytest.mark.parametrize(("status", "body"), NO_LIMITS.values(), ids=NO_LIMITS.keys())
def test_a_rejection_that_mentions_limits_is_not_retried(connect: Connect, status: int, body: JSONValue) -> None:
    with Endpoint(Reply(body, status=status)) as endpoint, pytest.raises(structkit.StatusError) as caught:
        connect(endpoint.base_url).run(int, "How many?")
    assert (len(endpoint.requests), caught.value.retryable) == (1, False)


def test_a_rate_limit_under_200_is_waited_for_and_costs_nothing(connect: Connect) -> None:
    limit = Reply(error("slow down", code="rate_limit_exceeded", retry_after=0.001))
    with Endpoint(limit, limit, VALID) as endpoint:
        result = connect(endpoint.base_url).run(int, "How many?")
    assert (result.attempts[0].retries, result.usage.unreported) == (2, 0)


@pytest.mark.parametrize(
    "limit",
    [error("slow down", code="rate_limit_exceeded", retry_after=0.001), error("Rate limit exceeded; retry in 0.001s")],
)
@pytest.mark.parametrize("form", ["data: {}\n\n", "event: error\ndata: {}\n\n", "{}"])
def test_a_rate_limit_instead_of_a_stream_is_the_same(form: str, limit: JSON) -> None:
    headers = {"content-type": "text/event-stream"}
    reply = Reply(form.format(json.dumps(limit)), headers=headers)
    policy = structkit.Policy(wait_initial=600, wait_max=600)
    with Endpoint(reply, reply, VALID) as endpoint:
        result = structkit.Client("fake", base_url=endpoint.base_url, policy=policy).stream(int, "How many?").result()
    assert (result.attempts[0].retries, result.usage.unreported) == (2, 0)


def test_a_rate_limit_under_200_costs_the_tokens_that_it_reports(connect: Connect) -> None:
    usage = {"prompt_tokens": 900, "completion_tokens": 100, "total_tokens": 1000}
    body = {**error("slow down", code="rate_limit_exceeded"), "usage": usage}
    with Endpoint(body, VALID) as endpoint:
        result = connect(endpoint.base_url).run(int, "How many?")
    assert result.usage.total_tokens > usage["total_tokens"]


def test_a_stated_rate_limit_has_its_wait_and_its_advice(connect: Connect) -> None:
    body = error("Rate limit exceeded. Please retry in 7s.", code="rateLimitExceeded")
    policy = structkit.Policy(retries=0)
    with Endpoint(Reply(body, status=403)) as endpoint, pytest.raises(structkit.StatusError) as caught:
        connect(endpoint.base_url, policy=policy).run(int, "How many?")
    assert caught.value.retry_after == 7
    assert str(caught.value).endswith("send fewer requests at a time, or check the quota")


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("body", EMPTY_ACCOUNTS.values(), ids=EMPTY_ACCOUNTS.keys())
def test_an_empty_account_is_not_retried(connect: Connect, body: JSONValue, status: int) -> None:
    with Endpoint(Reply(body, status=status)) as endpoint, pytest.raises(structkit.StatusError) as caught:
        connect(endpoint.base_url).run(int, "How many?")
    assert (len(endpoint.requests), caught.value.retryable) == (1, False)
    assert status != 429 or "the account is empty" in str(caught.value)


@pytest.mark.parametrize("body", [RATE_LIMITS["OpenAI"], RATE_LIMITS["Vertex"]])
def test_a_rate_limit_under_200_is_retried(connect: Connect, body: JSONValue) -> None:
    with Endpoint(Reply(body), VALID) as endpoint:
        assert connect(endpoint.base_url).run(int, "How many?").attempts[0].retries == 1


@pytest.mark.parametrize(
    "body", [EMPTY_ACCOUNTS["Zhipu"], EMPTY_ACCOUNTS["Moonshot"], EMPTY_ACCOUNTS["Chinese, no code"]]
)
def test_an_empty_account_under_200_is_not_retried(connect: Connect, body: JSONValue) -> None:
    with Endpoint(Reply(body)) as endpoint, pytest.raises(structkit.MalformedReply) as caught:
        connect(endpoint.base_url).run(int, "How many?")
    assert (len(endpoint.requests), caught.value.retryable) == (1, False)


FLAT_ERRORS: dict[str, tuple[JSON, bool]] = {
    "vLLM": ({"object": "error", "message": "engine is down", "code": 503}, True),
    "vLLM, permanent": ({"object": "error", "message": "no such thing", "code": 400}, False),
    "SiliconFlow": ({"code": 30001, "message": "balance", "data": None}, False),
    "Baidu": ({"error_code": 336100, "error_msg": "The service is too busy"}, True),
    "MiniMax": ({"choices": None, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, False),
    "MiniMax, a fault": ({"choices": None, "base_resp": {"status_code": 1013, "status_msg": "internal"}}, True),
    "no error": ({"code": 200, "message": "ok", "data": {}}, True),
}


@pytest.mark.parametrize(("body", "is_retryable"), FLAT_ERRORS.values(), ids=FLAT_ERRORS.keys())
def test_an_error_under_200_may_have_its_fields_at_the_top(connect: Connect, body: JSON, is_retryable: bool) -> None:
    with Endpoint(Reply(body)) as endpoint, pytest.raises(structkit.MalformedReply) as caught:
        connect(endpoint.base_url, policy=structkit.Policy(retries=1, wait_initial=0.001)).run(int, "How many?")
    assert (len(endpoint.requests), caught.value.retryable) == (1 + is_retryable, is_retryable)
    assert ("an error object" in str(caught.value)) == (body.get("code") != 200)


def test_the_author_of_a_row_is_not_an_authentication_error(connect: Connect) -> None:
    with Endpoint(Reply(error("upstream failed on a text by its author")), VALID) as endpoint:
        assert connect(endpoint.base_url).run(int, "How many?").attempts[0].retries == 1


def test_a_request_larger_than_the_limit_of_a_minute_is_not_retried(connect: Connect) -> None:
    message = "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 60000."
    body = error(message, type="tokens", code="rate_limit_exceeded")
    with (
        Endpoint(Reply(body, status=429)) as endpoint,
        pytest.raises(structkit.StatusError, match="shorten the prompt"),
    ):
        connect(endpoint.base_url).run(int, "How many?")
    assert len(endpoint.requests) == 1


def test_a_402_says_that_the_account_is_empty(connect: Connect) -> None:
    with Endpoint(Reply("", status=402)) as endpoint, pytest.raises(structkit.StatusError, match="check its balance"):
        connect(endpoint.base_url).run(int, "How many?")
    assert len(endpoint.requests) == 1


def test_a_tier_without_capacity_is_asked_again(connect: Connect) -> None:
    with Endpoint(Reply(error("Flex tier capacity exceeded"), status=498), VALID) as endpoint:
        assert connect(endpoint.base_url).run(int, "How many?").attempts[0].retries == 1


FILTERED: dict[str, tuple[int, JSONValue]] = {
    "Azure": (
        400,
        error(
            "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
            code="content_filter",
            param="prompt",
            innererror={"code": "ResponsibleAIPolicyViolation"},
        ),
    ),
    "DashScope": (400, {"code": "data_inspection_failed", "message": "Input data may contain inappropriate content."}),
    "DeepSeek": (400, error("Content Exists Risk", type="invalid_request_error")),
    "Zhipu": (400, error("系统检测到输入或生成内容可能包含不安全或敏感内容", code="1301")),
    "OpenRouter": (403, error("Your input was flagged", code=403, metadata={"reasons": ["hate"]})),
    "OpenAI": (400, error("Invalid prompt: your prompt was flagged as potentially harmful", code="invalid_prompt")),
    "under 200": (200, error("prompt rejected", code="content_filter")),
}


@pytest.mark.parametrize(("status", "body"), FILTERED.values(), ids=FILTERED.keys())
def test_a_prompt_that_the_filter_rejects_is_filtered(connect: Connect, status: int, body: JSONValue) -> None:
    with Endpoint(Reply(body, status=status)) as endpoint, pytest.raises(structkit.Filtered) as caught:
        connect(endpoint.base_url).run(int, "How many?")
    assert len(endpoint.requests) == len(caught.value.attempts) == 1
    assert caught.value.attempts[0].raw == body
    assert str(caught.value).count("change the input") == 1


UNEXPECTED = "unexpected keyword argument 'response_format'"
UNSUPPORTED_MODES = {
    "Python": error(f"Completions.create() got an {UNEXPECTED}"),
    "text": f"TypeError: create() got an {UNEXPECTED}",
    "pydantic": {"detail": "1 validation error: response_format: extra fields not permitted"},
    "attribute": error("'Request' object has no attribute 'response_format'"),
    "unknown field": error("json: unknown field response_format"),
    "its type": error("'json_schema' is not a valid ResponseFormatType"),
    "guided": error("generate() got an unexpected keyword 'guided_json'"),
    "grammar": error("grammar compile error: json_schema"),
}


@pytest.mark.parametrize("status", [500, 502])
@pytest.mark.parametrize("body", UNSUPPORTED_MODES.values(), ids=UNSUPPORTED_MODES.keys())
def test_a_500_that_names_response_format_leads_to_the_next_mode_at_once(
    connect: Connect, body: JSONValue, status: int
) -> None:
    def answer(request: JSON) -> Reply:
        return Reply(body, status=status) if "response_format" in request else text_reply(request, VALID)

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url).run(int, "How many?")
    assert (result.value, result.mode) == (3, "tool")
    assert len(endpoint.requests) <= 3
    assert all(attempt.retries == 0 for attempt in result.attempts)


RETRY_DELAY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "23s"}
RETRY_INFO = {"error": {"code": 429, "message": "Resource exhausted.", "details": [RETRY_DELAY]}}

WAITS: dict[str, tuple[JSONValue, dict[str, str], float | None]] = {
    "OpenAI": (error("Rate limit reached. Please try again in 300ms."), {}, 0.3),
    "OpenAI, minutes": (error("Rate limit reached. Please try again in 6m0s. Visit the docs."), {}, 360.0),
    "Groq": (error("Please try again in 7.66s."), {}, 7.66),
    "a minute": (error("Please try again in a minute."), {}, 60.0),
    "one hour": (error("Too many requests. Retry after one hour."), {}, 3600.0),
    "no unit": (error("Too many requests. Retry after 5."), {}, 5.0),
    "no unit, at the end": (error("slow down, and try again in 2.5"), {}, 2.5),
    "no unit, seconds before": (error("Retry after (seconds): 7"), {}, 7.0),
    "no unit, to wait": (error("Please wait for 12 and retry"), {}, 12.0),
    "no unit, of something else": (error("I gave up: retry in 5 attempts, retry 3, retry after 12:30"), {}, None),
    "a limit of waits": (error("Queue full. Maximum wait 100."), {}, None),
    "a year": (error("Quota of this plan is used: try again in 2027."), {}, None),
    "no wait in words": (error("Only 5 requests a minute: try again later"), {}, None),
    "Google's error in OpenRouter's": (
        error("Provider error", metadata={"raw": json.dumps(RETRY_INFO, indent=2)}),
        {},
        23.0,
    ),
    "Google's error in LiteLLM's": (error(f"litellm.RateLimitError: {json.dumps(RETRY_INFO).encode()!r}"), {}, 23.0),
    "Google's error in LiteLLM's, quoted": (error(f"VertexAI: {json.dumps(json.dumps(RETRY_INFO))}"), {}, 23.0),
    "about": (error("Slow down. Try again in about 5 seconds."), {}, 5.0),
    "a reset": (error("Your rate limit resets in 30 seconds."), {}, 30.0),
    "Chinese": (error("请求过于频繁,请在 5 秒后重试"), {}, 5.0),
    "Azure": (error("Please retry after 20 seconds."), {}, 20.0),
    "Gemini": (
        [{"error": {"message": "quota", "details": [{"@type": "google.rpc.RetryInfo", "retryDelay": "34s"}]}}],
        {},
        34.0,
    ),
    "Discord's way": ({"message": "slow down", "retry_after": 0.25}, {}, 0.25),
    "OpenRouter": (
        error("limit", metadata={"headers": {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "12"}}),
        {},
        12.0,
    ),
    "reset": (error("limit"), {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m30s"}, 90.0),
    "a reset by day": (
        error("limit"),
        {
            "x-ratelimit-remaining-requests-minute": "9",
            "x-ratelimit-reset-requests-minute": "2",
            "x-ratelimit-remaining-requests-day": "0",
            "x-ratelimit-reset-requests-day": "33011.5",
        },
        33011.5,
    ),
    "a reset of input tokens": (
        error("limit"),
        {"anthropic-ratelimit-input-tokens-remaining": "0", "anthropic-ratelimit-input-tokens-reset": "PT1M9S"},
        69.0,
    ),
    "a duration of ISO 8601": (error("limit"), {"retry-after": "PT9S"}, 9.0),
    "something remains": (
        error("limit"),
        {"x-ratelimit-remaining-requests": "9", "x-ratelimit-reset-requests": "90s"},
        None,
    ),
    "the header counts": (error("Please try again in 300ms."), {"retry-after": "2"}, 2.0),
    "two headers": (error("limit"), {"retry-after": "7, 30"}, 30.0),
    "protobuf": (error("quota", details=[{"retryDelay": {"seconds": "34", "nanos": 5}}]), {}, 34.0),
    "protobuf in text": (error("429 quota, retry_delay {\n  seconds: 34\n}"), {}, 34.0),
    "Django": ({"detail": "Request was throttled. Expected available in 27 seconds."}, {}, 27.0),
    "a named request": (error("Please retry your request after 1 minute and 30 seconds."), {}, 90.0),
    "an allowance is none": (error("The request exceeds the maximum allowed 60 seconds"), {}, None),
    "Hugging Face": ({"error": "Model is loading", "estimated_time": 20.5}, {}, 20.5),
    "a quoted header": (error("upstream said: Retry-After: 5"), {}, 5.0),
    "a header's name": (error("limit", **{"retry-after": "12"}), {}, 12.0),
    "German": (error("Bitte versuchen Sie es in 1 Minute und 30 Sekunden erneut."), {}, 90.0),
    "German, to wait": (error("Das Limit ist erreicht. Bitte warten Sie 1,5 Stunden."), {}, 5400.0),
    "German, before the verb": (error("Bitte in 45 Min. erneut versuchen"), {}, 2700.0),
    "French": (error("Veuillez réessayer dans 20 secondes."), {}, 20.0),
    "Spanish": (error("Inténtelo de nuevo en 2 minutos"), {}, 120.0),
    "Italian": (error("Riprova tra 20 secondi"), {}, 20.0),
    "Portuguese": (error("Tente novamente em 20 segundos"), {}, 20.0),
    "Dutch": (error("Probeer het over 20 seconden opnieuw"), {}, 20.0),
    "Russian": (error("Повторите попытку через 20 секунд"), {}, 20.0),
    "German, no wait": (error("Die Anfrage dauerte 30 Sekunden; 30 Sekunden sind erlaubt"), {}, None),
    "a clock": (error("Out of call volume quota. Quota will be replenished in 00:12:34."), {}, 754.0),
    "a time": (error("Rate limit will reset at 2001-11-30T15:04:05.123Z"), {}, 0.0),
    "a time of a zone": (error("Please try again at 2001-11-30 15:04 +01:00"), {}, 0.0),
    "a time of HTTP": (error("available again at Fri, 30 Nov 2001 15:04:05 GMT"), {}, 0.0),
    "a time of Unix": (error("Limit resets at 1006000000"), {}, 0.0),
    "a German time": (error("Das Limit wird am 2001-11-30T15:04:05Z zurückgesetzt"), {}, 0.0),
    "a time without a zone": (error("Limit resets at 2001-11-30 15:04:05"), {}, None),
    "no such day": (error("Limit resets at 2001-02-31T15:04:05Z"), {}, None),
    "another time": (error("Your token was issued at 2001-11-30T15:04:05Z"), {}, None),
    "Chinese, minutes": (error("请于1分30秒后重试"), {}, 90.0),
    "Chinese, to wait": (error("请等待 20 秒"), {}, 20.0),
    "Japanese": (error("20秒後に再試行してください"), {}, 20.0),
    "Korean": (error("20초 후에 다시 시도하세요"), {}, 20.0),
    "a unit in the header": (error("limit"), {"retry-after": "1m30s"}, 90.0),
    "a time of Unix in the header": (error("limit"), {"retry-after": "946684800"}, 0.0),
    "an ISO date in the header": (error("limit"), {"retry-after": "2000-01-01T00:00:00Z"}, 0.0),
    "another header": (error("limit"), {"x-ratelimit-reset-after": "3"}, 3.0),
    "IETF": (error("limit"), {"ratelimit": '"default";r=0;t=50'}, 50.0),
    "IETF, in words": (error("limit"), {"ratelimit": "limit=9, remaining=0, reset=50"}, 50.0),
    "IETF, something remains": (error("limit"), {"ratelimit": '"default";r=3;t=50'}, None),
    "garbage": (error("Please try again in a while", retry_after="soon", retryDelay=None, headers=3), {}, None),
    "no number": (error("limit", retry_after=True, retryDelay="NaN"), {}, None),
}


@pytest.mark.parametrize(("body", "headers", "wait"), WAITS.values(), ids=WAITS.keys())
def test_a_wait_in_the_body_or_the_limits_is_kept(
    connect: Connect, body: JSONValue, headers: dict[str, str], wait: float | None
) -> None:
    policy = structkit.Policy(retries=0)
    with (
        Endpoint(Reply(body, status=429, headers=headers)) as endpoint,
        pytest.raises(structkit.StatusError) as caught,
    ):
        connect(endpoint.base_url, policy=policy).run(int, "How many?")
    assert caught.value.retry_after == wait


@pytest.mark.parametrize(
    "body", [None, 3, [], [[]], {"error": None}, {"error": [1]}, "x" * 10_000_000, [[[{}]]] * 10_000]
)
def test_any_body_has_a_kind(body: JSONValue) -> None:
    assert read_error_body(400, body).kind == "other"


@pytest.mark.parametrize(
    "echo",
    [
        "How do I use json schema tools",
        "... do I use json schema tools in...",
        "Label: How do I use json schema tools in my app?",
    ],
)
def test_a_403_about_the_text_of_a_row_changes_no_mode(connect: Connect, echo: str) -> None:
    with Endpoint(Reply(error(f"Request rejected: {echo}"), status=403)) as endpoint:
        with pytest.raises(structkit.StatusError, match="Request rejected"):
            connect(endpoint.base_url).run(int, "Label: How do I use json schema tools in my app?")
        assert len(endpoint.requests) == 1


CERTAIN: dict[str, tuple[int, JSONValue, ErrorReading]] = {
    "a key": (401, error("too many requests"), ErrorReading("credentials", "status")),
    "a key without quota": (401, error("no", code="insufficient_quota"), ErrorReading("empty_account", "status")),
    "a key and a filter": (401, error("no", code="content_filter"), ErrorReading("credentials", "status")),
    "a price": (402, error("Prompt too long for your balance"), ErrorReading("empty_account", "status")),
    "a large row about money": (413, error("too large: insufficient funds"), ErrorReading("too_large", "status")),
    "a proxy": (407, None, ErrorReading("credentials", "status")),
    "a 429": (429, error("tools are not supported"), ErrorReading("rate_limit", "status")),
    "a 429 without money": (429, error("insufficient balance"), ErrorReading("empty_account", "status")),
    "a code": (400, error("no", code="insufficient_quota"), ErrorReading("empty_account", "code")),
    "a sentence of a vendor": (403, EMPTY_ACCOUNTS["Anthropic"], ErrorReading("empty_account", "statement")),
    "a statement": (400, error("Rate limit exceeded: 9"), ErrorReading("rate_limit", "statement")),
    "a file": (403, error("Failed to fetch the image https://a.b/c.png: 403"), ErrorReading("file", "statement")),
    "permissions": (403, error("Failed to fetch user document permissions"), ErrorReading("other", "words")),
    "a tenant": (403, error("Unable to fetch tenant link: key disabled"), ErrorReading("other", "words")),
    "words": (400, error("bad row: insufficient funds"), ErrorReading("empty_account", "words")),
    "words about limits": (400, error("bad row: the rate limit of 9"), ErrorReading("rate_limit", "words")),
    "a mode": (403, error("no", param="tools"), ErrorReading("unsupported_mode", "words")),
    "a mode of a server": (500, error("unknown field: tools"), ErrorReading("unsupported_mode", "words")),
    "a paid reply": (
        200,
        {**error("no", code="rate_limit_exceeded"), "choices": [{"message": {"content": "{"}}]},
        ErrorReading("rate_limit", "words"),
    ),
}


@pytest.mark.parametrize(("status", "body", "reading"), CERTAIN.values(), ids=CERTAIN.keys())
def test_a_reading_says_what_an_error_is_about_and_how_certain_that_is(
    status: int, body: JSONValue, reading: ErrorReading
) -> None:
    assert read_error_body(status, body) == reading


LOG = "litellm.RateLimitError: OpenAIException - Error code: 429 - {'error': {'code': 'insufficient_quota'}}"
ECHOES_OF_A_LOG = [
    f'Input should be a valid list [type=list_type, input_value="{LOG}"]',
    f"Unexpected content in messages[0]: '{LOG}'",
    f"invalid content `{LOG}`",
    """Error code: 400 - {'error': {'param': 'Log: {"code": "insufficient_quota"}', 'code': 'bad_row'}}""",
]


@pytest.mark.parametrize("message", ECHOES_OF_A_LOG)
def test_the_error_of_an_endpoint_in_the_text_of_a_row_is_not_that_of_this_endpoint(message: str) -> None:
    assert not read_error_body(400, error(message)).is_certain
    assert read_error_body(400, error(LOG)) == ErrorReading("empty_account", "code")


@pytest.mark.parametrize("code", ["asset_limit_exceeded", "charset_limit_exceeded"])
def test_a_limit_of_the_request_is_no_limit_of_the_account(code: str) -> None:
    assert read_error_body(400, error("no", code=code)).kind == "other"
    assert read_error_body(400, error("no", code="SetLimitExceeded")).kind == "empty_account"


def test_a_long_error_about_a_long_prompt_is_read_in_bounded_steps() -> None:
    body = {f"message {number}": "a b c d e f g " * 300 for number in range(200)}
    texts = error_texts(body, ["word " * 20_000 for _ in range(3)])
    assert texts.startswith('"message 0"\n"a b c')
