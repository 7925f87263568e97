"""Evidence as a page: the sources with their marks beside the value."""

from __future__ import annotations

from typing import Any

from structkit.html_pages import HTMLPage, PageField, PageSource, make_evidence_page
from structkit.values.json import format_path, value_at


def evidence_page(evidence: Any, title: str = "") -> HTMLPage:
    """Return the page of a value and its evidence."""
    value = evidence.value
    names = [format_path(source.path) if source.path else "" for source in evidence.sources]
    sources = [PageSource(source.text, name) for source, name in zip(evidence.sources, names, strict=True)]
    fields = [
        PageField(
            path, value_at(value, path), each.how, tuple((span.start, span.end, span.source) for span in each.spans)
        )
        for path, each in evidence.items()
    ]
    return make_evidence_page(sources, fields, title)
