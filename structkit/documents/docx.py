"""The text of a DOCX file: headers, paragraphs, tables, text boxes, charts, notes, footers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from structkit.documents.chart import chart_lines
from structkit.documents.office_file import OfficeFile, attribute, is_on
from structkit.documents.pages import PageText
from structkit.documents.superscripts import raise_digits

BEFORE, AFTER = ("header",), ("footnotes", "endnotes", "footer")
"""Parts beside the text, in the order in which they are read."""

REMOVED = frozenset({"del", "moveFrom"})
"""What a tracked change has deleted or moved: runs, or the end of the paragraph in whose properties it is."""

SKIPPED = frozenset({*REMOVED, "Fallback", "rPrChange", "pPrChange"})
"""What is in the file twice, or was there before a tracked change."""

RUN_CHARACTERS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
RUN_PARTS = frozenset({"rPr", "vanish", "vertAlign", *RUN_CHARACTERS})
"""What is in a run and has an effect on its text."""

SPECIAL_NOTES = frozenset({"separator", "continuationSeparator", "continuationNotice"})


def read_docx(file: OfficeFile) -> Iterator[PageText]:
    """Yield the text of a document as one page: where its pages end is known only when it is printed.

    Raises:
        PromptError: It is damaged, encrypted or too large.
    """
    main = file.main_part
    parts_beside = [each for each in file.relationships(main).values() if each.kind in {*BEFORE, *AFTER}]

    def texts(kinds: tuple[str, ...]) -> list[str]:
        return [_part_text(file, each.target) for kind in kinds for each in parts_beside if each.kind == kind]

    charts = "\n".join(["Charts:", *lines]) if (lines := chart_lines(file, main)) else ""
    parts = [*texts(BEFORE), _part_text(file, main), charts, *texts(AFTER)]
    yield PageText("\n\n".join(dict.fromkeys(part for part in parts if part.strip())))


def _part_text(file: OfficeFile, part: str) -> str:
    receiver = WordText()
    file.read(part, receiver)
    return "\n".join(receiver.lines).strip("\n")


@dataclass(slots=True)
class _OpenElement:
    """A paragraph or a run that is open.

    Attributes:
        is_run: Whether it is a run.
        is_hidden: Whether its text is hidden.
        is_raised: Whether its text is above the line.
    """

    is_run: bool
    is_hidden: bool
    is_raised: bool = False


@dataclass(slots=True)
class _Paragraph:
    """The text of a paragraph that is open.

    Attributes:
        parts: What it has of text.
        continues_line: Whether a tracked change has deleted the end of the paragraph before it.
    """

    continues_line: bool
    parts: list[str] = field(default_factory=list)


@dataclass
class WordText:
    """Collects the lines of a part.

    A paragraph may be inside another one, as the text of a text box is; and a table inside the cell of a table, where
    its lines become one.

    Attributes:
        lines: The text: a line for each paragraph, and for each row of a table, with tabs between its cells.
    """

    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin outside of everything."""
        self._paragraphs: list[_Paragraph] = []
        self._open_elements: list[_OpenElement] = []
        self._rows: list[list[list[str]]] = []
        self._skipped = ""
        self._depth = 0
        self._in_text = self._in_properties = self._is_end_removed = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Receive the start of an element."""
        if self._skipped:
            self._depth += name == self._skipped
        elif name in SKIPPED or (name in {"footnote", "endnote"} and SPECIAL_NOTES & {*attributes.values()}):
            self._skipped, self._depth = name, 1
            self._is_end_removed = self._is_end_removed or (self._in_properties and name in REMOVED)
        elif name in {"p", "tr", "tc", "r"}:
            self._open(name)
        elif name == "pPr":
            self._in_properties = True
        elif name == "t":
            self._in_text = True
        elif name in RUN_PARTS and self._open_elements and self._open_elements[-1].is_run:
            self._read_in_run(name, attributes, self._open_elements[-1])

    def end(self, name: str) -> None:
        """Receive the end of an element."""
        if self._skipped:
            self._depth -= name == self._skipped
            self._skipped = self._skipped if self._depth else ""
        elif name == "t":
            self._in_text = False
        elif name == "pPr":
            self._in_properties = False
        elif name in {"r", "p"} and self._open_elements:
            self._open_elements.pop()
            if name == "p":
                self._close_paragraph(self._paragraphs.pop())
        elif name == "tr" and self._rows:
            self._close_line("\t".join(" ".join(" ".join(cell).split()) for cell in self._rows.pop()))

    def data(self, text: str) -> None:
        """Receive text."""
        if self._in_text and not self._skipped:
            self._add(text)

    def _open(self, name: str) -> None:
        if name in {"r", "p"}:
            is_hidden = bool(self._open_elements) and self._open_elements[-1].is_hidden
            self._open_elements.append(_OpenElement(name == "r", is_hidden))
        if name == "r":
            return
        if name == "p":
            self._paragraphs.append(_Paragraph(self._is_end_removed))
        elif name == "tr":
            self._rows.append([])
        elif self._rows:
            self._rows[-1].append([])
        self._is_end_removed = False

    def _read_in_run(self, name: str, attributes: dict[str, str], run: _OpenElement) -> None:
        """Receive what is in a run beside its text."""
        if name == "vanish":
            run.is_hidden = is_on(attributes)
        elif name == "vertAlign":
            run.is_raised = attribute(attributes, "val") == "superscript"
        elif name == "rPr" and attributes:
            run.is_raised = is_raised(attributes)
        elif name in RUN_CHARACTERS:
            self._add(RUN_CHARACTERS[name])

    def _add(self, text: str) -> None:
        context = self._open_elements[-1] if self._open_elements else None
        if context is not None and self._paragraphs and not context.is_hidden:
            text = raise_digits(text) if context.is_raised else text
            self._paragraphs[-1].parts.append(text.replace("\f", " "))

    def _close_paragraph(self, paragraph: _Paragraph) -> None:
        line = "".join(paragraph.parts)
        lines = self._rows[-1][-1] if self._rows and self._rows[-1] else self.lines
        if paragraph.continues_line and lines:
            line = lines.pop() + line
        self._close_line(line)

    def _close_line(self, line: str) -> None:
        """Add a line to the cell that it is in, or to the text."""
        if self._rows and self._rows[-1]:
            self._rows[-1][-1].append(line)
        else:
            self.lines.append(line)


def is_raised(attributes: dict[str, str]) -> bool:
    """Return whether the text of a run of a slide is above its line.

    >>> is_raised({"baseline": "30000"}), is_raised({"baseline": "-25000"}), is_raised({})
    (True, False, False)
    """
    baseline = attribute(attributes, "baseline") or ""
    return baseline.rstrip("%").isdecimal() and int(baseline.rstrip("%")) > 0
