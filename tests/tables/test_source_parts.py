"""Sources that are read for a part of their rows: every pass has the same rows, and later ones parse no others."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from structkit.errors import JobError
from structkit.tables.files import Input
from structkit.tables.formats.jsonl import JSONL
from structkit.tables.sources import open_source

ROWS = [
    {"id": str(number), "text": f"row {number}\n\nof 9"} | ({"b": "x"} if number == 8 else {}) for number in range(9)
]


def has_key(key: str) -> bool:
    """Return whether a row is one of the part, by its key or by the digest that stands for one."""
    return key[-1] in "0235689"


def write_jsonl(folder: Path) -> Path:
    """Write the rows, with blank lines between them."""
    path = folder / "in.jsonl"
    path.write_text("\n".join(f"{json.dumps(row)}\n" for row in ROWS))
    return path


def write_gzip(folder: Path) -> Path:
    """Write the rows into a compressed file."""
    path = folder / "in.jsonl.gz"
    path.write_bytes(gzip.compress("".join(f"{json.dumps(row)}\n" for row in ROWS).encode()))
    return path


def write_csv(folder: Path) -> Path:
    """Write the rows, each of which is three lines."""
    path = folder / "in.csv"
    path.write_text("id,text\n" + "".join(f'{row["id"]},"{row["text"]}"\n' for row in ROWS))
    return path


def write_folder(folder: Path) -> Path:
    """Write two files that are one table."""
    (folder / "in").mkdir()
    for name, rows in {"a": ROWS[:5], "b": ROWS[5:]}.items():
        (folder / "in" / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return folder / "in"


@pytest.mark.parametrize("key", ["id", None])
@pytest.mark.parametrize("write", [write_jsonl, write_gzip, write_csv, write_folder, lambda _: ROWS])
def test_each_pass_over_a_part_has_the_same_rows(tmp_path: Path, write: Callable[[Path], Any], key: str | None) -> None:
    rows = write(tmp_path)
    expected = [record if has_key(record.key) else None for record in open_source(rows, key=key)]
    assert {record is None for record in expected} == {True, False}
    source = open_source(rows, key=key)
    for _ in range(3):
        assert [*source.read_part(has_key)] == expected
    assert [record.key for record in source] == [record.key for record in open_source(rows, key=key)]


def test_the_columns_of_a_part_are_those_of_all_rows(tmp_path: Path) -> None:
    source = open_source(write_jsonl(tmp_path), key="id")
    for _ in range(2):
        assert [record.key for record in source.read_part(lambda key: key == "0") if record] == ["0"]
        assert source.columns == ("id", "text", "b")


def test_jsonl_leaves_out_the_cells_that_nobody_needs(tmp_path: Path) -> None:
    place = Input("in.jsonl", write_jsonl(tmp_path), needed_rows=bytes([0, 1, 0, 0]))
    assert [row.values for row in JSONL.read(place).rows] == [{}, ROWS[1], {}, {}, *ROWS[4:]]


def test_a_pass_that_was_not_complete_decides_nothing(tmp_path: Path) -> None:
    source = open_source(write_jsonl(tmp_path), key="id")
    assert next(iter(source.read_part(has_key))) is not None
    assert [record.key for record in source.read_part(has_key) if record] == ["0", "2", "3", "5", "6", "8"]


def test_a_duplicate_key_of_another_part_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("id\n0\n1\n1\n")
    with pytest.raises(JobError, match=r"duplicate key '1' \(lines 3 and 4\)"):
        list(open_source(path, key="id").read_part(has_key))


def test_a_file_that_changes_between_two_passes_over_a_part_is_an_error(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path)
    source = open_source(path, key="id")
    assert sum(1 for _ in source.read_part(has_key)) == len(ROWS)
    path.write_text(path.read_text() + '{"id": "20"}\n')
    with pytest.raises(JobError, match="has changed"):
        list(source.read_part(has_key))


def test_rows_in_memory_may_change_between_two_passes_over_a_part() -> None:
    rows = [{"id": "0"}, {"id": "1"}]
    source = open_source(rows, key="id")
    assert [record.key for record in source.read_part(has_key) if record] == ["0"]
    rows.reverse()
    assert [record and record.row for record in source.read_part(has_key)] == [None, 2]
