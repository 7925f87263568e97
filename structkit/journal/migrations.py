"""The tables of a journal's files, version by version."""

from __future__ import annotations

import sqlite3

from structkit.journal.database import Migration

SHARD_TABLES = (
    # The state of a row. `since` is the id of the first exchange that counts: earlier ones belong to other content of
    # the row, or are ignored since it was reopened.
    """
    CREATE TABLE rows (
        ordinal INTEGER PRIMARY KEY, key TEXT NOT NULL, digest TEXT NOT NULL, state TEXT,
        since INTEGER NOT NULL DEFAULT 0, outcome BLOB
    )
    """,
    # An index of the unfinished rows only: finished rows do not slow down the search for them.
    "CREATE INDEX open_rows ON rows (ordinal) WHERE state IS NULL",
    # Requests without a reply. A row leaves this table only with its reply, so that lost requests can be listed.
    """
    CREATE TABLE waiting (
        id INTEGER PRIMARY KEY, ordinal INTEGER NOT NULL, number INTEGER NOT NULL, request TEXT NOT NULL,
        run INTEGER NOT NULL
    )
    """,
    "CREATE INDEX waiting_rows ON waiting (ordinal)",
    # Requests with their replies. Never changed: a reply that was paid for is not deleted.
    """
    CREATE TABLE exchanges (
        id INTEGER PRIMARY KEY, ordinal INTEGER NOT NULL, number INTEGER NOT NULL, request TEXT NOT NULL,
        run INTEGER NOT NULL, kind TEXT NOT NULL, retries INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL,
        completion_tokens INTEGER NOT NULL, total_tokens INTEGER NOT NULL, unreported INTEGER NOT NULL, body BLOB
    )
    """,
    "CREATE INDEX exchanges_rows ON exchanges (ordinal)",
    # Sums that triggers update in the same transactions: a million rows need not be read to be counted.
    "CREATE TABLE counts (state TEXT PRIMARY KEY, rows INTEGER NOT NULL) WITHOUT ROWID",
    "INSERT INTO counts VALUES ('done', 0), ('failed', 0), ('held', 0), ('skipped', 0), ('open', 0)",
    """
    CREATE TRIGGER row_known AFTER INSERT ON rows BEGIN
        UPDATE counts SET rows = rows + 1 WHERE state = coalesce(new.state, 'open');
    END
    """,
    """
    CREATE TRIGGER row_changed AFTER UPDATE OF state ON rows WHEN old.state IS NOT new.state BEGIN
        UPDATE counts SET rows = rows - 1 WHERE state = coalesce(old.state, 'open');
        UPDATE counts SET rows = rows + 1 WHERE state = coalesce(new.state, 'open');
    END
    """,
    "CREATE TABLE spent (prompt_tokens INTEGER, completion_tokens INTEGER, total_tokens INTEGER, unreported INTEGER)",
    "INSERT INTO spent VALUES (0, 0, 0, 0)",
    """
    CREATE TRIGGER exchange_paid AFTER INSERT ON exchanges BEGIN
        UPDATE spent SET
            prompt_tokens = prompt_tokens + new.prompt_tokens,
            completion_tokens = completion_tokens + new.completion_tokens,
            total_tokens = total_tokens + new.total_tokens,
            unreported = unreported + new.unreported;
    END
    """,
)

COSTS = (
    # The cost that a reply reported, in billionths. `told` is the number of replies that reported one; the `bare`
    # columns are sums over the others: their tokens, their number, and how many of them reported no tokens either.
    "ALTER TABLE exchanges ADD COLUMN cost INTEGER",
    "ALTER TABLE spent RENAME TO spent_before",
    """
    CREATE TABLE spent (
        prompt_tokens INTEGER, completion_tokens INTEGER, total_tokens INTEGER, unreported INTEGER,
        cost INTEGER, told INTEGER, bare_prompt INTEGER, bare_completion INTEGER, bare INTEGER, bare_unreported INTEGER
    )
    """,
    """
    INSERT INTO spent SELECT *, 0, 0, prompt_tokens, completion_tokens,
        (SELECT count(*) FROM exchanges WHERE kind = 'completion' OR total_tokens + unreported > 0), unreported
    FROM spent_before
    """,
    "DROP TRIGGER exchange_paid",
    "DROP TABLE spent_before",
    """
    CREATE TRIGGER exchange_paid AFTER INSERT ON exchanges BEGIN
        UPDATE spent SET
            prompt_tokens = prompt_tokens + new.prompt_tokens,
            completion_tokens = completion_tokens + new.completion_tokens,
            total_tokens = total_tokens + new.total_tokens,
            unreported = unreported + new.unreported;
        UPDATE spent SET cost = cost + new.cost, told = told + 1 WHERE new.cost IS NOT NULL;
        UPDATE spent SET
            bare_prompt = bare_prompt + new.prompt_tokens,
            bare_completion = bare_completion + new.completion_tokens,
            bare = bare + (new.kind = 'completion' OR new.total_tokens + new.unreported > 0),
            bare_unreported = bare_unreported + new.unreported
        WHERE new.cost IS NULL;
    END
    """,
)

RESERVATIONS = (
    # The maximum tokens of a request, stored with its intent; the sums are over requests with unreported tokens.
    "ALTER TABLE waiting ADD COLUMN max_prompt INTEGER",
    "ALTER TABLE waiting ADD COLUMN max_completion INTEGER",
    "ALTER TABLE exchanges ADD COLUMN max_prompt INTEGER",
    "ALTER TABLE exchanges ADD COLUMN max_completion INTEGER",
    "ALTER TABLE spent ADD COLUMN reserved INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE spent ADD COLUMN reserved_prompt INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE spent ADD COLUMN reserved_completion INTEGER NOT NULL DEFAULT 0",
    """
    CREATE TRIGGER exchange_reserved AFTER INSERT ON exchanges
    WHEN new.cost IS NULL AND new.unreported > 0 AND new.max_completion IS NOT NULL BEGIN
        UPDATE spent SET
            bare_prompt = bare_prompt - new.prompt_tokens,
            bare_completion = bare_completion - new.completion_tokens,
            reserved = reserved + new.unreported,
            reserved_prompt = reserved_prompt + new.max_prompt,
            reserved_completion = reserved_completion + new.max_completion;
    END
    """,
)

TOOL_RUNS = (
    # The finished calls of tools, in the order of their ids; the id is one of the same sequence as those of exchanges.
    """
    CREATE TABLE tool_runs (
        id INTEGER PRIMARY KEY, ordinal INTEGER NOT NULL, number INTEGER NOT NULL, call TEXT NOT NULL,
        body BLOB NOT NULL
    )
    """,
    "CREATE INDEX tool_runs_rows ON tool_runs (ordinal)",
)

BATCHES = (
    # The key of the batch in which a request went out; null if it went out alone.
    "ALTER TABLE waiting ADD COLUMN batch TEXT",
)

IDS = (
    # An id of the file itself: one that was exchanged is noticed before its rows are read.
    "CREATE TABLE file (id TEXT NOT NULL)",
    "INSERT INTO file VALUES (lower(hex(randomblob(16))))",
)

RUNS = (
    # The number of the last run that has opened the journal: the groups of earlier runs are rejected.
    "ALTER TABLE file ADD COLUMN run INTEGER NOT NULL DEFAULT 0",
)

JOB_TABLES = (
    "CREATE TABLE job (one INTEGER PRIMARY KEY CHECK (one = 1), header BLOB NOT NULL, run INTEGER NOT NULL)",
    "CREATE TABLE marks (name TEXT PRIMARY KEY, value BLOB NOT NULL)",
)


def _run_all(statements: tuple[str, ...]) -> Migration:
    def migrate(connection: sqlite3.Connection) -> None:
        for statement in statements:
            connection.execute(statement)

    return migrate


SHARD_MIGRATIONS: tuple[Migration, ...] = tuple(
    map(_run_all, (SHARD_TABLES, COSTS, RESERVATIONS, TOOL_RUNS, BATCHES, IDS, RUNS))
)
JOB_MIGRATIONS: tuple[Migration, ...] = (_run_all(JOB_TABLES),)
"""For each version of a file, the step to the next; to change a table, append a step."""
