"""`extract` of several files or a folder: a line for each, and an exit code for all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from structkit.cli.file_input import FileReading, read_input
from structkit.errors import ConfigError
from structkit.testing import Endpoint, Reply, completion

PIXEL = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "number.json").write_text('{"type": "integer"}', encoding="utf-8")
    letters = tmp_path / "letters"
    letters.mkdir()
    (letters / "b.txt").write_text("2", encoding="utf-8")
    (letters / "a.txt").write_text("1", encoding="utf-8")
    (letters / ".hidden").write_text("9", encoding="utf-8")
    (letters / "more").mkdir()
    (tmp_path / "nothing").mkdir()
    (tmp_path / "c.txt").write_text("3", encoding="utf-8")
    (tmp_path / "photo.png").write_bytes(PIXEL)
    (tmp_path / "latin1.txt").write_bytes(b"caf\xe9")
    (tmp_path / "refuse.txt").write_text("no", encoding="utf-8")
    return tmp_path


def answer(body: dict[str, Any]) -> Reply:
    text = body["messages"][-1]["content"]
    if text == "no":
        return Reply(completion(None, refusal="No."))
    return Reply(completion(json.dumps({"value": int(text) if isinstance(text, str) else 7})))


def extract(folder: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], Endpoint]:
    with Endpoint(answer) as endpoint:
        settings = {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": "unused", "STRUCTKIT_MODEL": "fake"}
        command = [sys.executable, "-P", "-m", "structkit", "extract", *arguments, "--type", "number.json"]
        environment = {**os.environ, **settings}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)
    return done, endpoint


def lines(text: str) -> list[tuple[str, Any]]:
    return [(line["file"], line.get("value", line.get("error"))) for line in map(json.loads, text.splitlines())]


def test_files_and_folders_give_a_line_each_in_order(folder: Path) -> None:
    done, _ = extract(folder, "c.txt", "letters", "photo.png")
    assert (done.returncode, done.stderr) == (0, "")
    names = ["c.txt", str(Path("letters", "a.txt")), str(Path("letters", "b.txt")), "photo.png"]
    assert lines(done.stdout) == [*zip(names, [3, 1, 2, 7], strict=True)]


def test_a_bad_file_does_not_lose_the_others(folder: Path) -> None:
    done, _ = extract(folder, "refuse.txt", "c.txt", "latin1.txt", "missing.txt", "-o", "out.jsonl")
    assert done.stdout == ""
    file_lines = lines((folder / "out.jsonl").read_text(encoding="utf-8"))
    expected = [("refuse.txt", "Refusal"), ("c.txt", 3), ("latin1.txt", "PromptError"), ("missing.txt", "PromptError")]
    assert file_lines == expected
    assert done.returncode == 4  # of the first failure
    message = "3 of 4 files failed: refuse.txt (Refusal), latin1.txt (PromptError), missing.txt (PromptError)"
    assert message in done.stderr


def test_a_folder_of_one_file_is_a_line_and_a_file_is_a_value(folder: Path) -> None:
    (folder / "letters" / "b.txt").unlink()
    assert lines(extract(folder, "letters")[0].stdout) == [(str(Path("letters", "a.txt")), 1)]
    assert json.loads(extract(folder, "c.txt")[0].stdout) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "the folder 'nothing' has no files"),
        (["-", "c.txt"], "- is standard input"),
        (["c.txt", "letters", "-o", "no/out.jsonl"], "cannot write"),
        ([], "Missing argument"),
    ],
)
def test_a_mistake_is_reported_before_anything_is_sent(folder: Path, arguments: list[str], message: str) -> None:
    done, endpoint = extract(folder, *arguments)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())
    assert endpoint.requests == []


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("7".encode("utf-16"), "utf-16"),
        ("7".encode("utf-16-le"), "utf-16-le"),
        ("7".encode("utf-16-be"), "utf-16-be"),
        ("é".encode("cp1252"), "cp1252"),
    ],
)
def test_a_text_in_another_encoding_is_read_with_the_option_that_the_error_names(
    tmp_path: Path, data: bytes, encoding: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=f"not UTF-8 text .*--encoding {encoding}($|,)"):
        read_input(str(path), FileReading())
    assert read_input(str(path), FileReading(encoding=encoding)) == data.decode(encoding)


def test_an_unknown_encoding_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("7", encoding="utf-8")
    for encoding in ("latin-99", "base64", "utf\0"):
        with pytest.raises(ConfigError, match="there is no text encoding"):
            read_input(str(tmp_path / "a.txt"), FileReading(encoding=encoding))


LIMITED = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))
runpy.run_module("structkit", run_name="__main__")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of file sizes")
@pytest.mark.parametrize("names", [["a.txt"], ["a.txt", "b.txt"]])
def test_what_a_full_disk_does_not_take_is_printed(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("a text", encoding="utf-8")
    (tmp_path / "text.json").write_text('{"type": "string"}', encoding="utf-8")
    output = tmp_path / "out.json"
    output.write_text("an earlier result", encoding="utf-8")
    with Endpoint(json.dumps({"value": "x" * 9_000})) as endpoint:
        settings = {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": "unused", "STRUCTKIT_MODEL": "fake"}
        arguments = ["extract", *names, "-o", output.name, "--type", "text.json"]
        process = subprocess.run(
            [sys.executable, "-P", "-c", LIMITED, *arguments],
            cwd=tmp_path,
            env={**os.environ, **settings, "XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert process.returncode == 2
    assert process.stdout.count("x" * 9_000) == len(names)
    assert "File too large; the " in process.stderr
    if len(names) == 1:
        assert output.read_text(encoding="utf-8") == "an earlier result"
