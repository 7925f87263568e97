"""A job: what it sends, what it sends only once, and what it reports."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from structkit import Policy
from structkit.batch.job import Job
from structkit.costs.price import Price
from structkit.errors import ConfigError, JobError, PromptError
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import conforming_reply, text_reply
from structkit.values import JSON

KEY = "sk-test-hunter2-hunter2"
PRICE = Price(Decimal(1), Decimal(2))


class Label(BaseModel):
    tone: Literal["good", "bad"]


class LabelWithNote(BaseModel):
    tone: Literal["good", "bad"]
    note: str = "none"


class Score(BaseModel):
    score: int


def text_of(request: JSON) -> str:
    """The text of the row that a request is about."""
    content = next(message["content"] for message in request["messages"] if message["role"] == "user")
    return str(content).partition("Label: ")[2].split("\n")[0]


def request_counts(endpoint: Endpoint) -> Counter[str]:
    """The number of requests of each row."""
    return Counter(map(text_of, endpoint.requests))


def rows(*texts: str) -> list[dict[str, str]]:
    return [{"id": text.split()[0], "text": text} for text in texts]


def numbered(count: int) -> list[dict[str, str]]:
    return rows(*(f"row-{number}" for number in range(count)))


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    """Returns a function that makes this test's job with other settings."""

    def make(endpoint: Endpoint, source: Any, **settings: Any) -> Job:
        call = {"policy": Policy(wait_initial=0.001, attempts=2, retries=2), **settings.pop("call", {})}
        base: dict[str, Any] = {"output": tmp_path / "out.jsonl", "output_type": Label, "prompt": "Label: {text}"}
        base |= {"model": "fake", "base_url": endpoint.base_url, "api_key": KEY, "concurrency": 4, "call": call}
        return Job(source=source, **{**base, **settings})

    return make


def output_rows(job: Job) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(job.output).read_text().splitlines()]


def texts(job: Job) -> list[str]:
    return [row["text"] for row in output_rows(job)]


def failing_for(*row_texts: str, reply: Reply) -> Callable[[JSON], Reply]:
    return lambda request: reply if text_of(request) in row_texts else conforming_reply(request)


def test_a_second_run_sends_nothing_and_writes_the_same(job: Callable[..., Job]) -> None:
    with Endpoint() as endpoint:
        first = job(endpoint, numbered(30))
        report = first.run()
        before = Path(first.output).read_bytes()
        second = job(endpoint, numbered(30)).run()
    assert report.is_complete
    assert second.counts == report.counts == {"done": 30}
    assert request_counts(endpoint) == Counter(f"row-{number}" for number in range(30))
    assert Path(first.output).read_bytes() == before
    assert texts(first) == [f"row-{number}" for number in range(30)]
    assert {row["tone"] for row in output_rows(first)} == {"good"}


@pytest.mark.parametrize("key", [None, "id"])
@pytest.mark.parametrize(
    ("after", "new"),
    [
        (["a", "b", "x", "c"], ["x"]),
        (["a", "c"], []),
        (["c", "b", "a"], []),
        (["a", "b 2", "c"], ["b 2"]),
        (["n", "c", "a 2", "b"], ["n", "a 2"]),
    ],
    ids=["added", "removed", "reordered", "edited", "all at once"],
)
def test_only_what_is_new_or_changed_is_sent(
    job: Callable[..., Job], key: str | None, after: list[str], new: list[str]
) -> None:
    with Endpoint() as endpoint:
        job(endpoint, rows("a", "b", "c"), key=key).run()
        del endpoint.requests[:]
        edited = job(endpoint, rows(*after), key=key)
        report = edited.run()
        assert sorted(request_counts(endpoint)) == sorted(new)
        del endpoint.requests[:]
        assert job(endpoint, rows(*after), key=key).run().is_complete
    assert not endpoint.requests
    assert report.counts == {"done": len(after)}
    assert texts(edited) == after


def test_a_duplicate_key_is_rejected_before_anything_is_sent(job: Callable[..., Job]) -> None:
    with Endpoint() as endpoint, pytest.raises(JobError, match="duplicate key 'a'"):
        job(endpoint, rows("a", "b", "a 2"), key="id").run()
    assert not endpoint.requests


def test_rows_of_equal_content_are_separate_rows(job: Callable[..., Job]) -> None:
    with Endpoint() as endpoint:
        label_job = job(endpoint, rows("a", "a", "b"))
        label_job.run()
        assert request_counts(endpoint) == {"a": 2, "b": 1}
        assert job(endpoint, rows("b", "a", "a", "a")).run().counts == {"done": 4}
    assert request_counts(endpoint) == {"a": 3, "b": 1}


def test_another_type_is_rejected_with_the_differences(job: Callable[..., Job]) -> None:
    with Endpoint() as endpoint:
        job(endpoint, numbered(3)).run()
        with pytest.raises(JobError, match="reparse") as exc_info:
            job(endpoint, numbered(3), output_type=LabelWithNote).run()
    assert '-"label"' in str(exc_info.value)
    assert '+"label_with_note"' in str(exc_info.value)
    assert len(endpoint.requests) == 3


def test_stored_replies_are_read_as_another_type_without_a_request(job: Callable[..., Job]) -> None:
    with Endpoint() as endpoint:
        job(endpoint, numbered(3)).run()
        second = job(endpoint, numbered(3), output_type=LabelWithNote, on_change="reparse")
        report = second.run()
        assert job(endpoint, numbered(3), output_type=LabelWithNote).run().is_complete
    assert report.counts == {"done": 3}
    assert len(endpoint.requests) == 3
    assert output_rows(second)[0]["note"] == "none"


def test_a_stored_reply_that_is_invalid_for_the_new_type_fails_without_a_request(job: Callable[..., Job]) -> None:
    with Endpoint() as endpoint:
        job(endpoint, numbered(3)).run()
        report = job(endpoint, numbered(3), output_type=Score, on_change="reparse").run()
        assert report.counts == {"failed": 3}
        assert len(endpoint.requests) == 3
        assert job(endpoint, numbered(3), output_type=Score, retry_failed=True).run().counts == {"done": 3}
    assert len(endpoint.requests) == 6


def test_another_prompt_cannot_be_reparsed(job: Callable[..., Job]) -> None:
    with Endpoint() as endpoint:
        job(endpoint, numbered(2)).run()
        for choice in ("stop", "reparse"):
            with pytest.raises(JobError, match="prompt:") as exc_info:
                job(endpoint, numbered(2), prompt="Please Label: {text}", on_change=choice).run()
            assert "reparse" not in str(exc_info.value)
    assert len(endpoint.requests) == 2


def test_a_job_with_other_examples_is_another_job(job: Callable[..., Job]) -> None:
    def with_example(text: str) -> dict[str, Any]:
        return {"examples": [(text, Label(tone="good"))]}

    with Endpoint() as endpoint:
        job(endpoint, numbered(2), call=with_example("first")).run()
        assert job(endpoint, numbered(2), call=with_example("first")).run().is_complete
        with pytest.raises(JobError, match="examples:"):
            job(endpoint, numbered(2), call=with_example("second")).run()
    assert len(endpoint.requests) == 2


def test_mix_continues_and_new_starts_from_scratch(job: Callable[..., Job]) -> None:
    with Endpoint() as endpoint:
        job(endpoint, numbered(2)).run()
        prompt = "Please Label: {text}"
        assert job(endpoint, numbered(3), prompt=prompt, on_change="mix").run().counts == {"done": 3}
        assert len(endpoint.requests) == 3
        prompt = "Now Label: {text}"
        for _ in range(2):  # the second time it has not changed
            assert job(endpoint, numbered(3), prompt=prompt, on_change="new").run().counts == {"done": 3}
    assert len(endpoint.requests) == 6


def test_temporary_faults_fail_no_row(job: Callable[..., Job]) -> None:
    turns = iter(range(10_000))

    def sometimes(request: JSON) -> Reply:
        turn = next(turns)
        limited = Reply({"error": {"message": "slow down"}}, status=429, headers={"retry-after": "0"})
        broken = Reply({"error": {"message": "broken"}}, status=500)
        return limited if turn % 5 == 1 else broken if turn % 7 == 3 else conforming_reply(request)

    with Endpoint(sometimes) as endpoint:
        report = job(endpoint, numbered(40), call={"policy": Policy(wait_initial=0.001, retries=8)}).run()
    assert report.counts == {"done": 40}


def test_a_failed_row_affects_no_other_and_is_retried_on_request(job: Callable[..., Job]) -> None:
    refusal: JSON = {"role": "assistant", "content": None, "refusal": "I will not"}
    body = {"id": "1", "model": "fake", "choices": [{"index": 0, "message": refusal, "finish_reason": "stop"}]}

    def answer(request: JSON) -> Reply:
        if text_of(request) == "row-1":
            return Reply(body)
        return text_reply(request, '{"tone": "unknown"}') if text_of(request) == "row-2" else conforming_reply(request)

    with Endpoint(answer) as endpoint:
        label_job = job(endpoint, numbered(5))
        report = label_job.run()
        count = len(endpoint.requests)
        assert job(endpoint, numbered(5)).run().counts == report.counts
        assert len(endpoint.requests) == count
    assert report.counts == {"done": 3, "failed": 2}
    assert report.is_complete
    assert "I will not" in output_rows(label_job)[1]["message"]
    assert "tone" in output_rows(label_job)[2]["message"]
    with Endpoint() as endpoint:
        assert job(endpoint, numbered(5), retry_failed=True).run().counts == {"done": 5}
    assert request_counts(endpoint) == {"row-1": 1, "row-2": 1}


def test_a_rejected_key_ends_the_run_at_once_and_the_next_one_resumes(job: Callable[..., Job]) -> None:
    locked = Reply({"error": {"message": "Incorrect API key provided"}}, status=401)
    with Endpoint(locked) as endpoint:
        report = job(endpoint, numbered(50)).run()
    assert len(endpoint.requests) <= 4
    assert report.status.startswith("incomplete: ")
    assert "Incorrect API key" in report.status
    assert "\n" not in report.status
    assert report.counts == {"open": 50}
    with Endpoint() as endpoint:
        assert job(endpoint, numbered(50)).run().counts == {"done": 50}
    assert request_counts(endpoint) == Counter(f"row-{number}" for number in range(50))


def test_the_budget_is_never_exceeded_and_a_larger_one_resumes(job: Callable[..., Job]) -> None:
    one = PRICE.cost(10, 5)
    bounded = {"max_tokens": 5}
    with Endpoint() as endpoint:
        report = job(endpoint, numbered(40), budget=one * 20, price=PRICE, call=bounded).run()
        assert report.status == "incomplete: the budget is used up"
        assert report.spend is not None
        assert 0 < report.spend <= one * 20
        assert report.spend == one * len(endpoint.requests)
        sent = len(endpoint.requests)
        second = job(endpoint, numbered(40), budget=one * 20, price=PRICE, call=bounded).run()
        assert second.spend == one * len(endpoint.requests) <= one * 20
        assert len(endpoint.requests) >= sent
        last = job(endpoint, numbered(40), budget="1", price=PRICE, call=bounded).run()
    assert last.is_complete
    assert last.spend == one * 40
    assert request_counts(endpoint) == Counter(f"row-{number}" for number in range(40))


def test_the_cost_of_failed_rows_counts_when_they_are_retried(job: Callable[..., Job]) -> None:
    bounded = {"max_tokens": 5, "policy": Policy(attempts=1)}
    with Endpoint('{"tone": "unknown"}', '{"tone": "good"}') as endpoint:
        job(endpoint, numbered(3), price=PRICE, concurrency=1, call=bounded).run()
        report = job(endpoint, numbered(3), price=PRICE, retry_failed=True, call=bounded).run()
    assert report.counts == {"done": 3}
    assert report.spend == PRICE.cost(10, 5) * len(endpoint.requests)


def test_a_budget_needs_a_price(job: Callable[..., Job]) -> None:
    with Endpoint() as endpoint, pytest.raises(ConfigError, match="price"):
        job(endpoint, numbered(1), budget="1").run()


def costing(cost: float, *free: str) -> Callable[[JSON], Reply]:
    """Replies that report their cost, except for some rows."""

    def answer(request: JSON) -> Reply:
        reply = conforming_reply(request)
        if isinstance(reply.body, dict) and text_of(request) not in free:
            reply.body["usage"]["cost"] = cost
        return reply

    return answer


def test_the_reported_cost_is_the_spend_without_a_price(job: Callable[..., Job], tmp_path: Path) -> None:
    with Endpoint(costing(0.0000125, "row-1", "row-3")) as endpoint:
        first = job(endpoint, numbered(6), limit=2).run()
        assert (first.spend, first.unpriced) == (Decimal("0.0000125"), 1)
        assert "0.0000125 spent (unknown for 1 request)" in str(first)
        second = job(endpoint, numbered(6)).run()
    assert (second.spend, second.unpriced) == (Decimal("0.0000125") * 4, 2)
    manifest = json.loads((tmp_path / "out.jsonl.manifest.json").read_text())
    assert (manifest["spend"], manifest["replies_of_unknown_cost"]) == ("0.00005", 2)


def test_a_cost_that_is_not_reported_is_unknown_and_not_zero(job: Callable[..., Job]) -> None:
    with Endpoint() as endpoint:
        report = job(endpoint, numbered(2)).run()
    assert (report.spend, report.unpriced) == (None, 2)
    assert "spend unknown" in str(report)


def test_the_spend_of_runs_without_a_price_counts_once_there_is_one(job: Callable[..., Job]) -> None:
    with Endpoint(costing(0.5, "row-1")) as endpoint:
        for rows in (1, 3):
            job(endpoint, numbered(3), limit=rows).run()
        for _ in range(2):
            report = job(endpoint, numbered(4), price=PRICE).run()
            assert report.spend == 3 * Decimal("0.5") + PRICE.cost(10, 5)
            assert report.unpriced == 0
        assert len(endpoint.requests) == 4


def test_the_counts_of_the_manifest_add_up_and_no_file_has_the_key(job: Callable[..., Job], tmp_path: Path) -> None:
    with Endpoint(failing_for("row-1", reply=Reply({"error": {"message": "no"}}, status=400))) as endpoint:
        report = job(endpoint, numbered(4)).run()
    manifest = json.loads((tmp_path / "out.jsonl.manifest.json").read_text())
    assert manifest["counts"] == report.counts == {"done": 3, "failed": 1}
    assert sum(manifest["counts"].values()) == manifest["rows"] == 4
    assert manifest["tokens"] == report.tokens == 45
    assert manifest["source_sha256"] is None
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 2
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


def test_the_manifest_has_the_hash_of_the_input(job: Callable[..., Job], tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(b"text\none\n")
    with Endpoint() as endpoint:
        for rows, path in ((source, source), (iter(["one"]), tmp_path / "stream.jsonl.job" / "input.jsonl")):
            output = tmp_path / ("file.jsonl" if rows is source else "stream.jsonl")
            job(endpoint, rows, output=output).run()
            manifest = json.loads(output.with_name(f"{output.name}.manifest.json").read_text())
            assert manifest["source_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_a_file_in_and_a_file_out(job: Callable[..., Job], tmp_path: Path, suffix: str) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in numbered(3)))
    with Endpoint() as endpoint:
        label_job = job(endpoint, source, output=tmp_path / f"out{suffix}")
        assert label_job.run().is_complete
    lines = Path(label_job.output).read_text().splitlines()
    assert [f"row-{number}" in lines[number - 3] for number in range(3)] == [True] * 3


def test_no_more_rows_of_a_stream_are_read_than_the_limit(job: Callable[..., Job]) -> None:
    numbers: list[int] = []

    def stream() -> Iterator[dict[str, str]]:
        for number in count():
            numbers.append(number)
            assert number < 10, "a stream without an end is read further"
            yield {"text": f"row {number}"}

    with Endpoint() as endpoint:
        report = job(endpoint, stream(), limit=3).run()
    assert (report.counts, numbers) == ({"done": 3}, [0, 1, 2])


@pytest.mark.parametrize("output", ["a\0.jsonl", "~no-such-user/out.jsonl", 5])
def test_an_output_that_no_file_can_have_is_rejected(output: Any) -> None:
    with pytest.raises(ConfigError, match="output"):
        Job(["a"], output, output_type=int, prompt="{text}")


def test_a_stream_is_stored_and_labelled(job: Callable[..., Job]) -> None:
    def stream() -> Iterator[dict[str, str]]:
        yield from numbered(5)

    with Endpoint() as endpoint:
        label_job = job(endpoint, stream())
        assert label_job.run().counts == {"done": 5}
        assert job(endpoint, stream()).run().counts == {"done": 5}
    assert len(endpoint.requests) == 5
    assert texts(label_job) == [f"row-{number}" for number in range(5)]


def test_a_json_schema_is_a_type(job: Callable[..., Job]) -> None:
    properties = {"n": {"type": "integer"}}
    schema = {"type": "object", "properties": properties, "required": ["n"], "additionalProperties": False}
    with Endpoint('{"n": 7}') as endpoint:
        label_job = job(endpoint, numbered(2), output_type=schema)
        assert label_job.run().is_complete
    assert [row["n"] for row in output_rows(label_job)] == [7, 7]


def test_a_run_blocks_also_inside_an_event_loop(job: Callable[..., Job]) -> None:
    async def notebook(label_job: Job) -> Any:
        return label_job.run()

    with Endpoint() as endpoint:
        assert asyncio.run(notebook(job(endpoint, numbered(3)))).counts == {"done": 3}


def test_a_run_can_be_awaited(job: Callable[..., Job]) -> None:
    done_counts: list[int] = []
    with Endpoint() as endpoint:
        label_job = job(endpoint, numbered(3))
        report = asyncio.run(label_job.run_async(lambda progress: done_counts.append(progress.counts.get("done", 0))))
    assert report.counts == {"done": 3}
    assert {*done_counts} - {0} == {1, 2, 3}  # also once a second


def test_a_limit_selects_the_first_rows_and_the_job_without_it_finishes_the_others(job: Callable[..., Job]) -> None:
    with Endpoint() as endpoint:
        first = job(endpoint, numbered(10), limit=4)
        assert first.run().rows == 4
        assert texts(first) == [f"row-{number}" for number in range(4)]
        assert job(endpoint, numbered(10)).run().counts == {"done": 10}
    assert len(endpoint.requests) == 10


def test_a_missing_column_is_rejected_before_anything_is_sent(job: Callable[..., Job], tmp_path: Path) -> None:
    with Endpoint() as endpoint, pytest.raises(PromptError, match="nowhere"):
        job(endpoint, numbered(2), prompt="Label: {nowhere}").run()
    assert not endpoint.requests
    assert not list(tmp_path.iterdir())


def test_an_invalid_argument_of_every_call_is_rejected(job: Callable[..., Job]) -> None:
    with Endpoint() as endpoint, pytest.raises(ConfigError):
        job(endpoint, numbered(2), call={"mode": "json_shema"}).run()
    assert not endpoint.requests


def test_an_output_that_is_not_the_jobs_is_rejected_before_anything_is_sent(
    job: Callable[..., Job], tmp_path: Path
) -> None:
    (tmp_path / "out.jsonl").write_text("mine\n")
    with Endpoint() as endpoint:
        with pytest.raises(JobError, match="exists"):
            job(endpoint, numbered(2)).run()
        assert not endpoint.requests
        assert (tmp_path / "out.jsonl").read_text() == "mine\n"
        assert job(endpoint, numbered(2), overwrite=True).run().is_complete


def test_a_prompt_function_that_raises_fails_only_that_row(job: Callable[..., Job]) -> None:
    def prompt(row: Any) -> str:
        return f"Label: {row['text'].removeprefix('row-')} {1 / int(row['id'].removeprefix('row-'))}"

    with Endpoint() as endpoint:
        label_job = job(endpoint, numbered(3), prompt=prompt)
        assert label_job.run().counts == {"failed": 1, "done": 2}
    assert "division by zero" in output_rows(label_job)[0]["message"]


def test_a_source_that_breaks_off_raises_its_error_and_the_finished_rows_stay(
    job: Callable[..., Job], tmp_path: Path
) -> None:
    source = tmp_path / "in.jsonl"
    lines = [json.dumps(row) + "\n" for row in numbered(200)]
    source.write_text("".join(lines) + "no json\n")
    with Endpoint() as endpoint:
        with pytest.raises(JobError) as broken:
            job(endpoint, source).run()
        assert broken.value.line == 201
        source.write_text("".join(lines))
        assert job(endpoint, source).run().counts == {"done": 200}
    assert request_counts(endpoint) == Counter(f"row-{number}" for number in range(200))


def test_columns_of_rows_that_were_not_reached_are_in_the_output(job: Callable[..., Job]) -> None:
    source = [*numbered(120), {"id": "last", "text": "last", "extra": "more"}]
    with Endpoint(Reply({"error": {"message": "no"}}, status=401)) as endpoint:
        label_job = job(endpoint, source)
        assert label_job.run().counts == {"open": 121}
    assert output_rows(label_job)[-1]["extra"] == "more"


@pytest.mark.parametrize("key", [None, "id"])
def test_removed_rows_are_reported_and_return_with_their_replies(
    job: Callable[..., Job], tmp_path: Path, key: str | None
) -> None:
    def removed() -> Any:
        return json.loads((tmp_path / "out.jsonl.manifest.json").read_text())["removed"]

    with Endpoint() as endpoint:
        assert "no longer" not in str(job(endpoint, rows("a", "b", "c"), key=key).run())
        assert removed() == {"count": 0, "keys": []}
        report = job(endpoint, rows("c", "d"), key=key).run()
        assert report.counts == {"done": 2}
        assert report.removed is not None
        assert report.removed.count == removed()["count"] == 2
        assert "2 rows are no longer in the input" in str(report)
        assert key is None or removed()["keys"] == ["a", "b"]
        full_job = job(endpoint, rows("a", "b", "c", "d"), key=key)
        assert full_job.run().counts == {"done": 4}
        assert removed() == {"count": 0, "keys": []}
        assert job(endpoint, rows("a", "b", "c", "d"), key=key, limit=1).run().removed is None
    assert request_counts(endpoint) == Counter("abcd")
    assert texts(full_job) == ["a"]
