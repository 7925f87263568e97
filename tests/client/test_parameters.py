"""The parameters of a call over real HTTP: those with a name, and the caller's own fields, headers and query."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import openai
import pytest

import structkit
from structkit.client.argument_names import OTHER_NAMES
from structkit.testing import Endpoint, Reply, cassette, completion
from structkit.values.parameters import EXTRA_OPTIONS, OPTION_NAMES

Connect = Callable[..., Any]

PARAMETERS: dict[str, Any] = {
    "reasoning_effort": "low",
    "verbosity": "low",
    "service_tier": "flex",
    "parallel_tool_calls": False,
    "logprobs": True,
    "top_logprobs": 3,
    "metadata": {"team": "tea"},
    "store": False,
    "prompt_cache_key": "k",
    "prompt_cache_options": {"ttl": "1h"},
    "prompt_cache_retention": "24h",
    "safety_identifier": "u1",
    "modalities": ["text"],
    "audio": {"voice": "alloy", "format": "wav"},
    "prediction": {"type": "content", "content": "7"},
    "moderation": {"type": "auto"},
    "web_search_options": {},
    "temperature": 0,
    "seed": 7,
}


def test_every_parameter_of_the_sdk_is_sent_under_its_name(connect: Connect) -> None:
    with Endpoint() as endpoint:
        connect(endpoint.base_url).extract(int, "how many?", **PARAMETERS)
    sent = endpoint.requests[0]
    assert {name: sent[name] for name in PARAMETERS} == PARAMETERS


def test_every_parameter_of_the_sdk_has_a_name_here() -> None:
    from openai.types.chat import completion_create_params as params

    set_by_structkit = {"model", "messages", "response_format"}
    renamed = {"functions", "function_call"}  # deprecated forms of tools and tool_choice
    documented = params.CompletionCreateParamsBase.__annotations__.keys() - set_by_structkit - renamed
    assert documented <= {*OPTION_NAMES}


def test_other_fields_headers_and_queries_reach_the_endpoint(connect: Connect) -> None:
    with Endpoint() as endpoint:
        client = connect(endpoint.base_url, extra_headers={"X-Title": "client", "X-Team": "tea"})
        client.extract(
            int,
            "how many?",
            extra_body={"enable_thinking": False, "chat_template_kwargs": {"thinking": False}},
            extra_headers={"X-Title": "call"},
            extra_query={"api-version": "2026-01-01", "tag": ["a", "b"]},
        )
    assert endpoint.requests[0]["enable_thinking"] is False
    assert endpoint.requests[0]["chat_template_kwargs"] == {"thinking": False}
    assert endpoint.headers[0]["x-title"] == "call"
    assert endpoint.headers[0]["x-team"] == "tea"
    assert endpoint.paths[0].partition("?")[2] == "api-version=2026-01-01&tag%5B%5D=a&tag%5B%5D=b"


@pytest.mark.parametrize("value", ["tea time ", " tea time", "\ttea time\t"])
def test_spaces_around_the_value_of_a_header_are_not_sent(connect: Connect, value: str) -> None:
    with Endpoint() as endpoint:
        connect(endpoint.base_url).extract(int, "how many?", extra_headers={"X-Title": value})
    assert endpoint.headers[0]["x-title"] == "tea time"


def test_extra_fields_are_sent_with_a_stream_too(connect: Connect) -> None:
    with Endpoint() as endpoint:
        stream = structkit.Client("m", base_url=endpoint.base_url, api_key="k").stream(
            int, "how many?", extra_body={"top_k": 5}, extra_headers={"X-A": "1"}, stream_options={"obfuscation": False}
        )
        with stream:
            assert [*stream]
    assert endpoint.requests[0]["top_k"] == 5
    assert endpoint.requests[0]["stream_options"] == {"include_usage": True, "obfuscation": False}
    assert endpoint.headers[0]["x-a"] == "1"


def test_stream_options_are_not_sent_without_a_stream(connect: Connect) -> None:
    with Endpoint() as endpoint:
        connect(endpoint.base_url).extract(int, "how many?", stream_options={"include_usage": True})
    assert "stream_options" not in endpoint.requests[0]


def test_a_call_may_name_another_model_which_has_its_own_route(connect: Connect) -> None:
    with Endpoint() as endpoint:
        client = connect(endpoint.base_url, model="gpt-4o")
        client.extract(int, "how many?", model="claude-sonnet-5")
        client.extract(int, "how many?")
    assert [request["model"] for request in endpoint.requests] == ["claude-sonnet-5", "gpt-4o"]


def test_a_route_that_a_call_learns_belongs_to_the_model_of_that_call() -> None:
    def reply(request: Any) -> Reply:
        if request["model"] == "old" and "response_format" in request:
            return Reply({"error": {"message": "response_format is not supported"}}, status=400)
        return completion('{"value": 3}')

    with Endpoint(reply) as endpoint:
        client = structkit.Client("new", base_url=endpoint.base_url, api_key="k")
        for model in ("old", "new", "old"):
            assert client.extract(int, "how many?", model=model) == 3
    kinds = [(request["model"], "response_format" in request) for request in endpoint.requests]
    assert ("new", True) in kinds
    assert kinds[-1] == ("old", False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"extra_body": {"response_format": {}}}, r"extra_body \(--set\) has 'response_format'.*mode="),
        ({"extra_body": {"messages": []}}, "pass the messages as the prompt"),
        ({"extra_body": {"model": "x"}}, "pass model="),
        ({"extra_body": {"stream": True}}, "leave it out"),
        ({"extra_body": {"temperature": 1}}, "pass temperature="),
        ({"extra_body": [1]}, "must be a mapping"),
        ({"extra_headers": {"X-A": "1\r\nX-B: 2"}}, "'X-A'.*line break"),
        ({"extra_headers": {"X-A": "日本"}}, "'X-A'"),
        ({"extra_headers": {"X A": "1"}}, "not valid in HTTP"),
        ({"extra_headers": {"X-A": 3}}, "'X-A'.*int"),
        ({"extra_headers": {"Content-Length": "3"}}, "leave it out"),
        ({"extra_query": {"a": {"b": 1}}}, "extra_query has 'a'"),
    ],
)
def test_what_cannot_be_sent_is_rejected_before_sending(connect: Connect, arguments: Any, message: str) -> None:
    with Endpoint() as endpoint, pytest.raises(structkit.ConfigError, match=message):
        connect(endpoint.base_url).extract(int, "how many?", **arguments)
    assert endpoint.requests == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("max_retries", "structkit.Policy"),
        ("timeout", "Policy\\(timeout"),
        ("response_model", "first argument"),
        ("system", "instructions="),
        ("messages", "second argument"),
        ("top_k", "extra_body={'top_k': ...}"),
    ],
)
def test_the_argument_of_another_library_is_named_here(connect: Connect, name: str, hint: str) -> None:
    with pytest.raises(TypeError, match=hint):
        connect("http://127.0.0.1:9/v1").extract(int, "how many?", **{name: 3})


def test_header_values_are_in_no_error_and_no_repr(connect: Connect) -> None:
    secret = "hunter2-of-a-header"
    body = {"error": {"message": f"bad header {secret}"}}
    with Endpoint(Reply(body, status=400)) as endpoint:
        client = connect(endpoint.base_url, mode="prompt")
        with pytest.raises(structkit.StructkitError) as caught:
            client.extract(int, "how many?", extra_headers={"X-Key": secret})
    error = caught.value
    assert secret not in "".join(map(repr, (str(error), error, error.body, error.attempts)))  # type: ignore[attr-defined]


def test_a_cassette_distinguishes_requests_by_their_extras(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    with Endpoint() as endpoint:
        client = structkit.Client("m", base_url=endpoint.base_url, api_key="k")
        with cassette(path, "record", over=lambda: client) as tape:
            recorder = structkit.Client("m", transport=tape)
            recorder.extract(int, "how many?", extra_headers={"X-A": "hunter2-a"}, extra_query={"q": "1"})
    assert "hunter2-a" not in path.read_text(encoding="utf-8")
    with cassette(path, "replay") as tape:
        player = structkit.Client("m", transport=tape)
        for extras in ({"extra_headers": {"X-A": "other"}}, {"extra_headers": {"X-A": "hunter2-a"}}):
            with pytest.raises(structkit.ConfigError, match="does not have this request"):
                player.extract(int, "how many?", **extras)  # type: ignore[arg-type]
        player.extract(int, "how many?", extra_headers={"X-A": "hunter2-a"}, extra_query={"q": "1"})


@pytest.mark.parametrize("name", sorted(EXTRA_OPTIONS))
def test_extras_are_part_of_a_jobs_identity_without_secrets(tmp_path: Path, name: str) -> None:
    values = {
        "extra_body": {"top_k": 5, "litellm": {"api_key": "hunter2-key"}},
        "extra_headers": {"X-Title": "hunter2-title"},
        "extra_query": {"q": "hunter2-q", "api-version": "1"},
    }
    with Endpoint() as endpoint:
        settings: Any = {"output_type": int, "prompt": "{text}", "model": "m", "base_url": endpoint.base_url}
        source, output = [{"text": "a"}], tmp_path / "out.csv"
        structkit.Job(source, output, **settings, api_key="k", call={name: values[name]}).run()
        with pytest.raises(structkit.JobError, match=name if name != "extra_body" else "top_k"):
            structkit.Job(source, output, **settings, api_key="k").run()
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(b"hunter2" in each for each in files)


def test_a_job_rejects_a_model_in_its_call(tmp_path: Path) -> None:
    call: Any = {"model": "other"}
    with pytest.raises(structkit.ConfigError, match="pass model= to the job"):
        structkit.Job([{"text": "a"}], tmp_path / "o.csv", output_type=int, prompt="{text}", model="m", call=call).run()


def test_the_callers_tools_are_sent_beside_the_answer_in_tool_mode(connect: Connect) -> None:
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    with Endpoint() as endpoint:
        connect(endpoint.base_url, mode="tool").extract(int, "how many?", tools=[tool])
    assert [each["function"]["name"] for each in endpoint.requests[0]["tools"]] == ["look", "int"]
    assert endpoint.requests[0]["tool_choice"]["function"]["name"] == "int"


@pytest.mark.parametrize(
    "value", [{"a": {1, 2}}, {"a": float("nan")}, {"a": object()}, {"a": {3j: 1}}, {"a": "half \ud800"}]
)
@pytest.mark.parametrize("name", ["extra_body", "metadata", "logit_bias", "prediction"])
def test_a_parameter_that_is_not_json_is_rejected_before_sending(connect: Any, name: str, value: Any) -> None:
    with Endpoint() as endpoint:
        client = connect(endpoint.base_url)
        with pytest.raises(structkit.ConfigError, match=f"{name} cannot be sent as JSON"):
            client.run(int, "how many?", **{name: value})
        job = structkit.Job([{"t": "a"}], None, output_type=int, prompt="{t}", model="m", base_url=endpoint.base_url)
        with pytest.raises(structkit.ConfigError, match=f"{name} cannot be sent as JSON"):
            dataclasses.replace(job, call=cast("Any", {name: value})).run()
    assert endpoint.requests == []


@pytest.mark.parametrize("query", [{"a": "half \ud800"}, {"half \ud800": 1}, {"a": ["b", "\udc00"]}])
def test_a_query_that_no_url_has_is_rejected_before_sending(connect: Any, query: Any) -> None:
    with Endpoint() as endpoint, pytest.raises(structkit.ConfigError, match="half of a surrogate pair"):
        connect(endpoint.base_url).run(int, "how many?", extra_query=query)
    assert endpoint.requests == []


def test_a_tool_in_the_form_of_the_endpoint_that_is_not_json_is_rejected(connect: Any) -> None:
    with Endpoint() as endpoint, pytest.raises(structkit.ConfigError, match="tools cannot be sent as JSON"):
        connect(endpoint.base_url).run(int, "how many?", tools=[{"type": "web_search", "sites": {"a"}}])


@pytest.mark.parametrize("name", ["base_url", "api_key", "transport", "cache", "prices"])
def test_an_argument_of_a_client_in_a_call_is_told_to_belong_to_the_client(connect: Any, name: str) -> None:
    with Endpoint() as endpoint, pytest.raises(TypeError, match=rf"structkit\.Client\(model, {name}=\.\.\.\)"):
        connect(endpoint.base_url).run(int, "how many?", **{name: "x"})


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("http_client", "client=openai.OpenAI"),
        ("organization", "OPENAI_ORG_ID"),
        ("message_history", "result.messages"),
        ("deps", "context="),
        ("strict", "mode="),
        ("azure_endpoint", r"client=openai.AzureOpenAI\(azure_endpoint=\.\.\.\)"),
        ("proxy", r"HTTP_PROXY.*httpx2.Client\(proxy=\.\.\.\)"),
        ("verify", r"SSL_CERT_FILE.*httpx2.Client\(verify=\.\.\.\)"),
    ],
)
def test_an_argument_of_another_library_is_told_where_it_belongs(connect: Any, name: str, hint: str) -> None:
    with Endpoint() as endpoint, pytest.raises(TypeError, match=hint):
        connect(endpoint.base_url).run(int, "how many?", **{name: "x"})


@pytest.mark.parametrize("sdk_class", [openai.OpenAI, openai.AzureOpenAI])
def test_each_argument_of_an_sdk_client_has_its_place(sdk_class: Any) -> None:
    names = [name for name in inspect.signature(sdk_class).parameters if not name.startswith(("_", "admin_"))]
    assert [name for name in names if name not in OTHER_NAMES] == []
