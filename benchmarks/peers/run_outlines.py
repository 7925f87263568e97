"""https://dottxt-ai.github.io/outlines/latest/features/models/openai/: its outputs are text, which pydantic parses."""

from collections.abc import Awaitable, Callable

import measure
import openai
import outlines
from kinds import MODEL, Bill


def call() -> Callable[[str], Bill]:
    model = outlines.from_openai(openai.OpenAI(), MODEL)
    return lambda prompt: Bill.model_validate_json(model(prompt, Bill))


def async_call() -> Callable[[str], Awaitable[Bill]]:
    model = outlines.from_openai(openai.AsyncOpenAI(), MODEL)

    async def ask(prompt: str) -> Bill:
        return Bill.model_validate_json(await model(prompt, Bill))

    return ask


measure.run(call, async_call, "text only")
