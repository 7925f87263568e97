"""Each benchmark is a command that runs and prints its table; the figures themselves are not tested."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def tables(name: str, *options: str) -> list[list[list[str]]]:
    """Return the rows, without the header, of each table that a benchmark prints."""
    command = [sys.executable, str(ROOT / "benchmarks" / name), *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr  # stderr may report the download of the embedded model
    blocks = re.findall(r"(?:^\|.*\n)+", done.stdout, re.MULTILINE)
    parsed = [[line.strip("|").split("|") for line in block.splitlines()] for block in blocks]
    assert all(len({len(cells) for cells in rows}) == 1 for rows in parsed), "every row has all cells"
    return [[[cell.strip() for cell in cells] for cells in rows[2:]] for rows in parsed]


def table(name: str, *options: str) -> list[list[str]]:
    """Return the rows of the only table."""
    (rows,) = tables(name, *options)
    return rows


def test_the_reask_benchmark_measures_every_case_in_every_mode() -> None:
    rows = table("reask.py", "--rows", "50")
    assert len({(case, mode) for case, mode, *_ in rows}) == len(rows) == 15
    for case, _, requests, _, sent, rewritten, *_ in rows:
        share = float(rewritten.rstrip("%"))
        assert requests == "2"
        if case == "one value":
            assert int(sent.replace(",", "")) <= 1500
            assert share <= 5
        assert share <= 10


def test_the_fold_benchmark_measures_every_reply() -> None:
    rows = table("fold.py", "--rounds", "1")
    assert [name for name, *_ in rows] == ["a flat record", "a bill with one line"]
    assert all(cell.endswith(" µs") for _, *cells in rows for cell in cells)


@pytest.mark.skipif(find_spec("xllamacpp") is None, reason="needs the extra local")
def test_the_confidence_benchmark_has_a_row_for_each_field() -> None:
    [rows] = tables("confidence.py", "--texts", "1")
    assert [name for name, *_ in rows] == ["Person.name", "Person.city", "Person.age", "Person.employer"]
    assert all(count == "1" for _, count, *_ in rows)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("xllamacpp") is None, reason="needs the extra local")
def test_the_benchmark_of_right_fields_has_a_row_for_each_way_and_reads_stored_replies(tmp_path: Path) -> None:
    names = ["the bare constrained call", "structkit"]
    options = ["--texts", "1", "--ways", *names, "--replies", str(tmp_path / "replies.jsonl")]
    rows = table("right.py", *options)
    assert [name for name, *_ in rows] == names
    for _, valid, right, *_, tokens, _ in rows:
        assert (valid, right.endswith(" of 4")) == ("1 of 1", True)
        assert int(tokens) > 0
    assert table("right.py", *options) == rows


def test_the_trust_benchmark_measures_alignment_intervals_p_and_speed() -> None:
    alignment, coverage, p_values, speed = tables("trust.py", "--quick")
    assert alignment == [["random lists", "50 of 50"]]
    assert all(0 <= float(cell.rstrip("%")) <= 100 for _, *cells in coverage for cell in cells)
    assert [name for name, *_ in coverage] == [name for name, *_ in p_values]
    assert len(speed) == 4


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_the_labelling_benchmark_finds_no_row_lost_or_paid_for_twice() -> None:
    measured = {name: figure for name, *_, figure in table("labelling.py", "--quick", "--rows", "500")}
    assert len(measured) == 20
    for nothing in (
        "rows lost after kill -9",
        "answered rows paid for twice after it",
        "two processes on one job: rows paid for twice",
        "rows failed in it",
    ):
        assert measured[nothing] == "0"
    assert measured["the second one is"] == "rejected"
    assert measured["one row of 500 edited: requests"] == "1"


def test_the_comparison_measures_the_baseline_and_structkit() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_bytes()
    calls, streams = tables("compare.py", "--quick", "--here", "--only", "structkit")
    for rows in (calls, streams):
        assert [name for name, *_ in rows] == ["baseline", "structkit"]
    ratio = re.compile(r"[\d.,]+ \([\d.,]+\u2013[\d.,]+\)")
    _, _, imported, *ratios, rate = calls[1]
    assert imported.endswith(" ms")
    assert rate.endswith("%)")
    assert all(ratio.fullmatch(cell) for cell in ratios)
    assert streams[0][1] == "1"
    assert (ROOT / "docs" / "benchmarks.md").read_bytes() == page, "--quick writes nothing"


def test_the_comparison_rejects_an_unknown_library() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "compare.py"), "--only", "nothing"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "no such library: nothing" in done.stderr


@pytest.mark.parametrize(
    ("subject", "cases", "counts"),
    [
        ("types", 20, ["types", "values"]),
        ("replies", 20, ["harmless changes", "truncated", "scrambled", "damaged bodies", "damaged events"]),
        ("patterns", 20, ["schemas", "replies"]),
        ("files", 40, ["damaged jobs", "damaged routes"]),
        ("secrets", 40, ["run, sync", "run, async"]),
        ("endpoints", 30, ["errors to clients", "errors to jobs", "errors to echoes"]),
    ],
)
def test_fuzzing_tries_each_subject_and_finds_nothing(subject: str, cases: int, counts: list[str]) -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "fuzz.py"), "--only", subject, "--cases", str(cases)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [*command, "--seed", "1"], env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 counterexamples" in done.stdout
    assert {*counts} <= {*re.findall(r"^ +[\d,]+ (.*)$", done.stdout, re.MULTILINE)}


def test_the_documents_benchmark_measures_every_kind_and_keeps_the_rows_of_an_invoice() -> None:
    kinds, libraries = tables("documents.py", "--pages", "2", "--rounds", "1")
    assert [name for name, *_ in kinds] == ["a.pdf", "a.docx", "a.pptx", "a.xlsx", "a.html", "a.txt"]
    assert libraries[0][0] == "structkit"
    assert libraries[0][2] == "3 of 3"


@pytest.mark.local
def test_the_prompt_mode_benchmark_counts_the_results_of_its_texts() -> None:
    if find_spec("xllamacpp") is None:
        pytest.skip("xllamacpp is not installed: pip install 'structkit-llm[local]'")
    (row,) = table("prompt_mode.py", "--texts", "1", "--settings", "json_schema (grammar)")
    assert row[1].endswith("of 6")
    assert int(row[6].replace(",", "")) > 0


def test_the_partials_benchmark_measures_every_reply_at_every_size() -> None:
    rows = table("partials.py", "--rows", "20", "40", "--rounds", "1")
    assert [name for name, *_ in rows] == ["list", "list", "model", "model", "text", "text"]
    assert all(cell.endswith(" s") for _, _, *seconds in rows for cell in seconds[:3])


def test_the_definitions_benchmark_measures_the_growth() -> None:
    rows = table("definitions.py", "--models", "5", "10", "--rounds", "1")
    assert [models for models, *_ in rows] == ["5", "10"]
    assert float(rows[1][2]) == float(rows[1][2])


def test_the_wire_size_benchmark_measures_ten_types_as_types_and_as_schemas() -> None:
    *rows, (_, *totals) = table("wire_size.py", "--here")
    assert len(rows) == 10
    as_type, as_schema, as_open_schema = (int(total.replace(",", "")) for total in totals)
    assert max(as_type, as_schema) < 1_384, "pydantic-ai's size"
    assert as_open_schema > as_schema


def test_the_benchmark_of_long_texts_finds_every_record_once() -> None:
    *lists, [lease] = tables("long.py", "--records", "300", "--leases", "2")
    assert lease[0] == "24 of 24"
    assert len(lists) == 2
    for rows in lists:
        every_item, distinct_items, owned_items = rows
        assert int(every_item[1]) > 300 > int(distinct_items[1])
        assert owned_items[1:] == ["300", "1.0000", "1.0000"]


def test_the_benchmark_of_batch_api_kills_loses_no_row_and_pays_for_none_twice() -> None:
    moments = ("before anything is sent", "POST /batches, accepted, no reply")
    rows = table("batch_api_kills.py", "--rows", "10", "--only", *moments)
    assert [cells[:4] for cells in rows] == [[moment, "0", "0", "0"] for moment in moments]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_the_benchmark_of_engines_has_a_row_for_each_figure_and_loses_nothing() -> None:
    rows = {name: figure for name, *_, figure in table("engines.py")}
    assert len(rows) == 19
    assert [figure for name, figure in rows.items() if name.startswith("Batch API")] == ["0 / 0"]
    assert rows["rows that the report calls ambiguous"] == "0"
