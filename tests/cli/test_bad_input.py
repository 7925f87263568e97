"""Input that cannot be meant: an error that names it, before anything is sent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from structkit.cli.load import load_type
from structkit.errors import ConfigError
from structkit.testing import Endpoint

PAGE = "<!doctype html><title>404 Not Found</title>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "number.json").write_text('{"type": "integer"}', encoding="utf-8")
    (tmp_path / "a.txt").write_text("three", encoding="utf-8")
    for name in ("prompt.txt", "prompt.csv"):
        (tmp_path / name).write_text("How many? {text}", encoding="utf-8")
    (tmp_path / "rows.csv").write_text("text\nthree\n", encoding="utf-8")
    (tmp_path / "semicolons.csv").write_text("id;text\n1;three\n", encoding="utf-8")
    (tmp_path / "latin1.csv").write_bytes("text\ncafé\n".encode("cp1252"))
    (tmp_path / "wide.csv").write_bytes("text\nthree\n".encode("utf-16-le"))
    (tmp_path / "scan.docx").write_bytes(b"\xfd\xfe\xff" * 99)
    for name in ("photo.jpg", "scan.PDF", "voice.mp3"):
        (tmp_path / name).write_text(PAGE, encoding="utf-8")
    return tmp_path


EXTRACT = ["extract", "a.txt"]
TYPE = ["--type", "number.json", "--prompt", "{text}"]
LABEL = ["label", "rows.csv", "-o", "out.csv", "--prompt", "{text}"]


def label(table: str) -> list[str]:
    return ["label", table, "-o", "out.csv", "--prompt", "{text}"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["extract", "photo.jpg"], "'photo.jpg' is not what its suffix says"),
        (["extract", "scan.PDF"], "'scan.PDF' is not what its suffix says"),
        (["extract", "voice.mp3"], "'voice.mp3' is not what its suffix says"),
        (["extract", "https://files.example/bill.pdf"], "is a URL, which is not fetched"),
        (["extract", "https://files.example/bill.pdf?signature=hunter2"], "'https://files.example/bill.pdf' is a URL"),
        (["extract", "scan.docx"], "it is damaged, or another file"),
        (label("https://user:hunter2@files.example/rows.csv"), "the https:// address has a password"),
        (label("nosuch://files/rows.csv"), "Protocol not known: nosuch"),
        (
            ["extract", "rows.csv", "-o", "s3://bucket/values.jsonl"],
            "only a table, such as a .csv or .parquet file, can be written to a store",
        ),
        *[
            ([*command, "--set", setting], f"--set has '{name}'")
            for command in (EXTRACT, LABEL)
            for name, setting in [
                ("response_format", "response_format={}"),
                ("stream", "stream=true"),
                ("model", "model=x"),
            ]
        ],
        *[
            ([*command, "--header", "X-A: 1\r\nX-B: 2"], "--header has 'X-A' with a line break")
            for command in (EXTRACT, LABEL)
        ],
        ([*EXTRACT, "-o", "a.txt"], "the output 'a.txt' is a file that is read"),
        ([*EXTRACT, "-o", "./a.txt"], "is a file that is read"),
        ([*EXTRACT, "-o", "number.json"], "the output 'number.json' is a file that is read"),
        ([*EXTRACT, "--prompt-file", "prompt.txt", "-o", "prompt.txt"], "is a file that is read"),
        ([*EXTRACT, "--instructions-file", "prompt.txt", "-o", "prompt.txt"], "is a file that is read"),
        ([*LABEL[:2], "-o", "rows.csv", *LABEL[4:]], "the output 'rows.csv' is a file that is read"),
        (["extract", ".", "-o", "values.jsonl"], "the output 'values.jsonl' is in a folder that is read"),
        ([*LABEL[:2], "-o", "prompt.csv", "--prompt-file", "prompt.csv"], "is a file that is read"),
        *[
            ([*command, option, value], message)
            for command in (EXTRACT, LABEL)
            for option, value, message in [
                ("--temperature", "nan", "temperature must be a finite number, not nan"),
                ("--temperature", "inf", "temperature must be a finite number, not inf"),
                ("--base-url", "", "base_url is empty"),
                ("--model", "", "model must be the name of a model, not ''"),
            ]
        ],
        (label("semicolons.csv"), "pass --delimiter ';'"),
        (label("latin1.csv"), "--encoding cp1252"),
        (label("wide.csv"), "pass --encoding utf-16-le"),
    ],
)
def test_bad_input_is_named_before_anything_is_sent(folder: Path, arguments: list[str], message: str) -> None:
    with Endpoint() as endpoint:
        settings = {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": "unused", "STRUCTKIT_MODEL": "fake"}
        command = [sys.executable, "-P", "-m", "structkit", *arguments, "--type", "number.json"]
        environment = {**os.environ, **settings}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in " ".join(done.stderr.split())
    assert endpoint.requests == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["schema", "number.json", "-o", "number.json"], "the output 'number.json' is a file that is read"),
        (["models", "--header", "a b: c"], "--header has a name that is not valid in HTTP: 'a b'"),
        (["models", "--base-url", ""], "base_url is empty"),
        (["probe", "--set", "temperature=1"], "--set temperature: a probe does not send this parameter"),
        (["probe", "--set", "stream=true"], "--set has 'stream', which structkit sets itself"),
        (["probe", ""], "model must be the name of a model, not ''"),
    ],
)
def test_bad_input_of_other_commands_is_named(folder: Path, arguments: list[str], message: str) -> None:
    with Endpoint() as endpoint:
        settings = {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": "unused", "STRUCTKIT_MODEL": "fake"}
        command = [sys.executable, "-P", "-m", "structkit", *arguments]
        environment = {**os.environ, **settings}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in " ".join(done.stderr.split())
    assert endpoint.requests == []
    assert (folder / "number.json").read_text(encoding="utf-8") == '{"type": "integer"}'


def test_the_name_of_a_builtin_type_is_answered_with_its_module() -> None:
    with pytest.raises(ConfigError, match=r"the type 'int': write .*; the type of Python is builtins:int$"):
        load_type("int")
    assert load_type("builtins:int") is int


def run_command(endpoint: Endpoint, folder: Path, *arguments: str, **streams: Any) -> int:
    settings = {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": "unused", "STRUCTKIT_MODEL": "fake"}
    command = [sys.executable, "-P", "-m", "structkit", *arguments]
    return subprocess.run(command, cwd=folder, env={**os.environ, **settings}, check=False, **streams).returncode


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_message_that_cannot_be_shown_fails_no_run(folder: Path) -> None:
    with Endpoint() as endpoint, Path("/dev/full").open("wb") as full:
        arguments = ["label", "rows.csv", "-o", "out.csv", "--type", "number.json", "--prompt", "{text}"]
        assert run_command(endpoint, folder, *arguments, stderr=full) == 0
        assert (folder / "out.csv").exists()
        done = subprocess.run(
            [sys.executable, "-P", "-m", "structkit", "--help"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (2, b"ConfigError: cannot write: No space left on device\n")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("command", ["label", "extract"])
def test_a_file_whose_name_is_not_text_is_named_before_anything_is_sent(tmp_path: Path, command: str) -> None:
    (tmp_path / "number.json").write_text('{"type": "integer"}', encoding="utf-8")
    (tmp_path / "letters").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path / "letters") + b"/caf\xe9.txt")).write_text("three", encoding="utf-8")
    with Endpoint() as endpoint:
        settings = {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": "unused", "STRUCTKIT_MODEL": "fake"}
        done = subprocess.run(
            [sys.executable, "-P", "-m", "structkit", command, "letters", "-o", "out.csv", *TYPE],
            cwd=tmp_path,
            env={**os.environ, **settings},
            capture_output=True,
            check=False,
        )
        assert not endpoint.requests
    assert done.returncode == 2
    assert b"caf\\udce9.txt' is not UTF-8, and cannot be in a table: rename the file" in done.stderr
