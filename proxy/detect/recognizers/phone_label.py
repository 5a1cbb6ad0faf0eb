"""Phone numbers behind a label ("Tel.", "call me on"): any digits that could be dialled somewhere.

`phone.py` knows the plans of some countries; a label says what a number is under any other plan.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from presidio_analyzer import RecognizerResult

from proxy.detect.recognizers.labelled import Kind, LabelledRecognizer
from proxy.detect.recognizers.needs import A_DIGIT
from proxy.detect.recognizers.phone import something_else

_LABELS = (
    "phone", "phone no", "phone number", "telephone", "telephone number", "tel", "tel no", "tel nr",
    "tel number", "ph", "ph no", "mobile", "mobile no", "mobile number", "mobile phone", "mob",
    "cell", "cell number", "cell phone", "cellphone", "fax", "fax no", "fax number", "landline",
    "whatsapp", "contact number", "contact no", "home phone", "work phone", "daytime phone",
    "call me at", "call me on", "call us at", "call us on", "reach me at", "reach me on",
    "text me at", "ring me on", "phone me on", "telefon", "telefonnummer", "telefon nr",
    "rufnummer", "mobil", "mobilnummer", "handy", "handynummer", "festnetz", "durchwahl",
    "téléphone", "tél", "portable", "numéro de téléphone", "teléfono", "telefono", "tfno", "tlf",
    "tlfno", "móvil", "celular", "número de teléfono", "cellulare", "numero di telefono",
    "telefone", "telemóvel", "número de telefone", "telefoon", "telefoonnummer", "mobiel", "gsm",
    "my number is", "her number is", "his number is", "meine nummer ist", "mon numéro est",
    "mi número es", "su número es", "il mio numero è", "il suo numero è", "o meu número é",
    "meu número é", "mijn nummer is", "zijn nummer is", "haar nummer is", "mój numer to",
    "jego numer to", "jej numer to", "erreichbar unter", "rückruf unter", "rückruf erbeten unter", "unter der nummer", "joignable au",
    "appelez-moi au", "rappelez-moi au", "rappeler au", "me joindre au", "contacter au",
    "llámame al", "llámeme al", "llame al", "llamar al", "llamarme al", "localizable en el",
    "chiamatemi al", "chiamare al", "chiamami al", "chiamarlo al", "chiamarla al",
    "raggiungibile al", "ligue para", "ligar para", "ligou do", "contactar através do",
    "bel me op", "bel mij op", "bellen op", "bereikbaar op", "te bereiken op",
    "teruggebeld worden op", "zadzwonić pod", "dzwonić pod", "oddzwonić na", "oddzwonić pod",
    "proszę dzwonić", "pod numerem", "kom", "ring på", "ring til", "ring mig på", "ring meg på",
    "nås på", "træffes på", "tavoittaa numerosta", "volejte", "zavolejte na", "hívjon a",
    "sunați la", "telefonu", "cep telefonu", "cep tel", "telefonszám", "telefonnr", "tlf",
    "puhelinnumero", "電話", "携帯", "电话", "手机", "전화",
    "komórka", "numer telefonu", "nr telefonu", "tel kom", "telefonní číslo", "puhelin", "tlf nr",
)  # fmt: skip
_ANY_PLAN = r"(?:\+|00)?\(?\d(?:[ ]?[().\-/ ]{0,2}\d){5,14}(?![\d/])"


def _dialled(value: str) -> bool:
    return not something_else(value)


#: Behind these stands much else, so only groups as people write those of a phone's number.
_ALSO_WORDS = ("kontakt", "contact", "contatto", "contacto", "contato", "contatti", "yhteys")
_GROUPS = r"(?:\+|00|0)?\d{1,4}(?:[ ./-]\d{2,4}){2,5}(?![\d/])"

PHONES = (
    Kind("PHONE_NUMBER", _LABELS, beside=_ANY_PLAN, plausible=_dialled),
    Kind("PHONE_NUMBER", _ALSO_WORDS, assigned=_GROUPS, plausible=_dialled),
)


class PhoneLabelRecognizer(LabelledRecognizer):
    """Finds PHONE_NUMBER beside and below labels."""

    NEEDS = (
        A_DIGIT,
        re.compile(r"\d(?:[^\w\n]{0,3}\d){5}"),
    )

    def __init__(self, supported_language: str = "en") -> None:
        # Under the name of the other recognizer of numbers: both are switched off together.
        super().__init__(PHONES, supported_language, "Phone")

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: Any = None
    ) -> list[RecognizerResult]:
        """Return one result for each number, its bracket included; see Presidio's base class."""
        results = super().analyze(text, entities, nlp_artifacts)
        for one in results:
            shown = text[one.start : one.end]
            one.start -= ")" in shown and "(" not in shown and text[one.start - 1] == "("
        return results
