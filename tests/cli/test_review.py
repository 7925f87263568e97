"""`structkit review`: the page of a table, and the gold of what was saved on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from structkit.cli.app import app, run

LABELS = (
    "id,body,mood,place.city,status,message\n"
    '1,"Fine, in Kiel",good,Kiel,done,\n'
    "2,Bad,good,Bonn,done,\n"
    "3,Hm,,,failed,no answer\n"
)
TYPE = {
    "type": "object",
    "properties": {
        "mood": {"enum": ["good", "bad"]},
        "place": {
            "type": "object",
            "properties": {"city": {"type": ["string", "null"]}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
    "required": ["mood", "place"],
}

Command = Callable[..., int]


class Block(HTMLParser):
    """Reads the data of a page."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.data: Any = None
        self._is_data = False
        self.feed(Path(path).read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_data = dict(attrs).get("id") == "data"

    def handle_data(self, data: str) -> None:
        self.data = json.loads(data) if self._is_data else self.data
        self._is_data = False


@pytest.fixture
def review(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run the command in a folder with a table."""
    monkeypatch.chdir(tmp_path)
    Path("labels.csv").write_text(LABELS, encoding="utf-8")
    Path("mood.json").write_text(json.dumps(TYPE), encoding="utf-8")
    arguments = ("labels.csv", "--type", "mood.json", "--key", "id")
    return lambda *more: run(lambda: app(["review", *arguments, *more], standalone_mode=True))


def save(name: str, page: str, **values: Any) -> None:
    """What a reviewer of that name saves on the page: values by key; None rejects a row."""
    rows = {row["key"]: row for row in Block(page).data["rows"]}
    lines = [
        {
            "key": key.removeprefix("row"),
            "decision": "rejected" if value is None else "approved",
            **({} if value is None else {"value": value, "changes": []}),
            "by": name,
            "at": "2026-01-01T00:00:00Z",
            "row_digest": rows[key.removeprefix("row")]["digest"],
        }
        for key, value in values.items()
    ]
    Path(f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def value(mood: str, city: str | None) -> dict[str, Any]:
    return {"mood": mood, "place": {"city": city}}


def test_the_page_has_the_rows_with_what_is_known_of_them(
    review: Command, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert review("--text", "body", "-o", "review.html") == 0
    assert capfdbinary.readouterr().err == b"review.html: 3 rows to review\n"
    data = Block("review.html").data
    first, second, failed = data["rows"]
    assert json.loads(first["value"]) == value("good", "Kiel")
    assert (data["paths"], data["hows"]) == ([["mood"], ["place", "city"]], ["judged", "exact", ""])
    assert (first["fields"], second["fields"]) == ("0 0 |1 1  9-13-0", "0 0 |1 2 ")
    assert ("missing" in first, second["missing"]) == (False, 1)
    assert (failed["value"], failed["failed"], failed["message"]) == (None, True, "no answer")


def test_a_page_of_the_rows_with_missing_values(review: Command) -> None:
    assert review("--text", "body", "--only", "missing", "-o", "review.html") == 0
    assert [row["key"] for row in Block("review.html").data["rows"]] == ["2"]
    assert review("--text", "body", "--only", "failed", "-o", "review.html") == 0
    assert [row["key"] for row in Block("review.html").data["rows"]] == ["3"]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".sqlite", ".parquet"])
def test_what_was_saved_becomes_gold_that_evaluate_reads(
    review: Command, capfdbinary: pytest.CaptureFixture[bytes], suffix: str
) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    assert review("--text", "body", "-o", "review.html") == 0
    save("ann", "review.html", row1=value("good", "Kiel"), row2=value("bad", None), row3=None)
    assert review("--merge", "ann.jsonl", "-o", f"gold{suffix}") == 0
    captured = capfdbinary.readouterr()
    assert captured.err.endswith(f"gold{suffix}: 2 rows; 1 rejected, 0 stale, 0 with disagreements\n".encode())
    assert captured.out == b""
    arguments = ["evaluate", "labels.csv", "--gold", f"gold{suffix}", "--type", "mood.json", "--key", "id", "--json"]
    code = run(lambda: app(arguments, standalone_mode=True))
    captured = capfdbinary.readouterr()
    assert (code, captured.err) == (0, b"")
    fields = json.loads(captured.out)["fields"]
    assert (fields["mood"]["precision"], fields["place.city"]["precision"]) == (0.5, 0.5)


def test_rows_that_were_edited_and_disagreements_are_named_and_not_in_the_gold(
    review: Command, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert review("--text", "body", "-o", "review.html") == 0
    save("ann", "review.html", row1=value("good", "Kiel"), row2=value("bad", None), row3=value("bad", "\x1b[31m"))
    save("bob", "review.html", row1=value("good", "Kiel"), row3=value("good", "Ulm"))
    Path("labels.csv").write_text(LABELS.replace("2,Bad", "2,Very bad"), encoding="utf-8")
    assert review("--merge", "ann.jsonl", "--merge", "bob.jsonl", "-o", "gold.csv") == 0
    captured = capfdbinary.readouterr()
    assert Path("gold.csv").read_text(encoding="utf-8").splitlines() == ["id,mood,place.city", "1,good,Kiel"]
    assert b"ann.jsonl, line 2: stale: the row '2' was edited or labelled since" in captured.err
    assert b"gold.csv: 1 row; 0 rejected, 1 stale, 1 with disagreements" in captured.err
    lines = captured.out.decode().splitlines()
    assert "| mood | 2 | 0.500 |" in lines
    assert '| 3 | mood | "bad" | "good" |' in lines
    assert b"\x1b" not in captured.out


def test_gold_that_is_there_is_not_replaced(review: Command, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert review("--text", "body", "-o", "review.html") == 0
    save("ann", "review.html", row1=value("good", "Kiel"))
    Path("gold.csv").write_text("mine", encoding="utf-8")
    assert review("--merge", "ann.jsonl", "-o", "gold.csv") == 2
    assert Path("gold.csv").read_text(encoding="utf-8") == "mine"
    assert review("--merge", "ann.jsonl", "-o", "gold.csv", "--overwrite") == 0


def test_a_value_that_is_not_one_of_the_type_is_an_error_with_its_line(
    review: Command, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert review("--text", "body", "-o", "review.html") == 0
    save("ann", "review.html", row1=value("good", "Kiel"), row2=value("fair", "Bonn"))
    assert review("--merge", "ann.jsonl", "-o", "gold.csv") == 2
    assert b"JobError: ann.jsonl, line 2: key '2': not a value of" in capfdbinary.readouterr().err
    assert not Path("gold.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--text", "text", "-o", "r.html"), b"no column 'text' for --text; it has 'id', 'body'"),
        (("--only", "some", "-o", "r.html"), b"'some' is not a choice of rows"),
        (("--only", "missing", "-o", "r.html"), b"name its column with --text or --file"),
        (("--only", "low", "--text", "body", "-o", "r.html"), b"the table has no confidence"),
        (("--merge", "a.jsonl", "--only", "low", "-o", "g.csv"), b"--only is for the page"),
        (("--merge", "none.jsonl", "-o", "g.csv"), b"cannot read 'none.jsonl'"),
        (("-o", "labels.csv"), b"is a file that is read"),
        ((), b"name the page to write with --output"),
        (("--serve", "-o", "labels.csv"), b"is a file that is read"),
        (("--serve", "--merge", "a.jsonl"), b"--serve is for the page"),
        (("--file", "path", "-o", "r.html"), b"no column 'path' for --file; it has 'id', 'body'"),
        (("--ocr", "-o", "r.html"), b"--ocr is for documents: name their column with --file"),
    ],
)
def test_options_that_make_no_sense_are_errors(
    review: Command, capfdbinary: pytest.CaptureFixture[bytes], arguments: tuple[str, ...], message: bytes
) -> None:
    assert review(*arguments) == 2
    assert message in capfdbinary.readouterr().err


def test_what_was_saved_about_a_document_that_has_changed_is_stale(
    review: Command, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    Path("labels.csv").write_text("id,path,mood,place.city\n1,a.txt,good,Kiel\n2,b.txt,good,Bonn\n", encoding="utf-8")
    for name in ("a.txt", "b.txt"):
        Path(name).write_text("Kiel", encoding="utf-8")
    assert review("--file", "path", "-o", "review.html") == 0
    save("ann", "review.html", row1=value("bad", "Kiel"), row2=value("bad", "Bonn"))
    Path("b.txt").write_text("Bonn", encoding="utf-8")
    assert review("--file", "path", "--merge", "ann.jsonl", "-o", "gold.csv") == 0
    assert b"line 2: stale: the row '2' was edited or labelled since, or its document" in capfdbinary.readouterr().err
    assert Path("gold.csv").read_text(encoding="utf-8").splitlines()[1:] == ["1,bad,Kiel"]
    Path("b.txt").unlink()
    assert review("--file", "path", "--merge", "ann.jsonl", "-o", "gold.csv", "--overwrite") == 0
    assert b"1 stale" in capfdbinary.readouterr().err
    assert review("--merge", "ann.jsonl", "-o", "all.csv") == 0, "without the documents, the cells count"
    assert len(Path("all.csv").read_text(encoding="utf-8").splitlines()) == 3
