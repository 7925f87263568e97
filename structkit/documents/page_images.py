"""Images of pages: small ones for people to look at, many of which are in one file; and pages of TIFF files to send."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Iterator, Sequence

from structkit.documents.document_kinds import PDF

SHOWN_DPI = 110.0
"""Pixels per inch: an A4 page has the width of a column of a screen."""

MAX_EDGE_PIXELS = 1_400
JPEG_QUALITY = 70
MAX_SENT_PIXELS, SENT_QUALITY = 4_096, 85
"""The longer edge of an image for a model, as of a page of a PDF, and its quality as JPEG."""


def draw_page_images(
    data: bytes, media_type: str, name: str, numbers: Sequence[int], password: str | None
) -> Iterator[tuple[int, str]]:
    """Yield the numbers of pages of a PDF, or of an image, each with its image as a `data:` URL.

    Raises:
        PromptError: The file is damaged.
        ConfigError: The extra `documents` is not installed.
    """
    from structkit.documents.ocr import open_image
    from structkit.documents.pdf import draw_pages

    is_pdf = media_type == PDF
    images = (
        draw_pages(data, name, numbers, SHOWN_DPI, password)
        if is_pdf
        else (open_image(data, name, each) for each in numbers)
    )
    for number, image in zip(numbers, images, strict=False):
        image.thumbnail((MAX_EDGE_PIXELS, MAX_EDGE_PIXELS))
        file = io.BytesIO()
        image.save(file, "JPEG", quality=JPEG_QUALITY)
        yield number, f"data:image/jpeg;base64,{b64encode(file.getvalue()).decode()}"


def convert_pages(data: bytes, name: str, numbers: Sequence[int]) -> Iterator[bytes]:
    """Yield pages of an image file as JPEG images.

    Raises:
        PromptError: It is damaged or too large.
        ConfigError: The extra `documents` is not installed.
    """
    from structkit.documents.ocr import open_image

    for number in numbers:
        image, file = open_image(data, name, number), io.BytesIO()
        image.thumbnail((MAX_SENT_PIXELS, MAX_SENT_PIXELS))
        image.save(file, "JPEG", quality=SENT_QUALITY)
        yield file.getvalue()
