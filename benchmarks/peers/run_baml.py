"""https://docs.boundaryml.com/guide/baml-basics/streaming, with the client that baml-cli generated from baml_src."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import measure
from baml_client.sync_client import b


def call() -> Callable[[str], Any]:
    return b.ReadBill


def async_call() -> Callable[[str], Awaitable[Any]]:
    from baml_client.async_client import b

    return b.ReadBill


def partials() -> Callable[[str], Iterator[Any]]:
    def ask(prompt: str) -> Iterator[Any]:
        stream = b.stream.ReadRows(prompt)
        yield from stream
        yield stream.get_final_response()

    return ask


measure.run(call, async_call, partials)
