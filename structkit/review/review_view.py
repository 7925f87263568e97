"""Rows to review as a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from structkit.html_pages import HTMLPage, PageRow, PageSheet, PageValue, make_review_page
from structkit.review.page_sheets import SheetBudget, list_sheets
from structkit.review.review_rows import ReviewRow
from structkit.schema import ResponseFormat
from structkit.values import JSONPath
from structkit.values.source_cell import to_json_text

MAX_PLACES = 20
"""Places of a scalar that are marked."""


def review_page(
    rows: Iterable[ReviewRow], output_format: ResponseFormat[object], below: float, title: str = ""
) -> tuple[HTMLPage, int]:
    """Return the page of rows: one HTML file, in which a person corrects, approves and rejects.

    Of documents, it has images of pages within a bound; also returns how many pages are shown as text instead.

    Args:
        rows: The rows.
        output_format: The type of their values, from which the form is drawn.
        below: A confidence below this is marked as low.
        title: Its title.
    """
    budget = SheetBudget()
    page_rows = [replace(page_row(row, below), sheets=_draw_sheets(row, budget)) for row in rows]
    return make_review_page(page_rows, output_format.natural_schema, below, title), budget.omitted


def page_row(row: ReviewRow, below: float) -> PageRow:
    """Return a row as the page has it."""
    return PageRow(
        key=row.key,
        number=row.number,
        digest=row.digest,
        value=None if row.value is None else to_json_text(row.value),
        texts=tuple((str(text.path[-1]), text.text) for text in row.texts),
        values=tuple(_page_value(row, path) for path in {**row.evidence, **row.confidence}),
        missing=row.missing,
        low=row.count_low(below),
        failed=row.is_failed,
        message=row.message,
        invalid="; ".join((*row.issues, *([row.source_error] if row.source_error else []))),
    )


def list_row_sheets(row: ReviewRow) -> tuple[tuple[PageSheet, ...], ...]:
    """Return the pages of each text that have an image, without it."""
    sheets = tuple(list_sheets(text.document) if text.document else () for text in row.texts)
    return sheets if any(sheets) else ()


def _draw_sheets(row: ReviewRow, budget: SheetBudget) -> tuple[tuple[PageSheet, ...], ...]:
    if not any(text.document for text in row.texts):
        return ()
    return tuple(
        budget.draw(text.document, _marked_pages(row, number)) if text.document else ()
        for number, text in enumerate(row.texts)
    )


def _marked_pages(row: ReviewRow, source: int) -> set[int]:
    """Return the numbers of the pages of a text on which values are."""
    document = row.texts[source].document
    spans = [span for each in row.evidence.values() for span in each.spans[:1] if span.source == source]
    return {place.page for span in spans if document for place in document.locate(span.start, span.end)}


def _page_value(row: ReviewRow, path: JSONPath) -> PageValue:
    each = row.evidence.get(path)
    places = tuple((span.start, span.end, span.source) for span in each.spans[:MAX_PLACES]) if each else ()
    return PageValue(path, each.how if each else None, places, row.confidence.get(path))
