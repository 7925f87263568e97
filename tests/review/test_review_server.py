"""A review that is served: every decision is on the disk before it is answered, and only its own page is answered."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from review_process import Review, gold_lines, serve, write_table

from structkit.cli.app import app, run
from structkit.errors import ConfigError, JobError
from structkit.review import (
    GoldFile,
    ReviewServer,
    ReviewSession,
    ReviewTable,
    RowChoice,
    parse_choice,
    review_server,
    review_session,
)
from structkit.schema.cache import response_format
from structkit.tables.sources import open_source

GOOD, BAD = {"mood": "good", "city": "Kiel"}, {"mood": "bad", "city": None}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path, 5)
    return tmp_path


def open_session(gold: GoldFile, choice: RowChoice = RowChoice(), source: Any = "labels.csv") -> ReviewSession:  # noqa: B008
    output_format = response_format(json.loads(Path("mood.json").read_text(encoding="utf-8")))

    def open_table() -> ReviewTable:
        return ReviewTable(open_source(source, key="id"), output_format, ("body",))

    return ReviewSession(open_table, choice, 0.8, gold, "labels.csv")


@pytest.fixture
def review(folder: Path) -> Iterator[Review]:
    gold = GoldFile(folder / "labels.gold.jsonl")
    with ReviewServer(open_session(gold), 0) as server:
        yield Review(server.url)
    gold.close()


def merge(*options: str) -> int:
    arguments = ["review", "labels.csv", "--type", "mood.json", "--key", "id", "--merge", "labels.gold.jsonl", *options]
    return run(lambda: app(arguments, standalone_mode=True))


def test_a_decision_is_a_line_that_merge_reads(folder: Path, review: Review) -> None:
    changes = [{"path": ["mood"], "before": "good", "after": "bad"}]
    reply = review.decide(0, BAD, changes=changes)
    assert (reply.status, reply.body["saved"]["decision"], reply.body["seen"]) == (200, "approved", 1)
    assert reply.body["decisions"] == {"approved": 1, "rejected": 0}
    assert review.decide(1).status == 200
    approved, rejected = gold_lines(folder)
    assert [*approved] == ["key", "row", "decision", "value", "changes", "by", "at", "row_digest"]
    assert (approved["key"], approved["row"], approved["value"], approved["changes"]) == ("1", 1, BAD, changes)
    assert (rejected["decision"], "value" in rejected) == ("rejected", False)
    assert merge("-o", "gold.csv") == 0
    assert Path("gold.csv").read_text(encoding="utf-8").splitlines() == ["id,mood,city", "1,bad,"]


def test_a_request_that_reads_a_table_while_it_changes_is_answered(folder: Path) -> None:
    session = open_session(GoldFile(folder / "gold.jsonl"))
    index = session._current_index()
    index.wait_for_rows()
    write_table(folder, 7)
    assert session.describe()["table"] == 2
    assert len(index.rows(0, 10)) == 5, "by a request that has begun before"
    session.close()


def test_numbers_of_a_decision_keep_their_digits(folder: Path) -> None:
    rows = [{"id": "1", "body": "", "n": 1}]
    gold = GoldFile(folder / "gold.jsonl")
    table = ReviewTable(
        open_source(rows, key="id"), response_format({"properties": {"n": {"type": "number"}}}), ("body",)
    )
    with ReviewServer(ReviewSession(lambda: table, RowChoice(), 0.8, gold, ""), 0) as server:
        review = Review(server.url)
        digest = review.get("row", place=0)["digest"]
        entry = f'{{"key":"1","decision":"approved","value":{{"n":12345678901234567890.10}},"row_digest":"{digest}"}}'
        body = f'{{"table":1,"place":0,"seen":0,"entry":{entry}}}'
        assert review.send("POST", "/api/decide", body.encode()).status == 200
    gold.close()
    assert '"value":{"n":12345678901234567890.10}' in Path("gold.jsonl").read_text(encoding="utf-8")


def test_rows_are_listed_by_pages_with_what_stands_out(review: Review) -> None:
    review.decide(2)
    reply = review.get("rows", start=1, count=2)
    assert [(row["key"], row.get("decision")) for row in reply["items"]] == [("2", None), ("3", "rejected")]
    assert (reply["count"], reply["isComplete"]) == (5, True)
    assert [review.get("next", place=place)["place"] for place in (0, 1, 4, 9)] == [1, 3, 0, 0]


def test_the_page_has_no_data_and_the_data_needs_the_token(review: Review) -> None:
    page = review.send("GET", "/", X_Structkit_Token=None)
    assert (page.status, "labels" in page.body, "Kiel" in page.body) == (200, False, False)
    assert (page.headers["Referrer-Policy"], page.headers["Cache-Control"]) == ("no-referrer", "no-store")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    for token in (None, "", "x", review.token[:-1], review.token + "x", "ü"):
        assert (
            review.send(
                "GET", "/api/row?place=0&table=1", X_Structkit_Token=token and token.encode().decode("latin-1")
            ).status
            == 403
        )
        assert review.send("POST", "/api/decide", b"{}", X_Structkit_Token=token and "x").status == 403
    assert review.send("GET", "/?token=x", X_Structkit_Token=None).status == 403
    assert review.send("GET", f"/api/job?token={review.token}", X_Structkit_Token=None).status == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1"}, 421),
        ({"Host": None}, 421),
        ({"Host": "127.0.0.1.evil.example:{port}"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "https://127.0.0.1:{port}"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Origin": "http://127.0.0.1:{port}", "Sec_Fetch_Site": "same-origin"}, 200),
        ({"Host": "localhost:{port}", "Origin": "http://localhost:{port}"}, 200),
    ],
)
def test_foreign_hosts_and_pages_are_rejected(review: Review, headers: dict[str, str | None], status: int) -> None:
    sent = {name: text and text.format(port=review.port) for name, text in headers.items()}
    reply = review.send("GET", "/api/row?place=0&table=1", **sent)
    assert reply.status == status
    assert not any(name.lower().startswith("access-control") for name in reply.headers)
    assert review.send("POST", "/api/decide", b"{}", **sent).status == (400 if status == 200 else status)


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("OPTIONS", "/api/decide", None, {}, 405),
        ("HEAD", "/", None, {}, 405),
        ("DELETE", "/api/row", None, {}, 405),
        ("BREW", "/", None, {}, 405),
        ("GET", "/api/decide", None, {}, 404),
        ("GET", "/../labels.csv", None, {}, 404),
        ("GET", "/api/row?place=-1&table=1", None, {}, 400),
        ("GET", "/api/row?place=99&table=1", None, {}, 404),
        ("GET", "/api/row?place=" + "9" * 40 + "&table=1", None, {}, 400),
        ("GET", "/api/row?" + "a=1&" * 50, None, {}, 400),
        ("POST", "/api/row", b"{}", {}, 404),
        ("POST", "/api/decide", b"{}", {"Content_Type": "text/plain"}, 415),
        ("POST", "/api/decide", b"{}", {"Content_Type": None}, 415),
        ("POST", "/api/decide", None, {}, 411),
        ("POST", "/api/decide", b"{}", {"Content_Length": "-1"}, 411),
        ("POST", "/api/decide", b"{}", {"Transfer_Encoding": "chunked", "Content_Length": None}, 411),
        ("POST", "/api/decide", None, {"Content_Length": str(1 << 30)}, 413),
        ("GET", "http://[", None, {}, 404),
        ("POST", "/api/decide", b"{", {}, 400),
        ("POST", "/api/decide", b"[" * 100_000, {}, 400),
        ("POST", "/api/decide", b"\xff", {}, 400),
        ("POST", "/api/decide", b"[]", {}, 400),
        ("POST", "/api/decide", b'{"table": 1, "place": true, "seen": 0, "entry": {}}', {}, 400),
    ],
)
def test_requests_that_are_not_the_page_s_are_rejected(
    review: Review, folder: Path, method: str, path: str, body: bytes | None, headers: dict[str, Any], status: int
) -> None:
    assert review.send(method, path, body, **headers).status == status
    assert (folder / "labels.gold.jsonl").read_bytes() == b""


@pytest.mark.parametrize("value", [{"mood": "fair", "city": None}, {"mood": "good"}, [], "x"])
def test_a_value_that_is_not_one_of_the_type_is_not_saved(folder: Path, review: Review, value: Any) -> None:
    reply = review.decide(0, value)
    assert (reply.status, reply.body["problem"]) == (422, "invalid")
    assert "not a value of" in reply.body["message"]
    assert (folder / "labels.gold.jsonl").read_bytes() == b""


def test_the_second_decision_about_a_row_learns_of_the_first_and_the_person_chooses(
    folder: Path, review: Review
) -> None:
    assert review.decide(0, BAD).status == 200
    conflict = review.decide(0, GOOD, line=0, by="bob")
    assert (conflict.status, conflict.body["problem"], conflict.body["seen"]) == (409, "conflict", 1)
    assert conflict.body["saved"]["by"] == "ann"
    assert json.loads(conflict.body["saved"]["value"]) == BAD
    assert len(gold_lines(folder)) == 1
    assert review.decide(0, GOOD, line=conflict.body["seen"], by="bob").status == 200
    assert [line["by"] for line in gold_lines(folder)] == ["ann", "bob"]


def test_a_decision_whose_reply_was_lost_is_not_saved_again(folder: Path, review: Review) -> None:
    assert [review.decide(0, BAD, line=0).status for _ in range(3)] == [200, 200, 200]
    assert len(gold_lines(folder)) == 1


def test_concurrent_decisions_are_lines_one_after_the_other(folder: Path, review: Review) -> None:
    replies: list[int] = []
    threads = [
        threading.Thread(target=lambda n=n: replies.append(review.decide(n % 5, GOOD, line=0, by=str(n)).status))
        for n in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (replies.count(200), replies.count(409)) == (5, 35)
    assert sorted(line["key"] for line in gold_lines(folder)) == ["1", "2", "3", "4", "5"]


def test_a_decision_is_taken_back(folder: Path, review: Review) -> None:
    review.decide(0, GOOD)
    assert review.decide(0, decision="open").body["saved"] is None
    assert review.get("job")["decisions"] == {"approved": 0, "rejected": 0}
    assert merge("-o", "gold.csv") == 0
    assert Path("gold.csv").read_text(encoding="utf-8").splitlines() == ["id,mood,city"]


def test_the_same_command_again_has_what_was_decided(folder: Path) -> None:
    for _ in range(2):
        gold = GoldFile(folder / "labels.gold.jsonl")
        with ReviewServer(open_session(gold), 0) as server:
            review = Review(server.url)
            place = review.get("next", place=99)["place"]
            assert review.decide(place, GOOD).status == 200
        gold.close()
    assert [line["key"] for line in gold_lines(folder)] == ["1", "2"]


def test_a_row_that_was_edited_while_the_page_is_open_is_not_saved(folder: Path, review: Review) -> None:
    row = review.get("row", place=1)
    table = folder / "labels.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("text 2", "edited"), encoding="utf-8")
    entry = {"key": "2", "decision": "rejected", "row_digest": row["digest"]}
    body = {"table": 1, "place": 1, "seen": 0, "entry": entry}
    reply = review.send("POST", "/api/decide", json.dumps(body).encode())
    assert (reply.status, reply.body["problem"]) == (409, "table")
    reply = review.send("POST", "/api/decide", json.dumps({**body, "table": 2}).encode())
    assert (reply.status, reply.body["problem"]) == (409, "stale")
    assert review.get("row", place=1, table=2)["texts"] == [["body", "edited in Kiel"]]
    assert review.decide(1, GOOD, table=2).status == 200


def test_what_was_decided_of_a_row_before_it_was_edited_is_mentioned_and_does_not_count(folder: Path) -> None:
    with GoldOf(folder) as review:
        review.decide(1, GOOD)
    table = folder / "labels.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("text 2", "edited"), encoding="utf-8")
    with GoldOf(folder) as review:
        row = review.get("row", place=1)
        assert (row["saved"], row["isStale"], review.get("job")["decisions"]["approved"]) == (None, True, 0)
        assert review.decide(1, GOOD).status == 200


class GoldOf:
    """A server in this process."""

    def __init__(self, folder: Path, choice: str = "") -> None:
        self._gold = GoldFile(folder / "labels.gold.jsonl")
        try:
            session = open_session(self._gold, parse_choice(choice) if choice else RowChoice())
        except BaseException:
            self._gold.close()
            raise
        self._server = ReviewServer(session, 0)

    def __enter__(self) -> Review:
        self._server.__enter__()
        return Review(self._server.url)

    def __exit__(self, *error: object) -> None:
        self._server.__exit__(None, None, None)
        self._gold.close()


def test_rows_are_chosen_and_the_gold_of_others_is_not_an_error(folder: Path) -> None:
    with GoldOf(folder) as review:
        assert review.get("job")["count"] > 0  # which waits for rows
        review.decide(0, GOOD)
    table = folder / "labels.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("text 4 in Kiel", "text 4"), encoding="utf-8")
    with GoldOf(folder, "missing") as review:
        assert [row["key"] for row in review.get("rows", start=0, count=9)["items"]] == ["4"]
    with GoldOf(folder, "sample=3") as review:
        while not review.get("job")["isComplete"]:
            pass
        assert len(review.get("rows", start=0, count=9)["items"]) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}\n", "line 1: not an entry of a review"),
        ("mine\n", "line 1: not valid JSON"),
        (b"\xff\n", "line 1 cannot be read"),
        (json.dumps({"key": "9", "decision": "rejected", "row_digest": ""}) + "\n", "no row with the key '9'"),
        (json.dumps({"key": "1", "decision": "approved", "value": 3, "row_digest": ""}) + "\n", "not a value of"),
    ],
)
def test_a_gold_file_that_is_not_one_of_this_table_is_an_error_and_stays(
    folder: Path, text: str | bytes, message: str
) -> None:
    data = text.encode() if isinstance(text, str) else text
    (folder / "labels.gold.jsonl").write_bytes(data)
    with pytest.raises(JobError, match=message):
        GoldOf(folder)
    assert (folder / "labels.gold.jsonl").read_bytes() == data


@pytest.mark.parametrize("length", [1, 30, 120])
def test_a_line_that_a_killed_process_has_begun_is_left_out_and_replaced(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes], length: int
) -> None:
    with GoldOf(folder) as review:
        review.decide(0, GOOD)
        review.decide(1, GOOD)
    path = folder / "labels.gold.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][:length])
    assert merge("-o", "gold.csv") == 0
    assert b"labels.gold.jsonl, line 2: incomplete" in capfdbinary.readouterr().err
    with GoldOf(folder) as review:
        assert review.get("next", place=99)["place"] == 1
        review.decide(1, BAD)
    assert [line["value"] for line in gold_lines(folder)] == [GOOD, BAD]


def test_a_last_line_without_its_end_is_kept(folder: Path) -> None:
    with GoldOf(folder) as review:
        review.decide(0, GOOD)
    path = folder / "labels.gold.jsonl"
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    with GoldOf(folder) as review:
        review.decide(1, BAD)
    assert [line["value"] for line in gold_lines(folder)] == [GOOD, BAD]


def test_a_gold_file_is_written_by_one_process(folder: Path) -> None:
    with GoldOf(folder), pytest.raises(JobError, match="in use by another review"):
        GoldFile(folder / "labels.gold.jsonl")


def test_a_gold_file_that_another_program_has_changed_is_not_written(folder: Path, review: Review) -> None:
    review.decide(0, GOOD)
    path = folder / "labels.gold.jsonl"
    text = path.read_text(encoding="utf-8")
    path.unlink()
    path.write_text(text, encoding="utf-8")
    reply = review.decide(1, GOOD)
    assert (reply.status, "changed by another program" in reply.body["message"]) == (503, True)
    assert path.read_text(encoding="utf-8") == text


def test_a_review_without_a_decision_leaves_no_file(folder: Path) -> None:
    with GoldOf(folder):
        assert (folder / "labels.gold.jsonl").exists()
    assert not (folder / "labels.gold.jsonl").exists()


def test_a_table_that_is_broken_for_a_moment_is_read_again(
    folder: Path, review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_session, "RETRY_SECONDS", 0)
    table = folder / "labels.csv"
    text = table.read_text(encoding="utf-8")
    table.unlink()
    assert review.send("GET", "/api/job?").status == 503
    table.write_text(f"{text}6,too few\n", encoding="utf-8")
    assert review.send("GET", "/api/job?").status == 503
    table.write_text(text, encoding="utf-8")
    reply = review.send("GET", "/api/job?")
    assert (reply.status, reply.body["count"]) == (200, 5)
    assert review.decide(0, GOOD, table=reply.body["table"]).status == 200


def test_a_gold_file_of_windows_is_read(folder: Path) -> None:
    with GoldOf(folder) as review:
        review.decide(0, GOOD)
    path = folder / "labels.gold.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n\r\n"))
    with GoldOf(folder) as review:
        assert review.get("next", place=99)["place"] == 1
        assert review.decide(1, BAD).status == 200
    assert merge("-o", "gold.csv") == 0
    assert len(Path("gold.csv").read_text(encoding="utf-8").splitlines()) == 3


@pytest.mark.parametrize("name", ["missing/gold.jsonl", "."])
def test_a_gold_file_that_cannot_be_written_is_an_error(folder: Path, name: str) -> None:
    with pytest.raises(JobError, match="cannot be written"):
        GoldFile(folder / name)


def test_a_gold_file_that_is_a_pipe_is_an_error(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(JobError, match="is not a file"):
        GoldFile(folder / "pipe")


def test_a_port_that_is_in_use_is_an_error(folder: Path, review: Review) -> None:
    gold = GoldFile(folder / "other.jsonl")
    with pytest.raises(ConfigError, match=f"cannot listen on port {review.port}"):
        ReviewServer(open_session(gold), review.port)
    gold.close()


def test_a_table_that_cannot_be_read_is_the_error_of_the_session(folder: Path) -> None:
    with (folder / "labels.csv").open("a", encoding="utf-8") as table:
        table.write("6,too few\n")
    gold = GoldFile(folder / "gold.jsonl")
    session = open_session(gold)
    while session.error is None:
        pass
    assert "line 7: 2 cells where the header has 4" in str(session.error)
    gold.close()


def test_a_connection_that_sends_nothing_is_closed_and_hinders_nobody(
    review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_server._Handler, "timeout", 0.2)
    monkeypatch.setattr(review_server, "REQUEST_SECONDS", 0.5)
    with (
        socket.create_connection(("127.0.0.1", review.port)) as idle,
        socket.create_connection(("127.0.0.1", review.port)) as slow,
    ):
        assert review.get("job")["count"] == 5
        slow.settimeout(0.1)
        closed = False
        for _ in range(30):
            try:
                slow.sendall(b"G")
                closed = slow.recv(1) == b""
            except TimeoutError:
                continue
            except OSError:
                closed = True
            if closed:
                break
        assert closed
        idle.settimeout(5)
        assert idle.recv(1) == b""


# Of a process of its own:


def test_what_was_answered_is_on_the_disk_after_kill_9(folder: Path) -> None:
    write_table(folder, 60)
    saved: list[str] = []
    for kill_after in (1, 9):
        with serve(folder) as review:
            timer = (
                threading.Timer(0.02 * kill_after + 0.05, os.kill, (review.process.pid, signal.SIGKILL))
                if review.process
                else None
            )
            assert timer is not None
            timer.start()
            try:
                while (place := review.get("next", place=99)["place"]) is not None:
                    assert review.decide(place, {"mood": "good", "city": "x" * 20_000}).status == 200
                    saved.append(str(place + 1))
            except (OSError, HTTPException):  # killed before a reply, or within one
                pass
            timer.join()
        assert merge("-o", "gold.csv", "--overwrite") == 0
        text = (folder / "labels.gold.jsonl").read_text(encoding="utf-8")
        keys = [json.loads(line)["key"] for line in text.splitlines() if line.endswith("}")]
        assert {*saved} <= {*keys}
        assert len(keys) <= len(saved) + 2, "at most the request in flight was saved without an answer"
    assert saved


def test_ctrl_c_says_where_the_gold_is(folder: Path) -> None:
    with serve(folder, "-o", "mine.jsonl") as review:
        assert review.decide(0, GOOD).status == 200
        assert review.process is not None
        review.process.send_signal(signal.SIGINT)
        error = review.process.communicate()[1]
        assert review.process.returncode == 0
        assert "mine.jsonl: 1 approved, 0 rejected; --merge mine.jsonl makes the gold" in error
        assert review.token not in error
        assert "Traceback" not in error


def test_a_full_disk_loses_nothing_that_was_saved(folder: Path) -> None:
    with serve(folder) as review:
        assert review.decide(0, GOOD).status == 200
        assert review.process is not None
        resource.prlimit(review.process.pid, resource.RLIMIT_FSIZE, (5_000, 5_000))
        full = review.decide(1, {"mood": "good", "city": "x" * 10_000})
        assert (full.status, "File too large" in full.body["message"]) == (503, True)
        assert [line["key"] for line in gold_lines(folder)] == ["1"]
        assert review.decide(1, BAD).status == 200
    assert [line["key"] for line in gold_lines(folder)] == ["1", "2"]
