"""`structkit evaluate`: a table of figures, reports, and exit codes for CI."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from structkit.cli.app import app, run

GOLD = "id,mood\n1,good\n2,bad\n3,good\n4,bad\n"
LABELS = "id,mood,status\n1,good,done\n2,good,done\n3,good,done\n4,,failed\n"
TYPE = '{"type": "object", "properties": {"mood": {"enum": ["good", "bad"]}}, "required": ["mood"]}'

Command = Callable[..., int]


@pytest.fixture
def evaluate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run the command in a folder with tables."""
    monkeypatch.chdir(tmp_path)
    for name, text in {"gold.csv": GOLD, "labels.csv": LABELS, "mood.json": TYPE}.items():
        Path(name).write_text(text, encoding="utf-8")
    arguments = ("labels.csv", "--gold", "gold.csv", "--type", "mood.json", "--key", "id")
    return lambda *more: run(lambda: app(["evaluate", *arguments, *more], standalone_mode=True))


def test_it_prints_a_table(evaluate: Command, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert evaluate() == 0
    lines = capfdbinary.readouterr().out.decode().splitlines()
    assert lines[0].startswith("| field | n | precision | recall | F1 | 95 % interval |")
    assert lines[2].startswith("| mood | 4 | 0.667 | 0.500 | 0.571 | [")
    assert "1 row failed; their values are missed: 4" in lines


def test_the_exit_code_says_that_a_score_is_too_low(
    evaluate: Command, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert evaluate("--fail-under", "f1=0.5", "--fail-under", "mood.precision=0.6") == 0
    assert evaluate("--fail-under", "f1=0.9", "--fail-under", "accuracy=0.9") == 6
    captured = capfdbinary.readouterr().err.decode()
    assert "f1 is 0.5714, and must be 0.9 or more" in captured
    assert "accuracy is 0.5000, and must be 0.9 or more" in captured


@pytest.mark.parametrize("option", ["f2=0.5", "f1", "f1=2", "mood.accuracy=0.5"])
def test_a_threshold_that_makes_no_sense_is_an_error(evaluate: Command, option: str) -> None:
    assert evaluate("--fail-under", option) == 2


def test_a_threshold_of_another_field_is_an_error(evaluate: Command, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert evaluate("--fail-under", "mod.f1=0.5") == 2
    assert b"no field 'mod', only mood" in capfdbinary.readouterr().err


def test_other_labels_are_compared(evaluate: Command, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    Path("other.csv").write_text(GOLD, encoding="utf-8")
    assert evaluate("--against", "other.csv") == 0
    output = capfdbinary.readouterr().out.decode()
    assert "| mood | 1.000 | 0.571 | -0.429 |" in output
    assert "| field | F1 other.csv | F1 labels.csv | labels.csv - other.csv |" in output


def test_the_names_of_the_files_are_no_html_in_a_report(evaluate: Command) -> None:
    Path("<b>.csv").write_text(GOLD, encoding="utf-8")
    assert evaluate("--against", "<b>.csv", "-o", "report.html") == 0
    assert evaluate("--against", "<b>.csv", "-o", "report.md") == 0
    assert "<b>" not in Path("report.html").read_text(encoding="utf-8")
    text = Path("report.md").read_text(encoding="utf-8")
    assert ("<b>" in text, "| F1 &lt;b>.csv | F1 labels.csv |" in text) == (False, True)


FUNCTION = """
from typing import Literal
import pydantic, structkit

class Mood(pydantic.BaseModel):
    mood: Literal["good", "bad"]

@structkit.prompt
def judge(text: str) -> Mood:
    \"""Judge: {text}\"""
"""


def test_the_type_is_that_of_the_function_that_has_labelled_the_table(
    evaluate: Command, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    Path("kinds.py").write_text(FUNCTION, encoding="utf-8")
    by_function = ["evaluate", "labels.csv", "--gold", "gold.csv", "--key", "id", "--function", "kinds.py:judge"]
    assert run(lambda: app(by_function)) == 0
    output = capfdbinary.readouterr().out
    assert (evaluate(), capfdbinary.readouterr().out) == (0, output)
    assert evaluate("--function", "kinds.py:judge") == 2
    assert run(lambda: app(by_function[:-2])) == 2
    assert capfdbinary.readouterr().err.count(b"use either --type, or --function") == 2
    page = ["review", "labels.csv", "--key", "id", "--text", "status", "-o", "page.html"]
    assert run(lambda: app([*page, "--function", "kinds.py:judge"])) == 0
    assert run(lambda: app([*page, "--function", "kinds.py:judge", "--extras", "open"])) == 2


@pytest.mark.parametrize(
    ("option", "start"),
    [("score.json", "{"), ("score.md", "| field |"), ("score.html", "<!doctype html>"), ("score.svg", "<svg ")],
)
def test_the_suffix_of_the_output_is_its_format(evaluate: Command, option: str, start: str) -> None:
    assert evaluate("-o", option, "--against", "labels.csv") == 0
    text = Path(option).read_text(encoding="utf-8")
    assert text.startswith(start)
    if option.endswith(".json"):
        assert json.loads(text)["comparison"]["total"]["difference"] == 0


def test_json_and_markdown_can_be_printed(evaluate: Command, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert evaluate("--json") == 0
    assert json.loads(capfdbinary.readouterr().out)["fields"]["mood"]["wrong"] == 1
    assert evaluate("--markdown") == 0
    assert '- 2: mood: wrong: "good" instead of "bad"' in capfdbinary.readouterr().out.decode()
    assert evaluate("--json", "--markdown") == 2


def test_a_table_that_is_read_is_not_replaced(evaluate: Command) -> None:
    assert evaluate("-o", "gold.csv") == 2
    assert Path("gold.csv").read_text(encoding="utf-8") == GOLD


def test_the_curve_shows_the_surest_rows(evaluate: Command, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    labels = "id,mood,lowest_confidence\n1,good,0.9\n2,good,0.2\n3,good,0.8\n4,,\n"
    Path("labels.csv").write_text(labels, encoding="utf-8")
    assert evaluate("--curve") == 0
    lines = capfdbinary.readouterr().out.decode().splitlines()
    assert lines[lines.index("the surest rows:") + 2 :] == [
        "| share of rows | rows | lowest confidence | precision | rows without a mistake |",
        "|---|---|---|---|---|",
        "| 33% | 1 | 0.900 | 1.000 | 1.000 |",
        "| 67% | 2 | 0.800 | 1.000 | 1.000 |",
        "| 100% | 3 | 0.200 | 0.667 | 0.667 |",
    ]
    assert evaluate("--curve", "--json") == 0
    curve = json.loads(capfdbinary.readouterr().out)["curve"]
    assert (curve["unknown_rows"], curve["points"][0]["precision"]) == (1, 1)


def test_a_curve_needs_a_confidence(evaluate: Command, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert evaluate("--curve") == 2
    assert b"label with --confidence logprobs" in capfdbinary.readouterr().err
    Path("labels.csv").write_text("id,mood,lowest_confidence\n1,good,high\n", encoding="utf-8")
    assert evaluate("--curve") == 2
    assert b"line 2: lowest_confidence is not a number: 'high'" in capfdbinary.readouterr().err
