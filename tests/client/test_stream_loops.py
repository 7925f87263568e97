"""Streams that only repeat themselves: the request is stopped, and the rest is requested."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

import structkit
from structkit.testing import Endpoint, Reply

TEXT = "The Harbour Run starts at Pier 7. Ann Lee speaks."


class Event(BaseModel):
    title: str
    speakers: list[str]
    place: str | None


class EndlessStream:
    """A reply that is written until the client disconnects; it counts what it has written."""

    def __init__(self, start: str, part: str, max_parts: int = 3_000) -> None:
        self.start, self.part, self.max_parts = start, part, max_parts
        self.count = 0

    def __call__(self, _body: Any) -> Reply:
        return Reply(self.events(), headers={"content-type": "text/event-stream"})

    def events(self) -> Iterator[bytes]:
        yield event(self.start)
        for _ in range(self.max_parts):
            self.count += 1
            yield event(self.part)
        yield event("", "length")
        yield b"data: [DONE]\n\n"


def event(text: str, finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish_reason}
    return b"data: %b\n\n" % json.dumps({"choices": [choice]}).encode()


def run_stream(driver: str, endpoint: Endpoint, output_type: Any, text: str, **call: Any) -> structkit.Result[Any]:
    if driver == "sync":
        return structkit.Client("fake", base_url=endpoint.base_url).stream(output_type, text, **call).result()

    async def work() -> structkit.Result[Any]:
        async with structkit.AsyncClient("fake", base_url=endpoint.base_url) as client:
            return await client.stream(output_type, text, **call).result()

    return asyncio.run(work())


@pytest.mark.parametrize("driver", ["sync", "async"])
def test_a_stream_that_repeats_itself_is_stopped_and_what_follows_is_requested(driver: str) -> None:
    stream = EndlessStream('{"title": "Harbour Run", "speakers": ["Ann Lee"', ', "Pier 7 team"')
    with Endpoint(stream, '{"place": "Pier 7"}') as endpoint:
        result = run_stream(driver, endpoint, Event, TEXT)
        assert len(endpoint.requests) == 2
    assert result.value == Event(title="Harbour Run", speakers=["Ann Lee", "Pier 7 team"], place="Pier 7")
    assert result.attempts[0].repairs == ("repetition at speakers",)
    assert result.attempts[0].completion is not None
    assert result.attempts[0].completion.choices[0].finish_reason == "repetition"
    assert len(result.attempts[0].completion.choices[0].content or "") < 2_000
    assert result.usage.unreported == 1


def test_a_text_that_repeats_itself_is_stopped() -> None:
    stream = EndlessStream('{"title": "', "Harbour ")
    with Endpoint(stream, '{"speakers": [], "place": null, "title": "Harbour Run"}') as endpoint:
        assert run_stream("sync", endpoint, Event, TEXT).value.title == "Harbour Run"


def test_a_stream_whose_prompt_has_as_many_equal_rows_is_read_to_the_end() -> None:
    rows = 300
    stream = EndlessStream('{"value": ["red light"', ', "red light"', rows - 1)
    with Endpoint(stream, '{"rest": []}') as endpoint:
        result = run_stream("sync", endpoint, list[str], "\n".join(["red light"] * rows))
    assert len(result.value) == rows


def test_a_policy_without_the_repair_reads_the_stream_to_the_end() -> None:
    stream = EndlessStream('{"value": ["red light"', ', "red light"', 200)
    policy = structkit.Policy(repairs=structkit.REPAIRS - {"repetition"})
    with Endpoint(stream, '{"rest": []}') as endpoint:
        assert len(run_stream("sync", endpoint, list[str], "Red.", policy=policy).value) == 201


def test_a_stopped_request_says_why_if_no_attempt_is_left() -> None:
    stream = EndlessStream('{"title": "', "Harbour ")
    with Endpoint(stream) as endpoint, pytest.raises(structkit.Truncated, match="the reply repeats itself"):
        run_stream("sync", endpoint, Event, TEXT, policy=structkit.Policy(attempts=1))
