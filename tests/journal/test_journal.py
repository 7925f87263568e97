"""The journal's promises to the runner, through kills, full disks, other processes and threads."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from structkit.costs.budget import Reservation
from structkit.costs.price import Price
from structkit.costs.reply_cost import Spending
from structkit.errors import ConnectionFailed, JobError, MalformedReply, RequestTimeout, StatusError, TransportError
from structkit.journal.database import MIN_FREE_BYTES, open_database, schema_version
from structkit.journal.encoding import pack
from structkit.journal.entries import SHARD_ORDINALS, Intent
from structkit.journal.journal import FINAL_STATES, Exchange, Journal, Reader, RowState
from structkit.journal.lock import LOCK_NAME, is_alive, process_start
from structkit.journal.migrations import SHARD_MIGRATIONS
from structkit.journal.reader import AMBIGUOUS, BETWEEN, REPLIES_OF_OPEN, TOKENS, TOOL_RUNS_OF_OPEN, find_reader
from structkit.journal.row_state import StoredRun
from structkit.journal.shards import MAX_OPEN_FILES, JournalFiles
from structkit.journal.writer import FULL_GROUP, MAX_QUEUED
from structkit.parsing import read_completion
from structkit.testing import completion
from structkit.values import Choice, Completion, ToolCall, ToolRun, Usage

ROOT = Path(__file__).parent.parent.parent
HEADER = {"schema": "abc", "model": "m"}
DONE = {"value": {"label": "good"}}


def reply_of(text: str = "{}") -> Completion:
    reply = read_completion(completion(text))
    assert isinstance(reply, Completion)
    return reply


def rate_limited(status: int = 429) -> StatusError:
    fault = StatusError("slow down", retryable=True, retry_after=2.5, request_id="r-1", body={"error": {"code": "x"}})
    fault.status_code, fault.retries, fault.usage_of_reply = status, 3, Usage(unreported=2)
    return fault


def comparable(reply: Any) -> Any:
    """Return a reply in a form that compares by content, which exceptions do not."""
    names = ("retryable", "retry_after", "request_id", "body", "retries", "usage_of_reply", "status_code")
    values = [getattr(reply, name, None) for name in names]
    return (type(reply), reply.args, values) if isinstance(reply, TransportError) else reply


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "job"


@pytest.fixture
def journal(folder: Path) -> Iterator[Journal]:
    with Journal.open(folder, HEADER) as journal:
        yield journal


def intend(journal: Journal, ordinal: int, number: int = 1, digest: str = "d") -> None:
    journal.intend(ordinal, f"key {ordinal}", digest, number, f"request {number}").result(600)


def child(code: str, *args: object, **kwargs: Any) -> subprocess.Popen[str]:
    """Start a process that runs this code."""
    prelude = """
        import os, sys, time
        from pathlib import Path
        from structkit.journal.journal import Journal
        from structkit.errors import JobError
        from structkit.parsing import read_completion
        from structkit.testing import completion
        folder, args = Path(sys.argv[1]), sys.argv[2:]
    """
    program = textwrap.dedent(prelude) + textwrap.dedent(code)
    command = [sys.executable, "-c", program, *map(str, args)]
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT, **kwargs}
    return subprocess.Popen(command, **settings)


def finished(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    return out


# The promises to the runner


def test_every_entry_is_read_back_after_reopening(folder):
    with Journal.open(folder, HEADER) as journal:
        intend(journal, 7)
        journal.add_reply(7, 1, reply_of("no"))
        intend(journal, 7, 2)
        journal.add_reply(7, 2, reply_of("{}"))
        journal.conclude(7, "done", DONE)
        intend(journal, 8)
    with Journal.open(folder, {"another": "header"}) as journal:
        exchanges = Exchange(1, "request 1", reply_of("no")), Exchange(2, "request 2", reply_of("{}"))
        assert journal.read_rows(0, 100) == {
            7: RowState(7, "key 7", "d", "done", exchanges, DONE),
            8: RowState(8, "key 8", "d", None, (Exchange(1, "request 1", None),), None),
        }
        assert journal.read_rows(8, 8).keys() == {8}
        assert journal.read_rows(9, 6) == {}
        assert journal.counts() == {"done": 1, "failed": 0, "held": 0, "skipped": 0, "open": 1}
        assert [row.ordinal for row in journal.finished_rows()] == [7]
        assert [*journal.ambiguous_rows()] == [(8, "key 8")]
        assert journal.header == HEADER


def test_an_intent_is_on_disk_when_its_future_is_done(journal, folder):
    future = journal.intend(3, "k", "d", 1, "r")
    assert future.result(600) is None
    with contextlib.closing(sqlite3.connect(folder / "part-00000.db")) as reader:
        assert reader.execute("SELECT ordinal, number, request FROM waiting").fetchall() == [(3, 1, "r")]


def test_a_body_is_on_disk_before_its_row_is_finished(journal, folder):
    intend(journal, 0)
    journal.add_reply(0, 1, reply_of("not even JSON"))
    journal.flush()
    assert Reader(folder).read_rows(0, 0)[0].exchanges == (Exchange(1, "request 1", reply_of("not even JSON")),)


@pytest.mark.parametrize(
    "reply",
    [
        reply_of("short"),
        reply_of("long " * 5000),
        reply_of("half a pair: \ud83d, NUL: \0, \u2028 and 漢字"),
        replace(reply_of(), retries=2, usage=Usage(9, 12, 21, unreported=2)),
        Completion((Choice(0, "from a transport of the caller's", finish_reason="stop"),), Usage(1, 2, 3)),
        Completion((Choice(0, "{}"),), Usage(1, 2, 3), raw=""),
        Completion((Choice(0, "{}"),), Usage(1, 2, 3), raw="data: plain text"),
        Completion((Choice(0, "{}"),), Usage(1, 2, 3), raw={"custom_id": "row-1", "response": {}}),
        Completion((Choice(0, "{}"),), Usage(1, 2, 3), raw={"choices": [{"message": {"content": "another"}}]}),
        Completion((), Usage(unreported=1)),
        Completion((Choice(1, None, "no", "stop", (ToolCall("f", "{}", "c"),)),), Usage(unreported=1), model="m"),
        rate_limited(),
        ConnectionFailed("no connection", retryable=True),
        RequestTimeout("too late"),
        MalformedReply("a page", retryable=True, body="<html>\ud83d"),
        TransportError("of no subclass"),
    ],
    ids=[
        "short",
        "long",
        "unusual text",
        "retried",
        "no body",
        "empty body",
        "text body",
        "envelope body",
        "another body",
        "no choices",
        "tools",
        "status",
        "connection",
        "timeout",
        "page",
        "other",
    ],
)
def test_a_reply_is_read_back_unchanged(folder, reply):
    with Journal.open(folder, HEADER, verify_raw=True) as journal:
        intend(journal, 0)
        journal.add_reply(0, 1, reply)
        stored = journal.read_rows(0, 0)[0].exchanges[0].reply
    assert comparable(stored) == comparable(reply)


def test_an_error_of_the_callers_class_is_read_back_as_its_base_class(journal):
    class TooMany(StatusError):
        status_code = 429

    intend(journal, 0)
    journal.add_reply(0, 1, TooMany("slow down"))
    stored = journal.read_rows(0, 0)[0].exchanges[0].reply
    assert (type(stored), stored.status_code) == (StatusError, 429)


def test_a_reply_nested_too_deeply_to_be_written_keeps_its_parsed_fields(journal):
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]
    parsed = reply_of("{}")
    fault = StatusError("deep", body=nested)
    intend(journal, 0)
    intend(journal, 0, 2)
    journal.add_reply(0, 1, replace(parsed, raw={**parsed.raw, "deep": nested}))
    journal.add_reply(0, 2, fault)
    first, second = journal.read_rows(0, 0)[0].exchanges
    assert (first.reply.choices, first.reply.usage) == (parsed.choices, parsed.usage)
    assert (str(second.reply), second.reply.body) == ("deep", None)


@pytest.mark.parametrize("key", ["", "naïve 漢字", "half \udc80", "\0", "'; DROP TABLE rows; --"])
def test_any_text_can_be_a_key(journal, key):
    journal.intend(0, key, "d", 1, "r")
    assert journal.read_rows(0, 0)[0].key == key


def test_without_raw_text_usage_and_outcome_are_stored_and_no_text_of_the_endpoint(folder):
    secret = "the patient's name"
    fault = StatusError(f"bad: {secret}", body={"error": secret}, request_id=secret)
    fault.status_code = 400
    with Journal.open(folder, HEADER, keep_raw=False) as journal:
        for ordinal, reply in enumerate((reply_of(secret), reply_of(secret), fault)):
            intend(journal, ordinal)
            journal.add_reply(ordinal, 1, reply)
        journal.conclude(0, "done", DONE)
    with Journal.open(folder, HEADER) as journal:
        stored = journal.read_rows(0, 9)
        assert stored[0].outcome == DONE
        assert stored[0].exchanges == (Exchange(1, "request 1", None),)
        assert (stored[2].exchanges[0].reply.status_code, secret in str(stored[2].exchanges[0].reply)) == (400, False)
        assert journal.usage() == reply_of().usage + reply_of().usage
        assert [*journal.ambiguous_rows()] == [(1, "key 1")], "the process had its reply in memory only"
        intend(journal, 1)
        assert [*journal.ambiguous_rows()] == []
    assert secret.encode() not in b"".join(path.read_bytes() for path in folder.iterdir())


def test_an_edited_row_starts_from_scratch_and_its_earlier_usage_still_counts(journal):
    intend(journal, 0, digest="old")
    journal.add_reply(0, 1, reply_of("old"))
    journal.conclude(0, "done", DONE)
    intend(journal, 0, digest="new")
    assert journal.read_rows(0, 0)[0] == RowState(0, "key 0", "new", None, (Exchange(1, "request 1", None),), None)
    journal.add_reply(0, 1, reply_of("new"))
    assert [exchange.reply for exchange in journal.read_rows(0, 0)[0].exchanges] == [reply_of("new")]
    assert journal.usage() == reply_of().usage + reply_of().usage
    assert journal.counts()["open"] == 1


@pytest.mark.parametrize("ignore_exchanges", [False, True])
def test_a_reopened_row_has_its_exchanges_unless_they_are_ignored(journal, ignore_exchanges):
    for ordinal in (0, 1, SHARD_ORDINALS):
        intend(journal, ordinal)
        journal.add_reply(ordinal, 1, reply_of())
        journal.conclude(ordinal, "failed", {"issues": []})
    journal.reopen(iter([0, SHARD_ORDINALS, 99]), ignore_exchanges=ignore_exchanges)
    stored = journal.read_rows(0, SHARD_ORDINALS)
    assert [stored[ordinal].state for ordinal in (0, 1, SHARD_ORDINALS)] == [None, "failed", None]
    assert stored[0].outcome is None
    assert stored[SHARD_ORDINALS].exchanges == (() if ignore_exchanges else (Exchange(1, "request 1", reply_of()),))
    assert stored.keys() == {0, 1, SHARD_ORDINALS}
    assert journal.counts()["open"] == 2


def test_only_rows_in_flight_are_ambiguous_and_only_until_they_are_retried(folder):
    with Journal.open(folder, HEADER) as journal:
        intend(journal, 0)
        intend(journal, 1)
        journal.add_reply(1, 1, rate_limited())
        intend(journal, SHARD_ORDINALS + 5)
        assert [*journal.ambiguous_rows()] == [], "this run still waits for them"
    with Journal.open(folder, HEADER) as journal:
        assert [*journal.ambiguous_rows()] == [(0, "key 0"), (SHARD_ORDINALS + 5, f"key {SHARD_ORDINALS + 5}")]
        intend(journal, 0)
        assert [*journal.ambiguous_rows()] == [(SHARD_ORDINALS + 5, f"key {SHARD_ORDINALS + 5}")]
        assert journal.usage().unreported == 2 + rate_limited().usage_of_reply.unreported, "both may have been billed"
        journal.add_reply(SHARD_ORDINALS + 5, 1, reply_of("hours later"))
        assert [*journal.ambiguous_rows()] == []
        assert journal.read_rows(SHARD_ORDINALS, 2 * SHARD_ORDINALS)[SHARD_ORDINALS + 5].exchanges == (
            Exchange(1, "request 1", reply_of("hours later")),
        )


def test_a_row_without_requests_can_be_finished(journal):
    journal.conclude(4, "skipped", {"why": "empty"}, key="k", digest="d")
    assert journal.read_rows(4, 4) == {4: RowState(4, "k", "d", "skipped", (), {"why": "empty"})}


def test_a_reply_without_an_intent_is_stored(journal):
    journal.add_reply(4, 1, reply_of())
    journal.add_reply(4, 1, reply_of("again"))
    assert journal.read_rows(4, 4) == {4: RowState(4, "", "", None, (Exchange(1, "", reply_of("again")),), None)}
    assert journal.usage() == reply_of().usage + reply_of().usage


def test_an_invalid_state_or_outcome_raises_at_once_and_changes_nothing(journal):
    with pytest.raises(ValueError, match="state must be one of done, failed, held, skipped"):
        journal.conclude(0, "finished", {})
    with pytest.raises(TypeError):
        journal.conclude(0, "done", {"value": object()})
    intend(journal, 0)
    assert journal.counts()["open"] == 1


def test_marks_are_stored_beside_the_header(folder):
    with Journal.open(folder, HEADER) as journal:
        journal.mark("mix", ["a"])
        journal.mark("mix", ["a", "b"])
        journal.mark("start", 1.5)
        assert journal.marks == {"start": 1.5, "mix": ["a", "b"]}
    assert Reader(folder).marks == {"start": 1.5, "mix": ["a", "b"]}
    assert Reader(folder).header == HEADER


def test_finished_rows_are_streamed_in_order_across_shards_and_gaps(journal):
    ordinals = [3, 0, 999, 1000, 5000, SHARD_ORDINALS - 1, SHARD_ORDINALS, 3 * SHARD_ORDINALS + 2]
    for ordinal in ordinals:
        journal.conclude(ordinal, "done", {"value": ordinal})
    intend(journal, 4000)
    assert [row.outcome["value"] for row in journal.finished_rows()] == sorted(ordinals)
    assert sum(journal.counts().values()) == len(ordinals) + 1


def test_a_resume_reads_only_the_replies_of_open_rows(journal):
    for ordinal in (0, 1):
        intend(journal, ordinal)
        journal.add_reply(ordinal, 1, reply_of())
    journal.conclude(0, "done", DONE)
    stored = journal.read_rows(0, 1, with_exchanges=False)
    assert (stored[0].outcome, stored[0].exchanges) == (DONE, ())
    assert stored[1].exchanges == (Exchange(1, "request 1", reply_of()),)


LOOKUP = ToolRun("lookup", {"city": "\ud83d"}, [21.5, None], seconds=0.5, id="call_1")


def test_a_finished_call_of_a_tool_is_read_back_after_reopening(folder):
    failed = ToolRun("lookup", "not JSON", None, "KeyError: 'x'")
    with Journal.open(folder, HEADER) as journal:
        intend(journal, 0)
        journal.add_tool_run(0, 2, "digest 2", failed)
        journal.add_tool_run(0, 1, "digest 1", LOOKUP)
        journal.add_tool_run(0, 1, "digest 1", replace(LOOKUP, result=3))
    with Journal.open(folder, HEADER) as journal:
        row = journal.read_rows(0, 0)[0]
        assert row.tool_runs == (
            StoredRun(1, "digest 1", replace(LOOKUP, result=3)),
            StoredRun(2, "digest 2", failed),
        )
        assert row.tool_runs[0].run.seconds == 0.5
        journal.conclude(0, "done", DONE)
        assert journal.read_rows(0, 0, with_exchanges=False)[0].tool_runs == ()


@pytest.mark.parametrize("is_edited", [False, True])
def test_calls_of_tools_do_not_count_for_a_row_that_starts_from_scratch(folder, is_edited):
    with Journal.open(folder, HEADER) as journal:
        intend(journal, 0)
        journal.add_tool_run(0, 1, "digest", LOOKUP)
        journal.conclude(0, "failed", {})
    with Journal.open(folder, HEADER) as journal:
        if is_edited:
            intend(journal, 0, digest="new")
        else:
            journal.reopen([0], ignore_exchanges=True)
        assert journal.read_rows(0, 0)[0].tool_runs == ()
        journal.add_tool_run(0, 1, "digest", LOOKUP)
        assert journal.read_rows(0, 0)[0].tool_runs == (StoredRun(1, "digest", LOOKUP),)


def test_without_raw_text_no_result_of_a_tool_is_stored(folder):
    with Journal.open(folder, HEADER, keep_raw=False) as journal:
        intend(journal, 0)
        journal.add_tool_run(0, 1, "digest", replace(LOOKUP, result="hunter2"))
        assert journal.read_rows(0, 0)[0].tool_runs == ()
    assert b"hunter2" not in b"".join(path.read_bytes() for path in folder.iterdir())


def test_a_journal_can_be_written_while_it_is_read(journal):
    for ordinal in range(3000):
        journal.conclude(ordinal, "done", {})
    count = 0
    for row in journal.finished_rows():
        journal.reopen([row.ordinal])
        count += 1
    assert count == 3000
    assert journal.counts()["open"] == 3000


def test_only_its_owner_can_read_a_job(journal, folder):
    journal.conclude(0, "done", {})
    journal.flush()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert {"job.db", "part-00000.db", "part-00000.db-wal", LOCK_NAME} <= modes.keys()
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_few_files_are_open_even_with_many_shards(journal, folder):
    for shard in range(12):
        journal.conclude(shard * SHARD_ORDINALS, "done", {})
    journal.flush()
    assert journal.counts()["done"] == 12
    logs = {path.name for path in folder.glob("part-*.db-wal")}
    assert logs == {f"part-{shard:05}.db-wal" for shard in range(12 - MAX_OPEN_FILES, 12)}, "closed files have none"


OPEN_ROWS_ONLY = [each.format(BETWEEN, BETWEEN) for each in (REPLIES_OF_OPEN, TOOL_RUNS_OF_OPEN)]


@pytest.mark.parametrize("query", [AMBIGUOUS, *OPEN_ROWS_ONLY, "SELECT state, rows FROM counts", TOKENS])
def test_the_first_queries_of_a_resume_do_not_read_every_finished_row(journal, folder, query):
    intend(journal, 0)
    with contextlib.closing(sqlite3.connect(folder / "part-00000.db")) as connection:
        values = {"run": 1} if ":run" in query else (0, 999) * (query.count("?") // 2)
        plan = [step[3] for step in connection.execute(f"EXPLAIN QUERY PLAN {query}", values)]
    assert plan
    large = [
        step for step in plan if re.match("SCAN (rows|exchanges|unread|tool_runs)", step) and "open_rows" not in step
    ]
    assert large == []


def test_a_file_of_the_first_version_keeps_its_sums(folder):
    Journal.open(folder, {}).close()
    with contextlib.closing(open_database(folder / "part-00000.db", SHARD_MIGRATIONS[:1])) as connection:
        for number, (kind, tokens, unreported) in enumerate([("completion", 9, 0), ("StatusError", 0, 0), ("x", 0, 1)]):
            values = (number + 1, 0, number + 1, "", 1, kind, 0, tokens, tokens, 2 * tokens, unreported, None)
            connection.execute(f"INSERT INTO exchanges VALUES ({','.join('?' * len(values))})", values)
    with Journal.open(folder, {}) as journal:
        assert journal.usage() == Usage(9, 9, 18, 1)
        assert journal.spending() == Spending(Decimal(0), 0, 9, 9, without_cost=2, unreported=1)
        journal.add_reply(1, 1, read_completion({**completion("{}"), "usage": {"cost": 0.25, "prompt_tokens": 5}}))
        assert journal.spending() == Spending(Decimal("0.25"), 1, 9, 9, without_cost=2, unreported=1)


def test_a_file_of_the_second_version_keeps_its_sums_and_gets_reservations(folder):
    Journal.open(folder, {}).close()
    with contextlib.closing(open_database(folder / "part-00000.db", SHARD_MIGRATIONS[:2])) as connection:
        connection.execute("INSERT INTO rows (ordinal, key, digest) VALUES (0, 'k', 'd')")
        connection.execute("INSERT INTO waiting VALUES (1, 0, 1, 'lost', 0)")
        values = (2, 0, 2, "answered", 0, "completion", 0, 0, 0, 0, 1, None, None)
        connection.execute(f"INSERT INTO exchanges VALUES ({','.join('?' * len(values))})", values)
    without = Spending(without_cost=2, unreported=2)
    with Journal.open(folder, {}) as journal:
        assert journal.spending() == without
        journal.intend(1, "k", "d", 1, "r", Reservation(30, 500)).result(600)
        journal.add_reply(1, 1, Completion((Choice(0, "{}"),), Usage(unreported=1)))
        assert journal.spending() == without + Spending(Decimal(0), 0, 0, 0, 1, 1, 1, 30, 500)


def test_a_reservation_is_on_disk_with_its_intent_and_counts_until_the_reply_reports_its_tokens(folder):
    reserved = Reservation(30, 500)
    with Journal.open(folder, {}) as journal:
        for ordinal in range(4):
            journal.intend(ordinal, "k", "d", 1, "r", reserved).result(600)
        journal.add_reply(1, 1, reply_of("{}"))
        assert journal.spending() == Spending(Decimal(0), 0, 10, 5, 1)
        assert journal.spending(include_current_run=True).reserved == 3
    with Journal.open(folder, {}) as journal:  # the intents are read from the disk
        journal.add_reply(2, 1, Completion((Choice(0, "{}"),), Usage(unreported=1)))
        journal.add_reply(3, 1, TransportError("rejected"))  # a reply that cannot have been billed
        spending = journal.spending()
        assert spending == Spending(Decimal(0), 0, 10, 5, 3, 2, 2, 60, 1000)
        assert spending.max_cost_since({}, Price(Decimal(10**6), Decimal(10**6)), 4096) == 10 + 5 + 2 * (30 + 500)


# Groups


def test_entries_are_written_in_the_order_in_which_they_were_added(folder):
    groups = []

    class RecordingFiles(JournalFiles):
        def write(self, entries):
            groups.append(list(entries))
            return super().write(entries)

    with Journal.open(folder, HEADER) as journal:
        journal._writer._write = RecordingFiles(folder, 9).write
        futures = [journal.intend(ordinal, "k", "d", 1, "r") for ordinal in range(3 * FULL_GROUP)]
        for future in futures:
            future.result(600)
    ordinals = [entry.ordinal for group in groups for entry in group if isinstance(entry, Intent)]
    assert ordinals == [*range(3 * FULL_GROUP)]
    assert len(groups) < len(ordinals) / 10, "many entries are one transaction"


def test_changes_of_one_row_in_one_group_keep_their_order(journal):
    for turn in range(20):
        journal.intend(0, "k", "d", 1, f"r{turn}")
        journal.add_reply(0, 1, reply_of(str(turn)))
        journal.conclude(0, "done", {"turn": turn})
        journal.reopen([0], ignore_exchanges=turn % 2 == 0)
    journal.conclude(0, "failed", {"turn": "last"})
    row = journal.read_rows(0, 0)[0]
    assert (row.state, row.outcome, row.exchanges) == (
        "failed",
        {"turn": "last"},
        (Exchange(1, "r19", reply_of("19")),),
    )
    assert journal.usage().total_tokens == 20 * reply_of().usage.total_tokens


def test_eight_threads_lose_nothing(journal):
    def work(thread: int) -> None:
        for ordinal in range(thread, 800, 8):
            intend(journal, ordinal) if ordinal % 50 == 0 else journal.intend(ordinal, f"key {ordinal}", "d", 1, "r")
            journal.add_reply(ordinal, 1, reply_of(str(ordinal)))
            journal.conclude(ordinal, "done", {"value": ordinal})

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    values = {row.ordinal: (row.outcome["value"], row.exchanges[0].reply) for row in journal.finished_rows()}
    assert values == {ordinal: (ordinal, reply_of(str(ordinal))) for ordinal in range(800)}


def test_an_event_loop_awaits_intents_without_being_blocked(journal):
    async def row(ordinal: int) -> None:
        await journal.intend_async(ordinal, "k", "d", 1, "r")
        journal.add_reply(ordinal, 1, reply_of())
        journal.conclude(ordinal, "done", {})

    async def rows() -> None:
        await asyncio.gather(*map(row, range(300)))
        cancelled = asyncio.ensure_future(journal.intend_async(300, "k", "d", 1, "r"))
        await asyncio.sleep(0)
        cancelled.cancel()

    asyncio.run(rows())
    assert journal.counts() == {"done": 300, "failed": 0, "held": 0, "skipped": 0, "open": 1}


def test_a_callback_may_use_the_journal_and_its_exception_does_not_stop_the_writer(journal, caplog):
    done = threading.Event()

    def call(_: object) -> None:
        journal.conclude(0, "done", {})
        done.set()
        journal.flush()

    journal.intend(0, "k", "d", 1, "r").add_done_callback(call)
    assert done.wait(600)
    assert journal.counts()["done"] == 1
    assert "cannot call flush: it runs in the thread that writes" in caplog.text


def test_a_closed_journal_raises_and_a_second_close_does_nothing(folder):
    journal = Journal.open(folder, HEADER)
    journal.close()
    journal.close()
    for use in (lambda: intend(journal, 0), journal.flush, journal.counts, lambda: journal.mark("a", 1)):
        with pytest.raises(JobError, match="closed"):
            use()


def test_a_caller_blocked_by_a_slow_disk_gets_an_error_when_the_journal_closes(folder):
    journal = Journal.open(folder, HEADER)
    write, resume = journal._writer._write, threading.Event()
    journal._writer._write = lambda entries: (resume.wait(600), write(entries))[1]
    added: list[int] = []
    errors: list[JobError] = []

    def work() -> None:
        try:
            while True:
                journal.conclude(len(added), "done", {})
                added.append(1)
        except JobError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    while len(journal._writer._queue) < MAX_QUEUED:
        pass
    closing = threading.Thread(target=journal.close)
    closing.start()
    thread.join()
    resume.set()
    closing.join()
    assert "closed" in str(errors[0])
    assert Reader(folder).counts()["done"] == len(added)


def test_close_writes_the_remaining_entries(folder):
    journal = Journal.open(folder, HEADER)
    futures = [journal.intend(ordinal, "k", "d", 1, "r") for ordinal in range(1200)]
    journal.close()
    assert all(future.done() for future in futures)
    assert Reader(folder).counts()["open"] == 1200


# Other processes


def test_a_second_process_is_rejected_with_the_name_of_the_holder(journal, folder):
    code = """
        try:
            Journal.open(folder, {})
        except JobError as error:
            print(error, error.file)
    """
    out = finished(child(code, folder))
    assert f"in use by process {os.getpid()} on " in out
    assert str(folder / LOCK_NAME) in out


def test_the_same_process_is_rejected_too(journal, folder):
    with pytest.raises(JobError, match=f"process {os.getpid()} "):
        Journal.open(folder, {})
    assert Reader(folder).counts()["open"] == 0, "reading is allowed"


def test_the_lock_of_a_killed_process_is_free(folder):
    process = child("journal = Journal.open(folder, {}); print('open', flush=True); time.sleep(60)", folder)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    with pytest.raises(JobError, match=f"process {process.pid} "):
        Journal.open(folder, {})
    process.kill()
    process.communicate()
    assert json.loads((folder / LOCK_NAME).read_text())["pid"] == process.pid, "the file still has its name"
    Journal.open(folder, {}).close()
    assert (folder / LOCK_NAME).read_text() == ""


def test_a_holder_is_distinguished_from_a_later_process_with_its_id(folder):
    with Journal.open(folder, {}):
        holder = json.loads((folder / LOCK_NAME).read_text())
    assert is_alive(holder)
    assert is_alive({**holder, "host": "elsewhere", "pid": 2**22 + 1}), "it cannot be checked"
    assert not is_alive({**holder, "pid": 2**22 + 1})
    if process_start(os.getpid()) is not None:
        assert not is_alive({**holder, "started": 1})


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_is_rejected_and_does_not_hold_the_lock(folder):
    code = """
        journal = Journal.open(folder, {})
        read_end, write_end = os.pipe()
        if os.fork() == 0:
            for use in (lambda: journal.conclude(0, "done", {}), journal.flush, journal.close):
                try:
                    use()
                except JobError as error:
                    os.write(1, f"{error}\\n".encode())
            os.write(write_end, b"done")
            os.close(1)
            os.close(2)
            os.read(0, 1)
            os._exit(0)
        os.read(read_end, 4)
        os.kill(os.getpid(), 9)
    """
    process = child(code, folder, stdin=subprocess.PIPE)
    assert process.stdout is not None
    out = process.stdout.read()
    process.wait(600)
    Journal.open(folder, {}).close()  # while the child still runs
    process.communicate("\n", timeout=600)
    assert out.count(f"opened by process {process.pid}, and this is a fork of it") == 3


WORK = """
    journal = Journal.open(folder, {})
    first = int(args[0])
    reply = lambda ordinal: read_completion(completion(f"answer {ordinal} " * 40))
    report = lambda kind, ordinals: os.write(1, "".join(f"{kind} {o}\\n" for o in ordinals).encode())
    while True:
        rows = range(first, first + 25)
        futures = [(o, journal.intend(o, f"key {o}", "d", 1, "r")) for o in rows]
        for ordinal, future in futures:
            future.result()
            report("intent", [ordinal])
        for ordinal in rows:
            journal.add_reply(ordinal, 1, reply(ordinal))
        journal.flush()
        report("reply", rows)
        for ordinal in rows:
            journal.conclude(ordinal, "done", {"value": ordinal})
        journal.flush()
        report("done", rows)
        first += 25
"""


def test_after_kills_every_acknowledged_entry_is_read_back_completely(folder):
    acknowledged: dict[str, set[int]] = {"intent": set(), "reply": set(), "done": set()}
    for turn in range(5):
        process = child(WORK, folder, SHARD_ORDINALS - 300 + turn * 1000)
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(random.randint(1, 300))]
        process.send_signal(signal.SIGKILL)
        out, _ = process.communicate()
        for line in (*lines, *out.splitlines()):
            kind, ordinal = line.split()
            acknowledged[kind].add(int(ordinal))
    with Journal.open(folder, {}) as journal:
        stored = journal.read_rows(0, 9 * SHARD_ORDINALS)
        assert acknowledged["intent"] <= stored.keys()
        assert acknowledged["done"] <= {ordinal for ordinal, row in stored.items() if row.state == "done"}
        answered = {ordinal for ordinal, row in stored.items() if row.exchanges[0].reply is not None}
        assert acknowledged["reply"] <= answered
        for ordinal, row in stored.items():
            assert (row.key, len(row.exchanges)) == (f"key {ordinal}", 1)
            assert row.outcome == ({"value": ordinal} if row.state else None)
            expected = reply_of(f"answer {ordinal} " * 40)
            assert row.exchanges[0].reply == (expected if ordinal in answered else None)
        assert {ordinal for ordinal, _ in journal.ambiguous_rows()} == stored.keys() - answered
        assert sum(journal.counts().values()) == len(stored)
        assert journal.usage().total_tokens == len(answered) * reply_of().usage.total_tokens
    for path in folder.glob("*.db"):
        with contextlib.closing(sqlite3.connect(path)) as file:
            assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


# Disks and files


FILL = """
    reply = read_completion(completion(os.urandom(3000).hex()))
    journal = Journal.open(folder, {})
    row = 0
    try:
        while True:
            journal.intend(row, "k", "d", 1, "r").result()
            row += 1
            journal.add_reply(row - 1, 1, reply)
    except JobError as error:
        print(error.file, error)
    for use in (lambda: journal.intend(row, "k", "d", 1, "r"), lambda: journal.add_reply(row - 1, 1, reply)):
        try:
            use()
            print("no error")
        except JobError:
            pass
"""
RESUME = """
    journal.flush()
    journal.intend(row, "k", "d", 1, "r").result()
    journal.close()
    print(row, journal._reader.usage().total_tokens)
"""


def check_filled(out: str, folder: Path) -> None:
    first, *lines = out.splitlines()
    assert "full" in first
    assert str(folder) in first
    row, tokens = map(int, lines[-1].split())
    assert lines[:-1] == [], "every call raised"
    assert row > 1
    with Journal.open(folder, {}) as journal:
        assert journal.counts()["open"] == row + 1
        assert tokens == journal.usage().total_tokens == (row + 1) * reply_of().usage.total_tokens, "no reply was lost"


FILL_RESERVE = """
    try:
        journal.add_reply(row, 1, reply)  # the reserve is also for replies without an intent
        journal.flush()
        row += 1
        with (folder.parent / "another program's").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
    except OSError as error:
        print(error)
    try:
        while True:
            journal.add_reply(row, 1, reply)
            row += 1
            journal.flush()
    except JobError as error:
        print(error.file, error)
"""


def test_a_full_disk_stops_the_journal_which_resumes_when_there_is_space(tmp_path):
    size = f"size={MIN_FREE_BYTES + 2**20}"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", tmp_path], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("no file system can be mounted here; the next test limits a file instead")
    try:
        remount = (
            f"import subprocess; subprocess.run(['mount', '-o', 'remount,size=99m', {str(tmp_path)!r}], check=True)\n"
        )
        fill = textwrap.dedent(FILL).partition("for use in")[0] + textwrap.dedent(FILL_RESERVE)
        out = finished(child(fill + remount + textwrap.dedent(RESUME), tmp_path / "job")).splitlines()
        assert ["nearly full" in out[0], "No space left" in out[1], "the disk is full" in out[2]] == [True] * 3
        row, tokens = map(int, out[3].split())
        with Journal.open(tmp_path / "job", {}) as journal:
            assert journal.counts()["open"] == row + 1
            assert tokens == journal.usage().total_tokens == row * reply_of().usage.total_tokens, "no reply was lost"
    finally:
        subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX has limits")
def test_a_file_at_its_size_limit_stops_the_journal_which_resumes_without_the_limit(folder):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))\n"
    unlimited = "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
    out = finished(child(limit + textwrap.dedent(FILL) + unlimited + textwrap.dedent(RESUME), folder))
    check_filled(out, folder)


def test_a_failed_write_fails_its_futures_and_every_later_call_until_it_succeeds(folder):
    folder.mkdir()
    (folder / "part-00000.db").mkdir()  # so that no database can be created
    with Journal.open(folder, HEADER) as journal:
        with pytest.raises(JobError, match=r"part-00000\.db") as caught:
            intend(journal, 0)
        assert caught.value.file == str(folder / "part-00000.db")
        for use in (
            lambda: journal.add_reply(0, 1, reply_of()),
            lambda: intend(journal, SHARD_ORDINALS),
            lambda: journal.mark("a", 1),
        ):
            with pytest.raises(JobError, match=r"part-00000\.db"):
                use()
        with pytest.raises(JobError):
            journal.counts()
        (folder / "part-00000.db").rmdir()
        journal.flush()
        assert journal.usage() == reply_of().usage, "the reply stayed in memory"
        assert journal.marks == {"a": 1}
        intend(journal, SHARD_ORDINALS)


@pytest.mark.parametrize("name", ["part-00000.db", "part-00001.db", "job.db"])
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"")], ids=["deleted", "emptied"])
def test_a_file_of_the_journal_that_is_gone_or_empty_is_missed_before_its_rows_are_paid_for_again(folder, name, damage):
    with Journal.open(folder, HEADER) as journal:
        intend(journal, 0)
        intend(journal, SHARD_ORDINALS)
    damage(folder / name)
    for read in (lambda: Journal.open(folder, HEADER), lambda: Reader(folder), lambda: find_reader(folder)):
        with pytest.raises(JobError, match=rf"{name} is missing or empty: restore it"):
            read()


def exchange(one, other):
    spare = one.with_name("spare.db")
    one.rename(spare)
    other.rename(one)
    spare.rename(other)


def test_two_files_of_the_journal_that_were_exchanged_are_not_read(folder):
    with Journal.open(folder, HEADER) as journal:
        intend(journal, 0)
        intend(journal, SHARD_ORDINALS)
    exchange(folder / "part-00000.db", folder / "part-00001.db")
    for read in (lambda: Journal.open(folder, HEADER), lambda: Reader(folder)):
        with pytest.raises(JobError, match=r"part-00000\.db is not the file that this job wrote"):
            read()
    exchange(folder / "part-00000.db", folder / "part-00001.db")
    Journal.open(folder, HEADER).close()


@pytest.mark.parametrize("name", ["part-00000.db", "job.db"])
def test_a_file_of_another_journal_is_not_read(folder, tmp_path, name):
    for each in (folder, tmp_path / "other"):
        with Journal.open(each, HEADER) as journal:
            intend(journal, 0)
    exchange(folder / name, tmp_path / "other" / name)
    for each in (folder, tmp_path / "other"):
        for read in (partial(Journal.open, each, HEADER), partial(Reader, each)):
            with pytest.raises(JobError, match=r"part-00000\.db is not the file that this job wrote"):
                read()


def test_a_journal_of_the_version_before_ids_gets_them(folder):
    with Journal.open(folder, HEADER) as journal:
        intend(journal, 0)
    with contextlib.closing(sqlite3.connect(folder / "part-00000.db")) as shard, shard:
        shard.execute("DROP TABLE file")
        shard.execute("PRAGMA user_version = 5")
    with contextlib.closing(sqlite3.connect(folder / "job.db")) as header, header:
        header.execute("UPDATE marks SET value = ?", (pack(None),))
    with Journal.open(folder, HEADER) as journal:
        intend(journal, 1)
        assert journal.counts()["open"] == 2
    Journal.open(folder, HEADER).close()
    with contextlib.closing(sqlite3.connect(folder / "part-00000.db")) as shard, shard:
        shard.execute("UPDATE file SET id = 'other'")
    with pytest.raises(JobError, match="is not the file that this job wrote"):
        Journal.open(folder, HEADER)


def test_a_journal_that_forgets_its_rows_misses_no_file(folder):
    with Journal.open(folder, HEADER) as journal:
        intend(journal, 0)
    for _ in range(2):
        with Journal.open(folder, HEADER) as journal:
            journal.forget()
            assert journal.marks == {}


def test_close_reports_lost_entries(folder):
    folder.mkdir()
    (folder / "part-00000.db").mkdir()
    journal = Journal.open(folder, HEADER)
    journal.conclude(0, "done", {})
    with pytest.raises(JobError, match="1 entries were not written"):
        journal.close()
    journal.close()
    Journal.open(folder, HEADER).close()


def test_an_unexpected_error_does_not_end_the_thread_silently(folder):
    journal = Journal.open(folder, HEADER)
    intend(journal, 0)
    journal.add_reply(0, 1, replace(reply_of(), usage=Usage(2**70)))
    for use in (journal.flush, journal.counts, lambda: intend(journal, 1), journal.close):
        with pytest.raises(JobError, match="OverflowError"):
            use()


@pytest.mark.parametrize("number", [-1, 2**70])
def test_a_number_out_of_range_raises_at_once(journal, number):
    for use in (
        lambda: intend(journal, number),
        lambda: intend(journal, 0, number),
        lambda: journal.add_reply(number, 1, reply_of()),
        lambda: journal.conclude(number, "done", {}),
        lambda: journal.reopen([number]),
    ):
        with pytest.raises(ValueError, match="ordinals and numbers"):
            use()
    assert journal.counts()["open"] == 0


@pytest.mark.parametrize(("name", "opens"), [("job.db", False), ("part-00000.db", True)])
def test_a_damaged_file_raises_with_its_name_and_what_to_do(folder, name, opens):
    with Journal.open(folder, HEADER) as journal:
        intend(journal, 0)
    (folder / name).write_bytes(b"not a database" * 1000)

    def resume() -> None:
        with Journal.open(folder, HEADER) as journal:
            assert opens
            intend(journal, 1)

    with pytest.raises(JobError, match="damaged; restore a copy") as caught:
        resume()
    assert caught.value.file == str(folder / name)


def test_a_number_of_runs_that_no_run_has_written_is_damage(folder):
    with Journal.open(folder, HEADER) as journal:
        intend(journal, 0)
    with contextlib.closing(sqlite3.connect(folder / "job.db")) as connection:
        connection.execute("UPDATE job SET run = ?", (2**63 - 1,))
        connection.commit()
    with pytest.raises(JobError, match="damaged; restore a copy") as caught:
        Journal.open(folder, HEADER).close()
    assert caught.value.file == str(folder / "job.db")


def test_a_truncated_file_is_damaged_when_it_is_read(folder):
    with Journal.open(folder, HEADER) as journal:
        for ordinal in range(2000):
            journal.conclude(ordinal, "done", {"value": "x" * 100})
    path = folder / "part-00000.db"
    os.truncate(path, path.stat().st_size // 8192 * 4096)
    with Journal.open(folder, HEADER) as journal, pytest.raises(JobError, match="damaged"):
        journal.read_rows(0, 2000)


READ_ONLY = """
    os.setuid(65534) if os.getuid() == 0 else None
    try:
        Journal.open(folder, {})
    except JobError as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX has modes")
@pytest.mark.parametrize("name", ["", "job.db"])
def test_a_file_or_folder_that_cannot_be_written_is_named(name):
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "job"
        Journal.open(folder, HEADER).close()
        for path in (Path(temporary), folder, *folder.iterdir()):
            path.chmod(0o777)
        (folder / name).chmod(0o555)
        if not name:
            (folder / LOCK_NAME).unlink()
        out = finished(child(READ_ONLY, folder))
        assert str(folder / (name or LOCK_NAME)) in out
        assert "cannot be written" in out


def test_a_folder_that_is_a_file_is_named(tmp_path):
    (tmp_path / "job").write_text("mine")
    with pytest.raises(JobError, match="job"):
        Journal.open(tmp_path / "job", HEADER)
    with pytest.raises(JobError, match="there is no job in"):
        Reader(tmp_path / "none")


def test_a_job_interrupted_before_it_started_starts_again(folder):
    folder.mkdir()
    (folder / "job.db").touch()
    with pytest.raises(JobError, match="interrupted before it started"):
        Reader(folder)
    with Journal.open(folder, HEADER) as journal:
        assert journal.header == HEADER


# Versions


def test_an_older_file_is_migrated_with_its_rows(tmp_path):
    path = tmp_path / "file.db"

    def first(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE things (name TEXT)")
        connection.execute("INSERT INTO things VALUES ('stored')")

    def second(connection: sqlite3.Connection) -> None:
        connection.execute("ALTER TABLE things ADD COLUMN colour TEXT DEFAULT 'blue'")

    def broken(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TABLE things")
        connection.execute("nonsense")

    open_database(path, [first]).close()
    with pytest.raises(JobError, match="nonsense"):
        open_database(path, [first, second, broken])
    with contextlib.closing(open_database(path, [first])) as unharmed:
        assert schema_version(unharmed) == 1
    for _ in range(2):
        with contextlib.closing(open_database(path, [first, second])) as connection:
            assert connection.execute("SELECT * FROM things").fetchall() == [("stored", "blue")]
            assert schema_version(connection) == 2


def test_a_file_that_another_process_is_creating_is_waited_for(tmp_path):
    path = tmp_path / "job.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"), contextlib.closing(sqlite3.connect(path)) as second:
        second.execute("PRAGMA journal_mode = WAL")  # SQLite itself does not wait
    commit = threading.Timer(0.05, lambda: other.execute("COMMIT"))
    commit.start()
    with contextlib.closing(open_database(path, SHARD_MIGRATIONS)) as connection:
        assert schema_version(connection) == len(SHARD_MIGRATIONS)
    commit.join()
    other.close()


def test_a_file_of_a_newer_structkit_is_not_changed(folder):
    with Journal.open(folder, HEADER) as journal:
        intend(journal, 0)
    with contextlib.closing(sqlite3.connect(folder / "part-00000.db")) as connection:
        connection.execute(f"PRAGMA user_version = {len(SHARD_MIGRATIONS) + 1}")
    with Journal.open(folder, HEADER) as journal, pytest.raises(JobError, match="update structkit"):
        intend(journal, 1)


# Random histories


ORDINALS = [0, 1, SHARD_ORDINALS - 1, SHARD_ORDINALS]
REPLIES = [reply_of("a"), reply_of("b"), rate_limited(), RequestTimeout("late")]
rows = st.sampled_from(ORDINALS)
numbers = st.integers(1, 2)
histories = st.lists(
    st.one_of(
        st.tuples(st.just("intend"), rows, st.sampled_from("de"), numbers),
        st.tuples(st.just("answer"), rows, numbers, st.integers(0, len(REPLIES) - 1)),
        st.tuples(st.just("conclude"), rows, st.sampled_from(FINAL_STATES), st.integers()),
        st.tuples(st.just("reopen"), rows, st.booleans()),
        st.tuples(st.just("flush")),
        st.tuples(st.just("restart")),
    ),
    max_size=40,
)


class Model:
    """A journal as a dictionary."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.usage = Usage()
        self.replaced = 0

    def row(self, ordinal: int, digest: str = "") -> dict[str, Any]:
        key = "k" if digest else ""
        return self.rows.setdefault(ordinal, {"key": key, "digest": digest, "exchanges": {}, "late": {}, "end": None})

    def apply(self, name: str, *args: Any) -> None:
        getattr(self, name)(*args)

    def intend(self, ordinal: int, digest: str, number: int) -> None:
        row = self.row(ordinal, digest)
        if row["digest"] != digest:
            self.ignore_exchanges(row)
        row.update(key="k", digest=digest, end=None)
        self.replaced += number in row["late"]
        row["late"].pop(number, None)
        if number in row["exchanges"] and row["exchanges"][number][1] is None:
            self.replaced += 1
        row["exchanges"][number] = ("r", None)

    def ignore_exchanges(self, row: dict[str, Any]) -> None:
        row["late"].update({number: None for number, (_, reply) in row["exchanges"].items() if reply is None})
        row["exchanges"] = {}

    def answer(self, ordinal: int, number: int, reply: int) -> None:
        row = self.row(ordinal)
        self.usage += getattr(REPLIES[reply], "usage_of_reply", None) or REPLIES[reply].usage
        if number in row["late"]:  # of a request that no longer counts
            del row["late"][number]
            return
        request, earlier = row["exchanges"].get(number, ("", ""))
        row["exchanges"][number] = (request if earlier is None else "", REPLIES[reply])

    def conclude(self, ordinal: int, state: str, outcome: int) -> None:
        self.row(ordinal)["end"] = (state, {"value": outcome})

    def reopen(self, ordinal: int, ignore_exchanges: bool) -> None:
        if ordinal in self.rows:
            self.rows[ordinal]["end"] = None
            if ignore_exchanges:
                self.ignore_exchanges(self.rows[ordinal])

    def states(self) -> dict[int, Any]:
        return {
            ordinal: (
                row["key"],
                row["digest"],
                row["end"],
                [(n, r, comparable(x)) for n, (r, x) in sorted(row["exchanges"].items())],
            )
            for ordinal, row in self.rows.items()
        }

    def unanswered(self) -> Usage:
        counts = [
            sum(reply is None for _, reply in row["exchanges"].values()) + len(row["late"])
            for row in self.rows.values()
        ]
        return Usage(unreported=sum(counts) + self.replaced)


def flatten(row: RowState) -> Any:
    end = None if row.state is None else (row.state, row.outcome)
    exchanges = [(each.number, each.request, comparable(each.reply)) for each in row.exchanges]
    return row.key, row.digest, end, exchanges


def apply(journal: Journal, name: str, *args: Any) -> None:
    match name, args:
        case "intend", (ordinal, digest, number):
            journal.intend(ordinal, "k", digest, number, "r")
        case "answer", (ordinal, number, reply):
            journal.add_reply(ordinal, number, REPLIES[reply])
        case "conclude", (ordinal, state, outcome):
            journal.conclude(ordinal, state, {"value": outcome})
        case "reopen", (ordinal, ignore_exchanges):
            journal.reopen([ordinal], ignore_exchanges=ignore_exchanges)
        case _:
            journal.flush()


@settings(max_examples=40)
@given(histories)
def test_a_reopened_journal_agrees_with_a_model_of_its_history(history):
    model = Model()
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as stack:
        journal = stack.enter_context(Journal.open(Path(temporary), HEADER))
        for name, *args in history:
            if name == "restart":
                journal.close()
                journal = stack.enter_context(Journal.open(Path(temporary), HEADER))
                continue
            apply(journal, name, *args)
            if name != "flush":
                model.apply(name, *args)
        journal.close()
        with Journal.open(Path(temporary), HEADER) as reopened:
            stored = reopened.read_rows(0, 2 * SHARD_ORDINALS)
            assert {ordinal: flatten(row) for ordinal, row in stored.items()} == model.states()
            assert reopened.usage() == model.usage + model.unanswered()
            finished_ordinals = [ordinal for ordinal, row in sorted(model.rows.items()) if row["end"]]
            assert [row.ordinal for row in reopened.finished_rows()] == finished_ordinals
            assert {state: rows for state, rows in reopened.counts().items() if rows} == {
                state: rows
                for state in (*FINAL_STATES, "open")
                if (rows := sum((row["end"] or ("open",))[0] == state for row in model.rows.values()))
            }
            assert [ordinal for ordinal, _ in reopened.ambiguous_rows()] == [
                ordinal
                for ordinal, row in sorted(model.rows.items())
                if any(reply is None for _, reply in row["exchanges"].values())
            ]
