"""`structkit label` as a process: what it writes and sends, and how it resumes."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import re
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
import os
from typing import Literal
from pydantic import BaseModel
import structkit

class Label(BaseModel):
    mood: Literal["good", "bad"]

class Longer(Label):
    reason: str = "unknown"

@structkit.prompt(Label, instructions="Be brief.", temperature=0)
def mood(text: str) -> str:
    return f"Mood of: {text}"

@structkit.prompt(Label, instructions="Be brief.", temperature=0)
async def mood_async(text: str) -> str:
    return f"Mood of: {text}"

ADDRESS = os.environ.get("OPENAI_BASE_URL", "http://127.0.0.1:9")

@structkit.prompt(Label, client=structkit.Client("own", base_url=ADDRESS, api_key="none", temperature=0.5))
def with_client(text: str) -> str:
    return text
"""
ROWS = ["id,text", *(f"{number:05},row {number}" for number in range(6))]
ASK = ["--type", "kinds.py:Label", "--prompt", "Label this: {text}"]
GOOD = '{"mood": "good"}'
PATIENCE = 600


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


def environment(endpoint: Endpoint | None) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI")}
    variables = {"OPENAI_API_KEY": "sk-label", "STRUCTKIT_MODEL": "fake", "PYTHONIOENCODING": "utf-8"}
    return {**inherited, **variables, "OPENAI_BASE_URL": endpoint.base_url if endpoint else "http://127.0.0.1:9"}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "structkit", "label", *arguments]


def label(
    folder: Path, endpoint: Endpoint | None, *arguments: str, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(endpoint),
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


def prompts(endpoint: Endpoint) -> list[str]:
    return sorted(body["messages"][-1]["content"] for body in endpoint.requests)


def test_a_long_text_of_a_row_is_read_in_chunks(folder: Path) -> None:
    (folder / "list.json").write_text('{"type": "array", "items": {"type": "integer"}}', encoding="utf-8")
    numbers = [*range(1001, 1100)]
    row = {"id": 1, "text": "\n".join(map(str, numbers))}
    (folder / "long.jsonl").write_text(json.dumps(row), encoding="utf-8")

    def answer(body: Any) -> str:
        return json.dumps({"value": [int(each) for each in re.findall(r"\d{4}", body["messages"][-1]["content"])]})

    request = ["--type", "list.json", "--prompt", "Which numbers? {text}"]
    with Endpoint(answer) as endpoint:
        preview = label(folder, endpoint, "long.jsonl", "-o", "out.jsonl", *request, "--chunk", "200", "--dry-run")
        assert not endpoint.requests
        done = label(folder, endpoint, "long.jsonl", "-o", "out.jsonl", *request, "--chunk", "200")
        assert len(endpoint.requests) > 2
        assert preview.stderr.startswith(f"1 rows, about {len(endpoint.requests)} requests; about ")
        short = label(folder, endpoint, "long.jsonl", "-o", "short.jsonl", *request, "--chunk", "20")
    assert [each["value"] for each in read(folder / "out.jsonl")] == [numbers], done.stderr
    assert short.returncode == 2
    assert "--chunk must be 'auto' or at least 100 characters, not 20" in " ".join(short.stderr.split())


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl"])
def test_every_row_is_labelled_once_and_keeps_its_columns(folder: Path, endpoint: Endpoint, name: str) -> None:
    done = label(folder, endpoint, "rows.csv", "-o", name, *ASK)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "complete: 6 rows, 6 done" in done.stderr
    rows = read(folder / name)
    assert [row["id"] for row in rows] == [f"{number:05}" for number in range(6)]
    assert {(row["mood"], row["status"]) for row in rows} == {("good", "done")}
    assert prompts(endpoint) == [f"Label this: row {number}" for number in range(6)]


def test_rows_come_from_standard_input(folder: Path, endpoint: Endpoint) -> None:
    done = label(folder, endpoint, "-", "-o", "out.csv", *ASK, stdin='{"text": "a"}\n{"text": "b"}\n')
    assert done.returncode == 0, done.stderr
    assert [row["text"] for row in read(folder / "out.csv")] == ["a", "b"]


def test_a_column_of_standard_input_may_first_be_in_a_later_row(folder: Path, endpoint: Endpoint) -> None:
    stdin = '{"text": "a"}\n{"text": "b", "note": "n"}\n'
    options = ["-", "-o", "out.csv", *ASK[:2], "--prompt"]
    preview = label(folder, endpoint, *options, "{text}|{note}", "--dry-run", stdin=stdin)
    assert (preview.returncode, preview.stderr.split(";")[0]) == (0, "2 rows")
    for flags in ([], ["--dry-run"]):
        typo = label(folder, endpoint, *options, "{text}|{notes}", *flags, stdin=stdin)
        assert typo.returncode == 2, typo.stderr
        assert "did you mean 'note'?" in typo.stderr
    assert endpoint.requests == []
    done = label(folder, endpoint, *options, "{text}|{note}", stdin=stdin)
    assert done.returncode == 0, done.stderr
    assert sorted(prompts(endpoint)) == ["a|", "b|n"]


def test_several_processes_fill_in_a_column_that_other_rows_have(folder: Path, endpoint: Endpoint) -> None:
    (folder / "rows.jsonl").write_text(
        '{"id": 1, "text": "a"}\n{"id": 2, "text": "b", "note": "n"}\n', encoding="utf-8"
    )
    options = [*ASK[:2], "--prompt", "{text}|{note}", "--key", "id", "--processes", "2"]
    done = label(folder, endpoint, "rows.jsonl", "-o", "out.csv", *options)
    assert done.returncode == 0, done.stderr
    assert sorted(prompts(endpoint)) == ["a|", "b|n"]


def test_formulas_are_left_as_they_are_on_request(folder: Path, endpoint: Endpoint) -> None:
    for guard_formulas, text in {"all": "'=1", "output": "=1"}.items():
        options = ("-o", "out.csv", *ASK, "--guard-formulas", guard_formulas)
        done = label(folder, endpoint, "-", *options, stdin='{"text": "=1"}\n')
        assert done.returncode == 0, done.stderr
        assert [row["text"] for row in read(folder / "out.csv")] == [text]


def test_the_spend_is_calculated_from_the_users_prices(folder: Path, endpoint: Endpoint) -> None:
    done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--prices", "prices.toml", "--limit", "2")
    assert done.returncode == 0, done.stderr
    assert "0.00012 spent" in done.stderr  # 2 rows of 10 tokens at 1 and 5 at 10, by the million


def test_a_budget_needs_the_price_of_the_model_that_is_asked_when_the_first_is_not_confident(
    folder: Path, endpoint: Endpoint
) -> None:
    (folder / "two.toml").write_text("[fake]\ninput = 1\noutput = 1\n[big]\ninput = 9\noutput = 9\n")
    escalation = ("--confidence", "auto", "--escalate", "big", "--below", "0.9", "--max-tokens", "9", "--budget", "1")
    done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, *escalation, "--prices", "prices.toml")
    assert (done.returncode, endpoint.requests) == (2, [])
    assert "a budget needs the price" in done.stderr
    done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, *escalation, "--prices", "two.toml")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("function", ["mood", "mood_async"])
def test_a_decorated_function_has_the_type_the_prompt_and_the_arguments(
    folder: Path, endpoint: Endpoint, function: str
) -> None:
    done = label(folder, endpoint, "rows.csv", "-o", "out.csv", "--function", f"kinds.py:{function}", "--limit", "1")
    assert done.returncode == 0, done.stderr
    body = endpoint.requests[0]
    assert [message["content"] for message in body["messages"]] == ["Be brief.", "Mood of: row 0"]
    assert body["temperature"] == 0


@pytest.mark.parametrize(("options", "model"), [([], "own"), (["--model", "other"], "other")])
def test_a_function_uses_its_own_client(folder: Path, endpoint: Endpoint, options: list[str], model: str) -> None:
    arguments = ["rows.csv", "-o", "out.csv", "--function", "kinds.py:with_client", "--limit", "1", *options]
    done = label(folder, endpoint, *arguments)
    assert done.returncode == 0, done.stderr
    body = endpoint.requests[0]
    assert (body["model"], body["temperature"]) == (model, 0.5)


def test_the_same_command_resumes_and_sends_no_row_twice(folder: Path, endpoint: Endpoint) -> None:
    first = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--limit", "2")
    second = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK)
    assert (first.returncode, second.returncode) == (0, 0), second.stderr
    assert len(read(folder / "out.csv")) == 6
    assert prompts(endpoint) == [f"Label this: row {number}" for number in range(6)]


def test_only_an_edited_row_is_sent_again(folder: Path, endpoint: Endpoint) -> None:
    label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--key", "id")
    (folder / "rows.csv").write_text("\n".join([*ROWS[:3], "00002,changed", *ROWS[4:], ""]), encoding="utf-8")
    done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--key", "id")
    assert done.returncode == 0, done.stderr
    assert len(endpoint.requests) == 7
    assert endpoint.requests[-1]["messages"][-1]["content"] == "Label this: changed"


def test_another_type_stops_and_with_reparse_is_read_from_the_stored_replies(folder: Path, endpoint: Endpoint) -> None:
    longer = ["--type", "kinds.py:Longer", *ASK[2:]]
    label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK)
    stopped = label(folder, endpoint, "rows.csv", "-o", "out.csv", *longer)
    assert stopped.returncode == 2
    assert "the job has changed" in stopped.stderr
    assert "--reparse" in stopped.stderr
    done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *longer, "--reparse")
    assert done.returncode == 0, done.stderr
    assert {row["reason"] for row in read(folder / "out.csv")} == {"unknown"}
    assert len(endpoint.requests) == 6


def test_an_output_whose_journal_cannot_be_read_is_not_said_to_be_of_another_job(
    folder: Path, endpoint: Endpoint
) -> None:
    label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK)
    (folder / "out.csv.job" / "job.db").write_bytes(b"not a database" * 1000)
    stopped = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK)
    assert stopped.returncode == 2
    assert "job.db: it is damaged" in stopped.stderr
    assert "--overwrite" not in stopped.stderr
    assert len(endpoint.requests) == 6


def test_a_new_job_pays_again(folder: Path, endpoint: Endpoint) -> None:
    label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK)
    for _ in range(2):  # the second time, nothing has changed
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


def test_a_dry_run_does_not_count_images_by_their_base64(folder: Path, endpoint: Endpoint) -> None:
    (folder / "photos").mkdir()
    (folder / "photos" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(300_000))
    done = label(folder, endpoint, "photos", "-o", "out.csv", "--type", "builtins:int", "--dry-run")
    assert done.returncode == 0, done.stderr
    tokens = int(done.stderr.partition("about ")[2].split()[0].replace(",", ""))
    assert 1_500 <= tokens < 2_000


def test_the_status_of_a_job_is_read_without_running_it(folder: Path, endpoint: Endpoint) -> None:
    label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--limit", "2")
    status = label(folder, None, "-o", "out.csv", "--status")
    assert status.returncode == 0, status.stderr
    assert status.stdout.startswith("2 done\n0 failed\n")
    assert label(folder, None, "-o", "other.csv", "--status").returncode == 2


def test_a_job_in_several_processes_is_found_by_a_command_that_has_forgotten_how_many(
    folder: Path, endpoint: Endpoint
) -> None:
    command_line = ["rows.csv", "-o", "out.csv", *ASK]
    assert label(folder, endpoint, *command_line, "--processes", "2").returncode == 0
    status = label(folder, None, "-o", "out.csv", "--status")
    assert (status.returncode, status.stdout) == (2, "")
    assert "was run in 2 parts: pass --processes 2" in status.stderr
    for options in ([], ["--overwrite"]):
        repeated_run = label(folder, endpoint, *command_line, *options)
        assert (repeated_run.returncode, len(endpoint.requests)) == (2, len(ROWS) - 1)
        assert (
            "would be paid for again: run it with --processes 2 or --part N/2, or write another output"
            in repeated_run.stderr
        )


def test_failed_rows_are_in_the_output_and_sent_again_with_retry_failed(folder: Path) -> None:
    with Endpoint(Reply(completion(None, refusal="No."))) as endpoint:
        done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK)
    assert done.returncode == 4, done.stderr
    assert "--retry-failed" in done.stderr
    assert {(row["status"], row["mood"]) for row in read(folder / "out.csv")} == {("failed", "")}
    with Endpoint(GOOD) as endpoint:
        assert label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK).returncode == 4
        assert endpoint.requests == []
        assert label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--retry-failed").returncode == 0
    assert {row["status"] for row in read(folder / "out.csv")} == {"done"}


@pytest.mark.parametrize(("choice", "requests"), [([], 6), (["--blank", "ask"], 7), (["--blank", "fail"], 6)])
def test_blank_rows_are_skipped_sent_or_failed(
    folder: Path, endpoint: Endpoint, choice: list[str], requests: int
) -> None:
    (folder / "rows.csv").write_text("\n".join([*ROWS, "00006, ", ""]), encoding="utf-8")
    done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--key", "id", *choice)
    assert (done.returncode, len(endpoint.requests)) == (0, requests)
    status = {"ask": "done", "fail": "failed"}.get(choice[-1] if choice else "", "skipped")
    assert read(folder / "out.csv")[-1]["status"] == status


@pytest.mark.parametrize(("choice", "code"), [([], 4), (["--max-failed", "6"], 0), (["--max-failed", "99%"], 4)])
def test_the_exit_code_of_a_run_whose_rows_all_failed(folder: Path, choice: list[str], code: int) -> None:
    with Endpoint('{"mood": "none"}') as endpoint:
        done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, *choice)
    assert done.returncode == code
    assert ("failed: 6 of 6 rows failed" in done.stderr) == bool(code)
    assert "6 failed (6 InvalidOutput)" in done.stderr
    assert "most frequent InvalidOutput: " in done.stderr
    assert {row["error"] for row in read(folder / "out.csv")} == {"InvalidOutput"}


def test_a_table_from_a_spreadsheet_in_another_country_is_read(folder: Path, endpoint: Endpoint) -> None:
    (folder / "rows.csv").write_bytes("id;Review Text\r\n1;Café\r\n".encode("cp1252"))
    ask = ["--type", "kinds.py:Label", "--prompt", "Label this: {Review Text}"]
    done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ask)
    assert (done.returncode, "--delimiter ';'" in done.stderr) == (2, True)
    done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ask, "--delimiter", ";")
    assert (done.returncode, "--encoding cp1252" in done.stderr) == (2, True)
    done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ask, "--delimiter", ";", "--encoding", "cp1252")
    assert done.returncode == 0, done.stderr
    assert [request["messages"][-1]["content"] for request in endpoint.requests] == ["Label this: Café"]


def test_a_budget_below_one_request_ends_with_exit_code_5(folder: Path, endpoint: Endpoint) -> None:
    prices = ["--price-input", "2.50", "--price-output", "10", "--max-tokens", "50"]
    done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, *prices, "--budget", "0.0001")
    assert done.returncode == 5
    assert "incomplete: one request may cost up to 0.000" in done.stderr
    assert "more than the budget of 0.0001: raise it, or set a lower max_tokens" in done.stderr
    assert "resume with: structkit label rows.csv -o out.csv" in done.stderr
    assert label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, *prices).returncode == 0


def test_an_endpoint_that_rejects_the_key_ends_the_run_with_exit_code_3(folder: Path) -> None:
    with Endpoint(Reply({"error": {"message": "Incorrect API key"}}, status=401)) as endpoint:
        done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--concurrency", "1")
    assert done.returncode == 3
    assert len(endpoint.requests) == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rows.csv", "-o", "out.csv"], "use either --type and --prompt"),
        (["rows.csv", "-o", "out.csv", *ASK, "--function", "kinds.py:mood"], "use either --type and --prompt"),
        (["-o", "out.csv", *ASK], "INPUT is missing"),
        (["rows.csv", "-o", "-", *ASK], "a job needs a file"),
        (["rows.csv", "-o", "no/out.csv", *ASK], "cannot write"),
        (["none.csv", "-o", "out.csv", *ASK], "there is no file"),
        (["rows.csv", "-o", "out.csv", *ASK[:2], "--prompt", "{nope}"], "asks for {nope}"),
        (["rows.csv", "-o", "out.csv", *ASK[:2], "--prompt", "Good?"], "no placeholder"),
        (["rows.csv", "-o", "out.csv", *ASK[:2], "--prompt", "Good?", "--dry-run"], "no placeholder"),
        (
            ["rows.csv", "-o", "out.csv", *ASK, "--budget", "3"],
            "a budget needs the price of a million tokens, --price-input",
        ),
        (["rows.csv", "-o", "out.csv", *ASK, "--price-input", "3"], "a price has two parts"),
        (["rows.csv", "-o", "out.csv", *ASK, "--budget", "much"], "is not an amount of money"),
        (["rows.csv", "-o", f"{'x' * 300}.csv", *ASK], "xxx…': File name too long"),
        (["rows.csv", "-o", f"{'x' * 230}.csv", *ASK], "xxx…: File name too long; use a shorter one"),
        (["rows.csv", "-o", "out.csv", *ASK, "--prices", "none.toml"], "cannot be read"),
        (
            ["rows.csv", "-o", "out.csv", *ASK, "--prices", "prices.toml", "--model", "b"],
            "no price of 'b', only of fake",
        ),
        (
            ["rows.csv", "-o", "out.csv", *ASK, "--prices", "prices.toml", "--price-input=1", "--price-output=1"],
            "use either --prices",
        ),
        (["rows.csv", "-o", "out.csv", *ASK, "--max-failed", "few"], "neither a number of rows nor a"),
        (["rows.csv", "-o", "out.csv", *ASK, "--concurrency", "0"], "neither auto nor a number"),
        (["rows.csv", "-o", "out.csv", *ASK, "--mix", "--new"], "use only one"),
        (["rows.csv", "-o", "out.csv", "--function", "kinds.py:Label"], "it is not decorated"),
        (["rows.csv", "-o", "out.csv", "--function", "kinds.py:with_client", "--base-url", "http://a"], "has a client"),
        (["kinds.py", "-o", "out.csv", *ASK], "kinds.py"),
    ],
)
def test_a_mistake_is_reported_before_anything_is_sent(
    folder: Path, endpoint: Endpoint, arguments: list[str], message: str
) -> None:
    done = label(folder, endpoint, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert endpoint.requests == []


def test_an_output_that_is_not_the_jobs_is_rejected_before_anything_is_sent(folder: Path, endpoint: Endpoint) -> None:
    (folder / "out.csv").write_text("precious", encoding="utf-8")
    done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK)
    assert done.returncode == 2
    assert "--overwrite" in done.stderr
    assert endpoint.requests == []
    assert (folder / "out.csv").read_text(encoding="utf-8") == "precious"
    assert label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--overwrite").returncode == 0


class Interrupted:
    """The command in a process, with an endpoint that delays its replies."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.may_answer = threading.Event()
        self.folder, self.arguments, self.stderr = folder, ("rows.csv", "-o", "out.csv", *ASK, *arguments), ""

    def reply(self, _: Any) -> Reply:
        self.may_answer.wait(PATIENCE)
        return Reply(completion(GOOD))

    def start(self, endpoint: Endpoint, signal_number: int = signal.SIGINT) -> None:
        """Start, send a signal when a request is in flight, and return when the command has printed a line."""
        program = command(*self.arguments)
        self.process = subprocess.Popen(
            program, cwd=self.folder, env=environment(endpoint), stderr=subprocess.PIPE, encoding="utf-8"
        )
        while not endpoint.requests:
            assert self.process.poll() is None
            time.sleep(0.01)
        self.process.send_signal(signal_number)
        assert self.process.stderr
        self.stderr = self.process.stderr.readline()

    def wait(self) -> int:
        """Wait for the end, and return the exit code."""
        self.stderr += self.process.communicate(timeout=PATIENCE)[1]
        assert "Traceback" not in self.stderr
        return self.process.returncode


def test_ctrl_c_waits_for_requests_in_flight_and_prints_how_to_resume(folder: Path) -> None:
    run = Interrupted(folder, "--concurrency", "1")
    with Endpoint(run.reply) as endpoint:
        run.start(endpoint)
        assert run.stderr == "interrupted: waiting for 1 request, 60 s at most; Ctrl-C again drops them\n"
        run.may_answer.set()
        assert run.wait() == 130
        assert "incomplete: interrupted: 6 rows, 1 done, 5 open" in run.stderr
        assert "in flight when" not in run.stderr
        assert "resume with: structkit label rows.csv -o out.csv" in run.stderr
        assert label(folder, endpoint, *run.arguments).returncode == 0
        assert prompts(endpoint) == [f"Label this: row {number}" for number in range(6)]


def test_a_second_ctrl_c_drops_requests_in_flight(folder: Path) -> None:
    run = Interrupted(folder)
    with Endpoint(run.reply) as endpoint:
        run.start(endpoint)
        assert run.stderr.startswith("interrupted: waiting for ")
        run.process.send_signal(signal.SIGINT)
        assert run.wait() == 130
        run.may_answer.set()
    assert "resume with: structkit label" in run.stderr
    assert not (folder / "out.csv").exists()


def test_requests_in_flight_for_longer_than_grace_are_dropped_and_named(folder: Path) -> None:
    run = Interrupted(folder, "--concurrency", "1", "--grace", "0.1", "--key", "id")
    with Endpoint(run.reply) as endpoint:
        run.start(endpoint)
        assert run.wait() == 130
        run.may_answer.set()
        assert "incomplete: interrupted: 6 rows, 6 open" in run.stderr
        assert (
            "1 row was in flight when a run was interrupted, and may have been paid for without a reply: 00000"
            in run.stderr
        )
        assert {row["status"] for row in read(folder / "out.csv")} == {"open"}
        held = label(folder, endpoint, *run.arguments, "--on-ambiguous", "hold")
        assert (held.returncode, len(endpoint.requests)) == (0, 6), held.stderr
        assert [row["status"] for row in read(folder / "out.csv")] == ["held", *["done"] * 5]


@pytest.mark.parametrize(("key", "name"), [(["--key", "id"], "00000"), ([], r"row 1 \([0-9a-f]{8}\)")])
def test_status_and_export_name_the_rows_in_flight_while_nothing_runs(folder: Path, key: list[str], name: str) -> None:
    run = Interrupted(folder, "--concurrency", "1", *key)
    in_flight = rf"^1 row was in flight when a run was interrupted, and may .* without a reply: {name}$"
    with Endpoint(run.reply) as endpoint:
        run.start(endpoint)
        during = label(folder, None, "-o", "out.csv", "--status")
        run.process.kill()
        run.wait()
        run.may_answer.set()
    assert "in flight" not in during.stdout
    after = label(folder, None, "-o", "out.csv", "--status")
    assert "\n1 open (of the rows that were started)\n" in after.stdout
    assert re.search(in_flight, after.stdout, re.MULTILINE), after.stdout
    exported = label(folder, None, *run.arguments, "--export", "more.csv")
    assert "incomplete: some rows are not finished: 6 rows, 6 open" in exported.stderr
    assert re.search(in_flight, exported.stderr, re.MULTILINE), exported.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
def test_a_terminal_displays_the_progress_and_then_the_report(folder: Path, endpoint: Endpoint) -> None:
    import pty

    reader, writer = pty.openpty()
    program = command("rows.csv", "-o", "out.csv", *ASK)
    variables = {**environment(endpoint), "TERM": "xterm", "COLUMNS": "200"}
    with subprocess.Popen(program, cwd=folder, env=variables, stderr=writer) as process:
        os.close(writer)
        output = b""
        with contextlib.suppress(OSError):  # how Linux reports that the other side is closed
            while chunk := os.read(reader, 4096):
                output += chunk
    os.close(reader)
    assert process.returncode == 0
    assert b"6 done, 0 in flight, " in output
    assert b"complete: 6 rows, 6 done" in output


def test_a_sample_comes_first_and_its_replies_are_reused(folder: Path, endpoint: Endpoint) -> None:
    sampled = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--sample", "2")
    assert (sampled.returncode, len(read(folder / "out.csv"))) == (0, 2), sampled.stderr
    assert "complete: 2 rows, 2 done" in sampled.stderr
    assert label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK).returncode == 0
    assert prompts(endpoint) == [f"Label this: row {number}" for number in range(6)]
    dry = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--sample", "4", "--dry-run")
    assert dry.stderr.startswith("4 rows; ")


def test_export_writes_the_rows_so_far_and_sends_nothing(folder: Path, endpoint: Endpoint) -> None:
    label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--limit", "4")
    done = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--export", "more.jsonl")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "incomplete: some rows are not finished: 6 rows, 4 done, 2 open" in done.stderr
    assert [row["status"] for row in read(folder / "more.jsonl")] == ["done"] * 4 + ["open"] * 2
    assert len(read(folder / "out.csv")) == len(endpoint.requests) == 4
    second = label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--export", "more.jsonl")
    assert second.returncode == 2
    assert "more.jsonl exists" in second.stderr


def test_rows_without_stored_replies_are_sent_by_the_second_reparse(folder: Path, endpoint: Endpoint) -> None:
    longer = ["rows.csv", "-o", "out.csv", "--type", "kinds.py:Longer", *ASK[2:], "--reparse"]
    label(folder, endpoint, "rows.csv", "-o", "out.csv", *ASK, "--limit", "4")
    done = label(folder, endpoint, *longer)
    assert done.returncode == 2, done.stderr
    assert "incomplete: some rows are not finished: 6 rows, 4 done, 2 open" in done.stderr
    assert len(endpoint.requests) == 4
    assert label(folder, endpoint, *longer).returncode == 0
    assert len(endpoint.requests) == 6


def test_an_unknown_suffix_is_reported_before_anything_is_written(folder: Path, endpoint: Endpoint) -> None:
    done = label(folder, endpoint, "rows.csv", "-o", "out.foo", *ASK)
    assert done.returncode == 2
    assert "the suffix of 'out.foo' is not one of a known format; suffixes are .csv" in done.stderr
    assert not (folder / "out.foo.job").exists()
    assert endpoint.requests == []


def test_the_places_of_the_values_are_columns(folder: Path) -> None:
    with Endpoint('{"mood": "good", "reason": "row 3"}') as endpoint:
        arguments = ("--type", "kinds.py:Longer", "--prompt", "Label this, and not row 3: {text}", "--evidence")
        assert label(folder, endpoint, "rows.csv", "-o", "out.csv", *arguments).returncode == 0
    rows = read(folder / "out.csv")
    assert [json.loads(row["missing"]) for row in rows] == [[] if "3" in row["text"] else ["reason"] for row in rows]
    assert json.loads(rows[3]["evidence"])[1] == {"path": "reason", "spans": [[0, 5]], "how": "exact", "text": "row 3"}


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_terminal_that_closes_waits_for_requests_in_flight_however_often_it_says_so(
    folder: Path, processes: str
) -> None:
    run = Interrupted(folder, "--concurrency", "2", "--processes", processes)
    with Endpoint(run.reply) as endpoint:
        run.start(endpoint, signal.SIGHUP)
        assert run.stderr.startswith("interrupted: waiting for ")
        run.process.send_signal(signal.SIGHUP)
        run.may_answer.set()
        assert run.wait() == 130
        assert "incomplete: interrupted: 6 rows" in run.stderr
        assert label(folder, endpoint, *run.arguments).returncode == 0
        assert sorted(prompts(endpoint)) == [f"Label this: row {number}" for number in range(6)], "none is sent twice"


@pytest.mark.parametrize("options", [[], ["--processes", "2"]])
def test_a_run_whose_report_nobody_reads_succeeds(folder: Path, endpoint: Endpoint, options: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    program = command("rows.csv", "-o", "out.csv", *ASK, *options)
    done = subprocess.run(program, cwd=folder, env=environment(endpoint), stderr=writer, check=False)
    os.close(writer)
    assert done.returncode == 0
    assert {row["status"] for row in read(folder / "out.csv")} == {"done"}
