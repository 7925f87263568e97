"""How results, tables and notices are printed: the only module that writes to a terminal.

Everything is escaped here, because a terminal would execute control characters of an endpoint, a model, a row or the
name of a file. A file that is written with `--output` has the data as it is.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from structkit.batch.stderr_console import stderr_console
from structkit.client.probing.probe_report import markdown
from structkit.errors import ConfigError, JobError
from structkit.values.text import escape_controls

INTERRUPTED = 130
"""The exit code of a program that was interrupted by Ctrl-C."""

READER_GONE = 141
"""The exit code of a program whose output nobody reads any longer, as after `| head -1`: that of other programs, which
the signal SIGPIPE ends."""

SUBMITTED = 7
"""The exit code of a run whose requests are in batches at the endpoint: the same command collects them later."""


def write(value: Any, output: Path | None) -> None:
    """Print a value as JSON, or write it to a file; what was paid for is printed if the file cannot be written.

    Raises:
        ConfigError: It cannot be written.
    """
    text = json.dumps(value, ensure_ascii=False, indent=2)
    try:
        write_text(text, output)
    except ConfigError as error:
        if output is None:
            raise
        write_text(text, None)
        raise ConfigError(f"{error}; the result is on standard output") from None


def write_text(text: str, output: Path | None) -> None:
    """Print a result, or write it to a file, which until then has its earlier content.

    Raises:
        ConfigError: It cannot be written.
        SystemExit: It is printed, and nobody reads it any longer: the command ends without a word.
    """
    try:
        if output is not None:
            _write_file(output, f"{text}\n".encode("utf-8", "surrogatepass"))
        elif sys.stdout is not None:
            sys.stdout.buffer.write(f"{escape_controls(text)}\n".encode())
            sys.stdout.buffer.flush()
    except OSError as error:
        if output is None and isinstance(error, BrokenPipeError):
            raise SystemExit(READER_GONE) from None
        raise ConfigError(f"cannot write {str(output or 'standard output')!r}: {error.strerror}") from None


def _write_file(path: Path, content: bytes) -> None:
    if path.exists() and not path.is_file():  # a device or a pipe
        path.write_bytes(content)
        return
    from structkit.tables.atomic_file import write_atomically

    try:
        write_atomically(path.resolve(), [content])  # a link stays one
    except JobError as error:
        raise ConfigError(str(error)) from None


def write_table(rows: Iterable[tuple[str, ...]]) -> None:
    """Print a table, the head first: drawn in a terminal, otherwise in Markdown."""
    header, *body = rows
    console = Console()
    if not console.is_terminal:
        write_text(markdown([header, *body]), None)
        return
    table = Table(*header)
    for row in body:
        table.add_row(*map(to_line, row))
    console.print(table)


def notice(text: str) -> None:
    """Print a line on stderr; a full or closed stderr fails no command."""
    stderr_console(highlight=False, soft_wrap=True).print(to_line(text))


def to_line(text: str) -> Text:
    """Return a text for rich, which reads no markup in it."""
    return Text(escape_controls(text))
