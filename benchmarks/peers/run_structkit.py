"""structkit, as docs/tutorial.md shows it."""

from collections.abc import Awaitable, Callable, Iterator

import measure
from kinds import MODEL, Bill, Rows

import structkit


def call() -> Callable[[str], Bill]:
    client = structkit.Client(MODEL)
    return lambda prompt: client.extract(Bill, prompt)


def async_call() -> Callable[[str], Awaitable[Bill]]:
    client = structkit.AsyncClient(MODEL)
    return lambda prompt: client.extract(Bill, prompt)


def partials() -> Callable[[str], Iterator[Rows]]:
    client = structkit.Client(MODEL)

    def ask(prompt: str) -> Iterator[Rows]:
        with client.stream(Rows, prompt) as stream:
            yield from stream
        yield stream.result().value

    return ask


measure.run(call, async_call, partials if hasattr(structkit.Client, "stream") else "not available")
