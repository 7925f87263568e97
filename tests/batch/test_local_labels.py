"""The embedded model labels a real file, and a second run of the job sends it nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel

from structkit.batch.job import Job
from structkit.journal.journal import Reader

pytest.importorskip("xllamacpp", reason="needs structkit-llm[local]")
pytestmark = pytest.mark.local

REVIEWS = Path(__file__).parents[2] / "recipes" / "data" / "reviews.csv"
ROWS = 4


class Label(BaseModel):
    mood: Literal["good", "bad", "mixed"]


def label(output: Path) -> Job:
    prompt = "How does the writer of this review feel?\n{text}"
    return Job(source=REVIEWS, output=output, output_type=Label, prompt=prompt, model="local", key="id", limit=ROWS)


def test_a_real_model_labels_a_real_file_once(tmp_path: Path) -> None:
    output, counts = tmp_path / "labels.jsonl", list[int]()
    first = label(output).run(lambda each: counts.append(each.counts.get("done", 0)))
    assert first.counts == {"done": ROWS}
    assert first.tokens > 0
    rows = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in rows] == ["r-1041", "r-1042", "r-1043", "r-1044"]
    assert all(Label(mood=row["mood"]) for row in rows)
    second = label(output).run(lambda each: counts.append(each.counts.get("done", 0)))
    assert (second.counts, second.tokens) == (first.counts, first.tokens)
    assert {*counts} - {0} == {1, 2, 3, 4}  # also once a second


def test_the_same_command_in_a_new_process_sends_nothing(tmp_path: Path) -> None:
    (tmp_path / "label.py").write_text("from typing import Literal\nMood = Literal['good', 'bad']\n", encoding="utf-8")
    command = [sys.executable, "-m", "structkit", "label", str(REVIEWS), "-o", "labels.csv", "--type", "label.py:Mood"]
    command += ["--prompt", "Is this good or bad? {text}", "--model", "local", "--limit", "2"]
    results = []
    for _ in range(2):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600)
        assert done.returncode == 0, done.stderr
        reader = Reader(tmp_path / "labels.csv.job")
        results.append((reader.usage(), (tmp_path / "labels.csv").read_text(encoding="utf-8")))
        exchanges = [exchange for row in reader.read_rows(0, 9).values() for exchange in row.exchanges]
        assert len(exchanges) == 2
    assert results[0] == results[1]
