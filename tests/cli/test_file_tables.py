"""`extract` with a table as its output: documents in, a row for each file or item out, resumed by the same command."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import sample_files as files
from typer.testing import CliRunner

import structkit.cli.label  # noqa: F401 (registers its command)
from structkit.cli.app import app
from structkit.testing import Endpoint, Reply, completion

TYPES = """
from pydantic import BaseModel

class Line(BaseModel):
    name: str
    price: float

class Invoice(BaseModel):
    number: str
    name: str = ""
    lines: list[Line]
"""
PAGES = [[(50, 700, "Invoice A-7 of ACME")], [(50, 700, "Bolt 49.75"), (50, 650, "Nut 1.50")]]
INVOICE = {"number": "A-7", "name": "ACME", "lines": [{"name": "Bolt", "price": 49.75}, {"name": "Nut", "price": 1.5}]}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "types.py").write_text(TYPES, encoding="utf-8")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.pdf").write_bytes(files.pdf(PAGES))
    (tmp_path / "in" / "b.docx").write_bytes(files.docx(files.paragraph("empty invoice B-1")))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "unused")
    monkeypatch.setenv("STRUCTKIT_MODEL", "fake")
    return tmp_path


def answer(body: dict[str, Any]) -> Reply:
    content = json.dumps(body["messages"][-1]["content"])
    invoice = {"number": "B-1", "name": "", "lines": []} if "B-1" in content else INVOICE
    return Reply(completion(json.dumps(invoice)))


def extract(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Endpoint]:
    with Endpoint(answer) as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        command = ["extract", *arguments, "--type", "types.py:Invoice"]
        result = CliRunner().invoke(app, command)
    return result, endpoint


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file)]


@pytest.mark.parametrize("argument", ["in", "in/*", "in/**"])
def test_a_folder_or_a_pattern_is_a_table_with_a_row_for_each_file(
    folder: Path, argument: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, endpoint = extract(argument, "-o", "out.csv", monkeypatch=monkeypatch)
    assert (result.exit_code, len(endpoint.requests)) == (0, 2)
    table = rows(folder / "out.csv")
    assert [(row["file"].replace("\\", "/"), row["number"], row["status"]) for row in table] == [
        ("in/a.pdf", "A-7", "done"),
        ("in/b.docx", "B-1", "done"),
    ]
    assert [*table[0]] == ["file", "number", "name", "lines", "status", "error", "message", "attempts"]
    assert json.loads(table[0]["lines"]) == INVOICE["lines"]


def test_the_same_command_again_sends_only_what_is_new(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extract("in", "-o", "out.csv", monkeypatch=monkeypatch)
    (folder / "in" / "c.txt").write_text("Invoice A-7", encoding="utf-8")
    _, endpoint = extract("in", "-o", "out.csv", monkeypatch=monkeypatch)
    assert len(endpoint.requests) == 1
    assert len(rows(folder / "out.csv")) == 3
    _, endpoint = extract(
        "in", "-o", "out.csv", "--items", "lines", monkeypatch=monkeypatch
    )  # the replies are the same
    assert not endpoint.requests


def test_items_are_rows_with_their_page_and_their_own_evidence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = extract("in", "-o", "out.csv", "--items", "lines", "--evidence", monkeypatch=monkeypatch)
    assert result.exit_code == 0
    first, second, third = rows(folder / "out.csv")
    assert [first[name] for name in ("number", "name", "lines.name", "price", "page")] == [
        "A-7",
        "ACME",
        "Bolt",
        "49.75",
        "2",
    ]
    assert [second[name] for name in ("number", "lines.name", "price", "page")] == ["A-7", "Nut", "1.5", "2"]
    assert [third[name] for name in ("number", "lines.name", "price")] == ["B-1", "", ""]
    assert [each["path"] for each in json.loads(second["evidence"])] == ["lines[1].name", "lines[1].price"]


def test_a_document_that_cannot_be_read_is_a_failed_row(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "in" / "bad.pdf").write_bytes(b"%PDF-1.7 and nothing else")
    extract("in", "-o", "out.csv", monkeypatch=monkeypatch)
    row = rows(folder / "out.csv")[2]
    assert (row["status"], row["error"]) == ("failed", "PromptError")
    assert "is damaged, or not a PDF" in row["message"]


def test_the_template_is_around_the_text_of_a_document(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, endpoint = extract("in/b.docx", "--prompt", "Read this: {text}", monkeypatch=monkeypatch)
    assert endpoint.requests[0]["messages"][-1]["content"] == "Read this: empty invoice B-1"


@pytest.mark.parametrize(("send", "kinds"), [("images", ["image_url"] * 2), ("file", ["file"])])
def test_a_pdf_is_sent_as_the_option_says(
    send: str, kinds: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, endpoint = extract("in/a.pdf", "--send", send, monkeypatch=monkeypatch)
    assert [part["type"] for part in endpoint.requests[0]["messages"][-1]["content"]] == kinds


def test_one_pdf_is_read_as_text_with_evidence_on_its_pages(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result, endpoint = extract("in/a.pdf", "--evidence", monkeypatch=monkeypatch)
    assert endpoint.requests[0]["messages"][-1]["content"].startswith("Invoice A-7 of ACME\n\f")
    evidence = {each["path"]: each for each in json.loads(result.stdout)["evidence"]}
    assert evidence["number"]["places"][0]["page"] == 1
    assert evidence["lines[0].price"]["places"][0]["page"] == 2
    assert len(evidence["lines[0].price"]["places"][0]["box"]) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["in", "-o", "out.csv", "--items", "number"], "the type has no list 'number'; its lists are: lines"),
        (["in", "--items", "lines"], "--items is for a table"),
        (["in", "-o", "out.jsonl", "--retry-failed"], "--retry-failed is for a table"),
        (["in/*.eml", "-o", "out.csv"], "no file matches 'in/*.eml'"),
    ],
)
def test_a_mistake_is_an_error_before_anything_is_sent(
    arguments: list[str], message: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, endpoint = extract(*arguments, monkeypatch=monkeypatch)
    assert message in str(result.exception)
    assert not endpoint.requests
