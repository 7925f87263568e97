"""The libraries that are compared, and the environment of each: pinned, made once, kept in a folder."""

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

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PYDANTIC = "pydantic==2.14.3"
OPENAI = "openai==3.54.0"
AIOHTTP = "aiohttp==3.14.5"


@dataclass(frozen=True)
class Library:
    """A library, as it is run.

    Attributes:
        name: What `--only` and the tables call it.
        runner: The script in this folder that uses it.
        module: What a program imports.
        pins: What pip installs.
        shown: The distributions whose versions the table shows.
        partials: What its partial values are, where that needs a word.
    """

    name: str
    runner: str
    module: str
    pins: tuple[str, ...]
    shown: tuple[str, ...]
    partials: str = ""


def own_pins() -> tuple[str, ...]:
    """What structkit needs; its code is taken from this checkout."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return (*project["dependencies"], PYDANTIC, OPENAI, AIOHTTP)


FLOOR = Library("floor", "run_floor.py", "pydantic", (PYDANTIC, AIOHTTP), ("pydantic", "aiohttp"))
LIBRARIES = (
    Library("structkit", "run_structkit.py", "structkit", own_pins(), ("openai", "aiohttp")),
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
        "awaited; its blocking client gathers them all before it gives the first",
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
    """pip could not, and said why."""


def environment(library: Library, cache: Path) -> Path:
    """The interpreter of a library's environment, made where it is not there yet."""
    mark = hashlib.sha256(repr((library.pins, sys.version)).encode()).hexdigest()[:8]
    folder = cache / f"{library.runner.removeprefix('run_').removesuffix('.py')}-{mark}"
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not (folder / "complete").exists():
        print(f"installing {', '.join(library.pins)}", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        quiet(str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *library.pins)
        if library.name == "baml":
            shutil.copytree(HERE / "baml_src", folder / "baml_src")
            quiet(str(python.parent / "baml-cli"), "generate", "--from", str(folder / "baml_src"))
        (folder / "complete").touch()
    return python


def quiet(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotInstalled((done.stderr.strip() or done.stdout.strip() or str(done.returncode)).splitlines()[-1])
    return done.stdout


def versions(library: Library, python: str) -> str:
    """The versions that the table shows."""
    code = "import sys, importlib.metadata as m; print(', '.join(f'{n} {m.version(n)}' for n in sys.argv[1:]))"
    return quiet(python, "-c", code, *library.shown).strip()


def variables(library: Library, python: str, base_url: str, scratch: str) -> dict[str, str]:
    """The environment variables of a run: the endpoint's address, no proxy, and no word to the outside."""
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    own = {"structkit": str(ROOT), "baml": str(Path(python).parent.parent)}
    told = {
        "OPENAI_BASE_URL": base_url,
        "OPENAI_API_KEY": "key",
        "STRUCTKIT_ROUTES": scratch,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else its import fetches prices
        "BAML_LOG": "off",
        "PYTHONPATH": own.get(library.name, ""),
    }
    return {**kept, **told}
