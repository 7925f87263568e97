"""Evidence as a page: the sources with their marks beside the value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from structkit.html_pages import HTMLPage, PageBox, PageField, PagePicture, PageSource, make_evidence_page
from structkit.values.json import format_path, value_at
from structkit.values.page import PromptDocument

MAX_IMAGES, MAX_IMAGE_CHARS = 40, 8_000_000
"""Pages that are shown as images, and the characters of all images together; the text of further pages is shown."""

Span = tuple[int, int, int]
"""A range of characters of a source: start, end, and the number of the source."""

Boxes = dict[Span, tuple[PageBox, ...]]


def evidence_page(evidence: Any, title: str = "") -> HTMLPage:
    """Return the page of a value and its evidence; of a PDF or a scan, the pages with marks are images."""
    value = evidence.value
    boxes: Boxes = {}
    for span in {span for each in evidence.values() for span in each.spans}:
        boxes[span] = tuple(_boxes(evidence.sources[span.source].document, span))
    sources = [
        PageSource(
            source.text, format_path(source.path) if source.path else "", _pictures(source.document, number, boxes)
        )
        for number, source in enumerate(evidence.sources)
    ]
    fields = [
        PageField(
            path,
            value_at(value, path),
            each.how,
            tuple((span.start, span.end, span.source) for span in each.spans),
            tuple(boxes[span] for span in each.spans),
        )
        for path, each in evidence.items()
    ]
    return make_evidence_page(sources, fields, title)


def _boxes(document: PromptDocument | None, span: Span) -> Iterator[PageBox]:
    """Yield the boxes of a span, in parts of the width and height of their pages."""
    if document is None:
        return
    for place in document.locate(span[0], span[1]):
        size = document.pages[place.page - 1].size
        if place.box and size:
            left, top, right, bottom = place.box
            yield place.page, left / size[0], top / size[1], right / size[0], bottom / size[1]


def _pictures(document: PromptDocument | None, number: int, boxes: Boxes) -> tuple[PagePicture, ...]:
    """Return the pages of a source with marks, as images."""
    marked = {box[0] for span, each in boxes.items() if span[2] == number for box in each}
    return () if document is None else tuple(_draw(document, sorted(marked)[:MAX_IMAGES]))


def _draw(document: PromptDocument, numbers: Iterable[int]) -> Iterator[PagePicture]:
    characters = 0
    for image in document.draw_pages(numbers):
        characters += len(image.url)
        if characters > MAX_IMAGE_CHARS:
            return
        page = document.pages[image.number - 1]
        yield PagePicture(image.number, page.start, page.end, image.url)
