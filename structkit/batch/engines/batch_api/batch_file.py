"""The file with the requests of a batch: one line each, within the vendor's limits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from structkit.batch.engines.batch_log import BatchRecord
from structkit.dialects.batch_rules import MEGABYTE, BatchRules
from structkit.errors import PromptError
from structkit.journal.database import translate_errors
from structkit.journal.row_state import BatchedRequest
from structkit.values import Request

DIGEST_CHARS = 32
"""Characters of a request's digest in its `custom_id`, which some vendors limit to 64."""


class FileLine(NamedTuple):
    """A request as a line of a file, and the model that it is for."""

    model: str
    text: bytes


def custom_id(request: BatchedRequest) -> str:
    """Return the name of a request within its batch: its row, its number and the start of its digest."""
    return f"{request.ordinal}-{request.number}-{request.request[:DIGEST_CHARS]}"


def file_line(name: str, request: Request, rules: BatchRules) -> FileLine:
    """Return a request as a line.

    Raises:
        PromptError: It is larger than a batch may be, or has no JSON form.
    """
    head = f'{{"custom_id":{json.dumps(name)},"method":"POST","url":{json.dumps(rules.url)},"body":'
    try:
        text = f"{head}{request.text}}}\n".encode()
    except ValueError as error:
        raise PromptError(f"the request cannot be sent as JSON: {error}") from None
    if len(text) > rules.max_bytes:
        sizes = f"{len(text) / MEGABYTE:,.1f} MB, and a batch may have {rules.max_bytes / MEGABYTE:,.0f} MB"
        raise PromptError(f"the request is too large for the Batch API: it has {sizes}; send smaller files or images")
    return FileLine(request.model, text)


class BatchFile:
    """A file that is being written.

    Attributes:
        record: The batch.
        path: Of the file.
        requests: How many lines it has.
    """

    def __init__(self, record: BatchRecord, folder: Path, rules: BatchRules) -> None:
        """Create the file, readable by its owner alone."""
        self.record, self.path = record, folder / f"batch-{record.number}.jsonl"
        self.requests, self._size, self._rules = 0, 0, rules
        with translate_errors(self.path):
            self.path.touch(mode=0o600)
            self._file = self.path.open("wb")

    def has_space(self, line: FileLine, max_requests: int) -> bool:
        """Return whether a line fits in."""
        return self.requests < max_requests and self._size + len(line.text) <= self._rules.max_bytes

    def write(self, line: FileLine) -> None:
        """Append a line."""
        with translate_errors(self.path):
            self._file.write(line.text)
        self.requests += 1
        self._size += len(line.text)

    def close(self) -> None:
        """End the file."""
        with translate_errors(self.path):
            self._file.close()

    def delete(self) -> None:
        """Delete it: it is at the endpoint, or its requests are collected again."""
        self.path.unlink(missing_ok=True)


def delete_files(folder: Path) -> None:
    """Delete the files of batches that an earlier run has left: they are at the endpoint, or are written again."""
    for path in folder.glob("batch-*"):
        path.unlink(missing_ok=True)
