"""`structkit label` as a process: what it writes, what it asks, and how it goes on."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from structkit.testing import Endpoint, Reply, completion

KINDS = """
from typing import Literal
from pydantic import BaseModel
import structkit

class Label(BaseModel):
    mood: Literal["good", "bad"]

class Longer(Label):
    why: str = "unsaid"

@structkit.prompt(Label, instructions="Be brief.", temperature=0)
def mood(text: str) -> str:
    return f"Mood of: {text}"

@structkit.prompt(Label, instructions="Be brief.", temperature=0)
async def later(text: str) -> str:
    return f"Mood of: {text}"

@structkit.prompt(Label, client=structkit.Client("fake", base_url="http://127.0.0.1:9", api_key="none"))
def own(text: str) -> str:
    return text
"""
ROWS = ["id,text", *(f"{number:05},row {number}" for number in range(6))]
ASK = ["--type", "kinds.py:Label", "--prompt", "Label this: {text}"]
GOOD = '{"mood": "good"}'
PATIENCE = 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "kinds.py").write_text(KINDS, encoding="utf-8")
    (tmp_path / "rows.csv").write_text("\n".join([*ROWS, ""]), encoding="utf-8")
    (tmp_path / "prices.toml").write_text("[fake]\ninput = 1\noutput = 10\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(GOOD) as endpoint:
        yield endpoint


def settings(endpoint: Endpoint | None) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI")}
    told = {"OPENAI_API_KEY": "sk-label", "STRUCTKIT_MODEL": "fake", "PYTHONIOENCODING": "utf-8"}
    return {**own, **told, "OPENAI_BASE_URL": endpoint.base_url if endpoint else "http://127.0.0.1:9"}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "structkit", "label", *arguments]


def label(
    folder: Path, endpoint: Endpoint | None, *arguments: str, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=settings(endpoint),
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    with path.open(encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file)]


def asked(endpoint: Endpoint) -> list[str]:
    return sorted(body["messages"][-1]["content"] for body in endpoint.requests)


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl"])
def test_every_row_is_labelled_once_and_keeps_its_columns(folder: Path, endpoint: Endpoint, name: str) -> None:
    done = label(folder, endpoint, "rows.csv", "-o", name, *ASK)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "complete: 6 rows, 6 done" in done.stderr
    rows = read(folder / name)
    assert [row["id"] for row in rows] == [f"{number:05}" for number in range(6)]
    assert {(row["mood"], row["status"]) for row in rows} == {("good", "done")}
    assert asked(endpoint) == [f"Label this: row {number}" for number in range(6)]


def test_rows_come_from_standard_input(folder: Path, endpoint: Endpoint) -> None:
    done = label(folder, endpoint, "-", "-o", "out.csv", *ASK, stdin='{"text": "a"}\n{"text": "b"}\n')
    assert done.returncode == 0, done.stderr
    assert [row["text"] for row in read(folder / "out.csv")] == ["a", "b"]


def test_what_is_spent_is_reckoned_by_the_users_own_prices(folder: Path, endpoint: Endpoint) -> None:
    done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--prices", "prices.toml", "--limit", "2")
    assert done.returncode == 0, done.stderr
    assert "0.00012 spent" in done.stderr  # 2 rows of 10 tokens at 1 and 5 at 10, by the million


@pytest.mark.parametrize("function", ["mood", "later"])
def test_a_decorated_function_says_type_and_prompt_and_arguments(
    folder: Path, endpoint: Endpoint, function: str
) -> None:
    done = label(folder, endpoint, "rows.csv", "-o", "out.csv", "--function", f"kinds.py:{function}", "--limit", "1")
    assert done.returncode == 0, done.stderr
    body = endpoint.requests[0]
    assert [message["content"] for message in body["messages"]] == ["Be brief.", "Mood of: row 0"]
    assert body["temperature"] == 0


def test_the_same_command_goes_on_and_asks_nothing_twice(folder: Path, endpoint: Endpoint) -> None:
    first = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--limit", "2")
    again = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK)
    assert (first.returncode, again.returncode) == (0, 0), again.stderr
    assert len(read(folder / "out.csv")) == 6
    assert asked(endpoint) == [f"Label this: row {number}" for number in range(6)]


def test_an_edited_row_is_asked_alone(folder: Path, endpoint: Endpoint) -> None:
    label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--key", "id")
    (folder / "rows.csv").write_text("\n".join([*ROWS[:3], "00002,changed", *ROWS[4:], ""]), encoding="utf-8")
    done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--key", "id")
    assert done.returncode == 0, done.stderr
    assert len(endpoint.requests) == 7
    assert endpoint.requests[-1]["messages"][-1]["content"] == "Label this: changed"


def test_another_type_stops_and_is_read_from_the_kept_replies_if_asked(folder: Path, endpoint: Endpoint) -> None:
    longer = ["--type", "kinds.py:Longer", *ASK[2:]]
    label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK)
    stopped = label(folder, endpoint, "rows.csv", "-o", "out.csv", *longer)
    assert stopped.returncode == 2
    assert "the job has changed" in stopped.stderr
    assert "--reparse" in stopped.stderr
    done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *longer, "--reparse")
    assert done.returncode == 0, done.stderr
    assert {row["why"] for row in read(folder / "out.csv")} == {"unsaid"}
    assert len(endpoint.requests) == 6


def test_a_new_job_pays_again(folder: Path, endpoint: Endpoint) -> None:
    label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK)
    for _ in range(2):  # the second time, it is the job that was begun
        done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--temperature", "0", "--new")
        assert done.returncode == 0, done.stderr
    assert len(endpoint.requests) == 12


def test_a_dry_run_shows_the_first_request_and_an_estimate_and_sends_nothing(folder: Path, endpoint: Endpoint) -> None:
    prices = ["--price-input", "2.50", "--price-output", "10"]
    done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, *prices, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["messages"][-1]["content"] == "Label this: row 0"
    assert done.stderr.startswith("6 rows; about ")
    assert "; cost 0.00" in done.stderr
    assert endpoint.requests == []
    assert sorted(path.name for path in folder.glob("out*")) == []


def test_the_status_of_a_job_is_read_without_running_it(folder: Path, endpoint: Endpoint) -> None:
    label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--limit", "2")
    told = label(folder, None, "-o", "out.csv", "--status")
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("2 done\n0 failed\n")
    assert label(folder, None, "-o", "other.csv", "--status").returncode == 2


def test_rows_that_failed_are_in_the_output_and_asked_again_if_asked(folder: Path) -> None:
    with Endpoint(Reply(completion(None, refusal="No."))) as refusing:
        done = label(folder, refusing, "rows.csv", "-o", "out.csv", *ASK)
    assert done.returncode == 0, done.stderr
    assert "--retry-failed" in done.stderr
    assert {(row["status"], row["mood"]) for row in read(folder / "out.csv")} == {("failed", "")}
    with Endpoint(GOOD) as endpoint:
        assert label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK).returncode == 0
        assert endpoint.requests == []
        label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--retry-failed")
    assert {row["status"] for row in read(folder / "out.csv")} == {"done"}


def test_a_budget_that_is_used_up_has_an_exit_code_of_its_own(folder: Path, endpoint: Endpoint) -> None:
    prices = ["--price-input", "2.50", "--price-output", "10", "--max-tokens", "50"]
    done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, *prices, "--budget", "0.0001")
    assert done.returncode == 5
    assert "incomplete: the budget is used up" in done.stderr
    assert "go on with: structkit label rows.csv -o out.csv" in done.stderr
    assert label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, *prices).returncode == 0


def test_an_endpoint_that_refuses_the_key_ends_the_run_with_its_exit_code(folder: Path) -> None:
    with Endpoint(Reply({"error": {"message": "Incorrect API key"}}, status=401)) as endpoint:
        done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--concurrency", "1")
    assert done.returncode == 3
    assert len(endpoint.requests) == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["rows.csv", "-o", "out.csv"], "say what to ask"),
        (["rows.csv", "-o", "out.csv", *ASK, "--function", "kinds.py:mood"], "say what to ask"),
        (["-o", "out.csv", *ASK], "name the INPUT"),
        (["rows.csv", "-o", "-", *ASK], "a job needs a file"),
        (["rows.csv", "-o", "no/out.csv", *ASK], "cannot write"),
        (["none.csv", "-o", "out.csv", *ASK], "there is no file"),
        (["rows.csv", "-o", "out.csv", *ASK[:2], "--prompt", "{nope}"], "asks for {nope}"),
        (["rows.csv", "-o", "out.csv", *ASK, "--budget", "3"], "a budget needs a price"),
        (["rows.csv", "-o", "out.csv", *ASK, "--price-input", "3"], "a price has two parts"),
        (["rows.csv", "-o", "out.csv", *ASK, "--budget", "much"], "is no amount of money"),
        (["rows.csv", "-o", "out.csv", *ASK, "--prices", "none.toml"], "cannot be read"),
        (
            ["rows.csv", "-o", "out.csv", *ASK, "--prices", "prices.toml", "--model", "b"],
            "no price of 'b', only of fake",
        ),
        (
            ["rows.csv", "-o", "out.csv", *ASK, "--prices", "prices.toml", "--price-input=1", "--price-output=1"],
            "say what tokens cost once",
        ),
        (["rows.csv", "-o", "out.csv", *ASK, "--concurrency", "0"], "neither auto nor a number"),
        (["rows.csv", "-o", "out.csv", *ASK, "--mix", "--new"], "choose one"),
        (["rows.csv", "-o", "out.csv", "--function", "kinds.py:Label"], "not a function under"),
        (["rows.csv", "-o", "out.csv", "--function", "kinds.py:own"], "a client of its own"),
        (["kinds.py", "-o", "out.csv", *ASK], "kinds.py"),
    ],
)
def test_a_mistake_is_told_before_anything_is_asked(
    folder: Path, endpoint: Endpoint, arguments: list[str], told: str
) -> None:
    done = label(folder, endpoint, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert endpoint.requests == []


def test_an_output_of_somebody_else_is_refused_before_anything_is_asked(folder: Path, endpoint: Endpoint) -> None:
    (folder / "out.csv").write_text("precious", encoding="utf-8")
    done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK)
    assert done.returncode == 2
    assert "--overwrite" in done.stderr
    assert endpoint.requests == []
    assert (folder / "out.csv").read_text(encoding="utf-8") == "precious"
    assert label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--overwrite").returncode == 0


class Interrupted:
    """The command as a process of its own, against an endpoint that holds its replies back."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.may_answer = threading.Event()
        self.folder, self.arguments, self.told = folder, ("rows.csv", "-o", "out.csv", *ASK, *arguments), ""

    def reply(self, _: Any) -> Reply:
        self.may_answer.wait(PATIENCE)
        return Reply(completion(GOOD))

    def start(self, endpoint: Endpoint) -> None:
        """Begin, and send Ctrl-C when a request is out; return when the command has said something."""
        whole = command(*self.arguments)
        self.process = subprocess.Popen(
            whole, cwd=self.folder, env=settings(endpoint), stderr=subprocess.PIPE, encoding="utf-8"
        )
        while not endpoint.requests:
            assert self.process.poll() is None
            time.sleep(0.01)
        self.process.send_signal(signal.SIGINT)
        assert self.process.stderr
        self.told = self.process.stderr.readline()

    def end(self) -> int:
        """Wait for it."""
        self.told += self.process.communicate(timeout=PATIENCE)[1]
        assert "Traceback" not in self.told
        return self.process.returncode


def test_ctrl_c_lets_what_is_under_way_end_and_says_how_to_go_on(folder: Path) -> None:
    run = Interrupted(folder, "--concurrency", "1")
    with Endpoint(run.reply) as endpoint:
        run.start(endpoint)
        assert run.told == "interrupted: waiting for 1 request, 60 s at most; Ctrl-C again drops them\n"
        run.may_answer.set()
        assert run.end() == 130
        assert "incomplete: interrupted: 6 rows, 1 done, 5 open" in run.told
        assert "in flight when" not in run.told
        assert "go on with: structkit label rows.csv -o out.csv" in run.told
        assert label(folder, endpoint, *run.arguments).returncode == 0
        assert asked(endpoint) == [f"Label this: row {number}" for number in range(6)]


def test_a_second_ctrl_c_ends_what_is_under_way(folder: Path) -> None:
    run = Interrupted(folder)
    with Endpoint(run.reply) as endpoint:
        run.start(endpoint)
        assert run.told.startswith("interrupted: waiting for ")
        run.process.send_signal(signal.SIGINT)
        assert run.end() == 130
        run.may_answer.set()
    assert "go on with: structkit label" in run.told
    assert not (folder / "out.csv").exists()


def test_what_is_under_way_for_longer_than_grace_is_dropped_and_named(folder: Path) -> None:
    run = Interrupted(folder, "--concurrency", "1", "--grace", "0.1", "--key", "id")
    with Endpoint(run.reply) as endpoint:
        run.start(endpoint)
        assert run.end() == 130
        run.may_answer.set()
        assert "incomplete: interrupted: 6 rows, 6 open" in run.told
        assert "1 row was in flight when a run was interrupted: 00000" in run.told
        assert {row["status"] for row in read(folder / "out.csv")} == {"open"}
        held = label(folder, endpoint, *run.arguments, "--on-ambiguous", "hold")
        assert (held.returncode, len(endpoint.requests)) == (0, 6), held.stderr
        assert [row["status"] for row in read(folder / "out.csv")] == ["held", *["done"] * 5]


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
def test_a_terminal_shows_how_far_it_is_and_then_the_report(folder: Path, endpoint: Endpoint) -> None:
    import pty

    ours, theirs = pty.openpty()
    whole = command("rows.csv", "-o", "out.csv", *ASK)
    told = {**settings(endpoint), "TERM": "xterm", "COLUMNS": "200"}
    with subprocess.Popen(whole, cwd=folder, env=told, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # how Linux says that the other side is closed
            while piece := os.read(ours, 4096):
                shown += piece
    os.close(ours)
    assert process.returncode == 0
    assert b"6 done, 0 in flight, " in shown
    assert b"complete: 6 rows, 6 done" in shown


def test_a_sample_is_tried_first_and_its_answers_are_kept(folder: Path, endpoint: Endpoint) -> None:
    tried = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--sample", "2")
    assert (tried.returncode, len(read(folder / "out.csv"))) == (0, 2), tried.stderr
    assert "complete: 2 rows, 2 done" in tried.stderr
    assert label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK).returncode == 0
    assert asked(endpoint) == [f"Label this: row {number}" for number in range(6)]
    dry = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--sample", "4", "--dry-run")
    assert dry.stderr.startswith("4 rows; ")


def test_what_there_is_is_written_to_another_file_for_nothing(folder: Path, endpoint: Endpoint) -> None:
    label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--limit", "4")
    done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--export", "more.jsonl")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "incomplete: rows were left out: 6 rows, 4 done, 2 open" in done.stderr
    assert [row["status"] for row in read(folder / "more.jsonl")] == ["done"] * 4 + ["open"] * 2
    assert len(read(folder / "out.csv")) == len(endpoint.requests) == 4
    again = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--export", "more.jsonl")
    assert again.returncode == 2
    assert "more.jsonl exists" in again.stderr


def test_rows_that_a_reading_leaves_out_are_for_the_same_command_to_ask(folder: Path, endpoint: Endpoint) -> None:
    longer = ["rows.csv", "-o", "out.csv", "--type", "kinds.py:Longer", *ASK[2:], "--reparse"]
    label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--limit", "4")
    done = label(folder, endpoint, *longer)
    assert done.returncode == 2, done.stderr
    assert "incomplete: rows were left out: 6 rows, 4 done, 2 open" in done.stderr
    assert len(endpoint.requests) == 4
    assert label(folder, endpoint, *longer).returncode == 0
    assert len(endpoint.requests) == 6


def test_an_unknown_suffix_is_told_before_anything_is_written(folder: Path, endpoint: Endpoint) -> None:
    done = label(folder, endpoint, "rows.csv", "-o", "out.foo", *ASK)
    assert done.returncode == 2
    assert "the suffix of 'out.foo' says no format; suffixes are .csv" in done.stderr
    assert not (folder / "out.foo.job").exists()
    assert endpoint.requests == []
