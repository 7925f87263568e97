"""Files that are damaged, encrypted, empty or meant to do harm: each is a clear error or is read within the limits."""

from __future__ import annotations

import base64
import contextlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
import sample_files as files
from hypothesis import given, settings
from hypothesis import strategies as st

import structkit
from structkit import Document, PromptError
from structkit.documents import read_limits


def error_of(data: bytes, name: str = "a", **options: Any) -> str:
    with pytest.raises(PromptError) as info:
        Document.open(data, name=name, **options)
    return str(info.value)


ENCRYPTED_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b" \n\t", "is empty: there is nothing to read"),
        (files.docx(""), "is empty: there is nothing to read"),
        (files.raw_pdf([""]), "is empty: there is nothing to read"),
        (b"%PDF-1.7 and nothing else", "is damaged, or not a PDF"),
        (b"PK\x03\x04 and nothing else", "is damaged, or not the Office file that it looks like"),
        (files.office("x/y.xml", {"x/y.xml": "<a/>"}), "is a ZIP file, which is not read: save it as DOCX"),
        (files.docx("")[:-30], "is damaged"),
        (ENCRYPTED_OFFICE, "is encrypted: save it without a password"),
        (ENCRYPTED_OFFICE[:300], "is a file of an older Office"),
        (files.office("a.pdf", {"a.pdf": b"%PDF-1.7"}), "which is not read: save it as DOCX"),
        (b"{\\rtf1 hello}", "is an RTF file: save it as DOCX or PDF"),
        (b"ID3 ...", "is a recording"),
        (bytes(range(256)) * 4, "is neither text nor a document that can be read: PDF, DOCX"),
        (b"\x7fELF\2\1\1\0", "is neither text nor a document that can be read: PDF, DOCX"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_that_says_why(data: bytes, message: str) -> None:
    assert message in error_of(data)


def test_an_encrypted_zip_entry_is_called_encrypted() -> None:
    data = bytearray(files.docx(files.paragraph("x")))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        offset = archive.getinfo("word/document.xml").header_offset
    central = data.index(b"PK\x01\x02", data.rindex(b"PK\x01\x02"))
    data[offset + 6] |= 1
    data[central + 8] |= 1
    assert "is encrypted" in error_of(bytes(data))


PASSWORD_PDF = Path(__file__).parent / "encrypted.pdf"
"""One line, under the password `secret`: `pypdf.PdfWriter(clone_from=...).encrypt("secret", algorithm="AES-256")`."""


def test_an_encrypted_pdf_is_read_with_its_password() -> None:
    data = PASSWORD_PDF.read_bytes()
    assert error_of(data, "a.pdf") == "'a.pdf' is encrypted: pass password= (--password)"
    assert error_of(data, "a.pdf", password="wrong") == "'a.pdf' is encrypted: the password is wrong"
    document = Document.open(data, password="secret")
    assert document.text == "Rent: 900 EUR"
    assert document.images()[0].media_type == "image/jpeg"
    assert "secret" not in repr(document)


def test_an_encrypted_pdf_is_sent_as_one_that_the_endpoint_can_open() -> None:
    data = PASSWORD_PDF.read_bytes()
    sent = [Document.open(data, name="a.pdf", password="secret", send="file").parts[0]["file"] for _ in range(2)]
    assert sent[0] == sent[1], "the same request each time, which a job and a cache find again"
    copy = base64.b64decode(sent[0]["file_data"].partition(",")[2])
    assert Document.open(copy).text == "Rent: 900 EUR"
    plain = files.pdf([[(50, 800, "Rent: 900 EUR")]])
    assert Document.open(plain, password="secret", send="file").parts == (structkit.File(plain).part,)


def test_a_scan_without_a_model_that_sees_says_what_to_do() -> None:
    assert error_of(files.scan(), "a.pdf", send="text") == (
        "'a.pdf' has no text, and is probably a scan: open it with ocr=True, or with send='images' for a model that reads images"
    )


def test_a_pdf_of_too_many_pages_is_rejected_before_it_is_read() -> None:
    data = files.pdf([[]] * 10_000)
    assert error_of(data, "a.pdf") == "'a.pdf' has more than 2,000 pages: split it, or raise max_pages"
    assert len(Document.open(files.pdf([[(9, 9, "x")]] * 30), max_pages=30).pages) == 30


@pytest.mark.parametrize("kind", ["xlsx", "pptx"])
def test_sheets_and_slides_are_pages_too(kind: str) -> None:
    data = (
        files.xlsx({f"S{n}": "<row><c><v>1</v></c></row>" for n in range(4)})
        if kind == "xlsx"
        else files.pptx([files.shape("x")] * 4)
    )
    assert "has more than 3 pages" in error_of(data, max_pages=3)


def test_reading_ends_when_the_time_is_over() -> None:
    for data in (files.pdf([[(9, 9, "x")]]), files.docx(files.paragraph("x")), b"<html>" + b"<p>x" * 9):
        assert "takes more than 0 seconds to read: raise max_seconds" in error_of(data, max_seconds=0)


@pytest.mark.parametrize("part", ["word/document.xml", "word/notes.xml"])
def test_a_zip_bomb_is_rejected_before_it_is_in_memory(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_limits, "MAX_UNPACKED_BYTES", 10_000_000)
    bomb = f"<w:document {files.W}>{' ' * 20_000_000}</w:document>"
    data = files.office(
        "word/document.xml",
        {"word/document.xml": f"<w:document {files.W}/>", part: bomb},
        {"word/document.xml": {"footnotes:a": "notes.xml"}},
    )
    assert len(data) < 100_000
    assert "expands to more than 10,000,000 bytes: split it" in error_of(data)


def test_one_text_in_a_million_cells_is_rejected_before_it_is_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_limits, "MAX_CHARACTERS", 1_000_000)
    row = '<row><c t="s"><v>0</v></c></row>'
    assert "more than 1,000,000 characters" in error_of(
        files.xlsx({"S": row * 2_000}, f"<si><t>{'x' * 1_000}</t></si>")
    )


def test_a_cell_in_the_last_column_of_each_row_is_within_the_limits() -> None:
    row = '<row><c r="XFD1"><v>1</v></c></row>'
    assert len(Document.open(files.xlsx({"S": row * 20})).text) == 20 * 16_384 + 19


ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">{}]>'


@pytest.mark.parametrize(
    "entity",
    [
        '<!ENTITY c "&b;&b;&b;">',
        '<!ENTITY c SYSTEM "file:///etc/passwd">',
        '<!ENTITY % c SYSTEM "http://127.0.0.1:9/x">',
    ],
)
@pytest.mark.parametrize("part", ["word/document.xml", "_rels/.rels", "word/notes.xml"])
def test_a_part_that_defines_entities_is_rejected(part: str, entity: str) -> None:
    prolog = ENTITIES.format(entity)
    parts = {"word/document.xml": f"<w:document {files.W}>{files.paragraph('x')}</w:document>"}
    parts[part] = f"{prolog}<w:document {files.W}>{files.paragraph('&c;')}</w:document>"
    data = files.office("word/document.xml", parts, {"word/document.xml": {"footnotes:a": "notes.xml"}})
    assert "declares an XML document type" in error_of(data)


def test_a_reference_outside_the_file_is_not_followed() -> None:
    links = {
        "header:a": "file:///etc/passwd",
        "footer:b": "../../../../etc/passwd",
        "footnotes:c": "http://127.0.0.1:9/",
    }
    assert Document.open(files.docx(files.paragraph("x"), links=links)).text == "x"


def nodes_of_html(count: int) -> None:
    assert Document.open(b"<html>" + b"<b>x</b> " * count, max_seconds=600).text == " ".join("x" * count)
    assert Document.open(b"<html>" + b"<div>" * count + b"x", max_seconds=600).text == "x"


def test_many_and_deep_nodes_of_html_are_read() -> None:
    nodes_of_html(30_000)


@pytest.mark.slow
def test_a_million_nodes_of_html_are_read() -> None:
    nodes_of_html(1_000_000)


@pytest.mark.parametrize(
    "html",
    [
        b"<html><!--" + b"x<" * 1_000 + b"<p>no",
        b"<html>a<![CDATA[b",
        b"<html>a<",
        b"<html>a<p",
        b"<html>a&#xFFFFFFFF;&#0;",
        b"<html>a<script>",
    ],
)
def test_html_that_ends_anywhere_is_read(html: bytes) -> None:
    with contextlib.suppress(PromptError):  # what is cut off may leave nothing to read
        Document.open(html)


def test_a_mail_that_is_nested_without_end_is_an_error() -> None:
    mail = b"MIME-Version: 1.0\n" + b"".join(b"Content-Type: message/rfc822\n\n" for _ in range(5_000)) + b"Hello"
    assert "nested too deeply" in error_of(mail, "a.eml")


@pytest.mark.parametrize(
    "header",
    [
        b"Subject: " + b"=?utf-8?q?x?= " * 5_000,
        b"To: " + b"a@example.com,\n " * 5_000,
        b"content-type: text/plain" + b"; a=b" * 50_000,
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Disposition: attachment" + b"; a=b" * 50_000,
    ],
    ids=["encoded words", "recipients", "parameters", "parameters of a part"],
)
def test_a_mail_with_a_header_of_any_length_is_an_error_at_once(header: bytes) -> None:
    mail = b"MIME-Version: 1.0\n" + header + b"\n\nHello"
    assert "has a header of more than 50,000 characters: it is damaged" in error_of(mail, "a.eml")


def test_a_mail_with_a_thousand_parts_ends_when_the_time_is_over() -> None:
    mail = b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n" + b"\n--x\n\nHello" * 1_000 + b"\n--x--"
    assert "takes more than 0 seconds" in error_of(mail, "a.eml", max_seconds=0)


JAVASCRIPT = "/OpenAction << /S /JavaScript /JS (app.alert('x'); while (true) {}) >>"


def test_a_pdf_with_javascript_is_read_and_does_not_run_it() -> None:
    assert Document.open(files.pdf([[(9, 9, "x")]], catalog=JAVASCRIPT)).text == "x"


def test_a_pdf_with_a_wrong_xref_is_repaired() -> None:
    data = files.pdf([[(9, 9, "Rent: 900")]])
    table = data.index(b"xref")
    for damaged in (
        data[:table] + data[data.index(b"trailer") :],
        data.replace(b"0000000009", b"0000009999"),
        data[:-12] + b"99999\n%%EOF",
    ):
        assert Document.open(damaged).text == "Rent: 900"


def test_a_page_of_a_huge_size_is_an_image_of_bounded_size() -> None:
    from PIL import Image

    image = Document.open(files.pdf([[(9, 9, "x")]], size=(14_400, 7_200))).images(dpi=600)[0]
    with Image.open(io.BytesIO(image._data)) as image_file:
        assert image_file.size == (4_096, 2_048)


SAMPLES = [
    files.pdf([[(50, 700, "Rent: 900"), (50, 686, "Signed")]]),
    files.docx(files.paragraph("Rent: 900")),
    files.xlsx({"S": '<row><c t="s"><v>0</v></c><c s="0"><v>46095</v></c></row>'}, "<si><t>x</t></si>"),
    files.pptx([files.shape("x")], {0: "note"}),
    b"MIME-Version: 1.0\nSubject: =?utf-8?q?B=C3=BCro?=\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nHello\n--x--",
    b"<html><p>Rent: <b>900</b><table><tr><td>x</table>",
]


@settings(max_examples=300)
@given(st.sampled_from(SAMPLES), st.data())
def test_a_damaged_file_is_read_or_is_an_error_of_ours(sample: bytes, data: st.DataObject) -> None:
    damaged = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        if not damaged:
            return
    try:
        document = Document.open(bytes(damaged))
    except structkit.ConfigError:
        return
    document.locate(0, len(document.text))
    document.text.encode()  # no half of a surrogate pair


@pytest.mark.parametrize("start", ["<!--", "<a", '<a b="', "<![CDATA[", "<?", "</a", "<!-- >"])
@pytest.mark.parametrize("end", ["", "<p>end</p>"])
def test_tags_and_comments_that_never_end_take_no_longer_than_their_text(start: str, end: str) -> None:
    assert Document.open(f"<html><p>begin</p>{start * 50_000}{end}".encode(), max_seconds=600).text.startswith("begin")


@pytest.mark.parametrize("declared", ["foo-bar", "hex", "undefined"])
def test_a_page_that_declares_an_encoding_that_does_not_exist_is_read_all_the_same(declared: str) -> None:
    page = f"<html><meta charset={declared}><p>Die Größe der Häuser ist überall ähnlich.".encode("cp1252")
    assert Document.open(page).text == "Die Größe der Häuser ist überall ähnlich."
