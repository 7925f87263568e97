"""The baseline: an HTTP call and one `validate_json`. https://docs.aiohttp.org/en/stable/client_quickstart.html."""

import http.client
import json
from collections.abc import Awaitable, Callable, Iterator
from urllib.parse import urlsplit

import measure
from kinds import BASE_URL, MODEL, Bill, Rows
from pydantic import BaseModel, TypeAdapter

PATH = "/v1/chat/completions"
HEADERS = {"content-type": "application/json", "authorization": "Bearer key"}


def body(kind: type[BaseModel], prompt: str, **fields: object) -> bytes:
    schema = {"name": kind.__name__, "strict": True, "schema": kind.model_json_schema()}
    request = {"model": MODEL, "messages": [{"role": "user", "content": prompt}]}
    return json.dumps({**request, "response_format": {"type": "json_schema", "json_schema": schema}, **fields}).encode()


def parse(reply: bytes, validate: Callable[[str], Bill]) -> Bill:
    return validate(json.loads(reply)["choices"][0]["message"]["content"])


def call() -> Callable[[str], Bill]:
    connection, validate, bodies = (
        http.client.HTTPConnection(urlsplit(BASE_URL).netloc),
        TypeAdapter(Bill).validate_json,
        {},
    )

    def ask(prompt: str) -> Bill:
        if prompt not in bodies:
            bodies[prompt] = body(Bill, prompt)
        connection.request("POST", PATH, bodies[prompt], HEADERS)
        return parse(connection.getresponse().read(), validate)

    return ask


def async_call() -> Callable[[str], Awaitable[Bill]]:
    import aiohttp

    pool = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100), headers=HEADERS)
    validate, bodies = TypeAdapter(Bill).validate_json, {}

    async def ask(prompt: str) -> Bill:
        if prompt not in bodies:
            bodies[prompt] = body(Bill, prompt)
        async with pool.post(BASE_URL + "/chat/completions", data=bodies[prompt]) as response:
            return parse(await response.read(), validate)

    return ask


def partials() -> Callable[[str], Iterator[Rows]]:
    """Collect the text of all events, and parse it once at the end: no partial values."""
    connection, validate = http.client.HTTPConnection(urlsplit(BASE_URL).netloc), TypeAdapter(Rows).validate_json

    def ask(prompt: str) -> Iterator[Rows]:
        connection.request("POST", PATH, body(Rows, prompt, stream=True), HEADERS)
        texts = []
        for event in connection.getresponse():
            if event.startswith(b"data: {"):
                texts.append(json.loads(event[6:])["choices"][0]["delta"].get("content") or "")  # noqa: PERF401 (line by line)
        yield validate("".join(texts))

    return ask


measure.run(call, async_call, partials)
