"""Times of day in phrases, ranges and with the half of the day before them are found; lengths of time are not."""

from __future__ import annotations

import re

import pytest

from structkit import find_evidence

TIME = {"type": "string", "format": "time"}

TIMES = [
    ("08:45:00", "[[a quarter of nine]]"),
    ("09:15:00", "[[quarter after nine]]"),
    ("19:00:00", "[[seven o'clock in the evening]]"),
    ("18:00:00", "from [[6]] to 8 pm"),
    ("18:00:00", "[[6]]-8pm"),
    ("18:30:00", "doors [[6:30]]-8pm"),
    ("07:30:00", "um [[½ 8 Uhr]]"),
    ("07:30:00", "um [[½8 Uhr]]"),
    ("07:15:00", "um [[viertel acht]]"),
    ("07:45:00", "um [[dreiviertel acht]]"),
    ("07:45:00", "um [[drei viertel acht]]"),
    ("07:45:00", "um [[¾ 8 Uhr]]"),
    ("07:25:00", "[[fünf vor halb acht]]"),
    ("07:35:00", "[[fünf nach halb acht]]"),
    ("20:15:00", "[[zwanzig Uhr fünfzehn]]"),
    ("16:00:00", "14–[[16 Uhr]]"),
    ("08:00:00", "[[morgens um acht]]"),
    ("20:00:00", "[[abends um 8]]"),
    ("14:00:00", "[[nachmittags um 2]]"),
    ("07:20:00", "[[tien voor half acht]]"),
    ("20:30:00", "à [[vingt heures trente]]"),
    ("12:30:00", "à [[midi et demi]]"),
    ("12:15:00", "à [[midi et quart]]"),
    ("00:30:00", "à [[minuit et demi]]"),
    ("13:00:00", "a la [[1 p. m]]."),
    ("17:00:00", "de [[5]] a 7 p. m."),
    ("03:00:00", "a las [[tres de la madrugada]]"),
    ("21:00:00", "alle ore [[ventuno]]"),
    ("12:30:00", "a [[mezzogiorno e mezzo]]"),
    ("12:30:00", "ao [[meio-dia e meia]]"),
    ("09:00:00", "das [[9]] às 12h"),
    ("08:30:00", "a [[dos quarts de nou]] | i de la el per amb del les els"),
    ("08:15:00", "a [[un quart de nou]] | i de la el per amb del les els"),
    ("08:45:00", "a [[tres quarts de nou]] | i de la el per amb del les els"),
    ("20:20:00", "la ora [[20,20]]"),
    ("20:00:00", "ora [[20]]"),
    ("17:30:00", "godz. [[17³⁰]]"),
    ("17:00:00", "o [[siedemnastej]]"),
    ("17:30:00", "o [[siedemnastej trzydzieści]]"),
    ("20:00:00", "ob [[20. uri]]"),
    ("20:30:00", "в [[20-30]]"),
    ("23:00:00", "в [[11 ночи]]"),
    ("20:00:00", "о [[20 годині]]"),
    ("07:30:00", "[[yedi buçukta]]"),
    ("07:45:00", "[[sekize çeyrek kala]]"),
    ("08:15:00", "[[sekizi çeyrek geçe]]"),
    ("20:00:00", "[[akşam 8'de]]"),
    ("14:00:00", "[[öğleden sonra 2'de]]"),
    ("12:00:00", "[[öğlen]] görüşelim"),
    ("20:30:00", "[[בשמונה וחצי בערב]]"),
    ("14:00:00", "[[שתיים בצהריים]]"),
    ("20:00:00", "ساعت [[۲۰]]"),
    ("20:00:00", "ساعت [[۸ شب]]"),
    ("14:00:00", "ساعت [[۲ بعدازظهر]]"),
    ("19:00:00", "[[शाम 7 बजे]]"),
    ("13:30:00", "[[डेढ़ बजे]]"),
    ("14:30:00", "[[दोपहर ढाई बजे]]"),
    ("21:00:00", "[[रात 9 बजे]]"),
    ("13:50:00", "[[差十分两点]]"),
    ("13:55:00", "[[两点差五分]]"),
    ("20:00:00", "[[晚8点]]"),
    ("13:00:00", "[[中午1点]]"),
    ("14:30:00", "[[PM2:30]]"),
    ("14:30:00", "[[PM 2:30]]"),
    ("07:50:00", "[[8時10分前]]"),
    ("19:00:00", "[[夕方7時]]"),
    ("07:50:00", "[[8시 10분 전]]"),
    ("13:00:00", "[[บ่ายโมง]]"),
    ("12:00:00", "[[เที่ยงตรง]]"),
    ("00:00:00", "[[เที่ยงคืน]]"),
    ("14:30:00", "[[14g30]]"),
    ("14:00:00", "jam [[dua siang]] | dan di yang dengan untuk pada dari ini adalah"),
    ("14:00:00", "jam [[2 siang]]"),
    ("07:25:00", "[[fem i halv åtta]]"),
    ("07:35:00", "[[fem över halv åtta]]"),
    ("07:20:00", "[[ti på halv åtte]]"),
    ("19:00:00", "[[19 val.]]"),
    ("19:30:00", "[[19 val. 30 min]]."),
    ("07:30:00", "[[pusastoņos]] | ir no ar par uz kas vai gada bija"),
    ("19:00:00", "plkst. [[septiņos vakarā]]"),
    ("19:00:00", "[[19 órakor]]"),
    ("19:30:00", "[[19 óra 30 perc]]kor"),
    ("14:00:00", "[[délután 2-kor]]"),
    ("07:30:00", "στις [[εφτάμισι]]"),
    ("23:00:00", "we left [[11 at night]]"),
    ("03:00:00", "el robo fue a las [[3 de la noche]]"),
    ("11:00:00", "rapat jam [[11 siang]] di kantor"),
]
"""Times, and texts with `[[` and `]]` around their places."""

WITHOUT_TIME = [
    ("07:30:00", "halb neun"),
    ("09:30:00", "half past eight"),
    ("19:00:00", "seven people in the evening"),
    ("15:00:00", "3 at night"),
    ("18:00:00", "from 9 to 11 pm"),
    ("08:00:00", "8 вечеров подряд"),
    ("12:00:00", "12 months"),
]


@pytest.mark.parametrize(("clock", "marked"), TIMES, ids=[f"{clock} in {marked}" for clock, marked in TIMES])
def test_a_time_is_found_at_all_its_places(clock: str, marked: str) -> None:
    text = re.sub(r"\[\[|\]\]", "", marked)
    places = [text[span.start : span.end] for span in find_evidence(clock, text, TIME)[()].spans]
    assert sorted(places) == sorted(re.findall(r"\[\[(.*?)\]\]", marked))


@pytest.mark.parametrize(("clock", "text"), WITHOUT_TIME, ids=[f"{clock} in {text}" for clock, text in WITHOUT_TIME])
def test_another_time_or_a_length_of_time_is_not_found(clock: str, text: str) -> None:
    assert not find_evidence(clock, text, TIME)[()].spans
