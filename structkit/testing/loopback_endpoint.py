"""A chat completions endpoint on loopback: real HTTP, scripted replies, faults, and a record of every request."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from types import MappingProxyType
from typing import Any

from structkit.http_server import HTTPServer, ServerThread
from structkit.testing.batch_service import BatchService
from structkit.testing.faults import Fault, FaultDraw
from structkit.testing.script_arguments import ENDPOINT_ARGUMENTS, is_text, require, validate_arguments
from structkit.testing.scripted_reply import Reply, Script, conforming_reply, to_reply, to_scripts
from structkit.testing.stream_faults import as_stream
from structkit.values import JSON, JSONValue

BACKLOG = 1024
"""Connections that may wait to be accepted; with the standard library's 5, a burst of calls waits for seconds."""


class _Server(HTTPServer):
    max_connections = request_queue_size = BACKLOG


class Endpoint(ServerThread):
    """A running endpoint; use it as a context manager.

    Args:
        *replies: The replies in order, one by one or as a list; the last one is repeated. A text is the model's: it is
            sent as the content, or as the arguments of the tool that the request forces. A dict is the body of a reply.
            A call of a tool (`structkit.testing.call`), or a list of them, is a reply that calls these tools.
            A function gets the request's body and returns one of these, or a list of texts, one for each choice.
            Without replies, every request gets one that conforms to its own schema.
        models: What `GET /v1/models` lists, or the reply to it.
        faults: The share of the requests that get each fault, by the names in `FAULTS`
            (`{"rate_limited": 0.2, "prose": 0.1}`). A reply that did not reach the client because of a fault is sent to
            the next request.
        seed: Selects the requests that have a fault: the same ones for the same seed.
        delta: Characters of a delta, where a request asks for a stream.
        batches: The Batch API; by default one without faults.

    Attributes:
        requests: The JSON body of every completion request so far.
        headers: The headers of each, by lower-case name.
        paths: The path of each.
        fault_names: The name of the fault of each, random or scripted; None without one.
        batches: The Batch API, with a record of its calls.
        base_url: The address, which ends with `/v1`.

    Raises:
        ValueError: There is no such fault, or its rate is not a share.
        TypeError: A reply is none of these.

    >>> import structkit
    >>> with Endpoint('{"value": 3}') as endpoint:
    ...     client = structkit.Client("fake", base_url=endpoint.base_url)
    ...     client.extract(int, "How many?"), len(endpoint.requests)
    (3, 1)
    """

    def __init__(
        self,
        *replies: Script | list[Any] | tuple[Any, ...],
        models: tuple[str, ...] | Reply = ("fake",),
        faults: Mapping[str, float] = MappingProxyType({}),
        seed: int = 0,
        delta: int = 20,
        batches: BatchService | None = None,
    ) -> None:
        """Listen on a free port of the loopback interface.

        Raises:
            TypeError: An argument is of another type.
            ValueError: There is no such fault, or the rates are not shares of 1.
        """
        validate_arguments("Endpoint", {"faults": faults, "seed": seed, "delta": delta}, ENDPOINT_ARGUMENTS)
        require("Endpoint(models=...)", models, _is_listing(models), "a tuple of names, or a Reply")
        is_service = batches is None or isinstance(batches, BatchService)
        require("Endpoint(batches=...)", batches, is_service, "a structkit.testing.BatchService")
        self.requests: list[JSON] = []
        self.headers: list[Mapping[str, str]] = []
        self.paths: list[str] = []
        self.fault_names: list[str | None] = []
        self._replies = to_scripts(replies) or [conforming_reply]
        self._faults = FaultDraw(faults, seed)
        self._models = models
        self._delta = delta
        self.batches = batches or BatchService()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler_class())
        super().__init__(self._server, 0.01)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def answer(self, body: JSON, headers: Mapping[str, str], path: str) -> Reply:
        """Record a request, and return the next reply of the script, with a fault if one is drawn."""
        with self._lock:
            self._record(body, headers, path)
            script, random_fault = self._next_script(), self._faults.draw()
            current = random_fault or script
            self.fault_names.append(current.name if isinstance(current, Fault) else None)
        scripted = to_reply(body, script(body) if callable(script) else script)
        reply = random_fault.change(body, scripted) if random_fault else scripted
        if random_fault and not random_fault.delivers(scripted, reply):
            self._return_script(script)
        return as_stream(body, reply, self._delta)

    def _answer_batch_call(self, handler: BaseHTTPRequestHandler, raw: bytes) -> Reply | None:
        """Return the reply to a call of the Batch API, each line of a batch being one request; None for other calls."""
        path, headers = handler.path, {name.lower(): value for name, value in handler.headers.items()}

        def answer(body: JSON) -> Reply:
            return self.answer(body, headers, path)

        return self.batches.reply_to(handler.command, path, raw, headers.get("content-type", ""), answer)

    def _record(self, body: JSON, headers: Mapping[str, str], path: str) -> None:
        self.requests.append(body)
        self.headers.append(headers)
        self.paths.append(path)

    def _next_script(self) -> Script:
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    def _return_script(self, script: Script) -> None:
        with self._lock:
            if self._replies[0] is not script:
                self._replies.insert(0, script)

    def _handler_class(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class RequestHandler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are two writes; together with delayed ACKs they cost 40 ms

            def do_GET(self) -> None:
                models = endpoint._models if isinstance(endpoint._models, Reply) else _listing(endpoint._models)
                _write(self, endpoint._answer_batch_call(self, b"") or models)

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                try:
                    reply = endpoint._answer_batch_call(self, raw)
                    reply = reply or endpoint.answer(json.loads(raw), headers, self.path)
                except Exception as error:  # noqa: BLE001 (the test's own function failed: a reply shows it where it is looked for)
                    reply = Reply({"error": {"message": f"the test's reply failed: {error!r}"}}, status=500)
                _write(self, reply)

            def log_message(self, format: str, *args: object) -> None:
                """Log nothing: stderr belongs to the tests."""

        return RequestHandler


def _is_listing(models: Any) -> bool:
    return isinstance(models, Reply) or (isinstance(models, list | tuple) and all(map(is_text, models)))


def _listing(names: tuple[str, ...]) -> Reply:
    return Reply({"object": "list", "data": [{"id": name, "object": "model"} for name in names]})


def _write(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    threading.Event().wait(reply.delay)
    if isinstance(reply.body, Iterator):
        _write_headers(handler, reply, {"transfer-encoding": "chunked"})
        _write_chunks(handler, reply.body)
        handler.wfile.write(b"" if reply.is_truncated else b"0\r\n\r\n")
    else:
        data = _to_bytes(reply.body)
        _write_headers(handler, reply, {"content-length": str(len(data))})
        handler.wfile.write(data[: len(data) // 2] if reply.is_truncated else data)
    handler.close_connection = reply.is_truncated


def _to_bytes(body: JSONValue) -> bytes:
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    return content.encode() if isinstance(content, str) else content


def _write_headers(handler: BaseHTTPRequestHandler, reply: Reply, length: Mapping[str, str]) -> None:
    handler.send_response_only(reply.status)
    usual = {"server": handler.version_string(), "date": handler.date_time_string(), "content-type": "application/json"}
    for name, value in {**usual, **length, **reply.headers}.items():
        handler.send_header(name, value)
    handler.end_headers()


def _write_chunks(handler: BaseHTTPRequestHandler, chunks: Iterable[bytes]) -> None:
    for chunk in filter(None, chunks):
        handler.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
