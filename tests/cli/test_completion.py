"""Completion in a shell: the scripts, and what they complete."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-P", "-m", "structkit"]


def run(*arguments: str, **variables: str) -> str:
    environment = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1", **variables}
    done = subprocess.run([*PROGRAM, *arguments], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_completes_the_program(shell: str, tmp_path: Path) -> None:
    script = run("--show-completion", shell)
    assert f"_STRUCTKIT_COMPLETE=complete_{shell}" in script
    assert "python" not in script  # the name by which it is installed
    if interpreter := shutil.which(shell):
        path = tmp_path / "script"
        path.write_text(script, encoding="utf-8")
        subprocess.run([interpreter, "-n", str(path)], check=True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("structkit ex", {"extract"}),
        ("structkit label --pro", {"--prompt", "--prompt-file", "--processes"}),
        ("structkit extract --dialect gem", {"gemini"}),
        ("structkit label --mode t", {"tool"}),
        ("structkit label --blank sk", {"skip"}),
    ],
)
def test_commands_options_and_values_are_completed(words: str, expected: set[str]) -> None:
    variables = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    assert {*run(_STRUCTKIT_COMPLETE="complete_bash", **variables).split()} == expected
    fish = {"_TYPER_COMPLETE_ARGS": words, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    lines = run(_STRUCTKIT_COMPLETE="complete_fish", **fish).splitlines()
    assert {line.partition("\t")[0] for line in lines} == expected
