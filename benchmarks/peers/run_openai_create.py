"""A plain call of the SDK, validated by pydantic. https://developers.openai.com/api/docs/guides/structured-outputs."""

from collections.abc import Awaitable, Callable
from typing import Any

import measure
import openai
from kinds import MODEL, Bill

SCHEMA = {**Bill.model_json_schema(), "additionalProperties": False}
SCHEMA["$defs"]["Line"]["additionalProperties"] = False
FORMAT: Any = {"type": "json_schema", "json_schema": {"name": "Bill", "strict": True, "schema": SCHEMA}}


def call() -> Callable[[str], Bill]:
    client = openai.OpenAI()

    def ask(prompt: str) -> Bill:
        messages: Any = [{"role": "user", "content": prompt}]
        reply = client.chat.completions.create(model=MODEL, messages=messages, response_format=FORMAT)
        return Bill.model_validate_json(reply.choices[0].message.content or "")

    return ask


def async_call() -> Callable[[str], Awaitable[Bill]]:
    client = openai.AsyncOpenAI()

    async def ask(prompt: str) -> Bill:
        messages: Any = [{"role": "user", "content": prompt}]
        reply = await client.chat.completions.create(model=MODEL, messages=messages, response_format=FORMAT)
        return Bill.model_validate_json(reply.choices[0].message.content or "")

    return ask


measure.run(call, async_call, "text only")
