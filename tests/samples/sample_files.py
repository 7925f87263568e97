"""Small PDF and Office files, written by hand: what is in them is what a test says."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping

A4 = (595, 842)
Line = tuple[float, float, str]


def pdf(
    pages: Iterable[Iterable[Line]],
    *,
    size: tuple[float, float] = A4,
    rotation: int = 0,
    extra: str = "",
    catalog: str = "",
) -> bytes:
    """A PDF with lines of Helvetica, 10 points: x and y from the bottom left corner, text."""
    contents = [[f"BT /F1 10 Tf {x} {y} Td ({_escape(text)}) Tj ET" for x, y, text in lines] for lines in pages]
    return raw_pdf(["\n".join(content) + extra for content in contents], size=size, rotation=rotation, catalog=catalog)


def raw_pdf(
    contents: list[str], *, size: tuple[float, float] = A4, rotation: int = 0, catalog: str = "", annotations: str = ""
) -> bytes:
    """A PDF with these content streams."""
    count = len(contents)
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(count))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for n, content in enumerate(contents):
        place = f"/MediaBox [0 0 {size[0]} {size[1]}] /Rotate {rotation} {annotations}"
        objects += [
            f"<< /Type /Page /Parent 2 0 R {place} /Contents {5 + 2 * n} 0 R /Resources << /Font << /F1 3 0 R >> >> >>",
            f"<< /Length {len(content.encode('cp1252'))} >>\nstream\n{content}\nendstream",
        ]
    return assemble(objects)


def assemble(objects: list[str]) -> bytes:
    """A PDF file of numbered objects, the first of which is the catalog."""
    file, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, each in enumerate(objects, 1):
        offsets.append(len(file))
        file += f"{number} 0 obj\n{each}\nendobj\n".encode("cp1252")
    start = len(file)
    file += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    file += b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets)
    return bytes(file) + f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()


def scan(pages: int = 1) -> bytes:
    """A PDF whose pages have a black rectangle and no text."""
    return raw_pdf(["100 100 200 200 re f"] * pages)


def stamped_scan(text: str, y: float = 10, width: float = 595) -> bytes:
    """A PDF of one page with a picture of this width, and a line of text."""
    picture = f"q {width} 0 0 842 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID x EI Q"
    return raw_pdf([f"{picture} BT /F1 8 Tf 50 {y} Td ({text}) Tj ET"])


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
C = 'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
R = f'xmlns:r="{RELATIONSHIPS}"'


def office(main: str, parts: Mapping[str, str | bytes], links: Mapping[str, Mapping[str, str]] | None = None) -> bytes:
    """An Office file: its main part, the text of each part, and for each part the targets of its relationships by kind:id."""
    texts: dict[str, str | bytes] = {}
    for part, targets in {"": {"officeDocument:rId1": main}, **(links or {})}.items():
        folder, _, name = part.rpartition("/")
        texts[f"{folder}{'/' * bool(folder)}_rels/{name}.rels"] = _links(targets)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**texts, **parts}.items():
            archive.writestr(name, text)
    return file.getvalue()


def _links(targets: Mapping[str, str]) -> str:
    links = ""
    for link, target in targets.items():
        kind, _, link_id = link.partition(":")
        links += f'<Relationship Id="{link_id}" Type="{RELATIONSHIPS}/{kind}" Target="{target}"/>'
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{links}</Relationships>'
    )


def docx(body: str, parts: Mapping[str, str] | None = None, links: Mapping[str, str] | None = None) -> bytes:
    """A DOCX file with this body."""
    main = f"<w:document {W}><w:body>{body}</w:body></w:document>"
    return office("word/document.xml", {"word/document.xml": main, **(parts or {})}, {"word/document.xml": links or {}})


def paragraph(text: str, properties: str = "") -> str:
    """A paragraph of one run."""
    return f'<w:p><w:r>{properties}<w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def xlsx(sheets: Mapping[str, str], shared: str = "", styles: str = "", workbook: str = "") -> bytes:
    """An XLSX file: the rows of each sheet by its name."""
    sheet_list = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="s{n}"/>' for n, name in enumerate(sheets))
    parts = {"xl/workbook.xml": f"<workbook {S} {R}>{workbook}<sheets>{sheet_list}</sheets></workbook>"}
    links = {f"worksheet:s{n}": f"worksheets/sheet{n}.xml" for n in range(len(sheets))}
    for n, rows in enumerate(sheets.values()):
        parts[f"xl/worksheets/sheet{n}.xml"] = f"<worksheet {S}><sheetData>{rows}</sheetData></worksheet>"
    parts["xl/sharedStrings.xml"] = f"<sst {S}>{shared}</sst>"
    parts["xl/styles.xml"] = f"<styleSheet {S}>{styles}</styleSheet>"
    links |= {"sharedStrings:t": "sharedStrings.xml", "styles:u": "styles.xml"}
    return office("xl/workbook.xml", parts, {"xl/workbook.xml": links})


def chart(title: str, code: str, categories: list[str], **series: list[str]) -> str:
    """The part of a chart: the number format of its categories, and the values of each series by its name."""

    def points(texts: list[str]) -> str:
        return "".join(f'<c:pt idx="{n}"><c:v>{text}</c:v></c:pt>' for n, text in enumerate(texts) if text)

    cat = f"<c:cat><c:numCache><c:formatCode>{code}</c:formatCode>{points(categories)}</c:numCache></c:cat>"
    sers = "".join(
        f"<c:ser><c:tx><c:strCache>{points([name])}</c:strCache></c:tx>{cat}"
        f"<c:val><c:numCache><c:formatCode>0.0%</c:formatCode>{points(values)}</c:numCache></c:val></c:ser>"
        for name, values in series.items()
    )
    return f"<c:chartSpace {C} {A}><c:title><a:t>{title}</a:t></c:title><c:barChart>{sers}</c:barChart></c:chartSpace>"


def pptx(slides: list[str], notes: Mapping[int, str] | None = None, charts: Mapping[int, str] | None = None) -> bytes:
    """A PPTX file with these shapes on its slides, and the notes and the chart of some of them."""
    ids = "".join(f'<p:sldId id="{256 + n}" r:id="s{n}"/>' for n in range(len(slides)))
    main = (
        f'<p:presentation {P} {R}><p:sldIdLst>{ids}</p:sldIdLst><p:sldSz cx="9144000" cy="6858000"/></p:presentation>'
    )
    parts, links = {"ppt/presentation.xml": main}, {"ppt/presentation.xml": {}}
    for n, shapes in enumerate(slides):
        parts[f"ppt/slides/slide{n}.xml"] = f"<p:sld {P} {A}>{shapes}</p:sld>"
        links["ppt/presentation.xml"][f"slide:s{n}"] = f"slides/slide{n}.xml"
    for n, text in (notes or {}).items():
        parts[f"ppt/notes/note{n}.xml"] = f"<p:notes {P} {A}>{shape(text)}</p:notes>"
        links[f"ppt/slides/slide{n}.xml"] = {"notesSlide:n": f"../notes/note{n}.xml"}
    for n, part in (charts or {}).items():
        parts[f"ppt/charts/chart{n}.xml"] = part
        links.setdefault(f"ppt/slides/slide{n}.xml", {})["chart:c"] = f"../charts/chart{n}.xml"
    return office("ppt/presentation.xml", parts, links)


def shape(*paragraphs: str) -> str:
    """A shape with paragraphs."""
    lines = "".join(f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in paragraphs)
    return f"<p:sp><p:txBody>{lines}</p:txBody></p:sp>"
