"""Evidence as a page: the sources with their marks beside the value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from structkit.html_pages import HTMLPage, PageBox, PageField, PagePicture, PageSource, make_evidence_page
from structkit.values.evidence_map import Span, TextSource
from structkit.values.json import format_path, value_at

MAX_IMAGES, MAX_IMAGE_CHARS = 40, 8_000_000
"""Pages that are shown as images, and the characters of all images together; the text of further pages is shown."""

Boxes = dict[Span, tuple[PageBox, ...]]


def evidence_page(evidence: Any, title: str = "") -> HTMLPage:
    """Return the page of a value and its evidence; of a PDF or a scan, the pages with marks are images."""
    value = evidence.value
    boxes: Boxes = {}
    for span in {span for each in evidence.values() for span in each.spans}:
        boxes[span] = tuple(_boxes(evidence.sources[span.source], span))
    sources = [
        PageSource(source.text, format_path(source.path) if source.path else "", _pictures(source, number, boxes))
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


def _boxes(source: TextSource, span: Span) -> Iterator[PageBox]:
    """Yield the boxes of a span, in parts of the width and height of their pages."""
    document = source.document
    for place in document.locate(span.start, span.end) if document else ():
        size = document.pages[place.page - 1].size if document else None
        if place.box and size:
            left, top, right, bottom = place.box
            yield place.page, left / size[0], top / size[1], right / size[0], bottom / size[1]


def _pictures(source: TextSource, number: int, boxes: Boxes) -> tuple[PagePicture, ...]:
    """Return the pages of a source with marks, as images."""
    marked = {box[0] for span, each in boxes.items() if span.source == number for box in each}
    return tuple(_draw(source, sorted(marked)[:MAX_IMAGES]))


def _draw(source: TextSource, numbers: Iterable[int]) -> Iterator[PagePicture]:
    if source.document is None:
        return
    characters = 0
    for image in source.document.draw_pages(numbers):
        characters += len(image.url)
        if characters > MAX_IMAGE_CHARS:
            return
        page = source.document.pages[image.number - 1]
        yield PagePicture(image.number, page.start, page.end, image.url)
