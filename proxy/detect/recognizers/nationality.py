"""Nationality and religion where a form or a contract names them: "Staatsangehörigkeit: polnisch".

Entity NRP, as Presidio calls it. Names of nations in running text are left to the models: this
reads what stands under a label, in whatever language.
"""

from __future__ import annotations

from proxy.detect.recognizers.labelled import Kind

_LABELS = (
    "nationality", "nationalities", "citizenship", "nationalität", "staatsangehörigkeit",
    "staatsbürgerschaft", "nationalité", "nacionalidad", "nazionalità", "cittadinanza",
    "nacionalidade", "cidadania", "ciudadanía", "citoyenneté", "nationaliteit",
    "obywatelstwo", "narodowość", "nationalitet", "medborgarskap", "statsborgerskab",
    "religion", "religious affiliation", "konfession", "religionszugehörigkeit",
    "bekenntnis", "confession religieuse", "religión", "religione", "religião", "godsdienst",
    "geloofsovertuiging", "religia", "wyznanie", "ethnicity", "ethnic group", "ethnische herkunft",
    "origine ethnique", "etnia", "etnicidad", "etniciteit", "political party", "parteimitgliedschaft",
    "trade union", "union membership", "gewerkschaft", "syndicat", "sindicato", "sindacato",
    "vakbond", "związek zawodowy",
)  # fmt: skip
#: "of Polish nationality", "citizen of": a word goes with these in a sentence too.
_SENTENCES = ("de nacionalidad", "di nazionalità", "de nationalité", "de nacionalidade",
              "nationality is", "cittadina", "cittadino", "narodowości", "obywatelstwa")  # fmt: skip
_NAME = r"(?:ev|röm|rk)\.[ -]?[^\W\d_]{3,20}|[^\W\d_]{3,20}(?:[.-]{1,2}[^\W\d_]{3,20}){0,2}"
_FORM = rf"(?:{_NAME})(?: (?-i:[A-Z])[^\W\d_]{{2,20}})?(?![^\W\d]|[ ]?[=(\[])"
#: Words that stand in its place: a setting, a type, a missing answer.
_NOTHING = frozenset((
    "none", "null", "true", "false", "str", "string", "text", "varchar", "unknown", "other", "not",
    "keine", "unbekannt", "inconnue", "desconocida", "sconosciuta", "desconhecida", "onbekend",
    "nieznane", "optional", "required", "field", "column", "value", "empty", "the", "and", "name",
    "country", "list", "code", "models", "self", "object", "any", "yes", "int", "this", "that",
    "date", "dob", "email", "gender", "sex", "phone", "passport", "address", "first", "last",
))  # fmt: skip


def _named(value: str) -> bool:
    return value.lower() not in _NOTHING


NATIONALITIES = (
    Kind("NRP", _LABELS, assigned=_FORM, plausible=_named, wordy=True),
    Kind("NRP", _SENTENCES, beside=_NAME, plausible=_named, wordy=True),
)
