"""What stands behind `--type` and `FILE`: a type in a module, a text on disk."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from structkit.errors import ConfigError
from structkit.parsing import NotJSON, read_json


def load_type(name: str) -> Any:
    """The type that `path/to/file.py:Name`, `package.module:Name` or `schema.json` stands for.

    Raises:
        ConfigError: There is no such file, module or name, or it fails to import.
    """
    place, _, attribute = name.rpartition(":")
    if name.endswith(".json"):
        return _load_schema(Path(name))
    if not place or not attribute:
        raise ConfigError(f"the type {name!r}: write path/to/file.py:Name, package.module:Name or schema.json")
    found: Any = _load_file(Path(place)) if place.endswith(".py") else _load_module(place)
    for step in attribute.split("."):
        if not hasattr(found, step) or not hasattr(found, "__dict__"):
            raise ConfigError(f"the type {name!r}: there is no {step!r} in {place} (it has {_own_names(found)})")
        found = getattr(found, step)
    return found


def _own_names(module: Any) -> str:
    here = getattr(module, "__name__", "")
    if not hasattr(module, "__dict__"):
        return "nothing"
    own = [key for key, value in vars(module).items() if getattr(value, "__module__", "") == here]
    return ", ".join(own) or "no types of its own"


def read_text(name: str) -> str:
    """The text of a file, or of standard input for `-`.

    Raises:
        ConfigError: It is not there, cannot be read, or is no UTF-8.
    """
    try:
        if name == "-" and sys.stdin is None:
            raise ConfigError("cannot read standard input: it is closed")
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"cannot read {name!r}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name!r} is no UTF-8 text (byte {error.start}); convert it first") from None


def _load_schema(path: Path) -> Any:
    try:
        found = read_json(read_text(str(path)))
    except NotJSON as error:
        raise ConfigError(f"{str(path)!r}: {error}") from None
    if not isinstance(found, dict):
        raise ConfigError(f"{str(path)!r} holds no JSON Schema: its root is no object")
    return found


def _load_file(path: Path) -> ModuleType:
    """Import a file under a name of its own, with its folder importable, as `python FILE` would."""
    if not path.is_file():
        raise ConfigError(f"the type: there is no file {str(path)!r}")
    name = f"structkit_type_{path.stem}"  # never that of a module somebody else imports, such as `types`
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"the type: {str(path)!r} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.append(str(path.resolve().parent))  # last: no file of the user's may stand in for a standard module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise ConfigError(_import_failed(str(path), error)) from error
    return module


def _load_module(name: str) -> ModuleType:
    sys.path.append(str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise ConfigError(_import_failed(name, error)) from error


def _import_failed(name: str, error: BaseException) -> str:
    traceback = error.__traceback__
    while traceback and traceback.tb_next:
        traceback = traceback.tb_next
    line = f", line {traceback.tb_lineno} of {traceback.tb_frame.f_code.co_filename}" if traceback else ""
    return f"the type: {name!r} fails to import: {type(error).__name__}: {error}{line}"
