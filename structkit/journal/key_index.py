"""The ordinals of a journal by their keys: a temporary table on disk, for as long as an edited input is matched."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from structkit.journal.database import transaction, translate_errors
from structkit.journal.encoding import pack_text, unpack_text

TEMPORARY = Path("the temporary folder")
"""Where SQLite puts it, for messages: `SQLITE_TMPDIR`, `TMPDIR`, `/var/tmp` or `/tmp`; no other process can open it."""

FIND = "SELECT ordinal FROM places WHERE key = ? ORDER BY ordinal LIMIT ?"


class KeyIndex:
    """Ordinals by key, each of which is taken at most once, the lowest of a key first.

    Memory is that of a small cache; the table is on disk.

    >>> with KeyIndex([(0, "a"), (1, "b"), (2, "a")]) as index:
    ...     index.take(["a", "c", "a", "a"]), [*index.remaining_keys()]
    ([0, None, 2, None], ['b'])
    """

    def __init__(self, keys: Iterable[tuple[int, str]]) -> None:
        """Store ordinals and keys, which arrive in order of the ordinals.

        Raises:
            JobError: The temporary folder is full.
        """
        with translate_errors(TEMPORARY):
            # a file without a name, which the system deletes when it is closed
            self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._file.execute("PRAGMA journal_mode = OFF")
            self._file.execute("CREATE TABLE places (ordinal INTEGER PRIMARY KEY, key TEXT NOT NULL)")
            with transaction(self._file):
                self._file.executemany("INSERT INTO places VALUES (?, ?)", ((at, pack_text(key)) for at, key in keys))
            self._file.execute("CREATE INDEX by_key ON places (key, ordinal)")

    def take(self, keys: Sequence[str]) -> list[int | None]:
        """Remove and return the lowest ordinal of each key; None if the key has none left."""
        ordinals: defaultdict[str, deque[int]] = defaultdict(deque)
        with translate_errors(TEMPORARY), transaction(self._file):
            for key, count in Counter(keys).items():
                ordinals[key].extend(ordinal for (ordinal,) in self._file.execute(FIND, (pack_text(key), count)))
            rows = [(ordinal,) for each in ordinals.values() for ordinal in each]
            self._file.executemany("DELETE FROM places WHERE ordinal = ?", rows)
        return [ordinals[key].popleft() if ordinals[key] else None for key in keys]

    def remaining_keys(self) -> Iterator[str]:
        """Yield the keys that were not taken, in order of their ordinals."""
        with translate_errors(TEMPORARY):
            rows = self._file.execute("SELECT key FROM places ORDER BY ordinal")
        yield from (unpack_text(key) for (key,) in rows)

    def __enter__(self) -> Self:
        """Return the index itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Remove it from the disk."""
        self._file.close()
