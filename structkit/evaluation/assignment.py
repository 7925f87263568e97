"""Which items of two lists belong together, so that the sum of their weights is the greatest."""

from __future__ import annotations

from collections.abc import Sequence

Weights = Sequence[Sequence[int]]
Pairs = list[tuple[int, int]]


def best_pairs(weights: Weights) -> Pairs:
    """Return pairs of a row and a column with the greatest sum of weights; each is in one pair at most.

    Rows and columns that no positive weight joins are solved on their own, so that long lists of which each item is
    like few others take little time. Among equal sums, pairs of the same position are preferred.

    Args:
        weights: A row for each item of one list with the weight of each item of the other one, from 0.

    >>> best_pairs([[5, 4], [4, 0]])
    [(0, 1), (1, 0)]
    >>> best_pairs([[0, 0], [0, 2]])
    [(1, 1)]
    """
    pairs: Pairs = []
    for rows, columns in _components(weights):
        scale = min(len(rows), len(columns)) + 1  # so that no number of equal positions outweighs one unit
        part = [[weights[row][column] * scale + (row == column) for column in columns] for row in rows]
        pairs += [(rows[row], columns[column]) for row, column in _assign(part)]
    return sorted((row, column) for row, column in pairs if weights[row][column])


def _components(weights: Weights) -> list[tuple[list[int], list[int]]]:
    """Return the rows and columns that positive weights join, directly or through others."""
    columns_of = [[column for column, weight in enumerate(row) if weight] for row in weights]
    rows_of: dict[int, list[int]] = {}
    for row, columns in enumerate(columns_of):
        for column in columns:
            rows_of.setdefault(column, []).append(row)
    parts: list[tuple[list[int], list[int]]] = []
    visited = set[int]()
    for start in range(len(weights)):
        if start in visited or not columns_of[start]:
            continue
        rows, columns_joined, queue = [], set[int](), [start]
        visited.add(start)
        while queue:
            row = queue.pop()
            rows.append(row)
            for column in columns_of[row]:
                if column not in columns_joined:
                    columns_joined.add(column)
                    queue += (joined := [each for each in rows_of[column] if each not in visited])
                    visited.update(joined)
        parts.append((sorted(rows), sorted(columns_joined)))
    return parts


def _assign(weights: Weights) -> Pairs:
    """Return a pair for each row, or for each column if there are fewer: the Hungarian algorithm, O(n * n * m)."""
    if len(weights) > len(weights[0]):
        transposed = [*zip(*weights, strict=True)]
        return [(row, column) for column, row in _assign(transposed)]
    return [(row - 1, column) for column, row in enumerate(_rows_of_columns(weights)) if row]


def _rows_of_columns(weights: Weights) -> list[int]:
    """Return the row of each column, counted from 1; 0 is none.

    Kuhn's and Munkres' algorithm with potentials, as J. Edmonds and R. Karp (1972) made it cubic: each row is added by
    the shortest alternating path.
    """
    columns = len(weights[0])
    row_potential, column_potential = [0] * (len(weights) + 1), [0] * (columns + 1)
    row_of = [0] * (columns + 1)
    for row in range(1, len(weights) + 1):
        row_of[0] = row
        path = _shortest_path(weights, row_potential, column_potential, row_of)
        column = path[0]
        while column:
            before = path[column]
            row_of[column] = row_of[before]
            column = before
    return row_of[1:]


def _shortest_path(
    weights: Weights, row_potential: list[int], column_potential: list[int], row_of: list[int]
) -> list[int]:
    """Return the column before each column on the shortest path to a free one, which is that of column 0."""
    size = len(column_potential)
    slack, before, is_used = [10**18] * size, [0] * size, [False] * size
    column = 0
    while row_of[column]:
        is_used[column] = True
        row, delta, nearest = row_of[column], 10**18, 0
        costs, potential = weights[row - 1], row_potential[row]
        for other in range(1, size):
            if is_used[other]:
                continue
            reduced = -costs[other - 1] - potential - column_potential[other]
            if reduced < slack[other]:
                slack[other], before[other] = reduced, column
            if slack[other] < delta:
                delta, nearest = slack[other], other
        for other in range(size):
            if is_used[other]:
                row_potential[row_of[other]] += delta
                column_potential[other] -= delta
            else:
                slack[other] -= delta
        column = nearest
    before[0] = column
    return before
