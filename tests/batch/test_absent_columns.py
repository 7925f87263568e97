"""A row without a column that other rows have: the prompt gets an empty cell; a column that no row has is an error."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

import structkit
from structkit import JinjaTemplate, Job, Policy
from structkit.batch.report import Report
from structkit.errors import ConfigError, PromptError
from structkit.tables.source import PEEK_ROWS
from structkit.testing import Endpoint
from structkit.values import JSON

ROWS: list[JSON] = [{"text": "a"}, {"text": "b", "note": "n"}, {"note": "only"}]
PROMPTS = ["a|", "b|n", "|only"]
MANY = [*({"text": f"{number}"} for number in range(PEEK_ROWS)), {"text": "last", "note": "n"}]


def lines(rows: Iterable[JSON]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def plain_file(folder: Path) -> Path:
    (folder / "in.ndjson").write_text(lines(ROWS), encoding="utf-8")
    return folder / "in.ndjson"


def compressed_file(folder: Path) -> Path:
    (folder / "in.jsonl.gz").write_bytes(gzip.compress(lines(ROWS).encode()))
    return folder / "in.jsonl.gz"


def folder_of_files(folder: Path) -> Path:
    (folder / "in").mkdir()
    for number, row in enumerate(ROWS):
        (folder / f"in/{number}.jsonl").write_text(lines([row]), encoding="utf-8")
    return folder / "in"


SOURCES: dict[str, Callable[[Path], Any]] = {
    "file": plain_file,
    "compressed file": compressed_file,
    "folder": folder_of_files,
    "pattern": lambda folder: str(folder_of_files(folder) / "*.jsonl"),
    "list": lambda _: ROWS,
    "iterator": lambda _: iter(ROWS),
    "generator": lambda _: (row for row in ROWS),
}


@structkit.prompt(Literal["x", "y"])
def note_of(text: str, note: str | None) -> str:
    return f"{text}|{note or ''}"


@structkit.prompt(Literal["x", "y"])
def missing_of(text: str, notes: str) -> str:
    return f"{text}|{notes}"


def run_with(endpoint: Endpoint, source: Any, output: Path, prompt: Any, **settings: Any) -> Report:
    settings |= {"model": "fake", "base_url": endpoint.base_url, "api_key": "sk-test", "concurrency": 1}
    settings |= {"output_type": Literal["x", "y"], "call": {"policy": Policy(retries=0, attempts=1)}}
    return Job(source, output=output, prompt=prompt, **settings).run()


def run(source: Any, output: Path, prompt: Any, **settings: Any) -> tuple[Report, list[str]]:
    """Run a job; return its report and the prompts that it has sent, in the order of the rows."""
    with Endpoint() as endpoint:
        report = run_with(endpoint, source, output, prompt, **settings)
        return report, [str(request["messages"][-1]["content"]) for request in endpoint.requests]


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize(
    "prompt", ["{text}|{ note }", JinjaTemplate("{{ text }}|{{ note }}"), note_of.row_function], ids=type
)
def test_a_column_that_only_other_rows_have_is_an_empty_cell(tmp_path: Path, kind: str, prompt: Any) -> None:
    report, sent = run(SOURCES[kind](tmp_path), tmp_path / "out.jsonl", prompt)
    assert (report.counts, sent) == ({"done": 3}, PROMPTS)


def test_a_jinja_template_may_ask_for_such_a_cell(tmp_path: Path) -> None:
    for number, condition in enumerate(["note", "note is defined"]):
        prompt = JinjaTemplate(f"{{{{ text }}}}{{% if {condition} %}}|{{{{ note }}}}{{% endif %}}")
        assert run(ROWS[:2], tmp_path / f"{number}.jsonl", prompt)[1] == ["a", "b|n"]


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("{text} {notes}", r"asks for \{notes\}.* \(did you mean 'note'\?\)"),
        (JinjaTemplate("{{ text }} {{ notes }}"), "asks for 'notes', but the names are: 'text', 'note'"),
        (missing_of.row_function, "needs 'notes', but the columns of the input are: 'text', 'note'"),
    ],
    ids=["template", "jinja", "function"],
)
def test_a_column_that_no_row_has_is_an_error_before_anything_is_sent(
    tmp_path: Path, kind: str, prompt: Any, message: str
) -> None:
    with Endpoint() as endpoint, pytest.raises((PromptError, ConfigError), match=message):
        run_with(endpoint, SOURCES[kind](tmp_path), tmp_path / "out.jsonl", prompt)
    assert endpoint.requests == []
    assert run(ROWS, tmp_path / "out.jsonl", "{text}|{note}")[1] == PROMPTS


@pytest.mark.parametrize("source", [MANY, lambda: iter(MANY)], ids=["list", "stream"])
def test_the_column_may_first_be_in_a_row_far_down(tmp_path: Path, source: Any) -> None:
    rows = source() if callable(source) else source
    report, sent = run(rows, tmp_path / "out.jsonl", "{text}|{note}")
    assert (report.counts, sent[0], sent[-1]) == ({"done": len(MANY)}, "0|", "last|n")


class CountedRows(list[JSON]):
    """Rows that count how often they are read."""

    passes = 0

    def __iter__(self) -> Iterator[JSON]:
        self.passes += 1
        return super().__iter__()


def test_all_rows_are_read_once_more_only_if_the_first_ones_lack_a_column(tmp_path: Path) -> None:
    plain, absent = CountedRows(MANY), CountedRows(MANY)
    run(plain, tmp_path / "plain.jsonl", "{text}")
    run(absent, tmp_path / "absent.jsonl", "{text}|{note}")
    assert absent.passes == plain.passes + 1


def test_a_row_without_any_column_of_the_prompt_is_blank(tmp_path: Path) -> None:
    rows = [*ROWS, {"id": "4"}]
    report, sent = run(rows, tmp_path / "out.jsonl", "{text}|{note}")
    assert (report.counts, sent) == ({"done": 3, "skipped": 1}, PROMPTS)


def test_the_output_has_no_cell_that_the_input_lacks(tmp_path: Path) -> None:
    run(ROWS, tmp_path / "out.jsonl", "{text}|{note}")
    output_rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [{name: row[name] for name in row if name in {"text", "note"}} for row in output_rows] == ROWS


def test_rows_that_were_paid_for_are_not_sent_again_when_other_rows_bring_a_column(tmp_path: Path) -> None:
    first, rows = [{"text": "a", "note": "m"}, ROWS[1]], [{"text": "a", "note": "m"}, *ROWS]
    assert len(run(first, tmp_path / "out.jsonl", "{text}|{note}")[1]) == 2
    assert run(rows, tmp_path / "out.jsonl", "{text}|{note}")[1] == ["a|", "|only"]
    assert run(iter(rows), tmp_path / "out.jsonl", "{text}|{note}")[1] == []


def test_a_part_of_the_rows_needs_no_row_with_the_column(tmp_path: Path) -> None:
    sent = [run(ROWS, tmp_path / "out.jsonl", "{text}|{note}", part=f"{number}/3")[1] for number in (1, 2, 3)]
    assert sorted(prompt for part in sent for prompt in part) == sorted(PROMPTS)


def test_evidence_is_looked_for_as_beside_an_empty_cell(tmp_path: Path) -> None:
    rows: list[JSON] = [{"id": 1, "text": "x"}, {"id": 2, "text": "x", "note": None}, {"id": 3, "note": "n"}]
    settings: Any = {"evidence": True, "columns": ("evidence", "missing"), "key": "id"}
    run(rows, tmp_path / "out.jsonl", "{text}|{note}", **settings)
    absent, empty, _ = map(json.loads, (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines())
    assert [absent[name] for name in ("value", "evidence", "missing")] == [
        empty[name] for name in ("value", "evidence", "missing")
    ]
