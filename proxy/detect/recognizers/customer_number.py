"""Numbers that an organisation gives to its customers, staff, members and students, by label.

What they look like is the organisation's choice. "Customer" alone says nothing about the number
after it, so these labels hold a word for "number" or "id". Orders, tickets and invoices are no
persons and stay.
"""

from __future__ import annotations

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
         "donor", "allocataire", "asiakas", "zákaznické", "zákaznícke", "cust acct"),
    ),
    "account id", "kundenkonto", "kundennummer", "kundennr", "kdnr", "mitgliedsnummer",
    "vertragskontonummer",
    "identifiant client", "code client", "référence client", "réf client", "referenza cliente",
    "ref cliente", "klantnummer", "lidnummer", "zákaznické číslo", "číslo zákazníka",
    "asiakasnumero", "miles more", "frequent traveller",
)  # fmt: skip
_EMPLOYEE = (
    *combined(
        ("employee", "emp", "staff", "personnel", "payroll", "badge", "badge card",
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
    "matrikelnummer", "matrikelnr", "legitymacja studencka", "legitymacji studenckiej",
    "matriculation no", "matriculation number", "ine",
    "studentnummer",
)  # fmt: skip

#: These need a colon, an equals sign or a column between them and a number.
_CUSTOMER_ITSELF = ("customer", "cust", "kunde", "kd", "cliente", "klant", "klient", "member")

CUSTOMER_NUMBERS = (
    Kind("CUSTOMER_NUMBER", _CUSTOMER, beside=FREE, plausible=issued(4)),
    Kind("CUSTOMER_NUMBER", _CUSTOMER_ITSELF, assigned=FREE, plausible=issued(5)),
    Kind("EMPLOYEE_ID", _EMPLOYEE, beside=FREE, plausible=issued(4)),
    Kind("EMPLOYEE_ID", ("employee", "badge", "mitarbeiter"), assigned=FREE, plausible=issued(4)),
    Kind("STUDENT_ID", _STUDENT, beside=FREE, plausible=issued(5)),
)
