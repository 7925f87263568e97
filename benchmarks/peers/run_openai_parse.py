"""The SDK's own structured output. https://github.com/openai/openai-python/blob/main/helpers.md."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import measure
import openai
from kinds import MODEL, Bill, Rows


def call() -> Callable[[str], Any]:
    client = openai.OpenAI()

    def ask(prompt: str) -> Any:
        messages: Any = [{"role": "user", "content": prompt}]
        reply = client.chat.completions.parse(model=MODEL, messages=messages, response_format=Bill)
        return reply.choices[0].message.parsed

    return ask


def async_call() -> Callable[[str], Awaitable[Any]]:
    client = openai.AsyncOpenAI()

    async def ask(prompt: str) -> Any:
        messages: Any = [{"role": "user", "content": prompt}]
        reply = await client.chat.completions.parse(model=MODEL, messages=messages, response_format=Bill)
        return reply.choices[0].message.parsed

    return ask


def partials() -> Callable[[str], Iterator[Any]]:
    """The partial values are JSON, not of the type."""
    client = openai.OpenAI()

    def ask(prompt: str) -> Iterator[Any]:
        messages: Any = [{"role": "user", "content": prompt}]
        with client.chat.completions.stream(model=MODEL, messages=messages, response_format=Rows) as stream:
            for event in stream:
                if event.type == "content.delta":
                    yield event.parsed
            yield stream.get_final_completion().choices[0].message.parsed

    return ask


measure.run(call, async_call, partials)
