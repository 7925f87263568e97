"""Pages of a PDF that are pictures of a text: scans, with or without a stamp that is text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from structkit.documents.pages import BOX_EDGES
from structkit.documents.plain_text import EXTRA
from structkit.optional import import_extra

MARGIN = 0.1
"""The part of a page, at each edge, in which stamps are: numbers of pages, names of programs and of fax machines."""

MIN_COVERAGE = 0.5
"""The part of a page that its pictures cover if it is a scan."""


def is_stamped_scan(page: Any, boxes: Sequence[float], size: tuple[float, float]) -> bool:
    """Return whether pictures cover most of a page, and all of its text is in the margins."""
    if not is_in_margins(boxes, size):
        return False
    images = page.get_objects(filter=[import_extra("pypdfium2.raw", EXTRA).FPDF_PAGEOBJ_IMAGE], max_depth=1)
    bounds = (image.get_bounds() for image in images)
    covered: float = sum((right - left) * (top - bottom) for left, bottom, right, top in bounds)
    return covered >= MIN_COVERAGE * size[0] * size[1]


def is_in_margins(boxes: Sequence[float], size: tuple[float, float]) -> bool:
    """Return whether all characters are near an edge of the page; boxes without a width are no characters.

    >>> is_in_margins([10, 5, 20, 15, 0, 0, 0, 0], (100, 200)), is_in_margins([10, 90, 20, 100], (100, 200))
    (True, False)
    """
    for index in range(0, len(boxes), BOX_EDGES):
        left, top, right, bottom = boxes[index : index + BOX_EDGES]
        if right > left and MARGIN <= (top + bottom) / 2 / size[1] <= 1 - MARGIN:
            return False
    return True
