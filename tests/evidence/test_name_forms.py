"""Names that are inflected or abbreviated, and numbers with another prefix of a country, are found; others are not."""

from __future__ import annotations

import pytest

from structkit import find_evidence

POLISH = "Umowa zawarta w dniu 4 maja na okres roku oraz przez {}."
CZECH = "Smlouva je na dobu od ledna do května, kterou sjednal s {}."
FINNISH = "Sopimus on voimassa ja se on tehty, kun {} oli paikalla."
HUNGARIAN = "A szerződés az, hogy nem volt {} és egy tanú."
TURKISH = "Bu sözleşme ve ek için bir taraf olarak {} ile."
GERMAN = "Der Vertrag mit den Anlagen ist von der Seite des {} und dem Zeugen."
LITHUANIAN = "Sutartis yra ir bus pagal {} bei kuris nuo metų."
ROMANIAN = "Contractul este între părți și cu {} care este din data."

INFLECTED = [
    ("Paweł Kozieł", POLISH, "Pawłem Kozłem"),
    ("Jan Nowak", POLISH, "Jana Nowaka"),
    ("Agnieszka Wrońska", POLISH, "Agnieszkę Wrońską"),
    ("Gdynia", POLISH, "Gdyni"),
    ("Kraków", POLISH, "Krakowie"),
    ("Jana Veselá", CZECH, "Janou Veselou"),
    ("Karel Novotný", CZECH, "Karlem Novotným"),
    ("Martin Dvořák", CZECH, "Martina Dvořáka"),
    ("Praha", CZECH, "Praze"),
    ("Уральский банк", "Кредит выдан {}.", "Уральским банком"),
    ("Сергей Петров", "Договор с {}.", "Сергеем Петровым"),
    ("Петров", "Письмо от {}.", "Петрова"),
    ("Мария Ивановна", "Передано {}.", "Марии Ивановне"),
    ("Пермь", "Живёт в {}.", "Перми"),
    ("Львів", "Живе у {}.", "Львові"),
    ("Γιώργος Παπαδόπουλος", "Το σπίτι του {} είναι εδώ.", "Γιώργου Παπαδόπουλου"),
    ("Αθήνα", "Οι δρόμοι της {}.", "Αθήνας"),
    ("Helsinki", FINNISH, "Helsingissä"),
    ("Virtanen", FINNISH, "Virtasen"),
    ("Kovács Péter", HUNGARIAN, "Kovács Péterrel"),
    ("Ziraat Bankası", TURKISH, "Ziraat Bankasının"),
    ("Karl", GERMAN, "Karls"),
    ("Vilnius", LITHUANIAN, "Vilniuje"),
    ("Maria Popescu", ROMANIAN, "Mariei Popescu"),
    ("Jadwiga i Bogumił Niezabitowscy", POLISH, "Jadwigę i Bogumiła Niezabitowskich"),
    ("Złotniki Górne", POLISH, "Złotnikach Górnych"),
    ("Horní Lhotice", CZECH, "Horních Lhoticích"),
    ("Захар Тимчишин", "Передано {}.", "Тимчишину Захару"),
    ("Alojz Pečnikar", "Zapisnik je za {} ali ki so pri njem, kot je št. 4.", "Alojza Pečnikarja"),
    ("Voldemar Ruus", "Leping on ja ei see ning {} oma aasta.", "Voldemar Ruusilt"),
]


@pytest.mark.parametrize(("name", "sentence", "surface"), INFLECTED, ids=[surface for *_, surface in INFLECTED])
def test_an_inflected_name_is_found(name: str, sentence: str, surface: str) -> None:
    evidence = find_evidence({"name": name}, sentence.format(surface))["name",]
    assert (evidence.how, evidence.text) == ("fuzzy", surface)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Петров", "Сказала Петрова."),
        ("Кузнецов", "Сказала Кузнецова."),
        ("Martin Dvořák", CZECH.format("Martina Dvořák")),
        ("Jan Nowak", POLISH.format("Jana Kowalska")),
        ("Wiśniewski", POLISH.format("Wiśniewska")),
        ("Alejandro", "Alejandra, la hija de los Ruiz, y el abogado en la calle"),
        ("Paul", "Paula and the heirs of Pauls"),
        ("Παπαδόπουλος", "Η Παπαδοπούλου είναι εδώ."),
        ("Gdynia", POLISH.format("Gdańsku")),
        ("Karl", "the Karls of this world"),
        ("Mario", "Maria, la figlia del signor Rossi, e il notaio"),
    ],
)
def test_a_similar_name_is_another_one(name: str, text: str) -> None:
    assert find_evidence({"name": name}, text).missing == (("name",),)


NUMBERS = [
    ("+447700900418", "+44 (0)7700 900418"),
    ("+447700900418", "07700 900 418"),
    ("+420603771428", "603 771 428"),
    ("+4917155501234", "(0171) 555-01234"),
    ("+4917155501234", "0049 171 55501234"),
    ("017155501234", "+49 171 55501234"),
    ("PL61109010140000071219812874", "61 1090 1014 0000 0712 1981 2874"),
    ("61109010140000071219812874", "PL61 1090 1014 0000 0712 1981 2874"),
]


@pytest.mark.parametrize(("number", "surface"), NUMBERS)
def test_a_number_with_another_prefix_of_its_country_is_found(number: str, surface: str) -> None:
    evidence = find_evidence({"number": number}, f"Please call or pay: {surface}, thanks")["number",]
    assert (evidence.how, evidence.text) == ("letters", surface)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("+420603771428", "+421 603 771 428"),
        ("+420603771428", "603 771 429"),
        ("+420603771428", "12 603 771 428"),
        ("PL61109010140000071219812874", "DE 61 1090 1014 0000 0712 1981 2874"),
        ("AB12345678", "CD12345678"),
        ("+4930123", "123"),
    ],
)
def test_a_number_of_another_country_is_another_one(number: str, text: str) -> None:
    assert find_evidence({"number": number}, text).missing == (("number",),)


ABBREVIATED = [
    ("Çiçek Sokak No: 8/3, Kadıköy", "Çiçek Sok. No: 8/3 Kadıköy"),
    ("Hauptstraße 5, 10115 Berlin", "Hauptstr. 5\n10115 Berlin"),
    ("12 Baker Street", "12 Baker St"),
    ("Ahlers Haustechnik Limited", "Ahlers Haustechnik Ltd"),
    ("улица Ленина 5", "ул. Ленина 5"),
    ("Avenida Central 12", "Av. Central 12"),
]


@pytest.mark.parametrize(("value", "surface"), ABBREVIATED)
def test_an_abbreviated_word_is_found(value: str, surface: str) -> None:
    assert find_evidence({"x": value}, f"To {surface}; bye")["x",].text == surface
    assert find_evidence({"x": surface}, f"To {value}; bye")["x",].text == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Çiçek Sokak No: 8/3, Kadıköy", "Çiçek Sok. No: 3/8 Kadıköy"),
        ("Hauptstraße 5, 10115 Berlin", "Haupt 5, 10115 Berlin"),
        ("Hauptstraße 5", "Hauptstr. 6"),
        ("John Smith", "J. Smith"),
        ("p.nair@oakfield-logistic.example", "p.nair@oakfield-logistics.example"),
        ("https://example.com/invoices", "https://example.com/invoice"),
    ],
)
def test_another_address_is_not_an_abbreviation(value: str, text: str) -> None:
    assert find_evidence({"x": value}, text).missing == (("x",),)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Anna Berg", "Anna Berg-Weber came."),
        ("Weber", "Anna Berg-Weber came."),
        ("Olariu", "Sorin Bădescu-Olariu"),
        ("Anna Berg", "Anna Bergström came."),
        ("Anna Berg", "WEBER-BERG, Anna"),
        ("MF-77120", "sent as MF-77120-3."),
        ("KKG41", "ref. KKG41.3"),
        ("C-88.214", "constat C-88.214.06"),
        ("אלישע בן", "אלישע בן-דרור"),
        ("Mme Bérengère Taillandier", "Taillandier-Roux (Mme) Bérengère"),
        ("1904/22", "inv. 1904/bis-22"),
        ("Jördi", "Jördis: huhu, noch da, und ist der Preis in dem Text von dir"),
    ],
)
def test_a_part_of_a_longer_name_is_not_the_name(name: str, text: str) -> None:
    assert find_evidence({"name": name}, text).missing == (("name",),)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Berg", "a Berg-like sound"),
        ("Budapest", "Budapest-en volt"),
        ("Berg", "Anna Berg-Weber and Mr Berg."),
        ("Berg", "from Berg–Weber to the sea"),
        ("HAM", "flight HAM-OPO"),
        ("47", "PROCES-VERBAL nr. 47/09.06.2026"),
        ("MF-77120", "Ordered in 2025.\nMF-77120."),
        ("Berg", "1. Weber 2 -\nBerg."),
    ],
)
def test_an_ending_a_range_or_another_place_does_not_make_a_name_longer(name: str, text: str) -> None:
    assert find_evidence({"name": name}, text)["name",].text == name


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Adeyemi", "Adebayo"),
        ("Hardcastle", "Harcastle"),
        ("Håkestad", "Håkestrand"),
        ("Quattrociocchi", "Quattrocchi"),
        ("Bursztynek", "Bursztyn"),
        ("Bădescu", "Bădesca"),
        ("Daniel", "Denial"),
        ("Diệu Hiên", "Diệu Hiền"),
        ("Müller", "Møller"),
    ],
)
def test_a_name_with_other_letters_or_accents_is_another_one(name: str, other: str) -> None:
    assert find_evidence({"name": name}, f"Dear {other}, thank you").missing == (("name",),)
    assert find_evidence({"name": other}, f"Dear {name}, thank you").missing == (("name",),)


def test_characters_of_html_and_lines_of_a_quoted_mail_are_read_as_what_they_mean() -> None:
    evidence = find_evidence(
        {"name": "Café Zoë", "driver": "D. O'Malley", "town": "Februarstadt"},
        "<a>Caf&eacute; Zo&euml;</a> D. O&#39;Malley\n> in Februar-\n> stadt",
    )
    assert [each.text for each in evidence.values()] == ["Caf&eacute; Zo&euml;", "D. O&#39;Malley", "Februar-\n> stadt"]
