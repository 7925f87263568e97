"""Documents of each kind: their text, their pages, and what reaches the endpoint."""

from __future__ import annotations

import base64
import email.message
import io
import struct
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


def test_a_date_in_a_line_of_a_slide_is_read() -> None:
    text = '<p:sp><a:p><a:r><a:t>As of </a:t></a:r><a:fld type="datetime1"><a:t>3/14/2026</a:t></a:fld></a:p></p:sp>'
    assert text_of(files.pptx([text])) == "As of 3/14/2026"


CHART = files.chart("Growth", "yyyy\\-mm\\-dd", ["46095", "46096"], North=["0.075", "0.08"], South=["", "0.1"])
CHART_LINES = "Charts:\nGrowth\n\tNorth\tSouth\n2026-03-14\t7.5%\t\n2026-03-15\t8%\t10%"


def test_the_charts_of_a_slide_are_rows_after_its_notes() -> None:
    assert (
        text_of(files.pptx([files.shape("Plan")], {0: "Hello"}, {0: CHART}))
        == f"Plan\n\nNotes:\nHello\n\n{CHART_LINES}"
    )
    assert text_of(files.pptx([""], charts={0: CHART})) == CHART_LINES


def test_the_charts_of_a_document_are_rows_after_its_text() -> None:
    parts, links = {"word/charts/chart1.xml": CHART}, {"chart:c": "charts/chart1.xml"}
    assert text_of(files.docx(files.paragraph("Report"), parts, links)) == f"Report\n\n{CHART_LINES}"


def test_the_series_of_a_chart_with_other_categories_are_in_a_table_of_their_own() -> None:
    scatter = (
        f"<c:chartSpace {files.C}>"
        + "".join(
            f'<c:ser><c:xVal><c:pt idx="0"><c:v>{x}</c:v></c:pt></c:xVal><c:yVal><c:pt idx="0"><c:v>{y}</c:v></c:pt></c:yVal></c:ser>'
            for x, y in ((1, 0.30000000000000004), (2, 5))
        )
        + "</c:chartSpace>"
    )
    assert text_of(files.pptx([""], charts={0: scatter})) == "Charts:\n1\t0.3\n2\t5"


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


def run(text: str, properties: str = "") -> str:
    return f'<w:r>{properties}<w:t xml:space="preserve">{text}</w:t></w:r>'


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (f"<w:p>{run('12')}<w:del><w:r><w:delText>x</w:delText><w:tab/><w:noBreakHyphen/></w:r></w:del>{run('34')}</w:p>", "1234"),
        (f"<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>{run('The rent is ')}</w:p><w:p>{run('900 EUR')}</w:p>", "The rent is 900 EUR"),
        (f"<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr></w:p><w:p>{run('Rent')}</w:p><w:p>{run('Due')}</w:p>", "Rent\nDue"),
        (
            f"<w:tbl><w:tr><w:tc><w:p><w:pPr><w:rPr><w:moveFrom/></w:rPr></w:pPr>{run('a ')}</w:p><w:p>{run('b')}</w:p></w:tc><w:tc><w:p>{run('c')}</w:p></w:tc></w:tr></w:tbl>",
            "a b\tc",
        ),
    ],
)  # fmt: skip
def test_what_a_tracked_change_has_deleted_is_not_read(body: str, text: str) -> None:
    assert text_of(files.docx(body)) == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (f"<w:p>{run('Invoice 12')}<w:r><w:ptab/></w:r>{run('2026')}</w:p>", "Invoice 12\t2026"),
        (f"<w:p><w:r><w:t>A</w:t><w:txbxContent><w:p>{run('box')}</w:p></w:txbxContent><w:tab/><w:t>B</w:t></w:r></w:p>", "box\nA\tB"),
        (f"<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:txbxContent><w:p>{run('box')}</w:p></w:txbxContent><w:t>no</w:t></w:r>{run('yes')}</w:p>", "\nyes"),
        (f"<w:p><w:r><w:txbxContent><w:p>{run('no', '<w:rPr><w:vanish/></w:rPr>')}</w:p></w:txbxContent><w:t>yes</w:t></w:r></w:p>", "\nyes"),
    ],
)  # fmt: skip
def test_a_run_of_a_docx_goes_on_after_what_is_inside_it(body: str, text: str) -> None:
    assert text_of(files.docx(body)) == text.strip("\n")


RAISED = '<w:rPr><w:vertAlign w:val="superscript"/></w:rPr>'
RAISED_CELL = '<row><c t="inlineStr"><is><r><t>Rent 900</t></r><r><rPr><vertAlign val="superscript"/></rPr><t>1</t></r><r><t> EUR</t></r></is></c></row>'


@pytest.mark.parametrize(
    ("data", "name", "text"),
    [
        (b"<p>Rent 900<sup>1</sup> EUR, 21<sup>st</sup>, <sup><a href='#n'>2</a></sup>m<sup>2</sup></p>", "a.html", "Rent 900¹ EUR, 21st, ²m²"),
        (files.docx(f"<w:p>{run('Rent 900')}{run('1', RAISED)}{run(' EUR, 21')}{run('st', RAISED)}</w:p>"), "", "Rent 900¹ EUR, 21st"),
        (files.pptx(['<p:sp><a:p><a:r><a:t>Rent 900</a:t></a:r><a:r><a:rPr baseline="30000"/><a:t>1</a:t></a:r></a:p></p:sp>']), "", "Rent 900¹"),
        (files.xlsx({"S": RAISED_CELL}), "", "Rent 900¹ EUR"),
        (files.raw_pdf(["BT /F1 10 Tf 72 700 Td (Rent 900) Tj /F1 6 Tf 4 Ts (12) Tj 0 Ts /F1 10 Tf ( EUR 7) Tj /F1 6 Tf -2 Ts (3) Tj ET"]), "", "Rent 900¹² EUR 73"),
    ],
    ids=["html", "docx", "pptx", "xlsx", "pdf"],
)  # fmt: skip
def test_the_mark_of_a_note_is_no_digit_of_the_number_before_it(data: bytes, name: str, text: str) -> None:
    assert " ".join(text_of(data, name).split()) == text


def test_a_number_of_a_sheet_has_the_digits_of_the_file() -> None:
    cells = "".join(f"<c><v>{value}</v></c>" for value in ("123456789012345678", "-12345678901234567890", "1E+20", "0"))
    assert text_of(files.xlsx({"S": f"<row>{cells}</row>"})) == (
        "123456789012345678\t-12345678901234567890\t100000000000000000000\t0"
    )


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<tr><td><p>Item</p></td><td><p>Price</p></td></tr><tr><td><div>Nut</div><td><div>9</div></tr>", "Item\tPrice\nNut\t9"),
        ("<tr><th></th><th>2025<th>2026</tr><tr><td>Rent</td><td>1</td><td>2</td></tr>", "\t2025\t2026\nRent\t1\t2"),
        ("<tr><td>a<td><tr><td>b<td>c", "a\t\nb\tc"),
        ("<tr><td></td></tr><tr><td>a<p>b</p><td>c", "a\n\nb\tc"),
        ("<tr><td>a<td><table><tr><td>k<td>v</table></td><td>z</tr><tr><td>b", "a\tk\tv\tz\nb"),
    ],
)  # fmt: skip
def test_the_cells_of_a_row_stay_in_it_and_empty_ones_have_a_place(html: str, text: str) -> None:
    assert text_of(f"<p>Costs</p><table>{html}</table><p>End".encode(), "a.html") == f"Costs\n\n{text}\n\nEnd"


@pytest.mark.parametrize(
    "html",
    [
        "<p hidden>no<b>no</b><div>yes</div>",
        "<ul><li style='display: none'>no<ul><li>no</ul></ul><p>yes",
        "<table><tr><td hidden>no<table><tr><td>no</table></td><td>yes</table>",
        "<table><tr hidden><td>no<tr><td>yes</table>",
        "<dl><dt hidden>no<dd>yes</dl>",
        "<div hidden><p>no</div></div><p>yes",
        "<head><title>no</title><body>yes",
        "<div><p hidden>no</div>yes",
        "<p><span hidden>no<b>no</b></p><p>yes",
        "<div hidden><p>no</p></ul>no</div>yes",
        "<head><noscript><p>no</noscript><title>no</title><p>yes",
    ],
)
def test_a_hidden_element_ends_where_a_browser_ends_it(html: str) -> None:
    assert text_of(html.encode(), "a.html").strip() == "yes"


def test_the_value_of_a_form_field_of_a_page_is_read() -> None:
    html = b"<form>Total <input value='900'> <input type=hidden value=x><input type=submit value=Go hidden></form>"
    assert text_of(html, "a.html") == "Total 900"


@pytest.mark.parametrize(
    ("declared", "encoded", "text"),
    [
        ("iso-8859-1", "5 €".encode("cp1252"), "5 €"),
        ("gb2312", "镕".encode("gb18030"), "镕"),
        ("utf-8", "Größe €".encode() + b"\xff", "Größe €\ufffd"),
        ("base64", "Größe".encode("cp1252"), "Größe"),
        ("iso-2022-jp", "見積書 900円".encode("iso-2022-jp"), "見積書 900円"),
        ("utf-16", b"The rent is 900.", "The rent is 900."),
    ],
)
def test_a_declared_encoding_is_read_as_browsers_do(declared: str, encoded: bytes, text: str) -> None:
    page = f"<meta charset={declared}><p>".encode() + encoded + b"</p>"
    mail = f"Subject: x\nContent-Type: text/plain; charset={declared}\n\n".encode() + encoded
    assert text_of(page, "a.html") == text
    assert text_of(mail, "a.eml") == f"Subject: x\n\n{text}"


def test_a_mail_in_utf7_is_read() -> None:
    mail = b"Subject: x\nContent-Type: text/plain; charset=utf-7\n\n" + "Größe 5 €".encode("utf-7")
    assert text_of(mail, "a.eml") == "Subject: x\n\nGröße 5 €"


@pytest.mark.parametrize("disposition", ["", 'Content-Disposition: inline; filename="a.txt"\n'])
def test_the_first_text_of_a_mail_is_read_although_it_has_a_file_name(disposition: str) -> None:
    head = f'Content-Type: text/plain; name="a.txt"\n{disposition}\n'
    parts = "".join(f"--x\n{head}{text}\n" for text in ("The rent is 900.", "no"))
    mail = f"Subject: x\nContent-Type: multipart/mixed; boundary=x\n\n{parts}--x--\n"
    assert text_of(mail.encode(), "a.eml") == "Subject: x\n\nThe rent is 900.\n\nAttachment: a.txt (text/plain)"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Größe: 12 €\n".encode() * 9 + b"\xff", "Größe: 12 €\n" * 9 + "\ufffd"),
        ("Größe: 12 €".encode()[:-1], "Größe: 12 \ufffd"),
        ("Preis: 12 €".encode("cp1252"), "Preis: 12 €"),
        ("Café".encode("cp1252"), "Café"),
    ],
)
def test_utf8_with_a_few_faults_is_read_as_utf8(data: bytes, text: str) -> None:
    assert text_of(data, "a.txt") == text


@pytest.mark.parametrize(
    "text",
    [
        "Received: 14 boxes\nSupplier: Berg\nTotal: 900\n\nThanks",
        "Received: 3 March 2026\nFrom: Berg\nTo: Kiel\nDate: 2 March 2026\n\nThanks",
        "X-Ray: no fracture",
        "Message-ID: is a header of a mail\nand this is a text",
        "BMW AG, invoice 7: 900 EUR",
    ],
)
def test_a_text_that_begins_like_another_kind_is_a_text(text: str) -> None:
    document = Document.open(text.encode(), name="note.txt")
    assert (document.text, document.media_type) == (text, "text/plain")


def mail_of(*parts: str, kind: str = "mixed") -> bytes:
    body = "".join(f"--X\n{part}\n" for part in parts)
    return f"From: a@b.example\nContent-Type: multipart/{kind}; boundary=X\n\n{body}--X--\n".encode()


PDF_PART = 'Content-Type: application/pdf; name="a.pdf"\nContent-Disposition: attachment; filename="a.pdf"\n\nx'


@pytest.mark.parametrize(
    ("mail", "text"),
    [
        (mail_of("Content-Type: text/plain\n\nfirst", PDF_PART, "Content-Type: text/plain\n\nThe total is 900."), "first\n\nThe total is 900.\n\nAttachment: a.pdf (application/pdf)"),
        (mail_of("Content-Type: text/html\n\n<p>first", "Content-Type: text/html\n\n<p>second"), "first\n\nsecond"),
        (mail_of("Content-Type: text/plain\n\n ", "Content-Type: text/html\n\n<p>Total 900", kind="alternative"), "Total 900"),
        (mail_of("Content-Type: text/plain\n\nplain", "Content-Type: text/html\n\n<p>html", kind="alternative"), "plain"),
        (
            mail_of(
                "Content-Type: multipart/mixed; boundary=Y\n\n--Y\nContent-Type: text/plain\n\nsigned\n--Y\n" + PDF_PART + "\n--Y--",
                "Content-Type: application/pkcs7-signature; name=smime.p7s\n\nx",
                kind="signed",
            ),
            "signed\n\nAttachment: a.pdf (application/pdf)\nAttachment: smime.p7s (application/pkcs7-signature)",
        ),
        (b"From: a@b.example\n" + PDF_PART.encode(), "Attachment: a.pdf (application/pdf)"),
    ],
    ids=["text after a file", "two pages", "blank text", "alternatives", "signed", "a file alone"],
)  # fmt: skip
def test_a_mail_has_all_its_texts_and_the_names_of_all_its_files(mail: bytes, text: str) -> None:
    assert text_of(mail, "m.eml") == f"From: a@b.example\n\n{text}"


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-8-sig", "utf-16"])
def test_a_mail_that_declares_no_encoding_is_read_in_its_own(encoding: str) -> None:
    mail = "From: Büro <a@b.example>\nSubject: Größe\n\nGröße 12\n"
    assert text_of(mail.encode(encoding), "m.eml") == mail.rstrip("\n")


def test_each_image_of_a_tiff_file_is_a_page() -> None:
    from PIL import Image

    file, colors = io.BytesIO(), [(250, 0, 0), (0, 250, 0), (0, 0, 250)]
    first, *more_pages = [Image.new("RGB", (40, 20), color) for color in colors]
    first.save(file, "TIFF", save_all=True, append_images=more_pages)
    document = Document.open(file.getvalue(), name="fax.tiff")
    assert [page.number for page in document.pages] == [1, 2, 3]
    assert [part["type"] for part in document.parts] == ["image_url"] * 3
    urls = [part["image_url"]["url"].partition(",") for part in document.parts]
    assert {start for start, _, _ in urls} == {"data:image/jpeg;base64"}
    pixels = [Image.open(io.BytesIO(base64.b64decode(data))).getpixel((5, 5)) for _, _, data in urls]
    assert [max(range(3), key=pixel.__getitem__) for pixel in pixels] == [0, 1, 2]
    assert [image.number for image in document.draw_pages([1, 3])] == [1, 3]
    with pytest.raises(PromptError, match="has more than 2 pages"):
        Document.open(file.getvalue(), max_pages=2)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_small_copy_of_a_page_of_a_tiff_file_is_no_page_and_a_circle_ends(order: str) -> None:
    start = b"II*\0" if order == "<" else b"MM\0*"

    def directory(offset_of_next: int, kind: int) -> bytes:
        return struct.pack(f"{order}HHHII", 1, 254, 4, 1, kind) + struct.pack(f"{order}I", offset_of_next)

    data = start + struct.pack(f"{order}I", 8) + directory(26, 2) + directory(44, 1) + directory(8, 2)
    assert [page.number for page in Document.open(data).pages] == [1, 2]
    assert [page.number for page in Document.open(data[:30]).pages] == [1]
