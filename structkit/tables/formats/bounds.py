"""The rectangle around the cells of a sheet, all of which a reader allocates."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

MAX_EMPTY_CELLS = 20_000_000
"""Cells without a value that a sheet may have; the reader takes 32 bytes for each."""

MAX_CELLS_PER_VALUE = 10
"""A sheet with more empty cells than `MAX_EMPTY_CELLS` is rejected above this ratio of cells to values; real tables
stay below it even with many optional columns."""


@dataclass
class Bounds:
    """The rectangle around the cells of a sheet.

    Attributes:
        values: Cells that may have a value.
        first_row: Row of the topmost cell. All four are 1-based, and 0 if the sheet has no cell.
        last_row: Row of the bottommost cell.
        first_column: Column of the leftmost cell.
        last_column: Column of the rightmost cell.
        uncalculated: The address of the first formula without a result; empty if there is none, or it is unknown.
        negatives: The row and the column of the first cell of each style that has a negative number, from the top.
        has_foreign_errors: Whether a cell has an error that the reader does not know.
    """

    values: int = 0
    first_row: int = 0
    last_row: int = 0
    first_column: int = 0
    last_column: int = 0
    uncalculated: str = ""
    negatives: tuple[tuple[int, int], ...] = ()
    has_foreign_errors: bool = False

    @property
    def cell_count(self) -> int:
        """The cells of the rectangle, empty or not."""
        return (self.last_row - self.first_row + 1) * (self.last_column - self.first_column + 1)

    @property
    def is_sparse(self) -> bool:
        """Whether nearly all of a large rectangle is empty."""
        return self.cell_count - self.values > MAX_EMPTY_CELLS and self.cell_count > MAX_CELLS_PER_VALUE * self.values

    @property
    def corner(self) -> str:
        """The address of the cell at the bottom right, such as `XFD1048576`."""
        return f"{column_name(self.last_column)}{self.last_row}"

    def extend(self, rows: Collection[int], columns: Collection[int]) -> None:
        """Extend the rectangle to the cells in some rows and columns."""
        if rows:
            self.first_row = min(self.first_row or min(rows), *rows)
            self.last_row = max(self.last_row, *rows)
            self.first_column = min(self.first_column or min(columns), *columns)
            self.last_column = max(self.last_column, *columns)


def column_name(column: int) -> str:
    """Return the name of a column.

    >>> column_name(1), column_name(28), column_name(16384)
    ('A', 'AB', 'XFD')
    """
    letters = ""
    while column:
        column, place = divmod(column - 1, 26)
        letters = chr(ord("A") + place) + letters
    return letters


def column_number(letters: bytes) -> int:
    """Return the number of a column.

    >>> column_number(b"A"), column_number(b"xfd")
    (1, 16384)
    """
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number
