"""A job over the Batch API: what each batch, each call of the API and each interruption promises for the rows."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from structkit import AsyncClient, Client, ConfigError, JobError, Policy, Price
from structkit.batch.conversations import RowConversations
from structkit.batch.engines.batch_log import BatchLog, metadata_of, read_records
from structkit.batch.job import Job
from structkit.batch.processes.part_files import sum_reports
from structkit.batch.report import Report
from structkit.costs.budget import Reservation
from structkit.dialects import batch_rules
from structkit.dialects.batch_rules import BatchRules
from structkit.journal.journal import Journal, Reader
from structkit.testing import BatchService, Endpoint, Reply, batch_faults
from structkit.testing.scripted_reply import completion
from structkit.transport.batch_endpoint import BatchEndpoint
from structkit.values import JSON, Parameters

ROWS = 8
QUICK = Policy(wait_initial=0.002, wait_max=0.01)


def number_in(request: JSON) -> int:
    return int(request["messages"][0]["content"].rpartition(" ")[2])


def answer(request: JSON) -> str:
    return json.dumps({"value": number_in(request)})


def make_job(folder: Path, endpoint: Endpoint, **settings: Any) -> Job:
    call = {"policy": QUICK, "mode": "json_schema", **settings.pop("call", {})}
    connection: dict[str, Any] = {"model": "fake", "base_url": endpoint.base_url, "api_key": "sk-test"}
    base = {"source": [f"row {number}" for number in range(ROWS)], "output": folder / "out.jsonl", "prompt": "{text}"}
    return Job(**{**base, **connection, "output_type": int, "batch_api": True, "call": call, **settings})


def values_of(report: Report) -> list[Any]:
    return [row.get("value") for row in report.to_dicts()]


def assert_all_done_once(report: Report, endpoint: Endpoint) -> None:
    assert (report.status, report.counts) == ("complete", {"done": ROWS})
    assert values_of(report) == [*range(ROWS)]
    assert report.ambiguous == ()
    endpoint.batches.finish_batches()
    assert max(Counter(json.dumps(each) for each in endpoint.requests).values()) == 1
    assert not [*report.output.with_name("out.jsonl.job").glob("batch-*")], "no file of a batch is left"  # type: ignore[union-attr]


def test_batches_that_count_more_than_their_files_have_do_not_stop_the_job_for_ever(tmp_path: Path) -> None:
    """Several are at the endpoint at once, and each run looks at them once."""
    service = BatchService(*["miscounted"] * 4)
    with Endpoint(answer, batches=service) as endpoint:
        jobs = [make_job(tmp_path, endpoint, limit=limit, wait=False) for limit in (ROWS // 2, ROWS, ROWS, ROWS, ROWS)]
        reports = [job.run() for job in jobs]
        assert_all_done_once(reports[-1], endpoint)


@pytest.mark.parametrize(
    "fault", ["shuffled", "missing", "miscounted", "errors", "expired", "cancelled", "foreign", "repeated"]
)
def test_every_row_is_done_once_whatever_happens_to_a_batch(tmp_path: Path, fault: str) -> None:
    with Endpoint(answer, batches=BatchService(fault, polls=1)) as endpoint:
        assert_all_done_once(make_job(tmp_path, endpoint).run(), endpoint)


@pytest.mark.parametrize(
    "steps",
    [
        {"list": [500], "upload": [500, 429], "create": [500, 429], "poll": [500, 503], "download": [500]},
        {"upload": ["disconnect"], "create": ["disconnect"], "poll": ["disconnect"], "download": ["disconnect"]},
        {"create": ["disconnect"], "list": [None, 500]},
    ],
)
def test_every_row_is_done_once_whatever_happens_to_a_call(tmp_path: Path, steps: dict[str, list[Any]]) -> None:
    service = BatchService(steps=steps, strangers=5, page=2)
    with Endpoint(answer, batches=service) as endpoint:
        assert_all_done_once(make_job(tmp_path, endpoint).run(), endpoint)
    assert len(service.batches) == 1


def test_the_list_is_read_no_further_than_to_the_batches_that_are_older_than_the_job(tmp_path: Path) -> None:
    service = BatchService(steps={"create": ["disconnect"]}, strangers=40, page=2)
    with Endpoint(answer, batches=service) as endpoint:
        assert_all_done_once(make_job(tmp_path, endpoint).run(), endpoint)
    assert 10 < service.calls.count("list") < 15, "of 21 pages, ten are of 1970"


def test_requests_that_a_killed_run_has_collected_and_not_sent_count_as_neither_sent_nor_paid(tmp_path: Path) -> None:
    async def collect(journal: Journal) -> None:
        record = BatchLog(journal).start("fingerprint", "fake")
        await journal.intend_async(0, "", "", 1, "request", Reservation(10**6, 10**6), record.key)

    with Endpoint(answer) as endpoint:
        job = make_job(tmp_path, endpoint, batch_api=False, price=PRICE, budget="100000")
        with Journal.open(job.folder, RowConversations(job).fingerprint()) as journal:
            asyncio.run(collect(journal))
        assert job.run().counts["done"] == ROWS


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_is_full_is_no_fault_of_the_endpoint(tmp_path: Path) -> None:
    async def download() -> None:
        batches = BatchEndpoint(endpoint.base_url, "sk-test", Parameters(), QUICK)
        try:
            (tmp_path / "in").write_bytes(b"{}")
            await batches.download(await batches.upload(tmp_path / "in"), Path("/dev/full"))
        finally:
            await batches.close()

    with Endpoint(answer) as endpoint, pytest.raises(OSError, match="No space left on device: '/dev/full'"):
        asyncio.run(download())


def test_reasks_form_a_smaller_batch(tmp_path: Path) -> None:
    def reply(request: JSON) -> str:
        is_invalid = len(request["messages"]) == 1 and number_in(request) % 4 == 0
        return '{"value": "none"}' if is_invalid else answer(request)

    with Endpoint(reply) as endpoint:
        assert_all_done_once(make_job(tmp_path, endpoint).run(), endpoint)
        assert [each["request_counts"]["total"] for each in endpoint.batches.batches.values()] == [ROWS, 2]


def test_a_run_that_does_not_wait_ends_submitted_and_later_ones_collect(tmp_path: Path) -> None:
    with Endpoint(answer, batches=BatchService(polls=1)) as endpoint:
        job = make_job(tmp_path, endpoint, wait=False)
        reports = [job.run() for _ in range(3)]
        assert [report.reason for report in reports] == ["submitted", "submitted", ""]
        assert reports[0].detail == f"{ROWS} requests are in 1 batch at the endpoint"
        assert reports[0].unreported == reports[1].unreported == 0
        assert_all_done_once(reports[2], endpoint)
    with pytest.raises(JobError, match="in 1 batch"):
        reports[0].raise_for_status()


def test_an_async_run_and_a_function_wait_for_their_batches(tmp_path: Path) -> None:
    async def prompt(row: Any) -> str:
        return str(row["text"])

    with Endpoint(answer, batches=BatchService(delay=0.02)) as endpoint:
        assert_all_done_once(asyncio.run(make_job(tmp_path, endpoint, prompt=prompt).run_async()), endpoint)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_the_endpoint_of_a_client_is_used(tmp_path: Path, kind: Callable[..., Any]) -> None:
    with Endpoint(answer) as endpoint:
        client = kind("fake", base_url=endpoint.base_url, mode="json_schema", policy=QUICK)
        connection = {"client": client, "model": None, "base_url": None, "api_key": None, "call": {}}
        assert_all_done_once(make_job(tmp_path, endpoint, **connection).run(), endpoint)
        assert endpoint.batches.calls.count("create") == 1


def test_an_endpoint_without_batches_is_rejected_before_anything_is_sent(tmp_path: Path) -> None:
    for service in (BatchService(is_available=False), BatchService(steps={"list": [405]})):
        with Endpoint(answer, batches=service) as endpoint:
            with pytest.raises(JobError, match=r"no Batch API \(nothing was sent\); leave out batch_api=True"):
                make_job(tmp_path, endpoint).run()
            assert not endpoint.requests
            assert "upload" not in service.calls


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"wait": False, "batch_api": False}, "wait=False"),
        ({"output": None}, "batch_api needs an output"),
        ({"batch_api": "24h"}, "batch_api must be True or False"),
    ],
)
def test_settings_that_would_do_nothing_are_rejected(tmp_path: Path, settings: Any, message: str) -> None:
    with Endpoint(answer) as endpoint, pytest.raises(ConfigError, match=message):
        make_job(tmp_path, endpoint, **settings).run()


def test_a_batch_that_fails_as_a_whole_ends_the_run_and_leaves_its_rows_open(tmp_path: Path) -> None:
    with Endpoint(answer, batches=BatchService("failed")) as endpoint:
        job = make_job(tmp_path, endpoint)
        report = job.run()
        assert (report.reason, report.counts) == ("endpoint", {"open": ROWS})
        assert "batch_1: the model does not support batches" in report.detail
        assert_all_done_once(job.run(), endpoint)


def test_a_queue_that_is_full_gets_smaller_batches_one_after_the_other(tmp_path: Path) -> None:
    service = BatchService("token_limit", "token_limit", polls=1)
    with Endpoint(answer, batches=service) as endpoint:
        assert_all_done_once(make_job(tmp_path, endpoint).run(), endpoint)
        totals = [each["request_counts"]["total"] for each in service.batches.values()]
        assert totals == [ROWS, ROWS // 2, *[ROWS // 4] * 4]


def test_batches_that_never_answer_end_the_run(tmp_path: Path) -> None:
    with Endpoint(answer, batches=BatchService(steps={"download": [404] * 9})) as endpoint:
        report = make_job(tmp_path, endpoint).run()
        assert (report.reason, report.counts) == ("endpoint", {"open": ROWS})
    with Endpoint(answer, batches=BatchService(*["expired"] * 9)) as endpoint:
        one_row = make_job(tmp_path / "one", endpoint, source=["row 1"])
        assert "3 batches in a row ended without a reply, the last one as expired" in one_row.run().detail


def test_a_request_that_no_batch_answers_is_retried_as_often_as_the_policy_says(tmp_path: Path) -> None:
    service = BatchService(*["errors"] * 9)
    with Endpoint(answer, batches=service) as endpoint:
        report = make_job(tmp_path, endpoint, source=["row 0", "row 1"], call={"policy": Policy(retries=1)}).run()
        assert report.counts in ({"done": 2}, {"done": 1, "failed": 1})
    assert len(service.batches) <= 3


def test_a_rejected_row_fails_and_the_others_are_done(tmp_path: Path) -> None:
    with Endpoint(answer, batches=BatchService("rejected")) as endpoint:
        report = make_job(tmp_path, endpoint).run()
        assert report.counts == {"done": ROWS // 2, "failed": ROWS // 2}
        assert report.errors == {"StatusError": ROWS // 2}


def test_a_mode_that_the_endpoint_rejects_is_replaced_in_the_next_batch(tmp_path: Path) -> None:
    def reply(request: JSON) -> Reply | str:
        if "response_format" in request:
            return Reply({"error": {"message": "response_format is not supported", "param": "response_format"}}, 400)
        return answer(request)

    with Endpoint(reply) as endpoint:
        report = make_job(tmp_path, endpoint, call={"mode": "auto"}, wait=False).run()
        while report.reason == "submitted":
            report = make_job(tmp_path, endpoint, call={"mode": "auto"}, wait=False).run()
        assert (report.counts, values_of(report)) == ({"done": ROWS}, [*range(ROWS)])
    paid = [each for each in endpoint.requests if "response_format" not in each]
    assert len(paid) == ROWS, "no row is paid for twice, although each run starts its conversations again"


def test_an_interrupt_while_batches_are_at_the_endpoint_is_a_normal_end(
    tmp_path: Path,
    settings: Callable[..., dict[str, Any]],
    start: Callable[..., subprocess.Popen[str]],
) -> None:
    with Endpoint(batches=BatchService(polls=10**6)) as endpoint:
        job = settings(endpoint.base_url, [f"row {number}" for number in range(ROWS)], batch_api=True)
        child = start(job)
        while "poll" not in endpoint.batches.calls:
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=600)
    assert (child.returncode, err) == (0, "")
    assert f"incomplete: {ROWS} requests are in 1 batch at the endpoint" in out


def test_no_request_is_sent_alone_while_it_is_in_a_batch(tmp_path: Path) -> None:
    with Endpoint(answer, batches=BatchService(polls=1)) as endpoint:
        make_job(tmp_path, endpoint, wait=False).run()
        for settings in ({"batch_api": False}, {"on_change": "reparse"}):
            with pytest.raises(JobError, match=f"{ROWS} requests of this job are in batches"):
                make_job(tmp_path, endpoint, **settings).run()
        assert_all_done_once(make_job(tmp_path, endpoint).run(), endpoint)
        assert make_job(tmp_path, endpoint, batch_api=False).run().is_complete


def test_a_row_that_changes_while_it_is_in_a_batch_is_asked_about_its_new_text(tmp_path: Path) -> None:
    rows = [{"id": str(number), "text": f"row {number}"} for number in range(3)]
    with Endpoint(answer, batches=BatchService(polls=1)) as endpoint:
        make_job(tmp_path, endpoint, source=rows, key="id", wait=False).run()
        rows[1]["text"] = "row 77"
        report = make_job(tmp_path, endpoint, source=[rows[1], rows[2]], key="id").run()
        assert values_of(report) == [77, 2]
        assert len(endpoint.requests) == 4


def test_a_job_from_scratch_adopts_no_batch_of_the_settings_before(tmp_path: Path) -> None:
    with Endpoint(answer, batches=BatchService(polls=3)) as endpoint:
        make_job(tmp_path, endpoint, wait=False).run()
        report = make_job(tmp_path, endpoint, prompt="Which number? {text}", on_change="new").run()
        assert (report.counts, values_of(report)) == ({"done": ROWS}, [*range(ROWS)])
        assert {each["messages"][0]["content"][:5] for each in endpoint.requests} == {"Which"}
        jobs = {each["metadata"]["structkit_job"] for each in endpoint.batches.batches.values()}
        assert len(jobs) == 2


def test_a_batch_whose_creation_had_no_reply_is_not_created_again(tmp_path: Path) -> None:
    service = BatchService(steps={"create": ["disconnect"]})
    with Endpoint(answer, batches=service) as endpoint:
        assert_all_done_once(make_job(tmp_path, endpoint, call={"policy": Policy(retries=0)}).run(), endpoint)
    assert service.calls.count("create") == 1


def test_a_batch_that_cannot_be_looked_for_is_not_created_again(tmp_path: Path) -> None:
    service = BatchService(steps={"create": ["disconnect"], "list": [None, 403]})
    with Endpoint(answer, batches=service) as endpoint:
        assert make_job(tmp_path, endpoint).run().reason == "endpoint"
        assert_all_done_once(make_job(tmp_path, endpoint).run(), endpoint)
    assert len(service.batches) == 1


@pytest.mark.parametrize("reply", [{"data": ["sk-test"]}, {"data": "sk-test", "error": "the key sk-test"}])
def test_a_list_that_cannot_be_read_is_quoted_without_the_key(tmp_path: Path, reply: JSON) -> None:
    service = BatchService()
    service._list = lambda _query: Reply(reply)  # type: ignore[method-assign]
    with Endpoint(answer, batches=service) as endpoint, pytest.raises(JobError, match="cannot be read") as caught:
        make_job(tmp_path, endpoint).run()
    assert "sk-test" not in str(caught.value)


def test_a_batch_of_another_fingerprint_under_the_same_name_is_not_adopted(tmp_path: Path) -> None:
    service = BatchService(steps={"create": [500] * (QUICK.retries + 1)})
    with Endpoint(answer, batches=service) as endpoint:
        job = make_job(tmp_path, endpoint)
        assert job.run().reason == "endpoint"
        (record,) = read_records(Reader(job.folder))
        assert record.state == "submitting"
        foreign = {**record.metadata, "structkit_fingerprint": "another"}
        service.create({"input_file_id": record.file, "metadata": foreign})
        assert job.run().counts == {"done": ROWS}
        first, second = service.batches.values()
        assert (first["metadata"], first["status"], second["status"]) == (foreign, "validating", "completed")


def test_a_journal_older_than_a_batch_is_rejected(tmp_path: Path) -> None:
    with Endpoint(answer, batches=BatchService(polls=9)) as endpoint:
        job = make_job(tmp_path, endpoint, wait=False, limit=2)
        job.run()
        (batch,) = endpoint.batches.batches.values()
        newer = {**batch["metadata"], "structkit_batch": f"{batch['metadata']['structkit_job']}-9"}
        endpoint.batches.create({"input_file_id": batch["input_file_id"], "metadata": newer})
        with pytest.raises(JobError, match="batch_2, a batch of this job that its journal does not know"):
            job.run()


def test_an_endpoint_that_drops_metadata_is_recognized_by_the_file(tmp_path: Path) -> None:
    class Forgetful(BatchService):
        def create(self, body: JSON) -> Reply:
            return super().create({name: value for name, value in body.items() if name != "metadata"})

    service = Forgetful(steps={"create": ["disconnect"]})
    with Endpoint(answer, batches=service) as endpoint:
        assert_all_done_once(make_job(tmp_path, endpoint).run(), endpoint)
    assert len(service.batches) == 1


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> Callable[[BatchRules], None]:
    """Sets the limits of the unknown vendor."""
    return lambda rules: monkeypatch.setattr(batch_rules, "DEFAULT_RULES", rules)


def test_requests_are_divided_by_the_limits_of_the_vendor(
    tmp_path: Path, small_batches: Callable[[BatchRules], None]
) -> None:
    small_batches(BatchRules(max_requests=3))
    with Endpoint(answer) as endpoint:
        assert_all_done_once(make_job(tmp_path / "a", endpoint).run(), endpoint)
        assert [each["request_counts"]["total"] for each in endpoint.batches.batches.values()] == [3, 3, 2]
    small_batches(BatchRules(max_bytes=2_000))
    with Endpoint(answer) as endpoint:
        assert_all_done_once(make_job(tmp_path / "b", endpoint).run(), endpoint)
        assert all(len(each) <= 2_000 for name, each in endpoint.batches.files.items() if name == "file-1")


def test_a_row_with_images_too_large_for_a_batch_fails_alone(
    tmp_path: Path, small_batches: Callable[[BatchRules], None]
) -> None:
    small_batches(BatchRules(max_bytes=20_000))

    def prompt(row: Any) -> Any:
        size = 20_000 if row["text"] == "row 1" else 4_000
        url = f"data:image/png;base64,{'A' * size}"
        parts = [{"type": "text", "text": row["text"]}, {"type": "image_url", "image_url": {"url": url}}]
        return [{"role": "user", "content": parts}]

    with Endpoint(lambda _: '{"value": 5}') as endpoint:
        report = make_job(tmp_path, endpoint, prompt=prompt).run()
        assert report.counts == {"done": ROWS - 1, "failed": 1}
        assert report.errors == {"PromptError": 1}
        assert "too large for the Batch API" in report.to_dicts()[1]["message"]
        assert len(endpoint.batches.batches) >= 2


def test_requests_of_several_models_go_into_batches_of_their_own(tmp_path: Path) -> None:
    def reply(request: JSON) -> Reply | str:
        is_invalid = request["model"] == "fake" and number_in(request) % 2
        return Reply(completion(None, refusal="no")) if is_invalid else answer(request)

    with Endpoint(reply) as endpoint:
        report = make_job(tmp_path, endpoint, call={"fallback": ["big"]}).run()
        assert (report.counts, values_of(report)) == ({"done": ROWS}, [*range(ROWS)])
        models = [{json.loads(line)["body"]["model"] for line in each.splitlines()} for each in input_files(endpoint)]
        assert models == [{"fake"}, {"big"}]


def input_files(endpoint: Endpoint) -> list[bytes]:
    files = endpoint.batches.files
    return [files[each["input_file_id"]] for each in endpoint.batches.batches.values()]


PRICE = Price(Decimal(1_000_000), Decimal(1_000_000))


def test_the_price_of_the_batch_tier_is_that_of_the_vendor(
    tmp_path: Path, small_batches: Callable[[BatchRules], None]
) -> None:
    with Endpoint(answer) as endpoint:
        full = make_job(tmp_path / "b", endpoint, model="gpt-4o", price=PRICE).run()
        small_batches(BatchRules(price_factor=Decimal("0.5")))
        half = make_job(tmp_path / "a", endpoint, price=PRICE).run()
    assert (half.spend, full.spend) == (Decimal("7.5") * ROWS, 15 * ROWS)
    assert [row["attempts"] for row in half.to_dicts()] == [1] * ROWS


def test_a_budget_is_reserved_for_a_batch_and_what_is_left_pays_for_the_next(tmp_path: Path) -> None:
    with Endpoint(answer, batches=BatchService(polls=1)) as endpoint:
        settings = {"price": PRICE, "call": {"max_tokens": 50}}
        job = make_job(tmp_path, endpoint, budget="700", **settings)
        report = job.run()
        totals = [each["request_counts"]["total"] for each in endpoint.batches.batches.values()]
        assert len(totals) > 1, "the first batch has reserved all there was"
        assert report.spend is not None
        assert report.spend <= 700
        poor = make_job(tmp_path / "b", endpoint, budget="10", **settings).run()
        assert (poor.reason, poor.counts) == ("budget", {"open": ROWS})


def test_a_budget_below_the_cost_of_one_request_says_so(tmp_path: Path) -> None:
    with Endpoint(answer) as endpoint:
        for settings in ({}, {"batch_api": False}):
            report = make_job(tmp_path, endpoint, price=PRICE, budget="10", **settings).run()
            assert report.reason == "budget"
            assert "more than the budget of 10: raise it, or set a lower max_tokens" in report.status
    assert endpoint.requests == []


@pytest.mark.parametrize("code", [["batch_expired"], {"code": 1}, 7, None])
def test_an_error_of_a_line_whose_code_is_no_text_is_retried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: Any
) -> None:
    error = {"code": code, "message": "out of order"}
    monkeypatch.setitem(
        batch_faults.BATCH_FAULTS,
        "errors",
        lambda lines, _: batch_faults.BatchOutcome([batch_faults.FinishedLine(line, error=error) for line in lines]),
    )
    with Endpoint(answer, batches=BatchService("errors")) as endpoint:
        assert_all_done_once(make_job(tmp_path, endpoint).run(), endpoint)


def test_metadata_of_other_programs_is_no_batch_of_this_job() -> None:
    metadata = {"structkit_batch": ["a"], "structkit_job": {"a": 1}, "structkit_fingerprint": "f", "other": "b"}
    assert metadata_of({"metadata": metadata}) == {"structkit_fingerprint": "f"}


def test_the_budget_of_a_batch_in_flight_stays_reserved_between_runs(tmp_path: Path) -> None:
    with Endpoint(answer, batches=BatchService(polls=1)) as endpoint:
        settings = {"price": PRICE, "budget": "5000", "call": {"max_tokens": 50}}
        reports = [make_job(tmp_path, endpoint, wait=False, **settings).run() for _ in range(3)]
        assert [report.spend for report in reports] == [0, 0, 15 * ROWS]
        report = make_job(tmp_path, endpoint, source=[f"row {n}" for n in range(ROWS + 1)], **settings).run()
        assert report.spend == 15 * (ROWS + 1)


def test_cached_replies_are_not_sent_again(tmp_path: Path) -> None:
    with Endpoint(answer) as endpoint:
        client = Client("fake", base_url=endpoint.base_url, cache=tmp_path / "cache.db", mode="json_schema")
        connection = {"client": client, "model": None, "base_url": None, "api_key": None, "call": {}}
        assert make_job(tmp_path / "a", endpoint, **connection).run().is_complete
        assert make_job(tmp_path / "b", endpoint, **connection).run().counts == {"done": ROWS}
        assert len(endpoint.requests) == ROWS


def test_the_engine_is_imported_only_by_a_job_that_uses_it() -> None:
    code = (
        "import sys, tempfile, structkit; from structkit.testing import Endpoint\n"
        "with Endpoint() as e:\n"
        "    structkit.Job(['a'], tempfile.mkdtemp() + '/o.jsonl', output_type=int, prompt='{text}', model='fake',\n"
        "        base_url=e.base_url).run()\n"
        "print([name for name in sys.modules if 'batch_api' in name or 'batch_endpoint' in name])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_the_status_of_a_job_is_read_while_batches_are_at_the_endpoint(tmp_path: Path) -> None:
    with Endpoint(answer, batches=BatchService(polls=9)) as endpoint:
        job = make_job(tmp_path, endpoint, wait=False)
        job.run()
        reader = Reader(job.folder)
        assert reader.counts()["open"] == ROWS
        assert list(reader.ambiguous_rows(include_current_run=True)) == []


def test_parts_whose_batches_are_at_the_endpoint_make_a_job_that_is_submitted(tmp_path: Path) -> None:
    with Endpoint(answer, batches=BatchService(polls=1)) as endpoint:
        job = make_job(tmp_path, endpoint, wait=False)
        for reason in ("submitted", "submitted", ""):
            reports = [make_job(tmp_path, endpoint, wait=False, part=(number, 2)).run() for number in (1, 2)]
            assert sum_reports(job, reports, 0.1).reason == reason
        assert sum_reports(job, reports, 0.1).counts == {"done": ROWS}
