"""Rows over the Batch API that take more than one request: parts of a type, tools, chunks, evidence, hooks."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, create_model

from structkit import Hooks, Policy
from structkit.batch.engines.batch_api.batch_results import read_result
from structkit.batch.job import Job
from structkit.batch.report import Report
from structkit.dialects import Dialect, Size
from structkit.dialects.error_bodies import read_error
from structkit.errors import TransportError
from structkit.testing import BatchService, Endpoint, Reply, batch_faults, call
from structkit.testing.scripted_reply import conforming_reply
from structkit.transport.batch_endpoint import BatchEndpoint
from structkit.values import JSON, Usage
from structkit.values.parameters import NO_PARAMETERS

QUICK = Policy(wait_initial=0.002, wait_max=0.01)
SMALL = Dialect("small", frozenset(), max_size=Size(3, 100, 1_000, 0, 100))
Five = create_model("Five", **dict[str, Any](dict.fromkeys("abcde", (int, ...))))


def make_job(folder: Path, endpoint: Endpoint, **settings: Any) -> Job:
    connection: dict[str, Any] = {"model": "fake", "base_url": endpoint.base_url, "api_key": "sk-test"}
    base = {"source": ["a", "bb", "ccc", "dddd"], "output": folder / "out.jsonl", "prompt": "Row {text}"}
    call = {"policy": QUICK, **settings.pop("call", {})}
    return Job(**{**base, **connection, "output_type": int, "batch_api": True, "call": call, **settings})


def run_to_the_end(job: Job) -> Report:
    """Run a job that does not wait as often as it takes, each time from the journal."""
    report = job.run()
    for _ in range(50):
        report = job.run() if report.reason == "submitted" else report
    return report


def assert_paid_once(endpoint: Endpoint) -> None:
    endpoint.batches.finish_batches()
    assert max(Counter(json.dumps(each) for each in endpoint.requests).values()) == 1


@pytest.mark.parametrize("fault", [None, "missing", "errors", "expired", "shuffled"])
@pytest.mark.parametrize("wait", [True, False])
def test_parts_that_a_batch_has_not_answered_are_asked_alone(tmp_path: Path, fault: str | None, wait: bool) -> None:
    def reply(body: JSON) -> str:
        names = body["response_format"]["json_schema"]["schema"]["properties"]
        row = len(body["messages"][-1]["content"].rpartition("Row ")[2])
        return json.dumps({name: row * 10 + "abcde".index(name) for name in names})

    with Endpoint(reply, batches=BatchService(fault, fault, polls=1)) as endpoint:
        report = run_to_the_end(make_job(tmp_path, endpoint, output_type=Five, wait=wait, call={"dialect": SMALL}))
        assert report.counts == {"done": 4}
        rows = [[row[name] for name in "abcde"] for row in report.to_dicts()]
        assert rows == [[row * 10 + place for place in range(5)] for row in range(1, 5)]
        assert len(endpoint.requests) == 8
        assert_paid_once(endpoint)


def test_a_tool_is_called_between_two_batches_and_once_in_all_runs(tmp_path: Path) -> None:
    calls: list[str] = []

    def length(text: str) -> int:
        """Return the number of characters."""
        calls.append(text)
        return len(text)

    def reply(body: JSON) -> Any:
        results = [each["content"] for each in body["messages"] if each["role"] == "tool"]
        text = str(body["messages"][0]["content"]).rpartition("Row ")[2]
        return json.dumps({"value": int(results[0])}) if results else call("length", text=text)

    with Endpoint(reply, batches=BatchService("expired", polls=1)) as endpoint:
        report = run_to_the_end(make_job(tmp_path, endpoint, wait=False, call={"tools": [length]}))
        assert [row["value"] for row in report.to_dicts()] == [1, 2, 3, 4]
        assert sorted(calls) == ["a", "bb", "ccc", "dddd"]
        assert_paid_once(endpoint)


class Word(BaseModel):
    word: str


def test_the_chunks_of_a_text_are_asked_batch_after_batch(tmp_path: Path) -> None:
    texts = ["\n".join(f"{letter}{number} is a word of this text." for number in range(40)) for letter in "xy"]

    def reply(body: JSON) -> str:
        text = str(body["messages"][-1]["content"])
        return json.dumps(
            {"value": [{"word": word} for word in text.split() if word[0] in "xy" and word[1:].isdigit()]}
        )

    with Endpoint(reply, batches=BatchService(polls=1)) as endpoint:
        settings: dict[str, Any] = {"source": texts, "prompt": "{text}", "output_type": list[Word]}
        report = run_to_the_end(make_job(tmp_path, endpoint, wait=False, call={"chunk": 400}, **settings))
        assert report.counts == {"done": 2}
        values = [row["value"] for row in report.to_dicts()]
        assert [{each["word"] for each in value} for value in values] == [
            {f"{letter}{number}" for number in range(40)} for letter in "xy"
        ]
        assert_paid_once(endpoint)


def test_hooks_see_each_request_once_with_its_reply_when_it_is_read(tmp_path: Path) -> None:
    events: list[str] = []
    hooks = Hooks(
        before_request=lambda request: events.append("request"),
        after_reply=lambda request, reply: events.append("reply"),
        on_attempt=lambda attempt: events.append(f"attempt {attempt.number}"),
    )
    replies = ['{"value": "none"}', '{"value": 3}']
    with Endpoint(replies, batches=BatchService(polls=1)) as endpoint:
        job = make_job(tmp_path, endpoint, source=["a"], wait=False, call={"hooks": hooks, "mode": "json_schema"})
        assert run_to_the_end(job).counts == {"done": 1}
    assert events == ["request", "reply", "attempt 1", "request", "reply", "attempt 2"]


def test_evidence_is_looked_for_in_each_row(tmp_path: Path) -> None:
    with Endpoint(conforming_reply) as endpoint:
        report = make_job(tmp_path, endpoint, output_type=Word, evidence=True).run()
        assert report.counts == {"done": 4}
        assert all("evidence" in row for row in report.to_dicts())


def test_a_row_that_the_endpoint_always_rejects_does_not_stop_the_others(tmp_path: Path) -> None:
    def reply(body: JSON) -> Any:
        is_long = "dddd" in body["messages"][0]["content"]
        error = {"error": {"message": "maximum context length", "code": "context_length_exceeded"}}
        return Reply(error, status=400) if is_long else '{"value": 1}'

    with Endpoint(reply) as endpoint:
        report = make_job(tmp_path, endpoint).run()
        assert report.counts == {"done": 3, "failed": 1}


def test_failed_rows_are_sent_again_once_a_run_asks_for_it(tmp_path: Path) -> None:
    with Endpoint(lambda _: '{"value": 1}', batches=BatchService("rejected", polls=1)) as endpoint:
        assert make_job(tmp_path, endpoint).run().counts == {"done": 2, "failed": 2}
        assert run_to_the_end(make_job(tmp_path, endpoint, retry_failed=True)).counts == {"done": 4}


def test_an_invalid_key_ends_the_run_and_the_next_one_sends_the_rows_again(tmp_path: Path) -> None:
    with Endpoint(lambda _: '{"value": 1}', batches=BatchService(steps={"list": [401]})) as endpoint:
        report = make_job(tmp_path, endpoint).run()
        assert (report.reason, report.counts) == ("endpoint", {"open": 4})
        assert make_job(tmp_path, endpoint).run().counts == {"done": 4}


EMPTY = Reply({"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}, status=429)


def test_rows_of_a_batch_that_meet_an_empty_account_stay_open(tmp_path: Path) -> None:
    def reply(body: JSON) -> Any:
        return EMPTY if len(body["messages"][0]["content"]) > len("Row bb") else '{"value": 1}'

    with Endpoint(reply) as endpoint:
        report = make_job(tmp_path, endpoint).run()
    assert report.reason == "endpoint"
    assert "failed" not in report.counts
    with Endpoint(lambda _: '{"value": 1}') as endpoint:
        assert make_job(tmp_path, endpoint).run().counts == {"done": 4}
    assert len(endpoint.requests) == 2, "what was answered is not paid for again"


def test_a_rejected_row_before_the_answers_of_its_batch_fails_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def finish(lines: list[JSON], _: Any) -> batch_faults.BatchOutcome:
        response = {"status_code": 403, "body": {"error": {"message": "blocked by the firewall"}}}
        text = json.dumps({"custom_id": lines[0]["custom_id"], "response": response}).encode() + b"\n"
        rejected = batch_faults.FinishedLine(lines[0], text=text)
        return batch_faults.BatchOutcome([rejected, *map(batch_faults.FinishedLine, lines[1:])])

    monkeypatch.setitem(batch_faults.BATCH_FAULTS, "rejected", finish)
    with Endpoint(lambda _: '{"value": 1}', batches=BatchService("rejected")) as endpoint:
        assert make_job(tmp_path, endpoint).run().counts == {"done": 3, "failed": 1}


def test_an_error_line_of_a_batch_says_what_it_is_about() -> None:
    line = {"custom_id": "a", "error": {"code": "data_inspection_failed", "message": "inappropriate content"}}
    endpoint = BatchEndpoint("http://127.0.0.1:9/v1", "sk-test", NO_PARAMETERS, Policy())
    result = read_result(json.dumps(line).encode(), endpoint)
    assert result is not None
    assert isinstance(result.reply, TransportError)
    assert (read_error(result.reply).kind, result.reply.retryable, result.reply.usage_of_reply) == (
        "filtered",
        False,
        Usage(),
    )
