"""A chat completions endpoint on loopback: real HTTP, scripted replies, every request kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TypeAlias

from typing_extensions import Self

from structkit.testing.sample import sample
from structkit.values import JSON, JSONValue


@dataclass(frozen=True, slots=True)
class Reply:
    """What the endpoint answers to one request.

    Args:
        body: A JSON value, or text or bytes sent as they are.
        status: The HTTP status.
        headers: Further headers.
        delay: Seconds to wait before answering.
        cut: Whether to close the connection in the middle of the body.
    """

    body: JSONValue
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: bool = False


Script: TypeAlias = "Reply | str | Callable[[JSON], Reply]"
"""A reply as it is, the model's text, or a function of the request's body."""


def completion(
    *contents: str | None, finish_reason: str = "stop", refusal: str | None = None, model: str = "fake"
) -> JSON:
    """The body of a chat completion with a choice for each of *contents*."""
    message: JSON = {"role": "assistant"} if refusal is None else {"role": "assistant", "refusal": refusal}
    choices = [
        {"index": index, "message": {**message, "content": content}, "finish_reason": finish_reason}
        for index, content in enumerate(contents)
    ]
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    return {"id": "fake-1", "object": "chat.completion", "model": model, "choices": choices, "usage": usage}


def obliging(body: JSON) -> Reply:
    """A reply that conforms to the schema the request asks for; plain text where it asks for none."""
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
    content = "text" if schema is None else json.dumps(sample(schema), ensure_ascii=False)
    return Reply(completion(*[content] * body.get("n", 1), model=body["model"]))


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no fault of the endpoint's."""


class Endpoint:
    """A running endpoint; use it as a context manager.

    Args:
        *replies: What to answer, in order; the last one is repeated. Without any, every request gets
            a reply that conforms to its own schema.
        models: What `GET /v1/models` lists.

    Attributes:
        requests: The JSON body of every completion request so far.
        headers: Its headers, by lower-case name.
        paths: Its path.
        base_url: Where it listens, ending in `/v1`.

    >>> import structkit
    >>> with Endpoint('{"value": 3}') as endpoint:
    ...     client = structkit.Client("fake", base_url=endpoint.base_url)
    ...     client.extract(int, "How many?"), len(endpoint.requests)
    (3, 1)
    """

    def __init__(self, *replies: Script, models: tuple[str, ...] = ("fake",)) -> None:
        """Listen on a free port of the loopback interface."""
        self.requests: list[JSON] = []
        self.headers: list[Mapping[str, str]] = []
        self.paths: list[str] = []
        self._replies = list(replies) or [obliging]
        self._models = models
        self._turn = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def answer(self, body: JSON, headers: Mapping[str, str], path: str) -> Reply:
        """Take the next reply of the script."""
        with self._turn:
            self.requests.append(body)
            self.headers.append(headers)
            self.paths.append(path)
            script = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if isinstance(script, str):
            return Reply(completion(script))
        return script if isinstance(script, Reply) else script(body)

    def __enter__(self) -> Self:
        """Start serving."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are two writes; together with delayed ACKs they cost 40 ms

            def do_GET(self) -> None:
                listed = [{"id": name, "object": "model"} for name in endpoint._models]
                _write(self, Reply({"object": "list", "data": listed}))

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                headers = {name.lower(): value for name, value in self.headers.items()}
                try:
                    reply = endpoint.answer(body, headers, self.path)
                except Exception as error:  # noqa: BLE001 (the test's own function failed: say so where it is seen)
                    reply = Reply({"error": {"message": f"the test's reply failed: {error!r}"}}, status=500)
                _write(self, reply)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: stderr belongs to the tests."""

        return Handler


def _write(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    threading.Event().wait(reply.delay)
    content = reply.body if isinstance(reply.body, str | bytes) else json.dumps(reply.body)
    data = content.encode() if isinstance(content, str) else content
    headers = {"content-type": "application/json", "content-length": str(len(data)), **reply.headers}
    handler.send_response(reply.status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(data[: len(data) // 2] if reply.cut else data)
    handler.close_connection = reply.cut
