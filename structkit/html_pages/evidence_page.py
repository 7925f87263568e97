"""The page of a value and its sources: a record beside texts in which its values are marked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from structkit.html_pages.html_page import HTMLPage, make_html_page
from structkit.html_pages.utf16_offsets import UTF16Offsets

BODY = """<header>
<h1 id="title"></h1>
<p id="summary"></p>
<p class="keys"><kbd>j</kbd> <kbd>k</kbd> values · <kbd>n</kbd> <kbd>p</kbd> places · <kbd>m</kbd> next missing</p>
</header>
<main>
<section id="record" aria-label="Values" tabindex="-1"></section>
<section id="sources" aria-label="Source" tabindex="0"></section>
</main>
<p id="status" role="status"></p>
<noscript>This page is drawn by its script.</noscript>"""


PageBox = tuple[int, float, float, float, float]
"""The number of a page, and the left, top, right and bottom edge of a box on it, in parts of its width and height."""


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page of a source that is shown as an image.

    Args:
        number: Its number.
        start: The offset of its first character in the source.
        end: The offset after its last character.
        url: The image as a `data:` URL.
    """

    number: int
    start: int
    end: int
    url: str


@dataclass(frozen=True, slots=True)
class PageSource:
    """A source: a text, of which some pages are shown as images.

    Args:
        text: The text.
        name: What it is called; nothing for the only one.
        pictures: The pages that are shown as images, in order.
    """

    text: str
    name: str = ""
    pictures: tuple[PagePicture, ...] = ()


@dataclass(frozen=True, slots=True)
class PageField:
    """A scalar of the record.

    Args:
        path: Its keys and list positions, outermost first.
        value: The scalar.
        how: How it was found; `judged` and `empty` are not looked for, "" is missing.
        places: Its places, the likeliest first: start and end in characters, and the number of the source.
        boxes: The boxes of each place; none where they are not known.
    """

    path: tuple[str | int, ...]
    value: Any
    how: str
    places: tuple[tuple[int, int, int], ...] = ()
    boxes: tuple[tuple[PageBox, ...], ...] = ()


def make_evidence_page(sources: Sequence[PageSource], fields: Sequence[PageField], title: str = "") -> HTMLPage:
    """Return a page that shows sources and a record beside each other.

    Offsets become those of UTF-16, which browsers count in.
    """
    units = [UTF16Offsets(source.text) for source in sources]
    data = {
        "title": title,
        "sources": [_source(source, offsets) for source, offsets in zip(sources, units, strict=True)],
        "fields": [_field(field, units) for field in fields],
    }
    has_images = any(source.pictures for source in sources)
    names = ("source_text", *(["page_images"] if has_images else []), "evidence_page")
    files = [f"{name}.{suffix}" for suffix in ("css", "js") for name in names]
    return make_html_page(title or "Values and their source", data, body=BODY, files=files, has_images=has_images)


def _source(source: PageSource, offsets: UTF16Offsets) -> dict[str, Any]:
    pages = [
        {"number": each.number, "start": offsets[each.start], "end": offsets[each.end], "url": each.url}
        for each in source.pictures
    ]
    kind: dict[str, Any] = {"kind": "pages", "pages": pages} if pages else {"kind": "text"}
    return {**kind, "name": source.name, "text": source.text}


def _field(field: PageField, units: Sequence[UTF16Offsets]) -> dict[str, Any]:
    return {
        "path": [*field.path],
        "value": field.value if isinstance(field.value, str) else json.dumps(field.value, ensure_ascii=False),
        "type": "text" if isinstance(field.value, str) else "other",
        "how": field.how,
        "places": [[units[number][start], units[number][end], number] for start, end, number in field.places],
        **({"boxes": [[[*box] for box in boxes] for boxes in field.boxes]} if any(field.boxes) else {}),
    }
