"""Driving licence numbers: the British format stands for itself, others need their label.

The British format (DVLA, INF1) holds five letters of the surname, decade, month, day and year of
birth, initials, and two or three more. US states each have their own; EU licences have field 5.
"""

from __future__ import annotations

from proxy.detect.recognizers.labelled import FREE, Kind, issued

_LABELS = (
    "driving licence", "driving license", "driver licence", "driver license", "drivers license",
    "driver's license", "drivers licence", "driver's licence", "driver lic", "drivers lic", "dl no",
    "dl number", "dln", "license no", "licence no", "license number", "licence number", "dvla",
    "provisional licence", "cdl", "learner's permit", "driver permit", "driving permit",
    "führerschein", "führerscheinnummer", "fuehrerschein", "fahrerlaubnis", "führerausweis",
    "permis de conduire", "permis", "n° de permis", "permis b", "carnet de conducir",
    "permiso de conducir", "licencia de conducir", "licencia de conducción",
    "permiso de conducción", "carné de conducir", "patente di guida", "patente", "n. patente",
    "carta de condução", "carteira de motorista", "carteira de habilitação", "cnh", "habilitação",
    "rijbewijs", "rijbewijsnummer", "prawo jazdy", "prawa jazdy", "nr prawa jazdy", "körkort",
    "kørekort", "førerkort", "ajokortti", "řidičský průkaz", "permis auto",
    "permiso conducir", "carnet conducir", "licencia conducir", "permis conduire", "patente guida",
    "carta condução", "carta de motorista", "permis de conducere", "driving lic", "drv lic",
    "prawa jazdy kategorii b", "prawem jazdy", "führerschein klasse b", "führerschein der klasse b",
    "permis de conduire b", "patente b", "rijbewijs b",
)  # fmt: skip
_BRITISH = (
    r"[A-Z]{2,5}9{0,3}(?:(?<=[A-Z9]{5}))\d(?:[05][1-9]|[16][0-2])(?:0[1-9]|[12]\d|3[01])\d"
    r"[A-Z9]{2}[A-Z0-9][A-Z]{2}"
)
_SPACED = r"[A-Z9]{5} \d{6} [A-Z9]{2}\d[A-Z]{2}"
_DISTINCT = (
    r"[A-Z]{1,2}\d{6,14}|[A-Z]\d{4}-\d{5}-\d{5}|[A-Z]\d{3}-\d{4}-\d{4}"
    r"|[A-Z]\d{3}-\d{3}-\d{2}-\d{3}(?:-\d)?|\d{5}/\d{2}/\d{4}"
)


def _long_enough(value: str) -> bool:
    return len(value) >= 6 and issued(5)(value)


#: These mean many things.
_AMBIGUOUS = ("dl", "licence", "license", "lic", "permit")

DRIVER_LICENSES = (
    Kind("UK_DRIVING_LICENCE", (), alone=rf"{_BRITISH}(?: ?\d{{2}})?"),
    Kind(
        "DRIVER_LICENSE",
        _LABELS,
        beside=rf"{_BRITISH}|{_SPACED}|{FREE}",
        near=rf"{_BRITISH}|{_DISTINCT}",
        plausible=_long_enough,
    ),
    Kind("DRIVER_LICENSE", ("dl", "d.l."), beside=r"\d{7,9}"),
    Kind("DRIVER_LICENSE", _AMBIGUOUS, beside=rf"{_BRITISH}|{_DISTINCT}", plausible=_long_enough),
)
