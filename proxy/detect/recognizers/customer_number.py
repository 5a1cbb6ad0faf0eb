"""Numbers that an organisation gives to its customers, staff, members and students, by label.

What they look like is the organisation's choice. "Customer" alone says nothing about the number
after it, so these labels hold a word for "number" or "id". Orders, tickets and invoices are no
persons and stay.
"""

from __future__ import annotations

from proxy.detect.recognizers.bank_account import ANY_ACCOUNT
from proxy.detect.recognizers.labelled import FREE, Kind, issued
from proxy.detect.recognizers.labels import combined

_CUSTOMER = (
    *combined(
        ("customer", "customer account", "cust", "account holder", "kunden", "kunde", "mitglieds",
         "member", "membership", "loyalty", "cliente", "klant", "klienta", "abonado", "abonné",
         "socio"),
        "id", "identifier", "code", "reference", "kennung",
    ),
    # An API's client_id is nobody's, so no "id" here.
    *combined(
        ("client", "client account", "subscriber", "loyalty card", "patron", "kd", "vertragskonto",
         "bestandskunden", "adhérent", "fidélité", "carte de fidélité", "tessera", "utente",
         "sócio", "assinante", "klanten", "lid", "lidmaatschap", "klient", "abonent", "abonenta",
         "członkowski", "kund", "kundens", "debitor", "debitoren", "frequent flyer", "passenger",
         "donor", "kundin", "mitarbeiterin", "vielflieger", "grand voyageur", "viajero frecuente", "passageiro frequente",
         "passeggero frequente", "medlems", "medlem", "kunde", "členské", "zákazníka", "clienta",
         "müşteri", "üye", "ügyfél", "jäsen", "allocataire", "asiakas", "zákaznické", "zákaznícke", "cust acct",
         "contract", "contrat", "contrato", "contratto", "vertrag", "vertrags", "umowy", "umowa",
         "contract account", "subscription", "abo", "abonnement", "abbonamento", "suscripción",
         "assinatura", "abonamentu", "bonus card", "club card", "rewards", "kundenkarten",
         "klantenkaart", "karty klienta", "karty stałego klienta", "tarjeta cliente"),
    ),
    "account id", "kundenkonto", "vertragskonto", "loyalty card", "rewards card", "clubcard",
    "membership card", "member card", "kundenkarte", "carte de fidélité", "carta fedeltà",
    "tessera fedeltà", "tarjeta de fidelidad", "tarjeta de socio", "cartão de fidelidade",
    "cartão de sócio", "klantenkaart", "karta klienta", "karta stałego klienta", "kundennummer", "kundennr", "kdnr", "mitgliedsnummer",
    "vertragskontonummer",
    "cod cliente", "cód cliente", "codice del cliente", "matrícula do funcionário",
    "matrícula del empleado", "nr ewidencyjny pracownika", "identifiant client", "code client", "référence client", "réf client", "referenza cliente",
    "ref cliente", "klantnummer", "lidnummer", "zákaznické číslo", "číslo zákazníka",
    "asiakasnumero", "miles more", "frequent traveller", "medlemsnummer", "kundenummer",
    "kundnummer", "jäsennumero", "číslo zákazníka", "členské číslo", "cod client", "müşteri no",
    "müşteri numaras\u0131", "ügyfélszám", "ügyfélazonosító", "お客様番号", "会員番号", "顧客番号",
    "社員番号", "客户编号", "会员号", "員工編號", "numer abonenta", "vielfliegernummer",
)  # fmt: skip
_EMPLOYEE = (
    *combined(
        ("employee", "emp", "staff", "personnel", "payroll", "pay", "badge", "badge card",
         "personal", "mitarbeiter", "pers", "arbeitnehmer", "employé", "salarié", "empleado",
         "trabajador", "legajo", "dipendente", "funcionário", "colaborador", "empregado",
         "personeels", "medewerker", "werknemer", "pracownika", "pracowniczy", "ewidencyjny",
         "kadrowy",
         "anställnings", "medarbejder"),
        "id", "identifier", "code",
    ),
    "matricule", "matricule employé", "matricule salarié", "matricola", "personalnummer",
    "personal nr", "personalnr", "n° matricule",
    "stammnummer", "matrícula funcional", "personeelsnummer",
)  # fmt: skip
_STUDENT = (
    *combined(
        ("student", "pupil", "matrikel", "étudiant", "élève", "estudiante", "alumno", "studente",
         "aluno", "studenten", "studenta", "albumu", "indeksu", "learner"),
        "id", "code",
    ),
    "teacher reference", "teacher reference no", "matrikelnummer", "matrikelnr", "legitymacja studencka", "legitymacji studenckiej",
    "matriculation no", "matriculation number", "ine",
    "studentnummer",
)  # fmt: skip

#: These need a colon, an equals sign or a column between them and a number, or a prefix before it.
_CUSTOMER_ITSELF = (
    "customer", "cust", "kunde", "kd", "cliente", "klant", "klient", "member", "kunden",
    "subscriber", "abonné", "adhérent", "membre", "socio", "sócio", "lid", "utente",
)  # fmt: skip
_CONTRACT = (
    "contract", "contrato", "contratto", "contrat", "vertrag", "umowa", "umowy", "abonnement",
    "abbonamento", "subscription", "suscripción", "assinatura",
)  # fmt: skip
#: A short prefix and digits; groups of digits.
_PREFIXED = r"(?-i:[A-Z]{1,5})-?\d{4,12}(?:[-/]\d{1,8}){0,3}"
_GROUPED = r"\d{3,9}[-/.]\d{2,6}(?:[-/.]\d{2,6}){0,2}"
#: What systems put before the numbers of persons.
_TELLING = r"(?:CUST|CUS|CUSTOMER|CLI|MEMBER|MBR|KD|KDNR|KND|SUB)-?\d{5,12}"

CUSTOMER_NUMBERS = (
    Kind("CUSTOMER_NUMBER", _CUSTOMER, beside=FREE, plausible=issued(4)),
    Kind("CUSTOMER_NUMBER", ANY_ACCOUNT, beside=FREE, plausible=issued(5)),
    Kind("CUSTOMER_NUMBER", ("account",), beside=_PREFIXED, assigned=FREE, plausible=issued(5)),
    Kind("CUSTOMER_NUMBER", _CUSTOMER_ITSELF, beside=_PREFIXED, assigned=FREE, plausible=issued(5)),
    Kind("CUSTOMER_NUMBER", ("adhérent", "abonné"), beside=r"\d{5,12}"),
    Kind("CUSTOMER_NUMBER", _CONTRACT, beside=rf"{_PREFIXED}|{_GROUPED}", plausible=issued(6)),
    Kind("CUSTOMER_NUMBER", (), alone=_TELLING),
    Kind("EMPLOYEE_ID", (), alone=r"(?:EMP|EMPL|STAFF)-?\d{5,12}"),
    Kind("EMPLOYEE_ID", _EMPLOYEE, beside=FREE, plausible=issued(4)),
    Kind("EMPLOYEE_ID", ("employee", "badge", "mitarbeiter"), assigned=FREE, plausible=issued(4)),
    Kind("STUDENT_ID", _STUDENT, beside=FREE, plausible=issued(5)),
)
