"""https://mirascope.com/docs/learn/llm/structured-output and https://mirascope.com/docs/learn/llm/streaming."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import measure
from kinds import MODEL, Bill, Rows
from mirascope import llm

CHAT = f"openai/{MODEL}:completions"


def call() -> Callable[[str], Bill]:
    @llm.call(CHAT, format=Bill)
    def read_bill(text: str) -> str:
        return text

    return lambda prompt: read_bill(prompt).parse()


def async_call() -> Callable[[str], Awaitable[Bill]]:
    @llm.call(CHAT, format=Bill)
    async def read_bill(text: str) -> str:
        return text

    async def ask(prompt: str) -> Bill:
        return (await read_bill(prompt)).parse()

    return ask


def partials() -> Callable[[str], Iterator[Any]]:
    @llm.call(CHAT, format=Rows)
    def read_rows(text: str) -> str:
        return text

    def ask(prompt: str) -> Iterator[Any]:
        stream = read_rows.stream(prompt)
        yield from stream.structured_stream()
        yield stream.parse()

    return ask


measure.run(call, async_call, partials)
