"""What labels in annotated text mean, and which findings count as what they stand for. Pure.

Corpora name the same thing in different words and annotate different things. Two tables say what
each means here: `LABELS` for labels that aren't entities of ours by name, `ANNOTATES` for corpora
that leave most kinds of personal data unmarked, where a finding of such a kind is neither right nor
wrong. A label in neither table is an entity under its own name.
"""

from __future__ import annotations

import re

#: Label → entity. None: an ignored region, where findings aren't judged.
LABELS: dict[str, str | None] = {
    # Universal NER, wikigold, WNUT17, OntoNotes
    "PER": "PERSON",
    "person": "PERSON",
    "LOC": "LOCATION",
    "GPE": "LOCATION",
    "FAC": "LOCATION",
    "location": "LOCATION",
    "ORG": "ORGANIZATION",
    "group": "ORGANIZATION",
    "corporation": "ORGANIZATION",
    "NORP": "NRP",
    "DATE": "DATE_TIME",
    "TIME": "DATE_TIME",
    "MISC": None,
    "product": None,
    "creative-work": None,
    # presidio-research
    "STREET_ADDRESS": "ADDRESS",
    "ZIP_CODE": "ADDRESS",
    "DOMAIN_NAME": "URL",
    "AGE": None,
    "TITLE": None,
    # MEDDOCAN: numbers of a patient, a contact or a doctor are told apart by their layout only
    "NOMBRE_SUJETO_ASISTENCIA": "PERSON",
    "NOMBRE_PERSONAL_SANITARIO": "PERSON",
    "ID_SUJETO_ASISTENCIA": "IDENTIFIER",
    "ID_ASEGURAMIENTO": "IDENTIFIER",
    "ID_CONTACTO_ASISTENCIAL": "IDENTIFIER",
    "ID_TITULACION_PERSONAL_SANITARIO": "IDENTIFIER",
    "CALLE": "ADDRESS",
    "TERRITORIO": "LOCATION",
    "PAIS": "LOCATION",
    "FECHAS": "DATE_TIME",
    "CORREO_ELECTRONICO": "EMAIL_ADDRESS",
    "NUMERO_TELEFONO": "PHONE_NUMBER",
    "NUMERO_FAX": "PHONE_NUMBER",
    "HOSPITAL": "ORGANIZATION",
    "INSTITUCION": "ORGANIZATION",
    "CENTRO_SALUD": "ORGANIZATION",
    "EDAD_SUJETO_ASISTENCIA": None,
    "SEXO_SUJETO_ASISTENCIA": None,
    "FAMILIARES_SUJETO_ASISTENCIA": None,  # "hija", "padre": relations, not names
    "OTROS_SUJETO_ASISTENCIA": None,
    "PROFESION": None,
}

_NAMES = frozenset({"PERSON", "LOCATION", "ORGANIZATION"})
#: How `src` begins → the entities that this corpus annotates. Any other corpus annotates all.
ANNOTATES: dict[str, frozenset[str]] = {
    "uner_": _NAMES,
    "pt_bosque": _NAMES,
    "wnut17": _NAMES,
    "wikigold": _NAMES,
}

#: Entities that say nothing about a person by themselves. A document without any other holds
#: nothing personal, and what else is found in it is a false alarm.
IMPERSONAL = frozenset({"DATE_TIME", "LOCATION", "ORGANIZATION", "URL"})

#: One kind of something general: the entity → the general one.
_KINDS = {
    "VIN": "VEHICLE",
    "LICENSE_PLATE": "VEHICLE",
    "TAX_ID": "NATIONAL_ID",
    "EMPLOYEE_ID": "CUSTOMER_NUMBER",
    "US_MBI": "INSURANCE_NUMBER",
}
#: A country's own form of it: a part of the entity's name → the general entity. The first counts.
_FORMS = (
    ("PASSPORT", "PASSPORT"),
    ("DRIV", "DRIVER_LICENSE"),
    ("VEHICLE", "VEHICLE"),
    ("BANK", "BANK_ACCOUNT"),
    ("ROUTING", "BANK_ACCOUNT"),
    ("HEALTH_INSURANCE", "INSURANCE_NUMBER"),
    ("MEDICARE", "INSURANCE_NUMBER"),
)
_COUNTRY = re.compile(r"[A-Z]{2}_")
#: Entities that also count as found, by the one that was looked for, beyond the rule in `counts`.
_ALSO: dict[str, frozenset[str]] = {
    # Stock Presidio knows no addresses, and older corpora don't tell the two apart.
    "LOCATION": frozenset({"ADDRESS"}),
    "ADDRESS": frozenset({"LOCATION"}),
    "DATE_TIME": frozenset({"DATE_OF_BIRTH"}),
    "JWT": frozenset({"API_KEY"}),
    "API_KEY": frozenset({"JWT"}),
    "IDENTIFIER": frozenset(
        {"NATIONAL_ID", "MEDICAL_RECORD", "INSURANCE_NUMBER", "CUSTOMER_NUMBER", "MEDICAL_LICENSE"}
    ),
}


def entity_of(label: str) -> str | None:
    """Return the entity that a label stands for; None if it marks an ignored region."""
    return LABELS.get(label, label)


def counts(found: str, looked_for: str) -> bool:
    """Say whether a finding of one entity finds another.

    It does if they are the same, if one is a country's form or a kind of the other (`ES_NIF` of
    `NATIONAL_ID`; two forms are never the same), or if `_ALSO` says so.
    """
    also = _ALSO.get(looked_for, frozenset())
    return (
        found == looked_for
        or found == _general(looked_for)
        or _general(found) == looked_for
        or found in also
        or _general(found) in also
    )


def judged(entity: str, src: str, only: frozenset[str]) -> bool:
    """Say whether an entity is scored in documents of a corpus.

    Args:
        entity: what was found, or what a label stands for.
        src: the corpus.
        only: entities to limit the scoring to; empty for all.
    """
    wanted = [only] if only else []
    wanted += [scope for start, scope in ANNOTATES.items() if src.startswith(start)]
    return all(any(counts(entity, one) for one in scope) for scope in wanted)


def _general(entity: str) -> str:
    if entity in _KINDS:
        return _KINDS[entity]
    for part, general in _FORMS:
        if part in entity:
            return general
    return "NATIONAL_ID" if _COUNTRY.match(entity) else entity
