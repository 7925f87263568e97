"""The states of the files of a table when it was opened: whether one has changed since, and a hash of all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from structkit.errors import JobError
from structkit.sqlite_reading import log_path
from structkit.tables.files import Input, hash_file, identify_file, is_unchanged
from structkit.tables.object_store import find_stored_files

T = TypeVar("T")

COPY_HINT = ", or label a copy (VACUUM INTO 'copy.db') if other programs write the database"


class FileStates:
    """The states of files."""

    def __init__(self, files: Sequence[Input], url: str = "", *, are_databases: bool = False) -> None:
        """Take them.

        Args:
            files: The files.
            url: The address under which they are found, if they are in a store.
            are_databases: Whether they are databases, whose last commits may be in a log beside them.

        Raises:
            JobError: One cannot be read.
        """
        self._files, self._url, self._are_databases = files, url, are_databases
        paths = [(file, file.path) for file in files if file.path and not url]
        self._identities = [(file, path, _read_file(path, identify_file)) for file, path in paths]
        self._logs = [self._log(path) for _, path in paths]

    def validate_unchanged(self) -> None:
        """Validate that no file has changed since.

        Raises:
            JobError: One has.
        """
        if file := self._find_changed():
            hint = COPY_HINT if self._are_databases else ""
            raise file.error(f"the file has changed while it was being read; start again{hint}")

    def _log(self, path: Path) -> tuple[int, str]:
        return _read_file(path, _read_log) if self._are_databases else (0, "")

    def _find_changed(self) -> Input | None:
        for (file, path, identity), log in zip(self._identities, self._logs, strict=True):
            if not is_unchanged(path, identity) or self._log(path) != log:
                return file
        if not self._url:
            return None
        try:
            versions = {each.url: each.version for each in find_stored_files(self._url)}
        except JobError as error:
            if "there is no file" not in str(error):
                raise
            versions = {}
        changed = (file for file in self._files if file.stored and versions.get(file.stored.url) != file.stored.version)
        return next(changed, None)

    def content_hash(self, path: Path | None) -> str | None:
        """Return the SHA-256 of the file, or of the names and hashes of several; None without files.

        Of a file in a store, the hash is that of its size and version as the store has them.

        Args:
            path: That of the table.

        Raises:
            JobError: A file cannot be read.
        """
        if len(self._identities) == 1 and path == self._identities[0][1]:
            return _read_file(self._identities[0][1], hash_file)
        hashes = [(each.name, _read_file(each, hash_file)) for _, each, _ in self._identities]
        hashes += [(file.stored.url, file.stored.version) for file in self._files if file.stored]
        listing = "".join(f"{name}\0{content}\n" for name, content in hashes)
        return hashlib.sha256(listing.encode("utf-8", "surrogateescape")).hexdigest() if hashes else None


def _read_log(path: Path) -> tuple[int, str]:
    """Return the size and a hash of what a write-ahead log beside a file has: a commit may change nothing else."""
    log = log_path(path)
    if not log.exists():  # which is the same as an empty one
        return 0, ""
    state = identify_file(log)
    return (state.size, state.sample_hash) if state.size else (0, "")


def _read_file(path: Path, read: Callable[[Path], T]) -> T:
    try:
        return read(path)
    except OSError as error:
        raise JobError(f"cannot read {path}: {error.strerror or error}", file=str(path)) from None
