"""Tables of every format as the output of a job: native types, failed rows, resuming, and no rows at all."""

from __future__ import annotations

import datetime as dt
import enum
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from structkit import Policy, ResponseFormat
from structkit.batch.job import Job
from structkit.tables.sources import open_source
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import text_reply
from structkit.values import JSON

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

REVIEWS = Path(__file__).parents[2] / "recipes/data/reviews.csv"
SUFFIXES = ["parquet", "arrow", "xlsx", "sqlite", "csv", "jsonl"]


class Mood(enum.Enum):
    good = "good"
    poor = "poor"


class Place(BaseModel):
    city: str
    zip: str | None


class Label(BaseModel):
    mood: Mood
    day: dt.date
    price: Decimal
    score: float | None
    stars: int
    place: Place
    second: Place | None
    tags: list[str]
    points: list[Place]
    by: dict[str, int]
    mixed: int | str


LABEL = Label(
    mood=Mood.good,
    day=dt.date(2026, 1, 2),
    price=Decimal("1.50"),
    score=None,
    stars=4,
    place=Place(city="Ghent", zip="00501"),
    second=None,
    tags=["a", "b"],
    points=[Place(city="Oslo", zip=None)],
    by={"k": 1},
    mixed="x",
)
NATURAL = LABEL.model_dump(mode="json")
REPLY = json.dumps(ResponseFormat(Label).dump(LABEL))


def answer(request: JSON) -> Reply:
    """Reply with a label, but reject one row."""
    if "hinge" in str(request["messages"][-1]["content"]):
        return Reply({"error": {"message": "no"}}, status=400)
    return text_reply(request, REPLY)


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    def make(endpoint: Endpoint, source: Any, suffix: str, **settings: Any) -> Job:
        base: dict[str, Any] = {"source": source, "output": tmp_path / f"labels.{suffix}", "output_type": Label}
        base |= {"prompt": "Feel? {text}", "model": "fake", "base_url": endpoint.base_url, "api_key": "sk-test"}
        call: dict[str, Any] = {"policy": Policy(wait_initial=0.001), "dialect": "core"}
        return Job(**{**base, **settings}, call=call)

    return make


def test_a_parquet_file_has_the_types_of_the_values(job: Callable[..., Job], tmp_path: Path) -> None:
    with Endpoint(answer) as endpoint:
        assert job(endpoint, REVIEWS, "parquet").run().counts == {"done": 11, "failed": 1}
    table = pq.read_table(tmp_path / "labels.parquet")
    place = pa.struct([("city", pa.string()), ("zip", pa.string())])
    types = {field.name: field.type for field in table.schema}
    assert types["mood"] == types["day"] == types["price"] == pa.string()
    assert (types["score"], types["stars"]) == (pa.float64(), pa.int64())
    assert types["place"] == types["second"] == place
    assert types["tags"].value_type == pa.string()
    assert types["points"].value_type == place
    assert types["by"] == pa.map_(pa.string(), pa.int64())
    first, second, *_ = table.to_pylist()
    assert {name: first[name] for name in NATURAL} == {**NATURAL, "by": [("k", 1)], "mixed": '"x"'}
    assert {name: second[name] for name in NATURAL} == dict.fromkeys(NATURAL)
    assert (first["status"], second["status"]) == ("done", "failed")
    assert "no" in second["message"]
    assert first["id"] == "r-1041"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_job_resumes_in_every_format_and_replaces_its_output(
    job: Callable[..., Job], tmp_path: Path, suffix: str
) -> None:
    with Endpoint(answer) as endpoint:
        assert job(endpoint, REVIEWS, suffix, limit=3).run().counts == {"done": 2, "failed": 1}
        count = len(endpoint.requests)
        assert job(endpoint, REVIEWS, suffix).run().counts == {"done": 11, "failed": 1}
        assert len(endpoint.requests) == count + 9
    rows = [record.values for record in open_source(tmp_path / f"labels.{suffix}")]
    assert [row["id"] for row in rows] == [record.values["id"] for record in open_source(REVIEWS)]
    assert [row["status"] for row in rows].count("done") == 11
    assert rows[0]["mood"] == "good"
    assert not rows[1]["mood"]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("source", ["", "id,text\n", []], ids=["empty file", "only a header", "no rows"])
def test_an_input_without_rows_is_an_output_without_rows(
    job: Callable[..., Job], tmp_path: Path, suffix: str, source: Any
) -> None:
    if isinstance(source, str):
        path = tmp_path / ("rows.csv" if source else "rows.jsonl")
        path.write_text(source, encoding="utf-8")
        source = path
    with Endpoint(answer) as endpoint:
        report = job(endpoint, source, suffix).run()
        assert not endpoint.requests
    assert (report.status, report.rows, report.counts) == ("complete", 0, {})
    assert [*open_source(report.output)] == []


@pytest.mark.parametrize("suffix", ["parquet", "xlsx", "arrow"])
def test_the_output_of_a_job_is_the_input_of_another(job: Callable[..., Job], tmp_path: Path, suffix: str) -> None:
    with Endpoint(answer) as endpoint:
        first = job(endpoint, REVIEWS, suffix).run()
        second = job(endpoint, first.output, suffix, output=tmp_path / f"second.{suffix}").run()
    assert second.counts == first.counts
    row = next(iter(open_source(second.output))).values
    assert {"status", "status_run", "mood", "mood_output"} <= row.keys()
