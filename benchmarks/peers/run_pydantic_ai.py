"""https://ai.pydantic.dev/output/; a stream yields an output for every delta, not one every 0.1 s."""

from collections.abc import Awaitable, Callable, Iterator

import measure
from kinds import MODEL, Bill
from pydantic_ai import Agent
from typing_extensions import TypedDict


class Row(TypedDict, total=False):
    """A model has partial values only once every field has arrived, so its page on streams uses typed dicts."""

    id: int
    name: str
    city: str
    score: float
    active: bool


class Rows(TypedDict, total=False):
    rows: list[Row]


def call() -> Callable[[str], Bill]:
    agent = Agent(f"openai-chat:{MODEL}", output_type=Bill)
    return lambda prompt: agent.run_sync(prompt).output


def async_call() -> Callable[[str], Awaitable[Bill]]:
    agent = Agent(f"openai-chat:{MODEL}", output_type=Bill)

    async def ask(prompt: str) -> Bill:
        return (await agent.run(prompt)).output

    return ask


def partials() -> Callable[[str], Iterator[Rows]]:
    agent = Agent(f"openai-chat:{MODEL}", output_type=Rows)
    return lambda prompt: agent.run_stream_sync(prompt).stream_output(debounce_by=None)


measure.run(call, async_call, partials)
