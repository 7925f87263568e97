"""Documents of each kind: their text, their pages, and what reaches the endpoint."""

from __future__ import annotations

import email.message
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sample_files as files
from hypothesis import given
from hypothesis import strategies as st

import structkit
from structkit import Document
from structkit.documents.pages import PAGE_END
from structkit.errors import PromptError

Connect = Callable[..., Any]


def text_of(data: bytes, name: str = "", **options: Any) -> str:
    return Document.open(data, name=name, **options).text


@pytest.mark.parametrize("source", ["path", "text path", "bytes", "open file"])
def test_a_document_is_the_same_from_every_source(tmp_path: Path, source: str) -> None:
    path = tmp_path / "letter.txt"
    path.write_bytes(b"Dear Ann")
    if source == "open file":
        with path.open("rb") as file:
            document = Document.open(file)
    else:
        document = Document.open(
            {"path": path, "text path": str(path), "bytes": b"Dear Ann"}[source], name="letter.txt"
        )
    assert document == Document.open(b"Dear Ann", name="letter.txt")
    assert repr(document) == "Document('letter.txt', text/plain, 1 page, 8 characters)"


def test_a_pdf_has_text_pages_and_their_sizes() -> None:
    document = Document.open(files.pdf([[(50, 800, "Rent: 900 EUR")], [(50, 800, "Signed")]]), name="lease.pdf")
    assert document.text == f"Rent: 900 EUR{PAGE_END}Signed"
    assert [(page.number, document.text[page.start : page.end]) for page in document.pages] == [
        (1, "Rent: 900 EUR"),
        (2, "Signed"),
    ]
    assert document.pages[0].size == (595, 842)
    assert document.media_type == "application/pdf"


def test_a_docx_has_paragraphs_tables_notes_and_headers() -> None:
    table = "<w:tbl><w:tr><w:tc>{}</w:tc><w:tc>{}{}</w:tc></w:tr></w:tbl>".format(
        *map(files.paragraph, ("Total", "1,299.50", "EUR"))
    )
    note = f"<w:footnotes {files.W}>{{}}<w:footnote>{files.paragraph('Without tax.')}</w:footnote></w:footnotes>"
    separator = f'<w:footnote w:type="separator">{files.paragraph("----")}</w:footnote>'
    data = files.docx(
        files.paragraph("Invoice 7") + table,
        {
            "word/header1.xml": f"<w:hdr {files.W}>{files.paragraph('ACME Ltd')}</w:hdr>",
            "word/notes.xml": note.format(separator),
        },
        {"header:h": "header1.xml", "footnotes:f": "notes.xml"},
    )
    document = Document.open(data)
    assert document.text == "ACME Ltd\n\nInvoice 7\nTotal\t1,299.50 EUR\n\nWithout tax."
    assert document.media_type.endswith("wordprocessingml.document")
    assert [page.number for page in document.pages] == [1]


def test_a_docx_is_read_as_it_would_be_printed() -> None:
    body = (
        '<w:p><w:r><w:t xml:space="preserve">Due in </w:t></w:r><w:del><w:r><w:delText>30</w:delText></w:r></w:del>'
        "<w:ins><w:r><w:t>14</w:t></w:r></w:ins><w:r><w:t> days</w:t><w:tab/><w:t>net</w:t><w:br/><w:t>A</w:t>"
        "<w:noBreakHyphen/><w:t>7</w:t></w:r></w:p>"
        + files.paragraph("secret", "<w:rPr><w:vanish/></w:rPr>")
        + files.paragraph("shown", '<w:rPr><w:vanish w:val="0"/></w:rPr>')
        + "<w:p><w:moveFrom><w:r><w:t>old place</w:t></w:r></w:moveFrom></w:p>"
        '<w:p><w:r><w:instrText>PAGE</w:instrText></w:r></w:p><w:p><w:pPr><w:tabs><w:tab w:val="left"/></w:tabs></w:pPr></w:p>'
    )
    assert text_of(files.docx(body)) == "Due in 14 days\tnet\nA-7\n\nshown"


def test_the_text_of_a_box_is_read_once() -> None:
    box = f"<w:txbxContent>{files.paragraph('In the box')}</w:txbxContent>"
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    body = f"<w:p><w:r><mc:AlternateContent {mc}><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r><w:r><w:t>Around it</w:t></w:r></w:p>"
    assert text_of(files.docx(body)) == "In the box\nAround it"


def test_a_table_in_a_cell_stays_in_its_row() -> None:
    def table(*cells: str) -> str:
        return f"<w:tbl><w:tr>{''.join(f'<w:tc>{cell}</w:tc>' for cell in cells)}</w:tr></w:tbl>"

    inner = table(files.paragraph("a"), files.paragraph("b"))
    assert text_of(files.docx(table(inner, files.paragraph("c")))) == "a b\tc"


def test_a_slide_is_a_page_with_its_notes() -> None:
    table = "<a:tbl><a:tr><a:tc><a:p><a:r><a:t>Q1</a:t></a:r></a:p></a:tc><a:tc><a:p><a:r><a:t>12</a:t></a:r></a:p></a:tc></a:tr></a:tbl>"
    number = '<p:sp><p:txBody><a:p><a:fld type="slidenum"><a:t>2</a:t></a:fld></a:p></p:txBody></p:sp>'
    document = Document.open(files.pptx([files.shape("Plan", "First"), table + number], {0: "Say hello"}))
    assert document.text == f"Plan\nFirst\n\nNotes:\nSay hello{PAGE_END}Q1\t12"
    assert [page.size for page in document.pages] == [(720, 540)] * 2


def test_a_line_break_on_a_slide_is_one() -> None:
    text = "<p:sp><a:p><a:r><a:t>a</a:t></a:r><a:br/><a:r><a:t>b</a:t></a:r></a:p></p:sp>"
    assert text_of(files.pptx([text])) == "a\nb"


def test_a_sheet_is_a_page_of_rows() -> None:
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="inlineStr"><is><t>Price</t></is></c></row>'
        '<row r="3"><c r="A3" t="str"><f>X()</f><v>Bolt</v></c><c r="B3" t="b"><v>1</v></c><c r="C3"><v>0.30000000000000004</v></c></row>'
    )
    shared = "<si><r><t>It</t></r><r><t>em</t></r><rPh><t>reading</t></rPh></si>"
    document = Document.open(
        files.xlsx({"Parts": rows, "More": '<row><c><v>7</v></c><c t="e"><v>#N/A</v></c></row>'}, shared)
    )
    assert document.text == f"Parts\nItem\t\tPrice\nBolt\tTRUE\t0.3{PAGE_END}More\n7\t#N/A"
    assert text_of(files.xlsx({"Only": rows}, shared)) == "Item\t\tPrice\nBolt\tTRUE\t0.3"


def test_dates_and_percentages_of_a_sheet_are_read_as_they_are_shown() -> None:
    codes = '<numFmts><numFmt numFmtId="164" formatCode="dd.mm.yyyy\\ hh:mm"/><numFmt numFmtId="165" formatCode="0 &quot;days&quot;"/></numFmts>'
    xfs = "".join(f'<xf numFmtId="{number}"/>' for number in (0, 14, 164, 9, 20, 165))
    cells = "".join(f'<c s="{n}"><v>{v}</v></c>' for n, v in enumerate((46095, 46095, 46095.5, 0.075, 0.5, 30)))
    styles = f'{codes}<cellStyleXfs><xf numFmtId="9"/></cellStyleXfs><cellXfs>{xfs}</cellXfs>'
    sheet = {"S": f"<row>{cells}</row>"}
    assert text_of(files.xlsx(sheet, styles=styles)) == "46095\t2026-03-14\t2026-03-14 12:00\t7.5%\t12:00\t30"
    old = '<workbookPr date1904="1"/>'
    assert text_of(files.xlsx(sheet, styles=styles, workbook=old)).split("\t")[1] == "2030-03-15"


HTML = """<!DOCTYPE html><html><head><title>T</title><style>p {}</style></head><body>
<h1>Caf&eacute;</h1><p>Open <b>daily</b>,
9&ndash;17</p><script>alert("x")</script><div hidden>no<div>never</div></div><span style="display: none">no</span>
<ul><li>tea<li>cake</ul><table><tr><th>a<th>b<tr><td>1<td>2</table><pre>x
  y</pre><p hidden>gone<p>end</body></html>"""


def test_of_html_only_what_is_visible_is_read() -> None:
    text = "Café\n\nOpen daily, 9\u201317\n\n- tea\n- cake\n\na\tb\n1\t2\n\nx\ny\n\nend"
    assert [line.strip() for line in text_of(HTML.encode(), "a.html").split("\n")] == text.split("\n")
    assert Document.open(HTML.encode()).media_type == "text/html"


@pytest.mark.parametrize(
    "declared", ['<meta charset="windows-1252">', '<?xml version="1.0" encoding="windows-1252"?><html>']
)
def test_html_has_the_encoding_that_it_declares(declared: str) -> None:
    assert text_of(f"{declared}<p>Größe 5 €</p>".encode("cp1252"), "a.htm") == "Größe 5 €"


def test_a_mail_has_its_headers_its_text_and_the_names_of_its_attachments() -> None:
    mail = email.message.EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["X-Spam"] = "Ann <ann@example.com>", "bob@example.com", "Büro", "no"
    mail.set_content("The rent is 900 €.\n")
    mail.add_alternative("<p>The rent is <b>900</b></p>", subtype="html")
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="lease.pdf")
    assert text_of(mail.as_bytes(), "m.eml") == (
        "From: Ann <ann@example.com>\nTo: bob@example.com\nSubject: Büro\n\nThe rent is 900 €.\n\n"
        "Attachment: lease.pdf (application/pdf)"
    )


def test_a_mail_of_html_alone_is_read_as_html() -> None:
    mail = b"MIME-Version: 1.0\nSubject: x\nContent-Type: text/html; charset=iso-8859-1\n\n<p>Gr\xfc\xdfe</p><p>Ann</p>"
    assert text_of(mail) == "Subject: x\n\nGrüße\n\nAnn"


@pytest.mark.parametrize(
    "mail",
    [
        b"From: \xff\xfe\nContent-Type: text/plain; charset=nonsense\n\nHello",
        b"Date: not a date\nContent-Type: multipart/mixed\n\nHello",
        b"From: <<<>>>,;:\nContent-Transfer-Encoding: base64\n\nSGVsbG8=",
    ],
)
def test_a_malformed_mail_is_read_all_the_same(mail: bytes) -> None:
    assert "Hello" in text_of(mail, "m.eml")


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\f\0\ufeff"), min_size=1).filter(
    lambda text: text.strip()
)


@given(TEXTS, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_text_is_read_in_any_encoding_that_says_what_it_is(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    assert Document.open(data, name="a.txt").text == text.rstrip("\n")


@given(TEXTS, st.sampled_from(["utf-16-le", "utf-16-be", "utf-8", "cp1252", "gb18030", "shift-jis"]))
def test_text_is_read_in_an_encoding_that_is_named(text: str, encoding: str) -> None:
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        return
    if text == data.decode(encoding):
        assert Document.open(data, name="a.txt", encoding=encoding).text == text.rstrip("\n")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Sehr geehrte Frau Müller, die Größe des Büros beträgt 12 m². Mit freundlichen Grüßen", "cp1252"),
        ("Уважаемая госпожа Иванова, аренда составляет 900 рублей в месяц и вносится заранее.", "cp1251"),
        ("尊敬的客户您的订单已经发货请在三天之内确认收货。谢谢您的支持与信任。", "gb18030"),
        ("The rent is 900.", "utf-16-le"),
    ],
)
def test_the_encoding_of_an_old_text_is_found_out(text: str, encoding: str) -> None:
    assert text_of(text.encode(encoding), "a.txt") == text


def test_form_feeds_of_a_text_end_pages_and_line_ends_are_one_character() -> None:
    document = Document.open(b"one\r\ntwo\r\n\fthree\rfour", name="a.txt")
    assert document.text == f"one\ntwo{PAGE_END}three\nfour"
    assert [page.number for page in document.pages] == [1, 2]


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("a.md", "text/markdown"), ("a.csv", "text/csv"), ("a.json", "text/plain"), ("", "text/plain")],
)
def test_other_texts_are_as_they_are(name: str, media_type: str) -> None:
    document = Document.open(b"# a,b\n1,2\n", name=name)
    assert (document.text, document.media_type) == ("# a,b\n1,2", media_type)


def test_an_image_is_a_page_without_text() -> None:
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (4, 4)).save(file, "PNG")
    document = Document.open(file.getvalue(), name="photo.png")
    assert document.pages[0].has_only_image
    assert [part["type"] for part in document.parts] == ["image_url"]
    assert document.images() == (structkit.File(file.getvalue()),)


@pytest.mark.parametrize(
    ("cell", "workbook", "text"),
    [
        ("<c><f>1+1</f><v>2</v></c>", "", "2"),
        ("<c><f>1-1</f><v>0</v></c>", "", "0"),
        ('<c t="str"><f>""</f><v></v></c><c><v>7</v></c>', "", "\t7"),
        ("<c><f>1+1</f></c>", "", None),
        ("<c><f>1+1</f><v/></c>", "", None),
        ("<c><f>1+1</f><v>0</v></c>", '<calcPr fullCalcOnLoad="1"/>', None),
        ("<c><f>1+1</f><v>2</v></c><c><v>0</v></c>", '<calcPr fullCalcOnLoad="1"/>', "2\t0"),
    ],
)
def test_a_formula_of_a_workbook_that_no_spreadsheet_has_calculated_is_an_error(
    cell: str, workbook: str, text: str | None
) -> None:
    data = files.xlsx({"Sums": f"<row>{cell}</row>"}, workbook=workbook)
    if text is not None:
        assert text_of(data) == text
        return
    with pytest.raises(PromptError, match="a formula of the sheet 'Sums' has no result"):
        text_of(data)
