"""The journal: what it promises to the runner, through kills, full disks, other processes and threads."""

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
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from structkit.costs.reply_cost import Spending
from structkit.errors import ConnectionFailed, JobError, MalformedReply, RequestTimeout, StatusError, TransportError
from structkit.journal.database import MIN_FREE_BYTES, open_database, schema_version
from structkit.journal.entries import SHARD_ORDINALS, Intent
from structkit.journal.journal import FINAL_STATES, Exchange, Journal, Reader, RowState
from structkit.journal.lock import LOCK_NAME, is_alive, process_start
from structkit.journal.migrations import SHARD_MIGRATIONS
from structkit.journal.reader import AMBIGUOUS, BETWEEN, REPLIES_OF_OPEN, TOKENS
from structkit.journal.shards import MAX_OPEN_FILES, JournalFiles
from structkit.journal.writer import FULL_GROUP, MAX_QUEUED
from structkit.parsing import read_completion
from structkit.testing import completion
from structkit.values import Choice, Completion, ToolCall, Usage

ROOT = Path(__file__).parent.parent.parent
HEADER = {"schema": "abc", "model": "m"}
DONE = {"value": {"label": "good"}}


def said(text: str = "{}") -> Completion:
    reply = read_completion(completion(text))
    assert isinstance(reply, Completion)
    return reply


def refused(status: int = 429) -> StatusError:
    fault = StatusError("slow down", retryable=True, retry_after=2.5, request_id="r-1", body={"error": {"code": "x"}})
    fault.status_code, fault.retries, fault.usage_of_reply = status, 3, Usage(unreported=2)
    return fault


def told(reply: Any) -> Any:
    """A reply so that equal ones are equal: exceptions are not."""
    names = ("retryable", "retry_after", "request_id", "body", "retries", "usage_of_reply", "status_code")
    values = [getattr(reply, name, None) for name in names]
    return (type(reply), reply.args, values) if isinstance(reply, TransportError) else reply


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "job"


@pytest.fixture
def journal(folder: Path) -> Iterator[Journal]:
    with Journal.open(folder, HEADER) as opened:
        yield opened


def ask(journal: Journal, ordinal: int, number: int = 1, digest: str = "d") -> None:
    journal.intend(ordinal, f"key {ordinal}", digest, number, f"request {number}").result(30)


def child(code: str, *args: object, **kwargs: Any) -> subprocess.Popen[str]:
    """A real process that runs code of ours."""
    prelude = """
        import os, sys, time
        from pathlib import Path
        from structkit.journal.journal import Journal
        from structkit.errors import JobError
        from structkit.parsing import read_completion
        from structkit.testing import completion
        folder, args = Path(sys.argv[1]), sys.argv[2:]
    """
    whole = textwrap.dedent(prelude) + textwrap.dedent(code)
    command = [sys.executable, "-c", whole, *map(str, args)]
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT, **kwargs}
    return subprocess.Popen(command, **settings)


def finished(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out


# What the runner relies on


def test_what_was_handed_over_is_known_after_reopening(folder):
    with Journal.open(folder, HEADER) as journal:
        ask(journal, 7)
        journal.add_reply(7, 1, said("no"))
        ask(journal, 7, 2)
        journal.add_reply(7, 2, said("{}"))
        journal.conclude(7, "done", DONE)
        ask(journal, 8)
    with Journal.open(folder, {"another": "header"}) as journal:
        exchanges = Exchange(1, "request 1", said("no")), Exchange(2, "request 2", said("{}"))
        assert journal.read_rows(0, 100) == {
            7: RowState(7, "key 7", "d", "done", exchanges, DONE),
            8: RowState(8, "key 8", "d", None, (Exchange(1, "request 1", None),), None),
        }
        assert journal.read_rows(8, 8).keys() == {8}
        assert journal.read_rows(9, 6) == {}
        assert journal.counts() == {"done": 1, "failed": 0, "held": 0, "skipped": 0, "open": 1}
        assert [kept.ordinal for kept in journal.finished_rows()] == [7]
        assert [*journal.ambiguous_rows()] == [(8, "key 8")]
        assert journal.header == HEADER


def test_an_intent_is_on_disk_when_its_future_is_done(journal, folder):
    future = journal.intend(3, "k", "d", 1, "r")
    assert future.result(30) is None
    with contextlib.closing(sqlite3.connect(folder / "part-00000.db")) as other:
        assert other.execute("SELECT ordinal, number, request FROM waiting").fetchall() == [(3, 1, "r")]


def test_a_body_is_on_disk_before_its_row_has_ended(journal, folder):
    ask(journal, 0)
    journal.add_reply(0, 1, said("not even JSON"))
    journal.flush()
    assert Reader(folder).read_rows(0, 0)[0].exchanges == (Exchange(1, "request 1", said("not even JSON")),)


@pytest.mark.parametrize(
    "reply",
    [
        said("short"),
        said("long " * 5000),
        said("half a pair: \ud83d, NUL: \0, \u2028 and 漢字"),
        replace(said(), retries=2, usage=Usage(9, 12, 21, unreported=2)),
        Completion((Choice(0, "made by a transport of the caller's", finish_reason="stop"),), Usage(1, 2, 3)),
        Completion((Choice(0, "{}"),), Usage(1, 2, 3), raw=""),
        Completion((Choice(0, "{}"),), Usage(1, 2, 3), raw="data: plain text"),
        Completion((Choice(0, "{}"),), Usage(1, 2, 3), raw={"custom_id": "row-1", "response": {}}),
        Completion((Choice(0, "{}"),), Usage(1, 2, 3), raw={"choices": [{"message": {"content": "another"}}]}),
        Completion((), Usage(unreported=1)),
        Completion((Choice(1, None, "no", "stop", (ToolCall("f", "{}", "c"),)),), Usage(unreported=1), model="m"),
        refused(),
        ConnectionFailed("no connection", retryable=True),
        RequestTimeout("too late"),
        MalformedReply("a page", retryable=True, body="<html>\ud83d"),
        TransportError("of no kind"),
    ],
    ids=[
        "short",
        "long",
        "odd text",
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
def test_a_reply_comes_back_as_it_came(journal, reply):
    ask(journal, 0)
    journal.add_reply(0, 1, reply)
    kept = journal.read_rows(0, 0)[0].exchanges[0].reply
    assert told(kept) == told(reply)


def test_a_fault_of_a_kind_of_the_callers_comes_back_as_the_nearest(journal):
    class TooMany(StatusError):
        status_code = 429

    ask(journal, 0)
    journal.add_reply(0, 1, TooMany("slow down"))
    kept = journal.read_rows(0, 0)[0].exchanges[0].reply
    assert (type(kept), kept.status_code) == (StatusError, 429)


def test_a_reply_too_deep_to_be_written_keeps_what_can_be_read_of_it(journal):
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    whole = said("{}")
    fault = StatusError("odd", body=deep)
    ask(journal, 0)
    ask(journal, 0, 2)
    journal.add_reply(0, 1, replace(whole, raw={**whole.raw, "odd": deep}))
    journal.add_reply(0, 2, fault)
    first, second = journal.read_rows(0, 0)[0].exchanges
    assert (first.reply.choices, first.reply.usage) == (whole.choices, whole.usage)
    assert (str(second.reply), second.reply.body) == ("odd", None)


@pytest.mark.parametrize("key", ["", "naïve 漢字", "half \udc80", "\0", "'; DROP TABLE rows; --"])
def test_any_text_is_a_key(journal, key):
    journal.intend(0, key, "d", 1, "r")
    assert journal.read_rows(0, 0)[0].key == key


def test_without_raw_text_usage_and_outcome_are_kept_and_nothing_that_was_said(folder):
    secret = "the patient's name"
    fault = StatusError(f"bad: {secret}", body={"error": secret}, request_id=secret)
    fault.status_code = 400
    with Journal.open(folder, HEADER, keep_raw=False) as journal:
        for ordinal, reply in enumerate((said(secret), said(secret), fault)):
            ask(journal, ordinal)
            journal.add_reply(ordinal, 1, reply)
        journal.conclude(0, "done", DONE)
    with Journal.open(folder, HEADER) as journal:
        known = journal.read_rows(0, 9)
        assert known[0].outcome == DONE
        assert known[0].exchanges == (Exchange(1, "request 1", None),)
        assert (known[2].exchanges[0].reply.status_code, secret in str(known[2].exchanges[0].reply)) == (400, False)
        assert journal.usage() == said().usage + said().usage
        assert [*journal.ambiguous_rows()] == [(1, "key 1")], "its reply was lost with the process"
        ask(journal, 1)
        assert [*journal.ambiguous_rows()] == []
    assert secret.encode() not in b"".join(path.read_bytes() for path in folder.iterdir())


def test_an_edited_row_begins_anew_and_its_old_cost_stays(journal):
    ask(journal, 0, digest="old")
    journal.add_reply(0, 1, said("old"))
    journal.conclude(0, "done", DONE)
    ask(journal, 0, digest="new")
    assert journal.read_rows(0, 0)[0] == RowState(0, "key 0", "new", None, (Exchange(1, "request 1", None),), None)
    journal.add_reply(0, 1, said("new"))
    assert [exchange.reply for exchange in journal.read_rows(0, 0)[0].exchanges] == [said("new")]
    assert journal.usage() == said().usage + said().usage
    assert journal.counts()["open"] == 1


@pytest.mark.parametrize("afresh", [False, True])
def test_a_reopened_row_has_its_exchanges_unless_it_begins_afresh(journal, afresh):
    for ordinal in (0, 1, SHARD_ORDINALS):
        ask(journal, ordinal)
        journal.add_reply(ordinal, 1, said())
        journal.conclude(ordinal, "failed", {"issues": []})
    journal.reopen(iter([0, SHARD_ORDINALS, 99]), ignore_exchanges=afresh)
    known = journal.read_rows(0, SHARD_ORDINALS)
    assert [known[ordinal].state for ordinal in (0, 1, SHARD_ORDINALS)] == [None, "failed", None]
    assert known[0].outcome is None
    assert known[SHARD_ORDINALS].exchanges == (() if afresh else (Exchange(1, "request 1", said()),))
    assert known.keys() == {0, 1, SHARD_ORDINALS}
    assert journal.counts()["open"] == 2


def test_only_what_was_in_flight_is_ambiguous_and_only_until_it_is_sent_again(folder):
    with Journal.open(folder, HEADER) as journal:
        ask(journal, 0)
        ask(journal, 1)
        journal.add_reply(1, 1, refused())
        ask(journal, SHARD_ORDINALS + 5)
        assert [*journal.ambiguous_rows()] == [], "this run still waits for them"
    with Journal.open(folder, HEADER) as journal:
        assert [*journal.ambiguous_rows()] == [(0, "key 0"), (SHARD_ORDINALS + 5, f"key {SHARD_ORDINALS + 5}")]
        ask(journal, 0)
        assert [*journal.ambiguous_rows()] == [(SHARD_ORDINALS + 5, f"key {SHARD_ORDINALS + 5}")]
        assert journal.usage().unreported == 2 + refused().usage_of_reply.unreported, "both may have been billed"
        journal.add_reply(SHARD_ORDINALS + 5, 1, said("hours later"))
        assert [*journal.ambiguous_rows()] == []
        assert journal.read_rows(SHARD_ORDINALS, 2 * SHARD_ORDINALS)[SHARD_ORDINALS + 5].exchanges == (
            Exchange(1, "request 1", said("hours later")),
        )


def test_a_row_that_nothing_was_sent_for_can_end(journal):
    journal.conclude(4, "skipped", {"why": "empty"}, key="k", digest="d")
    assert journal.read_rows(4, 4) == {4: RowState(4, "k", "d", "skipped", (), {"why": "empty"})}


def test_a_reply_that_nobody_announced_is_kept(journal):
    journal.add_reply(4, 1, said())
    journal.add_reply(4, 1, said("again"))
    assert journal.read_rows(4, 4) == {4: RowState(4, "", "", None, (Exchange(1, "", said("again")),), None)}
    assert journal.usage() == said().usage + said().usage


def test_what_is_no_state_or_no_json_is_refused_at_once_and_harms_nothing(journal):
    with pytest.raises(ValueError, match="state: one of done, failed, held, skipped"):
        journal.conclude(0, "finished", {})
    with pytest.raises(TypeError):
        journal.conclude(0, "done", {"value": object()})
    ask(journal, 0)
    assert journal.counts()["open"] == 1


def test_marks_are_kept_beside_the_header(folder):
    with Journal.open(folder, HEADER) as journal:
        journal.mark("mix", ["a"])
        journal.mark("mix", ["a", "b"])
        journal.mark("began", 1.5)
        assert journal.marks == {"began": 1.5, "mix": ["a", "b"]}
    assert Reader(folder).marks == {"began": 1.5, "mix": ["a", "b"]}
    assert Reader(folder).header == HEADER


def test_outcomes_stream_in_order_over_parts_and_gaps(journal):
    ordinals = [3, 0, 999, 1000, 5000, SHARD_ORDINALS - 1, SHARD_ORDINALS, 3 * SHARD_ORDINALS + 2]
    for ordinal in ordinals:
        journal.conclude(ordinal, "done", {"value": ordinal})
    ask(journal, 4000)
    assert [kept.outcome["value"] for kept in journal.finished_rows()] == sorted(ordinals)
    assert sum(journal.counts().values()) == len(ordinals) + 1


def test_a_resume_reads_the_replies_of_open_rows_alone(journal):
    for ordinal in (0, 1):
        ask(journal, ordinal)
        journal.add_reply(ordinal, 1, said())
    journal.conclude(0, "done", DONE)
    known = journal.read_rows(0, 1, with_exchanges=False)
    assert (known[0].outcome, known[0].exchanges) == (DONE, ())
    assert known[1].exchanges == (Exchange(1, "request 1", said()),)


def test_a_journal_can_be_written_while_it_is_read(journal):
    for ordinal in range(3000):
        journal.conclude(ordinal, "done", {})
    seen = 0
    for kept in journal.finished_rows():
        journal.reopen([kept.ordinal])
        seen += 1
    assert seen == 3000
    assert journal.counts()["open"] == 3000


def test_a_job_is_for_its_owner_alone(journal, folder):
    journal.conclude(0, "done", {})
    journal.flush()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert {"job.db", "part-00000.db", "part-00000.db-wal", LOCK_NAME} <= modes.keys()
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_few_files_are_open_however_many_parts_there_are(journal, folder):
    for part in range(12):
        journal.conclude(part * SHARD_ORDINALS, "done", {})
    journal.flush()
    assert journal.counts()["done"] == 12
    logs = {path.name for path in folder.glob("part-*.db-wal")}
    assert logs == {f"part-{part:05}.db-wal" for part in range(12 - MAX_OPEN_FILES, 12)}, "closed files have none"


@pytest.mark.parametrize(
    "query", [AMBIGUOUS, REPLIES_OF_OPEN.format(BETWEEN, BETWEEN), "SELECT state, rows FROM counts", TOKENS]
)
def test_what_a_resume_asks_first_does_not_read_every_row_that_has_ended(journal, folder, query):
    ask(journal, 0)
    with contextlib.closing(sqlite3.connect(folder / "part-00000.db")) as connection:
        values = {"run": 1} if ":run" in query else (0, 999) * (query.count("?") // 2)
        plan = [step[3] for step in connection.execute(f"EXPLAIN QUERY PLAN {query}", values)]
    assert plan
    large = [step for step in plan if re.match("SCAN (rows|exchanges|unread)", step) and "open_rows" not in step]
    assert large == []


def test_a_file_of_the_first_version_keeps_its_sums(folder):
    folder.mkdir()
    with contextlib.closing(open_database(folder / "part-00000.db", SHARD_MIGRATIONS[:1])) as connection:
        for number, (kind, tokens, unreported) in enumerate([("completion", 9, 0), ("StatusError", 0, 0), ("x", 0, 1)]):
            values = (number + 1, 0, number + 1, "", 1, kind, 0, tokens, tokens, 2 * tokens, unreported, None)
            connection.execute(f"INSERT INTO exchanges VALUES ({','.join('?' * len(values))})", values)
    with Journal.open(folder, {}) as journal:
        assert journal.usage() == Usage(9, 9, 18, 1)
        assert journal.spending() == Spending(Decimal(0), 0, 9, 9, without_cost=2, unreported=1)
        journal.add_reply(1, 1, read_completion({**completion("{}"), "usage": {"cost": 0.25, "prompt_tokens": 5}}))
        assert journal.spending() == Spending(Decimal("0.25"), 1, 9, 9, without_cost=2, unreported=1)


# Groups


def test_entries_are_written_in_the_order_they_came(folder):
    groups = []

    class Watched(JournalFiles):
        def write(self, entries):
            groups.append(list(entries))
            return super().write(entries)

    with Journal.open(folder, HEADER) as journal:
        journal._writer._write = Watched(folder, 9).write
        futures = [journal.intend(ordinal, "k", "d", 1, "r") for ordinal in range(3 * FULL_GROUP)]
        for future in futures:
            future.result(30)
    written = [entry.ordinal for group in groups for entry in group if isinstance(entry, Intent)]
    assert written == [*range(3 * FULL_GROUP)]
    assert len(groups) < len(written) / 10, "many entries are one transaction"


def test_changes_of_one_row_in_one_group_keep_their_order(journal):
    for turn in range(20):
        journal.intend(0, "k", "d", 1, f"r{turn}")
        journal.add_reply(0, 1, said(str(turn)))
        journal.conclude(0, "done", {"turn": turn})
        journal.reopen([0], ignore_exchanges=turn % 2 == 0)
    journal.conclude(0, "failed", {"turn": "last"})
    kept = journal.read_rows(0, 0)[0]
    assert (kept.state, kept.outcome, kept.exchanges) == ("failed", {"turn": "last"}, (Exchange(1, "r19", said("19")),))
    assert journal.usage().total_tokens == 20 * said().usage.total_tokens


def test_eight_threads_lose_nothing(journal):
    def work(thread: int) -> None:
        for ordinal in range(thread, 800, 8):
            ask(journal, ordinal) if ordinal % 50 == 0 else journal.intend(ordinal, f"key {ordinal}", "d", 1, "r")
            journal.add_reply(ordinal, 1, said(str(ordinal)))
            journal.conclude(ordinal, "done", {"value": ordinal})

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = {row.ordinal: (row.outcome["value"], row.exchanges[0].reply) for row in journal.finished_rows()}
    assert kept == {ordinal: (ordinal, said(str(ordinal))) for ordinal in range(800)}


def test_an_event_loop_waits_for_intents_without_being_held_up(journal):
    async def row(ordinal: int) -> None:
        await journal.intend_async(ordinal, "k", "d", 1, "r")
        journal.add_reply(ordinal, 1, said())
        journal.conclude(ordinal, "done", {})

    async def rows() -> None:
        await asyncio.gather(*map(row, range(300)))
        given_up = asyncio.ensure_future(journal.intend_async(300, "k", "d", 1, "r"))
        await asyncio.sleep(0)
        given_up.cancel()

    asyncio.run(rows())
    assert journal.counts() == {"done": 300, "failed": 0, "held": 0, "skipped": 0, "open": 1}


def test_a_callback_may_use_the_journal_and_what_it_raises_is_its_own(journal, caplog):
    done = threading.Event()

    def call(_: object) -> None:
        journal.conclude(0, "done", {})
        done.set()
        journal.flush()

    journal.intend(0, "k", "d", 1, "r").add_done_callback(call)
    assert done.wait(30)
    assert journal.counts()["done"] == 1
    assert "cannot be flushed by the thread that writes it" in caplog.text


def test_a_closed_journal_says_so_and_closing_twice_is_nothing(folder):
    journal = Journal.open(folder, HEADER)
    journal.close()
    journal.close()
    for use in (lambda: ask(journal, 0), journal.flush, journal.counts, lambda: journal.mark("a", 1)):
        with pytest.raises(JobError, match="closed"):
            use()


def test_who_brings_more_than_the_disk_takes_waits_and_is_told_when_the_journal_closes(folder):
    journal = Journal.open(folder, HEADER)
    write, go = journal._writer._write, threading.Event()
    journal._writer._write = lambda entries: (go.wait(60), write(entries))[1]
    given: list[int] = []
    ends: list[JobError] = []

    def work() -> None:
        try:
            while True:
                journal.conclude(len(given), "done", {})
                given.append(1)
        except JobError as error:
            ends.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    while len(journal._writer._queue) < MAX_QUEUED:
        pass
    closing = threading.Thread(target=journal.close)
    closing.start()
    thread.join()
    go.set()
    closing.join()
    assert "closed" in str(ends[0])
    assert Reader(folder).counts()["done"] == len(given)


def test_close_writes_what_is_left(folder):
    journal = Journal.open(folder, HEADER)
    futures = [journal.intend(ordinal, "k", "d", 1, "r") for ordinal in range(1200)]
    journal.close()
    assert all(future.done() for future in futures)
    assert Reader(folder).counts()["open"] == 1200


# Other processes


def test_a_second_process_is_refused_and_told_who_has_the_folder(journal, folder):
    code = """
        try:
            Journal.open(folder, {})
        except JobError as error:
            print(error, error.file)
    """
    out = finished(child(code, folder))
    assert f"in use by process {os.getpid()} on " in out
    assert str(folder / LOCK_NAME) in out


def test_the_same_process_is_refused_too(journal, folder):
    with pytest.raises(JobError, match=f"process {os.getpid()} "):
        Journal.open(folder, {})
    assert Reader(folder).counts()["open"] == 0, "looking is allowed"


def test_a_lock_of_a_process_that_was_killed_is_free(folder):
    process = child("journal = Journal.open(folder, {}); print('open', flush=True); time.sleep(60)", folder)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    with pytest.raises(JobError, match=f"process {process.pid} "):
        Journal.open(folder, {})
    process.kill()
    process.communicate()
    assert json.loads((folder / LOCK_NAME).read_text())["pid"] == process.pid, "its name still stands there"
    Journal.open(folder, {}).close()
    assert (folder / LOCK_NAME).read_text() == ""


def test_a_holder_is_told_from_a_later_process_of_the_same_number(folder):
    with Journal.open(folder, {}):
        holder = json.loads((folder / LOCK_NAME).read_text())
    assert is_alive(holder)
    assert is_alive({**holder, "host": "elsewhere", "pid": 2**22 + 1}), "who knows"
    assert not is_alive({**holder, "pid": 2**22 + 1})
    if process_start(os.getpid()) is not None:
        assert not is_alive({**holder, "started": 1})


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_is_refused_and_does_not_keep_the_lock(folder):
    code = """
        journal = Journal.open(folder, {})
        heard, saying = os.pipe()
        if os.fork() == 0:
            for use in (lambda: journal.conclude(0, "done", {}), journal.flush, journal.close):
                try:
                    use()
                except JobError as error:
                    os.write(1, f"{error}\\n".encode())
            os.write(saying, b"done")
            os.close(1)
            os.close(2)
            os.read(0, 1)
            os._exit(0)
        os.read(heard, 4)
        os.kill(os.getpid(), 9)
    """
    process = child(code, folder, stdin=subprocess.PIPE)
    assert process.stdout is not None
    out = process.stdout.read()
    process.wait(60)
    Journal.open(folder, {}).close()  # while the fork still lives
    process.communicate("\n", timeout=60)
    assert out.count(f"opened by process {process.pid}, of which this is a fork") == 3


WORK = """
    journal = Journal.open(folder, {})
    first = int(args[0])
    reply = lambda ordinal: read_completion(completion(f"answer {ordinal} " * 40))
    tell = lambda what, ordinals: os.write(1, "".join(f"{what} {o}\\n" for o in ordinals).encode())
    while True:
        rows = range(first, first + 25)
        futures = [(o, journal.intend(o, f"key {o}", "d", 1, "r")) for o in rows]
        for ordinal, future in futures:
            future.result()
            tell("intent", [ordinal])
        for ordinal in rows:
            journal.add_reply(ordinal, 1, reply(ordinal))
        journal.flush()
        tell("answer", rows)
        for ordinal in rows:
            journal.conclude(ordinal, "done", {"value": ordinal})
        journal.flush()
        tell("done", rows)
        first += 25
"""


def test_after_kills_everything_acknowledged_is_there_and_nothing_half(folder):
    acknowledged: dict[str, set[int]] = {"intent": set(), "answer": set(), "done": set()}
    for turn in range(5):
        process = child(WORK, folder, SHARD_ORDINALS - 300 + turn * 1000)
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(random.randint(1, 300))]
        process.send_signal(signal.SIGKILL)
        out, _ = process.communicate()
        for line in (*lines, *out.splitlines()):
            what, ordinal = line.split()
            acknowledged[what].add(int(ordinal))
    with Journal.open(folder, {}) as journal:
        known = journal.read_rows(0, 9 * SHARD_ORDINALS)
        assert acknowledged["intent"] <= known.keys()
        assert acknowledged["done"] <= {ordinal for ordinal, kept in known.items() if kept.state == "done"}
        answered = {ordinal for ordinal, kept in known.items() if kept.exchanges[0].reply is not None}
        assert acknowledged["answer"] <= answered
        for ordinal, kept in known.items():
            assert (kept.key, len(kept.exchanges)) == (f"key {ordinal}", 1)
            assert kept.outcome == ({"value": ordinal} if kept.state else None)
            whole = said(f"answer {ordinal} " * 40)
            assert kept.exchanges[0].reply == (whole if ordinal in answered else None)
        assert {ordinal for ordinal, _ in journal.ambiguous_rows()} == known.keys() - answered
        assert sum(journal.counts().values()) == len(known)
        assert journal.usage().total_tokens == len(answered) * said().usage.total_tokens
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
AGAIN = """
    journal.flush()
    journal.intend(row, "k", "d", 1, "r").result()
    journal.close()
    print(row, journal._reader.usage().total_tokens)
"""


def check_filled(out: str, folder: Path) -> None:
    first, *rest = out.splitlines()
    assert "full" in first
    assert str(folder) in first
    row, tokens = map(int, rest[-1].split())
    assert rest[:-1] == [], "every call says so"
    assert row > 1
    with Journal.open(folder, {}) as journal:
        assert journal.counts()["open"] == row + 1
        assert tokens == journal.usage().total_tokens == (row + 1) * said().usage.total_tokens, "no reply was lost"


FILL_BEYOND = """
    try:
        journal.add_reply(row, 1, reply)  # the reserve takes what nobody announced, too
        journal.flush()
        row += 1
        with (folder.parent / "another program's").open("wb", buffering=0) as other:
            while True:
                other.write(bytes(4096))
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


def test_a_full_disk_stops_the_journal_and_it_goes_on_when_there_is_space(tmp_path):
    size = f"size={MIN_FREE_BYTES + 2**20}"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", tmp_path], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("no file system can be mounted here; the next test has a limit in its place")
    try:
        room = (
            f"import subprocess; subprocess.run(['mount', '-o', 'remount,size=99m', {str(tmp_path)!r}], check=True)\n"
        )
        fill = textwrap.dedent(FILL).partition("for use in")[0] + textwrap.dedent(FILL_BEYOND)
        out = finished(child(fill + room + textwrap.dedent(AGAIN), tmp_path / "job")).splitlines()
        assert ["nearly full" in out[0], "No space left" in out[1], "the disk is full" in out[2]] == [True] * 3
        row, tokens = map(int, out[3].split())
        with Journal.open(tmp_path / "job", {}) as journal:
            assert journal.counts()["open"] == row + 1
            assert tokens == journal.usage().total_tokens == row * said().usage.total_tokens, "no reply was lost"
    finally:
        subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.skipif(sys.platform == "win32", reason="limits are POSIX's")
def test_a_file_that_may_not_grow_stops_the_journal_and_it_goes_on_when_it_may(folder):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))\n"
    lifted = "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
    out = finished(child(limit + textwrap.dedent(FILL) + lifted + textwrap.dedent(AGAIN), folder))
    check_filled(out, folder)


def test_a_write_that_fails_fails_its_futures_and_every_later_call_until_it_succeeds(folder):
    folder.mkdir()
    (folder / "part-00000.db").mkdir()  # no database can be here
    with Journal.open(folder, HEADER) as journal:
        with pytest.raises(JobError, match=r"part-00000\.db") as caught:
            ask(journal, 0)
        assert caught.value.file == str(folder / "part-00000.db")
        for use in (
            lambda: journal.add_reply(0, 1, said()),
            lambda: ask(journal, SHARD_ORDINALS),
            lambda: journal.mark("a", 1),
        ):
            with pytest.raises(JobError, match=r"part-00000\.db"):
                use()
        with pytest.raises(JobError):
            journal.counts()
        (folder / "part-00000.db").rmdir()
        journal.flush()
        assert journal.usage() == said().usage, "the answer was kept in memory"
        assert journal.marks == {"a": 1}
        ask(journal, SHARD_ORDINALS)


def test_close_says_what_is_lost(folder):
    folder.mkdir()
    (folder / "part-00000.db").mkdir()
    journal = Journal.open(folder, HEADER)
    journal.conclude(0, "done", {})
    with pytest.raises(JobError, match="1 entries were not written"):
        journal.close()
    journal.close()
    Journal.open(folder, HEADER).close()


def test_an_error_that_is_not_the_disks_does_not_end_the_thread_silently(folder):
    journal = Journal.open(folder, HEADER)
    ask(journal, 0)
    journal.add_reply(0, 1, replace(said(), usage=Usage(2**70)))
    for use in (journal.flush, journal.counts, lambda: ask(journal, 1), journal.close):
        with pytest.raises(JobError, match="OverflowError"):
            use()


@pytest.mark.parametrize("number", [-1, 2**70])
def test_a_number_that_cannot_count_is_refused_at_once(journal, number):
    for use in (
        lambda: ask(journal, number),
        lambda: ask(journal, 0, number),
        lambda: journal.add_reply(number, 1, said()),
        lambda: journal.conclude(number, "done", {}),
        lambda: journal.reopen([number]),
    ):
        with pytest.raises(ValueError, match="ordinals and numbers"):
            use()
    assert journal.counts()["open"] == 0


@pytest.mark.parametrize(("name", "opens"), [("job.db", False), ("part-00000.db", True)])
def test_a_damaged_file_is_named_with_what_to_do(folder, name, opens):
    with Journal.open(folder, HEADER) as journal:
        ask(journal, 0)
    (folder / name).write_bytes(b"not a database" * 1000)

    def go_on() -> None:
        with Journal.open(folder, HEADER) as journal:
            assert opens
            ask(journal, 1)

    with pytest.raises(JobError, match="damaged; restore a copy") as caught:
        go_on()
    assert caught.value.file == str(folder / name)


def test_a_file_cut_short_is_damaged_when_it_is_read(folder):
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


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
@pytest.mark.parametrize("name", ["", "job.db"])
def test_what_cannot_be_written_is_named(name):
    with tempfile.TemporaryDirectory() as there:
        folder = Path(there) / "job"
        Journal.open(folder, HEADER).close()
        for path in (Path(there), folder, *folder.iterdir()):
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


def test_a_job_whose_first_moment_was_cut_off_begins_again(folder):
    folder.mkdir()
    (folder / "job.db").touch()
    with pytest.raises(JobError, match="interrupted before it started"):
        Reader(folder)
    with Journal.open(folder, HEADER) as journal:
        assert journal.header == HEADER


# Versions


def test_an_older_file_is_brought_up_to_date_with_its_rows(tmp_path):
    path = tmp_path / "file.db"

    def first(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE things (name TEXT)")
        connection.execute("INSERT INTO things VALUES ('kept')")

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
            assert connection.execute("SELECT * FROM things").fetchall() == [("kept", "blue")]
            assert schema_version(connection) == 2


def test_a_file_of_a_newer_structkit_is_left_alone(folder):
    with Journal.open(folder, HEADER) as journal:
        ask(journal, 0)
    with contextlib.closing(sqlite3.connect(folder / "part-00000.db")) as connection:
        connection.execute(f"PRAGMA user_version = {len(SHARD_MIGRATIONS) + 1}")
    with Journal.open(folder, HEADER) as journal, pytest.raises(JobError, match="update structkit"):
        ask(journal, 1)


# Any history


ORDINALS = [0, 1, SHARD_ORDINALS - 1, SHARD_ORDINALS]
REPLIES = [said("a"), said("b"), refused(), RequestTimeout("late")]
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
        self.lost = 0

    def row(self, ordinal: int, digest: str = "") -> dict[str, Any]:
        key = "k" if digest else ""
        return self.rows.setdefault(ordinal, {"key": key, "digest": digest, "exchanges": {}, "late": {}, "end": None})

    def do(self, what: str, *args: Any) -> None:
        getattr(self, what)(*args)

    def intend(self, ordinal: int, digest: str, number: int) -> None:
        row = self.row(ordinal, digest)
        if row["digest"] != digest:
            self.set_aside(row)
        row.update(key="k", digest=digest, end=None)
        self.lost += number in row["late"]
        row["late"].pop(number, None)
        if number in row["exchanges"] and row["exchanges"][number][1] is None:
            self.lost += 1
        row["exchanges"][number] = ("r", None)

    def set_aside(self, row: dict[str, Any]) -> None:
        row["late"].update({number: None for number, (_, reply) in row["exchanges"].items() if reply is None})
        row["exchanges"] = {}

    def answer(self, ordinal: int, number: int, reply: int) -> None:
        row = self.row(ordinal)
        self.usage += getattr(REPLIES[reply], "usage_of_reply", None) or REPLIES[reply].usage
        if number in row["late"]:  # of a request that no longer counts
            del row["late"][number]
            return
        request, known = row["exchanges"].get(number, ("", ""))
        row["exchanges"][number] = (request if known is None else "", REPLIES[reply])

    def conclude(self, ordinal: int, state: str, outcome: int) -> None:
        self.row(ordinal)["end"] = (state, {"value": outcome})

    def reopen(self, ordinal: int, afresh: bool) -> None:
        if ordinal in self.rows:
            self.rows[ordinal]["end"] = None
            if afresh:
                self.set_aside(self.rows[ordinal])

    def kept(self) -> dict[int, Any]:
        return {
            ordinal: (
                row["key"],
                row["digest"],
                row["end"],
                [(n, r, told(x)) for n, (r, x) in sorted(row["exchanges"].items())],
            )
            for ordinal, row in self.rows.items()
        }

    def unanswered(self) -> Usage:
        counts = [
            sum(reply is None for _, reply in row["exchanges"].values()) + len(row["late"])
            for row in self.rows.values()
        ]
        return Usage(unreported=sum(counts) + self.lost)


def flat(kept: RowState) -> Any:
    end = None if kept.state is None else (kept.state, kept.outcome)
    return kept.key, kept.digest, end, [(one.number, one.request, told(one.reply)) for one in kept.exchanges]


def do(journal: Journal, what: str, *args: Any) -> None:
    match what, args:
        case "intend", (ordinal, digest, number):
            journal.intend(ordinal, "k", digest, number, "r")
        case "answer", (ordinal, number, reply):
            journal.add_reply(ordinal, number, REPLIES[reply])
        case "conclude", (ordinal, state, outcome):
            journal.conclude(ordinal, state, {"value": outcome})
        case "reopen", (ordinal, afresh):
            journal.reopen([ordinal], ignore_exchanges=afresh)
        case _:
            journal.flush()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories)
def test_any_prefix_of_any_history_reopened_is_what_happened(history):
    model = Model()
    with tempfile.TemporaryDirectory() as there, contextlib.ExitStack() as stack:
        journal = stack.enter_context(Journal.open(Path(there), HEADER))
        for what, *args in history:
            if what == "restart":
                journal.close()
                journal = stack.enter_context(Journal.open(Path(there), HEADER))
                continue
            do(journal, what, *args)
            if what != "flush":
                model.do(what, *args)
        journal.close()
        with Journal.open(Path(there), HEADER) as again:
            known = again.read_rows(0, 2 * SHARD_ORDINALS)
            assert {ordinal: flat(kept) for ordinal, kept in known.items()} == model.kept()
            assert again.usage() == model.usage + model.unanswered()
            ended = [ordinal for ordinal, row in sorted(model.rows.items()) if row["end"]]
            assert [kept.ordinal for kept in again.finished_rows()] == ended
            assert {state: rows for state, rows in again.counts().items() if rows} == {
                state: rows
                for state in (*FINAL_STATES, "open")
                if (rows := sum((row["end"] or ("open",))[0] == state for row in model.rows.values()))
            }
            assert [ordinal for ordinal, _ in again.ambiguous_rows()] == [
                ordinal
                for ordinal, row in sorted(model.rows.items())
                if any(reply is None for _, reply in row["exchanges"].values())
            ]
