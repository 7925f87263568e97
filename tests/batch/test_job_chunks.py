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


def test_a_type_that_is_neither_a_list_nor_an_object_is_rejected_before_anything_is_sent(tmp_path: Path) -> None:
    with Endpoint(perfect_list) as endpoint:
        with pytest.raises(ConfigError, match=r"chunk= .*has neither"):
            job(tmp_path, endpoint, output_type=int).run()
        assert not endpoint.requests
    assert not (tmp_path / "out.jsonl").exists()


def test_another_size_of_the_chunks_is_another_job(tmp_path: Path) -> None:
    with Endpoint(perfect_list) as endpoint:
        job(tmp_path, endpoint).run()
        with pytest.raises(structkit.JobError, match="chunk"):
            job(tmp_path, endpoint, call={"chunk": 500}).run()


# One record over many pages

FILLER = "The parties agree that this provision is to be read with the others. " * 5
FACTS = {1: "The landlord is Berg GmbH.", 7: "The rent is 1250 EUR.", 15: "The deposit is 3750 EUR."}
CONTRACT = "\n\n".join(f"{FACTS.get(number, '')} {FILLER}" for number in range(20))
RECORD_SCHEMA = {
    "type": "object",
    "properties": {
        "landlord": {"type": "string"},
        "rent": {"type": "integer"},
        "deposit": {"type": ["integer", "null"]},
        "keeper": {"type": "string"},
    },
    "required": ["landlord", "rent", "deposit", "keeper"],
    "additionalProperties": False,
}


def perfect_record(body: Any) -> str:
    """Answer with what the text of a request says about a lease; who keeps the keys is said without that word."""
    patterns = {"landlord": r"landlord is (\w+)", "rent": r"rent is (\d+)", "deposit": r"deposit is (\d+)"}
    matches = {key: re.search(pattern, sent(body)) for key, pattern in patterns.items()}
    values: dict[str, Any] = {key: match and match[1] for key, match in matches.items()}
    numbers = {key: values[key] and int(values[key]) for key in ("rent", "deposit")}
    return json.dumps({**values, **numbers, "keeper": "Zoe" if "Zoe has the keys" in sent(body) else None})


RECORD = {"landlord": "Berg", "rent": 1250, "deposit": 3750, "keeper": "Zoe"}


def record_settings(tmp_path: Path, name: str, endpoint: Endpoint) -> dict[str, Any]:
    """Return the settings of a job that reads one record of a long text."""
    source = tmp_path / "in.jsonl"
    text = f"{CONTRACT}\n\nZoe has the keys. {FILLER}"
    source.write_text(json.dumps({"id": 1, "text": text}))
    settings: dict[str, Any] = {"source": str(source), "output": str(tmp_path / name), "output_type": RECORD_SCHEMA}
    return {**settings, "prompt": "{text}", "key": "id", "model": "fake", "base_url": endpoint.base_url}


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_record_is_put_together_and_a_kill_repeats_no_chunk_that_was_answered(tmp_path: Path) -> None:
    call: Any = {"chunk": 400, "policy": structkit.Policy(attempts=1)}
    reached, gate = threading.Event(), threading.Event()

    def answer(body: Any) -> str:
        if len(endpoint.requests) == 3:
            reached.set()
            gate.wait(600)
        return perfect_record(body)

    with Endpoint(answer) as endpoint:
        settings = {**record_settings(tmp_path, "out.jsonl", endpoint), "concurrency": 1}
        child = subprocess.Popen([sys.executable, "-c", CHILD, json.dumps(settings)], env={**os.environ})
        assert reached.wait(600)
        child.send_signal(signal.SIGKILL)
        child.wait()
        gate.set()
        assert Job(**settings, call=call).run().counts["done"] == 1
        request_count = len(endpoint.requests)
    with Endpoint(perfect_record) as endpoint:
        Job(**record_settings(tmp_path, "undisturbed.jsonl", endpoint), call=call).run()
        assert request_count == len(endpoint.requests) + 1  # only the request in flight was lost
    [row] = rows_of(tmp_path / "out.jsonl")
    assert {key: row[key] for key in RECORD} == RECORD


def test_the_replies_about_the_chunks_of_a_record_are_read_again(tmp_path: Path) -> None:
    call: Any = {"chunk": 400}
    with Endpoint(perfect_record) as endpoint:
        settings = record_settings(tmp_path, "out.jsonl", endpoint)
        Job(**settings, call=call, evidence=True).run()
        request_count = len(endpoint.requests)
        counts = Job(**settings, call=call, on_change="reparse").export(tmp_path / "again.jsonl").counts
        assert (counts, len(endpoint.requests)) == ({"done": 1}, request_count)
    [row], [second_row] = rows_of(tmp_path / "out.jsonl"), rows_of(tmp_path / "again.jsonl")
    assert {key: second_row[key] for key in RECORD} == {key: row[key] for key in RECORD} == RECORD
    assert row["missing"] in ("[]", [])
