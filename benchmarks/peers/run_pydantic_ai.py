"""https://ai.pydantic.dev/output/; of a stream, an output for every delta instead of one every tenth of a second."""

from collections.abc import Awaitable, Callable, Iterator

import measure
from kinds import MODEL, Bill
from pydantic_ai import Agent
from typing_extensions import TypedDict


class Row(TypedDict, total=False):
    """Models give a partial value only where every field is there; the page on streams takes these instead."""

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
