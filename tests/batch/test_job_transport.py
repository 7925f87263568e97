"""Jobs over a transport of the caller's, whose replies need not have the body of a chat completion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from structkit.batch.job import Job
from structkit.journal.journal import Journal
from structkit.testing import Endpoint
from structkit.transport import TransportReply
from structkit.values import Choice, Completion, JSONValue, Policy, Request, Usage

BODIES: list[JSONValue] = [
    None,
    "",
    "data: plain text",
    ["a", "list"],
    {"custom_id": "row-1", "response": {"status_code": 200}},
    {"choices": [{"message": {"content": '{"value": 4}'}}]},
]


class Transport:
    """Answers every request with the same value, and counts the requests."""

    def __init__(self, body: JSONValue) -> None:
        self.body, self.requests = body, 0

    async def send(self, request: Request, policy: Policy) -> TransportReply:
        self.requests += 1
        return Completion((Choice(0, '{"value": 3}', finish_reason="stop"),), Usage(9, 12, 21), raw=self.body)

    async def models(self) -> tuple[str, ...]:
        return ("fake",)

    async def close(self) -> None:
        raise AssertionError("a transport of the caller's stays open")


def make_job(folder: Path, transport: Transport | None, **settings: Any) -> Job:
    base: dict[str, Any] = {"source": ["a", "b"], "output": folder / "out.jsonl", "prompt": "{text}", "model": "fake"}
    return Job(**{**base, "output_type": int, "transport": transport, **settings})


@pytest.mark.parametrize("body", BODIES)
def test_reparse_reads_the_stored_replies_whatever_their_body(tmp_path: Path, body: JSONValue) -> None:
    transport = Transport(body)
    assert make_job(tmp_path, transport).run().counts == {"done": 2}
    report = make_job(tmp_path, transport, output_type=float, on_change="reparse").run()
    assert (report.counts, transport.requests) == ({"done": 2}, 2)
    assert (tmp_path / "out.jsonl").read_text().count('"value":3.0') == 2


@pytest.mark.parametrize("body", BODIES)
def test_a_paid_reply_of_an_unfinished_row_is_used_by_the_next_run(tmp_path: Path, body: JSONValue) -> None:
    transport = Transport(body)
    job = make_job(tmp_path, transport)
    job.run()
    with Journal.open(job.folder, {}) as journal:
        journal.reopen([0])  # as a kill between the reply and the end of the row leaves it
    assert (job.run().counts, transport.requests) == ({"done": 2}, 2)


def test_only_the_replies_of_a_callers_transport_are_read_again_to_store_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[Completion] = []
    monkeypatch.setattr("structkit.journal.encoding.is_read_from_body", lambda reply: verified.append(reply) or True)
    with Endpoint() as endpoint:
        make_job(tmp_path / "a", transport=None, base_url=endpoint.base_url, api_key="sk-test").run()
        assert not verified
    make_job(tmp_path / "b", Transport({})).run()
    assert len(verified) == 2
