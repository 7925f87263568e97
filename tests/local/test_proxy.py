"""The server in front of llama.cpp's, over an endpoint that answers as llama.cpp does: with constrained content."""

from __future__ import annotations

import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

import structkit
from structkit.local.forced_call import to_tool_calls
from structkit.local.forced_tools import constrain_content, find_forced_tools
from structkit.local.proxy import Proxy
from structkit.testing import Endpoint, Reply, completion

PERSON = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
NODE = {"$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}}, "$ref": "#/$defs/Node"}
TOOLS = [
    {"type": "function", "function": {"name": "person", "description": "A person.", "parameters": PERSON}},
    {"type": "function", "function": {"name": "node", "parameters": NODE}},
    {"type": "function", "function": {"name": "stop"}},
]
MESSAGES = [{"role": "user", "content": "Ada"}]


def serve(*replies: Any) -> Iterator[tuple[Endpoint, str]]:
    with Endpoint(*replies, models=("smollm",)) as endpoint, Proxy("127.0.0.1", 0) as proxy:
        proxy.start("smollm", endpoint.base_url)
        yield endpoint, proxy.base_url


@pytest.fixture
def over(request: pytest.FixtureRequest) -> Iterator[Callable[..., tuple[Endpoint, str]]]:
    """A function that serves replies, and returns their endpoint and the proxy's address."""
    running: list[Iterator[tuple[Endpoint, str]]] = []

    def start(*replies: Any) -> tuple[Endpoint, str]:
        running.append(serve(*replies))
        return next(running[-1])

    yield start
    for each in running:
        assert next(each, None) is None


def post(base_url: str, **fields: Any) -> Any:
    data = json.dumps({"model": "smollm", "messages": MESSAGES, **fields}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{base_url}/chat/completions", data)) as response:
        return json.load(response)


def rejection(base_url: str, path: str = "/chat/completions", data: bytes | None = None) -> tuple[int, Any]:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(base_url + path, data))
    return caught.value.code, json.load(caught.value)["error"]


def call_of(body: Any) -> tuple[str, str]:
    choice = body["choices"][0]
    assert choice["message"]["content"] is None
    function = choice["message"]["tool_calls"][0]["function"]
    return function["name"], function["arguments"]


@pytest.mark.parametrize(
    "tool_choice",
    [
        {"type": "function", "function": {"name": "person"}},
        {
            "type": "allowed_tools",
            "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "person"}}]},
        },
    ],
)
def test_a_forced_tool_is_called_with_the_constrained_content(over, tool_choice) -> None:
    endpoint, base_url = over('{"name": "Ada"}')
    body = post(base_url, tools=TOOLS, tool_choice=tool_choice, parallel_tool_calls=False, temperature=0)
    assert call_of(body) == ("person", '{"name": "Ada"}')
    assert body["choices"][0]["finish_reason"] == "tool_calls"
    sent = endpoint.requests[0]
    assert sent["response_format"]["json_schema"]["schema"] == PERSON
    assert sent.keys() == {"model", "messages", "temperature", "response_format"}


def test_one_of_several_required_tools_is_called(over) -> None:
    endpoint, base_url = over('{"name": "node", "arguments": {"next": {}}}')
    body = post(base_url, tools=TOOLS, tool_choice="required")
    assert call_of(body) == ("node", '{"next": {}}')
    schema = endpoint.requests[0]["response_format"]["json_schema"]["schema"]
    value = {"name": "node", "arguments": {"next": {"next": {}}}}
    assert (
        structkit.ResponseFormat(schema).parse(json.dumps(value)) == value
    )  # its references are those of one document
    assert "person: A person." in endpoint.requests[0]["messages"][0]["content"]


@pytest.mark.parametrize("tool_choice", [None, "auto", "none"])
def test_a_tool_that_is_not_forced_is_the_models_choice(over, tool_choice) -> None:
    endpoint, base_url = over("Hello")
    body = post(base_url, tools=TOOLS, tool_choice=tool_choice)
    assert body["choices"][0]["message"]["content"] == "Hello"
    assert endpoint.requests[0]["tools"] == TOOLS


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_streamed_call_arrives_in_pieces(number: int, size: int) -> None:
    tools = TOOLS[:number]
    content = '{"name": "Ada"}' if number == 1 else '{"name": "person", "arguments": {"name": "Ada"}}'
    with Endpoint(content, delta=size) as endpoint, Proxy("127.0.0.1", 0) as proxy:
        proxy.start("smollm", endpoint.base_url)
        data = _request(tools=tools, tool_choice="required", stream=True)
        with urllib.request.urlopen(f"{proxy.base_url}/chat/completions", data) as response:
            events = [line.removeprefix(b"data: ") for line in response if line.startswith(b"data: {")]
    choices = [choice for event in events for choice in json.loads(event)["choices"]]
    calls = [call for choice in choices for call in choice["delta"].get("tool_calls", ())]
    assert "".join(call["function"]["arguments"] for call in calls) == '{"name": "Ada"}'
    assert [call["function"].get("name") for call in calls] == ["person", *[None] * (len(calls) - 1)]
    assert all("content" not in choice["delta"] for choice in choices)
    assert choices[-1]["finish_reason"] == "tool_calls"


def test_a_truncated_call_has_what_the_model_wrote() -> None:
    functions = find_forced_tools({"tools": TOOLS, "tool_choice": "required"})
    body = completion('{"name": "person", "arguments": {"name": {}', finish_reason="length")
    choice = to_tool_calls(body, functions)["choices"][0]
    assert choice["message"]["tool_calls"][0]["function"] == {"name": "person", "arguments": '{"name": {}'}
    assert choice["finish_reason"] == "length"
    unnamed = completion('{"name": "per', finish_reason="length")
    assert to_tool_calls(unnamed, functions) == unnamed


def test_classes_in_patterns_are_written_out_for_the_grammar(over) -> None:
    endpoint, base_url = over("{}")
    schema = {"properties": {"zip": {"type": "string", "pattern": r"^\d{5}-[\w.]+\.$"}}}
    post(base_url, response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": schema}})
    sent = endpoint.requests[0]["response_format"]["json_schema"]["schema"]
    assert sent["properties"]["zip"]["pattern"] == r"^[0-9]{5}-[A-Za-z0-9_.]+\.$"


def test_unknown_names_are_rejected_in_the_vendors_form(over) -> None:
    _, base_url = over("Hello")
    message = "The model `gpt-4o` does not exist; this server has `smollm`."
    error = {"message": message, "type": "invalid_request_error", "param": "model", "code": "model_not_found"}
    data = json.dumps({"model": "gpt-4o", "messages": MESSAGES}).encode()
    assert rejection(base_url, data=data) == (404, error)
    assert rejection(base_url, "/models/gpt-4o") == (404, error)
    tool = {"type": "function", "function": {"name": "missing"}}
    status, error = rejection(base_url, data=_request(tools=TOOLS, tool_choice=tool))
    assert (status, error["param"]) == (400, "tool_choice")
    assert "'missing' not found" in error["message"]
    status, error = rejection(base_url, data=_request(tool_choice="required"))
    assert (status, "'tools' are specified" in error["message"]) == (400, True)


def _request(**fields: Any) -> bytes:
    return json.dumps({"model": "smollm", "messages": MESSAGES, **fields}).encode()


def test_a_body_that_is_not_a_request_is_rejected(over) -> None:
    endpoint, base_url = over("Hello")
    assert rejection(base_url, data=b"not JSON")[0] == 400
    assert rejection(base_url, data=b"[]")[0] == 400
    assert rejection(base_url, data=b'{"messages": "Hi"}')[0] == 400
    assert endpoint.requests == []


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": 3, "tool_choice": "required"},
        {"tools": [3], "tool_choice": "required"},
        {"tools": [{"function": {"name": []}}], "tool_choice": "required"},
        {"tools": [{"function": {"name": "a", "parameters": "x"}}], "tool_choice": "required"},
        {"tools": TOOLS, "tool_choice": ["required"]},
        {"tools": TOOLS, "tool_choice": {"type": "allowed_tools", "allowed_tools": 3}},
    ],
)
def test_tools_that_cannot_be_read_are_rejected_with_the_reason(over, fields: dict[str, Any]) -> None:
    endpoint, base_url = over("Hello")
    status, error = rejection(base_url, data=_request(**fields))
    assert (status, error["param"]) in {(400, "tools"), (400, "tool_choice")}
    assert endpoint.requests == []


def test_one_model_can_be_looked_up(over) -> None:
    _, base_url = over("Hello")
    with urllib.request.urlopen(f"{base_url}/models/smollm") as response:
        assert json.load(response)["id"] == "smollm"
    assert structkit.Client("any", base_url=base_url, api_key="unused").models() == ("smollm",)


def test_a_client_that_disconnects_ends_the_models_request() -> None:
    """A listener in the place of llama.cpp's server sees the end of its connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener, Proxy("127.0.0.1", 0) as proxy:
        proxy.start("smollm", "http://127.0.0.1:{}".format(listener.getsockname()[1]))
        port = int(proxy.base_url.split(":")[2].partition("/")[0])
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n")
            upstream, _ = listener.accept()
            with upstream:
                received = b""
                while not received.endswith(b"\r\n\r\n"):
                    received += upstream.recv(1000)
                client.shutdown(socket.SHUT_RDWR)
                assert upstream.recv(1) == b""


def test_requests_are_answered_beside_each_other() -> None:
    both = threading.Barrier(2)

    def reply(_: Any) -> Reply:
        both.wait()
        return Reply(completion("Hello"))

    with Endpoint(reply) as endpoint, Proxy("127.0.0.1", 0) as proxy:
        proxy.start("smollm", endpoint.base_url)
        threads = [threading.Thread(target=post, args=(proxy.base_url,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(endpoint.requests) == 2


def test_a_port_in_use_or_an_impossible_address_is_named() -> None:
    with Proxy("127.0.0.1", 0) as proxy:
        port = int(proxy.base_url.split(":")[2].partition("/")[0])
        with pytest.raises(structkit.ConfigError, match=f"port {port} on 127.0.0.1 is in use by another program"):
            Proxy("127.0.0.1", port)
    with pytest.raises(structkit.ConfigError, match="cannot be used"):
        Proxy("203.0.113.1", 0)


def test_the_schema_of_a_tool_without_parameters_is_an_empty_object() -> None:
    functions = find_forced_tools({"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "stop"}}})
    body = constrain_content({"messages": []}, functions)
    assert body["response_format"]["json_schema"]["schema"] == {"type": "object", "properties": {}}


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"[" * 200_000, 400), (b'{"a":' * 50_000, 400), (b'{"model": "\\ud800", "messages": []}', 404)],
)
def test_a_body_that_no_client_means_is_answered(over: Any, body: bytes, status: int) -> None:
    _, base_url = over()
    assert rejection(base_url, data=body)[0] == status


def reply_to(base_url: str, head: str) -> bytes:
    """Return everything that a server writes before it closes the connection."""
    url = urlsplit(base_url)
    with socket.create_connection((url.hostname, url.port)) as connection:
        connection.sendall(f"{head}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_head_request_has_the_head_of_the_reply(over: Any) -> None:
    _, base_url = over()
    head, _, body = reply_to(base_url, "HEAD /v1/models HTTP/1.1").partition(b"\r\n\r\n")
    assert (head.splitlines()[0], body) == (b"HTTP/1.1 200 OK", b"")
    _, _, body = reply_to(base_url, "GET /v1/models HTTP/1.1").partition(b"\r\n\r\n")
    assert b"Content-Length: %d" % len(body) in head


def test_a_path_beyond_ascii_is_answered(over: Any) -> None:
    _, base_url = over()
    assert reply_to(base_url, "GET /v1/\u00e9 HTTP/1.1").startswith(b"HTTP/1.1 200"), (
        "the reply is that of the server behind"
    )


def raw_upstream(reply: bytes) -> Iterator[str]:
    """Serve one reply, and close the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve_once() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(reply)

        thread = threading.Thread(target=serve_once)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        thread.join()


EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"{"},"finish_reason":null}]}\n\n'
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"%x\r\n%b\r\n" % (len(EVENT), EVENT)


def stream_from(reply: bytes, version: str = "1.1", **fields: Any) -> bytes:
    """Return what a client gets of a stream."""
    data = _request(stream=True, **fields)
    for base_url in raw_upstream(reply):
        with Proxy("127.0.0.1", 0) as proxy:
            proxy.start("smollm", base_url)
            url = urlsplit(proxy.base_url)
            with socket.create_connection((url.hostname, url.port)) as connection:
                head = f"POST /v1/chat/completions HTTP/{version}\r\nHost: x\r\nConnection: close\r\n"
                connection.sendall(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)
                return b"".join(iter(lambda: connection.recv(65536), b""))
    raise AssertionError


@pytest.mark.parametrize("fields", [{}, {"tools": TOOLS, "tool_choice": "required"}])
@pytest.mark.parametrize("remainder", [b"", b"ff\r\ndata: {", b"zz\r\n"])
def test_a_stream_that_breaks_off_does_not_end_like_a_whole_one(fields: Any, remainder: bytes) -> None:
    text = stream_from(STREAM + CHUNK + remainder, **fields)
    assert text.startswith(b"HTTP/1.1 200")
    assert not text.endswith(b"0\r\n\r\n")
    assert stream_from(STREAM + CHUNK + b"0\r\n\r\n", **fields).endswith(b"0\r\n\r\n")


def test_a_client_of_http_1_0_gets_a_stream_without_chunks() -> None:
    text = stream_from(STREAM + CHUNK + b"0\r\n\r\n", version="1.0")
    head, _, body = text.partition(b"\r\n\r\n")
    assert (b"chunked" in head, body) == (False, EVENT)
