"""Persons named by a label: `Patient: …`, `"first_name": "…"`, a column called *Nachname*.

Labels that name nothing but a person take any name; those that also name things (`name`, `owner`)
take one that holds a known given name.
"""

from __future__ import annotations

import re

from proxy.detect.names.given import is_given_name
from proxy.detect.recognizers.labelled import Kind, LabelledRecognizer
from proxy.detect.recognizers.person_words import could_be_somebody, holds_given_name

_STRONG = (
    "full name", "fullname", "first name", "firstname", "given name", "last name", "lastname",
    "surname", "forename", "forenames", "christian name", "family name", "middle name", "maiden name", "patient name", "patient",
    "employee name", "customer name", "client name", "contact name", "contact person",
    "account holder", "card holder", "cardholder", "cardholder name", "name on card",
    "policyholder", "policy holder", "next of kin", "emergency contact", "spouse", "beneficiary",
    "tenant name", "applicant", "claimant", "insured", "line manager", "attending", "physician",
    "signatory", "recipient name", "sender name", "display name", "vorname", "nachname",
    "familienname", "geburtsname", "name des patienten", "ansprechpartner", "ansprechpartnerin",
    "kontoinhaber", "karteninhaber", "versicherungsnehmer", "versicherter", "mitarbeiter",
    "mitarbeiterin", "mieter", "mieterin", "vermieter", "patientin", "prénom", "nom de famille",
    "nom complet", "nom et prénom", "nom prénom", "titulaire", "assuré", "assurée", "locataire",
    "bailleur", "salarié", "nombre completo", "nombre y apellidos", "apellido", "apellidos",
    "paciente", "titular", "asegurado", "empleado", "arrendatario", "arrendador", "cognome",
    "nome e cognome", "paziente", "intestatario", "assicurato", "dipendente", "conduttore",
    "locatore", "nome completo", "sobrenome", "apelido", "segurado", "inquilino", "voornaam",
    "achternaam", "naam patiënt", "rekeninghouder", "verzekerde", "huurder", "verhuurder",
    "contactpersoon", "medewerker", "imię", "nazwisko", "imię i nazwisko", "pacjent", "pacjentka",
    "posiadacz rachunku", "posiadacz", "osoba upoważniona", "kupujący", "kupująca", "sprzedający",
    "rodné jméno", "příjmení", "jméno", "förnamn", "efternamn", "fornavn", "etternavn",
    "etunimi", "sukunimi", "prenume", "soyad\u0131", "rufname", "nom d'usage", "nombre de pila",
    "segundo apellido", "primer apellido", "roepnaam", "tussenvoegsel", "encarregado de educação",
    "氏名", "お名前", "姓名", "ubezpieczony", "najemca", "wynajmujący", "pracownik",
)  # fmt: skip
_ALSO_THINGS = (
    "name", "customer", "client", "employee", "contact", "owner", "author", "assignee",
    "assigned to", "reporter", "reported by", "requester", "requested by", "created by",
    "updated by", "approved by", "signed by", "prepared by", "reviewed by", "manager",
    "supervisor", "attn", "attention", "recipient", "sender", "from", "to", "cc", "tenant",
    "landlord", "guest", "passenger", "driver", "student", "teacher", "parent", "doctor", "nurse",
    "candidate", "caller", "participants", "attendees", "kunde", "kundin", "inhaber",
    "bearbeiter", "verfasser", "arzt", "ärztin", "fahrer", "teilnehmer", "nom", "cliente",
    "auteur", "médecin", "responsable", "destinataire", "nombre", "médico", "contacto", "nome",
    "autore", "medico", "referente", "responsabile", "autor", "contato", "naam", "klant", "arts",
    "klient", "lekarz", "zgłaszający", "verantwortlich",
)  # fmt: skip
#: One to five words of letters, also with an escaped line end between; what else a value holds ends
#: it.
_VALUE = (
    r"[^\W\d_][^\W\d_'\u2019.-]{0,24}\.?(?:[-'\u2019][^\W\d_]{1,24}){0,2}"
    r"(?:(?:,?[ ]|[ ]?(?:\\r)?\\n[ ]?)[^\W\d_]{1,24}\.?(?:[-'\u2019][^\W\d_]{1,24}){0,2}){0,4}"
    r"(?=[ \t]*(?:[\"'\u201d`,;|<>()\[\]{}&\n\r\t]|[ ][-/\u2013][ ]|\.(?:\s|\Z)|\Z|[ ]{2}))"
)


_KANA = "\u3040"


def _a_name(value: str) -> bool:
    words = value.replace(",", " ").split()
    if not could_be_somebody(value):
        return False
    if value[0] >= _KANA:  # of scripts without capitals, where a label is all there is
        return True
    return value[0].isupper() or (len(words) < 4 and is_given_name(words[0].strip(".")))


PERSONS = (
    Kind("PERSON", _STRONG, assigned=_VALUE, plausible=_a_name, wordy=True),
    Kind("PERSON", _ALSO_THINGS, assigned=_VALUE, plausible=holds_given_name, wordy=True),
)


class PersonLabelRecognizer(LabelledRecognizer):
    """Finds PERSON beside and below labels."""

    #: A sign that gives a value to a label, in either width; a further line of a table, or SQL's.
    NEEDS = (re.compile("[:=>\n(\uff1a\uff1d\uff1e\uff08]"),)

    def __init__(self, supported_language: str = "en") -> None:
        super().__init__(PERSONS, supported_language, "PersonLabelRecognizer")
