"""An endpoint in a process of its own, fast enough not to be what is measured; it counts the requests for each row.

Run it:  python benchmarks/loopback.py LATENCY REFUSING     (`Loopback` does)
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


class Served:
    """What all connections share.

    Args:
        latency: Seconds until a reply.
        refusing: Seconds from the first request for which all are refused.
    """

    def __init__(self, latency: float, refusing: float) -> None:
        self.latency, self.refusing = latency, refusing
        self.asked: Counter[int] = Counter()
        self.refused, self.began = 0, 0.0
        self.reply = _http(200, {"id": "chatcmpl-1", "object": "chat.completion", "model": "fake", **_completion()})

    def answer(self, path: bytes, body: bytes) -> tuple[float, bytes]:
        """After how long to answer what."""
        if path.endswith(b"/counts"):
            twice = {row: times for row, times in self.asked.items() if times > 1}
            return 0.0, _http(200, {"rows": len(self.asked), "refused": self.refused, "twice": twice})
        self.began = self.began or time.monotonic()
        left = self.began + self.refusing - time.monotonic()
        if left > 0:
            self.refused += 1
            return self.latency, _http(429, {"error": {"message": "slow down"}}, f"retry-after: {math.ceil(left)}\r\n")
        if row := ROW.search(body):
            self.asked[int(row[1])] += 1
        return self.latency, self.reply


def _completion() -> dict[str, Any]:
    message = {"role": "assistant", "content": json.dumps(VALUE), "refusal": None}
    usage = {"prompt_tokens": 211, "completion_tokens": 37, "total_tokens": 248}
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}


def _http(status: int, body: dict[str, Any], headers: str = "") -> bytes:
    told = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(told)}\r\n{headers}\r\n"
    return head.encode() + told


class Connection(asyncio.Protocol):
    """One connection, with one request at a time."""

    def __init__(self, served: Served) -> None:
        self.served, self.came = served, b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.came += data
        head, end, body = self.came.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not end or len(body) < (int(length[1]) if length else 0):
            return
        self.came = b""
        delay, told = self.served.answer(head.split(b" ", 2)[1], body)
        asyncio.get_running_loop().call_later(delay, self.transport.write, told)


class Loopback:
    """The endpoint, as the process that measures sees it; a context manager."""

    def __init__(self, *, latency: float = 0.0, refusing: float = 0.0) -> None:
        command = [sys.executable, __file__, str(latency), str(refusing)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.base_url = f"http://127.0.0.1:{int(self._process.stdout.readline())}/v1"

    def counts(self) -> dict[str, Any]:
        """How many rows there were, which were asked for more than once and how often, and how many were refused."""
        with urllib.request.urlopen(f"{self.base_url}/counts") as reply:
            return json.load(reply)

    def wait_for(self, rows: int) -> None:
        """Until so many rows were asked for."""
        while self.counts()["rows"] < rows:
            time.sleep(0.01)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


async def serve(served: Served) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Connection(served), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Served(*map(float, sys.argv[1:3]))))
