"""Values while they arrive: `stream` and `stream_items`, blocking and async, in every mode."""

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
from pydantic import AfterValidator, BaseModel, Field, create_model, field_validator, model_validator
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
class Outcome:
    """The values of a stream, and its result or error."""

    values: list[Any]
    result: structkit.Result[Any] | None
    error: StructkitError | None
    stream: Any


def run_blocking(base_url: str, method: str, *args: Any, **call: Any) -> Outcome:
    stream = getattr(client_of(structkit.Client, base_url, call), method)(*args, **call)
    values: list[Any] = []
    try:
        with stream:
            values.extend(stream)
            return Outcome(values, stream.result(), None, stream)
    except StructkitError as error:
        return Outcome(values, None, error, stream)


def run_async(base_url: str, method: str, *args: Any, **call: Any) -> Outcome:
    async def run() -> Outcome:
        values: list[Any] = []
        async with client_of(structkit.AsyncClient, base_url, call) as client:
            stream = getattr(client, method)(*args, **call)
            try:
                async with stream:
                    async for each in stream:
                        values.append(each)  # noqa: PERF401 (the values before an error count)
                    return Outcome(values, await stream.result(), None, stream)
            except StructkitError as error:
                return Outcome(values, None, error, stream)

    return asyncio.run(run())


def client_of(kind: Any, base_url: str, call: dict[str, Any]) -> Any:
    settings = {name: call.pop(name) for name in ("mode", "hooks") if name in call}
    policy = call.pop("policy", structkit.Policy(wait_initial=0.001, timeout=600))
    return kind("fake", base_url=base_url, api_key="sk-test", policy=policy, **settings)


@pytest.fixture(params=[run_blocking, run_async], ids=["sync", "async"])
def stream(request: pytest.FixtureRequest) -> Callable[..., Outcome]:
    run: Callable[..., Outcome] = request.param
    return run


MODES = ["json_schema", "json_schema_lax", "tool", "json_object", "prompt"]


@pytest.mark.parametrize("mode", MODES)
def test_snapshots_grow_to_the_value_of_run(stream: Callable[..., Outcome], mode: str) -> None:
    with Endpoint(lambda request: text_reply(request, TEXT)) as endpoint:
        outcome = stream(endpoint.base_url, "stream", Invoice, "Read it.", mode=mode)
        result = structkit.Client("fake", base_url=endpoint.base_url, api_key="k", mode=mode).run(Invoice, "Read it.")
    assert outcome.result is not None
    assert outcome.result.value == result.value == outcome.values[-1] == outcome.stream.partial
    assert (outcome.result.usage, outcome.result.mode) == (result.usage, result.mode)
    assert len(outcome.values) > 10
    first = outcome.values[0]
    assert isinstance(first, Invoice)
    assert not hasattr(first, "lines")
    assert [request.get("stream") for request in endpoint.requests] == [True, None]


def test_missing_properties_are_absent_and_constants_are_complete(stream: Callable[..., Outcome]) -> None:
    with Endpoint(TEXT) as endpoint:
        values = stream(endpoint.base_url, "stream", Invoice, "Read it.").values
    for snapshot in values:
        assert getattr(snapshot, "seller", "Northwind Traders") in "Northwind Traders"
        assert getattr(snapshot, "kind", "credit note") == "credit note"
        assert all(getattr(line, "count", 0) is not None for line in getattr(snapshot, "lines", []))
    assert {getattr(snapshot, "seller", "") for snapshot in values} > {"Northwind Traders"}


def test_only_complete_snapshots_can_be_requested(stream: Callable[..., Outcome]) -> None:
    with Endpoint(TEXT) as endpoint:
        values = stream(endpoint.base_url, "stream", Invoice, "Read it.", only_complete=True).values
        all_values = stream(endpoint.base_url, "stream", Invoice, "Read it.").values
    assert 1 < len(values) < len(all_values)
    assert {getattr(snapshot, "seller", "Northwind Traders") for snapshot in values} == {"Northwind Traders"}


def test_maps_and_root_values_stream_in_their_natural_form(stream: Callable[..., Outcome]) -> None:
    with Endpoint('{"value": [{"key": "a", "value": 1}, {"key": "b", "value": 2}]}') as endpoint:
        values = stream(endpoint.base_url, "stream", dict[str, int], "Count.").values
    assert values[-1] == {"a": 1, "b": 2}
    assert all(snapshot.items() <= {"a": 1, "b": 2}.items() for snapshot in values)


def test_a_snapshot_does_not_change_later(stream: Callable[..., Outcome]) -> None:
    with Endpoint(TEXT) as endpoint:
        values = stream(endpoint.base_url, "stream", Invoice, "Read it.").values
    lengths = [len(getattr(snapshot, "lines", [])) for snapshot in values]
    assert lengths == sorted(lengths)
    assert lengths[0] == 0


def test_an_invalid_reply_is_corrected_before_the_last_snapshot(stream: Callable[..., Outcome]) -> None:
    invalid = json.dumps({**INVOICE, "lines": []})
    with Endpoint(invalid, TEXT) as endpoint:
        outcome = stream(endpoint.base_url, "stream", Invoice, "Read it.")
    assert outcome.result is not None
    assert [issue.message for issue in outcome.result.attempts[0].issues] == ["Value error, an invoice has lines"]
    assert outcome.result.value == outcome.values[-1] == Invoice.model_validate(INVOICE)


def test_a_rejected_mode_falls_back_to_the_next(stream: Callable[..., Outcome]) -> None:
    with Endpoint(lambda request: text_reply(request, TEXT), faults={"rejects_response_format": 1}) as endpoint:
        outcome = stream(endpoint.base_url, "stream", Invoice, "Read it.")
    assert outcome.result is not None
    assert outcome.result.value == Invoice.model_validate(INVOICE)
    assert outcome.result.mode == "tool"
    assert len(outcome.values) > 10


def test_a_reply_that_is_not_streamed_yields_only_the_value(stream: Callable[..., Outcome]) -> None:
    with Endpoint(TEXT, faults={"stream_ignored": 1}) as endpoint:
        outcome = stream(endpoint.base_url, "stream", Invoice, "Read it.")
    assert outcome.values == [Invoice.model_validate(INVOICE)]


def test_the_error_of_a_broken_stream_has_the_last_snapshot(stream: Callable[..., Outcome]) -> None:
    with Endpoint(TEXT, faults={"stream_cut": 1}) as endpoint:
        outcome = stream(endpoint.base_url, "stream", Invoice, "Read it.")
    assert isinstance(outcome.error, TransportError)
    assert isinstance(outcome.error.partial, Invoice)
    assert outcome.error.partial == outcome.values[-1] == outcome.stream.partial
    assert outcome.error.partial.lines[0] == Line(sku="item 0", count=0)
    assert len(endpoint.requests) == 1


def test_a_value_that_stays_invalid_is_the_error_of_run(stream: Callable[..., Outcome]) -> None:
    invalid = json.dumps({**INVOICE, "lines": []})
    with Endpoint(invalid, invalid) as endpoint:
        outcome = stream(endpoint.base_url, "stream", Invoice, "Read it.", policy=structkit.Policy(attempts=2))
    assert isinstance(outcome.error, InvalidOutput)
    assert len(outcome.error.attempts) == 2


# Items


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("output_type", [list[Line], Invoice])
def test_items_are_yielded_one_by_one(stream: Callable[..., Outcome], mode: str, output_type: Any) -> None:
    text = TEXT if output_type is Invoice else json.dumps({"value": LINES})
    with Endpoint(lambda request: text_reply(request, text)) as endpoint:
        outcome = stream(endpoint.base_url, "stream_items", output_type, "Read it.", mode=mode)
    assert outcome.values == [Line.model_validate(line) for line in LINES]
    assert outcome.stream.issues == ()


class Circle(BaseModel):
    kind: Literal["circle"] = "circle"
    radius: float


class Square(BaseModel):
    kind: Literal["square"] = "square"
    side: float


class Fruit(BaseModel):
    name: str


class Herb(BaseModel):
    name: str


@pytest.mark.parametrize(
    ("list_type", "items"),
    [
        (list[Circle | Square], [Circle(radius=1), Square(side=2)]),
        (list[Fruit | Herb], [Fruit(name="fig"), Herb(name="fig")]),
        (list[Fruit | None], [Fruit(name="fig"), None]),
    ],
)
def test_the_items_of_a_type_with_one_list_may_be_objects_of_several_classes(
    stream: Callable[..., Outcome], list_type: Any, items: list[Any]
) -> None:
    output_type = create_model("Page", title=(str, ...), items=(list_type, ...))
    page = output_type(title="One", items=items)
    with Endpoint(json.dumps(structkit.ResponseFormat(output_type).dump(page))) as endpoint:
        outcome = stream(endpoint.base_url, "stream_items", output_type, "Read it.")
    assert outcome.values == items
    assert outcome.result is not None
    assert outcome.result.value == page


def test_the_type_of_an_item_requests_a_list_of_it(stream: Callable[..., Outcome]) -> None:
    with Endpoint(json.dumps({"value": LINES})) as endpoint:
        outcome = stream(endpoint.base_url, "stream_items", Line, "Read it.")
    assert outcome.result is not None
    assert outcome.values == outcome.result.value == [Line.model_validate(line) for line in LINES]


@pytest.mark.parametrize("count", [3, 60])
def test_an_invalid_item_is_reported_re_asked_separately_and_yielded_last(
    stream: Callable[..., Outcome], count: int
) -> None:
    lines = [{"sku": f"item {number}", "count": -1 if number == 1 else number} for number in range(count)]
    with Endpoint(json.dumps({"value": lines}), '{"item_1_count": 1}') as endpoint:
        outcome = stream(endpoint.base_url, "stream_items", list[Line], "Read it.")
    valid = [Line(sku=f"item {number}", count=number) for number in range(count)]
    assert outcome.values == [valid[0], *valid[2:], valid[1]]
    assert [issue.path for issue in outcome.stream.issues] == [(1, "count")]
    assert outcome.result is not None
    assert outcome.result.value == valid
    second_request = endpoint.requests[1]
    assert str(second_request).count("item 5") == 0  # the valid items are not in the request


def test_the_error_of_a_broken_stream_has_the_complete_items(stream: Callable[..., Outcome]) -> None:
    with Endpoint(json.dumps({"value": LINES}), faults={"stream_cut": 1}) as endpoint:
        outcome = stream(endpoint.base_url, "stream_items", list[Line], "Read it.")
    assert isinstance(outcome.error, TransportError)
    assert (
        outcome.error.partial == outcome.values == [Line.model_validate(line) for line in LINES[: len(outcome.values)]]
    )
    assert 0 < len(outcome.values) < len(LINES)


def test_no_item_is_yielded_twice_when_a_truncated_list_is_continued(stream: Callable[..., Outcome]) -> None:
    lines = [{"sku": f"item {number}", "count": number} for number in range(40)]
    text = json.dumps({"value": lines})

    def answer(request: JSON) -> Any:
        if len(endpoint.requests) == 1:
            return Reply(completion(text[: len(text) // 2], finish_reason="length"))
        [name] = request["response_format"]["json_schema"]["schema"]["properties"]
        return text_reply(request, json.dumps({name: lines[20:]}))

    with Endpoint(answer) as endpoint:
        outcome = stream(endpoint.base_url, "stream_items", list[Line], "Read it.")
    assert outcome.result is not None
    assert outcome.result.value == outcome.values
    assert len(endpoint.requests) == 2


class Reordered(BaseModel):
    """Lines that a validator reorders and extends."""

    lines: list[Line]

    @field_validator("lines")
    @classmethod
    def reorder(cls, lines: list[Line]) -> list[Line]:
        return [*lines[::-1], Line(sku="added", count=0)]


class WithBeforeValidator(BaseModel):
    """Lines in an object with a validator that runs before its fields."""

    lines: list[Line]

    @model_validator(mode="before")
    @classmethod
    def pass_through(cls, value: Any) -> Any:
        return value


@pydantic.dataclasses.dataclass
class DataclassWithBeforeValidator:
    """The same in a dataclass."""

    lines: list[Line]

    @model_validator(mode="before")
    @classmethod
    def pass_through(cls, value: Any) -> Any:
        return value


class WithWrapValidator(BaseModel):
    """An object without a list, with a wrap validator."""

    sku: str

    @model_validator(mode="wrap")
    @classmethod
    def pass_through(cls, value: Any, validate: Callable[[Any], Any]) -> Any:
        return validate(value)


@pytest.mark.parametrize(
    ("output_type", "reply", "values"),
    [
        (WithBeforeValidator, {"lines": LINES}, [Line.model_validate(line) for line in LINES]),
        (DataclassWithBeforeValidator, {"lines": LINES}, [Line.model_validate(line) for line in LINES]),
        (Reordered, {"lines": LINES}, [*map(Line.model_validate, LINES), Line(sku="added", count=0)]),
        (Annotated[list[int], AfterValidator(sorted)], {"value": [3, 1, 2]}, [3, 1, 2]),
        (WithWrapValidator, {"value": [{"sku": "a"}]}, [WithWrapValidator(sku="a")]),
    ],
)
def test_items_are_yielded_before_validators_of_the_list(
    stream: Callable[..., Outcome], output_type: Any, reply: JSON, values: list[Any]
) -> None:
    with Endpoint(json.dumps(reply)) as endpoint:
        outcome = stream(endpoint.base_url, "stream_items", output_type, "Read it.")
    assert outcome.error is None
    assert outcome.values == values


@pytest.mark.parametrize("output_type", [set[str], frozenset[str]])
def test_each_item_of_a_set_is_yielded_once_although_one_is_corrected(
    stream: Callable[..., Outcome], output_type: Any
) -> None:
    names = [f"name {number}" for number in range(20)]
    with Endpoint(json.dumps({"value": [*names[:5], None, *names[5:]]}), '{"item_5": "other"}') as endpoint:
        outcome = stream(endpoint.base_url, "stream_items", output_type, "Read it.")
    assert outcome.values == [*names, "other"]


class WithOptionalList(BaseModel):
    """Lines, or null."""

    lines: list[Line] | None = None


class WithOptionalKey(TypedDict, total=False):
    """Lines, or no key."""

    lines: list[Line]


LINES_OR_NOT = {"type": "object", "properties": {"lines": {"type": "array", "items": {"type": "integer"}}}}


@pytest.mark.parametrize(
    ("output_type", "reply"),
    [
        (WithOptionalList, {"lines": None}),
        (list[int] | None, {"value": None}),
        (WithOptionalKey, {"lines": None}),
        ({**LINES_OR_NOT, "additionalProperties": False}, {"lines": None}),
    ],
)
def test_a_list_that_is_null_or_absent_has_no_items(
    stream: Callable[..., Outcome], output_type: Any, reply: JSON
) -> None:
    with Endpoint(json.dumps(reply)) as endpoint:
        outcome = stream(endpoint.base_url, "stream_items", output_type, "Read it.")
    assert outcome.result is not None
    assert outcome.values == []


class Sized(BaseModel):
    """A model whose truth value depends on a property that may be absent."""

    name: str
    lines: list[str]

    def __len__(self) -> int:
        return len(self.lines)


def test_a_broken_stream_does_not_evaluate_a_snapshot(stream: Callable[..., Outcome]) -> None:
    text = json.dumps({"name": "a name that is long enough to be split in two", "lines": []})
    with Endpoint(text, faults={"stream_cut": 1}) as endpoint:
        outcome = stream(endpoint.base_url, "stream", Sized, "Read it.")
    assert isinstance(outcome.error, TransportError)
    assert outcome.error.partial is outcome.values[-1]


def test_a_stream_that_breaks_before_the_first_item_has_none(stream: Callable[..., Outcome]) -> None:
    with Endpoint('{"value": ["a text that is long enough to be split in two"]}', faults={"stream_cut": 1}) as endpoint:
        outcome = stream(endpoint.base_url, "stream_items", list[str], "Read it.")
    assert isinstance(outcome.error, TransportError)
    assert outcome.error.partial == []


class EmptyTransport:
    """A transport whose streams are empty."""

    def stream(self, *_: Any) -> Any:
        yield from ()


class AsyncEmptyTransport:
    """The same, awaited."""

    async def stream(self, *_: Any) -> Any:
        for event in ():
            yield event


def test_a_transport_stream_without_a_reply_is_an_error() -> None:
    transport: Any = EmptyTransport()
    with pytest.raises(MalformedReply, match="ended without a reply"):
        structkit.Client("fake", transport=transport).stream(Invoice, "Read it.").result()
    transport = AsyncEmptyTransport()
    with pytest.raises(MalformedReply, match="ended without a reply"):
        asyncio.run(structkit.AsyncClient("fake", transport=transport).stream(Invoice, "Read it.").result())


# Closed streams


def test_a_closed_stream_has_no_result_and_does_not_affect_later_calls() -> None:
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
def test_an_unreferenced_stream_is_closed_at_once() -> None:
    aborts: list[type[BaseException]] = []
    hooks = structkit.Hooks(on_abort=lambda _, error: aborts.append(type(error)))
    with Endpoint(TEXT) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url, api_key="sk-test", hooks=hooks)
        for _ in client.stream(Invoice, "Read it."):
            break
        assert aborts == [GeneratorExit]


@pytest.mark.usefixtures("no_collection")
def test_an_unreferenced_async_stream_is_closed_at_once() -> None:
    async def run(base_url: str) -> None:
        aborts = asyncio.Event()
        hooks = structkit.Hooks(on_abort=lambda *_: aborts.set())
        async with structkit.AsyncClient("fake", base_url=base_url, api_key="sk-test", hooks=hooks) as client:
            async for _ in client.stream(Invoice, "Read it."):
                break
            async with asyncio.timeout(30):
                await aborts.wait()

    with Endpoint(TEXT) as endpoint:
        asyncio.run(run(endpoint.base_url))


def test_a_stream_closed_before_it_starts_closes_its_prompt_without_a_warning() -> None:
    async def prompt() -> str:
        raise AssertionError

    async def run() -> None:
        client = structkit.AsyncClient("fake", base_url="http://127.0.0.1:9/v1", api_key="sk-test")
        reply = prompt()
        async with client.stream(Invoice, reply) as stream:
            pass
        assert inspect.getcoroutinestate(reply) == inspect.CORO_CLOSED
        with pytest.raises(ConfigError, match="closed before it finished"):
            await stream.result()

    asyncio.run(run())


def test_the_result_waits_for_the_remainder_of_the_reply() -> None:
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
    async def read_async(text: str) -> str:
        await asyncio.sleep(0)
        return f"Read: {text}"

    async def lines() -> list[Line]:
        return [line async for line in read_async.stream_items("it")]

    with Endpoint(TEXT) as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        with read.stream("it") as stream:
            *_, last = stream
        assert last == stream.result().value == Invoice.model_validate(INVOICE)
        assert list(read.stream_items("it")) == asyncio.run(lines()) == last.lines
    assert {request["messages"][-1]["content"] for request in endpoint.requests} == {"Read: it"}


@pytest.mark.parametrize("output_type", [Line, list[Line]])
@pytest.mark.parametrize(
    ("between", "repairs"),
    [
        ("\n\nCorrected:\n", ("prose", "several answers")),
        ("\n</think>\n", ("think block",)),
        ("\n\nIt is not complete yet.\n</think>\nHere it is: ", ("think block", "prose")),
    ],
    ids=["corrected", "thinking", "thinking and prose"],
)
def test_a_stream_of_items_has_all_items_of_the_result_although_another_list_came_first(
    stream: Callable[..., Outcome], output_type: Any, between: str, repairs: tuple[str, ...]
) -> None:
    lists = [json.dumps({"value": lines}) for lines in (LINES[:1], LINES[2:5])]
    with Endpoint(between.join(lists)) as endpoint:
        outcome = stream(endpoint.base_url, "stream_items", output_type, "Read it.")
    assert outcome.values == [Line.model_validate(line) for line in (*LINES[:1], *LINES[2:5])]
    assert outcome.result is not None
    assert outcome.result.repairs == repairs
