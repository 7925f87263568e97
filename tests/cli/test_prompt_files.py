"""Prompts and instructions in files, for `extract` and `label`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from structkit.testing import Endpoint


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint('{"value": 3}') as endpoint:
        yield endpoint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "number.json").write_text('{"type": "integer"}', encoding="utf-8")
    (tmp_path / "a.txt").write_text("three {{ x }}", encoding="utf-8")
    (tmp_path / "rows.csv").write_text("id,Review Text,text\n1,Fits.,a\n", encoding="utf-8")
    (tmp_path / "prompt.txt").write_text("Count: {text}\n", encoding="utf-8")
    (tmp_path / "prompt.j2").write_text("Count: {{ text | upper }}\n", encoding="utf-8")
    (tmp_path / "column.j2").write_text("{{ column('Review Text') }}", encoding="utf-8")
    (tmp_path / "constant.jinja").write_text("Count.", encoding="utf-8")
    (tmp_path / "index.j2").write_text("\n{{ text[0] }}", encoding="utf-8")
    (tmp_path / "system.txt").write_text("Be brief.\n", encoding="utf-8")
    return tmp_path


def run(folder: Path, *arguments: str, endpoint: Endpoint) -> subprocess.CompletedProcess[str]:
    settings = {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": "unused", "STRUCTKIT_MODEL": "fake"}
    command = [
        sys.executable,
        "-P",
        "-m",
        "structkit",
        *arguments,
        *([] if "--type" in arguments else ["--type", "number.json"]),
    ]
    environment = {**os.environ, **settings}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


EXTRACT = ["extract", "a.txt"]
LABEL = ["label", "rows.csv", "-o", "out.csv"]


@pytest.mark.parametrize(
    ("command", "file", "prompt"),
    [
        (EXTRACT, "prompt.txt", "Count: three {{ x }}"),
        (EXTRACT, "prompt.j2", "Count: THREE {{ X }}"),
        (LABEL, "prompt.txt", "Count: a"),
        (LABEL, "prompt.j2", "Count: A"),
        (LABEL, "column.j2", "Fits."),
    ],
)
def test_a_prompt_file_is_a_template_or_jinja(
    folder: Path, endpoint: Endpoint, command: list[str], file: str, prompt: str
) -> None:
    done = run(folder, *command, "--prompt-file", file, "--instructions-file", "system.txt", endpoint=endpoint)
    assert done.returncode == 0, done.stderr
    system, user = endpoint.requests[0]["messages"]
    assert system["content"] == "Be brief."
    assert user["content"] == prompt


@pytest.mark.parametrize("command", [EXTRACT, LABEL])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--prompt-file", "constant.jinja"], "reads no column"),
        (["--prompt-file", "index.j2"], "line 2: [...] reads an item of a value"),
        (["--prompt-file", "missing.j2"], "cannot read 'missing.j2'"),
        (["--prompt-file", "prompt.txt", "--prompt", "{text}"], "either --prompt or --prompt-file"),
        (["--prompt", "{text}", "--instructions", "A.", "--instructions-file", "system.txt"], "--instructions-file"),
        (["--prompt", "{{ text | upper }}"], "--prompt-file NAME.j2"),
    ],
)
def test_a_prompt_that_cannot_be_used_is_rejected_before_anything_is_sent(
    folder: Path, endpoint: Endpoint, command: list[str], options: list[str], message: str
) -> None:
    done = run(folder, *command, *options, endpoint=endpoint)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())
    assert endpoint.requests == []


@pytest.mark.parametrize("template", [[], ["--prompt", "Which numbers? {text}"]], ids=["text", "template"])
def test_a_long_text_is_read_in_chunks(folder: Path, template: list[str]) -> None:
    (folder / "list.json").write_text('{"type": "array", "items": {"type": "integer"}}', encoding="utf-8")
    numbers = [*range(1001, 1100)]
    (folder / "long.txt").write_text("\n".join(map(str, numbers)), encoding="utf-8")

    def answer(body: Any) -> str:
        return json.dumps({"value": [int(each) for each in re.findall(r"\d{4}", body["messages"][-1]["content"])]})

    with Endpoint(answer) as endpoint:
        command = ["extract", "long.txt", "--chunk", "200", *template, "--type", "list.json"]
        done = run(folder, *command, endpoint=endpoint)
    assert json.loads(done.stdout) == numbers, done.stderr
    prefix = template[-1].removesuffix("{text}") if template else ""
    assert all(body["messages"][-1]["content"].startswith(prefix) for body in endpoint.requests)
    assert len(endpoint.requests) > 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--chunk", "20"], "--chunk must be 'auto' or at least 100 characters, not 20"),
        (["--chunk", "big"], "--chunk must be 'auto' or at least 100 characters, not 'big'"),
        (["--chunk", "auto"], "--chunk joins the items of a list or the fields of an object, and output has neither"),
        (["--set", "chunk=auto"], "use --chunk"),
    ],
)
def test_a_size_or_a_type_that_chunks_cannot_have_is_rejected(
    folder: Path, endpoint: Endpoint, options: list[str], message: str
) -> None:
    done = run(folder, *EXTRACT, *options, endpoint=endpoint)
    assert done.returncode == 2
    assert message in done.stderr.replace("\n", " ")
    assert not endpoint.requests
