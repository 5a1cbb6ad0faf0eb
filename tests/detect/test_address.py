"""Street addresses in the formats of over twenty countries, and what only looks like one."""

from collections.abc import Callable

import pytest

from proxy.detect.recognizers.address import AddressRecognizer
from proxy.detect.recognizers.address_japan import AddressJapanRecognizer

Find = Callable[..., list[tuple[str, str]]]

#: Each stands in a sentence of its own below, and is one span.
WHOLE = [
    # United States, Canada
    "88 Old Mill Road, Concord, MA 01742",
    "1201 Orange St #600, Wilmington, DE 19801",
    "2217 Elmwood Avenue, Apt 4B, Buffalo, NY 14216-1234",
    "6801 W Thunderbird Rd Unit 1122, Peoria AZ 85381",
    "350 Fifth Avenue, New York, NY 10118",
    "402 N Maple Street, Galena, Illinois 61036",
    "123 Main St.\nSuite 200\nSpringfield, IL 62701",
    "PO Box 1234, Boise, ID 83701",
    "4120 rue Saint-Denis, app. 6, Montréal QC H2W 2M5",
    "55 Wellington Street West, Toronto, ON M5J 2Y7",
    # United Kingdom, Ireland
    "221B Baker Street, London NW1 6XE",
    "Flat 3, 18 Kestrel Gardens, Leeds LS8 2QT",
    "4th Floor, 77 Tanner Street, London SE1 3PL",
    "Caldermoor House, 1 Reservoir Way\nHuddersfield HD7 5RT",
    "Unit 7, Riverside Business Park, Shrewsbury SY2 6LG",
    "Church Lane, Little Barford, Bedfordshire MK44 3XA",
    "24 Merrion Square, Dublin, D02 XE80",
    # Australia, New Zealand, South Africa
    "14 Old Coach Road, Margaret River WA 6285",
    "27 Queen Street, Dunedin 9016",
    "17 Kloof Nek Road, Cape Town 8001",
    # Germany, Austria, Switzerland
    "Hauptstraße 12a, 10115 Berlin",
    "Lindenstr. 44, D-70597 Stuttgart",
    "Am Alten Markt 3\n14467 Potsdam",
    "Hinterm Deich 8, 26506 Norden",
    "Straße des 17. Juni 135, 10623 Berlin",
    "Rosa-Luxemburg-Platz 2, 08523 Plauen",
    "Mariahilfer Straße 99/12, 1060 Wien",
    "Bahnhofstrasse 21, CH-8001 Zürich",
    "Postfach 12 04, 01653 Meißen",
    # France, Belgium, Luxembourg
    "12 bis, rue des Trois-Frères\n31000 Toulouse",
    "8 allée des Acacias, Bât. C, 69100 Villeurbanne",
    "4 chemin du Moulin-Vert, 86000 Poitiers",
    "25 boulevard Voltaire, 75011 Paris",
    "Rue de la Loi 16, 1000 Bruxelles",
    # Netherlands, Flanders
    "Prinsengracht 214-II, 1016 HD Amsterdam",
    "Dorpsstraat 5a, 7971 CR Havelte",
    "Mechelsesteenweg 102 bus 3, 2018 Antwerpen",
    # Spain, Mexico
    "C/ Hermanos Machado 12, 3º B, 41009 Sevilla",
    "Avda. de la Constitución, 45, 28220 Majadahonda (Madrid)",
    "Plaza Mayor 3, 1º dcha., 16001 Cuenca",
    "calle Mayor 4, 2º izda, 31001 Pamplona",
    "Av. Insurgentes Sur 1602, Col. Crédito Constructor, 03940 Ciudad de México",
    # Italy
    "Via Garibaldi 114, 16124 Genova",
    "Corso Vittorio Emanuele II, 39, 28100 Novara",
    "Piazza San Marco 7, 50121 Firenze",
    # Portugal, Brazil
    "Rua das Amoreiras, 58, 2.º Esq.\n1250-024 Lisboa",
    "Travessa do Carmo 9, 4050-165 Porto",
    "Rua Augusta, 1508, apto 72, São Paulo - SP, 01304-001",
    "Av. Borges de Medeiros, 2233, Porto Alegre/RS, CEP 90110-150",
    # Poland, Czech Republic
    "ul. Długa 27/4, 31-147 Kraków",
    "al. Niepodległości 210, 00-608 Warszawa",
    "os. Piastowskie 40/12, 61-148 Poznań",
    "ul. 3 Maja 8, 20-078 Lublin",
    "Vinohradská 12, 120 00 Praha 2",
    "Václavské náměstí 1, 110 00 Praha 1",
    # Nordic countries
    "Drottninggatan 71, 111 36 Stockholm",
    "Vesterbrogade 112, 2. tv, 1620 København V",
    "Storgata 15, 0184 Oslo",
    "Mannerheimintie 5, 00100 Helsinki",
]


def found(find: Find, text: str, label: str = "") -> list[str]:
    return [value for entity, value in find(text, label) if entity == "ADDRESS"]


@pytest.mark.parametrize("address", WHOLE)
@pytest.mark.parametrize("sentence", ["Please send it to {}.", "Jane Doe\n{}\nTel. +49 30 901820"])
def test_an_address_is_one_span(find: Find, sentence: str, address: str) -> None:
    assert found(find, sentence.format(address)) == [address]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("He lives at 915 Juniper Court, Petaluma. I wrote.", "915 Juniper Court, Petaluma"),
        ("i live at 44 oakfield rd, croydon cr0 2ud, bday", "44 oakfield rd, croydon cr0 2ud"),
        ("wohnt jetzt in der Goethestraße 5 in Weimar", "Goethestraße 5"),
        ("abita in via Garibaldi 114", "via Garibaldi 114"),
        ("vive en calle portero del cura 94", "calle portero del cura 94"),
        ("Domicilio: Avenida de Córdoba s/n", "Avenida de Córdoba s/n"),
        ("mieszka przy ul. Długiej 7", "ul. Długiej 7"),
        ("Ich wohne Unter den Linden 77 in Berlin", "Unter den Linden 77"),
        ("||6 Larch Walk^^Hull||", "6 Larch Walk"),
        (
            "Hospital de Jaén, Hermanos Falcó, s/n 02006 Albacete",
            "Hermanos Falcó, s/n 02006 Albacete",
        ),
        ("Anschrift: 50668 Köln", "50668 Köln"),
        ("My postcode is M20 6UA, thanks", "M20 6UA"),
        ("Speicherhof 3 · 28217 Bremen", "Speicherhof 3 · 28217 Bremen"),
        ('"address": "12 Main Street\\nBoulder, CO 80302"', "12 Main Street\\nBoulder, CO 80302"),
        ("Zur Alten Mühle 4<br>24960 Glücksburg", "Zur Alten Mühle 4<br>24960 Glücksburg"),
    ],
)
def test_what_stands_around_it_decides(find: Find, text: str, value: str) -> None:
    assert found(find, text) == [value]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('{"line1": "2400 Pearl Street", "postalCode": "80302"}', ["2400 Pearl Street", "80302"]),
        ("Name;Straße;PLZ;Ort\nAch;Moorweg 6;26121;Ulm", ["Moorweg 6", "26121"]),
        ("street: Hinterm Deich 8\nplz: 26506", ["Hinterm Deich 8", "26506"]),
        ("Name\tStreet\tZIP\nMei\t55 Harbor View Ct Apt 9\t01930", ["55 Harbor View Ct Apt 9", "01930"]),
        ("(1, 'Lukas', 'Mariahilfer Straße 99/12', '1060', 'Wien')", ["Mariahilfer Straße 99/12", "1060"]),
        ("ADR;TYPE=work:;;1899 Wynkoop St;Denver;CO;80202;USA", ["1899 Wynkoop St", "80202"]),
    ],
)  # fmt: skip
def test_fields_of_an_address_are_spans_of_their_own(
    find: Find, text: str, values: list[str]
) -> None:
    assert found(find, text) == values


@pytest.mark.parametrize("label", ["street", "home_address", "Anschrift", "endereco"])
def test_the_key_of_a_part_is_a_label(find: Find, label: str) -> None:
    assert found(find, "Hinterm Deich 8", label) == ["Hinterm Deich 8"]
    assert found(find, "Hinterm Deich 8") == []


@pytest.mark.parametrize(
    "text",
    [
        "What is the capital of France?",
        "We met on the 5th floor in Berlin.",
        "Get your kicks on Route 66 and Highway 61",
        "Wall Street fell, Main Street paid.",
        "Section 4 Rue on page 12",
        "In 2024 Main Street lending fell",
        "send it via Kafka 3 to 12 Places",
        "sent via Slack 4, Teams 2",
        "located 3 hours drive from Ulm",
        "Spring 5, Java 17 and Windows 11",
        "Brigade 7 and Arbeitsplatz 12",
        "5 Close Friends and 3 Way Handshakes",
        "Step 4 Place Order 5 Close Ticket 2283",
        "Effective 15 January 2025",
        "On 28 May 2025, North wrote",
        "Total 12, 2024 Items",
        "address: 0x7fff5fbff8a0, size 4096",
        "address = 10.0.0.12:8080",
        "cap: 1000, zip: true",
        'raise ValueError("Line 12: Expected 4 Arguments")',
        "3 Patients Dr Smith saw",
        "the rest is at 8 because of the way",
        "I rate it 9 out of 10. Great place 5 stars",
        "Apt 4 is a package manager",
    ],
)
def test_what_is_no_address(find: Find, text: str) -> None:
    assert found(find, text) == []


def test_a_person_before_an_address_is_no_part_of_it(find: Find) -> None:
    spans = found(find, "Mr Sam Hill, 12 Canal Row, Oldham OL4 1HT")
    assert spans == ["12 Canal Row, Oldham OL4 1HT"]


@pytest.mark.parametrize(
    "unit",
    ["1 Aa ", "Main St 1, ", "12 Oak Road, ", "Rue de la ", "Aaa-", "1 ", "Apt 1, ", "AB1 2", "Straße 1 ", "A, "],
)  # fmt: skip
def test_hostile_text_takes_linear_work(unit: str) -> None:
    """A quadratic pattern would need minutes for this."""
    AddressRecognizer().analyze(unit * (100_000 // len(unit)), [])


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (
            "send to 12 Main Street\nSuite 4\nSpringfield\nUruguay 64677\nThanks",
            "12 Main Street\nSuite 4\nSpringfield\nUruguay 64677",
        ),
        ("4 Elm St., Austin, TX, USA", "4 Elm St., Austin, TX, USA"),
        ("My address is 25 Sonnwend, please note.", "25 Sonnwend"),
        ("Ann lives at 22 Baker", "22 Baker"),
        ("12 Main Street, Anna Miller called", "12 Main Street"),
    ],
)
def test_an_address_goes_on_to_its_country_and_no_further(text: str, address: str) -> None:
    results = AddressRecognizer().analyze(text, ["ADDRESS"])
    assert [text[one.start : one.end] for one in results] == [address]


@pytest.mark.parametrize("text", ["order 45 Blue Widgets, Germany", "On 12 May, Paris, France"])
def test_a_number_before_a_name_is_no_address_by_itself(text: str) -> None:
    assert AddressRecognizer().analyze(text, ["ADDRESS"]) == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (
            "新住所：〒154-0011 東京都世田谷区上馬3-8-14 メゾン上馬203\n電話",
            "〒154-0011 東京都世田谷区上馬3-8-14 メゾン上馬203",
        ),
        ("大阪府大阪市北区梅田1丁目2番3号に", "大阪府大阪市北区梅田1丁目2番3号"),
    ],
)
def test_japanese_addresses(text: str, address: str) -> None:
    results = AddressJapanRecognizer().analyze(text, [])
    assert address in [text[one.start : one.end] for one in results]


@pytest.mark.parametrize("text", ["東京都の天気", "県立3-4", "154-0011"])
def test_what_is_no_japanese_address(text: str) -> None:
    assert AddressJapanRecognizer().analyze(text, []) == []
