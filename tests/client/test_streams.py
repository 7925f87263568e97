"""Values while they arrive: `stream` and `stream_items`, blocking and awaited alike, in every mode."""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pydantic.dataclasses
import pytest
from pydantic import AfterValidator, BaseModel, Field, field_validator, model_validator
from typing_extensions import TypedDict

import structkit
from structkit.errors import ConfigError, InvalidOutput, MalformedReply, StructkitError, TransportError
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import completion, text_reply
from structkit.values import JSON


class Line(BaseModel):
    """A line of an invoice."""

    sku: str
    count: int = Field(ge=0)


class Invoice(BaseModel):
    """An invoice."""

    seller: str
    kind: Literal["invoice", "credit note"]
    lines: list[Line]
    note: str | None = None

    @model_validator(mode="after")
    def has_lines(self) -> Invoice:
        if not self.lines:
            raise ValueError("an invoice has lines")
        return self


LINES = [{"sku": f"item {number}", "count": number} for number in range(6)]
INVOICE = {"seller": "Northwind Traders", "kind": "credit note", "lines": LINES, "note": None}
TEXT = json.dumps(INVOICE)


@dataclass
class Came:
    """What a stream gave, and what it came to."""

    shown: list[Any]
    result: structkit.Result[Any] | None
    error: StructkitError | None
    stream: Any


def blocking(base_url: str, method: str, *args: Any, **call: Any) -> Came:
    stream = getattr(client_of(structkit.Client, base_url, call), method)(*args, **call)
    shown: list[Any] = []
    try:
        with stream:
            shown.extend(stream)
            return Came(shown, stream.result(), None, stream)
    except StructkitError as error:
        return Came(shown, None, error, stream)


def awaited(base_url: str, method: str, *args: Any, **call: Any) -> Came:
    async def run() -> Came:
        shown: list[Any] = []
        async with client_of(structkit.AsyncClient, base_url, call) as client:
            stream = getattr(client, method)(*args, **call)
            try:
                async with stream:
                    async for each in stream:
                        shown.append(each)  # noqa: PERF401 (what came before an error counts)
                    return Came(shown, await stream.result(), None, stream)
            except StructkitError as error:
                return Came(shown, None, error, stream)

    return asyncio.run(run())


def client_of(kind: Any, base_url: str, call: dict[str, Any]) -> Any:
    settings = {name: call.pop(name) for name in ("mode", "hooks") if name in call}
    policy = call.pop("policy", structkit.Policy(wait_initial=0.001, timeout=30))
    return kind("fake", base_url=base_url, api_key="sk-test", policy=policy, **settings)


@pytest.fixture(params=[blocking, awaited], ids=["sync", "async"])
def stream(request: pytest.FixtureRequest) -> Callable[..., Came]:
    run: Callable[..., Came] = request.param
    return run


MODES = ["json_schema", "json_schema_lax", "tool", "json_object", "prompt"]


@pytest.mark.parametrize("mode", MODES)
def test_snapshots_grow_to_the_value_that_run_gives(stream: Callable[..., Came], mode: str) -> None:
    with Endpoint(lambda request: text_reply(request, TEXT)) as endpoint:
        came = stream(endpoint.base_url, "stream", Invoice, "Read it.", mode=mode)
        whole = structkit.Client("fake", base_url=endpoint.base_url, api_key="k", mode=mode).run(Invoice, "Read it.")
    assert came.result is not None
    assert came.result.value == whole.value == came.shown[-1] == came.stream.partial
    assert (came.result.usage, came.result.mode) == (whole.usage, whole.mode)
    assert len(came.shown) > 10
    first = came.shown[0]
    assert isinstance(first, Invoice)
    assert not hasattr(first, "lines")
    assert [request.get("stream") for request in endpoint.requests] == [True, None]


def test_what_is_not_there_is_absent_and_what_is_constant_comes_whole(stream: Callable[..., Came]) -> None:
    with Endpoint(TEXT) as endpoint:
        shown = stream(endpoint.base_url, "stream", Invoice, "Read it.").shown
    for snapshot in shown:
        assert getattr(snapshot, "seller", "Northwind Traders") in "Northwind Traders"
        assert getattr(snapshot, "kind", "credit note") == "credit note"
        assert all(getattr(line, "count", 0) is not None for line in getattr(snapshot, "lines", []))
    assert {getattr(snapshot, "seller", "") for snapshot in shown} > {"Northwind Traders"}


def test_only_what_is_complete_can_be_wanted(stream: Callable[..., Came]) -> None:
    with Endpoint(TEXT) as endpoint:
        shown = stream(endpoint.base_url, "stream", Invoice, "Read it.", only_complete=True).shown
        every = stream(endpoint.base_url, "stream", Invoice, "Read it.").shown
    assert 1 < len(shown) < len(every)
    assert {getattr(snapshot, "seller", "Northwind Traders") for snapshot in shown} == {"Northwind Traders"}


def test_maps_and_roots_stream_in_the_users_shape(stream: Callable[..., Came]) -> None:
    with Endpoint('{"value": [{"key": "a", "value": 1}, {"key": "b", "value": 2}]}') as endpoint:
        shown = stream(endpoint.base_url, "stream", dict[str, int], "Count.").shown
    assert shown[-1] == {"a": 1, "b": 2}
    assert all(snapshot.items() <= {"a": 1, "b": 2}.items() for snapshot in shown)


def test_a_snapshot_that_was_kept_never_changes(stream: Callable[..., Came]) -> None:
    with Endpoint(TEXT) as endpoint:
        shown = stream(endpoint.base_url, "stream", Invoice, "Read it.").shown
    lengths = [len(getattr(snapshot, "lines", [])) for snapshot in shown]
    assert lengths == sorted(lengths)
    assert lengths[0] == 0


def test_a_reply_that_is_wrong_is_put_right_before_the_end(stream: Callable[..., Came]) -> None:
    wrong = json.dumps({**INVOICE, "lines": []})
    with Endpoint(wrong, TEXT) as endpoint:
        came = stream(endpoint.base_url, "stream", Invoice, "Read it.")
    assert came.result is not None
    assert [issue.message for issue in came.result.attempts[0].issues] == ["Value error, an invoice has lines"]
    assert came.result.value == came.shown[-1] == Invoice.model_validate(INVOICE)


def test_a_mode_that_is_refused_steps_down(stream: Callable[..., Came]) -> None:
    with Endpoint(lambda request: text_reply(request, TEXT), faults={"rejects_response_format": 1}) as endpoint:
        came = stream(endpoint.base_url, "stream", Invoice, "Read it.")
    assert came.result is not None
    assert came.result.value == Invoice.model_validate(INVOICE)
    assert came.result.mode == "tool"
    assert len(came.shown) > 10


def test_a_reply_in_one_piece_gives_the_value_alone(stream: Callable[..., Came]) -> None:
    with Endpoint(TEXT, faults={"stream_ignored": 1}) as endpoint:
        came = stream(endpoint.base_url, "stream", Invoice, "Read it.")
    assert came.shown == [Invoice.model_validate(INVOICE)]


def test_a_stream_that_breaks_keeps_what_was_complete(stream: Callable[..., Came]) -> None:
    with Endpoint(TEXT, faults={"stream_cut": 1}) as endpoint:
        came = stream(endpoint.base_url, "stream", Invoice, "Read it.")
    assert isinstance(came.error, TransportError)
    assert isinstance(came.error.partial, Invoice)
    assert came.error.partial == came.shown[-1] == came.stream.partial
    assert came.error.partial.lines[0] == Line(sku="item 0", count=0)
    assert len(endpoint.requests) == 1


def test_a_value_that_cannot_be_had_is_the_error_that_run_raises(stream: Callable[..., Came]) -> None:
    wrong = json.dumps({**INVOICE, "lines": []})
    with Endpoint(wrong, wrong) as endpoint:
        came = stream(endpoint.base_url, "stream", Invoice, "Read it.", policy=structkit.Policy(attempts=2))
    assert isinstance(came.error, InvalidOutput)
    assert len(came.error.attempts) == 2


# Items


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("wanted", [list[Line], Invoice])
def test_items_come_one_by_one(stream: Callable[..., Came], mode: str, wanted: Any) -> None:
    text = TEXT if wanted is Invoice else json.dumps({"value": LINES})
    with Endpoint(lambda request: text_reply(request, text)) as endpoint:
        came = stream(endpoint.base_url, "stream_items", wanted, "Read it.", mode=mode)
    assert came.shown == [Line.model_validate(line) for line in LINES]
    assert came.stream.issues == ()


def test_the_type_of_an_item_asks_for_a_list_of_it(stream: Callable[..., Came]) -> None:
    with Endpoint(json.dumps({"value": LINES})) as endpoint:
        came = stream(endpoint.base_url, "stream_items", Line, "Read it.")
    assert came.result is not None
    assert came.shown == came.result.value == [Line.model_validate(line) for line in LINES]


@pytest.mark.parametrize("count", [3, 60])
def test_a_bad_item_is_told_asked_for_alone_and_given_last(stream: Callable[..., Came], count: int) -> None:
    lines = [{"sku": f"item {number}", "count": -1 if number == 1 else number} for number in range(count)]
    with Endpoint(json.dumps({"value": lines}), '{"item_1_count": 1}') as endpoint:
        came = stream(endpoint.base_url, "stream_items", list[Line], "Read it.")
    right = [Line(sku=f"item {number}", count=number) for number in range(count)]
    assert came.shown == [right[0], *right[2:], right[1]]
    assert [issue.path for issue in came.stream.issues] == [(1, "count")]
    assert came.result is not None
    assert came.result.value == right
    asked = endpoint.requests[1]
    assert str(asked).count("item 5") == 0  # the others are not shown again


def test_items_that_were_complete_are_kept_when_a_stream_breaks(stream: Callable[..., Came]) -> None:
    with Endpoint(json.dumps({"value": LINES}), faults={"stream_cut": 1}) as endpoint:
        came = stream(endpoint.base_url, "stream_items", list[Line], "Read it.")
    assert isinstance(came.error, TransportError)
    assert came.error.partial == came.shown == [Line.model_validate(line) for line in LINES[: len(came.shown)]]
    assert 0 < len(came.shown) < len(LINES)


def test_no_item_is_given_twice_when_a_cut_list_is_gone_on_with(stream: Callable[..., Came]) -> None:
    lines = [{"sku": f"item {number}", "count": number} for number in range(40)]
    text = json.dumps({"value": lines})

    def answer(request: JSON) -> Any:
        if len(endpoint.requests) == 1:
            return Reply(completion(text[: len(text) // 2], finish_reason="length"))
        [name] = request["response_format"]["json_schema"]["schema"]["properties"]
        return text_reply(request, json.dumps({name: lines[20:]}))

    with Endpoint(answer) as endpoint:
        came = stream(endpoint.base_url, "stream_items", list[Line], "Read it.")
    assert came.result is not None
    assert came.result.value == came.shown
    assert len(endpoint.requests) == 2


class Sorted(BaseModel):
    """Lines whose order the caller's code changes, and to which it adds."""

    lines: list[Line]

    @field_validator("lines")
    @classmethod
    def in_order(cls, lines: list[Line]) -> list[Line]:
        return [*lines[::-1], Line(sku="added", count=0)]


class Cleaned(BaseModel):
    """Lines in an object that the caller's code looks at before its fields are."""

    lines: list[Line]

    @model_validator(mode="before")
    @classmethod
    def cleaned(cls, given: Any) -> Any:
        return given


@pydantic.dataclasses.dataclass
class CleanedToo:
    """The same in a dataclass."""

    lines: list[Line]

    @model_validator(mode="before")
    @classmethod
    def cleaned(cls, given: Any) -> Any:
        return given


class Wrapped(BaseModel):
    """No list, and a validator around."""

    sku: str

    @model_validator(mode="wrap")
    @classmethod
    def around(cls, given: Any, validate: Callable[[Any], Any]) -> Any:
        return validate(given)


@pytest.mark.parametrize(
    ("wanted", "said", "shown"),
    [
        (Cleaned, {"lines": LINES}, [Line.model_validate(line) for line in LINES]),
        (CleanedToo, {"lines": LINES}, [Line.model_validate(line) for line in LINES]),
        (Sorted, {"lines": LINES}, [*map(Line.model_validate, LINES), Line(sku="added", count=0)]),
        (Annotated[list[int], AfterValidator(sorted)], {"value": [3, 1, 2]}, [3, 1, 2]),
        (Wrapped, {"value": [{"sku": "a"}]}, [Wrapped(sku="a")]),
    ],
)
def test_items_come_from_under_validators_of_the_callers(
    stream: Callable[..., Came], wanted: Any, said: JSON, shown: list[Any]
) -> None:
    with Endpoint(json.dumps(said)) as endpoint:
        came = stream(endpoint.base_url, "stream_items", wanted, "Read it.")
    assert came.error is None
    assert came.shown == shown


@pytest.mark.parametrize("wanted", [set[str], frozenset[str]])
def test_each_item_of_a_set_is_given_once_though_one_had_to_be_put_right(
    stream: Callable[..., Came], wanted: Any
) -> None:
    names = [f"name {number}" for number in range(20)]
    with Endpoint(json.dumps({"value": [*names[:5], 7, *names[5:]]}), '{"item_5": "other"}') as endpoint:
        came = stream(endpoint.base_url, "stream_items", wanted, "Read it.")
    assert came.shown == [*names, "other"]


class Perhaps(BaseModel):
    """Perhaps some lines."""

    lines: list[Line] | None = None


class Some(TypedDict, total=False):
    """Lines, or no such key."""

    lines: list[Line]


LINES_OR_NOT = {"type": "object", "properties": {"lines": {"type": "array", "items": {"type": "integer"}}}}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Perhaps, {"lines": None}),
        (list[int] | None, {"value": None}),
        (Some, {"lines": None}),
        ({**LINES_OR_NOT, "additionalProperties": False}, {"lines": None}),
    ],
)
def test_a_list_that_is_null_or_left_out_has_no_items(stream: Callable[..., Came], wanted: Any, said: JSON) -> None:
    with Endpoint(json.dumps(said)) as endpoint:
        came = stream(endpoint.base_url, "stream_items", wanted, "Read it.")
    assert came.result is not None
    assert came.shown == []


class Sized(BaseModel):
    """A model whose truth depends on what may not have come."""

    name: str
    lines: list[str]

    def __len__(self) -> int:
        return len(self.lines)


def test_a_stream_that_breaks_asks_a_snapshot_for_nothing(stream: Callable[..., Came]) -> None:
    text = json.dumps({"name": "a name that is long enough to be cut in two", "lines": []})
    with Endpoint(text, faults={"stream_cut": 1}) as endpoint:
        came = stream(endpoint.base_url, "stream", Sized, "Read it.")
    assert isinstance(came.error, TransportError)
    assert came.error.partial is came.shown[-1]


def test_a_stream_of_items_that_breaks_before_the_first_has_none(stream: Callable[..., Came]) -> None:
    with Endpoint('{"value": ["a text that is long enough to be cut in two"]}', faults={"stream_cut": 1}) as endpoint:
        came = stream(endpoint.base_url, "stream_items", list[str], "Read it.")
    assert isinstance(came.error, TransportError)
    assert came.error.partial == []


class Silent:
    """A transport whose streams have no end."""

    def stream(self, *_: Any) -> Any:
        yield from ()


class SilentLater:
    """The same, awaited."""

    async def stream(self, *_: Any) -> Any:
        for nothing in ():
            yield nothing


def test_a_transport_that_ends_without_a_reply_is_told_so() -> None:
    transport: Any = Silent()
    with pytest.raises(MalformedReply, match="ended without a reply"):
        structkit.Client("fake", transport=transport).stream(Invoice, "Read it.").result()
    transport = SilentLater()
    with pytest.raises(MalformedReply, match="ended without a reply"):
        asyncio.run(structkit.AsyncClient("fake", transport=transport).stream(Invoice, "Read it.").result())


# Leaving early


def test_leaving_early_has_no_result_and_spoils_no_later_call() -> None:
    with Endpoint(TEXT) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url, api_key="sk-test")
        with client.stream(Invoice, "Read it.") as stream:
            next(stream)
        with pytest.raises(ConfigError, match="closed before it finished"):
            stream.result()
        assert client.extract(Invoice, "Read it.") == Invoice.model_validate(INVOICE)


@pytest.fixture
def no_collection() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collection")
def test_a_stream_that_nobody_holds_any_more_is_let_go_at_once() -> None:
    ended: list[type[BaseException]] = []
    hooks = structkit.Hooks(on_abort=lambda _, error: ended.append(type(error)))
    with Endpoint(TEXT) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url, api_key="sk-test", hooks=hooks)
        for _ in client.stream(Invoice, "Read it."):
            break
        assert ended == [GeneratorExit]


@pytest.mark.usefixtures("no_collection")
def test_an_awaited_stream_that_nobody_holds_any_more_is_let_go_at_once() -> None:
    async def run(base_url: str) -> None:
        ended = asyncio.Event()
        hooks = structkit.Hooks(on_abort=lambda *_: ended.set())
        async with structkit.AsyncClient("fake", base_url=base_url, api_key="sk-test", hooks=hooks) as client:
            async for _ in client.stream(Invoice, "Read it."):
                break
            async with asyncio.timeout(30):
                await ended.wait()

    with Endpoint(TEXT) as endpoint:
        asyncio.run(run(endpoint.base_url))


def test_a_stream_that_is_closed_before_it_begins_awaits_no_prompt_and_warns_of_none() -> None:
    async def prompt() -> str:
        raise AssertionError

    async def run() -> None:
        client = structkit.AsyncClient("fake", base_url="http://127.0.0.1:9/v1", api_key="sk-test")
        said = prompt()
        async with client.stream(Invoice, said) as stream:
            pass
        assert inspect.getcoroutinestate(said) == inspect.CORO_CLOSED
        with pytest.raises(ConfigError, match="closed before it finished"):
            await stream.result()

    asyncio.run(run())


def test_the_result_waits_for_what_is_still_to_come() -> None:
    with Endpoint(TEXT, TEXT) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url, api_key="sk-test")
        streamed = client.stream(Invoice, "Read it.")
        assert streamed.partial is None
        assert streamed.result().value == streamed.result().value == Invoice.model_validate(INVOICE)
        assert list(streamed) == []


# Functions


def test_a_decorated_function_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    @structkit.prompt(Invoice, model="fake")
    def read(text: str) -> str:
        return f"Read: {text}"

    @structkit.prompt(Invoice, model="fake")
    async def read_later(text: str) -> str:
        await asyncio.sleep(0)
        return f"Read: {text}"

    async def lines() -> list[Line]:
        return [line async for line in read_later.stream_items("it")]

    with Endpoint(TEXT) as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        with read.stream("it") as stream:
            *_, last = stream
        assert last == stream.result().value == Invoice.model_validate(INVOICE)
        assert list(read.stream_items("it")) == asyncio.run(lines()) == last.lines
    assert {request["messages"][-1]["content"] for request in endpoint.requests} == {"Read: it"}
