"""The compared libraries, and the environment of each: pinned, created once, cached in a folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent
PYDANTIC = "pydantic==2.14.3"
OPENAI = "openai==3.54.0"
AIOHTTP = "aiohttp==3.14.5"


@dataclass(frozen=True)
class Library:
    """A library and how it is run.

    Attributes:
        name: The name in `--only` and the tables.
        runner: The script in this folder that uses it.
        module: The module that a program imports.
        pins: The pinned requirements.
        distributions: The distributions whose versions are in the table.
        partials: A remark on its partial values, if one is needed.
    """

    name: str
    runner: str
    module: str
    pins: tuple[str, ...]
    distributions: tuple[str, ...]
    partials: str = ""


def structkit_pins() -> tuple[str, ...]:
    """Return the dependencies of structkit, whose own code is that of this checkout."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return (*project["dependencies"], PYDANTIC, OPENAI)


BASELINE = Library("baseline", "run_baseline.py", "pydantic", (PYDANTIC, AIOHTTP), ("pydantic", "aiohttp"))
LIBRARIES = (
    Library("structkit", "run_structkit.py", "structkit", structkit_pins(), ("openai", "httptools")),
    Library("openai create", "run_openai_create.py", "openai", (OPENAI, PYDANTIC), ("openai",)),
    Library("openai parse", "run_openai_parse.py", "openai", (OPENAI, PYDANTIC), ("openai",), "untyped JSON"),
    Library(
        "baml", "run_baml.py", "baml_client.sync_client", ("baml-py==0.226.3", PYDANTIC), ("baml-py",), "merges deltas"
    ),
    Library("mirascope", "run_mirascope.py", "mirascope.llm", ("mirascope[openai]==2.8.2", PYDANTIC), ("mirascope",)),
    Library("outlines", "run_outlines.py", "outlines", ("outlines==1.3.3", OPENAI, PYDANTIC), ("outlines", "openai")),
    Library(
        "instructor",
        "run_instructor.py",
        "instructor",
        ("instructor==1.17.0", PYDANTIC),
        ("instructor", "openai"),
        "awaited; its blocking client collects all before it returns the first",
    ),
    Library("litellm", "run_litellm.py", "litellm", ("litellm==1.106.2", PYDANTIC), ("litellm", "openai")),
    Library("magentic", "run_magentic.py", "magentic", ("magentic==0.41.1", OPENAI, PYDANTIC), ("magentic", "openai")),
    Library(
        "pydantic-ai",
        "run_pydantic_ai.py",
        "pydantic_ai",
        ("pydantic-ai-slim[openai]==2.68.0", OPENAI, PYDANTIC),
        ("pydantic-ai-slim", "openai"),
        "of a `TypedDict`, `debounce_by=None`",
    ),
)


class NotInstalled(Exception):
    """pip failed; the message is its reason."""


def environment(library: Library, cache: Path) -> Path:
    """Return the interpreter of a library's environment, which is created if it does not exist."""
    mark = hashlib.sha256(repr((library.pins, sys.version)).encode()).hexdigest()[:8]
    folder = cache / f"{library.runner.removeprefix('run_').removesuffix('.py')}-{mark}"
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not (folder / "complete").exists():
        print(f"installing {', '.join(library.pins)}", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        run_quietly(str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *library.pins)
        if library.name == "baml":
            shutil.copytree(FOLDER / "baml_src", folder / "baml_src")
            run_quietly(str(python.parent / "baml-cli"), "generate", "--from", str(folder / "baml_src"))
        (folder / "complete").touch()
    return python


def run_quietly(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotInstalled((done.stderr.strip() or done.stdout.strip() or str(done.returncode)).splitlines()[-1])
    return done.stdout


def versions(library: Library, python: str) -> str:
    """Return the versions for the table."""
    code = "import sys, importlib.metadata as m; print(', '.join(f'{n} {m.version(n)}' for n in sys.argv[1:]))"
    return run_quietly(python, "-c", code, *library.distributions).strip()


def variables(library: Library, python: str, base_url: str, scratch: str) -> dict[str, str]:
    """Return the environment variables of a run: the endpoint, no proxy, and no other connection."""
    inherited = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    python_path = {"structkit": str(ROOT), "baml": str(Path(python).parent.parent)}
    added = {
        "OPENAI_BASE_URL": base_url,
        "OPENAI_API_KEY": "key",
        "STRUCTKIT_ROUTES": scratch,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else its import fetches prices
        "BAML_LOG": "off",
        "PYTHONPATH": python_path.get(library.name, ""),
    }
    return {**inherited, **added}
