"""https://python.useinstructor.com/concepts/from_provider/ and https://python.useinstructor.com/concepts/partial/."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import instructor
import measure
from kinds import MODEL, Bill, Rows


def call() -> Callable[[str], Bill]:
    client = instructor.from_provider(f"openai/{MODEL}")
    return lambda prompt: client.create(response_model=Bill, messages=[{"role": "user", "content": prompt}])


def async_call() -> Callable[[str], Awaitable[Bill]]:
    client = instructor.from_provider(f"openai/{MODEL}", async_client=True)
    return lambda prompt: client.create(response_model=Bill, messages=[{"role": "user", "content": prompt}])


def partials() -> Callable[[str], AsyncIterator[Any]]:
    """Awaited: the blocking client gathers all partial values before it gives the first."""
    client = instructor.from_provider(f"openai/{MODEL}", async_client=True)
    return lambda prompt: client.create_partial(response_model=Rows, messages=[{"role": "user", "content": prompt}])


measure.run(call, async_call, partials)
