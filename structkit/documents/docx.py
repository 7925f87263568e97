"""The text of a DOCX file: headers, paragraphs, tables, text boxes, notes, footers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from structkit.documents.office_file import OfficeFile, is_on
from structkit.documents.pages import PageText

BEFORE, AFTER = ("header",), ("footnotes", "endnotes", "footer")
"""Parts beside the text, in the order in which they are read."""

SKIPPED = frozenset({"moveFrom", "Fallback", "rPrChange", "pPrChange"})
"""What is in the file twice, or was there before a tracked change; deleted text has an element of its own."""

RUN_CHARACTERS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
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

    parts = [*texts(BEFORE), _part_text(file, main), *texts(AFTER)]
    yield PageText("\n\n".join(dict.fromkeys(part for part in parts if part.strip())))


def _part_text(file: OfficeFile, part: str) -> str:
    receiver = WordText()
    file.read(part, receiver)
    return "\n".join(receiver.lines).strip("\n")


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
        self._paragraphs: list[list[str]] = []
        self._rows: list[list[list[str]]] = []
        self._skipped = ""
        self._depth = 0
        self._in_run = self._in_text = self._is_hidden = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Receive the start of an element."""
        if self._skipped:
            self._depth += name == self._skipped
        elif name in SKIPPED or (name in {"footnote", "endnote"} and SPECIAL_NOTES & {*attributes.values()}):
            self._skipped, self._depth = name, 1
        elif name in {"p", "tr", "tc"}:
            self._open(name)
        elif name == "r":
            self._in_run, self._is_hidden = True, False
        elif name == "vanish" and self._in_run:
            self._is_hidden = is_on(attributes)
        elif name == "t":
            self._in_text = True
        elif self._in_run and name in RUN_CHARACTERS:
            self._add(RUN_CHARACTERS[name])

    def end(self, name: str) -> None:
        """Receive the end of an element."""
        if self._skipped:
            self._depth -= name == self._skipped
            self._skipped = self._skipped if self._depth else ""
        elif name == "t":
            self._in_text = False
        elif name == "r":
            self._in_run = self._is_hidden = False
        elif name == "p" and self._paragraphs:
            self._close_line("".join(self._paragraphs.pop()))
        elif name == "tr" and self._rows:
            self._close_line("\t".join(" ".join(filter(None, cell)) for cell in self._rows.pop()))

    def data(self, text: str) -> None:
        """Receive text."""
        if self._in_text and not self._skipped:
            self._add(text)

    def _open(self, name: str) -> None:
        if name == "p":
            self._paragraphs.append([])
        elif name == "tr":
            self._rows.append([])
        elif self._rows:
            self._rows[-1].append([])

    def _add(self, text: str) -> None:
        if self._paragraphs and not self._is_hidden:
            self._paragraphs[-1].append(text.replace("\f", " "))

    def _close_line(self, line: str) -> None:
        """Add a line to the cell that it is in, or to the text."""
        if self._rows and self._rows[-1]:
            self._rows[-1][-1].append(" ".join(line.split()))
        else:
            self.lines.append(line)
