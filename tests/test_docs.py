"""The documentation is true: its examples run and print what they show, its help is the real help, it builds.

A comment before a block of Python has the endpoint's reply, one comment per reply, in order
(`<!-- reply: {"name": "Ada"} -->`, or `<!-- call: lookup {"name": "Ada"} -->` for a reply that calls a tool; without
one, every reply conforms to its request's schema), or why the block is not run
(`<!-- skip: starts the embedded model -->`).
"""

from __future__ import annotations

import os
import pkgutil
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args

import pytest
import typer.main
from pydantic import StrictBool, create_model  # noqa: F401 (in an example)

from structkit import ResponseFormat
from structkit.cli.app import app
from structkit.testing import Endpoint
from structkit.values import Repair, ToolCall, ValueRepair

ROOT = Path(__file__).parent.parent
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
PAGES = [*READMES, *sorted((ROOT / "docs").rglob("*.md"))]

BLOCK = re.compile(r"(?P<comments>(?:<!--.*?-->\s*)*)^```python\n(?P<source>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!-- (reply|call|skip): (.*?) -->", re.DOTALL)
PRINTED_LINE = re.compile(r"^ *#> ?(.*)$", re.MULTILINE)
HELP = re.compile(r"^<!-- help: (?P<command>.*?) -->\n+```text\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)

COMMANDS = sorted(typer.main.get_group(app).commands)


@dataclass(frozen=True)
class Example:
    """A block of Python on a page."""

    name: str
    source: str
    replies: tuple[str | ToolCall, ...]
    skip: str | None

    @property
    def expected_output(self) -> str:
        """The text that the block prints, by its `#>` lines."""
        return "".join(f"{line}\n" for line in PRINTED_LINE.findall(self.source))


def examples(page: Path) -> list[Example]:
    text = page.read_text(encoding="utf-8")
    return [example(page, text, match) for match in BLOCK.finditer(text)]


def example(page: Path, text: str, match: re.Match[str]) -> Example:
    comments = COMMENT.findall(match["comments"])
    replies = tuple(reply(kind, comment) for kind, comment in comments if kind != "skip")
    skip = next((comment for kind, comment in comments if kind == "skip"), None)
    line = text.count("\n", 0, match.start("source"))
    return Example(f"{page.relative_to(ROOT)}:{line}", match["source"], replies, skip)


def reply(kind: str, comment: str) -> str | ToolCall:
    name, _, arguments = comment.partition(" ")
    return ToolCall(name, arguments) if kind == "call" else comment


EXAMPLES = [each for page in PAGES for each in examples(page)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_runs_and_prints_what_it_shows(
    example: Example, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    if example.skip:
        pytest.skip(example.skip)
    module = ModuleType("example")
    module.__file__ = str(tmp_path / "example.py")
    Path(module.__file__).write_text(example.source, encoding="utf-8")
    monkeypatch.setitem(sys.modules, "example", module)
    monkeypatch.chdir(ROOT)
    with Endpoint(*example.replies) as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-documentation")
        monkeypatch.setenv("STRUCTKIT_MODEL", "fake")
        exec(compile(example.source, example.name, "exec"), vars(module))
    assert capsys.readouterr().out == example.expected_output


def test_every_python_block_is_found_and_hardly_any_is_skipped() -> None:
    fences = sum(page.read_text(encoding="utf-8").count("```python") for page in PAGES)
    assert len(EXAMPLES) == fences
    skipped = [example for example in EXAMPLES if example.skip and not example.skip.startswith("needs ")]
    assert len(skipped) <= 3, "except for the code of other libraries"


def test_the_readmes_have_the_same_commands_and_links() -> None:
    english, chinese = (page.read_text(encoding="utf-8") for page in READMES)
    commands = [re.findall(r"^```sh\n.*?^```$", text, re.MULTILINE | re.DOTALL) for text in (english, chinese)]
    assert commands[0] == commands[1]
    assert len(commands[0]) == 5
    links = [{*re.findall(r"\]\(([^)]+)\)", text)} for text in (english, chinese)]
    assert links[0] - {"README.zh-CN.md"} == links[1] - {"README.md"}


NON_PYTHON_NAMES = {
    f"structkit.{name}" for name in ("attempt", "mode", "retries", "repairs", "issues", "provider", "endpoints")
}
"""Attributes of OpenTelemetry spans, and the entry-point group `structkit.endpoints`."""

SEARCHED = [
    *("resume", "retry", "truncated", "callback", "fallback", "system prompt", "response_model", "structured outputs"),
    *("function calling", "max_retries", "repair", "re-ask", "route", "dialect", "journal", "attempt", "issue", "mode"),
]


@pytest.mark.parametrize("word", SEARCHED)
def test_the_glossary_has_the_words_that_people_search_for(word: str) -> None:
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    first_cells = re.findall(r"^\| (.+?) \|", page, re.MULTILINE)
    assert any(word in re.split(r", | \(", cell.replace("`", "")) for cell in first_cells)


def test_the_documented_layers_are_the_checked_ones() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    documented: dict[int, set[str]] = {}
    for layer, name in re.findall(r"^\| (\d+) \| `(\w+)/?` \|", page, re.MULTILINE):
        documented.setdefault(int(layer), set()).add(name)
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    assert [documented[layer] for layer in sorted(documented, reverse=True)] == [
        {*layer.split(" | ")} for layer in layers
    ]


@pytest.mark.parametrize("name", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_the_files_and_names_in_a_page_for_developers_exist(name: str) -> None:
    page = (ROOT / name).read_text(encoding="utf-8")
    files = {str(path.relative_to(ROOT)): path for path in (ROOT / "structkit").rglob("*.py")}
    paths = {path for path in re.findall(r"(?<![\w/])((?:\w+/)*\w+\.py)\b", page) if "NAME" not in path}
    missing = [path for path in paths if not (ROOT / path).exists() and not any(f.endswith(f"/{path}") for f in files)]
    assert missing == []
    for module, member in re.findall(r"`(\w+)\.(?!py`)(\w+)`", page):
        texts = [path.read_text(encoding="utf-8") for path in files.values() if path.stem == module]
        assert not texts or any(re.search(rf"\b(def|class) {member}\b", text) for text in texts), f"{module}.{member}"


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_the_dotted_names_on_a_page_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    names = {*re.findall(r"`(structkit(?:\.\w+)+)\b", text), *re.findall(r"^::: (\S+)$", text, re.MULTILINE)}
    for name in names - NON_PYTHON_NAMES:
        pkgutil.resolve_name(name)


LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


def anchors(page: Path) -> set[str]:
    """The anchors of the headings on a page, as mkdocs makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower()) for heading in headings}


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_a_link_outside_the_site_leads_to_a_file_and_a_heading(name: str) -> None:
    for path, anchor in LINK.findall((ROOT / name).read_text(encoding="utf-8")):
        assert (ROOT / path).exists(), path
        assert not anchor or anchor in anchors(ROOT / path), f"{path}#{anchor}"


def help_text(*command: str) -> str:
    """What a user sees in a plain terminal of 80 columns."""
    plain = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb", "PYTHONIOENCODING": "utf-8"}
    for name in ("FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS", "TERMINAL_WIDTH"):
        plain.pop(name, None)
    program = [sys.executable, "-c", "import sys; sys.argv[0] = 'structkit'; from structkit.cli import main; main()"]
    done = subprocess.run([*program, *command, "--help"], capture_output=True, encoding="utf-8", env=plain, check=True)
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines()) + "\n"


def documented_help() -> dict[str, str]:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    return {match["command"]: match["text"] for match in HELP.finditer(page)}


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_the_documented_help_is_the_real_help(command: str) -> None:
    assert documented_help()[f"structkit {command}".strip()] == help_text(*command.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented_and_its_help_has_an_example(command: str) -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert f"\n## structkit {command}\n" in page
    assert f"Example: structkit {command} " in help_text(command)


Color = Literal["red", "green"]
Circle = create_model("Circle", radius=(int, ...))
Square = create_model("Square", side=(int, ...))
Level = IntEnum("Level", "LOW HIGH")
REPAIR_NAMES = [*get_args(Repair), *(f"{name} at PATH" for name in get_args(ValueRepair))]


def documented_repairs() -> dict[str, tuple[Any, str]]:
    """The type and the reply of each example, by the name of its repair."""
    page = (ROOT / "docs" / "replies.md").read_text(encoding="utf-8")
    section = page.partition("\n## Repairs\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| (`+) ?(.+?) ?\3 \| (?:.* )?\|$", section, re.MULTILINE)
    return {
        name: (
            eval(output_type.replace("\\|", "|")),
            text.replace("<BOM>", "\ufeff").replace("<LF>", "\n").replace("<NBSP>", "\u00a0"),
        )
        for name, output_type, _, text in rows
    }


def test_every_documented_repair_exists() -> None:
    assert [*documented_repairs()] == REPAIR_NAMES


@pytest.mark.parametrize("name", REPAIR_NAMES)
def test_every_repair_is_documented_by_an_example_that_needs_it_alone(name: str) -> None:
    output_type, text = documented_repairs()[name]
    answer = ResponseFormat(output_type).read(text, repairs=True)
    assert (answer.valid, answer.repairs) == (True, (name.replace("PATH", "value"),))


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="mkdocs is not installed: pip install 'structkit-llm[dev]'")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING -" not in done.stderr
    assert (tmp_path / "site" / "api" / "index.html").read_text(encoding="utf-8").count("doc-heading") > 20
