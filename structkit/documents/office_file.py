"""An Office file: a ZIP file of XML parts that refer to each other."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, Protocol
from xml.parsers import expat

from structkit.documents.read_limits import ReadLimits
from structkit.errors import PromptError

BLOCK_BYTES = 65_536
ENCRYPTED_FLAG = 0x1
"""The bit of a ZIP entry that says that it needs a password (APPNOTE.TXT, section 4.4.4)."""

FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)
"""What the standard library raises for a damaged ZIP file."""


class XMLReceiver(Protocol):
    """Receives the elements of a part, by their names without a namespace."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Receive the start of an element."""

    def end(self, name: str) -> None:
        """Receive the end of an element."""

    def data(self, text: str) -> None:
        """Receive text."""


class Relationship(NamedTuple):
    """A reference of a part to another one.

    Args:
        kind: The last part of its type, such as `slide`.
        target: The other part.
    """

    kind: str
    target: str


@dataclass
class OfficeFile:
    """The parts of an Office file.

    Args:
        data: The file.
        limits: How far it may expand, and how long that may take.

    Raises:
        PromptError: It is damaged or encrypted.
    """

    data: bytes = field(repr=False)
    limits: ReadLimits

    def __post_init__(self) -> None:
        """Open the file."""
        self._unpacked = 0
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(self.data))
        except FAULTS as error:
            raise self._damaged(error) from None
        self._names = {name.lower(): name for name in self._archive.namelist()}

    @property
    def main_part(self) -> str:
        """The part with the document; empty if there is none."""
        targets = [each.target for each in self.relationships("").values() if each.kind == "officeDocument"]
        return targets[0] if targets else ""

    def relationships(self, part: str) -> dict[str, Relationship]:
        """Return the parts to which a part refers, by the id of the reference; without those outside the file.

        Raises:
            PromptError: It is damaged, encrypted or too large.
        """
        folder, name = posixpath.split(part)
        receiver = _Relationships(folder)
        self.read(posixpath.join(folder, "_rels", f"{name}.rels"), receiver)
        return receiver.by_id

    def read(self, part: str, receiver: XMLReceiver) -> None:
        """Pass the elements of a part to a receiver; a part that is missing has none.

        Raises:
            PromptError: It is damaged, encrypted or too large, or declares a document type.
        """
        if (name := self._names.get(part.lower())) is None:
            return
        parser = self._parser(receiver)
        try:
            for block in self._blocks(name):
                parser.Parse(block, False)  # noqa: FBT003 (the parameter has no name)
            parser.Parse(b"", True)  # noqa: FBT003
        except expat.ExpatError as error:
            raise self._damaged(error) from None

    def _blocks(self, name: str) -> Iterator[bytes]:
        if self._archive.getinfo(name).flag_bits & ENCRYPTED_FLAG:
            raise PromptError(f"{self.limits.name!r} is encrypted: save it without a password")
        try:
            with self._archive.open(name) as part:
                while block := part.read(BLOCK_BYTES):
                    self._unpacked += len(block)
                    self.limits.validate_unpacked(self._unpacked)
                    self.limits.validate_time()
                    yield block
        except FAULTS as error:
            raise self._damaged(error) from None

    def _parser(self, receiver: XMLReceiver) -> expat.XMLParserType:
        """Return a parser that accepts no document type: entities, which may expand or refer to files, are in one."""

        def reject_document_type(*_: object) -> None:
            raise PromptError(f"{self.limits.name!r} declares an XML document type, which no Office file does")

        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = reject_document_type
        parser.StartElementHandler = lambda name, attributes: receiver.start(_local(name), attributes)
        parser.EndElementHandler = lambda name: receiver.end(_local(name))
        parser.CharacterDataHandler = receiver.data
        return parser

    def _damaged(self, error: Exception) -> PromptError:
        return PromptError(f"{self.limits.name!r} is damaged, or not the Office file that it looks like: {error}")


@dataclass
class _Relationships:
    folder: str
    by_id: dict[str, Relationship] = field(default_factory=dict)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", self.folder, attributes.get("Target", ""))).lstrip("/")
            kind = attributes.get("Type", "").rpartition("/")[2]
            self.by_id[attributes.get("Id", "")] = Relationship(kind, target)

    def end(self, name: str) -> None:
        """Nothing follows from an end."""

    def data(self, text: str) -> None:
        """A relationship has no text."""


def attribute(attributes: dict[str, str], name: str) -> str | None:
    """Return an attribute by its name without a namespace.

    >>> attribute({"http://schemas.example/main val": "off"}, "val")
    'off'
    """
    return next((value for key, value in attributes.items() if _local(key) == name), None)


def is_on(attributes: dict[str, str]) -> bool:
    """Return whether a switch such as `<w:vanish/>` is on: it is, unless it has a value that says otherwise."""
    return attribute(attributes, "val") not in {"0", "false", "off"}


@lru_cache(1024)
def _local(name: str) -> str:
    return name.rpartition(" ")[2]
