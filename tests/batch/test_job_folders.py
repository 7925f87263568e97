"""A job over a folder of files: every row once, whatever is killed, added, renamed or edited."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from structkit.batch.job import Job
from structkit.errors import ConfigError, JobError
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import conforming_reply
from structkit.values import JSON

FILES, ROWS_A_FILE, AT_ONCE, PATIENCE = 5, 40, 10, 300
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
CHILD = "import json, sys; from structkit.batch.job import Job; Job(**json.loads(sys.argv[1])).run()"


def write_texts(folder: Path, files: int = FILES) -> list[str]:
    """Write the files, and return the texts of their rows in order."""
    folder.mkdir(exist_ok=True)
    texts = [[f"text-{file}-{row}" for row in range(ROWS_A_FILE)] for file in range(files)]
    for number, rows in enumerate(texts):
        lines = "".join(json.dumps({"text": text}) + "\n" for text in rows)
        (folder / f"part-{number:05}.jsonl").write_text(lines, encoding="utf-8")
    return [text for rows in texts for text in rows]


def settings_of(tmp_path: Path, endpoint: Endpoint, **more: Any) -> dict[str, Any]:
    base = {"source": str(tmp_path / "texts"), "output": str(tmp_path / "out.jsonl"), "output_type": SCHEMA}
    base |= {"model": "fake", "prompt": "Label: {text}", "base_url": endpoint.base_url, "api_key": "sk-test"}
    return {**base, "concurrency": AT_ONCE, "progress": False, **more}


def request_counts(endpoint: Endpoint) -> Counter[str]:
    return Counter(request["messages"][-1]["content"].partition("Label: ")[2] for request in endpoint.requests)


def read_texts(path: Path) -> list[str]:
    return [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("moment", [1, ROWS_A_FILE + 3, FILES * ROWS_A_FILE - 1])
def test_after_kill_9_a_folder_is_finished_with_every_row_once(tmp_path: Path, moment: int) -> None:
    texts, reached, numbers = write_texts(tmp_path / "texts"), threading.Event(), iter(range(1, 10_000))

    def answer(request: JSON) -> Reply:
        if next(numbers) >= moment:
            reached.set()
        return replace(conforming_reply(request), delay=0.01)

    with Endpoint(answer) as endpoint:
        settings = settings_of(tmp_path, endpoint)
        child = subprocess.Popen([sys.executable, "-c", CHILD, json.dumps(settings)])
        assert reached.wait(PATIENCE)
        child.kill()
        child.wait(PATIENCE)
        report = Job(**settings).run()
        counts = request_counts(endpoint)
    assert report.is_complete
    assert read_texts(tmp_path / "out.jsonl") == texts
    assert {*counts} == {*texts}
    repeated = [text for text, number in counts.items() if number > 1]
    assert len(repeated) <= AT_ONCE
    assert len(repeated) <= len(report.ambiguous)


def test_files_that_are_added_add_rows_and_edits_are_recognised(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    texts = write_texts(folder)
    with Endpoint(conforming_reply) as endpoint:
        settings = settings_of(tmp_path, endpoint)
        Job(**settings).run()
        (folder / "part-00001b.jsonl").write_text('{"text": "new"}\n', encoding="utf-8")
        (folder / "part-00000.jsonl").rename(folder / "part-00009.jsonl")
        file = folder / "part-00002.jsonl"
        file.write_text(file.read_text(encoding="utf-8").replace("text-2-7", "edited"), encoding="utf-8")
        (folder / "part-00003.jsonl").unlink()
        report = Job(**settings).run()
    assert request_counts(endpoint) == Counter([*texts, "new", "edited"])
    assert report.removed is not None
    assert report.removed.count == ROWS_A_FILE + 1
    order = [
        *texts[40:80],
        "new",
        *(text.replace("text-2-7", "edited") if text == "text-2-7" else text for text in texts[80:120]),
    ]
    assert read_texts(tmp_path / "out.jsonl") == [*order, *texts[160:], *texts[:40]]


def test_a_file_that_arrives_during_a_run_is_read_by_the_next_one(tmp_path: Path) -> None:
    texts = write_texts(tmp_path / "texts")

    def answer(request: JSON) -> Reply:
        (tmp_path / "texts" / "part-00099.jsonl").write_text('{"text": "late"}\n', encoding="utf-8")
        return conforming_reply(request)

    with Endpoint(answer) as endpoint:
        job = Job(**settings_of(tmp_path, endpoint, source=str(tmp_path / "texts" / "*.jsonl")))
        assert job.run().rows == len(texts)
        assert job.run().rows == len(texts) + 1
        assert request_counts(endpoint) == Counter([*texts, "late"])


@pytest.mark.parametrize("source", ["texts", "texts/*.jsonl", "**/*.jsonl"])
def test_an_output_that_would_be_a_file_of_the_input_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    write_texts(tmp_path / "texts", 1)
    monkeypatch.chdir(tmp_path)
    with Endpoint(conforming_reply) as endpoint:
        job = Job(**settings_of(tmp_path, endpoint, source=source, output="texts/out.jsonl"))
        with pytest.raises(ConfigError, match="would be a file of the input"):
            job.run()
    assert not endpoint.requests


def test_a_file_with_other_columns_is_an_error_before_anything_is_sent(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.csv").write_text("text\nx\n", encoding="utf-8")
    (folder / "b.csv").write_text("body\ny\n", encoding="utf-8")
    with Endpoint(conforming_reply) as endpoint:
        job = Job(**settings_of(tmp_path, endpoint))
        with pytest.raises(JobError, match=r"b\.csv: its columns are not those of .*a\.csv"):
            job.run()
    assert not endpoint.requests


def test_several_processes_share_a_folder(tmp_path: Path) -> None:
    texts = write_texts(tmp_path / "texts")
    with Endpoint(conforming_reply) as endpoint:
        report = Job(**settings_of(tmp_path, endpoint)).run(processes=2)
        assert request_counts(endpoint) == Counter(texts)
    assert report.is_complete
    assert read_texts(tmp_path / "out.jsonl") == texts
