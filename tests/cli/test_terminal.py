"""Nothing that comes from elsewhere is executed by a terminal: control characters are printed as escapes."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import structkit
from structkit.cli.app import app
from structkit.cli.app import run as run_cli
from structkit.testing import Endpoint, Reply, completion
from structkit.values.text import escape_controls

ROOT = Path(__file__).parents[2]
HOSTILE = "\x1b[2J\x1b]8;;http://e.example\x07link\x1b]8;;\x07\x9b31m\x90\x7f\x08\r\u202e\u2066\u200f\u061cend"
"""Erases the screen, makes a link, rings the bell, moves the cursor, and reverses the order of the characters."""

HARMLESS = frozenset("\n\t\u200c\u200d")
ARABIC = (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD)
VISIBLE_FORMATS = {chr(code) for code in (*ARABIC, *range(0x13430, 0x13440))}
"""Formatting characters that have a glyph, or arrange those of hieroglyphs."""


def is_active(letter: str) -> bool:
    """Return whether a terminal may do something else with a character than show it."""
    category = unicodedata.category(letter)
    return category in {"Cc", "Cf", "Cs", "Zl", "Zp"} and letter not in HARMLESS | VISIBLE_FORMATS


def assert_inactive(output: bytes) -> None:
    active = {letter for letter in output.decode() if is_active(letter)}
    assert not active, output


def test_every_control_character_is_escaped_and_no_other_one() -> None:
    for code in range(sys.maxunicode + 1):
        assert (escape_controls(chr(code)) != chr(code)) == is_active(chr(code)), hex(code)


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_a_json_text_keeps_its_value(value: Any) -> None:
    text = escape_controls(json.dumps(value, ensure_ascii=False, indent=2))
    assert json.loads(text) == value
    assert not any(map(is_active, text))


@pytest.mark.parametrize(
    "kind", [structkit.ConfigError, structkit.MalformedReply, structkit.InvalidOutput, structkit.StructkitError]
)
def test_an_error_shows_no_control_character(kind: Callable[[str], Exception]) -> None:
    error = kind(f"it said {HOSTILE}")
    assert not any(map(is_active, str(error)))
    assert error.args == (f"it said {HOSTILE}",)


UNUSABLE_PATHS = {
    "locked/in.csv": "Permission denied; choose a folder that this user can enter",
    "file/in.csv": "Not a directory; a folder in its path is a file",
    f"{'x' * 300}.csv": "File name too long; use a shorter one",
}


@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX has modes")
@pytest.mark.parametrize("name", [pytest.param(name, id=name[:13]) for name in UNUSABLE_PATHS])
def test_a_name_that_no_file_can_get_is_one_line_that_says_why(name: str) -> None:
    script = """
import os, sys
from pathlib import Path
from structkit.cli.app import run
if os.getuid() == 0:
    os.setuid(65534)  # root may enter every folder
sys.exit(run(Path(sys.argv[1]).stat))
"""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)
        (folder / "file").touch()
        (folder / "locked").mkdir(mode=0)
        command = [sys.executable, "-c", script, str(folder / name)]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("structkit: ConfigError: ") or done.stderr.startswith("ConfigError: ")
    assert done.stderr.endswith(f": {UNUSABLE_PATHS[name]}\n")


def test_only_one_module_of_the_command_line_prints() -> None:
    for path in (ROOT / "structkit" / "cli").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        if path.name != "terminal.py":
            assert not calls & {"print", "Console", "Text", "typer.echo", "typer.secho", "sys.stdout.write"}, path


# The commands

TYPES = f"""
from typing import Annotated
from pydantic import BaseModel, Field

class Named(BaseModel):
    name: str = Field(alias={HOSTILE!r}, description={HOSTILE!r}, max_length=500)

class Small(BaseModel):
    name: Annotated[str, Field(max_length=3)]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hostile_types.py").write_text(TYPES, encoding="utf-8")
    (tmp_path / "broken_types.py").write_text(f"raise RuntimeError({HOSTILE!r})", encoding="utf-8")
    (tmp_path / "a.txt").write_text("tea", encoding="utf-8")
    (tmp_path / "rows.jsonl").write_text(json.dumps({"id": HOSTILE, "text": HOSTILE}) + "\n", encoding="utf-8")
    return tmp_path


@dataclass(frozen=True)
class Output:
    """What a command has printed, and its exit code."""

    stdout: bytes
    stderr: bytes
    exit_code: int


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: Any) -> Callable[..., Output]:
    """Return a function that runs a command in this process."""

    def run_command(*arguments: str, endpoint: Endpoint | None = None) -> Output:
        if endpoint:
            for name, value in {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": "k"}.items():
                monkeypatch.setenv(name, value)
            monkeypatch.setenv("STRUCTKIT_MODEL", "fake")
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["structkit", *arguments])
        exit_code = run_cli(app)
        printed = capfdbinary.readouterr()
        return Output(printed.out, printed.err, exit_code)

    return run_command


EXTRACT = ["extract", "a.txt", "--type", "hostile_types.py:Small"]
LABEL = ["label", "rows.jsonl", "--type", "hostile_types.py:Small", "--prompt", "{text}", "--key", "id"]
REPLIES = {
    "an error": Reply({"error": {"message": HOSTILE, "code": HOSTILE, "type": HOSTILE}}, status=400),
    "an error under 200": {"error": {"message": HOSTILE, "code": HOSTILE}},
    "a flat error": {"message": HOSTILE, "code": HOSTILE},
    "text": Reply(HOSTILE, status=404),
    "a page": Reply(f"<html>{HOSTILE}</html>"),
    "an invalid value": completion(json.dumps({"name": HOSTILE})),
    "an invalid key": completion(json.dumps({HOSTILE: HOSTILE})),
    "prose": completion(HOSTILE),
    "a refusal": completion(None, refusal=HOSTILE),
    "a finish reason": completion("{}", finish_reason=f"error: {HOSTILE}"),
    "an error in its choice": {"choices": [{"error": {"message": HOSTILE}, "finish_reason": "error"}]},
    "a redirect": Reply("", status=302, headers={"location": "http://e.example/\x9b31m"}),
}


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
@pytest.mark.parametrize("command", [EXTRACT, LABEL, ["probe"]], ids=["extract", "label", "probe"])
def test_a_reply_that_fails_is_shown_without_effect(run: Callable[..., Output], command: list[str], reply: Any) -> None:
    with Endpoint(reply) as endpoint:
        output = ["-o", "out.csv"] if command is LABEL else []
        process = run(*command, *output, endpoint=endpoint)
    assert_inactive(process.stdout)
    assert_inactive(process.stderr)
    assert process.exit_code or command == ["probe"]


def test_the_message_of_a_failed_row_has_no_control_character_and_its_data_has(
    run: Callable[..., Output], folder: Path
) -> None:
    with Endpoint(REPLIES["an error"]) as endpoint:
        run(*LABEL, "-o", "out.jsonl", endpoint=endpoint)
    [row] = [json.loads(line) for line in (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert not any(map(is_active, row["message"]))
    assert (row["id"], row["text"]) == (HOSTILE, HOSTILE)


@pytest.mark.parametrize(
    "arguments",
    [
        ["schema", "hostile_types.py:Named"],
        ["schema", "hostile_types.py:Named", "--explain"],
        ["schema", "hostile_types.py:Named", "--explain", "--dialect", "all"],
        ["schema", f"{HOSTILE}.py:Named"],
        ["schema", "broken_types.py:Named"],
        ["schema", "hostile_types.py:Named", "--dialect", HOSTILE],
        ["extract", HOSTILE, "--type", "hostile_types.py:Small"],
        ["label", HOSTILE, "--type", "str", "--prompt", "x", "-o", f"{HOSTILE}.csv"],
        ["label", HOSTILE, "--type", "str", "--prompt", "x", "-o", f"{HOSTILE.replace('/', '')}.csv", "--status"],
        ["probe", "--show", "--base-url", f"http://{HOSTILE}"],
        ["--version"],
    ],
)
def test_names_from_files_and_arguments_are_shown_without_effect(
    run: Callable[..., Output], arguments: list[str]
) -> None:
    process = run(*arguments)
    assert_inactive(process.stdout)
    assert_inactive(process.stderr)


def test_values_and_names_of_models_are_printed_as_equal_json(run: Callable[..., Output], folder: Path) -> None:
    models = Reply({"data": [{"id": HOSTILE}]})
    with Endpoint(json.dumps({HOSTILE: HOSTILE}), models=models) as endpoint:
        listing = run("models", endpoint=endpoint)
        extraction = run("extract", "a.txt", "--type", "hostile_types.py:Named", endpoint=endpoint)
        export = run("models", "-o", "models.json", endpoint=endpoint)
    for process in (listing, extraction, export):
        assert_inactive(process.stdout)
        assert_inactive(process.stderr)
    assert json.loads(listing.stdout) == [HOSTILE]
    assert json.loads(extraction.stdout) == {HOSTILE: HOSTILE}
    assert json.loads((folder / "models.json").read_text(encoding="utf-8")) == [HOSTILE]


def test_the_status_of_a_job_and_the_report_are_shown_without_effect(run: Callable[..., Output]) -> None:
    with Endpoint('{"name": "tea"}') as endpoint:
        output = f"{HOSTILE.replace('/', '')}.csv"
        first = run(*LABEL, "-o", output, endpoint=endpoint)
        status = run(*LABEL, "-o", output, "--status", endpoint=endpoint)
        dry = run(*LABEL, "-o", "other.csv", "--dry-run", endpoint=endpoint)
    for process in (first, status, dry):
        assert_inactive(process.stdout)
        assert_inactive(process.stderr)
        assert process.exit_code == 0, process.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_a_table_and_the_progress_in_a_terminal_show_no_control_character_of_others(folder: Path) -> None:
    import pty

    for arguments in (["probe", HOSTILE], [*LABEL, "-o", "out.csv"]):
        with Endpoint(REPLIES["an error"]) as endpoint:
            main, side = pty.openpty()
            environment = {**os.environ, "OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": "k", "COLUMNS": "200"}
            environment |= {"STRUCTKIT_MODEL": "m", "PYTHONUTF8": "1"}
            command = [sys.executable, "-P", "-m", "structkit", *arguments]
            process = subprocess.Popen(command, cwd=folder, env=environment, stdout=side, stderr=side)
            os.close(side)
            text = read_terminal(main)
            process.wait()
        assert not [part for part in ("\x1b[2J", "\x1b]8", "\x07", "\x9b", "\u202e", "\u2066") if part in text]
        assert "u202e" in text or arguments[0] == "label"


def read_terminal(file: int) -> str:
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(file, 65536)
        except OSError:  # Linux reports the end of the other side as an error
            part = b""
        if not part:
            os.close(file)
            return b"".join(parts).decode()
        parts.append(part)
