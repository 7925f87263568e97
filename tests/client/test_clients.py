"""The clients over real HTTP, each test through the blocking and the async client."""

from __future__ import annotations

import asyncio
import pickle
import threading
import time
from collections.abc import Callable
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Annotated, Any

import openai
import pytest
from pydantic import BaseModel, Field

import structkit
from structkit.dialects import DIALECTS
from structkit.testing import Endpoint, Reply, completion
from structkit.values import JSON

KEY = "sk-test-hunter2-hunter2"
Connect = Callable[..., Any]
THREE_OR_MORE = Annotated[int, Field(ge=3)]


class Step(BaseModel):
    explanation: str
    output: str


class MathReasoning(BaseModel):
    steps: list[Step]
    final_answer: str


def test_the_published_example_is_sent_as_published(connect: Connect) -> None:
    with Endpoint() as endpoint:
        client = connect(endpoint.base_url, model="gpt-4o-2024-08-06")
        instructions = "You are a helpful math tutor. Guide the user through the solution step by step."
        value = client.extract(MathReasoning, "9.11和9.8谁大", instructions=instructions)
    assert isinstance(value, MathReasoning)
    step = {
        "type": "object",
        "properties": {"explanation": {"type": "string"}, "output": {"type": "string"}},
        "required": ["explanation", "output"],
        "additionalProperties": False,
    }
    assert endpoint.requests == [
        {
            "model": "gpt-4o-2024-08-06",
            "messages": [
                {"role": "system", "content": instructions},
                {"role": "user", "content": "9.11和9.8谁大"},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": "math_reasoning",
                    "schema": {
                        "type": "object",
                        "properties": {"steps": {"type": "array", "items": step}, "final_answer": {"type": "string"}},
                        "required": ["steps", "final_answer"],
                        "additionalProperties": False,
                    },
                    "strict": True,
                },
            },
        }
    ]
    assert endpoint.headers[0]["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
def test_the_base_url_may_have_any_usual_suffix(connect: Connect, suffix: str) -> None:
    with Endpoint() as endpoint:
        base_url = endpoint.base_url.removesuffix("/v1") + suffix
        assert connect(base_url).extract(int, "how many?") == 0


def test_parameters_are_sent_under_their_own_names(connect: Connect) -> None:
    parameters = {
        "temperature": 0,
        "top_p": 0.5,
        "n": 2,
        "stop": ["END"],
        "max_completion_tokens": 8,
        "presence_penalty": 0.1,
        "frequency_penalty": 0.2,
        "logit_bias": {"50256": -100},
        "seed": 7,
        "user": "u1",
    }
    with Endpoint() as endpoint:
        result = connect(endpoint.base_url, temperature=1).run(int, "how many?", **parameters)
    sent = endpoint.requests[0]
    assert {name: sent[name] for name in parameters} == parameters
    assert len(result.choices) == 2
    assert result.values == (0, 0)


def test_examples_are_sent_in_the_wire_form(connect: Connect) -> None:
    with Endpoint() as endpoint:
        connect(endpoint.base_url).extract(list[int], "4 and 5", examples=[("1 and 2", [1, 2])])
    assert [message["content"] for message in endpoint.requests[0]["messages"]] == [
        "1 and 2",
        '{"value": [1, 2]}',
        "4 and 5",
    ]


def test_messages_with_content_parts_are_sent_unchanged(connect: Connect) -> None:
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    with Endpoint() as endpoint:
        connect(endpoint.base_url).extract(int, [structkit.Message("user", ({"type": "text", "text": "?"}, part))])
    assert endpoint.requests[0]["messages"] == [{"role": "user", "content": [{"type": "text", "text": "?"}, part]}]


@pytest.mark.parametrize("prompt", ["", "  \n", [], 3, ["text", 3]])
def test_an_empty_or_invalid_prompt_is_rejected_before_sending(connect: Connect, prompt: Any) -> None:
    with Endpoint() as endpoint:
        with pytest.raises(structkit.PromptError):
            connect(endpoint.base_url).extract(int, prompt)
        assert endpoint.requests == []


def test_a_misspelt_argument_is_rejected_with_a_hint(connect: Connect) -> None:
    with Endpoint() as endpoint:
        with pytest.raises(TypeError, match="did you mean 'temperature'"):
            connect(endpoint.base_url).extract(int, "x", temprature=0)
        assert endpoint.requests == []


def test_a_type_without_a_json_form_is_rejected_before_sending(connect: Connect) -> None:
    with Endpoint() as endpoint:
        with pytest.raises(structkit.SchemaError):
            connect(endpoint.base_url).extract(Callable[[], int], "x")
        assert endpoint.requests == []


def test_invalid_output_is_re_asked_and_both_attempts_are_counted(connect: Connect) -> None:
    with Endpoint('{"value": "x"}', '{"value": 3}') as endpoint:
        result = connect(endpoint.base_url).run(int, "how many?")
    assert result.value == 3
    assert [len(attempt.issues) for attempt in result.attempts] == [1, 0]
    assert result.usage.total_tokens == 30
    assert len(endpoint.requests) == 2


def test_the_default_is_three_attempts(connect: Connect) -> None:
    with Endpoint('{"value": "x"}') as endpoint:
        with pytest.raises(structkit.InvalidOutput) as caught:
            connect(endpoint.base_url).extract(int, "how many?")
        assert len(endpoint.requests) == 3
    assert len(caught.value.attempts) == 3


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_transient_failure_is_retried_and_does_not_count_as_an_attempt(connect: Connect, status: int) -> None:
    failure = Reply({"error": {"message": "try later"}}, status=status)
    with Endpoint(failure, failure, '{"value": 3}') as endpoint:
        result = connect(endpoint.base_url).run(int, "how many?")
    assert (result.value, len(result.attempts), result.attempts[0].retries) == (3, 1, 2)
    assert endpoint.requests[0] == endpoint.requests[2]


@pytest.mark.parametrize("after", ["0.3", formatdate(time.time() + 3600, usegmt=True)], ids=["seconds", "date"])
def test_retry_after_is_respected_up_to_wait_max(connect: Connect, after: str) -> None:
    rate_limited = Reply({"error": {"message": "slow down"}}, status=429, headers={"retry-after": after})
    policy = structkit.Policy(wait_initial=0.0, wait_max=0.3)
    with Endpoint(rate_limited, '{"value": 3}') as endpoint:
        start = time.monotonic()
        assert connect(endpoint.base_url, policy=policy).extract(int, "how many?") == 3
        assert time.monotonic() - start >= 0.3


def test_the_error_after_the_last_retry_is_the_last_failure(connect: Connect) -> None:
    with Endpoint(Reply({"error": {"message": "down"}}, status=503)) as endpoint:
        with pytest.raises(structkit.StatusError) as caught:
            connect(endpoint.base_url).extract(int, "how many?", policy=structkit.Policy(retries=2, wait_initial=0.001))
        assert len(endpoint.requests) == 3
    assert caught.value.status_code == 503
    assert caught.value.attempts[0].retries == 2
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("status", "message", "advice"),
    [
        (400, "messages[0] is malformed", "malformed"),
        (401, f"Incorrect API key provided: {KEY}", "check the API key"),
        (403, "no", "may not use"),
        (404, "no such model", "check the base URL"),
        (429, "You exceeded your current quota", "quota"),
    ],
)
def test_a_permanent_failure_is_not_retried_and_has_advice(
    connect: Connect, status: int, message: str, advice: str
) -> None:
    with Endpoint(Reply({"error": {"message": message, "type": "x"}}, status=status)) as endpoint:
        with pytest.raises(structkit.StatusError, match=advice) as caught:
            connect(endpoint.base_url).extract(int, "how many?")
        assert len(endpoint.requests) == 1
    assert caught.value.status_code == status
    assert not caught.value.retryable
    assert KEY not in str(caught.value) + repr(caught.value.body) + repr(caught.value.attempts)


MALFORMED = [
    ("<!doctype html><html><body>Sign in</body></html>", "a web page"),
    ("", "no JSON"),
    ("[]", "a JSON list"),
    ({"id": "x", "choices": []}, "no choices"),
    ({"choices": [{"index": 0}]}, "a choice without a message"),
    ({"error": {"message": "upstream died", "code": 502}}, "upstream died"),
]


@pytest.mark.parametrize(("body", "message"), MALFORMED)
def test_a_200_without_a_completion_is_retried_once_and_described(connect: Connect, body: Any, message: str) -> None:
    with Endpoint(Reply(body)) as endpoint:
        with pytest.raises(structkit.MalformedReply, match=message) as caught:
            connect(endpoint.base_url).extract(int, "how many?")
        assert len(endpoint.requests) == 2
    assert caught.value.attempts[0].raw == caught.value.body


BUSY = {"message": "The server is overloaded", "code": 503, "retry_after": 0.001}


@pytest.mark.parametrize(
    "body",
    [
        {"error": BUSY},
        {"error": {**BUSY, "code": 529}},
        {"error": {**BUSY, "code": None, "type": "overloaded"}},
        {"error": {**BUSY, "code": "SERVICE_UNAVAILABLE"}},
        {"choices": [{"index": 0, "message": {"content": ""}, "finish_reason": "error", "error": BUSY}]},
        {"choices": [{"index": 0, "message": {"content": None}}], "error": BUSY},
    ],
)
def test_an_overload_under_200_is_retried_as_a_503_and_costs_nothing(connect: Connect, body: Any) -> None:
    with Endpoint(*[Reply(body)] * 3, '{"value": 3}') as endpoint:
        policy = structkit.Policy(retries=3, wait_initial=600, wait_max=600)  # the wait is that of the reply
        result = connect(endpoint.base_url, policy=policy).run(int, "how many?")
    assert (result.value, len(endpoint.requests), result.usage.unreported) == (3, 4, 0)


def test_an_overload_after_a_part_of_the_answer_is_retried_once(connect: Connect) -> None:
    choice = {"index": 0, "message": {"content": '{"val'}, "finish_reason": "error", "error": BUSY}
    with Endpoint(Reply({"choices": [choice]})) as endpoint, pytest.raises(structkit.MalformedReply):
        connect(endpoint.base_url, policy=structkit.Policy(retries=3, wait_initial=0.001)).extract(int, "how many?")
    assert len(endpoint.requests) == 2


PLAIN_HTTP = {
    "nginx": "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>",
    "Go": "Client sent an HTTP request to an HTTPS server.\n",
    "Apache": "<p>Reason: You're speaking plain HTTP to an SSL-enabled server port.</p>",
    "Tomcat": "Bad Request\nThis combination of host and port requires TLS.\n",
}


@pytest.mark.parametrize("text", PLAIN_HTTP.values(), ids=PLAIN_HTTP.keys())
def test_a_server_that_requires_tls_is_named_so(connect: Connect, text: str) -> None:
    with Endpoint(Reply(text, status=400)) as endpoint, pytest.raises(structkit.StatusError, match="requires https://"):
        connect(endpoint.base_url).extract(int, "how many?")


def test_a_permanent_error_object_is_not_retried(connect: Connect) -> None:
    with Endpoint(Reply({"error": {"message": "Invalid API key", "code": 401}})) as endpoint:
        with pytest.raises(structkit.MalformedReply):
            connect(endpoint.base_url).extract(int, "how many?")
        assert len(endpoint.requests) == 1


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (completion(None, refusal="I cannot."), structkit.Refusal),
        (completion('{"value": 3', finish_reason="length"), structkit.Truncated),
        (completion("", finish_reason="content_filter"), structkit.Filtered),
    ],
)
def test_a_refusal_a_truncation_and_a_filter_cost_one_request(
    connect: Connect, body: Any, error: type[Exception]
) -> None:
    with Endpoint(Reply(body)) as endpoint:
        with pytest.raises(error) as caught:
            connect(endpoint.base_url).extract(int, "how many?")
        assert len(endpoint.requests) == 1
    assert caught.value.attempts[0].raw == body  # type: ignore[attr-defined]
    assert caught.value.usage.total_tokens == 15  # type: ignore[attr-defined]


@pytest.mark.parametrize("usage", [None, "many", {"prompt_tokens": -1, "completion_tokens": 1}, {"prompt_tokens": 1.5}])
def test_unreadable_usage_is_unreported_and_not_zero(connect: Connect, usage: Any) -> None:
    with Endpoint(Reply({**completion('{"value": 3}'), "usage": usage})) as endpoint:
        result = connect(endpoint.base_url).run(int, "how many?")
    assert result.usage == structkit.Usage(unreported=1)


def test_a_connection_that_breaks_in_the_body_is_retried(connect: Connect) -> None:
    with Endpoint(Reply(completion('{"value": 3}'), is_truncated=True), '{"value": 3}') as endpoint:
        result = connect(endpoint.base_url).run(int, "how many?")
    assert (result.value, result.attempts[0].retries) == (3, 1)


def test_a_failed_connection_is_an_error_with_advice(connect: Connect) -> None:
    with Endpoint() as endpoint:
        closed = endpoint.base_url
    with pytest.raises(structkit.ConnectionFailed, match="check the base URL") as caught:
        connect(closed, policy=structkit.Policy(retries=1, wait_initial=0.001)).extract(int, "how many?")
    assert caught.value.attempts[0].retries == 1


def test_an_endpoint_that_does_not_answer_in_time_is_a_timeout(connect: Connect) -> None:
    with Endpoint(Reply(completion('{"value": 3}'), delay=5)) as endpoint, pytest.raises(structkit.RequestTimeout):
        connect(endpoint.base_url, policy=structkit.Policy(timeout=0.2, retries=0)).extract(int, "how many?")


def test_models_are_listed(connect: Connect) -> None:
    with Endpoint(models=("b", "a")) as endpoint:
        assert connect(endpoint.base_url).models() == ("a", "b")
    with Endpoint(models=Reply({"data": [{"id": "a"}]}, status=201)) as endpoint:
        assert connect(endpoint.base_url).models() == ("a",)


MODEL_LISTS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "a bare list": ([{"id": "b"}, {"id": "a"}], ("a", "b")),
    "a list of names": (["b", "a"], ("a", "b")),
    "data of names": ({"data": ["b", "a"]}, ("a", "b")),
    "models of names": ({"models": ["a"]}, ("a",)),
    "models with names": ({"models": [{"name": "b"}, {"name": "a", "model": "a:latest"}]}, ("a", "b")),
    "null": ({"object": "list", "data": None}, ()),
    "no models": ({"code": 20000, "message": "ok", "data": []}, ()),
    "null beside models": ({"data": None, "models": [{"id": "a"}]}, ("a",)),
    "duplicates": ({"data": [{"id": "a"}, {"id": "a"}]}, ("a",)),
    "inside another object": ({"code": 0, "data": {"models": [{"id": "a"}]}}, ("a",)),
    "one without a name": ({"data": [{"id": "a"}, None, {"object": "model"}]}, ("a",)),
    "a null id": ({"data": [{"id": None, "name": "a"}]}, ("a",)),
}


@pytest.mark.parametrize(
    "listing",
    [
        {"data": None, "error": {"message": "no such team", "code": 401}},
        {"data": [], "error": "no such team"},
        {"code": 500, "msg": "no such team", "data": []},
        {"success": False, "message": "no such team", "data": None},
        {"error": {"message": "no such team"}},
    ],
)
def test_an_error_instead_of_models_is_no_empty_list(connect: Connect, listing: Any) -> None:
    with Endpoint(models=Reply(listing)) as endpoint, pytest.raises(structkit.MalformedReply, match="no such team"):
        connect(endpoint.base_url).models()


LISTING_LIMITS: list[tuple[JSON, str]] = [
    ({"timeout": 0.1}, "within 0.1 s"),
    ({"deadline": 0.1}, "within 0.1 s"),
    ({"reply_bytes": 100}, "reply_bytes"),
]


@pytest.mark.parametrize(("limits", "message"), LISTING_LIMITS)
def test_the_models_are_asked_for_within_the_limits_of_the_client(connect: Connect, limits: JSON, message: str) -> None:
    models = Reply({"data": [{"id": "a" * 1000}]}, delay=0 if "reply_bytes" in limits else 1)
    with Endpoint(models=models) as endpoint:
        client = connect(endpoint.base_url, policy=structkit.Policy(**limits))
        with pytest.raises(structkit.TransportError, match=message):
            client.models()


def test_the_models_are_asked_for_with_the_headers_and_the_query_of_the_client(connect: Callable[..., Any]) -> None:
    received: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            received.append((self.path, self.headers.get("X-Team")))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"data": [{"id": "a"}]}')

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base_url = f"http://127.0.0.1:{server.server_port}/v1"
        options: Any = {"extra_headers": {"X-Team": "tea"}, "extra_query": {"version": "1"}}
        assert connect(base_url, **options).models() == ("a",)
        server.shutdown()
    assert received == [("/v1/models?version=1", "tea")]


@pytest.mark.parametrize(("body", "names"), MODEL_LISTS.values(), ids=MODEL_LISTS.keys())
def test_a_list_of_models_is_read_in_any_shape(connect: Connect, body: Any, names: tuple[str, ...]) -> None:
    with Endpoint(models=Reply(body)) as endpoint:
        assert connect(endpoint.base_url).models() == names


@pytest.mark.parametrize(
    "body", [{}, 3, "models", {"data": 3}, {"data": [3]}, {"data": [{}]}, {"error": {"message": "no"}}]
)
def test_a_body_that_is_not_a_list_of_models_is_an_error(connect: Connect, body: Any) -> None:
    with (
        Endpoint(models=Reply(body)) as endpoint,
        pytest.raises(structkit.MalformedReply, match="list of models cannot be read"),
    ):
        connect(endpoint.base_url).models()


def test_a_remote_endpoint_needs_a_key(connect: Connect) -> None:
    with pytest.raises(structkit.ConfigError, match="OPENAI_API_KEY"):
        connect("https://gateway.example", api_key=None).models()


def test_a_server_on_this_machine_needs_no_key(connect: Connect) -> None:
    with Endpoint() as endpoint:
        assert connect(endpoint.base_url, api_key=None).extract(int, "how many?") == 0


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with Endpoint() as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("STRUCTKIT_MODEL", "from-env")
        with structkit.Client() as client:
            assert client.extract(int, "how many?") == 0
    assert endpoint.requests[0]["model"] == "from-env"


def test_a_model_must_be_named() -> None:
    with pytest.raises(structkit.ConfigError, match="STRUCTKIT_MODEL"):
        structkit.Client(api_key=KEY)


@pytest.mark.parametrize("base_url", ["gateway.example", "ftp://x", "http://", "not a url"])
def test_an_invalid_base_url_is_rejected(base_url: str) -> None:
    with pytest.raises(structkit.ConfigError, match="http"):
        structkit.Client("m", base_url=base_url, api_key=KEY)


def test_an_sdk_client_of_the_callers_is_used() -> None:
    with Endpoint() as endpoint:
        sdk_client = openai.OpenAI(base_url=endpoint.base_url, api_key="mine")
        assert structkit.Client("m", client=sdk_client).extract(int, "how many?") == 0
    assert endpoint.headers[0]["authorization"] == "Bearer mine"


def test_an_azure_client_keeps_its_url_rules_and_key_header() -> None:
    paths: list[str] = []

    def answer(body: dict[str, Any]) -> Reply:
        paths.append(body["model"])
        return Reply(completion('{"value": 3}'))

    with Endpoint(answer) as endpoint:
        azure = openai.AzureOpenAI(
            azure_endpoint=endpoint.base_url.removesuffix("/v1"), api_key="mine", api_version="2024-10-21"
        )
        assert structkit.Client("deployed", client=azure).extract(int, "how many?") == 3
    assert endpoint.paths == ["/openai/deployments/deployed/chat/completions?api-version=2024-10-21"]
    assert endpoint.headers[0]["api-key"] == "mine"


def test_a_transport_of_the_callers_is_used() -> None:
    class FixedTransport:
        def send(self, request: structkit.Request, policy: structkit.Policy) -> structkit.Completion:
            assert policy.attempts == 3
            from structkit.parsing import read_completion

            reply = read_completion(completion('{"value": 4}', model=request.model))
            assert isinstance(reply, structkit.Completion)
            return reply

        def models(self) -> tuple[str, ...]:
            return ("canned",)

        def close(self) -> None:
            raise AssertionError("a client must not close a transport of the caller's")

    client = structkit.Client("m", transport=FixedTransport())
    assert (client.extract(int, "how many?"), client.models()) == (4, ("canned",))


def test_a_json_schema_is_an_output_type(connect: Connect) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 5}}, "required": ["n"]}
    with Endpoint('{"n": 9}', '{"n": 3}') as endpoint:
        result = connect(endpoint.base_url).run(schema, "how many?")
    assert result.value == {"n": 3}
    assert result.attempts[0].issues[0].path == ("n",)


def test_errors_survive_pickling(connect: Connect) -> None:
    with Endpoint("prose") as endpoint, pytest.raises(structkit.InvalidOutput) as caught:
        connect(endpoint.base_url).extract(int, "how many?")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (str(copy), copy.issues, copy.usage) == (str(caught.value), caught.value.issues, caught.value.usage)


@pytest.mark.parametrize(
    ("model", "bounds"),
    [
        ("gpt-4o", {"type": "integer", "minimum": 3}),
        ("vendor/gpt-4o", {"type": "integer", "minimum": 3}),
        ("claude-sonnet-4-5", {"type": "integer", "description": "At least 3."}),
        ("unknown-model", {"type": "integer", "minimum": 3}),
    ],
)
def test_a_type_is_compiled_for_the_dialect_of_the_route(connect: Connect, model: str, bounds: Any) -> None:
    with Endpoint('{"value": 3}') as endpoint:
        connect(endpoint.base_url, model=model).extract(THREE_OR_MORE, "how many?")
    assert endpoint.requests[0]["response_format"]["json_schema"]["schema"]["properties"]["value"] == bounds


def test_the_dialect_of_a_call_overrides_the_routes_and_that_of_a_format_overrides_both(connect: Connect) -> None:
    with Endpoint('{"value": 3}') as endpoint:
        client = connect(endpoint.base_url, model="gpt-4o", dialect="anthropic")
        client.extract(THREE_OR_MORE, "how many?")
        client.extract(THREE_OR_MORE, "how many?", dialect="openai")
        client.extract(structkit.ResponseFormat(THREE_OR_MORE, dialect=DIALECTS["vllm"]), "how many?")
    sent = [body["response_format"]["json_schema"]["schema"]["properties"]["value"] for body in endpoint.requests]
    assert ["minimum" in schema for schema in sent] == [False, True, True]


def test_a_misspelt_dialect_is_rejected_before_anything_is_sent(connect: Connect) -> None:
    with Endpoint() as endpoint, pytest.raises(structkit.ConfigError, match="did you mean 'openai'"):
        connect(endpoint.base_url, dialect="opnai").extract(int, "how many?")
    assert endpoint.requests == []


def test_training_rows_have_the_wire_form_of_each_value() -> None:
    rows = structkit.finetune_rows(dict[str, int], [("a is 1", {"a": 1})], instructions="Read.")
    assert [*rows] == [
        {
            "messages": [
                {"role": "system", "content": "Read."},
                {"role": "user", "content": "a is 1"},
                {"role": "assistant", "content": '{"value": [{"key": "a", "value": 1}]}'},
            ]
        }
    ]
    with pytest.raises(structkit.PromptError, match="would not be accepted"):
        [*structkit.finetune_rows(THREE_OR_MORE, [("two", 2)])]


@pytest.mark.parametrize("kind", [structkit.Client, structkit.AsyncClient])
@pytest.mark.parametrize("address", ["", "  "])
def test_an_empty_address_is_not_the_address_of_openai(kind: Any, address: str) -> None:
    with pytest.raises(structkit.ConfigError, match="base_url is empty"):
        kind("fake", base_url=address, api_key="k")


@pytest.mark.parametrize("kind", [structkit.Client, structkit.AsyncClient])
def test_an_empty_key_is_not_the_key_of_the_environment(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-another-endpoint")
    with pytest.raises(structkit.ConfigError, match=r"no API key for https://gateway\.example/v1"):
        kind("fake", base_url="https://gateway.example/v1", api_key="")


@pytest.mark.parametrize("kind", [structkit.Client, structkit.AsyncClient])
def test_a_client_of_the_sdk_in_place_of_a_model_is_told_where_it_belongs(kind: Any) -> None:
    with pytest.raises(structkit.ConfigError, match="pass a client of the SDK as client="):
        kind(openai.OpenAI(api_key="k"))


@pytest.mark.parametrize("kind", [structkit.Client, structkit.AsyncClient])
@pytest.mark.parametrize("model", [3, "", " "])
def test_a_model_without_a_name_is_rejected_before_sending(kind: Any, model: Any) -> None:
    with pytest.raises(structkit.ConfigError, match="must be the name of a model"):
        kind(model, base_url="http://127.0.0.1:1/v1", api_key="k")
    with pytest.raises(structkit.ConfigError, match="must be the name of a model"):
        structkit.Client("fake", base_url="http://127.0.0.1:1/v1").extract(int, "q", model=model)


@pytest.mark.parametrize("kind", [structkit.Client, structkit.AsyncClient])
@pytest.mark.parametrize("options", [False, 3, "include_usage", ["include_usage"]])
def test_stream_options_that_are_no_mapping_are_rejected_when_the_client_is_made(kind: Any, options: Any) -> None:
    with pytest.raises(structkit.ConfigError, match="stream_options must be a mapping"):
        kind("m", base_url="http://127.0.0.1:9", stream_options=options)


@pytest.mark.parametrize("other", [{}, {"confidence": 3}, {"chunk": "auto"}, {"fallback": ["n"]}, {"evidence": True}])
@pytest.mark.parametrize("name", ["extra_body", "extra_headers", "extra_query"])
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_extras_that_are_no_mapping_are_rejected_before_sending_in_every_kind_of_call(
    other: dict[str, Any], name: str, is_async: bool
) -> None:
    options: Any = {name: "x", **other}

    def extract() -> Any:
        if is_async:
            return asyncio.run(structkit.AsyncClient("m", base_url="http://127.0.0.1:9").extract(int, "x", **options))
        return structkit.Client("m", base_url="http://127.0.0.1:9").extract(int, "x", **options)

    with pytest.raises(structkit.ConfigError, match=f"{name} must be a mapping"):
        extract()


@pytest.mark.parametrize("kind", [structkit.Client, structkit.AsyncClient])
@pytest.mark.parametrize("models", ["gpt-4o", [3], 3, [""]])
def test_an_invalid_fallback_is_rejected_when_the_client_is_made(kind: Any, models: Any) -> None:
    with pytest.raises(structkit.ConfigError, match="must be a list of models' names"):
        kind("fake", base_url="http://127.0.0.1:1/v1", api_key="k", fallback=models)
