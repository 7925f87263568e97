"""`stream_items` with `chunk=`: the items of a long text arrive as its chunks finish, in the order of the text."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel

import structkit
from structkit import ConfigError, InvalidOutput, Refusal, TransportError
from structkit.testing import Endpoint, Reply, completion

ROW = re.compile(r"\b([A-Z]\w+) sold (\d+) items;")
NAMES = [f"N{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(120)]
ROWS = [{"name": name, "count": 1000 + number % 7} for number, name in enumerate(NAMES)]
TEXT = "Sales of May.\n\n" + "\n".join(f"{row['name']} sold {row['count']} items;" for row in ROWS)


class Row(BaseModel):
    name: str
    count: int


class Report(BaseModel):
    title: str | None
    rows: list[Row]


class Mood(BaseModel):
    mood: Literal["good", "bad"]


def rows_in(text: str) -> list[dict[str, Any]]:
    """Return the rows that are whole in a text."""
    return [{"name": name, "count": int(count)} for name, count in ROW.findall(text)]


def sent(body: Any) -> str:
    """Return the text of a request."""
    return str(body["messages"][-1]["content"])


def perfect_list(body: Any) -> str:
    """Answer with the rows that are whole in the text of a request."""
    return json.dumps({"value": rows_in(sent(body))})


def names_list(body: Any) -> str:
    """The same with the names alone."""
    return json.dumps({"value": [row["name"] for row in rows_in(sent(body))]})


def short_list(body: Any) -> Any:
    """The same, but no reply has room for more than sixteen rows."""
    text = perfect_list(body)
    return completion(text) if len(rows_in(sent(body))) <= 16 else completion(text[:-4], finish_reason="length")


def moods(body: Any) -> str:
    """Answer with values that no text has."""
    by_letter = {"a": ["good"], "b": ["good", "bad"], "c": [], "d": ["good"]}
    return json.dumps({"value": [{"mood": mood} for mood in by_letter[sent(body)[45]]]})


def stream_sync(base_url: str, output_type: Any, text: str, **call: Any) -> tuple[list[Any], Any]:
    """Return the items of a stream, and its result."""
    with structkit.Client("fake", base_url=base_url).stream_items(output_type, text, **call) as stream:
        return [*stream], stream.result()


def stream_async(base_url: str, output_type: Any, text: str, **call: Any) -> tuple[list[Any], Any]:
    """The same with an async client."""

    async def work() -> tuple[list[Any], Any]:
        async with structkit.AsyncClient("fake", base_url=base_url) as client:
            stream = client.stream_items(output_type, text, **call)
            return [item async for item in stream], await stream.result()

    return asyncio.run(work())


Collect = Callable[..., tuple[list[Any], Any]]


@pytest.fixture(params=[stream_sync, stream_async], ids=["sync", "async"])
def collect(request: pytest.FixtureRequest) -> Collect:
    """Return a function that reads a stream with a client of each kind."""
    function: Collect = request.param
    return function


# What arrives


@pytest.mark.parametrize("size", [100, 400, 1000, "auto"])
def test_the_items_are_those_of_the_result_in_the_order_of_the_text(collect: Collect, size: Any) -> None:
    with Endpoint(perfect_list) as endpoint:
        items, result = collect(endpoint.base_url, list[Row], TEXT + "\n" + TEXT, chunk=size, evidence=True)
    assert [item.model_dump() for item in items] == [*ROWS, *ROWS]
    assert result.value == items
    assert result.evidence[0, "name"].spans[0].start == TEXT.index(NAMES[0])


def test_the_items_of_a_type_with_a_list_and_of_the_type_of_an_item_arrive(collect: Collect) -> None:
    def report(body: Any) -> str:
        return json.dumps({"title": "Sales of May" if "May" in sent(body) else None, "rows": rows_in(sent(body))})

    with Endpoint(report) as endpoint:
        items, result = collect(endpoint.base_url, Report, TEXT, chunk=400)
        assert (result.value.title, result.value.rows) == ("Sales of May", items)
    with Endpoint(perfect_list) as endpoint:
        assert collect(endpoint.base_url, Row, TEXT, chunk=400)[0] == items


def test_a_set_has_each_item_once_and_a_list_that_is_sorted_has_all_of_them(collect: Collect) -> None:
    with Endpoint(names_list) as endpoint:
        items, result = collect(endpoint.base_url, set[str], TEXT + "\n" + TEXT, chunk=400)
        assert (items, result.value) == (NAMES, {*NAMES})
        items, result = collect(endpoint.base_url, Annotated[list[str], AfterValidator(sorted)], TEXT + TEXT, chunk=400)
        assert sorted(items) == result.value == sorted([*NAMES, *NAMES])


def test_items_that_no_text_has_wait_for_the_next_chunk_which_may_own_an_equal_one(collect: Collect) -> None:
    text = "\n".join(letter * 84 for letter in "abcd")
    with Endpoint(moods) as endpoint:
        items, result = collect(endpoint.base_url, list[Mood], text, chunk=100)
    assert [each.mood for each in items] == ["good", "bad", "good"]
    assert result.value == items


def test_a_chunk_whose_reply_is_truncated_is_asked_in_halves(collect: Collect) -> None:
    with Endpoint(short_list) as endpoint:
        policy = structkit.Policy(attempts=1)
        items, result = collect(endpoint.base_url, list[Row], TEXT, chunk=1000, policy=policy)
    assert [item.model_dump() for item in items] == ROWS
    assert len(result.attempts) == len(endpoint.requests)


def test_what_the_text_does_not_have_is_removed_before_an_item_arrives(collect: Collect) -> None:
    class Loose(BaseModel):
        name: str
        count: int | None

    def invent(body: Any) -> str:
        rows = [{**row, "count": 999_999} if row["name"] == NAMES[60] else row for row in rows_in(sent(body))]
        return json.dumps({"value": [*rows, {"name": "Nobody", "count": 77_777}]})

    with Endpoint(invent) as endpoint:
        items, _ = collect(endpoint.base_url, list[Loose], TEXT, chunk=600, evidence="null")
    assert ([row.name for row in items], items[60].count) == (NAMES, None)


def test_a_text_without_items_has_an_empty_stream(collect: Collect) -> None:
    with Endpoint(perfect_list) as endpoint:
        items, result = collect(endpoint.base_url, list[Row], "Nothing was sold.\n" * 40, chunk=100)
    assert (items, result.value) == ([], [])


# When it arrives


class Gates:
    """A model that answers about each chunk only when it may."""

    def __init__(self) -> None:
        """Let no chunk pass."""
        self.first, self.remaining, self.arrivals = threading.Event(), threading.Event(), threading.Semaphore(0)

    def __call__(self, body: Any) -> str:
        """Answer like `perfect_list`, when the gate of the chunk is open."""
        self.arrivals.release()
        (self.first if "Sales of May" in sent(body) else self.remaining).wait(600)
        return perfect_list(body)


def test_items_arrive_when_their_chunk_and_those_before_it_have_finished() -> None:
    gates = Gates()
    with Endpoint(gates) as endpoint, structkit.Client("fake", base_url=endpoint.base_url) as client:
        stream = client.stream_items(list[Row], TEXT, chunk=600)
        gates.first.set()
        assert next(stream).name == NAMES[0]  # no other chunk has been answered
        gates.remaining.set()
        assert [item.name for item in stream] == NAMES[1:]


def test_items_arrive_when_their_chunk_and_those_before_it_have_finished_async() -> None:
    async def work(base_url: str, gates: Gates) -> None:
        async with structkit.AsyncClient("fake", base_url=base_url) as client:

            async def prompt() -> str:
                return TEXT

            async with client.stream_items(list[Row], prompt(), chunk=600) as stream:
                gates.first.set()
                assert (await anext(stream)).name == NAMES[0]
                gates.remaining.set()
                assert [item.name async for item in stream] == NAMES[1:]

    gates = Gates()
    with Endpoint(gates) as endpoint:
        asyncio.run(work(endpoint.base_url, gates))


def test_of_a_long_text_no_more_chunks_are_asked_than_the_consumer_is_near_to() -> None:
    with Endpoint(perfect_list) as endpoint, structkit.Client("fake", base_url=endpoint.base_url) as client:
        with client.stream_items(list[Row], TEXT * 20, chunk=300) as stream:
            next(stream)
        assert len(endpoint.requests) <= 17
        with pytest.raises(ConfigError, match="closed before it finished"):
            stream.result()


# Ends


def test_closing_a_stream_stops_the_requests_in_flight() -> None:
    gates, aborted = Gates(), threading.Semaphore(0)
    hooks = structkit.Hooks(on_abort=lambda *_: aborted.release())
    with Endpoint(gates) as endpoint, structkit.Client("fake", base_url=endpoint.base_url, hooks=hooks) as client:
        stream = client.stream_items(list[Row], TEXT, chunk=600)
        gates.first.set()
        next(stream)
        for _ in range(3):  # the first chunk, and two in flight that are never answered
            assert gates.arrivals.acquire(timeout=600)
        stream.close()
        assert aborted.acquire(timeout=600)
        assert aborted.acquire(timeout=600)
        gates.remaining.set()


def test_cancelling_the_task_that_reads_a_stream_stops_the_requests_in_flight() -> None:
    aborts: list[type[BaseException]] = []

    async def work(base_url: str, gates: Gates) -> None:
        hooks = structkit.Hooks(on_abort=lambda _, error: aborts.append(type(error)))
        async with structkit.AsyncClient("fake", base_url=base_url, hooks=hooks) as client:

            async def read() -> None:
                async for _ in client.stream_items(list[Row], TEXT, chunk=600):
                    started.set()

            started, task = asyncio.Event(), asyncio.create_task(read())
            gates.first.set()
            await started.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    gates = Gates()
    with Endpoint(gates) as endpoint:
        asyncio.run(work(endpoint.base_url, gates))
        gates.remaining.set()
    assert aborts
    assert {*aborts} == {asyncio.CancelledError}


CHILD = """
import sys
import structkit
client = structkit.Client("fake", base_url=sys.argv[1])
if sys.argv[2] == "stream":
    for item in client.stream_items(list[int], sys.argv[3], chunk=200):
        print(item, flush=True)
else:
    client.run(list[int], sys.argv[3], chunk=200)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("method", ["stream", pytest.param("run", marks=pytest.mark.slow)])
def test_ctrl_c_does_not_wait_for_the_requests_in_flight(method: str) -> None:
    gate, reached = threading.Event(), threading.Event()

    def wait(_: Any) -> str:
        if len(endpoint.requests) >= 3:
            reached.set()
        gate.wait(600)
        return '{"value": []}'

    with Endpoint(wait) as endpoint:
        command = [sys.executable, "-c", CHILD, endpoint.base_url, method, "one two three. " * 100]
        child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ})
        assert reached.wait(600)
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=600)  # the gate is closed: no request is ever answered
        assert errors.strip().endswith("KeyboardInterrupt")
        gate.set()


def test_a_chunk_without_a_value_stops_no_other_one_and_is_the_error_at_the_end(collect: Collect) -> None:
    def answer(body: Any) -> Any:
        return completion(None, refusal="No.") if NAMES[60] in sent(body) else perfect_list(body)

    items: list[Any] = []
    with Endpoint(answer) as endpoint, structkit.Client("fake", base_url=endpoint.base_url) as client:
        with pytest.raises(Refusal, match=r"chunk \d of \d of the text"):
            collect(endpoint.base_url, list[Row], TEXT, chunk=600)
        stream = client.stream_items(list[Row], TEXT, chunk=600)
        with pytest.raises(Refusal) as raised:
            items.extend(stream)
    assert items == stream.partial
    names = [item.name for item in items]
    assert names == [name for name in NAMES if name in names]
    assert {*names} >= {NAMES[0], NAMES[-1]}
    assert NAMES[60] not in names
    assert len(raised.value.chunks) >= 3


def test_after_an_error_of_the_endpoint_no_other_chunk_is_sent(collect: Collect) -> None:
    no_key = Reply({"error": {"message": "no such key"}}, status=401)
    with Endpoint(no_key) as endpoint, pytest.raises(TransportError, match=r"chunk 1 of"):
        collect(endpoint.base_url, list[Row], TEXT * 10, chunk=150)
    assert len(endpoint.requests) < 20


def test_checks_see_the_joined_value_after_the_items(collect: Collect) -> None:
    def check_length(rows: list[Row]) -> str | None:
        return "too many" if len(rows) > 100 else None

    with Endpoint(perfect_list) as endpoint:
        with pytest.raises(InvalidOutput, match="too many"):
            collect(endpoint.base_url, list[Row], TEXT, chunk=600, checks=[check_length])
        _, result = collect(endpoint.base_url, list[Row], TEXT, chunk=600, checks=[structkit.soft(check_length)])
    assert [issue.message for issue in result.warnings] == ["too many"]


# Where it may be asked for


def test_a_decorated_function_streams_the_items_of_its_argument() -> None:
    with Endpoint(perfect_list) as endpoint, structkit.Client("fake", base_url=endpoint.base_url) as client:

        @structkit.prompt(client=client, chunk=500, evidence=True)
        def read_rows(text: str) -> list[Row]:  # pyright: ignore[reportReturnType]
            """Who sold how many items?

            {text}
            """

        stream = read_rows.stream_items(TEXT)
        assert [item.model_dump() for item in stream] == ROWS
        evidence: Any = stream.result().evidence
    assert evidence[0, "name"].spans[0].start == TEXT.index(NAMES[0])
    assert all(sent(body).startswith("Who sold") for body in endpoint.requests)


def test_a_type_without_a_list_and_a_bad_prompt_are_rejected_before_anything_is_sent() -> None:
    with Endpoint(perfect_list) as endpoint, structkit.Client("fake", base_url=endpoint.base_url) as client:
        with pytest.raises(ConfigError, match=r"chunk= .*divides one text"):
            client.stream_items(list[Row], [TEXT, TEXT], chunk=500)
        with pytest.raises(TypeError, match="did you mean"):
            client.stream_items(list[Row], TEXT, chunk=500, temprature=0)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
        with pytest.raises(ConfigError, match="use stream_items"):
            client.stream(list[Row], TEXT, chunk=500)
    assert not endpoint.requests
