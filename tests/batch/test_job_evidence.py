"""A job with `evidence`: the places of the values in the cells of each row, in the output and after a resume."""

from __future__ import annotations

import csv
import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import structkit
from structkit import JinjaTemplate, JobError
from structkit.batch.job import Job
from structkit.batch.report import Report
from structkit.testing import Endpoint
from structkit.testing.scripted_reply import requested_schema
from structkit.values import JSON

ROWS = [
    {"id": "a1", "sender": "Ann Lee", "text": "From Kiel, 12.50 EUR in total."},
    {"id": "b2", "sender": "Bob Ray", "text": "From Bonn, for nothing."},
]
PROMPT = "Which city, if it is not Rome? {sender}: {text}"


class Letter(BaseModel):
    sender: str
    city: str | None
    total: float | None


def reply(body: JSON) -> str:
    """Return a letter whose city is not in the text and, of the second row, whose total is not; or what is re-asked."""
    prompt = body["messages"][-1]["content"]
    if "not in the text" in prompt:
        return json.dumps(
            {name: "Kiel" if name == "city" else None for name in (requested_schema(body) or {})["properties"]}
        )
    return json.dumps({"sender": "Ann Lee" if "Ann" in prompt else "Bob Ray", "city": "Rome", "total": 12.5})


def run(folder: Path, endpoint: Endpoint, name: str = "out.jsonl", **settings: Any) -> Report:
    """Run a job over the rows."""
    base: dict[str, Any] = {"output_type": Letter, "prompt": PROMPT, "model": "fake", "base_url": endpoint.base_url}
    settings = {**base, "api_key": "sk-x", "progress": False, **settings}
    return Job(ROWS, folder / name, **settings).run()


def lines(path: Path) -> list[JSON]:
    """Return the rows of an output."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_an_output_has_the_places_of_the_values_in_the_cells(tmp_path: Path) -> None:
    with Endpoint(reply) as endpoint:
        run(tmp_path, endpoint, evidence=True)
        run(tmp_path, endpoint, "out.csv", evidence=True)
    first, second = lines(tmp_path / "out.jsonl")
    assert first["evidence"] == [
        {"path": "sender", "spans": [[0, 7, "sender"]], "how": "exact", "text": "Ann Lee"},
        {"path": "city", "spans": [], "how": "", "text": ""},
        {"path": "total", "spans": [[11, 16, "text"]], "how": "number", "text": "12.50"},
    ]
    assert (first["missing"], second["missing"]) == (["city"], ["city", "total"])
    with (tmp_path / "out.csv").open(encoding="utf-8") as file:
        cells = [*csv.DictReader(file)]
    assert json.loads(cells[0]["evidence"]) == first["evidence"]
    assert json.loads(cells[1]["missing"]) == ["city", "total"]


def test_an_output_without_evidence_has_no_such_columns(tmp_path: Path) -> None:
    with Endpoint(reply) as endpoint:
        run(tmp_path, endpoint)
    assert lines(tmp_path / "out.jsonl")[0].keys().isdisjoint({"evidence", "missing"})


def test_what_is_not_in_the_cells_becomes_null(tmp_path: Path) -> None:
    with Endpoint(reply) as endpoint:
        run(tmp_path, endpoint, evidence="null", columns=("warnings",))
        assert len(endpoint.requests) == 2
    first, second = lines(tmp_path / "out.jsonl")
    assert (first["city"], first["total"], second["city"], second["total"]) == (None, 12.5, None, None)
    assert [warning["path"] for warning in second["warnings"]] == ["city", "total"]
    assert second["missing"] == []


def test_what_is_not_in_the_cells_is_re_asked(tmp_path: Path) -> None:
    with Endpoint(reply) as endpoint:
        run(tmp_path, endpoint, evidence="require")
        assert len(endpoint.requests) == 4
    assert [row["city"] for row in lines(tmp_path / "out.jsonl")] == ["Kiel", None]


def test_evidence_may_come_from_the_call_the_client_or_the_function(tmp_path: Path) -> None:
    with Endpoint(reply) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url, evidence=True)
        rome = "The cell says nothing of Rome."

        @structkit.prompt(Letter, client=client)
        def read_letter(sender: str, text: str) -> str:
            return f"{rome} {sender}: {text}"

        @structkit.prompt(client=client)
        def read_by_docstring(sender: str, text: str) -> Letter:  # type: ignore[empty-body]
            """{sender}: {text}, which is not Rome."""

        run(tmp_path, endpoint, "a.jsonl", call={"evidence": True})
        read_letter.label(ROWS, tmp_path / "b.jsonl", progress=False)
        read_by_docstring.label(ROWS, tmp_path / "c.jsonl", progress=False)
        read_letter.label(ROWS, tmp_path / "d.jsonl", progress=False, evidence=False)
    first, *further_outputs = (lines(tmp_path / f"{name}.jsonl") for name in "abc")
    assert first[0]["evidence"][2]["spans"] == [[11, 16, "text"]]
    assert [[row["evidence"] for row in each] for each in further_outputs] == [[row["evidence"] for row in first]] * 2
    assert "evidence" not in lines(tmp_path / "d.jsonl")[0]


def test_the_source_of_a_row_function_that_changes_its_cells_is_the_prompt(tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    with Endpoint(reply) as endpoint:
        run(tmp_path, endpoint, "a.jsonl", evidence=True, prompt=JinjaTemplate("{{ text | upper }} Ann Lee"))
        run(tmp_path, endpoint, "b.jsonl", evidence=True, prompt=lambda row: f"{row['text']} Ann Lee")
    for name in ("a.jsonl", "b.jsonl"):
        assert lines(tmp_path / name)[0]["evidence"][0]["spans"] == [[31, 38]]


def test_a_row_without_text_fails_alone(tmp_path: Path) -> None:
    image = tmp_path / "a.png"
    image.write_bytes(b"\x89PNG\r\n\x1a\n")

    @structkit.prompt(Letter)
    def read_image(picture: structkit.File | None, text: str) -> list[Any]:
        return [text, picture] if text and picture else [text or picture]

    rows = [{"picture": str(image), "text": ""}, {"picture": None, "text": "Ann Lee"}]
    with Endpoint(reply) as endpoint:
        settings: Any = {"model": "fake", "base_url": endpoint.base_url, "api_key": "sk-x", "progress": False}
        read_image.label(rows, tmp_path / "out.jsonl", evidence=True, **settings)
        assert len(endpoint.requests) == 1
    first, second = lines(tmp_path / "out.jsonl")
    assert (first["status"], first["error"], second["status"]) == ("failed", "PromptError", "done")
    assert "needs a text to look in" in first["message"]
    assert second["missing"] == ["sender", "city", "total"], "Bob Ray, of a prompt in parts"


# Another run


def test_places_that_are_asked_for_later_come_from_the_stored_replies(tmp_path: Path) -> None:
    with Endpoint(reply) as endpoint:
        run(tmp_path, endpoint)
        run(tmp_path, endpoint, evidence=True)
        first = lines(tmp_path / "out.jsonl")
        run(tmp_path, endpoint)
        assert "evidence" not in lines(tmp_path / "out.jsonl")[0]
        run(tmp_path, endpoint, evidence=True)
        assert len(endpoint.requests) == len(ROWS)
    assert [row["missing"] for row in first] == [["city"], ["city", "total"]]
    assert lines(tmp_path / "out.jsonl") == first


def test_values_without_what_is_not_there_are_another_job_that_reads_the_stored_replies(tmp_path: Path) -> None:
    with Endpoint(reply) as endpoint:
        run(tmp_path, endpoint)
        with pytest.raises(JobError, match="reparse"):
            run(tmp_path, endpoint, evidence="null")
        run(tmp_path, endpoint, evidence="null", on_change="reparse")
        assert len(endpoint.requests) == len(ROWS)
        with pytest.raises(JobError) as error:
            run(tmp_path, endpoint, evidence="require")
    assert "reparse" not in str(error.value)
    assert lines(tmp_path / "out.jsonl")[1]["total"] is None


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("evidence", [True, "require"])
def test_a_killed_job_resumes_with_its_evidence(
    settings: Callable[..., dict[str, Any]], start: Callable[..., Any], tmp_path: Path, evidence: Any
) -> None:
    reached = threading.Event()

    def answer(body: JSON) -> str:
        if len(endpoint.requests) > 30:
            reached.set()
        is_reask = "not in the text" in body["messages"][-1]["content"]
        text = body["messages"][0]["content"].removeprefix("Label: ")
        number = int(text.removeprefix("row "))
        return json.dumps({"n": number if is_reask or number % 2 else 1_000_000})

    with Endpoint(answer) as endpoint:
        job = settings(endpoint.base_url, [f"row {number}" for number in range(1000, 1100)], evidence=evidence)
        process = start(job)
        assert reached.wait(600)
        process.kill()
        process.communicate()
        before = len(endpoint.requests)
        assert start(job).wait(600) == 0
        rows = lines(tmp_path / "out.jsonl")
        assert before < len(endpoint.requests)
    expected = {True: [[] if number % 2 else ["n"] for number in range(1000, 1100)], "require": [[]] * 100}[evidence]
    assert [row["missing"] for row in rows] == expected
    assert all(row["evidence"] for row in rows)
