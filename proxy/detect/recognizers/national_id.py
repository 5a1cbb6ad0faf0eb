"""National identifiers: numbers that a state gives to a person, of some sixty countries.

Formats and check digits are python-stdnum's, which names the source of each in its modules. Names
are Presidio's where it has one, else the country and what the number is called there. A format
that nothing else has (an Italian tax code, a Swiss AHV number) also counts without its label.
"""

from __future__ import annotations

from importlib import import_module

from proxy.detect.recognizers.labelled import Kind, issued
from proxy.detect.recognizers.national_id_table import ROWS

#: Labels of identity documents whose country isn't said. The number's form isn't known either.
_UNKNOWN_COUNTRY = (
    "national id", "national identity", "national identity no", "national identification", "national identification no", "national identifier",
    "national identity card", "identity card", "id card", "identity document", "citizen id",
    "government id", "personal id number", "personal identification number", "id document",
    "ausweisnummer", "ausweis nr", "identitätskarte", "identitätsausweis", "personenkennziffer",
    "carte d'identité", "carte nationale d'identité", "cni", "pièce d'identité", "titre de séjour",
    "carta d'identità", "carta identità", "documento d'identità", "documento de identidad",
    "documento de identidade", "bilhete de identidade", "carteira de identidade", "rg",
    "cartão de residente", "tarjeta de residencia", "permiso de residencia", "aufenthaltstitel",
    "residence permit", "identiteitskaart", "identiteitsbewijs", "verblijfsvergunning",
    "dowód osobisty", "dowodu osobistego", "dowód tożsamości", "nr dowodu", "numer dowodu",
    "seria i numer dowodu", "cédula de identidad", "cédula", "občanský průkaz", "legitimation",
    "személyi igazolvány", "green card", "alien registration no", "uscis no", "ctps", "v nummer",
    "carta di identità elettronica", "documento", "documento n", "doc identidad", "doc identità",
    "numer dokumentu", "nr dokumentu", "seria i nr dowodu", "dowód", "identity no",
)  # fmt: skip
_TAX = (
    "tax id", "tax identification no", "tax identification number", "tax identifier", "tin",
    "taxpayer id", "taxpayer identification number", "taxpayer no", "identifiant fiscal",
    "numéro fiscal", "fiscaal nummer",
)  # fmt: skip
_CARD = (
    r"[A-Z]{1,4}[ -]?\d{5,10}(?:[ -]?[A-Z0-9]{1,3})?|\d{1,3}(?:\.\d{3}){2}-?[\dXK]?"
    r"|\d{6,15}[A-Z]{0,2}|\d{2,5}(?:[ -/]\d{2,6}){1,5}|(?=[A-Z]*\d[A-Z]*\d)[A-Z0-9]{8,14}"
)


def _row(entity: str, module: str, labels: str, form: str, evidence: str) -> Kind:
    checked = import_module(f"stdnum.{module}").is_valid if module else None
    return Kind(
        entity,
        tuple(label.strip() for label in labels.split(",") if label),
        beside=form if "beside" in evidence else "",
        near=form if checked or "near" in evidence else "",
        alone=form if "alone" in evidence else "",
        check=checked,
    )


NATIONAL_IDS = (
    *(_row(*row) for row in ROWS),
    Kind("NATIONAL_ID", _UNKNOWN_COUNTRY, beside=_CARD, near=r"[A-Z]{2,3} ?\d{6,7}"),
    Kind("TAX_ID", _TAX, beside=rf"{_CARD}|\d{{2}}-\d{{7}}", plausible=issued(7)),
)
