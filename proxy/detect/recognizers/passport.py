"""Passport numbers, by label; and the two lines at the foot of a passport's data page, by form.

Countries give out 6 to 10 letters and digits (ICAO Doc 9303 part 4 allows nine, and a longer number
continues elsewhere), so the label decides.
"""

from __future__ import annotations

from proxy.detect.recognizers.labelled import Kind

_LABELS = (
    "passport", "passports", "passport book", "reisepass", "reisepaß", "passnummer", "pass nr",
    "pass no", "pass number", "passport card", "passeport", "pasaporte", "passaporto", "passaporte",
    "paspoort", "paszport", "paszportu", "paszportem", "paszporcie", "nr paszportu", "pas de identidad", "cestovní pas",
    "útlevél", "passnr", "pasnummer", "pass-nr.", "passi number", "pașaport", "загранпаспорт",
    "διαβατήριο", "护照", "护照号", "パスポート", "여권",
)  # fmt: skip
_FORMS = (
    r"[A-Z]{1,3} ?-?\d{6,9}[A-Z]?\d?|\d{2} ?[A-Z]{2} ?\d{5}|\d{7,9}|\d{3} \d{3} \d{3}"
    r"|\d{2} \d{7}|[A-Z]{2}\d{2} ?[A-Z0-9]{5}|(?=(?:[A-Z]*\d){4})[A-Z0-9]{8,10}"
)
#: Near a label without standing beside it, letters have to go with the digits.
_DISTINCT = (
    r"[A-Z]{1,2}\d{6,8}|[A-Z]{3}\d{6}|\d{2}[A-Z]{2}\d{5}|[CFGHJK][CFGHJKLMNPRTVWXYZ0-9]{7}\d"
    r"|[A-NP-Z]{2}[A-NP-Z0-9]{6}\d"
)


def _has_four_digits(value: str) -> bool:
    return sum(character.isdigit() for character in value) >= 4


PASSPORTS = (
    Kind("PASSPORT", _LABELS, beside=_FORMS, near=_DISTINCT, plausible=_has_four_digits),
    # ICAO Doc 9303 part 4: two lines of 44, the first with country and name.
    Kind("PASSPORT", (), alone=r"P[A-Z<][A-Z]{3}[A-Z<]{39}\r?\n[A-Z0-9<]{28}[A-Z0-9<]{14}[0-9<]\d"),
)
