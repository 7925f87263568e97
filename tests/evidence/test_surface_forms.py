"""A date, an amount, a year, a name or a code in a random form is found exactly there, and one near it never.

The forms are those of grammars, standards and CLDR (through Babel), not from the tables of the search.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal
from itertools import pairwise

from babel.dates import format_date
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from structkit import Span, find_evidence
from structkit.values.evidence_map import Evidence

SETTINGS = settings(max_examples=30)
DateForm = Callable[[date], str]
LINES = ["xq kelm {} vorn", "{}", "- {};\nxq", "Ziffer 2a)\n{}\nvorn", "({})"]

ROMAN = "I II III IV V VI VII VIII IX X XI XII"
THAI = "มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม"
ENGLISH = "January February March April May June July August September October November December"
HEISEI, REIWA, REPUBLIC, BUDDHIST = 1988, 2018, 1911, -543


def month(names: str, day: date) -> str:
    """Return the name of a month, of the twelve."""
    return names.split()[day.month - 1]


def ordinal(number: int) -> str:
    """Return an English ordinal in digits."""
    return f"{number}{'th' if 10 <= number <= 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


DATE_FORMS: list[DateForm] = [
    lambda day: f"{day.day}.{month(ROMAN, day)}.{day.year}",
    lambda day: f"{day.day}/{month(ROMAN, day)}/{day.year}",
    lambda day: f"{day.day}. {month(ROMAN, day)}. {day.year}",
    lambda day: f"{day.day}/{day.month}-{day:%y}",
    lambda day: f"{day.day}/{day.month} -{day:%y}",
    lambda day: f"{day.day}/{day.month}/'{day:%y}",
    lambda day: f"{day.day}.{day.month}.'{day:%y}",
    lambda day: f"{day.day} {month(THAI, day)} {day.year - BUDDHIST}",
    lambda day: f"{day.day}/{day.month}/{day.year - BUDDHIST}",
    lambda day: f"民國{day.year - REPUBLIC}年{day.month}月{day.day}日",
    lambda day: f"民國 {day.year - REPUBLIC} 年 {day.month} 月 {day.day} 日",
    lambda day: f"平成{day.year - HEISEI}年{day.month}月{day.day}日",
    lambda day: f"令和{day.year - REIWA}年{day.month}月{day.day}日",
    lambda day: f"{ordinal(day.day)} {month(ENGLISH, day)} {day.year}",
    lambda day: f"{month(ENGLISH, day)} {ordinal(day.day)}, {day.year}",
    lambda day: f"{ordinal(day.day)} of {month(ENGLISH, day)}, {day.year}",
]
DAYS = st.dates(date(2019, 1, 1), date(2050, 12, 1))
STEPS = st.sampled_from([-365, -31, -10, -1, 1, 10, 31, 365])


def find_in(value: object, surface: str, line: str, output_type: type | None = None) -> tuple[Evidence, Span]:
    """Return the evidence of a value in a line with a surface form, and where that is."""
    text = line.format(surface)
    start = text.index(surface)
    return find_evidence(value, text, output_type)[()], Span(start, start + len(surface))


@SETTINGS
@given(DAYS, st.sampled_from(DATE_FORMS), st.sampled_from(LINES), STEPS)
def test_a_date_in_any_form_is_found_exactly_there(day: date, form: DateForm, line: str, step: int) -> None:
    surface = form(day).replace("令和1年", "令和元年")
    evidence, place = find_in(day, surface, line, date)
    assert (evidence.how, evidence.spans) == ("date", (place,))
    assert find_in(day + timedelta(step), surface, line, date)[0].is_missing


LOCALES = (  # noqa: SIM905
    "en en_GB de fr es it nl pt pl ru uk bg be cs sk sr sr_Latn bs mk sl sv nb da is fi et lt lv hu ro ca gl eu tr az "
    "uz id ms vi ar ar_DZ he fa hi bn ta te mr gu kn ml pa ur ne el sq af sw am ka hy kk ky ja zh zh_TW ko th fo lb"
).split()


@SETTINGS
@given(DAYS, st.sampled_from(LOCALES), st.sampled_from(["long", "full"]), st.sampled_from(LINES), STEPS)
def test_a_date_near_one_that_cldr_writes_is_never_found(
    day: date, locale: str, form: str, line: str, step: int
) -> None:
    surface = format_date(day, form, locale=locale)
    evidence, place = find_in(day, surface, line, date)
    assert evidence.how == "date"
    assert all(place.start <= span.start < span.end <= place.end for span in evidence.spans)
    assert find_in(day + timedelta(step), surface, line, date)[0].is_missing


ORDINALS = {
    ("ślub odbędzie się {} maja 2026 roku, w sobotę, oraz od", "pl"): (
        "pierwszego drugiego trzeciego czwartego piątego szóstego siódmego ósmego dziewiątego dziesiątego jedenastego "
        "dwunastego trzynastego czternastego piętnastego szesnastego siedemnastego osiemnastego dziewiętnastego "
        "dwudziestego dwudziestego_pierwszego dwudziestego_drugiego dwudziestego_trzeciego dwudziestego_czwartego"
    ),
    ("Договор действует до {} мая 2026 года, и это на весь срок", "ru"): (
        "первого второго третьего четвёртого пятого шестого седьмого восьмого девятого десятого одиннадцатого "
        "двенадцатого тринадцатого четырнадцатого пятнадцатого шестнадцатого семнадцатого восемнадцатого "
        "девятнадцатого двадцатого двадцать_первого двадцать_второго двадцать_третьего двадцать_четвёртого"
    ),
    ("Der Vertrag endet am {} Mai 2026 und ist für die Parteien von der", "de"): (
        "ersten zweiten dritten vierten fünften sechsten siebten achten neunten zehnten elften zwölften dreizehnten "
        "vierzehnten fünfzehnten sechzehnten siebzehnten achtzehnten neunzehnten zwanzigsten einundzwanzigsten "
        "zweiundzwanzigsten dreiundzwanzigsten vierundzwanzigsten"
    ),
    ("Vi ses den {} maj 2026 och det är för att inte", "sv"): (
        "första andra tredje fjärde femte sjätte sjunde åttonde nionde tionde elfte tolfte trettonde fjortonde femtonde "
        "sextonde sjuttonde artonde nittonde tjugonde tjugoförsta tjugoandra tjugotredje tjugofjärde"
    ),
}


@SETTINGS
@given(st.sampled_from([*ORDINALS]), st.integers(1, 24), st.sampled_from([-10, -1, 1]))
def test_a_day_in_an_ordinal_is_found_and_one_near_it_never(language: tuple[str, str], day: int, step: int) -> None:
    word = ORDINALS[language].split()[day - 1].replace("_", " ")
    evidence, place = find_in(date(2026, 5, day), word, language[0], date)
    assert (evidence.how, evidence.spans[0].start) == ("date", place.start)
    assert find_in(date(2026, 5, day) + timedelta(step), word, language[0], date)[0].is_missing


AMOUNTS = [
    "{0}€{1}", "{0} euros et {1} centimes", "{0} zł {1} gr", "{0} dollars and {1} cents", "{0} euros con {1} céntimos",
    "{0} рублей {1} копеек", "{0} kr {1} øre", "{0} Euro und {1} Cent", "{0} lei și {1} bani", "{0} Kč {1} haléřů",
    "{0},000:{1}", "{0}.512:{1}",
]  # fmt: skip


@SETTINGS
@given(st.integers(101, 999), st.integers(10, 99), st.sampled_from(AMOUNTS), st.sampled_from(LINES))
def test_an_amount_around_its_unit_is_found_exactly_there(amount: int, cents: int, form: str, line: str) -> None:
    groups = "512" if "512" in form else "000" if "000" in form else ""
    value = Decimal(f"{amount}{groups}.{cents}")
    evidence, place = find_in(float(value), form.format(amount, cents), line)
    assert (evidence.how, evidence.spans) == ("number", (place,))
    for other in (value + Decimal("0.01"), value - Decimal("0.01"), value + 1):
        assert find_in(float(other), form.format(amount, cents), line)[0].is_missing


def roman(number: int) -> str:
    """Return a number of up to 3999 in Roman numerals."""
    rows = ["I II III IV V VI VII VIII IX", "X XX XXX XL L LX LXX LXXX XC", "C CC CCC CD D DC DCC DCCC CM", "M MM MMM"]
    digits = [["", *row.split()][int(digit)] for row, digit in zip(rows, reversed(str(number)), strict=False)]
    return "".join(reversed(digits))


YEARS: list[Callable[[int], str]] = [
    lambda year: f"'{year % 100:02}",
    lambda year: f"民國{year - REPUBLIC}年",
    lambda year: f"พ.ศ. {year - BUDDHIST}",
    roman,
]


@SETTINGS
@given(st.integers(1951, 2049), st.sampled_from(YEARS), st.sampled_from(LINES), st.sampled_from([-10, -1, 1]))
def test_a_year_in_another_form_is_found_exactly_there(
    year: int, form: Callable[[int], str], line: str, step: int
) -> None:
    evidence, place = find_in(year, form(year), line)
    assert (evidence.how, evidence.spans) == ("number", (place,))
    assert find_in(year + step, form(year), line)[0].is_missing


@SETTINGS
@given(st.integers(101, 99_999), st.sampled_from(["½", "¼", "¾", " ½", " ¾"]), st.sampled_from(LINES))
def test_digits_before_the_sign_of_a_fraction_do_not_stand_for_themselves(number: int, sign: str, line: str) -> None:
    value = number + {"½": 0.5, "¼": 0.25, "¾": 0.75}[sign.strip()]
    evidence, place = find_in(value, f"{number}{sign}", line)
    assert (evidence.how, evidence.spans) == ("number", (place,))
    for other in (number, number + 1, value + 1, number * 10 + 1):
        assert find_in(other, f"{number}{sign}", line)[0].is_missing


@SETTINGS
@given(st.times(), st.sampled_from(["kl. {}", "at {} hrs", "{} hrs", "{} UTC"]), st.sampled_from([1, 60, 720]))
def test_a_time_in_four_digits_is_found_and_one_near_it_never(clock: time, form: str, minutes: int) -> None:
    total = clock.hour * 60 + clock.minute
    text = f"xq {form.format(f'{clock:%H%M}')} vorn"
    evidence = find_evidence(time(clock.hour, clock.minute), text, time)[()]
    assert evidence.how == "time"
    assert f"{clock:%H%M}" in evidence.text
    other = (total + minutes) % 1440
    assert find_evidence(time(other // 60, other % 60), text, time).missing == ((),)


CODES = st.from_regex(r"[A-Z]{2,3}-[0-9]{4,6}|[A-Z]{3}[0-9]{3,5}[A-Z]?|[0-9]{4}-[0-9]{3}", fullmatch=True)
LONGER = ["{}-3", "{}.3", "{}/2", "{}A", "{}0", "X{}", "9{}", "7-{}", "{}_b", "{}#2"]
CODE_LINES = ["ref {} sent", "ref {}.", "({})", "Ordered in 2025.\n{}.", "{}: yes", "ref:{}", "#{}", "{} - 3 pieces"]


@SETTINGS
@given(CODES, st.sampled_from(LONGER), st.sampled_from(CODE_LINES))
def test_a_code_is_found_exactly_there_and_a_longer_one_never(code: str, longer: str, line: str) -> None:
    evidence, place = find_in(code, code, line)
    assert (evidence.how, evidence.spans) == ("exact", (place,))
    assert find_in(code, longer.format(code), line)[0].is_missing


NAMES = st.from_regex(r"[A-Z][a-z]{5,9}", fullmatch=True)
LETTERS = "dear {}, thank you for the letter and the money"


@SETTINGS
@given(NAMES, st.integers(2, 5))
def test_a_slip_of_the_pen_is_found_and_another_letter_never(name: str, at: int) -> None:
    lower = name.lower()
    assume(all(one != other for one, other in pairwise(lower)))
    assume(
        not {"rn", "vv"} & {lower[each : each + 2] for each in range(len(lower))}
        and at < len(name) - 1
        and name[at] != "v"
    )
    doubled = name[:at] + name[at] + name[at:]
    evidence, place = find_in(name, doubled, LETTERS)
    assert (evidence.how, evidence.spans) == ("fuzzy", (place,))
    letter = next(each for each in "bkz" if each not in lower)
    for other in (name[:at] + letter + name[at + 1 :], name[:at] + letter + name[at:]):
        assert find_in(name, other, LETTERS)[0].is_missing


@SETTINGS
@given(
    st.sampled_from(["{} came", "Mr {}, yes", "to {}."]),
    NAMES,
    NAMES,
    st.sampled_from(["ström", "mann", "-Weber", "owski", "quist"]),
)
def test_a_part_of_a_longer_name_is_never_found(line: str, first: str, last: str, longer: str) -> None:
    assume(last not in {"Weber", first})
    evidence, place = find_in(f"{first} {last}", f"{first} {last}", line)
    assert (evidence.how, evidence.spans) == ("exact", (place,))
    assert find_in(f"{first} {last}", f"{first} {last}{longer}", line)[0].is_missing
