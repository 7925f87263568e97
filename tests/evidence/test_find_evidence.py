"""Where the values of an object are in a text: in any notation, at all places, and never where they are not."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

import structkit
from structkit import Found, Judged, ResponseFormat, Span, find_evidence


def places(value: Any, text: str) -> list[str]:
    """Return the texts at all places of a value."""
    evidence = find_evidence(value, text)[()]
    return [text[span.start : span.end] for span in evidence.spans]


# Texts

TEXTS = [
    ("exact", "NW-2291", "Invoice NW-2291 of March", "NW-2291"),
    ("folded", "ACME gmbh", "the Acme\n GmbH, Kiel", "Acme\n GmbH"),
    ("folded", "Zurich", "in ZÜRICH.", "ZÜRICH"),
    ("folded", "O'Brien", "Mr O\u2019Brien said", "O\u2019Brien"),
    ("folded", "10-12", "from 10\u201312 am", "10\u201312"),
    ("folded", "Cafe", "the Cafe\u0301 there", "Cafe\u0301"),
    ("folded", "Straße", "STRASSE 5", "STRASSE"),
    ("folded", "office", "the o\ufb03ce", "o\ufb03ce"),
    ("folded", "ABC", "\uff21\uff22\uff23", "\uff21\uff22\uff23"),
    ("letters", "information", "more infor-\nmation here", "infor-\nmation"),
    ("letters", "information", "more infor\u00ad\nmation here", "infor\u00ad\nmation"),
    ("letters", "030 1234567", "Tel. 030/12 34 567", "030/12 34 567"),
    ("letters", "LH1132", "flight LH 1132 to", "LH 1132"),
    ("words", "John Smith", "To: SMITH, John", "SMITH, John"),
    ("fuzzy", "Jonathan Müller", "then Jonathan Müler came", "Jonathan Müler"),
    ("exact", "北京", "李明在北京工作", "北京"),
    ("exact", "김철수", "김철수는 서울에", "김철수"),
    ("exact", "موسكو", "في موسكو اليوم", "موسكو"),
    ("exact", "👍🏽", "fine 👍🏽 ok", "👍🏽"),
    ("exact", "€", "12 € each", "€"),
    ("folded", "Lodz", "in Łódź", "Łódź"),
    ("folded", "Le Coeur", "Le Cœur", "Le Cœur"),
    ("folded", "ポータブル電源", "商品 ﾎﾟｰﾀﾌﾞﾙ電源", "ﾎﾟｰﾀﾌﾞﾙ電源"),
    ("letters", "+41 44 123 45 67", "Tel. +41441234567", "+41441234567"),
    ("fuzzy", "חיפה", "שירה מחיפה", "מחיפה"),
    ("fuzzy", "القاهرة", "في والقاهرة", "والقاهرة"),
    ("fuzzy", "Konstantinopoulos", "Mr Konstantinopolous", "Konstantinopolous"),
]


@pytest.mark.parametrize(("how", "value", "text", "place"), TEXTS, ids=[repr(text) for *_, text, _ in TEXTS])
def test_a_text_is_found_at_its_place_and_says_how(how: str, value: str, text: str, place: str) -> None:
    evidence = find_evidence({"x": value}, text)["x",]
    assert (evidence.how, evidence.text) == (how, place)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("NW-2292", "Invoice NW-2291 of March"),
        ("LH1132", "flight LH to 1132 places of LH 113"),
        ("Apex Handels GmbH", "Acme Handels GmbH"),
        ("2026-06-13", "on 2026-06-"),
        ("cat", "concatenate the category"),
        ("123", "items 1, 23 and 12, 3"),
        ("Ann", "Anna and Hannah"),
        ("New York", "York is new"),
        ("北海", "北京和上海"),
        ("A1", "A2 and B1"),
        ("A. Petrov", "A. Petrova"),
        ("Belkin", "Elkin"),
        ("Clara", "Cara"),
        ("ブルー", "ﾎﾟｰﾀﾌﾞﾙ電源"),
        ("カギ", "カキ"),
        ("北京", "京北"),
        ("박지후", "박지훈 과장"),
        ("가나", "가난한 사람"),
        ("कि", "की"),
    ],
)
def test_a_text_that_is_only_similar_is_missing(value: str, text: str) -> None:
    if value == "New York":  # in another order it may be a name
        assert find_evidence({"x": value}, text)["x",].how == "words"
        return
    assert find_evidence({"x": value}, text).missing == (("x",),)


@pytest.mark.parametrize("value", ["", " ", "N/A", "n/a", None, "none", "unknown", "-"], ids=repr)
def test_a_value_that_says_nothing_is_neither_evidence_nor_missing(value: Any) -> None:
    evidence = find_evidence({"x": value}, "nothing is here")
    assert (evidence["x",].how, evidence["x",].spans, evidence.missing) == ("empty", (), ())


# Numbers and dates

NUMBERS = [
    (1299.5, "total 1,299.50 EUR", "1,299.50"),
    (1299.5, "total 1.299,50 EUR", "1.299,50"),
    (1299.5, "total 1 299,50 €", "1 299,50"),
    (1299.5, "total 1\u202f299,50 €", "1\u202f299,50"),
    (1299.5, "total CHF 1'299.50", "1'299.50"),
    (100000, "Rs 1,00,000", "1,00,000"),
    (-45, "result (45.00) EUR", "(45.00)"),
    (-45, "result \u221245 EUR", "\u221245"),
    (-1299.5, "SAP 1.299,50-", "1.299,50-"),
    (3400000, "about 3.4 million people", "3.4 million"),
    (3400000, "etwa 3,4 Mio. Euro", "3,4 Mio"),
    (2000000000, "2bn dollars", "2bn"),
    (120000, "共12万人", "12万"),
    (34500, "三万四千五百元", "三万四千五百"),
    (34500, "人民币叁万肆仟伍佰元整", "叁万肆仟伍佰"),
    (34500, "新臺幣參萬肆仟伍佰元整", "參萬肆仟伍佰"),
    (1, "un kilo de tomates", "un"),
    (1, "dans une heure", "une"),
    (1, "un'ora dopo", "un"),
    (1, "an hour later", "an"),
    (1, "ein Kilo Mehl, een uur, um quilo", "ein"),
    (1, "a house and an apple", None),
    (119, "nineteen and one hundred nineteen", "one hundred nineteen"),
    (121, "hundert einundzwanzig", "hundert einundzwanzig"),
    (11, "five and six", None),
    (78, "soixante-dix-huit ans", "soixante-dix-huit"),
    (31, "treinta y uno", "treinta y uno"),
    (2019, "two thousand and nineteen", "two thousand and nineteen"),
    (0.19, "plus 19 % VAT", "19 %"),
    (119, "plus 119 % VAT", "119 %"),
    (1500, "1.5e3 volts", "1.5e3"),
    (250, "\u0662\u0665\u0660 people", "\u0662\u0665\u0660"),
    (0.5, "1/2 of it", "1/2"),
    (1.5, "1 1/2 cups", "1 1/2"),
    (9.5, "9½ hours", "9½"),
    (0.75, "¾ tsp", "¾"),
    (-17, "minus 17 degrees", "minus 17"),
    (0.2, "twenty percent", "twenty percent"),
    (0.2, "20 Prozent", "20 Prozent"),
    (0.08, "八パーセント", "八パーセント"),
    (0.12, "百分之十二", "百分之十二"),
    (
        1299.5,
        "\u0661\u066c\u0662\u0669\u0669\u066b\u0665\u0660 ريال",
        "\u0661\u066c\u0662\u0669\u0669\u066b\u0665\u0660",
    ),
    (15200000, "15.2 مليون سائح", "15.2 مليون"),
    (12500, "12,5 тыс. станков", "12,5 тыс"),
    (21, "двадцать один инженер", "двадцать один"),
    (1300, "mil trescientos buses", "mil trescientos"),
    (850_000_000, "ochocientos cincuenta millones", "ochocientos cincuenta millones"),
    (2_000_000_000, "dos mil millones", "dos mil millones"),
    (2345, "zweitausenddreihundertfünfundvierzig Menschen", "zweitausenddreihundertfünfundvierzig"),
    (38, "achtunddreißig", "achtunddreißig"),
    (40_028, "quarantamila ventotto", "quarantamila ventotto"),
    (55, "vijfenvijftig euro", "vijfenvijftig"),
    (125, "cento e vinte e cinco", "cento e vinte e cinco"),
    (24, "two dozen offices", "two dozen"),
    (1_500_000, "anderthalb Millionen", "anderthalb Millionen"),
    (2_500_000, "two and a half million", "two and a half million"),
    (500_000, "half a million", "half a million"),
    (120_000_000, "1億2000万円", "1億2000万"),
    (450_000, "45만원", "45만"),
    (20, "twenty a day", "twenty"),
    (250_000, "2.5 लाख रुपये", "2.5 लाख"),
    (120_000_000, "12 करोड़ रुपये", "12 करोड़"),
    (4_200_000, "4,2 milyon lira", "4,2 milyon"),
    (1_500_000, "1,5 εκατ. ευρώ", "1,5 εκατ"),
    (3_500_000_000, "3,5 tỷ đồng", "3,5 tỷ"),
    (3_200_000, "3,2 mil. Kč", "3,2 mil"),
    (3_000, "3 mil euros", "3 mil"),
    (1_250_000_000, "12億5千万円", "12億5千万"),
    (550_000_000, "5억 5천만 원", "5억 5천만"),
    (32_500, "3만 2,500원", "3만 2,500"),
    (-82_000_000, "▲8,200万円", "▲8,200万"),
    (0.2, "KDV %20, peşin", "%20"),
    (0.125, "yüzde 12,5 indirim", "yüzde 12,5"),
    (0.0025, "25 bps", "25 bps"),
    (0.0005, "每日万分之五", "万分之五"),
    (0.75, "四分之三", "四分之三"),
    (0.6667, "3分の2以上", "3分の2"),
    (0.67, "a two-thirds majority", "two-thirds"),
    (0.25, "un quart des parts", "un quart"),
    (0.333, "1/3 of it", "1/3"),
    (0.075, "7½ % off", "7½ %"),
    (3, "the third quarter", "third"),
    (22, "the twenty-second of May", "twenty-second"),
    (33, "his thirty-third goal", "thirty-third"),
    (21, "am einundzwanzigsten Tag", "einundzwanzigsten"),
    (21, "le vingt et unième jour", "vingt et unième"),
    (500, "67.75 million and five hundred", "five hundred"),
    (15, "в течение пятнадцати дней", "пятнадцати"),
    (1200, "tysiąc dwieście złotych", "tysiąc dwieście"),
    (40, "kırk gün", "kırk"),
    (1_234_567.5, "1 234 567:50 kr", "1 234 567:50"),
    (14, "Article XIV", "XIV"),
    (1998, "MCMXCVIII", "MCMXCVIII"),
    (2026, "on 14.03.2026", "2026"),
    (2291, "Invoice NW-2291", "2291"),
    (1234, "1.234 or 1,234", "1.234"),
    (1.234, "1.234", "1.234"),
]


@pytest.mark.parametrize(("value", "text", "place"), NUMBERS, ids=[f"{value} in {text}" for value, text, _ in NUMBERS])
def test_a_number_is_found_in_any_notation(value: float, text: str, place: str | None) -> None:
    assert places(value, text)[:1] == ([] if place is None else [place])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1299.5, "1,299.05"),
        (299, "total 1.299,50"),
        (99, "1,299.50"),
        (5, "-5 degrees"),
        (1000000, "Mio."),
        (12, "v1.2.3"),
        (21, "twenty a day"),
        (2, "½ pepino"),
        (45.5, "9½"),
        (82_000_000, "▲8,200万円"),
        (200, "CC: the board"),
        (4, "iv and v"),
        (0.75, "in the third quarter"),
        (0.67, "2/300"),
        (32, "a thirty second timer"),
        (1_000_500, "67.75 million and five hundred"),
    ],
)
def test_a_number_that_is_part_of_another_is_missing(value: float, text: str) -> None:
    assert places(value, text) == []


DATES = [
    "2026-03-14", "2026/03/14", "20260314", "14.03.2026", "14.3.26", "14/03/2026", "03/14/2026", "14. 3. 2026",
    "14 March 2026", "14th of March, 2026", "March 14, 2026", "Mar 14th 2026", "14-Mar-2026", "14. März 2026",
    "14 mars 2026", "14 de marzo de 2026", "14 marzo 2026", "14 maart 2026", "14 de março de 2026", "14 марта 2026",
    "14th day of March 2026", "14 березня 2026", "14 března 2026", "14 Mart 2026", "14 مارس 2026", "14 במרץ 2026",
    "14 Μαρτίου 2026", "14 मार्च 2026", "14. maaliskuuta 2026", "14 martie 2026", "令和8年3月14日", "民國115年3月14日",
    "14MAR2026", "14MAR26", "2026MAR14", "Mar14,2026", "14.März2026", "14mars2026",
    "2026년 3월 14일", "2026 March 14", "2026年3月14日", "二零二六年三月十四日", "2026-03-14T09:30:00Z",
]  # fmt: skip


@pytest.mark.parametrize("text", DATES)
def test_a_date_is_found_in_any_notation(text: str) -> None:
    class Letter(BaseModel):
        sent: date

    source = f"Kiel, {text}. Dear"
    evidence = find_evidence(Letter(sent=date(2026, 3, 14)), source)["sent",]
    assert (evidence.how, evidence.text) == ("date", text.removesuffix("T09:30:00Z"))
    assert find_evidence(Letter(sent=date(2026, 3, 15)), source).missing == (("sent",),)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("05.04.2026", ["2026-04-05"]),
        ("05.14.2026", ["2026-05-14"]),
        ("05/04/2026", ["2026-04-05", "2026-05-04"]),
        ("05/04/2026 and 16/07/2026", ["2026-04-05", "2026-07-16"]),
        ("05/04/2026 and 07/16/2026", ["2026-05-04", "2026-07-16"]),
        ("05/04/2026 and 07/16/2026 and 16/07/2026", ["2026-04-05", "2026-05-04", "2026-07-16"]),
        ("05/04/2026 and 16-07-2026", ["2026-04-05", "2026-05-04", "2026-07-16"]),
    ],
)
def test_the_order_of_day_and_month_is_that_of_clear_dates_of_the_text(text: str, days: list[str]) -> None:
    candidates = ["2026-04-05", "2026-05-04", "2026-05-14", "2026-07-16"]
    assert [day for day in candidates if places(day, text)] == days


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ({"total": 250}, "Contract C-250: total 250 EUR", ["total 250"]),
        ({"year": 2026}, "on 14.03.2026, in 2026", ["in 2026"]),
        ({"year": 2026}, "on 14.03.2026", [".03.2026"]),
        ({"age": 16, "city": "Kiel"}, "Kiel, 61 years, at 16:30", []),
        ({"children": 14, "city": "Kiel"}, "Kiel, 14 March 2026", []),
        ({"day": 14, "month": 3, "city": "Kiel"}, "Kiel, 14.3.2026", ["el, 14"]),
        ({"retry": 4, "id": "7e1"}, "id 7e1-4c0e, retry 4 of 5", ["retry 4"]),
        ({"days": 12, "city": "Kiel"}, "Kiel, Tel. 255-12-12", []),
        ({"batch": "2026-06"}, "AB-2026-06, batch 2026-06", ["batch 2026-06"]),
    ],
)
def test_a_number_inside_a_date_a_time_or_a_name_does_not_stand_for_itself(
    value: dict[str, Any], text: str, expected: list[str]
) -> None:
    evidence = find_evidence(value, text)[(next(iter(value)),)]
    assert all(text[: span.end].endswith(each) for span, each in zip(evidence.spans, expected, strict=True))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("see you on 14 March", "14 March"),
        ("March 14th, at nine", "March 14th"),
        ("3月14日に", "3月14日"),
        ("minutes of 2026: on 14 March", "14 March"),
        ("minutes of 2025: on 14 March", None),
        ("14 March 2025", None),
        ("2025年3月14日", None),
        ("14-15 March", "14"),
        ("March 2026", None),
    ],
)
def test_a_date_without_its_year_is_found_unless_the_text_has_other_years(text: str, place: str | None) -> None:
    class Letter(BaseModel):
        sent: date

    evidence = find_evidence(Letter(sent=date(2026, 3, 14)), text)["sent",]
    assert [text[span.start : span.end] for span in evidence.spans] == ([] if place is None else [place])


def test_a_date_is_also_found_where_its_year_is_left_out_unless_another_year_has_the_same_day() -> None:
    def places(text: str) -> list[str]:
        schema = {"type": "string", "format": "date"}
        return sorted(text[span.start : span.end] for span in find_evidence("2026-03-14", text, schema)[()].spans)

    assert places("on 14 March, that is 14 March 2026") == ["14 March", "14 March 2026"]
    assert places("2026年3月14日, 3月14日") == ["2026年3月14日", "3月14日"]
    assert places("14.03.2026, dann am 14.3. um 10 Uhr") == ["14.03.2026", "14.3."]
    assert places("14 March 2025, 14 March 2026, and 14 March") == ["14 March 2026"]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("leaves 13JUN2026 09:05, arrives 13JUN2026 11:40", ["13JUN2026 09:05"]),
        ("DTSTART:20260613T090500Z", ["20260613T090500"]),
        ("13.06.2026 11:40; 09:05 on 13.06.2026", ["09:05 on 13.06.2026"]),
        ("13 June 2026, 9.05 Uhr", ["13 June 2026, 9.05"]),
        ("13 June 2026, 19:05", []),
    ],
)
def test_a_date_and_time_is_the_time_of_day_with_the_nearest_date(text: str, places: list[str]) -> None:
    class Leg(BaseModel):
        departure: datetime

    evidence = find_evidence(Leg(departure=datetime(2026, 6, 13, 9, 5, tzinfo=UTC)), text)["departure",]
    assert [text[span.start : span.end] for span in evidence.spans] == places


def test_a_time_and_a_date_with_a_time_are_found() -> None:
    class Trip(BaseModel):
        start: datetime
        end: time
        length: timedelta

    trip = Trip(start=datetime(2026, 5, 3, 14, 30, tzinfo=UTC), end=time(18), length=timedelta(hours=3, minutes=30))
    evidence = find_evidence(trip, "from 3 May 2026 at 2:30 pm until 6 p.m.")
    assert [(each.how, each.text) for each in evidence.values()] == [
        ("date", "3 May 2026 at 2:30 pm"),
        ("time", "6 p.m"),
        ("judged", ""),
    ]
    assert find_evidence(trip, "from 3 May 2026 at 3:30 pm until 7 p.m.").missing == (("start",), ("end",))


# Kinds of values


class Mood(Enum):
    GOOD = "good"


class Line(BaseModel):
    name: str
    quantity: int
    price: Decimal


class Order(BaseModel):
    customer: str = Field(alias="Customer")
    lines: list[Line]
    mood: Mood
    kind: Literal["new", "old"]
    paid: bool
    summary: Annotated[str, Judged]
    currency: Annotated[Literal["EUR", "USD"], Found]
    tags: dict[str, int | None] = {}


TEXT = "Smith ordered 2 x Widget at 49.75 EUR and 3 x Gadget at 12,00 EUR, on account. Tag red 200."
ORDER = Order(
    Customer="Smith",
    lines=[Line(name="Widget", quantity=2, price=Decimal("49.75")), Line(name="Gadget", quantity=3, price=Decimal(12))],
    mood=Mood.GOOD,
    kind="new",
    paid=True,
    summary="an order",
    currency="EUR",
    tags={"red": 200, "blue": None},
)


def test_each_scalar_has_its_evidence_by_its_natural_path() -> None:
    evidence = find_evidence(ORDER, TEXT)
    assert {path: each.how for path, each in evidence.items()} == {
        ("Customer",): "exact",
        ("lines", 0, "name"): "exact",
        ("lines", 0, "quantity"): "number",
        ("lines", 0, "price"): "number",
        ("lines", 1, "name"): "exact",
        ("lines", 1, "quantity"): "number",
        ("lines", 1, "price"): "number",
        ("mood",): "judged",
        ("kind",): "judged",
        ("paid",): "judged",
        ("summary",): "judged",
        ("currency",): "exact",
        ("tags", "red"): "number",
        ("tags", "blue"): "empty",
    }
    assert evidence["lines", 1, "price"].text == "12,00"
    assert evidence.missing == ()
    assert evidence.ambiguous == (("currency",),)


class Grade(str, Enum):
    LOW = "low"


class Marks(BaseModel):
    mood: Annotated[Mood, Found]
    line: Annotated[Line, Judged]
    note: Annotated[str | None, Judged] = None
    grade: Annotated[Grade, Found] | None = None


def test_a_marker_counts_for_a_class_and_a_nullable_type_too() -> None:
    line = Line(name="Widget", quantity=2, price=Decimal(1))
    marks = Marks(mood=Mood.GOOD, line=line, note="fine", grade=Grade.LOW)
    evidence = find_evidence(marks, "good; a low price")
    assert {path: each.how for path, each in evidence.items()} == {
        ("mood",): "exact",
        ("line", "name"): "judged",
        ("line", "quantity"): "judged",
        ("line", "price"): "judged",
        ("note",): "judged",
        ("grade",): "exact",
    }
    assert "structkit" not in str(ResponseFormat(Marks).payload)


def test_an_enum_is_judged_whatever_its_values_are() -> None:
    assert find_evidence(Grade.LOW, "low")[()].how == find_evidence(Mood.GOOD, "good")[()].how == "judged"


def test_the_markers_are_not_part_of_what_is_sent() -> None:
    assert "structkit" not in str(ResponseFormat(Order).payload)


def test_a_json_schema_says_what_is_chosen_and_what_is_a_date() -> None:
    schema = {
        "type": "object",
        "properties": {"mood": {"enum": ["good", "bad"]}, "due": {"$ref": "#/$defs/day"}},
        "$defs": {"day": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}},
    }
    evidence = find_evidence({"mood": "good", "due": "2026-03-14"}, "by 14 March 2026", schema)
    assert [(each.how, each.text) for each in evidence.values()] == [("judged", ""), ("date", "14 March 2026")]


# Several places


def test_all_places_are_listed_the_likeliest_first() -> None:
    text = "Sizes: 10, 12, 14. Order of 12 shirts size 14"
    evidence = find_evidence({"quantity": 12, "size": 14}, text)
    assert evidence.ambiguous == (("quantity",), ("size",))
    assert [span.start for span in evidence["size",].spans] == [43, 15], "near the word size"
    assert len(evidence["quantity",].spans) == 2


def test_equal_values_of_several_items_stand_at_successive_places() -> None:
    text = "tea 250 g, milk 250 g, salt 250 g"
    items = [{"name": name, "grams": 250} for name in ("tea", "milk", "salt")]
    evidence = find_evidence(items, text)
    assert [evidence[index, "grams"].spans[0].start for index in range(3)] == [4, 16, 28]


def test_of_very_many_places_those_near_the_object_are_listed() -> None:
    text = "\n".join(f"{'.' * 40} item-{number}x costs 20 EUR, count 2" for number in range(500))
    rows = [{"name": f"item-{number}x", "price": 20, "count": 2} for number in (3, 250, 499)]
    evidence = find_evidence(rows, text)
    for index, row in enumerate(rows):
        line = text.index(row["name"])
        for field in ("price", "count"):
            assert line < evidence[index, field].spans[0].start < line + 40
            assert len(evidence[index, field].spans) == 100
    assert evidence.missing == ()


def test_a_value_directly_after_its_label_is_the_likeliest() -> None:
    text = "Present: Ada Moreau, Bo Lind, 2 March 2026, Ghent. Chair: Ada Moreau"
    evidence = find_evidence({"people": ["Ada Moreau"], "town": "Ghent", "chair": "Ada Moreau"}, text)
    assert [span.start for span in evidence["chair",].spans] == [58, 9]


def test_a_small_number_counts_only_near_its_label_or_near_a_value_beside_it() -> None:
    far = "Smith. " + "Lorem ipsum dolor sit amet. " * 20 + "page 7"
    assert find_evidence({"name": "Smith", "children": 7}, far).missing == (("children",),)
    assert find_evidence({"name": "Smith", "children": 7}, "Smith has 7 of them").missing == ()
    assert find_evidence({"name": "Smith", "page": 7}, far).missing == ()


@pytest.mark.parametrize("text", ["4 out of 5 points", "4 von 5 Sternen", "valoraci\u00f3n 4/5", "4 sur 5", "4 / 5"])
def test_a_small_number_counts_before_the_maximum_of_its_type(text: str) -> None:
    class Review(BaseModel):
        stars: Annotated[int, Field(ge=1, le=5)] | None
        author: str

    def is_in(stars: int, source: str) -> bool:
        return not find_evidence(Review(stars=stars, author="Nobody"), source)["stars",].is_missing

    assert is_in(4, text)
    assert not is_in(5, text)
    assert not is_in(4, "4, 5 of them")
    assert is_in(5, "5 von 5")


# Offsets

WORDS = st.lists(
    st.text(st.characters(categories=["L", "Nd", "M", "P", "Zs", "S", "Cf"]), min_size=1, max_size=8), max_size=12
).map(" ".join)
VALUES = st.from_regex(r"[A-Z][a-z]{4,9}-[0-9]{5}", fullmatch=True)


@given(WORDS, VALUES, WORDS)
def test_a_text_put_anywhere_is_found_exactly_there(before: str, value: str, after: str) -> None:
    text = f"{before} {value} {after}"
    evidence = find_evidence(value, text)[()]
    assert Span(len(before) + 1, len(before) + 1 + len(value)) in evidence.spans
    assert {text[span.start : span.end] for span in evidence.spans} == {value}


@given(WORDS, VALUES, WORDS)
def test_a_text_that_is_not_there_is_never_found(before: str, value: str, after: str) -> None:
    text = f"{before} {value[:-1]}x {after}"
    assume(value not in text)
    assert find_evidence(value, text).missing == ((),)


FORMS = [
    lambda number: f"{number:,.2f}",
    lambda number: f"{number:,.2f}".translate(str.maketrans(",.", ".,")),
    lambda number: f"{number:,.2f}".replace(",", "'"),
    lambda number: f"{number:,.2f}".translate(str.maketrans(",.", " ,")),
    lambda number: f"{number:.2f}",
]
AMOUNTS = st.decimals("1000.01", "9999999.99", places=2)


@given(WORDS, AMOUNTS, st.sampled_from(FORMS), WORDS)
def test_an_amount_in_any_form_is_found_exactly_there(before: str, amount: Decimal, form: Any, after: str) -> None:
    notation = form(amount)
    text = f"{before} : {notation} ; {after}"
    spans = find_evidence(float(amount), text)[()].spans
    start = len(before) + 3
    assert Span(start, start + len(notation)) in spans


SURFACES = [
    lambda value: value,
    str.upper,
    lambda value: f"{value[:3]}\u00ad{value[3:]}",
    lambda value: f"{value[:3]}-\n{value[3:]}",
    lambda value: value.replace("-", "\u2011"),
    lambda value: "".join(chr(ord(char) + 0xFEE0) if char != "-" else char for char in value),
    lambda value: value.replace("e", "e\u0301"),
]


@given(WORDS, VALUES, st.sampled_from(SURFACES), WORDS)
def test_a_text_in_any_surface_form_is_found_exactly_there(before: str, value: str, form: Any, after: str) -> None:
    surface = form(value)
    text = f"{before} ; {surface} ; {after}"
    evidence = find_evidence(value, text)[()]
    assert Span(len(before) + 3, len(before) + 3 + len(surface)) in evidence.spans


OTHER_NOTATIONS = [
    lambda number: (number / 100, f"{number}%"),
    lambda number: (number / 100, f"{number} Prozent"),
    lambda number: (number * 1_000_000, f"{number} million"),
    lambda number: (number * 1_000_000, f"{number} Mio"),
    lambda number: (number * 10_000, f"{number}万"),
    lambda number: (-number, f"\u2212{number}"),
    lambda number: (-number, f"({number})"),
    lambda number: (number, "".join(chr(0x660 + int(digit)) for digit in str(number))),
    lambda number: (number, "".join(chr(0xFF10 + int(digit)) for digit in str(number))),
    lambda number: (number * 1_000, f"{number}e3"),
    lambda number: (number * 100_000, f"{number} lakh"),
    lambda number: (number * 10_000_000, f"{number} करोड़"),
    lambda number: (number * 1_000, f"{number} тыс"),
    lambda number: (number * 1_000_000_000, f"{number} mld"),
    lambda number: (number * 10_000 + 5_000, f"{number}万5千"),
    lambda number: (number * 10_000 + 2_500, f"{number}만 2,500"),
    lambda number: (number / 100, f"%{number}"),
    lambda number: (number / 100, f"yüzde {number}"),
    lambda number: (number / 10_000, f"{number} bps"),
    lambda number: (-number, f"▲{number}"),
    lambda number: (-number, f"{number}-"),
    lambda number: (number, "".join(chr(0x966 + int(digit)) for digit in str(number))),
]


@given(WORDS, st.integers(101, 999), st.sampled_from(OTHER_NOTATIONS), WORDS)
def test_a_number_in_any_other_notation_is_found_exactly_there(before: str, number: int, form: Any, after: str) -> None:
    value, notation = form(number)
    text = f"{before} : {notation} ; {after}"
    start = len(before) + 3
    assert Span(start, start + len(notation)) in find_evidence(value, text)[()].spans


@given(WORDS, st.permutations(["Quentin", "Zarubina", "Oxley"]), WORDS)
def test_a_name_in_any_order_is_found_exactly_there(before: str, words: list[str], after: str) -> None:
    surface = ", ".join(words)
    text = f"{before} ; {surface} ; {after}"
    evidence = find_evidence("Quentin Zarubina Oxley", text)[()]
    assert Span(len(before) + 3, len(before) + 3 + len(surface)) in evidence.spans


@given(WORDS, st.integers(101, 999), st.sampled_from(OTHER_NOTATIONS), WORDS)
def test_a_number_in_another_notation_that_is_not_there_is_never_found(
    before: str, number: int, form: Any, after: str
) -> None:
    value, _ = form(number)
    text = f"{before} : {form(number + 1)[1]} ; {after}"
    assume(not any(char.isnumeric() for char in before + after))
    assert find_evidence(value, text).missing == ((),)


CLOCKS = [
    lambda clock: f"{clock.hour} h {clock.minute:02}",
    lambda clock: f"{clock.hour}.{clock.minute:02}",
    lambda clock: f"{clock.hour}時{clock.minute}分",
    lambda clock: f"{'午後' if clock.hour >= 12 else '午前'}{clock.hour % 12}時{clock.minute}分",
    lambda clock: f"{'오후' if clock.hour >= 12 else '오전'} {clock.hour % 12}시 {clock.minute}분",
    lambda clock: f"{clock.hour % 12}:{clock.minute:02} {'مساء' if clock.hour >= 12 else 'صباحا'}",
    lambda clock: f"{clock.hour % 12 or 12}:{clock.minute:02} {'pm' if clock.hour >= 12 else 'am'}",
]


@given(WORDS, st.times().map(lambda each: each.replace(second=0, microsecond=0)), st.sampled_from(CLOCKS), WORDS)
def test_a_time_in_any_form_is_found_exactly_there(before: str, clock: time, form: Any, after: str) -> None:
    text = f"{before} ; {form(clock)} ; {after}"
    start = len(before) + 3
    assert Span(start, start + len(form(clock))) in find_evidence(clock, text, time)[()].spans


@given(WORDS, st.times().map(lambda each: each.replace(second=0, microsecond=0)), st.sampled_from(CLOCKS), WORDS)
def test_a_time_that_is_not_there_is_never_found(before: str, clock: time, form: Any, after: str) -> None:
    text = f"{before} ; {form(clock.replace(minute=(clock.minute + 1) % 60))} ; {after}"
    assume(not any(char.isnumeric() for char in before + after))
    assert find_evidence(clock, text, time).missing == ((),)


@given(WORDS, st.times().map(lambda each: each.replace(microsecond=0, fold=0)), WORDS)
def test_a_time_is_found_exactly_there(before: str, clock: time, after: str) -> None:
    text = f"{before} ; {clock} ; {after}"
    start = len(before) + 3
    assert Span(start, start + len(str(clock))) in find_evidence(clock, text, time)[()].spans


@given(WORDS, st.dates(date(1970, 1, 1), date(2069, 12, 30)), st.sampled_from(["%Y-%m-%d", "%d %B %Y"]), WORDS)
def test_a_date_that_is_not_there_is_never_found(before: str, day: date, form: str, after: str) -> None:
    text = f"{before} : {(day + timedelta(days=1)).strftime(form)} ; {after}"
    assume(not any(char.isnumeric() for char in before + after))
    assert find_evidence(day, text, date).missing == ((),)


@given(WORDS, AMOUNTS, st.sampled_from(FORMS), WORDS)
def test_an_amount_that_is_not_there_is_never_found(before: str, amount: Decimal, form: Any, after: str) -> None:
    text = f"{before} : {form(amount + Decimal('0.01'))} ; {after}"
    assume(not any(char.isnumeric() for char in before + after))
    assert find_evidence(float(amount), text).missing == ((),)


NUMBER_FORMS = ["{:,}", "{}", "{} %", "about {:,}", "EUR {:,}", "{:,}€"]


@given(WORDS, st.integers(1_000, 10**9), st.sampled_from(NUMBER_FORMS), WORDS)
def test_a_number_whose_digits_are_not_there_is_never_found(before: str, value: int, form: str, after: str) -> None:
    text = f"{before} : {form.format(value + 1)} ; {after}"
    assume(not any(char.isnumeric() for char in before + after))
    assert find_evidence(value, text).missing == ((),)


@given(
    WORDS,
    st.dates(date(1970, 1, 1), date(2069, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%d %B %Y", "%B %d, %Y"]),
)
def test_a_date_in_any_form_is_found_exactly_there(before: str, day: date, form: str) -> None:
    text = f"{before} : {day.strftime(form)} ;"
    spans = find_evidence(day, text, date)[()].spans
    assert Span(len(before) + 3, len(text) - 2) in spans


@given(st.text(max_size=60), st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8))  # fmt: skip
def test_any_value_and_any_text_have_evidence_inside_the_text(text: str, value: Any) -> None:
    for evidence in find_evidence(value, text).values():
        assert all(0 <= span.start < span.end <= len(text) for span in evidence.spans)
        assert evidence.text == (text[slice(*evidence.spans[0][:2])] if evidence.spans else "")
        assert evidence.is_missing == (not evidence.spans and evidence.how not in {"judged", "empty"})


# Bad input


def test_a_source_that_is_no_text_is_rejected() -> None:
    with pytest.raises(structkit.ConfigError, match="the source must be a text or a Document, not bytes"):
        find_evidence({"a": 1}, b"1")  # type: ignore[arg-type]


def test_a_value_without_a_json_form_is_rejected() -> None:
    with pytest.raises(structkit.ConfigError, match="the value has no JSON form"):
        find_evidence({"a": object()}, "text")


def test_a_decimal_with_bounds_is_looked_for_as_a_number() -> None:
    class Lease(BaseModel):
        rent: Annotated[Decimal, Field(gt=0, max_digits=9, decimal_places=2)]

    evidence = find_evidence(Lease(rent=Decimal("1250.00")), "The rent is 1,250 EUR.")
    assert (evidence["rent",].how, evidence["rent",].text) == ("number", "1,250")


@pytest.mark.parametrize(
    ("value", "text", "place"),
    [
        ("Anna Berg", "Tenant: Anna Berg\u00b9, Kiel", "Anna Berg"),
        ("KK900", "part KK900\u00b9 of", "KK900"),
        (date(2026, 3, 14), "due 14.03.2026\u00b9 or", "14.03.2026"),
        ("120 m2", "an area of 120 m\u00b2", "120 m\u00b2"),
        ("120 m", "an area of 120 m\u00b2", ""),
        ("Berg1", "Tenant: Berg\u00b9", "Berg\u00b9"),
    ],
)
def test_a_value_is_found_beside_the_mark_of_a_note(value: Any, text: str, place: str) -> None:
    assert structkit.find_evidence({"value": value}, text)["value",].text == place


@pytest.mark.parametrize(
    ("text", "place"), [("at 17:30\u00b2 h", "17:30"), ("o godz. 17\u00b3\u2070", "17\u00b3\u2070")]
)
def test_raised_minutes_are_a_part_of_a_time_and_the_mark_of_a_note_is_not(text: str, place: str) -> None:
    assert find_evidence("17:30:00", text, {"type": "string", "format": "time"})[()].text == place
