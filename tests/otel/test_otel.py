"""OpenTelemetry: a span for each request, separate from all others in flight, without secrets."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from pydantic import AfterValidator, BaseModel, create_model

import structkit
from structkit import otel
from structkit.dialects import Dialect, Size
from structkit.testing import FAULTS, Endpoint, Reply, call, completion, fault, tool_call_completion
from structkit.values import JSON

KEY = "sk-test-hunter2-hunter2"
Connect = Callable[..., Any]


class Spans:
    """The spans that the SDK exported."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = provider.get_tracer("tests")

    @property
    def all(self) -> list[ReadableSpan]:
        return sorted(self._exporter.get_finished_spans(), key=lambda span: span.start_time or 0)

    @property
    def text(self) -> str:
        """All names, attributes and events of the spans; ids and times are numbers without content."""
        spans = [(span.name, span.attributes, span.status.description) for span in self.all]
        return repr([*spans, *[(event.name, event.attributes) for span in self.all for event in span.events]])


@pytest.fixture
def spans() -> Spans:
    return Spans()


def attributes(span: ReadableSpan) -> JSON:
    return dict(span.attributes or {})


def issues(span: ReadableSpan) -> list[tuple[Any, Any]]:
    events = [dict(event.attributes or {}) for event in span.events]
    return [(each["structkit.issue.path"], each["structkit.issue.message"]) for each in events]


@pytest.mark.parametrize("base_url", ["http://host:port/v1", "http://host:99999/v1", "http://[::1/v1"])
def test_an_address_that_is_none_is_an_error_that_names_it(spans: Spans, base_url: str) -> None:
    with pytest.raises(structkit.ConfigError, match=r"base_url of otel\.hooks"):
        otel.hooks(spans.tracer, base_url=base_url)


def test_a_request_is_a_span_by_the_conventions(connect: Connect, spans: Spans) -> None:
    body = {**completion('{"value": 7}'), "id": "chatcmpl-1", "model": "gpt-4o-2024-08-06"}
    with Endpoint(Reply(body)) as endpoint:
        hooks = otel.hooks(spans.tracer, base_url=endpoint.base_url)
        client = connect(endpoint.base_url, model="gpt-4o", hooks=hooks, temperature=0, max_tokens=50, stop="\n\n")
        client.extract(int, "How many?", seed=3)
        port = int(endpoint.base_url.rpartition(":")[2].partition("/")[0])
    [span] = spans.all
    assert (span.name, span.kind, span.status.status_code) == (
        "chat gpt-4o",
        trace.SpanKind.CLIENT,
        trace.StatusCode.UNSET,
    )
    assert attributes(span) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.request.temperature": 0,
        "gen_ai.request.max_tokens": 50,
        "gen_ai.request.seed": 3,
        "gen_ai.request.stop_sequences": ("\n\n",),
        "gen_ai.output.type": "json",
        "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.response.model": "gpt-4o-2024-08-06",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 5,
        "server.address": "127.0.0.1",
        "server.port": port,
        "structkit.attempt": 1,
        "structkit.mode": "json_schema",
        "structkit.retries": 0,
        "structkit.repairs": (),
        "structkit.issues": 0,
    }


def test_every_gen_ai_attribute_is_in_the_conventions(spans: Spans) -> None:
    conventions = {value for name, value in vars(gen_ai_attributes).items() if name.startswith("GEN_AI_")}
    parameters: JSON = {
        "top_p": 0.5,
        "presence_penalty": 0.1,
        "frequency_penalty": 0.1,
        "n": 2,
        "max_completion_tokens": 9,
    }
    with Endpoint('{"value": "x"}', '{"value": 7}') as endpoint:
        client = structkit.Client("m", base_url=endpoint.base_url, hooks=otel.hooks(spans.tracer, content=True))
        client.extract(int, "How many?", temperature=0, seed=1, stop=["a"], **parameters)
    used = {name for span in spans.all for name in attributes(span)}
    assert {name for name in used if name.startswith("gen_ai.")} <= conventions
    assert {name for name in used if not name.startswith("gen_ai.")} <= {
        *("structkit.attempt", "structkit.mode", "structkit.retries", "structkit.repairs", "structkit.issues"),
    }


def test_an_issue_of_a_reply_is_an_event_of_its_span(connect: Connect, spans: Spans) -> None:
    with Endpoint('{"value": "many"}', '{"value": 7}') as endpoint:
        connect(endpoint.base_url, hooks=otel.hooks(spans.tracer)).extract(int, "How many?")
    invalid, valid = spans.all
    message = "Input should be a valid integer, unable to parse string as an integer"
    assert (issues(invalid), issues(valid)) == ([("(root)", message)], [])
    assert [attributes(span)["structkit.attempt"] for span in spans.all] == [1, 2]
    assert (invalid.end_time or 0) <= (valid.start_time or 0)
    assert invalid.events[0].timestamp == invalid.end_time


def test_retries_of_a_request_are_within_its_span(connect: Connect, spans: Spans) -> None:
    with Endpoint(fault("unavailable"), fault("rate_limited", 0), '{"value": 7}') as endpoint:
        connect(endpoint.base_url, hooks=otel.hooks(spans.tracer)).extract(int, "How many?")
    [span] = spans.all
    assert attributes(span)["structkit.retries"] == 2
    assert span.status.status_code is trace.StatusCode.UNSET


def test_a_rejected_mode_is_a_separate_failed_span(connect: Connect, spans: Spans) -> None:
    with Endpoint(faults={"rejects_response_format": 1.0}) as endpoint:
        connect(endpoint.base_url, hooks=otel.hooks(spans.tracer)).extract(int, "How many?")
    outcomes = [(attributes(span)["structkit.mode"], attributes(span).get("error.type")) for span in spans.all]
    assert outcomes == [("json_schema", "400"), ("json_schema_lax", "400"), ("tool", None)]
    assert [span.status.status_code.name for span in spans.all] == ["ERROR", "ERROR", "UNSET"]


def test_an_ignored_mode_and_the_repairs_of_the_next_are_recorded(connect: Connect, spans: Spans) -> None:
    with Endpoint("Seven, I think.", "```json\n{'value': 7}\n```") as endpoint:
        connect(endpoint.base_url, hooks=otel.hooks(spans.tracer)).extract(int, "How many?")
    ignored, valid = map(attributes, spans.all)
    assert (ignored["structkit.mode"], ignored["structkit.issues"]) == ("json_schema", 1)
    assert (valid["structkit.mode"], valid["structkit.repairs"]) == ("tool", ("code fence", "single quotes"))


@pytest.mark.parametrize(
    ("reply", "error_type", "usage"),
    [
        (fault("server_error"), "500", None),
        (fault("html"), "MalformedReply", None),
        (fault("no_choices"), "MalformedReply", 10),
        (fault("reset"), "ConnectionFailed", None),
        (fault("read_timeout", 5), "RequestTimeout", None),
    ],
    ids=["500", "html", "no choices", "reset", "timeout"],
)
def test_a_request_without_a_completion_has_an_error_type(
    connect: Connect, spans: Spans, reply: Any, error_type: str, usage: int | None
) -> None:
    policy = structkit.Policy(retries=0, timeout=0.3 if error_type == "RequestTimeout" else 600)
    with Endpoint(reply) as endpoint:
        client = connect(endpoint.base_url, hooks=otel.hooks(spans.tracer), policy=policy)
        with pytest.raises(structkit.TransportError):
            client.extract(int, "How many?")
    [span] = spans.all
    assert attributes(span)["error.type"] == error_type
    assert span.status.status_code is trace.StatusCode.ERROR
    assert attributes(span).get("gen_ai.usage.input_tokens") == usage, "unknown is not zero"


@pytest.mark.parametrize("name", ["refusal", "content_filter", "length"])
def test_a_reply_that_is_not_an_answer_has_an_issue(connect: Connect, spans: Spans, name: str) -> None:
    with Endpoint(fault(name)) as endpoint:
        client = connect(endpoint.base_url, hooks=otel.hooks(spans.tracer), policy=structkit.Policy(attempts=1))
        with pytest.raises(structkit.ExtractionError):
            client.extract(str, "How many?")
    [span] = spans.all
    assert attributes(span)["structkit.issues"] == 1
    assert "cannot help" not in spans.text


# The request of a span


def echo(body: JSON) -> Reply:
    """Return the number in the prompt, after a delay that changes the order of the replies."""
    number = body["messages"][0]["content"].rpartition(" ")[2]
    body = completion(json.dumps({"value": int(number)}))
    return Reply({**body, "id": f"reply-{number}"}, delay=0.02 * (int(number) % 3))


def test_concurrent_calls_have_separate_spans(spans: Spans) -> None:
    with Endpoint(echo) as endpoint:
        hooks = otel.hooks(spans.tracer, content=True)
        client = structkit.Client("m", base_url=endpoint.base_url, hooks=hooks)
        with ThreadPoolExecutor(8) as pool:
            values = list(pool.map(lambda number: client.extract(int, f"Say {number}"), range(24)))

        async def run_async() -> list[int]:
            async with structkit.AsyncClient("m", base_url=endpoint.base_url, hooks=hooks) as client:
                return await asyncio.gather(*(client.extract(int, f"Say {number}") for number in range(24, 48)))

        values += asyncio.run(run_async())
    assert values == list(range(48))
    messages = [
        (attributes(span)["gen_ai.input.messages"], attributes(span)["gen_ai.response.id"]) for span in spans.all
    ]
    assert sorted(int(reply.removeprefix("reply-")) for _, reply in messages) == values
    assert all(f'Say {reply.removeprefix("reply-")}"' in prompt for prompt, reply in messages)


def test_the_parts_of_a_large_type_are_spans_under_the_callers(connect: Connect, spans: Spans) -> None:
    def answer(body: JSON) -> Reply:
        """Return an invalid first reply to one of the parts."""
        properties = [*body["response_format"]["json_schema"]["schema"]["properties"]]
        is_valid = len(body["messages"]) > 1 or "a" in properties
        return Reply(completion(json.dumps(dict.fromkeys(properties, 1 if is_valid else "one"))))

    model = create_model("Wide", **dict.fromkeys("abcd", (int, ...)))  # type: ignore[call-overload]
    small = Dialect("small", max_size=Size(3, 100, 1_000, 0, 100))
    with Endpoint(answer) as endpoint, spans.tracer.start_as_current_span("parent") as parent:
        client = connect(endpoint.base_url, hooks=otel.hooks(spans.tracer), dialect=small)
        client.extract(model, "count")
    requests = [span for span in spans.all if span.name != "parent"]
    parents = [span.parent.span_id for span in requests if span.parent]
    assert parents == [parent.get_span_context().span_id] * 3
    assert sorted(attributes(span)["structkit.attempt"] for span in requests) == [1, 1, 2]
    assert sorted(len(span.events) for span in requests) == [0, 0, 1]


def test_each_attempt_of_a_split_call_is_reported_once() -> None:
    def answer(body: JSON) -> Reply:
        properties = [*body["response_format"]["json_schema"]["schema"]["properties"]]
        is_valid = len(body["messages"]) > 1 or "d" in properties
        return Reply(completion(json.dumps(dict.fromkeys(properties, 1 if is_valid else "one"))))

    model = create_model("Wide", **dict.fromkeys("abcd", (int, ...)))  # type: ignore[call-overload]
    attempts: list[structkit.Attempt] = []
    with Endpoint(answer) as endpoint:
        small = Dialect("small", max_size=Size(3, 100, 1_000, 0, 100))
        hooks = structkit.Hooks(on_attempt=attempts.append)
        client = structkit.Client("m", base_url=endpoint.base_url, dialect=small, hooks=hooks)
        result = client.run(model, "count")
    assert len(attempts) == len(result.attempts) == 3
    assert {id(attempt) for attempt in attempts} == {id(attempt) for attempt in result.attempts}


def test_the_attempt_has_the_request_object_that_was_sent(connect: Connect) -> None:
    sent: list[structkit.Request] = []
    with Endpoint(fault("rejects_response_format"), '{"value": "x"}', '{"value": 7}') as endpoint:
        result = connect(endpoint.base_url, hooks=structkit.Hooks(before_request=sent.append)).run(int, "How many?")
    assert [id(attempt.request) for attempt in result.attempts] == [id(request) for request in sent]


# Interrupted calls


def test_a_cancelled_call_ends_its_span(spans: Spans) -> None:
    arrived = threading.Event()

    def slow_answer(body: JSON) -> Reply:
        arrived.set()
        return Reply(completion('{"value": 7}'), delay=0.5)

    async def work(base_url: str) -> None:
        async with structkit.AsyncClient("m", base_url=base_url, hooks=otel.hooks(spans.tracer)) as client:
            call = asyncio.ensure_future(client.extract(int, "How many?"))
            await asyncio.to_thread(arrived.wait)
            call.cancel()
            await call

    with Endpoint(slow_answer) as endpoint, pytest.raises(asyncio.CancelledError):
        asyncio.run(work(endpoint.base_url))
    [span] = spans.all
    assert (attributes(span)["error.type"], span.status.status_code.name) == ("CancelledError", "ERROR")


class Abort(BaseException):
    """An exception that ends a program, unlike the failure of a check."""


def test_an_exception_that_ends_a_call_ends_its_span(connect: Connect, spans: Spans) -> None:
    def aborting_check(value: int) -> None:
        raise Abort(f"no such number: {value}")

    with Endpoint('{"value": 7}') as endpoint, pytest.raises(Abort):
        connect(endpoint.base_url, hooks=otel.hooks(spans.tracer), checks=[aborting_check]).extract(int, "How many?")
    [span] = spans.all
    assert attributes(span)["error.type"] == "Abort"
    assert "no such number" not in spans.text


# What no span contains


def raise_with_value(value: str) -> str:
    raise ValueError(f"{value!r} is not a name: {value}")


class Person(BaseModel):
    name: Annotated[str, AfterValidator(raise_with_value)]
    born: int


SECRETS = ("hunter2", "Swordfish", "4711 AUC", "cannot help")


@pytest.mark.parametrize("name", ["", *sorted({*FAULTS} - {"huge", "gzip_bomb", "read_timeout", "rejects_keyword"})])
def test_nothing_secret_is_in_any_span(connect: Connect, spans: Spans, name: str) -> None:
    reply = '{"name": "Swordfish Ltd", "born": "4711 AUC"}'
    policy = structkit.Policy(attempts=2, retries=1, wait_initial=0.001, wait_max=0.002)
    with Endpoint(reply, faults={name: 1.0} if name else {}) as endpoint:
        hooks = otel.hooks(spans.tracer, base_url=endpoint.base_url.replace("//", "//user:hunter2@"))
        client = connect(endpoint.base_url, hooks=hooks, policy=policy)
        with pytest.raises(structkit.StructkitError):
            client.extract(Person, "Swordfish", instructions="Swordfish", user="Swordfish")
    assert spans.all
    assert [secret for secret in SECRETS if secret in spans.text] == []


def test_an_invalid_value_of_a_json_schema_is_not_in_any_span(connect: Connect, spans: Spans) -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 3}}, "required": ["name"]}
    with Endpoint(json.dumps({"name": "Swordfish " * 30})) as endpoint, pytest.raises(structkit.InvalidOutput):
        connect(endpoint.base_url, hooks=otel.hooks(spans.tracer)).extract(schema, "Name?")
    assert {path for span in spans.all for path, _ in issues(span)} == {"name"}
    assert "Swordfish" not in spans.text


def look_up(city: str) -> float:
    """Return the temperature of a city."""
    return {"Lyon": 21.5}[city]


def test_a_call_of_a_tool_is_a_span_with_its_name(connect: Connect, spans: Spans) -> None:
    with Endpoint([call("look_up", city="Lyon"), call("look_up", city="Atlantis")], '{"value": 3}') as endpoint:
        client = connect(endpoint.base_url, hooks=otel.hooks(spans.tracer))
        client.extract(int, "x", tools=[look_up], policy=structkit.Policy(tool_errors="tell"))
    tools = [span for span in spans.all if span.name == "execute_tool look_up"]
    assert len(tools) == 2
    assert len(spans.all) == 4
    names = ["gen_ai.operation.name", "gen_ai.tool.name", "gen_ai.tool.type"]
    assert [attributes(span)[name] for span in tools for name in names] == ["execute_tool", "look_up", "function"] * 2
    assert sorted(attributes(span).get("error.type", "") for span in tools) == ["", "KeyError"]
    assert not any(text in spans.text for text in ("Lyon", "Atlantis", "21.5"))


def test_arguments_and_results_of_tools_are_content(connect: Connect, spans: Spans) -> None:
    with Endpoint(call("look_up", city="Lyon"), '{"value": 3}') as endpoint:
        client = connect(endpoint.base_url, hooks=otel.hooks(spans.tracer, content=True))
        client.extract(int, "x", tools=[look_up])
    [tool] = [span for span in spans.all if span.name == "execute_tool look_up"]
    names = ("gen_ai.tool.call.arguments", "gen_ai.tool.call.result")
    assert [attributes(tool)[name] for name in names] == ['{"city": "Lyon"}', "21.5"]


def test_content_is_recorded_on_request(connect: Connect, spans: Spans) -> None:
    photo = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    message = structkit.Message("user", ({"type": "text", "text": "How many?"}, photo))
    with Endpoint('{"value": "many"}', Reply(tool_call_completion("value", '{"value": 7}'))) as endpoint:
        connect(endpoint.base_url, hooks=otel.hooks(spans.tracer, content=True)).extract(
            int, [message], instructions="Count."
        )
    first, second = spans.all
    assert json.loads(attributes(first)["gen_ai.input.messages"]) == [
        {"role": "system", "parts": [{"type": "text", "content": "Count."}]},
        {"role": "user", "parts": [{"type": "text", "content": "How many?"}, {"type": "image_url"}]},
    ]
    assert json.loads(attributes(first)["gen_ai.output.messages"]) == [
        {"role": "assistant", "parts": [{"type": "text", "content": '{"value": "many"}'}], "finish_reason": "stop"}
    ]
    [call] = json.loads(attributes(second)["gen_ai.output.messages"])[0]["parts"]
    assert (call["type"], call["arguments"]) == ("tool_call", '{"value": 7}')
    assert dict(first.events[0].attributes or {})["structkit.issue.got"] == '"many"'
    assert KEY not in spans.text


@pytest.mark.parametrize(
    ("message", "got", "redacted"),
    [
        ("'Ada' is not of type 'integer'", '"Ada"', "… is not of type 'integer'"),
        ("Value error, no such customer: Ada Lovelace", '"Ada Lovelace"', "Value error, no such customer: …"),
        ("{'a': [1, None]} is too long", '{"a": [1, null]}', "… is too long"),
        ("'" + "word " * 40, '"' + "word " * 19 + "…", "…"),
        ("the model refused", "'I cannot help.'", "the model refused"),
        ("required, but missing", "", "required, but missing"),
    ],
    ids=["short text", "text in a sentence", "object", "shortened", "not JSON", "empty"],
)
def test_a_message_is_recorded_without_the_value(message: str, got: str, redacted: str) -> None:
    assert otel.redact(message, got) == redacted


# Without OpenTelemetry


def test_without_the_package_the_error_has_the_install_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(structkit.ConfigError, match=r"pip install 'structkit-llm\[otel\]'"):
        otel.hooks()


def test_without_a_provider_nothing_is_recorded_and_nothing_fails(connect: Connect) -> None:
    with Endpoint('{"value": 7}') as endpoint:
        assert connect(endpoint.base_url, hooks=otel.hooks()).extract(int, "How many?") == 7
