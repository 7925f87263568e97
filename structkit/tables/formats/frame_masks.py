"""Masked arrays in a pandas frame, in which DuckDB has lists with nulls: Arrow reads what is below the mask."""

from __future__ import annotations

import sys
from typing import Any


def without_masks(frame: Any) -> Any:
    """Return a pandas frame with lists in place of masked arrays, and anything else unchanged."""
    masked_type = getattr(sys.modules.get("numpy.ma"), "MaskedArray", None)
    kinds = getattr(getattr(frame, "dtypes", None), "items", None)  # of pandas only
    if masked_type is None or kinds is None:
        return frame
    columns: dict[Any, list[Any]] = {}
    for name in (name for name, kind in kinds() if kind == "object"):
        cells = [*frame[name]]
        plain = [_unmask(cell, masked_type) for cell in cells]
        if any(new is not old for new, old in zip(plain, cells, strict=True)):
            columns[name] = plain
    return frame.assign(**columns) if columns else frame


def _unmask(cell: Any, masked_type: Any) -> Any:
    """Return a cell with null for each masked value, at any depth; the same object if there is none."""
    if isinstance(cell, str | None):
        return cell
    if isinstance(cell, masked_type):
        plain = cell.tolist()
        return [_unmask(part, masked_type) for part in plain] if isinstance(plain, list) else plain
    if isinstance(cell, dict):
        parts = {key: _unmask(part, masked_type) for key, part in cell.items()}
        return parts if any(parts[key] is not cell[key] for key in cell) else cell
    if isinstance(cell, list) or getattr(cell, "dtype", None) == "object":
        items = [_unmask(part, masked_type) for part in cell]
        return items if any(new is not old for new, old in zip(items, cell, strict=True)) else cell
    return cell
