"""What endpoints write into the files and the states of batches, and what a job over the Batch API reads in them."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from structkit import Policy
from structkit.batch.job import Job
from structkit.batch.report import Report
from structkit.dialects import batch_rules
from structkit.dialects.batch_rules import BatchRules
from structkit.testing import BatchService, Endpoint, Reply
from structkit.testing.endpoint_faults import error_reply
from structkit.values import JSON

ROWS = 4
QUICK = Policy(wait_initial=0.002, wait_max=0.01)
NO_RETRIES = Policy(retries=0, wait_initial=0.001, wait_max=0.01)


def make_job(folder: Path, endpoint: Endpoint, **settings: Any) -> Job:
    connection: dict[str, Any] = {"model": "fake", "base_url": endpoint.base_url, "api_key": "sk-test"}
    base = {"source": [f"row {number}" for number in range(ROWS)], "output": folder / "out.jsonl", "prompt": "{text}"}
    call = {"policy": QUICK, "mode": "json_schema"}
    return Job(**{**base, **connection, "output_type": int, "batch_api": True, "call": call, **settings})


def answer(request: JSON) -> str:
    return json.dumps({"value": int(request["messages"][0]["content"].rpartition(" ")[2])})


def assert_all_done_once(report: Report, endpoint: Endpoint) -> None:
    assert (report.status, report.counts) == ("complete", {"done": ROWS})
    assert [row["value"] for row in report.to_dicts()] == [*range(ROWS)]
    assert report.unreported == 0
    endpoint.batches.finish_batches()
    assert max(Counter(json.dumps(each) for each in endpoint.requests).values()) == 1


class ChangedService(BatchService):
    """A service that changes what its calls return.

    Args:
        lines: Changes the object in a line of a file, by its number in all files, counted from 0.
        **changes: By the name of a step, changes its reply, by the number of the call, counted from 0.
    """

    def __init__(
        self, *faults: str | None, lines: Callable[[JSON, int], JSON] = lambda line, _: line, **changes: Any
    ) -> None:
        super().__init__(*faults)
        self.lines, self.changes, self.line_count = lines, changes, 0

    def _take_step(self, step: str, call: Callable[[], Reply]) -> Reply:
        number = self.calls.count(step)
        reply = super()._take_step(step, call)
        change = self.changes.get(step)
        return change(reply, number) if change else reply

    def _line_text(self, line: Any, answer: Any) -> tuple[bytes, bool]:
        text, is_error = super()._line_text(line, answer)
        self.line_count += 1
        return json.dumps(self.lines(json.loads(text), self.line_count - 1)).encode() + b"\n", is_error


def content(reply: Reply) -> bytes:
    return b"".join(reply.body)


def file_reply(text: bytes) -> Reply:
    return Reply(iter([text]))


def until(count: int, replace: Callable[[Reply], Reply]) -> Callable[[Reply, int], Reply]:
    """Change the replies to the first calls."""
    return lambda reply, number: replace(reply) if number < count else reply


def with_body(**fields: Any) -> Callable[[Reply], Reply]:
    return lambda reply: Reply({**reply.body, **fields})


@pytest.mark.parametrize(
    "changes",
    [
        {"poll": until(3, with_body(output_file_id=None))},
        {"poll": until(3, with_body(output_file_id=None, request_counts=None))},
        {"download": until(3, lambda reply: file_reply(content(reply)[:-100])), "poll": until(9, with_body(request_counts=None))},
        {"download": until(3, lambda reply: file_reply(content(reply)[:-100]))},
        {"download": until(15, lambda _: file_reply(b"<html>\n<p>Maintenance</p>\n</html>"))},
        {"download": until(15, lambda _: Reply({"error": {"message": "try again later", "code": "overloaded"}}))},
        {"download": until(3, lambda _: file_reply(b""))},
        {"poll": until(15, lambda _: Reply({"error": {"message": "try again later"}}))},
        {"poll": until(15, lambda _: Reply({"status": None}))},
        {"list": until(1, with_body(data=None))},
    ],
)  # fmt: skip
def test_replies_that_an_endpoint_does_not_show_yet_are_waited_for(tmp_path: Path, changes: dict[str, Any]) -> None:
    service = ChangedService(**changes)
    with Endpoint(answer, batches=service) as endpoint:
        assert_all_done_once(make_job(tmp_path, endpoint).run(), endpoint)
    assert len(service.batches) == 1


def with_an_error_first(reply: Reply) -> Reply:
    """Return a file in which each answer comes after an error of the same request."""
    lines = content(reply).splitlines(keepends=True)
    names = [json.loads(line)["custom_id"] for line in lines]
    error = {"response": None, "error": {"code": "server_error", "message": "overloaded"}}
    return file_reply(
        b"".join(json.dumps({"custom_id": name, **error}).encode() + b"\n" for name in names) + b"".join(lines)
    )


def test_an_answer_counts_more_than_an_error_of_the_same_request_before_it(tmp_path: Path) -> None:
    with Endpoint(answer, batches=ChangedService(download=until(9, with_an_error_first))) as endpoint:
        assert_all_done_once(make_job(tmp_path, endpoint).run(), endpoint)


@pytest.mark.parametrize("status", ["COMPLETED", "success", "Succeeded", "done"])
def test_a_batch_is_done_in_whatever_word(tmp_path: Path, status: str) -> None:
    def in_other_words(reply: Reply, _: int) -> Reply:
        return with_body(status=status)(reply) if reply.body["status"] == "completed" else reply

    with Endpoint(answer, batches=ChangedService(poll=in_other_words)) as endpoint:
        assert_all_done_once(make_job(tmp_path, endpoint).run(), endpoint)


def as_vendor(line: JSON, form: str) -> JSON:
    response = line["response"]
    if form == "body is text":
        return {**line, "response": {**response, "body": json.dumps(response["body"])}}
    if form == "no status":
        return {**line, "response": {"body": response["body"]}}
    if form == "status is text":
        return {**line, "response": {**response, "status_code": "200"}}
    return {**line, "response": response["body"]}


@pytest.mark.parametrize("form", ["body is text", "no status", "status is text", "no body around it"])
def test_replies_are_found_in_the_lines_of_every_vendor(tmp_path: Path, form: str) -> None:
    with Endpoint(answer, batches=ChangedService(lines=lambda line, _: as_vendor(line, form))) as endpoint:
        assert_all_done_once(make_job(tmp_path, endpoint).run(), endpoint)


def failing(number: int, **fields: Any) -> Callable[[JSON, int], JSON]:
    """Change one line into an error."""
    return lambda line, count: {"custom_id": line["custom_id"], **fields} if count == number else line


EMPTY = {"status_code": 0, "request_id": "", "body": ""}
TOO_LONG = {"object": "error", "message": "the context is too long", "type": "BadRequestError", "code": 400}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"response": {"status_code": 400, "body": None}, "error": TOO_LONG},
            "answered 400: 'the context is too long'",
        ),
        ({"response": {"status_code": 400, "body": ""}, "error": {"error": TOO_LONG}}, "answered 400: 'the context is"),
        ({"response": None, "error": {**TOO_LONG, "code": "400"}}, "answered 400: 'the context is too long'"),
        (
            {"response": {"status_code": "400", "body": {"error": TOO_LONG}}, "error": None},
            "answered 400: 'the context",
        ),
    ],
)
def test_an_error_of_one_request_is_told_in_the_endpoints_words(tmp_path: Path, fields: JSON, message: str) -> None:
    with Endpoint(answer, batches=ChangedService(lines=failing(1, **fields))) as endpoint:
        report = make_job(tmp_path, endpoint).run()
        assert report.counts == {"done": ROWS - 1, "failed": 1}
        assert message in report.to_dicts()[1]["message"]


@pytest.mark.parametrize(
    "fields",
    [
        {"response": EMPTY, "error": {"code": "batch_expired", "message": "expired"}},
        {"response": None, "error": {"error": {"code": "batch_cancelled", "message": "cancelled"}}},
        {"response": None, "error": {"code": "server_error", "message": "overloaded"}},
        {"response": EMPTY, "error": "overloaded"},
        {"response": {"status_code": "429", "body": {"error": {"message": "slow down"}}}, "error": None},
        {"response": {"status_code": 503, "body": "upstream connect error"}, "error": None},
    ],
)
def test_a_request_with_an_error_that_passes_is_sent_again_and_costs_nothing(tmp_path: Path, fields: JSON) -> None:
    with Endpoint(answer, batches=ChangedService(lines=failing(1, **fields))) as endpoint:
        report = make_job(tmp_path, endpoint).run()
        assert (report.counts, report.unreported) == ({"done": ROWS}, 0)


@pytest.mark.parametrize(
    "fields",
    [
        {
            "response": {
                "status_code": 401,
                "body": {"error": {"message": "Incorrect API key", "code": "invalid_api_key"}},
            }
        },
        {"response": {"status_code": 429, "body": {"error": {"message": "no money", "code": "insufficient_quota"}}}},
        {"response": None, "error": {"code": "insufficient_quota", "message": "You exceeded your current quota"}},
    ],
)
def test_an_account_that_is_empty_ends_the_run_and_no_row_fails_for_it(tmp_path: Path, fields: JSON) -> None:
    lines = failing(2, **fields)
    with Endpoint(answer, batches=ChangedService(lines=lines)) as endpoint:
        job = make_job(tmp_path, endpoint)
        report = job.run()
        assert report.reason == "endpoint"
        assert report.counts.keys() <= {"done", "open"}
        assert job.run().counts == {"done": ROWS}


@pytest.mark.parametrize(
    "errors",
    [
        {"errors": {"data": [{"code": "x", "message": "no space left"}]}},
        {"errors": [{"message": "no space left"}]},
        {"errors": {"message": "no space left"}},
        {"errors": "no space left"},
        {"errors": None, "error": {"message": "no space left"}},
    ],
)
def test_why_a_batch_failed_is_told_however_the_endpoint_says_it(tmp_path: Path, errors: JSON) -> None:
    service = ChangedService("failed", poll=lambda reply, _: with_body(**errors)(reply))
    with Endpoint(answer, batches=service) as endpoint:
        assert make_job(tmp_path, endpoint).run().detail == "the endpoint has rejected batch_1: no space left"


@pytest.mark.parametrize("step", ["poll", "download"])
def test_the_replies_of_the_other_batches_are_stored_before_one_that_is_gone_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr(batch_rules, "DEFAULT_RULES", BatchRules(max_requests=2))
    changes: dict[str, Any] = {step: lambda reply, number: error_reply(404, "it was deleted") if not number else reply}
    with Endpoint(answer, batches=ChangedService(**changes)) as endpoint:
        job = make_job(tmp_path, endpoint)
        report = job.run()
        assert report.reason == "endpoint"
        assert "the replies of batch_1 cannot be collected" in report.detail
        assert report.counts == {"open": 2, "done": 2}
        assert_all_done_once(job.run(), endpoint)


def test_an_error_file_that_cannot_be_read_does_not_stop_the_job(tmp_path: Path) -> None:
    def download(reply: Reply, _: int) -> Reply:
        text = content(reply)
        return file_reply(b"<html>" if b"the prompt is too long" in text else text)

    with Endpoint(answer, batches=ChangedService("rejected", download=download)) as endpoint:
        assert make_job(tmp_path, endpoint).run().counts == {"done": ROWS}
        assert len(endpoint.batches.batches) == 2


def test_only_polls_that_fail_in_a_row_end_the_run(tmp_path: Path) -> None:
    def poll(reply: Reply, number: int) -> Reply:
        if number < 120:
            return error_reply(500, "overloaded") if number % 4 else with_body(status="in_progress")(reply)
        return reply

    with Endpoint(answer, batches=ChangedService(poll=poll)) as endpoint:
        job = make_job(tmp_path, endpoint, call={"policy": NO_RETRIES, "mode": "json_schema"})
        assert_all_done_once(job.run(), endpoint)


def test_polls_that_fail_in_a_row_end_the_run_with_the_endpoints_words(tmp_path: Path) -> None:
    with Endpoint(answer, batches=ChangedService(poll=until(20, lambda _: error_reply(500, "overloaded")))) as endpoint:
        job = make_job(tmp_path, endpoint, call={"policy": NO_RETRIES, "mode": "json_schema"})
        detail = job.run().detail
        assert "20 polls in a row have failed; the next run tries it again (the endpoint answered 500: 'over" in detail
        assert "key" not in detail
        assert_all_done_once(job.run(), endpoint)


@pytest.mark.parametrize("status", [409, 500])
def test_a_batch_at_the_end_of_a_list_that_starts_with_the_oldest_is_found(tmp_path: Path, status: int) -> None:
    class OldestFirst(ChangedService):
        def _list(self, query: Any) -> Reply:
            old = [{"id": f"old_{number}", "object": "batch", "created_at": number} for number in range(250)]
            batches = [*old, *self.batches.values()]
            start = [each["id"] for each in batches].index(query["after"][0]) + 1 if "after" in query else 0
            end = start + int(query["limit"][0])
            return Reply({"object": "list", "data": batches[start:end], "has_more": end < len(batches)})

    loss = until(1, lambda _: error_reply(status, "the reply is lost"))
    with Endpoint(answer, batches=OldestFirst(create=loss)) as endpoint:
        assert_all_done_once(make_job(tmp_path, endpoint).run(), endpoint)
        assert len(endpoint.batches.batches) == 1


def test_no_file_of_a_batch_is_left_where_the_endpoint_rejects_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_rules, "DEFAULT_RULES", BatchRules(max_requests=1))
    changes: dict[str, Any] = {"create": lambda reply, number: error_reply(400, "no more") if number == 1 else reply}
    with Endpoint(answer, batches=ChangedService(**changes)) as endpoint:
        job = make_job(tmp_path, endpoint)
        assert job.run().reason == "endpoint"
        assert not [*job.folder.glob("batch-*")]


@pytest.mark.parametrize("step", ["list", "poll", "download"])
def test_an_interrupt_does_not_wait_for_a_call_that_the_next_run_makes_again(
    tmp_path: Path, settings: Callable[..., dict[str, Any]], start: Callable[..., subprocess.Popen[str]], step: str
) -> None:
    is_reached, is_over = threading.Event(), threading.Event()

    def wait(called: str, phase: str) -> None:
        if (called, phase) == (step, "received"):
            is_reached.set()
            is_over.wait(600)

    with Endpoint(batches=BatchService(on_step=wait)) as endpoint:
        child = start(settings(endpoint.base_url, ["row 1"], batch_api=True))
        assert is_reached.wait(600)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=600)
        assert not is_over.is_set()
        is_over.set()
    assert (child.returncode, err) == (0, "")
    assert ("incomplete: 1 request is in 1 batch" in out) == (step != "list")
