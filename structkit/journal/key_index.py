"""Where a journal has its rows, by their keys: a table on disk for as long as an edited input is looked up in it."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from structkit.journal.database import telling, transaction
from structkit.journal.encoding import pack_text, unpack_text

TEMPORARY = Path("the temporary folder")
"""Where SQLite puts it, for messages: `SQLITE_TMPDIR`, `TMPDIR`, `/var/tmp` or `/tmp`; nobody else can open it."""

FIND = "SELECT ordinal FROM places WHERE key = ? ORDER BY ordinal LIMIT ?"


class Places:
    """Ordinals by key, each of which is taken once; the least of a key first. Memory is that of a small cache.

    >>> with Places([(0, "a"), (1, "b"), (2, "a")]) as places:
    ...     places.taken(["a", "c", "a", "a"]), [*places.keys()]
    ([0, None, 2, None], ['b'])
    """

    def __init__(self, keys: Iterable[tuple[int, str]]) -> None:
        """Take over ordinals and keys, which come in order of the ordinals.

        Raises:
            JobError: The temporary folder is full.
        """
        with telling(TEMPORARY):
            self._file = sqlite3.connect(
                "", isolation_level=None, check_same_thread=False
            )  # a file without a name, gone when it is closed
            self._file.execute("PRAGMA journal_mode = OFF")
            self._file.execute("CREATE TABLE places (ordinal INTEGER PRIMARY KEY, key TEXT NOT NULL)")
            with transaction(self._file):
                self._file.executemany("INSERT INTO places VALUES (?, ?)", ((at, pack_text(key)) for at, key in keys))
            self._file.execute("CREATE INDEX by_key ON places (key, ordinal)")

    def taken(self, keys: Sequence[str]) -> list[int | None]:
        """The ordinal of each key, which is then no longer there; None where there is none left."""
        found: defaultdict[str, deque[int]] = defaultdict(deque)
        with telling(TEMPORARY), transaction(self._file):
            for key, times in Counter(keys).items():
                found[key].extend(ordinal for (ordinal,) in self._file.execute(FIND, (pack_text(key), times)))
            ordinals = [(ordinal,) for each in found.values() for ordinal in each]
            self._file.executemany("DELETE FROM places WHERE ordinal = ?", ordinals)
        return [found[key].popleft() if found[key] else None for key in keys]

    def keys(self) -> Iterator[str]:
        """The keys of those that were not taken, in order of their ordinals."""
        with telling(TEMPORARY):
            rows = self._file.execute("SELECT key FROM places ORDER BY ordinal")
        yield from (unpack_text(key) for (key,) in rows)

    def __enter__(self) -> Self:
        """The places themselves."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Remove them from the disk."""
        self._file.close()
