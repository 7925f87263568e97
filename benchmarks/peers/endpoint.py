"""A fast endpoint on loopback: a fixed reply in the requested form, immediate, delayed or streamed.

It prints its port, and exits at the end of its standard input. The answer to a repeated request is cached.
"""

import asyncio
import gc
import json
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

DELTA = 20
"""Characters of the reply in each event of a stream."""

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\n%s\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
REPLY_REQUEST = re.compile(rb"\(reply: (bill|rows), (?:delay|size): (\d+)\)")
USAGE = {"prompt_tokens": 60, "completion_tokens": 40, "total_tokens": 100}
BILL = {
    "shop": "Northwind",
    "lines": [{"item": "lamp", "quantity": 2, "price": 24.5}, {"item": "desk", "quantity": 1, "price": 180.0}],
    "total": 229.0,
}
CITIES = ("Lisbon", "Oslo", "Kyoto", "Accra", "Quito")


@lru_cache(maxsize=16)
def rows(size: int) -> str:
    """Return a list of rows with about *size* characters."""
    items, length = [], 12
    while length < size:
        n = len(items)
        row = {"id": n, "name": f"Member number {n * 7919 % 100_003}", "city": CITIES[n % 5]}
        row |= {"score": n * 37 % 1000 / 10, "active": n % 3 > 0}
        items.append(json.dumps(row))
        length += len(items[-1]) + 2
    return '{"rows": [' + ", ".join(items) + "]}"


def reply_text(kind: bytes, number: int, schema: dict[str, Any]) -> str:
    """Return the JSON of the reply, inside the one property that some libraries put around a type."""
    text = json.dumps(BILL) if kind == b"bill" else rows(number)
    names = list(schema.get("properties", {}))
    if len(names) == 1 and names[0] not in {"shop", "rows"}:
        return f'{{"{names[0]}": {text}}}'
    return text


def answer(body: bytes) -> tuple[float, bytes]:
    """Return the delay in seconds, and the response."""
    match = REPLY_REQUEST.search(body)
    if match is None:
        return 0, HEAD % (b"application/json", b"content-length: 0")
    request = json.loads(body)
    kind, number = match[1], int(match[2])
    tool = request["tools"][0]["function"] if request.get("tools") else None
    envelope = (request.get("response_format") or {}).get("json_schema", {})
    text = reply_text(kind, number, tool["parameters"] if tool else envelope.get("schema", {}))
    build = streamed_reply if request.get("stream") else complete_reply
    return (number / 1000 if kind == b"bill" else 0), build(request, text, tool and tool["name"])


def completion(request: dict[str, Any], kind: str, choice: dict[str, Any]) -> dict[str, Any]:
    choices = [{"index": 0, "logprobs": None, **choice}]
    head = {"id": "chatcmpl-1", "object": kind, "created": 1790000000, "model": request["model"]}
    return {**head, "system_fingerprint": "fp_1", "choices": choices}


def complete_reply(request: dict[str, Any], text: str, tool: str | None) -> bytes:
    message: dict[str, Any] = {"role": "assistant", "content": None if tool else text, "refusal": None}
    if tool:
        call = {"id": "call_1", "type": "function", "function": {"name": tool, "arguments": text}}
        message["tool_calls"] = [call]
    choice = {"message": message, "finish_reason": "tool_calls" if tool else "stop"}
    body = json.dumps({**completion(request, "chat.completion", choice), "usage": USAGE}).encode()
    return HEAD % (b"application/json", b"content-length: %d" % len(body)) + body


def streamed_reply(request: dict[str, Any], text: str, tool: str | None) -> bytes:
    """Return a response with each event as one HTTP chunk, as servers send it."""
    events = [f"data: {json.dumps(event)}\n\n".encode() for event in chunks(request, text, tool)]
    events.append(b"data: [DONE]\n\n")
    body = b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in events) + b"0\r\n\r\n"
    return HEAD % (b"text/event-stream", b"transfer-encoding: chunked") + body


def chunks(request: dict[str, Any], text: str, tool: str | None) -> Iterator[dict[str, Any]]:
    def chunk(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        return completion(request, "chat.completion.chunk", {"delta": delta, "finish_reason": reason})

    def called(**function: str) -> dict[str, Any]:
        return {"tool_calls": [{"index": 0, "function": function}]}

    yield chunk({"role": "assistant", "content": None if tool else ""})
    if tool:
        first = called(name=tool, arguments="")
        first["tool_calls"][0] |= {"id": "call_1", "type": "function"}
        yield chunk(first)
    for start in range(0, len(text), DELTA):
        fragment = text[start : start + DELTA]
        yield chunk(called(arguments=fragment) if tool else {"content": fragment})
    yield chunk({}, "tool_calls" if tool else "stop")
    if (request.get("stream_options") or {}).get("include_usage"):
        yield {**completion(request, "chat.completion.chunk", {}), "choices": [], "usage": USAGE}


class Connection(asyncio.Protocol):
    """One kept-alive connection."""

    cached_answer = staticmethod(lru_cache(maxsize=64)(answer))

    def connection_made(self, transport: Any) -> None:
        self.transport, self.received = transport, b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        head = self.received.find(b"\r\n\r\n")
        length = LENGTH.search(self.received, 0, head + 2) if head >= 0 else None
        end = head + 4 + (int(length[1]) if length else 0)
        if head < 0 or len(self.received) < end:
            return
        body, self.received = self.received[head + 4 : end], self.received[end:]
        wait, response = self.cached_answer(body)
        if wait:
            asyncio.get_running_loop().call_later(wait, self.transport.write, response)
        else:
            self.transport.write(response)


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    gc.disable()
    asyncio.run(main())
