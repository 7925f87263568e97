"""The floor: an HTTP call and one `validate_json`. https://docs.aiohttp.org/en/stable/client_quickstart.html."""

import http.client
import json
from collections.abc import Awaitable, Callable, Iterator
from urllib.parse import urlsplit

import measure
from kinds import BASE_URL, MODEL, Bill, Rows
from pydantic import BaseModel, TypeAdapter

PATH = "/v1/chat/completions"
HEADERS = {"content-type": "application/json", "authorization": "Bearer key"}


def body(kind: type[BaseModel], prompt: str, **more: object) -> bytes:
    schema = {"name": kind.__name__, "strict": True, "schema": kind.model_json_schema()}
    asked = {"model": MODEL, "messages": [{"role": "user", "content": prompt}]}
    return json.dumps({**asked, "response_format": {"type": "json_schema", "json_schema": schema}, **more}).encode()


def read(reply: bytes, validate: Callable[[str], Bill]) -> Bill:
    return validate(json.loads(reply)["choices"][0]["message"]["content"])


def call() -> Callable[[str], Bill]:
    line, validate, made = http.client.HTTPConnection(urlsplit(BASE_URL).netloc), TypeAdapter(Bill).validate_json, {}

    def ask(prompt: str) -> Bill:
        if prompt not in made:
            made[prompt] = body(Bill, prompt)
        line.request("POST", PATH, made[prompt], HEADERS)
        return read(line.getresponse().read(), validate)

    return ask


def async_call() -> Callable[[str], Awaitable[Bill]]:
    import aiohttp

    pool = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100), headers=HEADERS)
    validate, made = TypeAdapter(Bill).validate_json, {}

    async def ask(prompt: str) -> Bill:
        if prompt not in made:
            made[prompt] = body(Bill, prompt)
        async with pool.post(BASE_URL + "/chat/completions", data=made[prompt]) as response:
            return read(await response.read(), validate)

    return ask


def partials() -> Callable[[str], Iterator[Rows]]:
    """The text of every event is kept, and read once at the end: no partial values."""
    line, validate = http.client.HTTPConnection(urlsplit(BASE_URL).netloc), TypeAdapter(Rows).validate_json

    def ask(prompt: str) -> Iterator[Rows]:
        line.request("POST", PATH, body(Rows, prompt, stream=True), HEADERS)
        pieces = []
        for event in line.getresponse():
            if event.startswith(b"data: {"):
                pieces.append(json.loads(event[6:])["choices"][0]["delta"].get("content") or "")  # noqa: PERF401 (line by line)
        yield validate("".join(pieces))

    return ask


measure.run(call, async_call, partials)
