"""Loads the values of `--type` and `FILE`: a type in a module or schema file, a text."""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import os
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from traceback import walk_tb
from types import ModuleType
from typing import Any, Literal, cast

from structkit.errors import ConfigError
from structkit.parsing import NotJSON, read_json
from structkit.values import JSON
from structkit.values.text import exception_text

LOADING_VARIABLE = "STRUCTKIT_LOADING"
"""Has, while modules are imported, their names, for the commands that they start."""


def load_type(name: str) -> Any:
    """Load the type `path/to/file.py:Name`, `package.module:Name` or `schema.json`.

    Raises:
        ConfigError: The file, module or name does not exist, or the import fails.
    """
    module_name, _, attribute = name.rpartition(":")
    if name.endswith(".json"):
        return _load_schema(Path(name))
    if not module_name or not attribute:
        advice = "write path/to/file.py:Name, package.module:Name or schema.json"
        hint = f"; the type of Python is builtins:{name}" if isinstance(getattr(builtins, name, None), type) else ""
        raise ConfigError(f"the type {name!r}: {advice}{hint}")
    is_file = module_name.endswith(".py")
    module = _load_file(Path(module_name)) if is_file else _load_module(module_name)
    return _find_attribute(module, name)


def load_format(name: str, extras: Literal["closed", "open"]) -> Any:
    """Load a type; with "open", a JSON Schema that is asked for all that it allows.

    Raises:
        ConfigError: As by `load_type`; or "open" was asked for a type that is not a JSON Schema.
    """
    loaded = load_type(name)
    if extras == "closed":
        return loaded
    if not isinstance(loaded, dict):
        raise ConfigError(f"--extras {extras} is for a JSON Schema, which {name!r} is not; leave it out")
    from structkit.schema import ResponseFormat

    return ResponseFormat(cast("JSON", loaded), extras=extras)


def _find_attribute(module: ModuleType, name: str) -> Any:
    """Return the part of a module that follows the last colon of a type's name."""
    value: Any = module
    module_name, _, attribute = name.rpartition(":")
    for step in attribute.split("."):
        if not hasattr(value, step) or not hasattr(value, "__dict__"):
            raise ConfigError(f"{name!r}: {module_name} has no {step!r} (it defines {_defined_names(value)})")
        value = getattr(value, step)
    return value


def _defined_names(module: Any) -> str:
    module_name = getattr(module, "__name__", "")
    if not hasattr(module, "__dict__"):
        return "nothing"
    names = [key for key, value in vars(module).items() if getattr(value, "__module__", "") == module_name]
    return ", ".join(names) or "no types"


def read_text(name: str) -> str:
    """Read the text of a file, or of standard input for `-`.

    Raises:
        ConfigError: The file does not exist, cannot be read, or is not UTF-8.
    """
    return decode_text(read_bytes(name), name)


def read_bytes(name: str) -> bytes:
    """Read the bytes of a file, or of standard input for `-`.

    Raises:
        ConfigError: The file does not exist or cannot be read.
    """
    try:
        if name == "-" and sys.stdin is None:
            raise ConfigError("cannot read standard input: it is closed")
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {name!r}: {error.strerror or error}") from None


def decode_text(data: bytes, name: str, encoding: str | None = None, *, advice: str = "convert it first") -> str:
    """Return the text of bytes, by default in UTF-8.

    Raises:
        ConfigError: They are not in the encoding, or there is none of that name.
    """
    try:
        return data.decode(encoding or "utf-8-sig")
    except UnicodeError as error:
        raise ConfigError(
            f"{name!r} is not {encoding or 'UTF-8'} text (byte {getattr(error, 'start', 0)}); {advice}"
        ) from None
    except (LookupError, ValueError):
        raise ConfigError(f"there is no text encoding {encoding!r}; common ones are cp1252, utf-16, gb18030") from None


def _load_schema(path: Path) -> Any:
    try:
        schema = read_json(read_text(str(path)))
    except NotJSON as error:
        raise ConfigError(f"{str(path)!r}: {error}") from None
    if not isinstance(schema, dict):
        raise ConfigError(f"{str(path)!r} is not a JSON Schema: its root is not an object")
    return schema


def _load_file(path: Path) -> ModuleType:
    """Import a file under a unique name, with its folder importable as `python FILE` would, and its package as well."""
    if not path.is_file():
        raise ConfigError(f"there is no file {str(path)!r}")
    name, root = _unique_name(path.resolve())
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{str(path)!r} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    # Last: a file of the user's must not shadow a standard module.
    sys.path.extend(dict.fromkeys([str(path.resolve().parent), str(root)]))
    with _loading(str(path.resolve())):
        try:
            spec.loader.exec_module(module)
        except (Exception, SystemExit) as error:
            raise ConfigError(_import_failed(str(path), error)) from error
    return module


def _unique_name(path: Path) -> tuple[str, Path]:
    """Return a name for a file that no other module has, such as `types`, and the folder with its outermost package.

    In a package, the name is in it: relative imports start there.
    """
    place = path.parent if path.stem == "__init__" else path
    folder, names = place.parent, [f"structkit_type_{place.stem}"]
    while (folder / "__init__.py").is_file() and folder.name:
        folder, names = folder.parent, [folder.name, *names]
    return ".".join(names), folder


def _load_module(name: str) -> ModuleType:
    sys.path.append(str(Path.cwd()))
    with _loading(name):
        try:
            return importlib.import_module(name)
        except (Exception, SystemExit) as error:
            raise ConfigError(_import_failed(name, error)) from error


@contextmanager
def _loading(name: str) -> Iterator[None]:
    """Let no command load a module that starts that command: each would start the next one, without end.

    What a module prints goes to stderr: stdout is for results.

    Raises:
        ConfigError: This command was started by the import of the same module.
    """
    before = os.environ.get(LOADING_VARIABLE)
    names = before.split(os.pathsep) if before else []
    if name in names:
        raise ConfigError(
            f"{name!r} starts a structkit command that loads it again: do so under `if __name__ == '__main__':`"
        )
    os.environ[LOADING_VARIABLE] = os.pathsep.join([*names, name])
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.environ.pop(LOADING_VARIABLE)
        if before is not None:
            os.environ[LOADING_VARIABLE] = before


def _import_failed(name: str, error: BaseException) -> str:
    """Return why an import failed, with the last line of the user's that was executed."""
    paths = sysconfig.get_paths()
    libraries = (*(paths[each] for each in ("stdlib", "purelib", "platlib")), str(Path(__file__).parents[1]), "<")
    places = [(line, frame.f_code.co_filename) for frame, line in walk_tb(error.__traceback__)]
    lines = [f", line {line} of {file}" for line, file in places if not file.startswith(libraries)]
    return f"{name!r} fails to import: {exception_text(error)}{lines[-1] if lines else ''}"
