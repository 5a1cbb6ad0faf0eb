"""Medical record numbers, patient ids and doctors' licence numbers, by label.

Formats differ from hospital to hospital and from chamber to chamber, so the label decides.
"""

from __future__ import annotations

from proxy.detect.recognizers.labelled import FREE, Kind, issued
from proxy.detect.recognizers.labels import combined

_LABELS = (
    *combined(
        ("patient", "chart", "hospital", "patients", "encounter", "admission", "patienten",
         "aufnahme", "patientenakten", "krankenakten", "dossier patient", "dossier médical",
         "paciente", "paziente", "patiënt", "patiënten", "pacjenta", "processo clínico",
         "historia clínica", "prontuário", "cartella clinica", "historii choroby", "kartoteki",
         "karty pacjenta", "medical file", "medisch dossier",
         "prescription", "hosp", "med rec", "medrec", "clinic", "dossier", "historia", "cartella",
         "cartella sanitaria", "ficha", "ficha clínica", "teczki", "akta pacjenta", "nhc",
         "med record", "emr", "ehr", "chart record", "patienten akte"),
        "id", "code", "identifier",
    ),
    "mrn", "medical record", "medical records", "patient record", "hospital record",
    "health record", "medical chart", "patient chart", "medical file", "patient file",
    "health file", "hospital file", "nhc", "ipp", "n° ipp", "patientennummer", "patientennr",
    "fallnr",
    "pat nr", "pat id", "pat no", "patient id", "krankenakte", "patientenakte", "fallnummer",
    "aufnahmenummer", "dossier patient", "dossier médical", "numéro de dossier", "n° de dossier",
    "n° dossier", "historia clínica", "n° historia", "nº historia clínica", "número de historia",
    "cartella clinica", "n. cartella", "prontuário", "número do prontuário", "processo clínico",
    "número de utente", "sns", "patiëntnummer", "patientnummer", "dossiernummer", "kartoteka",
    "numer kartoteki", "nr historii choroby", "księga główna", "número de episodio", "nuhsa",
    "numéro d'identification permanent", "numéro d'identification permanent du patient",
    "registro hospitalar", "registo hospitalar", "behandlungsnummer", "opnamenummer", "nr pacjenta",
    "numer pacjenta", "nr ambulatoryjny", "identificación del paciente", "cipa", "med rec", "hospital number",
)  # fmt: skip

#: A stay, by one word of its form.
_STAY = (
    "episodio",
    "episode",
    "encounter",
    "admission",
    "aufnahme",
    "visit",
    "ricovero",
    "internamento",
)
#: These mean a patient's file only with a number that is clearly one.
_FILE = ("record number", "record no", "record #", "pid", "historia", "fallnummer", "case history")
_FILE_NUMBER = r"(?-i:[A-Z]{1,4})-?\d{4,10}(?:-\d{1,4})?|\d{7,10}"
#: Registers of doctors and what they call their numbers.
_DOCTOR = (
    "colegiado", "colegiada", "n° col", "número de colegiado", "nº colegiado",
    "no de colegiado", "rpps", "n° rpps", "adeli", "n° adeli", "lanr", "bsnr",
    "lebenslange arztnummer", "arztnummer", "betriebsstättennummer", "gmc", "gmc no", "gmc number",
    "nmc pin", "cédula profissional", "ordem dos médicos", "crm sp", "crm rj", "crm mg", "pwz",
    "nr pwz",
    "numer pwz", "big nummer", "big nr", "agb code", "npi", "dea", "dea no", "medical license",
    "medical licence", "medical license no", "cédula profesional", "inami", "riziv",
    "ordine dei medici", "license to practice",
)  # fmt: skip

MEDICAL_RECORDS = (
    Kind("MEDICAL_RECORD", _LABELS, beside=FREE, near=r"MRN[- ]?\d{4,12}", plausible=issued(4)),
    Kind("MEDICAL_RECORD", _STAY, assigned=FREE, plausible=issued(5)),
    Kind("MEDICAL_RECORD", _FILE, beside=_FILE_NUMBER),
    Kind("MEDICAL_RECORD", (), alone=r"(?:PAT|PT|MRN|PATIENT)-?\d{5,12}"),
    Kind(
        "MEDICAL_LICENSE",
        _DOCTOR,
        beside=r"[A-Z]{0,2}\d{5,11}|\d{2} \d{2}(?: \d{3,5})?|\d{2}/\d{2}/\d{3,5}|\d{2}-\d{7}",
    ),
)
