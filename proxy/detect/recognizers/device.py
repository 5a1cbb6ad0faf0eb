"""Numbers of a person's telephone: IMEI (3GPP TS 23.003: 14 digits and a Luhn digit), by label."""

from __future__ import annotations

from stdnum import imei

from proxy.detect.recognizers.labelled import Kind

_IMEI = r"\d{2}[- ]?\d{6}[- ]?\d{6}[- ]?\d"

DEVICES = (
    Kind(
        "IMEI",
        ("imei", "imei1", "imei2", "imei no", "numer imei"),
        beside=_IMEI,
        near=_IMEI,
        check=imei.is_valid,
    ),
)
