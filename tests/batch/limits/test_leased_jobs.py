"""Parts of a job that lease one limit and one budget from a server: over real HTTP, in one process."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from structkit import ConfigError, Job, JobError, Price
from structkit.batch.engines.limiter import Limiter
from structkit.batch.limits import lease_keeper
from structkit.batch.limits.lease_opening import open_connection
from structkit.batch.limits.limit_shares import Limits, LimitShares
from structkit.batch.limits.limits_server import LimitsHTTPServer, LimitsServer
from structkit.batch.part_join import join_parts
from structkit.batch.report import Report
from structkit.cli import limits_command
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import text_reply
from structkit.values import JSON

PRICE = Price(Decimal(1), Decimal(1))


class CountingEndpoint:
    """An endpoint that counts how many requests it has at once."""

    def __init__(self) -> None:
        self.lock, self.active, self.highest = threading.Lock(), 0, 0
        self.endpoint = Endpoint(self.answer)

    def answer(self, body: JSON) -> Reply:
        with self.lock:
            self.active += 1
            self.highest = max(self.highest, self.active)
        threading.Event().wait(0.01)
        with self.lock:
            self.active -= 1
        return replace(text_reply(body, json.dumps({"value": 1})))


@pytest.fixture
def counting() -> Iterator[CountingEndpoint]:
    endpoint = CountingEndpoint()
    with endpoint.endpoint:
        yield endpoint


def run_parts(folder: Path, endpoint: Endpoint, address: str, total: int = 3, **settings: Any) -> list[Report]:
    """Run all parts at once, in one event loop."""
    rows = [{"id": f"k{number}", "text": f"row {number}"} for number in range(60)]
    base: dict[str, Any] = {"output_type": int, "prompt": "{text}", "key": "id", "model": "fake", "progress": False}
    base |= {"base_url": endpoint.base_url, "limits": address, "call": {"max_tokens": 50}}
    jobs = [
        Job(rows, folder / "out.jsonl", part=(number, total), **{**base, **settings}) for number in range(1, total + 1)
    ]

    async def run() -> list[Report]:
        return await asyncio.gather(*(job.run_async() for job in jobs))

    return asyncio.run(run())


def serve(limits: Limits, concurrency: Any = "auto", token: str = "token") -> LimitsServer:
    return LimitsServer(LimitShares(limits, Limiter(concurrency)), token)


def address_of(server: LimitsServer, token: str = "token") -> str:
    return server.url.replace("://", f"://{token}@")


@pytest.mark.parametrize(("limit", "minimum"), [(4, 2), (1, 1)])
def test_all_parts_together_have_no_more_in_flight_than_the_limit(
    tmp_path: Path, counting: CountingEndpoint, limit: int, minimum: int
) -> None:
    with serve(Limits(), limit) as server:
        reports = run_parts(tmp_path, counting.endpoint, address_of(server))
    assert [report.status for report in reports] == ["complete"] * 3
    assert minimum <= counting.highest <= limit
    assert len(counting.endpoint.requests) == 60


def test_all_parts_together_spend_no_more_than_the_budget_and_resume_with_a_larger_one(
    tmp_path: Path, counting: CountingEndpoint
) -> None:
    with serve(Limits(Decimal("0.0006"), parts=3)) as server:
        reports = run_parts(tmp_path, counting.endpoint, address_of(server), price=PRICE)
    assert "budget" in {report.reason for report in reports} <= {"budget", ""}
    spends = [report.spend for report in reports if report.spend is not None]
    assert Decimal("0.0002") < sum(spends) <= Decimal("0.0006")
    with serve(Limits(Decimal(1), parts=3)) as server:
        reports = run_parts(tmp_path, counting.endpoint, address_of(server), price=PRICE)
    assert [report.status for report in reports] == ["complete"] * 3
    assert len(counting.endpoint.requests) == 60, "nothing is paid for twice"
    rows = [{"id": f"k{number}", "text": f"row {number}"} for number in range(60)]
    assert join_parts(tmp_path.glob("out.jsonl.part-*"), tmp_path / "out.jsonl", rows).rows == 60


def test_parts_stop_with_a_reason_when_the_server_is_gone_and_resume_with_another(
    tmp_path: Path, counting: CountingEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_keeper, "PATIENCE_S", 0.2)
    server = serve(Limits(requests_per_minute=600))
    with server:
        threading.Timer(1.5, server.close).start()
        reports = run_parts(tmp_path, counting.endpoint, address_of(server))
    assert {report.reason for report in reports} == {"limits"}
    assert all("has not answered" in report.status and "token" not in report.status for report in reports)
    with pytest.raises(JobError, match="run the job again to resume it"):
        reports[0].raise_for_status()
    sent = len(counting.endpoint.requests)
    assert 0 < sent < 60
    with serve(Limits()) as server:
        reports = run_parts(tmp_path, counting.endpoint, address_of(server))
    assert [report.status for report in reports] == ["complete"] * 3
    assert len(counting.endpoint.requests) == 60, "what was in flight was received and is in the journal"


@pytest.mark.parametrize("reply", [(200, {}), (500, {"error": "broken"})])
def test_a_server_that_answers_no_more_as_one_ends_the_run(
    tmp_path: Path, counting: CountingEndpoint, monkeypatch: pytest.MonkeyPatch, reply: Any
) -> None:
    answer, replies = LimitsHTTPServer.answer, iter(range(10))
    monkeypatch.setattr(
        LimitsHTTPServer, "answer", lambda *arguments: answer(*arguments) if next(replies, 9) < 3 else reply
    )
    with serve(Limits(requests_per_minute=600)) as server:
        [report] = run_parts(tmp_path, counting.endpoint, address_of(server), 1)
    assert report.reason == "limits"


def test_no_money_is_leased_that_the_server_cannot_store(tmp_path: Path, counting: CountingEndpoint) -> None:
    def fail(*_: object) -> None:
        raise JobError("the disk is full")

    shares = LimitShares(Limits(Decimal(5)), Limiter("auto"), store=fail)
    with LimitsServer(shares, "token") as server, pytest.raises(JobError, match="the disk is full"):
        run_parts(tmp_path, counting.endpoint, address_of(server), 1, price=PRICE)
    assert not counting.endpoint.requests


@pytest.mark.parametrize(
    ("limits", "settings", "token", "error"),
    [
        (Limits(), {}, "wrong", "the token of the limits server is another one"),
        (Limits(Decimal(5)), {}, "token", "needs the price of a million tokens"),
        (
            Limits(Decimal(5)),
            {"budget": "7", "price": PRICE},
            "token",
            "the budget of the limits server is 5, that of the job 7",
        ),
        (
            Limits(),
            {"budget": "7", "price": PRICE},
            "token",
            "the limits server has no budget: start it with --budget 7",
        ),
    ],
)
def test_a_server_that_does_not_fit_is_refused_before_anything_is_sent(
    tmp_path: Path, counting: CountingEndpoint, limits: Limits, settings: Any, token: str, error: str
) -> None:
    with serve(limits) as server, pytest.raises((ConfigError, JobError), match=error) as raised:
        run_parts(tmp_path, counting.endpoint, address_of(server, token), 1, **settings)
    assert "wrong@" not in str(raised.value)
    assert not counting.endpoint.requests


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:9000", "https://example.org:1", "http://host", "http://host:x", "http://h:1/v1", "http://[::1:9"],
)
def test_an_address_that_is_none_is_refused(tmp_path: Path, counting: CountingEndpoint, address: str) -> None:
    with pytest.raises(ConfigError, match="must be the address of a server"):
        run_parts(tmp_path, counting.endpoint, address, 1)


def test_a_server_that_is_not_there_and_one_of_another_job_are_refused(
    tmp_path: Path, counting: CountingEndpoint
) -> None:
    with serve(Limits()) as server:
        run_parts(tmp_path, counting.endpoint, address_of(server), 1)
        with pytest.raises(JobError, match="serves another job"):
            run_parts(tmp_path / "b", counting.endpoint, address_of(server), 1, prompt="Other {text}")
    with pytest.raises(JobError, match="does not answer"):
        run_parts(tmp_path / "c", counting.endpoint, address_of(server), 1)
    with pytest.raises(JobError, match=r"127\.0\.0\.1.*not a limits server|does not answer"):
        run_parts(tmp_path / "d", counting.endpoint, counting.endpoint.base_url.removesuffix("/v1"), 1)


def test_a_command_for_a_network_needs_a_token_and_a_budget_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STRUCTKIT_LIMITS_TOKEN", raising=False)
    with pytest.raises(ConfigError, match="on a network needs a token: set STRUCTKIT_LIMITS_TOKEN"):
        limits_command.limits(0, "0.0.0.0")
    with pytest.raises(ConfigError, match="a budget needs --state FILE"):
        limits_command.limits(0, budget=Decimal(5))
    with serve(Limits()) as server, pytest.raises(ConfigError, match="cannot listen on 127"):
        limits_command.limits(int(server.url.rpartition(":")[2]))


@pytest.mark.parametrize("text", ["[" * 200_000, "", "{}", '{"job": "", "budget": "1", "parts": []}'])
def test_a_state_that_is_damaged_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "limits.json").write_text(text)
    with pytest.raises(JobError, match=r"limits\.json is not the state of a limits server"):
        limits_command.limits(0, budget=Decimal(5), state=tmp_path / "limits.json")


def test_a_state_that_cannot_be_written_is_an_error_before_the_server_starts(tmp_path: Path) -> None:
    for name in ("none/limits.json", "."):
        with pytest.raises(JobError, match="it is not a file, or its folder does not exist"):
            limits_command.limits(0, budget=Decimal(5), state=tmp_path / name)


def test_a_web_page_cannot_speak_to_a_limits_server_on_loopback() -> None:
    message = json.dumps({"job": "j", "part": "1/2", "budget": None, "spent": "0"})
    with serve(Limits()) as server:
        address = server.url.removeprefix("http://")
        for headers, status in (({"origin": "https://evil.example"}, 403), ({}, 200)):
            connection = http.client.HTTPConnection(address, timeout=600)
            token = {"authorization": "Bearer token"}
            connection.request("POST", "/register", message, {**headers, **token})
            assert connection.getresponse().status == status
            connection.close()


HELLO: JSON = {"job": "j", "part": "1/2", "budget": None, "spent": "0"}


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_a_server_listens_on_ipv6() -> None:
    with LimitsServer(LimitShares(Limits(), Limiter()), "", "::1") as server:
        assert server.url.startswith("http://[::1]:")
        connection = open_connection(server.url)
        assert connection.post("/register", HELLO)[0] == 200
        assert connection.name == server.url
        connection.close()


def test_a_token_with_a_line_break_is_read_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRUCTKIT_LIMITS_TOKEN", "token\n")
    with serve(Limits()) as server:
        connection = open_connection(server.url)
        assert connection.post("/register", HELLO)[0] == 200
        connection.close()


@pytest.mark.parametrize("token", ["caf\u00e9-1234", "to\u20acken-1234", "to\nken-1234"])
def test_a_token_that_no_header_can_have_is_refused_without_naming_it(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("STRUCTKIT_LIMITS_TOKEN", token)
    for call in (lambda: open_connection("http://127.0.0.1:9"), lambda: limits_command.limits(0)):
        with pytest.raises(ConfigError, match="STRUCTKIT_LIMITS_TOKEN cannot be sent in a header") as raised:
            call()
        assert "1234" not in str(raised.value)


@pytest.mark.parametrize("head", ["Content-Length: 99999999", "Transfer-Encoding: chunked"])
def test_what_follows_a_message_that_is_not_read_is_no_message(head: str) -> None:
    with serve(Limits()) as server:
        host, _, port = server.url.removeprefix("http://").rpartition(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(f"POST /register HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode())
            reply = b"".join(iter(lambda: connection.recv(65536), b""))
    assert reply.count(b"HTTP/1.1 ") == 1
