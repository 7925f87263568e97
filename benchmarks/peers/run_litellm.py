"""https://docs.litellm.ai/docs/completion/json_mode."""

from collections.abc import Awaitable, Callable

import litellm
import measure
from kinds import MODEL, Bill


def call() -> Callable[[str], Bill]:
    def ask(prompt: str) -> Bill:
        messages = [{"role": "user", "content": prompt}]
        reply = litellm.completion(model=f"openai/{MODEL}", messages=messages, response_format=Bill)
        return Bill.model_validate_json(reply.choices[0].message.content)

    return ask


def async_call() -> Callable[[str], Awaitable[Bill]]:
    async def ask(prompt: str) -> Bill:
        messages = [{"role": "user", "content": prompt}]
        reply = await litellm.acompletion(model=f"openai/{MODEL}", messages=messages, response_format=Bill)
        return Bill.model_validate_json(reply.choices[0].message.content)

    return ask


measure.run(call, async_call, "text only")
