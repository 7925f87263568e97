"""Times of day are found as they are said and written in many languages; lengths of time are not."""

from __future__ import annotations

from datetime import time

import pytest

from structkit import find_evidence

TIMES = [
    ("19:30", "alle sette e mezza di sera", "sette e mezza di sera"),
    ("12:30", "verso le 12 e mezza.", "12 e mezza"),
    ("03:30", "vers 3 h et demie du matin", "3 h et demie du matin"),
    ("19:45", "à huit heures moins le quart du soir", "huit heures moins le quart du soir"),
    ("08:10", "à huit heures dix", "huit heures dix"),
    ("09:45", "a las diez menos cuarto", "diez menos cuarto"),
    ("18:15", "a las seis y cuarto de la tarde", "seis y cuarto de la tarde"),
    ("23:00", "às onze horas da noite", "onze horas da noite"),
    ("07:30", "às sete e meia", "sete e meia"),
    ("07:45", "às quinze para as oito", "quinze para as oito"),
    ("18:45", "la ora șapte fără un sfert seara", "șapte fără un sfert seara"),
    ("08:30", "στις οκτώ και μισή", "οκτώ και μισή"),
    ("07:45", "στις οκτώ παρά τέταρτο", "οκτώ παρά τέταρτο"),
    ("13:00", "11:30 – 1 μ.μ. κατόπιν", "1 μ.μ."),
    ("20:00", "tussen half zeven en acht uur 's avonds", "acht uur 's avonds"),
    ("18:30", "tussen half zeven en acht uur", "half zeven"),
    ("07:30", "vi ses halv åtta imorgon och det är bra", "halv åtta"),
    ("13:00", "kl. ett på eftermiddagen, och det är för att", "ett på eftermiddagen"),
    ("08:15", "kvart over otte, og det er på", "kvart over otte"),
    ("07:30", "puoli kahdeksan, ja se on", "puoli kahdeksan"),
    ("18:30", "kell 11–poole seitsmeni", "poole seitsmeni"),
    ("15:30", "o wpół do czwartej po południu", "wpół do czwartej po południu"),
    ("19:45", "za kwadrans ósma wieczorem", "za kwadrans ósma wieczorem"),
    ("17:00", "autokar o 17-tej).", "17-tej"),
    ("07:30", "v půl osmé ráno", "půl osmé ráno"),
    ("07:45", "tři čtvrtě na osm", "tři čtvrtě na osm"),
    ("07:30", "o pol ôsmej", "o pol ôsmej"),
    ("07:30", "u sedam i pol, koji je za", "sedam i pol"),
    ("07:30", "fél nyolckor, és az", "fél nyolckor"),
    ("07:45", "háromnegyed nyolc", "háromnegyed nyolc"),
    ("18:30", "akşam altı buçukta geldi", "akşam altı buçukta"),
    ("18:30", "в полседьмого вечера", "полседьмого вечера"),
    ("18:30", "половина седьмого вечера", "половина седьмого вечера"),
    ("07:45", "без четверти восемь утра", "без четверти восемь утра"),
    ("07:50", "без десяти восемь", "без десяти восемь"),
    ("19:00", "о сьомій вечора", "сьомій вечора"),
    ("19:00", "до 19-ї. Зберігання", "19-ї"),
    ("19:30", "в седем и половина вечерта", "седем и половина вечерта"),
    ("11:15", "antradienį, ketvirtį po vienuolikos", "ketvirtį po vienuolikos"),
    ("18:05", "الساعة السادسة وخمس دقائق مساءً", "السادسة وخمس دقائق مساءً"),
    ("19:30", "الساعة السابعة والنصف مساء", "السابعة والنصف مساء"),
    ("08:30", "בשעה שמונה וחצי בבוקר", "שמונה וחצי בבוקר"),
    ("16:30", "ساعت چهار و نیم", "چهار و نیم"),
    ("07:30", "सुबह साढ़े सात बजे", "सुबह साढ़े सात"),
    ("06:30", "jam setengah tujuh pagi", "setengah tujuh pagi"),
    ("07:00", "jam tujuh pagi", "tujuh pagi"),
    ("15:30", "lúc 3 rưỡi chiều", "3 rưỡi chiều"),
    ("09:00", "đổi qua 9g sáng nha", "9g sáng"),
    ("15:30", "บ่ายสามโมงครึ่ง", "บ่ายสามโมงครึ่ง"),
    ("20:00", "สองทุ่ม", "สองทุ่ม"),
    ("15:15", "下午三点一刻", "下午三点一刻"),
    ("13:00", "오후 한 시부터", "오후 한 시"),
    ("17:30", "오후 한 시~5시 반 사이", "5시 반"),
    ("19:00", "at seven in the evening", "seven in the evening"),
    ("06:10", "0345 watch; 0610 second reef", "0610"),
    ("03:40", "avg. kl. 0340, ankomst", "0340"),
    ("09:30", "се явите в 9,30 ч.", "9,30"),
    ("19:00", "17h15–19h, Taux", "19h"),
]


@pytest.mark.parametrize(("clock", "text", "surface"), TIMES)
def test_a_time_of_day_is_found_as_it_is_said(clock: str, text: str, surface: str) -> None:
    evidence = find_evidence(time.fromisoformat(clock), text, time)[()]
    assert (evidence.how, evidence.text) == ("time", surface)


@pytest.mark.parametrize(
    ("clock", "text"),
    [
        ("02:30", "tiempo: dos horas y media"),
        ("18:00", "akşam altı buçukta geldi"),
        ("07:00", "в полседьмого вечера"),
        ("04:00", "o wpół do czwartej po południu"),
        ("18:15", "there were 1815 people"),
        ("03:30", "o wpół do czwartej po południu"),
        ("07:30", "sept kilos et demi"),
        ("05:00", "5 m of rope"),
    ],
)
def test_another_time_or_a_length_of_time_is_none(clock: str, text: str) -> None:
    assert find_evidence(time.fromisoformat(clock), text, time).missing == ((),)
