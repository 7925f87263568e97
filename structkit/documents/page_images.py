"""Small images of pages, for people to look at: legible, and small enough to be many in one file."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Iterator, Sequence

from structkit.documents.document_kinds import PDF

SHOWN_DPI = 110.0
"""Pixels per inch: an A4 page has the width of a column of a screen."""

MAX_EDGE_PIXELS = 1_400
JPEG_QUALITY = 70


def draw_page_images(
    data: bytes, media_type: str, name: str, numbers: Sequence[int], password: str | None
) -> Iterator[tuple[int, str]]:
    """Yield the numbers of pages of a PDF, or that of an image, each with its image as a `data:` URL.

    Raises:
        PromptError: The file is damaged.
        ConfigError: The extra `documents` is not installed.
    """
    from structkit.documents.ocr import open_image
    from structkit.documents.pdf import draw_pages

    is_pdf = media_type == PDF
    images = draw_pages(data, name, numbers, SHOWN_DPI, password) if is_pdf else iter([open_image(data, name)])
    for number, image in zip(numbers, images, strict=False):
        image.thumbnail((MAX_EDGE_PIXELS, MAX_EDGE_PIXELS))
        file = io.BytesIO()
        image.save(file, "JPEG", quality=JPEG_QUALITY)
        yield number, f"data:image/jpeg;base64,{b64encode(file.getvalue()).decode()}"
