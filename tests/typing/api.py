"""The public surface as type checkers see it: never run, checked by mypy and pyright."""

from collections.abc import Callable, Coroutine
from typing import Any, Literal

from pydantic import BaseModel
from typing_extensions import assert_type

import structkit
from structkit.testing import cassette


class Invoice(BaseModel):
    total: float


client = structkit.Client("m", temperature=0)
assert_type(client.extract(Invoice, "text"), Invoice)
assert_type(client.extract(list[Invoice], "text", n=2, instructions="Read."), list[Invoice])
assert_type(client.extract(Invoice | None, "text"), Invoice | None)
assert_type(client.extract(Literal["a", "b"], "text"), Literal["a", "b"])
assert_type(client.extract({"type": "object"}, "text"), Any)
assert_type(client.run(Invoice, "text"), structkit.Result[Invoice])
assert_type(client.run(Invoice, "text").value, Invoice)
assert_type(client.run(Invoice, "text").values, tuple[Invoice, ...])
assert_type(client.extract(structkit.ResponseFormat(Invoice), "text"), Invoice)
assert_type(structkit.ResponseFormat(list[int]).parse("{}"), list[int])


def lookup(city: str) -> float:
    return float(len(city))


async def lookup_later(city: str) -> float:
    return lookup(city)


assert_type(client.extract(Invoice, "text", tools=[lookup]), Invoice)
assert_type(
    client.run(Invoice, "text", tools=[lookup, {"type": "web_search"}]).tool_calls, tuple[structkit.ToolRun, ...]
)
client.extract(Invoice, "text", tools=[structkit.Tool(lookup, name="find"), lookup_later])
client.extract(Invoice, "text", tools=lookup)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
client.extract(Invoice, "text", temprature=0)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]


async def check_async_client() -> None:
    async with structkit.AsyncClient("m") as asynchronous:
        assert_type(await asynchronous.extract(Invoice, "text"), Invoice)
        assert_type(await asynchronous.run(list[int], "text"), structkit.Result[list[int]])


@structkit.prompt(Invoice, temperature=0)
def read(text: str, *, language: str = "en") -> str:
    return text


assert_type(read("text"), Invoice)
assert_type(read.run("text", language="fr"), structkit.Result[Invoice])
read(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
read.with_options(temprature=0)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
assert_type(read.with_options(model="gpt-4o", temperature=0, context=["a"])("text", language="fr"), Invoice)
assert_type(read.with_options(policy=structkit.Policy(attempts=1)).run("text"), structkit.Result[Invoice])
read.with_options(seed=7)(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
read("text", langage="fr")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


@structkit.prompt(Invoice)
async def read_async(text: str) -> str:
    return text


async_function: Callable[[str], Coroutine[Any, Any, Invoice]] = read_async


@structkit.prompt
def label(text: str) -> Literal["good", "bad"]:  # type: ignore[empty-body]  # pyright: ignore[reportReturnType]
    """Label this: {text}"""


# the body never runs: the docstring is the prompt
assert_type(label("text"), Literal["good", "bad"])


@structkit.prompt(model="gpt-4o", temperature=0)
def label_with_options(text: str) -> Literal["good", "bad"]:  # type: ignore[empty-body]  # pyright: ignore[reportReturnType]
    """Label this: {text}"""


assert_type(label_with_options("text"), Literal["good", "bad"])
label_with_options(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


class Reader:
    @structkit.prompt(Invoice)
    def read(self, text: str) -> str:
        return text


assert_type(Reader().read("text"), Invoice)
assert_type(Reader().read.with_options(seed=7)("text"), Invoice)


@structkit.prompt
async def label_async(text: str) -> Literal["good", "bad"]:  # type: ignore[empty-body]  # pyright: ignore[reportReturnType]
    """Label this: {text}"""


@structkit.prompt(seed=7)
async def label_async_with_options(text: str) -> Literal["good", "bad"]:  # type: ignore[empty-body]  # pyright: ignore[reportReturnType]
    """Label this: {text}"""


async def check_async_function() -> None:
    assert_type(await label_async.with_options(seed=7)("text"), Literal["good", "bad"])
    assert_type(await label_async_with_options("text"), Literal["good", "bad"])
    assert_type(await label_async("text"), Literal["good", "bad"])
    assert_type(await label_async.run("text"), structkit.Result[Literal["good", "bad"]])


with cassette("tape.json", over=structkit.Client) as tape:
    assert_type(structkit.Client("m", transport=tape).extract(Invoice, "text"), Invoice)
    asynchronous = structkit.AsyncClient("m", transport=tape.asynchronous)
