"""An endpoint in its own process, fast enough not to affect a measurement; it counts the requests for each row.

Run it:  python benchmarks/loopback.py LATENCY REJECT_SECONDS     (started by `Loopback`)
"""

import asyncio
import json
import math
import re
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from typing import Any

from typing_extensions import Self

VALUE = {"sentiment": "positive", "topic": "delivery", "stars": 4, "reason": "It came a day early, and well packed."}
ROW = re.compile(rb"row-(\d+)")
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class ServerState:
    """The state that all connections share.

    Args:
        latency: Seconds until a reply.
        reject_seconds: Seconds after the first request in which every request is rejected.
    """

    def __init__(self, latency: float, reject_seconds: float) -> None:
        self.latency, self.reject_seconds = latency, reject_seconds
        self.row_counts: Counter[int] = Counter()
        self.rejected, self.started_at = 0, 0.0
        self.reply = _http(200, {"id": "chatcmpl-1", "object": "chat.completion", "model": "fake", **_completion()})

    def answer(self, path: bytes, body: bytes) -> tuple[float, bytes]:
        """Return the delay in seconds and the response."""
        if path.endswith(b"/counts"):
            repeated = {row: times for row, times in self.row_counts.items() if times > 1}
            return 0.0, _http(200, {"rows": len(self.row_counts), "rejected": self.rejected, "repeated": repeated})
        self.started_at = self.started_at or time.monotonic()
        remaining = self.started_at + self.reject_seconds - time.monotonic()
        if remaining > 0:
            self.rejected += 1
            return self.latency, _http(
                429, {"error": {"message": "slow down"}}, f"retry-after: {math.ceil(remaining)}\r\n"
            )
        if row := ROW.search(body):
            self.row_counts[int(row[1])] += 1
        return self.latency, self.reply


def _completion() -> dict[str, Any]:
    message = {"role": "assistant", "content": json.dumps(VALUE), "refusal": None}
    usage = {"prompt_tokens": 211, "completion_tokens": 37, "total_tokens": 248}
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}


def _http(status: int, body: dict[str, Any], headers: str = "") -> bytes:
    payload = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(payload)}\r\n{headers}\r\n"
    return head.encode() + payload


class Connection(asyncio.Protocol):
    """One connection, with one request at a time."""

    def __init__(self, state: ServerState) -> None:
        self.state, self.received = state, b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, end, body = self.received.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not end or len(body) < (int(length[1]) if length else 0):
            return
        self.received = b""
        delay, payload = self.state.answer(head.split(b" ", 2)[1], body)
        asyncio.get_running_loop().call_later(delay, self.transport.write, payload)


class Loopback:
    """The endpoint, for the process that measures; a context manager."""

    def __init__(self, *, latency: float = 0.0, reject_seconds: float = 0.0) -> None:
        command = [sys.executable, __file__, str(latency), str(reject_seconds)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.base_url = f"http://127.0.0.1:{int(self._process.stdout.readline())}/v1"

    def counts(self) -> dict[str, Any]:
        """Return the number of rows, the requests of each repeated row, and the number of rejected requests."""
        with urllib.request.urlopen(f"{self.base_url}/counts") as reply:
            return json.load(reply)

    def wait_for(self, rows: int) -> None:
        """Wait until so many rows have been requested."""
        while self.counts()["rows"] < rows:
            time.sleep(0.01)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


async def serve(state: ServerState) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Connection(state), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(ServerState(*map(float, sys.argv[1:3]))))
