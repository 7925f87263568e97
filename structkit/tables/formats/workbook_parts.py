"""Finds the part of an Excel workbook that has a sheet."""

from __future__ import annotations

import posixpath
import re
import zipfile
from html import unescape
from struct import unpack_from

from structkit.tables.formats.bounds_xlsb import records

_SHEET = re.compile(r"<(?:\w+:)?sheet\s([^>]*)>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\s([^>]*)>")
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*(["'])(.*?)\2""")
XML, BINARY = "xl/workbook.xml", "xl/workbook.bin"
SHEET_RECORD = 0x9C
"""The record BrtBundleSh: two numbers, the identifier of a relation, the name of a sheet."""


def sheet_part(book: zipfile.ZipFile, sheet: str) -> str | None:
    """Return the name of the part with the sheet of that name; None if there is none."""
    is_binary = BINARY in book.namelist()
    relations = _relations(book, BINARY if is_binary else XML)
    sheets = _binary_sheets(book) if is_binary else _xml_sheets(book)
    target = relations.get(sheets.get(sheet, ""))
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/") if target else None


def _relations(book: zipfile.ZipFile, workbook: str) -> dict[str, str]:
    folder, name = posixpath.split(workbook)
    tags = _tags(book, f"{folder}/_rels/{name}.rels", _RELATION)
    return {each.get("Id", ""): each.get("Target", "") for each in tags}


def _xml_sheets(book: zipfile.ZipFile) -> dict[str, str]:
    """Return the identifier of the relation of each sheet."""
    return {
        each.get("name", ""): next((value for name, value in each.items() if name.endswith(":id")), "")
        for each in _tags(book, XML, _SHEET)
    }


def _binary_sheets(book: zipfile.ZipFile) -> dict[str, str]:
    data, sheets = book.read(BINARY), dict[str, str]()
    for kind, start, _ in records(data):
        if kind == SHEET_RECORD:
            relation, end = _read_text(data, start + 8)
            sheets[_read_text(data, end)[0]] = relation
    return sheets


def _read_text(data: bytes, start: int) -> tuple[str, int]:
    """Return the text at a position, whose length is before it, and the position after it."""
    end = start + 4 + 2 * unpack_from("<I", data, start)[0]
    return data[start + 4 : end].decode("utf-16-le", "replace"), end


def _tags(book: zipfile.ZipFile, part: str, tag: re.Pattern[str]) -> list[dict[str, str]]:
    """Return the attributes of each tag of a kind."""
    text = book.read(part).decode("utf-8", "replace")
    return [{name: unescape(value) for name, _, value in _ATTRIBUTE.findall(match[1])} for match in tag.finditer(text)]
