"""Numbers of insurance policies, members and insured persons, by label."""

from __future__ import annotations

from proxy.detect.recognizers.labelled import FREE, Kind, issued
from proxy.detect.recognizers.labels import combined

_LABELS = (
    *combined(
        ("policy", "insurance", "insurance policy", "health insurance", "insurance member",
         "member", "health plan", "plan member", "insured", "beneficiary", "policyholder",
         "versicherungsschein", "versicherten", "versicherungs", "police", "policen",
         "krankenversicherten", "krankenversicherungs", "krankenkassen", "kv", "kvnr", "assuré",
         "assurance", "mutuelle", "police d'assurance", "contrat d'assurance", "póliza",
         "asegurado", "afiliado", "seguro", "polizza", "assicurato", "apólice", "beneficiário",
         "segurado", "polis", "verzekerden", "verzekering", "verzekeringspolis", "polisy",
         "ubezpieczenia", "ubezpieczonego", "health card", "medicaid", "medicare", "medical card",
         "ehic", "carte vitale", "tarjeta sanitaria", "tessera sanitaria",
         "cartão sus", "cip", "eps", "hmo", "hicn"),
        "id", "code", "identifier",
    ),
    "medicare", "medicaid", "hicn", "zorgpolis", "member id", "group number", "group no",
    "health card", "assuré",
    "insurance id", "versichertennummer", "kvnr", "egk", "versicherungsscheinnummer",
    "policennummer", "police n°", "póliza n°", "polisnummer", "medicare no", "tarjeta sanitaria",
    "cartão nacional de saúde", "cns", "tessera sanitaria", "ohip", "bc phn", "phn", "mbi",
    "vers nr", "versnr", "polizza vita", "polizza auto", "polizza casa", "póliza de hogar",
    "póliza de vida", "apólice de seguro", "polisa oc", "polisa ac", "polisa na życie", "nr polisy",
    "polizzennummer", "ehic", "schein nr", "scheinnummer", "relatienummer", "carteirinha",
    "numéro d'adhérent mutuelle", "forsikringsnummer", "försäkringsnummer", "číslo pojistky",
    "poliçe no", "vakuutusnumero", "保険証番号",
)  # fmt: skip

#: A policy by itself; in English and French the word means too much else.
_POLICY = ("póliza", "polizza", "apólice", "polisa", "group #")
#: So there a prefix has to be in its number.
_ALSO_WORDS = (
    "policy", "police", "policyholder", "police d'assurance", "contrat", "polis", "contrat n°",
    "insurance", "assurance", "versicherung", "mutuelle", "seguro", "assicurazione", "verzekering",
    "ubezpieczenie", "polisy", "polisą", "polisie", "polisę", "polizza", "póliza", "apólice",
    "versicherungsschein", "claim", "sinistre", "siniestro", "sinistro", "schaden", "schade", "szkoda",
)  # fmt: skip
_PREFIXED = r"(?-i:[A-Z]{2,5})[ ./-]?\d{2,12}(?:[ ./-]\d{1,10}){0,4}(?:[/-](?-i:[A-Z0-9]{1,4}))?"
#: The letter and nine digits of a German health insurance card (§ 290 SGB V).
_KVNR = r"(?-i:[A-Z])\d{9}"
_GERMAN = ("kv", "krankenkasse", "krankenversicherung", "gesetzlich versichert", "kvnr", "gkv")
#: Spain's: letters of the name, and the date of birth among the digits.
_CIP = ("cip", "cip sns", "cipa", "tis", "tsi", "código de identificación personal")


def _long(value: str) -> bool:
    return sum(character.isdigit() for character in value) >= 6


INSURANCE_NUMBERS = (
    Kind("INSURANCE_NUMBER", _LABELS, beside=FREE, plausible=issued(6)),
    Kind("INSURANCE_NUMBER", _POLICY, beside=FREE, plausible=issued(6)),
    Kind("INSURANCE_NUMBER", _ALSO_WORDS, beside=_PREFIXED, plausible=_long),
    Kind("INSURANCE_NUMBER", _GERMAN, beside=_KVNR, near=_KVNR),
    Kind("INSURANCE_NUMBER", _CIP, beside=r"(?-i:[A-Z]{2,4}) ?\d{10,14}"),
)
