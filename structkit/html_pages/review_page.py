"""The page of a review: rows of a table, each text with its values marked beside a form of the type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from structkit.html_pages.html_page import HTMLPage, embed_json, make_html_page
from structkit.html_pages.utf16_offsets import UTF16Offsets

SCRIPTS = (
    "source_text",
    "page_images",
    "page_words",
    "exact_json",
    "review_model",
    "review_form",
    "review_store",
    "review_server",
    "review_page",
)
FILES = ("source_text.css", "page_images.css", "review_page.css", *(f"{name}.js" for name in SCRIPTS))

EDGE_UNITS = 10_000
"""Units of edges in the width or height of a page."""

KEYS = (
    ("j k", "next row, previous row"),
    ("a", "approve (in a field: Ctrl+Enter)"),
    ("r", "reject"),
    ("u", "next row that is not decided"),
    ("Enter", "to the form: the first field that is marked"),
    ("Tab", "next field"),
    ("F2", "to the text: arrows select words, Shift extends, Enter fills the field"),
    ("Alt+\u2191 \u2193", "move an item of a list"),
    ("Alt+N", "add an item or a key after this one"),
    ("Alt+Delete", "delete an item, or a field that may be absent"),
    ("Esc", "back to the rows"),
    ("z", "discard what was done in this row"),
    ("s", "save gold"),
    ("?", "these keys"),
)
_HELP = "".join(
    f"<dt>{' '.join(f'<kbd>{key}</kbd>' for key in keys.split(' '))}</dt><dd>{text}</dd>" for keys, text in KEYS
)
BODY = f"""<header>
<h1 id="title"></h1>
<p id="summary"></p>
<div class="actions">
<label>Reviewer <input id="by" size="10" autocomplete="off"></label>
<button type="button" id="approve">Approve</button>
<button type="button" id="reject">Reject</button>
<button type="button" id="save">Save gold</button>
<button type="button" id="keys" aria-label="Keys">?</button>
</div>
</header>
<p id="storage" hidden>This browser keeps no edits of this page: save gold before you close it.</p>
<p id="problem" role="alert" hidden>
<span id="problem-text"></span> <button type="button" id="reload">Load again</button>
</p>
<main>
<div id="rows" role="listbox" aria-label="Rows" tabindex="0"><div id="items" role="presentation"></div></div>
<section id="sources" aria-label="Source" tabindex="0"></section>
<section id="review" aria-label="Value"><p id="note"></p><div id="form"></div></section>
</main>
<dialog id="help" aria-label="Keys"><dl>{_HELP}</dl><button type="button" id="close">Close</button></dialog>
<dialog id="conflict" aria-label="Another decision"><p id="conflict-text"></p><ul id="conflict-changes"></ul>
<button type="button" id="keep-theirs">Keep the other</button>
<button type="button" id="keep-mine">Save mine</button></dialog>
<p id="status" role="status"></p>
<noscript>This page is drawn by its script.</noscript>"""


@dataclass(frozen=True, slots=True)
class PageValue:
    """What is known of a scalar of a row.

    Args:
        path: Its keys and list positions, outermost first.
        how: How it was found; "" is missing, None is not looked for.
        places: Its places: start and end in characters, and the number of the text.
        confidence: From 0 to 1; None if nothing is known.
    """

    path: tuple[str | int, ...]
    how: str | None = None
    places: tuple[tuple[int, int, int], ...] = ()
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class PageSheet:
    """A page of a text that is shown as an image.

    Args:
        number: Its number.
        start: The offset of its first character in the text.
        end: The offset after its last character.
        width: Its width, in any unit; 0 if it is not known.
        height: Its height.
        url: The image as a `data:` URL; empty if a server has it.
        words: The words on it: start and end in characters, and left, top, right and bottom edge in parts of its width
            and height.
    """

    number: int
    start: int
    end: int
    width: float = 0.0
    height: float = 0.0
    url: str = ""
    words: tuple[tuple[int, int, float, float, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class PageRow:
    """A row of a review.

    Args:
        key: What identifies it.
        number: Its position in the table, counted from 1.
        digest: Of its content.
        value: Its value as JSON text, which is read without loss; None if it has none.
        texts: Its sources: name and text.
        values: What is known of its scalars.
        missing: How many of them no source has.
        low: How many have a low confidence.
        failed: Whether it has no value because a job failed.
        message: Why.
        invalid: What is wrong with its value; empty if it is one of the type.
        sheets: Of each text, the pages that are images; empty if no text has any.
    """

    key: str
    number: int
    digest: str
    value: str | None
    texts: tuple[tuple[str, str], ...] = ()
    values: tuple[PageValue, ...] = ()
    missing: int = 0
    low: int = 0
    failed: bool = False
    message: str = ""
    invalid: str = ""
    sheets: tuple[tuple[PageSheet, ...], ...] = ()


def make_review_page(rows: Sequence[PageRow], schema: Any, below: float, title: str = "") -> HTMLPage:
    """Return a page in which a person reviews rows; edits are kept in the browser by the digest of its data.

    Args:
        rows: The rows.
        schema: The natural JSON Schema of their values, from which the form is drawn.
        below: A confidence below this is marked as low.
        title: Its title.
    """
    paths, hows = _Numbers(), _Numbers()
    row_fields = [_row(each, paths, hows) for each in rows]
    data = {"title": title, "below": below, "schema": schema, "paths": [*paths], "hows": [*hows], "rows": row_fields}
    digest = sha256(embed_json(data).encode()).hexdigest()[:32]
    has_images = any(row.sheets for row in rows)
    return make_html_page(title or "Review", {"digest": digest, **data}, body=BODY, files=FILES, has_images=has_images)


def make_served_page() -> HTMLPage:
    """Return the page without any data, which its script reads from the server that it comes from."""
    return make_html_page("Review", {"isServed": True}, body=BODY, files=FILES, has_images=True, is_served=True)


def read_page_row(row: PageRow) -> dict[str, Any]:
    """Return a row for the script of a page that has no others."""
    paths, hows = _Numbers(), _Numbers()
    fields = _row(row, paths, hows)
    return {**fields, "paths": [*paths], "hows": [*hows]}


def read_sheet(sheet: PageSheet, offsets: UTF16Offsets) -> dict[str, Any]:
    """Return a page for the script; edges are in ten-thousandths, and words a list of numbers."""
    fields: dict[str, Any] = {"number": sheet.number, "start": offsets[sheet.start], "end": offsets[sheet.end]}
    fields |= {"width": round(sheet.width, 1), "height": round(sheet.height, 1)}
    words = [
        number
        for start, end, *edges in sheet.words
        for number in (offsets[start], offsets[end], *(round(edge * EDGE_UNITS) for edge in edges))
    ]
    return {**fields, **({"url": sheet.url, "words": words} if sheet.url else {})}


class _Numbers(dict[Any, int]):
    """The number of each value, in the order of their first use."""

    def __missing__(self, key: Any) -> int:
        """Return the next number."""
        return self.setdefault(key, len(self))


def _row(row: PageRow, paths: _Numbers, hows: _Numbers) -> dict[str, Any]:
    """Return a row as the script reads it: what most rows have is text, which needs the least memory in a browser."""
    units = [UTF16Offsets(text) for _, text in row.texts]
    fields = {
        "key": row.key,
        "row": row.number,
        "digest": row.digest,
        "value": row.value,
        "texts": row.texts,
        "fields": "|".join(_field(each, units, paths, hows) for each in row.values),
    }
    rare = {
        "missing": row.missing,
        "low": row.low,
        "failed": row.failed,
        "message": row.message,
        "invalid": row.invalid,
        "sheets": [
            [read_sheet(each, offsets) for each in sheets]
            for sheets, offsets in zip(row.sheets, units, strict=bool(row.sheets))
        ],
    }
    return fields | {name: value for name, value in rare.items() if value}


def _field(value: PageValue, units: Sequence[UTF16Offsets], paths: _Numbers, hows: _Numbers) -> str:
    """Return what is known of a scalar: the numbers of its path and of how, its confidence, its places."""
    confidence = "" if value.confidence is None else f"{value.confidence:.4g}"
    places = [f"{units[number][start]}-{units[number][end]}-{number}" for start, end, number in value.places]
    return " ".join((str(paths[value.path]), str(hows[value.how]), confidence, *places))
