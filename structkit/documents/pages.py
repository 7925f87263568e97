"""The pages of a document, and where in the file a part of its text is."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from structkit.documents.read_limits import ReadLimits
from structkit.values.page import Box, Page, Place

PAGE_END = "\n\f"
"""What separates two pages in the text: white space, so that no value is found in it."""

BOX_EDGES = 4


class PageText(NamedTuple):
    """What a reader returns of a page.

    Args:
        text: Its text.
        boxes: Four edges of each character, one after the other; empty if they are not known. A box without a width
            belongs to a character that is not on the page, such as the end of a line.
        size: Width and height in points.
        has_only_image: Whether there is something to see on it, and no text in the file.
        is_stamped_scan: Whether pictures cover it, and the file has only text in its margins.
    """

    text: str
    boxes: Sequence[float] = ()
    size: tuple[float, float] | None = None
    has_only_image: bool = False
    is_stamped_scan: bool = False


class Layout(NamedTuple):
    """The text of a document, and where it is.

    Args:
        text: The pages' texts, separated by PAGE_END.
        pages: The pages.
        boxes: Four edges of each character of the text; empty if they are not known.
    """

    text: str
    pages: tuple[Page, ...]
    boxes: Sequence[float]


def join_pages(pages: Iterable[PageText], limits: ReadLimits) -> Layout:
    r"""Return pages as one text.

    Raises:
        PromptError: There are more pages or characters than allowed, or they take too long to read.

    >>> layout = join_pages([PageText("Rent: 900\n"), PageText("Signed")], ReadLimits())
    >>> layout.text, [(page.number, page.start, page.end) for page in layout.pages]
    ('Rent: 900\n\x0cSigned', [(1, 0, 9), (2, 11, 17)])
    """
    texts: list[str] = []
    joined: list[Page] = []
    boxes, offset = array("f"), 0
    for number, page in enumerate(pages, 1):
        limits.validate_pages(number)
        text = page.text.rstrip("\n")
        start = offset + len(PAGE_END) * (number > 1)
        offset = start + len(text)
        limits.validate_characters(offset)
        texts.append(text)
        joined.append(Page(number, start, offset, page.size, page.has_only_image, page.is_stamped_scan))
        if page.boxes:
            boxes.extend([0.0] * (start * BOX_EDGES - len(boxes)))
            boxes.extend(page.boxes[: len(text) * BOX_EDGES])
    return Layout(PAGE_END.join(texts), tuple(joined), boxes)


def locate(layout: Layout, start: int, end: int) -> Iterator[Place]:
    """Yield a place for each line that a part of the text touches.

    >>> layout = join_pages([PageText("Rent: 900"), PageText("Signed")], ReadLimits())
    >>> [(place.page, place.box) for place in locate(layout, 6, 14)]
    [(1, None), (2, None)]
    """
    first = max(bisect_right([page.start for page in layout.pages], start) - 1, 0)
    for page in layout.pages[first:]:
        if page.start >= end:
            return
        for line_start, line_end in _lines(layout.text, max(start, page.start), min(end, page.end)):
            yield Place(page.number, _box(layout.boxes, line_start, line_end), line_start, line_end)


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        line_end = text.find("\n", start, end)
        line_end = end if line_end < 0 else line_end
        if line_end > start:
            yield start, line_end
        start = line_end + 1


def _box(boxes: Sequence[float], start: int, end: int) -> Box | None:
    """Return the box around the characters that are on the page."""
    edges = boxes[start * BOX_EDGES : end * BOX_EDGES]
    characters = [edges[index : index + BOX_EDGES] for index in range(0, len(edges), BOX_EDGES)]
    visible = [(left, top, right, bottom) for left, top, right, bottom in characters if right > left]
    if not visible:
        return None
    lefts, tops, rights, bottoms = zip(*visible, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
