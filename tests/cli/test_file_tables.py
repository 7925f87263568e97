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


def test_the_column_of_a_type_without_fields_can_be_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "number.json").write_text('{"type": "string"}', encoding="utf-8")
    with Endpoint('{"value": "A-7"}') as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        command = ["extract", "in", "-o", "out.csv", "--type", "number.json", "--value-column", "number"]
        assert CliRunner().invoke(app, command).exit_code == 0
        assert [row["number"] for row in rows(folder / "out.csv")] == ["A-7", "A-7"]
        assert CliRunner().invoke(app, [*command[:-2]]).exit_code == 0
    assert [row["value"] for row in rows(folder / "out.csv")] == ["A-7", "A-7"]
    assert len(endpoint.requests) == 2, "another name of the column sends nothing"


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


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("c.txt", "Größe".encode("cp1252"), "is not UTF-8 text (byte 2); pass --encoding cp1252"),
        ("c.txt", "Größe".encode("utf-16"), "is not UTF-8 text but UTF-16: pass --encoding utf-16"),
        ("c.png", b"<p>Not found", "is not what its suffix says"),
        ("c.pdf", (Path(files.__file__).parent.parent / "documents/encrypted.pdf").read_bytes(), "pass password= (--password)"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_does_not_stop_the_others(
    folder: Path, name: str, data: bytes, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "in" / name).write_bytes(data)
    result, endpoint = extract("in", "-o", "out.csv", monkeypatch=monkeypatch)
    assert len(endpoint.requests) == 2, result.output
    table = {row["file"][-5:]: row for row in rows(folder / "out.csv")}
    assert [row["status"] for row in table.values()].count("done") == 2
    assert message in table[name]["message"]


def test_an_encoding_that_does_not_exist_stops_a_table_of_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "in" / "c.txt").write_bytes(b"invoice")
    result, _ = extract("in", "-o", "out.csv", "--encoding", "nonsense", monkeypatch=monkeypatch)
    assert "there is no text encoding 'nonsense'" in str(result.exception)


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
        (["in", "--value-column", "sum"], "--value-column is for a table"),
        (["in", "-o", "out.csv", "--value-column", "sum"], "names the column of a type without fields"),
        (["in", "--review-below", "0"], "--review-below is for a table"),
        (["in", "-o", "out.csv", "--review-below", "0.5"], "needs a confidence"),
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


FUNCTIONS = """
import structkit

@structkit.prompt(int)
def count(letter: structkit.Document) -> list:
    return ["How many?", letter]

@structkit.prompt(int)
def double(number: str) -> str:
    return number
"""


def label(*arguments: str, monkeypatch: pytest.MonkeyPatch, reply: Any = '{"value": 3}') -> tuple[Any, Endpoint]:
    with Endpoint(reply) as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        result = CliRunner().invoke(app, ["label", *arguments])
    return result, endpoint


@pytest.mark.parametrize("argument", ["in", "in/*"])
def test_label_takes_a_folder_as_a_table_of_documents(
    folder: Path, argument: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ["-o", "out.csv", "--type", "types.py:Invoice", "--prompt", "Read: {text}"]
    result, endpoint = label(argument, *options, monkeypatch=monkeypatch, reply=answer)
    assert result.exit_code == 0
    assert sorted(str(request["messages"][-1]["content"]) for request in endpoint.requests) == [
        "[{'type': 'text', 'text': 'Read: '}, {'type': 'text', 'text': 'Invoice A-7 of ACME\\n\\x0cBolt 49.75\\n\\nNut 1.50'}]",
        "[{'type': 'text', 'text': 'Read: '}, {'type': 'text', 'text': 'empty invoice B-1'}]",
    ]
    assert [(row["file"].replace("\\", "/"), row["number"]) for row in rows(folder / "out.csv")] == [
        ("in/a.pdf", "A-7"),
        ("in/b.docx", "B-1"),
    ]
    (folder / "in" / "c.txt").write_text("Invoice A-7", encoding="utf-8")
    _, endpoint = label(argument, *options, monkeypatch=monkeypatch, reply=answer)
    assert len(endpoint.requests) == 1


def test_label_opens_a_folder_for_the_parameter_of_a_function(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "functions.py").write_text(FUNCTIONS, encoding="utf-8")
    result, _ = label("in", "-o", "out.csv", "--function", "functions.py:count", monkeypatch=monkeypatch)
    assert result.exit_code == 0
    assert [row["letter"].replace("\\", "/") for row in rows(folder / "out.csv")] == ["in/a.pdf", "in/b.docx"]
    result, _ = label("in", "-o", "b.csv", "--function", "functions.py:double", monkeypatch=monkeypatch)
    assert "not one parameter that is annotated structkit.Document" in str(result.exception)


@pytest.mark.parametrize("argument", ["texts", "texts/*"])
def test_label_takes_a_folder_of_tables_as_one_table(
    folder: Path, argument: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "texts").mkdir()
    for name, text in {"a.csv": "id,letter\n1,x\n", "b.csv": "id,letter\n2,y\n", "_SUCCESS": ""}.items():
        (folder / "texts" / name).write_text(text, encoding="utf-8")
    options = ["--type", "builtins:int", "--prompt", "Count: {letter}"]
    result, endpoint = label(argument, "-o", "out.csv", *options, monkeypatch=monkeypatch)
    assert result.exit_code == 0, result.output
    assert sorted(request["messages"][-1]["content"] for request in endpoint.requests) == ["Count: x", "Count: y"]
    assert [(row["id"], row["value"]) for row in rows(folder / "out.csv")] == [("1", "3"), ("2", "3")]
    (folder / "texts" / "_SUCCESS").unlink()
    documents = ["--type", "builtins:int", "--prompt", "{text}", "--send", "text"]
    _, endpoint = label(argument, "-o", "documents.csv", *documents, monkeypatch=monkeypatch)
    assert len(endpoint.requests) == 2
    assert "id,letter" in str(endpoint.requests[0])


@pytest.mark.parametrize("option", [["--send", "text"], ["--ocr"], ["--password"]])
def test_options_of_documents_are_rejected_for_a_table(
    folder: Path, option: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "in.csv").write_text("a\n1\n", encoding="utf-8")
    result, _ = label("in.csv", "-o", "out.csv", "--type", "int", "--prompt", "{a}", *option, monkeypatch=monkeypatch)
    assert f"{option[0]} is for a folder of documents" in str(result.exception)


ENCRYPTED = Path(__file__).parent.parent / "documents" / "encrypted.pdf"
"""A line under the password `secret`."""


@pytest.mark.parametrize("origin", ["prompt", "variable"])
def test_the_password_of_a_pdf_is_asked_for_or_read_from_a_variable(
    folder: Path, origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "in" / "a.pdf").write_bytes(ENCRYPTED.read_bytes())
    monkeypatch.setattr("getpass.getpass", lambda prompt: "secret" if origin == "prompt" else "wrong")
    if origin == "variable":
        monkeypatch.setenv("STRUCTKIT_PDF_PASSWORD", "secret")
    options = ["in", "-o", "out.csv", *(["--password"] if origin == "prompt" else [])]
    result, endpoint = extract(*options, monkeypatch=monkeypatch)
    assert result.exit_code == 0
    assert "Rent: 900 EUR" in json.dumps(endpoint.requests)
    stored = [path.read_bytes() for path in folder.glob("out.csv*/**/*") if path.is_file()]
    assert stored
    assert not any(b"secret" in each for each in [*stored, (folder / "out.csv").read_bytes(), result.output.encode()])


def test_a_password_without_a_terminal_is_an_error_that_names_the_variable(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_terminal(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("getpass.getpass", no_terminal)
    result, _ = extract("in/a.pdf", "--password", monkeypatch=monkeypatch)
    assert str(result.exception) == (
        "--password asks at the terminal, and there is none: set STRUCTKIT_PDF_PASSWORD instead"
    )


def test_a_table_of_files_has_the_column_of_rows_to_review(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = extract("in", "-o", "out.csv", "--confidence", "auto", "--review-below", "1", monkeypatch=monkeypatch)
    assert result.exit_code == 0
    assert {row["review"] for row in rows(folder / "out.csv")} == {""}  # the endpoint has no log probabilities
    assert "0 to review\n" in result.stderr


def test_items_of_the_rows_of_a_table_are_rows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "in.csv").write_text("id,text\n1,invoice\n2,B-1\n", encoding="utf-8")
    ask = ["--type", "types.py:Invoice", "--prompt", "Read: {text}", "--items", "lines"]
    with Endpoint(answer) as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        result = CliRunner().invoke(app, ["label", "in.csv", "-o", "out.csv", *ask])
    assert result.exit_code == 0, result.stderr
    table = rows(folder / "out.csv")
    assert [(row["id"], row["lines.name"], row["price"]) for row in table] == [
        ("1", "Bolt", "49.75"),
        ("1", "Nut", "1.5"),
        ("2", "", ""),
    ]
