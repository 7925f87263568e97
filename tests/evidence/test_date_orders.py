"""Dates with other orders of their parts, in words, and without their year are found; those of another day are not."""

from __future__ import annotations

import re

import pytest

from structkit import find_evidence

DATE = {"type": "string", "format": "date"}

DATES = [
    ("1951-10-12", "born [[12 X 1951]] in Kraków"),
    ("1951-10-12", "ur. [[12 X 1951]] r. w Łodzi"),
    ("1951-10-12", "nacido el [[12-X-51]]"),
    ("1998-05-03", "[[98/5/3]]"),
    ("2026-05-03", "[[26/05/03]] 出荷"),
    ("2026-05-03", "[[26.05.03]] 발행"),
    ("2026-05-03", "’[[26年5月3日]]"),
    ("2026-05-03", "[[26年5月3日]]"),
    ("2026-03-14", "[[March fourteenth, twenty twenty-six]]"),
    ("2026-03-14", "[[March the 14th, 2026]]"),
    ("2026-03-14", "Datum: [[14 3 2026]]"),
    ("2026-03-14", "[[14. 3. 26]]"),
    ("2026-03-14", "den [[14ten März 2026]]"),
    ("2026-02-05", "am [[5. Feber 2026]]"),
    ("2026-07-05", "am [[5. Julei 2026]]"),
    ("2026-09-14", "[[14 de setiembre de 2026]]"),
    ("2026-03-01", "il [[1° marzo 2026]]"),
    ("2026-03-14", "dne [[14. 3.]] t. r., č. j. z 2. 1. 2026"),
    ("2026-07-14", "[[14. čvc 2026]]"),
    ("2026-06-14", "[[14. čvn 2026]]"),
    ("2026-03-14", "[[2026. III. 14]]."),
    ("2026-03-14", "[[14 آذار/مارس 2026]]"),
    ("2026-03-14", "[[الرابع عشر من مارس 2026]]"),
    ("2026-03-14", "[[14 למרץ 2026]]"),
    ("2026-03-14", "ה-[[14 במרס 2026]]"),
    ("2026-03-14", "[[23 اسفندماه 1404]]"),
    ("2026-09-14", "[[14 सितम्बर 2026]]"),
    ("2026-12-14", "[[14 दिसम्बर 2026]]"),
    ("2026-08-14", "[[14 अग. 2026]]"),
    ("2026-03-14", "[[令8.3.14]]"),
    ("1912-08-01", "[[大正元年八月一日]]"),
    ("1900-08-01", "[[明治33年8月1日]]"),
    ("2026-03-14", "中華[[民國一百一十五年三月十四日]]"),
    ("2026-03-14", "[[14 เดือนมีนาคม พ.ศ. 2569]]"),
    ("2026-03-14", "[[14 tháng Ba, 2026]]"),
    ("2026-08-14", "[[14 Agt 2026]]"),
    ("2026-08-14", "[[14 Ags 2026]]"),
    ("2026-12-28", "[[28. Dezember]] bis 3. Januar 2027"),
    ("2026-03-14", "[[Mar 14]]–16, 2026"),
    ("2026-03-16", "Mar 14–[[16, 2026]]"),
    ("2026-03-16", "March 14 and [[16, 2026]]"),
    ("2026-03-14", "[[14.03.2026]] (Sa, [[14. März]])"),
    ("2026-03-14", "[[2026-03-14]] ... am [[14.3.]] um 10 Uhr"),
    ("2026-03-14", "[[14 March 2026]]; as agreed on [[14 March]]"),
    ("2026-03-14", "[[2026年3月14日]]…[[3月14日]]"),
    ("2026-03-14", "[[2026년 3월 14일]] … [[3월 14일]]"),
    ("2026-03-14", "[[14 mars 2026]], ... le [[14 mars]]"),
    ("2026-03-14", "[[14/03/2026]] ... [[14/03]] ..."),
    ("2026-03-14", "2 March 2026. Party on the [[fourteenth of March]]."),
    ("2026-03-14", "2 March 2026. Party on [[March fourteenth]]."),
    ("2026-03-14", "Berlin, 2.3.2026. Am [[vierzehnten März]] feiern wir."),
    ("2026-03-14", "Paris, le 2 mars 2026. Le [[quatorze mars]] nous fêtons."),
    ("2026-03-14", "Madrid, 2 de marzo de 2026. El [[catorce de marzo]] celebramos."),
    ("2026-03-14", "Roma, 2 marzo 2026. Il [[quattordici marzo]] festeggiamo."),
    ("2026-03-14", "Lisboa, 2 de março de 2026. No dia [[catorze de março]] festa."),
    ("2026-03-14", "Utrecht, 2 maart 2026. Op [[veertien maart]] feest."),
    ("2026-03-14", "Kraków, 2 marca 2026 r. Dnia [[czternastego marca]] impreza."),
    ("2026-03-14", "Москва, 2 марта 2026 г. [[Четырнадцатого марта]] праздник."),
    ("2026-03-14", "Київ, 2 березня 2026 р. [[Чотирнадцятого березня]] свято."),
    ("2026-03-14", "Praha, 2. března 2026. Dne [[čtrnáctého března]] oslava."),
    ("2026-03-14", "Stockholm 2026-03-02. Den [[fjortonde mars]] blir det fest."),
    ("2026-03-14", "København, 2. marts 2026. Den [[fjortende marts]] er der fest."),
    ("2026-03-14", "Oslo, 2. mars 2026. Den [[fjortende mars]] blir det fest."),
    ("2026-03-14", "București, 2 martie 2026. Pe [[paisprezece martie]] petrecere."),
    ("2026-03-14", "Αθήνα, 2 Μαρτίου 2026. Στις [[δεκατέσσερις Μαρτίου]] γιορτή."),
    ("2026-03-14", "İstanbul, 2 Mart 2026. [[On dört Mart]] günü kutlama var. | ve bir bu ile için olarak olan da de"),
    ("2026-03-14", "القاهرة، 2 مارس 2026. يوم [[الرابع عشر من مارس]] حفل."),
    ("2026-03-14", "दिल्ली, 2 मार्च 2026. [[चौदह मार्च]] को उत्सव।"),
    ("2026-03-14", "Hà Nội, ngày 2 tháng 3 năm 2026. [[Ngày 14 tháng 3]] có tiệc."),
    ("2026-03-14", "2026年3月2日。[[三月十四日]]举行。"),
    ("2026-03-14", "2 มีนาคม 2569 จัดงานวันที่ [[14 มีนาคม]]"),
    ("2026-03-14", "2 มีนาคม 2569 จัดงาน[[14 มี.ค.]] นี้"),
    ("2026-03-14", "Bratislava 2. 3. 2026. Oslava [[14. 3.]] o 18.00"),
    ("2026-03-14", "Praha 2. 3. 2026. Oslava [[14. 3.]] v 18.00"),
    ("2026-03-14", "Wien, 2. März 2026. Feier am [[14. d. M.]]"),
    ("2026-03-14", "2 March 2026. Party on Saturday, [[14th inst.]]"),
    ("2026-03-14", "Москва, 2 марта 2026 г. Праздник [[14 числа.]]"),
    ("2026-03-14", "2026년 3월 2일. [[14일]](토)"),
    ("2027-01-14", "Berlin, 12. Dezember 2026. Zahlbar bis [[14. Januar]]."),
    ("2027-01-14", "Berlin, 12.12.2026. Zahlbar bis [[14.01.]]!"),
    ("2025-12-28", "London, 5 January 2026. Your letter of [[28 December]]."),
    ("1951-10-12", "geb. [[12.10.51]] in Köln; 2.3.2026"),
    ("1951-10-12", "née le [[12/10/51]] à Lyon; 2/3/2026"),
    ("1951-10-12", "DOB [[12-Oct-51]]; 2 March 2026"),
    ("1951-10-12", "né le [[12 octobre mil neuf cent cinquante et un]]"),
    ("1951-10-12", "geboren am [[12. Oktober neunzehnhunderteinundfünfzig]]"),
    ("1951-10-12", "[[12.X.51]] r."),
]
"""Days, and texts with `[[` and `]]` around their places."""

DATES_OF_OTHER_DAYS = [
    ("2026-02-03", "the 3rd of last month, 14 March 2026"),
    ("2026-03-14", "14 April 2026"),
    ("2026-03-14", "14 March 2025"),
    ("2026-03-14", "15 March 2026"),
    ("2026-03-01", "March 2026"),
    ("2026-03-14", "version 14.3.2027"),
    ("2026-03-14", "14:03, 2026"),
    ("2026-03-14", "Room 14, 3 beds, 2026"),
    ("2026-03-14", "call 14-03-20266"),
    ("2026-03-14", "114.03.2026"),
    ("2026-04-03", "03.04.2025 and 2026"),
    ("2026-03-04", "4.3.2 of 2026"),
    ("2026-04-03", "04/03/2026, 13/03/2026 le la du"),
    ("2026-03-17", "14 March 2026, 17 people on Tuesday"),
    ("2026-03-17", "14 March 2026. No. 17"),
    ("2027-04-14", "Berlin, 12. März 2026. Zahlbar bis 14. April."),
    ("2025-04-14", "Berlin, 12. März 2026. Zahlbar bis 14. April."),
    ("2026-03-14", "14 people in March 2026"),
    ("2026-03-14", "Article 14 of 3 March 2026"),
    ("2026-04-05", "4/5 of the members, 2026"),
    ("2026-03-14", "§ 14.3 BGB, 2026"),
    ("2026-03-14", "score 14-3 in 2026"),
    ("2026-03-14", "ratio 14/3, 2026"),
    ("2026-05-03", "Nr. 26.05.03"),
    ("2026-05-10", "5 x 10 x 2026"),
    ("2026-05-05", "five may be enough in 2026"),
    ("2026-05-02", "two may come, 2026"),
    ("2026-03-02", "two march on, 2026"),
    ("2026-03-01", "a march in 2026"),
    ("2026-05-01", "one may say so in 2026"),
    ("2025-03-14", "14 March, letter of 2 March 2026"),
    ("2027-03-14", "14 March, letter of 2 March 2026"),
    ("2051-10-12", "12 October 1951"),
    ("1926-03-14", "14.03.26"),
    ("2026-03-10", "2 March 2026. We meet on March, or not"),
]


@pytest.mark.parametrize(("day", "marked"), DATES, ids=[f"{day} in {marked}" for day, marked in DATES])
def test_a_date_is_found_at_all_its_places(day: str, marked: str) -> None:
    text = re.sub(r"\[\[|\]\]", "", marked)
    places = [text[span.start : span.end] for span in find_evidence(day, text, DATE)[()].spans]
    assert sorted(places) == sorted(re.findall(r"\[\[(.*?)\]\]", marked))


@pytest.mark.parametrize(
    ("day", "text"), DATES_OF_OTHER_DAYS, ids=[f"{day} in {text}" for day, text in DATES_OF_OTHER_DAYS]
)
def test_a_date_of_another_day_is_not_found(day: str, text: str) -> None:
    assert not find_evidence(day, text, DATE)[()].spans
