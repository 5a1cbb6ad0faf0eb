"""Identifiers that a label names: what is found in texts as people write them, in nine languages."""

import pytest

from proxy.detect.recognizers.identifiers import KINDS, Identifiers
from proxy.detect.recognizers.national_id import NATIONAL_IDS

Found = set[tuple[str, str]]


@pytest.fixture(scope="module")
def recognizer() -> Identifiers:
    return Identifiers()


def found(recognizer: Identifiers, text: str) -> Found:
    results = recognizer.analyze(text, [])
    return {(one.entity_type, text[one.start : one.end]) for one in results}


BESIDE = [
    ("legitymujący się paszportem EM5512087", "PASSPORT", "EM5512087"),
    ("numéro de série VF3LCBHZ6HS104417", "VIN", "VF3LCBHZ6HS104417"),
    ("numéro d'identification permanent du patient 009912834", "MEDICAL_RECORD", "009912834"),
    ("registro hospitalar 5519022", "MEDICAL_RECORD", "5519022"),
    ("polizza vita n. 118.229.04", "INSURANCE_NUMBER", "118.229.04"),
    ("Kundin Nr. 551 209", "CUSTOMER_NUMBER", "551 209"),
    ("cod. cliente 551209", "CUSTOMER_NUMBER", "551209"),
    ("nr ewidencyjny pracownika 55120", "CUSTOMER_NUMBER", "55120"),
    ("code for the alarm: 4471", "PASSWORD", "4471"),
    ("prawo jazdy o numerze 10223/08/0261", "DRIVER_LICENSE", "10223/08/0261"),
    ("Personalnummer hab ich 40771.", "EMPLOYEE_ID", "40771"),
    ("Passageiro frequente n.º TP 330 447 182", "CUSTOMER_NUMBER", "TP 330 447 182"),
    ("Medlemsnummer SG-44718.", "CUSTOMER_NUMBER", "SG-44718"),
    ("お客様番号：4471-8820", "CUSTOMER_NUMBER", "4471-8820"),
    ("Meine Führerscheinnummer: J01 0088HK 27.", "DRIVER_LICENSE", "J01 0088HK 27"),
    ("KV K772340918 (Barmer)", "INSURANCE_NUMBER", "K772340918"),
    ("Schein-Nr. KFZ 88.120.7714.", "INSURANCE_NUMBER", "KFZ 88.120.7714"),
    ("CIP: CRPE620914917012.", "INSURANCE_NUMBER", "CRPE620914917012"),
    ("szkodę z polisy AC/447/1820/25.", "INSURANCE_NUMBER", "AC/447/1820/25"),
    ("Plakası 34 KLM 718 olan", "LICENSE_PLATE", "34 KLM 718"),
    ("Código de la alarma: 5091.", "PASSWORD", "5091"),
    ("the alarm code is 7719#", "PASSWORD", "7719#"),
    ("my passport is 533401982 and expires in 2029", "PASSPORT", "533401982"),
    ("Reisepass Nr. C01X00T47, ausgestellt in Köln", "PASSPORT", "C01X00T47"),
    ("Mon passeport n° 12AB34567 est perdu", "PASSPORT", "12AB34567"),
    ("Número de pasaporte: AAB123456", "PASSPORT", "AAB123456"),
    ("paszport: EH1234567", "PASSPORT", "EH1234567"),
    ('{"passportNumber":"X1234567","country":"DE"}', "PASSPORT", "X1234567"),
    ("<passportNo>X1234567</passportNo>", "PASSPORT", "X1234567"),
    ("DL#: S530-460-61-123-0", "DRIVER_LICENSE", "S530-460-61-123-0"),
    ("Führerschein-Nr.: B072RRE2I55", "DRIVER_LICENSE", "B072RRE2I55"),
    ("permis de conduire n° 13AA00002", "DRIVER_LICENSE", "13AA00002"),
    ("prawo jazdy nr 00123/14/1465", "DRIVER_LICENSE", "00123/14/1465"),
    ("VIN: WVWZZZ1JZXW000001", "VIN", "WVWZZZ1JZXW000001"),
    ("Fahrgestellnummer (FIN): WAUZZZ8K9AA123457", "VIN", "WAUZZZ8K9AA123457"),
    ("Kfz-Kennzeichen B-MK 4711.", "LICENSE_PLATE", "B-MK 4711"),
    ("targa FB 452 LK", "LICENSE_PLATE", "FB 452 LK"),
    ("nr rejestracyjny WW 1234A,", "LICENSE_PLATE", "WW 1234A"),
    ("exp 12/27, CVV 123", "CVV", "123"),
    ("Prüfziffer: 883", "CVV", "883"),
    ("the card's PIN is 4821", "PASSWORD", "4821"),
    ("Geheimzahl: 4821", "PASSWORD", "4821"),
    ('{"pin": 482193}', "PASSWORD", "482193"),
    ("meine Kundennummer lautet 4711-0815", "CUSTOMER_NUMBER", "4711-0815"),
    ("Kd.-Nr. 48291", "CUSTOMER_NUMBER", "48291"),
    ("customer_id=CUST-0048291", "CUSTOMER_NUMBER", "CUST-0048291"),
    ("Customer #449201 called", "CUSTOMER_NUMBER", "449201"),
    ("numéro client : 0012345678", "CUSTOMER_NUMBER", "0012345678"),
    ("nº de cliente 784512", "CUSTOMER_NUMBER", "784512"),
    ("codice cliente 00451223", "CUSTOMER_NUMBER", "00451223"),
    ("Klantnr: 4829123", "CUSTOMER_NUMBER", "4829123"),
    ("numer klienta 7712345", "CUSTOMER_NUMBER", "7712345"),
    ("employee John Miller (Employee ID: 00482913)", "EMPLOYEE_ID", "00482913"),
    ("Personalnummer 4711", "EMPLOYEE_ID", "4711"),
    ("matriculation number 2312345", "STUDENT_ID", "2312345"),
    ("Policy number POL-2023-884512", "INSURANCE_NUMBER", "POL-2023-884512"),
    ("Versichertennummer: A123456780", "INSURANCE_NUMBER", "A123456780"),
    ("n.º de póliza 45-8812334", "INSURANCE_NUMBER", "45-8812334"),
    ("polisnummer 4455-8812", "INSURANCE_NUMBER", "4455-8812"),
    ("Patientennummer: 8812334", "MEDICAL_RECORD", "8812334"),
    ("El paciente con NHC 4451882", "MEDICAL_RECORD", "4451882"),
    ("cartella clinica n. 2024/00451", "MEDICAL_RECORD", "2024/00451"),
    ("Médico: Ana Ruiz NºCol: 28 28 54623.", "MEDICAL_LICENSE", "28 28 54623"),
    ("account number 12345678,", "BANK_ACCOUNT", "12345678"),
    ("routing 021000021 at Chase", "BANK_ACCOUNT", "021000021"),
    ("sort code 20-00-00", "BANK_ACCOUNT", "20-00-00"),
    ("Konto-Nr.: 0532013000", "BANK_ACCOUNT", "0532013000"),
    ("Nr konta: 61 1090 1014 0000 0712 1981 2874", "BANK_ACCOUNT",
     "61 1090 1014 0000 0712 1981 2874"),
    ("login is jdoe42", "USERNAME", "jdoe42"),
    ("My username is marysmith and I can't log in", "USERNAME", "marysmith"),
    ("Username jdoe, password below", "USERNAME", "jdoe"),
    ("Green card USC1234567890", "NATIONAL_ID", "USC1234567890"),
    ("IMEI 356938035643809", "IMEI", "356938035643809"),
    ("Driver licence no: JONES 710238 HA9YT", "DRIVER_LICENSE", "JONES 710238 HA9YT"),
    ("Conta: 12345-6", "BANK_ACCOUNT", "12345-6"),
    ("Matricule employé : E-4432", "EMPLOYEE_ID", "E-4432"),
    ("Benutzername: mmueller", "USERNAME", "mmueller"),
    ("nom d'utilisateur : pdupont", "USERNAME", "pdupont"),
    ('{\\"username\\": \\"p.novak\\"}', "USERNAME", "p.novak"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "entity", "value"), BESIDE)
def test_beside_a_label(recognizer: Identifiers, text: str, entity: str, value: str) -> None:
    assert (entity, value) in found(recognizer, text)


#: Values whose own form says enough.
_TELLING = {"S530-460-61-123-0", "CUST-0048291"}


@pytest.mark.parametrize("value", sorted({value for _, _, value in BESIDE} - _TELLING))
def test_the_label_makes_the_difference(recognizer: Identifiers, value: str) -> None:
    assert found(recognizer, f"see {value} for more") == set()


NATIONAL = [
    ("SSN 219-09-9999", "US_SSN", "219-09-9999"),
    ("SIN 130 692 544", "CA_SIN", "130 692 544"),
    ("CURP BOXW310820HNERXN09", "MX_CURP", "BOXW310820HNERXN09"),
    ("Meu CPF é 390.533.447-05", "BR_CPF", "390.533.447-05"),
    ("DNI: 30.123.456", "AR_DNI", "30.123.456"),
    ("RUT 12.531.909-2", "CL_RUT", "12.531.909-2"),
    ("NHS No: 943 476 5870", "UK_NHS", "943 476 5870"),
    ("NI number QQ 12 34 56 C", "UK_NINO", "QQ 12 34 56 C"),
    ("PPSN 6433435F", "IE_PPS", "6433435F"),
    ("Steuer-Identifikationsnummer 36 574 261 809", "DE_TAX_ID", "36 574 261 809"),
    ("Steuernummer 143/456/78901", "DE_TAX_NUMBER", "143/456/78901"),
    ("Rentenversicherungsnummer 65 170839 J 008", "DE_SOCIAL_SECURITY", "65 170839 J 008"),
    ("Personalausweisnummer T22000129", "DE_ID_CARD", "T22000129"),
    ("SVNR: 1237 010180", "AT_SVNR", "1237 010180"),
    ("AHV-Nr. 756.9217.0769.85", "CH_AHV", "756.9217.0769.85"),
    ("numéro de sécu 295109912611193", "FR_NIR", "295109912611193"),
    ("Rijksregisternummer: 85.07.30-033.28", "BE_NN", "85.07.30-033.28"),
    ("het BSN nummer van mevrouw de Vries is 111222333.", "NL_BSN", "111222333"),
    ("C.F. RCCMNL83S18D969H", "IT_FISCAL_CODE", "RCCMNL83S18D969H"),
    ("DNI 54362315-K", "ES_NIF", "54362315-K"),
    ("el NIE es X2482300W", "ES_NIE", "X2482300W"),
    ("NASS: 28 12345678 40", "ES_SOCIAL_SECURITY", "28 12345678 40"),
    ("NIF do cliente é 501 964 843", "PT_NIF", "501 964 843"),
    ("cartão de cidadão 00000000 0 ZZ4", "PT_CC", "00000000 0 ZZ4"),
    ("PESEL 44051401359", "PL_PESEL", "44051401359"),
    ("dowód osobisty ABC 123456", "PL_ID_CARD", "ABC 123456"),
    ("rodné číslo 710319/2745", "CZ_RC", "710319/2745"),
    ("CNP 1630615123457", "RO_CNP", "1630615123457"),
    ("ЕГН: 8032056031", "BG_EGN", "8032056031"),
    ("ΑΜΚΑ 01013099997", "GR_AMKA", "01013099997"),
    ("OIB 33392005961", "HR_OIB", "33392005961"),
    ("EMŠO 0101006500006", "SI_EMSO", "0101006500006"),
    ("isikukood 36805280109", "EE_IK", "36805280109"),
    ("asmens kodas 33309240064", "LT_AK", "33309240064"),
    ("personas kods 161175-19997", "LV_PK", "161175-19997"),
    ("ИНН 123456789047", "RU_INN", "123456789047"),
    ("personnummer 880320-0016", "SE_PERSONNUMMER", "880320-0016"),
    ("fødselsnummer 151086 95088", "NO_FODSELSNUMMER", "151086 95088"),
    ("CPR-nr. 211062-5629", "DK_CPR", "211062-5629"),
    ("henkilötunnus 131052-308T", "FI_PERSONAL_IDENTITY_CODE", "131052-308T"),
    ("kennitala 450401-3150", "IS_KENNITALA", "450401-3150"),
    ("TC Kimlik No 17291716060", "TR_NATIONAL_ID", "17291716060"),
    ("תעודת זהות 39337423", "IL_ID", "39337423"),
    ("ID number 7503305044089", "ZA_ID_NUMBER", "7503305044089"),
    ("Aadhaar: 2341 2341 2346", "IN_AADHAAR", "2341 2341 2346"),
    ("PAN ACUPA7085R", "IN_PAN", "ACUPA7085R"),
    ("CNIC 34201-0891231-8", "PK_CNIC", "34201-0891231-8"),
    ("NRIC 770305-02-1234", "MY_NRIC", "770305-02-1234"),
    ("NRIC S1234567D", "SG_NRIC_FIN", "S1234567D"),
    ("NIK 3171011708450001", "ID_NIK", "3171011708450001"),
    ("身份证号码：360426199101010071", "CN_RIC", "360426199101010071"),
    ("他的身份证号码是360426199101010071。", "CN_RIC", "360426199101010071"),
    ("HKID A123456(3)", "HK_ID", "A123456(3)"),
    ("マイナンバー 6214 9832 0257", "JP_MY_NUMBER", "6214 9832 0257"),
    ("주민등록번호 971013-9019902", "KR_RRN", "971013-9019902"),
    ("TFN: 123 456 782", "AU_TFN", "123 456 782"),
    ("IRD 49-091-850", "NZ_IRD", "49-091-850"),
    ("national id card number is 8901123456", "NATIONAL_ID", "8901123456"),
]


@pytest.mark.parametrize(("text", "entity", "value"), NATIONAL)
def test_national_identifiers(recognizer: Identifiers, text: str, entity: str, value: str) -> None:
    assert (entity, value) in found(recognizer, text)


def test_there_are_forty_countries_and_more() -> None:
    checked = {kind.entity.partition("_")[0] for kind in NATIONAL_IDS if kind.check}
    assert len(checked) >= 40


@pytest.mark.parametrize(
    ("text", "entity", "value"),
    [
        ("NIF 501 964 843", "PT_NIF", "501 964 843"),
        ("NIF 54362315K", "ES_NIF", "54362315K"),
        ("personnummer 880320-0016", "SE_PERSONNUMMER", "880320-0016"),
        ("personnummer 151086 95088", "NO_FODSELSNUMMER", "151086 95088"),
        ("personnummer 211062-5629", "DK_CPR", "211062-5629"),
    ],
)
def test_the_check_digit_says_which_country_a_shared_label_means(
    recognizer: Identifiers, text: str, entity: str, value: str
) -> None:
    assert found(recognizer, text) == {(entity, value)}


@pytest.mark.parametrize(
    "text",
    [
        "Call the NHS on 943 476 5919",
        "NHS helpline: phone 943 476 5919",
        "Please call me at 212-555-0199 tomorrow.",
    ],
)
def test_a_phone_number_is_no_identifier(recognizer: Identifiers, text: str) -> None:
    assert found(recognizer, text) == set()


@pytest.mark.parametrize(
    ("text", "entity", "value"),
    [
        ("Gate PIN at the depot is 4480.", "PASSWORD", "4480"),
        ("Tractor unit stays WX68 LKP.", "LICENSE_PLATE", "WX68 LKP"),
        ("Plate of the truck at the meter: Iowa KRT 482.", "LICENSE_PLATE", "KRT 482"),
        ("véhicule A FK-418-ZT, conducteur", "LICENSE_PLATE", "FK-418-ZT"),
        ("The passport of the applicant, Mr Kowalski, is EH1234567.", "PASSPORT", "EH1234567"),
        ("943 476 5870 (NHS number)", "UK_NHS", "943 476 5870"),
        ("the CVC on the back is 552", "CVV", "552"),
        ("he drives a blue VW Golf, HH-AB 1234, every day", "LICENSE_PLATE", "HH-AB 1234"),
    ],
)
def test_near_a_label(recognizer: Identifiers, text: str, entity: str, value: str) -> None:
    assert (entity, value) in found(recognizer, text)


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("1HGBH41JXMN109186", "VIN"),
        ("MORGA657054SM9IJ 35", "UK_DRIVING_LICENCE"),
        ("RCCMNL83S18D969H", "IT_FISCAL_CODE"),
        ("756.9217.0769.85", "CH_AHV"),
        ("2 95 10 99 126 111 93", "FR_NIR"),
        (("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n"
         "L898902C36UTO7408122F1204159ZE184226B<<<<<10"), "PASSPORT"),
    ],
)  # fmt: skip
def test_alone(recognizer: Identifiers, text: str, entity: str) -> None:
    assert (entity, text) in found(recognizer, f"we have {text} on file")


@pytest.mark.parametrize("text", ["1HGBH41J0MN109186", "RCCMNL83S18D96", "AAAAAAAAAAAAAAAAA"])
def test_wrong_check_digits_alone_are_nothing(recognizer: Identifiers, text: str) -> None:
    assert found(recognizer, text) == set()


ROWS = {("CUSTOMER_NUMBER", "48291"), ("CUSTOMER_NUMBER", "48292")}


@pytest.mark.parametrize(
    "text",
    [
        "Name;Kundennummer;Ort\nAnna;48291;Ulm\nBob;48292;Bonn",
        "Name\tKundennummer\tOrt\nAnna\t48291\tUlm\nBob\t48292\tBonn",
        '"name","customer_id","city"\n"Ann, B.","48291","Ulm"\n,48292,',
        "| Name | Customer ID | City |\n|---|--:|---|\n| Anna | 48291 | Ulm |\n| Bob | 48292 | |",
        "Name      Customer no   City\nAnna Lee  48291         Ulm\nBob       48292         Bonn",
        "INSERT INTO c (name, customer_id) VALUES ('Anna, B.', 48291), ('Bob', '48292');",
        "customer numbers 48291 and 48292",
        "Customer IDs: 48291, 48292",
    ],
)
def test_a_label_names_its_column(recognizer: Identifiers, text: str) -> None:
    assert found(recognizer, text) == ROWS


@pytest.mark.parametrize(
    ("text", "entity", "value"),
    [
        ("acct 90-441-7790", "CUSTOMER_NUMBER", "90-441-7790"),
        ("Account #: A-220917", "CUSTOMER_NUMBER", "A-220917"),
        ("account number 12345678", "BANK_ACCOUNT", "12345678"),
        ("checking account 90-441-7790", "BANK_ACCOUNT", "90-441-7790"),
        ("Konto: 12-345678", "BANK_ACCOUNT", "12-345678"),
    ],
)
def test_an_account_is_a_banks_if_it_looks_like_one(
    recognizer: Identifiers, text: str, entity: str, value: str
) -> None:
    assert found(recognizer, text) == {(entity, value)}


def test_a_label_decides_what_a_form_alone_would_be(recognizer: Identifiers) -> None:
    text = "nombre;permiso de conducir;tel\nAmadou;Z3620902V;1"
    assert found(recognizer, text) == {("DRIVER_LICENSE", "Z3620902V")}
    assert found(recognizer, "sobre Z3620902V en mano") == {("ES_NIE", "Z3620902V")}


def test_a_credit_card_is_no_citizens_card(recognizer: Identifiers) -> None:
    assert found(recognizer, "cc 300000000004") == set()
    assert ("PT_CC", "00000000 0 ZZ4") in found(recognizer, "CC: 00000000 0 ZZ4")


#: What the labels of one round of work found first, and had no test.
LABELS = [
    ("agent: your customer number?\nEva: it's 471199", "CUSTOMER_NUMBER", "471199"),
    ("What is your passport number?\n[09:12] Tom: C01X00T47", "PASSPORT", "C01X00T47"),
    ("ping CUST-12345 about it", "CUSTOMER_NUMBER", "CUST-12345"),
    ("badge of EMP-12345 is lost", "EMPLOYEE_ID", "EMP-12345"),
    ("Vertrag 4711-889210 endet", "CUSTOMER_NUMBER", "4711-889210"),
    ("adhérent 35319481", "CUSTOMER_NUMBER", "35319481"),
    ("Mitgliedsnummer lautet M-448120", "CUSTOMER_NUMBER", "M-448120"),
    ("matricule : 448120", "EMPLOYEE_ID", "448120"),
    ("mi usuario es amadou.s", "USERNAME", "amadou.s"),
    ("Benutzername: kpfleid7", "USERNAME", "kpfleid7"),
    ("my username is quillfan and", "USERNAME", "quillfan"),
    ("nom d'utilisateur : m.castaing", "USERNAME", "m.castaing"),
    ("assignee: jdoe4", "USERNAME", "jdoe4"),
    ("paid into 30-96-26 69056448 twice", "BANK_ACCOUNT", "30-96-26 69056448"),
    ("nuestro NIE: Z3620902V", "ES_NIE", "Z3620902V"),
    ("Seguridad Social 28 78451304 03", "ES_SOCIAL_SECURITY", "28 78451304 03"),
]


@pytest.mark.parametrize(("text", "entity", "value"), LABELS)
def test_labels_as_people_write_them(
    recognizer: Identifiers, text: str, entity: str, value: str
) -> None:
    assert (entity, value) in found(recognizer, text)


@pytest.mark.parametrize(
    "text",
    [
        "CUST-12 and EMP-7 are tests",
        "vertrag 12",
        "your username is required",
        "Welcher Benutzername ist richtig?",
        "assignee: unassigned",
        "abonné depuis 2019",
        "account 2024-03-02",
    ],
)
def test_labels_without_a_value(recognizer: Identifiers, text: str) -> None:
    assert found(recognizer, text) == set()


def test_a_label_alone_on_its_line_names_the_next(recognizer: Identifiers) -> None:
    assert found(recognizer, "Passport number:\nC01X00T47\n") == {("PASSPORT", "C01X00T47")}


def test_values_beside_labels_are_no_table(recognizer: Identifiers) -> None:
    text = "Passport: C01X00T47, born 1980\nPassport: X1234567, born 1981"
    assert found(recognizer, text) == {("PASSPORT", "C01X00T47"), ("PASSPORT", "X1234567")}
    text = "Customer no 48291; Ulm\n48292; Bonn"
    assert ("CUSTOMER_NUMBER", "48291") in found(recognizer, text)
    text = "| Passport | C01X00T47 |\n|---|---|\n| Customer ID | 48213 |"
    assert found(recognizer, text) == {("PASSPORT", "C01X00T47"), ("CUSTOMER_NUMBER", "48213")}


@pytest.mark.parametrize(
    "text",
    [
        "Order number 8841223, invoice no 2024-118, ticket 48129077, SKU A100-2291",
        "The customer ID field is required.",
        "customer no. 2024-03-02",
        "Please renew the passport by 12.03.2027.",
        "the medical record of 2019 shows",
        "patient is 45 years old",
        "def handle(user_id: int, username: str) -> None:",
        "username = request.form['username']",
        "username is not valid",
        "your username is incorrect.",
        "If a username is specified, the handle is made.",
        "    username,\n    password,\n    certfile,\n    keyfile,\n",
        "GET /authorize?client_id=0a1b2c3d4e5f6a7b&state=99",
        "ValueError: driver 470.82 needs license check",
        "the car arrived at 10:30 with 4 people",
        "request_id=075d4c7b-747c-4bcd-75cc-436761729317",
        "plate 12 in volume 3",
        "Die Steuer steigt 2025 um 3 Prozent",
        "nie 12345678 razy",
        "sin 120 euros",
        "1700000000000 1699999999 20240302 4.19.128 10.0.0.1",
    ],
)
def test_what_is_nobodys(recognizer: Identifiers, text: str) -> None:
    assert found(recognizer, text) == set()


@pytest.mark.parametrize(
    "label", ["customer_number", "customerNumber", "CUSTOMER-NUMBER", "Customer  Number", "customer number"]
)  # fmt: skip
def test_spellings_of_a_label(recognizer: Identifiers, label: str) -> None:
    assert found(recognizer, f"{label}: 48291") == {("CUSTOMER_NUMBER", "48291")}


@pytest.mark.parametrize(
    "value", ["943\u00a0476\u00a05870", "943\u2011476\u20115870", "\uff19\uff14\uff13 476 5870"]
)
def test_typographic_spaces_dashes_and_digits(recognizer: Identifiers, value: str) -> None:
    assert found(recognizer, f"NHS\u00a0No: {value}.") == {("UK_NHS", value)}


def test_a_letter_that_folds_to_two_moves_no_offset(recognizer: Identifiers) -> None:
    text = "İİİ ﬁﬁ straße passport C01X00T47"
    assert found(recognizer, text) == {("PASSPORT", "C01X00T47")}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.entity)
def test_every_kind_can_be_found_somehow(kind: object) -> None:
    assert isinstance(kind, type(KINDS[0]))
    assert kind.alone or (kind.labels and (kind.beside or kind.assigned or kind.near))
    assert all(label.strip() for label in kind.labels)


@pytest.mark.parametrize(
    "hostile",
    [
        "passport,\n" * 1_000,
        "customer no " * 2_500,
        "dni;" * 5_000,
        "a;b\n" * 5_000,
        "| passport " * 2_500,
        "insert into t (passport," + "a," * 9_000 + ") values (" * 10,
        "P" + "A" * 20_000,
        "1" * 20_000,
        "id " * 8_000,
        "passport" + " " * 20_000,
        "1.234.567-" * 2_000,
    ],
    ids=lambda text: text[:12],
)
def test_hostile_text_is_read_to_the_end(recognizer: Identifiers, hostile: str) -> None:
    """No timing is asserted; what isn't linear would make this test hang."""
    assert ("PASSPORT", "C01X00T47") in found(recognizer, hostile + "\n\npassport C01X00T47")
