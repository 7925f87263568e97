"""The text of a PPTX file: a slide is a page, with its speaker's notes and the data of its charts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from structkit.documents.chart import chart_lines
from structkit.documents.docx import WordText
from structkit.documents.office_file import OfficeFile, attribute
from structkit.documents.pages import PageText

EMU_PER_POINT = 12_700
"""Units of a slide's size in a point (ECMA-376, part 1, section 20.1.2.1)."""

BESIDE_RUNS = {"br", "fld"}
"""Breaks and fields, such as a date, are beside the runs of a slide, where those of a document are inside one."""


def read_pptx(file: OfficeFile) -> Iterator[PageText]:
    """Yield the slides in their order.

    Raises:
        PromptError: It is damaged, encrypted or too large.
    """
    presentation, parts = _Presentation(), file.relationships(file.main_part)
    file.read(file.main_part, presentation)
    for slide_id in presentation.slide_ids:
        if (slide := parts.get(slide_id)) is not None:
            lines = _lines(file, slide.target)
            notes = [each.target for each in file.relationships(slide.target).values() if each.kind == "notesSlide"]
            texts = [lines, *(["Notes:", *note_lines] for note in notes if (note_lines := _lines(file, note)))]
            texts += [["Charts:", *charts]] if (charts := chart_lines(file, slide.target)) else []
            yield PageText("\n\n".join("\n".join(text) for text in texts if text), size=presentation.size)


def _lines(file: OfficeFile, part: str) -> list[str]:
    receiver = SlideText()
    file.read(part, receiver)
    return receiver.text.lines


class SlideText:
    """Collects the lines of a slide; its number, which is a field of each slide, is left out."""

    def __init__(self) -> None:
        """Begin outside of everything."""
        self.text = WordText()
        self._is_in_number = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Receive the start of an element."""
        self._is_in_number |= name == "fld" and attribute(attributes, "type") == "slidenum"
        if not self._is_in_number:
            self.text.start("r" if name in BESIDE_RUNS else name, attributes)
            if name == "br":
                self.text.start("br", attributes)

    def end(self, name: str) -> None:
        """Receive the end of an element."""
        if not self._is_in_number:
            self.text.end("r" if name in BESIDE_RUNS else name)
        self._is_in_number &= name != "fld"
        if name == "p" and self.text.lines and not self.text.lines[-1].strip():
            self.text.lines.pop()

    def data(self, text: str) -> None:
        """Receive text."""
        if not self._is_in_number:
            self.text.data(text)


@dataclass
class _Presentation:
    slide_ids: list[str] = field(default_factory=list)
    size: tuple[float, float] | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sldId":
            # It has an id of its own beside that of the relationship, which has a namespace.
            self.slide_ids += [value for key, value in attributes.items() if key.endswith(" id")]
        elif name == "sldSz":
            width, height = (attribute(attributes, edge) or "" for edge in ("cx", "cy"))
            if width.isdecimal() and height.isdecimal():
                self.size = int(width) / EMU_PER_POINT, int(height) / EMU_PER_POINT

    def end(self, name: str) -> None:
        """Nothing follows from an end."""

    def data(self, text: str) -> None:
        """The slides have the text."""
