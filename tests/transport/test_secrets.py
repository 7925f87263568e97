"""Secrets that an endpoint or a proxy echoes: no message, body or cassette contains them."""

from __future__ import annotations

import asyncio
import html
import json
import pickle
import re
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

import structkit
from structkit.client.endpoint_settings import find_endpoint
from structkit.testing import Endpoint, Reply, cassette, completion
from structkit.transport.http_reply import redact
from structkit.values import JSON, Parameters

Connect = Callable[..., Any]
KEY = "sk-test-hunter2-hunter2"
NO_RETRIES = structkit.Policy(retries=0)
HEADER_SECRET, TOKEN, PASSWORD = "azure-key-4711", "token-0815", "p@ss/w#rd"


def all_texts(error: structkit.StructkitError) -> str:
    """Return everything that a log of an error could contain."""
    return f"{error} {error!r} {vars(error)} {pickle.dumps(error)!r}"


@pytest.fixture
def echoing() -> Endpoint:
    """Return an endpoint whose error echoes the headers of the request."""

    def answer(_: JSON) -> Reply:
        headers = endpoint.headers[-1]
        return Reply({"error": {"message": f"invalid: {headers.get('api-key')} {headers.get('x-auth')}"}}, status=401)

    endpoint = Endpoint(answer)
    return endpoint


@pytest.fixture
def custom_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set secrets in headers of the user's own."""
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"api-key: {HEADER_SECRET}\nX-Auth: Bearer {TOKEN}")


@pytest.mark.usefixtures("custom_headers")
def test_values_of_custom_headers_are_redacted(connect: Connect, echoing: Endpoint) -> None:
    with echoing as endpoint, pytest.raises(structkit.StatusError, match="invalid") as caught:
        connect(endpoint.base_url, policy=NO_RETRIES).extract(int, "x")
    assert endpoint.headers[0]["api-key"] == HEADER_SECRET
    assert HEADER_SECRET not in all_texts(caught.value)
    assert TOKEN not in all_texts(caught.value)


ESCAPES: dict[str, Callable[[str], str]] = {
    "not": str,
    "Python": repr,
    "JSON": json.dumps,
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "JSON of Go": lambda text: json.dumps(text).replace("&", "\\u0026").replace("<", "\\u003c"),
    "JSON of .NET": lambda text: (
        json.dumps(text).replace("&", "\\u0026").replace("+", "\\u002B").replace('\\"', "\\u0022")
    ),
    "JSON of PHP": lambda text: json.dumps(text).replace("/", "\\/"),
    "HTML": html.escape,
    "HTML of Go": lambda text: html.escape(text).replace("&quot;", "&#34;").replace("+", "&#43;"),
    "a path": quote,
    "a query": quote_plus,
}


def test_a_long_error_of_words_that_begin_like_keys_is_redacted_at_once(connect: Connect) -> None:
    body = "sk-proj-" * 100_000 + " sk-proj-4711-4711-4711"
    with Endpoint(Reply(body, status=400)) as endpoint, pytest.raises(structkit.StatusError) as caught:
        connect(endpoint.base_url, policy=NO_RETRIES).extract(int, "x")
    assert "4711" not in all_texts(caught.value)


@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES.keys())
@pytest.mark.parametrize("secret", ["k/9f8a+7b&6c==", 'say "<hi>" now', "p@ss word's"])
def test_a_secret_is_redacted_however_an_endpoint_escapes_it(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, secret: str, escape: Callable[[str], str]
) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"x-secret: {secret}")
    echo = f"begin {escape(secret)} end"
    for body in (echo, {"error": {"message": echo}}):
        with Endpoint(Reply(body, status=400)) as endpoint, pytest.raises(structkit.StatusError) as caught:
            connect(endpoint.base_url, policy=NO_RETRIES).extract(int, "x")
        assert "[redacted]" in str(caught.value)
        words = re.findall(r"[a-z0-9]+", str(caught.value).partition("begin")[2].partition("end")[0])
        assert {*words} <= {"redacted"}, "nothing of the secret is left"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=8), st.sampled_from([*ESCAPES]))
def test_no_escape_hides_a_secret_of_any_characters(secret: str, escape: str) -> None:
    message = redact(f"begin {ESCAPES[escape](secret)} end", secret)
    assert re.fullmatch(r"""begin [\\"']*\[redacted\][\\"']* end""", message)


@pytest.mark.usefixtures("custom_headers")
def test_values_of_custom_headers_are_redacted_in_a_redirect_that_quotes_them(connect: Connect) -> None:
    locations = [f"https://x.example/?to={quote(f'Bearer {TOKEN}')}", f"/?to={quote_plus(f'Bearer {TOKEN}')}"]
    for location in locations:
        with Endpoint(Reply("", status=307, headers={"location": location})) as endpoint:
            with pytest.raises(structkit.StatusError, match="redirect") as caught:
                connect(endpoint.base_url, policy=NO_RETRIES).extract(int, "x")
            assert "Bearer" not in all_texts(caught.value)


@pytest.mark.parametrize("driver", ["sync", "async"])
@pytest.mark.parametrize("action", ["extract", "stream", "models"])
def test_what_an_http_client_of_the_callers_adds_to_a_request_is_redacted(driver: str, action: str) -> None:
    def add_header(request: Any) -> None:
        request.headers["x-auth"] = f"Bearer {TOKEN}"

    async def add_header_async(request: Any) -> None:
        add_header(request)

    def answer(_: JSON) -> Reply:
        headers = endpoint.headers[-1]
        names = ("authorization", "x-auth", "api-key", "cookie")
        return Reply({"error": {"message": " ".join(f"invalid: {headers.get(name)}" for name in names)}}, status=401)

    options: Any = {"headers": {"api-key": HEADER_SECRET}, "auth": ("user", PASSWORD), "cookies": {"c": "cookie-4712"}}
    hooks = {"request": [add_header if driver == "sync" else add_header_async]}
    library_client: Any = httpx2.Client if driver == "sync" else httpx2.AsyncClient
    http_client = library_client(event_hooks=hooks, **options)
    echo = Reply({"error": {"message": f"invalid: Bearer {TOKEN} {HEADER_SECRET}"}}, status=401)
    with Endpoint(answer, models=echo) as endpoint, pytest.raises(structkit.StatusError, match="invalid") as caught:
        call_over_sdk({"base_url": endpoint.base_url, "http_client": http_client}, driver, action)
    secrets = (TOKEN, HEADER_SECRET, PASSWORD, b64encode(f"user:{PASSWORD}".encode()).decode(), "cookie-4712")
    assert not [secret for secret in secrets if secret in all_texts(caught.value)]


def call_over_sdk(options: JSON, driver: str, action: str) -> None:
    """Send one request over a client of the SDK."""
    if driver == "sync":
        sdk = openai.OpenAI(api_key=KEY, **options)
        call_sync(structkit.Client("m", client=sdk, policy=NO_RETRIES), action)
    else:
        awaited_sdk = openai.AsyncOpenAI(api_key=KEY, **options)
        asyncio.run(call_async(structkit.AsyncClient("m", client=awaited_sdk, policy=NO_RETRIES), action))


def call_sync(client: structkit.Client, action: str) -> None:
    """Send one request."""
    if action == "stream":
        with client.stream(int, "x") as stream:
            list(stream)
    else:
        client.models() if action == "models" else client.extract(int, "x")


async def call_async(client: structkit.AsyncClient, action: str) -> None:
    """The async form of `call_sync`."""
    if action == "stream":
        async with client.stream(int, "x") as stream:
            [item async for item in stream]
    else:
        await (client.models() if action == "models" else client.extract(int, "x"))


HEADERS_OF_SEVERAL_PARTS = {
    "session=hunter2-hunter2; csrf=4711-4711-4711": ("hunter2-hunter2", "4711-4711-4711"),
    "hunter2-hunter2, 4711-4711-4711": ("hunter2-hunter2", "4711-4711-4711"),
    'Digest username="u", response="hunter2-hunter2", nc=00000001': ("hunter2-hunter2",),
    "Token token=hunter2-hunter2": ("hunter2-hunter2",),
    "ApiKey ada:hunter2-hunter2": ("hunter2-hunter2",),
    f"Basic {b64encode(b'ada:hunter2-hunter2').decode()}": ("hunter2-hunter2",),
}


@pytest.mark.parametrize("carrier", ["environment", "extra_headers", "SDK"])
@pytest.mark.parametrize(("value", "parts"), HEADERS_OF_SEVERAL_PARTS.items(), ids=[*HEADERS_OF_SEVERAL_PARTS])
def test_a_part_of_a_header_that_is_echoed_alone_is_redacted(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, carrier: str, value: str, parts: tuple[str, ...]
) -> None:
    with Endpoint(Reply({"error": {"message": f"invalid: {' '.join(parts)}"}}, status=401)) as endpoint:
        if carrier == "environment":
            monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"x-auth: {value}")
        options: JSON = {"base_url": endpoint.base_url, "api_key": KEY}
        if carrier == "SDK":
            sdk = openai.OpenAI(**options, default_headers={"x-auth": value})
            client: Any = structkit.Client("m", client=sdk, policy=NO_RETRIES)
        else:
            client = connect(
                policy=NO_RETRIES, extra_headers={"x-auth": value} if carrier == "extra_headers" else {}, **options
            )
        with pytest.raises(structkit.StatusError, match="invalid") as caught:
            client.extract(int, "x")
    assert not [part for part in parts if part in str(caught.value)]


def test_a_version_in_a_header_or_in_the_query_of_an_sdk_client_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    options: Any = {"default_headers": {"openai-beta": "assistants=v2"}, "default_query": {"api-version": "2024-10-21"}}
    message = "assistants=v2 is unknown in 2024-10-21"
    with Endpoint(Reply({"error": {"message": message}}, status=400)) as endpoint:
        sdk = openai.OpenAI(base_url=endpoint.base_url, api_key=KEY, **options)
        with pytest.raises(structkit.StatusError, match=message):
            structkit.Client("m", client=sdk, policy=NO_RETRIES).extract(int, "x")


HEADERS_WITHOUT_CREDENTIALS = [
    '{"provider":"openai","override_params":{"model":"gpt-4o-mini-2024-07-18"}}',
    "env:production; date=2024-10-21; service.name=completions",
    "batch of 2024-10-21, in production, red",
]


@pytest.mark.parametrize("name", ["x-portkey-config", "baggage", "x-tags"])
@pytest.mark.parametrize("value", HEADERS_WITHOUT_CREDENTIALS)
def test_the_words_of_a_header_that_is_no_credential_stay_in_an_error(connect: Connect, name: str, value: str) -> None:
    message = "gpt-4o-mini-2024-07-18 is not deployed in production since 2024-10-21: /v1/chat/completions"
    with Endpoint(Reply({"error": {"message": message}}, status=400)) as endpoint:
        client = connect(endpoint.base_url, policy=NO_RETRIES, extra_headers={name: value})
        with pytest.raises(structkit.StatusError, match=message):
            client.extract(int, "x")


@pytest.mark.parametrize("value", ['{"provider": "x", "api_key": "hunter-hunter"} 2', "team=red; k4xx8qq9zz1w; x"])
def test_a_credential_in_a_header_for_other_things_is_redacted(connect: Connect, value: str) -> None:
    secrets = ("hunter-hunter", "k4xx8qq9zz1w")
    with Endpoint(Reply({"error": {"message": f"invalid: {' '.join(secrets)}"}}, status=401)) as endpoint:
        client = connect(endpoint.base_url, policy=NO_RETRIES, extra_headers={"x-portkey-config": value})
        with pytest.raises(structkit.StatusError, match="invalid") as caught:
            client.extract(int, "x")
    assert not [secret for secret in secrets if secret in value and secret in str(caught.value)]


EXTRAS: JSON = {
    "extra_body": {"top_k": 5, "litellm": {"api_key": "hunter2-1", "bearer_token": "hunter2-2"}},
    "extra_headers": {"x-auth": "hunter2-3"},
    "extra_query": {"api-version": "2024-10-21", "code": "hunter2-4"},
}


def test_a_request_that_is_printed_or_logged_has_no_credentials(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="structkit")
    with Endpoint('{"value": "x"}', '{"value": 3}') as endpoint:
        result = connect(endpoint.base_url, policy=NO_RETRIES, **EXTRAS).run(int, "x")
    assert "hunter2" not in f"{result.attempts!r} {caplog.text}"
    assert "'top_k': 5" in caplog.text
    assert "'api-version': '2024-10-21'" in repr(result.attempts[0].request)


@pytest.mark.parametrize("answers", [["x", "3"], ["x", "y"], ["x", Reply({"error": "no"}, status=400)]])
def test_a_pickled_result_or_error_has_no_credentials_and_every_attempt(connect: Connect, answers: list[Any]) -> None:
    with Endpoint(*answers) as endpoint:
        client = connect(endpoint.base_url, policy=structkit.Policy(attempts=2, retries=0), **EXTRAS)
        try:
            outcome: Any = client.run(int, "x")
        except structkit.StructkitError as error:
            outcome = error
    assert endpoint.headers[-1]["x-auth"] == outcome.attempts[-1].request.parameters.extra_headers["x-auth"]
    pickled = pickle.dumps(outcome)
    assert b"hunter2" not in pickled
    attempts = pickle.loads(pickled).attempts
    assert [repr(each) for each in attempts] == [repr(each) for each in outcome.attempts]
    assert attempts[0].request.body["top_k"] == 5


def test_a_pickled_request_can_be_sent() -> None:
    request = structkit.Request("m", (), Parameters(**EXTRAS))
    assert pickle.loads(pickle.dumps(request)) == request


def test_values_of_a_requests_query_are_redacted(connect: Connect) -> None:
    def answer(_: JSON) -> Reply:
        return Reply({"error": {"message": f"invalid: {endpoint.paths[-1]}"}}, status=400)

    query = {"api-version": "2026-01-01", "key": "hunter 2/hunter"}
    with Endpoint(answer) as endpoint, pytest.raises(structkit.StatusError, match="api-version=2026-01-01") as caught:
        connect(endpoint.base_url, policy=NO_RETRIES, extra_query=query).extract(int, "x")
    assert "hunter" not in f"{caught.value} {caught.value.body}"


def test_credentials_in_the_fields_of_a_request_are_redacted(connect: Connect) -> None:
    fields = {"api_key": "hunter2-hunter2", "litellm": {"vertex_secret": "hunter3"}, "top_k": 5}
    with (
        Endpoint(
            lambda body: Reply({"error": {"message": f"{[body[name] for name in fields]}"}}, status=401)
        ) as endpoint,
        pytest.raises(structkit.StatusError, match=r"redacted.*, 5]") as caught,
    ):
        connect(endpoint.base_url, policy=NO_RETRIES, extra_body=fields).extract(int, "x")
    assert "hunter" not in f"{caught.value} {caught.value.body}"


@pytest.mark.usefixtures("custom_headers")
@pytest.mark.parametrize("driver", ["sync", "async"])
def test_values_of_custom_headers_are_redacted_in_a_stream(driver: str, echoing: Endpoint) -> None:
    settings: dict[str, Any] = {"base_url": echoing.base_url, "policy": NO_RETRIES}

    def stream() -> None:
        if driver == "sync":
            structkit.Client("m", **settings).stream(int, "x").result()
        else:
            asyncio.run(structkit.AsyncClient("m", **settings).stream(int, "x").result())

    with echoing, pytest.raises(structkit.StatusError, match="invalid") as caught:
        stream()
    assert HEADER_SECRET not in all_texts(caught.value)


def test_values_of_an_sdk_clients_headers_are_redacted(echoing: Endpoint) -> None:
    headers = {"api-key": HEADER_SECRET, "x-auth": f"Bearer {TOKEN}"}
    sdk_client = openai.OpenAI(base_url=echoing.base_url, api_key=KEY, default_headers=headers)
    client = structkit.Client("m", client=sdk_client, policy=NO_RETRIES)
    with echoing, pytest.raises(structkit.StatusError, match="invalid") as caught:
        client.extract(int, "x")
    assert HEADER_SECRET not in all_texts(caught.value)
    assert TOKEN not in all_texts(caught.value)


@pytest.mark.parametrize("password", [PASSWORD, "p%40ss%2Fw%23rd"])
def test_the_password_of_a_proxy_is_redacted(connect: Connect, monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    pair = b64encode(f"ada:{PASSWORD}".encode()).decode()
    body = {"error": {"message": f"proxy: {PASSWORD} {password} {pair}"}}
    with Endpoint(Reply(body, status=407)) as endpoint:
        address = endpoint.base_url.removeprefix("http://").removesuffix("/v1")
        monkeypatch.setenv("HTTP_PROXY", f"http://ada:{password}@{address}")
        monkeypatch.setenv("http_proxy", f"http://ada:{password}@{address}")
        with pytest.raises(structkit.StructkitError) as caught:
            connect("http://gateway.example/v1", policy=NO_RETRIES).extract(int, "x")
    for secret in (PASSWORD, password, pair, "ss/w#rd"):
        assert secret not in all_texts(caught.value)


@pytest.mark.parametrize("credentials", [f"ada:{TOKEN}", TOKEN, f"{TOKEN}:"])
@pytest.mark.parametrize("source", ["environment", "SDK"])
@pytest.mark.parametrize("driver", ["sync", "async"])
def test_a_token_for_a_proxy_is_redacted(
    monkeypatch: pytest.MonkeyPatch, driver: str, source: str, credentials: str
) -> None:
    pair = b64encode((credentials if ":" in credentials else f"{credentials}:").encode()).decode()
    settings: JSON = {"base_url": "http://gateway.example/v1"}
    with Endpoint(Reply({"error": {"message": f"proxy: {TOKEN} {pair}"}}, status=407)) as endpoint:
        address = f"http://{credentials}@{endpoint.base_url.removeprefix('http://').removesuffix('/v1')}"
        if source == "environment":
            monkeypatch.setenv("HTTP_PROXY", address)
            monkeypatch.setenv("http_proxy", address)
        else:
            library_client: Any = httpx2.Client if driver == "sync" else httpx2.AsyncClient
            settings["http_client"] = library_client(proxy=address)
        with pytest.raises(structkit.StatusError, match="proxy") as caught:
            call_over_sdk(settings, driver, "extract")
    assert not [secret for secret in (TOKEN, pair) if secret in all_texts(caught.value)]


@pytest.mark.usefixtures("custom_headers")
@pytest.mark.parametrize("streamed", [False, True], ids=["complete", "streamed"])
@pytest.mark.parametrize("client", [structkit.Client, structkit.AsyncClient])
def test_what_a_successful_reply_echoes_beside_the_models_words_is_redacted(client: Any, streamed: bool) -> None:
    body = completion(f'{{"value": "{KEY}"}}') | {
        "id": f"for {KEY}",
        "model": KEY,
        "provider": HEADER_SECRET,
        "x": [KEY],
    }
    with Endpoint(Reply(body)) as endpoint:
        settings: JSON = {"base_url": endpoint.base_url, "api_key": KEY, "policy": NO_RETRIES}
        make = client("m", **settings)
        result = make.stream(str, "x").result() if streamed else make.run(str, "x")
        result = asyncio.run(result) if asyncio.iscoroutine(result) else result
    reply = result.completion
    assert (reply.id, reply.model, reply.provider) == ("for [redacted]", "[redacted]", "[redacted]")
    assert reply.raw["x"] == ["[redacted]"]
    assert result.value == KEY


def test_a_key_in_the_error_of_a_choice_is_in_no_error_and_no_log(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="structkit")
    message = {"role": "assistant", "content": None, "error": {"message": f"Invalid API key: {KEY}"}}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    with Endpoint(Reply({"choices": [choice]})) as endpoint, pytest.raises(structkit.StructkitError) as caught:
        connect(endpoint.base_url, api_key=KEY, policy=structkit.Policy(attempts=2, retries=0)).run(int, "x")
    assert KEY not in all_texts(caught.value)
    assert KEY not in caplog.text


@pytest.mark.parametrize("key", [KEY, "1234567890123456"])
def test_an_answer_that_has_the_key_is_not_changed(connect: Connect, key: str) -> None:
    with Endpoint(json.dumps({"value": f"OPENAI_API_KEY={key}"})) as endpoint:
        client = connect(endpoint.base_url, api_key=key)
        assert client.extract(str, f"Find the credential: OPENAI_API_KEY={key}") == f"OPENAI_API_KEY={key}"


def test_a_short_key_that_is_also_a_word_stays_in_a_successful_reply(connect: Connect) -> None:
    body = completion('{"value": 3}') | {"system_fingerprint": "fp_ollama", "model": "ollama/x"}
    with Endpoint(Reply(body)) as endpoint:
        reply = connect(endpoint.base_url, api_key="ollama").run(int, "x").completion
    assert (reply.model, reply.raw["system_fingerprint"]) == ("ollama/x", "fp_ollama")


def test_a_cassette_has_no_value_of_a_custom_header(tmp_path: Path, custom_headers: None, echoing: Endpoint) -> None:
    with (
        echoing as endpoint,
        cassette(tmp_path / "t.json", "record", lambda: structkit.Client("m", base_url=endpoint.base_url)) as tape,
        pytest.raises(structkit.StatusError),
    ):
        structkit.Client("m", transport=tape, policy=NO_RETRIES).extract(int, f"my key is {HEADER_SECRET}")
    assert HEADER_SECRET not in (tmp_path / "t.json").read_text()


def test_a_secret_that_contains_another_is_redacted_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    from structkit.transport.http_reply import redact

    assert redact("use abcdefgh", ("abcd", "abcdefgh")) == "use [redacted]"


def test_the_key_is_not_in_the_settings_that_are_shown() -> None:
    assert "hunter" not in repr(find_endpoint("m", "https://gateway.example/v1?key=hunter3", KEY))


@pytest.mark.parametrize(
    "base_url", ["gateway.example/v1?key=hunter2", "ada:hunter2@gateway.example", KEY, f"htp:/{KEY}"]
)
def test_an_address_that_is_none_is_not_quoted_if_it_may_have_a_secret(base_url: str) -> None:
    with pytest.raises(structkit.ConfigError, match=r"the base URL is not an http\(s\) URL") as caught:
        structkit.Client("m", base_url=base_url, api_key="k")
    assert "hunter" not in str(caught.value)
