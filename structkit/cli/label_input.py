"""The input of `label`: a table, in one file or several, or a folder of documents, of which each is a row."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from structkit.cli.document_options import read_file_options
from structkit.cli.file_input import FileReading, Send
from structkit.cli.input_files import is_several, list_files, validate_names
from structkit.errors import ConfigError


class LabelInput(NamedTuple):
    """The input.

    Args:
        source: The name of the table; "-" is standard input.
        encoding: That of a text file.
        names: The files of a folder or pattern; None for one file.
        reading: How they are read, if they are documents.
        is_table: Whether they may be one table.
    """

    source: str | None
    encoding: str | None
    names: list[str] | None = None
    reading: FileReading | None = None
    is_table: bool = False

    def job_settings(self, prompt: Any, key: str | None) -> dict[str, Any]:
        """Return the settings of a job: the source, the column that identifies a row, and the encoding of a table.

        Args:
            prompt: The prompt of a row. For files, the column has the name of its parameter that is a file.
            key: The column that the caller has chosen.

        Raises:
            ConfigError: There is no input; or it is a folder, and the prompt opens no file, or several.
        """
        columns = [*getattr(prompt, "file_parameters", ())]
        if self.names is None or (self.is_table and not columns):
            return {"source": _require_source(self.source), "key": key, "encoding": self.encoding}
        if len(columns) != 1:
            raise ConfigError(
                "INPUT is a folder of files, and the function has not one parameter that is annotated "
                "structkit.Document or structkit.File"
            )
        validate_names(self.names)
        rows = [{columns[0]: name} for name in dict.fromkeys(self.names)]
        return {"source": rows, "key": key or columns[0]}


def find_input(
    source: str | None, function: str | None, encoding: str | None, send: Send, ocr: bool, password: bool
) -> LabelInput:
    """Return the input, and ask for a password if that is what an option says.

    Raises:
        ConfigError: An option of documents is used for a table, or for a function, which opens its files itself; or a
            folder has no files.
    """
    names = list_files([source]) if source and "://" not in source and is_several([source]) else None
    options = {"--send": send is not Send.auto, "--ocr": ocr, "--password": password}
    used = [name for name, is_used in options.items() if is_used]
    if used and (names is None or function):
        raise ConfigError(f"{used[0]} is for a folder of documents and a type, which are read by this command")
    is_table = names is not None and not used and _are_tables(names)
    is_documents = names is not None and not is_table
    reading = read_file_options(send, encoding, ocr, password) if is_documents else None
    return LabelInput(source, encoding, names, reading, is_table)


def _are_tables(names: list[str]) -> bool:
    """Return whether files are those of a table, and not documents."""
    from structkit.tables.file_set import HIDDEN, is_table_file

    files = [name for name in names if not Path(name).name.startswith(HIDDEN)]
    return bool(files) and all(map(is_table_file, files))


def _require_source(source: str | None) -> str:
    if source is None:
        raise ConfigError("INPUT is missing: a table, or - for JSONL on standard input")
    return source
