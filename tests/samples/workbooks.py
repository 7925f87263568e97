"""Workbooks that no program has written: their parts as XML or as records, with what a test wants in them."""

from __future__ import annotations

import zipfile
from pathlib import Path
from struct import pack

import pytest

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def write_workbook(path: Path, sheets: dict[str, str], dimension: str = "A1:B2", styles: str = "") -> Path:
    """Write a workbook with these rows in each sheet, as XML, and return its path."""
    pytest.importorskip("python_calamine")
    names = [*sheets]
    entries = "".join(f'<sheet name="{each}" sheetId="{n}" r:id="r{n}"/>' for n, each in enumerate(names, 1))
    links = "".join(
        f'<Relationship Id="r{n}" Type="{LINKS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(names) + 1)
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{TYPES}"><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{LINKS}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets>{entries}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">{links}</Relationships>',
    }
    if styles:
        parts["xl/styles.xml"] = styles
    for n, each in enumerate(names, 1):
        body = f'<dimension ref="{dimension}"/><sheetData>{sheets[each]}</sheetData>'
        parts[f"xl/worksheets/sheet{n}.xml"] = f'<worksheet xmlns="{MAIN}">{body}</worksheet>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in parts.items():
            book.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return path


def binary_record(kind: int, data: bytes = b"") -> bytes:
    """Return a record of a binary workbook: type and size in seven bits a byte, then the content."""
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    return head + bytes([len(data) & 0x7F | 0x80, len(data) >> 7]) + data


def binary_text(text: str) -> bytes:
    return pack("<I", len(text)) + text.encode("utf-16-le")


def binary_row(row: int, *cells: tuple[int, int, bytes], style: int = 0) -> bytes:
    """Return a row of a binary workbook: the column of each cell, the type of its record, and what follows the style."""
    records = (binary_record(kind, pack("<II", column, style) + data) for column, kind, data in cells)
    return binary_record(0, pack("<I", row) + bytes(13)) + b"".join(records)


def write_binary_workbook(path: Path, sheets: dict[str, bytes], styles: bytes = b"") -> Path:
    """Write a binary workbook with these rows in each sheet, as records, and return its path."""
    pytest.importorskip("python_calamine")
    entries, links = b"", ""
    parts: dict[str, bytes] = {}
    for n, (name, rows) in enumerate(sheets.items(), 1):
        entries += binary_record(0x9C, pack("<II", 0, n) + binary_text(f"r{n}") + binary_text(name))
        links += f'<Relationship Id="r{n}" Type="{LINKS}/worksheet" Target="worksheets/sheet{n}.bin"/>'
        dimension = binary_record(0x94, pack("<IIII", 0, 1, 0, 1))
        parts[f"xl/worksheets/sheet{n}.bin"] = dimension + binary_record(0x91) + rows + binary_record(0x92)
    parts |= {
        "[Content_Types].xml": f'<Types xmlns="{TYPES}"/>'.encode(),
        "xl/workbook.bin": binary_record(0x8F) + entries + binary_record(0x90) + binary_record(0x84),
        "xl/_rels/workbook.bin.rels": f'<Relationships xmlns="{PACKAGE}">{links}</Relationships>'.encode(),
    }
    if styles:
        parts["xl/styles.bin"] = styles
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, data in parts.items():
            book.writestr(name, data)
    return path


def ods_row(*cells: str | int, rows: int = 1) -> str:
    """Return a row of an OpenDocument sheet: texts, and numbers of empty cells."""
    tags = (
        f'<table:table-cell table:number-columns-repeated="{cell}"/>'
        if isinstance(cell, int)
        else f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
        for cell in cells
    )
    return f'<table:table-row table:number-rows-repeated="{rows}">{"".join(tags)}</table:table-row>'


def write_ods(path: Path, sheets: dict[str, str]) -> Path:
    """Write an OpenDocument file with these rows in each sheet, as XML, and return its path."""
    pytest.importorskip("python_calamine")
    scheme = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = " ".join(f'xmlns:{name}="{scheme}:{name}:1.0"' for name in ("office", "table", "text"))
    tables = "".join(f'<table:table table:name="{name}">{rows}</table:table>' for name, rows in sheets.items())
    body = f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("content.xml", f"<office:document-content {spaces}>{body}</office:document-content>")
        book.writestr("META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{scheme}:manifest:1.0"/>')
    return path
