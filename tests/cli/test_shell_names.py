"""Messages on the command line name its options, and each option that a message names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import typer

import structkit
from structkit.cli.app import app
from structkit.cli.shell_names import to_shell_names
from structkit.testing import Endpoint, Reply, completion

PACKAGE = Path(structkit.__file__).parent
COMMANDS = typer.main.get_group(app).commands.values()
OPTIONS = {option for command in COMMANDS for parameter in command.params for option in parameter.opts}
SHELL_NAME = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def texts(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def test_every_option_that_a_message_names_exists() -> None:
    files = [path for path in PACKAGE.rglob("*.py") if not {"local", "testing"} & {*path.parts}]
    names = {name for path in files for text in texts(path) for name in SHELL_NAME.findall(text)}
    assert names <= {*OPTIONS, "--help", "--version"}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ('on_change="mix" (--mix) continues, "new" (--new) starts', "--mix continues, --new starts"),
        ("cells: pass delimiter=';' (--delimiter ';')", "cells: pass --delimiter ';'"),
        ("choose a table with table= (--table); it has a", "choose a table with --table; it has a"),
        ("value_column (--value-column) must be", "--value-column must be"),
        ("raise Policy(timeout=...) (--timeout), or", "raise --timeout, or"),
        ("name one, Client('gpt-4o') (--model gpt-4o), or", "name one, --model gpt-4o, or"),
        (
            "set OPENAI_API_KEY (and OPENAI_BASE_URL) or pass api_key=, or",
            "set OPENAI_API_KEY (and OPENAI_BASE_URL), or",
        ),
        ("check the API key (OPENAI_API_KEY, or api_key=)", "check the API key (OPENAI_API_KEY)"),
        ("raise Policy(timeout=...) (--timeout), or its deadline", "raise --timeout"),
        ("table (--sheet) is not a setting of csv files", "--sheet is not a setting of csv files"),
        ("delimiter (--delimiter) must be one character", "--delimiter must be one character"),
        ("nothing (of the kind) --mode", "nothing (of the kind) --mode"),
    ],
)
def test_options_of_python_become_those_of_the_shell(message: str, expected: str) -> None:
    assert to_shell_names(message) == expected


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_truncated_reply_names_the_limit_as_the_shell_sets_it(name: str) -> None:
    options: dict[str, Any] = {name: 5}
    with (
        Endpoint(completion('{"value": ', finish_reason="length")) as endpoint,
        pytest.raises(structkit.Truncated) as caught,
    ):
        structkit.Client("m", base_url=endpoint.base_url).extract(int, "x", **options)
    assert f"({name}=5): raise {name}, set" in str(caught.value)
    option = f"--{name.replace('_', '-')}"
    assert f"({option} 5): raise {option}, or" in to_shell_names(str(caught.value))


@pytest.mark.parametrize("reply", [completion('{"value": ', finish_reason="length"), Reply({}, status=401)])
def test_advice_in_the_shell_names_nothing_of_python(reply: Reply) -> None:
    policy = structkit.Policy(attempts=1, retries=0)
    with Endpoint(reply) as endpoint, pytest.raises(structkit.StructkitError) as caught:
        structkit.Client("m", base_url=endpoint.base_url, api_key="k", policy=policy).extract(int, "x")
    message = to_shell_names(str(caught.value))
    assert re.search(r"--max-tokens|OPENAI_API_KEY", message)
    assert not re.search(r"Policy|max_tokens|\w=", message)


@pytest.mark.parametrize(
    "options",
    [
        {"extra_headers": {"a b": "c"}},
        {"extra_headers": {"a": "b\nc"}},
        {"extra_body": {"stream": True}},
        {"extra_body": {"response_format": {}}},
    ],
)
def test_errors_of_arguments_name_the_option_of_the_shell(options) -> None:
    with Endpoint() as endpoint, pytest.raises(structkit.ConfigError) as caught:
        structkit.Client("fake", base_url=endpoint.base_url, api_key="unused", **options)
    message = to_shell_names(str(caught.value))
    assert SHELL_NAME.search(message)
    assert not re.search(r"extra_|\w=", message)
