"""A job with an endpoint that fails for a time, or for every row: few requests, no row fails, one line says why."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import structkit
from structkit import Policy
from structkit.batch.engines.limiter import MAX_PROBES, MIN_FAULTS
from structkit.batch.job import Job
from structkit.testing import Endpoint, Reply
from structkit.testing.endpoint_faults import error_reply
from structkit.testing.scripted_reply import completion, conforming_reply
from structkit.values import JSON

KEY = "sk-test-hunter2-hunter2"
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
DOWN = error_reply(503, "no healthy upstream")
PROBES = 10


def text_of(request: JSON) -> str:
    return str(request["messages"][0]["content"]).partition("Label: ")[2]


def request_counts(endpoint: Endpoint) -> Counter[str]:
    return Counter(map(text_of, endpoint.requests))


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    def make(endpoint: Endpoint, rows: int, **settings: Any) -> Job:
        policy = settings.pop("policy", Policy(wait_initial=0.001, wait_max=0.01, retries=2))
        base: dict[str, Any] = {"output": tmp_path / "out.jsonl", "output_type": SCHEMA, "prompt": "Label: {text}"}
        base |= {"model": "fake", "base_url": endpoint.base_url, "api_key": KEY, "call": {"policy": policy}}
        return Job(source=[f"row-{number}" for number in range(rows)], **{**base, "concurrency": 4, **settings})

    return make


def output_rows(job: Job) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(job.output).read_text().splitlines()]


class Window:
    """An endpoint that rejects requests for two seconds from the first one, with the remaining time as `retry-after`."""

    def __init__(self) -> None:
        self.rejected, self.lock = 0, threading.Lock()
        self.end: float | None = None
        self.endpoint = Endpoint(self.answer)

    def answer(self, request: JSON) -> Reply:
        with self.lock:
            time_s = time.monotonic()
            self.end = self.end or time_s + 2
            if time_s >= self.end:
                return conforming_reply(request)
            self.rejected += 1
            body = error_reply(429, "slow down", code="rate_limit_exceeded").body
            return Reply(body, status=429, headers={"retry-after": f"{self.end - time_s:.3f}"})


@pytest.mark.parametrize("concurrency", [8, "auto"])
def test_two_seconds_of_rate_limiting_cost_the_requests_in_flight_and_no_attempt(
    job: Callable[..., Job], concurrency: Any
) -> None:
    window = Window()
    with window.endpoint as endpoint:
        label_job = job(endpoint, 60, concurrency=concurrency, policy=Policy(retries=0, wait_max=60))
        report = label_job.run()
    assert report.counts == {"done": 60}
    assert 0 < window.rejected <= 8 + PROBES
    assert len(endpoint.requests) == 60 + window.rejected
    assert [row["attempts"] for row in output_rows(label_job)] == [1] * 60


@pytest.mark.parametrize("status", [200, 400, 403])
def test_a_rate_limit_under_another_status_pauses_the_run_and_no_row_fails(
    job: Callable[..., Job], status: int
) -> None:
    limit = Reply(error_reply(429, "slow down", code="rate_limit_exceeded").body, status=status)
    with Endpoint(*[limit] * 30, conforming_reply) as endpoint:
        report = job(endpoint, 20, policy=Policy(wait_initial=0.001, wait_max=0.002, retries=1)).run()
    assert report.counts == {"done": 20}


@pytest.mark.parametrize("message", ['"too many requests" was blocked', "Too many requests, she said: blocked"])
def test_a_rejected_row_about_rate_limits_fails_alone(job: Callable[..., Job], message: str) -> None:
    def answer(request: JSON) -> Reply:
        return error_reply(400, message) if text_of(request) == "row-7" else conforming_reply(request)

    with Endpoint(answer) as endpoint:
        report = job(endpoint, 20, policy=Policy(wait_initial=0.001, wait_max=0.002, retries=1)).run()
    assert report.counts == {"done": 19, "failed": 1}


def test_a_403_that_names_the_mode_changes_it_and_stops_no_run(job: Callable[..., Job]) -> None:
    def answer(request: JSON) -> Reply:
        rejection = error_reply(403, "your plan does not include response_format")
        return rejection if "response_format" in request else conforming_reply(request)

    with Endpoint(answer) as endpoint:
        report = job(endpoint, 20, concurrency=1).run()
    assert report.counts == {"done": 20}
    assert len(endpoint.requests) == 22


def test_a_403_whose_param_names_the_mode_changes_it_and_stops_no_run(job: Callable[..., Job]) -> None:
    def answer(request: JSON) -> Reply:
        rejection = error_reply(403, "not in your plan", param="response_format")
        return rejection if "response_format" in request else conforming_reply(request)

    with Endpoint(answer) as endpoint:
        report = job(endpoint, 20, concurrency=1).run()
    assert report.counts == {"done": 20}
    assert len(endpoint.requests) == 22


def test_a_rejected_row_about_money_fails_alone(job: Callable[..., Job]) -> None:
    def answer(request: JSON) -> Reply:
        rejection = error_reply(400, "Bad input: my account has insufficient funds")
        return rejection if text_of(request) == "row-7" else conforming_reply(request)

    with Endpoint(answer) as endpoint:
        report = job(endpoint, 20, concurrency=1).run()
    assert report.counts == {"done": 19, "failed": 1}


def test_an_account_that_becomes_empty_stops_a_job_although_only_words_say_so(job: Callable[..., Job]) -> None:
    def answer(request: JSON) -> Reply:
        is_paid = int(text_of(request).removeprefix("row-")) < 10
        return conforming_reply(request) if is_paid else error_reply(400, "Your balance is not enough")

    with Endpoint(answer) as endpoint:
        report = job(endpoint, 40, concurrency=1).run()
    assert (report.reason, report.counts) == ("endpoint", {"done": 10, "open": 30})


@pytest.mark.parametrize("status", [200, 400, 429])
@pytest.mark.parametrize(
    ("message", "code"), [("slow down", "rate_limit_exceeded"), ("Rate limit exceeded: free-models-per-min", 429)]
)
def test_a_row_is_sent_again_as_long_as_a_status_or_a_code_says_that_it_only_has_to_wait(
    job: Callable[..., Job], status: int, message: str, code: str | int
) -> None:
    limit = Reply({"error": {"message": message, "code": code}}, status=status)
    limits = 0

    def answer(request: JSON) -> Reply:
        nonlocal limits
        is_limited = text_of(request) == "row-3" and limits < 70
        limits += is_limited
        return limit if is_limited else conforming_reply(request)

    with Endpoint(answer) as endpoint:
        report = job(endpoint, 20, policy=Policy(wait_initial=0.001, wait_max=0.002, retries=1)).run()
    assert report.counts == {"done": 20}


FAILED_CHOICE = Reply(completion('{"n": 1}', finish_reason="error"))
FAILED_CHOICE.body["choices"][0]["error"] = {"message": "no healthy upstream", "code": 503}


@pytest.mark.parametrize("down", [DOWN, FAILED_CHOICE], ids=["503", "choice error"])
@pytest.mark.parametrize("retries", [0, 2])
@pytest.mark.parametrize("before", [0, 20])
def test_an_endpoint_that_fails_for_every_row_stops_the_run_and_no_row_fails(
    job: Callable[..., Job], retries: int, before: int, down: Reply
) -> None:
    def answer(request: JSON) -> Reply:
        return conforming_reply(request) if int(text_of(request).removeprefix("row-")) < before else down

    policy = Policy(wait_initial=0.001, wait_max=0.01, retries=retries)
    with Endpoint(answer) as endpoint:
        # One at a time, where some succeed: a row that fails before another one succeeds has failed by itself.
        label_job = job(endpoint, 200, policy=policy, **({"concurrency": 1} if before else {}))
        report = label_job.run()
        assert report.status.startswith("incomplete: the endpoint failed")
        assert "no healthy upstream" in report.status
        assert "\n" not in report.status
        assert {state: number for state, number in report.counts.items() if number} == {
            **({"done": before} if before else {}),
            "open": 200 - before,
        }
        assert len(endpoint.requests) <= before + 2 * MIN_FAULTS + 2 * 4 + 2 * MAX_PROBES
    with Endpoint() as endpoint:
        assert job(endpoint, 200, policy=policy).run().counts == {"done": 200}
    assert request_counts(endpoint) == Counter(f"row-{number}" for number in range(before, 200))
    assert [row["text"] for row in output_rows(label_job)] == [f"row-{number}" for number in range(200)]


def test_an_endpoint_that_does_not_exist_stops_the_run(job: Callable[..., Job]) -> None:
    with Endpoint() as endpoint:
        pass
    report = job(endpoint, 50).run()
    assert report.status.startswith("incomplete: the endpoint failed")
    assert report.counts == {"open": 50}
    with Endpoint() as endpoint:
        assert job(endpoint, 50).run().counts == {"done": 50}


def test_an_endpoint_that_recovers_loses_no_row(job: Callable[..., Job]) -> None:
    count = 0
    lock = threading.Lock()

    def answer(request: JSON) -> Reply:
        nonlocal count
        with lock:
            count += 1
            return DOWN if 30 < count <= 30 + MIN_FAULTS + MAX_PROBES else conforming_reply(request)

    with Endpoint(answer) as endpoint:
        label_job = job(
            endpoint, 100, policy=Policy(wait_initial=0.001, wait_max=0.01, retries=MIN_FAULTS + MAX_PROBES)
        )
        assert label_job.run().counts == {"done": 100}
    assert len(endpoint.requests) == 100 + MIN_FAULTS + MAX_PROBES


REJECTIONS = {
    "no such model": error_reply(404, "The model 'fake' does not exist"),
    "bad request": error_reply(400, "unknown parameter"),
    "bare": Reply({"detail": "Not Found"}, status=404),
    "permission": error_reply(403, "no access"),
    "key": error_reply(401, "Incorrect API key"),
    "quota": error_reply(429, "You exceeded your current quota", code="insufficient_quota"),
}


LINKED = "Rate limit reached. Raise it at https://platform.openai.com/account/billing. Please try again in 1ms."


def test_a_rate_limit_that_links_to_the_billing_page_does_not_stop_a_job(job: Callable[..., Job]) -> None:
    with Endpoint(
        *[error_reply(429, LINKED, type="requests", code="rate_limit_exceeded")] * 3, conforming_reply
    ) as endpoint:
        assert job(endpoint, 10).run().counts == {"done": 10}


@pytest.mark.parametrize("status", [200, 400, 403, 429])
def test_an_empty_account_stops_a_job_at_once_and_no_row_fails(job: Callable[..., Job], status: int) -> None:
    rejection = error_reply(status, "余额不足或无可用资源包,请充值。", code="1113")
    with Endpoint(rejection) as endpoint:
        report = job(endpoint, 40, concurrency=1).run()
    assert (report.reason, report.counts, len(endpoint.requests)) == ("endpoint", {"open": 40}, 1)


@pytest.mark.parametrize("status", [400, 403])
def test_a_prompt_that_the_filter_rejects_fails_its_row_alone(job: Callable[..., Job], status: int) -> None:
    def answer(request: JSON) -> Reply:
        is_first = text_of(request) == "row-0"
        return error_reply(status, "prompt", code="content_filter") if is_first else conforming_reply(request)

    with Endpoint(answer) as endpoint:
        label_job = job(endpoint, 6, concurrency=1)
        assert label_job.run().counts == {"done": 5, "failed": 1}
    assert len(endpoint.requests) == 6


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "Authentication failed while downloading https://files.example/a.png"),
        (400, "401 Client Error: Unauthorized for url: https://files.example/a.png"),
        (400, "Too many requests when fetching image https://files.example/a.png"),
        (403, "403 Forbidden when downloading file"),
    ],
)
def test_a_file_that_the_endpoint_cannot_download_fails_its_row_alone(
    job: Callable[..., Job], status: int, message: str
) -> None:
    def answer(request: JSON) -> Reply:
        return error_reply(status, message) if text_of(request) == "row-0" else conforming_reply(request)

    with Endpoint(answer) as endpoint:
        assert job(endpoint, 6, concurrency=1).run().counts == {"done": 5, "failed": 1}
    assert len(endpoint.requests) == 6


@pytest.mark.parametrize("rejection", REJECTIONS.values(), ids=REJECTIONS.keys())
@pytest.mark.parametrize("concurrency", [1, 4, 20])
def test_rows_rejected_before_the_run_stops_are_open_for_the_next_run(
    job: Callable[..., Job], rejection: Reply, concurrency: int
) -> None:
    with Endpoint(rejection) as endpoint:
        report = job(endpoint, 40, concurrency=concurrency).run()
        assert report.status.startswith("incomplete: ")
        assert report.counts == {"open": 40}
    with Endpoint() as endpoint:
        assert job(endpoint, 40, concurrency=concurrency).run().counts == {"done": 40}
    assert set(request_counts(endpoint).values()) == {1}


def test_rows_rejected_between_rows_that_are_served_fail_at_once(job: Callable[..., Job]) -> None:
    counts: list[int] = []

    def answer(request: JSON) -> Reply:
        return (
            error_reply(404, "not for this row")
            if text_of(request) in {"row-1", "row-2", "row-9"}
            else conforming_reply(request)
        )

    with Endpoint(answer) as endpoint:
        label_job = job(endpoint, 10, concurrency=1)
        assert label_job.run(lambda each: counts.append(sum(each.counts.values()))).counts == {"done": 7, "failed": 3}
        assert job(endpoint, 10).run().counts == {"done": 7, "failed": 3}
    assert {*counts} - {0} == {*range(1, 11)}  # also once a second
    assert request_counts(endpoint) == Counter(f"row-{number}" for number in range(10))


def test_rows_that_are_all_rejected_and_too_few_to_stop_the_run_fail(job: Callable[..., Job]) -> None:
    with Endpoint(error_reply(400, "too long")) as endpoint:
        assert job(endpoint, MIN_FAULTS - 1).run().counts == {"failed": MIN_FAULTS - 1}
        assert job(endpoint, MIN_FAULTS - 1).run().is_complete
    assert len(endpoint.requests) == MIN_FAULTS - 1


def test_rows_rejected_for_different_reasons_are_finished_in_time(job: Callable[..., Job]) -> None:
    reasons = ["too long", "bad image", "no text"]
    rows = 60

    def answer(request: JSON) -> Reply:
        return error_reply(400, reasons[int(text_of(request).removeprefix("row-")) % 3])

    counts: list[int] = []
    with Endpoint(answer) as endpoint:
        label_job = job(endpoint, rows, concurrency=1)
        report = label_job.run(lambda each: counts.append(len(endpoint.requests)) if each.counts else None)
    assert report.counts == {"failed": rows}
    assert counts[0] < rows, "the first row is reported before the last one is sent"


def test_a_row_waits_longer_before_each_retry_even_if_others_are_answered(job: Callable[..., Job]) -> None:
    waits: list[float] = []
    policy = Policy(wait_initial=0.01, wait_max=1, retries=3)
    hooks = structkit.Hooks(on_retry=lambda request, error, seconds: waits.append(seconds))
    with Endpoint(lambda request: DOWN if text_of(request) == "row-0" else conforming_reply(request)) as endpoint:
        report = job(endpoint, 5, concurrency=1, call={"policy": policy, "hooks": hooks}).run()
    assert report.counts == {"done": 4, "failed": 1}
    assert [low <= wait <= 2 * low for low, wait in zip((0.005, 0.01, 0.02), waits, strict=True)] == [True] * 3


def test_a_reply_that_may_have_been_paid_for_and_has_no_completion_is_asked_for_once_more(
    job: Callable[..., Job],
) -> None:
    with Endpoint(Reply(b'{"choices": [', status=200)) as endpoint:
        report = job(endpoint, 1, policy=Policy(wait_initial=0.001, retries=3)).run()
    assert (report.errors, len(endpoint.requests)) == ({"MalformedReply": 1}, 2)
