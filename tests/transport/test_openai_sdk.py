"""A client of the SDK that the caller brings: which of its settings hold, and which kind fits which of our clients."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

import structkit
from structkit.testing import Endpoint, Reply, cassette, completion

KEY = "sk-test-hunter2-hunter2"
Timeouts = dict[str, float | None]
HTTP: Any = httpx2 if hasattr(openai._base_client, "httpx2") else openai._base_client.httpx
"""The HTTP library of the SDK: httpx2, or httpx before openai 3."""

Run = Callable[..., Any]


class MockedEndpoint:
    """Replies in memory, and records the timeouts of each request."""

    def __init__(self, status: int = 200) -> None:
        self.timeouts: list[Timeouts] = []
        self.status = status

    def answer(self, request: Any) -> Any:
        self.timeouts.append(request.extensions["timeout"])
        return HTTP.Response(self.status, json=completion('{"value": 3}'))


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Run:
    """Return a function that makes one call over an SDK client with some options."""

    def over_sync(mocked: MockedEndpoint, options: dict[str, Any], **call: Any) -> Any:
        http_client = HTTP.Client(transport=HTTP.MockTransport(mocked.answer), **options.pop("http", {}))
        client = openai.OpenAI(api_key=KEY, http_client=http_client, **options)
        return structkit.Client("m", client=client).run(int, "How many?", **call)

    def over_async(mocked: MockedEndpoint, options: dict[str, Any], **call: Any) -> Any:
        http_client = HTTP.AsyncClient(transport=HTTP.MockTransport(mocked.answer), **options.pop("http", {}))
        client = openai.AsyncOpenAI(api_key=KEY, http_client=http_client, **options)
        return asyncio.run(structkit.AsyncClient("m", client=client).run(int, "How many?", **call))

    return over_sync if request.param == "sync" else over_async


def all_of(seconds: float | None) -> Timeouts:
    return {"connect": seconds, "read": seconds, "write": seconds, "pool": seconds}


SDK_DEFAULT = {"connect": 5.0, "read": 600, "write": 600, "pool": 600}
CALLER_TIMEOUT = HTTP.Timeout(7, connect=2)


@pytest.mark.parametrize(
    ("options", "policy", "timeouts"),
    [
        ({"timeout": 1}, {}, all_of(1)),
        ({"timeout": None}, {}, all_of(None)),
        ({"timeout": CALLER_TIMEOUT}, {}, {**all_of(7), "connect": 2}),
        ({"http": {"timeout": 9}}, {}, all_of(9)),
        ({}, {}, SDK_DEFAULT),
        ({"timeout": 1}, {"timeout": 40}, {**all_of(40), "connect": 30}),
        ({"timeout": 1}, {"timeout": 600}, {**all_of(600), "connect": 30}),
        ({"timeout": CALLER_TIMEOUT}, {"deadline": 3}, {**all_of(3), "connect": 2}),
        ({"timeout": None}, {"deadline": 3}, all_of(3)),
        ({"timeout": 1}, {"timeout": 40, "deadline": 3}, all_of(3)),
    ],
)
def test_the_clients_own_timeout_is_used_unless_the_policy_sets_one(
    run: Run, options: dict[str, Any], policy: dict[str, Any], timeouts: Timeouts
) -> None:
    mocked = MockedEndpoint()
    assert run(mocked, dict(options), policy=structkit.Policy(**policy)).value == 3
    assert mocked.timeouts == [timeouts]


@pytest.mark.parametrize("driver", ["sync", "async"])
def test_an_error_names_the_timeout_of_the_client(driver: str) -> None:
    with Endpoint(Reply(completion('{"value": 3}'), delay=0.4)) as endpoint:
        options: Any = {"base_url": endpoint.base_url, "api_key": "k", "timeout": 0.05}
        policy = structkit.Policy(retries=0)

        def extract() -> Any:
            if driver == "sync":
                return structkit.Client("m", client=openai.OpenAI(**options), policy=policy).extract(int, "x")
            client = structkit.AsyncClient("m", client=openai.AsyncOpenAI(**options), policy=policy)
            return asyncio.run(client.extract(int, "x"))

        with pytest.raises(structkit.RequestTimeout, match=r"within 0\.05 s"):
            extract()


@pytest.mark.parametrize("driver", ["sync", "async"])
def test_an_error_of_the_list_of_models_names_the_timeout_of_the_client(driver: str) -> None:
    with Endpoint(models=Reply({"data": []}, delay=0.4)) as endpoint:
        options: Any = {"base_url": endpoint.base_url, "api_key": "k", "timeout": 0.05}

        def list_models() -> Any:
            if driver == "sync":
                return structkit.Client("m", client=openai.OpenAI(**options)).models()
            return asyncio.run(structkit.AsyncClient("m", client=openai.AsyncOpenAI(**options)).models())

        with pytest.raises(structkit.RequestTimeout, match=r"within 0\.05 s"):
            list_models()


def test_the_clients_own_retries_do_not_multiply_the_retries_of_the_policy(run: Run) -> None:
    mocked = MockedEndpoint(status=503)
    with pytest.raises(structkit.StatusError, match="503"):
        run(mocked, {"max_retries": 5}, policy=structkit.Policy(retries=1, wait_initial=0))
    assert len(mocked.timeouts) == 2


# Tools that patch `create`


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception | None], list[Any]]:
    """Return a function that patches `create` in both classes of the SDK, as tools for tracing do."""

    def patch(error: Exception | None) -> list[Any]:
        calls: list[Any] = []
        completions = openai.resources.chat.completions
        original, awaited = completions.Completions.create, completions.AsyncCompletions.create

        def record(arguments: dict[str, Any], reply: Any) -> Any:
            calls.append((arguments, reply))
            if error:
                raise error
            return reply

        @functools.wraps(original)
        def create(self: Any, **arguments: Any) -> Any:
            return record(arguments, original(self, **arguments))

        @functools.wraps(awaited)
        async def create_async(self: Any, **arguments: Any) -> Any:
            return record(arguments, await awaited(self, **arguments))

        monkeypatch.setattr(completions.Completions, "create", create)
        monkeypatch.setattr(completions.AsyncCompletions, "create", create_async)
        return calls

    return patch


def test_a_tool_that_patches_create_sees_the_request_the_answer_and_its_usage(run: Run, traced: Any) -> None:
    calls = traced(None)
    assert run(MockedEndpoint(), {}, temperature=0.5, extra_body={"enable_thinking": False}).value == 3
    [(arguments, reply)] = calls
    assert arguments["messages"] == [{"role": "user", "content": "How many?"}]
    assert (arguments["model"], arguments["temperature"]) == ("m", 0.5)
    assert arguments["response_format"]["type"] == "json_schema"
    assert arguments["extra_body"] == {"enable_thinking": False}
    assert reply.choices[0].message.content == '{"value": 3}'
    assert reply.usage.total_tokens == 15


def test_a_wrapper_of_create_without_its_signature_takes_fields_of_the_endpoint(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    completions = openai.resources.chat.completions
    for kind in (completions.Completions, completions.AsyncCompletions):
        original: Any = kind.create
        monkeypatch.setattr(kind, "create", lambda self, _original=original, **arguments: _original(self, **arguments))
    mocked = MockedEndpoint()
    assert run(mocked, {}, temperature=0.5, extra_body={"enable_thinking": False}).value == 3


def test_a_tool_that_raises_does_not_lose_a_reply_that_was_paid_for(run: Run, traced: Any) -> None:
    mocked = MockedEndpoint()
    traced(ValueError("the tracing server is down"))
    assert run(mocked, {}).value == 3
    assert len(mocked.timeouts) == 1


def test_an_error_reply_reaches_a_tool_as_the_error_of_the_sdk(run: Run, traced: Any) -> None:
    mocked, calls = MockedEndpoint(status=400), traced(None)
    with pytest.raises(structkit.StatusError, match="400"):
        run(mocked, {}, policy=structkit.Policy(retries=0))
    assert calls == [], "create has raised"


def test_a_create_that_sends_nothing_is_an_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    completions = openai.resources.chat.completions

    async def create_async(*_: Any, **__: Any) -> None:
        return None

    monkeypatch.setattr(completions.Completions, "create", lambda *_, **__: None)
    monkeypatch.setattr(completions.AsyncCompletions, "create", create_async)
    with pytest.raises(structkit.TransportError, match=r"create\(\) returned without sending the request"):
        run(MockedEndpoint(), {})


def test_an_awaited_client_is_used_in_one_event_loop_after_the_other() -> None:
    with Endpoint() as endpoint:
        client = structkit.AsyncClient("m", client=openai.AsyncOpenAI(base_url=endpoint.base_url, api_key=KEY))
        policy = structkit.Policy(retries=0)
        values = [asyncio.run(client.extract(int, "How many?", policy=policy)) for _ in range(3)]
    assert (values, len(endpoint.requests)) == ([0, 0, 0], 3)


def extract_through_proxy(is_async: bool, proxy: dict[str, str]) -> int:
    settings: dict[str, Any] = {"base_url": "http://gateway.invalid/v1", "api_key": KEY}
    policy = structkit.Policy(retries=0)
    if is_async:
        awaited = openai.AsyncOpenAI(http_client=HTTP.AsyncClient(**proxy), **settings)
        return asyncio.run(structkit.AsyncClient("m", client=awaited).extract(int, "x", policy=policy))
    blocking = openai.OpenAI(http_client=HTTP.Client(**proxy), **settings)
    return structkit.Client("m", client=blocking).extract(int, "x", policy=policy)


@pytest.mark.parametrize("is_explicit", [False, True], ids=["of the environment", "of the HTTP client"])
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_proxy_that_is_down_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, is_explicit: bool, is_async: bool
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://me:hunter2@127.0.0.1:{1 if is_explicit else 2}")
    proxy = {"proxy": "http://me:hunter2@127.0.0.1:2"} if is_explicit else {}
    with pytest.raises(structkit.ConnectionFailed) as caught:
        extract_through_proxy(is_async, proxy)
    assert "no connection to gateway.invalid through the proxy 127.0.0.1:2: " in str(caught.value)
    assert "hunter2@" not in str(caught.value)


# The kind of client


class BlockingTransport:
    """A transport that blocks; it is never used."""

    def send(self, request: structkit.Request, policy: structkit.Policy) -> Any:
        raise AssertionError

    def models(self) -> tuple[str, ...]:
        raise AssertionError

    def close(self) -> None:
        """Do nothing."""


class AwaitedTransport:
    """The same, awaited."""

    async def send(self, request: structkit.Request, policy: structkit.Policy) -> Any:
        raise AssertionError

    async def models(self) -> tuple[str, ...]:
        raise AssertionError

    async def close(self) -> None:
        """Do nothing."""


AZURE: dict[str, Any] = {"azure_endpoint": "https://x.example", "api_version": "1", "api_key": KEY}


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (structkit.Client, lambda: {"client": openai.AsyncOpenAI(api_key=KEY)}, r"use structkit\.AsyncClient"),
        (structkit.Client, lambda: {"client": openai.AsyncAzureOpenAI(**AZURE)}, r"use structkit\.AsyncClient"),
        (structkit.AsyncClient, lambda: {"client": openai.OpenAI(api_key=KEY)}, r"use structkit\.Client"),
        (structkit.AsyncClient, lambda: {"client": openai.AzureOpenAI(**AZURE)}, r"use structkit\.Client"),
        (structkit.Client, lambda: {"client": openai.OpenAI}, r"an openai\.OpenAI\(\.\.\.\), not the class OpenAI"),
        (structkit.Client, lambda: {"client": "gpt-4o"}, "not an object of type str"),
        (structkit.Client, lambda: {"client": structkit.Client("m", api_key=KEY)}, "not an object of type Client"),
        (structkit.AsyncClient, lambda: {"client": httpx2.AsyncClient()}, r"an openai\.AsyncOpenAI\(\.\.\.\)"),
        (structkit.Client, lambda: {"transport": AwaitedTransport()}, r"use structkit\.AsyncClient"),
        (structkit.Client, lambda: {"transport": AwaitedTransport}, "must be an object with a method send"),
        (structkit.Client, lambda: {"transport": httpx2.HTTPTransport()}, "must be an object with a method send"),
        (structkit.Client, lambda: {"transport": httpx2.Client()}, r"client=openai.OpenAI\(http_client=...\)"),
        (structkit.Client, lambda: {"transport": httpx2.AsyncClient()}, r"client=openai.OpenAI\(http_client=...\)"),
        (structkit.AsyncClient, lambda: {"transport": httpx2.Client()}, r"client=openai.AsyncOpenAI\(http_client"),
        (structkit.AsyncClient, lambda: {"transport": httpx2.AsyncClient()}, r"client=openai.AsyncOpenAI\(http_client"),
        (structkit.AsyncClient, lambda: {"transport": BlockingTransport()}, "BlockingTransport is blocking"),
        (structkit.AsyncClient, lambda: {"transport": cassette("x.json")}, r"use transport=tape\.asynchronous"),
        (structkit.Client, lambda: {"transport": cassette("x.json").asynchronous}, r"use structkit\.AsyncClient"),
    ],
    ids=[
        *["openai", "azure", "openai, awaited", "azure, awaited", "the class", "a text", "our own client", "httpx2"],
        *[
            "transport",
            "the class of a transport",
            "transport of httpx2",
            "client of httpx2",
            "client of httpx2, awaited",
            "client of httpx2, to await",
            "client of httpx2, both awaited",
            "transport, awaited",
            "tape",
            "tape, awaited",
        ],
    ],
)
def test_a_client_or_transport_of_the_other_kind_is_rejected_with_the_kind_to_use(
    kind: Any, arguments: Callable[[], dict[str, Any]], message: str
) -> None:
    with pytest.raises(structkit.ConfigError, match=message):
        kind("m", **arguments())


def test_a_job_a_function_and_a_cassette_reject_a_client_of_the_other_kind(tmp_path: Path) -> None:
    with pytest.raises(
        structkit.ConfigError, match="a job needs an async transport, but BlockingTransport is blocking"
    ):
        structkit.Job(
            [{"x": "1"}],
            tmp_path / "out.jsonl",
            output_type=int,
            prompt="{x}",
            model="m",
            transport=BlockingTransport(),
        ).run()
    with pytest.raises(structkit.ConfigError, match=r"must be a structkit\.Client or AsyncClient, not OpenAI"):
        structkit.prompt(int, client=openai.OpenAI(api_key=KEY))
    with (
        cassette(tmp_path / "tape.json", mode="record", over=lambda: structkit.AsyncClient("m", api_key=KEY)) as tape,
        pytest.raises(structkit.ConfigError, match=r"over=structkit\.Client"),
    ):
        structkit.Client("m", transport=tape).extract(int, "x")


@pytest.mark.parametrize("driver", ["sync", "async"])
@pytest.mark.parametrize("limits", [{"timeout": 0.1}, {"deadline": 0.1}])
def test_the_limits_of_a_client_hold_for_the_models_of_an_sdk_client(driver: str, limits: dict[str, Any]) -> None:
    policy = structkit.Policy(**limits)
    with Endpoint(models=Reply({"data": []}, delay=1)) as endpoint:
        options: Any = {"api_key": KEY, "base_url": endpoint.base_url}
        is_async = driver == "async"
        sdk: Any = (openai.AsyncOpenAI if is_async else openai.OpenAI)(**options)
        client: Any = (structkit.AsyncClient if is_async else structkit.Client)("m", client=sdk, policy=policy)
        with pytest.raises(structkit.RequestTimeout, match=r"within 0\.1 s"):
            asyncio.run(client.models()) if is_async else client.models()


class TenantClient(openai.OpenAI):
    """A client with a constructor of its own."""

    def __init__(self, tenant: str) -> None:
        super().__init__(api_key=KEY, base_url=f"http://{tenant}.example/v1")


class AsyncTenantClient(openai.AsyncOpenAI):
    """The same, awaited."""

    def __init__(self, tenant: str) -> None:
        super().__init__(api_key=KEY, base_url=f"http://{tenant}.example/v1")


def test_a_client_that_cannot_be_copied_is_named_with_what_to_do() -> None:
    for client_class, sdk in ((structkit.Client, TenantClient("a")), (structkit.AsyncClient, AsyncTenantClient("a"))):
        with pytest.raises(structkit.ConfigError, match=r"TenantClient cannot be copied.*override with_options\(\)"):
            client_class("m", client=sdk)  # type: ignore[arg-type]
