"""Dates and times in words, without a year, of other calendars and across lines are found; others are not."""

from __future__ import annotations

from datetime import date, time

import pytest
from babel.dates import format_date

from structkit import find_evidence


def date_at(day: date, text: str) -> str | None:
    """Return the text at the likeliest place of a date; None if it is missing."""
    evidence = find_evidence(day, text, date)[()]
    return None if evidence.is_missing else evidence.text


DAY = date(2026, 3, 14)
DATES = [
    ("vom 14.03. bis 20.03.2026", "14.03."),
    ("14/03 room; 18/04/2026 paid", "14/03"),
    ("14-03 betaald, 18-03-2026", "14-03"),
    ("the 14-16 March 2026 fair", "14"),
    ("vom 14. bis 16. März 2026", "14"),
    ("del 14 al 16 de marzo de 2026", "14"),
    ("14.-16.03.2026", "14"),
    ("el jueves 14 de marzo", "14 de marzo"),
    ("L'anno duemilaventisei, il giorno 14 marzo. Bilancio 2025.", "14 marzo"),
    ("on 2 March 2026; on Saturday 14th, not before", "14th"),
    ("the fourteenth of March 2026", "fourteenth of March 2026"),
    ("am vierzehnten März 2026", "vierzehnten März 2026"),
    ("le quatorze mars deux mille vingt-six", "quatorze mars deux mille vingt-six"),
    ("R8.3.14", "R8.3.14"),
    ("令和8/3/14", "令和8/3/14"),
    ("14.III.2026", "14.III.2026"),
    ("14 III 2026", "14 III 2026"),
    ("ngày 14 tháng 3 năm 2026", "ngày 14 tháng 3 năm 2026"),
    ("14 มีนาคม 2569", "14 มีนาคม 2569"),
    ("14/03/2569", "14/03/2569"),
    ("۲۳ اسفند ۱۴۰۴", "۲۳ اسفند ۱۴۰۴"),
    ("1404/12/23", "1404/12/23"),
    ("2026. 3. 14.", "2026. 3. 14"),
    ("2026. március 14.", "2026. március 14"),
    ("2026 m. kovo 14 d.", "2026 m. kovo 14"),
    ("2026. gada 14. martā", "2026. gada 14. martā"),
    ("14 de març de 2026", "14 de març de 2026"),
    ("14. ožujka 2026.", "14. ožujka 2026"),
    ("14. märts 2026", "14. märts 2026"),
    ("14/Mar/2026", "14/Mar/2026"),
    ("14 Mar-\nch 2026", "14 Mar-\nch 2026"),
    ("3월 14일", "3월 14일"),
    ("Invoice NW-2291\n14 March 2026", "14 March 2026"),
    ("Rechnung 2025\n14. März 2026", "14. März 2026"),
    ("Order 2291 March 14, 2026", "March 14, 2026"),
]


@pytest.mark.parametrize(("text", "place"), DATES, ids=[text for text, _ in DATES])
def test_a_date_in_another_form_is_found(text: str, place: str) -> None:
    assert date_at(DAY, f"Text: {text} End") == place


@pytest.mark.parametrize(
    "text",
    [
        "costs 14.03 EUR",
        "open 24/7, by 3/14",
        "Tuesday 14th, 2 March 2026",
        "on Saturday 14th",
        "14 March 2025",
        "from 15 to 16 March 2026",
        "the fifteenth of March 2026",
        "R8.3.15",
        "14/04/2569",
        "24 اسفند 1404",
        "chapter 14 iii 2",
    ],
)
def test_another_date_is_missing(text: str) -> None:
    assert date_at(DAY, f"Text: {text} End") is None


def time_at(clock: time, text: str) -> str | None:
    """Return the text at the likeliest place of a time; None if it is missing."""
    evidence = find_evidence(clock, text, time)[()]
    return None if evidence.is_missing else evidence.text


TIMES = [
    (time(20, 45), "alle ore 20,45 si è riunita", "20,45"),
    (time(8), "vanaf 8 uur 's ochtends", "8 uur 's ochtends"),
    (time(20), "om 8 uur 's avonds", "8 uur 's avonds"),
    (time(18), "klo 18 alkaen", "18"),
    (time(7), "kl. 7 i morgen", "7"),
    (time(17), "o godz. 17 w sali", "17"),
    (time(19), "a las 7 de la tarde", "7 de la tarde"),
    (time(19), "в 7 часов вечера", "7 часов вечера"),
    (time(15, 30), "下午3:30开会", "下午3:30"),
    (time(15, 30), "오후 3:30 회의", "오후 3:30"),
    (time(8), "الساعة ٨:٠٠ ص", "٨:٠٠ ص"),
    (time(9, 30), "at half past nine", "half past nine"),
    (time(21, 30), "at half past nine", "half past nine"),
    (time(8, 30), "um halb neun", "halb neun"),
    (time(12), "at noon", "noon"),
    (time(9), "nine o'clock", "nine o'clock"),
    (time(14, 30), "14 h 30 min", "14 h 30 min"),
    (time(9), "from 9-17 h", "9"),
    (time(12, 5), "at 12:05 a.m. or 12.05 Uhr", "12.05"),
]


@pytest.mark.parametrize(("clock", "text", "place"), TIMES, ids=[f"{clock} {text}" for clock, text, _ in TIMES])
def test_a_time_with_words_is_found(clock: time, text: str, place: str) -> None:
    assert time_at(clock, text) == place


@pytest.mark.parametrize(
    ("clock", "text"),
    [
        (time(20), "vanaf 8 uur 's ochtends"),
        (time(8), "om 9 uur"),
        (time(7), "for 7 hours"),
        (time(3, 30), "下午3:30开会"),
        (time(10, 30), "at half past nine"),
        (time(12, 50), "costs 12,50 EUR"),
        (time(18), "page 18"),
    ],
)
def test_another_time_is_missing(clock: time, text: str) -> None:
    assert time_at(clock, text) is None


def test_a_number_before_a_date_is_not_its_year() -> None:
    assert date_at(date(2025, 3, 14), "Rechnung 2025\n14. März 2026") is None
    assert date_at(date(2291, 3, 14), "Invoice NW-2291\n14 March 2026") is None


LOCALES = (  # noqa: SIM905
    "en en_GB de fr es it nl pt pl ru uk bg be cs sk sr sr_Latn bs mk sl sv nb da is fi et lt lv hu ro ca gl eu tr az "
    "uz id ms vi ar ar_DZ he fa hi bn ta te mr gu kn ml pa ur ne el sq af sw am ka hy kk ky ja zh zh_TW ko"
).split()


@pytest.mark.parametrize("locale", LOCALES)
def test_dates_as_cldr_writes_them_are_found(locale: str) -> None:
    for month in range(1, 13):
        day = date(2026, month, 3 if month % 2 else 17)
        text = format_date(day, "long" if month % 3 else "full", locale=locale)
        evidence = find_evidence(day, f"- {text} -", date)[()]
        assert evidence.how == "date", text


FORMS = [
    ("2026-05-21", "Visites 2026: jeudi 21.5, 17h15"),
    ("2026-10-17", "ano 2014; Ver sáb. 17/10 das 9h"),
    ("2026-08-26", "2026: Bezichtiging woe. 26-8 om zeven"),
    ("2026-11-28", "2026년 이번 주 토요일(11/28) 오후"),
    ("2026-10-24", "2026年10月21日(水) 内見は今週24日(土)の午前"),
    ("2026-03-17", "On 3 March 2026: please reply by the 17th."),
    ("2026-04-02", "On 3 March 2026: please reply by the 2nd."),
    ("2026-06-22", "09.06.2026: până luni, 22 crt."),
    ("1986-08-17", "Нах. 17/VIII 86 г."),
    ("1902-04-28", "s. 28. IV 1902 Kõrgessaarel"),
    ("2026-04-27", "19.05.2026 г., връчена на 27.IV. от"),
    ("2026-05-10", "27.06.2026, potwierdzenie do 10 V, tel."),
    ("2009-08-07", "dagtecknat 7/8 -09 företeddes"),
    ("2026-02-24", "Avg. 24/2-26 kl. 03"),
    ("2027-03-01", "сроком до «01» марта 2027 г."),
    ("1987-11-01", "el 1.º de noviembre de 1987 en"),
    ("2026-03-15", "a los 15 días del mes de marzo del año 2026"),
    ("2026-06-27", "ślub odbędzie się dwudziestego siódmego czerwca 2026 roku, w sobotę, oraz od"),
    ("2026-06-20", "до двадцатого июня 2026 года"),
    ("2026-05-25", "den tjugofemte maj 2026 och det är för att"),
    ("1871-03-05", "Aos cinco dias do mez de março do anno de mil oitocentos setenta e um, que por uma"),
    ("1958-10-12", "Ostetud 12. oktoobril 1958 eest"),
    ("2026-02-21", "วันเสาร์ที่ 21 ก.พ. 2569 เวลา"),
    ("2026-02-05", "ลงประกาศเมื่อ 5/2/69"),
    ("2026-08-09", "民國58年製，115/8/9前"),
    ("2026-03-03", "في ١٤ رمضان ١٤٤٧"),
    ("2026-01-17", "ngày 17 tháng 1, 2026"),
    ("2026-10-03", "Zagreb, 3. listopada 2026. godine, na temelju ugovora koji je za"),
    ("2026-11-03", "Gdynia, 3 listopada 2026 r., na podstawie umowy oraz od dnia"),
]


@pytest.mark.parametrize(("day", "text"), FORMS)
def test_dates_as_people_write_them_are_found(day: str, text: str) -> None:
    assert date_at(date.fromisoformat(day), text) is not None


@pytest.mark.parametrize(
    ("day", "text"),
    [
        ("2026-05-21", "Visites 2026: lundi 21.5, 17h15"),
        ("2026-02-01", "Fait le 2/1/26 à Lyon, dans la commune de la ville et pour les parties"),
        ("2026-04-17", "On 3 March 2026: please reply by the 16th, at 17 o'clock."),
        ("2026-06-17", "On 3 March 2026: please reply by the 17th."),
        ("2026-10-05", "a box of 5 x 2026 mm"),
        ("2026-05-24", "supplied with 24 V in 2026"),
    ],
)
def test_what_looks_like_a_date_is_none(day: str, text: str) -> None:
    assert date_at(date.fromisoformat(day), text) is None
