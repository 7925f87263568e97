"""A job with `chunk=`: the text of each row is asked in chunks, each of which is in the journal."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import structkit
from structkit import ConfigError, Issue, Job
from structkit.testing import Endpoint, completion

ROW = re.compile(r"\b([A-Z]\w+) sold (\d+) items;")
TEXTS = [
    "\n".join(
        f"{letter}{chr(97 + number // 26)}{chr(97 + number % 26)} sold {1000 + number} items;" for number in range(60)
    )
    for letter in "KLM"
]
TABLE = [{"id": number, "text": text} for number, text in enumerate(TEXTS)]


class Sale(BaseModel):
    name: str
    count: int


def sales_in(text: str) -> list[dict[str, Any]]:
    """Return the sales that are whole in a text."""
    return [{"name": name, "count": int(count)} for name, count in ROW.findall(text)]


def sent(body: Any) -> str:
    """Return the text of a request."""
    return str(body["messages"][-1]["content"])


def perfect_list(body: Any) -> str:
    """Answer with the sales that are whole in the text of a request."""
    return json.dumps({"value": sales_in(sent(body))})


def short_list(body: Any) -> Any:
    """The same, but no reply has room for more than twelve sales."""
    text = perfect_list(body)
    return completion(text) if len(sales_in(sent(body))) <= 12 else completion(text[:-4], finish_reason="length")


def job(tmp_path: Path, endpoint: Endpoint, **settings: Any) -> Job:
    """Return a job that reads the sales of each text, in chunks."""
    settings = {
        "source": TABLE,
        "output": tmp_path / "out.jsonl",
        "output_type": list[Sale],
        "prompt": "List the sales.\n\n{text}",
        "key": "id",
        "model": "fake",
        "base_url": endpoint.base_url,
        "call": {"chunk": 400},
        **settings,
    }
    return Job(**settings)


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a JSONL file, in the order of the input."""
    return sorted(map(json.loads, path.read_text(encoding="utf-8").splitlines()), key=lambda row: row["id"])


def test_each_row_has_the_joined_list_of_its_chunks_and_the_evidence_of_the_whole(tmp_path: Path) -> None:
    with Endpoint(perfect_list) as endpoint:
        report = job(tmp_path, endpoint, evidence=True).run()
        prompts = Counter(sent(body) for body in endpoint.requests)
    assert report.counts["done"] == 3
    assert len(prompts) == len(endpoint.requests) == 12
    assert all(prompt.startswith("List the sales.\n\n") for prompt in prompts)
    for row, text in zip(rows_of(tmp_path / "out.jsonl"), TEXTS, strict=True):
        assert row["value"] == sales_in(text)
        assert row["missing"] in ("[]", [])
        places = json.loads(row["evidence"]) if isinstance(row["evidence"], str) else row["evidence"]
        for place in places:
            start, end = place["spans"][0]
            assert text[start:end] == place["text"]


def test_items_of_all_chunks_are_rows_of_the_output(tmp_path: Path) -> None:
    with Endpoint(perfect_list) as endpoint:
        job(tmp_path, endpoint, items="value").run()
    rows = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(rows) == sum(len(sales_in(text)) for text in TEXTS)


CHILD = """
import json, sys
from structkit import Job, Policy
settings = json.loads(sys.argv[1])
Job(**settings, call={"chunk": 400, "policy": Policy(attempts=1)}).run()
"""
SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"name": {"type": "string"}, "count": {"type": "integer"}},
        "required": ["name", "count"],
        "additionalProperties": False,
    },
}


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("at", [pytest.param(2, marks=pytest.mark.slow), 5, pytest.param(9, marks=pytest.mark.slow)])
@pytest.mark.parametrize("model", [perfect_list, pytest.param(short_list, id="truncated", marks=pytest.mark.slow)])
def test_a_kill_repeats_no_chunk_that_was_answered(tmp_path: Path, at: int, model: Callable[[Any], Any]) -> None:
    text = "\n\n".join([TEXTS[0][:360]] * 6)  # chunks with equal texts are told apart
    source = tmp_path / "in.jsonl"
    source.write_text("\n".join(json.dumps({"id": n, "text": each}) for n, each in enumerate([text, TEXTS[1]])))
    settings: dict[str, Any] = {
        "source": str(source),
        "output_type": SCHEMA,
        "prompt": "{text}",
        "key": "id",
        "model": "fake",
        "concurrency": 1,
    }
    call: Any = {"chunk": 400, "policy": structkit.Policy(attempts=1)}
    killed, undisturbed = tmp_path / "killed.jsonl", tmp_path / "undisturbed.jsonl"
    reached, gate = threading.Event(), threading.Event()

    def answer(body: Any) -> str:
        if len(endpoint.requests) == at:
            reached.set()
            gate.wait(600)
        return model(body)

    with Endpoint(answer) as endpoint:
        settings |= {"output": str(killed), "base_url": endpoint.base_url}
        child = subprocess.Popen([sys.executable, "-c", CHILD, json.dumps(settings)], env={**os.environ})
        assert reached.wait(600)
        child.send_signal(signal.SIGKILL)
        child.wait()
        gate.set()
        assert Job(**settings, call=call).run().counts["done"] == 2
        request_count = len(endpoint.requests)
    with Endpoint(model) as endpoint:
        Job(**{**settings, "output": str(undisturbed), "base_url": endpoint.base_url}, call=call).run()
        assert request_count == len(endpoint.requests) + 1  # only the request in flight was lost
    assert rows_of(killed) == rows_of(undisturbed)
    assert rows_of(killed)[0]["value"] == sales_in(text)


def test_a_chunk_whose_reply_is_truncated_is_asked_in_halves_and_its_replies_are_read_again(tmp_path: Path) -> None:
    call = {"chunk": 400, "policy": structkit.Policy(attempts=1)}
    with Endpoint(short_list) as endpoint:
        report = job(tmp_path, endpoint, call=call).run()
        request_count = len(endpoint.requests)
        counts = job(tmp_path, endpoint, call=call, on_change="reparse").export(tmp_path / "again.jsonl").counts
        assert len(endpoint.requests) == request_count
    assert request_count > 12
    assert (report.counts, counts) == ({"done": 3}, {"done": 3})
    assert [row["value"] for row in rows_of(tmp_path / "out.jsonl")] == [sales_in(text) for text in TEXTS]
    assert [row["value"] for row in rows_of(tmp_path / "again.jsonl")] == [sales_in(text) for text in TEXTS]


def test_a_row_with_a_failed_chunk_fails_and_names_it(tmp_path: Path) -> None:
    with Endpoint(lambda body: "no" if "Lak sold" in sent(body) else perfect_list(body)) as endpoint:
        report = job(tmp_path, endpoint, call={"chunk": 400, "policy": structkit.Policy(attempts=1)}).run()
    assert (report.counts["done"], report.counts["failed"]) == (2, 1)
    row = rows_of(tmp_path / "out.jsonl")[1]
    assert re.search(r"chunk \d of \d+ of the text \(characters", row["message"])


def test_checks_see_each_chunk_and_the_joined_value(tmp_path: Path) -> None:
    counts = list[int]()

    def count(sales: list[Sale]) -> list[Issue]:
        counts.append(len(sales))
        return []

    with Endpoint(perfect_list) as endpoint:
        job(tmp_path, endpoint, source=TABLE[:1], call={"chunk": 400, "checks": [count]}).run()
        chunk_count = len(endpoint.requests)
    assert len(counts) == chunk_count + 1
    assert counts[-1] == 60


@pytest.mark.parametrize("output_type", [Sale, int])
def test_a_type_without_a_list_is_rejected_before_anything_is_sent(tmp_path: Path, output_type: Any) -> None:
    with Endpoint(perfect_list) as endpoint:
        with pytest.raises(ConfigError, match=r"chunk= .*has no list"):
            job(tmp_path, endpoint, output_type=output_type).run()
        assert not endpoint.requests
    assert not (tmp_path / "out.jsonl").exists()


def test_another_size_of_the_chunks_is_another_job(tmp_path: Path) -> None:
    with Endpoint(perfect_list) as endpoint:
        job(tmp_path, endpoint).run()
        with pytest.raises(structkit.JobError, match="chunk"):
            job(tmp_path, endpoint, call={"chunk": 500}).run()
