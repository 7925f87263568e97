"""Parts of a job: together they have each row once, and joined they are the table of the whole job."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from structkit import ConfigError, Job, JobError
from structkit.batch.conversations import RowConversations
from structkit.batch.part_join import join_parts
from structkit.batch.parts import Part, part_number
from structkit.batch.selection import Selection
from structkit.cli.job_actions import count_remaining_rows, read_requests
from structkit.journal.reader import Reader
from structkit.tables.sources import open_source
from structkit.testing import Endpoint
from structkit.values import JSON


class Label(BaseModel):
    word: str
    size: int
    tags: list[str]


def reply(body: JSON) -> str:
    """Return a value made of the row."""
    text = str(body["messages"][-1]["content"])
    return json.dumps({"word": f"={text}", "size": len(text), "tags": [text, "x"] if len(text) > 6 else []})


def rows(count: int) -> list[JSON]:
    """Return rows with keys, some of which a spreadsheet would run."""
    return [{"id": f"{'=' if number % 7 == 0 else ''}k{number}", "text": f"row {number}"} for number in range(count)]


def write_csv(path: Path, table: list[JSON]) -> Path:
    """Write rows to a CSV file."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["id", "text"])
        writer.writeheader()
        writer.writerows(table)
    return path


Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Runs a job over `in.csv`, or a part of it, against an endpoint that counts its requests."""
    with Endpoint(reply) as endpoint:

        def start(output: str, part: Any = None, source: Any = None, **settings: Any) -> Any:
            base = {"output_type": Label, "prompt": "{text}", "key": "id", "model": "fake", "progress": False}
            base |= {"base_url": endpoint.base_url, "part": part}
            return Job(source or tmp_path / "in.csv", tmp_path / output, **{**base, **settings}).run()

        start.endpoint = endpoint  # type: ignore[attr-defined]
        yield start


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.jsonl.gz", "out.parquet", "out.xlsx", "out.sqlite"])
def test_joined_parts_are_the_table_of_the_whole_job(tmp_path: Path, run: Run, name: str) -> None:
    write_csv(tmp_path / "in.csv", rows(40))
    job = run(f"whole-{name}")
    for number in (3, 1, 2):
        run(name, (number, 3))
    assert len(run.endpoint.requests) == 80  # type: ignore[attr-defined]
    files = [*tmp_path.glob(f"{name}.part-*")]
    assert len(files) == 9, "outputs, manifests and journals"
    report = join_parts(files, tmp_path / name)
    assert (report.parts, report.rows, dict(report.counts)) == (3, 40, {"done": 40})
    assert _read(tmp_path / name) == _read(job.output)
    manifest = json.loads((tmp_path / f"{name}.manifest.json").read_text())
    assert (manifest["rows"], manifest["counts"], len(manifest["parts"])) == (40, {"done": 40}, 3)
    assert manifest["tokens"] == job.tokens


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.xlsx"])
@pytest.mark.parametrize("joined", ["all.csv", "all.jsonl", "all.xlsx"])
def test_parts_that_are_joined_in_another_format_have_the_formulas_of_that_format(
    tmp_path: Path, run: Run, name: str, joined: str
) -> None:
    write_csv(tmp_path / "in.csv", rows(10))
    for number in (1, 2):
        run(name, (number, 2))
    join_parts(tmp_path.glob(f"{name}.part-*"), tmp_path / joined)
    mark = "'" * joined.endswith("csv")
    cells = [(row.values["id"], row.values["word"]) for row in open_source(tmp_path / joined)]
    assert cells[0] == (f"{mark}=k0", f"{mark}=row 0")


@pytest.mark.parametrize("guard_formulas", ["output", "none"])
def test_an_apostrophe_of_the_input_stays_when_parts_that_do_not_guard_it_are_joined(
    tmp_path: Path, run: Run, guard_formulas: str
) -> None:
    write_csv(tmp_path / "in.csv", [{"id": "a", "text": "'=1+1"}, {"id": "b", "text": "=1"}, {"id": "c", "text": "x"}])
    for number in (1, 2):
        run("out.csv", (number, 2), guard_formulas=guard_formulas)
    join_parts(tmp_path.glob("out.csv.part-*"), tmp_path / "all.jsonl")
    assert [row["text"] for row in _read(tmp_path / "all.jsonl")] == ["'=1+1", "=1", "x"]


@pytest.mark.parametrize("joined", ["all.jsonl", "all.csv"])
@pytest.mark.parametrize("guards", [("all", "all"), ("all", "none"), ("none", "output")])
def test_a_key_of_the_input_that_has_an_apostrophe_is_found_in_its_part(
    tmp_path: Path, run: Run, joined: str, guards: tuple[str, str]
) -> None:
    write_csv(tmp_path / "in.csv", [{"id": f"'=k{number}", "text": "x"} for number in range(8)])
    for number, guard_formulas in enumerate(guards, 1):
        run("out.csv", (number, 2), guard_formulas=guard_formulas)
    assert join_parts(tmp_path.glob("out.csv.part-*"), tmp_path / joined).rows == 8


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out", "out.xlsx"])
def test_cells_of_the_input_are_in_the_joined_table_as_they_are_in_that_of_one_process(
    tmp_path: Path, run: Run, name: str
) -> None:
    cells = ['"\'=1+1"', "1.10", "null", '"\\u2028\\"id\\":\\"k\\""', '{"id": "k"}', "[]"]
    lines = [f'{{"cell": {cell}, "id": {number}, "text": "row"}}\n' for number, cell in enumerate(cells)]
    (tmp_path / "in.jsonl").write_text("".join([*lines, '{"id": 9, "text": "late", "b": true}\n']))
    job = run(f"whole-{name}" if "." in name else "whole", source=tmp_path / "in.jsonl")
    for number in (1, 2):
        run(name, (number, 2), source=tmp_path / "in.jsonl")
    join_parts(tmp_path.glob(f"{name}.part-*"), tmp_path / name)
    assert _read(tmp_path / name) == _read(job.output)
    if name == "out.jsonl":
        assert (tmp_path / name).read_bytes() == job.output.read_bytes()


def test_parts_of_an_older_version_are_joined_whatever_their_line_ends(tmp_path: Path, run: Run) -> None:
    write_csv(tmp_path / "in.csv", rows(10))
    for number in (1, 2):
        run("out.jsonl", (number, 2))
        part = tmp_path / f"out.jsonl.part-{number}-of-2"
        part.write_bytes(part.read_bytes().rstrip().replace(b"\n", b"\r\n\n"))
        manifest = tmp_path / f"{part.name}.manifest.json"  # that of an older version has no hash
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "output_sha256": None}))
    join_parts(tmp_path.glob("out.jsonl.part-*"), tmp_path / "out.jsonl")
    lines = (tmp_path / "out.jsonl").read_bytes().split(b"\n")
    assert [json.loads(line)["id"] for line in lines[:-1]] == [row["id"] for row in rows(10)]
    assert lines[-1] == b""
    assert b"\r" not in b"".join(lines)


@pytest.mark.parametrize("joined", ["all.jsonl", "all.csv"])
def test_parts_with_different_columns_are_joined_with_all_of_them(tmp_path: Path, run: Run, joined: str) -> None:
    write_csv(tmp_path / "in.csv", rows(10))
    run("out.jsonl", (1, 2), columns=("status",))
    run("out.jsonl", (2, 2), columns=("status", "attempts"))
    join_parts(tmp_path.glob("out.jsonl.part-*"), tmp_path / joined)
    attempts = {row["id"]: row.get("attempts") or None for row in _read(tmp_path / joined)}
    assert {key.lstrip("'"): str(number) for key, number in attempts.items()} == {
        row["id"]: "1" if part_number(row["id"], 2) == 2 else "None" for row in rows(10)
    }


CELLS = st.one_of(st.none(), st.integers(-9, 9), st.text(max_size=4), st.booleans())


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=st.lists(st.dictionaries(st.sampled_from(["text", "b", "c"]), CELLS, min_size=1), min_size=1, max_size=8),
    total=st.integers(1, 4),
    suffix=st.sampled_from(["csv", "jsonl"]),
    limit=st.none() | st.integers(1, 12),
)
def test_joined_parts_have_the_rows_the_order_and_the_columns_of_one_process(
    run: Run, table: list[JSON], total: int, suffix: str, limit: int | None
) -> None:
    with TemporaryDirectory() as folder:
        source, output = Path(folder, "in.jsonl"), Path(folder, f"out.{suffix}")
        source.write_text("".join(f"{json.dumps({'id': number, **row})}\n" for number, row in enumerate(table)))
        shared: Any = {"source": source, "prompt": "Row {id}", "limit": limit}
        job = run(f"{folder}/one.{suffix}", **shared)
        for number in range(1, total + 1):
            run(str(output), (number, total), **shared)
        join_parts(Path(folder).glob(f"{output.name}.part-*"), output)
        assert output.read_bytes() == job.output.read_bytes()


def _read(path: Path | None) -> list[JSON]:
    return [dict(record.values) for record in open_source(path)]


@given(st.text(min_size=1), st.integers(1, 50))
def test_every_key_belongs_to_exactly_one_part(key: str, total: int) -> None:
    assert sum(Part(number, total).has_key(key) for number in range(1, total + 1)) == 1
    assert 1 <= part_number(key, total) <= total


def test_parts_are_about_equally_large() -> None:
    sizes = [sum(part_number(f"key {key}", 8) == number for key in range(8_000)) for number in range(1, 9)]
    assert min(sizes) > 850


def test_rows_that_are_added_or_moved_change_no_other_row_s_part(tmp_path: Path, run: Run) -> None:
    write_csv(tmp_path / "in.csv", rows(20))
    for number in (1, 2):
        run("out.csv", (number, 2))
    write_csv(tmp_path / "in.csv", [{"id": "new", "text": "row new"}, *reversed(rows(20))])
    for number in (1, 2):
        run("out.csv", (number, 2))
    assert len(run.endpoint.requests) == 21, "only the new row is asked"  # type: ignore[attr-defined]
    report = join_parts(tmp_path.glob("out.csv.part-*"), tmp_path / "out.csv")
    assert report.rows == 21
    assert [row["text"] for row in _read(tmp_path / "out.csv")][:2] == ["row new", "row 19"]


def test_a_row_of_another_part_is_not_looked_up_in_the_journal_of_a_part(tmp_path: Path, run: Run) -> None:
    write_csv(tmp_path / "in.csv", rows(30))
    report = run("out.csv", (1, 2))
    source, selection = open_source(tmp_path / "in.csv", key="id"), Selection(None, part=Part(1, 2))
    reader = Reader(report.output.with_name(f"{report.output.name}.job"))
    matches = [*selection.match(source, reader)]
    assert [record.key for record, _ in matches] == [row["id"] for row in rows(30) if part_number(row["id"], 2) == 1]
    assert all(row and row.state == "done" and record.ordinal == record.row - 1 for record, row in matches)


def test_a_limit_and_a_sample_are_those_of_the_whole_job(tmp_path: Path, run: Run) -> None:
    write_csv(tmp_path / "in.csv", rows(60))
    job = run("whole.csv", limit=50, sample=20)
    for number in (1, 2, 3):
        run("out.csv", f"{number}/3", limit=50, sample=20)
    join_parts(tmp_path.glob("out.csv.part-*"), tmp_path / "out.csv")
    assert _read(tmp_path / "out.csv") == _read(job.output)


def test_a_table_with_a_row_for_each_item_is_joined_by_its_key(tmp_path: Path, run: Run) -> None:
    write_csv(tmp_path / "in.csv", rows(12))
    job = run("whole.csv", items="tags")
    for number in (1, 2):
        run("out.csv", (number, 2), items="tags")
    join_parts(tmp_path.glob("out.csv.part-*"), tmp_path / "out.csv")
    assert _read(tmp_path / "out.csv") == _read(job.output)


def test_rows_without_a_key_are_joined_by_their_order(tmp_path: Path, run: Run) -> None:
    write_csv(tmp_path / "in.csv", [*rows(10), *rows(3)])
    job = run("whole.csv", key=None)
    for number in (1, 2):
        run("out.csv", (number, 2), key=None)
    join_parts(tmp_path.glob("out.csv.part-*"), tmp_path / "out.csv")
    assert _read(tmp_path / "out.csv") == _read(job.output)


def test_parts_of_rows_in_memory_are_joined_with_the_rows(tmp_path: Path, run: Run) -> None:
    for number in (1, 2):
        run("out.jsonl", (number, 2), source=rows(10))
    with pytest.raises(JobError, match="name it \\(--input\\)"):
        join_parts(tmp_path.glob("out.jsonl.part-*"), tmp_path / "out.jsonl")
    assert join_parts(tmp_path.glob("out.jsonl.part-*"), tmp_path / "out.jsonl", rows(10)).rows == 10


def test_parts_that_do_not_make_a_whole_are_refused(tmp_path: Path, run: Run) -> None:
    write_csv(tmp_path / "in.csv", rows(20))

    def join(*files: str) -> None:
        join_parts([tmp_path / file for file in files], tmp_path / "out.csv")

    for number in (1, 2):
        run("out.csv", (number, 2))
    one, two = "out.csv.part-1-of-2", "out.csv.part-2-of-2"
    with pytest.raises(ConfigError, match="is in the journal of a job"):
        join_parts([tmp_path / one, tmp_path / two], tmp_path / f"{one}.job" / "job.db", overwrite=True)
    with pytest.raises(JobError, match="of 2 parts, these are missing: 2"):
        join(one)
    with pytest.raises(JobError, match="no file is a part"):
        join("in.csv")
    (tmp_path / "copy").mkdir()
    for file in (two, f"{two}.manifest.json"):
        (tmp_path / "copy" / file).write_bytes((tmp_path / file).read_bytes())
    with pytest.raises(JobError, match="part 2 is there twice"):
        join(one, two, f"copy/{two}")
    run("other.csv", (1, 3))
    with pytest.raises(JobError, match=r"one of 2 parts, .* one of 3"):
        join(one, two, "other.csv.part-1-of-3")
    run("out.csv", (2, 2), prompt="Other: {text}", on_change="new")
    with pytest.raises(JobError, match="part of another job"):
        join(one, two)
    assert not (tmp_path / "out.csv").exists()


def test_an_input_that_has_changed_is_refused(tmp_path: Path, run: Run) -> None:
    write_csv(tmp_path / "in.csv", rows(20))
    for number in (1, 2):
        run("out.csv", (number, 2))
    write_csv(tmp_path / "in.csv", rows(21))
    with pytest.raises(JobError, match="has changed since the parts were run"):
        join_parts(tmp_path.glob("out.csv.part-*"), tmp_path / "out.csv")
    run("out.csv", (2, 2))
    with pytest.raises(JobError, match="part of another input"):
        join_parts(tmp_path.glob("out.csv.part-*"), tmp_path / "out.csv")


@pytest.mark.parametrize(
    "damage", ["a row less", "a row more", "another row", "another status", "another value", "no manifest"]
)
def test_a_part_that_was_changed_by_hand_is_refused(tmp_path: Path, run: Run, damage: str) -> None:
    write_csv(tmp_path / "in.csv", rows(20))
    for number in (1, 2):
        run("out.csv", (number, 2))
    part = tmp_path / "out.csv.part-1-of-2"
    lines = part.read_bytes().decode().splitlines(keepends=True)
    if damage == "no manifest":
        (tmp_path / f"{part.name}.manifest.json").unlink()
    changed = {
        "a row less": lines[:-1],
        "a row more": [*lines, lines[-1]],
        "another row": [lines[0], *reversed(lines[1:])],
        "another status": [line.replace("done", "failed") for line in lines],
        "another value": [*lines[:-1], lines[-1].replace("row", "raw")],
        "no manifest": lines,
    }
    original = part.read_bytes()
    part.write_text("".join(changed[damage]), newline="")
    assert (part.read_bytes() == original) == (damage == "no manifest")
    with pytest.raises(JobError, match="part-1-of-2"):
        join_parts(tmp_path.glob("out.csv.part-*"), tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("part", [(0, 3), (4, 3), (1, 0), "1", "1/", "x/2", "0/2", 3, (1, 2, 3), (1.0, 2), (True, 2)])
def test_what_is_no_part_is_an_error(tmp_path: Path, part: Any) -> None:
    with pytest.raises(ConfigError, match="such as 3/8"):
        Job([{"text": "x"}], tmp_path / "out.csv", output_type=int, prompt="{text}", part=part)


def test_parts_with_a_row_for_each_item_need_a_key_before_anything_is_paid(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"needs key \(--key\): the rows of an item are joined by it"):
        Job(
            [{"text": "x"}], tmp_path / "out.csv", output_type=list[int], prompt="{text}", part=(1, 2), items="value"
        ).run()


def test_a_part_needs_an_output() -> None:
    with pytest.raises(ConfigError, match="needs an output"):
        Job([{"text": "x"}], None, output_type=int, prompt="{text}", part=(1, 2))


def test_a_preview_and_the_progress_count_the_rows_of_the_part(tmp_path: Path) -> None:
    write_csv(tmp_path / "in.csv", rows(40))
    settings: dict[str, Any] = {"output_type": Label, "prompt": "{text}", "key": "id", "model": "fake"}
    job = Job(tmp_path / "in.csv", tmp_path / "o.csv", part=(1, 4), base_url="http://127.0.0.1:9", **settings)
    count, requests = asyncio.run(read_requests(RowConversations(job)))
    expected = sum(part_number(row["id"], 4) == 1 for row in rows(40))
    assert (count, len(requests)) == (expected, expected)
    assert count_remaining_rows(job) == 10


@pytest.mark.parametrize("field", ["rows", "counts", "errors", "tokens", "spend", "ambiguous", "started_at", "seconds"])
@pytest.mark.parametrize("value", ["\x1b[31m", True, {"a": []}, [1]])
def test_a_manifest_that_is_damaged_is_an_error_before_anything_is_written(
    tmp_path: Path, run: Run, field: str, value: Any
) -> None:
    write_csv(tmp_path / "in.csv", rows(4))
    for number in (1, 2):
        run("out.csv", (number, 2))
    path = tmp_path / "out.csv.part-2-of-2.manifest.json"
    damaged = {**json.loads(path.read_text()), field: value}
    for text in (json.dumps(damaged), "[" * 200_000):
        path.write_text(text)
        with pytest.raises(JobError, match=r"part-2-of-2 has no manifest of a part, .*: run the part to its end"):
            join_parts([*tmp_path.glob("out.csv.part-*")], tmp_path / "all.csv")
        assert not (tmp_path / "all.csv").exists()


@pytest.mark.parametrize(("first", "second"), [(None, "id"), ("id", None), ("id", "text")])
def test_a_part_whose_rows_another_key_would_choose_stops_before_anything_is_paid_again(
    tmp_path: Path, run: Run, first: str | None, second: str | None
) -> None:
    write_csv(tmp_path / "in.csv", rows(12))
    run("out.csv", (1, 2), key=first)
    count = len(run.endpoint.requests)  # type: ignore[attr-defined]
    message = "run it without key" if first is None else f"run it with key='{first}'"
    with pytest.raises(JobError, match=f"belong to other parts by this key, .*: {message}"):
        run("out.csv", (1, 2), key=second)
    assert run("out.csv", (1, 2), key=first).status == "complete"
    assert len(run.endpoint.requests) == count  # type: ignore[attr-defined]


@pytest.mark.parametrize(("first", "second"), [((1, 2), (1, 3)), (None, (1, 2)), ((1, 2), None)])
def test_a_job_in_another_number_of_parts_stops_before_anything_is_paid_again(
    tmp_path: Path, run: Run, first: Any, second: Any
) -> None:
    write_csv(tmp_path / "in.csv", rows(12))
    run("out.csv", first)
    count = len(run.endpoint.requests)  # type: ignore[attr-defined]
    message = "run it without" if first is None else r"run it with .* or part=\"N/2\""
    with pytest.raises(JobError, match=f"would be paid for again: {message}"):
        run("out.csv", second)
    assert run("out.csv", first).status == "complete"
    assert len(run.endpoint.requests) == count  # type: ignore[attr-defined]


@pytest.mark.parametrize("on_change", ["mix", "new"])
def test_a_part_goes_on_with_another_key_if_its_change_is_accepted(tmp_path: Path, run: Run, on_change: str) -> None:
    write_csv(tmp_path / "in.csv", rows(12))
    run("out.csv", (1, 2), key=None)
    first_count = len(run.endpoint.requests)  # type: ignore[attr-defined]
    expected = {row["id"] for row in rows(12) if part_number(row["id"], 2) == 1}
    for _ in range(2):
        assert run("out.csv", (1, 2), on_change=on_change).rows == len(expected)
    sent_again = len(run.endpoint.requests) - first_count  # type: ignore[attr-defined]
    assert sent_again == len(expected) if on_change == "new" else 0 < sent_again < len(expected)


def test_a_part_is_exported_before_it_has_an_output_and_the_manifest_has_the_hash_of_the_export(
    tmp_path: Path, run: Run
) -> None:
    write_csv(tmp_path / "in.csv", rows(6))
    run("out.csv", (1, 1))
    job = Job(tmp_path / "in.csv", tmp_path / "out.csv", output_type=Label, prompt="{text}", key="id", model="fake",
              base_url=run.endpoint.base_url, part=(1, 1))  # type: ignore[attr-defined]  # fmt: skip
    job.output_path.unlink()
    assert job.export(tmp_path / "copy.jsonl").rows == 6
    manifest = json.loads((tmp_path / "copy.jsonl.manifest.json").read_text())
    assert manifest["output_sha256"] == sha256((tmp_path / "copy.jsonl").read_bytes()).hexdigest()
