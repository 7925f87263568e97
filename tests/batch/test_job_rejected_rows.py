"""Rows that the endpoint always rejects: they end as failed, and do not stop the job for ever."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from structkit import Policy
from structkit.batch.job import Job
from structkit.batch.parts import part_number
from structkit.journal.journal import Journal
from structkit.testing import Endpoint, Reply
from structkit.testing.endpoint_faults import error_reply
from structkit.testing.scripted_reply import conforming_reply
from structkit.values import JSON

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}

REJECTIONS = {
    "firewall": error_reply(403, "the request was blocked"),
    "firewall, in other words": error_reply(403, "Unauthorized"),
    "too long": error_reply(400, "the prompt is too long"),
    "too large": error_reply(413, "the body is too large"),
    "longer than the plan allows": Reply(
        {"error": {"message": "Prompt tokens limit exceeded: 64128 > 6964. To increase, add credits", "code": 402}}, 402
    ),
    "unprocessable": error_reply(422, "the text has an invalid character"),
    "not found": error_reply(404, "no route for this content"),
    "crash": error_reply(500, "the worker crashed"),
    "words of a limit": error_reply(400, "Rate limit exceeded, says your text"),
}


def number_of(request: JSON) -> int:
    return int(str(request["messages"][0]["content"]).partition("row-")[2])


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    def make(endpoint: Endpoint, rows: int, **settings: Any) -> Job:
        policy = Policy(wait_initial=0.001, wait_max=0.01, retries=2)
        base: dict[str, Any] = {"output": tmp_path / "out.jsonl", "output_type": SCHEMA, "prompt": "Label: {text}"}
        base |= {"model": "fake", "base_url": endpoint.base_url, "api_key": "sk-test", "call": {"policy": policy}}
        return Job(source=[f"row-{number}" for number in range(rows)], **{**base, "concurrency": 1, **settings})

    return make


def run_until_complete(job: Job, max_runs: int) -> int:
    """Run a job until it is complete; return the number of runs."""
    for run in range(1, max_runs + 1):
        if job.run().is_complete:
            return run
    raise AssertionError(f"the job is incomplete after {max_runs} runs")


def failing_rows(rejected: set[int], reply: Reply) -> Callable[[JSON], Reply]:
    return lambda request: reply if number_of(request) in rejected else conforming_reply(request)


@pytest.mark.parametrize("reply", REJECTIONS.values(), ids=REJECTIONS.keys())
@pytest.mark.parametrize("rejected", [{0}, {0, 1, 2, 3, 4}, {8}, {0, 4, 8}, set(range(1, 9))], ids=str)
@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_row_that_is_always_rejected_fails_and_the_others_are_done(
    job: Callable[..., Job], reply: Reply, rejected: set[int], concurrency: int
) -> None:
    with Endpoint(failing_rows(rejected, reply)) as endpoint:
        label_job = job(endpoint, 9, concurrency=concurrency)
        run_until_complete(label_job, 3 if len(rejected) < 8 else 8)  # of 8 in a row, the key may be revoked instead
        rows = [json.loads(line) for line in Path(label_job.output).read_text().splitlines()]
        served = Counter(number for request in endpoint.requests if (number := number_of(request)) not in rejected)
    assert [row["text"] for row in rows] == [f"row-{number}" for number in range(9)]
    assert {number for number, row in enumerate(rows) if row["status"] == "failed"} == rejected
    assert set(served.values()) == {1}, "no answer is paid for twice"


@pytest.mark.parametrize("reply", [REJECTIONS["firewall"], REJECTIONS["too long"]], ids=["firewall", "too long"])
def test_a_table_that_starts_with_many_rejected_rows_takes_few_runs(job: Callable[..., Job], reply: Reply) -> None:
    with Endpoint(failing_rows(set(range(100)), reply)) as endpoint:
        label_job = job(endpoint, 110)
        run_until_complete(label_job, 8)
        assert label_job.run().counts == {"done": 10, "failed": 100}


@pytest.mark.parametrize("reply", [REJECTIONS["too long"], REJECTIONS["firewall"]], ids=["too long", "firewall"])
@pytest.mark.parametrize("outage", [error_reply(503, "down"), error_reply(404, "no such model")], ids=["503", "404"])
def test_rejected_rows_do_not_stop_every_run_if_all_other_rows_have_met_an_outage(
    job: Callable[..., Job], reply: Reply, outage: Reply
) -> None:
    rejected = {0, 1, 2, 3, 4, 5, 7, 8}
    with Endpoint(failing_rows(rejected, reply)) as endpoint:
        assert job(endpoint, 9).run().counts == {"open": 9}
    with Endpoint(outage) as endpoint:
        assert job(endpoint, 9).run().counts == {"open": 9}
    with Endpoint(failing_rows(rejected, reply)) as endpoint:
        run_until_complete(job(endpoint, 9), 8)
        assert job(endpoint, 9).run().counts == {"done": 1, "failed": 8}


@pytest.mark.parametrize("reply", [REJECTIONS["firewall"], REJECTIONS["too long"]], ids=["firewall", "too long"])
def test_no_row_fails_while_the_endpoint_has_never_answered_any(job: Callable[..., Job], reply: Reply) -> None:
    with Endpoint(failing_rows(set(range(40)), reply)) as endpoint:
        for _ in range(8):
            sent = len(endpoint.requests)
            assert job(endpoint, 40).run().counts == {"open": 40}
            assert len(endpoint.requests) - sent <= 40
    with Endpoint() as endpoint:
        assert job(endpoint, 40).run().counts == {"done": 40}


def test_no_row_fails_while_words_of_a_limit_are_all_that_the_endpoint_answers(job: Callable[..., Job]) -> None:
    with Endpoint(REJECTIONS["words of a limit"]) as endpoint:
        assert job(endpoint, 10).run().counts == {"open": 10}
    with Endpoint() as endpoint:
        assert job(endpoint, 10).run().counts == {"done": 10}


def test_no_row_fails_if_the_key_loses_its_permission_between_two_runs(job: Callable[..., Job]) -> None:
    with Endpoint() as endpoint:
        job(endpoint, 40, limit=10).run()
    with Endpoint(REJECTIONS["firewall"]) as endpoint:
        for _ in range(4):
            report = job(endpoint, 40).run()
            assert report.counts == {"done": 10, "open": 30}
            assert "blocked" in report.status
    with Endpoint() as endpoint:
        assert job(endpoint, 40).run().counts == {"done": 40}


def test_rejected_rows_that_remain_alone_fail_if_the_endpoint_has_served_others_after_them(
    job: Callable[..., Job],
) -> None:
    with Endpoint(failing_rows(set(range(12)), REJECTIONS["firewall"])) as endpoint:
        label_job = job(endpoint, 22)
        run_until_complete(label_job, 6)
        with Journal.open(label_job.folder, {}) as journal:
            journal.reopen(range(12))  # as a run that is killed before it can finish them leaves them
        assert label_job.run().counts == {"done": 10, "failed": 12}


def test_a_part_whose_rows_are_all_rejected_ends_because_another_part_has_answers(
    tmp_path: Path, job: Callable[..., Job]
) -> None:
    keys = [f"row-{number}" for number in range(30)]
    rejected = {number for number, key in enumerate(keys) if part_number(key, 2) == 1}
    with Endpoint(failing_rows(rejected, REJECTIONS["too long"])) as endpoint:
        settings: dict[str, Any] = {"source": [{"text": key} for key in keys], "key": "text"}
        parts = [replace(job(endpoint, 0), **settings, part=(number, 2)) for number in (1, 2)]
        assert not parts[0].run().is_complete, "nobody knows yet whether the endpoint answers any row"
        assert run_until_complete(parts[1], 1) == 1
        run_until_complete(parts[0], 12)
        assert parts[0].run().counts == {"failed": len(rejected)}
