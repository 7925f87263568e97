"""What takes the rows of a table that is being written: one file, or a folder of files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType

from typing_extensions import Self

from structkit.values import JSON


class TableSink(ABC):
    """A table that is being written, row by row, in the order of the calls.

    As a context manager it closes the table when the block ends, and discards it after an exception.
    """

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""

    @abstractmethod
    def write(self, row: JSON) -> None:
        """Write a row: `{"input": record.values, "output": natural, "run": {"status": "done", ...}}`.

        A row without a value has no `output`.

        Raises:
            JobError: It cannot be written, or the format cannot hold a value.
        """

    @abstractmethod
    def write_line(self, line: str) -> None:
        """Write a row as its line in another table of the same format, which has each row in a line of its own.

        Raises:
            JobError: It cannot be written.
        """

    @abstractmethod
    def close(self) -> None:
        """Finish the table: write all of it to the disk, and then give it its name. After `discard` this does nothing.

        Raises:
            JobError: It cannot be written, or another one has taken the name in the meantime.
        """

    @abstractmethod
    def discard(self) -> None:
        """Remove everything that was written."""

    def __enter__(self) -> Self:
        """Return the sink itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it, or discard it after an exception."""
        if kind is None:
            self.close()
        else:
            self.discard()
