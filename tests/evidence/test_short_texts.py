"""Words of numbers, dates and times are read in notes of a line, whose language few words show."""

from __future__ import annotations

from datetime import date, time

import pytest

from structkit import find_evidence

VALUES = [
    (785, "Vuokra seitsemänsataakahdeksankymmentäviisi euroa", "seitsemänsataakahdeksankymmentäviisi"),
    (14, "Veertien kratten, vijfenzeventig kilo", "Veertien"),
    (6, "een half dozijn dozen kersen, veertien kratten", "een half dozijn"),
    (6, "Tar med ett halvt dussin flaskor, kommer lördag", "ett halvt dussin"),
    (2, "har kjøpt to par ski den sjuende desember i Tromsø, tretti dager", "to"),
    (7, "este nyolckor jövünk heten, asztal Kovács névre, hatezer Ft", "heten"),
    (4, "Wir sind zu viert, die Miete ist der Preis", "viert"),
    (860, "diterima sebanyak lapan ratus enam puluh ringgit", "lapan ratus enam puluh"),
    (15, "bagi sewa lima belas meja", "lima belas"),
    (2600, "סך של אלפיים ושש מאות", "אלפיים ושש מאות"),
    (1200, "с каждого по тысяче двести", "тысяче двести"),
    (180, "lístky po sto osmdesáti korunách", "sto osmdesáti"),
    (460, "keturis šimtus šešiasdešimt eurų", "keturis šimtus šešiasdešimt"),
    (2340.5, "dwa tysiące trzysta czterdzieści złotych 50/100", "dwa tysiące trzysta czterdzieści złotych 50/100"),
    (21, "enogtyve dage", "enogtyve"),
    (21, "huszonegy nap", "huszonegy"),
    (2500, "zweieinhalbtausend", "zweieinhalbtausend"),
    (0.75, "drie kwart van de omzet", "drie kwart"),
    (0.25, "jedna czwarta udziałów", "jedna czwarta"),
    (24, "dwudziesta czwarta", "dwudziesta czwarta"),
    (date(2026, 5, 3), "dnia 3-go maja 2026 r.", "3-go maja 2026"),
    (date(2026, 5, 14), "mulai 14 s.d. 16 Mei 2026", "14"),
    (time(18), "six in the evening", "six in the evening"),
    ("Hauptstraße 5", "Anschrift: Hauptstr. 5, 50667 Köln", "Hauptstr. 5"),
    (date(2026, 8, 3), "3 ağustosa kadar (2026)", "3 ağustosa"),
    (date(2026, 3, 28), "thứ bảy 28/3, bàn VIP, 2026", "28/3"),
    (date(2026, 6, 1), "inden den 1/6-26.", "1/6-26"),
    (date(2026, 10, 1), "поверну до першого жовтня 2026 року", "першого жовтня 2026"),
    (date(2026, 4, 1), "um de abril de dois mil e vinte e seis", "um de abril de dois mil e vinte e seis"),
    (time(14, 30), "saat on dört otuz", "on dört otuz"),
    (time(17), "21 lipca po piątej po południu", "piątej po południu"),
    (time(8), "pukul lapan pagi", "lapan pagi"),
    (time(19, 30), "kello yhdeksäntoista kolmekymmentä", "yhdeksäntoista kolmekymmentä"),
]


@pytest.mark.parametrize(("value", "text", "surface"), VALUES, ids=[f"{value} {text}" for value, text, _ in VALUES])
def test_a_value_in_words_of_a_short_text_is_found(value: object, text: str, surface: str) -> None:
    assert find_evidence(value, text, type(value))[()].text == surface


def test_a_name_inflected_in_a_short_text_is_found() -> None:
    text = "Kauppakatu 5, Tampereella. Vuokra 785 euroa, alkaen 1. elokuuta"
    assert find_evidence("Tampere", text)[()].text == "Tampereella"


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("ul. Długa 14 m. 8", "ul. Długa 8 m. 14"),
        ("Kauppakatu 12 A 5", "Kauppakatu 5 A 12"),
        ("str. Florilor nr. 21, ap. 9", "str. Florilor nr. 9, ap. 21"),
    ],
)
def test_an_address_whose_numbers_are_exchanged_is_another_one(address: str, text: str) -> None:
    assert find_evidence(address, text).missing == ((),)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("rooms: 3, area 68 m²", 2),
        ("people 5, 夕方6時半", 6),
        ("goals 3, středa 21. 1. ve dvě", 1),
    ],
)
def test_a_digit_of_a_unit_a_time_or_a_day_is_not_a_small_number(text: str, value: int) -> None:
    assert find_evidence({"people": value, "rooms": 3, "goals": 3, "price": 7.5}, text)["people",].is_missing


def test_an_address_in_another_order_keeps_each_number_beside_its_word() -> None:
    assert find_evidence("Mill Lane 14, Leeds, Flat 8", "Leeds, Flat 8, Mill Lane 14")[()].how == "words"
