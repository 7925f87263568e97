"""The pages of a document as sheets of a review page: an image, and the place of each word on it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from structkit.html_pages import PageSheet
from structkit.values.page import Page, PromptDocument

MAX_WORDS = 5_000
"""Words of a page that can be selected on its image."""

WORD_CHARS = 30
"""Characters that the places of a word take in a page."""

WORD = re.compile(r"\S+")


def list_sheets(document: PromptDocument) -> tuple[PageSheet, ...]:
    """Return the pages that have an image, without it."""
    return tuple(_sheet(page) for page in document.pages if page.size or page.has_only_image)


def draw_sheet(document: PromptDocument, number: int) -> PageSheet | None:
    """Return a page with its image and its words; None if it has no image.

    Raises:
        PromptError: The file is damaged.
        ConfigError: The extra `documents` is not installed.
    """
    page = next((page for page in document.pages if page.number == number), None)
    image = next(document.draw_pages([number]), None) if page else None
    if page is None or image is None:
        return None
    return replace(_sheet(page), url=image.url, words=tuple(islice(_words(document, page), MAX_WORDS)))


@dataclass
class SheetBudget:
    """How many characters the images of all rows of a page may still have.

    Args:
        characters: The characters.
        pages_of_row: How many pages of a row are images.
        omitted: Counts the pages that are left out, of which the text is shown.
    """

    characters: int = 30_000_000
    pages_of_row: int = 10
    omitted: int = 0

    def draw(self, document: PromptDocument, marked: Iterable[int]) -> tuple[PageSheet, ...]:
        """Return the pages of a document that fit, those with marks first; in their order."""
        sheets = list_sheets(document)
        first = frozenset(marked)
        likely = sorted(sheets, key=lambda sheet: (sheet.number not in first, sheet.number))
        drawn = [*self._fitting(document, likely[: self.pages_of_row])]
        self.omitted += len(sheets) - len(drawn)
        return tuple(sorted(drawn, key=lambda sheet: sheet.number))

    def _fitting(self, document: PromptDocument, sheets: Iterable[PageSheet]) -> Iterator[PageSheet]:
        for each in sheets:
            sheet = draw_sheet(document, each.number) if self.characters > 0 else None
            if sheet is None:
                return
            self.characters -= len(sheet.url) + WORD_CHARS * len(sheet.words)
            yield sheet


def _sheet(page: Page) -> PageSheet:
    width, height = page.size or (0.0, 0.0)
    return PageSheet(page.number, page.start, page.end, width, height)


def _words(document: PromptDocument, page: Page) -> Iterator[tuple[int, int, float, float, float, float]]:
    """Yield the words of a page: offsets, and edges in parts of its width and height."""
    if page.size is None:
        return
    width, height = page.size
    for match in WORD.finditer(document.text, page.start, page.end):
        for place in document.locate(match.start(), match.end()):
            if place.box:
                left, top, right, bottom = place.box
                yield place.start, place.end, left / width, top / height, right / width, bottom / height
