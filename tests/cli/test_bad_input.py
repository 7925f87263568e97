"""Input that cannot be meant: an error that names it, before anything is sent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from structkit.testing import Endpoint

PAGE = "<!doctype html><title>404 Not Found</title>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "number.json").write_text('{"type": "integer"}', encoding="utf-8")
    (tmp_path / "a.txt").write_text("three", encoding="utf-8")
    (tmp_path / "rows.csv").write_text("text\nthree\n", encoding="utf-8")
    (tmp_path / "semicolons.csv").write_text("id;text\n1;three\n", encoding="utf-8")
    (tmp_path / "latin1.csv").write_bytes("text\ncafé\n".encode("cp1252"))
    (tmp_path / "wide.csv").write_bytes("text\nthree\n".encode("utf-16-le"))
    for name in ("photo.jpg", "scan.PDF", "voice.mp3"):
        (tmp_path / name).write_text(PAGE, encoding="utf-8")
    return tmp_path


EXTRACT = ["extract", "a.txt"]
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
        (label("https://files.example/rows.csv"), "it is a URL, which is not fetched"),
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
            ([*command, "--header", "X-A: 1\r\nX-B: 2"], "'X-A' in --header has a line break")
            for command in (EXTRACT, LABEL)
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
