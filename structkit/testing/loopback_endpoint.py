"""A chat completions endpoint on loopback: real HTTP, scripted replies, faults, every request kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType, TracebackType

from typing_extensions import Self

from structkit.testing.faults import Fault, Odds
from structkit.testing.scripted_reply import Reply, Script, conforming_reply, text_reply
from structkit.testing.stream_faults import as_stream
from structkit.values import JSON


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no fault of the endpoint's."""


class Endpoint:
    """A running endpoint; use it as a context manager.

    Args:
        *replies: What to answer, in order; the last one is repeated. A text is what the model says: content, or
            the arguments of the tool that the request forces. Without any, every request gets a reply that
            conforms to its own schema.
        models: What `GET /v1/models` lists.
        faults: Which share of the requests meets which fault, by the names in `FAULTS`
            (`{"rate_limited": 0.2, "prose": 0.1}`). A reply that a fault has swallowed is kept for the next request.
        seed: Chooses which requests these are: the same ones for the same seed.
        delta: How many characters a delta has, where a request wants its reply streamed.

    Attributes:
        requests: The JSON body of every completion request so far.
        headers: Its headers, by lower-case name.
        paths: Its path.
        met: The name of the fault that each request met, drawn or scripted, or None.
        base_url: Where it listens, ending in `/v1`.

    Raises:
        ValueError: A fault's name is misspelt, or its rate is no share.

    >>> import structkit
    >>> with Endpoint('{"value": 3}') as endpoint:
    ...     client = structkit.Client("fake", base_url=endpoint.base_url)
    ...     client.extract(int, "How many?"), len(endpoint.requests)
    (3, 1)
    """

    def __init__(
        self,
        *replies: Script,
        models: tuple[str, ...] = ("fake",),
        faults: Mapping[str, float] = MappingProxyType({}),
        seed: int = 0,
        delta: int = 20,
    ) -> None:
        """Listen on a free port of the loopback interface."""
        self.requests: list[JSON] = []
        self.headers: list[Mapping[str, str]] = []
        self.paths: list[str] = []
        self.fault_names: list[str | None] = []
        self._replies = list(replies) or [conforming_reply]
        self._odds = Odds(faults, seed)
        self._models = models
        self._delta = delta
        self._turn = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def answer(self, body: JSON, headers: Mapping[str, str], path: str) -> Reply:
        """Take the next reply of the script, and what becomes of it."""
        with self._turn:
            self.requests.append(body)
            self.headers.append(headers)
            self.paths.append(path)
            script, met = self._take(), self._odds.draw()
            named = met or script
            self.fault_names.append(named.name if isinstance(named, Fault) else None)
        reply = text_reply(body, script) if isinstance(script, str) else script
        reply = reply if isinstance(reply, Reply) else reply(body)
        came = met.change(body, reply) if met else reply
        if met and not met.spends(reply, came):
            self._give_back(script)
        return as_stream(body, came, self._delta)

    def _take(self) -> Script:
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    def _give_back(self, script: Script) -> None:
        with self._turn:
            if self._replies[0] is not script:
                self._replies.insert(0, script)

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
    if isinstance(reply.body, Iterator):
        _head(handler, reply, {"transfer-encoding": "chunked"})
        _stream(handler, reply.body)
        handler.wfile.write(b"" if reply.is_truncated else b"0\r\n\r\n")
        handler.close_connection = reply.is_truncated
        return
    content = reply.body if isinstance(reply.body, str | bytes) else json.dumps(reply.body)
    data = content.encode() if isinstance(content, str) else content
    _head(handler, reply, {"content-length": str(len(data))})
    handler.wfile.write(data[: len(data) // 2] if reply.is_truncated else data)
    handler.close_connection = reply.is_truncated


def _head(handler: BaseHTTPRequestHandler, reply: Reply, length: Mapping[str, str]) -> None:
    handler.send_response(reply.status)
    for name, value in {"content-type": "application/json", **length, **reply.headers}.items():
        handler.send_header(name, value)
    handler.end_headers()


def _stream(handler: BaseHTTPRequestHandler, pieces: Iterable[bytes]) -> None:
    for piece in filter(None, pieces):
        handler.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
