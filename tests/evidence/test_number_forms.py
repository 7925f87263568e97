"""Numbers in words of many languages, and with signs in words, are found; others are not."""

from __future__ import annotations

import pytest

from structkit import find_evidence

IN_WORDS = [
    (14, "Bu ürün ve iade için süre on dört gündür", "on dört"),
    (1500, "Bu ve bir için binbeşyüz TL", "binbeşyüz"),
    (2.5, "Bu ve bir için iki buçuk yıl", "iki buçuk"),
    (5000, "Spoluúčast na škodě a platba min. pět tisíc Kč", "pět tisíc"),
    (25, "Smlouva na dobu a se pětadvacet dnů", "pětadvacet"),
    (2, "płatne w dwóch ratach", "dwóch"),
    (1.5, "na okres półtora roku", "półtora"),
    (2, "مدة العقد سنتان، وفترة", "سنتان"),
    (25, "خمسة وعشرون يوما", "خمسة وعشرون"),
    (15, "خمسة عشر يوما", "خمسة عشر"),
    (1250, "ألف ومئتان وخمسون ريالا", "ألف ومئتان وخمسون"),
    (25, "עשרים וחמישה ימים", "עשרים וחמישה"),
    (3500, "שלושת אלפים חמש מאות", "שלושת אלפים חמש מאות"),
    (25, "بیست و پنج روز", "بیست و پنج"),
    (47, "सैंतालीस लोग", "सैंतालीस"),
    (350_000, "साढ़े तीन लाख रुपये", "साढ़े तीन लाख"),
    (125, "Det är en avgift på hundratjugofem kronor och", "hundratjugofem"),
    (65, "Det er en pris på femogtres kroner og", "femogtres"),
    (325, "Hinta on se, että kolmesataakaksikymmentäviisi euroa ja", "kolmesataakaksikymmentäviisi"),
    (250, "A díj az, hogy kétszázötven forint és", "kétszázötven"),
    (2500, "Prețul este în total de două mii cinci sute de lei și", "două mii cinci sute"),
    (1500, "Harga dan biaya yang sebesar seribu lima ratus rupiah", "seribu lima ratus"),
    (25, "Thời hạn là và của hai mươi lăm ngày", "hai mươi lăm"),
    (342, "τριακόσια σαράντα δύο ευρώ", "τριακόσια σαράντα δύο"),
    (12, "дванадцять днів", "дванадцять"),
    (5, "п'ять днів", "п'ять"),
    (2.5, "два с половиной года", "два с половиной"),
    (3_465_000, "금 삼백사십육만오천원정", "삼백사십육만오천"),
    (3, "학생 세 명", "세"),
    (3.5, "三点五倍", "三点五"),
    (17, "seven-\nteen days", "seven-\nteen"),
]


@pytest.mark.parametrize(
    ("value", "text", "place"), IN_WORDS, ids=[f"{value} in {text}" for value, text, _ in IN_WORDS]
)
def test_a_number_in_words_is_found(value: float, text: str, place: str) -> None:
    assert find_evidence(value, text)[()].text == place


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (10, "on the table"),
        (2, "it went to the end of the road"),
        (4, "there was a fire on the hill"),
        (6, "a hat and sex and one"),
        (1000, "ich bin alt"),
        (1005, "ich bin fünf Jahre alt"),
        (7, "this set of the hat"),
        (20, "خمسة وعشرون يوما"),
        (5, "خمسة عشر يوما"),
        (26, "pětadvacet dnů a na se v"),
        (3_465_001, "금 삼백사십육만오천원정"),
        (2, "이 사람"),
        (4, "三点五倍"),
    ],
)
def test_a_word_of_another_language_is_not_a_number(value: float, text: str) -> None:
    assert find_evidence(value, text).missing == ((),)


SIGNS = [
    (20, "save 20 %", "20 %"),
    (25, "aanbetaling 25 procent", "25"),
    (10, "indirim %10", "%10"),
    (5, "上调百分之五", "百分之五"),
    (380, "pauschal 380,- €", "380,-"),
    (595, "à 595:- kr", "595:-"),
    (1299, "Rs. 1,299/- only", "1,299/-"),
    (-840, "Miete 840,00 S", "840,00 S"),
    (-96.5, "fee 96.50 DR", "96.50 DR"),
    (-15, "前年比15％減", "15％減"),
    (-0.08, "revenue fell 8%", "8%"),
    (-12, "снизился на 12%", "12%"),
    (376.26, "£ 376 .26 due", "376 .26"),
    (6_500_000, "Ventas: 6,5 MM", "6,5 MM"),
    (12_500, "12,5 TEUR", "12,5 TEUR"),
    (30_000_000, "3 Cr rupees", "3 Cr"),
]


@pytest.mark.parametrize(("value", "text", "place"), SIGNS, ids=[text for _, text, _ in SIGNS])
def test_a_number_has_the_signs_and_words_beside_it(value: float, text: str, place: str) -> None:
    assert find_evidence(value, text)[()].text == place


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-840, "Miete 840,00 H"),
        (-5, "5 s later"),
        (-15, "前年比15％増"),
        (-8, "revenue grew 8%"),
        (37626, "376 .26"),
        (376.26, "376 .265"),
        (38, "380,-"),
    ],
)
def test_another_sign_makes_another_number(value: float, text: str) -> None:
    assert find_evidence(value, text).missing == ((),)


COMPOUND = [
    (2.5, "tiempo: dos horas y media", "dos horas y media"),
    (1.5, "- kilo y medio de guayabas", "kilo y medio"),
    (11.5, "dakterras van elf en een halve m²", "elf en een halve"),
    (1.5, "garansi satu setengah tahun, dan yang ini", "satu setengah"),
    (2.5, "hai ký rưỡi x 120k", "hai ký rưỡi"),
    (3.5, "3 años y medio", "3 años y medio"),
    (1.25, "1 ¼ L de caldo", "1 ¼"),
    (2.4, "重兩公斤四，", "兩公斤四"),
    (4500, "底價四千五", "四千五"),
    (130, "含運費一百三", "一百三"),
    (415.5, "son contenu : 415€50", "415€50"),
    (114.5, "słownie: sto czternaście zł 50 gr", "sto czternaście zł 50 gr"),
    (9639.7, "neuf mille six cent trente-neuf euros et soixante-dix centimes", None),
    (500_000, "đã cọc nửa triệu, còn", "nửa triệu"),
    (500_000, "half a million people", "half a million"),
    (840_000, "iuran masuk 840rb, keluar", "840rb"),
    (1_702_500, "Saldo akhir 1,7025 jt", "1,7025 jt"),
    (214_386.5, "konton 214.386:50", "214.386:50"),
    (-612.75, "obetald el −612:75", "−612:75"),
    (-7, "liten kuling, ÷7 °C", "÷7"),
    (2021, "(ανακ. '21), στην", "'21"),
    (1969, "民國58年製", "民國58年"),
    (2026, "令和8年度", "令和8年"),
    (3, "lipant į trečią aukštą, kuris yra prie", "trečią"),
    (350, "kolmesaja viiekümne rubla eest, kui see oli", "kolmesaja viiekümne"),
]


@pytest.mark.parametrize(("value", "text", "place"), COMPOUND)
def test_a_number_around_its_unit_is_found(value: float, text: str, place: str | None) -> None:
    evidence = find_evidence(value, text)[()]
    assert (evidence.how, evidence.text) == ("number", place or text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (8, "used abt 8½ l."),
        (0.25, "1 ¼ L de caldo"),
        (4, "Claim No: L04YX913"),
        (103, "含運費一百三"),
        (-20, "10÷20 metri, e 7 della"),
        (415, "son contenu : 4.15€50"),
    ],
)
def test_a_part_of_a_number_is_not_the_number(value: float, text: str) -> None:
    assert find_evidence({"x": value}, text).missing == (("x",),)


@pytest.mark.parametrize(
    ("value", "text", "place"),
    [
        (900, "Rent 900\u00b9 EUR", "900"),
        (900, "Rent \u00b2900 EUR", "900"),
        (1250, "Rent 1.250,00\u00b9\u00b2 EUR", "1.250,00"),
        (9001, "Rent 900\u00b9 EUR", ""),
        (120, "Area 120 m\u00b2", "120"),
        (250, "Qty 1\t250 EUR", "250"),
        (1250, "Qty 1\t250 EUR", ""),
        (1250, "Total 1 250 EUR", "1 250"),
    ],
)
def test_the_mark_of_a_note_and_the_border_of_a_cell_are_no_part_of_a_number(
    value: float, text: str, place: str
) -> None:
    assert find_evidence({"rent": value}, text)["rent",].text == place
