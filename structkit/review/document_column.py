"""A column with the paths of documents, whose texts and pages are those of the rows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from structkit.documents import Document
from structkit.errors import StructkitError
from structkit.review.row_digest import NO_FILE, file_digest
from structkit.values.evidence_map import TextSource
from structkit.values.source_cell import to_text

MAX_OPEN_DOCUMENTS = 4
"""Documents that stay in memory: the row that is looked at, and those beside it."""


class DocumentColumn:
    """The documents of a table.

    Args:
        name: The column with their paths.
        folder: Where a relative path is looked for if it is not in the working directory: the folder of the table.
        ocr: Whether the text of images and scans is recognized.
        password: That of encrypted PDFs.
    """

    def __init__(self, name: str, folder: Path, *, ocr: bool = False, password: str | None = None) -> None:
        """Open no document yet."""
        self.name, self._folder, self._ocr, self._password = name, folder, ocr, password
        self.open = lru_cache(MAX_OPEN_DOCUMENTS)(self._open)

    def path(self, cells: Mapping[str, Any]) -> str:
        """Return the path of a row's document, as the table has it."""
        return to_text(cells.get(self.name))

    def digest(self, cells: Mapping[str, Any]) -> str:
        """Return the digest of the bytes of a row's document."""
        try:
            return file_digest(self._find(self.path(cells)))
        except (OSError, ValueError):  # a path that no file can have
            return NO_FILE

    def read_source(self, cells: Mapping[str, Any]) -> tuple[TextSource, str]:
        """Return the document of a row as a source, and why it cannot be read; it is then a text without characters."""
        path = self.path(cells)
        try:
            return TextSource.of(self.open(path), (self.name,)), ""
        except (StructkitError, OSError, ValueError) as error:
            return TextSource("", (self.name,)), str(error) or type(error).__name__

    def _open(self, path: str) -> Document:
        """Open a document.

        Raises:
            PromptError: It cannot be read.
            ConfigError: It needs an extra that is not installed.
        """
        return Document.open(self._find(path), ocr=self._ocr, password=self._password)

    def _find(self, path: str) -> Path:
        file, in_folder = Path(path), self._folder / path
        return in_folder if not file.exists() and in_folder.exists() else file
