"""Where the characters of a PDF are: lines, columns, boxes, turned pages."""

from __future__ import annotations

import pytest
import sample_files as files

from structkit import Document
from structkit.documents import Place

LEFT = [
    "The landlord lets the flat in the",
    "second floor to the tenant, who",
    "pays nine hundred euros for each",
    "month, in advance.",
]
RIGHT = [
    "The tenant may not keep a horse",
    "in the flat, and a dog only with",
    "the consent of the landlord, who",
    "may refuse it for a reason.",
]


def column(lines: list[str], x: float, top: float = 700) -> list[files.Line]:
    return [(x, top - 14 * n, line) for n, line in enumerate(lines)]


def place_of(document: Document, text: str) -> Place:
    start = document.text.index(text)
    (place,) = document.locate(start, start + len(text))
    return place


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_box_is_in_points_from_the_top_left_of_the_page_as_it_is_displayed(rotation: int) -> None:
    document = Document.open(files.pdf([[(100, 700, "Total 42")]], rotation=rotation))
    place = place_of(document, "Total 42")
    assert place.box is not None
    left, top, right, bottom = place.box
    width, height = 595, 842
    upright = {
        0: (left, top, right, bottom),
        90: (top, height - right, bottom, height - left),
        180: (width - right, height - bottom, width - left, height - top),
        270: (width - bottom, left, width - top, right),
    }[rotation]
    assert upright == pytest.approx((100, 842 - 700 - 9, 137, 842 - 700 + 3), abs=3)
    assert document.pages[0].size == ((width, height) if rotation in {0, 180} else (height, width))


def test_a_part_of_a_line_has_the_box_of_its_characters() -> None:
    document = Document.open(files.pdf([[(100, 700, "Total 42")]]))
    line, part = place_of(document, "Total 42"), place_of(document, "42")
    assert line.box is not None
    assert part.box is not None
    assert line.box[0] + 20 < part.box[0] < part.box[2] == line.box[2]


def test_a_part_of_several_lines_and_pages_has_a_place_for_each_line() -> None:
    document = Document.open(files.pdf([[(50, 700, "one"), (50, 686, "two")], [(50, 700, "three")]]))
    places = document.locate(1, len(document.text) - 1)
    assert [(place.page, document.text[place.start : place.end]) for place in places] == [
        (1, "ne"),
        (1, "two"),
        (2, "thre"),
    ]
    assert all(place.box for place in places)


def test_white_space_has_a_page_and_no_box() -> None:
    document = Document.open(files.pdf([[(50, 700, "one two")]]))
    assert document.locate(3, 4) == (Place(1, None, 3, 4),)
    assert document.locate(4, 4) == ()


@pytest.mark.parametrize(
    "document",
    [
        Document.open(b"one\ntwo", name="a.txt"),
        Document.open(files.docx(files.paragraph("one") + files.paragraph("two"))),
    ],
)
def test_other_documents_have_places_without_boxes(document: Document) -> None:
    assert document.locate(0, 7) == (Place(1, None, 0, 3), Place(1, None, 4, 7))


@pytest.mark.parametrize("order", ["columns", "right column first", "line by line", "footer first"])
def test_columns_are_read_one_after_the_other_in_whatever_order_the_file_has_them(order: str) -> None:
    left, right, title, footer = column(LEFT, 60), column(RIGHT, 320), (60, 760, "LEASE"), (280, 40, "Page 1")
    lines = {
        "columns": [title, *left, *right, footer],
        "right column first": [title, *right, *left, footer],
        "line by line": [title, *(line for pair in zip(left, right, strict=True) for line in pair), footer],
        "footer first": [footer, title, *left, *right],
    }[order]
    assert Document.open(files.pdf([lines])).text.split() == " ".join(["LEASE", *LEFT, *RIGHT, "Page 1"]).split()


def test_columns_whose_lines_are_not_level_are_read_one_after_the_other() -> None:
    lines = [line for pair in zip(column(LEFT, 60), column(RIGHT, 320, top=693), strict=True) for line in pair]
    assert Document.open(files.pdf([lines])).text.split() == " ".join([*LEFT, *RIGHT]).split()


@pytest.mark.parametrize("is_reversed", [False, True])
def test_the_rows_of_a_table_stay_together(is_reversed: bool) -> None:
    cells = [
        (60, 700, "Item"),
        (300, 700, "Price"),
        (60, 680, "Blue bolt"),
        (300, 680, "49.75"),
        (60, 660, "Nut"),
        (300, 660, "1.00"),
    ]
    text = Document.open(files.pdf([cells[::-1] if is_reversed else cells])).text
    assert [line for line in text.split("\n") if line] == ["Item\tPrice", "Blue bolt\t49.75", "Nut\t1.00"]


def test_blocks_side_by_side_stay_together_if_the_file_has_them_so() -> None:
    sender, receiver = ["Ann Lee", "1 Mill Road", "Leeds"], ["Bob Ray", "7 Hill Street", "York"]
    text = Document.open(files.pdf([[*column(sender, 60), *column(receiver, 320)]])).text
    assert text == "Ann Lee\n1 Mill Road\nLeeds\n\nBob Ray\n7 Hill Street\nYork"


def test_a_word_that_is_divided_keeps_its_hyphen() -> None:
    document = Document.open(files.pdf([[(60, 700, "This is an exam-"), (60, 686, "ple of a division")]]))
    assert document.text == "This is an exam-\nple of a division"


def test_the_form_feed_of_a_pdf_is_no_page() -> None:
    assert len(Document.open(files.raw_pdf(["BT /F1 10 Tf 60 700 Td (a\\014b) Tj ET"])).pages) == 1


def test_the_value_of_a_form_field_is_read() -> None:
    field = "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (Ann Lee) /Rect [60 600 200 620] /F 4 /AP << /N 7 0 R >> >>"
    stream = "BT /F1 10 Tf 2 5 Td (Ann Lee) Tj ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R] >> >>",
        "<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Annots [6 0 R] /Resources << /Font << /F1 3 0 R >> >> >>",
        "<< /Length 44 >>\nstream\nBT /F1 10 Tf 60 700 Td (Name of tenant) Tj ET\nendstream",
        field,
        f"<< /Type /XObject /Subtype /Form /BBox [0 0 140 20] /Resources << /Font << /F1 3 0 R >> >> /Length {len(stream)} >>\nstream\n{stream}\nendstream",
    ]
    assert Document.open(files.assemble(objects)).text.split() == ["Name", "of", "tenant", "Ann", "Lee"]


def test_what_a_page_does_not_show_is_no_part_of_it() -> None:
    spread = files.raw_pdf(
        ["BT /F1 10 Tf 60 700 Td (Left page) Tj 300 0 Td (Right page) Tj 300 0 Td (outside) Tj ET"],
        annotations="/CropBox [50 600 300 800]",
    )
    document = Document.open(spread)
    assert document.text == "Left page"
    assert document.pages[0].size == (250, 200)
