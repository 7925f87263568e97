"""The forms in which a document can be sent, the one to try first in front: images of pages, the file, or the text."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal, TypeAlias

from structkit.documents.document_kinds import PDF
from structkit.documents.pages import PAGE_END
from structkit.values.page import PromptDocument

SendAs: TypeAlias = Literal["auto", "text", "images", "file"]
"""What the model gets of a document."""

MAX_IMAGES = 50
"""Pages that are sent as images in one prompt."""

PART_TYPES: dict[SendAs, str] = {"images": "image_url", "file": "file"}
"""The content part that a form consists of, beside text."""


def find_form(document: PromptDocument, media_type: str, rejected_types: Collection[str]) -> SendAs | None:
    """Return the first form of a document without content parts of these types; None if there is no such form."""
    forms = _forms(document, media_type)
    return next((form for form in forms if PART_TYPES.get(form) not in rejected_types), None)


def _forms(document: PromptDocument, media_type: str) -> Iterator[SendAs]:
    scanned = sum(page.is_scan for page in document.pages)
    if scanned and (scanned <= MAX_IMAGES or document.has_unread_pages):
        yield "images"
        if media_type == PDF:
            yield "file"
    if not document.has_unread_pages:
        yield "text"


def text_layer(document: PromptDocument) -> str:
    """Return the text of a document without what was recognized on images."""
    if not any(page.has_only_image and page.end > page.start for page in document.pages):
        return document.text
    return PAGE_END.join("" if page.has_only_image else document.text[page.start : page.end] for page in document.pages)
