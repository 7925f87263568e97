"""Rows to review as a page."""

from __future__ import annotations

from collections.abc import Iterable

from structkit.html_pages import HTMLPage, PageRow, PageValue, make_review_page
from structkit.review.review_rows import ReviewRow
from structkit.schema import ResponseFormat
from structkit.values import JSONPath
from structkit.values.source_cell import to_json_text

MAX_PLACES = 20
"""Places of a scalar that are marked."""


def review_page(
    rows: Iterable[ReviewRow], output_format: ResponseFormat[object], below: float, title: str = ""
) -> HTMLPage:
    """Return the page of rows: one HTML file, in which a person corrects, approves and rejects.

    Args:
        rows: The rows.
        output_format: The type of their values, from which the form is drawn.
        below: A confidence below this is marked as low.
        title: Its title.
    """
    return make_review_page([page_row(row, below) for row in rows], output_format.natural_schema, below, title)


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
        invalid="; ".join(row.issues),
    )


def _page_value(row: ReviewRow, path: JSONPath) -> PageValue:
    each = row.evidence.get(path)
    places = tuple((span.start, span.end, span.source) for span in each.spans[:MAX_PLACES]) if each else ()
    return PageValue(path, each.how if each else None, places, row.confidence.get(path))
