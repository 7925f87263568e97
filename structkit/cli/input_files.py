"""Several files for `extract`: one line of JSON for each, and a bad file does not lose the others."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from structkit.cli.shell_names import to_shell_names
from structkit.cli.terminal import notice, write_text
from structkit.errors import ConfigError, StructkitError

CONCURRENCY = 4
"""Files that are read at a time. A table is for more: a job adapts to the endpoint, and resumes."""

MAX_NAMED_FAILURES = 5
"""Failed files that the summary names."""


URL_STARTS = ("http://", "https://")
"""How an address begins that is not fetched; a `?` in it does not make it a pattern."""


class Failure(NamedTuple):
    """A file that could not be read, or whose value the endpoint or the model did not give."""

    name: str
    error: StructkitError


def is_several(names: Sequence[str]) -> bool:
    """Return whether there is a line for each file: more than one name, a folder, or a pattern."""
    return len(names) > 1 or Path(names[0]).is_dir() or _is_pattern(names[0])


def list_files(names: Sequence[str]) -> list[str]:
    """Return the files, and in place of each folder or pattern its files, by name.

    Hidden files and subfolders of a folder are left out. In a pattern, such as `invoices/*.pdf`, `**` is any folder.

    Raises:
        ConfigError: A folder has no file or cannot be read, or standard input is one of several files.
    """
    if "-" in names:
        raise ConfigError("- is standard input, which cannot be one of several files")
    return [file for name in names for file in _list_name(name)]


def validate_names(names: Sequence[str]) -> None:
    """Validate that the names of files can be cells of a table.

    Raises:
        ConfigError: One has bytes that are not UTF-8.
    """
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise ConfigError(f"the name of {name!r} is not UTF-8, and cannot be in a table: rename the file") from None


def _list_name(name: str) -> list[str]:
    if _is_pattern(name):
        files = sorted(each for each in glob.glob(name, recursive=True) if Path(each).is_file())  # noqa: PTH207 (a pattern may be absolute)
        if not files:
            raise ConfigError(f"no file matches {name!r}")
        return files
    return _list_folder(Path(name)) if Path(name).is_dir() else [name]


def _is_pattern(name: str) -> bool:
    """Return whether a name is a pattern that the shell has not replaced, because it is quoted, and not a file."""
    return glob.has_magic(name) and not name.startswith(URL_STARTS) and not os.path.lexists(name)


def _list_folder(folder: Path) -> list[str]:
    try:
        files = sorted(str(each) for each in folder.iterdir() if each.is_file() and not each.name.startswith("."))
    except OSError as error:
        raise ConfigError(f"cannot read {str(folder)!r}: {error.strerror or error}") from None
    if not files:
        raise ConfigError(f"the folder {str(folder)!r} has no files")
    return files


def extract_files(names: Sequence[str], extract: Callable[[str], Any], output: Path | None) -> int:
    """Write a line for each file, in order, and return the exit code: that of the first failure, or 0.

    A line is `{"file": NAME, "value": VALUE}` and more fields, or `{"file": NAME, "error": CLASS, "message": TEXT}`.

    Args:
        names: The files.
        extract: Returns the fields of a line, such as the value.
        output: The file to write; None for stdout.
    """
    from structkit.functions.concurrent_map import map_in_threads, return_errors

    failures = list[Failure]()
    with _line_writer(output) as write_line:
        for name, fields in zip(names, map_in_threads(return_errors(extract), names, CONCURRENCY), strict=True):
            if isinstance(fields, StructkitError):
                failures.append(Failure(name, fields))
                write_line({"file": name, "error": type(fields).__name__, "message": to_shell_names(str(fields))})
            else:
                write_line({"file": name, **fields})
    if failures:
        notice(_summary(failures, len(names)))
    return failures[0].error.exit_code if failures else 0


@contextmanager
def _line_writer(output: Path | None) -> Iterator[Callable[[Any], None]]:
    """Yield a function that writes a line at once, so that an interrupt loses none; a full disk prints those after it.

    Raises:
        ConfigError: The file cannot be written.
    """
    if output is None:
        yield _print_line
        return
    try:
        file = output.open("w", encoding="utf-8", errors="surrogatepass")
    except OSError as error:
        raise ConfigError(f"cannot write {str(output)!r}: {error.strerror}") from None
    errors = list[OSError]()

    def write_line(line: Any) -> None:
        try:
            if not errors:
                file.write(f"{json.dumps(line, ensure_ascii=False)}\n")
                file.flush()
        except OSError as error:
            errors.append(error)
        if errors:
            _print_line(line)

    try:
        yield write_line
    finally:
        with suppress(OSError):  # on a full disk the rest of a line cannot be written
            file.close()
    if errors:
        raise ConfigError(f"cannot write {str(output)!r}: {errors[0].strerror}; the other lines are on standard output")


def _print_line(line: Any) -> None:
    write_text(json.dumps(line, ensure_ascii=False), None)


def _summary(failures: list[Failure], total: int) -> str:
    examples = [f"{name} ({type(error).__name__})" for name, error in failures[:MAX_NAMED_FAILURES]]
    more = f" and {len(failures) - MAX_NAMED_FAILURES} more" if len(failures) > MAX_NAMED_FAILURES else ""
    return f"{len(failures)} of {total} files failed: {', '.join(examples)}{more}; each line has the reason"
