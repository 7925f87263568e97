"""Tables of SQLite whose indexes have a collation of the program that made them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from structkit.tables.sources import open_source


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE t (id INTEGER, x TEXT)", "CREATE INDEX i ON t (x COLLATE localized)"],
        ["CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT COLLATE localized UNIQUE)"],
    ],
)
def test_a_table_whose_index_has_a_collation_of_another_program_is_read(tmp_path: Path, statements: list[str]) -> None:
    path = tmp_path / "rows.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.create_collation("localized", lambda one, other: (one > other) - (one < other))
        for statement in [*statements, "INSERT INTO t VALUES (1, 'a')"]:
            connection.execute(statement)
        connection.commit()
    assert [record.values for record in open_source(path)] == [{"id": 1, "x": "a"}]
