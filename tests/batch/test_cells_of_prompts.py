"""What a prompt says about a cell: the same for every format; and rows in which there is nothing to read."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Optional

import pytest
from pydantic import BaseModel

import structkit
from structkit import Policy
from structkit.batch.job import Job
from structkit.errors import ConfigError, PromptError
from structkit.testing import Endpoint
from structkit.values import JSON


class Label(BaseModel):
    tone: Literal["good", "bad"]


MONDAY = dt.date(2026, 1, 5)
BLANK = ["", " \n\t", "\u00a0\u200b"]


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    """Returns a function that makes this test's job with other settings."""

    def make(endpoint: Endpoint, source: Any, **settings: Any) -> Job:
        base: dict[str, Any] = {"output": tmp_path / "out.jsonl", "output_type": Label, "prompt": "Mood? {text}"}
        base |= {"model": "fake", "base_url": endpoint.base_url, "api_key": "sk-test", "concurrency": 1}
        return Job(source=source, **{**base, "call": {"policy": Policy(retries=0, attempts=1)}, **settings})

    return make


def prompt_of(request: JSON) -> str:
    return str(request["messages"][-1]["content"])


def sent_prompts(label_job: Callable[..., Job], source: Any, **settings: Any) -> list[str]:
    with Endpoint() as endpoint:
        label_job(endpoint, source, **settings).run()
        return [prompt_of(request) for request in endpoint.requests]


def output_rows(label_job: Job) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(label_job.output).read_text(encoding="utf-8").splitlines()]


def csv_file(folder: Path) -> Path:
    (folder / "in.csv").write_text("id,text\n1,\n2,NA\n", encoding="utf-8")
    return folder / "in.csv"


def jsonl_file(folder: Path) -> Path:
    (folder / "in.jsonl").write_text('{"id":"1","text":null}\n{"id":"2","text":"NA"}\n', encoding="utf-8")
    return folder / "in.jsonl"


def sqlite_file(folder: Path) -> Path:
    with sqlite3.connect(folder / "in.db") as connection:
        connection.executescript("CREATE TABLE t (id, text); INSERT INTO t VALUES ('1', NULL), ('2', 'NA')")
    connection.close()
    return folder / "in.db"


def parquet_file(folder: Path) -> Path:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table({"id": ["1", "2"], "text": [None, "NA"]}), folder / "in.parquet")
    return folder / "in.parquet"


def excel_file(folder: Path) -> Path:
    with pytest.importorskip("xlsxwriter").Workbook(folder / "in.xlsx") as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([["id", "text"], ["1", None], ["2", "NA"]]):
            sheet.write_row(number, 0, row)
    return folder / "in.xlsx"


def dicts(_: Path) -> list[dict[str, str | None]]:
    return [{"id": "1", "text": None}, {"id": "2", "text": "NA"}]


def frame(_: Path) -> Any:
    return pytest.importorskip("pyarrow").table({"id": ["1", "2"], "text": [None, "NA"]})


EVERY_FORMAT = [csv_file, jsonl_file, sqlite_file, parquet_file, excel_file, dicts, frame]


@pytest.mark.parametrize("make_source", EVERY_FORMAT)
def test_an_empty_cell_is_an_empty_text_in_every_format(
    job: Callable[..., Job], tmp_path: Path, make_source: Callable[[Path], Any]
) -> None:
    prompts = sent_prompts(job, make_source(tmp_path), prompt="{id}: {text}.")
    assert prompts == ["1: .", "2: NA."]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (float("nan"), ""),
        (float("inf"), "Infinity"),
        (True, "true"),
        (5, "5"),
        (["a", None, True], '["a",null,true]'),
        ({"k": "é"}, '{"k":"é"}'),
        (MONDAY, "2026-01-05"),
        (dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC), "2026-01-05T09:00:00Z"),
        (dt.timedelta(minutes=90), "PT1H30M"),
    ],
)
def test_a_cell_that_is_not_text_is_json_or_iso_in_a_prompt(job: Callable[..., Job], cell: Any, text: str) -> None:
    def with_function(text: str) -> str:
        return f"[{text}]"

    def with_optional(text: Optional[str]) -> str:
        return f"[{text or ''}]"

    source = [{"id": "1", "text": cell}]
    assert sent_prompts(job, source, prompt="[{text}]", blank="ask") == [f"[{text}]"]
    for function in (with_function, with_optional):
        decorated = structkit.prompt(Label)(function)
        prompts = sent_prompts(job, source, prompt=decorated.row_function, on_change="new", blank="ask")
        assert prompts == [f"[{text}]"]


def test_a_prompt_function_never_gets_none_or_nan_for_an_empty_cell(job: Callable[..., Job]) -> None:
    source = [{"id": 1, "text": None}, {"id": 2, "text": float("nan")}, {"id": 3, "text": 7}]
    prompts = sent_prompts(job, source, prompt=lambda row: f"{row['id']}: {row['text']!r}")
    assert prompts == ["1: ''", "2: ''", "3: 7"]


def test_a_parameter_that_may_be_none_gets_none_for_an_empty_cell(job: Callable[..., Job]) -> None:
    @structkit.prompt(Label)
    def label(text: str, note: str | None, score: float | None) -> str:
        return f"{text} {note!r} {score!r}"

    source = [{"text": "a", "note": None, "score": float("nan")}, {"text": "b", "note": "", "score": 0.5}]
    assert sent_prompts(job, source, prompt=label.row_function) == ["a None None", "b None 0.5"]


@pytest.mark.parametrize("cell", [None, float("nan"), *BLANK])
def test_a_blank_row_is_skipped_and_costs_nothing(job: Callable[..., Job], cell: Any) -> None:
    with Endpoint() as endpoint:
        label_job = job(endpoint, [{"id": "1", "text": cell}, {"id": "2", "text": "fine"}], key="id")
        for _ in range(2):
            report = label_job.run()
            assert (report.counts, report.is_complete) == ({"skipped": 1, "done": 1}, True)
        assert [prompt_of(request) for request in endpoint.requests] == ["Mood? fine"]
    row = output_rows(label_job)[0]
    assert (row["status"], row["tone"]) == ("skipped", None)
    assert "blank" in row["message"]


def test_a_blank_row_is_sent_or_fails_if_that_is_asked_for(job: Callable[..., Job]) -> None:
    source = [{"id": "1", "text": None}]
    with Endpoint() as endpoint:
        assert job(endpoint, source, blank="fail").run().counts == {"failed": 1}
        assert endpoint.requests == []
        assert job(endpoint, source, blank="ask", retry_failed=True).run().counts == {"done": 1}
        assert [prompt_of(request) for request in endpoint.requests] == ["Mood? "]


def test_a_skipped_row_is_sent_by_a_later_run_that_asks(job: Callable[..., Job]) -> None:
    source = [{"id": "1", "text": None}, {"id": "2", "text": "fine"}]
    with Endpoint() as endpoint:
        assert job(endpoint, source).run().counts == {"skipped": 1, "done": 1}
        assert job(endpoint, source, blank="ask").run().counts == {"done": 2}
        assert [prompt_of(request) for request in endpoint.requests] == ["Mood? fine", "Mood? "]


@pytest.mark.parametrize(
    ("prompt", "is_sent"),
    [
        ("{id}: {text}", False),
        ("{text}: {note}", True),
        (lambda row: f"Mood? {row['text']}", True),
        (structkit.prompt(Label)(lambda text: f"Mood? {text}").row_function, False),
        (structkit.prompt(Label)(lambda **row: f"Mood? {row}").row_function, True),
    ],
)
def test_only_the_columns_that_the_prompt_uses_make_a_row_blank(
    job: Callable[..., Job], prompt: Any, is_sent: bool
) -> None:
    source = [{"id": "1", "text": " ", "note": "something"}]
    assert len(sent_prompts(job, source, prompt=prompt, key="id")) == is_sent


def test_a_misspelt_choice_for_blank_rows_is_rejected(job: Callable[..., Job]) -> None:
    with Endpoint() as endpoint, pytest.raises(ConfigError, match="blank must be one of skip, ask, fail"):
        job(endpoint, ["a"], blank="drop").run()


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("Is it positive?", r"no placeholder.* write \{text\} .*the names are: 'id', 'text'"),
        (
            "Is it positive? {{ text }}",
            r'\{\{ text \}\} is Jinja, and here the literal text "\{ text \}": write \{text\}',
        ),
        ("{id}: {{text}}", r"write \{text\}"),
        ("{id}: {{ text }} {{{id}}}", r"write \{text\}"),
        ("", "no placeholder"),
        (
            "{txt}",
            r"asks for \{txt\}, and no value .* \(did you mean 'text'\?\): write one of the names 'id', 'text' in braces",
        ),
        ('Reply {"mood": "good"}: {text}', r"asks for \{\"mood\": \"good\"\}.* write \{\{ and \}\} for braces"),
    ],
)
def test_a_template_that_does_not_send_the_row_is_rejected_before_anything_is_sent(
    job: Callable[..., Job], prompt: str, message: str
) -> None:
    with Endpoint() as endpoint, pytest.raises(PromptError, match=message):
        job(endpoint, [{"id": "1", "text": "a"}], prompt=prompt).run()
    assert endpoint.requests == []


@pytest.mark.parametrize(
    ("prompt", "sent"),
    [
        ("{{json}} {text}", "{json} a"),
        ("{{{text}}}", "{a}"),
        ("{{{{text}}}} {text}", "{{text}} a"),
        ("{ text }", "a"),
    ],
)
def test_doubled_braces_around_anything_but_a_column_are_text(job: Callable[..., Job], prompt: str, sent: str) -> None:
    assert sent_prompts(job, [{"id": "1", "text": "a"}], prompt=prompt) == [sent]


@pytest.mark.parametrize("name", ["Review Text", "a.b", "1", "a:b", "a!r", "a[0]", "größe", "review-text"])
def test_a_column_of_any_name_can_be_in_a_template(job: Callable[..., Job], name: str) -> None:
    assert sent_prompts(job, [{"id": "1", name: "fine"}], prompt=f"Mood? {{{name}}}") == ["Mood? fine"]


def test_the_same_prompt_for_every_row_is_a_function(job: Callable[..., Job]) -> None:
    prompts = sent_prompts(job, [{"id": "1"}, {"id": "2"}], prompt=lambda _: "Invent a review.")
    assert prompts == ["Invent a review."] * 2
